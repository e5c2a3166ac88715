/*
 * What the master and a front have between them: the descriptors that itkd-front is exec'd with,
 * and the messages on the control socket. Both sides include this and nothing else of each other.
 */
#ifndef ITKD_FRONT_PROTO_H
#define ITKD_FRONT_PROTO_H

#include <stdint.h>

/*
 * Descriptors of an exec'd front. 0 is /dev/null; 1 and 2 are a pipe to the main error log, raw
 * lines (what the front itself has to say before it has its logs, and what a sanitizer prints).
 */
enum front_fd {
	FRONT_FD_CONTROL = 3,    /* SOCK_SEQPACKET to the master; EOF: the master died */
	FRONT_FD_TABLE = 4,      /* front table, sealed memfd */
	FRONT_FD_TLS = 5,        /* certificates and keys as --check wrote them, sealed memfd */
	FRONT_FD_QUEUE = 6,      /* SOCK_SEQPACKET: jobs of this generation are written here */
	FRONT_FD_SCOREBOARD = 7, /* O_RDONLY */
	FRONT_FD_TICKETS = 8,    /* memfd, shared by the fronts of all generations: ticket keys */
	FRONT_FD_LOGS = 9,       /* SOCK_SEQPACKET: log descriptors arrive, then EOF */
	FRONT_FD_ROOT = 10,      /* directory that becomes the front's root */
	FRONT_FD_LISTENERS = 11, /* as many as the table has listeners, in its order; O_NONBLOCK */
};

/*
 * `itkd-front --check` has FRONT_FD_TABLE and a writable, empty memfd at FRONT_FD_TLS. It reads
 * every certificate and key, checks that they fit, writes them into the memfd and seals it. Errors
 * go to stderr as "itkd: FILE:LINE: DIRECTIVE: text", all of them; exit status 0 or 1.
 */

/* On FRONT_FD_LOGS: n 32-bit log ids in host order, with n descriptors by SCM_RIGHTS. */
#define FRONT_LOGS_BATCH 64
/* Added to an id: what the front itself writes to, where that is not what it passes on. */
#define FRONT_LOG_OWN 0x80000000u

/* On the control socket: one of these a message. */
enum front_msg_type {
	FRONT_READY = 1, /* front -> master: everything is there to accept */
	FRONT_ACCEPT,    /* master -> front: start accepting */
	FRONT_PING,      /* master -> front: value to send back */
	FRONT_PONG,      /* front -> master */
	FRONT_DRAIN,     /* master -> front: stop accepting, finish what you hold, then exit 0 */
	FRONT_DRAINED,   /* front -> master: accepts no more */
	FRONT_STARVED,   /* front -> master: the queue is full, jobs wait here (value: how many) */
};
struct front_msg {
	uint32_t type;  /* host order: both ends are the same machine and build */
	uint32_t value;
};

#endif
