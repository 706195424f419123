/*
 * timeout: 240
 *
 * Every certificate of a TPM authority that was published, through the code that an
 * endorsement key's certificate goes through: each leads to a root of the table at a time
 * inside its dates, or is in the list below with the reason why not. The stock openssl agrees
 * about each, with the table's roots trusted.
 */
#include "appliance/attest/roots.h"
#include "tests/lib/tpm_pki.h"

#define FOLDER "tpm-vendor-ca/"
#define POOL_MAX 256
#define MONTH (30 * 86400)

/* Of the files of one certificate each: authorities whose root is in nobody's list. */
static const struct refused {
	const char *name;
	enum sn_err want;
	const char *says;
} refused[] = {
	{ "Alibaba_Cloud_vTPM_EK.pem", SN_E_CHAIN, "Aliyun TPM Root CA" },
	{ "IFX1.pem", SN_E_SIGNATURE, "signature algorithm" }, /* SHA-1, as all IFX */
	{ "IFX15.pem", SN_E_SIGNATURE, "signature algorithm" },
	{ "IFX2.pem", SN_E_SIGNATURE, "signature algorithm" },
	{ "IFX3.pem", SN_E_SIGNATURE, "signature algorithm" },
	{ "IFX4.pem", SN_E_SIGNATURE, "signature algorithm" },
	{ "IFX5.pem", SN_E_SIGNATURE, "signature algorithm" },
	{ "IFX8.pem", SN_E_SIGNATURE, "signature algorithm" },
	{ "IFX_RSA_01I.pem", SN_E_SIGNATURE, "signature algorithm" },
	{ "IFX_RSA_02I.pem", SN_E_SIGNATURE, "signature algorithm" },
	{ "IFX_RSA_03I.pem", SN_E_SIGNATURE, "signature algorithm" },
	{ "IFX_RSA_04I.pem", SN_E_SIGNATURE, "signature algorithm" },
	{ "IFX_RSA_05I.pem", SN_E_SIGNATURE, "signature algorithm" },
	{ "IFX_RSA_08I.pem", SN_E_SIGNATURE, "signature algorithm" },
	{ "IFX_RSA_17I.pem", SN_E_SIGNATURE, "signature algorithm" },
	{ "IFX_RSA_18I.pem", SN_E_SIGNATURE, "signature algorithm" },
	{ "IFX_RSA_20I.pem", SN_E_SIGNATURE, "signature algorithm" },
	{ "IFX_RSA_21I.pem", SN_E_SIGNATURE, "signature algorithm" },
	{ "IFX_RSA_RT.pem", SN_E_CHAIN, "VeriSign" },
	{ "INTEL_I.pem", SN_E_CHAIN, "TPM EK root cert signing" },
	{ "INTEL_RT.pem", SN_E_CHAIN, "TPM EK root cert signing" },
	{ "NTC1.pem", SN_E_SIGNATURE, "signature algorithm" },
	{ "NTC2.pem", SN_E_SIGNATURE, "signature algorithm" },
	{ "NUVO_0100.pem", SN_E_CHAIN, "no root of a TPM vendor" },
	{ "NUVO_2110.pem", SN_E_CHAIN, "no root of a TPM vendor" },
	{ "Nationz_TPM_EK.pem", SN_E_CHAIN, "Nationz TPM Root CA" },
};

static const char *const files[] = { "Alibaba_Cloud_vTPM_EK.pem", "GS_TPM_RT.pem", "IFX1.pem",
	"IFX15.pem", "IFX2.pem", "IFX3.pem", "IFX4.pem", "IFX5.pem", "IFX8.pem",
	"IFX_ECC_034.pem", "IFX_ECC_042.pem", "IFX_RSA_01I.pem", "IFX_RSA_02I.pem",
	"IFX_RSA_034.pem", "IFX_RSA_03I.pem", "IFX_RSA_042.pem", "IFX_RSA_04I.pem",
	"IFX_RSA_05I.pem", "IFX_RSA_08I.pem", "IFX_RSA_17I.pem", "IFX_RSA_18I.pem",
	"IFX_RSA_20I.pem", "IFX_RSA_21I.pem", "IFX_RSA_RT.pem", "INF_ECC_010I.pem",
	"INF_ECC_010RT.pem", "INF_ECC_011.pem", "INF_RSA_010I.pem", "INF_RSA_010RT.pem",
	"INF_RSA_011.pem", "INF_RSA_022.pem", "INTEL_I.pem", "INTEL_RT.pem", "NTC1.pem",
	"NTC2.pem", "NUVO_0100.pem", "NUVO_1110.pem", "NUVO_1111.pem", "NUVO_2110.pem",
	"NUVO_2111.pem", "Nationz_TPM_EK.pem", "STM_ECC_01I.pem", "STM_ECC_01RT.pem",
	"STM_RSA_01I.pem", "STM_RSA_02I.pem", "STM_RSA_03I.pem", "STM_RSA_04I.pem",
	"STM_RSA_05I.pem", "STM_RSA_06I.pem", "STM_RSA_07I.pem", "STM_RSA_RT.pem" };

