/* MD5 and SHA-1, Base64, and the passwords made of them. */
#include "itkd/arena.h"
#include "itkd/base64.h"
#include "itkd/digest.h"
#include "itkd/hash.h"
#include "itkd/htpasswd.h"
#include "suite.h"

/* RFC 1321 appendix A.5, RFC 3174 section 7.3, and lengths around a block's end. */
static const struct {
	const char *text;
	unsigned times;
	const char *md5, *sha1;
} texts[] = {
    {"", 1, "d41d8cd98f00b204e9800998ecf8427e", "da39a3ee5e6b4b0d3255bfef95601890afd80709"},
    {"a", 1, "0cc175b9c0f1b6a831c399e269772661", "86f7e437faa5a7fce15d1ddcb9eaeaea377667b8"},
    {"abc", 1, "900150983cd24fb0d6963f7d28e17f72", "a9993e364706816aba3e25717850c26c9cd0d89d"},
    {"message digest", 1, "f96b697d7cb7938d525a2f31aaf161d0",
        "c12252ceda8be8994d5fa0290a47231c1d16aae3"},
    {"abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq", 1,
        "8215ef0796a20bcaaae116d3876c664a", "84983e441c3bd26ebaae4aa1f95129e5e54670f1"},
    {"1234567890", 8, "57edf4a22be3c955ac49da2e2107b67a",
        "50abf5706a150990a08b2c5ea40fa0e585554732"},
    {"x", 55, "04364420e25c512fd958a70738aa8f72", "cef734ba81a024479e09eb5a75b6ddae62e6abf1"},
    {"x", 56, "668a72d5ba17f08e62dabcafad6db14b", "901305367c259952f4e7af8323f480d59f81335b"},
    {"x", 63, "7dc2ca208106a2f703567bdff99d8981", "0ddc4e0cccd9a12850deb5abb0853a4425559fec"},
    {"x", 64, "c1bb4f81d892b2d57947682aeb252456", "bb2fa3ee7afb9f54c6dfb5d021f14b1ffe40c163"},
    {"x", 65, "1bc932052302d074bdec39795fe00cf6", "78c741ddc482e4cdf8c474a0876347a0905b6233"},
    {"x", 119, "ab347a5f68c8a443cfcddc633f12c24f", "4300320394f7ee239bcdce7d3b8bcee173a0cd5c"},
    {"a", 1000000, "7707d6ae4e027c70eea2a935c2296f21", "34aa973cd4c4daa4f61eeb2bdbad27316534016f"},
};

static void digits(enum hash_kind kind, size_t i, size_t piece, char hex[static HASH_HEX_MAX])
{
	uint8_t sum[HASH_SIZE_MAX];
	struct hash h;

	hash_start(&h, kind);
	for (unsigned n = 0; n < texts[i].times; n++)
		for (size_t at = 0, len = strlen(texts[i].text); at < len; at += piece)
			hash_add(&h, texts[i].text + at, len - at < piece ? len - at : piece);
	hash_hex(sum, hash_end(&h, sum), hex);
}

START_TEST(sums)
{
	char hex[HASH_HEX_MAX];

	for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++)
		for (size_t piece = 1; piece < 100; piece += 33) {
			digits(HASH_MD5, i, piece, hex);
			ck_assert_str_eq(hex, texts[i].md5);
			digits(HASH_SHA1, i, piece, hex);
			ck_assert_str_eq(hex, texts[i].sha1);
		}
}
END_TEST

START_TEST(same)
{
	ck_assert(hash_same("abc", "abc") && hash_same("", ""));
	ck_assert(!hash_same("abc", "abd") && !hash_same("abc", "xbc"));
	ck_assert(!hash_same("abc", "ab") && !hash_same("ab", "abc") && !hash_same("", "a"));
}
END_TEST

/* By htpasswd -m and -s, and openssl passwd -apr1. */
static const struct {
	const char *password, *hash;
} made[] = {
    {"secret", "{SHA}5en6G6MezRroT3XKqkdPOmY/BfQ="},
    {"", "{SHA}2jmj7l5rSw0yVb/vlWAYkK/YBwk="},
    {"", "$apr1$saltsalt$a8ml/vK5HEjiZ5oypDWA7/"},
    {"a", "$apr1$saltsalt$OEnK0QmmvoDzFw9W2yFYT/"},
    {"secret", "$apr1$saltsalt$LrttParrLPdxvgutaSXWJ0"},
    {"longer than sixteen bytes, and than thirty-two", "$apr1$saltsalt$gdpmZ/4IO1brLUDthwWc9."},
    {"ümläut", "$apr1$saltsalt$qwAwTmJ6wKQYANEIxm1/r0"},
    {"x", "$apr1$a$CwOs8ZUV1Vmp.iAwImfTn1"},
    {"secret", "$apr1$./xyzABC$5hmMqI5Qq.MP5dqSFi.9g/"},
};

