#include <gnutls/crypto.h>
#include <string.h>

#include "appliance/base/text.h"
#include "appliance/crosscheck/evidence.h"
#include "appliance/crosscheck/tls.h"

/* [TCG P2 6.3, 6.9, 10.12, 11.2] */
#define TPM_GENERATED 0xff544347U
#define ALG_ECDSA 0x0018
#define MAX_2B 512
#define PCRS 24
#define PCR_TRANSCRIPT 15
#define QUOTED 0xffffU /* PCR 0 to 15 */
#define MAX_COMMANDS 1024
#define AUDIT_LINE 129 /* two digests in hex and a space */
#define DRAW 32	       /* bytes of a draw, and how many draws a seeding has at least */
#define DRAWS 16
#define MAX_RESTS 3 /* commands for what short draws left out */

enum sn_err
xc_get_2b(struct bytes *b, struct bytes *ret, const char *what, struct sn_why *why)
{
	uint16_t n;

	SN_TRY(bytes_u16(b, &n, what, why));
	if (n > MAX_2B)
		return sn_fail(why, SN_E_FORMAT, "%s: a field of %u bytes", what, n);
	return bytes_take(b, n, ret, what, why);
}

/* TPMT_SIGNATURE, ECDSA with SHA-256, under the attestation key at ak_path. */
static enum sn_err
check_signature(const struct xc *c, const char *ak_path, const char *msg_path,
    const char *sig_path, struct bytes *ret_msg, struct sn_why *why)
{
	SN_CLEANUP(tls_pubkey_done) gnutls_pubkey_t ak = NULL;
	SN_CLEANUP(tls_datum_done) gnutls_datum_t der = { 0 };
	struct bytes msg, sig, pem, r, s;
	uint16_t alg, hash;
	char both[128];

	SN_TRY(xc_get(c, msg_path, &msg, why));
	SN_TRY(xc_get(c, sig_path, &sig, why));
	SN_TRY(xc_get(c, ak_path, &pem, why));
	SN_TRY(tls_pubkey(pem, GNUTLS_ECC_CURVE_SECP256R1, ak_path, &ak, why));
	SN_TRY(bytes_u16(&sig, &alg, sig_path, why));
	SN_TRY(bytes_u16(&sig, &hash, sig_path, why));
	if (alg != ALG_ECDSA || hash != XC_ALG_SHA256)
		return sn_fail(why, SN_E_SIGNATURE, "%s: not ECDSA with SHA-256", sig_path);
	SN_TRY(xc_get_2b(&sig, &r, sig_path, why));
	SN_TRY(xc_get_2b(&sig, &s, sig_path, why));
	SN_TRY(bytes_end(&sig, sig_path, why));
	const gnutls_datum_t dr = tls_datum(r), ds = tls_datum(s);
	if (gnutls_encode_rs_value(&der, &dr, &ds) != 0)
		return sn_fail(why, SN_E_SIGNATURE, "%s: no signature", sig_path);
	(void)snprintf(both, sizeof(both), "%s with %s", msg_path, sig_path);
	SN_TRY(tls_verify(ak, GNUTLS_SIGN_ECDSA_SHA256, msg, tls_bytes(&der), both, why));
	*ret_msg = msg;
	return SN_OK;
}

/* Equal resets and restarts: one boot of one TPM [TCG P2 10.11.1]. */
static enum sn_err
check_boot(struct xc *c, const struct xc_attest_row *row, struct bytes clock,
    struct sn_why *why)
{
	const struct bytes boot = { clock.p + 8, sizeof(c->boot) };

	if (!row->this_boot)
		return SN_OK;
	if (!c->has_boot)
		memcpy(c->boot, boot.p, boot.n);
	c->has_boot = true;
	if (!bytes_equal(boot, BYTES_OF(c->boot)))
		return sn_fail(why, SN_E_SIGNATURE,
		    "%s: of another boot of the TPM than the attestations before", row->msg);
	return SN_OK;
}

/* The key signs as a primary of the endorsement hierarchy: its qualified name [TCG P1 16.4]. */
static enum sn_err
check_signer(const struct xc *c, const struct xc_attest_row *row, struct bytes signer,
    struct sn_why *why)
{
	static const uint8_t above[] = { 0x40, 0, 0, 0x0b, 0, XC_ALG_SHA256 };
	const char *path = strcmp(row->ak, XC_SEED_AK) == 0 ? XC_SEED_AK_PUB : XC_AK_PUB;
	uint8_t name[2 + 32] = { 0, XC_ALG_SHA256 }, digest[32];
	struct bytes pub, area;

