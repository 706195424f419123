/* The guard on machines made of files: what it authorises, when, and what it forgets. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "appliance/base/file.h"
#include "appliance/usb/guard.h"
#include "tests/lib/test.h"

/* Descriptors, see policy_test.c */
#define HEAD "12010002000000406d04"
#define TAIL "000101020301"
#define KEYBOARD                                                                               \
	HEAD "1cc3" TAIL "09022200010100a032"                                                  \
	     "090400000103010100"                                                              \
	     "092111010001223f00"                                                              \
	     "07058103080010"
#define KEYBOARD_2                                                                             \
	HEAD "1dc3" TAIL "09022200010100a032"                                                  \
	     "090400000103010100"                                                              \
	     "092111010001223f00"                                                              \
	     "07058103080010"
#define MOUSE                                                                                  \
	HEAD "1cc3" TAIL "09022200010100a032"                                                  \
	     "090400000103010200"                                                              \
	     "092111010001223f00"                                                              \
	     "07058103080010"
#define STICK                                                                                  \
	HEAD "1cc3" TAIL "09022000010100a032"                                                  \
	     "090400000108065000"                                                              \
	     "07058102000200"                                                                  \
	     "07050202000200"
#define HUB                                                                                    \
	"120100020900004046f404"                                                               \
	"55" TAIL "09021900010100a032"                                                         \
	"090400000109000000"                                                                   \
	"07058103080010"

#define STEPS_MAX 12

enum what {
	END,
	PLUG,	  /* port, descriptors */
	PULL,	  /* port */
	FREEZE,	  /* people type on: "keyboard" or "serial" */
	ACCEPT,	  /* the device at port; descriptors: "refused" when it must fail */
	BUILT_IN, /* a keyboard that is not on USB: its name, bus number */
	LOOK,
	ON,    /* port must be authorised */
	OFF,   /* port must not be */
	ASKED, /* port must not be, and is asked about */
	BACK,  /* port must be authorised, as one that came back */
};

struct step {
	enum what what;
	const char *port, *more;
};

struct story {
	const char *name;
	struct step step[STEPS_MAX];
};

