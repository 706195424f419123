/* The TPM process and its client, as the engine uses them, over softtpm. */
#include <errno.h>
#include <signal.h>

#include "appliance/tpm/proto.h"
#include "tests/appliance/tpm/rig.h"
#include "tests/lib/tpm_role.h"

static const uint8_t qualifying[32] = { 9, 9, 9 };

struct started {
	struct tpm *tpm;
	int seed; /* read end */
};

static void
started(struct started *s)
{
	struct sn_why why = { 0 };
	int p[2];

	assert_int_equal(pipe(p), 0);
	s->tpm = NULL;
	if (tpm_start(TPM_ROLE_SELF, TPM_SOFTWARE, rig_softtpm(), p[1], &s->tpm, &why) != SN_OK)
		fail_msg("%s", why.text);
	close(p[1]);
	s->seed = p[0];
}

static void
ended(struct started *s)
{
	tpm_free(&s->tpm);
	tpm_free(&s->tpm);
	close(s->seed);
}

static void
test_info(void **state)
{
	struct started s;
	struct tpm_info i = { 0 }, again = { 0 };
	struct sn_why why = { 0 };

	(void)state;
	started(&s);
	assert_int_equal(tpm_info(s.tpm, &i, &why), SN_OK);
	assert_int_equal(i.backend, TPM_SOFTWARE);
	assert_string_equal(tpm_backend_name(i.backend), "software");
	assert_string_equal(i.device, "softtpm");
	assert_string_equal(i.manufacturer, "IBM");
	assert_true(i.firmware != 0);
	assert_int_equal(i.ak_name[1], 0x0b);
	assert_true(i.ek_pub.n > 100 && i.ak_pub.n > 80 && i.ak_pem.n > 150);
	assert_int_equal(i.ek_cert.n, 0);
	assert_int_equal(tpm_info(s.tpm, &again, &why), SN_OK);
	assert_memory_equal(i.ek_name, again.ek_name, TPM_NAME_LEN);
	tpm_info_done(&i);
	tpm_info_done(&i);
	tpm_info_done(&again);
	ended(&s);
}

static void
test_extend(void **state)
{
	struct started s;
	uint8_t before[TPM_PCRS][32], after[TPM_PCRS][32], want[32], digest[32] = { 0xd1 };
	struct sn_why why = { 0 };

	(void)state;
	started(&s);
	assert_int_equal(tpm_pcr_read(s.tpm, before, &why), SN_OK);
	for (int i = 0; i < 3; i++)
		assert_int_equal(tpm_extend(s.tpm, TPM_PCR_TRANSCRIPT, digest, &why), SN_OK);
	assert_int_equal(tpm_pcr_read(s.tpm, after, &why), SN_OK);
	memcpy(want, before[15], 32);
	for (int i = 0; i < 3; i++)
		assert_int_equal(cry_digest_v(CRY_SHA256,
				     (struct bytes[]){ BYTES_OF(want), BYTES_OF(digest) }, 2,
				     want, NULL),
		    SN_OK);
	assert_memory_equal(after[15], want, 32);
	memcpy(after[15], before[15], 32);
	assert_memory_equal(before, after, sizeof(before));
	ended(&s);
}

static void
test_seed_goes_to_the_pipe(void **state)
{
	struct started s;
	struct tpm_audit a = { 0 };
	struct sn_why why = { 0 };
	uint8_t seed[TPM_SEED_LEN + 1];
	size_t n = 0;
	ssize_t r;

	(void)state;
	started(&s);
	assert_int_equal(tpm_seed(s.tpm, qualifying, &a, &why), SN_OK);
	while ((r = read(s.seed, seed + n, sizeof(seed) - n)) > 0)
		n += (size_t)r;
	assert_int_equal(r, 0); /* closed behind it */
	assert_int_equal(n, TPM_SEED_LEN);
	assert_int_equal(a.list.n, 16 * 130);
	assert_true(bytes_find(sn_buf_bytes(&a.msg), (struct bytes){ seed, 16 }) == SIZE_MAX);
	tpm_audit_done(&a);
	ended(&s);
}

