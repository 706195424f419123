/* A TPM that fails its self-test, in every way it may say so. */
#include "appliance/tpm/selftest.h"
#include "tests/appliance/tpm/rig.h"

#define CC_SELF_TEST 0x143
#define CC_GET_TEST_RESULT 0x17c
#define RESULT_SUCCESS 0
#define RESULT_FAILURE 0x101
#define RESULT_NEEDS_TEST 0x153
#define RESULT_TESTING 0x90a

static uint32_t told; /* as testResult, or as the response's code */

static void
put_u32(uint8_t *p, uint32_t v)
{
	for (int i = 0; i < 4; i++)
		p[i] = (uint8_t)(v >> (24 - 8 * i));
}

static enum sn_err
tell_result(struct rig *r SN_UNUSED, struct bytes command SN_UNUSED, struct tpm_msg *m,
    struct sn_why *why SN_UNUSED)
{
	put_u32(m->b + m->n - 4, told); /* the last field [TCG P3 10.4] */
	return SN_OK;
}

static enum sn_err
tell_code(struct rig *r SN_UNUSED, struct bytes command SN_UNUSED, struct tpm_msg *m,
    struct sn_why *why SN_UNUSED)
{
	static const uint8_t head[] = { 0x80, 0x01, 0, 0, 0, 10 };

	memcpy(m->b, head, sizeof(head));
	put_u32(m->b + 6, told);
	m->n = 10;
	return SN_OK;
}

static enum sn_err
silence(struct rig *r SN_UNUSED, struct bytes command SN_UNUSED, struct tpm_msg *m SN_UNUSED,
    struct sn_why *why)
{
	return sn_fail(why, SN_E_TPM, "no answer");
}

static const struct row {
	const char *name;
	enum sn_err (*spoil)(struct rig *r, struct bytes command, struct tpm_msg *m,
	    struct sn_why *why);
	uint32_t cc, told;
	bool for_ever;
	enum sn_err want;
	const char *text; /* must be part of what is said */
} rows[] = {
	{ "a good TPM", NULL, 0, 0, false, SN_OK, "" },
	{ "it reports a failure", tell_result, CC_GET_TEST_RESULT, RESULT_FAILURE, false,
	    SN_E_TPM, "self-test" },
	{ "it reports nonsense", tell_result, CC_GET_TEST_RESULT, 0xffffffff, false, SN_E_TPM,
	    "self-test" },
	{ "it is still testing, once", tell_result, CC_GET_TEST_RESULT, RESULT_TESTING, false,
	    SN_OK, "" },
	{ "it asks for a test", tell_result, CC_GET_TEST_RESULT, RESULT_NEEDS_TEST, false,
	    SN_OK, "" },
	{ "it tests for ever", tell_result, CC_GET_TEST_RESULT, RESULT_TESTING, true, SN_E_TPM,
	    "does not come to an end" },
	{ "it refuses to be tested", tell_code, CC_SELF_TEST, RESULT_FAILURE, false, SN_E_TPM,
	    "TPM2_SelfTest" },
	{ "it refuses to report", tell_code, CC_GET_TEST_RESULT, RESULT_FAILURE, false,
	    SN_E_TPM, "TPM2_GetTestResult" },
	{ "it falls silent", silence, CC_GET_TEST_RESULT, 0, false, SN_E_TPM, "no answer" },
};

static void
judge(void **state)
{
	const struct row *row = *state;
	struct sn_why why = { 0 };
	struct rig r;

	rig_start(&r);
	told = row->told;
	r.spoil = row->spoil;
	r.cc = row->cc;
	r.nth = 1;
	r.for_ever = row->for_ever;
	assert_int_equal(tpm_selftest_wire(&r.wire, &why), row->want);
	if (strstr(why.text, row->text) == NULL)
		fail_msg("\"%s\" is not in \"%s\"", row->text, why.text);
	rig_done(&r);
}

static void
no_tpm_is_missing(void **state)
{
	struct sn_why why = { 0 };

	(void)state;
	if (access("/dev/tpmrm0", F_OK) == 0)
		skip();
	assert_int_equal(tpm_selftests[0].run(&tpm_selftests[0], &why), SN_E_MISSING);
}

int
main(void)
{
	struct test_list *l = test_list_new();

	rig_prepare();
	for (size_t i = 0; i < SN_NITEMS(rows); i++)
		test_list_add(l, judge, &rows[i], "%s", rows[i].name);
	test_list_add(l, no_tpm_is_missing, NULL, "no TPM is missing, not wrong");
	return test_list_run(l, "tpm self-test");
}
