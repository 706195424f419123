/* PCK certificates: the choice of one; responses and headers with one thing wrong. */
#include <stdlib.h>

#include "appliance/base/json.h"
#include "appliance/base/text.h"
#include "appliance/crypto/der.h"
#include "appliance/crypto/makepki.h"
#include "firmware-cache/intel/headers.h"
#include "firmware-cache/intel/pck.h"
#include "tests/lib/test.h"

#define SECRETS (64U << 10)
#define SAMPLES "intel/pck-selection/"
#define LEVELS_MAX 64

static void
must(enum sn_err e, const struct sn_why *why)
{
	if (e != SN_OK)
		fail_msg("%s: %s", sn_err_name(e), why->text);
}

/* ---- the choice, as Intel's own sample program states it */

static const char *const sample_files[] = { SAMPLES "pck2_sample.pem",
	SAMPLES "pck1_sample.pem", SAMPLES "pck0_sample.pem" };

/* Source: PCKCertSelection/PCKSelectionSample/main.cpp, its three calls and expectations. */
static const struct choice {
	const char *name;
	struct intel_tcb platform;
	uint8_t pce_id[2];
	size_t want; /* index into sample_files; their number: none */
} choices[] = {
	{ "a middling platform takes the middle one",
	    { { 2, 2, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1 }, 6 }, { 0, 0 }, 1 },
	{ "a low platform takes the lowest",
	    { { 1, 1, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0 }, 4 }, { 0, 0 }, 0 },
	{ "a platform below all takes none", { { 0 }, 1 }, { 0, 0 }, 3 },
	{ "another PCE-ID takes none",
	    { { 2, 2, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1 }, 6 }, { 1, 0 }, 3 },
};

static struct cry_cert *
read_cert(const char *path)
{
	struct cry_cert *certs[CRY_PEM_CHAIN_MAX] = { 0 };
	struct test_bytes b = test_read_data(path);
	struct sn_why why = { 0 };
	size_t n = 0;

	must(cry_cert_parse_pem((struct bytes){ b.data, b.len }, certs, &n, &why), &why);
	assert_int_equal(n, 1);
	test_bytes_done(&b);
	return certs[0];
}

/* The levels of the sample's TCB info (version 1), in its order, which is highest first. */
static size_t
read_levels(struct intel_tcb levels[LEVELS_MAX])
{
	SN_CLEANUP(sn_json_free) yyjson_doc *doc = NULL;
	struct test_bytes b = test_read_data(SAMPLES "tcb_info.json");
	struct sn_why why = { 0 };
	yyjson_val *arr, *level;
	size_t i, n;

	must(sn_json_parse((struct bytes){ b.data, b.len }, "sample", false, &doc, &why), &why);
	arr = yyjson_obj_get(yyjson_obj_get(yyjson_doc_get_root(doc), "tcbInfo"), "tcbLevels");
	assert_true(yyjson_arr_size(arr) > 1 && yyjson_arr_size(arr) < LEVELS_MAX);
	yyjson_arr_foreach(arr, i, n, level)
	{
		yyjson_val *tcb = yyjson_obj_get(level, "tcb");

		for (size_t k = 0; k < INTEL_COMPONENTS; k++) {
			char *key = test_format("sgxtcbcomp%02zusvn", k + 1);

			levels[i].component[k] =
			    (uint8_t)yyjson_get_uint(yyjson_obj_get(tcb, key));
			free(key);
		}
		levels[i].pce_svn = (uint16_t)yyjson_get_uint(yyjson_obj_get(tcb, "pcesvn"));
	}
	test_bytes_done(&b);
	return n;
}

static void
choose(void **state)
{
	const struct choice *g = *state;
	struct intel_pck pcks[SN_NITEMS(sample_files)];
	struct intel_tcb levels[LEVELS_MAX] = { 0 };
	struct sn_why why = { 0 };
	size_t nlevels;

	test_need_data(SAMPLES "tcb_info.json");
	for (size_t i = 0; i < SN_NITEMS(sample_files); i++) {
		struct cry_cert *c = read_cert(sample_files[i]);

		must(intel_pck_parse(c, &pcks[i], &why), &why);
		cry_cert_free(&c);
	}
	nlevels = read_levels(levels);
	assert_int_equal(intel_pck_select(pcks, SN_NITEMS(pcks), &g->platform, g->pce_id,
			     levels, nlevels),
	    g->want);
}

