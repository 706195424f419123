/* Every published file of IBM Secure Execution: the verdict on each, none left out. */
#include <dirent.h>
#include <stdio.h>
#include <string.h>

#include "appliance/base/text.h"
#include "firmware-cache/ibm-se/ibm.h"
#include "firmware-cache/store/store.h"
#include "tests/lib/test.h"

#define NOW "2026-11-26T00:00:00Z"
#define LATE "2388-12-23T14:52:37Z" /* the last good second of root and code signing CA */
#define EARLY "2024-03-15T00:00:00Z"

enum base { BASE, NO_HOST_CRL, NO_CODE_CRL, NO_ROOT_CRL, ARMONK, QUIRK, NO_SIGNING, EMPTY };

#define SETS 8
static const char *const sets[SETS][8] = {
	[BASE] = { "root_ca.crt", "inter_ca.crt", "ibm.crt", "root_ca.crl", "inter_ca.crl",
	    "ibm.crl", NULL },
	[NO_HOST_CRL] = { "root_ca.crt", "inter_ca.crt", "ibm.crt", "root_ca.crl",
	    "inter_ca.crl", NULL },
	[NO_CODE_CRL] = { "root_ca.crt", "inter_ca.crt", "ibm.crt", "root_ca.crl", "ibm.crl",
	    NULL },
	[NO_ROOT_CRL] = { "root_ca.crt", "inter_ca.crt", "ibm.crt", "inter_ca.crl", "ibm.crl",
	    NULL },
	[ARMONK] = { "root_ca.crt", "inter_ca.crt", "ibm_armonk.crt", "root_ca.crl",
	    "inter_ca.crl", "ibm_armonk.crl", NULL },
	/* IBM's certificate says Armonk, its CRL and its host keys say Poughkeepsie. */
	[QUIRK] = { "root_ca.crt", "inter_ca.crt", "ibm_armonk.crt", "root_ca.crl",
	    "inter_ca.crl", "ibm.crl", NULL },
	[NO_SIGNING] = { "root_ca.crt", "inter_ca.crt", "root_ca.crl", "inter_ca.crl", NULL },
	[EMPTY] = { NULL },
};

#define CHAIN COL_KIND_IBM_CHAIN
#define CRL COL_KIND_IBM_CRL
#define HOST COL_KIND_IBM_HOST_KEY
#define REVOKED "IBM Z Host Key Signing Service has revoked it"
#define BAD_SIGNATURE "does not verify"

