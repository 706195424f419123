#include "appliance/base/text.h"
#include "appliance/crypto/priv.h"

#define PEM_LINE 48 /* bytes that make a line of 64 characters */

enum sn_err
cry_pem(const char *label, struct bytes der, struct sn_buf *ret, struct sn_why *why)
{
	sn_buf_fmt(ret, "-----BEGIN %s-----\n", label);
	while (der.n != 0) {
		size_t n = der.n < PEM_LINE ? der.n : PEM_LINE;

		sn_buf_base64(ret, (struct bytes){ der.p, n });
		sn_buf_str(ret, "\n");
		der.p += n;
		der.n -= n;
	}
	sn_buf_fmt(ret, "-----END %s-----\n", label);
	return sn_buf_check(ret, why);
}
