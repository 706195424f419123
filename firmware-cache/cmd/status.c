#include <fcntl.h>

#include "appliance/base/file.h"
#include "firmware-cache/cache/status.h"
#include "firmware-cache/cmd/cmd.h"

#define PLAN_MAX (64U << 10)

/* One report into a file that is there whole or not at all. */
static enum sn_err
write_report(const char *path, const struct cache_status *s,
    enum sn_err (*report)(const struct cache_status *s, struct sn_buf *ret, struct sn_why *why),
    struct sn_why *why)
{
	SN_CLEANUP(sn_buf_done) struct sn_buf b = { 0 };

	if (path == NULL)
		return SN_OK;
	SN_TRY(report(s, &b, why));
	return sn_file_write(AT_FDCWD, path, sn_buf_bytes(&b), 0644, true, why);
}

static enum sn_err
read_plan(const char *path, struct cache_plan *ret, struct sn_why *why)
{
	SN_CLEANUP(sn_buf_done) struct sn_buf b = { 0 };

	SN_TRY(sn_file_read(AT_FDCWD, path, PLAN_MAX, &b, why));
	return cache_plan_read(sn_buf_bytes(&b), path, ret, why);
}

enum sn_err
cmd_status(int argc, char **argv, struct sn_why *why)
{
	SN_CLEANUP(cache_close) struct cache *c = NULL;
	SN_CLEANUP(cache_status_done) struct cache_status s = { 0 };
	SN_CLEANUP(sn_buf_done) struct sn_buf out = { 0 };
	static const char *const names[] = { "CACHE" };
	const char *at = NULL, *rehearsal = NULL, *dir = NULL, *plan_path = NULL,
		   *calendar = NULL, *textfile = NULL;
	bool json = false;
	const struct fc_option options[] = {
		{ "--at", &at, NULL },
		{ "--rehearsal", &rehearsal, NULL },
		{ "--plan", &plan_path, NULL },
		{ "--calendar", &calendar, NULL },
		{ "--textfile", &textfile, NULL },
		{ "--json", NULL, &json },
	};
	struct col_policy policy = { 0 };
	struct cache_plan plan = { 0 };

	SN_TRY(fc_args(argc, argv, options, SN_NITEMS(options), names, &dir, 1, why));
	SN_TRY(fc_policy(at, rehearsal, &policy, why));
	if (plan_path != NULL)
		SN_TRY(read_plan(plan_path, &plan, why));
	SN_TRY(cache_open(AT_FDCWD, dir, CACHE_READ, &c, why));
	SN_TRY(cache_status_make(c, &policy, plan_path != NULL ? &plan : NULL, &s, why));
	if (json)
		SN_TRY(cache_status_json(&s, &out, why));
	else
		SN_TRY(cache_status_text(&s, &out, why));
	SN_TRY(fc_print(&out, why));
	SN_TRY(write_report(calendar, &s, cache_status_calendar, why));
	SN_TRY(write_report(textfile, &s, cache_status_metrics, why));
	return cache_status_verdict(&s, why);
}
