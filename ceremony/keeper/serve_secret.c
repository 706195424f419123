/*
 * The master secret: made from the sources, shared, typed back, tried, or
 * recovered from shares.
 */
#include <poll.h>
#include <string.h>
#include <unistd.h>

#include "appliance/base/file.h"
#include "appliance/base/json.h"
#include "appliance/entropy/entropy.h"
#include "ceremony/keeper/process.h"

#define SEED_WAIT_MS 10000

/* ---- genesis: the seed */

static void sources_done(struct ent_source (*s)[ENT_NIDS])
{
	size_t i;

	for (i = 0; i < ENT_NIDS; i++)
		ent_source_done(&(*s)[i]);
}

/* The TPM process has written before the client asks; a dead one must not hang us. */
static enum sn_err
seed_wait(int fd, int ms, struct sn_why *why)
{
	struct pollfd pfd = { .fd = fd, .events = POLLIN };

	if (poll(&pfd, 1, ms) != 1 || (pfd.revents & POLLIN) == 0)
		return sn_fail(why, SN_E_ENTROPY, "no bytes came from the TPM process");
	return SN_OK;
}

/* What the TPM process wrote to the pipe that only it and the keeper have. */
static enum sn_err
read_seed(struct process *p, struct ent_source *ret, struct sn_why *why)
{
	SN_CLEANUP(sn_secret_done) struct sn_secret bytes = { 0 };
	enum sn_err e;

	if (p->seed_fd < 0)
		return sn_fail(why, SN_E_ENTROPY, "the TPM's bytes were taken already");
	e = sn_secret_new(ENT_SAMPLE_LEN, &bytes, why);
	if (e == SN_OK)
		e = seed_wait(p->seed_fd, SEED_WAIT_MS, why);
	if (e == SN_OK)
		e = sn_fd_read(p->seed_fd, bytes.p, bytes.n, why);
	close(p->seed_fd);
	p->seed_fd = -1;
	if (e != SN_OK)
		return e;
	ret->id = ENT_TPM;
	ret->bytes = bytes;
	bytes = (struct sn_secret){ 0 };
	return SN_OK;
}

static const char *
health_text(enum ent_state s)
{
	switch (s) {
	case ENT_USED:
		return "passed";
	case ENT_ABSENT:
		return "absent";
	case ENT_FAILED:
		return "failed, left out";
	}
	return "";
}

/* In a rehearsal: what it takes to compare the rolls on paper with what was mixed. */
static enum sn_err
report_dice(struct bytes rolls, yyjson_mut_doc *doc, yyjson_mut_val *root, struct sn_why *why)
{
	struct dice_digest d = { 0 };
	yyjson_mut_val *o;

	SN_TRY(dice_digest(rolls, &d, why));
	o = yyjson_mut_obj_add_obj(doc, root, "dice");
	if (!yyjson_mut_obj_add_strcpy(doc, o, "salt", d.salt) ||
	    !yyjson_mut_obj_add_strcpy(doc, o, "sha256", d.sha256))
		return sn_fail(why, SN_E_NOMEM, "entropy.json");
	return SN_OK;
}

/* evidence/entropy.json: what was used, never a value. */
static enum sn_err
write_report(const struct ent_report *report, const char *cpu_how, struct bytes told,
    struct sn_buf *ret, struct sn_why *why)
{
	SN_CLEANUP(sn_json_mut_free) yyjson_mut_doc *doc = yyjson_mut_doc_new(NULL);
	yyjson_mut_val *root = yyjson_mut_obj(doc);
	yyjson_mut_val *list = yyjson_mut_obj_add_arr(doc, root, "sources");
	bool ok = yyjson_mut_obj_add_str(doc, root, "format", "cornerstone-entropy-1") &&
	    yyjson_mut_obj_add_str(doc, root, "cpu", cpu_how) && list != NULL;
	size_t i;

	for (i = 0; ok && i < ENT_NIDS; i++) {
		const struct ent_report_row *r = &report->row[i];
		yyjson_mut_val *o = yyjson_mut_arr_add_obj(doc, list);

		ok = yyjson_mut_obj_add_str(doc, o, "name", ent_name(r->id)) &&
		    yyjson_mut_obj_add_str(doc, o, "health", health_text(r->state)) &&
		    yyjson_mut_obj_add_uint(doc, o, "bytes", r->bytes) &&
		    yyjson_mut_obj_add_str(doc, o, "tests", r->tests);
	}
	if (!ok)
		return sn_fail(why, SN_E_NOMEM, "entropy.json");
	if (told.n > 0)
		SN_TRY(report_dice(told, doc, root, why));
	return sn_json_canon(root, ret, why);
}

