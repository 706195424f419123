#include <string.h>

#include "ceremony/bundle/judge.h"

static enum sn_err
check_root(const struct bun_dir *dir, const char *path, enum cry_alg alg,
    enum cry_sigalg sigalg, struct cry_cert **ret, struct sn_buf *ret_spki, struct sn_why *why)
{
	struct cry_cert *certs[CRY_PEM_CHAIN_MAX] = { NULL };
	SN_CLEANUP(cry_key_free) struct cry_key *key = NULL;
	struct bytes pem;
	size_t n = 0;

	SN_TRY(bun_dir_get(dir, path, &pem, why));
	SN_TRY(cry_cert_parse_pem(pem, certs, &n, why));
	for (size_t i = 1; i < n; i++)
		cry_cert_free(&certs[i]);
	*ret = certs[0]; /* freed with the case, also when it is refused below */
	if (n != 1)
		return sn_fail(why, SN_E_FORMAT, "%s: %zu certificates, not one", path, n);
	SN_TRY(cry_cert_key(certs[0], &key, why));
	if (cry_key_alg(key) != alg || !cry_cert_is_ca(certs[0]))
		return sn_fail(why, SN_E_FORMAT, "%s: not a %s root", path, cry_alg_name(alg));
	SN_TRY(cry_cert_signed_by(certs[0], certs[0], sigalg, why));
	return cry_key_spki(key, ret_spki, why);
}

enum sn_err
bun_identity(struct bytes spki_p384, struct bytes spki_mldsa, uint8_t ret[32],
    struct sn_why *why)
{
	SN_CLEANUP(sn_buf_done) struct sn_buf b = { 0 };

	sn_buf_blob32(&b, spki_p384);
	sn_buf_blob32(&b, spki_mldsa);
	SN_TRY(sn_buf_check(&b, why));
	return cry_digest(CRY_SHA256, sn_buf_bytes(&b), ret, why);
}

enum sn_err
bun_check_roots(struct bun_case *c, struct sn_why *why)
{
	SN_CLEANUP(sn_buf_done) struct sn_buf p384 = { 0 };
	SN_CLEANUP(sn_buf_done) struct sn_buf mldsa = { 0 };
	uint8_t *identity = c->report->identity;

	SN_TRY(check_root(&c->dir, BUN_ROOT_P384, CRY_P384, CRY_SIG_ECDSA_P384_SHA384,
	    &c->root_p384, &p384, why));
	SN_TRY(check_root(&c->dir, BUN_ROOT_MLDSA, CRY_MLDSA87, CRY_SIG_MLDSA87, &c->root_mldsa,
	    &mldsa, why));
	SN_TRY(bun_identity(sn_buf_bytes(&p384), sn_buf_bytes(&mldsa), identity, why));
	if (memcmp(identity, c->st.identity_sha256, 32) != 0)
		return sn_fail(why, SN_E_SIGNATURE,
		    BUN_STATEMENT ": names another identity than the roots in trust/");
	if (!c->policy->has_identity)
		return SN_OK;
	if (memcmp(identity, c->policy->identity, 32) != 0)
		return sn_fail(why, SN_E_SIGNATURE,
		    "identity digest: these are the roots of another sanctum than the one "
		    "on your paper");
	bun_note(c, "roots: P-384 and ML-DSA-87, the identity digest from paper fits");
	return SN_OK;
}

struct cms_row {
	const char *path, *name;
	enum cry_sigalg alg;
	enum bun_signer signer;
};

static const struct cms_row cms_rows[] = {
	{ BUN_CMS_P384, "P-384", CRY_SIG_ECDSA_P384_SHA384, BUN_SIGNER_P384 },
	{ BUN_CMS_MLDSA, "ML-DSA-87", CRY_SIG_MLDSA87, BUN_SIGNER_MLDSA },
};

enum sn_err
bun_check_cms(struct bun_case *c, struct sn_why *why)
{
	for (size_t i = 0; i < SN_NITEMS(cms_rows); i++) {
		const struct cms_row *row = &cms_rows[i];
		struct cry_cert **signer = &c->signer[row->signer];
		struct sn_why inner = { 0 };
		struct bytes cms;

		SN_TRY(bun_dir_get(&c->dir, row->path, &cms, why));
		const struct cry_cert *anchor =
		    row->signer == BUN_SIGNER_MLDSA ? c->root_mldsa : c->root_p384;
		const char *eku =
		    c->kind == BUN_KIND_OPS ? CRY_EKU_OPERATIONS : CRY_EKU_STATEMENT;
		enum sn_err e = cry_cms_verify(cms, c->text, anchor, row->alg, eku, c->st.time,
		    signer, &inner);
		if (e != SN_OK)
			return sn_fail(why, e, "%s: %s", row->path, inner.text);
		bun_note(c, "signed with %s by %s", row->name, cry_cert_cn(*signer));
	}
	return SN_OK;
}

enum sn_err
bun_approver_key(const struct bun_case *c, const struct bun_stated_approver *a,
    struct cry_key **ret, struct sn_why *why)
{
	SN_CLEANUP(cry_key_free) struct cry_key *key = NULL;
	uint8_t digest[32];
	struct bytes pem;
	char path[64];

	snprintf(path, sizeof(path), "trust/approvers/%.16s.pem", a->name);
	SN_TRY(bun_dir_get(&c->dir, path, &pem, why));
	SN_TRY(bun_key_parse(pem, path, &key, why));
	SN_TRY(bun_key_sha256(key, digest, why));
	if (cry_key_alg(key) != CRY_P384 || memcmp(digest, a->key_sha256, 32) != 0)
		return sn_fail(why, SN_E_SIGNATURE,
		    "%s: is not the key that the statement names", path);
	*ret = SN_TAKE(key);
	return SN_OK;
}

static enum sn_err
check_approval(struct bun_case *c, const char *name, const struct bun_loaded *f,
    struct sn_why *why)
{
	SN_CLEANUP(cry_key_free) struct cry_key *key = NULL;
	struct sn_why inner = { 0 };

	const struct bun_stated_approver *a = bun_statement_approver(&c->approving->st, name);
	if (a == NULL)
		return sn_fail(why, SN_E_SIGNATURE, "%s: %s is no approver of this statement",
		    f->path, name);
	SN_TRY(bun_approver_key(c->approving, a, &key, why));
	enum sn_err e = cry_verify(key, c->text, sn_buf_bytes(&f->data), &inner);
	if (e != SN_OK)
		return sn_fail(why, e, "%s: is not %s's signature of this statement", f->path,
		    name);
	return SN_OK;
}

enum sn_err
bun_check_approvals(struct bun_case *c, struct sn_why *why)
{
	size_t n = 0;
	char name[17];

	for (size_t i = 0; i < c->dir.n; i++) {
		if (!bun_approver_of(c->dir.file[i].path, name))
			continue;
		SN_TRY(check_approval(c, name, &c->dir.file[i], why));
		n++;
	}
	if (n < c->st.approvals)
		return sn_fail(why, SN_E_MISSING, "approvals/: %zu of %u approvals are here", n,
		    c->st.approvals);
	c->report->approvals = n;
	bun_note(c, "approved by %zu of %zu approvers, %u are needed", n,
	    c->approving->st.napprovers, c->st.approvals);
	return SN_OK;
}
