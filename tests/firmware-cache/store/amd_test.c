/* Every file of the published AMD data, one a row: taken, or refused with these words. */
#include <fcntl.h>
#include <stdlib.h>

#include "appliance/base/file.h"
#include "tests/firmware-cache/store/set.h"

#define MID_2025 "2025-07-01T00:00:00Z"
#define AUG_2026 "2026-08-01T00:00:00Z" /* the newest chips' first summer */
#define KDS_STORE "amd/assembled/kds-store/vcek/"
#define REPORT "report is evidence, not collateral"
#define TABLE "a host's certificate table (GHCB)"

static const struct row {
	const char *path, *at;
	enum col_kind kind;
	const char *label;
	enum sn_err err; /* SN_OK: accepted */
	const char *says;
} rows[] = {
	{ "amd/assembled/genoa_cert_table.bin", MID_2025, COL_KIND_UNKNOWN,
	    "amd/assembled/genoa_cert_table.bin", SN_E_FORMAT, TABLE },
	{ KDS_STORE "1e550a8ee5cf9f4d/bl00_tee00_snp00_ucode09_fmc00_vcek.der", MID_2025,
	    COL_KIND_AMD_VCEK, "AMD Turin VCEK 1e550a8e 0.0.0.9.0", SN_OK, NULL },
	{ KDS_STORE "38d174589d2dff97a6d40cb9f9d90b9507c027491219083cef3ce73ed18f7289"
		    "142d941ad61eabecd27d25f268c1095d665f6001358e98a4769c82734a6bb877/"
		    "bl04_tee00_snp23_ucode213_vcek.der",
	    AUG_2026, COL_KIND_AMD_VCEK, "AMD Milan VCEK 38d17458 4.0.23.213", SN_OK, NULL },
	{ KDS_STORE "3ac3fe21e13fb0990eb28a802e3fb6a29483a6b0753590c951bdd3b8e5378618"
		    "4ca39e359669a2b76a1936776b564ea464cdce40c05f63c9b610c5068b006b5d/"
		    "bl02_tee00_snp05_ucode68_vcek.der",
	    MID_2025, COL_KIND_AMD_VCEK, "AMD Milan VCEK 3ac3fe21 2.0.5.68", SN_OK, NULL },
	{ KDS_STORE "b5f9a4c8280e63c97d288db6648577dc2b848884aa682d7a227ba40e50deb2b0"
		    "d112b599d87aaccda78d06f4254b1e81c4d953ef3c699db39d4e06013e9fa4ce/"
		    "bl10_tee00_snp27_ucode27_vcek.der",
	    AUG_2026, COL_KIND_AMD_VCEK, "AMD Genoa VCEK b5f9a4c8 10.0.27.27", SN_OK, NULL },
	{ KDS_STORE "c70912d8d216bd3f403e97bda2d476924b962752119263a3c8dba9fc40badfc9"
		    "9038d2352aae22520a9003b4262e1cc3136d035b42e4b022b4196f95981a45c6/"
		    "bl10_tee00_snp23_ucode84_vcek.der",
	    MID_2025, COL_KIND_AMD_VCEK, "AMD Genoa VCEK c70912d8 10.0.23.84", SN_OK, NULL },
	{ KDS_STORE "d49554ec717f4e5b0fe6b143bcf0405bd7ae304727edf46603f2a76aef6a3abc"
		    "15d7af38db757039029f0efacfd08e244324884738c72b082e2f87a44d541eb6/"
		    "bl03_tee00_snp08_ucode115_vcek.der",
	    MID_2025, COL_KIND_AMD_VCEK, "AMD Milan VCEK d49554ec 3.0.8.115", SN_OK, NULL },
	{ "amd/assembled/milan_vlek_cert_table.bin", MID_2025, COL_KIND_UNKNOWN,
	    "...assembled/milan_vlek_cert_table.bin", SN_E_FORMAT, TABLE },
	{ "amd/ca/genoa/ark.der", MID_2025, COL_KIND_AMD_CHAIN, "AMD Genoa ARK", SN_OK, NULL },
	{ "amd/ca/genoa/ask.der", MID_2025, COL_KIND_AMD_CHAIN, "AMD Genoa ASK", SN_OK, NULL },
	{ "amd/ca/genoa/asvk.der", MID_2025, COL_KIND_AMD_CHAIN, "AMD Genoa ASVK", SN_OK,
	    NULL },
	{ "amd/ca/milan/ark.der", MID_2025, COL_KIND_AMD_CHAIN, "AMD Milan ARK", SN_OK, NULL },
	{ "amd/ca/milan/ask.der", MID_2025, COL_KIND_AMD_CHAIN, "AMD Milan ASK", SN_OK, NULL },
	{ "amd/ca/milan/asvk.der", MID_2025, COL_KIND_AMD_CHAIN, "AMD Milan ASVK", SN_OK,
	    NULL },
	{ "amd/ca/turin/ark.der", MID_2025, COL_KIND_AMD_CHAIN, "AMD Turin ARK", SN_OK, NULL },
	{ "amd/ca/turin/ask.der", MID_2025, COL_KIND_AMD_CHAIN, "AMD Turin ASK", SN_OK, NULL },
	{ "amd/ca/turin/asvk.der", MID_2025, COL_KIND_AMD_CHAIN, "AMD Turin ASVK", SN_OK,
	    NULL },
	{ "amd/dstack/ask.pem", MID_2025, COL_KIND_AMD_CHAIN, "AMD Milan ASK", SN_OK, NULL },
	{ "amd/dstack/report.bin", MID_2025, COL_KIND_UNKNOWN, "amd/dstack/report.bin",
	    SN_E_FORMAT, REPORT },
	{ "amd/dstack/sev-snp-attestation.json", MID_2025, COL_KIND_UNKNOWN,
	    "amd/dstack/sev-snp-attestation.json", SN_E_FORMAT,
	    "signed JSON: not an object with two members" },
	{ "amd/dstack/vcek.pem", AUG_2026, COL_KIND_AMD_VCEK,
	    "AMD Milan VCEK 38d17458 4.0.23.213", SN_OK, NULL },
	{ "amd/kds/vcek_v1_Genoa_cert_chain.pem", MID_2025, COL_KIND_AMD_CHAIN,
	    "AMD Genoa ASK, ARK", SN_OK, NULL },
	{ "amd/kds/vcek_v1_Genoa_crl.der", MID_2025, COL_KIND_AMD_CRL, "AMD Genoa CRL", SN_OK,
	    NULL },
	{ "amd/kds/vcek_v1_Milan_cert_chain.pem", MID_2025, COL_KIND_AMD_CHAIN,
	    "AMD Milan ASK, ARK", SN_OK, NULL },
	{ "amd/kds/vcek_v1_Milan_crl.der", MID_2025, COL_KIND_AMD_CRL, "AMD Milan CRL", SN_OK,
	    NULL },
	{ "amd/kds/vcek_v1_Turin_cert_chain.pem", MID_2025, COL_KIND_AMD_CHAIN,
	    "AMD Turin ASK, ARK", SN_OK, NULL },
	{ "amd/kds/vlek_v1_Genoa_cert_chain.pem", MID_2025, COL_KIND_AMD_CHAIN,
	    "AMD Genoa ASVK, ARK", SN_OK, NULL },
	{ "amd/kds/vlek_v1_Milan_cert_chain.pem", MID_2025, COL_KIND_AMD_CHAIN,
	    "AMD Milan ASVK, ARK", SN_OK, NULL },
	{ "amd/kds/vlek_v1_Turin_cert_chain.pem", MID_2025, COL_KIND_AMD_CHAIN,
	    "AMD Turin ASVK, ARK", SN_OK, NULL },
	{ "amd/milan-gosev/cert_chain.pem", MID_2025, COL_KIND_AMD_CHAIN, "AMD Milan ASK, ARK",
	    SN_OK, NULL },
	{ "amd/milan-gosev/report.bin", MID_2025, COL_KIND_UNKNOWN,
	    "amd/milan-gosev/report.bin", SN_E_FORMAT, REPORT },
	{ "amd/milan-gosev/vcek.der", MID_2025, COL_KIND_AMD_VCEK,
	    "AMD Milan VCEK 3ac3fe21 2.0.5.68", SN_OK, NULL },
	{ "amd/milan-gosev/vlek_cert_chain.pem", MID_2025, COL_KIND_AMD_CHAIN,
	    "AMD Milan ASVK, ARK", SN_OK, NULL },
	{ "amd/trustee-builtin/genoa_ask_ark_asvk.pem", MID_2025, COL_KIND_AMD_CHAIN,
	    "AMD Genoa ASK, ARK, ASVK", SN_OK, NULL },
	{ "amd/trustee-builtin/milan_ask_ark_asvk.pem", MID_2025, COL_KIND_AMD_CHAIN,
	    "AMD Milan ASK, ARK, ASVK", SN_OK, NULL },
	{ "amd/trustee-builtin/turin_ask_ark_asvk.pem", MID_2025, COL_KIND_AMD_CHAIN,
	    "AMD Turin ASK, ARK, ASVK", SN_OK, NULL },
	{ "amd/trustee-snp/test-report.bin", MID_2025, COL_KIND_UNKNOWN,
	    "amd/trustee-snp/test-report.bin", SN_E_FORMAT, REPORT },
	{ "amd/trustee-snp/test-vcek-invalid-legacy.der", MID_2025, COL_KIND_AMD_VCEK,
	    "AMD Milan VCEK 00010203 3.0.10.169", SN_E_SIGNATURE,
	    "the signature of \"SEV-Milan\" does not verify" },
	{ "amd/trustee-snp/test-vcek-invalid-new.der", MID_2025, COL_KIND_AMD_VCEK, "AMD VCEK",
	    SN_E_SIGNATURE, "the signature of \"SEV-Milan\" does not verify" },
	{ "amd/trustee-snp/test-vcek.der", MID_2025, COL_KIND_AMD_VCEK,
	    "AMD Milan VCEK c38427a3 3.0.8.115", SN_OK, NULL },
	{ "amd/trustee-snp/test-vlek-report.bin", MID_2025, COL_KIND_UNKNOWN,
	    "amd/trustee-snp/test-vlek-report.bin", SN_E_FORMAT, REPORT },
	{ "amd/trustee-snp/test-vlek.der", MID_2025, COL_KIND_AMD_VLEK,
	    "AMD Milan VLEK cc-us-east-2.amazonaws.com", SN_OK, NULL },
	{ "amd/virtee-sev/cert_chain_milan", MID_2025, COL_KIND_AMD_CHAIN, "AMD Milan ASK, ARK",
	    SN_OK, NULL },
	{ "amd/virtee-sev/cert_chain_turin", MID_2025, COL_KIND_AMD_CHAIN, "AMD Turin ASK, ARK",
	    SN_OK, NULL },
	{ "amd/virtee-sev/report_milan.bin", MID_2025, COL_KIND_UNKNOWN,
	    "amd/virtee-sev/report_milan.bin", SN_E_FORMAT, REPORT },
	{ "amd/virtee-sev/report_milan.hex", MID_2025, COL_KIND_UNKNOWN,
	    "amd/virtee-sev/report_milan.hex", SN_E_FORMAT, "hex text" },
	{ "amd/virtee-sev/vcek_milan.der", MID_2025, COL_KIND_AMD_VCEK,
	    "AMD Milan VCEK d49554ec 3.0.8.115", SN_OK, NULL },
	{ "amd/virtee-sev/vcek_turin.der", MID_2025, COL_KIND_AMD_VCEK,
	    "AMD Turin VCEK 1e550a8e 0.0.0.9.0", SN_OK, NULL },
};

