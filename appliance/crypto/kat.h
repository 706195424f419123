/*
 * kat - known-answer tests of every algorithm that this room offers, for the boot's
 * self-test: published vectors in, the very answer out, and an altered one refused.
 *
 * Owns: nothing. May include: base, crypto. The rows are in kat_rows.c, what is done
 * with one in kat.c.
 */
#ifndef CRY_KAT_H
#define CRY_KAT_H

#include "appliance/base/selftest.h"

/* Ends with a row without a name. cry_start() must have succeeded. */
extern const struct sn_selftest cry_selftests[];

/* What is done with a row; its fields are named as in the row. */
/* kind of hash: data -> want */
SN_MUST_USE enum sn_err cry_kat_digest(const struct sn_selftest *t, struct sn_why *why);
/* kind of hash: key, data -> want */
SN_MUST_USE enum sn_err cry_kat_hmac(const struct sn_selftest *t, struct sn_why *why);
/* kind of hash: key (input), salt, data (info) -> want */
SN_MUST_USE enum sn_err cry_kat_hkdf(const struct sn_selftest *t, struct sn_why *why);
/* kind: iterations; key (password), salt -> want */
SN_MUST_USE enum sn_err cry_kat_pbkdf2(const struct sn_selftest *t, struct sn_why *why);
/* key (password), salt -> want */
SN_MUST_USE enum sn_err cry_kat_argon2id(const struct sn_selftest *t, struct sn_why *why);
/* key, salt (nonce), data, more (additional) -> want with tag */
SN_MUST_USE enum sn_err cry_kat_gcm(const struct sn_selftest *t, struct sn_why *why);
/* kind of key: key (seed) -> want (scalar); signs */
SN_MUST_USE enum sn_err cry_kat_ec_key(const struct sn_selftest *t, struct sn_why *why);
/* kind of key: key (point), data, want (r and s) */
SN_MUST_USE enum sn_err cry_kat_ecdsa(const struct sn_selftest *t, struct sn_why *why);
/* key (seed), data -> want */
SN_MUST_USE enum sn_err cry_kat_ed25519(const struct sn_selftest *t, struct sn_why *why);
/* key (seed) -> salt (SHA-256 of it); data -> want (likewise) */
SN_MUST_USE enum sn_err cry_kat_mldsa(const struct sn_selftest *t, struct sn_why *why);
/* kind of signature: data (certificate) */
SN_MUST_USE enum sn_err cry_kat_self_signed(const struct sn_selftest *t, struct sn_why *why);
/* data (certificate), more (root) */
SN_MUST_USE enum sn_err cry_kat_chain(const struct sn_selftest *t, struct sn_why *why);
/* key (root's seed), salt (signer's), data -> want (SHA-256) */
SN_MUST_USE enum sn_err cry_kat_cms(const struct sn_selftest *t, struct sn_why *why);
/* key (seed), data <- want (an envelope) */
SN_MUST_USE enum sn_err cry_kat_envelope(const struct sn_selftest *t, struct sn_why *why);

#endif
