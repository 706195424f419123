#include "ceremony/transcript/internal.h"

#include <string.h>

#include "appliance/base/text.h"

#define SIG_LEN (4 + 64) /* key id, Ed25519 signature */

/* No space, no plus, no control character; printable. */
static bool
name_ok(const char *name, size_t n)
{
	if (n == 0 || n > NOTE_NAME_MAX)
		return false;
	for (size_t i = 0; i < n; i++)
		if (name[i] == '+' || (uint8_t)name[i] <= ' ' || name[i] == 0x7f)
			return false;
	return text_printable((struct bytes){ (const uint8_t *)name, n }, NOTE_NAME_MAX);
}

enum sn_err
note_key_make(uint8_t alg, const char *name, const uint8_t key[32], struct note_vkey *ret,
    struct sn_why *why)
{
	const uint8_t mark[] = { '\n', alg };
	uint8_t hash[CRY_SHA256_LEN];
	const size_t n = strlen(name);

	if (!name_ok(name, n))
		return sn_fail(why, SN_E_FORMAT, "note key: the name cannot stand in a note");
	const struct bytes parts[] = { bytes_str(name), BYTES_OF(mark), { key, 32 } };
	SN_TRY(cry_digest_v(CRY_SHA256, parts, SN_NITEMS(parts), hash, why));

	struct bytes id = { hash, 4 };
	SN_TRY(bytes_u32(&id, &ret->id, "note key id", why));
	memcpy(ret->name, name, n + 1);
	memcpy(ret->key, key, 32);
	return SN_OK;
}

enum sn_err
note_vkey_make(const char *name, const uint8_t key[32], struct note_vkey *ret,
    struct sn_why *why)
{
	return note_key_make(NOTE_ALG_ED25519, name, key, ret, why);
}

/* Split at the first byte c: *ret_head before it, *rest behind it. */
static bool
split(struct bytes *rest, uint8_t c, struct bytes *ret_head)
{
	const uint8_t *at = rest->n == 0 ? NULL : memchr(rest->p, c, rest->n);

	if (at == NULL)
		return false;
	*ret_head = (struct bytes){ rest->p, (size_t)(at - rest->p) };
	rest->n -= ret_head->n + 1;
	rest->p = at + 1;
	return true;
}

enum sn_err
note_key_parse(uint8_t alg, struct bytes text, struct note_vkey *ret, struct sn_why *why)
{
	SN_CLEANUP(sn_buf_done) struct sn_buf raw = { 0 };
	struct note_vkey v;
	struct bytes name, hex;
	char cname[NOTE_NAME_MAX + 1], chex[9];
	uint8_t id[4];

	if (text.n > 0 && text.p[text.n - 1] == '\n')
		text.n--;
	if (text.n > NOTE_VKEY_MAX || !split(&text, '+', &name) || !split(&text, '+', &hex))
		return sn_fail(why, SN_E_FORMAT, "note key: not name+id+key");
	if (!name_ok((const char *)name.p, name.n) || hex.n != 8)
		return sn_fail(why, SN_E_FORMAT, "note key: bad name or key id");
	memcpy(cname, name.p, name.n);
	cname[name.n] = '\0';
	memcpy(chex, hex.p, 8);
	chex[8] = '\0';
	SN_TRY(sn_hex_parse(chex, id, sizeof(id), "note key id", why));
	SN_TRY(sn_base64_parse(text, 64, &raw, "note key", why));
	if (raw.n != 33 || raw.p[0] != alg)
		return sn_fail(why, SN_E_FORMAT, "note key: not an Ed25519 key%s",
		    alg == NOTE_ALG_COSIGNATURE ? " for cosignatures" : "");
	SN_TRY(note_key_make(alg, cname, raw.p + 1, &v, why));

	struct bytes idb = BYTES_OF(id);
	uint32_t said = 0;
	SN_TRY(bytes_u32(&idb, &said, "note key id", why));
	if (said != v.id)
		return sn_fail(why, SN_E_FORMAT, "note key: the key id is %08x, not %08x", v.id,
		    said);
	*ret = v;
	return SN_OK;
}

enum sn_err
note_vkey_parse(struct bytes text, struct note_vkey *ret, struct sn_why *why)
{
	return note_key_parse(NOTE_ALG_ED25519, text, ret, why);
}

