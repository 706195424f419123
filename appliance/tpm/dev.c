#include "appliance/tpm/dev.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <tss2/tss2_mu.h>

#define DEV_NONE ESYS_TR_NONE, ESYS_TR_NONE
#define DEV_OUTSIDE "cornerstone/v1/ak"
#define DEV_PCR_ROUNDS 3

/* What an operator can do about some answers, to any command or to one. */
static const struct dev_meaning {
	TSS2_RC rc;
	const char *command, *text;
} dev_meanings[] = {
	{ TPM2_RC_BAD_AUTH + TPM2_RC_S + TPM2_RC_1, "TPM2_CreatePrimary",
	    "the endorsement hierarchy has a password: clear the TPM in the firmware's menu" },
	{ TPM2_RC_HIERARCHY + TPM2_RC_1, "TPM2_CreatePrimary",
	    "the endorsement hierarchy is off: turn it on in the firmware's menu" },
	{ TPM2_RC_LOCKOUT, NULL, "the TPM is locked after wrong passwords" },
	{ TPM2_RC_FAILURE, NULL, "the TPM is in failure mode: switch the machine off and on" },
	{ TPM2_RC_OBJECT_MEMORY, NULL, "no room for a key: something else uses this TPM" },
	{ TPM2_RC_SESSION_MEMORY, NULL, "no room for a session: something else uses this TPM" },
	{ TPM2_RC_SESSION_HANDLES, NULL,
	    "no room for a session: something else uses this TPM" },
	{ TSS2_ESYS_RC_RSP_AUTH_FAILED, NULL,
	    "the response's HMAC is wrong: something between here and the TPM changed it" },
};

static const char *
dev_meaning(const char *command, TSS2_RC rc)
{
	for (size_t i = 0; i < SN_NITEMS(dev_meanings); i++) {
		const struct dev_meaning *m = &dev_meanings[i];

		if (m->rc == rc && (m->command == NULL || strcmp(m->command, command) == 0))
			return m->text;
	}
	return "refused";
}

/* For SN_CLEANUP on anything that tpm2-tss allocated. */
static void
dev_release(void *pp)
{
	void **p = pp;

	Esys_Free(*p);
	*p = NULL;
}

static enum sn_err
dev_ready(const struct tpm_dev *d, struct sn_why *why)
{
	if (d->fault.err != SN_OK)
		return sn_fail(why, d->fault.err, "%s", d->fault.text);
	return SN_OK;
}

/* Record the first fault, in the words of whoever noticed. */
static enum sn_err
dev_fault(struct tpm_dev *d, const char *command, const char *text, struct sn_why *why)
{
	(void)sn_fail(&d->fault, SN_E_TPM, "%s: %s", command, text);
	return dev_ready(d, why);
}

static enum sn_err
dev_result(struct tpm_dev *d, const char *command, TSS2_RC rc, struct sn_why *why)
{
	if (rc == TSS2_RC_SUCCESS)
		return SN_OK;
	if (d->tcti.why.err != SN_OK)
		return dev_fault(d, command, d->tcti.why.text, why);
	(void)sn_fail(&d->fault, SN_E_TPM, "%s: %s (0x%x)", command, dev_meaning(command, rc),
	    rc);
	return dev_ready(d, why);
}

/* A refusal by the TPM itself about a parameter, as for an algorithm it lacks [TCG P2 6.6]. */
static bool
dev_parameter_refused(TSS2_RC rc)
{
	return (rc & TSS2_RC_LAYER_MASK) == TSS2_TPM_RC_LAYER && (rc & TPM2_RC_FMT1) != 0 &&
	    (rc & TPM2_RC_P) != 0;
}

enum sn_err
tpm_dev_open(struct tpm_wire *wire, struct tpm_dev **ret, struct sn_why *why)
{
	SN_CLEANUP(tpm_dev_free) struct tpm_dev *d = calloc(1, sizeof(*d));

	if (d == NULL)
		return sn_fail(why, SN_E_NOMEM, "TPM context");
	tpm_tcti_init(&d->tcti, wire);
	SN_TRY(dev_result(d, "opening the TPM",
	    Esys_Initialize(&d->esys, tpm_tcti_context(&d->tcti), NULL), why));
	*ret = SN_TAKE(d);
	return SN_OK;
}

