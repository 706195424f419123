/*
 * What is known from before a rebuild or a reshare: the identity, from the recovery card or
 * its file; the last statement and the head of its transcript, when somebody has them; and the
 * highest sequence that two people know of, each without the other's answer.
 */
#include "ceremony/core/cer.h"

#include <string.h>

#include "appliance/base/text.h"
#include "appliance/crypto/digest.h"
#include "ceremony/bundle/statement.h"
#include "ceremony/keys/card.h"
#include "ceremony/keys/identity.h"

#define IDENTITY_NAME "identity.json"
#define PREVIOUS_STATEMENT "previous/statement.json"
#define PREVIOUS_CHECKPOINT "previous/checkpoint"
#define LOG_KEY "trust/log.vkey"

enum { ASK_FIRST, ASK_SECOND, ASK_AGREE, KNOWN_ASKS };

/* ---- the identity file */

/* Both forms are read under either name: the plan says which file it has to be. */
enum sn_err
cer_identity_read(struct cer *c, const char *label, struct sn_why *why)
{
	static const char *const names[] = { "recovery-card.txt", IDENTITY_NAME,
		"trust/" IDENTITY_NAME };
	SN_CLEANUP(sn_buf_done) struct sn_buf text = { 0 };
	struct sn_why own = { 0 };
	enum sn_err e = SN_E_MISSING;

	for (size_t i = 0; i < SN_NITEMS(names) && e == SN_E_MISSING; i++)
		e = med_read(c->ports.media, label, names[i], CARD_TEXT_MAX, &text, &own);
	if (e == SN_E_MISSING)
		return sn_fail(why, e,
		    "the stick holds neither recovery-card.txt nor " IDENTITY_NAME);
	if (e != SN_OK)
		return sn_fail(why, e, "%s", own.text);
	sn_buf_done(&c->identity_file);
	if (card_is(sn_buf_bytes(&text))) {
		e = card_read(sn_buf_bytes(&text), &c->identity_file, &own);
		/* a slip of the pen: mended on the stick, then put in again */
		return e == SN_OK ? e
				  : sn_fail(why, e == SN_E_FORMAT ? SN_E_MEDIA : e,
					"recovery-card.txt: %s", own.text);
	}
	sn_buf_put(&c->identity_file, sn_buf_bytes(&text));
	return sn_buf_check(&c->identity_file, why);
}

/* ---- the last statement and the head of its transcript */

/* A claim until the log's key is there again: of this sanctum, and the two fit. */
static enum sn_err
previous_judge(const struct cer *c, const struct plan *p, const struct bun_statement *s,
    struct sn_why *why)
{
	const struct bun_subject *identity = bun_statement_subject(s, BUN_IDENTITY);
	char origin[IDENTITY_LOG_NAME_MAX];

	identity_log_name(p->world, p->sanctum_id, origin);
	const struct {
		const char *what;
		bool holds;
	} rules[] = {
		{ "is of another world", strcmp(s->world, plan_world_name(p->world)) == 0 },
		{ "is of another sanctum", memcmp(s->sanctum_id, p->sanctum_id, 16) == 0 },
		{ "does not bind the identity.json that the plan names",
		    identity != NULL && memcmp(identity->sha256, p->identity_sha256, 32) == 0 },
		{ "and previous/checkpoint are of two transcripts",
		    s->transcript_size == c->previous.head.size &&
			memcmp(s->transcript_root, c->previous.head.root.h, MERKLE_LEN) == 0 },
		{ "goes with a checkpoint of another log",
		    strcmp(c->previous.head.origin, origin) == 0 },
	};

	for (size_t i = 0; i < SN_NITEMS(rules); i++)
		if (!rules[i].holds)
			return sn_fail(why, SN_E_POLICY, PREVIOUS_STATEMENT " %s",
			    rules[i].what);
	return SN_OK;
}

/* A reshare changes who holds shares, and is no way around the approvers that there are. */
static enum sn_err
approvers_stay(const struct plan *p, const struct bun_statement *s, struct sn_why *why)
{
	uint8_t digest[CRY_MAX_HASH];

	for (size_t i = 0; i < p->napprovers; i++) {
		const struct plan_approver *a = &p->approvers[i];
		const struct bun_stated_approver *was = bun_statement_approver(s, a->name);

		SN_TRY(cry_digest(CRY_SHA256, (struct bytes){ a->sign, a->sign_len }, digest,
		    why));
		if (was == NULL || memcmp(was->key_sha256, digest, CRY_SHA256_LEN) != 0)
			return sn_fail(why, SN_E_POLICY,
			    "plan.json: approver %s is not, with this key, in " PREVIOUS_STATEMENT
			    "; a reshare changes custodians alone",
			    a->name);
	}
	if (p->napprovers != s->napprovers)
		return sn_fail(why, SN_E_POLICY,
		    "plan.json: %zu approvers, " PREVIOUS_STATEMENT
		    " has %zu; a reshare changes custodians alone",
		    p->napprovers, s->napprovers);
	return SN_OK;
}

