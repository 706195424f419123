/* VCEK and VLEK extensions: genuine ones, and made ones with one thing wrong. */
#include <stdlib.h>
#include <string.h>

#include "appliance/crypto/makepki.h"
#include "firmware-cache/amd/amd.h"
#include "tests/lib/test.h"

#define SECRETS (64U << 10)

static void
must(enum sn_err e, const struct sn_why *why)
{
	if (e != SN_OK)
		fail_msg("%s: %s", sn_err_name(e), why->text);
}

/* ---- genuine leaves */

static const struct {
	const char *path;
	enum amd_role role;
	enum amd_product product;
	size_t hwid_len;
	const char *hwid, *name, *csp;
} genuine[] = {
	{ "amd/milan-gosev/vcek.der", AMD_ROLE_VCEK, AMD_MILAN, 64, "3ac3fe21",
	    "bl02_tee00_snp05_ucode68_vcek.der", "" },
	{ "amd/trustee-snp/test-vcek.der", AMD_ROLE_VCEK, AMD_MILAN, 64, "c38427a3",
	    "bl03_tee00_snp08_ucode115_vcek.der", "" },
	{ "amd/virtee-sev/vcek_milan.der", AMD_ROLE_VCEK, AMD_MILAN, 64, "d49554ec",
	    "bl03_tee00_snp08_ucode115_vcek.der", "" },
	{ "amd/virtee-sev/vcek_turin.der", AMD_ROLE_VCEK, AMD_TURIN, 8, "1e550a8e",
	    "bl00_tee00_snp00_ucode09_fmc00_vcek.der", "" },
	{ "amd/trustee-snp/test-vlek.der", AMD_ROLE_VLEK, AMD_MILAN, 0, "",
	    "bl04_tee00_snp24_ucode217_vcek.der", "CN=cc-us-east-2.amazonaws.com" },
};

static void
genuine_leaf(void **state)
{
	size_t i = (size_t)(uintptr_t)*state - 1;
	struct cry_cert *c = NULL;
	struct amd_leaf leaf = { 0 };
	struct sn_why why = { 0 };
	struct test_bytes b;
	char name[AMD_TCB_NAME_MAX], *hwid;

	test_need_data(genuine[i].path);
	b = test_read_data(genuine[i].path);
	must(cry_cert_parse((struct bytes){ b.data, b.len }, &c, &why), &why);
	must(amd_leaf_parse(c, &leaf, &why), &why);
	assert_int_equal(leaf.role, genuine[i].role);
	assert_int_equal(leaf.product, genuine[i].product);
	assert_int_equal(leaf.hwid_len, genuine[i].hwid_len);
	hwid = test_hex(leaf.hwid, leaf.hwid_len);
	assert_int_equal(strncmp(hwid, genuine[i].hwid, strlen(genuine[i].hwid)), 0);
	amd_tcb_name(&leaf.tcb, name);
	assert_string_equal(name, genuine[i].name);
	assert_string_equal(leaf.csp, genuine[i].csp);
	free(hwid);
	cry_cert_free(&c);
	test_bytes_done(&b);
}

/* ---- the pinned roots are those of the published certificates */

static const char *const arks[AMD_PRODUCT_COUNT] = {
	[AMD_MILAN] = "amd/ca/milan/ark.der",
	[AMD_GENOA] = "amd/ca/genoa/ark.der",
	[AMD_TURIN] = "amd/ca/turin/ark.der",
};

static void
pinned(void **state)
{
	enum amd_product p = (enum amd_product)((uintptr_t)*state - 1), of;
	struct cry_cert *c = NULL;
	struct sn_why why = { 0 };
	struct test_bytes b;
	uint8_t spki[32];

	test_need_data(arks[p]);
	b = test_read_data(arks[p]);
	must(cry_cert_parse((struct bytes){ b.data, b.len }, &c, &why), &why);
	assert_int_equal(amd_cert_role(c, &of), AMD_ROLE_ARK);
	assert_int_equal(of, p);
	must(cry_cert_spki_sha256(c, spki, &why), &why);
	for (enum amd_product q = AMD_MILAN; q <= AMD_PRODUCT_COUNT; q++)
		assert_int_equal(amd_root_pinned(q, spki), q == p);
	spki[31] ^= 1;
	assert_false(amd_root_pinned(p, spki));
	cry_cert_free(&c);
	test_bytes_done(&b);
}

/* ---- made leaves: a good one, changed in one place */

#define ARC "1.3.6.1.4.1.3704.1."
#define EXTS 9
#define HWID64 "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

enum { X_VERSION, X_PRODUCT, X_BL, X_TEE, X_SNP, X_UCODE, X_FMC, X_HWID, X_CSP };

static const char *const oids[EXTS] = { ARC "1", ARC "2", ARC "3.1", ARC "3.2", ARC "3.3",
	ARC "3.8", ARC "3.9", ARC "4", ARC "5" };

