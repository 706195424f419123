/*
 * What vouches for the TPM: the chain of its endorsement certificate, and the class of evidence
 * that follows from it and from what the caller knows. The statement's claim can only lower it.
 */
#include <string.h>

#include "appliance/attest/class.h"
#include "ceremony/bundle/judge.h"
#include "ceremony/keys/plan.h"

/* ---- the chain, as the bundle has it */

static enum sn_err
last_spki(struct bytes pem, uint8_t ret[32], struct sn_why *why)
{
	struct cry_cert *certs[CRY_PEM_CHAIN_MAX] = { NULL };
	size_t n = 0;
	enum sn_err e;

	SN_TRY(cry_cert_parse_pem(pem, certs, &n, why));
	e = cry_cert_spki_sha256(certs[n - 1], ret, why);
	cry_cert_free_all(certs, n);
	return e;
}

/* A rehearsal may have a root of its own; whether the plan says so, the class asks. */
static enum sn_err
chain_path(const struct bun_case *c, struct bytes chain, struct att_path *ret,
    struct sn_why *why)
{
	SN_CLEANUP(att_heap_free) struct att_heap *heap = NULL;
	SN_CLEANUP(att_ek_done) struct att_ek ek = { 0 };
	const bool rehearsal = strcmp(c->st.world, "rehearsal") == 0;
	struct bytes pub, cert;
	uint8_t own[32];

	SN_TRY(bun_dir_get(&c->dir, BUN_EK_PUB, &pub, why));
	SN_TRY(bun_dir_get(&c->dir, BUN_EK_CERT, &cert, why));
	SN_TRY(att_ek_open(pub, &ek, why));
	SN_TRY(att_heap_new(&heap, why));
	SN_TRY(att_heap_file(heap, chain, BUN_EK_CHAIN, why));
	SN_TRY(last_spki(chain, own, why));
	return att_ek_path(cert, &ek, heap, rehearsal ? own : NULL, c->st.time, ret, why);
}

/* It is there exactly when it was verified: so it must be a chain, and nothing but that. */
enum sn_err
bun_check_chain(struct bun_case *c, struct sn_why *why)
{
	SN_CLEANUP(att_path_done) struct att_path path = { 0 };
	const struct bun_loaded *chain = bun_dir_find(&c->dir, BUN_EK_CHAIN);
	struct bun_facts *f = &c->report->facts;
	struct sn_why inner = { 0 };
	enum sn_err e;

	f->certified = bun_dir_find(&c->dir, BUN_EK_CERT) != NULL;
	if (chain == NULL)
		return SN_OK;
	e = chain_path(c, sn_buf_bytes(&chain->data), &path, &inner);
	if (e == SN_E_MISSING)
		return sn_fail(why, e, "%s", inner.text);
	if (e != SN_OK)
		return sn_fail(why, e == SN_E_FORMAT ? e : SN_E_SIGNATURE, BUN_EK_CHAIN ": %s",
		    inner.text);
	if (!bytes_equal(sn_buf_bytes(&path.pem), sn_buf_bytes(&chain->data)))
		return sn_fail(why, SN_E_SIGNATURE,
		    BUN_EK_CHAIN
		    ": not the certificates from the issuer to the root, in order");
	f->chained = true;
	f->generated = path.generated;
	f->chain = path.n;
	snprintf(f->root, sizeof(f->root), "%s", path.root);
	snprintf(f->chip, sizeof(f->chip), "%s", path.manufacturer);
	bun_note(c, "endorsement key: %zu certificates above its own, root %s%s", f->chain,
	    f->root, f->generated ? " (generated)" : "");
	return SN_OK;
}

/* ---- the class, for the caller's policy */

static const struct plan *
plan_of(const struct bun_case *c)
{
	const struct bun_expect *x = c->policy->expect;

	for (size_t i = 0; x != NULL && i < x->nplans; i++)
		if (memcmp(x->plan[i]->digest, c->st.plan_sha256, 32) == 0)
			return x->plan[i];
	return NULL;
}