/* The chains and CRLs of all products, and the file under its own name. */
static void
file(void **state)
{
	const struct row *r = *state;
	const struct col_row *row;
	struct sn_why why = { 0 };
	struct col_store *s;
	struct test_bytes b;

	test_need_data(r->path);
	s = set_store(SET_AMD, r->at, NULL);
	b = test_read_data(r->path);
	if (strstr(r->path, "amd/ca/") == NULL && strstr(r->path, "_crl.der") == NULL)
		must(col_store_add(s, r->path, (struct bytes){ b.data, b.len }, &why), &why);
	row = set_judge(s, (struct bytes){ b.data, b.len });
	assert_err(row->ok ? SN_OK : row->why.err, r->err, &row->why);
	assert_int_equal(row->kind, r->kind);
	assert_string_equal(row->label, r->label);
	if (r->says != NULL && strstr(row->why.text, r->says) == NULL)
		fail_msg("\"%s\" does not say \"%s\"", row->why.text, r->says);
	assert_true((row->verified != NULL) == (r->err == SN_OK));
	test_bytes_done(&b);
	col_store_free(&s);
}

/* ---- no file without a row, no row without a file */

static enum sn_err
has_row(void *arg, const struct sn_walk_entry *entry, struct sn_why *why SN_UNUSED)
{
	char *path = test_format("amd/%s", entry->path);
	size_t found = 0;

	for (size_t i = 0; i < SN_NITEMS(rows); i++)
		found += strcmp(rows[i].path, path) == 0;
	if (found != 1)
		fail_msg("%s has %zu rows", path, found);
	++*(size_t *)arg;
	free(path);
	return SN_OK;
}