	SN_TRY(xc_get(c, path, &pub, why));
	SN_TRY(xc_get_2b(&pub, &area, path, why));
	SN_TRY(tls_hash(GNUTLS_DIG_SHA256, area, digest, why));
	const struct bytes parts[] = { BYTES_OF(above), BYTES_OF(digest) };
	SN_TRY(tls_sha256_v(parts, SN_NITEMS(parts), name + 2, why));
	if (!bytes_equal(signer, BYTES_OF(name)))
		return sn_fail(why, SN_E_SIGNATURE,
		    "%s: names another signer than %s below the endorsement hierarchy",
		    row->msg, path);
	return SN_OK;
}

enum sn_err
xc_attest_open(struct xc *c, const struct xc_attest_row *row, const uint8_t qualifying[32],
    struct bytes *ret, struct sn_why *why)
{
	const char *what = row->msg;
	struct bytes b, signer, extra, clock;
	uint32_t magic;
	uint16_t said;

	SN_TRY(check_signature(c, row->ak, row->msg, row->sig, &b, why));
	SN_TRY(bytes_u32(&b, &magic, what, why));
	SN_TRY(bytes_u16(&b, &said, what, why));
	if (magic != TPM_GENERATED || said != row->type)
		return sn_fail(why, SN_E_SIGNATURE, "%s: not an attestation of type %04x", what,
		    row->type);
	SN_TRY(xc_get_2b(&b, &signer, what, why));
	SN_TRY(xc_get_2b(&b, &extra, what, why));
	SN_TRY(bytes_take(&b, 17 + 8, &clock, what, why)); /* clock, firmware's version */
	SN_TRY(check_signer(c, row, signer, why));
	if (!bytes_equal(extra, (struct bytes){ qualifying, 32 }))
		return sn_fail(why, SN_E_SIGNATURE, "%s: was made over something else", what);
	SN_TRY(check_boot(c, row, clock, why));
	xc_mark(c, row->msg);
	xc_mark(c, row->sig);
	xc_mark(c, row->ak);
	*ret = b;
	return SN_OK;
}

/* ---- the quote */

static void
put_le32(struct sn_buf *b, uint32_t v)
{
	for (unsigned int i = 0; i < 4; i++)
		sn_buf_u8(b, (uint8_t)(v >> (8 * i)));
}

static void
put_zeros(struct sn_buf *b, size_t n)
{
	while (n-- > 0)
		sn_buf_u8(b, 0);
}

/*
 * quote.pcr as tpm2-tools lays it out (docs/TPM.md), with the values that are in the
 * file and zeros wherever no value is: nothing can hide between them.
 */
static enum sn_err
put_pcr_file(struct bytes select, uint32_t count, struct bytes file, struct sn_buf *ret,
    struct sn_buf *ret_values, struct sn_why *why)
{
	struct bytes value;

	put_le32(ret, 1);
	sn_buf_u8(ret, XC_ALG_SHA256);
	sn_buf_u8(ret, 0);
	sn_buf_u8(ret, 3);
	sn_buf_put(ret, select);
	put_zeros(ret, 2 + 15 * 8);
	put_le32(ret, (count + 7) / 8);
	for (uint32_t first = 0; first < count; first += 8) {
		const uint32_t here = count - first < 8 ? count - first : 8;

		put_le32(ret, here);
		for (uint32_t i = 0; i < here; i++) {
			struct bytes at = file, before;

			sn_buf_u8(ret, 32);
			sn_buf_u8(ret, 0);
			SN_TRY(bytes_take(&at, ret->n, &before, XC_QUOTE_PCR, why));
			SN_TRY(bytes_take(&at, 32, &value, XC_QUOTE_PCR, why));
			sn_buf_put(ret, value);
			sn_buf_put(ret_values, value);
			put_zeros(ret, 32);
		}
		put_zeros(ret, (size_t)(8 - here) * 66);
	}
	SN_TRY(sn_buf_check(ret_values, why));
	return sn_buf_check(ret, why);
}

/* The values in order of the PCRs; they are those in the file and give the digest. */
static enum sn_err
check_values(const struct xc *c, uint32_t mask, struct bytes select, struct bytes digest,
    struct sn_buf *ret_values, struct sn_why *why)
{
	SN_CLEANUP(sn_buf_done) struct sn_buf expected = { 0 };
	struct bytes file;
	uint8_t computed[32];

