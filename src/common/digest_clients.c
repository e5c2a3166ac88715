/*
 * The clients of AuthType Digest that a site keeps in mind (digest_clients.h). Run by the child as
 * the vhost's user; the file is the site's own, and its bytes are taken for the numbers that they
 * are.
 */
#include "itkd/digest_clients.h"

#include "itkd/clock.h"
#include <errno.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#define BUCKET_CLIENTS 8

struct digest_client {
	uint64_t key;   /* 0: nobody */
	int64_t seen;   /* us, CLOCK_MONOTONIC */
	int64_t time;   /* of the newest nonce that was taken */
	uint64_t count; /* the highest with it */
};

/* Where a client is by its key: what is read, and written, at once. */
struct digest_bucket {
	struct digest_client v[BUCKET_CLIENTS];
};

size_t digest_clients_size(size_t bytes)
{
	const size_t one = sizeof(struct digest_bucket);

	return bytes < one ? one : bytes / one * one;
}

static bool clients_lock(const struct digest_clients *t)
{
	const struct timespec pause = {.tv_nsec = 1000000};
	const int64_t until = clock_ms() + t->patience;

	while (flock(t->fd, LOCK_EX | LOCK_NB) != 0) {
		if (errno != EWOULDBLOCK && errno != EINTR)
			return false;
		if (clock_ms() > until) {
			errno = ETIMEDOUT;
			return false;
		}
		(void)nanosleep(&pause, NULL);
	}
	return true;
}

static void clients_unlock(int fd)
{
	const int error = errno;

	(void)flock(fd, LOCK_UN);
	errno = error;
}

/* False: errno, and nothing is locked. */
static bool bucket_take(
    const struct digest_clients *t, uint64_t key, struct digest_bucket *b, off_t *at)
{
	struct stat st;

	if (!clients_lock(t))
		return false;
	if (fstat(t->fd, &st) == 0 && st.st_size >= (off_t)sizeof(*b)) {
		*at = (off_t)(key % ((uint64_t)st.st_size / sizeof(*b)) * sizeof(*b));
		if (pread(t->fd, b, sizeof(*b), *at) == (ssize_t)sizeof(*b))
			return true;
	}
	errno = EIO;
	clients_unlock(t->fd);
	return false;
}

static bool bucket_give(int fd, const struct digest_bucket *b, off_t at)
{
	const bool ok = pwrite(fd, b, sizeof(*b), at) == (ssize_t)sizeof(*b);

	clients_unlock(fd);
	return ok;
}

static struct digest_client *client_oldest(struct digest_bucket *b)
{
	struct digest_client *oldest = b->v;

	for (size_t i = 1; i < BUCKET_CLIENTS; i++)
		if (b->v[i].seen < oldest->seen)
			oldest = &b->v[i];
	return oldest;
}

bool digest_clients_add(const struct digest_clients *t, uint64_t key)
{
	struct digest_bucket b;
	off_t at;

	if (!bucket_take(t, key, &b, &at))
		return false;
	*client_oldest(&b) =
	    (struct digest_client){.key = key, .seen = clock_us(), .time = INT64_MIN};
	return bucket_give(t->fd, &b, at);
}

/* count NULL: it is not taken, only looked at. */
static enum digest_known client_use(
    const struct digest_clients *t, uint64_t key, int64_t time, bool once, uint64_t *count)
{
	struct digest_client *client = NULL;
	struct digest_bucket b;
	off_t at;

	if (!bucket_take(t, key, &b, &at))
		return DIGEST_FAILED;
	for (size_t i = 0; i < BUCKET_CLIENTS && !client; i++)
		if (b.v[i].key == key)
			client = &b.v[i];
	if (!client) {
		clients_unlock(t->fd);
		return DIGEST_UNKNOWN;
	}
	const bool newer = time > client->time,
	           higher = count && !once && time == client->time && *count > client->count;

	client->seen = clock_us();
	if (count && (newer || higher)) {
		client->time = time;
		client->count = *count;
	} else if (count) {
		*count = client->count;
	}
	if (!bucket_give(t->fd, &b, at))
		return DIGEST_FAILED;
	return newer || higher ? DIGEST_TAKEN : DIGEST_USED;
}

enum digest_known digest_clients_find(const struct digest_clients *t, uint64_t key, int64_t time)
{
	return client_use(t, key, time, true, NULL);
}

enum digest_known digest_clients_take(
    const struct digest_clients *t, uint64_t key, int64_t time, bool once, uint64_t *count)
{
	return client_use(t, key, time, once, count);
}
