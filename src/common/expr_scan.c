/*
 * Tokens of an expression (expr.h), with the rules of Apache's scanner: the longest match wins, and
 * a pattern knows no escape for its delimiter. Any process. The text is the administrator's or,
 * from a .htaccess, a user's.
 */
#include "common/expr_node.h"

#include "itkd/arena.h"

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool is_alpha(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool is_name(char c)
{
	return is_alpha(c) || is_digit(c) || c == '_';
}

static size_t name_length(const char *p)
{
	size_t n = 0;

	while (is_name(p[n]))
		n++;
	return n;
}

static void fail(struct expr_scan *s, const char *error)
{
	s->token = TOKEN_ERROR;
	if (!s->error)
		s->error = error;
}

static void take(struct expr_scan *s, enum expr_token token, size_t n)
{
	s->token = token;
	s->p += n;
}

static void take_text(struct expr_scan *s, enum expr_token token, const char *from, size_t n)
{
	s->token = token;
	s->text = arena_strndup(s->a, from, n);
	s->p = from + n;
}

struct word {
	const char *text;
	enum expr_token token;
};

static bool take_word(struct expr_scan *s, const struct word *words, size_t nwords, size_t n)
{
	for (size_t i = 0; i < nwords; i++)
		if (strlen(words[i].text) == n && memcmp(s->p, words[i].text, n) == 0) {
			take(s, words[i].token, n);
			return true;
		}
	return false;
}

static void scan_name(struct expr_scan *s)
{
	/* Without a '-' they are mod_ssl's of old. */
	static const struct word words[] = {{"true", TOKEN_TRUE}, {"false", TOKEN_FALSE},
	    {"and", TOKEN_AND}, {"or", TOKEN_OR}, {"not", TOKEN_NOT}, {"lt", TOKEN_LT},
	    {"le", TOKEN_LE}, {"gt", TOKEN_GT}, {"ge", TOKEN_GE}, {"ne", TOKEN_NE},
	    {"eq", TOKEN_EQ}, {"in", TOKEN_IN}};
	size_t n = name_length(s->p);

	if (!take_word(s, words, sizeof(words) / sizeof(*words), n))
		take_text(s, TOKEN_ID, s->p, n);
}

static void scan_minus(struct expr_scan *s)
{
	static const struct word words[] = {{"-in", TOKEN_IN}, {"-eq", TOKEN_EQ}, {"-ne", TOKEN_NE},
	    {"-ge", TOKEN_GE}, {"-le", TOKEN_LE}, {"-gt", TOKEN_GT}, {"-lt", TOKEN_LT}};

	if (is_digit(s->p[1])) {
		size_t n = 1;

		while (is_digit(s->p[n]))
			n++;
		take_text(s, TOKEN_DIGIT, s->p, n);
		return;
	}
	size_t n = 1 + name_length(s->p + 1);

	if (n == 1)
		fail(s, "Parse error near '-'");
	else if (!take_word(s, words, sizeof(words) / sizeof(*words), n))
		take_text(s, n == 2 ? TOKEN_UNARY : TOKEN_BINARY, s->p + 1, n - 1);
}

/* s->p is behind the delimiter. */
static void scan_regex(struct expr_scan *s, char delimiter)
{
	const char *end = strchr(s->p, delimiter);

	if (!end) {
		s->p += strlen(s->p);
		s->token = TOKEN_END;
		return;
	}
	if (end - s->p > EXPR_PIECE_MAX) {
		fail(s, "Regexp too long");
		return;
	}
	take_text(s, TOKEN_REGEX, s->p, (size_t)(end - s->p));
	s->p++;
	s->icase = *s->p == 'i';
	s->p += s->icase;
}

/* m and its delimiter; an underscore may just be part of a name. */
static bool regex_begins(const char *p)
{
	if (p[0] != 'm' || p[1] == '\0' || !strchr("/#$%^,;:_?|-!.'\"", p[1]))
		return false;
	return p[1] != '_' || !is_name(p[2]);
}

static bool scan_operator(struct expr_scan *s)
{
	/* The longer ones first. */
	static const struct word operators[] = {{"==", TOKEN_STR_EQ}, {"=~", TOKEN_REG},
	    {"=", TOKEN_STR_EQ}, {"!=", TOKEN_STR_NE}, {"!~", TOKEN_NRE}, {"!", TOKEN_NOT},
	    {"<=", TOKEN_STR_LE}, {"<", TOKEN_STR_LT}, {">=", TOKEN_STR_GE}, {">", TOKEN_STR_GT},
	    {"&&", TOKEN_AND}, {"||", TOKEN_OR}, {".", TOKEN_CONCAT}, {"(", TOKEN_OPEN},
	    {")", TOKEN_CLOSE}, {"{", TOKEN_BRACE_OPEN}, {"}", TOKEN_BRACE_CLOSE},
	    {",", TOKEN_COMMA}, {":", TOKEN_COLON}, {"%{", TOKEN_VAR_BEGIN}};

	for (size_t i = 0; i < sizeof(operators) / sizeof(*operators); i++) {
		size_t n = strlen(operators[i].text);

		if (strncmp(s->p, operators[i].text, n) == 0) {
			take(s, operators[i].token, n);
			return true;
		}
	}
	return false;
}

void expr_scan_next(struct expr_scan *s)
{
	s->p += strspn(s->p, " \t\n");
	char c = *s->p;

	if (c == '\0') {
		s->token = TOKEN_END;
	} else if (c == '"' || c == '\'') {
		s->quote = c;
		take(s, TOKEN_STR_BEGIN, 1);
	} else if (c == '$' && is_digit(s->p[1])) {
		s->number = (unsigned)(s->p[1] - '0');
		take(s, TOKEN_BACKREF, 2);
	} else if (regex_begins(s->p)) {
		s->p += 2;
		scan_regex(s, s->p[-1]);
	} else if (c == '/') {
		s->p++;
		scan_regex(s, c);
	} else if (is_alpha(c)) {
		scan_name(s);
	} else if (is_digit(c)) {
		take_text(s, TOKEN_DIGIT, s->p, strspn(s->p, "0123456789"));
	} else if (c == '-') {
		scan_minus(s);
	} else if (!scan_operator(s)) {
		fail(s, arena_printf(s->a, "Parse error near '%c'", c));
	}
}

/* A backslash and what it stands for; the length of both, or 0. */
static size_t scan_escape(struct expr_scan *s, const char *p, char *to)
{
	static const char letters[] = "nrtbf", meanings[] = "\n\r\t\b\f";
	size_t digits = strspn(p + 1, "0123456789");
	unsigned value = 0;

	if (p[1] == '\0') {
		fail(s, "Unterminated string or variable");
		return 0;
	}
	if (digits == 0) {
		const char *at = strchr(letters, p[1]);

		*to = at ? meanings[at - letters] : p[1];
		return 2;
	}
	if (digits > 3 || strspn(p + 1, "01234567") < digits) {
		fail(s, "Bad escape sequence");
		return 0;
	}
	for (size_t i = 0; i < digits; i++)
		value = value * 8 + (unsigned)(p[1 + i] - '0');
	if (value > 0xff || value == 0) {
		fail(s, "Escape sequence out of bound");
		return 0;
	}
	*to = (char)value;
	return 1 + digits;
}

const char *expr_scan_piece(struct expr_scan *s, char end)
{
	char piece[EXPR_PIECE_MAX];
	size_t n = 0, step;

	for (const char *p = s->p;; p += step) {
		if (*p == end || (*p == '%' && p[1] == '{') || (*p == '$' && is_digit(p[1]))) {
			s->p = p;
			return arena_strndup(s->a, piece, n);
		}
		/* Apache's scanner knows no quotes in an argument, and gives up. */
		if (*p == '\0' || *p == '\n' || (end == '}' && (*p == '"' || *p == '\''))) {
			fail(s, "Unterminated string or variable");
			return NULL;
		}
		if (n == sizeof(piece)) {
			fail(s, "String too long");
			return NULL;
		}
		step = 1;
		piece[n] = *p;
		if (*p == '\\') {
			step = scan_escape(s, p, &piece[n]);
			if (step == 0)
				return NULL;
		}
		n++;
	}
}

const char *expr_scan_name(enum expr_token token)
{
	static const char *const names[] = {[TOKEN_END] = "$end",
	    [TOKEN_ERROR] = "T_ERROR",
	    [TOKEN_TRUE] = "T_TRUE",
	    [TOKEN_FALSE] = "T_FALSE",
	    [TOKEN_DIGIT] = "T_DIGIT",
	    [TOKEN_ID] = "T_ID",
	    [TOKEN_REGEX] = "T_REGEX",
	    [TOKEN_BACKREF] = "T_REGEX_BACKREF",
	    [TOKEN_UNARY] = "T_OP_UNARY",
	    [TOKEN_BINARY] = "T_OP_BINARY",
	    [TOKEN_STR_BEGIN] = "T_STR_BEGIN",
	    [TOKEN_VAR_BEGIN] = "T_VAR_BEGIN",
	    [TOKEN_EQ] = "T_OP_EQ",
	    [TOKEN_NE] = "T_OP_NE",
	    [TOKEN_LT] = "T_OP_LT",
	    [TOKEN_LE] = "T_OP_LE",
	    [TOKEN_GT] = "T_OP_GT",
	    [TOKEN_GE] = "T_OP_GE",
	    [TOKEN_STR_EQ] = "T_OP_STR_EQ",
	    [TOKEN_STR_NE] = "T_OP_STR_NE",
	    [TOKEN_STR_LT] = "T_OP_STR_LT",
	    [TOKEN_STR_LE] = "T_OP_STR_LE",
	    [TOKEN_STR_GT] = "T_OP_STR_GT",
	    [TOKEN_STR_GE] = "T_OP_STR_GE",
	    [TOKEN_REG] = "T_OP_REG",
	    [TOKEN_NRE] = "T_OP_NRE",
	    [TOKEN_IN] = "T_OP_IN",
	    [TOKEN_CONCAT] = "T_OP_CONCAT",
	    [TOKEN_OR] = "T_OP_OR",
	    [TOKEN_AND] = "T_OP_AND",
	    [TOKEN_NOT] = "T_OP_NOT",
	    [TOKEN_OPEN] = "'('",
	    [TOKEN_CLOSE] = "')'",
	    [TOKEN_BRACE_OPEN] = "'{'",
	    [TOKEN_BRACE_CLOSE] = "'}'",
	    [TOKEN_COMMA] = "','",
	    [TOKEN_COLON] = "':'"};

	return names[token];
}
