#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "appliance/base/text.h"
#include "firmware-cache/ibm-se/ibm.h"
#include "firmware-cache/layouts/ibmse.h"

#define CERTS IBMSE_FOLDER "/certs/"
#define CRLS IBMSE_FOLDER "/crls/"
#define HKDS IBMSE_FOLDER "/hkds/hkd-"

/* Where the certificates and lists go, in byte order of path; host keys between them. */
#define PATH_CODE_CA CERTS "DigiCertCA.crt"
#define PATH_SIGNING CERTS "ibm-z-host-key-signing-gen2.crt"
#define PATH_CODE_CA_CRL CRLS "DigiCertTrustedG4CodeSigningRSA4096SHA3842021CA1.crl"
#define PATH_ROOT_CRL CRLS "DigiCertTrustedRootG4.crl"
#define PATH_SIGNING_CRL CRLS "ibm-z-host-key-gen2.crl"
#define PATH_ROOT IBMSE_FOLDER "/root_ca.crt"

/* A host key document. */
struct host {
	char path[LAY_PATH_MAX + 1];
	const struct col_verified *item;
	const struct cry_cert *x;
};

/* Everything of IBM's that was accepted. */
struct all {
	const struct cry_cert **certs;
	const struct cry_crl **crls;
	struct host *hosts;
	size_t ncerts, ncrls, nhosts;
	int64_t at; /* when the newest was issued: all of them are good then */
};

/* What one tree is made of. */
struct tree {
	const struct cry_cert *root, *code_ca, *signing;
	const struct cry_crl *root_crl, *code_ca_crl, *signing_crl;
	size_t hosts; /* that fit it */
};

static void
all_done(struct all *a)
{
	free(a->certs);
	free(a->crls);
	free(a->hosts);
	*a = (struct all){ 0 };
}

/* ---- what is there */

static enum sn_err
add_host(const struct col_row *row, struct all *a, struct sn_why *why)
{
	struct host *h = &a->hosts[a->nhosts];
	uint8_t spki[32];
	char hex[65];

	h->item = row->verified;
	h->x = col_verified_cert(row->verified, 0);
	SN_TRY(cry_cert_spki_sha256(h->x, spki, why));
	sn_hex(BYTES_OF(spki), hex);
	snprintf(h->path, sizeof(h->path), HKDS "%.16s.crt", hex);
	a->nhosts++;
	return SN_OK;
}

static enum sn_err
add_row(const struct col_row *row, struct all *a, struct sn_why *why)
{
	bool host = row->kind == COL_KIND_IBM_HOST_KEY;
	const struct cry_cert *x;

	if (!row->ok ||
	    (!host && row->kind != COL_KIND_IBM_CHAIN && row->kind != COL_KIND_IBM_CRL))
		return SN_OK;
	if (row->issued > a->at)
		a->at = row->issued;
	if (host)
		return (row->notes & COL_NOTE_SUPERSEDED) != 0 ? SN_OK : add_host(row, a, why);
	for (size_t i = 0; (x = col_verified_cert(row->verified, i)) != NULL; i++)
		a->certs[a->ncerts++] = x;
	if (col_verified_crl(row->verified) != NULL) {
		a->crls[a->ncrls++] = col_verified_crl(row->verified);
		if (cry_crl_this_update(a->crls[a->ncrls - 1]) > a->at)
			a->at = cry_crl_this_update(a->crls[a->ncrls - 1]);
	}
	return SN_OK;
}

/* By path; of one key's the document with the smaller digest comes first. */
static int
by_path(const void *a, const void *b)
{
	const struct host *x = a, *y = b;
	int order = strcmp(x->path, y->path);

	return order != 0
	    ? order
	    : memcmp(col_verified_sha256(x->item), col_verified_sha256(y->item), 32);
}

static enum sn_err
gather(const struct col_store *s, struct all *a, struct sn_why *why)
{
	const struct col_row *rows = NULL;
	size_t n = 0;

	SN_TRY(col_store_rows(s, &rows, &n, why));
	a->certs = calloc(n * CRY_PEM_CHAIN_MAX + 1, sizeof(const struct cry_cert *));
	a->crls = calloc(n + 1, sizeof(const struct cry_crl *));
	a->hosts = calloc(n + 1, sizeof(*a->hosts));
	if (a->certs == NULL || a->crls == NULL || a->hosts == NULL)
		return sn_fail(why, SN_E_NOMEM, "%zu items", n);
	for (size_t i = 0; i < n; i++)
		SN_TRY(add_row(&rows[i], a, why));
	if (a->nhosts > 0)
		qsort(a->hosts, a->nhosts, sizeof(*a->hosts), by_path);
	return SN_OK;
}

