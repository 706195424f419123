#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "appliance/base/file.h"
#include "appliance/base/json.h"
#include "appliance/base/text.h"
#include "appliance/base/words.h"
#include "ceremony/bundle/verify.h"
#include "ceremony/node/cmd.h"
#include "ceremony/transcript/cosign.h"
#include "ceremony/node/crl.h"

#define WITNESSES_MAX 16

struct request {
	struct bun_policy policy;
	const char *dir, *state;
	struct crl_files crls;
	struct note_vkey witness[WITNESSES_MAX];
	bool json, has_as_of;
};

struct option {
	struct option_row row;
	enum sn_err (*set)(struct request *r, const char *value, struct sn_why *why);
};

/* 64 hex digits, in groups if need be as screen and paper show them, or 32 words. */
static enum sn_err
set_identity(struct request *r, const char *value, struct sn_why *why)
{
	static const char digits[] = "0123456789abcdefABCDEF";
	char hex[66];
	size_t n = 0;

	r->policy.has_identity = true;
	for (const char *p = value; *p != '\0' && n < sizeof(hex) - 1; p++) {
		if (*p != ' ')
			hex[n++] = *p;
	}
	hex[n] = '\0';
	if (n > 0 && strspn(hex, digits) == n)
		return sn_hex_parse(hex, r->policy.identity, 32, "--identity", why);
	return words_parse(bytes_str(value), r->policy.identity, 32, "--identity", why);
}

static enum sn_err
set_rehearsal(struct request *r, const char *value SN_UNUSED, struct sn_why *why SN_UNUSED)
{
	r->policy.rehearsal = true;
	return SN_OK;
}

static enum sn_err
set_accept(struct request *r, const char *value, struct sn_why *why)
{
	if (strcmp(value, "pinned") == 0)
		r->policy.accept_pinned = true;
	else if (strcmp(value, "software") == 0)
		r->policy.accept_software = true;
	else
		return sn_fail(why, SN_E_USAGE, "--accept: \"%s\" is not pinned or software",
		    value);
	return SN_OK;
}

static enum sn_err
set_min_sequence(struct request *r, const char *value, struct sn_why *why)
{
	const char *dot = strchr(value, '.');
	char number[16];

	r->policy.has_min_sequence = true;
	if (dot == NULL)
		return text_to_u32(value, 1, UINT32_MAX, &r->policy.min_sequence,
		    "--min-sequence", why);
	(void)snprintf(number, sizeof(number), "%.*s", (int)(dot - value), value);
	SN_TRY(text_to_u32(number, 1, UINT32_MAX, &r->policy.min_sequence, "--min-sequence",
	    why));
	return text_to_u32(dot + 1, 1, UINT32_MAX, &r->policy.min_operations, "--min-sequence",
	    why);
}

static enum sn_err
set_state(struct request *r, const char *value, struct sn_why *why SN_UNUSED)
{
	r->state = value;
	return SN_OK;
}

static enum sn_err
set_as_of(struct request *r, const char *value, struct sn_why *why)
{
	r->has_as_of = true;
	return text_to_time(value, &r->policy.as_of, "--as-of", why);
}

static enum sn_err
set_json(struct request *r, const char *value SN_UNUSED, struct sn_why *why SN_UNUSED)
{
	r->json = true;
	return SN_OK;
}

/* Unreadable lists are a matter of the lists, not of the command line. */
static enum sn_err
set_crl(struct request *r, const char *value, struct sn_why *why)
{
	return crl_files_add(&r->crls, value, why);
}

static enum sn_err
set_witness(struct request *r, const char *value, struct sn_why *why)
{
	if (r->policy.nwitnesses == WITNESSES_MAX)
		return sn_fail(why, SN_E_USAGE, "--witness: more than %d", WITNESSES_MAX);
	return cosign_key_parse(bytes_str(value), &r->witness[r->policy.nwitnesses++], why);
}

