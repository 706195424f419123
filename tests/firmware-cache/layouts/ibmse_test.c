/* Trustee's IBM SE folder: what is in it, what is not, and openssl's word on the chain. */
#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "appliance/crypto/makepki.h"
#include "firmware-cache/ibm-se/ibm.h"
#include "firmware-cache/layouts/ibmse.h"
#include "tests/firmware-cache/layouts/lay.h"

#define NOW "2026-11-26T00:00:00Z"
#define NOW_SECONDS "1795651200"

#define CHAIN                                                                                  \
	"ibm-se/root_ca.crt", "ibm-se/inter_ca.crt", "ibm-se/root_ca.crl", "ibm-se/inter_ca.crl"
#define CODE_CA IBMSE_FOLDER "/certs/DigiCertCA.crt"
#define SIGNING IBMSE_FOLDER "/certs/ibm-z-host-key-signing-gen2.crt"
#define CODE_CA_CRL IBMSE_FOLDER "/crls/DigiCertTrustedG4CodeSigningRSA4096SHA3842021CA1.crl"
#define ROOT_CRL IBMSE_FOLDER "/crls/DigiCertTrustedRootG4.crl"
#define SIGNING_CRL IBMSE_FOLDER "/crls/ibm-z-host-key-gen2.crl"
#define ROOT IBMSE_FOLDER "/root_ca.crt"
#define HKD IBMSE_FOLDER "/hkds/hkd-3f6c883a5b2cd983.crt"
#define HKD2 IBMSE_FOLDER "/hkds/hkd-05851f712622749b.crt"

/* What is given, what of it becomes a file besides the chain's six, what is left out. */
static const struct row {
	const char *name;
	const char *given[16];
	const char *hosts[4];
	const char *left_out; /* a part of it; "" for nothing left out */
	const char *signing;  /* whose certificate it is; NULL: no tree */
} rows[] = {
	{ "one host key", { CHAIN, "ibm-se/ibm.crt", "ibm-se/ibm.crl", "ibm-se/host.crt" },
	    { HKD }, "", "ibm-se/ibm.crt" },
	{ "two host keys",
	    { CHAIN, "ibm-se/ibm.crt", "ibm-se/ibm.crl", "ibm-se/host.crt",
		"ibm-se/host2.crt" },
	    { HKD2, HKD }, "", "ibm-se/ibm.crt" },
	{ "revoked and expired ones are in no tree",
	    { CHAIN, "ibm-se/ibm.crt", "ibm-se/ibm.crl", "ibm-se/host.crt",
		"ibm-se/host_rev.crt", "ibm-se/host_crt_expired.crt", "ibm-se/fake_host.crt",
		"ibm-se/fake_root_ca.crt", "ibm-se/ibm_rev.crt",
		"ibm-se/ibm_outdated_late.crl" },
	    { HKD }, "", "ibm-se/ibm.crt" },
	{ "lists beside certificates",
	    { "ibm-se/root_ca.chained.crt", "ibm-se/inter_ca.chained.crt",
		"ibm-se/ibm.chained.crt", "ibm-se/host.crt" },
	    { HKD }, "", "ibm-se/ibm.crt" },
	{ "the signing key of most host keys",
	    { CHAIN, "ibm-se/ibm.crt", "ibm-se/ibm.crl", "ibm-se/ibm_armonk.crt",
		"ibm-se/ibm_armonk.crl", "ibm-se/host.crt", "ibm-se/host2.crt",
		"ibm-se/host_armonk.crt" },
	    { HKD2, HKD }, "", "ibm-se/ibm_armonk.crt" },
	{ "Armonk's certificate with Poughkeepsie's list and keys",
	    { CHAIN, "ibm-se/ibm_armonk.crt", "ibm-se/ibm.crl", "ibm-se/host.crt" }, { HKD },
	    "", "ibm-se/ibm_armonk.crt" },
	{ "an image header is not ours to give",
	    { CHAIN, "ibm-se/ibm.crt", "ibm-se/ibm.crl", "ibm-se/host.crt",
		"ibm-se/secure_guest.hdr" },
	    { HKD }, "ibm-se/secure_guest.hdr: carried, not verified here", "ibm-se/ibm.crt" },
	{ "no host key, no tree", { CHAIN, "ibm-se/ibm.crt", "ibm-se/ibm.crl" }, { NULL }, "",
	    NULL },
	{ "no list of host keys, no tree", { CHAIN, "ibm-se/ibm.crt", "ibm-se/host.crt" },
	    { NULL }, "", NULL },
	{ "nothing of IBM's", { "ibm-se/secure_guest.hdr" }, { NULL },
	    "trustee-ibmse ibm-se/secure_guest.hdr", NULL },
};

