/*
 * cms_priv - what the CMS files share: a SignedData that was opened and whose
 * signature verifies, though nothing is known yet of its certificates.
 *
 * Owns: the certificates until cry_cms_done(). May include: priv.h.
 */
#ifndef CRY_CMS_PRIV_H
#define CRY_CMS_PRIV_H

#include "appliance/crypto/cms.h"
#include "appliance/crypto/priv.h"

struct cry_cms {
	CMS_ContentInfo *cms;
	CMS_SignerInfo *si; /* the only one */
	struct cry_cert *certs[CRY_PEM_CHAIN_MAX];
	size_t ncerts, signer; /* signer: its index */
};
void cry_cms_done(struct cry_cms *c);

/* The digest that goes with a signature algorithm [RFC 9882 for ML-DSA]. */
SN_MUST_USE enum sn_err cry_cms_hash(enum cry_sigalg alg, enum cry_hash *ret,
    struct sn_why *why);
/* Strict DER, one signer, its certificate inside, signature over content, and the
 * one form that we write, compared whole. */
SN_MUST_USE enum sn_err cry_cms_open(struct bytes der, struct bytes content,
    enum cry_sigalg alg, struct cry_cms *ret, struct sn_why *why);
/* The one form of a detached SignedData with these parts. */
SN_MUST_USE enum sn_err cry_cms_form(const struct cry_cms *c, struct bytes content,
    enum cry_sigalg alg, struct sn_buf *ret, struct sn_why *why);

static inline void
cry_cms_info_done(CMS_ContentInfo **p)
{
	CMS_ContentInfo_free(*p);
	*p = NULL;
}

#endif
