/* The clients of AuthType Digest that a site keeps in mind. */
#include "suite.h"

#include "itkd/digest_clients.h"
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <unistd.h>

static struct digest_clients table(size_t bytes)
{
	struct digest_clients t = {memfd_create("clients", MFD_CLOEXEC), 60000};

	ck_assert_int_eq(ftruncate(t.fd, (off_t)digest_clients_size(bytes)), 0);
	return t;
}

static enum digest_known take(
    const struct digest_clients *t, uint64_t key, int64_t time, bool once, uint64_t count)
{
	return digest_clients_take(t, key, time, once, &count);
}

/* In order: what a client sends, and what becomes of it. */
static const struct {
	int64_t time;
	uint64_t count;
	bool once;
	enum digest_known known;
} uses[] = {
    {100, 1, false, DIGEST_TAKEN},
    {100, 1, false, DIGEST_USED},
    {100, 2, false, DIGEST_TAKEN},
    {100, 2, false, DIGEST_USED},
    {100, 1, false, DIGEST_USED},
    {100, 3, true, DIGEST_USED},
    {100, 9, false, DIGEST_TAKEN},
    {99, 10, false, DIGEST_USED},
    {101, 0, false, DIGEST_TAKEN},
    {101, 0, false, DIGEST_USED},
    {100, 10, false, DIGEST_USED},
    {102, 1, true, DIGEST_TAKEN},
    {102, 1, true, DIGEST_USED},
    {102, 2, true, DIGEST_USED},
    {102, 1, false, DIGEST_USED},
    {102, UINT64_MAX, false, DIGEST_TAKEN},
    {INT64_MAX, UINT64_MAX, true, DIGEST_TAKEN},
    {INT64_MAX, UINT64_MAX, false, DIGEST_USED},
};

START_TEST(takes)
{
	struct digest_clients t = table(1000);

	ck_assert_int_eq(take(&t, 7, 100, false, 1), DIGEST_UNKNOWN);
	ck_assert(digest_clients_add(&t, 7));
	for (size_t i = 0; i < sizeof(uses) / sizeof(*uses); i++) {
		enum digest_known known = take(&t, 7, uses[i].time, uses[i].once, uses[i].count);

		ck_assert_msg(known == uses[i].known, "use %zu: %d", i, known);
	}
	uint64_t count = 0;

	ck_assert_int_eq(digest_clients_take(&t, 7, 1, false, &count), DIGEST_USED);
	ck_assert_uint_eq(count, UINT64_MAX);
	ck_assert_int_eq(digest_clients_find(&t, 7, 1), DIGEST_USED);
	ck_assert_int_eq(digest_clients_find(&t, 8, 1), DIGEST_UNKNOWN);
	close(t.fd);
}
END_TEST

START_TEST(gives_way)
{
	struct digest_clients t = table(1);
	unsigned known = 0;

	for (uint64_t key = 1; key <= 100; key++)
		ck_assert(digest_clients_add(&t, key));
	for (uint64_t key = 1; key <= 100; key++)
		known += digest_clients_find(&t, key, 1) == DIGEST_TAKEN;
	ck_assert_uint_eq(known, 8);
	close(t.fd);
}
END_TEST

/* Whatever a file holds, or however short it is. */
START_TEST(bad_file)
{
	struct digest_clients t = table(100000);
	char bytes[100000];

	memset(bytes, 0xff, sizeof(bytes));
	ck_assert_int_eq(pwrite(t.fd, bytes, sizeof(bytes), 0), sizeof(bytes));
	ck_assert_int_eq(take(&t, 5, INT64_MAX, false, 1), DIGEST_UNKNOWN);
	ck_assert(digest_clients_add(&t, 5));
	ck_assert_int_eq(take(&t, 5, 1, false, 1), DIGEST_TAKEN);
	ck_assert_int_eq(ftruncate(t.fd, 255), 0);
	ck_assert_int_eq(take(&t, 5, 1, false, 1), DIGEST_FAILED);
	ck_assert(!digest_clients_add(&t, 5));
	close(t.fd);
	t.fd = -1;
	ck_assert_int_eq(digest_clients_find(&t, 5, 1), DIGEST_FAILED);
	ck_assert_int_eq(errno, EBADF);
}
END_TEST

START_TEST(held)
{
	struct digest_clients t = table(1000);
	char path[64];

	snprintf(path, sizeof(path), "/proc/self/fd/%d", t.fd);
	int other = open(path, O_RDWR | O_CLOEXEC);

	ck_assert_int_eq(flock(other, LOCK_EX), 0);
	t.patience = 5;
	ck_assert(!digest_clients_add(&t, 1));
	ck_assert_int_eq(errno, ETIMEDOUT);
	ck_assert_int_eq(take(&t, 1, 1, false, 1), DIGEST_FAILED);
	close(other);
	t.patience = 60000;
	ck_assert(digest_clients_add(&t, 1));
	close(t.fd);
}
END_TEST

START_TEST(whole_buckets)
{
	static const size_t sizes[][2] = {
	    {0, 256}, {1, 256}, {256, 256}, {511, 256}, {512, 512}, {1000, 768}};

	for (size_t i = 0; i < sizeof(sizes) / sizeof(*sizes); i++)
		ck_assert_uint_eq(digest_clients_size(sizes[i][0]), sizes[i][1]);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("digest_clients");
	TCase *t = tcase_create("digest_clients");

	tcase_add_test(t, takes);
	tcase_add_test(t, gives_way);
	tcase_add_test(t, bad_file);
	tcase_add_test(t, held);
	tcase_add_test(t, whole_buckets);
	suite_add_tcase(suite, t);
	return suite_main(suite);
}
