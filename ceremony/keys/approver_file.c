/*
 * approver.key and approver.json: writer and reader.
 */
#include "ceremony/keys/approver.h"

#include <string.h>

#include "appliance/base/json.h"
#include "appliance/base/text.h"

#define KEY_WHAT "approver.key"
#define PUBLIC_WHAT "approver.json"
#define SEED_LEN 32
#define SALT_LEN 16
#define NONCE_LEN 12
#define TAG_LEN 16
#define SEALED_LEN (SEED_LEN + TAG_LEN)

/* Everything in approver.key; all of it but the sealed bytes is the header. */
struct key_file {
	char name[PLAN_NAME_MAX + 1];
	struct approver_cost cost;
	uint8_t salt[SALT_LEN], nonce[NONCE_LEN];
	uint8_t sealed[SEALED_LEN];
};

/* ---- writing */

static bool
add_base64(yyjson_mut_doc *doc, yyjson_mut_val *obj, const char *key, struct bytes v)
{
	SN_CLEANUP(sn_buf_done) struct sn_buf b = { 0 };

	sn_buf_base64(&b, v);
	return !b.failed && yyjson_mut_obj_add_strcpy(doc, obj, key, sn_buf_cstr(&b));
}

/* The canonical header, or with sealed the canonical file. */
static enum sn_err
key_file_write(const struct key_file *f, bool sealed, struct sn_buf *ret, struct sn_why *why)
{
	SN_CLEANUP(sn_json_mut_free) yyjson_mut_doc *doc = yyjson_mut_doc_new(NULL);
	yyjson_mut_val *root = yyjson_mut_obj(doc);
	yyjson_mut_val *kdf = yyjson_mut_obj_add_obj(doc, root, "argon2id");

	if (!yyjson_mut_obj_add_uint(doc, kdf, "lanes", f->cost.lanes) ||
	    !yyjson_mut_obj_add_uint(doc, kdf, "memory_kib", f->cost.memory_kib) ||
	    !yyjson_mut_obj_add_uint(doc, kdf, "passes", f->cost.passes) ||
	    !add_base64(doc, kdf, "salt", BYTES_OF(f->salt)) ||
	    !yyjson_mut_obj_add_str(doc, root, "format", APPROVER_KEY_FORMAT) ||
	    !yyjson_mut_obj_add_str(doc, root, "name", f->name) ||
	    !add_base64(doc, root, "nonce", BYTES_OF(f->nonce)) ||
	    (sealed && !add_base64(doc, root, "sealed", BYTES_OF(f->sealed))))
		return sn_fail(why, SN_E_NOMEM, KEY_WHAT);
	return sn_json_canon(root, ret, why);
}

static enum sn_err
public_write(const char *name, struct bytes sign, struct bytes seal, struct sn_buf *ret,
    struct sn_why *why)
{
	SN_CLEANUP(sn_json_mut_free) yyjson_mut_doc *doc = yyjson_mut_doc_new(NULL);
	yyjson_mut_val *root = yyjson_mut_obj(doc);

	if (!yyjson_mut_obj_add_str(doc, root, "format", APPROVER_PUBLIC_FORMAT) ||
	    !yyjson_mut_obj_add_str(doc, root, "name", name) ||
	    !add_base64(doc, root, "seal", seal) || !add_base64(doc, root, "sign", sign))
		return sn_fail(why, SN_E_NOMEM, PUBLIC_WHAT);
	return sn_json_canon(root, ret, why);
}

/* Argon2id of the passphrase, with the file's own parameters. */
static enum sn_err
file_key(const struct key_file *f, struct bytes passphrase, struct sn_secret *ret,
    struct sn_why *why)
{
	return cry_argon2id(passphrase, BYTES_OF(f->salt), f->cost.memory_kib, f->cost.passes,
	    f->cost.lanes, 32, ret, why);
}

static enum sn_err
file_seal(struct key_file *f, struct bytes passphrase, struct bytes seed, struct sn_buf *ret,
    struct sn_why *why)
{
	SN_CLEANUP(sn_secret_done) struct sn_secret key = { 0 };
	SN_CLEANUP(sn_buf_done) struct sn_buf header = { 0 }, sealed = { 0 };

