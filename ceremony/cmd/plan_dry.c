/*
 * A dry run of a plan with throw-away keys: a real keeper goes from the plan to the signed
 * statement, with approvers made for it, and what it made is judged and forgotten.
 */
#ifndef SN_IMAGE
#include "ceremony/cmd/plan_cmd.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "appliance/base/file.h"
#include "appliance/base/json.h"
#include "appliance/base/text.h"
#include "appliance/crypto/cms.h"
#include "ceremony/bundle/compose.h"
#include "ceremony/keeper/keeper.h"
#include "ceremony/keys/approver.h"

#define PASSPHRASE "a throw-away passphrase"
#define SEED_LEN 512 /* what the keeper reads from the TPM process, and room */

struct dry {
	struct keeper *keeper;
	struct plan *plan;
	struct sn_buf text, key[PLAN_MAX_APPROVERS], statement;
	struct keeper_files files;
	uint8_t identity[32];
};

static void
dry_done(struct dry *d)
{
	keeper_stop(&d->keeper);
	plan_free(&d->plan);
	keeper_files_done(&d->files);
	sn_buf_done(&d->text);
	sn_buf_done(&d->statement);
	for (size_t i = 0; i < SN_NITEMS(d->key); i++)
		sn_buf_done(&d->key[i]);
}

/* ---- the plan with approvers that nobody is */

static enum sn_err
dry_approver(struct dry *d, size_t i, yyjson_mut_doc *doc, yyjson_mut_val *into,
    struct sn_why *why)
{
	static const struct approver_cost least = { APPROVER_MEMORY_KIB_MIN, 1, 1 };
	static const char *const copied[] = { "sign", "seal" };
	SN_CLEANUP(sn_buf_done) struct sn_buf pub = { 0 };
	SN_CLEANUP(sn_json_free) yyjson_doc *in = NULL;
	const char *name = yyjson_mut_get_str(yyjson_mut_obj_get(into, "name"));

	SN_TRY(approver_new_cost(name, BYTES_STR(PASSPHRASE), &least, &pub, &d->key[i], why));
	SN_TRY(sn_json_parse(sn_buf_bytes(&pub), "approver.json", false, &in, why));
	for (size_t k = 0; k < SN_NITEMS(copied); k++) {
		const char *s = NULL;

		SN_TRY(sn_json_str(yyjson_doc_get_root(in), copied[k], 256, &s, "approver.json",
		    why));
		(void)yyjson_mut_obj_remove_key(into, copied[k]);
		if (!yyjson_mut_obj_add_strcpy(doc, into, copied[k], s))
			return sn_fail(why, SN_E_NOMEM, "dry run");
	}
	return SN_OK;
}

/* Who holds an old share has no part in a genesis, but may be needed as a person. */
static enum sn_err
dry_person(yyjson_mut_doc *doc, yyjson_mut_val *person, struct sn_why *why)
{
	yyjson_mut_val *roles = yyjson_mut_obj_get(person, "roles");

	for (size_t i = 0; i < yyjson_mut_arr_size(roles); i++)
		if (yyjson_mut_equals_str(yyjson_mut_arr_get(roles, i), "old-custodian"))
			(void)yyjson_mut_arr_remove(roles, i--);
	if (yyjson_mut_arr_size(roles) == 0 && !yyjson_mut_arr_add_str(doc, roles, "auditor"))
		return sn_fail(why, SN_E_NOMEM, "dry run");
	return SN_OK;
}

/* What makes keys again is run as a genesis; dice are for people. */
static enum sn_err
dry_plan(struct dry *d, const struct plan *p, struct sn_why *why)
{
	static const char *const left_out[] = { "identity_sha256", "previous_sha256", "dice",
		"mode" };
	SN_CLEANUP(sn_json_free) yyjson_doc *in = NULL;
	SN_CLEANUP(sn_json_mut_free) yyjson_mut_doc *doc = NULL;
	yyjson_mut_val *root, *one;
	size_t i, n;

	SN_TRY(sn_json_parse(sn_buf_bytes(&p->bytes), "plan.json", false, &in, why));
	doc = yyjson_doc_mut_copy(in, NULL);
	if (doc == NULL)
		return sn_fail(why, SN_E_NOMEM, "dry run");
	root = yyjson_mut_doc_get_root(doc);
	for (i = 0; i < SN_NITEMS(left_out); i++)
		(void)yyjson_mut_obj_remove_key(root, left_out[i]);
	if (!yyjson_mut_obj_add_str(doc, root, "mode", plan_mode_name(PLAN_GENESIS)))
		return sn_fail(why, SN_E_NOMEM, "dry run");
	yyjson_mut_arr_foreach(yyjson_mut_obj_get(root, "people"), i, n, one)
	{
		SN_TRY(dry_person(doc, one, why));
	}
	yyjson_mut_arr_foreach(yyjson_mut_obj_get(root, "approvers"), i, n, one)
	{
		SN_TRY(dry_approver(d, i, doc, one, why));
	}
	SN_TRY(sn_json_canon(root, &d->text, why));
	return plan_parse(sn_buf_bytes(&d->text), &d->plan, why);
}