/* ---- one signing key of several */

/* The later one; of two equally old, the one whose bytes come first. */
static bool
newer(int64_t a, int64_t b, struct bytes a_der, struct bytes b_der)
{
	size_t n = a_der.n < b_der.n ? a_der.n : b_der.n;
	int order = memcmp(a_der.p, b_der.p, n);

	return a != b ? a > b : order != 0 ? order < 0 : a_der.n < b_der.n;
}

static bool
newer_cert(const struct cry_cert *a, const struct cry_cert *b)
{
	return b == NULL ||
	    newer(cry_cert_not_before(a), cry_cert_not_before(b), cry_cert_der(a),
		cry_cert_der(b));
}

static const struct cry_cert *
issuer_of(const struct all *a, const struct cry_cert *x)
{
	const struct cry_cert *best = NULL;
	struct sn_why none = { 0 };

	for (size_t i = 0; x != NULL && i < a->ncerts; i++)
		if (ibm_cert_check(x, a->certs[i], a->at, &none) == SN_OK &&
		    newer_cert(a->certs[i], best))
			best = a->certs[i];
	return best;
}

static const struct cry_crl *
crl_of(const struct all *a, const struct cry_cert *issuer)
{
	const struct cry_crl *best = NULL;
	struct sn_why none = { 0 };

	for (size_t i = 0; issuer != NULL && i < a->ncrls; i++) {
		const struct cry_crl *c = a->crls[i];

		if (ibm_crl_check(c, issuer, a->at, &none) != SN_OK ||
		    (ibm_cert_role(issuer) == IBM_ROLE_SIGNING &&
			!ibm_crl_found(cry_crl_issuer_der(c), issuer)))
			continue;
		if (best == NULL ||
		    newer(cry_crl_this_update(c), cry_crl_this_update(best), cry_crl_der(c),
			cry_crl_der(best)))
			best = c;
	}
	return best;
}

static bool
fits(const struct tree *t, const struct cry_cert *host, int64_t at)
{
	struct sn_why none = { 0 };

	return t->signing != NULL && ibm_cert_check(host, t->signing, at, &none) == SN_OK;
}

/* The tree of this signing key; false when a part of it is not here. */
static bool
grow(const struct all *a, const struct cry_cert *signing, struct tree *ret)
{
	struct tree t = { .signing = signing };

	t.code_ca = issuer_of(a, signing);
	t.root = issuer_of(a, t.code_ca);
	t.root_crl = crl_of(a, t.root);
	t.code_ca_crl = crl_of(a, t.code_ca);
	t.signing_crl = crl_of(a, signing);
	for (size_t i = 0; i < a->nhosts; i++)
		t.hosts += fits(&t, a->hosts[i].x, a->at);
	*ret = t;
	return t.root_crl != NULL && t.code_ca_crl != NULL && t.signing_crl != NULL &&
	    t.hosts > 0;
}

static void
choose(const struct all *a, struct tree *ret)
{
	struct tree t = { 0 };

	for (size_t i = 0; i < a->ncerts; i++)
		if (ibm_cert_role(a->certs[i]) == IBM_ROLE_SIGNING &&
		    grow(a, a->certs[i], &t) &&
		    (t.hosts > ret->hosts ||
			(t.hosts == ret->hosts && newer_cert(t.signing, ret->signing))))
			*ret = t;
}

/* ---- as Trustee reads it */

/* A certificate's file holds that one certificate, and it is the one that was chosen. */
static enum sn_err
back_cert(struct bytes pem, const struct cry_cert *want, struct sn_why *why)
{
	struct cry_cert *back[CRY_PEM_CHAIN_MAX] = { 0 };
	size_t n = 0;
	bool same;

	SN_TRY(cry_cert_parse_pem(pem, back, &n, why));
	same = n == 1 && bytes_equal(cry_cert_der(back[0]), cry_cert_der(want));
	cry_cert_free_all(back, n);
	return same ? SN_OK : sn_fail(why, SN_E_INTERNAL, "a certificate does not read back");
}

/*
 * s390-tools' verifier: the signing key by the code signing CA by the root, each with the list
 * of its issuer, the root's with its own; then every host key by the signing key, and not on
 * its list.
 */
