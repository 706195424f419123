#include "appliance/tpm/tpm.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "appliance/base/file.h"
#include "appliance/crypto/digest.h"
#include "appliance/jail/jail.h"
#include "appliance/tpm/proto.h"
#include "appliance/tpm/wire.h"
#include "appliance/tpm/work.h"

#define PROCESS_SECRETS (64U << 10)

struct process {
	struct tpm_wire_fd wire;
	struct tpm_dev *dev;
	struct tpm_ident ident; /* open once it has its ak_key */
	int seed_fd;		/* -1: no seeding, or no more */
	bool closing;
	struct sn_why fault; /* the first failed request; latched */
};

static enum sn_err
process_open_wire(struct process *p, uint8_t backend, struct bytes path, struct sn_why *why)
{
	char name[TPM_PATH_MAX + 1];

	if (backend == TPM_DEVICE)
		return tpm_wire_device(&p->wire, why);
	if ((backend != TPM_SOFTWARE && backend != TPM_SWTPM) || path.n == 0 ||
	    memchr(path.p, 0, path.n) != NULL)
		return sn_fail(why, SN_E_PROTO, "no such TPM back end");
	memcpy(name, path.p, path.n);
	name[path.n] = '\0';
	return backend == TPM_SWTPM ? tpm_wire_swtpm(name, &p->wire, why)
				    : tpm_wire_softtpm(name, &p->wire, why);
}

/* The device or socket is open, or softtpm runs: from here on a few system calls are enough. */
static enum sn_err
process_jail(const struct process *p, struct sn_why *why)
{
	const bool software = p->wire.child.pid != 0;
	struct jail_policy policy =
	    jail_policies[software ? JAIL_TPM_SOFTWARE : JAIL_TPM_DEVICE];

	policy.child = p->wire.child.pid;
	return jail_enter(&policy, why);
}

static enum sn_err
process_open(struct process *p, struct bytes *in, struct sn_buf *out SN_UNUSED,
    struct sn_why *why)
{
	struct bytes path;
	uint8_t backend;

	if (p->dev != NULL)
		return sn_fail(why, SN_E_PROTO, "the TPM is open already");
	SN_TRY(bytes_u8(in, &backend, "back end", why));
	SN_TRY(bytes_blob32(in, TPM_PATH_MAX, &path, "back end's path", why));
	SN_TRY(bytes_end(in, "start request", why));
	SN_TRY(process_open_wire(p, backend, path, why));
	SN_TRY(process_jail(p, why));
	SN_TRY(tpm_dev_open(&p->wire.wire, &p->dev, why));
	return tpm_ident_open(p->dev, (enum tpm_backend)backend, p->wire.device, &p->ident,
	    why);
}

static enum sn_err
process_info(struct process *p, struct bytes *in, struct sn_buf *out, struct sn_why *why)
{
	const struct tpm_info *i = &p->ident.info;
	const char *const texts[] = { i->device, i->manufacturer, i->vendor, i->ek_template };
	const uint32_t words[] = { i->state.permanent, i->state.startup_clear,
		i->state.lockout_counter, i->state.lockout_max, i->state.lockout_recovery,
		p->dev != NULL ? p->dev->tcti.slowest_ms : 0 };
	const struct sn_buf *const blobs[] = { &i->problem, &i->ek_pub, &i->ek_cert,
		&i->ek_chain, &i->ak_pub, &i->ak_pem };

	SN_TRY(bytes_end(in, "info request", why));
	if (i->backend == 0)
		return sn_fail(why, SN_E_PROTO, "the TPM is not open");
	sn_buf_u8(out, (uint8_t)i->backend);
	sn_buf_u8(out, (uint8_t)i->condition);
	for (size_t k = 0; k < SN_NITEMS(texts); k++)
		sn_buf_blob32(out, bytes_str(texts[k]));
	for (size_t k = 0; k < SN_NITEMS(words); k++)
		sn_buf_u32(out, words[k]);
	sn_buf_u64(out, i->firmware);
	sn_buf_u32(out, i->revision);
	sn_buf_u32(out, i->ek_cert_index);
	sn_buf_put(out, BYTES_OF(i->ek_name));
	sn_buf_put(out, BYTES_OF(i->ak_name));
	for (size_t k = 0; k < SN_NITEMS(blobs); k++)
		sn_buf_blob32(out, sn_buf_bytes(blobs[k]));
	return SN_OK;
}

static enum sn_err
process_pcr_read(struct process *p, struct bytes *in, struct sn_buf *out, struct sn_why *why)
{
	uint8_t values[TPM_PCRS][32] = { 0 };

	SN_TRY(bytes_end(in, "PCR read request", why));
	SN_TRY(tpm_dev_pcr_read(p->dev, (1U << TPM_PCRS) - 1, values, why));
	sn_buf_put(out, BYTES_OF(values));
	return SN_OK;
}

