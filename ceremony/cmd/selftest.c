/* What the boot's self-test knows from this program: the image's facts, and known answers. */
#include "ceremony/cmd/cmd.h"

#include "appliance/base/text.h"

#ifndef SN_COMMAND_LINE
#error "SN_COMMAND_LINE comes from iso/cmdline"
#endif

struct init_ops
cmd_image_ops(void)
{
	struct init_ops ops = {
		.ceremony = cmd_image,
		.command_line = SN_COMMAND_LINE,
	};

	/* a date that cannot be read stays INT64_MAX, which no clock passes */
	if (text_to_time(SN_BUILD_DATE, &ops.build_date, "iso/build-date", NULL) != SN_OK)
		ops.build_date = INT64_MAX;
	return ops;
}