/* ---- the extension, made with one thing wrong */

static const uint8_t arc[] = { 0x2a, 0x86, 0x48, 0x86, 0xf8, 0x4d, 0x01, 0x0d, 0x01 };

enum twist {
	TWIST_NONE,
	TWIST_PROCESSOR, /* without instance and configuration */
	TWIST_SWAPPED,
	TWIST_TWICE,
	TWIST_SHORT_FMSPC,
	TWIST_LONG_PPID,
	TWIST_COMPONENT_256,
	TWIST_COMPONENT_NEGATIVE,
	TWIST_COMPONENT_LONG_FORM,
	TWIST_FIFTEEN_COMPONENTS,
	TWIST_TYPE_UNKNOWN,
	TWIST_TRAILING,
	TWIST_BOOLEAN_ONE,
	TWIST_STRANGE_ARC,
	TWIST_CONFIGURATION_ALONE,
	TWIST_ABSENT,
};

static const struct extension {
	const char *name;
	enum twist twist;
	enum sn_err err;
	const char *says;
} extensions[] = {
	{ "whole, of the Platform CA's form", TWIST_NONE, SN_OK, NULL },
	{ "whole, of the Processor CA's form", TWIST_PROCESSOR, SN_OK, NULL },
	{ "not there", TWIST_ABSENT, SN_E_FORMAT, "SGX extension is missing" },
	{ "FMSPC before PCE-ID", TWIST_SWAPPED, SN_E_FORMAT, "is not where it belongs" },
	{ "PPID twice", TWIST_TWICE, SN_E_FORMAT, "TCB is not where it belongs" },
	{ "FMSPC of five bytes", TWIST_SHORT_FMSPC, SN_E_FORMAT, "FMSPC has 5 bytes" },
	{ "PPID of seventeen bytes", TWIST_LONG_PPID, SN_E_FORMAT, "PPID has 17 bytes" },
	{ "a component of 256", TWIST_COMPONENT_256, SN_E_FORMAT, "is 256, at most 255" },
	{ "a component of -1", TWIST_COMPONENT_NEGATIVE, SN_E_FORMAT, "no small number" },
	{ "a component with a leading zero", TWIST_COMPONENT_LONG_FORM, SN_E_FORMAT,
	    "no small number" },
	{ "fifteen components", TWIST_FIFTEEN_COMPONENTS, SN_E_FORMAT,
	    "TCB component is not where it belongs" },
	{ "an SGX type of 3", TWIST_TYPE_UNKNOWN, SN_E_FORMAT, "SGX type is 3" },
	{ "something behind it", TWIST_TRAILING, SN_E_FORMAT, "" },
	{ "a BOOLEAN of 1", TWIST_BOOLEAN_ONE, SN_E_FORMAT, "flag is no BOOLEAN" },
	{ "a member under another arc", TWIST_STRANGE_ARC, SN_E_FORMAT,
	    "FMSPC is not where it belongs" },
	{ "a configuration without an instance", TWIST_CONFIGURATION_ALONE, SN_E_FORMAT,
	    "platform instance is not where it belongs" },
};

static void
put_member(struct sn_buf *list, uint8_t id, uint8_t sub, uint8_t tag, struct bytes value,
    bool strange)
{
	SN_CLEANUP(sn_buf_done) struct sn_buf oid = { 0 }, member = { 0 };

	sn_buf_put(&oid, BYTES_OF(arc));
	if (strange)
		oid.p[oid.n - 1]++;
	sn_buf_u8(&oid, id);
	if (sub != 0)
		sn_buf_u8(&oid, sub);
	der_put(&member, 0x06, sn_buf_bytes(&oid));
	der_put(&member, tag, value);
	der_put(list, DER_SEQUENCE, sn_buf_bytes(&member));
}

