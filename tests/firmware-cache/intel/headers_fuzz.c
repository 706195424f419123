#include <stdlib.h>
#include <string.h>

#include "firmware-cache/intel/headers.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What is decoded has no zero byte, and encoded again says the same; and the other way. */
static void
url(struct bytes text)
{
	SN_CLEANUP(sn_buf_done) struct sn_buf said = { 0 }, again = { 0 }, back = { 0 };
	SN_CLEANUP(sn_buf_done) struct sn_buf encoded = { 0 }, whole = { 0 };

	if (intel_url_decode(text, &said, NULL) == SN_OK) {
		intel_url_encode(sn_buf_bytes(&said), &again);
		if (said.n > text.n || (said.n > 0 && memchr(said.p, '\0', said.n) != NULL) ||
		    intel_url_decode(sn_buf_bytes(&again), &back, NULL) != SN_OK ||
		    !bytes_equal(sn_buf_bytes(&said), sn_buf_bytes(&back)))
			abort();
	}
	if (text.n == 0 || memchr(text.p, '\0', text.n) != NULL)
		return;
	intel_url_encode(text, &encoded);
	if (intel_url_decode(sn_buf_bytes(&encoded), &whole, NULL) != SN_OK ||
	    !bytes_equal(text, sn_buf_bytes(&whole)))
		abort();
}

/* The chain found lies inside the headers, in one line, without blanks around it. */
int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct bytes b = { data, size }, chain = { 0 };

	url(b);
	if (intel_headers_chain(b, &chain, NULL) != SN_OK) {
		if (chain.p != NULL)
			abort();
		return 0;
	}
	if (chain.p == NULL)
		return 0;
	if (chain.p <= data || chain.p + chain.n >= data + size ||
	    (chain.n > 0 &&
		(chain.p[0] == ' ' || chain.p[chain.n - 1] == ' ' ||
		    memchr(chain.p, '\n', chain.n) != NULL ||
		    memchr(chain.p, '\r', chain.n) != NULL)))
		abort();
	url(chain);
	return 0;
}
