#include "appliance/init/console.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/kd.h>
#include <linux/serial.h>
#include <linux/vt.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#define SCREEN_COLUMNS 80
#define SCREEN_ROWS 24
#define BIG_FONT "TER16x32" /* twice the cell of the font that the kernel starts with */
#define CLEAR "\033[0m\033[3J\033[2J\033[H"

static const struct console kinds[CONSOLES] = {
	{ "framebuffer", "/dev/tty1", "linux", false, -1 },
	{ "serial", "/dev/ttyS0", "screen", true, -1 },
};

static void
put(int fd, const char *text)
{
	size_t n = strlen(text);

	while (n > 0) {
		ssize_t w = write(fd, text, n);

		if (w < 0 && errno == EINTR)
			continue;
		if (w <= 0)
			return;
		text += w;
		n -= (size_t)w;
	}
}

/* A node may be there without a port behind it. */
static bool
serial_is_real(int fd)
{
	struct serial_struct s;

	return ioctl(fd, TIOCGSERIAL, &s) == 0 && s.type != PORT_UNKNOWN;
}

static void
set_line(const struct console *c)
{
	struct termios t;

	if (tcgetattr(c->fd, &t) != 0)
		return;
	t.c_lflag &= (tcflag_t) ~(ECHO | ICANON | ISIG | IEXTEN);
	t.c_iflag &= (tcflag_t) ~(IXON | IXOFF);
	t.c_oflag |= OPOST | ONLCR;
	t.c_cc[VMIN] = 1;
	t.c_cc[VTIME] = 0;
	if (c->serial) {
		t.c_cflag = CS8 | CREAD | CLOCAL;
		cfsetispeed(&t, B115200);
		cfsetospeed(&t, B115200);
	}
	(void)tcsetattr(c->fd, TCSANOW, &t);
}

/* Letters as large as 80 columns and 24 rows allow, and no way to other screens. */
static void
set_screen(int fd)
{
	struct console_font_op op = { .op = KD_FONT_OP_SET_DEFAULT };
	char name[] = BIG_FONT;
	struct winsize w;

	(void)ioctl(fd, VT_LOCKSWITCH, 1);
	if (ioctl(fd, TIOCGWINSZ, &w) != 0 || w.ws_col / 2 < SCREEN_COLUMNS ||
	    w.ws_row / 2 < SCREEN_ROWS)
		return;
	op.data = (unsigned char *)name;
	(void)ioctl(fd, KDFONTOP, &op);
}

bool
console_open(struct consoles *cs)
{
	static const struct winsize size = { .ws_row = SCREEN_ROWS, .ws_col = SCREEN_COLUMNS };
	bool any = false;

	for (size_t i = 0; i < CONSOLES; i++) {
		struct console *c = &cs->c[i];

		*c = kinds[i];
		c->fd = open(c->device, O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
		if (c->fd >= 0 && c->serial && !serial_is_real(c->fd)) {
			close(c->fd);
			c->fd = -1;
		}
		if (c->fd < 0)
			continue;
		(void)fcntl(c->fd, F_SETFL, O_RDWR);
		set_line(c);
		if (c->serial)
			(void)ioctl(c->fd, TIOCSWINSZ, &size);
		else
			set_screen(c->fd);
		any = true;
	}
	console_clear(cs);
	return any;
}

void
console_print(const struct consoles *cs, const char *line)
{
	for (size_t i = 0; i < CONSOLES; i++)
		if (cs->c[i].fd >= 0) {
			put(cs->c[i].fd, line);
			put(cs->c[i].fd, "\n");
		}
}

void
console_clear(const struct consoles *cs)
{
	for (size_t i = 0; i < CONSOLES; i++)
		if (cs->c[i].fd >= 0) {
			(void)tcflush(cs->c[i].fd, TCIOFLUSH);
			put(cs->c[i].fd, CLEAR);
		}
}

/* Is Enter among what has been typed there? */
static bool
entered(int fd)
{
	char typed[64];
	ssize_t n = read(fd, typed, sizeof(typed));
	bool yes = n > 0 &&
	    (memchr(typed, '\r', (size_t)n) != NULL || memchr(typed, '\n', (size_t)n) != NULL);

	explicit_bzero(typed, sizeof(typed));
	return yes;
}

struct console *
console_wait_enter(struct consoles *cs, unsigned int seconds)
{
	struct pollfd p[CONSOLES];

	for (;;) {
		int n;

		for (size_t i = 0; i < CONSOLES; i++)
			p[i] = (struct pollfd){ .fd = cs->c[i].fd, .events = POLLIN };
		n = poll(p, CONSOLES, seconds == 0 ? -1 : (int)seconds * 1000);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return NULL;
		for (size_t i = 0; i < CONSOLES; i++)
			if ((p[i].revents & POLLIN) != 0 && entered(cs->c[i].fd))
				return &cs->c[i];
	}
}

/* To the numbers where a process has its link, whatever stands there now. */
static bool
place_link(struct sn_link *l)
{
	int in = fcntl(l->in, F_DUPFD_CLOEXEC, SN_CHILD_EXTRA);
	int out = fcntl(l->out, F_DUPFD_CLOEXEC, SN_CHILD_EXTRA);

	if (in < 0 || out < 0 || dup3(in, SN_CHILD_IN, O_CLOEXEC) < 0 ||
	    dup3(out, SN_CHILD_OUT, O_CLOEXEC) < 0)
		return false;
	l->in = SN_CHILD_IN;
	l->out = SN_CHILD_OUT;
	return true;
}

bool
console_become(const struct console *c, struct sn_link *keep)
{
	int fd;

	if (setsid() < 0)
		return false;
	fd = open(c->device, O_RDWR | O_CLOEXEC);
	if (fd < 0 || ioctl(fd, TIOCSCTTY, 0) != 0)
		return false;
	for (int i = 0; i < 3; i++)
		if (dup2(fd, i) != i)
			return false;
	if (!place_link(keep) || close_range(SN_CHILD_EXTRA, ~0U, 0) != 0 || clearenv() != 0)
		return false;
	return setenv("TERM", c->term, 1) == 0 && setenv("LC_CTYPE", "C.UTF-8", 1) == 0;
}
