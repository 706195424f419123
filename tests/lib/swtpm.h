/*
 * swtpm - an swtpm with endorsement certificates in the test's own folder: its state in st,
 * its authority in ca, its socket s.
 *
 * Owns: the swtpm between swtpm_start() and swtpm_stop(). May include: tests/lib.
 */
#ifndef TEST_SWTPM_H
#define TEST_SWTPM_H

#include "tests/lib/workdir.h"

#define SWTPM_TOOL "TPM2TOOLS_TCTI=swtpm:path=s " /* before one of tpm2-tools */

/* A TPM as new, certified for RSA-2048 and P-384 by an authority of its own; the same again
 * for each caller of a program. */
void swtpm_make(void);
/* Power on, power off. */
void swtpm_start(void);
void swtpm_stop(void);
/* A new connection to it: raw commands and responses. */
int swtpm_connect(void);

#endif
