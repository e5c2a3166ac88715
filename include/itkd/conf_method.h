/*
 * Methods as <Limit> and access control see them: a bit each, GET and HEAD one, as in Apache.
 */
#ifndef ITKD_CONF_METHOD_H
#define ITKD_CONF_METHOD_H

#include "itkd/span.h"
#include <stdint.h>

#define CONF_METHODS_ALL UINT64_MAX
#define CONF_METHOD_OTHER (1ull << 63) /* a method that no specification known here names */
#define CONF_METHOD_TRACE (1ull << 6)
/* Those that Apache knows without being told; others must be named in its server configuration. */
#define CONF_METHODS_BUILT_IN ((1ull << 26) - 1)

/* The bit of a method; CONF_METHOD_OTHER for an unknown name. Case counts. */
uint64_t conf_method_bit(struct span name);

#endif
