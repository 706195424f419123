/*
 * Every screen that people saw, as records of the transcript: docs/FORMAT-TRANSCRIPT.md,
 * "Screens". Those after it is closed are in closing/, if there is one.
 */
#include "ceremony/core/cer.h"

#include <stdio.h>
#include <string.h>

#include "ceremony/screen/log.h"

#define CHUNK 900 /* bytes of one argument: with every quote escaped it still fits */
#define CHUNKS 4  /* arguments of one record */

/* How much of the rest goes into one argument: whole characters only. */
static size_t
chunk_len(struct bytes rest)
{
	size_t n = rest.n < CHUNK ? rest.n : CHUNK;

	while (n < rest.n && n > 0 && (rest.p[n] & 0xc0) == 0x80)
		n--;
	return n;
}

static unsigned int
parts_of(struct bytes text)
{
	unsigned int chunks = 0;

	for (; text.n > 0; chunks++) {
		size_t n = chunk_len(text);

		text.p += n;
		text.n -= n;
	}
	return (chunks + CHUNKS - 1) / CHUNKS;
}

static enum sn_err
screen_part(struct cer *c, const char *ref, unsigned int part, unsigned int parts,
    bool personal, struct bytes *rest, struct sn_why *why)
{
	static const char *const names[CHUNKS] = { "text1", "text2", "text3", "text4" };
	char chunk[CHUNKS][CHUNK + 1];
	struct tr_arg args[3 + CHUNKS] = { TR_ARG_STR("screen", ref), TR_ARG_INT("part", part),
		TR_ARG_INT("parts", parts) };
	size_t nargs = 3;

	for (size_t i = 0; i < CHUNKS && rest->n > 0; i++) {
		size_t n = chunk_len(*rest);

		memcpy(chunk[i], rest->p, n);
		chunk[i][n] = '\0';
		rest->p += n;
		rest->n -= n;
		args[nargs++] = personal ? TR_ARG_PERSONAL(names[i], chunk[i])
					 : TR_ARG_STR(names[i], chunk[i]);
	}
	return cer_record(c, TR_SCREEN_ID, args, nargs, why);
}

static enum sn_err
screen_put(struct cer *c, const char *ref, bool personal, struct bytes text, struct sn_why *why)
{
	const unsigned int parts = parts_of(text);

	for (unsigned int part = 1; part <= parts; part++)
		SN_TRY(screen_part(c, ref, part, parts, personal, &text, why));
	return SN_OK;
}

/* The transcript's first record says which ceremony this is; screens before it wait. */
static enum sn_err
screen_later(struct cer *c, const char *ref, struct bytes text, struct sn_why *why)
{
	struct cer_early *e = &c->early[c->nearly];

	if (c->nearly == SN_NITEMS(c->early))
		return sn_fail(why, SN_E_LIMIT, "too many screens before the plan was read");
	(void)snprintf(e->ref, sizeof(e->ref), "%s", ref);
	sn_buf_put(&e->text, text);
	SN_TRY(sn_buf_check(&e->text, why));
	c->nearly++;
	return SN_OK;
}

static enum sn_err
screen_earlier(struct cer *c, struct sn_why *why)
{
	for (size_t i = 0; i < c->nearly; i++) {
		struct cer_early *e = &c->early[i];

		SN_TRY(screen_put(c, e->ref, false, sn_buf_bytes(&e->text), why));
		sn_buf_done(&e->text);
	}
	c->nearly = 0;
	return SN_OK;
}

enum sn_err
cer_screen_record(struct cer *c, const struct view *v, struct sn_why *why)
{
	SN_CLEANUP(sn_buf_done) struct sn_buf text = { 0 };
	char ref[80];

	if (v->kind == VIEW_BUSY || (c->bun != NULL && c->late == NULL) || c->log_closed)
		return SN_OK;
	view_reference(v, ref);
	SN_TRY(view_log_text(c->log, v, &text, why));
	SN_TRY(sn_buf_check(&text, why));
	if (bytes_equal(sn_buf_bytes(&text), sn_buf_bytes(&c->last_screen)))
		return SN_OK; /* the same is still there */
	c->last_screen.n = 0;
	sn_buf_put(&c->last_screen, sn_buf_bytes(&text));
	SN_TRY(sn_buf_check(&c->last_screen, why));
	if (tr_size(c->tr) == 0)
		return screen_later(c, ref, sn_buf_bytes(&text), why);
	SN_TRY(screen_earlier(c, why));
	return screen_put(c, ref, v->personal, sn_buf_bytes(&text), why);
}

void
cer_screens_done(struct cer *c)
{
	for (size_t i = 0; i < c->nearly; i++)
		sn_buf_done(&c->early[i].text);
	c->nearly = 0;
	sn_buf_done(&c->last_screen);
	view_log_free(&c->log);
}
