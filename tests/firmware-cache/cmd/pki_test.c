/*
 * timeout: 300
 *
 * A generated PKI: accepted only where its roots are named; and what only a vendor could
 * do to us, done with its keys: revocation, certificates in the wrong role, odd dates.
 */
#include "tests/firmware-cache/cmd/world.h"

/* ---- whose roots are named */

static void
accepted_where_named(void **state SN_UNUSED)
{
	struct world w = { 0 };
	const struct col_row *rows = NULL;
	struct sn_why why = { 0 };
	size_t n = 0;

	judge(&w, NOW);
	must(col_store_rows(w.s, &rows, &n, &why), &why);
	assert_int_equal(n, ALL_FILES);
	for (size_t i = 0; i < n; i++) {
		expect(&w, rows[i].path, SN_OK);
		assert_int_equal(rows[i].notes, COL_NOTE_REHEARSAL);
		assert_int_equal(rows[i].good_until, pki.to);
	}
	world_done(&w);
}

static void
refused_where_not_named(void **state SN_UNUSED)
{
	struct col_roots none = { 0 };
	struct world w = { 0 };
	const struct col_row *rows = NULL;
	struct sn_why why = { 0 };
	size_t n = 0;

	judge_under(&w, NOW, &none);
	must(col_store_rows(w.s, &rows, &n, &why), &why);
	assert_int_equal(n, ALL_FILES);
	for (size_t i = 0; i < n; i++)
		expect(&w, rows[i].path, SN_E_CHAIN);
	world_done(&w);
}

static void
a_root_is_named_for_one_vendor_only(void **state SN_UNUSED)
{
	struct col_roots roots = { 0 }, only = { 0 };
	struct world w = { 0 };
	struct sn_why why = { 0 };

	must(pki_roots(&pki, &roots, &why), &why);
	only.has[COL_VENDOR_AMD][AMD_MILAN] = true;
	memcpy(only.spki[COL_VENDOR_AMD][AMD_MILAN], roots.spki[COL_VENDOR_AMD][AMD_MILAN], 32);
	judge_under(&w, NOW, &only);
	expect(&w, "amd/milan_cert_chain.pem", SN_OK);
	expect(&w, "amd/milan_vcek.der", SN_OK);
	expect(&w, "intel/tcb_signing_chain.pem", SN_E_CHAIN);
	expect(&w, "intel/tcb_tdx.json", SN_E_CHAIN);
	world_done(&w);
}

static void
a_root_is_named_for_one_product_only(void **state SN_UNUSED)
{
	struct col_roots roots = { 0 };
	struct world w = { 0 };
	struct sn_why why = { 0 };

	must(pki_roots(&pki, &roots, &why), &why);
	roots.has[COL_VENDOR_AMD][AMD_MILAN] = false;
	roots.has[COL_VENDOR_AMD][AMD_GENOA] = true;
	memcpy(roots.spki[COL_VENDOR_AMD][AMD_GENOA], roots.spki[COL_VENDOR_AMD][AMD_MILAN],
	    32);
	judge_under(&w, NOW, &roots);
	expect(&w, "amd/milan_cert_chain.pem", SN_E_CHAIN);
	world_done(&w);
}

/* ---- dates */

static void
at_every_time(void **state SN_UNUSED)
{
	static const struct {
		const char *at;
		enum sn_err chain;
	} times[] = {
		{ "2024-12-31T23:59:59Z", SN_E_EXPIRED },
		{ PKI_FROM, SN_OK },
		{ PKI_TO, SN_OK },
		{ "2035-01-01T00:00:01Z", SN_E_EXPIRED },
	};

	for (size_t i = 0; i < SN_NITEMS(times); i++) {
		struct world w = { 0 };

		judge(&w, times[i].at);
		expect(&w, "amd/milan_cert_chain.pem", times[i].chain);
		assert_int_equal(col_store_accepted(w.s),
		    times[i].chain == SN_OK ? ALL_FILES : 0);
		world_done(&w);
	}
}

/* ---- revocation */