static enum sn_err
make_master(struct process *p, struct sn_buf *ret_report, struct sn_why *why)
{
	SN_CLEANUP(sources_done) struct ent_source sources[ENT_NIDS] = { 0 };
	struct ent_report report = { 0 };
	const char *cpu_how = "none";
	struct bytes told = { NULL, 0 };

	SN_TRY(read_seed(p, &sources[0], why));
	SN_TRY(ent_kernel(&sources[1], why));
	SN_TRY(ent_cpu(&sources[2], &cpu_how, why));
	sources[3] = (struct ent_source){ .id = ENT_DICE, .bytes = p->dice.bytes };
	p->dice = (struct ent_source){ 0 };
	SN_TRY(ent_mix(plan_world_name(p->plan->world), sources, SN_NITEMS(sources), &p->master,
	    &report, why));
	if (p->plan->world == PLAN_REHEARSAL)
		told = sn_secret_bytes(&sources[3].bytes);
	return write_report(&report, cpu_how, told, ret_report, why);
}

static void shares_done(struct slip39_share (*s)[SLIP39_MAX_SHARES])
{
	size_t i;

	for (i = 0; i < SLIP39_MAX_SHARES; i++)
		slip39_share_done(&(*s)[i]);
}

static enum sn_err
make_shares(struct process *p, struct sn_why *why)
{
	SN_CLEANUP(shares_done) struct slip39_share shares[SLIP39_MAX_SHARES] = { 0 };
	uint32_t i;

	do /* in a reshare not the one of the old shares */
		SN_TRY(slip39_identifier(p->plan->world == PLAN_REHEARSAL, &p->identifier,
		    why));
	while (p->plan->mode == PLAN_RESHARE && p->identifier == p->identity.share_identifier);
	SN_TRY(slip39_split(sn_secret_bytes(&p->master), p->identifier,
	    p->plan->share_threshold, p->plan->share_count, NULL, shares, why));
	for (i = 0; i < p->plan->share_count; i++) {
		SN_TRY(slip39_encode(&shares[i], &p->shown[i], why));
		SN_TRY(slip39_commitment(sn_secret_bytes(&p->shown[i]), p->commitment[i], why));
	}
	return SN_OK;
}

enum sn_err
serve_seed(struct process *p, struct bytes request, struct answer_to *ret, struct sn_why *why)
{
	enum sn_err e;

	SN_TRY(bytes_end(&request, "keeper: seed", why));
	if (p->plan->mode != PLAN_GENESIS)
		return sn_fail(why, SN_E_PROTO,
		    "keeper: the plan is a rebuild; it has no seed");
	if (p->plan->dice && !p->dice_agreed)
		return sn_fail(why, SN_E_PROTO,
		    "keeper: the plan wants dice, and two people have not typed them yet");
	e = make_master(p, &ret->open, why);
	if (e == SN_OK)
		e = make_shares(p, why);
	p->state = e == SN_OK ? KS_SHARING : KS_DEAD;
	return e;
}

/* ---- genesis: shares, one custodian at a time */

/* The share whose turn it is; the others are not shown, before or after. */
static enum sn_err
read_number(struct process *p, struct bytes *b, struct sn_why *why)
{
	uint32_t i;

	SN_TRY(bytes_u32(b, &i, "keeper: share number", why));
	if (i != p->ntyped)
		return sn_fail(why, SN_E_PROTO, "keeper: share %u, but it is share %u's turn",
		    i + 1, p->ntyped + 1);
	return SN_OK;
}

enum sn_err
serve_share(struct process *p, struct bytes request, struct answer_to *ret, struct sn_why *why)
{
	SN_TRY(read_number(p, &request, why));
	SN_TRY(bytes_end(&request, "keeper: share", why));
	return sn_secret_copy(sn_secret_bytes(&p->shown[p->ntyped]), &ret->secret, why);
}

void
put_verdict(struct sn_buf *ret, enum sn_err e, uint32_t word, const struct sn_why *said)
{
	sn_buf_u16(ret, (uint16_t)e);
	sn_buf_u32(ret, word);
	sn_buf_str(ret, e == SN_OK ? "" : said->text);
}

enum sn_err
serve_share_check(struct process *p, struct bytes request, struct answer_to *ret,
    struct sn_why *why)
{
	struct sn_why said = { 0 };
	uint32_t word = 0;
	enum sn_err e;