/* A second seed is refused, and with it everything after; the reason stays. */
static void
test_one_seed_then_latched(void **state)
{
	struct started s;
	struct tpm_audit a = { 0 };
	struct tpm_quoted q = { 0 };
	struct sn_why first = { 0 }, later = { 0 };

	(void)state;
	started(&s);
	assert_int_equal(tpm_seed(s.tpm, qualifying, &a, &first), SN_OK);
	tpm_audit_done(&a);
	assert_int_equal(tpm_seed(s.tpm, qualifying, &a, &first), SN_E_PROTO);
	assert_non_null(strstr(first.text, "nobody to take the seed"));
	assert_null(a.msg.p);
	assert_int_equal(tpm_quote(s.tpm, qualifying, TPM_QUOTE_MASK, &q, &later), SN_E_PROTO);
	assert_string_equal(first.text, later.text);
	ended(&s);
}

static void
test_seed_without_taker(void **state)
{
	struct tpm *t = NULL;
	struct tpm_audit a = { 0 };
	struct sn_why why = { 0 };

	(void)state;
	assert_int_equal(tpm_start(TPM_ROLE_SELF, TPM_SOFTWARE, rig_softtpm(), -1, &t, &why),
	    SN_OK);
	assert_int_equal(tpm_seed(t, qualifying, &a, &why), SN_E_PROTO);
	tpm_free(&t);
}

/* The keeper is gone: the seed is lost, and the engine is told. */
static void
test_seed_pipe_closed(void **state)
{
	struct started s;
	struct tpm_audit a = { 0 };
	struct sn_why why = { 0 };

	(void)state;
	started(&s);
	close(s.seed);
	assert_int_not_equal(tpm_seed(s.tpm, qualifying, &a, &why), SN_OK);
	assert_true(why.text[0] != '\0');
	s.seed = -1;
	ended(&s);
}

static void
test_other_pcr(void **state)
{
	struct started s;
	uint8_t digest[32] = { 0 };
	uint8_t pcrs[TPM_PCRS][32];
	struct sn_why why = { 0 };

	(void)state;
	started(&s);
	assert_int_equal(tpm_extend(s.tpm, 7, digest, &why), SN_E_POLICY);
	assert_non_null(strstr(why.text, "PCR 7"));
	assert_int_equal(tpm_pcr_read(s.tpm, pcrs, NULL), SN_E_POLICY);
	ended(&s);
}

static void
test_quote_mask(void **state)
{
	static const uint32_t bad[] = { 0, 0x10000, 0x800000, UINT32_MAX };

	(void)state;
	for (size_t i = 0; i < SN_NITEMS(bad); i++) {
		struct tpm_quoted q = { 0 };
		struct started s;

		started(&s);
		assert_int_equal(tpm_quote(s.tpm, qualifying, bad[i], &q, NULL), SN_E_USAGE);
		assert_null(q.msg.p);
		ended(&s);
	}
}

static void
test_no_softtpm(void **state)
{
	struct tpm *t = NULL;
	struct sn_why why = { 0 };

	(void)state;
	assert_int_not_equal(tpm_start(TPM_ROLE_SELF, TPM_SOFTWARE, "/nonexistent/softtpm", -1,
				 &t, &why),
	    SN_OK);
	assert_null(t);
	assert_true(why.text[0] != '\0');
	sn_why_clear(&why);
	assert_int_not_equal(tpm_start(TPM_ROLE_SELF, TPM_SOFTWARE, NULL, -1, &t, &why), SN_OK);
	assert_int_not_equal(tpm_start("/nonexistent/ceremony", TPM_SOFTWARE, rig_softtpm(), -1,
				 &t, &why),
	    SN_OK);
	assert_null(t);
}

static void
test_no_device(void **state)
{
	struct tpm *t = NULL;
	struct sn_why why = { 0 };

	(void)state;
	/* a real TPM is not for tests */
	if (access("/dev/tpmrm0", F_OK) == 0 || access("/dev/tpm0", F_OK) == 0) {
		assert_int_equal(tpm_device_present(),
		    access("/dev/tpmrm0", R_OK | W_OK) == 0 ||
			access("/dev/tpm0", R_OK | W_OK) == 0);
		return;
	}
	assert_false(tpm_device_present());
	assert_int_equal(tpm_start(TPM_ROLE_SELF, TPM_DEVICE, NULL, -1, &t, &why), SN_E_TPM);
	assert_non_null(strstr(why.text, "shows no TPM"));
	assert_null(t);
}

