#include "appliance/tpm/tpm.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "appliance/base/file.h"
#include "appliance/base/text.h"
#include "appliance/tpm/proto.h"

struct tpm {
	struct sn_child child;
	struct sn_why fault; /* latched */
};

#define CLIENT_OP_(op, text, seconds) [op] = { text, seconds },
static const struct client_op {
	const char *name;
	unsigned int seconds;
} client_ops[TPM_OP_COUNT] = { TPM_OP_LIST(CLIENT_OP_) };

static const char *const backend_names[] = {
	[TPM_DEVICE] = "device",
	[TPM_SOFTWARE] = "software",
	[TPM_SWTPM] = "swtpm",
};

const char *
tpm_backend_name(enum tpm_backend b)
{
	size_t i = (size_t)b;

	return i >= 1 && i < SN_NITEMS(backend_names) ? backend_names[i] : "unknown";
}

static const char *const condition_names[TPM_CONDITIONS] = {
	[TPM_USABLE] = "usable",
	[TPM_ABSENT] = "absent",
	[TPM_FAILED] = "failed",
	[TPM_DISABLED] = "disabled",
	[TPM_OWNED] = "owned",
	[TPM_NO_ROOM] = "no-room",
};

const char *
tpm_condition_name(enum tpm_condition c)
{
	size_t i = (size_t)c;

	return i < TPM_CONDITIONS ? condition_names[i] : "unknown";
}

/* Remember the first failure; give back what the caller returns. */
static enum sn_err
client_latch(struct tpm *t, enum sn_err e, struct sn_why *why)
{
	if (e == SN_OK)
		return SN_OK;
	if (t->fault.err == SN_OK)
		(void)sn_fail(&t->fault, e, "no reason was given");
	return sn_fail(why, t->fault.err, "%s", t->fault.text);
}

static enum sn_err
client_call(struct tpm *t, enum tpm_op op, const struct sn_buf *request, struct sn_frame *ret,
    struct sn_why *why)
{
	enum sn_err e;

	if (t->fault.err != SN_OK)
		return sn_fail(why, t->fault.err, "%s", t->fault.text);
	e = sn_buf_check(request, &t->fault);
	if (e == SN_OK) {
		t->child.link.timeout_ms = client_ops[op].seconds * 1000;
		e = sn_frame_call(&t->child.link, (uint16_t)op, sn_buf_bytes(request), false,
		    ret, &t->fault);
	}
	return client_latch(t, e, why);
}

static enum sn_err
client_qualified(struct tpm *t, enum tpm_op op, const uint8_t qualifying[32],
    struct sn_frame *ret, struct sn_why *why)
{
	SN_CLEANUP(sn_buf_done) struct sn_buf request = { 0 };

	sn_buf_put(&request, (struct bytes){ qualifying, 32 });
	return client_call(t, op, &request, ret, why);
}

static enum sn_err
client_open(struct tpm *t, enum tpm_backend backend, const char *path, struct sn_why *why)
{
	SN_CLEANUP(sn_buf_done) struct sn_buf request = { 0 };
	SN_CLEANUP(sn_frame_done) struct sn_frame reply = { 0 };

	sn_buf_u8(&request, (uint8_t)backend);
	sn_buf_blob32(&request, bytes_str(path != NULL ? path : ""));
	return client_call(t, TPM_OP_OPEN, &request, &reply, why);
}

enum sn_err
tpm_start(const char *self_exe, enum tpm_backend backend, const char *path, int seed_fd,
    struct tpm **ret, struct sn_why *why)
{
	SN_CLEANUP(tpm_free) struct tpm *t = calloc(1, sizeof(*t));
	char role[] = "--role=tpm";
	char *argv[] = { NULL, role, NULL };
	SN_CLEANUP(sn_buf_done) struct sn_buf self = { 0 };

	if (t == NULL)
		return sn_fail(why, SN_E_NOMEM, "TPM client");
	sn_buf_str(&self, self_exe);
	SN_TRY(sn_buf_check(&self, why));
	(void)sn_buf_cstr(&self); /* keeps a NUL behind the bytes */
	argv[0] = (char *)self.p;
	SN_TRY(sn_child_start(self_exe, argv, seed_fd, &t->child, why));
	SN_TRY(client_open(t, backend, path, why));
	*ret = SN_TAKE(t);
	return SN_OK;
}

