#include "firmware-cache/store/fleet.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "appliance/base/file.h"
#include "appliance/base/text.h"
#include "appliance/crypto/der.h"
#include "firmware-cache/store/fleet_aside.h"
#include "firmware-cache/store/fleet_walk.h"
#include "firmware-cache/store/priv.h"

/* Is there a common name that is exactly this? [X.520] id-at-commonName, a string's tag. */
static bool
has_common_name(struct bytes b, const char *name)
{
	static const uint8_t cn[] = { 0x06, 0x03, 0x55, 0x04, 0x03 };
	struct bytes rest = b, want = bytes_str(name);
	size_t at;

	while ((at = bytes_find(rest, want)) != SIZE_MAX) {
		const uint8_t *hit = rest.p + at;

		if ((size_t)(hit - b.p) >= sizeof(cn) + 2 && hit[-1] == want.n &&
		    memcmp(hit - 2 - sizeof(cn), cn, sizeof(cn)) == 0)
			return true;
		rest = (struct bytes){ hit + 1, rest.n - at - 1 };
	}
	return false;
}

bool
col_fleet_is_machine(struct bytes b)
{
	const struct col_vendor_ops *v;

	if (b.n == 0 || b.n > FLEET_MACHINE_MAX || b.p[0] != DER_SEQUENCE)
		return false;
	for (size_t i = 0; (v = col_vendor_at(i)) != NULL; i++)
		for (size_t k = 0; k < v->nmachine_names; k++)
			if (has_common_name(b, v->machine_names[k]))
				return true;
	return false;
}

static void
item_done(struct col_item *it)
{
	col_claim_done(&it->claim);
}

static enum sn_err
same_census(const struct col_census *a, const struct col_census *b, const char *dir,
    struct sn_why *why)
{
	if (a->files == b->files && a->digest == b->digest && a->machines == b->machines)
		return SN_OK;
	return sn_fail(why, SN_E_IO, "%s: it changed while it was judged; judge it again", dir);
}

/* ---- the first walk: who signs */

struct adding {
	struct col_store *store;
	struct sn_buf buf;
	struct col_census census;
	struct fleet_aside aside; /* the second process, if there is one */
};

static enum sn_err
add_one(void *arg, int at, const char *name, const char *path, uint64_t size,
    struct sn_why *why)
{
	struct adding *a = arg;
	bool machine = false;

	if (fleet_aside_has(&a->aside, a->census.files))
		SN_TRY(fleet_aside_says(&a->aside, a->census.files, &machine, why));
	else
		machine = fleet_peek(at, name, size);
	fleet_census_add(&a->census, path, size);
	if (size > COL_ITEM_BYTES_MAX)
		return col_store_add_oversize(a->store, path, size, why);
	if (machine) {
		a->census.machines++;
		return SN_OK;
	}
	SN_TRY(sn_file_read(at, name, COL_ITEM_BYTES_MAX, &a->buf, why));
	if (!col_fleet_is_machine(sn_buf_bytes(&a->buf)))
		return col_store_add(a->store, path, sn_buf_bytes(&a->buf), why);
	a->census.machines++;
	return SN_OK;
}

enum sn_err
col_fleet_add_dir(struct col_store *s, int dirfd, const char *dir, unsigned int jobs,
    struct col_census *ret, struct sn_why *why)
{
	struct adding a = { .store = s };
	enum sn_err e = SN_OK;

	if (jobs > 1)
		SN_TRY(fleet_aside_start(dirfd, dir, &a.aside, why));
	e = fleet_walk(dirfd, dir, add_one, &a, why);
	if (e == SN_OK)
		e = fleet_aside_same(&a.aside, &a.census, dir, why);
	fleet_aside_end(&a.aside);
	sn_buf_done(&a.buf);
	if (e == SN_OK)
		*ret = a.census;
	return e;
}

/* ---- the second walk: who is signed */

enum sn_err
col_store_judge(const struct col_store *s, const char *path, struct bytes b,
    struct col_row *ret, struct sn_why *why)
{
	SN_CLEANUP(item_done) struct col_item it = { 0 };
	struct col_row row = { 0 };

	if (!s->checked)
		return sn_fail(why, SN_E_INTERNAL, "the collateral store is not judged yet");
	snprintf(it.path, sizeof(it.path), "%s", path);
	SN_TRY(col_claim_read(path, b, &it.claim, why));
	SN_TRY(col_judge_machine(s, &it, why));
	col_fill_row(&it, &row);
	row.verified = NULL; /* nothing of it is kept */
	row.claim = NULL;
	if (!row.ok)
		SN_TRY(col_row_digest(&row, b, why));
	*ret = row;
	return SN_OK;
}

enum sn_err
col_row_digest(struct col_row *row, struct bytes b, struct sn_why *why)
{
	uint8_t sha256[CRY_SHA256_LEN];

	SN_TRY(cry_digest(CRY_SHA256, b, sha256, why));
	sn_hex(BYTES_OF(sha256), row->sha256);
	return SN_OK;
}