/* ---- the keeper's way to the keys */

static enum sn_err
dry_start(struct dry *d, const char *self, struct sn_why *why)
{
	SN_CLEANUP(sn_fd_done) int from = -1;
	SN_CLEANUP(sn_fd_done) int to = -1;
	uint8_t seed[SEED_LEN];
	int fds[2];

	if (pipe2(fds, O_CLOEXEC) != 0)
		return sn_fail(why, SN_E_IO, "dry run: pipe");
	from = fds[0];
	to = fds[1];
	SN_TRY(cry_random(seed, sizeof(seed), why));
	SN_TRY(sn_fd_write(to, BYTES_OF(seed), why));
	return keeper_start(self, from, &d->keeper, why);
}

static enum sn_err
dry_approve(struct dry *d, enum keeper_approval kind, struct bytes message, struct sn_why *why)
{
	for (size_t i = 0; i < d->plan->approvals; i++) {
		SN_CLEANUP(sn_buf_done) struct sn_buf sig = { 0 };

		SN_TRY(keeper_approve(d->keeper, d->plan->approvers[i].name, kind,
		    sn_buf_bytes(&d->key[i]), BYTES_STR(PASSPHRASE), message, &sig, why));
	}
	return SN_OK;
}

static enum sn_err
dry_shares(struct dry *d, struct sn_why *why)
{
	uint32_t word = 0, subsets = 0;

	for (uint32_t i = 0; i < d->plan->share_count; i++) {
		SN_CLEANUP(sn_secret_done) struct sn_secret text = { 0 };

		SN_TRY(keeper_share(d->keeper, i, &text, why));
		SN_TRY(keeper_share_check(d->keeper, i, sn_secret_bytes(&text), &word, why));
	}
	return keeper_trial(d->keeper, &subsets, why);
}

static enum sn_err
dry_keys(struct dry *d, struct sn_why *why)
{
	SN_CLEANUP(sn_buf_done) struct sn_buf report = { 0 };

	SN_TRY(keeper_plan(d->keeper, sn_buf_bytes(&d->text), why));
	SN_TRY(dry_approve(d, KEEPER_APPROVE_PLAN, bytes_str(""), why));
	SN_TRY(keeper_seed(d->keeper, &report, why));
	SN_TRY(dry_shares(d, why));
	SN_TRY(keeper_derive(d->keeper, &d->files, d->identity, why));
	for (size_t i = 0; i < d->plan->napprovers; i++) {
		SN_CLEANUP(sn_buf_done) struct sn_buf sealed = { 0 };

		SN_TRY(keeper_ops_share(d->keeper, d->plan->approvers[i].name, &sealed, why));
	}
	return SN_OK;
}

/* ---- the statement */

static int
by_path(const void *a, const void *b)
{
	return strcmp(((const struct bun_digested *)a)->path,
	    ((const struct bun_digested *)b)->path);
}

/* The policy's files come from the plan, as in a ceremony. */
static enum sn_err
dry_policy(const struct dry *d, char path[][PLAN_POLICY_PATH_MAX], struct bun_digested *ret,
    struct sn_why *why)
{
	for (size_t i = 0; i < plan_policy_count(d->plan); i++) {
		SN_CLEANUP(sn_buf_done) struct sn_buf file = { 0 };

		SN_TRY(plan_policy_file(d->plan, i, path[i], &file, why));
		ret[i].path = path[i];
		SN_TRY(cry_digest(CRY_SHA256, sn_buf_bytes(&file), ret[i].sha256, why));
	}
	return SN_OK;
}

static enum sn_err
dry_subjects(const struct dry *d, char path[][PLAN_POLICY_PATH_MAX], struct bun_digested *ret,
    size_t *ret_n, struct sn_why *why)
{
	size_t n;

	for (n = 0; n < d->files.n; n++) {
		ret[n].path = d->files.file[n].path;
		SN_TRY(cry_digest(CRY_SHA256, d->files.file[n].data, ret[n].sha256, why));
	}
	SN_TRY(dry_policy(d, path, ret + n, why));
	n += plan_policy_count(d->plan);
	qsort(ret, n, sizeof(ret[0]), by_path);
	*ret_n = n;
	return SN_OK;
}

static enum sn_err
dry_approvers(const struct plan *p, struct bun_approver *ret, struct sn_why *why)
{
	for (size_t i = 0; i < p->napprovers; i++) {
		ret[i].name = p->approvers[i].name;
		SN_TRY(cry_digest(CRY_SHA256,
		    (struct bytes){ p->approvers[i].sign, p->approvers[i].sign_len },
		    ret[i].key_sha256, why));
	}
	return SN_OK;
}

/* The best class that the plan can reach; the lint has refused a plan that reaches none. */
static const char *
dry_class(const struct plan *p)
{
	if (plan_may_reach(p, "vendor"))
		return "vendor";
	return plan_may_reach(p, "pinned") ? "pinned" : "software";
}

