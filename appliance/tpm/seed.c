#include "appliance/tpm/work.h"

#include <string.h>

#include "appliance/base/text.h"
#include "appliance/crypto/digest.h"
#include "appliance/entropy/entropy.h"

#define SEED_PART 32	   /* bytes asked for in one command */
#define SEED_SHORT_READS 3 /* a TPM may give less than asked for, but not for ever */

#define SEED_SESSION                                                                           \
	(TPMA_SESSION_CONTINUESESSION | TPMA_SESSION_DECRYPT | TPMA_SESSION_ENCRYPT |          \
	    TPMA_SESSION_AUDIT)

_Static_assert(TPM_SEED_LEN % SEED_PART == 0, "whole parts");
_Static_assert(TPM_SEED_LEN == ENT_SAMPLE_LEN, "the seed is one sample");

/* H(command code | parameters): what lies behind header and authorisation area. */
static enum sn_err
fold_command(struct bytes b, uint8_t ret[32], struct sn_why *why)
{
	struct bytes cc, auth;
	uint16_t tag;
	uint32_t n;

	SN_TRY(bytes_u16(&b, &tag, "command tag", why));
	SN_TRY(bytes_u32(&b, &n, "command length", why));
	SN_TRY(bytes_take(&b, 4, &cc, "command code", why));
	if (tag != TPM2_ST_SESSIONS)
		return sn_fail(why, SN_E_TPM, "an audited command without a session");
	SN_TRY(bytes_blob32(&b, TPM_MSG_MAX, &auth, "authorisation area", why));
	return cry_digest_v(CRY_SHA256, (const struct bytes[]){ cc, b }, 2, ret, why);
}

/* H(response code | command code | parameters), encrypted as they were on the wire. */
static enum sn_err
fold_response(struct bytes b, struct bytes cc, uint8_t ret[32], struct sn_why *why)
{
	struct bytes rc, parameters;
	uint16_t tag;
	uint32_t n;

	SN_TRY(bytes_u16(&b, &tag, "response tag", why));
	SN_TRY(bytes_u32(&b, &n, "response length", why));
	SN_TRY(bytes_take(&b, 4, &rc, "response code", why));
	if (tag != TPM2_ST_SESSIONS)
		return sn_fail(why, SN_E_TPM, "an audited response without a session");
	SN_TRY(bytes_blob32(&b, TPM_MSG_MAX, &parameters, "response parameters", why));
	return cry_digest_v(CRY_SHA256, (const struct bytes[]){ rc, cc, parameters }, 3, ret,
	    why);
}

enum sn_err
tpm_fold_add(struct tpm_fold *f, struct bytes command, struct bytes response,
    struct sn_buf *list, struct sn_why *why)
{
	uint8_t cp[32], rp[32], next[32];

	SN_TRY(fold_command(command, cp, why));
	SN_TRY(fold_response(response, (struct bytes){ command.p + 6, 4 }, rp, why));
	SN_TRY(cry_digest_v(CRY_SHA256,
	    (const struct bytes[]){ BYTES_OF(f->digest), BYTES_OF(cp), BYTES_OF(rp) }, 3, next,
	    why));
	memcpy(f->digest, next, sizeof(next));
	f->commands++;
	sn_buf_hex(list, BYTES_OF(cp));
	sn_buf_str(list, " ");
	sn_buf_hex(list, BYTES_OF(rp));
	sn_buf_str(list, "\n");
	return sn_buf_check(list, why);
}

/* Fill seed; every command goes into the fold. */
static enum sn_err
seed_gather(struct tpm_dev *d, ESYS_TR session, struct sn_secret *seed, struct tpm_fold *fold,
    struct sn_buf *list, struct sn_why *why)
{
	unsigned int shorts = 0;

	for (size_t have = 0; have < seed->n;) {
		size_t left = seed->n - have, got = 0;
		size_t want = left < SEED_PART ? left : SEED_PART;

		SN_TRY(tpm_dev_random(d, session, want, seed->p + have, &got, why));
		SN_TRY(tpm_fold_add(fold, tpm_msg_bytes(&d->tcti.command),
		    tpm_msg_bytes(&d->tcti.response), list, why));
		if (got < want && ++shorts > SEED_SHORT_READS)
			return sn_fail(why, SN_E_TPM,
			    "TPM2_GetRandom gave less than asked for %u times", shorts);
		have += got;
	}
	return SN_OK;
}

/* The TPM counts the same commands as we do, and no other between them. */
static enum sn_err
seed_audit(struct tpm_dev *d, const struct tpm_ident *i, ESYS_TR session,
    const uint8_t qualifying[32], const struct tpm_fold *fold, struct tpm_audit *ret,
    struct sn_why *why)
{
	const TPMS_SESSION_AUDIT_INFO *info;
	TPMS_ATTEST attest;

	SN_TRY(tpm_dev_audit_digest(d, i->ak.tr, session, qualifying, &ret->msg, &ret->sig,
	    why));
	SN_TRY(tpm_attest_check(i, sn_buf_bytes(&ret->msg), sn_buf_bytes(&ret->sig),
	    TPM2_ST_ATTEST_SESSION_AUDIT, qualifying, &attest, why));
	info = &attest.attested.sessionAudit;
	if (info->exclusiveSession != TPM2_YES)
		return sn_fail(why, SN_E_TPM,
		    "other commands ran between those that gave the seed");
	if (!bytes_equal((struct bytes){ info->sessionDigest.buffer, info->sessionDigest.size },
		BYTES_OF(fold->digest)))
		return sn_fail(why, SN_E_SIGNATURE,
		    "the TPM's audit of the seeding is not that of the %u commands sent",
		    fold->commands);
	return SN_OK;
}

static enum sn_err
seed_run(struct tpm_dev *d, const struct tpm_ident *i, ESYS_TR session,
    const uint8_t qualifying[32], struct sn_secret *seed, struct tpm_audit *audit,
    struct sn_why *why)
{
	struct tpm_fold fold = { 0 };

	SN_TRY(seed_gather(d, session, seed, &fold, &audit->list, why));
	/* at once: nothing may run between the last draw and the audit digest */
	SN_TRY(seed_audit(d, i, session, qualifying, &fold, audit, why));
	return ent_health(ENT_TPM, sn_secret_bytes(seed), why);
}

enum sn_err
tpm_work_seed(struct tpm_dev *d, const struct tpm_ident *i, const uint8_t qualifying[32],
    struct sn_secret *ret_seed, struct tpm_audit *ret, struct sn_why *why)
{
	SN_CLEANUP(sn_secret_done) struct sn_secret seed = { 0 };
	SN_CLEANUP(tpm_audit_done) struct tpm_audit audit = { 0 };
	ESYS_TR session = ESYS_TR_NONE;

	SN_TRY(sn_secret_new(TPM_SEED_LEN, &seed, why));
	SN_TRY(tpm_dev_session(d, i->ek.tr, SEED_SESSION, &session, why));
	SN_TRY(seed_run(d, i, session, qualifying, &seed, &audit, why));
	SN_TRY(tpm_dev_flush(d, &session, why));
	*ret_seed = seed;
	seed = (struct sn_secret){ 0 };
	*ret = audit;
	audit = (struct tpm_audit){ 0 };
	return SN_OK;
}
