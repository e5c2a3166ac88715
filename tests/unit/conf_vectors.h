/*
 * A directory of cases: NAME.conf and, beside it, NAME.out, what reading it must give. The place of
 * the vectors is written as @ in the output.
 */
#ifndef ITKD_TEST_CONF_VECTORS_H
#define ITKD_TEST_CONF_VECTORS_H

#include "vectors.h"
#include <dirent.h>
#include <stdlib.h>
#include <string.h>

/* Text that grows; p is never NULL once something was put. */
struct conf_text {
	char *p;
	size_t n;
};

static inline FILE *conf_text_open(struct conf_text *t)
{
	FILE *f = open_memstream(&t->p, &t->n);

	ck_assert(f != NULL);
	return f;
}

/* Every occurrence of what becomes @, in place. */
static inline void conf_text_hide(char *text, const char *what)
{
	size_t n = strlen(what);

	for (char *p = text; (p = strstr(p, what)); p++) {
		*p = '@';
		memmove(p + 1, p + n, strlen(p + n) + 1);
	}
}

/* Runs read(path, out) on each case. */
static inline void conf_vectors_run(const char *dir, void (*read)(const char *path, FILE *out))
{
	DIR *d = opendir(dir);
	unsigned cases = 0;

	ck_assert_msg(d != NULL, "%s cannot be opened", dir);
	for (struct dirent *e; (e = readdir(d));) {
		size_t n = strlen(e->d_name);
		char path[512], wanted[512];
		struct conf_text got = {0};

		if (n < 6 || strcmp(e->d_name + n - 5, ".conf") != 0)
			continue;
		snprintf(path, sizeof(path), "%s/%s", dir, e->d_name);
		snprintf(wanted, sizeof(wanted), "%s/%.*s.out", dir, (int)(n - 5), e->d_name);
		FILE *out = conf_text_open(&got);

		read(path, out);
		ck_assert_int_eq(fclose(out), 0);
		conf_text_hide(got.p, dir);
		struct span want = vector_file(wanted);

		/* Whole outputs are too long for check's messages. */
		if (strcmp(want.p, got.p) != 0)
			fprintf(stderr, "%s gives\n%s", path, got.p);
		ck_assert_msg(strcmp(want.p, got.p) == 0, "%s is not what %s gives", wanted, path);
		free((char *)(size_t)want.p);
		free(got.p);
		cases++;
	}
	closedir(d);
	ck_assert_uint_gt(cases, 0);
}

#endif
