/*
 * timeout: 120
 *
 * A PKI like IBM's with one thing wrong at a time: roles, keys, signatures, DER.
 */
#include <stdio.h>
#include <string.h>

#include "appliance/base/text.h"
#include "appliance/crypto/makepki.h"
#include "firmware-cache/ibm-se/ibm.h"
#include "firmware-cache/store/store.h"
#include "tests/lib/test.h"

#define FROM 1735689600 /* 2025-01-01 */
#define NOW 1764115200	/* 2025-11-26 */
#define TO 2051222400	/* 2035-01-01 */
#define COMPANY "International Business Machines Corporation"
#define CODE_SIGNING "1.3.6.1.5.5.7.3.3"
#define SERVER_AUTH "1.3.6.1.5.5.7.3.1"

enum who { ROOT, CODE, SIGN, HOST, PARTIES };
enum which_key {
	K_ROOT,
	K_CODE,
	K_SIGN,
	K_HOST,
	K_SMALL,
	K_P256,
	K_P384,
	K_EXPLICIT,
	K_COMPRESSED,
	KEYS
};

static struct cry_key *keys[KEYS]; /* made once */

static const char *const code_signing[] = { CODE_SIGNING, NULL };
static const char *const server_auth[] = { SERVER_AUTH, NULL };
static const uint8_t der_false[] = { 0x30, 0x00 };
static const uint8_t der_true[] = { 0x30, 0x03, 0x01, 0x01, 0xff };
static const uint8_t der_usage_two[] = { 0x03, 0x02, 0x03, 0x88 };
static const uint8_t der_usage_odd[] = { 0x03, 0x03, 0x07, 0x08, 0x80 };
static const struct cry_raw_ext no_ca[] = { { "2.5.29.19", true, BYTES_OF(der_false) } };
static const struct cry_raw_ext odd_ca[] = { { "2.5.29.19", true, BYTES_OF(der_true) } };
static const struct cry_raw_ext two_uses[] = { { "2.5.29.15", true, BYTES_OF(der_usage_two) } };
static const struct cry_raw_ext nine_bits[] = { { "2.5.29.15", true,
    BYTES_OF(der_usage_odd) } };
static const struct cry_raw_ext critical[] = { { "1.2.3.4.5", true, BYTES_OF(der_false) } };

/* How one party's certificate is made. */
struct spec {
	struct cry_profile p;
	const struct cry_raw_ext *exts;
	size_t nexts;
	enum which_key key;
	enum who issuer, akid; /* akid PARTIES: none */
	enum cry_hash hash;
	bool pss;
};

#define NAMES(place, ou)                                                                       \
	.common_name = COMPANY, .organization = COMPANY, .country = "US", .state = "New York", \
	.locality = (place), .organizational_unit = (ou), .not_before = FROM, .not_after = TO, \
	.pathlen = -1

static const struct spec right[PARTIES] = {
	[ROOT] = { .p = { NAMES("Armonk", "IBM Z Root CA"), .serial = { 0, 1 }, .ca = true,
		       .key_cert_sign = true, .crl_sign = true },
	    .key = K_ROOT,
	    .issuer = ROOT,
	    .akid = PARTIES,
	    .hash = CRY_SHA384 },
	[CODE] = { .p = { NAMES("Armonk", "IBM Z Intermediate CA"), .serial = { 0, 2 },
		       .ca = true, .key_cert_sign = true, .crl_sign = true },
	    .key = K_CODE,
	    .issuer = ROOT,
	    .akid = ROOT,
	    .hash = CRY_SHA384 },
	[SIGN] = { .p = { NAMES("Poughkeepsie", "IBM Z Host Key Signing Service"),
		       .serial = { 0, 3 }, .digital_signature = true, .ekus = code_signing },
	    .exts = no_ca,
	    .nexts = 1,
	    .key = K_SIGN,
	    .issuer = CODE,
	    .akid = CODE,
	    .hash = CRY_SHA256 },
	[HOST] = { .p = { NAMES("Armonk", "IBM Z Host Key"), .serial = { 0, 4 },
		       .key_agreement = true },
	    .key = K_HOST,
	    .issuer = SIGN,
	    .akid = SIGN,
	    .hash = CRY_SHA512 },
};

