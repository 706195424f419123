/* `sanctum replay`: what happened, record by record, with the screens as people saw them. */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "appliance/base/file.h"
#include "appliance/base/text.h"
#include "ceremony/bundle/format.h"
#include "ceremony/node/cmd.h"
#include "ceremony/screen/log.h"
#include "ceremony/transcript/transcript.h"

#define CHECKPOINT "transcript/checkpoint"
#define CHUNKS 4

static const struct option_row rows[] = {
	{ "--records", NULL, "only the sentences, no screens" },
	{ "--screens", NULL, "only the screens" },
};

const struct option_row *
cmd_replay_option(size_t i)
{
	return i < SN_NITEMS(rows) ? &rows[i] : NULL;
}

struct asked {
	const char *dir;
	bool records, screens;
};

static enum sn_err
parse_args(int argc, char **argv, struct asked *ret, struct sn_why *why)
{
	for (int i = 0; i < argc; i++) {
		if (strcmp(argv[i], "--records") == 0)
			ret->records = true;
		else if (strcmp(argv[i], "--screens") == 0)
			ret->screens = true;
		else if (argv[i][0] == '-' || ret->dir != NULL)
			return sn_fail(why, SN_E_USAGE, "replay: \"%s\" is not understood",
			    argv[i]);
		else
			ret->dir = argv[i];
	}
	if (ret->dir == NULL)
		return sn_fail(why, SN_E_USAGE, "replay: no DIR is given");
	if (ret->records && ret->screens)
		return sn_fail(why, SN_E_USAGE, "--records and --screens exclude each other");
	return SN_OK;
}

/* The key of trust/log.pem under the name that the checkpoint's first line gives. */
static enum sn_err
log_key(int dirfd, struct bytes note, struct note_vkey *ret, struct sn_why *why)
{
	SN_CLEANUP(sn_buf_done) struct sn_buf pem = { 0 }, raw = { 0 };
	SN_CLEANUP(cry_key_free) struct cry_key *key = NULL;
	char name[NOTE_NAME_MAX + 1];
	const uint8_t *end =
	    memchr(note.p, '\n', note.n < NOTE_NAME_MAX ? note.n : NOTE_NAME_MAX);

	if (end == NULL)
		return sn_fail(why, SN_E_FORMAT, CHECKPOINT ": no name in the first line");
	memcpy(name, note.p, (size_t)(end - note.p));
	name[end - note.p] = '\0';
	SN_TRY(sn_file_read(dirfd, BUN_LOG_KEY, NOTE_MAX, &pem, why));
	SN_TRY(bun_key_parse(sn_buf_bytes(&pem), BUN_LOG_KEY, &key, why));
	if (cry_key_alg(key) != CRY_ED25519)
		return sn_fail(why, SN_E_FORMAT, BUN_LOG_KEY ": not an Ed25519 key");
	SN_TRY(cry_key_raw(key, &raw, why));
	return note_vkey_make(name, raw.p, ret, why);
}

/* The transcript as its checkpoint signs it, with the openings that are there. */
static enum sn_err
read_transcript(int dirfd, struct tr_read **ret, struct sn_why *why)
{
	SN_CLEANUP(sn_buf_done) struct sn_buf text = { 0 }, note = { 0 }, openings = { 0 };
	SN_CLEANUP(tr_read_free) struct tr_read *r = NULL;
	struct note_vkey vkey;
	enum sn_err e;

	SN_TRY(sn_file_read(dirfd, "transcript/records.jsonl", TR_MAX_BYTES, &text, why));
	SN_TRY(sn_file_read(dirfd, CHECKPOINT, NOTE_MAX, &note, why));
	SN_TRY(log_key(dirfd, sn_buf_bytes(&note), &vkey, why));
	SN_TRY(tr_read_new(sn_buf_bytes(&text), &r, why));
	SN_TRY(tr_read_checkpoint(r, sn_buf_bytes(&note), &vkey, why));
	e = sn_file_read(dirfd, BUN_OPENINGS, TR_MAX_BYTES, &openings, why);
	if (e == SN_OK)
		SN_TRY(tr_read_openings(r, sn_buf_bytes(&openings), why));
	else if (e != SN_E_MISSING)
		return e;
	*ret = SN_TAKE(r);
	return SN_OK;
}

