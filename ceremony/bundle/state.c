#include <string.h>

#include "appliance/base/file.h"
#include "ceremony/bundle/judge.h"

#define MARK_MAX 128

static void
mark_name(const uint8_t identity[32], char ret[2 * 32 + 6])
{
	sn_hex((struct bytes){ identity, 32 }, ret);
	memcpy(ret + 2 * 32, ".mark", 6);
}

/* "SEQUENCE DIGEST\n"; *ret_sequence is 0 when there is no mark yet. */
static enum sn_err
read_mark(int dirfd, const char *name, uint32_t *ret_sequence, uint8_t ret_digest[32],
    struct sn_why *why)
{
	SN_CLEANUP(sn_buf_done) struct sn_buf b = { 0 };
	struct sn_why missing = { 0 };
	char *text, *blank;

	enum sn_err e = sn_file_read(dirfd, name, MARK_MAX, &b, &missing);
	if (e == SN_E_MISSING) {
		*ret_sequence = 0;
		return SN_OK;
	}
	if (e != SN_OK)
		return sn_fail(why, e, "%s", missing.text);
	sn_buf_u8(&b, '\0');
	SN_TRY(sn_buf_check(&b, why));
	text = (char *)b.p;
	blank = strchr(text, ' ');
	if (blank == NULL || strlen(text) + 1 != b.n || text[b.n - 2] != '\n')
		return sn_fail(why, SN_E_FORMAT, "%s: not a mark of ours", name);
	text[b.n - 2] = '\0';
	*blank = '\0';
	SN_TRY(text_to_u32(text, 1, UINT32_MAX, ret_sequence, name, why));
	return sn_hex_parse(blank + 1, ret_digest, 32, name, why);
}

enum sn_err
bun_state_check(int dirfd, const uint8_t identity[32], uint32_t sequence,
    const uint8_t digest[32], struct sn_why *why)
{
	char name[2 * 32 + 6];
	uint8_t marked[32];
	uint32_t mark;

	mark_name(identity, name);
	SN_TRY(read_mark(dirfd, name, &mark, marked, why));
	if (sequence < mark)
		return sn_fail(why, SN_E_SEQUENCE,
		    BUN_STATEMENT ": sequence %u is older than %u, which was accepted before",
		    sequence, mark);
	if (sequence == mark && memcmp(marked, digest, 32) != 0)
		return sn_fail(why, SN_E_SEQUENCE,
		    BUN_STATEMENT ": a fork, another statement with sequence %u was accepted "
				  "before",
		    sequence);
	return SN_OK;
}

enum sn_err
bun_state_raise(int dirfd, const uint8_t identity[32], uint32_t sequence,
    const uint8_t digest[32], struct sn_why *why)
{
	SN_CLEANUP(sn_buf_done) struct sn_buf b = { 0 };
	char name[2 * 32 + 6];

	mark_name(identity, name);
	sn_buf_fmt(&b, "%u ", sequence);
	sn_buf_hex(&b, (struct bytes){ digest, 32 });
	sn_buf_u8(&b, '\n');
	SN_TRY(sn_buf_check(&b, why));
	return sn_file_write(dirfd, name, sn_buf_bytes(&b), 0644, true, why);
}
