#include "ceremony/keys/approver.h"

#include <string.h>

#include "appliance/base/text.h"

#define KEY_SALT "cornerstone/v1/approver"
#define SEED_LEN 48 /* of a P-384 key */
#define PLAN_PREFIX "cornerstone/v1/approve-plan\n"
#define USB_PREFIX "cornerstone/v1/accept-usb\n"

void
approver_keys_done(struct approver_keys *k)
{
	if (k == NULL)
		return;
	cry_key_free(&k->sign);
	cry_key_free(&k->seal);
	k->name[0] = '\0';
}

enum sn_err
approver_keys_from_seed(const char *name, struct bytes seed, struct approver_keys *ret,
    struct sn_why *why)
{
	SN_CLEANUP(sn_secret_done) struct sn_secret prk = { 0 }, sign = { 0 }, seal = { 0 };
	SN_CLEANUP(approver_keys_done) struct approver_keys k = { 0 };

	SN_TRY(cry_hkdf_extract(CRY_SHA512, BYTES_STR(KEY_SALT), seed, &prk, why));
	/* a literal's own NUL separates the two parts of the info */
	SN_TRY(cry_hkdf_expand(CRY_SHA512, sn_secret_bytes(&prk), BYTES_STR(KEY_SALT "\0sign"),
	    SEED_LEN, &sign, why));
	SN_TRY(cry_hkdf_expand(CRY_SHA512, sn_secret_bytes(&prk), BYTES_STR(KEY_SALT "\0seal"),
	    SEED_LEN, &seal, why));
	SN_TRY(cry_key_from_seed(CRY_P384, sn_secret_bytes(&sign), &k.sign, why));
	SN_TRY(cry_key_from_seed(CRY_P384, sn_secret_bytes(&seal), &k.seal, why));
	memcpy(k.name, name, strlen(name) + 1);
	*ret = k;
	k = (struct approver_keys){ 0 };
	return SN_OK;
}

static enum sn_err
spki_fits(const struct cry_key *key, const uint8_t *want, size_t n, bool *ret,
    struct sn_why *why)
{
	SN_CLEANUP(sn_buf_done) struct sn_buf spki = { 0 };

	SN_TRY(cry_key_spki(key, &spki, why));
	*ret = bytes_equal(sn_buf_bytes(&spki), (struct bytes){ want, n });
	return SN_OK;
}

enum sn_err
approver_is(const struct approver_keys *k, const struct plan_approver *pinned,
    struct sn_why *why)
{
	bool sign, seal;

	if (strcmp(k->name, pinned->name) != 0)
		return sn_fail(why, SN_E_POLICY, "approver.key: it is %s's, not %s's", k->name,
		    pinned->name);
	SN_TRY(spki_fits(k->sign, pinned->sign, pinned->sign_len, &sign, why));
	SN_TRY(spki_fits(k->seal, pinned->seal, pinned->seal_len, &seal, why));
	if (!sign || !seal)
		return sn_fail(why, SN_E_POLICY,
		    "approver.key: not the key that the plan names for %s", pinned->name);
	return SN_OK;
}

enum sn_err
approver_digest(const struct plan_approver *a, uint8_t ret[32], struct sn_why *why)
{
	SN_CLEANUP(sn_buf_done) struct sn_buf b = { 0 };

	sn_buf_blob32(&b, (struct bytes){ a->sign, a->sign_len });
	sn_buf_blob32(&b, (struct bytes){ a->seal, a->seal_len });
	SN_TRY(sn_buf_check(&b, why));
	return cry_digest(CRY_SHA256, sn_buf_bytes(&b), ret, why);
}

/* The pinned signing key, checked to be P-384. */
static enum sn_err
pinned_key(const struct plan_approver *a, struct cry_key **ret, struct sn_why *why)
{
	SN_CLEANUP(cry_key_free) struct cry_key *key = NULL;

	SN_TRY(cry_key_from_spki((struct bytes){ a->sign, a->sign_len }, &key, why));
	if (cry_key_alg(key) != CRY_P384)
		return sn_fail(why, SN_E_FORMAT, "approver %s: the key is not P-384", a->name);
	*ret = SN_TAKE(key);
	return SN_OK;
}

enum sn_err
approver_pem(const struct plan_approver *a, struct sn_buf *ret, struct sn_why *why)
{
	SN_CLEANUP(cry_key_free) struct cry_key *key = NULL;

	SN_TRY(pinned_key(a, &key, why));
	return cry_key_pem(key, ret, why);
}

/* ---- approvals */

static enum sn_err
plan_message(const uint8_t digest[32], struct sn_buf *ret, struct sn_why *why)
{
	sn_buf_str(ret, PLAN_PREFIX);
	sn_buf_put(ret, (struct bytes){ digest, 32 });
	return sn_buf_check(ret, why);
}

enum sn_err
approver_sign_plan(const struct approver_keys *k, const uint8_t digest[32],
    struct sn_buf *ret_sig, struct sn_why *why)
{
	SN_CLEANUP(sn_buf_done) struct sn_buf m = { 0 };

	SN_TRY(plan_message(digest, &m, why));
	return cry_sign(k->sign, sn_buf_bytes(&m), ret_sig, why);
}

enum sn_err
approver_check_plan(const struct plan_approver *a, const uint8_t digest[32], struct bytes sig,
    struct sn_why *why)
{
	SN_CLEANUP(sn_buf_done) struct sn_buf m = { 0 };

	SN_TRY(plan_message(digest, &m, why));
	return approver_check_statement(a, sn_buf_bytes(&m), sig, why);
}

static enum sn_err
usb_message(const uint8_t digest[32], struct bytes device, struct sn_buf *ret,
    struct sn_why *why)
{
	sn_buf_str(ret, USB_PREFIX);
	sn_buf_put(ret, (struct bytes){ digest, 32 });
	sn_buf_put(ret, device);
	return sn_buf_check(ret, why);
}

enum sn_err
approver_sign_usb(const struct approver_keys *k, const uint8_t plan_digest[32],
    struct bytes device, struct sn_buf *ret_sig, struct sn_why *why)
{
	SN_CLEANUP(sn_buf_done) struct sn_buf m = { 0 };

	SN_TRY(usb_message(plan_digest, device, &m, why));
	return cry_sign(k->sign, sn_buf_bytes(&m), ret_sig, why);
}

enum sn_err
approver_check_usb(const struct plan_approver *a, const uint8_t plan_digest[32],
    struct bytes device, struct bytes sig, struct sn_why *why)
{
	SN_CLEANUP(sn_buf_done) struct sn_buf m = { 0 };

	SN_TRY(usb_message(plan_digest, device, &m, why));
	return approver_check_statement(a, sn_buf_bytes(&m), sig, why);
}

enum sn_err
approver_sign_statement(const struct approver_keys *k, struct bytes statement,
    struct sn_buf *ret_sig, struct sn_why *why)
{
	return cry_sign(k->sign, statement, ret_sig, why);
}

enum sn_err
approver_check_statement(const struct plan_approver *a, struct bytes statement,
    struct bytes sig, struct sn_why *why)
{
	SN_CLEANUP(cry_key_free) struct cry_key *key = NULL;

	SN_TRY(pinned_key(a, &key, why));
	return cry_verify(key, statement, sig, why);
}
