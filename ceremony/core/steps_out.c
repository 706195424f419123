/*
 * Export: two OUT sticks with the same bundle. Each is written, pulled, put in again and
 * compared, so that what was compared is what the stick gives to somebody else.
 */
#include "ceremony/core/cer.h"

#include <stdlib.h>
#include <string.h>

enum { COPY_STICK, COPY_PULL, COPY_AGAIN, COPY_SAME, COPY_END, COPY_ASKS };

static const char *const out_labels[] = { CER_LABEL_OUT_A, CER_LABEL_OUT_B };

/* What goes out: the folder's name, how many files; revocation lists or a bundle. */
const char *
cer_out_folder(const struct cer *c)
{
	return c->kill != NULL ? CER_REVOCATION_DIR : CER_BUNDLE_DIR;
}

static size_t
out_count(const struct cer *c)
{
	return c->kill != NULL ? c->kill->n : bun_count(c->bun);
}

static struct med_file
out_file(const struct cer *c, size_t i)
{
	struct bun_file f;

	if (c->kill != NULL)
		return c->kill->file[i];
	f = bun_file(c->bun, i);
	return (struct med_file){ f.path, f.data };
}

size_t
step_export_count(const struct cer *c SN_UNUSED)
{
	return SN_NITEMS(out_labels) * COPY_ASKS;
}

enum sn_err
step_export_show(struct cer *c, size_t i, struct view *v, struct sn_why *why SN_UNUSED)
{
	static const struct {
		enum view_kind kind;
		const char *ask, *text, *lists; /* what goes out: a bundle, revocation lists */
	} asks[COPY_ASKS] = {
		[COPY_STICK] = { VIEW_MEDIA, "stick", "export.media", "revocation.media" },
		[COPY_PULL] = { VIEW_REMOVE, "pull", "export.pull", "revocation.pull" },
		[COPY_AGAIN] = { VIEW_MEDIA, "again", "export.again", "export.again" },
		[COPY_SAME] = { VIEW_INFO, "ok", "export.body", "export.body" },
		[COPY_END] = { VIEW_REMOVE, "pull", NULL, NULL },
	};
	const char *label = out_labels[i / COPY_ASKS];
	size_t at = i % COPY_ASKS;

	cer_view(v, asks[at].kind, asks[at].ask, "export.head");
	if (asks[at].text != NULL)
		view_say(v, c->kill != NULL ? asks[at].lists : asks[at].text,
		    CAT_ARGS({ "number", cer_num(i / COPY_ASKS + 1) },
			{ "count", cer_num(SN_NITEMS(out_labels)) },
			{ "files", cer_num(out_count(c)) },
			{ "bytes", cer_num(c->exported_bytes) }, { "label", label }));
	if (asks[at].kind != VIEW_INFO)
		cer_view_media(v, label);
	return SN_OK;
}

/* Was that written before a cut, to the byte? */
static bool
export_finished(struct cer *c, const char *label, const char *root,
    const struct med_file *files, size_t n)
{
	return c->journal.going == CER_EXPORT &&
	    med_compare(c->ports.media, label, root, files, n, NULL) == SN_OK;
}

/* The recovery card lies beside the bundle; revocation lists have none. */
static enum sn_err
export_card(struct cer *c, const char *label, bool write, struct sn_why *why)
{
	SN_CLEANUP(cer_card_done) struct cer_card card = { 0 };

	if (c->kill != NULL)
		return SN_OK;
	SN_TRY(cer_card_make(c, &card, why));
	for (size_t i = 0; write && i < card.n; i++)
		if (!export_finished(c, label, "", &card.file[i], 1))
			SN_TRY(med_write(c->ports.media, label, "", &card.file[i], 1, why));
	return med_compare(c->ports.media, label, "", card.file, card.n, why);
}

enum sn_err
cer_bundle_files(struct cer *c, struct med_file **ret, struct sn_why *why)
{
	size_t n = out_count(c);
	struct med_file *files = calloc(n, sizeof(*files));

	if (files == NULL)
		return sn_fail(why, SN_E_NOMEM, "export");
	c->exported_bytes = 0;
	for (size_t k = 0; k < n; k++) {
		files[k] = out_file(c, k);
		c->exported_bytes += files[k].data.n;
	}
	*ret = files;
	return SN_OK;
}

