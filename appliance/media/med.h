/*
 * med - removable sticks: found by their label, read with limits, written whole
 * and read back from the medium itself.
 *
 * Owns: mounts and open directories until med_free(). May include: base. Two back
 * ends: block devices (the image), and folders that stand for sticks (workstations).
 * See docs/FORMAT-PLAY.md for the labels' roles.
 */
#ifndef MED_H
#define MED_H

#include "appliance/base/file.h"

#define MED_LABEL_MAX 24 /* CS-IN, CS-OUT-A, CS-OUT-B, CS-JOURNAL, CS-LOG, CS-<name> */
#define MED_STICKS_MAX 8

struct med; /* opaque: the port */

/* Sticks are removable block devices; mounts go below mountdir (a tmpfs folder). */
SN_MUST_USE enum sn_err med_open_block(const char *mountdir, struct med **ret,
    struct sn_why *why);
/* Sticks are folders that med_dir_insert() names; nothing is there at first. */
SN_MUST_USE enum sn_err med_open_dir(struct med **ret, struct sn_why *why);
void med_free(struct med **mp); /* ejects everything; NULL-safe, idempotent */

/* Folder back end only (SN_E_USAGE otherwise): put the folder path in as the stick
 * label, or pull it (the folder stays). */
SN_MUST_USE enum sn_err med_dir_insert(struct med *m, const char *label, const char *path,
    struct sn_why *why);
SN_MUST_USE enum sn_err med_dir_pull(struct med *m, const char *label, struct sn_why *why);

/*
 * Look which sticks are there now (block: polls /sys/block, no waiting; a pulled
 * stick is unmounted). labels[i] are filled, *ret_n is the count. A stick whose
 * label nobody knows appears under its own label, one without a label as "".
 * Two sticks with one label are SN_E_MEDIA.
 */
SN_MUST_USE enum sn_err med_scan(struct med *m,
    char ret_labels[MED_STICKS_MAX][MED_LABEL_MAX + 1], size_t *ret_n, struct sn_why *why);
/* Is the stick there (by a scan now)? Failures count as "no". */
bool med_present(struct med *m, const char *label);

/* One regular file, whole, at most max bytes. SN_E_MISSING, SN_E_LIMIT, SN_E_MEDIA
 * (the stick is not there or went away). */
SN_MUST_USE enum sn_err med_read(struct med *m, const char *label, const char *path, size_t max,
    struct sn_buf *ret, struct sn_why *why);
/*
 * Every regular file below dir, in byte order of the path, each read once, whole,
 * at most max bytes. fn's path is relative to dir. A file that cannot be read
 * (too large, bad name, a link) is handed to skipped() with the reason, and the rest goes on;
 * fn's failure ends it. A missing dir is SN_E_MISSING.
 */
SN_MUST_USE enum sn_err med_read_tree(struct med *m, const char *label, const char *dir,
    size_t max,
    enum sn_err (*fn)(void *arg, const char *path, struct bytes data, struct sn_why *why),
    void (*skipped)(void *arg, const char *path, const struct sn_why *reason), void *arg,
    struct sn_why *why);

struct med_file {
	const char *path; /* sn_path_ok() */
	struct bytes data;
};
/*
 * Write the files below root (a new folder, or "" for single files in the stick's
 * root): into a temporary folder, each file and folder fsynced, then renamed, then
 * syncfs. An existing root (or file, with "") is SN_E_MEDIA and nothing changes;
 * on any failure what was begun is removed.
 */
SN_MUST_USE enum sn_err med_write(struct med *m, const char *label, const char *root,
    const struct med_file *files, size_t n, struct sn_why *why);
/*
 * Let the file path in the stick's root hold data, of which its first keep bytes are there
 * already; the rest is written behind them in one write, then fsync and syncfs. What is there
 * beyond keep is cut off. SN_E_MEDIA when the file does not begin as data does (up to
 * keep): it is another one, and nothing changes. A missing or shorter file is filled.
 */
SN_MUST_USE enum sn_err med_extend(struct med *m, const char *label, const char *path,
    struct bytes data, size_t keep, struct sn_why *why);
/*
 * Read the same files back from the medium past the cache (block: unmount, flush,
 * mount again; folder: fsync and drop the pages) and compare every byte; with a
 * root, a further file below it is SN_E_MEDIA too.
 */
SN_MUST_USE enum sn_err med_compare(struct med *m, const char *label, const char *root,
    const struct med_file *files, size_t n, struct sn_why *why);
/* Flush and unmount, so that it may be pulled. Harmless when it is gone. */
void med_eject(struct med *m, const char *label);

#endif
