/*
 * OUT sticks that answer differently on the second read, in whole ceremonies. The back end
 * of the sticks is the folders' own, but for its reopen(): once it is armed, it spoils what the
 * stick holds just before it is read again.
 * timeout: 120
 */
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "appliance/base/file.h"
#include "appliance/media/port.h"
#include "appliance/tpm/tpm.h"
#include "ceremony/core/cer.h"
#include "ceremony/script/script.h"
#include "tests/lib/test.h"

#define NOON 1780315200 /* 2026-06-01T12:00:00Z */
#define FILE_MAX (4U << 20)
#define SECOND 2 /* the insertion after the one that was written at */

struct story {
	const char *name, *label;
	void (*spoil)(int root);
	const char *say; /* on a screen, and on no other */
};

/* ---- what a bad stick does */

static void
rewrite(int root, const char *path, size_t less)
{
	struct sn_buf data = { 0 };

	assert_int_equal(sn_file_read(root, path, FILE_MAX, &data, NULL), SN_OK);
	assert_true(data.n > less);
	if (less == 0)
		data.p[data.n / 2] ^= 1;
	data.n -= less;
	assert_int_equal(sn_file_write(root, path, sn_buf_bytes(&data), 0644, true, NULL),
	    SN_OK);
	sn_buf_done(&data);
}

static void
flip(int root)
{
	rewrite(root, "bundle/trust/identity.json", 0);
}

static void
shorten(int root)
{
	rewrite(root, "bundle/statement.json", 1);
}

static void
lose(int root)
{
	assert_int_equal(unlinkat(root, "bundle/SHA256SUMS", 0), 0);
}

static void
grow(int root)
{
	assert_int_equal(sn_file_write(root, "bundle/autorun.inf", BYTES_STR("x"), 0644, false,
			     NULL),
	    SN_OK);
}

static const struct story stories[] = {
	{ "one bit of the identity differs on the second read", "CS-OUT-A", flip,
	    "identity.json" },
	{ "the statement is a byte shorter on the second read", "CS-OUT-A", shorten,
	    "statement.json" },
	{ "a file is gone on the second read", "CS-OUT-B", lose, "SHA256SUMS" },
	{ "a file that nobody wrote is there on the second read", "CS-OUT-B", grow,
	    "autorun.inf" },
};

/* ---- the back end */

struct world {
	const struct story *story;
	struct med *media;
	const struct med_backend *folders;
	struct med_backend backend; /* the same, but for reopen() */
	unsigned int insertions;    /* of the label that turns bad */
	bool spoilt;
	char out[200];
};

static struct world *world; /* a back end has no argument of its own */

static enum sn_err
bad_reopen(struct med *m, struct med_stick *s, struct sn_why *why)
{
	if (!world->spoilt && strcmp(s->label, world->story->label) == 0 &&
	    world->insertions == SECOND) {
		world->story->spoil(s->root);
		world->spoilt = true;
	}
	return world->folders->reopen(m, s, why);
}

static enum sn_err
stick(void *arg, const char *label, const char *path, struct sn_why *why)
{
	struct world *w = arg;

	enum sn_err e;

	w->media->backend = w->folders;
	if (path != NULL) {
		(void)mkdir(path, 0700);
		w->insertions += strcmp(label, w->story->label) == 0;
	}
	e = path != NULL ? med_dir_insert(w->media, label, path, why)
			 : med_dir_pull(w->media, label, why);
	w->media->backend = &w->backend;
	return e;
}

/* ---- one ceremony */

static int64_t
noon(void *arg SN_UNUSED)
{
	return NOON;
}

/* What the second checker says is judged elsewhere. */
static enum sn_err
unchecked(void *arg SN_UNUSED, const struct bun *bun SN_UNUSED,
    const uint8_t identity[32] SN_UNUSED, struct sn_buf *ret_lines, struct sn_why *why)
{
	sn_buf_str(ret_lines, "not asked\n");
	return sn_buf_check(ret_lines, why);
}

static const char *
build(void)
{
	const char *b = getenv("BUILD");

	return b != NULL ? b : "build";
}

