#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "firmware-cache/cmd/cmd.h"

#define HELPER "firmware-cache-collect"
#define PATH_ROOM 4096
#define ARGS_MAX 64

/* The network is a program of its own beside this one: this one is also used where there must
 * not be any. */
static enum sn_err
helper_path(char ret[PATH_ROOM], struct sn_why *why)
{
	ssize_t n = readlink("/proc/self/exe", ret, PATH_ROOM - sizeof(HELPER) - 1);
	char *slash;

	if (n <= 0)
		return sn_fail(why, SN_E_IO, "/proc/self/exe: %s", strerror(errno));
	ret[n] = '\0';
	slash = strrchr(ret, '/');
	if (slash == NULL)
		return sn_fail(why, SN_E_IO, "/proc/self/exe: \"%s\" is no path", ret);
	memcpy(slash + 1, HELPER, sizeof(HELPER));
	return SN_OK;
}

enum sn_err
cmd_collect(int argc, char **argv, struct sn_why *why)
{
	char path[PATH_ROOM], name[] = HELPER;
	char *args[ARGS_MAX + 2] = { name };

	if (argc > ARGS_MAX)
		return sn_fail(why, SN_E_USAGE, "more than %d arguments", ARGS_MAX);
	for (int i = 0; i < argc; i++)
		args[i + 1] = argv[i];
	SN_TRY(helper_path(path, why));
	execv(path, args);
	return sn_fail(why, SN_E_MISSING,
	    "%s: %s; it is a program of its own, for machines with a network", path,
	    strerror(errno));
}
