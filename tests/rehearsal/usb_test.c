/*
 * USB devices that come and go while a ceremony is played, up to where the people end it.
 * The guard is this file; "media USB WHAT" in an answer file plugs WHAT in, "-" pulls it.
 * After a wanted change of the screens: GOLDEN=write make check T=usb.
 * timeout: 120
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "appliance/base/file.h"
#include "appliance/tpm/tpm.h"
#include "ceremony/core/cer.h"
#include "ceremony/keys/approver.h"
#include "ceremony/script/script.h"
#include "tests/lib/test.h"

#define NOON 1780315200 /* 2026-06-01T12:00:00Z */
#define GOLDEN "tests/rehearsal/screens/"

/* ---- answer files in pieces */

#define START "start.ok\nmedia CS-IN OUT/sticks/CS-IN\nplan.agree agree\n"
#define PEOPLE                                                                                 \
	"people.agree agree\ntime.typed@dora 2026-06-01 12:00\n"                               \
	"time.typed@wim 2026-06-01 12:00\n"
#define GO_ON "time.agree agree\ntpm.ok\ncollateral.agree agree\nmedia CS-IN -\n"
#define PLUS(name) "media CS-" name " OUT/sticks/CS-" name "\n"
#define MINUS(name) "media CS-" name " -\n"
#define REVIEW(name)                                                                           \
	PLUS(name) "review.pass@" name " rehearsal passphrase of " name "\n" MINUS(name)
#define APPROVED START PEOPLE GO_ON REVIEW("alice") REVIEW("bob")
#define ACCEPT(name)                                                                           \
	PLUS(name) "usb.pass@" name " rehearsal passphrase of " name "\n" MINUS(name)
#define NO                                                                                     \
	"no\ndisagree.who wim\ndisagree.reason@wim I do not agree\ntyped skip\ndisagree.end\n"
#define LEAVE "shares.ready@carol " NO

struct story {
	const char *name, *play;
	enum sn_err end;
	bool accepted;
	const char *records[8];	  /* ids, in this order, of all that are usb.* */
	const char *golden[4][2]; /* screen's reference, golden's name */
	const char *there[2];	  /* devices before the first screen */
};

static const struct story stories[] = {
	{ "there at the start: recorded, no note",
	    "start.ok\nmedia CS-IN OUT/sticks/CS-IN\nplan.agree " NO, SN_E_DECLINED, false,
	    { "usb.keyboard", "usb.refused" }, { { 0 } }, { "one", "mouse" } },
	{ "a mouse during the ceremony: a note and a record",
	    "start.ok\nmedia USB mouse\nmedia CS-IN OUT/sticks/CS-IN\nplan.agree " NO,
	    SN_E_DECLINED, false, { "usb.refused" }, { { "media-CS-IN", "usb-refused" } },
	    { 0 } },
	{ "a stick and a hub: nobody is told",
	    "start.ok\nmedia USB stick\nmedia USB hub\nmedia CS-IN OUT/sticks/CS-IN\nplan.agree " NO,
	    SN_E_DECLINED, false, { NULL }, { { 0 } }, { 0 } },
	{ "a keyboard before the approval waits, then two accept it",
	    START "media USB two\n" PEOPLE GO_ON REVIEW("alice")
		REVIEW("bob") "usb.keyboard accept\n" ACCEPT("bob")
		    ACCEPT("alice") "seed.ok\n" LEAVE,
	    SN_E_DECLINED, true, { "usb.late", "usb.accepted" },
	    { { "usb.keyboard", "usb-question" }, { "usb.pass@bob", "usb-passphrase" },
		{ "media-CS-alice", "usb-stick" }, { "time.typed@dora", "usb-early" } },
	    { 0 } },
	{ "neither accept nor refuse, then refuse",
	    APPROVED "media USB two\nseed.ok\nusb.keyboard agree\nusb.keyboard refuse\n" LEAVE,
	    SN_E_DECLINED, false, { "usb.late", "usb.declined" }, { { 0 } }, { 0 } },
	{ "one accepts, nobody else comes: it stays refused",
	    APPROVED "media USB two\nseed.ok\nusb.keyboard accept\n" ACCEPT(
		"alice") "media USB -\n" LEAVE,
	    SN_E_DECLINED, false, { "usb.late" }, { { 0 } }, { 0 } },
	{ "one person with another's stick",
	    APPROVED "media USB two\nseed.ok\nusb.keyboard accept\n" ACCEPT(
		"alice") "media CS-bob OUT/sticks/CS-alice\n"
			 "usb.pass@bob rehearsal passphrase of alice\n" MINUS(
			     "bob") "media USB -\n" LEAVE,
	    SN_E_DECLINED, false, { "usb.late" }, { { 0 } }, { 0 } },
	{ "a wrong passphrase, an empty one, then two people",
	    APPROVED "media USB two\nseed.ok\nusb.keyboard accept\n" PLUS(
		"alice") "usb.pass@alice wrong passphrase\nusb.pass@alice\n" MINUS("alice")
		ACCEPT("bob") ACCEPT("alice") LEAVE,
	    SN_E_DECLINED, true, { "usb.late", "usb.accepted" }, { { 0 } }, { 0 } },
	{ "pulled while one approver is asked",
	    APPROVED "media USB two\nseed.ok\nusb.keyboard accept\nmedia USB -\n" LEAVE,
	    SN_E_DECLINED, false, { "usb.late" }, { { 0 } }, { 0 } },
	{ "\"no\" ends the ceremony here, too",
	    APPROVED "media USB two\nseed.ok\nusb.keyboard " NO, SN_E_DECLINED, false,
	    { "usb.late" }, { { 0 } }, { 0 } },
	{ "the only keyboard, pulled and back",
	    "start.ok\nmedia USB -\nmedia USB back\nmedia CS-IN OUT/sticks/CS-IN\n"
	    "plan.agree " NO,
	    SN_E_DECLINED, false, { "usb.keyboard", "usb.gone", "usb.returned" }, { { 0 } },
	    { "one" } },
	{ "a guard that is gone ends it", "start.ok\nmedia USB dead\n", SN_E_PROTO, false,
	    { NULL }, { { 0 } }, { 0 } },
};

