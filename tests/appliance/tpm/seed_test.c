/* The seed: encrypted on the wire, audited, and everything sent is accounted for. */
#include "appliance/base/text.h"
#include "tests/appliance/tpm/rig.h"

#define GET_RANDOM_32_CPHASH "d12a7ca7730490e4296ad6041aa3fbc75af0f9a612632d54168906df2541591a"

static const uint8_t qualifying[32] = { 1, 2, 3 };

struct seeded {
	struct rig rig;
	struct tpm_ident ident;
	struct sn_secret seed;
	struct tpm_audit audit;
};

static void
seeded_start(struct seeded *s)
{
	struct sn_why why = { 0 };

	memset(s, 0, sizeof(*s));
	rig_start(&s->rig);
	if (tpm_ident_open(s->rig.dev, TPM_SOFTWARE, "softtpm", &s->ident, &why) != SN_OK ||
	    tpm_work_seed(s->rig.dev, &s->ident, qualifying, &s->seed, &s->audit, &why) !=
		SN_OK)
		fail_msg("%s", why.text);
}

static void
seeded_done(struct seeded *s)
{
	tpm_ident_done(s->rig.dev, &s->ident);
	sn_secret_done(&s->seed);
	tpm_audit_done(&s->audit);
	rig_done(&s->rig);
	assert_int_equal(sn_secret_alive(), 0);
}

/* The next exchange in the recorded stream; its command code, or 0 at the end. */
static uint32_t
next_exchange(struct bytes *stream, struct bytes *command, struct bytes *response)
{
	size_t n, m;

	if (stream->n == 0)
		return 0;
	n = rig_u32(stream->p + 2);
	m = rig_u32(stream->p + n + 2);
	*command = (struct bytes){ stream->p, n };
	*response = (struct bytes){ stream->p + n, m };
	stream->p += n + m;
	stream->n -= n + m;
	return rig_u32(command->p + 6);
}

static void
test_every_random_in_a_session(void **state)
{
	struct seeded s;
	struct bytes stream, command, response;
	unsigned int draws = 0;
	uint32_t cc;

	(void)state;
	seeded_start(&s);
	stream = sn_buf_bytes(&s.rig.stream);
	while ((cc = next_exchange(&stream, &command, &response)) != 0) {
		if (cc != TPM2_CC_GetRandom)
			continue;
		draws++;
		assert_int_equal(command.p[0] << 8 | command.p[1], TPM2_ST_SESSIONS);
		/* header, area size, handle, nonce: encrypt, decrypt, audit, continue */
		assert_int_equal(command.p[10 + 4 + 4 + 2 + 32] &
			(TPMA_SESSION_ENCRYPT | TPMA_SESSION_AUDIT |
			    TPMA_SESSION_CONTINUESESSION),
		    TPMA_SESSION_ENCRYPT | TPMA_SESSION_AUDIT | TPMA_SESSION_CONTINUESESSION);
	}
	assert_int_equal(draws, 16);
	seeded_done(&s);
}

/* Of how many places in a secret the stream has the eight bytes that begin there. */
static size_t
count_on_the_wire(const struct rig *r, struct bytes secret)
{
	size_t found = 0;

	for (size_t at = 0; at + 8 <= secret.n; at++) {
		struct bytes window = { secret.p + at, 8 };

		found += bytes_find(sn_buf_bytes(&r->stream), window) != SIZE_MAX ? 1 : 0;
	}
	return found;
}

static void
test_seed_not_on_the_wire(void **state)
{
	struct seeded s;

	(void)state;
	seeded_start(&s);
	assert_int_equal(s.seed.n, TPM_SEED_LEN);
	assert_true(s.rig.stream.n > 4000);
	assert_int_equal(count_on_the_wire(&s.rig, sn_secret_bytes(&s.seed)), 0);
	seeded_done(&s);
}

