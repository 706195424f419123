#include "appliance/entropy/entropy.h"

#include <stdio.h>
#include <string.h>

#include "appliance/crypto/digest.h"

static const char *const mix_worlds[] = { "production", "rehearsal" };

#define MIX_SALT "cornerstone/v1/master/"
#define MIX_INFO "master-secret"

static const char *const state_names[] = {
	[ENT_USED] = "used",
	[ENT_ABSENT] = "absent",
	[ENT_FAILED] = "failed",
};

const char *
ent_state_name(enum ent_state s)
{
	return (size_t)s < SN_NITEMS(state_names) ? state_names[s] : "unknown";
}

static bool
mix_world_ok(const char *world)
{
	for (size_t i = 0; i < SN_NITEMS(mix_worlds); i++) {
		if (strcmp(world, mix_worlds[i]) == 0)
			return true;
	}
	return false;
}

/* Ascending numbers, each known: one order, so one mix. */
static enum sn_err
mix_order(const struct ent_source *sources, size_t n, struct sn_why *why)
{
	size_t last = 0;

	for (size_t i = 0; i < n; i++) {
		size_t id = (size_t)sources[i].id;

		if (id < 1 || id > ENT_NIDS || id <= last)
			return sn_fail(why, SN_E_INTERNAL,
			    "source %zu of the mix is number %zu: out of order", i, id);
		last = id;
	}
	return SN_OK;
}

/* One row of the report; fails only for a mandatory source. */
static enum sn_err
mix_judge(const struct ent_source *s, struct ent_report_row *row, struct sn_why *why)
{
	struct sn_why seen = { 0 };

	if (s->bytes.n == 0) {
		row->state = ENT_ABSENT;
		snprintf(row->tests, sizeof(row->tests), "none");
		if (ent_mandatory(s->id))
			return sn_fail(why, SN_E_ENTROPY, "%s: this source is mandatory",
			    ent_name(s->id));
		return SN_OK;
	}
	if (ent_health(s->id, sn_secret_bytes(&s->bytes), &seen) == SN_OK) {
		row->state = ENT_USED;
		row->bytes = (uint32_t)s->bytes.n;
		snprintf(row->tests, sizeof(row->tests), "%s",
		    s->id == ENT_DICE ? "count range repetition chi-square blocks"
				      : "repetition proportion blocks");
		return SN_OK;
	}
	row->state = ENT_FAILED;
	snprintf(row->tests, sizeof(row->tests), "%.*s", (int)sizeof(row->tests) - 1,
	    seen.text);
	if (ent_mandatory(s->id) || s->id == ENT_DICE) /* people can roll again */
		return sn_fail(why, SN_E_ENTROPY, "%s", seen.text);
	return SN_OK;
}

/* Every source gets a row, in the order of the numbers; used ones are counted in. */
static enum sn_err
mix_report(const struct ent_source *sources, size_t n, struct ent_report *ret,
    struct sn_why *why)
{
	size_t at = 0;

	for (size_t i = 0; i < ENT_NIDS; i++) {
		struct ent_source missing = { .id = (enum ent_id)(i + 1) };
		const struct ent_source *s = &missing;

		if (at < n && sources[at].id == missing.id)
			s = &sources[at++];
		ret->row[i].id = missing.id;
		SN_TRY(mix_judge(s, &ret->row[i], why));
	}
	return SN_OK;
}

static enum sn_err
mix_append(struct sn_secret *ikm, const struct ent_source *s, struct sn_why *why)
{
	uint32_t n = (uint32_t)s->bytes.n;
	uint8_t head[5] = { (uint8_t)s->id, (uint8_t)(n >> 24), (uint8_t)(n >> 16),
		(uint8_t)(n >> 8), (uint8_t)n };

	SN_TRY(sn_secret_append(ikm, BYTES_OF(head), why));
	return sn_secret_append(ikm, sn_secret_bytes(&s->bytes), why);
}

static enum sn_err
mix_derive(const char *world, const struct sn_secret *ikm, struct sn_secret *ret,
    struct sn_why *why)
{
	SN_CLEANUP(sn_secret_done) struct sn_secret prk = { 0 };
	SN_CLEANUP(sn_buf_done) struct sn_buf salt = { 0 };

	sn_buf_str(&salt, MIX_SALT);
	sn_buf_str(&salt, world);
	SN_TRY(sn_buf_check(&salt, why));
	SN_TRY(cry_hkdf_extract(CRY_SHA512, sn_buf_bytes(&salt), sn_secret_bytes(ikm), &prk,
	    why));
	return cry_hkdf_expand(CRY_SHA512, sn_secret_bytes(&prk), BYTES_STR(MIX_INFO),
	    ENT_MASTER_LEN, ret, why);
}

enum sn_err
ent_mix(const char *world, const struct ent_source *sources, size_t n,
    struct sn_secret *ret_master, struct ent_report *ret_report, struct sn_why *why)
{
	SN_CLEANUP(sn_secret_done) struct sn_secret ikm = { 0 };
	struct ent_report report = { 0 };
	struct ent_source used[ENT_NIDS];
	size_t nused = 0;

	if (!mix_world_ok(world))
		return sn_fail(why, SN_E_INTERNAL, "there is no world \"%s\"", world);
	SN_TRY(mix_order(sources, n, why));
	SN_TRY(mix_report(sources, n, &report, why));
	/* borrowed, not owned: the caller's sources stay the caller's */
	for (size_t i = 0; i < n; i++) {
		if (report.row[sources[i].id - 1].state == ENT_USED)
			used[nused++] = sources[i];
	}
	SN_TRY(ent_distinct(used, nused, why));
	for (size_t i = 0; i < nused; i++)
		SN_TRY(mix_append(&ikm, &used[i], why));
	SN_TRY(mix_derive(world, &ikm, ret_master, why));
	*ret_report = report;
	return SN_OK;
}
