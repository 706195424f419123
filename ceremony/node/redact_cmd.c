/*
 * `sanctum redact`: a copy of a bundle from which openings are withheld. Names and free texts
 * are in the transcript as commitments only, so that everything else stays as it was signed.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "appliance/base/file.h"
#include "appliance/base/json.h"
#include "ceremony/node/cmd.h"
#include "ceremony/transcript/transcript.h"

#define OPENINGS "transcript/openings.jsonl"
#define RECORDS "transcript/records.jsonl"
#define PERSONS_MAX 24
#define FILE_LIMIT (64U << 20)
#define PERSON_ID "person.present"

static const struct option_row rows[] = {
	{ "--person", "NAME", "withhold what shows the full name of NAME; may be repeated" },
	{ "--all", NULL, "withhold every full name and every free text" },
};

const struct option_row *
cmd_redact_option(size_t i)
{
	return i < SN_NITEMS(rows) ? &rows[i] : NULL;
}

struct redaction {
	const char *from, *to;
	bool all;
	const char *person[PERSONS_MAX]; /* names of the plan */
	const char *full[PERSONS_MAX];	 /* their full names, as opened; the transcript's */
	size_t npersons;
	struct tr_read *transcript;
	int fromfd, tofd;
	struct sn_buf kept; /* the openings that stay */
	size_t withheld, files;
};

static enum sn_err
parse_args(int argc, char **argv, struct redaction *r, struct sn_why *why)
{
	for (int i = 0; i < argc; i++) {
		if (strcmp(argv[i], "--all") == 0) {
			r->all = true;
		} else if (strcmp(argv[i], "--person") == 0 && i + 1 < argc) {
			if (r->npersons == PERSONS_MAX)
				return sn_fail(why, SN_E_USAGE, "--person: too many");
			r->person[r->npersons++] = argv[++i];
		} else if (argv[i][0] == '-' || r->to != NULL) {
			return sn_fail(why, SN_E_USAGE, "redact: \"%s\" is not understood",
			    argv[i]);
		} else if (r->from == NULL) {
			r->from = argv[i];
		} else {
			r->to = argv[i];
		}
	}
	if (r->to == NULL)
		return sn_fail(why, SN_E_USAGE, "redact: DIR and OUT are needed");
	if (r->all == (r->npersons > 0))
		return sn_fail(why, SN_E_USAGE, "redact: either --all or --person NAME");
	return SN_OK;
}

/* The full name behind a name: opened in the record that says who was present. */
static enum sn_err
find_person(const struct tr_read *t, const char *name, const char **ret, struct sn_why *why)
{
	for (size_t i = 0; i < tr_read_size(t); i++) {
		const struct tr_record *rec = tr_read_record(t, i);

		if (strcmp(rec->id, PERSON_ID) != 0 ||
		    !yyjson_equals_str(yyjson_obj_get(rec->args, "name"), name))
			continue;
		*ret = tr_read_opened(t, i, "full");
		if (*ret == NULL)
			return sn_fail(why, SN_E_MISSING,
			    OPENINGS ": the name of %s is withheld already", name);
		return SN_OK;
	}
	return sn_fail(why, SN_E_MISSING, RECORDS ": nobody called %s was present", name);
}

static enum sn_err
shows_person(const struct redaction *r, struct bytes line, bool *ret, struct sn_why *why)
{
	SN_CLEANUP(sn_json_free) yyjson_doc *doc = NULL;
	const char *text = NULL;

	*ret = r->all;
	SN_TRY(sn_json_parse(line, OPENINGS, false, &doc, why));
	SN_TRY(sn_json_str(yyjson_doc_get_root(doc), "text", TR_MAX_TEXT, &text, OPENINGS,
	    why));
	for (size_t i = 0; i < r->npersons; i++)
		*ret |= strstr(text, r->full[i]) != NULL;
	return SN_OK;
}

