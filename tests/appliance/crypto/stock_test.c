/*
 * Judges from outside: the stock openssl, certtool, botan and zlint commands on
 * what we made, and our verifier on what the stock openssl made.
 */
#include <spawn.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/appliance/crypto/pki.h"

#define ARENA (1U << 20)
#define OUTPUT_MAX 65536

static struct pki p384, mldsa, p256;
static const struct bytes content = BYTES_STR("{\"statement\":\"for a test\"}\n");
static const char *dir;

static void
put(const char *name, struct bytes data)
{
	char *path = test_format("%s/%s", dir, name);
	FILE *f = fopen(path, "wb");

	if (f == NULL || fwrite(data.p, 1, data.n, f) != data.n || fclose(f) != 0)
		fail_msg("cannot write %s", path);
	free(path);
}

static void
put_pem(const char *prefix, const char *name, const struct cry_cert *const *certs, size_t n)
{
	char *file = test_format("%s-%s.pem", prefix, name);
	struct sn_buf pem = { 0 };

	for (size_t i = 0; i < n; i++)
		assert_int_equal(cry_cert_pem(cry_cert_der(certs[i]), &pem, NULL), SN_OK);
	put(file, sn_buf_bytes(&pem));
	sn_buf_done(&pem);
	free(file);
}

static void
put_der(const char *prefix, const char *name, struct sn_buf *der)
{
	char *file = test_format("%s-%s.der", prefix, name);

	put(file, sn_buf_bytes(der));
	sn_buf_done(der);
	free(file);
}

/* The private key as the stock openssl reads it: SEC1, or PKCS#8 with the seed. */
static void
put_key(const char *prefix, const char *name, const struct cry_key *k)
{
	static const uint8_t ec_head[] = { 0x30, 0x3e, 2, 1, 1, 4, 0x30 };
	static const uint8_t ec_tail[] = { 0xa0, 7, 6, 5, 0x2b, 0x81, 4, 0, 0x22 };
	static const uint8_t ml_head[] = { 0x30, 0x34, 2, 1, 0, 0x30, 0x0b, 6, 9, 0x60, 0x86,
		0x48, 1, 0x65, 3, 4, 3, 0x13, 4, 0x22, 0x80, 0x20 };
	struct sn_secret d = { 0 };
	struct sn_buf der = { 0 };
	bool ec = cry_key_alg(k) == CRY_P384;

	assert_int_equal(cry_key_private(k, &d, NULL), SN_OK);
	sn_buf_put(&der, ec ? BYTES_OF(ec_head) : BYTES_OF(ml_head));
	sn_buf_put(&der, sn_secret_bytes(&d));
	if (ec)
		sn_buf_put(&der, BYTES_OF(ec_tail));
	put_der(prefix, name, &der);
	sn_secret_done(&d);
}

static void
put_world(const char *prefix, const struct pki *w)
{
	const struct cry_cert *chain[] = { w->leaf[PKI_SIGNER], w->ca, w->root };
	const struct cry_cert *tls[] = { w->leaf[PKI_TLS] };
	const struct cry_cert *operations[] = { w->leaf[PKI_OPERATIONS] };
	struct sn_buf cms = { 0 }, sig = { 0 }, pem = { 0 };
	char *file = test_format("%s-pub.pem", prefix);

	put_pem(prefix, "signer", chain, 1);
	put_pem(prefix, "ca", chain + 1, 1);
	put_pem(prefix, "root", chain + 2, 1);
	put_pem(prefix, "chain", chain, 3);
	put_pem(prefix, "tls", tls, 1);
	put_pem(prefix, "operations", operations, 1);
	assert_int_equal(cry_cms_sign(w->leaf_key[PKI_SIGNER], chain[0], chain + 1, 1, content,
			     &cms, NULL),
	    SN_OK);
	put_der(prefix, "cms", &cms);
	assert_int_equal(cry_sign(w->leaf_key[PKI_SIGNER], content, &sig, NULL), SN_OK);
	put_der(prefix, "sig", &sig);
	assert_int_equal(cry_key_pem(w->leaf_key[PKI_SIGNER], &pem, NULL), SN_OK);
	put(file, sn_buf_bytes(&pem));
	sn_buf_done(&pem);
	free(file);
}

