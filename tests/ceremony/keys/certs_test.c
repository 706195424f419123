/*
 * Certificates: the same bytes every time and after a rebuild, their profiles, and
 * what openssl, certtool and zlint say about them.
 * timeout: 120
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "appliance/base/file.h"
#include "appliance/crypto/cms.h"
#include "tests/ceremony/keys/fixture.h"
#include "tests/ceremony/keys/judge.h"

#define NOON_2026 1767268800 /* 2026-01-01T12:00:00Z */
#define EKU_EMAIL "1.3.6.1.5.5.7.3.4"

static struct identity id_production, id_rehearsal;
static struct certs production, rehearsal;
static struct certs_files files;
static const char *dir;

static const char *const paths[] = {
	"trust/crl/root-mldsa87.pem",
	"trust/crl/root-p384.pem",
	"trust/crl/signing-ca-mldsa87.pem",
	"trust/crl/signing-ca-p384.pem",
	"trust/crl/token-ca-p384.pem",
	"trust/identity.json",
	"trust/log.pem",
	"trust/operations-mldsa87-chain.pem",
	"trust/operations-p384-chain.pem",
	"trust/revocation.sealed",
	"trust/root-mldsa87.pem",
	"trust/root-p384.pem",
	"trust/statement-mldsa87-chain.pem",
	"trust/statement-p384-chain.pem",
	"trust/token-chain.pem",
};

static void
make(const struct identity *id, struct certs *ret)
{
	struct sn_why why = { 0 };

	if (certs_make(id, fixture_master(), ret, &why) != SN_OK)
		fail_msg("certs_make: %s", why.text);
}

static void
test_paths(void **state)
{
	(void)state;
	assert_int_equal(files.n, SN_NITEMS(paths));
	for (size_t i = 0; i < files.n; i++) {
		assert_string_equal(files.file[i].path, paths[i]);
		assert_true(files.file[i].data.n > 0);
	}
}

/* A rebuild has the master secret and the bytes of identity.json, nothing else. */
static void
test_rebuild(void **state)
{
	SN_CLEANUP(sn_buf_done) struct sn_buf card = { 0 };
	struct certs again = { 0 };
	struct certs_files theirs = { 0 };
	struct identity id;

	(void)state;
	assert_int_equal(identity_write(&id_production, &card, NULL), SN_OK);
	assert_int_equal(identity_parse(sn_buf_bytes(&card), &id, NULL), SN_OK);
	make(&id, &again);
	assert_int_equal(certs_files(&id, &again, &theirs, NULL), SN_OK);
	assert_int_equal(theirs.n, files.n);
	for (size_t i = 0; i < files.n; i++)
		assert_true(bytes_equal(sn_buf_bytes(&theirs.file[i].data),
		    sn_buf_bytes(&files.file[i].data)));
	certs_files_done(&theirs);
	certs_done(&again);
}

static void
test_worlds_differ(void **state)
{
	uint8_t a[32], b[32];

	(void)state;
	assert_int_equal(certs_identity_digest(production.key[KEY_ROOT_P384],
			     production.key[KEY_ROOT_MLDSA87], a, NULL),
	    SN_OK);
	assert_int_equal(certs_identity_digest(rehearsal.key[KEY_ROOT_P384],
			     rehearsal.key[KEY_ROOT_MLDSA87], b, NULL),
	    SN_OK);
	assert_memory_not_equal(a, b, 32);
	assert_non_null(strstr(cry_cert_cn(rehearsal.cert[KEY_ROOT_P384]), "REHEARSAL"));
	assert_null(strstr(cry_cert_cn(production.cert[KEY_ROOT_P384]), "REHEARSAL"));
}

/* ---- profiles */

struct profile_row {
	enum key_id key;
	bool ca;
	const char *eku;
	const char *basic; /* DER of basicConstraints, hex; NULL for none */
	const char *usage; /* DER of keyUsage, hex */
};

#define CA_USAGE "03020106"
#define LEAF_USAGE "03020780"

