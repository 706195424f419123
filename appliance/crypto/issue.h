/*
 * issue - what issue.c shares with issue_crl.c and makepki.c: a certificate before
 * its signature.
 *
 * Owns: nothing. May include: priv.h. Included by no other room.
 */
#ifndef CRY_ISSUE_H
#define CRY_ISSUE_H

#include "appliance/crypto/priv.h"

/* Serial, names and dates of p, subject's key; no extensions yet. */
SN_MUST_USE enum sn_err cry_issue_body(const struct cry_profile *p, bool zero_serial_ok,
    const struct cry_key *subject, const struct cry_cert *issuer_cert, X509 **ret,
    struct sn_why *why);
/* basicConstraints, keyUsage, extKeyUsage, subjectAltName of p. */
SN_MUST_USE enum sn_err cry_issue_usage(const struct cry_profile *p, X509 *x,
    struct sn_why *why);
/* subjectKeyIdentifier, and authorityKeyIdentifier unless issuer_cert is NULL. */
SN_MUST_USE enum sn_err cry_issue_key_ids(const struct cry_key *subject,
    const struct cry_cert *issuer_cert, X509 *x, struct sn_why *why);
/* The issuer's key is that of issuer_cert, or subject's own. */
SN_MUST_USE enum sn_err cry_issue_check(const struct cry_key *subject,
    const struct cry_key *issuer, const struct cry_cert *issuer_cert, struct sn_why *why);
/* A context that signs as issuer does: deterministic, or PSS for RSA. */
SN_MUST_USE enum sn_err cry_issue_ctx(const struct cry_key *issuer, EVP_MD_CTX **ret,
    struct sn_why *why);
/* Has c a subject key identifier? NULL has none. */
bool cry_issue_has_ski(const struct cry_cert *c);
/* A CRL before its signature; and its end: sign, verify, append DER. */
SN_MUST_USE enum sn_err cry_issue_crl_body(const struct cry_key *issuer,
    const struct cry_cert *issuer_cert, int64_t this_update, int64_t next_update,
    uint32_t number, const struct bytes *serials, size_t n, X509_CRL **ret, struct sn_why *why);
SN_MUST_USE enum sn_err cry_issue_crl_sign(X509_CRL *crl, const struct cry_key *issuer,
    EVP_MD_CTX *ctx, struct sn_buf *ret, struct sn_why *why);
/* Sign in that context, or as issuer does, verify, append DER. */
SN_MUST_USE enum sn_err cry_issue_sign_ctx(X509 *x, const struct cry_key *issuer,
    EVP_MD_CTX *ctx, struct sn_buf *ret, struct sn_why *why);
SN_MUST_USE enum sn_err cry_issue_sign(X509 *x, const struct cry_key *issuer,
    struct sn_buf *ret, struct sn_why *why);

#endif
