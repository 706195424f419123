#include "appliance/tpm/dev_call.h"

#include <string.h>

#define DEV_PCR_ROUNDS 3

TPML_PCR_SELECTION
tpm_dev_selection(uint32_t mask)
{
	TPML_PCR_SELECTION s = { .count = 1 };

	s.pcrSelections[0].hash = TPM2_ALG_SHA256;
	s.pcrSelections[0].sizeofSelect = 3;
	for (int i = 0; i < 3; i++)
		s.pcrSelections[0].pcrSelect[i] = (BYTE)(mask >> (8 * i));
	return s;
}

/* The PCRs of mask that a response answers; 0 when it answers anything else. */
static uint32_t
dev_answered(const TPML_PCR_SELECTION *s, const TPML_DIGEST *values, uint32_t mask)
{
	uint32_t got = 0;

	if (s->count != 1 || s->pcrSelections[0].hash != TPM2_ALG_SHA256 ||
	    s->pcrSelections[0].sizeofSelect != 3)
		return 0;
	for (int i = 0; i < 3; i++)
		got |= (uint32_t)s->pcrSelections[0].pcrSelect[i] << (8 * i);
	if ((got & ~mask) != 0 || (uint32_t)__builtin_popcount(got) != values->count)
		return 0;
	for (uint32_t i = 0; i < values->count; i++) {
		if (values->digests[i].size != 32)
			return 0;
	}
	return got;
}

/* One command: at most eight values. */
static enum sn_err
dev_pcr_part(struct tpm_dev *d, uint32_t *mask, uint8_t ret[TPM_PCRS][32], uint32_t *counter,
    struct sn_why *why)
{
	SN_CLEANUP(tpm_dev_release) TPML_PCR_SELECTION *answered = NULL;
	SN_CLEANUP(tpm_dev_release) TPML_DIGEST *values = NULL;
	const TPML_PCR_SELECTION asked = tpm_dev_selection(*mask);
	uint32_t got, at = 0;

	SN_TRY(tpm_dev_result(d, "TPM2_PCR_Read",
	    Esys_PCR_Read(d->esys, d->link, DEV_NONE, &asked, counter, &answered, &values),
	    why));
	got = dev_answered(answered, values, *mask);
	if (got == 0)
		return tpm_dev_fault(d, "TPM2_PCR_Read", "no values of the SHA-256 bank", why);
	for (unsigned int i = 0; i < TPM_PCRS; i++) {
		if ((got >> i & 1) != 0)
			memcpy(ret[i], values->digests[at++].buffer, 32);
	}
	*mask &= ~got;
	return SN_OK;
}

enum sn_err
tpm_dev_pcr_read(struct tpm_dev *d, uint32_t mask, uint8_t ret[TPM_PCRS][32],
    struct sn_why *why)
{
	SN_TRY(tpm_dev_ready(d, why));
	for (int round = 0; round < DEV_PCR_ROUNDS; round++) {
		uint32_t left = mask, first = 0, counter = 0;

		SN_TRY(dev_pcr_part(d, &left, ret, &first, why));
		counter = first;
		while (left != 0 && counter == first)
			SN_TRY(dev_pcr_part(d, &left, ret, &counter, why));
		if (counter == first)
			return SN_OK;
	}
	return tpm_dev_fault(d, "TPM2_PCR_Read", "the PCRs keep changing", why);
}

enum sn_err
tpm_dev_pcr_extend(struct tpm_dev *d, ESYS_TR session, unsigned int pcr,
    const uint8_t digest[32], struct sn_why *why)
{
	TPML_DIGEST_VALUES values = { .count = 1 };

	SN_TRY(tpm_dev_ready(d, why));
	values.digests[0].hashAlg = TPM2_ALG_SHA256;
	memcpy(values.digests[0].digest.sha256, digest, 32);
	return tpm_dev_result(d, "TPM2_PCR_Extend",
	    Esys_PCR_Extend(d->esys, ESYS_TR_PCR0 + pcr, session, DEV_NONE, &values), why);
}
