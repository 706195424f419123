#include "ceremony/transcript/cosign.h"

#include "appliance/base/text.h"
#include "ceremony/transcript/internal.h"

#define TIME_LEN 8

enum sn_err
cosign_key_make(const char *name, const uint8_t key[32], struct note_vkey *ret,
    struct sn_why *why)
{
	return note_key_make(NOTE_ALG_COSIGNATURE, name, key, ret, why);
}

enum sn_err
cosign_key_parse(struct bytes text, struct note_vkey *ret, struct sn_why *why)
{
	return note_key_parse(NOTE_ALG_COSIGNATURE, text, ret, why);
}

void
cosign_key_format(const struct note_vkey *v, struct sn_buf *ret)
{
	note_key_format(NOTE_ALG_COSIGNATURE, v, ret);
}

enum sn_err
cosign_message(struct bytes note, int64_t time, struct sn_buf *ret, struct sn_why *why)
{
	struct note_checkpoint checkpoint;
	struct bytes text, sigs;

	if (time < 0)
		return sn_fail(why, SN_E_FORMAT, "cosignature: a time before 1970");
	if (note.n > NOTE_MAX || !note_split(note, &text, &sigs))
		return sn_fail(why, SN_E_FORMAT, "cosignature: this is no signed checkpoint");
	SN_TRY(note_checkpoint_parse(text, &checkpoint, why));
	sn_buf_fmt(ret, "cosignature/v1\ntime %lld\n", (long long)time);
	sn_buf_put(ret, text);
	return sn_buf_check(ret, why);
}

void
cosign_line(const struct note_vkey *key, int64_t time, const uint8_t sig[COSIGN_SIG_LEN],
    struct sn_buf *ret)
{
	SN_CLEANUP(sn_buf_done) struct sn_buf raw = { 0 };

	sn_buf_u32(&raw, key->id);
	sn_buf_u32(&raw, (uint32_t)((uint64_t)time >> 32));
	sn_buf_u32(&raw, (uint32_t)time);
	sn_buf_put(&raw, (struct bytes){ sig, COSIGN_SIG_LEN });
	sn_buf_fmt(ret, NOTE_DASH "%s ", key->name);
	sn_buf_base64(ret, sn_buf_bytes(&raw));
	sn_buf_u8(ret, '\n');
}

enum sn_err
cosign_verify(struct bytes line, struct bytes note, const struct note_vkey *key,
    int64_t *ret_time, struct sn_why *why)
{
	SN_CLEANUP(note_sigline_done) struct note_sigline l = { 0 };
	SN_CLEANUP(sn_buf_done) struct sn_buf message = { 0 };
	SN_CLEANUP(cry_key_free) struct cry_key *pub = NULL;
	uint32_t high = 0, low = 0;

	if (line.n == 0 || line.p[line.n - 1] != '\n')
		return sn_fail(why, SN_E_FORMAT, "cosignature: no newline at the end");
	line.n--;
	SN_TRY(note_sigline_parse(line, &l, why));
	if (l.id != key->id || !bytes_equal(l.name, bytes_str(key->name)))
		return sn_fail(why, SN_E_ROLE, "cosignature: not by %s", key->name);
	if (l.sig.n != TIME_LEN + COSIGN_SIG_LEN)
		return sn_fail(why, SN_E_SIGNATURE, "cosignature: the one by %s is cut",
		    key->name);
	SN_TRY(bytes_u32(&l.sig, &high, "cosignature", why));
	SN_TRY(bytes_u32(&l.sig, &low, "cosignature", why));
	if (high >> 31 != 0)
		return sn_fail(why, SN_E_SIGNATURE, "cosignature: the time by %s is no time",
		    key->name);
	*ret_time = (int64_t)((uint64_t)high << 32 | low);
	SN_TRY(cosign_message(note, *ret_time, &message, why));
	SN_TRY(note_public_key(key->key, &pub, why));
	return cry_verify(pub, sn_buf_bytes(&message), l.sig, why);
}
