#include <stdio.h>
#include <string.h>

#include "appliance/base/json.h"
#include "appliance/base/text.h"
#include "firmware-cache/store/priv.h"

#define STATUS_VERSION 1
#define INDENT "        "

/* ---- JSON */

static void
put_time(yyjson_mut_doc *d, yyjson_mut_val *obj, const char *key, int64_t t)
{
	char text[TEXT_TIME_LEN + 1];

	text_from_time(t, text);
	yyjson_mut_obj_add_strcpy(d, obj, key, text);
}

static yyjson_mut_val *
json_notes(yyjson_mut_doc *d, unsigned int notes)
{
	yyjson_mut_val *arr = yyjson_mut_arr(d);
	const char *phrase;

	for (size_t i = 0; (phrase = col_note_phrase(notes, i)) != NULL; i++)
		yyjson_mut_arr_add_str(d, arr, phrase);
	return arr;
}

static yyjson_mut_val *
json_row(yyjson_mut_doc *d, const struct col_row *row)
{
	yyjson_mut_val *obj = yyjson_mut_obj(d);

	yyjson_mut_obj_add_str(d, obj, "path", row->path);
	yyjson_mut_obj_add_str(d, obj, "sha256", row->sha256);
	yyjson_mut_obj_add_str(d, obj, "kind", col_kind_name(row->kind));
	yyjson_mut_obj_add_str(d, obj, "vendor", col_vendor_name(row->vendor));
	yyjson_mut_obj_add_str(d, obj, "label", row->label);
	yyjson_mut_obj_add_bool(d, obj, "accepted", row->ok);
	if (row->ok) {
		put_time(d, obj, "issued", row->issued);
		put_time(d, obj, "good_until", row->good_until);
		yyjson_mut_obj_add_val(d, obj, "notes", json_notes(d, row->notes));
	} else if (row->carried) {
		yyjson_mut_obj_add_bool(d, obj, "carried", true);
	} else {
		yyjson_mut_obj_add_str(d, obj, "error", sn_err_name(row->why.err));
		yyjson_mut_obj_add_str(d, obj, "reason", row->why.text);
	}
	return obj;
}

enum sn_err
col_row_json(const struct col_row *row, struct sn_buf *ret, struct sn_why *why)
{
	SN_CLEANUP(sn_json_mut_free) yyjson_mut_doc *d = yyjson_mut_doc_new(NULL);
	yyjson_mut_val *obj = d != NULL ? json_row(d, row) : NULL;

	if (obj == NULL)
		return sn_fail(why, SN_E_NOMEM, "a row");
	return sn_json_canon(obj, ret, why);
}

/* Which items a coverage list counts: accepted, and not superseded. */
static bool
counts(const struct col_item *it)
{
	return !it->refused && !it->claim.carried && (it->notes & COL_NOTE_SUPERSEDED) == 0;
}

static bool
covers_product(const struct col_item *it, enum col_kind kind, enum amd_product p)
{
	if (!counts(it) || it->claim.kind != kind)
		return false;
	if (kind == COL_KIND_AMD_CRL)
		return strcmp(it->claim.scope, amd_product_name(p)) == 0;
	if (kind == COL_KIND_AMD_CHAIN)
		return it->claim.certs[0].product == p;
	return col_verified_amd_leaf(&it->verified)->product == p;
}

static size_t
count_product(const struct col_store *s, enum col_kind kind, enum amd_product p)
{
	size_t n = 0;

	for (size_t i = 0; i < s->n; i++)
		n += covers_product(s->items[i], kind, p);
	return n;
}

static yyjson_mut_val *
json_vceks(yyjson_mut_doc *d, const struct col_store *s, enum amd_product p)
{
	yyjson_mut_val *arr = yyjson_mut_arr(d);

	for (size_t i = 0; i < s->n; i++) {
		const struct amd_leaf *leaf;
		char hwid[2 * AMD_HWID_MAX + 1], name[AMD_TCB_NAME_MAX];
		yyjson_mut_val *obj;

		if (!covers_product(s->items[i], COL_KIND_AMD_VCEK, p))
			continue;
		leaf = col_verified_amd_leaf(&s->items[i]->verified);
		sn_hex((struct bytes){ leaf->hwid, leaf->hwid_len }, hwid);
		amd_tcb_name(&leaf->tcb, name);
		obj = yyjson_mut_arr_add_obj(d, arr);
		yyjson_mut_obj_add_strcpy(d, obj, "hwid", hwid);
		yyjson_mut_obj_add_strcpy(d, obj, "tcb", name);
	}
	return arr;
}

