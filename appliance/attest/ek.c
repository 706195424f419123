#include "appliance/attest/ek.h"

#include <stdio.h>
#include <string.h>

#include "appliance/attest/heap.h"
#include "appliance/attest/roots.h"
#include "appliance/base/text.h"
#include "appliance/crypto/der.h"

#define EKU_EK "2.23.133.8.1" /* tcg-kp-EKCertificate */
#define OID_EKU "2.5.29.37"
#define OID_SAN "2.5.29.17"
#define SAN_DIRECTORY 0xa4 /* GeneralName: directoryName [4] */
#define DER_OID 0x06
#define SHOWN_MAX 100

/* ---- what the endorsement certificate says of itself */

static const struct san_part {
	uint8_t oid[5]; /* 2.23.133.2.n [TCG EK profile 3.2.9] */
	size_t at;	/* in struct att_path */
	const char *what;
} san_parts[] = {
	{ { 0x67, 0x81, 0x05, 0x02, 0x01 }, offsetof(struct att_path, manufacturer),
	    "manufacturer" },
	{ { 0x67, 0x81, 0x05, 0x02, 0x02 }, offsetof(struct att_path, model), "model" },
	{ { 0x67, 0x81, 0x05, 0x02, 0x03 }, offsetof(struct att_path, version), "version" },
};

/* An AttributeTypeAndValue of the TPM's name; others are not for us. */
static enum sn_err
san_attribute(struct bytes v, struct att_path *ret, struct sn_why *why)
{
	static const char what[] = "ekcert.der: TPM's name";
	struct bytes oid, value;

	SN_TRY(der_take(&v, DER_OID, &oid, what, why));
	if (v.n == 0)
		return sn_fail(why, SN_E_FORMAT, "%s: an attribute without value", what);
	SN_TRY(der_take(&v, v.p[0], &value, what, why));
	SN_TRY(bytes_end(&v, what, why));
	for (size_t i = 0; i < SN_NITEMS(san_parts); i++) {
		char *to = (char *)ret + san_parts[i].at;

		if (!bytes_equal(oid, BYTES_OF(san_parts[i].oid)))
			continue;
		if (to[0] != '\0' || value.n == 0 || value.n >= ATT_TEXT_MAX ||
		    !text_printable(value, ATT_TEXT_MAX))
			return sn_fail(why, SN_E_FORMAT,
			    "%s: %s is there twice, empty, too long or not printable", what,
			    san_parts[i].what);
		memcpy(to, value.p, value.n);
	}
	return SN_OK;
}

/* A Name: a SEQUENCE of SETs of attributes. Some vendors put all three into one SET. */
static enum sn_err
san_name(struct bytes directory, struct att_path *ret, struct sn_why *why)
{
	static const char what[] = "ekcert.der: TPM's name";
	struct bytes name, set, attribute;

	SN_TRY(der_take(&directory, DER_SEQUENCE, &name, what, why));
	SN_TRY(bytes_end(&directory, what, why));
	while (name.n > 0) {
		SN_TRY(der_take(&name, DER_SET, &set, what, why));
		while (set.n > 0) {
			SN_TRY(der_take(&set, DER_SEQUENCE, &attribute, what, why));
			SN_TRY(san_attribute(attribute, ret, why));
		}
	}
	return SN_OK;
}

static enum sn_err
read_san(const struct cry_cert *c, struct att_path *ret, struct sn_why *why)
{
	static const char what[] = "ekcert.der: alternative names";
	struct bytes ext, names, general;

	SN_TRY(cry_cert_ext(c, OID_SAN, &ext, why));
	if (ext.n > 0) {
		SN_TRY(der_take(&ext, DER_SEQUENCE, &names, what, why));
		while (names.n > 0) {
			const uint8_t tag = names.p[0];

			SN_TRY(der_take(&names, tag, &general, what, why));
			if (tag == SAN_DIRECTORY)
				SN_TRY(san_name(general, ret, why));
		}
	}
	if (ret->manufacturer[0] == '\0')
		return sn_fail(why, SN_E_ROLE,
		    "ekcert.der: names no TPM, so it is no endorsement certificate");
	return SN_OK;
}

