#include "appliance/measure/eventlog.h"

#include <string.h>

#include "appliance/measure/measure.h"

#define SHA256_ID 0x000b
#define SHA1_LEN 20
#define DIGEST_MAX 64
#define STARTUP_SIGNATURE "StartupLocality"
#define HCRTM 0x80000010U
#define HCRTM_TEXT "HCRTM"
#define HCRTM_LOCALITY 4
#define IMAGE_PCR 4

/* Lengths of digests [TCG Algorithm Registry 6.10]; other algorithms may have any. */
static const struct bank_row {
	uint16_t id, len;
} banks[] = {
	{ 0x0004, SHA1_LEN },
	{ SHA256_ID, 32 },
	{ 0x000c, 48 },
	{ 0x000d, 64 },
	{ 0x0012, 32 },
	{ 0x0027, 32 },
	{ 0x0028, 48 },
	{ 0x0029, 64 },
};

static bool
bank_len_ok(uint16_t id, uint16_t len)
{
	for (size_t i = 0; i < SN_NITEMS(banks); i++)
		if (banks[i].id == id)
			return banks[i].len == len;
	return len > 0 && len <= DIGEST_MAX;
}

/* TCG_EfiSpecIdEvent, the body of the first event: the banks and their lengths. */
static enum sn_err
spec_id(struct bytes b, struct eventlog *log, struct sn_why *why)
{
	struct bytes field;
	uint32_t n;
	bool sha256 = false;
	uint8_t vendor;

	SN_TRY(bytes_take(&b, 16, &field, "event log: signature", why));
	if (memcmp(field.p, "Spec ID Event03", 16) != 0)
		return sn_fail(why, SN_E_FORMAT, "event log: not in the crypto-agile form");
	SN_TRY(bytes_take(&b, 8, &field, "event log: version", why));
	SN_TRY(bytes_le32(&b, &n, "event log: banks", why));
	if (n == 0 || n > EVENTLOG_BANKS_MAX)
		return sn_fail(why, SN_E_LIMIT, "event log: %u banks", n);
	for (log->nbanks = 0; log->nbanks < n; log->nbanks++) {
		uint16_t *len = &log->bank_len[log->nbanks], *id = &log->bank[log->nbanks];

		SN_TRY(bytes_le16(&b, id, "event log: bank", why));
		SN_TRY(bytes_le16(&b, len, "event log: bank", why));
		if (!bank_len_ok(*id, *len))
			return sn_fail(why, SN_E_FORMAT, "event log: bank %#x of %u bytes", *id,
			    *len);
		for (size_t i = 0; i < log->nbanks; i++)
			if (log->bank[i] == *id)
				return sn_fail(why, SN_E_FORMAT,
				    "event log: bank %#x is named twice", *id);
		sha256 = sha256 || *id == SHA256_ID;
	}
	SN_TRY(bytes_u8(&b, &vendor, "event log: vendor", why));
	SN_TRY(bytes_take(&b, vendor, &field, "event log: vendor", why));
	if (!sha256)
		return sn_fail(why, SN_E_FORMAT, "event log: no SHA-256 bank");
	return bytes_end(&b, "event log: first event", why);
}

enum sn_err
eventlog_open(struct bytes b, struct eventlog *ret, struct sn_why *why)
{
	static const uint8_t none[SHA1_LEN];
	struct eventlog log = { 0 };
	struct bytes field, digest;
	uint32_t pcr, type, size;

	if (b.n > EVENTLOG_MAX)
		return sn_fail(why, SN_E_LIMIT, "event log: more than %u bytes", EVENTLOG_MAX);
	SN_TRY(bytes_le32(&b, &pcr, "event log: first event", why));
	SN_TRY(bytes_le32(&b, &type, "event log: first event", why));
	SN_TRY(bytes_take(&b, SHA1_LEN, &digest, "event log: first event", why));
	SN_TRY(bytes_le32(&b, &size, "event log: first event", why));
	SN_TRY(bytes_take(&b, size, &field, "event log: first event", why));
	if (pcr != 0 || type != EVENTLOG_NO_ACTION || !bytes_equal(digest, BYTES_OF(none)))
		return sn_fail(why, SN_E_FORMAT, "event log: it does not begin with its kind");
	SN_TRY(spec_id(field, &log, why));
	log.left = b;
	*ret = log;
	return SN_OK;
}

/* ---- what an event says of itself: only that its lengths stay inside */

static enum sn_err
body_blob(struct bytes b, struct sn_why *why)
{
	return bytes_take(&b, 16, &b, "event log: a firmware volume", why);
}

