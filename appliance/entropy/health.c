#include "appliance/entropy/entropy.h"

#include <string.h>

/*
 * Cut-offs for H = 6 bits a byte and a false alarm rate of 2^-20 [SP 800-90B 4.4]:
 * repetition count C = 1 + ceil(20 / H); adaptive proportion over windows of 512.
 */
#define HEALTH_RUN 5
#define HEALTH_WINDOW 512
#define HEALTH_PROPORTION 25

_Static_assert(ENT_SAMPLE_LEN >= HEALTH_WINDOW, "a sample fills a window");
_Static_assert(ENT_SAMPLE_MAX % HEALTH_WINDOW == 0, "the largest sample is whole windows");

/* A sample of nothing but one byte; said apart, because 00 and ff mean a dead bus. */
static bool
health_stuck(struct bytes v)
{
	uint8_t diff = 0;

	for (size_t i = 1; i < v.n; i++)
		diff |= (uint8_t)(v.p[i] ^ v.p[0]);
	return diff == 0;
}

static bool
health_repetition(struct bytes v)
{
	size_t run = 1;

	for (size_t i = 1; i < v.n; i++) {
		run = v.p[i] == v.p[i - 1] ? run + 1 : 1;
		if (run >= HEALTH_RUN)
			return true;
	}
	return false;
}

/* The last window reaches back, so that every byte is in one. */
static bool
health_proportion(struct bytes v)
{
	for (size_t at = 0; at < v.n; at += HEALTH_WINDOW) {
		size_t start = v.n - at < HEALTH_WINDOW ? v.n - HEALTH_WINDOW : at;
		size_t same = 0;

		for (size_t i = 0; i < HEALTH_WINDOW; i++)
			same += v.p[start + i] == v.p[start] ? 1 : 0;
		if (same >= HEALTH_PROPORTION)
			return true;
	}
	return false;
}

/* Eight bytes decide nearly always; healthy samples never get to the second look. */
static bool
health_same_block(const uint8_t *a, const uint8_t *b)
{
	uint64_t x, y;

	memcpy(&x, a, sizeof(x));
	memcpy(&y, b, sizeof(y));
	return x == y &&
	    sn_secret_equal((struct bytes){ a, ENT_BLOCK }, (struct bytes){ b, ENT_BLOCK });
}

/* Does any block of a appear in b, at any offset of either? For a == b: twice. */
static bool
health_shared(struct bytes a, struct bytes b)
{
	bool self = a.p == b.p;

	for (size_t i = 0; i + ENT_BLOCK <= a.n; i++) {
		for (size_t j = self ? i + 1 : 0; j + ENT_BLOCK <= b.n; j++) {
			if (health_same_block(a.p + i, b.p + j))
				return true;
		}
	}
	return false;
}

bool
ent_repeats(struct bytes v)
{
	return health_shared(v, v);
}

static const struct health_test {
	bool (*failed)(struct bytes v);
	const char *refusal;
} health_tests[] = {
	{ health_stuck, "every byte is the same" },
	{ health_repetition, "repetition count: one byte came 5 times in a row" },
	{ health_proportion, "adaptive proportion: one byte came 25 times in 512" },
	{ ent_repeats, "a block of 32 bytes came twice" },
};

enum sn_err
ent_health(enum ent_id id, struct bytes sample, struct sn_why *why)
{
	if (id == ENT_DICE)
		return ent_dice_health(sample, why);
	if (sample.n < ENT_SAMPLE_LEN || sample.n > ENT_SAMPLE_MAX)
		return sn_fail(why, SN_E_ENTROPY, "%s: the sample has %zu bytes, not %d to %d",
		    ent_name(id), sample.n, ENT_SAMPLE_LEN, ENT_SAMPLE_MAX);
	for (size_t i = 0; i < SN_NITEMS(health_tests); i++) {
		if (health_tests[i].failed(sample))
			return sn_fail(why, SN_E_ENTROPY, "%s: %s", ent_name(id),
			    health_tests[i].refusal);
	}
	return SN_OK;
}

enum sn_err
ent_distinct(const struct ent_source *sources, size_t n, struct sn_why *why)
{
	for (size_t i = 0; i < n; i++) {
		for (size_t j = i + 1; j < n; j++) {
			if (health_shared(sn_secret_bytes(&sources[i].bytes),
				sn_secret_bytes(&sources[j].bytes)))
				return sn_fail(why, SN_E_ENTROPY,
				    "%s and %s share a block of 32 bytes: one copies the other",
				    ent_name(sources[i].id), ent_name(sources[j].id));
		}
	}
	return SN_OK;
}