/* Checked, with the test PKI's root as a rehearsal's plan would name it. */
static struct col_store *
store_of(const char *const *given, size_t n)
{
	struct test_bytes b = test_read_data("ibm-se/root_ca.crt");
	struct cry_cert *c[CRY_PEM_CHAIN_MAX] = { 0 };
	struct col_policy policy = { .rehearsal = true };
	struct col_store *s = NULL;
	struct sn_why why = { 0 };
	size_t ncerts = 0;

	must(text_to_time(NOW, &policy.at, "at", &why), &why);
	must(cry_cert_parse_pem((struct bytes){ b.data, b.len }, c, &ncerts, &why), &why);
	must(cry_cert_spki_sha256(c[0], policy.extra.spki[COL_VENDOR_IBM_SE][0], &why), &why);
	policy.extra.has[COL_VENDOR_IBM_SE][0] = true;
	must(col_store_new(&policy, &s, &why), &why);
	for (size_t i = 0; i < n && given[i] != NULL; i++)
		lay_add(s, given[i], given[i]);
	lay_check(s);
	cry_cert_free_all(c, ncerts);
	test_bytes_done(&b);
	return s;
}

static void
derive(const struct row *r, struct lay_files *f)
{
	struct col_store *s = store_of(r->given, SN_NITEMS(r->given));
	const struct lay_input in = { .store = s };

	lay_derive(f, &in, IBMSE_NAME);
	col_store_free(&s);
}

/* The file is that certificate or list of the data, byte for byte of its DER. */
static void
same_cert(struct lay_files *f, const char *path, const char *rel)
{
	struct test_bytes b = test_read_data(rel);
	struct cry_cert *want[CRY_PEM_CHAIN_MAX] = { 0 }, *got[CRY_PEM_CHAIN_MAX] = { 0 };
	struct sn_why why = { 0 };
	size_t nwant = 0, ngot = 0;

	must(cry_cert_parse_pem((struct bytes){ b.data, b.len }, want, &nwant, &why), &why);
	must(cry_cert_parse_pem(lay_file(f, path), got, &ngot, &why), &why);
	assert_int_equal(ngot, 1);
	lay_assert_same(cry_cert_der(got[0]), cry_cert_der(want[0]));
	cry_cert_free_all(want, nwant);
	cry_cert_free_all(got, ngot);
	test_bytes_done(&b);
}

static void
tree(void **state)
{
	static const char *const chain[] = { CODE_CA, SIGNING, CODE_CA_CRL, ROOT_CRL,
		SIGNING_CRL, ROOT };
	const struct row *r = *state;
	struct lay_files f = { 0 };
	size_t want = r->signing == NULL ? 0 : SN_NITEMS(chain);

	test_need_data("ibm-se/root_ca.crt");
	derive(r, &f);
	for (size_t i = 0; r->signing != NULL && i < SN_NITEMS(chain); i++)
		(void)lay_file(&f, chain[i]);
	for (size_t i = 0; i < SN_NITEMS(r->hosts) && r->hosts[i] != NULL; i++, want++)
		(void)lay_file(&f, r->hosts[i]);
	if (f.n != want)
		fail_msg("%zu files, expected %zu", f.n, want);
	if (r->left_out[0] == '\0' ? f.left_out.n != 0
				   : strstr(sn_buf_cstr(&f.left_out), r->left_out) == NULL)
		fail_msg("left out: \"%s\", expected \"%s\"", sn_buf_cstr(&f.left_out),
		    r->left_out);
	if (r->signing != NULL) {
		same_cert(&f, SIGNING, r->signing);
		same_cert(&f, CODE_CA, "ibm-se/inter_ca.crt");
		same_cert(&f, ROOT, "ibm-se/root_ca.crt");
	}
	for (size_t i = 0; i < f.n; i++)
		assert_true(bytes_find(sn_buf_bytes(&f.bytes[i]),
				BYTES_STR("SKIP_CERTS_VERIFICATION")) == SIZE_MAX);
	lay_files_done(&f);
}

