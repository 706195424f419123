/*
 * sheet - the report's form: plain ASCII, at most 79 columns, every value wrapped
 * behind its name, so that no text from a device can look like a line of the report.
 *
 * Owns: nothing. May include: base.
 */
#ifndef LAPTOP_SHEET_H
#define LAPTOP_SHEET_H

#include "appliance/base/bytes.h"

#define SHEET_COLUMNS 79
#define SHEET_NAME 12 /* a name's columns; a SHA-256 in hex fits behind it */
#define SHEET_TEXT_MAX 1024

/* Whatever is not printable ASCII becomes '?'. */
void sheet_clean(char *s);
/* An empty line, the title, a line below it. */
void sheet_title(struct sn_buf *b, const char *title);
/* "  name         value"; the value is cleaned and wrapped. */
void sheet_item(struct sn_buf *b, const char *name, const char *fmt, ...) SN_PRINTF(3, 4);
/* "  text", cleaned and wrapped. */
void sheet_line(struct sn_buf *b, const char *fmt, ...) SN_PRINTF(2, 3);

#endif
