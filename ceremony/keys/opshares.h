/*
 * opshares - the operations secret in approver shares, each encrypted to its approver.
 *
 * Owns: nothing between calls. May include: base, crypto. Shares are SLIP-0039
 * texts inside CMS AuthEnvelopedData. See docs/FORMAT-KEYS.md, "Operations shares".
 */
#ifndef OPSHARES_H
#define OPSHARES_H

#include "ceremony/keys/approver.h"
#include "appliance/crypto/cms.h"
#include "ceremony/keys/slip39.h"

/*
 * Split the operations secret among count approvers of whom threshold are
 * needed. The identifier is made from world and random bits. ret has room for
 * count texts; untouched on failure.
 */
SN_MUST_USE enum sn_err opshares_split(struct bytes operations, enum plan_world world,
    uint32_t threshold, uint32_t count, struct sn_secret *ret, struct sn_why *why);
/* Encrypt one share's text to the approver's sealing key; the caller names the file. */
SN_MUST_USE enum sn_err opshares_seal(const struct plan_approver *to, struct bytes text,
    struct sn_buf *ret, struct sn_why *why);
/* Open it with the approver's keys: the share's text. */
SN_MUST_USE enum sn_err opshares_open(const struct approver_keys *k, struct bytes cms,
    struct sn_secret *ret, struct sn_why *why);
/* The operations secret from at least threshold share texts. SN_E_SHARE. */
SN_MUST_USE enum sn_err opshares_join(const struct bytes *texts, size_t n,
    enum plan_world world, struct sn_secret *ret, struct sn_why *why);

#endif
