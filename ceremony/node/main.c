#include <stdio.h>
#include <string.h>
#include <time.h>

#include "appliance/crypto/digest.h"
#include "ceremony/node/cmd.h"

#define LOCKED_BYTES (256U << 10)

struct cmd {
	const char *name;
	enum sn_err (*run)(int argc, char **argv, int64_t now, struct sn_why *why);
	const struct option_row *(*option)(size_t i);
	const char *args, *help;
};

static const struct cmd cmds[] = {
	{ "verify", cmd_verify, cmd_verify_option, "DIR", "judge the bundle in DIR" },
	{ "verify-image", cmd_verify_image, cmd_verify_image_option, "DIR",
	    "judge the image in DIR, as make iso leaves it, by its builders' signatures" },
	{ "replay", cmd_replay, cmd_replay_option, "DIR",
	    "what happened, record by record, with the screens as people saw them" },
	{ "redact", cmd_redact, cmd_redact_option, "DIR OUT",
	    "copy the bundle in DIR to the new folder OUT without names" },
	{ "cosign", cmd_cosign, cmd_cosign_option, "DIR",
	    "a witness' signature over the transcript's checkpoint in DIR" },
	{ "explain", cmd_explain, cmd_explain_option, "measurements IMAGE | evidence BUNDLE",
	    "what a TPM holds after IMAGE (ISO, stick image, .efi) has booted; what the TPM "
	    "evidence of BUNDLE proves, with the options of verify" },
	{ "enrol", cmd_enrol, cmd_enrol_option,
	    "challenge REQUEST OUT | finish ANSWER --state FILE",
	    "before a ceremony: prove that a laptop's TPM holds its attestation key" },
	{ "card", cmd_card, cmd_card_option, "FILE",
	    "print the identity.json that the recovery card FILE, typed or scanned, holds" },
};

static void
print_help(FILE *f)
{
	fprintf(f, "usage: sanctum COMMAND ...\n\n");
	for (size_t i = 0; i < SN_NITEMS(cmds); i++) {
		fprintf(f, "sanctum %s %s [option...]\n    %s\n", cmds[i].name, cmds[i].args,
		    cmds[i].help);
		for (size_t k = 0; cmds[i].option(k) != NULL; k++) {
			const struct option_row *o = cmds[i].option(k);

			fprintf(f, "    %s%s%s\n        %s\n", o->name, o->arg ? " " : "",
			    o->arg ? o->arg : "", o->help);
		}
	}
	fprintf(f, "\nexit status\n");
	for (int e = 0; e < SN_ERR_COUNT; e++) {
		const int status = sn_err_exit((enum sn_err)e);

		if (status == 0 || status == 2 || (status >= 10 && status <= 17))
			fprintf(f, "    %-3d %s\n", status, sn_err_sentence((enum sn_err)e));
	}
}

static enum sn_err
run(int argc, char **argv, struct sn_why *why)
{
	for (int i = 1; i < argc; i++)
		if (strcmp(argv[i], "--help") == 0) {
			print_help(stdout);
			return SN_OK;
		}
	if (argc < 2)
		return sn_fail(why, SN_E_USAGE, "no command is given");
	for (size_t i = 0; i < SN_NITEMS(cmds); i++) {
		if (strcmp(argv[1], cmds[i].name) != 0)
			continue;
		SN_TRY(sn_secret_start(LOCKED_BYTES, why));
		SN_TRY(cry_start(why));
		return cmds[i].run(argc - 2, argv + 2, (int64_t)time(NULL), why);
	}
	return sn_fail(why, SN_E_USAGE, "there is no command \"%s\"", argv[1]);
}

int
main(int argc, char **argv)
{
	struct sn_why why = { 0 };

	enum sn_err e = run(argc, argv, &why);
	sn_secret_stop();
	/* a verdict that nobody could read is none */
	if ((fflush(stdout) != 0 || ferror(stdout) != 0) && e == SN_OK)
		e = sn_fail(&why, SN_E_IO, "standard output could not be written");
	if (e != SN_OK)
		sn_err_print("sanctum", e, &why);
	return sn_err_exit(e);
}
