/* The check as people meet it: pages of text, one typed line each. */
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "appliance/base/file.h"
#include "appliance/laptop/laptop.h"
#include "appliance/laptop/live.h"
#include "appliance/laptop/save.h"

#define CLEAR "\033[0m\033[3J\033[2J\033[H"
#define LINES_MAX 20
#define LINES(choices) (LINES_MAX - (choices)) /* of 24 rows: title, choices, what is typed */
#define LINE_MAX 8
#define STICK_POLL_MS 400

/* Which page is next. */
enum page { PAGE_BEGIN, PAGE_VERDICT, PAGE_READ, PAGE_STICK, PAGE_END, PAGE_BACK, PAGE_OFF };

struct flow {
	struct init_machine m;
	struct laptop_live live;
	struct laptop l;
	struct sn_buf report;
	struct med *media;
	char typed[LINE_MAX];
	size_t ntyped;
	struct sn_buf done; /* what became of the report */
};

/* ---- the terminal */

static void
put(const char *text)
{
	(void)!sn_fd_write(STDOUT_FILENO, bytes_str(text), NULL);
}

static void
put_page(const char *title, const char *text)
{
	put(CLEAR);
	put(title);
	put("\n\n");
	put(text);
}

enum typed { TYPED_NOTHING, TYPED_LINE, TYPED_GONE };

/* What is typed until Enter; TYPED_NOTHING when that takes longer than ms (-1: for ever). */
static enum typed
typed_line(struct flow *f, int ms, char ret[LINE_MAX])
{
	for (;;) {
		struct pollfd p = { .fd = STDIN_FILENO, .events = POLLIN };
		char c, echo[2] = "";
		int n = poll(&p, 1, ms);

		if (n < 0 && errno == EINTR)
			continue;
		if (n == 0)
			return TYPED_NOTHING;
		if (n < 0 || read(STDIN_FILENO, &c, 1) != 1)
			return TYPED_GONE;
		if (c == '\n' || c == '\r') {
			memcpy(ret, f->typed, f->ntyped);
			ret[f->ntyped] = '\0';
			f->ntyped = 0;
			return TYPED_LINE;
		}
		if (c > ' ' && c <= '~' && f->ntyped + 1 < LINE_MAX) {
			f->typed[f->ntyped++] = c;
			echo[0] = c;
			put(echo);
		}
	}
}

struct choice {
	const char *typed, *text;
	enum page page;
};

/* The choices below the page; the first one whose text was typed. */
static enum page
choose(struct flow *f, const struct choice *choices, size_t n)
{
	char line[LINE_MAX];

	put("\n");
	for (size_t i = 0; i < n; i++) {
		put(choices[i].typed[0] != '\0' ? "  " : "  Enter: ");
		put(choices[i].typed);
		put(choices[i].typed[0] != '\0' ? " and Enter: " : "");
		put(choices[i].text);
		put("\n");
	}
	put("> ");
	for (;;) {
		if (typed_line(f, -1, line) != TYPED_LINE)
			return PAGE_OFF;
		for (size_t i = 0; i < n; i++)
			if (strcmp(line, choices[i].typed) == 0)
				return choices[i].page;
		put("\n> ");
	}
}

/* Where the page behind n lines begins. */
static const char *
behind_lines(const char *text, size_t n)
{
	while (n-- > 0 && *text != '\0') {
		text += strcspn(text, "\n");
		text += *text == '\n';
	}
	return text;
}

/* Leave at most n lines, and say so when there were more. */
static void
cut_lines(struct sn_buf *b, size_t n)
{
	const char *text = sn_buf_cstr(b), *end = behind_lines(text, n);

	if (*end == '\0')
		return;
	b->n = (size_t)(end - text);
	sn_buf_str(b, "  ... the rest is in the report\n");
}

/* ---- the pages */

