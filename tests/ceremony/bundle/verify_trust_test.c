/* The verifier against trust/: certificates that are not those of the identity file. */
#include "ceremony/bundle/format.h"
#include "tests/ceremony/bundle/fixture.h"

static struct fix prod, forged, remade;

/* A fresh directory name for one test. */
static char *
fresh(void)
{
	static unsigned int n;

	return test_format("%s/c%u", test_tmpdir(), n++);
}

/*
 * A rehearsal's keys and certificates under a production identity file, statement,
 * transcript and log: everything fits but the certificates' own names and serials.
 */
static void
make_forged(void)
{
	fix_make(&forged, 1, PLAN_REHEARSAL);
	certs_files_done(&forged.files);
	forged.id = prod.id;
	FIX_OK(certs_files(&forged.id, &forged.certs, &forged.files, why));
}

/* The same with our own keys and one certificate issued otherwise than its row says. */
struct reissue_row {
	const char *name;
	enum key_id key;
	void (*change)(struct cry_profile *p);
	const char *says;
};

static void
as_statement(struct cry_profile *p)
{
	static const char *const ekus[] = { "1.3.6.1.5.5.7.3.4", CRY_EKU_STATEMENT, NULL };

	p->ekus = ekus;
}
static void
longer(struct cry_profile *p)
{
	p->not_after = FIX_ROOT_TO;
}
static void
earlier(struct cry_profile *p)
{
	p->not_before -= 1;
}
static void
other_serial(struct cry_profile *p)
{
	p->serial[19] ^= 1;
}
static void
other_name(struct cry_profile *p)
{
	p->common_name = "REHEARSAL Operations P-384 00010203";
}
static void
other_organization(struct cry_profile *p)
{
	p->organization = "Mallory Ltd";
}
static void
more_usage(struct cry_profile *p)
{
	p->key_agreement = true;
}
static void
unchanged(struct cry_profile *p)
{
	(void)p;
}

static const struct reissue_row reissues[] = {
	{ "nothing", KEY_OPERATIONS_P384, unchanged, NULL },
	{ "may sign statements", KEY_OPERATIONS_P384, as_statement, "extended key usage" },
	{ "lives longer", KEY_OPERATIONS_P384, longer, "last date" },
	{ "begins earlier", KEY_STATEMENT_P384, earlier, "first date" },
	{ "another serial", KEY_TOKEN_P256, other_serial, "serial" },
	{ "another name", KEY_OPERATIONS_P384, other_name, "name" },
	{ "another organization", KEY_OPERATIONS_MLDSA87, other_organization, "name" },
	{ "one more usage", KEY_STATEMENT_MLDSA87, more_usage, "key usage" },
};

/* Our sanctum once more, with the certificate of one key issued anew. */
static void
make_remade(enum key_id key, const struct cry_profile *profile)
{
	const enum key_id issuer = certs_row(key)->issuer;
	struct sn_buf der = { 0 };

	fix_make(&remade, 1, PLAN_PRODUCTION);
	FIX_OK(cry_cert_issue(profile, remade.certs.key[key], remade.certs.key[issuer],
	    remade.certs.cert[issuer], &der, why));
	cry_cert_free(&remade.certs.cert[key]);
	FIX_OK(cry_cert_parse(sn_buf_bytes(&der), &remade.certs.cert[key], why));
	sn_buf_done(&der);
}

static struct cry_profile
profile_of(enum key_id key)
{
	const struct identity_cert *c = &prod.id.cert[key];
	struct cry_profile profile = { .common_name = c->cn,
		.organization = prod.id.organization,
		.not_before = c->from,
		.not_after = c->to,
		.pathlen = -1,
		.digital_signature = true,
		.ekus = certs_row(key)->ekus };

	memcpy(profile.serial, c->serial, sizeof(profile.serial));
	return profile;
}

static enum sn_err
judge(const struct fix *f, struct sn_why *why)
{
	const struct bun_policy p = fix_policy(f);
	char *dir = fresh();

	fix_write(f, NULL, dir);
	const enum sn_err e = fix_verify(dir, &p, NULL, why);
	free(dir);
	return e;
}

static void
test_reissue(void **state)
{
	const struct reissue_row *row = *state;
	struct cry_profile profile = profile_of(row->key);
	struct sn_why reason = { 0 };

	row->change(&profile);
	make_remade(row->key, &profile);
	certs_files_done(&remade.files);
	FIX_OK(certs_files(&remade.id, &remade.certs, &remade.files, why));
	const enum sn_err e = judge(&remade, &reason);
	fix_done(&remade);
	if (row->says == NULL)
		assert_int_equal(e, SN_OK);
	else if (e != SN_E_SIGNATURE || strstr(reason.text, row->says) == NULL)
		fail_msg("%s: %s", sn_err_name(e), reason.text);
}

/* The right certificates in trust/, the CMS by another one with the same key. */
static void
test_other_signer(void **state)
{
	struct cry_profile profile = profile_of(KEY_STATEMENT_P384);
	struct sn_why reason = { 0 };

	(void)state;
	longer(&profile);
	make_remade(KEY_STATEMENT_P384, &profile);
	const enum sn_err e = judge(&remade, &reason);
	fix_done(&remade);
	if (e != SN_E_SIGNATURE || strstr(reason.text, "is not statement-p384") == NULL)
		fail_msg("%s: %s", sn_err_name(e), reason.text);
}

/* As many operations shares as the statement has approvers. */
static void
test_approver_count(void **state)
{
	struct sn_why reason = { 0 };

	(void)state;
	fix_make(&remade, 1, PLAN_PRODUCTION);
	remade.id.operations_count++;
	certs_files_done(&remade.files);
	FIX_OK(certs_files(&remade.id, &remade.certs, &remade.files, why));
	const enum sn_err e = judge(&remade, &reason);
	fix_done(&remade);
	if (e != SN_E_SIGNATURE || strstr(reason.text, "number of approvers") == NULL)
		fail_msg("%s: %s", sn_err_name(e), reason.text);
}

static void
test_rehearsal_as_production(void **state)
{
	const struct bun_policy p = fix_policy(&forged);
	struct sn_why reason = { 0 };
	struct bun_report r;
	char *dir = fresh();

	(void)state;
	fix_write(&forged, NULL, dir);
	assert_int_equal(fix_verify(dir, &p, &r, &reason), SN_E_SIGNATURE);
	assert_string_equal(r.world, "production");
	assert_non_null(strstr(reason.text, "trust/root-p384.pem: the name of root-p384"));
	free(dir);
}

int
main(void)
{
	struct test_list *l = test_list_new();

	fix_start();
	fix_make(&prod, 1, PLAN_PRODUCTION);
	make_forged();
	for (size_t i = 0; i < SN_NITEMS(reissues); i++)
		test_list_add(l, test_reissue, (void *)(uintptr_t)&reissues[i],
		    "certificate issued again: %s", reissues[i].name);
	test_list_add(l, test_rehearsal_as_production, NULL, "a rehearsal as production");
	test_list_add(l, test_approver_count, NULL, "an operations share more than approvers");
	test_list_add(l, test_other_signer, NULL, "a signer that trust/ does not hold");
	const int status = test_list_run(l, "trust");
	fix_done(&prod);
	fix_done(&forged);
	return status;
}
