/*
 * The transcript and the statement tell one story: the same world, plan, TPM and keys, and
 * the plan was approved by as many as the statement needs.
 */
#include <string.h>

#include "ceremony/bundle/judge.h"

#define APPROVE_PLAN "cornerstone/v1/approve-plan\n" /* docs/FORMAT-KEYS.md */
#define ACCEPT_USB "cornerstone/v1/accept-usb\n"
#define SIGNATURE_MAX 128

/* What every record of that id must say, and one at least is there. */
struct claim {
	const char *id, *arg;
	const char *text; /* NULL: the number */
	uint64_t number;
	bool now; /* of the last segment: another machine may have begun */
};

static bool
says(yyjson_val *arg, const struct claim *k)
{
	if (k->text == NULL)
		return yyjson_is_uint(arg) && yyjson_get_uint(arg) == k->number;
	return yyjson_is_str(arg) && yyjson_equals_str(arg, k->text);
}

static enum sn_err
check_claim(const struct bun_case *c, const struct claim *k, struct sn_why *why)
{
	size_t n = 0;

	for (size_t i = k->now ? tr_read_segment(c->transcript) : 0;
	    i < tr_read_size(c->transcript); i++) {
		const struct tr_record *r = tr_read_record(c->transcript, i);

		if (strcmp(r->id, k->id) != 0)
			continue;
		if (!says(yyjson_obj_get(r->args, k->arg), k))
			return sn_fail(why, SN_E_SIGNATURE,
			    BUN_RECORDS ": record %zu, %s: %s is not what the statement says",
			    i, k->id, k->arg);
		n++;
	}
	if (n == 0)
		return sn_fail(why, SN_E_SIGNATURE, BUN_RECORDS ": there is no record %s",
		    k->id);
	return SN_OK;
}

/* An exception was put to the people as the statement has it; and none, if it has none. */
static enum sn_err
check_exception(const struct bun_case *c, struct sn_why *why)
{
	const struct bun_statement *s = &c->st;
	char when[TEXT_TIME_LEN + 1];

	if (s->exception == NULL) {
		for (size_t i = 0; i < tr_read_size(c->transcript); i++)
			if (strcmp(tr_read_record(c->transcript, i)->id, "exception.agreed") ==
			    0)
				return sn_fail(why, SN_E_SIGNATURE,
				    BUN_RECORDS ": record %zu, exception.agreed: the statement "
						"has no exception",
				    i);
		return SN_OK;
	}
	text_from_time(s->collateral_time, when);
	const struct claim claims[] = {
		{ "exception.agreed", "what", BUN_EXPIRED_COLLATERAL, 0, false },
		{ "exception.agreed", "time", when, 0, false },
		{ "exception.agreed", "reason", s->exception, 0, false },
	};
	for (size_t i = 0; i < SN_NITEMS(claims); i++)
		SN_TRY(check_claim(c, &claims[i], why));
	return SN_OK;
}

/* Reduced separation was put to both people, each by name; and to nobody, if there is none. */
static enum sn_err
check_separation(struct bun_case *c, struct sn_why *why)
{
	const char *first = NULL, *name;
	size_t n = 0;

	for (size_t i = 0; i < tr_read_size(c->transcript); i++) {
		const struct tr_record *r = tr_read_record(c->transcript, i);

		if (strcmp(r->id, TR_SEGMENT_ID) == 0) {
			n = 0; /* both are asked again after a cut */
			first = NULL;
		}
		if (strcmp(r->id, "separation.reduced") != 0)
			continue;
		if (!c->st.reduced)
			return sn_fail(why, SN_E_SIGNATURE,
			    BUN_RECORDS ": record %zu, separation.reduced: the statement does "
					"not say so",
			    i);
		SN_TRY(sn_json_str(r->args, "name", TR_MAX_TEXT, &name, BUN_RECORDS, why));
		n += first == NULL || strcmp(first, name) != 0;
		first = first == NULL ? name : first;
	}
	if (!c->st.reduced)
		return SN_OK;
	if (n != 2)
		return sn_fail(why, SN_E_SIGNATURE,
		    BUN_RECORDS ": %zu people took note of the reduced separation, not 2", n);
	bun_note(c, "reduced separation: two people held every role");
	return SN_OK;
}