static void
put_all(void)
{
	struct sn_buf cms = { 0 };

	dir = test_tmpdir();
	put("content", content);
	put("changed", BYTES_STR("{\"statement\":\"for b test\"}\n"));
	put_world("p384", &p384);
	put_world("mldsa", &mldsa);
	put_world("p256", &p256);
	put_key("p384", "key", p384.leaf_key[PKI_SIGNER]);
	put_key("p384", "key2", p384.leaf_key[PKI_OPERATIONS]);
	put_key("mldsa", "key", mldsa.leaf_key[PKI_SIGNER]);
	assert_int_equal(cry_cms_encrypt(p384.leaf_key[PKI_SIGNER], content, &cms, NULL),
	    SN_OK);
	put_der("p384", "envelope", &cms);
}

/* A pipeline of the table in dir, both outputs together. */
static int
run(const char *command, char out[OUTPUT_MAX])
{
	char *line = test_format("cd %s && { %s; } 2>&1", dir, command);
	char shell[] = "sh", option[] = "-c";
	char *const argv[] = { shell, option, line, NULL };
	posix_spawn_file_actions_t actions;
	int fds[2], status = 0;
	size_t n = 0;
	ssize_t got = 1;
	pid_t pid;

	assert_int_equal(pipe(fds), 0);
	assert_int_equal(posix_spawn_file_actions_init(&actions), 0);
	assert_int_equal(posix_spawn_file_actions_adddup2(&actions, fds[1], 1), 0);
	assert_int_equal(posix_spawn_file_actions_addclose(&actions, fds[0]), 0);
	assert_int_equal(posix_spawnp(&pid, argv[0], &actions, NULL, argv, environ), 0);
	close(fds[1]);
	while (got > 0 && n < OUTPUT_MAX - 1) {
		got = read(fds[0], out + n, OUTPUT_MAX - 1 - n);
		n += got > 0 ? (size_t)got : 0;
	}
	out[n] = '\0';
	close(fds[0]);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	posix_spawn_file_actions_destroy(&actions);
	free(line);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128;
}

struct judge {
	const char *name, *command;
	bool accepts;
	const char *says, *says_not; /* parts of the output, or NULL */
};

#define VERIFY "openssl verify -x509_strict -attime 1751328000 "
#define CMS "openssl cms -verify -binary -inform DER -attime 1751328000 -purpose smimesign "
#define P7 "certtool --p7-verify --inder --attime '2025-07-01 00:00:00' "
/* zlint lists RFC3279 and RFC8813 too, but 3.6.2 does not take those names. */
#define LINT "zlint -includeSources RFC5280,RFC5480,RFC5891,Community "

#define LINT_NAMED                                                                             \
	"zlint -includeNames e_ecdsa_allowed_ku,e_mp_ecdsa_signature_encoding_correct "

