/* ProxyFCGIBackendType and ProxyFCGISetEnvIf: what a FastCGI backend is told (mod_proxy_fcgi). */
#ifndef ITKD_CONF_FCGI_H
#define ITKD_CONF_FCGI_H

#include <stdbool.h>
#include <stdint.h>

struct arena;
struct expr;

enum fcgi_backend { FCGI_BACKEND_UNSET, FCGI_BACKEND_FPM, FCGI_BACKEND_GENERIC };

struct conf_fcgi_env {
	const struct expr *when;
	const char *name;
	bool unset;
	const struct expr *value; /* in the identity's private region, as SetEnv's; NULL: "" */
};

struct conf_fcgi {
	enum fcgi_backend backend;
	uint32_t n;
	const struct conf_fcgi_env *v; /* in the order in which they are applied */
};

/* Lays add over *base: the type of the inner one, the variables of both. */
void conf_fcgi_merge(struct arena *a, struct conf_fcgi **base, struct conf_fcgi *add);

#endif
