#include "appliance/init/init.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/reboot.h>
#include <sys/wait.h>
#include <unistd.h>

#include "appliance/init/checks.h"
#include "appliance/init/console.h"
#include "appliance/init/setup.h"
#include "appliance/usb/usb.h"

#define CRASH_SECONDS 60

static _Noreturn void
power_off(struct consoles *cs)
{
	console_clear(cs);
	console_print(cs, "Wiped. The machine switches itself off.");
	sync();
	(void)reboot(RB_POWER_OFF);
	console_print(cs, "It did not: switch it off by its power button.");
	for (;;)
		pause();
}

/* One reason on every console, time to read it, off. */
static _Noreturn void
refuse(struct consoles *cs, const char *what, const char *detail)
{
	char line[SN_WHY_MAX + 80];

	snprintf(line, sizeof(line), "%s: %s", what, detail);
	console_print(cs, line);
	console_print(cs, "Nothing was made. Press Enter to switch the machine off.");
	(void)console_wait_enter(cs, 0);
	power_off(cs);
}

static void
show_failed_checks(const struct consoles *cs, const struct init_facts *facts)
{
	char line[256];

	console_print(cs, "This machine must not be used for a ceremony:");
	for (size_t i = 0; i < facts->nchecks; i++)
		if (facts->check[i].state == INIT_FAILED) {
			snprintf(line, sizeof(line), "  %s: %s", facts->check[i].name,
			    facts->check[i].detail);
			console_print(cs, line);
		}
}

/* Keyboards and what is refused, as they come; what people see here is what is used. */
static void
show_usb(struct consoles *cs, struct sn_link *guard, struct usb_status *st)
{
	static uint32_t shown;
	struct sn_why why = { 0 };
	char line[USB_LINE_MAX];
	bool changed = false;

	if (usb_status(guard, st, &changed, &why) != SN_OK)
		refuse(cs, "USB guard", why.text);
	for (size_t i = 0; i < st->n; i++) {
		const struct usb_device *d = &st->device[i];
		enum usb_kind kind = d->verdict.kind;

		if (d->id <= shown)
			continue;
		shown = d->id;
		if (kind != USB_KEYBOARD && kind != USB_REFUSED)
			continue;
		usb_say(d, line);
		line[79] = '\0';
		console_print(cs, line);
	}
}

static struct console *
choose(struct consoles *cs, struct init_facts *facts)
{
	char line[96];
	struct console *c = NULL;
	size_t notes = 0;
	struct usb_status usb = { 0 };
	struct sn_why why = { 0 };

	for (size_t i = 0; i < facts->nchecks; i++)
		notes += facts->check[i].state == INIT_NOTE;
	snprintf(line, sizeof(line),
	    "%zu self-tests passed, %zu notes. This machine has no network.",
	    facts->nchecks - notes, notes);
	console_print(cs, "Cornerstone\n");
	console_print(cs, line);
	for (size_t i = 0; i < facts->nchecks; i++)
		if (facts->check[i].state == INIT_NOTE) {
			snprintf(line, sizeof(line), "  %-20s %.56s", facts->check[i].name,
			    facts->check[i].detail);
			console_print(cs, line);
		}
	console_print(cs, "\nPress Enter on the console to use.");
	while (c == NULL) {
		show_usb(cs, &facts->usb, &usb);
		c = console_wait_enter(cs, 1);
	}
	if (usb_freeze(&facts->usb, c->serial, &why) != SN_OK)
		refuse(cs, "USB guard", why.text);
	console_clear(cs);
	for (size_t i = 0; i < CONSOLES; i++)
		if (&cs->c[i] != c && cs->c[i].fd >= 0) {
			struct consoles other = { { { .fd = cs->c[i].fd }, { .fd = -1 } } };

			console_print(&other,
			    "The ceremony is held on the other console. "
			    "Nothing is read from this one.");
		}
	return c;
}

static void
child_signals(void)
{
	sigset_t none;

	for (int i = 1; i < NSIG; i++)
		(void)signal(i, SIG_DFL);
	sigemptyset(&none);
	(void)sigprocmask(SIG_SETMASK, &none, NULL);
}

/* Run the ceremony in a child; its wait status. Others that end are reaped on the way. */
static int
run(const struct init_ops *ops, const struct console *c, struct init_facts *facts)
{
	int status = -1, one;
	pid_t pid = fork(), gone;

	if (pid == 0) {
		child_signals();
		_exit(console_become(c, &facts->usb) ? ops->ceremony(facts, ops->arg) : 126);
	}
	/* the guard ends with the ceremony */
	(void)close(facts->usb.in);
	(void)close(facts->usb.out);
	for (;;) {
		gone = waitpid(-1, &one, 0);
		if (gone < 0 && errno == EINTR)
			continue;
		if (gone < 0 || pid < 0)
			return status;
		if (gone == pid)
			return one;
	}
}

/* Nobody but PID 1 is left afterwards, so nobody holds memory, pipes or sticks. */
static void
end_everybody(void)
{
	(void)kill(-1, SIGKILL);
	while (waitpid(-1, NULL, 0) > 0 || errno == EINTR)
		continue;
}

static bool
self_test(const struct init_ops *ops, struct init_facts *ret)
{
	const struct init_machine m = init_this_machine(ops);
	struct init_list lists[INIT_LISTS_MAX];

	return init_check_all(&m, lists, init_lists(ops, lists, SN_NITEMS(lists)), ret);
}

/* As early as can be: no key is heard before it has authorised the keyboard. */
static enum sn_err
start_guard(struct init_facts *facts, struct sn_why *why)
{
	struct sn_child guard;

	SN_TRY(usb_guard_start("/proc/self/exe", &guard, why));
	facts->usb = guard.link;
	return SN_OK;
}

_Noreturn void
init_main(const struct init_ops *ops)
{
	struct consoles cs = { 0 };
	struct init_facts facts = { 0 };
	struct sn_why why = { 0 };
	sigset_t all;
	struct console *c;
	bool ready;
	int status;

	sigfillset(&all);
	(void)sigprocmask(SIG_SETMASK, &all, NULL);
	ready = init_setup(&why) == SN_OK && start_guard(&facts, &why) == SN_OK;
	if (!console_open(&cs))
		power_off(&cs);
	if (!ready)
		refuse(&cs, "The machine could not be set up", why.text);
	if (!self_test(ops, &facts)) {
		show_failed_checks(&cs, &facts);
		refuse(&cs, "Self-test", "failed");
	}
	c = choose(&cs, &facts);
	facts.console = c->name;
	status = run(ops, c, &facts);
	end_everybody();
	init_putaway();
	console_clear(&cs);
	if (status == -1 || WIFSIGNALED(status)) {
		console_print(&cs,
		    "The ceremony broke off; what it held is wiped. Start again.");
		(void)console_wait_enter(&cs, CRASH_SECONDS);
	}
	power_off(&cs);
}
