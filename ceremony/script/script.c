#include "ceremony/script/script.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "appliance/base/file.h"
#include "appliance/base/text.h"

#define SHOWN_MAX 8

/* One line of the file; its value stays in locked memory. */
struct entry {
	unsigned int line;
	char ref[80]; /* "media" for a stick */
	struct bytes value;
};

struct script {
	const struct script_ports *ports;
	struct sn_secret file;
	size_t at; /* next byte of file */
	unsigned int line;
	bool have;
	struct entry next;
	struct {
		char person[24];
		struct sn_secret words;
	} shown[SHOWN_MAX];
	size_t nshown;
	unsigned int screens;
	char last[80]; /* reference of the screen that was written last */
};

static void
script_done(struct script *s)
{
	sn_secret_done(&s->file);
	for (size_t i = 0; i < s->nshown; i++)
		sn_secret_done(&s->shown[i].words);
}

/* A file with passphrases or shares in it: straight into locked memory. */
static enum sn_err
script_load(const char *path, struct sn_secret *ret, struct sn_why *why)
{
	SN_CLEANUP(sn_fd_done) int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	struct sn_secret s = { 0 };
	struct stat st;
	enum sn_err e;

	if (fd < 0 || fstat(fd, &st) != 0 || !S_ISREG(st.st_mode))
		return sn_fail(why, SN_E_MISSING, "%s: no such file", path);
	if (st.st_size <= 0 || st.st_size > SCRIPT_FILE_MAX)
		return sn_fail(why, SN_E_LIMIT, "%s: empty, or over %u bytes", path,
		    SCRIPT_FILE_MAX);
	SN_TRY(sn_secret_new((size_t)st.st_size, &s, why));
	e = sn_fd_read(fd, s.p, s.n, why);
	if (e != SN_OK) {
		sn_secret_done(&s);
		return e;
	}
	*ret = s;
	return SN_OK;
}

static enum sn_err
script_entry(struct script *s, struct bytes line, struct sn_why *why)
{
	size_t n = 0, v;

	while (n < line.n && line.p[n] != ' ' && line.p[n] != '\t')
		n++;
	if (n >= sizeof(s->next.ref) || !text_printable((struct bytes){ line.p, n }, 79))
		return sn_fail(why, SN_E_PLAY, "%s:%u: not a reference", s->ports->play,
		    s->line);
	for (v = n; v < line.n && (line.p[v] == ' ' || line.p[v] == '\t');)
		v++;
	memcpy(s->next.ref, line.p, n);
	s->next.ref[n] = '\0';
	s->next.line = s->line;
	s->next.value = (struct bytes){ line.p + v, line.n - v };
	s->have = true;
	return SN_OK;
}

/* Make s->next the next entry, or leave s->have false at the end of the file. */
static enum sn_err
script_peek(struct script *s, struct sn_why *why)
{
	while (!s->have && s->at < s->file.n) {
		const uint8_t *p = s->file.p + s->at;
		const uint8_t *nl = memchr(p, '\n', s->file.n - s->at);
		size_t n = nl != NULL ? (size_t)(nl - p) : s->file.n - s->at;

		s->at += n + (nl != NULL);
		s->line++;
		if (n > SCRIPT_LINE_MAX)
			return sn_fail(why, SN_E_PLAY, "%s:%u: line over %d bytes",
			    s->ports->play, s->line, SCRIPT_LINE_MAX);
		while (n > 0 && (p[n - 1] == ' ' || p[n - 1] == '\r' || p[n - 1] == '\t'))
			n--;
		if (n == 0 || p[0] == '#')
			continue;
		SN_TRY(script_entry(s, (struct bytes){ p, n }, why));
	}
	return SN_OK;
}

/* A path in the file: below OUT, absolute, or beside the file. */
static void
script_path(const struct script *s, struct bytes value, char *ret, size_t max)
{
	const char *slash = strrchr(s->ports->play, '/');
	int dir = slash != NULL ? (int)(slash - s->ports->play + 1) : 0;
	int n = (int)value.n;
	const char *p = (const char *)value.p;

	if (n >= 4 && memcmp(p, "OUT/", 4) == 0)
		(void)snprintf(ret, max, "%s/%.*s", s->ports->out, n - 4, p + 4);
	else if (n > 0 && p[0] == '/')
		(void)snprintf(ret, max, "%.*s", n, p);
	else
		(void)snprintf(ret, max, "%.*s%.*s", dir, s->ports->play, n, p);
}