static void
examine(struct flow *f)
{
	struct sn_why why = { 0 };

	put("\nLooking, and asking the TPM ...\n");
	tpm_info_done(&f->live.tpm);
	f->live.tpm = (struct tpm_info){ 0 };
	laptop_live_look(&f->m, &f->live);
	laptop_done(&f->l);
	f->l = (struct laptop){ .m = &f->m, .facts = f->l.facts, .live = &f->live };
	laptop_examine(&f->l);
	sn_buf_done(&f->report);
	if (laptop_report(&f->l, &f->report, &why) != SN_OK)
		sn_buf_fmt(&f->done, "There is no report: %s\n", why.text);
}

static enum page
page_begin(struct flow *f)
{
	static const struct choice choices[] = {
		{ "", "begin", PAGE_VERDICT },
		{ "b", "back to the first screen", PAGE_BACK },
	};
	int64_t before = laptop_live_interrupts(&f->m), after;
	enum page next;

	put_page("Check this laptop",
	    "This looks at the machine and says whether a ceremony can be held on it.\n"
	    "It makes no keys of a ceremony and changes nothing. The report can be\n"
	    "written to a stick. It takes some seconds; with a slow TPM some minutes.\n");
	next = choose(f, choices, SN_NITEMS(choices));
	after = laptop_live_interrupts(&f->m);
	f->live.enter_interrupts = before < 0 ? -1 : after - before;
	if (next == PAGE_VERDICT)
		examine(f);
	return next;
}

static enum page
page_verdict(struct flow *f)
{
	static const struct choice choices[] = {
		{ "", "write the report to a stick", PAGE_STICK },
		{ "r", "read the report here", PAGE_READ },
		{ "s", "no stick", PAGE_END },
	};
	SN_CLEANUP(sn_buf_done) struct sn_buf text = { 0 };

	laptop_summary(&f->l, &text);
	cut_lines(&text, LINES(SN_NITEMS(choices)) - 1);
	put_page("Check this laptop: the verdict", sn_buf_cstr(&text));
	return choose(f, choices, SN_NITEMS(choices));
}

static enum page
page_read(struct flow *f)
{
	static const struct choice choices[] = { { "", "the next page", PAGE_READ },
		{ "q", "enough", PAGE_VERDICT } };
	const char *text = sn_buf_cstr(&f->report);

	while (*text != '\0') {
		const char *next = behind_lines(text, LINES(SN_NITEMS(choices)));
		char page[LINES_MAX * 81];
		enum page chosen;

		snprintf(page, sizeof(page), "%.*s", (int)(next - text), text);
		put_page("The report", page);
		chosen = choose(f, choices, SN_NITEMS(choices));
		if (chosen != PAGE_READ)
			return chosen;
		text = next;
	}
	return PAGE_VERDICT;
}

/* What the sticks allow now: an offer (true), or what to do first; and its text. */
static bool
look_at_sticks(struct flow *f, struct save_offer *ret, struct sn_buf *text)
{
	char labels[MED_STICKS_MAX][MED_LABEL_MAX + 1];
	const bool with_tpm = laptop_live_enrols(&f->live);
	struct sn_why why = { 0 };
	size_t n = 0;

	if (med_scan(f->media, labels, &n, &why) != SN_OK)
		sn_buf_fmt(text, "%s.\nLeave one of them.\n", why.text);
	else if (n == 0)
		sn_buf_str(text, "Insert a stick (FAT or exFAT). It is not formatted.\n");
	else if (n > 1)
		sn_buf_fmt(text, "%zu sticks are in. Leave the one for the report.\n", n);
	else if (laptop_offer(f->media, labels[0], with_tpm, ret, &why) != SN_OK)
		sn_buf_fmt(text, "%s.\nTake another stick.\n", why.text);
	else {
		laptop_offer_text(ret, with_tpm, text);
		return true;
	}
	return false;
}

/* What enrols the TPM, behind the report. On success *ret_name is what was written, or NULL. */
static enum sn_err
write_enrolment(struct flow *f, const struct save_offer *o, const char **ret_name,
    struct sn_why *refused, struct sn_why *why)
{
	SN_CLEANUP(sn_buf_done) struct sn_buf secret = { 0 };

