/* What the boot's self-test knows from this program: the image's facts, and known answers. */
#include "ceremony/cmd/cmd.h"

#include "appliance/base/text.h"
#include "appliance/crypto/digest.h"
#include "appliance/crypto/kat.h"
#include "appliance/entropy/entropy.h"
#include "appliance/tpm/selftest.h"
#include "ceremony/keys/selftest.h"

#ifndef SN_COMMAND_LINE
#error "SN_COMMAND_LINE comes from iso/cmdline"
#endif

static enum sn_err
start(struct sn_why *why)
{
	SN_TRY(sn_secret_start(CMD_LOCKED_BYTES, why));
	return cry_start(why);
}

static const struct sn_selftest others[] = {
	{
	    .name = "second checker",
	    .source = "its six known answers",
	    .run = cmd_crosscheck_selftest,
	    .data = "crosscheck",
	},
	{ .name = NULL },
};

/* Each in a process of its own; the TPM's confines itself. */
static const struct init_tests tests[] = {
	{ start, cry_selftests },
	{ start, keys_selftests },
	{ start, ent_selftests },
	{ NULL, tpm_selftests },
	{ NULL, others },
};

struct init_ops
cmd_image_ops(void)
{
	struct init_ops ops = {
		.ceremony = cmd_image,
		.command_line = SN_COMMAND_LINE,
		.tests = tests,
		.ntests = SN_NITEMS(tests),
	};

	/* a date that cannot be read stays INT64_MAX, which no clock passes */
	if (text_to_time(SN_BUILD_DATE, &ops.build_date, "iso/build-date", NULL) != SN_OK)
		ops.build_date = INT64_MAX;
	return ops;
}
