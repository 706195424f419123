#include "ceremony/node/verify_args.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "appliance/base/file.h"
#include "appliance/base/text.h"
#include "appliance/base/words.h"
#include "ceremony/keys/plan.h"
#include "ceremony/transcript/cosign.h"

#define MEASUREMENTS_MAX (64U << 10)

struct option {
	struct option_row row;
	enum sn_err (*set)(struct verify_args *r, const char *value, struct sn_why *why);
	bool file; /* what is wrong with it is a matter of the file, not of the command line */
};

/* 64 hex digits, in groups if need be as screen and paper show them, or 32 words. */
static enum sn_err
set_identity(struct verify_args *r, const char *value, struct sn_why *why)
{
	static const char digits[] = "0123456789abcdefABCDEF";
	char hex[66];
	size_t n = 0;

	r->policy.has_identity = true;
	for (const char *p = value; *p != '\0' && n < sizeof(hex) - 1; p++) {
		if (*p != ' ')
			hex[n++] = *p;
	}
	hex[n] = '\0';
	if (n > 0 && strspn(hex, digits) == n)
		return sn_hex_parse(hex, r->policy.identity, 32, "--identity", why);
	return words_parse(bytes_str(value), r->policy.identity, 32, "--identity", why);
}

static enum sn_err
set_rehearsal(struct verify_args *r, const char *value SN_UNUSED, struct sn_why *why SN_UNUSED)
{
	r->policy.rehearsal = true;
	return SN_OK;
}

static enum sn_err
set_accept(struct verify_args *r, const char *value, struct sn_why *why)
{
	if (strcmp(value, "pinned") == 0)
		r->policy.accept_pinned = true;
	else if (strcmp(value, "software") == 0)
		r->policy.accept_software = true;
	else
		return sn_fail(why, SN_E_USAGE, "--accept: \"%s\" is not pinned or software",
		    value);
	return SN_OK;
}

static enum sn_err
set_min_sequence(struct verify_args *r, const char *value, struct sn_why *why)
{
	const char *dot = strchr(value, '.');
	char number[16];

	r->policy.has_min_sequence = true;
	if (dot == NULL)
		return text_to_u32(value, 1, UINT32_MAX, &r->policy.min_sequence,
		    "--min-sequence", why);
	(void)snprintf(number, sizeof(number), "%.*s", (int)(dot - value), value);
	SN_TRY(text_to_u32(number, 1, UINT32_MAX, &r->policy.min_sequence, "--min-sequence",
	    why));
	return text_to_u32(dot + 1, 1, UINT32_MAX, &r->policy.min_operations, "--min-sequence",
	    why);
}

static enum sn_err
set_state(struct verify_args *r, const char *value, struct sn_why *why SN_UNUSED)
{
	r->state = value;
	return SN_OK;
}

static enum sn_err
set_as_of(struct verify_args *r, const char *value, struct sn_why *why)
{
	r->has_as_of = true;
	return text_to_time(value, &r->policy.as_of, "--as-of", why);
}

static enum sn_err
set_json(struct verify_args *r, const char *value SN_UNUSED, struct sn_why *why SN_UNUSED)
{
	r->json = true;
	return SN_OK;
}

static enum sn_err
set_crl(struct verify_args *r, const char *value, struct sn_why *why)
{
	return crl_files_add(&r->crls, value, why);
}

static enum sn_err
set_witness(struct verify_args *r, const char *value, struct sn_why *why)
{
	if (r->policy.nwitnesses == VERIFY_WITNESSES_MAX)
		return sn_fail(why, SN_E_USAGE, "--witness: more than %d",
		    VERIFY_WITNESSES_MAX);
	return cosign_key_parse(bytes_str(value), &r->witness[r->policy.nwitnesses++], why);
}

static enum sn_err
set_measurements(struct verify_args *r, const char *value, struct sn_why *why)
{
	SN_CLEANUP(sn_buf_done) struct sn_buf text = { 0 };

	SN_TRY(sn_file_read(AT_FDCWD, value, MEASUREMENTS_MAX, &text, why));
	return bun_expect_measurements(&r->expect, sn_buf_bytes(&text), value, why);
}

static enum sn_err
set_tpm_ek(struct verify_args *r, const char *value, struct sn_why *why)
{
	return bun_expect_pin(&r->expect.ek, value, "--tpm-ek", why);
}

static enum sn_err
set_tpm_ak(struct verify_args *r, const char *value, struct sn_why *why)
{
	return bun_expect_pin(&r->expect.ak, value, "--tpm-ak", why);
}

static enum sn_err
set_min_counter(struct verify_args *r, const char *value, struct sn_why *why)
{
	uint32_t n = 0;

	SN_TRY(text_to_u32(value, 0, UINT32_MAX, &n, "--min-counter", why));
	r->expect.has_min_counter = true;
	r->expect.min_counter = n;
	return SN_OK;
}

static enum sn_err
set_plan(struct verify_args *r, const char *value, struct sn_why *why)
{
	SN_CLEANUP(sn_buf_done) struct sn_buf text = { 0 };

	SN_TRY(sn_file_read(AT_FDCWD, value, PLAN_MAX_BYTES, &text, why));
	return bun_expect_plan(&r->expect, sn_buf_bytes(&text), value, why);
}

