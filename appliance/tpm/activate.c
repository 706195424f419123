/* The answer to a challenge made with TPM2_MakeCredential [TCG P1 24]. */
#include <string.h>

#include "appliance/tpm/work.h"

#define FILE_MAGIC 0xbadcc0deU /* of tpm2_makecredential -o */
#define FILE_VERSION 1

/* A TPM2B's bytes into a structure with that much room. */
static enum sn_err
take_2b(struct bytes *in, uint8_t *ret, size_t room, uint16_t *ret_n, const char *what,
    struct sn_why *why)
{
	uint16_t n;

	SN_TRY(bytes_u16(in, &n, what, why));
	if (n == 0 || n > room)
		return sn_fail(why, SN_E_FORMAT, "%s has %u bytes, 1 to %zu can be", what, n,
		    room);
	SN_TRY(bytes_copy(in, ret, n, what, why));
	*ret_n = n;
	return SN_OK;
}

static enum sn_err
activate_parse(struct bytes in, TPM2B_ID_OBJECT *blob, TPM2B_ENCRYPTED_SECRET *wrapped,
    struct sn_why *why)
{
	uint32_t magic, version;

	SN_TRY(bytes_u32(&in, &magic, "the challenge's magic number", why));
	SN_TRY(bytes_u32(&in, &version, "the challenge's version", why));
	if (magic != FILE_MAGIC || version != FILE_VERSION)
		return sn_fail(why, SN_E_FORMAT,
		    "the challenge is no file of sanctum enrol or tpm2_makecredential");
	SN_TRY(take_2b(&in, blob->credential, sizeof(blob->credential), &blob->size,
	    "the challenge's credential", why));
	SN_TRY(take_2b(&in, wrapped->secret, sizeof(wrapped->secret), &wrapped->size,
	    "the challenge's seed", why));
	return bytes_end(&in, "the challenge", why);
}

/*
 * A salted session that encrypts what comes back and authorises the endorsement key: by its
 * policy, or where its template lets the (empty) password do, by that [TCG EK profile B].
 */
static enum sn_err
activate_session(struct tpm_dev *d, const struct tpm_ident *i, ESYS_TR *ret, struct sn_why *why)
{
	const TPMA_SESSION attributes = TPMA_SESSION_CONTINUESESSION | TPMA_SESSION_ENCRYPT;

	if ((i->ek.pub.publicArea.objectAttributes & TPMA_OBJECT_USERWITHAUTH) != 0)
		return tpm_dev_session(d, i->ek.tr, attributes, ret, why);
	SN_TRY(tpm_dev_policy_session(d, i->ek.tr, attributes, ret, why));
	return tpm_dev_policy_endorsement(d, *ret, i->link, why);
}

enum sn_err
tpm_work_activate(struct tpm_dev *d, const struct tpm_ident *i, struct bytes challenge,
    struct sn_buf *ret, struct sn_why *why)
{
	TPM2B_ID_OBJECT blob = { 0 };
	TPM2B_ENCRYPTED_SECRET wrapped = { 0 };
	SN_CLEANUP(sn_buf_done) struct sn_buf secret = { 0 };
	ESYS_TR session = ESYS_TR_NONE;
	struct sn_why reason = { 0 };
	enum sn_err e;

	SN_TRY(activate_parse(challenge, &blob, &wrapped, why));
	SN_TRY(activate_session(d, i, &session, why));
	e = tpm_dev_activate(d, i->ak.tr, i->link, i->ek.tr, session, &blob, &wrapped, &secret,
	    &reason);
	SN_TRY(tpm_dev_flush(d, &session, why));
	if (e != SN_OK)
		return sn_fail(why, e, "%s", reason.text);
	sn_buf_put(ret, sn_buf_bytes(&secret));
	return sn_buf_check(ret, why);
}