static const struct judge judges[] = {
	{ "openssl verifies the P-384 signer",
	    VERIFY "-purpose smimesign -CAfile p384-root.pem -untrusted p384-ca.pem "
		   "p384-signer.pem",
	    true, "OK", NULL },
	{ "openssl verifies the ML-DSA-87 signer",
	    VERIFY "-purpose smimesign -CAfile mldsa-root.pem -untrusted mldsa-ca.pem "
		   "mldsa-signer.pem",
	    true, "OK", NULL },
	{ "openssl verifies the P-256 signer",
	    VERIFY "-purpose smimesign -CAfile p256-root.pem -untrusted p256-ca.pem "
		   "p256-signer.pem",
	    true, "OK", NULL },
	{ "openssl verifies the TLS server",
	    VERIFY "-purpose sslserver -verify_hostname kbs.sanctum.example -CAfile "
		   "p384-root.pem -untrusted p384-ca.pem p384-tls.pem",
	    true, "OK", NULL },
	{ "openssl refuses the TLS server as a signer",
	    VERIFY "-purpose smimesign -CAfile p384-root.pem -untrusted p384-ca.pem "
		   "p384-tls.pem",
	    false, "unsuitable certificate purpose", NULL },
	{ "openssl refuses the signer as a TLS server",
	    VERIFY "-purpose sslserver -CAfile p384-root.pem -untrusted p384-ca.pem "
		   "p384-signer.pem",
	    false, "unsuitable certificate purpose", NULL },
	{ "openssl refuses the other root",
	    VERIFY "-CAfile mldsa-root.pem -untrusted p384-ca.pem p384-signer.pem", false, NULL,
	    NULL },
	{ "openssl accepts the P-384 CMS",
	    CMS "-in p384-cms.der -content content -CAfile p384-root.pem -out /dev/null", true,
	    "successful", NULL },
	{ "openssl accepts the ML-DSA-87 CMS",
	    CMS "-in mldsa-cms.der -content content -CAfile mldsa-root.pem -out /dev/null",
	    true, "successful", NULL },
	{ "openssl refuses changed content (P-384)",
	    CMS "-in p384-cms.der -content changed -CAfile p384-root.pem -out /dev/null", false,
	    "content verify error", "successful" },
	{ "openssl refuses changed content (ML-DSA-87)",
	    CMS "-in mldsa-cms.der -content changed -CAfile mldsa-root.pem -out /dev/null",
	    false, "content verify error", "successful" },
	{ "openssl refuses the CMS under the other root",
	    CMS "-in p384-cms.der -content content -CAfile mldsa-root.pem -out /dev/null",
	    false, "verify error", "successful" },
	{ "openssl opens the envelope with the key alone",
	    "openssl cms -decrypt -inform DER -in p384-envelope.der -keyform DER -inkey "
	    "p384-key.der -out opened && cmp opened content",
	    true, NULL, NULL },
	{ "openssl does not open the envelope with another key",
	    "openssl cms -decrypt -inform DER -in p384-envelope.der -keyform DER -inkey "
	    "p384-key2.der -out opened2",
	    false, NULL, NULL },
	{ "openssl sees RFC 5753 with SHA-384, AES-256 wrap and AES-256-GCM",
	    "openssl asn1parse -inform DER -in p384-envelope.der | grep -cE "
	    "'dhSinglePass-stdDH-sha384kdf-scheme|id-aes256-wrap|aes-256-gcm'",
	    true, "3", NULL },
	{ "openssl verifies the raw P-384 signature",
	    "openssl dgst -sha384 -verify p384-pub.pem -signature p384-sig.der content", true,
	    "Verified OK", NULL },
	{ "openssl verifies the raw ML-DSA-87 signature",
	    "openssl pkeyutl -verify -rawin -pubin -inkey mldsa-pub.pem -sigfile "
	    "mldsa-sig.der -in content",
	    true, "Successfully", NULL },
	{ "certtool verifies the P-384 chain",
	    "certtool --verify --attime '2025-07-01 00:00:00' --load-ca-certificate "
	    "p384-root.pem --infile p384-chain.pem",
	    true,
	    "Verified. The certificate is "
	    "trusted",
	    NULL },
	{ "certtool refuses the P-384 chain under the P-256 root",
	    "certtool --verify --attime '2025-07-01 00:00:00' --load-ca-certificate "
	    "p256-root.pem --infile p384-chain.pem",
	    false, "Not verified", NULL },
	{ "certtool accepts the P-384 CMS",
	    P7 "--load-ca-certificate p384-root.pem --load-data content --infile "
	       "p384-cms.der",
	    true, "Signature status: ok", NULL },
	{ "certtool refuses changed content",
	    P7 "--load-ca-certificate p384-root.pem --load-data changed --infile "
	       "p384-cms.der",
	    false, "failed", NULL },
	/*
	 * Botan and zlint (Go) read no object identifier with an arc of more than 32
	 * bits, so not our own extended key usages: they judge the others. Botan's exit
	 * status is 0 either way, so its words count.
	 */
	{ "botan verifies the ML-DSA-87 CA", "botan cert_verify mldsa-ca.pem mldsa-root.pem",
	    true, "Certificate passes validation checks", "did not" },
	{ "botan verifies the ML-DSA-87 chain",
	    "botan cert_verify mldsa-tls.pem mldsa-ca.pem mldsa-root.pem", true,
	    "Certificate passes validation checks", "did not" },
	{ "botan verifies the P-384 chain",
	    "botan cert_verify p384-tls.pem p384-ca.pem p384-root.pem", true,
	    "Certificate passes validation checks", "did not" },
	{ "botan refuses the ML-DSA-87 chain without its CA",
	    "botan cert_verify mldsa-tls.pem mldsa-root.pem || true", true, "did not",
	    "passes" },
	{ "botan verifies the ML-DSA-87 signature",
	    "botan verify --hash= --padding= mldsa-pub.pem content mldsa-sig.b64", true,
	    "Signature is valid", "invalid" },
	{ "botan refuses it over other content",
	    "botan verify --hash= --padding= mldsa-pub.pem changed mldsa-sig.b64 || true", true,
	    "invalid", "Signature is valid" },
	{ "zlint finds no error in the P-384 root", LINT "p384-root.pem", true,
	    "\"result\":\"pass\"", "\"result\":\"error\"" },
	{ "zlint finds no error in the P-384 CA", LINT "p384-ca.pem", true,
	    "\"result\":\"pass\"", "\"result\":\"error\"" },
	{ "zlint finds no error in the P-384 leaf", LINT "p384-tls.pem", true,
	    "\"result\":\"pass\"", "\"result\":\"error\"" },
	{ "zlint: key usage and signature encoding of the P-384 CA", LINT_NAMED "p384-ca.pem",
	    true, "\"result\":\"pass\"", "\"result\":\"error\"" },
	{ "zlint: key usage and signature encoding of the P-384 leaf",
	    LINT_NAMED "p384-tls.pem", true, "\"result\":\"pass\"", "\"result\":\"error\"" },
	{ "zlint warns of nothing in the P-384 root", LINT "p384-root.pem", true, NULL,
	    "\"result\":\"warn\"" },
	{ "zlint warns of nothing in the P-384 CA", LINT "p384-ca.pem", true, NULL,
	    "\"result\":\"warn\"" },
	{ "zlint warns of nothing in the P-384 leaf", LINT "p384-tls.pem", true, NULL,
	    "\"result\":\"warn\"" },
};