/* An attestation key's name without its algorithm: SHA-256 of the public area. */
static enum sn_err
ak_digest(const struct bun_case *c, const char *path, char ret_hex[65], struct sn_why *why)
{
	uint8_t digest[32];
	struct bytes pub;
	uint16_t n;

	SN_TRY(bun_dir_get(&c->dir, path, &pub, why));
	SN_TRY(bytes_u16(&pub, &n, path, why));
	SN_TRY(cry_digest(CRY_SHA256, pub, digest, why));
	sn_hex(BYTES_OF(digest), ret_hex);
	return SN_OK;
}

/* An approver's signature in a record: which arguments it is in, and what it is about. */
struct signed_by {
	const char *name, *signature; /* arguments */
	const char *did, *not_of;     /* "approved the plan"; "approval is not of this plan" */
};

/* Over the prefix, the plan's digest and text; *ret is whose. */
static enum sn_err
check_signed(const struct bun_case *c, const struct tr_record *r, const struct signed_by *by,
    const char *prefix, const char *text, const struct bun_stated_approver **ret,
    struct sn_why *why)
{
	SN_CLEANUP(cry_key_free) struct cry_key *key = NULL;
	SN_CLEANUP(sn_buf_done) struct sn_buf sig = { 0 };
	SN_CLEANUP(sn_buf_done) struct sn_buf message = { 0 };
	const char *name, *base64;

	SN_TRY(sn_json_str(r->args, by->name, TR_MAX_TEXT, &name, BUN_RECORDS, why));
	SN_TRY(sn_json_str(r->args, by->signature, TR_MAX_TEXT, &base64, BUN_RECORDS, why));
	SN_TRY(sn_base64_parse(bytes_str(base64), SIGNATURE_MAX, &sig, BUN_RECORDS, why));
	const struct bun_stated_approver *a = bun_statement_approver(&c->approving->st, name);
	if (a == NULL)
		return sn_fail(why, SN_E_SIGNATURE,
		    BUN_RECORDS ": %s %s and is no approver of the statement", name, by->did);
	SN_TRY(bun_approver_key(c->approving, a, &key, why));
	sn_buf_str(&message, prefix);
	sn_buf_put(&message, BYTES_OF(c->st.plan_sha256));
	sn_buf_str(&message, text);
	SN_TRY(sn_buf_check(&message, why));
	const enum sn_err e = cry_verify(key, sn_buf_bytes(&message), sn_buf_bytes(&sig), NULL);
	if (e != SN_OK)
		return sn_fail(why, e, BUN_RECORDS ": %s's %s", name, by->not_of);
	*ret = a;
	return SN_OK;
}

/* A keyboard that came during the ceremony was accepted by two different approvers. */
static enum sn_err
check_keyboards(const struct bun_case *c, struct sn_why *why)
{
	static const struct signed_by by[] = {
		{ "first", "first_signature", "accepted a keyboard",
		    "acceptance is not of this keyboard" },
		{ "second", "second_signature", "accepted a keyboard",
		    "acceptance is not of this keyboard" },
	};

	for (size_t i = 0; i < tr_read_size(c->transcript); i++) {
		const struct tr_record *r = tr_read_record(c->transcript, i);
		const struct bun_stated_approver *a[SN_NITEMS(by)] = { NULL, NULL };
		const char *text;

		if (strcmp(r->id, "usb.accepted") != 0)
			continue;
		SN_TRY(sn_json_str(r->args, "keyboard", TR_MAX_TEXT, &text, BUN_RECORDS, why));
		for (size_t k = 0; k < SN_NITEMS(by); k++)
			SN_TRY(check_signed(c, r, &by[k], ACCEPT_USB, text, &a[k], why));
		if (a[0] == a[1])
			return sn_fail(why, SN_E_SIGNATURE,
			    BUN_RECORDS ": one person accepted the keyboard %s", text);
	}
	return SN_OK;
}

