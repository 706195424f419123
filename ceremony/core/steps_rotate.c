/* A rotation: the statement that it follows, what changes, and the inventory of it. */
#include "ceremony/core/cer.h"

#include <stdio.h>
#include <string.h>

#include "ceremony/bundle/statement.h"
#include "ceremony/keys/certs.h"

#define STATEMENT_MAX (1U << 20)
#define INVENTORY "record/inventory.txt"

static const enum key_id operations_certs[] = { KEY_OPERATIONS_P384, KEY_OPERATIONS_MLDSA87,
	KEY_TOKEN_P256 };
static const enum key_id statement_certs[] = { KEY_STATEMENT_P384, KEY_STATEMENT_MLDSA87 };

/* Everything that a rotation compares; strings of the statement live in it. */
struct rotation {
	struct bun_statement before;
	struct identity old, new;
};

static void
rotation_done(struct rotation *r)
{
	bun_statement_done(&r->before);
}

/* ---- the statement that is followed */

/* What the plan's digest of it does not say. */
static enum sn_err
check_before(const struct plan *p, const struct bun_statement *s, struct sn_why *why)
{
	if (memcmp(s->sanctum_id, p->sanctum_id, 16) != 0 ||
	    strcmp(s->world, plan_world_name(p->world)) != 0)
		return sn_fail(why, SN_E_POLICY,
		    "statement.json on the stick is of another sanctum or world");
	if (p->sequence <= s->sequence)
		return sn_fail(why, SN_E_SEQUENCE,
		    "plan.json: sequence %u, but the statement that it follows has %u",
		    p->sequence, s->sequence);
	return SN_OK;
}

enum sn_err
cer_rotate_read(struct cer *c, const struct plan *p, const char *label, struct sn_why *why)
{
	SN_CLEANUP(bun_statement_done) struct bun_statement s = { 0 };
	SN_CLEANUP(sn_buf_done) struct sn_buf text = { 0 };
	uint8_t digest[CRY_MAX_HASH];

	SN_TRY(med_read(c->ports.media, label, "statement.json", STATEMENT_MAX, &text, why));
	SN_TRY(cry_digest(CRY_SHA256, sn_buf_bytes(&text), digest, why));
	if (memcmp(digest, p->previous, sizeof(p->previous)) != 0)
		return sn_fail(why, SN_E_POLICY,
		    "statement.json is not the one that the plan follows (previous_sha256)");
	SN_TRY(bun_statement_parse(sn_buf_bytes(&text), &s, why));
	SN_TRY(check_before(p, &s, why));
	sn_buf_done(&c->previous_file);
	c->previous_file = text;
	text = (struct sn_buf){ 0 };
	return SN_OK;
}

static enum sn_err
rotation_read(const struct cer *c, struct rotation *ret, struct sn_why *why)
{
	SN_TRY(bun_statement_parse(sn_buf_bytes(&c->previous_file), &ret->before, why));
	SN_TRY(identity_parse(sn_buf_bytes(&c->identity_file), &ret->old, why));
	for (size_t i = 0; i < c->files.n; i++)
		if (strcmp(c->files.file[i].path, "trust/identity.json") == 0)
			return identity_parse(c->files.file[i].data, &ret->new, why);
	return sn_fail(why, SN_E_INTERNAL, "no identity.json was made");
}

static bool
statement_is_new(const struct rotation *r)
{
	return r->new.cert[KEY_STATEMENT_P384].generation !=
	    r->old.cert[KEY_STATEMENT_P384].generation;
}

/* ---- approvers before and now */

enum change { CHANGE_NONE, CHANGE_KEY, CHANGE_IN, CHANGE_OUT };

static enum sn_err
approver_change(const struct rotation *r, const struct plan_approver *a, enum change *ret,
    struct sn_why *why)
{
	const struct bun_stated_approver *was = bun_statement_approver(&r->before, a->name);
	uint8_t digest[CRY_MAX_HASH];

	SN_TRY(cry_digest(CRY_SHA256, (struct bytes){ a->sign, a->sign_len }, digest, why));
	*ret = CHANGE_IN;
	if (was != NULL)
		*ret = memcmp(was->key_sha256, digest, 32) == 0 ? CHANGE_NONE : CHANGE_KEY;
	return SN_OK;
}

