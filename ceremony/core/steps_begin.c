/* The steps before anything is made: start, plan, people, time, TPM. */
#include "ceremony/core/cer.h"

#include <string.h>

#include "appliance/base/text.h"
#include "appliance/crypto/digest.h"

#define DETAIL_WIDTH (VIEW_WIDTH - 5)

static const struct {
	const char *result, *mark; /* in the record, on the screen */
} check_states[] = {
	[CER_CHECK_OK] = { "ok", "[OK]" },
	[CER_CHECK_NOTE] = { "note", "[--]" },
	[CER_CHECK_FAILED] = { "failed", "[!!]" },
};

static enum sn_err
start_image(struct cer *c, struct sn_why *why)
{
	char hex[2 * CRY_SHA256_LEN + 1] = "unknown";

	if (c->ports.image_source == NULL)
		return SN_OK;
	if (c->ports.image_digest != NULL)
		sn_hex((struct bytes){ c->ports.image_digest, CRY_SHA256_LEN }, hex);
	return CER_RECORD(c, "machine.image", why, TR_ARG_STR("digest", hex),
	    TR_ARG_STR("source", c->ports.image_source));
}

enum sn_err
step_start_enter(struct cer *c, struct sn_why *why)
{
	bool news;

	SN_TRY(start_image(c, why));
	for (size_t i = 0; i < c->ports.nchecks; i++) {
		const struct cer_check *k = &c->ports.checks[i];

		if (k->state == CER_CHECK_FAILED)
			return sn_fail(why, SN_E_POLICY, "self-test %s: %s", k->name,
			    k->detail);
		SN_TRY(CER_RECORD(c, "machine.check", why, TR_ARG_STR("name", k->name),
		    TR_ARG_STR("result", check_states[k->state].result),
		    TR_ARG_STR("detail", k->detail)));
	}
	return cer_usb_look(c, &news, why);
}

/* One self-test: its detail behind the name, or in lines of its own when it is long. */
static void
start_check(struct view *v, const struct cer_check *t)
{
	const char *mark = check_states[t->state].mark, *rest = t->detail;

	if (strlen(t->detail) <= VIEW_WIDTH - 25) {
		view_line(v, "%s %-19s %s", mark, t->name, t->detail);
		return;
	}
	view_line(v, "%s %s", mark, t->name);
	for (size_t n; *rest != '\0'; rest += n) {
		n = strlen(rest);
		if (n > DETAIL_WIDTH)
			for (n = DETAIL_WIDTH; n > 1 && rest[n - 1] != ' ';)
				n--;
		if (n == 1)
			n = DETAIL_WIDTH;
		view_line(v, "     %.*s", (int)n, rest);
	}
}

enum sn_err
step_start_show(struct cer *c, size_t i SN_UNUSED, struct view *v, struct sn_why *why SN_UNUSED)
{
	/* what people have to judge comes first */
	static const enum cer_check_state order[] = { CER_CHECK_NOTE, CER_CHECK_OK };
	const struct cer_check *checks = c->ports.checks;
	size_t count[SN_NITEMS(check_states)] = { 0 };

	cer_view(v, VIEW_INFO, "ok", "start.head");
	view_say(v, "start.body", NULL);
	view_blank(v);
	if (!c->ports.image) {
		view_say(v, "start.workstation", NULL);
		return SN_OK;
	}
	for (size_t k = 0; k < c->ports.nchecks; k++)
		count[checks[k].state]++;
	view_say(v, "start.checks",
	    CAT_ARGS({ "passed", cer_num(count[CER_CHECK_OK]) },
		{ "total", cer_num(c->ports.nchecks) },
		{ "notes", cer_num(count[CER_CHECK_NOTE]) }, { "console", c->ports.console }));
	for (size_t s = 0; s < SN_NITEMS(order); s++)
		for (size_t k = 0; k < c->ports.nchecks; k++)
			if (checks[k].state == order[s])
				start_check(v, &checks[k]);
	cer_usb_list(c, v);
	return SN_OK;
}

enum { PLAN_STICK, PLAN_AGREE, PLAN_POLICY, PLAN_EXCEPTION, PLAN_ASKS };

