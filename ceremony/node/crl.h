/*
 * crl - revocation lists from files, for `sanctum verify --crl`.
 *
 * Owns: the lists until crl_files_done(). May include: base, crypto, bundle.
 */
#ifndef NODE_CRL_H
#define NODE_CRL_H

#include "ceremony/bundle/verify.h"

#define CRL_FILES_MAX 32

struct crl_files {
	struct bun_crl crl[CRL_FILES_MAX];
	size_t n;
};
void crl_files_done(struct crl_files *f); /* NULL-safe, idempotent */

/*
 * Add what path holds: a file with one list in DER or any number in PEM, or a folder in
 * which every *.pem and *.der is such a file. SN_E_MISSING when that is none at all.
 */
SN_MUST_USE enum sn_err crl_files_add(struct crl_files *f, const char *path,
    struct sn_why *why);

#endif
