#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "appliance/base/file.h"
#include "appliance/base/text.h"
#include "appliance/crosscheck/crosscheck.h"
#include "appliance/crosscheck/tls.h"

#define OPS "ops/"
#define COSIGNATURES "transcript/cosignatures/"

/* Not bound by the statement. Approvals are told by name. */
static const char *const exempt[] = { XC_STATEMENT, XC_CMS_P384, XC_CMS_MLDSA, XC_QUOTE_MSG,
	XC_QUOTE_SIG, XC_QUOTE_PCR, XC_OPENINGS };

/* Later events: not read at all. */
static const char *const uncovered[] = { COSIGNATURES, "closing/" };

/* Without these nothing can be judged. trust.c names the certificates. */
static const char *const required[] = { XC_CMS_P384, XC_CMS_MLDSA, XC_SUMS, "VERIFY.txt",
	XC_IDENTITY, XC_LOG_KEY, XC_RECORDS, XC_CHECKPOINT, XC_AK, XC_QUOTE_MSG, XC_QUOTE_SIG,
	XC_QUOTE_PCR };

/* ---- reading, once */

struct loading {
	struct xc *c;
	int dirfd;
	bool entered; /* load_one() has the word: a failure is its own, not the walk's */
};

static enum sn_err
grow(struct xc *c, struct sn_why *why)
{
	const size_t cap = c->cap == 0 ? 64 : c->cap * 2;

	if (c->n < c->cap)
		return SN_OK;
	struct xc_file *more = reallocarray(c->file, cap, sizeof(*more));
	if (more == NULL)
		return sn_fail(why, SN_E_NOMEM, "bundle");
	c->file = more;
	c->cap = cap;
	return SN_OK;
}

static enum sn_err
load_file(struct xc *c, int dirfd, const char *whole, const char *path, struct sn_why *why)
{
	if (c->n >= XC_MAX_FILES)
		return sn_fail(why, SN_E_FORMAT, "more than %d files", XC_MAX_FILES);
	SN_TRY(grow(c, why));
	struct xc_file *f = &c->file[c->n];
	*f = (struct xc_file){ .path = strdup(path) };
	if (f->path == NULL)
		return sn_fail(why, SN_E_NOMEM, "bundle");
	c->n++; /* from here on xc_done() frees it */
	SN_TRY(sn_file_read(dirfd, whole, XC_MAX_FILE, &f->data, why));
	c->total += f->data.n;
	if (c->total > XC_MAX_TOTAL)
		return sn_fail(why, SN_E_FORMAT, "more than %u bytes", XC_MAX_TOTAL);
	return tls_hash(GNUTLS_DIG_SHA256, sn_buf_bytes(&f->data), f->sha256, why);
}

/* Below these folders other signatures cover what there is. */
static bool
is_uncovered(const char *path)
{
	for (size_t i = 0; i < SN_NITEMS(uncovered); i++)
		if (strncmp(path, uncovered[i], strlen(uncovered[i])) == 0)
			return true;
	return false;
}

/* ops/N/REST belongs to operations statement N; nothing else lies below ops/. */
static enum sn_err
load_ops(struct loading *l, const char *path, struct sn_why *why)
{
	const char *at = path + strlen(OPS);
	uint32_t n = 0;

	for (; *at >= '0' && *at <= '9' && n <= XC_MAX_OPS && path[strlen(OPS)] != '0'; at++)
		n = n * 10 + (uint32_t)(*at - '0');
	if (n == 0 || n > XC_MAX_OPS || *at != '/' || at[1] == '\0')
		return sn_fail(why, SN_E_MISSING, "%s: belongs to no operations statement",
		    path);
	if (strncmp(at + 1, COSIGNATURES, strlen(COSIGNATURES)) == 0) {
		l->c->later++;
		return SN_OK;
	}
	if (is_uncovered(at + 1) || strncmp(at + 1, OPS, strlen(OPS)) == 0)
		return sn_fail(why, SN_E_MISSING, "%s: no statement covers it", path);
	if (l->c->ops == NULL)
		l->c->ops = calloc(XC_MAX_OPS, sizeof(*l->c->ops));
	if (l->c->ops == NULL)
		return sn_fail(why, SN_E_NOMEM, "bundle");
	for (; l->c->nops < n; l->c->nops++)
		l->c->ops[l->c->nops].number = l->c->nops + 1;
	return load_file(&l->c->ops[n - 1], l->dirfd, path, at + 1, why);
}

static enum sn_err
load_one(void *arg, const struct sn_walk_entry *entry, struct sn_why *why)
{
	struct loading *l = arg;

	if (is_uncovered(entry->path)) {
		l->c->uncovered++;
		l->c->later++;
		return SN_OK;
	}
	l->entered = true;
	if (strncmp(entry->path, OPS, strlen(OPS)) == 0) {
		l->c->uncovered++; /* by the bundle's own statement */
		SN_TRY(load_ops(l, entry->path, why));
	} else {
		SN_TRY(load_file(l->c, l->dirfd, entry->path, entry->path, why));
	}
	l->entered = false;
	return SN_OK;
}

