/*
 * Extensions that are taken for plain without asking OpenSSL: it is the judge of each row, and
 * of every bit of published machine certificates.
 */
#include "appliance/crypto/priv.h"
#include "tests/appliance/crypto/pki.h"

#define ARENA (1U << 20)
#define ROOM (8U << 10)

#define SKI "2.5.29.14"
#define USAGE "2.5.29.15"
#define BASIC "2.5.29.19"
#define POINTS "2.5.29.31"
#define AKI "2.5.29.35"
#define AMD_BL "1.3.6.1.4.1.3704.1.3.1"
#define INTEL_SGX "1.2.840.113741.1.13.1"

/* A certificate with this extension alone. */
static const struct row {
	const char *name, *oid, *hex;
	bool critical, plain;
} rows[] = {
	{ "key identifier", SKI, "0402aabb", false, true },
	{ "critical key identifier", SKI, "0402aabb", true, true },
	{ "key identifier cut short", SKI, "0402aa", false, false },
	{ "key identifier and more", SKI, "0402aabb00", false, false },
	{ "key identifier of another tag", SKI, "0302aabb", false, false },
	{ "key identifier in pieces", SKI, "24040402aabb", false, false },
	{ "usage", USAGE, "030206c0", true, true },
	{ "usage, seven bits left over", USAGE, "03020780", true, true },
	{ "usage with bits that do not count", USAGE, "030206ff", true, true },
	{ "usage of those bits alone", USAGE, "0302063f", true, false },
	{ "usage zero", USAGE, "03020700", true, false },
	{ "usage, eight bits left over", USAGE, "030208c0", true, false },
	{ "usage of no byte", USAGE, "030100", true, false },
	{ "usage of two bytes", USAGE, "0303070080", true, false },
	{ "usage as octets", USAGE, "040206c0", true, false },
	{ "no CA", BASIC, "3000", true, true },
	{ "no CA, not critical", BASIC, "3000", false, true },
	{ "no CA, said in full", BASIC, "3003010100", true, false },
	{ "a CA", BASIC, "30030101ff", true, false },
	{ "a CA of negative length", BASIC, "30060101ff0201ff", true, false },
	{ "no CA and more", BASIC, "300000", true, false },
	{ "one point", POINTS, "300ca00aa0088606687474703a2f", false, false },
	{ "one point in a list", POINTS, "300e300ca00aa0088606687474703a2f", false, true },
	{ "critical point", POINTS, "300e300ca00aa0088606687474703a2f", true, true },
	{ "point without a name", POINTS, "30023000", false, false },
	{ "no point", POINTS, "3000", false, false },
	{ "point with reasons", POINTS, "30123010a00aa0088606687474703a2f81020180", false,
	    false },
	{ "point with a name cut short", POINTS, "300e300ca00aa0088607687474703a2f", false,
	    false },
	{ "point with an address of mail", POINTS, "300e300ca00aa0088106687474703a2f", false,
	    false },
	{ "point relative to its issuer", POINTS, "300e300ca00aa1088606687474703a2f", false,
	    false },
	{ "authority", AKI, "30048002aabb", false, true },
	{ "critical authority", AKI, "30048002aabb", true, true },
	{ "authority without a key", AKI, "3000", false, false },
	{ "authority with a serial number", AKI, "30078002aabb820101", false, false },
	{ "authority and more", AKI, "30048002aabb00", false, false },
	{ "authority that is constructed", AKI, "3004a002aabb", false, false },
	{ "AMD's", AMD_BL, "020103", false, true },
	{ "AMD's, critical", AMD_BL, "020103", true, true },
	{ "AMD's, no DER at all", AMD_BL, "ffff", false, true },
	{ "Intel's", INTEL_SGX, "3000", false, true },
	{ "Intel's, critical", INTEL_SGX, "3000", true, true },
	{ "alternative name", "2.5.29.17", "3000", false, false },
	{ "alternative name of nothing", "2.5.29.17", "ff", false, false },
	{ "Netscape's type", "2.16.840.1.113730.1.1", "03020780", false, false },
	{ "unknown arc", "1.2.3.4", "0500", false, false },
	{ "unknown arc, critical", "1.2.3.4", "0500", true, false },
	{ "proxy", "1.3.6.1.5.5.7.1.14", "300c300a06082b06010505071501", true, false },
};

