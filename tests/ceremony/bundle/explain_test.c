/*
 * `sanctum explain evidence`: what it calls proven and what not, and a real software TPM that
 * is told the same events and records. timeout: 120
 */
#include <spawn.h>
#include <sys/wait.h>

#include "appliance/base/json.h"
#include "tests/ceremony/bundle/bad_chain.h"
#include "tests/ceremony/bundle/fixture_ops.h"

#define MAX_ARGS 12
#define MAX_SAYS 4

static struct fix prod, rehearsal;
static char *program, *output;
static char identity[65], ek[65], ak[65], zero[65], *image;
static char r_identity[65], r_ek[65], r_ak[65]; /* of the rehearsal */

struct row {
	const char *name;
	struct fix_bundle make;
	const char *args
	    [MAX_ARGS]; /* "@id", "@ek", "@ak", "@zero", "@image", "@r-*" stand for values */
	int status;
	const char *proven[MAX_SAYS], *not_proven[MAX_SAYS]; /* parts of sentences */
	bool operations; /* one more statement, of a software TPM */
	bool chain;	 /* a rehearsal, whose endorsement key has a certificate */
};

static void
no_log(struct sn_buf *log, uint8_t pcr[16][32] SN_UNUSED)
{
	log->n = 0;
}

static void
before_cut(const struct fix *f SN_UNUSED, const struct fix_bundle *o SN_UNUSED, struct tr *t)
{
	struct merkle_hash head;
	char hex[65];

	FIX_RECORD(t, "tick", TR_ARG_INT("n", 1));
	FIX_OK(tr_root(t, &head, why));
	sn_hex(BYTES_OF(head.h), hex);
	FIX_RECORD(t, "segment.start", TR_ARG_STR("head", hex));
}

#define ID "--identity", "@id"
#define PINNED ID, "--accept", "pinned", "--tpm-ek", "@ek"

static const struct row rows[] = {
	{ .name = "pinned",
	    .args = { PINNED },
	    .proven = { "signed the digest of this statement", "events give PCR 0 to 14",
		"asked 16 times", "counter was at 7" },
	    .not_proven = { "in a TPM that you know", "Which image ran: give",
		"random bytes were used", "firmware told the truth" } },
	{ .name = "enrolled",
	    .args = { PINNED, "--tpm-ak", "@ak" },
	    .proven = { "the one that you enrolled", "class pinned" },
	    .not_proven = { "there is no certificate" } },
	{ .name = "no log",
	    .make = { .boot = no_log },
	    .args = { PINNED },
	    .not_proven = { "left no log" } },
	{ .name = "no counter",
	    .make = { .no_counter = true },
	    .args = { PINNED },
	    .not_proven = { "no older state", "owner's password" } },
	{ .name = "a software TPM",
	    .make = { .software = true, .evidence = "software" },
	    .args = { ID, "--accept", "software" },
	    .status = 15,
	    .not_proven = { "a TPM at all", "software TPM has seen no boot" } },
	{ .name = "what was not accepted is explained, too",
	    .args = { ID },
	    .status = 15,
	    .proven = { "signed the digest of this statement" } },
	{ .name = "nobody vouched for the roots",
	    .args = { "--accept", "pinned", "--tpm-ek", "@ek" },
	    .status = 16,
	    .not_proven = { "no identity digest" } },
	{ .name = "a bundle that was refused",
	    .make = { .skip_pcr15 = 1 },
	    .args = { PINNED },
	    .status = 11,
	    .not_proven = { "Anything" } },
	{ .name = "another identity",
	    .args = { "--identity", "@zero" },
	    .status = 11,
	    .not_proven = { "Anything" } },
	{ .name = "a second TPM",
	    .args = { PINNED, "--replay" },
	    .proven = { "the same 16 registers" } },
	{ .name = "a second TPM, without a log",
	    .make = { .boot = no_log },
	    .args = { PINNED, "--replay" },
	    .proven = { "the same 1 registers" } },
	{ .name = "a second software TPM",
	    .make = { .software = true, .evidence = "software" },
	    .args = { ID, "--accept", "software", "--replay" },
	    .status = 15,
	    .proven = { "the same 16 registers" } },
	{ .name = "no such program",
	    .args = { PINNED, "--replay", "--softtpm", "/dev/null" },
	    .status = 20 },
	{ .name = "of the bundle, with a later statement",
	    .args = { PINNED, "--accept", "software" },
	    .status = 15,
	    .operations = true,
	    .proven = { "counter was at 7" } },
	{ .name = "of the later statement",
	    .args = { PINNED, "--accept", "software", "--operations", "1", "--replay" },
	    .status = 15,
	    .operations = true,
	    .proven = { "counter was at 8", "the same 16 registers" },
	    .not_proven = { "a TPM at all" } },
	{ .name = "of a statement that is not there",
	    .args = { PINNED, "--operations", "2" },
	    .status = 12 },
	{ .name = "an image that was not compared",
	    .args = { ID, "--tpm-ak", "@ak", "--measurements", "@image" },
	    .status = 15,
	    .proven = { "the one that you enrolled" },
	    .not_proven = { "was not compared, because" } },
	{ .name = "an image that was compared",
	    .args = { PINNED, "--measurements", "@image" },
	    .status = 15,
	    .not_proven = { "Which image ran: evidence/quote.pcr" } },
	{ .name = "an enrolled key that was not compared",
	    .args = { ID, "--tpm-ek", "@zero", "--tpm-ak", "@ak" },
	    .status = 15,
	    .not_proven = { "What you gave was not judged to the end: evidence/ek.pub" } },
	{ .name = "a certificate, and an enrolled key",
	    .chain = true,
	    .args = { "--identity", "@r-id", "--rehearsal", "--tpm-ak", "@r-ak" },
	    .proven = { "the one that you enrolled" },
	    .not_proven = { "is in the TPM of this certificate",
		"a root of the rehearsal's" } },
	{ .name = "a certificate, and an enrolled pair",
	    .chain = true,
	    .args = { "--identity", "@r-id", "--rehearsal", "--accept", "pinned", "--tpm-ak",
		"@r-ak", "--tpm-ek", "@r-ek" },
	    .proven = { "the one that you enrolled", "the one that was pinned" },
	    .not_proven = { "has not revoked" } },
	{ .name = "after a cut",
	    .make = { .before = before_cut },
	    .args = { PINNED },
	    .proven = { "The last 13 records" },
	    .not_proven = { "has seen the first 1 records" } },
	{ .name = "a mark", .args = { "--state", "x" }, .status = 2 },
	{ .name = "an option that is none", .args = { "--force" }, .status = 2 },
};

