/* What the first process knows from this program: the image's facts, known answers, choices. */
#include "ceremony/cmd/cmd.h"

#include "appliance/base/text.h"
#include "appliance/crypto/digest.h"
#include "appliance/crypto/kat.h"
#include "appliance/entropy/entropy.h"
#include "appliance/laptop/laptop.h"
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

/* a date that cannot be read becomes INT64_MAX, which no clock passes */
static int64_t
build_date(void)
{
	int64_t t;

	return text_to_time(SN_BUILD_DATE, &t, "iso/build-date", NULL) == SN_OK ? t : INT64_MAX;
}

static int
check_laptop(const struct init_facts *facts, void *arg SN_UNUSED)
{
	return laptop_main(&(struct laptop_args){ .facts = facts, .build_date = build_date() });
}

static const struct init_choice choices[] = {
	{ 'c', "check this laptop", check_laptop },
};

struct init_ops
cmd_image_ops(void)
{
	const struct init_ops ops = {
		.ceremony = cmd_image,
		.command_line = SN_COMMAND_LINE,
		.tests = tests,
		.ntests = SN_NITEMS(tests),
		.build_date = build_date(),
		.choices = choices,
		.nchoices = SN_NITEMS(choices),
	};

	return ops;
}
