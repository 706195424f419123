/*
 * Operations ceremonies: the bundle that is added to, and the approvers' shares of the
 * operations secret.
 */
#include "ceremony/core/cer.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "appliance/base/text.h"
#include "appliance/crypto/key.h"
#include "ceremony/keys/approver.h"
#include "ceremony/keys/identity.h"

#define BASE_FILE_MAX (16U << 20)
#define BASE_TOTAL_MAX (256U << 20)
#define BASE_FILES_MAX 4096
#define SHARE_FILE_MAX (16U << 10)

/* ---- the bundle on the IN stick */

void
cer_base_free(struct cer_base **bp)
{
	if (bp == NULL || *bp == NULL)
		return;
	for (size_t i = 0; i < (*bp)->n; i++) {
		free((void *)(uintptr_t)(*bp)->file[i].path);
		free((void *)(uintptr_t)(*bp)->file[i].data.p);
	}
	free((*bp)->file);
	free(*bp);
	*bp = NULL;
}

static enum sn_err
base_grow(struct cer_base *b, struct sn_why *why)
{
	const size_t cap = b->cap == 0 ? 128 : 2 * b->cap;
	struct bun_file *more;

	if (b->n >= BASE_FILES_MAX)
		return sn_fail(why, SN_E_LIMIT, "bundle: more than %d files", BASE_FILES_MAX);
	if (b->n < b->cap)
		return SN_OK;
	more = reallocarray(b->file, cap, sizeof(*more));
	if (more == NULL)
		return sn_fail(why, SN_E_NOMEM, "bundle");
	b->file = more;
	b->cap = cap;
	return SN_OK;
}

static enum sn_err
base_add(void *arg, const char *path, struct bytes data, struct sn_why *why)
{
	struct cer_base *b = arg;
	char *name;
	uint8_t *copy;

	if (data.n > BASE_TOTAL_MAX - b->total)
		return sn_fail(why, SN_E_LIMIT, "bundle: more than %u bytes", BASE_TOTAL_MAX);
	SN_TRY(base_grow(b, why));
	name = strdup(path);
	copy = malloc(data.n + 1);
	if (name == NULL || copy == NULL) {
		free(name);
		free(copy);
		return sn_fail(why, SN_E_NOMEM, "bundle");
	}
	memcpy(copy, data.p, data.n);
	b->file[b->n++] = (struct bun_file){ name, { copy, data.n } };
	b->total += data.n;
	return SN_OK;
}

static void
base_skipped(void *arg, const char *path SN_UNUSED, const struct sn_why *reason)
{
	struct cer_base *b = arg;

	if (b->skipped[0] == '\0')
		(void)snprintf(b->skipped, sizeof(b->skipped), "%.150s", reason->text);
}

struct bytes
cer_base_file(const struct cer *c, const char *path)
{
	for (size_t i = 0; i < c->base->n; i++)
		if (strcmp(c->base->file[i].path, path) == 0)
			return c->base->file[i].data;
	return (struct bytes){ NULL, 0 };
}

/* Everything but what it is worth now: collateral that has lapsed is why people are here. */
static enum sn_err
bundle_consistent(const struct cer *c, const struct bun_file *files, size_t n,
    struct bun_report *ret, struct sn_why *why)
{
	const struct bun_policy policy = { .rehearsal = true,
		.accept_pinned = true,
		.accept_software = true,
		.state_dirfd = -1,
		.as_of = c->last_time };
	struct sn_why inner = { 0 };
	const enum sn_err e = bun_verify_files(files, n, &policy, ret, &inner);

	if (ret->consistent)
		return SN_OK;
	return sn_fail(why, e != SN_OK ? e : SN_E_INTERNAL, "%s", inner.text);
}

enum sn_err
cer_base_read_tree(struct cer *c, const char *folder, size_t max, struct cer_base **ret,
    struct sn_why *why)
{
	SN_CLEANUP(cer_base_free) struct cer_base *b = calloc(1, sizeof(*b));
	struct sn_why inner = { 0 };
	enum sn_err e;

