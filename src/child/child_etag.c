/*
 * The entity-tag of a file by FileETag (Apache's ap_make_etag, RFC 9110 section 8.8.3). Runs as the
 * vhost's user.
 */
#include "child_internal.h"

#include "itkd/base64.h"
#include "itkd/hash.h"
#include <errno.h>
#include <string.h>
#include <unistd.h>

static char *etag_hex(char *p, uint64_t value)
{
	char digits[16];
	size_t n = 0;

	do
		digits[n++] = "0123456789abcdef"[value & 15];
	while (value >>= 4);
	while (n)
		*p++ = digits[--n];
	return p;
}

/* FileETag Digest: the whole file is read. False: it cannot be. */
static bool etag_digest(struct child *c, const struct child_request *r, char **p)
{
	uint8_t digest[HASH_SIZE_MAX], piece[8192];
	struct hash h;
	off_t at = 0;
	ssize_t n;

	hash_start(&h, HASH_SHA1);
	for (;;) {
		n = pread(r->target.fd, piece, sizeof(piece), at);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			child_log(c, LOG_ERR, "core", "(%d)%s: AH10254: Make etag: could not read",
			    errno, strerror(errno));
		if (n <= 0)
			break;
		hash_add(&h, piece, (size_t)n);
		at += n;
	}
	size_t size = hash_end(&h, digest);

	*p = stpcpy(*p, base64_encode(&c->arena, digest, size));
	return n == 0;
}

/* What stat(2) knows of the file. */
static char *etag_stat(const struct stat *st, unsigned bits, uint64_t modified, char *p)
{
	const struct {
		unsigned bit;
		uint64_t value;
	} parts[] = {
	    {ETAG_INODE, st->st_ino}, {ETAG_SIZE, (uint64_t)st->st_size}, {ETAG_MTIME, modified}};
	const char *start = p;

	for (size_t i = 0; i < sizeof(parts) / sizeof(*parts); i++) {
		if (!(bits & parts[i].bit))
			continue;
		if (p != start)
			*p++ = '-';
		p = etag_hex(p, parts[i].value);
	}
	return p;
}

struct span child_etag(
    struct child *c, const struct child_request *r, char text[static CHILD_ETAG_MAX])
{
	const struct stat *st = &r->target.st;
	unsigned bits = conf_answer_etag(&c->dir.merged.answer);
	bool digest = bits == ETAG_DIGEST && S_ISREG(st->st_mode) && r->target.fd >= 0;
	uint64_t modified =
	    (uint64_t)st->st_mtim.tv_sec * 1000000 + (uint64_t)st->st_mtim.tv_nsec / 1000;
	int64_t asked = (int64_t)r->start.tv_sec * 1000000 + r->start.tv_nsec / 1000;
	char *p = text;

	if (bits == ETAG_NONE)
		return (struct span){text, 0};
	if (bits == ETAG_DIGEST)
		bits = ETAG_MTIME | ETAG_SIZE;
	/* Within the clock's step the file could change again and keep both (section 8.8.3.1). */
	if (r->variants_weak || (!digest && asked - (int64_t)modified < 1000000))
		p = stpcpy(p, "W/");
	*p++ = '"';
	if (!digest)
		p = etag_stat(st, bits, modified, p);
	else if (!etag_digest(c, r, &p))
		return (struct span){text, 0};
	/* Of a variant: that of the choice, too, since a cache may hold another one (RFC 2295). */
	if (r->variants) {
		*p++ = ';';
		p = stpcpy(p, r->variants);
	}
	*p++ = '"';
	return (struct span){text, (size_t)(p - text)};
}