static X509 *
without_extensions(void)
{
	struct cry_key *k = pki_key(CRY_P256, 1);
	struct cry_profile p = pki_leaf_profile(PKI_TOKEN);
	struct sn_buf der = { 0 };
	const unsigned char *at;
	X509 *x;

	assert_int_equal(cry_cert_issue(&p, k, k, NULL, &der, NULL), SN_OK);
	at = der.p;
	x = d2i_X509(NULL, &at, (long)der.n);
	assert_non_null(x);
	while (X509_get_ext_count(x) > 0)
		X509_EXTENSION_free(X509_delete_ext(x, 0));
	sn_buf_done(&der);
	cry_key_free(&k);
	return x;
}

/* The same verdict as OpenSSL's; is it plain? */
static bool
judge(struct bytes der)
{
	const unsigned char *p = der.p;
	X509 *x = d2i_X509(NULL, &p, (long)der.n);
	struct cry_cert *c = NULL;
	enum sn_err e = cry_cert_parse(der, &c, NULL);
	uint32_t flags = x != NULL ? X509_get_extension_flags(x) : EXFLAG_INVALID;
	bool plain = e == SN_OK && c->plain;

	if ((flags & EXFLAG_INVALID) != 0)
		assert_int_equal(e, SN_E_FORMAT);
	if (e == SN_OK)
		assert_int_equal(cry_cert_unknown_critical(c), (flags & EXFLAG_CRITICAL) != 0);
	cry_cert_free(&c);
	X509_free(x);
	ERR_clear_error();
	return plain;
}

static void
one(void **state)
{
	const struct row *r = *state;
	struct test_bytes v = test_unhex(r->hex);
	ASN1_OBJECT *oid = OBJ_txt2obj(r->oid, 1);
	ASN1_OCTET_STRING *value = ASN1_OCTET_STRING_new();
	X509_EXTENSION *e;
	X509 *x = without_extensions();
	unsigned char *der = NULL;
	int n;

	assert_int_equal(ASN1_OCTET_STRING_set(value, v.data, (int)v.len), 1);
	e = X509_EXTENSION_create_by_OBJ(NULL, oid, r->critical, value);
	assert_int_equal(X509_add_ext(x, e, -1), 1);
	assert_true(i2d_re_X509_tbs(x, NULL) > 0);
	n = i2d_X509(x, &der);
	assert_true(n > 0);
	assert_int_equal(judge((struct bytes){ der, (size_t)n }), r->plain);
	OPENSSL_free(der);
	X509_EXTENSION_free(e);
	ASN1_OCTET_STRING_free(value);
	ASN1_OBJECT_free(oid);
	X509_free(x);
	test_bytes_done(&v);
}

/* Published certificates of one machine: plain; and every bit of them. */
static const struct file {
	const char *path;
} files[] = {
	{ "amd/milan-gosev/vcek.der" },
	{ "amd/trustee-snp/test-vlek.der" },
	{ "intel/qvl-sgx-testroot/pckCert.pem" },
};

static void
every_bit(void **state)
{
	const struct file *f = *state;
	struct test_bytes b;
	struct cry_cert *all[CRY_PEM_CHAIN_MAX] = { NULL };
	uint8_t der[ROOM];
	size_t n = 1;

	test_need_data(f->path);
	b = test_read_data(f->path);
	if (b.data[0] == '-')
		assert_int_equal(cry_cert_parse_pem((struct bytes){ b.data, b.len }, all, &n,
				     NULL),
		    SN_OK);
	else
		assert_int_equal(cry_cert_parse((struct bytes){ b.data, b.len }, &all[0], NULL),
		    SN_OK);
	assert_true(all[0]->plain);
	n = cry_cert_der(all[0]).n;
	assert_true(n <= sizeof(der));
	memcpy(der, cry_cert_der(all[0]).p, n);
	for (size_t i = 0; i < n; i++)
		for (unsigned int bit = 0; bit < 8; bit++) {
			der[i] ^= (uint8_t)(1U << bit);
			(void)judge((struct bytes){ der, n });
			der[i] ^= (uint8_t)(1U << bit);
		}
	cry_cert_free(&all[0]);
	test_bytes_done(&b);
}

int
main(void)
{
	struct test_list *l = test_list_new();
	struct sn_why why = { 0 };

	if (sn_secret_start(ARENA, &why) != SN_OK || cry_start(&why) != SN_OK) {
		print_error("%s\n", why.text);
		return 1;
	}
	for (size_t i = 0; i < SN_NITEMS(rows); i++)
		test_list_add(l, one, &rows[i], "%s", rows[i].name);
	for (size_t i = 0; i < SN_NITEMS(files); i++)
		test_list_add(l, every_bit, &files[i], "every bit of %s", files[i].path);
	return test_list_run(l, "extensions");
}