/* Call fn for everybody who is or was an approver. */
static enum sn_err
each_approver(const struct cer *c, const struct rotation *r,
    void (*fn)(void *arg, const char *name, enum change change), void *arg, struct sn_why *why)
{
	for (size_t i = 0; i < c->plan->napprovers; i++) {
		enum change change;

		SN_TRY(approver_change(r, &c->plan->approvers[i], &change, why));
		fn(arg, c->plan->approvers[i].name, change);
	}
	for (size_t i = 0; i < r->before.napprovers; i++)
		if (plan_approver(c->plan, r->before.approver[i].name) == NULL)
			fn(arg, r->before.approver[i].name, CHANGE_OUT);
	return SN_OK;
}

static void
name_changed(void *arg, const char *name, enum change change)
{
	struct sn_buf *names = arg;

	if (change != CHANGE_NONE)
		sn_buf_fmt(names, "%s%s", names->n > 0 ? ", " : "", name);
}

static void
say_changed(void *arg, const char *name, enum change change)
{
	static const char *const ids[] = { NULL, "rotate.approver-key", "rotate.approver-in",
		"rotate.approver-out" };

	if (change != CHANGE_NONE)
		view_say(arg, ids[change], CAT_ARGS({ "name", name }));
}

/* ---- the screen */

/* The shares gave the roots of the statement that is followed. */
enum sn_err
step_rotate_enter(struct cer *c, struct sn_why *why)
{
	SN_CLEANUP(rotation_done) struct rotation r = { 0 };

	SN_TRY(rotation_read(c, &r, why));
	if (memcmp(r.before.identity_sha256, c->identity, sizeof(c->identity)) != 0)
		return sn_fail(why, SN_E_SHARE,
		    "the shares give another identity than the statement that is followed");
	return SN_OK;
}

enum sn_err
step_rotate_show(struct cer *c, size_t i SN_UNUSED, struct view *v, struct sn_why *why)
{
	SN_CLEANUP(rotation_done) struct rotation r = { 0 };
	SN_CLEANUP(sn_buf_done) struct sn_buf names = { 0 };

	SN_TRY(rotation_read(c, &r, why));
	const struct cat_arg args[] = { { "old", cer_num(r.old.operations_generation) },
		{ "new", cer_num(r.new.operations_generation) },
		{ "count", cer_num(SN_NITEMS(operations_certs)) }, { NULL, NULL } };

	cer_view(v, VIEW_WORD, "agree", "rotate.head");
	view_title(v, "rotate.head", args);
	view_say(v, "rotate.new", NULL);
	view_say(v, statement_is_new(&r) ? "rotate.statement" : "rotate.statement-kept",
	    CAT_ARGS({ "new", cer_num(r.new.cert[KEY_STATEMENT_P384].generation) }));
	view_say(v, "rotate.superseded", args);
	SN_TRY(each_approver(c, &r, name_changed, &names, why));
	if (names.n == 0)
		view_say(v, "rotate.approvers-same", NULL);
	SN_TRY(each_approver(c, &r, say_changed, v, why));
	view_say(v, "rotate.inventory", NULL);
	return SN_OK;
}

enum sn_err
step_rotate_take(struct cer *c, size_t i SN_UNUSED, const struct answer *a SN_UNUSED,
    struct sn_why *why)
{
	SN_CLEANUP(rotation_done) struct rotation r = { 0 };
	SN_CLEANUP(sn_buf_done) struct sn_buf names = { 0 };
	char hex[65];

	SN_TRY(rotation_read(c, &r, why));
	SN_TRY(each_approver(c, &r, name_changed, &names, why));
	SN_TRY(sn_buf_check(&names, why));
	sn_hex(BYTES_OF(c->plan->previous), hex);
	return CER_RECORD(c, "rotation.agreed", why,
	    TR_ARG_INT("old", r.old.operations_generation),
	    TR_ARG_INT("new", r.new.operations_generation),
	    TR_ARG_INT("statement", r.new.cert[KEY_STATEMENT_P384].generation),
	    TR_ARG_STR("approvers", names.n > 0 ? sn_buf_cstr(&names) : "-"),
	    TR_ARG_STR("follows", hex));
}

/* ---- the inventory */

static void
put_cert(struct sn_buf *b, const struct identity *id, enum key_id key)
{
	const struct identity_cert *cert = &id->cert[key];
	char serial[2 * sizeof(cert->serial) + 1];

	sn_hex(BYTES_OF(cert->serial), serial);
	cat_put(b, "inventory.cert",
	    CAT_ARGS({ "label", key_row(key)->label },
		{ "generation", cer_num(cert->generation) }, { "serial", serial },
		{ "from", cer_time_text(cert->from) }, { "to", cer_time_text(cert->to) }));
}

