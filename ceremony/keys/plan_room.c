/* "seals" and "inspection": what people look at before they trust the machine. */
#include <string.h>

#include "appliance/base/json.h"
#include "ceremony/keys/plan_parts.h"

bool
plan_serial_ok(const char *s)
{
	size_t n = strlen(s);

	return n >= PLAN_SERIAL_MIN && n <= PLAN_SERIAL_MAX &&
	    strspn(s, "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-") == n;
}

static enum sn_err
room_seal(struct plan *p, yyjson_val *o, struct sn_why *why)
{
	static const char *const keys[] = { "what", "serial", NULL };
	struct plan_seal *s = &p->seals[p->nseals];

	if (!yyjson_is_obj(o))
		return sn_fail(why, SN_E_FORMAT, WHAT ": seals: not an object");
	SN_TRY(sn_json_only(o, keys, WHAT, why));
	SN_TRY(plan_string(o, "what", s->what, PLAN_SEAL_WHAT_MAX, why));
	if (yyjson_obj_get(o, "serial") != NULL) {
		SN_TRY(plan_string(o, "serial", s->serial, PLAN_SERIAL_MAX, why));
		if (!plan_serial_ok(s->serial))
			return sn_fail(why, SN_E_FORMAT,
			    WHAT ": seals: serial: %d to %d of A-Z, 0-9 and -", PLAN_SERIAL_MIN,
			    PLAN_SERIAL_MAX);
	}
	for (size_t i = 0; i < p->nseals; i++)
		if (strcmp(p->seals[i].what, s->what) == 0 ||
		    (s->serial[0] != '\0' && strcmp(p->seals[i].serial, s->serial) == 0))
			return sn_fail(why, SN_E_POLICY, WHAT ": seals: \"%s\" is there twice",
			    s->what);
	p->nseals++;
	return SN_OK;
}

enum sn_err
plan_room(struct plan *p, yyjson_val *root, struct sn_why *why)
{
	yyjson_val *v = yyjson_obj_get(root, "inspection"), *arr = NULL;
	size_t i, n;

	if (v != NULL && !yyjson_is_bool(v))
		return sn_fail(why, SN_E_FORMAT, WHAT ": inspection is neither true nor false");
	p->inspection = v != NULL && yyjson_get_bool(v);
	if (yyjson_obj_get(root, "seals") == NULL)
		return SN_OK;
	SN_TRY(sn_json_arr(root, "seals", 1, PLAN_MAX_SEALS, &arr, WHAT, why));
	yyjson_arr_foreach(arr, i, n, v)
	{
		SN_TRY(room_seal(p, v, why));
	}
	return SN_OK;
}