/* Policy and exception have screens of their own, when the plan has them. */
static bool
plan_asked(const struct plan *p, size_t ask)
{
	if (ask == PLAN_POLICY)
		return p != NULL && p->policy.given;
	return ask != PLAN_EXCEPTION || (p != NULL && p->has_exception);
}

static size_t
plan_ask(const struct plan *p, size_t i)
{
	size_t ask;

	for (ask = PLAN_STICK; ask < PLAN_ASKS; ask++)
		if (plan_asked(p, ask) && i-- == 0)
			break;
	return ask;
}

size_t
step_plan_count(const struct cer *c)
{
	size_t n = 0;

	while (plan_ask(c->plan, n) < PLAN_ASKS)
		n++;
	return n;
}

static void
plan_body(const struct plan *p, struct view *v)
{
	view_say(v, "plan.body",
	    CAT_ARGS({ "mode", plan_mode_name(p->mode) }, { "sanctum", p->sanctum_name },
		{ "organization", p->organization }, { "sequence", cer_num(p->sequence) },
		{ "ceremony", p->ceremony }, { "world", plan_world_name(p->world) }));
	view_say(v, p->two ? "plan.two" : "plan.shares",
	    CAT_ARGS({ "threshold", cer_num(p->share_threshold) },
		{ "count", cer_num(p->share_count) }, { "approvals", cer_num(p->approvals) },
		{ "approvers", cer_num(p->napprovers) }));
	if (p->has_exception)
		view_say(v, "plan.has-exception", NULL);
	else if (p->has_collateral_time)
		view_say(v, "plan.collateral-time",
		    CAT_ARGS({ "time", cer_time_text(p->collateral_time) }));
	if (p->namd_roots > 0 || p->has_intel_root || p->has_ibm_root)
		view_say(v, "plan.vendor-pki", NULL);
	view_say(v, "plan.digest", NULL);
	cer_view_digest(v, p->digest);
}

/* Another word than usual, so that nobody agrees by habit. */
static void
plan_exception(const struct plan *p, struct view *v)
{
	cer_view(v, VIEW_WORD, "exception", "plan.exception-head");
	v->word = "stale";
	view_say(v, "plan.exception",
	    CAT_ARGS({ "time", cer_time_text(p->collateral_time) },
		{ "reason", p->exception_reason }));
}

enum sn_err
step_plan_show(struct cer *c, size_t i, struct view *v, struct sn_why *why SN_UNUSED)
{
	switch (plan_ask(c->plan, i)) {
	case PLAN_STICK:
		cer_view(v, VIEW_MEDIA, "stick", "plan.head");
		view_say(v, "plan.media", NULL);
		cer_view_media(v, CER_LABEL_IN);
		break;
	case PLAN_POLICY:
		cer_policy_show(c->plan, v);
		break;
	case PLAN_EXCEPTION:
		plan_exception(c->plan, v);
		break;
	default:
		cer_view(v, VIEW_WORD, "agree", "plan.head");
		plan_body(c->plan, v);
		break;
	}
	return SN_OK;
}

/* Rules that tie a plan to the machine it is read on. */
static enum sn_err
plan_fits_machine(const struct cer *c, const struct plan *p, struct sn_why *why)
{
	int64_t now = c->ports.now(c->ports.arg);

	if (p->world == PLAN_PRODUCTION && !c->ports.image)
		return sn_fail(why, SN_E_POLICY,
		    "plan.json: world is production; a workstation only rehearses");
	if (p->world == PLAN_PRODUCTION && strcmp(c->ports.console, "serial") == 0 &&
	    p->console != PLAN_CONSOLE_SERIAL)
		return sn_fail(why, SN_E_POLICY,
		    "plan.json: production on a serial line needs console: serial");
	if (now < c->ports.build_date)
		return sn_fail(why, SN_E_POLICY,
		    "the clock says %s, before this program was built; set it in the firmware",
		    cer_time_text(now));
	if (now < p->window.from || now > p->window.to)
		return sn_fail(why, SN_E_POLICY,
		    "the clock says %s, outside the plan's window %s to %s", cer_time_text(now),
		    cer_time_text(p->window.from), cer_time_text(p->window.to));
	return SN_OK;
}

