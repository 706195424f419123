/*
 * bad_evidence - a table of evidence that does not hold, in bundles that are otherwise right:
 * restated, approved and signed again, so that only the evidence is bad.
 *
 * Owns: nothing. For tests of bundle, each a program of its own, so everything is static.
 */
#ifndef TEST_BUNDLE_BAD_EVIDENCE_H
#define TEST_BUNDLE_BAD_EVIDENCE_H

#include "tests/ceremony/bundle/fixture.h"

/* What is done to one attestation before it is signed. */
enum bad_change {
	BAD_NOTHING,
	BAD_KEY,	/* another key signs */
	BAD_SIGNER,	/* it names another key */
	BAD_QUALIFYING, /* over something else */
	BAD_RESETS,	/* of another boot */
	BAD_RESTARTS,
	BAD_TYPE,  /* another kind of attestation */
	BAD_BODY,  /* the last byte of what it attests */
	BAD_FIRST, /* the first byte */
	BAD_NAME,  /* a byte of the name of what it is about */
	BAD_FILE,  /* the file beside it: its first byte */
	BAD_CUT,   /* the file beside it is shorter by 130 bytes: a line of audit.list */
	BAD_LONG,  /* one byte too many is attested */
	BAD_CASE,  /* the file beside it, a letter in capitals */
};

struct bad_row {
	const char *name;
	struct fix_bundle make;
	enum fix_signed what;
	enum bad_change change;
	const char *says; /* in the reason: the file at least */
	enum sn_err want; /* 0: SN_E_SIGNATURE */
};

static const struct bad_row *bad_now; /* the hook's row */

static void
bad_attest(const struct fix *f, struct fix_attest *a)
{
	if (bad_now == NULL || a->what != bad_now->what)
		return;
	switch (bad_now->change) {
	case BAD_NOTHING:
		break;
	case BAD_KEY:
		a->key = f->ek;
		break;
	case BAD_SIGNER:
		a->signer[33] ^= 1;
		break;
	case BAD_QUALIFYING:
		a->qualifying[31] ^= 1;
		break;
	case BAD_RESETS:
		a->resets++;
		break;
	case BAD_RESTARTS:
		a->restarts++;
		break;
	case BAD_TYPE:
		a->type = a->what == FIX_QUOTE ? 0x8016 : 0x8018;
		break;
	case BAD_BODY:
		a->body.p[a->body.n - 1] ^= 1;
		break;
	case BAD_FIRST:
		a->body.p[0] ^= 1;
		break;
	case BAD_NAME:
		a->body.p[20] ^= 1;
		break;
	case BAD_FILE:
		a->file.p[0] ^= 1;
		break;
	case BAD_CUT:
		a->file.n -= 130;
		break;
	case BAD_CASE:
		a->file.p[0] = 'D'; /* of d12a7c..., TPM2_GetRandom */
		break;
	case BAD_LONG:
		sn_buf_u8(&a->body, 0);
		break;
	}
}

/* ---- the files that are attested */

static void
bad_owner(struct sn_buf *data)
{
	data->p[data->n - 20] = 0x01; /* the owner's hierarchy as qualified name */
}

static void
bad_outside(struct sn_buf *data)
{
	data->p[data->n - 1] ^= 1;
}

static void
bad_index(struct sn_buf *pub)
{
	pub->p[3] ^= 1;
}

static void
bad_ordinary(struct sn_buf *pub)
{
	pub->p[9] = 0x06; /* no counter: anybody may write what they like */
}

static void
bad_unwritten(struct sn_buf *pub)
{
	pub->p[6] = 0x02;
}

static void
bad_short(struct sn_buf *pub)
{
	pub->p[pub->n - 1] = 4;
}

/* ---- what the TPM said of itself */

static void
bad_backend(struct bun_tpm *t)
{
	snprintf(t->backend, sizeof(t->backend), "swtpm");
}

static void
bad_maker(struct bun_tpm *t)
{
	snprintf(t->manufacturer, sizeof(t->manufacturer), "IFX");
}

static void
bad_vendor(struct bun_tpm *t)
{
	snprintf(t->vendor, sizeof(t->vendor), "Better");
}

static void
bad_firmware(struct bun_tpm *t)
{
	t->firmware++;
}

static void
bad_template(struct bun_tpm *t)
{
	snprintf(t->ek, sizeof(t->ek), "rsa-2048");
}

static void
bad_count(struct bun_tpm *t)
{
	t->counter++;
}

static void
bad_no_count(struct bun_tpm *t)
{
	t->has_counter = false;
	t->counter = 0;
	snprintf(t->no_counter, sizeof(t->no_counter), "none");
}

