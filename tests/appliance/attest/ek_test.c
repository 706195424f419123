/*
 * timeout: 120
 *
 * Endorsement certificates of a generated vendor, good and hostile, for keys that an swtpm
 * made. The stock openssl judges: it accepts each path that we accept, and refuses those that
 * RFC 5280 alone refuses.
 */
#include "tests/lib/tpm_pki.h"

static struct pki pki;

/* What is in the heap besides the authority. */
enum also {
	ALSO_ROOT,
	ALSO_NOTHING,
	ALSO_OTHER_ROOT, /* a root of the same name, with another key; not the generated one */
	ALSO_BOTH_ROOTS, /* that one, and then the real one */
	ALSO_TWIN,	 /* the authority as certified by the other root, first */
	ALSO_OLD_TWIN,	 /* the authority as it was certified before, expired, first */
	ALSO_KEYID_TWIN, /* the authority under another key identifier, first */
	ALSO_LOOP,	 /* no root: two authorities that certified each other */
};

static const struct row {
	const char *name;
	enum sn_err want;
	const char *says;
	enum also also;
	/* the endorsement certificate */
	enum att_ek_kind kind;
	bool other_key, ek_is_ca, no_san, twice, unprintable, no_eku, critical;
	const char *eku;
	int64_t later; /* seconds from now at which it is judged */
	/* the authority */
	bool no_ca, not_a_ca, no_cert_sign, ca_critical, wrong_signature;
	const char *ca_eku;
	int64_t ca_ends; /* seconds from now; 0: not soon */
	/* a CA between authority and root, which the authority's path length forbids */
	bool deeper;
	bool judged; /* openssl must refuse it too */
} rows[] = {
	{ .name = "p256" },
	{ .name = "rsa-2048", .kind = ATT_EK_RSA2048 },
	{ .name = "p384", .kind = ATT_EK_P384 },
	{ .name = "no-eku", .no_eku = true },
	{ .name = "ca-eku", .ca_eku = PKI_EKU },
	{ .name = "both-roots-of-one-name", .also = ALSO_BOTH_ROOTS },
	{ .name = "cross-signed-twin", .also = ALSO_TWIN },
	{ .name = "expired-twin", .also = ALSO_OLD_TWIN },
	{ .name = "twin-of-another-key-id", .also = ALSO_KEYID_TWIN },
	{ .name = "last-second", .later = PKI_FROM + 10 * PKI_YEAR - PKI_NOW },
	{ .name = "expired",
	    SN_E_EXPIRED,
	    "is valid from",
	    .later = PKI_FROM + 10 * PKI_YEAR - PKI_NOW + 1,
	    .judged = true },
	{ .name = "not-yet",
	    SN_E_EXPIRED,
	    "is valid from",
	    .later = PKI_FROM - PKI_NOW - 1,
	    .judged = true },
	{ .name = "expired-authority",
	    SN_E_EXPIRED,
	    "Generated CA",
	    .ca_ends = -1,
	    .judged = true },
	{ .name = "another-tpms", SN_E_SIGNATURE, "for another key", .other_key = true },
	{ .name = "authority-as-ek", SN_E_ROLE, "an authority's", .ek_is_ca = true },
	{ .name = "no-tpm-named", SN_E_ROLE, "names no TPM", .no_san = true },
	{ .name = "manufacturer-twice",
	    SN_E_FORMAT,
	    "manufacturer is there twice",
	    .twice = true },
	{ .name = "manufacturer-unprintable",
	    SN_E_FORMAT,
	    "not printable",
	    .unprintable = true },
	{ .name = "eku-of-servers",
	    SN_E_ROLE,
	    "extended key usage",
	    .eku = "1.3.6.1.5.5.7.3.1" },
	{ .name = "eku-of-platforms", SN_E_ROLE, "extended key usage", .eku = "2.23.133.8.2" },
	{ .name = "authority-for-servers",
	    SN_E_ROLE,
	    "extended key usage",
	    .ca_eku = "1.3.6.1.5.5.7.3.1" },
	{ .name = "unknown-critical",
	    SN_E_FORMAT,
	    "unknown critical",
	    .critical = true,
	    .judged = true },
	{ .name = "authority-unknown-critical",
	    SN_E_FORMAT,
	    "unknown critical",
	    .ca_critical = true,
	    .judged = true },
	{ .name = "no-authority", SN_E_CHAIN, "Generated CA", .no_ca = true, .judged = true },
	{ .name = "no-root",
	    SN_E_CHAIN,
	    "Generated Root",
	    .also = ALSO_NOTHING,
	    .judged = true },
	{ .name = "root-of-the-same-name",
	    SN_E_SIGNATURE,
	    "does not verify",
	    .also = ALSO_OTHER_ROOT,
	    .judged = true },
	{ .name = "loop", SN_E_CHAIN, "is not there", .also = ALSO_LOOP, .judged = true },
	{ .name = "authority-is-no-ca",
	    SN_E_ROLE,
	    "not a CA",
	    .not_a_ca = true,
	    .judged = true },
	{ .name = "authority-may-not-sign",
	    SN_E_ROLE,
	    "key usage",
	    .no_cert_sign = true,
	    .judged = true },
	{ .name = "path-too-long",
	    SN_E_ROLE,
	    "more authorities below it",
	    .deeper = true,
	    .judged = true },
	{ .name = "wrong-signature",
	    SN_E_SIGNATURE,
	    "does not verify",
	    .wrong_signature = true,
	    .judged = true },
};

