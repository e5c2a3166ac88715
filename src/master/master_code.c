/*
 * Makes forks of the master find its code already mapped. A fork copies the page-table entries of a
 * file's mapping only where a page of that mapping was ever written (the kernel keeps an anon_vma
 * for it); else each process meets the code again with a page fault for every 64 KiB, and a page
 * fault is dear in a virtual machine: 15 of 37 for one connection, about 3 us each. So one byte of
 * code and one of constants is written with what stands there, and all is read in. Where that is
 * refused (SELinux's execmod), everything works the same but slower.
 */
#include "itkd/log.h"
#include "master/master.h"
#include <errno.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

/* The linker's: code lies in [_init, __etext), constants behind it up to __init_array_start. */
extern const char _init[], __etext[], __init_array_start[];

/* The whole mapping at once: a page of its own would become a mapping of its own. */
static bool write_itself(uintptr_t start, uintptr_t end, int protection)
{
	void *p = (void *)start;
	volatile char *byte = p;
	if (mprotect(p, end - start, protection | PROT_WRITE) != 0)
		return false;
	*byte = *byte;
	return mprotect(p, end - start, protection) == 0 &&
	       madvise(p, end - start, MADV_POPULATE_READ) == 0;
}

void master_code_share(void)
{
	const uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE);
	const uintptr_t code = (uintptr_t)_init & ~(page - 1);
	const uintptr_t constants = ((uintptr_t)__etext + page - 1) & ~(page - 1);
	const uintptr_t end = (uintptr_t)__init_array_start & ~(page - 1);
	if (!write_itself(code, constants, PROT_READ | PROT_EXEC) ||
	    (end > constants && !write_itself(constants, end, PROT_READ)))
		log_msg(LOG_DEBUG, "forks map their code by themselves: %s", strerror(errno));
}
