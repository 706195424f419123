#include "ceremony/bundle/writer.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "appliance/base/file.h"
#include "appliance/base/text.h"
#include "ceremony/bundle/compose.h"
#include "ceremony/bundle/statement.h"
#include "firmware-cache/store/store.h"

/* The closing order. A call is allowed in one state only; see in_state(). */
enum state { OPEN, SEALED, SIGNED, QUOTED };

struct entry {
	char *path;
	struct sn_buf data;
};

struct entries {
	struct entry *entry;
	size_t n, cap, total;
};

struct in_force {
	char name[17];
	struct sn_buf pem;
};

struct bun {
	enum state state;
	struct entries own;
	struct sn_buf statement;
	struct bun_statement parsed;
	size_t approvals;

	enum bun_kind kind;
	char prefix[16];	/* "ops/7/" */
	struct entries carried; /* the bundle that an operations statement is for */
	struct in_force in_force[BUN_MAX_APPROVERS];
	size_t nin_force;
};

static const char *const state_name[] = {
	[OPEN] = "open",
	[SEALED] = "sealed",
	[SIGNED] = "signed",
	[QUOTED] = "quoted",
};

static enum sn_err
in_state(const struct bun *b, enum state want, const char *what, struct sn_why *why)
{
	if (b->state == want)
		return SN_OK;
	return sn_fail(why, SN_E_BUNDLE, "%s: the bundle is %s, it must be %s", what,
	    state_name[b->state], state_name[want]);
}

enum sn_err
bun_new(struct bun **ret, struct sn_why *why)
{
	struct bun *b = calloc(1, sizeof(*b));

	if (b == NULL)
		return sn_fail(why, SN_E_NOMEM, "bundle");
	*ret = b;
	return SN_OK;
}

enum sn_err
bun_new_ops(uint32_t n, struct bun **ret, struct sn_why *why)
{
	if (n == 0 || n > BUN_OPS_MAX)
		return sn_fail(why, SN_E_BUNDLE,
		    "operations statement %u of a bundle, not 1 to %d", n, BUN_OPS_MAX);
	SN_TRY(bun_new(ret, why));
	(*ret)->kind = BUN_KIND_OPS;
	(void)snprintf((*ret)->prefix, sizeof((*ret)->prefix), BUN_OPS "%u/", n);
	return SN_OK;
}

static void
entries_done(struct entries *l)
{
	for (size_t i = 0; i < l->n; i++) {
		free(l->entry[i].path);
		sn_buf_done(&l->entry[i].data);
	}
	free(l->entry);
	*l = (struct entries){ 0 };
}

void
bun_free(struct bun **bp)
{
	if (bp == NULL || *bp == NULL)
		return;
	entries_done(&(*bp)->own);
	entries_done(&(*bp)->carried);
	for (size_t i = 0; i < (*bp)->nin_force; i++)
		sn_buf_done(&(*bp)->in_force[i].pem);
	sn_buf_done(&(*bp)->statement);
	bun_statement_done(&(*bp)->parsed);
	free(*bp);
	*bp = NULL;
}

/* FAT knows no case: two paths that differ only in case are one. */
static const struct entry *
find(const struct bun *b, const char *path)
{
	for (size_t i = 0; i < b->own.n; i++)
		if (strcasecmp(b->own.entry[i].path, path) == 0)
			return &b->own.entry[i];
	return NULL;
}

static enum sn_err
check_path(const struct entries *l, const char *path, struct sn_why *why)
{
	const size_t n = strlen(path);

	if (!sn_path_ok(path))
		return sn_fail(why, SN_E_BUNDLE, "%s: not a path that survives FAT", path);
	for (size_t i = 0; i < l->n; i++) {
		const char *other = l->entry[i].path;
		const size_t m = strlen(other), shorter = n < m ? n : m;

		if (strncasecmp(path, other, shorter) != 0)
			continue;
		if (n == m)
			return sn_fail(why, SN_E_BUNDLE, "%s: is there already", path);
		if ((n < m ? other : path)[shorter] == '/')
			return sn_fail(why, SN_E_BUNDLE, "%s: a file and a folder", path);
	}
	return SN_OK;
}

