/*
 * Puts the master's code into one huge page. A fork copies no page-table entry of a file's mapping,
 * so each process would meet its code again with a page fault for every 64 KiB of it, and give back
 * hundreds of pages at its end; a huge page of our own is one entry. The program is linked so that
 * its code begins at such a boundary and nothing else lies in that 2 MiB (CMakeLists.txt). Where it
 * is not, or the kernel has no huge page to give, everything works the same but slower.
 */
#include "itkd/log.h"
#include "master/master.h"
#include <errno.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>

#define HUGE_PAGE ((size_t)2 << 20)

/* The linker's: code lies in [_init, __etext). */
extern const char _init[], __etext[];

/* A copy of the code in memory of our own, readable and executable, never written again. */
static void *copy_code(const char *code, size_t n)
{
	char *room =
	    mmap(NULL, 2 * HUGE_PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (room == MAP_FAILED)
		return NULL;
	char *copy = (char *)(((uintptr_t)room + HUGE_PAGE - 1) & ~(HUGE_PAGE - 1));
	if (madvise(copy, HUGE_PAGE, MADV_HUGEPAGE) != 0)
		return NULL;
	memcpy(copy, code, n);
	if (mprotect(copy, HUGE_PAGE, PROT_READ | PROT_EXEC) != 0)
		return NULL;
	if (copy > room && munmap(room, (size_t)(copy - room)) != 0)
		return NULL;
	const size_t behind = HUGE_PAGE - (size_t)(copy - room);
	return behind > 0 && munmap(copy + HUGE_PAGE, behind) != 0 ? NULL : copy;
}

/* Nothing else may lie behind the code in its 2 MiB: what does would be replaced, too. */
static bool take_room_behind(uintptr_t end, uintptr_t limit)
{
	if (end == limit)
		return true;
	void *p = mmap((void *)end, limit - end, PROT_NONE,
	    MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);
	if (p == MAP_FAILED || p == (void *)end)
		return p != MAP_FAILED;
	/* A kernel before 4.17 takes the address for a wish. */
	if (munmap(p, limit - end) != 0)
		fatal_errno("munmap");
	return false;
}

void master_code_gather(void)
{
	const uintptr_t page = 4096, start = (uintptr_t)_init & ~(page - 1);
	const size_t n = (uintptr_t)__etext - start;
	if (start % HUGE_PAGE != 0 || n > HUGE_PAGE ||
	    !take_room_behind((start + n + page - 1) & ~(page - 1), start + HUGE_PAGE))
		return;
	void *copy = copy_code((const char *)start, n);
	/* The same bytes at the same address: whoever runs there does not notice. */
	if (!copy || mremap(copy, HUGE_PAGE, HUGE_PAGE, MREMAP_MAYMOVE | MREMAP_FIXED,
	                 (void *)start) == MAP_FAILED)
		log_msg(LOG_DEBUG, "no huge page for the code: %s", strerror(errno));
}
