/*
 * `itkd --load BASE GENERATION SEED -- options`: builds the configuration into the master's memfds,
 * so that what is secret in it never is in the master's heap, and no parser runs in the master. Run
 * by the master, as root.
 */
#include "load/load_cli.h"

#include "itkd/front_table.h"
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { COMMON_FD = 3, PRIVATE_FD = 4, TABLE_FD = 5 };

static bool parse_hex(const char *text, uint64_t *n)
{
	char *end;

	errno = 0;
	*n = strtoull(text, &end, 16);
	return *text && *end == '\0' && errno == 0;
}

/* Nobody who gets the descriptor can change its size or make a writable mapping of it. */
static bool seal(int fd)
{
	return fcntl(fd, F_ADD_SEALS,
	           F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_FUTURE_WRITE | F_SEAL_SEAL) == 0;
}

static bool write_table(const struct conf *conf, int fd)
{
	uint8_t *table = NULL;
	size_t n = front_table_encode(conf, &table), done = 0;

	while (done < n) {
		ssize_t put = write(fd, table + done, n - done);

		if (put < 0 && errno == EINTR)
			continue;
		if (put < 0)
			break;
		done += (size_t)put;
	}
	free(table);
	return done == n && lseek(fd, 0, SEEK_SET) == 0;
}

/* The sizes are read before the mapping that they stand in is gone. */
static bool hand_over(const struct conf *conf, struct load_region *r)
{
	size_t common = conf->size, private = conf->private_size;

	return write_table(conf, TABLE_FD) && load_region_end(r, common, private) &&
	       seal(COMMON_FD) && seal(PRIVATE_FD) && seal(TABLE_FD);
}

int load_memfd(int argc, char **argv)
{
	struct load_region region = {.common_fd = COMMON_FD, .private_fd = PRIVATE_FD};
	struct conf_report report;
	struct loader l;
	struct cli c;
	uint64_t base, generation, seed;

	if (argc < 6 || !parse_hex(argv[2], &base) || !parse_hex(argv[3], &generation) ||
	    !parse_hex(argv[4], &seed) || strcmp(argv[5], "--") != 0) {
		fprintf(stderr, "itkd: --load is for itkd-master\n");
		return 1;
	}
	load_cli_parse(&c, argc - 5, argv + 5);
	conf_report_init(&report, &c.a);
	load_init(&l, &c.a, &report);
	region.base = (void *)(uintptr_t)base;
	l.seed = seed;
	const struct conf *conf = load_build(&l, &c.load, &region, (uint32_t)generation);
	bool done = conf && hand_over(conf, &region);

	if (conf && !done)
		conf_report_at(&report, CONF_ERROR, NULL, 0, NULL,
		    "the configuration cannot be handed over: %s", strerror(errno));
	conf_report_print(&report, stderr, CONF_WARNING);
	load_cli_free(&c);
	return done ? 0 : 1;
}