/* One of the pins given is this key's. NULL when none was given. */
static enum sn_err
find_pin(const struct bun_pins *pins, const uint8_t digest[32], const char *path,
    const char *option, const uint8_t **ret, struct sn_why *why)
{
	*ret = NULL;
	for (size_t i = 0; i < pins->n; i++)
		if (memcmp(pins->digest[i], digest, 32) == 0)
			*ret = pins->digest[i];
	if (pins->n > 0 && *ret == NULL)
		return sn_fail(why, SN_E_EVIDENCE, "%s: not a key that was given (%s)", path,
		    option);
	return SN_OK;
}

/*
 * A secret that was made before a cut is that TPM's: who expects one TPM, by the command line
 * or by the plan, expects it there, too.
 */
static enum sn_err
check_seed_pins(const struct bun_case *c, struct sn_why *why)
{
	const struct bun_expect *x = c->policy->expect;
	const struct bun_facts *f = &c->report->facts;
	const struct plan *p = plan_of(c);
	const uint8_t *fits;

	if (!f->seeded_before || x == NULL)
		return SN_OK;
	SN_TRY(find_pin(&x->ek, f->seed_ek, BUN_RECORDS ": the TPM of the secret", "--tpm-ek",
	    &fits, why));
	SN_TRY(find_pin(&x->ak, f->seed_ak, BUN_SEED_AK_PUB, "--tpm-ak", &fits, why));
	if (p == NULL)
		return SN_OK;
	if (p->tpm_ek_pinned && memcmp(p->tpm_ek, f->seed_ek, 32) != 0)
		return sn_fail(why, SN_E_EVIDENCE,
		    BUN_RECORDS
		    ": the secret was made with another TPM than the plan's (tpm_ek)");
	if (p->tpm_ak_pinned && memcmp(p->tpm_ak, f->seed_ak, 32) != 0)
		return sn_fail(why, SN_E_EVIDENCE,
		    BUN_SEED_AK_PUB ": not the key that the plan pins (tpm_ak)");
	return SN_OK;
}

/* From the plan, if it was given, and from the command line. Both must fit. */
static enum sn_err
collect_pins(const struct bun_case *c, const struct att_ek *ek, struct att_pins *ret,
    struct sn_why *why)
{
	const struct bun_expect *x = c->policy->expect;
	const struct plan *p = plan_of(c);

	*ret = (struct att_pins){ 0 };
	if (x == NULL)
		return SN_OK;
	SN_TRY(find_pin(&x->ek, ek->digest, BUN_EK_PUB, "--tpm-ek", &ret->ek, why));
	SN_TRY(find_pin(&x->ak, c->ak.digest, BUN_AK_PUB, "--tpm-ak", &ret->ak, why));
	if (p == NULL)
		return SN_OK;
	ret->ek = p->tpm_ek_pinned ? p->tpm_ek : ret->ek;
	ret->ak = p->tpm_ak_pinned ? p->tpm_ak : ret->ak;
	ret->root = p->has_tpm_root ? p->tpm_root : NULL;
	return SN_OK;
}

static enum sn_err
classify(const struct bun_case *c, struct att_verdict *ret, struct sn_why *why)
{
	SN_CLEANUP(att_heap_free) struct att_heap *heap = NULL;
	SN_CLEANUP(att_ek_done) struct att_ek ek = { 0 };
	const struct bun_loaded *cert = bun_dir_find(&c->dir, BUN_EK_CERT);
	const struct bun_loaded *chain = bun_dir_find(&c->dir, BUN_EK_CHAIN);
	struct att_facts f = { .software =
				   !c->report->facts.device || c->report->facts.seed_software,
		.rehearsal = strcmp(c->st.world, "rehearsal") == 0,
		.at = c->st.time };

	SN_TRY(bun_dir_get(&c->dir, BUN_EK_PUB, &f.ek_pub, why));
	SN_TRY(bun_dir_get(&c->dir, BUN_AK_PUB, &f.ak_pub, why));
	SN_TRY(att_ek_open(f.ek_pub, &ek, why));
	SN_TRY(collect_pins(c, &ek, &f.pins, why));
	SN_TRY(check_seed_pins(c, why));
	SN_TRY(att_heap_new(&heap, why));
	if (chain != NULL)
		SN_TRY(att_heap_file(heap, sn_buf_bytes(&chain->data), BUN_EK_CHAIN, why));
	if (cert != NULL)
		f.ek_cert = sn_buf_bytes(&cert->data);
	f.heap = heap;
	return att_class(&f, ret, why);
}

