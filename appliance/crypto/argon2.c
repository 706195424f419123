#include <argon2.h>

#include "appliance/crypto/digest.h"

#define SALT_MIN 8

/*
 * libargon2 rather than OpenSSL: the latter takes the whole working memory from
 * its secure heap once that is set up, and an ordinary user may lock a few MiB
 * only, not the tens of MiB that make a guess expensive.
 */
enum sn_err
cry_argon2id(struct bytes passphrase, struct bytes salt, uint32_t memory_kib, uint32_t passes,
    uint32_t lanes, size_t n, struct sn_secret *ret, struct sn_why *why)
{
	SN_CLEANUP(sn_secret_done) struct sn_secret out = { 0 };
	argon2_context ctx = {
		/* Neither is written to without a flag that asks for it. */
		.pwd = (uint8_t *)(uintptr_t)passphrase.p,
		.salt = (uint8_t *)(uintptr_t)salt.p,
		.t_cost = passes,
		.m_cost = memory_kib,
		.lanes = lanes,
		.threads = 1,
		.version = ARGON2_VERSION_13,
		.flags = ARGON2_DEFAULT_FLAGS,
	};
	int got;

	if (passphrase.n > UINT32_MAX || salt.n < SALT_MIN || salt.n > UINT32_MAX ||
	    n > UINT32_MAX)
		return sn_fail(why, SN_E_LIMIT, "Argon2id: salt of %zu bytes, output of %zu",
		    salt.n, n);
	SN_TRY(sn_secret_new(n, &out, why));
	ctx.out = out.p;
	ctx.outlen = (uint32_t)n;
	ctx.pwdlen = (uint32_t)passphrase.n;
	ctx.saltlen = (uint32_t)salt.n;
	got = argon2id_ctx(&ctx);
	if (got != ARGON2_OK)
		return sn_fail(why,
		    got == ARGON2_MEMORY_ALLOCATION_ERROR ? SN_E_NOMEM : SN_E_CRYPTO,
		    "Argon2id: %s", argon2_error_message(got));
	*ret = out;
	out = (struct sn_secret){ 0 };
	return SN_OK;
}
