#include "ceremony/keys/slip39.h"

#include <string.h>

#include "ceremony/keys/shamir.h"

#define DIGEST_LEN 4U
#define DIGEST_X 254U
#define SECRET_X 255U
#define ROUNDS 4U
#define ITERATIONS 10000U /* over all rounds, before the exponent doubles them */
#define HASH_LEN CRY_SHA256_LEN

/* ---- encryption of the master secret: a Feistel network [SLIP-0039] */

struct feistel {
	struct bytes passphrase;
	uint8_t salt[8]; /* "shamir" and the identifier, or nothing when extendable */
	size_t nsalt;
	uint32_t iterations; /* of each round */
};

static struct feistel
feistel_of(const struct slip39_share *s, struct bytes passphrase)
{
	struct feistel f = { passphrase, "shamir", 0, (ITERATIONS / ROUNDS) << s->exponent };

	if (!s->extendable) {
		f.salt[6] = (uint8_t)(s->identifier >> 8);
		f.salt[7] = (uint8_t)(s->identifier & 0xff);
		f.nsalt = sizeof(f.salt);
	}
	return f;
}

/* left ^= F(round, right), both of half bytes. */
static enum sn_err
feistel_round(const struct feistel *f, uint8_t round, uint8_t *left, const uint8_t *right,
    size_t half, struct sn_why *why)
{
	SN_CLEANUP(sn_secret_done) struct sn_secret password = { 0 }, salt = { 0 }, key = { 0 };
	size_t i;

	SN_TRY(sn_secret_copy((struct bytes){ &round, 1 }, &password, why));
	SN_TRY(sn_secret_append(&password, f->passphrase, why));
	SN_TRY(sn_secret_copy((struct bytes){ f->salt, f->nsalt }, &salt, why));
	SN_TRY(sn_secret_append(&salt, (struct bytes){ right, half }, why));
	SN_TRY(cry_pbkdf2_sha256(sn_secret_bytes(&password), sn_secret_bytes(&salt),
	    f->iterations, half, &key, why));
	for (i = 0; i < half; i++)
		left[i] ^= key.p[i];
	return SN_OK;
}

/* Encrypt or decrypt: the same network, the rounds counted up or down. */
static enum sn_err
feistel_run(const struct feistel *f, bool decrypt, struct bytes in, struct sn_secret *ret,
    struct sn_why *why)
{
	SN_CLEANUP(sn_secret_done) struct sn_secret work = { 0 }, out = { 0 };
	size_t half = in.n / 2;
	uint8_t *left, *right, i;

	SN_TRY(sn_secret_copy(in, &work, why));
	left = work.p;
	right = work.p + half;
	for (i = 0; i < ROUNDS; i++) {
		uint8_t *swap = left;

		SN_TRY(feistel_round(f, (uint8_t)(decrypt ? ROUNDS - 1 - i : i), left, right,
		    half, why));
		left = right;
		right = swap;
	}
	SN_TRY(sn_secret_copy((struct bytes){ right, half }, &out, why));
	SN_TRY(sn_secret_append(&out, (struct bytes){ left, half }, why));
	*ret = out;
	out = (struct sn_secret){ 0 };
	return SN_OK;
}

/* ---- the digest share */

/* digest = first bytes of HMAC-SHA256(key random, data secret). */
static enum sn_err
digest_of(struct bytes secret, struct bytes random, uint8_t ret[DIGEST_LEN], struct sn_why *why)
{
	uint8_t mac[CRY_MAX_HASH];
	enum sn_err e;

	e = cry_hmac(CRY_SHA256, random, secret, mac, why);
	if (e == SN_OK)
		memcpy(ret, mac, DIGEST_LEN);
	sn_wipe(mac, sizeof(mac));
	return e;
}

/* The secret of threshold points, its digest checked. One point is the secret itself. */
static enum sn_err
recover(const struct shamir_point *points, size_t threshold, size_t len, struct sn_secret *ret,
    struct sn_why *why)
{
	SN_CLEANUP(sn_secret_done) struct sn_secret secret = { 0 }, digest = { 0 };
	uint8_t want[DIGEST_LEN];

