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
fleet_hear(int fd, void *p, size_t n, struct sn_why *why)
{
	struct sn_why inner = { 0 };

	if (sn_fd_read(fd, p, n, &inner) == SN_OK)
		return SN_OK;
	return sn_fail(why, SN_E_IO,
	    "a process that judged certificates ended before its time (%s); judge again",
	    inner.text);
}

/* ---- the second process */

struct looking {
	int fd;
	struct col_census census;
	uint8_t answers[FLEET_CHUNK];
};

static bool
aside_looks(uint64_t number)
{
	return number / FLEET_CHUNK % 2 == 1;
}

static enum sn_err
look(void *arg, int at, const char *name, const char *path, uint64_t size, struct sn_why *why)
{
	struct looking *l = arg;
	const uint64_t number = l->census.files;

	fleet_census_add(&l->census, path, size);
	if (!aside_looks(number))
		return SN_OK;
	l->answers[number % FLEET_CHUNK] = fleet_peek(at, name, size);
	return aside_looks(number + 1) ? SN_OK : sn_fd_write(l->fd, BYTES_OF(l->answers), why);
}

/* Whole chunks, each as its last file is seen, and the last one at the end. */
static enum sn_err
aside_tell(struct looking *l, int dirfd, const char *dir)
{
	SN_TRY(fleet_walk(dirfd, dir, look, l, NULL));
	if (l->census.files % FLEET_CHUNK != 0 && aside_looks(l->census.files))
		SN_TRY(sn_fd_write(l->fd, BYTES_OF(l->answers), NULL));
	return sn_fd_write(l->fd,
	    (struct bytes){ (const uint8_t *)&l->census, sizeof(l->census) }, NULL);
}

enum sn_err
fleet_aside_start(int dirfd, const char *dir, struct fleet_aside *ret, struct sn_why *why)
{
	int p[2];

	if (pipe2(p, O_CLOEXEC) != 0)
		return sn_fail(why, SN_E_IO, "a pipe: %s", strerror(errno));
	*ret = (struct fleet_aside){ .fd = p[0], .pid = fork() };
	if (ret->pid == 0) {
		struct looking l = { .fd = p[1] };

		close(p[0]);
		_exit(aside_tell(&l, dirfd, dir) != SN_OK);
	}
	close(p[1]);
	if (ret->pid > 0)
		return SN_OK;
	close(p[0]);
	*ret = (struct fleet_aside){ 0 };
	return sn_fail(why, SN_E_IO, "a process: %s", strerror(errno));
}

bool
fleet_aside_has(const struct fleet_aside *a, uint64_t number)
{
	return a->pid != 0 && aside_looks(number);
}

enum sn_err
fleet_aside_says(struct fleet_aside *a, uint64_t number, bool *ret, struct sn_why *why)
{
	if (number % FLEET_CHUNK == 0)
		SN_TRY(fleet_hear(a->fd, a->answers, sizeof(a->answers), why));
	*ret = a->answers[number % FLEET_CHUNK] == 1;
	return SN_OK;
}

enum sn_err
fleet_aside_same(struct fleet_aside *a, const struct col_census *census, const char *dir,
    struct sn_why *why)
{
	struct col_census other = { 0 };

	if (a->pid == 0)
		return SN_OK;
	SN_TRY(fleet_hear(a->fd, &other, sizeof(other), why));
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
