/* Every published file of NVIDIA and of Arm CCA: carried, or refused in its own words. */
#include <dirent.h>
#include <stdio.h>
#include <string.h>

#include "appliance/base/text.h"
#include "firmware-cache/store/store.h"
#include "tests/lib/test.h"

#define NOW 1795651200 /* 2026-11-26 */

#define RIM COL_KIND_NVIDIA_RIM
#define CERT COL_KIND_NVIDIA_CERTIFICATE
#define ARM COL_KIND_ARM_CCA

/* What a file is: carried with that label, or refused with that reason. */
static const struct row {
	const char *path;
	enum col_kind kind;
	enum sn_err err;
	const char *says;
} rows[] = {
	{ "nvidia/Driver_RIM_test_no_gpu.swidtag", RIM, SN_OK, "NVIDIA RIM GH100 f0d3a263" },
	/* signatures and certificates in a RIM are nobody's business here */
	{ "nvidia/NV_GPU_DRIVER_GH100_535.86.09_measurement_mismatch.xml", RIM, SN_OK,
	    "NVIDIA RIM GH100 6ae87e09" },
	{ "nvidia/NV_GPU_DRIVER_GH100_570.124.03_expired.xml", RIM, SN_OK,
	    "NVIDIA RIM GH100 f0d3a263" },
	{ "nvidia/incorrect_cert_chain_driver_rim.xml", RIM, SN_OK, "NVIDIA RIM GB100" },
	{ "nvidia/incorrect_signature_driver_rim.xml", RIM, SN_OK,
	    "NVIDIA RIM GH100 8aa5c875" },
	{ "nvidia/rvps_test-rim.b64", RIM, SN_OK, "NVIDIA RIM GH100 53313ac1" },
	{ "nvidia/switchVBIOSRim_NV_SWITCH_BIOS_5612_0002_890_9610550001.xml", RIM, SN_OK,
	    "NVIDIA RIM LS10 6b6fefd8" },
	/* evidence of one machine, and in hex at that */
	{ "nvidia/hopperAttestationReport.txt", COL_KIND_UNKNOWN, SN_E_FORMAT, "hex text" },
	{ "nvidia/hopper_cert_chain_case1.txt", CERT, SN_OK, "NVIDIA, 5 certificates" },
	{ "nvidia/hopper_signing_cert.pem", CERT, SN_OK,
	    "NVIDIA certificate GH100 A01 GSP FMC LF" },
	{ "nvidia/nvidia_device_root.pem", CERT, SN_OK,
	    "NVIDIA certificate NVIDIA Device Identity CA" },
	{ "nvidia/rim_root.crt", CERT, SN_OK,
	    "NVIDIA certificate NVIDIA CoRIM signing Root CA" },
	{ "nvidia/verifier_RIM_root.pem", CERT, SN_OK,
	    "NVIDIA certificate NVIDIA CoRIM signing Root CA" },
	{ "arm-cca/cca-config-local.json", ARM, SN_OK, "CCA verifier configuration" },
	{ "arm-cca/cca-endorsements.cbor", ARM, SN_OK, "CoRIM, unsigned" },
	{ "arm-cca/cca-evidence.cbor", ARM, SN_OK, "CCA token" },
	{ "arm-cca/cca-example-token.cbor", ARM, SN_OK, "CCA token" },
	{ "arm-cca/cca-realm-endorsements.cbor", ARM, SN_OK, "CoRIM, unsigned" },
	{ "arm-cca/rvstore.json", ARM, SN_OK, "CCA reference values (rvstore)" },
	{ "arm-cca/tastore.json", ARM, SN_OK, "CCA trust anchors (tastore)" },
	{ "corim/signed-example-corim.cbor", ARM, SN_OK, "CoRIM, signed" },
	{ "corim/signed-good-corim.cbor", ARM, SN_OK, "CoRIM, signed" },
	{ "corim/tdx_comid_pce_refval.cbor", ARM, SN_OK, "CoMID" },
	{ "corim/tdx_comid_qe_refval.cbor", ARM, SN_OK, "CoMID" },
	{ "corim/tdx_comid_seam_refval.cbor", ARM, SN_OK, "CoMID" },
	{ "corim/trustee_rvps_unsigned-example-corim.cbor", ARM, SN_OK, "CoRIM, unsigned" },
	{ "corim/unsigned-good-corim.cbor", ARM, SN_OK, "CoRIM, unsigned" },
};

