/*
 * A revocation: what the approvers agree to, the sealed lists that their shares open, and the
 * folder revocation/ that goes out. docs/FORMAT-BUNDLE.md, "Revocation".
 */
#include "ceremony/core/cer.h"

#include <stdlib.h>
#include <string.h>

#include "appliance/base/words.h"
#include "ceremony/keys/certs.h"

#define CERTS_IN_FILE 2
#define WORDS_A_LINE 6

/* Where the certificate of each CA lies in the bundle, in the order of revoke_ca(). */
static const struct {
	const char *path;
	size_t n, at;
} issuers[REVOKE_LISTS] = {
	{ "trust/root-p384.pem", 1, 0 },
	{ "trust/root-mldsa87.pem", 1, 0 },
	{ "trust/operations-p384-chain.pem", CERTS_IN_FILE, 1 },
	{ "trust/operations-mldsa87-chain.pem", CERTS_IN_FILE, 1 },
	{ "trust/token-chain.pem", CERTS_IN_FILE, 1 },
};

void
cer_kill_free(struct cer_kill **kp)
{
	struct cer_kill *k = *kp;

	if (k == NULL)
		return;
	for (size_t i = 0; i < REVOKE_LISTS; i++) {
		sn_buf_done(&k->der[i]);
		sn_buf_done(&k->pem[i]);
	}
	sn_buf_done(&k->all);
	sn_buf_done(&k->text);
	sn_buf_done(&k->checkpoint);
	sn_buf_done(&k->records);
	sn_buf_done(&k->openings);
	sn_buf_done(&k->sums);
	free(k);
	*kp = NULL;
}

static enum sn_err
revoke_identity(const struct cer *c, struct identity *ret, struct sn_why *why)
{
	return identity_parse(cer_base_file(c, "trust/identity.json"), ret, why);
}

/* All certificates that the lists of a kind revoke. */
static enum sn_err
count_revoked(const struct identity *id, uint32_t *ret, struct sn_why *why)
{
	struct revoke_entry entry[REVOKE_ENTRIES_MAX];
	size_t n;

	*ret = 0;
	for (size_t i = 0; i < REVOKE_LISTS; i++) {
		SN_TRY(revoke_entries(id, revoke_ca(i), REVOKE_KILL, entry, &n, why));
		*ret += (uint32_t)n;
	}
	return SN_OK;
}

/* ---- before anything is approved */

enum { ASK_AGREE, ASK_PULL, REVOKE_ASKS };

size_t
step_revoke_count(const struct cer *c SN_UNUSED)
{
	return REVOKE_ASKS;
}

enum sn_err
step_revoke_show(struct cer *c, size_t i, struct view *v, struct sn_why *why)
{
	struct identity id;
	uint32_t n;

	if (i == ASK_PULL) {
		cer_view(v, VIEW_REMOVE, "pull", "revoke.head");
		cer_view_media(v, CER_LABEL_IN);
		return SN_OK;
	}
	SN_TRY(revoke_identity(c, &id, why));
	SN_TRY(count_revoked(&id, &n, why));
	cer_view(v, VIEW_WORD, "agree", "revoke.head");
	v->word = "kill"; /* not by habit */
	view_say(v, "revoke.body",
	    CAT_ARGS({ "sanctum", id.sanctum_name }, { "count", cer_num(n) },
		{ "generation", cer_num(id.operations_generation) }));
	view_say(v, "revoke.forever", NULL);
	return SN_OK;
}

enum sn_err
step_revoke_take(struct cer *c, size_t i, const struct answer *a SN_UNUSED, struct sn_why *why)
{
	char hex[65];

	if (i != ASK_AGREE)
		return SN_OK;
	sn_hex(BYTES_OF(c->identity), hex);
	return CER_RECORD(c, "revocation.agreed", why, TR_ARG_STR("identity", hex));
}

/* ---- the lists */

static enum sn_err
check_list(const struct cer *c, const struct identity *id, size_t i, struct bytes der,
    struct sn_why *why)
{
	SN_CLEANUP(cry_crl_free) struct cry_crl *crl = NULL;
	struct cry_cert *certs[CRY_PEM_CHAIN_MAX] = { NULL };
	size_t n = 0;
	enum sn_err e;

	SN_TRY(cry_crl_parse(der, &crl, why));
	SN_TRY(cry_cert_parse_pem(cer_base_file(c, issuers[i].path), certs, &n, why));
	if (n == issuers[i].n)
		e = revoke_check(id, revoke_ca(i), REVOKE_KILL, crl, certs[issuers[i].at], why);
	else
		e = sn_fail(why, SN_E_FORMAT, "%s: %zu certificates", issuers[i].path, n);
	cry_cert_free_all(certs, n);
	return e;
}

