#include "appliance/init/look.h"

#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* What the machine says of itself is shown to people: no byte of it moves a cursor. */
static void
make_printable(char *s)
{
	for (; *s != '\0'; s++)
		if (*s < 0x20 || *s > 0x7e)
			*s = '?';
}

enum init_state
look_say(char detail[INIT_DETAIL], enum init_state state, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(detail, INIT_DETAIL, fmt, ap);
	va_end(ap);
	make_printable(detail);
	return state;
}

void
look_add(char detail[INIT_DETAIL], const char *fmt, ...)
{
	size_t n = strlen(detail);
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(detail + n, INIT_DETAIL - n, fmt, ap);
	va_end(ap);
	make_printable(detail);
}

bool
look_exists(const struct init_machine *m, const char *name)
{
	char path[PATH_MAX];

	snprintf(path, sizeof(path), "%s%s", m->root, name);
	return faccessat(AT_FDCWD, path, F_OK, AT_SYMLINK_NOFOLLOW) == 0;
}

bool
look_text(const struct init_machine *m, const char *name, char *ret, size_t max)
{
	char path[PATH_MAX];
	size_t n = 0;
	ssize_t got = 0;
	int fd;

	ret[0] = '\0';
	snprintf(path, sizeof(path), "%s%s", m->root, name);
	fd = open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	if (fd < 0)
		return false;
	while (n < max - 1 && (got = read(fd, ret + n, max - 1 - n)) > 0)
		n += (size_t)got;
	close(fd);
	ret[got < 0 ? 0 : n] = '\0';
	return got >= 0;
}

bool
look_line(const struct init_machine *m, const char *name, char *ret, size_t max)
{
	bool there = look_text(m, name, ret, max);

	ret[strcspn(ret, "\n")] = '\0';
	return there;
}

bool
look_attribute(const struct init_machine *m, const char *folder, const char *entry,
    const char *name, char *ret, size_t max)
{
	char path[PATH_MAX];

	snprintf(path, sizeof(path), "%s/%s/%s", folder, entry, name);
	return look_line(m, path, ret, max);
}

bool
look_link(const struct init_machine *m, const char *name, char *ret, size_t max)
{
	char path[PATH_MAX];
	ssize_t n;

	snprintf(path, sizeof(path), "%s%s", m->root, name);
	n = readlink(path, ret, max - 1);
	ret[n > 0 ? n : 0] = '\0';
	return n > 0;
}

bool
look_attribute_link(const struct init_machine *m, const char *folder, const char *entry,
    const char *name, char *ret, size_t max)
{
	char path[PATH_MAX];

	snprintf(path, sizeof(path), "%s/%s/%s", folder, entry, name);
	return look_link(m, path, ret, max);
}

static int
not_dot(const struct dirent *e)
{
	return e->d_name[0] != '.';
}

struct look_names
look_names(const struct init_machine *m, const char *folder)
{
	struct look_names l = { NULL, 0 };
	char path[PATH_MAX];

	snprintf(path, sizeof(path), "%s%s", m->root, folder);
	l.n = scandir(path, &l.e, not_dot, alphasort);
	return l;
}

void
look_names_done(struct look_names *l)
{
	for (int i = 0; i < l->n; i++)
		free(l->e[i]);
	free(l->e);
	*l = (struct look_names){ NULL, 0 };
}

const char *
look_name(const struct look_names *l, int i)
{
	return l->e[i]->d_name;
}
