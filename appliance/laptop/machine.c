/* The laptop itself: maker, firmware, processor, memory, clock, power. */
#include <stdio.h>
#include <string.h>

#include "appliance/base/text.h"
#include "appliance/laptop/report.h"

#define DMI "/sys/class/dmi/id/"
#define EFIVARS "/sys/firmware/efi/efivars/"
#define GLOBAL "-8be4df61-93ca-11d2-aa0d-00e098032b8c" /* [UEFI 3.3] */
#define SECURITY "-d719b2cb-3d3a-4596-a3bc-dad00e67656f"
#define ATTRIBUTES 4 /* bytes that efivarfs puts before a variable */
#define VARIABLE_MAX (256U << 10)
#define CPUINFO_MAX (1U << 20)
#define MEMINFO_MAX 16384
#define VALUE_MAX 160
#define NS_PER_S 1000000000LL
#define DRIFT_MAX_NS (NS_PER_S / 20) /* over RTC_SECONDS: no clock chip is so bad */

/* ---- the laptop */

void
laptop_put_machine(struct laptop *l)
{
	static const struct {
		const char *name, *file;
	} rows[] = {
		{ "Maker", DMI "sys_vendor" },
		{ "Model", DMI "product_name" },
		{ "Version", DMI "product_version" },
		{ "Board", DMI "board_name" },
		{ "Firmware", DMI "bios_vendor" },
		{ "  version", DMI "bios_version" },
		{ "  date", DMI "bios_date" },
	};
	char text[VALUE_MAX];

	for (size_t i = 0; i < SN_NITEMS(rows); i++) {
		(void)look_line(l->m, rows[i].file, text, sizeof(text));
		sheet_item(&l->body, rows[i].name, "%s",
		    text[0] != '\0' ? text : "does not say");
	}
}

/* ---- UEFI */

static void
put_switch(struct laptop *l, const char *name, struct bytes value)
{
	static const char *const words[] = { "off", "on" };

	if (value.n != 1 || value.p[0] > 1)
		sheet_item(&l->body, name, "unknown");
	else
		sheet_item(&l->body, name, "%s", words[value.p[0]]);
}

static void
put_key_list(struct laptop *l, const char *name, struct bytes value)
{
	char hex[65];

	laptop_sha256(value, hex);
	sheet_item(&l->body, name, "%zu bytes, SHA-256 %s", value.n, hex);
}

void
laptop_put_uefi(struct laptop *l)
{
	static const struct {
		const char *name, *file;
		void (*put)(struct laptop *l, const char *name, struct bytes value);
	} rows[] = {
		{ "Secure Boot", EFIVARS "SecureBoot" GLOBAL, put_switch },
		{ "Setup mode", EFIVARS "SetupMode" GLOBAL, put_switch },
		{ "PK", EFIVARS "PK" GLOBAL, put_key_list },
		{ "KEK", EFIVARS "KEK" GLOBAL, put_key_list },
		{ "db", EFIVARS "db" SECURITY, put_key_list },
		{ "dbx", EFIVARS "dbx" SECURITY, put_key_list },
	};
	char bits[16];

	if (!look_line(l->m, "/sys/firmware/efi/fw_platform_size", bits, sizeof(bits))) {
		sheet_item(&l->body, "UEFI", "not there");
		laptop_say(l, LAPTOP_UNFIT, "the machine was not started by UEFI");
		return;
	}
	sheet_item(&l->body, "UEFI", "%s bits", bits);
	for (size_t i = 0; i < SN_NITEMS(rows); i++) {
		SN_CLEANUP(sn_buf_done) struct sn_buf b =
		    laptop_file(l, rows[i].file, VARIABLE_MAX);

		if (b.n <= ATTRIBUTES)
			sheet_item(&l->body, rows[i].name, "not there");
		else
			rows[i].put(l, rows[i].name,
			    (struct bytes){ b.p + ATTRIBUTES, b.n - ATTRIBUTES });
	}
}

/* ---- processor and memory */

/* The value of "NAME<blanks>: value" of the first such line; "" when there is none. */
static void
field(const char *text, const char *name, char *ret, size_t max)
{
	size_t n = strlen(name);

	ret[0] = '\0';
	for (const char *s = text; s != NULL; s = strchr(s, '\n')) {
		s += *s == '\n';
		if (strncmp(s, name, n) != 0 || s[n + strspn(s + n, " \t")] != ':')
			continue;
		s += n + strspn(s + n, " \t") + 1;
		s += strspn(s, " \t");
		snprintf(ret, max, "%.*s", (int)strcspn(s, "\n"), s);
		return;
	}
}

static bool
has_flag(const char *flags, const char *flag)
{
	size_t n = strlen(flag);

	for (const char *s = flags; (s = strstr(s, flag)) != NULL; s += n)
		if ((s == flags || s[-1] == ' ') && (s[n] == ' ' || s[n] == '\0'))
			return true;
	return false;
}

static const char *
yes_no(bool yes)
{
	return yes ? "yes" : "no";
}

