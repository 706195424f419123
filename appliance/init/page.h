/*
 * page - what the image's first process shows: whole screens of 80 columns and 24 rows.
 *
 * Owns: nothing. May include: base, qr, usb, init.h. Pure: from facts to rows of text, so
 * that tests compare whole screens.
 */
#ifndef INIT_PAGE_H
#define INIT_PAGE_H

#include "appliance/init/init.h"
#include "appliance/usb/usb.h"

#define PAGE_ROWS 24
#define PAGE_COLUMNS 80
#define PAGE_ROW_MAX 320 /* bytes: half blocks have three each, and there are colours */

/* The last row stays empty, so that no terminal scrolls. */
struct page {
	char row[PAGE_ROWS][PAGE_ROW_MAX];
};

/* A row, cut at the last column. Text is ASCII and printable. */
void page_put(struct page *p, size_t row, const char *fmt, ...) SN_PRINTF(3, 4);

/* A key of the boot menu, for the bottom of the first page. */
struct page_key {
	char key;
	const char *text; /* at most 26 characters */
};

/*
 * The first page: the release, the image's digest in hex, in words and as a QR code, how
 * the self-tests went, the keys, and of the USB devices those that are refused and the
 * keyboards. When a self-test failed: the failed ones instead of the digest, and that Enter
 * switches the machine off.
 */
void page_first(struct page *p, const struct init_facts *facts, const struct usb_status *usb,
    const struct page_key *keys, size_t nkeys);

/* What the TPM holds; pcr[i] is of PCR i. npcrs 0: there is no TPM. */
void page_measurements(struct page *p, const struct init_facts *facts, const uint8_t (*pcr)[32],
    size_t npcrs);

/* Page number, from 0, of all self-tests; failed ones first, then notes. False past the end. */
bool page_checks(struct page *p, const struct init_facts *facts, size_t number);

/* Page number, from 0, of all USB devices; refused ones first. False past the end. */
bool page_usb(struct page *p, const struct init_facts *facts, const struct usb_status *usb,
    size_t number);

#endif
