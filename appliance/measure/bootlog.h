/*
 * bootlog - what a log of events says of the boot: Secure Boot, and which programs ran.
 *
 * Owns: nothing. May include: base, crypto. A log is a claim until its replay is what a TPM
 * quoted (eventlog.h); see docs/MEASUREMENTS.md.
 */
#ifndef MEASURE_BOOTLOG_H
#define MEASURE_BOOTLOG_H

#include "appliance/measure/eventlog.h"

enum bootlog_secure { BOOTLOG_UNSAID, BOOTLOG_OFF, BOOTLOG_ON };

struct bootlog {
	size_t events;	   /* that extend a register */
	size_t programs;   /* that the firmware started, in PCR 4 */
	size_t transcript; /* events in PCR 15, where none belongs */
	enum bootlog_secure secure_boot;
	bool
	    locality; /* PCR 0 did not start from zero: H-CRTM, or a locality of the firmware */
};

/* SN_E_FORMAT, SN_E_LIMIT as eventlog_next(). */
SN_MUST_USE enum sn_err bootlog_read(struct bytes log, struct bootlog *ret, struct sn_why *why);

/* Is that digest one of a program that the firmware started? */
SN_MUST_USE enum sn_err bootlog_program(struct bytes log, const uint8_t digest[32], bool *ret,
    struct sn_why *why);

#endif
