#include "ceremony/record/parts.h"

#include <stdio.h>
#include <string.h>

#include "appliance/base/text.h"
#include "appliance/base/words.h"

/* One argument's value as people read it. */
static void
put_value(const struct rec_facts *f, size_t i, const char *name, yyjson_val *v,
    struct sn_buf *ret)
{
	const char *opened, *commit = yyjson_get_str(yyjson_obj_get(v, "commit"));

	if (yyjson_is_str(v)) {
		sn_buf_str(ret, yyjson_get_str(v));
	} else if (yyjson_is_uint(v)) {
		sn_buf_fmt(ret, "%llu", (unsigned long long)yyjson_get_uint(v));
	} else if (commit != NULL) {
		opened = tr_read_opened(f->transcript, i, name);
		if (opened != NULL)
			sn_buf_str(ret, opened);
		else
			sn_buf_fmt(ret, "[withheld, commitment %.16s...]", commit);
	}
}

static void
fill_template(const struct rec_facts *f, size_t i, const char *text, struct sn_buf *ret)
{
	const struct tr_record *r = tr_read_record(f->transcript, i);
	char name[64];

	while (*text != '\0') {
		const char *open = strchr(text, '{');
		const char *close = open == NULL ? NULL : strchr(open, '}');

		if (close == NULL || (size_t)(close - open) > sizeof(name)) {
			sn_buf_str(ret, text);
			return;
		}
		sn_buf_put(ret, (struct bytes){ (const uint8_t *)text, (size_t)(open - text) });
		const size_t n = (size_t)(close - open) - 1;
		memcpy(name, open + 1, n);
		name[n] = '\0';
		yyjson_val *v = yyjson_obj_get(r->args, name);
		if (v != NULL)
			put_value(f, i, name, v, ret);
		else
			sn_buf_fmt(ret, "{%s}", name);
		text = close + 1;
	}
}

void
rec_sentence(const struct rec_facts *f, size_t i, struct sn_buf *ret)
{
	const struct tr_record *r = tr_read_record(f->transcript, i);
	const char *text = f->text != NULL ? f->text(r->id) : NULL;
	yyjson_obj_iter iter = yyjson_obj_iter_with(r->args);
	yyjson_val *key;

	if (text != NULL) {
		fill_template(f, i, text, ret);
		return;
	}
	sn_buf_str(ret, r->id);
	while ((key = yyjson_obj_iter_next(&iter)) != NULL) {
		sn_buf_fmt(ret, " %s=", yyjson_get_str(key));
		put_value(f, i, yyjson_get_str(key), yyjson_obj_iter_get_val(key), ret);
	}
}

static bool
continues(char c)
{
	return ((unsigned char)c & 0xc0) == 0x80;
}

/* How many bytes of text fit into columns; cut at a blank when there is one. */
static size_t
fitting(const char *text, size_t columns)
{
	size_t at = 0, seen = 0, blank = 0;

	for (; text[at] != '\0' && text[at] != '\n'; at++) {
		if (!continues(text[at]) && seen++ == columns)
			return blank > 0 ? blank : at;
		if (text[at] == ' ' && at > 0)
			blank = at;
	}
	return at;
}

void
rec_wrap(struct sn_buf *b, const char *first, size_t indent, const char *text)
{
	sn_buf_str(b, first);
	for (bool more = true; more;) {
		const size_t n = fitting(text, REC_COLUMNS - indent);

		sn_buf_put(b, (struct bytes){ (const uint8_t *)text, n });
		text += n;
		while (*text == ' ' || *text == '\n')
			text++;
		sn_buf_u8(b, '\n');
		more = *text != '\0';
		if (more)
			sn_buf_fmt(b, "%*s", (int)indent, "");
	}
}

const struct rec_expiry *
rec_nth_expiry(const struct rec_facts *f, size_t n)
{
	for (size_t i = 0; i < f->nexpires; i++) {
		const struct rec_expiry *e = &f->expires[i];
		size_t before = 0;

		for (size_t k = 0; k < f->nexpires; k++)
			before +=
			    f->expires[k].at < e->at || (f->expires[k].at == e->at && k < i);
		if (before == n)
			return e;
	}
	return &f->expires[0];
}

/* A digest as people compare it: hex in groups of eight, then as words. */
static void
put_digest(const uint8_t digest[32], struct sn_buf *ret)
{
	for (size_t i = 0; i < 32; i += 4) {
		sn_buf_hex(ret, (struct bytes){ digest + i, 4 });
		sn_buf_u8(ret, i == 28 ? '\n' : ' ');
	}
	words_put(ret, (struct bytes){ digest, 32 });
}

enum sn_err
rec_each_fact(const struct rec_facts *f,
    void (*put)(struct sn_buf *b, const char *label, const char *value), struct sn_buf *ret,
    struct sn_why *why)
{
	SN_CLEANUP(sn_buf_done) struct sn_buf v = { 0 };
	char when[TEXT_TIME_LEN + 1];
	char text[160];

	put(ret, "Ceremony", f->ceremony);
	put(ret, "Sanctum", f->sanctum_name);
	put(ret, "Organization", f->organization);
	sn_buf_hex(&v, BYTES_OF(f->sanctum_id));
	put(ret, "Sanctum id", sn_buf_cstr(&v));
	put(ret, "World", f->world);
	put(ret, "Mode", f->mode);
	snprintf(text, sizeof(text), "%u", f->sequence);
	put(ret, "Sequence", text);
	text_from_time(f->time, when);
	put(ret, "Time", when);
	put(ret, "Evidence", f->evidence_class);
	snprintf(text, sizeof(text), "%u of %u custodians rebuild the master secret",
	    f->share_threshold, f->share_count);
	put(ret, "Shares", text);
	snprintf(text, sizeof(text), "%u of %zu approvers sign; %u open the operations secret",
	    f->approvals, f->napprovers, f->ops_threshold);
	put(ret, "Approvals", text);
	if (f->has_collateral_time) {
		text_from_time(f->collateral_time, when);
		snprintf(text, sizeof(text), "judged at %s, not at the ceremony's time", when);
		put(ret, "Collateral", text);
	}
	if (f->reduced)
		put(ret, "Separation", "REDUCED: two people held every role");
	if (f->exception != NULL)
		put(ret, "Exception", f->exception);
	v.n = 0;
	put_digest(f->plan_sha256, &v);
	put(ret, "Plan", sn_buf_cstr(&v));
	v.n = 0;
	put_digest(f->identity_sha256, &v);
	put(ret, "Identity", sn_buf_cstr(&v));
	v.n = 0;
	put_digest(tr_read_root(f->transcript)->h, &v);
	put(ret, "Transcript", sn_buf_cstr(&v));
	return sn_buf_check(&v, why);
}
