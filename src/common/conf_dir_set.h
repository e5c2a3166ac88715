/*
 * The setters of directory context, one function a directive, found by directives.def. Each applies
 * one directive to b->dir; NULL, or what is wrong with it. They run in the loader as root on the
 * administrator's words, and in the child as the vhost's user on those of a .htaccess.
 */
#ifndef ITKD_CONF_DIR_SET_H
#define ITKD_CONF_DIR_SET_H

#include "itkd/conf_dir.h"

typedef const char *dir_setter(struct conf_dir_build *b, const struct conf_value *v);

#define VHOST(field)
#define GLOBAL(field)
#define SERVER(f)
#define DIR(f) dir_setter dir_##f;
#define EARLY
#define NONE
#define SECTION(name, ...)
#define DIRECTIVE(name, arg, context, override, module, status, initial, min, max, setter, ...) \
	setter
#include "itkd/directives.def"
#undef VHOST
#undef GLOBAL
#undef SERVER
#undef DIR
#undef EARLY
#undef NONE
#undef SECTION
#undef DIRECTIVE

/* Laying one directory's settings over another's: the part of mod_ssl. */
void conf_dir_tls_merge(struct conf_dir *base, const struct conf_dir *add);

#endif
