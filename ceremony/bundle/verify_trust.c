/* The certificates in trust/, each held against its row of trust/identity.json. */
#include <string.h>

#include "ceremony/bundle/judge.h"
#include "ceremony/keys/certs.h"

#define CHAIN_MAX 2
#define OID_BASIC_CONSTRAINTS "2.5.29.19"
#define OID_KEY_USAGE "2.5.29.15"
#define OID_EXT_KEY_USAGE "2.5.29.37"
#define DER_UTF8 0x0c
#define DER_SEQUENCE 0x30
#define DER_SET 0x31

/* Certificates of a file, leaf first. A CA lies in each chain that needs it. */
static const struct trust_file {
	const char *path;
	size_t n;
	enum key_id cert[CHAIN_MAX];
} files[] = {
	{ BUN_ROOT_P384, 1, { KEY_ROOT_P384 } },
	{ BUN_ROOT_MLDSA, 1, { KEY_ROOT_MLDSA87 } },
	{ "trust/statement-p384-chain.pem", 2, { KEY_STATEMENT_P384, KEY_SIGNING_CA_P384 } },
	{ "trust/statement-mldsa87-chain.pem", 2,
	    { KEY_STATEMENT_MLDSA87, KEY_SIGNING_CA_MLDSA87 } },
	{ "trust/operations-p384-chain.pem", 2, { KEY_OPERATIONS_P384, KEY_SIGNING_CA_P384 } },
	{ "trust/operations-mldsa87-chain.pem", 2,
	    { KEY_OPERATIONS_MLDSA87, KEY_SIGNING_CA_MLDSA87 } },
	{ BUN_TOKEN_CHAIN, 2, { KEY_TOKEN_P256, KEY_TOKEN_CA_P384 } },
};

/* The two CMS carry their signer; it is the one in trust/. */
static const struct signer_row {
	const char *path;
	enum bun_signer signer;
	enum key_id key;
} signers[] = {
	{ BUN_CMS_P384, BUN_SIGNER_P384, KEY_STATEMENT_P384 },
	{ BUN_CMS_MLDSA, BUN_SIGNER_MLDSA, KEY_STATEMENT_MLDSA87 },
};

/* What a certificate may be used for: values of its extensions [RFC 5280 4.2.1]. */
#define HEX_EKU_MAIL "06082b06010505070304"
static const struct profile {
	const char *constraints, *usage, *ext_usage; /* hex of the DER; NULL: not there */
} root_profile = { "30030101ff", "03020106", NULL },
  ca_profile = { "30060101ff020100", "03020106", NULL },
  statement_profile = { NULL, "03020780", "3013" HEX_EKU_MAIL "060769849acd985401" },
  operations_profile = { NULL, "03020780", "3013" HEX_EKU_MAIL "060769849acd985402" },
  token_profile = { NULL, "03020780", "300a06082b06010505070325" };

static const struct profile *const profile_of[KEY_COUNT] = {
	[KEY_ROOT_P384] = &root_profile,
	[KEY_ROOT_MLDSA87] = &root_profile,
	[KEY_SIGNING_CA_P384] = &ca_profile,
	[KEY_SIGNING_CA_MLDSA87] = &ca_profile,
	[KEY_STATEMENT_P384] = &statement_profile,
	[KEY_STATEMENT_MLDSA87] = &statement_profile,
	[KEY_TOKEN_CA_P384] = &ca_profile,
	[KEY_OPERATIONS_P384] = &operations_profile,
	[KEY_OPERATIONS_MLDSA87] = &operations_profile,
	[KEY_TOKEN_P256] = &token_profile,
};

/* What is gathered while the files are read. */
struct trust {
	struct identity id;
	struct cry_cert *cert[KEY_COUNT];
};

static void
trust_done(struct trust *t)
{
	for (size_t i = 0; i < KEY_COUNT; i++)
		cry_cert_free(&t->cert[i]);
}

