/* The program `sanctum`: options, exit statuses, last line, and what it does not contain. */
#include <spawn.h>
#include <sys/wait.h>

#include "appliance/base/words.h"
#include "tests/ceremony/bundle/fixture.h"

#define MAX_ARGS 14
#define SOME "\"000102030405060708090a0b0c0d0e0f000102030405060708090a0b0c0d0e0f\""
#define MEASUREMENTS                                                                           \
	"{\"authenticode\":" SOME ",\"pcr11\":" SOME ",\"pcr4_nosb\":" SOME                    \
	",\"pcr4_sb\":" SOME ",\"pcr9\":" SOME ",\"sections\":{},\"zero\":[8]}"

static struct fix prod, rehearsal;
static char *dirs[4]; /* good, rehearsal, software, sequence 9 */
static char *program, *output;
static char identity[65], identity_r[65], ek[65], *words;

enum { GOOD, REHEARSAL, SOFTWARE, NINE };

struct row {
	const char *name;
	int dir;		    /* -1: none */
	const char *args[MAX_ARGS]; /* "@id", "@idr", "@words", "@state" stand for values */
	int status;
	const char *last; /* part of the last line */
};

#define AS_OF "--as-of", "2026-01-02T00:00:00Z", "--accept", "pinned", "--tpm-ek", "@ek"
#define ID "--identity", "@id"

static const struct row rows[] = {
	{ "accepted", GOOD, { ID, AS_OF }, 0, "sanctum: accepted: Test Sanctum, sequence 1" },
	{ "identity as words", GOOD, { "--identity", "@words", AS_OF }, 0, "accepted" },
	{ "options before the directory", -1, { ID, AS_OF, "@good" }, 0, "accepted" },
	{ "no identity", GOOD, { AS_OF }, 16, "no identity digest" },
	{ "another identity", GOOD, { "--identity", "@idr", AS_OF }, 11, "identity digest" },
	{ "a rehearsal", REHEARSAL, { "--identity", "@idr", AS_OF }, 14, "rehearsal" },
	{ "a rehearsal, taken", REHEARSAL, { "--rehearsal", "--identity", "@idr", AS_OF }, 0,
	    "accepted" },
	{ "software evidence", SOFTWARE, { ID, AS_OF }, 15, "software" },
	{ "software evidence, accepted", SOFTWARE, { ID, AS_OF, "--accept", "software" }, 15,
	    "software" },
	{ "pinned is not accepted by itself", GOOD, { ID, "--as-of", "2026-01-02T00:00:00Z" },
	    15, "pinned" },
	{ "pinned is not software", SOFTWARE, { ID, AS_OF }, 15, "software" },
	{ "below the minimum", GOOD, { ID, AS_OF, "--min-sequence", "2" }, 13, "sequence 1" },
	{ "expired", GOOD, { ID, AS_OF, "--as-of", "2027-02-01T00:00:00Z" }, 17,
	    "was good until" },
	{ "from the future", GOOD, { ID, AS_OF, "--as-of", "2025-06-01T00:00:00Z" }, 17,
	    "future" },
	{ "first mark", NINE, { ID, AS_OF, "--state", "@state" }, 0, "sequence 9" },
	{ "older than the mark", GOOD, { ID, AS_OF, "--state", "@state" }, 13, "older than 9" },
	{ "JSON", GOOD, { ID, AS_OF, "--json" }, 0, "\"accepted\":true" },
	{ "not a bundle", -1, { ID, AS_OF, "@empty" }, 12, "statement.json" },
	{ "no such directory", -1, { ID, AS_OF, "/nonexistent" }, 12, "/nonexistent" },
	{ "unknown option", GOOD, { "--force" }, 2, "--force" },
	{ "no directory", -1, { ID }, 2, "no DIR" },
	{ "two directories", GOOD, { "@empty" }, 2, "one DIR" },
	{ "identity too short", GOOD, { "--identity", "00" }, 2, "--identity" },
	{ "identity without a value", GOOD, { "--identity" }, 2, "--identity" },
	{ "a time that is none", GOOD, { "--as-of", "yesterday" }, 2, "--as-of" },
	{ "a sequence that is none", GOOD, { "--min-sequence", "-1" }, 2, "--min-sequence" },
	{ "vendor cannot be accepted", GOOD, { "--accept", "vendor" }, 2, "--accept" },
	{ "measurements of another image", GOOD, { ID, AS_OF, "--measurements", "@measured" },
	    15, "not what the expected image leads to" },
	{ "measurements that are none", GOOD, { ID, AS_OF, "--measurements", "/dev/null" }, 10,
	    "/dev/null" },
	{ "no file of measurements", GOOD, { ID, AS_OF, "--measurements", "/nonexistent" }, 12,
	    "/nonexistent" },
	{ "pinned, but no pin is given", GOOD,
	    { ID, "--as-of", "2026-01-02T00:00:00Z", "--accept", "pinned" }, 15,
	    "claims class pinned" },
	{ "another endorsement key", GOOD,
	    { ID, AS_OF, "--accept", "software", "--tpm-ek", "@id" }, 0, "accepted" },
	{ "only another endorsement key", GOOD,
	    { ID, "--as-of", "2026-01-02T00:00:00Z", "--accept", "software", "--tpm-ek",
		"@id" },
	    15, "ek.pub" },
	{ "an attestation key that was not enrolled", GOOD, { ID, AS_OF, "--tpm-ak", "@id" },
	    15, "ak.pub" },
	{ "a counter that must be higher", GOOD, { ID, AS_OF, "--min-counter", "7" }, 15,
	    "counter.msg: 7, not above 7" },
	{ "a counter that is higher", GOOD, { ID, AS_OF, "--min-counter", "6" }, 0,
	    "accepted" },
	{ "a counter that is no number", GOOD, { ID, AS_OF, "--min-counter", "x" }, 2,
	    "--min-counter" },
	{ "a pin that is none", GOOD, { ID, AS_OF, "--tpm-ak", "00" }, 2, "--tpm-ak" },
	{ "a plan that is none", GOOD, { ID, AS_OF, "--plan", "@measured" }, 10,
	    "measurements.json" },
	{ "mark and minimum", GOOD, { "--state", "@state", "--min-sequence", "1" }, 2,
	    "exclude" },
};

