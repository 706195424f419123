/*
 * tpm_role - a test program that is the TPM process, too, as the ceremony program is: what
 * it starts with --role=tpm is itself.
 *
 * Owns: nothing. May include: appliance/tpm. Header only: its users link that module.
 */
#ifndef TEST_TPM_ROLE_H
#define TEST_TPM_ROLE_H

#include <string.h>

#include "appliance/tpm/tpm.h"

#define TPM_ROLE_SELF "/proc/self/exe"

#if defined(__SANITIZE_ADDRESS__)
/* The leak check traces the process, which the TPM process does not allow. */
static int is_tpm_process;
int __lsan_is_turned_off(void);

int
__lsan_is_turned_off(void)
{
	return is_tpm_process;
}
#endif

/* First in main(): true when this is the TPM process, which has then run to its end. */
static inline bool
tpm_role(int argc, char **argv, int *ret_status)
{
	const struct tpm_process_args args = { SN_CHILD_IN, SN_CHILD_OUT, SN_CHILD_EXTRA };

	if (argc != 2 || strcmp(argv[1], "--role=tpm") != 0)
		return false;
#if defined(__SANITIZE_ADDRESS__)
	is_tpm_process = 1;
#endif
	*ret_status = tpm_process_main(&args);
	return true;
}

#endif
