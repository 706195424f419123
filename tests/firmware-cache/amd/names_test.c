/* What names say of a VCEK or VLEK: read, refused when they nearly have the form, compared. */
#include <stdlib.h>
#include <string.h>

#include "firmware-cache/amd/names.h"
#include "tests/lib/test.h"

#define D16 "0123456789abcdef"
#define D64 D16 D16 D16 D16
#define CHIP D64 D64
#define OTHER "f123456789abcdef" D16 D16 D16 D64
#define UPPER "0123456789ABCDEF" D16 D16 D16 D64
#define LEVELS "bl03_tee00_snp08_ucode115"
#define URL "https://kdsintf.amd.com"
#define QUERY "blSPL=03&teeSPL=00&snpSPL=08&ucodeSPL=115"

/* The certificates that names are held against. */
enum { MILAN, TURIN, VLEK };
static struct amd_leaf leaf[] = {
	[MILAN] = { .role = AMD_ROLE_VCEK,
	    .product = AMD_MILAN,
	    .tcb = { .bl = 3, .snp = 8, .ucode = 115 },
	    .hwid_len = 64 },
	[TURIN] = { .role = AMD_ROLE_VCEK,
	    .product = AMD_TURIN,
	    .tcb = { .bl = 3, .snp = 8, .ucode = 115, .fmc = 1, .has_fmc = true },
	    .hwid_len = 8 },
	[VLEK] = { .role = AMD_ROLE_VLEK,
	    .product = AMD_MILAN,
	    .tcb = { .bl = 3, .snp = 8, .ucode = 115 } },
};

