#include "ceremony/keeper/keeper.h"

#include <stdlib.h>
#include <string.h>

#include "ceremony/keeper/proto.h"
#include "ceremony/keys/approver.h"

struct keeper {
	struct sn_child child;
};

/* ---- frames */

/* Public data too large for one request goes ahead of it. */
static enum sn_err
send_data(struct keeper *k, struct bytes data, struct sn_why *why)
{
	while (data.n > 0) {
		SN_CLEANUP(sn_frame_done) struct sn_frame reply = { 0 };
		size_t n = data.n < KEEPER_DATA_PIECE ? data.n : KEEPER_DATA_PIECE;

		SN_TRY(sn_frame_call(&k->child.link, KR_DATA, (struct bytes){ data.p, n },
		    false, &reply, why));
		data.p += n;
		data.n -= n;
	}
	return SN_OK;
}

static enum sn_err
call(struct keeper *k, enum keeper_request type, struct bytes request, struct sn_frame *reply,
    struct sn_why *why)
{
	return sn_frame_call(&k->child.link, (uint16_t)type, request, false, reply, why);
}

/* A request whose answer has nothing in it. */
static enum sn_err
call_plain(struct keeper *k, enum keeper_request type, struct bytes request, struct sn_why *why)
{
	SN_CLEANUP(sn_frame_done) struct sn_frame reply = { 0 };
	struct bytes b;

	SN_TRY(call(k, type, request, &reply, why));
	b = sn_buf_bytes(&reply.open);
	return bytes_end(&b, "keeper's answer", why);
}

/* A request whose answer is public bytes, appended to ret. */
static enum sn_err
call_bytes(struct keeper *k, enum keeper_request type, struct bytes request, struct sn_buf *ret,
    struct sn_why *why)
{
	SN_CLEANUP(sn_frame_done) struct sn_frame reply = { 0 };

	SN_TRY(call(k, type, request, &reply, why));
	sn_buf_put(ret, sn_buf_bytes(&reply.open));
	return sn_buf_check(ret, why);
}

static const struct bytes nothing;

/* ---- the process */

enum sn_err
keeper_start(const char *self, int seed_fd, struct keeper **ret, struct sn_why *why)
{
	SN_CLEANUP(keeper_stop) struct keeper *k = calloc(1, sizeof(*k));
	char role[] = "--role=keeper";
	SN_CLEANUP(sn_buf_done) struct sn_buf name = { 0 };
	char *argv[] = { NULL, role, NULL };

	if (k == NULL)
		return sn_fail(why, SN_E_NOMEM, "keeper");
	sn_buf_str(&name, self);
	sn_buf_u8(&name, 0);
	SN_TRY(sn_buf_check(&name, why));
	argv[0] = (char *)name.p;
	SN_TRY(sn_child_start(self, argv, seed_fd, &k->child, why));
	k->child.link.timeout_ms = KEEPER_TIMEOUT_MS;
	SN_TRY(call_plain(k, KR_HELLO, nothing, why));
	*ret = SN_TAKE(k);
	return SN_OK;
}

void
keeper_stop(struct keeper **kp)
{
	if (kp == NULL || *kp == NULL)
		return;
	sn_child_done(&(*kp)->child);
	free(*kp);
	*kp = NULL;
}

enum sn_err
keeper_plan(struct keeper *k, struct bytes plan, struct sn_why *why)
{
	SN_TRY(send_data(k, plan, why));
	return call_plain(k, KR_PLAN, nothing, why);
}

/* ---- approvals */

static enum sn_err
put_blob(struct sn_secret *s, struct bytes v, struct sn_why *why)
{
	SN_CLEANUP(sn_buf_done) struct sn_buf length = { 0 };

	sn_buf_u32(&length, (uint32_t)v.n);
	SN_TRY(sn_buf_check(&length, why));
	SN_TRY(sn_secret_append(s, sn_buf_bytes(&length), why));
	return sn_secret_append(s, v, why);
}

/* Whose key it is, the key's file, what opens it. */
static enum sn_err
put_approver(struct sn_secret *request, const char *name, struct bytes file,
    struct bytes passphrase, struct sn_why *why)
{
	SN_TRY(approver_fits(file, passphrase, why));
	SN_TRY(put_blob(request, bytes_str(name), why));
	SN_TRY(put_blob(request, file, why));
	return put_blob(request, passphrase, why);
}