	SN_TRY(xc_get(c, XC_QUOTE_PCR, &file, why));
	SN_TRY(put_pcr_file(select, (uint32_t)__builtin_popcount(mask), file, &expected,
	    ret_values, why));
	if (!bytes_equal(sn_buf_bytes(&expected), file))
		return sn_fail(why, SN_E_SIGNATURE,
		    XC_QUOTE_PCR ": is not a list of the quoted PCRs");
	SN_TRY(tls_hash(GNUTLS_DIG_SHA256, sn_buf_bytes(ret_values), computed, why));
	if (!bytes_equal(digest, BYTES_OF(computed)))
		return sn_fail(why, SN_E_SIGNATURE,
		    XC_QUOTE_PCR ": the quoted digest is of other values");
	return SN_OK;
}

/* PCR 15 is the replay of the transcript since the last start of a segment. */
static enum sn_err
check_replay(const struct xc *c, struct bytes values, struct sn_why *why)
{
	const size_t at = 32 * (size_t)PCR_TRANSCRIPT;
	uint8_t pcr[32] = { 0 };

	for (size_t i = 0; i < c->nrecords; i++) {
		yyjson_val *id = yyjson_obj_get(yyjson_doc_get_root(c->record[i]), "id");
		const struct bytes parts[] = { BYTES_OF(pcr), { c->leaf[i], 32 } };

		if (yyjson_equals_str(id, "segment.start"))
			memset(pcr, 0, sizeof(pcr));
		SN_TRY(tls_sha256_v(parts, SN_NITEMS(parts), pcr, why));
	}
	if (memcmp(values.p + at, pcr, sizeof(pcr)) != 0)
		return sn_fail(why, SN_E_SIGNATURE,
		    XC_QUOTE_PCR ": PCR 15 is not the replay of the transcript");
	return SN_OK;
}

enum sn_err
xc_check_quote(struct xc *c, struct sn_buf *line, struct sn_why *why)
{
	static const struct xc_attest_row row = { XC_AK, XC_QUOTE_MSG, XC_QUOTE_SIG,
		XC_ST_QUOTE, true };
	SN_CLEANUP(sn_buf_done) struct sn_buf values = { 0 };
	struct bytes msg, select, digest;
	uint32_t count;
	uint16_t hash;
	uint8_t size;

	SN_TRY(xc_attest_open(c, &row, c->text_sha256, &msg, why));
	SN_TRY(bytes_u32(&msg, &count, XC_QUOTE_MSG, why));
	SN_TRY(bytes_u16(&msg, &hash, XC_QUOTE_MSG, why));
	SN_TRY(bytes_u8(&msg, &size, XC_QUOTE_MSG, why));
	if (count != 1 || hash != XC_ALG_SHA256 || size != PCRS / 8)
		return sn_fail(why, SN_E_SIGNATURE,
		    XC_QUOTE_MSG ": not the SHA-256 bank alone");
	SN_TRY(bytes_take(&msg, size, &select, XC_QUOTE_MSG, why));
	SN_TRY(xc_get_2b(&msg, &digest, XC_QUOTE_MSG, why));
	SN_TRY(bytes_end(&msg, XC_QUOTE_MSG, why));
	const uint32_t mask =
	    (uint32_t)select.p[0] | (uint32_t)select.p[1] << 8 | (uint32_t)select.p[2] << 16;
	if (mask != QUOTED)
		return sn_fail(why, SN_E_SIGNATURE,
		    XC_QUOTE_MSG ": not PCR 0 to 15 are quoted");
	SN_TRY(check_values(c, mask, select, digest, &values, why));
	SN_TRY(check_replay(c, sn_buf_bytes(&values), why));
	xc_mark(c, XC_QUOTE_PCR);
	sn_buf_str(line, "over this statement, PCR 15 replayed");
	return SN_OK;
}

/* ---- the audit of the seeding [TCG P1 31.3.3] */

/* While the list is read: its digest so far, and what the commands were. */
struct audit {
	uint8_t digest[32];
	size_t draws, rests;
};

