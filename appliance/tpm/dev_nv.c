#include "appliance/tpm/dev_call.h"

#include <tss2/tss2_mu.h>

enum sn_err
tpm_dev_nv_list(struct tpm_dev *d, uint32_t first, uint32_t last, size_t max, uint32_t *ret,
    size_t *ret_n, struct sn_why *why)
{
	SN_CLEANUP(tpm_dev_release) TPMS_CAPABILITY_DATA *data = NULL;
	TPMI_YES_NO more = TPM2_NO;
	const TPML_HANDLE *list;

	SN_TRY(tpm_dev_ready(d, why));
	SN_TRY(tpm_dev_result(d, "TPM2_GetCapability",
	    Esys_GetCapability(d->esys, d->link, DEV_NONE, TPM2_CAP_HANDLES, first,
		(uint32_t)max, &more, &data),
	    why));
	list = &data->data.handles;
	*ret_n = 0;
	if (data->capability != TPM2_CAP_HANDLES)
		return tpm_dev_fault(d, "TPM2_GetCapability", "another capability", why);
	for (uint32_t i = 0; i < list->count && *ret_n < max; i++) {
		if (list->handle[i] >= first && list->handle[i] <= last)
			ret[(*ret_n)++] = list->handle[i];
	}
	return SN_OK;
}

enum sn_err
tpm_dev_nv_exists(struct tpm_dev *d, uint32_t index, bool *ret, struct sn_why *why)
{
	uint32_t found;
	size_t n = 0;

	SN_TRY(tpm_dev_nv_list(d, index, index, 1, &found, &n, why));
	*ret = n == 1;
	return SN_OK;
}

/* Parts of 512 bytes are within every TPM's NV buffer [TCG PTP 3.6.1]. */
#define DEV_NV_PART 512

static TSS2_RC
dev_nv_part(struct tpm_dev *d, ESYS_TR nv, uint16_t n, uint16_t at, struct sn_buf *ret)
{
	SN_CLEANUP(tpm_dev_release) TPM2B_MAX_NV_BUFFER *part = NULL;
	TSS2_RC rc = Esys_NV_Read(d->esys, nv, nv, ESYS_TR_PASSWORD, d->link, ESYS_TR_NONE, n,
	    at, &part);

	if (rc == TSS2_RC_SUCCESS && part->size != n)
		return TSS2_ESYS_RC_BAD_SIZE;
	if (rc == TSS2_RC_SUCCESS)
		sn_buf_put(ret, (struct bytes){ part->buffer, part->size });
	return rc;
}

static TSS2_RC
dev_nv_whole(struct tpm_dev *d, ESYS_TR nv, struct sn_buf *ret)
{
	SN_CLEANUP(tpm_dev_release) TPM2B_NV_PUBLIC *pub = NULL;
	SN_CLEANUP(tpm_dev_release) TPM2B_NAME *name = NULL;
	TSS2_RC rc = Esys_NV_ReadPublic(d->esys, nv, d->link, DEV_NONE, &pub, &name);
	uint16_t size;

	if (rc != TSS2_RC_SUCCESS)
		return rc;
	size = pub->nvPublic.dataSize;
	if (size > TPM_NV_MAX)
		return TSS2_ESYS_RC_BAD_SIZE;
	for (uint16_t at = 0; rc == TSS2_RC_SUCCESS && at < size;) {
		uint16_t left = (uint16_t)(size - at);
		uint16_t n = left < DEV_NV_PART ? left : DEV_NV_PART;

		rc = dev_nv_part(d, nv, n, at, ret);
		at = (uint16_t)(at + n);
	}
	return rc;
}