static void
put_tcb(struct sn_buf *list, enum twist t)
{
	static const uint8_t cpusvn[16] = { 3, 3, 2, 2, 4, 1 }, big[] = { 1, 0 },
			     negative[] = { 0xff }, padded[] = { 0, 3 };
	SN_CLEANUP(sn_buf_done) struct sn_buf tcb = { 0 };
	uint8_t n = t == TWIST_FIFTEEN_COMPONENTS ? 15 : 16;

	for (uint8_t i = 1; i <= n; i++) {
		struct bytes v = { &cpusvn[i - 1], 1 };

		if (i == 1 && t == TWIST_COMPONENT_256)
			v = BYTES_OF(big);
		if (i == 1 && t == TWIST_COMPONENT_NEGATIVE)
			v = BYTES_OF(negative);
		if (i == 1 && t == TWIST_COMPONENT_LONG_FORM)
			v = BYTES_OF(padded);
		put_member(&tcb, 2, i, DER_INTEGER, v, false);
	}
	put_member(&tcb, 2, 17, DER_INTEGER, BYTES_OF(((const uint8_t[]){ 11 })), false);
	put_member(&tcb, 2, 18, DER_OCTETS, BYTES_OF(cpusvn), false);
	put_member(list, 2, 0, DER_SEQUENCE, sn_buf_bytes(&tcb), false);
}

static void
put_platform(struct sn_buf *list, enum twist t)
{
	static const uint8_t instance[16] = { 9 }, yes[] = { 0xff }, one[] = { 1 };
	SN_CLEANUP(sn_buf_done) struct sn_buf conf = { 0 };

	if (t == TWIST_PROCESSOR)
		return;
	if (t != TWIST_CONFIGURATION_ALONE)
		put_member(list, 6, 0, DER_OCTETS, BYTES_OF(instance), false);
	put_member(&conf, 7, 1, 0x01, t == TWIST_BOOLEAN_ONE ? BYTES_OF(one) : BYTES_OF(yes),
	    false);
	put_member(&conf, 7, 3, 0x01, BYTES_OF(yes), false);
	put_member(list, 7, 0, DER_SEQUENCE, sn_buf_bytes(&conf), false);
}

static void
put_extension(enum twist t, struct sn_buf *ret)
{
	static const uint8_t ppid[17] = { 1, 2, 3 }, fmspc[6] = { 0x00, 0x90, 0x6e, 0xa1 },
			     pceid[2] = { 0 }, three[] = { 3 }, zero[] = { 0 };
	SN_CLEANUP(sn_buf_done) struct sn_buf list = { 0 };
	size_t nppid = t == TWIST_LONG_PPID ? 17 : 16, nfmspc = t == TWIST_SHORT_FMSPC ? 5 : 6;
	uint8_t four = t == TWIST_SWAPPED ? 3 : 4;

	put_member(&list, 1, 0, DER_OCTETS, (struct bytes){ ppid, nppid }, false);
	if (t == TWIST_TWICE)
		put_member(&list, 1, 0, DER_OCTETS, (struct bytes){ ppid, nppid }, false);
	put_tcb(&list, t);
	put_member(&list, t == TWIST_SWAPPED ? 4 : 3, 0, DER_OCTETS, BYTES_OF(pceid), false);
	put_member(&list, four, 0, DER_OCTETS, (struct bytes){ fmspc, nfmspc },
	    t == TWIST_STRANGE_ARC);
	put_member(&list, 5, 0, 0x0a,
	    t == TWIST_TYPE_UNKNOWN ? BYTES_OF(three) : BYTES_OF(zero), false);
	put_platform(&list, t);
	if (t == TWIST_TRAILING)
		sn_buf_put(&list, BYTES_OF(((const uint8_t[]){ 0x05, 0x00 })));
	der_put(ret, DER_SEQUENCE, sn_buf_bytes(&list));
}

