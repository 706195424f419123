/* What processes can rely on: memory that stays, randomness, confinement. */
#include "appliance/init/look.h"

#include <errno.h>
#include <linux/landlock.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/syscall.h>
#include <time.h>

#define LOCK_BYTES (8U << 20)
#define RANDOM_WAIT_S 60

static enum init_state
check_landlock(const struct init_machine *m, char detail[INIT_DETAIL])
{
	long abi =
	    m->call(SYS_landlock_create_ruleset, 0, 0, LANDLOCK_CREATE_RULESET_VERSION, 0, 0);

	if (abi < 1)
		return look_say(detail, INIT_FAILED, "not there: %s", strerror(errno));
	return look_say(detail, INIT_OK, "version %ld", abi);
}

static enum init_state
check_locked_memory(const struct init_machine *m, char detail[INIT_DETAIL])
{
	void *p =
	    mmap(NULL, LOCK_BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	bool ok = p != MAP_FAILED && m->call(SYS_mlock, (long)p, LOCK_BYTES, 0, 0, 0) == 0;

	if (p != MAP_FAILED)
		munmap(p, LOCK_BYTES);
	return look_say(detail, ok ? INIT_OK : INIT_FAILED, "%u KiB%s", LOCK_BYTES / 1024,
	    ok ? "" : " cannot be locked");
}

static enum init_state
check_random(const struct init_machine *m, char detail[INIT_DETAIL])
{
	static const struct timespec pause = { 0, 100000000 };
	uint8_t byte;

	for (int i = 0; i < RANDOM_WAIT_S * 10; i++) {
		if (m->call(SYS_getrandom, (long)&byte, 1, GRND_NONBLOCK, 0, 0) == 1)
			return look_say(detail, INIT_OK, "the kernel's generator is seeded");
		(void)m->call(SYS_nanosleep, (long)&pause, 0, 0, 0, 0);
	}
	return look_say(detail, INIT_FAILED, "the kernel's generator is not seeded after %d s",
	    RANDOM_WAIT_S);
}

const struct init_rule init_process_rules[] = {
	{ "landlock", check_landlock, false },
	{ "locked memory", check_locked_memory, false },
	{ "random generator", check_random, false },
	{ NULL, NULL, false },
};
