/*
 * What an answer looks like, and limits of programs: ErrorDocument, ServerSignature, FileETag,
 * AddDefaultCharset, AcceptPathInfo, RLimit* and their like (Apache's core).
 */
#ifndef ITKD_CONF_ANSWER_H
#define ITKD_CONF_ANSWER_H

#include <stdbool.h>
#include <stdint.h>

struct arena;
struct expr;

enum answer_flag { ANSWER_UNSET, ANSWER_OFF, ANSWER_ON };
enum answer_signature { SIGNATURE_UNSET, SIGNATURE_OFF, SIGNATURE_ON, SIGNATURE_EMAIL };
enum answer_path_info { PATH_INFO_UNSET, PATH_INFO_DEFAULT, PATH_INFO_ON, PATH_INFO_OFF };
enum answer_trace { TRACE_OFF, TRACE_ON, TRACE_EXTENDED };
/* HostnameLookups */
enum answer_lookups { LOOKUPS_UNSET, LOOKUPS_OFF, LOOKUPS_ON, LOOKUPS_DOUBLE };
enum answer_slashes { SLASHES_REFUSED, SLASHES_DECODED, SLASHES_KEPT }; /* AllowEncodedSlashes */

/* FileETag. */
#define ETAG_UNSET 0x0u
#define ETAG_NONE 0x1u
#define ETAG_MTIME 0x2u
#define ETAG_INODE 0x4u
#define ETAG_SIZE 0x8u
#define ETAG_DIGEST 0x10u
#define ETAG_ALL (ETAG_MTIME | ETAG_INODE | ETAG_SIZE)

enum error_document_kind { DOCUMENT_DEFAULT, DOCUMENT_TEXT, DOCUMENT_LOCAL, DOCUMENT_URL };
struct error_document {
	int status;
	enum error_document_kind kind;
	const char *text;
	const struct expr *expr; /* instead of text; NULL: nothing in it is replaced */
};

/* What a program is given of setrlimit(2). */
#define ANSWER_LIMIT_MAX UINT64_MAX /* "max": the hard limit that there is */
struct answer_limit {
	bool set;
	uint64_t soft, hard; /* 0: stays */
};

/* MaxRanges and its like. */
#define RANGES_DEFAULT 200
#define RANGE_OVERLAPS_DEFAULT 20
#define RANGE_REVERSALS_DEFAULT 20
struct answer_count {
	bool set;
	uint32_t n; /* RANGE_UNLIMITED of range.h: no limit */
};

struct conf_answer {
	enum answer_signature signature;
	enum answer_path_info path_info;
	enum answer_flag cgi_auth;      /* CGIPassAuth */
	enum answer_flag physical_port; /* UseCanonicalPhysicalPort */
	enum answer_lookups lookups;
	enum answer_flag canonical;     /* UseCanonicalName; DNS is as On */
	uint8_t etag, etag_add, etag_remove;
	const char *charset;            /* AddDefaultCharset; "": off */
	struct answer_count ranges, overlaps, reversals;
	struct answer_limit cpu, mem, nproc;
	uint32_t ndocuments;
	const struct error_document *documents; /* the last one for a status counts */
};

void conf_answer_merge(
	struct arena *a, struct conf_answer *base, const struct conf_answer *add);
/* What FileETag comes to: bits of what the tag is made of, or ETAG_NONE. */
unsigned conf_answer_etag(const struct conf_answer *answer);
/* What the three directives come to. */
struct range_limits;
void conf_answer_ranges(const struct conf_answer *answer, struct range_limits *limits);
/* NULL: none, or "default". */
const struct error_document *conf_answer_document(const struct conf_answer *answer, int status);

#endif
