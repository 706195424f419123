/* What the kernel cannot do, and what it does with memory. */
#include "appliance/init/look.h"

#include <stdio.h>
#include <string.h>

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
		"/dev/mem", "/dev/kmem", "/dev/port", "/dev/fb0", "/sys/kernel/debug/tracing" };

	for (size_t i = 0; i < SN_NITEMS(windows); i++)
		if (look_exists(m, windows[i]))
			return look_say(detail, INIT_FAILED, "%s is there", windows[i]);
	return look_say(detail, INIT_OK, "no window into memory, no swap");
}

static enum init_state
check_command_line(const struct init_machine *m, char detail[INIT_DETAIL])
{
	static const char *const words[] = { "init_on_alloc=1", "init_on_free=1",
		"lockdown=confidentiality", "iommu.strict=1" };
	char text[2048], padded[2052];

	(void)look_line(m, "/proc/cmdline", text, sizeof(text));
	snprintf(padded, sizeof(padded), " %s ", text);
	for (size_t i = 0; i < SN_NITEMS(words); i++) {
		char word[40];

		snprintf(word, sizeof(word), " %s ", words[i]);
		if (strstr(padded, word) == NULL)
			return look_say(detail, INIT_FAILED,
			    "the kernel was started without %s", words[i]);
	}
	return look_say(detail, INIT_OK, "freed memory is wiped");
}

const struct init_rule init_kernel_rules[] = {
	{ "modules", check_modules, false },
	{ "lockdown", check_lockdown, false },
	{ "memory windows", check_memory_windows, false },
	{ "memory wiping", check_command_line, false },
	{ NULL, NULL, false },
};
