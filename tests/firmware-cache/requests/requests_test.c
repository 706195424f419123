/* The request list, and the inputs that it is made from: one row each, most of them hostile. */
#include <stdlib.h>
#include <string.h>

#include "appliance/base/text.h"
#include "firmware-cache/amd/report.h"
#include "firmware-cache/requests/requests.h"
#include "tests/lib/test.h"

#define API "https://api.trustedservices.intel.com/"
#define KDS "https://kdsintf.amd.com/"

struct world {
	struct req_list list;
	struct req_wants wants;
};

static void
world_start(struct world *w)
{
	*w = (struct world){ 0 };
	w->wants.list = &w->list;
	w->wants.channels = REQ_STANDARD | REQ_EARLY;
	w->wants.product = AMD_PRODUCT_COUNT;
}

static void
must(enum sn_err e, const struct sn_why *why)
{
	if (e != SN_OK)
		fail_msg("%s: %s", sn_err_name(e), why->text);
}

/* Everything asked for, as requests.jsonl; reading that again gives the same bytes. */
static char *
finished(struct world *w)
{
	SN_CLEANUP(sn_buf_done) struct sn_buf out = { 0 }, again = { 0 };
	SN_CLEANUP(req_list_done) struct req_list back = { 0 };
	struct sn_why why = { 0 };
	char *text;

	must(req_common(&w->wants, &why), &why);
	must(req_list_finish(&w->list, NULL, &why), &why);
	must(req_list_write(&w->list, &out, &why), &why);
	must(req_list_parse(sn_buf_bytes(&out), "again", &back, &why), &why);
	must(req_list_write(&back, &again, &why), &why);
	assert_true(bytes_equal(sn_buf_bytes(&out), sn_buf_bytes(&again)));
	text = test_format("%s", sn_buf_cstr(&out));
	req_list_done(&w->list);
	return text;
}

static void
free_text(char **p)
{
	free(*p);
}

static size_t
lines(const char *s)
{
	size_t n = 0;

	for (; *s != '\0'; s++)
		n += *s == '\n';
	return n;
}

/* ---- text inputs: {A768} and the like stand for that many As, so that rows can be read */

static char *
expand(const char *form)
{
	SN_CLEANUP(sn_buf_done) struct sn_buf b = { 0 };

	for (const char *p = form; *p != '\0'; p++) {
		char *end;
		unsigned long n;

		if (p[0] != '{' || p[1] == '\0' || strchr("AabZ0", p[1]) == NULL) {
			sn_buf_u8(&b, (uint8_t)*p);
			continue;
		}
		n = strtoul(p + 2, &end, 10);
		for (unsigned long i = 0; i < n; i++)
			sn_buf_u8(&b, (uint8_t)p[1]);
		p = end;
	}
	return test_format("%s", sn_buf_cstr(&b));
}

#define PPID "{A768}"
#define SVN "{032}"
#define QE "{b32}"
#define CSV PPID ",0000," SVN ",0d00," QE
#define LIST(more)                                                                             \
	"[{\"enc_ppid\":\"" PPID "\",\"pce_id\":\"00fF\",\"cpu_svn\":\"" SVN                   \
	"\",\"pce_svn\":\"0d00\",\"platform_manifest\":\"\"" more "}]"
#define QE_IN ",\"qe_id\":\"" QE "\""

struct text_row {
	const char *name, *text;
	enum sn_err want;
	size_t n;	    /* requests, when it is accepted */
	const char *has;    /* in requests.jsonl */
	const char *reason; /* in the refusal */
};

/* Base: root CRL, two PCK CRLs, two lists of evaluation numbers, six identities. */
#define BASE 11

