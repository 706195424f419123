#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "appliance/base/file.h"
#include "appliance/base/frame.h"
#include "tests/lib/test.h"

#define ARENA (1U << 20)

/* Two links that face each other. */
struct pair {
	struct sn_link a, b;
};

static struct pair
new_pair(unsigned int timeout_ms)
{
	int to_b[2], to_a[2];

	assert_int_equal(pipe2(to_b, O_CLOEXEC), 0);
	assert_int_equal(pipe2(to_a, O_CLOEXEC), 0);
	return (struct pair){
		.a = { to_a[0], to_b[1], timeout_ms },
		.b = { to_b[0], to_a[1], timeout_ms },
	};
}

static void
close_link(struct sn_link *l)
{
	if (l->in >= 0)
		close(l->in);
	if (l->out >= 0)
		close(l->out);
	l->in = l->out = -1;
}

static void
pair_done(struct pair *p)
{
	close_link(&p->a);
	close_link(&p->b);
}

static int64_t
now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

/* Every test has its own arena, and must leave no secret alive in it. */
struct case_row {
	const char *name;
	void (*fn)(const struct case_row *row);
	size_t n;
	bool secret;
	enum sn_err want;
};

static void
run_case(void **state)
{
	const struct case_row *row = *state;

	sn_secret_stop(); /* what a failed test left */
	assert_int_equal(sn_secret_start(ARENA, NULL), SN_OK);
	row->fn(row);
	assert_int_equal(sn_secret_alive(), 0);
	sn_secret_stop();
}

/* Run fn in a child that holds the b side only. */
static pid_t
peer(struct pair *p, void (*fn)(struct sn_link *b, size_t n), size_t n)
{
	pid_t pid = fork();

	assert_true(pid >= 0);
	if (pid == 0) {
		close_link(&p->a);
		fn(&p->b, n);
		close_link(&p->b);
		_exit(0);
	}
	close_link(&p->b);
	return pid;
}

static void
reap(pid_t pid)
{
	int status = -1;

	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
}

static void
echo(struct sn_link *b, size_t n)
{
	SN_CLEANUP(sn_frame_done) struct sn_frame f = { 0 };

	(void)n;
	if (sn_frame_recv(b, false, &f, NULL) != SN_OK ||
	    sn_frame_send(b, f.type, 0, sn_buf_bytes(&f.open), NULL) != SN_OK)
		_exit(1);
}

static void
goes_round(const struct case_row *row)
{
	SN_CLEANUP(pair_done) struct pair p = new_pair(20000);
	SN_CLEANUP(sn_frame_done) struct sn_frame f = { 0 };
	uint8_t *data = malloc(row->n + 1);
	struct bytes v = { data, row->n }, got;
	pid_t pid;

	assert_non_null(data);
	for (size_t i = 0; i < row->n; i++)
		data[i] = (uint8_t)(i * 7 + i / 251);
	pid = peer(&p, echo, 0);
	assert_int_equal(sn_frame_call(&p.a, 0xfedc, v, row->secret, &f, NULL), SN_OK);
	got = row->secret ? sn_secret_bytes(&f.secret) : sn_buf_bytes(&f.open);
	assert_true(bytes_equal(got, v));
	assert_int_equal(f.type, 0xfedc);
	/* A secret payload is nowhere else. */
	assert_true(row->secret ? f.open.p == NULL : f.secret.p == NULL);
	reap(pid);
	free(data);
	sn_frame_done(&f);
	sn_frame_done(&f);
	sn_frame_done(NULL);
}

static void
header_is_as_documented(const struct case_row *row)
{
	static const uint8_t want[] = { 0, 0, 0, 2, 0x12, 0x34, 0, 3, 'h', 'i' };
	SN_CLEANUP(pair_done) struct pair p = new_pair(1000);
	uint8_t got[sizeof(want)];

	(void)row;
	assert_int_equal(sn_frame_send(&p.a, 0x1234, SN_E_FORMAT, BYTES_STR("hi"), NULL),
	    SN_OK);
	assert_int_equal(sn_fd_read(p.b.in, got, sizeof(got), NULL), SN_OK);
	assert_memory_equal(got, want, sizeof(want));
}

