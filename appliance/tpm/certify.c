#include "appliance/tpm/work.h"

#include <string.h>

#include <tss2/tss2_mu.h>

#include "appliance/crypto/digest.h"

/* What was made is what is certified: the key's own name and its creation data. */
static enum sn_err
creation_fits(const struct tpm_object *ak, const TPMS_CREATION_INFO *info, struct bytes data,
    struct sn_why *why)
{
	uint8_t digest[32];

	SN_TRY(cry_digest(CRY_SHA256, data, digest, why));
	if (!bytes_equal((struct bytes){ info->objectName.name, info->objectName.size },
		BYTES_OF(ak->name)))
		return sn_fail(why, SN_E_SIGNATURE, "the TPM certifies another key's creation");
	if (!bytes_equal((struct bytes){ info->creationHash.buffer, info->creationHash.size },
		BYTES_OF(digest)))
		return sn_fail(why, SN_E_SIGNATURE,
		    "the TPM certifies another creation of its key");
	if (!bytes_equal((struct bytes){ ak->creation.creationData.outsideInfo.buffer,
			     ak->creation.creationData.outsideInfo.size },
		bytes_str(TPM_AK_OUTSIDE)))
		return sn_fail(why, SN_E_SIGNATURE,
		    "the TPM's key was made with other outside information");
	return SN_OK;
}

enum sn_err
tpm_work_creation(struct tpm_dev *d, const struct tpm_ident *i, const uint8_t qualifying[32],
    struct tpm_attested *ret, struct sn_why *why)
{
	SN_CLEANUP(tpm_attested_done) struct tpm_attested a = { 0 };
	uint8_t data[sizeof(TPMS_CREATION_DATA)];
	TPMS_ATTEST attest;
	size_t n = 0;

	if (Tss2_MU_TPMS_CREATION_DATA_Marshal(&i->ak.creation.creationData, data, sizeof(data),
		&n) != TSS2_RC_SUCCESS)
		return sn_fail(why, SN_E_TPM, "creation data of unknown form");
	SN_TRY(tpm_dev_creation(d, &i->ak, qualifying, &a.msg, &a.sig, why));
	SN_TRY(tpm_attest_check(i, sn_buf_bytes(&a.msg), sn_buf_bytes(&a.sig),
	    TPM2_ST_ATTEST_CREATION, qualifying, &attest, why));
	SN_TRY(creation_fits(&i->ak, &attest.attested.creation, (struct bytes){ data, n },
	    why));
	sn_buf_put(&a.body, (struct bytes){ data, n });
	SN_TRY(sn_buf_check(&a.body, why));
	*ret = a;
	a = (struct tpm_attested){ 0 };
	return SN_OK;
}

static enum sn_err
counter_value(const TPMS_NV_CERTIFY_INFO *info, const TPM2B_NAME *name, uint64_t *ret,
    struct sn_why *why)
{
	struct bytes contents = { info->nvContents.buffer, info->nvContents.size };

	if (!bytes_equal((struct bytes){ info->indexName.name, info->indexName.size },
		(struct bytes){ name->name, name->size }) ||
	    info->offset != 0)
		return sn_fail(why, SN_E_SIGNATURE, "the TPM certifies another NV index");
	SN_TRY(bytes_u64(&contents, ret, "counter", why));
	return bytes_end(&contents, "counter", why);
}

static enum sn_err
counter_certify(struct tpm_dev *d, const struct tpm_ident *i, const uint8_t qualifying[32],
    struct tpm_counter *c, struct sn_why *why)
{
	TPM2B_NAME name = { 0 };
	TPMS_ATTEST attest;

	SN_TRY(tpm_dev_counter_certify(d, i->ak.tr, i->counter, qualifying, &c->by.msg,
	    &c->by.sig, &c->by.body, &name, why));
	SN_TRY(tpm_attest_check(i, sn_buf_bytes(&c->by.msg), sn_buf_bytes(&c->by.sig),
	    TPM2_ST_ATTEST_NV, qualifying, &attest, why));
	return counter_value(&attest.attested.nv, &name, &c->value, why);
}

enum sn_err
tpm_work_counter(struct tpm_dev *d, struct tpm_ident *i, const uint8_t qualifying[32],
    struct tpm_counter *ret, struct sn_why *why)
{
	SN_CLEANUP(tpm_counter_done) struct tpm_counter c = { 0 };
	const char *reason = "";

	if (i->counter == ESYS_TR_NONE) {
		ESYS_TR nv = ESYS_TR_NONE;

		SN_TRY(tpm_dev_counter_open(d, i->link, TPM_COUNTER_INDEX, &nv, &reason, why));
		if (nv != ESYS_TR_NONE)
			SN_TRY(tpm_dev_counter_increment(d, i->link, nv, why));
		i->counter = nv;
	}
	c.present = i->counter != ESYS_TR_NONE;
	sn_buf_str(&c.reason, reason);
	SN_TRY(sn_buf_check(&c.reason, why));
	if (c.present)
		SN_TRY(counter_certify(d, i, qualifying, &c, why));
	*ret = c;
	c = (struct tpm_counter){ 0 };
	return SN_OK;
}