/* ---- one thing wrong */

#define ALTER(name, what)                                                                      \
	static void name(struct spec *s)                                                       \
	{                                                                                      \
		what;                                                                          \
	}

ALTER(nothing, (void)s)
ALTER(host_p256, s[HOST].key = K_P256)
ALTER(host_p384, s[HOST].key = K_P384)
ALTER(host_rsa, s[HOST].key = K_SMALL)
ALTER(host_explicit, s[HOST].key = K_EXPLICIT)
ALTER(host_compressed, s[HOST].key = K_COMPRESSED)
ALTER(host_ca, s[HOST].exts = odd_ca; s[HOST].nexts = 1)
ALTER(host_no_ca, s[HOST].exts = no_ca; s[HOST].nexts = 1)
ALTER(host_critical, s[HOST].exts = critical; s[HOST].nexts = 1)
ALTER(host_signs, s[HOST].p.key_agreement = false; s[HOST].p.digital_signature = true)
ALTER(host_no_usage, s[HOST].p.key_agreement = false)
ALTER(host_two, host_no_usage(s); s[HOST].exts = two_uses; s[HOST].nexts = 1)
ALTER(host_nine, host_no_usage(s); s[HOST].exts = nine_bits; s[HOST].nexts = 1)
ALTER(host_tls, s[HOST].p.ekus = server_auth)
ALTER(host_no_akid, s[HOST].akid = PARTIES)
ALTER(host_akid, s[HOST].akid = CODE)
ALTER(host_pss, s[HOST].pss = true)
ALTER(host_by_code_ca, s[HOST].issuer = s[HOST].akid = CODE)
ALTER(host_early, s[HOST].p.not_before = NOW + 1)
ALTER(host_late, s[HOST].p.not_after = NOW - 1)
ALTER(host_unit, s[HOST].p.organizational_unit = "3931-0123456")
ALTER(host_company, s[HOST].p.organization = s[HOST].p.common_name = "A machine")
ALTER(host_as_ca, s[HOST].p.organizational_unit = "IBM Z Intermediate CA")
ALTER(host_edge, s[HOST].p.not_before = s[HOST].p.not_after = NOW)
ALTER(sign_ca, s[SIGN].exts = odd_ca)
ALTER(sign_silent, s[SIGN].nexts = 0)
ALTER(sign_certs, s[SIGN].p.key_cert_sign = true)
ALTER(sign_no_eku, s[SIGN].p.ekus = NULL)
ALTER(sign_tls, s[SIGN].p.ekus = server_auth)
ALTER(sign_small, s[SIGN].key = K_SMALL)
ALTER(sign_by_root, s[SIGN].issuer = s[SIGN].akid = ROOT)
ALTER(sign_place, s[SIGN].p.locality = "Boeblingen")
ALTER(sign_armonk, s[SIGN].p.locality = "Armonk")
ALTER(sign_company, s[SIGN].p.organization = "Nobody")
ALTER(sign_country, s[SIGN].p.country = "DE")
ALTER(sign_unit, s[SIGN].p.organizational_unit = "Another Key Signing Service")
ALTER(sign_unit_tail, s[SIGN].p.organizational_unit = "Key Signing Service Invalid")
ALTER(code_no_ca, s[CODE].p.ca = false)
ALTER(code_no_list, s[CODE].p.crl_sign = false)
ALTER(code_small, s[CODE].key = K_SMALL)
ALTER(code_as_root, s[CODE].p.organizational_unit = "IBM Z Root CA")
ALTER(root_no_list, s[ROOT].p.crl_sign = false)
ALTER(root_late, s[ROOT].p.not_after = NOW - 1)