/* The same search, on draws that nothing hides: past the choke point, as our code cannot. */
static void
test_control_finds_a_draw_in_the_clear(void **state)
{
	struct seeded s;
	TPM2B_DIGEST *got = NULL;

	(void)state;
	seeded_start(&s);
	assert_int_equal(Esys_GetRandom(s.rig.dev->esys, ESYS_TR_NONE, ESYS_TR_NONE,
			     ESYS_TR_NONE, 32, &got),
	    TSS2_RC_SUCCESS);
	assert_int_equal(count_on_the_wire(&s.rig, (struct bytes){ got->buffer, got->size }),
	    got->size - 7);
	Esys_Free(got);
	/* nor by a session that audits but does not encrypt */
	assert_int_equal(Esys_GetRandom(s.rig.dev->esys, s.ident.link, ESYS_TR_NONE,
			     ESYS_TR_NONE, 32, &got),
	    TSS2_RC_SUCCESS);
	assert_int_equal(count_on_the_wire(&s.rig, (struct bytes){ got->buffer, got->size }),
	    got->size - 7);
	Esys_Free(got);
	seeded_done(&s);
}

/* From the list alone, as docs/TPM.md says, without the code that made it. */
static void
test_list_folds_to_the_attested_digest(void **state)
{
	enum { LINE = 64 + 1 + 64 + 1 };
	uint8_t digest[32] = { 0 };
	struct seeded s;
	const char *p;

	(void)state;
	seeded_start(&s);
	assert_int_equal(s.audit.list.n, 16 * LINE);
	p = sn_buf_cstr(&s.audit.list);
	for (size_t i = 0; i < 16; i++, p += LINE) {
		uint8_t rp[32], cp[32];
		char hex[65] = "";

		assert_memory_equal(p, GET_RANDOM_32_CPHASH " ", 65);
		assert_int_equal(p[LINE - 1], '\n');
		assert_int_equal(sn_hex_parse(GET_RANDOM_32_CPHASH, cp, 32, "cp", NULL), SN_OK);
		memcpy(hex, p + 65, 64);
		assert_int_equal(sn_hex_parse(hex, rp, 32, "rp", NULL), SN_OK);
		assert_int_equal(cry_digest_v(CRY_SHA256,
				     (struct bytes[]){
					 BYTES_OF(digest), BYTES_OF(cp), BYTES_OF(rp) },
				     3, digest, NULL),
		    SN_OK);
	}
	assert_true(s.audit.msg.n > 32);
	assert_memory_equal(s.audit.msg.p + s.audit.msg.n - 32, digest, 32);
	assert_int_equal(s.audit.msg.p[4] << 8 | s.audit.msg.p[5],
	    TPM2_ST_ATTEST_SESSION_AUDIT);
	seeded_done(&s);
}

/* The attestation is refused after one changed byte, wherever it is. */
static void
test_every_byte_of_the_audit_counts(void **state)
{
	struct seeded s;
	TPMS_ATTEST a;

	(void)state;
	seeded_start(&s);
	for (size_t i = 0; i < s.audit.msg.n + s.audit.sig.n; i++) {
		uint8_t *p =
		    i < s.audit.msg.n ? &s.audit.msg.p[i] : &s.audit.sig.p[i - s.audit.msg.n];

		*p ^= 1;
		if (tpm_attest_check(&s.ident, sn_buf_bytes(&s.audit.msg),
			sn_buf_bytes(&s.audit.sig), TPM2_ST_ATTEST_SESSION_AUDIT, qualifying,
			&a, NULL) == SN_OK)
			fail_msg("byte %zu may change", i);
		*p ^= 1;
	}
	assert_int_equal(tpm_attest_check(&s.ident, sn_buf_bytes(&s.audit.msg),
			     sn_buf_bytes(&s.audit.sig), TPM2_ST_ATTEST_SESSION_AUDIT,
			     qualifying, &a, NULL),
	    SN_OK);
	assert_int_equal(tpm_attest_check(&s.ident, sn_buf_bytes(&s.audit.msg),
			     sn_buf_bytes(&s.audit.sig), TPM2_ST_ATTEST_QUOTE, qualifying, &a,
			     NULL),
	    SN_E_FORMAT);
	seeded_done(&s);
}

