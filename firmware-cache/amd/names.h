/*
 * names - what a file's path or an address at AMD's KDS says of the certificate in it, and
 * whether the certificate agrees.
 *
 * Owns: nothing. May include: base, crypto. Sources: AMD 57230 (KDS addresses); Trustee's
 * offline store (paths). A name proves nothing, but whoever looks a certificate up by its name
 * gets what the name says only when both agree.
 */
#ifndef AMD_NAMES_H
#define AMD_NAMES_H

#include "firmware-cache/amd/amd.h"

/* What a name says; the parts it does not speak of are as the comments say. */
struct amd_name {
	enum amd_role role;	  /* AMD_ROLE_VCEK or AMD_ROLE_VLEK, else AMD_ROLE_NONE */
	enum amd_product product; /* else AMD_PRODUCT_COUNT */
	size_t hwid_len;	  /* else 0 */
	uint8_t hwid[AMD_HWID_MAX];
	bool has_tcb;
	struct amd_tcb tcb;
};

/*
 * Read a path ("amd/Milan/vcek/<hwid>/bl03_tee00_snp08_ucode115_vcek.der") or an address
 * ("https://kdsintf.amd.com/vcek/v1/Milan/<hwid>?blSPL=03&teeSPL=00&snpSPL=08&ucodeSPL=115").
 * A path of another form says nothing, and that is fine. SN_E_FORMAT for one that nearly has
 * the form: upper-case hwid, fmc in the wrong place, a level that is no number.
 */
SN_MUST_USE enum sn_err amd_name_parse(const char *name, struct amd_name *ret,
    struct sn_why *why);

/* Does the certificate agree with its name? SN_E_ROLE for the other kind, product, chip or
 * levels, SN_E_FORMAT as above. */
SN_MUST_USE enum sn_err amd_name_check(const char *name, const struct amd_leaf *leaf,
    struct sn_why *why);

/*
 * The product whose name people use: Milan, Genoa, Turin, and Bergamo and Siena, which are
 * Genoa to AMD's keys and addresses; any case. AMD_PRODUCT_COUNT when it is none.
 */
enum amd_product amd_product_from_people(struct bytes name);

#endif
