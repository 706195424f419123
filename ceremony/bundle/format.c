#include "ceremony/bundle/format.h"

#include <string.h>

#include "appliance/base/text.h"

struct place {
	const char *path; /* the whole path, or a folder when it ends with '/' */
	enum bun_class class;
};

/* Everything that is not here is bound. */
static const struct place places[] = {
	{ BUN_STATEMENT, BUN_SIGNED },
	{ BUN_CMS_P384, BUN_SIGNED },
	{ BUN_CMS_MLDSA, BUN_SIGNED },
	{ BUN_QUOTE_MSG, BUN_QUOTE },
	{ BUN_QUOTE_SIG, BUN_QUOTE },
	{ BUN_QUOTE_PCR, BUN_QUOTE },
	{ BUN_OPENINGS, BUN_OPENING },
	{ BUN_COSIGNATURES, BUN_UNCOVERED },
	{ "closing/", BUN_UNCOVERED },
	{ BUN_OPS, BUN_UNCOVERED },
};

static const char *const required[] = {
	BUN_STATEMENT,
	BUN_CMS_P384,
	BUN_CMS_MLDSA,
	BUN_SUMS,
	BUN_VERIFY_TXT,
	BUN_IDENTITY,
	BUN_ROOT_P384,
	BUN_ROOT_MLDSA,
	BUN_TOKEN_CHAIN,
	BUN_LOG_KEY,
	BUN_RECORDS,
	BUN_CHECKPOINT,
	BUN_AK,
	BUN_AK_PUB,
	BUN_EK_PUB,
	BUN_TPM_JSON,
	BUN_CREATION_MSG,
	BUN_CREATION_SIG,
	BUN_CREATION_DATA,
	BUN_QUOTE_MSG,
	BUN_QUOTE_SIG,
	BUN_QUOTE_PCR,
};

static const char *const ops_required[] = {
	BUN_STATEMENT,
	BUN_CMS_P384,
	BUN_CMS_MLDSA,
	BUN_SUMS,
	BUN_RECORDS,
	BUN_CHECKPOINT,
	BUN_AK,
	BUN_AK_PUB,
	BUN_EK_PUB,
	BUN_TPM_JSON,
	BUN_CREATION_MSG,
	BUN_CREATION_SIG,
	BUN_CREATION_DATA,
	BUN_QUOTE_MSG,
	BUN_QUOTE_SIG,
	BUN_QUOTE_PCR,
};

bool
bun_approver_of(const char *path, char ret[17])
{
	static const char folder[] = "approvals/";
	const char *name = path + sizeof(folder) - 1;

	if (strncmp(path, folder, sizeof(folder) - 1) != 0)
		return false;
	const char *dot = strstr(name, ".sig");
	if (dot == NULL || dot[4] != '\0' || dot - name > 16)
		return false;
	memcpy(ret, name, (size_t)(dot - name));
	ret[dot - name] = '\0';
	return text_name_ok(ret);
}

enum bun_class
bun_class_of(const char *path)
{
	char name[17];

	for (size_t i = 0; i < SN_NITEMS(places); i++) {
		const size_t n = strlen(places[i].path);

		if (places[i].path[n - 1] == '/' ? strncmp(path, places[i].path, n) == 0
						 : strcmp(path, places[i].path) == 0)
			return places[i].class;
	}
	return bun_approver_of(path, name) ? BUN_APPROVAL : BUN_BOUND;
}

const char *
bun_required(enum bun_kind kind, size_t i)
{
	const size_t n = kind == BUN_KIND_OPS ? SN_NITEMS(ops_required) : SN_NITEMS(required);

	if (i >= n)
		return NULL;
	return kind == BUN_KIND_OPS ? ops_required[i] : required[i];
}

uint32_t
bun_ops_of(const char *path)
{
	const char *at = path + strlen(BUN_OPS);
	uint32_t n = 0;

	if (strncmp(path, BUN_OPS, strlen(BUN_OPS)) != 0 || *at < '1' || *at > '9')
		return 0;
	for (; *at >= '0' && *at <= '9' && n <= BUN_OPS_MAX; at++)
		n = n * 10 + (uint32_t)(*at - '0');
	return *at == '/' && at[1] != '\0' && n <= BUN_OPS_MAX ? n : 0;
}