static enum sn_err
grow(struct entries *l, struct sn_why *why)
{
	const size_t cap = l->cap == 0 ? 64 : l->cap * 2;
	struct entry *more;

	if (l->n < l->cap)
		return SN_OK;
	more = reallocarray(l->entry, cap, sizeof(*more));
	if (more == NULL)
		return sn_fail(why, SN_E_NOMEM, "bundle");
	l->entry = more;
	l->cap = cap;
	return SN_OK;
}

/* Keeps a copy, whatever class the path is of. */
static enum sn_err
put_in(struct entries *l, const char *path, struct bytes data, struct sn_why *why)
{
	struct entry e = { 0 };

	SN_TRY(check_path(l, path, why));
	if (l->n >= BUN_MAX_FILES || data.n > BUN_MAX_FILE || l->total + data.n > BUN_MAX_TOTAL)
		return sn_fail(why, SN_E_LIMIT, "%s: the bundle would be too large", path);
	SN_TRY(grow(l, why));
	e.path = strdup(path);
	sn_buf_put(&e.data, data);
	if (e.path == NULL || sn_buf_check(&e.data, why) != SN_OK) {
		free(e.path);
		sn_buf_done(&e.data);
		return sn_fail(why, SN_E_NOMEM, "bundle");
	}
	l->entry[l->n++] = e;
	l->total += data.n;
	return SN_OK;
}

static enum sn_err
put(struct bun *b, const char *path, struct bytes data, struct sn_why *why)
{
	return put_in(&b->own, path, data, why);
}

static bool
writer_only(const char *path)
{
	return strcasecmp(path, BUN_SUMS) == 0 || strcasecmp(path, BUN_VERIFY_TXT) == 0 ||
	    strncasecmp(path, "approvals/", 10) == 0 ||
	    strncasecmp(path, BUN_ORIGINALS, strlen(BUN_ORIGINALS)) == 0 ||
	    strncasecmp(path, BUN_CARRIED, strlen(BUN_CARRIED)) == 0;
}

enum sn_err
bun_add(struct bun *b, const char *path, struct bytes data, struct sn_why *why)
{
	SN_TRY(in_state(b, OPEN, path, why));
	if (bun_class_of(path) != BUN_BOUND || writer_only(path))
		return sn_fail(why, SN_E_BUNDLE, "%s: not a file that is added so", path);
	return put(b, path, data, why);
}

enum sn_err
bun_carry(struct bun *b, const char *path, struct bytes data, struct sn_why *why)
{
	SN_TRY(in_state(b, OPEN, path, why));
	if (b->kind != BUN_KIND_OPS || strncasecmp(path, b->prefix, strlen(b->prefix)) == 0)
		return sn_fail(why, SN_E_BUNDLE, "%s: not a file that is carried along", path);
	return put_in(&b->carried, path, data, why);
}

enum sn_err
bun_ops_approver(struct bun *b, const char *name, struct bytes pem, struct sn_why *why)
{
	struct in_force *a = &b->in_force[b->nin_force];

	SN_TRY(in_state(b, OPEN, "approver", why));
	if (b->kind != BUN_KIND_OPS || b->nin_force == BUN_MAX_APPROVERS ||
	    strlen(name) >= sizeof(a->name))
		return sn_fail(why, SN_E_BUNDLE, "%s: not an approver that is added so", name);
	(void)snprintf(a->name, sizeof(a->name), "%s", name);
	sn_buf_put(&a->pem, pem);
	b->nin_force++;
	return sn_buf_check(&a->pem, why);
}

