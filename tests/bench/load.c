/*
 * Load generator for new connections: each request is a connection of its own, plain or TLS.
 * A client, run by tests/bench/run only. One thread, one epoll set; each TLS connection is a full
 * handshake (tls13.h). An answer counts when it
 * is 200, has as many bytes as its Content-Length says (RFC 9112 section 6.2) and is ended by the
 * server. Prints one line of JSON.
 */
#include "tls13.h"
#include <err.h>
#include <errno.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define HEAD_MAX 2048
#define BUCKETS 200000 /* of 10 microseconds: two seconds */
#define STALL_MS 5000  /* no event for that long: the server hangs */

struct client {
	int fd;
	struct tls13 *tls;
	bool sent, hello_sent;
	uint64_t began;
	size_t got;
	char head[HEAD_MAX];
};

struct load {
	int epoll;
	bool tls;
	struct sockaddr_in to;
	const char *host;
	char request[512];
	size_t request_len;
	bool counting;
	uint64_t requests, errors, bytes;
	uint32_t latency[BUCKETS];
};

enum step { STEP_AGAIN, STEP_NEXT, STEP_END, STEP_FAILED };

static uint64_t now_us(void)
{
	struct timespec t;

	if (clock_gettime(CLOCK_MONOTONIC, &t))
		err(1, "clock_gettime");
	return (uint64_t)t.tv_sec * 1000000 + (uint64_t)t.tv_nsec / 1000;
}

static void client_start(struct load *l, struct client *c)
{
	struct epoll_event ev = {
	    .events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET, .data.ptr = c};

	c->sent = c->hello_sent = false;
	c->got = 0;
	c->began = now_us();
	c->fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (c->fd < 0)
		err(1, "socket");
	if (connect(c->fd, (struct sockaddr *)&l->to, sizeof(l->to)) && errno != EINPROGRESS)
		err(1, "connect");
	if (epoll_ctl(l->epoll, EPOLL_CTL_ADD, c->fd, &ev))
		err(1, "epoll_ctl");
	if (l->tls)
		tls13_reset(c->tls);
}

static enum step client_send(struct client *c, const void *p, size_t n)
{
	ssize_t r = send(c->fd, p, n, MSG_NOSIGNAL);

	if (r == (ssize_t)n)
		return STEP_NEXT;
	return r < 0 && errno == EAGAIN ? STEP_AGAIN : STEP_FAILED;
}

static void client_take(void *ctx, const uint8_t *p, size_t n)
{
	struct client *c = ctx;

	if (c->got < HEAD_MAX - 1) {
		size_t room = HEAD_MAX - 1 - c->got;
		memcpy(c->head + c->got, p, n < room ? n : room);
	}
	c->got += n;
}

static enum step client_read(struct client *c)
{
	uint8_t buf[TLS13_RECORD_MAX];
	size_t room = sizeof(buf) - (c->tls ? c->tls->npending : 0);
	ssize_t n = recv(c->fd, buf, room, 0);

	if (n == 0)
		return c->tls ? STEP_FAILED : STEP_END;
	if (n < 0)
		return errno == EAGAIN ? STEP_AGAIN : STEP_FAILED;
	if (!c->tls) {
		client_take(c, buf, (size_t)n);
		return STEP_NEXT;
	}
	if (!tls13_feed(c->tls, buf, (size_t)n, client_take, c))
		return STEP_FAILED;
	return c->tls->closed ? STEP_END : STEP_NEXT; /* an end without close_notify is a failure */
}

/* The handshake up to the client's Finished, which the request goes out with. */
static enum step client_handshake(struct load *l, struct client *c)
{
	uint8_t buf[2048];
	enum step s;

	while (!c->tls->established) {
		s = client_read(c);
		if (s != STEP_NEXT)
			return s;
	}
	s = client_send(c, buf, tls13_finish(c->tls, l->request, l->request_len, buf, sizeof(buf)));
	if (s != STEP_NEXT || !tls13_feed(c->tls, buf, 0, client_take, c))
		return STEP_FAILED;
	return STEP_NEXT;
}

static enum step client_run(struct load *l, struct client *c, bool writable)
{
	enum step s = STEP_NEXT;
	uint8_t buf[512];

	if (c->tls && !c->hello_sent) {
		if (!writable)
			return STEP_FAILED; /* refused */
		if (client_send(c, buf, tls13_hello(c->tls, l->host, buf)) != STEP_NEXT)
			return STEP_FAILED;
		c->hello_sent = true;
	}
	if (!c->sent) {
		s = c->tls ? client_handshake(l, c) : client_send(c, l->request, l->request_len);
		if (s != STEP_NEXT)
			return s;
		c->sent = true;
	}
	while (s == STEP_NEXT)
		s = client_read(c);
	return s;
}