void
laptop_put_processor(struct laptop *l)
{
	SN_CLEANUP(sn_buf_done) struct sn_buf b = laptop_file(l, "/proc/cpuinfo", CPUINFO_MAX);
	SN_CLEANUP(look_names_done) struct look_names iommu =
	    look_names(l->m, "/sys/class/iommu");
	const char *text = sn_buf_cstr(&b);
	char model[VALUE_MAX], flags[8192], microcode[32];
	unsigned int processors = 0;

	for (const char *s = text; (s = strstr(s, "processor")) != NULL; s++)
		processors += s == text || s[-1] == '\n';
	field(text, "model name", model, sizeof(model));
	field(text, "flags", flags, sizeof(flags));
	field(text, "microcode", microcode, sizeof(microcode));
	sheet_item(&l->body, "Model", "%s, %u processors, microcode %s",
	    model[0] != '\0' ? model : "does not say", processors,
	    microcode[0] != '\0' ? microcode : "unknown");
	sheet_item(&l->body, "Random", "RDRAND %s, RDSEED %s",
	    yes_no(has_flag(flags, "rdrand")), yes_no(has_flag(flags, "rdseed")));
	sheet_item(&l->body, "Encryption",
	    "of memory: TME %s, SME %s (the processor can; "
	    "whether it does is the firmware's choice)",
	    yes_no(has_flag(flags, "tme")), yes_no(has_flag(flags, "sme")));
	if (iommu.n > 0)
		sheet_item(&l->body, "IOMMU", "there (%d)", iommu.n);
	else
		sheet_item(&l->body, "IOMMU", "none");
	if (has_flag(flags, "hypervisor")) {
		sheet_item(&l->body, "Machine", "virtual");
		laptop_say(l, LAPTOP_REHEARSAL,
		    "this is a virtual machine: whoever runs it sees all that happens inside");
	}
}

/* "NAME: 123 kB" of /proc/meminfo. */
static bool
mebibytes(const char *text, const char *name, uint32_t *ret)
{
	char value[32];
	uint32_t kib;

	field(text, name, value, sizeof(value));
	value[strcspn(value, " ")] = '\0';
	if (text_to_u32(value, 0, UINT32_MAX, &kib, name, NULL) != SN_OK)
		return false;
	*ret = kib / 1024;
	return true;
}

void
laptop_put_memory(struct laptop *l)
{
	SN_CLEANUP(sn_buf_done) struct sn_buf b = laptop_file(l, "/proc/meminfo", MEMINFO_MAX);
	uint32_t all, left;

	if (!mebibytes(sn_buf_cstr(&b), "MemTotal", &all) ||
	    !mebibytes(sn_buf_cstr(&b), "MemAvailable", &left) || left > all)
		sheet_item(&l->body, "Memory", "unknown");
	else
		sheet_item(&l->body, "Memory", "%u MiB for the system, %u MiB in use now", all,
		    all - left);
}

/* ---- power and clock */

void
laptop_put_power(struct laptop *l)
{
	static const char folder[] = "/sys/class/power_supply";
	SN_CLEANUP(look_names_done) struct look_names names = look_names(l->m, folder);

	for (int i = 0; i < names.n; i++) {
		const char *name = look_name(&names, i);
		char type[24], online[8], status[24], percent[8];

		(void)look_attribute(l->m, folder, name, "type", type, sizeof(type));
		if (look_attribute(l->m, folder, name, "online", online, sizeof(online))) {
			sheet_item(&l->body, type, "%s: %s", name,
			    strcmp(online, "1") == 0 ? "connected" : "not connected");
			continue;
		}
		(void)look_attribute(l->m, folder, name, "status", status, sizeof(status));
		(void)look_attribute(l->m, folder, name, "capacity", percent, sizeof(percent));
		sheet_item(&l->body, type[0] != '\0' ? "Battery" : "Supply", "%s: %s, %s %%",
		    name, status[0] != '\0' ? status : "unknown",
		    percent[0] != '\0' ? percent : "?");
	}
	if (names.n <= 0)
		sheet_item(&l->body, "Supply", "no battery and no adapter that it knows of");
}

/* Whether there is one, and whether its time can be true, the self-tests judge. */
void
laptop_put_clock(struct laptop *l)
{
	const struct laptop_live *v = l->live;
	const int64_t off = v->rtc_ns - v->rtc_seconds * NS_PER_S;
	char name[VALUE_MAX], now[TEXT_TIME_LEN + 1], built[TEXT_TIME_LEN + 1];

	text_from_time(v->now, now);
	text_from_time(v->build_date, built);
	if (!look_line(l->m, "/sys/class/rtc/rtc0/name", name, sizeof(name))) {
		sheet_item(&l->body, "Chip", "none");
		return;
	}
	sheet_item(&l->body, "Chip", "%s", name);
	sheet_item(&l->body, "It says", "%s", now);
	sheet_item(&l->body, "Image", "built %s, which is %s", built,
	    v->now < v->build_date ? "LATER than that" : "earlier, as it must be");
	if (v->rtc_seconds == 0) {
		sheet_item(&l->body, "Drift", "the clock chip stands still");
		laptop_say(l, LAPTOP_UNFIT, "the clock chip stands still");
		return;
	}
	sheet_item(&l->body, "Drift",
	    "%lld s by the chip are %lld.%03lld s by the processor; only gross faults show in "
	    "so short a time",
	    (long long)v->rtc_seconds, (long long)(v->rtc_ns / NS_PER_S),
	    (long long)(v->rtc_ns % NS_PER_S / 1000000));
	if (off > DRIFT_MAX_NS * v->rtc_seconds || off < -DRIFT_MAX_NS * v->rtc_seconds)
		laptop_say(l, LAPTOP_NOTE, "the clock chip and the processor disagree");
}
