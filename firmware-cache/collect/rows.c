#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "appliance/base/file.h"
#include "appliance/crypto/digest.h"
#include "firmware-cache/collect/priv.h"

void
clt_headers_name(const char *file, char ret[CLT_NAME_ROOM])
{
	snprintf(ret, CLT_NAME_ROOM, "%s.hdr", file);
}

/* ---- rows */

enum sn_err
clt_rows_new(const struct req_list *l, struct clt_rows *ret, struct sn_why *why)
{
	struct clt_row *v = calloc(l->n, sizeof(*v));

	if (v == NULL)
		return sn_fail(why, SN_E_NOMEM, "a record of %zu rows", l->n);
	*ret = (struct clt_rows){ .list = l, .v = v, .n.total = l->n };
	return SN_OK;
}

void
clt_rows_done(struct clt_rows *r)
{
	if (r == NULL || r->v == NULL)
		return;
	for (size_t i = 0; i < r->list->n; i++)
		free(r->v[i].reason);
	free(r->v);
	*r = (struct clt_rows){ 0 };
}

enum sn_err
clt_rows_set(struct clt_rows *r, size_t i, const struct req_result *x, enum sn_err err,
    struct sn_why *why)
{
	size_t *const counts[REQ_OUTCOME_COUNT] = { [REQ_FETCHED] = &r->n.fetched,
		[REQ_ABSENT] = &r->n.absent,
		[REQ_REFUSED] = &r->n.refused,
		[REQ_FAILED] = &r->n.failed };
	struct clt_row *row = &r->v[i];

	if (row->known)
		return sn_fail(why, SN_E_INTERNAL, "%s: a second outcome", x->file);
	*row = (struct clt_row){ .r = *x, .err = err, .known = true };
	row->r.file = r->list->v[i].file;
	row->r.url = r->list->v[i].url;
	if (x->reason != NULL) {
		row->reason = strndup(x->reason, REQ_REASON_MAX);
		if (row->reason == NULL)
			return sn_fail(why, SN_E_NOMEM, "a reason");
		row->r.reason = row->reason;
	}
	++*counts[x->outcome];
	return SN_OK;
}

enum sn_err
clt_rows_write(const struct clt_rows *r, int dir, struct sn_why *why)
{
	SN_CLEANUP(sn_buf_done) struct sn_buf b = { 0 };

	for (size_t i = 0; i < r->list->n; i++)
		if (r->v[i].known)
			SN_TRY(req_result_write(&r->v[i].r, &b, why));
	return sn_file_write(dir, CLT_RECORD, sn_buf_bytes(&b), 0644, true, why);
}

enum sn_err
clt_rows_verdict(const struct clt_rows *r, struct sn_why *why)
{
	const struct clt_row *first = NULL;
	size_t n = 0;

	for (size_t i = 0; i < r->list->n; i++) {
		const struct clt_row *row = &r->v[i];

		if (!row->known)
			return sn_fail(why, SN_E_IO,
			    "stopped before everything was asked for; "
			    "the same command goes on");
		if (row->r.outcome == REQ_FETCHED ||
		    (row->r.outcome == REQ_ABSENT && r->list->v[i].optional))
			continue;
		if (n++ == 0)
			first = row;
	}
	if (first == NULL)
		return SN_OK;
	return sn_fail(why, first->err, "%zu of %zu not fetched, first %.120s: %s", n,
	    r->list->n, first->r.file, first->reason);
}

/* ---- an earlier run */

struct resume {
	struct clt_rows *rows;
	const struct req **by_file;
	int originals;
};

static int
compare_files(const void *a, const void *b)
{
	const struct req *x = *(const struct req *const *)a, *y = *(const struct req *const *)b;

	return strcmp(x->file, y->file);
}

static bool
is_whole(int originals, const char *name, size_t max, const uint8_t sha256[CRY_SHA256_LEN])
{
	SN_CLEANUP(sn_buf_done) struct sn_buf b = { 0 };
	uint8_t digest[CRY_SHA256_LEN];

	return sn_file_read(originals, name, max, &b, NULL) == SN_OK &&
	    cry_digest(CRY_SHA256, sn_buf_bytes(&b), digest, NULL) == SN_OK &&
	    memcmp(digest, sha256, sizeof(digest)) == 0;
}

/* Neither an old reply nor half of one stays where a new one is to come. */
static enum sn_err
resume_row(void *arg, const struct req_result *x, struct sn_why *why)
{
	const struct req key = { .file = x->file }, *want = &key, **found;
	struct resume *s = arg;
	char headers[CLT_NAME_ROOM];
	size_t i;

	found =
	    bsearch(&want, s->by_file, s->rows->list->n, sizeof(*s->by_file), compare_files);
	if (found == NULL)
		return SN_OK;
	i = (size_t)(*found - s->rows->list->v);
	clt_headers_name(x->file, headers);
	if (s->rows->v[i].known)
		return sn_fail(why, SN_E_FORMAT, CLT_RECORD ": %s is there twice", x->file);
	if (strcmp((*found)->url, x->url) == 0 &&
	    (x->outcome == REQ_ABSENT ||
		(x->outcome == REQ_FETCHED &&
		    is_whole(s->originals, x->file, (*found)->max, x->sha256) &&
		    is_whole(s->originals, headers, CLT_HEADERS_MAX, x->headers_sha256)))) {
		SN_TRY(clt_rows_set(s->rows, i, x,
		    x->outcome == REQ_ABSENT ? SN_E_MISSING : SN_OK, why));
		s->rows->v[i].kept = true;
		s->rows->n.kept += x->outcome == REQ_FETCHED;
		return SN_OK;
	}
	(void)unlinkat(s->originals, x->file, 0);
	(void)unlinkat(s->originals, headers, 0);
	return SN_OK;
}

static void
free_index(const struct req ***p)
{
	free(*p);
}

enum sn_err
clt_rows_resume(struct clt_rows *r, int dir, int originals, struct sn_why *why)
{
	SN_CLEANUP(sn_buf_done) struct sn_buf b = { 0 };
	SN_CLEANUP(free_index) const struct req **by_file = NULL;
	struct resume s = { .rows = r, .originals = originals };

	if (faccessat(dir, CLT_RECORD, F_OK, AT_SYMLINK_NOFOLLOW) != 0)
		return SN_OK;
	SN_TRY(sn_file_read(dir, CLT_RECORD, REQ_BYTES_MAX, &b, why));
	by_file = calloc(r->list->n, sizeof(*by_file));
	if (by_file == NULL)
		return sn_fail(why, SN_E_NOMEM, "an index of %zu", r->list->n);
	for (size_t i = 0; i < r->list->n; i++)
		by_file[i] = &r->list->v[i];
	qsort(by_file, r->list->n, sizeof(*by_file), compare_files);
	s.by_file = by_file;
	return req_results_parse(sn_buf_bytes(&b), CLT_RECORD, resume_row, &s, why);
}
