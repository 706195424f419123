/*
 * rig - a keeper in a process of its own, with a plan, approvers and a seed.
 *
 * The test program is also the keeper: it re-executes itself with --role=keeper.
 */
#ifndef KEEPER_RIG_H
#define KEEPER_RIG_H

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "appliance/base/text.h"
#include "appliance/crypto/digest.h"
#include "ceremony/keeper/keeper.h"
#include "ceremony/keeper/proto.h"
#include "ceremony/keys/approver.h"
#include "tests/lib/test.h"

#define RIG_APPROVERS 3
#define RIG_PASSPHRASE "correct horse"
#define RIG_SEED_LEN 512

/* This program's own path (by name, so that it runs under valgrind too). */
static inline const char *
rig_self(void)
{
	static char path[4096];

	if (path[0] == '\0' && readlink("/proc/self/exe", path, sizeof(path) - 1) < 0)
		exit(99);
	return path;
}

struct rig_approver {
	const char *name;
	struct sn_buf pub, key;
	struct plan_approver parsed;
};
static struct rig_approver rig_approvers[RIG_APPROVERS + 1] = { { .name = "ada" },
	{ .name = "bob" }, { .name = "cyn" }, { .name = "mallory" } };

/* Keys of the plan's approvers, and of one that is not in the plan. */
static inline void
rig_start(int argc, char **argv)
{
	static const struct approver_cost least = { APPROVER_MEMORY_KIB_MIN, 1, 1 };
	struct sn_why why = { 0 };

	if (argc == 2 && strcmp(argv[1], "--role=keeper") == 0)
		_exit(keeper_process_main()); /* a sanitizer's last look needs files */
	if (sn_secret_start(1U << 20, &why) != SN_OK || cry_start(&why) != SN_OK)
		exit(sn_err_exit(why.err));
	for (size_t i = 0; i <= RIG_APPROVERS; i++) {
		struct rig_approver *a = &rig_approvers[i];

		if (approver_new_cost(a->name, BYTES_STR(RIG_PASSPHRASE), &least, &a->pub,
			&a->key, &why) != SN_OK ||
		    approver_public_parse(sn_buf_bytes(&a->pub), &a->parsed, &why) != SN_OK) {
			fprintf(stderr, "%s\n", why.text);
			exit(99);
		}
	}
}

static inline void
rig_stop(void)
{
	for (size_t i = 0; i <= RIG_APPROVERS; i++) {
		sn_buf_done(&rig_approvers[i].pub);
		sn_buf_done(&rig_approvers[i].key);
	}
}

static inline void
rig_put_approver(struct sn_buf *b, const struct rig_approver *a)
{
	sn_buf_fmt(b, "{\"name\":\"%s\",\"sign\":\"", a->name);
	sn_buf_base64(b, (struct bytes){ a->parsed.sign, a->parsed.sign_len });
	sn_buf_str(b, "\",\"seal\":\"");
	sn_buf_base64(b, (struct bytes){ a->parsed.seal, a->parsed.seal_len });
	sn_buf_str(b, "\"}");
}

