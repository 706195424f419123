#include "appliance/laptop/report.h"

#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "appliance/base/file.h"
#include "appliance/base/text.h"
#include "appliance/crypto/digest.h"

static const char *const verdict_names[] = {
	[LAPTOP_NOTE] = "FIT FOR PRODUCTION",
	[LAPTOP_REHEARSAL] = "FOR REHEARSALS ONLY",
	[LAPTOP_UNFIT] = "NOT FIT FOR A CEREMONY",
};

const char *
laptop_verdict_name(enum laptop_weight w)
{
	return verdict_names[w];
}

/* ---- help for the sections */

struct sn_buf
laptop_file(const struct laptop *l, const char *path, size_t max)
{
	struct sn_buf b = { 0 };
	char full[PATH_MAX];

	snprintf(full, sizeof(full), "%s%s", l->m->root, path);
	if (sn_file_read(AT_FDCWD, full, max, &b, NULL) != SN_OK)
		sn_buf_done(&b);
	return b;
}

void
laptop_sha256(struct bytes v, char ret[65])
{
	uint8_t digest[32];

	if (cry_digest(CRY_SHA256, v, digest, NULL) == SN_OK)
		sn_hex(BYTES_OF(digest), ret);
	else
		snprintf(ret, 65, "unknown");
}

void
laptop_link_name(const struct laptop *l, const char *path, char *ret, size_t max)
{
	char target[PATH_MAX];
	const char *slash;

	(void)look_link(l->m, path, target, sizeof(target));
	slash = strrchr(target, '/');
	snprintf(ret, max, "%s", slash != NULL ? slash + 1 : target);
}

void
laptop_say(struct laptop *l, enum laptop_weight w, const char *fmt, ...)
{
	struct laptop_reason *r;
	va_list ap;

	if (l->nreasons == LAPTOP_REASONS_MAX)
		return;
	r = &l->reason[l->nreasons++];
	r->weight = w;
	va_start(ap, fmt);
	(void)vsnprintf(r->text, sizeof(r->text), fmt, ap);
	va_end(ap);
	sheet_clean(r->text);
}

/* ---- sections of their own */

/* Is there a section that says more of this? Then the note of the self-test is not repeated. */
static bool
said_above(const char *name)
{
	static const char *const names[] = { "tpm", "virtual machine" };

	for (size_t i = 0; i < SN_NITEMS(names); i++)
		if (strcmp(name, names[i]) == 0)
			return true;
	return false;
}

static void
put_self_tests(struct laptop *l)
{
	const struct init_facts *f = l->facts;

	if (f->nchecks == 0)
		laptop_say(l, LAPTOP_UNFIT, "no self-test was run");
	for (size_t i = 0; i < f->nchecks; i++) {
		const struct init_check *c = &f->check[i];

		sheet_item(&l->body, init_state_name(c->state), "%s: %s", c->name, c->detail);
		if (c->state == INIT_FAILED)
			laptop_say(l, LAPTOP_UNFIT, "self-test %s: %s", c->name, c->detail);
		if (c->state == INIT_NOTE && !said_above(c->name))
			laptop_say(l, LAPTOP_NOTE, "%s: %s", c->name, c->detail);
	}
}

/* Honest by construction: what is said above is all that was looked at. */
static void
put_not_tested(struct laptop *l)
{
	static const char *const rows[] = {
		"whether the firmware does what it says: it is asked, and believed",
		"management engines and their own network (Intel ME/AMT, AMD PSP): switch "
		"them off in the firmware's setup",
		"radios and cameras: what is on PCI has no driver here, but it has power; "
		"taking the Wi-Fi card out is the real air gap",
		"whether the endorsement certificate chains to a TPM vendor's root",
		"every key of the keyboard, and every USB port: only what was used",
		"writing to a stick, until it is done; then the screen says so",
		"the clock over days, the battery over an hour, the memory cell by cell",
	};

	for (size_t i = 0; i < SN_NITEMS(rows); i++)
		sheet_line(&l->body, "%s", rows[i]);
}

