/*
 * form - the text forms that layouts share: JSON spaced as Python writes it, strings,
 * URL-encoding, PEM chains.
 *
 * Owns: nothing. May include: base, crypto. Writers append and mark a full memory in the
 * buffer (sn_buf_check). Sources: RFC 8259, RFC 3986.
 */
#ifndef LAY_FORM_H
#define LAY_FORM_H

#include "appliance/crypto/cert.h"

/*
 * JSON that a strict parser has accepted, token for token, with ", " and ": " between them
 * and no other white space: the form that Intel's own tools write.
 */
void lay_json_spaced(struct sn_buf *b, struct bytes json);
/* The same without any white space between the tokens. */
void lay_json_compact(struct sn_buf *b, struct bytes json);
/* A JSON string with quotes, escaping only what must be. */
void lay_json_string(struct sn_buf *b, struct bytes v);

/* Everything but letters, digits and "_.-~" as %XX, upper-case. */
void lay_url_encode(struct sn_buf *b, struct bytes v);
/* The opposite; SN_E_FORMAT for anything that lay_url_encode() does not write. */
SN_MUST_USE enum sn_err lay_url_decode(struct bytes v, struct sn_buf *ret, struct sn_why *why);

void lay_hex_upper(struct sn_buf *b, struct bytes v);

/* leaf and, unless NULL, issuer as PEM, one behind the other. */
SN_MUST_USE enum sn_err lay_pem_chain(const struct cry_cert *leaf,
    const struct cry_cert *issuer, struct sn_buf *ret, struct sn_why *why);

#endif
