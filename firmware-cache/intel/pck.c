#include "firmware-cache/intel/pck.h"

#include <string.h>

#include "appliance/crypto/der.h"

#define DER_OID 0x06
#define DER_BOOLEAN 0x01
#define DER_ENUMERATED 0x0a

/* [Intel PCK profile 2.3.5] 1.2.840.113741.1.13.1; what is below it has one or two more. */
static const uint8_t arc[] = { 0x2a, 0x86, 0x48, 0x86, 0xf8, 0x4d, 0x01, 0x0d, 0x01 };

enum {
	ID_PPID = 1,
	ID_TCB,
	ID_PCEID,
	ID_FMSPC,
	ID_SGX_TYPE,
	ID_INSTANCE,
	ID_CONFIGURATION,
};
#define TCB_PCESVN 17
#define TCB_CPUSVN 18

/* Take SEQUENCE { OID arc.sub[0][.sub[1]], value }: the element's tag and value. */
static enum sn_err
take_member(struct bytes *list, const uint8_t *sub, size_t nsub, uint8_t tag, struct bytes *ret,
    const char *what, struct sn_why *why)
{
	struct bytes member = { 0 }, oid = { 0 };

	SN_TRY(der_take(list, DER_SEQUENCE, &member, what, why));
	SN_TRY(der_take(&member, DER_OID, &oid, what, why));
	if (oid.n != sizeof(arc) + nsub || memcmp(oid.p, arc, sizeof(arc)) != 0 ||
	    memcmp(oid.p + sizeof(arc), sub, nsub) != 0)
		return sn_fail(why, SN_E_FORMAT, "SGX extension: %s is not where it belongs",
		    what);
	SN_TRY(der_take(&member, tag, ret, what, why));
	return bytes_end(&member, what, why);
}

/* A small number, shortest form. */
static enum sn_err
read_number(struct bytes v, uint32_t max, uint32_t *ret, const char *what, struct sn_why *why)
{
	uint32_t n = 0;

	if (v.n == 0 || v.n > 3 || (v.p[0] & 0x80) != 0 ||
	    (v.n > 1 && v.p[0] == 0 && (v.p[1] & 0x80) == 0))
		return sn_fail(why, SN_E_FORMAT, "SGX extension: %s is no small number", what);
	for (size_t i = 0; i < v.n; i++)
		n = n << 8 | v.p[i];
	if (n > max)
		return sn_fail(why, SN_E_FORMAT, "SGX extension: %s is %u, at most %u", what, n,
		    max);
	*ret = n;
	return SN_OK;
}

static enum sn_err
take_octets(struct bytes *list, uint8_t id, uint8_t *ret, size_t n, const char *what,
    struct sn_why *why)
{
	struct bytes v = { 0 };

	SN_TRY(take_member(list, &id, 1, DER_OCTETS, &v, what, why));
	if (v.n != n)
		return sn_fail(why, SN_E_FORMAT, "SGX extension: %s has %zu bytes, not %zu",
		    what, v.n, n);
	memcpy(ret, v.p, n);
	return SN_OK;
}

static enum sn_err
read_tcb(struct bytes *list, struct intel_pck *p, struct sn_why *why)
{
	const uint8_t id = ID_TCB;
	struct bytes tcb = { 0 }, v = { 0 };
	uint32_t n = 0;

	SN_TRY(take_member(list, &id, 1, DER_SEQUENCE, &tcb, "TCB", why));
	for (uint8_t i = 1; i <= INTEL_COMPONENTS; i++) {
		const uint8_t sub[] = { ID_TCB, i };

		SN_TRY(take_member(&tcb, sub, 2, DER_INTEGER, &v, "TCB component", why));
		SN_TRY(read_number(v, UINT8_MAX, &n, "TCB component", why));
		p->tcb.component[i - 1] = (uint8_t)n;
	}
	SN_TRY(take_member(&tcb, (const uint8_t[]){ ID_TCB, TCB_PCESVN }, 2, DER_INTEGER, &v,
	    "PCESVN", why));
	SN_TRY(read_number(v, UINT16_MAX, &n, "PCESVN", why));
	p->tcb.pce_svn = (uint16_t)n;
	SN_TRY(take_member(&tcb, (const uint8_t[]){ ID_TCB, TCB_CPUSVN }, 2, DER_OCTETS, &v,
	    "CPUSVN", why));
	if (v.n != INTEL_CPUSVN_LEN)
		return sn_fail(why, SN_E_FORMAT, "SGX extension: CPUSVN has %zu bytes", v.n);
	memcpy(p->cpu_svn, v.p, v.n);
	return bytes_end(&tcb, "TCB", why);
}

/* Each of the three is optional, in this order. */
static enum sn_err
read_configuration(struct bytes *list, struct intel_pck *p, struct sn_why *why)
{
	bool *const flags[] = { &p->dynamic_platform, &p->cached_keys, &p->smt_enabled };
	const uint8_t id = ID_CONFIGURATION;
	struct bytes conf = { 0 }, v = { 0 };

	SN_TRY(take_member(list, &id, 1, DER_SEQUENCE, &conf, "configuration", why));
	for (uint8_t i = 0; i < SN_NITEMS(flags) && conf.n > 0; i++) {
		const uint8_t sub[] = { ID_CONFIGURATION, (uint8_t)(i + 1) };
		struct bytes ahead = conf;

		if (take_member(&ahead, sub, 2, DER_BOOLEAN, &v, "configuration", NULL) !=
		    SN_OK)
			continue;
		if (v.n != 1 || (v.p[0] != 0 && v.p[0] != 0xff))
			return sn_fail(why, SN_E_FORMAT,
			    "SGX extension: a configuration flag is no BOOLEAN");
		*flags[i] = v.p[0] == 0xff;
		conf = ahead;
	}
	return bytes_end(&conf, "SGX extension: configuration", why);
}

