/*
 * card - the recovery card and the custodians' sheets as pages of plain text.
 *
 * Owns: nothing. May include: base. The lines that a machine reads again are the
 * caller's (ceremony/keys/card.h); what stands above them begins with '#'.
 * docs/RECOVERY-CARD.md has both forms.
 */
#ifndef RECORD_CARD_H
#define RECORD_CARD_H

#include "appliance/base/bytes.h"

struct rec_card {
	const char *sanctum_name, *organization, *world;
	uint8_t sanctum_id[16], identity_sha256[32]; /* the identity digest: of the roots */
	uint8_t file_sha256[32];		     /* of identity.json, as a plan names it */
	uint32_t share_threshold, share_count;
	struct bytes lines; /* from card_lines() */
};

/* The card: a function of identity.json alone, so that a rebuild makes the same again. */
SN_MUST_USE enum sn_err rec_card_text(const struct rec_card *c, struct sn_buf *ret,
    struct sn_why *why);

/* One page for each custodian, with room for words and a receipt; names has share_count. */
SN_MUST_USE enum sn_err rec_sheets_text(const struct rec_card *c, const char *ceremony,
    const char *const *names, struct sn_buf *ret, struct sn_why *why);

#endif
