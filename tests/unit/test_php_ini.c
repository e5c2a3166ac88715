/* Settings of PHP as lines that php-cgi and php-fpm read back as they were. */
#include "itkd/arena.h"
#include "itkd/php_ini.h"
#include "vectors.h"

static const struct {
	const char *value, *line;
} lines[] = {
    {"", "x=\"\""},
    {"64M", "x=64M"},
    {"0", "x=0"},
    {"64MB", "x='64MB'"},
    {"On", "x='On'"},
    {"E_ALL & ~E_NOTICE", "x='E_ALL & ~E_NOTICE'"},
    {"/usr/sbin/sendmail -t -i -f w@x.test", "x='/usr/sbin/sendmail -t -i -f w@x.test'"},
    {"a\"b;c=${d}", "x='a\"b;c=${d}'"},
    {"it's", "x='it'\"'\"'s'"},
    {"'", "x=\"'\""},
    {"''", "x=\"'\"\"'\""},
    {"'a'", "x=\"'\"'a'\"'\""},
};

START_TEST(line)
{
	struct arena a;

	arena_init_heap(&a, 1 << 20);
	for (size_t i = 0; i < sizeof(lines) / sizeof(*lines); i++)
		ck_assert_str_eq(php_ini_line(&a, "x", lines[i].value), lines[i].line);
	arena_free(&a);
}
END_TEST

static const struct {
	const char *name;
	bool valid, system;
} names[] = {
    {"memory_limit", true, false},
    {"mbstring.language", true, false},
    {"sendmail_path", true, true},
    {"open_basedir", true, true},
    {"opcache.preload", true, true},
    {"OPCACHE.enable", true, true},
    {"Disable_Functions", true, true},
    {"opcache", true, false},
    {"", false, false},
    {"a b", false, false},
    {"a=b", false, false},
    {"[PATH", false, false},
    {"a\nb", false, false},
};

START_TEST(name)
{
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		ck_assert_int_eq(php_ini_name(names[i].name), names[i].valid);
		ck_assert_int_eq(php_ini_system(names[i].name), names[i].system);
	}
}
END_TEST

int main(void)
{
	const TTest *const tests[] = {line, name};

	return vector_run("php_ini", tests, sizeof(tests) / sizeof(tests[0]));
}