/* Self-signed: only its extension is looked at here. */
static struct cry_cert *
make_cert(enum twist t)
{
	struct cry_profile profile = { .common_name = "Intel SGX PCK Certificate",
		.organization = "REHEARSAL",
		.serial = { [19] = 7 },
		.not_before = 1735689600,
		.not_after = 2051222400,
		.pathlen = -1,
		.digital_signature = true };
	SN_CLEANUP(sn_buf_done) struct sn_buf ext = { 0 }, der = { 0 };
	SN_CLEANUP(cry_key_free) struct cry_key *key = NULL;
	static const uint8_t seed[32] = { 1 };
	struct cry_raw_ext raw = { "1.2.840.113741.1.13.1", false, { 0 } };
	struct cry_cert *c = NULL;
	struct sn_why why = { 0 };

	put_extension(t, &ext);
	raw.der = sn_buf_bytes(&ext);
	must(cry_key_from_seed(CRY_P256, BYTES_OF(seed), &key, &why), &why);
	must(cry_cert_issue_raw(&profile, &raw, t == TWIST_ABSENT ? 0 : 1, true, key, key, NULL,
		 &der, &why),
	    &why);
	must(cry_cert_parse(sn_buf_bytes(&der), &c, &why), &why);
	return c;
}

static void
assert_says(enum sn_err got, enum sn_err want, const struct sn_why *why, const char *says)
{
	if (got != want)
		fail_msg("%s, expected %s: %s", sn_err_name(got), sn_err_name(want), why->text);
	if (says != NULL && strstr(why->text, says) == NULL)
		fail_msg("\"%s\" does not say \"%s\"", why->text, says);
}

static void
extension(void **state)
{
	const struct extension *g = *state;
	struct cry_cert *c = make_cert(g->twist);
	struct intel_pck p = { 0 };
	struct sn_why why = { 0 };

	assert_says(intel_pck_parse(c, &p, &why), g->err, &why, g->says);
	if (g->err == SN_OK) {
		assert_int_equal(p.platform, g->twist == TWIST_NONE);
		assert_int_equal(p.tcb.component[4], 4);
		assert_int_equal(p.tcb.pce_svn, 11);
		assert_int_equal(p.dynamic_platform, p.platform);
		assert_false(p.cached_keys);
		assert_int_equal(p.smt_enabled, p.platform);
	}
	cry_cert_free(&c);
}

/* ---- pckcerts responses */

