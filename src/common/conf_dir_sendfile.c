/*
 * XSendFile and XSendFilePath (mod_xsendfile) into a conf_dir. Run by the loader as root on the
 * administrator's words, and by the child as the vhost's user on those of a .htaccess.
 */
#include "common/conf_dir_set.h"
#include <strings.h>

static struct conf_sendfile *sendfile_settings(struct conf_dir_build *b)
{
	if (!b->dir.sendfile)
		b->dir.sendfile = ARENA_NEW(b->a, struct conf_sendfile);
	return b->dir.sendfile;
}

const char *dir_sendfile(struct conf_dir_build *b, const struct conf_value *v)
{
	sendfile_settings(b)->on = v->flag ? CONF_ON : CONF_OFF;
	return NULL;
}

const char *dir_sendfile_path(struct conf_dir_build *b, const struct conf_value *v)
{
	struct conf_sendfile *sendfile = sendfile_settings(b);

	if (v->n == 2 && strcasecmp(v->words[1], "AllowFileDelete") == 0)
		return "itkd never deletes a file that it sends: leave AllowFileDelete out, and "
		       "let "
		       "the program delete what is old";
	if (v->n == 2)
		return arena_printf(b->tmp, "unknown argument %s", v->words[1]);
	if (*v->words[0] != '/')
		return "takes an absolute path";
	const char **to = conf_dir_push(b->a, &sendfile->paths, &sendfile->n, sizeof(*to));

	*to = arena_strdup(b->a, conf_path_clean(b->tmp, v->words[0]));
	return NULL;
}