static const struct row {
	const char *name;
	void (*alter)(struct spec *s);
	enum who judged;
	enum sn_err err;
	const char *says;
} rows[] = {
	{ "nothing wrong", nothing, HOST, SN_OK, "" },
	{ "host key: P-256", host_p256, HOST, SN_E_FORMAT, "its key is P-256" },
	{ "host key: P-384", host_p384, HOST, SN_E_FORMAT, "its key is P-384" },
	{ "host key: RSA", host_rsa, HOST, SN_E_FORMAT, "its key is RSA" },
	{ "host key: explicit curve", host_explicit, HOST, SN_E_FORMAT, "public key" },
	{ "host key: compressed point", host_compressed, HOST, SN_E_FORMAT, "public key" },
	{ "host key: a CA", host_ca, HOST, SN_E_ROLE, "basicConstraints" },
	{ "host key: says it is no CA", host_no_ca, HOST, SN_OK, "" },
	{ "host key: unknown critical extension", host_critical, HOST, SN_E_FORMAT,
	    "critical" },
	{ "host key: signs", host_signs, HOST, SN_E_ROLE, "keyUsage" },
	{ "host key: no usage", host_no_usage, HOST, SN_E_ROLE, "keyUsage" },
	{ "host key: agrees and signs", host_two, HOST, SN_E_ROLE, "keyUsage" },
	{ "host key: a usage of nine bits", host_nine, HOST, SN_E_ROLE, "keyUsage" },
	{ "host key: for TLS", host_tls, HOST, SN_E_ROLE, "not for code signing" },
	{ "host key: no authority key identifier", host_no_akid, HOST, SN_OK, "" },
	{ "host key: another authority's identifier", host_akid, HOST, SN_E_CHAIN,
	    "authority key identifier" },
	{ "host key: PSS", host_pss, HOST, SN_E_SIGNATURE, "signature algorithm" },
	{ "host key: signed by the code signing CA", host_by_code_ca, HOST, SN_E_ROLE,
	    "a code signing CA does not sign it" },
	{ "host key: not yet", host_early, HOST, SN_E_EXPIRED, "is valid from" },
	{ "host key: no longer", host_late, HOST, SN_E_EXPIRED, "is valid from" },
	{ "host key: for one second", host_edge, HOST, SN_OK, "" },
	{ "host key: another unit", host_unit, HOST, SN_OK, "" },
	{ "host key: no name of IBM's", host_company, HOST, SN_OK, "" },
	{ "host key: named like a CA", host_as_ca, HOST, SN_E_CHAIN,
	    "no accepted root certificate" },
	{ "signing key: a CA", sign_ca, SIGN, SN_E_ROLE, "basicConstraints" },
	{ "signing key: silent about being a CA", sign_silent, HOST, SN_OK, "" },
	{ "signing key: may sign certificates", sign_certs, SIGN, SN_E_ROLE, "keyUsage" },
	{ "signing key: for no purpose", sign_no_eku, SIGN, SN_E_ROLE, "not for code signing" },
	{ "signing key: for TLS", sign_tls, SIGN, SN_E_ROLE, "not for code signing" },
	{ "signing key: RSA 2048", sign_small, SIGN, SN_E_FORMAT, "RSA of 3072 bits or more" },
	{ "signing key: signed by the root", sign_by_root, SIGN, SN_E_ROLE,
	    "a root CA does not sign it" },
	{ "signing key: elsewhere", sign_place, SIGN, SN_E_ROLE, "no name that IBM signs" },
	{ "signing key: Armonk", sign_armonk, HOST, SN_OK, "" },
	{ "signing key: another company", sign_company, SIGN, SN_E_ROLE,
	    "no name that IBM signs" },
	{ "signing key: another country", sign_country, SIGN, SN_E_ROLE,
	    "no name that IBM signs" },
	{ "signing key: another such service", sign_unit, HOST, SN_OK, "" },
	{ "signing key: more behind its unit", sign_unit_tail, SIGN, SN_E_ROLE,
	    "no name that IBM signs" },
	{ "a bad signing key takes its host keys along", sign_tls, HOST, SN_E_CHAIN,
	    "no accepted host key signing key" },
	{ "code signing CA: no CA", code_no_ca, CODE, SN_E_ROLE, "basicConstraints" },
	{ "code signing CA: may not sign lists", code_no_list, CODE, SN_E_ROLE, "keyUsage" },
	{ "code signing CA: RSA 2048", code_small, CODE, SN_E_FORMAT, "RSA of 3072 bits" },
	{ "code signing CA: with the root's name", code_as_root, CODE, SN_E_CHAIN,
	    "is not a pinned root" },
	{ "root: may not sign lists", root_no_list, ROOT, SN_E_ROLE, "keyUsage" },
	{ "root: no longer", root_late, ROOT, SN_E_EXPIRED, "is valid from" },
	{ "a bad root takes everything along", root_late, HOST, SN_E_CHAIN,
	    "no accepted host key signing key" },
};

