#include "appliance/tpm/tcti.h"

#include <string.h>
#include <time.h>

#include <tss2/tss2_tpm2_types.h>

#define TCTI_MAGIC 0x434f524e45525354ULL
#define TCTI_VERSION 2
#define TCTI_SESSIONS 3 /* at most, in one command [TCG P1 18.6] */

/* How long a command may take; the creation of a key has no bound of its own. */
#define TCTI_MS 30000U
static const struct tcti_limit {
	TPM2_CC cc;
	unsigned int ms;
} tcti_limits[] = {
	{ TPM2_CC_CreatePrimary, 180000U },
	{ TPM2_CC_SelfTest, 60000U },
};

/* A good answer to these is a header and nothing else, when there is no session. */
static const TPM2_CC tcti_empty[] = { TPM2_CC_Startup, TPM2_CC_SelfTest, TPM2_CC_FlushContext };

/* Busy answers: the same bytes are sent again, with growing pauses, this often. */
#define TCTI_RETRIES 24
#define TCTI_PAUSE_MS 1
#define TCTI_PAUSE_MAX_MS 250

static bool
tcti_busy(uint32_t rc)
{
	static const TPM2_RC busy[] = { TPM2_RC_RETRY, TPM2_RC_YIELDED, TPM2_RC_TESTING,
		TPM2_RC_NV_RATE };

	for (size_t i = 0; i < SN_NITEMS(busy); i++) {
		if (busy[i] == rc)
			return true;
	}
	return false;
}

static uint32_t
tcti_u32(const uint8_t *p)
{
	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

static unsigned int
tcti_timeout(const struct tpm_tcti *t)
{
	uint32_t cc = tcti_u32(t->command.b + 6);

	if (t->timeout_ms != 0)
		return t->timeout_ms;
	for (size_t i = 0; i < SN_NITEMS(tcti_limits); i++) {
		if (tcti_limits[i].cc == cc)
			return tcti_limits[i].ms;
	}
	return TCTI_MS;
}

static bool
tcti_is_empty(const struct tpm_tcti *t)
{
	for (size_t i = 0; i < SN_NITEMS(tcti_empty); i++) {
		if (tcti_empty[i] == tcti_u32(t->command.b + 6))
			return true;
	}
	return false;
}

/* A handle, where there is one; parameters; nonce, attributes and HMAC per session. */
static enum sn_err
tcti_check_sessions(const struct tpm_tcti *t, struct bytes b, struct sn_why *why)
{
	/* the only such command that we send */
	bool handle = tcti_u32(t->command.b + 6) == TPM2_CC_CreatePrimary;
	struct bytes skipped;
	uint16_t n;
	uint8_t attributes;

	SN_TRY(bytes_take(&b, handle ? 4 : 0, &skipped, "response handle", why));
	SN_TRY(bytes_blob32(&b, TPM_MSG_MAX, &skipped, "response parameters", why));
	for (int i = 0; i < TCTI_SESSIONS && b.n > 0; i++) {
		SN_TRY(bytes_u16(&b, &n, "session nonce", why));
		SN_TRY(bytes_take(&b, n, &skipped, "session nonce", why));
		SN_TRY(bytes_u8(&b, &attributes, "session attributes", why));
		SN_TRY(bytes_u16(&b, &n, "session HMAC", why));
		SN_TRY(bytes_take(&b, n, &skipped, "session HMAC", why));
	}
	return bytes_end(&b, "TPM response", why);
}

/*
 * What no answer to this command can be, whatever it says. tpm2-tss ignores what
 * comes behind the part it knows; here that is an error.
 */
static enum sn_err
tcti_check(const struct tpm_tcti *t, struct sn_why *why)
{
	struct bytes b = tpm_msg_bytes(&t->response);
	uint16_t tag, asked = (uint16_t)(t->command.b[0] << 8 | t->command.b[1]);
	uint32_t n, rc;

	SN_TRY(bytes_u16(&b, &tag, "response tag", why));
	SN_TRY(bytes_u32(&b, &n, "response length", why));
	SN_TRY(bytes_u32(&b, &rc, "response code", why));
	if (n != t->response.n)
		return sn_fail(why, SN_E_TPM, "a response of %zu bytes claims %u",
		    t->response.n, n);
	if (tag != TPM2_ST_NO_SESSIONS && tag != TPM2_ST_SESSIONS)
		return sn_fail(why, SN_E_TPM, "a response with the tag 0x%04x", tag);
	if (rc != TPM2_RC_SUCCESS)
		return bytes_end(&b, "TPM error response", why);
	if (tag != asked)
		return sn_fail(why, SN_E_TPM,
		    "a response with the tag 0x%04x to a command with 0x%04x", tag, asked);
	if (tag == TPM2_ST_SESSIONS)
		return tcti_check_sessions(t, b, why);
	return tcti_is_empty(t) ? bytes_end(&b, "TPM response", why) : SN_OK;
}

static uint32_t
tcti_since(const struct timespec *start)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint32_t)((now.tv_sec - start->tv_sec) * 1000 +
	    (now.tv_nsec - start->tv_nsec) / 1000000);
}