	if (b == NULL)
		return sn_fail(why, SN_E_NOMEM, "bundle");
	e = med_read_tree(c->ports.media, CER_LABEL_IN, folder, max, base_add, base_skipped, b,
	    &inner);
	if (e != SN_OK && e != SN_E_MISSING)
		return sn_fail(why, e, "%s", inner.text);
	if (b->skipped[0] != '\0')
		return sn_fail(why, SN_E_MISSING, "%s: %s", folder, b->skipped);
	cer_base_free(ret);
	*ret = SN_TAKE(b);
	return SN_OK;
}

static enum sn_err
base_read(struct cer *c, struct sn_why *why)
{
	struct cer_base *b;

	SN_TRY(cer_base_read_tree(c, CER_BUNDLE_DIR, BASE_FILE_MAX, &c->base, why));
	b = c->base;
	if (b->n == 0)
		return sn_fail(why, SN_E_MISSING, "the stick has no " CER_BUNDLE_DIR "/");
	return bundle_consistent(c, b->file, b->n, &b->report, why);
}

/* The plan's approvers are those in force: nobody else could sign, nobody is left out. */
static enum sn_err
base_approvers(const struct bun_report *r, const struct plan *p, struct sn_why *why)
{
	if (r->napprovers != p->napprovers)
		return sn_fail(why, SN_E_POLICY,
		    "plan.json: %zu approvers, but %zu are in force", p->napprovers,
		    r->napprovers);
	for (size_t i = 0; i < r->napprovers; i++) {
		const struct plan_approver *a = plan_approver(p, r->approver[i].name);
		uint8_t digest[CRY_MAX_HASH] = { 0 };

		if (a != NULL)
			SN_TRY(cry_digest(CRY_SHA256, (struct bytes){ a->sign, a->sign_len },
			    digest, why));
		if (a == NULL || memcmp(digest, r->approver[i].key_sha256, 32) != 0)
			return sn_fail(why, SN_E_POLICY,
			    "plan.json: approver %s is in force and not there with that key",
			    r->approver[i].name);
	}
	return SN_OK;
}

/* Where the plan says that the bundle is: no older copy, and no other branch of it. */
static enum sn_err
base_place(const struct bun_report *r, const struct plan *p, struct sn_why *why)
{
	if (memcmp(r->statement_sha256, p->base_sha256, 32) != 0)
		return sn_fail(why, SN_E_POLICY,
		    "bundle: it is not the one that the plan names (base_sha256)");
	if (!plan_is_operations(p))
		return SN_OK; /* adds nothing */
	if (r->operations + 1 != p->sequence)
		return sn_fail(why, SN_E_SEQUENCE,
		    "bundle: it has %u operations statements, and the plan makes number %u",
		    r->operations, p->sequence);
	if (p->has_previous && memcmp(r->operations_sha256, p->previous, 32) != 0)
		return sn_fail(why, SN_E_SEQUENCE,
		    "bundle: a fork, operations statement %u is not the one that the plan "
		    "names (previous_sha256)",
		    r->operations);
	return SN_OK;
}

static enum sn_err
base_identity(struct cer *c, struct sn_why *why)
{
	const struct bytes file = cer_base_file(c, "trust/identity.json");
	const struct plan *p = c->plan;
	uint8_t digest[CRY_MAX_HASH];
	struct identity id;

	SN_TRY(cry_digest(CRY_SHA256, file, digest, why));
	if (memcmp(digest, p->identity_sha256, 32) != 0)
		return sn_fail(why, SN_E_POLICY,
		    "bundle: its identity.json is not the one that the plan names "
		    "(identity_sha256)");
	SN_TRY(identity_parse(file, &id, why));
	return identity_fits(&id, p, why);
}

