/*
 * An operations ceremony: K approvers open their shares of the operations secret, and its
 * signers sign. No master secret is ever here; certificates come from the bundle.
 */
#include <string.h>

#include "ceremony/keeper/process.h"
#include "ceremony/keys/opshares.h"

#define TRUST_FILE_MAX (256U << 10)
#define SHARE_FILE_MAX (16U << 10)

/* ---- the bundle's trust files */

/* What the request is about, in this order, each a blob. */
enum trust_file { T_IDENTITY, T_OPS_P384, T_OPS_MLDSA, T_ROOT_P384, T_ROOT_MLDSA, T_FILES };
static const struct trust_row {
	const char *path;
	size_t n; /* certificates, leaf first; 0: not certificates */
	enum key_id cert[2];
} trust_rows[T_FILES] = {
	[T_IDENTITY] = { "trust/identity.json", 0, { KEY_COUNT } },
	[T_OPS_P384] = { "trust/operations-p384-chain.pem", 2,
	    { KEY_OPERATIONS_P384, KEY_SIGNING_CA_P384 } },
	[T_OPS_MLDSA] = { "trust/operations-mldsa87-chain.pem", 2,
	    { KEY_OPERATIONS_MLDSA87, KEY_SIGNING_CA_MLDSA87 } },
	[T_ROOT_P384] = { "trust/root-p384.pem", 1, { KEY_ROOT_P384 } },
	[T_ROOT_MLDSA] = { "trust/root-mldsa87.pem", 1, { KEY_ROOT_MLDSA87 } },
};

static enum sn_err
trust_identity(struct process *p, struct bytes file, struct sn_why *why)
{
	const struct plan *plan = p->plan;
	uint8_t digest[CRY_MAX_HASH];
	struct identity id;

	SN_TRY(cry_digest(CRY_SHA256, file, digest, why));
	if (memcmp(digest, plan->identity_sha256, sizeof(plan->identity_sha256)) != 0)
		return sn_fail(why, SN_E_POLICY,
		    "identity.json: it is not the file that the plan names (identity_sha256)");
	SN_TRY(identity_parse(file, &id, why));
	SN_TRY(identity_fits(&id, plan, why));
	p->identity = id;
	return SN_OK;
}

static enum sn_err
take_certs(struct process *p, const struct trust_row *row, struct cry_cert **certs, size_t n,
    struct sn_why *why)
{
	if (n != row->n)
		return sn_fail(why, SN_E_FORMAT, "%s: %zu certificates, not %zu", row->path, n,
		    row->n);
	for (size_t i = 0; i < n; i++) {
		struct cry_cert **place = &p->certs.cert[row->cert[i]];

		if (!bytes_equal(cry_cert_serial(certs[i]),
			BYTES_OF(p->identity.cert[row->cert[i]].serial)))
			return sn_fail(why, SN_E_POLICY,
			    "%s: not the certificate of identity.json", row->path);
		cry_cert_free(place);
		*place = SN_TAKE(certs[i]);
	}
	return SN_OK;
}

static enum sn_err
trust_certs(struct process *p, const struct trust_row *row, struct bytes pem,
    struct sn_why *why)
{
	struct cry_cert *certs[CRY_PEM_CHAIN_MAX] = { NULL };
	size_t n = 0;

	SN_TRY(cry_cert_parse_pem(pem, certs, &n, why));
	const enum sn_err e = take_certs(p, row, certs, n, why);
	cry_cert_free_all(certs, n);
	return e;
}

/* Both signers lead to both roots; when they sign is judged by whoever has a clock. */
static enum sn_err
trust_chains(const struct certs *c, struct sn_why *why)
{
	static const enum key_id leaves[] = { KEY_OPERATIONS_P384, KEY_OPERATIONS_MLDSA87 };

	for (size_t i = 0; i < SN_NITEMS(leaves); i++) {
		const struct cry_cert *leaf = c->cert[leaves[i]];
		const enum key_id ca = certs_row(leaves[i])->issuer;
		const struct cry_cert *chain[] = { leaf, c->cert[ca] };

		SN_TRY(cry_chain_verify(chain, SN_NITEMS(chain), c->cert[certs_row(ca)->issuer],
		    cry_cert_not_before(leaf), CRY_EKU_OPERATIONS, why));
	}
	return SN_OK;
}

