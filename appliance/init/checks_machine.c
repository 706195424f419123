/* What the laptop has: disks, memory, power, clock, TPM, protection against its devices. */
#include "appliance/init/look.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>

#include "appliance/base/text.h"

#define PCI "/sys/bus/pci/devices"
#define GROUPS "/sys/kernel/iommu_groups"
#define SUPPLIES "/sys/class/power_supply"
#define MEMORY_MIB 384	    /* a machine of 512 MiB has more */
#define MEMORY_FREE_MIB 160 /* locked memory, key derivation, the bundle */
#define BATTERY_LOW 20	    /* per cent, without mains */
#define CLOCK_YEARS 20
#define YEAR_S (365 * 86400LL)
#define CLOCKS_APART_S 5

/* ---- disks */

static enum init_state
check_disks(const struct init_machine *m, char detail[INIT_DETAIL])
{
	SN_CLEANUP(look_names_done) struct look_names l = look_names(m, "/sys/block");
	unsigned int n = 0;

	for (int i = 0; i < l.n; i++) {
		char path[300], target[PATH_MAX];

		snprintf(path, sizeof(path), "/sys/block/%s", look_name(&l, i));
		(void)look_link(m, path, target, sizeof(target));
		if (strstr(target, "/usb") == NULL)
			return look_say(detail, INIT_FAILED, "a disk that is not on USB: %.60s",
			    look_name(&l, i));
		n++;
	}
	return look_say(detail, INIT_OK, "%u, all on USB", n);
}

/* PCI classes of controllers for disks and cards that are built in. */
static bool
leads_to_a_disk(unsigned long class)
{
	return class >> 16 == 0x01 || class >> 8 == 0x0805;
}

static enum init_state
check_disk_controllers(const struct init_machine *m, char detail[INIT_DETAIL])
{
	SN_CLEANUP(look_names_done) struct look_names l = look_names(m, PCI);
	unsigned int n = 0;

	for (int i = 0; i < l.n; i++) {
		char class[16], driver[PATH_MAX];

		if (!look_attribute(m, PCI, look_name(&l, i), "class", class, sizeof(class)) ||
		    !leads_to_a_disk(strtoul(class, NULL, 16)))
			continue;
		if (look_attribute_link(m, PCI, look_name(&l, i), "driver", driver,
			sizeof(driver)))
			return look_say(detail, INIT_FAILED,
			    "%.20s, class %s, has a driver: %.40s", look_name(&l, i), class,
			    driver);
		n++;
	}
	return look_say(detail, INIT_OK, "%u internal, none has a driver", n);
}

/* ---- protection against devices */

struct groups {
	unsigned int all, identity;
	char lazy[16]; /* a group whose memory stays open for a while */
};

static struct groups
iommu_groups(const struct init_machine *m)
{
	SN_CLEANUP(look_names_done) struct look_names l = look_names(m, GROUPS);
	struct groups g = { 0 };

	for (int i = 0; i < l.n; i++) {
		char type[24];

		if (!look_attribute(m, GROUPS, look_name(&l, i), "type", type, sizeof(type)))
			continue;
		g.all++;
		g.identity += strcmp(type, "identity") == 0;
		if (strcmp(type, "DMA-FQ") == 0)
			snprintf(g.lazy, sizeof(g.lazy), "%.15s", look_name(&l, i));
	}
	return g;
}

static enum init_state
check_iommu(const struct init_machine *m, char detail[INIT_DETAIL])
{
	SN_CLEANUP(look_names_done) struct look_names l = look_names(m, "/sys/class/iommu");
	struct groups g = iommu_groups(m);

	if (l.n <= 0 &&
	    (look_exists(m, "/sys/firmware/acpi/tables/DMAR") ||
		look_exists(m, "/sys/firmware/acpi/tables/IVRS")))
		return look_say(detail, INIT_FAILED,
		    "the firmware names one, but it is not in use; look in the firmware menu");
	if (l.n <= 0)
		return look_say(detail, INIT_NOTE,
		    "none: a device on PCI or Thunderbolt could read memory");
	if (g.lazy[0] != '\0')
		return look_say(detail, INIT_FAILED, "group %s is not strict", g.lazy);
	if (g.identity > 0)
		return look_say(detail, INIT_NOTE, "%u of %u groups are not translated",
		    g.identity, g.all);
	return look_say(detail, INIT_OK, "%d units, %u groups, strict", l.n, g.all);
}