/* ---- openssl, with what s390-tools asks of it */

static int
openssl_verify(const char *dir, const char *untrusted, const char *cert, bool crls)
{
	pid_t pid = fork();
	int status = -1, null;

	assert_true(pid >= 0);
	if (pid == 0) {
		null = open("/dev/null", O_WRONLY | O_CLOEXEC);
		if (chdir(dir) == 0 && dup2(null, STDERR_FILENO) >= 0 &&
		    dup2(null, STDOUT_FILENO) >= 0)
			execlp("openssl", "openssl", "verify", "-attime", NOW_SECONDS,
			    "-no-CApath", "-no-CAstore", "-CAfile", "root_ca.crt", "-untrusted",
			    untrusted, "-x509_strict", "-check_ss_sig", "-auth_level", "2",
			    "-verify_depth", "2", "-purpose", "any",
			    crls ? "-crl_check_all" : "-check_ss_sig", "-CRLfile",
			    "crls/DigiCertTrustedRootG4.crl", "-CRLfile",
			    "crls/DigiCertTrustedG4CodeSigningRSA4096SHA3842021CA1.crl", cert,
			    (char *)NULL);
		_exit(127);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

/* The caller frees the folder's path. */
static char *
write_out(const struct lay_files *f)
{
	const char *dir = test_tmpdir();
	struct sn_why why = { 0 };
	int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	assert_true(fd >= 0);
	for (size_t i = 0; i < f->n; i++) {
		must(sn_file_parents(fd, f->paths[i], &why), &why);
		must(sn_file_write(fd, f->paths[i], sn_buf_bytes(&f->bytes[i]), 0644, false,
			 &why),
		    &why);
	}
	close(fd);
	return test_format("%s/" IBMSE_FOLDER, dir);
}

static void
by_openssl(void **state SN_UNUSED)
{
	struct lay_files f = { 0 };
	char *dir;

	test_need_data("ibm-se/root_ca.crt");
	derive(&rows[1], &f);
	dir = write_out(&f);
	assert_int_equal(openssl_verify(dir, "certs/DigiCertCA.crt",
			     "certs/ibm-z-host-key-signing-gen2.crt", true),
	    0);
	/* and it would say no: a host key is no code signing CA's */
	assert_int_not_equal(openssl_verify(dir, "certs/DigiCertCA.crt",
				 "hkds/hkd-3f6c883a5b2cd983.crt", false),
	    0);
	free(dir);
	lay_files_done(&f);
}

/* The same files from the same items in another order. */
static void
order_is_nothing(void **state SN_UNUSED)
{
	struct row turned = rows[4];
	struct lay_files a = { 0 }, b = { 0 };
	size_t n = 0;

	test_need_data("ibm-se/root_ca.crt");
	while (turned.given[n] != NULL)
		n++;
	for (size_t i = 0; i < n; i++)
		turned.given[i] = rows[4].given[n - 1 - i];
	derive(&rows[4], &a);
	derive(&turned, &b);
	assert_int_equal(a.n, b.n);
	for (size_t i = 0; i < a.n; i++) {
		assert_string_equal(a.paths[i], b.paths[i]);
		assert_int_equal(a.mtimes[i], b.mtimes[i]);
		lay_assert_same(sn_buf_bytes(&a.bytes[i]), sn_buf_bytes(&b.bytes[i]));
	}
	lay_files_done(&a);
	lay_files_done(&b);
}

/* ---- two signing keys, of which Trustee takes one */

#define COMPANY "International Business Machines Corporation"

/* One key signs everything here: what is told apart are the names. */
static struct cry_key *rsa, *ec[3];

static struct cry_cert *
issue(struct col_store *s, const char *unit, uint8_t serial, const struct cry_key *subject,
    const struct cry_cert *issuer)
{
	static const char *const code_signing[] = { "1.3.6.1.5.5.7.3.3", NULL };
	const bool ca = strstr(unit, " CA") != NULL, host = subject != rsa;
	const struct cry_profile p = { .common_name = COMPANY,
		.organization = COMPANY,
		.country = "US",
		.state = "New York",
		.locality = "Armonk",
		.organizational_unit = unit,
		.serial = { serial },
		.not_before = serial,
		.not_after = 4102444800,
		.ca = ca,
		.pathlen = -1,
		.key_cert_sign = ca,
		.crl_sign = ca,
		.digital_signature = !ca && !host,
		.key_agreement = host,
		.ekus = ca || host ? NULL : code_signing };
	SN_CLEANUP(sn_buf_done) struct sn_buf der = { 0 }, crl = { 0 };
	char *path = test_format("made/%u", serial), *list = test_format("made/%u.crl", serial);
	struct cry_cert *c = NULL;
	struct sn_why why = { 0 };

	must(cry_cert_issue_v15(&p, NULL, 0, subject, rsa, issuer, NULL, CRY_SHA384, &der,
		 &why),
	    &why);
	must(cry_cert_parse(sn_buf_bytes(&der), &c, &why), &why);
	must(col_store_add(s, path, sn_buf_bytes(&der), &why), &why);
	if (!host) {
		must(cry_crl_issue_v15(rsa, c, serial, 4102444800, NULL, 0, CRY_SHA384, &crl,
			 &why),
		    &why);
		must(col_store_add(s, list, sn_buf_bytes(&crl), &why), &why);
	}
	free(path);
	free(list);
	return c;
}

static void
one_of_two_signing_keys(void **state SN_UNUSED)
{
	struct col_policy policy = { .at = 1764115200, .rehearsal = true };
	struct col_store *s = NULL;
	struct lay_files f = { 0 };
	struct sn_why why = { 0 };
	struct cry_cert *c[7];
	SN_CLEANUP(sn_buf_done) struct sn_buf spki = { 0 };

	must(cry_key_spki(rsa, &spki, &why), &why);
	must(cry_digest(CRY_SHA256, sn_buf_bytes(&spki),
		 policy.extra.spki[COL_VENDOR_IBM_SE][0], &why),
	    &why);
	policy.extra.has[COL_VENDOR_IBM_SE][0] = true;
	must(col_store_new(&policy, &s, &why), &why);
	c[0] = issue(s, "IBM Z Root CA", 1, rsa, NULL);
	c[1] = issue(s, "IBM Z Intermediate CA", 2, rsa, c[0]);
	c[2] = issue(s, "Old Key Signing Service", 3, rsa, c[1]);
	c[3] = issue(s, "New Key Signing Service", 4, rsa, c[1]);
	c[4] = issue(s, "IBM Z Host Key", 5, ec[0], c[2]);
	c[5] = issue(s, "IBM Z Host Key", 6, ec[1], c[2]);
	c[6] = issue(s, "IBM Z Host Key", 7, ec[2], c[3]);
	lay_check(s);
	assert_int_equal(col_store_refused(s), 0);
	lay_derive(&f, &(struct lay_input){ .store = s }, IBMSE_NAME);
	assert_int_equal(f.n, 6 + 2);
	assert_string_equal(sn_buf_cstr(&f.left_out),
	    "trustee-ibmse made/7: another signing key than that of the others; Trustee takes "
	    "one\n");
	cry_cert_free_all(c, SN_NITEMS(c));
	col_store_free(&s);
	lay_files_done(&f);
}

int
main(void)
{
	struct test_list *l = test_list_new();
	struct sn_why why = { 0 };
	int status;

	if (cry_start(&why) != SN_OK || sn_secret_start(64U << 10, &why) != SN_OK ||
	    cry_key_generate_rsa(3072, &rsa, &why) != SN_OK)
		return 1;
	for (size_t i = 0; i < SN_NITEMS(ec); i++)
		if (cry_key_generate_p521(CRY_EC_NAMED, &ec[i], &why) != SN_OK)
			return 1;
	for (size_t i = 0; i < SN_NITEMS(rows); i++)
		test_list_add(l, tree, &rows[i], "%s", rows[i].name);
	test_list_add(l, by_openssl, NULL, "openssl verifies the chain with its lists");
	test_list_add(l, order_is_nothing, NULL, "the order of items is nothing");
	test_list_add(l, one_of_two_signing_keys, NULL, "of two signing keys one is taken");
	status = test_list_run(l, "ibmse");
	cry_key_free(&rsa);
	for (size_t i = 0; i < SN_NITEMS(ec); i++)
		cry_key_free(&ec[i]);
	return status;
}
