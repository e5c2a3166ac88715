/* Fields of a message (RFC 9110 section 5). */
#ifndef ITKD_HTTP_FIELD_H
#define ITKD_HTTP_FIELD_H

#include "itkd/span.h"
#include <stdbool.h>

/* What may be a field's name, a token, and its value (sections 5.1 and 5.5). */
bool http_field_name(struct span s);
bool http_field_value(struct span s);

#endif