/* ---- memory */

/* A row of /proc/meminfo in MiB; 0 when it is not there. */
static unsigned long
memory_mib(const struct init_machine *m, const char *row)
{
	char text[4096];
	const char *p;

	if (!look_text(m, "/proc/meminfo", text, sizeof(text)))
		return 0;
	p = strstr(text, row);
	return p != NULL ? strtoul(p + strlen(row), NULL, 10) / 1024 : 0;
}

static enum init_state
memory_judge(unsigned long mib, unsigned long least, char detail[INIT_DETAIL])
{
	if (mib < least)
		return look_say(detail, INIT_FAILED, "%lu MiB; at least %lu are needed", mib,
		    least);
	return look_say(detail, INIT_OK, "%lu MiB", mib);
}

static enum init_state
check_memory(const struct init_machine *m, char detail[INIT_DETAIL])
{
	return memory_judge(memory_mib(m, "MemTotal:"), MEMORY_MIB, detail);
}

static enum init_state
check_free_memory(const struct init_machine *m, char detail[INIT_DETAIL])
{
	return memory_judge(memory_mib(m, "MemAvailable:"), MEMORY_FREE_MIB, detail);
}

/* ---- power */

struct power {
	unsigned int batteries;
	bool mains, known; /* known: some battery says how full it is */
	uint32_t percent;  /* of the fullest */
};

static void
power_add(const struct init_machine *m, const char *name, struct power *p)
{
	char type[16], text[24];
	uint32_t percent;

	(void)look_attribute(m, SUPPLIES, name, "type", type, sizeof(type));
	if (strcmp(type, "Battery") != 0) {
		if (look_attribute(m, SUPPLIES, name, "online", text, sizeof(text)) &&
		    strcmp(text, "0") != 0)
			p->mains = true;
		return;
	}
	if (look_attribute(m, SUPPLIES, name, "scope", text, sizeof(text)) &&
	    strcmp(text, "Device") == 0)
		return; /* of a keyboard or pointer */
	p->batteries++;
	if (look_attribute(m, SUPPLIES, name, "status", text, sizeof(text)) &&
	    (strcmp(text, "Charging") == 0 || strcmp(text, "Full") == 0 ||
		strcmp(text, "Not charging") == 0))
		p->mains = true;
	if (look_attribute(m, SUPPLIES, name, "capacity", text, sizeof(text)) &&
	    text_to_u32(text, 0, 1000, &percent, name, NULL) == SN_OK) {
		p->known = true;
		if (percent > p->percent)
			p->percent = percent;
	}
}

static enum init_state
check_power(const struct init_machine *m, char detail[INIT_DETAIL])
{
	SN_CLEANUP(look_names_done) struct look_names l = look_names(m, SUPPLIES);
	struct power p = { 0 };

	for (int i = 0; i < l.n; i++)
		power_add(m, look_name(&l, i), &p);
	if (p.batteries == 0)
		return look_say(detail, INIT_OK, "no battery: mains");
	if (p.mains)
		return look_say(detail, INIT_OK, "mains; battery %u %%", p.percent);
	if (!p.known)
		return look_say(detail, INIT_NOTE,
		    "on battery, which does not say how full it is: connect the mains");
	if (p.percent < BATTERY_LOW)
		return look_say(detail, INIT_FAILED,
		    "battery %u %%: connect the mains, start again", p.percent);
	return look_say(detail, INIT_NOTE, "on battery, %u %%: connect the mains", p.percent);
}

