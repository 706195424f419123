/* The sources that need no other process, for the boot's self-test: alive, and not stuck. */
#include "appliance/entropy/entropy.h"

enum sn_err
ent_alive(const struct ent_source two[2], struct sn_why *why)
{
	for (size_t i = 0; i < 2; i++)
		SN_TRY(ent_health(two[i].id, sn_secret_bytes(&two[i].bytes), why));
	return ent_distinct(two, 2, why);
}

static void two_done(struct ent_source (*two)[2])
{
	ent_source_done(&(*two)[0]);
	ent_source_done(&(*two)[1]);
}

static enum sn_err
kernel(const struct sn_selftest *t SN_UNUSED, struct sn_why *why)
{
	SN_CLEANUP(two_done) struct ent_source two[2] = { 0 };

	SN_TRY(ent_kernel(&two[0], why));
	SN_TRY(ent_kernel(&two[1], why));
	return ent_alive(two, why);
}

static enum sn_err
processor(const struct sn_selftest *t SN_UNUSED, struct sn_why *why)
{
	SN_CLEANUP(two_done) struct ent_source two[2] = { 0 };
	const char *how;

	for (size_t i = 0; i < 2; i++) {
		SN_TRY(ent_cpu(&two[i], &how, why));
		if (two[i].bytes.n == 0)
			return sn_fail(why, SN_E_MISSING, "this processor has no source");
	}
	return ent_alive(two, why);
}

const struct sn_selftest ent_selftests[] = {
	{ .name = "kernel randomness", .source = "two samples, health-tested", .run = kernel },
	{ .name = "cpu randomness", .source = "two samples, health-tested", .run = processor },
	{ .name = NULL },
};