/* "media LABEL PATH" or "media LABEL -". */
static enum sn_err
script_stick(struct script *s, struct sn_why *why)
{
	char label[VIEW_LABEL_MAX + 1], path[1024];
	struct bytes v = s->next.value;
	size_t n = 0;

	while (n < v.n && v.p[n] != ' ' && v.p[n] != '\t')
		n++;
	if (n == 0 || n > VIEW_LABEL_MAX)
		return sn_fail(why, SN_E_PLAY, "%s:%u: media needs a label and a path",
		    s->ports->play, s->line);
	memcpy(label, v.p, n);
	label[n] = '\0';
	while (n < v.n && (v.p[n] == ' ' || v.p[n] == '\t'))
		n++;
	v.p += n;
	v.n -= n;
	s->have = false;
	if (v.n == 1 && v.p[0] == '-')
		return s->ports->stick(s->ports->arg, label, NULL, why);
	script_path(s, v, path, sizeof(path));
	return s->ports->stick(s->ports->arg, label, path, why);
}

/* ---- values */

static enum sn_err
script_remember(struct script *s, const struct view *v, struct sn_why *why)
{
	const char *person = v->person != NULL ? v->person : "";
	size_t i = 0;

	while (i < s->nshown && strcmp(s->shown[i].person, person) != 0)
		i++;
	if (i == SHOWN_MAX)
		return sn_fail(why, SN_E_LIMIT, "more than %d people were shown words",
		    SHOWN_MAX);
	if (i == s->nshown)
		s->nshown++;
	(void)snprintf(s->shown[i].person, sizeof(s->shown[i].person), "%s", person);
	sn_secret_done(&s->shown[i].words);
	return sn_secret_copy(v->secret, &s->shown[i].words, why);
}

/* Copy words, with number n (1-based; 0 for none) replaced. */
static enum sn_err
words_replace(struct bytes words, uint32_t n, struct bytes by, struct sn_secret *ret,
    struct sn_why *why)
{
	struct sn_secret s = { 0 };
	uint32_t number = 1;
	size_t from = 0;

	SN_TRY(sn_secret_new(0, &s, why));
	for (size_t i = 0; i <= words.n; i++) {
		if (i < words.n && words.p[i] != ' ')
			continue;
		if (number > 1)
			SN_TRY(sn_secret_append(&s, BYTES_STR(" "), why));
		SN_TRY(sn_secret_append(&s,
		    number == n ? by : (struct bytes){ words.p + from, i - from }, why));
		from = i + 1;
		number++;
	}
	*ret = s;
	return SN_OK;
}

/* "@shown" or "@shown:N:WORD" */
static enum sn_err
value_shown(struct script *s, const struct view *v, struct bytes spec, struct sn_secret *ret,
    struct sn_why *why)
{
	const char *person = v->person != NULL ? v->person : "";
	char text[64] = "", *word = NULL;
	uint32_t n = 0;
	size_t i = 0;

	while (i < s->nshown && strcmp(s->shown[i].person, person) != 0)
		i++;
	if (i == s->nshown)
		return sn_fail(why, SN_E_PLAY, "%s:%u: %s was not shown anything",
		    s->ports->play, s->next.line, person);
	if (spec.n > 0) {
		(void)snprintf(text, sizeof(text), "%.*s", (int)spec.n - 1, spec.p + 1);
		word = strchr(text, ':');
		if (word == NULL)
			return sn_fail(why, SN_E_PLAY, "%s:%u: @shown:N:WORD is the form",
			    s->ports->play, s->next.line);
		*word++ = '\0';
		SN_TRY(text_to_u32(text, 1, 60, &n, "@shown", why));
	}
	return words_replace(sn_secret_bytes(&s->shown[i].words), n,
	    word != NULL ? bytes_str(word) : (struct bytes){ NULL, 0 }, ret, why);
}

/* "@file:PATH:N": the N-th line of a file of shares. */
static enum sn_err
value_file(struct script *s, struct bytes spec, struct sn_secret *ret, struct sn_why *why)
{
	struct sn_secret file = { 0 };
	char text[512], path[1024], *number;
	uint32_t n = 0, line = 1;
	size_t from = 0;
	enum sn_err e = SN_E_PLAY;

	(void)snprintf(text, sizeof(text), "%.*s", (int)spec.n, spec.p);
	number = strrchr(text, ':');
	if (number == NULL)
		return sn_fail(why, SN_E_PLAY, "%s:%u: @file:PATH:N is the form",
		    s->ports->play, s->next.line);
	*number++ = '\0';
	SN_TRY(text_to_u32(number, 1, 60, &n, "@file", why));
	script_path(s, bytes_str(text), path, sizeof(path));
	SN_TRY(script_load(path, &file, why));
	for (size_t i = 0; i < file.n; i++) {
		if (file.p[i] != '\n')
			continue;
		if (line++ == n) {
			e = sn_secret_copy((struct bytes){ file.p + from, i - from }, ret, why);
			break;
		}
		from = i + 1;
	}
	sn_secret_done(&file);
	return e == SN_OK ? SN_OK : sn_fail(why, e, "%s: no line %u", path, n);
}