/* ---- time */

static int64_t
clock_of(const struct init_machine *m)
{
	struct timespec ts = { 0, 0 };

	return m->call(SYS_clock_gettime, CLOCK_REALTIME, (long)&ts, 0, 0, 0) == 0 ? ts.tv_sec
										   : 0;
}

static enum init_state
check_clock(const struct init_machine *m, char detail[INIT_DETAIL])
{
	int64_t now = clock_of(m);
	char text[TEXT_TIME_LEN + 1];

	text_from_time(now, text);
	if (now < m->build_date)
		return look_say(detail, INIT_FAILED,
		    "%s is before this image was built; set it in the firmware", text);
	if (now - m->build_date > CLOCK_YEARS * YEAR_S)
		return look_say(detail, INIT_FAILED,
		    "%s is over %d years after this image was built; set it in the firmware",
		    text, CLOCK_YEARS);
	return look_say(detail, INIT_OK, "%s", text);
}

static enum init_state
check_rtc(const struct init_machine *m, char detail[INIT_DETAIL])
{
	char text[24], name[40];
	int64_t apart;
	char *end;

	if (!look_line(m, "/sys/class/rtc/rtc0/since_epoch", text, sizeof(text)))
		return look_say(detail, INIT_FAILED,
		    "none, or its battery is empty; set the time in the firmware");
	apart = strtoll(text, &end, 10) - clock_of(m);
	if (end == text || *end != '\0' || apart > CLOCKS_APART_S || apart < -CLOCKS_APART_S)
		return look_say(detail, INIT_FAILED, "it does not agree with the clock: %s",
		    text);
	(void)look_line(m, "/sys/class/rtc/rtc0/name", name, sizeof(name));
	return look_say(detail, INIT_OK, "%s", name);
}

/* ---- TPM */

static enum init_state
check_tpm(const struct init_machine *m, char detail[INIT_DETAIL])
{
	char text[16];

	if (!look_line(m, "/sys/class/tpm/tpm0/tpm_version_major", text, sizeof(text)))
		return look_say(detail, INIT_NOTE, "no TPM: rehearsals only");
	if (strcmp(text, "2") != 0)
		return look_say(detail, INIT_NOTE, "TPM %s is too old: rehearsals only", text);
	if (!look_exists(m, "/dev/tpmrm0"))
		return look_say(detail, INIT_FAILED,
		    "the kernel does not manage this TPM: /dev/tpmrm0 is not there");
	return look_say(detail, INIT_OK, "TPM %s", text);
}

/* The transcript's register: nobody else may have used it since power-on. */
static enum init_state
check_register(const struct init_machine *m, char detail[INIT_DETAIL])
{
	char text[80];

	if (!look_exists(m, "/sys/class/tpm/tpm0/tpm_version_major"))
		return look_say(detail, INIT_NOTE, "no TPM");
	if (!look_line(m, "/sys/class/tpm/tpm0/pcr-sha256/15", text, sizeof(text)))
		return look_say(detail, INIT_FAILED,
		    "this TPM has no SHA-256 registers; switch them on in the firmware");
	if (strlen(text) != 64 || strspn(text, "0") != 64)
		return look_say(detail, INIT_FAILED,
		    "PCR 15 was used already; switch the machine off and on again");
	return look_say(detail, INIT_OK, "PCR 15 is zero");
}

const struct init_rule init_machine_rules[] = {
	{ "disks", check_disks, false },
	{ "disk controllers", check_disk_controllers, false },
	{ "iommu", check_iommu, false },
	{ "memory", check_memory, false },
	{ "free memory", check_free_memory, false },
	{ "power", check_power, false },
	{ "clock", check_clock, false },
	{ "real-time clock", check_rtc, false },
	{ "tpm", check_tpm, false },
	{ "tpm register", check_register, false },
	{ NULL, NULL, false },
};