static const struct {
	const char *title;
	size_t leaf;
	const char *name;
	enum sn_err err;
	const char *says;
} rows[] = {
	/* names that say nothing, and names that say the truth */
	{ "no-form", MILAN, "incoming/chip1.bin", SN_OK, NULL },
	{ "no-form-deep", MILAN, "vcek/a/b/c.der", SN_OK, NULL },
	{ "empty", MILAN, "", SN_OK, NULL },
	{ "file-only", MILAN, "vcek.der", SN_OK, NULL },
	{ "store-form", MILAN, "vcek/" CHIP "/" LEVELS "_vcek.der", SN_OK, NULL },
	{ "store-form-below", MILAN, "amd/Milan/vcek/" CHIP "/" LEVELS "_vcek.der", SN_OK,
	    NULL },
	{ "store-form-without-levels", MILAN, "vcek/" CHIP "/vcek.der", SN_OK, NULL },
	{ "store-form-turin", TURIN, "vcek/" D16 "/" LEVELS "_fmc01_vcek.der", SN_OK, NULL },
	{ "vlek-file", VLEK, "hosts/vlek.pem", SN_OK, NULL },
	{ "both-words", VLEK, "vcek-and-vlek.pem", SN_OK, NULL },
	{ "word-inside-word", VLEK, "myvcek.pem", SN_OK, NULL },
	{ "url", MILAN, URL "/vcek/v1/Milan/" CHIP "?" QUERY, SN_OK, NULL },
	{ "url-other-order", MILAN,
	    URL "/vcek/v1/Milan/" CHIP "?teeSPL=0&blSPL=3&ucodeSPL=115&snpSPL=8", SN_OK, NULL },
	{ "url-turin-fmc-first", TURIN, URL "/vcek/v1/Turin/" D16 "?fmcSPL=01&" QUERY, SN_OK,
	    NULL },
	{ "url-vlek", VLEK, URL ":444/vlek/v1/Milan/cert?" QUERY, SN_OK, NULL },
	{ "url-of-others", MILAN, "https://example.org/vcek/v1/Rome/x", SN_OK, NULL },
	/* the other kind */
	{ "vlek-named-vcek", VLEK, "hosts/vcek.pem", SN_E_ROLE,
	    "its name says VCEK, and it is a VLEK" },
	{ "vcek-named-vlek", MILAN, "vlek.der", SN_E_ROLE,
	    "its name says VLEK, and it is a VCEK" },
	{ "vlek-in-the-store", VLEK, "vcek/" CHIP "/" LEVELS "_vcek.der", SN_E_ROLE,
	    "it is a VLEK" },
	{ "vlek-in-the-store-by-no-name", VLEK, "vcek/" CHIP "/cert.der", SN_E_ROLE,
	    "it is a VLEK" },
	{ "vlek-from-a-vcek-address", VLEK, URL "/vcek/v1/Milan/" CHIP "?" QUERY, SN_E_ROLE,
	    "it is a VLEK" },
	/* another chip, product, level */
	{ "other-chip", MILAN, "vcek/" OTHER "/" LEVELS "_vcek.der", SN_E_ROLE,
	    "of chip f1234567, and it is for 01234567" },
	{ "other-chip-url", MILAN, URL "/vcek/v1/Milan/" OTHER "?" QUERY, SN_E_ROLE,
	    "of chip f1234567" },
	{ "turin-length-on-milan", MILAN, "vcek/" D16 "/" LEVELS "_vcek.der", SN_E_ROLE,
	    "of chip 01234567" },
	{ "milan-length-on-turin", TURIN, "vcek/" CHIP "/" LEVELS "_fmc01_vcek.der", SN_E_ROLE,
	    "of chip 01234567" },
	{ "other-level", MILAN, "vcek/" CHIP "/bl04_tee00_snp08_ucode115_vcek.der", SN_E_ROLE,
	    "its name says bl04_tee00_snp08_ucode115_vcek.der, and its extensions say "
	    "bl03_tee00_snp08_ucode115_vcek.der" },
	{ "other-fmc", TURIN, "vcek/" D16 "/" LEVELS "_fmc02_vcek.der", SN_E_ROLE, "_fmc02" },
	{ "turin-without-fmc", TURIN, "vcek/" D16 "/" LEVELS "_vcek.der", SN_E_ROLE,
	    "extensions say bl03_tee00_snp08_ucode115_fmc01" },
	{ "milan-with-fmc", MILAN, "vcek/" CHIP "/" LEVELS "_fmc00_vcek.der", SN_E_ROLE,
	    "_fmc00" },
	{ "other-level-url", MILAN,
	    URL "/vcek/v1/Milan/" CHIP "?blSPL=03&teeSPL=00&snpSPL=08&ucodeSPL=116", SN_E_ROLE,
	    "ucode116" },
	{ "other-product-url", MILAN, URL "/vcek/v1/Genoa/" CHIP "?" QUERY, SN_E_ROLE,
	    "its name says Genoa, and it is for Milan" },
	/* nearly the form */
	{ "hwid-upper-case", MILAN, "vcek/" UPPER "/" LEVELS "_vcek.der", SN_E_FORMAT,
	    "upper-case" },
	{ "hwid-upper-case-url", MILAN, URL "/vcek/v1/Milan/" UPPER "?" QUERY, SN_E_FORMAT,
	    "upper-case" },
	{ "fmc-first-in-file", TURIN, "vcek/" D16 "/fmc01_" LEVELS "_vcek.der", SN_E_FORMAT,
	    "in this order" },
	{ "order-of-url-in-file", MILAN, "vcek/" CHIP "/tee00_bl03_snp08_ucode115_vcek.der",
	    SN_E_FORMAT, "in this order" },
	{ "one-digit", MILAN, "vcek/" CHIP "/bl3_tee00_snp08_ucode115_vcek.der", SN_E_FORMAT,
	    "the bl in its name" },
	{ "level-256", MILAN, "vcek/" CHIP "/bl256_tee00_snp08_ucode115_vcek.der", SN_E_FORMAT,
	    "the bl in its name" },
	{ "level-negative", MILAN, "vcek/" CHIP "/bl-3_tee00_snp08_ucode115_vcek.der",
	    SN_E_FORMAT, "the bl in its name" },
	{ "level-hex", MILAN, "vcek/" CHIP "/bl0a_tee00_snp08_ucode115_vcek.der", SN_E_FORMAT,
	    "the bl in its name" },
	{ "level-missing", MILAN, "vcek/" CHIP "/bl03_tee00_snp08_vcek.der", SN_E_FORMAT,
	    "in this order" },
	{ "level-more", TURIN, "vcek/" D16 "/" LEVELS "_fmc01_x00_vcek.der", SN_E_FORMAT,
	    "behind the levels" },
	{ "url-level-twice", MILAN, URL "/vcek/v1/Milan/" CHIP "?blSPL=03&" QUERY, SN_E_FORMAT,
	    "one twice" },
	{ "url-unknown-parameter", MILAN, URL "/vcek/v1/Milan/" CHIP "?" QUERY "&x=1",
	    SN_E_FORMAT, "not known" },
	{ "url-level-missing", MILAN, URL "/vcek/v1/Milan/" CHIP "?blSPL=03", SN_E_FORMAT,
	    "all four" },
	{ "url-bergamo", MILAN, URL "/vcek/v1/Bergamo/" CHIP "?" QUERY, SN_E_FORMAT,
	    "\"Bergamo\" is Genoa in AMD's addresses" },
	{ "url-siena", MILAN, URL "/vcek/v1/Siena/" CHIP "?" QUERY, SN_E_FORMAT, "is Genoa" },
	{ "url-case", MILAN, URL "/vcek/v1/milan/" CHIP "?" QUERY, SN_E_FORMAT, "is Milan" },
	{ "url-unknown-product", MILAN, URL "/vcek/v1/Rome/" CHIP "?" QUERY, SN_E_FORMAT,
	    "no product" },
	{ "url-without-hwid", MILAN, URL "/vcek/v1/Milan/?" QUERY, SN_E_FORMAT, "no hwid" },
	{ "url-short-hwid", MILAN, URL "/vcek/v1/Milan/0123?" QUERY, SN_E_FORMAT, "no hwid" },
	{ "url-other-service", MILAN, URL "/pki/v1/Milan/" CHIP "?" QUERY, SN_E_FORMAT,
	    "not one of" },
};