static const char *
value_of(const char *arg)
{
	const struct {
		const char *name, *is;
	} values[] = { { "@id", identity }, { "@ek", ek }, { "@ak", ak }, { "@zero", zero },
		{ "@image", image }, { "@r-id", r_identity }, { "@r-ek", r_ek },
		{ "@r-ak", r_ak } };

	for (size_t i = 0; i < SN_NITEMS(values); i++)
		if (strcmp(arg, values[i].name) == 0)
			return values[i].is;
	return arg;
}

static int
run(const char *dir, const struct row *row, bool json)
{
	const char *fixed[] = { program, "explain", "evidence", dir, "--as-of",
		"2026-01-02T00:00:00Z" };
	char *argv[SN_NITEMS(fixed) + MAX_ARGS + 2] = { NULL };
	posix_spawn_file_actions_t a;
	size_t n = 0;
	pid_t pid;
	int status;

	for (size_t i = 0; i < SN_NITEMS(fixed); i++)
		argv[n++] = (char *)(uintptr_t)fixed[i];
	for (size_t i = 0; i < MAX_ARGS && row->args[i] != NULL; i++)
		argv[n++] = (char *)(uintptr_t)value_of(row->args[i]);
	if (json)
		argv[n++] = (char *)(uintptr_t)"--json";
	posix_spawn_file_actions_init(&a);
	posix_spawn_file_actions_addopen(&a, 1, output, O_WRONLY | O_CREAT | O_TRUNC, 0600);
	posix_spawn_file_actions_addopen(&a, 2, "/dev/null", O_WRONLY, 0);
	assert_int_equal(posix_spawn(&pid, program, &a, NULL, argv, NULL), 0);
	posix_spawn_file_actions_destroy(&a);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 255;
}

