#include <string.h>

#include "appliance/base/text.h"
#include "ceremony/transcript/internal.h"

static bool
all_of(const char *s, const char *extra, size_t max)
{
	const size_t n = strlen(s);

	if (n == 0 || n > max)
		return false;
	for (size_t i = 0; i < n; i++)
		if (!(s[i] >= 'a' && s[i] <= 'z') && !(s[i] >= '0' && s[i] <= '9') &&
		    strchr(extra, s[i]) == NULL)
			return false;
	return true;
}

bool
tr_id_ok(const char *s)
{
	return all_of(s, ".-", TR_ID_MAX);
}

bool
tr_arg_name_ok(const char *s)
{
	return all_of(s, "_", TR_ARG_NAME_MAX) && s[0] >= 'a' && s[0] <= 'z';
}

bool
tr_text_ok(const char *s)
{
	return text_printable(bytes_str(s), TR_MAX_TEXT);
}

enum sn_err
tr_commit(const uint8_t salt[TR_SALT_LEN], const char *field, struct bytes text,
    uint8_t ret[CRY_SHA256_LEN], struct sn_why *why)
{
	static const char label[] = "cornerstone/v1/opening"; /* with its NUL */
	const struct bytes parts[] = {
		BYTES_OF(label),
		{ salt, TR_SALT_LEN },
		{ (const uint8_t *)field, strlen(field) + 1 },
		text,
	};

	return cry_digest_v(CRY_SHA256, parts, SN_NITEMS(parts), ret, why);
}
