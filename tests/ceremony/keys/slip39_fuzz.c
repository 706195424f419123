#include <stdlib.h>

#include "ceremony/keys/slip39.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What decodes has one canonical text, and encodes to it again. */
int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static bool started;
	SN_CLEANUP(sn_secret_done) struct sn_secret text = { 0 }, again = { 0 };
	SN_CLEANUP(slip39_share_done) struct slip39_share s = { 0 };
	struct bytes typed = { data, size };
	uint32_t word;
	enum sn_err canonical;

	if (!started && sn_secret_start(1U << 20, NULL) != SN_OK)
		abort();
	started = true;
	canonical = slip39_canonical(typed, &text, &word, NULL);
	if (slip39_decode(typed, &s, NULL) != SN_OK)
		return 0;
	if (canonical != SN_OK || slip39_encode(&s, &again, NULL) != SN_OK ||
	    !bytes_equal(sn_secret_bytes(&text), sn_secret_bytes(&again)) ||
	    slip39_compare(sn_secret_bytes(&text), typed, &word, NULL) != SN_OK)
		abort();
	return 0;
}
