/*
 * `sanctum enrol`: proves, before a ceremony, that the TPM with this endorsement key holds
 * this attestation key. The approvers' side of docs/TPM.md, "Enrolment".
 */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "appliance/attest/class.h"
#include "appliance/attest/credential.h"
#include "appliance/base/file.h"
#include "appliance/base/text.h"
#include "ceremony/node/cmd.h"
#include "ceremony/node/enrol_state.h"

#define CHALLENGE "tpm-challenge/" ATT_CREDENTIAL_FILE
#define ANSWER "secret.bin"
#define ANSWER_MAX 64
#define STATE_DEFAULT "tpm-enrol.json"
#define NAME_TEXT_MAX 256
#define CA_FILE_MAX (1U << 20)

static const struct option_row rows[] = {
	{ "--state", "FILE",
	    "what is kept between challenge and answer, not on a stick (challenge: a new file, " STATE_DEFAULT
	    " if not given)" },
	{ "--tpm-ca", "DIR",
	    "finish: the endorsement key's certificate must chain to a TPM vendor's root over "
	    "the certificates in DIR, PEM or DER" },
	{ "--tpm-root", "HEX",
	    "finish, rehearsals only: or to a generated root, by the SHA-256 of its key (SPKI)" },
};

const struct option_row *
cmd_enrol_option(size_t i)
{
	return i < SN_NITEMS(rows) ? &rows[i] : NULL;
}

enum { STATE, TPM_CA, TPM_ROOT, VALUES };

struct asked {
	const char *dir[2], *value[VALUES];
	size_t ndirs;
	int64_t now;
};

static enum sn_err
parse_args(int argc, char **argv, size_t dirs, size_t options, struct asked *a,
    struct sn_why *why)
{
	for (int i = 0; i < argc; i++) {
		size_t k = 0;

		while (k < options && strcmp(argv[i], rows[k].name) != 0)
			k++;
		if (k < options && i + 1 < argc)
			a->value[k] = argv[++i];
		else if (argv[i][0] == '-' || a->ndirs == dirs)
			return sn_fail(why, SN_E_USAGE, "enrol: \"%s\" is not understood",
			    argv[i]);
		else
			a->dir[a->ndirs++] = argv[i];
	}
	if (a->ndirs != dirs)
		return sn_fail(why, SN_E_USAGE, "enrol: %zu folders are needed, %zu are given",
		    dirs, a->ndirs);
	return SN_OK;
}

static void
print_digest(const char *what, const uint8_t digest[32])
{
	char hex[65];

	sn_hex((struct bytes){ digest, 32 }, hex);
	printf("%s%s", what, hex);
}

/* ---- challenge */

/* The certificate is for this endorsement key; who issued it is judged at the end. */
static enum sn_err
check_cert(const struct enrol_state *s, const struct att_ek *ek, struct sn_why *why)
{
	SN_CLEANUP(att_heap_free) struct att_heap *h = NULL;
	struct bytes its = { 0 };

	if (s->ek_cert.n == 0)
		return SN_OK;
	SN_TRY(att_heap_new(&h, why));
	SN_TRY(att_heap_nv(h, sn_buf_bytes(&s->ek_cert), ENROL_EK_CERT, why));
	SN_TRY(att_heap_find_ek(h, ek, &its, why));
	if (its.p == NULL)
		return sn_fail(why, SN_E_SIGNATURE,
		    ENROL_EK_CERT ": is for another key than " ENROL_EK_PUB);
	return SN_OK;
}

/* The text beside ak.pub is for tpm2_makecredential: it must not name another key. */
static enum sn_err
check_name_text(int dirfd, const struct att_ak *ak, struct sn_why *why)
{
	SN_CLEANUP(sn_buf_done) struct sn_buf text = { 0 };
	char want[2 * ATT_NAME_MAX + 2];

	SN_TRY(sn_file_read(dirfd, ENROL_AK_NAME, NAME_TEXT_MAX, &text, why));
	sn_hex(att_name_bytes(&ak->name), want);
	want[2 * ak->name.n] = '\n';
	if (!bytes_equal(sn_buf_bytes(&text),
		(struct bytes){ (uint8_t *)want, 2 * ak->name.n + 1 }))
		return sn_fail(why, SN_E_SIGNATURE,
		    ENROL_AK_NAME ": is not the name of " ENROL_AK_PUB);
	return SN_OK;
}

/* A file that may be missing. */
static enum sn_err
read_optional(int dirfd, const char *name, size_t max, struct sn_buf *ret, struct sn_why *why)
{
	struct sn_why reason = { 0 };
	enum sn_err e = sn_file_read(dirfd, name, max, ret, &reason);

	return e == SN_OK || e == SN_E_MISSING ? SN_OK : sn_fail(why, e, "%s", reason.text);
}

