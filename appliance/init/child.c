#include "appliance/init/child.h"

#include <errno.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

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

int
init_child_wait(pid_t pid)
{
	int one;
	pid_t gone;

	for (;;) {
		gone = waitpid(-1, &one, 0);
		if (gone < 0 && errno == EINTR)
			continue;
		if (gone < 0 || pid < 0)
			return -1;
		if (gone == pid)
			return one;
	}
}
