/* IBM's names: which issuer's name is whose, and what a certificate is by its name. */
#include <string.h>

#include "appliance/crypto/der.h"
#include "appliance/crypto/makepki.h"
#include "firmware-cache/ibm-se/ibm.h"
#include "tests/lib/test.h"

#define COMPANY "International Business Machines Corporation"

static struct cry_key *key; /* made once */

static void
must(enum sn_err e, const struct sn_why *why)
{
	if (e != SN_OK)
		fail_msg("%s: %s", sn_err_name(e), why->text);
}

struct part {
	uint8_t id, tag;
	const char *text;
};

#define UTF8 0x0c
#define PRINTABLE 0x13
#define C "US"
#define O COMPANY
#define U "IBM Z Host Key Signing Service"

static const struct name_row {
	const char *name;
	struct part parts[8];
	const char *subject_at; /* the signing key's locality */
	bool fits, found;
} names[] = {
	{ "as it is made here",
	    { { 6, PRINTABLE, C }, { 8, UTF8, "New York" }, { 7, UTF8, "Armonk" },
		{ 10, UTF8, O }, { 11, UTF8, U }, { 3, UTF8, O } },
	    "Armonk", true, true },
	{ "other kinds of string",
	    { { 6, UTF8, C }, { 8, PRINTABLE, "New York" }, { 7, PRINTABLE, "Armonk" },
		{ 10, PRINTABLE, O }, { 11, PRINTABLE, U }, { 3, PRINTABLE, O } },
	    "Armonk", true, true },
	{ "the tools' own order",
	    { { 6, PRINTABLE, C }, { 10, UTF8, O }, { 11, UTF8, U }, { 7, UTF8, "Armonk" },
		{ 8, UTF8, "New York" }, { 3, UTF8, O } },
	    "Armonk", true, true },
	{ "the tools' own order, Poughkeepsie",
	    { { 6, PRINTABLE, C }, { 10, UTF8, O }, { 11, UTF8, U },
		{ 7, UTF8, "Poughkeepsie" }, { 8, UTF8, "New York" }, { 3, UTF8, O } },
	    "Armonk", true, true },
	{ "an order that the tools do not try",
	    { { 3, UTF8, O }, { 10, UTF8, O }, { 11, UTF8, U }, { 7, UTF8, "Armonk" },
		{ 8, UTF8, "New York" }, { 6, PRINTABLE, C } },
	    "Armonk", true, false },
	{ "Armonk for Poughkeepsie",
	    { { 6, PRINTABLE, C }, { 8, UTF8, "New York" }, { 7, UTF8, "Armonk" },
		{ 10, UTF8, O }, { 11, UTF8, U }, { 3, UTF8, O } },
	    "Poughkeepsie", false, false },
	{ "a part less",
	    { { 6, PRINTABLE, C }, { 8, UTF8, "New York" }, { 10, UTF8, O }, { 11, UTF8, U },
		{ 3, UTF8, O } },
	    "Armonk", false, false },
	{ "a part more",
	    { { 6, PRINTABLE, C }, { 8, UTF8, "New York" }, { 7, UTF8, "Armonk" },
		{ 10, UTF8, O }, { 11, UTF8, U }, { 3, UTF8, O }, { 5, PRINTABLE, "1" } },
	    "Armonk", false, false },
	{ "a part twice",
	    { { 6, PRINTABLE, C }, { 8, UTF8, "New York" }, { 7, UTF8, "Armonk" },
		{ 10, UTF8, O }, { 11, UTF8, U }, { 11, UTF8, U } },
	    "Armonk", false, false },
	{ "another unit",
	    { { 6, PRINTABLE, C }, { 8, UTF8, "New York" }, { 7, UTF8, "Armonk" },
		{ 10, UTF8, O }, { 11, UTF8, "IBM Z Key Signing Service" }, { 3, UTF8, O } },
	    "Armonk", false, false },
	{ "two parts exchanged",
	    { { 6, PRINTABLE, C }, { 8, UTF8, "Armonk" }, { 7, UTF8, "New York" },
		{ 10, UTF8, O }, { 11, UTF8, U }, { 3, UTF8, O } },
	    "Armonk", false, false },
	{ "no text",
	    { { 6, 0x04, C }, { 8, UTF8, "New York" }, { 7, UTF8, "Armonk" }, { 10, UTF8, O },
		{ 11, UTF8, U }, { 3, UTF8, O } },
	    "Armonk", false, false },
	{ "nothing", { { 0 } }, "Armonk", false, false },
};

