#include <string.h>

#include "appliance/base/text.h"
#include "ceremony/record/parts.h"

/* The whole style: no script, no reference to anything outside this file. */
static const char head[] =
    "<!DOCTYPE html>\n"
    "<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
    "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src "
    "'unsafe-inline'\">\n"
    "<title>Record of a key ceremony</title>\n"
    "<style>\n"
    "body{font:15px/1.45 sans-serif;max-width:50em;margin:2em auto;padding:0 1em}\n"
    "table{border-collapse:collapse;width:100%}\n"
    "th,td{text-align:left;vertical-align:top;padding:.2em .8em .2em 0}\n"
    "tr{border-bottom:1px solid #ccc}\n"
    "td.d,td.t{font-family:monospace}\n"
    "td.t{white-space:nowrap}\n"
    ".w{border:3px solid;padding:.5em}\n"
    "pre{font-size:13px}\n"
    "</style>\n</head>\n<body>\n<h1>Record of a key ceremony</h1>\n";

static void
put_escaped(struct sn_buf *b, struct bytes text)
{
	for (size_t i = 0; i < text.n; i++) {
		switch (text.p[i]) {
		case '&':
			sn_buf_str(b, "&amp;");
			break;
		case '<':
			sn_buf_str(b, "&lt;");
			break;
		case '>':
			sn_buf_str(b, "&gt;");
			break;
		case '"':
			sn_buf_str(b, "&quot;");
			break;
		case '\'':
			sn_buf_str(b, "&#39;");
			break;
		case '\n':
			sn_buf_str(b, "<br>");
			break;
		default:
			sn_buf_u8(b, text.p[i]);
			break;
		}
	}
}

static void
put_cell(struct sn_buf *b, const char *tag, const char *text)
{
	sn_buf_fmt(b, "<%s>", tag);
	put_escaped(b, bytes_str(text));
	sn_buf_fmt(b, "</%.2s>", tag);
}

static void
put_fact(struct sn_buf *b, const char *label, const char *value)
{
	sn_buf_str(b, "<tr>");
	put_cell(b, "th", label);
	put_cell(b, strchr(value, '\n') != NULL ? "td class=\"d\"" : "td", value);
	sn_buf_str(b, "</tr>\n");
}

static void
put_approvers(const struct rec_facts *f, struct sn_buf *b)
{
	char hex[65];

	sn_buf_str(b, "<h2>Approvers and the SHA-256 of their keys</h2>\n<table>\n");
	for (size_t i = 0; i < f->napprovers; i++) {
		sn_hex(BYTES_OF(f->approvers[i].key_sha256), hex);
		sn_buf_str(b, "<tr>");
		put_cell(b, "th", f->approvers[i].name);
		put_cell(b, "td class=\"d\"", hex);
		sn_buf_str(b, "</tr>\n");
	}
	sn_buf_str(b, "</table>\n");
}

static void
put_expiries(const struct rec_facts *f, struct sn_buf *b)
{
	char when[TEXT_TIME_LEN + 1];

	sn_buf_str(b, "<h2>What expires</h2>\n<table>\n");
	for (size_t i = 0; i < f->nexpires; i++) {
		const struct rec_expiry *e = rec_nth_expiry(f, i);

		text_from_time(e->at, when);
		sn_buf_str(b, "<tr>");
		put_cell(b, "td class=\"t\"", when);
		put_cell(b, "td", e->what);
		sn_buf_str(b, "</tr>\n");
	}
	sn_buf_str(b, "</table>\n");
}

static void
put_transcript(const struct rec_facts *f, struct sn_buf *b)
{
	char when[TEXT_TIME_LEN + 1];

	sn_buf_str(b, "<h2>What happened</h2>\n<table>\n");
	for (size_t i = 0; i < tr_read_size(f->transcript); i++) {
		SN_CLEANUP(sn_buf_done) struct sn_buf s = { 0 };

		if (strcmp(tr_read_record(f->transcript, i)->id, TR_SCREEN_ID) == 0)
			continue; /* sanctum replay shows them */
		rec_sentence(f, i, &s);
		text_from_time(tr_read_record(f->transcript, i)->time, when);
		sn_buf_fmt(b, "<tr><td>%zu</td>", i);
		put_cell(b, "td class=\"t\"", when);
		put_cell(b, "td", sn_buf_cstr(&s));
		sn_buf_str(b, "</tr>\n");
	}
	sn_buf_str(b, "</table>\n");
}

enum sn_err
rec_html(const struct rec_facts *f, struct sn_buf *ret, struct sn_why *why)
{
	sn_buf_str(ret, head);
	if (strcmp(f->world, "rehearsal") == 0)
		sn_buf_str(ret,
		    "<p class=\"w\">This was a rehearsal. Nothing that it made may be "
		    "used in production.</p>\n");
	if (f->reduced)
		sn_buf_str(ret,
		    "<p class=\"w\">Reduced separation. Two people held every role of this "
		    "ceremony.</p>\n");
	sn_buf_str(ret, "<table>\n");
	SN_TRY(rec_each_fact(f, put_fact, ret, why));
	sn_buf_str(ret, "</table>\n");
	put_approvers(f, ret);
	put_expiries(f, ret);
	if (f->collateral.n > 0) {
		sn_buf_str(ret, "<h2>Collateral</h2>\n<p class=\"d\">");
		put_escaped(ret, f->collateral);
		sn_buf_str(ret, "</p>\n");
	}
	put_transcript(f, ret);
	sn_buf_str(ret, "</body>\n</html>\n");
	return sn_buf_check(ret, why);
}