enum sn_err
xc_load(struct xc *c, int dirfd, struct sn_why *why)
{
	struct loading l = { c, dirfd, false };
	struct sn_why inner = { 0 };
	const enum sn_err e = sn_file_walk(dirfd, ".", load_one, &l, &inner);

	/* the walk itself refuses names and kinds of files that no statement can list */
	if (e == SN_E_FORMAT && !l.entered)
		return sn_fail(why, SN_E_MISSING, "%s: the statement cannot list it",
		    inner.text);
	if (e != SN_OK)
		return sn_fail(why, e, "%s", inner.text);
	for (size_t i = 0; i < c->n; i++)
		for (size_t k = i + 1; k < c->n; k++)
			if (strcasecmp(c->file[i].path, c->file[k].path) == 0)
				return sn_fail(why, SN_E_MISSING,
				    "%s: differs only in case from %s", c->file[k].path,
				    c->file[i].path);
	return SN_OK;
}

static int
compare_file(const void *path, const void *file)
{
	return strcmp(path, ((const struct xc_file *)file)->path);
}

const struct xc_file *
xc_find(const struct xc *c, const char *path)
{
	if (c->n == 0)
		return NULL;
	return bsearch(path, c->file, c->n, sizeof(c->file[0]), compare_file);
}

enum sn_err
xc_get(const struct xc *c, const char *path, struct bytes *ret, struct sn_why *why)
{
	const struct xc_file *f = xc_find(c, path);

	if (f == NULL)
		return sn_fail(why, SN_E_MISSING, "%s: is missing", path);
	*ret = sn_buf_bytes(&f->data);
	return SN_OK;
}

/* ---- who is listed */

void
xc_mark(const struct xc *c, const char *path)
{
	for (size_t i = 0; i < c->n; i++)
		if (strcmp(c->file[i].path, path) == 0)
			c->file[i].checked = true;
}

static int
compare_subject(const void *path, const void *subject)
{
	return strcmp(path, ((const struct xc_subject *)subject)->path);
}

static bool
is_listed(const struct xc *c, const char *path)
{
	return bsearch(path, c->st.subject, c->st.nsubjects, sizeof(c->st.subject[0]),
		   compare_subject) != NULL;
}

/* approvals/NAME.sig of a name that may be one */
static bool
is_approval(const char *path)
{
	char name[32];
	const size_t n = strlen(path), head = strlen("approvals/"), tail = strlen(".sig");

	if (strncmp(path, "approvals/", head) != 0 || n <= head + tail ||
	    n - head - tail >= sizeof(name) || strcmp(path + n - tail, ".sig") != 0)
		return false;
	memcpy(name, path + head, n - head - tail);
	name[n - head - tail] = '\0';
	return text_name_ok(name);
}

static bool
is_exempt(const char *path)
{
	for (size_t i = 0; i < SN_NITEMS(exempt); i++)
		if (strcmp(path, exempt[i]) == 0)
			return true;
	return is_uncovered(path) || is_approval(path);
}

/* The bundle has these for its operations statements, too. */
static bool
of_bundle_alone(const char *path)
{
	return strcmp(path, "VERIFY.txt") == 0 || strcmp(path, XC_IDENTITY) == 0 ||
	    strcmp(path, XC_LOG_KEY) == 0;
}

static enum sn_err
check_listed(const struct xc *c, struct sn_why *why)
{
	for (size_t i = 0; i < SN_NITEMS(required); i++) {
		if (c->number > 0 && of_bundle_alone(required[i]))
			continue;
		if (xc_find(c, required[i]) == NULL)
			return sn_fail(why, SN_E_MISSING, "%s: is missing", required[i]);
		if (!is_exempt(required[i]) && !is_listed(c, required[i]))
			return sn_fail(why, SN_E_MISSING, "%s: the statement does not list it",
			    required[i]);
	}
	for (size_t i = 0; i < c->st.nsubjects; i++) {
		if (is_exempt(c->st.subject[i].path))
			return sn_fail(why, SN_E_FORMAT,
			    XC_STATEMENT ": %s cannot be a subject", c->st.subject[i].path);
		if (xc_find(c, c->st.subject[i].path) == NULL)
			return sn_fail(why, SN_E_MISSING, "%s: is missing",
			    c->st.subject[i].path);
	}
	for (size_t i = 0; i < c->n; i++)
		if (!is_exempt(c->file[i].path) && !is_listed(c, c->file[i].path))
			return sn_fail(why, SN_E_MISSING, "%s: the statement does not list it",
			    c->file[i].path);
	return SN_OK;
}

enum sn_err
xc_check_files(struct xc *c, struct sn_buf *line, struct sn_why *why)
{
	SN_CLEANUP(sn_buf_done) struct sn_buf sums = { 0 };
	struct bytes there;

	SN_TRY(check_listed(c, why));
	for (size_t i = 0; i < c->st.nsubjects; i++) {
		const struct xc_subject *s = &c->st.subject[i];

		if (memcmp(xc_find(c, s->path)->sha256, s->sha256, 32) != 0)
			return sn_fail(why, SN_E_SIGNATURE,
			    "%s: is not the file that the statement lists", s->path);
		if (strcmp(s->path, XC_SUMS) == 0)
			continue;
		sn_buf_hex(&sums, BYTES_OF(s->sha256));
		sn_buf_fmt(&sums, "  %s\n", s->path);
	}
	SN_TRY(sn_buf_check(&sums, why));
	SN_TRY(xc_get(c, XC_SUMS, &there, why));
	if (!bytes_equal(there, sn_buf_bytes(&sums)))
		return sn_fail(why, SN_E_SIGNATURE,
		    XC_SUMS ": does not say what the statement says");
	xc_mark(c, XC_SUMS);
	sn_buf_fmt(line, "%zu bound with SHA-256, %zu others", c->st.nsubjects,
	    c->n - c->st.nsubjects + c->uncovered);
	return SN_OK;
}