enum sn_err
step_base_enter(struct cer *c, struct sn_why *why)
{
	char statement[65], identity[65];
	const struct bun_report *r;

	SN_TRY(base_read(c, why));
	r = &c->base->report;
	SN_TRY(base_place(r, c->plan, why));
	SN_TRY(base_identity(c, why));
	SN_TRY(base_approvers(r, c->plan, why));
	memcpy(c->identity, r->identity, sizeof(c->identity));
	c->has_identity = true;
	sn_hex(BYTES_OF(r->statement_sha256), statement);
	sn_hex(BYTES_OF(r->identity), identity);
	return CER_RECORD(c, "bundle.loaded", why, TR_ARG_STR("statement", statement),
	    TR_ARG_INT("sequence", r->sequence), TR_ARG_INT("operations", r->operations),
	    TR_ARG_STR("identity", identity));
}

enum sn_err
step_base_show(struct cer *c, size_t i SN_UNUSED, struct view *v, struct sn_why *why SN_UNUSED)
{
	const struct bun_report *r = &c->base->report;

	cer_view(v, VIEW_WORD, "agree", "base.head");
	view_say(v, "base.body",
	    CAT_ARGS({ "sequence", cer_num(r->sequence) }, { "files", cer_num(r->files) },
		{ "operations", cer_num(r->operations) },
		{ "until", cer_time_text(r->good_until) }, { "what", r->good_until_what }));
	view_say(v, "base.identity", NULL);
	cer_view_digest(v, r->identity);
	return SN_OK;
}

enum sn_err
step_base_take(struct cer *c, size_t i SN_UNUSED, const struct answer *a SN_UNUSED,
    struct sn_why *why)
{
	char hex[65];

	sn_hex(BYTES_OF(c->identity), hex);
	return CER_RECORD(c, "bundle.agreed", why, TR_ARG_STR("identity", hex));
}

/* ---- the approvers' shares: insert the stick, type the passphrase, pull it */

enum { ASK_STICK, ASK_PASS, ASK_PULL, ASKS_EACH };

enum sn_err
step_open_enter(struct cer *c, struct sn_why *why)
{
	const struct keeper_trust t = { cer_base_file(c, "trust/identity.json"),
		cer_base_file(c, "trust/operations-p384-chain.pem"),
		cer_base_file(c, "trust/operations-mldsa87-chain.pem"),
		cer_base_file(c, "trust/root-p384.pem"),
		cer_base_file(c, "trust/root-mldsa87.pem") };
	uint8_t identity[32];

	c->missing = c->plan->ops_threshold;
	SN_TRY(keeper_operations(c->keeper, &t, identity, why));
	if (memcmp(identity, c->identity, sizeof(identity)) != 0)
		return sn_fail(why, SN_E_INTERNAL, "the keeper sees another identity");
	return SN_OK;
}

size_t
step_open_count(const struct cer *c)
{
	const size_t begun = (c->ask + ASKS_EACH - 1) / ASKS_EACH;

	return (begun + c->missing) * ASKS_EACH;
}

static void
open_sticks(const struct cer *c, struct view *v)
{
	char label[MED_LABEL_MAX + 1];

	cer_view(v, VIEW_MEDIA, "stick", "open.head");
	for (size_t i = 0; i < c->plan->napprovers; i++) {
		if (c->approver[i].opened)
			continue;
		cer_approver_label(c->plan->approvers[i].name, label);
		cer_view_media(v, label);
	}
	view_say(v, "open.media",
	    CAT_ARGS({ "missing", cer_num(c->missing) },
		{ "need", cer_num(c->plan->ops_threshold) }));
}

enum sn_err
step_open_show(struct cer *c, size_t i, struct view *v, struct sn_why *why SN_UNUSED)
{
	const char *name = c->plan->approvers[c->who].name;

	switch (i % ASKS_EACH) {
	case ASK_STICK:
		open_sticks(c, v);
		break;
	case ASK_PASS:
		cer_view(v, VIEW_PASSPHRASE, "pass", "open.head");
		v->person = name;
		view_say(v, "open.body", CAT_ARGS({ "person", name }));
		break;
	default:
		cer_approver_pull(c, v, "open.head");
		break;
	}
	return SN_OK;
}