	SN_TRY(read_number(p, &request, why));
	e = slip39_compare(sn_secret_bytes(&p->shown[p->ntyped]), request, &word, &said);
	if (e == SN_OK)
		e = slip39_canonical(request, &p->typed[p->ntyped], &word, &said);
	put_verdict(&ret->open, e, word, &said);
	if (e != SN_OK)
		return SN_OK;
	p->ntyped++;
	if (p->ntyped == p->plan->share_count)
		p->state = KS_TYPED;
	return SN_OK;
}

/* ---- genesis and reshare: trial recovery */

/* What is left of the master secret while there is none: a salted digest. */
struct trial {
	uint8_t salt[32], digest[CRY_MAX_HASH];
};

static enum sn_err
trial_digest(const struct trial *t, struct bytes secret, uint8_t ret[CRY_MAX_HASH],
    struct sn_why *why)
{
	/* the literal's own NUL is the separator */
	const struct bytes parts[] = { BYTES_OF("cornerstone/v1/trial"), BYTES_OF(t->salt),
		secret };

	return cry_digest_v(CRY_SHA256, parts, SN_NITEMS(parts), ret, why);
}

/* From here on the secret exists in what people typed and nowhere else. */
static enum sn_err
trial_forget(struct process *p, struct trial *ret, struct sn_why *why)
{
	uint32_t i;

	SN_TRY(cry_random(ret->salt, sizeof(ret->salt), why));
	SN_TRY(trial_digest(ret, sn_secret_bytes(&p->master), ret->digest, why));
	sn_secret_done(&p->master);
	for (i = 0; i < p->ntyped; i++)
		sn_secret_done(&p->shown[i]);
	return SN_OK;
}

/* Join the typed shares whose bits are set; it must be the secret that was destroyed. */
static enum sn_err
try_subset(const struct process *p, const struct trial *t, const struct slip39_share *shares,
    uint32_t set, struct sn_secret *ret, struct sn_why *why)
{
	SN_CLEANUP(sn_secret_done) struct sn_secret got = { 0 };
	struct slip39_share subset[SLIP39_MAX_SHARES]; /* borrowed values */
	uint8_t digest[CRY_MAX_HASH];
	size_t n = 0;
	uint32_t i;

	for (i = 0; i < p->ntyped; i++)
		if ((set >> i & 1U) != 0)
			subset[n++] = shares[i];
	SN_TRY(slip39_combine(subset, n, (struct bytes){ NULL, 0 }, &got, why));
	SN_TRY(trial_digest(t, sn_secret_bytes(&got), digest, why));
	if (memcmp(digest, t->digest, CRY_SHA256_LEN) != 0)
		return sn_fail(why, SN_E_SHARE,
		    "trial recovery: shares %#x give another secret", set);
	sn_secret_done(ret);
	*ret = got;
	got = (struct sn_secret){ 0 };
	return SN_OK;
}

/* Every M-subset; the master secret is then what the last of them gave. */
static enum sn_err
try_all(struct process *p, uint32_t *ret_subsets, struct sn_why *why)
{
	SN_CLEANUP(shares_done) struct slip39_share shares[SLIP39_MAX_SHARES] = { 0 };
	struct trial t = { 0 };
	uint32_t n = 0, set, i;

	SN_TRY(trial_forget(p, &t, why));
	for (i = 0; i < p->ntyped; i++)
		SN_TRY(slip39_decode(sn_secret_bytes(&p->typed[i]), &shares[i], why));
	for (set = 0; set < 1U << p->ntyped; set++) {
		if ((uint32_t)__builtin_popcount(set) != p->plan->share_threshold)
			continue;
		SN_TRY(try_subset(p, &t, shares, set, &p->master, why));
		n++;
	}
	*ret_subsets = n;
	return SN_OK;
}

enum sn_err
serve_trial(struct process *p, struct bytes request, struct answer_to *ret, struct sn_why *why)
{
	uint32_t subsets = 0, i;
	enum sn_err e;

	SN_TRY(bytes_end(&request, "keeper: trial", why));
	e = try_all(p, &subsets, why);
	p->state = e == SN_OK ? KS_MASTER : KS_DEAD;
	for (i = 0; i < p->ntyped; i++)
		sn_secret_done(&p->typed[i]);
	if (e != SN_OK)
		return e;
	sn_buf_u32(&ret->open, subsets);
	return SN_OK;
}

