/*
 * jail - give up, for good, all that a process does not need after its start:
 * files, children, descriptors, system calls, and in the image root itself.
 *
 * Owns: nothing. May include: base. A workstation filters system calls; the
 * image's kernel cannot, so there it is an own user in an empty root directory.
 * See docs/ARCHITECTURE.md.
 */
#ifndef SN_JAIL_H
#define SN_JAIL_H

#include <sys/types.h>

#include "appliance/base/err.h"

/* In the image: an empty, read-only file system, mounted by PID 1. */
#define JAIL_EMPTY_DIR "/run/cornerstone/empty"

enum jail_role {
	JAIL_KEEPER,
	JAIL_TPM_DEVICE,   /* the TPM process; the device is open already */
	JAIL_TPM_SOFTWARE, /* the TPM process; softtpm runs already: set child */
	JAIL_SOFTTPM,
	JAIL_CROSSCHECK, /* the bundle is read already */
	JAIL_USB,	 /* the USB guard; only the image has one: set files */
	JAIL_ROLES
};

/* What a role of the image keeps that works on files. */
struct jail_files {
	const char *root;    /* becomes its root directory, all of which it may read */
	unsigned int open;   /* descriptors at a time */
	const int *writable; /* folders, opened with O_PATH, below which files may be written */
	size_t nwritable;
};

struct jail_policy {
	const char *name;
	unsigned int id;  /* user and group in the image */
	pid_t child;	  /* the one child that may still be reaped or killed; 0: none */
	uint64_t written; /* bytes that a file may have and still be written */
	uint64_t memory;  /* bytes of address space; 0: as before */
	/* Instead of the empty root; of root's powers it keeps the one over files' modes,
	 * which Landlock then bounds. NULL: none. */
	const struct jail_files *files;
};

/* By role. A caller with a child copies its row and sets that. */
extern const struct jail_policy jail_policies[JAIL_ROLES];

/*
 * Enter; irrevocable, and after a failure half done: the caller must end. To be called
 * by the only thread, once everything is open and every library is started. From then
 * on anything that is not granted fails, or kills the process, which its client sees
 * as a closed pipe. Landlock is used where a workstation's kernel has it, and demanded
 * in the image; all else is demanded everywhere.
 */
SN_MUST_USE enum sn_err jail_enter(const struct jail_policy *p, struct sn_why *why);

#endif
