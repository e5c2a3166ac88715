/*
 * <Directory>, <DirectoryMatch>, <Location>, <LocationMatch>: what they match, their settings, and
 * the order in which a server's sections apply (ap_core_reorder_directories): directories by the
 * number of their path's components, those with a pattern after all others; among equals, and for
 * locations, as written, the main server's before the virtual host's. Run by the loader.
 */
#include "load/load.h"

#include <stdlib.h>
#include <string.h>

/* ap_count_dirs; "/" has none. */
static uint32_t count_components(const char *path)
{
	uint32_t n = 0;

	if (strcmp(path, "/") == 0)
		return 0;
	for (; *path; path++)
		n += *path == '/';
	return n;
}

static const char *add_directory(
    struct loader *l, struct load_server *s, const struct conf_node *node, struct conf_match match)
{
	struct load_section *section;

	if (match.kind != MATCH_REGEX && *match.text != '/')
		return load_fail(l, "path '%s' is not absolute", match.text);
	if (match.kind != MATCH_REGEX)
		match.text = conf_path_clean(&l->common, match.text);
	match.dir = conf_dir_nested(&s->dir, node, 0);
	section = conf_vec_push(&s->sections, l->tmp, sizeof(*section));
	section->node = node;
	section->match = match;
	section->components = count_components(match.text);
	return NULL;
}

void load_section_add(struct loader *l, struct load_server *s, const struct conf_node *node)
{
	enum conf_id id = node->directive->id;
	bool location = id == CONF_ID_SECTION_Location || id == CONF_ID_SECTION_LocationMatch;
	bool regex = id == CONF_ID_SECTION_DirectoryMatch || id == CONF_ID_SECTION_LocationMatch;
	struct conf_match match = {0};
	const char *error = conf_dir_match(&s->dir, node, regex, &match);

	if (!error && !location)
		error = add_directory(l, s, node, match);
	if (error) {
		conf_report(l->report, CONF_ERROR, node, "%s", error);
		return;
	}
	if (!location)
		return;
	match.dir = conf_dir_nested(&s->dir, node, WITHIN_LOCATION);
	*(struct conf_match *)conf_vec_push(&s->locations, l->tmp, sizeof(match)) = match;
}

/* Stable: equal lengths keep the order in which they stand in the array. */
static struct load_section *sort_sections(
    struct loader *l, const struct load_section *from, uint32_t n)
{
	struct load_section *v = arena_array(l->tmp, n ? n : 1, sizeof(*v));
	uint32_t most = 0;

	for (uint32_t i = 0; i < n; i++)
		most = from[i].components > most ? from[i].components : most;
	uint32_t *start = arena_array(l->tmp, (size_t)most + 2, sizeof(*start));

	for (uint32_t i = 0; i < n; i++)
		start[from[i].components + 1]++;
	for (uint32_t i = 1; i <= most; i++)
		start[i] += start[i - 1];
	for (uint32_t i = 0; i < n; i++)
		v[start[from[i].components]++] = from[i];
	return v;
}

/* A list of the main server's with the virtual host's behind it. */
static void *join(struct arena *a, const struct conf_vec *base, const struct conf_vec *own,
    size_t size, uint32_t *n)
{
	uint32_t first = base ? base->n : 0;
	char *v = arena_array(a, (size_t)first + own->n + 1, size);

	if (first)
		memcpy(v, base->v, first * size);
	if (own->n)
		memcpy(v + first * size, own->v, own->n * size);
	*n = first + own->n;
	return v;
}

static void put_sections(
    struct loader *l, struct load_server *s, const struct load_section *v, uint32_t n)
{
	struct conf_section *out = arena_array(&l->common, n + 1, sizeof(*out));
	struct conf_match *matches = arena_array(&l->common, n + 1, sizeof(*matches));
	struct conf_sections *sections = &s->v.sections;
	uint32_t plain = 0, regex = 0;

	for (uint32_t i = 0; i < n; i++) {
		if (v[i].match.kind == MATCH_REGEX) {
			matches[regex++] = v[i].match;
			continue;
		}
		out[plain++] = (struct conf_section){
		    .kind =
		        v[i].match.kind == MATCH_GLOB ? SECTION_DIRECTORY_GLOB : SECTION_DIRECTORY,
		    .path = v[i].match.text,
		    .components = v[i].components,
		    .dir = v[i].match.dir,
		    .file = arena_strdup(&l->common, v[i].node->file),
		    .line = v[i].node->line,
		};
	}
	*sections = (struct conf_sections){plain, out};
	s->v.directory_matches = (struct conf_matches){regex, matches};
}

void load_section_finish(struct loader *l, struct load_server *s)
{
	const struct load_server *main = s->main;
	uint32_t n;

	/* Most virtual hosts of a large server have none of their own, and share the main one's. */
	if (!main || s->sections.n) {
		struct load_section *v =
		    join(l->tmp, main ? &main->sections : NULL, &s->sections, sizeof(*v), &n);

		put_sections(l, s, sort_sections(l, v, n), n);
	} else {
		s->v.sections = main->v.sections;
		s->v.directory_matches = main->v.directory_matches;
	}
	if (!main || s->locations.n)
		s->v.locations.v = join(&l->common, main ? &main->locations : NULL, &s->locations,
		    sizeof(struct conf_match), &s->v.locations.n);
	else
		s->v.locations = main->v.locations;
}

const char *load_set_access_file_name(
    struct loader *l, struct load_server *s, const struct conf_value *v)
{
	const char **names = arena_array(&l->common, v->n, sizeof(*names));

	for (uint32_t i = 0; i < v->n; i++) {
		if (!*v->words[i])
			return "a name must not be empty";
		names[i] = arena_strdup(&l->common, v->words[i]);
	}
	s->v.access_names = (struct conf_strings){v->n, names};
	return NULL;
}
