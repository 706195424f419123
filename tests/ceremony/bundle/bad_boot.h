/*
 * bad_boot - a table of logs and registers that do not fit, in bundles that are otherwise
 * right.
 *
 * Owns: nothing. For tests of bundle, each a program of its own, so everything is static.
 */
#ifndef TEST_BUNDLE_BAD_BOOT_H
#define TEST_BUNDLE_BAD_BOOT_H

#include "tests/ceremony/bundle/fixture.h"

#define BOOT_EVENT(i) (RIG_LOG_HEAD + (size_t)(i) * FIX_EVENT)

static void
boot_drop(struct sn_buf *log, size_t i)
{
	memmove(log->p + BOOT_EVENT(i), log->p + BOOT_EVENT(i + 1), log->n - BOOT_EVENT(i + 1));
	log->n -= FIX_EVENT;
}

static void
boot_no_log(struct sn_buf *log, uint8_t pcr[16][32] SN_UNUSED)
{
	log->n = 0;
}

static void
boot_last_event_gone(struct sn_buf *log, uint8_t pcr[16][32] SN_UNUSED)
{
	log->n -= FIX_EVENT;
}

static void
boot_first_event_gone(struct sn_buf *log, uint8_t pcr[16][32] SN_UNUSED)
{
	boot_drop(log, 0);
}

static void
boot_events_moved(struct sn_buf *log, uint8_t pcr[16][32] SN_UNUSED)
{
	uint8_t event[FIX_EVENT];

	/* the two of PCR 9 */
	memcpy(event, log->p + BOOT_EVENT(9), sizeof(event));
	memcpy(log->p + BOOT_EVENT(9), log->p + BOOT_EVENT(10), sizeof(event));
	memcpy(log->p + BOOT_EVENT(10), event, sizeof(event));
}

static void
boot_event_twice(struct sn_buf *log, uint8_t pcr[16][32] SN_UNUSED)
{
	SN_CLEANUP(sn_buf_done) struct sn_buf copy = { 0 };

	sn_buf_put(&copy, (struct bytes){ log->p + BOOT_EVENT(7), FIX_EVENT });
	sn_buf_put(log, sn_buf_bytes(&copy));
}

static void
boot_digest_changed(struct sn_buf *log, uint8_t pcr[16][32] SN_UNUSED)
{
	log->p[BOOT_EVENT(6) + 20] ^= 1;
}

static void
boot_other_register(struct sn_buf *log, uint8_t pcr[16][32] SN_UNUSED)
{
	log->p[BOOT_EVENT(7)] = 12;
}

static void
boot_not_extended(struct sn_buf *log, uint8_t pcr[16][32] SN_UNUSED)
{
	rig_set(log, BOOT_EVENT(7) + 4, EVENTLOG_NO_ACTION, 4);
}

static void
boot_event_for_transcript(struct sn_buf *log, uint8_t pcr[16][32] SN_UNUSED)
{
	uint8_t digest[32];

	fix_measure("a record", digest);
	fix_event(log, 15, FIX_EV_IPL, false, digest);
}

static void
boot_log_cut(struct sn_buf *log, uint8_t pcr[16][32] SN_UNUSED)
{
	log->n--;
}

static void
boot_register_changed(struct sn_buf *log SN_UNUSED, uint8_t pcr[16][32])
{
	pcr[4][31] ^= 1;
}

static void
boot_unused_register(struct sn_buf *log SN_UNUSED, uint8_t pcr[16][32])
{
	pcr[10][0] = 1;
}

static void
boot_reset_register(struct sn_buf *log SN_UNUSED, uint8_t pcr[16][32])
{
	memset(pcr[14], 0xff, 32);
}

static void
boot_of_another_boot(struct sn_buf *log, uint8_t pcr[16][32] SN_UNUSED)
{
	uint8_t other[16][32];

	log->n = 0;
	fix_boot(true, log, other);
}

static void
boot_software_registers(struct sn_buf *log SN_UNUSED, uint8_t pcr[16][32])
{
	pcr[0][0] = 1;
}

static void
boot_software_log(struct sn_buf *log, uint8_t pcr[16][32] SN_UNUSED)
{
	uint8_t other[16][32];

	fix_boot(false, log, other);
}

struct boot_row {
	const char *name;
	struct fix_bundle make;
	enum sn_err want;
	const char *says;
};

#define BOOT_LOG "evidence/eventlog: "

static const struct boot_row boot_rows[] = {
	{ "as it is", { 0 }, SN_OK, "" },
	{ "Secure Boot", { .secure_boot = true }, SN_OK, "" },
	{ "no log", { .boot = boot_no_log }, SN_OK, "" },
	{ "the last event is gone", { .boot = boot_last_event_gone }, SN_E_SIGNATURE,
	    BOOT_LOG },
	{ "the first event is gone", { .boot = boot_first_event_gone }, SN_E_SIGNATURE,
	    BOOT_LOG },
	{ "two events moved", { .boot = boot_events_moved }, SN_E_SIGNATURE, BOOT_LOG },
	{ "an event twice", { .boot = boot_event_twice }, SN_E_SIGNATURE, BOOT_LOG },
	{ "another digest", { .boot = boot_digest_changed }, SN_E_SIGNATURE, BOOT_LOG },
	{ "another register", { .boot = boot_other_register }, SN_E_SIGNATURE, BOOT_LOG },
	{ "an event that says it was not extended", { .boot = boot_not_extended },
	    SN_E_SIGNATURE, BOOT_LOG },
	{ "an event in PCR 15", { .boot = boot_event_for_transcript }, SN_E_SIGNATURE,
	    BOOT_LOG "an event in PCR 15" },
	{ "cut", { .boot = boot_log_cut }, SN_E_FORMAT, BOOT_LOG },
	{ "a register is another", { .boot = boot_register_changed }, SN_E_SIGNATURE, "PCR 4" },
	{ "a register without events is not zero", { .boot = boot_unused_register },
	    SN_E_SIGNATURE, "PCR 10" },
	{ "a register without events is all ones", { .boot = boot_reset_register },
	    SN_E_SIGNATURE, "PCR 14" },
	{ "the log of another boot", { .boot = boot_of_another_boot }, SN_E_SIGNATURE,
	    BOOT_LOG },
	{ "a software TPM", { .software = true }, SN_OK, "" },
	{ "a software TPM that measured", { .software = true, .boot = boot_software_registers },
	    SN_E_SIGNATURE, "PCR 0 of a software TPM" },
	{ "a software TPM with a log", { .software = true, .boot = boot_software_log },
	    SN_E_SIGNATURE, BOOT_LOG },
};

#endif
