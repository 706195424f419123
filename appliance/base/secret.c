#include "appliance/base/secret.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#define SECRET_UNIT 64
#define SECRET_ARENA_MAX (4U << 20)

/*
 * One arena, cut into units. The table of blocks lies outside the locked
 * memory: run[i] is the length in units of the block that starts at unit i,
 * and 0 where no block starts. Units that no run covers are free and zero.
 */
struct secret_arena {
	uint8_t *map; /* guard page | units | guard page */
	size_t map_len;
	uint8_t *p;
	uint32_t *run;
	size_t units;
	size_t alive;
	pid_t owner; /* a forked child has the mapping, but zeroed and not locked */
};

static struct secret_arena arena;

static enum sn_err
secret_no_dumps(struct sn_why *why)
{
	const struct rlimit none = { 0, 0 };

	if (setrlimit(RLIMIT_CORE, &none) != 0)
		return sn_fail(why, SN_E_LOCK, "core files could not be turned off: %s",
		    strerror(errno));
	if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0)
		return sn_fail(why, SN_E_LOCK, "the process could not be made undumpable: %s",
		    strerror(errno));
	return SN_OK;
}

/* Lock and protect n bytes at p; every refusal counts. */
static enum sn_err
secret_protect(uint8_t *p, size_t n, struct sn_why *why)
{
	static const struct {
		int advice;
		const char *what;
	} advices[] = {
		{ MADV_DONTDUMP, "kept out of dumps" },
		{ MADV_WIPEONFORK, "wiped on fork" },
	};

	if (mprotect(p, n, PROT_READ | PROT_WRITE) != 0)
		return sn_fail(why, SN_E_LOCK, "%zu bytes could not be made usable: %s", n,
		    strerror(errno));
	if (mlock(p, n) != 0)
		return sn_fail(why, SN_E_LOCK,
		    "%zu bytes could not be locked: %s; see ulimit -l", n, strerror(errno));
	for (size_t i = 0; i < SN_NITEMS(advices); i++)
		if (madvise(p, n, advices[i].advice) != 0)
			return sn_fail(why, SN_E_LOCK, "%zu bytes could not be %s: %s", n,
			    advices[i].what, strerror(errno));
	return SN_OK;
}

enum sn_err
sn_secret_start(size_t bytes, struct sn_why *why)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	size_t n;
	enum sn_err e;
	void *map;

	if (arena.map != NULL)
		return sn_fail(why, SN_E_INTERNAL, "memory for secrets was started twice");
	if (bytes == 0 || bytes > SECRET_ARENA_MAX)
		return sn_fail(why, SN_E_LIMIT, "%zu bytes for secrets, 1 to %u are allowed",
		    bytes, SECRET_ARENA_MAX);
	SN_TRY(secret_no_dumps(why));

	n = (bytes + page - 1) / page * page;
	map = mmap(NULL, n + 2 * page, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (map == MAP_FAILED)
		return sn_fail(why, SN_E_LOCK, "%zu bytes could not be mapped: %s", n,
		    strerror(errno));
	arena = (struct secret_arena){
		.map = map,
		.map_len = n + 2 * page,
		.p = (uint8_t *)map + page,
		.run = calloc(n / SECRET_UNIT, sizeof(*arena.run)),
		.units = n / SECRET_UNIT,
		.owner = getpid(),
	};
	e = arena.run != NULL ? secret_protect(arena.p, n, why)
			      : sn_fail(why, SN_E_NOMEM, "the table of secrets");
	if (e != SN_OK)
		sn_secret_stop();
	return e;
}

void
sn_secret_stop(void)
{
	if (arena.map == NULL)
		return;
	/* Making it writable again matters after a start that failed half-way. */
	if (mprotect(arena.p, arena.units * SECRET_UNIT, PROT_READ | PROT_WRITE) == 0)
		explicit_bzero(arena.p, arena.units * SECRET_UNIT);
	munmap(arena.map, arena.map_len);
	free(arena.run);
	arena = (struct secret_arena){ 0 };
}