static enum sn_err
trust_digest(struct process *p, struct sn_why *why)
{
	SN_CLEANUP(cry_key_free) struct cry_key *p384 = NULL;
	SN_CLEANUP(cry_key_free) struct cry_key *mldsa = NULL;

	SN_TRY(cry_cert_key(p->certs.cert[KEY_ROOT_P384], &p384, why));
	SN_TRY(cry_cert_key(p->certs.cert[KEY_ROOT_MLDSA87], &mldsa, why));
	return certs_identity_digest(p384, mldsa, p->identity_digest, why);
}

static enum sn_err
take_trust(struct process *p, struct bytes data, struct sn_why *why)
{
	struct bytes file[T_FILES];

	for (size_t i = 0; i < T_FILES; i++)
		SN_TRY(bytes_blob32(&data, TRUST_FILE_MAX, &file[i], trust_rows[i].path, why));
	SN_TRY(bytes_end(&data, "keeper: trust files", why));
	SN_TRY(trust_identity(p, file[T_IDENTITY], why));
	for (size_t i = T_IDENTITY + 1; i < T_FILES; i++)
		SN_TRY(trust_certs(p, &trust_rows[i], file[i], why));
	SN_TRY(trust_chains(&p->certs, why));
	return trust_digest(p, why);
}

enum sn_err
serve_operations(struct process *p, struct bytes request, struct answer_to *ret,
    struct sn_why *why)
{
	SN_TRY(bytes_end(&request, "keeper: operations", why));
	if (!plan_needs_bundle(p->plan))
		return sn_fail(why, SN_E_PROTO,
		    "keeper: the plan is no refresh, amendment or revocation of a bundle");
	SN_TRY(take_trust(p, sn_buf_bytes(&p->data), why));
	identity_log_name(p->identity.world, p->identity.sanctum_id, p->log_name);
	sn_buf_put(&ret->open, BYTES_OF(p->identity_digest));
	p->state = KS_OPENING;
	return SN_OK;
}

/* ---- the approvers' shares */

/* Of the files on a stick those that open: a stick may hold shares of other bundles, too. */
static enum sn_err
open_files(const struct approver_keys *keys, struct bytes data, struct opened *ret,
    struct sn_why *why)
{
	SN_CLEANUP(opened_done) struct opened got = { .given = true };
	uint32_t n = 0;

	SN_TRY(bytes_u32(&data, &n, "keeper: operations shares", why));
	if (n == 0 || n > OPENED_MAX)
		return sn_fail(why, SN_E_FORMAT, "keeper: %u operations shares, not 1 to %d", n,
		    OPENED_MAX);
	for (uint32_t i = 0; i < n; i++) {
		struct bytes cms;

		SN_TRY(bytes_blob32(&data, SHARE_FILE_MAX, &cms, "operations share", why));
		if (opshares_open(keys, cms, &got.text[got.n], NULL) == SN_OK)
			got.n++;
	}
	SN_TRY(bytes_end(&data, "keeper: operations shares", why));
	if (got.n == 0)
		return sn_fail(why, SN_E_MEDIA,
		    "no operations share on the stick is one of %s's", keys->name);
	*ret = got;
	got = (struct opened){ 0 };
	return SN_OK;
}

/* The secret gives the keys that the certificates are about, or it is another one. */
static enum sn_err
operations_keys(const struct process *p, struct bytes secret, struct certs *ret,
    struct sn_why *why)
{
	static const enum key_id ids[] = { KEY_OPERATIONS_P384, KEY_OPERATIONS_MLDSA87,
		KEY_TRANSCRIPT_LOG };
	const struct derive_scope scope = identity_scope(&p->identity);

	for (size_t i = 0; i < SN_NITEMS(ids); i++) {
		SN_CLEANUP(sn_buf_done) struct sn_buf spki = { 0 };
		uint8_t made[CRY_MAX_HASH], named[32];

		SN_TRY(derive_key(&scope, secret, ids[i], p->identity.operations_generation,
		    &ret->key[ids[i]], why));
		if (p->certs.cert[ids[i]] == NULL)
			continue; /* the log key has none */
		SN_TRY(cry_key_spki(ret->key[ids[i]], &spki, why));
		SN_TRY(cry_digest(CRY_SHA256, sn_buf_bytes(&spki), made, why));
		SN_TRY(cry_cert_spki_sha256(p->certs.cert[ids[i]], named, why));
		if (memcmp(made, named, sizeof(named)) != 0)
			return sn_fail(why, SN_E_SHARE,
			    "operations shares: they give another secret than this bundle's");
	}
	return SN_OK;
}