	*ret_name = NULL;
	if (!laptop_live_enrols(&f->live))
		return SN_OK;
	if (o->challenge.n != 0) {
		put("\nAsking the TPM ...\n");
		if (laptop_live_activate(sn_buf_bytes(&o->challenge), &secret, refused) ==
		    SN_OK) {
			SN_TRY(laptop_save_answer(f->media, o, sn_buf_bytes(&secret), why));
			*ret_name = o->answer;
			return SN_OK;
		}
	}
	SN_TRY(laptop_save_request(f->media, o, &f->live.tpm, why));
	*ret_name = o->request;
	return SN_OK;
}

static void
write_all(struct flow *f, const struct save_offer *o)
{
	struct sn_why refused = { 0 }, why = { 0 };
	const char *name = NULL;
	bool report;

	put("\nWriting ...\n");
	report = laptop_save_report(f->media, o, sn_buf_bytes(&f->report), &why) == SN_OK;
	if (report && write_enrolment(f, o, &name, &refused, &why) != SN_OK)
		name = NULL;
	med_eject(f->media, o->label);
	f->done.n = 0;
	laptop_saved_text(o, report, name, &refused, &why, &f->done);
}

static enum page
page_stick(struct flow *f)
{
	SN_CLEANUP(sn_buf_done) struct sn_buf shown = { 0 };
	char line[LINE_MAX];

	if (f->media == NULL)
		return PAGE_END;
	for (;;) {
		SN_CLEANUP(laptop_offer_done) struct save_offer o = { 0 };
		SN_CLEANUP(sn_buf_done) struct sn_buf text = { 0 };
		bool ready = look_at_sticks(f, &o, &text);
		enum typed typed;

		if (shown.n == 0 || strcmp(sn_buf_cstr(&text), sn_buf_cstr(&shown)) != 0) {
			put_page("Check this laptop: the stick", sn_buf_cstr(&text));
			put(ready ? "\n  Enter: write it\n" : "");
			put("  s and Enter: no stick\n> ");
			shown.n = 0;
			sn_buf_put(&shown, sn_buf_bytes(&text));
		}
		typed = typed_line(f, STICK_POLL_MS, line);
		if (typed == TYPED_GONE)
			return PAGE_OFF;
		if (typed == TYPED_LINE && strcmp(line, "s") == 0)
			return PAGE_END;
		if (typed != TYPED_LINE || line[0] != '\0' || !ready)
			continue;
		write_all(f, &o);
		return PAGE_END;
	}
}

static enum page
page_end(struct flow *f)
{
	static const struct choice choices[] = {
		{ "", "back to the first screen", PAGE_BACK },
		{ "o", "switch the machine off", PAGE_OFF },
		{ "w", "write the report to a stick", PAGE_STICK },
		{ "r", "read the report here", PAGE_READ },
	};

	put_page("Check this laptop: done",
	    f->done.n != 0 ? sn_buf_cstr(&f->done) : "The report was not written.\n");
	return choose(f, choices, SN_NITEMS(choices));
}

static enum page (*const pages[])(struct flow *f) = {
	[PAGE_BEGIN] = page_begin,
	[PAGE_VERDICT] = page_verdict,
	[PAGE_READ] = page_read,
	[PAGE_STICK] = page_stick,
	[PAGE_END] = page_end,
};

int
laptop_main(const struct laptop_args *a)
{
	struct flow f = { .m = { .root = "" } };
	enum page page = PAGE_BEGIN;
	struct sn_why why = { 0 };

	f.live.build_date = a->build_date;
	f.l.facts = a->facts;
	laptop_live_screen(STDOUT_FILENO, &f.live);
	if (med_open_block(INIT_MEDIA_DIR, &f.media, &why) != SN_OK)
		sn_buf_fmt(&f.done, "No stick can be used: %s\n", why.text);
	while (page != PAGE_BACK && page != PAGE_OFF)
		page = pages[page](&f);
	med_free(&f.media);
	laptop_done(&f.l);
	sn_buf_done(&f.report);
	sn_buf_done(&f.done);
	tpm_info_done(&f.live.tpm);
	put(CLEAR);
	return page == PAGE_BACK ? LAPTOP_BACK : LAPTOP_OFF;
}
