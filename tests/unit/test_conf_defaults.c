/*
 * The defaults that the table names are those of the program: a configuration that writes one down
 * is, as far as a server's own settings go, the same as one that says nothing.
 */
#include "load/load.h"
#include "vectors.h"
#include <stdlib.h>
#include <unistd.h>

enum kind { KIND_SERVER, KIND_DIRECTORY, KIND_OTHER };

#define VHOST(field) KIND_SERVER
#define GLOBAL(field) KIND_SERVER
#define SERVER(f) KIND_SERVER
#define DIR(f) KIND_DIRECTORY
#define EARLY KIND_OTHER
#define NONE KIND_OTHER
#define SECTION(name, ...)
#define DIRECTIVE(                                                                                 \
    name, arg, contexts, override, module, status, initial, min, max, setter, manual)              \
	[CONF_ID_##name] = setter,
static const enum kind kinds[CONF_IDS] = {
#include "itkd/directives.def"
};

struct built {
	struct arena tmp;
	struct conf_report report;
	struct loader l;
	struct load_region region;
	const struct conf *conf;
};

/* A configuration with one more directive; "" for none. */
static void build(struct built *b, const char *line)
{
	const char *pre[] = {"ServerName main.test", "Listen 127.0.0.1:8080", "User #12345",
	    "Group #12345", "FrontUser #12346 #12346", "LogUser #12347 #12347", line};
	struct load_options o = {.config_file = "/dev/null", .server_root = "/etc/itkd"};

	o.pre = pre;
	o.npre = sizeof(pre) / sizeof(*pre);
	o.no_root_check = true;
	*b = (struct built){0};
	arena_init_heap(&b->tmp, (size_t)256 << 20);
	conf_report_init(&b->report, &b->tmp);
	load_init(&b->l, &b->tmp, &b->report);
	ck_assert(load_region_own(&b->region, &b->report));
	b->l.seed = 42;
	b->conf = load_build(&b->l, &o, &b->region, 1);
	if (!b->conf)
		conf_report_print(&b->report, stderr, CONF_NOTE);
	ck_assert_msg(b->conf != NULL, "%s", line);
}

static void build_end(struct built *b)
{
	ck_assert(load_region_end(&b->region, 0, 0));
	close(b->region.common_fd);
	close(b->region.private_fd);
	arena_free(&b->tmp);
}

/* Whether two structs hold the same, where any two pointers into the region are alike. */
static bool same(
    const void *a, const struct built *in_a, const void *b, const struct built *in_b, size_t size)
{
	for (size_t i = 0; i + sizeof(uintptr_t) <= size; i += sizeof(uintptr_t)) {
		uintptr_t x, y;

		memcpy(&x, (const char *)a + i, sizeof(x));
		memcpy(&y, (const char *)b + i, sizeof(y));
		bool inside = x - (uintptr_t)in_a->conf->base < in_a->conf->size &&
		              y - (uintptr_t)in_b->conf->base < in_b->conf->size;

		if (x != y && !inside)
			return false;
	}
	return true;
}

/* The vhost, where what is written down behind a pointer is as good as no pointer. */
static struct conf_vhost unwritten(const struct conf_vhost *v)
{
	struct conf_vhost plain = *v;

	if (v->deflate && memcmp(v->deflate, &conf_deflate_default, sizeof(*v->deflate)) == 0)
		plain.deflate = NULL;
	if (v->brotli && memcmp(v->brotli, &conf_brotli_default, sizeof(*v->brotli)) == 0)
		plain.brotli = NULL;
	if (v->remoteip && !v->remoteip->header && !v->remoteip->proxies_header &&
	    !v->remoteip->keep_alive && v->remoteip->n == 0)
		plain.remoteip = NULL;
	return plain;
}

START_TEST(written_down)
{
	unsigned tried = 0;
	struct built plain;

	build(&plain, "");
	for (int i = 0; i < CONF_IDS; i++) {
		const struct conf_directive *d = &conf_table[i];
		struct built b;
		char line[256];

		if (d->status != CONF_IMPLEMENTED || kinds[i] != KIND_SERVER || !d->initial ||
		    i == CONF_ID_FrontProcesses || !(d->contexts & CTX_SERVER))
			continue;
		/* ServerRoot must be there; the text of ServerAdmin is several words. See below. */
		if (i == CONF_ID_ServerRoot || i == CONF_ID_ServerAdmin)
			continue;
		snprintf(line, sizeof(line), "%s %s", d->name, d->initial);
		build(&b, line);
		struct conf written = *b.conf;

		/* Where it was built, and how much it took. */
		written.base = plain.conf->base;
		written.size = plain.conf->size;
		written.private_base = plain.conf->private_base;
		ck_assert_msg(same(plain.conf, &plain, &written, &b, sizeof(written)), "%s", line);
		struct conf_vhost vhost = unwritten(b.conf->vhosts[0]);

		ck_assert_msg(
		    same(plain.conf->vhosts[0], &plain, &vhost, &b, sizeof(vhost)), "%s", line);
		build_end(&b);
		tried++;
	}
	ck_assert_uint_gt(tried, 25);
	build_end(&plain);
}
END_TEST

/* Names of files are behind pointers. */
START_TEST(places)
{
	struct built b;

	build(&b, "");
	ck_assert_str_eq(b.conf->server_root, conf_table[CONF_ID_ServerRoot].initial);
	ck_assert_str_eq(b.conf->pid_file, conf_table[CONF_ID_PidFile].initial);
	ck_assert_str_eq(b.conf->runtime_dir, conf_table[CONF_ID_DefaultRuntimeDir].initial);
	ck_assert_str_eq(b.conf->logs[b.conf->main_log].path, conf_table[CONF_ID_ErrorLog].initial);
	ck_assert_str_eq(
	    b.conf->vhosts[0]->document_root, conf_table[CONF_ID_DocumentRoot].initial);
	ck_assert_str_eq(b.conf->vhosts[0]->server_admin, conf_table[CONF_ID_ServerAdmin].initial);
	ck_assert_str_eq(b.l.types_config, conf_table[CONF_ID_TypesConfig].initial);
	build_end(&b);
}
END_TEST

/* A value other than the default must be told apart, or the first test could not fail. */
START_TEST(other_values_differ)
{
	static const char *const lines[] = {"Timeout 61", "KeepAlive Off", "StartServers 6",
	    "LogLevel info", "LimitRequestFields 99", "UseCanonicalName On", "DeflateWindowSize 14",
	    "RemoteIPKeepAlive On"};
	struct built plain;

	build(&plain, "");
	for (size_t i = 0; i < sizeof(lines) / sizeof(*lines); i++) {
		struct built b;

		build(&b, lines[i]);
		struct conf written = *b.conf;

		written.base = plain.conf->base;
		written.size = plain.conf->size;
		written.private_base = plain.conf->private_base;
		struct conf_vhost vhost = unwritten(b.conf->vhosts[0]);

		ck_assert_msg(!same(plain.conf, &plain, &written, &b, sizeof(written)) ||
		                  !same(plain.conf->vhosts[0], &plain, &vhost, &b, sizeof(vhost)),
		    "%s", lines[i]);
		build_end(&b);
	}
	build_end(&plain);
}
END_TEST

int main(void)
{
	const TTest *const tests[] = {written_down, places, other_values_differ};

	return vector_run("conf_defaults", tests, sizeof(tests) / sizeof(tests[0]));
}
