/*
 * der - strict DER around OpenSSL's decoders, which also accept BER: a check of
 * a whole value before it is decoded, and the pieces to build an expected one.
 *
 * Owns: nothing. May include: base. Source: X.690 sections 8.1, 10.1, 11.
 */
#ifndef CRY_DER_H
#define CRY_DER_H

#include "appliance/base/bytes.h"

#define DER_INTEGER 0x02
#define DER_OCTETS 0x04
#define DER_SEQUENCE 0x30
#define DER_SET 0x31
#define DER_CONTEXT0 0xa0

/*
 * v is one element with nothing behind it, and every element inside has a
 * definite length in its shortest form and fills what is around it.
 */
SN_MUST_USE enum sn_err der_strict(struct bytes v, const char *what, struct sn_why *why);
/* Take the element that v starts with; ret is its content. */
SN_MUST_USE enum sn_err der_take(struct bytes *v, uint8_t want, struct bytes *ret,
    const char *what, struct sn_why *why);
/* Append tag, length and content. */
void der_put(struct sn_buf *b, uint8_t tag, struct bytes content);

#endif