/* ---- one certificate and its row */

/* Tag, length, content; names of ours are shorter than 256 bytes. */
static void
put_der(struct sn_buf *b, uint8_t tag, struct bytes content)
{
	sn_buf_u8(b, tag);
	if (content.n > 127)
		sn_buf_u8(b, 0x81);
	sn_buf_u8(b, (uint8_t)content.n);
	sn_buf_put(b, content);
}

static enum sn_err
put_rdn(struct sn_buf *b, struct bytes oid, const char *text, struct sn_why *why)
{
	SN_CLEANUP(sn_buf_done) struct sn_buf pair = { 0 };
	SN_CLEANUP(sn_buf_done) struct sn_buf sequence = { 0 };

	sn_buf_put(&pair, oid);
	put_der(&pair, DER_UTF8, bytes_str(text));
	SN_TRY(sn_buf_check(&pair, why));
	put_der(&sequence, DER_SEQUENCE, sn_buf_bytes(&pair));
	SN_TRY(sn_buf_check(&sequence, why));
	put_der(b, DER_SET, sn_buf_bytes(&sequence));
	return sn_buf_check(b, why);
}

/* The Name that docs/FORMAT-KEYS.md wants: organization, common name. */
static enum sn_err
is_name(const struct identity *id, enum key_id key, struct bytes there, bool *ret,
    struct sn_why *why)
{
	static const uint8_t organization[] = { 0x06, 0x03, 0x55, 0x04, 0x0a };
	static const uint8_t common_name[] = { 0x06, 0x03, 0x55, 0x04, 0x03 };
	SN_CLEANUP(sn_buf_done) struct sn_buf rdns = { 0 };
	SN_CLEANUP(sn_buf_done) struct sn_buf name = { 0 };

	SN_TRY(put_rdn(&rdns, BYTES_OF(organization), id->organization, why));
	SN_TRY(put_rdn(&rdns, BYTES_OF(common_name), id->cert[key].cn, why));
	put_der(&name, DER_SEQUENCE, sn_buf_bytes(&rdns));
	SN_TRY(sn_buf_check(&name, why));
	*ret = bytes_equal(sn_buf_bytes(&name), there);
	return SN_OK;
}

static enum sn_err
is_extension(const struct cry_cert *cert, const char *oid, const char *want, bool *ret,
    struct sn_why *why)
{
	SN_CLEANUP(sn_buf_done) struct sn_buf hex = { 0 };
	struct bytes value;

	SN_TRY(cry_cert_ext(cert, oid, &value, why));
	if (value.p == NULL || want == NULL) {
		*ret = value.p == NULL && want == NULL;
		return SN_OK;
	}
	sn_buf_hex(&hex, value);
	SN_TRY(sn_buf_check(&hex, why));
	*ret = strcmp(sn_buf_cstr(&hex), want) == 0;
	return SN_OK;
}

/* The first thing that is not as the row says; NULL when all is. */
static enum sn_err
find_difference(const struct trust *t, enum key_id key, const struct cry_cert *cert,
    const char **ret, struct sn_why *why)
{
	SN_CLEANUP(cry_key_free) struct cry_key *public = NULL;
	const struct identity_cert *row = &t->id.cert[key];
	const struct profile *p = profile_of[key];
	bool subject, issuer, constraints, usage, ext_usage;

	SN_TRY(cry_cert_key(cert, &public, why));
	SN_TRY(is_name(&t->id, key, cry_cert_subject_der(cert), &subject, why));
	SN_TRY(is_name(&t->id, certs_row(key)->issuer, cry_cert_issuer_der(cert), &issuer,
	    why));
	SN_TRY(is_extension(cert, OID_BASIC_CONSTRAINTS, p->constraints, &constraints, why));
	SN_TRY(is_extension(cert, OID_KEY_USAGE, p->usage, &usage, why));
	SN_TRY(is_extension(cert, OID_EXT_KEY_USAGE, p->ext_usage, &ext_usage, why));
	const struct {
		bool same;
		const char *what;
	} rows[] = {
		{ subject, "name" },
		{ issuer, "issuer's name" },
		{ bytes_equal(cry_cert_serial(cert), BYTES_OF(row->serial)), "serial" },
		{ cry_cert_not_before(cert) == row->from, "first date" },
		{ cry_cert_not_after(cert) == row->to, "last date" },
		{ cry_key_alg(public) == key_row(key)->alg, "kind of key" },
		{ constraints, "basic constraints" },
		{ usage, "key usage" },
		{ ext_usage, "extended key usage" },
	};
	*ret = NULL;
	for (size_t i = 0; i < SN_NITEMS(rows) && *ret == NULL; i++)
		if (!rows[i].same)
			*ret = rows[i].what;
	return SN_OK;
}

