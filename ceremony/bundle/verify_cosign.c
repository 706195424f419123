/*
 * Cosignatures of the checkpoint, transcript/cosignatures/NAME: they come after the statement,
 * so that nothing binds them; each witness that the policy names must have signed.
 */
#include "ceremony/bundle/judge.h"

#include <string.h>

#include "appliance/base/file.h"
#include "ceremony/transcript/cosign.h"

#define COSIGNATURES_MAX 100
#define LINE_MAX_BYTES 1024

struct cosignatures {
	const struct bun_source *source;
	struct bytes note;
	const struct note_vkey *key;
	size_t n;
	bool found;
	int64_t time;
};

/* One file: the witness' own line, another's, or no cosignature at all. */
static enum sn_err
judge_line(struct cosignatures *x, const char *path, struct bytes line, struct sn_why *why)
{
	struct sn_why inner = { 0 };
	int64_t time = 0;
	enum sn_err e;

	if (++x->n > COSIGNATURES_MAX)
		return sn_fail(why, SN_E_FORMAT, BUN_COSIGNATURES ": more than %d files",
		    COSIGNATURES_MAX);
	e = cosign_verify(line, x->note, x->key, &time, &inner);
	if (e == SN_E_ROLE)
		return SN_OK;
	if (e != SN_OK)
		return sn_fail(why, e == SN_E_FORMAT ? SN_E_FORMAT : SN_E_SIGNATURE, "%s: %s",
		    path, inner.text[0] != '\0' ? inner.text : sn_err_sentence(e));
	x->found = true;
	x->time = time;
	return SN_OK;
}

static enum sn_err
judge_file(void *arg, const struct sn_walk_entry *entry, struct sn_why *why)
{
	SN_CLEANUP(sn_buf_done) struct sn_buf line = { 0 };
	struct cosignatures *x = arg;
	const size_t n = strlen(BUN_COSIGNATURES);

	if (strncmp(entry->path, BUN_COSIGNATURES, n) != 0)
		return SN_OK;
	SN_TRY(sn_file_read(x->source->dirfd, entry->path, LINE_MAX_BYTES, &line, why));
	return judge_line(x, entry->path, sn_buf_bytes(&line), why);
}

static enum sn_err
judge_all(struct cosignatures *x, struct sn_why *why)
{
	if (x->source->dirfd >= 0)
		return sn_file_walk(x->source->dirfd, ".", judge_file, x, why);
	for (size_t i = 0; i < x->source->n; i++) {
		const struct bun_file *f = &x->source->file[i];

		if (strncmp(f->path, BUN_COSIGNATURES, strlen(BUN_COSIGNATURES)) == 0)
			SN_TRY(judge_line(x, f->path, f->data, why));
	}
	return SN_OK;
}

enum sn_err
bun_check_cosignatures(struct bun_case *c, const struct bun_source *source, struct sn_why *why)
{
	struct bytes note = { 0 };

	SN_TRY(bun_dir_get(&c->dir, BUN_CHECKPOINT, &note, why));
	for (size_t i = 0; i < c->policy->nwitnesses; i++) {
		struct cosignatures x = {
			.source = source, .note = note, .key = &c->policy->witness[i]
		};
		char when[TEXT_TIME_LEN + 1];

		SN_TRY(judge_all(&x, why));
		if (!x.found)
			return sn_fail(why, SN_E_MISSING,
			    BUN_COSIGNATURES ": the witness %s has not signed the checkpoint",
			    x.key->name);
		text_from_time(x.time, when);
		bun_note(c, "cosigned by the witness %s at %s", x.key->name, when);
	}
	return SN_OK;
}