static const struct text_row texts[] = {
	/* pckid_retrieval.csv */
	{ "csv", CSV, SN_OK, BASE + 1, "pckcerts?encrypted_ppid=AAAA", NULL },
	{ "csv: named by QE id in lower case", PPID ",0000," SVN ",0d00,{032}\n", SN_OK,
	    BASE + 1, "intel/pckcerts/00000000000000000000000000000000_0000.json", NULL },
	{ "csv: lines of DOS", CSV "\r\n" PPID ",0001," SVN ",0d00," QE "\r\n", SN_OK, BASE + 2,
	    "&pceid=0001", NULL },
	{ "csv: empty manifest", CSV ",\n", SN_OK, BASE + 1, "\"key\":true", NULL },
	{ "csv: manifest", CSV ",{a200}\n", SN_OK, BASE + 1,
	    "{\"body\":\"{\\\"pceid\\\":\\\"0000\\\",\\\"platformManifest\\\":\\\"AAAA", NULL },
	{ "csv: the longest manifest", CSV ",{a106000}", SN_OK, BASE + 1, "AAAA\\\"}\"", NULL },
	{ "csv: the same line twice", CSV "\n" CSV "\n", SN_OK, BASE + 1, NULL, NULL },
	{ "csv: one platform, its PPID encrypted twice",
	    CSV "\n{b768},0000," SVN ",0d00," QE "\n", SN_OK, BASE + 1, "ppid=AAAA", NULL },
	{ "csv: header", "EncPPID,PCE_ID,CPUSVN,PCE ISVSVN,QE_ID\n" CSV "\n", SN_E_FORMAT, 0,
	    NULL, "line 1: EncPPID has 7 characters" },
	{ "csv: PPID a digit short", "{A767},0000," SVN ",0d00," QE, SN_E_FORMAT, 0, NULL,
	    "767 characters, not 768" },
	{ "csv: PPID a digit long", "{A769},0000," SVN ",0d00," QE, SN_E_FORMAT, 0, NULL,
	    "769" },
	{ "csv: no PPID", ",0000," SVN ",0d00," QE, SN_E_FORMAT, 0, NULL, "0 characters" },
	{ "csv: PPID no hex", "{Z768},0000," SVN ",0d00," QE, SN_E_FORMAT, 0, NULL,
	    "EncPPID is not hex" },
	{ "csv: a blank before", " " CSV, SN_E_FORMAT, 0, NULL, NULL },
	{ "csv: PCE id of three digits", PPID ",000," SVN ",0d00," QE, SN_E_FORMAT, 0, NULL,
	    "PCE_ID" },
	{ "csv: PCE id that goes on in the address", PPID ",00&x," SVN ",0d00," QE, SN_E_FORMAT,
	    0, NULL, "PCE_ID is not hex" },
	{ "csv: CPUSVN short", PPID ",0000,{030},0d00," QE, SN_E_FORMAT, 0, NULL, "CPUSVN" },
	{ "csv: QE id that is a path",
	    PPID ",0000," SVN ",0d00,../../../../../../../../../etc/p", SN_E_FORMAT, 0, NULL,
	    "QE_ID is not hex" },
	{ "csv: manifest over the limit", CSV ",{a106002}", SN_E_LIMIT, 0, NULL,
	    "at most 106000" },
	{ "csv: manifest of odd length", CSV ",{a201}", SN_E_FORMAT, 0, NULL, "not hex" },
	{ "csv: four fields", PPID ",0000," SVN ",0d00\n", SN_E_FORMAT, 0, NULL, "4 fields" },
	{ "csv: seven fields", CSV ",,", SN_E_FORMAT, 0, NULL, "more than 6 fields" },
	{ "csv: an empty line between", CSV "\n\n" CSV, SN_E_FORMAT, 0, NULL, "line 2" },
	{ "csv: quoted", "\"" PPID "\",0000," SVN ",0d00," QE, SN_E_FORMAT, 0, NULL, NULL },
	{ "csv: semicolons", PPID ";0000;" SVN ";0d00;" QE, SN_E_FORMAT, 0, NULL, "neither" },
	/* platform_list.json */
	{ "list", LIST(QE_IN), SN_OK, BASE + 1, "&pceid=00FF", NULL },
	{ "list: file name in lower case", LIST(QE_IN), SN_OK, BASE + 1,
	    "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb_00ff.json", NULL },
	{ "list: QE id that is a path", LIST(",\"qe_id\":\"../../etc/passwd\""), SN_OK,
	    BASE + 1, "pckcerts/sha256-", NULL },
	{ "list: QE id over 64 digits", LIST(",\"qe_id\":\"{b66}\""), SN_OK, BASE + 1,
	    "pckcerts/sha256-", NULL },
	{ "list: file name that is a path",
	    LIST(QE_IN ",\"pckid_filename\":\"../../../../tmp/x.csv\""), SN_OK, BASE + 1,
	    "intel/pckcerts/bbbb", NULL },
	{ "list: nothing to ask by",
	    "[{\"enc_ppid\":\"\",\"pce_id\":\"0000\",\"cpu_svn\":\"\",\"pce_svn\":\"\","
	    "\"platform_manifest\":\"\"" QE_IN "}]",
	    SN_OK, BASE, "IntelSGXRootCA.der", NULL },
	{ "list: empty", "[]", SN_E_FORMAT, 0, NULL, "not an array of platforms" },
	{ "list: not of objects", "[1]", SN_E_FORMAT, 0, NULL, "platform 1" },
	{ "list: no QE id", LIST(""), SN_E_FORMAT, 0, NULL, "qe_id" },
	{ "list: empty QE id", LIST(",\"qe_id\":\"\""), SN_E_FORMAT, 0, NULL,
	    "qe_id is empty" },
	{ "list: QE id of 261", LIST(",\"qe_id\":\"{b261}\""), SN_E_FORMAT, 0, NULL, "qe_id" },
	{ "list: QE id that is a number", LIST(",\"qe_id\":1"), SN_E_FORMAT, 0, NULL, "qe_id" },
	{ "list: QE id with NUL", LIST(",\"qe_id\":\"a\\u0000\""), SN_E_FORMAT, 0, NULL,
	    "qe_id" },
	{ "list: a member too many", LIST(QE_IN ",\"x\":1"), SN_E_FORMAT, 0, NULL, "x" },
	{ "list: a member twice", LIST(QE_IN QE_IN), SN_E_FORMAT, 0, NULL, NULL },
	{ "list: trailing data", LIST(QE_IN) "x", SN_E_FORMAT, 0, NULL, NULL },
	{ "list: byte order mark", "\xef\xbb\xbf" LIST(QE_IN), SN_E_FORMAT, 0, NULL, NULL },
/* a plan */
#define NODES(x) "{\"nodes\":[" x "]}"
#define LEAST                                                                                  \
	"\"tcb\":{\"amd\":{\"Milan\":{\"boot_loader\":4,\"tee\":0,\"snp\":24,"                 \
	"\"microcode\":219}}},"
#define AMD(p, id) "{\"name\":\"a\",\"hardware\":\"amd\",\"product\":\"" p "\"" id "}"
	{ "plan: an Intel node", NODES("{\"name\":\"a\",\"hardware\":\"intel\"}"), SN_OK, BASE,
	    "pckcrl_platform.der", NULL },
	{ "plan: an AMD node without id", NODES(AMD("Genoa", "")), SN_OK, 2,
	    KDS "vcek/v1/Genoa/cert_chain", NULL },
	{ "plan: an AMD node without a level", NODES(AMD("Milan", ",\"id\":\"{a128}\"")), SN_OK,
	    2, KDS "vcek/v1/Milan/crl", NULL },
	{ "plan: an AMD node at the least level",
	    "{" LEAST "\"nodes\":[" AMD("Milan", ",\"id\":\"{A128}\"") "]}", SN_OK, 3,
	    "?blSPL=04&teeSPL=00&snpSPL=24&ucodeSPL=219", NULL },
	{ "plan: no nodes", "{\"nodes\":[]}", SN_E_FORMAT, 0, NULL, "nodes" },
	{ "plan: id of another product",
	    "{" LEAST "\"nodes\":[" AMD("Milan", ",\"id\":\"{a16}\"") "]}", SN_E_FORMAT, 0,
	    NULL, "node 1" },
	{ "plan: product that is none", NODES(AMD("Bergamo", "")), SN_E_FORMAT, 0, NULL,
	    "Bergamo" },
	{ "plan: hardware that is none", NODES("{\"hardware\":\"arm\"}"), SN_E_FORMAT, 0, NULL,
	    "arm" },
/* addresses */
#define URL KDS "vcek/v1/"
#define MILAN URL "Milan/{A128}?"
	{ "address", MILAN "blSPL=3&teeSPL=0&snpSPL=8&ucodeSPL=115\n", SN_OK, 3,
	    KDS "vcek/v1/Milan/aaaaaaaa", NULL },
	{ "address: levels are written anew", MILAN "snpSPL=8&teeSPL=00&ucodeSPL=115&blSPL=003",
	    SN_OK, 3, "?blSPL=03&teeSPL=00&snpSPL=08&ucodeSPL=115\"", NULL },
	{ "address: Turin",
	    URL "Turin/{a16}?fmcSPL=01&blSPL=02&teeSPL=03&snpSPL=04&ucodeSPL=05\r\n", SN_OK, 3,
	    "aaaaaaaa?fmcSPL=01&blSPL=02&teeSPL=03&snpSPL=04&ucodeSPL=05\"", NULL },
	{ "address: of another", "https://example.org/vcek/v1/Milan/{A128}?blSPL=3",
	    SN_E_FORMAT, 0, NULL, "line 1" },
	{ "address: a level is missing", MILAN "blSPL=3&teeSPL=0&snpSPL=8", SN_E_FORMAT, 0,
	    NULL, "Milan needs" },
	{ "address: a level twice", MILAN "blSPL=3&blSPL=3&teeSPL=0&snpSPL=8&ucodeSPL=1",
	    SN_E_FORMAT, 0, NULL, "blSPL" },
	{ "address: a level that is none", MILAN "blSPL=3&teeSPL=0&snpSPL=8&ucodeSPL=256",
	    SN_E_FORMAT, 0, NULL, "ucodeSPL" },
	{ "address: a sign", MILAN "blSPL=+3&teeSPL=0&snpSPL=8&ucodeSPL=1", SN_E_FORMAT, 0,
	    NULL, "blSPL" },
	{ "address: something else behind", MILAN "blSPL=3&teeSPL=0&snpSPL=8&ucodeSPL=1&x=2",
	    SN_E_FORMAT, 0, NULL, "x=" },
	{ "address: open end", MILAN "blSPL=3&teeSPL=0&snpSPL=8&ucodeSPL=1&", SN_E_FORMAT, 0,
	    NULL, "ucodeSPL" },
	{ "address: fmc on Milan", MILAN "fmcSPL=1&blSPL=3&teeSPL=0&snpSPL=8&ucodeSPL=1",
	    SN_E_FORMAT, 0, NULL, "Milan needs" },
	{ "address: Turin's hwid in full",
	    URL "Turin/{a128}?fmcSPL=01&blSPL=02&teeSPL=03&snpSPL=04&ucodeSPL=05", SN_E_FORMAT,
	    0, NULL, NULL },
	{ "address: hwid that is a path", URL "Milan/..?blSPL=3&teeSPL=0&snpSPL=8&ucodeSPL=1",
	    SN_E_FORMAT, 0, NULL, NULL },
	{ "address: an empty line", MILAN "blSPL=3&teeSPL=0&snpSPL=8&ucodeSPL=1\n\n",
	    SN_E_FORMAT, 0, NULL, "line 2" },
	{ "address: nothing but a host", "https://kdsintf.amd.com/", SN_E_FORMAT, 0, NULL,
	    NULL },
	/* headers of an earlier reply */
	{ "headers", "HTTP/1.1 200 OK\r\nSGX-FMSPC: 00a067110000\r\n\r\n", SN_OK, BASE + 4,
	    "tcb?fmspc=00A067110000&update=early", NULL },
	{ "headers: name in lower case, none behind it", "HTTP/1.1 200\nsgx-fmspc:00A067110000",
	    SN_OK, BASE + 4, "intel/tcb_tdx_00A067110000_standard.json", NULL },
	{ "headers: FMSPC that goes on", "HTTP/1.1 200\nSGX-FMSPC: 00A067110000&x=1\n",
	    SN_E_FORMAT, 0, NULL, "SGX-FMSPC" },
	{ "headers: FMSPC short", "HTTP/1.1 200\nSGX-FMSPC: 00A0671100\n", SN_E_FORMAT, 0, NULL,
	    NULL },
	/* PCK certificates: what can be made without a key is refused */
	{ "PCK set: empty but for a word", "[\"tcbm\"]", SN_E_FORMAT, 0, NULL, NULL },
	{ "PCK set: another member", "[{\"tcb\":{},\"tcbm\":\"{036}\",\"cert\":\"\",\"x\":1}]",
	    SN_E_FORMAT, 0, NULL, NULL },
	/* anything else */
	{ "empty", "", SN_E_FORMAT, 0, NULL, "neither" },
	{ "a certificate cut off", "-----BEGIN CERTIFICATE-----\n", SN_E_FORMAT, 0, NULL,
	    NULL },
	{ "a key", "-----BEGIN PRIVATE KEY-----\n", SN_E_FORMAT, 0, NULL, NULL },
	{ "DER cut off", "0\x82\x01", SN_E_FORMAT, 0, NULL, NULL },
};