	if (threshold == 1)
		return sn_secret_copy((struct bytes){ points[0].y, len }, ret, why);
	SN_TRY(sn_secret_new(len, &secret, why));
	SN_TRY(sn_secret_new(len, &digest, why));
	shamir_interpolate(points, threshold, len, SECRET_X, secret.p);
	shamir_interpolate(points, threshold, len, DIGEST_X, digest.p);
	SN_TRY(digest_of(sn_secret_bytes(&secret),
	    (struct bytes){ digest.p + DIGEST_LEN, len - DIGEST_LEN }, want, why));
	if (!sn_secret_equal((struct bytes){ want, DIGEST_LEN },
		(struct bytes){ digest.p, DIGEST_LEN }))
		return sn_fail(why, SN_E_SHARE,
		    "shares: each one is well formed, but together "
		    "they do not give a secret; one is wrong");
	*ret = secret;
	secret = (struct sn_secret){ 0 };
	return SN_OK;
}

/* ---- combining */

static enum sn_err
same_splitting(const struct slip39_share *a, const struct slip39_share *b, struct sn_why *why)
{
	const struct {
		const char *what;
		bool same;
	} rules[] = {
		{ "identifiers", a->identifier == b->identifier },
		{ "kinds", a->extendable == b->extendable },
		{ "iteration exponents", a->exponent == b->exponent },
		{ "group thresholds", a->group_threshold == b->group_threshold },
		{ "group counts", a->group_count == b->group_count },
		{ "lengths", a->value.n == b->value.n },
	};
	size_t i;

	for (i = 0; i < SN_NITEMS(rules); i++)
		if (!rules[i].same)
			return sn_fail(why, SN_E_SHARE,
			    "shares: they have different %s; they do not belong together",
			    rules[i].what);
	return SN_OK;
}

static enum sn_err
same_group(const struct slip39_share *a, const struct slip39_share *b, struct sn_why *why)
{
	if (a->member_threshold != b->member_threshold)
		return sn_fail(why, SN_E_SHARE,
		    "shares: group %u has shares with different thresholds",
		    a->group_index + 1U);
	if (a->member_index == b->member_index)
		return sn_fail(why, SN_E_SHARE, "shares: share %u of group %u is there twice",
		    a->member_index + 1U, a->group_index + 1U);
	return SN_OK;
}

static enum sn_err
check_together(const struct slip39_share *shares, size_t n, struct sn_why *why)
{
	size_t i, j;

	if (n == 0 || n > SLIP39_MAX_SHARES)
		return sn_fail(why, SN_E_SHARE, "shares: %zu given, 1 to %d are possible", n,
		    SLIP39_MAX_SHARES);
	for (i = 0; i < n; i++) {
		SN_TRY(same_splitting(&shares[0], &shares[i], why));
		for (j = 0; j < i; j++)
			if (shares[i].group_index == shares[j].group_index)
				SN_TRY(same_group(&shares[j], &shares[i], why));
	}
	return SN_OK;
}

/* One group's shares as points; the group's secret is a point of the whole. */
static enum sn_err
recover_group(const struct slip39_share *shares, size_t n, uint8_t group, struct sn_secret *ret,
    struct sn_why *why)
{
	struct shamir_point points[SLIP39_MAX_SHARES];
	size_t have = 0, need = 0, i;

	for (i = 0; i < n; i++) {
		if (shares[i].group_index != group)
			continue;
		need = shares[i].member_threshold;
		points[have++] =
		    (struct shamir_point){ shares[i].member_index, shares[i].value.p };
	}
	if (have != need)
		return sn_fail(why, SN_E_SHARE,
		    "shares: %zu of group %u are given, it takes exactly %zu", have, group + 1U,
		    need);
	return recover(points, need, shares[0].value.n, ret, why);
}

