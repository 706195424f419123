#include "ceremony/node/enrol_state.h"

#include <fcntl.h>
#include <string.h>

#include "appliance/base/file.h"
#include "appliance/base/json.h"
#include "appliance/base/text.h"

#define STATE_TYPE "cornerstone/tpm-enrol/v1"
#define STATE_MAX 131072
#define FIELD_MAX 65536

void
enrol_state_done(struct enrol_state *s)
{
	if (s == NULL)
		return;
	sn_buf_done(&s->ek_pub);
	sn_buf_done(&s->ak_pub);
	sn_buf_done(&s->ek_cert);
	sn_buf_done(&s->ek_chain);
}

static void
put_base64(yyjson_mut_doc *doc, yyjson_mut_val *o, const char *key, const struct sn_buf *v)
{
	SN_CLEANUP(sn_buf_done) struct sn_buf text = { 0 };

	sn_buf_base64(&text, sn_buf_bytes(v));
	yyjson_mut_obj_add_strcpy(doc, o, key, sn_buf_cstr(&text));
}

enum sn_err
enrol_state_write(const struct enrol_state *s, const char *path, struct sn_why *why)
{
	SN_CLEANUP(sn_json_mut_free) yyjson_mut_doc *doc = yyjson_mut_doc_new(NULL);
	SN_CLEANUP(sn_buf_done) struct sn_buf out = { 0 };
	yyjson_mut_val *o = yyjson_mut_obj(doc);
	char hex[65];

	sn_hex(BYTES_OF(s->secret_sha256), hex);
	yyjson_mut_obj_add_str(doc, o, "type", STATE_TYPE);
	yyjson_mut_obj_add_str(doc, o, "secret_sha256", hex);
	put_base64(doc, o, "ek_pub", &s->ek_pub);
	put_base64(doc, o, "ak_pub", &s->ak_pub);
	if (s->ek_cert.n != 0)
		put_base64(doc, o, "ek_cert", &s->ek_cert);
	if (s->ek_chain.n != 0)
		put_base64(doc, o, "ek_chain", &s->ek_chain);
	SN_TRY(sn_json_canon(o, &out, why));
	sn_buf_str(&out, "\n");
	SN_TRY(sn_buf_check(&out, why));
	return sn_file_write(AT_FDCWD, path, sn_buf_bytes(&out), 0644, false, why);
}

static enum sn_err
get_base64(yyjson_val *o, const char *key, size_t max, struct sn_buf *ret, const char *what,
    struct sn_why *why)
{
	const char *text;

	SN_TRY(sn_json_str(o, key, FIELD_MAX, &text, what, why));
	return sn_base64_parse(bytes_str(text), max, ret, what, why);
}

static enum sn_err
parse_state(yyjson_val *o, struct enrol_state *s, const char *what, struct sn_why *why)
{
	static const char *const keys[] = { "type", "secret_sha256", "ek_pub", "ak_pub",
		"ek_cert", "ek_chain", NULL };
	const char *type;

	SN_TRY(sn_json_only(o, keys, what, why));
	SN_TRY(sn_json_str(o, "type", sizeof(STATE_TYPE), &type, what, why));
	if (strcmp(type, STATE_TYPE) != 0)
		return sn_fail(why, SN_E_FORMAT, "%s: is no state of an enrolment", what);
	SN_TRY(sn_json_hex(o, "secret_sha256", s->secret_sha256, sizeof(s->secret_sha256), what,
	    why));
	SN_TRY(get_base64(o, "ek_pub", ENROL_PUB_MAX, &s->ek_pub, what, why));
	SN_TRY(get_base64(o, "ak_pub", ENROL_PUB_MAX, &s->ak_pub, what, why));
	if (yyjson_obj_get(o, "ek_cert") != NULL)
		SN_TRY(get_base64(o, "ek_cert", ENROL_CERT_MAX, &s->ek_cert, what, why));
	if (yyjson_obj_get(o, "ek_chain") != NULL)
		SN_TRY(get_base64(o, "ek_chain", ENROL_CHAIN_MAX, &s->ek_chain, what, why));
	return SN_OK;
}

enum sn_err
enrol_state_read(const char *path, struct enrol_state *ret, struct sn_why *why)
{
	SN_CLEANUP(enrol_state_done) struct enrol_state s = { 0 };
	SN_CLEANUP(sn_json_free) yyjson_doc *doc = NULL;
	SN_CLEANUP(sn_buf_done) struct sn_buf text = { 0 };

	SN_TRY(sn_file_read(AT_FDCWD, path, STATE_MAX, &text, why));
	SN_TRY(sn_json_parse(sn_buf_bytes(&text), path, false, &doc, why));
	SN_TRY(parse_state(yyjson_doc_get_root(doc), &s, path, why));
	*ret = s;
	s = (struct enrol_state){ 0 };
	return SN_OK;
}