static enum att_level
claimed(const struct bun_case *c)
{
	enum att_level l = ATT_LEVEL_VENDOR;

	while (l != ATT_LEVEL_SOFTWARE && strcmp(att_level_name(l), c->st.evidence_class) != 0)
		l--;
	return l;
}

static void
report_class(const struct att_verdict *v, enum att_level level, struct bun_facts *f)
{
	snprintf(f->class, sizeof(f->class), "%s", att_level_name(level));
	snprintf(f->why_not, sizeof(f->why_not), "%s", v->why_not);
	f->ek_pinned = v->ek_pinned;
	f->ak_pinned = v->ak_pinned;
	f->vendor_root = v->chain;
}

enum sn_err
bun_check_class(const struct bun_case *c, struct sn_why *why)
{
	SN_CLEANUP(att_verdict_done) struct att_verdict v = { 0 };
	const struct bun_policy *p = c->policy;
	/* a production's evidence is proven, whatever the caller would take */
	const bool software =
	    (p->accept_software || p->rehearsal) && strcmp(c->st.world, "rehearsal") == 0;
	const enum att_level claim = claimed(c);
	struct sn_why inner = { 0 };
	enum att_level level;
	const enum sn_err e = classify(c, &v, &inner);

	if (e != SN_OK)
		return sn_fail(why, e == SN_E_POLICY ? SN_E_EVIDENCE : e, "%s", inner.text);
	level = v.level < claim ? v.level : claim;
	report_class(&v, level, &c->report->facts);
	if (level == ATT_LEVEL_VENDOR || (level == ATT_LEVEL_PINNED && p->accept_pinned) ||
	    (level == ATT_LEVEL_SOFTWARE && software))
		return SN_OK;
	if (level < claim)
		return sn_fail(why, SN_E_EVIDENCE,
		    BUN_STATEMENT ": claims class %s, but what is here and what was given "
				  "(--tpm-ek, --tpm-ak, --plan) proves %s",
		    c->st.evidence_class, att_level_name(level));
	return sn_fail(why, SN_E_EVIDENCE, BUN_STATEMENT ": its evidence is of class %s",
	    att_level_name(level));
}

/* ---- the counter, and that each plan was one of these statements' */

static enum sn_err
above(const struct bun_facts *f, uint64_t floor, const char *option, struct sn_why *why)
{
	if (!f->has_counter)
		return sn_fail(why, SN_E_EVIDENCE,
		    BUN_TPM_JSON ": no counter, but one above %llu is wanted (%s)",
		    (unsigned long long)floor, option);
	if (f->counter <= floor)
		return sn_fail(why, SN_E_EVIDENCE,
		    "evidence/counter.msg: %llu, not above %llu (%s)",
		    (unsigned long long)f->counter, (unsigned long long)floor, option);
	return SN_OK;
}

enum sn_err
bun_check_counter(const struct bun_case *c, bool newest, struct sn_why *why)
{
	const struct bun_facts *f = &c->report->facts;
	const struct bun_expect *x = c->policy->expect;
	const struct plan *p = plan_of(c);

	if (p != NULL && p->has_tpm_counter)
		SN_TRY(above(f, p->tpm_counter, "tpm_counter of the plan", why));
	if (newest && x != NULL && x->has_min_counter)
		SN_TRY(above(f, x->min_counter, "--min-counter", why));
	return SN_OK;
}

enum sn_err
bun_check_plans(const struct bun_case *c, struct sn_why *why)
{
	const struct bun_expect *x = c->policy->expect;

	for (size_t i = 0; x != NULL && i < x->nplans; i++) {
		const uint8_t *digest = x->plan[i]->digest;
		bool found = memcmp(digest, c->st.plan_sha256, 32) == 0;

		for (uint32_t k = 0; k < c->nops; k++)
			found = found || memcmp(digest, c->ops[k].st.plan_sha256, 32) == 0;
		if (!found)
			return sn_fail(why, SN_E_SIGNATURE,
			    BUN_STATEMENT
			    ": plan_sha256 is not that of the plan of ceremony "
			    "\"%s\" that was given; give the one that was approved",
			    x->plan[i]->ceremony);
	}
	return SN_OK;
}
