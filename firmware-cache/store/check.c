#include <stdlib.h>
#include <string.h>

#include "appliance/base/text.h"
#include "firmware-cache/store/priv.h"

static const struct col_vendor_ops *
vendor_of(const struct col_cert *c)
{
	return col_vendor_ops(c->vendor);
}

static bool
is_root(const struct col_cert *c)
{
	return col_role(c)->level == 0;
}

/* Do its certificates vouch for others? What comes alone does not. */
static bool
is_chain(const struct col_item *it)
{
	return it->claim.ncerts > 0 && !it->claim.carried &&
	    !col_role(&it->claim.certs[0])->alone;
}

static bool
names_fit(struct bytes issuer_name, const struct col_cert *issuer)
{
	const struct col_vendor_ops *v = vendor_of(issuer);

	return v->names_fit != NULL ? v->names_fit(issuer_name, issuer->x)
				    : bytes_equal(issuer_name, cry_cert_subject_der(issuer->x));
}

static int64_t
earlier(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

/* It holds, and what it hands on from its issuer (NULL for a root). */
static void
accept_cert(struct col_cert *c, const struct col_cert *issuer)
{
	c->ok = true;
	c->good_until = cry_cert_not_after(c->x);
	if (issuer == NULL)
		return;
	c->good_until = earlier(c->good_until, issuer->good_until);
	c->rehearsal = issuer->rehearsal;
	c->no_crl = c->no_crl || issuer->no_crl;
}

/* ---- roots */

/* Pinned, or named by a rehearsal's plan. */
static enum sn_err
check_anchor(const struct col_policy *policy, struct col_cert *c, struct sn_why *why)
{
	const struct col_roots *extra = &policy->extra;
	bool pinned = vendor_of(c)->pinned(c->product, c->spki);
	bool named = extra->has[c->vendor][c->product] &&
	    memcmp(extra->spki[c->vendor][c->product], c->spki, 32) == 0;
	char hex[65];

	c->rehearsal = !pinned;
	if (pinned || named)
		return SN_OK;
	sn_hex(BYTES_OF(c->spki), hex);
	return sn_fail(why, SN_E_CHAIN,
	    "%s: its key (SPKI SHA-256 %.16s...) is not a pinned root", cry_cert_shown(c->x),
	    hex);
}

static enum sn_err
judge_root(const struct col_policy *policy, struct col_cert *c, struct sn_why *why)
{
	SN_TRY(check_anchor(policy, c, why));
	SN_TRY(vendor_of(c)->check(c, c, policy->at, why));
	accept_cert(c, NULL);
	return SN_OK;
}

/* ---- revocation lists */

static enum sn_err
crl_check(const struct cry_crl *crl, const struct col_cert *issuer, int64_t at,
    struct sn_why *why)
{
	return vendor_of(issuer)->crl_check(crl, issuer, at, why);
}

/*
 * A CRL is authentic when its issuer signed it, whatever its date: what it revokes stays
 * revoked. It is accepted only when it is current as well.
 */
static enum sn_err
judge_crl(const struct col_pool *pool, int64_t at, struct col_item *it, struct sn_why *why)
{
	const struct cry_crl *crl = it->claim.crl;
	struct sn_why last = { 0 };

	for (size_t i = 0; i < pool->n; i++) {
		const struct col_cert *issuer = pool->certs[i];
		enum sn_err e;

		if (!names_fit(cry_crl_issuer_der(crl), issuer))
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
revoked(const struct col_pool *pool, const struct col_cert *issuer, const struct col_cert *c,
    bool *ret_current)
{
	bool found = false;

	*ret_current = false;
	for (size_t i = 0; i < pool->ncrls; i++) {
		const struct col_item *it = pool->crls[i];

		if (memcmp(it->crl_issuer->spki, issuer->spki, 32) != 0)
			continue;
		if (!it->refused && it->crl_why.err == SN_OK)
			*ret_current = true;
		if (cry_crl_revokes(it->claim.crl, cry_cert_serial(c->x)))
			found = true;
	}
	return found;
}

/* ---- certificates below a root */

/* Which accepted certificate signed it? */
static enum sn_err
find_issuer(const struct col_pool *pool, int64_t at, const struct col_cert *c,
    const struct col_cert **ret, struct sn_why *why)
{
	struct sn_why last = { 0 };

	for (size_t i = 0; i < pool->n; i++) {
		const struct col_cert *issuer = pool->certs[i];
		enum sn_err e;

		if (issuer->vendor != c->vendor ||
		    col_role(issuer)->level >= col_role(c)->level ||
		    !names_fit(cry_cert_issuer_der(c->x), issuer))
			continue;
		sn_why_clear(&last);
		e = vendor_of(c)->check(c, issuer, at, &last);
		if (e == SN_OK) {
			*ret = issuer;
			return SN_OK;
		}
		if (e != SN_E_SIGNATURE)
			break;
	}
	if (last.err != SN_OK)
		return sn_fail(why, last.err, "%s", last.text);
	return sn_fail(why, SN_E_CHAIN, "%s: no accepted %s is here", cry_cert_shown(c->x),
	    col_role(c)->missing_issuer);
}

/* Some vendors' relying parties work without a CRL, so that its absence is only shown. */
static enum sn_err
judge_cert(const struct col_pool *pool, int64_t at, struct col_cert *c, struct sn_why *why)
{
	const struct col_role *role = col_role(c);
	const struct col_cert *issuer = NULL;
	bool current = true;

	SN_TRY(find_issuer(pool, at, c, &issuer, why));
	if (role->revocation != COL_CRL_NONE && revoked(pool, issuer, c, &current))
		return sn_fail(why, SN_E_REVOKED, "%s: %s has revoked it", cry_cert_shown(c->x),
		    cry_cert_shown(issuer->x));
	if (!current && role->revocation == COL_CRL_NEEDED)
		return sn_fail(why, SN_E_MISSING, "%s: no current CRL of %s is here; %s",
		    cry_cert_shown(c->x), cry_cert_shown(issuer->x), role->missing_crl);
	c->no_crl = !current;
	accept_cert(c, issuer);
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

/* The certificates of one level, in files that may vouch for others. */
static enum sn_err
round_certs(struct col_store *s, struct col_pool *pool, unsigned int level, struct sn_why *why)
{
	for (size_t i = 0; i < s->n; i++) {
		struct col_item *it = s->items[i];

		if (it->refused || !is_chain(it))
			continue;
		for (size_t k = 0; k < it->claim.ncerts; k++) {
			struct col_cert *c = &it->claim.certs[k];
			enum sn_err e;

			if (col_role(c)->level != level)
				continue;
			c->ok = c->no_crl = c->rehearsal = false;
			sn_why_clear(&c->why);
			e = level == 0 ? judge_root(&s->policy, c, &c->why)
				       : judge_cert(pool, s->policy.at, c, &c->why);
			if (col_fatal(e))
				return sn_fail(why, e, "%s", c->why.text);
			if (e != SN_OK)
				continue;
			SN_TRY(cry_cert_warm(c->x, why));
			pool->certs[pool->n++] = c;
		}
	}
	return SN_OK;
}

/*
 * The CRLs that no certificate so far has signed: is it one that is accepted by now? One that
 * is in a file with certificates waits for the end of the rounds with its refusal.
 */
static enum sn_err
round_crls(struct col_store *s, struct col_pool *pool, struct sn_why *why)
{
	for (size_t i = 0; i < s->n; i++) {
		struct col_item *it = s->items[i];
		enum sn_err e;

		if (it->claim.crl == NULL || it->claim.why.err != SN_OK || it->authentic)
			continue;
		sn_why_clear(&it->crl_why);
		e = judge_crl(pool, s->policy.at, it, &it->crl_why);
		if (it->authentic)
			pool->crls[pool->ncrls++] = it;
		if (is_chain(it) && !col_fatal(e))
			continue;
		it->refused = false;
		SN_TRY(settle(it, e, &it->crl_why, why));
	}
	return SN_OK;
}

static void
forget_crls(struct col_store *s, struct col_pool *pool)
{
	pool->ncrls = 0;
	for (size_t i = 0; i < s->n; i++)
		s->items[i]->authentic = false;
}

/* Why a chain is refused, or NULL: its root's failure explains those of the others. */
static const struct sn_why *
chain_failure(const struct col_item *it)
{
	const struct col_claim *c = &it->claim;
	const struct sn_why *found = NULL;

	for (size_t k = 0; k < c->ncerts; k++)
		if (!c->certs[k].ok && (found == NULL || is_root(&c->certs[k])))
			found = &c->certs[k].why;
	return found == NULL && it->crl_why.err != SN_OK ? &it->crl_why : found;
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
		failure = chain_failure(it);
		if (failure != NULL) {
			refuse(it, failure);
			changed = true;
		}
	}
	return changed;
}

/*
 * Only certificates of accepted files may vouch for others, so that the accepted originals can
 * be verified again on their own: refusing a file starts the round again without it. Each
 * round refuses one more file, so this ends.
 */
static enum sn_err
judge_signers(struct col_store *s, struct col_pool *pool, struct sn_why *why)
{
	do {
		pool->n = 0;
		forget_crls(s, pool);
		for (unsigned int level = 0; level < COL_LEVELS; level++) {
			SN_TRY(round_certs(s, pool, level, why));
			SN_TRY(round_crls(s, pool, why));
		}
	} while (refuse_chains(s));
	return SN_OK;
}

/* ---- what hangs on them */

/* What an item's row should say of a certificate in it, or above it. */
static void
note_cert(struct col_item *it, const struct col_cert *c)
{
	if (c->rehearsal)
		it->notes |= COL_NOTE_REHEARSAL;
	if (c->no_crl)
		it->notes |= COL_NOTE_NO_CRL;
}

/* Certificates that come alone, or several of one machine: all must hold. */
static enum sn_err
judge_leaves(const struct col_pool *pool, int64_t at, struct col_item *it, struct sn_why *why)
{
	for (size_t k = 0; k < it->claim.ncerts; k++) {
		struct col_cert *c = &it->claim.certs[k];

		SN_TRY(judge_cert(pool, at, c, why));
	}
	return SN_OK;
}

static enum sn_err
judge_data(const struct col_pool *pool, int64_t at, struct col_item *it, struct sn_why *why)
{
	const struct col_claim *c = &it->claim;
	const struct col_vendor_ops *v = col_vendor_ops(c->vendor);
	size_t tried = 0;

	for (size_t i = 0; i < pool->n; i++) {
		const struct col_cert *signer = pool->certs[i];
		struct sn_why own = { 0 };
		enum sn_err e;

		if (signer->vendor != c->vendor || !col_role(signer)->signs_data)
			continue;
		tried++;
		e = v->data_check(c, signer, at, &own);
		if (e == SN_E_SIGNATURE)
			continue;
		if (e != SN_OK)
			return sn_fail(why, e, "%s", own.text);
		it->good_until = earlier(c->next_update, signer->good_until);
		note_cert(it, signer);
		return SN_OK;
	}
	if (tried == 0)
		return sn_fail(why, SN_E_CHAIN,
		    "%s: no accepted %s certificate is here; add its issuer chain", c->label,
		    v->data_signer);
	return sn_fail(why, SN_E_SIGNATURE,
	    "%s: signed by none of the %s certificates accepted here", c->label,
	    v->data_signer);
}

static enum sn_err
judge_dependents(struct col_store *s, const struct col_pool *pool, struct sn_why *why)
{
	for (size_t i = 0; i < s->n; i++) {
		struct col_item *it = s->items[i];
		struct sn_why own = { 0 };
		enum sn_err e;

		if (it->refused || it->claim.carried || is_chain(it) || it->claim.crl != NULL)
			continue;
		e = it->claim.ncerts > 0 ? judge_leaves(pool, s->policy.at, it, &own)
					 : judge_data(pool, s->policy.at, it, &own);
		SN_TRY(settle(it, e, &own, why));
	}
	return SN_OK;
}

/* ---- the end */

static void
note_item(struct col_item *it)
{
	bool more = it->claim.crl != NULL;

	it->notes |= it->claim.notes;
	if (it->crl_issuer != NULL && it->crl_issuer->rehearsal)
		it->notes |= COL_NOTE_REHEARSAL;
	for (size_t k = 0; k < it->claim.ncerts; k++) {
		const struct col_cert *c = &it->claim.certs[k];

		it->good_until =
		    k == 0 && !more ? c->good_until : earlier(it->good_until, c->good_until);
		note_cert(it, c);
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
		if (it->claim.carried) {
			it->carried.item = it;
			continue;
		}
		note_item(it);
		if (superseded(s, it))
			it->notes |= COL_NOTE_SUPERSEDED;
		it->verified.item = it;
	}
	col_note_mixed(s);
}

enum sn_err
col_judge(struct col_store *s, struct sn_why *why)
{
	size_t total = 0;

	/* Every certificate can be in it once, and every CRL. */
	for (size_t i = 0; i < s->n; i++)
		total += s->items[i]->claim.ncerts;
	s->pool.certs = calloc(total + 1, sizeof(const struct col_cert *));
	s->pool.crls = calloc(s->n + 1, sizeof(const struct col_item *));
	if (s->pool.certs == NULL || s->pool.crls == NULL)
		return sn_fail(why, SN_E_NOMEM, "a list of issuers");
	for (size_t i = 0; i < s->n; i++)
		if (s->items[i]->claim.why.err != SN_OK)
			refuse(s->items[i], &s->items[i]->claim.why);
	SN_TRY(judge_signers(s, &s->pool, why));
	SN_TRY(judge_dependents(s, &s->pool, why));
	seal_verdicts(s);
	return SN_OK;
}

enum sn_err
col_judge_machine(const struct col_store *s, struct col_item *it, struct sn_why *why)
{
	const struct col_claim *c = &it->claim;
	struct sn_why own = { 0 };

	if (c->why.err != SN_OK) {
		refuse(it, &c->why);
		return SN_OK;
	}
	if (c->ncerts == 0 || is_chain(it)) {
		(void)sn_fail(&own, SN_E_FORMAT, "not a certificate of one machine");
		refuse(it, &own);
		return SN_OK;
	}
	SN_TRY(settle(it, judge_leaves(&s->pool, s->policy.at, it, &own), &own, why));
	if (!it->refused)
		note_item(it);
	return SN_OK;
}