static const struct profile_row profile_rows[] = {
	{ KEY_ROOT_P384, true, NULL, "30030101ff", CA_USAGE },
	{ KEY_ROOT_MLDSA87, true, NULL, "30030101ff", CA_USAGE },
	{ KEY_SIGNING_CA_P384, true, NULL, "30060101ff020100", CA_USAGE },
	{ KEY_SIGNING_CA_MLDSA87, true, NULL, "30060101ff020100", CA_USAGE },
	{ KEY_TOKEN_CA_P384, true, NULL, "30060101ff020100", CA_USAGE },
	{ KEY_STATEMENT_P384, false, CRY_EKU_STATEMENT, NULL, LEAF_USAGE },
	{ KEY_STATEMENT_MLDSA87, false, CRY_EKU_STATEMENT, NULL, LEAF_USAGE },
	{ KEY_OPERATIONS_P384, false, CRY_EKU_OPERATIONS, NULL, LEAF_USAGE },
	{ KEY_OPERATIONS_MLDSA87, false, CRY_EKU_OPERATIONS, NULL, LEAF_USAGE },
	{ KEY_TOKEN_P256, false, CERTS_EKU_TOKEN, NULL, LEAF_USAGE },
};

static void
check_ext(const struct cry_cert *c, const char *oid, const char *want)
{
	struct bytes ext;
	char *got;

	assert_int_equal(cry_cert_ext(c, oid, &ext, NULL), SN_OK);
	assert_int_equal(ext.p == NULL, want == NULL);
	if (want == NULL)
		return;
	got = test_hex(ext.p, ext.n);
	assert_string_equal(got, want);
	free(got);
}

static void
test_profile(void **state)
{
	const struct profile_row *row = *state;
	const struct cry_cert *c = production.cert[row->key];
	const struct identity_cert *want = &id_production.cert[row->key];
	bool signer = row->eku != NULL && strcmp(row->eku, CERTS_EKU_TOKEN) != 0;
	struct bytes serial = cry_cert_serial(c);

	assert_int_equal(cry_cert_is_ca(c), row->ca);
	check_ext(c, "2.5.29.19", row->basic);
	check_ext(c, "2.5.29.15", row->usage);
	assert_string_equal(cry_cert_cn(c), want->cn);
	assert_int_equal(cry_cert_not_before(c), want->from);
	assert_int_equal(cry_cert_not_after(c), want->to);
	assert_true(bytes_equal(serial, BYTES_OF(want->serial)));
	assert_int_equal(cry_cert_has_eku(c, CRY_EKU_STATEMENT),
	    row->eku != NULL && strcmp(row->eku, CRY_EKU_STATEMENT) == 0);
	assert_int_equal(cry_cert_has_eku(c, CRY_EKU_OPERATIONS),
	    row->eku != NULL && strcmp(row->eku, CRY_EKU_OPERATIONS) == 0);
	assert_int_equal(cry_cert_has_eku(c, CERTS_EKU_TOKEN),
	    row->eku != NULL && strcmp(row->eku, CERTS_EKU_TOKEN) == 0);
	assert_int_equal(cry_cert_has_eku(c, EKU_EMAIL), signer);
}

/* Each leaf chains to its root, at a time inside and at none outside its dates. */
static void
test_chain(void **state)
{
	const struct profile_row *row = *state;
	enum key_id ca = certs_row(row->key)->issuer, root = certs_row(ca)->issuer;
	const struct cry_cert *chain[2] = { production.cert[row->key], production.cert[ca] };
	const struct identity_cert *c = &id_production.cert[row->key];
	enum key_id other = root == KEY_ROOT_P384 ? KEY_ROOT_MLDSA87 : KEY_ROOT_P384;

	assert_int_equal(cry_chain_verify(chain, 2, production.cert[root], NOON_2026, row->eku,
			     NULL),
	    SN_OK);
	assert_int_not_equal(cry_chain_verify(chain, 2, production.cert[root], c->from - 1,
				 row->eku, NULL),
	    SN_OK);
	assert_int_not_equal(cry_chain_verify(chain, 2, production.cert[root], c->to + 1,
				 row->eku, NULL),
	    SN_OK);
	assert_int_not_equal(cry_chain_verify(chain, 2, production.cert[root], NOON_2026,
				 "1.3.6.1.5.5.7.3.1", NULL),
	    SN_OK);
	assert_int_not_equal(cry_chain_verify(chain, 2, production.cert[other], NOON_2026,
				 row->eku, NULL),
	    SN_OK);
	assert_int_not_equal(cry_chain_verify(chain, 2, rehearsal.cert[root], NOON_2026,
				 row->eku, NULL),
	    SN_OK);
	assert_int_not_equal(cry_chain_verify(chain, 1, production.cert[root], NOON_2026,
				 row->eku, NULL),
	    SN_OK);
}

/* ---- a statement signed with each leaf: only the statement's own signer is taken */

