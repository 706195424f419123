#include <stdlib.h>

#include "ceremony/keys/approver.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/*
 * Both of an approver's files. The passphrase is too short, which is found out after
 * the file was read and before Argon2id would take its time.
 */
int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static bool started;
	SN_CLEANUP(approver_keys_done) struct approver_keys keys = { 0 };
	struct bytes text = { data, size };
	struct plan_approver a;
	uint8_t digest[32];

	if (!started && (sn_secret_start(1U << 20, NULL) != SN_OK || cry_start(NULL) != SN_OK))
		abort();
	started = true;
	if (approver_open(text, BYTES_STR("x"), &keys, NULL) == SN_OK)
		abort();
	if (approver_public_parse(text, &a, NULL) == SN_OK &&
	    approver_digest(&a, digest, NULL) != SN_OK)
		abort();
	return 0;
}
