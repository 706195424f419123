/* "ceremony stick new": what a stick is, written on it before the day. docs/MEDIA.md. */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "appliance/base/file.h"
#include "appliance/base/text.h"
#include "appliance/crypto/digest.h"
#include "appliance/media/mark.h"
#include "ceremony/cmd/cmd.h"
#include "ceremony/keys/plan.h"

/* A stick with a plan on it belongs to that plan's sanctum. */
static enum sn_err
stick_bind(int dir, struct mark *m, struct sn_why *why)
{
	SN_CLEANUP(sn_buf_done) struct sn_buf text = { 0 };
	SN_CLEANUP(plan_free) struct plan *p = NULL;
	enum sn_err e = sn_file_read(dir, "plan.json", PLAN_MAX_BYTES, &text, why);

	if (e == SN_E_MISSING) {
		sn_why_clear(why);
		return SN_OK;
	}
	SN_TRY(e);
	SN_TRY(plan_parse(sn_buf_bytes(&text), &p, why));
	m->bound = true;
	(void)snprintf(m->world, sizeof(m->world), "%s", plan_world_name(p->world));
	memcpy(m->sanctum, p->sanctum_id, sizeof(m->sanctum));
	(void)snprintf(m->ceremony, sizeof(m->ceremony), "%s", p->ceremony);
	return SN_OK;
}

enum sn_err
cmd_stick_mark(const char *role, const char *path, struct mark *ret, struct sn_why *why)
{
	SN_CLEANUP(sn_buf_done) struct sn_buf text = { 0 };
	SN_CLEANUP(sn_fd_done) int dir = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (dir < 0)
		return sn_fail(why, SN_E_MISSING, "%s: no such folder", path);
	if (faccessat(dir, MARK_FILE, F_OK, AT_SYMLINK_NOFOLLOW) == 0)
		return sn_fail(why, SN_E_USAGE, "%s/%s is there already; nothing was changed",
		    path, MARK_FILE);
	(void)snprintf(ret->role, sizeof(ret->role), "%s", role);
	SN_TRY(cry_random(ret->id, sizeof(ret->id), why));
	SN_TRY(stick_bind(dir, ret, why));
	SN_TRY(mark_text(ret, &text, why));
	return sn_file_write(dir, MARK_FILE, sn_buf_bytes(&text), 0644, false, why);
}

enum sn_err
cmd_stick_new(int argc SN_UNUSED, char **argv, struct sn_why *why)
{
	struct mark m = { 0 };
	char id[2 * MARK_ID_LEN + 1];

	if (!mark_role_ok(argv[0]))
		return sn_fail(why, SN_E_USAGE, "%s: not a role", argv[0]);
	SN_TRY(cmd_stick_mark(argv[0], argv[1], &m, why));
	sn_hex(BYTES_OF(m.id), id);
	(void)printf("%s/%s: %s stick %s%s%s\n", argv[1], MARK_FILE, m.role, id,
	    m.bound ? " of ceremony " : "", m.ceremony);
	return SN_OK;
}
