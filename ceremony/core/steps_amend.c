/*
 * Amend: what changes, against what is in force, before anybody approves it. Policy and nodes
 * come from the plan, reference values from the IN stick.
 */
#include "ceremony/core/cer.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "appliance/base/json.h"
#include "appliance/base/text.h"
#include "appliance/crypto/digest.h"

#define REFVALS "refvals"
#define REFVAL_MAX (1U << 20)
#define SHOWN_MAX (64U << 10) /* larger files are shown by their digests alone */
#define CHANGE_LINES 24	      /* what one file can take on the screen */

/* ---- what is in force */

/* The newest file of that path: of the last operations statement with it, or the bundle's. */
static struct bytes
in_force(const struct cer *c, const char *path)
{
	for (uint32_t n = c->base->report.operations; n > 0; n--) {
		char full[300];
		struct bytes there;

		(void)snprintf(full, sizeof(full), "ops/%u/%.255s", n, path);
		there = cer_base_file(c, full);
		if (there.p != NULL)
			return there;
	}
	return cer_base_file(c, path);
}

/* ---- one file: line by line what its members are and were */

static void
change_member(struct view *v, char sign, const char *key, yyjson_val *val)
{
	char *text = yyjson_val_write(val, YYJSON_WRITE_ESCAPE_UNICODE, NULL);

	view_line(v, "  %c %.20s: %.32s%s", sign, key, text != NULL ? text : "",
	    text != NULL && strlen(text) > 32 ? "..." : "");
	free(text);
}

/* Members that one of the two has and the other has not, or has otherwise. */
static void
change_side(struct view *v, char sign, yyjson_val *of, yyjson_val *against)
{
	size_t i, n;
	yyjson_val *key, *val;

	yyjson_obj_foreach(of, i, n, key, val)
	{
		yyjson_val *other = yyjson_obj_get(against, yyjson_get_str(key));

		if (i >= CHANGE_LINES || (other != NULL && yyjson_equals(val, other)))
			continue;
		change_member(v, sign, yyjson_get_str(key), val);
	}
}

static void
change_digest(struct view *v, char sign, struct bytes file)
{
	uint8_t digest[CRY_SHA256_LEN];
	char hex[2 * CRY_SHA256_LEN + 1] = "";

	if (cry_digest(CRY_SHA256, file, digest, NULL) == SN_OK)
		sn_hex(BYTES_OF(digest), hex);
	view_line(v, "  %c %zu bytes, %.32s...", sign, file.n, hex);
}

static void
change_file(const struct cer *c, struct view *v, const char *path, struct bytes now)
{
	SN_CLEANUP(sn_json_free) yyjson_doc *old = NULL;
	SN_CLEANUP(sn_json_free) yyjson_doc *new = NULL;
	const struct bytes was = in_force(c, path);
	const bool same = was.p != NULL && bytes_equal(was, now);

	view_line(v, "%s %.50s", was.p == NULL ? "[new]" : same ? "[==]" : "[<>]", path);
	if (same)
		return;
	if (now.n <= SHOWN_MAX && was.n <= SHOWN_MAX &&
	    sn_json_parse(now, path, false, &new, NULL) == SN_OK &&
	    (was.p == NULL || sn_json_parse(was, path, false, &old, NULL) == SN_OK)) {
		change_side(v, '-', yyjson_doc_get_root(old), yyjson_doc_get_root(new));
		change_side(v, '+', yyjson_doc_get_root(new), yyjson_doc_get_root(old));
		return;
	}
	if (was.p != NULL)
		change_digest(v, '-', was);
	change_digest(v, '+', now);
}

/* ---- approvers */

static bool
same_approver(const struct plan_approver *a, const struct plan_approver *b)
{
	return b != NULL && a->sign_len == b->sign_len && a->seal_len == b->seal_len &&
	    memcmp(a->sign, b->sign, a->sign_len) == 0 &&
	    memcmp(a->seal, b->seal, a->seal_len) == 0;
}