static enum sn_err
body_image(struct bytes b, struct sn_why *why)
{
	return bytes_take(&b, 32, &b, "event log: a loaded image", why);
}

/* A partition table's header and count; some firmware has nothing to tell. */
static enum sn_err
body_gpt(struct bytes b, struct sn_why *why)
{
	return b.n == 0 ? SN_OK : bytes_take(&b, 100, &b, "event log: a partition table", why);
}

/* UEFI_VARIABLE_DATA; padding behind it is common. */
static enum sn_err
body_variable(struct bytes b, struct sn_why *why)
{
	static const char what[] = "event log: a variable";
	struct bytes guid, name;
	uint64_t chars, size;
	uint16_t c;

	SN_TRY(bytes_take(&b, 16, &guid, what, why));
	SN_TRY(bytes_le64(&b, &chars, what, why));
	SN_TRY(bytes_le64(&b, &size, what, why));
	if (chars > b.n || size > b.n)
		return sn_fail(why, SN_E_FORMAT, "%s that is longer than its event", what);
	SN_TRY(bytes_take(&b, 2 * (size_t)chars, &name, what, why));
	while (name.n > 0) {
		SN_TRY(bytes_le16(&name, &c, what, why));
		if (c > 0x7f)
			return sn_fail(why, SN_E_FORMAT, "%s whose name is not ASCII", what);
	}
	return bytes_take(&b, (size_t)size, &name, what, why);
}

static enum sn_err
body_hcrtm(struct bytes b, struct sn_why *why)
{
	if (!bytes_equal(b, BYTES_STR(HCRTM_TEXT)))
		return sn_fail(why, SN_E_FORMAT,
		    "event log: an H-CRTM that is called otherwise");
	return SN_OK;
}

/* [TCG PFP 10.2, 10.4] */
static const struct body_row {
	uint32_t type;
	enum sn_err (*check)(struct bytes b, struct sn_why *why);
} bodies[] = {
	{ 0x00000007, body_blob },     /* EV_S_CRTM_CONTENTS */
	{ 0x80000001, body_variable }, /* EV_EFI_VARIABLE_DRIVER_CONFIG */
	{ 0x80000002, body_variable }, /* EV_EFI_VARIABLE_BOOT */
	{ EVENTLOG_APPLICATION, body_image },
	{ 0x80000004, body_image },    /* EV_EFI_BOOT_SERVICES_DRIVER */
	{ 0x80000005, body_image },    /* EV_EFI_RUNTIME_SERVICES_DRIVER */
	{ 0x80000006, body_gpt },      /* EV_EFI_GPT_EVENT */
	{ 0x80000008, body_blob },     /* EV_EFI_PLATFORM_FIRMWARE_BLOB */
	{ 0x8000000c, body_variable }, /* EV_EFI_VARIABLE_BOOT2 */
	{ HCRTM, body_hcrtm }, { 0x800000e0, body_variable }, /* EV_EFI_VARIABLE_AUTHORITY */
};

static enum sn_err
check_body(const struct eventlog_event *e, struct sn_why *why)
{
	for (size_t i = 0; i < SN_NITEMS(bodies); i++)
		if (bodies[i].type == e->type)
			return bodies[i].check(e->data, why);
	return SN_OK;
}

/* ---- events */

/* One digest of an event, in a bank that the head named. */
static enum sn_err
event_digest(struct eventlog *log, struct eventlog_event *e, unsigned int *seen,
    struct sn_why *why)
{
	uint16_t id;
	size_t i = 0;
	struct bytes d;

	SN_TRY(bytes_le16(&log->left, &id, "event log: bank", why));
	while (i < log->nbanks && log->bank[i] != id)
		i++;
	if (i == log->nbanks || (*seen & 1U << i) != 0)
		return sn_fail(why, SN_E_FORMAT, "event log: event %zu, bank %#x", log->events,
		    id);
	*seen |= 1U << i;
	SN_TRY(bytes_take(&log->left, log->bank_len[i], &d, "event log: digest", why));
	if (id == SHA256_ID)
		memcpy(e->sha256, d.p, 32);
	return SN_OK;
}

enum sn_err
eventlog_next(struct eventlog *log, struct eventlog_event *ret, bool *ret_end,
    struct sn_why *why)
{
	struct eventlog_event e = { 0 };
	uint32_t n, size;
	unsigned int seen = 0;

