#include <string.h>

#include "appliance/base/json.h"
#include "appliance/base/text.h"
#include "appliance/crypto/makepki.h"
#include "firmware-cache/cmd/pki.h"

#define ORGANIZATION "REHEARSAL"
#define RSA_BITS 4096
#define SEED_MAX 48
#define ARC "1.3.6.1.4.1.3704.1."
#define HWID_LEN 64

/* Extension values in DER; the exact ones are what the vendors' certificates have. */
static const uint8_t der_zero[] = { 0x02, 0x01, 0x00 };
static const uint8_t der_bl[] = { 0x02, 0x01, 0x03 };
static const uint8_t der_snp[] = { 0x02, 0x01, 0x08 };
static const uint8_t der_ucode[] = { 0x02, 0x02, 0x00, 0xd1 };
static const uint8_t der_milan[] = { 0x16, 0x08, 'M', 'i', 'l', 'a', 'n', '-', 'B', '0' };
static const uint8_t hwid[HWID_LEN] = "REHEARSAL: no chip has this identity";
static const uint8_t der_usage_sign[] = { 0x03, 0x02, 0x06, 0xc0 };
static const uint8_t der_ca_false[] = { 0x30, 0x00 };

static const struct cry_raw_ext vcek_exts[] = {
	{ ARC "1", false, BYTES_OF(der_zero) },
	{ ARC "2", false, BYTES_OF(der_milan) },
	{ ARC "3.1", false, BYTES_OF(der_bl) },
	{ ARC "3.2", false, BYTES_OF(der_zero) },
	{ ARC "3.3", false, BYTES_OF(der_snp) },
	{ ARC "3.8", false, BYTES_OF(der_ucode) },
	{ ARC "4", false, BYTES_OF(hwid) },
};
static const struct cry_raw_ext signing_exts[] = {
	{ "2.5.29.15", true, BYTES_OF(der_usage_sign) },
	{ "2.5.29.19", true, BYTES_OF(der_ca_false) },
};

/* Every party: its name, who signs it, and what it may do. An issuer stands before it. */
static const struct {
	const char *cn;
	enum pki_party issuer;
	enum cry_alg alg;
	uint8_t serial[3];
	bool ca;
	int pathlen;
	bool crl_sign, no_key_ids;
	const struct cry_raw_ext *exts;
	size_t nexts;
} parties[PKI_PARTIES] = {
	[PKI_ARK] = { "ARK-Milan", PKI_ARK, CRY_RSA, { 1, 0, 0 }, true, -1, true, false, NULL,
	    0 },
	[PKI_ASK] = { "SEV-Milan", PKI_ARK, CRY_RSA, { 1, 0, 1 }, true, 0, false, false, NULL,
	    0 },
	[PKI_VCEK] = { "SEV-VCEK", PKI_ASK, CRY_P384, { 0, 0, 0 }, false, -1, false, true,
	    vcek_exts, SN_NITEMS(vcek_exts) },
	[PKI_ROOT] = { "Intel SGX Root CA", PKI_ROOT, CRY_P256, { 2, 0, 0 }, true, 1, true,
	    false, NULL, 0 },
	[PKI_TCB_SIGNING] = { "Intel SGX TCB Signing", PKI_ROOT, CRY_P256, { 2, 0, 1 }, false,
	    -1, false, false, signing_exts, SN_NITEMS(signing_exts) },
	[PKI_PLATFORM_CA] = { "Intel SGX PCK Platform CA", PKI_ROOT, CRY_P256, { 2, 0, 2 },
	    true, 0, true, false, NULL, 0 },
	[PKI_PROCESSOR_CA] = { "Intel SGX PCK Processor CA", PKI_ROOT, CRY_P256, { 2, 0, 3 },
	    true, 0, true, false, NULL, 0 },
};

/* ---- making */

static enum sn_err
make_key(enum cry_alg alg, struct cry_key **ret, struct sn_why *why)
{
	uint8_t seed[SEED_MAX];
	size_t n = alg == CRY_P384 ? 48 : 32;
	enum sn_err e;

	if (alg == CRY_RSA)
		return cry_key_generate_rsa(RSA_BITS, ret, why);
	e = cry_random(seed, n, why);
	if (e == SN_OK)
		e = cry_key_from_seed(alg, (struct bytes){ seed, n }, ret, why);
	sn_wipe(seed, sizeof(seed));
	return e;
}

static enum sn_err
make_cert(struct pki *p, enum pki_party who, struct sn_why *why)
{
	SN_CLEANUP(sn_buf_done) struct sn_buf der = { 0 };
	enum pki_party issuer = parties[who].issuer;
	struct cry_profile profile = {
		.common_name = parties[who].cn,
		.organization = ORGANIZATION,
		.not_before = p->from,
		.not_after = p->to,
		.ca = parties[who].ca,
		.pathlen = parties[who].pathlen,
		.key_cert_sign = parties[who].ca,
		.crl_sign = parties[who].crl_sign,
	};

	memcpy(profile.serial + sizeof(profile.serial) - sizeof(parties[who].serial),
	    parties[who].serial, sizeof(parties[who].serial));
	SN_TRY(cry_cert_issue_raw(&profile, parties[who].exts, parties[who].nexts,
	    parties[who].no_key_ids, p->keys[who], p->keys[issuer],
	    issuer == who ? NULL : p->certs[issuer], &der, why));
	return cry_cert_parse(sn_buf_bytes(&der), &p->certs[who], why);
}

