#include <stdlib.h>

#include "firmware-cache/layouts/qcnl.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
put_le(struct sn_buf *b, uint64_t v, size_t n)
{
	for (size_t i = 0; i < n; i++)
		sn_buf_u8(b, (uint8_t)(v >> (8 * i)));
}

/* What is read lies inside, and written again gives the same file. */
int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	SN_CLEANUP(sn_buf_done) struct sn_buf out = { 0 };
	struct bytes b = { data, size };
	struct qcnl_file f = { 0 };

	if (qcnl_parse(b, &f, NULL) != SN_OK) {
		if (f.n != 0 || f.type != 0)
			abort();
		return 0;
	}
	if (f.expiry < 0 || f.n != (f.type == QCNL_MULTI_CERT ? 4U : 2U))
		abort();
	put_le(&out, 1, 2);
	put_le(&out, (uint64_t)f.type, 4);
	put_le(&out, (uint64_t)f.expiry, 8);
	for (size_t i = 0; i < f.n; i++) {
		if (f.parts[i].p < data || f.parts[i].p + f.parts[i].n > data + size)
			abort();
		put_le(&out, f.parts[i].n, 4);
		sn_buf_put(&out, f.parts[i]);
	}
	if (!bytes_equal(sn_buf_bytes(&out), b))
		abort();
	return 0;
}
