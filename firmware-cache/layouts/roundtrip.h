/*
 * roundtrip - what Trustee makes of a signed Intel body before it checks the signature.
 *
 * Owns: nothing. May include: base, intel. Trustee's file back end parses TCB info and
 * identities into typed structs and writes them anew; Intel's signature is then checked over
 * what it wrote. This is the same: fields in its order, hex in upper case, what it does not
 * know dropped. Source: Trustee, deps/verifier/src/intel_dcap/collateral_service.rs.
 */
#ifndef LAY_ROUNDTRIP_H
#define LAY_ROUNDTRIP_H

#include <yyjson.h>

#include "firmware-cache/intel/intel.h"

/*
 * Append what Trustee writes for the body (the value of tcbInfo or enclaveIdentity).
 * SN_E_FORMAT when its structs do not take it, which would sink the whole file.
 */
SN_MUST_USE enum sn_err lay_trustee_again(enum intel_json kind, yyjson_val *body,
    struct sn_buf *ret, struct sn_why *why);

/*
 * Does a body survive, byte for byte? SN_E_FORMAT when Trustee cannot read it,
 * SN_E_SIGNATURE when what Trustee writes is not what was signed.
 */
SN_MUST_USE enum sn_err lay_trustee_survives(const struct intel_slice *s, struct sn_why *why);

#endif
