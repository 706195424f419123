/* What is written beside the bundle: the recovery card, as text and to be scanned, and
 * after a genesis a sheet for each custodian. */
#include "ceremony/core/cer.h"

#include <string.h>

#include "appliance/crypto/digest.h"
#include "appliance/qr/qr.h"
#include "ceremony/keys/card.h"
#include "ceremony/keys/identity.h"
#include "ceremony/record/card.h"

#define IDENTITY_FILE "trust/identity.json"

void
cer_card_done(struct cer_card *k)
{
	if (k == NULL)
		return;
	sn_buf_done(&k->text);
	sn_buf_done(&k->image);
	sn_buf_done(&k->sheets);
	*k = (struct cer_card){ 0 };
}

static enum sn_err
identity_file(const struct cer *c, struct bytes *ret, struct sn_why *why)
{
	if (c->base != NULL) { /* the bundle that was added to has it */
		*ret = cer_base_file(c, IDENTITY_FILE);
		return SN_OK;
	}
	for (size_t i = 0; i < c->files.n; i++)
		if (strcmp(c->files.file[i].path, IDENTITY_FILE) == 0) {
			*ret = c->files.file[i].data;
			return SN_OK;
		}
	/* exported after a cut: the keeper is long gone, the bundle holds it */
	for (size_t i = 0; c->bun != NULL && i < bun_count(c->bun); i++)
		if (strcmp(bun_file(c->bun, i).path, IDENTITY_FILE) == 0) {
			*ret = bun_file(c->bun, i).data;
			return SN_OK;
		}
	return sn_fail(why, SN_E_INTERNAL, "recovery card: there is no " IDENTITY_FILE);
}

static void texts_done(struct sn_buf (*texts)[QR_IMAGE_MAX])
{
	for (size_t i = 0; i < QR_IMAGE_MAX; i++)
		sn_buf_done(&(*texts)[i]);
}

/* The card's lines in as many symbols as they need, in order. */
static enum sn_err
card_image(struct bytes file, struct sn_buf *ret, struct sn_why *why)
{
	SN_CLEANUP(texts_done) struct sn_buf texts[QR_IMAGE_MAX] = { { 0 } };
	const char *strings[QR_IMAGE_MAX];
	size_t count = card_count(file), n = 0;

	for (size_t at = 0; at < count && n < QR_IMAGE_MAX; at += CARD_PART_LINES, n++) {
		SN_TRY(card_lines(file, CARD_SHORT, at, at + CARD_PART_LINES, &texts[n], why));
		strings[n] = sn_buf_cstr(&texts[n]);
	}
	return qr_bmp(strings, n, ret, why);
}

/* What is on the card must give the file again: it is the only copy that people keep. */
static enum sn_err
card_proved(struct bytes text, struct bytes file, struct sn_why *why)
{
	SN_CLEANUP(sn_buf_done) struct sn_buf again = { 0 };

	SN_TRY(card_read(text, &again, why));
	if (!bytes_equal(sn_buf_bytes(&again), file))
		return sn_fail(why, SN_E_INTERNAL, "recovery card: it does not give the file");
	return SN_OK;
}

static enum sn_err
card_sheets(const struct cer *c, const struct rec_card *facts, struct sn_buf *ret,
    struct sn_why *why)
{
	const char *names[PLAN_MAX_SHARES];

	for (size_t i = 0; i < facts->share_count && i < PLAN_MAX_SHARES; i++)
		names[i] = plan_custodian(c->plan, i)->name;
	return rec_sheets_text(facts, c->plan->ceremony, names, ret, why);
}

enum sn_err
cer_card_make(const struct cer *c, struct cer_card *ret, struct sn_why *why)
{
	SN_CLEANUP(sn_buf_done) struct sn_buf lines = { 0 };
	SN_CLEANUP(cer_card_done) struct cer_card k = { 0 };
	struct rec_card facts = { 0 };
	struct identity id;
	struct bytes file;

	SN_TRY(identity_file(c, &file, why));
	SN_TRY(identity_parse(file, &id, why));
	facts = (struct rec_card){
		.sanctum_name = id.sanctum_name,
		.organization = id.organization,
		.world = plan_world_name(id.world),
		.share_threshold = id.share_threshold,
		.share_count = id.share_count,
	};
	memcpy(facts.sanctum_id, id.sanctum_id, sizeof(facts.sanctum_id));
	memcpy(facts.identity_sha256, c->identity, sizeof(facts.identity_sha256));
	SN_TRY(cry_digest(CRY_SHA256, file, facts.file_sha256, why));
	SN_TRY(card_lines(file, CARD_GROUPS, 0, SIZE_MAX, &lines, why));
	facts.lines = sn_buf_bytes(&lines);
	SN_TRY(rec_card_text(&facts, &k.text, why));
	SN_TRY(card_proved(sn_buf_bytes(&k.text), file, why));
	SN_TRY(card_image(file, &k.image, why));
	k.file[k.n++] = (struct med_file){ "recovery-card.txt", sn_buf_bytes(&k.text) };
	k.file[k.n++] = (struct med_file){ "recovery-card.bmp", sn_buf_bytes(&k.image) };
	if (c->subsets > 0) { /* shares were made and tried here */
		SN_TRY(card_sheets(c, &facts, &k.sheets, why));
		k.file[k.n++] =
		    (struct med_file){ "custodian-sheets.txt", sn_buf_bytes(&k.sheets) };
	}
	*ret = k;
	k = (struct cer_card){ 0 };
	return SN_OK;
}