enum sn_err
keeper_approve(struct keeper *k, const char *name, enum keeper_approval kind, struct bytes file,
    struct bytes passphrase, struct bytes message, struct sn_buf *ret_sig, struct sn_why *why)
{
	SN_CLEANUP(sn_secret_done) struct sn_secret request = { 0 };

	SN_TRY(put_approver(&request, name, file, passphrase, why));
	if (kind == KEEPER_APPROVE_PLAN)
		return call_bytes(k, KR_APPROVE_PLAN, sn_secret_bytes(&request), ret_sig, why);
	SN_TRY(send_data(k, message, why));
	return call_bytes(k, kind == KEEPER_ACCEPT_USB ? KR_ACCEPT_USB : KR_APPROVE_STATEMENT,
	    sn_secret_bytes(&request), ret_sig, why);
}

/* ---- the secret */

enum sn_err
keeper_seed(struct keeper *k, struct sn_buf *ret_report, struct sn_why *why)
{
	return call_bytes(k, KR_SEED, nothing, ret_report, why);
}

enum sn_err
keeper_share(struct keeper *k, uint32_t i, struct sn_secret *ret, struct sn_why *why)
{
	SN_CLEANUP(sn_frame_done) struct sn_frame reply = { 0 };
	SN_CLEANUP(sn_buf_done) struct sn_buf request = { 0 };

	sn_buf_u32(&request, i);
	SN_TRY(sn_buf_check(&request, why));
	SN_TRY(sn_frame_call(&k->child.link, KR_SHARE, sn_buf_bytes(&request), true, &reply,
	    why));
	*ret = reply.secret;
	reply.secret = (struct sn_secret){ 0 };
	return SN_OK;
}

/* u16 verdict, u32 word, the verdict's own text. */
static enum sn_err
read_verdict(struct bytes b, uint32_t *ret_word, struct sn_why *why)
{
	uint16_t verdict;
	uint32_t word;

	SN_TRY(bytes_u16(&b, &verdict, "keeper's verdict", why));
	SN_TRY(bytes_u32(&b, &word, "keeper's verdict", why));
	if (verdict >= SN_ERR_COUNT)
		return sn_fail(why, SN_E_PROTO, "keeper's verdict is %u", verdict);
	*ret_word = word;
	if (verdict == SN_OK)
		return bytes_end(&b, "keeper's verdict", why);
	return sn_fail(why, (enum sn_err)verdict, "%.*s",
	    (int)(b.n < SN_WHY_MAX ? b.n : SN_WHY_MAX), (const char *)b.p);
}

/* A share's number and what was typed for it; the answer is a verdict. */
static enum sn_err
call_typed(struct keeper *k, enum keeper_request type, uint32_t i, struct bytes typed,
    uint32_t *ret_word, struct sn_why *why)
{
	SN_CLEANUP(sn_frame_done) struct sn_frame reply = { 0 };
	SN_CLEANUP(sn_secret_done) struct sn_secret request = { 0 };
	SN_CLEANUP(sn_buf_done) struct sn_buf number = { 0 };

	sn_buf_u32(&number, i);
	SN_TRY(sn_buf_check(&number, why));
	SN_TRY(sn_secret_copy(sn_buf_bytes(&number), &request, why));
	SN_TRY(sn_secret_append(&request, typed, why));
	SN_TRY(call(k, type, sn_secret_bytes(&request), &reply, why));
	return read_verdict(sn_buf_bytes(&reply.open), ret_word, why);
}

enum sn_err
keeper_share_check(struct keeper *k, uint32_t i, struct bytes typed, uint32_t *ret_word,
    struct sn_why *why)
{
	return call_typed(k, KR_SHARE_CHECK, i, typed, ret_word, why);
}

enum sn_err
keeper_check(struct keeper *k, struct bytes identity, struct sn_why *why)
{
	SN_TRY(send_data(k, identity, why));
	return call_plain(k, KR_CHECK, nothing, why);
}

enum sn_err
keeper_check_share(struct keeper *k, uint32_t number, struct bytes typed, uint32_t *ret_word,
    struct sn_why *why)
{
	return call_typed(k, KR_CHECK_SHARE, number, typed, ret_word, why);
}