/* In the test's hands: certificates of the heap, in order. */
struct made {
	struct cry_cert *heap[8], *ek;
	size_t n;
	struct cry_cert *root; /* that the judge trusts */
};

static struct cry_cert *
other_root(void)
{
	struct cry_profile p = pki_ca_profile("Generated Root", 7, -1);

	return pki_issue(&p, NULL, 0, pki.other_key, pki.other_key, NULL);
}

static struct cry_cert *
make_ca(const struct row *r)
{
	const char *ekus[] = { r->ca_eku, NULL };
	struct cry_profile p = pki_ca_profile("Generated CA", 3, 0);
	const struct cry_raw_ext critical = { "1.2.3.4", true, BYTES_STR("\x05\x00") };

	p.ca = !r->not_a_ca;
	p.key_cert_sign = !r->no_cert_sign;
	p.digital_signature = true;
	p.ekus = r->ca_eku != NULL ? ekus : NULL;
	if (r->ca_ends != 0)
		p.not_after = PKI_NOW + r->ca_ends;
	if (r->wrong_signature) {
		struct cry_cert *other = other_root();
		struct cry_cert *ca = pki_issue(&p, NULL, 0, pki.ca_key, pki.other_key, other);

		cry_cert_free(&other);
		return ca;
	}
	return pki_issue(&p, &critical, r->ca_critical ? 1 : 0, pki.ca_key, pki.root_key,
	    pki.root);
}

/* The SAN with a byte of the manufacturer changed, or with the model called one too. */
static struct bytes
make_san(const struct row *r, uint8_t *copy)
{
	const struct bytes model = BYTES_STR("\x67\x81\x05\x02\x02"), id = BYTES_STR("id:");
	struct bytes v = { copy, pki.san.len };

	memcpy(copy, pki.san.data, pki.san.len);
	if (r->twice)
		copy[bytes_find(v, model) + 4] = 1;
	if (r->unprintable)
		copy[bytes_find(v, id)] = 0x07;
	return v;
}

