/*
 * The files in which sites keep the clients of AuthType Digest in mind (digest_clients.h), beside
 * the PidFile, where the configuration has any: root's own, so that no site's program gets at them;
 * a spare opens that of its identity. Run by the master, which never reads them.
 */
#include "itkd/fd.h"
#include "itkd/log.h"
#include "master/master.h"
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

void master_digest_make(struct master_gen *g)
{
	const struct conf *conf = g->conf;

	for (uint32_t i = 0; i < conf->nidentities; i++) {
		const char *file = conf->identities[i].digest_file;

		if (!file)
			continue;
		/* That of a killed server whose process had the same number. */
		if (unlink(file) != 0 && errno != ENOENT)
			log_msg(LOG_ERR, "(%d)%s: %s", errno, strerror(errno), file);
		int fd = open(file, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);

		if (fd < 0 || ftruncate(fd, (off_t)conf->digest_size) != 0)
			log_msg(LOG_ERR, "(%d)%s: %s: no clients of AuthType Digest can be kept",
			    errno, strerror(errno), file);
		fd_close(&fd);
	}
	g->digest_made = true;
}

void master_digest_remove(struct master_gen *g)
{
	for (uint32_t i = 0; g->digest_made && i < g->conf->nidentities; i++) {
		const char *file = g->conf->identities[i].digest_file;

		if (file && unlink(file) != 0 && errno != ENOENT)
			log_msg(LOG_ERR, "(%d)%s: %s", errno, strerror(errno), file);
	}
	g->digest_made = false;
}
