/*
 * exit-status - a GNU make function that ends make with a given exit status.
 *
 * Owns: nothing. Loaded by the Makefile outside the build root, so that
 * "make sanctum" can end with the status of the program it ran; make itself
 * knows only 0, 1 and 2. May include: gnumake.h. See the Makefile.
 */
#include <gnumake.h>
#include <stdlib.h>

int plugin_is_GPL_compatible;

int exit_status_setup(const gmk_floc *where);

static char *
exit_status(const char *name, unsigned int argc, char **argv)
{
	(void)name;
	if (argc == 1 && argv[0][0] != '\0')
		exit((int)strtol(argv[0], NULL, 10));
	return NULL;
}

int
exit_status_setup(const gmk_floc *where)
{
	(void)where;
	gmk_add_function("exit-status", exit_status, 1, 1, GMK_FUNC_DEFAULT);
	return 1;
}