enum sn_err
keeper_dice(struct keeper *k, struct bytes typed, uint32_t *ret_count, struct sn_why *why)
{
	SN_CLEANUP(sn_frame_done) struct sn_frame reply = { 0 };

	SN_TRY(call(k, KR_DICE, typed, &reply, why));
	return read_verdict(sn_buf_bytes(&reply.open), ret_count, why);
}

enum sn_err
keeper_dice_last(struct keeper *k, struct bytes typed, struct sn_why *why)
{
	SN_CLEANUP(sn_frame_done) struct sn_frame reply = { 0 };
	uint32_t count;

	SN_TRY(call(k, KR_DICE_LAST, typed, &reply, why));
	return read_verdict(sn_buf_bytes(&reply.open), &count, why);
}

enum sn_err
keeper_trial(struct keeper *k, uint32_t *ret_subsets, struct sn_why *why)
{
	SN_CLEANUP(sn_frame_done) struct sn_frame reply = { 0 };
	struct bytes b;

	SN_TRY(call(k, KR_TRIAL, nothing, &reply, why));
	b = sn_buf_bytes(&reply.open);
	SN_TRY(bytes_u32(&b, ret_subsets, "keeper's answer", why));
	return bytes_end(&b, "keeper's answer", why);
}

enum sn_err
keeper_rebuild(struct keeper *k, struct bytes identity, struct sn_why *why)
{
	SN_TRY(send_data(k, identity, why));
	return call_plain(k, KR_REBUILD, nothing, why);
}

enum sn_err
keeper_rebuild_share(struct keeper *k, struct bytes typed, uint32_t *ret_index,
    uint32_t *ret_needed, uint32_t *ret_word, struct sn_why *why)
{
	SN_CLEANUP(sn_frame_done) struct sn_frame reply = { 0 };
	uint32_t index, needed;
	struct bytes b;

	SN_TRY(call(k, KR_REBUILD_SHARE, typed, &reply, why));
	b = sn_buf_bytes(&reply.open);
	SN_TRY(bytes_u32(&b, &index, "keeper's answer", why));
	SN_TRY(bytes_u32(&b, &needed, "keeper's answer", why));
	SN_TRY(read_verdict(b, ret_word, why));
	*ret_index = index;
	*ret_needed = needed;
	return SN_OK;
}

/* ---- keys */

void
keeper_files_done(struct keeper_files *f)
{
	if (f == NULL)
		return;
	sn_buf_done(&f->store);
	f->n = 0;
}

/* The entries point into the store, which holds the whole answer. */
static enum sn_err
read_files(struct bytes b, struct keeper_files *ret, struct sn_why *why)
{
	uint32_t n, i;

	SN_TRY(bytes_u32(&b, &n, "keeper's files", why));
	if (n > SN_NITEMS(ret->file))
		return sn_fail(why, SN_E_LIMIT, "keeper's files: %u", n);
	for (i = 0; i < n; i++) {
		struct bytes path;

		SN_TRY(bytes_blob32(&b, 256, &path, "keeper's path", why));
		if (path.n == 0 || path.p[path.n - 1] != '\0')
			return sn_fail(why, SN_E_PROTO, "keeper's path has no end");
		ret->file[i].path = (const char *)path.p;
		SN_TRY(bytes_blob32(&b, SN_FRAME_MAX, &ret->file[i].data, "keeper's file",
		    why));
	}
	ret->n = n;
	return bytes_end(&b, "keeper's files", why);
}

enum sn_err
keeper_derive(struct keeper *k, struct keeper_files *ret, uint8_t ret_identity[32],
    struct sn_why *why)
{
	SN_CLEANUP(sn_frame_done) struct sn_frame reply = { 0 };
	SN_CLEANUP(keeper_files_done) struct keeper_files files = { 0 };
	uint8_t identity[32];
	struct bytes b;

	SN_TRY(call(k, KR_DERIVE, nothing, &reply, why));
	files.store = reply.open;
	reply.open = (struct sn_buf){ 0 };
	b = sn_buf_bytes(&files.store);
	SN_TRY(bytes_copy(&b, identity, sizeof(identity), "keeper's identity digest", why));
	SN_TRY(read_files(b, &files, why));
	memcpy(ret_identity, identity, sizeof(identity));
	*ret = files;
	files = (struct keeper_files){ 0 };
	return SN_OK;
}

