/*
 * Lines of an error log to the system's log (RFC 3164 section 4.1, as syslog(3) writes to
 * /dev/log). Run by the logger. The level and the process are what the line says of itself: its
 * writer, a site's user, may say what it likes there, and nowhere else in the message's head.
 */
#include "itkd/log.h"
#include "itkd/logger.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

/* "[time] " at the beginning: syslog writes its own. */
static const char *behind_time(const char *line)
{
	const char *end = *line == '[' ? strstr(line, "] ") : NULL;
	return end ? end + 2 : line;
}

/* "[core:error] " and "[pid 4711] ", in this order. */
static int level_of(const char *line)
{
	const char *colon = *line == '[' ? strchr(line, ':') : NULL;
	const char *end = colon ? strchr(colon, ']') : NULL;
	char name[8];
	if (!end || (size_t)(end - colon - 1) >= sizeof(name))
		return LOG_ERR;
	memcpy(name, colon + 1, (size_t)(end - colon - 1));
	name[end - colon - 1] = '\0';
	int level = log_level_parse(name);
	if (level < 0)
		return LOG_ERR;
	return level > LOG_DEBUG ? LOG_DEBUG : level;
}

static long pid_of(const char *line)
{
	const char *pid = strstr(line, "[pid ");
	return pid ? strtol(pid + 5, NULL, 10) : 0;
}

static bool send_line(const struct logger_log *log, const char *line)
{
	char message[LOG_LINE_MAX + 256], when[32];
	time_t now = time(NULL);
	struct tm tm = {0};
	localtime_r(&now, &tm);
	strftime(when, sizeof(when), "%b %e %H:%M:%S", &tm);
	const char *text = behind_time(line);
	int n = snprintf(message, sizeof(message), "<%d>%s %s[%ld]: %s",
	    log->facility | level_of(text), when, log->tag, pid_of(text), text);
	if (n >= (int)sizeof(message))
		n = sizeof(message) - 1;
	/* A full system log loses the line; one that has gone is looked for again. */
	return write(log->file, message, (size_t)n) >= 0 || errno == EAGAIN || errno == ENOBUFS ||
	       errno == EINTR;
}

bool logger_syslog(struct logger_log *log, const char *p, size_t n)
{
	char line[LOG_LINE_MAX];
	if (log->file < 0)
		return false;
	while (n > 0) {
		const char *end = memchr(p, '\n', n);
		size_t len = end ? (size_t)(end - p) : n, copy = len;
		if (copy >= sizeof(line))
			copy = sizeof(line) - 1;
		memcpy(line, p, copy);
		line[copy] = '\0';
		if (copy > 0 && !send_line(log, line))
			return false;
		p += len + (end != NULL);
		n -= len + (end != NULL);
	}
	return true;
}