static enum sn_err
read_members(struct bytes list, struct intel_pck *p, struct sn_why *why)
{
	const uint8_t id = ID_SGX_TYPE;
	struct bytes v = { 0 };
	uint32_t type = 0;

	SN_TRY(take_octets(&list, ID_PPID, p->ppid, INTEL_PPID_LEN, "PPID", why));
	SN_TRY(read_tcb(&list, p, why));
	SN_TRY(take_octets(&list, ID_PCEID, p->pce_id, INTEL_PCEID_LEN, "PCE-ID", why));
	SN_TRY(take_octets(&list, ID_FMSPC, p->fmspc, INTEL_FMSPC_LEN, "FMSPC", why));
	SN_TRY(take_member(&list, &id, 1, DER_ENUMERATED, &v, "SGX type", why));
	SN_TRY(read_number(v, INTEL_SGX_SCALABLE_INTEGRITY, &type, "SGX type", why));
	p->sgx_type = (enum intel_sgx_type)type;
	if (list.n == 0)
		return SN_OK;
	p->platform = true;
	SN_TRY(take_octets(&list, ID_INSTANCE, p->instance_id, sizeof(p->instance_id),
	    "platform instance", why));
	SN_TRY(read_configuration(&list, p, why));
	return bytes_end(&list, "SGX extension", why);
}

enum sn_err
intel_pck_parse(const struct cry_cert *c, struct intel_pck *ret, struct sn_why *why)
{
	struct intel_pck p = { 0 };
	struct bytes ext = { 0 }, list = { 0 };

	ext = cry_cert_ext_der(c, BYTES_OF(arc));
	if (ext.p == NULL)
		return sn_fail(why, SN_E_FORMAT, "%s: its SGX extension is missing",
		    cry_cert_cn(c));
	SN_TRY(der_take(&ext, DER_SEQUENCE, &list, "SGX extension", why));
	SN_TRY(bytes_end(&ext, "SGX extension", why));
	SN_TRY(read_members(list, &p, why));
	*ret = p;
	return SN_OK;
}

enum sn_err
intel_pck_check(const struct cry_cert *c, const struct cry_cert *ca, int64_t at,
    struct intel_pck *ret, struct sn_why *why)
{
	struct intel_pck p = { 0 };

	SN_TRY(intel_leaf_check(c, ca, at, why));
	SN_TRY(intel_pck_parse(c, &p, why));
	if (p.platform != (intel_cert_role(ca) == INTEL_ROLE_PLATFORM_CA))
		return sn_fail(why, SN_E_ROLE, "%s: its extension is not of %s's form",
		    cry_cert_cn(c), cry_cert_cn(ca));
	*ret = p;
	return SN_OK;
}

void
intel_pck_tcbm(const struct intel_pck *p, uint8_t ret[INTEL_TCBM_LEN])
{
	memcpy(ret, p->cpu_svn, INTEL_CPUSVN_LEN);
	ret[INTEL_CPUSVN_LEN] = (uint8_t)p->tcb.pce_svn;
	ret[INTEL_CPUSVN_LEN + 1] = (uint8_t)(p->tcb.pce_svn >> 8);
}

/* ---- the choice of one */

bool
intel_tcb_reaches(const struct intel_tcb *have, const struct intel_tcb *low)
{
	for (size_t i = 0; i < INTEL_COMPONENTS; i++)
		if (have->component[i] < low->component[i])
			return false;
	return have->pce_svn >= low->pce_svn;
}

/* Which level a TCB reaches first; n when none. */
static size_t
level_of(const struct intel_tcb *tcb, const struct intel_tcb *levels, size_t n)
{
	size_t i = 0;

	while (i < n && !intel_tcb_reaches(tcb, &levels[i]))
		i++;
	return i;
}

/* A total order: components first, from the first one on, then PCESVN. */
static bool
is_higher(const struct intel_tcb *a, const struct intel_tcb *b)
{
	int order = memcmp(a->component, b->component, INTEL_COMPONENTS);

	return order != 0 ? order > 0 : a->pce_svn > b->pce_svn;
}

size_t
intel_pck_select(const struct intel_pck *pcks, size_t n, const struct intel_tcb *platform,
    const uint8_t pce_id[INTEL_PCEID_LEN], const struct intel_tcb *levels, size_t nlevels)
{
	size_t best = n, best_level = 0;

	for (size_t i = 0; i < n; i++) {
		size_t level;

		if (memcmp(pcks[i].pce_id, pce_id, INTEL_PCEID_LEN) != 0 ||
		    !intel_tcb_reaches(platform, &pcks[i].tcb))
			continue;
		level = level_of(&pcks[i].tcb, levels, nlevels);
		if (best < n &&
		    (level > best_level ||
			(level == best_level && !is_higher(&pcks[i].tcb, &pcks[best].tcb))))
			continue;
		best = i;
		best_level = level;
	}
	return best;
}