/* One text of each approver who opened, all of the splitting of the first. */
static enum sn_err
join_splitting(struct process *p, struct bytes first, struct sn_secret *ret, struct sn_why *why)
{
	SN_CLEANUP(slip39_share_done) struct slip39_share leader = { 0 };
	struct bytes texts[PLAN_MAX_APPROVERS];
	size_t n = 0;

	SN_TRY(slip39_decode(first, &leader, why));
	for (size_t i = 0; i < p->plan->napprovers; i++) {
		for (size_t k = 0; k < p->opened[i].n; k++) {
			SN_CLEANUP(slip39_share_done) struct slip39_share s = { 0 };
			const struct bytes text = sn_secret_bytes(&p->opened[i].text[k]);

			if (slip39_decode(text, &s, NULL) != SN_OK ||
			    s.identifier != leader.identifier)
				continue;
			texts[n++] = text;
			break;
		}
	}
	return opshares_join(texts, n, p->plan->world, ret, why);
}

static enum sn_err
take_secret(struct process *p, struct sn_secret *secret, struct sn_why *why)
{
	SN_CLEANUP(certs_done) struct certs made = { 0 };

	SN_TRY(operations_keys(p, sn_secret_bytes(secret), &made, why));
	for (size_t k = 0; k < KEY_COUNT; k++)
		if (made.key[k] != NULL)
			p->certs.key[k] = SN_TAKE(made.key[k]);
	p->operations = *secret;
	*secret = (struct sn_secret){ 0 };
	return SN_OK;
}

static uint32_t
opened_count(const struct process *p)
{
	uint32_t n = 0;

	for (size_t i = 0; i < PLAN_MAX_APPROVERS; i++)
		n += p->opened[i].given;
	return n;
}

/* The splittings that the given approver knows, until one of them gives the right secret. */
static enum sn_err
join_any(struct process *p, const struct opened *of, struct sn_why *why)
{
	enum sn_err e = SN_E_SHARE;

	for (size_t k = 0; k < of->n && e != SN_OK; k++) {
		SN_CLEANUP(sn_secret_done) struct sn_secret secret = { 0 };

		sn_why_clear(why);
		e = join_splitting(p, sn_secret_bytes(&of->text[k]), &secret, why);
		if (e == SN_OK)
			e = take_secret(p, &secret, why);
	}
	return e;
}

/* The signers are all that a refresh or an amendment signs with; a revocation opens a seal. */
static enum sn_err
opened_all(struct process *p, struct sn_why *why)
{
	if (p->plan->nnext > 0) /* who approves from now on gets shares of a new splitting */
		SN_TRY(opshares_split(sn_secret_bytes(&p->operations), p->plan->world,
		    p->plan->ops_threshold, (uint32_t)p->plan->nnext, p->ops_text, why));
	for (size_t i = 0; i < PLAN_MAX_APPROVERS; i++)
		for (size_t k = 0; k < OPENED_MAX; k++)
			sn_secret_done(&p->opened[i].text[k]);
	if (p->plan->mode != PLAN_REVOKE)
		sn_secret_done(&p->operations);
	p->state = KS_OPERATIONS;
	return SN_OK;
}

/* Answer: how many are missing still, 0 when the secret is there. */
enum sn_err
serve_open_share(struct process *p, struct bytes request, struct answer_to *ret,
    struct sn_why *why)
{
	SN_CLEANUP(approver_keys_done) struct approver_keys keys = { 0 };
	struct sn_why said = { 0 };
	uint32_t have;
	size_t i;

	SN_TRY(process_open_pinned(p, request, &keys, &i, why));
	if (p->opened[i].given)
		return sn_fail(why, SN_E_POLICY, "approver %s has opened a share already",
		    keys.name);
	SN_TRY(open_files(&keys, sn_buf_bytes(&p->data), &p->opened[i], why));
	have = opened_count(p);
	if (have < p->plan->ops_threshold) {
		sn_buf_u32(&ret->open, p->plan->ops_threshold - have);
		return SN_OK;
	}
	if (join_any(p, &p->opened[i], &said) == SN_OK) {
		sn_buf_u32(&ret->open, 0);
		return opened_all(p, why);
	}
	if (have == p->plan->napprovers) {
		p->state = KS_DEAD;
		return sn_fail(why, SN_E_POLICY, "operations shares of all approvers: %s",
		    said.text);
	}
	sn_buf_u32(&ret->open, 1); /* of another splitting: one more approver may help */
	return SN_OK;
}
