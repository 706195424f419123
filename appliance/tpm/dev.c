#include "appliance/tpm/dev_call.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <tss2/tss2_mu.h>

#include "appliance/crypto/digest.h"

/* What an operator can do about some answers, to any command or to one. */
static const struct dev_meaning {
	TSS2_RC rc;
	const char *command;
	enum tpm_condition condition; /* of the TPM, when this ends the work with it */
	const char *text;
} dev_meanings[] = {
	{ TPM2_RC_BAD_AUTH + TPM2_RC_S + TPM2_RC_1, "TPM2_CreatePrimary", TPM_OWNED,
	    "the endorsement hierarchy has a password: clear the TPM in the firmware's menu" },
	{ TPM2_RC_HIERARCHY + TPM2_RC_1, "TPM2_CreatePrimary", TPM_DISABLED,
	    "the endorsement hierarchy is off: turn it on in the firmware's menu" },
	{ TPM2_RC_LOCKOUT, NULL, TPM_USABLE, "the TPM is locked after wrong passwords" },
	{ TPM2_RC_FAILURE, NULL, TPM_FAILED,
	    "the TPM is in failure mode: switch the machine off and on" },
	{ TPM2_RC_OBJECT_MEMORY, NULL, TPM_NO_ROOM,
	    "no room for a key: something else uses this TPM" },
	{ TPM2_RC_OBJECT_HANDLES, NULL, TPM_NO_ROOM,
	    "no room for a key: something else uses this TPM" },
	{ TPM2_RC_SESSION_MEMORY, NULL, TPM_NO_ROOM,
	    "no room for a session: something else uses this TPM" },
	{ TPM2_RC_SESSION_HANDLES, NULL, TPM_NO_ROOM,
	    "no room for a session: something else uses this TPM" },
	{ TPM2_RC_BAD_AUTH + TPM2_RC_S + TPM2_RC_1, "TPM2_NV_DefineSpace", TPM_USABLE,
	    "the owner hierarchy has a password" },
	{ TPM2_RC_AUTH_FAIL + TPM2_RC_S + TPM2_RC_1, "TPM2_NV_DefineSpace", TPM_USABLE,
	    "the owner hierarchy has a password" },
	{ TPM2_RC_HIERARCHY + TPM2_RC_1, "TPM2_NV_DefineSpace", TPM_USABLE,
	    "the owner hierarchy is off" },
	{ TPM2_RC_NV_SPACE, "TPM2_NV_DefineSpace", TPM_USABLE, "the TPM's memory is full" },
	{ TSS2_ESYS_RC_RSP_AUTH_FAILED, NULL, TPM_USABLE,
	    "the response's HMAC is wrong: something between here and the TPM changed it" },
};

static const struct dev_meaning *
dev_find_meaning(const char *command, TSS2_RC rc)
{
	for (size_t i = 0; i < SN_NITEMS(dev_meanings); i++) {
		const struct dev_meaning *m = &dev_meanings[i];

		if (m->rc == rc && (m->command == NULL || strcmp(m->command, command) == 0))
			return m;
	}
	return NULL;
}

const char *
tpm_dev_meaning(const char *command, TSS2_RC rc)
{
	const struct dev_meaning *m = dev_find_meaning(command, rc);

	return m != NULL ? m->text : "refused";
}

/* The first fault says what state the TPM is in, if anything does. */
static void
dev_condition(struct tpm_dev *d, const char *command, TSS2_RC rc)
{
	const struct dev_meaning *m = dev_find_meaning(command, rc);

	if (d->fault.err == SN_OK && m != NULL)
		d->condition = m->condition;
}

/* For SN_CLEANUP on anything that tpm2-tss allocated. */
void
tpm_dev_release(void *pp)
{
	void **p = pp;

	Esys_Free(*p);
	*p = NULL;
}

enum sn_err
tpm_dev_ready(const struct tpm_dev *d, struct sn_why *why)
{
	if (d->fault.err != SN_OK)
		return sn_fail(why, d->fault.err, "%s", d->fault.text);
	return SN_OK;
}

enum sn_err
tpm_dev_fault(struct tpm_dev *d, const char *command, const char *text, struct sn_why *why)
{
	(void)sn_fail(&d->fault, SN_E_TPM, "%s: %s", command, text);
	return tpm_dev_ready(d, why);
}