/* A whole frame of 12 bytes, of which only the first n come before the end. */
static void
cut_frame(const struct case_row *row)
{
	static const uint8_t whole[] = { 0, 0, 0, 4, 0, 1, 0, 0, 'a', 'b', 'c', 'd' };
	SN_CLEANUP(pair_done) struct pair p = new_pair(1000);
	SN_CLEANUP(sn_frame_done) struct sn_frame f = { 0 };
	struct sn_why why = { 0 };

	sn_buf_str(&f.open, "old");
	assert_int_equal(sn_fd_write(p.b.out, (struct bytes){ whole, row->n }, NULL), SN_OK);
	close_link(&p.b);
	assert_int_equal(sn_frame_recv(&p.a, row->secret, &f, &why), row->want);
	assert_int_equal(why.err, row->want);
	if (row->want != SN_OK)
		assert_string_equal(sn_buf_cstr(&f.open), "old");
}

/* A whole frame's first n bytes, and then silence. */
static void
late_frame(const struct case_row *row)
{
	static const uint8_t whole[] = { 0, 0, 0, 4, 0, 1, 0, 0, 'a', 'b', 'c', 'd' };
	SN_CLEANUP(pair_done) struct pair p = new_pair(60);
	SN_CLEANUP(sn_frame_done) struct sn_frame f = { 0 };
	struct sn_why why = { 0 };
	int64_t began = now_ms();

	assert_int_equal(sn_fd_write(p.b.out, (struct bytes){ whole, row->n }, NULL), SN_OK);
	assert_int_equal(sn_frame_recv(&p.a, row->secret, &f, &why), SN_E_PROTO);
	assert_string_equal(why.text, "the other process was too slow");
	assert_in_range(now_ms() - began, 59, 5000);
}

static void
drip(struct sn_link *b, size_t n)
{
	static const uint8_t header[] = { 0, 0, 1, 0, 0, 1, 0, 0 };
	const struct timespec pause = { 0, 20000000 };

	if (sn_fd_write(b->out, BYTES_OF(header), NULL) != SN_OK)
		_exit(1);
	for (size_t i = 0; i < n; i++) {
		nanosleep(&pause, NULL);
		if (sn_fd_write(b->out, BYTES_STR("x"), NULL) != SN_OK)
			return;
	}
}

/* A byte now and then does not keep a frame alive for ever: the limit is per frame. */
static void
dripping_frame(const struct case_row *row)
{
	SN_CLEANUP(pair_done) struct pair p = new_pair(100);
	SN_CLEANUP(sn_frame_done) struct sn_frame f = { 0 };
	pid_t pid = peer(&p, drip, 250);

	assert_int_equal(sn_frame_recv(&p.a, row->secret, &f, NULL), SN_E_PROTO);
	close_link(&p.a);
	reap(pid);
}

/* Nobody reads: a frame larger than the pipe is given up in time. */
static void
full_pipe(const struct case_row *row)
{
	SN_CLEANUP(pair_done) struct pair p = new_pair(60);
	uint8_t *data = calloc(1, row->n);
	struct sn_why why = { 0 };
	int64_t began = now_ms();

	assert_non_null(data);
	assert_int_equal(sn_frame_send(&p.a, 1, 0, (struct bytes){ data, row->n }, &why),
	    row->want);
	assert_int_equal(why.err, row->want);
	if (row->want != SN_OK)
		assert_in_range(now_ms() - began, 59, 5000);
	free(data);
}

static void
closed_reader(const struct case_row *row)
{
	SN_CLEANUP(pair_done) struct pair p = new_pair(1000);
	uint8_t *data = calloc(1, row->n + 1);

	assert_non_null(data);
	signal(SIGPIPE, SIG_DFL);
	close_link(&p.b);
	assert_int_equal(sn_frame_send(&p.a, 1, 0, (struct bytes){ data, row->n }, NULL),
	    SN_E_PROTO);
	free(data);
}

/* A header that announces n bytes, which never come. */
static void
announced(const struct case_row *row)
{
	SN_CLEANUP(pair_done) struct pair p = new_pair(1000);
	SN_CLEANUP(sn_frame_done) struct sn_frame f = { 0 };
	SN_CLEANUP(sn_buf_done) struct sn_buf b = { 0 };
	struct sn_why why = { 0 };

	sn_buf_u32(&b, (uint32_t)row->n);
	sn_buf_u32(&b, 0);
	assert_int_equal(sn_fd_write(p.b.out, sn_buf_bytes(&b), NULL), SN_OK);
	close_link(&p.b);
	assert_int_equal(sn_frame_recv(&p.a, row->secret, &f, &why), row->want);
	assert_int_equal(why.err, row->want);
}

