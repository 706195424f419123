/* The screens of the image's first process, whole, as they lie in screens/. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "appliance/init/page.h"
#include "tests/lib/test.h"

#define SCREENS "tests/appliance/init/screens/"

static const struct page_key keys[] = {
	{ 'm', "what the TPM measured" },
	{ 't', "the self-tests" },
	{ 'u', "the USB devices" },
	{ 'c', "check this laptop" },
};

static const uint8_t digest[32] = { 0x8d, 0x12, 0xff, 0x00, 0x7a, 0x41, 0xc3, 0x9e, 0x01, 0x02,
	0x03, 0x04, 0x05, 0x06, 0x07, 0x08, 0xf1, 0xe2, 0xd3, 0xc4, 0xb5, 0xa6, 0x97, 0x88,
	0x79, 0x6a, 0x5b, 0x4c, 0x3d, 0x2e, 0x1f, 0x10 };

static void
add(struct init_facts *f, const char *name, enum init_state state, const char *detail)
{
	struct init_check *c = &f->check[f->nchecks++];

	snprintf(c->name, sizeof(c->name), "%s", name);
	snprintf(c->detail, sizeof(c->detail), "%s", detail);
	c->state = state;
}

static void
fill_good(struct init_facts *f)
{
	memcpy(f->image.sha256, digest, 32);
	f->image.source = INIT_IMAGE_MEASURED;
	for (int i = 0; i < 30; i++)
		add(f, "network interfaces", INIT_OK, "the kernel knows no network interfaces");
	add(f, "iommu", INIT_NOTE, "none: devices on Thunderbolt or PCI could read memory");
	add(f, "a name of nineteen!", INIT_OK,
	    "a detail that is so long that it goes on in a second row, because no row "
	    "of the screen has a place for all of it");
}

static void
fill_unlocked(struct init_facts *f)
{
	fill_good(f);
	snprintf(f->release.version, sizeof(f->release.version), "2025.07");
	snprintf(f->release.variant, sizeof(f->release.variant), INIT_VARIANT_UNLOCKED);
	f->image.source = INIT_IMAGE_STICK;
}

static void
fill_unknown(struct init_facts *f)
{
	fill_good(f);
	f->image = (struct init_image){ .reason = "no TPM, and no stick with an image" };
}

static void
fill_failed(struct init_facts *f)
{
	fill_good(f);
	add(f, "clock", INIT_FAILED,
	    "2001-01-01T00:00:00Z is before the build date 2025-07-01: set the clock in the "
	    "firmware's menu, then start again");
	for (int i = 0; i < 20; i++)
		add(f, "disks", INIT_FAILED, "a disk that is not on USB: nvme0n1");
}

static void
draw_first(struct page *p, const struct init_facts *f, const struct usb_status *u)
{
	page_first(p, f, u, keys, SN_NITEMS(keys));
}

static void
draw_measurements(struct page *p, const struct init_facts *f,
    const struct usb_status *u SN_UNUSED)
{
	uint8_t pcr[16][32];

	for (size_t i = 0; i < SN_NITEMS(pcr); i++)
		memset(pcr[i], (int)i, sizeof(pcr[i]));
	page_measurements(p, f, pcr, SN_NITEMS(pcr));
}

static void
draw_unmeasured(struct page *p, const struct init_facts *f,
    const struct usb_status *u SN_UNUSED)
{
	page_measurements(p, f, NULL, 0);
}

static void
draw_checks(struct page *p, const struct init_facts *f, const struct usb_status *u SN_UNUSED)
{
	assert_true(page_checks(p, f, 0));
}

static void
draw_last_checks(struct page *p, const struct init_facts *f,
    const struct usb_status *u SN_UNUSED)
{
	size_t n = 0;

	while (page_checks(p, f, n))
		n++;
	assert_true(n > 1);
	assert_true(page_checks(p, f, n - 1));
}

static void
draw_usb(struct page *p, const struct init_facts *f, const struct usb_status *u)
{
	assert_true(page_usb(p, f, u, 0));
}

static void
draw_last_usb(struct page *p, const struct init_facts *f, const struct usb_status *u)
{
	assert_true(page_usb(p, f, u, 2));
	assert_false(page_usb(p, f, u, 3));
	assert_true(page_usb(p, f, u, 2));
}

static void
plug(struct usb_status *u, enum usb_kind kind, const char *name, const char *reason)
{
	struct usb_device *d = &u->device[u->n++];

	d->id = (uint32_t)u->n;
	d->state = kind == USB_REFUSED ? USB_OFF : USB_ON;
	d->verdict.kind = kind;
	d->verdict.vendor = 0x0627;
	d->verdict.product = (uint16_t)u->n;
	snprintf(d->verdict.reason, sizeof(d->verdict.reason), "%s", reason);
	snprintf(d->name, sizeof(d->name), "%s", name);
	snprintf(d->port, sizeof(d->port), "1-%zu", u->n);
}

static void
plug_none(struct usb_status *u SN_UNUSED)
{
}

static void
plug_usual(struct usb_status *u)
{
	plug(u, USB_HUB, "hub", "");
	plug(u, USB_KEYBOARD, "QEMU QEMU USB Keyboard", "");
	plug(u, USB_STORAGE, "stick", "");
}

static void
plug_many(struct usb_status *u)
{
	plug_usual(u);
	for (int i = 0; i < 22; i++)
		plug(u, USB_REFUSED, "a name that is as long as names can be..",
		    "it has an interface of class 2 (communications), which is not used here");
	u->more = 3;
}

static const struct row {
	const char *name;
	void (*fill)(struct init_facts *f);
	void (*plug)(struct usb_status *u);
	void (*draw)(struct page *p, const struct init_facts *f, const struct usb_status *u);
} rows[] = {
	{ "first", fill_good, plug_usual, draw_first },
	{ "first-unlocked-stick", fill_unlocked, plug_none, draw_first },
	{ "first-unknown", fill_unknown, plug_many, draw_first },
	{ "first-failed", fill_failed, plug_usual, draw_first },
	{ "measurements", fill_good, plug_none, draw_measurements },
	{ "measurements-no-tpm", fill_unknown, plug_none, draw_unmeasured },
	{ "self-tests", fill_failed, plug_none, draw_checks },
	{ "self-tests-last", fill_failed, plug_none, draw_last_checks },
	{ "usb", fill_good, plug_many, draw_usb },
	{ "usb-last", fill_good, plug_many, draw_last_usb },
};

/* Columns that a row takes on the screen: characters, without what changes colours. */
static size_t
columns(const char *s)
{
	size_t n = 0;

	for (; *s != '\0'; s++) {
		if (*s == '\033')
			s = strchr(s, 'm');
		else if (((unsigned char)*s & 0xc0) != 0x80)
			n++;
	}
	return n;
}

