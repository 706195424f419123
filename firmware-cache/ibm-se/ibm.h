/*
 * ibm - IBM Secure Execution: host key documents, the certificate that signs them, and
 * the code signing CA and root above it.
 *
 * Owns: nothing between calls. May include: base, crypto, vendor. Sources: IBM, Introducing
 * IBM Secure Execution for Linux ("Verifying the host key document"); what s390-tools
 * verifies. See docs/COLLATERAL.md.
 */
#ifndef IBM_IBM_H
#define IBM_IBM_H

#include "appliance/crypto/cert.h"

/* What a certificate claims to be, by its subject; a host key also by its issuer. */
enum ibm_role {
	IBM_ROLE_NONE, /* not IBM's */
	IBM_ROLE_ROOT,
	IBM_ROLE_CODE_CA, /* between root and signing key */
	IBM_ROLE_SIGNING, /* signs host key documents and their CRL; no CA */
	IBM_ROLE_HOST,	  /* a host key document */
	IBM_ROLE_STRANGE, /* IBM's name with an organizational unit that is none of these */
	IBM_ROLE_COUNT,
};
const char *ibm_role_name(enum ibm_role r); /* "host key" */
enum ibm_role ibm_cert_role(const struct cry_cert *c);

/* Is this the pinned digest of DigiCert Trusted Root G4's key (SHA-256 of its SPKI)? */
bool ibm_root_pinned(const uint8_t spki_sha256[32]);

#define IBM_NAME_PARTS_MAX 8

/* The parts of a distinguished name that IBM uses; views into its DER, empty when absent. */
struct ibm_name {
	struct bytes country, organization, unit, locality, state, common;
	uint8_t order[IBM_NAME_PARTS_MAX]; /* the last byte of each part's identifier */
	size_t parts;
};
/* SN_E_FORMAT unless it is a Name with each of these once and nothing else. */
SN_MUST_USE enum sn_err ibm_name_parse(struct bytes der, struct ibm_name *ret,
    struct sn_why *why);

/*
 * Is issuer_name the subject's, as IBM means it? The same parts in any order, each with the
 * same text; and where the subject's locality is Armonk, Poughkeepsie fits as well.
 */
bool ibm_names_fit(struct bytes issuer_name, const struct cry_cert *issuer);

/*
 * Would IBM's tools find a list of that issuer for this signing key? They try its subject as
 * it is, with Poughkeepsie for Armonk, and both again in an order of their own.
 */
bool ibm_crl_found(struct bytes crl_issuer, const struct cry_cert *signing);

/*
 * Signed by issuer (itself for a root), in its role, with a key of the kind that its role
 * has, valid at the time. SN_E_SIGNATURE, SN_E_ROLE, SN_E_CHAIN, SN_E_FORMAT, SN_E_EXPIRED.
 */
SN_MUST_USE enum sn_err ibm_cert_check(const struct cry_cert *c, const struct cry_cert *issuer,
    int64_t at, struct sn_why *why);
/* The CRL of root, code signing CA or signing key, current at the time. */
SN_MUST_USE enum sn_err ibm_crl_check(const struct cry_crl *crl, const struct cry_cert *issuer,
    int64_t at, struct sn_why *why);

#endif
