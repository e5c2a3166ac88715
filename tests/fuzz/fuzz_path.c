/* Paths: any bytes as the path of a target, and as a file's name on its way into HTML. */
#include "fuzz.h"
#include "itkd/arena.h"
#include "itkd/path.h"
#include <string.h>

static int has_bad_segment(const char *path)
{
	for (const char *p = path; *p; p++) {
		if (*p != '/')
			continue;
		size_t len = strcspn(p + 1, "/");

		if (len == 0 && p[1])
			return 1;
		if ((len == 1 && p[1] == '.') || (len == 2 && p[1] == '.' && p[2] == '.'))
			return 1;
	}
	return 0;
}

static int has_dot_segment(const char *path)
{
	for (const char *p = path; (p = strchr(p, '/')); p++) {
		size_t len = strcspn(p + 1, "/");

		if ((len == 1 && p[1] == '.') || (len == 2 && p[1] == '.' && p[2] == '.'))
			return 1;
	}
	return 0;
}

/* AllowEncodedSlashes and MergeSlashes: whatever they allow, nothing leads up. */
static void fuzz_flags(struct arena *a, struct span raw, unsigned flags)
{
	char *path = NULL;

	if (path_decode_as(a, raw, flags, &path) != PATH_OK)
		return;
	must(path[0] == '/' && !has_dot_segment(path), "the path leads nowhere else");
	must(flags & PATH_KEEP_SLASHES || !strstr(path, "//"), "slashes are merged");
	must(strlen(path) <= raw.n, "decoding does not grow");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct arena a;
	char *path = NULL, *back = NULL;

	arena_init_heap(&a, 64 << 20);
	enum path_result r = path_decode(&a, (struct span){(const char *)data, n}, &path);

	must((r == PATH_OK) == (path != NULL), "a path where it is ok only");
	if (r == PATH_OK) {
		must(path[0] == '/' && !has_bad_segment(path), "the path is canonical");
		must(strlen(path) <= n, "decoding does not grow");
		r = path_decode(&a, span_of(path_encode(&a, path)), &back);
		must(r == PATH_OK && strcmp(path, back) == 0, "encoding is undone by decoding");
	}
	for (unsigned flags = 1; flags < 8; flags++)
		if ((flags & 6) != 6)
			fuzz_flags(&a, (struct span){(const char *)data, n}, flags);
	const char *html = html_escape(&a, arena_strndup(&a, (const char *)data, n));

	must(strcspn(html, "<>\"") == strlen(html), "nothing in HTML opens or ends anything");
	arena_free(&a);
	return 0;
}
