/*
 * report - what was found, as text, and the verdict that follows from it.
 *
 * Owns: nothing between calls. May include: base, tpm, init, sheet. Files are looked up
 * below any root and what only a running machine can tell is an argument, so that tests
 * bring laptops of their own.
 */
#ifndef LAPTOP_REPORT_H
#define LAPTOP_REPORT_H

#include "appliance/init/look.h"
#include "appliance/laptop/sheet.h"
#include "appliance/tpm/tpm.h"

/* From the best to the worst; the worst reason decides. */
enum laptop_weight {
	LAPTOP_NOTE,	  /* worth knowing; fit for production all the same */
	LAPTOP_REHEARSAL, /* for rehearsals only */
	LAPTOP_UNFIT,
};
const char *laptop_verdict_name(enum laptop_weight w);

#define LAPTOP_REASONS_MAX 64
struct laptop_reason {
	enum laptop_weight weight;
	char text[200]; /* printable ASCII */
};

/* What no file tells: measured on the running machine by live.h. */
struct laptop_live {
	int64_t now, build_date; /* seconds since 1970 */
	/* the screen in use; 0 where it does not say */
	unsigned int columns, rows, cell_width, cell_height;
	/* i8042 interrupts that the first Enter of this check took; -1 when not counted */
	int64_t enter_interrupts;
	/* the clock chip: whole seconds it counted, and how long they took; 0: it stands */
	int64_t rtc_seconds, rtc_ns;
	bool tpm_asked; /* the TPM process was started; tpm_err and the rest are its answer */
	enum sn_err tpm_err;
	struct sn_why tpm_why;
	struct tpm_info tpm;
};

/* A laptop under examination, while the sections are written. */
struct laptop {
	const struct init_machine *m;
	const struct init_facts *facts;
	const struct laptop_live *live;
	struct sn_buf body;
	struct laptop_reason reason[LAPTOP_REASONS_MAX];
	size_t nreasons;
};

/* Something that people must know before they decide; the verdict follows from it. */
void laptop_say(struct laptop *l, enum laptop_weight w, const char *fmt, ...) SN_PRINTF(3, 4);

/* Write all sections into l->body and gather the reasons, the worst first. */
void laptop_examine(struct laptop *l);
enum laptop_weight laptop_verdict(const struct laptop *l);
/* Verdict and reasons as lines of the report: for its head, and for the screen. */
void laptop_summary(const struct laptop *l, struct sn_buf *ret);
/* The whole report. SN_E_NOMEM. */
SN_MUST_USE enum sn_err laptop_report(const struct laptop *l, struct sn_buf *ret,
    struct sn_why *why);
void laptop_done(struct laptop *l);

/* ---- the sections, in their files */

/* A file below the root, at most max bytes; empty when it cannot be read. */
struct sn_buf laptop_file(const struct laptop *l, const char *path, size_t max);
/* Append SHA-256 in hex to text that has room for it; "unknown" when that fails. */
void laptop_sha256(struct bytes v, char ret[65]);
/* The last part of the link's target, as the name of a driver; "" when there is none. */
void laptop_link_name(const struct laptop *l, const char *path, char *ret, size_t max);

void laptop_put_machine(struct laptop *l);
void laptop_put_uefi(struct laptop *l);
void laptop_put_processor(struct laptop *l);
void laptop_put_memory(struct laptop *l);
void laptop_put_power(struct laptop *l);
void laptop_put_clock(struct laptop *l);
void laptop_put_tpm(struct laptop *l);
void laptop_put_registers(struct laptop *l);
void laptop_put_keyboard(struct laptop *l);
void laptop_put_screen(struct laptop *l);
void laptop_put_usb(struct laptop *l);
void laptop_put_pci(struct laptop *l);
void laptop_put_disks(struct laptop *l);

#endif