enum sn_err
bun_add_collateral(struct bun *b, const struct col_verified *item, struct sn_why *why)
{
	char path[sizeof(BUN_ORIGINALS) + COL_PATH_MAX];

	SN_TRY(in_state(b, OPEN, "collateral", why));
	snprintf(path, sizeof(path), BUN_ORIGINALS "%s", col_verified_path(item));
	return put(b, path, col_verified_bytes(item), why);
}

enum sn_err
bun_add_carried(struct bun *b, const struct col_carried *item, struct sn_why *why)
{
	char path[sizeof(BUN_CARRIED) + COL_PATH_MAX];

	SN_TRY(in_state(b, OPEN, "collateral", why));
	snprintf(path, sizeof(path), BUN_CARRIED "%s", col_carried_path(item));
	return put(b, path, col_carried_bytes(item), why);
}

enum sn_err
bun_set_openings(struct bun *b, struct bytes openings, struct sn_why *why)
{
	SN_TRY(in_state(b, OPEN, BUN_OPENINGS, why));
	return put(b, BUN_OPENINGS, openings, why);
}

static int
by_path(const void *a, const void *b)
{
	const struct entry *x = a, *y = b;

	return strcmp(x->path, y->path);
}

/* The digests of all bound files, in byte order of the path. */
static enum sn_err
digest_all(struct bun *b, struct bun_digested *ret, size_t *ret_n, struct sn_why *why)
{
	size_t n = 0;

	struct entries *l = &b->own;

	qsort(l->entry, l->n, sizeof(l->entry[0]), by_path);
	for (size_t i = 0; i < l->n; i++) {
		if (bun_class_of(l->entry[i].path) != BUN_BOUND)
			continue;
		ret[n].path = l->entry[i].path;
		SN_TRY(cry_digest(CRY_SHA256, sn_buf_bytes(&l->entry[i].data), ret[n].sha256,
		    why));
		n++;
	}
	*ret_n = n;
	return SN_OK;
}

static enum sn_err
check_complete(const struct bun *b, struct sn_why *why)
{
	for (size_t i = 0; bun_required(b->kind, i) != NULL; i++) {
		const char *path = bun_required(b->kind, i);
		const enum bun_class class = bun_class_of(path);

		if (class == BUN_BOUND && strcmp(path, BUN_SUMS) != 0 && find(b, path) == NULL)
			return sn_fail(why, SN_E_BUNDLE, "%s: is not in the bundle", path);
	}
	return SN_OK;
}

/* The approver's key as filed, checked against the statement's digest of it. */
static enum sn_err
approver_key(const struct bun *b, const struct bun_stated_approver *a, struct cry_key **ret,
    struct sn_why *why)
{
	SN_CLEANUP(cry_key_free) struct cry_key *key = NULL;
	uint8_t digest[32];
	char path[64];

	snprintf(path, sizeof(path), "trust/approvers/%.16s.pem", a->name);
	const struct entry *e = find(b, path);
	if (e == NULL)
		return sn_fail(why, SN_E_BUNDLE, "%s: is not in the bundle", path);
	SN_TRY(bun_key_parse(sn_buf_bytes(&e->data), path, &key, why));
	SN_TRY(bun_key_sha256(key, digest, why));
	if (cry_key_alg(key) != CRY_P384 || memcmp(digest, a->key_sha256, 32) != 0)
		return sn_fail(why, SN_E_BUNDLE, "%s: is not the key that the statement names",
		    path);
	*ret = SN_TAKE(key);
	return SN_OK;
}

/* The keys of approvers are here; an operations statement changes them or leaves them. */
static enum sn_err
check_stated(const struct bun *b, struct sn_why *why)
{
	for (size_t i = 0; i < b->parsed.napprovers; i++) {
		const struct bun_stated_approver *a = &b->parsed.approver[i];
		SN_CLEANUP(cry_key_free) struct cry_key *key = NULL;
		char path[64];

		(void)snprintf(path, sizeof(path), BUN_APPROVERS "%.16s.pem", a->name);
		if (b->kind == BUN_KIND_BUNDLE || find(b, path) != NULL)
			SN_TRY(approver_key(b, a, &key, why));
	}
	return SN_OK;
}

