/*
 * attest - what a TPM signed, checked without a TPM: quote, session audit,
 * creation of the attestation key, NV counter; public areas; PCR values.
 *
 * Owns: nothing but the keys in att_ak and att_ek. May include: base, crypto. Sources:
 * TPM 2.0 Library Part 2 (10.12 attestation, 11.2 signatures, 12.2 public areas, 13 NV,
 * 15 creation data), TCG EK Credential Profile 2.6 (templates); docs/TPM.md.
 */
#ifndef ATT_ATTEST_H
#define ATT_ATTEST_H

#include "appliance/crypto/key.h"

/* An object's or NV index's name: the hash algorithm's number and the digest. */
#define ATT_NAME_MAX (2 + 48)
struct att_name {
	uint8_t b[ATT_NAME_MAX];
	size_t n;
};
struct bytes att_name_bytes(const struct att_name *n);

/* An attestation key of ours. */
struct att_ak {
	struct cry_key *key;
	struct att_name name, qualified; /* qualified: a primary below the endorsement seed */
	uint8_t digest[32];		 /* SHA-256 of its TPMT_PUBLIC: the plan's tpm_ak */
};
/*
 * pub, a TPM2B_PUBLIC, is a key that only signs what its TPM made: P-256, ECDSA with SHA-256,
 * name SHA-256, attributes 0x00050472, no policy. The caller calls att_ak_done().
 */
SN_MUST_USE enum sn_err att_ak_open(struct bytes pub, struct att_ak *ret, struct sn_why *why);
void att_ak_done(struct att_ak *ak); /* NULL-safe, idempotent */
/* key, from ak.pem, is ak's. SN_E_SIGNATURE. */
SN_MUST_USE enum sn_err att_ak_is(const struct att_ak *ak, const struct cry_key *key,
    struct sn_why *why);

/* The templates of endorsement keys that we make [TCG EK Credential Profile B.3, B.4]. */
enum att_ek_kind {
	ATT_EK_P256,	/* L-2 */
	ATT_EK_RSA2048, /* L-1 */
	ATT_EK_P384,	/* H-3 */
};
struct att_ek {
	enum att_ek_kind kind;
	struct cry_key *key;
	struct att_name name; /* 34 bytes, of P-384 50 */
	uint8_t digest[32];   /* SHA-256 of its TPMT_PUBLIC, for each template: tpm_ek */
};
/* pub, a TPM2B_PUBLIC, is one of these but for its key. The caller calls att_ek_done(). */
SN_MUST_USE enum sn_err att_ek_open(struct bytes pub, struct att_ek *ret, struct sn_why *why);
void att_ek_done(struct att_ek *ek);		  /* NULL-safe, idempotent */
const char *att_ek_kind_name(enum att_ek_kind k); /* "P-256": for people */

/* When the TPM signed [TCG P2 10.11.1]. */
struct att_clock {
	uint64_t ms;		   /* of power since the TPM was cleared */
	uint32_t resets, restarts; /* TPM resets ever; restarts and resumes since the last */
	bool safe;		   /* no later value of ms was ever given out */
};
/* Both signed in one boot of one TPM. The names are the files', for the refusal. */
SN_MUST_USE enum sn_err att_same_boot(const struct att_clock *a, const char *a_name,
    const struct att_clock *b, const char *b_name, struct sn_why *why);

#define ATT_PCRS 24
/* PCR values of the SHA-256 bank, from evidence/quote.pcr. */
struct att_pcrs {
	uint32_t mask; /* bit n: PCR n is there */
	uint8_t value[ATT_PCRS][32];
};
SN_MUST_USE enum sn_err att_pcrs_parse(struct bytes file, struct att_pcrs *ret,
    struct sn_why *why);

/*
 * The four below: msg, a TPMS_ATTEST, is of that type, over exactly that qualifying data,
 * signed (sig, a TPMT_SIGNATURE) by ak, which it names as its signer. SN_E_FORMAT,
 * SN_E_SIGNATURE; each says which file is wrong. *ret_clock is set by all.
 */

/* It quotes exactly these PCRs. Files quote.msg, quote.sig, quote.pcr. */
SN_MUST_USE enum sn_err att_quote(const struct att_ak *ak, struct bytes msg, struct bytes sig,
    const uint8_t qualifying[32], const struct att_pcrs *pcrs, struct att_clock *ret_clock,
    struct sn_why *why);

/*
 * It is the audit of a session over the commands in list ("cphash rphash" lines),
 * exclusive. The commands are TPM2_GetRandom and no other: of 32 bytes, ATT_DRAWS times at
 * least, and behind those at most three of fewer bytes, for what short draws left out.
 * *ret_commands is how many. Files audit.msg, audit.sig, audit.list.
 */
#define ATT_DRAWS 16
SN_MUST_USE enum sn_err att_audit(const struct att_ak *ak, struct bytes msg, struct bytes sig,
    const uint8_t qualifying[32], struct bytes list, size_t *ret_commands,
    struct att_clock *ret_clock, struct sn_why *why);

/*
 * It certifies that ak was created in its TPM as data, a TPMS_CREATION_DATA, says: a primary
 * of the endorsement hierarchy, outside info "cornerstone/v1/ak". Files creation.msg,
 * creation.sig, creation.data.
 */
SN_MUST_USE enum sn_err att_creation(const struct att_ak *ak, struct bytes msg,
    struct bytes sig, const uint8_t qualifying[32], struct bytes data,
    struct att_clock *ret_clock, struct sn_why *why);

/*
 * It certifies the value of our NV counter, whose TPMS_NV_PUBLIC pub is: index
 * ATT_COUNTER_INDEX, a counter of 8 bytes that was incremented. Files counter.msg,
 * counter.sig, counter.pub.
 */
#define ATT_COUNTER_INDEX 0x01815c01U
SN_MUST_USE enum sn_err att_counter(const struct att_ak *ak, struct bytes msg, struct bytes sig,
    const uint8_t qualifying[32], struct bytes pub, uint64_t *ret_value,
    struct att_clock *ret_clock, struct sn_why *why);

#endif
