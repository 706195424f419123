/*
 * wipe - the end of everything in memory: processes, caches, free pages.
 *
 * Owns: the helper that holds the overwritten memory until power-off. May include:
 * base, setup.h. What is not reached: memory of the kernel itself and of this process,
 * memory the firmware keeps, and what processors and devices hold.
 */
#ifndef INIT_WIPE_H
#define INIT_WIPE_H

#include <sys/types.h>

#include "appliance/base/base.h"

#define WIPE_BYTE 0xa5 /* what overwritten memory is filled with: a test counts it */

/* What has been done, for people to read. */
struct wipe_result {
	size_t done, total; /* MiB that were overwritten; of all memory */
	pid_t helper;	    /* holds them; 0 when it did not live to the end */
};

/*
 * Take free memory until about leave MiB or, with a limit that is not 0, until limit MiB are
 * taken, and overwrite it. A process of its own does so, the first that the kernel ends
 * when memory runs out; what it held is then wiped as it is freed. It lives on,
 * so that what is overwritten stays so. At most seconds.
 */
struct wipe_result wipe_free_memory(size_t leave, size_t limit, unsigned int seconds);

/* End every process but this one: nobody holds memory, pipes or sticks. For PID 1 only. */
void wipe_processes(void);
/* Unmount what they wrote to, drop caches, overwrite what is free. For PID 1 only. */
struct wipe_result wipe_memory(void);

#endif