/* The values of a good Milan VCEK; NULL leaves the extension out. */
static const struct {
	const char *v;
	size_t n;
} good[EXTS] = {
	[X_VERSION] = { "\x02\x01\x00", 3 },
	[X_PRODUCT] = { "\x16\x08Milan-B0", 10 },
	[X_BL] = { "\x02\x01\x03", 3 },
	[X_TEE] = { "\x02\x01\x00", 3 },
	[X_SNP] = { "\x02\x01\x08", 3 },
	[X_UCODE] = { "\x02\x02\x00\xdb", 4 },
	[X_HWID] = { HWID64, 64 },
};

/* Up to three extensions changed; v NULL takes one out. */
struct change {
	int ext;
	const char *v;
	size_t n;
};
static const struct {
	const char *name, *cn;
	struct change changes[4];
	int nchanges;
	enum sn_err err;
} made[] = {
	{ "as-it-should-be", "SEV-VCEK", { { 0 } }, 0, SN_OK },
	{ "level-255", "SEV-VCEK", { { X_BL, "\x02\x02\x00\xff", 4 } }, 1, SN_OK },
	{ "product-without-stepping", "SEV-VCEK", { { X_PRODUCT, "\x16\x05Genoa", 7 } }, 1,
	    SN_OK },
	{ "turin", "SEV-VCEK",
	    { { X_VERSION, "\x02\x01\x01", 3 }, { X_PRODUCT, "\x16\x05Turin", 7 },
		{ X_FMC, "\x02\x01\x02", 3 }, { X_HWID, "01234567", 8 } },
	    4, SN_OK },
	{ "vlek", "SEV-VLEK",
	    { { X_HWID, NULL, 0 },
		{ X_CSP,
		    "\x16\x04"
		    "CN=x",
		    6 } },
	    2, SN_OK },
	{ "level-256", "SEV-VCEK", { { X_BL, "\x02\x02\x01\x00", 4 } }, 1, SN_E_FORMAT },
	{ "level-negative", "SEV-VCEK", { { X_BL, "\x02\x01\x80", 3 } }, 1, SN_E_FORMAT },
	{ "level-not-shortest", "SEV-VCEK", { { X_BL, "\x02\x02\x00\x03", 4 } }, 1,
	    SN_E_FORMAT },
	{ "level-empty-integer", "SEV-VCEK", { { X_BL, "\x02\x00", 2 } }, 1, SN_E_FORMAT },
	{ "level-octet-string", "SEV-VCEK", { { X_BL, "\x04\x01\x03", 3 } }, 1, SN_E_FORMAT },
	{ "level-trailing-byte", "SEV-VCEK", { { X_BL, "\x02\x01\x03\x00", 4 } }, 1,
	    SN_E_FORMAT },
	{ "level-cut", "SEV-VCEK", { { X_BL, "\x02\x02\x00", 3 } }, 1, SN_E_FORMAT },
	{ "level-empty", "SEV-VCEK", { { X_BL, "", 0 } }, 1, SN_E_FORMAT },
	{ "bl-missing", "SEV-VCEK", { { X_BL, NULL, 0 } }, 1, SN_E_FORMAT },
	{ "tee-missing", "SEV-VCEK", { { X_TEE, NULL, 0 } }, 1, SN_E_FORMAT },
	{ "snp-missing", "SEV-VCEK", { { X_SNP, NULL, 0 } }, 1, SN_E_FORMAT },
	{ "ucode-missing", "SEV-VCEK", { { X_UCODE, NULL, 0 } }, 1, SN_E_FORMAT },
	{ "version-missing", "SEV-VCEK", { { X_VERSION, NULL, 0 } }, 1, SN_E_FORMAT },
	{ "version-2", "SEV-VCEK", { { X_VERSION, "\x02\x01\x02", 3 } }, 1, SN_E_FORMAT },
	{ "version-1-without-fmc", "SEV-VCEK", { { X_VERSION, "\x02\x01\x01", 3 } }, 1,
	    SN_E_FORMAT },
	{ "version-0-with-fmc", "SEV-VCEK", { { X_FMC, "\x02\x01\x00", 3 } }, 1, SN_E_FORMAT },
	{ "product-missing", "SEV-VCEK", { { X_PRODUCT, NULL, 0 } }, 1, SN_E_FORMAT },
	{ "product-unknown", "SEV-VCEK", { { X_PRODUCT, "\x16\x04Rome", 6 } }, 1, SN_E_FORMAT },
	{ "product-case", "SEV-VCEK", { { X_PRODUCT, "\x16\x05milan", 7 } }, 1, SN_E_FORMAT },
	{ "product-empty", "SEV-VCEK", { { X_PRODUCT, "\x16\x00", 2 } }, 1, SN_E_FORMAT },
	{ "product-nul", "SEV-VCEK", { { X_PRODUCT, "\x16\x06Milan\0", 8 } }, 1, SN_E_FORMAT },
	{ "product-utf8-string", "SEV-VCEK", { { X_PRODUCT, "\x0c\x05Milan", 7 } }, 1,
	    SN_E_FORMAT },
	{ "product-long", "SEV-VCEK", { { X_PRODUCT, "\x16\x11Milan-B0123456789", 19 } }, 1,
	    SN_E_FORMAT },
	{ "hwid-missing", "SEV-VCEK", { { X_HWID, NULL, 0 } }, 1, SN_E_FORMAT },
	{ "hwid-63", "SEV-VCEK", { { X_HWID, HWID64, 63 } }, 1, SN_E_FORMAT },
	{ "hwid-8-on-milan", "SEV-VCEK", { { X_HWID, HWID64, 8 } }, 1, SN_E_FORMAT },
	{ "hwid-wrapped", "SEV-VCEK", { { X_HWID, "\x04\x40" HWID64, 66 } }, 1, SN_E_FORMAT },
	{ "hwid-all-zero", "SEV-VCEK",
	    { { X_HWID,
		"\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0",
		64 } },
	    1, SN_E_FORMAT },
	{ "hwid-64-on-turin", "SEV-VCEK",
	    { { X_VERSION, "\x02\x01\x01", 3 }, { X_PRODUCT, "\x16\x05Turin", 7 },
		{ X_FMC, "\x02\x01\x02", 3 } },
	    3, SN_E_FORMAT },
	{ "vlek-with-hwid", "SEV-VLEK",
	    { { X_CSP,
		"\x16\x04"
		"CN=x",
		6 } },
	    1, SN_E_ROLE },
	{ "vlek-without-csp", "SEV-VLEK", { { X_HWID, NULL, 0 } }, 1, SN_E_FORMAT },
	{ "vlek-csp-with-space", "SEV-VLEK",
	    { { X_HWID, NULL, 0 },
		{ X_CSP,
		    "\x16\x03"
		    "a b",
		    5 } },
	    2, SN_E_FORMAT },
	{ "vcek-with-csp", "SEV-VCEK",
	    { { X_CSP,
		"\x16\x04"
		"CN=x",
		6 } },
	    1, SN_E_ROLE },
	{ "named-ask", "SEV-Milan", { { 0 } }, 0, SN_E_ROLE },
	{ "named-vcek-and-more", "SEV-VCEK2", { { 0 } }, 0, SN_E_ROLE },
};

