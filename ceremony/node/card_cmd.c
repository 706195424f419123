/* `sanctum card`: the identity file out of a recovery card. */
#include <fcntl.h>
#include <stdio.h>

#include "appliance/base/file.h"
#include "ceremony/keys/card.h"
#include "ceremony/keys/identity.h"
#include "ceremony/node/cmd.h"

const struct option_row *
cmd_card_option(size_t i SN_UNUSED)
{
	return NULL;
}

enum sn_err
cmd_card(int argc, char **argv, int64_t now SN_UNUSED, struct sn_why *why)
{
	SN_CLEANUP(sn_buf_done) struct sn_buf text = { 0 };
	SN_CLEANUP(sn_buf_done) struct sn_buf file = { 0 };
	struct identity id;

	if (argc != 1)
		return sn_fail(why, SN_E_USAGE, "card: one file is needed");
	SN_TRY(sn_file_read(AT_FDCWD, argv[0], CARD_TEXT_MAX, &text, why));
	SN_TRY(card_read(sn_buf_bytes(&text), &file, why));
	SN_TRY(identity_parse(sn_buf_bytes(&file), &id, why));
	if (fwrite(file.p, 1, file.n, stdout) != file.n || fflush(stdout) != 0)
		return sn_fail(why, SN_E_IO, "card: standard output");
	return SN_OK;
}
