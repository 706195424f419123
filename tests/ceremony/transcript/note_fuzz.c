#include <stdlib.h>

#include "appliance/base/words.h"
#include "ceremony/transcript/note.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* No input is signed by a key that nobody has; what is parsed is written back the same. */
int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	SN_CLEANUP(sn_buf_done) struct sn_buf again = { 0 };
	static const uint8_t key[32] = { 1 };
	const struct bytes in = { data, size };
	struct note_checkpoint c;
	struct note_vkey v;
	struct bytes text = { 0 };
	uint8_t four[4];

	if (note_vkey_make("origin", key, &v, NULL) != SN_OK ||
	    note_verify(in, &v, &text, NULL) == SN_OK || text.p != NULL)
		abort();
	if (note_vkey_parse(in, &v, NULL) == SN_OK) {
		note_vkey_format(&v, &again);
		if (again.n > size || sn_buf_check(&again, NULL) != SN_OK)
			abort();
	}
	again.n = 0;
	if (note_checkpoint_parse(in, &c, NULL) == SN_OK) {
		note_checkpoint_format(&c, &again);
		if (again.n > size || bytes_find(in, sn_buf_bytes(&again)) != 0)
			abort();
	}
	(void)!words_parse(in, four, sizeof(four), "words", NULL);
	return 0;
}
