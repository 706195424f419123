/* The identity after a ceremony with custodians: the same again, or the next generation. */
#include <string.h>

#include "ceremony/keys/certs.h"
#include "ceremony/keys/identity.h"

#define WHAT "identity.json"

/* The certificate that the plan gives, and the one that the identity file lists. */
static enum sn_err
cert_fits(const struct identity_cert *listed, const struct identity_cert *planned,
    enum key_id key, struct sn_why *why)
{
	const struct {
		const char *what;
		bool same;
	} rules[] = {
		{ "common name", strcmp(listed->cn, planned->cn) == 0 },
		{ "generation", listed->generation == planned->generation },
		{ "first date", listed->from == planned->from },
		{ "last date", listed->to == planned->to },
	};

	for (size_t i = 0; i < SN_NITEMS(rules); i++)
		if (!rules[i].same)
			return sn_fail(why, SN_E_POLICY,
			    WHAT ": %s: its %s is not the one that the plan gives; "
				 "what has not expired is made again as it was",
			    key_row(key)->label, rules[i].what);
	return SN_OK;
}

/* What no generation changes. */
static enum sn_err
sanctum_fits(const struct identity *id, const struct plan *plan, struct sn_why *why)
{
	const bool anew = plan->mode == PLAN_RESHARE; /* its shares come later */
	const struct {
		const char *what;
		bool same;
	} rules[] = {
		{ "world", id->world == plan->world },
		{ "sanctum id", memcmp(id->sanctum_id, plan->sanctum_id, 16) == 0 },
		{ "sanctum name", strcmp(id->sanctum_name, plan->sanctum_name) == 0 },
		{ "organization", strcmp(id->organization, plan->organization) == 0 },
		{ "share threshold", anew || id->share_threshold == plan->share_threshold },
		{ "number of shares", anew || id->share_count == plan->share_count },
	};

	for (size_t i = 0; i < SN_NITEMS(rules); i++)
		if (!rules[i].same)
			return sn_fail(why, SN_E_POLICY, WHAT ": its %s is not the plan's",
			    rules[i].what);
	return SN_OK;
}

/* The approvers' shares of a generation stay what they are. */
static enum sn_err
operations_fit(const struct identity *id, const struct plan *plan, struct sn_why *why)
{
	if (id->operations_threshold != plan->ops_threshold)
		return sn_fail(why, SN_E_POLICY,
		    WHAT ": its operations threshold is not the plan's");
	if (id->operations_count != plan->napprovers)
		return sn_fail(why, SN_E_POLICY,
		    WHAT ": its number of approvers is not the plan's");
	return SN_OK;
}

/* An amendment may have changed how many approvers there are. */
enum sn_err
identity_fits(const struct identity *id, const struct plan *plan, struct sn_why *why)
{
	SN_TRY(sanctum_fits(id, plan, why));
	if (!plan_needs_bundle(plan) || id->operations_threshold != plan->ops_threshold)
		SN_TRY(operations_fit(id, plan, why));
	for (unsigned int k = 0; k < KEY_COUNT; k++) {
		const enum key_id key = (enum key_id)k;
		struct identity_cert planned;

		if (certs_row(key)->kind == CERTS_NONE)
			continue;
		SN_TRY(identity_plan_cert(id, plan, key, id->cert[k].generation, &planned,
		    why));
		SN_TRY(cert_fits(&id->cert[k], &planned, key, why));
	}
	return SN_OK;
}

static bool
dates_are(const struct identity_cert *c, const struct plan_dates *d)
{
	return c->from == d->from && c->to == d->to;
}

/* A rotation supersedes the operations secret; a rebuild only what has expired by then. */
static bool
operations_advance(const struct identity *old, const struct plan *plan)
{
	const struct identity_cert *ops = &old->cert[KEY_OPERATIONS_P384];
	const struct identity_cert *token = &old->cert[KEY_TOKEN_P256];

	if (plan->mode == PLAN_ROTATE)
		return true;
	return (ops->to < plan->window.from && !dates_are(ops, &plan->operations)) ||
	    (token->to < plan->window.from && !dates_are(token, &plan->token));
}

static bool
statement_advance(const struct identity *old, const struct plan *plan)
{
	const struct identity_cert *c = &old->cert[KEY_STATEMENT_P384];

	return !dates_are(c, &plan->statement) &&
	    (plan->mode == PLAN_ROTATE || c->to < plan->window.from);
}

static enum sn_err
supersede(struct identity *id, struct sn_why *why)
{
	const struct identity_cert *ops = &id->cert[KEY_OPERATIONS_P384];
	const struct identity_cert *token = &id->cert[KEY_TOKEN_P256];

	if (id->npast == IDENTITY_PAST_MAX)
		return sn_fail(why, SN_E_LIMIT,
		    WHAT ": it lists %d superseded generations already; a new sanctum is due",
		    IDENTITY_PAST_MAX);
	id->past[id->npast++] =
	    (struct identity_past){ ops->from, ops->to, token->from, token->to };
	id->operations_generation++;
	return SN_OK;
}

static uint32_t
generation_of(const struct identity *id, enum key_id key, bool statement)
{
	if (key_row(key)->parent == KEY_OF_OPERATIONS)
		return id->operations_generation;
	if (key == KEY_STATEMENT_P384 || key == KEY_STATEMENT_MLDSA87)
		return id->cert[key].generation + (statement ? 1 : 0);
	return 1; /* other roots or CAs would be another identity */
}

enum sn_err
identity_next(const struct identity *old, const struct plan *plan, struct identity *ret,
    struct sn_why *why)
{
	const bool statement = statement_advance(old, plan);
	struct identity id = *old;

	SN_TRY(sanctum_fits(old, plan, why));
	if (operations_advance(old, plan))
		SN_TRY(supersede(&id, why));
	else
		SN_TRY(operations_fit(old, plan, why));
	id.operations_threshold = plan->ops_threshold;
	id.operations_count = (uint32_t)plan->napprovers;
	for (unsigned int k = 0; k < KEY_COUNT; k++) {
		const enum key_id key = (enum key_id)k;

		if (certs_row(key)->kind == CERTS_NONE)
			continue;
		const uint32_t generation = generation_of(&id, key, statement);

		SN_TRY(identity_plan_cert(&id, plan, key, generation, &id.cert[k], why));
		if (generation <= old->cert[k].generation)
			SN_TRY(cert_fits(&old->cert[k], &id.cert[k], key, why));
	}
	SN_TRY(identity_check(&id, why));
	*ret = id;
	return SN_OK;
}
