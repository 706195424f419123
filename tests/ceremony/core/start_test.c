/* The boot's self-tests in the ceremony: shown, recorded, and what a note leads to. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "appliance/tpm/tpm.h"
#include "ceremony/core/cer.h"
#include "tests/lib/test.h"

#define OK CER_CHECK_OK
#define NOTE CER_CHECK_NOTE

static const struct cer_check fit[] = {
	{ "sockets", "none of 64 families", OK },
	{ "tpm", "no TPM: rehearsals only", NOTE },
	{ "iommu", "none: a device on PCI or Thunderbolt could read all of its memory", NOTE },
	{ "SHA-256", "FIPS 180, two blocks", OK },
};
static const struct cer_check unfit[] = {
	{ "sockets", "none of 64 families", OK },
	{ "lockdown", "no lockdown", CER_CHECK_FAILED },
};

/* What the view must say of the fit machine, notes first, long details below the name. */
static const char *const said[] = {
	"Self-tests passed: 2 of 4; 2 are notes to be judged by",
	"people. Console: serial.",
	"[--] tpm                 no TPM: rehearsals only",
	"[--] iommu",
	"     none: a device on PCI or Thunderbolt could read all ",
	"     of its memory",
	"[OK] sockets             none of 64 families",
	"[OK] SHA-256             FIPS 180, two blocks",
};

static int64_t
now(void *arg SN_UNUSED)
{
	return 1750000000;
}

static struct cer *
image_with(const struct cer_check *checks, size_t n)
{
	struct cer_ports ports = {
		.console = "serial", .image = true, .checks = checks, .nchecks = n, .now = now
	};
	struct cer *c = NULL;

	assert_int_equal(cer_new(&ports, &c, NULL), SN_OK);
	return c;
}

static void
shown_and_recorded(void **state)
{
	struct cer *c = image_with(fit, SN_NITEMS(fit));
	struct view v;
	size_t at = 0;
	char *records;

	(void)state;
	assert_int_equal(cer_next(c, &v, NULL), SN_OK);
	while (at < v.nlines && strcmp(v.line[at], said[0]) != 0)
		at++;
	assert_int_equal(v.nlines - at, SN_NITEMS(said));
	for (size_t i = 0; i < SN_NITEMS(said); i++)
		assert_string_equal(v.line[at + i], said[i]);
	records =
	    test_format("%.*s", (int)tr_records(c->tr).n, (const char *)tr_records(c->tr).p);
	assert_non_null(strstr(records, "\"name\":\"tpm\",\"result\":\"note\""));
	assert_non_null(strstr(records, "\"name\":\"sockets\",\"result\":\"ok\""));
	free(records);
	cer_free(&c);
}

/* The first process does not come so far; the engine does not rely on that. */
static void
a_failed_one_ends_it(void **state)
{
	struct cer *c = image_with(unfit, SN_NITEMS(unfit));
	struct sn_why why = { 0 };
	struct view v;

	(void)state;
	assert_int_equal(cer_next(c, &v, NULL), SN_OK);
	assert_int_equal(v.kind, VIEW_END);
	assert_true(cer_failed(c));
	assert_int_equal(cer_failure(c, &why), SN_E_POLICY);
	assert_string_equal(why.text, "self-test lockdown: no lockdown");
	cer_free(&c);
}

/* At the step "tpm" of a ceremony without a TPM; the helper is there, should it be wanted. */
static struct cer *
without_tpm(enum plan_world world, bool accept)
{
	struct cer *c = image_with(fit, SN_NITEMS(fit));

	c->plan = calloc(1, sizeof(*c->plan));
	assert_non_null(c->plan);
	c->plan->world = world;
	c->plan->accept_software = accept;
	c->ports.softtpm = "softtpm";
	while (strcmp(c->steps[c->at]->id, "tpm") != 0)
		c->at++;
	c->have = ART_PLAN;
	return c;
}

static void
next(struct cer *c, struct view *ret)
{
	do
		assert_int_equal(cer_next(c, ret, NULL), SN_OK);
	while (ret->kind == VIEW_BUSY);
}