void
tpm_free(struct tpm **tp)
{
	SN_CLEANUP(sn_frame_done) struct sn_frame reply = { 0 };

	if (tp == NULL || *tp == NULL)
		return;
	/* an orderly end flushes what is loaded; it is asked for even after a fault */
	if ((*tp)->child.pid != 0) {
		(*tp)->child.link.timeout_ms = client_ops[TPM_OP_CLOSE].seconds * 1000;
		if ((*tp)->fault.err != SN_E_PROTO && (*tp)->fault.err != SN_E_IO)
			(void)!sn_frame_call(&(*tp)->child.link, TPM_OP_CLOSE,
			    (struct bytes){ 0 }, false, &reply, NULL);
	}
	sn_child_done(&(*tp)->child);
	free(*tp);
	*tp = NULL;
}

enum sn_err
tpm_softtpm_path(struct sn_buf *ret, struct sn_why *why)
{
	char path[TPM_PATH_MAX];
	ssize_t n = readlink("/proc/self/exe", path, sizeof(path) - 1);
	char *slash;

	if (n <= 0)
		return sn_fail(why, SN_E_IO, "/proc/self/exe: %s", strerror(errno));
	path[n] = '\0';
	slash = strrchr(path, '/');
	if (slash == NULL)
		return sn_fail(why, SN_E_IO, "/proc/self/exe: \"%s\" is no path", path);
	slash[1] = '\0';
	sn_buf_str(ret, path);
	sn_buf_str(ret, "softtpm");
	return sn_buf_check(ret, why);
}

void
tpm_info_done(struct tpm_info *i)
{
	if (i == NULL)
		return;
	sn_buf_done(&i->problem);
	sn_buf_done(&i->ek_pub);
	sn_buf_done(&i->ek_cert);
	sn_buf_done(&i->ek_chain);
	sn_buf_done(&i->ak_pub);
	sn_buf_done(&i->ak_pem);
}

void
tpm_audit_done(struct tpm_audit *a)
{
	if (a == NULL)
		return;
	sn_buf_done(&a->msg);
	sn_buf_done(&a->sig);
	sn_buf_done(&a->list);
}

void
tpm_attested_done(struct tpm_attested *a)
{
	if (a == NULL)
		return;
	sn_buf_done(&a->msg);
	sn_buf_done(&a->sig);
	sn_buf_done(&a->body);
}

void
tpm_counter_done(struct tpm_counter *c)
{
	if (c == NULL)
		return;
	sn_buf_done(&c->reason);
	tpm_attested_done(&c->by);
}

void
tpm_quoted_done(struct tpm_quoted *q)
{
	if (q == NULL)
		return;
	sn_buf_done(&q->msg);
	sn_buf_done(&q->sig);
	sn_buf_done(&q->pcr);
}

/* A short text of the reply into room bytes; what people will see, so printable. */
static enum sn_err
take_text(struct bytes *in, char *ret, size_t room, const char *what, struct sn_why *why)
{
	struct bytes v;

	SN_TRY(bytes_blob32(in, room - 1, &v, what, why));
	if (!text_printable(v, room - 1))
		return sn_fail(why, SN_E_PROTO, "%s cannot be shown", what);
	if (v.n > 0)
		memcpy(ret, v.p, v.n);
	ret[v.n] = '\0';
	return SN_OK;
}

static enum sn_err
take_blob(struct bytes *in, struct sn_buf *ret, const char *what, struct sn_why *why)
{
	struct bytes v;

	SN_TRY(bytes_blob32(in, TPM_FIELD_MAX, &v, what, why));
	sn_buf_put(ret, v);
	return sn_buf_check(ret, why);
}

static enum sn_err
take_state(struct bytes *in, struct tpm_info *i, struct sn_why *why)
{
	uint32_t *const words[] = { &i->state.permanent, &i->state.startup_clear,
		&i->state.lockout_counter, &i->state.lockout_max, &i->state.lockout_recovery,
		&i->slowest_ms };

	for (size_t k = 0; k < SN_NITEMS(words); k++)
		SN_TRY(bytes_u32(in, words[k], "TPM state", why));
	return SN_OK;
}

