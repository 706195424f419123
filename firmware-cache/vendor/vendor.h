/*
 * vendor - the small interface that every vendor's folder offers to the store.
 *
 * Owns: nothing between calls. May include: base, crypto. A vendor's folder knows what its
 * items look like and what its certificates may do; the store knows rounds, dates, revocation
 * and what vouches for what. How to add one: docs/ADDING-A-VENDOR.md.
 */
#ifndef COL_VENDOR_H
#define COL_VENDOR_H

#include "appliance/crypto/cert.h"

#define COL_LABEL_MAX 64
#define COL_SCOPE_MAX 224
#define COL_LEVELS 4	   /* a root, and at most three certificates below it */
#define COL_PRODUCTS_MAX 4 /* of one vendor, each with a root of its own */
#define COL_CERTS_MAX 64   /* certificates in one item */

enum col_vendor {
	COL_VENDOR_NONE,
	COL_VENDOR_AMD,
	COL_VENDOR_INTEL,
	COL_VENDOR_IBM_SE,
	COL_VENDOR_NVIDIA,
	COL_VENDOR_ARM_CCA,
	COL_VENDOR_COUNT,
};
const char *col_vendor_name(enum col_vendor v); /* "none", "amd", "ibm-se" */

/* What an item is, told by its content alone. A file of several certificates is a chain. */
enum col_kind {
	COL_KIND_UNKNOWN,
	COL_KIND_AMD_CHAIN, /* ARK, ASK, ASVK: one or several, of one product */
	COL_KIND_AMD_VCEK,
	COL_KIND_AMD_VLEK,
	COL_KIND_AMD_CRL,
	COL_KIND_INTEL_CHAIN, /* root, TCB signing, PCK CAs: one or several */
	COL_KIND_INTEL_ROOT_CRL,
	COL_KIND_INTEL_PCK_CRL,
	COL_KIND_INTEL_TCB_INFO,
	COL_KIND_INTEL_IDENTITY,   /* QE, TD QE or QvE identity */
	COL_KIND_INTEL_EVALUATION, /* TCB evaluation data numbers */
	COL_KIND_INTEL_PCK,	   /* one PCK certificate */
	COL_KIND_INTEL_PCK_SET,	   /* a pckcerts response: those of one platform */
	COL_KIND_IBM_CHAIN,	   /* host key signing key and its CAs: one or several */
	COL_KIND_IBM_CRL,
	COL_KIND_IBM_HOST_KEY, /* a host key document */
	COL_KIND_IBM_HEADER,   /* of a Secure Execution image; carried */
	COL_KIND_NVIDIA_RIM,
	COL_KIND_NVIDIA_CERTIFICATE,
	COL_KIND_ARM_CCA,
	COL_KIND_COUNT,
};
const char *col_kind_name(enum col_kind k); /* "amd-vcek": in status.json and transcripts */

/* What people should know about an accepted item. */
enum col_note {
	COL_NOTE_NO_CRL = 1 << 0,      /* no current CRL of its issuer is here (AMD only) */
	COL_NOTE_REHEARSAL = 1 << 1,   /* ends in a root that the rehearsal plan added */
	COL_NOTE_SUPERSEDED = 1 << 2,  /* a newer item of the same kind and scope is here */
	COL_NOTE_LOWER_FMSPC = 1 << 3, /* signed with a lower-case FMSPC: see docs */
	COL_NOTE_MIXED = 1 << 4,       /* its counterpart is here under other numbers only */
};

/* One certificate of an item, and its verdict. */
struct col_cert {
	struct cry_cert *x;
	enum col_vendor vendor;	    /* COL_VENDOR_NONE: nobody's */
	unsigned int role, product; /* of its vendor; product 0 when there is only one */
	uint8_t spki[32];	    /* SHA-256, of a signer; zero for what comes alone */
	/* set by the store's check */
	bool ok, rehearsal, no_crl;
	int64_t good_until;
	struct sn_why why;
};

/* What an item's bytes say; nothing in here is verified. */
struct col_claim {
	enum col_vendor vendor;
	enum col_kind kind;
	struct sn_why why;	/* err is not SN_OK: refused already */
	struct col_cert *certs; /* ncerts of them, owned */
	size_t ncerts;
	struct cry_crl *crl; /* owned */
	int64_t issued;	     /* issueDate, thisUpdate or latest notBefore; 0 when unknown */
	int64_t next_update; /* of data; 0 for certificates and CRLs */
	bool carried;	     /* nothing here can verify it: kept and indexed, marked as such */
	unsigned int notes;  /* enum col_note that its bytes alone justify */
	/*
	 * A relying party takes items of several kinds from one set ("SGX"; a constant) and of
	 * one number (Intel's TCB evaluation data number). NULL: of no set.
	 */
	const char *set;
	uint32_t number;
	char label[COL_LABEL_MAX];
	char scope[COL_SCOPE_MAX]; /* same kind and scope: one may supersede the other */
	void *facts;		   /* what its vendor read; owned, freed by free() alone */
};
void col_claim_done(struct col_claim *c); /* NULL-safe, idempotent */