START_TEST(passwords)
{
	struct arena a;

	arena_init_heap(&a, 1 << 20);
	for (size_t i = 0; i < sizeof(made) / sizeof(*made); i++) {
		const char *hash = htpasswd_make(&a, made[i].password, made[i].hash);
		const char *other =
		    htpasswd_make(&a, arena_printf(&a, "%sx", made[i].password), made[i].hash);

		ck_assert_str_eq(hash, made[i].hash);
		ck_assert_str_ne(other, made[i].hash);
	}
	ck_assert_ptr_null(htpasswd_make(&a, "x", "$1$a$b"));
	ck_assert_ptr_null(htpasswd_make(&a, "x", "x"));
	ck_assert_ptr_null(htpasswd_make(&a, "", ""));
	arena_free(&a);
}
END_TEST

static const struct {
	const char *text, *user, *realm, *hash;
} files[] = {
    {"alice:x\nbob:y\n", "alice", NULL, "x"},
    {"alice:x\nbob:y\n", "bob", NULL, "y"},
    {"alice:x\nbob:y", "bob", NULL, "y"},
    {"alice:x\nbob:y\n", "bo", NULL, NULL},
    {"alice:x\nbob:y\n", "x", NULL, NULL},
    {"alice:x\nbob:y\n", "", NULL, NULL},
    {"", "alice", NULL, NULL},
    {"  alice:x  \r\n\tbob:y\t\r\n", "alice", NULL, "x"},
    {"  alice:x  \r\n\tbob:y\t\r\n", "bob", NULL, "y"},
    {"# alice:x\nalice:y\n", "alice", NULL, "y"},
    {" #alice:x\n", "#alice", NULL, NULL},
    {"alice:x:more\n", "alice", NULL, "x"},
    {"alice::x\n", "alice", NULL, "x"},
    {"alice\nbob:y\n", "alice", NULL, ""},
    {"alice:first\nalice:second\n", "alice", NULL, "first"},
    {"ali\\\nce:x\n", "alice", NULL, "x"},
    {"alice:x\\\r\ny\n", "alice", NULL, "xy"},
    {"alice:x\\", "alice", NULL, "x\\"},
    {"alice:R:h\n", "alice", "R", "h"},
    {"alice:R:h\n", "alice", "S", NULL},
    {"alice:S:g\nalice:R:h\n", "alice", "R", "h"},
    {"bob:R:g\nalice:R R:h\n", "alice", "R R", "h"},
    {"alice:h\n", "alice", "R", NULL},
};

START_TEST(lookup)
{
	for (size_t i = 0; i < sizeof(files) / sizeof(*files); i++) {
		FILE *f =
		    fmemopen((void *)(uintptr_t)files[i].text, strlen(files[i].text) + 1, "r");
		struct arena a;

		ck_assert_ptr_nonnull(f);
		arena_init_heap(&a, 1 << 20);
		const char *hash = htpasswd_find(f, &a, files[i].user, files[i].realm, NULL);

		if (files[i].hash)
			ck_assert_str_eq(hash ? hash : "(none)", files[i].hash);
		else
			ck_assert_ptr_null(hash);
		arena_free(&a);
		ck_assert_int_eq(fclose(f), 0);
	}
}
END_TEST

/* What follows a line that is too long is not looked at. */
START_TEST(long_line)
{
	static char text[HTPASSWD_LINE_MAX + 64];
	struct arena a;

	for (size_t n = HTPASSWD_LINE_MAX - 1; n < HTPASSWD_LINE_MAX + 2; n++) {
		memset(text, 'x', n);
		memcpy(text, "bob:y", 5);
		snprintf(text + n, 16, "\nalice:x\n");
		FILE *f = fmemopen(text, n + 9, "r");

		ck_assert_ptr_nonnull(f);
		arena_init_heap(&a, 1 << 20);
		const char *hash = htpasswd_find(f, &a, "alice", NULL, NULL);

		ck_assert_int_eq(hash != NULL, n <= HTPASSWD_LINE_MAX);
		arena_free(&a);
		ck_assert_int_eq(fclose(f), 0);
	}
}
END_TEST

