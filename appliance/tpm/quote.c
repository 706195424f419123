#include "appliance/tpm/work.h"

#include <string.h>

#include "appliance/crypto/digest.h"

#define QUOTE_ROUNDS 3 /* the kernel may extend a PCR between reading and quoting */

/*
 * tpm2-tools stores the C structures as they lie in memory on a little-endian machine:
 * TPML_PCR_SELECTION (16 entries of 8 bytes, one of them padding), a u32 count of
 * lists, and that many TPML_DIGEST (8 entries of u16 size and 64 bytes).
 */
#define FILE_SELECTIONS 16
#define FILE_SELECTION_LEN 8
#define FILE_DIGESTS 8
#define FILE_DIGEST_MAX 64

static void
file_u16(struct sn_buf *b, unsigned int v)
{
	sn_buf_u8(b, (uint8_t)v);
	sn_buf_u8(b, (uint8_t)(v >> 8));
}

static void
file_u32(struct sn_buf *b, uint32_t v)
{
	file_u16(b, v & 0xffff);
	file_u16(b, v >> 16);
}

static void
file_zeros(struct sn_buf *b, size_t n)
{
	for (size_t i = 0; i < n; i++)
		sn_buf_u8(b, 0);
}

static void
file_selection(uint32_t mask, struct sn_buf *b)
{
	file_u32(b, 1);
	file_u16(b, TPM2_ALG_SHA256);
	sn_buf_u8(b, 3);
	file_u32(b, mask & 0xffffff);
	sn_buf_u8(b, 0);
	file_zeros(b, (FILE_SELECTIONS - 1) * FILE_SELECTION_LEN);
}

/* n of the values from *next on that mask selects. */
static void
file_digests(uint32_t mask, uint8_t (*values)[32], uint32_t n, unsigned int *next,
    struct sn_buf *b)
{
	file_u32(b, n);
	for (uint32_t i = 0; i < n; (*next)++) {
		if ((mask >> *next & 1) == 0)
			continue;
		file_u16(b, 32);
		sn_buf_put(b, (struct bytes){ values[*next], 32 });
		file_zeros(b, FILE_DIGEST_MAX - 32);
		i++;
	}
	file_zeros(b, (FILE_DIGESTS - n) * (2 + FILE_DIGEST_MAX));
}

void
tpm_work_pcr_file(uint32_t mask, uint8_t (*values)[32], struct sn_buf *ret)
{
	uint32_t left = (uint32_t)__builtin_popcount(mask);
	unsigned int next = 0;

	file_selection(mask, ret);
	file_u32(ret, (left + FILE_DIGESTS - 1) / FILE_DIGESTS);
	while (left > 0) {
		uint32_t n = left < FILE_DIGESTS ? left : FILE_DIGESTS;

		file_digests(mask, values, n, &next, ret);
		left -= n;
	}
}

/* H(all selected values in order) is what a quote signs [TCG P3 18.4]. */
static enum sn_err
quote_digest(uint32_t mask, uint8_t (*values)[32], uint8_t ret[32], struct sn_why *why)
{
	struct bytes parts[TPM_PCRS];
	size_t n = 0;

	for (unsigned int i = 0; i < TPM_PCRS; i++) {
		if ((mask >> i & 1) != 0)
			parts[n++] = (struct bytes){ values[i], 32 };
	}
	return cry_digest_v(CRY_SHA256, parts, n, ret, why);
}

/* Read and quote once; *ret_same is false when the PCRs changed between the two. */
static enum sn_err
quote_once(struct tpm_dev *d, const struct tpm_ident *i, const uint8_t qualifying[32],
    uint32_t mask, struct tpm_quoted *q, bool *ret_same, struct sn_why *why)
{
	const TPML_PCR_SELECTION selection = tpm_dev_selection(mask);
	const TPMS_PCR_SELECTION *asked = &selection.pcrSelections[0], *signed_;
	uint8_t values[TPM_PCRS][32] = { 0 }, digest[32];
	const TPMS_QUOTE_INFO *info;
	TPMS_ATTEST attest;

	SN_TRY(tpm_dev_pcr_read(d, mask, values, why));
	SN_TRY(tpm_dev_quote(d, i->ak.tr, qualifying, mask, &q->msg, &q->sig, why));
	SN_TRY(tpm_attest_check(i, sn_buf_bytes(&q->msg), sn_buf_bytes(&q->sig),
	    TPM2_ST_ATTEST_QUOTE, qualifying, &attest, why));
	info = &attest.attested.quote;
	signed_ = &info->pcrSelect.pcrSelections[0];
	if (info->pcrSelect.count != 1 || signed_->hash != asked->hash ||
	    signed_->sizeofSelect != asked->sizeofSelect ||
	    memcmp(signed_->pcrSelect, asked->pcrSelect, asked->sizeofSelect) != 0)
		return sn_fail(why, SN_E_SIGNATURE, "the TPM quoted other PCRs than asked for");
	SN_TRY(quote_digest(mask, values, digest, why));
	*ret_same = bytes_equal((struct bytes){ info->pcrDigest.buffer, info->pcrDigest.size },
	    BYTES_OF(digest));
	tpm_work_pcr_file(mask, values, &q->pcr);
	return sn_buf_check(&q->pcr, why);
}

enum sn_err
tpm_work_quote(struct tpm_dev *d, const struct tpm_ident *i, const uint8_t qualifying[32],
    uint32_t mask, struct tpm_quoted *ret, struct sn_why *why)
{
	if (mask == 0 || (mask & ~TPM_QUOTE_MASK) != 0)
		return sn_fail(why, SN_E_USAGE, "PCR mask 0x%x: some of PCR 0 to 15", mask);
	for (int round = 0; round < QUOTE_ROUNDS; round++) {
		SN_CLEANUP(tpm_quoted_done) struct tpm_quoted q = { 0 };
		bool same = false;

		SN_TRY(quote_once(d, i, qualifying, mask, &q, &same, why));
		if (same) {
			*ret = q;
			q = (struct tpm_quoted){ 0 };
			return SN_OK;
		}
	}
	return sn_fail(why, SN_E_TPM, "the PCRs that were read are not those that were quoted");
}
