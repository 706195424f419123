/*
 * halt - what people may type at any question instead of its answer: "pause", "abort",
 * "exception" and "no"; the questions that follow stand before those of the step.
 *
 * Owns: names and reasons typed so far, until cer_halt_free(). Only for core. May include:
 * core. The words: docs/SCREENS.md; the records: docs/FORMAT-TRANSCRIPT.md.
 */
#ifndef CER_HALT_H
#define CER_HALT_H

#include "ceremony/core/cer.h"

#define HALT_PEOPLE 2
#define HALT_PROSE 3

enum halt_ask_kind { HALT_TEXT, HALT_WHO, HALT_AGREE };
struct halt_ask {
	const char *id;
	enum halt_ask_kind kind;
};

enum halt_stage { HALT_ASKS, HALT_JOURNAL, HALT_LOG, HALT_PULL, HALT_END };

/* One of the four words. */
struct halt_kind {
	const char *word; /* that people type */
	const char *id;	  /* step of its questions, prefix of its messages */
	const struct halt_ask *asks;
	size_t n;
	bool back; /* "back" goes on as if nothing had been typed */
	/* After the last question; the one that ends the ceremony leaves HALT_ASKS. */
	enum sn_err (*done)(struct cer *c, struct sn_why *why);
};

struct cer_halt {
	const struct halt_kind *kind; /* NULL: the ceremony goes on */
	enum halt_stage stage;
	size_t at;				    /* question */
	const struct plan_person *who[HALT_PEOPLE]; /* who agreed, and who is at it */
	size_t nwho;				    /* agreed */
	char text[HALT_PROSE][VIEW_TEXT_MAX + 1];
	size_t ntext;
	int64_t since;	   /* when the word was typed */
	bool paused;	   /* it was typed in a pause, and "back" leads there */
	bool unknown;	   /* to the journal stick, which was not there */
	bool written;	   /* on CS-LOG */
	struct sn_why why; /* how the ceremony ended */
};

/* The one of the four that this word calls for, or NULL. */
const struct halt_kind *halt_find(struct bytes word);

/* ---- halt_log.c: after the end */

/* Forget every secret, and remember that the ceremony ended with e because of that. */
void halt_close(struct cer *c, enum sn_err e, const char *reason);
void halt_log_show(const struct cer *c, struct view *v);
/* The journal stick learns of the end; it waits in HALT_JOURNAL when it is not there. */
void halt_journal(struct cer *c);
SN_MUST_USE enum sn_err halt_log_write(struct cer *c, const char *label, struct sn_why *why);

#endif