/* A reshare follows that statement at once. */
static enum sn_err
reshare_judge(const struct plan *p, const struct bun_statement *s, struct sn_why *why)
{
	if (p->sequence != s->sequence + 1)
		return sn_fail(why, SN_E_SEQUENCE,
		    "plan.json: sequence is %u, but " PREVIOUS_STATEMENT
		    " has %u; a reshare's is one more",
		    p->sequence, s->sequence);
	return approvers_stay(p, s, why);
}

/* The signed text of a note without its signatures: they are verified later. */
static struct bytes
note_text(struct bytes note)
{
	size_t n = bytes_find(note, BYTES_STR("\n\n"));

	return n == SIZE_MAX ? note : (struct bytes){ note.p, n + 1 };
}

enum sn_err
cer_previous_read(struct cer *c, const struct plan *p, const char *label, struct sn_why *why)
{
	SN_CLEANUP(sn_buf_done) struct sn_buf text = { 0 };
	SN_CLEANUP(bun_statement_done) struct bun_statement s = { 0 };
	struct sn_why own = { 0 };
	enum sn_err e =
	    med_read(c->ports.media, label, PREVIOUS_STATEMENT, BUN_MAX_STATEMENT, &text, &own);

	cer_previous_done(&c->previous);
	if (e == SN_E_MISSING && !p->has_previous)
		return SN_OK; /* the last bundle is lost: that is what a rebuild is for */
	if (e != SN_OK)
		return sn_fail(why, e, "%s", own.text);
	SN_TRY(cry_digest(CRY_SHA256, sn_buf_bytes(&text), c->previous.statement, why));
	if (!p->has_previous || memcmp(p->previous, c->previous.statement, 32) != 0)
		return sn_fail(why, SN_E_POLICY,
		    PREVIOUS_STATEMENT " is not the one that the plan follows "
				       "(previous_sha256)");
	SN_TRY(bun_statement_parse(sn_buf_bytes(&text), &s, why));
	e = med_read(c->ports.media, label, PREVIOUS_CHECKPOINT, NOTE_MAX, &c->previous.note,
	    &own);
	if (e != SN_OK)
		return sn_fail(why, e,
		    PREVIOUS_STATEMENT " lies there without " PREVIOUS_CHECKPOINT);
	SN_TRY(note_checkpoint_parse(note_text(sn_buf_bytes(&c->previous.note)),
	    &c->previous.head, why));
	SN_TRY(previous_judge(c, p, &s, why));
	if (p->mode == PLAN_RESHARE)
		SN_TRY(reshare_judge(p, &s, why));
	c->previous.sequence = s.sequence;
	c->previous.there = true;
	return SN_OK;
}

void
cer_previous_done(struct cer_previous *p)
{
	if (p == NULL)
		return;
	sn_buf_done(&p->note);
	*p = (struct cer_previous){ 0 };
}

static enum sn_err
made_file(const struct cer *c, const char *path, struct bytes *ret, struct sn_why *why)
{
	for (size_t i = 0; i < c->files.n; i++)
		if (strcmp(c->files.file[i].path, path) == 0) {
			*ret = c->files.file[i].data;
			return SN_OK;
		}
	return sn_fail(why, SN_E_INTERNAL, "there is no %s", path);
}

/* The log's key is derived again: it signed the old head, or somebody else did. */
enum sn_err
cer_previous_verify(struct cer *c, struct sn_why *why)
{
	struct sn_why own = { 0 };
	struct identity before, now;
	struct note_vkey key;
	struct bytes file, text;
	char hex[2 * MERKLE_LEN + 1];

	if (!c->previous.there)
		return SN_OK;
	SN_TRY(made_file(c, BUN_IDENTITY, &file, why));
	SN_TRY(identity_parse(file, &now, why));
	SN_TRY(identity_parse(sn_buf_bytes(&c->identity_file), &before, why));
	sn_hex(BYTES_OF(c->previous.head.root.h), hex);
	if (now.operations_generation != before.operations_generation)
		return CER_RECORD(c, "previous.unproved", why, TR_ARG_STR("root", hex),
		    TR_ARG_INT("generation", now.operations_generation));
	SN_TRY(made_file(c, LOG_KEY, &file, why));
	SN_TRY(note_vkey_parse(file, &key, why));
	if (note_verify(sn_buf_bytes(&c->previous.note), &key, &text, &own) != SN_OK)
		return sn_fail(why, SN_E_SIGNATURE,
		    PREVIOUS_CHECKPOINT ": this sanctum's log has not signed it");
	return CER_RECORD(c, "previous.verified", why, TR_ARG_STR("root", hex));
}

