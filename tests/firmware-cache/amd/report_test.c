/* SNP reports: genuine ones under their certificates, and made ones with one thing wrong. */
#include "tests/firmware-cache/amd/report.h"

#define SECRETS (64U << 10)
#define DAY 86400

/* ---- genuine reports */

static const struct {
	const char *report, *cert;
	uint32_t version;
	enum amd_product product;
	const char *chip, *name; /* the chip id's first digits, its TCB as a file name */
	bool masked;
	const char *other; /* a genuine certificate that must not fit, and why */
	enum sn_err err;
} genuine[] = {
	{ "amd/dstack/report.bin", "amd/dstack/vcek.pem", 3, AMD_MILAN, "38d174589d2dff97",
	    "bl04_tee00_snp23_ucode213_vcek.der", false, "amd/trustee-snp/test-vlek.der",
	    SN_E_ROLE },
	{ "amd/milan-gosev/report.bin", "amd/milan-gosev/vcek.der", 2, AMD_PRODUCT_COUNT,
	    "3ac3fe21e13fb099", "bl02_tee00_snp05_ucode68_vcek.der", false,
	    "amd/virtee-sev/vcek_milan.der", SN_E_SIGNATURE },
	{ "amd/trustee-snp/test-report.bin", "amd/trustee-snp/test-vcek.der", 2,
	    AMD_PRODUCT_COUNT, "c38427a30d4c7af9", "bl03_tee00_snp08_ucode115_vcek.der", false,
	    "amd/trustee-snp/test-vcek-invalid-new.der", SN_E_SIGNATURE },
	{ "amd/trustee-snp/test-vlek-report.bin", "amd/trustee-snp/test-vlek.der", 3, AMD_MILAN,
	    "0000000000000000", "bl04_tee00_snp24_ucode217_vcek.der", true,
	    "amd/milan-gosev/vcek.der", SN_E_ROLE },
	{ "amd/virtee-sev/report_milan.bin", "amd/virtee-sev/vcek_milan.der", 2,
	    AMD_PRODUCT_COUNT, "d49554ec717f4e5b", "bl03_tee00_snp08_ucode115_vcek.der", false,
	    "amd/virtee-sev/vcek_turin.der", SN_E_SIGNATURE },
};

static struct cry_cert *
read_cert(const char *rel)
{
	struct test_bytes b = test_read_data(rel);
	struct bytes v = { b.data, b.len };
	struct cry_cert *c = NULL;
	struct sn_why why = { 0 };
	size_t n = 0;

	report_must(b.data[0] == '-' ? cry_cert_parse_pem(v, &c, &n, &why)
				     : cry_cert_parse(v, &c, &why),
	    &why);
	test_bytes_done(&b);
	return c;
}

static enum sn_err
check_under(struct bytes report, const char *cert, struct amd_report *ret, struct sn_why *why)
{
	struct cry_cert *c = read_cert(cert);
	struct amd_leaf leaf = { 0 };
	enum sn_err e = amd_leaf_parse(c, &leaf, why);

	if (e != SN_OK) /* the one that is broken on purpose: its key still is one */
		leaf = (struct amd_leaf){ .role = AMD_ROLE_VCEK };
	sn_why_clear(why);
	e = amd_report_check(report, c, &leaf, ret, why);
	cry_cert_free(&c);
	return e;
}

static void
genuine_report(void **state)
{
	size_t i = (size_t)(uintptr_t)*state - 1;
	struct amd_report r = { 0 };
	struct sn_why why = { 0 };
	struct amd_tcb tcb;
	struct test_bytes b;
	char hex[2 * AMD_CHIP_ID_LEN + 1], name[AMD_TCB_NAME_MAX];

	test_need_data(genuine[i].report);
	b = test_read_data(genuine[i].report);
	assert_true(amd_report_looks_like((struct bytes){ b.data, b.len }));
	report_must(check_under((struct bytes){ b.data, b.len }, genuine[i].cert, &r, &why),
	    &why);
	assert_int_equal(r.version, genuine[i].version);
	assert_int_equal(r.product, genuine[i].product);
	assert_int_equal(r.masked_chip_id, genuine[i].masked);
	sn_hex(BYTES_OF(r.chip_id), hex);
	assert_int_equal(strncmp(hex, genuine[i].chip, strlen(genuine[i].chip)), 0);
	amd_tcb_from_raw(r.product, r.reported_tcb, &tcb);
	amd_tcb_name(&tcb, name);
	assert_string_equal(name, genuine[i].name);
	assert_int_equal(check_under((struct bytes){ b.data, b.len }, genuine[i].other, &r,
			     &why),
	    genuine[i].err);
	/* one byte flipped, all over what is signed and the signature */
	for (size_t at = 0; at < b.len; at += at < 0x2a0 ? 37 : 19) {
		sn_why_clear(&why);
		b.data[at] ^= 0x01;
		if (check_under((struct bytes){ b.data, b.len }, genuine[i].cert, &r, &why) ==
		    SN_OK)
			fail_msg("accepted with byte %zu flipped", at);
		b.data[at] ^= 0x01;
	}
	test_bytes_done(&b);
}