/* One published certificate, and where it was found. */
struct item {
	struct cry_cert *c;
	const char *file;
	size_t nth;
};
static struct item pool[POOL_MAX];
static size_t npool;
static size_t accepted, turned_down, roots_of_table;

/* A file's certificates one by one: the parser takes eight at most. */
static void
load(const char *file)
{
	char *rel = test_format(FOLDER "%s", file);
	struct test_bytes b = test_read_data(rel);
	struct bytes v = pki_bytes(&b);
	const struct bytes begin = BYTES_STR("-----BEGIN CERTIFICATE-----"),
			   end = BYTES_STR("-----END CERTIFICATE-----");
	size_t nth = 0;

	for (size_t at = bytes_find(v, begin); at != SIZE_MAX; at = bytes_find(v, begin)) {
		struct cry_cert *c[CRY_PEM_CHAIN_MAX] = { NULL };
		size_t n = 0;

		v = (struct bytes){ v.p + at, v.n - at };
		at = bytes_find(v, end) + end.n;
		PKI_OK(cry_cert_parse_pem((struct bytes){ v.p, at }, c, &n, why));
		assert_true(npool < POOL_MAX);
		pool[npool++] = (struct item){ c[0], file, nth++ };
		v = (struct bytes){ v.p + at, v.n - at };
	}
	test_bytes_done(&b);
	free(rel);
}

static bool
is_known_root(const struct cry_cert *c)
{
	uint8_t digest[32];

	PKI_OK(cry_digest(CRY_SHA256, cry_cert_der(c), digest, why));
	return att_root_find(digest) != NULL;
}

/* Names are compared as people read them: some differ in their strings' types. */
static bool
issued(const struct cry_cert *issuer, const struct cry_cert *c)
{
	char a[256], b[256];

	cry_name_text(cry_cert_subject_der(issuer), a, sizeof(a));
	cry_name_text(cry_cert_issuer_der(c), b, sizeof(b));
	return strcmp(a, b) == 0;
}

/* What a careful user would put on the stick: whoever bears an issuer's name, upwards. */
static void
gather(const struct cry_cert *leaf, struct att_heap *h, struct sn_buf *roots,
    struct sn_buf *others)
{
	const struct cry_cert *todo[POOL_MAX] = { leaf };
	bool taken[POOL_MAX] = { false };
	size_t n = 1;

	for (size_t k = 0; k < n; k++)
		for (size_t i = 0; i < npool; i++) {
			const struct cry_cert *c = pool[i].c;

			if (taken[i] || !issued(c, todo[k]))
				continue;
			taken[i] = true;
			if (n < POOL_MAX)
				todo[n++] = c;
			PKI_OK(att_heap_file(h, cry_cert_der(c), pool[i].file, why));
			PKI_OK(cry_cert_pem(cry_cert_der(c), is_known_root(c) ? roots : others,
			    why));
		}
}

/* With no root at hand there is nothing to trust, and openssl must not look elsewhere. */
static bool
openssl_accepts(const struct cry_cert *leaf, const struct sn_buf *roots,
    const struct sn_buf *others, int64_t at)
{
	struct sn_buf pem = { 0 };
	char *line;
	int status;

	PKI_OK(cry_cert_pem(cry_cert_der(leaf), &pem, why));
	test_put("leaf.pem", sn_buf_bytes(&pem));
	test_put("roots.pem", sn_buf_bytes(roots));
	test_put("others.pem", sn_buf_bytes(others));
	line =
	    test_format("openssl verify -partial_chain -auth_level 1 -attime %lld -no-CApath "
			"-no-CAstore %s %s leaf.pem",
		(long long)at, roots->n > 0 ? "-CAfile roots.pem" : "-no-CAfile",
		others->n > 0 ? "-untrusted others.pem" : "");
	status = test_sh(line);
	free(line);
	sn_buf_done(&pem);
	return status == 0;
}

