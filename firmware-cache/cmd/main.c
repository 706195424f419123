#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "appliance/base/file.h"
#include "appliance/base/json.h"
#include "appliance/base/text.h"
#include "firmware-cache/cmd/pki.h"

#define PROGRAM "firmware-cache"
#define ROOTS_MAX (64U << 10)
#define PATH_ROOM 4096
#define SECRETS (64U << 10) /* locked memory for making keys */

/* What the command line says. */
struct args {
	const char *at, *rehearsal, *dir;
	bool json;
};

/* ---- verify */

/* Without --at, now: the only look at the clock in this program. */
static enum sn_err
moment(const struct args *a, int64_t *ret, struct sn_why *why)
{
	struct timespec now;

	if (a->at != NULL)
		return text_to_time(a->at, ret, "--at", why);
	if (clock_gettime(CLOCK_REALTIME, &now) != 0)
		return sn_fail(why, SN_E_IO, "the clock cannot be read; give --at");
	*ret = (int64_t)now.tv_sec;
	return SN_OK;
}

static enum sn_err
read_policy(const struct args *a, struct col_policy *ret, struct sn_why *why)
{
	SN_CLEANUP(sn_buf_done) struct sn_buf b = { 0 };
	SN_CLEANUP(sn_json_free) yyjson_doc *doc = NULL;
	yyjson_val *roots = NULL;

	SN_TRY(moment(a, &ret->at, why));
	if (a->rehearsal == NULL)
		return SN_OK;
	ret->rehearsal = true;
	SN_TRY(sn_file_read(AT_FDCWD, a->rehearsal, ROOTS_MAX, &b, why));
	SN_TRY(sn_json_parse(sn_buf_bytes(&b), a->rehearsal, false, &doc, why));
	SN_TRY(sn_json_obj(yyjson_doc_get_root(doc), "vendor_pki", &roots, a->rehearsal, why));
	return col_roots_from_json(roots, a->rehearsal, &ret->extra, why);
}

/* The verdict of the whole is that of the first refused item. */
static enum sn_err
verdict(const struct col_store *s, struct sn_why *why)
{
	const struct col_row *rows = NULL;
	size_t n = 0;

	SN_TRY(col_store_rows(s, &rows, &n, why));
	if (n == 0)
		return sn_fail(why, SN_E_MISSING, "there is no collateral");
	for (size_t i = 0; i < n; i++)
		if (!rows[i].ok)
			return sn_fail(why, rows[i].why.err, "%zu of %zu refused, first %s: %s",
			    col_store_refused(s), n, rows[i].path, rows[i].why.text);
	return SN_OK;
}

static enum sn_err
cmd_verify(const struct args *a, struct sn_why *why)
{
	SN_CLEANUP(col_store_free) struct col_store *s = NULL;
	SN_CLEANUP(sn_buf_done) struct sn_buf out = { 0 };
	struct col_policy policy = { 0 };

	SN_TRY(read_policy(a, &policy, why));
	SN_TRY(col_store_new(&policy, &s, why));
	SN_TRY(col_store_add_dir(s, AT_FDCWD, a->dir, why));
	SN_TRY(col_store_check(s, why));
	if (a->json)
		SN_TRY(col_store_status_json(s, &out, why));
	else
		SN_TRY(col_store_status_txt(s, &out, why));
	if (a->json)
		sn_buf_str(&out, "\n");
	SN_TRY(sn_buf_check(&out, why));
	if (fwrite(out.p, 1, out.n, stdout) != out.n || fflush(stdout) != 0)
		return sn_fail(why, SN_E_IO, "standard output");
	return verdict(s, why);
}

/* ---- rehearsal-pki */

static enum sn_err
write_below(const char *dir, const char *folder, const char *name, struct bytes bytes,
    struct sn_why *why)
{
	char path[PATH_ROOM];
	int n = snprintf(path, sizeof(path), "%s/%s%s", dir, folder, name);

	if (n < 0 || (size_t)n >= sizeof(path))
		return sn_fail(why, SN_E_LIMIT, "%s: the path is too long", dir);
	SN_TRY(sn_file_parents(AT_FDCWD, path, why));
	return sn_file_write(AT_FDCWD, path, bytes, 0644, false, why);
}

static enum sn_err
write_item(void *arg, const char *path, struct bytes bytes, struct sn_why *why)
{
	return write_below(arg, "collateral/", path, bytes, why);
}