enum sn_err
tpm_dev_result(struct tpm_dev *d, const char *command, TSS2_RC rc, struct sn_why *why)
{
	if (rc == TSS2_RC_SUCCESS)
		return SN_OK;
	if (d->tcti.why.err != SN_OK)
		return tpm_dev_fault(d, command, d->tcti.why.text, why);
	dev_condition(d, command, rc);
	(void)sn_fail(&d->fault, SN_E_TPM, "%s: %s (0x%x)", command,
	    tpm_dev_meaning(command, rc), rc);
	return tpm_dev_ready(d, why);
}

bool
tpm_dev_refused(TSS2_RC rc)
{
	return (rc & TSS2_RC_LAYER_MASK) == TSS2_TPM_RC_LAYER;
}

bool
tpm_dev_parameter_refused(TSS2_RC rc)
{
	return tpm_dev_refused(rc) && (rc & TPM2_RC_FMT1) != 0 && (rc & TPM2_RC_P) != 0;
}

enum sn_err
tpm_dev_open(struct tpm_wire *wire, struct tpm_dev **ret, struct sn_why *why)
{
	SN_CLEANUP(tpm_dev_free) struct tpm_dev *d = calloc(1, sizeof(*d));

	if (d == NULL)
		return sn_fail(why, SN_E_NOMEM, "TPM context");
	d->link = ESYS_TR_NONE;
	tpm_tcti_init(&d->tcti, wire);
	SN_TRY(tpm_dev_result(d, "opening the TPM",
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
	SN_TRY(tpm_dev_ready(d, why));
	/* where firmware has started it already, ESYS makes a success of that */
	SN_TRY(tpm_dev_result(d, "TPM2_Startup", Esys_Startup(d->esys, TPM2_SU_CLEAR), why));
	return tpm_dev_result(d, "TPM2_SelfTest",
	    Esys_SelfTest(d->esys, ESYS_TR_NONE, DEV_NONE, TPM2_NO), why);
}

#define DEV_TEST_ROUNDS 60
#define DEV_TEST_PAUSE_NS 100000000L

enum sn_err
tpm_dev_test_result(struct tpm_dev *d, struct sn_why *why)
{
	const struct timespec pause = { 0, DEV_TEST_PAUSE_NS };

	SN_TRY(tpm_dev_ready(d, why));
	for (int round = 0; round < DEV_TEST_ROUNDS; round++) {
		SN_CLEANUP(tpm_dev_release) TPM2B_MAX_BUFFER *data = NULL;
		TPM2_RC rc = TPM2_RC_FAILURE;

		SN_TRY(tpm_dev_result(d, "TPM2_GetTestResult",
		    Esys_GetTestResult(d->esys, ESYS_TR_NONE, DEV_NONE, &data, &rc), why));
		if (rc == TPM2_RC_SUCCESS)
			return SN_OK;
		if (rc == TPM2_RC_NEEDS_TEST)
			SN_TRY(tpm_dev_result(d, "TPM2_SelfTest",
			    Esys_SelfTest(d->esys, ESYS_TR_NONE, DEV_NONE, TPM2_YES), why));
		else if (rc != TPM2_RC_TESTING)
			return tpm_dev_result(d, "the TPM's self-test", rc, why);
		nanosleep(&pause, NULL);
	}
	return tpm_dev_fault(d, "the TPM's self-test", "it does not come to an end", why);
}

enum sn_err
tpm_dev_properties(struct tpm_dev *d, uint32_t first, uint32_t n, uint32_t *ret,
    struct sn_why *why)
{
	SN_CLEANUP(tpm_dev_release) TPMS_CAPABILITY_DATA *data = NULL;
	const TPML_TAGGED_TPM_PROPERTY *list;
	TPMI_YES_NO more = TPM2_NO;

	SN_TRY(tpm_dev_ready(d, why));
	SN_TRY(tpm_dev_result(d, "TPM2_GetCapability",
	    Esys_GetCapability(d->esys, d->link, DEV_NONE, TPM2_CAP_TPM_PROPERTIES, first, n,
		&more, &data),
	    why));
	list = &data->data.tpmProperties;
	if (data->capability != TPM2_CAP_TPM_PROPERTIES || list->count < n)
		return tpm_dev_fault(d, "TPM2_GetCapability", "fewer properties than asked for",
		    why);
	for (uint32_t i = 0; i < n; i++) {
		if (list->tpmProperty[i].property != first + i)
			return tpm_dev_fault(d, "TPM2_GetCapability", "another property", why);
		ret[i] = list->tpmProperty[i].value;
	}
	return SN_OK;
}

static enum sn_err
dev_property(struct tpm_dev *d, uint32_t property, uint32_t *ret, struct sn_why *why)
{
	SN_CLEANUP(tpm_dev_release) TPMS_CAPABILITY_DATA *data = NULL;
	const TPML_TAGGED_TPM_PROPERTY *list;
	TPMI_YES_NO more = TPM2_NO;

	SN_TRY(tpm_dev_result(d, "TPM2_GetCapability",
	    Esys_GetCapability(d->esys, d->link, DEV_NONE, TPM2_CAP_TPM_PROPERTIES, property, 1,
		&more, &data),
	    why));
	list = &data->data.tpmProperties;
	*ret = 0;
	if (data->capability == TPM2_CAP_TPM_PROPERTIES && list->count > 0 &&
	    list->tpmProperty[0].property == property)
		*ret = list->tpmProperty[0].value;
	return SN_OK;
}

enum sn_err
tpm_dev_state(struct tpm_dev *d, struct tpm_state *ret, struct sn_why *why)
{
	const struct {
		uint32_t property, *to;
	} rows[] = {
		{ TPM2_PT_PERMANENT, &ret->permanent },
		{ TPM2_PT_STARTUP_CLEAR, &ret->startup_clear },
		{ TPM2_PT_LOCKOUT_COUNTER, &ret->lockout_counter },
		{ TPM2_PT_MAX_AUTH_FAIL, &ret->lockout_max },
		{ TPM2_PT_LOCKOUT_INTERVAL, &ret->lockout_recovery },
	};

	SN_TRY(tpm_dev_ready(d, why));
	for (size_t i = 0; i < SN_NITEMS(rows); i++)
		SN_TRY(dev_property(d, rows[i].property, rows[i].to, why));
	return SN_OK;
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

/* That ESYS compares the TPM's own name with the public area goes without saying here. */
static enum sn_err
dev_name(struct tpm_dev *d, const TPM2B_PUBLIC *pub, uint8_t ret[TPM_NAME_LEN],
    struct sn_why *why)
{
	uint8_t area[sizeof(TPM2B_PUBLIC)];
	size_t n = 0;

	if (Tss2_MU_TPMT_PUBLIC_Marshal(&pub->publicArea, area, sizeof(area), &n) !=
	    TSS2_RC_SUCCESS)
		return tpm_dev_fault(d, "an object's name", "a public area of unknown form",
		    why);
	ret[0] = TPM2_ALG_SHA256 >> 8;
	ret[1] = TPM2_ALG_SHA256 & 0xff;
	return cry_digest(CRY_SHA256, (struct bytes){ area, n }, ret + 2, why);
}

enum sn_err
tpm_dev_primary(struct tpm_dev *d, ESYS_TR session, const TPM2B_PUBLIC *template,
    struct tpm_object *ret, bool *ret_refused, struct sn_why *why)
{
	SN_CLEANUP(tpm_dev_release) TPM2B_PUBLIC *pub = NULL;
	SN_CLEANUP(tpm_dev_release) TPM2B_CREATION_DATA *data = NULL;
	SN_CLEANUP(tpm_dev_release) TPM2B_DIGEST *hash = NULL;
	SN_CLEANUP(tpm_dev_release) TPMT_TK_CREATION *ticket = NULL;
	const TPM2B_SENSITIVE_CREATE sensitive = { 0 };
	const TPML_PCR_SELECTION none = { 0 };
	TPM2B_DATA outside = { .size = sizeof(TPM_AK_OUTSIDE) - 1 };
	struct tpm_object o = { .tr = ESYS_TR_NONE };
	TSS2_RC rc;

	SN_TRY(tpm_dev_ready(d, why));
	memcpy(outside.buffer, TPM_AK_OUTSIDE, outside.size);
	rc = Esys_CreatePrimary(d->esys, ESYS_TR_RH_ENDORSEMENT, session, DEV_NONE, &sensitive,
	    template, &outside, &none, &o.tr, &pub, &data, &hash, &ticket);
	if (ret_refused != NULL) {
		*ret_refused = tpm_dev_parameter_refused(rc);
		if (*ret_refused)
			return SN_OK;
	}
	SN_TRY(tpm_dev_result(d, "TPM2_CreatePrimary", rc, why));
	if (!dev_same_template(pub, template))
		return tpm_dev_fault(d, "TPM2_CreatePrimary", "another key than was asked for",
		    why);
	o.pub = *pub;
	o.creation = *data;
	o.creation_hash = *hash;
	o.ticket = *ticket;
	SN_TRY(dev_name(d, pub, o.name, why));
	*ret = o;
	return SN_OK;
}

static enum sn_err
dev_session(struct tpm_dev *d, ESYS_TR key, TPM2_SE type, TPMA_SESSION attributes, ESYS_TR *ret,
    struct sn_why *why)
{
	const TPMT_SYM_DEF aes = {
		.algorithm = TPM2_ALG_AES, .keyBits.aes = 128, .mode.aes = TPM2_ALG_CFB
	};
	ESYS_TR session = ESYS_TR_NONE;

	SN_TRY(tpm_dev_ready(d, why));
	SN_TRY(tpm_dev_result(d, "TPM2_StartAuthSession",
	    Esys_StartAuthSession(d->esys, key, ESYS_TR_NONE, ESYS_TR_NONE, DEV_NONE, NULL,
		type, &aes, TPM2_ALG_SHA256, &session),
	    why));
	SN_TRY(tpm_dev_result(d, "a session's attributes",
	    Esys_TRSess_SetAttributes(d->esys, session, attributes, 0xff), why));
	*ret = session;
	return SN_OK;
}

enum sn_err
tpm_dev_session(struct tpm_dev *d, ESYS_TR key, TPMA_SESSION attributes, ESYS_TR *ret,
    struct sn_why *why)
{
	return dev_session(d, key, TPM2_SE_HMAC, attributes, ret, why);
}

enum sn_err
tpm_dev_policy_session(struct tpm_dev *d, ESYS_TR key, TPMA_SESSION attributes, ESYS_TR *ret,
    struct sn_why *why)
{
	return dev_session(d, key, TPM2_SE_POLICY, attributes, ret, why);
}

enum sn_err
tpm_dev_protect(struct tpm_dev *d, ESYS_TR session, struct sn_why *why)
{
	SN_TRY(tpm_dev_ready(d, why));
	SN_TRY(tpm_dev_result(d, "a session's attributes",
	    Esys_TRSess_SetAttributes(d->esys, session, TPMA_SESSION_AUDIT, TPMA_SESSION_AUDIT),
	    why));
	d->link = session;
	return SN_OK;
}

enum sn_err
tpm_dev_confidential(struct tpm_dev *d, const char *command, ESYS_TR session,
    TPMA_SESSION attributes, struct sn_why *why)
{
	TPMA_SESSION has = 0;

	if (session == ESYS_TR_NONE || session == ESYS_TR_PASSWORD)
		return tpm_dev_fault(d, command, "asked without a session", why);
	SN_TRY(tpm_dev_result(d, "a session's attributes",
	    Esys_TRSess_GetAttributes(d->esys, session, &has), why));
	if ((has & attributes) != attributes)
		return tpm_dev_fault(d, command, "asked in a session that does not protect it",
		    why);
	return SN_OK;
}

enum sn_err
tpm_dev_flush(struct tpm_dev *d, ESYS_TR *tr, struct sn_why *why)
{
	ESYS_TR gone = *tr;

	SN_TRY(tpm_dev_ready(d, why));
	*tr = ESYS_TR_NONE;
	if (d->link == gone)
		d->link = ESYS_TR_NONE;
	return tpm_dev_result(d, "TPM2_FlushContext", Esys_FlushContext(d->esys, gone), why);
}

enum sn_err
tpm_dev_random(struct tpm_dev *d, ESYS_TR session, size_t n, uint8_t *ret, size_t *ret_n,
    struct sn_why *why)
{
	SN_CLEANUP(tpm_dev_release) TPM2B_DIGEST *got = NULL;

	SN_TRY(tpm_dev_ready(d, why));
	if (n == 0 || n > 32)
		return tpm_dev_fault(d, "TPM2_GetRandom", "no byte or too many asked for", why);
	SN_TRY(tpm_dev_confidential(d, "TPM2_GetRandom", session,
	    TPMA_SESSION_ENCRYPT | TPMA_SESSION_AUDIT, why));
	SN_TRY(tpm_dev_result(d, "TPM2_GetRandom",
	    Esys_GetRandom(d->esys, session, DEV_NONE, (UINT16)n, &got), why));
	if (got->size > 0 && got->size <= n) {
		memcpy(ret, got->buffer, got->size);
		*ret_n = got->size;
		sn_wipe(got, sizeof(*got));
		return SN_OK;
	}
	sn_wipe(got, sizeof(*got));
	return tpm_dev_fault(d, "TPM2_GetRandom", "no byte, or more than asked for", why);
}