static const struct {
	const char *text, *user, *groups;
} groups[] = {
    {"g: alice bob\nh: bob\n", "alice", "g "},
    {"g: alice bob\nh: bob\n", "bob", "g h "},
    {"g: alice bob\nh: bob\n", "al", ""},
    {"g : \"alice\" 'b c'\n", "b c", "g "},
    {"g:alice\n#h: alice\n\ni j: alice", "alice", "g i j "},
    {"g: alice alice\n", "alice", "g "},
    {"g: \\\n alice\n", "alice", "g "},
    {"g alice\n", "alice", ""},
};

START_TEST(group_lines)
{
	for (size_t i = 0; i < sizeof(groups) / sizeof(*groups); i++) {
		FILE *f = fmemopen((void *)(uintptr_t)groups[i].text, strlen(groups[i].text), "r");
		const char *text = "";
		struct arena a;
		size_t n;

		ck_assert_ptr_nonnull(f);
		arena_init_heap(&a, 1 << 20);
		const char *const *v = htpasswd_groups(f, &a, groups[i].user, &n);

		for (size_t g = 0; g < n; g++)
			text = arena_printf(&a, "%s%s ", text, v[g]);
		ck_assert_str_eq(text, groups[i].groups);
		arena_free(&a);
		ck_assert_int_eq(fclose(f), 0);
	}
}
END_TEST

/* As long as a line may be, of names as short as they may be: all of them fit into memory. */
START_TEST(group_long_line)
{
	const size_t n = HTPASSWD_GROUP_MAX;
	char *text = malloc(n + 1);
	struct arena a;
	size_t found;

	ck_assert_ptr_nonnull(text);
	for (size_t i = 0; i < n; i++)
		text[i] = i % 2 ? 'b' : ' ';
	memcpy(text, "g:", 2);
	text[n] = '\n';
	FILE *f = fmemopen(text, n + 1, "r");

	ck_assert_ptr_nonnull(f);
	arena_init_heap(&a, 1 << 20);
	htpasswd_groups(f, &a, "alice", &found);
	ck_assert_uint_eq(found, 0);
	arena_free(&a);
	ck_assert_int_eq(fclose(f), 0);
	free(text);
}
END_TEST

/* RFC 4648 section 10; and what a client may send instead. */
static const struct {
	const char *plain, *coded;
} base64[] = {
    {"", ""},
    {"f", "Zg=="},
    {"fo", "Zm8="},
    {"foo", "Zm9v"},
    {"foob", "Zm9vYg=="},
    {"fooba", "Zm9vYmE="},
    {"foobar", "Zm9vYmFy"},
    {"\xff\xfe>", "//4+"},
};

START_TEST(base64_both)
{
	struct arena a;
	size_t n;

	arena_init_heap(&a, 1 << 20);
	for (size_t i = 0; i < sizeof(base64) / sizeof(*base64); i++) {
		const char *plain = base64[i].plain;

		ck_assert_str_eq(base64_encode(&a, plain, strlen(plain)), base64[i].coded);
		ck_assert_str_eq(base64_decode(&a, base64[i].coded, &n), plain);
		ck_assert_uint_eq(n, strlen(plain));
	}
	ck_assert_str_eq(base64_decode(&a, "Zm9v YmFy", &n), "foo");
	ck_assert_str_eq(base64_decode(&a, "Zm9vY", &n), "foo");
	ck_assert_str_eq(base64_decode(&a, "!", &n), "");
	arena_free(&a);
}
END_TEST

/* RFC 2617 section 3.5, with a nonce of the length that ours have. */
static const char credentials[] =
    "username=\"Mufasa\", realm=\"testrealm@host.com\", "
    "nonce=\"dcd98b71023=8b11d0f600bfb0c0930123456789abcdef012345\", uri=\"/dir/index.html\", "
    "qop=auth, nc=00000001, cnonce=\"0a4f113b\", response=\"6629fae49393a05397450978507c4ef1\", "
    "opaque=\"5ccc069c403ebaf9f0171e9517f40e41\"";
/* md5(Mufasa:testrealm@host.com:Circle Of Life) */
static const char ha1[] = "939e7578ed9e3c518a452acee763bce9";