/* The seed goes to the keeper's pipe and nowhere else; the reply is the evidence. */
static enum sn_err
process_seed(struct process *p, struct bytes *in, struct sn_buf *out, struct sn_why *why)
{
	SN_CLEANUP(sn_secret_done) struct sn_secret seed = { 0 };
	SN_CLEANUP(tpm_audit_done) struct tpm_audit audit = { 0 };
	uint8_t qualifying[32];

	SN_TRY(bytes_copy(in, qualifying, sizeof(qualifying), "qualifying value", why));
	SN_TRY(bytes_end(in, "seed request", why));
	if (p->seed_fd < 0)
		return sn_fail(why, SN_E_PROTO,
		    "there is nobody to take the seed, or it was taken");
	SN_TRY(tpm_work_seed(p->dev, &p->ident, qualifying, &seed, &audit, why));
	SN_TRY(sn_fd_write(p->seed_fd, sn_secret_bytes(&seed), why));
	close(p->seed_fd);
	p->seed_fd = -1;
	sn_buf_blob32(out, sn_buf_bytes(&audit.msg));
	sn_buf_blob32(out, sn_buf_bytes(&audit.sig));
	sn_buf_blob32(out, sn_buf_bytes(&audit.list));
	return SN_OK;
}

static enum sn_err
process_extend(struct process *p, struct bytes *in, struct sn_buf *out SN_UNUSED,
    struct sn_why *why)
{
	uint8_t digest[32];
	uint32_t pcr;

	SN_TRY(bytes_u32(in, &pcr, "PCR number", why));
	SN_TRY(bytes_copy(in, digest, sizeof(digest), "digest", why));
	SN_TRY(bytes_end(in, "PCR extend request", why));
	if (pcr != TPM_PCR_TRANSCRIPT)
		return sn_fail(why, SN_E_POLICY, "PCR %u: only PCR %d is ours to extend", pcr,
		    TPM_PCR_TRANSCRIPT);
	return tpm_dev_pcr_extend(p->dev, p->ident.link, pcr, digest, why);
}

static enum sn_err
process_quote(struct process *p, struct bytes *in, struct sn_buf *out, struct sn_why *why)
{
	SN_CLEANUP(tpm_quoted_done) struct tpm_quoted q = { 0 };
	uint8_t qualifying[32];
	uint32_t mask;

	SN_TRY(bytes_u32(in, &mask, "PCR mask", why));
	SN_TRY(bytes_copy(in, qualifying, sizeof(qualifying), "qualifying value", why));
	SN_TRY(bytes_end(in, "quote request", why));
	SN_TRY(tpm_work_quote(p->dev, &p->ident, qualifying, mask, &q, why));
	sn_buf_blob32(out, sn_buf_bytes(&q.msg));
	sn_buf_blob32(out, sn_buf_bytes(&q.sig));
	sn_buf_blob32(out, sn_buf_bytes(&q.pcr));
	return SN_OK;
}

static enum sn_err
process_creation(struct process *p, struct bytes *in, struct sn_buf *out, struct sn_why *why)
{
	SN_CLEANUP(tpm_attested_done) struct tpm_attested a = { 0 };
	uint8_t qualifying[32];

	SN_TRY(bytes_copy(in, qualifying, sizeof(qualifying), "qualifying value", why));
	SN_TRY(bytes_end(in, "creation certificate request", why));
	SN_TRY(tpm_work_creation(p->dev, &p->ident, qualifying, &a, why));
	sn_buf_blob32(out, sn_buf_bytes(&a.msg));
	sn_buf_blob32(out, sn_buf_bytes(&a.sig));
	sn_buf_blob32(out, sn_buf_bytes(&a.body));
	return SN_OK;
}

static enum sn_err
process_counter(struct process *p, struct bytes *in, struct sn_buf *out, struct sn_why *why)
{
	SN_CLEANUP(tpm_counter_done) struct tpm_counter c = { 0 };
	uint8_t qualifying[32];

	SN_TRY(bytes_copy(in, qualifying, sizeof(qualifying), "qualifying value", why));
	SN_TRY(bytes_end(in, "counter request", why));
	SN_TRY(tpm_work_counter(p->dev, &p->ident, qualifying, &c, why));
	sn_buf_u8(out, c.present);
	sn_buf_u64(out, c.value);
	sn_buf_blob32(out, sn_buf_bytes(&c.reason));
	sn_buf_blob32(out, sn_buf_bytes(&c.by.msg));
	sn_buf_blob32(out, sn_buf_bytes(&c.by.sig));
	sn_buf_blob32(out, sn_buf_bytes(&c.by.body));
	return SN_OK;
}

