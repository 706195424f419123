#include <stdlib.h>

#include "firmware-cache/requests/record.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static enum sn_err
write_again(void *arg, const struct req_result *r, struct sn_why *why)
{
	return req_result_write(r, arg, why);
}

/* There is one form of each: what is read is written again as it was. */
int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	SN_CLEANUP(req_list_done) struct req_list list = { 0 };
	SN_CLEANUP(sn_buf_done) struct sn_buf out = { 0 }, record = { 0 };
	struct bytes text = { data, size };

	if (req_list_parse(text, "list", &list, NULL) == SN_OK &&
	    (req_list_write(&list, &out, NULL) != SN_OK ||
		!bytes_equal(sn_buf_bytes(&out), text)))
		abort();
	if (req_results_parse(text, "record", write_again, &record, NULL) == SN_OK &&
	    size > 0 && !bytes_equal(sn_buf_bytes(&record), text))
		abort();
	return 0;
}