static struct cry_cert *
make_ek(const struct row *r, const struct cry_key *issuer, const struct cry_cert *issuer_cert)
{
	static uint8_t san[256];
	const char *ekus[] = { r->eku != NULL ? r->eku : PKI_EKU, NULL };
	struct cry_profile p = pki_ek_profile(r->no_eku ? NULL : ekus);
	struct cry_raw_ext exts[2];
	size_t n = 0;

	p.ca = r->ek_is_ca;
	p.key_cert_sign = r->ek_is_ca;
	if (!r->no_san)
		exts[n++] = (struct cry_raw_ext){ "2.5.29.17", true, make_san(r, san) };
	if (r->critical)
		exts[n++] = (struct cry_raw_ext){ "1.2.3.4", true, BYTES_STR("\x05\x00") };
	return pki_issue(&p, exts, n, r->other_key ? pki.other_key : pki.ek[r->kind].key,
	    issuer, issuer_cert);
}

static void
put(struct made *m, struct cry_cert *c)
{
	assert_true(m->n < SN_NITEMS(m->heap));
	m->heap[m->n++] = c;
}

/* A copy, so that every certificate has one owner. */
static struct cry_cert *
copy(const struct cry_cert *c)
{
	struct cry_cert *ret = NULL;

	PKI_OK(cry_cert_parse(cry_cert_der(c), &ret, why));
	return ret;
}

/* The authority, below one more that its own path length of 0 forbids. */
static void
put_deeper(struct made *m, const struct cry_cert *ca)
{
	const struct cry_profile p = pki_ca_profile("Lower CA", 4, -1);

	put(m, pki_issue(&p, NULL, 0, pki.other_key, pki.ca_key, ca));
}

static void
put_twin(struct made *m, enum also also)
{
	struct cry_profile p = pki_ca_profile("Generated CA", 5, 0);

	if (also == ALSO_KEYID_TWIN) {
		static const struct cry_raw_ext id = { "2.5.29.14", false,
			BYTES_STR("\x04\x04twin") };
		struct sn_buf der = { 0 };
		struct cry_cert *c = NULL;

		PKI_OK(cry_cert_issue_raw(&p, &id, 1, true, pki.ca_key, pki.root_key, pki.root,
		    &der, why));
		PKI_OK(cry_cert_parse(sn_buf_bytes(&der), &c, why));
		sn_buf_done(&der);
		put(m, c);
	} else if (also == ALSO_OLD_TWIN) {
		p.not_after = PKI_FROM + 1;
		put(m, pki_issue(&p, NULL, 0, pki.ca_key, pki.root_key, pki.root));
	} else {
		struct cry_profile o = pki_ca_profile("Other Root", 6, -1);
		struct cry_cert *root =
		    pki_issue(&o, NULL, 0, pki.other_key, pki.other_key, NULL);

		put(m, pki_issue(&p, NULL, 0, pki.ca_key, pki.other_key, root));
		put(m, root);
	}
}

/* A certifies B and B certifies A; the endorsement certificate is A's. */
static void
put_loop(struct made *m)
{
	const struct cry_profile a = pki_ca_profile("Generated CA", 7, -1),
				 b = pki_ca_profile("Loop CA", 8, -1);
	struct cry_cert *self = pki_issue(&b, NULL, 0, pki.other_key, pki.other_key, NULL);

	put(m, pki_issue(&a, NULL, 0, pki.ca_key, pki.other_key, self));
	put(m, pki_issue(&b, NULL, 0, pki.other_key, pki.ca_key, m->heap[m->n - 1]));
	cry_cert_free(&self);
}

static void
make(const struct row *r, struct made *m)
{
	struct cry_cert *ca = make_ca(r);

	memset(m, 0, sizeof(*m));
	m->root = pki.root;
	m->ek = make_ek(r, pki.ca_key, ca);
	if (r->deeper) {
		put_deeper(m, ca);
		cry_cert_free(&m->ek);
		m->ek = make_ek(r, pki.other_key, m->heap[0]);
	}
	if (r->also == ALSO_TWIN || r->also == ALSO_OLD_TWIN || r->also == ALSO_KEYID_TWIN)
		put_twin(m, r->also);
	if (r->also == ALSO_LOOP) {
		put_loop(m);
		cry_cert_free(&ca);
		return;
	}
	if (r->no_ca)
		cry_cert_free(&ca);
	else
		put(m, ca);
	if (r->also == ALSO_OTHER_ROOT || r->also == ALSO_BOTH_ROOTS)
		put(m, other_root());
	if (r->also != ALSO_OTHER_ROOT && r->also != ALSO_NOTHING)
		put(m, copy(pki.root));
}

