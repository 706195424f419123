/* Every file of the published Intel data that genuine.h has not; PCK certificates of quotes. */
#include <fcntl.h>

#include "appliance/base/file.h"
#include "tests/firmware-cache/store/genuine.h"

#define QUOTE "a quote is evidence"
#define NOT_COLLATERAL "neither a certificate, nor a CRL, nor"

static const struct row {
	const char *path, *at;
	enum set_name set;
	enum col_kind kind;
	const char *label;
	enum sn_err err; /* SN_OK: accepted */
	const char *says;
	const char *with; /* one more file that vouches for it */
	const char *root; /* an extra root for rehearsals */
} rows[] = {
	{ "intel/assembled/dcap-qcnl/3987622ee6968a54977c8626ef471235_0000", MID_2025,
	    SET_INTEL, COL_KIND_UNKNOWN, "item.under.test", SN_E_FORMAT, NOT_COLLATERAL, NULL,
	    NULL },
	{ "intel/assembled/dcap-qcnl/719dd8c87977f63c165bbc2f350cc3d0be54b1e89eabf0bf3bc8bf637b0d10fe",
	    MID_2025, SET_INTEL, COL_KIND_UNKNOWN, "item.under.test", SN_E_FORMAT,
	    NOT_COLLATERAL, NULL, NULL },
	{ "intel/assembled/dcap-qcnl/7bd1528bfa1842d57220d0ff340e46bf20d23fd36465f6367aa31eeee9413814",
	    MID_2025, SET_INTEL, COL_KIND_UNKNOWN, "item.under.test", SN_E_FORMAT,
	    NOT_COLLATERAL, NULL, NULL },
	{ "intel/assembled/dcap-qcnl/INDEX.txt", MID_2025, SET_INTEL, COL_KIND_UNKNOWN,
	    "item.under.test", SN_E_FORMAT, NOT_COLLATERAL, NULL, NULL },
	{ "intel/assembled/dcap-qcnl/ade76f72c35bb20ef591c146747f9f6bc27bbeaf001501e6e5dc12a88edde723",
	    MID_2025, SET_INTEL, COL_KIND_UNKNOWN, "item.under.test", SN_E_FORMAT,
	    NOT_COLLATERAL, NULL, NULL },
	{ "intel/assembled/dcap-qcnl/dd877db75eeff1d50d90f01d5844f4d448b28c5130ec787d58020b089a6ad7ce",
	    MID_2025, SET_INTEL, COL_KIND_UNKNOWN, "item.under.test", SN_E_FORMAT,
	    NOT_COLLATERAL, NULL, NULL },
	{ "intel/assembled/platform_collaterals.pccs.json", MID_2025, SET_INTEL,
	    COL_KIND_UNKNOWN, "item.under.test", SN_E_FORMAT,
	    "neither tcbInfo, enclaveIdentity nor tcbEvaluationDataNumbers is in it", NULL,
	    NULL },
	{ "intel/go-tdx-guest/cos-113-tdx-quote.dat", MID_2025, SET_INTEL, COL_KIND_UNKNOWN,
	    "Intel quote, version 4", SN_E_FORMAT, QUOTE, NULL, NULL },
	{ "intel/go-tdx-guest/quote_v5_sample.dat", MID_2025, SET_INTEL, COL_KIND_UNKNOWN,
	    "Intel quote, version 5", SN_E_FORMAT, QUOTE, NULL, NULL },
	{ "intel/go-tdx-guest/tdx_prod_quote_SPR_E4.dat", MID_2025, SET_INTEL, COL_KIND_UNKNOWN,
	    "Intel quote, version 4", SN_E_FORMAT, QUOTE, NULL, NULL },
	{ "intel/openenclave/tdx_endorsement.bin", MID_2025, SET_INTEL, COL_KIND_UNKNOWN,
	    "item.under.test", SN_E_FORMAT, NOT_COLLATERAL, NULL, NULL },
	{ "intel/openenclave/tdx_endorsement/qe_identity_issuer_chain.pem", MAR_2025, SET_INTEL,
	    ICHAIN, "Intel TCB Signing, root CA", SN_OK, NULL, NULL, NULL },
	{ "intel/openenclave/tdx_quote.bin", MID_2025, SET_INTEL, COL_KIND_UNKNOWN,
	    "Intel quote, version 4", SN_E_FORMAT, QUOTE, NULL, NULL },
	{ "intel/openenclave/tdx_quote_v5.bin", MID_2025, SET_INTEL, COL_KIND_UNKNOWN,
	    "Intel quote, version 5", SN_E_FORMAT, QUOTE, NULL, NULL },
	{ "intel/pck-selection/pck1_sample.pem", MID_2025, SET_INTEL, COL_KIND_INTEL_PCK,
	    "PCK 00707F000000 136e0000 5", SN_E_CHAIN, "no accepted PCK CA", NULL, NULL },
	{ "intel/pck-selection/pck2_sample.pem", MID_2025, SET_INTEL, COL_KIND_INTEL_PCK,
	    "PCK 00707F000000 136e0000 4", SN_E_CHAIN, "no accepted PCK CA", NULL, NULL },
	{ "intel/pck-selection/pck3_sample.pem", MID_2025, SET_INTEL, COL_KIND_INTEL_PCK,
	    "PCK 00707F000000 136e0000 4", SN_E_CHAIN, "no accepted PCK CA", NULL, NULL },
	{ "intel/pck-selection/pck4_sample.pem", MID_2025, SET_INTEL, COL_KIND_INTEL_PCK,
	    "PCK 00707F000000 136e0000 7", SN_E_CHAIN, "no accepted PCK CA", NULL, NULL },
	{ "intel/pck-selection/pck5_sample.pem", MID_2025, SET_INTEL, COL_KIND_INTEL_PCK,
	    "PCK 00707F000000 136e0000 8", SN_E_CHAIN, "no accepted PCK CA", NULL, NULL },
	{ "intel/pck-selection/pck6_sample.pem", MID_2025, SET_INTEL, COL_KIND_INTEL_PCK,
	    "PCK 00707F000000 136e0000 5", SN_E_CHAIN, "no accepted PCK CA", NULL, NULL },
	{ "intel/pck-selection/tcb_info.json", MID_2025, SET_INTEL, TCB, "item.under.test",
	    SN_E_FORMAT, "version 1 is not supported", NULL, NULL },
	{ "intel/phala/sgx_quote_collateral.json", MID_2025, SET_INTEL, COL_KIND_UNKNOWN,
	    "item.under.test", SN_E_FORMAT, "not an object with two members", NULL, NULL },
	{ "intel/phala/tdx_quote.bin", MID_2025, SET_INTEL, COL_KIND_UNKNOWN,
	    "Intel quote, version 4", SN_E_FORMAT, QUOTE, NULL, NULL },
	{ "intel/phala/tdx_quote/qe_identity_issuer_chain.pem", MID_2025, SET_INTEL, ICHAIN,
	    "Intel TCB Signing, root CA", SN_OK, NULL, NULL, NULL },
	{ "intel/phala/tdx_quote/rootcacrl.der", MID_2025, SET_INTEL, ROOTCRL,
	    "Intel root CA CRL", SN_OK, NULL, NULL, NULL },
	{ "intel/phala/tdx_quote/tcb_issuer_chain.pem", MID_2025, SET_INTEL, ICHAIN,
	    "Intel TCB Signing, root CA", SN_OK, NULL, NULL, NULL },
	{ "intel/phala/tdx_quote_collateral.json", MID_2025, SET_INTEL, COL_KIND_UNKNOWN,
	    "item.under.test", SN_E_FORMAT, "not an object with two members", NULL, NULL },
	{ "intel/phala/tdx_quote_outdated.bin", MID_2025, SET_INTEL, COL_KIND_UNKNOWN,
	    "Intel quote, version 5", SN_E_FORMAT, QUOTE, NULL, NULL },
	{ "intel/phala/tdx_quote_outdated/pckcrl_issuer_chain.pem", MID_2025, SET_INTEL, ICHAIN,
	    "Intel PCK Platform CA, root CA", SN_OK, NULL, NULL, NULL },
	{ "intel/phala/tdx_quote_outdated/qe_identity_issuer_chain.pem", MID_2025, SET_INTEL,
	    ICHAIN, "Intel TCB Signing, root CA", SN_OK, NULL, NULL, NULL },
	{ "intel/phala/tdx_quote_outdated/rootcacrl.der", MID_2025, SET_INTEL, ROOTCRL,
	    "Intel root CA CRL", SN_OK, NULL, NULL, NULL },
	{ "intel/phala/tdx_quote_outdated/tcb_issuer_chain.pem", MID_2025, SET_INTEL, ICHAIN,
	    "Intel TCB Signing, root CA", SN_OK, NULL, NULL, NULL },
	{ "intel/phala/tdx_quote_outdated_collateral.json", MID_2025, SET_INTEL,
	    COL_KIND_UNKNOWN, "item.under.test", SN_E_FORMAT, "not an object with two members",
	    NULL, NULL },
	{ "intel/qcnl/sgx_default_qcnl.conf", MID_2025, SET_INTEL, COL_KIND_UNKNOWN,
	    "item.under.test", SN_E_FORMAT, "not JSON", NULL, NULL },
	{ "intel/qcnl/sgx_default_qcnl_intelpcs.conf", MID_2025, SET_INTEL, COL_KIND_UNKNOWN,
	    "item.under.test", SN_E_FORMAT, "not JSON", NULL, NULL },
	{ "intel/qcnl/sgx_default_qcnl_without_pccs.conf", MID_2025, SET_INTEL,
	    COL_KIND_UNKNOWN, "item.under.test", SN_E_FORMAT, "not JSON", NULL, NULL },
	{ "intel/qvl-sgx-testroot/pckCert.pem", QVL_2024, SET_QVL_SGX, COL_KIND_INTEL_PCK,
	    "PCK 00707F000000 8461863b 3", SN_OK, NULL,
	    "intel/qvl-sgx-testroot/intermediateCaCrl.der", QVL_SGX_ROOT },
	{ "intel/qvl-sgx-testroot/pckSignChain.pem", QVL_2024, SET_QVL_SGX, ICHAIN,
	    "Intel PCK Processor CA, root CA", SN_OK, NULL, NULL, QVL_SGX_ROOT },
	{ "intel/qvl-sgx-testroot/quote.dat", QVL_2024, SET_QVL_SGX, COL_KIND_UNKNOWN,
	    "Intel quote, version 3", SN_E_FORMAT, QUOTE, NULL, QVL_SGX_ROOT },
	{ "intel/qvl-tdx-testroot/pckCert.pem", QVL_2024, SET_QVL_TDX, COL_KIND_INTEL_PCK,
	    "PCK ED742AF8ADF5 211d7542 10593", SN_OK, NULL,
	    "intel/qvl-tdx-testroot/intermediateCaCrl.der", QVL_TDX_ROOT },
	{ "intel/qvl-tdx-testroot/pckSignChain.pem", QVL_2024, SET_QVL_TDX, ICHAIN,
	    "Intel root CA, PCK Processor CA", SN_OK, NULL, NULL, QVL_TDX_ROOT },
	{ "intel/qvl-tdx-testroot/quote.dat", QVL_2024, SET_QVL_TDX, COL_KIND_UNKNOWN,
	    "Intel quote, version 4", SN_E_FORMAT, QUOTE, NULL, QVL_TDX_ROOT },
	{ "intel/qvl-tdx-testroot/rootCaCrl.der", QVL_2024, SET_QVL_TDX, ROOTCRL,
	    "Intel root CA CRL", SN_OK, NULL, NULL, QVL_TDX_ROOT },
	{ "intel/qvl-tdx-testroot/trustedRootCaCert.pem", QVL_2024, SET_QVL_TDX, ICHAIN,
	    "Intel root CA", SN_OK, NULL, NULL, QVL_TDX_ROOT },
	{ "intel/trustee/az-td-quote.bin", MID_2025, SET_INTEL, COL_KIND_UNKNOWN,
	    "Intel quote, version 4", SN_E_FORMAT, QUOTE, NULL, NULL },
	{ "intel/trustee/occlum_quote.dat", MID_2025, SET_INTEL, COL_KIND_UNKNOWN,
	    "Intel quote, version 3", SN_E_FORMAT, QUOTE, NULL, NULL },
	{ "intel/trustee/tdx_quote_4.dat", MID_2025, SET_INTEL, COL_KIND_UNKNOWN,
	    "Intel quote, version 4", SN_E_FORMAT, QUOTE, NULL, NULL },
	{ "intel/trustee/tdx_quote_5.dat", MID_2025, SET_INTEL, COL_KIND_UNKNOWN,
	    "Intel quote, version 5", SN_E_FORMAT, QUOTE, NULL, NULL },
	{ "intel/trustee/tdx_quote_6.dat", MID_2025, SET_INTEL, COL_KIND_UNKNOWN,
	    "Intel quote, version 4", SN_E_FORMAT, QUOTE, NULL, NULL },
};

