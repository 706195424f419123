#include "appliance/init/page.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "appliance/base/text.h"
#include "appliance/base/words.h"
#include "appliance/qr/qr.h"

#define DIGEST_LEN 32
#define RIGHT 46 /* the QR code's first column */
#define BLACK_ON_WHITE "\033[30;47m"
#define USUAL "\033[0m"

/* Rows of the first page. */
enum {
	ROW_TITLE = 0,
	ROW_DIGEST = 1, /* to ROW_INVITE: the digest left, its QR code right */
	ROW_HEX = 3,
	ROW_WORDS = 5,
	ROW_TESTS = 14,
	ROW_VARIANT = 16,
	ROW_INVITE = 18,
	ROW_KEYS = 19,
	ROW_USB = 21,
	ROW_LAST = 22, /* the last that is written */
};

void
page_put(struct page *p, size_t row, const char *fmt, ...)
{
	va_list ap;

	if (row >= PAGE_ROWS)
		return;
	va_start(ap, fmt);
	vsnprintf(p->row[row], PAGE_COLUMNS + 1, fmt, ap);
	va_end(ap);
}

/* Put text of columns right of what the row has. */
static void
put_right(struct page *p, size_t row, struct bytes text)
{
	char *r = p->row[row];
	size_t n = strlen(r);

	if (n < RIGHT)
		memset(r + n, ' ', RIGHT - n);
	snprintf(r + RIGHT, PAGE_ROW_MAX - RIGHT, BLACK_ON_WHITE "%.*s" USUAL, (int)text.n,
	    (const char *)text.p);
}

static void
put_title(struct page *p, const struct init_facts *facts)
{
	const struct init_release *r = &facts->release;

	page_put(p, ROW_TITLE, "Cornerstone%s%s%s%s", r->version[0] != '\0' ? " " : "",
	    r->version, r->variant[0] != '\0' ? ", " : "", r->variant);
}

/* ---- the first page */

static void
put_qr(struct page *p, const uint8_t digest[DIGEST_LEN])
{
	SN_CLEANUP(qr_done) struct qr q = { 0 };
	char hex[2 * DIGEST_LEN + 1];
	struct bytes left;

	/* upper case, so that the symbol is small: version 3, 17 lines */
	for (size_t i = 0; i < DIGEST_LEN; i++)
		snprintf(hex + 2 * i, 3, "%02X", digest[i]);
	if (qr_make(hex, &q, NULL) != SN_OK || q.lines > ROW_INVITE - ROW_DIGEST ||
	    q.columns > PAGE_COLUMNS - RIGHT)
		return;
	left = sn_buf_bytes(&q.text);
	for (size_t i = 0; i < q.lines; i++) {
		size_t n = bytes_find(left, BYTES_STR("\n"));

		put_right(p, ROW_DIGEST + i, (struct bytes){ left.p, n });
		left = (struct bytes){ left.p + n + 1, left.n - n - 1 };
	}
}

static void
put_digest(struct page *p, const struct init_image *image)
{
	char hex[2 * DIGEST_LEN + 1];

	if (image->source == INIT_IMAGE_UNKNOWN) {
		page_put(p, ROW_DIGEST, "Image digest: unknown.");
		page_put(p, ROW_DIGEST + 1, "%s.", image->reason);
		return;
	}
	page_put(p, ROW_DIGEST, "Image digest,");
	page_put(p, ROW_DIGEST + 1, "%s:", init_image_source_name(image->source));
	sn_hex((struct bytes){ image->sha256, DIGEST_LEN }, hex);
	for (size_t i = 0; i < 2; i++)
		page_put(p, ROW_HEX + i, "  %.8s %.8s %.8s %.8s", hex + 32 * i,
		    hex + 32 * i + 8, hex + 32 * i + 16, hex + 32 * i + 24);
	for (size_t i = 0; i < DIGEST_LEN; i += 4)
		page_put(p, ROW_WORDS + i / 4, "  %-9s %-11s %-9s %s",
		    words_word(i, image->sha256[i]), words_word(i + 1, image->sha256[i + 1]),
		    words_word(i + 2, image->sha256[i + 2]),
		    words_word(i + 3, image->sha256[i + 3]));
	put_qr(p, image->sha256);
}

static size_t
count(const struct init_facts *facts, enum init_state s)
{
	size_t n = 0;

	for (size_t i = 0; i < facts->nchecks; i++)
		n += facts->check[i].state == s;
	return n;
}