void
note_key_format(uint8_t alg, const struct note_vkey *v, struct sn_buf *ret)
{
	uint8_t raw[33] = { alg };

	memcpy(raw + 1, v->key, 32);
	sn_buf_fmt(ret, "%s+%08x+", v->name, v->id);
	sn_buf_base64(ret, BYTES_OF(raw));
}

void
note_vkey_format(const struct note_vkey *v, struct sn_buf *ret)
{
	note_key_format(NOTE_ALG_ED25519, v, ret);
}

enum sn_err
note_public_key(const uint8_t raw[32], struct cry_key **ret, struct sn_why *why)
{
	/* SEQUENCE { SEQUENCE { OID 1.3.101.112 }, BIT STRING } [RFC 8410] */
	uint8_t spki[12 + 32] = { 0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03,
		0x21, 0x00 };

	memcpy(spki + 12, raw, 32);
	return cry_key_from_spki(BYTES_OF(spki), ret, why);
}

static bool
note_text_ok(struct bytes note)
{
	size_t start = 0;

	/* Valid UTF-8 without control characters but the newline, line by line. */
	for (size_t i = 0; i < note.n; i++) {
		if (note.p[i] != '\n')
			continue;
		if (!text_printable((struct bytes){ note.p + start, i - start }, NOTE_MAX))
			return false;
		start = i + 1;
	}
	return start == note.n;
}

/* The last empty line: text with its newline before it, signature lines behind. */
bool
note_split(struct bytes note, struct bytes *ret_text, struct bytes *ret_sigs)
{
	for (size_t i = note.n; i >= 2; i--)
		if (note.p[i - 1] == '\n' && note.p[i - 2] == '\n') {
			*ret_text = (struct bytes){ note.p, i - 1 };
			*ret_sigs = (struct bytes){ note.p + i, note.n - i };
			return true;
		}
	return false;
}

void
note_sigline_done(struct note_sigline *l)
{
	sn_buf_done(&l->raw);
}

enum sn_err
note_sigline_parse(struct bytes line, struct note_sigline *ret, struct sn_why *why)
{
	const struct bytes dash = BYTES_STR(NOTE_DASH);

	if (line.n < dash.n || memcmp(line.p, dash.p, dash.n) != 0)
		return sn_fail(why, SN_E_FORMAT,
		    "note: a line behind the text is no signature");
	line.p += dash.n;
	line.n -= dash.n;
	if (!split(&line, ' ', &ret->name) || !name_ok((const char *)ret->name.p, ret->name.n))
		return sn_fail(why, SN_E_FORMAT, "note: a signature line without a name");
	SN_TRY(sn_base64_parse(line, 16U << 10, &ret->raw, "note signature", why));

	struct bytes b = sn_buf_bytes(&ret->raw);
	SN_TRY(bytes_u32(&b, &ret->id, "note signature", why));
	if (b.n == 0)
		return sn_fail(why, SN_E_FORMAT, "note: an empty signature");
	ret->sig = b;
	return SN_OK;
}

/* One signature line; sets *ret_good when it is key's and verifies. */
static enum sn_err
check_sigline(struct bytes line, struct bytes text, const struct note_vkey *key, bool *ret_good,
    struct sn_why *why)
{
	SN_CLEANUP(note_sigline_done) struct note_sigline l = { 0 };
	SN_CLEANUP(cry_key_free) struct cry_key *pub = NULL;

	SN_TRY(note_sigline_parse(line, &l, why));
	if (l.id != key->id || !bytes_equal(l.name, bytes_str(key->name)))
		return SN_OK;
	if (*ret_good)
		return sn_fail(why, SN_E_FORMAT, "note: two signatures by %s", key->name);
	if (l.raw.n != SIG_LEN)
		return sn_fail(why, SN_E_SIGNATURE, "note: the signature by %s is cut",
		    key->name);
	SN_TRY(note_public_key(key->key, &pub, why));
	SN_TRY(cry_verify(pub, text, l.sig, why));
	*ret_good = true;
	return SN_OK;
}

enum sn_err
note_verify(struct bytes note, const struct note_vkey *key, struct bytes *ret_text,
    struct sn_why *why)
{
	struct bytes text, sigs, line;
	bool good = false;
	size_t n = 0;