/* A certificate that says what it is for must say that it is for this. */
static enum sn_err
check_eku(const struct cry_cert *c, struct sn_why *why)
{
	struct bytes ext;

	SN_TRY(cry_cert_ext(c, OID_EKU, &ext, why));
	if (ext.p != NULL && !cry_cert_has_eku(c, EKU_EK))
		return sn_fail(why, SN_E_ROLE,
		    "certificate \"%s\": not for endorsement keys of TPMs (extended key usage)",
		    cry_cert_shown(c));
	return SN_OK;
}

static enum sn_err
check_ek_cert(const struct cry_cert *c, const struct att_ek *ek, struct att_path *ret,
    struct sn_why *why)
{
	bool its = false;

	SN_TRY(att_cert_is_for(c, ek, &its, why));
	if (!its)
		return sn_fail(why, SN_E_SIGNATURE,
		    "ekcert.der: for another key than this TPM's endorsement key");
	if (cry_cert_is_ca(c))
		return sn_fail(why, SN_E_ROLE,
		    "ekcert.der: an authority's certificate, not a TPM's");
	SN_TRY(check_eku(c, why));
	return read_san(c, ret, why);
}

/* ---- the way to a root */

/* A certificate that was reached, and from which. */
struct node {
	const struct cry_cert *c;
	size_t child; /* its place among the nodes; the first has none */
	unsigned int depth;
	int below; /* authorities below it that a path length counts */
};

/* Breadth first, each certificate once, so that any heap of 64 is soon done with. */
struct search {
	const struct att_heap *h;
	const uint8_t *extra;
	int64_t at;
	struct node node[1 + ATT_HEAP_MAX];
	size_t n;
	bool used[ATT_HEAP_MAX];
	struct sn_why first; /* what spoke against the only issuers of the first dead end */
};

static enum sn_err
find_root(const struct search *s, const struct cry_cert *c, bool *ret, struct att_path *path,
    struct sn_why *why)
{
	const struct att_root *known;
	uint8_t digest[32];

	*ret = false;
	SN_TRY(cry_digest(CRY_SHA256, cry_cert_der(c), digest, why));
	known = att_root_find(digest);
	if (known != NULL) {
		(void)snprintf(path->root, sizeof(path->root), "%s", known->name);
		*ret = true;
		return SN_OK;
	}
	if (s->extra == NULL)
		return SN_OK;
	SN_TRY(cry_cert_spki_sha256(c, digest, why));
	if (memcmp(digest, s->extra, sizeof(digest)) == 0) {
		(void)snprintf(path->root, sizeof(path->root), "%.*s", ATT_TEXT_MAX - 1,
		    cry_cert_shown(c));
		path->generated = true;
		*ret = true;
	}
	return SN_OK;
}

/* Did issuer sign child, and may it? SN_E_CHAIN: child names another, by name or key id. */
static enum sn_err
check_step(const struct search *s, const struct node *child, const struct cry_cert *issuer,
    struct sn_why *why)
{
	const int pathlen = cry_cert_pathlen(issuer);

	SN_TRY(cry_path_verify(&child->c, 1, issuer, s->at, why));
	SN_TRY(check_eku(issuer, why));
	if (pathlen >= 0 && child->below > pathlen)
		return sn_fail(why, SN_E_ROLE,
		    "certificate \"%s\": has more authorities below it than it may",
		    cry_cert_shown(issuer));
	return SN_OK;
}

/* Those of the heap that signed node k; if there are none, why not. */
static void
expand(struct search *s, size_t k)
{
	const struct node child = s->node[k];
	const size_t before = s->n;
	struct sn_why first = { 0 };

	/* the end of its branch, whoever else has its name */
	if (cry_cert_signed_by(child.c, child.c, CRY_SIG_SHA2, NULL) == SN_OK)
		return;
	for (size_t i = 0; i < s->h->n; i++) {
		struct sn_why detail = { 0 };
		const struct cry_cert *c = s->h->cert[i];
		enum sn_err e;

		if (s->used[i])
			continue;
		e = check_step(s, &child, c, &detail);
		if (e != SN_OK && e != SN_E_CHAIN && first.err == SN_OK)
			first = detail;
		if (e != SN_OK)
			continue;
		s->used[i] = true;
		s->node[s->n++] = (struct node){ .c = c,
			.child = k,
			.depth = child.depth + 1,
			.below = child.below + (cry_cert_self_issued(c) ? 0 : 1) };
	}
	if (s->n == before && s->first.err == SN_OK)
		s->first = first;
}

