#include <stdlib.h>

#include "ceremony/keys/identity.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What is read is written as the same bytes, but for one line end. */
int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static bool started;
	SN_CLEANUP(sn_buf_done) struct sn_buf again = { 0 };
	struct bytes text = { data, size };
	struct identity id;

	if (!started && (sn_secret_start(1U << 20, NULL) != SN_OK || cry_start(NULL) != SN_OK))
		abort();
	started = true;
	if (identity_parse(text, &id, NULL) != SN_OK)
		return 0;
	if (identity_write(&id, &again, NULL) != SN_OK)
		abort();
	if (size > again.n)
		text.n--;
	if (!bytes_equal(text, sn_buf_bytes(&again)))
		abort();
	return 0;
}
