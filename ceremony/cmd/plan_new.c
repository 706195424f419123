/*
 * `ceremony plan new`: a valid plan from options and approvers' public files, for people to
 * change and agree on. Not in the image.
 */
#ifndef SN_IMAGE
#include "ceremony/cmd/plan_cmd.h"
#include "ceremony/cmd/plan_identity.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "appliance/base/file.h"
#include "appliance/base/json.h"
#include "appliance/base/text.h"
#include "appliance/crypto/digest.h"
#include "ceremony/layouts/trustee.h"

#define DAY 86400LL
#define YEAR (365LL * DAY)
#define WINDOW_DAYS 14
#define NAMED_MAX (1U << 20) /* identity.json, statement.json */
#define USAGE                                                                                  \
	"plan new FILE --name SANCTUM --person NAME:ROLE[,ROLE][=FULL NAME] ... "              \
	"APPROVER.json ...; further options: docs/FORMAT-PLAN.md"

enum option {
	OPT_NAME,
	OPT_WORLD,
	OPT_MODE,
	OPT_ORGANIZATION,
	OPT_CEREMONY,
	OPT_SEQUENCE,
	OPT_ID,
	OPT_FROM,
	OPT_TO,
	OPT_SHARES,
	OPT_APPROVALS,
	OPT_OPERATIONS,
	OPT_TPM,
	OPT_TPM_EK,
	OPT_TPM_AK,
	OPT_TPM_COUNTER,
	OPT_CONSOLE,
	OPT_TEAM,
	OPT_LIKE,
	OPT_IDENTITY,
	OPT_BASE,
	OPT_PREVIOUS,
	OPT_COUNT
};
static const char *const option_names[OPT_COUNT] = { "--name", "--world", "--mode",
	"--organization", "--ceremony", "--sequence", "--id", "--from", "--to", "--shares",
	"--approvals", "--operations", "--tpm", "--tpm-ek", "--tpm-ak", "--tpm-counter",
	"--console", "--team", "--like", "--identity", "--base", "--previous" };

struct fresh {
	const char *opt[OPT_COUNT]; /* NULL: not given */
	yyjson_mut_doc *doc;
	yyjson_mut_val *root, *people, *approvers, *nodes;
	size_t custodians, napprovers;
	struct plan_dates window;
	bool failed; /* an allocation */
};

static void
fresh_done(struct fresh *f)
{
	sn_json_mut_free(&f->doc);
}

static void
put_str(struct fresh *f, yyjson_mut_val *o, const char *key, const char *value)
{
	f->failed |= !yyjson_mut_obj_add_strcpy(f->doc, o, key, value);
}

static void
put_uint(struct fresh *f, yyjson_mut_val *o, const char *key, uint32_t value)
{
	f->failed |= !yyjson_mut_obj_add_uint(f->doc, o, key, value);
}

static yyjson_mut_val *
put_obj(struct fresh *f, yyjson_mut_val *o, const char *key)
{
	yyjson_mut_val *v = yyjson_mut_obj(f->doc);

	f->failed |= !yyjson_mut_obj_add_val(f->doc, o, key, v);
	return v;
}

static void
put_range(struct fresh *f, yyjson_mut_val *o, const char *key, int64_t from, int64_t to)
{
	yyjson_mut_val *range = put_obj(f, o, key);
	char text[TEXT_TIME_LEN + 1];

	text_from_time(from, text);
	put_str(f, range, "from", text);
	text_from_time(to, text);
	put_str(f, range, "to", text);
}

/* ---- reading the command line */

