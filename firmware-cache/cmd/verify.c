#include <fcntl.h>

#include <stdio.h>

#include "appliance/base/text.h"
#include "firmware-cache/cmd/cmd.h"
#include "firmware-cache/store/fleet.h"

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

static enum sn_err
print_status(const struct col_store *s, bool json, struct sn_why *why)
{
	SN_CLEANUP(sn_buf_done) struct sn_buf out = { 0 };

	if (json)
		SN_TRY(col_store_status_json(s, &out, why));
	else
		SN_TRY(col_store_status_txt(s, &out, why));
	if (json)
		sn_buf_str(&out, "\n");
	return fc_print(&out, why);
}

/* ---- machine certificates, one by one */

static enum sn_err
print_refused(void *arg, const struct col_row *row, struct sn_why *why)
{
	SN_CLEANUP(sn_buf_done) struct sn_buf out = { 0 };
	const bool *json = arg;

	if (*json) {
		SN_TRY(col_row_json(row, &out, why));
		sn_buf_str(&out, "\n");
	} else {
		col_row_text(row, &out);
	}
	return fc_print(&out, why);
}

static enum sn_err
print_fleet(const struct col_fleet *f, bool json, struct sn_why *why)
{
	SN_CLEANUP(sn_buf_done) struct sn_buf out = { 0 };
	char until[TEXT_TIME_LEN + 1];

	if (json) {
		sn_buf_fmt(&out, "{\"machines\":{\"accepted\":%zu,\"refused\":%zu", f->accepted,
		    f->refused);
		if (f->accepted > 0) {
			sn_buf_str(&out, ",\"first_to_lapse\":");
			SN_TRY(col_row_json(&f->first_to_lapse, &out, why));
		}
		sn_buf_str(&out, "}}\n");
		return fc_print(&out, why);
	}
	sn_buf_fmt(&out, "%zu machine certificates: %zu accepted, %zu refused\n",
	    f->accepted + f->refused, f->accepted, f->refused);
	if (f->accepted > 0) {
		text_from_time(f->first_to_lapse.good_until, until);
		sn_buf_fmt(&out, "Good until %s; first to lapse:\n", until);
		col_row_text(&f->first_to_lapse, &out);
	}
	return fc_print(&out, why);
}

/* Signers and data are kept, machine certificates are not: as many as there are. */
static enum sn_err
verify_fleet(struct col_store *s, const char *dir, unsigned int jobs, bool json,
    struct sn_why *why)
{
	SN_CLEANUP(sn_buf_done) struct sn_buf head = { 0 };
	struct col_census census = { 0 };
	struct col_fleet f = { 0 };

	SN_TRY(col_fleet_add_dir(s, AT_FDCWD, dir, jobs, &census, why));
	SN_TRY(col_store_check(s, why));
	SN_TRY(print_status(s, json, why));
	if (!json)
		sn_buf_str(&head, "\nMachines\n");
	SN_TRY(fc_print(&head, why));
	SN_TRY(col_fleet_judge(s, AT_FDCWD, dir, &census, jobs, print_refused, &json, &f, why));
	SN_TRY(print_fleet(&f, json, why));
	if (col_store_refused(s) > 0 || census.machines == 0)
		return verdict(s, why);
	if (f.refused > 0)
		return sn_fail(why, f.first_refused.why.err,
		    "%zu of %zu machine certificates refused, first %s: %s", f.refused,
		    census.machines, f.first_refused.path, f.first_refused.why.text);
	return SN_OK;
}

enum sn_err
cmd_verify(int argc, char **argv, struct sn_why *why)
{
	SN_CLEANUP(col_store_free) struct col_store *s = NULL;
	static const char *const names[] = { "DIR" };
	const char *at = NULL, *rehearsal = NULL, *dir = NULL, *jobs = NULL;
	uint32_t njobs = 0;
	bool json = false;
	const struct fc_option options[] = {
		{ "--at", &at, NULL },
		{ "--rehearsal", &rehearsal, NULL },
		{ "--jobs", &jobs, NULL },
		{ "--json", NULL, &json },
	};
	struct col_policy policy = { 0 };

	SN_TRY(fc_args(argc, argv, options, SN_NITEMS(options), names, &dir, 1, why));
	if (jobs != NULL)
		SN_TRY(text_to_u32(jobs, 1, COL_FLEET_JOBS_MAX, &njobs, "--jobs", why));
	SN_TRY(fc_policy(at, rehearsal, &policy, why));
	SN_TRY(col_store_new(&policy, &s, why));
	if (njobs > 0)
		return verify_fleet(s, dir, njobs, json, why);
	SN_TRY(col_store_add_dir(s, AT_FDCWD, dir, why));
	SN_TRY(col_store_check(s, why));
	SN_TRY(print_status(s, json, why));
	return verdict(s, why);
}
