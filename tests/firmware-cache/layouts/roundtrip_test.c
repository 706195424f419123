/* Which signed bodies come out of Trustee's structs as they went in: one row a file. */
#include <string.h>

#include "firmware-cache/layouts/roundtrip.h"
#include "tests/lib/test.h"

struct row {
	const char *path;
	enum sn_err want;
};

/* The published list: what Trustee's own structs, compiled, gave for the same files. */
static const struct row published[] = {
	{ "intel/phala/sgx_quote/tcb.json", SN_OK },
	{ "intel/phala/sgx_quote/qe_identity.json", SN_OK },
	{ "intel/phala/tdx_quote/tcb.json", SN_OK },
	{ "intel/phala/tdx_quote/qe_identity.json", SN_OK },
	{ "intel/phala/tdx_quote_outdated/tcb.json", SN_OK },
	{ "intel/phala/tdx_quote_outdated/qe_identity.json", SN_OK },
	{ "intel/trustee/tcbInfo.json", SN_OK },
	{ "intel/trustee/enclaveIdentity.json", SN_OK },
	{ "intel/openenclave/tdx_endorsement/qe_identity.json", SN_OK },
	{ "intel/go-tdx-guest/tdqe_identity_2023.json", SN_OK },
	{ "intel/openenclave/tdx_endorsement/tcb_info.json", SN_E_SIGNATURE },
	{ "intel/go-tdx-guest/tdx_tcb_50806f000000_2023.json", SN_E_SIGNATURE },
	{ "intel/go-tdx-guest/tdx_tcb_90c06f000000_2026.json", SN_E_SIGNATURE },
	{ "intel/qvl-sgx-testroot/qeIdentity.json", SN_OK },
	{ "intel/qvl-sgx-testroot/qveIdentity.json", SN_OK },
	{ "intel/qvl-sgx-testroot/tcbInfo.json", SN_E_FORMAT },
	/* test roots with security versions beyond a byte, which no machine has */
	{ "intel/qvl-tdx-testroot/tcbInfo.json", SN_E_FORMAT },
	{ "intel/qvl-tdx-testroot/qeIdentity.json", SN_E_FORMAT },
};

static void
genuine(void **state)
{
	const struct row *r = *state;
	struct intel_slice s = { 0 };
	struct sn_why why = { 0 };
	struct test_bytes b;
	enum sn_err e;

	test_need_data(r->path);
	b = test_read_data(r->path);
	assert_int_equal(intel_slice((struct bytes){ b.data, b.len }, &s, &why), SN_OK);
	e = lay_trustee_survives(&s, &why);
	if (e != r->want)
		fail_msg("%s, expected %s: %s", sn_err_name(e), sn_err_name(r->want), why.text);
	test_bytes_done(&b);
}

#define HEX8 "0000000000000000"
#define HEX16 HEX8 HEX8
#define HEX32 HEX16 HEX16
#define DATES "\"issueDate\":\"2025-06-19T10:01:18Z\",\"nextUpdate\":\"2025-07-19T10:01:18Z\","
#define HEAD(id) "{\"id\":\"" id "\",\"version\":2," DATES "\"tcbEvaluationDataNumber\":17,"
#define MASKS                                                                                  \
	"\"miscselect\":\"00000000\",\"miscselectMask\":\"FFFFFFFF\",\"attributes\":\"" HEX16  \
	"\",\"attributesMask\":\"" HEX16 "\","
#define SIGNER "\"mrsigner\":\"" HEX32 "\",\"isvprodid\":1,"
#define LEVEL(status)                                                                          \
	"\"tcbLevels\":[{\"tcb\":{\"isvsvn\":8},\"tcbDate\":\"2024-03-13T00:00:00Z\","         \
	"\"tcbStatus\":\"" status "\"}]}"