/* NAME:ROLE[,ROLE][=FULL NAME]; the plan's reader judges names and roles. */
static enum sn_err
new_person(struct fresh *f, const char *arg, struct sn_why *why)
{
	const char *colon = strchr(arg, ':'), *full = strchr(arg, '='), *s;
	yyjson_mut_val *one = yyjson_mut_arr_add_obj(f->doc, f->people), *roles;
	char name[PLAN_NAME_MAX + 2];

	if (colon == NULL || (full != NULL && full < colon) || full == colon + 1)
		return sn_fail(why, SN_E_USAGE, "\"%s\" is not NAME:ROLE[,ROLE][=FULL NAME]",
		    arg);
	(void)snprintf(name, sizeof(name), "%.*s", (int)(colon - arg), arg);
	put_str(f, one, "name", name);
	put_str(f, one, "full", full != NULL ? full + 1 : name);
	roles = yyjson_mut_arr(f->doc);
	f->failed |= !yyjson_mut_obj_add_val(f->doc, one, "roles", roles);
	for (s = colon + 1; *s != '\0' && *s != '=';) {
		size_t n = strcspn(s, ",=");

		f->failed |= !yyjson_mut_arr_add_strncpy(f->doc, roles, s, n);
		f->custodians += n == 9 && memcmp(s, "custodian", 9) == 0;
		s += n;
		s += *s == ',';
	}
	return SN_OK;
}

/* NAME:amd:PRODUCT[=ID] or NAME:intel[=ID]. */
static enum sn_err
new_node(struct fresh *f, const char *arg, struct sn_why *why)
{
	static const char *const keys[] = { "name", "hardware", "product" };
	yyjson_mut_val *one = yyjson_mut_arr_add_obj(f->doc, f->nodes);
	const char *s = arg;

	for (size_t i = 0; i < SN_NITEMS(keys) && *s != '\0' && *s != '='; i++) {
		size_t n = strcspn(s, ":=");

		f->failed |= !yyjson_mut_obj_add(one, yyjson_mut_str(f->doc, keys[i]),
		    yyjson_mut_strncpy(f->doc, s, n));
		s += n;
		s += *s == ':';
	}
	if (yyjson_mut_obj_size(one) < 2 || (*s != '\0' && *s != '='))
		return sn_fail(why, SN_E_USAGE,
		    "\"%s\" is not NAME:amd:PRODUCT[=ID] or NAME:intel[=ID]", arg);
	if (*s == '=')
		put_str(f, one, "id", s + 1);
	return SN_OK;
}

static enum sn_err
new_approver(struct fresh *f, const char *path, struct sn_why *why)
{
	static const char *const copied[] = { "name", "sign", "seal" };
	SN_CLEANUP(sn_buf_done) struct sn_buf text = { 0 };
	SN_CLEANUP(sn_json_free) yyjson_doc *in = NULL;
	yyjson_mut_val *one = yyjson_mut_arr_add_obj(f->doc, f->approvers);

	SN_TRY(sn_file_read(AT_FDCWD, path, PLAN_MAX_BYTES, &text, why));
	SN_TRY(sn_json_parse(sn_buf_bytes(&text), path, false, &in, why));
	for (size_t i = 0; i < SN_NITEMS(copied); i++) {
		const char *s = NULL;

		SN_TRY(sn_json_str(yyjson_doc_get_root(in), copied[i], 256, &s, path, why));
		put_str(f, one, copied[i], s);
	}
	f->napprovers++;
	return SN_OK;
}

static enum sn_err
new_option(struct fresh *f, const char *name, const char *value, struct sn_why *why)
{
	if (value == NULL)
		return sn_fail(why, SN_E_USAGE, "%s needs a value; " USAGE, name);
	if (strcmp(name, "--person") == 0)
		return new_person(f, value, why);
	if (strcmp(name, "--node") == 0)
		return new_node(f, value, why);
	for (size_t i = 0; i < OPT_COUNT; i++) {
		if (strcmp(name, option_names[i]) != 0)
			continue;
		if (f->opt[i] != NULL)
			return sn_fail(why, SN_E_USAGE, "%s is there twice", name);
		f->opt[i] = value;
		return SN_OK;
	}
	return sn_fail(why, SN_E_USAGE, "%s is no option; " USAGE, name);
}

static const char *
option(const struct fresh *f, enum option o, const char *absent)
{
	return f->opt[o] != NULL ? f->opt[o] : absent;
}

