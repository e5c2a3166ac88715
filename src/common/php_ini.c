/*
 * Settings of PHP as lines of a php.ini, which is how both php-cgi (-d) and php-fpm (PHP_VALUE)
 * read them. May run in any process. Values are the administrator's or a .htaccess's: none may end
 * its line, or stand for a constant, a variable or an operator.
 */
#include "itkd/php_ini.h"

#include "itkd/arena.h"
#include <ctype.h>
#include <string.h>
#include <strings.h>

bool php_ini_name(const char *name)
{
	for (const char *p = name; *p; p++)
		if (!isalnum((unsigned char)*p) && !strchr("_.-", *p))
			return false;
	return *name != '\0';
}

/* "8", "64M": what is written without quotes. */
static bool ini_number(const char *value)
{
	size_t n = strspn(value, "0123456789");

	return n > 0 && (value[n] == '\0' || (strchr("kKmMgG", value[n]) && value[n + 1] == '\0'));
}

/* Single quotes keep all but themselves; those stand in double ones, and both follow each other. */
const char *php_ini_line(struct arena *a, const char *name, const char *value)
{
	static const char quoted[] = "\"'\"";
	size_t n = strlen(value);

	if (n == 0)
		return arena_printf(a, "%s=\"\"", name);
	if (ini_number(value))
		return arena_printf(a, "%s=%s", name, value);
	char *text = arena_alloc(a, n * sizeof(quoted) + 3), *to = text;

	for (const char *p = value; *p;) {
		size_t plain = strcspn(p, "'");

		if (plain) {
			*to++ = '\'';
			memcpy(to, p, plain);
			to += plain;
			*to++ = '\'';
		}
		p += plain;
		for (; *p == '\''; p++) {
			memcpy(to, quoted, sizeof(quoted) - 1);
			to += sizeof(quoted) - 1;
		}
	}
	*to = '\0';
	return arena_printf(a, "%s=%s", name, text);
}

/* PHP_INI_SYSTEM: what mod_php does not let a .htaccess change; "x." is all that begin so. */
bool php_ini_system(const char *name)
{
	static const char *const names[] = {"allow_url_fopen", "allow_url_include", "browscap",
	    "cgi.", "curl.cainfo", "disable_classes", "disable_functions", "doc_root", "enable_dl",
	    "expose_php", "extension", "extension_dir", "fastcgi.", "ffi.", "file_uploads",
	    "hard_timeout", "mail.log", "mysqli.allow_local_infile", "mysqli.allow_persistent",
	    "mysqli.local_infile_directory", "mysqli.max_links", "mysqli.max_persistent",
	    "mysqlnd.", "opcache.", "open_basedir", "openssl.cafile", "openssl.capath",
	    "pdo_mysql.default_socket", "phar.cache_list", "realpath_cache_size",
	    "realpath_cache_ttl", "safe_mode", "sendmail_path", "sys_temp_dir", "syslog.",
	    "upload_tmp_dir", "user_dir", "user_ini.", "zend_extension", "zend.signal_check"};

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		size_t n = strlen(names[i]);

		if (names[i][n - 1] == '.' ? strncasecmp(name, names[i], n) == 0
		                           : strcasecmp(name, names[i]) == 0)
			return true;
	}
	return false;
}
