#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "appliance/base/text.h"
#include "appliance/crosscheck/crosscheck.h"
#include "appliance/crosscheck/selftest.h"
#include "appliance/jail/jail.h"

/*
 * In this order; the first failure is the verdict. Neighbours of one name share a
 * line. only_signature: what the check reads is bound by nothing but a signature, so
 * a bad form is a bad signature.
 */
static const struct check {
	const char *name;
	enum sn_err (*run)(struct xc *c, struct sn_buf *line, struct sn_why *why);
	bool only_signature;
} checks[] = {
	{ "statement", xc_check_statement, false },
	{ "files", xc_check_files, false },
	{ "identity file", xc_check_names, false },
	{ "identity", xc_check_identity, false },
	{ "certificates", xc_check_chains, false },
	{ "certificates", xc_check_twins, false },
	{ "certificates", xc_check_lists, false },
	{ "signature", xc_check_cms_p384, true },
	{ "signature", xc_check_cms_mldsa, true },
	{ "approvals", xc_check_approvals, true },
	{ "transcript", xc_check_transcript, false },
	{ "transcript", xc_check_openings, true },
	{ "plan", xc_check_plan, false },
	{ "collateral", xc_check_collateral, false },
	{ "TPM keys", xc_check_keys, false },
	{ "TPM audit", xc_check_audit, false },
	{ "TPM creation", xc_check_creation, false },
	{ "TPM counter", xc_check_counter, false },
	{ "TPM quote", xc_check_quote, true },
	{ "operations", xc_check_operations, false },
};

static void
print_help(void)
{
	puts(
	    "usage: crosscheck DIR [--identity HEX] [--files]\n"
	    "       crosscheck --selftest\n\n"
	    "Verify the bundle in DIR with GnuTLS alone. HEX is the identity digest from\n"
	    "paper; without it nothing is accepted. World, evidence class, sequence and\n"
	    "expiry are for \"sanctum verify\" to judge. --files says of each file whether what\n"
	    "is in it was checked, and why not.\n\n"
	    "exit status");
	for (int e = 0; e < SN_ERR_COUNT; e++) {
		const int status = sn_err_exit((enum sn_err)e);

		if (status <= 2 || (status >= 10 && status <= 12) || status == 16)
			printf("    %-3d %s\n", status, sn_err_sentence((enum sn_err)e));
	}
}

static enum sn_err
parse_args(int argc, char **argv, struct xc *c, const char **ret_dir, struct sn_why *why)
{
	const char *dir = NULL;

	for (int i = 1; i < argc; i++) {
		if (strcmp(argv[i], "--identity") == 0 && !c->has_identity) {
			if (i + 1 == argc ||
			    sn_hex_parse(argv[++i], c->identity, sizeof(c->identity),
				"--identity", NULL) != SN_OK)
				return sn_fail(why, SN_E_USAGE,
				    "--identity wants 64 hex digits");
			c->has_identity = true;
		} else if (strcmp(argv[i], "--files") == 0) {
			c->list_files = true;
		} else if (argv[i][0] == '-' || dir != NULL) {
			return sn_fail(why, SN_E_USAGE, "what is \"%s\"?", argv[i]);
		} else {
			dir = argv[i];
		}
	}
	if (dir == NULL)
		return sn_fail(why, SN_E_USAGE, "no directory is given");
	*ret_dir = dir;
	return SN_OK;
}

/* Which status a failed check ends with; docs/FORMAT-BUNDLE.md has few. */
static enum sn_err
verdict_of(const struct check *k, enum sn_err e)
{
	if (e == SN_E_LIMIT)
		e = SN_E_FORMAT;
	return e == SN_E_FORMAT && k->only_signature ? SN_E_SIGNATURE : e;
}

static void
close_fd(int *fd)
{
	if (*fd >= 0)
		(void)close(*fd);
}

static enum sn_err
run_check(struct xc *c, size_t i, struct sn_buf *line, struct sn_why *why)
{
	const struct check *k = &checks[i];
	const enum sn_err e = k->run(c, line, why);

	if (e != SN_OK) {
		printf("[!!] %s\n", k->name);
		return verdict_of(k, e);
	}
	if (i + 1 < SN_NITEMS(checks) && strcmp(k[1].name, k->name) == 0) {
		sn_buf_str(line, "; ");
		return SN_OK;
	}
	if (line->n > 0)
		printf("[OK] %s: %s\n", k->name, sn_buf_cstr(line));
	sn_buf_done(line);
	return SN_OK;
}

static enum sn_err
judge(struct xc *c, const char *dir, struct sn_why *why)
{
	SN_CLEANUP(close_fd) int dirfd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	SN_CLEANUP(sn_buf_done) struct sn_buf line = { 0 };
	enum sn_err e;

	if (dirfd < 0)
		return sn_fail(why, errno == ENOENT ? SN_E_MISSING : SN_E_IO,
		    "%s: is no directory that can be read", dir);
	e = xc_load(c, dirfd, why);
	if (e != SN_OK)
		return e == SN_E_LIMIT ? SN_E_FORMAT : e;
	/* all is read, nothing is parsed yet */
	SN_TRY(jail_enter(&jail_policies[JAIL_CROSSCHECK], why));
	for (size_t i = 0; i < SN_NITEMS(checks); i++)
		SN_TRY(run_check(c, i, &line, why));
	xc_print_unchecked(c, c->list_files);
	if (!c->has_identity)
		return sn_fail(why, SN_E_UNANCHORED, "identity: not compared");
	puts("crosscheck: agrees");
	return SN_OK;
}

/* Confined, as when it judges: each known answer is a line. */
static enum sn_err
selftest(struct sn_why *why)
{
	SN_TRY(jail_enter(&jail_policies[JAIL_CROSSCHECK], why));
	for (const struct sn_selftest *t = xc_selftests; t->name != NULL; t++) {
		const enum sn_err e = t->run(t, why);

		printf("[%s] %s: %s\n", e == SN_OK ? "OK" : "!!", t->name, t->source);
		if (e != SN_OK)
			return e;
	}
	puts("crosscheck: every known answer is right");
	return SN_OK;
}

int
main(int argc, char **argv)
{
	SN_CLEANUP(xc_done) struct xc c = { .base = &c, .approving = &c };
	struct sn_why why = { 0 };
	const char *dir = NULL;
	enum sn_err e;

	if (argc == 2 && strcmp(argv[1], "--help") == 0) {
		print_help();
		return 0;
	}
	if (argc == 2 && strcmp(argv[1], "--selftest") == 0) {
		e = selftest(&why);
	} else {
		e = parse_args(argc, argv, &c, &dir, &why);
		if (e == SN_OK)
			e = judge(&c, dir, &why);
	}
	if (fflush(stdout) != 0 && e == SN_OK)
		e = sn_fail(&why, SN_E_IO, "standard output");
	if (e != SN_OK)
		sn_err_print("crosscheck", e, &why);
	return sn_err_exit(e);
}
