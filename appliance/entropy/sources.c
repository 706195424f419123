#include "appliance/entropy/entropy.h"

#include <string.h>

#if defined(__x86_64__)
#include <cpuid.h>
#include <immintrin.h>
#endif

#include "appliance/crypto/digest.h"

struct ent_kind {
	const char *name;
	bool mandatory;
};

static const struct ent_kind ent_kinds[] = {
	[ENT_TPM] = { "tpm", true },
	[ENT_KERNEL] = { "kernel", true },
	[ENT_CPU] = { "cpu", false },
	[ENT_DICE] = { "dice", false },
};

const char *
ent_name(enum ent_id id)
{
	size_t i = (size_t)id;

	return i >= 1 && i < SN_NITEMS(ent_kinds) ? ent_kinds[i].name : "unknown";
}

bool
ent_mandatory(enum ent_id id)
{
	size_t i = (size_t)id;

	return i >= 1 && i < SN_NITEMS(ent_kinds) && ent_kinds[i].mandatory;
}

void
ent_source_done(struct ent_source *s)
{
	if (s != NULL)
		sn_secret_done(&s->bytes);
}

enum sn_err
ent_kernel(struct ent_source *ret, struct sn_why *why)
{
	struct sn_secret s = { 0 };

	SN_TRY(cry_random_secret(ENT_SAMPLE_LEN, &s, why));
	*ret = (struct ent_source){ .id = ENT_KERNEL, .bytes = s };
	return SN_OK;
}

#if defined(__x86_64__)

/*
 * Only the 64-bit forms are used: their shorter siblings have errata on some
 * processors. RDSEED may run dry under load, so it is asked more often.
 */
#define CPU_RDSEED_TRIES 2000
#define CPU_RDRAND_TRIES 16 /* the vendor's advice is 10 */

#define CPUID1_ECX_RDRAND (1U << 30)
#define CPUID7_EBX_RDSEED (1U << 18)

__attribute__((target("rdseed"))) static bool
cpu_rdseed(unsigned long long *ret)
{
	for (int i = 0; i < CPU_RDSEED_TRIES; i++) {
		if (_rdseed64_step(ret) == 1)
			return true;
		_mm_pause();
	}
	return false;
}

__attribute__((target("rdrnd"))) static bool
cpu_rdrand(unsigned long long *ret)
{
	for (int i = 0; i < CPU_RDRAND_TRIES; i++) {
		if (_rdrand64_step(ret) == 1)
			return true;
	}
	return false;
}

static bool
cpu_has_rdseed(void)
{
	unsigned int a = 0, b = 0, c = 0, d = 0;

	return __get_cpuid_count(7, 0, &a, &b, &c, &d) == 1 && (b & CPUID7_EBX_RDSEED) != 0;
}

static bool
cpu_has_rdrand(void)
{
	unsigned int a = 0, b = 0, c = 0, d = 0;

	return __get_cpuid(1, &a, &b, &c, &d) == 1 && (c & CPUID1_ECX_RDRAND) != 0;
}

/* In the order of preference: RDSEED is nearer to the noise. */
static const struct cpu_way {
	const char *name;
	bool (*has)(void);
	bool (*word)(unsigned long long *ret);
} cpu_ways[] = {
	{ "rdseed", cpu_has_rdseed, cpu_rdseed },
	{ "rdrand", cpu_has_rdrand, cpu_rdrand },
};

static bool
cpu_fill(const struct cpu_way *way, struct sn_secret *s)
{
	unsigned long long word = 0;
	bool ok = true;

	for (size_t at = 0; ok && at < s->n; at += sizeof(word)) {
		ok = way->word(&word);
		if (ok)
			memcpy(s->p + at, &word, sizeof(word));
	}
	sn_wipe(&word, sizeof(word));
	return ok;
}

enum sn_err
ent_cpu(struct ent_source *ret, const char **ret_how, struct sn_why *why)
{
	SN_CLEANUP(sn_secret_done) struct sn_secret s = { 0 };

	_Static_assert(ENT_SAMPLE_LEN % sizeof(unsigned long long) == 0, "whole words");
	SN_TRY(sn_secret_new(ENT_SAMPLE_LEN, &s, why));
	for (size_t i = 0; i < SN_NITEMS(cpu_ways); i++) {
		if (!cpu_ways[i].has() || !cpu_fill(&cpu_ways[i], &s))
			continue;
		*ret = (struct ent_source){ .id = ENT_CPU, .bytes = s };
		*ret_how = cpu_ways[i].name;
		s = (struct sn_secret){ 0 };
		return SN_OK;
	}
	*ret = (struct ent_source){ .id = ENT_CPU };
	*ret_how = "none";
	return SN_OK;
}

#else

enum sn_err
ent_cpu(struct ent_source *ret, const char **ret_how, struct sn_why *why SN_UNUSED)
{
	*ret = (struct ent_source){ .id = ENT_CPU };
	*ret_how = "none";
	return SN_OK;
}

#endif
