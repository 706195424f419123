#include <stdio.h>
#include <string.h>

#include "firmware-cache/cmd/cmd.h"

#define PROGRAM "firmware-cache"

static const struct {
	const char *name;
	enum sn_err (*run)(int argc, char **argv, struct sn_why *why);
	const char *args, *help;
} cmds[] = {
	{ "requests", cmd_requests,
	    "INPUT... [--out DIR] [--fmspc HEX] [--collected DIR] [--next-tcb "
	    "PRODUCT:LEVELS]\n      [--product NAME] [--channel standard|early|both|NUMBER]",
	    "what to fetch for these SNP reports, platform lists, PCK id files and plans" },
	{ "collect", cmd_collect, "DIR [--key-file FILE] [...]",
	    "fetch what DIR/requests.jsonl lists into DIR/originals; uses the network" },
	{ "verify", cmd_verify, "DIR [--at TIME] [--rehearsal ROOTS.json] [--json] [--jobs N]",
	    "judge every file below DIR; exits 0 when all were accepted; with --jobs any\n"
	    "      number of VCEKs, VLEKs and PCK certificates, in N processes" },
	{ "export", cmd_export,
	    "DIR OUT [--layout NAME[,NAME]] [--platforms LIST.json]\n"
	    "         [--qcnl-expiry TIME] [--at TIME] [--rehearsal ROOTS.json]",
	    "verify DIR, a folder or a cache, and write what consumers load to OUT" },
	{ "import", cmd_import,
	    "CACHE DIR [--at TIME] [--rehearsal ROOTS.json] [--accept-older REASON]",
	    "keep what is accepted of DIR in a cache; refuse what is older than it has seen" },
	{ "status", cmd_status,
	    "CACHE [--plan PLAN] [--at TIME] [--rehearsal ROOTS.json] [--json]\n"
	    "         [--calendar FILE.ics] [--textfile FILE.prom]",
	    "what a cache covers and until when; exits 0 when nothing is wanting" },
	{ "index", cmd_index, "CACHE [--at TIME] [--rehearsal ROOTS.json]",
	    "make a cache's index.json again" },
	{ "rehearsal-pki", cmd_rehearsal_pki, "DIR",
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

static enum sn_err
run(int argc, char **argv, struct sn_why *why)
{
	for (size_t i = 0; argc > 1 && i < SN_NITEMS(cmds); i++) {
		if (strcmp(argv[1], cmds[i].name) != 0)
			continue;
		SN_TRY(cry_start(why));
		return cmds[i].run(argc - 2, argv + 2, why);
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