static const struct section {
	const char *title;
	void (*put)(struct laptop *l);
} sections[] = {
	{ "Laptop", laptop_put_machine },
	{ "UEFI and Secure Boot", laptop_put_uefi },
	{ "TPM", laptop_put_tpm },
	{ "What the TPM measured (SHA-256)", laptop_put_registers },
	{ "Keyboard", laptop_put_keyboard },
	{ "Screen", laptop_put_screen },
	{ "USB", laptop_put_usb },
	{ "Disks that can be reached", laptop_put_disks },
	{ "On PCI", laptop_put_pci },
	{ "Clock", laptop_put_clock },
	{ "Memory", laptop_put_memory },
	{ "Processor", laptop_put_processor },
	{ "Power", laptop_put_power },
	{ "Self-tests", put_self_tests },
	{ "Not tested", put_not_tested },
};

/* Worst first; what is equally bad stays in its order. */
static void
sort_reasons(struct laptop *l)
{
	struct laptop_reason sorted[LAPTOP_REASONS_MAX];
	size_t n = 0;

	for (int w = LAPTOP_UNFIT; w >= LAPTOP_NOTE; w--)
		for (size_t i = 0; i < l->nreasons; i++)
			if ((int)l->reason[i].weight == w)
				sorted[n++] = l->reason[i];
	memcpy(l->reason, sorted, n * sizeof(sorted[0]));
}

void
laptop_examine(struct laptop *l)
{
	for (size_t i = 0; i < SN_NITEMS(sections); i++) {
		sheet_title(&l->body, sections[i].title);
		sections[i].put(l);
	}
	sort_reasons(l);
}

enum laptop_weight
laptop_verdict(const struct laptop *l)
{
	return l->nreasons > 0 ? l->reason[0].weight : LAPTOP_NOTE;
}

void
laptop_summary(const struct laptop *l, struct sn_buf *ret)
{
	sheet_item(ret, "Verdict", "%s", laptop_verdict_name(laptop_verdict(l)));
	for (size_t i = 0; i < l->nreasons; i++)
		sheet_item(ret, l->reason[i].weight == LAPTOP_NOTE ? "  note" : "  because",
		    "%s", l->reason[i].text);
}

/* The digest of the image that was started, and who says so. */
static void
put_image(const struct laptop *l, struct sn_buf *ret)
{
	const struct init_image *i = &l->facts->image;
	const struct init_release *r = &l->facts->release;
	char hex[65];

	sheet_item(ret, "Image", "%s%s%s", r->version[0] != '\0' ? r->version : "unnamed",
	    r->variant[0] != '\0' ? ", " : "", r->variant);
	if (i->source == INIT_IMAGE_UNKNOWN) {
		sheet_item(ret, "Image digest", "unknown: %s", i->reason);
		return;
	}
	sn_hex(BYTES_OF(i->sha256), hex);
	sheet_item(ret, "Image digest", "%s %s", hex, init_image_source_name(i->source));
}

enum sn_err
laptop_report(const struct laptop *l, struct sn_buf *ret, struct sn_why *why)
{
	char time[TEXT_TIME_LEN + 1];

	text_from_time(l->live->now, time);
	sn_buf_str(ret, "Cornerstone: report on a laptop\n===============================\n\n");
	laptop_summary(l, ret);
	sn_buf_str(ret, "\n");
	sheet_item(ret, "Date", "%s by the laptop's own clock", time);
	put_image(l, ret);
	sheet_line(ret,
	    "No key of a ceremony was made, and nothing was written to this machine.%s",
	    l->live->tpm_asked && l->live->tpm.condition == TPM_USABLE
		? " The TPM made its endorsement key and an attestation key for "
		  "this and forgot them."
		: "");
	sn_buf_put(ret, sn_buf_bytes(&l->body));
	if (l->body.failed)
		return sn_fail(why, SN_E_NOMEM, "the report");
	return sn_buf_check(ret, why);
}

void
laptop_done(struct laptop *l)
{
	sn_buf_done(&l->body);
}