/* Is the identity all that is left to make a rebuild's plan from? */
static bool
from_identity(const struct fresh *f)
{
	return f->opt[OPT_IDENTITY] != NULL && f->opt[OPT_LIKE] == NULL &&
	    strcmp(option(f, OPT_MODE, ""), "rebuild") == 0;
}

/* A whole number, or what is usual. */
static enum sn_err
option_u32(const struct fresh *f, enum option o, uint32_t absent, uint32_t *ret,
    struct sn_why *why)
{
	if (f->opt[o] == NULL) {
		*ret = absent;
		return SN_OK;
	}
	return text_to_u32(f->opt[o], 1, UINT32_MAX, ret, option_names[o], why);
}

/* "2026-01-31" is its first second. */
static enum sn_err
option_date(const struct fresh *f, enum option o, int64_t absent, int64_t *ret,
    struct sn_why *why)
{
	SN_CLEANUP(sn_buf_done) struct sn_buf text = { 0 };

	if (f->opt[o] == NULL) {
		*ret = absent;
		return SN_OK;
	}
	sn_buf_str(&text, f->opt[o]);
	if (strchr(f->opt[o], 'T') == NULL)
		sn_buf_str(&text, "T00:00:00Z");
	SN_TRY(sn_buf_check(&text, why));
	return text_to_time(sn_buf_cstr(&text), ret, option_names[o], why);
}

static enum sn_err
read_args(struct fresh *f, int argc, char **argv, struct sn_why *why)
{
	f->doc = yyjson_mut_doc_new(NULL);
	f->root = yyjson_mut_obj(f->doc);
	f->people = yyjson_mut_arr(f->doc);
	f->approvers = yyjson_mut_arr(f->doc);
	f->nodes = yyjson_mut_arr(f->doc);
	if (f->root == NULL || f->nodes == NULL || f->people == NULL || f->approvers == NULL)
		return sn_fail(why, SN_E_NOMEM, "plan");
	for (int i = 0; i < argc; i++) {
		if (strncmp(argv[i], "--", 2) != 0) {
			SN_TRY(new_approver(f, argv[i], why));
			continue;
		}
		SN_TRY(new_option(f, argv[i], i + 1 < argc ? argv[i + 1] : NULL, why));
		i++;
	}
	if (f->opt[OPT_NAME] == NULL && f->opt[OPT_LIKE] == NULL && !from_identity(f))
		return sn_fail(why, SN_E_USAGE, "--name is missing; " USAGE);
	return SN_OK;
}

/* ---- the plan */

static enum sn_err
put_head(struct fresh *f, struct sn_why *why)
{
	yyjson_mut_val *sanctum;
	char year[TEXT_TIME_LEN + 1], number[16], hex[33];
	uint8_t id[16];
	uint32_t sequence;

	text_from_time(f->window.from, year);
	(void)snprintf(number, sizeof(number), "%.4s-1", year);
	SN_TRY(cry_random(id, sizeof(id), why));
	sn_hex(BYTES_OF(id), hex);
	SN_TRY(option_u32(f, OPT_SEQUENCE, 1, &sequence, why));
	put_str(f, f->root, "format", "cornerstone-plan-1");
	put_str(f, f->root, "world", option(f, OPT_WORLD, "rehearsal"));
	put_str(f, f->root, "mode", option(f, OPT_MODE, "genesis"));
	put_uint(f, f->root, "sequence", sequence);
	put_str(f, f->root, "ceremony", option(f, OPT_CEREMONY, number));
	put_range(f, f->root, "window", f->window.from, f->window.to);
	sanctum = put_obj(f, f->root, "sanctum");
	put_str(f, sanctum, "id", option(f, OPT_ID, hex));
	put_str(f, sanctum, "name", option(f, OPT_NAME, ""));
	put_str(f, sanctum, "organization",
	    option(f, OPT_ORGANIZATION, option(f, OPT_NAME, "")));
	if (f->opt[OPT_TEAM] != NULL)
		put_str(f, f->root, "team", f->opt[OPT_TEAM]);
	return SN_OK;
}

