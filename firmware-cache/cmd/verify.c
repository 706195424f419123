#include <fcntl.h>

#include "firmware-cache/cmd/cmd.h"

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
		if (!rows[i].ok && !rows[i].carried)
			return sn_fail(why, rows[i].why.err, "%zu of %zu refused, first %s: %s",
			    col_store_refused(s), n, rows[i].path, rows[i].why.text);
	return SN_OK;
}

enum sn_err
cmd_verify(int argc, char **argv, struct sn_why *why)
{
	SN_CLEANUP(col_store_free) struct col_store *s = NULL;
	SN_CLEANUP(sn_buf_done) struct sn_buf out = { 0 };
	static const char *const names[] = { "DIR" };
	const char *at = NULL, *rehearsal = NULL, *dir = NULL;
	bool json = false;
	const struct fc_option options[] = {
		{ "--at", &at, NULL },
		{ "--rehearsal", &rehearsal, NULL },
		{ "--json", NULL, &json },
	};
	struct col_policy policy = { 0 };

	SN_TRY(fc_args(argc, argv, options, SN_NITEMS(options), names, &dir, 1, why));
	SN_TRY(fc_policy(at, rehearsal, &policy, why));
	SN_TRY(col_store_new(&policy, &s, why));
	SN_TRY(col_store_add_dir(s, AT_FDCWD, dir, why));
	SN_TRY(col_store_check(s, why));
	if (json)
		SN_TRY(col_store_status_json(s, &out, why));
	else
		SN_TRY(col_store_status_txt(s, &out, why));
	if (json)
		sn_buf_str(&out, "\n");
	SN_TRY(fc_print(&out, why));
	return verdict(s, why);
}