/* ---- made reports */

static const struct report_chip chips[] = {
	{ AMD_ROLE_VCEK, AMD_MILAN, 4, 0, 24, 219, 0, "a chip of Milan for tests" },
	{ AMD_ROLE_VCEK, AMD_GENOA, 10, 0, 23, 84, 0, "a chip of Genoa for tests" },
	{ AMD_ROLE_VCEK, AMD_TURIN, 1, 2, 3, 72, 5, "a chip.." },
	{ AMD_ROLE_VLEK, AMD_MILAN, 4, 0, 24, 219, 0, "" },
};
enum { MILAN, GENOA, TURIN, VLEK };

/* A byte put somewhere before or after the report is signed. */
enum when { NEVER, BEFORE, LATER };
struct poke {
	size_t at;
	uint8_t v;
	enum when when;
};
static const struct {
	const char *name;
	size_t chip, cert; /* whose report, whose certificate */
	struct poke pokes[3];
	size_t len; /* 0: as it should be */
	enum sn_err err;
	const char *says;
} made[] = {
	{ "milan", MILAN, MILAN, { { 0 } }, 0, SN_OK, NULL },
	{ "genoa", GENOA, GENOA, { { 0 } }, 0, SN_OK, NULL },
	{ "genoa-as-bergamo", GENOA, GENOA, { { 0x189, 0xa0, BEFORE } }, 0, SN_OK, NULL },
	{ "turin", TURIN, TURIN, { { 0 } }, 0, SN_OK, NULL },
	{ "turin-dense", TURIN, TURIN, { { 0x189, 0x11, BEFORE } }, 0, SN_OK, NULL },
	{ "vlek", VLEK, VLEK, { { 0 } }, 0, SN_OK, NULL },
	{ "vlek-with-chip-id", VLEK, VLEK, { { 0x1a0, 7, BEFORE } }, 0, SN_OK, NULL },
	{ "version-2", MILAN, MILAN, { { 0x000, 2, BEFORE } }, 0, SN_OK, NULL },
	{ "turin-version-2", TURIN, TURIN, { { 0x000, 2, BEFORE } }, 0, SN_OK, NULL },
	{ "version-5", MILAN, MILAN, { { 0x000, 5, BEFORE } }, 0, SN_OK, NULL },
	{ "version-1", MILAN, MILAN, { { 0x000, 1, BEFORE } }, 0, SN_E_FORMAT, "version 1" },
	{ "version-6", MILAN, MILAN, { { 0x000, 6, BEFORE } }, 0, SN_E_FORMAT, "version 6" },
	{ "version-big-endian", MILAN, MILAN, { { 0x000, 0, BEFORE }, { 0x003, 3, BEFORE } }, 0,
	    SN_E_FORMAT, "version 50331648" },
	{ "one-byte-short", MILAN, MILAN, { { 0 } }, AMD_REPORT_LEN - 1, SN_E_FORMAT,
	    "1183 bytes" },
	{ "one-byte-more", MILAN, MILAN, { { 0 } }, AMD_REPORT_LEN + 1, SN_E_FORMAT,
	    "1185 bytes" },
	{ "algorithm-0", MILAN, MILAN, { { 0x034, 0, BEFORE } }, 0, SN_E_FORMAT,
	    "algorithm 0" },
	{ "algorithm-2", MILAN, MILAN, { { 0x034, 2, BEFORE } }, 0, SN_E_FORMAT,
	    "algorithm 2" },
	{ "signing-key-none", MILAN, MILAN, { { 0x048, 0x1c, BEFORE } }, 0, SN_E_ROLE,
	    "unsigned" },
	{ "signing-key-3", MILAN, MILAN, { { 0x048, 0x0c, BEFORE } }, 0, SN_E_FORMAT,
	    "signing key 3" },
	{ "vlek-report-under-vcek", VLEK, MILAN, { { 0 } }, 0, SN_E_ROLE,
	    "signed by a VLEK, and this is a VCEK" },
	{ "vcek-report-under-vlek", MILAN, VLEK, { { 0 } }, 0, SN_E_ROLE,
	    "signed by a VCEK, and this is a VLEK" },
	{ "byte-above-r", MILAN, MILAN, { { 0x2a0 + 48, 1, LATER } }, 0, SN_E_FORMAT,
	    "behind R" },
	{ "last-byte-of-r-field", MILAN, MILAN, { { 0x2a0 + 71, 1, LATER } }, 0, SN_E_FORMAT,
	    "behind R" },
	{ "byte-above-s", MILAN, MILAN, { { 0x2a0 + 72 + 48, 1, LATER } }, 0, SN_E_FORMAT,
	    "behind S" },
	{ "byte-behind-signature", MILAN, MILAN, { { AMD_REPORT_LEN - 1, 1, LATER } }, 0,
	    SN_E_FORMAT, "behind the signature" },
	{ "report-data-changed-later", MILAN, MILAN, { { 0x050, 0xdb, LATER } }, 0,
	    SN_E_SIGNATURE, "does not verify" },
	{ "masked-chip-id", MILAN, MILAN, { { 0 } }, 1, SN_E_CHAIN, "masked" },
	{ "other-chip", MILAN, MILAN, { { 0x1a0, 'x', BEFORE } }, 0, SN_E_CHAIN,
	    "another chip" },
	{ "other-chip-last-byte", MILAN, MILAN, { { 0x1df, 'x', BEFORE } }, 0, SN_E_CHAIN,
	    "another chip" },
	{ "other-bl", MILAN, MILAN, { { 0x180, 3, BEFORE } }, 0, SN_E_CHAIN,
	    "reported TCB is 3.0.24.219, the VCEK is for 4.0.24.219" },
	{ "other-ucode", GENOA, GENOA, { { 0x187, 83, BEFORE } }, 0, SN_E_CHAIN, "10.0.23.83" },
	{ "other-fmc", TURIN, TURIN, { { 0x180, 4, BEFORE } }, 0, SN_E_CHAIN,
	    "reported TCB is 1.2.3.72.4, the VCEK is for 1.2.3.72.5" },
	{ "vlek-other-snp", VLEK, VLEK, { { 0x186, 25, BEFORE } }, 0, SN_E_CHAIN, "the VLEK" },
	{ "current-tcb-may-differ", MILAN, MILAN, { { 0x038, 9, BEFORE } }, 0, SN_OK, NULL },
	{ "genoa-cpuid-under-milan", MILAN, MILAN, { { 0x189, 0x11, BEFORE } }, 0, SN_E_CHAIN,
	    "its processor is a Genoa, the VCEK is for Milan" },
	{ "turin-cpuid-under-milan", MILAN, MILAN,
	    { { 0x188, 0x1a, BEFORE }, { 0x189, 0x02, BEFORE } }, 0, SN_E_CHAIN, "a Turin" },
	{ "unknown-cpuid", MILAN, MILAN, { { 0x188, 0x1b, BEFORE } }, 0, SN_OK, NULL },
};