static void
test_softtpm_path(void **state)
{
	struct sn_buf b = { 0 };
	const char *s;

	(void)state;
	assert_int_equal(tpm_softtpm_path(&b, NULL), SN_OK);
	s = sn_buf_cstr(&b);
	assert_int_equal(s[0], '/');
	assert_string_equal(s + strlen(s) - strlen("/appliance/tpm/softtpm"),
	    "/appliance/tpm/softtpm");
	sn_buf_done(&b);
}

static void
test_eventlog(void **state)
{
	struct sn_buf b = { 0 };
	char *path = test_format("%s/log", test_tmpdir());
	FILE *f = fopen(path, "w");

	(void)state;
	assert_non_null(f);
	fputs("events", f);
	fclose(f);
	assert_int_equal(tpm_eventlog(path, &b, NULL), SN_OK);
	assert_string_equal(sn_buf_cstr(&b), "events");
	sn_buf_done(&b);
	assert_int_equal(tpm_eventlog("/nonexistent/log", &b, NULL), SN_E_MISSING);
	free(path);
}

/* Requests that no client of ours sends, straight to the process. */
static const struct raw_row {
	const char *name;
	uint16_t type;
	bool opened;	     /* after a good start request */
	const char *payload; /* hex */
	enum sn_err err;
} raw_rows[] = {
	{ "unknown-request", 99, false, "", SN_E_PROTO },
	{ "request-0", 0, false, "", SN_E_PROTO },
	{ "info-before-start", TPM_OP_INFO, false, "", SN_E_PROTO },
	{ "seed-before-start", TPM_OP_SEED, false, "", SN_E_PROTO },
	{ "quote-before-start", TPM_OP_QUOTE, false, "", SN_E_PROTO },
	{ "activation-before-start", TPM_OP_ACTIVATE, false, "", SN_E_PROTO },
	{ "activation-empty", TPM_OP_ACTIVATE, true, "", SN_E_FORMAT },
	{ "activation-of-nothing", TPM_OP_ACTIVATE, true, "00000000", SN_E_FORMAT },
	{ "activation-trailing", TPM_OP_ACTIVATE, true, "0000000000", SN_E_FORMAT },
	{ "activation-too-long", TPM_OP_ACTIVATE, true, "00001001", SN_E_LIMIT },
	{ "start-empty", TPM_OP_OPEN, false, "", SN_E_FORMAT },
	{ "start-backend-3", TPM_OP_OPEN, false, "0300000000", SN_E_PROTO },
	{ "start-trailing", TPM_OP_OPEN, false, "020000000161ff", SN_E_FORMAT },
	{ "start-path-with-nul", TPM_OP_OPEN, false, "02000000026100", SN_E_PROTO },
	{ "start-path-too-long", TPM_OP_OPEN, false, "02ffffffff61", SN_E_LIMIT },
	{ "start-twice", TPM_OP_OPEN, true, "020000000161", SN_E_PROTO },
	{ "seed-short", TPM_OP_SEED, true, "0011", SN_E_FORMAT },
	{ "extend-short", TPM_OP_EXTEND, true, "0000000f", SN_E_FORMAT },
	{ "quote-empty", TPM_OP_QUOTE, true, "", SN_E_FORMAT },
	{ "info-trailing", TPM_OP_INFO, true, "00", SN_E_FORMAT },
};

static void
raw_open(struct sn_child *c)
{
	struct sn_frame f = { 0 };
	struct sn_buf b = { 0 };
	struct sn_why why = { 0 };

	sn_buf_u8(&b, TPM_SOFTWARE);
	sn_buf_blob32(&b, bytes_str(rig_softtpm()));
	if (sn_frame_call(&c->link, TPM_OP_OPEN, sn_buf_bytes(&b), false, &f, &why) != SN_OK)
		fail_msg("%s", why.text);
	sn_frame_done(&f);
	sn_buf_done(&b);
}

