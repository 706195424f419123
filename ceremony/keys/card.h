/*
 * card - the recovery card: trust/identity.json as lines that people can read, type
 * again and scan, each with a checksum of its own.
 *
 * Owns: nothing. May include: base, crypto. Format: docs/RECOVERY-CARD.md. What people
 * are told above the lines is the caller's, in lines that begin with '#'.
 */
#ifndef CARD_H
#define CARD_H

#include "appliance/base/bytes.h"

#define CARD_LINE_CHARS 48 /* characters of the file in a line; the last may have fewer */
#define CARD_GROUP 8	   /* of them between blanks, for the eye */
#define CARD_MAX_LINES 256 /* 4096 bytes, every one of them written as three characters */
#define CARD_TEXT_MAX (64U << 10)
#define CARD_PART_LINES 14 /* in one QR code */

/* In groups for people, or as short as can be for a QR code. Both are read. */
enum card_form { CARD_GROUPS, CARD_SHORT };

/* How many lines the file takes, without the one that ends them; 0: too many. */
size_t card_count(struct bytes file);

/*
 * Append lines from to to - 1 of the file (0-based), each with its line end; when to is
 * card_count(), the line that ends them, too. SN_E_LIMIT when the file is too long.
 */
SN_MUST_USE enum sn_err card_lines(struct bytes file, enum card_form form, size_t from,
    size_t to, struct sn_buf *ret, struct sn_why *why);

/*
 * Append the file that the lines hold. Strict: every line in order, each checksum, the
 * end. SN_E_FORMAT names the line of the card that is wrong, missing or there twice.
 * What the file says is not looked at.
 */
SN_MUST_USE enum sn_err card_read(struct bytes text, struct sn_buf *ret, struct sn_why *why);

/* Is this a recovery card rather than JSON? By its first character. */
bool card_is(struct bytes text);

#endif