static void
put_name(const struct part *parts, struct sn_buf *ret)
{
	SN_CLEANUP(sn_buf_done) struct sn_buf all = { 0 };

	for (; parts->text != NULL; parts++) {
		SN_CLEANUP(sn_buf_done) struct sn_buf pair = { 0 }, seq = { 0 };
		const uint8_t oid[] = { 0x55, 0x04, parts->id };

		der_put(&pair, 0x06, BYTES_OF(oid));
		der_put(&pair, parts->tag, bytes_str(parts->text));
		der_put(&seq, DER_SEQUENCE, sn_buf_bytes(&pair));
		der_put(&all, DER_SET, sn_buf_bytes(&seq));
	}
	der_put(ret, DER_SEQUENCE, sn_buf_bytes(&all));
}

/* A certificate by that name, of its own making; only its name is looked at. */
static struct cry_cert *
cert_of(const char *locality, const char *unit)
{
	SN_CLEANUP(sn_buf_done) struct sn_buf der = { 0 };
	const struct cry_profile p = { .common_name = COMPANY,
		.organization = COMPANY,
		.country = "US",
		.state = "New York",
		.locality = locality,
		.organizational_unit = unit,
		.serial = { 0, 1 },
		.not_after = 1,
		.pathlen = -1 };
	struct cry_cert *c = NULL;
	struct sn_why why = { 0 };

	must(cry_cert_issue_v15(&p, NULL, 0, key, key, NULL, NULL, CRY_SHA256, &der, &why),
	    &why);
	must(cry_cert_parse(sn_buf_bytes(&der), &c, &why), &why);
	return c;
}

static void
named(void **state)
{
	const struct name_row *r = *state;
	SN_CLEANUP(sn_buf_done) struct sn_buf name = { 0 };
	struct cry_cert *signing = cert_of(r->subject_at, U);
	struct cry_cert *ca = cert_of(r->subject_at, "IBM Z Intermediate CA");

	put_name(r->parts, &name);
	assert_int_equal(ibm_names_fit(sn_buf_bytes(&name), signing), r->fits);
	assert_int_equal(ibm_crl_found(sn_buf_bytes(&name), signing), r->found);
	/* only IBM's signing key has several forms of its name */
	assert_false(ibm_names_fit(sn_buf_bytes(&name), ca));
	assert_true(ibm_names_fit(cry_cert_subject_der(ca), ca));
	cry_cert_free(&signing);
	cry_cert_free(&ca);
}

/* ---- what a certificate is, by its name */

static const struct {
	const char *locality, *unit;
	enum ibm_role role;
} roles[] = {
	{ "Armonk", "IBM Z Root CA", IBM_ROLE_ROOT },
	{ "Armonk", "IBM Z Intermediate CA", IBM_ROLE_CODE_CA },
	{ "Poughkeepsie", U, IBM_ROLE_SIGNING },
	{ "Armonk", U, IBM_ROLE_SIGNING },
	{ "Boeblingen", U, IBM_ROLE_STRANGE },
	{ "Poughkeepsie", "Key Signing Service", IBM_ROLE_SIGNING },
	{ "Poughkeepsie", "Key Signing Service ", IBM_ROLE_STRANGE },
	{ "Poughkeepsie", "Signing Service", IBM_ROLE_STRANGE },
	{ "Armonk", "IBM Z Host Key", IBM_ROLE_HOST },
	{ "Anywhere", "IBM Z Host Key", IBM_ROLE_HOST },
	{ "Armonk", "IBM Z Host Key 2", IBM_ROLE_STRANGE },
};

static void
role_by_name(void **state)
{
	size_t i = (size_t)(uintptr_t)*state - 1;
	struct cry_cert *c = cert_of(roles[i].locality, roles[i].unit);

	assert_int_equal(ibm_cert_role(c), roles[i].role);
	cry_cert_free(&c);
}

int
main(void)
{
	struct test_list *l = test_list_new();
	struct sn_why why = { 0 };
	int status;

	if (cry_start(&why) != SN_OK || cry_key_generate_rsa(2048, &key, &why) != SN_OK)
		return 1;
	for (size_t i = 0; i < SN_NITEMS(names); i++)
		test_list_add(l, named, &names[i], "name, %s: %s", names[i].name,
		    !names[i].fits	 ? "another"
			: names[i].found ? "the same"
					 : "the same, not found");
	for (size_t i = 0; i < SN_NITEMS(roles); i++)
		test_list_add(l, role_by_name, (const void *)(uintptr_t)(i + 1), "%s, %s: %s",
		    roles[i].locality, roles[i].unit, ibm_role_name(roles[i].role));
	status = test_list_run(l, "ibm names");
	cry_key_free(&key);
	return status;
}