static enum sn_err
seal(struct bun *b, const struct bun_predicate *p, struct bun_digested *files,
    struct sn_why *why)
{
	SN_CLEANUP(sn_buf_done) struct sn_buf sums = { 0 };
	SN_CLEANUP(sn_buf_done) struct sn_buf statement = { 0 };
	size_t n;

	if ((p->base_sha256 != NULL) != (b->kind == BUN_KIND_OPS))
		return sn_fail(why, SN_E_BUNDLE, "a statement of another kind");
	if (b->kind == BUN_KIND_BUNDLE)
		SN_TRY(put(b, BUN_VERIFY_TXT, bytes_str(bun_verify_text), why));
	SN_TRY(check_complete(b, why));
	SN_TRY(digest_all(b, files, &n, why));
	bun_compose_sums(files, n, &sums);
	SN_TRY(sn_buf_check(&sums, why));
	SN_TRY(put(b, BUN_SUMS, sn_buf_bytes(&sums), why));
	SN_TRY(digest_all(b, files, &n, why));
	SN_TRY(bun_compose_statement(p, files, n, &statement, why));
	SN_TRY(bun_statement_parse_kind(b->kind, sn_buf_bytes(&statement), &b->parsed, why));
	SN_TRY(check_stated(b, why));
	SN_TRY(put(b, BUN_STATEMENT, sn_buf_bytes(&statement), why));
	b->statement = statement;
	statement = (struct sn_buf){ 0 };
	b->state = SEALED;
	return SN_OK;
}

enum sn_err
bun_seal(struct bun *b, const struct bun_predicate *p, struct sn_why *why)
{
	SN_TRY(in_state(b, OPEN, BUN_STATEMENT, why));
	struct bun_digested *files = calloc(BUN_MAX_FILES, sizeof(*files));
	if (files == NULL)
		return sn_fail(why, SN_E_NOMEM, "bundle");
	enum sn_err e = seal(b, p, files, why);
	free(files);
	return e;
}

struct bytes
bun_statement(const struct bun *b)
{
	return sn_buf_bytes(&b->statement);
}

enum sn_err
bun_statement_sha256(const struct bun *b, uint8_t ret[32], struct sn_why *why)
{
	if (b->state == OPEN)
		return sn_fail(why, SN_E_BUNDLE, "there is no statement yet");
	return cry_digest(CRY_SHA256, sn_buf_bytes(&b->statement), ret, why);
}

/* The key that the name's approval is judged by. */
static enum sn_err
approving_key(const struct bun *b, const char *name, struct cry_key **ret, struct sn_why *why)
{
	const struct bun_stated_approver *a = bun_statement_approver(&b->parsed, name);

	for (size_t i = 0; i < b->nin_force; i++)
		if (strcmp(b->in_force[i].name, name) == 0)
			return bun_key_parse(sn_buf_bytes(&b->in_force[i].pem), name, ret, why);
	if (a == NULL || b->kind == BUN_KIND_OPS)
		return sn_fail(why, SN_E_BUNDLE, "%s: is no approver of this statement", name);
	return approver_key(b, a, ret, why);
}

enum sn_err
bun_add_approval(struct bun *b, const char *name, struct bytes sig, struct sn_why *why)
{
	SN_CLEANUP(cry_key_free) struct cry_key *key = NULL;
	char path[64];

	SN_TRY(in_state(b, SEALED, "approval", why));
	SN_TRY(approving_key(b, name, &key, why));
	SN_TRY(cry_verify(key, sn_buf_bytes(&b->statement), sig, why));
	snprintf(path, sizeof(path), "approvals/%.16s.sig", name);
	SN_TRY(put(b, path, sig, why));
	b->approvals++;
	return SN_OK;
}

