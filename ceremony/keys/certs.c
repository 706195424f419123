#include "ceremony/keys/certs.h"

#include <stdlib.h>
#include <string.h>

#define EKU_EMAIL "1.3.6.1.5.5.7.3.4" /* emailProtection: what cms -verify asks for */

static const char *const ekus_statement[] = { EKU_EMAIL, CRY_EKU_STATEMENT, NULL };
static const char *const ekus_operations[] = { EKU_EMAIL, CRY_EKU_OPERATIONS, NULL };
static const char *const ekus_token[] = { CERTS_EKU_TOKEN, NULL };

/* Issuers stand before what they issue. */
static const struct certs_row rows[KEY_COUNT] = {
	[KEY_ROOT_P384] = { CERTS_ROOT, KEY_ROOT_P384, "Root P-384", NULL },
	[KEY_ROOT_MLDSA87] = { CERTS_ROOT, KEY_ROOT_MLDSA87, "Root ML-DSA-87", NULL },
	[KEY_SIGNING_CA_P384] = { CERTS_CA, KEY_ROOT_P384, "Signing CA P-384", NULL },
	[KEY_SIGNING_CA_MLDSA87] = { CERTS_CA, KEY_ROOT_MLDSA87, "Signing CA ML-DSA-87", NULL },
	[KEY_STATEMENT_P384] = { CERTS_LEAF, KEY_SIGNING_CA_P384, "Statement P-384",
	    ekus_statement },
	[KEY_STATEMENT_MLDSA87] = { CERTS_LEAF, KEY_SIGNING_CA_MLDSA87, "Statement ML-DSA-87",
	    ekus_statement },
	[KEY_TOKEN_CA_P384] = { CERTS_CA, KEY_ROOT_P384, "Token CA P-384", NULL },
	[KEY_OPERATIONS_P384] = { CERTS_LEAF, KEY_SIGNING_CA_P384, "Operations P-384",
	    ekus_operations },
	[KEY_OPERATIONS_MLDSA87] = { CERTS_LEAF, KEY_SIGNING_CA_MLDSA87, "Operations ML-DSA-87",
	    ekus_operations },
	[KEY_TOKEN_P256] = { CERTS_LEAF, KEY_TOKEN_CA_P384, "Attestation Token P-256",
	    ekus_token },
	[KEY_TRANSCRIPT_LOG] = { CERTS_NONE, KEY_TRANSCRIPT_LOG, "", NULL },
};

const struct certs_row *
certs_row(enum key_id id)
{
	return &rows[id];
}

void
certs_done(struct certs *c)
{
	unsigned int k;

	if (c == NULL)
		return;
	for (k = 0; k < KEY_COUNT; k++) {
		cry_key_free(&c->key[k]);
		cry_cert_free(&c->cert[k]);
	}
	for (k = 0; k < REVOKE_LISTS; k++)
		sn_buf_done(&c->crl[k]);
	sn_buf_done(&c->sealed);
}

static struct cry_profile
profile_of(const struct identity *id, enum key_id key)
{
	const struct identity_cert *c = &id->cert[key];
	bool ca = rows[key].kind != CERTS_LEAF;
	struct cry_profile p = {
		.common_name = c->cn,
		.organization = id->organization,
		.not_before = c->from,
		.not_after = c->to,
		.ca = ca,
		.pathlen = rows[key].kind == CERTS_CA ? 0 : -1,
		.key_cert_sign = ca,
		.crl_sign = ca,
		.digital_signature = !ca,
		.ekus = rows[key].ekus,
	};

	memcpy(p.serial, c->serial, sizeof(p.serial));
	return p;
}

