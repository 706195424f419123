#include <stdlib.h>
#include <string.h>

#include "appliance/base/text.h"
#include "firmware-cache/store/priv.h"

/* Certificates of files that are accepted so far: who may sign. */
struct pool {
	const struct col_cert **certs;
	size_t n;
};

static void
pool_done(struct pool *p)
{
	free(p->certs);
	*p = (struct pool){ 0 };
}

static bool
is_root(const struct col_cert *c)
{
	return c->amd == AMD_ROLE_ARK || c->intel == INTEL_ROLE_ROOT;
}

static bool
is_chain(const struct col_item *it)
{
	return it->claim.kind == COL_KIND_AMD_CHAIN || it->claim.kind == COL_KIND_INTEL_CHAIN;
}

static int64_t
earlier(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

static void
pool_add(struct pool *p, struct col_cert *c, const struct col_cert *issuer)
{
	c->ok = true;
	c->good_until = cry_cert_not_after(c->x);
	if (issuer != NULL) {
		c->good_until = earlier(c->good_until, issuer->good_until);
		c->rehearsal = issuer->rehearsal;
	}
	p->certs[p->n++] = c;
}

/* ---- roots */

/* Pinned, or named by a rehearsal's plan; ret_rehearsal says which. */
static enum sn_err
check_anchor(const struct col_policy *policy, struct col_cert *c, struct sn_why *why)
{
	const struct col_roots *extra = &policy->extra;
	char hex[65];
	bool pinned, named;

	if (c->amd == AMD_ROLE_ARK) {
		pinned = amd_root_pinned(c->product, c->spki);
		named = extra->has_amd[c->product] &&
		    memcmp(extra->amd[c->product], c->spki, 32) == 0;
	} else {
		pinned = intel_root_pinned(c->spki);
		named = extra->has_intel && memcmp(extra->intel, c->spki, 32) == 0;
	}
	c->rehearsal = !pinned;
	if (pinned || named)
		return SN_OK;
	sn_hex(BYTES_OF(c->spki), hex);
	return sn_fail(why, SN_E_CHAIN,
	    "%s: its key (SPKI SHA-256 %.16s...) is not a pinned root", cry_cert_cn(c->x), hex);
}

static enum sn_err
judge_root(const struct col_policy *policy, struct col_cert *c, struct sn_why *why)
{
	SN_TRY(check_anchor(policy, c, why));
	return c->amd == AMD_ROLE_ARK ? amd_ark_check(c->x, policy->at, why)
				      : intel_root_check(c->x, policy->at, why);
}

/* ---- revocation lists */

static enum sn_err
crl_check(const struct cry_crl *crl, const struct col_cert *issuer, int64_t at,
    struct sn_why *why)
{
	return issuer->amd != AMD_ROLE_NONE ? amd_crl_check(crl, issuer->x, at, why)
					    : intel_crl_check(crl, issuer->x, at, why);
}

/*
 * A CRL is authentic when its issuer signed it, whatever its date: what it revokes stays
 * revoked. It is accepted only when it is current as well.
 */
static enum sn_err
judge_crl(const struct pool *pool, int64_t at, struct col_item *it, struct sn_why *why)
{
	const struct cry_crl *crl = it->claim.crl;
	struct sn_why last = { 0 };

	for (size_t i = 0; i < pool->n; i++) {
		const struct col_cert *issuer = pool->certs[i];
		enum sn_err e;

		if (!bytes_equal(cry_crl_issuer_der(crl), cry_cert_subject_der(issuer->x)))
			continue;
		sn_why_clear(&last);
		e = crl_check(crl, issuer, cry_crl_this_update(crl), &last);
		if (col_fatal(e))
			return sn_fail(why, e, "%s", last.text);
		if (e != SN_OK)
			continue;
		it->authentic = true;
		it->crl_issuer = issuer;
		it->good_until = earlier(cry_crl_next_update(crl), issuer->good_until);
		return crl_check(crl, issuer, at, why);
	}
	if (last.err != SN_OK)
		return sn_fail(why, last.err, "%s", last.text);
	return sn_fail(why, SN_E_CHAIN, "%s: no accepted certificate of its issuer is here",
	    it->claim.label);
}

/* Has any authentic CRL of this issuer the serial? Is a current one here at all? */
static bool
revoked(const struct col_store *s, const struct col_cert *issuer, const struct col_cert *c,
    bool *ret_current)
{
	bool found = false;

	*ret_current = false;
	for (size_t i = 0; i < s->n; i++) {
		const struct col_item *it = s->items[i];

		if (!it->authentic || memcmp(it->crl_issuer->spki, issuer->spki, 32) != 0)
			continue;
		if (!it->refused)
			*ret_current = true;
		if (cry_crl_revokes(it->claim.crl, cry_cert_serial(c->x)))
			found = true;
	}
	return found;
}

/* ---- intermediate certificates */

static enum sn_err
intermediate_check(const struct col_cert *c, const struct col_cert *root, int64_t at,
    struct sn_why *why)
{
	return c->amd != AMD_ROLE_NONE ? amd_intermediate_check(c->x, root->x, at, why)
				       : intel_intermediate_check(c->x, root->x, at, why);
}

/* Which accepted root signed it? */
static enum sn_err
find_root(const struct pool *pool, int64_t at, const struct col_cert *c,
    const struct col_cert **ret, struct sn_why *why)
{
	struct sn_why last = { 0 };

	for (size_t i = 0; i < pool->n; i++) {
		const struct col_cert *root = pool->certs[i];
		enum sn_err e;

		if (!is_root(root) ||
		    !bytes_equal(cry_cert_issuer_der(c->x), cry_cert_subject_der(root->x)))
			continue;
		sn_why_clear(&last);
		e = intermediate_check(c, root, at, &last);
		if (e == SN_OK) {
			*ret = root;
			return SN_OK;
		}
		if (e != SN_E_SIGNATURE)
			break;
	}
	if (last.err != SN_OK)
		return sn_fail(why, last.err, "%s", last.text);
	return sn_fail(why, SN_E_CHAIN,
	    "%s: no accepted root certificate of its issuer is here", cry_cert_cn(c->x));
}

/*
 * AMD's relying parties work without a CRL, so its absence is shown, not refused. Intel's
 * refuse collateral without the root's CRL, so here it is needed as well.
 */
static enum sn_err
judge_intermediate(const struct col_store *s, struct pool *pool, struct col_cert *c,
    struct sn_why *why)
{
	const struct col_cert *root = NULL;
	bool current;

	SN_TRY(find_root(pool, s->policy.at, c, &root, why));
	if (revoked(s, root, c, &current))
		return sn_fail(why, SN_E_REVOKED, "%s: %s has revoked it", cry_cert_cn(c->x),
		    cry_cert_cn(root->x));
	if (!current && c->intel != INTEL_ROLE_NONE)
		return sn_fail(why, SN_E_MISSING,
		    "%s: no current CRL of %s is here; add IntelSGXRootCA.der",
		    cry_cert_cn(c->x), cry_cert_cn(root->x));
	c->no_crl = !current;
	pool_add(pool, c, root);
	return SN_OK;
}

/* ---- one round over everything that can sign */

static void
refuse(struct col_item *it, const struct sn_why *why)
{
	it->refused = true;
	it->why = *why;
}

/* Refuse an item for a failure of its own; pass on one that is not its fault. */
static enum sn_err
settle(struct col_item *it, enum sn_err e, const struct sn_why *item_why, struct sn_why *why)
{
	if (e == SN_OK)
		return SN_OK;
	if (col_fatal(e))
		return sn_fail(why, e, "%s", item_why->text);
	refuse(it, item_why);
	return SN_OK;
}

static enum sn_err
round_certs(struct col_store *s, struct pool *pool, bool roots, struct sn_why *why)
{
	for (size_t i = 0; i < s->n; i++) {
		struct col_item *it = s->items[i];

		if (it->refused || !is_chain(it))
			continue;
		for (size_t k = 0; k < it->claim.ncerts; k++) {
			struct col_cert *c = &it->claim.certs[k];
			enum sn_err e;

			if (is_root(c) != roots)
				continue;
			c->ok = c->no_crl = c->rehearsal = false;
			sn_why_clear(&c->why);
			e = roots ? judge_root(&s->policy, c, &c->why)
				  : judge_intermediate(s, pool, c, &c->why);
			if (col_fatal(e))
				return sn_fail(why, e, "%s", c->why.text);
			if (e == SN_OK && roots)
				pool_add(pool, c, NULL);
		}
	}
	return SN_OK;
}

static enum sn_err
round_crls(struct col_store *s, const struct pool *pool, enum col_kind kind, struct sn_why *why)
{
	for (size_t i = 0; i < s->n; i++) {
		struct col_item *it = s->items[i];
		struct sn_why own = { 0 };

		if (it->claim.kind != kind || it->claim.why.err != SN_OK)
			continue;
		it->refused = it->authentic = false;
		SN_TRY(settle(it, judge_crl(pool, s->policy.at, it, &own), &own, why));
	}
	return SN_OK;
}

/* Why a chain is refused, or NULL: its root's failure explains those of the others. */
static const struct sn_why *
chain_failure(const struct col_claim *c)
{
	const struct sn_why *found = NULL;

	for (size_t k = 0; k < c->ncerts; k++)
		if (!c->certs[k].ok && (found == NULL || is_root(&c->certs[k])))
			found = &c->certs[k].why;
	return found;
}

/* A file is as good as the worst certificate in it; true when one more was refused. */
static bool
refuse_chains(struct col_store *s)
{
	bool changed = false;

	for (size_t i = 0; i < s->n; i++) {
		struct col_item *it = s->items[i];
		const struct sn_why *failure;

		if (!is_chain(it) || it->refused)
			continue;
		failure = chain_failure(&it->claim);
		if (failure != NULL) {
			refuse(it, failure);
			changed = true;
		}
	}
	return changed;
}

/*
 * Only certificates of accepted files may vouch for others, so that the accepted originals can
 * be verified again on their own: refusing a file starts the round again without it. A
 * chain here is two certificates long, so this settles after a few rounds.
 */
static enum sn_err
judge_signers(struct col_store *s, struct pool *pool, struct sn_why *why)
{
	do {
		pool->n = 0;
		SN_TRY(round_certs(s, pool, true, why));
		SN_TRY(round_crls(s, pool, COL_KIND_AMD_CRL, why));
		SN_TRY(round_crls(s, pool, COL_KIND_INTEL_ROOT_CRL, why));
		SN_TRY(round_certs(s, pool, false, why));
	} while (refuse_chains(s));
	return round_crls(s, pool, COL_KIND_INTEL_PCK_CRL, why);
}

/* ---- what hangs on them */

static enum sn_err
judge_leaf(const struct pool *pool, int64_t at, struct col_item *it,
    const struct col_cert **ret_issuer, struct sn_why *why)
{
	const struct col_cert *c = &it->claim.certs[0];
	struct sn_why last = { 0 };

	for (size_t i = 0; i < pool->n; i++) {
		const struct col_cert *issuer = pool->certs[i];
		enum sn_err e;

		if (!bytes_equal(cry_cert_issuer_der(c->x), cry_cert_subject_der(issuer->x)))
			continue;
		sn_why_clear(&last);
		e = amd_leaf_check(c->x, issuer->x, at, &it->verified.leaf, &last);
		if (e == SN_OK) {
			it->good_until = earlier(cry_cert_not_after(c->x), issuer->good_until);
			*ret_issuer = issuer;
			return SN_OK;
		}
		if (e != SN_E_SIGNATURE)
			break;
	}
	if (last.err != SN_OK)
		return sn_fail(why, last.err, "%s", last.text);
	return sn_fail(why, SN_E_CHAIN, "%s: no accepted %s of its product is here",
	    it->claim.label, c->amd == AMD_ROLE_VLEK ? "ASVK" : "ASK");
}

static enum sn_err
judge_json(const struct pool *pool, int64_t at, struct col_item *it,
    const struct col_cert **ret_issuer, struct sn_why *why)
{
	const struct col_claim *c = &it->claim;
	size_t tried = 0;

	for (size_t i = 0; i < pool->n; i++) {
		const struct col_cert *signer = pool->certs[i];
		struct sn_why own = { 0 };
		enum sn_err e;

		if (signer->intel != INTEL_ROLE_TCB_SIGNING)
			continue;
		tried++;
		e = intel_json_check(&c->slice, &c->json, signer->x, at, &own);
		if (e == SN_E_SIGNATURE)
			continue;
		if (e != SN_OK)
			return sn_fail(why, e, "%s", own.text);
		it->good_until = earlier(c->json.next_update, signer->good_until);
		*ret_issuer = signer;
		return SN_OK;
	}
	if (tried == 0)
		return sn_fail(why, SN_E_CHAIN,
		    "%s: no accepted TCB Signing certificate is here; add its issuer chain",
		    c->label);
	return sn_fail(why, SN_E_SIGNATURE,
	    "%s: signed by none of the TCB Signing certificates accepted here", c->label);
}

static enum sn_err
judge_dependents(struct col_store *s, const struct pool *pool, struct sn_why *why)
{
	for (size_t i = 0; i < s->n; i++) {
		struct col_item *it = s->items[i];
		const struct col_cert *issuer = NULL;
		struct sn_why own = { 0 };
		enum sn_err e = SN_OK;

		if (it->refused)
			continue;
		switch (it->claim.kind) {
		case COL_KIND_AMD_VCEK:
		case COL_KIND_AMD_VLEK:
			e = judge_leaf(pool, s->policy.at, it, &issuer, &own);
			break;
		case COL_KIND_INTEL_TCB_INFO:
		case COL_KIND_INTEL_IDENTITY:
			e = judge_json(pool, s->policy.at, it, &issuer, &own);
			break;
		case COL_KIND_UNKNOWN:
		case COL_KIND_AMD_CHAIN:
		case COL_KIND_AMD_CRL:
		case COL_KIND_INTEL_CHAIN:
		case COL_KIND_INTEL_ROOT_CRL:
		case COL_KIND_INTEL_PCK_CRL:
		case COL_KIND_COUNT:
			continue;
		}
		SN_TRY(settle(it, e, &own, why));
		if (issuer != NULL && issuer->rehearsal)
			it->notes |= COL_NOTE_REHEARSAL;
		if (issuer != NULL && issuer->no_crl)
			it->notes |= COL_NOTE_NO_CRL;
	}
	return SN_OK;
}

/* ---- the end */

/* What a chain's or CRL's row should say of it; the others have theirs already. */
static void
note_signer(struct col_item *it)
{
	if (it->crl_issuer != NULL && it->crl_issuer->rehearsal)
		it->notes |= COL_NOTE_REHEARSAL;
	for (size_t k = 0; is_chain(it) && k < it->claim.ncerts; k++) {
		const struct col_cert *c = &it->claim.certs[k];

		it->good_until =
		    k == 0 ? c->good_until : earlier(it->good_until, c->good_until);
		if (c->rehearsal)
			it->notes |= COL_NOTE_REHEARSAL;
		if (c->no_crl)
			it->notes |= COL_NOTE_NO_CRL;
	}
}

static bool
superseded(const struct col_store *s, const struct col_item *it)
{
	if (it->claim.scope[0] == '\0')
		return false;
	for (size_t i = 0; i < s->n; i++) {
		const struct col_item *o = s->items[i];

		if (!o->refused && o->claim.kind == it->claim.kind &&
		    strcmp(o->claim.scope, it->claim.scope) == 0 &&
		    o->claim.issued > it->claim.issued)
			return true;
	}
	return false;
}

/* The only place where an item becomes a verified original. */
static void
seal_verdicts(struct col_store *s)
{
	for (size_t i = 0; i < s->n; i++) {
		struct col_item *it = s->items[i];

		if (it->refused) {
			it->notes = 0;
			it->good_until = 0;
			continue;
		}
		note_signer(it);
		if (it->claim.kind == COL_KIND_INTEL_TCB_INFO && it->claim.json.lower_fmspc)
			it->notes |= COL_NOTE_LOWER_FMSPC;
		if (superseded(s, it))
			it->notes |= COL_NOTE_SUPERSEDED;
		it->verified.item = it;
	}
}

enum sn_err
col_judge(struct col_store *s, struct sn_why *why)
{
	SN_CLEANUP(pool_done) struct pool pool = { 0 };

	/* Every certificate can be in it once. */
	pool.certs = calloc(s->n * CRY_PEM_CHAIN_MAX + 1, sizeof(const struct col_cert *));
	if (pool.certs == NULL)
		return sn_fail(why, SN_E_NOMEM, "a list of issuers");
	for (size_t i = 0; i < s->n; i++)
		if (s->items[i]->claim.why.err != SN_OK)
			refuse(s->items[i], &s->items[i]->claim.why);
	SN_TRY(judge_signers(s, &pool, why));
	SN_TRY(judge_dependents(s, &pool, why));
	seal_verdicts(s);
	return SN_OK;
}
