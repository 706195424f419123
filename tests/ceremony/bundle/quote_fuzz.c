#include <stdlib.h>

#include "ceremony/bundle/quote.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A key that has signed nothing. */
static const struct cry_key *
public_key(void)
{
	static const uint8_t seed[32] = { 1 };
	static struct cry_key *key;

	if (key == NULL &&
	    (sn_secret_start(1U << 16, NULL) != SN_OK || cry_start(NULL) != SN_OK ||
		cry_key_from_seed(CRY_P256, BYTES_OF(seed), &key, NULL) != SN_OK))
		abort();
	return key;
}

/* The first byte says what the rest is: PCR values, quote, audit, or a signature. */
int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const uint8_t qualifying[32];
	struct quote_pcrs pcrs = { 0 };
	struct bytes in = { data + 1, size - 1 };
	size_t n;

	if (size == 0)
		return 0;
	if (data[0] == 'p') {
		if (quote_pcrs_parse(in, &pcrs, NULL) == SN_OK && pcrs.mask >> QUOTE_PCRS != 0)
			abort();
	} else if (data[0] == 'q') {
		(void)!quote_check(in, qualifying, &pcrs, NULL);
	} else if (data[0] == 'a') {
		if (quote_audit(in, qualifying, in, &n, NULL) == SN_OK)
			abort(); /* a message is no list of its own commands */
	} else if (data[0] == 's') {
		if (quote_signature(BYTES_STR("never signed"), in, public_key(), "fuzz",
			NULL) == SN_OK)
			abort();
	}
	return 0;
}