/* A nonce: it may be seen by whoever asked for it (docs/TPM.md, "Enrolment"). */
static enum sn_err
process_activate(struct process *p, struct bytes *in, struct sn_buf *out, struct sn_why *why)
{
	SN_CLEANUP(sn_buf_done) struct sn_buf secret = { 0 };
	struct bytes challenge;

	SN_TRY(bytes_blob32(in, TPM_CHALLENGE_MAX, &challenge, "challenge", why));
	SN_TRY(bytes_end(in, "activation request", why));
	SN_TRY(tpm_work_activate(p->dev, &p->ident, challenge, &secret, why));
	sn_buf_blob32(out, sn_buf_bytes(&secret));
	return SN_OK;
}

static enum sn_err
process_close(struct process *p, struct bytes *in, struct sn_buf *out SN_UNUSED,
    struct sn_why *why)
{
	SN_TRY(bytes_end(in, "close request", why));
	p->closing = true;
	return SN_OK;
}

static const struct process_op {
	enum sn_err (*run)(struct process *p, struct bytes *in, struct sn_buf *out,
	    struct sn_why *why);
	bool needs_tpm;
} process_ops[TPM_OP_COUNT] = {
	[TPM_OP_OPEN] = { process_open, false },
	[TPM_OP_INFO] = { process_info, false },
	[TPM_OP_PCR_READ] = { process_pcr_read, true },
	[TPM_OP_SEED] = { process_seed, true },
	[TPM_OP_EXTEND] = { process_extend, true },
	[TPM_OP_QUOTE] = { process_quote, true },
	[TPM_OP_CREATION] = { process_creation, true },
	[TPM_OP_COUNTER] = { process_counter, true },
	[TPM_OP_ACTIVATE] = { process_activate, true },
	[TPM_OP_CLOSE] = { process_close, false },
};

static enum sn_err
process_request(struct process *p, uint16_t type, struct bytes in, struct sn_buf *out,
    struct sn_why *why)
{
	const struct process_op *op = type < TPM_OP_COUNT ? &process_ops[type] : NULL;

	if (op == NULL || op->run == NULL)
		return sn_fail(why, SN_E_PROTO, "there is no TPM request %u", type);
	if (p->fault.err != SN_OK && type != TPM_OP_CLOSE)
		return sn_fail(why, p->fault.err, "%s", p->fault.text);
	if (op->needs_tpm && p->ident.info.condition != TPM_USABLE)
		return tpm_usable(&p->ident.info, why);
	if (op->needs_tpm && p->ident.ak_key == NULL)
		return sn_fail(why, SN_E_PROTO, "the TPM is not open");
	SN_TRY(op->run(p, &in, out, why));
	return sn_buf_check(out, why);
}

/* One request, one reply. */
static enum sn_err
process_turn(struct process *p, struct sn_link *link, struct sn_why *why)
{
	SN_CLEANUP(sn_frame_done) struct sn_frame f = { 0 };
	SN_CLEANUP(sn_buf_done) struct sn_buf out = { 0 };
	struct sn_why refused = { 0 };
	enum sn_err e;

	SN_TRY(sn_frame_recv(link, false, &f, why));
	e = process_request(p, f.type, sn_buf_bytes(&f.open), &out, &refused);
	if (e == SN_OK)
		return sn_frame_send(link, f.type, SN_OK, sn_buf_bytes(&out), why);
	if (p->fault.err == SN_OK)
		p->fault = refused;
	return sn_frame_send(link, f.type, (uint16_t)e, bytes_str(refused.text), why);
}

static enum sn_err
process_serve(struct process *p, const struct tpm_process_args *args, struct sn_why *why)
{
	struct sn_link link = { .in = args->in, .out = args->out };

	while (!p->closing)
		SN_TRY(process_turn(p, &link, why));
	return SN_OK;
}

static void
process_done(struct process *p)
{
	if (p->ident.info.backend != 0)
		tpm_ident_done(p->dev, &p->ident);
	tpm_dev_free(&p->dev);
	tpm_wire_done(&p->wire);
	if (p->seed_fd >= 0)
		close(p->seed_fd);
}

/* tpm2-tss writes to standard error unless it is told not to, here only. */
static enum sn_err
process_prepare(struct sn_why *why)
{
	umask(077);
	if (signal(SIGPIPE, SIG_IGN) == SIG_ERR || setenv("TSS2_LOG", "all+none", 1) != 0)
		return sn_fail(why, SN_E_INTERNAL, "TPM process: %s", strerror(errno));
	SN_TRY(sn_secret_start(PROCESS_SECRETS, why));
	return cry_start(why);
}

int
tpm_process_main(const struct tpm_process_args *args)
{
	struct process p = { .wire = { .in = -1, .out = -1 }, .seed_fd = args->seed_fd };
	struct sn_why why = { 0 };
	enum sn_err e;

	if (p.seed_fd >= 0 && fcntl(p.seed_fd, F_GETFD) < 0)
		p.seed_fd = -1;
	e = process_prepare(&why);
	if (e == SN_OK)
		e = process_serve(&p, args, &why);
	process_done(&p);
	sn_secret_stop();
	return sn_err_exit(e);
}