START_TEST(digest_field)
{
	char hex[HASH_HEX_MAX], other[HASH_HEX_MAX];
	struct digest d;
	struct arena a;

	arena_init_heap(&a, 1 << 20);
	ck_assert(digest_read(&a, credentials, &d));
	ck_assert_str_eq(d.user, "Mufasa");
	ck_assert_str_eq(d.realm, "testrealm@host.com");
	ck_assert_str_eq(d.uri, "/dir/index.html");
	ck_assert_str_eq(d.nc, "00000001");
	ck_assert_ptr_null(d.algorithm);
	/* The RFC's own nonce gives the RFC's own response. */
	d.nonce = "dcd98b7102dd2f0e8b11d0f600bfb0c093";
	digest_response(&d, ha1, "GET", hex);
	ck_assert_str_eq(hex, "6629fae49393a05397450978507c4ef1");
	digest_response(&d, ha1, "", other);
	ck_assert_str_ne(hex, other);
	arena_free(&a);
}
END_TEST

#define RESPONSE "response=6629fae49393a05397450978507c4ef1"
#define NONCE "nonce=dcd98b71023=8b11d0f600bfb0c0930123456789abcdef012345"
static const struct {
	const char *text;
	bool ok;
	const char *user;
} fields[] = {
    {"username=a,realm=R," NONCE ",uri=/," RESPONSE, true, "a"},
    {"USERNAME = \"a\\\"b\" , realm=R," NONCE ",uri=/," RESPONSE, true, "a\"b"},
    {"username=\"open, realm=R," NONCE ",uri=/," RESPONSE, false, NULL},
    {"username=\"\\", false, NULL},
    {"username=a,realm=R," NONCE ",uri=/," RESPONSE ",qop=auth", false, NULL},
    {"username=a,realm=R," NONCE ",uri=/," RESPONSE ",qop=auth,nc=1,cnonce=c", true, "a"},
    {"username=a,realm=R," NONCE ",uri=/,response=6629fae49393a05397450978507c4ef", false, NULL},
    {"username=a,realm=R,nonce=x,uri=/," RESPONSE, false, NULL},
    {"username=a,realm=R," NONCE "0,uri=/," RESPONSE, false, NULL},
    {"username=a," NONCE ",uri=/," RESPONSE, false, NULL},
    {"username=a junk,realm=R junk," NONCE ",uri=/," RESPONSE, true, "a"},
    {"username=a,username=b,realm=R," NONCE ",uri=/," RESPONSE, true, "b"},
    {"username,realm=R," NONCE ",uri=/," RESPONSE, true, ""},
    {"", false, NULL},
    {",,,=,=", false, NULL},
};

START_TEST(digest_fields)
{
	struct digest d;
	struct arena a;

	arena_init_heap(&a, 1 << 20);
	for (size_t i = 0; i < sizeof(fields) / sizeof(*fields); i++) {
		ck_assert_msg(
		    digest_read(&a, fields[i].text, &d) == fields[i].ok, "%s", fields[i].text);
		if (fields[i].ok)
			ck_assert_str_eq(d.user, fields[i].user);
	}
	arena_free(&a);
}
END_TEST

START_TEST(digest_nonces)
{
	static const uint8_t one[DIGEST_SECRET_SIZE] = "one", two[DIGEST_SECRET_SIZE] = "two";
	struct arena a;
	int64_t us = 0;

	arena_init_heap(&a, 1 << 20);
	char *nonce = arena_strdup(&a, digest_nonce(&a, one, "R", "", 1234567890123456));

	ck_assert_uint_eq(strlen(nonce), DIGEST_NONCE_SIZE);
	ck_assert(digest_nonce_is_ours(&a, one, "R", "", nonce, &us));
	ck_assert_int_eq(us, 1234567890123456);
	ck_assert(!digest_nonce_is_ours(&a, two, "R", "", nonce, &us));
	ck_assert(!digest_nonce_is_ours(&a, one, "S", "", nonce, &us));
	ck_assert(!digest_nonce_is_ours(&a, one, "R", "1", nonce, &us));
	for (size_t i = 0; i < DIGEST_NONCE_SIZE; i++) {
		nonce[i] ^= 1;
		ck_assert(!digest_nonce_is_ours(&a, one, "R", "", nonce, &us));
		nonce[i] ^= 1;
	}
	arena_free(&a);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("hash");
	TCase *t = tcase_create("hash");

	tcase_add_test(t, sums);
	tcase_add_test(t, same);
	tcase_add_test(t, passwords);
	tcase_add_test(t, lookup);
	tcase_add_test(t, long_line);
	tcase_add_test(t, group_lines);
	tcase_add_test(t, group_long_line);
	tcase_set_timeout(t, 600);
	tcase_add_test(t, base64_both);
	tcase_add_test(t, digest_field);
	tcase_add_test(t, digest_fields);
	tcase_add_test(t, digest_nonces);
	suite_add_tcase(suite, t);
	return suite_main(suite);
}
