/*
 * fixture_boot - the boot of a laptop as its firmware logs it, and the registers after it.
 *
 * Owns: nothing. Only for the fixture and its tests, so everything is static.
 */
#ifndef TEST_BUNDLE_FIXTURE_BOOT_H
#define TEST_BUNDLE_FIXTURE_BOOT_H

#include "appliance/measure/eventlog.h"
#include "tests/ceremony/bundle/fixture_options.h"
#include "tests/lib/measure.h"

#define FIX_EV_VARIABLE 0x80000001U
#define FIX_EV_TAG 0x00000006U
#define FIX_EV_IPL 0x0000000dU

/* The digest of what one event is about, of its name alone. */
static void
fix_measure(const char *name, uint8_t ret[32])
{
	FIX_OK(cry_digest(CRY_SHA256, bytes_str(name), ret, why));
}

#define FIX_EVENT_DATA 53 /* as much as the variable SecureBoot is */
#define FIX_EVENT (4 + 4 + 4 + 2 + 32 + 4 + FIX_EVENT_DATA)

/* What firmware measures of SecureBoot when it is off, or on. */
static void
fix_secure_boot(bool on, struct sn_buf *ret)
{
	const size_t before = ret->n;
	static const uint8_t guid[16] = { 0x61, 0xdf, 0xe4, 0x8b, 0xca, 0x93, 0xd2, 0x11, 0xaa,
		0x0d, 0x00, 0xe0, 0x98, 0x03, 0x2b, 0x8c };

	sn_buf_put(ret, BYTES_OF(guid));
	rig_le(ret, 10, 8);
	rig_le(ret, 1, 8);
	for (const char *c = "SecureBoot"; *c != '\0'; c++)
		rig_le(ret, (uint64_t)*c, 2);
	sn_buf_u8(ret, on);
	assert_int_equal(ret->n - before, FIX_EVENT_DATA);
}

/* All are of one length, so that tests find them. */
static void
fix_event(struct sn_buf *log, uint32_t pcr, uint32_t type, bool on, const uint8_t digest[32])
{
	rig_le(log, pcr, 4);
	rig_le(log, type, 4);
	rig_le(log, 1, 4);
	rig_le(log, 0x000b, 2);
	sn_buf_put(log, (struct bytes){ digest, 32 });
	rig_le(log, FIX_EVENT_DATA, 4);
	if (type == FIX_EV_VARIABLE)
		fix_secure_boot(on, log);
	else
		rig_zeros(log, FIX_EVENT_DATA);
}

static const struct fix_event {
	uint32_t pcr, type;
	const char *what;
} fix_events[] = {
	{ 0, 8, "firmware" },
	{ 7, FIX_EV_VARIABLE, "SecureBoot" },
	{ 1, 9, "settings" },
	{ 4, 0x80000007U, "Calling EFI Application from Boot Option" },
	{ 0, RIG_SEPARATOR, "0" },
	{ 4, RIG_SEPARATOR, "0" },
	{ 4, RIG_APPLICATION, "image" },
	{ 11, FIX_EV_IPL, ".linux" },
	{ 4, RIG_APPLICATION, "kernel" }, /* Secure Boot off: through the firmware */
	{ 9, FIX_EV_TAG, "command line" },
	{ 9, FIX_EV_TAG, "initramfs" },
};

/* The log of a boot with or without Secure Boot, and what the registers hold after it. */
static void
fix_boot(bool secure, struct sn_buf *log, uint8_t pcr[16][32])
{
	uint8_t all[EVENTLOG_PCRS][32], digest[32];

	rig_log(log);
	for (size_t i = 0; i < SN_NITEMS(fix_events); i++) {
		const struct fix_event *e = &fix_events[i];

		if (secure && strcmp(e->what, "kernel") == 0)
			continue;
		fix_measure(e->what, digest);
		if (e->type == FIX_EV_VARIABLE) {
			SN_CLEANUP(sn_buf_done) struct sn_buf data = { 0 };

			fix_secure_boot(secure, &data);
			FIX_OK(cry_digest(CRY_SHA256, sn_buf_bytes(&data), digest, why));
		}
		fix_event(log, e->pcr, e->type, secure, digest);
	}
	FIX_OK(eventlog_replay(sn_buf_bytes(log), all, why));
	memcpy(pcr, all, 16 * 32);
}

#endif