static void
add_file(struct col_store *s, const char *path)
{
	struct test_bytes b = test_read_data(path);
	struct sn_why why = { 0 };

	must(col_store_add(s, path, (struct bytes){ b.data, b.len }, &why), &why);
	test_bytes_done(&b);
}

/* ---- PCK certificates, out of the quotes that carry them */

static const struct pck {
	const char *quote, *crl, *at;
	const char *label; /* as far as it is the platform's */
	bool platform;
} pcks[] = {
	{ "intel/phala/tdx_quote.bin", "intel/phala/tdx_quote/pckcrl.der", MID_2025,
	    "PCK B0C06F000000 ", true },
	{ "intel/phala/sgx_quote.bin", "intel/phala/sgx_quote/pckcrl.der", MID_2025,
	    "PCK 00A067110000 ", false },
};

static struct bytes
pem_in(struct bytes b)
{
	size_t start = bytes_find(b, BYTES_STR("-----BEGIN CERTIFICATE-----"));
	struct bytes rest;
	size_t end;

	assert_true(start != SIZE_MAX);
	rest = (struct bytes){ b.p + start, b.n - start };
	end = bytes_find(rest, BYTES_STR("-----END CERTIFICATE-----"));
	assert_true(end != SIZE_MAX);
	return (struct bytes){ rest.p, end + sizeof("-----END CERTIFICATE-----") - 1 };
}

