/*
 * power - the power button, as the first process hears of it.
 *
 * Owns: the descriptor it returns, until the machine goes off. May include: base. The
 * kernel has no event devices; its keyboard driver hears the button, though, and is
 * told to treat it as it treats Ctrl-Alt-Del: a signal to the first process. Ctrl-Alt-Del
 * itself then does nothing.
 */
#ifndef INIT_POWER_H
#define INIT_POWER_H

#include "appliance/base/base.h"

/*
 * Let the button be heard; tty is an open virtual terminal, or -1 when there is none. All
 * signals are blocked already. Returns a descriptor that becomes readable when the
 * button is pressed or a child ends, or -1.
 */
int power_open(int tty);
/* Was the button pressed? Takes what is readable; false for -1. */
bool power_pressed(int fd);

#endif
