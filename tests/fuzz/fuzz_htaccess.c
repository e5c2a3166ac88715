/*
 * A site's .htaccess: any bytes as the file of a directory, found, read, parsed and merged by the
 * child's own code (child_dir.c, child_htaccess.c), for a request, for the next one of the same
 * connection, and for one of another directory in between. In a first line "#X" the bits of X are
 * what AllowOverride lets it say, unless X is a space.
 */
#include "fuzz.h"

#include "child/child_internal.h"
#include "itkd/conf_table.h"
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define DIRECTORY "/proc/self/fd"
#define OTHER "/proc/self"
#define FUZZ_FD 999      /* its number is the file's name */
#define YEARS 3153600000 /* seconds: nothing on disk is as young as that */

static struct child child;
static struct conf conf;
static struct conf_vhost vhost;
static struct conf_dir allowing;
static unsigned lines;
time_t __wrap_time(time_t *t);

/* A file of memory was changed just now; only an older one is kept, parsed, for the next request.
 */
time_t __wrap_time(time_t *t)
{
	must(t == NULL, "asked for by value");
	return YEARS;
}

void child_log(struct child *c, int level, const char *module, const char *fmt, ...)
{
	va_list ap;
	char line[8192];

	(void)c;
	must(level <= LOG_TRACE8 && module, "a line has a level and a module");
	va_start(ap, fmt);
	must(vsnprintf(line, sizeof(line), fmt, ap) > 0, "and a text");
	va_end(ap);
	lines++;
}

/* What a loaded configuration has, once. */
static void prepare(void)
{
	static const char *const name = "999";
	static struct conf_section section = {
	    .kind = SECTION_DIRECTORY, .path = DIRECTORY, .components = 3, .dir = &allowing};
	static struct child_start start = {.conf = &conf};
	static struct arena a;
	int fd = memfd_create("htaccess", MFD_CLOEXEC);

	must(fd >= 0 && dup2(fd, FUZZ_FD) == FUZZ_FD && close(fd) == 0, "there is memory");
	arena_init_heap(&a, CHILD_ARENA_MAX);
	conf_table_index(&conf.names, &a);
	conf_map_init(&conf.vars, &a, true);
	conf_map_init(&conf.defines, &a, false);
	conf.server_root = "/nonexistent";
	allowing.set = DIR_ALLOW;
	vhost.access_names = (struct conf_strings){1, &name};
	vhost.sections = (struct conf_sections){1, &section};
	child.start = &start;
	child.vhost = &vhost;
}

static int request(const char *directory)
{
	child_dir_start(&child);
	return child_dir_merge(&child, directory, strlen(directory));
}

static unsigned allowed(unsigned bits)
{
	if (!(bits & OVERRIDE_ALL))
		return OVERRIDE_ALL;
	return (bits & OVERRIDE_ALL) | (bits & 0x20 ? NONFATAL_OVERRIDE : 0) |
	       (bits & 0x40 ? NONFATAL_UNKNOWN : 0);
}

static void write_file(const uint8_t *data, size_t n)
{
	must(ftruncate(FUZZ_FD, 0) == 0 && pwrite(FUZZ_FD, data, n, 0) == (ssize_t)n,
	    "it is written");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	unsigned bits = n > 1 && data[0] == '#' ? data[1] : 0;

	if (!child.vhost)
		prepare();
	allowing.allow = (struct conf_allow){.classes = allowed(bits), .options = ~0u};
	arena_init_heap(&child.arena, CHILD_ARENA_MAX);
	arena_init_heap(&child.dir.arena, CHILD_ARENA_MAX);
	arena_init_heap(&child.dir.kept, CHILD_ARENA_MAX);
	write_file(data, n);
	lines = 0;

	int status = request(DIRECTORY);
	const struct child_htaccess *parsed = child.dir.parsed;
	uint64_t set = child.dir.merged.set;

	must(status == 0 || status == 500, "it is taken, or an error of the file's");
	must(status == 0 || lines > 0, "an error is told");
	must(!status || child.dir.vhost == NULL, "what was refused is not kept");
	must(request(DIRECTORY) == status, "the next request has the same answer");
	must(request(OTHER) == 0, "another directory has no part in it");
	must(!(child.dir.merged.set & ~vhost.dir.set), "nor what it says");
	must(request(DIRECTORY) == status && child.dir.merged.set == set, "the same again");
	must(!child.dir.parsed == (status != 0), "what is taken is kept");
	must(child.dir.forgotten || child.dir.parsed == parsed, "it was parsed once");
	arena_free(&child.arena);
	arena_free(&child.dir.arena);
	arena_free(&child.dir.kept);
	child.dir = (struct child_dir){0};
	return 0;
}