static void
judge(void **state)
{
	static char out[OUTPUT_MAX];
	const struct judge *j = *state;
	int status = run(j->command, out);
	bool ok = (status == 0) == j->accepts &&
	    (j->says == NULL || strstr(out, j->says) != NULL) &&
	    (j->says_not == NULL || strstr(out, j->says_not) == NULL);

	if (!ok)
		fail_msg("exit status %d: %s", status, out);
}

/* ---- the other way: the stock openssl signs, we verify */

#define SIGN "openssl cms -sign -binary -in content -outform DER -nosmimecap -out stock.der "
#define P384_SIGNER "-signer p384-signer.pem -keyform DER -inkey p384-key.der "

struct stock {
	const char *name, *command;
	const struct pki *w;
	enum sn_err want;
	const char *same_as; /* a file that must be the same, or NULL */
};

static const struct stock stocks[] = {
	{ "P-384, RFC 6979",
	    SIGN P384_SIGNER "-md sha384 -no_signing_time -keyopt nonce-type:1 "
			     "-certfile p384-ca.pem",
	    &p384, SN_OK, "p384-cms.der" },
	{ "P-384, random nonce",
	    SIGN P384_SIGNER "-md sha384 -no_signing_time "
			     "-certfile p384-ca.pem",
	    &p384, SN_OK, NULL },
	{ "ML-DSA-87",
	    SIGN "-signer mldsa-signer.pem -keyform DER -inkey mldsa-key.der -md "
		 "sha512 -no_signing_time -certfile mldsa-ca.pem",
	    &mldsa, SN_OK, NULL },
	{ "two signers",
	    SIGN P384_SIGNER "-signer p384-operations.pem -inkey p384-key2.der "
			     "-md sha384 -no_signing_time -certfile p384-ca.pem",
	    &p384, SN_E_FORMAT, NULL },
	{ "with a signing time", SIGN P384_SIGNER "-md sha384 -certfile p384-ca.pem", &p384,
	    SN_E_FORMAT, NULL },
	{ "without signed attributes",
	    SIGN P384_SIGNER "-md sha384 -noattr -certfile "
			     "p384-ca.pem",
	    &p384, SN_E_FORMAT, NULL },
	{ "with SHA-256", SIGN P384_SIGNER "-md sha256 -no_signing_time -certfile p384-ca.pem",
	    &p384, SN_E_FORMAT, NULL },
	{ "named by key identifier",
	    SIGN P384_SIGNER "-md sha384 -no_signing_time -keyid "
			     "-certfile p384-ca.pem",
	    &p384, SN_E_FORMAT, NULL },
	{ "with the content inside",
	    SIGN P384_SIGNER "-nodetach -md sha384 -no_signing_time "
			     "-certfile p384-ca.pem",
	    &p384, SN_E_FORMAT, NULL },
	{ "with the root inside",
	    SIGN P384_SIGNER "-md sha384 -no_signing_time -certfile "
			     "p384-chain.pem",
	    &p384, SN_E_CHAIN, NULL },
	{ "without its certificates", SIGN P384_SIGNER "-md sha384 -no_signing_time -nocerts",
	    &p384, SN_E_FORMAT, NULL },
	{ "BER with indefinite lengths",
	    SIGN P384_SIGNER "-stream -nodetach -md sha384 "
			     "-no_signing_time -certfile p384-ca.pem",
	    &p384, SN_E_FORMAT, NULL },
};

