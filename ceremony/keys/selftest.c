#include "ceremony/keys/selftest.h"

#include "appliance/base/text.h"
#include "ceremony/keys/slip39.h"

static enum sn_err
combine(const struct sn_selftest *t, struct slip39_share shares[2], struct sn_secret *ret,
    struct sn_why *why)
{
	SN_TRY(slip39_decode(bytes_str(t->salt), &shares[0], why));
	SN_TRY(slip39_decode(bytes_str(t->data), &shares[1], why));
	return slip39_combine(shares, 2, bytes_str(t->key), ret, why);
}

static enum sn_err
slip39(const struct sn_selftest *t, struct sn_why *why)
{
	SN_CLEANUP(sn_secret_done) struct sn_secret got = { 0 };
	struct slip39_share shares[2] = { 0 };
	uint8_t want[SLIP39_MAX_SECRET];
	enum sn_err e;

	SN_TRY(sn_hex_parse(t->want, want, sizeof(want), t->name, why));
	e = combine(t, shares, &got, why);
	slip39_share_done(&shares[0]);
	slip39_share_done(&shares[1]);
	SN_TRY(e);
	if (!sn_secret_equal(sn_secret_bytes(&got), BYTES_OF(want)))
		return sn_fail(why, SN_E_CRYPTO, "%s gives another secret than %s", t->name,
		    t->source);
	return SN_OK;
}

const struct sn_selftest keys_selftests[] = {
	{
	    .name = "SLIP-0039",
	    .source = "its vector 45, 2 of 3",
	    .run = slip39,
	    .key = "TREZOR",
	    .salt = "western apart academic always artist resident briefing sugar woman oven "
		    "coding club ajar merit pecan answer prisoner artist fraction amount "
		    "desktop mild false necklace muscle photo wealthy alpha category unwrap "
		    "spew losing making",
	    .data = "western apart academic acid answer ancient auction flip image penalty "
		    "oasis beaver multiple thunder problem switch alive heat inherit superior "
		    "teaspoon explain blanket pencil numb lend punish endless aunt garlic "
		    "humidity kidney observe",
	    .want = "8dc652d6d6cd370d8c963141f6d79ba440300f25c467302c1d966bff8f62300d",
	},
	{ .name = NULL },
};
