/*
 * The bound of the fork-per-connection model: accept, fork, and the child reads a head, opens the
 * file, writes an access log line, answers and closes. No users, no virtual hosts, no checks worth
 * the name: what is left is what the kernel asks for a process a connection. Run by tests/bench/run
 * only, on loopback, with files of its own.
 */
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

/* Reads until the empty line; the path of a GET, or NULL. */
static char *read_path(int fd, char *buf, size_t cap)
{
	size_t n = 0;

	for (;;) {
		ssize_t r = recv(fd, buf + n, cap - 1 - n, 0);
		if (r <= 0)
			return NULL;
		n += (size_t)r;
		buf[n] = '\0';
		if (strstr(buf, "\r\n\r\n"))
			break;
	}
	if (strncmp(buf, "GET /", 5) != 0 || strstr(buf, ".."))
		return NULL;
	char *end = strchr(buf + 4, ' ');
	if (!end)
		return NULL;
	*end = '\0';
	return buf + 5;
}

static int write_log(int log, const char *path, long long size)
{
	char line[512], when[64];
	time_t now = time(NULL);
	struct tm tm;

	if (!gmtime_r(&now, &tm) || !strftime(when, sizeof(when), "%d/%b/%Y:%H:%M:%S +0000", &tm))
		return -1;
	int n = snprintf(line, sizeof(line), "127.0.0.1 - - [%s] \"GET /%s HTTP/1.1\" 200 %lld\n",
	    when, path, size);
	return n > 0 && n < (int)sizeof(line) && write(log, line, (size_t)n) == n ? 0 : -1;
}

static int serve(int fd, int log)
{
	char buf[8192], head[256];
	struct stat st;
	char *path = read_path(fd, buf, sizeof(buf));
	int file = path ? open(path, O_RDONLY | O_CLOEXEC) : -1;

	if (file < 0 || fstat(file, &st))
		return 1;
	int n = snprintf(head, sizeof(head),
	    "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: %lld\r\n"
	    "Connection: close\r\n\r\n",
	    (long long)st.st_size);
	if (send(fd, head, (size_t)n, MSG_MORE) != n)
		return 1;
	for (off_t at = 0; at < st.st_size;)
		if (sendfile(fd, file, &at, (size_t)(st.st_size - at)) <= 0)
			return 1;
	if (write_log(log, path, st.st_size))
		return 1;
	return close(fd) ? 1 : 0;
}

int main(int argc, char **argv)
{
	if (argc != 4)
		errx(2, "usage: forkserver PORT ROOT LOG");
	struct sockaddr_in a = {.sin_family = AF_INET,
	    .sin_port = htons((uint16_t)atoi(argv[1])),
	    .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	int one = 1, log = open(argv[3], O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
	int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (log < 0 || chdir(argv[2]))
		err(1, "%s, %s", argv[2], argv[3]);
	if (listener < 0 || setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one)) ||
	    bind(listener, (struct sockaddr *)&a, sizeof(a)) || listen(listener, 511))
		err(1, "port %s", argv[1]);
	/* Ignored SIGCHLD: the kernel reaps, which is the cheapest way there is. */
	if (signal(SIGCHLD, SIG_IGN) == SIG_ERR || signal(SIGPIPE, SIG_IGN) == SIG_ERR)
		err(1, "signal");
	for (;;) {
		int fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
		if (fd < 0)
			continue;
		pid_t pid = fork();
		if (pid == 0)
			_exit(serve(fd, log));
		if (pid < 0)
			warn("fork");
		if (close(fd))
			warn("close");
	}
}