static const struct row {
	const char *file, *at;
	enum base base;
	enum col_kind kind;
	enum sn_err err;
	const char *says; /* the label when accepted, a part of the reason when refused */
	bool production;  /* without the test PKI's root */
} rows[] = {
	{ "der.crl", NOW, BASE, CRL, SN_OK, "IBM SE host key CRL", false },
	{ "der.crt", NOW, BASE, CHAIN, SN_OK, "IBM SE host key signing key", false },
	{ "fake_host.crt", NOW, BASE, HOST, SN_E_SIGNATURE, BAD_SIGNATURE, false },
	{ "fake_ibm.crl", NOW, BASE, CRL, SN_E_SIGNATURE, BAD_SIGNATURE, false },
	{ "fake_ibm.crt", NOW, BASE, CHAIN, SN_E_ROLE, "a root CA does not sign it", false },
	{ "fake_inter_ca.crl", NOW, BASE, CRL, SN_E_SIGNATURE, BAD_SIGNATURE, false },
	{ "fake_inter_ca.crt", NOW, BASE, CHAIN, SN_E_SIGNATURE, BAD_SIGNATURE, false },
	{ "fake_root_ca.crl", NOW, BASE, CRL, SN_E_SIGNATURE, BAD_SIGNATURE, false },
	{ "fake_root_ca.crt", NOW, BASE, CHAIN, SN_E_CHAIN, "is not a pinned root", false },
	{ "host.crt", NOW, BASE, HOST, SN_OK, "IBM SE host key 3f6c883a5b2cd983", false },
	{ "host2.crt", NOW, BASE, HOST, SN_OK, "IBM SE host key 05851f712622749b", false },
	{ "host_armonk.crt", NOW, ARMONK, HOST, SN_OK, "IBM SE host key", false },
	{ "host_crt_expired.crt", NOW, BASE, HOST, SN_E_EXPIRED, "is valid from 2022-03-22",
	    false },
	{ "host_invalid_signing_key.crt", NOW, BASE, HOST, SN_E_CHAIN,
	    "no accepted host key signing key of its issuer's name is here", false },
	{ "host_rev.crt", NOW, BASE, HOST, SN_E_REVOKED, REVOKED, false },
	{ "host_uri_na.crt", NOW, BASE, HOST, SN_OK, "IBM SE host key", false },
	{ "ibm.chained.crt", NOW, BASE, CHAIN, SN_OK, "IBM SE host key signing key and CRL",
	    false },
	{ "ibm.crl", NOW, BASE, CRL, SN_OK, "IBM SE host key CRL", false },
	{ "ibm.crt", NOW, BASE, CHAIN, SN_OK, "IBM SE host key signing key", false },
	{ "ibm_armonk.crl", NOW, ARMONK, CRL, SN_OK, "IBM SE host key CRL", false },
	{ "ibm_armonk.crt", NOW, BASE, CHAIN, SN_OK, "IBM SE host key signing key", false },
	{ "ibm_expired.crt", NOW, BASE, CHAIN, SN_E_EXPIRED, "is valid from 2022-03-22",
	    false },
	{ "ibm_invalid_hash.crl", NOW, BASE, CRL, SN_E_SIGNATURE, BAD_SIGNATURE, false },
	{ "ibm_outdated_early.crl", NOW, BASE, CRL, SN_E_EXPIRED, "good from 3023-07-23",
	    false },
	{ "ibm_outdated_late.crl", NOW, BASE, CRL, SN_E_EXPIRED, "good from 2022-03-22",
	    false },
	{ "ibm_rev.crt", NOW, BASE, CHAIN, SN_E_REVOKED, "IBM Z Intermediate CA has revoked it",
	    false },
	{ "ibm_wrong_issuer.crl", NOW, BASE, CRL, SN_E_SIGNATURE, BAD_SIGNATURE, false },
	{ "ibm_wrong_subject.crl", NOW, BASE, CRL, SN_E_CHAIN,
	    "no accepted certificate of its issuer is here", false },
	{ "ibm_wrong_subject.crt", NOW, BASE, CHAIN, SN_E_ROLE,
	    "no name that IBM signs host keys with", false },
	{ "inter_ca.chained.crt", NOW, BASE, CHAIN, SN_OK, "IBM SE code signing CA and CRL",
	    false },
	{ "inter_ca.crl", NOW, BASE, CRL, SN_OK, "IBM SE code signing CA CRL", false },
	{ "inter_ca.crt", NOW, BASE, CHAIN, SN_OK, "IBM SE code signing CA", false },
	{ "inter_ca.invalid_date.crl", NOW, BASE, CRL, SN_E_EXPIRED, "good from 2024-03-19",
	    false },
	{ "inter_ca.invalid_signer.crl", NOW, BASE, CRL, SN_E_SIGNATURE, BAD_SIGNATURE, false },
	{ "root_ca.chained.crt", NOW, EMPTY, CHAIN, SN_OK, "IBM SE root CA and CRL", false },
	{ "root_ca.crl", NOW, BASE, CRL, SN_OK, "IBM SE root CA CRL", false },
	{ "root_ca.crt", NOW, EMPTY, CHAIN, SN_OK, "IBM SE root CA", false },
	{ "secure_guest.hdr", NOW, BASE, COL_KIND_IBM_HEADER, SN_OK, "IBM SE image header",
	    false },
	/* what is missing around them */
	{ "host.crt", NOW, NO_HOST_CRL, HOST, SN_E_MISSING,
	    "add the CRL of IBM's host key signing key", false },
	{ "ibm.crt", NOW, NO_CODE_CRL, CHAIN, SN_E_MISSING,
	    "add the CRL of the code signing CA", false },
	{ "inter_ca.crt", NOW, NO_ROOT_CRL, CHAIN, SN_E_MISSING, "add the root's CRL", false },
	{ "host.crt", NOW, NO_CODE_CRL, HOST, SN_E_CHAIN, "no accepted host key signing key",
	    false },
	{ "host.crt", NOW, NO_SIGNING, HOST, SN_E_CHAIN, "no accepted host key signing key",
	    false },
	{ "ibm.crl", NOW, NO_SIGNING, CRL, SN_E_CHAIN, "no accepted certificate", false },
	{ "ibm.chained.crt", NOW, NO_SIGNING, CHAIN, SN_OK,
	    "IBM SE host key signing key and CRL", false },
	{ "host.crt", NOW, EMPTY, HOST, SN_E_CHAIN, "no accepted host key signing key", false },
	/* Armonk's certificate, Poughkeepsie's list; never the other way round */
	{ "host.crt", NOW, QUIRK, HOST, SN_OK, "IBM SE host key", false },
	{ "host_rev.crt", NOW, QUIRK, HOST, SN_E_REVOKED, REVOKED, false },
	{ "host_armonk.crt", NOW, BASE, HOST, SN_E_CHAIN, "no accepted host key signing key",
	    false },
	{ "ibm_armonk.crl", NOW, BASE, CRL, SN_E_CHAIN, "no accepted certificate", false },
	/* at the edges of time, and with the vendor's root alone */
	{ "inter_ca.crt", LATE, BASE, CHAIN, SN_OK, "IBM SE code signing CA", false },
	{ "root_ca.crt", EARLY, EMPTY, CHAIN, SN_E_EXPIRED, "is valid from 2024-03-21", false },
	{ "root_ca.crt", NOW, EMPTY, CHAIN, SN_E_CHAIN, "is not a pinned root", true },
	{ "host.crt", NOW, BASE, HOST, SN_E_CHAIN, "no accepted host key signing key", true },
};