/* ---- the guard */

struct world {
	char out[200];
	struct med *media;
	struct usb_status st;
	uint32_t last_id, accepted;
	bool dead;
};

static const struct plugged {
	const char *what;
	struct usb_device device;
} plugs[] = {
	{ "one",
	    { .state = USB_ON,
		.verdict = { USB_KEYBOARD, 0x046d, 0xc31c, 3, 1, 1, "" },
		.port = "1-1",
		.name = "Logitech USB Keyboard",
		.raw = { 1 },
		.nraw = 34 } },
	{ "back",
	    { .state = USB_ON,
		.returned = true,
		.verdict = { USB_KEYBOARD, 0x046d, 0xc31c, 3, 1, 1, "" },
		.port = "1-1",
		.name = "Logitech USB Keyboard",
		.raw = { 1 },
		.nraw = 34 } },
	{ "two",
	    { .state = USB_ASKED,
		.verdict = { USB_KEYBOARD, 0x16c0, 0x0486, 3, 1, 1, "" },
		.port = "1-4.2",
		.name = "Teensyduino Keyboard",
		.raw = { 2 },
		.nraw = 34 } },
	{ "mouse",
	    { .state = USB_OFF,
		.verdict = { USB_REFUSED, 0x0627, 1, 3, 1, 2, "mouse or touchpad" },
		.port = "1-2",
		.name = "QEMU USB Mouse" } },
	{ "stick",
	    { .state = USB_ON,
		.verdict = { USB_STORAGE, 0x0951, 0x1666, 8, 6, 80, "" },
		.port = "2-1",
		.name = "DataTraveler" } },
	{ "hub",
	    { .state = USB_ON,
		.verdict = { USB_HUB, 0x0409, 0x55aa, 9, 0, 0, "" },
		.port = "1-4",
		.name = "hub" } },
};

static enum sn_err
guard_status(void *arg, struct usb_status *st, bool *ret_changed, struct sn_why *why)
{
	struct world *w = arg;

	if (w->dead)
		return sn_fail(why, SN_E_PROTO, "the other process closed its pipe");
	*ret_changed = st->generation != w->st.generation;
	*st = w->st;
	return SN_OK;
}

static enum sn_err
guard_accept(void *arg, uint32_t id, struct sn_why *why)
{
	struct world *w = arg;
	const struct usb_device *d = usb_find(&w->st, id);

	if (d == NULL || d->state != USB_ASKED)
		return sn_fail(why, SN_E_POLICY, "the keyboard is not there any more");
	w->st.device[d - w->st.device].state = USB_ON;
	w->st.generation++;
	w->accepted = id;
	return SN_OK;
}

static void
plug(struct world *w, const char *what)
{
	w->st.generation++;
	if (what == NULL) {
		assert_true(w->st.n > 0);
		w->st.n--;
		return;
	}
	w->dead = strcmp(what, "dead") == 0;
	for (size_t i = 0; i < SN_NITEMS(plugs); i++)
		if (strcmp(plugs[i].what, what) == 0) {
			w->st.device[w->st.n] = plugs[i].device;
			w->st.device[w->st.n++].id = ++w->last_id;
		}
}

/* ---- one play */