/* Each part is in a sentence of that list, and in none of the other. */
static void
find_parts(const struct test_bytes *out, const char *key, const char *other,
    const char *const *parts)
{
	SN_CLEANUP(sn_json_free) yyjson_doc *doc = NULL;
	yyjson_val *lists[2], *v;
	size_t i, max;

	FIX_OK(sn_json_parse((struct bytes){ out->data, out->len - 1 }, "output", false, &doc,
	    why));
	lists[0] = yyjson_obj_get(yyjson_doc_get_root(doc), key);
	lists[1] = yyjson_obj_get(yyjson_doc_get_root(doc), other);
	for (; *parts != NULL; parts++) {
		int found[2] = { 0, 0 };

		for (int k = 0; k < 2; k++)
			yyjson_arr_foreach(lists[k], i, max, v) found[k] +=
			    strstr(yyjson_get_str(yyjson_obj_get(v, "text")), *parts) != NULL;
		if (found[0] != 1 || found[1] != 0)
			fail_msg("\"%s\" is %d times in %s, %d in %s: %s", *parts, found[0],
			    key, found[1], other, (const char *)out->data);
	}
}

static void
test_row(void **state)
{
	const struct row *row = *state;
	const char *const none[] = { NULL };
	const struct fix_bundle later = { .software = true, .evidence = "software" };
	static unsigned int n;
	char *dir;
	const char *parts[2][MAX_SAYS + 1] = { { NULL } };

	if (access(program, X_OK) != 0) {
		printf("# %s is not built\n", program);
		skip();
	}
	dir = test_format("%s/e%u", test_tmpdir(), n++);
	struct fix_bundle make = row->make;
	enum chain_fault good = CHAIN_GOOD;

	if (row->chain) {
		make.more = chain_add;
		make.arg = &good;
	}
	fix_write(row->chain ? &rehearsal : &prod, &make, dir);
	if (row->operations)
		fix_ops_write(&prod, &later, 1, dir);
	assert_int_equal(run(dir, row, true), row->status);
	struct test_bytes out = test_read(output);
	memcpy(parts[0], row->proven, sizeof(row->proven));
	memcpy(parts[1], row->not_proven, sizeof(row->not_proven));
	if (row->proven[0] != NULL || row->not_proven[0] != NULL) {
		find_parts(&out, "proven", "not_proven", parts[0]);
		find_parts(&out, "not_proven", "proven", parts[1]);
		find_parts(&out, "proven", "not_proven", none);
	}
	test_bytes_done(&out);
	assert_int_equal(run(dir, row, false), row->status); /* and for people */
	free(dir);
}

/* Measurements of an image that was not started. */
static void
put_image(void)
{
	struct sn_buf b = { 0 };

	sn_buf_fmt(&b, "{\"authenticode\":\"%s\",\"pcr11\":\"%s\",\"pcr4_nosb\":\"%s\",", zero,
	    zero, zero);
	sn_buf_fmt(&b, "\"pcr4_sb\":\"%s\",\"pcr9\":\"%s\",\"sections\":{},\"zero\":[8]}", zero,
	    zero);
	fix_put(test_tmpdir(), "image.json", sn_buf_bytes(&b));
	sn_buf_done(&b);
	image = test_format("%s/image.json", test_tmpdir());
}

static void
hex_of(void (*area)(const struct fix *f, struct sn_buf *ret), const struct fix *f, char ret[65])
{
	struct sn_buf pub = { 0 };
	uint8_t digest[32];

	area(f, &pub);
	fix_pin(&pub, digest);
	sn_hex(BYTES_OF(digest), ret);
	sn_buf_done(&pub);
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
	sn_hex(BYTES_OF(prod.identity), identity);
	sn_hex(BYTES_OF(fix_policy(&prod).expect->ek.digest[0]), ek);
	memset(zero, '0', sizeof(zero) - 1);
	put_image();
	pki_make(&pki);
	chain_of = &rehearsal;
	hex_of(fix_ak_area, &prod, ak);
	hex_of(fix_ak_area, &rehearsal, r_ak);
	hex_of(fix_ek_pub, &rehearsal, r_ek);
	sn_hex(BYTES_OF(rehearsal.identity), r_identity);
	for (size_t i = 0; i < SN_NITEMS(rows); i++)
		test_list_add(l, test_row, (void *)(uintptr_t)&rows[i], "%s", rows[i].name);
	const int status = test_list_run(l, "explain");
	pki_done(&pki);
	fix_done(&prod);
	fix_done(&rehearsal);
	return status;
}