static void secrets_done(struct sn_secret (*s)[SLIP39_MAX_SHARES])
{
	size_t i;

	for (i = 0; i < SLIP39_MAX_SHARES; i++)
		sn_secret_done(&(*s)[i]);
}

enum sn_err
slip39_combine(const struct slip39_share *shares, size_t n, struct bytes passphrase,
    struct sn_secret *ret, struct sn_why *why)
{
	SN_CLEANUP(secrets_done) struct sn_secret group[SLIP39_MAX_SHARES] = { 0 };
	SN_CLEANUP(sn_secret_done) struct sn_secret encrypted = { 0 };
	struct shamir_point points[SLIP39_MAX_SHARES];
	struct feistel f;
	uint32_t seen = 0;
	size_t ngroups = 0, i;

	SN_TRY(check_together(shares, n, why));
	for (i = 0; i < n; i++) {
		uint8_t g = shares[i].group_index;

		if ((seen >> g & 1U) != 0)
			continue;
		seen |= 1U << g;
		SN_TRY(recover_group(shares, n, g, &group[ngroups], why));
		points[ngroups] = (struct shamir_point){ g, group[ngroups].p };
		ngroups++;
	}
	if (ngroups != shares[0].group_threshold)
		return sn_fail(why, SN_E_SHARE,
		    "shares: %zu groups are given, it takes exactly %u", ngroups,
		    shares[0].group_threshold);
	SN_TRY(recover(points, ngroups, shares[0].value.n, &encrypted, why));
	f = feistel_of(&shares[0], passphrase);
	return feistel_run(&f, true, sn_secret_bytes(&encrypted), ret, why);
}

/* ---- splitting */

static enum sn_err
kernel_fill(SN_UNUSED void *arg, void *ret, size_t n, struct sn_why *why)
{
	return cry_random(ret, n, why);
}

static const struct slip39_random kernel_random = { kernel_fill, NULL };

/*
 * The m points that fix the polynomial: m-2 random shares, the digest, the secret,
 * each len bytes in store. The order of drawing is the reference's.
 */
static enum sn_err
base_points(struct bytes encrypted, size_t m, const struct slip39_random *random,
    struct sn_secret *store, struct shamir_point *points, struct sn_why *why)
{
	size_t len = encrypted.n, i;
	uint8_t *digest, *secret;

	for (i = 0; i < m - 2; i++) {
		SN_TRY(random->fill(random->arg, store->p + i * len, len, why));
		points[i] = (struct shamir_point){ (uint8_t)i, store->p + i * len };
	}
	digest = store->p + i * len;
	secret = digest + len;
	memcpy(secret, encrypted.p, len);
	SN_TRY(random->fill(random->arg, digest + DIGEST_LEN, len - DIGEST_LEN, why));
	SN_TRY(digest_of(encrypted, (struct bytes){ digest + DIGEST_LEN, len - DIGEST_LEN },
	    digest, why));
	points[i] = (struct shamir_point){ DIGEST_X, digest };
	points[i + 1] = (struct shamir_point){ SECRET_X, secret };
	return SN_OK;
}

static void shares_done(struct slip39_share (*s)[SLIP39_MAX_SHARES])
{
	size_t i;

	for (i = 0; i < SLIP39_MAX_SHARES; i++)
		slip39_share_done(&(*s)[i]);
}

static enum sn_err
split_checks(struct bytes secret, uint16_t identifier, uint32_t m, uint32_t n,
    struct sn_why *why)
{
	if (secret.n < SLIP39_MIN_SECRET || secret.n > SLIP39_MAX_SECRET || secret.n % 2 != 0)
		return sn_fail(why, SN_E_INTERNAL, "shares: a secret of %zu bytes", secret.n);
	if (identifier > SLIP39_IDENTIFIER_MAX)
		return sn_fail(why, SN_E_INTERNAL, "shares: identifier %u", identifier);
	if (m < 2 || m > n || n > SLIP39_MAX_SHARES)
		return sn_fail(why, SN_E_POLICY,
		    "shares: %u of %u is not possible, 2 <= threshold <= count <= %d", m, n,
		    SLIP39_MAX_SHARES);
	return SN_OK;
}