static void
pck_of_quote(void **state)
{
	const struct pck *g = *state;
	struct col_store *s;
	struct test_bytes b;
	struct sn_why why = { 0 };
	const struct intel_pck_facts *f;
	const struct col_row *row;
	struct bytes pem;

	test_need_data(g->quote);
	s = set_store(SET_INTEL, g->at, NULL);
	b = test_read_data(g->quote);
	pem = pem_in((struct bytes){ b.data, b.len });
	must(col_store_add(s, "pck.pem", pem, &why), &why);
	add_file(s, g->crl);
	row = set_judge(s, pem);
	assert_err(row->ok ? SN_OK : row->why.err, SN_OK, &row->why);
	assert_int_equal(strncmp(row->label, g->label, strlen(g->label)), 0);
	f = col_verified_intel_pcks(row->verified);
	assert_int_equal(f->n, 1);
	assert_int_equal(f->pcks[0].platform, g->platform);
	test_bytes_done(&b);
	col_store_free(&s);
}

/* Without its CA's CRL it is refused: a revoked one could not be told. */
static void
pck_without_crl(void **state)
{
	const struct pck *g = *state;
	struct col_store *s;
	struct test_bytes b;
	struct sn_why why = { 0 };
	const struct col_row *row;
	struct bytes pem;

	test_need_data(g->quote);
	s = set_store(SET_INTEL, g->at, NULL);
	b = test_read_data(g->quote);
	pem = pem_in((struct bytes){ b.data, b.len });
	must(col_store_add(s, "pck.pem", pem, &why), &why);
	row = set_judge(s, pem);
	assert_err(row->ok ? SN_OK : row->why.err, SN_E_MISSING, &row->why);
	test_bytes_done(&b);
	col_store_free(&s);
}