static void
test_raw(void **state)
{
	const struct raw_row *r = *state;
	struct test_bytes payload = test_unhex(r->payload);
	char self[] = TPM_ROLE_SELF, role[] = "--role=tpm";
	char *argv[] = { self, role, NULL };
	struct sn_child c = { 0 };
	struct sn_frame f = { 0 };
	struct sn_why why = { 0 };

	assert_int_equal(sn_child_start(TPM_ROLE_SELF, argv, -1, &c, &why), SN_OK);
	c.link.timeout_ms = 60000;
	if (r->opened)
		raw_open(&c);
	assert_int_equal(sn_frame_call(&c.link, r->type,
			     (struct bytes){ payload.data, payload.len }, false, &f, &why),
	    r->err);
	/* latched: even a good request gets the same answer now */
	sn_why_clear(&why);
	assert_int_equal(sn_frame_call(&c.link, TPM_OP_PCR_READ, (struct bytes){ 0 }, false, &f,
			     &why),
	    r->err);
	/* but it can be ended in order */
	assert_int_equal(sn_frame_call(&c.link, TPM_OP_CLOSE, (struct bytes){ 0 }, false, &f,
			     &why),
	    SN_OK);
	sn_frame_done(&f);
	sn_child_done(&c);
	test_bytes_done(&payload);
}

/* The first child of pid, from /proc; 0 when there is none. */
static pid_t
child_of(pid_t pid)
{
	char *path = test_format("/proc/%d/task/%d/children", pid, pid);
	char text[32] = "";
	FILE *f = fopen(path, "r");

	free(path);
	if (f == NULL)
		return 0;
	if (fgets(text, sizeof(text), f) == NULL)
		text[0] = '\0';
	fclose(f);
	return (pid_t)strtol(text, NULL, 10);
}

/* Kill the TPM process, or the software TPM behind it: a reason, and for ever. */
static void
test_killed(void **state)
{
	bool behind = *state != NULL;
	uint8_t pcrs[TPM_PCRS][32];
	struct sn_why why = { 0 }, again = { 0 };
	struct started s;
	pid_t pid;

	started(&s);
	pid = child_of(getpid());
	if (behind && pid != 0)
		pid = child_of(pid);
	if (pid == 0) {
		print_message("this kernel does not list children\n");
		skip();
	}
	assert_int_equal(kill(pid, SIGKILL), 0);
	assert_int_not_equal(tpm_pcr_read(s.tpm, pcrs, &why), SN_OK);
	assert_true(why.text[0] != '\0');
	assert_int_equal(tpm_extend(s.tpm, 15, pcrs[0], &again), why.err);
	assert_string_equal(why.text, again.text);
	ended(&s);
}

int
main(int argc, char **argv)
{
	static const struct {
		const char *name;
		CMUnitTestFunction fn;
	} plain[] = {
		{ "info", test_info },
		{ "extend-changes-pcr-15-alone", test_extend },
		{ "seed-goes-to-the-pipe", test_seed_goes_to_the_pipe },
		{ "one-seed-then-latched", test_one_seed_then_latched },
		{ "seed-without-taker", test_seed_without_taker },
		{ "seed-pipe-closed", test_seed_pipe_closed },
		{ "another-pcr", test_other_pcr },
		{ "quote-mask", test_quote_mask },
		{ "no-softtpm", test_no_softtpm },
		{ "no-device", test_no_device },
		{ "softtpm-path", test_softtpm_path },
		{ "event-log", test_eventlog },
		{ "tpm-process-killed", test_killed },
	};
	struct test_list *l;
	int status = 0;

	if (tpm_role(argc, argv, &status))
		return status;
	rig_prepare();
	signal(SIGPIPE, SIG_IGN);
	l = test_list_new();
	for (size_t i = 0; i < SN_NITEMS(plain); i++)
		test_list_add(l, plain[i].fn, NULL, "%s", plain[i].name);
	test_list_add(l, test_killed, plain, "software-tpm-killed");
	for (size_t i = 0; i < SN_NITEMS(raw_rows); i++)
		test_list_add(l, test_raw, &raw_rows[i], "%s", raw_rows[i].name);
	return test_list_run(l, "client");
}