	if (note.n > NOTE_MAX)
		return sn_fail(why, SN_E_LIMIT, "note: more than %u bytes", NOTE_MAX);
	if (!note_text_ok(note))
		return sn_fail(why, SN_E_FORMAT,
		    "note: control characters, invalid UTF-8 or no newline at the end");
	if (!note_split(note, &text, &sigs) || text.n < 2 || sigs.n == 0)
		return sn_fail(why, SN_E_FORMAT, "note: no text, empty line and signature");
	while (split(&sigs, '\n', &line)) {
		if (++n > NOTE_SIGS_MAX)
			return sn_fail(why, SN_E_LIMIT, "note: more than %d signatures",
			    NOTE_SIGS_MAX);
		SN_TRY(check_sigline(line, text, key, &good, why));
	}
	if (!good)
		return sn_fail(why, SN_E_SIGNATURE, "note: %s has not signed it", key->name);
	*ret_text = text;
	return SN_OK;
}

enum sn_err
note_sign(struct bytes text, const char *name, const struct cry_key *key, struct sn_buf *ret,
    struct sn_why *why)
{
	SN_CLEANUP(sn_buf_done) struct sn_buf raw = { 0 }, sig = { 0 };
	struct note_vkey v;

	if (text.n < 2 || text.p[text.n - 1] != '\n' || !note_text_ok(text))
		return sn_fail(why, SN_E_FORMAT, "note: the text cannot be signed");
	if (cry_key_alg(key) != CRY_ED25519)
		return sn_fail(why, SN_E_ROLE, "note: the key is not Ed25519");
	SN_TRY(cry_key_raw(key, &raw, why));
	if (raw.n != 32)
		return sn_fail(why, SN_E_INTERNAL, "note: the key has %zu bytes", raw.n);
	SN_TRY(note_vkey_make(name, raw.p, &v, why));
	sn_buf_u32(&sig, v.id);
	SN_TRY(cry_sign(key, text, &sig, why));
	SN_TRY(sn_buf_check(&sig, why));
	sn_buf_put(ret, text);
	sn_buf_fmt(ret, "\n" NOTE_DASH "%s ", name);
	sn_buf_base64(ret, sn_buf_bytes(&sig));
	sn_buf_u8(ret, '\n');
	return sn_buf_check(ret, why);
}

void
note_checkpoint_format(const struct note_checkpoint *c, struct sn_buf *ret)
{
	sn_buf_fmt(ret, "%s\n%llu\n", c->origin, (unsigned long long)c->size);
	sn_buf_base64(ret, BYTES_OF(c->root.h));
	sn_buf_u8(ret, '\n');
}

static enum sn_err
parse_size(struct bytes line, uint64_t *ret, struct sn_why *why)
{
	uint64_t v = 0;

	if (line.n == 0 || line.n > 18 || (line.n > 1 && line.p[0] == '0'))
		return sn_fail(why, SN_E_FORMAT, "checkpoint: the size is not a number");
	for (size_t i = 0; i < line.n; i++) {
		if (line.p[i] < '0' || line.p[i] > '9')
			return sn_fail(why, SN_E_FORMAT,
			    "checkpoint: the size is not a number");
		v = v * 10 + (uint64_t)(line.p[i] - '0');
	}
	*ret = v;
	return SN_OK;
}

enum sn_err
note_checkpoint_parse(struct bytes text, struct note_checkpoint *ret, struct sn_why *why)
{
	SN_CLEANUP(sn_buf_done) struct sn_buf root = { 0 };
	struct note_checkpoint c = { 0 };
	struct bytes origin, size, base64;

	if (!split(&text, '\n', &origin) || !split(&text, '\n', &size) ||
	    !split(&text, '\n', &base64))
		return sn_fail(why, SN_E_FORMAT, "checkpoint: fewer than three lines");
	if (origin.n == 0 || origin.n > NOTE_NAME_MAX || !text_printable(origin, NOTE_NAME_MAX))
		return sn_fail(why, SN_E_FORMAT, "checkpoint: bad origin line");
	memcpy(c.origin, origin.p, origin.n);
	SN_TRY(parse_size(size, &c.size, why));
	SN_TRY(sn_base64_parse(base64, MERKLE_LEN, &root, "checkpoint root", why));
	if (root.n != MERKLE_LEN)
		return sn_fail(why, SN_E_FORMAT, "checkpoint: the root is %zu bytes", root.n);
	memcpy(c.root.h, root.p, MERKLE_LEN);
	*ret = c;
	return SN_OK;
}