enum sn_err
pki_make(struct pki *ret, struct sn_why *why)
{
	SN_CLEANUP(pki_done) struct pki p = { 0 };

	SN_TRY(text_to_time(PKI_FROM, &p.from, "from", why));
	SN_TRY(text_to_time(PKI_TO, &p.to, "to", why));
	for (enum pki_party who = PKI_ARK; who < PKI_PARTIES; who++) {
		SN_TRY(make_key(parties[who].alg, &p.keys[who], why));
		SN_TRY(make_cert(&p, who, why));
	}
	*ret = p;
	p = (struct pki){ 0 };
	return SN_OK;
}

void
pki_done(struct pki *p)
{
	if (p == NULL)
		return;
	for (enum pki_party who = PKI_ARK; who < PKI_PARTIES; who++) {
		cry_key_free(&p->keys[who]);
		cry_cert_free(&p->certs[who]);
	}
}

/* ---- roots */

enum sn_err
pki_roots(const struct pki *p, struct col_roots *ret, struct sn_why *why)
{
	struct col_roots r = { .has[COL_VENDOR_INTEL][0] = true };

	r.has[COL_VENDOR_AMD][AMD_MILAN] = true;
	SN_TRY(cry_cert_spki_sha256(p->certs[PKI_ARK], r.spki[COL_VENDOR_AMD][AMD_MILAN], why));
	SN_TRY(cry_cert_spki_sha256(p->certs[PKI_ROOT], r.spki[COL_VENDOR_INTEL][0], why));
	*ret = r;
	return SN_OK;
}

enum sn_err
pki_roots_json(const struct pki *p, struct sn_buf *ret, struct sn_why *why)
{
	struct col_roots r = { 0 };

	SN_TRY(pki_roots(p, &r, why));
	sn_buf_str(ret, "{\"vendor_pki\":{\"amd\":{\"Milan\":\"");
	sn_buf_hex(ret, BYTES_OF(r.spki[COL_VENDOR_AMD][AMD_MILAN]));
	sn_buf_str(ret, "\"},\"intel\":\"");
	sn_buf_hex(ret, BYTES_OF(r.spki[COL_VENDOR_INTEL][0]));
	sn_buf_str(ret, "\"}}");
	return sn_buf_check(ret, why);
}

/* ---- files */

enum sn_err
pki_crl(const struct pki *p, enum pki_party issuer, enum pki_party revoked, struct sn_buf *ret,
    struct sn_why *why)
{
	struct bytes serial = { 0 };
	size_t n = revoked == PKI_PARTIES ? 0 : 1;

	if (n == 1)
		serial = cry_cert_serial(p->certs[revoked]);
	return cry_crl_issue(p->keys[issuer], p->certs[issuer], p->from, p->to, 1, &serial, n,
	    ret, why);
}

enum sn_err
pki_sign_json(const struct pki *p, enum pki_party signer, const char *name, const char *body,
    struct sn_buf *ret, struct sn_why *why)
{
	SN_CLEANUP(sn_buf_done) struct sn_buf sig = { 0 };

	SN_TRY(cry_sign_raw_ecdsa(p->keys[signer], bytes_str(body), &sig, why));
	sn_buf_fmt(ret, "{\"%s\":%s,\"signature\":\"", name, body);
	sn_buf_hex(ret, sn_buf_bytes(&sig));
	sn_buf_str(ret, "\"}");
	return sn_buf_check(ret, why);
}

#define WINDOW "\"issueDate\":\"" PKI_FROM "\",\"nextUpdate\":\"" PKI_TO "\""
#define LEVEL_END "\"tcbDate\":\"" PKI_FROM "\",\"tcbStatus\":\"UpToDate\"}]"
#define SVN4 "{\"svn\":1},{\"svn\":1},{\"svn\":1},{\"svn\":1}"
#define SVN16 "[" SVN4 "," SVN4 "," SVN4 "," SVN4 "]"
#define HEX8 "0000000000000000"
#define HEX48 HEX8 HEX8 HEX8 HEX8 HEX8 HEX8
#define HEX32 HEX8 HEX8 HEX8 HEX8
#define FMSPC "005245484541" /* "REHEA" in ASCII */
#define PLATFORM "\"fmspc\":\"" FMSPC "\",\"pceId\":\"0000\",\"tcbType\":0,"
#define EVALUATION "\"tcbEvaluationDataNumber\":1"
#define MODULE                                                                                 \
	"\"mrsigner\":\"" HEX48 "\",\"attributes\":\"" HEX8 "\","                              \
	"\"attributesMask\":\"FFFFFFFFFFFFFFFF\""