static void
must(enum sn_err e, const struct sn_why *why)
{
	if (e != SN_OK)
		fail_msg("%s: %s", sn_err_name(e), why->text);
}

/* ---- making */

struct world {
	struct sn_buf der[PARTIES];
	struct cry_cert *certs[PARTIES];
	struct sn_buf crls[HOST]; /* of each but the host key */
};

static void
make_party(const struct spec *s, enum who w, struct world *ret)
{
	const struct spec *own = &s[w];
	const struct cry_cert *issuer = own->issuer == w ? NULL : ret->certs[own->issuer];
	const struct cry_cert *akid = own->akid == PARTIES ? NULL : ret->certs[own->akid];
	struct cry_key *by = keys[s[own->issuer].key];
	struct sn_why why = { 0 };

	if (own->pss)
		must(cry_cert_issue_raw(&own->p, own->exts, own->nexts, false, keys[own->key],
			 by, issuer, &ret->der[w], &why),
		    &why);
	else
		must(cry_cert_issue_v15(&own->p, own->exts, own->nexts, keys[own->key], by,
			 issuer, akid, own->hash, &ret->der[w], &why),
		    &why);
	must(cry_cert_parse(sn_buf_bytes(&ret->der[w]), &ret->certs[w], &why), &why);
	if (w != HOST)
		must(cry_crl_issue_v15(keys[own->key], ret->certs[w], FROM, TO, NULL, 0,
			 CRY_SHA256, &ret->crls[w], &why),
		    &why);
}

static void
world_make(void (*alter)(struct spec *s), struct world *ret)
{
	struct spec s[PARTIES];

	memcpy(s, right, sizeof(s));
	alter(s);
	for (enum who w = ROOT; w < PARTIES; w++)
		make_party(s, w, ret);
}

static void
world_done(struct world *w)
{
	for (enum who i = ROOT; i < PARTIES; i++) {
		sn_buf_done(&w->der[i]);
		cry_cert_free(&w->certs[i]);
		if (i != HOST)
			sn_buf_done(&w->crls[i]);
	}
}

static struct col_store *
world_store(const struct world *w, bool with_host)
{
	struct col_policy policy = { .at = NOW, .rehearsal = true };
	struct col_store *s = NULL;
	struct sn_why why = { 0 };

	policy.extra.has[COL_VENDOR_IBM_SE][0] = true;
	must(cry_cert_spki_sha256(w->certs[ROOT], policy.extra.spki[COL_VENDOR_IBM_SE][0],
		 &why),
	    &why);
	must(col_store_new(&policy, &s, &why), &why);
	for (enum who i = ROOT; i < PARTIES; i++) {
		char *path = test_format("cert/%d", i), *list = test_format("crl/%d", i);

		if (i != HOST || with_host)
			must(col_store_add(s, path, sn_buf_bytes(&w->der[i]), &why), &why);
		if (i != HOST)
			must(col_store_add(s, list, sn_buf_bytes(&w->crls[i]), &why), &why);
		free(path);
		free(list);
	}
	return s;
}

