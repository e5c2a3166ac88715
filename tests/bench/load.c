/*
 * Load generator for new connections: each request is a connection of its own, plain or TLS.
 * A client, run by tests/bench/run only. One thread, one epoll set; a TLS connection never offers
 * a session, so that each one is a full handshake (RFC 8446 section 2). An answer counts when it
 * is 200, has as many bytes as its Content-Length says (RFC 9112 section 6.2) and is ended by the
 * server. Prints one line of JSON.
 */
#include <arpa/inet.h>
#include <err.h>
#include <errno.h>
#include <netinet/in.h>
#include <openssl/ssl.h>
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
	SSL *ssl;
	bool connected, sent;
	uint64_t began;
	size_t got;
	char head[HEAD_MAX];
};

struct load {
	int epoll;
	SSL_CTX *tls;
	struct sockaddr_in to;
	char *host;
	char request[1024];
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

	memset(c, 0, offsetof(struct client, head));
	c->began = now_us();
	c->fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (c->fd < 0)
		err(1, "socket");
	if (connect(c->fd, (struct sockaddr *)&l->to, sizeof(l->to)) && errno != EINPROGRESS)
		err(1, "connect");
	if (epoll_ctl(l->epoll, EPOLL_CTL_ADD, c->fd, &ev))
		err(1, "epoll_ctl");
	if (!l->tls)
		return;
	c->ssl = SSL_new(l->tls);
	if (!c->ssl || !SSL_set_fd(c->ssl, c->fd) || !SSL_set_tlsext_host_name(c->ssl, l->host))
		errx(1, "SSL_new");
	SSL_set_connect_state(c->ssl);
}

static void client_close(struct client *c)
{
	SSL_free(c->ssl);
	if (close(c->fd) && errno != ECONNRESET)
		err(1, "close");
}

static enum step tls_step(struct client *c, int r)
{
	switch (SSL_get_error(c->ssl, r)) {
	case SSL_ERROR_WANT_READ:
	case SSL_ERROR_WANT_WRITE:
		return STEP_AGAIN;
	case SSL_ERROR_ZERO_RETURN:
		return STEP_END;
	default:
		return STEP_FAILED;
	}
}

static enum step client_send(struct load *l, struct client *c)
{
	if (c->ssl) {
		int r = SSL_write(c->ssl, l->request, (int)l->request_len);
		return r > 0 ? STEP_NEXT : tls_step(c, r);
	}
	ssize_t n = send(c->fd, l->request, l->request_len, MSG_NOSIGNAL);
	if (n == (ssize_t)l->request_len)
		return STEP_NEXT;
	return n < 0 && errno == EAGAIN ? STEP_AGAIN : STEP_FAILED;
}

static enum step client_read(struct client *c)
{
	char buf[65536];
	ssize_t n;

	if (c->ssl) {
		int r = SSL_read(c->ssl, buf, sizeof(buf));
		if (r <= 0)
			return tls_step(c, r);
		n = r;
	} else {
		n = recv(c->fd, buf, sizeof(buf), 0);
		if (n == 0)
			return STEP_END;
		if (n < 0)
			return errno == EAGAIN ? STEP_AGAIN : STEP_FAILED;
	}
	if (c->got < HEAD_MAX - 1) {
		size_t room = HEAD_MAX - 1 - c->got;
		memcpy(c->head + c->got, buf, (size_t)n < room ? (size_t)n : room);
	}
	c->got += (size_t)n;
	return STEP_NEXT;
}

static enum step client_run(struct load *l, struct client *c)
{
	enum step s = STEP_NEXT;

	if (!c->connected) {
		if (c->ssl) {
			int r = SSL_do_handshake(c->ssl);
			if (r != 1)
				return tls_step(c, r);
		}
		c->connected = true;
	}
	if (!c->sent) {
		s = client_send(l, c);
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

	client_close(c);
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
			enum step s;

			if (!c->connected && !(ev[i].events & (EPOLLOUT | EPOLLIN)))
				s = STEP_FAILED;
			else
				s = client_run(l, c);
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

static SSL_CTX *load_tls(void)
{
	SSL_CTX *ctx = SSL_CTX_new(TLS_client_method());

	if (!ctx || !SSL_CTX_set_min_proto_version(ctx, TLS1_3_VERSION))
		errx(1, "SSL_CTX_new");
	SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_OFF);
	SSL_CTX_set_verify(ctx, SSL_VERIFY_NONE, NULL);
	return ctx;
}

int main(int argc, char **argv)
{
	static struct load l;
	int opt, n = 32;
	double seconds = 3, warm = 0.5;

	while ((opt = getopt(argc, argv, "sc:d:w:")) != -1) {
		if (opt == 's')
			l.tls = load_tls();
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
	for (int i = 0; i < n; i++)
		client_start(&l, &clients[i]);
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