/* A rehearsal's plan of M of N shares, two approvals of three. mode: genesis or rebuild. */
static inline char *
rig_plan(const char *mode, unsigned int m, unsigned int n)
{
	SN_CLEANUP(sn_buf_done) struct sn_buf b = { 0 };
	const char *when =
	    "{\"from\":\"2025-01-01T00:00:00Z\",\"to\":\"2035-01-01T00:00:00Z\"}";

	sn_buf_fmt(&b,
	    "{\"format\":\"cornerstone-plan-1\",\"world\":\"rehearsal\",\"mode\":"
	    "\"%s\",\"sequence\":1,\"ceremony\":\"R-1\",\"window\":%s,",
	    mode, when);
	sn_buf_str(&b,
	    "\"sanctum\":{\"id\":\"a0a1a2a3a4a5a6a7a8a9aaabacadaeaf\",\"name\":"
	    "\"North\",\"organization\":\"Example Bank\"},\"people\":["
	    "{\"name\":\"adm\",\"full\":\"Adm In\",\"roles\":[\"administrator\"]},"
	    "{\"name\":\"wit\",\"full\":\"Wit Ness\",\"roles\":[\"witness\"]}");
	for (size_t i = 0; i < RIG_APPROVERS; i++)
		sn_buf_fmt(&b,
		    ",{\"name\":\"%s\",\"full\":\"A Person\",\"roles\":"
		    "[\"approver\"]}",
		    rig_approvers[i].name);
	for (unsigned int i = 0; i < n; i++)
		sn_buf_fmt(&b,
		    ",{\"name\":\"cust%u\",\"full\":\"C Person\",\"roles\":"
		    "[\"custodian\"]}",
		    i + 1);
	sn_buf_fmt(&b, "],\"shares\":{\"threshold\":%u,\"count\":%u},\"approvers\":[", m, n);
	for (size_t i = 0; i < RIG_APPROVERS; i++) {
		sn_buf_str(&b, i == 0 ? "" : ",");
		rig_put_approver(&b, &rig_approvers[i]);
	}
	sn_buf_fmt(&b,
	    "],\"approvals\":2,\"operations\":2,\"dates\":{\"root\":%s,\"signing\":%s,"
	    "\"statement\":%s,\"operations\":{\"from\":\"2026-01-01T00:00:00Z\","
	    "\"to\":\"2028-01-01T00:00:00Z\"},\"token\":%s},",
	    when, when, when, when);
	sn_buf_str(&b, "\"tpm\":\"software\",\"accept\":[\"software\"],\"console\":\"any\"}\n");
	return test_format("%s", sn_buf_cstr(&b));
}

/* The text with its first find replaced; find must be there. */
static inline char *
rig_replaced(const char *text, const char *find, const char *put)
{
	const char *at = strstr(text, find);

	assert_non_null(at);
	return test_format("%.*s%s%s", (int)(at - text), text, put, at + strlen(find));
}

/* The plan of a production: what a rehearsal alone may have is exchanged. */
static inline char *
rig_production_plan(unsigned int m, unsigned int n)
{
	static const char *const pairs[][2] = {
		{ "\"world\":\"rehearsal\"", "\"world\":\"production\"" },
		{ "\"tpm\":\"software\"", "\"tpm\":\"machine\"" },
		{ "[\"software\"]", "[\"vendor\",\"pinned\"]" },
	};
	char *plan = rig_plan("genesis", m, n), *next;

	for (size_t i = 0; i < SN_NITEMS(pairs); i++) {
		next = rig_replaced(plan, pairs[i][0], pairs[i][1]);
		free(plan);
		plan = next;
	}
	return plan;
}

/* The plan of a mode that names this identity file. */
static inline char *
rig_plan_about(const char *mode, unsigned int m, unsigned int n, struct bytes identity)
{
	char *made_as = rig_plan(mode, m, n), *plan, *member, *hex;
	uint8_t digest[32];

	assert_int_equal(cry_digest(CRY_SHA256, identity, digest, NULL), SN_OK);
	hex = test_hex(digest, sizeof(digest));
	member = test_format("{\"identity_sha256\":\"%s\",\"format\"", hex);
	plan = rig_replaced(made_as, "{\"format\"", member);
	free(made_as);
	free(member);
	free(hex);
	return plan;
}

/* The plan of a rebuild of M of N shares that names this identity file. */
static inline char *
rig_rebuild_plan(unsigned int m, unsigned int n, struct bytes identity)
{
	return rig_plan_about("rebuild", m, n, identity);
}

#define RIG_BASE "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"

/* The plan of a bundle's first operations statement: that identity file, RIG_BASE. */
static inline char *
rig_ops_plan(const char *mode, unsigned int m, unsigned int n, struct bytes identity)
{
	char *made_as = rig_rebuild_plan(m, n, identity), *early, *named, *plan;

	early = rig_replaced(made_as,
	    "\"window\":{\"from\":\"2025-01-01T00:00:00Z\",\"to\":\"2035-01-01T00:00:00Z\"}",
	    "\"window\":{\"from\":\"2026-01-01T00:00:00Z\",\"to\":\"2028-01-01T00:00:00Z\"}");
	named = test_format("\"mode\":\"%s\",\"base_sha256\":\"" RIG_BASE "\"", mode);
	plan = rig_replaced(early, "\"mode\":\"rebuild\"", named);
	free(made_as);
	free(early);
	free(named);
	return plan;
}