static const struct story stories[] = {
	{ "a keyboard, a stick and a hub there at boot",
	    { { PLUG, "1-1", KEYBOARD }, { PLUG, "2-1", STICK }, { PLUG, "1-2", HUB },
		{ PLUG, "1-2.1", STICK }, { LOOK, 0, 0 }, { ON, "1-1", 0 }, { ON, "2-1", 0 },
		{ ON, "1-2", 0 }, { ON, "1-2.1", 0 } } },
	{ "a mouse at boot", { { PLUG, "1-1", MOUSE }, { LOOK, 0, 0 }, { OFF, "1-1", 0 } } },
	{ "a device that cannot be read",
	    { { PLUG, "1-1", "12" }, { LOOK, 0, 0 }, { OFF, "1-1", 0 } } },
	{ "two keyboards at boot",
	    { { PLUG, "1-1", KEYBOARD }, { PLUG, "1-2", KEYBOARD_2 }, { LOOK, 0, 0 },
		{ ON, "1-1", 0 }, { ON, "1-2", 0 } } },
	{ "a stick during the ceremony",
	    { { FREEZE, "keyboard", 0 }, { PLUG, "1-3", STICK }, { LOOK, 0, 0 },
		{ ON, "1-3", 0 } } },
	{ "a second keyboard during the ceremony",
	    { { PLUG, "1-1", KEYBOARD }, { LOOK, 0, 0 }, { FREEZE, "keyboard", 0 },
		{ PLUG, "1-2", KEYBOARD_2 }, { LOOK, 0, 0 }, { ON, "1-1", 0 },
		{ ASKED, "1-2", 0 } } },
	{ "a second keyboard, accepted",
	    { { PLUG, "1-1", KEYBOARD }, { LOOK, 0, 0 }, { FREEZE, "keyboard", 0 },
		{ PLUG, "1-2", KEYBOARD_2 }, { LOOK, 0, 0 }, { ACCEPT, "1-2", 0 },
		{ ON, "1-2", 0 }, { LOOK, 0, 0 }, { ON, "1-2", 0 } } },
	{ "accepted, pulled, plugged in again",
	    { { PLUG, "1-1", KEYBOARD }, { LOOK, 0, 0 }, { FREEZE, "keyboard", 0 },
		{ PLUG, "1-2", KEYBOARD_2 }, { LOOK, 0, 0 }, { ACCEPT, "1-2", 0 },
		{ PULL, "1-2", 0 }, { LOOK, 0, 0 }, { PLUG, "1-2", KEYBOARD_2 }, { LOOK, 0, 0 },
		{ ASKED, "1-2", 0 } } },
	{ "accepted too late: another device is in its place",
	    { { FREEZE, "serial", 0 }, { PLUG, "1-2", KEYBOARD_2 }, { LOOK, 0, 0 },
		{ PULL, "1-2", 0 }, { PLUG, "1-2", KEYBOARD }, { ACCEPT, "1-2", "refused" },
		{ OFF, "1-2", 0 } } },
	{ "swapped between two looks: judged anew",
	    { { PLUG, "1-1", STICK }, { LOOK, 0, 0 }, { PULL, "1-1", 0 },
		{ PLUG, "1-1", MOUSE }, { LOOK, 0, 0 }, { OFF, "1-1", 0 } } },
	{ "a stick cannot be accepted, nor a mouse",
	    { { FREEZE, "keyboard", 0 }, { PLUG, "1-2", MOUSE }, { PLUG, "1-3", STICK },
		{ LOOK, 0, 0 }, { ACCEPT, "1-2", "refused" }, { ACCEPT, "1-3", "refused" },
		{ OFF, "1-2", 0 } } },
	{ "the only keyboard, pulled and back",
	    { { PLUG, "1-1", KEYBOARD }, { LOOK, 0, 0 }, { FREEZE, "keyboard", 0 },
		{ PULL, "1-1", 0 }, { LOOK, 0, 0 }, { PLUG, "1-1", KEYBOARD }, { LOOK, 0, 0 },
		{ BACK, "1-1", 0 } } },
	{ "back at once, between two looks",
	    { { PLUG, "1-1", KEYBOARD }, { LOOK, 0, 0 }, { FREEZE, "keyboard", 0 },
		{ PULL, "1-1", 0 }, { PLUG, "1-1", KEYBOARD }, { LOOK, 0, 0 },
		{ BACK, "1-1", 0 } } },
	{ "back in another port",
	    { { PLUG, "1-1", KEYBOARD }, { LOOK, 0, 0 }, { FREEZE, "keyboard", 0 },
		{ PULL, "1-1", 0 }, { LOOK, 0, 0 }, { PLUG, "1-4", KEYBOARD }, { LOOK, 0, 0 },
		{ ASKED, "1-4", 0 } } },
	{ "back as another keyboard",
	    { { PLUG, "1-1", KEYBOARD }, { LOOK, 0, 0 }, { FREEZE, "keyboard", 0 },
		{ PULL, "1-1", 0 }, { LOOK, 0, 0 }, { PLUG, "1-1", KEYBOARD_2 }, { LOOK, 0, 0 },
		{ ASKED, "1-1", 0 } } },
	{ "back, but people type on a serial line",
	    { { PLUG, "1-1", KEYBOARD }, { LOOK, 0, 0 }, { FREEZE, "serial", 0 },
		{ PULL, "1-1", 0 }, { LOOK, 0, 0 }, { PLUG, "1-1", KEYBOARD }, { LOOK, 0, 0 },
		{ ASKED, "1-1", 0 } } },
	{ "back, but there is a PS/2 keyboard",
	    { { BUILT_IN, "input3", "0011" }, { PLUG, "1-1", KEYBOARD }, { LOOK, 0, 0 },
		{ FREEZE, "keyboard", 0 }, { PULL, "1-1", 0 }, { LOOK, 0, 0 },
		{ PLUG, "1-1", KEYBOARD }, { LOOK, 0, 0 }, { ASKED, "1-1", 0 } } },
	{ "back, and its other input devices are no other keyboard",
	    { { BUILT_IN, "input3", "0003" }, { PLUG, "1-1", KEYBOARD }, { LOOK, 0, 0 },
		{ FREEZE, "keyboard", 0 }, { PULL, "1-1", 0 }, { LOOK, 0, 0 },
		{ PLUG, "1-1", KEYBOARD }, { LOOK, 0, 0 }, { BACK, "1-1", 0 } } },
	{ "a keyboard that was never accepted does not come back",
	    { { FREEZE, "keyboard", 0 }, { PLUG, "1-1", KEYBOARD }, { LOOK, 0, 0 },
		{ PULL, "1-1", 0 }, { LOOK, 0, 0 }, { PLUG, "1-1", KEYBOARD }, { LOOK, 0, 0 },
		{ ASKED, "1-1", 0 } } },
	{ "a hub dropped two keyboards: one comes back, the other is asked about",
	    { { PLUG, "1-1", KEYBOARD }, { PLUG, "1-2", KEYBOARD_2 }, { LOOK, 0, 0 },
		{ FREEZE, "keyboard", 0 }, { PULL, "1-1", 0 }, { PULL, "1-2", 0 },
		{ LOOK, 0, 0 }, { PLUG, "1-2", KEYBOARD_2 }, { LOOK, 0, 0 },
		{ PLUG, "1-1", KEYBOARD }, { LOOK, 0, 0 }, { ASKED, "1-1", 0 } } },
	{ "root hubs and interfaces are not looked at",
	    { { PLUG, "usb1", KEYBOARD }, { PLUG, "1-1:1.0", KEYBOARD },
		{ PLUG, "nonsense", KEYBOARD }, { LOOK, 0, 0 }, { OFF, "usb1", 0 },
		{ OFF, "1-1:1.0", 0 }, { OFF, "nonsense", 0 } } },
};

