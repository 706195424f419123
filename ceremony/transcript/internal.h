/*
 * internal - what the transcript's writer and reader share: which names, ids
 * and texts a record may hold; and what notes and cosignatures share.
 *
 * Owns: nothing. Only for ceremony/transcript. See docs/FORMAT-TRANSCRIPT.md.
 */
#ifndef TRANSCRIPT_INTERNAL_H
#define TRANSCRIPT_INTERNAL_H

#include "ceremony/transcript/transcript.h"

#define TR_MAX_INT ((1ULL << 53) - 1)
#define TR_ARG_NAME_MAX 32

bool tr_id_ok(const char *s);	    /* [a-z0-9.-], 1 to TR_ID_MAX bytes */
bool tr_arg_name_ok(const char *s); /* [a-z][a-z0-9_]{0,31} */
bool tr_text_ok(const char *s);	    /* printable, at most TR_MAX_TEXT bytes */

/* ---- notes: what note.c and cosign.c share */

#define NOTE_ALG_ED25519 0x01
#define NOTE_ALG_COSIGNATURE 0x04
#define NOTE_DASH "\xe2\x80\x94 " /* em dash and a space begin a signature line */

/* note_vkey_*() for a key of another kind: alg is in the key id and before the key. */
SN_MUST_USE enum sn_err note_key_make(uint8_t alg, const char *name, const uint8_t key[32],
    struct note_vkey *ret, struct sn_why *why);
SN_MUST_USE enum sn_err note_key_parse(uint8_t alg, struct bytes text, struct note_vkey *ret,
    struct sn_why *why);
void note_key_format(uint8_t alg, const struct note_vkey *v, struct sn_buf *ret);
/* The caller owns *ret. */
SN_MUST_USE enum sn_err note_public_key(const uint8_t raw[32], struct cry_key **ret,
    struct sn_why *why);

/* One signature line without its newline: name and key id as they say, not verified. */
struct note_sigline {
	struct bytes name; /* in the line */
	uint32_t id;
	struct bytes sig; /* in raw: all behind the key id */
	struct sn_buf raw;
};
SN_MUST_USE enum sn_err note_sigline_parse(struct bytes line, struct note_sigline *ret,
    struct sn_why *why);
void note_sigline_done(struct note_sigline *l);
/* Text with its last newline, and the signature lines behind the last empty line. */
bool note_split(struct bytes note, struct bytes *ret_text, struct bytes *ret_sigs);

#endif
