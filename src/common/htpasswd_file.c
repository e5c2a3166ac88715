/*
 * The lines of the files of users and groups (htpasswd.h), read as Apache reads its own files. Run
 * by the child as the vhost's user; the files are the site owner's.
 */
#include "itkd/htpasswd.h"

#include "itkd/arena.h"
#include "itkd/conf_lex.h"
#include <ctype.h>

struct lines {
	FILE *f;
	struct arena a; /* of the line alone */
	size_t max, room;
	char *text;
};

static void lines_push(struct lines *l, size_t n, char ch)
{
	if (n == l->room) {
		char *text = arena_alloc(&l->a, l->room * 2);

		memcpy(text, l->text, n);
		l->text = text;
		l->room *= 2;
	}
	l->text[n] = ch;
}

/*
 * The next line that says something, without the blanks around it; '\' at an end joins the next
 * one. False: there is none, or it is too long, and what follows is not looked at.
 */
static bool lines_next(struct lines *l, char **line)
{
	for (int ch = 0; ch != EOF;) {
		size_t n = 0, start = 0;

		arena_reset(&l->a);
		l->room = 256;
		l->text = arena_alloc(&l->a, l->room);
		while ((ch = getc_unlocked(l->f)) != EOF) {
			if (ch == '\n') {
				n -= n && l->text[n - 1] == '\r';
				if (!n || l->text[n - 1] != '\\')
					break;
				n--;
				continue;
			}
			if (n == l->max)
				return false;
			lines_push(l, n++, (char)ch);
		}
		while (n && isspace((unsigned char)l->text[n - 1]))
			n--;
		while (start < n && isspace((unsigned char)l->text[start]))
			start++;
		if (start == n || !l->text[start] || l->text[start] == '#')
			continue;
		lines_push(l, n, '\0');
		*line = l->text + start;
		return true;
	}
	return false;
}

static void lines_begin(struct lines *l, FILE *f, size_t max)
{
	*l = (struct lines){.f = f, .max = max};
	/* The line grows by doubling; a name of one letter in it takes 16 bytes for its two. */
	arena_init_heap(&l->a, 16 * max);
}

/* Up to the next ':', of which several are one. */
static char *next_part(char **rest)
{
	char *part = *rest;
	size_t n = strcspn(part, ":");

	*rest = part + n;
	while (**rest == ':')
		*(*rest)++ = '\0';
	return part;
}

const char *htpasswd_find(
    FILE *f, struct arena *a, const char *user, const char *realm, const char **other)
{
	const char *hash = NULL;
	struct lines l;
	char *line;

	lines_begin(&l, f, HTPASSWD_LINE_MAX);
	if (other)
		*other = NULL;
	while (!hash && lines_next(&l, &line)) {
		bool own = strcmp(next_part(&line), user) == 0;

		if (realm)
			own = strcmp(next_part(&line), realm) == 0 && own;
		if (own)
			hash = arena_strdup(a, next_part(&line));
		else if (other && !*other)
			*other = arena_strdup(a, next_part(&line));
	}
	arena_free(&l.a);
	return hash;
}

static bool line_has(struct arena *a, const char *names, const char *user)
{
	while (*names)
		if (strcmp(conf_lex_word(a, &names), user) == 0)
			return true;
	return false;
}

const char *const *htpasswd_groups(FILE *f, struct arena *a, const char *user, size_t *n)
{
	const char **groups = NULL;
	size_t room = 0;
	struct lines l;
	char *line;

	*n = 0;
	lines_begin(&l, f, HTPASSWD_GROUP_MAX);
	while (lines_next(&l, &line)) {
		char *name = next_part(&line);
		size_t len = strlen(name);

		if (!line_has(&l.a, line, user))
			continue;
		if (*n == room) {
			const char **more =
			    arena_array(a, room = room ? room * 2 : 16, sizeof(*more));

			if (*n)
				memcpy(more, groups, *n * sizeof(*more));
			groups = more;
		}
		while (len && isspace((unsigned char)name[len - 1]))
			len--;
		groups[(*n)++] = arena_strndup(a, name, len);
	}
	arena_free(&l.a);
	return groups;
}
