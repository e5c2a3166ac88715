/*
 * The entity-tag of a file by FileETag (Apache's ap_make_etag, RFC 9110 section 8.8.3). Runs as the
 * vhost's user.
 */
#include "child_internal.h"

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

struct span child_etag(
    struct child *c, const struct child_request *r, char text[static CHILD_ETAG_MAX])
{
	const struct stat *st = &r->target.st;
	unsigned bits = conf_answer_etag(&c->dir.merged.answer);
	uint64_t modified =
	    (uint64_t)st->st_mtim.tv_sec * 1000000 + (uint64_t)st->st_mtim.tv_nsec / 1000;
	int64_t asked = (int64_t)r->start.tv_sec * 1000000 + r->start.tv_nsec / 1000;
	const struct {
		unsigned bit;
		uint64_t value;
	} parts[] = {
	    {ETAG_INODE, st->st_ino}, {ETAG_SIZE, (uint64_t)st->st_size}, {ETAG_MTIME, modified}};
	char *p = text;

	if (bits == ETAG_NONE)
		return (struct span){text, 0};
	/* Within the clock's step the file could change again and keep both (section 8.8.3.1). */
	if (asked - (int64_t)modified < 1000000) {
		*p++ = 'W';
		*p++ = '/';
	}
	*p++ = '"';
	for (size_t i = 0; i < sizeof(parts) / sizeof(*parts); i++) {
		if (!(bits & parts[i].bit))
			continue;
		if (p[-1] != '"')
			*p++ = '-';
		p = etag_hex(p, parts[i].value);
	}
	*p++ = '"';
	return (struct span){text, (size_t)(p - text)};
}