static const char *
value_of(const char *arg)
{
	static char *empty, *state, *measured;

	if (empty == NULL) {
		empty = test_format("%s/empty", test_tmpdir());
		state = test_format("%s/state", test_tmpdir());
		(void)mkdir(empty, 0755);
		measured = test_format("%s/measurements.json", test_tmpdir());
		fix_put(test_tmpdir(), "measurements.json", BYTES_STR(MEASUREMENTS));
	}
	return strcmp(arg, "@id") == 0	    ? identity
	    : strcmp(arg, "@idr") == 0	    ? identity_r
	    : strcmp(arg, "@words") == 0    ? words
	    : strcmp(arg, "@good") == 0	    ? dirs[GOOD]
	    : strcmp(arg, "@empty") == 0    ? empty
	    : strcmp(arg, "@state") == 0    ? state
	    : strcmp(arg, "@ek") == 0	    ? ek
	    : strcmp(arg, "@measured") == 0 ? measured
					    : arg;
}

/* Run a program; both outputs go to one file. */
static int
run_program(const char *path, const char *const *args, size_t n)
{
	char *argv[MAX_ARGS + 4] = { (char *)(uintptr_t)path };
	posix_spawn_file_actions_t a;
	pid_t pid;
	int status;

	for (size_t i = 0; i < n; i++)
		argv[i + 1] = (char *)(uintptr_t)value_of(args[i]);
	posix_spawn_file_actions_init(&a);
	posix_spawn_file_actions_addopen(&a, 1, output, O_WRONLY | O_CREAT | O_TRUNC | O_APPEND,
	    0600);
	posix_spawn_file_actions_adddup2(&a, 1, 2);
	assert_int_equal(posix_spawn(&pid, path, &a, NULL, argv, NULL), 0);
	posix_spawn_file_actions_destroy(&a);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 255;
}

static int
run(const char *const *args, size_t n)
{
	return run_program(program, args, n);
}

static void
need_program(void)
{
	if (access(program, X_OK) != 0) {
		printf("# %s is not built\n", program);
		skip();
	}
}

static void
test_row(void **state)
{
	const struct row *row = *state;
	const char *args[MAX_ARGS + 2] = { "verify" };
	size_t n = 1;

	need_program();
	if (row->dir >= 0)
		args[n++] = dirs[row->dir];
	for (size_t i = 0; i < MAX_ARGS && row->args[i] != NULL; i++)
		args[n++] = row->args[i];
	const int status = run(args, n);
	struct test_bytes out = test_read(output);
	char *text = (char *)out.data, *last;
	assert_true(out.len > 0 && text[out.len - 1] == '\n');
	text[out.len - 1] = '\0';
	last = strrchr(text, '\n');
	last = last == NULL ? text : last + 1;
	if (status != row->status || strstr(last, row->last) == NULL)
		fail_msg("exit %d, \"%s\"", status, last);
	test_bytes_done(&out);
}

/* Whoever could not read the verdict must not take it for a good one. */
static void
test_full(void **state)
{
	const char *const good[] = { "verify", dirs[GOOD], ID, AS_OF },
			  *const help[] = { "--help" };
	const char *const json[] = { "verify", dirs[GOOD], ID, AS_OF, "--json" };
	char *kept = output;

	(void)state;
	need_program();
	output = (char *)(uintptr_t)"/dev/full";
	assert_int_equal(run(good, SN_NITEMS(good)), 20);
	assert_int_equal(run(json, SN_NITEMS(json)), 20);
	assert_int_equal(run(help, SN_NITEMS(help)), 20);
	output = kept;
}