enum sn_err
slip39_split(struct bytes secret, uint16_t identifier, uint32_t m, uint32_t n,
    const struct slip39_random *random, struct slip39_share *ret_shares, struct sn_why *why)
{
	SN_CLEANUP(shares_done) struct slip39_share out[SLIP39_MAX_SHARES] = { 0 };
	SN_CLEANUP(sn_secret_done) struct sn_secret encrypted = { 0 }, store = { 0 };
	struct shamir_point points[SLIP39_MAX_SHARES];
	struct slip39_share common = { identifier, true, SLIP39_EXPONENT, 0, 1, 1, 0,
		(uint8_t)m, { 0 } };
	struct feistel f = feistel_of(&common, (struct bytes){ NULL, 0 });
	uint32_t i;

	SN_TRY(split_checks(secret, identifier, m, n, why));
	SN_TRY(feistel_run(&f, false, secret, &encrypted, why));
	SN_TRY(sn_secret_new(m * secret.n, &store, why));
	SN_TRY(base_points(sn_secret_bytes(&encrypted), m,
	    random != NULL ? random : &kernel_random, &store, points, why));
	for (i = 0; i < n; i++) {
		out[i] = common;
		out[i].member_index = (uint8_t)i;
		SN_TRY(sn_secret_new(secret.n, &out[i].value, why));
		if (i < m - 2)
			memcpy(out[i].value.p, points[i].y, secret.n);
		else
			shamir_interpolate(points, m, secret.n, (uint8_t)i, out[i].value.p);
	}
	memcpy(ret_shares, out, n * sizeof(out[0]));
	memset(out, 0, sizeof(out)); /* the values are the caller's now */
	return SN_OK;
}

/* ---- around a ceremony */

enum sn_err
slip39_identifier(bool rehearsal, uint16_t *ret, struct sn_why *why)
{
	uint8_t r[2];

	SN_TRY(cry_random(r, sizeof(r), why));
	*ret = (uint16_t)(((unsigned int)r[0] << 8 | r[1]) & (SLIP39_REHEARSAL - 1U));
	if (rehearsal)
		*ret |= SLIP39_REHEARSAL;
	return SN_OK;
}

enum sn_err
slip39_check(const struct slip39_share *s, bool world_rehearsal, uint16_t identifier,
    const struct slip39_share *others, size_t nothers, struct sn_why *why)
{
	bool rehearsal = (s->identifier & SLIP39_REHEARSAL) != 0;
	size_t i;

	if (rehearsal && !world_rehearsal)
		return sn_fail(why, SN_E_SHARE,
		    "share: this is a share of a rehearsal, and this is no rehearsal; "
		    "put it away");
	if (!rehearsal && world_rehearsal)
		return sn_fail(why, SN_E_SHARE,
		    "share: this is a real share, and this is a rehearsal; put it away");
	if (s->identifier != identifier)
		return sn_fail(why, SN_E_SHARE,
		    "share: it belongs to another splitting (number %u, not %u)", s->identifier,
		    identifier);
	if (!s->extendable || s->exponent != SLIP39_EXPONENT || s->group_count != 1)
		return sn_fail(why, SN_E_SHARE, "share: it was not made by a ceremony");
	for (i = 0; i < nothers; i++) {
		if (others[i].member_index == s->member_index)
			return sn_fail(why, SN_E_SHARE, "share: share %u is there already",
			    s->member_index + 1U);
		SN_TRY(same_splitting(&others[i], s, why));
	}
	return SN_OK;
}

enum sn_err
slip39_commitment(struct bytes canonical, uint8_t ret[32], struct sn_why *why)
{
	/* the literal's own NUL is the separator */
	const struct bytes parts[] = { BYTES_OF("cornerstone/v1/share"), canonical };

	return cry_digest_v(CRY_SHA256, parts, SN_NITEMS(parts), ret, why);
}