static const struct refused *
find_refused(const char *file)
{
	for (size_t i = 0; i < SN_NITEMS(refused); i++)
		if (strcmp(refused[i].name, file) == 0)
			return &refused[i];
	return NULL;
}

static void
test_item(void **state)
{
	const struct item *t = *state;
	const struct refused *r = find_refused(t->file);
	const int64_t at = cry_cert_not_before(t->c) + MONTH; /* some issuers are younger */
	struct sn_buf roots = { 0 }, others = { 0 };
	struct att_heap *h = NULL;
	struct att_path path = { 0 };
	struct sn_why said = { 0 };
	enum sn_err e;

	if (is_known_root(t->c)) {
		roots_of_table++;
		return;
	}
	PKI_OK(att_heap_new(&h, why));
	gather(t->c, h, &roots, &others);
	e = att_ca_path(cry_cert_der(t->c), h, NULL, at, &path, &said);
	if (e != (r != NULL ? r->want : SN_OK) ||
	    (r != NULL && strstr(said.text, r->says) == NULL))
		fail_msg("%s: %s", sn_err_name(e), said.text);
	assert_int_equal(openssl_accepts(t->c, &roots, &others, at), e == SN_OK);
	if (e == SN_OK)
		accepted++;
	else
		turned_down++;
	print_message("# %s %zu: %s%s\n", t->file, t->nth, e == SN_OK ? "to " : "",
	    e == SN_OK ? path.root : said.text);
	att_path_done(&path);
	att_heap_free(&h);
	sn_buf_done(&roots);
	sn_buf_done(&others);
}

static void
test_counts(void **state)
{
	(void)state;
	print_message("# %zu lead to a root, %zu do not, %zu are roots\n", accepted,
	    turned_down, roots_of_table);
	assert_int_equal(turned_down, SN_NITEMS(refused));
	assert_int_equal(accepted + turned_down + roots_of_table, npool);
}

/* All but the roots' own file on one stick are too many; a vendor's are not. */
static void
test_whole_file(void **state)
{
	struct test_bytes b = test_read_data(FOLDER "intermediates.pem");
	struct att_heap *h = NULL;

	(void)state;
	PKI_OK(att_heap_new(&h, why));
	assert_int_equal(att_heap_file(h, pki_bytes(&b), "intermediates.pem", NULL),
	    SN_E_LIMIT);
	assert_int_equal(att_heap_count(h), 0);
	test_bytes_done(&b);
	b = test_read_data(FOLDER "roots.pem");
	PKI_OK(att_heap_file(h, pki_bytes(&b), "roots.pem", why));
	assert_int_equal(att_heap_count(h), att_roots_n);
	test_bytes_done(&b);
	att_heap_free(&h);
}

static void
test_needs_data(void **state)
{
	(void)state;
	test_need_data(FOLDER "intermediates.pem");
}

int
main(void)
{
	struct test_list *l = test_list_new();
	int status;

	assert_int_equal(sn_secret_start(1U << 18, NULL), SN_OK);
	assert_int_equal(cry_start(NULL), SN_OK);
	if (!test_have_data(FOLDER "intermediates.pem")) {
		test_list_add(l, test_needs_data, NULL, "published");
		return test_list_run(l, "paths");
	}
	load("roots.pem");
	load("intermediates.pem");
	for (size_t i = 0; i < SN_NITEMS(files); i++)
		load(files[i]);
	for (size_t i = 0; i < npool; i++)
		test_list_add(l, test_item, &pool[i], "%s-%zu", pool[i].file, pool[i].nth);
	test_list_add(l, test_counts, NULL, "counts");
	test_list_add(l, test_whole_file, NULL, "whole-files");
	status = test_list_run(l, "paths");
	for (size_t i = 0; i < npool; i++)
		cry_cert_free(&pool[i].c);
	return status;
}
