/*
 * One connection on its way from a front to a spare: the only message that privileged code reads.
 * With it, by SCM_RIGHTS: the connection, then one descriptor for each of the vhost's logs.
 * `itkd: spare` trusts nothing in it: job_decode() bounds every number, and ids and groups are
 * taken from the config, never from here.
 */
#ifndef ITKD_JOB_H
#define ITKD_JOB_H

#include "itkd/span.h"
#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>

#define JOB_VERSION 2
#define JOB_MAX 1024 /* bytes on the wire, at most */
#define JOB_FDS_MAX 16

enum job_kind { JOB_CONNECTION = 1, JOB_RETIRE = 2 };

#define JOB_TLS 0x1u /* the descriptor is the relay of a TLS connection; the fields below count */
#define JOB_PROXY 0x2u /* with JOB_TLS: a PROXY header came, peer is whom it named; proxy counts */

struct job {
	enum job_kind kind;
	uint32_t generation;
	uint32_t vhost;    /* index into conf->vhosts */
	uint32_t identity; /* index into the vhost's identities */
	uint32_t listener; /* index into conf->listeners */
	uint32_t flags;
	struct sockaddr_storage peer, local; /* JOB_TLS only; else family 0 */
	struct sockaddr_storage proxy;       /* JOB_PROXY only: the connection's own peer */
	char tls_protocol[16], tls_cipher[64], tls_sni[256]; /* NUL-terminated, printable ASCII */
};

/* Writes j into buf; the number of bytes. It always fits. */
size_t job_encode(const struct job *j, uint8_t buf[static JOB_MAX]);
/* Strict: false for a byte too many or too few, a number or a string out of its range. */
bool job_decode(struct job *j, const uint8_t *buf, size_t n);

#endif