/* The identity file of a rebuild is the one that the plan, and so everybody, agreed on. */
static enum sn_err
plan_fits_identity(const struct cer *c, const struct plan *p, struct sn_why *why)
{
	uint8_t digest[CRY_SHA256_LEN];

	SN_TRY(cry_digest(CRY_SHA256, sn_buf_bytes(&c->identity_file), digest, why));
	if (!p->has_identity_sha256 || memcmp(digest, p->identity_sha256, sizeof(digest)) != 0)
		return sn_fail(why, SN_E_POLICY,
		    "identity.json is not the one that the plan names (identity_sha256)");
	return SN_OK;
}

/* In production, the stick says which sanctum's it is; nobody takes what lay about. */
static enum sn_err
plan_fits_stick(const struct plan *p, const char *label, const struct mark *m, bool has,
    struct sn_why *why)
{
	if (has)
		return mark_fits(m, label, plan_world_name(p->world), p->sanctum_id, why);
	if (p->world == PLAN_REHEARSAL)
		return SN_OK;
	return sn_fail(why, SN_E_MEDIA,
	    "stick %s has no " MARK_FILE "; \"ceremony stick new in\" writes it", label);
}

/*
 * The IN stick is read again for the collateral. Another plan on it means another stick, or
 * one that answers differently: what people agreed to came from neither.
 */
enum sn_err
cer_plan_again(struct cer *c, struct sn_why *why)
{
	SN_CLEANUP(sn_buf_done) struct sn_buf text = { 0 };

	SN_TRY(med_read(c->ports.media, CER_LABEL_IN, "plan.json", PLAN_MAX_BYTES, &text, why));
	if (!bytes_equal(sn_buf_bytes(&text), sn_buf_bytes(&c->plan->bytes)))
		return sn_fail(why, SN_E_POLICY,
		    "plan.json on " CER_LABEL_IN " is not the plan that was agreed; the stick "
		    "or the file was changed");
	return SN_OK;
}

enum sn_err
step_plan_there(struct cer *c, size_t i SN_UNUSED, const char *label, struct sn_why *why)
{
	SN_CLEANUP(sn_buf_done) struct sn_buf text = { 0 };
	SN_CLEANUP(plan_free) struct plan *p = NULL;
	struct mark m = { 0 };
	bool has;

	SN_TRY(cer_stick_judge(c, NULL, label, &m, &has, why));
	SN_TRY(med_read(c->ports.media, label, "plan.json", PLAN_MAX_BYTES, &text, why));
	SN_TRY(plan_parse(sn_buf_bytes(&text), &p, why));
	SN_TRY(plan_fits_machine(c, p, why));
	SN_TRY(cer_room_fits(p, why));
	SN_TRY(plan_fits_stick(p, label, &m, has, why));
	if (p->mode == PLAN_ROTATE)
		SN_TRY(cer_rotate_read(c, p, label, why));
	if (!plan_is_operations(p) && p->mode != PLAN_GENESIS) {
		SN_TRY(cer_identity_read(c, label, why));
		SN_TRY(plan_fits_identity(c, p, why));
		if (p->mode == PLAN_REBUILD || p->mode == PLAN_RESHARE)
			SN_TRY(cer_previous_read(c, p, label, why));
	}
	if (p->mode == PLAN_RESHARE)
		SN_TRY(cer_old_shares(c, why));
	if (p->mode >= cer_mode_count || cer_modes[p->mode].n == 0)
		return sn_fail(why, SN_E_POLICY, "plan.json: mode %s cannot be held yet",
		    plan_mode_name(p->mode));
	cer_mode_set(c, p->mode);
	c->plan = SN_TAKE(p);
	return SN_OK;
}

/* The first record: which ceremony this is, and how the last one ended as far as is known. */
static enum sn_err
plan_start(struct cer *c, struct sn_why *why)
{
	char closing[65] = "";

	if (c->plan->has_previous_closing)
		sn_hex(BYTES_OF(c->plan->previous_closing), closing);
	struct tr_arg args[] = { TR_ARG_STR("ceremony", c->plan->ceremony),
		TR_ARG_STR("world", plan_world_name(c->plan->world)),
		TR_ARG_STR("mode", plan_mode_name(c->plan->mode)),
		TR_ARG_STR("console", c->ports.console), TR_ARG_STR("closing", closing) };

	return cer_record(c, "ceremony.start", args,
	    SN_NITEMS(args) - !c->plan->has_previous_closing, why);
}

