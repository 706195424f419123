/*
 * port - what the two back ends of the stick port share: the list of sticks
 * that are in, and the few things that only a back end can do.
 *
 * Owns: see struct med. May include: base. For the files of this folder only.
 */
#ifndef MED_PORT_H
#define MED_PORT_H

#include "appliance/media/fat.h"
#include "appliance/media/med.h"

#define MED_DEVICE_MAX 32
#define MED_MOUNTDIR_MAX 64

struct med_stick {
	char label[MED_LABEL_MAX + 1];
	int root; /* its open root folder, -1 while it is not open */
	/* blocks only */
	char device[MED_DEVICE_MAX]; /* "sda1": what is mounted */
	char disk[MED_DEVICE_MAX];   /* "sda": what comes and goes */
	uint64_t sequence;	     /* the kernel's number for this insertion */
	enum fat_kind kind;
	unsigned int slot; /* name of the mount point */
	bool mounted;
};

struct med_backend {
	/* Bring m->stick up to date. NULL: it changes by insert and pull only. */
	enum sn_err (*scan)(struct med *m, struct sn_why *why);
	/* Open stick->root, or make it writable. */
	enum sn_err (*open)(struct med *m, struct med_stick *s, struct sn_why *why);
	enum sn_err (*begin_write)(struct med *m, struct med_stick *s, struct sn_why *why);
	void (*end_write)(struct med *m, struct med_stick *s);
	/* Open stick->root so that reads come from the medium. */
	enum sn_err (*reopen)(struct med *m, struct med_stick *s, struct sn_why *why);
	/* Flush, and let go of the stick so that it may be pulled. */
	void (*close)(struct med *m, struct med_stick *s);
	bool drop_pages; /* reads after reopen() drop each file's pages themselves */
};

struct med {
	const struct med_backend *backend;
	struct med_stick stick[MED_STICKS_MAX];
	size_t n;
	char mountdir[MED_MOUNTDIR_MAX];
};

/* Forget stick i; the back end has closed it. */
void med_forget(struct med *m, size_t i);

/* The one stick with the label, its root folder open. */
SN_MUST_USE enum sn_err med_find_open(struct med *m, const char *label, struct med_stick **ret,
    struct sn_why *why);

/* The folder path below dirfd, opened without following any link. "" is dirfd itself. */
SN_MUST_USE enum sn_err med_open_folder(int dirfd, const char *path, int *ret,
    struct sn_why *why);

/* tree.c */
struct med_paths {
	char **path; /* sorted by byte; each freed by med_paths_done() */
	size_t n, cap;
};
void med_paths_done(struct med_paths *p);
/*
 * Every regular file below dir. What is refused goes to skipped() with a printable
 * path; with skipped NULL the first refusal is returned. More than SN_WALK_MAX_FILES
 * entries are SN_E_LIMIT.
 */
SN_MUST_USE enum sn_err med_tree(int dir,
    void (*skipped)(void *arg, const char *path, const struct sn_why *reason), void *arg,
    struct med_paths *ret, struct sn_why *why);

#endif