/* Hand-made bodies: each differs from the first in one thing. */
static const struct made {
	const char *name, *body;
	enum sn_err want;
} made[] = {
	{ "as it should be", HEAD("QE") MASKS SIGNER LEVEL("UpToDate"), SN_OK },
	{ "a space", HEAD("QE") " " MASKS SIGNER LEVEL("UpToDate"), SN_E_SIGNATURE },
	{ "an unknown member", HEAD("QE") "\"x\":1," MASKS SIGNER LEVEL("UpToDate"),
	    SN_E_SIGNATURE },
	{ "another order", HEAD("QE") SIGNER MASKS LEVEL("UpToDate"), SN_E_SIGNATURE },
	{ "an escape that need not be", HEAD("\\u0051E") MASKS SIGNER LEVEL("UpToDate"),
	    SN_E_SIGNATURE },
	{ "an escape that must be", HEAD("Q\\\\E\\\"\\n\\u0001") MASKS SIGNER LEVEL("UpToDate"),
	    SN_OK },
	{ "a null where nothing is needed",
	    HEAD("QE") MASKS SIGNER "\"tcbLevels\":[{\"tcb\":{\"isvsvn\":8},"
				    "\"tcbDate\":\"2024-03-13T00:00:00Z\","
				    "\"tcbStatus\":\"Revoked\",\"advisoryIDs\":null}]}",
	    SN_E_SIGNATURE },
	{ "advisories",
	    HEAD("QE") MASKS SIGNER "\"tcbLevels\":[{\"tcb\":{\"isvsvn\":8},"
				    "\"tcbDate\":\"2024-03-13T00:00:00Z\","
				    "\"tcbStatus\":\"OutOfDate\","
				    "\"advisoryIDs\":[\"INTEL-SA-00615\",\"INTEL-SA-1\"]}]}",
	    SN_OK },
	{ "a status that Trustee does not know", HEAD("QE") MASKS SIGNER LEVEL("Fine"),
	    SN_E_FORMAT },
	{ "a missing member", HEAD("QE") SIGNER LEVEL("UpToDate"), SN_E_FORMAT },
	{ "hex of another length",
	    HEAD("QE") MASKS "\"mrsigner\":\"" HEX16 "\",\"isvprodid\":1," LEVEL("UpToDate"),
	    SN_E_FORMAT },
	{ "hex that is none",
	    HEAD("QE") MASKS "\"mrsigner\":\"0g\",\"isvprodid\":1," LEVEL("UpToDate"),
	    SN_E_FORMAT },
	{ "lower-case hex",
	    HEAD("QE") MASKS "\"mrsigner\":\"" HEX16 HEX8 "00000000000000aa"
			     "\",\"isvprodid\":1," LEVEL("UpToDate"),
	    SN_E_SIGNATURE },
	{ "a number too large",
	    HEAD("QE") MASKS "\"mrsigner\":\"" HEX32
			     "\",\"isvprodid\":65536," LEVEL("UpToDate"),
	    SN_E_FORMAT },
	{ "a negative number",
	    HEAD("QE") MASKS "\"mrsigner\":\"" HEX32 "\",\"isvprodid\":-1," LEVEL("UpToDate"),
	    SN_E_FORMAT },
	{ "a number as a string",
	    HEAD("QE") MASKS "\"mrsigner\":\"" HEX32
			     "\",\"isvprodid\":\"1\"," LEVEL("UpToDate"),
	    SN_E_FORMAT },
	{ "levels that are no list", HEAD("QE") MASKS SIGNER "\"tcbLevels\":{}}", SN_E_FORMAT },
	{ "a level that is no object", HEAD("QE") MASKS SIGNER "\"tcbLevels\":[1]}",
	    SN_E_FORMAT },
	{ "a list instead of the body", "[]", SN_E_FORMAT },
};

static void
by_hand(void **state)
{
	const struct made *m = *state;
	struct intel_slice s = { .kind = INTEL_JSON_IDENTITY, .body = bytes_str(m->body) };
	struct sn_why why = { 0 };
	enum sn_err e = lay_trustee_survives(&s, &why);

	if (e != m->want)
		fail_msg("%s, expected %s: %s", sn_err_name(e), sn_err_name(m->want), why.text);
}

int
main(void)
{
	struct test_list *l = test_list_new();

	for (size_t i = 0; i < SN_NITEMS(made); i++)
		test_list_add(l, by_hand, &made[i], "%s: %s", made[i].name,
		    made[i].want == SN_OK ? "survives" : sn_err_name(made[i].want));
	for (size_t i = 0; i < SN_NITEMS(published); i++)
		test_list_add(l, genuine, &published[i], "%s %s", published[i].path,
		    published[i].want == SN_OK ? "survives" : "does not survive");
	return test_list_run(l, "roundtrip");
}