enum sn_err
tpm_dev_nv_read(struct tpm_dev *d, uint32_t index, struct sn_buf *ret, struct sn_why *why)
{
	SN_CLEANUP(sn_buf_done) struct sn_buf data = { 0 };
	ESYS_TR nv = ESYS_TR_NONE;
	TSS2_RC rc;

	SN_TRY(tpm_dev_ready(d, why));
	SN_TRY(tpm_dev_result(d, "TPM2_NV_ReadPublic",
	    Esys_TR_FromTPMPublic(d->esys, index, d->link, DEV_NONE, &nv), why));
	rc = dev_nv_whole(d, nv, &data);
	/* the TPM's own refusal is an answer; anything else is a fault */
	if (!tpm_dev_refused(rc))
		SN_TRY(tpm_dev_result(d, "TPM2_NV_Read", rc, why));
	SN_TRY(tpm_dev_result(d, "closing an NV index", Esys_TR_Close(d->esys, &nv), why));
	SN_TRY(sn_buf_check(&data, why));
	if (rc == TSS2_RC_SUCCESS)
		sn_buf_put(ret, sn_buf_bytes(&data));
	return sn_buf_check(ret, why);
}

/* ---- the counter */

#define DEV_COUNTER_ATTRIBUTES                                                                 \
	((TPMA_NV)TPM2_NT_COUNTER << TPMA_NV_TPM2_NT_SHIFT | TPMA_NV_AUTHWRITE |               \
	    TPMA_NV_AUTHREAD | TPMA_NV_OWNERREAD | TPMA_NV_NO_DA)
#define DEV_COUNTER_LEN 8

static const TPM2B_NV_PUBLIC *
dev_counter_public(uint32_t index, TPM2B_NV_PUBLIC *p)
{
	*p = (TPM2B_NV_PUBLIC){ .nvPublic = { .nvIndex = index,
				    .nameAlg = TPM2_ALG_SHA256,
				    .attributes = DEV_COUNTER_ATTRIBUTES,
				    .dataSize = DEV_COUNTER_LEN } };
	return p;
}

/* The owner hierarchy has no password, or this is refused. */
static enum sn_err
dev_counter_define(struct tpm_dev *d, ESYS_TR session, uint32_t index, ESYS_TR *ret,
    const char **ret_reason, struct sn_why *why)
{
	const TPM2B_AUTH none = { 0 };
	TPM2B_NV_PUBLIC pub;
	TSS2_RC rc = Esys_NV_DefineSpace(d->esys, ESYS_TR_RH_OWNER, session, DEV_NONE, &none,
	    dev_counter_public(index, &pub), ret);

	if (!tpm_dev_refused(rc) || rc == TSS2_RC_SUCCESS)
		return tpm_dev_result(d, "TPM2_NV_DefineSpace", rc, why);
	*ret = ESYS_TR_NONE;
	*ret_reason = tpm_dev_meaning("TPM2_NV_DefineSpace", rc);
	return SN_OK;
}

/* What lies at our index: is it ours? */
static enum sn_err
dev_counter_ours(struct tpm_dev *d, ESYS_TR nv, uint32_t index, bool *ret, struct sn_why *why)
{
	SN_CLEANUP(tpm_dev_release) TPM2B_NV_PUBLIC *pub = NULL;
	SN_CLEANUP(tpm_dev_release) TPM2B_NAME *name = NULL;

	SN_TRY(tpm_dev_result(d, "TPM2_NV_ReadPublic",
	    Esys_NV_ReadPublic(d->esys, nv, d->link, DEV_NONE, &pub, &name), why));
	*ret = pub->nvPublic.nvIndex == index && pub->nvPublic.nameAlg == TPM2_ALG_SHA256 &&
	    (pub->nvPublic.attributes & ~(TPMA_NV)TPMA_NV_WRITTEN) == DEV_COUNTER_ATTRIBUTES &&
	    pub->nvPublic.authPolicy.size == 0 && pub->nvPublic.dataSize == DEV_COUNTER_LEN;
	return SN_OK;
}

