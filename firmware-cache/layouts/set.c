#include "firmware-cache/layouts/set.h"

#include <stdlib.h>
#include <string.h>

#include "appliance/base/text.h"

#define OID_CDP "2.5.29.31"
#define URI_MAX 255U
#define DER_SEQUENCE 0x30
#define DER_CHOICE_0 0xa0
#define DER_URI 0x86
#define DER_LONG 0x80

static const char no_signer[] = "no TCB Signing certificate with its root is accepted here";
static const char other_signer[] =
    "signed by another TCB Signing certificate than the rest; there is room for one chain";
static const char other_number[] =
    "of another TCB evaluation number than those laid out as standard and early";
static const char old_version[] = "version 2; consumers of this form read version 3";
static const char other_issuer[] = "its issuer is not the certificate authority laid out";

/* Certificates of one role in accepted chains. */
struct candidates {
	const struct cry_cert **certs;
	size_t n;
};

static void
candidates_done(struct candidates *c)
{
	free(c->certs);
	*c = (struct candidates){ 0 };
}

void
lay_set_done(struct lay_set *s)
{
	if (s == NULL)
		return;
	free(s->bodies);
	free(s->fmspcs);
	free(s->skipped);
	*s = (struct lay_set){ 0 };
}

struct bytes
lay_crl_der(const struct col_row *row)
{
	const struct cry_crl *crl = col_verified_crl(row->verified);

	return crl != NULL ? cry_crl_der(crl) : (struct bytes){ 0 };
}

/* Accepted, and no newer one of its kind is here. */
static bool
counts(const struct col_row *r)
{
	return r->ok && (r->notes & COL_NOTE_SUPERSEDED) == 0;
}

static void
skip(struct lay_set *s, const struct col_row *row, const char *reason)
{
	s->skipped[s->nskipped++] = (struct lay_skipped){ row, reason };
}

static void
use(struct lay_set *s, const struct col_row *row)
{
	if (row->issued > s->newest)
		s->newest = row->issued;
}

/* The newer first; of two of one moment the one with the smaller digest. */
static bool
better(const struct col_row *a, const struct col_row *b)
{
	if (b == NULL)
		return true;
	return a->issued != b->issued ? a->issued > b->issued
				      : strcmp(a->sha256, b->sha256) < 0;
}

/* ---- certificates */

static bool
newer_cert(const struct cry_cert *a, const struct cry_cert *b)
{
	struct bytes x = cry_cert_der(a), y = cry_cert_der(b);

	if (cry_cert_not_after(a) != cry_cert_not_after(b))
		return cry_cert_not_after(a) > cry_cert_not_after(b);
	return x.n != y.n ? x.n < y.n : memcmp(x.p, y.p, x.n) < 0;
}

static int
by_age(const void *a, const void *b)
{
	const struct cry_cert *const *x = a, *const *y = b;

	return newer_cert(*x, *y) ? -1 : newer_cert(*y, *x) ? 1 : 0;
}

/* All of a role, each once, the one that lasts longest first. */
static enum sn_err
find_role(const struct col_row *rows, size_t n, enum intel_role role, struct candidates *ret,
    struct sn_why *why)
{
	size_t kept = 0;

	ret->certs = calloc(n * CRY_PEM_CHAIN_MAX + 1, sizeof(struct cry_cert *));
	if (ret->certs == NULL)
		return sn_fail(why, SN_E_NOMEM, "certificates of %zu items", n);
	for (size_t i = 0; i < n; i++) {
		const struct cry_cert *x;

		if (!rows[i].ok || rows[i].kind != COL_KIND_INTEL_CHAIN)
			continue;
		for (size_t k = 0; (x = col_verified_cert(rows[i].verified, k)) != NULL; k++)
			if (intel_cert_role(x) == role)
				ret->certs[ret->n++] = x;
	}
	qsort(ret->certs, ret->n, sizeof(struct cry_cert *), by_age);
	for (size_t i = 0; i < ret->n; i++)
		if (i == 0 ||
		    !bytes_equal(cry_cert_der(ret->certs[i]),
			cry_cert_der(ret->certs[kept - 1])))
			ret->certs[kept++] = ret->certs[i];
	ret->n = kept;
	return SN_OK;
}

static const struct cry_cert *
issuer_of(const struct cry_cert *c, const struct candidates *roots)
{
	struct sn_why none = { 0 };

	for (size_t i = 0; i < roots->n; i++)
		if (cry_cert_signed_by(c, roots->certs[i], CRY_SIG_ECDSA_P256_SHA256, &none) ==
		    SN_OK)
			return roots->certs[i];
	return NULL;
}