static void
name(void **state)
{
	size_t i = (size_t)(uintptr_t)*state - 1;
	struct sn_why why = { 0 };
	enum sn_err e = amd_name_check(rows[i].name, &leaf[rows[i].leaf], &why);

	if (e != rows[i].err)
		fail_msg("%s, expected %s: %s", sn_err_name(e), sn_err_name(rows[i].err),
		    why.text);
	if (rows[i].says != NULL && strstr(why.text, rows[i].says) == NULL)
		fail_msg("\"%s\" does not say \"%s\"", why.text, rows[i].says);
}

/* A chain's or CRL's address says a product and no leaf. */
static void
chains_and_crls(void **state SN_UNUSED)
{
	static const char *const last[] = { "cert_chain", "crl" };

	for (size_t i = 0; i < SN_NITEMS(last); i++) {
		char *url = test_format(URL "/vlek/v1/Turin/%s", last[i]);
		struct amd_name n = { 0 };
		struct sn_why why = { 0 };

		assert_int_equal(amd_name_parse(url, &n, &why), SN_OK);
		assert_int_equal(n.role, AMD_ROLE_NONE);
		assert_int_equal(n.product, AMD_TURIN);
		assert_int_equal(n.hwid_len, 0);
		assert_false(n.has_tcb);
		free(url);
	}
}

static void
products(void **state SN_UNUSED)
{
	static const struct {
		const char *name;
		enum amd_product product;
	} names[] = {
		{ "Milan", AMD_MILAN },
		{ "milan", AMD_MILAN },
		{ "Genoa", AMD_GENOA },
		{ "Bergamo", AMD_GENOA },
		{ "SIENA", AMD_GENOA },
		{ "Turin", AMD_TURIN },
		{ "Rome", AMD_PRODUCT_COUNT },
		{ "Turin-C1", AMD_PRODUCT_COUNT },
		{ "", AMD_PRODUCT_COUNT },
	};

	for (size_t i = 0; i < SN_NITEMS(names); i++)
		assert_int_equal(amd_product_from_people(bytes_str(names[i].name)),
		    names[i].product);
}

int
main(void)
{
	struct test_list *l = test_list_new();
	static const uint8_t half[8] = { 0x01, 0x23, 0x45, 0x67, 0x89, 0xab, 0xcd, 0xef };

	for (size_t k = 0; k < SN_NITEMS(leaf); k++)
		for (size_t i = 0; i < leaf[k].hwid_len; i++)
			leaf[k].hwid[i] = half[i % 8];
	for (size_t i = 0; i < SN_NITEMS(rows); i++)
		test_list_add(l, name, (const void *)(uintptr_t)(i + 1), "%s: %s",
		    rows[i].err == SN_OK ? "agrees" : "refused", rows[i].title);
	test_list_add(l, chains_and_crls, NULL, "addresses of chains and CRLs");
	test_list_add(l, products, NULL, "names that people use");
	return test_list_run(l, "names");
}