static void
must(enum sn_err e, const struct sn_why *why)
{
	if (e != SN_OK)
		fail_msg("%s: %s", sn_err_name(e), why->text);
}

static void
add(struct col_store *s, const char *name)
{
	char *path = test_format("ibm-se/%s", name);
	struct test_bytes b = test_read_data(path);
	struct sn_why why = { 0 };

	must(col_store_add(s, path, (struct bytes){ b.data, b.len }, &why), &why);
	test_bytes_done(&b);
	free(path);
}

/* The test PKI's root, as a rehearsal's plan would name it. */
static void
name_root(struct col_policy *p)
{
	struct test_bytes b = test_read_data("ibm-se/root_ca.crt");
	struct cry_cert *c[CRY_PEM_CHAIN_MAX] = { 0 };
	struct sn_why why = { 0 };
	size_t n = 0;

	must(cry_cert_parse_pem((struct bytes){ b.data, b.len }, c, &n, &why), &why);
	must(cry_cert_spki_sha256(c[0], p->extra.spki[COL_VENDOR_IBM_SE][0], &why), &why);
	p->rehearsal = p->extra.has[COL_VENDOR_IBM_SE][0] = true;
	cry_cert_free_all(c, n);
	test_bytes_done(&b);
}

static void
judged(void **state)
{
	const struct row *r = *state;
	struct col_policy policy = { 0 };
	const struct col_row *got = NULL;
	struct col_store *s = NULL;
	struct sn_why why = { 0 };
	char *path = test_format("ibm-se/%s", r->file);
	size_t n = 0, i = 0;

	test_need_data("ibm-se/root_ca.crt");
	must(text_to_time(r->at, &policy.at, "at", &why), &why);
	if (!r->production)
		name_root(&policy);
	must(col_store_new(&policy, &s, &why), &why);
	add(s, r->file);
	for (size_t k = 0; sets[r->base][k] != NULL; k++)
		if (strcmp(sets[r->base][k], r->file) != 0)
			add(s, sets[r->base][k]);
	must(col_store_check(s, &why), &why);
	must(col_store_rows(s, &got, &n, &why), &why);
	while (i < n && strcmp(got[i].path, path) != 0)
		i++;
	assert_true(i < n);
	if (got[i].why.err != r->err)
		fail_msg("%s, expected %s: %s", sn_err_name(got[i].why.err),
		    sn_err_name(r->err), got[i].why.text);
	assert_int_equal(got[i].kind, r->kind);
	assert_int_equal(got[i].carried, r->kind == COL_KIND_IBM_HEADER);
	assert_int_equal(got[i].ok, r->err == SN_OK && !got[i].carried);
	assert_int_equal(got[i].vendor, COL_VENDOR_IBM_SE);
	if (strstr(r->err == SN_OK ? got[i].label : got[i].why.text, r->says) == NULL)
		fail_msg("\"%s\" is not in \"%s\", \"%s\"", r->says, got[i].label,
		    got[i].why.text);
	if (got[i].ok)
		assert_int_equal(got[i].notes & COL_NOTE_REHEARSAL, COL_NOTE_REHEARSAL);
	col_store_free(&s);
	free(path);
}

