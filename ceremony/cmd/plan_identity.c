/* `ceremony plan new --identity`: what a rebuild's plan takes from the identity file, or from
 * the recovery card, when no earlier plan is left. Not in the image. */
#ifndef SN_IMAGE
#include "ceremony/cmd/plan_identity.h"

#include <fcntl.h>

#include "appliance/base/file.h"
#include "appliance/base/text.h"
#include "ceremony/keys/card.h"
#include "ceremony/keys/certs.h"
#include "ceremony/keys/identity.h"

#define YEAR (365LL * 86400)

enum sn_err
plan_identity_read(const char *path, struct sn_buf *ret, struct sn_why *why)
{
	SN_CLEANUP(sn_buf_done) struct sn_buf text = { 0 };

	SN_TRY(sn_file_read(AT_FDCWD, path, CARD_TEXT_MAX, &text, why));
	if (card_is(sn_buf_bytes(&text)))
		return card_read(sn_buf_bytes(&text), ret, why);
	sn_buf_put(ret, sn_buf_bytes(&text));
	return sn_buf_check(ret, why);
}

static bool
put_range(yyjson_mut_doc *doc, yyjson_mut_val *o, const char *key, int64_t from, int64_t to)
{
	yyjson_mut_val *range = yyjson_mut_obj(doc);
	char first[TEXT_TIME_LEN + 1], last[TEXT_TIME_LEN + 1];

	text_from_time(from, first);
	text_from_time(to, last);
	return yyjson_mut_obj_add_strcpy(doc, range, "from", first) &&
	    yyjson_mut_obj_add_strcpy(doc, range, "to", last) &&
	    yyjson_mut_obj_add_val(doc, o, key, range);
}

/* The dates that are there; a signer whose time was over before from begins anew then. */
static bool
put_dates(yyjson_mut_doc *doc, yyjson_mut_val *o, const struct identity *id, int64_t from)
{
	static const struct {
		const char *key;
		enum key_id cert, issuer;
		int64_t life; /* 0: never begins anew */
	} rows[] = {
		{ "root", KEY_ROOT_P384, KEY_ROOT_P384, 0 },
		{ "signing", KEY_SIGNING_CA_P384, KEY_ROOT_P384, 0 },
		{ "statement", KEY_STATEMENT_P384, KEY_SIGNING_CA_P384, 10 * YEAR },
		{ "operations", KEY_OPERATIONS_P384, KEY_SIGNING_CA_P384, 2 * YEAR },
		{ "token", KEY_TOKEN_P256, KEY_ROOT_P384, 10 * YEAR },
	};
	bool ok = true;

	for (size_t i = 0; ok && i < SN_NITEMS(rows); i++) {
		struct identity_cert c = id->cert[rows[i].cert];
		int64_t last = id->cert[rows[i].issuer].to;

		if (rows[i].life != 0 && c.to < from) {
			c.from = from;
			c.to = from + rows[i].life < last ? from + rows[i].life : last;
		}
		ok = put_range(doc, o, rows[i].key, c.from, c.to);
	}
	return ok;
}

static bool
put_sanctum(yyjson_mut_doc *doc, yyjson_mut_val *o, const struct identity *id)
{
	char hex[2 * sizeof(id->sanctum_id) + 1];

	sn_hex(BYTES_OF(id->sanctum_id), hex);
	return yyjson_mut_obj_add_strcpy(doc, o, "id", hex) &&
	    yyjson_mut_obj_add_strcpy(doc, o, "name", id->sanctum_name) &&
	    yyjson_mut_obj_add_strcpy(doc, o, "organization", id->organization);
}

static bool
put_shares(yyjson_mut_doc *doc, yyjson_mut_val *o, const struct identity *id)
{
	return yyjson_mut_obj_add_uint(doc, o, "threshold", id->share_threshold) &&
	    yyjson_mut_obj_add_uint(doc, o, "count", id->share_count);
}

enum sn_err
plan_identity_put(yyjson_mut_doc *doc, yyjson_mut_val *root, const char *path, int64_t from,
    struct sn_why *why)
{
	static const char *const keys[] = { "world", "sanctum", "shares", "operations",
		"dates" };
	SN_CLEANUP(sn_buf_done) struct sn_buf file = { 0 };
	yyjson_mut_val *sanctum = yyjson_mut_obj(doc), *shares = yyjson_mut_obj(doc);
	yyjson_mut_val *dates = yyjson_mut_obj(doc);
	struct identity id;

	SN_TRY(plan_identity_read(path, &file, why));
	SN_TRY(identity_parse(sn_buf_bytes(&file), &id, why));
	for (size_t i = 0; i < SN_NITEMS(keys); i++)
		(void)yyjson_mut_obj_remove_key(root, keys[i]);
	if (!put_sanctum(doc, sanctum, &id) || !put_shares(doc, shares, &id) ||
	    !put_dates(doc, dates, &id, from) ||
	    !yyjson_mut_obj_add_strcpy(doc, root, "world", plan_world_name(id.world)) ||
	    !yyjson_mut_obj_add_val(doc, root, "sanctum", sanctum) ||
	    !yyjson_mut_obj_add_val(doc, root, "shares", shares) ||
	    !yyjson_mut_obj_add_uint(doc, root, "operations", id.operations_threshold) ||
	    !yyjson_mut_obj_add_val(doc, root, "dates", dates))
		return sn_fail(why, SN_E_NOMEM, "plan");
	return SN_OK;
}
#endif