static void
text_row(void **state)
{
	const struct text_row *r = *state;
	struct sn_why why = { 0 };
	struct world w;
	SN_CLEANUP(free_text) char *text = expand(r->text);
	SN_CLEANUP(free_text) char *out = NULL;
	enum sn_err e;

	world_start(&w);
	e = req_input(&w.wants, bytes_str(text), "input", &why);
	if (e != r->want)
		fail_msg("%s, not %s: %s", sn_err_name(e), sn_err_name(r->want), why.text);
	if (e != SN_OK) {
		if (r->reason != NULL && strstr(why.text, r->reason) == NULL)
			fail_msg("\"%s\" is not in: %s", r->reason, why.text);
		req_list_done(&w.list);
		return;
	}
	out = finished(&w);
	if (lines(out) != r->n || (r->has != NULL && strstr(out, r->has) == NULL))
		fail_msg("%zu requests, \"%s\" not in:\n%.600s", lines(out), r->has, out);
}

/* ---- reports */

struct report_row {
	const char *name;
	uint8_t version, family, model; /* CPUID in versions 3 to 5 */
	uint8_t key;			/* 0 VCEK, 1 VLEK, 7 none */
	bool masked, differ, next;
	const char *product; /* --product */
	enum sn_err want;
	size_t n;
	const char *has;
};

