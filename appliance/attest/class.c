#include "appliance/attest/class.h"

#include <stdio.h>
#include <string.h>

static const char *const level_names[] = {
	[ATT_LEVEL_SOFTWARE] = "software",
	[ATT_LEVEL_PINNED] = "pinned",
	[ATT_LEVEL_VENDOR] = "vendor",
};

const char *
att_level_name(enum att_level l)
{
	return level_names[l];
}

void
att_verdict_done(struct att_verdict *v)
{
	if (v == NULL)
		return;
	sn_buf_done(&v->ek_cert);
	att_path_done(&v->path);
}

/* A pin that is not this key's is refused: these are not the facts of that TPM. */
static enum sn_err
check_pin(const uint8_t *pin, const uint8_t digest[32], const char *what, const char *field,
    bool *ret, struct sn_why *why)
{
	if (pin == NULL)
		return SN_OK;
	if (memcmp(pin, digest, 32) != 0)
		return sn_fail(why, SN_E_EVIDENCE,
		    "this TPM's %s is not the one that was pinned (%s)", what, field);
	*ret = true;
	return SN_OK;
}

static enum sn_err
check_pins(const struct att_facts *f, const struct att_ek *ek, struct att_verdict *v,
    struct sn_why *why)
{
	SN_CLEANUP(att_ak_done) struct att_ak ak = { 0 };

	if (f->pins.root != NULL && !f->rehearsal)
		return sn_fail(why, SN_E_POLICY,
		    "vendor_pki.tpm: a generated root of TPM certificates is for rehearsals only");
	SN_TRY(att_ak_open(f->ak_pub, &ak, why));
	SN_TRY(check_pin(f->pins.ek, ek->digest, "endorsement key", "tpm_ek", &v->ek_pinned,
	    why));
	return check_pin(f->pins.ak, ak.digest, "attestation key", "tpm_ak", &v->ak_pinned,
	    why);
}

/* The certificate from NV, else the heap's; none is no failure. */
static enum sn_err
find_cert(const struct att_facts *f, const struct att_ek *ek, struct bytes *ret,
    struct sn_why *why)
{
	*ret = (struct bytes){ 0 };
	if (f->ek_cert.n > 0)
		return att_cert_in_nv(f->ek_cert, ret, why);
	if (f->heap != NULL)
		return att_heap_find_ek(f->heap, ek, ret, why);
	return SN_OK;
}

static enum sn_err
find_chain(const struct att_facts *f, const struct att_ek *ek, struct att_verdict *v,
    struct sn_why *why)
{
	SN_CLEANUP(att_heap_free) struct att_heap *none = NULL;
	struct bytes cert;

	SN_TRY(find_cert(f, ek, &cert, why));
	if (cert.n == 0)
		return sn_fail(why, SN_E_CHAIN,
		    "this TPM has no certificate of its endorsement key, and the stick has none");
	sn_buf_put(&v->ek_cert, cert);
	SN_TRY(sn_buf_check(&v->ek_cert, why));
	SN_TRY(att_heap_new(&none, why));
	SN_TRY(att_ek_path(cert, ek, f->heap != NULL ? f->heap : none, f->pins.root, f->at,
	    &v->path, why));
	v->chain = true;
	return SN_OK;
}

/* Is this a reason for a lower class, or did the machine fail? */
static bool
lowers(enum sn_err e)
{
	switch ((int)e) {
	case SN_E_FORMAT:
	case SN_E_SIGNATURE:
	case SN_E_ROLE:
	case SN_E_EXPIRED:
	case SN_E_CHAIN:
	case SN_E_LIMIT:
		return true;
	default:
		return false;
	}
}

static void
decide(const struct att_facts *f, struct att_verdict *v)
{
	const char *not = "";

	if (f->software)
		not = "a software TPM proves nothing about a machine";
	else if (!v->chain)
		not = v->chain_why_not;
	else if (!v->ak_pinned)
		not =
		    "nothing ties the attestation key to this TPM: enrol it, and put its digest "
		    "into the plan (tpm_ak)";
	(void)snprintf(v->why_not, sizeof(v->why_not), "%s", not);
	if (not[0] == '\0')
		v->level = ATT_LEVEL_VENDOR;
	else if (!f->software && v->ek_pinned)
		v->level = ATT_LEVEL_PINNED;
	else
		v->level = ATT_LEVEL_SOFTWARE;
}

enum sn_err
att_class(const struct att_facts *f, struct att_verdict *ret, struct sn_why *why)
{
	SN_CLEANUP(att_verdict_done) struct att_verdict v = { 0 };
	SN_CLEANUP(att_ek_done) struct att_ek ek = { 0 };
	struct sn_why detail = { 0 };
	enum sn_err e;

	SN_TRY(att_ek_open(f->ek_pub, &ek, why));
	SN_TRY(check_pins(f, &ek, &v, why));
	e = find_chain(f, &ek, &v, &detail);
	if (e != SN_OK && !lowers(e))
		return sn_fail(why, e, "%s", detail.text);
	(void)snprintf(v.chain_why_not, sizeof(v.chain_why_not), "%s", detail.text);
	decide(f, &v);
	*ret = v;
	v = (struct att_verdict){ 0 };
	return SN_OK;
}