static enum sn_err
dry_compose(struct dry *d, struct sn_why *why)
{
	struct bun_digested files[SN_NITEMS(d->files.file) + PLAN_MAX_NODES + 1];
	char path[PLAN_MAX_NODES + 1][PLAN_POLICY_PATH_MAX];
	const char *profiles[PLAN_MAX_PROFILES];
	struct bun_approver approvers[PLAN_MAX_APPROVERS];
	struct bun_person people[PLAN_MAX_PEOPLE];
	const struct bun_expiry expires = { "operations signer certificates",
		d->plan->operations.to };
	const struct plan *p = d->plan;
	size_t n = 0;
	struct bun_predicate pred = {
		.time = p->window.from,
		.world = plan_world_name(p->world),
		.mode = plan_mode_name(p->mode),
		.sequence = p->sequence,
		.sanctum_name = p->sanctum_name,
		.approvals = p->approvals,
		.share_threshold = p->share_threshold,
		.share_count = p->share_count,
		.ops_threshold = p->ops_threshold,
		.approvers = approvers,
		.napprovers = p->napprovers,
		.people = people,
		.npeople = p->npeople,
		.profiles = profiles,
		.reduced = p->two,
		.evidence_class = dry_class(p),
		.has_collateral_time = p->has_collateral_time,
		.collateral_time = p->collateral_time,
		.exception = p->has_exception ? p->exception_reason : NULL,
		.expires = &expires,
		.nexpires = 1,
		.transcript_size = 1,
	};

	while (pred.nprofiles < SN_NITEMS(profiles) &&
	    (profiles[pred.nprofiles] = plan_profile(p, pred.nprofiles)) != NULL)
		pred.nprofiles++;
	for (size_t i = 0; i < p->npeople; i++) { /* nobody is here: commitments to nothing */
		people[i].role = p->people[i].name;
		memset(people[i].commit, (int)i, sizeof(people[i].commit));
	}
	memcpy(pred.plan_sha256, p->digest, 32);
	memcpy(pred.identity_sha256, d->identity, 32);
	memcpy(pred.sanctum_id, p->sanctum_id, 16);
	SN_TRY(dry_approvers(p, approvers, why));
	SN_TRY(dry_subjects(d, path, files, &n, why));
	return bun_compose_statement(&pred, files, n, &d->statement, why);
}

/* The signature leads to the root that the keeper made. */
static enum sn_err
dry_judge(const struct dry *d, const char *path, struct bytes cms, enum cry_sigalg alg,
    struct sn_why *why)
{
	SN_CLEANUP(cry_cert_free) struct cry_cert *root = NULL;
	SN_CLEANUP(cry_cert_free) struct cry_cert *signer = NULL;
	struct bytes pem = { NULL, 0 };
	size_t n;

	for (size_t i = 0; i < d->files.n; i++)
		if (strcmp(d->files.file[i].path, path) == 0)
			pem = d->files.file[i].data;
	SN_TRY(cry_cert_parse_pem(pem, &root, &n, why));
	return cry_cms_verify(cms, sn_buf_bytes(&d->statement), root, alg, CRY_EKU_STATEMENT,
	    d->plan->window.from, &signer, why);
}

static enum sn_err
dry_sign(struct dry *d, struct sn_why *why)
{
	SN_CLEANUP(sn_buf_done) struct sn_buf p384 = { 0 };
	SN_CLEANUP(sn_buf_done) struct sn_buf mldsa = { 0 };

	SN_TRY(dry_compose(d, why));
	SN_TRY(dry_approve(d, KEEPER_APPROVE_STATEMENT, sn_buf_bytes(&d->statement), why));
	SN_TRY(keeper_sign_statement(d->keeper, sn_buf_bytes(&d->statement), &p384, &mldsa,
	    why));
	SN_TRY(dry_judge(d, "trust/root-p384.pem", sn_buf_bytes(&p384),
	    CRY_SIG_ECDSA_P384_SHA384, why));
	return dry_judge(d, "trust/root-mldsa87.pem", sn_buf_bytes(&mldsa), CRY_SIG_MLDSA87,
	    why);
}

enum sn_err
plan_dry_run(const struct plan *p, const char *self, struct sn_buf *ret, struct sn_why *why)
{
	SN_CLEANUP(dry_done) struct dry d = { 0 };

	if (plan_is_operations(p) || p->mode == PLAN_CHECK) {
		sn_buf_fmt(ret, "dry run: none; a ceremony of mode %s makes none of these\n",
		    plan_mode_name(p->mode));
		return sn_buf_check(ret, why);
	}
	SN_TRY(dry_plan(&d, p, why));
	SN_TRY(dry_start(&d, self, why));
	SN_TRY(dry_keys(&d, why));
	SN_TRY(dry_sign(&d, why));
	sn_buf_fmt(ret,
	    "dry run: %u shares recombined, %zu trust files made, a statement approved by %u and "
	    "signed twice, with throw-away keys; nothing was written\n",
	    d.plan->share_count, d.files.n, d.plan->approvals);
	return sn_buf_check(ret, why);
}
#endif