/* What one walk over its share found. Its processes send it as it is: no pointers in use. */
struct share {
	struct col_census census;
	struct col_fleet fleet;
	uint64_t lapse_at; /* the place in the walk of fleet.first_to_lapse */
	enum sn_err err;   /* of the walk itself */
	struct sn_why why;
};

/* One share of the walk: the chunks whose number is its own, modulo jobs. */
struct judging {
	const struct col_store *store;
	unsigned int jobs, own;
	struct share share;
	struct sn_buf buf;
	struct col_row row;
	/* given each refused row; and the end of each chunk of its own, with NULL */
	enum sn_err (*tell)(void *arg, const struct col_row *row, struct sn_why *why);
	void *arg;
};

static enum sn_err
judge_file(struct judging *j, int at, const char *name, const char *path, struct sn_why *why)
{
	struct col_fleet *f = &j->share.fleet;

	SN_TRY(sn_file_read(at, name, FLEET_MACHINE_MAX, &j->buf, why));
	if (!col_fleet_is_machine(sn_buf_bytes(&j->buf)))
		return SN_OK;
	j->share.census.machines++;
	SN_TRY(col_store_judge(j->store, path, sn_buf_bytes(&j->buf), &j->row, why));
	if (!j->row.ok) {
		if (f->refused++ == 0)
			f->first_refused = j->row;
		return j->tell(j->arg, &j->row, why);
	}
	if (f->accepted++ == 0 || j->row.good_until < f->first_to_lapse.good_until) {
		SN_TRY(col_row_digest(&j->row, sn_buf_bytes(&j->buf), why));
		f->first_to_lapse = j->row;
		j->share.lapse_at = j->share.census.files;
	}
	return SN_OK;
}

static enum sn_err
judge_one(void *arg, int at, const char *name, const char *path, uint64_t size,
    struct sn_why *why)
{
	struct judging *j = arg;
	struct col_census *c = &j->share.census;
	bool mine = c->files / FLEET_CHUNK % j->jobs == j->own;

	fleet_census_add(c, path, size);
	if (!mine)
		return SN_OK;
	if (size <= FLEET_MACHINE_MAX)
		SN_TRY(judge_file(j, at, name, path, why));
	return c->files % FLEET_CHUNK == 0 ? j->tell(j->arg, NULL, why) : SN_OK;
}

static enum sn_err
judge_share(struct judging *j, int dirfd, const char *dir, struct sn_why *why)
{
	enum sn_err e = fleet_walk(dirfd, dir, judge_one, j, why);

	sn_buf_done(&j->buf);
	return e;
}

/* ---- processes */

enum mark { MARK_ROW, MARK_CHUNK, MARK_LAST };

struct worker {
	pid_t pid;
	int fd; /* what it says, for the parent */
	bool ended;
	struct share share;
};

static enum sn_err
send_row(void *arg, const struct col_row *row, struct sn_why *why)
{
	const int *fd = arg;
	enum mark m = row != NULL ? MARK_ROW : MARK_CHUNK;

	SN_TRY(sn_fd_write(*fd, (struct bytes){ (const uint8_t *)&m, sizeof(m) }, why));
	return row != NULL
	    ? sn_fd_write(*fd, (struct bytes){ (const uint8_t *)row, sizeof(*row) }, why)
	    : SN_OK;
}

static void
child(struct judging *j, int dirfd, const char *dir, int fd)
{
	const enum mark m = MARK_LAST;

	j->tell = send_row;
	j->arg = &fd;
	j->share.err = judge_share(j, dirfd, dir, &j->share.why);
	if (sn_fd_write(fd, (struct bytes){ (const uint8_t *)&m, sizeof(m) }, NULL) != SN_OK ||
	    sn_fd_write(fd, (struct bytes){ (const uint8_t *)&j->share, sizeof(j->share) },
		NULL) != SN_OK)
		_exit(1);
	_exit(0);
}

static enum sn_err
start(struct worker *w, unsigned int n, const struct col_store *s, int dirfd, const char *dir,
    struct sn_why *why)
{
	for (unsigned int i = 0; i < n; i++) {
		struct judging j = { .store = s, .jobs = n, .own = i };
		int p[2];

		if (pipe2(p, O_CLOEXEC) != 0)
			return sn_fail(why, SN_E_IO, "a pipe: %s", strerror(errno));
		w[i].fd = p[0];
		w[i].pid = fork();
		if (w[i].pid == 0) {
			for (unsigned int k = 0; k <= i; k++)
				close(w[k].fd);
			child(&j, dirfd, dir, p[1]);
		}
		close(p[1]);
		if (w[i].pid < 0)
			return sn_fail(why, SN_E_IO, "a process: %s", strerror(errno));
	}
	return SN_OK;
}