enum sn_err
step_plan_take(struct cer *c, size_t i, const struct answer *a SN_UNUSED, struct sn_why *why)
{
	size_t ask = plan_ask(c->plan, i);
	char hex[65];

	if (ask == PLAN_POLICY)
		return cer_policy_take(c, why);
	if (ask == PLAN_EXCEPTION)
		return CER_RECORD(c, "exception.agreed", why,
		    TR_ARG_STR("what", PLAN_EXPIRED_COLLATERAL),
		    TR_ARG_STR("time", cer_time_text(c->plan->collateral_time)),
		    TR_ARG_STR("reason", c->plan->exception_reason));
	sn_hex(BYTES_OF(c->plan->digest), hex);
	SN_TRY(plan_start(c, why));
	SN_TRY(CER_RECORD(c, "plan.loaded", why, TR_ARG_STR("plan", hex),
	    TR_ARG_INT("sequence", c->plan->sequence)));
	return CER_RECORD(c, "plan.agreed", why, TR_ARG_STR("plan", hex));
}

void
cer_roles(const struct plan_person *p, struct sn_buf *ret)
{
	static const struct {
		unsigned int bit;
		const char *name;
	} roles[] = {
		{ PLAN_ROLE_ADMINISTRATOR, "administrator" },
		{ PLAN_ROLE_WITNESS, "witness" },
		{ PLAN_ROLE_CUSTODIAN, "custodian" },
		{ PLAN_ROLE_OLD, "old-custodian" },
		{ PLAN_ROLE_APPROVER, "approver" },
		{ PLAN_ROLE_AUDITOR, "auditor" },
		{ PLAN_ROLE_SAFE, "safe-controller" },
	};

	for (size_t i = 0; i < SN_NITEMS(roles); i++) {
		if ((p->roles & roles[i].bit) != 0)
			sn_buf_fmt(ret, "%s%s", ret->n > 0 ? ", " : "", roles[i].name);
	}
}

static void
people_line(const struct plan_person *p, struct view *v)
{
	SN_CLEANUP(sn_buf_done) struct sn_buf b = { 0 };

	cer_roles(p, &b);
	if (strlen(p->full) <= 22 && b.n <= VIEW_WIDTH - 36) {
		view_line(v, "  %-10s %-22s %s", p->name, p->full, sn_buf_cstr(&b));
		return;
	}
	view_line(v, "  %-10s %s", p->name, p->full);
	view_line(v, "  %-10s %s", "", sn_buf_cstr(&b));
}

enum sn_err
step_people_show(struct cer *c, size_t i, struct view *v, struct sn_why *why SN_UNUSED)
{
	if (cer_team_asks(i)) {
		cer_team_show(c, i, v);
		return SN_OK;
	}
	cer_view(v, VIEW_WORD, "agree", "people.head");
	v->personal = true;
	view_say(v, "people.body", NULL);
	view_blank(v);
	for (size_t k = 0; k < c->plan->npeople; k++)
		people_line(&c->plan->people[k], v);
	view_blank(v);
	view_say(v, "people.words", NULL);
	return SN_OK;
}

enum sn_err
step_people_take(struct cer *c, size_t i, const struct answer *a SN_UNUSED, struct sn_why *why)
{
	if (cer_team_asks(i))
		return cer_team_take(c, i, why);
	for (size_t k = 0; k < c->plan->npeople; k++) {
		const struct plan_person *p = &c->plan->people[k];

		SN_CLEANUP(sn_buf_done) struct sn_buf roles = { 0 };

		cer_roles(p, &roles);
		SN_TRY(sn_buf_check(&roles, why));
		SN_TRY(CER_RECORD(c, "person.present", why, TR_ARG_STR("name", p->name),
		    TR_ARG_STR("roles", sn_buf_cstr(&roles)),
		    TR_ARG_PERSONAL("full", p->full)));
	}
	return SN_OK;
}
