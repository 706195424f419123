/*
 * Revocation lists: what they revoke, the sealed ones, and what openssl and certtool say.
 * timeout: 120
 */
#include <stdio.h>

#include "appliance/base/file.h"
#include "tests/ceremony/keys/fixture.h"
#include "tests/ceremony/keys/judge.h"

static struct identity id, later; /* of a genesis, and two generations on */
static struct certs made, made_later;
static struct sn_secret operations;
static const char *dir;

/* As a rotation leaves it. */
static void
advance(struct identity *i)
{
	static const enum key_id keys[] = { KEY_OPERATIONS_P384, KEY_OPERATIONS_MLDSA87,
		KEY_TOKEN_P256 };
	const struct derive_scope scope = identity_scope(i);

	i->past[i->npast++] = (struct identity_past){ i->cert[KEY_OPERATIONS_P384].from,
		i->cert[KEY_OPERATIONS_P384].to, i->cert[KEY_TOKEN_P256].from,
		i->cert[KEY_TOKEN_P256].to };
	i->operations_generation++;
	for (size_t k = 0; k < SN_NITEMS(keys); k++) {
		struct identity_cert *c = &i->cert[keys[k]];

		c->generation++;
		c->from += 86400;
		assert_int_equal(identity_serial(&scope, key_row(keys[k])->label, c->generation,
				     c->from, c->to, c->serial, NULL),
		    SN_OK);
	}
	assert_int_equal(identity_check(i, NULL), SN_OK);
}

/* The sealed lists, opened, in memory of their own. */
static void
open_kill(const struct identity *i, const struct certs *c, struct cry_crl *ret[REVOKE_LISTS])
{
	SN_CLEANUP(sn_secret_done) struct sn_secret plain = { 0 };
	SN_CLEANUP(sn_secret_done) struct sn_secret secret = { 0 };
	const struct derive_scope scope = identity_scope(i);
	struct bytes der[REVOKE_LISTS];
	struct sn_why why = { 0 };

	assert_int_equal(derive_operations(&scope, fixture_master(), i->operations_generation,
			     &secret, NULL),
	    SN_OK);
	if (revoke_open(i, sn_secret_bytes(&secret), sn_buf_bytes(&c->sealed), &plain, der,
		&why) != SN_OK)
		fail_msg("revoke_open: %s", why.text);
	for (size_t k = 0; k < REVOKE_LISTS; k++)
		assert_int_equal(cry_crl_parse(der[k], &ret[k], NULL), SN_OK);
}

/* ---- numbers and entries */

struct list_row {
	const char *name;
	const struct identity *id;
	const struct certs *certs;
	enum key_id ca;
	enum revoke_kind kind;
	size_t entries;
	uint32_t number;
};

static const struct list_row list_rows[] = {
	{ "P-384 root, published", &id, &made, KEY_ROOT_P384, REVOKE_PUBLISHED, 0, 1 },
	{ "P-384 root, kill", &id, &made, KEY_ROOT_P384, REVOKE_KILL, 2, 2 },
	{ "ML-DSA-87 root, kill", &id, &made, KEY_ROOT_MLDSA87, REVOKE_KILL, 1, 2 },
	{ "signing CA, published", &id, &made, KEY_SIGNING_CA_P384, REVOKE_PUBLISHED, 0, 1 },
	{ "signing CA, kill", &id, &made, KEY_SIGNING_CA_P384, REVOKE_KILL, 2, 2 },
	{ "ML-DSA-87 signing CA, kill", &id, &made, KEY_SIGNING_CA_MLDSA87, REVOKE_KILL, 2, 2 },
	{ "token CA, kill", &id, &made, KEY_TOKEN_CA_P384, REVOKE_KILL, 1, 2 },
	{ "two generations on: P-384 root, published", &later, &made_later, KEY_ROOT_P384,
	    REVOKE_PUBLISHED, 0, 5 },
	{ "two generations on: signing CA, published", &later, &made_later, KEY_SIGNING_CA_P384,
	    REVOKE_PUBLISHED, 2, 5 },
	{ "two generations on: token CA, published", &later, &made_later, KEY_TOKEN_CA_P384,
	    REVOKE_PUBLISHED, 2, 5 },
	{ "two generations on: signing CA, kill", &later, &made_later, KEY_SIGNING_CA_P384,
	    REVOKE_KILL, 4, 6 },
};