/* Give the claim these parsed certificates, which it owns then (also when this fails).
 * SN_E_LIMIT, SN_E_NOMEM. */
SN_MUST_USE enum sn_err col_claim_certs(struct col_claim *c, struct cry_cert *const *certs,
    size_t n, struct sn_why *why);

/* How much the CRL of its issuer matters to a certificate. */
enum col_revocation {
	COL_CRL_NONE, /* its issuer publishes none; what its issuer's note says holds for it */
	COL_CRL_WANTED, /* accepted without a current one, with a note */
	COL_CRL_NEEDED, /* refused without a current one */
};

/* One role of a vendor's certificates. Row 0 of a table stands for "not ours". */
struct col_role {
	const char *name;   /* "ASK", for people */
	unsigned int level; /* 0 a root; an issuer's is smaller than that of what it signs */
	enum col_kind kind; /* of a file with it */
	bool alone;	    /* never in one file with others: it belongs to one machine */
	bool signs_data;    /* signs items that are neither certificates nor CRLs */
	enum col_revocation revocation;
	const char *missing_issuer; /* "no accepted %s is here": "ASK of its product" */
	const char *missing_crl;    /* the advice when a needed CRL is not here, or NULL */
};

/* Whose CRL it is, by a name inside the issuer's; the check compares whole names. */
struct col_crl_issuer {
	const char *cn, *label, *scope;
	enum col_kind kind;
};

/* What one vendor offers: a const table in its folder. NULL where there is no such thing. */
struct col_vendor_ops {
	enum col_vendor vendor;
	const char *title;	     /* "AMD" */
	const char *const *products; /* "Milan" ..., as vendor_pki names them; nproducts */
	size_t nproducts;	     /* 0: one root, vendor_pki names it directly */
	const struct col_role *roles;
	size_t nroles;
	const struct col_crl_issuer *crl_issuers;
	size_t ncrl_issuers;
	/* What is in the subject of every certificate that comes alone, and of few others. */
	const char *const *machine_names;
	size_t nmachine_names;
	const char *data_signer; /* "TCB Signing": who signs its data */

	/* What the certificate claims to be, by its names alone; 0 when it is not ours. */
	unsigned int (*role_of)(const struct cry_cert *x, unsigned int *ret_product);
	/* Is this the pinned root key (SHA-256 of SPKI)? */
	bool (*pinned)(unsigned int product, const uint8_t spki_sha256[32]);
	/* Do the names fit? NULL: byte for byte. */
	bool (*names_fit)(struct bytes issuer_name, const struct cry_cert *issuer);
	/*
	 * Signature by issuer (itself for a root), role, extensions, dates at the time.
	 * SN_E_SIGNATURE means: another issuer of that name may fit. NULL: its certificates are
	 * carried, not verified.
	 */
	enum sn_err (*check)(const struct col_cert *c, const struct col_cert *issuer,
	    int64_t at, struct sn_why *why);
	/* A CRL signed by issuer and current at the time; the same meaning. */
	enum sn_err (*crl_check)(const struct cry_crl *crl, const struct col_cert *issuer,
	    int64_t at, struct sn_why *why);
	/* A certificate that comes alone: set label, scope, facts from what it says. */
	enum sn_err (*tell)(struct col_claim *c, struct sn_why *why);
	/*
	 * Bytes that are neither a certificate nor a CRL. *ret_mine is set when they are this
	 * vendor's, good or bad. May set facts, or certificates (then the store says what
	 * they are together, unless kind is set).
	 */
	enum sn_err (*read)(struct bytes b, struct col_claim *c, bool *ret_mine,
	    struct sn_why *why);
	/* Does an item agree with the path under which it came, where that says anything? */
	enum sn_err (*named)(const char *path, const struct col_claim *c, struct sn_why *why);
	/* Data signed by that certificate and current at the time; SN_E_SIGNATURE as above. */
	enum sn_err (*data_check)(const struct col_claim *c, const struct col_cert *signer,
	    int64_t at, struct sn_why *why);
};

/* Root keys that a rehearsal plan adds to the pinned ones. */
struct col_roots {
	bool has[COL_VENDOR_COUNT][COL_PRODUCTS_MAX];
	uint8_t spki[COL_VENDOR_COUNT][COL_PRODUCTS_MAX][32]; /* SHA-256 of the root's SPKI */
};

#endif