static void
expect(struct col_store *s, const char *path, enum sn_err err, const char *says)
{
	const struct col_row *got = NULL;
	struct sn_why why = { 0 };
	size_t n = 0, i = 0;

	must(col_store_check(s, &why), &why);
	must(col_store_rows(s, &got, &n, &why), &why);
	while (i < n && strcmp(got[i].path, path) != 0)
		i++;
	assert_true(i < n);
	if (got[i].why.err != err || strstr(got[i].why.text, says) == NULL)
		fail_msg("%s \"%s\", expected %s with \"%s\"", sn_err_name(got[i].why.err),
		    got[i].why.text, sn_err_name(err), says);
}

static void
one_wrong(void **state)
{
	const struct row *r = *state;
	struct world w = { 0 };
	struct col_store *s;
	char *path = test_format("cert/%d", r->judged);

	world_make(r->alter, &w);
	s = world_store(&w, true);
	expect(s, path, r->err, r->says);
	col_store_free(&s);
	world_done(&w);
	free(path);
}

/* ---- the document's bytes */

static void
trailing(struct sn_buf *b)
{
	sn_buf_u8(b, 0);
}

static void
truncated(struct sn_buf *b)
{
	b->n--;
}

static void
indefinite(struct sn_buf *b)
{
	b->p[1] = 0x80;
}

/* 30 82 xx xx becomes 30 83 00 xx xx. */
static void
long_length(struct sn_buf *b)
{
	sn_buf_u8(b, 0);
	memmove(b->p + 3, b->p + 2, b->n - 3);
	b->p[1] = 0x83;
	b->p[2] = 0;
}

static void
flipped_key(struct sn_buf *b)
{
	b->p[b->n / 2] ^= 1;
}

static void
flipped_signature(struct sn_buf *b)
{
	b->p[b->n - 1] ^= 1;
}

static void
as_pem(struct sn_buf *b, const char *before, const char *behind)
{
	SN_CLEANUP(sn_buf_done) struct sn_buf pem = { 0 };
	struct sn_why why = { 0 };

	sn_buf_str(&pem, before);
	must(cry_cert_pem(sn_buf_bytes(b), &pem, &why), &why);
	sn_buf_str(&pem, behind);
	b->n = 0;
	sn_buf_put(b, sn_buf_bytes(&pem));
}

static void
pem(struct sn_buf *b)
{
	as_pem(b, "", "");
}

static void
pem_text(struct sn_buf *b)
{
	as_pem(b, "", "HKD-3931-0123456\n");
}

static void
pem_key(struct sn_buf *b)
{
	as_pem(b, "", "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n");
}

static void
pem_twice(struct sn_buf *b)
{
	SN_CLEANUP(sn_buf_done) struct sn_buf one = { 0 };

	pem(b);
	sn_buf_put(&one, sn_buf_bytes(b));
	sn_buf_put(b, sn_buf_bytes(&one));
}

static const struct form {
	const char *name;
	void (*alter)(struct sn_buf *b);
	enum sn_err err;
	const char *says;
} forms[] = {
	{ "PEM", pem, SN_OK, "" },
	{ "PEM with text behind it", pem_text, SN_E_FORMAT, "" },
	{ "PEM with a private key", pem_key, SN_E_FORMAT, "private key" },
	{ "two host keys in a file", pem_twice, SN_E_FORMAT, "comes alone" },
	{ "a byte behind it", trailing, SN_E_FORMAT, "certificate" },
	{ "cut off", truncated, SN_E_FORMAT, "certificate" },
	{ "indefinite length", indefinite, SN_E_FORMAT, "" },
	{ "a length longer than needed", long_length, SN_E_FORMAT, "" },
	{ "a bit of its key", flipped_key, SN_E_SIGNATURE, "does not verify" },
	{ "a bit of its signature", flipped_signature, SN_E_SIGNATURE, "does not verify" },
};