static void
must(enum sn_err e, const struct sn_why *why)
{
	if (e != SN_OK)
		fail_msg("%s: %s", sn_err_name(e), why->text);
}

/* The verdict on these bytes alone; the store is the caller's. */
static const struct col_row *
judge(struct bytes b, const char *path, struct col_store **ret)
{
	const struct col_policy policy = { .at = NOW };
	const struct col_row *got = NULL;
	struct sn_why why = { 0 };
	size_t n = 0;

	must(col_store_new(&policy, ret, &why), &why);
	must(col_store_add(*ret, path, b, &why), &why);
	must(col_store_check(*ret, &why), &why);
	must(col_store_rows(*ret, &got, &n, &why), &why);
	assert_int_equal(n, 1);
	return got;
}

static void
expect(const struct col_row *got, enum col_kind kind, enum sn_err err, const char *says)
{
	if (got->why.err != err)
		fail_msg("%s, expected %s: %s", sn_err_name(got->why.err), sn_err_name(err),
		    got->why.text);
	assert_int_equal(got->kind, kind);
	assert_false(got->ok);
	assert_null(got->verified);
	assert_int_equal(got->carried, err == SN_OK);
	if (strstr(err == SN_OK ? got->label : got->why.text, says) == NULL)
		fail_msg("\"%s\" is not in \"%s\", \"%s\"", says, got->label, got->why.text);
}

static void
published(void **state)
{
	const struct row *r = *state;
	struct col_store *s = NULL;
	struct test_bytes b;

	test_need_data(r->path);
	b = test_read_data(r->path);
	expect(judge((struct bytes){ b.data, b.len }, r->path, &s), r->kind, r->err, r->says);
	assert_int_equal(col_store_carried(s), r->err == SN_OK);
	assert_int_equal(col_store_refused(s), r->err != SN_OK);
	assert_int_equal(col_store_accepted(s), 0);
	assert_null(col_store_first_to_lapse(s));
	col_store_free(&s);
	test_bytes_done(&b);
}

static bool
has_row(const char *path)
{
	for (size_t i = 0; i < SN_NITEMS(rows); i++)
		if (strcmp(rows[i].path, path) == 0)
			return true;
	return false;
}

static void
every_file_has_a_row(void **state)
{
	const char *folder = *state;
	const struct dirent *e;
	DIR *d;

	test_need_data(folder);
	d = opendir(test_data_path(folder));
	assert_non_null(d);
	while ((e = readdir(d)) != NULL) {
		char *path = test_format("%s/%s", folder, e->d_name);

		if (e->d_name[0] != '.' && !has_row(path))
			fail_msg("%s has no row", path);
		free(path);
	}
	closedir(d);
}

/* ---- made ones: what is refused although it begins like one of theirs */

#define SWID "<SoftwareIdentity name=\"X\" tagId=\"0123456789abcdef\">"
#define MAKER "<Entity name=\"NVIDIA Corporation\"/>"
#define WHOLE SWID MAKER "</SoftwareIdentity>"