void
tpm_dev_free(struct tpm_dev **dp)
{
	if (dp == NULL || *dp == NULL)
		return;
	if ((*dp)->esys != NULL)
		Esys_Finalize(&(*dp)->esys);
	sn_wipe(*dp, sizeof(**dp));
	free(*dp);
	*dp = NULL;
}

enum sn_err
tpm_dev_startup(struct tpm_dev *d, struct sn_why *why)
{
	SN_TRY(dev_ready(d, why));
	/* where firmware has started it already, ESYS makes a success of that */
	SN_TRY(dev_result(d, "TPM2_Startup", Esys_Startup(d->esys, TPM2_SU_CLEAR), why));
	return dev_result(d, "TPM2_SelfTest",
	    Esys_SelfTest(d->esys, ESYS_TR_NONE, DEV_NONE, TPM2_NO), why);
}

#define DEV_TEST_ROUNDS 60
#define DEV_TEST_PAUSE_NS 100000000L

enum sn_err
tpm_dev_test_result(struct tpm_dev *d, struct sn_why *why)
{
	const struct timespec pause = { 0, DEV_TEST_PAUSE_NS };

	SN_TRY(dev_ready(d, why));
	for (int round = 0; round < DEV_TEST_ROUNDS; round++) {
		SN_CLEANUP(dev_release) TPM2B_MAX_BUFFER *data = NULL;
		TPM2_RC rc = TPM2_RC_FAILURE;

		SN_TRY(dev_result(d, "TPM2_GetTestResult",
		    Esys_GetTestResult(d->esys, ESYS_TR_NONE, DEV_NONE, &data, &rc), why));
		if (rc == TPM2_RC_SUCCESS)
			return SN_OK;
		if (rc == TPM2_RC_NEEDS_TEST)
			SN_TRY(dev_result(d, "TPM2_SelfTest",
			    Esys_SelfTest(d->esys, ESYS_TR_NONE, DEV_NONE, TPM2_YES), why));
		else if (rc != TPM2_RC_TESTING)
			return dev_result(d, "the TPM's self-test", rc, why);
		nanosleep(&pause, NULL);
	}
	return dev_fault(d, "the TPM's self-test", "it does not come to an end", why);
}

enum sn_err
tpm_dev_properties(struct tpm_dev *d, uint32_t first, uint32_t n, uint32_t *ret,
    struct sn_why *why)
{
	SN_CLEANUP(dev_release) TPMS_CAPABILITY_DATA *data = NULL;
	const TPML_TAGGED_TPM_PROPERTY *list;
	TPMI_YES_NO more = TPM2_NO;

	SN_TRY(dev_ready(d, why));
	SN_TRY(dev_result(d, "TPM2_GetCapability",
	    Esys_GetCapability(d->esys, ESYS_TR_NONE, DEV_NONE, TPM2_CAP_TPM_PROPERTIES, first,
		n, &more, &data),
	    why));
	list = &data->data.tpmProperties;
	if (data->capability != TPM2_CAP_TPM_PROPERTIES || list->count < n)
		return dev_fault(d, "TPM2_GetCapability", "fewer properties than asked for",
		    why);
	for (uint32_t i = 0; i < n; i++) {
		if (list->tpmProperty[i].property != first + i)
			return dev_fault(d, "TPM2_GetCapability", "another property", why);
		ret[i] = list->tpmProperty[i].value;
	}
	return SN_OK;
}

enum sn_err
tpm_dev_nv_exists(struct tpm_dev *d, uint32_t index, bool *ret, struct sn_why *why)
{
	SN_CLEANUP(dev_release) TPMS_CAPABILITY_DATA *data = NULL;
	TPMI_YES_NO more = TPM2_NO;

	SN_TRY(dev_ready(d, why));
	SN_TRY(dev_result(d, "TPM2_GetCapability",
	    Esys_GetCapability(d->esys, ESYS_TR_NONE, DEV_NONE, TPM2_CAP_HANDLES, index, 1,
		&more, &data),
	    why));
	*ret = data->capability == TPM2_CAP_HANDLES && data->data.handles.count > 0 &&
	    data->data.handles.handle[0] == index;
	return SN_OK;
}

/* Parts of 512 bytes are within every TPM's NV buffer [TCG PTP 3.6.1]. */
#define DEV_NV_PART 512