static enum sn_err
consume(const struct tree *t, const struct cry_cert *host, int64_t at, struct sn_why *why)
{
	const struct {
		const struct cry_cert *x, *issuer;
		const struct cry_crl *crl; /* the issuer's */
	} steps[] = {
		{ t->root, t->root, t->root_crl },
		{ t->code_ca, t->root, t->root_crl },
		{ t->signing, t->code_ca, t->code_ca_crl },
		{ host, t->signing, t->signing_crl },
	};

	for (size_t i = 0; i < SN_NITEMS(steps); i++) {
		SN_TRY(ibm_cert_check(steps[i].x, steps[i].issuer, at, why));
		SN_TRY(ibm_crl_check(steps[i].crl, steps[i].issuer, at, why));
		if (cry_crl_revokes(steps[i].crl, cry_cert_serial(steps[i].x)))
			return sn_fail(why, SN_E_INTERNAL,
			    "Trustee would find a certificate revoked");
	}
	return SN_OK;
}

/* ---- files */

static enum sn_err
put_cert(const struct lay_out *out, const char *path, const struct cry_cert *x,
    struct sn_why *why)
{
	SN_CLEANUP(sn_buf_done) struct sn_buf pem = { 0 };

	SN_TRY(cry_cert_pem(cry_cert_der(x), &pem, why));
	SN_TRY(back_cert(sn_buf_bytes(&pem), x, why));
	return out->file(out->arg, path, sn_buf_bytes(&pem), cry_cert_not_before(x), why);
}

static enum sn_err
put_crl(const struct lay_out *out, const char *path, const struct cry_crl *crl,
    struct sn_why *why)
{
	return out->file(out->arg, path, cry_crl_der(crl), cry_crl_this_update(crl), why);
}

static enum sn_err
put_hosts(const struct all *a, const struct tree *t, const struct lay_out *out,
    struct sn_why *why)
{
	const char *last = "";

	for (size_t i = 0; i < a->nhosts; i++) {
		const struct host *h = &a->hosts[i];

		if (!fits(t, h->x, a->at) || strcmp(h->path, last) == 0)
			continue;
		SN_TRY(consume(t, h->x, a->at, why));
		SN_TRY(put_cert(out, h->path, h->x, why));
		last = h->path;
	}
	return SN_OK;
}

/* What is accepted, or carried, and yet in no tree. */
static enum sn_err
say_left_out(const struct lay_input *in, const struct all *a, const struct tree *t,
    const struct lay_out *out, struct sn_why *why)
{
	const struct col_row *rows = NULL;
	size_t n = 0;

	for (size_t i = 0; i < a->nhosts; i++)
		if (!fits(t, a->hosts[i].x, a->at))
			SN_TRY(out->left_out(out->arg, IBMSE_NAME,
			    col_verified_path(a->hosts[i].item),
			    t->signing == NULL
				? "the chain of its signing key, with CRLs, is not whole"
				: "another signing key than that of the others; Trustee takes one",
			    why));
	SN_TRY(col_store_rows(in->store, &rows, &n, why));
	for (size_t i = 0; i < n; i++)
		if (rows[i].carried && rows[i].kind == COL_KIND_IBM_HEADER)
			SN_TRY(out->left_out(out->arg, IBMSE_NAME, rows[i].path,
			    "carried, not verified here; as hdr/hdr.bin it is yours to add",
			    why));
	return SN_OK;
}

enum sn_err
ibmse_write(const struct lay_input *in, const struct lay_out *out, struct sn_why *why)
{
	SN_CLEANUP(all_done) struct all a = { 0 };
	struct tree t = { 0 };

	SN_TRY(gather(in->store, &a, why));
	choose(&a, &t);
	SN_TRY(say_left_out(in, &a, &t, out, why));
	if (t.signing == NULL)
		return SN_OK;
	SN_TRY(put_cert(out, PATH_CODE_CA, t.code_ca, why));
	SN_TRY(put_cert(out, PATH_SIGNING, t.signing, why));
	SN_TRY(put_crl(out, PATH_CODE_CA_CRL, t.code_ca_crl, why));
	SN_TRY(put_crl(out, PATH_ROOT_CRL, t.root_crl, why));
	SN_TRY(put_crl(out, PATH_SIGNING_CRL, t.signing_crl, why));
	SN_TRY(put_hosts(&a, &t, out, why));
	return put_cert(out, PATH_ROOT, t.root, why);
}
