/*
 * note - C2SP signed notes with Ed25519, and the checkpoint inside.
 *
 * Owns: nothing. May include: base, crypto. Sources: C2SP signed-note and
 * tlog-checkpoint. See docs/FORMAT-TRANSCRIPT.md.
 */
#ifndef NOTE_H
#define NOTE_H

#include "appliance/crypto/key.h"
#include "ceremony/transcript/merkle.h"

#define NOTE_MAX (64U << 10)
#define NOTE_NAME_MAX 127
#define NOTE_SIGS_MAX 100
#define NOTE_VKEY_MAX 256

/* A verifier key: "name+hex of the key id+base64 of (01 || Ed25519 key)". */
struct note_vkey {
	char name[NOTE_NAME_MAX + 1];
	uint32_t id;
	uint8_t key[32];
};

/* Name and raw public key; the key id is computed. SN_E_FORMAT for a bad name. */
SN_MUST_USE enum sn_err note_vkey_make(const char *name, const uint8_t key[32],
    struct note_vkey *ret, struct sn_why *why);
/* One optional newline at the end is allowed: it is also a file (trust/log.pem). */
SN_MUST_USE enum sn_err note_vkey_parse(struct bytes text, struct note_vkey *ret,
    struct sn_why *why);
void note_vkey_format(const struct note_vkey *v, struct sn_buf *ret); /* no newline */

/*
 * Check the note's form, find the signature of this key and verify it. *ret_text
 * points into note: the signed text with its last newline. SN_E_SIGNATURE when the
 * key has not signed or its signature is wrong; other keys' lines are passed over.
 */
SN_MUST_USE enum sn_err note_verify(struct bytes note, const struct note_vkey *key,
    struct bytes *ret_text, struct sn_why *why);
/* Text (ends in a newline) and one signature line: the whole signed note, appended. */
SN_MUST_USE enum sn_err note_sign(struct bytes text, const char *name,
    const struct cry_key *key, struct sn_buf *ret, struct sn_why *why);

struct note_checkpoint {
	char origin[NOTE_NAME_MAX + 1];
	uint64_t size;
	struct merkle_hash root;
};
void note_checkpoint_format(const struct note_checkpoint *c, struct sn_buf *ret);
/* The three lines; extension lines may follow and are passed over. */
SN_MUST_USE enum sn_err note_checkpoint_parse(struct bytes text, struct note_checkpoint *ret,
    struct sn_why *why);

#endif
