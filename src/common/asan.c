/*
 * What AddressSanitizer is told, in builds that have it (CMakeLists.txt leaves this file out of the
 * others). Leaks are not looked for at the end of a process: it would have to trace itself, which
 * none of ours that dropped its rights may do.
 */
const char *__asan_default_options(void);

const char *__asan_default_options(void)
{
	return "detect_leaks=0";
}