/* ---- one row */

static void
one_file(void **state)
{
	const struct row *g = *state;
	struct col_store *s;
	struct test_bytes b;
	struct sn_why why = { 0 };
	const struct col_row *row;
	struct bytes original;

	test_need_data(g->path);
	s = set_store(g->set, g->at, g->root);
	b = test_read_data(g->path);
	original = (struct bytes){ b.data, b.len };
	must(col_store_add(s, "item.under.test", original, &why), &why);
	if (g->with != NULL)
		add_file(s, g->with);
	row = set_judge(s, original);
	assert_err(row->ok ? SN_OK : row->why.err, g->err, &row->why);
	assert_int_equal(row->kind, g->kind);
	assert_string_equal(row->label, g->label);
	if (g->says != NULL && strstr(row->why.text, g->says) == NULL)
		fail_msg("\"%s\" does not say \"%s\"", row->why.text, g->says);
	test_bytes_done(&b);
	col_store_free(&s);
}

/* ---- no file is forgotten */

static bool
known(const char *path)
{
	for (size_t i = 0; i < SN_NITEMS(rows); i++)
		if (strcmp(rows[i].path, path) == 0)
			return true;
	for (size_t i = 0; i < SN_NITEMS(genuine_rows); i++)
		if (strcmp(genuine_rows[i].path, path) == 0)
			return true;
	return false;
}

