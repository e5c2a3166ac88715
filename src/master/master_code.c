/*
 * Puts the master's code, and its constants, into huge pages. A fork copies no page-table entry of
 * a file's mapping, so each process would meet its code again with a page fault for every 64 KiB of
 * it, and give back hundreds of pages at its end; a huge page of our own is one entry. The program
 * is linked so that code and constants begin at such a boundary and share it with nothing else
 * (CMakeLists.txt). Where it is not, or the kernel has no huge page to give, everything works the
 * same but slower.
 */
#include "itkd/log.h"
#include "master/master.h"
#include <elf.h>
#include <errno.h>
#include <link.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>

#define PAGE ((uintptr_t)4096)
#define HUGE_PAGE ((uintptr_t)2 << 20)
#define PIECES_MAX 2

/* The linker's: the ELF header of this program, which is where it was loaded. */
extern const ElfW(Ehdr) __ehdr_start;

/* What lies in the range of huge pages to be: the rest of it must be free. */
struct range {
	uintptr_t start, end; /* of pages that are mapped */
};
struct pieces {
	struct range v[PIECES_MAX];
	size_t n;
	int prot;
};

static uintptr_t up(uintptr_t address, uintptr_t unit)
{
	return (address + unit - 1) & ~(unit - 1);
}

static void add(struct pieces *p, const ElfW(Phdr) * ph)
{
	const uintptr_t start = (uintptr_t)&__ehdr_start + ph->p_vaddr;
	if (p->n < PIECES_MAX)
		p->v[p->n++] = (struct range){start & ~(PAGE - 1), up(start + ph->p_memsz, PAGE)};
}

/* Code; constants and what the dynamic linker made constant (RELRO), if they lie behind it. */
static void find(struct pieces *code, struct pieces *constants)
{
	const char *base = (const char *)&__ehdr_start;
	const ElfW(Phdr) *ph = (const ElfW(Phdr) *)(const void *)(base + __ehdr_start.e_phoff);
	for (int i = 0; i < __ehdr_start.e_phnum; i++, ph++) {
		if (ph->p_type == PT_LOAD && (ph->p_flags & PF_X))
			add(code, ph);
		else if (ph->p_type == PT_GNU_RELRO ||
		         (ph->p_type == PT_LOAD && !(ph->p_flags & PF_W) && code->n > 0))
			add(constants, ph);
	}
}

/* Takes what is not mapped yet, so that nobody else's memory is replaced. */
static bool take_room(uintptr_t start, uintptr_t end)
{
	if (start == end)
		return true;
	void *p = mmap((void *)start, end - start, PROT_NONE,
	    MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);
	if (p == MAP_FAILED || p == (void *)start)
		return p != MAP_FAILED;
	/* A kernel before 4.17 takes the address for a wish. */
	if (munmap(p, end - start) != 0)
		fatal_errno("munmap");
	return false;
}

/* n bytes of huge pages, not shared with anything, elsewhere; NULL where there are none. */
static char *huge_room(size_t n)
{
	char *room =
	    mmap(NULL, n + HUGE_PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (room == MAP_FAILED)
		return NULL;
	char *at = (char *)up((uintptr_t)room, HUGE_PAGE);
	const size_t before = (size_t)(at - room), behind = HUGE_PAGE - before;
	if ((before > 0 && munmap(room, before) != 0) ||
	    (behind > 0 && munmap(at + n, behind) != 0) || madvise(at, n, MADV_HUGEPAGE) != 0)
		return NULL;
	return at;
}

static bool gather(const struct pieces *p)
{
	if (p->n == 0 || p->v[0].start % HUGE_PAGE != 0)
		return true;
	const uintptr_t start = p->v[0].start, end = up(p->v[p->n - 1].end, HUGE_PAGE);
	for (size_t i = 0; i < p->n; i++)
		if (!take_room(p->v[i].end, i + 1 < p->n ? p->v[i + 1].start : end))
			return true;
	char *copy = huge_room(end - start);
	if (!copy)
		return false;
	for (size_t i = 0; i < p->n; i++)
		memcpy(copy + (p->v[i].start - start), (const void *)p->v[i].start,
		    p->v[i].end - p->v[i].start);
	/* The same bytes at the same address: whoever runs there does not notice. */
	return mprotect(copy, end - start, p->prot) == 0 &&
	       mremap(copy, end - start, end - start, MREMAP_MAYMOVE | MREMAP_FIXED,
	           (void *)start) != MAP_FAILED;
}

void master_code_gather(void)
{
	struct pieces code = {.prot = PROT_READ | PROT_EXEC}, constants = {.prot = PROT_READ};
	find(&code, &constants);
	if (!gather(&code) || !gather(&constants))
		log_msg(LOG_DEBUG, "no huge page for the code: %s", strerror(errno));
}
