/*
 * measure - what a TPM holds after this image has booted, from the image's bytes alone.
 *
 * Owns: nothing. May include: base, crypto. Specified by TCG PC Client Platform Firmware
 * Profile (PCR 4, 7), by systemd-stub 257 (PCR 11) and by the EFI stub of Linux 6.12
 * (PCR 9); see docs/MEASUREMENTS.md. SHA-256 bank throughout.
 */
#ifndef MEASURE_H
#define MEASURE_H

#include "appliance/base/bytes.h"

#define MEASURE_SECTIONS_MAX 8

struct measure_section {
	const char *name; /* ".linux" */
	uint8_t sha256[32];
};

struct measure_values {
	uint8_t authenticode[32]; /* the image digest: what firmware measures, what is signed */
	uint8_t pcr4_sb[32];	  /* Secure Boot on: the image */
	uint8_t pcr4_nosb[32];	  /* off: the image, and the kernel inside */
	uint8_t pcr9[32];	  /* command line and initramfs */
	uint8_t pcr11[32];	  /* the image's sections */
	struct measure_section section[MEASURE_SECTIONS_MAX];
	size_t nsections;
};

/* Registers that stay zero with this image until the ceremony uses PCR 15. */
extern const unsigned int measure_zero[];
extern const size_t measure_nzero;

/*
 * Predict from a unified kernel image, signed or not. SN_E_FORMAT when it is none, or has
 * a section that changes what is measured in a way not known here (names it).
 */
SN_MUST_USE enum sn_err measure_uki(struct bytes uki, struct measure_values *ret,
    struct sn_why *why);

/* The variables of Secure Boot as EFI signature lists; empty ones are not there. */
struct measure_keys {
	bool secure_boot;
	struct bytes pk, kek, db, dbx;
};

/*
 * Predict PCR 7: Secure Boot on, with exactly these variables and the image signed by the
 * first certificate of db; off, with these variables (usually none) and no signature
 * judged. SN_E_FORMAT when db's first list holds no X.509 certificate.
 */
SN_MUST_USE enum sn_err measure_pcr7(const struct measure_keys *keys, uint8_t ret[32],
    struct sn_why *why);

/* pcr = SHA-256(pcr || digest) */
SN_MUST_USE enum sn_err measure_extend(uint8_t pcr[32], const uint8_t digest[32],
    struct sn_why *why);
/* The same with SHA-256 of data. */
SN_MUST_USE enum sn_err measure_extend_data(uint8_t pcr[32], struct bytes data,
    struct sn_why *why);

#endif
