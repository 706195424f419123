/*
 * The plan and the approvals, of the plan and of the statement.
 */
#include <string.h>

#include "appliance/base/text.h"
#include "appliance/crypto/cms.h"
#include "ceremony/keeper/keeper.h"
#include "ceremony/keeper/process.h"
#include "ceremony/keys/approver.h"

uint32_t
approvals_count(const struct approvals *a)
{
	uint32_t n = 0;
	size_t i;

	for (i = 0; i < PLAN_MAX_APPROVERS; i++)
		n += a->given[i] ? 1 : 0;
	return n;
}

/* A plan whose identity could not be made must not get as far as shares. */
static enum sn_err
plan_can_be_derived(const struct plan *plan, struct sn_why *why)
{
	static const uint8_t none[PLAN_MAX_SHARES][32];
	struct identity id;

	return identity_build(plan, plan->world == PLAN_REHEARSAL ? SLIP39_REHEARSAL : 0, none,
	    &id, why);
}

enum sn_err
serve_plan(struct process *p, struct bytes request, struct answer_to *ret SN_UNUSED,
    struct sn_why *why)
{
	SN_CLEANUP(plan_free) struct plan *plan = NULL;

	SN_TRY(bytes_end(&request, "keeper: plan", why));
	SN_TRY(plan_parse(sn_buf_bytes(&p->data), &plan, why));
	if (plan->mode == PLAN_GENESIS)
		SN_TRY(plan_can_be_derived(plan, why));
	p->plan = SN_TAKE(plan);
	p->state = KS_PLANNED;
	return SN_OK;
}

/* ---- one approval */

struct approve_request {
	char name[PLAN_NAME_MAX + 1];
	struct bytes file, passphrase;
};

static enum sn_err
read_request(struct bytes b, struct approve_request *ret, struct sn_why *why)
{
	struct bytes name;

	SN_TRY(bytes_blob32(&b, PLAN_NAME_MAX, &name, "keeper: approver's name", why));
	SN_TRY(bytes_blob32(&b, KEEPER_REQUEST_MAX, &ret->file, "approver.key", why));
	SN_TRY(bytes_blob32(&b, KEEPER_REQUEST_MAX, &ret->passphrase, "passphrase", why));
	SN_TRY(bytes_end(&b, "keeper: approval", why));
	SN_TRY(approver_fits(ret->file, ret->passphrase, why));
	memset(ret->name, 0, sizeof(ret->name));
	memcpy(ret->name, name.p, name.n);
	return SN_OK;
}

/* Open the key on the stick and see that it is the one the plan pins. */
static enum sn_err
open_named(const struct process *p, const struct approve_request *r,
    const struct plan_approver *pinned, struct approver_keys *ret_keys, size_t *ret_index,
    struct sn_why *why)
{
	SN_CLEANUP(approver_keys_done) struct approver_keys keys = { 0 };

	SN_TRY(approver_open(r->file, r->passphrase, &keys, why));
	SN_TRY(approver_is(&keys, pinned, why));
	*ret_keys = keys;
	keys = (struct approver_keys){ 0 };
	*ret_index = (size_t)(pinned - p->plan->approvers);
	return SN_OK;
}

static enum sn_err
read_pinned(const struct process *p, struct bytes request, struct approve_request *ret,
    const struct plan_approver **ret_pinned, struct sn_why *why)
{
	SN_TRY(read_request(request, ret, why));
	*ret_pinned = plan_approver(p->plan, ret->name);
	if (*ret_pinned == NULL)
		return sn_fail(why, SN_E_POLICY, "the plan has no approver of this name");
	return SN_OK;
}

enum sn_err
process_open_pinned(const struct process *p, struct bytes request,
    struct approver_keys *ret_keys, size_t *ret_index, struct sn_why *why)
{
	const struct plan_approver *pinned = NULL;
	struct approve_request r;

	SN_TRY(read_pinned(p, request, &r, &pinned, why));
	return open_named(p, &r, pinned, ret_keys, ret_index, why);
}

/* The same for one who has not approved yet. */
static enum sn_err
open_pinned(const struct process *p, const struct approvals *a, struct bytes request,
    struct approver_keys *ret_keys, size_t *ret_index, struct sn_why *why)
{
	const struct plan_approver *pinned = NULL;
	struct approve_request r;

	SN_TRY(read_pinned(p, request, &r, &pinned, why));
	if (a->given[pinned - p->plan->approvers])
		return sn_fail(why, SN_E_POLICY, "approver %s has approved already",
		    pinned->name);
	return open_named(p, &r, pinned, ret_keys, ret_index, why);
}

enum sn_err
serve_approve_plan(struct process *p, struct bytes request, struct answer_to *ret,
    struct sn_why *why)
{
	SN_CLEANUP(approver_keys_done) struct approver_keys keys = { 0 };
	struct approvals *a = &p->plan_approvals;
	size_t i;

	SN_TRY(open_pinned(p, a, request, &keys, &i, why));
	SN_TRY(approver_sign_plan(&keys, p->plan->digest, &ret->open, why));
	SN_TRY(approver_check_plan(&p->plan->approvers[i], p->plan->digest,
	    sn_buf_bytes(&ret->open), why));
	sn_buf_put(&a->sig[i], sn_buf_bytes(&ret->open));
	SN_TRY(sn_buf_check(&a->sig[i], why));
	a->given[i] = true;
	if (approvals_count(a) >= p->plan->approvals)
		p->state = KS_APPROVED;
	return SN_OK;
}

