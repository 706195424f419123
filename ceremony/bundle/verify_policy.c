/*
 * The policy that the statement binds was put to the people: the same bytes, as many nodes.
 */
#include <string.h>

#include "ceremony/bundle/judge.h"
#include "ceremony/keys/plan_policy.h"

static size_t
count_nodes(const struct bun_statement *s)
{
	size_t n = 0;

	for (size_t i = 0; i < s->nsubjects; i++)
		n += strncmp(s->subject[i].path, PLAN_NODES_FOLDER,
			 strlen(PLAN_NODES_FOLDER)) == 0;
	return n;
}

/* What one record policy.agreed must say. */
static enum sn_err
check_agreed(const struct tr_record *r, const struct bun_subject *policy, size_t nodes,
    struct sn_why *why)
{
	char hex[65];

	if (policy == NULL)
		return sn_fail(why, SN_E_SIGNATURE,
		    BUN_RECORDS ": policy.agreed, but " PLAN_POLICY_PATH " is not bound");
	sn_hex(BYTES_OF(policy->sha256), hex);
	if (!yyjson_equals_str(yyjson_obj_get(r->args, "policy"), hex))
		return sn_fail(why, SN_E_SIGNATURE,
		    BUN_RECORDS ": policy.agreed: policy is not the one that is bound");
	if (!yyjson_is_uint(yyjson_obj_get(r->args, "nodes")) ||
	    yyjson_get_uint(yyjson_obj_get(r->args, "nodes")) != nodes)
		return sn_fail(why, SN_E_SIGNATURE,
		    BUN_RECORDS ": policy.agreed: %zu nodes are bound, not as many as it says",
		    nodes);
	return SN_OK;
}

enum sn_err
bun_check_policy(struct bun_case *c, struct sn_why *why)
{
	const struct bun_subject *policy = bun_statement_subject(&c->st, PLAN_POLICY_PATH);
	const size_t nodes = count_nodes(&c->st);
	size_t agreed = 0;

	for (size_t i = 0; i < tr_read_size(c->transcript); i++) {
		const struct tr_record *r = tr_read_record(c->transcript, i);

		if (strcmp(r->id, "policy.agreed") != 0)
			continue;
		SN_TRY(check_agreed(r, policy, nodes, why));
		agreed++;
	}
	if (policy == NULL && nodes == 0)
		return SN_OK;
	if (policy == NULL || agreed == 0)
		return sn_fail(why, SN_E_SIGNATURE,
		    BUN_RECORDS ": nobody agreed to what policy/ and nodes/ say");
	bun_note(c, "the policy is in " PLAN_POLICY_PATH "; it names %zu nodes", nodes);
	return SN_OK;
}