static void
stock(void **state)
{
	static char out[OUTPUT_MAX];
	const struct stock *s = *state;
	char *path = test_format("%s/stock.der", dir);
	struct test_bytes made, same;
	struct cry_cert *signer = NULL;
	struct sn_why why = { 0 };
	enum sn_err e;

	if (run(s->command, out) != 0)
		fail_msg("%s", out);
	made = test_read(path);
	e = cry_cms_verify((struct bytes){ made.data, made.len }, content, s->w->root,
	    s->w->sig, CRY_EKU_STATEMENT, PKI_NOW, &signer, &why);
	if (e != s->want)
		print_error("%s: %s\n", sn_err_name(e), why.text);
	assert_int_equal(e, s->want);
	cry_cert_free(&signer);
	free(path);
	if (s->same_as != NULL) {
		path = test_format("%s/%s", dir, s->same_as);
		same = test_read(path);
		assert_int_equal(same.len, made.len);
		assert_memory_equal(same.data, made.data, made.len);
		test_bytes_done(&same);
		free(path);
	}
	test_bytes_done(&made);
}

int
main(void)
{
	static char out[OUTPUT_MAX];
	struct test_list *l = test_list_new();
	struct sn_why why = { 0 };

	if (sn_secret_start(ARENA, &why) != SN_OK || cry_start(&why) != SN_OK) {
		print_error("%s\n", why.text);
		return 1;
	}
	p384 = pki_make(CRY_P384, 0);
	mldsa = pki_make(CRY_MLDSA87, 0);
	p256 = pki_make(CRY_P256, 0);
	put_all();
	if (run("openssl base64 -A -in mldsa-sig.der -out mldsa-sig.b64", out) != 0)
		return 1;
	for (size_t i = 0; i < SN_NITEMS(judges); i++)
		test_list_add(l, judge, &judges[i], "%s", judges[i].name);
	for (size_t i = 0; i < SN_NITEMS(stocks); i++)
		test_list_add(l, stock, &stocks[i], "stock CMS: %s is %s", stocks[i].name,
		    sn_err_name(stocks[i].want));
	return test_list_run(l, "judges from outside");
}
