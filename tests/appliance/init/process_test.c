/* Memory, randomness and confinement that are not there. */
#include <sys/syscall.h>

#include "tests/appliance/init/rig.h"

static const struct machine_row rows[] = {
	{ "landlock", "landlock", INIT_OK, "version 6",
	    SAYS(GIVES(SYS_landlock_create_ruleset, 6)) },
	{ "a kernel without landlock", "landlock", INIT_FAILED, "not there", BARE },
	{ "memory can be locked", "locked memory", INIT_OK, "8192 KiB",
	    SAYS(GIVES(SYS_mlock, 0)) },
	{ "memory cannot be locked", "locked memory", INIT_FAILED, "cannot",
	    SAYS(FAILS(SYS_mlock, ENOMEM)) },
	{ "a seeded generator", "random generator", INIT_OK, "is seeded",
	    SAYS(GIVES(SYS_getrandom, 1)) },
	{ "a generator that is never seeded", "random generator", INIT_FAILED, "not seeded",
	    SAYS(FAILS(SYS_getrandom, EAGAIN)) },
};

int
main(void)
{
	return rig_run(init_process_rules, rows, SN_NITEMS(rows), "init process");
}
