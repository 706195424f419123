#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "appliance/base/frame.h"
#include "appliance/crypto/digest.h"
#include "appliance/init/init.h"
#include "appliance/tpm/tpm.h"
#include "appliance/usb/guard.h"
#include "ceremony/cmd/cmd.h"
#include "ceremony/keeper/keeper.h"

#define PROGRAM "ceremony"

static const struct cmd cmds[] = {
	{ "run", NULL, 1, 2, "STICKS [TPM]",
	    "a rehearsal in this terminal; STICKS holds a folder per stick", cmd_run },
#ifndef SN_IMAGE
	{ "play", NULL, 3, 4, "FILE --out DIR [TPM]",
	    "a rehearsal by an answer file; TPM: --tpm=swtpm:SOCKET", cmd_play },
#endif
	{ "plan", "check", 1, 1, "FILE", "read a plan as the ceremony will; print its digest",
	    cmd_plan_check },
#ifndef SN_IMAGE
	{ "plan", "new", 2, 128, "FILE OPTION... FILE...",
	    "write a plan; FILE is an approver.json (docs/FORMAT-PLAN.md)", cmd_plan_new },
	{ "plan", "lint", 1, 2, "FILE [IDENTITY]",
	    "what people may not have meant, a dry run, the digest as words", cmd_plan_lint },
#endif
	{ "plan", "fill", 3, 16, "SAMPLE OUT FILE...",
	    "put approvers' public files and rehearsal roots into a plan", cmd_plan_fill },
	{ "approver", "new", 2, 2, "NAME DIR",
	    "make an approver's key (approver.key, approver.json)", cmd_approver_new },
	{ "stick", "new", 2, 2, "ROLE DIR",
	    "mark a stick: in, out-a, out-b, journal, log, approver", cmd_stick_new },
};

static int
usage(int status)
{
	FILE *f = status == 0 ? stdout : stderr;

	(void)fprintf(f, "usage:\n");
	for (size_t i = 0; i < SN_NITEMS(cmds); i++)
		(void)fprintf(f, "  %s %s%s%s %-20s %s\n", PROGRAM, cmds[i].name,
		    cmds[i].sub ? " " : "", cmds[i].sub ? cmds[i].sub : "", cmds[i].args,
		    cmds[i].help);
	return status;
}

/* The same program is the other two processes; they never touch a terminal. */
static int
role_main(const char *role)
{
	if (strcmp(role, "--role=keeper") == 0)
		return keeper_process_main();
	if (strcmp(role, "--role=tpm") == 0)
		return tpm_process_main(&(struct tpm_process_args){
		    SN_CHILD_IN, SN_CHILD_OUT, SN_CHILD_EXTRA });
#ifdef SN_IMAGE
	if (strcmp(role, "--role=usb") == 0)
		return usb_process_main();
#endif
	return usage(sn_err_exit(SN_E_USAGE));
}

static int
command_main(int argc, char **argv)
{
	struct sn_why why = { 0 };
	enum sn_err e;

	for (size_t i = 0; i < SN_NITEMS(cmds); i++) {
		const struct cmd *c = &cmds[i];
		int names = c->sub != NULL ? 2 : 1;

		if (argc < 1 + names || strcmp(argv[1], c->name) != 0 ||
		    (c->sub != NULL && strcmp(argv[2], c->sub) != 0))
			continue;
		argc -= 1 + names;
		if (argc < c->min_args || argc > c->max_args)
			return usage(sn_err_exit(SN_E_USAGE));
		e = sn_secret_start(CMD_LOCKED_BYTES, &why);
		if (e == SN_OK)
			e = cry_start(&why);
		if (e == SN_OK)
			e = c->run(argc, argv + 1 + names, &why);
		if (e != SN_OK)
			sn_err_print(PROGRAM, e, &why);
		sn_secret_stop();
		return sn_err_exit(e);
	}
	return usage(sn_err_exit(SN_E_USAGE));
}

int
main(int argc, char **argv)
{
	if (argc == 2 && strncmp(argv[1], "--role=", 7) == 0)
		return role_main(argv[1]);
#ifdef SN_IMAGE
	if (getpid() == 1) {
		const struct init_ops ops = cmd_image_ops();

		init_main(&ops);
	}
#endif
	if (argc == 2 && strcmp(argv[1], "--help") == 0)
		return usage(0);
	return command_main(argc, argv);
}
