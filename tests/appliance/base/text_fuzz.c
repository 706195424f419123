#include <stdlib.h>
#include <string.h>

#include "appliance/base/text.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
need(bool ok)
{
	if (!ok)
		abort();
}

/* The first byte chooses the form; what is read must be written back the same. */
int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	SN_CLEANUP(sn_buf_done) struct sn_buf raw = { 0 }, back = { 0 };
	struct bytes text = { data + 1, size - 1 };
	char s[64], again[TEXT_TIME_LEN + 1];
	uint32_t n, c;
	int64_t t;

	if (size == 0)
		return 0;
	if (text.n > 0 && text.p[text.n - 1] == '\n') /* a seed's last line ends */
		text.n--;
	memcpy(s, text.p, text.n < sizeof(s) - 1 ? text.n : sizeof(s) - 1);
	s[text.n < sizeof(s) - 1 ? text.n : sizeof(s) - 1] = '\0';
	switch (data[0] % 5) {
	case 0:
		if (sn_base64_parse(text, 4096, &raw, "in", NULL) == SN_OK) {
			sn_buf_base64(&back, sn_buf_bytes(&raw));
			need(bytes_equal(sn_buf_bytes(&back), text));
		}
		break;
	case 1:
		if (sn_hex_parse_buf(text, 4096, &raw, "in", NULL) == SN_OK)
			need(raw.n * 2 == text.n);
		break;
	case 2:
		if (text_to_time(s, &t, "in", NULL) == SN_OK) {
			text_from_time(t, again);
			need(strcmp(s, again) == 0);
		}
		break;
	case 3:
		if (text_to_u32(s, 0, UINT32_MAX, &n, "in", NULL) == SN_OK) {
			sn_buf_fmt(&back, "%u", n);
			need(strcmp(s, sn_buf_cstr(&back)) == 0);
		}
		break;
	default:
		if (text_printable(text, 4096)) {
			while (text_utf8_next(&text, &c))
				need(c >= 0x20 && c != 0x7f);
			need(text.n == 0);
		}
		break;
	}
	return 0;
}
