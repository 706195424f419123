/*
 * The class of evidence: what the verifier can check itself, with pins, a plan, and the chain
 * of an endorsement certificate to a generated root.
 */
#include "ceremony/bundle/format.h"
#include "tests/ceremony/bundle/bad_chain.h"
#include "tests/ceremony/bundle/fixture_ops.h"

static struct fix prod, rehearsal;
static const char *root;
static uint8_t ek_digest[32], ak_digest[32];
static const uint8_t other[32] = { 1 };

static char *
fresh(void)
{
	static unsigned int n;

	return test_format("%s/c%u", root, n++);
}

/* ---- rows */

struct row {
	const char *name;
	const struct fix *of;
	const char *claim;
	bool chain;
	enum chain_fault fault;
	bool software, not_pinned;
	const uint8_t *ek, *ak; /* pins */
	bool plan, plan_pins, plan_root, other_plan;
	uint64_t plan_counter, min_counter;
	bool no_counter;
	enum sn_err want;
	const char *class, *says; /* the class found; in the reason */
};

#define PROD .of = &prod
#define REHEARSAL .of = &rehearsal, .not_pinned = true

static const struct row rows[] = {
	{ "pinned", PROD, .claim = "pinned", .ek = ek_digest, .class = "pinned" },
	{ "pinned by the plan", PROD, .claim = "pinned", .plan = true, .plan_pins = true,
	    .class = "pinned" },
	{ "pinned, claims vendor", PROD, .claim = "vendor", .ek = ek_digest,
	    .class = "pinned" },
	{ "pinned, claims software", PROD, .claim = "software", .ek = ek_digest,
	    .want = SN_E_EVIDENCE, .class = "software", .says = "of class software" },
	{ "claims pinned, no pin", PROD, .claim = "pinned", .want = SN_E_EVIDENCE,
	    .class = "software", .says = "proves software" },
	{ "claims vendor, no pin", PROD, .claim = "vendor", .want = SN_E_EVIDENCE,
	    .class = "software", .says = "proves software" },
	{ "pinned, but not taken", PROD, .not_pinned = true, .claim = "pinned", .ek = ek_digest,
	    .want = SN_E_EVIDENCE, .class = "pinned", .says = "pinned" },
	{ "a software TPM whose key is pinned", PROD, .claim = "pinned", .software = true,
	    .ek = ek_digest, .want = SN_E_EVIDENCE, .class = "software" },
	{ "another endorsement key", PROD, .claim = "pinned", .ek = other,
	    .want = SN_E_EVIDENCE, .says = "ek.pub" },
	{ "another attestation key", PROD, .claim = "pinned", .ek = ek_digest, .ak = other,
	    .want = SN_E_EVIDENCE, .says = "ak.pub" },
	{ "another plan", PROD, .claim = "pinned", .ek = ek_digest, .other_plan = true,
	    .want = SN_E_SIGNATURE, .says = "plan_sha256" },
	{ "the plan's counter", PROD, .claim = "pinned", .plan = true, .plan_pins = true,
	    .plan_counter = 6, .class = "pinned" },
	{ "the plan wants a higher counter", PROD, .claim = "pinned", .plan = true,
	    .plan_pins = true, .plan_counter = 7, .want = SN_E_EVIDENCE, .class = "pinned",
	    .says = "not above 7" },
	{ "a counter above", PROD, .claim = "pinned", .ek = ek_digest, .min_counter = 6,
	    .class = "pinned" },
	{ "a counter that is not", PROD, .claim = "pinned", .ek = ek_digest, .min_counter = 7,
	    .want = SN_E_EVIDENCE, .class = "pinned", .says = "--min-counter" },
	{ "no counter", PROD, .claim = "pinned", .ek = ek_digest, .min_counter = 1,
	    .no_counter = true, .want = SN_E_EVIDENCE, .class = "pinned",
	    .says = "no counter" },

	{ "vendor, with the plan", REHEARSAL, .claim = "vendor", .chain = true, .plan = true,
	    .plan_pins = true, .plan_root = true, .class = "vendor" },
	{ "vendor, without the plan", REHEARSAL, .claim = "vendor", .chain = true,
	    .class = "software" },
	{ "vendor, the root alone is in the plan", REHEARSAL, .claim = "vendor", .chain = true,
	    .plan = true, .plan_root = true, .class = "software" },
	{ "vendor, the attestation key is given", REHEARSAL, .claim = "vendor", .chain = true,
	    .plan = true, .plan_root = true, .ak = ak_digest, .class = "vendor" },
	{ "vendor, another attestation key", REHEARSAL, .claim = "vendor", .chain = true,
	    .plan = true, .plan_root = true, .ak = other, .want = SN_E_EVIDENCE,
	    .says = "ak.pub" },
	{ "a chain that the claim does not use", REHEARSAL, .claim = "software", .chain = true,
	    .plan = true, .plan_pins = true, .plan_root = true, .class = "software" },
	{ "a certificate without a chain", REHEARSAL, .claim = "software", .chain = true,
	    .fault = CHAIN_CERT_ALONE, .class = "software" },
	{ "a software TPM with a chain", REHEARSAL, .claim = "vendor", .chain = true,
	    .software = true, .plan = true, .plan_pins = true, .plan_root = true,
	    .class = "software" },
	{ "a generated root in production", PROD, .claim = "vendor", .chain = true,
	    .want = SN_E_SIGNATURE, .says = "ek-chain.pem" },
#define FAULT(what, kind, error)                                                               \
	{ "chain: " what, REHEARSAL, .claim = "vendor", .chain = true, .fault = kind,          \
		.plan = true, .plan_pins = true, .plan_root = true, .want = error,             \
		.says = "ek" }
	FAULT("of another endorsement key", CHAIN_OF_OTHER_KEY, SN_E_SIGNATURE),
	FAULT("without the certificate", CHAIN_NO_CERT, SN_E_MISSING),
	FAULT("the root first", CHAIN_TURNED, SN_E_SIGNATURE),
	FAULT("one too many", CHAIN_LONGER, SN_E_SIGNATURE),
	FAULT("no authority", CHAIN_NO_CA, SN_E_SIGNATURE),
	FAULT("signed by another key", CHAIN_WRONG_SIGNER, SN_E_SIGNATURE),
	FAULT("empty", CHAIN_EMPTY, SN_E_FORMAT),
	FAULT("text in it", CHAIN_TEXT, SN_E_FORMAT),
	FAULT("over", CHAIN_OVER, SN_E_SIGNATURE),
};