static enum sn_err
open_lists(struct cer *c, const struct identity *id, struct sn_why *why)
{
	SN_CLEANUP(sn_buf_done) struct sn_buf got = { 0 };
	struct cer_kill *k = c->kill;
	struct bytes b, der;

	SN_TRY(keeper_revoke(c->keeper, cer_base_file(c, REVOKE_SEALED), &got, why));
	b = sn_buf_bytes(&got);
	for (size_t i = 0; i < REVOKE_LISTS; i++) {
		SN_TRY(bytes_blob32(&b, CRY_CRL_MAX, &der, "keeper's lists", why));
		SN_TRY(check_list(c, id, i, der, why));
		sn_buf_put(&k->der[i], der);
		SN_TRY(cry_crl_pem(der, &k->pem[i], why));
		sn_buf_put(&k->all, sn_buf_bytes(&k->pem[i]));
	}
	SN_TRY(bytes_end(&b, "keeper's lists", why));
	SN_TRY(sn_buf_check(&k->all, why));
	return cry_digest(CRY_SHA256, sn_buf_bytes(&k->all), k->digest, why);
}

/* ---- kill-list.txt */

static enum sn_err
put_list(const struct identity *id, size_t i, struct sn_buf *b, struct sn_why *why)
{
	struct revoke_entry entry[REVOKE_ENTRIES_MAX];
	size_t n;

	SN_TRY(revoke_entries(id, revoke_ca(i), REVOKE_KILL, entry, &n, why));
	cat_put(b, "killlist.list",
	    CAT_ARGS({ "label", key_row(revoke_ca(i))->label },
		{ "number", cer_num(revoke_number(id, REVOKE_KILL)) }));
	for (size_t k = 0; k < n; k++) {
		char serial[2 * sizeof(entry[k].serial) + 1];

		sn_hex(BYTES_OF(entry[k].serial), serial);
		cat_put(b, "killlist.entry",
		    CAT_ARGS({ "label", key_row(entry[k].key)->label },
			{ "generation", cer_num(entry[k].generation) }, { "serial", serial }));
	}
	return SN_OK;
}

static void
put_words(const uint8_t digest[32], struct sn_buf *b)
{
	for (size_t i = 0; i < 32; i++)
		sn_buf_fmt(b, "%s%s", i % WORDS_A_LINE == 0 ? "\n    " : " ",
		    words_word(i, digest[i]));
	sn_buf_str(b, "\n");
}

static enum sn_err
put_text(struct cer *c, const struct identity *id, struct sn_why *why)
{
	char sanctum[33], identity[65], statement[65], digest[65];
	struct sn_buf *b = &c->kill->text;

	sn_hex(BYTES_OF(id->sanctum_id), sanctum);
	sn_hex(BYTES_OF(c->identity), identity);
	sn_hex(BYTES_OF(c->base->report.statement_sha256), statement);
	sn_hex((struct bytes){ c->kill->digest, 32 }, digest);
	cat_put(b, "killlist.head",
	    CAT_ARGS({ "sanctum", id->sanctum_name }, { "id", sanctum },
		{ "world", plan_world_name(id->world) }, { "ceremony", c->plan->ceremony },
		{ "time", cer_time_text(cer_now(c)) }, { "identity", identity },
		{ "statement", statement }, { "sequence", cer_num(c->base->report.sequence) }));
	for (size_t i = 0; i < REVOKE_LISTS; i++)
		SN_TRY(put_list(id, i, b, why));
	cat_put(b, "killlist.digest", CAT_ARGS({ "digest", digest }));
	put_words(c->kill->digest, b);
	return sn_buf_check(b, why);
}

/* ---- the folder */

static enum sn_err
close_transcript(struct cer *c, struct sn_why *why)
{
	SN_CLEANUP(sn_buf_done) struct sn_buf body = { 0 };
	char origin[IDENTITY_LOG_NAME_MAX], hex[65];

	sn_hex((struct bytes){ c->kill->digest, 32 }, hex);
	SN_TRY(CER_RECORD(c, "revocation.opened", why, TR_ARG_STR("lists", hex)));
	SN_TRY(CER_RECORD(c, "transcript.closed", why,
	    TR_ARG_INT("records", tr_size(c->tr) + 1)));
	identity_log_name(c->plan->world, c->plan->sanctum_id, origin);
	SN_TRY(tr_checkpoint(c->tr, origin, &body, why));
	SN_TRY(keeper_sign_checkpoint(c->keeper, sn_buf_bytes(&body), &c->kill->checkpoint,
	    why));
	keeper_stop(&c->keeper);
	c->log_closed = true;
	/* what the checkpoint is about, whatever is shown later */
	sn_buf_put(&c->kill->records, tr_records(c->tr));
	sn_buf_put(&c->kill->openings, tr_openings(c->tr));
	SN_TRY(sn_buf_check(&c->kill->records, why));
	return sn_buf_check(&c->kill->openings, why);
}