static bool
has_row(const char *name)
{
	for (size_t i = 0; i < SN_NITEMS(rows); i++)
		if (strcmp(rows[i].file, name) == 0)
			return true;
	return false;
}

static void
every_file_has_a_row(void **state SN_UNUSED)
{
	const struct dirent *e;
	DIR *d;

	test_need_data("ibm-se/root_ca.crt");
	d = opendir(test_data_path("ibm-se"));
	assert_non_null(d);
	while ((e = readdir(d)) != NULL)
		if (e->d_name[0] != '.' && !has_row(e->d_name))
			fail_msg("%s has no row", e->d_name);
	closedir(d);
}

/* ---- all files together, and what is accepted of them again on its own */

static enum sn_err
again(void *arg, const struct col_verified *v, struct sn_why *why)
{
	return col_store_add(arg, col_verified_path(v), col_verified_bytes(v), why);
}

static void
all_and_again(void **state SN_UNUSED)
{
	SN_CLEANUP(sn_buf_done) struct sn_buf txt = { 0 }, json = { 0 };
	struct col_policy policy = { 0 };
	struct col_store *s = NULL, *own = NULL;
	struct sn_why why = { 0 };
	size_t accepted;

	test_need_data("ibm-se/root_ca.crt");
	must(text_to_time(NOW, &policy.at, "at", &why), &why);
	name_root(&policy);
	must(col_store_new(&policy, &s, &why), &why);
	must(col_store_new(&policy, &own, &why), &why);
	for (size_t i = 0; i < SN_NITEMS(rows); i++)
		if (i == 0 || strcmp(rows[i - 1].file, rows[i].file) < 0)
			add(s, rows[i].file);
		else
			break; /* the other sets of the same files */
	must(col_store_check(s, &why), &why);
	accepted = col_store_accepted(s);
	assert_int_equal(accepted, 17);
	assert_int_equal(col_store_carried(s), 1);
	must(col_store_each(s, again, own, &why), &why);
	must(col_store_check(own, &why), &why);
	assert_int_equal(col_store_accepted(own), accepted);
	assert_int_equal(col_store_refused(own), 0);
	must(col_store_status_txt(own, &txt, &why), &why);
	must(col_store_status_json(own, &json, &why), &why);
	assert_non_null(strstr(sn_buf_cstr(&txt), "\n  IBM SE host key 05851f712622749b\n"));
	assert_non_null(strstr(sn_buf_cstr(&json),
	    "\"ibm_se_host_keys\":[\"IBM SE host key 3f6c883a5b2cd983\","));
	col_store_free(&s);
	col_store_free(&own);
}

/* ---- the pinned root is the one that Debian ships */

#define DEBIAN_ROOT "/usr/share/ca-certificates/mozilla/DigiCert_Trusted_Root_G4.crt"

static void
pinned_is_debians(void **state SN_UNUSED)
{
	struct test_bytes b = test_read(DEBIAN_ROOT);
	struct cry_cert *c[CRY_PEM_CHAIN_MAX] = { 0 };
	struct sn_why why = { 0 };
	uint8_t spki[32];
	size_t n = 0;

	must(cry_cert_parse_pem((struct bytes){ b.data, b.len }, c, &n, &why), &why);
	assert_int_equal(n, 1);
	must(cry_cert_spki_sha256(c[0], spki, &why), &why);
	assert_true(ibm_root_pinned(spki));
	assert_int_equal(ibm_cert_role(c[0]), IBM_ROLE_ROOT);
	must(ibm_cert_check(c[0], c[0], 1795000000, &why), &why);
	cry_cert_free_all(c, n);
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
		test_list_add(l, judged, &rows[i], "%s, set %d%s: %s", rows[i].file,
		    rows[i].base, rows[i].production ? ", no test root" : "",
		    sn_err_name(rows[i].err));
	test_list_add(l, every_file_has_a_row, NULL, "every file has a row");
	test_list_add(l, all_and_again, NULL, "all together, and the accepted ones again");
	test_list_add(l, pinned_is_debians, NULL, "the pinned root is Debian's");
	return test_list_run(l, "ibm-se files");
}
