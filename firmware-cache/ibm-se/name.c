#include <string.h>

#include "appliance/crypto/der.h"
#include "firmware-cache/ibm-se/ibm.h"

#define DER_OID 0x06
#define DER_UTF8 0x0c
#define DER_PRINTABLE 0x13
#define DER_TELETEX 0x14
#define DER_IA5 0x16

#define OID_ATTRIBUTE 0x55, 0x04 /* id-at [RFC 5280 A.1] */

/* [RFC 5280 A.1] the attributes of IBM's names, and where they go. */
static const struct {
	uint8_t oid[3];
	size_t offset;
} parts[] = {
	{ { OID_ATTRIBUTE, 3 }, offsetof(struct ibm_name, common) },
	{ { OID_ATTRIBUTE, 6 }, offsetof(struct ibm_name, country) },
	{ { OID_ATTRIBUTE, 7 }, offsetof(struct ibm_name, locality) },
	{ { OID_ATTRIBUTE, 8 }, offsetof(struct ibm_name, state) },
	{ { OID_ATTRIBUTE, 10 }, offsetof(struct ibm_name, organization) },
	{ { OID_ATTRIBUTE, 11 }, offsetof(struct ibm_name, unit) },
};

/* A part is compared by its text: certificates and CRLs of one name use several kinds. */
static bool
is_text(uint8_t tag)
{
	return tag == DER_UTF8 || tag == DER_PRINTABLE || tag == DER_TELETEX || tag == DER_IA5;
}

static struct bytes *
part_of(struct ibm_name *n, struct bytes oid)
{
	for (size_t i = 0; i < SN_NITEMS(parts); i++)
		if (bytes_equal(oid, BYTES_OF(parts[i].oid)))
			return (struct bytes *)((uint8_t *)n + parts[i].offset);
	return NULL;
}

/* SET { SEQUENCE { OID, text } } */
static enum sn_err
take_part(struct bytes *der, struct ibm_name *n, struct sn_why *why)
{
	struct bytes set = { 0 }, seq = { 0 }, oid = { 0 }, text = { 0 }, *part;

	SN_TRY(der_take(der, DER_SET, &set, "name", why));
	SN_TRY(der_take(&set, DER_SEQUENCE, &seq, "name", why));
	SN_TRY(bytes_end(&set, "name: a part of several", why));
	SN_TRY(der_take(&seq, DER_OID, &oid, "name", why));
	part = part_of(n, oid);
	if (part == NULL)
		return sn_fail(why, SN_E_FORMAT, "name: a part that IBM's names do not have");
	if (part->p != NULL)
		return sn_fail(why, SN_E_FORMAT, "name: the same part twice");
	if (seq.n == 0 || !is_text(seq.p[0]))
		return sn_fail(why, SN_E_FORMAT, "name: a part that is no text");
	SN_TRY(der_take(&seq, seq.p[0], &text, "name", why));
	SN_TRY(bytes_end(&seq, "name", why));
	if (text.n == 0)
		return sn_fail(why, SN_E_FORMAT, "name: an empty part");
	*part = text;
	n->order[n->parts] = oid.p[oid.n - 1];
	return SN_OK;
}

enum sn_err
ibm_name_parse(struct bytes der, struct ibm_name *ret, struct sn_why *why)
{
	struct ibm_name n = { 0 };
	struct bytes seq = { 0 };

	SN_TRY(der_take(&der, DER_SEQUENCE, &seq, "name", why));
	SN_TRY(bytes_end(&der, "name", why));
	while (seq.n > 0) {
		if (n.parts == IBM_NAME_PARTS_MAX)
			return sn_fail(why, SN_E_LIMIT, "name: more than %d parts",
			    IBM_NAME_PARTS_MAX);
		SN_TRY(take_part(&seq, &n, why));
		n.parts++;
	}
	*ret = n;
	return SN_OK;
}

static bool
locality_fits(struct bytes issuer, struct bytes subject)
{
	return bytes_equal(issuer, subject) ||
	    (bytes_equal(subject, BYTES_STR("Armonk")) &&
		bytes_equal(issuer, BYTES_STR("Poughkeepsie")));
}

bool
ibm_names_fit(struct bytes issuer_name, const struct cry_cert *issuer)
{
	struct bytes subject = cry_cert_subject_der(issuer);
	struct ibm_name want = { 0 }, is = { 0 };
	struct sn_why none = { 0 };

	if (bytes_equal(issuer_name, subject))
		return true;
	/* Only IBM's own names come in several forms; others are compared as they are. */
	if (ibm_cert_role(issuer) != IBM_ROLE_SIGNING ||
	    ibm_name_parse(issuer_name, &want, &none) != SN_OK ||
	    ibm_name_parse(subject, &is, &none) != SN_OK)
		return false;
	return want.parts == is.parts && bytes_equal(want.country, is.country) &&
	    bytes_equal(want.organization, is.organization) &&
	    bytes_equal(want.unit, is.unit) && bytes_equal(want.state, is.state) &&
	    bytes_equal(want.common, is.common) && locality_fits(want.locality, is.locality);
}

bool
ibm_crl_found(struct bytes crl_issuer, const struct cry_cert *signing)
{
	/* [s390-tools, reorder_x509_names] C, O, OU, L, ST, CN */
	static const uint8_t reordered[] = { 6, 10, 11, 7, 8, 3 };
	struct ibm_name want = { 0 }, is = { 0 };
	struct sn_why none = { 0 };

	return ibm_names_fit(crl_issuer, signing) &&
	    ibm_name_parse(crl_issuer, &want, &none) == SN_OK &&
	    ibm_name_parse(cry_cert_subject_der(signing), &is, &none) == SN_OK &&
	    (memcmp(want.order, is.order, sizeof(is.order)) == 0 ||
		(want.parts == sizeof(reordered) &&
		    memcmp(want.order, reordered, sizeof(reordered)) == 0));
}
