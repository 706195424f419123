/*
 * record - the printable record of a ceremony: plain text of 72 columns, a
 * self-contained HTML page, and a calendar of what expires.
 *
 * Owns: nothing between calls. May include: base, transcript. Text for people
 * comes from the caller's message catalogue.
 */
#ifndef RECORD_H
#define RECORD_H

#include "ceremony/transcript/transcript.h"

struct rec_expiry {
	const char *what;
	int64_t at;
};
struct rec_approver {
	const char *name;
	uint8_t key_sha256[32];
};

/* What the record says above and below the transcript. All the caller's. */
struct rec_facts {
	const char *ceremony; /* the plan's ceremony number */
	const char *sanctum_name, *organization;
	uint8_t sanctum_id[16];
	const char *world, *mode, *evidence_class;
	uint32_t sequence;
	int64_t time;
	uint8_t plan_sha256[32], identity_sha256[32];
	uint32_t approvals, share_threshold, share_count, ops_threshold;
	const struct rec_approver *approvers;
	size_t napprovers;
	const struct rec_expiry *expires;
	size_t nexpires;
	bool has_collateral_time;
	int64_t collateral_time;
	bool reduced;		 /* separation: two people held every role */
	const char *exception;	 /* why it was judged at that time, or NULL */
	struct bytes collateral; /* one printable line per item (status.txt); may be empty */
	const struct tr_read
	    *transcript; /* with openings: names are shown; without: commitments */
	/* The catalogue: a template with {name} places for a record's arguments, or NULL. */
	const char *(*text)(const char *message_id);
};

SN_MUST_USE enum sn_err rec_text(const struct rec_facts *f, struct sn_buf *ret,
    struct sn_why *why);
SN_MUST_USE enum sn_err rec_html(const struct rec_facts *f, struct sn_buf *ret,
    struct sn_why *why);
/* RFC 5545; one event per expiry, with an alarm 30 days before. */
SN_MUST_USE enum sn_err rec_calendar(const struct rec_facts *f, struct sn_buf *ret,
    struct sn_why *why);

#endif