static enum sn_err
put_people(struct fresh *f, struct sn_why *why)
{
	yyjson_mut_val *shares;
	uint32_t n = (uint32_t)f->custodians, m, approvals, operations;

	SN_TRY(option_u32(f, OPT_SHARES, n / 2 + 1, &m, why));
	SN_TRY(option_u32(f, OPT_APPROVALS, 2, &approvals, why));
	SN_TRY(option_u32(f, OPT_OPERATIONS, 2, &operations, why));
	f->failed |= !yyjson_mut_obj_add_val(f->doc, f->root, "people", f->people);
	shares = put_obj(f, f->root, "shares");
	put_uint(f, shares, "threshold", m);
	put_uint(f, shares, "count", n);
	f->failed |= !yyjson_mut_obj_add_val(f->doc, f->root, "approvers", f->approvers);
	put_uint(f, f->root, "approvals", approvals);
	put_uint(f, f->root, "operations", operations);
	return SN_OK;
}

/* Lifetimes of every key, from the window's first day on. */
static void
put_dates(struct fresh *f)
{
	static const struct {
		const char *name;
		int64_t seconds;
	} lives[] = { { "root", 20 * YEAR }, { "signing", 19 * YEAR },
		{ "statement", 10 * YEAR }, { "operations", 2 * YEAR },
		{ "token", 10 * YEAR } };
	yyjson_mut_val *dates = put_obj(f, f->root, "dates");

	for (size_t i = 0; i < SN_NITEMS(lives); i++)
		put_range(f, dates, lives[i].name, f->window.from,
		    f->window.from + lives[i].seconds);
}

/* Production asks for both; the serials are those of the last record, which people fill in. */
static void
put_room(struct fresh *f)
{
	static const char *const bags[] = { "laptop", "boot stick" };
	yyjson_mut_val *seals = yyjson_mut_arr(f->doc);

	f->failed |= !yyjson_mut_obj_add_bool(f->doc, f->root, "inspection", true);
	f->failed |= !yyjson_mut_obj_add_val(f->doc, f->root, "seals", seals);
	for (size_t i = 0; i < SN_NITEMS(bags); i++)
		f->failed |= !yyjson_mut_obj_add_str(f->doc,
		    yyjson_mut_arr_add_obj(f->doc, seals), "what", bags[i]);
}

static enum sn_err
put_machine(struct fresh *f, struct sn_why *why)
{
	const bool rehearsal = strcmp(option(f, OPT_WORLD, "rehearsal"), "rehearsal") == 0;
	yyjson_mut_val *accept = yyjson_mut_arr(f->doc);
	uint32_t counter = 0;

	put_str(f, f->root, "tpm", option(f, OPT_TPM, "machine"));
	if (f->opt[OPT_TPM_EK] != NULL)
		put_str(f, f->root, "tpm_ek", f->opt[OPT_TPM_EK]);
	if (f->opt[OPT_TPM_AK] != NULL)
		put_str(f, f->root, "tpm_ak", f->opt[OPT_TPM_AK]);
	SN_TRY(option_u32(f, OPT_TPM_COUNTER, 0, &counter, why));
	if (f->opt[OPT_TPM_COUNTER] != NULL)
		put_uint(f, f->root, "tpm_counter", counter);
	f->failed |= !yyjson_mut_obj_add_val(f->doc, f->root, "accept", accept);
	f->failed |= !yyjson_mut_arr_add_str(f->doc, accept, "pinned");
	if (rehearsal)
		f->failed |= !yyjson_mut_arr_add_str(f->doc, accept, "software");
	put_str(f, f->root, "console", option(f, OPT_CONSOLE, "any"));
	if (!rehearsal)
		put_room(f);
	return SN_OK;
}

/* Modes whose result holds no policy. */
static bool
no_policy(const struct fresh *f)
{
	const char *mode = option(f, OPT_MODE, plan_mode_name(PLAN_GENESIS));

	return strcmp(mode, plan_mode_name(PLAN_REFRESH)) == 0 ||
	    strcmp(mode, plan_mode_name(PLAN_CHECK)) == 0;
}