/* The row without colours and without blanks at its end. */
static void
put_row(FILE *f, const char *s)
{
	char plain[PAGE_ROW_MAX];
	size_t n = 0;

	for (; *s != '\0'; s++) {
		if (*s == '\033')
			s = strchr(s, 'm');
		else
			plain[n++] = *s;
	}
	while (n > 0 && plain[n - 1] == ' ')
		n--;
	(void)fprintf(f, "%.*s\n", (int)n, plain);
}

static void
test_screen(void **state)
{
	const struct row *row = *state;
	struct init_facts *facts = calloc(1, sizeof(*facts));
	struct usb_status *usb = calloc(1, sizeof(*usb));
	char *golden = test_format(SCREENS "%s.txt", row->name);
	char *fresh = test_format("%s/%s.txt", test_tmpdir(), row->name);
	struct test_bytes want, got;
	struct page p;
	FILE *f = fopen(fresh, "w");

	assert_non_null(f);
	row->fill(facts);
	row->plug(usb);
	row->draw(&p, facts, usb);
	for (size_t i = 0; i < PAGE_ROWS; i++) {
		assert_true(columns(p.row[i]) <= PAGE_COLUMNS);
		put_row(f, p.row[i]);
	}
	assert_int_equal(p.row[PAGE_ROWS - 1][0], '\0');
	assert_int_equal(fclose(f), 0);
	got = test_read(fresh);
	want = test_read(golden);
	if (got.len != want.len || memcmp(got.data, want.data, got.len) != 0)
		fail_msg("%s is now\n%s", golden, (const char *)got.data);
	test_bytes_done(&got);
	test_bytes_done(&want);
	free(golden);
	free(fresh);
	free(facts);
	free(usb);
}

static void
test_no_checks(void **state)
{
	static const struct init_facts none;
	static const struct usb_status no_usb;
	struct page p;

	(void)state;
	assert_true(page_checks(&p, &none, 0));
	assert_false(page_checks(&p, &none, 1));
	page_first(&p, &none, &no_usb, NULL, 0);
	assert_true(page_usb(&p, &none, &no_usb, 0));
	assert_false(page_usb(&p, &none, &no_usb, 1));
	page_put(&p, PAGE_ROWS, "outside");
}

int
main(void)
{
	struct test_list *l = test_list_new();

	for (size_t i = 0; i < SN_NITEMS(rows); i++)
		test_list_add(l, test_screen, &rows[i], "%s", rows[i].name);
	test_list_add(l, test_no_checks, NULL, "nothing to show");
	return test_list_run(l, "init pages");
}
