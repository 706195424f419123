#include "appliance/measure/bootlog.h"

#include <string.h>

#define EV_HCRTM 0x80000010U
#define PCR_PROGRAMS 4
#define PCR_POLICY 7
#define PCR_TRANSCRIPT 15

/*
 * The variable SecureBoot as firmware measures it [TCG PFP 10.4.2], SHA-256 of
 * UEFI_VARIABLE_DATA: the global GUID, u64 10, u64 1, L"SecureBoot", 0 or 1. Digests are
 * compared, not an event's text: only they went into the register.
 */
static const struct secure_row {
	enum bootlog_secure is;
	uint8_t sha256[32];
} secure_rows[] = {
	{ BOOTLOG_OFF,
	    { 0x11, 0x5a, 0xa8, 0x27, 0xdb, 0xcc, 0xfb, 0x44, 0xd2, 0x16, 0xad, 0x9e, 0xcf,
		0xda, 0x56, 0xbd, 0xea, 0x62, 0x0b, 0x86, 0x0a, 0x94, 0xbe, 0xd5, 0xb7, 0xa2,
		0x7b, 0xba, 0x1c, 0x4d, 0x02, 0xd8 } },
	{ BOOTLOG_ON,
	    { 0xcc, 0xfc, 0x4b, 0xb3, 0x28, 0x88, 0xa3, 0x45, 0xbc, 0x8a, 0xea, 0xda, 0xba,
		0x55, 0x2b, 0x62, 0x7d, 0x99, 0x34, 0x8c, 0x76, 0x76, 0x81, 0xab, 0x31, 0x41,
		0xf5, 0xb0, 0x1e, 0x40, 0xa4, 0x0e } },
};

/* [TCG PFP 10.4.5.3]; the parser has checked that it comes before what is extended */
static bool
sets_locality(const struct eventlog_event *e)
{
	static const char signature[] = "StartupLocality";

	if (e->pcr != 0)
		return false;
	if (e->type == EV_HCRTM)
		return true;
	return e->type == EVENTLOG_NO_ACTION && e->data.n > sizeof(signature) &&
	    memcmp(e->data.p, signature, sizeof(signature)) == 0 &&
	    e->data.p[sizeof(signature)] != 0;
}

/* The first word counts: firmware measures the variable before all others. */
static void
see_policy(const struct eventlog_event *e, struct bootlog *b)
{
	if (e->pcr != PCR_POLICY || b->secure_boot != BOOTLOG_UNSAID)
		return;
	for (size_t i = 0; i < SN_NITEMS(secure_rows); i++)
		if (memcmp(e->sha256, secure_rows[i].sha256, 32) == 0)
			b->secure_boot = secure_rows[i].is;
}

enum sn_err
bootlog_read(struct bytes bytes, struct bootlog *ret, struct sn_why *why)
{
	struct bootlog b = { 0 };
	struct eventlog log;
	bool end;

	SN_TRY(eventlog_open(bytes, &log, why));
	for (;;) {
		struct eventlog_event e;

		SN_TRY(eventlog_next(&log, &e, &end, why));
		if (end)
			break;
		b.locality = b.locality || sets_locality(&e);
		if (e.type == EVENTLOG_NO_ACTION)
			continue;
		b.events++;
		b.programs += e.pcr == PCR_PROGRAMS && e.type == EVENTLOG_APPLICATION;
		b.transcript += e.pcr == PCR_TRANSCRIPT;
		see_policy(&e, &b);
	}
	*ret = b;
	return SN_OK;
}

enum sn_err
bootlog_program(struct bytes bytes, const uint8_t digest[32], bool *ret, struct sn_why *why)
{
	struct eventlog log;
	bool end, found = false;

	SN_TRY(eventlog_open(bytes, &log, why));
	for (;;) {
		struct eventlog_event e;

		SN_TRY(eventlog_next(&log, &e, &end, why));
		if (end)
			break;
		found = found ||
		    (e.pcr == PCR_PROGRAMS && e.type == EVENTLOG_APPLICATION &&
			memcmp(e.sha256, digest, 32) == 0);
	}
	*ret = found;
	return SN_OK;
}