#define FIRST8 "a1a2a3a4a5a6a7a8"

static const struct report_row reports[] = {
	{ "Milan", 3, 0x19, 0x01, 0, false, false, false, NULL, SN_OK, 3,
	    KDS "vcek/v1/Milan/" FIRST8 "00" },
	{ "Milan: levels", 3, 0x19, 0x01, 0, false, false, false, NULL, SN_OK, 3,
	    "?blSPL=04&teeSPL=00&snpSPL=24&ucodeSPL=219\"" },
	{ "Milan: committed and current are ahead", 3, 0x19, 0x01, 0, false, true, false, NULL,
	    SN_OK, 5, "?blSPL=04&teeSPL=00&snpSPL=26&ucodeSPL=219\"" },
	{ "Milan: firmware to come", 3, 0x19, 0x01, 0, false, false, true, NULL, SN_OK, 4,
	    "?blSPL=05&teeSPL=06&snpSPL=99&ucodeSPL=255\"" },
	{ "Genoa", 3, 0x19, 0x11, 0, false, false, false, NULL, SN_OK, 3, "vcek/v1/Genoa/a1" },
	{ "Bergamo and Siena are asked for as Genoa", 3, 0x19, 0xa0, 0, false, false, false,
	    NULL, SN_OK, 3, "amd/Genoa/vcek/a1" },
	{ "Turin: fmc first, hwid of 8 bytes", 3, 0x1a, 0x02, 0, false, false, false, NULL,
	    SN_OK, 3,
	    "Turin/" FIRST8 "?fmcSPL=04&blSPL=00&teeSPL=00&snpSPL=00&ucodeSPL=219\"" },
	{ "Turin: fmc last in the name", 3, 0x1a, 0x02, 0, false, false, false, NULL, SN_OK, 3,
	    "amd/Turin/vcek/" FIRST8 "/bl00_tee00_snp00_ucode219_fmc04_vcek.der" },
	{ "version 2 with its product given", 2, 0, 0, 0, false, false, false, "Milan", SN_OK,
	    3, "vcek/v1/Milan/a1" },
	{ "version 2 without", 2, 0, 0, 0, false, false, false, NULL, SN_E_MISSING, 0, NULL },
	{ "masked chip", 3, 0x19, 0x01, 0, true, false, false, NULL, SN_E_MISSING, 0, NULL },
	{ "VLEK: its chain and CRL alone", 3, 0x19, 0x01, 1, true, false, false, NULL, SN_OK, 2,
	    "vlek/v1/Milan/cert_chain" },
};