static void
test_role(void **state)
{
	const struct profile_row *row = *state;
	enum key_id ca = certs_row(row->key)->issuer, root = certs_row(ca)->issuer;
	const struct cry_cert *extra = production.cert[ca];
	SN_CLEANUP(sn_buf_done) struct sn_buf cms = { 0 };
	SN_CLEANUP(cry_cert_free) struct cry_cert *signer = NULL;
	struct bytes content = BYTES_STR("{\"_type\":\"test\"}");
	enum cry_sigalg alg =
	    root == KEY_ROOT_MLDSA87 ? CRY_SIG_MLDSA87 : CRY_SIG_ECDSA_P384_SHA384;
	bool right = row->key == KEY_STATEMENT_P384 || row->key == KEY_STATEMENT_MLDSA87;
	enum sn_err e = cry_cms_sign(production.key[row->key], production.cert[row->key],
	    &extra, 1, content, &cms, NULL);

	if (e == SN_OK)
		e = cry_cms_verify(sn_buf_bytes(&cms), content, production.cert[root], alg,
		    CRY_EKU_STATEMENT, NOON_2026, &signer, NULL);
	assert_int_equal(e == SN_OK, right);
}

/* ---- other programs' opinion */

static void
write_files(void)
{
	for (size_t i = 0; i < files.n; i++) {
		char *path = test_format("%s/%s", dir, files.file[i].path + strlen("trust/"));

		assert_int_equal(sn_file_parents(AT_FDCWD, path, NULL), SN_OK);
		assert_int_equal(sn_file_write(AT_FDCWD, path,
				     sn_buf_bytes(&files.file[i].data), 0644, true, NULL),
		    SN_OK);
		free(path);
	}
}

struct judge_row {
	const char *name, *tool, *command; /* sh, in the directory of the files */
	bool accepts;
};

#define VERIFY "openssl verify -x509_strict -attime 1767268800 "

static const struct judge_row judge_rows[] = {
	{ "openssl verifies the P-384 root", "openssl",
	    VERIFY "-check_ss_sig -CAfile root-p384.pem root-p384.pem", true },
	{ "openssl verifies the ML-DSA-87 root", "openssl",
	    VERIFY "-check_ss_sig -CAfile root-mldsa87.pem root-mldsa87.pem", true },
	{ "openssl verifies the P-384 statement signer", "openssl",
	    VERIFY "-purpose smimesign -CAfile root-p384.pem -untrusted "
		   "statement-p384-chain.pem statement-p384-chain.pem",
	    true },
	{ "openssl verifies the ML-DSA-87 statement signer", "openssl",
	    VERIFY "-purpose smimesign -CAfile root-mldsa87.pem -untrusted "
		   "statement-mldsa87-chain.pem statement-mldsa87-chain.pem",
	    true },
	{ "openssl verifies the P-384 operations signer", "openssl",
	    VERIFY "-purpose smimesign -CAfile root-p384.pem -untrusted "
		   "operations-p384-chain.pem operations-p384-chain.pem",
	    true },
	{ "openssl verifies the token signer", "openssl",
	    VERIFY "-CAfile root-p384.pem -untrusted token-chain.pem token-chain.pem", true },
	{ "openssl refuses the token signer for S/MIME", "openssl",
	    VERIFY "-purpose smimesign -CAfile root-p384.pem -untrusted token-chain.pem "
		   "token-chain.pem",
	    false },
	{ "openssl refuses the statement signer as TLS server", "openssl",
	    VERIFY "-purpose sslserver -CAfile root-p384.pem -untrusted "
		   "statement-p384-chain.pem statement-p384-chain.pem",
	    false },
	{ "openssl refuses the wrong root", "openssl",
	    VERIFY "-CAfile root-mldsa87.pem -untrusted token-chain.pem token-chain.pem",
	    false },
	{ "openssl refuses after the operations signer's time", "openssl",
	    "openssl verify -x509_strict -attime 1900000000 -CAfile root-p384.pem -untrusted "
	    "operations-p384-chain.pem operations-p384-chain.pem",
	    false },
	{ "openssl reads the log key", "openssl",
	    "openssl pkey -pubin -in log.pem -noout -text | grep -qi ed25519", true },
	{ "botan verifies the ML-DSA-87 statement signer", "botan",
	    "csplit -s -f m- statement-mldsa87-chain.pem '/-----BEGIN/' '{*}' && "
	    "botan cert_verify m-01 m-02 root-mldsa87.pem | grep -q 'passes validation'",
	    true },
	{ "botan refuses it under the P-384 root", "botan",
	    "csplit -s -f n- statement-mldsa87-chain.pem '/-----BEGIN/' '{*}' && "
	    "botan cert_verify n-01 n-02 root-p384.pem | grep -q 'passes validation'",
	    false },
	{ "certtool verifies the token chain", "certtool",
	    "certtool --verify --load-ca-certificate root-p384.pem "
	    "--attime '2026-01-01 12:00:00' --infile token-chain.pem",
	    true },
	{ "certtool verifies the statement chain", "certtool",
	    "certtool --verify --load-ca-certificate root-p384.pem "
	    "--attime '2026-01-01 12:00:00' --infile statement-p384-chain.pem",
	    true },
};

