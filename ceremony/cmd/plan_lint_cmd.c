/* `ceremony plan lint`. Not in the image. */
#ifndef SN_IMAGE
#include <fcntl.h>
#include <stdio.h>

#include "appliance/base/file.h"
#include "ceremony/cmd/plan_cmd.h"
#include "ceremony/keys/plan_lint.h"

enum sn_err
plan_lint_print(const struct plan *p, int64_t now, struct sn_why *why)
{
	const struct plan_lint_row *row;
	size_t refused = 0;

	for (size_t i = 0; (row = plan_lint_row(i)) != NULL; i++) {
		char who[PLAN_LINT_WHO_MAX] = "";
		bool no = row->severity == PLAN_LINT_REFUSE;

		if (!row->hit(p, now, who))
			continue;
		(void)printf("%s %s: %s%s%s\n", no ? "REFUSED" : "warning", row->id, who,
		    who[0] != '\0' ? ": " : "", row->say);
		refused += no;
	}
	(void)fflush(stdout);
	if (refused > 0)
		return sn_fail(why, SN_E_POLICY,
		    "plan.json: %zu of the lines above cannot stay; mend the plan", refused);
	return SN_OK;
}

enum sn_err
cmd_plan_lint(int argc SN_UNUSED, char **argv, struct sn_why *why)
{
	SN_CLEANUP(cmd_ports_done) struct cmd_ports ports = { 0 };
	SN_CLEANUP(sn_buf_done) struct sn_buf text = { 0 };
	SN_CLEANUP(sn_buf_done) struct sn_buf said = { 0 };
	SN_CLEANUP(plan_free) struct plan *p = NULL;

	SN_TRY(sn_file_read(AT_FDCWD, argv[0], PLAN_MAX_BYTES, &text, why));
	SN_TRY(plan_parse(sn_buf_bytes(&text), &p, why));
	SN_TRY(cmd_ports_open(&ports, "terminal", why));
	SN_TRY(plan_lint_print(p, ports.ports.now(ports.ports.arg), why));
	SN_TRY(plan_dry_run(p, ports.ports.self, &said, why));
	(void)fputs(sn_buf_cstr(&said), stdout);
	return plan_print(p, why);
}
#endif
