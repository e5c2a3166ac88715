/*
 * Names of clients, for Require host, Require forward-dns, and Allow and Deny from a name; those of
 * backends that the configuration does not name; and those of files' owners. This program is static
 * and asks no name service itself: `itkd --lookup` does, as the vhost's user, and only when such a
 * rule is evaluated. Addresses are the client's, names the configuration's or the site owner's;
 * what comes back is whatever a name server says.
 */
#include "child_cgi.h"

#include "itkd/fd.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define LOOKUP_MS 15000 /* the resolver's own patience is two times 5 s */

/* What the program says until its end; "" where it cannot be run or says nothing in time. */
static void lookup_read(int fd, char *out, size_t size)
{
	int64_t deadline = clock_ms() + LOOKUP_MS;
	struct pollfd p = {.fd = fd, .events = POLLIN};
	size_t n = 0;

	for (;;) {
		int ready = child_poll(&p, 1, deadline);
		ssize_t got = ready > 0 ? read(fd, out + n, size - 1 - n) : -1;

		if (got > 0)
			n += (size_t)got;
		else if (ready == 0 || got == 0 || (errno != EINTR && errno != EAGAIN))
			break;
	}
	out[n] = '\0';
}

static void lookup_ask(struct child *c, const char *what, char *out, size_t size)
{
	char name[] = "itkd", mode[] = "--lookup", *arg = arena_strdup(&c->arena, what);
	char *argv[] = {name, mode, arg, NULL};
	int fd = -1, status;
	pid_t pid = child_cgi_helper(c, c->start->conf->program, argv, &fd);

	out[0] = '\0';
	if (pid < 0)
		return;
	lookup_read(fd, out, size);
	fd_close(&fd);
	if (kill(pid, SIGKILL) < 0)
		child_log(c, LOG_ERR, "core", "cannot end process %d: %m", (int)pid);
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
}

static bool lookup_is_name(const char *name)
{
	static const char letters[] =
	    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-";

	return *name && *name != '-' && strlen(name) < CHILD_HOST_MAX &&
	       name[strspn(name, letters)] == '\0';
}

const char *child_lookup_host(struct child *c)
{
	if (c->host_known)
		return c->host[0] ? c->host : NULL;
	c->host_known = true;
	lookup_ask(c, c->peer, c->host, sizeof(c->host));
	c->host[strcspn(c->host, "\n")] = '\0';
	for (char *p = c->host; *p; p++)
		if (*p >= 'A' && *p <= 'Z')
			*p |= 0x20;
	if (!lookup_is_name(c->host))
		c->host[0] = '\0';
	return c->host[0] ? c->host : NULL;
}

size_t child_lookup_addresses(
    struct child *c, const char *name, struct sockaddr_storage *v, size_t max)
{
	char addresses[4096], *rest = addresses, *line;
	size_t n = 0;

	if (!lookup_is_name(name))
		return 0;
	lookup_ask(c, name, addresses, sizeof(addresses));
	while (n < max && (line = strsep(&rest, "\n")))
		n += addr_parse(span_of(line), 0, &v[n]);
	return n;
}

const char *child_lookup_known(struct child *c)
{
	if (c->host_known || c->dir.merged.answer.lookups > LOOKUPS_OFF)
		return child_lookup_host(c);
	return NULL;
}

bool child_lookup_leads(struct child *c, const char *name)
{
	char addresses[4096], *rest = addresses, *line;

	if (!lookup_is_name(name))
		return false;
	lookup_ask(c, name, addresses, sizeof(addresses));
	if (!*addresses)
		child_log(
		    c, LOG_WARNING, "authz_host", "AH03356: No sockaddr info for \"%s\"", name);
	while ((line = strsep(&rest, "\n")))
		if (strcmp(line, c->peer) == 0)
			return true;
	return false;
}

const char *child_owner(struct child *c, bool group, unsigned id)
{
	const struct conf *conf = c->start->conf;
	char name[CHILD_HOST_MAX];

	for (uint32_t i = 0; i < conf->nidentities; i++) {
		const struct conf_identity *known = &conf->identities[i];

		if (group ? known->gid == id : known->uid == id)
			return group ? known->group : known->user;
	}
	lookup_ask(
	    c, arena_printf(&c->arena, "%s:%u", group ? "gid" : "uid", id), name, sizeof(name));
	name[strcspn(name, "\n")] = '\0';
	return name[0] ? arena_strdup(&c->arena, name) : NULL;
}