#define MASK_ALL 1 /* as made[].len: the whole chip id is zero */

static void
pokes(size_t i, uint8_t *report, enum when when)
{
	for (size_t k = 0; k < SN_NITEMS(made[i].pokes); k++)
		if (made[i].pokes[k].when == when)
			report[made[i].pokes[k].at] = made[i].pokes[k].v;
}

static void
made_report(void **state)
{
	size_t i = (size_t)(uintptr_t)*state - 1;
	static const uint8_t seed[48] = { 9 };
	uint8_t report[AMD_REPORT_LEN + 1] = { 0 };
	struct cry_key *key = NULL;
	struct cry_cert *c = NULL;
	struct sn_buf der = { 0 };
	struct amd_leaf leaf = { 0 };
	struct amd_report r = { 0 };
	struct sn_why why = { 0 };
	enum sn_err e;

	report_must(cry_key_from_seed(CRY_P384, BYTES_OF(seed), &key, &why), &why);
	report_cert(&chips[made[i].cert], key, key, NULL, 0, DAY, &der);
	report_must(cry_cert_parse(sn_buf_bytes(&der), &c, &why), &why);
	report_must(amd_leaf_parse(c, &leaf, &why), &why);
	report_fill(&chips[made[i].chip], report);
	if (made[i].len == MASK_ALL)
		memset(report + 0x1a0, 0, AMD_CHIP_ID_LEN);
	pokes(i, report, BEFORE);
	report_sign(key, report);
	pokes(i, report, LATER);
	e = amd_report_check((struct bytes){ report,
				 made[i].len > MASK_ALL ? made[i].len : AMD_REPORT_LEN },
	    c, &leaf, &r, &why);
	if (e != made[i].err)
		fail_msg("%s, expected %s: %s", sn_err_name(e), sn_err_name(made[i].err),
		    why.text);
	if (made[i].says != NULL && strstr(why.text, made[i].says) == NULL)
		fail_msg("\"%s\" does not say \"%s\"", why.text, made[i].says);
	assert_true((r.version != 0) == (e == SN_OK));
	if (made[i].chip == TURIN && e == SN_OK)
		assert_int_equal(r.product, AMD_TURIN);
	cry_cert_free(&c);
	cry_key_free(&key);
	sn_buf_done(&der);
}