static void
made_done(struct made *m)
{
	cry_cert_free_all(m->heap, m->n);
	cry_cert_free(&m->ek);
}

/*
 * The judge gets what we get: all of the heap untrusted, the root trusted if it is there; or
 * the path that we found, as openssl does not go back when it took the wrong one of two
 * issuers.
 */
static int
openssl_says(const struct made *m, const struct att_path *path, int64_t at)
{
	struct sn_buf pem = { 0 }, ek = { 0 }, root = { 0 };
	bool have_root = false;
	char *line;
	int status;

	for (size_t i = 0; i < m->n; i++) {
		have_root =
		    have_root || bytes_equal(cry_cert_der(m->heap[i]), cry_cert_der(m->root));
		PKI_OK(cry_cert_pem(cry_cert_der(m->heap[i]), &pem, why));
	}
	PKI_OK(cry_cert_pem(cry_cert_der(m->ek), &ek, why));
	PKI_OK(cry_cert_pem(cry_cert_der(m->root), &root, why));
	test_put("heap.pem", sn_buf_bytes(path != NULL ? &path->pem : &pem));
	test_put("ek.pem", sn_buf_bytes(&ek));
	test_put("root.pem", have_root ? sn_buf_bytes(&root) : (struct bytes){ 0 });
	line = test_format("openssl verify -partial_chain -attime %lld -no-CApath -no-CAstore "
			   "%s -untrusted heap.pem ek.pem",
	    (long long)at, have_root ? "-CAfile root.pem" : "-no-CAfile");
	status = test_sh(line);
	free(line);
	sn_buf_done(&pem);
	sn_buf_done(&ek);
	sn_buf_done(&root);
	return status;
}

/* Issuer first, root last: exactly the certificates that lead there. */
static void
check_path(const struct made *m, const struct att_path *p)
{
	struct cry_cert *chain[CRY_PEM_CHAIN_MAX] = { NULL };
	size_t n = 0;

	PKI_OK(cry_cert_parse_pem(sn_buf_bytes(&p->pem), chain, &n, why));
	assert_int_equal(n, p->n);
	assert_int_equal(n, 2);
	PKI_OK(cry_cert_signed_by(m->ek, chain[0], CRY_SIG_SHA2, why));
	PKI_OK(cry_cert_signed_by(chain[0], chain[1], CRY_SIG_SHA2, why));
	assert_true(bytes_equal(cry_cert_der(chain[1]), cry_cert_der(pki.root)));
	cry_cert_free_all(chain, n);
	assert_true(p->generated);
	assert_string_equal(p->root, "Generated Root");
	assert_string_equal(p->manufacturer, "id:00001014");
	assert_string_equal(p->model, "CS-TEST-TPM");
	assert_string_equal(p->version, "id:202401");
}

static void
test_row(void **state)
{
	const struct row *r = *state;
	struct att_heap *h = NULL;
	struct att_path path = { 0 };
	struct sn_why said = { 0 };
	struct made m;
	enum sn_err e;

	make(r, &m);
	PKI_OK(att_heap_new(&h, why));
	for (size_t i = 0; i < m.n; i++)
		PKI_OK(att_heap_file(h, cry_cert_der(m.heap[i]), "file", why));
	e = att_ek_path(cry_cert_der(m.ek), &pki.ek[r->kind], h, pki.root_spki,
	    PKI_NOW + r->later, &path, &said);
	if (e != r->want || (r->says != NULL && strstr(said.text, r->says) == NULL))
		fail_msg("%s, wanted %s with \"%s\": %s", sn_err_name(e), sn_err_name(r->want),
		    r->says, said.text);
	if (e == SN_OK)
		check_path(&m, &path);
	if (e == SN_OK || r->judged)
		/* to openssl the last second is too late already */
		assert_int_equal(openssl_says(&m, e == SN_OK ? &path : NULL,
				     PKI_NOW + r->later -
					 (e == SN_OK && r->later > 0 ? 1 : 0)) == 0,
		    e == SN_OK);
	/* whoever does not know the generated root sees none */
	if (e == SN_OK) {
		att_path_done(&path);
		assert_int_equal(att_ek_path(cry_cert_der(m.ek), &pki.ek[r->kind], h, NULL,
				     PKI_NOW, &path, NULL),
		    SN_E_CHAIN);
	}
	att_path_done(&path);
	att_heap_free(&h);
	made_done(&m);
}

