/*
 * A job's bytes (job.h). Written by a front, decoded by a spare: privileged code reads what an
 * unprivileged process wrote, so job_decode() takes only what job_encode() could have written.
 */
#include "itkd/job.h"

#include "itkd/addr.h"

static bool job_is_printable(char c)
{
	return c >= 0x20 && c < 0x7f;
}

/* A client chose the SNI: a byte of it must not make the spare call the whole job bad. */
static void job_put_text(struct wire *w, const char *text, size_t size)
{
	size_t n = strnlen(text, size - 1);
	char clean[256];

	if (n > sizeof(clean))
		n = sizeof(clean);
	for (size_t i = 0; i < n; i++)
		clean[i] = job_is_printable(text[i]) ? text[i] : '?';
	wire_put_bytes(w, clean, n);
}

static void job_get_text(struct wire *w, char *text, size_t size)
{
	struct span s = wire_get_bytes(w, size - 1);

	for (size_t i = 0; i < s.n; i++)
		if (!job_is_printable(s.p[i]))
			w->bad = true;
	memcpy(text, s.p, s.n);
	text[s.n] = '\0';
}

size_t job_encode(const struct job *j, uint8_t buf[static JOB_MAX])
{
	struct wire w;

	wire_writer(&w, buf, JOB_MAX);
	wire_put_u8(&w, JOB_VERSION);
	wire_put_u8(&w, (uint8_t)j->kind);
	wire_put_u32(&w, j->generation);
	if (j->kind == JOB_RETIRE)
		return w.n;
	wire_put_u32(&w, j->vhost);
	wire_put_u32(&w, j->identity);
	wire_put_u32(&w, j->listener);
	wire_put_u32(&w, j->flags);
	if (j->flags & JOB_TLS) {
		addr_put(&w, &j->peer);
		addr_put(&w, &j->local);
		job_put_text(&w, j->tls_protocol, sizeof(j->tls_protocol));
		job_put_text(&w, j->tls_cipher, sizeof(j->tls_cipher));
		job_put_text(&w, j->tls_sni, sizeof(j->tls_sni));
	}
	if (j->flags & JOB_PROXY)
		addr_put(&w, &j->proxy);
	return w.n;
}

static void job_get_tls(struct job *j, struct wire *w)
{
	addr_get(w, &j->peer);
	addr_get(w, &j->local);
	if (j->peer.ss_family == 0 || j->local.ss_family == 0)
		w->bad = true;
	job_get_text(w, j->tls_protocol, sizeof(j->tls_protocol));
	job_get_text(w, j->tls_cipher, sizeof(j->tls_cipher));
	job_get_text(w, j->tls_sni, sizeof(j->tls_sni));
	if (!(j->flags & JOB_PROXY))
		return;
	addr_get(w, &j->proxy);
	if (j->proxy.ss_family == 0)
		w->bad = true;
}

bool job_decode(struct job *j, const uint8_t *buf, size_t n)
{
	struct wire w;

	memset(j, 0, sizeof(*j));
	if (n > JOB_MAX)
		return false;
	wire_reader(&w, buf, n);
	if (wire_get_u8(&w) != JOB_VERSION)
		return false;
	uint8_t kind = wire_get_u8(&w);

	if (kind != JOB_CONNECTION && kind != JOB_RETIRE)
		return false;
	j->kind = kind;
	j->generation = wire_get_u32(&w);
	if (kind == JOB_RETIRE)
		return wire_end(&w);
	j->vhost = wire_get_u32(&w);
	j->identity = wire_get_u32(&w);
	j->listener = wire_get_u32(&w);
	j->flags = wire_get_u32(&w);
	if ((j->flags & ~(JOB_TLS | JOB_PROXY)) || j->flags == JOB_PROXY)
		return false;
	if (j->flags & JOB_TLS)
		job_get_tls(j, &w);
	return wire_end(&w);
}
