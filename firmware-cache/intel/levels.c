#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "firmware-cache/intel/body.h"

#define WORD_MAX 64
#define ADVISORIES_MAX 128U

static const char *const statuses[INTEL_STATUS_COUNT] = {
	[INTEL_STATUS_UP_TO_DATE] = "UpToDate",
	[INTEL_STATUS_SW_HARDENING] = "SWHardeningNeeded",
	[INTEL_STATUS_CONFIGURATION] = "ConfigurationNeeded",
	[INTEL_STATUS_CONFIGURATION_AND_SW_HARDENING] = "ConfigurationAndSWHardeningNeeded",
	[INTEL_STATUS_OUT_OF_DATE] = "OutOfDate",
	[INTEL_STATUS_OUT_OF_DATE_CONFIGURATION] = "OutOfDateConfigurationNeeded",
	[INTEL_STATUS_REVOKED] = "Revoked",
};

const char *
intel_status_name(enum intel_status s)
{
	return s < INTEL_STATUS_COUNT ? statuses[s] : "unknown";
}

/* One unknown status makes a consumer refuse its whole file, so it is refused here. */
static enum sn_err
read_status(yyjson_val *level, enum intel_status *ret, const char *what, struct sn_why *why)
{
	const char *text = NULL;

	SN_TRY(sn_json_str(level, "tcbStatus", WORD_MAX, &text, what, why));
	for (enum intel_status s = 0; s < INTEL_STATUS_COUNT; s++)
		if (strcmp(statuses[s], text) == 0) {
			*ret = s;
			return SN_OK;
		}
	return sn_fail(why, SN_E_FORMAT, "%s: tcbStatus \"%s\" is not known", what, text);
}

enum sn_err
intel_components_read(yyjson_val *tcb, const char *array, bool v3,
    uint8_t ret[INTEL_COMPONENTS], bool *ret_beyond, const char *what, struct sn_why *why)
{
	uint32_t max = ret_beyond != NULL ? UINT16_MAX : UINT8_MAX;
	yyjson_val *arr = NULL;
	char key[32];
	uint32_t n = 0;

	if (v3)
		SN_TRY(sn_json_arr(tcb, array, INTEL_COMPONENTS, INTEL_COMPONENTS, &arr, what,
		    why));
	for (size_t i = 0; i < INTEL_COMPONENTS; i++) {
		yyjson_val *from = v3 ? yyjson_arr_get(arr, i) : tcb;

		snprintf(key, sizeof(key), "sgxtcbcomp%02zusvn", i + 1);
		if (!yyjson_is_obj(from))
			return sn_fail(why, SN_E_FORMAT, "%s: %s[%zu] is not an object", what,
			    array, i);
		SN_TRY(sn_json_u32(from, v3 ? "svn" : key, 0, max, &n, what, why));
		if (n > UINT8_MAX)
			*ret_beyond = true;
		ret[i] = (uint8_t)(n > UINT8_MAX ? UINT8_MAX : n);
	}
	return SN_OK;
}

static enum sn_err
read_svn16(yyjson_val *obj, const char *key, uint16_t *ret, const char *what,
    struct sn_why *why)
{
	uint32_t n = 0;

	SN_TRY(sn_json_u32(obj, key, 0, UINT16_MAX, &n, what, why));
	*ret = (uint16_t)n;
	return SN_OK;
}

/* Which TCB a level has: c NULL for a TDX module's. */
static enum sn_err
read_tcb(yyjson_val *tcb, const struct intel_claim *c, struct intel_level *ret,
    const char *what, struct sn_why *why)
{
	bool v3 = c != NULL && c->version >= 3;

	if (c == NULL || c->kind != INTEL_JSON_TCB_INFO)
		return read_svn16(tcb, "isvsvn", &ret->isv_svn, what, why);
	SN_TRY(intel_components_read(tcb, "sgxtcbcomponents", v3, ret->tcb.component,
	    &ret->beyond, what, why));
	SN_TRY(read_svn16(tcb, "pcesvn", &ret->tcb.pce_svn, what, why));
	if (c->id != INTEL_ID_TDX)
		return SN_OK;
	return intel_components_read(tcb, "tdxtcbcomponents", true, ret->tdx, &ret->beyond,
	    what, why);
}

static enum sn_err
read_level(yyjson_val *level, size_t i, const struct intel_claim *c, struct intel_level *ret,
    const char *what, struct sn_why *why)
{
	yyjson_val *tcb = NULL, *list = NULL;

	if (!yyjson_is_obj(level))
		return sn_fail(why, SN_E_FORMAT, "%s: tcbLevels[%zu] is not an object", what,
		    i);
	SN_TRY(sn_json_obj(level, "tcb", &tcb, what, why));
	SN_TRY(read_tcb(tcb, c, ret, what, why));
	SN_TRY(sn_json_time(level, "tcbDate", &ret->date, what, why));
	SN_TRY(read_status(level, &ret->status, what, why));
	if (yyjson_obj_get(level, "advisoryIDs") == NULL)
		return SN_OK;
	return sn_json_arr(level, "advisoryIDs", 0, ADVISORIES_MAX, &list, what, why);
}