/* ---- the machine */

struct machine {
	char root[200];
	int dir;
	struct usb_guard guard;
};

static void
put_file(const struct machine *m, const char *path, const void *data, size_t n)
{
	SN_CLEANUP(sn_fd_done) int fd = -1;

	assert_int_equal(sn_file_parents(m->dir, path, NULL), SN_OK);
	fd = openat(m->dir, path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, data, n), (ssize_t)n);
}

static void
plug(const struct machine *m, const char *port, const char *hex)
{
	struct test_bytes b = test_unhex(hex);
	char path[128];

	(void)snprintf(path, sizeof(path), "bus/usb/devices/%s/descriptors", port);
	put_file(m, path, b.data, b.len);
	(void)snprintf(path, sizeof(path), "bus/usb/devices/%s/product", port);
	put_file(m, path, "Ke\033y\n", 5);
	(void)snprintf(path, sizeof(path), "bus/usb/devices/%s/authorized", port);
	put_file(m, path, "0\n", 2);
	test_bytes_done(&b);
}

/* The folder moves away instead: a file with the same number must not come in its place. */
static void
pull(const struct machine *m, const char *port)
{
	static unsigned int count;
	char path[128], away[64];

	(void)snprintf(path, sizeof(path), "bus/usb/devices/%s", port);
	(void)snprintf(away, sizeof(away), "gone-%u", count++);
	assert_int_equal(renameat(m->dir, path, m->dir, away), 0);
}

static void
built_in(const struct machine *m, const char *name, const char *bus)
{
	char path[128];

	(void)snprintf(path, sizeof(path), "class/input/%s/id/bustype", name);
	put_file(m, path, bus, strlen(bus));
	(void)snprintf(path, sizeof(path), "class/input/%s/capabilities/ev", name);
	put_file(m, path, "120013\n", 7);
	/* a power button is no keyboard */
	put_file(m, "class/input/input0/id/bustype", "0019\n", 5);
	put_file(m, "class/input/input0/capabilities/ev", "3\n", 2);
}

static char
authorized(const struct machine *m, const char *port)
{
	SN_CLEANUP(sn_fd_done) int fd = -1;
	char path[128], c = 0;

	(void)snprintf(path, sizeof(path), "bus/usb/devices/%s/authorized", port);
	fd = openat(m->dir, path, O_RDONLY | O_CLOEXEC);
	assert_true(fd >= 0);
	assert_int_equal(read(fd, &c, 1), 1);
	return c;
}