static bool
signed_by(const struct lay_body *b, const struct cry_cert *signer)
{
	struct sn_why none = { 0 };

	return intel_json_check(&b->slice, &b->claim, signer, b->claim.issued, &none) == SN_OK;
}

/* The TCB Signing certificate that signed most of the bodies; with it the root. */
static void
choose_signer(struct lay_set *s, const struct candidates *signers,
    const struct candidates *roots)
{
	size_t most = 0;

	for (size_t i = 0; i < signers->n; i++) {
		const struct cry_cert *root = issuer_of(signers->certs[i], roots);
		size_t n = 0;

		for (size_t k = 0; root != NULL && k < s->nbodies; k++)
			n += signed_by(&s->bodies[k], signers->certs[i]);
		if (root == NULL || (s->signing != NULL && n <= most))
			continue;
		s->signing = signers->certs[i];
		s->root = root;
		most = n;
	}
	if (s->root == NULL && roots->n > 0)
		s->root = roots->certs[0];
}

static enum sn_err
choose_certs(struct lay_set *s, const struct col_row *rows, size_t n, struct sn_why *why)
{
	static const enum intel_role roles[LAY_CAS] = { INTEL_ROLE_PROCESSOR_CA,
		INTEL_ROLE_PLATFORM_CA };
	SN_CLEANUP(candidates_done) struct candidates roots = { 0 }, signers = { 0 };

	SN_TRY(find_role(rows, n, INTEL_ROLE_ROOT, &roots, why));
	SN_TRY(find_role(rows, n, INTEL_ROLE_TCB_SIGNING, &signers, why));
	choose_signer(s, &signers, &roots);
	for (enum lay_ca ca = 0; ca < LAY_CAS; ca++) {
		SN_CLEANUP(candidates_done) struct candidates cas = { 0 };

		SN_TRY(find_role(rows, n, roles[ca], &cas, why));
		for (size_t i = 0; i < cas.n && s->ca[ca] == NULL; i++)
			if (issuer_of(cas.certs[i], &roots) == s->root)
				s->ca[ca] = cas.certs[i];
	}
	return SN_OK;
}

/* ---- revocation lists */

static bool
crl_by(const struct col_row *row, const struct cry_cert *issuer)
{
	const struct cry_crl *crl = col_verified_crl(row->verified);
	struct sn_why none = { 0 };

	return issuer != NULL && crl != NULL &&
	    cry_crl_verify(crl, issuer, CRY_SIG_ECDSA_P256_SHA256, cry_crl_this_update(crl),
		&none) == SN_OK;
}

/* Which of the set's places is a CRL for? NULL when none. */
static const struct col_row **
crl_place(struct lay_set *s, const struct col_row *row)
{
	if (row->kind == COL_KIND_INTEL_ROOT_CRL)
		return crl_by(row, s->root) ? &s->root_crl : NULL;
	for (enum lay_ca ca = 0; ca < LAY_CAS; ca++)
		if (crl_by(row, s->ca[ca]))
			return &s->crl[ca];
	return NULL;
}

static void
choose_crls(struct lay_set *s, const struct col_row *rows, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		const struct col_row **place;

		if (!counts(&rows[i]) ||
		    (rows[i].kind != COL_KIND_INTEL_ROOT_CRL &&
			rows[i].kind != COL_KIND_INTEL_PCK_CRL))
			continue;
		place = crl_place(s, &rows[i]);
		if (place == NULL)
			skip(s, &rows[i], other_issuer);
		else if (better(&rows[i], *place))
			*place = &rows[i];
	}
	for (enum lay_ca ca = 0; ca < LAY_CAS; ca++)
		if (s->crl[ca] != NULL)
			use(s, s->crl[ca]);
	if (s->root_crl != NULL)
		use(s, s->root_crl);
}

/* ---- signed JSON */

/* A body again, out of the bytes that the store keeps; and its newest first. */
static int
by_number(const void *a, const void *b)
{
	const struct lay_body *x = a, *y = b;

	if (x->claim.evaluation != y->claim.evaluation)
		return x->claim.evaluation > y->claim.evaluation ? -1 : 1;
	return better(x->row, y->row) ? -1 : 1;
}