static yyjson_mut_val *
json_amd(yyjson_mut_doc *d, const struct col_store *s)
{
	yyjson_mut_val *arr = yyjson_mut_arr(d);

	for (enum amd_product p = AMD_MILAN; p < AMD_PRODUCT_COUNT; p++) {
		yyjson_mut_val *obj = yyjson_mut_obj(d);

		if (count_product(s, COL_KIND_AMD_CHAIN, p) == 0)
			continue;
		yyjson_mut_obj_add_str(d, obj, "product", amd_product_name(p));
		yyjson_mut_obj_add_bool(d, obj, "crl",
		    count_product(s, COL_KIND_AMD_CRL, p) != 0);
		yyjson_mut_obj_add_val(d, obj, "vceks", json_vceks(d, s, p));
		yyjson_mut_arr_add_val(arr, obj);
	}
	return arr;
}

/* The labels of all items of a kind that count. */
static yyjson_mut_val *
json_labels(yyjson_mut_doc *d, const struct col_store *s, enum col_kind kind)
{
	yyjson_mut_val *arr = yyjson_mut_arr(d);

	for (size_t i = 0; i < s->n; i++)
		if (counts(s->items[i]) && s->items[i]->claim.kind == kind)
			yyjson_mut_arr_add_str(d, arr, s->items[i]->claim.label);
	return arr;
}

static yyjson_mut_val *
json_coverage(yyjson_mut_doc *d, const struct col_store *s)
{
	yyjson_mut_val *obj = yyjson_mut_obj(d), *intel = yyjson_mut_obj(d);
	yyjson_mut_val *hosts = json_labels(d, s, COL_KIND_IBM_HOST_KEY);

	yyjson_mut_obj_add_val(d, obj, "amd", json_amd(d, s));
	yyjson_mut_obj_add_val(d, intel, "tcb_info",
	    json_labels(d, s, COL_KIND_INTEL_TCB_INFO));
	yyjson_mut_obj_add_val(d, intel, "identities",
	    json_labels(d, s, COL_KIND_INTEL_IDENTITY));
	yyjson_mut_obj_add_val(d, intel, "pck_crls", json_labels(d, s, COL_KIND_INTEL_PCK_CRL));
	yyjson_mut_obj_add_val(d, intel, "root_crls",
	    json_labels(d, s, COL_KIND_INTEL_ROOT_CRL));
	yyjson_mut_obj_add_val(d, obj, "intel", intel);
	if (yyjson_mut_arr_size(hosts) > 0)
		yyjson_mut_obj_add_val(d, obj, "ibm_se_host_keys", hosts);
	return obj;
}

enum sn_err
col_store_status_json(const struct col_store *s, struct sn_buf *ret, struct sn_why *why)
{
	SN_CLEANUP(sn_json_mut_free) yyjson_mut_doc *d = yyjson_mut_doc_new(NULL);
	const struct col_row *first = col_store_first_to_lapse(s), *rows = NULL;
	yyjson_mut_val *root = yyjson_mut_obj(d), *items = yyjson_mut_arr(d),
		       *lapse = yyjson_mut_obj(d);
	size_t n = 0;

	if (root == NULL || items == NULL || lapse == NULL)
		return sn_fail(why, SN_E_NOMEM, "status.json");
	SN_TRY(col_store_rows(s, &rows, &n, why));
	for (size_t i = 0; i < n; i++)
		if (!yyjson_mut_arr_add_val(items, json_row(d, &rows[i])))
			return sn_fail(why, SN_E_NOMEM, "status.json");
	yyjson_mut_obj_add_uint(d, root, "version", STATUS_VERSION);
	put_time(d, root, "judged_at", s->policy.at);
	yyjson_mut_obj_add_bool(d, root, "rehearsal_roots", col_roots_any(&s->policy.extra));
	yyjson_mut_obj_add_uint(d, root, "accepted", col_store_accepted(s));
	yyjson_mut_obj_add_uint(d, root, "refused", col_store_refused(s));
	if (col_store_carried(s) > 0)
		yyjson_mut_obj_add_uint(d, root, "carried", col_store_carried(s));
	yyjson_mut_obj_add_val(d, root, "items", items);
	yyjson_mut_obj_add_val(d, root, "coverage", json_coverage(d, s));
	if (first != NULL) {
		yyjson_mut_obj_add_str(d, lapse, "label", first->label);
		yyjson_mut_obj_add_str(d, lapse, "path", first->path);
		put_time(d, lapse, "good_until", first->good_until);
		yyjson_mut_obj_add_val(d, root, "first_to_lapse", lapse);
	}
	return sn_json_canon(root, ret, why);
}