static enum sn_err
read_request(const char *dir, struct enrol_state *s, struct att_ek *ek, struct att_ak *ak,
    struct sn_why *why)
{
	SN_CLEANUP(sn_fd_done) int fd = -1;

	SN_TRY(cmd_open_dir(dir, &fd, why));
	SN_TRY(sn_file_read(fd, ENROL_EK_PUB, ENROL_PUB_MAX, &s->ek_pub, why));
	SN_TRY(sn_file_read(fd, ENROL_AK_PUB, ENROL_PUB_MAX, &s->ak_pub, why));
	SN_TRY(read_optional(fd, ENROL_EK_CERT, ENROL_CERT_MAX, &s->ek_cert, why));
	SN_TRY(read_optional(fd, ENROL_EK_CHAIN, ENROL_CHAIN_MAX, &s->ek_chain, why));
	SN_TRY(att_ek_open(sn_buf_bytes(&s->ek_pub), ek, why));
	SN_TRY(att_ak_open(sn_buf_bytes(&s->ak_pub), ak, why));
	SN_TRY(check_name_text(fd, ak, why));
	return check_cert(s, ek, why);
}

static enum sn_err
write_challenge(const char *dir, struct bytes file, struct sn_why *why)
{
	SN_CLEANUP(sn_fd_done) int fd = -1;

	SN_TRY(cmd_open_dir(dir, &fd, why));
	SN_TRY(sn_file_parents(fd, CHALLENGE, why));
	return sn_file_write(fd, CHALLENGE, file, 0644, false, why);
}

static enum sn_err
run_challenge(const struct asked *a, struct enrol_state *s, struct att_ek *ek,
    struct att_ak *ak, struct sn_why *why)
{
	SN_CLEANUP(sn_secret_done) struct sn_secret secret = { 0 };
	SN_CLEANUP(sn_buf_done) struct sn_buf file = { 0 };
	const char *state = a->value[STATE] != NULL ? a->value[STATE] : STATE_DEFAULT;

	SN_TRY(read_request(a->dir[0], s, ek, ak, why));
	SN_TRY(cry_random_secret(ATT_CREDENTIAL_LEN, &secret, why));
	SN_TRY(cry_digest(CRY_SHA256, sn_secret_bytes(&secret), s->secret_sha256, why));
	SN_TRY(att_credential_make(ek, &ak->name, sn_secret_bytes(&secret), &file, why));
	/* the state first: a challenge without it cannot be finished */
	SN_TRY(enrol_state_write(s, state, why));
	SN_TRY(write_challenge(a->dir[1], sn_buf_bytes(&file), why));
	print_digest("endorsement key  ", ek->digest);
	printf("  %s\n", att_ek_kind_name(ek->kind));
	print_digest("attestation key  ", ak->digest);
	printf("\nsanctum: %s/" CHALLENGE
	       " is for that laptop's stick; keep %s until its answer "
	       "is here\n",
	    a->dir[1], state);
	return SN_OK;
}

/* ---- finish */

struct ca_walk {
	struct att_heap *heap;
	int dirfd;
};

static enum sn_err
add_ca(void *arg, const struct sn_walk_entry *entry, struct sn_why *why)
{
	struct ca_walk *w = arg;
	SN_CLEANUP(sn_buf_done) struct sn_buf file = { 0 };

	SN_TRY(sn_file_read(w->dirfd, entry->path, CA_FILE_MAX, &file, why));
	return att_heap_file(w->heap, sn_buf_bytes(&file), entry->path, why);
}

/* All certificates that may stand between the endorsement key's and a root. */
static enum sn_err
read_cas(const char *dir, const struct enrol_state *s, struct att_heap *h, struct sn_why *why)
{
	struct ca_walk w = { .heap = h, .dirfd = -1 };
	SN_CLEANUP(sn_fd_done) int fd = -1;

	if (s->ek_chain.n != 0)
		SN_TRY(att_heap_nv(h, sn_buf_bytes(&s->ek_chain), ENROL_EK_CHAIN, why));
	SN_TRY(cmd_open_dir(dir, &fd, why));
	w.dirfd = fd;
	return sn_file_walk(fd, ".", add_ca, &w, why);
}

/* The endorsement key is in a TPM of that vendor; or the reason why nobody says so. */
static enum sn_err
check_chain(const struct asked *a, const struct enrol_state *s, const struct att_ak *ak,
    struct att_verdict *ret, struct sn_why *why)
{
	SN_CLEANUP(att_heap_free) struct att_heap *h = NULL;
	uint8_t root[32];
	struct att_facts f = { .ek_pub = sn_buf_bytes(&s->ek_pub),
		.ak_pub = sn_buf_bytes(&s->ak_pub),
		.ek_cert = sn_buf_bytes(&s->ek_cert),
		.pins.ak = ak->digest,
		.at = a->now };