static enum sn_err
stick(void *arg, const char *label, const char *path, struct sn_why *why)
{
	struct world *w = arg;

	if (strcmp(label, "USB") == 0) {
		plug(w, path != NULL ? strrchr(path, '/') + 1 : NULL);
		return SN_OK;
	}
	return path != NULL ? med_dir_insert(w->media, label, path, why)
			    : med_dir_pull(w->media, label, why);
}

static int64_t
noon(void *arg SN_UNUSED)
{
	return NOON;
}

static const char *
built(const char *name)
{
	const char *build = getenv("BUILD");

	return test_format("%s/bin/%s", build != NULL ? build : "build", name);
}

/* The sticks of a rehearsal, made once for all plays. */
static void
make_sticks(const char *out)
{
	const char *build = getenv("BUILD");
	int status = -1;
	pid_t pid = fork();

	if (pid == 0) {
		execl("tests/sticks.sh", "sticks.sh", build != NULL ? build : "build", out,
		    NULL);
		_exit(127);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
}

static const char *
sticks(void)
{
	static const char *out;

	if (out == NULL) {
		out = test_format("%s/out", test_tmpdir());
		assert_int_equal(mkdir(out, 0700), 0);
		make_sticks(out);
	}
	return out;
}

/* Every usb.* record is one that is wanted, in its place; other text is printable anyway. */
static void
check_records(struct cer *c, const struct story *s)
{
	struct tr_read *r = NULL;
	size_t n = 0;

	if (tr_size(c->tr) == 0) { /* which is no transcript */
		assert_null(s->records[0]);
		return;
	}
	assert_int_equal(tr_read_new(tr_records(c->tr), &r, NULL), SN_OK);
	for (size_t i = 0; i < tr_read_size(r); i++) {
		const struct tr_record *record = tr_read_record(r, i);

		if (strncmp(record->id, "usb.", 4) != 0)
			continue;
		if (s->records[n] == NULL || strcmp(s->records[n], record->id) != 0)
			fail_msg("record %zu is %s", n, record->id);
		n++;
	}
	if (s->records[n] != NULL)
		fail_msg("%s was not recorded", s->records[n]);
	tr_read_free(&r);
}

/* Both signatures are over what the record says, and of two approvers. */
static void
check_signatures(struct cer *c)
{
	static const char *const who[][2] = { { "first", "first_signature" },
		{ "second", "second_signature" } };
	struct tr_read *r = NULL;
	const char *text = NULL, *name[2] = { NULL, NULL }, *base64 = NULL;
	size_t found = 0;

	assert_int_equal(tr_read_new(tr_records(c->tr), &r, NULL), SN_OK);
	for (size_t i = 0; i < tr_read_size(r); i++) {
		const struct tr_record *record = tr_read_record(r, i);

		if (strcmp(record->id, "usb.accepted") != 0)
			continue;
		found++;
		assert_int_equal(sn_json_str(record->args, "keyboard", 600, &text, "record",
				     NULL),
		    SN_OK);
		for (size_t k = 0; k < 2; k++) {
			SN_CLEANUP(sn_buf_done) struct sn_buf sig = { 0 };

			assert_int_equal(sn_json_str(record->args, who[k][0], 20, &name[k],
					     "record", NULL),
			    SN_OK);
			assert_int_equal(sn_json_str(record->args, who[k][1], 400, &base64,
					     "record", NULL),
			    SN_OK);
			assert_int_equal(sn_base64_parse(bytes_str(base64), 200, &sig, "record",
					     NULL),
			    SN_OK);
			assert_int_equal(approver_check_usb(plan_approver(c->plan, name[k]),
					     c->plan->digest, bytes_str(text),
					     sn_buf_bytes(&sig), NULL),
			    SN_OK);
		}
		assert_string_not_equal(name[0], name[1]);
	}
	assert_int_equal(found, 1);
	tr_read_free(&r);
}

/* The goldens have no blanks at the ends of their lines. */
static void
cut_blanks(struct sn_buf *b)
{
	size_t to = 0;

	for (size_t i = 0; i < b->n; i++) {
		while (b->p[i] == '\n' && to > 0 && b->p[to - 1] == ' ')
			to--;
		b->p[to++] = b->p[i];
	}
	b->n = to;
}

/* The last screen with that reference, against its golden. */
static void
check_screen(int screens, const char *reference, const char *golden)
{
	SN_CLEANUP(sn_buf_done) struct sn_buf is = { 0 }, want = { 0 };
	char *path = test_format(GOLDEN "%s.txt", golden);
	char name[128];

	for (unsigned int i = 99; i > 0 && is.n == 0; i--) {
		(void)snprintf(name, sizeof(name), "%02u-%s.txt", i, reference);
		if (sn_file_read(screens, name, 65536, &is, NULL) != SN_OK)
			is.n = 0;
	}
	assert_true(is.n > 0);
	cut_blanks(&is);
	if (getenv("GOLDEN") != NULL)
		assert_int_equal(sn_file_write(AT_FDCWD, path, sn_buf_bytes(&is), 0644, true,
				     NULL),
		    SN_OK);
	assert_int_equal(sn_file_read(AT_FDCWD, path, 65536, &want, NULL), SN_OK);
	if (!bytes_equal(sn_buf_bytes(&is), sn_buf_bytes(&want)))
		fail_msg("%s is\n%s", golden, sn_buf_cstr(&is));
	free(path);
}

static void
play(void **state)
{
	const struct story *s = *state;
	static unsigned int count;
	struct world *w = calloc(1, sizeof(*w));
	struct cer_usb_port usb = { guard_status, guard_accept, w };
	struct cer_ports ports = { .now = noon,
		.arg = w,
		.self = "/proc/self/exe",
		.softtpm = built("softtpm"),
		.console = "terminal",
		.usb = &usb };
	struct script_ports script = { .stick = stick, .arg = w };
	struct cer *c = NULL;
	struct sn_why why = { 0 };
	char *screens;
	enum sn_err e;

	assert_non_null(w);
	script.out = sticks();
	script.play = test_format("%s/%u.play", test_tmpdir(), ++count);
	screens = test_format("%s/screens%u", test_tmpdir(), count);
	assert_int_equal(mkdir(screens, 0700), 0);
	script.screens_dirfd = open(screens, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	assert_int_equal(sn_file_write(AT_FDCWD, script.play, bytes_str(s->play), 0600, true,
			     NULL),
	    SN_OK);
	assert_int_equal(med_open_dir(&w->media, NULL), SN_OK);
	ports.media = w->media;
	w->st.generation = 1;
	for (size_t i = 0; i < SN_NITEMS(s->there) && s->there[i] != NULL; i++)
		plug(w, s->there[i]);
	assert_int_equal(cer_new(&ports, &c, NULL), SN_OK);
	e = script_run(c, &script, &why);
	if (e != SN_OK)
		fail_msg("%s", why.text);
	if (cer_result(c) != s->end)
		fail_msg("it ended with %s: %s", sn_err_name(cer_result(c)), c->why.text);
	assert_int_equal(w->accepted != 0, s->accepted);
	check_records(c, s);
	if (s->accepted)
		check_signatures(c);
	for (size_t i = 0; i < SN_NITEMS(s->golden) && s->golden[i][0] != NULL; i++)
		check_screen(script.screens_dirfd, s->golden[i][0], s->golden[i][1]);
	close(script.screens_dirfd);
	cer_free(&c);
	med_free(&w->media);
	free(w);
}

/* A device that comes and goes a hundred times does not fill the transcript. */
static void
flapping(void **state)
{
	struct world *w = calloc(1, sizeof(*w));
	struct cer_usb_port usb = { guard_status, guard_accept, w };
	struct cer_ports ports = { .now = noon,
		.arg = w,
		.self = "/proc/self/exe",
		.console = "terminal",
		.usb = &usb };
	struct view *v = calloc(1, sizeof(*v));
	struct cer *c = NULL;
	unsigned int notes = 0;
	bool again;

	(void)state;
	assert_true(w != NULL && v != NULL);
	assert_int_equal(med_open_dir(&w->media, NULL), SN_OK);
	ports.media = w->media;
	w->st.generation = 1;
	assert_int_equal(cer_new(&ports, &c, NULL), SN_OK);
	for (unsigned int i = 0; i < 100; i++) {
		assert_int_equal(cer_next(c, v, NULL), SN_OK);
		notes += v->note[0] != '\0';
		plug(w, "mouse");
		assert_int_equal(cer_watch(c, &again, NULL), SN_OK);
		plug(w, NULL);
	}
	assert_in_range(notes, 30, 40);
	assert_in_range(tr_size(c->tr), 30, 40);
	cer_free(&c);
	med_free(&w->media);
	free(v);
	free(w);
}

int
main(int argc, char **argv)
{
	struct test_list *l;

	if (argc == 2 && strcmp(argv[1], "--role=keeper") == 0)
		return keeper_process_main();
	if (argc == 2 && strcmp(argv[1], "--role=tpm") == 0)
		return tpm_process_main(&(struct tpm_process_args){
		    SN_CHILD_IN, SN_CHILD_OUT, SN_CHILD_EXTRA });
	if (sn_secret_start(1U << 20, NULL) != SN_OK || cry_start(NULL) != SN_OK)
		return 1;
	l = test_list_new();
	for (size_t i = 0; i < SN_NITEMS(stories); i++)
		test_list_add(l, play, &stories[i], "%s", stories[i].name);
	test_list_add(l, flapping, NULL, "a hundred times in and out");
	return test_list_run(l, "usb in a ceremony");
}
