/*
 * cosign - a witness' signature over a checkpoint: "I saw this log at this time".
 *
 * Owns: nothing. May include: base, crypto. Source: C2SP tlog-cosignature, Ed25519
 * (cosignature/v1). The witness signs with own tools and an own key; nothing here signs.
 */
#ifndef COSIGN_H
#define COSIGN_H

#include "ceremony/transcript/note.h"

#define COSIGN_SIG_LEN 64

/* A witness key: as note_vkey_*(), but with signature type 0x04 in key id and encoding. */
SN_MUST_USE enum sn_err cosign_key_make(const char *name, const uint8_t key[32],
    struct note_vkey *ret, struct sn_why *why);
SN_MUST_USE enum sn_err cosign_key_parse(struct bytes text, struct note_vkey *ret,
    struct sn_why *why);
void cosign_key_format(const struct note_vkey *v, struct sn_buf *ret); /* no newline */

/*
 * Append the bytes that a witness signs: "cosignature/v1\ntime N\n" and the checkpoint's text.
 * note: the signed checkpoint; time: seconds since 1970, not before it. SN_E_FORMAT.
 */
SN_MUST_USE enum sn_err cosign_message(struct bytes note, int64_t time, struct sn_buf *ret,
    struct sn_why *why);

/* Append the signature line, with its newline, that goes behind the checkpoint's own. */
void cosign_line(const struct note_vkey *key, int64_t time, const uint8_t sig[COSIGN_SIG_LEN],
    struct sn_buf *ret);

/*
 * Verify one line (with its newline) over the note's text. SN_E_FORMAT no such line, SN_E_ROLE
 * another key's, SN_E_SIGNATURE. *ret_time: when the witness says that it was.
 */
SN_MUST_USE enum sn_err cosign_verify(struct bytes line, struct bytes note,
    const struct note_vkey *key, int64_t *ret_time, struct sn_why *why);

#endif