/* Sort the openings into those that stay and those that are withheld. */
static enum sn_err
choose_openings(struct redaction *r, struct sn_why *why)
{
	SN_CLEANUP(sn_buf_done) struct sn_buf records = { 0 }, openings = { 0 };
	struct bytes rest;

	SN_TRY(sn_file_read(r->fromfd, RECORDS, TR_MAX_BYTES, &records, why));
	SN_TRY(sn_file_read(r->fromfd, OPENINGS, TR_MAX_BYTES, &openings, why));
	SN_TRY(tr_read_new(sn_buf_bytes(&records), &r->transcript, why));
	SN_TRY(tr_read_openings(r->transcript, sn_buf_bytes(&openings), why));
	for (size_t i = 0; i < r->npersons; i++)
		SN_TRY(find_person(r->transcript, r->person[i], &r->full[i], why));
	rest = sn_buf_bytes(&openings);
	while (rest.n > 0) {
		const uint8_t *end = memchr(rest.p, '\n', rest.n);
		const struct bytes line = { rest.p, (size_t)(end - rest.p) };
		bool hide = false;

		SN_TRY(shows_person(r, line, &hide, why));
		r->withheld += hide;
		if (!hide)
			sn_buf_put(&r->kept, (struct bytes){ rest.p, line.n + 1 });
		rest.p += line.n + 1;
		rest.n -= line.n + 1;
	}
	return sn_buf_check(&r->kept, why);
}

/* The promise of this command: the name is nowhere in the copy, whatever the file. */
static enum sn_err
check_file(void *arg, const struct sn_walk_entry *entry, struct sn_why *why)
{
	SN_CLEANUP(sn_buf_done) struct sn_buf data = { 0 };
	struct redaction *r = arg;

	if (strcmp(entry->path, OPENINGS) == 0)
		return SN_OK;
	SN_TRY(sn_file_read(r->fromfd, entry->path, FILE_LIMIT, &data, why));
	for (size_t i = 0; i < r->npersons; i++)
		if (bytes_find(sn_buf_bytes(&data), bytes_str(r->full[i])) != SIZE_MAX)
			return sn_fail(why, SN_E_POLICY,
			    "%s: the full name of %s is in it, and a signed file cannot be "
			    "redacted; nothing was written",
			    entry->path, r->person[i]);
	return SN_OK;
}

static enum sn_err
copy_file(void *arg, const struct sn_walk_entry *entry, struct sn_why *why)
{
	SN_CLEANUP(sn_buf_done) struct sn_buf data = { 0 };
	struct redaction *r = arg;

	if (strcmp(entry->path, OPENINGS) == 0)
		return SN_OK;
	SN_TRY(sn_file_read(r->fromfd, entry->path, FILE_LIMIT, &data, why));
	SN_TRY(sn_file_parents(r->tofd, entry->path, why));
	r->files++;
	return sn_file_write(r->tofd, entry->path, sn_buf_bytes(&data), 0644, false, why);
}

static enum sn_err
copy(struct redaction *r, struct sn_why *why)
{
	char part[4096];

	if (access(r->to, F_OK) == 0)
		return sn_fail(why, SN_E_IO, "%s is there already", r->to);
	if ((size_t)snprintf(part, sizeof(part), "%s.part", r->to) >= sizeof(part))
		return sn_fail(why, SN_E_USAGE, "redact: OUT is too long");
	if (mkdir(part, 0755) != 0)
		return sn_fail(why, SN_E_IO, "%s: %s", part, strerror(errno));
	SN_TRY(cmd_open_dir(part, &r->tofd, why));
	SN_TRY(sn_file_walk(r->fromfd, ".", copy_file, r, why));
	if (r->kept.n > 0) {
		SN_TRY(sn_file_write(r->tofd, OPENINGS, sn_buf_bytes(&r->kept), 0644, false,
		    why));
		r->files++;
	}
	if (rename(part, r->to) != 0)
		return sn_fail(why, SN_E_IO, "%s: %s", r->to, strerror(errno));
	return SN_OK;
}

static enum sn_err
redact(struct redaction *r, struct sn_why *why)
{
	SN_TRY(cmd_open_dir(r->from, &r->fromfd, why));
	SN_TRY(choose_openings(r, why));
	SN_TRY(sn_file_walk(r->fromfd, ".", check_file, r, why));
	SN_TRY(copy(r, why));
	printf(
	    "sanctum: %zu files copied to %s, %zu openings withheld; records, checkpoint and "
	    "statement are the same\n",
	    r->files, r->to, r->withheld);
	return SN_OK;
}

enum sn_err
cmd_redact(int argc, char **argv, int64_t now SN_UNUSED, struct sn_why *why)
{
	struct redaction r = { .fromfd = -1, .tofd = -1 };
	enum sn_err e = parse_args(argc, argv, &r, why);

	if (e == SN_OK)
		e = redact(&r, why);
	sn_fd_done(&r.fromfd);
	sn_fd_done(&r.tofd);
	sn_buf_done(&r.kept);
	tr_read_free(&r.transcript);
	return e;
}