	if (a->value[TPM_ROOT] != NULL) {
		if (sn_hex_parse(a->value[TPM_ROOT], root, sizeof(root), "--tpm-root", why) !=
		    SN_OK)
			return SN_E_USAGE;
		f.pins.root = root;
		f.rehearsal = true;
	}
	SN_TRY(att_heap_new(&h, why));
	SN_TRY(read_cas(a->value[TPM_CA], s, h, why));
	f.heap = h;
	SN_TRY(att_class(&f, ret, why));
	if (!ret->chain)
		return sn_fail(why, SN_E_CHAIN, "%s", ret->chain_why_not);
	return SN_OK;
}

static void
print_proof(const struct enrol_state *s, const struct att_verdict *v)
{
	printf("The TPM that holds this endorsement key holds this attestation key, and signs "
	       "with it only\nwhat it made or measured itself.\n");
	if (v->chain)
		printf("The endorsement key is in a TPM (%s, %s, firmware %s): its certificate "
		       "chains to\n%s%s.\n",
		    v->path.manufacturer, v->path.model, v->path.version, v->path.root,
		    v->path.generated ? ", a generated root: for rehearsals only" : "");
	else if (s->ek_cert.n != 0)
		printf(
		    "Its certificate was not checked (--tpm-ca); that the endorsement key is "
		    "in a TPM is\nknown only from where the request came from.\n");
	else
		printf("It has no certificate: that the endorsement key is in a TPM is known "
		       "only from\nwhere the request came from.\n");
}

static enum sn_err
check_answer(const struct asked *a, const struct enrol_state *s, struct sn_why *why)
{
	SN_CLEANUP(sn_fd_done) int fd = -1;
	SN_CLEANUP(sn_buf_done) struct sn_buf answer = { 0 };
	uint8_t digest[CRY_SHA256_LEN];

	SN_TRY(cmd_open_dir(a->dir[0], &fd, why));
	SN_TRY(sn_file_read(fd, ANSWER, ANSWER_MAX, &answer, why));
	SN_TRY(cry_digest(CRY_SHA256, sn_buf_bytes(&answer), digest, why));
	if (memcmp(digest, s->secret_sha256, sizeof(digest)) != 0)
		return sn_fail(why, SN_E_SIGNATURE,
		    "%s/" ANSWER ": is not the answer to the challenge of %s; it may be to "
		    "another one",
		    a->dir[0], a->value[STATE]);
	return SN_OK;
}

static enum sn_err
run_finish(const struct asked *a, struct enrol_state *s, struct att_ek *ek, struct att_ak *ak,
    struct sn_why *why)
{
	SN_CLEANUP(att_verdict_done) struct att_verdict v = { 0 };

	if (a->value[STATE] == NULL)
		return sn_fail(why, SN_E_USAGE, "enrol finish: --state FILE is needed");
	if (a->value[TPM_ROOT] != NULL && a->value[TPM_CA] == NULL)
		return sn_fail(why, SN_E_USAGE, "enrol finish: --tpm-root needs --tpm-ca");
	SN_TRY(enrol_state_read(a->value[STATE], s, why));
	SN_TRY(att_ek_open(sn_buf_bytes(&s->ek_pub), ek, why));
	SN_TRY(att_ak_open(sn_buf_bytes(&s->ak_pub), ak, why));
	SN_TRY(check_cert(s, ek, why));
	SN_TRY(check_answer(a, s, why));
	if (a->value[TPM_CA] != NULL)
		SN_TRY(check_chain(a, s, ak, &v, why));
	print_proof(s, &v);
	printf("Lines for the plan:\n");
	print_digest("  \"tpm_ek\": \"", ek->digest);
	print_digest("\",\n  \"tpm_ak\": \"", ak->digest);
	printf("\",\nsanctum: the answer is right\n");
	return SN_OK;
}

static const struct verb {
	const char *name;
	size_t dirs, options;
	enum sn_err (*run)(const struct asked *a, struct enrol_state *s, struct att_ek *ek,
	    struct att_ak *ak, struct sn_why *why);
} verbs[] = {
	{ "challenge", 2, TPM_CA, run_challenge },
	{ "finish", 1, VALUES, run_finish },
};

enum sn_err
cmd_enrol(int argc, char **argv, int64_t now, struct sn_why *why)
{
	SN_CLEANUP(enrol_state_done) struct enrol_state s = { 0 };
	SN_CLEANUP(att_ek_done) struct att_ek ek = { 0 };
	SN_CLEANUP(att_ak_done) struct att_ak ak = { 0 };
	struct asked a = { .now = now };

	for (size_t i = 0; argc > 0 && i < SN_NITEMS(verbs); i++) {
		const struct verb *v = &verbs[i];

		if (strcmp(argv[0], v->name) != 0)
			continue;
		SN_TRY(parse_args(argc - 1, argv + 1, v->dirs, v->options, &a, why));
		return v->run(&a, &s, &ek, &ak, why);
	}
	return sn_fail(why, SN_E_USAGE, "enrol: challenge or finish, and folders");
}
