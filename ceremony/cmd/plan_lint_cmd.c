/* `ceremony plan lint`. Not in the image. */
#ifndef SN_IMAGE
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "appliance/base/file.h"
#include "appliance/crypto/digest.h"
#include "ceremony/cmd/plan_cmd.h"
#include "ceremony/keys/identity.h"
#include "ceremony/keys/plan_lint.h"

#define IDENTITY_MAX (16U << 10)

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

/* A plan of a later ceremony against the identity that it works with, as the keeper will. */
static enum sn_err
lint_identity(const struct plan *p, const char *path, struct sn_why *why)
{
	SN_CLEANUP(sn_buf_done) struct sn_buf text = { 0 };
	struct identity id, next;
	uint8_t digest[CRY_SHA256_LEN];

	SN_TRY(sn_file_read(AT_FDCWD, path, IDENTITY_MAX, &text, why));
	SN_TRY(cry_digest(CRY_SHA256, sn_buf_bytes(&text), digest, why));
	if (!p->has_identity_sha256)
		return sn_fail(why, SN_E_POLICY, "plan.json: a %s names no identity; give none",
		    plan_mode_name(p->mode));
	if (memcmp(digest, p->identity_sha256, sizeof(digest)) != 0)
		return sn_fail(why, SN_E_POLICY,
		    "%s is not the one that the plan names (identity_sha256)", path);
	SN_TRY(identity_parse(sn_buf_bytes(&text), &id, why));
	if (p->mode == PLAN_CHECK)
		return identity_custody_fits(&id, p, why);
	if (plan_is_operations(p))
		return identity_fits(&id, p, why);
	return identity_next(&id, p, &next, why);
}

enum sn_err
cmd_plan_lint(int argc, char **argv, struct sn_why *why)
{
	SN_CLEANUP(cmd_ports_done) struct cmd_ports ports = { 0 };
	SN_CLEANUP(sn_buf_done) struct sn_buf text = { 0 };
	SN_CLEANUP(sn_buf_done) struct sn_buf said = { 0 };
	SN_CLEANUP(plan_free) struct plan *p = NULL;

	SN_TRY(sn_file_read(AT_FDCWD, argv[0], PLAN_MAX_BYTES, &text, why));
	SN_TRY(plan_parse(sn_buf_bytes(&text), &p, why));
	SN_TRY(cmd_ports_open(&ports, "terminal", why));
	SN_TRY(plan_lint_print(p, ports.ports.now(ports.ports.arg), why));
	if (argc > 1)
		SN_TRY(lint_identity(p, argv[1], why));
	SN_TRY(plan_dry_run(p, ports.ports.self, &said, why));
	(void)fputs(sn_buf_cstr(&said), stdout);
	return plan_print(p, why);
}
#endif
