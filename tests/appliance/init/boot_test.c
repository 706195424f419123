/* The first screen as people meet it: two terminals, a USB guard, and keys. */
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#include "appliance/base/file.h"
#include "appliance/init/boot.h"
#include "tests/lib/test.h"

#define WAIT_MS 20000
#define SEEN_MAX 65536
#define OFF 100 /* exit status of a boot that ended with switching off */
#define NO_GUARD 101

/* On terminal: wait for text on the screen drawn last, then do something. */
struct act {
	int terminal;
	const char *see;
	const char *type; /* or NULL */
	void (*plug)(void);
};

struct row {
	const char *name;
	bool failed; /* a self-test */
	int want;    /* the terminal chosen, or OFF */
	struct act act[8];
};

static struct usb_status *usb; /* what the guard says, shared with it */
static int master[CONSOLES];
static char *slave[CONSOLES];
static char seen[CONSOLES][SEEN_MAX];
static size_t nseen[CONSOLES];

static void
plug_keyboard(void)
{
	struct usb_device *d = &usb->device[usb->n];

	*d = (struct usb_device){ .id = (uint32_t)usb->n + 1, .state = USB_ON };
	d->verdict.kind = USB_KEYBOARD;
	snprintf(d->name, sizeof(d->name), "late keyboard %zu", usb->n);
	usb->n++;
	usb->generation++;
}

static const struct row rows[] = {
	{ "Enter on the first console", false, 0,
	    { { 0, "Press Enter on the console to use.", "\r", NULL } } },
	{ "Enter on the second console", false, 1,
	    { { 1, "Press Enter on the console to use.", "\r", NULL } } },
	{ "measurements and back", false, 0,
	    { { 0, "Press Enter on", "m\r", NULL }, { 0, "no TPM: nothing", "\r", NULL },
		{ 0, "Press Enter on", "\r", NULL } } },
	{ "a line feed behind the carriage return is the same Enter", false, 1,
	    { { 1, "Press Enter on", "m\r\n", NULL }, { 1, "no TPM: nothing", "\r\n", NULL },
		{ 1, "Press Enter on", "\r\n", NULL } } },
	{ "self-tests, all pages", false, 0,
	    { { 0, "Press Enter on", "t\r", NULL }, { 0, "Page 1 of 2", "\r", NULL },
		{ 0, "Page 2 of 2", "\r", NULL }, { 0, "Press Enter on", "\r", NULL } } },
	{ "one page on both consoles", false, 1,
	    { { 0, "Press Enter on", "u\r", NULL }, { 1, "0 USB devices", "\r", NULL },
		{ 1, "Press Enter on", "\r", NULL } } },
	{ "no such key", false, 0,
	    { { 0, "Press Enter on", "x\r", NULL }, { 0, "Press Enter on", "mm\r", NULL },
		{ 0, "Press Enter on", "a line that is much longer than any\r", NULL },
		{ 0, "Press Enter on", "\r", NULL } } },
	{ "a keyboard comes", false, 0,
	    { { 0, "Press Enter on", NULL, plug_keyboard },
		{ 0, "late keyboard 0", "\r", NULL } } },
	{ "a keyboard that nobody has seen takes the Enter back", false, 0,
	    { { 0, "Press Enter on", "\r", plug_keyboard },
		{ 0, "late keyboard 0", "\r", NULL } } },
	{ "a choice of the program, and back", false, 0,
	    { { 1, "Press Enter on", "c\r", NULL }, { 1, "chosen on serial", "y", NULL },
		{ 0, "Press Enter on", "\r", NULL } } },
	{ "a choice of the program, and off", false, OFF,
	    { { 1, "Press Enter on", "c\r", NULL }, { 1, "chosen on serial", "n", NULL } } },
	{ "a failed self-test", true, 0,
	    { { 0, "switch the machine off", "t\r", NULL }, { 0, "1 failed", "\r", NULL },
		{ 0, "Page 2", "\r", NULL }, { 0, "bad luck", "c\r", NULL },
		{ 0, "chosen on framebuffer", "y", NULL },
		{ 0, "switch the machine off", "\r", NULL } } },
};

/* ---- the other side */

static _Noreturn void
guard(struct sn_link *l)
{
	for (;;) {
		SN_CLEANUP(sn_frame_done) struct sn_frame f = { 0 };
		SN_CLEANUP(sn_buf_done) struct sn_buf reply = { 0 };
		struct bytes b;
		uint32_t known = 0;

		if (sn_frame_recv(l, false, &f, NULL) != SN_OK)
			_exit(0);
		b = sn_buf_bytes(&f.open);
		if (f.type != USB_REQ_STATUS || bytes_u32(&b, &known, "known", NULL) != SN_OK)
			_exit(1);
		if (known == usb->generation)
			sn_buf_u32(&reply, known);
		else
			usb_status_put(usb, &reply);
		if (sn_frame_send(l, f.type, 0, sn_buf_bytes(&reply), NULL) != SN_OK)
			_exit(1);
	}
}

/* Says where it runs, and ends as it is told by one key. */
static int
chosen(const struct init_facts *facts, void *arg SN_UNUSED)
{
	char c = 0;

	dprintf(STDOUT_FILENO, "chosen on %s\n", facts->console);
	return read(STDIN_FILENO, &c, 1) == 1 && c == 'y' ? 0 : 1;
}

