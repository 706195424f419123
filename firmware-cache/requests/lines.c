#include <stdio.h>
#include <string.h>

#include "firmware-cache/requests/priv.h"

#define WHERE_MAX 160

enum sn_err
req_each_line(struct req_wants *w, struct bytes text, const char *what,
    enum sn_err (*fn)(struct req_wants *w, struct bytes line, const char *where,
	struct sn_why *why),
    size_t *ret_n, struct sn_why *why)
{
	char where[WHERE_MAX];
	size_t n = 0;

	while (text.n > 0) {
		const uint8_t *end = memchr(text.p, '\n', text.n);
		struct bytes line = { 0 }, feed = { 0 };

		snprintf(where, sizeof(where), "%.100s line %zu", what, ++n);
		if (n > REQ_PLATFORMS_MAX)
			return sn_fail(why, SN_E_LIMIT, "%s: at most %u are taken", where,
			    REQ_PLATFORMS_MAX);
		SN_TRY(bytes_take(&text, end != NULL ? (size_t)(end - text.p) : text.n, &line,
		    where, why));
		if (end != NULL)
			SN_TRY(bytes_take(&text, 1, &feed, where, why));
		if (line.n > 0 && line.p[line.n - 1] == '\r')
			line.n--;
		SN_TRY(fn(w, line, where, why));
	}
	*ret_n = n;
	return SN_OK;
}
