/*
 * save - what one check leaves on a stick: the report, and what enrols the TPM, under names
 * that are free there; and read back.
 *
 * Owns: the challenge in struct save_offer. May include: base, tpm, media. See docs/HARDWARE.md
 * and docs/TPM.md, "Enrolment".
 */
#ifndef LAPTOP_SAVE_H
#define LAPTOP_SAVE_H

#include "appliance/media/med.h"
#include "appliance/tpm/tpm.h"

#define SAVE_NAME_MAX 32
#define SAVE_CHALLENGE "tpm-challenge/credential.blob"
#define SAVE_CHALLENGE_MAX 4096

/* What goes onto a stick that is in, should people say so. */
struct save_offer {
	char label[MED_LABEL_MAX + 1];
	/* all of one number: laptop-report.txt, tpm-request, tpm-answer, or with -2, -3 ... */
	char report[SAVE_NAME_MAX], request[SAVE_NAME_MAX], answer[SAVE_NAME_MAX];
	struct sn_buf challenge; /* SAVE_CHALLENGE of the stick; empty when there is none */
};
void laptop_offer_done(struct save_offer *o); /* NULL-safe, idempotent */

/*
 * Look what the stick allows. What is on it stays: the names are those of the first number
 * under which nothing lies there. The challenge is read only when with_tpm. SN_E_MEDIA when the
 * stick cannot be read, SN_E_LIMIT when no number is free, or for the challenge.
 */
SN_MUST_USE enum sn_err laptop_offer(struct med *m, const char *label, bool with_tpm,
    struct save_offer *ret, struct sn_why *why);
/* The same for people: which names, and what will be asked. */
void laptop_offer_text(const struct save_offer *o, bool with_tpm, struct sn_buf *ret);

/* Write a file, flush, read it back past the cache, compare. The stick stays in use. */
SN_MUST_USE enum sn_err laptop_save_report(struct med *m, const struct save_offer *o,
    struct bytes report, struct sn_why *why);
/* The folder with the public keys of the TPM and its certificate. */
SN_MUST_USE enum sn_err laptop_save_request(struct med *m, const struct save_offer *o,
    const struct tpm_info *tpm, struct sn_why *why);
/* The folder with what the TPM took out of the challenge. */
SN_MUST_USE enum sn_err laptop_save_answer(struct med *m, const struct save_offer *o,
    struct bytes secret, struct sn_why *why);

/*
 * What was written, for people: the report or why not; name is the folder beside it, or NULL;
 * refused, when it is set, is why there is no answer to the challenge, why that writing failed.
 */
void laptop_saved_text(const struct save_offer *o, bool report, const char *name,
    const struct sn_why *refused, const struct sn_why *why, struct sn_buf *ret);

#endif
