/*
 * world - a generated PKI's collateral in a store, with files left out or added.
 *
 * Owns: the one PKI of the test program, and what a struct world holds until world_done().
 * May include: tests/lib, the rooms of firmware-cache. Each test names only what it changes.
 */
#ifndef TEST_WORLD_H
#define TEST_WORLD_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "appliance/base/text.h"
#include "appliance/crypto/makepki.h"
#include "firmware-cache/cmd/pki.h"
#include "firmware-cache/layouts/layouts.h"
#include "tests/lib/test.h"

#define SECRETS (64U << 10)
#define NOW "2025-07-01T00:00:00Z"
#define ALL_FILES 13

static struct pki pki;

static inline void
must(enum sn_err e, const struct sn_why *why)
{
	if (e != SN_OK)
		fail_msg("%s: %s", sn_err_name(e), why->text);
}

static inline int64_t
moment(const char *at)
{
	struct sn_why why = { 0 };
	int64_t t = 0;

	must(text_to_time(at, &t, "at", &why), &why);
	return t;
}

/* What a test changes: a file left out, files put in its place or beside the others. */
struct extra {
	const char *path;
	struct sn_buf b;
};
struct world {
	const char *drop;
	struct extra extra[4];
	size_t n;
	struct col_store *s;
};

static inline struct sn_buf *
more(struct world *w, const char *path)
{
	w->extra[w->n].path = path;
	return &w->extra[w->n++].b;
}

static inline enum sn_err
add_file(void *arg, const char *path, struct bytes bytes, struct sn_why *why)
{
	struct world *w = arg;

	if (w->drop != NULL && strcmp(w->drop, path) == 0)
		return SN_OK;
	return col_store_add(w->s, path, bytes, why);
}

static inline void
judge_under(struct world *w, const char *at, const struct col_roots *roots)
{
	struct col_policy policy = { .at = moment(at), .rehearsal = true, .extra = *roots };
	struct sn_why why = { 0 };

	must(col_store_new(&policy, &w->s, &why), &why);
	must(pki_each(&pki, add_file, w, &why), &why);
	for (size_t i = 0; i < w->n; i++)
		must(col_store_add(w->s, w->extra[i].path, sn_buf_bytes(&w->extra[i].b), &why),
		    &why);
	must(col_store_check(w->s, &why), &why);
}

static inline void
judge(struct world *w, const char *at)
{
	struct col_roots roots = { 0 };
	struct sn_why why = { 0 };

	must(pki_roots(&pki, &roots, &why), &why);
	judge_under(w, at, &roots);
}

static inline void
world_done(struct world *w)
{
	for (size_t i = 0; i < w->n; i++)
		sn_buf_done(&w->extra[i].b);
	col_store_free(&w->s);
}

static inline const struct col_row *
row_of(const struct world *w, const char *path)
{
	const struct col_row *rows = NULL;
	struct sn_why why = { 0 };
	size_t n = 0;

	must(col_store_rows(w->s, &rows, &n, &why), &why);
	for (size_t i = 0; i < n; i++)
		if (strcmp(rows[i].path, path) == 0)
			return &rows[i];
	fail_msg("no row for %s", path);
	return NULL;
}

static inline void
expect(const struct world *w, const char *path, enum sn_err want)
{
	const struct col_row *r = row_of(w, path);

	if ((r->ok ? SN_OK : r->why.err) != want)
		fail_msg("%s: %s, expected %s: %s", path,
		    r->ok ? "accepted" : sn_err_name(r->why.err), sn_err_name(want),
		    r->why.text);
}

/* A certificate by one party over another's key, under any name. */
static inline void
forge(struct sn_buf *ret, const char *cn, enum pki_party key, enum pki_party issuer, bool ca,
    int pathlen, bool crl_sign)
{
	struct cry_profile p = { .common_name = cn,
		.organization = "REHEARSAL",
		.not_before = pki.from,
		.not_after = pki.to,
		.ca = ca,
		.pathlen = pathlen,
		.key_cert_sign = ca,
		.crl_sign = crl_sign };
	struct sn_why why = { 0 };

	p.serial[19] = 9;
	must(cry_cert_issue_raw(&p, NULL, 0, false, pki.keys[key], pki.keys[issuer],
		 pki.certs[issuer], ret, &why),
	    &why);
}

struct world_test {
	const char *name;
	CMUnitTestFunction fn;
};

/* Start the libraries, make the PKI, run the tests; main's exit status. */
static inline int
world_run(const struct world_test *tests, size_t n, const char *group)
{
	struct test_list *l = test_list_new();
	struct sn_why why = { 0 };
	int status;

	if (cry_start(&why) != SN_OK || sn_secret_start(SECRETS, &why) != SN_OK ||
	    pki_make(&pki, &why) != SN_OK) {
		fprintf(stderr, "%s: %s\n", sn_err_name(why.err), why.text);
		return 1;
	}
	for (size_t i = 0; i < n; i++)
		test_list_add(l, tests[i].fn, NULL, "%s", tests[i].name);
	status = test_list_run(l, group);
	pki_done(&pki);
	return sn_secret_alive() == 0 ? status : 1;
}

#endif
