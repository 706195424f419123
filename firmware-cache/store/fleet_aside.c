#include "firmware-cache/store/fleet_aside.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "appliance/base/file.h"
#include "firmware-cache/store/fleet_walk.h"

void
fleet_census_add(struct col_census *c, const char *path, uint64_t size)
{
	const uint64_t prime = 0x100000001b3;

	for (const char *s = path; *s != '\0'; s++)
		c->digest = (c->digest ^ (uint8_t)*s) * prime;
	for (unsigned int i = 0; i < 64; i += 8)
		c->digest = (c->digest ^ (uint8_t)(size >> i)) * prime;
	c->files++;
}

bool
fleet_peek(int at, const char *name, uint64_t size)
{
	SN_CLEANUP(sn_fd_done) int fd = -1;
	uint8_t b[FLEET_MACHINE_MAX + 1];
	ssize_t n;

	if (size > FLEET_MACHINE_MAX)
		return false;
	fd = openat(at, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	if (fd < 0)
		return false;
	n = read(fd, b, sizeof(b));
	return n > 0 && col_fleet_is_machine((struct bytes){ b, (size_t)n });
}

enum sn_err
fleet_write(int fd, const void *p, size_t n, struct sn_why *why)
{
	const uint8_t *at = p;

	while (n > 0) {
		ssize_t k = write(fd, at, n);

		if (k < 0 && errno == EINTR)
			continue;
		if (k <= 0)
			return sn_fail(why, SN_E_IO, "a pipe: %s", strerror(errno));
		at += k;
		n -= (size_t)k;
	}
	return SN_OK;
}

enum sn_err
fleet_read(int fd, void *p, size_t n, struct sn_why *why)
{
	uint8_t *at = p;

	while (n > 0) {
		ssize_t k = read(fd, at, n);

		if (k < 0 && errno == EINTR)
			continue;
		if (k <= 0)
			return sn_fail(why, SN_E_IO,
			    "a process that judged certificates ended before its time");
		at += k;
		n -= (size_t)k;
	}
	return SN_OK;
}

/* ---- the second process */

struct looking {
	int fd;
	struct col_census census;
	uint8_t answers[FLEET_CHUNK];
	size_t n;
};

static bool
aside_looks(uint64_t number, uint64_t size)
{
	return number / FLEET_CHUNK % 2 == 1 && size <= FLEET_MACHINE_MAX;
}

static enum sn_err
flush(struct looking *l, struct sn_why *why)
{
	const size_t n = l->n;

	l->n = 0;
	return n > 0 ? fleet_write(l->fd, l->answers, n, why) : SN_OK;
}

static enum sn_err
look(void *arg, int at, const char *name, const char *path, uint64_t size, struct sn_why *why)
{
	struct looking *l = arg;

	if (aside_looks(l->census.files, size))
		l->answers[l->n++] = fleet_peek(at, name, size);
	fleet_census_add(&l->census, path, size);
	return l->census.files % FLEET_CHUNK == 0 ? flush(l, why) : SN_OK;
}

static void
aside_run(int dirfd, const char *dir, int fd)
{
	struct looking l = { .fd = fd };

	if (fleet_walk(dirfd, dir, look, &l, NULL) != SN_OK || flush(&l, NULL) != SN_OK ||
	    fleet_write(fd, &l.census, sizeof(l.census), NULL) != SN_OK)
		_exit(1);
	_exit(0);
}

enum sn_err
fleet_aside_start(int dirfd, const char *dir, struct fleet_aside *ret, struct sn_why *why)
{
	int p[2];

	if (pipe2(p, O_CLOEXEC) != 0)
		return sn_fail(why, SN_E_IO, "a pipe: %s", strerror(errno));
	*ret = (struct fleet_aside){ .fd = p[0], .pid = fork() };
	if (ret->pid == 0) {
		close(p[0]);
		aside_run(dirfd, dir, p[1]);
	}
	close(p[1]);
	if (ret->pid > 0)
		return SN_OK;
	close(p[0]);
	*ret = (struct fleet_aside){ 0 };
	return sn_fail(why, SN_E_IO, "a process: %s", strerror(errno));
}

bool
fleet_aside_has(const struct fleet_aside *a, uint64_t number, uint64_t size)
{
	return a->pid != 0 && aside_looks(number, size);
}

enum sn_err
fleet_aside_next(struct fleet_aside *a, bool *ret, struct sn_why *why)
{
	if (a->next == a->n) {
		ssize_t n;

		do
			n = read(a->fd, a->answers, sizeof(a->answers));
		while (n < 0 && errno == EINTR);
		if (n <= 0)
			return sn_fail(why, SN_E_IO,
			    "a process that looked for certificates ended before its time");
		a->n = (size_t)n;
		a->next = 0;
	}
	*ret = a->answers[a->next++] == 1;
	return SN_OK;
}

enum sn_err
fleet_aside_same(struct fleet_aside *a, const struct col_census *census, const char *dir,
    struct sn_why *why)
{
	struct col_census other = { 0 };
	uint8_t *at = (uint8_t *)&other;

	if (a->pid == 0)
		return SN_OK;
	for (size_t i = 0; i < sizeof(other); i++, a->next++) {
		if (a->next == a->n) { /* the rest has not been read yet */
			SN_TRY(fleet_read(a->fd, at + i, sizeof(other) - i, why));
			break;
		}
		at[i] = a->answers[a->next];
	}
	if (other.files != census->files || other.digest != census->digest)
		return sn_fail(why, SN_E_IO, "%s: it changed while it was read; judge it again",
		    dir);
	return SN_OK;
}

void
fleet_aside_end(struct fleet_aside *a)
{
	if (a->pid == 0)
		return;
	close(a->fd); /* it ends at its next word, if it has not yet */
	while (waitpid(a->pid, NULL, 0) < 0 && errno == EINTR)
		continue;
	*a = (struct fleet_aside){ 0 };
}
