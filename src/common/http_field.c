/*
 * What a field of a message may look like (RFC 9110 sections 5.1 and 5.5), wherever it came from.
 * May run in any process.
 */
#include "itkd/http_field.h"

#include "http_head_scan.h"

bool http_field_name(struct span s)
{
	return http_is_token(s);
}

bool http_field_value(struct span s)
{
	for (size_t i = 0; i < s.n; i++)
		if (!http_is_field_char(s.p[i]))
			return false;
	return true;
}