enum sn_err
step_open_there(struct cer *c, size_t i SN_UNUSED, const char *label, struct sn_why *why)
{
	const uint32_t sequence = c->base->report.sequence;
	char name[CER_OPS_NAME_MAX];

	SN_TRY(cer_approver_read(c, label, why));
	c->nops_files = 0;
	for (unsigned int k = 1; k <= KEEPER_SHARE_FILES; k++) {
		struct sn_buf *file = &c->ops_file[c->nops_files];
		enum sn_err e;

		cer_ops_name(sequence, k, name);
		sn_buf_done(file);
		e = med_read(c->ports.media, label, name, SHARE_FILE_MAX, file, NULL);
		c->nops_files += e == SN_OK;
	}
	if (c->nops_files == 0)
		return sn_fail(why, SN_E_MEDIA,
		    "no operations share of sequence %u is on this stick", sequence);
	return SN_OK;
}

static enum sn_err
open_one(struct cer *c, struct bytes passphrase, struct sn_why *why)
{
	struct bytes shares[KEEPER_SHARE_FILES];

	for (size_t k = 0; k < c->nops_files; k++)
		shares[k] = sn_buf_bytes(&c->ops_file[k]);
	return keeper_open_share(c->keeper, c->plan->approvers[c->who].name,
	    sn_buf_bytes(&c->approver_file), passphrase, shares, c->nops_files, &c->missing,
	    why);
}

static bool
open_was_last(const struct cer *c)
{
	for (size_t i = 0; i < c->plan->napprovers; i++)
		if (i != c->who && !c->approver[i].opened)
			return false;
	return true;
}

/* What another passphrase cannot mend needs another stick; that of the last is the end. */
enum sn_err
step_open_take(struct cer *c, size_t i, const struct answer *a, struct sn_why *why)
{
	char hex[65];
	enum sn_err e;

	if (i % ASKS_EACH != ASK_PASS || a->secret.n == 0)
		return SN_OK;
	e = open_one(c, a->secret, why);
	if ((e == SN_E_POLICY && !open_was_last(c)) || e == SN_E_MEDIA || e == SN_E_FORMAT ||
	    e == SN_E_LIMIT) {
		cer_note_why(c, why);
		return SN_OK;
	}
	SN_TRY(e);
	c->approver[c->who].opened = true;
	SN_TRY(CER_RECORD(c, "operations.share-opened", why,
	    TR_ARG_STR("approver", c->plan->approvers[c->who].name)));
	if (c->missing > 0)
		return SN_OK;
	sn_hex(BYTES_OF(c->identity), hex);
	return CER_RECORD(c, "operations.opened", why, TR_ARG_STR("identity", hex));
}

/* ---- closing */

enum sn_err
cer_ops_bundle(struct cer *c, struct sn_why *why)
{
	SN_TRY(bun_new_ops(c->plan->sequence, &c->bun, why));
	for (size_t i = 0; i < c->base->n; i++)
		SN_TRY(bun_carry(c->bun, c->base->file[i].path, c->base->file[i].data, why));
	for (size_t i = 0; i < c->plan->napprovers; i++) {
		SN_CLEANUP(sn_buf_done) struct sn_buf pem = { 0 };

		SN_TRY(approver_pem(&c->plan->approvers[i], &pem, why));
		SN_TRY(bun_ops_approver(c->bun, c->plan->approvers[i].name, sn_buf_bytes(&pem),
		    why));
	}
	return SN_OK;
}

enum sn_err
cer_ops_judge(const struct cer *c, struct sn_why *why)
{
	const size_t n = bun_count(c->bun);
	struct bun_file *files = calloc(n + 1, sizeof(*files));
	struct bun_report *r = calloc(1, sizeof(*r));
	enum sn_err e;

	if (files == NULL || r == NULL)
		e = sn_fail(why, SN_E_NOMEM, "bundle");
	else {
		for (size_t i = 0; i < n; i++)
			files[i] = bun_file(c->bun, i);
		e = bundle_consistent(c, files, n, r, why);
	}
	if (e == SN_OK &&
	    (r->operations != c->plan->sequence || memcmp(r->identity, c->identity, 32) != 0))
		e = sn_fail(why, SN_E_BUNDLE, "the bundle does not have what was added");
	free(files);
	free(r);
	return e;
}