static void
one_form(void **state)
{
	const struct form *f = *state;
	struct world w = { 0 };
	struct sn_why why = { 0 };
	struct col_store *s;

	world_make(nothing, &w);
	s = world_store(&w, false);
	f->alter(&w.der[HOST]);
	must(col_store_add(s, "host", sn_buf_bytes(&w.der[HOST]), &why), &why);
	expect(s, "host", f->err, f->says);
	col_store_free(&s);
	world_done(&w);
}

/* A list that revokes it, whatever its date, beside one that does not. */
static void
revoked_by_an_old_list(void **state SN_UNUSED)
{
	SN_CLEANUP(sn_buf_done) struct sn_buf old = { 0 };
	struct world w = { 0 };
	struct sn_why why = { 0 };
	struct col_store *s;
	struct bytes serial;

	world_make(nothing, &w);
	serial = cry_cert_serial(w.certs[HOST]);
	must(cry_crl_issue_v15(keys[K_SIGN], w.certs[SIGN], FROM, FROM + 1, &serial, 1,
		 CRY_SHA512, &old, &why),
	    &why);
	s = world_store(&w, true);
	must(col_store_add(s, "old", sn_buf_bytes(&old), &why), &why);
	expect(s, "cert/3", SN_E_REVOKED, "has revoked it");
	col_store_free(&s);
	world_done(&w);
}

/* ---- a list beside certificates in one file */

/* What the file holds, in order: C the code signing CA, H the host key, g a good list of
 * the CA, r one that revokes the signing key, o such a one of long ago. */
static const struct both {
	const char *name, *holds;
	bool ca_too; /* the CA in a file of its own as well */
	enum sn_err file, host;
	const char *says;
} boths[] = {
	{ "certificate, list", "Cg", false, SN_OK, SN_OK, "" },
	{ "list, certificate", "gC", false, SN_OK, SN_OK, "" },
	{ "a list that revokes", "Cr", false, SN_OK, SN_E_CHAIN, "" },
	{ "an old list takes its file along", "Co", false, SN_E_EXPIRED, SN_E_CHAIN,
	    "good from" },
	{ "an old list takes its file along, and revokes all the same", "Co", true,
	    SN_E_EXPIRED, SN_E_CHAIN, "good from" },
	{ "two lists", "Cgr", true, SN_E_FORMAT, SN_OK, "behind the PEM CRL" },
	{ "list between certificates", "CgC", true, SN_E_FORMAT, SN_OK, "behind the PEM CRL" },
	{ "list between lists", "gCr", true, SN_E_FORMAT, SN_OK, "" },
	{ "certificate twice", "CCg", true, SN_E_FORMAT, SN_OK, "twice" },
	{ "beside a host key", "Hg", true, SN_E_FORMAT, SN_OK, "that it is not for" },
};

static void
put_part(const struct world *w, char part, struct sn_buf *ret)
{
	SN_CLEANUP(sn_buf_done) struct sn_buf der = { 0 };
	struct bytes serial = cry_cert_serial(w->certs[SIGN]);
	struct sn_why why = { 0 };

	if (part == 'C' || part == 'H') {
		must(cry_cert_pem(sn_buf_bytes(&w->der[part == 'C' ? CODE : HOST]), ret, &why),
		    &why);
		return;
	}
	must(cry_crl_issue_v15(keys[K_CODE], w->certs[CODE], FROM, part == 'o' ? FROM + 1 : TO,
		 &serial, part == 'g' ? 0 : 1, CRY_SHA384, &der, &why),
	    &why);
	must(cry_crl_pem(sn_buf_bytes(&der), ret, &why), &why);
}