/* Issue, read back, verify against the issuer. */
static enum sn_err
make_cert(const struct identity *id, enum key_id key, struct certs *c, struct sn_why *why)
{
	enum key_id issuer = rows[key].issuer;
	enum cry_sigalg alg =
	    key_row(issuer)->alg == CRY_MLDSA87 ? CRY_SIG_MLDSA87 : CRY_SIG_ECDSA_P384_SHA384;
	struct cry_profile profile = profile_of(id, key);
	SN_CLEANUP(sn_buf_done) struct sn_buf der = { 0 };

	SN_TRY(cry_cert_issue(&profile, c->key[key], c->key[issuer],
	    issuer == key ? NULL : c->cert[issuer], &der, why));
	SN_TRY(cry_cert_parse(sn_buf_bytes(&der), &c->cert[key], why));
	return cry_cert_signed_by(c->cert[key], c->cert[issuer], alg, why);
}

/* Issue a CA's list, read it back, hold it against the identity. */
static enum sn_err
make_list(const struct identity *id, const struct certs *c, enum key_id ca,
    enum revoke_kind kind, struct sn_buf *ret, struct sn_why *why)
{
	SN_CLEANUP(cry_crl_free) struct cry_crl *crl = NULL;

	SN_TRY(revoke_issue(id, ca, kind, c->key[ca], c->cert[ca], ret, why));
	SN_TRY(cry_crl_parse(sn_buf_bytes(ret), &crl, why));
	return revoke_check(id, ca, kind, crl, c->cert[ca], why);
}

static void lists_done(struct sn_buf (*lists)[REVOKE_LISTS])
{
	for (size_t i = 0; i < REVOKE_LISTS; i++)
		sn_buf_done(&(*lists)[i]);
}

/* What is published, and what ends everything, sealed: both as long as the CAs' keys exist. */
static enum sn_err
make_lists(const struct identity *id, struct bytes operations, struct certs *c,
    struct sn_why *why)
{
	SN_CLEANUP(lists_done) struct sn_buf kill[REVOKE_LISTS] = { 0 };
	struct bytes der[REVOKE_LISTS];

	for (size_t i = 0; i < REVOKE_LISTS; i++) {
		SN_TRY(make_list(id, c, revoke_ca(i), REVOKE_PUBLISHED, &c->crl[i], why));
		SN_TRY(make_list(id, c, revoke_ca(i), REVOKE_KILL, &kill[i], why));
		der[i] = sn_buf_bytes(&kill[i]);
	}
	return revoke_seal(id, operations, der, &c->sealed, why);
}

enum sn_err
certs_make(const struct identity *id, struct bytes master, struct certs *ret,
    struct sn_why *why)
{
	SN_CLEANUP(sn_secret_done) struct sn_secret operations = { 0 };
	SN_CLEANUP(certs_done) struct certs c = { 0 };
	struct derive_scope scope = identity_scope(id);
	unsigned int k;

	SN_TRY(derive_operations(&scope, master, id->operations_generation, &operations, why));
	for (k = 0; k < KEY_COUNT; k++) {
		enum key_id key = (enum key_id)k;
		bool ops = key_row(key)->parent == KEY_OF_OPERATIONS;

		SN_TRY(derive_key(&scope, ops ? sn_secret_bytes(&operations) : master, key,
		    ops ? id->operations_generation : id->cert[k].generation, &c.key[k], why));
		if (rows[k].kind != CERTS_NONE)
			SN_TRY(make_cert(id, key, &c, why));
	}
	SN_TRY(make_lists(id, sn_secret_bytes(&operations), &c, why));
	*ret = c;
	c = (struct certs){ 0 };
	return SN_OK;
}

/* ---- files */

/* Certificates of a file, leaf first; KEY_COUNT ends the list. */
struct file_row {
	const char *path;
	enum key_id certs[3];
};