static enum sn_err
read_bodies(struct lay_set *s, const struct col_row *rows, size_t n, struct sn_why *why)
{
	s->bodies = calloc(n + 1, sizeof(*s->bodies));
	s->fmspcs = calloc(n + 1, sizeof(*s->fmspcs));
	s->skipped = calloc(n + 1, sizeof(*s->skipped));
	if (s->bodies == NULL || s->fmspcs == NULL || s->skipped == NULL)
		return sn_fail(why, SN_E_NOMEM, "a set of %zu items", n);
	for (size_t i = 0; i < n; i++) {
		struct lay_body *b = &s->bodies[s->nbodies];

		if (!counts(&rows[i]) ||
		    (rows[i].kind != COL_KIND_INTEL_TCB_INFO &&
			rows[i].kind != COL_KIND_INTEL_IDENTITY))
			continue;
		b->row = &rows[i];
		SN_TRY(intel_slice(col_verified_bytes(rows[i].verified), &b->slice, why));
		SN_TRY(intel_body_parse(&b->slice, &b->claim, why));
		s->nbodies++;
	}
	qsort(s->bodies, s->nbodies, sizeof(*s->bodies), by_number);
	return SN_OK;
}

/* What the name it was fetched under says, as a part of it; the body itself does not. */
static bool
named(const struct lay_body *b, enum lay_channel c)
{
	static const char *const words[LAY_CHANNELS] = { "standard", "early" };
	const char *path = b->row->path;

	while (*path != '\0') {
		size_t n = strcspn(path, "/._-");

		if (n == strlen(words[c]) && memcmp(path, words[c], n) == 0)
			return true;
		path += n + (path[n] != '\0');
	}
	return false;
}

static bool
unnamed(const struct lay_body *b)
{
	return !named(b, LAY_EARLY) && !named(b, LAY_STANDARD);
}

/* The places for what has the same subject as b: [channel]. */
static const struct lay_body **
places_of(struct lay_set *s, const struct lay_body *b)
{
	static const enum lay_identity identities[INTEL_ID_COUNT] = {
		[INTEL_ID_QE] = LAY_QE,
		[INTEL_ID_TD_QE] = LAY_TD_QE,
		[INTEL_ID_QVE] = LAY_QVE,
	};
	struct lay_fmspc *f = NULL;

	if (b->claim.kind == INTEL_JSON_IDENTITY)
		return s->identity[identities[b->claim.id]];
	for (size_t i = 0; i < s->nfmspcs && f == NULL; i++)
		if (memcmp(s->fmspcs[i].fmspc, b->claim.fmspc, INTEL_FMSPC_LEN) == 0)
			f = &s->fmspcs[i];
	if (f == NULL) {
		f = &s->fmspcs[s->nfmspcs++];
		memcpy(f->fmspc, b->claim.fmspc, INTEL_FMSPC_LEN);
	}
	return f->body[b->claim.id == INTEL_ID_TDX ? LAY_TDX : LAY_SGX];
}

/* Why a body cannot be in the set at all, or NULL. */
static const char *
unfit(const struct lay_set *s, const struct lay_body *b)
{
	if (s->signing == NULL)
		return no_signer;
	if (!signed_by(b, s->signing))
		return other_signer;
	if (b->claim.kind == INTEL_JSON_TCB_INFO && b->claim.version < 3)
		return old_version;
	return NULL;
}

/* Those that their names give to a channel; bodies come newest first. */
static void
place_named(struct lay_set *s)
{
	for (size_t i = 0; i < s->nbodies; i++) {
		const struct lay_body *b = &s->bodies[i], **place;

		if (unfit(s, b) != NULL || unnamed(b))
			continue;
		place = places_of(s, b);
		for (enum lay_channel c = 0; c < LAY_CHANNELS; c++)
			if (named(b, c) && place[c] == NULL)
				place[c] = b;
	}
}

/*
 * The others by their numbers: Intel gives out a higher number early. Of several of one
 * subject the highest is early and the next one standard.
 */
static void
place_unnamed(struct lay_set *s)
{
	for (size_t i = 0; i < s->nbodies; i++) {
		const struct lay_body *b = &s->bodies[i], **place;
		uint32_t number = b->claim.evaluation;

		if (unfit(s, b) != NULL || !unnamed(b))
			continue;
		place = places_of(s, b);
		if (place[LAY_STANDARD] != NULL) {
			if (place[LAY_EARLY] == NULL &&
			    number > place[LAY_STANDARD]->claim.evaluation)
				place[LAY_EARLY] = b;
		} else if (place[LAY_EARLY] == NULL) {
			place[LAY_EARLY] = b;
		} else if (number < place[LAY_EARLY]->claim.evaluation) {
			place[LAY_STANDARD] = b;
		}
	}
}

/* One alone that no name calls early is standard. */
static void
settle(const struct lay_body **place)
{
	if (place[LAY_STANDARD] != NULL || place[LAY_EARLY] == NULL ||
	    !unnamed(place[LAY_EARLY]))
		return;
	place[LAY_STANDARD] = place[LAY_EARLY];
	place[LAY_EARLY] = NULL;
}