static const struct usb_device *
device_at(const struct machine *m, const char *port)
{
	for (size_t i = 0; i < m->guard.st.n; i++)
		if (strcmp(m->guard.st.device[i].port, port) == 0)
			return &m->guard.st.device[i];
	fail_msg("nothing is known of %s", port);
	return NULL;
}

static void
machine_new(struct machine *m)
{
	static unsigned int count;

	(void)snprintf(m->root, sizeof(m->root), "%s/sys%u", test_tmpdir(), count++);
	assert_int_equal(mkdir(m->root, 0700), 0);
	m->dir = open(m->root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	assert_true(m->dir >= 0);
	assert_int_equal(sn_file_parents(m->dir, "bus/usb/devices/x", NULL), SN_OK);
	usb_guard_init(&m->guard, m->dir);
}

static void
machine_done(struct machine *m)
{
	usb_guard_done(&m->guard);
	sn_fd_done(&m->dir);
}

static void
check_state(const struct machine *m, const struct step *s)
{
	const struct usb_device *d = device_at(m, s->port);

	assert_int_equal(authorized(m, s->port), d->state == USB_ON ? '1' : '0');
	assert_int_equal(d->state,
	    s->what == ON || s->what == BACK ? USB_ON
		: s->what == ASKED	     ? USB_ASKED
					     : d->state);
	assert_true(s->what != OFF || d->state != USB_ON || authorized(m, s->port) == '0');
	assert_int_equal(d->returned, s->what == BACK);
	assert_string_equal(d->name, "Ke?y");
}

static void
do_step(struct machine *m, const struct step *s)
{
	const uint32_t before = m->guard.st.generation;

	switch (s->what) {
	case PLUG:
		plug(m, s->port, s->more);
		return;
	case PULL:
		pull(m, s->port);
		return;
	case BUILT_IN:
		built_in(m, s->port, s->more);
		return;
	case FREEZE:
		usb_guard_freeze(&m->guard, strcmp(s->port, "serial") == 0);
		assert_int_not_equal(m->guard.st.generation, before);
		return;
	case LOOK:
		(void)usb_guard_look(&m->guard);
		return;
	case ACCEPT:
		assert_int_equal(usb_guard_accept(&m->guard, device_at(m, s->port)->id, NULL),
		    s->more == NULL ? SN_OK : SN_E_POLICY);
		return;
	case OFF:
		assert_int_equal(authorized(m, s->port), '0');
		return;
	case ON:
	case ASKED:
	case BACK:
		check_state(m, s);
		return;
	case END:
		return;
	}
}

static void
tell(void **state)
{
	const struct story *story = *state;
	struct machine *m = calloc(1, sizeof(*m));

	assert_non_null(m);
	machine_new(m);
	for (size_t i = 0; i < STEPS_MAX && story->step[i].what != END; i++)
		do_step(m, &story->step[i]);
	machine_done(m);
	free(m);
}

/* Whatever is beyond the table's end is never authorised. */
static void
too_many(void **state)
{
	struct machine *m = calloc(1, sizeof(*m));
	unsigned int on = 0;
	char port[16];

	(void)state;
	assert_non_null(m);
	machine_new(m);
	for (unsigned int i = 0; i < USB_DEVICES_MAX + 3; i++) {
		(void)snprintf(port, sizeof(port), "1-%u", i);
		plug(m, port, STICK);
	}
	(void)usb_guard_look(&m->guard);
	for (unsigned int i = 0; i < USB_DEVICES_MAX + 3; i++) {
		(void)snprintf(port, sizeof(port), "1-%u", i);
		on += authorized(m, port) == '1';
	}
	assert_int_equal(on, USB_DEVICES_MAX);
	assert_int_equal(m->guard.st.more, 3);
	machine_done(m);
	free(m);
}

/* A kernel started without usbcore.authorized_default=0: what is refused goes off again. */
static void
on_by_default(void **state)
{
	struct machine *m = calloc(1, sizeof(*m));

	(void)state;
	assert_non_null(m);
	machine_new(m);
	plug(m, "1-1", MOUSE);
	assert_int_equal(unlinkat(m->dir, "bus/usb/devices/1-1/authorized", 0), 0);
	put_file(m, "bus/usb/devices/1-1/authorized", "1\n", 2);
	(void)usb_guard_look(&m->guard);
	assert_int_equal(authorized(m, "1-1"), '0');
	machine_done(m);
	free(m);
}

/* ---- over the wire */

static void
ask_over_pipes(void **state)
{
	struct machine *m = calloc(1, sizeof(*m));
	struct usb_status *st = calloc(1, sizeof(*st));
	struct sn_link mine = { .timeout_ms = 10000 }, its = { .timeout_ms = 10000 };
	int there[2], back[2], status = -1;
	bool changed = false;
	pid_t pid;

	(void)state;
	assert_true(m != NULL && st != NULL);
	machine_new(m);
	plug(m, "1-1", KEYBOARD);
	assert_int_equal(pipe2(there, O_CLOEXEC), 0);
	assert_int_equal(pipe2(back, O_CLOEXEC), 0);
	pid = fork();
	if (pid == 0) {
		its.in = there[0];
		its.out = back[1];
		close(there[1]);
		close(back[0]);
		usb_guard_run(&m->guard, &its);
		_exit(0);
	}
	close(there[0]);
	close(back[1]);
	mine.in = back[0];
	mine.out = there[1];
	assert_int_equal(usb_status(&mine, st, &changed, NULL), SN_OK);
	assert_true(changed);
	assert_int_equal(st->n, 1);
	assert_int_equal(st->device[0].state, USB_ON);
	assert_int_equal(st->device[0].nraw, strlen(KEYBOARD) / 2);
	assert_int_equal(usb_status(&mine, st, &changed, NULL), SN_OK);
	assert_false(changed);
	assert_int_equal(usb_freeze(&mine, false, NULL), SN_OK);
	plug(m, "1-2", KEYBOARD_2);
	while (st->n < 2)
		assert_int_equal(usb_status(&mine, st, &changed, NULL), SN_OK);
	assert_true(st->frozen);
	assert_int_equal(st->device[1].state, USB_ASKED);
	assert_int_equal(usb_accept(&mine, st->device[0].id, NULL), SN_E_POLICY);
	assert_int_equal(usb_accept(&mine, 77, NULL), SN_E_POLICY);
	assert_int_equal(usb_accept(&mine, st->device[1].id, NULL), SN_OK);
	assert_int_equal(authorized(m, "1-2"), '1');
	close(mine.in);
	close(mine.out);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	machine_done(m);
	free(st);
	free(m);
}

/* No prefix and no longer form of a status is a status. */
static void
status_has_one_form(void **state)
{
	SN_CLEANUP(sn_buf_done) struct sn_buf b = { 0 };
	struct usb_status *st = calloc(2, sizeof(*st));

	(void)state;
	assert_non_null(st);
	st->generation = 7;
	st->n = 2;
	(void)snprintf(st->device[0].name, sizeof(st->device[0].name), "a stick");
	st->device[1].state = USB_ASKED;
	st->device[1].verdict.kind = USB_KEYBOARD;
	st->device[1].nraw = 3;
	usb_status_put(st, &b);
	sn_buf_u8(&b, 0);
	for (size_t n = 0; n <= b.n; n++)
		assert_int_equal(usb_status_take((struct bytes){ b.p, n }, &st[1], NULL) ==
			SN_OK,
		    n == b.n - 1);
	b.n--;
	assert_int_equal(usb_status_take(sn_buf_bytes(&b), &st[1], NULL), SN_OK);
	assert_memory_equal(&st[0], &st[1], sizeof(*st));
	free(st);
}

int
main(void)
{
	struct test_list *l = test_list_new();

	if (sn_secret_start(1U << 18, NULL) != SN_OK)
		return 1;
	for (size_t i = 0; i < SN_NITEMS(stories); i++)
		test_list_add(l, tell, &stories[i], "%s", stories[i].name);
	test_list_add(l, too_many, NULL, "more devices than the table holds");
	test_list_add(l, on_by_default, NULL, "a device that the kernel let in");
	test_list_add(l, ask_over_pipes, NULL, "status, freeze and accept over pipes");
	test_list_add(l, status_has_one_form, NULL, "a status has one form");
	return test_list_run(l, "guard");
}
