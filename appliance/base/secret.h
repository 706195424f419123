/*
 * secret - memory for secrets: locked, guarded, not dumped, wiped.
 *
 * Owns: a few locked arenas for the process. Every sn_secret lives in one:
 * guard pages around, mlock, MADV_DONTDUMP, MADV_WIPEONFORK, wiped when freed.
 * May include: base.h, err.h, bytes.h. Failing to lock is fatal: SN_E_LOCK.
 */
#ifndef SN_SECRET_H
#define SN_SECRET_H

#include "appliance/base/bytes.h"

struct sn_secret {
	uint8_t *p; /* in a locked arena; NULL when empty */
	size_t n;   /* bytes in use */
	size_t cap; /* bytes that may be used without a new allocation */
};

/*
 * Make the arenas (bytes in total, at most 4 MiB here so that an ordinary
 * user's 8 MiB limit holds), no core files, not dumpable. Call once, before
 * the first secret. SN_E_LOCK when any of it is refused.
 */
SN_MUST_USE enum sn_err sn_secret_start(size_t bytes, struct sn_why *why);
void sn_secret_stop(void); /* wipe and unmap everything; idempotent */

/* n zero bytes; SN_E_NOMEM when the arena is full, SN_E_LOCK before start. */
SN_MUST_USE enum sn_err sn_secret_new(size_t n, struct sn_secret *ret, struct sn_why *why);
SN_MUST_USE enum sn_err sn_secret_copy(struct bytes from, struct sn_secret *ret,
    struct sn_why *why);
/* Append; grows by moving within the arena and wiping the old place. */
SN_MUST_USE enum sn_err sn_secret_append(struct sn_secret *s, struct bytes v,
    struct sn_why *why);
void sn_secret_truncate(struct sn_secret *s, size_t n); /* wipes what is cut */
void sn_secret_done(struct sn_secret *s);		/* wipe and free */

struct bytes sn_secret_bytes(const struct sn_secret *s);
/* Constant time in the contents; lengths are public. */
bool sn_secret_equal(struct bytes a, struct bytes b);
/* Wipe memory that is not an sn_secret (a stack array). Never elided. */
void sn_wipe(void *p, size_t n);
/* How many secrets are alive: a test asserts 0 at the end. */
size_t sn_secret_alive(void);

#endif
