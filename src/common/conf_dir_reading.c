/*
 * `Error`: the one directive of its kind that counts where the section around it is read and not
 * before. Run by the loader as root, and by the child on a .htaccess: the text goes to the log.
 */
#include "common/conf_dir_set.h"

const char *dir_error(struct conf_dir_build *b, const struct conf_value *v)
{
	(void)b;
	return *v->text ? v->text : "The Error directive was used with no message.";
}