	SN_TRY(file_key(f, passphrase, &key, why));
	SN_TRY(key_file_write(f, false, &header, why));
	SN_TRY(cry_aead_seal(sn_secret_bytes(&key), BYTES_OF(f->nonce), sn_buf_bytes(&header),
	    seed, &sealed, why));
	if (sealed.n != SEALED_LEN)
		return sn_fail(why, SN_E_INTERNAL, KEY_WHAT ": sealed to %zu bytes", sealed.n);
	memcpy(f->sealed, sealed.p, SEALED_LEN);
	SN_TRY(key_file_write(f, true, ret, why));
	sn_buf_str(ret, "\n");
	return sn_buf_check(ret, why);
}

static enum sn_err
check_passphrase(struct bytes passphrase, struct sn_why *why)
{
	if (passphrase.n < APPROVER_PASSPHRASE_MIN || passphrase.n > APPROVER_PASSPHRASE_MAX)
		return sn_fail(why, SN_E_PASSPHRASE, "the passphrase must have %d to %d bytes",
		    APPROVER_PASSPHRASE_MIN, APPROVER_PASSPHRASE_MAX);
	return SN_OK;
}

static enum sn_err
check_cost(const struct approver_cost *c, struct sn_why *why)
{
	const struct {
		const char *name;
		uint32_t value, min, max;
	} rows[] = {
		{ "lanes", c->lanes, 1, APPROVER_LANES_MAX },
		{ "memory_kib", c->memory_kib, APPROVER_MEMORY_KIB_MIN,
		    APPROVER_MEMORY_KIB_MAX },
		{ "passes", c->passes, 1, APPROVER_PASSES_MAX },
	};
	size_t i;

	for (i = 0; i < SN_NITEMS(rows); i++)
		if (rows[i].value < rows[i].min || rows[i].value > rows[i].max)
			return sn_fail(why, SN_E_LIMIT,
			    KEY_WHAT ": argon2id.%s is %u, %u to %u are allowed", rows[i].name,
			    rows[i].value, rows[i].min, rows[i].max);
	return SN_OK;
}

enum sn_err
approver_new(const char *name, struct bytes passphrase, struct sn_buf *ret_public,
    struct sn_buf *ret_private, struct sn_why *why)
{
	static const struct approver_cost usual = { APPROVER_MEMORY_KIB, APPROVER_PASSES,
		APPROVER_LANES };

	return approver_new_cost(name, passphrase, &usual, ret_public, ret_private, why);
}

enum sn_err
approver_new_cost(const char *name, struct bytes passphrase, const struct approver_cost *cost,
    struct sn_buf *ret_public, struct sn_buf *ret_private, struct sn_why *why)
{
	struct key_file f = { .cost = *cost };
	SN_CLEANUP(sn_secret_done) struct sn_secret seed = { 0 };
	SN_CLEANUP(approver_keys_done) struct approver_keys keys = { 0 };
	SN_CLEANUP(sn_buf_done) struct sn_buf sign = { 0 }, seal = { 0 };
	SN_CLEANUP(sn_buf_done) struct sn_buf pub = { 0 }, priv = { 0 };
	const char *fault = plan_approver_name_fault(name);

	if (fault != NULL)
		return sn_fail(why, SN_E_USAGE, "\"%s\" %s", name, fault);
	SN_TRY(check_passphrase(passphrase, why));
	SN_TRY(check_cost(cost, why));
	memcpy(f.name, name, strlen(name) + 1);
	SN_TRY(cry_random_secret(SEED_LEN, &seed, why));
	SN_TRY(cry_random(f.salt, sizeof(f.salt), why));
	SN_TRY(cry_random(f.nonce, sizeof(f.nonce), why));
	SN_TRY(approver_keys_from_seed(name, sn_secret_bytes(&seed), &keys, why));
	SN_TRY(cry_key_spki(keys.sign, &sign, why));
	SN_TRY(cry_key_spki(keys.seal, &seal, why));
	SN_TRY(public_write(name, sn_buf_bytes(&sign), sn_buf_bytes(&seal), &pub, why));
	sn_buf_str(&pub, "\n");
	SN_TRY(file_seal(&f, passphrase, sn_secret_bytes(&seed), &priv, why));
	sn_buf_put(ret_public, sn_buf_bytes(&pub));
	sn_buf_put(ret_private, sn_buf_bytes(&priv));
	SN_TRY(sn_buf_check(ret_public, why));
	return sn_buf_check(ret_private, why);
}

