/*
 * All that a front knows of the configuration, field by field in a sealed memfd. Written by the
 * loader, read by itkd-front; a front that replaces a dead one reads the same memfd again, so that
 * ids agree with the master's even when the file was edited meanwhile. No secret of a vhost.
 */
#ifndef ITKD_FRONT_TABLE_H
#define ITKD_FRONT_TABLE_H

#include "itkd/conf.h"

#define FRONT_TABLE_VERSION 5

struct arena;

/*
 * The decoded table: a struct conf of which the fields below are filled, the rest zero.
 *   conf: generation, nlisteners/listeners, nvhosts/vhosts, nsites, nlogs, main_log, host (built),
 *         listen_backlog, graceful_timeout, server_token, front_uid, front_gid, proxy_protocol
 *   listener: addr, addr_len, tls, text
 *   identity: index, uid, gid (for ticket separation only)
 *   vhost: id, site, assign, file, line, host, server_name, server_port, server_admin,
 *          nidentities, identities,
 *          counter, max_clients, nlogs, logs, naccess, access (log, fd_index, format, env),
 *          log_level, error_format, timeout, keep_alive_timeout, read_timeout, limit_line,
 *          limit_fields, limit_field_size, dir.answer.signature, tls, remoteip (header, n, proxies)
 */

/* Encodes conf; *out is malloc'ed, the caller frees it. Returns its length in bytes. */
size_t front_table_encode(const struct conf *conf, uint8_t **out);

/* Decodes into memory of a. NULL where the bytes are not a table of this version. */
const struct conf *front_table_decode(struct arena *a, const void *p, size_t n);

#endif
