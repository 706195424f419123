/*
 * Two people can hold a ceremony, with reduced separation: each is custodian and approver,
 * and nobody is administrator, since an administrator must not be custodian.
 */
#include "ceremony/keys/plan_parts.h"

#define BOTH (PLAN_ROLE_CUSTODIAN | PLAN_ROLE_APPROVER)

enum sn_err
plan_team(struct plan *p, yyjson_val *root, struct sn_why *why)
{
	yyjson_val *v = yyjson_obj_get(root, "team");

	p->two = yyjson_equals_str(v, "two");
	if (v == NULL || p->two || yyjson_equals_str(v, "full"))
		return SN_OK;
	return sn_fail(why, SN_E_FORMAT, WHAT ": team is neither \"full\" nor \"two\"");
}

enum sn_err
plan_team_rules(const struct plan *p, struct sn_why *why)
{
	if (!p->two)
		return SN_OK;
	if (p->npeople != 2)
		return sn_fail(why, SN_E_POLICY, WHAT ": team is two, but %zu people are named",
		    p->npeople);
	for (size_t i = 0; i < p->npeople; i++) {
		const struct plan_person *x = &p->people[i];

		if ((x->roles & BOTH) != BOTH)
			return sn_fail(why, SN_E_POLICY,
			    WHAT ": in a team of two each is custodian and approver; %s is not",
			    x->name);
		if ((x->roles & PLAN_ROLE_ADMINISTRATOR) != 0)
			return sn_fail(why, SN_E_POLICY,
			    WHAT ": a team of two has no administrator, who must not be "
				 "custodian; %s is one",
			    x->name);
	}
	return SN_OK; /* so there are two shares, two approvers, and every threshold is 2 */
}
