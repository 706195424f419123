/* `sanctum explain evidence BUNDLE`: judge the bundle, and say what its TPM evidence proves. */
#include <stdio.h>
#include <string.h>

#include "appliance/base/json.h"
#include "appliance/base/text.h"
#include "appliance/tpm/replay.h"
#include "appliance/tpm/tpm.h"
#include "ceremony/node/explain_evidence.h"
#include "ceremony/node/verify_args.h"

#define ARGS_MAX 128
#define COLUMNS 78

struct asked {
	bool replay;
	const char *softtpm;
	uint32_t operations;
	char *rest[ARGS_MAX + 1]; /* what sanctum verify takes */
	int nrest;
};

static enum sn_err
split_args(int argc, char **argv, struct asked *a, struct sn_why *why)
{
	for (int i = 0; i < argc; i++) {
		const bool last = i + 1 == argc;

		if (strcmp(argv[i], "--state") == 0)
			return sn_fail(why, SN_E_USAGE, "--state is for sanctum verify");
		if (a->nrest == ARGS_MAX)
			return sn_fail(why, SN_E_USAGE, "more than %d arguments", ARGS_MAX);
		if (strcmp(argv[i], "--replay") == 0) {
			a->replay = true;
		} else if (strcmp(argv[i], "--softtpm") == 0 && !last) {
			a->softtpm = argv[++i];
		} else if (strcmp(argv[i], "--operations") == 0 && !last) {
			if (text_to_u32(argv[++i], 1, UINT32_MAX, &a->operations,
				"--operations", why) != SN_OK)
				return SN_E_USAGE;
		} else {
			a->rest[a->nrest++] = argv[i];
		}
	}
	return SN_OK;
}

/* ---- the second TPM */

static enum sn_err
extend(void *arg, unsigned int pcr, const uint8_t digest[32], struct sn_why *why)
{
	return tpm_replay_extend(arg, pcr, digest, why);
}

static enum sn_err
open_replay(const struct asked *a, struct tpm_replay **ret, struct sn_why *why)
{
	SN_CLEANUP(sn_buf_done) struct sn_buf beside = { 0 };

	if (a->softtpm != NULL)
		return tpm_replay_open(a->softtpm, ret, why);
	SN_TRY(tpm_softtpm_path(&beside, why));
	return tpm_replay_open(sn_buf_cstr(&beside), ret, why);
}

/* Registers that a log or the transcript explains; without a log that is PCR 15 alone. */
static enum sn_err
compare(struct tpm_replay *t, const struct bun_facts *f, struct evidence_replay *ret,
    struct sn_why *why)
{
	uint8_t value[32];

	for (unsigned int i = 0; i < BUN_PCRS; i++) {
		const bool known = i == BUN_PCRS - 1 || !f->device || f->logged;

		if (!known || (i == 0 && f->locality))
			continue;
		SN_TRY(tpm_replay_read(t, i, value, why));
		if (memcmp(value, f->pcr[i], 32) == 0)
			ret->equal++;
		else
			ret->differ++;
	}
	ret->done = true;
	return SN_OK;
}

/* ---- output */

static const char *
proven_title(const struct bun_facts *f)
{
	if (!f->device)
		return "What fits together; a software TPM proves nothing about a machine";
	return f->ak_pinned
	    ? "Proven"
	    : "Proven, if the attestation key is in a TPM (see below for what shows that)";
}

static enum sn_err
print_lines(const struct evidence_words *w, bool proven, const char *title, struct sn_why *why)
{
	SN_CLEANUP(sn_buf_done) struct sn_buf out = { 0 };

	sn_buf_fmt(&out, "%s\n", title);
	for (size_t i = 0; i < w->n; i++) {
		const struct evidence_line *l = &w->line[i];
		char text[EVIDENCE_TEXT_MAX + 128];

		if (l->proven != proven)
			continue;
		(void)snprintf(text, sizeof(text), l->files[0] != '\0' ? "%s [%s]" : "%s",
		    l->text, l->files);
		sn_buf_str(&out, "\n");
		text_put_wrapped(&out, COLUMNS, "  ", text);
	}
	SN_TRY(sn_buf_check(&out, why));
	printf("%s\n", sn_buf_cstr(&out));
	return SN_OK;
}