static struct cry_cert *
make(const char *cn, const struct change *changes, int n)
{
	static const uint8_t seed[48] = { 7 };
	struct cry_profile profile = {
		.common_name = cn, .not_before = 0, .not_after = 86400, .pathlen = -1
	};
	struct cry_raw_ext exts[EXTS];
	struct cry_key *key = NULL;
	struct cry_cert *c = NULL;
	struct sn_buf der = { 0 };
	struct sn_why why = { 0 };
	size_t nexts = 0;

	for (int x = 0; x < EXTS; x++) {
		struct bytes v = { (const uint8_t *)good[x].v, good[x].n };

		for (int k = 0; k < n; k++)
			if (changes[k].ext == x)
				v = (struct bytes){ (const uint8_t *)changes[k].v,
					changes[k].n };
		if (v.p != NULL)
			exts[nexts++] = (struct cry_raw_ext){ oids[x], false, v };
	}
	must(cry_key_from_seed(CRY_P384, BYTES_OF(seed), &key, &why), &why);
	must(cry_cert_issue_raw(&profile, exts, nexts, true, key, key, NULL, &der, &why), &why);
	must(cry_cert_parse(sn_buf_bytes(&der), &c, &why), &why);
	sn_buf_done(&der);
	cry_key_free(&key);
	return c;
}

static void
made_leaf(void **state)
{
	size_t i = (size_t)(uintptr_t)*state - 1;
	struct cry_cert *c = make(made[i].cn, made[i].changes, made[i].nchanges);
	struct amd_leaf leaf = { 0 };
	struct sn_why why = { 0 };
	enum sn_err e = amd_leaf_parse(c, &leaf, &why);

	if (e != made[i].err)
		fail_msg("%s, expected %s: %s", sn_err_name(e), sn_err_name(made[i].err),
		    why.text);
	assert_int_equal(leaf.role,
	    e == SN_OK ? (made[i].cn[5] == 'L' ? AMD_ROLE_VLEK : AMD_ROLE_VCEK)
		       : AMD_ROLE_NONE);
	cry_cert_free(&c);
}

int
main(void)
{
	struct test_list *l = test_list_new();
	struct sn_why why = { 0 };

	if (cry_start(&why) != SN_OK || sn_secret_start(SECRETS, &why) != SN_OK)
		return 1;
	for (size_t i = 0; i < SN_NITEMS(genuine); i++)
		test_list_add(l, genuine_leaf, (const void *)(uintptr_t)(i + 1), "%s",
		    genuine[i].path);
	for (enum amd_product p = AMD_MILAN; p < AMD_PRODUCT_COUNT; p++)
		test_list_add(l, pinned, (const void *)(uintptr_t)(p + 1), "pinned key of %s",
		    amd_product_name(p));
	for (size_t i = 0; i < SN_NITEMS(made); i++)
		test_list_add(l, made_leaf, (const void *)(uintptr_t)(i + 1), "%s: %s",
		    made[i].err == SN_OK ? "parsed" : "refused", made[i].name);
	return test_list_run(l, "leaf");
}
