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

#include "appliance/init/power.h"

#define SCREEN_COLUMNS 80
#define SCREEN_ROWS 24
#define BIG_FONT "TER16x32" /* twice the cell of the font that the kernel starts with */
#define CLEAR "\033%G\033[0m\033[3J\033[2J\033[H"

static const struct console kinds[CONSOLES] = {
	{ .name = "framebuffer", .device = "/dev/tty1", .term = "linux", .fd = -1 },
	{ .name = "serial",
	    .device = "/dev/ttyS0",
	    .term = "screen",
	    .serial = true,
	    .fd = -1 },
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

static bool
open_one(struct console *c)
{
	static const struct winsize size = { .ws_row = SCREEN_ROWS, .ws_col = SCREEN_COLUMNS };

	c->fd = open(c->device, O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
	if (c->fd >= 0 && c->serial && !serial_is_real(c->fd)) {
		close(c->fd);
		c->fd = -1;
	}
	if (c->fd < 0)
		return false;
	(void)fcntl(c->fd, F_SETFL, O_RDWR);
	set_line(c);
	if (c->serial)
		(void)ioctl(c->fd, TIOCSWINSZ, &size);
	else
		set_screen(c->fd);
	return true;
}

bool
console_open(struct consoles *cs)
{
	bool any = false;

	for (size_t i = 0; i < CONSOLES; i++) {
		cs->c[i] = kinds[i];
		any = open_one(&cs->c[i]) || any;
	}
	console_clear(cs);
	return any;
}

bool
console_reopen(struct consoles *cs)
{
	bool any = false;

	for (size_t i = 0; i < CONSOLES; i++) {
		if (cs->c[i].fd < 0)
			continue;
		close(cs->c[i].fd);
		any = open_one(&cs->c[i]) || any;
	}
	return any;
}

void
console_deafen(const struct consoles *cs)
{
	for (size_t i = 0; i < CONSOLES; i++)
		if (!cs->c[i].serial && cs->c[i].fd >= 0)
			(void)ioctl(cs->c[i].fd, KDSKBMODE, K_OFF);
}

void
console_print_others(const struct consoles *cs, const struct console *but, const char *line)
{
	for (size_t i = 0; i < CONSOLES; i++)
		if (cs->c[i].fd >= 0 && &cs->c[i] != but) {
			put(cs->c[i].fd, line);
			put(cs->c[i].fd, "\n");
		}
}

void
console_print(const struct consoles *cs, const char *line)
{
	console_print_others(cs, NULL, line);
}

void
console_clear(struct consoles *cs)
{
	for (size_t i = 0; i < CONSOLES; i++)
		if (cs->c[i].fd >= 0) {
			(void)tcflush(cs->c[i].fd, TCIOFLUSH);
			cs->c[i].ntyped = 0;
			put(cs->c[i].fd, CLEAR);
		}
}

/* One byte that was typed. True when it ends the line. */
static bool
typed(struct console *c, char byte)
{
	const char echo[2] = { byte, '\0' };
	bool after_cr = c->after_cr;

	c->after_cr = byte == '\r';
	if (byte == '\n' && after_cr)
		return false;
	if (byte == '\r' || byte == '\n')
		return true;
	if (byte > ' ' && byte <= '~' && c->ntyped + 1 < sizeof(c->typed)) {
		c->typed[c->ntyped++] = byte;
		put(c->fd, echo);
	}
	return false;
}

/* Is there a whole line among what has been typed there? */
static bool
entered(struct console *c, char ret[CONSOLE_LINE_MAX])
{
	char bytes[64];
	ssize_t n = read(c->fd, bytes, sizeof(bytes));
	bool yes = false;

	for (ssize_t i = 0; i < n && !yes; i++)
		yes = typed(c, bytes[i]);
	if (yes) {
		c->typed[c->ntyped] = '\0';
		memcpy(ret, c->typed, c->ntyped + 1);
		c->ntyped = 0;
	}
	explicit_bzero(bytes, sizeof(bytes));
	return yes;
}

/* Wait until something can be read, or the button is pressed. False: nothing came in time. */
static bool
wait_input(struct consoles *cs, unsigned int seconds, struct pollfd p[CONSOLES + 1])
{
	nfds_t count = CONSOLES + (cs->off != NULL);
	int n;

	for (size_t i = 0; i < CONSOLES; i++)
		p[i] = (struct pollfd){ .fd = cs->c[i].fd, .events = POLLIN };
	p[CONSOLES] = (struct pollfd){ .fd = cs->power, .events = POLLIN };
	do
		n = poll(p, count, seconds == 0 ? -1 : (int)seconds * 1000);
	while (n < 0 && errno == EINTR);
	if (n > 0 && cs->off != NULL && power_pressed(cs->power))
		cs->off(cs);
	return n > 0;
}

struct console *
console_wait_line(struct consoles *cs, unsigned int seconds, char ret[CONSOLE_LINE_MAX])
{
	struct pollfd p[CONSOLES + 1];

	while (wait_input(cs, seconds, p))
		for (size_t i = 0; i < CONSOLES; i++)
			if ((p[i].revents & POLLIN) != 0 && entered(&cs->c[i], ret))
				return &cs->c[i];
	return NULL;
}

struct console *
console_wait_enter(struct consoles *cs, unsigned int seconds)
{
	char line[CONSOLE_LINE_MAX];

	return console_wait_line(cs, seconds, line);
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
