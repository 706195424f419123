/*
 * softtpm - a software TPM in a process of its own, for rehearsals and tests.
 *
 * Raw TPM 2.0 commands come in on descriptor 3, responses go out on descriptor 4, the
 * length is the one in the header. Nothing is kept: the TPM is new at every start and
 * gone at the end. Ends when descriptor 3 is closed. See docs/TPM.md.
 */
#include <errno.h>
#include <fcntl.h>
#include <openssl/crypto.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "appliance/base/file.h"
#include "appliance/base/frame.h"
#include "appliance/jail/jail.h"
#include "appliance/softtpm/vtpm.h"

#define PROGRAM "softtpm"

/* Fill at most n bytes; fewer only when the other end has closed. */
static enum sn_err
take(uint8_t *p, size_t n, size_t *ret_got, struct sn_why *why)
{
	size_t got = 0;

	while (got < n) {
		ssize_t r = read(SN_CHILD_IN, p + got, n - got);

		if (r < 0 && errno == EINTR)
			continue;
		if (r < 0)
			return sn_fail(why, SN_E_IO, "reading a command: %s", strerror(errno));
		if (r == 0)
			break;
		got += (size_t)r;
	}
	*ret_got = got;
	return SN_OK;
}

/* One whole command; *ret_n is 0 when the client has closed between two commands. */
static enum sn_err
take_command(uint8_t buf[VTPM_MESSAGE_MAX], size_t *ret_n, struct sn_why *why)
{
	struct bytes header = { buf, VTPM_HEADER };
	uint16_t tag = 0;
	uint32_t n = 0;
	size_t got = 0;

	SN_TRY(take(buf, VTPM_HEADER, &got, why));
	if (got == 0) {
		*ret_n = 0;
		return SN_OK;
	}
	if (got < VTPM_HEADER)
		return sn_fail(why, SN_E_PROTO, "a command was cut after %zu bytes", got);
	SN_TRY(bytes_u16(&header, &tag, "command tag", why));
	SN_TRY(bytes_u32(&header, &n, "command length", why));
	if (n < VTPM_HEADER || n > VTPM_MESSAGE_MAX)
		return sn_fail(why, SN_E_PROTO,
		    "a command claims %u bytes, %d to %d are allowed", n, VTPM_HEADER,
		    VTPM_MESSAGE_MAX);
	SN_TRY(take(buf + VTPM_HEADER, n - VTPM_HEADER, &got, why));
	if (got < n - VTPM_HEADER)
		return sn_fail(why, SN_E_PROTO, "a command of %u bytes was cut", n);
	*ret_n = n;
	return SN_OK;
}

static enum sn_err
serve(struct sn_why *why)
{
	uint8_t buf[VTPM_MESSAGE_MAX];

	for (;;) {
		struct bytes response = { 0 };
		size_t n = 0;

		SN_TRY(take_command(buf, &n, why));
		if (n == 0)
			return SN_OK;
		SN_TRY(vtpm_command((struct bytes){ buf, n }, &response, why));
		SN_TRY(sn_fd_write(SN_CHILD_OUT, response, why));
	}
}

static enum sn_err
run(struct sn_why *why)
{
	if (fcntl(SN_CHILD_IN, F_GETFD) < 0 || fcntl(SN_CHILD_OUT, F_GETFD) < 0)
		return sn_fail(why, SN_E_USAGE,
		    "descriptors %d and %d must be the two pipes to the TPM process",
		    SN_CHILD_IN, SN_CHILD_OUT);
	/* before libtpms or anything else asks OpenSSL for something */
	if (OPENSSL_init_crypto(OPENSSL_INIT_NO_LOAD_CONFIG, NULL) != 1)
		return sn_fail(why, SN_E_CRYPTO, "OpenSSL does not start");
	SN_TRY(vtpm_random_works(why));
	SN_TRY(jail_enter(&jail_policies[JAIL_SOFTTPM], why));
	SN_TRY(vtpm_start(why));
	return serve(why);
}

int
main(int argc, char **argv SN_UNUSED)
{
	struct sn_why why = { 0 };
	enum sn_err e;

	if (argc != 1) {
		fprintf(stderr,
		    "usage: " PROGRAM "\n"
		    "A software TPM for rehearsals: commands on descriptor 3, "
		    "responses on 4.\n");
		return sn_err_exit(SN_E_USAGE);
	}
	e = run(&why);
	vtpm_stop();
	if (e != SN_OK)
		sn_err_print(PROGRAM, e, &why);
	return sn_err_exit(e);
}