/* A total order, highest first: what reaches an earlier one is never judged by a lower one. */
static int
compare(const void *a, const void *b)
{
	const struct intel_level *x = a, *y = b;
	int order = memcmp(y->tcb.component, x->tcb.component, sizeof(x->tcb.component));

	if (order == 0)
		order = y->tcb.pce_svn - x->tcb.pce_svn;
	if (order == 0)
		order = memcmp(y->tdx, x->tdx, sizeof(x->tdx));
	return order != 0 ? order : y->isv_svn - x->isv_svn;
}

/* Two levels of one TCB: which of the two holds would depend on who reads. */
static enum sn_err
sort_levels(struct intel_level *levels, size_t n, const char *what, struct sn_why *why)
{
	qsort(levels, n, sizeof(*levels), compare);
	for (size_t i = 1; i < n; i++)
		if (compare(&levels[i - 1], &levels[i]) == 0 && !levels[i].beyond)
			return sn_fail(why, SN_E_FORMAT, "%s: two levels of one TCB", what);
	return SN_OK;
}

enum sn_err
intel_levels_read(yyjson_val *root, struct intel_body *b, struct sn_why *why)
{
	const char *what = intel_json_key(b->claim.kind);
	yyjson_val *arr = NULL, *level;
	size_t i, n;

	SN_TRY(sn_json_arr(root, "tcbLevels", 1, INTEL_LEVELS_MAX, &arr, what, why));
	b->levels = calloc(yyjson_arr_size(arr), sizeof(*b->levels));
	if (b->levels == NULL)
		return sn_fail(why, SN_E_NOMEM, "%s: its levels", what);
	yyjson_arr_foreach(arr, i, n, level)
	{
		SN_TRY(read_level(level, i, &b->claim, &b->levels[i], what, why));
		b->nlevels++;
	}
	return sort_levels(b->levels, b->nlevels, what, why);
}

/* ---- TDX modules */

static enum sn_err
read_module(yyjson_val *obj, struct intel_module *m, const char *what, struct sn_why *why)
{
	SN_TRY(sn_json_hex(obj, "mrsigner", m->mrsigner, sizeof(m->mrsigner), what, why));
	SN_TRY(sn_json_hex(obj, "attributes", m->attributes, sizeof(m->attributes), what, why));
	return sn_json_hex(obj, "attributesMask", m->attributes_mask,
	    sizeof(m->attributes_mask), what, why);
}

static enum sn_err
read_module_identity(yyjson_val *obj, struct intel_module *m, const char *what,
    struct sn_why *why)
{
	yyjson_val *arr = NULL, *level;
	const char *id = NULL;
	size_t i, n;

	if (!yyjson_is_obj(obj))
		return sn_fail(why, SN_E_FORMAT, "%s: an entry is not an object", what);
	SN_TRY(sn_json_str(obj, "id", sizeof(m->id) - 1, &id, what, why));
	snprintf(m->id, sizeof(m->id), "%s", id);
	SN_TRY(read_module(obj, m, what, why));
	SN_TRY(sn_json_arr(obj, "tcbLevels", 1, INTEL_MODULE_LEVELS_MAX, &arr, what, why));
	yyjson_arr_foreach(arr, i, n, level)
	{
		SN_TRY(read_level(level, i, NULL, &m->levels[i], what, why));
		m->nlevels++;
	}
	return sort_levels(m->levels, m->nlevels, what, why);
}

enum sn_err
intel_modules_read(yyjson_val *root, struct intel_body *b, struct sn_why *why)
{
	static const char list[] = "tdxModuleIdentities";
	yyjson_val *obj = NULL, *arr = NULL, *entry;
	size_t i, n;

	SN_TRY(sn_json_obj(root, "tdxModule", &obj, "tcbInfo", why));
	SN_TRY(read_module(obj, &b->module, "tdxModule", why));
	if (yyjson_obj_get(root, list) == NULL)
		return SN_OK;
	SN_TRY(sn_json_arr(root, list, 0, INTEL_MODULES_MAX, &arr, "tcbInfo", why));
	b->modules = calloc(yyjson_arr_size(arr) + 1, sizeof(*b->modules));
	if (b->modules == NULL)
		return sn_fail(why, SN_E_NOMEM, "%s", list);
	yyjson_arr_foreach(arr, i, n, entry)
	{
		SN_TRY(read_module_identity(entry, &b->modules[i], list, why));
		for (size_t k = 0; k < i; k++)
			if (strcmp(b->modules[k].id, b->modules[i].id) == 0)
				return sn_fail(why, SN_E_FORMAT, "%s: %s twice", list,
				    b->modules[i].id);
		b->nmodules++;
	}
	return SN_OK;
}

void
intel_body_done(struct intel_body *b)
{
	if (b == NULL)
		return;
	free(b->levels);
	free(b->modules);
	*b = (struct intel_body){ 0 };
}

const struct intel_level *
intel_level_of(const struct intel_body *b, const struct intel_tcb *tcb)
{
	if (b->claim.kind != INTEL_JSON_TCB_INFO)
		return NULL;
	for (size_t i = 0; i < b->nlevels; i++)
		if (!b->levels[i].beyond && intel_tcb_reaches(tcb, &b->levels[i].tcb))
			return &b->levels[i];
	return NULL;
}
