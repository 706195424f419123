/*
 * mark - what we write on a stick to know it again: the file cornerstone.json in its root.
 *
 * Owns: nothing. May include: base. Format: docs/MEDIA.md. A mark is no proof of anything: it
 * names a stick, so that people who take the wrong one are told which one they took.
 */
#ifndef MED_MARK_H
#define MED_MARK_H

#include "appliance/base/bytes.h"

#define MARK_FILE "cornerstone.json"
#define MARK_MAX_BYTES 1024
#define MARK_ID_LEN 16
#define MARK_ROLE_MAX 10
#define MARK_CEREMONY_MAX 32

struct mark {
	char role[MARK_ROLE_MAX + 1]; /* "in", "out-a", "out-b", "journal", "log", "approver" */
	uint8_t id[MARK_ID_LEN];      /* random */
	bool bound;		      /* to the world and sanctum below; else to none yet */
	char world[12];		      /* "rehearsal" or "production" */
	uint8_t sanctum[16];
	char ceremony[MARK_CEREMONY_MAX +
	    1]; /* the one that wrote it, or whose plan was at hand */
};

/* Is it one of the roles? */
bool mark_role_ok(const char *role);
/* The role that a stick labelled so has: "out-a" of CS-OUT-A; "approver" of every other name. */
const char *mark_role_of(const char *label);

/* Read strictly. SN_E_FORMAT, SN_E_LIMIT. */
SN_MUST_USE enum sn_err mark_parse(struct bytes text, struct mark *ret, struct sn_why *why);
/* Append the file's text. */
SN_MUST_USE enum sn_err mark_text(const struct mark *m, struct sn_buf *ret, struct sn_why *why);

/*
 * May a stick with that label and mark be taken in a ceremony of world and sanctum (NULL:
 * before there is a plan)? SN_E_MEDIA names what it is instead.
 */
SN_MUST_USE enum sn_err mark_fits(const struct mark *m, const char *label, const char *world,
    const uint8_t sanctum[16], struct sn_why *why);

#endif