/* ---- depth: a ladder of authorities */

static const struct depth_row {
	size_t n; /* certificates above the endorsement key's */
	enum sn_err want;
} depths[] = { { 1, SN_OK }, { 2, SN_OK }, { ATT_DEPTH_MAX, SN_OK },
	{ ATT_DEPTH_MAX + 1, SN_E_LIMIT } };

static void
test_depth(void **state)
{
	const struct depth_row *r = *state;
	static const struct row plain;
	struct cry_cert *c[ATT_DEPTH_MAX + 1] = { copy(pki.root) }, *ek;
	const struct cry_key *key = pki.root_key;
	struct att_heap *h = NULL;
	struct att_path path = { 0 };

	PKI_OK(att_heap_new(&h, why));
	for (size_t i = 1; i < r->n; i++) {
		char cn[32];
		struct cry_profile p;

		(void)snprintf(cn, sizeof(cn), "Step %zu", i);
		p = pki_ca_profile(cn, (uint8_t)(32 + i), -1);
		c[i] = pki_issue(&p, NULL, 0, pki.ca_key, key, c[i - 1]);
		key = pki.ca_key;
	}
	ek = make_ek(&plain, key, c[r->n - 1]);
	for (size_t i = 0; i < r->n; i++)
		PKI_OK(att_heap_file(h, cry_cert_der(c[i]), "file", why));
	assert_int_equal(att_ek_path(cry_cert_der(ek), &pki.ek[0], h, pki.root_spki, PKI_NOW,
			     &path, NULL),
	    r->want);
	assert_int_equal(path.n, r->want == SN_OK ? r->n : 0);
	att_path_done(&path);
	att_heap_free(&h);
	cry_cert_free(&ek);
	cry_cert_free_all(c, r->n);
}

/* 65 certificates that all bear the issuer's name: the last is one too many, and the search
 * among 64 ends. */
static void
test_many(void **state)
{
	static const struct row plain;
	struct cry_cert *ek = make_ek(&plain, pki.ca_key, pki.ca);
	struct att_heap *h = NULL;
	struct att_path path = { 0 };

	(void)state;
	PKI_OK(att_heap_new(&h, why));
	for (uint8_t i = 0; i <= ATT_HEAP_MAX; i++) {
		const struct cry_profile p =
		    pki_ca_profile("Generated CA", (uint8_t)(64 + i), -1);
		struct cry_cert *c = pki_issue(&p, NULL, 0, pki.ca_key, pki.ca_key, NULL);

		assert_int_equal(att_heap_file(h, cry_cert_der(c), "file", NULL),
		    i < ATT_HEAP_MAX ? SN_OK : SN_E_LIMIT);
		cry_cert_free(&c);
	}
	assert_int_equal(att_heap_count(h), ATT_HEAP_MAX);
	assert_int_equal(att_ek_path(cry_cert_der(ek), &pki.ek[0], h, pki.root_spki, PKI_NOW,
			     &path, NULL),
	    SN_E_CHAIN);
	att_heap_free(&h);
	cry_cert_free(&ek);
}

/* A vendor's root by name and by all that it says, but made by somebody else: alone, and
 * beside the real one. */