static void
list_beside(void **state)
{
	const struct both *b = *state;
	SN_CLEANUP(sn_buf_done) struct sn_buf file = { 0 };
	struct col_policy policy = { .at = NOW, .rehearsal = true };
	const struct col_row *got = NULL;
	struct col_store *s = NULL;
	struct world w = { 0 };
	struct sn_why why = { 0 };
	size_t n = 0;

	world_make(nothing, &w);
	for (const char *p = b->holds; *p != '\0'; p++)
		put_part(&w, *p, &file);
	policy.extra.has[COL_VENDOR_IBM_SE][0] = true;
	must(cry_cert_spki_sha256(w.certs[ROOT], policy.extra.spki[COL_VENDOR_IBM_SE][0], &why),
	    &why);
	must(col_store_new(&policy, &s, &why), &why);
	must(col_store_add(s, "0-host", sn_buf_bytes(&w.der[HOST]), &why), &why);
	must(col_store_add(s, "1-both", sn_buf_bytes(&file), &why), &why);
	must(col_store_add(s, "2-root", sn_buf_bytes(&w.der[ROOT]), &why), &why);
	must(col_store_add(s, "3-root.crl", sn_buf_bytes(&w.crls[ROOT]), &why), &why);
	must(col_store_add(s, "4-sign", sn_buf_bytes(&w.der[SIGN]), &why), &why);
	must(col_store_add(s, "5-sign.crl", sn_buf_bytes(&w.crls[SIGN]), &why), &why);
	if (b->ca_too) {
		must(col_store_add(s, "6-code", sn_buf_bytes(&w.der[CODE]), &why), &why);
		must(col_store_add(s, "7-code.crl", sn_buf_bytes(&w.crls[CODE]), &why), &why);
	}
	expect(s, "1-both", b->file, b->says);
	must(col_store_rows(s, &got, &n, &why), &why);
	assert_int_equal(got[0].why.err, b->host);
	if (strchr(b->holds, 'r') != NULL && b->file == SN_OK)
		assert_int_equal(got[4].why.err, SN_E_REVOKED);
	if (strchr(b->holds, 'o') != NULL && b->ca_too)
		assert_int_equal(got[4].why.err, SN_E_REVOKED);
	col_store_free(&s);
	world_done(&w);
}

static bool
make_keys(struct sn_why *why)
{
	static const uint8_t seed[48] = "a seed for keys of the wrong kind, nothing more";

	for (enum which_key k = K_ROOT; k <= K_SIGN; k++)
		if (cry_key_generate_rsa(3072, &keys[k], why) != SN_OK)
			return false;
	return cry_key_generate_rsa(2048, &keys[K_SMALL], why) == SN_OK &&
	    cry_key_generate_p521(CRY_EC_NAMED, &keys[K_HOST], why) == SN_OK &&
	    cry_key_generate_p521(CRY_EC_EXPLICIT, &keys[K_EXPLICIT], why) == SN_OK &&
	    cry_key_generate_p521(CRY_EC_COMPRESSED, &keys[K_COMPRESSED], why) == SN_OK &&
	    cry_key_from_seed(CRY_P256, (struct bytes){ seed, 32 }, &keys[K_P256], why) ==
	    SN_OK &&
	    cry_key_from_seed(CRY_P384, BYTES_OF(seed), &keys[K_P384], why) == SN_OK;
}

int
main(void)
{
	struct test_list *l = test_list_new();
	struct sn_why why = { 0 };
	int status;

	if (cry_start(&why) != SN_OK || sn_secret_start(64U << 10, &why) != SN_OK ||
	    !make_keys(&why)) {
		fprintf(stderr, "%s\n", why.text);
		return 1;
	}
	for (size_t i = 0; i < SN_NITEMS(rows); i++)
		test_list_add(l, one_wrong, &rows[i], "%s: %s", rows[i].name,
		    sn_err_name(rows[i].err));
	for (size_t i = 0; i < SN_NITEMS(forms); i++)
		test_list_add(l, one_form, &forms[i], "host key, %s: %s", forms[i].name,
		    sn_err_name(forms[i].err));
	for (size_t i = 0; i < SN_NITEMS(boths); i++)
		test_list_add(l, list_beside, &boths[i], "in one file, %s: %s", boths[i].name,
		    sn_err_name(boths[i].file));
	test_list_add(l, revoked_by_an_old_list, NULL, "revoked by an old list");
	status = test_list_run(l, "ibm forms");
	for (size_t i = 0; i < SN_NITEMS(keys); i++)
		cry_key_free(&keys[i]);
	return status;
}