static void
test_random_without_session_is_refused(void **state)
{
	struct rig r;
	uint8_t out[32];
	size_t n = 0;
	unsigned int sent;
	struct sn_why why = { 0 };

	(void)state;
	rig_start(&r);
	assert_int_equal(tpm_dev_startup(r.dev, &why), SN_OK);
	sent = r.commands;
	assert_int_equal(tpm_dev_random(r.dev, ESYS_TR_NONE, 32, out, &n, &why), SN_E_TPM);
	assert_int_equal(r.commands, sent);
	/* and that was the last thing this device did */
	assert_int_equal(tpm_dev_startup(r.dev, NULL), SN_E_TPM);
	assert_int_equal(r.commands, sent);
	rig_done(&r);
}

/* An HMAC alone proves who drew, but lets the bus read what was drawn. */
static void
test_random_in_half_a_session_is_refused(void **state)
{
	static const TPMA_SESSION halves[] = { TPMA_SESSION_AUDIT, TPMA_SESSION_ENCRYPT,
		TPMA_SESSION_DECRYPT, 0 };

	(void)state;
	for (size_t i = 0; i < SN_NITEMS(halves); i++) {
		ESYS_TR session = ESYS_TR_NONE;
		struct sn_why why = { 0 };
		struct seeded s;
		uint8_t out[32];
		unsigned int sent;
		size_t n = 0;

		seeded_start(&s);
		assert_int_equal(tpm_dev_session(s.rig.dev, s.ident.ek.tr,
				     TPMA_SESSION_CONTINUESESSION | halves[i], &session, &why),
		    SN_OK);
		sent = s.rig.commands;
		assert_int_equal(tpm_dev_random(s.rig.dev, session, 32, out, &n, &why),
		    SN_E_TPM);
		assert_non_null(strstr(why.text, "does not protect it"));
		assert_int_equal(s.rig.commands, sent);
		seeded_done(&s);
	}
}

/* Nothing stays loaded: the same TPM, again and again, in three transient slots. */
static void
test_nothing_stays_loaded(void **state)
{
	struct seeded s;
	struct sn_why why = { 0 };
	uint8_t name[TPM_NAME_LEN];

	(void)state;
	seeded_start(&s);
	memcpy(name, s.ident.ak.name, sizeof(name));
	for (int i = 0; i < 6; i++) {
		tpm_ident_done(s.rig.dev, &s.ident);
		if (tpm_ident_open(s.rig.dev, TPM_SOFTWARE, "softtpm", &s.ident, &why) != SN_OK)
			fail_msg("%d: %s", i, why.text);
		/* and the same TPM makes the same attestation key */
		assert_memory_equal(s.ident.ak.name, name, sizeof(name));
	}
	seeded_done(&s);
}

/* A name is 000b | SHA-256(public area), the area being what follows its length. */
static void
name_digest(const struct sn_buf *pub, uint8_t ret[32])
{
	struct bytes area = { pub->p + 2, pub->n - 2 };

	assert_int_equal(cry_digest(CRY_SHA256, area, ret, NULL), SN_OK);
}

static void
test_identity(void **state)
{
	struct seeded s;
	const struct tpm_info *i;
	uint8_t digest[32];

	(void)state;
	seeded_start(&s);
	i = &s.ident.info;
	assert_string_equal(i->manufacturer, "IBM");
	assert_string_equal(i->ek_template, "ecc-p256");
	assert_int_equal(i->ek_cert_index, 0);
	assert_int_equal(i->revision, 164);
	name_digest(&i->ak_pub, digest);
	assert_int_equal(i->ak_name[0] << 8 | i->ak_name[1], TPM2_ALG_SHA256);
	assert_memory_equal(i->ak_name + 2, digest, 32);
	name_digest(&i->ek_pub, digest);
	assert_memory_equal(i->ek_name + 2, digest, 32);
	assert_int_equal(rig_u32(i->ak_pub.p + 6), TPM_AK_ATTRIBUTES);
	assert_int_equal(strncmp((const char *)i->ak_pem.p, "-----BEGIN PUBLIC KEY-----", 26),
	    0);
	seeded_done(&s);
}

