/*
 * Runs a fuzz target over files: each argument is a file, or a directory whose files are taken.
 * For compilers without libFuzzer, and for ctest.
 */
#include "fuzz.h"

#include <dirent.h>
#include <sys/stat.h>

#define INPUT_MAX ((size_t)1 << 20)

static unsigned long runs;

static int replay_file(const char *path)
{
	FILE *f = fopen(path, "rb");
	uint8_t *all = malloc(INPUT_MAX), *exact;
	size_t n = 0;

	if (!f || !all) {
		perror(path);
		return -1;
	}
	n = fread(all, 1, INPUT_MAX, f);
	exact = malloc(n ? n : 1);
	if (ferror(f) || fclose(f) != 0 || !exact) {
		perror(path);
		return -1;
	}
	/* Exactly as many bytes as there are, for AddressSanitizer. */
	for (size_t i = 0; i < n; i++)
		exact[i] = all[i];
	LLVMFuzzerTestOneInput(exact, n);
	runs++;
	free(exact);
	free(all);
	return 0;
}

static int replay_dir(const char *path)
{
	DIR *dir = opendir(path);
	struct dirent *e;
	int result = 0;

	if (!dir) {
		perror(path);
		return -1;
	}
	while (result == 0 && (e = readdir(dir)) != NULL) {
		char file[4096];

		if (e->d_name[0] == '.')
			continue;
		snprintf(file, sizeof(file), "%s/%s", path, e->d_name);
		result = replay_file(file);
	}
	return closedir(dir) == 0 ? result : -1;
}

int main(int argc, char **argv)
{
	for (int i = 1; i < argc; i++) {
		struct stat st;

		if (stat(argv[i], &st) < 0) {
			perror(argv[i]);
			return 1;
		}
		if ((S_ISDIR(st.st_mode) ? replay_dir(argv[i]) : replay_file(argv[i])) < 0)
			return 1;
	}
	printf("%lu inputs\n", runs);
	return runs ? 0 : 1;
}
