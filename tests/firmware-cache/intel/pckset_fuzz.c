#include <stdlib.h>
#include <string.h>

#include "firmware-cache/intel/pck.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* All of one platform, no TCB twice, each what its certificate says; one is the highest. */
static void
check(const struct intel_pck_set *s)
{
	struct intel_tcb most = { .pce_svn = UINT16_MAX };

	memset(most.component, UINT8_MAX, sizeof(most.component));
	if (s->n == 0 || s->n + s->unavailable > INTEL_PCK_SET_MAX)
		abort();
	for (size_t i = 0; i < s->n; i++) {
		const struct intel_pck *p = &s->pcks[i], *first = &s->pcks[0];
		struct intel_pck own = { 0 };

		if (intel_pck_parse(s->certs[i], &own, NULL) != SN_OK ||
		    memcmp(own.cpu_svn, p->cpu_svn, sizeof(p->cpu_svn)) != 0 ||
		    own.tcb.pce_svn != p->tcb.pce_svn ||
		    memcmp(p->ppid, first->ppid, sizeof(p->ppid)) != 0 ||
		    memcmp(p->pce_id, first->pce_id, sizeof(p->pce_id)) != 0 ||
		    memcmp(p->fmspc, first->fmspc, sizeof(p->fmspc)) != 0)
			abort();
		for (size_t k = 0; k < i; k++)
			if (memcmp(s->pcks[k].cpu_svn, p->cpu_svn, sizeof(p->cpu_svn)) == 0 &&
			    s->pcks[k].tcb.pce_svn == p->tcb.pce_svn)
				abort();
	}
	if (intel_pck_select(s->pcks, s->n, &most, s->pcks[0].pce_id, NULL, 0) >= s->n)
		abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct bytes json = { data, size };
	struct intel_pck_set *s = calloc(1, sizeof(*s));
	bool like = intel_looks_pck_set(json);

	if (s == NULL)
		return 0;
	if (intel_pck_set_parse(json, s, NULL) == SN_OK) {
		if (!like)
			abort();
		check(s);
	} else if (s->n != 0 || s->unavailable != 0 || s->certs[0] != NULL) {
		abort();
	}
	cry_cert_free_all(s->certs, s->n);
	free(s);
	return 0;
}