/* ---- reading: fields here, the form by writing it again and comparing */

static enum sn_err
read_base64(yyjson_val *obj, const char *key, size_t max, struct sn_buf *ret, const char *what,
    struct sn_why *why)
{
	const char *s;

	SN_TRY(sn_json_str(obj, key, 2 * max + 8, &s, what, why));
	return sn_base64_parse(bytes_str(s), max, ret, what, why);
}

static enum sn_err
read_fixed(yyjson_val *obj, const char *key, uint8_t *ret, size_t n, struct sn_why *why)
{
	SN_CLEANUP(sn_buf_done) struct sn_buf b = { 0 };

	SN_TRY(read_base64(obj, key, n, &b, KEY_WHAT, why));
	if (b.n != n)
		return sn_fail(why, SN_E_FORMAT, KEY_WHAT ": %s has %zu bytes, not %zu", key,
		    b.n, n);
	memcpy(ret, b.p, n);
	return SN_OK;
}

static enum sn_err
read_name(yyjson_val *root, const char *format, char ret[PLAN_NAME_MAX + 1], const char *what,
    struct sn_why *why)
{
	const char *s, *fault;

	SN_TRY(sn_json_str(root, "format", 64, &s, what, why));
	if (strcmp(s, format) != 0)
		return sn_fail(why, SN_E_FORMAT, "%s: format is %s, not %s", what, s, format);
	SN_TRY(sn_json_str(root, "name", PLAN_NAME_MAX, &s, what, why));
	fault = plan_approver_name_fault(s);
	if (fault != NULL)
		return sn_fail(why, SN_E_FORMAT, "%s: \"%s\" %s", what, s, fault);
	memcpy(ret, s, strlen(s) + 1);
	return SN_OK;
}

static enum sn_err
read_kdf(yyjson_val *root, struct key_file *f, struct sn_why *why)
{
	const struct {
		const char *key;
		uint32_t *ret;
	} rows[] = {
		{ "lanes", &f->cost.lanes },
		{ "memory_kib", &f->cost.memory_kib },
		{ "passes", &f->cost.passes },
	};
	yyjson_val *kdf;
	size_t i;

	SN_TRY(sn_json_obj(root, "argon2id", &kdf, KEY_WHAT, why));
	for (i = 0; i < SN_NITEMS(rows); i++)
		SN_TRY(sn_json_u32(kdf, rows[i].key, 0, UINT32_MAX, rows[i].ret, KEY_WHAT,
		    why));
	SN_TRY(check_cost(&f->cost, why));
	return read_fixed(kdf, "salt", f->salt, sizeof(f->salt), why);
}

/* Parse one object in its canonical form, one line end allowed behind it. */
static enum sn_err
read_object(struct bytes *text, const char *what, yyjson_doc **ret, struct sn_why *why)
{
	SN_CLEANUP(sn_json_free) yyjson_doc *doc = NULL;

	if (text->n > APPROVER_FILE_MAX)
		return sn_fail(why, SN_E_FORMAT,
		    "%s: it has %zu bytes, and an approver's file has at most %d", what,
		    text->n, APPROVER_FILE_MAX);
	if (text->n > 0 && text->p[text->n - 1] == '\n')
		text->n--;
	SN_TRY(sn_json_parse(*text, what, false, &doc, why));
	if (!yyjson_is_obj(yyjson_doc_get_root(doc)))
		return sn_fail(why, SN_E_FORMAT, "%s: not an object", what);
	*ret = SN_TAKE(doc);
	return SN_OK;
}

static enum sn_err
same_bytes(struct bytes text, const struct sn_buf *again, const char *what, struct sn_why *why)
{
	SN_TRY(sn_buf_check(again, why));
	if (!bytes_equal(text, sn_buf_bytes(again)))
		return sn_fail(why, SN_E_FORMAT,
		    "%s: it is not in its one canonical form, or has members that are not known",
		    what);
	return SN_OK;
}