/* ---- text */

void
col_row_text(const struct col_row *row, struct sn_buf *b)
{
	char line[COL_LINE_MAX + 1];

	col_row_line(row, line);
	sn_buf_fmt(b, "%s\n", line);
	text_put_wrapped(b, COL_LINE_MAX, INDENT, row->path);
	if (!row->ok && !row->carried)
		text_put_wrapped(b, COL_LINE_MAX, INDENT, row->why.text);
}

static void
put_kind(struct sn_buf *b, const struct col_store *s, enum col_kind kind)
{
	for (size_t i = 0; i < s->n; i++)
		if (counts(s->items[i]) && s->items[i]->claim.kind == kind)
			sn_buf_fmt(b, "  %s\n", s->items[i]->claim.label);
}

static void
put_coverage(struct sn_buf *b, const struct col_store *s)
{
	for (enum amd_product p = AMD_MILAN; p < AMD_PRODUCT_COUNT; p++) {
		if (count_product(s, COL_KIND_AMD_CHAIN, p) == 0)
			continue;
		sn_buf_fmt(b, "  AMD %s, %zu VCEK, %zu VLEK, %s\n", amd_product_name(p),
		    count_product(s, COL_KIND_AMD_VCEK, p),
		    count_product(s, COL_KIND_AMD_VLEK, p),
		    count_product(s, COL_KIND_AMD_CRL, p) != 0 ? "with its CRL"
							       : "no CRL here");
	}
	put_kind(b, s, COL_KIND_INTEL_TCB_INFO);
	put_kind(b, s, COL_KIND_INTEL_IDENTITY);
	put_kind(b, s, COL_KIND_INTEL_PCK_CRL);
	put_kind(b, s, COL_KIND_INTEL_ROOT_CRL);
	put_kind(b, s, COL_KIND_IBM_HOST_KEY);
	put_kind(b, s, COL_KIND_IBM_CRL);
}

enum sn_err
col_store_status_txt(const struct col_store *s, struct sn_buf *ret, struct sn_why *why)
{
	const struct col_row *first = col_store_first_to_lapse(s), *rows = NULL;
	char when[TEXT_TIME_LEN + 1];
	size_t n = 0, mixed = 0;

	SN_TRY(col_store_rows(s, &rows, &n, why));
	text_from_time(s->policy.at, when);
	for (size_t i = 0; i < n; i++)
		mixed += (rows[i].notes & COL_NOTE_MIXED) != 0;
	sn_buf_fmt(ret, "Collateral, judged at %s: %zu accepted, %zu refused\n", when,
	    col_store_accepted(s), col_store_refused(s));
	if (col_store_carried(s) > 0)
		sn_buf_fmt(ret, "%zu carried, not verified here\n", col_store_carried(s));
	if (first != NULL) {
		text_from_time(first->good_until, when);
		sn_buf_fmt(ret, "Good until %s; first to lapse:\n  %s\n", when, first->label);
	}
	if (mixed > 0)
		sn_buf_fmt(ret,
		    "%zu mixed: TCB info and identity of different evaluation numbers;\n"
		    "  fetch both anew, from one update channel\n",
		    mixed);
	sn_buf_str(ret, "\nCovers\n");
	put_coverage(ret, s);
	sn_buf_str(ret, "\nItems\n");
	for (size_t i = 0; i < n; i++)
		col_row_text(&rows[i], ret);
	return sn_buf_check(ret, why);
}