/* The stick of the first copy is no stick for the second, whatever its label says by now. */
static enum sn_err
export_other(const struct cer *c, size_t copy, const struct mark *m, struct sn_why *why)
{
	for (size_t i = 0; i < copy; i++)
		if (memcmp(m->id, c->out_mark[i].id, sizeof(m->id)) == 0)
			return sn_fail(why, SN_E_MEDIA,
			    "this is the stick of %s; take another for %s", out_labels[i],
			    out_labels[copy]);
	return SN_OK;
}

/* The mark comes last: nothing is changed on a stick that is refused. */
static enum sn_err
export_write(struct cer *c, size_t copy, const struct med_file *files, struct sn_why *why)
{
	const char *label = out_labels[copy];
	size_t n = out_count(c);
	struct mark m = { 0 };
	bool has;

	SN_TRY(cer_stick_judge(c, c->plan, label, &m, &has, why));
	if (has)
		SN_TRY(export_other(c, copy, &m, why));
	else
		SN_TRY(cer_stick_make(c, label, &m, why));
	if (!export_finished(c, label, cer_out_folder(c), files, n))
		SN_TRY(med_write(c->ports.media, label, cer_out_folder(c), files, n, why));
	if (!has)
		SN_TRY(cer_stick_write(c, label, &m, why));
	c->out_mark[copy] = m;
	SN_TRY(med_compare(c->ports.media, label, cer_out_folder(c), files, n, why));
	return export_card(c, label, true, why);
}

/* Is it the stick that was written? */
static enum sn_err
export_same(struct cer *c, size_t copy, struct sn_why *why)
{
	const char *label = out_labels[copy];
	struct mark m = { 0 };
	bool has;

	SN_TRY(cer_stick_judge(c, c->plan, label, &m, &has, why));
	if (has && memcmp(m.id, c->out_mark[copy].id, sizeof(m.id)) == 0)
		return SN_OK;
	return sn_fail(why, SN_E_MEDIA, "this is not the stick %s that was just written",
	    label);
}

/*
 * The second look. A stick that answers differently will never be asked again: it has to go,
 * and another one is written from the start. One that went away meanwhile may come back.
 */
static enum sn_err
export_again(struct cer *c, size_t i, const char *label, const struct med_file *files,
    struct sn_why *why)
{
	struct sn_why own = { 0 };
	enum sn_err e;

	SN_TRY(export_same(c, i / COPY_ASKS, why));
	e = med_compare(c->ports.media, label, cer_out_folder(c), files, out_count(c), &own);

	if (e == SN_OK)
		e = export_card(c, label, false, &own);
	if (e == SN_OK)
		return SN_OK;
	if (e != SN_E_MEDIA || !med_present(c->ports.media, label))
		return sn_fail(why, e, "%s", own.text);
	cer_note(c, "export.differs", CAT_ARGS({ "label", label }, { "reason", own.text }));
	view_copy(c->refused, sizeof(c->refused), label);
	c->ask = i - COPY_AGAIN + COPY_STICK - (size_t)1; /* raised by one */
	return SN_OK;
}

static enum sn_err
export_record(struct cer *c, size_t copy, struct sn_why *why)
{
	char id[2 * sizeof(c->out_mark[copy].id) + 1];

	if (c->late == NULL || c->ask != copy * COPY_ASKS + COPY_AGAIN)
		return SN_OK; /* or it differed, and another is asked for */
	sn_hex(BYTES_OF(c->out_mark[copy].id), id);
	return CER_RECORD(c, "export.compared", why, TR_ARG_STR("label", out_labels[copy]),
	    TR_ARG_STR("stick", id), TR_ARG_INT("files", bun_count(c->bun)),
	    TR_ARG_INT("bytes", c->exported_bytes));
}

enum sn_err
step_export_there(struct cer *c, size_t i, const char *label, struct sn_why *why)
{
	struct med_file *files = NULL;
	enum sn_err e;

	SN_TRY(cer_bundle_files(c, &files, why));
	e = i % COPY_ASKS == COPY_STICK ? export_write(c, i / COPY_ASKS, files, why)
					: export_again(c, i, label, files, why);
	if (e == SN_OK && i % COPY_ASKS == COPY_AGAIN)
		e = export_record(c, i / COPY_ASKS, why);
	med_eject(c->ports.media, label);
	free(files);
	return e;
}