static const struct option options[] = {
	{ { "--identity", "HEX|WORDS",
	      "the identity digest from paper; without it nothing is accepted" },
	    set_identity },
	{ { "--rehearsal", NULL, "take a rehearsal, and evidence of a software TPM in it" },
	    set_rehearsal },
	{ { "--accept", "pinned|software", "take evidence of this class too; may be repeated" },
	    set_accept },
	{ { "--min-sequence", "N[.K]",
	      "refuse a sequence below N, and N itself with fewer than K operations statements" },
	    set_min_sequence },
	{ { "--state", "DIR",
	      "keep the highest accepted sequence there; refuse older ones and forks" },
	    set_state },
	{ { "--as-of", "TIME", "judge at this time (2026-01-01T00:00:00Z), not now" },
	    set_as_of },
	{ { "--crl", "FILE|DIR",
	      "refuse what these revocation lists revoke (PEM or DER); may be repeated" },
	    set_crl },
	{ { "--witness", "VKEY",
	      "demand this witness' cosignature (as sanctum cosign prints it); may be repeated" },
	    set_witness },
	{ { "--json", NULL, "the report as JSON" }, set_json },
};

const struct option_row *
cmd_verify_option(size_t i)
{
	return i < SN_NITEMS(options) ? &options[i].row : NULL;
}

static const struct option *
find_option(const char *name)
{
	for (size_t i = 0; i < SN_NITEMS(options); i++)
		if (strcmp(options[i].row.name, name) == 0)
			return &options[i];
	return NULL;
}

/* What is wrong on the command line is a matter of usage, whoever noticed it. */
static enum sn_err
parse_args(int argc, char **argv, struct request *r, struct sn_why *why)
{
	for (int i = 0; i < argc; i++) {
		const struct option *o = find_option(argv[i]);
		const char *value = NULL;

		if (o == NULL && argv[i][0] == '-')
			return sn_fail(why, SN_E_USAGE, "there is no option \"%s\"", argv[i]);
		if (o == NULL && r->dir != NULL)
			return sn_fail(why, SN_E_USAGE, "one DIR is taken, not \"%s\" too",
			    argv[i]);
		if (o == NULL) {
			r->dir = argv[i];
			continue;
		}
		if (o->row.arg != NULL && (value = argv[++i]) == NULL)
			return sn_fail(why, SN_E_USAGE, "%s needs %s", o->row.name, o->row.arg);
		const enum sn_err e = o->set(r, value, why);

		if (e != SN_OK)
			return o->set == set_crl ? e : SN_E_USAGE;
	}
	if (r->dir == NULL)
		return sn_fail(why, SN_E_USAGE, "no DIR is given");
	if (r->state != NULL && r->policy.has_min_sequence)
		return sn_fail(why, SN_E_USAGE,
		    "--min-sequence and --state exclude each other");
	return SN_OK;
}

static void
close_fd(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

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

static void
request_done(struct request *r)
{
	crl_files_done(&r->crls);
}

enum sn_err
cmd_verify(int argc, char **argv, int64_t now, struct sn_why *why)
{
	SN_CLEANUP(request_done) struct request r = { .policy = { .state_dirfd = -1 } };
	SN_CLEANUP(close_fd) int dirfd = -1;
	SN_CLEANUP(close_fd) int state = -1;
	struct bun_report report;

	SN_TRY(parse_args(argc, argv, &r, why));
	if (!r.has_as_of)
		r.policy.as_of = now;
	r.policy.witness = r.witness;
	r.policy.crl = r.crls.crl;
	r.policy.ncrls = r.crls.n;
	SN_TRY(cmd_open_dir(r.dir, &dirfd, why));
	if (r.state != NULL) {
		if (mkdir(r.state, 0755) != 0 && errno != EEXIST)
			return sn_fail(why, SN_E_IO, "%s: %s", r.state, strerror(errno));
		SN_TRY(cmd_open_dir(r.state, &state, why));
		r.policy.state_dirfd = state;
	}
	const enum sn_err e = bun_verify(dirfd, &r.policy, &report, why);
	if (r.json) {
		SN_TRY(print_json(&report, why, why));
		return e;
	}
	print_text(&report);
	if (e == SN_OK)
		printf("sanctum: accepted: %s, sequence %u\n", report.sanctum_name,
		    report.sequence);
	return e;
}