#define IDENTITY(id)                                                                           \
	"{\"id\":\"" id "\",\"version\":2," WINDOW "," EVALUATION ","                          \
	"\"miscselect\":\"00000000\",\"miscselectMask\":\"FFFFFFFF\","                         \
	"\"attributes\":\"11"                                                                  \
	"00000000000000" HEX8 "\","                                                            \
	"\"attributesMask\":\"FBFFFFFFFFFFFFFF" HEX8 "\","                                     \
	"\"mrsigner\":\"" HEX32 "\",\"isvprodid\":1,"                                          \
	"\"tcbLevels\":[{\"tcb\":{\"isvsvn\":1}," LEVEL_END "}"

#define TCB_SGX                                                                                \
	"{\"id\":\"SGX\",\"version\":3," WINDOW "," PLATFORM EVALUATION ","                    \
	"\"tcbLevels\":[{\"tcb\":{\"sgxtcbcomponents\":" SVN16 ",\"pcesvn\":1}," LEVEL_END "}"
#define TCB_TDX                                                                                \
	"{\"id\":\"TDX\",\"version\":3," WINDOW "," PLATFORM EVALUATION ","                    \
	"\"tdxModule\":{" MODULE "},"                                                          \
	"\"tcbLevels\":[{\"tcb\":{\"sgxtcbcomponents\":" SVN16 ",\"pcesvn\":1,"                \
	"\"tdxtcbcomponents\":" SVN16 "}," LEVEL_END "}"

/* Every file of the collateral: a chain, a single certificate, a CRL, or signed JSON. */
static const struct {
	const char *path;
	enum { F_CHAIN, F_CERT, F_CRL, F_JSON } form;
	enum pki_party first, second; /* F_CHAIN: both; else first is whose it is */
	const char *name, *body;
} files[] = {
	{ "amd/milan_cert_chain.pem", F_CHAIN, PKI_ASK, PKI_ARK, NULL, NULL },
	{ "amd/milan_crl.der", F_CRL, PKI_ARK, PKI_PARTIES, NULL, NULL },
	{ "amd/milan_vcek.der", F_CERT, PKI_VCEK, PKI_PARTIES, NULL, NULL },
	{ "intel/pck_platform_chain.pem", F_CHAIN, PKI_PLATFORM_CA, PKI_ROOT, NULL, NULL },
	{ "intel/pck_platform_crl.der", F_CRL, PKI_PLATFORM_CA, PKI_PARTIES, NULL, NULL },
	{ "intel/pck_processor_chain.pem", F_CHAIN, PKI_PROCESSOR_CA, PKI_ROOT, NULL, NULL },
	{ "intel/pck_processor_crl.der", F_CRL, PKI_PROCESSOR_CA, PKI_PARTIES, NULL, NULL },
	{ "intel/qe_identity.json", F_JSON, PKI_TCB_SIGNING, PKI_PARTIES, "enclaveIdentity",
	    IDENTITY("QE") },
	{ "intel/root_ca_crl.der", F_CRL, PKI_ROOT, PKI_PARTIES, NULL, NULL },
	{ "intel/tcb_sgx.json", F_JSON, PKI_TCB_SIGNING, PKI_PARTIES, "tcbInfo", TCB_SGX },
	{ "intel/tcb_signing_chain.pem", F_CHAIN, PKI_TCB_SIGNING, PKI_ROOT, NULL, NULL },
	{ "intel/tcb_tdx.json", F_JSON, PKI_TCB_SIGNING, PKI_PARTIES, "tcbInfo", TCB_TDX },
	{ "intel/td_qe_identity.json", F_JSON, PKI_TCB_SIGNING, PKI_PARTIES, "enclaveIdentity",
	    IDENTITY("TD_QE") },
};

static enum sn_err
put_file(const struct pki *p, size_t i, struct sn_buf *ret, struct sn_why *why)
{
	switch (files[i].form) {
	case F_CHAIN:
		SN_TRY(cry_cert_pem(cry_cert_der(p->certs[files[i].first]), ret, why));
		return cry_cert_pem(cry_cert_der(p->certs[files[i].second]), ret, why);
	case F_CERT:
		sn_buf_put(ret, cry_cert_der(p->certs[files[i].first]));
		return sn_buf_check(ret, why);
	case F_CRL:
		return pki_crl(p, files[i].first, PKI_PARTIES, ret, why);
	case F_JSON:
		return pki_sign_json(p, files[i].first, files[i].name, files[i].body, ret, why);
	}
	return sn_fail(why, SN_E_INTERNAL, "%s", files[i].path);
}

enum sn_err
pki_each(const struct pki *p,
    enum sn_err (*fn)(void *arg, const char *path, struct bytes bytes, struct sn_why *why),
    void *arg, struct sn_why *why)
{
	for (size_t i = 0; i < SN_NITEMS(files); i++) {
		SN_CLEANUP(sn_buf_done) struct sn_buf b = { 0 };

		SN_TRY(put_file(p, i, &b, why));
		SN_TRY(fn(arg, files[i].path, sn_buf_bytes(&b), why));
	}
	return SN_OK;
}