static enum sn_err
take_info(struct bytes *in, struct tpm_info *i, struct sn_why *why)
{
	uint8_t backend, condition;

	SN_TRY(bytes_u8(in, &backend, "back end", why));
	if (backend < TPM_DEVICE || backend > TPM_SWTPM)
		return sn_fail(why, SN_E_PROTO, "TPM back end %u", backend);
	i->backend = (enum tpm_backend)backend;
	SN_TRY(bytes_u8(in, &condition, "condition", why));
	if (condition >= TPM_CONDITIONS)
		return sn_fail(why, SN_E_PROTO, "TPM condition %u", condition);
	i->condition = (enum tpm_condition)condition;
	SN_TRY(take_text(in, i->device, sizeof(i->device), "device", why));
	SN_TRY(take_text(in, i->manufacturer, sizeof(i->manufacturer), "manufacturer", why));
	SN_TRY(take_text(in, i->vendor, sizeof(i->vendor), "vendor", why));
	SN_TRY(take_text(in, i->ek_template, sizeof(i->ek_template), "EK template", why));
	SN_TRY(take_state(in, i, why));
	SN_TRY(bytes_u64(in, &i->firmware, "firmware version", why));
	SN_TRY(bytes_u32(in, &i->revision, "revision", why));
	SN_TRY(bytes_u32(in, &i->ek_cert_index, "EK certificate index", why));
	SN_TRY(bytes_copy(in, i->ek_name, TPM_NAME_LEN, "EK name", why));
	SN_TRY(bytes_copy(in, i->ak_name, TPM_NAME_LEN, "AK name", why));
	SN_TRY(take_blob(in, &i->problem, "problem", why));
	SN_TRY(take_blob(in, &i->ek_pub, "EK public area", why));
	SN_TRY(take_blob(in, &i->ek_cert, "EK certificate", why));
	SN_TRY(take_blob(in, &i->ek_chain, "certificates above it", why));
	SN_TRY(take_blob(in, &i->ak_pub, "AK public area", why));
	SN_TRY(take_blob(in, &i->ak_pem, "AK PEM", why));
	return bytes_end(in, "info reply", why);
}

enum sn_err
tpm_info(struct tpm *t, struct tpm_info *ret, struct sn_why *why)
{
	SN_CLEANUP(sn_frame_done) struct sn_frame reply = { 0 };
	SN_CLEANUP(tpm_info_done) struct tpm_info i = { 0 };
	struct bytes in;

	SN_TRY(client_call(t, TPM_OP_INFO, &(struct sn_buf){ 0 }, &reply, why));
	in = sn_buf_bytes(&reply.open);
	SN_TRY(client_latch(t, take_info(&in, &i, &t->fault), why));
	*ret = i;
	i = (struct tpm_info){ 0 };
	return SN_OK;
}

enum sn_err
tpm_usable(const struct tpm_info *i, struct sn_why *why)
{
	if (i->condition == TPM_USABLE)
		return SN_OK;
	return sn_fail(why, SN_E_TPM, "%.*s", (int)i->problem.n, (const char *)i->problem.p);
}

enum sn_err
tpm_pcr_read(struct tpm *t, uint8_t ret[TPM_PCRS][32], struct sn_why *why)
{
	SN_CLEANUP(sn_frame_done) struct sn_frame reply = { 0 };

	SN_TRY(client_call(t, TPM_OP_PCR_READ, &(struct sn_buf){ 0 }, &reply, why));
	if (reply.open.n != TPM_PCRS * 32)
		return client_latch(t,
		    sn_fail(&t->fault, SN_E_PROTO, "%zu bytes of PCRs", reply.open.n), why);
	memcpy(ret, reply.open.p, TPM_PCRS * 32);
	return SN_OK;
}

static enum sn_err
take_three(struct bytes *in, struct sn_buf *a, struct sn_buf *b, struct sn_buf *c,
    struct sn_why *why)
{
	SN_TRY(take_blob(in, a, "attestation", why));
	SN_TRY(take_blob(in, b, "signature", why));
	SN_TRY(take_blob(in, c, "third part", why));
	return bytes_end(in, "attestation reply", why);
}

enum sn_err
tpm_seed(struct tpm *t, const uint8_t qualifying[32], struct tpm_audit *ret, struct sn_why *why)
{
	SN_CLEANUP(sn_frame_done) struct sn_frame reply = { 0 };
	SN_CLEANUP(tpm_audit_done) struct tpm_audit a = { 0 };
	struct bytes in;

	SN_TRY(client_qualified(t, TPM_OP_SEED, qualifying, &reply, why));
	in = sn_buf_bytes(&reply.open);
	SN_TRY(client_latch(t, take_three(&in, &a.msg, &a.sig, &a.list, &t->fault), why));
	*ret = a;
	a = (struct tpm_audit){ 0 };
	return SN_OK;
}

