/*
 * rig - the TPM code under test inside one process: softtpm behind a wire that
 * records, counts and spoils.
 *
 * Owns: the softtpm child. May include: appliance/tpm, cmocka. Test only.
 */
#ifndef TPM_RIG_H
#define TPM_RIG_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "appliance/crypto/digest.h"
#include "appliance/tpm/work.h"
#include "tests/lib/test.h"

#define RIG_ANY 0U /* any command code */

struct rig {
	struct tpm_wire wire; /* first: what the code under test sees */
	struct tpm_wire_fd tpm;
	struct tpm_dev *dev;
	/* every exchange, as it was on the wire */
	struct sn_buf stream;
	unsigned int commands;
	/* called on the nth exchange of this command code, counted from 1; 0: never */
	enum sn_err (*spoil)(struct rig *r, struct bytes command, struct tpm_msg *m,
	    struct sn_why *why);
	uint32_t cc;
	unsigned int nth, seen;
	bool for_ever; /* and on all that follow */
	bool instead;  /* the TPM does not even see the command */
};

static inline uint32_t
rig_u32(const uint8_t *p)
{
	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

static inline enum sn_err
rig_exchange(struct tpm_wire *w, struct bytes command, unsigned int timeout_ms,
    struct tpm_msg *ret, struct sn_why *why)
{
	struct rig *r = (struct rig *)w;
	uint32_t cc = rig_u32(command.p + 6);

	bool hit = r->spoil != NULL && (r->cc == RIG_ANY || r->cc == cc);

	r->commands++;
	if (hit) {
		r->seen++;
		hit = r->seen == r->nth || (r->for_ever && r->seen > r->nth);
	}
	if (!hit || !r->instead)
		SN_TRY(r->tpm.wire.exchange(&r->tpm.wire, command, timeout_ms, ret, why));
	if (hit)
		SN_TRY(r->spoil(r, command, ret, why));
	sn_buf_put(&r->stream, command);
	sn_buf_put(&r->stream, tpm_msg_bytes(ret));
	return SN_OK;
}

static inline const char *
rig_softtpm(void)
{
	const char *build = getenv("BUILD");
	static char path[512];

	snprintf(path, sizeof(path), "%s/bin/softtpm", build != NULL ? build : "build");

	if (access(path, X_OK) != 0) {
		fprintf(stderr, "%s is not built\n", path);
		exit(1);
	}
	return path;
}

/* A fresh software TPM behind the recording wire; the device is open, not started. */
static inline void
rig_start(struct rig *r)
{
	struct sn_why why = { 0 };

	memset(r, 0, sizeof(*r));
	r->wire.exchange = rig_exchange;
	if (tpm_wire_softtpm(rig_softtpm(), &r->tpm, &why) != SN_OK ||
	    tpm_dev_open(&r->wire, &r->dev, &why) != SN_OK) {
		fprintf(stderr, "rig: %s\n", why.text);
		exit(1);
	}
}

static inline void
rig_done(struct rig *r)
{
	tpm_dev_free(&r->dev);
	tpm_wire_done(&r->tpm);
	sn_buf_done(&r->stream);
}

/* A fault that the device saw is its last word: the same reason, nothing sent. */
static inline void
rig_check_latched(struct rig *r, const struct sn_why *why)
{
	struct sn_why again = { 0 };
	unsigned int sent = r->commands;

	if (r->dev->fault.err == SN_OK)
		return;
	assert_int_equal(tpm_dev_startup(r->dev, &again), r->dev->fault.err);
	assert_string_equal(again.text, why->text);
	assert_int_equal(r->commands, sent);
}

/* Once in main(): memory for secrets, OpenSSL, a silent tpm2-tss. */
static inline void
rig_prepare(void)
{
	struct sn_why why = { 0 };

	setenv("TSS2_LOG", "all+none", 1);
	if (sn_secret_start(65536, &why) != SN_OK || cry_start(&why) != SN_OK) {
		fprintf(stderr, "rig: %s\n", why.text);
		exit(1);
	}
}

#endif