static void
arena_too_small(const struct case_row *row)
{
	SN_CLEANUP(pair_done) struct pair p = new_pair(1000);
	SN_CLEANUP(sn_frame_done) struct sn_frame f = { 0 };
	SN_CLEANUP(sn_secret_done) struct sn_secret most = { 0 };

	assert_int_equal(sn_secret_new(ARENA - 64, &most, NULL), SN_OK);
	assert_int_equal(sn_frame_send(&p.b, 1, 0, (struct bytes){ most.p, row->n }, NULL),
	    SN_OK);
	assert_int_equal(sn_frame_recv(&p.a, true, &f, NULL), row->want);
}

static void
too_large_to_send(const struct case_row *row)
{
	SN_CLEANUP(pair_done) struct pair p = new_pair(1000);
	uint8_t one = 0;

	assert_int_equal(sn_frame_send(&p.a, 1, 0, (struct bytes){ &one, row->n }, NULL),
	    SN_E_PROTO);
	/* Not a byte of it was sent. */
	close_link(&p.a);
	assert_int_equal(read(p.b.in, &one, 1), 0);
}

static void
reply_failed(struct sn_link *b, size_t n)
{
	SN_CLEANUP(sn_frame_done) struct sn_frame f = { 0 };

	if (sn_frame_recv(b, false, &f, NULL) != SN_OK ||
	    sn_frame_send(b, f.type, (uint16_t)n, BYTES_STR("share 2: word\n7"), NULL) != SN_OK)
		_exit(1);
}

/* A failure at the peer is a failure here, in the peer's words, made printable. */
static void
peer_fails(const struct case_row *row)
{
	SN_CLEANUP(pair_done) struct pair p = new_pair(20000);
	SN_CLEANUP(sn_frame_done) struct sn_frame f = { 0 };
	struct sn_why why = { 0 };
	pid_t pid = peer(&p, reply_failed, row->n);

	assert_int_equal(sn_frame_call(&p.a, 5, BYTES_STR("q"), row->secret, &f, &why),
	    row->want);
	assert_int_equal(why.err, row->want);
	if (row->want != SN_E_PROTO)
		assert_string_equal(why.text, "share 2: word?7");
	assert_null(f.open.p);
	assert_null(f.secret.p);
	reap(pid);
}

static void
reply_other_type(struct sn_link *b, size_t n)
{
	SN_CLEANUP(sn_frame_done) struct sn_frame f = { 0 };

	if (sn_frame_recv(b, false, &f, NULL) != SN_OK ||
	    sn_frame_send(b, (uint16_t)(f.type + n), 0,
		f.open.n ? sn_buf_bytes(&f.open) : BYTES_STR("x"), NULL) != SN_OK)
		_exit(1);
}

static void
other_type(const struct case_row *row)
{
	SN_CLEANUP(pair_done) struct pair p = new_pair(20000);
	SN_CLEANUP(sn_frame_done) struct sn_frame f = { 0 };
	pid_t pid = peer(&p, reply_other_type, row->n);

	assert_int_equal(sn_frame_call(&p.a, 5, BYTES_STR("q"), row->secret, &f, NULL),
	    row->want);
	reap(pid);
}

static void
hang_up(struct sn_link *b, size_t n)
{
	SN_CLEANUP(sn_frame_done) struct sn_frame f = { 0 };

	(void)n;
	if (sn_frame_recv(b, false, &f, NULL) != SN_OK)
		_exit(1);
}

static void
no_reply(const struct case_row *row)
{
	SN_CLEANUP(pair_done) struct pair p = new_pair(20000);
	SN_CLEANUP(sn_frame_done) struct sn_frame f = { 0 };
	pid_t pid = peer(&p, hang_up, 0);

	assert_int_equal(sn_frame_call(&p.a, 5, BYTES_STR("q"), row->secret, &f, NULL),
	    SN_E_PROTO);
	reap(pid);
}

static void
two_frames_in_a_row(const struct case_row *row)
{
	SN_CLEANUP(pair_done) struct pair p = new_pair(0);
	SN_CLEANUP(sn_frame_done) struct sn_frame f = { 0 };

	(void)row;
	assert_int_equal(sn_frame_send(&p.b, 1, 0, BYTES_STR("one"), NULL), SN_OK);
	assert_int_equal(sn_frame_send(&p.b, 2, 0, BYTES_STR(""), NULL), SN_OK);
	assert_int_equal(sn_frame_send(&p.b, 3, 0, BYTES_STR("three"), NULL), SN_OK);
	assert_int_equal(sn_frame_recv(&p.a, true, &f, NULL), SN_OK);
	assert_true(bytes_equal(sn_secret_bytes(&f.secret), BYTES_STR("one")));
	/* The next frame wipes the one before. */
	assert_int_equal(sn_frame_recv(&p.a, true, &f, NULL), SN_OK);
	assert_int_equal(sn_secret_alive(), 0);
	assert_int_equal(f.type, 2);
	assert_int_equal(sn_frame_recv(&p.a, false, &f, NULL), SN_OK);
	assert_string_equal(sn_buf_cstr(&f.open), "three");
}