static void
report_row(void **state)
{
	static const uint8_t first[8] = { 0xa1, 0xa2, 0xa3, 0xa4, 0xa5, 0xa6, 0xa7, 0xa8 };
	static const uint8_t tcb[8] = { 4, 0, 0, 0, 0, 0, 24, 219 };
	static const size_t tcbs[] = { 0x38, 0x180, 0x1e0, 0x1f0 };
	const struct report_row *r = *state;
	uint8_t b[AMD_REPORT_LEN] = { 0 };
	struct sn_why why = { 0 };
	struct world w;
	enum sn_err e;
	SN_CLEANUP(free_text) char *out = NULL;

	b[0] = r->version;
	b[0x34] = 1;
	b[0x48] = (uint8_t)(r->key << 2);
	b[0x188] = r->family;
	b[0x189] = r->model;
	for (size_t i = 0; i < SN_NITEMS(tcbs); i++)
		memcpy(b + tcbs[i], tcb, sizeof(tcb));
	if (r->differ) {
		b[0x38 + 6] = 26;
		b[0x1e0 + 6] = 25;
	}
	if (!r->masked)
		memcpy(b + 0x1a0, first, sizeof(first));
	if (!r->masked && r->family != 0x1a)
		b[0x1a0 + 63] = 1; /* the other products' chips have 64 bytes of name */
	world_start(&w);
	if (r->next) {
		w.wants.next[AMD_MILAN] = (struct amd_tcb){ 5, 6, 99, 255, 0, false };
		w.wants.has_next[AMD_MILAN] = true;
	}
	if (r->product != NULL)
		w.wants.product = amd_product_from_name(bytes_str(r->product));
	e = req_input(&w.wants, BYTES_OF(b), "report.bin", &why);
	if (e != r->want)
		fail_msg("%s, not %s: %s", sn_err_name(e), sn_err_name(r->want), why.text);
	if (e != SN_OK)
		return;
	out = finished(&w);
	if (lines(out) != r->n || strstr(out, r->has) == NULL)
		fail_msg("%zu requests, \"%s\" not in:\n%.1500s", lines(out), r->has, out);
}

