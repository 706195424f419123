#include <string.h>

#include "appliance/base/file.h"
#include "appliance/base/text.h"
#include "ceremony/node/sums.h"

#define DIGITS 64

const struct sums_row *
sums_find(const struct sums *s, const char *path)
{
	for (size_t i = 0; i < s->n; i++)
		if (strcmp(s->row[i].path, path) == 0)
			return &s->row[i];
	return NULL;
}

/* sha256sum also reads upper case; one form is enough. */
static bool
is_digest(struct bytes v)
{
	static const char digits[] = "0123456789abcdef";

	for (size_t i = 0; i < v.n; i++)
		if (v.p[i] == 0 || strchr(digits, v.p[i]) == NULL)
			return false;
	return true;
}

static enum sn_err
parse_row(struct bytes line, size_t number, struct sums_row *ret, struct sn_why *why)
{
	char hex[DIGITS + 1] = { 0 };

	if (line.n < DIGITS + 2 + 1 || !is_digest((struct bytes){ line.p, DIGITS }) ||
	    line.p[DIGITS] != ' ' || line.p[DIGITS + 1] != ' ')
		return sn_fail(why, SN_E_FORMAT,
		    "SHA256SUMS line %zu: not 64 lower-case hex digits, two spaces and a path",
		    number);
	memcpy(hex, line.p, DIGITS);
	SN_TRY(sn_hex_parse(hex, ret->sha256, sizeof(ret->sha256), "SHA256SUMS", why));
	line.p += DIGITS + 2;
	line.n -= DIGITS + 2;
	if (line.n > SUMS_PATH_MAX || memchr(line.p, 0, line.n) != NULL)
		return sn_fail(why, SN_E_FORMAT,
		    "SHA256SUMS line %zu: the path is over %d bytes or not text", number,
		    SUMS_PATH_MAX);
	memcpy(ret->path, line.p, line.n);
	ret->path[line.n] = '\0';
	if (!sn_path_ok(ret->path))
		return sn_fail(why, SN_E_FORMAT,
		    "SHA256SUMS line %zu: \"%s\" is not a plain path below the folder", number,
		    ret->path);
	return SN_OK;
}

enum sn_err
sums_parse(struct bytes text, struct sums *ret, struct sn_why *why)
{
	struct sums s = { .n = 0 };

	for (size_t number = 1; text.n != 0; number++) {
		const uint8_t *end = memchr(text.p, '\n', text.n);
		struct sums_row row = { .path = "" };

		if (end == NULL)
			return sn_fail(why, SN_E_FORMAT,
			    "SHA256SUMS line %zu has no line break", number);
		if (s.n == SUMS_MAX)
			return sn_fail(why, SN_E_LIMIT, "SHA256SUMS lists more than %d files",
			    SUMS_MAX);
		const struct bytes line = { text.p, (size_t)(end - text.p) };

		SN_TRY(parse_row(line, number, &row, why));
		if (sums_find(&s, row.path) != NULL)
			return sn_fail(why, SN_E_FORMAT,
			    "SHA256SUMS line %zu: %s is listed twice", number, row.path);
		s.row[s.n++] = row;
		text.p += line.n + 1;
		text.n -= line.n + 1;
	}
	if (s.n == 0)
		return sn_fail(why, SN_E_FORMAT, "SHA256SUMS is empty");
	*ret = s;
	return SN_OK;
}
