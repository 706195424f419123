#include <string.h>

#include "appliance/attest/priv.h"
#include "appliance/base/text.h"

#define CC_GET_RANDOM 0x0000017bU
#define DRAW 32	    /* bytes asked for */
#define MAX_RESTS 3 /* commands for what draws left out */
#define MAX_COMMANDS 1024

/* A session's audit while its list is read. */
struct audit {
	uint8_t digest[32];
	size_t commands, draws, rests;
};

/* cpHash of TPM2_GetRandom(n): command code and parameter [TCG P1 16.7, P3 16.1]. */
static enum sn_err
is_get_random(const uint8_t cp[32], uint16_t n, bool *ret, struct sn_why *why)
{
	const uint8_t command[] = { 0, 0, CC_GET_RANDOM >> 8, CC_GET_RANDOM & 0xff,
		(uint8_t)(n >> 8), (uint8_t)n };
	uint8_t want[32];

	SN_TRY(cry_digest(CRY_SHA256, BYTES_OF(command), want, why));
	*ret = memcmp(cp, want, sizeof(want)) == 0;
	return SN_OK;
}

/* A draw of 32 bytes; at the end, what short draws left out. */
static enum sn_err
count_command(struct audit *a, const uint8_t cp[32], struct sn_why *why)
{
	bool found;

	SN_TRY(is_get_random(cp, DRAW, &found, why));
	if (found && a->rests == 0) {
		a->draws++;
		return SN_OK;
	}
	found = false;
	for (uint16_t n = 1; n < DRAW && !found; n++)
		SN_TRY(is_get_random(cp, n, &found, why));
	if (!found || ++a->rests > MAX_RESTS)
		return sn_fail(why, SN_E_SIGNATURE,
		    "audit.list: line %zu is no command of the seeding", a->commands);
	return SN_OK;
}

/* One "cphash rphash" line folded into the session's digest [TCG P1 31.3.3]. */
static enum sn_err
fold_command(struct bytes line, struct audit *a, struct sn_why *why)
{
	char text[2 * 64 + 2];
	uint8_t cp[32], rp[32];

	if (line.n != 129 || line.p[64] != ' ')
		return sn_fail(why, SN_E_FORMAT, "audit.list: not two digests on a line");
	memcpy(text, line.p, line.n);
	/* one form of each digest: the hex parser takes capitals too */
	for (size_t i = 0; i < line.n; i++)
		if (text[i] >= 'A' && text[i] <= 'F')
			return sn_fail(why, SN_E_FORMAT, "audit.list: not lower-case hex");
	text[64] = '\0';
	text[129] = '\0';
	SN_TRY(sn_hex_parse(text, cp, sizeof(cp), "audit.list", why));
	SN_TRY(sn_hex_parse(text + 65, rp, sizeof(rp), "audit.list", why));
	SN_TRY(count_command(a, cp, why));
	const struct bytes parts[] = { BYTES_OF(a->digest), BYTES_OF(cp), BYTES_OF(rp) };
	return cry_digest_v(CRY_SHA256, parts, SN_NITEMS(parts), a->digest, why);
}

static enum sn_err
fold_list(struct bytes list, struct audit *a, struct sn_why *why)
{
	while (list.n > 0) {
		const uint8_t *end = memchr(list.p, '\n', list.n);

		if (end == NULL || ++a->commands > MAX_COMMANDS)
			return sn_fail(why, SN_E_FORMAT,
			    "audit.list: a cut line, or too many of them");
		const size_t len = (size_t)(end - list.p);
		SN_TRY(fold_command((struct bytes){ list.p, len }, a, why));
		list.p = end + 1;
		list.n -= len + 1;
	}
	return SN_OK;
}

enum sn_err
att_audit(const struct att_ak *ak, struct bytes msg, struct bytes sig,
    const uint8_t qualifying[32], struct bytes list, size_t *ret_commands,
    struct att_clock *ret_clock, struct sn_why *why)
{
	static const char what[] = "audit.msg";
	struct audit folded = { 0 };
	struct att_clock clock;
	struct bytes digest;
	uint8_t exclusive;

	SN_TRY(att_open(ak, &msg, sig, ATT_AUDIT, qualifying, what, "audit.sig", &clock, why));
	SN_TRY(bytes_u8(&msg, &exclusive, what, why));
	SN_TRY(att_get_2b(&msg, &digest, what, why));
	SN_TRY(bytes_end(&msg, what, why));
	if (exclusive != 1)
		return sn_fail(why, SN_E_SIGNATURE, "%s: the session was not exclusive", what);
	SN_TRY(fold_list(list, &folded, why));
	if (!bytes_equal(digest, BYTES_OF(folded.digest)))
		return sn_fail(why, SN_E_SIGNATURE, "%s: its digest is not that of audit.list",
		    what);
	if (folded.draws < ATT_DRAWS)
		return sn_fail(why, SN_E_SIGNATURE,
		    "audit.list: %zu draws of %d random bytes, at least %d are needed",
		    folded.draws, DRAW, ATT_DRAWS);
	*ret_commands = folded.commands;
	*ret_clock = clock;
	return SN_OK;
}