/* What each mode may add; a path, or a folder when it ends with '/'. */
static const struct scope {
	const char *mode, *path; /* mode NULL: every one */
} scopes[] = {
	{ NULL, BUN_SUMS },
	{ NULL, "evidence/" },
	{ NULL, "record/" },
	{ NULL, "transcript/" },
	{ BUN_OPS_REFRESH, "collateral/" },
	{ "amend", BUN_APPROVERS },
	{ "amend", "nodes/" },
	{ "amend", "policy/" },
	{ "amend", "refvals/" },
};

/* Of a seeding, which no operations statement has: nobody would judge it there. */
static const char *const seeding[] = { "evidence/audit.", "evidence/seed-ak." };

bool
bun_ops_scope(const char *mode, const char *path)
{
	for (size_t i = 0; i < SN_NITEMS(seeding); i++)
		if (strncmp(path, seeding[i], strlen(seeding[i])) == 0)
			return false;
	for (size_t i = 0; i < SN_NITEMS(scopes); i++) {
		const struct scope *s = &scopes[i];
		const size_t n = strlen(s->path);

		if ((s->mode == NULL || strcmp(s->mode, mode) == 0) &&
		    (s->path[n - 1] == '/' ? strncmp(path, s->path, n) == 0
					   : strcmp(path, s->path) == 0))
			return true;
	}
	return false;
}

static bool
one_of(const char *s, const char *const *list)
{
	for (; *list != NULL; list++)
		if (strcmp(s, *list) == 0)
			return true;
	return false;
}

bool
bun_world_ok(const char *s)
{
	static const char *const list[] = { "production", "rehearsal", NULL };

	return one_of(s, list);
}

bool
bun_mode_ok(const char *s)
{
	static const char *const list[] = { "genesis", "rebuild", "rotate", "reshare", NULL };

	return one_of(s, list);
}

bool
bun_ops_mode_ok(const char *s)
{
	static const char *const list[] = { BUN_OPS_REFRESH, "amend", NULL };

	return one_of(s, list);
}

bool
bun_evidence_ok(const char *s)
{
	static const char *const list[] = { "vendor", "pinned", "software", NULL };

	return one_of(s, list);
}

bool
bun_text_ok(const char *s)
{
	return s[0] != '\0' && text_printable(bytes_str(s), BUN_MAX_TEXT);
}

/* Only the base64 between the lines; that the form is the only one is checked after. */
static enum sn_err
pem_body(struct bytes pem, const char *what, struct sn_buf *ret_der, struct sn_why *why)
{
	static const char begin[] = "-----BEGIN PUBLIC KEY-----\n";
	static const char end[] = "-----END PUBLIC KEY-----\n";
	SN_CLEANUP(sn_buf_done) struct sn_buf text = { 0 };
	const size_t nb = sizeof(begin) - 1, ne = sizeof(end) - 1;

	if (pem.n < nb + ne || pem.n > BUN_MAX_STATEMENT || memcmp(pem.p, begin, nb) != 0 ||
	    memcmp(pem.p + pem.n - ne, end, ne) != 0)
		return sn_fail(why, SN_E_FORMAT, "%s: not one public key in PEM", what);
	for (size_t i = nb; i < pem.n - ne; i++)
		if (pem.p[i] != '\n')
			sn_buf_u8(&text, pem.p[i]);
	SN_TRY(sn_buf_check(&text, why));
	return sn_base64_parse(sn_buf_bytes(&text), BUN_MAX_STATEMENT, ret_der, what, why);
}

enum sn_err
bun_key_parse(struct bytes pem, const char *what, struct cry_key **ret, struct sn_why *why)
{
	SN_CLEANUP(cry_key_free) struct cry_key *key = NULL;
	SN_CLEANUP(sn_buf_done) struct sn_buf der = { 0 };
	SN_CLEANUP(sn_buf_done) struct sn_buf again = { 0 };

	SN_TRY(pem_body(pem, what, &der, why));
	SN_TRY(cry_key_from_spki(sn_buf_bytes(&der), &key, why));
	SN_TRY(cry_key_pem(key, &again, why));
	if (!bytes_equal(sn_buf_bytes(&again), pem))
		return sn_fail(why, SN_E_FORMAT, "%s: not the canonical PEM of its key", what);
	*ret = SN_TAKE(key);
	return SN_OK;
}

enum sn_err
bun_key_sha256(const struct cry_key *k, uint8_t ret[32], struct sn_why *why)
{
	SN_CLEANUP(sn_buf_done) struct sn_buf spki = { 0 };

	SN_TRY(cry_key_spki(k, &spki, why));
	return cry_digest(CRY_SHA256, sn_buf_bytes(&spki), ret, why);
}