/* "No TPM" is a note at the start; production then finds out that it needs one. */
static void
production_needs_the_tpm(void **state)
{
	struct cer *c = without_tpm(PLAN_PRODUCTION, true);
	struct sn_why why = { 0 };
	struct view v;
	char *records;

	(void)state;
	if (tpm_device_present())
		skip();
	next(c, &v);
	assert_string_equal(v.ask, "state");
	assert_int_equal(v.kind, VIEW_INFO);
	assert_int_equal(cer_answer(c, &(struct answer){ .text = "software" }, NULL), SN_OK);
	next(c, &v);
	assert_string_equal(v.ask, "state"); /* Enter, and nothing else */
	assert_int_equal(cer_answer(c, &(struct answer){ .text = "" }, NULL), SN_OK);
	next(c, &v);
	assert_string_equal(v.label[0], CER_LABEL_LOG);
	assert_int_equal(cer_answer(c, &(struct answer){ .text = "skip" }, NULL), SN_OK);
	next(c, &v);
	assert_int_equal(v.kind, VIEW_END);
	assert_int_equal(cer_answer(c, &(struct answer){ .text = "" }, NULL), SN_OK);
	assert_int_equal(cer_failure(c, &why), SN_E_TPM);
	assert_non_null(strstr(why.text, "no TPM"));
	records =
	    test_format("%.*s", (int)tr_records(c->tr).n, (const char *)tr_records(c->tr).p);
	assert_non_null(strstr(records, "{\"decision\":\"refused\",\"state\":\"absent\"}"));
	free(records);
	cer_free(&c);
}

/* In no state of its TPM is a production offered the software one. */
static void
production_is_offered_nothing(void **state)
{
	(void)state;
	for (int i = TPM_ABSENT; i < TPM_CONDITIONS; i++) {
		struct cer *c = without_tpm(PLAN_PRODUCTION, true);
		struct view v;

		c->entered = true;
		c->condition = (enum tpm_condition)i;
		next(c, &v);
		assert_string_equal(v.ask, "state");
		assert_int_equal(v.kind, VIEW_INFO);
		assert_true(v.line[0][0] != '{'); /* the catalogue knows this state */
		cer_free(&c);
	}
}

/* Who does not accept the software TPM is not offered it. */
static void
a_rehearsal_asks(void **state)
{
	static const struct {
		bool accept;
		enum view_kind kind;
	} rows[] = { { true, VIEW_WORD }, { false, VIEW_INFO } };

	(void)state;
	if (tpm_device_present())
		skip();
	for (size_t i = 0; i < SN_NITEMS(rows); i++) {
		struct cer *c = without_tpm(PLAN_REHEARSAL, rows[i].accept);
		struct view v;

		next(c, &v);
		assert_string_equal(v.ask, "state");
		assert_int_equal(v.kind, rows[i].kind);
		cer_free(&c);
	}
}

/* All the rows that a boot can have fit into one view, two lines each. */
static void
a_long_list_fits(void **state)
{
	static struct cer_check many[96];
	struct cer *c = image_with(many, SN_NITEMS(many));
	struct view v;

	(void)state;
	for (size_t i = 0; i < SN_NITEMS(many); i++)
		many[i] = (struct cer_check){ "a row",
			"with a detail of more than 33 characters", OK };
	(void)snprintf(many[95].name, sizeof(many[95].name), "the last");
	assert_int_equal(cer_next(c, &v, NULL), SN_OK);
	assert_string_equal(v.line[v.nlines - 2], "[OK] the last");
	cer_free(&c);
}

int
main(void)
{
	struct test_list *l = test_list_new();

	test_list_add(l, shown_and_recorded, NULL, "shown and recorded, notes first");
	test_list_add(l, a_failed_one_ends_it, NULL, "a failed one ends it");
	test_list_add(l, production_needs_the_tpm, NULL, "production needs the TPM");
	test_list_add(l, production_is_offered_nothing, NULL, "in any state of it");
	test_list_add(l, a_rehearsal_asks, NULL, "a rehearsal asks people instead");
	test_list_add(l, a_long_list_fits, NULL, "a long list fits");
	return test_list_run(l, "start");
}
