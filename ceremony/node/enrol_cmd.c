/*
 * `sanctum enrol`: proves, before a ceremony, that the TPM with this endorsement key holds
 * this attestation key. The approvers' side of docs/TPM.md, "Enrolment".
 */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "appliance/attest/credential.h"
#include "appliance/base/file.h"
#include "appliance/base/text.h"
#include "appliance/crypto/cert.h"
#include "ceremony/node/cmd.h"
#include "ceremony/node/enrol_state.h"

#define CHALLENGE "tpm-challenge/" ATT_CREDENTIAL_FILE
#define ANSWER "secret.bin"
#define ANSWER_MAX 64
#define STATE_DEFAULT "tpm-enrol.json"
#define NAME_TEXT_MAX 256

static const struct option_row rows[] = {
	{ "--state", "FILE",
	    "what is kept between challenge and answer, never on a stick (challenge: a new "
	    "file, " STATE_DEFAULT " if not given)" },
};

const struct option_row *
cmd_enrol_option(size_t i)
{
	return i < SN_NITEMS(rows) ? &rows[i] : NULL;
}

struct asked {
	const char *dir[2], *state;
	size_t ndirs;
};

static enum sn_err
parse_args(int argc, char **argv, size_t dirs, struct asked *a, struct sn_why *why)
{
	for (int i = 0; i < argc; i++) {
		if (strcmp(argv[i], "--state") == 0 && i + 1 < argc)
			a->state = argv[++i];
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
	SN_CLEANUP(cry_cert_free) struct cry_cert *cert = NULL;
	SN_CLEANUP(cry_key_free) struct cry_key *key = NULL;
	SN_CLEANUP(sn_buf_done) struct sn_buf a = { 0 }, b = { 0 };

	if (s->ek_cert.n == 0)
		return SN_OK;
	SN_TRY(cry_cert_parse(sn_buf_bytes(&s->ek_cert), &cert, why));
	SN_TRY(cry_cert_key(cert, &key, why));
	SN_TRY(cry_key_spki(key, &a, why));
	SN_TRY(cry_key_spki(ek->key, &b, why));
	if (!bytes_equal(sn_buf_bytes(&a), sn_buf_bytes(&b)))
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

static enum sn_err
read_request(const char *dir, struct enrol_state *s, struct att_ek *ek, struct att_ak *ak,
    struct sn_why *why)
{
	SN_CLEANUP(sn_fd_done) int fd = -1;
	struct sn_why absent = { 0 };
	enum sn_err e;

	SN_TRY(cmd_open_dir(dir, &fd, why));
	SN_TRY(sn_file_read(fd, ENROL_EK_PUB, ENROL_PUB_MAX, &s->ek_pub, why));
	SN_TRY(sn_file_read(fd, ENROL_AK_PUB, ENROL_PUB_MAX, &s->ak_pub, why));
	e = sn_file_read(fd, ENROL_EK_CERT, ENROL_CERT_MAX, &s->ek_cert, &absent);
	if (e != SN_OK && e != SN_E_MISSING)
		return sn_fail(why, e, "%s", absent.text);
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
	const char *state = a->state != NULL ? a->state : STATE_DEFAULT;

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

static enum sn_err
run_finish(const struct asked *a, struct enrol_state *s, struct att_ek *ek, struct att_ak *ak,
    struct sn_why *why)
{
	SN_CLEANUP(sn_fd_done) int fd = -1;
	SN_CLEANUP(sn_buf_done) struct sn_buf answer = { 0 };
	uint8_t digest[CRY_SHA256_LEN];

	if (a->state == NULL)
		return sn_fail(why, SN_E_USAGE, "enrol finish: --state FILE is needed");
	SN_TRY(enrol_state_read(a->state, s, why));
	SN_TRY(att_ek_open(sn_buf_bytes(&s->ek_pub), ek, why));
	SN_TRY(att_ak_open(sn_buf_bytes(&s->ak_pub), ak, why));
	SN_TRY(check_cert(s, ek, why));
	SN_TRY(cmd_open_dir(a->dir[0], &fd, why));
	SN_TRY(sn_file_read(fd, ANSWER, ANSWER_MAX, &answer, why));
	SN_TRY(cry_digest(CRY_SHA256, sn_buf_bytes(&answer), digest, why));
	if (memcmp(digest, s->secret_sha256, sizeof(digest)) != 0)
		return sn_fail(why, SN_E_SIGNATURE,
		    "%s/" ANSWER ": is not the answer to the challenge of %s; it may be to "
		    "another one",
		    a->dir[0], a->state);
	printf("The TPM that holds this endorsement key holds this attestation key, and signs "
	       "with it only\nwhat it made or measured itself. %s\nLines for the plan:\n",
	    s->ek_cert.n == 0 ? "The endorsement key has no certificate: that it is in a TPM "
				"is\nknown only from where the request came from."
			      : "The endorsement key's certificate was not checked.");
	print_digest("  \"tpm_ek\": \"", ek->digest);
	print_digest("\",\n  \"tpm_ak\": \"", ak->digest);
	printf("\",\nsanctum: the answer is right\n");
	return SN_OK;
}

static const struct verb {
	const char *name;
	size_t dirs;
	enum sn_err (*run)(const struct asked *a, struct enrol_state *s, struct att_ek *ek,
	    struct att_ak *ak, struct sn_why *why);
} verbs[] = {
	{ "challenge", 2, run_challenge },
	{ "finish", 1, run_finish },
};

enum sn_err
cmd_enrol(int argc, char **argv, int64_t now SN_UNUSED, struct sn_why *why)
{
	SN_CLEANUP(enrol_state_done) struct enrol_state s = { 0 };
	SN_CLEANUP(att_ek_done) struct att_ek ek = { 0 };
	SN_CLEANUP(att_ak_done) struct att_ak ak = { 0 };
	struct asked a = { 0 };

	for (size_t i = 0; argc > 0 && i < SN_NITEMS(verbs); i++) {
		if (strcmp(argv[0], verbs[i].name) != 0)
			continue;
		SN_TRY(parse_args(argc - 1, argv + 1, verbs[i].dirs, &a, why));
		return verbs[i].run(&a, &s, &ek, &ak, why);
	}
	return sn_fail(why, SN_E_USAGE, "enrol: challenge or finish, and folders");
}
