#include "appliance/measure/eventlog.h"

#include <string.h>

#include "appliance/measure/measure.h"

#define SHA256_ID 0x000b
#define SHA1_LEN 20
#define DIGEST_MAX 64
#define STARTUP_SIGNATURE "StartupLocality"
#define IMAGE_PCR 4

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
		if (*len == 0 || *len > DIGEST_MAX || (*id == SHA256_ID && *len != 32))
			return sn_fail(why, SN_E_FORMAT, "event log: bank %#x of %u bytes", *id,
			    *len);
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
	struct eventlog log = { 0 };
	struct bytes field;
	uint32_t pcr, type, size;

	if (b.n > EVENTLOG_MAX)
		return sn_fail(why, SN_E_LIMIT, "event log: more than %u bytes", EVENTLOG_MAX);
	SN_TRY(bytes_le32(&b, &pcr, "event log: first event", why));
	SN_TRY(bytes_le32(&b, &type, "event log: first event", why));
	SN_TRY(bytes_take(&b, SHA1_LEN, &field, "event log: first event", why));
	SN_TRY(bytes_le32(&b, &size, "event log: first event", why));
	SN_TRY(bytes_take(&b, size, &field, "event log: first event", why));
	if (pcr != 0 || type != EVENTLOG_NO_ACTION)
		return sn_fail(why, SN_E_FORMAT, "event log: it does not begin with its kind");
	SN_TRY(spec_id(field, &log, why));
	log.left = b;
	*ret = log;
	return SN_OK;
}

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
	log->events++;
	*ret = e;
	return SN_OK;
}

/* The locality from which PCR 0 starts, if the firmware says so. */
static void
startup_locality(const struct eventlog_event *e, uint8_t pcr0[32])
{
	const size_t n = sizeof(STARTUP_SIGNATURE);

	if (e->pcr == 0 && e->data.n == n + 1 && memcmp(e->data.p, STARTUP_SIGNATURE, n) == 0)
		pcr0[31] = e->data.p[n];
}

enum sn_err
eventlog_replay(struct bytes b, uint8_t ret[EVENTLOG_PCRS][32], struct sn_why *why)
{
	struct eventlog log;
	uint8_t pcr[EVENTLOG_PCRS][32] = { 0 };
	bool end;

	SN_TRY(eventlog_open(b, &log, why));
	for (;;) {
		struct eventlog_event e;

		SN_TRY(eventlog_next(&log, &e, &end, why));
		if (end)
			break;
		if (e.type == EVENTLOG_NO_ACTION)
			startup_locality(&e, pcr[0]);
		else
			SN_TRY(measure_extend(pcr[e.pcr], e.sha256, why));
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