static enum sn_err
has_row(void *arg, const struct sn_walk_entry *entry, struct sn_why *why SN_UNUSED)
{
	char path[COL_PATH_MAX + 8];
	size_t *n = arg;

	snprintf(path, sizeof(path), "intel/%s", entry->path);
	if (!known(path))
		fail_msg("%s has no row", path);
	(*n)++;
	return SN_OK;
}

static void
every_file(void **state SN_UNUSED)
{
	struct sn_why why = { 0 };
	size_t n = 0;

	test_need_data("intel/root/IntelSGXRootCA.cert.der");
	must(sn_file_walk(AT_FDCWD, test_data_path("intel"), has_row, &n, &why), &why);
	assert_true(n >= 90);
}

int
main(void)
{
	struct test_list *l = test_list_new();
	struct sn_why why = { 0 };

	if (cry_start(&why) != SN_OK)
		return 1;
	for (size_t i = 0; i < SN_NITEMS(rows); i++)
		test_list_add(l, one_file, &rows[i], "%s at %.7s %s%s", rows[i].path,
		    rows[i].at, rows[i].err == SN_OK ? "accepted" : sn_err_name(rows[i].err),
		    rows[i].root != NULL ? ", extra root" : "");
	for (size_t i = 0; i < SN_NITEMS(pcks); i++) {
		test_list_add(l, pck_of_quote, &pcks[i], "the PCK certificate in %s",
		    pcks[i].quote);
		test_list_add(l, pck_without_crl, &pcks[i],
		    "the PCK certificate in %s without its CRL", pcks[i].quote);
	}
	test_list_add(l, every_file, NULL, "every file of the Intel data has a row");
	return test_list_run(l, "intel");
}