static enum sn_err
print_json(const struct bun_report *r, const struct evidence_words *w,
    const struct sn_why *reason, struct sn_why *why)
{
	static const char *const lists[] = { "not_proven", "proven" };
	SN_CLEANUP(sn_json_mut_free) yyjson_mut_doc *doc = yyjson_mut_doc_new(NULL);
	SN_CLEANUP(sn_buf_done) struct sn_buf out = { 0 };
	yyjson_mut_val *o = yyjson_mut_obj(doc);
	bool ok = o != NULL && yyjson_mut_obj_add_str(doc, o, "class", r->facts.class) &&
	    yyjson_mut_obj_add_str(doc, o, "claimed", r->evidence_class) &&
	    yyjson_mut_obj_add_str(doc, o, "verdict", sn_err_name(r->verdict)) &&
	    yyjson_mut_obj_add_int(doc, o, "exit", sn_err_exit(r->verdict)) &&
	    yyjson_mut_obj_add_str(doc, o, "reason", reason->text);

	for (int k = 0; ok && k < 2; k++) {
		yyjson_mut_val *list = yyjson_mut_obj_add_arr(doc, o, lists[k]);

		ok = list != NULL;
		for (size_t i = 0; ok && i < w->n; i++) {
			const struct evidence_line *l = &w->line[i];
			yyjson_mut_val *v;

			if (l->proven != (k == 1))
				continue;
			v = yyjson_mut_arr_add_obj(doc, list);
			ok = v != NULL && yyjson_mut_obj_add_str(doc, v, "text", l->text) &&
			    yyjson_mut_obj_add_str(doc, v, "files", l->files);
		}
	}
	if (!ok)
		return sn_fail(why, SN_E_NOMEM, "explanation");
	SN_TRY(sn_json_canon(o, &out, why));
	printf("%s\n", sn_buf_cstr(&out));
	return SN_OK;
}

/* The verdict is that of sanctum verify; only a replay that differs changes it. */
enum sn_err
cmd_explain_evidence(int argc, char **argv, int64_t now, struct sn_why *why)
{
	SN_CLEANUP(verify_args_done) struct verify_args a = { .dirfd = -1, .statefd = -1 };
	SN_CLEANUP(tpm_replay_free) struct tpm_replay *tpm = NULL;
	struct evidence_replay replay = { 0 };
	struct evidence_words words;
	struct asked asked = { 0 };
	struct bun_report report;

	SN_TRY(split_args(argc, argv, &asked, why));
	SN_TRY(verify_args_read(asked.nrest, asked.rest, now, &a, why));
	a.policy.facts_of = asked.operations;
	if (asked.replay)
		SN_TRY(open_replay(&asked, &tpm, why));
	const struct bun_replay to = { extend, tpm };
	a.policy.replay = asked.replay ? &to : NULL;
	enum sn_err e = bun_verify(a.dirfd, &a.policy, &report, why);
	if (asked.replay && report.consistent) {
		SN_TRY(compare(tpm, &report.facts, &replay, e == SN_OK ? why : NULL));
		if (replay.differ > 0 && e == SN_OK)
			e = sn_fail(why, SN_E_SIGNATURE,
			    "evidence/quote.pcr: a software TPM that was told the same differs "
			    "in %u registers",
			    replay.differ);
	}
	report.verdict = e;
	const struct evidence_given given = { .ak = a.expect.ak.n > 0,
		.plan = a.expect.nplans > 0,
		.image = a.expect.nmeasured > 0,
		.reason = e == SN_OK ? "" : why->text };
	evidence_explain(&report, &given, &replay, &words);
	if (a.json) {
		SN_TRY(print_json(&report, &words, why, why));
		return e;
	}
	SN_TRY(print_lines(&words, true, proven_title(&report.facts), why));
	SN_TRY(print_lines(&words, false, "Not proven", why));
	if (e == SN_OK)
		printf("sanctum: accepted: class %s\n", report.facts.class);
	return e;
}
