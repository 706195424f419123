/*
 * snp - what snpguest and snphost load: for every verified VCEK and VLEK one folder with its
 * whole chain, and the certificate table for its host.
 *
 * Owns: nothing. May include: base, crypto, firmware-cache/store, amd. Names are those of
 * the two tools. See docs/COLLATERAL.md.
 */
#ifndef SNP_SNP_H
#define SNP_SNP_H

#include "firmware-cache/layouts/layouts.h"

#define SNP_GUEST_FOLDER "snpguest"
#define SNP_HOST_FOLDER "snphost"

/*
 * Below the folder vcek/<hwid>/<levels>/ and vlek/<provider>/<product>/<levels>/; a folder
 * never holds both kinds, since the tools prefer a VLEK. snpguest: PEM, crl.pem when there is
 * one. snphost: DER, <Product>.crl, and certs.bin as `snphost import` would make it: without
 * a CRL, over which `snpguest certificates` stumbles.
 */
SN_MUST_USE enum sn_err snp_guest_write(const struct lay_input *in, const struct lay_out *out,
    struct sn_why *why);
SN_MUST_USE enum sn_err snp_host_write(const struct lay_input *in, const struct lay_out *out,
    struct sn_why *why);

#endif
