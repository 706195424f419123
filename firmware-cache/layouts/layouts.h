/*
 * layouts - the forms of collateral that consumers load, derived from verified items.
 *
 * Owns: nothing between calls. May include: base, crypto, firmware-cache/store and the
 * vendors' folders. Each layout is one file beside this one and one row of the table in
 * layouts.c. Same input, same files: nothing depends on the clock. See docs/COLLATERAL.md.
 */
#ifndef LAY_LAYOUTS_H
#define LAY_LAYOUTS_H

#include "firmware-cache/store/store.h"

#define LAY_PATH_MAX 255
#define LAY_PLATFORMS_MAX 20000U

/*
 * One platform, as a platform list names it; hex in either case, "" where the list says
 * nothing. The strings are the caller's.
 */
struct lay_platform {
	const char *enc_ppid;	       /* 768 digits or "" */
	const char *pce_id;	       /* 4 digits, little-endian as in the list */
	const char *cpu_svn;	       /* 32 digits or "" */
	const char *pce_svn;	       /* 4 digits, little-endian, or "" */
	const char *qe_id;	       /* 1 to 260 letters and digits */
	const char *platform_manifest; /* at most 106000 digits, or "" */
};

/* What layouts are derived from. Only accepted items of the store enter any. */
struct lay_input {
	const struct col_store *store; /* checked */
	const struct lay_platform *platforms;
	size_t nplatforms; /* 0: layouts of single platforms have nothing in them */
	/* When QCNL's files lapse; 0: at the end of what is in them (docs/COLLATERAL.md). */
	int64_t qcnl_expiry;
};

/* Where a layout's files go, and what it could not hold. Either failure ends the layout. */
struct lay_out {
	/*
	 * One file: path relative to the output, below the layout's folder; mtime says from
	 * when its content is, so that a newer generation has a newer one.
	 */
	enum sn_err (*file)(void *arg, const char *path, struct bytes bytes, int64_t mtime,
	    struct sn_why *why);
	/* what (a path, or a label) is verified and yet not in that layout; reason says why. */
	enum sn_err (*left_out)(void *arg, const char *layout, const char *what,
	    const char *reason, struct sn_why *why);
	void *arg;
};

struct lay_layout {
	const char *name;     /* as --layout takes it: "trustee-kds" */
	const char *consumer; /* who reads it, and how it is told where */
	const char *folder;   /* where it lies below the output: "trustee/kds-store" */
	/*
	 * Hand out every file in byte order of path, each re-read before in the way its
	 * consumer reads it: SN_E_INTERNAL when it does not read back.
	 */
	enum sn_err (*write)(const struct lay_input *in, const struct lay_out *out,
	    struct sn_why *why);
	/* A folder for each host: exported only, since a bundle's files are counted. */
	bool per_host;
};

/* The layout of that name, or NULL. */
const struct lay_layout *lay_find(const char *name);

/*
 * Write the layouts named, or all when n is 0. SN_E_USAGE for a name that is none; the
 * failure of a writer or of out, else SN_OK.
 */
SN_MUST_USE enum sn_err lay_write(const struct lay_input *in, const char *const *names,
    size_t n, const struct lay_out *out, struct sn_why *why);

/* The layouts that go into a ceremony's bundle: all but those per host. */
SN_MUST_USE enum sn_err lay_write_bundle(const struct lay_input *in, const struct lay_out *out,
    struct sn_why *why);

#endif