static void
every_file_has_a_row(void **state SN_UNUSED)
{
	struct sn_why why = { 0 };
	size_t n = 0;

	test_need_data("amd");
	must(sn_file_walk(AT_FDCWD, test_data_path("amd"), has_row, &n, &why), &why);
	assert_int_equal(n, SN_NITEMS(rows));
}

/* ---- the one that AMD revoked: the first ASK of Genoa, serial 020001 */

static void
genoa_revokes_020001(void **state SN_UNUSED)
{
	static const uint8_t first[] = { 2, 0, 1 }, current[] = { 2, 0, 2 };
	struct cry_crl *crl = NULL;
	struct test_bytes b;
	struct sn_why why = { 0 };
	uint32_t number = 0;

	test_need_data("amd/kds/vcek_v1_Genoa_crl.der");
	b = test_read_data("amd/kds/vcek_v1_Genoa_crl.der");
	must(cry_crl_parse((struct bytes){ b.data, b.len }, &crl, &why), &why);
	assert_int_equal(cry_crl_count(crl), 1);
	assert_true(cry_crl_revokes(crl, BYTES_OF(first)));
	assert_false(cry_crl_revokes(crl, BYTES_OF(current)));
	must(cry_crl_number(crl, &number, &why), &why);
	assert_int_equal(number, 4);
	cry_crl_free(&crl);
	test_bytes_done(&b);
}

int
main(void)
{
	struct test_list *l = test_list_new();
	struct sn_why why = { 0 };

	if (cry_start(&why) != SN_OK)
		return 1;
	for (size_t i = 0; i < SN_NITEMS(rows); i++)
		test_list_add(l, file, &rows[i], "%s: %s", rows[i].path,
		    rows[i].err == SN_OK ? "accepted" : sn_err_name(rows[i].err));
	test_list_add(l, every_file_has_a_row, NULL, "every file has one row");
	test_list_add(l, genoa_revokes_020001, NULL, "Genoa's CRL revokes 020001");
	return test_list_run(l, "amd");
}