/* Check one and keep it; where it is kept already it is the same. */
static enum sn_err
take_cert(struct bun_case *c, struct trust *t, const char *path, enum key_id key,
    struct cry_cert **cert, struct sn_why *why)
{
	const char *label = key_row(key)->label, *different;
	const int64_t until = cry_cert_not_after(*cert);

	SN_TRY(find_difference(t, key, *cert, &different, why));
	if (different != NULL)
		return sn_fail(why, SN_E_SIGNATURE,
		    "%s: the %s of %s is not as " BUN_IDENTITY " and its profile say", path,
		    different, label);
	if (t->cert[key] != NULL &&
	    !bytes_equal(cry_cert_der(t->cert[key]), cry_cert_der(*cert)))
		return sn_fail(why, SN_E_SIGNATURE, "%s: %s differs between files", path,
		    label);
	if (c->certs_until_what == NULL || until < c->certs_until) {
		c->certs_until = until;
		c->certs_until_what = label;
	}
	if (t->cert[key] == NULL)
		t->cert[key] = SN_TAKE(*cert);
	return SN_OK;
}

/* ---- the files */

static enum sn_err
take_file(struct bun_case *c, struct trust *t, const struct trust_file *row,
    struct cry_cert **certs, size_t n, struct sn_why *why)
{
	const struct cry_cert *chain[CHAIN_MAX];
	struct sn_why inner = { 0 };

	if (n != row->n)
		return sn_fail(why, SN_E_FORMAT, "%s: %zu certificates, not %zu", row->path, n,
		    row->n);
	for (size_t i = 0; i < n; i++) {
		SN_TRY(take_cert(c, t, row->path, row->cert[i], &certs[i], why));
		chain[i] = t->cert[row->cert[i]];
	}
	if (certs_row(row->cert[0])->kind == CERTS_ROOT)
		return SN_OK; /* bun_check_roots() has seen its signature */
	const bool mldsa = certs_row(row->cert[n - 1])->issuer == KEY_ROOT_MLDSA87;
	const enum sn_err e = cry_chain_verify(chain, n, mldsa ? c->root_mldsa : c->root_p384,
	    c->st.time, NULL, &inner);
	if (e != SN_OK)
		return sn_fail(why, e, "%s: %s", row->path, inner.text);
	return SN_OK;
}

static enum sn_err
check_file(struct bun_case *c, struct trust *t, const struct trust_file *row,
    struct sn_why *why)
{
	struct cry_cert *certs[CRY_PEM_CHAIN_MAX] = { NULL };
	struct sn_why inner = { 0 };
	struct bytes pem;
	size_t n = 0;

	SN_TRY(bun_dir_get(&c->dir, row->path, &pem, why));
	enum sn_err e = cry_cert_parse_pem(pem, certs, &n, &inner);
	if (e != SN_OK)
		return sn_fail(why, e, "%s: %s", row->path, inner.text);
	e = take_file(c, t, row, certs, n, why);
	cry_cert_free_all(certs, n);
	return e;
}

