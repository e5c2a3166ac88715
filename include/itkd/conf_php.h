/* php_value, php_flag and their admin forms: settings for PHP, which part of a site gets which. */
#ifndef ITKD_CONF_PHP_H
#define ITKD_CONF_PHP_H

#include <stdbool.h>
#include <stdint.h>

struct arena;

struct conf_php_value {
	const char *name;
	const char *value;
	bool admin;    /* php_admin_*: no .htaccess, script or php_value changes it */
	bool htaccess; /* of a .htaccess */
	bool shared;   /* of a section of the main server: every site has it */
};

struct conf_php {
	uint32_t n;
	const struct conf_php_value *v; /* in the identity's private region, as SetEnv's */
	const char *ini_dir;            /* PHPINIDir; NULL: not given */
};

/* Lays add over *base as mod_php does: the admin's value stays where add has only a plain one. */
void conf_php_merge(struct arena *a, struct conf_php **base, struct conf_php *add);

#endif