static const struct made {
	const char *name;
	struct bytes b;
	enum col_kind kind;
	enum sn_err err;
	const char *says;
} made[] = {
	{ "a small RIM", BYTES_STR(WHOLE "\n"), RIM, SN_OK, "NVIDIA RIM X 0123456789abcdef" },
	{ "with a declaration", BYTES_STR("<?xml version=\"1.0\"?>\n" WHOLE), RIM, SN_OK,
	    "NVIDIA RIM X" },
	{ "no names", BYTES_STR("<SoftwareIdentity >" MAKER "</SoftwareIdentity>"), RIM, SN_OK,
	    "NVIDIA RIM" },
	{ "a label with an escape",
	    BYTES_STR("<SoftwareIdentity name=\"\x1b[2J\" tagId=\"1\">" MAKER
		      "</SoftwareIdentity>"),
	    RIM, SN_OK, "NVIDIA RIM" },
	{ "an entity",
	    BYTES_STR("<?xml version=\"1.0\"?><!DOCTYPE a [<!ENTITY e SYSTEM "
		      "\"file:///etc/passwd\">]>" WHOLE),
	    RIM, SN_E_FORMAT, "document type" },
	{ "cut off", BYTES_STR(SWID MAKER), RIM, SN_E_FORMAT, "not whole" },
	{ "something behind it", BYTES_STR(WHOLE "<a/>"), RIM, SN_E_FORMAT, "not whole" },
	{ "another maker", BYTES_STR(SWID "</SoftwareIdentity>"), RIM, SN_E_FORMAT,
	    "not NVIDIA's" },
	{ "a NUL", BYTES_STR(SWID "\0" MAKER "</SoftwareIdentity>"), RIM, SN_E_FORMAT,
	    "not UTF-8" },
	{ "Latin-1", BYTES_STR(SWID "\xe9" MAKER "</SoftwareIdentity>"), RIM, SN_E_FORMAT,
	    "not UTF-8" },
	{ "base64 of half a RIM", BYTES_STR("PFNvZnR3YXJlSWRlbnRpdHkgPg=="), RIM, SN_E_FORMAT,
	    "not whole" },
	{ "base64 with a blank in it", BYTES_STR("PFNvZnR3YXJlSWRlbnRpdHkg Pg=="), RIM,
	    SN_E_FORMAT, "base64" },
	{ "an empty CoRIM", BYTES_STR("\xd9\x01\xf5\xa0"), ARM, SN_OK, "CoRIM, unsigned" },
	{ "strings of several pieces", BYTES_STR("\xd9\x01\xf5\x9f\x5f\x41x\x41y\xff\xff"), ARM,
	    SN_OK, "CoRIM" },
	{ "an open map", BYTES_STR("\xd9\x01\xf5\xbf\x01\x02\xff"), ARM, SN_OK, "CoRIM" },
	{ "bytes behind it", BYTES_STR("\xd9\x01\xf5\xa0\x00"), ARM, SN_E_FORMAT, "CBOR" },
	{ "a map that is short", BYTES_STR("\xd9\x01\xf5\xa1\x01"), ARM, SN_E_FORMAT, "CBOR" },
	{ "more items than bytes",
	    BYTES_STR("\xd9\x01\xf5\x9b\xff\xff\xff\xff\xff\xff\xff\xff"), ARM, SN_E_FORMAT,
	    "more items than bytes" },
	{ "a map of 2^63 pairs", BYTES_STR("\xd9\x01\xf5\xbb\x80\x00\x00\x00\x00\x00\x00\x00"),
	    ARM, SN_E_FORMAT, "more items than bytes" },
	{ "a string beyond the end", BYTES_STR("\xd9\x01\xf5\x5a\xff\xff\xff\xff"), ARM,
	    SN_E_FORMAT, "CBOR" },
	{ "a break out of place", BYTES_STR("\xd9\x01\xf5\x81\xff"), ARM, SN_E_FORMAT,
	    "a break out of place" },
	{ "a key without a value", BYTES_STR("\xd9\x01\xf5\xbf\x01\xff"), ARM, SN_E_FORMAT,
	    "a break out of place" },
	{ "a piece of another kind", BYTES_STR("\xd9\x01\xf5\x5f\x61x\xff"), ARM, SN_E_FORMAT,
	    "another kind" },
	{ "a reserved length", BYTES_STR("\xd9\x01\xf5\x1c"), ARM, SN_E_FORMAT, "reserved" },
	{ "a simple value twice as long", BYTES_STR("\xd9\x01\xf5\xf8\x14"), ARM, SN_E_FORMAT,
	    "simple value" },
	{ "a tag of unknown length", BYTES_STR("\xd9\x01\xf5\xdf\x01"), ARM, SN_E_FORMAT,
	    "without an end" },
	{ "as deep as arrays go",
	    BYTES_STR(
		"\xd9\x01\xf5\x81\x81\x81\x81\x81\x81\x81\x81\x81\x81\x81\x81\x81\x81\x81\x81"
		"\x81\x81\x81\x81\x81\x81\x81\x81\x81\x01"),
	    ARM, SN_E_LIMIT, "nested deeper" },
	{ "a key twice", BYTES_STR("{\"cca-verifier\":{},\"cca-verifier\":{}}"), ARM,
	    SN_E_FORMAT, "twice" },
	{ "reference values without an array",
	    BYTES_STR("{\"platform\":{\"implementation-id\":\"\"}}"), ARM, SN_E_FORMAT,
	    "neither trust anchors" },
	{ "an image header that is short", BYTES_STR("IBMSecEx\0\0\1\0\0\0\2\x80"),
	    COL_KIND_IBM_HEADER, SN_E_FORMAT, "says that it has 640" },
	{ "an image header of version 2", BYTES_STR("IBMSecEx\0\0\2\0\0\0\0\x10"),
	    COL_KIND_IBM_HEADER, SN_E_FORMAT, "version 0x200" },
	{ "an image header that ends early", BYTES_STR("IBMSecEx\0\0"), COL_KIND_IBM_HEADER,
	    SN_E_FORMAT, "image header" },
};

