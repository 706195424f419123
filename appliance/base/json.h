/*
 * json - reading JSON strictly and writing it canonically (RFC 8785 subset:
 * strings, integers below 2^53, true, false, null, arrays, objects).
 *
 * Owns: nothing between calls. May include: base.h, err.h, bytes.h, text.h;
 * trees are yyjson's. Depth is limited, so that nothing recurses on input.
 */
#ifndef SN_JSON_H
#define SN_JSON_H

#include <yyjson.h>

#include "appliance/base/bytes.h"

#define SN_JSON_MAX_DEPTH 24
#define SN_JSON_MAX_BYTES (4U << 20)

/*
 * Parse strictly: UTF-8 without BOM, no duplicate keys at any depth, no
 * floats unless allow_floats, nothing after the value, depth and size limited.
 * SN_E_FORMAT / SN_E_LIMIT. The caller owns *ret_doc (sn_json_free).
 */
SN_MUST_USE enum sn_err sn_json_parse(struct bytes text, const char *what, bool allow_floats,
    yyjson_doc **ret_doc, struct sn_why *why);
void sn_json_free(yyjson_doc **docp);	      /* NULL-safe, idempotent */
void sn_json_mut_free(yyjson_mut_doc **docp); /* NULL-safe, idempotent */

/* Append the canonical bytes of a tree (keys sorted by UTF-16 code unit as RFC
 * 8785 wants). SN_E_FORMAT when the tree holds what the subset does not. */
SN_MUST_USE enum sn_err sn_json_canon(const yyjson_mut_val *v, struct sn_buf *ret,
    struct sn_why *why);
/* SN_E_FORMAT unless text is the canonical form of itself. */
SN_MUST_USE enum sn_err sn_json_is_canon(struct bytes text, const char *what,
    struct sn_why *why);

/*
 * Field getters on an object; what prefixes the message ("plan.json"). Missing
 * or of another type: SN_E_FORMAT that names the key. Strings are C strings
 * without embedded NUL, printable, at most max bytes, owned by the document.
 */
SN_MUST_USE enum sn_err sn_json_str(yyjson_val *obj, const char *key, size_t max,
    const char **ret, const char *what, struct sn_why *why);
SN_MUST_USE enum sn_err sn_json_u32(yyjson_val *obj, const char *key, uint32_t min,
    uint32_t max, uint32_t *ret, const char *what, struct sn_why *why);
/* For counters: up to SN_JSON_SAFE, which every reader of JSON holds exactly. */
#define SN_JSON_SAFE ((UINT64_C(1) << 53) - 1)
SN_MUST_USE enum sn_err sn_json_u64(yyjson_val *obj, const char *key, uint64_t max,
    uint64_t *ret, const char *what, struct sn_why *why);
SN_MUST_USE enum sn_err sn_json_time(yyjson_val *obj, const char *key, int64_t *ret,
    const char *what, struct sn_why *why);
SN_MUST_USE enum sn_err sn_json_hex(yyjson_val *obj, const char *key, void *ret, size_t n,
    const char *what, struct sn_why *why);
SN_MUST_USE enum sn_err sn_json_obj(yyjson_val *obj, const char *key, yyjson_val **ret,
    const char *what, struct sn_why *why);
SN_MUST_USE enum sn_err sn_json_arr(yyjson_val *obj, const char *key, size_t min, size_t max,
    yyjson_val **ret, const char *what, struct sn_why *why);
/* Refuse keys that are not in the NULL-ended list: nothing is silently ignored. */
SN_MUST_USE enum sn_err sn_json_only(yyjson_val *obj, const char *const *keys, const char *what,
    struct sn_why *why);

#endif