static void
test_list(void **state)
{
	const struct list_row *row = *state;
	struct cry_crl *kill[REVOKE_LISTS] = { NULL };
	struct cry_crl *crl = NULL;
	struct sn_why why = { 0 };
	uint32_t number = 0;
	size_t i = 0;

	while (revoke_ca(i) != row->ca)
		i++;
	open_kill(row->id, row->certs, kill);
	if (row->kind == REVOKE_KILL)
		crl = SN_TAKE(kill[i]);
	else
		assert_int_equal(cry_crl_parse(sn_buf_bytes(&row->certs->crl[i]), &crl, NULL),
		    SN_OK);
	assert_int_equal(cry_crl_count(crl), row->entries);
	assert_int_equal(cry_crl_number(crl, &number, NULL), SN_OK);
	assert_int_equal(number, row->number);
	if (revoke_check(row->id, row->ca, row->kind, crl, row->certs->cert[row->ca], &why) !=
	    SN_OK)
		fail_msg("revoke_check: %s", why.text);
	/* never taken for the other kind, nor for another CA's */
	assert_int_equal(revoke_check(row->id, row->ca,
			     row->kind == REVOKE_KILL ? REVOKE_PUBLISHED : REVOKE_KILL, crl,
			     row->certs->cert[row->ca], NULL),
	    SN_E_SIGNATURE);
	i = (i + 1) % REVOKE_LISTS;
	assert_int_not_equal(revoke_check(row->id, revoke_ca(i), row->kind, crl,
				 row->certs->cert[revoke_ca(i)], NULL),
	    SN_OK);
	for (i = 0; i < REVOKE_LISTS; i++)
		cry_crl_free(&kill[i]);
	cry_crl_free(&crl);
}

/* Nothing of the generations before is forgotten, nothing of this one is revoked. */
static void
test_superseded(void **state)
{
	struct cry_crl *crl = NULL;

	(void)state;
	assert_int_equal(cry_crl_parse(sn_buf_bytes(&made_later.crl[2]), &crl, NULL), SN_OK);
	assert_true(cry_crl_revokes(crl, cry_cert_serial(made.cert[KEY_OPERATIONS_P384])));
	assert_false(cry_crl_revokes(crl,
	    cry_cert_serial(made_later.cert[KEY_OPERATIONS_P384])));
	assert_false(cry_crl_revokes(crl, cry_cert_serial(made.cert[KEY_STATEMENT_P384])));
	cry_crl_free(&crl);
}

/* ---- sealed */

static void
test_deterministic(void **state)
{
	struct certs again = { 0 };

	(void)state;
	assert_int_equal(certs_make(&id, fixture_master(), &again, NULL), SN_OK);
	assert_true(bytes_equal(sn_buf_bytes(&again.sealed), sn_buf_bytes(&made.sealed)));
	assert_false(bytes_equal(sn_buf_bytes(&made_later.sealed), sn_buf_bytes(&made.sealed)));
	certs_done(&again);
}

struct seal_row {
	const char *name;
	size_t flip; /* byte of the file; SIZE_MAX: none */
	size_t cut;  /* bytes less */
	bool other_secret, other_id;
	enum sn_err expect;
};

static const struct seal_row seal_rows[] = {
	{ "as it is", SIZE_MAX, 0, false, false, SN_OK },
	{ "another format", 0, 0, false, false, SN_E_FORMAT },
	{ "another nonce", 25, 0, false, false, SN_E_SIGNATURE },
	{ "another digest", 56, 0, false, false, SN_E_SIGNATURE },
	{ "a byte of the lists", 57, 0, false, false, SN_E_SIGNATURE },
	{ "a byte less", SIZE_MAX, 1, false, false, SN_E_SIGNATURE },
	{ "another operations secret", SIZE_MAX, 0, true, false, SN_E_SIGNATURE },
	{ "another generation", SIZE_MAX, 0, false, true, SN_E_SIGNATURE },
};

static void
test_sealed(void **state)
{
	const struct seal_row *row = *state;
	SN_CLEANUP(sn_buf_done) struct sn_buf file = { 0 };
	SN_CLEANUP(sn_secret_done) struct sn_secret plain = { 0 };
	struct bytes der[REVOKE_LISTS];

	sn_buf_put(&file, sn_buf_bytes(&made.sealed));
	if (row->flip != SIZE_MAX)
		file.p[row->flip] ^= 1;
	file.n -= row->cut;
	assert_int_equal(revoke_open(row->other_id ? &later : &id,
			     row->other_secret ? fixture_master()
					       : sn_secret_bytes(&operations),
			     sn_buf_bytes(&file), &plain, der, NULL),
	    row->expect);
}

/* ---- other programs' opinion */

static void
write_file(const char *name, struct bytes data)
{
	char *path = test_format("%s/%s", dir, name);

	assert_int_equal(sn_file_write(AT_FDCWD, path, data, 0644, true, NULL), SN_OK);
	free(path);
}

static void
write_lists(const char *name, const struct cry_crl *const *crl)
{
	SN_CLEANUP(sn_buf_done) struct sn_buf all = { 0 };

	for (size_t i = 0; i < REVOKE_LISTS; i++)
		assert_int_equal(cry_crl_pem(cry_crl_der(crl[i]), &all, NULL), SN_OK);
	write_file(name, sn_buf_bytes(&all));
}