static void
change_approvers(const struct plan *p, struct view *v)
{
	if (p->nnext == 0) {
		view_say(v, "amend.same-approvers", NULL);
		return;
	}
	view_say(v, "amend.approvers", NULL);
	for (size_t i = 0; i < p->napprovers; i++)
		if (plan_next_approver(p, p->approvers[i].name) == NULL)
			view_line(v, "  - %s", p->approvers[i].name);
	for (size_t i = 0; i < p->nnext; i++) {
		const struct plan_approver *old = plan_approver(p, p->next[i].name);

		view_line(v, "  %c %s%s", same_approver(&p->next[i], old) ? '=' : '+',
		    p->next[i].name,
		    old != NULL && !same_approver(&p->next[i], old) ? " (another key)" : "");
	}
	view_say(v, "amend.old-shares", NULL);
}

/* ---- the step */

static size_t
amend_files(const struct cer *c)
{
	return plan_policy_count(c->plan) + c->refvals->n;
}

enum sn_err
step_amend_enter(struct cer *c, struct sn_why *why)
{
	SN_TRY(cer_base_read_tree(c, REFVALS, REFVAL_MAX, &c->refvals, why));
	med_eject(c->ports.media, CER_LABEL_IN);
	if (c->plan->nnext == 0 && amend_files(c) == 0)
		return sn_fail(why, SN_E_POLICY,
		    "plan.json: it amends nothing: no approvers_next, no policy, and no "
		    "refvals/ on the stick");
	return SN_OK;
}

size_t
step_amend_count(const struct cer *c SN_UNUSED)
{
	return 2;
}

static enum sn_err
amend_policy(struct cer *c, struct view *v, struct sn_why *why)
{
	for (size_t i = 0; i < plan_policy_count(c->plan); i++) {
		SN_CLEANUP(sn_buf_done) struct sn_buf file = { 0 };
		char path[PLAN_POLICY_PATH_MAX];

		SN_TRY(plan_policy_file(c->plan, i, path, &file, why));
		change_file(c, v, path, sn_buf_bytes(&file));
	}
	return SN_OK;
}

enum sn_err
step_amend_show(struct cer *c, size_t i, struct view *v, struct sn_why *why)
{
	if (i == 1) {
		cer_view(v, VIEW_REMOVE, "pull", "amend.head");
		cer_view_media(v, CER_LABEL_IN);
		return SN_OK;
	}
	cer_view(v, VIEW_WORD, "agree", "amend.head");
	view_say(v, "amend.body", CAT_ARGS({ "files", cer_num(amend_files(c)) }));
	change_approvers(c->plan, v);
	view_blank(v);
	SN_TRY(amend_policy(c, v, why));
	for (size_t k = 0; k < c->refvals->n; k++) {
		char path[300];

		(void)snprintf(path, sizeof(path), REFVALS "/%.255s", c->refvals->file[k].path);
		change_file(c, v, path, c->refvals->file[k].data);
	}
	return SN_OK;
}

enum sn_err
step_amend_take(struct cer *c, size_t i, const struct answer *a SN_UNUSED, struct sn_why *why)
{
	SN_CLEANUP(sn_buf_done) struct sn_buf names = { 0 };

	if (i != 0)
		return SN_OK;
	for (size_t k = 0; k < c->plan->nnext; k++)
		sn_buf_fmt(&names, "%s%s", k > 0 ? ", " : "", c->plan->next[k].name);
	sn_buf_str(&names, c->plan->nnext == 0 ? "as before" : "");
	SN_TRY(sn_buf_check(&names, why));
	return CER_RECORD(c, "amend.agreed", why, TR_ARG_STR("approvers", sn_buf_cstr(&names)),
	    TR_ARG_INT("files", amend_files(c)));
}

enum sn_err
cer_amend_files(struct cer *c, struct sn_why *why)
{
	for (size_t k = 0; k < c->refvals->n; k++) {
		char path[300];

		(void)snprintf(path, sizeof(path), REFVALS "/%.255s", c->refvals->file[k].path);
		SN_TRY(bun_add(c->bun, path, c->refvals->file[k].data, why));
	}
	for (size_t k = 0; k < c->plan->nnext; k++)
		SN_TRY(cer_approver_file(c, &c->plan->next[k], why));
	return SN_OK;
}
