/* PCR 7 from keys; what firmware itself computes is asked in tests/vm. */
#include "appliance/measure/measure.h"
#include "tests/lib/measure.h"

#define LIST_LEN 28
#define CERTIFICATE 40

/* db: one X.509 list with one certificate of 24 bytes behind its owner. */
static void
make_db(struct sn_buf *b)
{
	static const uint8_t x509[16] = { 0xa1, 0x59, 0xc0, 0xa5, 0xe4, 0x94, 0xa7, 0x4a, 0x87,
		0xb5, 0xab, 0x15, 0x5c, 0x2b, 0xf0, 0x72 };

	sn_buf_put(b, BYTES_OF(x509));
	rig_le(b, LIST_LEN + CERTIFICATE, 4);
	rig_le(b, 0, 4);
	rig_le(b, CERTIFICATE, 4);
	for (size_t i = 0; i < CERTIFICATE; i++)
		sn_buf_u8(b, (uint8_t)i);
}

static const struct rig_change changes[] = {
	{ "as it is", 16, LIST_LEN + CERTIFICATE, 4, SN_OK, "" },
	{ "empty", 0, 0, 0, SN_E_FORMAT, "db" },
	{ "cut in the list's head", 20, 0, 0, SN_E_FORMAT, "db" },
	{ "cut in the certificate", 60, 0, 0, SN_E_FORMAT, "db" },
	{ "a list of digests", 0, 0x26, 1, SN_E_FORMAT, "no X.509" },
	{ "a list shorter than its head", 16, 27, 4, SN_E_FORMAT, "no X.509" },
	{ "a list without a certificate", 16, LIST_LEN, 4, SN_E_FORMAT, "no X.509" },
	{ "a list shorter than its certificate", 16, LIST_LEN + CERTIFICATE - 1, 4, SN_E_FORMAT,
	    "no X.509" },
	{ "a header of 4 GB", 20, 0xffffffff, 4, SN_E_FORMAT, "no X.509" },
	{ "a certificate that is only its owner", 24, 16, 4, SN_E_FORMAT, "no X.509" },
	{ "a certificate of 4 GB", 24, 0xffffffff, 4, SN_E_FORMAT, "no X.509" },
};

static void
test_change(void **state)
{
	const struct rig_change *c = *state;
	SN_CLEANUP(sn_buf_done) struct sn_buf db = { 0 };
	struct measure_keys keys = { .secure_boot = true };
	struct sn_why why = { 0 };
	uint8_t pcr[32];

	make_db(&db);
	rig_apply(&db, c);
	keys.db = sn_buf_bytes(&db);
	rig_expect(c, measure_pcr7(&keys, pcr, &why), &why);
}

/* OVMF without keys, as its TPM holds it after a boot; tests/vm asks it again. */
static void
test_no_keys(void **state)
{
	static const struct measure_keys none;
	struct test_bytes want =
	    test_unhex("65caf8dd1e0ea7a6347b635d2b379c93b9a1351edc2afc3ecda700e534eb3068");
	struct sn_why why = { 0 };
	uint8_t pcr[32];

	(void)state;
	assert_int_equal(measure_pcr7(&none, pcr, &why), SN_OK);
	assert_memory_equal(pcr, want.data, 32);
	test_bytes_done(&want);
}

/* Each variable counts, and so does which one it is. */
static void
test_each_counts(void **state)
{
	SN_CLEANUP(sn_buf_done) struct sn_buf db = { 0 };
	struct measure_keys keys = { .secure_boot = true };
	struct bytes *const field[] = { &keys.pk, &keys.kek, &keys.dbx, NULL };
	uint8_t pcr[SN_NITEMS(field)][32];
	struct sn_why why = { 0 };

	(void)state;
	make_db(&db);
	keys.db = sn_buf_bytes(&db);
	for (size_t i = 0; i < SN_NITEMS(field); i++) {
		if (field[i] != NULL)
			*field[i] = BYTES_STR("x");
		assert_int_equal(measure_pcr7(&keys, pcr[i], &why), SN_OK);
		if (field[i] != NULL)
			*field[i] = BYTES_STR("");
		for (size_t k = 0; k < i; k++)
			assert_memory_not_equal(pcr[i], pcr[k], 32);
	}
}

int
main(void)
{
	struct test_list *l = test_list_new();

	for (size_t i = 0; i < SN_NITEMS(changes); i++)
		test_list_add(l, test_change, &changes[i], "db: %s", changes[i].name);
	test_list_add(l, test_no_keys, NULL, "firmware without keys");
	test_list_add(l, test_each_counts, NULL, "each variable counts");
	return test_list_run(l, "PCR 7");
}
