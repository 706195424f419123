/* The verifier and revocation lists: those of the bundle, and those that it is given. */
#include "tests/ceremony/bundle/fixture.h"

static struct fix prod, other, rotated;

static char *
fresh(void)
{
	static unsigned int n;

	return test_format("%s/c%u", test_tmpdir(), n++);
}

/* The list of a CA, issued as the row says and put in the place of the bundle's. */
struct forge_row {
	const char *name, *says;
	size_t list;
	enum key_id signer;
	int64_t later; /* seconds that its last date is later */
	uint32_t number;
	bool revokes;
};

static const struct forge_row forges[] = {
	{ "the same again", NULL, 4, KEY_TOKEN_CA_P384, 0, 1, false },
	{ "another number", "number is 2, not 1", 4, KEY_TOKEN_CA_P384, 0, 2, false },
	{ "other dates", "its dates", 4, KEY_TOKEN_CA_P384, 86400, 1, false },
	{ "a revoked certificate", "it revokes 1 certificates, not 0", 4, KEY_TOKEN_CA_P384, 0,
	    1, true },
	{ "another CA's list", "trust/crl/token-ca-p384.pem", 4, KEY_SIGNING_CA_P384, 0, 1,
	    false },
};

static enum sn_err
judge(const struct fix *f, const struct bun_crl *crl, size_t n, struct sn_why *why)
{
	struct bun_policy p = fix_policy(f);
	char *dir = fresh();

	p.crl = crl;
	p.ncrls = n;
	fix_write(f, NULL, dir);
	const enum sn_err e = fix_verify(dir, &p, NULL, why);
	free(dir);
	return e;
}

static void
test_forge(void **state)
{
	const struct forge_row *row = *state;
	const struct identity_cert *c = &prod.id.cert[revoke_ca(row->list)];
	const struct bytes serial = BYTES_OF(prod.id.cert[KEY_TOKEN_P256].serial);
	struct sn_why reason = { 0 };
	struct fix f;

	fix_make(&f, 1, PLAN_PRODUCTION);
	f.certs.crl[row->list].n = 0;
	FIX_OK(cry_crl_issue(f.certs.key[row->signer], f.certs.cert[row->signer], c->from,
	    c->to + row->later, row->number, &serial, row->revokes ? 1 : 0,
	    &f.certs.crl[row->list], why));
	certs_files_done(&f.files);
	FIX_OK(certs_files(&f.id, &f.certs, &f.files, why));
	const enum sn_err e = judge(&f, NULL, 0, &reason);
	fix_done(&f);
	if (row->says == NULL)
		assert_int_equal(e, SN_OK);
	else if (e != SN_E_SIGNATURE || strstr(reason.text, row->says) == NULL)
		fail_msg("%s: %s", sn_err_name(e), reason.text);
}

/* ---- lists from outside */

struct given_row {
	const char *name, *says;
	const struct fix *of; /* whose list */
	size_t list;
	bool kill;
};

static const struct given_row givens[] = {
	{ "its own published one", NULL, &prod, 2, false },
	{ "the kill list of the P-384 root", "signing-ca-p384 is revoked by FILE", &prod, 0,
	    true },
	{ "the kill list of the ML-DSA-87 root", "signing-ca-mldsa87 is revoked by FILE", &prod,
	    1, true },
	{ "the kill list of the signing CA", "statement-p384 is revoked by FILE", &prod, 2,
	    true },
	{ "the kill list of the token CA", "token-p256 is revoked by FILE", &prod, 4, true },
	{ "a later generation's list", "operations-p384 is revoked by FILE", &rotated, 2,
	    false },
	{ "a later generation's list of the root", NULL, &rotated, 0, false },
	{ "another sanctum's list", "--crl FILE: ", &other, 2, false },
};

static void
test_given(void **state)
{
	const struct given_row *row = *state;
	const enum key_id ca = revoke_ca(row->list);
	struct sn_buf der = { 0 };
	struct cry_crl *crl = NULL;
	struct sn_why reason = { 0 };

	FIX_OK(revoke_issue(&row->of->id, ca, row->kill ? REVOKE_KILL : REVOKE_PUBLISHED,
	    row->of->certs.key[ca], row->of->certs.cert[ca], &der, why));
	FIX_OK(cry_crl_parse(sn_buf_bytes(&der), &crl, why));
	const struct bun_crl given = { "FILE", crl };
	const enum sn_err e = judge(&prod, &given, 1, &reason);
	sn_buf_done(&der);
	cry_crl_free(&crl);
	if (row->says == NULL)
		assert_int_equal(e, SN_OK);
	else if (e != SN_E_SIGNATURE || strstr(reason.text, row->says) == NULL)
		fail_msg("%s: %s", sn_err_name(e), reason.text);
}

/* A bundle of the second generation: its own lists revoke the first. */
static void
test_rotated(void **state)
{
	struct sn_why reason = { 0 };

	(void)state;
	if (judge(&rotated, NULL, 0, &reason) != SN_OK)
		fail_msg("%s", reason.text);
}

/* The first generation's leaves are superseded. */
static void
make_rotated(void)
{
	static const enum key_id keys[] = { KEY_OPERATIONS_P384, KEY_OPERATIONS_MLDSA87,
		KEY_TOKEN_P256 };
	struct derive_scope scope;
	uint8_t master[32];

	fix_make(&rotated, 1, PLAN_PRODUCTION);
	struct identity *id = &rotated.id;
	scope = identity_scope(id);
	memset(master, 1, sizeof(master));
	id->past[id->npast++] = (struct identity_past){ id->cert[KEY_OPERATIONS_P384].from,
		id->cert[KEY_OPERATIONS_P384].to, id->cert[KEY_TOKEN_P256].from,
		id->cert[KEY_TOKEN_P256].to };
	id->operations_generation++;
	for (size_t k = 0; k < SN_NITEMS(keys); k++) {
		struct identity_cert *c = &id->cert[keys[k]];

		c->generation++;
		FIX_OK(identity_serial(&scope, key_row(keys[k])->label, c->generation, c->from,
		    c->to, c->serial, why));
	}
	certs_done(&rotated.certs);
	certs_files_done(&rotated.files);
	FIX_OK(certs_make(id, BYTES_OF(master), &rotated.certs, why));
	FIX_OK(certs_files(id, &rotated.certs, &rotated.files, why));
}

int
main(void)
{
	struct test_list *l = test_list_new();
	int status;

	fix_start();
	fix_make(&prod, 1, PLAN_PRODUCTION);
	fix_make(&other, 2, PLAN_PRODUCTION);
	make_rotated();
	for (size_t i = 0; i < SN_NITEMS(forges); i++)
		test_list_add(l, test_forge, &forges[i], "in trust/crl/: %s", forges[i].name);
	for (size_t i = 0; i < SN_NITEMS(givens); i++)
		test_list_add(l, test_given, &givens[i], "given: %s", givens[i].name);
	test_list_add(l, test_rotated, NULL, "a second generation");
	status = test_list_run(l, "verify, revocation lists");
	fix_done(&prod);
	fix_done(&other);
	fix_done(&rotated);
	return status;
}