static const struct file_row file_rows[] = {
	{ "trust/operations-mldsa87-chain.pem",
	    { KEY_OPERATIONS_MLDSA87, KEY_SIGNING_CA_MLDSA87, KEY_COUNT } },
	{ "trust/operations-p384-chain.pem",
	    { KEY_OPERATIONS_P384, KEY_SIGNING_CA_P384, KEY_COUNT } },
	{ "trust/root-mldsa87.pem", { KEY_ROOT_MLDSA87, KEY_COUNT } },
	{ "trust/root-p384.pem", { KEY_ROOT_P384, KEY_COUNT } },
	{ "trust/statement-mldsa87-chain.pem",
	    { KEY_STATEMENT_MLDSA87, KEY_SIGNING_CA_MLDSA87, KEY_COUNT } },
	{ "trust/statement-p384-chain.pem",
	    { KEY_STATEMENT_P384, KEY_SIGNING_CA_P384, KEY_COUNT } },
	{ "trust/token-chain.pem", { KEY_TOKEN_P256, KEY_TOKEN_CA_P384, KEY_COUNT } },
};

void
certs_files_done(struct certs_files *f)
{
	size_t i;

	if (f == NULL)
		return;
	for (i = 0; i < f->n; i++)
		sn_buf_done(&f->file[i].data);
	f->n = 0;
}

static struct sn_buf *
next_file(struct certs_files *f, const char *path)
{
	f->file[f->n] = (struct certs_file){ path, { 0 } };
	return &f->file[f->n++].data;
}

static enum sn_err
chain_file(const struct certs *c, const struct file_row *row, struct certs_files *f,
    struct sn_why *why)
{
	struct sn_buf *data = next_file(f, row->path);
	size_t i;

	for (i = 0; row->certs[i] != KEY_COUNT; i++)
		SN_TRY(cry_cert_pem(cry_cert_der(c->cert[row->certs[i]]), data, why));
	return sn_buf_check(data, why);
}

static int
compare_paths(const void *a, const void *b)
{
	return strcmp(((const struct certs_file *)a)->path,
	    ((const struct certs_file *)b)->path);
}

enum sn_err
certs_files(const struct identity *id, const struct certs *c, struct certs_files *ret,
    struct sn_why *why)
{
	SN_CLEANUP(certs_files_done) struct certs_files f = { 0 };
	struct sn_buf *sealed;
	size_t i;

	_Static_assert(SN_NITEMS(file_rows) + REVOKE_LISTS + 3 <= CERTS_MAX_FILES,
	    "room for every file");
	SN_TRY(identity_write(id, next_file(&f, "trust/identity.json"), why));
	SN_TRY(cry_key_pem(c->key[KEY_TRANSCRIPT_LOG], next_file(&f, "trust/log.pem"), why));
	for (i = 0; i < SN_NITEMS(file_rows); i++)
		SN_TRY(chain_file(c, &file_rows[i], &f, why));
	for (i = 0; i < REVOKE_LISTS; i++)
		SN_TRY(cry_crl_pem(sn_buf_bytes(&c->crl[i]), next_file(&f, revoke_path(i)),
		    why));
	sealed = next_file(&f, REVOKE_SEALED);
	sn_buf_put(sealed, sn_buf_bytes(&c->sealed));
	SN_TRY(sn_buf_check(sealed, why));
	qsort(f.file, f.n, sizeof(f.file[0]), compare_paths);
	*ret = f;
	f.n = 0;
	return SN_OK;
}

enum sn_err
certs_identity_digest(const struct cry_key *root_p384, const struct cry_key *root_mldsa87,
    uint8_t ret[32], struct sn_why *why)
{
	SN_CLEANUP(sn_buf_done) struct sn_buf p384 = { 0 }, mldsa = { 0 }, all = { 0 };
	uint8_t digest[CRY_MAX_HASH];

	SN_TRY(cry_key_spki(root_p384, &p384, why));
	SN_TRY(cry_key_spki(root_mldsa87, &mldsa, why));
	sn_buf_blob32(&all, sn_buf_bytes(&p384));
	sn_buf_blob32(&all, sn_buf_bytes(&mldsa));
	SN_TRY(sn_buf_check(&all, why));
	SN_TRY(cry_digest(CRY_SHA256, sn_buf_bytes(&all), digest, why));
	memcpy(ret, digest, 32);
	return SN_OK;
}