static void
add_file(struct cer_kill *k, const char *path, struct bytes data)
{
	k->file[k->n++] = (struct med_file){ path, data };
}

static int
compare_files(const void *a, const void *b)
{
	return strcmp(((const struct med_file *)a)->path, ((const struct med_file *)b)->path);
}

/* Everything in it but itself, as sha256sum -c reads it. */
static enum sn_err
put_sums(struct cer_kill *k, struct sn_why *why)
{
	uint8_t digest[CRY_MAX_HASH];

	for (size_t i = 0; i < k->n; i++) {
		SN_TRY(cry_digest(CRY_SHA256, k->file[i].data, digest, why));
		sn_buf_hex(&k->sums, (struct bytes){ digest, 32 });
		sn_buf_fmt(&k->sums, "  %s\n", k->file[i].path);
	}
	return sn_buf_check(&k->sums, why);
}

static enum sn_err
make_folder(struct cer *c, struct sn_why *why)
{
	static const char *const names[REVOKE_LISTS][2] = {
		{ "crl/root-p384.der", "crl/root-p384.pem" },
		{ "crl/root-mldsa87.der", "crl/root-mldsa87.pem" },
		{ "crl/signing-ca-p384.der", "crl/signing-ca-p384.pem" },
		{ "crl/signing-ca-mldsa87.der", "crl/signing-ca-mldsa87.pem" },
		{ "crl/token-ca-p384.der", "crl/token-ca-p384.pem" },
	};
	struct cer_kill *k = c->kill;

	for (size_t i = 0; i < REVOKE_LISTS; i++) {
		add_file(k, names[i][0], sn_buf_bytes(&k->der[i]));
		add_file(k, names[i][1], sn_buf_bytes(&k->pem[i]));
	}
	add_file(k, "crl.pem", sn_buf_bytes(&k->all));
	add_file(k, "kill-list.txt", sn_buf_bytes(&k->text));
	add_file(k, "log.vkey", cer_base_file(c, "trust/log.vkey"));
	add_file(k, "plan.json", sn_buf_bytes(&c->plan->bytes));
	add_file(k, "transcript/checkpoint", sn_buf_bytes(&k->checkpoint));
	add_file(k, "transcript/openings.jsonl", sn_buf_bytes(&k->openings));
	add_file(k, "transcript/records.jsonl", sn_buf_bytes(&k->records));
	qsort(k->file, k->n, sizeof(k->file[0]), compare_files);
	SN_TRY(put_sums(k, why));
	add_file(k, "SHA256SUMS", sn_buf_bytes(&k->sums));
	return SN_OK;
}

enum sn_err
step_lists_enter(struct cer *c, struct sn_why *why)
{
	struct identity id;

	c->kill = calloc(1, sizeof(*c->kill));
	if (c->kill == NULL)
		return sn_fail(why, SN_E_NOMEM, "revocation lists");
	SN_TRY(revoke_identity(c, &id, why));
	SN_TRY(open_lists(c, &id, why));
	SN_TRY(put_text(c, &id, why));
	SN_TRY(close_transcript(c, why));
	return make_folder(c, why);
}

enum sn_err
step_lists_show(struct cer *c, size_t i SN_UNUSED, struct view *v, struct sn_why *why)
{
	struct identity id;
	uint32_t n;

	SN_TRY(revoke_identity(c, &id, why));
	SN_TRY(count_revoked(&id, &n, why));
	cer_view(v, VIEW_INFO, "ok", "lists.head");
	view_say(v, "lists.body",
	    CAT_ARGS({ "count", cer_num(n) }, { "lists", cer_num(REVOKE_LISTS) }));
	view_say(v, "lists.digest", NULL);
	cer_view_digest(v, c->kill->digest);
	return SN_OK;
}

enum sn_err
step_revoked_show(struct cer *c SN_UNUSED, size_t i SN_UNUSED, struct view *v,
    struct sn_why *why SN_UNUSED)
{
	cer_view(v, VIEW_END, "ok", "revoked.head");
	view_say(v, "revoked.body", NULL);
	return SN_OK;
}