/* The read end of a pipe in which n random bytes wait, like the TPM process leaves it. */
static inline int
rig_seed(size_t n)
{
	uint8_t bytes[4096];
	int fds[2];

	assert_true(n <= sizeof(bytes));
	assert_int_equal(pipe2(fds, O_CLOEXEC), 0);
	assert_int_equal(cry_random(bytes, n, NULL), SN_OK);
	assert_int_equal(write(fds[1], bytes, n), (ssize_t)n);
	close(fds[1]);
	return fds[0];
}

/* A file of a derivation by its path, or nothing. */
static inline struct bytes
rig_file(const struct keeper_files *f, const char *path)
{
	for (size_t i = 0; i < f->n; i++)
		if (strcmp(f->file[i].path, path) == 0)
			return f->file[i].data;
	return (struct bytes){ NULL, 0 };
}

/* The trust files that an operations ceremony begins with. */
static inline struct keeper_trust
rig_trust(const struct keeper_files *f)
{
	return (struct keeper_trust){ rig_file(f, "trust/identity.json"),
		rig_file(f, "trust/operations-p384-chain.pem"),
		rig_file(f, "trust/operations-mldsa87-chain.pem"),
		rig_file(f, "trust/root-p384.pem"), rig_file(f, "trust/root-mldsa87.pem") };
}

/* Who approves, by a statement: a name, and whose key stands behind it. */
struct rig_stated {
	const char *name;
	size_t key; /* of rig_approvers */
};

/* A whole statement in its canonical form, with these approvers. */
static inline char *
rig_statement_by(const char *plan_text, const uint8_t identity[32],
    const struct rig_stated *who, size_t n)
{
	static const char zeros[] =
	    "0000000000000000000000000000000000000000000000000000000000000000";
	static const char ends[] = "2028-01-01T00:00:00Z";
	SN_CLEANUP(sn_buf_done) struct sn_buf b = { 0 };
	struct plan *p = NULL;

	assert_int_equal(plan_parse(bytes_str(plan_text), &p, NULL), SN_OK);
	sn_buf_str(&b, "{\"_type\":\"https://in-toto.io/Statement/v1\",\"predicate\":{");
	for (size_t i = 0; i < n; i++) {
		const struct plan_approver *a = &rig_approvers[who[i].key].parsed;
		uint8_t digest[32];

		assert_int_equal(cry_digest(CRY_SHA256, (struct bytes){ a->sign, a->sign_len },
				     digest, NULL),
		    SN_OK);
		sn_buf_fmt(&b, "%s{\"key_sha256\":\"", i == 0 ? "\"approvers\":[" : ",");
		sn_buf_hex(&b, BYTES_OF(digest));
		sn_buf_fmt(&b, "\",\"name\":\"%s\"}", who[i].name);
	}
	sn_buf_fmt(&b,
	    "],\"earliest_expiry\":\"%s\",\"evidence_class\":\"software\",\"expires\":"
	    "[{\"at\":\"%s\",\"what\":\"operations\"}],\"identity_sha256\":\"",
	    ends, ends);
	sn_buf_hex(&b, (struct bytes){ identity, 32 });
	sn_buf_fmt(&b, "\",\"mode\":\"%s\",\"people\":[],\"plan_sha256\":\"",
	    plan_mode_name(p->mode));
	sn_buf_hex(&b, BYTES_OF(p->digest));
	sn_buf_str(&b, "\",\"previous\":\"\",\"profiles\":[],\"sanctum\":{\"id\":\"");
	sn_buf_hex(&b, BYTES_OF(p->sanctum_id));
	sn_buf_fmt(&b,
	    "\",\"name\":\"%s\"},\"sequence\":%u,\"thresholds\":{\"approvals\":%u,"
	    "\"operations\":%u,\"shares\":%u,\"shares_of\":%u},"
	    "\"time\":\"2026-01-01T12:00:00Z\",\"time_unix\":1767268800,",
	    p->sanctum_name, p->sequence, p->approvals, p->ops_threshold, p->share_threshold,
	    p->share_count);
	sn_buf_fmt(&b,
	    "\"transcript\":{\"root\":\"%s\",\"size\":7},\"world\":\"%s\"},"
	    "\"predicateType\":\"urn:cornerstone:statement:1\",\"subject\":"
	    "[{\"digest\":{\"sha256\":\"%s\"},\"name\":\"VERIFY.txt\"}]}",
	    zeros, plan_world_name(p->world), zeros);
	plan_free(&p);
	return test_format("%s", sn_buf_cstr(&b));
}

