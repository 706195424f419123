#include <string.h>

#include "appliance/base/text.h"
#include "ceremony/record/parts.h"

#define LABEL 14 /* columns of a fact's label */

static void
put_heading(struct sn_buf *b, const char *text, char rule)
{
	sn_buf_fmt(b, "\n%s\n", text);
	for (size_t i = 0; i < strlen(text); i++)
		sn_buf_u8(b, (uint8_t)rule);
	sn_buf_u8(b, '\n');
}

static void
put_fact(struct sn_buf *b, const char *label, const char *value)
{
	char first[LABEL + 1];

	snprintf(first, sizeof(first), "%-*s", LABEL, label);
	rec_wrap(b, first, LABEL, value);
}

static void
put_approvers(const struct rec_facts *f, struct sn_buf *b)
{
	put_heading(b, "Approvers and the SHA-256 of their keys", '-');
	for (size_t i = 0; i < f->napprovers; i++) {
		SN_CLEANUP(sn_buf_done) struct sn_buf hex = { 0 };

		for (size_t k = 0; k < 32; k += 4) {
			sn_buf_hex(&hex, (struct bytes){ f->approvers[i].key_sha256 + k, 4 });
			if (k < 28)
				sn_buf_u8(&hex, ' ');
		}
		put_fact(b, f->approvers[i].name, sn_buf_cstr(&hex));
	}
}

static void
put_expiries(const struct rec_facts *f, struct sn_buf *b)
{
	char first[TEXT_TIME_LEN + 3];
	char when[TEXT_TIME_LEN + 1];

	put_heading(b, "What expires", '-');
	for (size_t i = 0; i < f->nexpires; i++) {
		const struct rec_expiry *e = rec_nth_expiry(f, i);

		text_from_time(e->at, when);
		snprintf(first, sizeof(first), "%s  ", when);
		rec_wrap(b, first, TEXT_TIME_LEN + 2, e->what);
	}
}

/* Lines of another's text: shown as they are, unless they could not be printed. */
static enum sn_err
put_collateral(const struct rec_facts *f, struct sn_buf *b, struct sn_why *why)
{
	struct bytes rest = f->collateral;

	if (rest.n == 0)
		return SN_OK;
	put_heading(b, "Collateral", '-');
	while (rest.n > 0) {
		const uint8_t *end = memchr(rest.p, '\n', rest.n);
		const struct bytes line = { rest.p,
			end == NULL ? rest.n : (size_t)(end - rest.p) };

		if (!text_printable(line, line.n))
			return sn_fail(why, SN_E_FORMAT, "record: the collateral's status");
		sn_buf_put(b, line);
		sn_buf_u8(b, '\n');
		rest.p += line.n + (end != NULL ? 1 : 0);
		rest.n -= line.n + (end != NULL ? 1 : 0);
	}
	return SN_OK;
}

static void
put_transcript(const struct rec_facts *f, struct sn_buf *b)
{
	char when[TEXT_TIME_LEN + 1];
	char first[40];

	put_heading(b, "What happened", '-');
	for (size_t i = 0; i < tr_read_size(f->transcript); i++) {
		SN_CLEANUP(sn_buf_done) struct sn_buf s = { 0 };

		if (strcmp(tr_read_record(f->transcript, i)->id, TR_SCREEN_ID) == 0)
			continue; /* sanctum replay shows them */
		rec_sentence(f, i, &s);
		text_from_time(tr_read_record(f->transcript, i)->time, when);
		snprintf(first, sizeof(first), "%4zu  %.8s  ", i, when + 11);
		rec_wrap(b, first, 16, sn_buf_cstr(&s));
	}
}

enum sn_err
rec_text(const struct rec_facts *f, struct sn_buf *ret, struct sn_why *why)
{
	static const char title[] = "Record of a key ceremony";

	sn_buf_fmt(ret, "%s\n", title);
	for (size_t i = 0; i + 1 < sizeof(title); i++)
		sn_buf_u8(ret, '=');
	sn_buf_str(ret, "\n\n");
	if (strcmp(f->world, "rehearsal") == 0)
		sn_buf_str(ret,
		    "THIS WAS A REHEARSAL. Nothing that it made may be used in production.\n\n");
	if (f->reduced)
		sn_buf_str(ret,
		    "REDUCED SEPARATION. Two people held every role of this ceremony.\n\n");
	SN_TRY(rec_each_fact(f, put_fact, ret, why));
	put_approvers(f, ret);
	put_expiries(f, ret);
	SN_TRY(put_collateral(f, ret, why));
	put_transcript(f, ret);
	put_heading(ret, "Signatures on paper", '-');
	rec_wrap(ret, "", 0,
	    "Each person here has compared the identity digest and the plan's digest with the "
	    "own sheet.");
	sn_buf_str(ret, "\nName                      Role              Signature, date\n\n");
	for (int i = 0; i < 6; i++)
		sn_buf_str(ret,
		    "________________________  ________________  "
		    "____________________________\n\n");
	return sn_buf_check(ret, why);
}