/* All of it is said, so that people see what there is to say. */
static void
put_policy(struct fresh *f)
{
	yyjson_mut_val *languages = yyjson_mut_arr(f->doc), *profiles = yyjson_mut_arr(f->doc);

	put_str(f, f->root, "freshness", plan_freshness_name(PLAN_STALE_REFUSE));
	f->failed |= !yyjson_mut_obj_add_val(f->doc, f->root, "nodes", f->nodes);
	f->failed |= !yyjson_mut_obj_add_val(f->doc, f->root, "profiles", profiles);
	f->failed |= !yyjson_mut_arr_add_str(f->doc, profiles, LAYOUT_TRUSTEE_PROFILE);
	f->failed |= !yyjson_mut_obj_add_val(f->doc, f->root, "languages", languages);
	f->failed |= !yyjson_mut_arr_add_str(f->doc, languages, "en");
}

/* Files that a plan names by their digest. */
static enum sn_err
put_digests(struct fresh *f, struct sn_why *why)
{
	static const struct {
		enum option opt;
		const char *key;
	} rows[] = { { OPT_IDENTITY, "identity_sha256" }, { OPT_BASE, "base_sha256" },
		{ OPT_PREVIOUS, "previous_sha256" } };

	for (size_t i = 0; i < SN_NITEMS(rows); i++) {
		SN_CLEANUP(sn_buf_done) struct sn_buf text = { 0 };
		uint8_t digest[CRY_SHA256_LEN];
		char hex[2 * CRY_SHA256_LEN + 1];

		if (f->opt[rows[i].opt] == NULL)
			continue;
		SN_TRY(rows[i].opt == OPT_IDENTITY
			? plan_identity_read(f->opt[OPT_IDENTITY], &text, why)
			: sn_file_read(AT_FDCWD, f->opt[rows[i].opt], NAMED_MAX, &text, why));
		SN_TRY(cry_digest(CRY_SHA256, sn_buf_bytes(&text), digest, why));
		sn_hex(BYTES_OF(digest), hex);
		put_str(f, f->root, rows[i].key, hex);
	}
	return SN_OK;
}

/* An enrolled key makes the class "vendor" possible: then it is wanted. */
static void
put_vendor(struct fresh *f)
{
	yyjson_mut_val *accept = yyjson_mut_obj_get(f->root, "accept"), *v;
	size_t i, n;

	if (f->opt[OPT_TPM_AK] == NULL)
		return;
	yyjson_mut_arr_foreach(accept, i, n, v)
	{
		if (yyjson_mut_equals_str(v, "vendor"))
			return;
	}
	f->failed |= !yyjson_mut_arr_add_str(f->doc, accept, "vendor");
}

