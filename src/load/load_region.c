/*
 * The memory that a configuration is built in: memfds, the master's at the addresses that it chose,
 * or, for `itkd -t`, this process's own anywhere. They are sparse: address space, not memory.
 */
#include "load/load.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

static void *map(void *at, size_t size, int fd, struct conf_report *report)
{
	int flags = MAP_SHARED | (at ? MAP_FIXED_NOREPLACE : 0);
	void *p = MAP_FAILED;

	if (ftruncate(fd, (off_t)size) == 0)
		p = mmap(at, size, PROT_READ | PROT_WRITE, flags, fd, 0);
	if (p != MAP_FAILED && (!at || p == at))
		return p;
	conf_report_at(report, CONF_ERROR, NULL, 0, NULL,
	    "memory for the configuration (%zu MiB at %p): %s", size >> 20, at, strerror(errno));
	return NULL;
}

bool load_region_own(struct load_region *r, struct conf_report *report)
{
	r->base = NULL;
	r->common_fd = memfd_create("itkd-conf", MFD_CLOEXEC);
	r->private_fd = memfd_create("itkd-private", MFD_CLOEXEC);
	if (r->common_fd >= 0 && r->private_fd >= 0)
		return true;
	conf_report_at(report, CONF_ERROR, NULL, 0, NULL, "memfd_create: %s", strerror(errno));
	return false;
}

bool load_region_common(struct load_region *r, struct conf_report *report)
{
	r->fixed = r->base != NULL;
	r->base = map(r->base, CONF_COMMON_MAX, r->common_fd, report);
	return r->base != NULL;
}

bool load_region_private(struct load_region *r, size_t size, struct conf_report *report)
{
	char *at = (char *)r->base + CONF_COMMON_MAX;

	r->private_base = map(r->fixed ? at : NULL, size, r->private_fd, report);
	r->private_mapped = r->private_base ? size : 0;
	return r->private_base != NULL;
}

bool load_region_end(struct load_region *r, size_t common, size_t private)
{
	return munmap(r->base, CONF_COMMON_MAX) == 0 &&
	       munmap(r->private_base, r->private_mapped) == 0 &&
	       ftruncate(r->common_fd, (off_t)common) == 0 &&
	       ftruncate(r->private_fd, (off_t) private) == 0;
}