static void
bad_descriptor(const struct case_row *row)
{
	struct sn_link gone = { 900, 901, row->n };
	struct sn_frame f = { 0 };

	assert_int_equal(sn_frame_recv(&gone, row->secret, &f, NULL), row->want);
	assert_int_equal(sn_frame_send(&gone, 1, 0, BYTES_STR("x"), NULL), row->want);
}

static const struct case_row cases[] = {
	{ "header", header_is_as_documented, 0, false, SN_OK },
	{ "round: empty", goes_round, 0, false, SN_OK },
	{ "round: one byte", goes_round, 1, false, SN_OK },
	{ "round: 100000 bytes", goes_round, 100000, false, SN_OK },
	{ "round: 16 MiB", goes_round, SN_FRAME_MAX, false, SN_OK },
	{ "round: empty secret", goes_round, 0, true, SN_OK },
	{ "round: secret of 32", goes_round, 32, true, SN_OK },
	{ "round: secret of 64 KiB", goes_round, 65536, true, SN_OK },
	{ "two in a row", two_frames_in_a_row, 0, false, SN_OK },
	{ "late: nothing", late_frame, 0, false, SN_E_PROTO },
	{ "late: header", late_frame, 7, false, SN_E_PROTO },
	{ "late: payload", late_frame, 11, false, SN_E_PROTO },
	{ "late: secret payload", late_frame, 11, true, SN_E_PROTO },
	{ "dripping", dripping_frame, 0, false, SN_E_PROTO },
	{ "dripping secret", dripping_frame, 0, true, SN_E_PROTO },
	{ "full pipe: 60 KiB fit", full_pipe, 60000, false, SN_OK },
	{ "full pipe: 1 MiB do not", full_pipe, 1 << 20, false, SN_E_PROTO },
	{ "reader closed: empty", closed_reader, 0, false, SN_E_PROTO },
	{ "reader closed: 100 KB", closed_reader, 100000, false, SN_E_PROTO },
	{ "announced: 4 GiB", announced, UINT32_MAX, false, SN_E_PROTO },
	{ "announced: one over the limit", announced, SN_FRAME_MAX + 1, false, SN_E_PROTO },
	{ "announced: the limit, nothing comes", announced, SN_FRAME_MAX, false, SN_E_PROTO },
	{ "announced: secret over 64 KiB", announced, 65537, true, SN_E_PROTO },
	{ "arena too small", arena_too_small, 65, true, SN_E_NOMEM },
	{ "send: one over the limit", too_large_to_send, SN_FRAME_MAX + 1, false, SN_E_PROTO },
	{ "send: SIZE_MAX", too_large_to_send, SIZE_MAX, false, SN_E_PROTO },
	{ "peer fails", peer_fails, SN_E_SHARE, false, SN_E_SHARE },
	{ "peer fails, secret was asked", peer_fails, SN_E_TPM, true, SN_E_TPM },
	{ "peer fails, unknown status", peer_fails, SN_ERR_COUNT, false, SN_E_PROTO },
	{ "peer fails, status 65535", peer_fails, 65535, true, SN_E_PROTO },
	{ "reply: right type", other_type, 0, false, SN_OK },
	{ "reply: other type", other_type, 1, false, SN_E_PROTO },
	{ "reply: other type, secret", other_type, 1, true, SN_E_PROTO },
	{ "reply: none", no_reply, 0, false, SN_E_PROTO },
	{ "descriptor that is not open", bad_descriptor, 50, false, SN_E_PROTO },
};

int
main(void)
{
	static struct case_row cuts[26];
	struct test_list *l = test_list_new();

	for (size_t i = 0; i < SN_NITEMS(cases); i++)
		test_list_add(l, run_case, &cases[i], "%s", cases[i].name);
	for (size_t i = 0; i < SN_NITEMS(cuts); i++) {
		cuts[i] = (struct case_row){ "cut", cut_frame, i / 2, i % 2 != 0,
			i / 2 == 12 ? SN_OK : SN_E_PROTO };
		test_list_add(l, run_case, &cuts[i], "cut after byte %zu of 12%s", cuts[i].n,
		    cuts[i].secret ? ", secret" : "");
	}
	return test_list_run(l, "frame");
}
