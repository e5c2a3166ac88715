/* Jobs: what a spare takes from a front, and all that it refuses. */
#include "itkd/job.h"

#include "itkd/addr.h"
#include "suite.h"

static struct job tls_job(void)
{
	struct job j = {.kind = JOB_CONNECTION,
	    .generation = 7,
	    .vhost = 70000,
	    .identity = 2,
	    .listener = 3,
	    .flags = JOB_TLS,
	    .tls_protocol = "TLSv1.3",
	    .tls_cipher = "TLS_AES_256_GCM_SHA384",
	    .tls_sni = "a.example"};

	ck_assert(addr_parse(SPAN("192.0.2.1"), 1234, &j.peer));
	ck_assert(addr_parse(SPAN("2001:db8::1"), 443, &j.local));
	return j;
}

static size_t encode_on_heap(const struct job *j, uint8_t **copy)
{
	uint8_t buf[JOB_MAX];
	size_t n = job_encode(j, buf);

	ck_assert_uint_le(n, JOB_MAX);
	*copy = memcpy(malloc(n), buf, n);
	return n;
}

static void same_back(const struct job *j)
{
	struct job back;
	uint8_t *bytes;
	size_t n = encode_on_heap(j, &bytes);

	memset(&back, 0xff, sizeof(back));
	ck_assert(job_decode(&back, bytes, n));
	ck_assert_mem_eq(j, &back, sizeof(back));
	free(bytes);
}

START_TEST(roundtrip)
{
	struct job tls = tls_job(), plain = {.kind = JOB_CONNECTION, .generation = UINT32_MAX};
	struct job retire = {.kind = JOB_RETIRE, .generation = 9};

	plain.vhost = UINT32_MAX;
	same_back(&tls);
	same_back(&plain);
	same_back(&retire);
	tls.flags |= JOB_PROXY;
	ck_assert(addr_parse(SPAN("10.0.0.1"), 4711, &tls.proxy));
	same_back(&tls);
	memset(tls.tls_protocol, 'p', sizeof(tls.tls_protocol) - 1);
	memset(tls.tls_cipher, 'c', sizeof(tls.tls_cipher) - 1);
	memset(tls.tls_sni, 's', sizeof(tls.tls_sni) - 1);
	same_back(&tls);
}
END_TEST

START_TEST(truncated_and_extended)
{
	struct job j = tls_job(), back;
	uint8_t *bytes, longer[JOB_MAX + 1] = {0};
	size_t n = encode_on_heap(&j, &bytes);

	for (size_t i = 0; i < n; i++) {
		uint8_t *part = memcpy(malloc(i ? i : 1), bytes, i);

		ck_assert_msg(!job_decode(&back, part, i), "%zu bytes", i);
		free(part);
	}
	memcpy(longer, bytes, n);
	ck_assert(!job_decode(&back, longer, n + 1));
	ck_assert(!job_decode(&back, longer, sizeof(longer)));
	free(bytes);
}
END_TEST

/* A flipped bit either makes it bad or another job that is as well-formed. */
START_TEST(bit_flips)
{
	struct job j = tls_job(), back;
	uint8_t *bytes, again[JOB_MAX];
	size_t n = encode_on_heap(&j, &bytes), accepted = 0;

	for (size_t i = 0; i < n * 8; i++) {
		bytes[i / 8] ^= (uint8_t)(1u << i % 8);
		if (job_decode(&back, bytes, n)) {
			ck_assert_uint_eq(job_encode(&back, again), n);
			ck_assert_mem_eq(again, bytes, n);
			accepted++;
		}
		bytes[i / 8] ^= (uint8_t)(1u << i % 8);
	}
	ck_assert_uint_gt(accepted, 0);
	free(bytes);
}
END_TEST

/* Offsets: version 0, kind 1, generation 2, vhost 6, identity 10, listener 14, flags 18. */
static const struct {
	size_t at;
	uint8_t byte;
} bad_bytes[] = {
    {0, 0},
    {0, JOB_VERSION + 1},
    {1, 0},
    {1, JOB_RETIRE}, /* with the rest of a connection behind it */
    {1, 3},
    {1, 255},
    {18, 0x80},
    {21, JOB_TLS | 0x2},
    {21, 0}, /* not TLS, and yet addresses */
    {22, 0}, /* no peer address */
    {22, 5},
};

START_TEST(bad_byte)
{
	struct job j = tls_job(), back;
	uint8_t *bytes;
	size_t n = encode_on_heap(&j, &bytes);

	bytes[bad_bytes[_i].at] = bad_bytes[_i].byte;
	ck_assert(!job_decode(&back, bytes, n));
	free(bytes);
}
END_TEST

START_TEST(missing_address)
{
	struct job j = tls_job(), back;
	uint8_t buf[JOB_MAX];

	j.local.ss_family = 0;
	ck_assert(!job_decode(&back, buf, job_encode(&j, buf)));
}
END_TEST

/* What the client chose cannot make a job that the spare calls bad. */
START_TEST(text_is_made_printable)
{
	struct job j = tls_job(), back;
	uint8_t buf[JOB_MAX];
	size_t n;

	strcpy(j.tls_sni, "a\n\x7f\xff z");
	n = job_encode(&j, buf);
	ck_assert(job_decode(&back, buf, n));
	ck_assert_str_eq(back.tls_sni, "a??? z");
	buf[n - 1] = '\n';
	ck_assert(!job_decode(&back, buf, n));
	buf[n - 1] = '\0';
	ck_assert(!job_decode(&back, buf, n));
}
END_TEST

int main(void)
{
	Suite *s = suite_create("job");
	TCase *t = tcase_create("all");

	tcase_set_timeout(t, 600);
	tcase_add_test(t, roundtrip);
	tcase_add_test(t, truncated_and_extended);
	tcase_add_test(t, bit_flips);
	tcase_add_loop_test(t, bad_byte, 0, sizeof(bad_bytes) / sizeof(bad_bytes[0]));
	tcase_add_test(t, missing_address);
	tcase_add_test(t, text_is_made_printable);
	suite_add_tcase(s, t);
	return suite_main(s);
}
