/* XSendFile: a program's answer may be a file (mod_xsendfile). */
#ifndef ITKD_CONF_SENDFILE_H
#define ITKD_CONF_SENDFILE_H

#include <stdint.h>

struct arena;

struct conf_sendfile {
	uint8_t on; /* CONF_ON, CONF_OFF; 0: not said */
	uint32_t n;
	const char *const *paths; /* of directories, beyond the program's own */
};

/* Lays add over *base: its switch, the directories of both. */
void conf_sendfile_merge(
	struct arena *a, struct conf_sendfile **base, struct conf_sendfile *add);

#endif