#define ATTESTED(kind, file)                                                                   \
	{ file " by another key", { 0 }, kind, BAD_KEY, file ".sig", 0 },                      \
	    { file " that names another key", { 0 }, kind, BAD_SIGNER, file ".msg", 0 },       \
	    { file " over something else", { 0 }, kind, BAD_QUALIFYING, file ".msg", 0 },      \
	    { file " of another type", { 0 }, kind, BAD_TYPE, file ".msg", 0 },                \
	    { file " of something else", { 0 }, kind, BAD_BODY, file ".msg", 0 }
#define BOOTED(kind, file)                                                                     \
	{ file " of an earlier boot", { 0 }, kind, BAD_RESETS, file ".msg", 0 },               \
	    { file " after a resume", { 0 }, kind, BAD_RESTARTS, file ".msg", 0 }

static const uint16_t bad_fifteen[] = { 32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 32,
	32, 0 };
static const uint16_t bad_larger[] = { 32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 32,
	32, 33, 0 };

static const struct bad_row bad_rows[] = {
	ATTESTED(FIX_QUOTE, "quote"),
	ATTESTED(FIX_AUDIT, "audit"),
	ATTESTED(FIX_CREATION, "creation"),
	ATTESTED(FIX_COUNTER, "counter"),
	BOOTED(FIX_AUDIT, "audit"),
	BOOTED(FIX_CREATION, "creation"),
	BOOTED(FIX_COUNTER, "counter"),
	{ "audit: a line of the list is gone", { 0 }, FIX_AUDIT, BAD_CUT, "audit.list", 0 },
	{ "audit: capitals in the list", { 0 }, FIX_AUDIT, BAD_CASE, "audit.list", 0 },
	{ "audit: fifteen draws", { .draws = bad_fifteen }, 0, 0, "audit.list", 0 },
	{ "audit: another command", { .draws = bad_larger }, 0, 0, "audit.list", 0 },
	{ "audit: a session that was shared", { .shared_session = true }, 0, 0, "audit.msg",
	    0 },
	{ "quote: another selection", { 0 }, FIX_QUOTE, BAD_FIRST, "quote.msg", 0 },
	{ "creation of another key", { 0 }, FIX_CREATION, BAD_NAME, "creation.msg", 0 },
	{ "creation: other data", { 0 }, FIX_CREATION, BAD_FILE, "creation.msg", 0 },
	{ "creation in the owner's hierarchy", { .creation = bad_owner }, 0, 0, "creation.data",
	    0 },
	{ "creation for something else", { .creation = bad_outside }, 0, 0, "creation.data",
	    0 },
	{ "counter: certificate of another index", { 0 }, FIX_COUNTER, BAD_NAME, "counter.msg",
	    0 },
	{ "counter: another index", { .counter = bad_index }, 0, 0, "counter.pub", 0 },
	{ "counter: an ordinary index", { .counter = bad_ordinary }, 0, 0, "counter.pub", 0 },
	{ "counter: never incremented", { .counter = bad_unwritten }, 0, 0, "counter.pub", 0 },
	{ "counter: of four bytes", { .counter = bad_short }, 0, 0, "counter.pub", 0 },
	{ "counter: its file is another", { 0 }, FIX_COUNTER, BAD_FILE, "counter.msg", 0 },
	{ "tpm.json: another back end", { .tpm = bad_backend }, 0, 0, "tpm.json", 0 },
	{ "tpm.json: another maker", { .tpm = bad_maker }, 0, 0, "tpm.json", 0 },
	{ "tpm.json: another vendor string", { .tpm = bad_vendor }, 0, 0, "tpm.json", 0 },
	{ "tpm.json: other firmware", { .tpm = bad_firmware }, 0, 0, "tpm.json", 0 },
	{ "tpm.json: another template", { .tpm = bad_template }, 0, 0, "tpm.json", 0 },
	{ "tpm.json: another count", { .tpm = bad_count }, 0, 0, "counter.msg", 0 },
	{ "tpm.json: no counter, but its certificate", { .tpm = bad_no_count }, 0, 0,
	    "counter.msg", 0 },
	{ "an attestation key outside a TPM", { .ak_twist = 0x02 }, 0, 0, "ak.pub", 0 },
	{ "PCR 15 has not seen the last record", { .skip_pcr15 = 1 }, 0, 0, "PCR 15", 0 },
	{ "creation with a byte too many", { 0 }, FIX_CREATION, BAD_LONG, "creation.msg", 0 },
	{ "counter with a byte too many", { 0 }, FIX_COUNTER, BAD_LONG, "counter.msg", 0 },
	{ "audit with a byte too many", { 0 }, FIX_AUDIT, BAD_LONG, "audit.msg", 0 },
	{ "quote with a byte too many", { 0 }, FIX_QUOTE, BAD_LONG, "quote.msg", 0 },
};

/* The bundle of that row below dir. */
static void
bad_write(const struct fix *f, const struct bad_row *row, const char *dir)
{
	struct fix_bundle o = row->make;

	o.attest = bad_attest;
	bad_now = row;
	fix_write(f, &o, dir);
	bad_now = NULL;
}

#endif
