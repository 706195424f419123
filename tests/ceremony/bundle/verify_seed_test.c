/*
 * A secret that was made before a cut, maybe with another TPM than the one that signs the
 * statement: its evidence is worth what that TPM is worth.
 */
#include "ceremony/bundle/format.h"
#include "tests/ceremony/bundle/fixture.h"

static struct fix prod;
static const char *root;
static uint8_t ek_digest[32], ak_digest[32], other_ak[32];

struct row {
	const char *name;
	bool other_ak, other_ek;   /* of the TPM before the cut */
	const char *backend;	   /* of it; NULL: "device" */
	bool not_made;		   /* no secret before the cut */
	bool made_again;	   /* another one behind it */
	bool opened_again;	   /* a second TPM was opened before the cut, and made it */
	bool pem_alone;		   /* of seed-ak.* */
	bool pin_ak, pin_other_ak; /* --tpm-ak: the last TPM's, the first one's */
	bool plan;		   /* that pins the last TPM's keys */
	enum sn_err want;
	const char *says;
};

static const struct row rows[] = {
	{ .name = "the same TPM" },
	{ .name = "the same TPM, enrolled", .pin_ak = true },
	{ .name = "the same TPM, by the plan", .plan = true },
	{ .name = "its key was made anew", .other_ak = true },
	{ .name = "its key was made anew, and both were enrolled",
	    .other_ak = true,
	    .pin_ak = true,
	    .pin_other_ak = true },
	{ .name = "a key that was not enrolled",
	    .other_ak = true,
	    .pin_ak = true,
	    .want = SN_E_EVIDENCE,
	    .says = "seed-ak.pub" },
	{ .name = "a key that is not the plan's",
	    .other_ak = true,
	    .plan = true,
	    .want = SN_E_EVIDENCE,
	    .says = "seed-ak.pub" },
	{ .name = "another TPM than the pinned one",
	    .other_ak = true,
	    .other_ek = true,
	    .want = SN_E_EVIDENCE,
	    .says = "the TPM of the secret" },
	{ .name = "a software TPM",
	    .other_ak = true,
	    .backend = "software",
	    .want = SN_E_EVIDENCE,
	    .says = "proves software" },
	{ .name = "a program on a socket, in production",
	    .backend = "swtpm",
	    .want = SN_E_EVIDENCE,
	    .says = "proves software" },
	{ .name = "no secret before the cut",
	    .not_made = true,
	    .want = SN_E_SIGNATURE,
	    .says = "not made with the TPM" },
	{ .name = "another secret behind the cut",
	    .made_again = true,
	    .want = SN_E_SIGNATURE,
	    .says = "not made with the TPM" },
	{ .name = "a second TPM made it",
	    .other_ak = true,
	    .opened_again = true,
	    .want = SN_E_SIGNATURE,
	    .says = "not made with the TPM" },
	{ .name = "its key in PEM alone",
	    .pem_alone = true,
	    .want = SN_E_MISSING,
	    .says = "seed-ak.pub" },
};

static const struct row *now; /* the hooks' row */

/* The Sanctum as it was before the cut: its TPM has the other key. */
static struct fix
before_cut(void)
{
	struct fix f = prod;

	f.ak = now->other_ak ? prod.ek : prod.ak;
	f.ek = now->other_ek ? prod.ak : prod.ek;
	return f;
}

static void
record_seed(const char *backend, const struct fix *f, struct tr *t)
{
	struct sn_buf pub = { 0 };
	char ek[65], ak[65];
	uint8_t digest[32];

	fix_ek_pub(f, &pub);
	fix_pin(&pub, digest);
	sn_hex(BYTES_OF(digest), ek);
	pub.n = 0;
	fix_ak_area(f, &pub);
	fix_pin(&pub, digest);
	sn_hex(BYTES_OF(digest), ak);
	sn_buf_done(&pub);
	FIX_RECORD(t, "tpm.opened", TR_ARG_STR("ak", ak), TR_ARG_STR("ek", ek),
	    TR_ARG_STR("class", "pinned"), TR_ARG_STR("backend", backend));
}