static void
revoked_ask(void **state SN_UNUSED)
{
	struct world w = { .drop = "amd/milan_crl.der" };
	struct sn_buf *ark = more(&w, "amd/ark.der");
	struct sn_why why = { 0 };

	sn_buf_put(ark, cry_cert_der(pki.certs[PKI_ARK]));
	must(pki_crl(&pki, PKI_ARK, PKI_ASK, more(&w, "amd/revoking.der"), &why), &why);
	judge(&w, NOW);
	expect(&w, "amd/revoking.der", SN_OK);
	expect(&w, "amd/ark.der", SN_OK);
	expect(&w, "amd/milan_cert_chain.pem", SN_E_REVOKED);
	expect(&w, "amd/milan_vcek.der", SN_E_CHAIN);
	expect(&w, "intel/tcb_tdx.json", SN_OK);
	world_done(&w);
}

static void
revoked_beside_a_clean_crl(void **state SN_UNUSED)
{
	struct world w = { 0 };
	struct sn_why why = { 0 };

	must(pki_crl(&pki, PKI_ARK, PKI_ASK, more(&w, "amd/revoking.der"), &why), &why);
	judge(&w, NOW);
	expect(&w, "amd/milan_cert_chain.pem", SN_E_REVOKED);
	world_done(&w);
}

/* An old list is no good news any more, but its bad news stays. */
static void
revoked_by_an_expired_crl(void **state SN_UNUSED)
{
	struct world w = { .drop = "amd/milan_crl.der" };
	struct bytes serial = cry_cert_serial(pki.certs[PKI_ASK]);
	struct sn_why why = { 0 };

	sn_buf_put(more(&w, "amd/ark.der"), cry_cert_der(pki.certs[PKI_ARK]));
	must(cry_crl_issue(pki.keys[PKI_ARK], pki.certs[PKI_ARK], pki.from, pki.from + 86400, 1,
		 &serial, 1, more(&w, "amd/old.der"), &why),
	    &why);
	judge(&w, NOW);
	expect(&w, "amd/old.der", SN_E_EXPIRED);
	expect(&w, "amd/milan_cert_chain.pem", SN_E_REVOKED);
	world_done(&w);
}

static void
an_expired_crl_is_none(void **state SN_UNUSED)
{
	struct world w = { .drop = "amd/milan_crl.der" };
	struct sn_why why = { 0 };

	must(cry_crl_issue(pki.keys[PKI_ARK], pki.certs[PKI_ARK], pki.from, pki.from + 86400, 1,
		 NULL, 0, more(&w, "amd/old.der"), &why),
	    &why);
	judge(&w, NOW);
	expect(&w, "amd/milan_cert_chain.pem", SN_OK);
	assert_true((row_of(&w, "amd/milan_cert_chain.pem")->notes & COL_NOTE_NO_CRL) != 0);
	assert_true((row_of(&w, "amd/milan_vcek.der")->notes & COL_NOTE_NO_CRL) != 0);
	world_done(&w);
}

static void
revoked_tcb_signing(void **state SN_UNUSED)
{
	struct world w = { .drop = "intel/root_ca_crl.der" };
	struct sn_why why = { 0 };

	must(pki_crl(&pki, PKI_ROOT, PKI_TCB_SIGNING, more(&w, "intel/revoking.der"), &why),
	    &why);
	judge(&w, NOW);
	expect(&w, "intel/revoking.der", SN_OK);
	expect(&w, "intel/tcb_signing_chain.pem", SN_E_REVOKED);
	expect(&w, "intel/tcb_sgx.json", SN_E_CHAIN);
	expect(&w, "intel/qe_identity.json", SN_E_CHAIN);
	expect(&w, "intel/pck_platform_chain.pem", SN_OK);
	expect(&w, "intel/pck_platform_crl.der", SN_OK);
	world_done(&w);
}

static void
no_root_crl(void **state SN_UNUSED)
{
	struct world w = { .drop = "intel/root_ca_crl.der" };

	judge(&w, NOW);
	expect(&w, "intel/tcb_signing_chain.pem", SN_E_MISSING);
	expect(&w, "intel/pck_platform_chain.pem", SN_E_MISSING);
	expect(&w, "intel/tcb_sgx.json", SN_E_CHAIN);
	expect(&w, "intel/pck_platform_crl.der", SN_E_CHAIN);
	expect(&w, "amd/milan_vcek.der", SN_OK);
	world_done(&w);
}