/* A certificate that no table knows would be trusted by whoever loads the folder. */
static enum sn_err
refuse_strangers(const struct bun_case *c, struct sn_why *why)
{
	for (size_t i = 0; i < c->dir.n; i++) {
		const char *path = c->dir.file[i].path, *dot = strrchr(path, '.');
		bool known = strcmp(path, BUN_LOG_KEY) == 0;

		if (strncmp(path, "trust/", 6) != 0 || strchr(path + 6, '/') != NULL ||
		    dot == NULL || strcmp(dot, ".pem") != 0)
			continue;
		for (size_t k = 0; k < SN_NITEMS(files); k++)
			known = known || strcmp(path, files[k].path) == 0;
		if (!known)
			return sn_fail(why, SN_E_FORMAT, "%s: has no place in trust/", path);
	}
	return SN_OK;
}

static enum sn_err
check_signers(const struct bun_case *c, const struct trust *t, struct sn_why *why)
{
	for (size_t i = 0; i < SN_NITEMS(signers); i++)
		if (!bytes_equal(cry_cert_der(c->signer[signers[i].signer]),
			cry_cert_der(t->cert[signers[i].key])))
			return sn_fail(why, SN_E_SIGNATURE,
			    "%s: its signer is not %s of trust/", signers[i].path,
			    key_row(signers[i].key)->label);
	return SN_OK;
}

/* ---- the identity file and the statement */

static enum sn_err
check_thresholds(const struct identity *id, const struct bun_statement *s, struct sn_why *why)
{
	const struct {
		const char *what;
		uint32_t there, stated;
	} rows[] = {
		{ "shares that are needed", id->share_threshold, s->share_threshold },
		{ "shares", id->share_count, s->share_count },
		{ "operations shares that are needed", id->operations_threshold,
		    s->ops_threshold },
		{ "approvers", id->operations_count, (uint32_t)s->napprovers },
	};

	for (size_t i = 0; i < SN_NITEMS(rows); i++)
		if (rows[i].there != rows[i].stated)
			return sn_fail(why, SN_E_SIGNATURE,
			    BUN_IDENTITY ": number of %s: %u, the statement says %u",
			    rows[i].what, rows[i].there, rows[i].stated);
	return SN_OK;
}

static enum sn_err
check_identity(const struct bun_case *c, struct identity *ret, struct sn_why *why)
{
	struct bytes text;

	SN_TRY(bun_dir_get(&c->dir, BUN_IDENTITY, &text, why));
	SN_TRY(identity_parse(text, ret, why));
	if (strcmp(plan_world_name(ret->world), c->st.world) != 0)
		return sn_fail(why, SN_E_SIGNATURE, BUN_IDENTITY ": of world %s, not %s",
		    plan_world_name(ret->world), c->st.world);
	if (memcmp(ret->sanctum_id, c->st.sanctum_id, sizeof(ret->sanctum_id)) != 0 ||
	    strcmp(ret->sanctum_name, c->st.sanctum_name) != 0)
		return sn_fail(why, SN_E_SIGNATURE, BUN_IDENTITY ": of another sanctum");
	return check_thresholds(ret, &c->st, why);
}

enum sn_err
bun_check_trust(struct bun_case *c, struct sn_why *why)
{
	SN_CLEANUP(trust_done) struct trust t = { 0 };

	SN_TRY(check_identity(c, &t.id, why));
	SN_TRY(refuse_strangers(c, why));
	for (size_t i = 0; i < SN_NITEMS(files); i++)
		SN_TRY(check_file(c, &t, &files[i], why));
	SN_TRY(check_signers(c, &t, why));
	bun_note(c, "certificates in %zu files are as identity.json says", SN_NITEMS(files));
	SN_TRY(bun_check_lists(c, &t.id, t.cert, why));
	return bun_check_revoked(c, t.cert, why);
}