static void
put_failed(struct page *p, const struct init_facts *facts)
{
	size_t row = ROW_DIGEST + 1, more = 0;

	page_put(p, row++, "This machine must not be used for a ceremony:");
	for (size_t i = 0; i < facts->nchecks; i++) {
		const struct init_check *c = &facts->check[i];

		if (c->state != INIT_FAILED)
			continue;
		if (row + 3 > ROW_INVITE) {
			more++;
			continue;
		}
		page_put(p, row++, "  %s: %s", c->name, c->detail);
		/* a long detail goes on in a second row */
		if (strlen(c->name) + strlen(c->detail) + 4 > PAGE_COLUMNS)
			page_put(p, row++, "    %s",
			    c->detail + PAGE_COLUMNS - 4 - strlen(c->name));
	}
	if (more > 0)
		page_put(p, row, "  and %zu more", more);
}

/* Two to a row. */
static void
put_keys(struct page *p, const struct page_key *keys, size_t nkeys)
{
	char cell[2][PAGE_COLUMNS / 2];

	for (size_t i = 0; i < nkeys && ROW_KEYS + i / 2 < ROW_USB; i += 2) {
		cell[1][0] = '\0';
		for (size_t k = 0; k < 2 && i + k < nkeys; k++)
			snprintf(cell[k], sizeof(cell[k]), "  %c Enter   %s", keys[i + k].key,
			    keys[i + k].text);
		page_put(p, ROW_KEYS + i / 2, "%-39s%s", cell[0], cell[1]);
	}
}

/* Refused devices before keyboards; others need nobody's eye. */
static bool
usb_matters(const struct usb_device *d, size_t pass)
{
	return d->verdict.kind == (pass == 0 ? USB_REFUSED : USB_KEYBOARD);
}

static void
put_usb(struct page *p, const struct usb_status *usb)
{
	size_t row = ROW_USB, n = 0;
	char line[USB_LINE_MAX];

	for (size_t i = 0; i < usb->n; i++)
		n += usb_matters(&usb->device[i], 0) || usb_matters(&usb->device[i], 1);
	for (size_t pass = 0; pass < 2; pass++)
		for (size_t i = 0; i < usb->n; i++) {
			if (!usb_matters(&usb->device[i], pass) || row > ROW_LAST)
				continue;
			usb_say(&usb->device[i], line);
			page_put(p, row++, "%s", line);
		}
	if (n > ROW_LAST - ROW_USB + 1)
		page_put(p, ROW_LAST, "and %zu more keyboards and refused devices: u Enter",
		    n - (ROW_LAST - ROW_USB));
}

void
page_first(struct page *p, const struct init_facts *facts, const struct usb_status *usb,
    const struct page_key *keys, size_t nkeys)
{
	size_t failed = count(facts, INIT_FAILED), notes = count(facts, INIT_NOTE);

	*p = (struct page){ 0 };
	put_title(p, facts);
	if (failed > 0) {
		put_failed(p, facts);
		page_put(p, ROW_INVITE,
		    "Nothing was made. Press Enter to switch the machine off.");
	} else {
		page_put(p, ROW_TESTS, "%zu self-tests passed, %zu note%s.",
		    facts->nchecks - notes, notes, notes == 1 ? "" : "s");
		page_put(p, ROW_TESTS + 1, "This machine has no network.");
		if (strcmp(facts->release.variant, INIT_VARIANT_UNLOCKED) == 0)
			page_put(p, ROW_VARIANT,
			    "UNLOCKED: not made from the locked packages.");
		put_digest(p, &facts->image);
		page_put(p, ROW_INVITE, "Press Enter on the console to use.");
	}
	put_keys(p, keys, nkeys);
	put_usb(p, usb);
}

/* ---- the others */

void
page_measurements(struct page *p, const struct init_facts *facts, const uint8_t (*pcr)[32],
    size_t npcrs)
{
	static const char *const meaning[] = {
		[4] = "image", [7] = "keys", [9] = "kernel", [11] = "image", [15] = "ceremony"
	};
	char hex[2 * DIGEST_LEN + 1];

	*p = (struct page){ 0 };
	put_title(p, facts);
	if (facts->image.source == INIT_IMAGE_UNKNOWN) {
		page_put(p, 1, "Image digest: unknown. %s.", facts->image.reason);
	} else {
		page_put(p, 1,
		    "Image digest, %s:", init_image_source_name(facts->image.source));
		sn_hex((struct bytes){ facts->image.sha256, DIGEST_LEN }, hex);
		page_put(p, 2, "       %s", hex);
	}
	page_put(p, 3, "%s",
	    npcrs > 0 ? "What the TPM holds in its registers (SHA-256):"
		      : "This machine has no TPM: nothing was measured.");
	for (size_t i = 0; i < npcrs; i++) {
		sn_hex((struct bytes){ pcr[i], DIGEST_LEN }, hex);
		page_put(p, 4 + i, "PCR %2zu %s %s", i, hex,
		    i < SN_NITEMS(meaning) && meaning[i] != NULL ? meaning[i] : "");
	}
	page_put(p, ROW_LAST - 1,
	    "Compare with what \"sanctum explain measurements\" says of your copy of the image.");
	page_put(p, ROW_LAST, "Press Enter to go back.");
}

