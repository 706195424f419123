/* The wire over descriptors: what a TPM may send, and what it may not. */
#include <signal.h>
#include <sys/wait.h>
#include <time.h>

#include "tests/appliance/tpm/rig.h"

#define TIMEOUT_MS 400
#define BODY "\x80\x01\x00\x00\x00\x0c\x00\x00\x00\x00\xab\xcd" /* 12 bytes */

/* What the far end does after it has read the command. Times in milliseconds. */
static const struct row {
	const char *name;
	const char *send; /* in hex; ' ' is a pause of 20 ms, '.' closes, '~' waits on */
	const char *says; /* NULL: the answer is BODY */
} rows[] = {
	{ "whole", "80010000000c00000000abcd~", NULL },
	{ "byte-by-byte-header", "80 01 00 00 00 0c 00 00 00 00 ab cd~", NULL },
	{ "header-then-body", "80010000000c00000000 abcd~", NULL },
	{ "whole-then-closed", "80010000000c00000000abcd.", NULL },
	{ "silence", "~", "no answer in time" },
	{ "half-then-silence", "80010000000c0000~", "no answer in time" },
	{ "header-then-silence", "80010000000c00000000~", "no answer in time" },
	{ "closed", ".", "gone after 0 bytes" },
	{ "cut-in-the-header", "80010000.", "gone after 4 bytes" },
	{ "cut-in-the-body", "80010000000c00000000ab.", "gone after 11 bytes" },
	{ "length-0", "80010000000000000000~", "claims 0 bytes" },
	{ "length-9", "80010000000900000000~", "claims 9 bytes" },
	{ "length-4097", "80010000100100000000~", "claims 4097 bytes" },
	{ "length-4-GiB", "8001ffffffff00000000~", "claims 4294967295 bytes" },
	{ "one-byte-more", "80010000000c00000000abcdee~", "came with 1 more" },
	{ "a-second-response", "80010000000c00000000abcd80010000000a00000000~",
	    "came with 10 more" },
};

static void
nap(long ms)
{
	struct timespec ts = { ms / 1000, ms % 1000 * 1000000 };

	nanosleep(&ts, NULL);
}

static int
digit(char c)
{
	return c <= '9' ? c - '0' : c - 'a' + 10;
}

static void
far_end(int in, int out, const char *send)
{
	uint8_t buf[TPM_MSG_MAX];
	size_t n = 0;

	if (read(in, buf, sizeof(buf)) <= 0)
		_exit(1);
	for (const char *p = send; *p != '\0'; p++) {
		if (*p == ' ' || *p == '.' || *p == '~') {
			if (n > 0 && write(out, buf, n) != (ssize_t)n)
				_exit(1);
			n = 0;
			if (*p == '.')
				_exit(0);
			nap(*p == ' ' ? 20 : 5000);
			continue;
		}
		buf[n++] = (uint8_t)(digit(p[0]) << 4 | digit(p[1]));
		p++;
	}
	_exit(0);
}

struct ends {
	struct tpm_wire_fd wire;
	pid_t pid;
};

static void
ends_start(struct ends *e, const char *send)
{
	int to[2], from[2];

	assert_int_equal(pipe(to), 0);
	assert_int_equal(pipe(from), 0);
	e->pid = fork();
	if (e->pid == 0) {
		close(to[1]);
		close(from[0]);
		far_end(to[0], from[1], send);
	}
	close(to[0]);
	close(from[1]);
	tpm_wire_fds(from[0], to[1], "fake", &e->wire);
}

static void
ends_done(struct ends *e)
{
	tpm_wire_done(&e->wire);
	tpm_wire_done(&e->wire); /* idempotent */
	kill(e->pid, SIGKILL);
	waitpid(e->pid, NULL, 0);
}

static const uint8_t command[] = { 0x80, 1, 0, 0, 0, 10, 0, 0, 1, 0x81 };