static const struct option options[] = {
	{ { "--identity", "HEX|WORDS",
	      "the identity digest from paper; without it nothing is accepted" },
	    set_identity, false },
	{ { "--rehearsal", NULL, "take a rehearsal, and evidence of a software TPM in it" },
	    set_rehearsal, false },
	{ { "--accept", "pinned|software",
	      "take evidence of this class too (software: of a rehearsal only); may be repeated" },
	    set_accept, false },
	{ { "--min-sequence", "N[.K]",
	      "refuse a sequence below N, and N itself with fewer than K operations statements" },
	    set_min_sequence, false },
	{ { "--state", "DIR",
	      "keep the highest accepted sequence there; refuse older ones and forks" },
	    set_state, false },
	{ { "--as-of", "TIME", "judge at this time (2026-01-01T00:00:00Z), not now" },
	    set_as_of, false },
	{ { "--crl", "FILE|DIR",
	      "refuse what these revocation lists revoke (PEM or DER); may be repeated" },
	    set_crl, true },
	{ { "--witness", "VKEY",
	      "demand this witness' cosignature (as sanctum cosign prints it); may be repeated" },
	    set_witness, false },
	{ { "--measurements", "FILE",
	      "the image that must have been started (build/measurements.json, or sanctum "
	      "explain measurements --json); repeated: one of them" },
	    set_measurements, true },
	{ { "--tpm-ek", "HEX",
	      "the endorsement key must be this one (the plan's tpm_ek); repeated: one of them" },
	    set_tpm_ek, false },
	{ { "--tpm-ak", "HEX",
	      "the attestation key must be this one, which was enrolled (tpm_ak); repeated: one "
	      "of them" },
	    set_tpm_ak, false },
	{ { "--min-counter", "N", "the newest statement's TPM counter must be above N" },
	    set_min_counter, false },
	{ { "--plan", "FILE",
	      "the plan of the statement, or of an operations statement: pins its TPM; may be "
	      "repeated" },
	    set_plan, true },
	{ { "--json", NULL, "the report as JSON" }, set_json, false },
};

const struct option_row *
cmd_verify_option(size_t i)
{
	return i < SN_NITEMS(options) ? &options[i].row : NULL;
}

static const struct option *
find_option(const char *name)
{
	for (size_t i = 0; i < SN_NITEMS(options); i++)
		if (strcmp(options[i].row.name, name) == 0)
			return &options[i];
	return NULL;
}

/* What is wrong on the command line is a matter of usage, whoever noticed it. */
static enum sn_err
parse_args(int argc, char **argv, struct verify_args *r, struct sn_why *why)
{
	for (int i = 0; i < argc; i++) {
		const struct option *o = find_option(argv[i]);
		const char *value = NULL;

		if (o == NULL && argv[i][0] == '-')
			return sn_fail(why, SN_E_USAGE, "there is no option \"%s\"", argv[i]);
		if (o == NULL && r->dir != NULL)
			return sn_fail(why, SN_E_USAGE, "one DIR is taken, not \"%s\" too",
			    argv[i]);
		if (o == NULL) {
			r->dir = argv[i];
			continue;
		}
		if (o->row.arg != NULL && (value = argv[++i]) == NULL)
			return sn_fail(why, SN_E_USAGE, "%s needs %s", o->row.name, o->row.arg);
		const enum sn_err e = o->set(r, value, why);

		if (e != SN_OK)
			return o->file ? e : SN_E_USAGE;
	}
	if (r->dir == NULL)
		return sn_fail(why, SN_E_USAGE, "no DIR is given");
	if (r->state != NULL && r->policy.has_min_sequence)
		return sn_fail(why, SN_E_USAGE,
		    "--min-sequence and --state exclude each other");
	return SN_OK;
}

static enum sn_err
open_all(struct verify_args *a, struct sn_why *why)
{
	SN_TRY(cmd_open_dir(a->dir, &a->dirfd, why));
	if (a->state == NULL)
		return SN_OK;
	if (mkdir(a->state, 0755) != 0 && errno != EEXIST)
		return sn_fail(why, SN_E_IO, "%s: %s", a->state, strerror(errno));
	SN_TRY(cmd_open_dir(a->state, &a->statefd, why));
	a->policy.state_dirfd = a->statefd;
	return SN_OK;
}

enum sn_err
verify_args_read(int argc, char **argv, int64_t now, struct verify_args *ret,
    struct sn_why *why)
{
	*ret =
	    (struct verify_args){ .policy = { .state_dirfd = -1 }, .dirfd = -1, .statefd = -1 };
	SN_TRY(parse_args(argc, argv, ret, why));
	if (!ret->has_as_of)
		ret->policy.as_of = now;
	ret->policy.witness = ret->witness;
	ret->policy.crl = ret->crls.crl;
	ret->policy.ncrls = ret->crls.n;
	ret->policy.expect = &ret->expect;
	return open_all(ret, why);
}

void
verify_args_done(struct verify_args *a)
{
	sn_fd_done(&a->dirfd);
	sn_fd_done(&a->statefd);
	crl_files_done(&a->crls);
	bun_expect_done(&a->expect);
}