static TSS2_RC
dev_nv_part(struct tpm_dev *d, ESYS_TR nv, uint16_t n, uint16_t at, struct sn_buf *ret)
{
	SN_CLEANUP(dev_release) TPM2B_MAX_NV_BUFFER *part = NULL;
	TSS2_RC rc = Esys_NV_Read(d->esys, nv, nv, ESYS_TR_PASSWORD, DEV_NONE, n, at, &part);

	if (rc == TSS2_RC_SUCCESS && part->size != n)
		return TSS2_ESYS_RC_BAD_SIZE;
	if (rc == TSS2_RC_SUCCESS)
		sn_buf_put(ret, (struct bytes){ part->buffer, part->size });
	return rc;
}

static TSS2_RC
dev_nv_whole(struct tpm_dev *d, ESYS_TR nv, struct sn_buf *ret)
{
	SN_CLEANUP(dev_release) TPM2B_NV_PUBLIC *pub = NULL;
	SN_CLEANUP(dev_release) TPM2B_NAME *name = NULL;
	TSS2_RC rc = Esys_NV_ReadPublic(d->esys, nv, ESYS_TR_NONE, DEV_NONE, &pub, &name);
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

	SN_TRY(dev_ready(d, why));
	SN_TRY(dev_result(d, "TPM2_NV_ReadPublic",
	    Esys_TR_FromTPMPublic(d->esys, index, ESYS_TR_NONE, DEV_NONE, &nv), why));
	rc = dev_nv_whole(d, nv, &data);
	/* the TPM's own refusal is an answer; anything else is a fault */
	if ((rc & TSS2_RC_LAYER_MASK) != TSS2_TPM_RC_LAYER)
		SN_TRY(dev_result(d, "TPM2_NV_Read", rc, why));
	SN_TRY(dev_result(d, "closing an NV index", Esys_TR_Close(d->esys, &nv), why));
	SN_TRY(sn_buf_check(&data, why));
	if (rc == TSS2_RC_SUCCESS)
		sn_buf_put(ret, sn_buf_bytes(&data));
	return sn_buf_check(ret, why);
}

/* Do these differ in nothing but the unique field? */
static bool
dev_same_template(const TPM2B_PUBLIC *made, const TPM2B_PUBLIC *template)
{
	TPM2B_PUBLIC bare = *made;
	uint8_t a[sizeof(TPM2B_PUBLIC)], b[sizeof(TPM2B_PUBLIC)];
	size_t na = 0, nb = 0;

	bare.publicArea.unique = template->publicArea.unique;
	return Tss2_MU_TPMT_PUBLIC_Marshal(&bare.publicArea, a, sizeof(a), &na) ==
	    TSS2_RC_SUCCESS &&
	    Tss2_MU_TPMT_PUBLIC_Marshal(&template->publicArea, b, sizeof(b), &nb) ==
	    TSS2_RC_SUCCESS &&
	    na == nb && memcmp(a, b, na) == 0;
}

static enum sn_err
dev_name(struct tpm_dev *d, ESYS_TR tr, uint8_t ret[TPM_NAME_LEN], struct sn_why *why)
{
	SN_CLEANUP(dev_release) TPM2B_NAME *name = NULL;

	SN_TRY(dev_result(d, "an object's name", Esys_TR_GetName(d->esys, tr, &name), why));
	if (name->size != TPM_NAME_LEN)
		return dev_fault(d, "an object's name", "another length than SHA-256 gives",
		    why);
	memcpy(ret, name->name, TPM_NAME_LEN);
	return SN_OK;
}

enum sn_err
tpm_dev_primary(struct tpm_dev *d, ESYS_TR session, const TPM2B_PUBLIC *template,
    struct tpm_object *ret, bool *ret_refused, struct sn_why *why)
{
	SN_CLEANUP(dev_release) TPM2B_PUBLIC *pub = NULL;
	SN_CLEANUP(dev_release) TPM2B_CREATION_DATA *data = NULL;
	SN_CLEANUP(dev_release) TPM2B_DIGEST *hash = NULL;
	SN_CLEANUP(dev_release) TPMT_TK_CREATION *ticket = NULL;
	const TPM2B_SENSITIVE_CREATE sensitive = { 0 };
	const TPML_PCR_SELECTION none = { 0 };
	TPM2B_DATA outside = { .size = sizeof(DEV_OUTSIDE) - 1 };
	struct tpm_object o = { .tr = ESYS_TR_NONE };
	TSS2_RC rc;

