/* Settings of PHP as lines of a php.ini. */
#ifndef ITKD_PHP_INI_H
#define ITKD_PHP_INI_H

#include <stdbool.h>

struct arena;

/* Whether it can be the name of a setting: a line begins with it. */
bool php_ini_name(const char *name);
/* name=value, without the line's end, so that PHP reads value as it is. */
const char *php_ini_line(struct arena *a, const char *name, const char *value);
/* Whether only the administrator may set it. */
bool php_ini_system(const char *name);

#endif