static enum sn_err
cmd_rehearsal_pki(const struct args *a, struct sn_why *why)
{
	SN_CLEANUP(sn_buf_done) struct sn_buf roots = { 0 };
	SN_CLEANUP(pki_done) struct pki p = { 0 };
	char dir[PATH_ROOM];

	if (strlen(a->dir) >= sizeof(dir))
		return sn_fail(why, SN_E_LIMIT, "%s: the path is too long", a->dir);
	snprintf(dir, sizeof(dir), "%s", a->dir);
	SN_TRY(sn_secret_start(SECRETS, why));
	SN_TRY(pki_make(&p, why));
	SN_TRY(pki_roots_json(&p, &roots, why));
	SN_TRY(pki_each(&p, write_item, dir, why));
	SN_TRY(write_below(dir, "", "roots.json", sn_buf_bytes(&roots), why));
	printf("Vendor-like PKI for rehearsals in %s/collateral; its roots, for the plan's\n"
	       "\"vendor_pki\", in %s/roots.json. The keys are gone.\n",
	    dir, dir);
	return SN_OK;
}

/* ---- the command line */

static const struct {
	const char *name;
	enum sn_err (*run)(const struct args *a, struct sn_why *why);
	bool verify_options;
	const char *args, *help;
} cmds[] = {
	{ "verify", cmd_verify, true, "DIR [--at TIME] [--rehearsal ROOTS.json] [--json]",
	    "judge every file below DIR; exits 0 when all were accepted" },
	{ "rehearsal-pki", cmd_rehearsal_pki, false, "DIR",
	    "write a new vendor-like PKI with collateral into DIR" },
};

static void
usage(FILE *to)
{
	fprintf(to, "usage: " PROGRAM " COMMAND ...\n\n");
	for (size_t i = 0; i < SN_NITEMS(cmds); i++)
		fprintf(to, "  %s %s\n      %s\n", cmds[i].name, cmds[i].args, cmds[i].help);
	fprintf(to,
	    "\nTIME is like 2025-07-01T00:00:00Z; without it, now. The last line says which "
	    "item\nwas refused and why. docs/COLLATERAL.md explains.\n");
}

/* Options that take a value write it to their place in args. */
static enum sn_err
parse(int argc, char **argv, bool verify_options, struct args *a, struct sn_why *why)
{
	for (int i = 0; i < argc; i++) {
		const struct {
			const char *name;
			const char **value;
		} options[] = { { "--at", &a->at }, { "--rehearsal", &a->rehearsal } };
		bool option = false;

		for (size_t k = 0; verify_options && k < SN_NITEMS(options); k++) {
			if (strcmp(argv[i], options[k].name) != 0)
				continue;
			if (i + 1 == argc || *options[k].value != NULL)
				return sn_fail(why, SN_E_USAGE, "%s takes one value, once",
				    argv[i]);
			*options[k].value = argv[++i];
			option = true;
			break;
		}
		if (option)
			continue;
		if (verify_options && strcmp(argv[i], "--json") == 0)
			a->json = true;
		else if (argv[i][0] == '-' || a->dir != NULL)
			return sn_fail(why, SN_E_USAGE, "%s is not understood", argv[i]);
		else
			a->dir = argv[i];
	}
	return a->dir != NULL ? SN_OK : sn_fail(why, SN_E_USAGE, "DIR is missing");
}

static enum sn_err
run(int argc, char **argv, struct sn_why *why)
{
	struct args a = { 0 };

	for (size_t i = 0; argc > 1 && i < SN_NITEMS(cmds); i++) {
		if (strcmp(argv[1], cmds[i].name) != 0)
			continue;
		SN_TRY(parse(argc - 2, argv + 2, cmds[i].verify_options, &a, why));
		SN_TRY(cry_start(why));
		return cmds[i].run(&a, why);
	}
	return sn_fail(why, SN_E_USAGE, "%s", argc > 1 ? argv[1] : "no command");
}

int
main(int argc, char **argv)
{
	struct sn_why why = { 0 };
	enum sn_err e;

	if (argc == 2 && (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "help") == 0)) {
		usage(stdout);
		return 0;
	}
	e = run(argc, argv, &why);
	if (e == SN_E_USAGE)
		usage(stderr);
	if (e != SN_OK)
		sn_err_print(PROGRAM, e, &why);
	return sn_err_exit(e);
}