static void
test_known_name(void **state)
{
	static const struct row plain;
	struct cry_profile p = pki_ca_profile("Infineon OPTIGA(TM) ECC Root CA", 99, -1),
			   lower = pki_ca_profile("Generated CA", 98, 0);
	struct cry_cert *fake, *ca, *ek;
	struct att_heap *h = NULL;
	struct att_path path = { 0 };
	struct test_bytes real;
	struct sn_why said = { 0 };

	(void)state;
	test_need_data("tpm-vendor-ca/INF_ECC_010RT.pem");
	p.country = "DE";
	p.organization = "Infineon Technologies AG";
	p.organizational_unit = "OPTIGA(TM) Devices";
	fake = pki_issue(&p, NULL, 0, pki.other_key, pki.other_key, NULL);
	ca = pki_issue(&lower, NULL, 0, pki.ca_key, pki.other_key, fake);
	ek = make_ek(&plain, pki.ca_key, ca);
	PKI_OK(att_heap_new(&h, why));
	PKI_OK(att_heap_file(h, cry_cert_der(ca), "ca", why));
	PKI_OK(att_heap_file(h, cry_cert_der(fake), "fake", why));
	assert_int_equal(att_ek_path(cry_cert_der(ek), &pki.ek[0], h, NULL, PKI_NOW, &path,
			     &said),
	    SN_E_CHAIN);
	assert_non_null(strstr(said.text, "no root of a TPM vendor"));
	real = test_read_data("tpm-vendor-ca/INF_ECC_010RT.pem");
	PKI_OK(att_heap_file(h, pki_bytes(&real), "real", why));
	assert_int_equal(att_heap_count(h), 3);
	assert_int_equal(att_ek_path(cry_cert_der(ek), &pki.ek[0], h, NULL, PKI_NOW, &path,
			     NULL),
	    SN_E_CHAIN);
	test_bytes_done(&real);
	att_heap_free(&h);
	cry_cert_free(&fake);
	cry_cert_free(&ca);
	cry_cert_free(&ek);
}

/* The heap has the endorsement certificate among others. */
static void
test_find_ek(void **state)
{
	static const struct row plain, ca_row = { .ek_is_ca = true };
	struct cry_cert *ek = make_ek(&plain, pki.ca_key, pki.ca),
			*ca = make_ek(&ca_row, pki.ca_key, pki.ca);
	struct att_heap *h = NULL;
	struct bytes found;

	(void)state;
	PKI_OK(att_heap_new(&h, why));
	PKI_OK(att_heap_file(h, cry_cert_der(pki.ca), "ca", why));
	PKI_OK(att_heap_file(h, cry_cert_der(ca), "no certificate of a TPM", why));
	PKI_OK(att_heap_find_ek(h, &pki.ek[0], &found, why));
	assert_null(found.p);
	PKI_OK(att_heap_file(h, cry_cert_der(ek), "ek", why));
	PKI_OK(att_heap_find_ek(h, &pki.ek[0], &found, why));
	assert_true(bytes_equal(found, cry_cert_der(ek)));
	PKI_OK(att_heap_find_ek(h, &pki.ek[1], &found, why));
	assert_null(found.p);
	att_heap_free(&h);
	cry_cert_free(&ek);
	cry_cert_free(&ca);
}

int
main(void)
{
	struct test_list *l = test_list_new();
	int status;

	assert_int_equal(sn_secret_start(1U << 18, NULL), SN_OK);
	assert_int_equal(cry_start(NULL), SN_OK);
	pki_make(&pki);
	for (size_t i = 0; i < SN_NITEMS(rows); i++)
		test_list_add(l, test_row, &rows[i], "%s", rows[i].name);
	for (size_t i = 0; i < SN_NITEMS(depths); i++)
		test_list_add(l, test_depth, &depths[i], "depth-%zu", depths[i].n);
	test_list_add(l, test_many, NULL, "65-certificates");
	test_list_add(l, test_known_name, NULL, "known-name");
	test_list_add(l, test_find_ek, NULL, "certificate-on-the-stick");
	status = test_list_run(l, "ek");
	pki_done(&pki);
	return status;
}
