/*
 * The chunked transfer coding of a request body, read byte by byte where it is framing and piece by
 * piece where it is data. Run by the child after the drop. The bytes are the client's. RFC 9112
 * section 7.1.
 */
#include "http_head_scan.h"
#include "itkd/path.h"

/* Extensions and trailers of one body, in bytes: they are read and dropped (section 7.1.1). */
#define OVERHEAD_MAX 65536
/* More digits than a size below 2^63 needs are zeros that serve nobody. */
#define SIZE_DIGITS 16

enum {
	SIZE_FIRST, /* the first digit of chunk-size */
	SIZE,
	EXT_BWS,        /* white space, then ';' */
	EXT_NAME_FIRST, /* white space, then a token */
	EXT_NAME,
	EXT_NAME_BWS,    /* white space, then '=', ';' or the end */
	EXT_VALUE_FIRST, /* white space, then a token or a quoted-string */
	EXT_VALUE,
	EXT_QUOTED,
	EXT_QUOTED_PAIR,
	EXT_END, /* white space, then ';' or the end */
	SIZE_LF,
	DATA,
	DATA_CR,
	DATA_LF,
	TRAILER_FIRST, /* a field line or the empty line */
	TRAILER_NAME,
	TRAILER_VALUE,
	TRAILER_LF,
	LAST_LF,
	END,
	BAD,
	LARGE,
};

void http_chunked_init(struct http_chunked *c, const struct http_limits *limits)
{
	*c = (struct http_chunked){.state = SIZE_FIRST, .limits = limits};
}

/* RFC 9112 section 7.1: chunk-size = 1*HEXDIG, which must not overflow. */
static int size_byte(struct http_chunked *c, char b)
{
	int digit = path_hex(b);

	if (digit >= 0) {
		if (c->left > (uint64_t)INT64_MAX >> 4)
			return LARGE;
		c->left = c->left << 4 | (unsigned)digit;
		return SIZE;
	}
	if (c->state == SIZE_FIRST)
		return BAD;
	if (b == ';')
		return EXT_NAME_FIRST;
	if (b == '\r')
		return SIZE_LF;
	return b == ' ' || b == '\t' ? EXT_BWS : BAD;
}

/* Behind a name or a value. */
static int ext_end(char b, int same)
{
	if (b == ';')
		return EXT_NAME_FIRST;
	if (b == '\r')
		return SIZE_LF;
	return b == ' ' || b == '\t' ? same : BAD;
}

/* RFC 9112 section 7.1.1: *( BWS ";" BWS chunk-ext-name [ BWS "=" BWS chunk-ext-val ] ) */
static int ext_byte(int state, char b)
{
	bool space = b == ' ' || b == '\t';

	switch (state) {
	case EXT_BWS:
		return space ? EXT_BWS : b == ';' ? EXT_NAME_FIRST : BAD;
	case EXT_NAME_FIRST:
		return space ? EXT_NAME_FIRST : http_is_tchar(b) ? EXT_NAME : BAD;
	case EXT_NAME:
		if (http_is_tchar(b))
			return EXT_NAME;
		/* fall through */
	case EXT_NAME_BWS:
		return b == '=' ? EXT_VALUE_FIRST : ext_end(b, EXT_NAME_BWS);
	case EXT_VALUE_FIRST:
		if (space || b == '"')
			return space ? EXT_VALUE_FIRST : EXT_QUOTED;
		return http_is_tchar(b) ? EXT_VALUE : BAD;
	case EXT_VALUE:
		return http_is_tchar(b) ? EXT_VALUE : ext_end(b, EXT_END);
	case EXT_QUOTED:
		if (b == '"' || b == '\\')
			return b == '"' ? EXT_END : EXT_QUOTED_PAIR;
		return http_is_field_char(b) ? EXT_QUOTED : BAD;
	case EXT_QUOTED_PAIR:
		return http_is_field_char(b) ? EXT_QUOTED : BAD;
	default: /* EXT_END */
		return ext_end(b, EXT_END);
	}
}

/* RFC 9112 section 7.1.2: field lines under the rules of the head, then an empty line. */
static int trailer_byte(int state, char b)
{
	switch (state) {
	case TRAILER_FIRST:
		if (b == '\r')
			return LAST_LF;
		return http_is_tchar(b) ? TRAILER_NAME : BAD;
	case TRAILER_NAME:
		if (b == ':')
			return TRAILER_VALUE;
		return http_is_tchar(b) ? TRAILER_NAME : BAD;
	case TRAILER_VALUE:
		if (b == '\r')
			return TRAILER_LF;
		return http_is_field_char(b) ? TRAILER_VALUE : BAD;
	case TRAILER_LF:
		return b == '\n' ? TRAILER_FIRST : BAD;
	default: /* LAST_LF */
		return b == '\n' ? END : BAD;
	}
}

/*
 * Section 7.1.1: the total of what is dropped is limited, and each line as in Apache. Section
 * 7.1.2: trailers are limited as the fields of a head.
 */
static bool over_limit(struct http_chunked *c)
{
	const struct http_limits *limits = c->limits;

	if (c->state == TRAILER_FIRST || c->state == SIZE_FIRST)
		c->line = 0;
	c->line++;
	if ((c->state != SIZE_FIRST && c->state != SIZE) || c->line > SIZE_DIGITS)
		c->overhead++;
	return c->overhead > OVERHEAD_MAX || c->line > limits->field_size ||
	       (limits->fields && c->fields > limits->fields);
}

/* The state behind a byte of framing that ends no line. */
static int line_byte(struct http_chunked *c, char b)
{
	if (b != '\r' && over_limit(c))
		return LARGE;
	if (c->state <= SIZE)
		return size_byte(c, b);
	return c->state < SIZE_LF ? ext_byte(c->state, b) : trailer_byte(c->state, b);
}

/* The state behind a byte of framing. */
static int framing_byte(struct http_chunked *c, char b)
{
	switch (c->state) {
	case SIZE_LF:
		if (b != '\n')
			return BAD;
		return c->left ? DATA : TRAILER_FIRST;
	case DATA_CR:
		return b == '\r' ? DATA_LF : BAD;
	case DATA_LF:
		return b == '\n' ? SIZE_FIRST : BAD;
	case TRAILER_LF:
	case LAST_LF:
		return trailer_byte(c->state, b);
	case TRAILER_FIRST:
		c->fields += b != '\r';
		/* fall through */
	default:
		return line_byte(c, b);
	}
}

static enum http_chunked_result outcome(const struct http_chunked *c)
{
	switch (c->state) {
	case END:
		return HTTP_CHUNKED_END;
	case BAD:
		return HTTP_CHUNKED_BAD;
	case LARGE:
		return HTTP_CHUNKED_LARGE;
	default:
		return HTTP_CHUNKED_MORE;
	}
}

enum http_chunked_result http_chunked_next(
    struct http_chunked *c, struct span *in, struct span *data)
{
	while (c->state < END && in->n) {
		if (c->state != DATA) {
			c->state = (uint8_t)framing_byte(c, in->p[0]);
			in->p++;
			in->n--;
			continue;
		}
		*data = (struct span){in->p, in->n < c->left ? in->n : (size_t)c->left};
		in->p += data->n;
		in->n -= data->n;
		c->left -= data->n;
		if (c->left == 0)
			c->state = DATA_CR;
		return HTTP_CHUNKED_DATA;
	}
	return outcome(c);
}
