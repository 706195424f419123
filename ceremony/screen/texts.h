/*
 * texts - the tables of the message catalogue, one file per part of the day.
 *
 * Owns: nothing. May include: base. A step's texts stand together: title (rail), head (title of
 * the body), body, prompt. catalogue.c walks texts_all; nobody else needs them.
 */
#ifndef SCREEN_TEXTS_H
#define SCREEN_TEXTS_H

#include "appliance/base/err.h"

struct text {
	const char *id, *text;
};
struct texts {
	const struct text *rows;
	size_t n;
};

extern const struct texts texts_revoke, texts_begin, texts_people, texts_secret, texts_close,
    texts_usb, texts_records, texts_custody, texts_media, texts_rotate, texts_halt,
    texts_rebuild, texts_policy, texts_ops, texts_journal, texts_closing, texts_tpm;

#endif