	*ret_end = log->left.n == 0;
	if (*ret_end)
		return SN_OK;
	if (log->events == EVENTLOG_EVENTS_MAX)
		return sn_fail(why, SN_E_LIMIT, "event log: more than %d events",
		    EVENTLOG_EVENTS_MAX);
	SN_TRY(bytes_le32(&log->left, &e.pcr, "event log: register", why));
	SN_TRY(bytes_le32(&log->left, &e.type, "event log: type", why));
	SN_TRY(bytes_le32(&log->left, &n, "event log: digests", why));
	if (e.pcr >= EVENTLOG_PCRS || n != log->nbanks)
		return sn_fail(why, SN_E_FORMAT,
		    "event log: event %zu, register %u with %u digests", log->events, e.pcr, n);
	for (uint32_t i = 0; i < n; i++)
		SN_TRY(event_digest(log, &e, &seen, why));
	SN_TRY(bytes_le32(&log->left, &size, "event log: length", why));
	if (size > EVENTLOG_DATA_MAX)
		return sn_fail(why, SN_E_LIMIT, "event log: an event of %u bytes", size);
	SN_TRY(bytes_take(&log->left, size, &e.data, "event log: data", why));
	SN_TRY(check_body(&e, why));
	log->events++;
	*ret = e;
	return SN_OK;
}

/* What PCR 0 starts with, before anything is extended. */
struct start {
	bool extended, hcrtm;
};

/*
 * The locality from which PCR 0 starts, if the firmware says so. An H-CRTM ahead of the
 * firmware has fixed it [TCG PFP 10.4.5.3, TPM2 P1 34.3].
 */
static enum sn_err
startup_locality(const struct eventlog_event *e, const struct start *start, uint8_t pcr0[32],
    struct sn_why *why)
{
	const size_t n = sizeof(STARTUP_SIGNATURE);

	if (e->pcr != 0 || start->hcrtm || e->data.n <= n ||
	    memcmp(e->data.p, STARTUP_SIGNATURE, n) != 0 || e->data.p[n] == 0)
		return SN_OK;
	if (start->extended)
		return sn_fail(why, SN_E_FORMAT,
		    "event log: the locality of the start comes after the start");
	pcr0[31] = e->data.p[n];
	return SN_OK;
}

static enum sn_err
replay_event(const struct eventlog_event *e, struct start *start,
    uint8_t pcr[EVENTLOG_PCRS][32], struct sn_why *why)
{
	if (e->type == EVENTLOG_NO_ACTION)
		return startup_locality(e, start, pcr[0], why);
	if (e->type == HCRTM && e->pcr == 0) {
		if (start->extended)
			return sn_fail(why, SN_E_FORMAT,
			    "event log: the H-CRTM comes after the start");
		pcr[0][31] = HCRTM_LOCALITY;
		start->hcrtm = true;
	}
	start->extended = start->extended || e->pcr == 0;
	return measure_extend(pcr[e->pcr], e->sha256, why);
}

enum sn_err
eventlog_replay(struct bytes b, uint8_t ret[EVENTLOG_PCRS][32], struct sn_why *why)
{
	struct eventlog log;
	uint8_t pcr[EVENTLOG_PCRS][32] = { 0 };
	struct start start = { 0 };
	bool end;

	SN_TRY(eventlog_open(b, &log, why));
	for (;;) {
		struct eventlog_event e;

		SN_TRY(eventlog_next(&log, &e, &end, why));
		if (end)
			break;
		SN_TRY(replay_event(&e, &start, pcr, why));
	}
	memcpy(ret, pcr, sizeof(pcr));
	return SN_OK;
}

enum sn_err
eventlog_image(struct bytes b, const uint8_t pcr4[32], bool secure_boot, uint8_t ret[32],
    struct sn_why *why)
{
	struct eventlog log;
	uint8_t pcr[EVENTLOG_PCRS][32], last[2][32] = { 0 };
	size_t n = 0;
	bool end;

	SN_TRY(eventlog_replay(b, pcr, why));
	if (memcmp(pcr[IMAGE_PCR], pcr4, 32) != 0)
		return sn_fail(why, SN_E_SIGNATURE,
		    "event log: it does not give what the TPM holds in PCR 4");
	SN_TRY(eventlog_open(b, &log, why));
	for (;;) {
		struct eventlog_event e;

		SN_TRY(eventlog_next(&log, &e, &end, why));
		if (end)
			break;
		if (e.pcr != IMAGE_PCR || e.type != EVENTLOG_APPLICATION)
			continue;
		memcpy(last[0], last[1], 32);
		memcpy(last[1], e.sha256, 32);
		n++;
	}
	if (n < (secure_boot ? 1U : 2U))
		return sn_fail(why, SN_E_MISSING, "event log: no program was started");
	memcpy(ret, last[secure_boot ? 1 : 0], 32);
	return SN_OK;
}