static void
crl_of_a_party_without_the_right(void **state SN_UNUSED)
{
	struct world w = { .drop = "amd/milan_crl.der" };
	struct sn_why why = { 0 };

	must(pki_crl(&pki, PKI_ASK, PKI_PARTIES, more(&w, "amd/ask_crl.der"), &why), &why);
	judge(&w, NOW);
	expect(&w, "amd/ask_crl.der", SN_E_FORMAT);
	assert_true((row_of(&w, "amd/milan_cert_chain.pem")->notes & COL_NOTE_NO_CRL) != 0);
	world_done(&w);
}

/* ---- certificates in the wrong place */

static void
wrong_certificates(void **state SN_UNUSED)
{
	struct world w = { 0 };

	forge(more(&w, "ask-not-ca.der"), "SEV-Milan", PKI_ASK, PKI_ARK, false, -1, false);
	forge(more(&w, "genoa-ask-under-milan.der"), "SEV-Genoa", PKI_ASK, PKI_ARK, true, 0,
	    false);
	forge(more(&w, "ask-signs-crls.der"), "SEV-Milan", PKI_ASK, PKI_ARK, true, 0, true);
	forge(more(&w, "ask-under-ask.der"), "SEV-Milan", PKI_ARK, PKI_ASK, true, 0, false);
	judge(&w, NOW);
	expect(&w, "ask-not-ca.der", SN_E_ROLE);
	expect(&w, "genoa-ask-under-milan.der", SN_E_CHAIN);
	expect(&w, "ask-signs-crls.der", SN_E_ROLE);
	expect(&w, "ask-under-ask.der", SN_E_CHAIN);
	world_done(&w);
}

static void
wrong_intel_certificates(void **state SN_UNUSED)
{
	struct world w = { 0 };

	forge(more(&w, "signing-as-ca.der"), "Intel SGX TCB Signing", PKI_TCB_SIGNING, PKI_ROOT,
	    true, 0, true);
	forge(more(&w, "ca-not-ca.der"), "Intel SGX PCK Platform CA", PKI_PLATFORM_CA, PKI_ROOT,
	    false, -1, false);
	forge(more(&w, "ca-path-length-1.der"), "Intel SGX PCK Platform CA", PKI_PLATFORM_CA,
	    PKI_ROOT, true, 1, true);
	forge(more(&w, "signing-under-platform-ca.der"), "Intel SGX TCB Signing",
	    PKI_TCB_SIGNING, PKI_PLATFORM_CA, true, 0, true);
	judge(&w, NOW);
	expect(&w, "signing-as-ca.der", SN_E_ROLE);
	expect(&w, "ca-not-ca.der", SN_E_ROLE);
	expect(&w, "ca-path-length-1.der", SN_E_ROLE);
	expect(&w, "signing-under-platform-ca.der", SN_E_CHAIN);
	world_done(&w);
}

/* The root is a P-256 key named as ARK: right digest, wrong kind of key. */
static void
ark_with_another_algorithm(void **state SN_UNUSED)
{
	struct cry_profile p = { .common_name = "ARK-Milan",
		.organization = "REHEARSAL",
		.not_before = pki.from,
		.not_after = pki.to,
		.ca = true,
		.pathlen = -1,
		.key_cert_sign = true,
		.crl_sign = true };
	struct world w = { .drop = "amd/milan_cert_chain.pem" };
	struct col_roots roots = { 0 };
	struct sn_why why = { 0 };

	p.serial[19] = 1;
	must(pki_roots(&pki, &roots, &why), &why);
	memcpy(roots.spki[COL_VENDOR_AMD][AMD_MILAN], roots.spki[COL_VENDOR_INTEL][0], 32);
	must(cry_cert_issue_raw(&p, NULL, 0, false, pki.keys[PKI_ROOT], pki.keys[PKI_ROOT],
		 NULL, more(&w, "ark.der"), &why),
	    &why);
	judge_under(&w, NOW, &roots);
	expect(&w, "ark.der", SN_E_SIGNATURE);
	world_done(&w);
}

