#include "ceremony/keeper/process.h"

#include <fcntl.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "appliance/jail/jail.h"
#include "ceremony/keeper/keeper.h"

#define ARENA (1U << 20)

struct request_row {
	uint16_t type;
	const char *name;
	unsigned int states;
	enum sn_err (*serve)(struct process *p, struct bytes request, struct answer_to *ret,
	    struct sn_why *why);
};

#define KEEPER_ROW_(name, number, states, serve) { number, #name, states, serve },
static const struct request_row request_rows[] = { KEEPER_REQUESTS(KEEPER_ROW_) };

void
approvals_done(struct approvals *a)
{
	size_t i;

	for (i = 0; i < PLAN_MAX_APPROVERS; i++) {
		a->given[i] = false;
		sn_buf_done(&a->sig[i]);
	}
}

void
opened_done(struct opened *o)
{
	for (size_t i = 0; i < OPENED_MAX; i++)
		sn_secret_done(&o->text[i]);
	*o = (struct opened){ 0 };
}

void
process_done(struct process *p)
{
	size_t i;

	if (p->seed_fd >= 0)
		close(p->seed_fd);
	p->seed_fd = -1;
	sn_buf_done(&p->data);
	plan_free(&p->plan);
	approvals_done(&p->plan_approvals);
	approvals_done(&p->statement_approvals);
	approvals_done(&p->usb_approvals);
	sn_buf_done(&p->usb);
	ent_source_done(&p->dice);
	sn_secret_done(&p->master);
	for (i = 0; i < PLAN_MAX_SHARES; i++) {
		sn_secret_done(&p->shown[i]);
		sn_secret_done(&p->typed[i]);
		slip39_share_done(&p->entered[i]);
	}
	for (i = 0; i < PLAN_MAX_APPROVERS; i++) {
		sn_secret_done(&p->ops_text[i]);
		opened_done(&p->opened[i]);
	}
	sn_secret_done(&p->operations);
	certs_done(&p->certs);
}

static void
answer_done(struct answer_to *a)
{
	sn_buf_done(&a->open);
	sn_secret_done(&a->secret);
}

/* Look the request up, see whether it may come now, serve it. */
static enum sn_err
dispatch(struct process *p, uint16_t type, struct bytes request, struct answer_to *ret,
    struct sn_why *why)
{
	size_t i;

	for (i = 0; i < SN_NITEMS(request_rows); i++) {
		const struct request_row *r = &request_rows[i];

		if (r->type != type)
			continue;
		if ((r->states & (unsigned int)p->state) == 0)
			return sn_fail(why, SN_E_PROTO,
			    "keeper: %s is not allowed now (state %u)", r->name,
			    (unsigned int)p->state);
		if (request.n > KEEPER_REQUEST_MAX)
			return sn_fail(why, SN_E_PROTO, "keeper: %s of %zu bytes", r->name,
			    request.n);
		return r->serve(p, request, ret, why);
	}
	return sn_fail(why, SN_E_PROTO, "keeper: request %u is not known", type);
}

void
process_run(struct process *p, struct sn_link *link)
{
	for (;;) {
		SN_CLEANUP(sn_frame_done) struct sn_frame request = { 0 };
		SN_CLEANUP(answer_done) struct answer_to answer = { 0 };
		struct sn_why said = { 0 };
		struct bytes payload;
		enum sn_err e;

		/* a closed pipe is how a ceremony ends, whatever state it is in */
		if (sn_frame_recv(link, true, &request, NULL) != SN_OK)
			return;
		e = dispatch(p, request.type, sn_secret_bytes(&request.secret), &answer, &said);
		if (e == SN_OK)
			e = sn_buf_check(&answer.open, &said);
		if (request.type != KR_DATA)
			p->data.n = 0; /* it was about this request, and no other */
		payload = answer.secret.n > 0 ? sn_secret_bytes(&answer.secret)
					      : sn_buf_bytes(&answer.open);
		if (e != SN_OK)
			payload = bytes_str(said.text);
		if (sn_frame_send(link, request.type, (uint16_t)e, payload, NULL) != SN_OK)
			return;
	}
}

enum sn_err
serve_hello(struct process *p SN_UNUSED, struct bytes request, struct answer_to *ret SN_UNUSED,
    struct sn_why *why)
{
	return bytes_end(&request, "keeper: hello", why);
}

enum sn_err
serve_data(struct process *p, struct bytes request, struct answer_to *ret SN_UNUSED,
    struct sn_why *why)
{
	if (request.n > KEEPER_DATA_MAX - p->data.n)
		return sn_fail(why, SN_E_LIMIT, "keeper: more than %u bytes sent ahead",
		    KEEPER_DATA_MAX);
	sn_buf_put(&p->data, request);
	return sn_buf_check(&p->data, why);
}

/* Tell the first request why nothing will be served. */
static void
refuse(struct sn_link *link, enum sn_err e, const struct sn_why *reason)
{
	SN_CLEANUP(sn_frame_done) struct sn_frame request = { 0 };
	struct sn_why why = { 0 };

	if (sn_frame_recv(link, false, &request, &why) != SN_OK ||
	    sn_frame_send(link, request.type, (uint16_t)e, bytes_str(reason->text), &why) !=
		SN_OK)
		sn_err_print("keeper", e, reason);
}

int
keeper_process_main(void)
{
	bool seeded = fcntl(SN_CHILD_EXTRA, F_GETFD) >= 0;
	struct process p = { .state = KS_NEW, .seed_fd = seeded ? SN_CHILD_EXTRA : -1 };
	struct sn_link link = { SN_CHILD_IN, SN_CHILD_OUT, 0 };
	struct sn_why why = { 0 };
	enum sn_err e;

	e = sn_secret_start(ARENA, &why);
	if (e == SN_OK)
		e = cry_start(&why);
	tzset(); /* or gmtime_r() would look for a file when certificates are made */
	if (e == SN_OK)
		e = jail_enter(&jail_policies[JAIL_KEEPER], &why);
	if (e != SN_OK) {
		refuse(&link, e, &why);
		return sn_err_exit(e);
	}
	process_run(&p, &link);
	process_done(&p);
	sn_secret_stop();
	return 0;
}
