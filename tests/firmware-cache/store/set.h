/*
 * set - stores filled from published collateral, for the tests of the store.
 *
 * Owns: nothing. May include: tests/lib, the store's headers. A set is a list of files that
 * vouch for others: chains and CRLs of several years, of which the current ones are accepted.
 */
#ifndef TEST_SET_H
#define TEST_SET_H

#include <stdio.h>
#include <string.h>

#include "appliance/base/text.h"
#include "firmware-cache/intel/intel.h"
#include "firmware-cache/store/store.h"
#include "tests/lib/test.h"

#define SET_MAX 16

enum set_name {
	SET_NONE,
	SET_AMD,
	SET_AMD_NO_CRL,
	SET_INTEL,
	SET_QVL_SGX,
	SET_QVL_TDX,
	SET_COUNT
};

static const char *const set_files[SET_COUNT][SET_MAX] = {
	[SET_NONE] = { NULL },
	[SET_AMD] = { "amd/ca/milan/ark.der", "amd/ca/milan/ask.der", "amd/ca/milan/asvk.der",
	    "amd/ca/genoa/ark.der", "amd/ca/genoa/ask.der", "amd/ca/genoa/asvk.der",
	    "amd/ca/turin/ark.der", "amd/ca/turin/ask.der", "amd/ca/turin/asvk.der",
	    "amd/kds/vcek_v1_Milan_crl.der", "amd/kds/vcek_v1_Genoa_crl.der", NULL },
	[SET_AMD_NO_CRL] = { "amd/ca/milan/ark.der", "amd/ca/milan/ask.der",
	    "amd/ca/milan/asvk.der", "amd/ca/genoa/ark.der", "amd/ca/genoa/ask.der",
	    "amd/ca/turin/ark.der", "amd/ca/turin/ask.der", NULL },
	[SET_INTEL] = { "intel/phala/tdx_quote/tcb_issuer_chain.pem",
	    "intel/openenclave/tdx_endorsement/tcb_info_issuer_chain.pem",
	    "intel/phala/tdx_quote/pckcrl_issuer_chain.pem",
	    "intel/phala/sgx_quote/pckcrl_issuer_chain.pem",
	    "intel/root/IntelSGXRootCA.cert.der", "intel/phala/tdx_quote/rootcacrl.der",
	    "intel/go-tdx-guest/rootcacrl_2023.der", NULL },
	[SET_QVL_SGX] = { "intel/qvl-sgx-testroot/tcbSignChain.pem",
	    "intel/qvl-sgx-testroot/pckSignChain.pem", "intel/qvl-sgx-testroot/rootCaCrl.der",
	    NULL },
	[SET_QVL_TDX] = { "intel/qvl-tdx-testroot/tcbSignChain.pem",
	    "intel/qvl-tdx-testroot/pckSignChain.pem", "intel/qvl-tdx-testroot/rootCaCrl.der",
	    NULL },
};

static inline void
must(enum sn_err e, const struct sn_why *why)
{
	if (e != SN_OK)
		fail_msg("%s: %s", sn_err_name(e), why->text);
}

static inline int64_t
set_time(const char *at)
{
	struct sn_why why = { 0 };
	int64_t t = 0;

	must(text_to_time(at, &t, "at", &why), &why);
	return t;
}

/* A store with the set in it, judging at a time; roots may name an extra Intel root. */
static inline struct col_store *
set_store(enum set_name set, const char *at, const char *intel_root)
{
	struct col_policy policy = { .at = set_time(at) };
	struct col_store *s = NULL;
	struct sn_why why = { 0 };

	if (intel_root != NULL) {
		policy.rehearsal = policy.extra.has[COL_VENDOR_INTEL][0] = true;
		must(sn_hex_parse(intel_root, policy.extra.spki[COL_VENDOR_INTEL][0], 32,
			 "root", &why),
		    &why);
	}
	must(col_store_new(&policy, &s, &why), &why);
	for (size_t i = 0; set_files[set][i] != NULL; i++) {
		struct test_bytes b = test_read_data(set_files[set][i]);

		must(col_store_add(s, set_files[set][i], (struct bytes){ b.data, b.len }, &why),
		    &why);
		test_bytes_done(&b);
	}
	return s;
}

/* Judge, and find the row of these bytes. */
static inline const struct col_row *
set_judge(struct col_store *s, struct bytes bytes)
{
	const struct col_row *rows = NULL;
	struct sn_why why = { 0 };
	uint8_t sha256[32];
	char hex[65];
	size_t n = 0;

	must(cry_digest(CRY_SHA256, bytes, sha256, &why), &why);
	sn_hex(BYTES_OF(sha256), hex);
	must(col_store_check(s, &why), &why);
	must(col_store_rows(s, &rows, &n, &why), &why);
	for (size_t i = 0; i < n; i++)
		if (strcmp(rows[i].sha256, hex) == 0)
			return &rows[i];
	fail_msg("there is no row for these bytes");
	return NULL;
}

static inline void
assert_err(enum sn_err got, enum sn_err want, const struct sn_why *why)
{
	if (got != want)
		fail_msg("%s, expected %s: %s", sn_err_name(got), sn_err_name(want), why->text);
}

#endif
