#include <stdio.h>
#include <string.h>

#include "appliance/base/json.h"
#include "appliance/base/text.h"
#include "appliance/crypto/digest.h"
#include "firmware-cache/requests/priv.h"

#define WHERE_MAX 160
#define QE_ID_PLAIN 64 /* hex digits of a QE id that may stand in a name */
#define NAME_MAX_BYTES 160

/* One platform, as views of hex text; empty where there is none. */
struct platform {
	struct bytes enc_ppid, pce_id, cpu_svn, pce_svn, qe_id, manifest;
};

/* The fields of a line, and of an element of the list. The order is that of the lines. */
static const struct {
	const char *key, *name;
	size_t digits, max; /* exactly, or when 0 any even number up to max */
	bool csv_empty, json_empty;
	size_t offset;
} fields[] = {
	{ "enc_ppid", "EncPPID", 2 * REQ_ENC_PPID_LEN, 0, false, true,
	    offsetof(struct platform, enc_ppid) },
	{ "pce_id", "PCE_ID", 4, 0, false, false, offsetof(struct platform, pce_id) },
	{ "cpu_svn", "CPUSVN", 32, 0, false, true, offsetof(struct platform, cpu_svn) },
	{ "pce_svn", "PCE ISVSVN", 4, 0, false, true, offsetof(struct platform, pce_svn) },
	{ "qe_id", "QE_ID", 32, 0, false, false, offsetof(struct platform, qe_id) },
	{ "platform_manifest", "PLATFORM_MANIFEST", 0, 2 * REQ_MANIFEST_MAX, true, true,
	    offsetof(struct platform, manifest) },
};
#define FIELD_QE_ID 4
#define FIELD_MANIFEST 5

static bool
is_hex(struct bytes v)
{
	for (size_t i = 0; i < v.n; i++)
		if (!((v.p[i] >= '0' && v.p[i] <= '9') || (v.p[i] >= 'a' && v.p[i] <= 'f') ||
			(v.p[i] >= 'A' && v.p[i] <= 'F')))
			return false;
	return true;
}

static enum sn_err
check_field(size_t i, struct bytes v, bool may_be_empty, const char *where, struct sn_why *why)
{
	size_t digits = fields[i].digits;

	if (v.n == 0 && may_be_empty)
		return SN_OK;
	if (digits != 0 ? v.n != digits : v.n > fields[i].max)
		return sn_fail(why, digits != 0 ? SN_E_FORMAT : SN_E_LIMIT,
		    "%s: %s has %zu characters, not %s%zu", where, fields[i].name, v.n,
		    digits != 0 ? "" : "at most ", digits != 0 ? digits : fields[i].max);
	if (v.n % 2 != 0 || !is_hex(v))
		return sn_fail(why, SN_E_FORMAT, "%s: %s is not hex", where, fields[i].name);
	return SN_OK;
}

/* ---- the request */

static void
put_case(struct sn_buf *b, struct bytes v, bool upper)
{
	for (size_t i = 0; i < v.n; i++) {
		uint8_t c = v.p[i];

		if (upper && c >= 'a' && c <= 'f')
			c = (uint8_t)(c - 'a' + 'A');
		else if (!upper && c >= 'A' && c <= 'F')
			c = (uint8_t)(c - 'A' + 'a');
		sn_buf_u8(b, c);
	}
}

/* Names in lists are hostile: a QE id that is not plain hex is named by its digest. */
static enum sn_err
file_name(const struct platform *p, struct sn_buf *ret, struct sn_why *why)
{
	uint8_t digest[CRY_SHA256_LEN];

	sn_buf_str(ret, "intel/pckcerts/");
	if (p->qe_id.n <= QE_ID_PLAIN && is_hex(p->qe_id)) {
		put_case(ret, p->qe_id, false);
	} else {
		SN_TRY(cry_digest(CRY_SHA256, p->qe_id, digest, why));
		sn_buf_str(ret, "sha256-");
		sn_buf_hex(ret, BYTES_OF(digest));
	}
	sn_buf_str(ret, "_");
	put_case(ret, p->pce_id, false);
	sn_buf_str(ret, ".json");
	return sn_buf_check(ret, why);
}

