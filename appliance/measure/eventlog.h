/*
 * eventlog - the firmware's log of what it measured, and which image was started.
 *
 * Owns: nothing; events are views of the log. May include: base, crypto. Specified by
 * TCG PC Client Platform Firmware Profile 1.06, section 10 (crypto-agile log).
 */
#ifndef MEASURE_EVENTLOG_H
#define MEASURE_EVENTLOG_H

#include "appliance/base/bytes.h"

#define EVENTLOG_PCRS 24
#define EVENTLOG_MAX (1U << 20) /* bytes */
#define EVENTLOG_EVENTS_MAX 4096
#define EVENTLOG_BANKS_MAX 8
#define EVENTLOG_DATA_MAX (256U << 10)

#define EVENTLOG_NO_ACTION 0x00000003U	 /* not extended */
#define EVENTLOG_APPLICATION 0x80000003U /* EV_EFI_BOOT_SERVICES_APPLICATION */

struct eventlog {
	struct bytes left;
	uint16_t bank[EVENTLOG_BANKS_MAX], bank_len[EVENTLOG_BANKS_MAX];
	size_t nbanks, events;
};

struct eventlog_event {
	uint32_t pcr, type;
	uint8_t sha256[32];
	struct bytes data;
};

/* Read the log's head. SN_E_FORMAT when it is no crypto-agile log with SHA-256. */
SN_MUST_USE enum sn_err eventlog_open(struct bytes log, struct eventlog *ret,
    struct sn_why *why);
/* The next event; *ret_end and SN_OK behind the last one. */
SN_MUST_USE enum sn_err eventlog_next(struct eventlog *log, struct eventlog_event *ret,
    bool *ret_end, struct sn_why *why);

/* What the registers hold when all events are extended, the SHA-256 bank. */
SN_MUST_USE enum sn_err eventlog_replay(struct bytes log, uint8_t ret[EVENTLOG_PCRS][32],
    struct sn_why *why);

/*
 * The digest of the unified kernel image that was started: the last program in PCR 4, or,
 * with Secure Boot off, the last but one (its kernel is the last). pcr4 is what the TPM
 * holds; SN_E_SIGNATURE when the log does not give that, SN_E_MISSING when no program is
 * in the log.
 */
SN_MUST_USE enum sn_err eventlog_image(struct bytes log, const uint8_t pcr4[32],
    bool secure_boot, uint8_t ret[32], struct sn_why *why);

#endif