/* ---- rebuild, and the first half of a reshare */

/* People approved the plan, and with it one identity file: this one, to the byte. */
enum sn_err
identity_named(const struct plan *plan, struct bytes file, struct sn_why *why)
{
	uint8_t digest[CRY_MAX_HASH];

	SN_TRY(cry_digest(CRY_SHA256, file, digest, why));
	if (!plan->has_identity_sha256 || memcmp(digest, plan->identity_sha256, 32) != 0)
		return sn_fail(why, SN_E_POLICY,
		    "identity.json: it is not the file that the plan names (identity_sha256)");
	return SN_OK;
}

enum sn_err
serve_rebuild(struct process *p, struct bytes request, struct answer_to *ret SN_UNUSED,
    struct sn_why *why)
{
	/* a genesis may go on after a cut: its root was made, people have shares */
	bool resumed = p->plan->mode == PLAN_GENESIS && p->plan->journal;
	struct identity id;

	SN_TRY(bytes_end(&request, "keeper: rebuild", why));
	if (p->plan->mode != PLAN_REBUILD && p->plan->mode != PLAN_ROTATE &&
	    p->plan->mode != PLAN_RESHARE && !resumed)
		return sn_fail(why, SN_E_PROTO,
		    "keeper: the plan is neither a rebuild, a rotation nor a reshare");
	if (!resumed)
		SN_TRY(identity_named(p->plan, sn_buf_bytes(&p->data), why));
	SN_TRY(identity_parse(sn_buf_bytes(&p->data), &id, why));
	SN_TRY(identity_next(&id, p->plan, &p->identity, why));
	p->identifier = id.share_identifier;
	p->resumed = resumed;
	p->state = KS_RECOVERING;
	return SN_OK;
}

/* One typed share: words, checksum, world, splitting, not there yet, its commitment. */
static enum sn_err
take_share(struct process *p, struct bytes typed, uint32_t *ret_number, uint32_t *ret_word,
    struct sn_why *why)
{
	SN_CLEANUP(sn_secret_done) struct sn_secret text = { 0 };
	SN_CLEANUP(slip39_share_done) struct slip39_share s = { 0 };
	uint8_t commitment[CRY_MAX_HASH];

	SN_TRY(slip39_canonical(typed, &text, ret_word, why));
	SN_TRY(slip39_decode(sn_secret_bytes(&text), &s, why));
	SN_TRY(slip39_check(&s, p->plan->world == PLAN_REHEARSAL, p->identifier, p->entered,
	    p->ntyped, why));
	SN_TRY(slip39_commitment(sn_secret_bytes(&text), commitment, why));
	*ret_number = identity_share_number(&p->identity, commitment);
	if (*ret_number == 0)
		return sn_fail(why, SN_E_SHARE,
		    "share: it is none of the shares that the identity file lists");
	p->entered[p->ntyped++] = s;
	s = (struct slip39_share){ 0 };
	return SN_OK;
}

/* A reshare goes on like a genesis, with the same secret and new shares. */
static enum sn_err
recover_master(struct process *p, struct sn_why *why)
{
	uint32_t i;

	SN_TRY(slip39_combine(p->entered, p->ntyped, (struct bytes){ NULL, 0 }, &p->master,
	    why));
	if (p->master.n != DERIVE_MASTER_LEN)
		return sn_fail(why, SN_E_SHARE, "shares: they give a secret of %zu bytes",
		    p->master.n);
	for (i = 0; i < p->ntyped; i++)
		slip39_share_done(&p->entered[i]);
	p->state = KS_MASTER;
	if (p->plan->mode != PLAN_RESHARE)
		return SN_OK;
	p->ntyped = 0;
	SN_TRY(make_shares(p, why));
	p->state = KS_SHARING;
	return SN_OK;
}

enum sn_err
serve_rebuild_share(struct process *p, struct bytes request, struct answer_to *ret,
    struct sn_why *why)
{
	struct sn_why said = { 0 };
	uint32_t number = 0, word = 0, missing;
	enum sn_err e = take_share(p, request, &number, &word, &said);

	missing = p->identity.share_threshold - p->ntyped;
	if (e == SN_OK && missing == 0) {
		e = recover_master(p, why);
		if (e != SN_OK) {
			p->state = KS_DEAD;
			return e;
		}
	}
	sn_buf_u32(&ret->open, number);
	sn_buf_u32(&ret->open, missing);
	put_verdict(&ret->open, e, word, &said);
	return SN_OK;
}