static void
test_row(void **state)
{
	const struct row *r = *state;
	struct tpm_msg m = { 0 };
	struct sn_why why = { 0 };
	struct ends e;
	enum sn_err err;

	ends_start(&e, r->send);
	err = e.wire.wire.exchange(&e.wire.wire, BYTES_OF(command), TIMEOUT_MS, &m, &why);
	if (r->says == NULL) {
		assert_string_equal(why.text, "");
		assert_int_equal(err, SN_OK);
		assert_int_equal(m.n, 12);
		assert_memory_equal(m.b, BODY, 12);
	} else {
		assert_int_equal(err, SN_E_TPM);
		if (strstr(why.text, r->says) == NULL)
			fail_msg("said: %s", why.text);
		assert_int_equal(strncmp(why.text, "fake: ", 6), 0);
	}
	ends_done(&e);
}

/* Something that lies in the pipe before a command was sent is not its answer. */
static void
test_stale(void **state)
{
	struct tpm_msg m = { 0 };
	struct sn_why why = { 0 };
	struct tpm_wire_fd w;
	int to[2], from[2];

	(void)state;
	assert_int_equal(pipe(to), 0);
	assert_int_equal(pipe(from), 0);
	assert_int_equal(write(from[1], BODY, 12), 12);
	tpm_wire_fds(from[0], to[1], "fake", &w);
	assert_int_equal(w.wire.exchange(&w.wire, BYTES_OF(command), TIMEOUT_MS, &m, &why),
	    SN_E_TPM);
	assert_non_null(strstr(why.text, "before a command"));
	tpm_wire_done(&w);
	close(to[0]);
	close(from[1]);
}

/* A deadline is kept: neither early nor late, though bytes keep trickling in. */
static void
test_deadline(void **state)
{
	struct tpm_msg m = { 0 };
	struct timespec a, b;
	struct ends e;
	long ms;

	(void)state;
	ends_start(&e,
	    "80 01 00 00 0f ff 00 00 00 00 ab ab ab ab ab ab ab ab ab ab ab ab ab ab "
	    "ab ab ab ab ab ab ab ab ab ab ab ab ab ab ab ab ab ab ab ab ab ab ab ab~");
	clock_gettime(CLOCK_MONOTONIC, &a);
	assert_int_equal(e.wire.wire.exchange(&e.wire.wire, BYTES_OF(command), TIMEOUT_MS, &m,
			     NULL),
	    SN_E_TPM);
	clock_gettime(CLOCK_MONOTONIC, &b);
	ms = (b.tv_sec - a.tv_sec) * 1000 + (b.tv_nsec - a.tv_nsec) / 1000000;
	assert_in_range(ms, TIMEOUT_MS - 20, TIMEOUT_MS + 1500);
	ends_done(&e);
}

static void
test_softtpm_missing(void **state)
{
	struct tpm_wire_fd w = { 0 };
	struct tpm_msg m = { 0 };
	struct sn_why why = { 0 };

	(void)state;
	/* whether it is noticed at the start or at the first command: it is noticed */
	if (tpm_wire_softtpm("/nonexistent/softtpm", &w, &why) == SN_OK) {
		assert_int_not_equal(w.wire.exchange(&w.wire, BYTES_OF(command), TIMEOUT_MS, &m,
					 &why),
		    SN_OK);
		tpm_wire_done(&w);
	}
	assert_true(why.text[0] != '\0');
}

int
main(void)
{
	struct test_list *l = test_list_new();

	rig_prepare();
	signal(SIGPIPE, SIG_IGN);
	for (size_t i = 0; i < SN_NITEMS(rows); i++)
		test_list_add(l, test_row, &rows[i], "%s", rows[i].name);
	test_list_add(l, test_stale, NULL, "stale-bytes-before-the-command");
	test_list_add(l, test_deadline, NULL, "deadline-while-bytes-trickle");
	test_list_add(l, test_softtpm_missing, NULL, "softtpm-missing");
	return test_list_run(l, "wire");
}