/* The first unit of a free stretch of want units, or SIZE_MAX. */
static size_t
secret_find(size_t want)
{
	size_t start = 0, at = 0;

	while (at < arena.units) {
		if (arena.run[at] != 0) {
			at += arena.run[at];
			start = at;
			continue;
		}
		at++;
		if (at - start == want)
			return start;
	}
	return SIZE_MAX;
}

enum sn_err
sn_secret_new(size_t n, struct sn_secret *ret, struct sn_why *why)
{
	size_t want, at;

	if (arena.map == NULL || arena.owner != getpid())
		return sn_fail(why, SN_E_LOCK, "this process has no locked memory for secrets");
	if (n == 0) {
		*ret = (struct sn_secret){ 0 };
		return SN_OK;
	}
	if (n > arena.units * SECRET_UNIT)
		return sn_fail(why, SN_E_NOMEM,
		    "a secret of %zu bytes is larger than the arena", n);
	want = (n + SECRET_UNIT - 1) / SECRET_UNIT;
	at = secret_find(want);
	if (at == SIZE_MAX)
		return sn_fail(why, SN_E_NOMEM, "no room for a secret of %zu bytes", n);
	arena.run[at] = (uint32_t)want;
	arena.alive++;
	*ret = (struct sn_secret){ arena.p + at * SECRET_UNIT, n, want * SECRET_UNIT };
	return SN_OK;
}

enum sn_err
sn_secret_copy(struct bytes from, struct sn_secret *ret, struct sn_why *why)
{
	struct sn_secret s;

	SN_TRY(sn_secret_new(from.n, &s, why));
	if (from.n > 0)
		memcpy(s.p, from.p, from.n);
	*ret = s;
	return SN_OK;
}

enum sn_err
sn_secret_append(struct sn_secret *s, struct bytes v, struct sn_why *why)
{
	struct sn_secret bigger;

	if (v.n == 0)
		return SN_OK;
	if (v.n <= s->cap - s->n) {
		memmove(s->p + s->n, v.p, v.n);
		s->n += v.n;
		return SN_OK;
	}
	if (v.n > SIZE_MAX - s->n)
		return sn_fail(why, SN_E_NOMEM, "a secret of more bytes than there are");
	SN_TRY(sn_secret_new(s->n + v.n, &bigger, why));
	if (s->n > 0)
		memcpy(bigger.p, s->p, s->n);
	memcpy(bigger.p + s->n, v.p, v.n); /* v may lie in s: it still stands */
	sn_secret_done(s);
	*s = bigger;
	return SN_OK;
}

void
sn_secret_truncate(struct sn_secret *s, size_t n)
{
	if (n >= s->n)
		return;
	explicit_bzero(s->p + n, s->n - n);
	s->n = n;
}

void
sn_secret_done(struct sn_secret *s)
{
	size_t off, at;

	if (s == NULL)
		return;
	/* After sn_secret_stop() the memory is wiped and gone already. */
	if (s->p != NULL && arena.map != NULL) {
		off = (size_t)((uintptr_t)s->p - (uintptr_t)arena.p);
		at = off / SECRET_UNIT;
		/* A stray pointer or a second free: nothing after it can be trusted. */
		if (off % SECRET_UNIT != 0 || at >= arena.units ||
		    arena.run[at] * (size_t)SECRET_UNIT != s->cap || s->cap == 0)
			abort();
		explicit_bzero(s->p, s->cap);
		arena.run[at] = 0;
		arena.alive--;
	}
	*s = (struct sn_secret){ 0 };
}

struct bytes
sn_secret_bytes(const struct sn_secret *s)
{
	return (struct bytes){ s->p, s->n };
}

bool
sn_secret_equal(struct bytes a, struct bytes b)
{
	volatile uint8_t differ = 0;

	if (a.n != b.n)
		return false;
	for (size_t i = 0; i < a.n; i++)
		differ = differ | (a.p[i] ^ b.p[i]);
	return differ == 0;
}

void
sn_wipe(void *p, size_t n)
{
	if (p != NULL && n > 0)
		explicit_bzero(p, n);
}

size_t
sn_secret_alive(void)
{
	return arena.alive;
}
