#include <string.h>

#include "appliance/base/file.h"
#include "ceremony/bundle/judge.h"

#define MARK_MAX 256

static void
mark_name(const uint8_t identity[32], char ret[2 * 32 + 6])
{
	sn_hex((struct bytes){ identity, 32 }, ret);
	memcpy(ret + 2 * 32, ".mark", 6);
}

/* What was accepted: the bundle's statement, and the newest operations statement or 0. */
struct mark {
	uint32_t sequence, operations;
	uint8_t digest[32], operations_digest[32];
};

/* The next word of the line, which ends at a blank or the line's end; moves on. */
static char *
word(char **at)
{
	char *begin = *at, *blank = begin + strcspn(begin, " ");

	*at = blank + (*blank != '\0');
	*blank = '\0';
	return begin;
}

static enum sn_err
read_line(char *line, const char *name, struct mark *ret, struct sn_why *why)
{
	char *at = line;

	SN_TRY(text_to_u32(word(&at), 1, UINT32_MAX, &ret->sequence, name, why));
	SN_TRY(sn_hex_parse(word(&at), ret->digest, 32, name, why));
	if (*at == '\0')
		return SN_OK;
	SN_TRY(text_to_u32(word(&at), 1, BUN_OPS_MAX, &ret->operations, name, why));
	return sn_hex_parse(at, ret->operations_digest, 32, name, why);
}

/* "SEQUENCE DIGEST[ N DIGEST]\n"; the sequence is 0 when there is no mark yet. */
static enum sn_err
read_mark(int dirfd, const char *name, struct mark *ret, struct sn_why *why)
{
	SN_CLEANUP(sn_buf_done) struct sn_buf b = { 0 };
	struct sn_why missing = { 0 };
	char *text;

	*ret = (struct mark){ 0 };
	enum sn_err e = sn_file_read(dirfd, name, MARK_MAX, &b, &missing);
	if (e == SN_E_MISSING)
		return SN_OK;
	if (e != SN_OK)
		return sn_fail(why, e, "%s", missing.text);
	sn_buf_u8(&b, '\0');
	SN_TRY(sn_buf_check(&b, why));
	text = (char *)b.p;
	if (strlen(text) + 1 != b.n || b.n < 2 || text[b.n - 2] != '\n')
		return sn_fail(why, SN_E_FORMAT, "%s: not a mark of ours", name);
	text[b.n - 2] = '\0';
	return read_line(text, name, ret, why);
}

/* A bundle that was accepted may only have grown: what was its newest is still there. */
static enum sn_err
check_operations(const struct bun_case *c, const struct mark *m, struct sn_why *why)
{
	if (m->operations == 0)
		return SN_OK;
	if (c->nops < m->operations)
		return sn_fail(why, SN_E_SEQUENCE,
		    BUN_OPS ": %u operations statements, %u were accepted before", c->nops,
		    m->operations);
	if (memcmp(c->ops[m->operations - 1].report->statement_sha256, m->operations_digest,
		32) != 0)
		return sn_fail(why, SN_E_SEQUENCE,
		    BUN_OPS "%u/" BUN_STATEMENT ": a fork, another one was accepted before",
		    m->operations);
	return SN_OK;
}

enum sn_err
bun_state_check(const struct bun_case *c, struct sn_why *why)
{
	char name[2 * 32 + 6];
	struct mark m;

	mark_name(c->report->identity, name);
	SN_TRY(read_mark(c->policy->state_dirfd, name, &m, why));
	if (c->st.sequence < m.sequence)
		return sn_fail(why, SN_E_SEQUENCE,
		    BUN_STATEMENT ": sequence %u is older than %u, which was accepted before",
		    c->st.sequence, m.sequence);
	if (c->st.sequence > m.sequence)
		return SN_OK;
	if (memcmp(m.digest, c->report->statement_sha256, 32) != 0)
		return sn_fail(why, SN_E_SEQUENCE,
		    BUN_STATEMENT ": a fork, another statement with sequence %u was accepted "
				  "before",
		    c->st.sequence);
	return check_operations(c, &m, why);
}

enum sn_err
bun_state_raise(const struct bun_case *c, struct sn_why *why)
{
	SN_CLEANUP(sn_buf_done) struct sn_buf b = { 0 };
	char name[2 * 32 + 6];

	mark_name(c->report->identity, name);
	sn_buf_fmt(&b, "%u ", c->st.sequence);
	sn_buf_hex(&b, BYTES_OF(c->report->statement_sha256));
	if (c->nops > 0) {
		sn_buf_fmt(&b, " %u ", c->nops);
		sn_buf_hex(&b, BYTES_OF(c->report->operations_sha256));
	}
	sn_buf_u8(&b, '\n');
	SN_TRY(sn_buf_check(&b, why));
	return sn_file_write(c->policy->state_dirfd, name, sn_buf_bytes(&b), 0644, true, why);
}
