#include "appliance/init/init.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/reboot.h>
#include <sys/wait.h>
#include <unistd.h>

#include "appliance/init/boot.h"
#include "appliance/init/checks.h"
#include "appliance/init/child.h"
#include "appliance/init/console.h"
#include "appliance/init/image.h"
#include "appliance/init/power.h"
#include "appliance/init/setup.h"
#include "appliance/init/wipe.h"
#include "appliance/usb/usb.h"

#define CRASH_SECONDS 60

/* Whatever happened: nothing that was in memory is left, and the people are told. */
static void
wipe(struct consoles *cs)
{
	struct wipe_result r;
	char line[96];

	cs->off = NULL;
	console_deafen(cs); /* who was typing goes on for a moment; nobody would wipe that */
	wipe_processes();
	(void)console_reopen(cs); /* whose terminal it was hung it up when it ended */
	console_deafen(cs);
	console_print(cs, "Overwriting the memory ...");
	r = wipe_memory();
	console_clear(cs);
	snprintf(line, sizeof(line),
	    "All processes have ended; %zu of %zu MiB of memory are %s.", r.done, r.total,
	    r.helper > 0 ? "overwritten" : "wiped");
	console_print(cs, line);
}

static _Noreturn void
power_off(struct consoles *cs)
{
	console_print(cs, "The machine switches itself off.");
	sync();
	(void)reboot(RB_POWER_OFF);
	console_print(cs, "It did not: switch it off by its power button.");
	for (;;)
		pause();
}

static _Noreturn void
end(struct consoles *cs)
{
	wipe(cs);
	power_off(cs);
}

/* Somebody pressed the power button: the same end as any other, whatever goes on. */
static void
button(struct consoles *cs)
{
	wipe(cs);
	console_print(cs, "The power button was pressed.");
	power_off(cs);
}

static void
hear_button(struct consoles *cs)
{
	int tty = -1;

	for (size_t i = 0; i < CONSOLES; i++)
		if (!cs->c[i].serial && cs->c[i].fd >= 0)
			tty = cs->c[i].fd;
	cs->power = power_open(tty);
	cs->off = cs->power >= 0 ? button : NULL;
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
	end(cs);
}

/* The first screen and its menu, until a ceremony is to be held on the console returned. */
static struct console *
choose(const struct init_ops *ops, const struct init_machine *m, struct consoles *cs,
    struct init_facts *facts, bool fit)
{
	struct boot b = { .ops = ops, .machine = m, .cs = cs, .facts = facts };
	struct sn_why why = { 0 };
	struct console *c = NULL;

	if (boot_choose(&b, &c, &why) != SN_OK)
		refuse(cs, "USB guard", why.text);
	if (!fit || c == NULL)
		end(cs);
	if (usb_freeze(&facts->usb, c->serial, &why) != SN_OK)
		refuse(cs, "USB guard", why.text);
	console_clear(cs);
	console_print_others(cs, c,
	    "The ceremony is held on the other console. Nothing is read from this one.");
	return c;
}

static int
run_ceremony(const struct init_ops *ops, struct consoles *cs, const struct console *c,
    struct init_facts *facts)
{
	pid_t pid = init_child_start(ops->ceremony, ops->arg, c, facts);

	/* the guard ends with the ceremony */
	(void)close(facts->usb.in);
	(void)close(facts->usb.out);
	return init_child_wait(pid, cs);
}

static bool
self_test(const struct init_machine *m, const struct init_ops *ops, struct init_facts *ret)
{
	struct init_list lists[INIT_LISTS_MAX];

	return init_check_all(m, lists, init_lists(ops, lists, SN_NITEMS(lists)), ret);
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
	const struct init_machine m = init_this_machine(ops);
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
	hear_button(&cs);
	if (!ready)
		refuse(&cs, "The machine could not be set up", why.text);
	init_release_read(&m, &facts.release);
	ready = self_test(&m, ops, &facts);
	init_image_find(&m, &facts.image);
	c = choose(ops, &m, &cs, &facts, ready);
	status = run_ceremony(ops, &cs, c, &facts);
	wipe(&cs);
	if (status == -1 || WIFSIGNALED(status)) {
		console_print(&cs,
		    "The ceremony broke off; what it held is gone. Start again.");
		(void)console_wait_enter(&cs, CRASH_SECONDS);
	}
	power_off(&cs);
}