enum sn_err
tpm_dev_counter_open(struct tpm_dev *d, ESYS_TR session, uint32_t index, ESYS_TR *ret,
    const char **ret_reason, struct sn_why *why)
{
	ESYS_TR nv = ESYS_TR_NONE;
	bool exists = false, ours = false;

	SN_TRY(tpm_dev_nv_exists(d, index, &exists, why));
	if (!exists)
		return dev_counter_define(d, session, index, ret, ret_reason, why);
	SN_TRY(tpm_dev_result(d, "TPM2_NV_ReadPublic",
	    Esys_TR_FromTPMPublic(d->esys, index, d->link, DEV_NONE, &nv), why));
	SN_TRY(dev_counter_ours(d, nv, index, &ours, why));
	*ret = nv;
	if (ours)
		return SN_OK;
	*ret_reason = "something else lies at its index";
	*ret = ESYS_TR_NONE;
	return tpm_dev_result(d, "closing an NV index", Esys_TR_Close(d->esys, &nv), why);
}

enum sn_err
tpm_dev_counter_increment(struct tpm_dev *d, ESYS_TR session, ESYS_TR nv, struct sn_why *why)
{
	SN_TRY(tpm_dev_ready(d, why));
	return tpm_dev_result(d, "TPM2_NV_Increment",
	    Esys_NV_Increment(d->esys, nv, nv, session, DEV_NONE), why);
}

/* As it is now: writing it for the first time changed its attributes and so its name. */
static enum sn_err
dev_counter_describe(struct tpm_dev *d, ESYS_TR nv, struct sn_buf *ret, TPM2B_NAME *ret_name,
    struct sn_why *why)
{
	SN_CLEANUP(tpm_dev_release) TPM2B_NV_PUBLIC *pub = NULL;
	SN_CLEANUP(tpm_dev_release) TPM2B_NAME *name = NULL;
	uint8_t out[sizeof(TPMS_NV_PUBLIC)];
	size_t n = 0;

	SN_TRY(tpm_dev_result(d, "TPM2_NV_ReadPublic",
	    Esys_NV_ReadPublic(d->esys, nv, d->link, DEV_NONE, &pub, &name), why));
	if (Tss2_MU_TPMS_NV_PUBLIC_Marshal(&pub->nvPublic, out, sizeof(out), &n) !=
	    TSS2_RC_SUCCESS)
		return tpm_dev_fault(d, "TPM2_NV_ReadPublic", "an index of unknown form", why);
	*ret_name = *name;
	sn_buf_put(ret, (struct bytes){ out, n });
	return sn_buf_check(ret, why);
}

enum sn_err
tpm_dev_counter_certify(struct tpm_dev *d, ESYS_TR ak, ESYS_TR nv, const uint8_t qualifying[32],
    struct sn_buf *ret_msg, struct sn_buf *ret_sig, struct sn_buf *ret_public,
    TPM2B_NAME *ret_name, struct sn_why *why)
{
	SN_CLEANUP(tpm_dev_release) TPM2B_ATTEST *attest = NULL;
	SN_CLEANUP(tpm_dev_release) TPMT_SIGNATURE *sig = NULL;
	const TPMT_SIG_SCHEME scheme = { .scheme = TPM2_ALG_NULL };
	const TPM2B_DATA q = tpm_dev_qualifying(qualifying);

	SN_TRY(tpm_dev_ready(d, why));
	SN_TRY(tpm_dev_result(d, "TPM2_NV_Certify",
	    Esys_NV_Certify(d->esys, ak, nv, nv, ESYS_TR_PASSWORD, ESYS_TR_PASSWORD,
		ESYS_TR_NONE, &q, &scheme, DEV_COUNTER_LEN, 0, &attest, &sig),
	    why));
	SN_TRY(dev_counter_describe(d, nv, ret_public, ret_name, why));
	return tpm_dev_attested(d, "TPM2_NV_Certify", attest, sig, ret_msg, ret_sig, why);
}
