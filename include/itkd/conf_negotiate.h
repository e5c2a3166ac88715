/*
 * What mod_negotiation keeps of one directory: which language is sent where a client's own choice
 * does not settle it. Merging is the module's.
 */
#ifndef ITKD_CONF_NEGOTIATE_H
#define ITKD_CONF_NEGOTIATE_H

#include <stdbool.h>
#include <stdint.h>

struct arena;

/* ForceLanguagePriority. */
#define FORCE_NONE 0x1u
#define FORCE_PREFER 0x2u   /* rather than 300 */
#define FORCE_FALLBACK 0x4u /* rather than 406 */

struct conf_negotiate {
	uint8_t force;        /* 0: nothing said, which is as FORCE_PREFER */
	bool cache;           /* CacheNegotiatedDocs On */
	uint32_t nlanguages;  /* LanguagePriority; 0: nothing said */
	const char *const *languages;
};

/* Lays add (NULL: nothing) over *base, which is not changed. */
void conf_negotiate_merge(
	struct arena *a, struct conf_negotiate **base, struct conf_negotiate *add);

#endif