static enum sn_err
script_secret(struct script *s, const struct view *v, struct sn_secret *ret, struct sn_why *why)
{
	static const struct bytes shown = BYTES_STR("@shown"), file = BYTES_STR("@file:");
	struct bytes value = s->next.value;

	if (value.n >= shown.n && memcmp(value.p, shown.p, shown.n) == 0)
		return value_shown(s, v, (struct bytes){ value.p + shown.n, value.n - shown.n },
		    ret, why);
	if (value.n >= file.n && memcmp(value.p, file.p, file.n) == 0)
		return value_file(s, (struct bytes){ value.p + file.n, value.n - file.n }, ret,
		    why);
	return sn_secret_copy(value, ret, why);
}

/* An open value: "@now" and "@now+SECONDS" are what somebody reads off a clock. */
static enum sn_err
script_text(struct script *s, char *ret, size_t max, struct sn_why *why)
{
	static const struct bytes now = BYTES_STR("@now");
	struct bytes v = s->next.value;
	char text[16] = "", time[TEXT_TIME_LEN + 1];
	uint32_t more = 0;

	if (v.n < now.n || memcmp(v.p, now.p, now.n) != 0) {
		(void)snprintf(ret, max, "%.*s", (int)v.n, (const char *)v.p);
		return SN_OK;
	}
	if (v.n > now.n && v.p[now.n] != '+')
		return sn_fail(why, SN_E_PLAY, "%s:%u: @now+SECONDS is the form",
		    s->ports->play, s->next.line);
	if (v.n > now.n) {
		(void)snprintf(text, sizeof(text), "%.*s", (int)(v.n - now.n - 1),
		    (const char *)v.p + now.n + 1);
		SN_TRY(text_to_u32(text, 1, UINT32_MAX, &more, "@now", why));
	}
	text_from_time(s->ports->now(s->ports->arg) + more, time);
	(void)snprintf(ret, max, "%.10s %.5s", time, time + 11);
	return SN_OK;
}

/* "@pause" is the key for a pause. */
static bool
script_pause(const struct script *s)
{
	return bytes_equal(s->next.value, BYTES_STR("@pause"));
}

/* ---- screens */

/* Straight from locked memory to the file: a rehearsal's shares are its own, but the
 * habit stays. */
static enum sn_err
script_screen(struct script *s, const struct view *v, struct sn_why *why)
{
	SN_CLEANUP(sn_secret_done) struct sn_secret words = { 0 };
	SN_CLEANUP(sn_buf_done) struct sn_buf text = { 0 };
	SN_CLEANUP(sn_fd_done) int fd = -1;
	struct screen screen;
	char ref[80], name[128];

	if (s->ports->screens_dirfd < 0 || v->kind == VIEW_BUSY)
		return SN_OK;
	view_reference(v, ref);
	for (char *p = ref; *p != '\0'; p++) {
		if (*p == ' ' || *p == '/')
			*p = '-';
	}
	if (strcmp(ref, s->last) == 0 && v->note[0] == '\0')
		return SN_OK; /* still waiting for the same stick */
	(void)snprintf(s->last, sizeof(s->last), "%s", ref);
	(void)snprintf(name, sizeof(name), "%02u-%s.txt", ++s->screens, ref);
	for (size_t page = 0; page < view_pages(v); page++) {
		view_render(v, page, &screen);
		for (size_t r = 0; r < SCREEN_ROWS; r++)
			sn_buf_fmt(&text, "%s\n", screen.row[r]);
	}
	SN_TRY(sn_buf_check(&text, why));
	fd = openat(s->ports->screens_dirfd, name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC,
	    0600);
	if (fd < 0)
		return sn_fail(why, SN_E_IO, "screens/%s: cannot be written", name);
	SN_TRY(sn_fd_write(fd, sn_buf_bytes(&text), why));
	if (v->kind != VIEW_SHOW)
		return SN_OK;
	SN_TRY(view_secret_rows(v, &words, why));
	return sn_fd_write(fd, sn_secret_bytes(&words), why);
}