/* ---- what vendors and tools have published */

static const struct {
	const char *path;
	size_t n;
	const char *has; /* NULL: refused */
} published[] = {
	{ "intel/assembled/platform_list.json", BASE, "intel/IntelSGXRootCA.der" },
	{ "intel/pck-selection/pck0_sample.pem", BASE + 4, "tcb?fmspc=" },
	{ "intel/qvl-sgx-testroot/pckCert.pem", BASE + 4, "intel/tcb_tdx_" },
	{ "amd/dstack/report.bin", 4, "vcek/v1/Milan/38d174589d2dff97" },
	{ "amd/trustee-snp/test-vlek-report.bin", 2, "vlek/v1/Milan/crl" },
	{ "amd/kds/vcek_v1_Milan_crl.der", 0, NULL },
	{ "amd/milan-gosev/vcek.der", 0, NULL },
	{ "intel/phala/sgx_quote.bin", 0, NULL },
	{ "intel/phala/sgx_quote_collateral.json", 0, NULL },
	{ "intel/assembled/platform_collaterals.pccs.json", 0, NULL },
};

static void
published_row(void **state)
{
	size_t i = (size_t)(uintptr_t)*state - 1;
	struct sn_why why = { 0 };
	struct test_bytes b;
	struct world w;
	enum sn_err e;
	SN_CLEANUP(free_text) char *out = NULL;

	test_need_data(published[i].path);
	b = test_read_data(published[i].path);
	world_start(&w);
	e = req_input(&w.wants, (struct bytes){ b.data, b.len }, published[i].path, &why);
	test_bytes_done(&b);
	if (published[i].has == NULL) {
		assert_int_not_equal(e, SN_OK);
		assert_string_not_equal(why.text, "");
		req_list_done(&w.list);
		return;
	}
	must(e, &why);
	out = finished(&w);
	if (lines(out) != published[i].n || strstr(out, published[i].has) == NULL)
		fail_msg("%zu requests:\n%.1500s", lines(out), out);
}

