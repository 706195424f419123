#include "firmware-cache/amd/vendor.h"
#include "firmware-cache/arm-cca/vendor.h"
#include "firmware-cache/ibm-se/vendor.h"
#include "firmware-cache/intel/vendor.h"
#include "firmware-cache/nvidia/vendor.h"
#include "firmware-cache/store/priv.h"

/* Every vendor, in the order in which bytes are offered to them. Intel takes all JSON. */
static const struct col_vendor_ops *const vendors[] = {
	&amd_vendor,
	&ibm_vendor,
	&nvidia_vendor,
	&arm_vendor,
	&intel_vendor,
};

const struct col_vendor_ops *
col_vendor_at(size_t i)
{
	return i < SN_NITEMS(vendors) ? vendors[i] : NULL;
}

const struct col_vendor_ops *
col_vendor_ops(enum col_vendor v)
{
	for (size_t i = 0; i < SN_NITEMS(vendors); i++)
		if (vendors[i]->vendor == v)
			return vendors[i];
	return NULL;
}

const struct col_role *
col_role(const struct col_cert *c)
{
	static const struct col_role nobodys = { .name = "none" };
	const struct col_vendor_ops *v = col_vendor_ops(c->vendor);

	return v != NULL && c->role < v->nroles ? &v->roles[c->role] : &nobodys;
}