/* ---- a keyboard that came during the ceremony */

/* Another keyboard than the one before begins with no acceptance. */
static enum sn_err
usb_pin(struct process *p, struct bytes device, struct sn_why *why)
{
	if (device.n == 0 || !text_printable(device, KEEPER_USB_MAX))
		return sn_fail(why, SN_E_FORMAT, "keeper: not a keyboard's description");
	if (bytes_equal(device, sn_buf_bytes(&p->usb)))
		return SN_OK;
	approvals_done(&p->usb_approvals);
	p->usb.n = 0;
	sn_buf_put(&p->usb, device);
	return sn_buf_check(&p->usb, why);
}

enum sn_err
serve_accept_usb(struct process *p, struct bytes request, struct answer_to *ret,
    struct sn_why *why)
{
	SN_CLEANUP(approver_keys_done) struct approver_keys keys = { 0 };
	struct approvals *a = &p->usb_approvals;
	struct bytes device = sn_buf_bytes(&p->data);
	size_t i;

	SN_TRY(usb_pin(p, device, why));
	SN_TRY(open_pinned(p, a, request, &keys, &i, why));
	SN_TRY(approver_sign_usb(&keys, p->plan->digest, device, &ret->open, why));
	SN_TRY(approver_check_usb(&p->plan->approvers[i], p->plan->digest, device,
	    sn_buf_bytes(&ret->open), why));
	a->given[i] = true;
	return SN_OK;
}

/* ---- the statement */

/* All approvals of a ceremony are about one statement: the first one's. */
static enum sn_err
statement_pin(struct process *p, struct bytes statement, struct sn_why *why)
{
	uint8_t digest[CRY_MAX_HASH];

	SN_TRY(statement_fits(p, statement, why));
	SN_TRY(cry_digest(CRY_SHA256, statement, digest, why));
	if (p->has_statement && memcmp(p->statement_digest, digest, 32) != 0)
		return sn_fail(why, SN_E_POLICY,
		    "statement.json: not the statement that was approved before");
	memcpy(p->statement_digest, digest, 32);
	return SN_OK;
}

enum sn_err
serve_approve_statement(struct process *p, struct bytes request, struct answer_to *ret,
    struct sn_why *why)
{
	SN_CLEANUP(approver_keys_done) struct approver_keys keys = { 0 };
	struct approvals *a = &p->statement_approvals;
	struct bytes statement = sn_buf_bytes(&p->data);
	size_t i;

	SN_TRY(statement_pin(p, statement, why));
	SN_TRY(open_pinned(p, a, request, &keys, &i, why));
	SN_TRY(approver_sign_statement(&keys, statement, &ret->open, why));
	sn_buf_put(&a->sig[i], sn_buf_bytes(&ret->open));
	SN_TRY(sn_buf_check(&a->sig[i], why));
	a->given[i] = true;
	p->has_statement = true;
	return SN_OK;
}

/* K approvals, each verified again over exactly these bytes. */
static enum sn_err
statement_approved(const struct process *p, struct bytes statement, struct sn_why *why)
{
	const struct approvals *a = &p->statement_approvals;
	uint32_t n = 0;
	size_t i;

	for (i = 0; i < p->plan->napprovers; i++) {
		if (!a->given[i])
			continue;
		SN_TRY(approver_check_statement(&p->plan->approvers[i], statement,
		    sn_buf_bytes(&a->sig[i]), why));
		n++;
	}
	if (n < p->plan->approvals)
		return sn_fail(why, SN_E_POLICY,
		    "statement.json: %u approvals, %u are needed before it is signed", n,
		    p->plan->approvals);
	return SN_OK;
}

static enum sn_err
statement_cms(const struct certs *c, enum key_id signer, struct bytes statement,
    struct sn_buf *ret, struct sn_why *why)
{
	const struct cry_cert *ca = c->cert[certs_row(signer)->issuer];

	return cry_cms_sign(c->key[signer], c->cert[signer], &ca, 1, statement, ret, why);
}

enum sn_err
serve_statement(struct process *p, struct bytes request, struct answer_to *ret,
    struct sn_why *why)
{
	SN_CLEANUP(sn_buf_done) struct sn_buf p384 = { 0 }, mldsa = { 0 };
	struct bytes statement = sn_buf_bytes(&p->data);
	const bool ops = p->state == KS_OPERATIONS;

	SN_TRY(bytes_end(&request, "keeper: statement", why));
	SN_TRY(statement_pin(p, statement, why));
	SN_TRY(statement_approved(p, statement, why));
	SN_TRY(statement_cms(&p->certs, ops ? KEY_OPERATIONS_P384 : KEY_STATEMENT_P384,
	    statement, &p384, why));
	SN_TRY(statement_cms(&p->certs, ops ? KEY_OPERATIONS_MLDSA87 : KEY_STATEMENT_MLDSA87,
	    statement, &mldsa, why));
	sn_buf_blob32(&ret->open, sn_buf_bytes(&p384));
	sn_buf_blob32(&ret->open, sn_buf_bytes(&mldsa));
	SN_TRY(sn_buf_check(&ret->open, why));
	process_done(p); /* nothing needs any of it after this */
	p->state = KS_SIGNED;
	return SN_OK;
}