static void
record_before(const struct fix *f, const struct fix_bundle *o SN_UNUSED, struct tr *t)
{
	const struct fix was = before_cut();
	struct merkle_hash head;
	char hex[65];

	record_seed(now->backend != NULL ? now->backend : "device", &was, t);
	if (now->opened_again)
		record_seed("device", f, t);
	if (!now->not_made)
		FIX_RECORD(t, "seed.made", TR_ARG_STR("sources", "TPM"));
	FIX_OK(tr_root(t, &head, why));
	sn_hex(BYTES_OF(head.h), hex);
	FIX_RECORD(t, "segment.start", TR_ARG_STR("head", hex));
	if (now->made_again)
		FIX_RECORD(t, "seed.made", TR_ARG_STR("sources", "TPM"));
}

/* The audit by that TPM, in a boot of its own, and its key. */
static void
of_earlier_boot(const struct fix *f SN_UNUSED, struct fix_attest *a)
{
	a->resets--;
}

static void
add_before(struct bun *b, void *arg SN_UNUSED)
{
	const struct fix was = before_cut();
	const struct fix_bundle plain = { .attest = of_earlier_boot };
	struct sn_buf pub = { 0 };

	fix_audit(&was, &plain, b);
	fix_put_pem(b, BUN_SEED_AK, was.ak);
	fix_ak_area(&was, &pub);
	if (!now->pem_alone)
		FIX_OK(bun_add(b, BUN_SEED_AK_PUB, sn_buf_bytes(&pub), why));
	sn_buf_done(&pub);
}

static void
add_pin(struct bun_pins *pins, const uint8_t digest[32])
{
	memcpy(pins->digest[pins->n++], digest, 32);
}

static void
test_row(void **state)
{
	const struct row *row = *state;
	const struct fix_bundle make = {
		.before = record_before, .no_audit = true, .more = add_before
	};
	struct plan plan = { .tpm_ek_pinned = true, .tpm_ak_pinned = true };
	struct bun_policy p = fix_policy(&prod);
	struct bun_expect x = *p.expect;
	struct sn_why why = { 0 };
	static unsigned int n;
	char *dir = test_format("%s/s%u", root, n++);

	now = row;
	memcpy(plan.digest, prod.plan_digest, 32);
	memcpy(plan.tpm_ek, ek_digest, 32);
	memcpy(plan.tpm_ak, ak_digest, 32);
	if (row->plan)
		x.plan[x.nplans++] = &plan;
	if (row->pin_ak)
		add_pin(&x.ak, ak_digest);
	if (row->pin_other_ak)
		add_pin(&x.ak, other_ak);
	p.expect = &x;
	fix_write(&prod, &make, dir);
	const enum sn_err e = fix_verify(dir, &p, NULL, &why);
	if (e != row->want || (row->says != NULL && strstr(why.text, row->says) == NULL))
		fail_msg("%s: %s", sn_err_name(e), why.text);
	free(dir);
}

static void
digest_of(void (*area)(const struct fix *f, struct sn_buf *ret), const struct fix *f,
    uint8_t ret[32])
{
	struct sn_buf pub = { 0 };

	area(f, &pub);
	fix_pin(&pub, ret);
	sn_buf_done(&pub);
}

int
main(void)
{
	struct test_list *l = test_list_new();
	struct fix other;

	fix_start();
	fix_make(&prod, 1, PLAN_PRODUCTION);
	other = prod;
	other.ak = prod.ek;
	digest_of(fix_ek_pub, &prod, ek_digest);
	digest_of(fix_ak_area, &prod, ak_digest);
	digest_of(fix_ak_area, &other, other_ak);
	root = test_tmpdir();
	for (size_t i = 0; i < SN_NITEMS(rows); i++)
		test_list_add(l, test_row, (void *)(uintptr_t)&rows[i], "before a cut: %s",
		    rows[i].name);
	const int status = test_list_run(l, "seed");
	fix_done(&prod);
	return status;
}