static void
make_sticks(const char *out)
{
	int status = -1;
	pid_t pid = fork();

	if (pid == 0) {
		execl("tests/sticks.sh", "sticks.sh", build(), out, NULL);
		_exit(127);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
}

static void
put_line(struct sn_buf *b, const char *label, const char *path)
{
	sn_buf_fmt(b, "media %s %s%s\n", label, path != NULL ? "OUT/sticks/" : "-",
	    path != NULL ? path : "");
}

/* genesis.play up to the export, and there a bad stick and the one that replaces it. */
static void
make_play(const struct story *s, const char *path)
{
	static const char *const labels[] = { "CS-OUT-A", "CS-OUT-B" };
	struct sn_buf b = { 0 };
	size_t end;

	assert_int_equal(sn_file_read(AT_FDCWD, "tests/play/genesis.play", FILE_MAX, &b, NULL),
	    SN_OK);
	end = bytes_find(sn_buf_bytes(&b), BYTES_STR("media CS-OUT-A"));
	assert_true(end < b.n);
	b.n = end;
	for (size_t i = 0; i < SN_NITEMS(labels); i++) {
		const char *folder = labels[i];

		if (strcmp(labels[i], s->label) == 0) {
			put_line(&b, labels[i], labels[i]);
			put_line(&b, labels[i], NULL);
			put_line(&b, labels[i], labels[i]);
			put_line(&b, labels[i], NULL);
			folder = "another";
		}
		put_line(&b, labels[i], folder);
		put_line(&b, labels[i], NULL);
		put_line(&b, labels[i], folder);
		sn_buf_str(&b, "export.ok\n");
		put_line(&b, labels[i], NULL);
	}
	sn_buf_str(&b, "end.ok\n");
	assert_int_equal(sn_buf_check(&b, NULL), SN_OK);
	assert_int_equal(sn_file_write(AT_FDCWD, path, sn_buf_bytes(&b), 0600, true, NULL),
	    SN_OK);
	sn_buf_done(&b);
}

/* Is text on a screen? */
static bool
shown(const char *screens, const char *text)
{
	struct dirent **entry = NULL;
	int n = scandir(screens, &entry, NULL, alphasort);
	bool found = false;

	assert_true(n > 2);
	for (int i = 0; i < n; i++) {
		char *path = test_format("%s/%s", screens, entry[i]->d_name);
		struct sn_buf b = { 0 };

		if (sn_file_read(AT_FDCWD, path, FILE_MAX, &b, NULL) == SN_OK)
			found =
			    found || bytes_find(sn_buf_bytes(&b), bytes_str(text)) != SIZE_MAX;
		sn_buf_done(&b);
		free(path);
		free(entry[i]);
	}
	free(entry);
	return found;
}

/* The refusal names the stick, and why. */
static void
check_screens(const char *screens, const struct story *s)
{
	char *named = test_format("Stick %s is refused", s->label);

	if (!shown(screens, named) || !shown(screens, s->say))
		fail_msg("no screen says: %s ... %s", named, s->say);
	free(named);
}

static void
play(void **state)
{
	static unsigned int count;
	struct world *w = calloc(1, sizeof(*w));
	struct cer_ports ports = { .now = noon,
		.arg = w,
		.self = "/proc/self/exe",
		.softtpm = test_format("%s/bin/softtpm", build()),
		.crosscheck = unchecked,
		.console = "terminal" };
	struct script_ports script = { .stick = stick, .now = noon, .arg = w };
	struct cer *c = NULL;
	struct sn_why why = { 0 };
	char *screens;
	enum sn_err e;

	assert_non_null(w);
	world = w;
	w->story = *state;
	script.out = test_format("%s/out%u", test_tmpdir(), ++count);
	script.play = test_format("%s/%u.play", test_tmpdir(), count);
	screens = test_format("%s/screens%u", test_tmpdir(), count);
	assert_int_equal(mkdir(script.out, 0700), 0);
	assert_int_equal(mkdir(screens, 0700), 0);
	make_sticks(script.out);
	make_play(w->story, script.play);
	script.screens_dirfd = open(screens, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	assert_int_equal(med_open_dir(&w->media, NULL), SN_OK);
	w->folders = w->media->backend;
	w->backend = *w->folders;
	w->backend.reopen = bad_reopen;
	ports.media = w->media;
	assert_int_equal(cer_new(&ports, &c, NULL), SN_OK);
	e = script_run(c, &script, &why);
	if (e != SN_OK || cer_result(c) != SN_OK)
		fail_msg("%s; %s", why.text, c->why.text);
	check_screens(screens, w->story);
	assert_true(w->spoilt);
	close(script.screens_dirfd);
	cer_free(&c);
	med_free(&w->media);
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
	return test_list_run(l, "sticks that turn bad");
}
