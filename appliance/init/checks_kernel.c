/* What the kernel cannot do, and how it was started. */
#include "appliance/init/look.h"

#include <errno.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>

#include "appliance/init/setup.h"

#define LOG_READ_ALL 3 /* syslog(2): SYSLOG_ACTION_READ_ALL */
#define LOG_MAX (256U << 10)
#define COMMAND_LINE_MAX 2048

static enum init_state
check_modules(const struct init_machine *m, char detail[INIT_DETAIL])
{
	if (look_exists(m, "/proc/modules"))
		return look_say(detail, INIT_FAILED, "the kernel can load modules");
	return look_say(detail, INIT_OK, "the kernel cannot load modules");
}

static enum init_state
check_lockdown(const struct init_machine *m, char detail[INIT_DETAIL])
{
	char text[96];

	if (!look_line(m, "/sys/kernel/security/lockdown", text, sizeof(text)))
		return look_say(detail, INIT_FAILED, "no lockdown");
	return look_say(detail,
	    strstr(text, "[confidentiality]") != NULL ? INIT_OK : INIT_FAILED, "%s", text);
}

static enum init_state
check_memory_windows(const struct init_machine *m, char detail[INIT_DETAIL])
{
	static const char *const windows[] = { "/proc/kcore", "/proc/vmcore", "/proc/swaps",
		"/proc/kpageflags", "/proc/kpagecount", "/proc/config.gz", "/dev/mem",
		"/dev/kmem", "/dev/port", "/dev/fb0", "/dev/cpu", "/dev/snapshot", "/dev/nvram",
		"/dev/kvm", "/dev/fuse", "/dev/loop-control", "/dev/userfaultfd", "/dev/uinput",
		"/dev/uhid", "/sys/kernel/debug", "/sys/kernel/tracing",
		"/sys/kernel/kexec_loaded" };

	for (size_t i = 0; i < SN_NITEMS(windows); i++)
		if (look_exists(m, windows[i]))
			return look_say(detail, INIT_FAILED, "%s is there", windows[i]);
	return look_say(detail, INIT_OK, "no window into memory, no swap");
}

/* Doors that this kernel does not have: each must answer "no such system call". */
static const struct door {
	long number;
	const char *name;
} doors[] = {
	{ SYS_io_uring_setup, "io_uring_setup" },
	{ SYS_userfaultfd, "userfaultfd" },
	{ SYS_bpf, "bpf" },
	{ SYS_kexec_load, "kexec_load" },
	{ SYS_kexec_file_load, "kexec_file_load" },
	{ SYS_init_module, "init_module" },
	{ SYS_finit_module, "finit_module" },
	{ SYS_process_vm_readv, "process_vm_readv" },
	{ SYS_process_vm_writev, "process_vm_writev" },
	{ SYS_swapon, "swapon" },
	{ SYS_io_setup, "io_setup" },
	{ SYS_add_key, "add_key" },
	{ SYS_request_key, "request_key" },
	{ SYS_keyctl, "keyctl" },
	{ SYS_modify_ldt, "modify_ldt" },
	{ SYS_iopl, "iopl" },
	{ SYS_ioperm, "ioperm" },
	{ SYS_kcmp, "kcmp" },
	{ SYS_shmget, "shmget" },
	{ SYS_mq_open, "mq_open" },
	{ SYS_open_by_handle_at, "open_by_handle_at" },
};

static enum init_state
check_system_calls(const struct init_machine *m, char detail[INIT_DETAIL])
{
	for (size_t i = 0; i < SN_NITEMS(doors); i++)
		if (m->call(doors[i].number, 0, 0, 0, 0, 0) != -1 || errno != ENOSYS)
			return look_say(detail, INIT_FAILED, "the kernel knows %s()",
			    doors[i].name);
	return look_say(detail, INIT_OK, "%zu of them are not there", SN_NITEMS(doors));
}

static enum init_state
check_pseudo_terminals(const struct init_machine *m, char detail[INIT_DETAIL])
{
	static const char *const names[] = { "/dev/ptmx", "/dev/pts", "/dev/ptyp0" };

	for (size_t i = 0; i < SN_NITEMS(names); i++)
		if (look_exists(m, names[i]))
			return look_say(detail, INIT_FAILED, "%s is there", names[i]);
	return look_say(detail, INIT_OK, "none");
}

static enum init_state
check_sleep(const struct init_machine *m, char detail[INIT_DETAIL])
{
	char text[96];

	if (look_exists(m, "/sys/power/disk"))
		return look_say(detail, INIT_FAILED, "the machine can write memory to disk");
	if (look_line(m, "/sys/power/state", text, sizeof(text)) && text[0] != '\0')
		return look_say(detail, INIT_FAILED, "the machine can sleep: %.40s", text);
	return look_say(detail, INIT_OK, "neither suspend nor hibernation");
}

static enum init_state
check_user_namespaces(const struct init_machine *m, char detail[INIT_DETAIL])
{
	if (m->call(SYS_unshare, CLONE_NEWUSER, 0, 0, 0, 0) != -1)
		return look_say(detail, INIT_FAILED, "a process can make its own");
	if (errno != EINVAL && errno != ENOSYS)
		return look_say(detail, INIT_FAILED, "the kernel knows them: %s",
		    strerror(errno));
	return look_say(detail, INIT_OK, "none");
}

