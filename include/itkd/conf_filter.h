/*
 * Filters (Apache's SetOutputFilter, mod_filter, mod_deflate, mod_brotli): which ones a place puts
 * in, and how they work.
 */
#ifndef ITKD_CONF_FILTER_H
#define ITKD_CONF_FILTER_H

#include <stdbool.h>
#include <stdint.h>

struct arena;
struct expr;

enum filter_kind {
	FILTER_UNKNOWN, /* of a name that nobody has: told at each request, as in Apache */
	FILTER_NOTHING, /* one that is always there, or that changes nothing */
	FILTER_DEFLATE,
	FILTER_BROTLI,
	FILTER_INFLATE,
};

/* Where in the order of all filters one stands: Apache's ap_filter_type. */
enum filter_place {
	FILTER_BEFORE_RESOURCE = 9, /* INFLATE */
	FILTER_RESOURCE = 10,       /* what FilterDeclare makes without a word for it */
	FILTER_CONTENT_SET = 20,    /* DEFLATE, BROTLI_COMPRESS */
};

/* "NAME;NAME" */
struct filter_name {
	enum filter_kind kind;
	const char *name; /* as written */
};
struct filter_names {
	uint32_t n;
	struct filter_name *v;
};

/* FilterProtocol */
#define FILTER_CHANGE 0x1u        /* change=1:1 */
#define FILTER_CHANGE_LENGTH 0x2u /* with it: change=yes */
#define FILTER_NO_RANGE 0x4u      /* byteranges=no */
#define FILTER_NO_CACHE 0x8u      /* cache=no */
#define FILTER_NO_PROXY 0x10u     /* proxy=no */
#define FILTER_TRANSFORM 0x20u    /* proxy=transform */

/* What a smart filter becomes for answers of some kind. */
struct filter_provider {
	enum filter_kind kind;
	const struct expr *condition; /* FilterProvider; NULL: one of the types */
	uint32_t ntypes;
	const char *const *types;
	uint32_t protocol;
};
/* FilterDeclare, or "BYTYPE:NAME" of AddOutputFilterByType. */
struct filter_smart {
	const char *name;
	enum filter_place place;
	uint32_t protocol;
	uint32_t nproviders;
	struct filter_provider *providers; /* the last one is asked first */
};

/* DeflateInflate...: a section that says one of them says all. */
struct filter_limits {
	int64_t body;      /* bytes of an inflated request; 0: that of LimitRequestBody */
	int32_t ratio, burst;
};

struct conf_filter {
	const struct filter_names *output, *input; /* Set...Filter; NULL: unset */
	uint32_t nsmart;
	struct filter_smart *smart;
	uint32_t nchain;
	const char **chain; /* FilterChain: names of smart ones; NULL: forget what was before */
	const struct filter_limits *limits; /* NULL: unset */
};

enum filter_etag { FILTER_ETAG_SUFFIX, FILTER_ETAG_SAME, FILTER_ETAG_NONE };

/* DeflateFilterNote and BrotliFilterNote: names of notes; NULL: none. */
struct filter_notes {
	const char *ratio, *input, *output;
};

/* Of a server: one that says one of them says all. NULL in conf_vhost: the defaults. */
struct conf_deflate {
	int32_t level, window, memory, buffer;
	enum filter_etag etag;
	struct filter_notes notes;
};
struct conf_brotli {
	int32_t quality, window, block;
	enum filter_etag etag;
	struct filter_notes notes;
};

extern const struct conf_deflate conf_deflate_default;
extern const struct conf_brotli conf_brotli_default;
extern const struct filter_limits conf_filter_limits_default;

/*
 * What a name means. *error: NULL, or that it is one of Apache's filters that itkd has not (in
 * tmp): answers would go out as they are.
 */
enum filter_kind conf_filter_kind(
	struct arena *tmp, const char *name, bool input, const char **error);
/* "NAME;NAME" into names. NULL, or what is wrong. */
const char *conf_filter_names(struct arena *a, struct arena *tmp, const char *text, bool input,
	struct filter_names *names);
/* The one of that name, or NULL. */
struct filter_smart *conf_filter_smart(const struct conf_filter *f, const char *name);
void conf_filter_merge(struct arena *a, struct conf_filter **base, const struct conf_filter *add);

#endif