static bool client_complete(struct client *c)
{
	const char *body, *length;

	c->head[c->got < HEAD_MAX - 1 ? c->got : HEAD_MAX - 1] = '\0';
	if (strncmp(c->head, "HTTP/1.1 200", 12) != 0 && strncmp(c->head, "HTTP/1.0 200", 12) != 0)
		return false;
	body = strstr(c->head, "\r\n\r\n");
	length = strcasestr(c->head, "\r\ncontent-length:");
	if (!body || !length || length > body)
		return false;
	body += 4;
	return c->got - (size_t)(body - c->head) == strtoull(length + 17, NULL, 10);
}

static void client_done(struct load *l, struct client *c, enum step s)
{
	bool good = s == STEP_END && client_complete(c);
	uint64_t bucket = (now_us() - c->began) / 10;

	if (close(c->fd) && errno != ECONNRESET)
		err(1, "close");
	if (l->counting) {
		l->requests += good;
		l->errors += !good;
		l->bytes += c->got;
		if (good)
			l->latency[bucket < BUCKETS ? bucket : BUCKETS - 1]++;
	}
	client_start(l, c);
}

static void load_run(struct load *l, uint64_t until)
{
	struct epoll_event ev[128];

	while (now_us() < until) {
		int n = epoll_wait(l->epoll, ev, 128, STALL_MS);
		if (n < 0)
			err(1, "epoll_wait");
		if (n == 0)
			errx(1, "no answer for %d ms", STALL_MS);
		for (int i = 0; i < n; i++) {
			struct client *c = ev[i].data.ptr;
			enum step s = client_run(l, c, ev[i].events & EPOLLOUT);

			if (s != STEP_AGAIN)
				client_done(l, c, s);
		}
	}
}

static double load_percentile(const struct load *l, double p)
{
	uint64_t seen = 0, want = (uint64_t)((double)l->requests * p);

	for (size_t i = 0; i < BUCKETS; i++) {
		seen += l->latency[i];
		if (seen > want)
			return (double)i / 100;
	}
	return 0;
}

int main(int argc, char **argv)
{
	static struct load l;
	int opt, n = 32;
	double seconds = 3, warm = 0.5;

	while ((opt = getopt(argc, argv, "sc:d:w:")) != -1) {
		if (opt == 's')
			l.tls = true;
		else if (opt == 'c')
			n = atoi(optarg);
		else if (opt == 'd')
			seconds = atof(optarg);
		else if (opt == 'w')
			warm = atof(optarg);
		else
			return 2;
	}
	if (argc - optind != 3 || n < 1)
		errx(2,
		    "usage: load [-s] [-c CONNECTIONS] [-d SECONDS] [-w WARM-UP] PORT HOST PATH");
	l.to.sin_family = AF_INET;
	l.to.sin_port = htons((uint16_t)atoi(argv[optind]));
	l.to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	l.host = argv[optind + 1];
	l.request_len = (size_t)snprintf(l.request, sizeof(l.request),
	    "GET %s HTTP/1.1\r\nHost: %s\r\nUser-Agent: load\r\nConnection: close\r\n\r\n",
	    argv[optind + 2], l.host);
	if (l.request_len >= sizeof(l.request))
		errx(2, "path too long");
	if (signal(SIGPIPE, SIG_IGN) == SIG_ERR)
		err(1, "signal");
	l.epoll = epoll_create1(EPOLL_CLOEXEC);
	struct client *clients = calloc((size_t)n, sizeof(*clients));
	if (l.epoll < 0 || !clients)
		err(1, "start");
	if (l.tls)
		tls13_setup();
	for (int i = 0; i < n; i++) {
		clients[i].tls = l.tls ? calloc(1, sizeof(struct tls13)) : NULL;
		if (l.tls && !clients[i].tls)
			err(1, "start");
		client_start(&l, &clients[i]);
	}
	load_run(&l, now_us() + (uint64_t)(warm * 1e6));
	l.counting = true;
	uint64_t began = now_us();
	load_run(&l, began + (uint64_t)(seconds * 1e6));
	double took = (double)(now_us() - began) / 1e6;
	printf("{\"requests\": %llu, \"errors\": %llu, \"seconds\": %.3f, \"bytes\": %llu, "
	       "\"p50_ms\": %.2f, \"p99_ms\": %.2f}\n",
	    (unsigned long long)l.requests, (unsigned long long)l.errors, took,
	    (unsigned long long)l.bytes, load_percentile(&l, 0.5), load_percentile(&l, 0.99));
	return 0;
}