static void
write_files(void)
{
	SN_CLEANUP(certs_files_done) struct certs_files files = { 0 };
	struct cry_crl *kill[REVOKE_LISTS] = { NULL }, *open[REVOKE_LISTS] = { NULL },
		       *next[REVOKE_LISTS] = { NULL };

	assert_int_equal(certs_files(&id, &made, &files, NULL), SN_OK);
	for (size_t i = 0; i < files.n; i++)
		if (strchr(files.file[i].path + strlen("trust/"), '/') == NULL)
			write_file(files.file[i].path + strlen("trust/"),
			    sn_buf_bytes(&files.file[i].data));
	open_kill(&id, &made, kill);
	for (size_t i = 0; i < REVOKE_LISTS; i++) {
		assert_int_equal(cry_crl_parse(sn_buf_bytes(&made.crl[i]), &open[i], NULL),
		    SN_OK);
		assert_int_equal(cry_crl_parse(sn_buf_bytes(&made_later.crl[i]), &next[i],
				     NULL),
		    SN_OK);
	}
	write_lists("open.pem", (const struct cry_crl *const *)open);
	write_lists("kill.pem", (const struct cry_crl *const *)kill);
	write_lists("next.pem", (const struct cry_crl *const *)next);
	for (size_t i = 0; i < REVOKE_LISTS; i++) {
		cry_crl_free(&kill[i]);
		cry_crl_free(&open[i]);
		cry_crl_free(&next[i]);
	}
}

struct judge_row {
	const char *name, *command; /* sh, in the directory of the files */
	bool accepts;
};

#define OPENSSL "openssl verify -x509_strict -attime 1767268800 -crl_check_all "
#define P384(list, chain)                                                                      \
	OPENSSL "-CAfile root-p384.pem -CRLfile " list " -untrusted " chain " " chain
#define MLDSA(list, chain)                                                                     \
	OPENSSL "-CAfile root-mldsa87.pem -CRLfile " list " -untrusted " chain " " chain
#define CERTTOOL(list, chain)                                                                  \
	"certtool --verify --load-ca-certificate root-p384.pem --load-crl " list               \
	" --attime '2026-01-01 12:00:00' --infile " chain

static const struct judge_row judge_rows[] = {
	{ "openssl: the statement signer, nothing revoked",
	    P384("open.pem", "statement-p384-chain.pem"), true },
	{ "openssl: the statement signer, killed", P384("kill.pem", "statement-p384-chain.pem"),
	    false },
	{ "openssl: the ML-DSA-87 statement signer, nothing revoked",
	    MLDSA("open.pem", "statement-mldsa87-chain.pem"), true },
	{ "openssl: the ML-DSA-87 statement signer, killed",
	    MLDSA("kill.pem", "statement-mldsa87-chain.pem"), false },
	{ "openssl: the token signer, nothing revoked", P384("open.pem", "token-chain.pem"),
	    true },
	{ "openssl: the token signer, killed", P384("kill.pem", "token-chain.pem"), false },
	{ "openssl: the token signer, superseded", P384("next.pem", "token-chain.pem"), false },
	{ "openssl: the operations signer, superseded",
	    P384("next.pem", "operations-p384-chain.pem"), false },
	{ "openssl: the statement signer after rotations",
	    P384("next.pem", "statement-p384-chain.pem"), true },
	{ "openssl says why", P384("kill.pem", "token-chain.pem") " 2>&1 | grep -q revoked",
	    true },
	{ "certtool: the statement signer, nothing revoked",
	    CERTTOOL("open.pem", "statement-p384-chain.pem"), true },
	{ "certtool: the statement signer, killed",
	    CERTTOOL("kill.pem", "statement-p384-chain.pem"), false },
	{ "certtool: the token signer, superseded", CERTTOOL("next.pem", "token-chain.pem"),
	    false },
};

static void
test_judge(void **state)
{
	const struct judge_row *row = *state;

	assert_int_equal(judge_sh(dir, row->command, "out") == 0, row->accepts);
}

static void
add_all(struct test_list *l)
{
	size_t i;

	for (i = 0; i < SN_NITEMS(list_rows); i++)
		test_list_add(l, test_list, &list_rows[i], "%s", list_rows[i].name);
	test_list_add(l, test_superseded, NULL, "what a rotation revokes");
	test_list_add(l, test_deterministic, NULL, "the same bytes each time");
	for (i = 0; i < SN_NITEMS(seal_rows); i++)
		test_list_add(l, test_sealed, &seal_rows[i], "sealed: %s", seal_rows[i].name);
	for (i = 0; i < SN_NITEMS(judge_rows); i++)
		test_list_add(l, test_judge, &judge_rows[i], "%s", judge_rows[i].name);
}

int
main(void)
{
	struct test_list *l = test_list_new();
	struct derive_scope scope;
	struct sn_why why = { 0 };
	int status;

	if (sn_secret_start(1U << 20, &why) != SN_OK || cry_start(&why) != SN_OK)
		return sn_err_exit(why.err);
	dir = test_tmpdir();
	later = id = fixture_identity(PLAN_PRODUCTION, 2, 3);
	advance(&later);
	advance(&later);
	scope = identity_scope(&id);
	assert_int_equal(derive_operations(&scope, fixture_master(), 1, &operations, NULL),
	    SN_OK);
	assert_int_equal(certs_make(&id, fixture_master(), &made, NULL), SN_OK);
	assert_int_equal(certs_make(&later, fixture_master(), &made_later, NULL), SN_OK);
	write_files();
	add_all(l);
	status = test_list_run(l, "revocation lists");
	sn_secret_done(&operations);
	certs_done(&made);
	certs_done(&made_later);
	return status;
}