	SN_TRY(dev_ready(d, why));
	memcpy(outside.buffer, DEV_OUTSIDE, outside.size);
	rc = Esys_CreatePrimary(d->esys, ESYS_TR_RH_ENDORSEMENT, session, DEV_NONE, &sensitive,
	    template, &outside, &none, &o.tr, &pub, &data, &hash, &ticket);
	if (ret_refused != NULL) {
		*ret_refused = dev_parameter_refused(rc);
		if (*ret_refused)
			return SN_OK;
	}
	SN_TRY(dev_result(d, "TPM2_CreatePrimary", rc, why));
	if (!dev_same_template(pub, template))
		return dev_fault(d, "TPM2_CreatePrimary", "another key than was asked for",
		    why);
	o.pub = *pub;
	SN_TRY(dev_name(d, o.tr, o.name, why));
	*ret = o;
	return SN_OK;
}

enum sn_err
tpm_dev_session(struct tpm_dev *d, ESYS_TR key, TPMA_SESSION attributes, ESYS_TR *ret,
    struct sn_why *why)
{
	const TPMT_SYM_DEF aes = {
		.algorithm = TPM2_ALG_AES, .keyBits.aes = 128, .mode.aes = TPM2_ALG_CFB
	};
	ESYS_TR session = ESYS_TR_NONE;

	SN_TRY(dev_ready(d, why));
	SN_TRY(dev_result(d, "TPM2_StartAuthSession",
	    Esys_StartAuthSession(d->esys, key, ESYS_TR_NONE, ESYS_TR_NONE, DEV_NONE, NULL,
		TPM2_SE_HMAC, &aes, TPM2_ALG_SHA256, &session),
	    why));
	SN_TRY(dev_result(d, "a session's attributes",
	    Esys_TRSess_SetAttributes(d->esys, session, attributes, 0xff), why));
	*ret = session;
	return SN_OK;
}

enum sn_err
tpm_dev_flush(struct tpm_dev *d, ESYS_TR *tr, struct sn_why *why)
{
	ESYS_TR gone = *tr;

	SN_TRY(dev_ready(d, why));
	*tr = ESYS_TR_NONE;
	return dev_result(d, "TPM2_FlushContext", Esys_FlushContext(d->esys, gone), why);
}

enum sn_err
tpm_dev_random(struct tpm_dev *d, ESYS_TR session, size_t n, uint8_t *ret, size_t *ret_n,
    struct sn_why *why)
{
	SN_CLEANUP(dev_release) TPM2B_DIGEST *got = NULL;

	SN_TRY(dev_ready(d, why));
	if (session == ESYS_TR_NONE || session == ESYS_TR_PASSWORD || n == 0 || n > 32)
		return dev_fault(d, "TPM2_GetRandom", "asked without a session", why);
	SN_TRY(dev_result(d, "TPM2_GetRandom",
	    Esys_GetRandom(d->esys, session, DEV_NONE, (UINT16)n, &got), why));
	if (got->size > 0 && got->size <= n) {
		memcpy(ret, got->buffer, got->size);
		*ret_n = got->size;
		sn_wipe(got, sizeof(*got));
		return SN_OK;
	}
	sn_wipe(got, sizeof(*got));
	return dev_fault(d, "TPM2_GetRandom", "no byte, or more than asked for", why);
}

static enum sn_err
dev_attested(struct tpm_dev *d, const char *command, const TPM2B_ATTEST *attest,
    const TPMT_SIGNATURE *sig, struct sn_buf *ret_msg, struct sn_buf *ret_sig,
    struct sn_why *why)
{
	uint8_t out[sizeof(TPMT_SIGNATURE)];
	size_t n = 0;

	if (attest->size == 0 || attest->size > sizeof(attest->attestationData))
		return dev_fault(d, command, "an attestation of impossible size", why);
	if (Tss2_MU_TPMT_SIGNATURE_Marshal(sig, out, sizeof(out), &n) != TSS2_RC_SUCCESS)
		return dev_fault(d, command, "a signature of unknown form", why);
	sn_buf_put(ret_msg, (struct bytes){ attest->attestationData, attest->size });
	sn_buf_put(ret_sig, (struct bytes){ out, n });
	SN_TRY(sn_buf_check(ret_msg, why));
	return sn_buf_check(ret_sig, why);
}

