/*
 * Passwords: any bytes as a file of users or groups, as a hash in it, and as a client's fields. The
 * first line is a name, the second a password, the rest the file.
 */
#include "fuzz.h"
#include "itkd/arena.h"
#include "itkd/base64.h"
#include "itkd/digest.h"
#include "itkd/htpasswd.h"

static const uint8_t secret[DIGEST_SECRET_SIZE] = "a secret";

static void try_file(struct arena *a, const char *text, size_t n, const char *user, const char *pw)
{
	FILE *f = n ? fmemopen((void *)(uintptr_t)text, n, "r") : NULL;
	const char *hash, *other;
	size_t groups;

	if (!f)
		return;
	hash = htpasswd_find(f, a, user, NULL, &other);
	must(!hash || !strpbrk(hash, ":\n"), "a hash is a part of a line");
	if (hash && strlen(hash) < 200) {
		const char *made = htpasswd_make(a, pw, hash);

		must(!made || strncmp(made, hash, 5) == 0, "what was made is of the same scheme");
	}
	rewind(f);
	const char *const *v = htpasswd_groups(f, a, user, &groups);

	for (size_t i = 0; i < groups; i++)
		must(!strpbrk(v[i], ":\n"), "a group is a part of a line");
	rewind(f);
	htpasswd_find(f, a, user, pw, NULL);
	fclose(f);
}

static void try_field(struct arena *a, const char *text)
{
	char hex[HASH_HEX_MAX];
	struct digest d;
	int64_t us;
	size_t n;

	if (digest_read(a, text, &d)) {
		if (d.qop)
			digest_response(&d, text, "GET", hex);
		must(!digest_nonce_is_ours(a, secret, d.realm, "", d.nonce, &us),
		    "nobody knows a nonce");
		const char *nonce = digest_nonce(a, secret, d.realm, "", 12345);

		must(digest_nonce_is_ours(a, secret, d.realm, "", nonce, &us) && us == 12345,
		    "a nonce is known again");
	}
	const char *bytes = base64_decode(a, text, &n);
	const char *coded = base64_encode(a, bytes, n);
	size_t m;

	must(memcmp(base64_decode(a, coded, &m), bytes, n) == 0 && m == n, "as it was");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	const char *text = (const char *)data, *first = memchr(text, '\n', n), *second;
	struct arena a;

	arena_init_heap(&a, 64 << 20);
	try_field(&a, arena_strndup(&a, text, n));
	second = first ? memchr(first + 1, '\n', n - (size_t)(first + 1 - text)) : NULL;
	if (second) {
		const char *user = arena_strndup(&a, text, (size_t)(first - text));
		const char *pw = arena_strndup(&a, first + 1, (size_t)(second - first - 1));

		try_file(&a, second + 1, n - (size_t)(second + 1 - text), user, pw);
	}
	arena_free(&a);
	return 0;
}