static void
files_with_too_much_in_them(void **state SN_UNUSED)
{
	struct world w = { 0 };
	struct sn_buf *two = more(&w, "two-vendors.pem"), *leaf = more(&w, "leaf-in-chain.pem");
	struct sn_buf *twice = more(&w, "twice.pem"), *key = more(&w, "with-key.pem");
	struct sn_why why = { 0 };

	must(cry_cert_pem(cry_cert_der(pki.certs[PKI_ARK]), two, &why), &why);
	must(cry_cert_pem(cry_cert_der(pki.certs[PKI_ROOT]), two, &why), &why);
	must(cry_cert_pem(cry_cert_der(pki.certs[PKI_VCEK]), leaf, &why), &why);
	must(cry_cert_pem(cry_cert_der(pki.certs[PKI_ASK]), leaf, &why), &why);
	must(cry_cert_pem(cry_cert_der(pki.certs[PKI_ARK]), twice, &why), &why);
	must(cry_cert_pem(cry_cert_der(pki.certs[PKI_ARK]), twice, &why), &why);
	must(cry_cert_pem(cry_cert_der(pki.certs[PKI_ARK]), key, &why), &why);
	sn_buf_str(key, "-----BEGIN EC PRIVATE KEY-----\nMC4=\n-----END EC PRIVATE KEY-----\n");
	judge(&w, NOW);
	for (size_t i = 0; i < w.n; i++)
		expect(&w, w.extra[i].path, SN_E_FORMAT);
	world_done(&w);
}

/* A chain with one bad certificate is refused whole, and its good root vouches for nobody. */
static void
refused_files_vouch_for_nobody(void **state SN_UNUSED)
{
	struct world w = { .drop = "amd/milan_cert_chain.pem" };
	struct sn_buf *bad = more(&w, "amd/bad_chain.pem"), der = { 0 };
	struct sn_why why = { 0 };

	forge(&der, "SEV-VLEK-Milan", PKI_ASK, PKI_ARK, false, -1, false);
	must(cry_cert_pem(sn_buf_bytes(&der), bad, &why), &why);
	must(cry_cert_pem(cry_cert_der(pki.certs[PKI_ASK]), bad, &why), &why);
	must(cry_cert_pem(cry_cert_der(pki.certs[PKI_ARK]), bad, &why), &why);
	sn_buf_done(&der);
	judge(&w, NOW);
	expect(&w, "amd/bad_chain.pem", SN_E_ROLE);
	expect(&w, "amd/milan_crl.der", SN_E_CHAIN);
	expect(&w, "amd/milan_vcek.der", SN_E_CHAIN);
	world_done(&w);
}

static const struct world_test tests[] = {
	{ "accepted where its roots are named", accepted_where_named },
	{ "refused where its roots are not named", refused_where_not_named },
	{ "a root is named for one vendor only", a_root_is_named_for_one_vendor_only },
	{ "a root is named for one product only", a_root_is_named_for_one_product_only },
	{ "before, from, until and after its dates", at_every_time },
	{ "a revoked ASK and what hangs on it", revoked_ask },
	{ "a clean CRL beside does not help a revoked ASK", revoked_beside_a_clean_crl },
	{ "an expired CRL still revokes", revoked_by_an_expired_crl },
	{ "an expired CRL counts as none", an_expired_crl_is_none },
	{ "a revoked TCB Signing certificate", revoked_tcb_signing },
	{ "Intel without the root's CRL", no_root_crl },
	{ "a CRL of an ASK", crl_of_a_party_without_the_right },
	{ "AMD certificates in the wrong place", wrong_certificates },
	{ "Intel certificates in the wrong place", wrong_intel_certificates },
	{ "an ARK with another algorithm", ark_with_another_algorithm },
	{ "files with too much in them", files_with_too_much_in_them },
	{ "refused files vouch for nobody", refused_files_vouch_for_nobody },
};

int
main(void)
{
	return world_run(tests, SN_NITEMS(tests), "pki");
}
