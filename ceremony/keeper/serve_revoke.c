/*
 * A revocation: what was sealed when the certificates were made is opened, once, with the
 * operations secret that K approvers have just put together.
 */
#include "ceremony/keeper/process.h"

enum sn_err
serve_revoke(struct process *p, struct bytes request, struct answer_to *ret, struct sn_why *why)
{
	SN_CLEANUP(sn_secret_done) struct sn_secret plain = { 0 };
	struct bytes der[REVOKE_LISTS];

	SN_TRY(bytes_end(&request, "keeper: revoke", why));
	if (p->plan->mode != PLAN_REVOKE || p->operations.n == 0)
		return sn_fail(why, SN_E_PROTO,
		    "keeper: the plan is no revocation, or it was opened before");
	SN_TRY(revoke_open(&p->identity, sn_secret_bytes(&p->operations),
	    sn_buf_bytes(&p->data), &plain, der, why));
	for (size_t i = 0; i < REVOKE_LISTS; i++)
		sn_buf_blob32(&ret->open, der[i]);
	sn_secret_done(&p->operations);
	return sn_buf_check(&ret->open, why);
}
