#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "appliance/media/port.h"

/* A folder that stands for a stick is open from its insertion until it is pulled. */
static enum sn_err
dir_ready(struct med *m, struct med_stick *s, struct sn_why *why)
{
	(void)m;
	if (s->root < 0)
		return sn_fail(why, SN_E_INTERNAL, "the folder of stick %s is closed",
		    s->label);
	return SN_OK;
}

static void
dir_sync(struct med *m, struct med_stick *s)
{
	(void)m;
	if (s->root >= 0)
		(void)fsync(s->root);
}

static const struct med_backend dir_backend = {
	.scan = NULL,
	.open = dir_ready,
	.begin_write = dir_ready,
	.end_write = dir_sync,
	.reopen = dir_ready,
	.close = dir_sync,
	.drop_pages = true,
};

enum sn_err
med_open_dir(struct med **ret, struct sn_why *why)
{
	struct med *m = calloc(1, sizeof(*m));

	if (m == NULL)
		return sn_fail(why, SN_E_NOMEM, "the stick port");
	m->backend = &dir_backend;
	*ret = m;
	return SN_OK;
}

enum sn_err
med_dir_insert(struct med *m, const char *label, const char *path, struct sn_why *why)
{
	struct med_stick s = { .root = -1, .kind = FAT_NONE };

	if (m->backend != &dir_backend)
		return sn_fail(why, SN_E_USAGE, "%s: sticks are put in by hand here", label);
	if (label[0] == '\0' || strlen(label) > MED_LABEL_MAX)
		return sn_fail(why, SN_E_USAGE, "a label has 1 to %d characters",
		    MED_LABEL_MAX);
	if (med_present(m, label))
		return sn_fail(why, SN_E_MEDIA, "stick %s is in already", label);
	if (m->n == MED_STICKS_MAX)
		return sn_fail(why, SN_E_MEDIA, "%d sticks are in already", MED_STICKS_MAX);
	s.root = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (s.root < 0)
		return sn_fail(why, SN_E_MEDIA, "%s: %s", path, strerror(errno));
	memcpy(s.label, label, strlen(label) + 1);
	m->stick[m->n++] = s;
	return SN_OK;
}

enum sn_err
med_dir_pull(struct med *m, const char *label, struct sn_why *why)
{
	if (m->backend != &dir_backend)
		return sn_fail(why, SN_E_USAGE, "%s: sticks are pulled by hand here", label);
	for (size_t i = 0; i < m->n; i++)
		if (strcmp(m->stick[i].label, label) == 0) {
			med_forget(m, i);
			return SN_OK;
		}
	return sn_fail(why, SN_E_MEDIA, "stick %s is not there", label);
}
