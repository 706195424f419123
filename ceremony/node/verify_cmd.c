#include <stdio.h>

#include "appliance/base/json.h"
#include "appliance/base/text.h"
#include "ceremony/node/verify_args.h"

static void
print_text(const struct bun_report *r)
{
	char when[TEXT_TIME_LEN + 1], until[TEXT_TIME_LEN + 1];

	text_from_time(r->time, when);
	if (r->sequence != 0)
		printf("sanctum    %s (%s)\nstatement  %s, sequence %u, %s, world %s\n",
		    r->sanctum_name, r->sanctum_id, r->mode, r->sequence, when, r->world);
	for (size_t i = 0; i < r->nnotes; i++)
		printf("checked    %s\n", r->note[i]);
	if (r->facts.class[0] != '\0')
		printf("evidence   class %s is proven, %s is claimed\n", r->facts.class,
		    r->evidence_class);
	if (r->operations != 0) {
		text_from_time(r->operations_time, until);
		printf("operations %u statements, the newest: %s, %s\n", r->operations,
		    r->operations_mode, until);
	}
	if (r->good_until != 0) {
		SN_CLEANUP(sn_buf_done) struct sn_buf hex = { 0 };

		text_from_time(r->good_until, until);
		sn_buf_hex(&hex, BYTES_OF(r->identity));
		printf("identity   %s\ngood until %s (%s)\n", sn_buf_cstr(&hex), until,
		    r->good_until_what);
	}
	printf("authentic  %s\ncurrent    %s\naccepted   %s\n", r->authentic ? "yes" : "no",
	    r->current ? "yes" : "no", r->accepted ? "yes" : "no");
}

static void
add_hex(yyjson_mut_doc *doc, yyjson_mut_val *o, const char *key, struct bytes v)
{
	SN_CLEANUP(sn_buf_done) struct sn_buf hex = { 0 };

	sn_buf_hex(&hex, v);
	yyjson_mut_obj_add_strcpy(doc, o, key, sn_buf_cstr(&hex));
}

static void
add_time(yyjson_mut_doc *doc, yyjson_mut_val *o, const char *key, int64_t t)
{
	char when[TEXT_TIME_LEN + 1];

	text_from_time(t, when);
	yyjson_mut_obj_add_strcpy(doc, o, key, when);
}

static enum sn_err
print_json(const struct bun_report *r, const struct sn_why *reason, struct sn_why *why)
{
	SN_CLEANUP(sn_json_mut_free) yyjson_mut_doc *doc = yyjson_mut_doc_new(NULL);
	SN_CLEANUP(sn_buf_done) struct sn_buf out = { 0 };
	yyjson_mut_val *o = yyjson_mut_obj(doc), *notes = yyjson_mut_arr(doc);

	if (o == NULL || notes == NULL)
		return sn_fail(why, SN_E_NOMEM, "report");
	yyjson_mut_obj_add_bool(doc, o, "authentic", r->authentic);
	yyjson_mut_obj_add_bool(doc, o, "current", r->current);
	yyjson_mut_obj_add_bool(doc, o, "accepted", r->accepted);
	yyjson_mut_obj_add_str(doc, o, "verdict", sn_err_name(r->verdict));
	yyjson_mut_obj_add_int(doc, o, "exit", sn_err_exit(r->verdict));
	yyjson_mut_obj_add_str(doc, o, "reason", reason->text);
	yyjson_mut_obj_add_str(doc, o, "world", r->world);
	yyjson_mut_obj_add_str(doc, o, "mode", r->mode);
	yyjson_mut_obj_add_str(doc, o, "evidence_class", r->evidence_class);
	yyjson_mut_obj_add_str(doc, o, "evidence_proven", r->facts.class);
	yyjson_mut_obj_add_str(doc, o, "sanctum_name", r->sanctum_name);
	yyjson_mut_obj_add_str(doc, o, "sanctum_id", r->sanctum_id);
	yyjson_mut_obj_add_uint(doc, o, "sequence", r->sequence);
	yyjson_mut_obj_add_uint(doc, o, "operations", r->operations);
	if (r->operations != 0) {
		yyjson_mut_obj_add_str(doc, o, "operations_mode", r->operations_mode);
		add_time(doc, o, "operations_time", r->operations_time);
		add_hex(doc, o, "operations_sha256", BYTES_OF(r->operations_sha256));
	}
	yyjson_mut_obj_add_uint(doc, o, "files", r->files);
	yyjson_mut_obj_add_uint(doc, o, "records", r->records);
	yyjson_mut_obj_add_uint(doc, o, "approvals", r->approvals);
	add_time(doc, o, "time", r->time);
	add_time(doc, o, "good_until", r->good_until);
	yyjson_mut_obj_add_str(doc, o, "good_until_what", r->good_until_what);
	add_hex(doc, o, "identity", BYTES_OF(r->identity));
	add_hex(doc, o, "statement_sha256", BYTES_OF(r->statement_sha256));
	for (size_t i = 0; i < r->nnotes; i++)
		yyjson_mut_arr_add_str(doc, notes, r->note[i]);
	yyjson_mut_obj_add_val(doc, o, "checked", notes);
	SN_TRY(sn_json_canon(o, &out, why));
	printf("%s\n", sn_buf_cstr(&out));
	return SN_OK;
}

enum sn_err
cmd_verify(int argc, char **argv, int64_t now, struct sn_why *why)
{
	SN_CLEANUP(verify_args_done) struct verify_args a;
	struct bun_report report;

	SN_TRY(verify_args_read(argc, argv, now, &a, why));
	const enum sn_err e = bun_verify(a.dirfd, &a.policy, &report, why);
	if (a.json) {
		SN_TRY(print_json(&report, why, why));
		return e;
	}
	print_text(&report);
	if (e == SN_OK)
		printf("sanctum: accepted: %s, sequence %u\n", report.sanctum_name,
		    report.sequence);
	return e;
}