enum sn_err
bun_set_cms(struct bun *b, struct bytes p384, struct bytes mldsa, struct sn_why *why)
{
	SN_TRY(in_state(b, SEALED, BUN_CMS_P384, why));
	if (b->approvals < b->parsed.approvals)
		return sn_fail(why, SN_E_BUNDLE, "signed with %zu approvals, %u are needed",
		    b->approvals, b->parsed.approvals);
	SN_TRY(put(b, BUN_CMS_P384, p384, why));
	SN_TRY(put(b, BUN_CMS_MLDSA, mldsa, why));
	b->state = SIGNED;
	return SN_OK;
}

/* What was added goes to its folder in the bundle that was carried along. */
static enum sn_err
join_carried(struct bun *b, struct sn_why *why)
{
	for (size_t i = 0; i < b->own.n; i++) {
		SN_CLEANUP(sn_buf_done) struct sn_buf path = { 0 };

		sn_buf_fmt(&path, "%s%s", b->prefix, b->own.entry[i].path);
		SN_TRY(sn_buf_check(&path, why));
		SN_TRY(put_in(&b->carried, sn_buf_cstr(&path),
		    sn_buf_bytes(&b->own.entry[i].data), why));
	}
	entries_done(&b->own);
	b->own = b->carried;
	b->carried = (struct entries){ 0 };
	return SN_OK;
}

enum sn_err
bun_set_quote(struct bun *b, struct bytes msg, struct bytes sig, struct bytes pcr,
    struct sn_why *why)
{
	SN_TRY(in_state(b, SIGNED, BUN_QUOTE_MSG, why));
	SN_TRY(put(b, BUN_QUOTE_MSG, msg, why));
	SN_TRY(put(b, BUN_QUOTE_SIG, sig, why));
	SN_TRY(put(b, BUN_QUOTE_PCR, pcr, why));
	if (b->kind == BUN_KIND_OPS)
		SN_TRY(join_carried(b, why));
	qsort(b->own.entry, b->own.n, sizeof(b->own.entry[0]), by_path);
	b->state = QUOTED;
	return SN_OK;
}

enum sn_err
bun_adopt(struct bun *b, const char *path, struct bytes data, struct sn_why *why)
{
	SN_TRY(in_state(b, OPEN, path, why));
	return put(b, path, data, why);
}

enum sn_err
bun_adopted(struct bun *b, uint8_t ret_statement_sha256[32], struct sn_why *why)
{
	const struct entry *e = find(b, BUN_STATEMENT);

	SN_TRY(in_state(b, OPEN, BUN_STATEMENT, why));
	if (e == NULL)
		return sn_fail(why, SN_E_MISSING, BUN_STATEMENT ": is missing");
	SN_TRY(cry_digest(CRY_SHA256, sn_buf_bytes(&e->data), ret_statement_sha256, why));
	sn_buf_put(&b->statement, sn_buf_bytes(&e->data));
	SN_TRY(sn_buf_check(&b->statement, why));
	qsort(b->own.entry, b->own.n, sizeof(b->own.entry[0]), by_path);
	b->state = QUOTED;
	return SN_OK;
}

size_t
bun_count(const struct bun *b)
{
	return b->state == QUOTED ? b->own.n : 0;
}

struct bun_file
bun_file(const struct bun *b, size_t i)
{
	if (i >= bun_count(b))
		return (struct bun_file){ NULL, { NULL, 0 } };
	return (struct bun_file){ b->own.entry[i].path, sn_buf_bytes(&b->own.entry[i].data) };
}

enum sn_err
bun_write(const struct bun *b, int dirfd, struct sn_why *why)
{
	SN_TRY(in_state(b, QUOTED, "export", why));
	for (size_t i = 0; i < b->own.n; i++) {
		const struct entry *e = &b->own.entry[i];

		SN_TRY(sn_file_parents(dirfd, e->path, why));
		SN_TRY(sn_file_write(dirfd, e->path, sn_buf_bytes(&e->data), 0644, false, why));
	}
	return SN_OK;
}