/* The statement of a ceremony that went by its plan. */
static inline char *
rig_statement(const char *plan_text, const uint8_t identity[32])
{
	static const struct rig_stated all[RIG_APPROVERS] = { { "ada", 0 }, { "bob", 1 },
		{ "cyn", 2 } };

	return rig_statement_by(plan_text, identity, all, RIG_APPROVERS);
}

#define RIG_LOG_NAME "cornerstone/rehearsal/a0a1a2a3a4a5a6a7a8a9aaabacadaeaf"

/* A checkpoint over a tree of one root of equal bytes. */
static inline char *
rig_checkpoint(const char *origin, unsigned int size, int fill)
{
	SN_CLEANUP(sn_buf_done) struct sn_buf b = { 0 };
	uint8_t root[32];

	memset(root, fill, sizeof(root));
	sn_buf_fmt(&b, "%s\n%u\n", origin, size);
	sn_buf_base64(&b, BYTES_OF(root));
	sn_buf_str(&b, "\n");
	return test_format("%s", sn_buf_cstr(&b));
}

/* Also before cmocka runs, when a failure would end the program without a word. */
static inline void
rig_check(enum sn_err e, const struct sn_why *why, const char *call)
{
	if (e == SN_OK)
		return;
	fprintf(stderr, "%s: %s: %s\n", call, sn_err_name(e), why->text);
	fail_msg("%s: %s: %s", call, sn_err_name(e), why->text);
}

#define RIG_OK(call)                                                                           \
	do {                                                                                   \
		struct sn_why why = { 0 };                                                     \
		enum sn_err rig_e = (call);                                                    \
		rig_check(rig_e, &why, #call);                                                 \
	} while (0)

static inline enum sn_err
rig_approve(struct keeper *k, size_t who, enum keeper_approval kind, const char *message)
{
	SN_CLEANUP(sn_buf_done) struct sn_buf sig = { 0 };

	return keeper_approve(k, rig_approvers[who].name, kind,
	    sn_buf_bytes(&rig_approvers[who].key), BYTES_STR(RIG_PASSPHRASE),
	    bytes_str(message), &sig, NULL);
}

static inline struct keeper *
rig_keeper(const char *plan, int seed_fd)
{
	struct keeper *k = NULL;

	RIG_OK(keeper_start(rig_self(), seed_fd, &k, &why));
	if (seed_fd >= 0)
		close(seed_fd);
	if (plan != NULL)
		RIG_OK(keeper_plan(k, bytes_str(plan), &why));
	return k;
}

/* A genesis up to the derived keys. texts, when given, gets copies of the shares. */
static inline struct keeper *
rig_genesis(const char *plan, unsigned int n, char **texts, struct keeper_files *files,
    uint8_t identity[32])
{
	struct keeper *k = rig_keeper(plan, rig_seed(RIG_SEED_LEN));
	SN_CLEANUP(sn_buf_done) struct sn_buf report = { 0 };
	uint32_t word, subsets;

	RIG_OK(rig_approve(k, 0, KEEPER_APPROVE_PLAN, ""));
	RIG_OK(rig_approve(k, 1, KEEPER_APPROVE_PLAN, ""));
	RIG_OK(keeper_seed(k, &report, &why));
	for (uint32_t i = 0; i < n; i++) {
		SN_CLEANUP(sn_secret_done) struct sn_secret text = { 0 };

		RIG_OK(keeper_share(k, i, &text, &why));
		if (texts != NULL)
			texts[i] = test_format("%.*s", (int)text.n, (const char *)text.p);
		RIG_OK(keeper_share_check(k, i, sn_secret_bytes(&text), &word, &why));
	}
	RIG_OK(keeper_trial(k, &subsets, &why));
	RIG_OK(keeper_derive(k, files, identity, &why));
	return k;
}

/* The text with its third word replaced. */
static inline char *
rig_third_word(const char *text, const char *with)
{
	const char *a = strchr(strchr(text, ' ') + 1, ' ') + 1;

	return test_format("%.*s%s%s", (int)(a - text), text, with, strchr(a, ' '));
}

#endif