static TPM2B_DATA
dev_qualifying(const uint8_t qualifying[32])
{
	TPM2B_DATA q = { .size = 32 };

	memcpy(q.buffer, qualifying, 32);
	return q;
}

enum sn_err
tpm_dev_audit_digest(struct tpm_dev *d, ESYS_TR ak, ESYS_TR session,
    const uint8_t qualifying[32], struct sn_buf *ret_msg, struct sn_buf *ret_sig,
    struct sn_why *why)
{
	SN_CLEANUP(dev_release) TPM2B_ATTEST *attest = NULL;
	SN_CLEANUP(dev_release) TPMT_SIGNATURE *sig = NULL;
	const TPMT_SIG_SCHEME scheme = { .scheme = TPM2_ALG_NULL };
	const TPM2B_DATA q = dev_qualifying(qualifying);

	SN_TRY(dev_ready(d, why));
	SN_TRY(dev_result(d, "TPM2_GetSessionAuditDigest",
	    Esys_GetSessionAuditDigest(d->esys, ESYS_TR_RH_ENDORSEMENT, ak, session,
		ESYS_TR_PASSWORD, ESYS_TR_PASSWORD, ESYS_TR_NONE, &q, &scheme, &attest, &sig),
	    why));
	return dev_attested(d, "TPM2_GetSessionAuditDigest", attest, sig, ret_msg, ret_sig,
	    why);
}

enum sn_err
tpm_dev_quote(struct tpm_dev *d, ESYS_TR ak, const uint8_t qualifying[32], uint32_t mask,
    struct sn_buf *ret_msg, struct sn_buf *ret_sig, struct sn_why *why)
{
	SN_CLEANUP(dev_release) TPM2B_ATTEST *attest = NULL;
	SN_CLEANUP(dev_release) TPMT_SIGNATURE *sig = NULL;
	const TPMT_SIG_SCHEME scheme = { .scheme = TPM2_ALG_NULL };
	const TPML_PCR_SELECTION selection = tpm_dev_selection(mask);
	const TPM2B_DATA q = dev_qualifying(qualifying);

	SN_TRY(dev_ready(d, why));
	SN_TRY(dev_result(d, "TPM2_Quote",
	    Esys_Quote(d->esys, ak, ESYS_TR_PASSWORD, DEV_NONE, &q, &scheme, &selection,
		&attest, &sig),
	    why));
	return dev_attested(d, "TPM2_Quote", attest, sig, ret_msg, ret_sig, why);
}

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
	SN_CLEANUP(dev_release) TPML_PCR_SELECTION *answered = NULL;
	SN_CLEANUP(dev_release) TPML_DIGEST *values = NULL;
	const TPML_PCR_SELECTION asked = tpm_dev_selection(*mask);
	uint32_t got, at = 0;

	SN_TRY(dev_result(d, "TPM2_PCR_Read",
	    Esys_PCR_Read(d->esys, ESYS_TR_NONE, DEV_NONE, &asked, counter, &answered, &values),
	    why));
	got = dev_answered(answered, values, *mask);
	if (got == 0)
		return dev_fault(d, "TPM2_PCR_Read", "no values of the SHA-256 bank", why);
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
	SN_TRY(dev_ready(d, why));
	for (int round = 0; round < DEV_PCR_ROUNDS; round++) {
		uint32_t left = mask, first = 0, counter = 0;

		SN_TRY(dev_pcr_part(d, &left, ret, &first, why));
		counter = first;
		while (left != 0 && counter == first)
			SN_TRY(dev_pcr_part(d, &left, ret, &counter, why));
		if (counter == first)
			return SN_OK;
	}
	return dev_fault(d, "TPM2_PCR_Read", "the PCRs keep changing", why);
}

enum sn_err
tpm_dev_pcr_extend(struct tpm_dev *d, ESYS_TR session, unsigned int pcr,
    const uint8_t digest[32], struct sn_why *why)
{
	TPML_DIGEST_VALUES values = { .count = 1 };

	SN_TRY(dev_ready(d, why));
	values.digests[0].hashAlg = TPM2_ALG_SHA256;
	memcpy(values.digests[0].digest.sha256, digest, 32);
	return dev_result(d, "TPM2_PCR_Extend",
	    Esys_PCR_Extend(d->esys, ESYS_TR_PCR0 + pcr, session, DEV_NONE, &values), why);
}
