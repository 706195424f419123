#include "appliance/tpm/replay.h"

#include <stdlib.h>
#include <string.h>

#include "appliance/tpm/wire.h"

#define TIMEOUT_MS 30000
#define RETRIES 24
#define PCRS 16
#define RC_RETRY 0x922U
#define TAG_NO_SESSIONS 0x8001
#define TAG_SESSIONS 0x8002
#define CC_STARTUP 0x144U
#define CC_PCR_READ 0x17eU
#define CC_PCR_EXTEND 0x182U
#define ALG_SHA256 0x000b
#define RS_PW 0x40000009U /* the empty password */

struct tpm_replay {
	struct tpm_wire_fd wire;
	struct tpm_msg answer;
};

/* Send a command whose length is still zero; *ret is what follows the response's header. */
static enum sn_err
call(struct tpm_replay *r, struct sn_buf *command, struct bytes *ret, struct sn_why *why)
{
	SN_TRY(sn_buf_check(command, why));
	command->p[4] = (uint8_t)(command->n >> 8);
	command->p[5] = (uint8_t)command->n;
	for (int i = 0; i < RETRIES; i++) {
		struct bytes b;
		uint32_t size, code;
		uint16_t tag;

		SN_TRY(r->wire.wire.exchange(&r->wire.wire, sn_buf_bytes(command), TIMEOUT_MS,
		    &r->answer, why));
		b = tpm_msg_bytes(&r->answer);
		SN_TRY(bytes_u16(&b, &tag, "response", why));
		SN_TRY(bytes_u32(&b, &size, "response", why));
		SN_TRY(bytes_u32(&b, &code, "response", why));
		if (code == RC_RETRY)
			continue;
		if (code != 0)
			return sn_fail(why, SN_E_TPM, "softtpm: refused a command: %x", code);
		*ret = b;
		return SN_OK;
	}
	return sn_fail(why, SN_E_TPM, "softtpm: wants to be asked again, for ever");
}

static void
begin(struct sn_buf *b, uint16_t tag, uint32_t code)
{
	sn_buf_u16(b, tag);
	sn_buf_u32(b, 0); /* length */
	sn_buf_u32(b, code);
}

/* TPM2_Startup(TPM_SU_CLEAR) [TCG P3 9.3] */
static enum sn_err
startup(struct tpm_replay *r, struct sn_why *why)
{
	SN_CLEANUP(sn_buf_done) struct sn_buf b = { 0 };
	struct bytes rest;

	begin(&b, TAG_NO_SESSIONS, CC_STARTUP);
	sn_buf_u16(&b, 0);
	return call(r, &b, &rest, why);
}

enum sn_err
tpm_replay_open(const char *path, struct tpm_replay **ret, struct sn_why *why)
{
	SN_CLEANUP(tpm_replay_free) struct tpm_replay *r = calloc(1, sizeof(*r));

	if (r == NULL)
		return sn_fail(why, SN_E_NOMEM, "replay");
	SN_TRY(tpm_wire_softtpm(path, &r->wire, why));
	SN_TRY(startup(r, why));
	*ret = SN_TAKE(r);
	return SN_OK;
}

void
tpm_replay_free(struct tpm_replay **rp)
{
	if (*rp == NULL)
		return;
	tpm_wire_done(&(*rp)->wire);
	free(*rp);
	*rp = NULL;
}

/* [TCG P3 22.2] */
enum sn_err
tpm_replay_extend(struct tpm_replay *r, unsigned int pcr, const uint8_t digest[32],
    struct sn_why *why)
{
	SN_CLEANUP(sn_buf_done) struct sn_buf b = { 0 };
	struct bytes rest;

	if (pcr >= PCRS)
		return sn_fail(why, SN_E_INTERNAL, "replay: register %u", pcr);
	begin(&b, TAG_SESSIONS, CC_PCR_EXTEND);
	sn_buf_u32(&b, pcr);
	sn_buf_u32(&b, 9); /* bytes of authorisation */
	sn_buf_u32(&b, RS_PW);
	sn_buf_u16(&b, 0); /* no nonce */
	sn_buf_u8(&b, 0);  /* no attributes */
	sn_buf_u16(&b, 0); /* the password */
	sn_buf_u32(&b, 1);
	sn_buf_u16(&b, ALG_SHA256);
	sn_buf_put(&b, (struct bytes){ digest, 32 });
	return call(r, &b, &rest, why);
}

/* [TCG P3 22.4] */
enum sn_err
tpm_replay_read(struct tpm_replay *r, unsigned int pcr, uint8_t ret[32], struct sn_why *why)
{
	static const char what[] = "softtpm: registers";
	SN_CLEANUP(sn_buf_done) struct sn_buf b = { 0 };
	struct bytes rest, skipped, value;
	uint32_t values;
	uint16_t size;

	if (pcr >= PCRS)
		return sn_fail(why, SN_E_INTERNAL, "replay: register %u", pcr);
	begin(&b, TAG_NO_SESSIONS, CC_PCR_READ);
	sn_buf_u32(&b, 1);
	sn_buf_u16(&b, ALG_SHA256);
	sn_buf_u8(&b, 3);
	for (unsigned int i = 0; i < 3; i++)
		sn_buf_u8(&b, (uint8_t)(pcr / 8 == i ? 1U << pcr % 8 : 0));
	SN_TRY(call(r, &b, &rest, why));
	/* the update counter, and the selection as it was sent */
	SN_TRY(bytes_take(&rest, 4 + 4 + 2 + 1 + 3, &skipped, what, why));
	SN_TRY(bytes_u32(&rest, &values, what, why));
	SN_TRY(bytes_u16(&rest, &size, what, why));
	if (values != 1 || size != 32)
		return sn_fail(why, SN_E_TPM, "%s: %u of %u bytes", what, values, size);
	SN_TRY(bytes_take(&rest, 32, &value, what, why));
	SN_TRY(bytes_end(&rest, what, why));
	memcpy(ret, value.p, 32);
	return SN_OK;
}