static void
made_up(void **state)
{
	const struct made *m = *state;
	struct col_store *s = NULL;

	expect(judge(m->b, "carried/item", &s), m->kind, m->err, m->says);
	col_store_free(&s);
}

/* Over the limit, and otherwise fine. */
static void
too_large(void **state SN_UNUSED)
{
	SN_CLEANUP(sn_buf_done) struct sn_buf rim = { 0 }, corim = { 0 };
	struct col_store *s = NULL;

	sn_buf_str(&rim, SWID MAKER);
	while (rim.n < 256U << 10)
		sn_buf_str(&rim, "                                ");
	sn_buf_str(&rim, "</SoftwareIdentity>");
	expect(judge(sn_buf_bytes(&rim), "rim", &s), RIM, SN_E_LIMIT, "at most 262144");
	col_store_free(&s);
	sn_buf_put(&corim, BYTES_STR("\xd9\x01\xf5\x5a\x00\x04\x00\x00"));
	while (corim.n < 8 + (256U << 10))
		sn_buf_str(&corim, "                                ");
	expect(judge(sn_buf_bytes(&corim), "corim", &s), ARM, SN_E_LIMIT, "at most 262144");
	col_store_free(&s);
}

int
main(void)
{
	static const char *const folders[] = { "nvidia", "arm-cca", "corim" };
	struct test_list *l = test_list_new();
	struct sn_why why = { 0 };

	if (cry_start(&why) != SN_OK)
		return 1;
	for (size_t i = 0; i < SN_NITEMS(rows); i++)
		test_list_add(l, published, &rows[i], "%s: %s", rows[i].path,
		    rows[i].err == SN_OK ? "carried" : sn_err_name(rows[i].err));
	for (size_t i = 0; i < SN_NITEMS(folders); i++)
		test_list_add(l, every_file_has_a_row, folders[i], "every file of %s has a row",
		    folders[i]);
	for (size_t i = 0; i < SN_NITEMS(made); i++)
		test_list_add(l, made_up, &made[i], "%s: %s", made[i].name,
		    made[i].err == SN_OK ? "carried" : sn_err_name(made[i].err));
	test_list_add(l, too_large, NULL, "over the limit");
	return test_list_run(l, "carried");
}
