/* Paths: any bytes as the path of a target, and as a file's name on its way into HTML. */
#include "fuzz.h"
#include "itkd/arena.h"
#include "itkd/path.h"

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
	const char *html = html_escape(&a, arena_strndup(&a, (const char *)data, n));

	must(strcspn(html, "<>\"") == strlen(html), "nothing in HTML opens or ends anything");
	arena_free(&a);
	return 0;
}
