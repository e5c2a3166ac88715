/*
 * What a field of a message may look like (RFC 9110 sections 5.1 and 5.5), wherever it came from.
 * May run in any process.
 */
#include "itkd/http_field.h"

bool http_field_name(struct span s)
{
	for (size_t i = 0; i < s.n; i++) {
		unsigned char ch = (unsigned char)s.p[i];
		bool alnum = (ch >= '0' && ch <= '9') || ((ch | 0x20) >= 'a' && (ch | 0x20) <= 'z');

		if (ch == 0 || (!alnum && !strchr("!#$%&'*+-.^_`|~", ch)))
			return false;
	}
	return s.n > 0;
}

bool http_field_value(struct span s)
{
	for (size_t i = 0; i < s.n; i++) {
		unsigned char ch = (unsigned char)s.p[i];

		if ((ch < 0x20 && ch != '\t') || ch == 0x7f)
			return false;
	}
	return true;
}
