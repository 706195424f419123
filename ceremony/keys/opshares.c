#include "ceremony/keys/opshares.h"

static void shares_done(struct slip39_share (*s)[SLIP39_MAX_SHARES])
{
	size_t i;

	for (i = 0; i < SLIP39_MAX_SHARES; i++)
		slip39_share_done(&(*s)[i]);
}

enum sn_err
opshares_split(struct bytes operations, enum plan_world world, uint32_t threshold,
    uint32_t count, struct sn_secret *ret, struct sn_why *why)
{
	SN_CLEANUP(shares_done) struct slip39_share shares[SLIP39_MAX_SHARES] = { 0 };
	struct sn_secret texts[SLIP39_MAX_SHARES] = { 0 };
	enum sn_err e = SN_OK;
	uint16_t identifier;
	uint32_t i;

	SN_TRY(slip39_identifier(world == PLAN_REHEARSAL, &identifier, why));
	SN_TRY(slip39_split(operations, identifier, threshold, count, NULL, shares, why));
	for (i = 0; i < count && e == SN_OK; i++)
		e = slip39_encode(&shares[i], &texts[i], why);
	for (i = 0; i < count; i++) {
		if (e == SN_OK)
			ret[i] = texts[i];
		else
			sn_secret_done(&texts[i]);
	}
	return e;
}

enum sn_err
opshares_seal(const struct plan_approver *to, struct bytes text, struct sn_buf *ret,
    struct sn_why *why)
{
	SN_CLEANUP(cry_key_free) struct cry_key *key = NULL;

	SN_TRY(cry_key_from_spki((struct bytes){ to->seal, to->seal_len }, &key, why));
	return cry_cms_encrypt(key, text, ret, why);
}

enum sn_err
opshares_open(const struct approver_keys *k, struct bytes cms, struct sn_secret *ret,
    struct sn_why *why)
{
	return cry_cms_decrypt(k->seal, cms, ret, why);
}

enum sn_err
opshares_join(const struct bytes *texts, size_t n, enum plan_world world, struct sn_secret *ret,
    struct sn_why *why)
{
	SN_CLEANUP(shares_done) struct slip39_share shares[SLIP39_MAX_SHARES] = { 0 };
	size_t need, i;

	if (n == 0 || n > SLIP39_MAX_SHARES)
		return sn_fail(why, SN_E_SHARE, "operations shares: %zu of them", n);
	for (i = 0; i < n; i++) {
		SN_TRY(slip39_decode(texts[i], &shares[i], why));
		SN_TRY(slip39_check(&shares[i], world == PLAN_REHEARSAL, shares[0].identifier,
		    shares, i, why));
	}
	need = shares[0].member_threshold;
	if (n < need)
		return sn_fail(why, SN_E_SHARE, "operations shares: %zu given, %zu are needed",
		    n, need);
	return slip39_combine(shares, need, (struct bytes){ NULL, 0 }, ret, why);
}