enum sn_err
tpm_creation(struct tpm *t, const uint8_t qualifying[32], struct tpm_attested *ret,
    struct sn_why *why)
{
	SN_CLEANUP(sn_frame_done) struct sn_frame reply = { 0 };
	SN_CLEANUP(tpm_attested_done) struct tpm_attested a = { 0 };
	struct bytes in;

	SN_TRY(client_qualified(t, TPM_OP_CREATION, qualifying, &reply, why));
	in = sn_buf_bytes(&reply.open);
	SN_TRY(client_latch(t, take_three(&in, &a.msg, &a.sig, &a.body, &t->fault), why));
	*ret = a;
	a = (struct tpm_attested){ 0 };
	return SN_OK;
}

static enum sn_err
take_counter(struct bytes *in, struct tpm_counter *c, struct sn_why *why)
{
	uint8_t present;

	SN_TRY(bytes_u8(in, &present, "counter", why));
	if (present > 1)
		return sn_fail(why, SN_E_PROTO, "counter: %u is neither yes nor no", present);
	c->present = present == 1;
	SN_TRY(bytes_u64(in, &c->value, "counter", why));
	SN_TRY(take_blob(in, &c->reason, "counter's reason", why));
	return take_three(in, &c->by.msg, &c->by.sig, &c->by.body, why);
}

enum sn_err
tpm_counter(struct tpm *t, const uint8_t qualifying[32], struct tpm_counter *ret,
    struct sn_why *why)
{
	SN_CLEANUP(sn_frame_done) struct sn_frame reply = { 0 };
	SN_CLEANUP(tpm_counter_done) struct tpm_counter c = { 0 };
	struct bytes in;

	SN_TRY(client_qualified(t, TPM_OP_COUNTER, qualifying, &reply, why));
	in = sn_buf_bytes(&reply.open);
	SN_TRY(client_latch(t, take_counter(&in, &c, &t->fault), why));
	*ret = c;
	c = (struct tpm_counter){ 0 };
	return SN_OK;
}

enum sn_err
tpm_extend(struct tpm *t, unsigned int pcr, const uint8_t digest[32], struct sn_why *why)
{
	SN_CLEANUP(sn_buf_done) struct sn_buf request = { 0 };
	SN_CLEANUP(sn_frame_done) struct sn_frame reply = { 0 };

	sn_buf_u32(&request, pcr);
	sn_buf_put(&request, (struct bytes){ digest, 32 });
	return client_call(t, TPM_OP_EXTEND, &request, &reply, why);
}

enum sn_err
tpm_quote(struct tpm *t, const uint8_t qualifying[32], uint32_t mask, struct tpm_quoted *ret,
    struct sn_why *why)
{
	SN_CLEANUP(sn_buf_done) struct sn_buf request = { 0 };
	SN_CLEANUP(sn_frame_done) struct sn_frame reply = { 0 };
	SN_CLEANUP(tpm_quoted_done) struct tpm_quoted q = { 0 };
	struct bytes in;

	sn_buf_u32(&request, mask);
	sn_buf_put(&request, (struct bytes){ qualifying, 32 });
	SN_TRY(client_call(t, TPM_OP_QUOTE, &request, &reply, why));
	in = sn_buf_bytes(&reply.open);
	SN_TRY(client_latch(t, take_three(&in, &q.msg, &q.sig, &q.pcr, &t->fault), why));
	*ret = q;
	q = (struct tpm_quoted){ 0 };
	return SN_OK;
}

enum sn_err
tpm_eventlog(const char *path, struct sn_buf *ret, struct sn_why *why)
{
	return sn_file_read(AT_FDCWD, path, TPM_EVENTLOG_MAX, ret, why);
}

enum sn_err
tpm_activate(struct tpm *t, struct bytes challenge, struct sn_buf *ret, struct sn_why *why)
{
	SN_CLEANUP(sn_buf_done) struct sn_buf request = { 0 }, secret = { 0 };
	SN_CLEANUP(sn_frame_done) struct sn_frame reply = { 0 };
	struct bytes in;

	sn_buf_blob32(&request, challenge);
	SN_TRY(client_call(t, TPM_OP_ACTIVATE, &request, &reply, why));
	in = sn_buf_bytes(&reply.open);
	SN_TRY(client_latch(t, take_blob(&in, &secret, "answer", &t->fault), why));
	SN_TRY(client_latch(t, bytes_end(&in, "activation reply", &t->fault), why));
	sn_buf_put(ret, sn_buf_bytes(&secret));
	return sn_buf_check(ret, why);
}