static void
settle_all(struct lay_set *s)
{
	for (size_t i = 0; i < s->nfmspcs; i++)
		for (enum lay_tee t = 0; t < LAY_TEES; t++)
			settle(s->fmspcs[i].body[t]);
	for (enum lay_identity i = 0; i < LAY_IDENTITIES; i++)
		settle(s->identity[i]);
}

static int
by_fmspc(const void *a, const void *b)
{
	const struct lay_fmspc *x = a, *y = b;

	return memcmp(x->fmspc, y->fmspc, INTEL_FMSPC_LEN);
}

static void
note_bodies(struct lay_set *s)
{
	for (size_t i = 0; i < s->nbodies; i++) {
		const struct lay_body *b = &s->bodies[i];
		const char *reason = unfit(s, b);

		if (reason == NULL) {
			const struct lay_body **place = places_of(s, b);

			if (place[LAY_STANDARD] == b || place[LAY_EARLY] == b) {
				use(s, b->row);
				continue;
			}
			reason = other_number;
		}
		skip(s, b->row, reason);
	}
}

enum sn_err
lay_set_read(const struct col_store *store, struct lay_set *ret, struct sn_why *why)
{
	SN_CLEANUP(lay_set_done) struct lay_set s = { 0 };
	const struct col_row *rows = NULL;
	size_t n = 0;

	SN_TRY(col_store_rows(store, &rows, &n, why));
	SN_TRY(read_bodies(&s, rows, n, why));
	SN_TRY(choose_certs(&s, rows, n, why));
	choose_crls(&s, rows, n);
	place_named(&s);
	place_unnamed(&s);
	settle_all(&s);
	note_bodies(&s);
	qsort(s.fmspcs, s.nfmspcs, sizeof(*s.fmspcs), by_fmspc);
	*ret = s;
	s = (struct lay_set){ 0 };
	return SN_OK;
}

enum sn_err
lay_set_tell(const struct lay_set *s, const char *layout, const struct lay_out *out,
    struct sn_why *why)
{
	for (size_t i = 0; i < s->nskipped; i++)
		SN_TRY(out->left_out(out->arg, layout, s->skipped[i].row->path,
		    s->skipped[i].reason, why));
	return SN_OK;
}

/* One DER value of that tag with a short or one- or two-byte length, at the front of b. */
static enum sn_err
der_take(struct bytes *b, uint8_t tag, struct bytes *ret, struct sn_why *why)
{
	uint8_t got = 0, len8 = 0;
	uint16_t len = 0;

	SN_TRY(bytes_u8(b, &got, "tag", why));
	SN_TRY(bytes_u8(b, &len8, "length", why));
	len = len8;
	if (len8 == (DER_LONG | 1)) {
		SN_TRY(bytes_u8(b, &len8, "length", why));
		len = len8;
	} else if (len8 == (DER_LONG | 2)) {
		SN_TRY(bytes_u16(b, &len, "length", why));
	} else if (len8 >= DER_LONG) {
		return sn_fail(why, SN_E_FORMAT, "a length of another form");
	}
	if (got != tag)
		return sn_fail(why, SN_E_FORMAT, "tag %02x, expected %02x", got, tag);
	return bytes_take(b, len, ret, "value", why);
}

/* CRLDistributionPoints, DistributionPoint, its [0], fullName [0], URI [RFC 5280]. */
static enum sn_err
read_cdp(struct bytes v, struct bytes *ret, struct sn_why *why)
{
	static const uint8_t tags[] = { DER_SEQUENCE, DER_SEQUENCE, DER_CHOICE_0, DER_CHOICE_0,
		DER_URI };

	for (size_t i = 0; i < SN_NITEMS(tags); i++) {
		struct bytes inner = { 0 };

		SN_TRY(der_take(&v, tags[i], &inner, why));
		SN_TRY(bytes_end(&v, "CRL distribution point", why));
		v = inner;
	}
	*ret = v;
	return SN_OK;
}

enum sn_err
lay_root_cdp(const struct cry_cert *root, struct sn_buf *ret, struct sn_why *why)
{
	struct sn_why own = { 0 };
	struct bytes ext = { 0 }, uri = { 0 };

	if (cry_cert_ext(root, OID_CDP, &ext, &own) != SN_OK || ext.p == NULL ||
	    read_cdp(ext, &uri, &own) != SN_OK || uri.n > URI_MAX ||
	    !text_printable(uri, URI_MAX))
		return SN_OK;
	sn_buf_put(ret, uri);
	return sn_buf_check(ret, why);
}
