#include <stdlib.h>

#include "ceremony/transcript/transcript.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What is read as a transcript has as many leaves as lines, and PCR 15 can be replayed. */
int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	SN_CLEANUP(tr_read_free) struct tr_read *r = NULL;
	uint8_t pcr[32];
	size_t lines = 0;

	if (tr_read_new((struct bytes){ data, size }, &r, NULL) != SN_OK) {
		if (r != NULL)
			abort();
		return 0;
	}
	for (size_t i = 0; i < size; i++)
		lines += data[i] == '\n';
	if (tr_read_size(r) != lines || tr_read_pcr15(r, pcr, NULL) != SN_OK)
		abort();
	(void)!tr_read_openings(r, (struct bytes){ data, size }, NULL);
	return 0;
}
