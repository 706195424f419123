#include "appliance/init/wipe.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/sysinfo.h>
#include <sys/wait.h>
#include <unistd.h>

#include "appliance/init/setup.h"

#define MIB ((size_t)1 << 20)
#define CHUNK (4 * MIB)
#define LEAVE_MIB 12	/* for this process and the kernel to end in peace, */
#define LEAVE_PART 1024 /* and this part of all memory */
#define SECONDS 180	/* a quarter GiB a second would do for 45 GiB */

static size_t
total_mib(void)
{
	struct sysinfo s = { 0 };

	(void)sysinfo(&s);
	return (size_t)s.totalram * s.mem_unit / MIB;
}

static size_t
free_mib(void)
{
	struct sysinfo s = { 0 };

	(void)sysinfo(&s);
	return (size_t)s.freeram * s.mem_unit / MIB;
}

/* The kernel ends this process first, and nobody else, when memory runs out. */
static void
offer_oneself(void)
{
	static const char most[] = "1000";
	int fd = open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC);

	if (fd >= 0) {
		(void)!write(fd, most, sizeof(most) - 1);
		close(fd);
	}
}

/* In the helper: count in MiB what is overwritten, say so at the end, hold it. */
static _Noreturn void
overwrite(volatile size_t *count, size_t leave, size_t limit, int done)
{
	offer_oneself();
	while ((limit == 0 || *count < limit) && free_mib() > leave + CHUNK / MIB) {
		void *p = mmap(NULL, CHUNK, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
		    -1, 0);

		if (p == MAP_FAILED)
			break;
		memset(p, WIPE_BYTE, CHUNK);
		*count += CHUNK / MIB;
	}
	(void)!write(done, "", 1);
	for (;;)
		pause();
}

/* Has the helper said that it is done? It may be ended, or be too slow. */
static bool
wait_done(int fd, unsigned int seconds)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };
	char byte;
	int n;

	do
		n = poll(&p, 1, (int)seconds * 1000);
	while (n < 0 && errno == EINTR);
	return n == 1 && read(fd, &byte, 1) == 1;
}

struct wipe_result
wipe_free_memory(size_t leave, size_t limit, unsigned int seconds)
{
	struct wipe_result r = { .total = total_mib() };
	size_t *count = mmap(NULL, sizeof(*count), PROT_READ | PROT_WRITE,
	    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	int end[2];

	if (count == MAP_FAILED || pipe2(end, O_CLOEXEC) != 0)
		return r;
	r.helper = fork();
	if (r.helper == 0) {
		close(end[0]);
		overwrite(count, leave, limit, end[1]);
	}
	close(end[1]);
	if (r.helper > 0 && !wait_done(end[0], seconds)) {
		(void)kill(r.helper, SIGKILL);
		(void)waitpid(r.helper, NULL, 0);
		r.helper = 0;
	}
	close(end[0]);
	r.done = *count;
	(void)munmap(count, sizeof(*count));
	return r;
}

void
wipe_processes(void)
{
	(void)kill(-1, SIGKILL);
	while (waitpid(-1, NULL, 0) > 0 || errno == EINTR)
		continue;
}

struct wipe_result
wipe_memory(void)
{
	init_putaway();
	return wipe_free_memory(LEAVE_MIB + total_mib() / LEAVE_PART, 0, SECONDS);
}
