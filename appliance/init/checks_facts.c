/* What is only recorded: people and plan judge it. */
#include "appliance/init/look.h"

#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "appliance/base/file.h"

#define SECURE_BOOT "/sys/firmware/efi/efivars/SecureBoot-8be4df61-93ca-11d2-aa0d-00e098032b8c"
#define WEAKNESSES "/sys/devices/system/cpu/vulnerabilities"
#define CPUINFO_MAX 8192 /* the first processor's part is shorter */

/* The value of a row "name\t: value" of /proc/cpuinfo, cut; false when there is none. */
static bool
processor_row(const char *text, const char *name, char *ret, size_t max)
{
	size_t n = strlen(name);
	const char *p = text;

	ret[0] = '\0';
	for (; p != NULL && *p != '\0'; p = strchr(p, '\n'), p = p != NULL ? p + 1 : p) {
		const char *colon = strchr(p, ':');

		if (strncmp(p, name, n) != 0 || (p[n] != '\t' && p[n] != ' ') || colon == NULL)
			continue;
		colon += 1 + (colon[1] == ' ');
		snprintf(ret, max, "%.*s", (int)strcspn(colon, "\n"), colon);
		return true;
	}
	return false;
}

static bool
has_flag(const char *flags, const char *flag)
{
	size_t n = strlen(flag);

	for (const char *p = flags; (p = strstr(p, flag)) != NULL; p += n)
		if ((p == flags || p[-1] == ' ') && (p[n] == ' ' || p[n] == '\0'))
			return true;
	return false;
}

struct processor {
	char model[80], flags[4096];
};

static struct processor
processor_of(const struct init_machine *m)
{
	struct processor p;
	char text[CPUINFO_MAX];

	(void)look_text(m, "/proc/cpuinfo", text, sizeof(text));
	(void)processor_row(text, "model name", p.model, sizeof(p.model));
	(void)processor_row(text, "flags", p.flags, sizeof(p.flags));
	return p;
}

static enum init_state
fact_processor(const struct init_machine *m, char detail[INIT_DETAIL])
{
	struct processor p = processor_of(m);

	if (!has_flag(p.flags, "rdrand") && !has_flag(p.flags, "rdseed"))
		return look_say(detail, INIT_NOTE,
		    "%s; without a random source, so that one fewer is mixed in", p.model);
	return look_say(detail, INIT_OK, "%s", p.model);
}

static enum init_state
fact_virtual(const struct init_machine *m, char detail[INIT_DETAIL])
{
	struct processor p = processor_of(m);

	if (p.flags[0] == '\0')
		return look_say(detail, INIT_NOTE, "unknown");
	if (has_flag(p.flags, "hypervisor"))
		return look_say(detail, INIT_NOTE, "yes: whoever runs it sees everything");
	return look_say(detail, INIT_OK, "no");
}

static enum init_state
fact_weaknesses(const struct init_machine *m, char detail[INIT_DETAIL])
{
	SN_CLEANUP(look_names_done) struct look_names l = look_names(m, WEAKNESSES);
	unsigned int open = 0;

	detail[0] = '\0';
	for (int i = 0; i < l.n; i++) {
		char text[160], path[300];

		snprintf(path, sizeof(path), WEAKNESSES "/%s", look_name(&l, i));
		if (!look_line(m, path, text, sizeof(text)) ||
		    strstr(text, "Vulnerable") == NULL)
			continue;
		look_add(detail, "%s%s",
		    open++ > 0 ? ", " : "not mitigated: ", look_name(&l, i));
	}
	if (open > 0)
		return INIT_NOTE;
	return look_say(detail, l.n > 0 ? INIT_OK : INIT_NOTE, "%s",
	    l.n > 0 ? "mitigated" : "unknown");
}

static enum init_state
fact_threads(const struct init_machine *m, char detail[INIT_DETAIL])
{
	char active[8], control[24];

	(void)look_line(m, "/sys/devices/system/cpu/smt/active", active, sizeof(active));
	(void)look_line(m, "/sys/devices/system/cpu/smt/control", control, sizeof(control));
	return look_say(detail, INIT_OK, "%s (%s)",
	    strcmp(active, "1") == 0 ? "two on a core" : "one on a core",
	    control[0] != '\0' ? control : "unknown");
}

static enum init_state
fact_secure_boot(const struct init_machine *m, char detail[INIT_DETAIL])
{
	SN_CLEANUP(sn_buf_done) struct sn_buf v = { 0 };
	char path[PATH_MAX];

	snprintf(path, sizeof(path), "%s" SECURE_BOOT, m->root);
	if (sn_file_read(AT_FDCWD, path, 16, &v, NULL) != SN_OK || v.n != 5)
		return look_say(detail, INIT_NOTE, "unknown");
	if (v.p[4] != 1)
		return look_say(detail, INIT_NOTE, "off");
	return look_say(detail, INIT_OK, "on");
}

/* The image's own word on how it was built: VARIANT_ID=locked, or =unlocked. */
static enum init_state
fact_image(const struct init_machine *m, char detail[INIT_DETAIL])
{
	char text[2048], variant[40] = "", *rest = text, *line;

	(void)look_text(m, "/etc/os-release", text, sizeof(text));
	while ((line = strsep(&rest, "\n")) != NULL)
		if (strncmp(line, "VARIANT_ID=", 11) == 0)
			snprintf(variant, sizeof(variant), "%s", line + 11);
	if (variant[0] == '\0')
		return look_say(detail, INIT_NOTE, "does not say how it was built");
	if (strcmp(variant, "locked") != 0)
		return look_say(detail, INIT_NOTE, "%s: not all packages are the locked ones",
		    variant);
	return look_say(detail, INIT_OK, "%s", variant);
}

static enum init_state
fact_machine(const struct init_machine *m, char detail[INIT_DETAIL])
{
	char vendor[48], product[48];

	(void)look_line(m, "/sys/class/dmi/id/sys_vendor", vendor, sizeof(vendor));
	(void)look_line(m, "/sys/class/dmi/id/product_name", product, sizeof(product));
	return look_say(detail, INIT_OK, "%s %s", vendor, product);
}

const struct init_rule init_fact_rules[] = {
	{ "machine", fact_machine, true },
	{ "processor", fact_processor, true },
	{ "threads", fact_threads, true },
	{ "processor faults", fact_weaknesses, true },
	{ "virtual machine", fact_virtual, true },
	{ "secure boot", fact_secure_boot, true },
	{ "image", fact_image, true },
	{ NULL, NULL, false },
};
