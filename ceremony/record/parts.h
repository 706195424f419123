/*
 * parts - what the record's forms share: a record's sentence, and lines of text
 * within 72 columns.
 *
 * Owns: nothing. Only for ceremony/record. May include: base, transcript.
 */
#ifndef RECORD_PARTS_H
#define RECORD_PARTS_H

#include "ceremony/record/record.h"

#define REC_COLUMNS 72

/* Append record i as a sentence: the catalogue's template with its places filled,
 * or id and arguments when there is none. Unopened personal fields are named as
 * such, with the first digits of their commitment. */
void rec_sentence(const struct rec_facts *f, size_t i, struct sn_buf *ret);

/* Append text, broken at blanks so that no line is wider; every line begins with
 * indent blanks, the first with first instead (its width is indent). Multi-byte
 * characters count as one column. */
void rec_wrap(struct sn_buf *b, const char *first, size_t indent, const char *text);

/* The expiry that comes n-th in time (those at the same second as they were given). */
const struct rec_expiry *rec_nth_expiry(const struct rec_facts *f, size_t n);

/* The facts above the transcript, one label and value each. */
enum sn_err rec_each_fact(const struct rec_facts *f,
    void (*put)(struct sn_buf *b, const char *label, const char *value), struct sn_buf *ret,
    struct sn_why *why);

#endif
