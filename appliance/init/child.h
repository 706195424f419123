/*
 * child - a process of its own for whoever uses the chosen console.
 *
 * Owns: nothing. May include: base, init.h, console.h.
 */
#ifndef INIT_CHILD_H
#define INIT_CHILD_H

#include <sys/types.h>

#include "appliance/init/console.h"
#include "appliance/init/init.h"

/*
 * Call run in a child that owns the console and has the link to the USB guard; facts name
 * that console from then on. Returns its number, or -1.
 */
pid_t init_child_start(int (*run)(const struct init_facts *facts, void *arg), void *arg,
    const struct console *c, struct init_facts *facts);
/*
 * Its wait status, -1 when there is none. Others that end are reaped on the way; the power
 * button is obeyed.
 */
int init_child_wait(pid_t pid, struct consoles *cs);

#endif
