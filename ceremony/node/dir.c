#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "ceremony/node/cmd.h"

enum sn_err
cmd_open_dir(const char *path, int *ret, struct sn_why *why)
{
	*ret = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (*ret >= 0)
		return SN_OK;
	return sn_fail(why, errno == ENOENT ? SN_E_MISSING : SN_E_IO, "%s: %s", path,
	    strerror(errno));
}
