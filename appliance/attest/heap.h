/*
 * heap - the inside of a heap of certificates, for those who search in it.
 *
 * Owns: the certificates. May include: base, crypto. Included by no other room.
 */
#ifndef ATT_HEAP_H
#define ATT_HEAP_H

#include "appliance/attest/ek.h"
#include "appliance/crypto/cert.h"

struct att_heap {
	struct cry_cert *cert[ATT_HEAP_MAX];
	size_t n;
};

/* Is this certificate for the endorsement key? */
SN_MUST_USE enum sn_err att_cert_is_for(const struct cry_cert *c, const struct att_ek *ek,
    bool *ret, struct sn_why *why);

#endif