static const struct response {
	const char *name;
	const char *form; /* % takes the certificate, URL-encoded */
	enum sn_err err;
	const char *says;
} responses[] = {
#define C16                                                                                    \
	"\"sgxtcbcomp01svn\":3,\"sgxtcbcomp02svn\":3,\"sgxtcbcomp03svn\":2,"                   \
	"\"sgxtcbcomp04svn\":2,\"sgxtcbcomp05svn\":4,\"sgxtcbcomp06svn\":1,"                   \
	"\"sgxtcbcomp07svn\":0,\"sgxtcbcomp08svn\":0,\"sgxtcbcomp09svn\":0,"                   \
	"\"sgxtcbcomp10svn\":0,\"sgxtcbcomp11svn\":0,\"sgxtcbcomp12svn\":0,"                   \
	"\"sgxtcbcomp13svn\":0,\"sgxtcbcomp14svn\":0,\"sgxtcbcomp15svn\":0,"                   \
	"\"sgxtcbcomp16svn\":0"
#define TCB_V3 "\"tcb\":{" C16 ",\"pcesvn\":11}"
#define TCB_V4                                                                                 \
	"\"tcb\":{\"sgxtcbcomponents\":[{\"svn\":3},{\"svn\":3},{\"svn\":2},{\"svn\":2},"      \
	"{\"svn\":4},{\"svn\":1},{\"svn\":0},{\"svn\":0},{\"svn\":0},{\"svn\":0},{\"svn\":0}," \
	"{\"svn\":0},{\"svn\":0},{\"svn\":0},{\"svn\":0},{\"svn\":0}],\"pcesvn\":11}"
#define TCBM "\"tcbm\":\"030302020401000000000000000000000B00\""
#define CERT "\"cert\":\"%\""
	{ "v3 form", "[{" TCB_V3 "," TCBM "," CERT "}]", SN_OK, NULL },
	{ "v4 form", "[{" TCB_V4 "," TCBM "," CERT "}]", SN_OK, NULL },
	{ "one not available",
	    "[{" TCB_V3 "," TCBM ",\"cert\":\"Not available\"},{" TCB_V3 "," TCBM "," CERT "}]",
	    SN_OK, NULL },
	{ "none available", "[{" TCB_V3 "," TCBM ",\"cert\":\"Not available\"}]", SN_E_FORMAT,
	    "no certificate is available" },
	{ "empty", "[]", SN_E_FORMAT, "not a list of certificates" },
	{ "the same twice", "[{" TCB_V3 "," TCBM "," CERT "},{" TCB_V3 "," TCBM "," CERT "}]",
	    SN_E_FORMAT, "one TCB twice" },
	{ "another tcbm",
	    "[{" TCB_V3 ",\"tcbm\":\"030302020401000000000000000000000C00\"," CERT "}]",
	    SN_E_FORMAT, "tcbm is not that of its certificate" },
	{ "PCESVN of tcbm big-endian",
	    "[{" TCB_V3 ",\"tcbm\":\"03030202040100000000000000000000000B\"," CERT "}]",
	    SN_E_FORMAT, "tcbm is not that of its certificate" },
	{ "another pcesvn", "[{\"tcb\":{" C16 ",\"pcesvn\":12}," TCBM "," CERT "}]",
	    SN_E_FORMAT, "tcb is not that of its certificate" },
	{ "a member too many", "[{" TCB_V3 "," TCBM "," CERT ",\"x\":1}]", SN_E_FORMAT, NULL },
	{ "cert twice", "[{" TCB_V3 "," TCBM "," CERT "," CERT "}]", SN_E_FORMAT, NULL },
	{ "a certificate behind the certificate", "[{" TCB_V3 "," TCBM ",\"cert\":\"%%\"}]",
	    SN_E_FORMAT, "2 certificates" },
	{ "raw PEM", "[{" TCB_V3 "," TCBM ",\"cert\":\"-----BEGIN CERTIFICATE-----\"}]",
	    SN_E_FORMAT, "is not encoded" },
	{ "a plus sign", "[{" TCB_V3 "," TCBM ",\"cert\":\"-----BEGIN+CERTIFICATE-----\"}]",
	    SN_E_FORMAT, "is not encoded" },
	{ "a zero byte", "[{" TCB_V3 "," TCBM ",\"cert\":\"a%00b\"}]", SN_E_FORMAT,
	    "zero byte" },
	{ "half an escape", "[{" TCB_V3 "," TCBM ",\"cert\":\"ab%4\"}]", SN_E_FORMAT,
	    "no two hex digits" },
	{ "behind it", "[{" TCB_V3 "," TCBM "," CERT "}] []", SN_E_FORMAT, NULL },
	{ "float", "[{\"tcb\":{" C16 ",\"pcesvn\":11.0}," TCBM "," CERT "}]", SN_E_FORMAT,
	    NULL },
};

/* A lone % (not %XX of the table's hostile rows) stands for the certificate. */
static void
fill(const char *form, struct bytes cert, struct sn_buf *ret)
{
	for (const char *s = form; *s != '\0'; s++)
		if (*s == '%' && (s[1] == '"' || s[1] == '%'))
			sn_buf_put(ret, cert);
		else
			sn_buf_u8(ret, (uint8_t)*s);
}

static void
response(void **state)
{
	const struct response *g = *state;
	SN_CLEANUP(sn_buf_done) struct sn_buf pem = { 0 }, url = { 0 }, json = { 0 };
	struct intel_pck_set set = { 0 };
	struct sn_why why = { 0 };
	struct cry_cert *c = make_cert(TWIST_PROCESSOR);

	must(cry_cert_pem(cry_cert_der(c), &pem, &why), &why);
	intel_url_encode(sn_buf_bytes(&pem), &url);
	fill(g->form, sn_buf_bytes(&url), &json);
	assert_true(intel_looks_pck_set(sn_buf_bytes(&json)));
	assert_says(intel_pck_set_parse(sn_buf_bytes(&json), &set, &why), g->err, &why,
	    g->says);
	assert_int_equal(set.n, g->err == SN_OK);
	cry_cert_free_all(set.certs, set.n);
	cry_cert_free(&c);
}