/* A process's next chunk: rows until its mark. */
static enum sn_err
receive(struct worker *w, struct judging *j, struct sn_why *why)
{
	for (;;) {
		enum mark m;

		SN_TRY(fleet_hear(w->fd, &m, sizeof(m), why));
		if (m == MARK_CHUNK)
			return SN_OK;
		if (m == MARK_LAST)
			break;
		SN_TRY(fleet_hear(w->fd, &j->row, sizeof(j->row), why));
		SN_TRY(j->tell(j->arg, &j->row, why));
		if (j->share.fleet.refused++ == 0)
			j->share.fleet.first_refused = j->row;
	}
	w->ended = true;
	SN_TRY(fleet_hear(w->fd, &w->share, sizeof(w->share), why));
	if (w->share.err != SN_OK)
		return sn_fail(why, w->share.err, "%s", w->share.why.text);
	return SN_OK;
}

/* Of two shares that lapse in the same second, the earlier in the walk is named. */
static void
merge(struct share *all, const struct share *one)
{
	int64_t a = all->fleet.first_to_lapse.good_until,
		b = one->fleet.first_to_lapse.good_until;

	if (one->fleet.accepted > 0 &&
	    (all->fleet.accepted == 0 || b < a || (b == a && one->lapse_at < all->lapse_at))) {
		all->fleet.first_to_lapse = one->fleet.first_to_lapse;
		all->lapse_at = one->lapse_at;
	}
	all->fleet.accepted += one->fleet.accepted;
	all->census.machines += one->census.machines;
}

/* Chunk by chunk in turn, which is the order of the walk. */
static enum sn_err
collect(struct worker *w, unsigned int n, struct judging *j, const char *dir,
    struct sn_why *why)
{
	unsigned int ended = 0;

	for (unsigned int i = 0; ended < n; i = (i + 1) % n) {
		if (w[i].ended)
			continue;
		SN_TRY(receive(&w[i], j, why));
		ended += w[i].ended;
	}
	for (unsigned int i = 0; i < n; i++) {
		size_t machines = j->share.census.machines;

		j->share.census = w[i].share.census;
		j->share.census.machines = machines;
		merge(&j->share, &w[i].share);
		if (w[i].share.census.files != w[0].share.census.files ||
		    w[i].share.census.digest != w[0].share.census.digest)
			return sn_fail(why, SN_E_IO,
			    "%s: it changed while it was judged; judge it again", dir);
	}
	return SN_OK;
}

static enum sn_err
finish(struct worker *w, unsigned int n, enum sn_err e, struct sn_why *why)
{
	for (unsigned int i = 0; i < n; i++) {
		int status = 0;

		if (w[i].fd >= 0)
			close(w[i].fd);
		if (w[i].pid <= 0)
			continue;
		while (waitpid(w[i].pid, &status, 0) < 0 && errno == EINTR)
			continue;
		if (e == SN_OK && (!WIFEXITED(status) || WEXITSTATUS(status) != 0))
			e = sn_fail(why, SN_E_IO, "a process that judged certificates failed");
	}
	return e;
}

static enum sn_err
judge_in_processes(struct judging *j, int dirfd, const char *dir, struct sn_why *why)
{
	struct worker *w = calloc(j->jobs, sizeof(*w));
	enum sn_err e;

	if (w == NULL)
		return sn_fail(why, SN_E_NOMEM, "%u processes", j->jobs);
	for (unsigned int i = 0; i < j->jobs; i++)
		w[i].fd = -1;
	e = start(w, j->jobs, j->store, dirfd, dir, why);
	if (e == SN_OK)
		e = collect(w, j->jobs, j, dir, why);
	e = finish(w, j->jobs, e, why);
	free(w);
	return e;
}

/* ---- both */

struct telling {
	enum sn_err (*line)(void *arg, const struct col_row *row, struct sn_why *why);
	void *arg;
};

static enum sn_err
tell_line(void *arg, const struct col_row *row, struct sn_why *why)
{
	const struct telling *t = arg;

	return row != NULL ? t->line(t->arg, row, why) : SN_OK;
}

enum sn_err
col_fleet_judge(const struct col_store *s, int dirfd, const char *dir,
    const struct col_census *census, unsigned int jobs,
    enum sn_err (*line)(void *arg, const struct col_row *row, struct sn_why *why), void *arg,
    struct col_fleet *ret, struct sn_why *why)
{
	struct telling t = { line, arg };
	struct judging j = { .store = s, .jobs = jobs, .tell = tell_line, .arg = &t };

	if (jobs < 1 || jobs > COL_FLEET_JOBS_MAX)
		return sn_fail(why, SN_E_USAGE, "1 to %u processes, not %u", COL_FLEET_JOBS_MAX,
		    jobs);
	if (jobs == 1)
		SN_TRY(judge_share(&j, dirfd, dir, why));
	else
		SN_TRY(judge_in_processes(&j, dirfd, dir, why));
	SN_TRY(same_census(census, &j.share.census, dir, why));
	*ret = j.share.fleet;
	return SN_OK;
}