/* A command is known by its hash: TPM2_GetRandom(n), n in the last byte [TCG P3 16.1]. */
static enum sn_err
count_command(struct audit *a, const uint8_t cp[32], struct sn_why *why)
{
	uint8_t command[] = { 0, 0, 0x01, 0x7b, 0, DRAW }, digest[32];
	bool found = false;

	/* once something less was asked for, no whole draw comes again */
	command[5] = a->rests == 0 ? DRAW : DRAW - 1;
	for (; command[5] > 0 && !found; command[5]--) {
		SN_TRY(tls_hash(GNUTLS_DIG_SHA256, BYTES_OF(command), digest, why));
		found = memcmp(digest, cp, sizeof(digest)) == 0;
		if (found && command[5] == DRAW)
			a->draws++;
		else if (found)
			a->rests++;
	}
	if (!found || a->rests > MAX_RESTS)
		return sn_fail(why, SN_E_SIGNATURE,
		    XC_AUDIT_LIST ": a command that is no part of the seeding");
	return SN_OK;
}

static enum sn_err
fold_line(struct bytes line, struct audit *a, struct sn_why *why)
{
	char text[AUDIT_LINE + 1];
	uint8_t cp[32], rp[32];

	if (line.n != AUDIT_LINE || line.p[64] != ' ')
		return sn_fail(why, SN_E_FORMAT, XC_AUDIT_LIST ": not two digests on a line");
	for (size_t i = 0; i < AUDIT_LINE; i++)
		if (line.p[i] >= 'A' && line.p[i] <= 'F')
			return sn_fail(why, SN_E_FORMAT, XC_AUDIT_LIST ": not lower-case hex");
	memcpy(text, line.p, AUDIT_LINE);
	text[64] = '\0';
	text[AUDIT_LINE] = '\0';
	SN_TRY(sn_hex_parse(text, cp, sizeof(cp), XC_AUDIT_LIST, why));
	SN_TRY(sn_hex_parse(text + 65, rp, sizeof(rp), XC_AUDIT_LIST, why));
	SN_TRY(count_command(a, cp, why));
	const struct bytes parts[] = { BYTES_OF(a->digest), BYTES_OF(cp), BYTES_OF(rp) };
	return tls_sha256_v(parts, SN_NITEMS(parts), a->digest, why);
}

enum sn_err
xc_check_audit(struct xc *c, struct sn_buf *line, struct sn_why *why)
{
	/* the TPM that the secret was made with; after a cut this may be another one */
	const bool cut = xc_find(c, XC_SEED_AK) != NULL;
	const struct xc_attest_row row = { cut ? XC_SEED_AK : XC_AK, XC_AUDIT_MSG, XC_AUDIT_SIG,
		XC_ST_AUDIT, !cut };
	struct bytes msg, list, digest, one, newline;
	struct audit folded = { 0 };
	uint8_t exclusive;
	size_t n = 0;

	if (strcmp(c->st.mode, "genesis") != 0 && xc_find(c, XC_AUDIT_MSG) == NULL) {
		sn_buf_fmt(line, "none in a %s", c->st.mode);
		return SN_OK;
	}
	SN_TRY(xc_attest_open(c, &row, c->st.plan_sha256, &msg, why));
	SN_TRY(bytes_u8(&msg, &exclusive, XC_AUDIT_MSG, why));
	SN_TRY(xc_get_2b(&msg, &digest, XC_AUDIT_MSG, why));
	SN_TRY(bytes_end(&msg, XC_AUDIT_MSG, why));
	SN_TRY(xc_get(c, XC_AUDIT_LIST, &list, why));
	for (; list.n > 0 && n < MAX_COMMANDS; n++) {
		SN_TRY(bytes_take(&list, AUDIT_LINE, &one, XC_AUDIT_LIST, why));
		SN_TRY(bytes_take(&list, 1, &newline, XC_AUDIT_LIST, why));
		if (newline.p[0] != '\n')
			return sn_fail(why, SN_E_FORMAT, XC_AUDIT_LIST ": a line is too long");
		SN_TRY(fold_line(one, &folded, why));
	}
	SN_TRY(bytes_end(&list, XC_AUDIT_LIST, why));
	if (exclusive != 1 || folded.draws < DRAWS ||
	    !bytes_equal(digest, BYTES_OF(folded.digest)))
		return sn_fail(why, SN_E_SIGNATURE,
		    XC_AUDIT_MSG ": is not the audit of " XC_AUDIT_LIST);
	xc_mark(c, XC_AUDIT_LIST);
	sn_buf_fmt(line, "%zu commands, over the plan", n);
	return SN_OK;
}