/* ---- the list itself, as somebody may have changed it */

#define LINE(file, more, url)                                                                  \
	"{\"file\":\"" file "\",\"kind\":\"amd-crl\",\"max\":100" more ",\"url\":\"" url "\"}\n"
#define CRL KDS "vcek/v1/Milan/crl"

static const struct {
	const char *name, *text;
	enum sn_err want;
} lists[] = {
	{ "a list", LINE("amd/crl.der", "", CRL), SN_OK },
	{ "nothing", "", SN_E_MISSING },
	{ "no newline at the end", "{}", SN_E_FORMAT },
	{ "an empty line", LINE("a", "", CRL) "\n", SN_E_FORMAT },
	{ "white space", " " LINE("a", "", CRL), SN_E_FORMAT },
	{ "a member too many", LINE("a", ",\"other\":1", CRL), SN_E_FORMAT },
	{ "http", LINE("a", "", "http://kdsintf.amd.com/x"), SN_E_FORMAT },
	{ "a file's address", LINE("a", "", "file:///etc/passwd"), SN_E_FORMAT },
	{ "another host", LINE("a", "", "https://kdsintf.amd.com.example.org/x"), SN_E_POLICY },
	{ "host in capitals", LINE("a", "", "https://KDSINTF.amd.com/x"), SN_E_POLICY },
	{ "a user's name", LINE("a", "", "https://kdsintf.amd.com@example.org/x"),
	    SN_E_FORMAT },
	{ "another port", LINE("a", "", "https://kdsintf.amd.com:444/x"), SN_E_POLICY },
	{ "no path", LINE("a", "", "https://kdsintf.amd.com"), SN_E_POLICY },
	{ "a fragment", LINE("a", "", CRL "#x"), SN_E_FORMAT },
	{ "a blank in the address", LINE("a", "", CRL " x"), SN_E_FORMAT },
	{ "a line feed in the address", LINE("a", "", CRL "\\r\\nX: y"), SN_E_FORMAT },
	{ "out of the folder", LINE("../a", "", CRL), SN_E_FORMAT },
	{ "an absolute file", LINE("/a", "", CRL), SN_E_FORMAT },
	{ "a file that headers will have", LINE("a.hdr", "", CRL), SN_E_FORMAT },
	{ "key to AMD",
	    "{\"file\":\"a\",\"key\":true,\"kind\":\"amd-crl\",\"max\":1,"
	    "\"url\":\"" CRL "\"}\n",
	    SN_E_POLICY },
	{ "key that is false",
	    "{\"file\":\"a\",\"key\":false,\"kind\":\"x\",\"max\":1,"
	    "\"url\":\"" API "x\"}\n",
	    SN_E_FORMAT },
	{ "a platform to AMD",
	    "{\"body\":\"{}\",\"file\":\"a\",\"kind\":\"x\",\"max\":1,"
	    "\"url\":\"" CRL "\"}\n",
	    SN_E_POLICY },
	{ "a body that is none",
	    "{\"body\":\"x\",\"file\":\"a\",\"kind\":\"x\",\"max\":1,"
	    "\"url\":\"" API "x\"}\n",
	    SN_E_FORMAT },
	{ "over the largest reply",
	    "{\"file\":\"a\",\"kind\":\"x\",\"max\":1048577,\"url\":\"" CRL "\"}\n",
	    SN_E_FORMAT },
	{ "the same twice", LINE("a", "", CRL) LINE("b", "", CRL), SN_E_FORMAT },
	{ "not in order", LINE("a", "", CRL "b") LINE("b", "", CRL "a"), SN_E_FORMAT },
	{ "one file for two", LINE("a", "", CRL) LINE("a", "", CRL "b"), SN_E_FORMAT },
	{ "one file for two where case does not count",
	    LINE("a", "", CRL) LINE("A", "", CRL "b"), SN_E_FORMAT },
};

