#include <stdlib.h>
#include <string.h>

#include "appliance/attest/attest.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The head of a TPMS_ATTEST as an attestation key of ours would write it. */
static const uint8_t qualifying[32];
static struct att_ak ak;
static struct cry_key *signer;

static void
make_ak(void)
{
	static const uint8_t seed[32] = { 1 };
	static const uint8_t head[] = { 0x00, 0x58, 0x00, 0x23, 0x00, 0x0b, 0x00, 0x05, 0x04,
		0x72, 0x00, 0x00, 0x00, 0x10, 0x00, 0x18, 0x00, 0x0b, 0x00, 0x03, 0x00, 0x10,
		0x00, 0x20 };
	struct sn_buf point = { 0 }, pub = { 0 };

	if (signer != NULL)
		return;
	if (sn_secret_start(1U << 16, NULL) != SN_OK || cry_start(NULL) != SN_OK ||
	    cry_key_from_seed(CRY_P256, BYTES_OF(seed), &signer, NULL) != SN_OK ||
	    cry_key_raw(signer, &point, NULL) != SN_OK)
		abort();
	sn_buf_put(&pub, BYTES_OF(head));
	sn_buf_put(&pub, (struct bytes){ point.p + 1, 32 });
	sn_buf_u16(&pub, 32);
	sn_buf_put(&pub, (struct bytes){ point.p + 33, 32 });
	if (att_ak_open(sn_buf_bytes(&pub), &ak, NULL) != SN_OK)
		abort();
	sn_buf_done(&point);
	sn_buf_done(&pub);
}

/* A TPMT_SIGNATURE by the key, so that the parsers behind it see the input. */
static void
sign(struct bytes msg, struct sn_buf *ret)
{
	struct sn_buf der = { 0 };
	const uint8_t *p;

	if (cry_sign(signer, msg, &der, NULL) != SN_OK)
		abort();
	sn_buf_put(ret, BYTES_STR("\x00\x18\x00\x0b"));
	p = der.p + 2;
	for (int i = 0; i < 2; i++) {
		size_t skip = p[1] - (p[1] > 32 ? 32U : p[1]);

		sn_buf_u16(ret, (uint16_t)(p[1] - skip));
		sn_buf_put(ret, (struct bytes){ p + 2 + skip, p[1] - skip });
		p += 2 + p[1];
	}
	sn_buf_done(&der);
}

/*
 * An attestation whose head is right, whatever type the input starts with; behind it the
 * input's next length byte of bytes, and the rest is the file that it is about.
 */
static void
attested(struct bytes in)
{
	struct sn_buf msg = { 0 }, sig = { 0 };
	struct att_pcrs pcrs = { 0 };
	struct att_clock clock;
	uint64_t value;
	size_t n = in.n < 2 || in.p[1] > in.n - 2 ? 0 : in.p[1];

	if (in.n < 2)
		return;
	sn_buf_put(&msg, BYTES_STR("\xff\x54\x43\x47\x80"));
	sn_buf_u8(&msg, in.p[0]);
	sn_buf_u16(&msg, (uint16_t)ak.qualified.n);
	sn_buf_put(&msg, att_name_bytes(&ak.qualified));
	sn_buf_u16(&msg, sizeof(qualifying));
	sn_buf_put(&msg, BYTES_OF(qualifying));
	for (size_t i = 0; i < 25; i++)
		sn_buf_u8(&msg, 0);
	sn_buf_put(&msg, (struct bytes){ in.p + 2, n });
	sign(sn_buf_bytes(&msg), &sig);
	const struct bytes m = sn_buf_bytes(&msg), s = sn_buf_bytes(&sig),
			   rest = { in.p + 2 + n, in.n - 2 - n };
	(void)!att_quote(&ak, m, s, qualifying, &pcrs, &clock, NULL);
	/* 16 draws and their digest are more than the length byte can hold */
	if (att_audit(&ak, m, s, qualifying, rest, &n, &clock, NULL) == SN_OK && n < ATT_DRAWS)
		abort();
	(void)!att_creation(&ak, m, s, qualifying, rest, &clock, NULL);
	(void)!att_counter(&ak, m, s, qualifying, rest, &value, &clock, NULL);
	sn_buf_done(&msg);
	sn_buf_done(&sig);
}

/* A message that nobody signed, and a signature over what was never signed. */
static void
unsigned_by_anybody(struct bytes in)
{
	static const struct att_pcrs pcrs;
	struct att_clock clock;
	uint64_t value;
	size_t n;

	if (att_quote(&ak, in, in, qualifying, &pcrs, &clock, NULL) == SN_OK ||
	    att_quote(&ak, BYTES_STR("never signed"), in, qualifying, &pcrs, &clock, NULL) ==
		SN_OK ||
	    att_audit(&ak, in, in, qualifying, in, &n, &clock, NULL) == SN_OK ||
	    att_creation(&ak, in, in, qualifying, in, &clock, NULL) == SN_OK ||
	    att_counter(&ak, in, in, qualifying, in, &value, &clock, NULL) == SN_OK)
		abort();
}

static void
public_area(struct bytes in)
{
	struct att_ak a = { 0 };
	struct att_ek e = { 0 };

	(void)!att_ak_open(in, &a, NULL);
	(void)!att_ek_open(in, &e, NULL);
	/* restricted signing and restricted decryption exclude each other */
	if (a.key != NULL && e.key != NULL)
		abort();
	att_ak_done(&a);
	att_ek_done(&e);
}

/* The first byte says what the rest is. */
int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct att_pcrs pcrs = { 0 };
	struct bytes in = { data + 1, size - 1 };

	if (size == 0)
		return 0;
	make_ak();
	if (data[0] == 'p') {
		if (att_pcrs_parse(in, &pcrs, NULL) == SN_OK && pcrs.mask >> ATT_PCRS != 0)
			abort();
	} else if (data[0] == 't') {
		attested(in);
	} else if (data[0] == 's') {
		unsigned_by_anybody(in);
	} else if (data[0] == 'k') {
		public_area(in);
	}
	return 0;
}