static void
test_two_seeds_differ(void **state)
{
	struct seeded s;
	struct sn_secret again = { 0 };
	struct tpm_audit audit = { 0 };

	(void)state;
	seeded_start(&s);
	assert_int_equal(tpm_work_seed(s.rig.dev, &s.ident, qualifying, &again, &audit, NULL),
	    SN_OK);
	assert_false(sn_secret_equal(sn_secret_bytes(&again), sn_secret_bytes(&s.seed)));
	sn_secret_done(&again);
	tpm_audit_done(&audit);
	seeded_done(&s);
}

#if !defined(__SANITIZE_ADDRESS__) /* which keeps freed memory as it was */
/* How many places of [p, end) hold the first 16 bytes of a part; inverse is ~seed. */
static unsigned int
count_copies(const uint8_t *p, const uint8_t *end, const uint8_t *inverse)
{
	unsigned int hits = 0;

	for (; p + 16 <= end; p++) {
		for (size_t part = 0; part < TPM_SEED_LEN; part += 32) {
			size_t i = 0;

			while (i < 16 && p[i] == (uint8_t)~inverse[part + i])
				i++;
			hits += i == 16 ? 1 : 0;
		}
	}
	return hits;
}

/* In all memory of this process that can be written: heap, stacks, libraries' data. */
static unsigned int
count_all_copies(const uint8_t *inverse)
{
	FILE *f = fopen("/proc/self/maps", "r");
	unsigned int hits = 0;
	char line[512];

	assert_non_null(f);
	while (fgets(line, sizeof(line), f) != NULL) {
		char *end = NULL;
		uintptr_t from = strtoul(line, &end, 16), to = strtoul(end + 1, &end, 16);

		if (strncmp(end, " rw", 3) == 0)
			hits +=
			    count_copies((const uint8_t *)from, (const uint8_t *)to, inverse);
	}
	fclose(f);
	return hits;
}

/* tpm2-tss decrypted each part in memory of its own; nothing of that is left. */
static void
test_no_copy_left_in_memory(void **state)
{
	uint8_t inverse[TPM_SEED_LEN];
	struct seeded s;

	(void)state;
	seeded_start(&s);
	for (size_t i = 0; i < TPM_SEED_LEN; i++)
		inverse[i] = (uint8_t)~s.seed.p[i];
	assert_int_equal(count_all_copies(inverse), 16);
	sn_secret_done(&s.seed);
	assert_int_equal(count_all_copies(inverse), 0);
	seeded_done(&s);
}
#endif

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_random_in_a_session),
		cmocka_unit_test(test_seed_not_on_the_wire),
		cmocka_unit_test(test_control_finds_a_draw_in_the_clear),
		cmocka_unit_test(test_random_in_half_a_session_is_refused),
		cmocka_unit_test(test_list_folds_to_the_attested_digest),
		cmocka_unit_test(test_every_byte_of_the_audit_counts),
		cmocka_unit_test(test_random_without_session_is_refused),
		cmocka_unit_test(test_nothing_stays_loaded),
		cmocka_unit_test(test_identity),
		cmocka_unit_test(test_two_seeds_differ),
#if !defined(__SANITIZE_ADDRESS__)
		cmocka_unit_test(test_no_copy_left_in_memory),
#endif
	};

	rig_prepare();
	return cmocka_run_group_tests_name("seed", tests, NULL, NULL);
}