static void
list_row(void **state)
{
	size_t i = (size_t)(uintptr_t)*state - 1;
	SN_CLEANUP(req_list_done) struct req_list l = { 0 };
	struct sn_why why = { 0 };
	enum sn_err e = req_list_parse(bytes_str(lists[i].text), "requests.jsonl", &l, &why);

	if (e != lists[i].want)
		fail_msg("%s, not %s: %s", sn_err_name(e), sn_err_name(lists[i].want),
		    why.text);
	if (e != SN_OK)
		assert_null(l.v);
}

/* Only what a person could fetch without telling anybody anything is in urls.txt. */
static void
urls(void **state)
{
	SN_CLEANUP(sn_buf_done) struct sn_buf b = { 0 };
	struct sn_why why = { 0 };
	struct world w;
	SN_CLEANUP(free_text) char *text =
	    expand(CSV "\n" PPID ",0001," SVN ",0d00,{032},{a200}\n");

	(void)state;
	world_start(&w);
	must(req_input(&w.wants, bytes_str(text), "input", &why), &why);
	must(req_common(&w.wants, &why), &why);
	must(req_list_finish(&w.list, NULL, &why), &why);
	must(req_list_urls(&w.list, &b, &why), &why);
	assert_int_equal(w.list.n, BASE + 2);
	assert_int_equal(lines(sn_buf_cstr(&b)), BASE);
	assert_null(strstr(sn_buf_cstr(&b), "pckcerts"));
	req_list_done(&w.list);
}

/* One evaluation by its number, instead of a channel. */
static void
by_number(void **state)
{
	static const uint8_t fmspc[REQ_FMSPC_LEN] = { 0, 0xa0, 0x67, 0x11, 0, 0 };
	struct sn_why why = { 0 };
	struct world w;
	SN_CLEANUP(free_text) char *out = NULL;

	(void)state;
	world_start(&w);
	w.wants.channels = 0;
	w.wants.evaluation = 17;
	must(req_fmspc(&w.wants, fmspc, &why), &why);
	must(req_fmspc(&w.wants, fmspc, &why), &why);
	out = finished(&w);
	assert_int_equal(lines(out), BASE - 3 + 2);
	assert_non_null(strstr(out,
	    "\"intel/tcb_sgx_00A067110000_number-17.json\",\"kind\":\"intel-tcb-info\","
	    "\"max\":1048576,\"url\":\"" API "sgx/certification/v4/tcb?fmspc=00A067110000&"
	    "tcbEvaluationDataNumber=17\""));
	assert_null(strstr(out, "update="));
}

int
main(void)
{
	struct test_list *l = test_list_new();

	for (size_t i = 0; i < SN_NITEMS(texts); i++)
		test_list_add(l, text_row, &texts[i], "%s", texts[i].name);
	for (size_t i = 0; i < SN_NITEMS(reports); i++)
		test_list_add(l, report_row, &reports[i], "report: %s", reports[i].name);
	for (size_t i = 0; i < SN_NITEMS(lists); i++)
		test_list_add(l, list_row, (void *)(uintptr_t)(i + 1), "list: %s",
		    lists[i].name);
	for (size_t i = 0; i < SN_NITEMS(published); i++)
		test_list_add(l, published_row, (void *)(uintptr_t)(i + 1), "%s",
		    published[i].path);
	test_list_add(l, by_number, NULL, "an evaluation by its number");
	test_list_add(l, urls, NULL, "urls.txt");
	return test_list_run(l, "requests");
}
