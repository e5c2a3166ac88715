/*
 * The front table (front_table.h) out of the sealed memfd that the master hands on: the fronts' and
 * `itkd-front --check`'s whole view of the configuration. Its bytes are the master's.
 */
#include "front.h"

#include "itkd/arena.h"
#include "itkd/front_proto.h"
#include "itkd/front_table.h"
#include "itkd/log.h"
#include <sys/mman.h>
#include <sys/stat.h>

#define CONF_ARENA ((size_t)4 << 30)

const struct conf *front_conf(struct arena *a)
{
	const struct conf *conf;
	struct stat st;
	void *p;

	if (fstat(FRONT_FD_TABLE, &st) != 0 || st.st_size <= 0)
		fatal_errno("front table");
	p = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, FRONT_FD_TABLE, 0);
	if (p == MAP_FAILED)
		fatal_errno("front table");
	arena_init_heap(a, CONF_ARENA);
	conf = front_table_decode(a, p, (size_t)st.st_size);
	if (!conf)
		fatal("the front table is not of this version");
	if (munmap(p, (size_t)st.st_size) != 0)
		fatal_errno("munmap");
	return conf;
}