static enum sn_err
check_plan_approvals(const struct bun_case *c, size_t *ret_n, struct sn_why *why)
{
	static const struct signed_by by = { "approver", "signature", "approved the plan",
		"approval is not of this plan" };
	const struct bun_stated_approver *a = NULL;
	bool seen[BUN_MAX_APPROVERS] = { false };
	size_t n = 0;

	for (size_t i = 0; i < tr_read_size(c->transcript); i++) {
		const struct tr_record *r = tr_read_record(c->transcript, i);

		if (strcmp(r->id, "plan.approved") != 0)
			continue;
		SN_TRY(check_signed(c, r, &by, APPROVE_PLAN, "", &a, why));
		n += !seen[a - c->approving->st.approver];
		seen[a - c->approving->st.approver] = true;
	}
	if (n < c->st.approvals)
		return sn_fail(why, SN_E_SIGNATURE,
		    BUN_RECORDS ": %zu approved the plan, %u are needed", n, c->st.approvals);
	*ret_n = n;
	return SN_OK;
}

/* Where the last record with that id is, of those before end; end when there is none. */
static size_t
last_record(const struct bun_case *c, const char *id, size_t end)
{
	for (size_t i = end; i-- > 0;)
		if (strcmp(tr_read_record(c->transcript, i)->id, id) == 0)
			return i;
	return end;
}

/* The TPM that the record tells of is the one whose key is in seed-ak.pub. */
static enum sn_err
take_seed_tpm(const struct bun_case *c, yyjson_val *opened, struct bun_facts *f, bool *ret,
    struct sn_why *why)
{
	char hex[65];

	SN_TRY(ak_digest(c, BUN_SEED_AK_PUB, hex, why));
	*ret = yyjson_equals_str(yyjson_obj_get(opened, "ak"), hex);
	if (!*ret)
		return SN_OK;
	SN_TRY(sn_json_hex(opened, "ak", f->seed_ak, 32, BUN_RECORDS, why));
	SN_TRY(sn_json_hex(opened, "ek", f->seed_ek, 32, BUN_RECORDS, why));
	f->seed_software = !bun_tpm_is_device(c, yyjson_obj_get(opened, "backend"));
	f->seeded_before = true;
	return SN_OK;
}

/*
 * Before a cut another TPM may have been there: the one that the secret was made with. No
 * other secret was made since.
 */
static enum sn_err
check_seed_key(const struct bun_case *c, struct sn_why *why)
{
	const size_t n = tr_read_size(c->transcript), made = last_record(c, "seed.made", n),
		     opened = last_record(c, "tpm.opened", made);
	bool its = false;

	if (bun_dir_find(&c->dir, BUN_SEED_AK) == NULL &&
	    bun_dir_find(&c->dir, BUN_SEED_AK_PUB) == NULL)
		return SN_OK;
	if (made < tr_read_segment(c->transcript) && opened < made)
		SN_TRY(take_seed_tpm(c, tr_read_record(c->transcript, opened)->args,
		    &c->report->facts, &its, why));
	if (!its)
		return sn_fail(why, SN_E_SIGNATURE,
		    BUN_RECORDS ": the secret was not made with the TPM of " BUN_SEED_AK_PUB);
	return SN_OK;
}

enum sn_err
bun_check_story(struct bun_case *c, struct sn_why *why)
{
	const struct bun_statement *s = &c->st;
	char plan[65], identity[65], ak[65];
	size_t n;

	sn_hex(BYTES_OF(s->plan_sha256), plan);
	sn_hex(BYTES_OF(s->identity_sha256), identity);
	SN_TRY(ak_digest(c, BUN_AK_PUB, ak, why));
	const struct claim claims[] = {
		{ "ceremony.start", "world", s->world, 0, false },
		{ "ceremony.start", "mode", s->mode, 0, false },
		{ "plan.loaded", "plan", plan, 0, false },
		{ "plan.loaded", "sequence", NULL, s->sequence, false },
		{ "tpm.opened", "class", s->evidence_class, 0, false },
		{ "tpm.opened", "ak", ak, 0, true },
		{ c->kind == BUN_KIND_OPS ? "operations.opened" : "keys.derived", "identity",
		    identity, 0, false },
	};
	for (size_t i = 0; i < SN_NITEMS(claims); i++)
		SN_TRY(check_claim(c, &claims[i], why));
	SN_TRY(check_seed_key(c, why));
	SN_TRY(check_exception(c, why));
	SN_TRY(check_separation(c, why));
	if (c->kind == BUN_KIND_BUNDLE)
		SN_TRY(bun_check_policy(c, why));
	SN_TRY(check_plan_approvals(c, &n, why));
	SN_TRY(check_keyboards(c, why));
	bun_note(c,
	    "the transcript tells of this plan, TPM and identity; %zu approved the plan", n);
	return SN_OK;
}
