/*
 * A compiled LogFormat, between log_format.c (writes lines) and log_format_compile.c. Plain data:
 * the loader compiles, other programs at other addresses write, so an item names its directive by
 * a number and never by a function's address.
 */
#ifndef ITKD_COMMON_LOG_FORMAT_H
#define ITKD_COMMON_LOG_FORMAT_H

#include "itkd/log_format.h"

enum log_item_kind {
	LOG_ITEM_TEXT,
	LOG_ITEM_CLIENT,         /* %a */
	LOG_ITEM_HOST,           /* %h */
	LOG_ITEM_PEER,           /* %{c}a %{c}h */
	LOG_ITEM_LOCAL,          /* %A */
	LOG_ITEM_BYTES,          /* %B */
	LOG_ITEM_BYTES_CLF,      /* %b */
	LOG_ITEM_COOKIE,         /* %{}C */
	LOG_ITEM_DURATION_S,     /* %T %{s}T */
	LOG_ITEM_DURATION_MS,    /* %{ms}T */
	LOG_ITEM_DURATION_US,    /* %D %{us}T */
	LOG_ITEM_FILENAME,       /* %f */
	LOG_ITEM_PROTOCOL,       /* %H */
	LOG_ITEM_FIELD,          /* %{}i */
	LOG_ITEM_BYTES_IN,       /* %I */
	LOG_ITEM_KEEPALIVES,     /* %k */
	LOG_ITEM_NONE,           /* %l: always "-" */
	LOG_ITEM_METHOD,         /* %m */
	LOG_ITEM_BYTES_OUT,      /* %O */
	LOG_ITEM_PORT,           /* %p */
	LOG_ITEM_PORT_LOCAL,     /* %{local}p */
	LOG_ITEM_PORT_REMOTE,    /* %{remote}p */
	LOG_ITEM_PID,            /* %P %{pid}P %{tid}P: a process has one thread */
	LOG_ITEM_PID_HEX,        /* %{hextid}P */
	LOG_ITEM_QUERY,          /* %q */
	LOG_ITEM_REQUEST,        /* %r */
	LOG_ITEM_HANDLER,        /* %R */
	LOG_ITEM_STATUS,         /* %>s */
	LOG_ITEM_STATUS_FIRST,   /* %s %<s */
	LOG_ITEM_BYTES_BOTH,     /* %S */
	LOG_ITEM_TIME,           /* %t */
	LOG_ITEM_TIME_SEC,       /* %{sec}t */
	LOG_ITEM_TIME_MSEC,      /* %{msec}t */
	LOG_ITEM_TIME_USEC,      /* %{usec}t */
	LOG_ITEM_TIME_MSEC_FRAC, /* %{msec_frac}t */
	LOG_ITEM_TIME_USEC_FRAC, /* %{usec_frac}t */
	LOG_ITEM_TIME_STRFTIME,  /* %{format}t */
	LOG_ITEM_USER,           /* %u */
	LOG_ITEM_PATH,           /* %U */
	LOG_ITEM_PATH_FINAL,     /* %>U */
	LOG_ITEM_SERVER_NAME,    /* %v */
	LOG_ITEM_HOST_NAME,      /* %V */
	LOG_ITEM_CONNECTION,     /* %X */
	LOG_ITEM_LOOKUP,         /* %{}o %{}e %{}n %{}x %L: what the record's lookup() gives */
	LOG_ITEM_KINDS,
};

struct log_item {
	uint8_t kind;     /* enum log_item_kind */
	char what;        /* LOG_ITEM_LOOKUP: the directive's letter */
	bool end;         /* a time: that of the end of the request (%{end:...}t) */
	bool except;      /* '!': not for these statuses */
	uint32_t nstatus; /* 0: for all */
	const uint16_t *status;
	const char *arg; /* what stands in braces, or the text of LOG_ITEM_TEXT */
	size_t len;      /* of arg */
};

struct log_format {
	const char *text;
	uint32_t n;
	const struct log_item *items;
};

#endif
