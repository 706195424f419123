#include "appliance/init/child.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "appliance/init/power.h"

static void
child_signals(void)
{
	sigset_t none;

	for (int i = 1; i < NSIG; i++)
		(void)signal(i, SIG_DFL);
	sigemptyset(&none);
	(void)sigprocmask(SIG_SETMASK, &none, NULL);
}

pid_t
init_child_start(int (*run)(const struct init_facts *facts, void *arg), void *arg,
    const struct console *c, struct init_facts *facts)
{
	pid_t pid;

	facts->console = c->name;
	pid = fork();
	if (pid == 0) {
		child_signals();
		_exit(console_become(c, &facts->usb) ? run(facts, arg) : 126);
	}
	return pid;
}

/* Until a child ends, when the button is to be obeyed: only then are signals blocked. */
static void
wait_signal(struct consoles *cs)
{
	struct pollfd p = { .fd = cs->power, .events = POLLIN };

	if (cs->off == NULL)
		return;
	(void)poll(&p, 1, -1);
	if (power_pressed(cs->power))
		cs->off(cs);
}

int
init_child_wait(pid_t pid, struct consoles *cs)
{
	int one;
	pid_t gone;

	for (;;) {
		gone = waitpid(-1, &one, cs->off != NULL ? WNOHANG : 0);
		if (gone == 0)
			wait_signal(cs);
		if (gone == 0 || (gone < 0 && errno == EINTR))
			continue;
		if (gone < 0 || pid < 0)
			return -1;
		if (gone == pid)
			return one;
	}
}
