/*
 * init - the image's first process: mounts, self-tests, the proof that there is
 * no network, the choice of the console, the ceremony in a child, wiping, off.
 *
 * Owns: the machine. Never returns and never ends while the machine is on. May
 * include: base, media. Everything it found is handed to the ceremony as facts.
 */
#ifndef INIT_H
#define INIT_H

#include "appliance/base/frame.h"
#include "appliance/base/selftest.h"

#define INIT_RUN_DIR "/run/cornerstone" /* in memory; the only place that can be written */
#define INIT_MEDIA_DIR INIT_RUN_DIR "/sticks" /* where sticks are mounted below */
#define INIT_CHECKS_MAX 96
#define INIT_DETAIL 120

enum init_state {
	INIT_OK,
	INIT_NOTE,   /* recorded for people and plan to judge; does not block */
	INIT_FAILED, /* no ceremony on this machine */
};
const char *init_state_name(enum init_state s); /* "ok", "note", "failed" */

struct init_check {
	char name[40], detail[INIT_DETAIL];
	enum init_state state;
};

enum init_image_source {
	INIT_IMAGE_UNKNOWN,
	INIT_IMAGE_MEASURED, /* the firmware measured it, the TPM confirms that */
	INIT_IMAGE_STICK,    /* read from the boot stick; nobody vouches for it */
};

/* Which image was started. */
struct init_image {
	enum init_image_source source;
	uint8_t sha256[32];	  /* its digest, when the source is known */
	char reason[INIT_DETAIL]; /* why not, when it is unknown; printable */
};
/* "measured by the firmware", ... */
const char *init_image_source_name(enum init_image_source s);

/* From /etc/os-release, printable, empty when it does not say. */
struct init_release {
	char version[24], variant[24];
};
#define INIT_VARIANT_UNLOCKED "unlocked" /* built from packages that no lock file names */

/* What the ceremony may rely on; no check failed, or it would not have been started. */
struct init_facts {
	const char *console; /* "framebuffer" or "serial" */
	struct init_image image;
	struct init_release release;
	struct init_check check[INIT_CHECKS_MAX];
	size_t nchecks;
	struct sn_link usb; /* to the USB guard; appliance/usb/usb.h */
};

/* Self-tests of what only the program links: they run in a process of their own. */
struct init_tests {
	enum sn_err (*start)(struct sn_why *why); /* before the first of them, or NULL */
	const struct sn_selftest *tests;	  /* ends with a row without a name */
};

/*
 * A further entry of the boot menu, also there when a self-test failed: run as the
 * ceremony is, on the console on which its key was pressed. The first screen comes back
 * when it returns 0, else the machine goes off.
 */
struct init_choice {
	char key;
	const char *text; /* "check this laptop", at most 26 characters */
	int (*run)(const struct init_facts *facts, void *arg);
};
#define INIT_CHOICES_MAX 1

struct init_ops {
	/*
	 * The ceremony: called in a child process that owns the chosen console as
	 * standard input, output and error (80 columns, 24 rows at least), with TERM
	 * and LC_CTYPE set and nothing else open but facts->usb. Returns its exit status.
	 */
	int (*ceremony)(const struct init_facts *facts, void *arg);
	void *arg;
	const char *command_line; /* of the kernel, as the image was built with */
	int64_t build_date;	  /* seconds since 1970 */
	const struct init_tests *tests;
	size_t ntests;
	const struct init_choice *choices;
	size_t nchoices; /* at most INIT_CHOICES_MAX */
};

/* Be PID 1. */
_Noreturn void init_main(const struct init_ops *ops);

#endif
