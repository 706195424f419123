/*
 * fleet_walk - every regular file below a directory, in byte order, without a list of them
 * all.
 *
 * Owns: open directories while it runs. May include: base. Private to the store.
 */
#ifndef COL_FLEET_WALK_H
#define COL_FLEET_WALK_H

#include "appliance/base/bytes.h"

/*
 * Call fn for every regular file below dir: its path below dir, its directory and name there
 * (to open it), its size. Links, devices, names that sn_path_ok() refuses and directories over
 * their limits are SN_E_FORMAT or SN_E_LIMIT. fn's failure ends the walk and is returned.
 */
SN_MUST_USE enum sn_err fleet_walk(int dirfd, const char *dir,
    enum sn_err (*fn)(void *arg, int at, const char *name, const char *path, uint64_t size,
	struct sn_why *why),
    void *arg, struct sn_why *why);

#endif