/* R and S as other formats have them do not verify: big-endian, exchanged, zero, too large. */
static void
signature_forms(void **state SN_UNUSED)
{
	static const uint8_t seed[48] = { 9 };
	uint8_t good[AMD_REPORT_LEN], bad[AMD_REPORT_LEN];
	struct amd_leaf leaf = { 0 };
	struct amd_report r = { 0 };
	struct cry_key *key = NULL;
	struct cry_cert *c = NULL;
	struct sn_buf der = { 0 };
	struct sn_why why = { 0 };

	report_must(cry_key_from_seed(CRY_P384, BYTES_OF(seed), &key, &why), &why);
	report_cert(&chips[MILAN], key, key, NULL, 0, DAY, &der);
	report_must(cry_cert_parse(sn_buf_bytes(&der), &c, &why), &why);
	report_must(amd_leaf_parse(c, &leaf, &why), &why);
	report_fill(&chips[MILAN], good);
	report_sign(key, good);
	for (int form = 0; form < 4; form++) {
		memcpy(bad, good, sizeof(bad));
		for (size_t i = 0; i < 48; i++) {
			if (form == 0) /* big-endian */
				bad[0x2a0 + i] = good[0x2a0 + 47 - i],
					    bad[0x2e8 + i] = good[0x2e8 + 47 - i];
			if (form == 1) /* exchanged */
				bad[0x2a0 + i] = good[0x2e8 + i],
					    bad[0x2e8 + i] = good[0x2a0 + i];
			if (form == 2) /* R is zero */
				bad[0x2a0 + i] = 0;
			if (form == 3) /* S is above the order */
				bad[0x2e8 + i] = 0xff;
		}
		sn_why_clear(&why);
		assert_int_equal(amd_report_check(BYTES_OF(bad), c, &leaf, &r, &why),
		    SN_E_SIGNATURE);
	}
	cry_cert_free(&c);
	cry_key_free(&key);
	sn_buf_done(&der);
}

int
main(void)
{
	struct test_list *l = test_list_new();
	struct sn_why why = { 0 };

	if (cry_start(&why) != SN_OK || sn_secret_start(SECRETS, &why) != SN_OK)
		return 1;
	for (size_t i = 0; i < SN_NITEMS(genuine); i++)
		test_list_add(l, genuine_report, (const void *)(uintptr_t)(i + 1), "%s",
		    genuine[i].report);
	for (size_t i = 0; i < SN_NITEMS(made); i++)
		test_list_add(l, made_report, (const void *)(uintptr_t)(i + 1), "%s: %s",
		    made[i].err == SN_OK ? "accepted" : "refused", made[i].name);
	test_list_add(l, signature_forms, NULL, "R and S in other forms");
	return test_list_run(l, "report");
}
