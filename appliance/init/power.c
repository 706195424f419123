#include "appliance/init/power.h"

#include <fcntl.h>
#include <linux/input-event-codes.h>
#include <linux/kd.h>
#include <linux/keyboard.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/signalfd.h>
#include <unistd.h>

#define CTRL_ALT (1 << KG_CTRL | 1 << KG_ALT)

/* The kernel's action "Boot" signals SIGINT to PID 1, as RB_DISABLE_CAD is in force. */
static const struct kbentry entries[] = {
	{ .kb_table = K_NORMTAB, .kb_index = KEY_POWER, .kb_value = K_BOOT },
	{ .kb_table = CTRL_ALT, .kb_index = KEY_DELETE, .kb_value = K_HOLE },
	{ .kb_table = CTRL_ALT, .kb_index = KEY_KPDOT, .kb_value = K_HOLE },
};

int
power_open(int tty)
{
	sigset_t heard;

	for (size_t i = 0; tty >= 0 && i < SN_NITEMS(entries); i++) {
		struct kbentry e = entries[i];

		(void)ioctl(tty, KDSKBENT, &e);
	}
	sigemptyset(&heard);
	sigaddset(&heard, SIGINT);
	sigaddset(&heard, SIGCHLD);
	return signalfd(-1, &heard, SFD_CLOEXEC | SFD_NONBLOCK);
}

bool
power_pressed(int fd)
{
	struct signalfd_siginfo s;
	bool pressed = false;

	while (fd >= 0 && read(fd, &s, sizeof(s)) == sizeof(s))
		pressed = pressed || s.ssi_signo == SIGINT;
	return pressed;
}