/* ---- headers */

static const struct block {
	const char *name, *text;
	enum sn_err err;
	const char *says; /* the chain's value, or words of the refusal */
} blocks[] = {
	{ "a chain", "HTTP/1.1 200 OK\r\nTCB-Info-Issuer-Chain:  a%0Ab \r\n\r\n", SN_OK,
	    "a%0Ab" },
	{ "lower case, version 2", "HTTP/2 200\r\nsgx-pck-crl-issuer-chain: x\r\n\r\n", SN_OK,
	    "x" },
	{ "no chain", "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n", SN_OK, NULL },
	{ "two chains",
	    "HTTP/1.1 200 OK\r\nTCB-Info-Issuer-Chain: a\r\nSGX-TCB-Info-Issuer-Chain: "
	    "b\r\n\r\n",
	    SN_E_FORMAT, "two issuer chains" },
	{ "not found", "HTTP/1.1 404 Not Found\r\n\r\n", SN_E_FORMAT, "status 404" },
	{ "a redirect", "HTTP/1.1 302 Found\r\nLocation: x\r\n\r\n", SN_E_FORMAT,
	    "status 302" },
	{ "cut off", "HTTP/1.1 200 OK\r\nTCB-Info-Issuer-Chain: a", SN_E_FORMAT, "cut off" },
	{ "no empty line", "HTTP/1.1 200 OK\r\nTCB-Info-Issuer-Chain: a\r\n", SN_E_FORMAT,
	    "cut off" },
	{ "a body behind it", "HTTP/1.1 200 OK\r\n\r\n{}", SN_E_FORMAT, NULL },
	{ "a folded line", "HTTP/1.1 200 OK\r\nX: a\r\n b\r\n\r\n", SN_E_FORMAT,
	    "without a name" },
	{ "a blank before the colon", "HTTP/1.1 200 OK\r\nX : a\r\n\r\n", SN_E_FORMAT,
	    "in a name" },
	{ "a control byte", "HTTP/1.1 200 OK\r\nX: a\x01\r\n\r\n", SN_E_FORMAT, "byte 0x01" },
	{ "no status", "HTTP/1.1\r\n\r\n", SN_E_FORMAT, "no status line" },
};

static void
block(void **state)
{
	const struct block *g = *state;
	struct bytes chain = { 0 };
	struct sn_why why = { 0 };
	enum sn_err e = intel_headers_chain(bytes_str(g->text), &chain, &why);

	assert_says(e, g->err, &why, g->err == SN_OK ? NULL : g->says);
	if (g->err != SN_OK)
		return;
	assert_true((chain.p == NULL) == (g->says == NULL));
	if (g->says != NULL)
		assert_true(bytes_equal(chain, bytes_str(g->says)));
}

int
main(void)
{
	struct test_list *l = test_list_new();
	struct sn_why why = { 0 };

	if (sn_secret_start(SECRETS, &why) != SN_OK || cry_start(&why) != SN_OK)
		return 1;
	for (size_t i = 0; i < SN_NITEMS(choices); i++)
		test_list_add(l, choose, &choices[i], "choice: %s", choices[i].name);
	for (size_t i = 0; i < SN_NITEMS(extensions); i++)
		test_list_add(l, extension, &extensions[i], "extension: %s",
		    extensions[i].name);
	for (size_t i = 0; i < SN_NITEMS(responses); i++)
		test_list_add(l, response, &responses[i], "response: %s", responses[i].name);
	for (size_t i = 0; i < SN_NITEMS(blocks); i++)
		test_list_add(l, block, &blocks[i], "headers: %s", blocks[i].name);
	return test_list_run(l, "pck");
}