#define CHECK_INDENT 26 /* "[OK] " and the name */
#define CHECK_WIDTH (PAGE_COLUMNS - CHECK_INDENT)
#define LIST_TOP 2
#define LIST_ROWS (ROW_LAST - 1 - LIST_TOP)

static void
put_pages(struct page *p, size_t number, size_t last)
{
	page_put(p, ROW_LAST, "Page %zu of %zu. Press Enter to go on.", number + 1, last + 1);
}

/* The next rows of a self-test: its name once, its detail broken at spaces. */
static size_t
check_rows(const struct init_check *c, char ret[][PAGE_COLUMNS + 1], size_t max)
{
	static const char *const marks[] = { "[OK]", "[--]", "[!!]" };
	const char *rest = c->detail;
	size_t rows = 0;

	do {
		size_t n = strlen(rest);

		if (n > CHECK_WIDTH) {
			for (n = CHECK_WIDTH; n > 1 && rest[n - 1] != ' ';)
				n--;
			if (n == 1)
				n = CHECK_WIDTH;
		}
		snprintf(ret[rows], PAGE_COLUMNS + 1, "%-4s %-20.20s %.*s",
		    rows == 0 ? marks[c->state] : "", rows == 0 ? c->name : "", (int)n, rest);
		rows++;
		rest += n;
	} while (*rest != '\0' && rows < max);
	return rows;
}

bool
page_checks(struct page *p, const struct init_facts *facts, size_t number)
{
	static const enum init_state order[] = { INIT_FAILED, INIT_NOTE, INIT_OK };
	char rows[1 + INIT_DETAIL / 8][PAGE_COLUMNS + 1];
	size_t page = 0, used = 0;

	*p = (struct page){ 0 };
	put_title(p, facts);
	page_put(p, 1, "%zu self-tests: %zu passed, %zu to be judged by people, %zu failed.",
	    facts->nchecks, count(facts, INIT_OK), count(facts, INIT_NOTE),
	    count(facts, INIT_FAILED));
	for (size_t s = 0; s < SN_NITEMS(order); s++)
		for (size_t i = 0; i < facts->nchecks; i++) {
			size_t n;

			if (facts->check[i].state != order[s])
				continue;
			n = check_rows(&facts->check[i], rows, SN_NITEMS(rows));
			if (used + n > LIST_ROWS) {
				page++;
				used = 0;
			}
			for (size_t r = 0; r < n; r++, used++)
				if (page == number)
					page_put(p, LIST_TOP + used, "%s", rows[r]);
		}
	put_pages(p, number, page);
	return number <= page;
}

/* A row of a list over several pages, when it is on this page. */
static void
put_list(struct page *p, size_t number, size_t row, const char *indent, const char *text)
{
	if (row / LIST_ROWS == number)
		page_put(p, LIST_TOP + row % LIST_ROWS, "%s%s", indent, text);
}

bool
page_usb(struct page *p, const struct init_facts *facts, const struct usb_status *usb,
    size_t number)
{
	size_t rows = 0;
	char line[USB_LINE_MAX];

	*p = (struct page){ 0 };
	put_title(p, facts);
	page_put(p, 1, "%zu USB devices; what is refused is never switched on.",
	    usb->n + usb->more);
	for (size_t pass = 0; pass < 2; pass++)
		for (size_t i = 0; i < usb->n; i++) {
			if ((usb->device[i].verdict.kind == USB_REFUSED) != (pass == 0))
				continue;
			usb_say(&usb->device[i], line);
			put_list(p, number, rows++, "", line);
			if (strlen(line) > PAGE_COLUMNS)
				put_list(p, number, rows++, "    ", line + PAGE_COLUMNS);
		}
	put_pages(p, number, rows == 0 ? 0 : (rows - 1) / LIST_ROWS);
	return number * LIST_ROWS < rows || number == 0;
}