static enum sn_err
key_file_parse(struct bytes text, struct key_file *f, struct sn_why *why)
{
	SN_CLEANUP(sn_json_free) yyjson_doc *doc = NULL;
	SN_CLEANUP(sn_buf_done) struct sn_buf again = { 0 };
	yyjson_val *root;

	SN_TRY(read_object(&text, KEY_WHAT, &doc, why));
	root = yyjson_doc_get_root(doc);
	SN_TRY(read_name(root, APPROVER_KEY_FORMAT, f->name, KEY_WHAT, why));
	SN_TRY(read_kdf(root, f, why));
	SN_TRY(read_fixed(root, "nonce", f->nonce, sizeof(f->nonce), why));
	SN_TRY(read_fixed(root, "sealed", f->sealed, sizeof(f->sealed), why));
	SN_TRY(key_file_write(f, true, &again, why));
	return same_bytes(text, &again, KEY_WHAT, why);
}

enum sn_err
approver_fits(struct bytes file, struct bytes passphrase, struct sn_why *why)
{
	if (file.n > APPROVER_FILE_MAX)
		return sn_fail(why, SN_E_FORMAT,
		    KEY_WHAT ": it has %zu bytes, and an approver's key has at most %d", file.n,
		    APPROVER_FILE_MAX);
	return check_passphrase(passphrase, why);
}

enum sn_err
approver_open(struct bytes file, struct bytes passphrase, struct approver_keys *ret,
    struct sn_why *why)
{
	SN_CLEANUP(sn_secret_done) struct sn_secret key = { 0 }, seed = { 0 };
	SN_CLEANUP(sn_buf_done) struct sn_buf header = { 0 };
	struct key_file f = { 0 };
	enum sn_err e;

	SN_TRY(key_file_parse(file, &f, why));
	SN_TRY(approver_fits(file, passphrase, why));
	SN_TRY(file_key(&f, passphrase, &key, why));
	SN_TRY(key_file_write(&f, false, &header, why));
	e = cry_aead_open(sn_secret_bytes(&key), BYTES_OF(f.nonce), sn_buf_bytes(&header),
	    BYTES_OF(f.sealed), &seed, NULL);
	if (e == SN_E_SIGNATURE)
		return sn_fail(why, SN_E_PASSPHRASE,
		    KEY_WHAT
		    ": it does not open; the passphrase is wrong, or the file was changed");
	if (e != SN_OK)
		return sn_fail(why, e, KEY_WHAT ": decryption");
	return approver_keys_from_seed(f.name, sn_secret_bytes(&seed), ret, why);
}

static enum sn_err
read_public_key(yyjson_val *root, const char *key, uint8_t ret[PLAN_SPKI_MAX], size_t *ret_len,
    struct sn_why *why)
{
	SN_CLEANUP(sn_buf_done) struct sn_buf spki = { 0 };
	SN_CLEANUP(cry_key_free) struct cry_key *k = NULL;

	SN_TRY(read_base64(root, key, PLAN_SPKI_MAX, &spki, PUBLIC_WHAT, why));
	SN_TRY(cry_key_from_spki(sn_buf_bytes(&spki), &k, why));
	if (cry_key_alg(k) != CRY_P384)
		return sn_fail(why, SN_E_FORMAT, PUBLIC_WHAT ": %s is not a P-384 key", key);
	memcpy(ret, spki.p, spki.n);
	*ret_len = spki.n;
	return SN_OK;
}

enum sn_err
approver_public_parse(struct bytes text, struct plan_approver *ret, struct sn_why *why)
{
	SN_CLEANUP(sn_json_free) yyjson_doc *doc = NULL;
	SN_CLEANUP(sn_buf_done) struct sn_buf again = { 0 };
	struct plan_approver a = { 0 };
	struct bytes sign, seal;
	yyjson_val *root;

	SN_TRY(read_object(&text, PUBLIC_WHAT, &doc, why));
	root = yyjson_doc_get_root(doc);
	SN_TRY(read_name(root, APPROVER_PUBLIC_FORMAT, a.name, PUBLIC_WHAT, why));
	SN_TRY(read_public_key(root, "sign", a.sign, &a.sign_len, why));
	SN_TRY(read_public_key(root, "seal", a.seal, &a.seal_len, why));
	sign = (struct bytes){ a.sign, a.sign_len };
	seal = (struct bytes){ a.seal, a.seal_len };
	if (bytes_equal(sign, seal))
		return sn_fail(why, SN_E_FORMAT,
		    PUBLIC_WHAT ": signing and sealing key are the same");
	SN_TRY(public_write(a.name, sign, seal, &again, why));
	SN_TRY(same_bytes(text, &again, PUBLIC_WHAT, why));
	*ret = a;
	return SN_OK;
}