static void
open_terminals(struct consoles *cs)
{
	static const char *const names[CONSOLES] = { "framebuffer", "serial" };

	for (size_t i = 0; i < CONSOLES; i++) {
		struct termios t;
		int fd;

		fd = open(slave[i], O_RDWR | O_NOCTTY);
		if (fd < 0 || tcgetattr(fd, &t) != 0)
			_exit(99);
		cfmakeraw(&t);
		if (tcsetattr(fd, TCSANOW, &t) != 0)
			_exit(99);
		cs->c[i] = (struct console){
			.name = names[i], .device = slave[i], .term = "linux", .fd = fd
		};
	}
}

static void
fill(struct init_facts *facts, bool failed)
{
	for (size_t i = 0; i < 22; i++) {
		struct init_check *c = &facts->check[facts->nchecks++];

		snprintf(c->name, sizeof(c->name), "test %zu", i);
		snprintf(c->detail, sizeof(c->detail), "all is well");
	}
	if (!failed)
		return;
	facts->check[3].state = INIT_FAILED;
	snprintf(facts->check[3].detail, INIT_DETAIL, "bad luck");
}

static _Noreturn void
boot(const struct row *row, struct sn_link *l)
{
	static const struct init_choice choices[] = { { 'c', "a choice", chosen } };
	const struct init_ops ops = { .choices = choices, .nchoices = 1 };
	const struct init_machine m = { .root = test_tmpdir() };
	struct init_facts *facts = calloc(1, sizeof(*facts));
	struct consoles cs = { 0 };
	struct boot b = { .ops = &ops, .machine = &m, .cs = &cs, .facts = facts };
	struct console *c = NULL;
	struct sn_why why;

	fill(facts, row->failed);
	facts->usb = *l;
	open_terminals(&cs);
	if (boot_choose(&b, &c, &why) != SN_OK)
		_exit(NO_GUARD);
	_exit(c == NULL ? OFF : (int)(c - cs.c));
}

/* ---- the people */

/* Read both terminals until the screen drawn last on one holds text. */
static void
wait_for(int terminal, const char *text)
{
	for (int left = WAIT_MS; left > 0; left -= 20) {
		const char *screen = seen[terminal], *next;

		while ((next = strstr(screen, "\033[2J")) != NULL)
			screen = next + 1;
		if (nseen[terminal] > 0 && strstr(screen, text) != NULL)
			return;
		(void)poll(NULL, 0, 20);
		for (size_t i = 0; i < CONSOLES; i++) {
			ssize_t n =
			    read(master[i], seen[i] + nseen[i], SEEN_MAX - 1 - nseen[i]);

			if (n > 0)
				nseen[i] += (size_t)n;
			seen[i][nseen[i]] = '\0';
		}
	}
	fail_msg("\"%s\" does not come; there is\n%s", text, seen[terminal]);
}

static void
make_terminals(void)
{
	for (size_t i = 0; i < CONSOLES; i++) {
		master[i] = posix_openpt(O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
		assert_true(master[i] >= 0);
		assert_int_equal(grantpt(master[i]), 0);
		assert_int_equal(unlockpt(master[i]), 0);
		slave[i] = strdup(ptsname(master[i]));
		nseen[i] = 0;
		seen[i][0] = '\0';
	}
}

static pid_t
start(const struct row *row, pid_t *ret_guard)
{
	struct sn_link here, there;
	int to[2], from[2];
	pid_t pid;

	assert_int_equal(pipe2(to, O_CLOEXEC) | pipe2(from, O_CLOEXEC), 0);
	here = (struct sn_link){ .in = from[0], .out = to[1], .timeout_ms = 5000 };
	there = (struct sn_link){ .in = to[0], .out = from[1] };
	*ret_guard = fork();
	if (*ret_guard == 0) {
		close(to[1]);
		close(from[0]);
		guard(&there);
	}
	pid = fork();
	if (pid == 0)
		boot(row, &here);
	for (int i = 0; i < 2; i++) {
		close(to[i]);
		close(from[i]);
	}
	return pid;
}

static void
test_row(void **state)
{
	const struct row *row = *state;
	pid_t guard_pid, pid;
	int status = 0;

	memset(usb, 0, sizeof(*usb));
	usb->generation = 1;
	make_terminals();
	pid = start(row, &guard_pid);
	for (size_t i = 0; i < SN_NITEMS(row->act) && row->act[i].see != NULL; i++) {
		const struct act *a = &row->act[i];

		wait_for(a->terminal, a->see);
		if (a->plug != NULL)
			a->plug();
		if (a->type == NULL)
			continue;
		for (size_t k = 0; k < CONSOLES; k++)
			nseen[k] = 0;
		assert_int_equal(write(master[a->terminal], a->type, strlen(a->type)),
		    strlen(a->type));
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), row->want);
	(void)waitpid(guard_pid, NULL, 0);
	for (size_t i = 0; i < CONSOLES; i++) {
		close(master[i]);
		free(slave[i]);
	}
}

int
main(void)
{
	struct test_list *l = test_list_new();

	usb =
	    mmap(NULL, sizeof(*usb), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (usb == MAP_FAILED)
		return 1;
	for (size_t i = 0; i < SN_NITEMS(rows); i++)
		test_list_add(l, test_row, &rows[i], "%s", rows[i].name);
	return test_list_run(l, "first screen");
}