enum sn_err
keeper_ops_share(struct keeper *k, const char *name, struct sn_buf *ret, struct sn_why *why)
{
	SN_CLEANUP(sn_buf_done) struct sn_buf request = { 0 };

	sn_buf_blob32(&request, bytes_str(name));
	SN_TRY(sn_buf_check(&request, why));
	return call_bytes(k, KR_OPS_SHARE, sn_buf_bytes(&request), ret, why);
}

/* ---- operations ceremonies */

enum sn_err
keeper_operations(struct keeper *k, const struct keeper_trust *t, uint8_t ret_identity[32],
    struct sn_why *why)
{
	const struct bytes files[] = { t->identity, t->operations_p384, t->operations_mldsa,
		t->root_p384, t->root_mldsa };
	SN_CLEANUP(sn_frame_done) struct sn_frame reply = { 0 };
	SN_CLEANUP(sn_buf_done) struct sn_buf data = { 0 };
	struct bytes b;

	for (size_t i = 0; i < SN_NITEMS(files); i++)
		sn_buf_blob32(&data, files[i]);
	SN_TRY(sn_buf_check(&data, why));
	SN_TRY(send_data(k, sn_buf_bytes(&data), why));
	SN_TRY(call(k, KR_OPERATIONS, nothing, &reply, why));
	b = sn_buf_bytes(&reply.open);
	SN_TRY(bytes_copy(&b, ret_identity, 32, "keeper's identity digest", why));
	return bytes_end(&b, "keeper's identity digest", why);
}

enum sn_err
keeper_open_share(struct keeper *k, const char *name, struct bytes file,
    struct bytes passphrase, const struct bytes *shares, size_t n, uint32_t *ret_missing,
    struct sn_why *why)
{
	SN_CLEANUP(sn_secret_done) struct sn_secret request = { 0 };
	SN_CLEANUP(sn_frame_done) struct sn_frame reply = { 0 };
	SN_CLEANUP(sn_buf_done) struct sn_buf data = { 0 };
	struct bytes b;

	SN_TRY(put_approver(&request, name, file, passphrase, why));
	sn_buf_u32(&data, (uint32_t)n);
	for (size_t i = 0; i < n; i++)
		sn_buf_blob32(&data, shares[i]);
	SN_TRY(sn_buf_check(&data, why));
	SN_TRY(send_data(k, sn_buf_bytes(&data), why));
	SN_TRY(call(k, KR_OPEN_SHARE, sn_secret_bytes(&request), &reply, why));
	b = sn_buf_bytes(&reply.open);
	SN_TRY(bytes_u32(&b, ret_missing, "keeper's answer", why));
	return bytes_end(&b, "keeper's answer", why);
}

/* ---- signatures */

enum sn_err
keeper_sign_checkpoint(struct keeper *k, struct bytes body, struct sn_buf *ret_note,
    struct sn_why *why)
{
	return call_bytes(k, KR_CHECKPOINT, body, ret_note, why);
}

enum sn_err
keeper_revoke(struct keeper *k, struct bytes sealed, struct sn_buf *ret, struct sn_why *why)
{
	SN_TRY(send_data(k, sealed, why));
	return call_bytes(k, KR_REVOKE, nothing, ret, why);
}

enum sn_err
keeper_sign_statement(struct keeper *k, struct bytes statement, struct sn_buf *ret_p384,
    struct sn_buf *ret_mldsa, struct sn_why *why)
{
	SN_CLEANUP(sn_frame_done) struct sn_frame reply = { 0 };
	struct bytes b, p384, mldsa;

	SN_TRY(send_data(k, statement, why));
	SN_TRY(call(k, KR_STATEMENT, nothing, &reply, why));
	b = sn_buf_bytes(&reply.open);
	SN_TRY(bytes_blob32(&b, SN_FRAME_MAX, &p384, "keeper's CMS", why));
	SN_TRY(bytes_blob32(&b, SN_FRAME_MAX, &mldsa, "keeper's CMS", why));
	SN_TRY(bytes_end(&b, "keeper's CMS", why));
	sn_buf_put(ret_p384, p384);
	sn_buf_put(ret_mldsa, mldsa);
	SN_TRY(sn_buf_check(ret_p384, why));
	return sn_buf_check(ret_mldsa, why);
}