/* ---- screens */

/* "media LABEL ..." or "remove LABEL": cut into its labels. */
static void
split_labels(const char *p, struct view *v)
{
	while (*p != '\0' && v->nlabels < VIEW_MAX_LABELS) {
		size_t n = strcspn(p, " ");

		if (n > 0 && n < sizeof(v->label[0])) {
			memcpy(v->label[v->nlabels], p, n);
			v->label[v->nlabels++][n] = '\0';
		}
		p += n;
		p += *p == ' ';
	}
}

/* What view_reference() made, back into the view that it names. */
static void
split_reference(char *ref, struct view *v)
{
	char *p = strchr(ref, '.'), *at;

	v->mode = v->sanctum = v->step = v->ask = "";
	if (p == NULL) {
		v->kind = strncmp(ref, "media", 5) == 0 ? VIEW_MEDIA : VIEW_REMOVE;
		split_labels(ref + strcspn(ref, " "), v);
		return;
	}
	*p = '\0';
	v->step = ref;
	v->ask = p + 1;
	at = strchr(p + 1, '@');
	if (at != NULL) {
		*at = '\0';
		v->person = at + 1;
	}
}

/* One part of a screen's text. *ret_withheld: it is a commitment that nobody opened. */
static enum sn_err
add_part(const struct tr_read *r, size_t i, struct sn_buf *ret, bool *ret_withheld,
    struct sn_why *why)
{
	static const char *const names[CHUNKS] = { "text1", "text2", "text3", "text4" };

	for (size_t k = 0; k < CHUNKS; k++) {
		yyjson_val *v = yyjson_obj_get(tr_read_record(r, i)->args, names[k]);
		const char *s = yyjson_get_str(v);

		if (v == NULL)
			break;
		if (s == NULL)
			s = tr_read_opened(r, i, names[k]);
		*ret_withheld |= s == NULL;
		sn_buf_str(ret, s != NULL ? s : "");
	}
	return sn_buf_check(ret, why);
}

static void
print_screen(const struct view *v)
{
	struct screen s;

	for (size_t page = 0; page < view_pages(v); page++) {
		view_render(v, page, &s);
		for (size_t row = 0; row < SCREEN_ROWS; row++)
			printf("%s\n", s.row[row]);
	}
}

/* Show the screen whose first part is record *i, and go to its last part. */
static enum sn_err
show_screen(const struct tr_read *r, const char *world, size_t *i, struct sn_why *why)
{
	SN_CLEANUP(sn_buf_done) struct sn_buf text = { 0 };
	const char *what = "screen.shown", *ref = NULL;
	yyjson_val *args = tr_read_record(r, *i)->args;
	struct view v = { .world = world };
	uint32_t parts = 0, part = 0;
	bool withheld = false;
	char own[80];

	SN_TRY(sn_json_u32(args, "parts", 1, TR_MAX_RECORDS, &parts, what, why));
	SN_TRY(sn_json_str(args, "screen", sizeof(own) - 1, &ref, what, why));
	for (uint32_t want = 1; want <= parts; want++) {
		const struct tr_record *rec = tr_read_record(r, *i);

		if (rec == NULL || strcmp(rec->id, TR_SCREEN_ID) != 0)
			return sn_fail(why, SN_E_FORMAT, "record %zu: a screen lacks parts",
			    *i);
		SN_TRY(sn_json_u32(rec->args, "part", want, want, &part, what, why));
		SN_TRY(add_part(r, *i, &text, &withheld, why));
		*i += want < parts;
	}
	view_copy(own, sizeof(own), ref);
	split_reference(own, &v);
	if (withheld)
		view_line(&v, "[withheld: names or free text were on this screen]");
	else
		SN_TRY(view_log_show(sn_buf_bytes(&text), &v, why));
	v.more = cat_text("ui.more");
	print_screen(&v);
	return SN_OK;
}

