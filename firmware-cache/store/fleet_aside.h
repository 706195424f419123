/*
 * fleet_aside - a second process for the first walk: it looks at every other chunk of files
 * and says which are machine certificates.
 *
 * Owns: that process and its pipe until fleet_aside_end(). May include: base. Private to the
 * store. Both processes walk the same directory; at the end they compare what they saw.
 */
#ifndef COL_FLEET_ASIDE_H
#define COL_FLEET_ASIDE_H

#include <sys/types.h>

#include "firmware-cache/store/fleet.h"

#define FLEET_CHUNK 64U		     /* files that one process looks at in a row */
#define FLEET_MACHINE_MAX (8U << 10) /* bytes of a machine certificate in DER */

/* One more file was seen. FNV-1a, against accidents; nobody is kept from anything by it. */
void fleet_census_add(struct col_census *c, const char *path, uint64_t size);

/*
 * One read is enough to tell a machine's certificate, which most files are. False: whoever
 * asks reads it as any other file.
 */
bool fleet_peek(int at, const char *name, uint64_t size);

/* n bytes that another process says; SN_E_IO when it ends before that. */
SN_MUST_USE enum sn_err fleet_hear(int fd, void *p, size_t n, struct sn_why *why);

struct fleet_aside {
	pid_t pid; /* 0: there is none */
	int fd;
	uint8_t answers[FLEET_CHUNK]; /* of the chunk that the walk is in */
};
SN_MUST_USE enum sn_err fleet_aside_start(int dirfd, const char *dir, struct fleet_aside *ret,
    struct sn_why *why);
/* Is the file with this number in the walk looked at by the second process? */
bool fleet_aside_has(const struct fleet_aside *a, uint64_t number);
/* Its answer for that file; each such file is asked for once, in order. SN_E_IO. */
SN_MUST_USE enum sn_err fleet_aside_says(struct fleet_aside *a, uint64_t number, bool *ret,
    struct sn_why *why);
/* The walk is over: it saw the same files, or SN_E_IO. */
SN_MUST_USE enum sn_err fleet_aside_same(struct fleet_aside *a, const struct col_census *census,
    const char *dir, struct sn_why *why);
void fleet_aside_end(struct fleet_aside *a); /* idempotent; a zeroed one is fine */

#endif
