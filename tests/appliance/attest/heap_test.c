/*
 * The forms in which certificates of TPM authorities come: files of PEM or DER, NV indices
 * with what is behind their content.
 */
#include "tests/lib/tpm_pki.h"

static struct pki pki;

static const struct form_row {
	const char *name;
	bool nv;
	const char *before, *behind; /* around the two certificates; hex, or PEM's text */
	bool pem, cut;
	enum sn_err want;
} forms[] = {
	{ "der", false, "", "", .want = SN_OK },
	{ "der-trailing", false, "", "00", .want = SN_E_FORMAT },
	{ "der-cut", false, "", "", .cut = true, .want = SN_E_FORMAT },
	{ "pem", false, "", "", true, .want = SN_OK },
	{ "pem-with-text", false, "# of a vendor\n", "\n# end\n", true, .want = SN_OK },
	{ "pem-cut", false, "", "", true, true, SN_E_FORMAT },
	{ "nv", true, "", "", .want = SN_OK },
	{ "nv-zeros", true, "", "00000000", .want = SN_OK },
	{ "nv-ones", true, "", "ffffff", .want = SN_OK },
	{ "nv-mixed-padding", true, "", "00ff", .want = SN_E_FORMAT },
	{ "nv-text", true, "", "616263", .want = SN_E_FORMAT },
	{ "nv-padding-first", true, "00", "", .want = SN_E_FORMAT },
	{ "nv-cut", true, "", "", .cut = true, .want = SN_E_FORMAT },
	{ "nv-pem", true, "", "", true, .want = SN_E_FORMAT },
};

static void
put_part(const struct form_row *r, const char *part, struct sn_buf *to)
{
	struct test_bytes raw;

	if (r->pem) {
		sn_buf_str(to, part);
		return;
	}
	raw = test_unhex(part);
	sn_buf_put(to, pki_bytes(&raw));
	test_bytes_done(&raw);
}

static void
test_form(void **state)
{
	const struct form_row *r = *state;
	const struct cry_cert *certs[] = { pki.ca, pki.root };
	struct att_heap *h = NULL;
	struct sn_buf b = { 0 };
	struct bytes v;
	enum sn_err e;

	PKI_OK(att_heap_new(&h, why));
	put_part(r, r->before, &b);
	for (size_t i = 0; i < 2; i++) {
		if (r->pem)
			PKI_OK(cry_cert_pem(cry_cert_der(certs[i]), &b, why));
		else
			sn_buf_put(&b, cry_cert_der(certs[i]));
	}
	put_part(r, r->behind, &b);
	v = sn_buf_bytes(&b);
	v.n -= r->cut ? 12 : 0;
	e = r->nv ? att_heap_nv(h, v, "nv", NULL) : att_heap_file(h, v, "file", NULL);
	assert_int_equal(e, r->want);
	/* all of a file, or nothing */
	assert_int_equal(att_heap_count(h), e == SN_OK ? 2 : 0);
	/* and twice is once */
	if (e == SN_OK) {
		PKI_OK(att_heap_file(h, cry_cert_der(pki.ca), "again", why));
		assert_int_equal(att_heap_count(h), 2);
	}
	sn_buf_done(&b);
	att_heap_free(&h);
}

static void
test_no_certificate(void **state)
{
	struct att_heap *h = NULL;

	(void)state;
	PKI_OK(att_heap_new(&h, why));
	assert_int_equal(att_heap_file(h, BYTES_STR(""), "empty", NULL), SN_E_FORMAT);
	assert_int_equal(att_heap_file(h, BYTES_STR("read me\n"), "text", NULL), SN_E_FORMAT);
	assert_int_equal(att_heap_nv(h, BYTES_STR("\xff\xff\xff\xff"), "nv", NULL), SN_OK);
	assert_int_equal(att_heap_nv(h, BYTES_STR(""), "nv", NULL), SN_OK);
	assert_int_equal(att_heap_count(h), 0);
	att_heap_free(&h);
}

/* A certificate in NV: padding of either kind behind it, nothing else, and not cut. */
static void
test_cert_in_nv(void **state)
{
	struct bytes der = cry_cert_der(pki.ca), found;
	uint8_t nv[2048];

	(void)state;
	for (int fill = 0; fill < 256; fill++) {
		memset(nv, fill, sizeof(nv));
		memcpy(nv, der.p, der.n);
		assert_int_equal(att_cert_in_nv(BYTES_OF(nv), &found, NULL),
		    fill == 0 || fill == 0xff ? SN_OK : SN_E_FORMAT);
		if (fill == 0)
			assert_true(bytes_equal(found, der));
	}
	for (size_t n = 0; n < der.n; n++)
		assert_int_equal(att_cert_in_nv((struct bytes){ nv, n }, &found, NULL),
		    SN_E_FORMAT);
}

int
main(void)
{
	struct test_list *l = test_list_new();
	int status;

	assert_int_equal(sn_secret_start(1U << 18, NULL), SN_OK);
	assert_int_equal(cry_start(NULL), SN_OK);
	pki_make(&pki);
	for (size_t i = 0; i < SN_NITEMS(forms); i++)
		test_list_add(l, test_form, &forms[i], "%s", forms[i].name);
	test_list_add(l, test_no_certificate, NULL, "no-certificate");
	test_list_add(l, test_cert_in_nv, NULL, "certificate-in-nv");
	status = test_list_run(l, "heap");
	pki_done(&pki);
	return status;
}