static enum init_state
check_ptrace(const struct init_machine *m, char detail[INIT_DETAIL])
{
	if (m->call(SYS_ptrace, PTRACE_SEIZE, 1, 0, 0, 0) != -1)
		return look_say(detail, INIT_FAILED, "a process can look into another");
	if (errno != EPERM && errno != ENOSYS)
		return look_say(detail, INIT_FAILED, "not forbidden: %s", strerror(errno));
	return look_say(detail, INIT_OK, "forbidden");
}

static enum init_state
check_switches(const struct init_machine *m, char detail[INIT_DETAIL])
{
	for (size_t i = 0; i < init_nswitches; i++) {
		const struct init_switch *s = &init_switches[i];
		char text[32];

		if (!look_line(m, s->path, text, sizeof(text)))
			return look_say(detail, INIT_FAILED, "%s is not there", s->path);
		if (strcmp(text, s->value) != 0)
			return look_say(detail, INIT_FAILED, "%s is %.20s, not %s", s->path,
			    text, s->value);
	}
	return look_say(detail, INIT_OK, "%zu are as set", init_nswitches);
}

/* Bits of the kernel's own list of what went wrong [kernel: tainted-kernels]. */
#define TAINT_SOFT ((1U << 2) | (1U << 9) | (1U << 11)) /* processor, warning, firmware */

static enum init_state
check_taint(const struct init_machine *m, char detail[INIT_DETAIL])
{
	unsigned long bits;
	char text[32], *end;

	if (!look_line(m, "/proc/sys/kernel/tainted", text, sizeof(text)))
		return look_say(detail, INIT_FAILED, "the kernel does not say");
	bits = strtoul(text, &end, 10);
	if (end == text || *end != '\0' || (bits & ~(unsigned long)TAINT_SOFT) != 0)
		return look_say(detail, INIT_FAILED, "tainted: %s", text);
	if (bits != 0)
		return look_say(detail, INIT_NOTE, "the kernel warned of this machine: %s",
		    text);
	return look_say(detail, INIT_OK, "none");
}

/*
 * With Secure Boot off, firmware and boot menus can hand over a command line of their
 * own: only the one that the image was built with is accepted.
 */
static enum init_state
check_command_line(const struct init_machine *m, char detail[INIT_DETAIL])
{
	char text[COMMAND_LINE_MAX];
	size_t n;

	if (!look_line(m, "/proc/cmdline", text, sizeof(text)))
		return look_say(detail, INIT_FAILED, "the kernel does not say");
	n = strlen(text);
	while (n > 0 && text[n - 1] == ' ')
		text[--n] = '\0';
	if (strcmp(text, m->command_line) != 0) {
		size_t at = 0;

		while (text[at] != '\0' && text[at] == m->command_line[at])
			at++;
		return look_say(detail, INIT_FAILED,
		    "not the image's own; it differs from character %zu on: %.40s", at + 1,
		    text[at] != '\0' ? text + at : "(its end)");
	}
	return look_say(detail, INIT_OK, "the image's own");
}

/* The kernel's line about its wiping of memory: what is in force, not what was asked for. */
static enum init_state
wiping_said(const char *log, char detail[INIT_DETAIL])
{
	const char *line = strstr(log, "mem auto-init: ");
	char text[160];

	if (line == NULL)
		return look_say(detail, INIT_NOTE,
		    "the kernel's log has lost its beginning; the command line asks for it");
	snprintf(text, sizeof(text), "%.*s", (int)strcspn(line, "\n"), line);
	if (strstr(text, "stack:all(zero)") == NULL || strstr(text, "heap alloc:on") == NULL ||
	    strstr(text, "heap free:on") == NULL)
		return look_say(detail, INIT_FAILED, "%s", text);
	return look_say(detail, INIT_OK, "on allocation and when freed");
}

static enum init_state
check_wiping(const struct init_machine *m, char detail[INIT_DETAIL])
{
	enum init_state state;
	char *log = calloc(1, LOG_MAX + 1);
	long n;

	if (log == NULL)
		return look_say(detail, INIT_FAILED, "no memory");
	n = m->call(SYS_syslog, LOG_READ_ALL, (long)log, LOG_MAX, 0, 0);
	if (n < 0)
		state = look_say(detail, INIT_FAILED, "the kernel's log cannot be read: %s",
		    strerror(errno));
	else
		state = wiping_said(log, detail);
	free(log);
	return state;
}

const struct init_rule init_kernel_rules[] = {
	{ "modules", check_modules, false },
	{ "lockdown", check_lockdown, false },
	{ "command line", check_command_line, false },
	{ "memory windows", check_memory_windows, false },
	{ "memory wiping", check_wiping, false },
	{ "system calls", check_system_calls, false },
	{ "pseudo-terminals", check_pseudo_terminals, false },
	{ "sleep", check_sleep, false },
	{ "user namespaces", check_user_namespaces, false },
	{ "debugging", check_ptrace, false },
	{ "kernel switches", check_switches, false },
	{ "kernel taint", check_taint, false },
	{ NULL, NULL, false },
};