static enum sn_err
tcti_exchange(struct tpm_tcti *t, struct sn_why *why)
{
	unsigned int max = t->pause_max_ms != 0 ? t->pause_max_ms : TCTI_PAUSE_MAX_MS;
	unsigned int pause = TCTI_PAUSE_MS;

	for (int i = 0; i <= TCTI_RETRIES; i++) {
		struct timespec ts = { 0, (long)pause * 1000000 };

		SN_TRY(t->wire->exchange(t->wire, tpm_msg_bytes(&t->command), tcti_timeout(t),
		    &t->response, why));
		SN_TRY(tcti_check(t, why));
		if (!tcti_busy(tcti_u32(t->response.b + 6)))
			return SN_OK;
		nanosleep(&ts, NULL);
		pause = pause * 2 > max ? max : pause * 2;
	}
	return sn_fail(why, SN_E_TPM, "the TPM said %d times that it is busy (0x%x)",
	    TCTI_RETRIES + 1, tcti_u32(t->response.b + 6));
}

static TSS2_RC
tcti_transmit(TSS2_TCTI_CONTEXT *ctx, size_t size, const uint8_t *command)
{
	struct tpm_tcti *t = (struct tpm_tcti *)ctx;

	if (t->why.err != SN_OK)
		return TSS2_TCTI_RC_IO_ERROR;
	if (t->pending)
		return TSS2_TCTI_RC_BAD_SEQUENCE;
	if (command == NULL || size < TPM_MSG_HEADER || size > sizeof(t->command.b))
		return TSS2_TCTI_RC_BAD_VALUE;
	memcpy(t->command.b, command, size);
	t->command.n = size;
	t->pending = true;
	return TSS2_RC_SUCCESS;
}

/* tpm2-tss's own timeout is not used: ours is per command. */
static TSS2_RC
tcti_receive(TSS2_TCTI_CONTEXT *ctx, size_t *size, uint8_t *response, int32_t timeout SN_UNUSED)
{
	struct tpm_tcti *t = (struct tpm_tcti *)ctx;
	struct timespec start;
	uint32_t took;

	if (t->why.err != SN_OK)
		return TSS2_TCTI_RC_IO_ERROR;
	if (!t->pending)
		return TSS2_TCTI_RC_BAD_SEQUENCE;
	if (response == NULL) {
		*size = TPM_MSG_MAX;
		return TSS2_RC_SUCCESS;
	}
	if (*size < TPM_MSG_MAX)
		return TSS2_TCTI_RC_INSUFFICIENT_BUFFER;
	t->pending = false;
	clock_gettime(CLOCK_MONOTONIC, &start);
	if (tcti_exchange(t, &t->why) != SN_OK)
		return TSS2_TCTI_RC_IO_ERROR;
	took = tcti_since(&start);
	if (took > t->slowest_ms)
		t->slowest_ms = took;
	/* tpm2-tss reads beyond a short response: into zeros, not into what was there */
	memcpy(response, t->response.b, t->response.n);
	memset(response + t->response.n, 0, *size - t->response.n);
	*size = t->response.n;
	return TSS2_RC_SUCCESS;
}

/* The wire is the caller's and outlives this. */
static void
tcti_finalize(TSS2_TCTI_CONTEXT *ctx SN_UNUSED)
{
}

void
tpm_tcti_init(struct tpm_tcti *t, struct tpm_wire *wire)
{
	*t = (struct tpm_tcti){ .wire = wire };
	t->common.v1.magic = TCTI_MAGIC;
	t->common.v1.version = TCTI_VERSION;
	t->common.v1.transmit = tcti_transmit;
	t->common.v1.receive = tcti_receive;
	t->common.v1.finalize = tcti_finalize;
}

TSS2_TCTI_CONTEXT *
tpm_tcti_context(struct tpm_tcti *t)
{
	return (TSS2_TCTI_CONTEXT *)t;
}