/* The plan that the row gives; never freed, its members are borrowed. */
static void
give_plan(const struct row *row, struct plan *p, struct bun_expect *x)
{
	*p = (struct plan){ .tpm_ek_pinned = row->plan_pins,
		.tpm_ak_pinned = row->plan_pins,
		.has_tpm_root = row->plan_root,
		.has_tpm_counter = row->plan_counter != 0,
		.tpm_counter = row->plan_counter };
	memcpy(p->digest, row->of->plan_digest, 32);
	p->digest[0] ^= row->other_plan;
	memcpy(p->tpm_ek, ek_digest, 32);
	memcpy(p->tpm_ak, ak_digest, 32);
	memcpy(p->tpm_root, pki.root_spki, 32);
	if (row->plan || row->other_plan)
		x->plan[x->nplans++] = p;
}

static void
give_pin(const uint8_t *pin, struct bun_pins *ret)
{
	if (pin != NULL)
		memcpy(ret->digest[ret->n++], pin, 32);
}

static void
test_row(void **state)
{
	const struct row *row = *state;
	const struct fix_bundle make = { .evidence = row->claim,
		.software = row->software,
		.no_counter = row->no_counter,
		.more = row->chain ? chain_add : NULL,
		.arg = (void *)(uintptr_t)&row->fault };
	struct bun_expect x = { .has_min_counter = row->min_counter != 0,
		.min_counter = row->min_counter };
	struct bun_policy p = fix_policy(row->of);
	struct sn_why why = { 0 };
	struct bun_report r;
	struct plan plan;
	char *dir = fresh();

	give_plan(row, &plan, &x);
	give_pin(row->ek, &x.ek);
	give_pin(row->ak, &x.ak);
	p.expect = &x;
	p.rehearsal = true;
	p.accept_pinned = !row->not_pinned;
	fix_write(row->of, &make, dir);
	const enum sn_err e = fix_verify(dir, &p, &r, &why);
	if (e != row->want || (row->says != NULL && strstr(why.text, row->says) == NULL))
		fail_msg("%s: %s", sn_err_name(e), why.text);
	if (row->class != NULL)
		assert_string_equal(r.facts.class, row->class);
	free(dir);
}

/* Of several pins one fits; with operations statements each must. */
static void
test_several(void **state)
{
	struct bun_policy p = fix_policy(&prod);
	struct bun_expect x = { .has_min_counter = true, .min_counter = 7 };
	char *dir = fresh();

	(void)state;
	p.expect = &x;
	give_pin(other, &x.ek);
	give_pin(ek_digest, &x.ek);
	fix_write(&prod, NULL, dir);
	assert_int_equal(fix_verify(dir, &p, NULL, NULL), SN_E_EVIDENCE);
	fix_ops_write(&prod, NULL, 1, dir); /* its counter is 8 */
	assert_int_equal(fix_verify(dir, &p, NULL, NULL), SN_OK);
	x.min_counter = 8;
	assert_int_equal(fix_verify(dir, &p, NULL, NULL), SN_E_EVIDENCE);
	free(dir);
}

int
main(void)
{
	struct test_list *l = test_list_new();
	struct sn_buf pub = { 0 };

	fix_start();
	fix_make(&prod, 1, PLAN_PRODUCTION);
	fix_make(&rehearsal, 1, PLAN_REHEARSAL);
	pki_make(&pki);
	chain_of = &prod;
	fix_ek_pub(&prod, &pub);
	fix_pin(&pub, ek_digest);
	pub.n = 0;
	fix_ak_area(&prod, &pub);
	fix_pin(&pub, ak_digest);
	sn_buf_done(&pub);
	root = test_tmpdir();
	for (size_t i = 0; i < SN_NITEMS(rows); i++)
		test_list_add(l, test_row, (void *)(uintptr_t)&rows[i], "%s", rows[i].name);
	test_list_add(l, test_several, NULL, "several pins, and a later statement");
	const int status = test_list_run(l, "class");
	pki_done(&pki);
	fix_done(&prod);
	fix_done(&rehearsal);
	return status;
}
