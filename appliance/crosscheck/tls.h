/*
 * tls - GnuTLS in this project's terms: digests, public keys, signatures, and the
 * few lines of DER that are built here and compared whole.
 *
 * Owns: nothing between calls. May include: base, gnutls. Source for DER: X.690.
 */
#ifndef CROSSCHECK_TLS_H
#define CROSSCHECK_TLS_H

#include <gnutls/abstract.h>
#include <gnutls/gnutls.h>

#include "appliance/base/bytes.h"

/* The time that GnuTLS goes by, from here on, in seconds since 1970. */
void tls_set_time(int64_t t);

gnutls_datum_t tls_datum(struct bytes v);
struct bytes tls_bytes(const gnutls_datum_t *d);
void tls_datum_done(gnutls_datum_t *d); /* frees; idempotent */
void tls_pubkey_done(gnutls_pubkey_t *k);

SN_MUST_USE enum sn_err tls_hash(gnutls_digest_algorithm_t alg, struct bytes v, uint8_t *ret,
    struct sn_why *why);
/* SHA-256 over the concatenation of up to 4 parts. */
SN_MUST_USE enum sn_err tls_sha256_v(const struct bytes *parts, size_t n, uint8_t ret[32],
    struct sn_why *why);

/* One PEM "PUBLIC KEY", exactly as GnuTLS would write it, on that curve. */
SN_MUST_USE enum sn_err tls_pubkey(struct bytes pem, gnutls_ecc_curve_t curve, const char *what,
    gnutls_pubkey_t *ret, struct sn_why *why);
SN_MUST_USE enum sn_err tls_verify(gnutls_pubkey_t key, gnutls_sign_algorithm_t alg,
    struct bytes data, struct bytes sig, const char *what, struct sn_why *why);

#define DER_INTEGER 0x02
#define DER_BITS 0x03
#define DER_OCTETS 0x04
#define DER_OID 0x06
#define DER_UTF8 0x0c
#define DER_UTCTIME 0x17
#define DER_GENTIME 0x18
#define DER_SEQUENCE 0x30
#define DER_SET 0x31
#define DER_CONTEXT0 0xa0
#define DER_CONTEXT3 0xa3

/* Append tag, length and content. */
void der_put(struct sn_buf *b, uint8_t tag, struct bytes content);
/* Append bytes written as hex; for constants of this program only. */
SN_MUST_USE enum sn_err der_put_hex(struct sn_buf *b, const char *hex, struct sn_why *why);
/* Take the element that v starts with; ret is the whole of it, or only its content. */
SN_MUST_USE enum sn_err der_take(struct bytes *v, uint8_t want, struct bytes *ret_whole,
    struct bytes *ret_content, const char *what, struct sn_why *why);

#endif
