/*
 * set - the one consistent set of Intel collateral that the file layouts carry: one TCB
 * Signing chain, both PCK CAs, their CRLs, TCB infos by FMSPC, identities.
 *
 * Owns: its lists; views into the store, which must outlive it. May include: base, crypto,
 * store, intel. Everything in it was accepted by the store, and is judged here once more
 * against the very certificates that the layouts put beside it.
 */
#ifndef LAY_SET_H
#define LAY_SET_H

#include "firmware-cache/intel/intel.h"
#include "firmware-cache/layouts/layouts.h"

enum lay_channel { LAY_STANDARD, LAY_EARLY, LAY_CHANNELS };
enum lay_tee { LAY_SGX, LAY_TDX, LAY_TEES };
enum lay_identity { LAY_QE, LAY_TD_QE, LAY_QVE, LAY_IDENTITIES };
enum lay_ca { LAY_PROCESSOR, LAY_PLATFORM, LAY_CAS };

/* One signed JSON response. */
struct lay_body {
	const struct col_row *row;
	struct intel_slice slice;
	struct intel_claim claim;
};

/* What there is for one FMSPC; NULL where there is nothing. */
struct lay_fmspc {
	uint8_t fmspc[INTEL_FMSPC_LEN];
	const struct lay_body *body[LAY_TEES][LAY_CHANNELS];
};

/* An accepted item that is in no layout made of this set, and why. */
struct lay_skipped {
	const struct col_row *row;
	const char *reason;
};

struct lay_set {
	const struct cry_cert *root, *signing; /* NULL when there is none */
	const struct cry_cert *ca[LAY_CAS];
	const struct col_row *crl[LAY_CAS], *root_crl;
	struct lay_body *bodies;
	size_t nbodies;
	struct lay_fmspc *fmspcs; /* in order of FMSPC */
	size_t nfmspcs;
	const struct lay_body *identity[LAY_IDENTITIES][LAY_CHANNELS];
	struct lay_skipped *skipped;
	size_t nskipped;
	int64_t newest; /* the latest issue date of what is in it */
};

/* The caller owns ret (lay_set_done). A store without Intel items gives an empty set. */
SN_MUST_USE enum sn_err lay_set_read(const struct col_store *s, struct lay_set *ret,
    struct sn_why *why);
void lay_set_done(struct lay_set *s); /* NULL-safe, idempotent */

/* Tell out, under the layout's name, what the set skipped. */
SN_MUST_USE enum sn_err lay_set_tell(const struct lay_set *s, const char *layout,
    const struct lay_out *out, struct sn_why *why);

/* The DER of a CRL's row. */
struct bytes lay_crl_der(const struct col_row *row);

/*
 * Append where the root says that its CRL is: the one URI of its cRLDistributionPoints.
 * Nothing when it says nothing, or in another form.
 */
SN_MUST_USE enum sn_err lay_root_cdp(const struct cry_cert *root, struct sn_buf *ret,
    struct sn_why *why);

#endif
