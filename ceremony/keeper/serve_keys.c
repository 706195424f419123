/*
 * Keys and certificates, the approvers' shares, checkpoints.
 */
#include <string.h>

#include "ceremony/keeper/process.h"
#include "ceremony/keys/opshares.h"
#include "ceremony/transcript/note.h"

/* The keys that are still needed to sign something in this ceremony. */
static const bool kept[KEY_COUNT] = {
	[KEY_STATEMENT_P384] = true,
	[KEY_STATEMENT_MLDSA87] = true,
	[KEY_TRANSCRIPT_LOG] = true,
};

static enum sn_err
split_operations(struct process *p, struct sn_why *why)
{
	SN_CLEANUP(sn_secret_done) struct sn_secret operations = { 0 };
	struct derive_scope scope = identity_scope(&p->identity);

	SN_TRY(derive_operations(&scope, sn_secret_bytes(&p->master),
	    p->identity.operations_generation, &operations, why));
	return opshares_split(sn_secret_bytes(&operations), p->plan->world,
	    p->plan->ops_threshold, (uint32_t)p->plan->napprovers, p->ops_text, why);
}

static void
put_file(struct sn_buf *ret, const char *path, struct bytes data)
{
	/* with its NUL: the client hands out pointers into the answer */
	sn_buf_blob32(ret, (struct bytes){ (const uint8_t *)path, strlen(path) + 1 });
	sn_buf_blob32(ret, data);
}

static enum sn_err
put_vkey(const struct process *p, struct sn_buf *ret, struct sn_why *why)
{
	SN_CLEANUP(sn_buf_done) struct sn_buf raw = { 0 }, line = { 0 };
	struct note_vkey vkey;

	SN_TRY(cry_key_raw(p->certs.key[KEY_TRANSCRIPT_LOG], &raw, why));
	if (raw.n != sizeof(vkey.key))
		return sn_fail(why, SN_E_INTERNAL, "a log key of %zu bytes", raw.n);
	SN_TRY(note_vkey_make(p->log_name, raw.p, &vkey, why));
	note_vkey_format(&vkey, &line);
	sn_buf_str(&line, "\n");
	SN_TRY(sn_buf_check(&line, why));
	put_file(ret, "trust/log.vkey", sn_buf_bytes(&line));
	return SN_OK;
}

static enum sn_err
put_files(const struct process *p, struct sn_buf *ret, struct sn_why *why)
{
	SN_CLEANUP(certs_files_done) struct certs_files files = { 0 };
	size_t i;

	SN_TRY(certs_files(&p->identity, &p->certs, &files, why));
	sn_buf_put(ret, BYTES_OF(p->identity_digest));
	sn_buf_u32(ret, (uint32_t)files.n + 1);
	for (i = 0; i < files.n; i++)
		put_file(ret, files.file[i].path, sn_buf_bytes(&files.file[i].data));
	return put_vkey(p, ret, why);
}

static enum sn_err
derive_all(struct process *p, struct sn_buf *ret, struct sn_why *why)
{
	size_t i;

	if (p->plan->mode == PLAN_GENESIS && !p->resumed)
		SN_TRY(identity_build(p->plan, p->identifier,
		    (const uint8_t(*)[32])p->commitment, &p->identity, why));
	if (p->plan->mode == PLAN_RESHARE)
		SN_TRY(identity_reshare(p->plan, p->identifier,
		    (const uint8_t(*)[32])p->commitment, &p->identity, why));
	SN_TRY(certs_make(&p->identity, sn_secret_bytes(&p->master), &p->certs, why));
	SN_TRY(certs_identity_digest(p->certs.key[KEY_ROOT_P384],
	    p->certs.key[KEY_ROOT_MLDSA87], p->identity_digest, why));
	identity_log_name(p->identity.world, p->identity.sanctum_id, p->log_name);
	SN_TRY(split_operations(p, why));
	SN_TRY(put_files(p, ret, why));
	for (i = 0; i < KEY_COUNT; i++)
		if (!kept[i])
			cry_key_free(&p->certs.key[i]);
	sn_secret_done(&p->master);
	return SN_OK;
}

enum sn_err
serve_derive(struct process *p, struct bytes request, struct answer_to *ret, struct sn_why *why)
{
	enum sn_err e;

	SN_TRY(bytes_end(&request, "keeper: derive", why));
	e = derive_all(p, &ret->open, why);
	p->state = e == SN_OK ? KS_DERIVED : KS_DEAD;
	return e;
}

enum sn_err
serve_ops_share(struct process *p, struct bytes request, struct answer_to *ret,
    struct sn_why *why)
{
	char name[PLAN_NAME_MAX + 1] = { 0 };
	const bool amend = p->state == KS_OPERATIONS;
	const struct plan_approver *to;
	struct bytes b;
	ptrdiff_t i;

	SN_TRY(bytes_blob32(&request, PLAN_NAME_MAX, &b, "keeper: approver's name", why));
	SN_TRY(bytes_end(&request, "keeper: operations share", why));
	memcpy(name, b.p, b.n);
	to = amend ? plan_next_approver(p->plan, name) : plan_approver(p->plan, name);
	if (to == NULL)
		return sn_fail(why, SN_E_POLICY, "the plan has no approver of this name");
	i = to - (amend ? p->plan->next : p->plan->approvers);
	return opshares_seal(to, sn_secret_bytes(&p->ops_text[i]), &ret->open, why);
}

/* A log never goes back and never shows two trees of one size. */
enum sn_err
serve_checkpoint(struct process *p, struct bytes request, struct answer_to *ret,
    struct sn_why *why)
{
	struct note_checkpoint c;

	SN_TRY(note_checkpoint_parse(request, &c, why));
	if (strcmp(c.origin, p->log_name) != 0)
		return sn_fail(why, SN_E_POLICY, "checkpoint: its origin is %s, not %s",
		    c.origin, p->log_name);
	if (c.size == 0 || c.size < p->log_size ||
	    (c.size == p->log_size && memcmp(c.root.h, p->log_root, MERKLE_LEN) != 0))
		return sn_fail(why, SN_E_POLICY,
		    "checkpoint: it does not continue the one signed before");
	SN_TRY(note_sign(request, p->log_name, p->certs.key[KEY_TRANSCRIPT_LOG], &ret->open,
	    why));
	p->log_size = c.size;
	memcpy(p->log_root, c.root.h, MERKLE_LEN);
	return SN_OK;
}