/* What an earlier plan says stays, where no option says otherwise. */
static enum sn_err
put_like(struct fresh *f, struct sn_why *why)
{
	/* another endorsement key is another TPM: with another AK, and a counter of its own */
	const bool tpm = f->opt[OPT_TPM_EK] != NULL || f->opt[OPT_TPM_AK] != NULL;
	const struct {
		const char *key;
		bool given;
	} rows[] = {
		{ "world", f->opt[OPT_WORLD] != NULL },
		{ "sanctum", f->opt[OPT_NAME] != NULL || f->opt[OPT_ID] != NULL },
		{ "team", f->opt[OPT_TEAM] != NULL },
		{ "people", yyjson_mut_arr_size(f->people) > 0 },
		{ "shares", yyjson_mut_arr_size(f->people) > 0 || f->opt[OPT_SHARES] != NULL },
		{ "approvers", yyjson_mut_arr_size(f->approvers) > 0 },
		{ "approvals", f->opt[OPT_APPROVALS] != NULL },
		{ "operations", f->opt[OPT_OPERATIONS] != NULL },
		{ "dates", false },
		{ "tpm", tpm || f->opt[OPT_TPM] != NULL },
		{ "tpm_ek", f->opt[OPT_TPM_EK] != NULL },
		{ "tpm_ak", f->opt[OPT_TPM_EK] != NULL || f->opt[OPT_TPM_AK] != NULL },
		{ "tpm_counter",
		    f->opt[OPT_TPM_EK] != NULL || f->opt[OPT_TPM_COUNTER] != NULL },
		{ "accept", f->opt[OPT_WORLD] != NULL },
		{ "console", f->opt[OPT_CONSOLE] != NULL },
		{ "nodes", no_policy(f) || yyjson_mut_arr_size(f->nodes) > 0 },
		{ "tcb", no_policy(f) },
		{ "profiles", no_policy(f) },
	};
	SN_CLEANUP(sn_buf_done) struct sn_buf text = { 0 };
	SN_CLEANUP(sn_json_free) yyjson_doc *in = NULL;

	if (f->opt[OPT_LIKE] == NULL)
		return SN_OK;
	SN_TRY(sn_file_read(AT_FDCWD, f->opt[OPT_LIKE], PLAN_MAX_BYTES, &text, why));
	SN_TRY(sn_json_parse(sn_buf_bytes(&text), f->opt[OPT_LIKE], false, &in, why));
	for (size_t i = 0; i < SN_NITEMS(rows); i++) {
		yyjson_val *v = yyjson_obj_get(yyjson_doc_get_root(in), rows[i].key);
		yyjson_mut_val *copy;

		if (v == NULL || rows[i].given)
			continue;
		copy = yyjson_val_mut_copy(f->doc, v);
		(void)yyjson_mut_obj_remove_key(f->root, rows[i].key);
		f->failed |=
		    copy == NULL || !yyjson_mut_obj_add_val(f->doc, f->root, rows[i].key, copy);
	}
	return SN_OK;
}

static enum sn_err
compose(struct fresh *f, int64_t now, struct sn_buf *ret, struct sn_why *why)
{
	const int64_t today = now / DAY * DAY;
	char *text;
	size_t n = 0;

	SN_TRY(option_date(f, OPT_FROM, today, &f->window.from, why));
	SN_TRY(option_date(f, OPT_TO, f->window.from + WINDOW_DAYS * DAY, &f->window.to, why));
	SN_TRY(put_head(f, why));
	SN_TRY(put_people(f, why));
	put_dates(f);
	SN_TRY(put_machine(f, why));
	if (!no_policy(f))
		put_policy(f);
	SN_TRY(put_digests(f, why));
	SN_TRY(put_like(f, why));
	put_vendor(f);
	if (from_identity(f))
		SN_TRY(plan_identity_put(f->doc, f->root, f->opt[OPT_IDENTITY], f->window.from,
		    why));
	text = f->failed ? NULL
			 : yyjson_mut_val_write(f->root, YYJSON_WRITE_PRETTY_TWO_SPACES, &n);
	if (text == NULL)
		return sn_fail(why, SN_E_NOMEM, "plan");
	sn_buf_put(ret, (struct bytes){ (const uint8_t *)text, n });
	free(text);
	sn_buf_str(ret, "\n");
	return sn_buf_check(ret, why);
}

enum sn_err
cmd_plan_new(int argc, char **argv, struct sn_why *why)
{
	SN_CLEANUP(fresh_done) struct fresh f = { 0 };
	SN_CLEANUP(sn_buf_done) struct sn_buf out = { 0 };
	SN_CLEANUP(plan_free) struct plan *p = NULL;
	SN_CLEANUP(cmd_ports_done) struct cmd_ports ports = { 0 };
	int64_t now;

	if (access(argv[0], F_OK) == 0)
		return sn_fail(why, SN_E_USAGE, "%s is there already; nothing was changed",
		    argv[0]);
	SN_TRY(read_args(&f, argc - 1, argv + 1, why));
	SN_TRY(cmd_ports_open(&ports, "terminal", why));
	now = ports.ports.now(ports.ports.arg);
	SN_TRY(compose(&f, now, &out, why));
	SN_TRY(plan_parse(sn_buf_bytes(&out), &p, why));
	SN_TRY(plan_lint_print(p, now, why));
	SN_TRY(sn_file_write(AT_FDCWD, argv[0], sn_buf_bytes(&out), 0644, false, why));
	return plan_print(p, why);
}
#endif
