#include <fcntl.h>
#include <string.h>

#include "appliance/base/text.h"
#include "firmware-cache/cache/import.h"
#include "firmware-cache/cmd/cmd.h"

enum sn_err
cmd_import(int argc, char **argv, struct sn_why *why)
{
	SN_CLEANUP(cache_close) struct cache *c = NULL;
	SN_CLEANUP(sn_buf_done) struct sn_buf out = { 0 };
	static const char *const names[] = { "CACHE", "DIR" };
	const char *at = NULL, *rehearsal = NULL, *dirs[2] = { 0 };
	struct col_policy policy = { 0 };
	struct cache_import im = { .policy = &policy };
	const struct fc_option options[] = {
		{ "--at", &at, NULL },
		{ "--rehearsal", &rehearsal, NULL },
		{ "--accept-older", &im.accept_older, NULL },
	};

	SN_TRY(fc_args(argc, argv, options, SN_NITEMS(options), names, dirs, 2, why));
	SN_TRY(fc_policy(at, rehearsal, &policy, why));
	if (im.accept_older != NULL &&
	    (im.accept_older[0] == '\0' ||
		!text_printable(bytes_str(im.accept_older), CACHE_REASON_MAX)))
		return sn_fail(why, SN_E_USAGE,
		    "--accept-older takes a reason of 1 to %u bytes", CACHE_REASON_MAX);
	im.now = policy.at;
	SN_TRY(cache_open(AT_FDCWD, dirs[0], CACHE_WRITE, &c, why));
	SN_TRY(cache_import(c, AT_FDCWD, dirs[1], &im, &out, why));
	SN_TRY(fc_print(&out, why));
	if (im.verdict.err != SN_OK)
		return sn_fail(why, im.verdict.err, "%s", im.verdict.text);
	return im.taken + im.here > 0
	    ? SN_OK
	    : sn_fail(why, SN_E_MISSING, "%s: there is no collateral", dirs[1]);
}

enum sn_err
cmd_index(int argc, char **argv, struct sn_why *why)
{
	SN_CLEANUP(cache_close) struct cache *c = NULL;
	static const char *const names[] = { "CACHE" };
	const char *at = NULL, *rehearsal = NULL, *dir = NULL;
	struct col_policy policy = { 0 };
	const struct fc_option options[] = {
		{ "--at", &at, NULL },
		{ "--rehearsal", &rehearsal, NULL },
	};

	SN_TRY(fc_args(argc, argv, options, SN_NITEMS(options), names, &dir, 1, why));
	SN_TRY(fc_policy(at, rehearsal, &policy, why));
	SN_TRY(cache_open(AT_FDCWD, dir, CACHE_READ, &c, why));
	cache_close(&c); /* not to make one where there is none */
	SN_TRY(cache_open(AT_FDCWD, dir, CACHE_WRITE, &c, why));
	return cache_rebuild(c, &policy, why);
}