static void
need_tool(const char *tool)
{
	char *probe = test_format("command -v %s", tool);
	int status = judge_sh(dir, probe, "out");

	free(probe);
	if (status == 0)
		return;
	print_message("%s is not installed\n", tool);
	skip();
}

static void
test_judge(void **state)
{
	const struct judge_row *row = *state;

	need_tool(row->tool);
	assert_int_equal(judge_sh(dir, row->command, "out") == 0, row->accepts);
}

/*
 * zlint knows no ML-DSA (the twins have the same extensions, test_profile); the rules of
 * browsers' CAs are not for a private PKI.
 */
#define ZLINT                                                                                  \
	"zlint -excludeSources CABF_BR,CABF_EV,CABF_SMIME_BR,Apple,Mozilla,ETSI_ESI %s "       \
	">zlint.out && grep -q '\"result\": *\"pass\"' zlint.out && "                          \
	"! grep -E '\"result\": *\"(error|fatal|warn)\"' zlint.out"

static void
test_lint(void **state)
{
	enum key_id key = *(const enum key_id *)*state;
	SN_CLEANUP(sn_buf_done) struct sn_buf pem = { 0 };
	char *name = test_format("lint-%s.pem", key_row(key)->label);
	char *path = test_format("%s/%s", dir, name), *command = test_format(ZLINT, name);
	int status;

	need_tool("zlint");
	assert_int_equal(cry_cert_pem(cry_cert_der(production.cert[key]), &pem, NULL), SN_OK);
	assert_int_equal(sn_file_write(AT_FDCWD, path, sn_buf_bytes(&pem), 0644, true, NULL),
	    SN_OK);
	status = judge_sh(dir, command, "out");
	free(path);
	free(name);
	free(command);
	assert_int_equal(status, 0);
}

static void
add_all(struct test_list *l)
{
	static enum key_id linted[] = { KEY_ROOT_P384, KEY_SIGNING_CA_P384, KEY_STATEMENT_P384,
		KEY_OPERATIONS_P384, KEY_TOKEN_CA_P384, KEY_TOKEN_P256 };
	size_t i;

	test_list_add(l, test_paths, NULL, "the files");
	test_list_add(l, test_rebuild, NULL, "a rebuild gives the same bytes");
	test_list_add(l, test_worlds_differ, NULL, "the worlds differ");
	for (i = 0; i < SN_NITEMS(profile_rows); i++)
		test_list_add(l, test_profile, &profile_rows[i], "profile of %s",
		    key_row(profile_rows[i].key)->label);
	for (i = 0; i < SN_NITEMS(profile_rows); i++) {
		if (profile_rows[i].ca)
			continue;
		test_list_add(l, test_chain, &profile_rows[i], "chain of %s",
		    key_row(profile_rows[i].key)->label);
		test_list_add(l, test_role, &profile_rows[i], "a statement signed by %s",
		    key_row(profile_rows[i].key)->label);
	}
	for (i = 0; i < SN_NITEMS(judge_rows); i++)
		test_list_add(l, test_judge, &judge_rows[i], "%s", judge_rows[i].name);
	for (i = 0; i < SN_NITEMS(linted); i++)
		test_list_add(l, test_lint, &linted[i], "zlint finds nothing in %s",
		    key_row(linted[i])->label);
}

int
main(void)
{
	struct test_list *l = test_list_new();
	struct sn_why why = { 0 };
	int status;

	if (sn_secret_start(1U << 20, &why) != SN_OK || cry_start(&why) != SN_OK)
		return sn_err_exit(why.err);
	dir = test_tmpdir();
	id_production = fixture_identity(PLAN_PRODUCTION, 2, 3);
	id_rehearsal = fixture_identity(PLAN_REHEARSAL, 2, 3);
	make(&id_production, &production);
	make(&id_rehearsal, &rehearsal);
	assert_int_equal(certs_files(&id_production, &production, &files, &why), SN_OK);
	assert_int_equal(sn_secret_alive(), 0);
	write_files();
	add_all(l);
	status = test_list_run(l, "certificates");
	certs_files_done(&files);
	certs_done(&production);
	certs_done(&rehearsal);
	return status;
}
