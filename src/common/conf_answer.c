/*
 * How settings of an answer merge and what they come to (conf_answer.h), as Apache's core does it.
 * Run by the loader and by the child.
 */
#include "itkd/conf_answer.h"

#include "itkd/arena.h"
#include "itkd/range.h"
#include <string.h>

/* merge_core_dir_configs */
static void merge_etag(struct conf_answer *base, const struct conf_answer *add)
{
	if (add->etag != ETAG_UNSET) {
		base->etag = add->etag;
		base->etag_add = add->etag_add;
		base->etag_remove = add->etag_remove;
	} else {
		base->etag_add = (uint8_t)((base->etag_add & ~add->etag_remove) | add->etag_add);
		base->etag_remove =
		    (uint8_t)((base->etag_remove & ~add->etag_add) | add->etag_remove);
		base->etag = (uint8_t)((base->etag & ~base->etag_remove) | base->etag_add);
	}
	if (base->etag != ETAG_NONE)
		base->etag &= (uint8_t)~ETAG_NONE;
}

static void merge_documents(
    struct arena *a, struct conf_answer *base, const struct conf_answer *add)
{
	uint32_t n = base->ndocuments + add->ndocuments;

	if (add->ndocuments == 0)
		return;
	if (base->ndocuments == 0) {
		base->documents = add->documents;
		base->ndocuments = n;
		return;
	}
	struct error_document *v = arena_array(a, n, sizeof(*v));

	memcpy(v, base->documents, base->ndocuments * sizeof(*v));
	memcpy(v + base->ndocuments, add->documents, add->ndocuments * sizeof(*v));
	base->documents = v;
	base->ndocuments = n;
}

void conf_answer_merge(struct arena *a, struct conf_answer *base, const struct conf_answer *add)
{
	if (add->signature)
		base->signature = add->signature;
	if (add->path_info)
		base->path_info = add->path_info;
	if (add->cgi_auth)
		base->cgi_auth = add->cgi_auth;
	if (add->physical_port)
		base->physical_port = add->physical_port;
	if (add->lookups)
		base->lookups = add->lookups;
	if (add->canonical)
		base->canonical = add->canonical;
	if (add->charset)
		base->charset = add->charset;
	if (add->ranges.set)
		base->ranges = add->ranges;
	if (add->overlaps.set)
		base->overlaps = add->overlaps;
	if (add->reversals.set)
		base->reversals = add->reversals;
	if (add->cpu.set)
		base->cpu = add->cpu;
	if (add->mem.set)
		base->mem = add->mem;
	if (add->nproc.set)
		base->nproc = add->nproc;
	merge_etag(base, add);
	merge_documents(a, base, add);
}

unsigned conf_answer_etag(const struct conf_answer *answer)
{
	unsigned bits = (answer->etag & ~(unsigned)answer->etag_remove) | answer->etag_add;

	if (bits & ETAG_DIGEST)
		return ETAG_DIGEST;
	if (bits & ETAG_NONE)
		return ETAG_NONE;
	return bits ? bits : ETAG_MTIME | ETAG_SIZE;
}

static uint32_t answer_count(const struct answer_count *count, uint32_t standard)
{
	return count->set ? count->n : standard;
}

void conf_answer_ranges(const struct conf_answer *answer, struct range_limits *limits)
{
	limits->ranges = answer_count(&answer->ranges, RANGES_DEFAULT);
	limits->overlaps = answer_count(&answer->overlaps, RANGE_OVERLAPS_DEFAULT);
	limits->reversals = answer_count(&answer->reversals, RANGE_REVERSALS_DEFAULT);
}

const struct error_document *conf_answer_document(const struct conf_answer *answer, int status)
{
	for (uint32_t i = answer->ndocuments; i > 0; i--) {
		const struct error_document *d = &answer->documents[i - 1];

		if (d->status == status)
			return d->kind == DOCUMENT_DEFAULT ? NULL : d;
	}
	return NULL;
}