/* By manifest where there is one: such a platform need not be registered at Intel. */
static enum sn_err
add_platform(struct req_wants *w, const struct platform *p, struct sn_why *why)
{
	SN_CLEANUP(sn_buf_done) struct sn_buf url = { 0 }, file = { 0 }, body = { 0 };
	struct req r = { .kind = "intel-pck-set", .max = REQ_REPLY_MAX, .key = true };

	w->intel = true;
	if (p->enc_ppid.n == 0 && p->manifest.n == 0) {
		w->no_ppid++;
		return SN_OK;
	}
	SN_TRY(file_name(p, &file, why));
	sn_buf_str(&url, REQ_INTEL "sgx/certification/v4/pckcerts");
	if (p->manifest.n != 0) {
		sn_buf_str(&body, "{\"pceid\":\"");
		put_case(&body, p->pce_id, true);
		sn_buf_str(&body, "\",\"platformManifest\":\"");
		put_case(&body, p->manifest, true);
		sn_buf_str(&body, "\"}");
		r.body = sn_buf_cstr(&body);
	} else {
		sn_buf_str(&url, "?encrypted_ppid=");
		put_case(&url, p->enc_ppid, true);
		sn_buf_str(&url, "&pceid=");
		put_case(&url, p->pce_id, true);
	}
	SN_TRY(sn_buf_check(&body, why));
	SN_TRY(sn_buf_check(&url, why));
	r.url = sn_buf_cstr(&url);
	r.file = sn_buf_cstr(&file);
	return req_list_add(w->list, &r, why);
}

/* ---- pckid_retrieval.csv */

static enum sn_err
csv_line(struct req_wants *w, struct bytes line, const char *where, struct sn_why *why)
{
	struct platform p = { 0 };

	for (size_t i = 0; i < SN_NITEMS(fields); i++) {
		const uint8_t *comma = line.n != 0 ? memchr(line.p, ',', line.n) : NULL;
		size_t n = comma != NULL ? (size_t)(comma - line.p) : line.n;
		struct bytes v = { 0 };

		SN_TRY(bytes_take(&line, n, &v, where, why));
		SN_TRY(check_field(i, v, fields[i].csv_empty, where, why));
		*(struct bytes *)((uint8_t *)&p + fields[i].offset) = v;
		if (comma != NULL)
			SN_TRY(bytes_take(&line, 1, &v, where, why));
		else if (i < FIELD_QE_ID)
			return sn_fail(why, SN_E_FORMAT, "%s: %zu fields, 5 or 6 are needed",
			    where, i + 1);
		else
			return add_platform(w, &p, why);
	}
	return sn_fail(why, SN_E_FORMAT, "%s: more than 6 fields", where);
}

enum sn_err
req_pckid_csv(struct req_wants *w, struct bytes text, const char *what, struct sn_why *why)
{
	size_t n = 0;

	SN_TRY(req_each_line(w, text, what, csv_line, &n, why));
	return n > 0 ? SN_OK : sn_fail(why, SN_E_FORMAT, "%s: empty", what);
}

/* ---- platform_list.json */

static enum sn_err
list_element(struct req_wants *w, yyjson_val *o, const char *where, struct sn_why *why)
{
	static const char *const keys[] = { "enc_ppid", "pce_id", "cpu_svn", "pce_svn", "qe_id",
		"platform_manifest", "pckid_filename", NULL };
	struct platform p = { 0 };
	const char *s = NULL;

	SN_TRY(sn_json_only(o, keys, where, why));
	for (size_t i = 0; i < SN_NITEMS(fields); i++) {
		size_t max = i == FIELD_QE_ID ? REQ_QE_ID_MAX : 2 * REQ_MANIFEST_MAX;
		struct bytes v;

		SN_TRY(sn_json_str(o, fields[i].key, max, &s, where, why));
		v = bytes_str(s);
		if (i == FIELD_QE_ID && v.n == 0)
			return sn_fail(why, SN_E_FORMAT, "%s: qe_id is empty", where);
		if (i != FIELD_QE_ID)
			SN_TRY(check_field(i, v, fields[i].json_empty, where, why));
		*(struct bytes *)((uint8_t *)&p + fields[i].offset) = v;
	}
	/* It has been a way out of the folder for others; here it names nothing. */
	if (yyjson_obj_get(o, "pckid_filename") != NULL)
		SN_TRY(sn_json_str(o, "pckid_filename", REQ_FILE_MAX, &s, where, why));
	return add_platform(w, &p, why);
}

enum sn_err
req_platform_list(struct req_wants *w, struct bytes text, const char *what, struct sn_why *why)
{
	SN_CLEANUP(sn_json_free) yyjson_doc *doc = NULL;
	char where[WHERE_MAX];
	yyjson_val *root, *v;
	size_t i, n;

	SN_TRY(sn_json_parse(text, what, false, &doc, why));
	root = yyjson_doc_get_root(doc);
	if (!yyjson_is_arr(root) || yyjson_arr_size(root) == 0)
		return sn_fail(why, SN_E_FORMAT, "%s: not an array of platforms", what);
	if (yyjson_arr_size(root) > REQ_PLATFORMS_MAX)
		return sn_fail(why, SN_E_LIMIT, "%s: over %u platforms; make several lists",
		    what, REQ_PLATFORMS_MAX);
	yyjson_arr_foreach(root, i, n, v)
	{
		snprintf(where, sizeof(where), "%.100s platform %zu", what, i + 1);
		SN_TRY(list_element(w, v, where, why));
	}
	return SN_OK;
}