static enum sn_err
dead_end(const struct search *s, struct sn_why *why)
{
	const struct cry_cert *last = s->node[s->n - 1].c;
	char issuer[SHOWN_MAX];

	if (s->first.err != SN_OK)
		return sn_fail(why, s->first.err, "%s", s->first.text);
	cry_name_text(cry_cert_issuer_der(last), issuer, sizeof(issuer));
	if (s->node[s->n - 1].depth >= ATT_DEPTH_MAX)
		return sn_fail(why, SN_E_LIMIT,
		    "no root of a TPM vendor within %d certificates of the endorsement key's",
		    ATT_DEPTH_MAX);
	if (cry_cert_self_issued(last))
		return sn_fail(why, SN_E_CHAIN,
		    "\"%s\" is no root of a TPM vendor that is known here", issuer);
	return sn_fail(why, SN_E_CHAIN,
	    "the certificate of the issuer \"%s\" is not there: put it into tpm-ca/ on the IN "
	    "stick",
	    issuer);
}

/* The certificates from node k down to the first, root first; then judged as a whole. */
static enum sn_err
take_path(const struct search *s, size_t k, struct att_path *path, struct sn_why *why)
{
	const struct cry_cert *chain[ATT_DEPTH_MAX + 1];
	const unsigned int n = s->node[k].depth;
	size_t at = k;

	for (unsigned int i = 0; i <= n; i++, at = s->node[at].child)
		chain[n - i] = s->node[at].c;
	SN_TRY(cry_path_verify(chain, n, chain[n], s->at, why));
	for (unsigned int i = 1; i <= n; i++)
		SN_TRY(cry_cert_pem(cry_cert_der(chain[i]), &path->pem, why));
	path->n = n;
	return SN_OK;
}

static enum sn_err
find_path(struct search *s, const struct cry_cert *c, struct att_path *path, struct sn_why *why)
{
	bool root = false;

	SN_TRY(cry_cert_valid_at(c, s->at, why));
	/* an authority will have signed something below it */
	s->node[s->n++] = (struct node){ .c = c,
		.below = cry_cert_is_ca(c) && !cry_cert_self_issued(c) ? 1 : 0 };
	for (size_t k = 0; k < s->n; k++) {
		if (k > 0)
			SN_TRY(find_root(s, s->node[k].c, &root, path, why));
		if (root)
			return take_path(s, k, path, why);
		if (s->node[k].depth < ATT_DEPTH_MAX)
			expand(s, k);
	}
	return dead_end(s, why);
}

void
att_path_done(struct att_path *p)
{
	if (p != NULL)
		sn_buf_done(&p->pem);
}

/* Both of the header's: ek is NULL for an authority. */
static enum sn_err
any_path(struct bytes der, const struct att_ek *ek, const struct att_heap *h,
    const uint8_t *extra, int64_t at, struct att_path *ret, struct sn_why *why)
{
	SN_CLEANUP(cry_cert_free) struct cry_cert *cert = NULL;
	SN_CLEANUP(att_path_done) struct att_path out = { 0 };
	struct search s = { .h = h, .extra = extra, .at = at };

	SN_TRY(cry_cert_parse(der, &cert, why));
	if (ek != NULL)
		SN_TRY(check_ek_cert(cert, ek, &out, why));
	SN_TRY(find_path(&s, cert, &out, why));
	*ret = out;
	out.pem = (struct sn_buf){ 0 };
	return SN_OK;
}

enum sn_err
att_ek_path(struct bytes cert, const struct att_ek *ek, const struct att_heap *h,
    const uint8_t *extra, int64_t at, struct att_path *ret, struct sn_why *why)
{
	return any_path(cert, ek, h, extra, at, ret, why);
}

enum sn_err
att_ca_path(struct bytes cert, const struct att_heap *h, const uint8_t *extra, int64_t at,
    struct att_path *ret, struct sn_why *why)
{
	return any_path(cert, NULL, h, extra, at, ret, why);
}