/* ---- sentences */

static void
print_value(const struct tr_read *r, size_t i, const char *name, yyjson_val *v,
    struct sn_buf *ret)
{
	const char *opened = tr_read_opened(r, i, name);

	if (yyjson_is_str(v))
		sn_buf_str(ret, yyjson_get_str(v));
	else if (yyjson_is_uint(v))
		sn_buf_fmt(ret, "%llu", (unsigned long long)yyjson_get_uint(v));
	else
		sn_buf_str(ret, opened != NULL ? opened : "[withheld]");
}

static enum sn_err
print_sentence(const struct tr_read *r, size_t i, struct sn_why *why)
{
	SN_CLEANUP(sn_buf_done) struct sn_buf values = { 0 }, line = { 0 };
	const struct tr_record *rec = tr_read_record(r, i);
	yyjson_obj_iter iter = yyjson_obj_iter_with(rec->args);
	size_t at[TR_MAX_ARGS], n = 0;
	struct cat_arg args[TR_MAX_ARGS + 1] = { 0 };
	char when[TEXT_TIME_LEN + 1];
	yyjson_val *key;

	while ((key = yyjson_obj_iter_next(&iter)) != NULL && n < TR_MAX_ARGS) {
		args[n].name = yyjson_get_str(key);
		at[n++] = values.n;
		print_value(r, i, yyjson_get_str(key), yyjson_obj_iter_get_val(key), &values);
		sn_buf_u8(&values, '\0');
	}
	SN_TRY(sn_buf_check(&values, why));
	for (size_t k = 0; k < n; k++)
		args[k].value = (const char *)values.p + at[k];
	cat_put(&line, rec->id, args);
	text_from_time(rec->time, when);
	printf("%4zu  %s  %s\n", i, when, sn_buf_cstr(&line));
	return SN_OK;
}

/* ---- all of it */

/* Of the record that began the ceremony; verified by nobody here but the checkpoint. */
static const char *
world_of(const struct tr_read *r)
{
	const struct tr_record *rec = tr_read_record(r, 0);
	const char *w = rec != NULL ? yyjson_get_str(yyjson_obj_get(rec->args, "world")) : NULL;

	if (w == NULL)
		return "";
	return cat_text(strcmp(w, "rehearsal") == 0 ? "ui.rehearsal" : "ui.production");
}

enum sn_err
cmd_replay(int argc, char **argv, int64_t now SN_UNUSED, struct sn_why *why)
{
	SN_CLEANUP(tr_read_free) struct tr_read *r = NULL;
	SN_CLEANUP(sn_fd_done) int dirfd = -1;
	struct asked asked = { 0 };
	size_t screens = 0;

	SN_TRY(parse_args(argc, argv, &asked, why));
	SN_TRY(cmd_open_dir(asked.dir, &dirfd, why));
	SN_TRY(read_transcript(dirfd, &r, why));
	for (size_t i = 0; i < tr_read_size(r); i++) {
		const bool screen = strcmp(tr_read_record(r, i)->id, TR_SCREEN_ID) == 0;

		screens += screen;
		if (screen && !asked.records)
			SN_TRY(show_screen(r, world_of(r), &i, why));
		else if (!screen && !asked.screens)
			SN_TRY(print_sentence(r, i, why));
	}
	printf("sanctum: replayed %zu records, %zu screens; the checkpoint's signature by "
	       "trust/log.pem holds; whether that key is the ceremony's: sanctum verify\n",
	    tr_read_size(r), screens);
	return SN_OK;
}