/* ---- the loop */

/* "typed VALUE": what is typed while a stick is awaited. */
static enum sn_err
script_typed(struct script *s, struct cer *c, struct sn_why *why)
{
	char text[VIEW_TEXT_MAX + 1] = "";
	struct answer a = { .text = text };

	a.pause = script_pause(s);
	if (!a.pause)
		SN_TRY(script_text(s, text, sizeof(text), why));
	s->have = false;
	return cer_answer(c, &a, why);
}

/* A stick is awaited: look, or else the next line must bring or take one. */
static enum sn_err
script_wait(struct script *s, struct cer *c, const struct view *v, struct sn_why *why)
{
	bool there = false;
	char ref[80];

	view_reference(v, ref);
	if (v->note[0] == '\0')
		SN_TRY(cer_poll(c, &there, why));
	if (there)
		return SN_OK;
	SN_TRY(script_peek(s, why));
	if (s->have && strcmp(s->next.ref, "typed") == 0)
		return script_typed(s, c, why);
	if (!s->have)
		return sn_fail(why, SN_E_PLAY, "%s: the file ends, but [%s] is awaited%s%s",
		    s->ports->play, ref, v->note[0] ? ": " : "", v->note);
	if (strcmp(s->next.ref, "media") != 0)
		return sn_fail(why, SN_E_PLAY, "%s:%u: %s stands here, but [%s] is awaited%s%s",
		    s->ports->play, s->next.line, s->next.ref, ref, v->note[0] ? ": " : "",
		    v->note);
	return script_stick(s, why);
}

static enum sn_err
script_ask(struct script *s, struct cer *c, const struct view *v, struct sn_why *why)
{
	SN_CLEANUP(sn_secret_done) struct sn_secret secret = { 0 };
	char ref[80], text[VIEW_TEXT_MAX + 1] = "";
	struct answer a = { .text = text };
	enum sn_err e;

	view_reference(v, ref);
	SN_TRY(script_peek(s, why));
	while (s->have && strcmp(s->next.ref, "media") == 0) {
		SN_TRY(script_stick(s, why));
		SN_TRY(script_peek(s, why));
	}
	if (!s->have || strcmp(s->next.ref, ref) != 0) {
		if (v->kind == VIEW_END)
			return cer_answer(c, &a, why);
		return sn_fail(why, SN_E_PLAY,
		    "%s:%u: the ceremony asks [%s], the file has %s%s%s", s->ports->play,
		    s->have ? s->next.line : s->line, ref,
		    s->have ? s->next.ref : "nothing more", v->note[0] ? "; " : "", v->note);
	}
	a.pause = script_pause(s);
	if (a.pause) {
		s->have = false;
		return cer_answer(c, &a, why);
	}
	if (v->kind == VIEW_PASSPHRASE || v->kind == VIEW_WORDS) {
		SN_TRY(script_secret(s, v, &secret, why));
		a.secret = sn_secret_bytes(&secret);
	} else {
		SN_TRY(script_text(s, text, sizeof(text), why));
	}
	if (v->kind == VIEW_SHOW)
		SN_TRY(script_remember(s, v, why));
	e = cer_answer(c, &a, why);
	s->have = false;
	return e;
}

static enum sn_err
script_loop(struct script *s, struct cer *c, struct view *v, struct sn_why *why)
{
	for (;;) {
		enum view_kind kind;

		SN_TRY(cer_next(c, v, why));
		SN_TRY(script_screen(s, v, why));
		kind = v->kind;
		if (kind == VIEW_BUSY)
			continue;
		if (kind == VIEW_MEDIA || kind == VIEW_REMOVE)
			SN_TRY(script_wait(s, c, v, why));
		else
			SN_TRY(script_ask(s, c, v, why));
		if (kind == VIEW_END)
			return SN_OK;
	}
}

enum sn_err
script_run(struct cer *c, const struct script_ports *ports, struct sn_why *why)
{
	SN_CLEANUP(script_done) struct script s = { .ports = ports };
	struct view *v = calloc(1, sizeof(*v));
	enum sn_err e;

	if (v == NULL)
		return sn_fail(why, SN_E_NOMEM, "view");
	e = script_load(ports->play, &s.file, why);
	if (e == SN_OK)
		e = script_loop(&s, c, v, why);
	free(v);
	SN_TRY(e);
	SN_TRY(script_peek(&s, why));
	if (s.have)
		return sn_fail(why, SN_E_PLAY, "%s:%u: %s is left over", ports->play,
		    s.next.line, s.next.ref);
	return SN_OK;
}