static enum sn_err
previous_record(struct cer *c, struct sn_why *why)
{
	char statement[2 * CRY_SHA256_LEN + 1], root[2 * MERKLE_LEN + 1];

	if (!c->previous.there)
		return CER_RECORD(c, "previous.unknown", why,
		    TR_ARG_INT("sequence", c->stated[0]));
	sn_hex(BYTES_OF(c->previous.statement), statement);
	sn_hex(BYTES_OF(c->previous.head.root.h), root);
	return CER_RECORD(c, "previous.head", why, TR_ARG_STR("statement", statement),
	    TR_ARG_INT("sequence", c->previous.sequence),
	    TR_ARG_INT("records", (uint32_t)c->previous.head.size), TR_ARG_STR("root", root));
}

/* ---- the step */

size_t
step_known_count(const struct cer *c SN_UNUSED)
{
	return KNOWN_ASKS;
}

enum sn_err
step_known_show(struct cer *c, size_t i, struct view *v, struct sn_why *why SN_UNUSED)
{
	if (i != ASK_AGREE) {
		cer_view(v, VIEW_TEXT, "sequence", "known.head");
		v->person = cer_pair(c->plan, i)->name;
		view_say(v, "known.sequence", CAT_ARGS({ "person", v->person }));
		return SN_OK;
	}
	cer_view(v, VIEW_WORD, "agree", "known.head");
	view_say(v, "known.stated",
	    CAT_ARGS({ "stated", cer_num(c->stated[0]) },
		{ "sequence", cer_num(c->plan->sequence) }));
	if (!c->previous.there) {
		view_blank(v);
		view_say(v, "known.nothing", NULL);
		return SN_OK;
	}
	view_say(v, "known.previous",
	    CAT_ARGS({ "sequence", cer_num(c->previous.sequence) },
		{ "records", cer_num(c->previous.head.size) }));
	cer_view_digest(v, c->previous.statement);
	return SN_OK;
}

/* What both stated, against the plan and against the statement that was found. */
static enum sn_err
known_judge(const struct cer *c, struct sn_why *why)
{
	uint32_t stated = c->stated[0];

	if (c->previous.there && c->previous.sequence > stated)
		return sn_fail(why, SN_E_SEQUENCE,
		    PREVIOUS_STATEMENT " has sequence %u, above the %u that two people stated",
		    c->previous.sequence, stated);
	if (c->plan->sequence <= stated)
		return sn_fail(why, SN_E_SEQUENCE,
		    "the plan's sequence is %u, and %u is known to be used; a plan with a "
		    "higher one is needed",
		    c->plan->sequence, stated);
	return SN_OK;
}

static enum sn_err
known_typed(struct cer *c, size_t i, const char *text, struct sn_why *why)
{
	struct sn_why own = { 0 };
	uint32_t n = 0;

	if (text_to_u32(text, 1, UINT32_MAX, &n, "sequence", &own) != SN_OK)
		return sn_fail(why, SN_E_MEDIA, "type the number alone, 1 or more, like 7");
	c->stated[i] = n;
	SN_TRY(CER_RECORD(c, "sequence.stated", why,
	    TR_ARG_STR("name", cer_pair(c->plan, i)->name), TR_ARG_INT("sequence", n)));
	if (i == ASK_FIRST)
		return SN_OK;
	if (c->stated[0] != c->stated[1]) {
		c->ask = ASK_FIRST - (size_t)1; /* raised by one: both type again */
		cer_note(c, "known.apart", NULL);
		return SN_OK;
	}
	return known_judge(c, why);
}

enum sn_err
step_known_take(struct cer *c, size_t i, const struct answer *a, struct sn_why *why)
{
	if (i != ASK_AGREE)
		return known_typed(c, i, a->text, why);
	SN_TRY(CER_RECORD(c, "sequence.agreed", why, TR_ARG_INT("stated", c->stated[0]),
	    TR_ARG_INT("sequence", c->plan->sequence)));
	return previous_record(c, why);
}