static void
put_certs(struct sn_buf *b, const struct rotation *r, const struct identity *id)
{
	for (size_t i = 0; i < SN_NITEMS(operations_certs); i++)
		put_cert(b, id, operations_certs[i]);
	/* the old statement signers are not revoked: their statements stay true */
	for (size_t i = 0;
	    id == &r->new && statement_is_new(r) && i < SN_NITEMS(statement_certs); i++)
		put_cert(b, id, statement_certs[i]);
}

static void
put_approver(void *arg, const char *name, enum change change)
{
	static const char *const ids[] = { "inventory.same", "inventory.key", "inventory.in",
		"inventory.out" };

	cat_put(arg, "inventory.approver",
	    CAT_ARGS({ "name", name }, { "what", cat_text(ids[change]) }));
}

/* A made file as text, without its line end; "" when it is not there. */
static void
put_file(const struct cer *c, const char *path, struct sn_buf *ret)
{
	for (size_t i = 0; i < c->files.n; i++) {
		struct bytes data = c->files.file[i].data;

		if (strcmp(c->files.file[i].path, path) != 0)
			continue;
		while (data.n > 0 && data.p[data.n - 1] == '\n')
			data.n--;
		sn_buf_put(ret, data);
	}
}

static enum sn_err
put_what(const struct cer *c, const struct rotation *r, struct sn_buf *b, struct sn_why *why)
{
	SN_CLEANUP(sn_buf_done) struct sn_buf card = { 0 };
	SN_CLEANUP(sn_buf_done) struct sn_buf vkey = { 0 };
	char id[33], identity[65], previous[65], hex[65];
	uint8_t digest[CRY_MAX_HASH];
	const struct cat_arg *generation =
	    CAT_ARGS({ "generation", cer_num(r->new.cert[KEY_STATEMENT_P384].generation) });

	put_file(c, "trust/identity.json", &card);
	put_file(c, "trust/log.vkey", &vkey);
	SN_TRY(sn_buf_check(&card, why));
	SN_TRY(sn_buf_check(&vkey, why));
	SN_TRY(cry_digest(CRY_SHA256, sn_buf_bytes(&card), digest, why));
	sn_hex((struct bytes){ digest, 32 }, hex);
	sn_hex(BYTES_OF(c->plan->sanctum_id), id);
	sn_hex(BYTES_OF(c->identity), identity);
	sn_hex(BYTES_OF(c->plan->previous), previous);
	cat_put(b, "inventory.head",
	    CAT_ARGS({ "sanctum", c->plan->sanctum_name }, { "id", id },
		{ "world", plan_world_name(c->plan->world) }, { "ceremony", c->plan->ceremony },
		{ "sequence", cer_num(c->plan->sequence) }, { "previous", previous },
		{ "old", cer_num(r->old.operations_generation) },
		{ "new", cer_num(r->new.operations_generation) }, { "identity", identity }));
	if (!statement_is_new(r))
		cat_put(b, "inventory.statement-kept", generation);
	cat_put(b, "inventory.renew",
	    CAT_ARGS({ "sequence", cer_num(c->plan->sequence) },
		{ "number", cer_num(revoke_number(&r->new, REVOKE_PUBLISHED)) },
		{ "vkey", sn_buf_cstr(&vkey) }, { "card", hex }));
	if (statement_is_new(r))
		cat_put(b, "inventory.statement-new", generation);
	return SN_OK;
}

enum sn_err
cer_rotate_close(struct cer *c, struct sn_why *why)
{
	SN_CLEANUP(rotation_done) struct rotation r = { 0 };
	SN_CLEANUP(sn_buf_done) struct sn_buf b = { 0 };

	SN_TRY(rotation_read(c, &r, why));
	SN_TRY(put_what(c, &r, &b, why));
	cat_put(&b, "inventory.certs", CAT_ARGS({ "what", cat_text("inventory.certs-new") }));
	put_certs(&b, &r, &r.new);
	cat_put(&b, "inventory.certs", CAT_ARGS({ "what", cat_text("inventory.certs-old") }));
	put_certs(&b, &r, &r.old);
	cat_put(&b, "inventory.approvers",
	    CAT_ARGS({ "threshold", cer_num(c->plan->ops_threshold) },
		{ "count", cer_num(c->plan->napprovers) }));
	SN_TRY(each_approver(c, &r, put_approver, &b, why));
	SN_TRY(sn_buf_check(&b, why));
	return bun_add(c->bun, INVENTORY, sn_buf_bytes(&b), why);
}