static void
test_help(void **state)
{
	const char *args[] = { "--help" }, *none[] = { "verify" };

	(void)state;
	need_program();
	assert_int_equal(run(args, 1), 0);
	struct test_bytes out = test_read(output);
	assert_non_null(strstr((char *)out.data, "--min-sequence N"));
	assert_non_null(strstr((char *)out.data, "    17  "));
	test_bytes_done(&out);
	assert_int_equal(run(none, 0), 2);
}

/*
 * First nodes and auditors get no code that issues, splits or draws. nm names what was
 * linked in; the names are functions that exist, as the next test says.
 */
static const char *const banned[] = { "cry_cert_issue", "cry_cms_sign", "cry_cms_encrypt",
	"slip39_split", "shamir_split", "certs_make", "derive_key", "derive_seed", "bun_new",
	"bun_seal", "bun_compose_statement", "tr_append", "note_sign", "keeper_start",
	"initscr", "wrefresh", "Esys_Initialize", "sodium", "curl_easy_init" };

static void
test_banned(void **state)
{
	const char *const args[][2] = { { program, NULL }, { "-D", program } };
	char *name = test_format(" %s\n", (const char *)*state);
	char *versioned = test_format(" %s@", (const char *)*state);

	need_program();
	for (size_t i = 0; i < SN_NITEMS(args); i++) {
		assert_int_equal(run_program("/usr/bin/nm", args[i], i + 1), 0);
		struct test_bytes out = test_read(output);

		if (i == 0) /* nm has seen the program at all */
			assert_non_null(strstr((char *)out.data, " bun_verify\n"));
		assert_null(strstr((char *)out.data, name));
		assert_null(strstr((char *)out.data, versioned));
		test_bytes_done(&out);
	}
	free(name);
	free(versioned);
}

/* The list above would say nothing if it named functions that are not there. */
static void
test_banned_exist(void **state)
{
	void *const ours[] = { (void *)(uintptr_t)cry_cert_issue,
		(void *)(uintptr_t)cry_cms_sign, (void *)(uintptr_t)cry_cms_encrypt,
		(void *)(uintptr_t)certs_make, (void *)(uintptr_t)derive_key,
		(void *)(uintptr_t)derive_seed, (void *)(uintptr_t)bun_new,
		(void *)(uintptr_t)bun_seal, (void *)(uintptr_t)tr_append,
		(void *)(uintptr_t)note_sign };

	(void)state;
	for (size_t i = 0; i < SN_NITEMS(ours); i++)
		assert_non_null(ours[i]);
}

static void
make_dirs(void)
{
	const struct fix_bundle software = { .evidence = "software" }, nine = { .sequence = 9 };
	struct sn_buf w = { 0 };

	for (int i = 0; i < 4; i++)
		dirs[i] = test_format("%s/d%d", test_tmpdir(), i);
	fix_write(&prod, NULL, dirs[GOOD]);
	fix_write(&rehearsal, NULL, dirs[REHEARSAL]);
	fix_write(&prod, &software, dirs[SOFTWARE]);
	fix_write(&prod, &nine, dirs[NINE]);
	sn_hex(BYTES_OF(prod.identity), identity);
	sn_hex(BYTES_OF(fix_policy(&prod).expect->ek.digest[0]), ek);
	sn_hex(BYTES_OF(rehearsal.identity), identity_r);
	words_put(&w, BYTES_OF(prod.identity));
	words = strdup(sn_buf_cstr(&w));
	sn_buf_done(&w);
}

int
main(void)
{
	struct test_list *l = test_list_new();
	const char *build = getenv("BUILD");

	fix_start();
	fix_make(&prod, 1, PLAN_PRODUCTION);
	fix_make(&rehearsal, 1, PLAN_REHEARSAL);
	program = test_format("%s/bin/sanctum", build != NULL ? build : "build");
	output = test_format("%s/output", test_tmpdir());
	make_dirs();
	for (size_t i = 0; i < SN_NITEMS(rows); i++)
		test_list_add(l, test_row, (void *)(uintptr_t)&rows[i], "verify: %s",
		    rows[i].name);
	test_list_add(l, test_full, NULL, "standard output is full");
	test_list_add(l, test_help, NULL, "help, and no command");
	for (size_t i = 0; i < SN_NITEMS(banned); i++)
		test_list_add(l, test_banned, (void *)(uintptr_t)banned[i], "not linked: %s",
		    banned[i]);
	test_list_add(l, test_banned_exist, NULL, "the names that must not be linked exist");
	const int status = test_list_run(l, "sanctum");
	fix_done(&prod);
	fix_done(&rehearsal);
	return status;
}
