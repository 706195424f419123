#include "firmware-cache/layouts/pck.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "appliance/base/text.h"
#include "appliance/crypto/digest.h"

#define STEM_MAX 160
#define QE_ID_PLAIN 64 /* digits of a QE id that stand in a name as they are */

static const char none_here[] = "there is no accepted PCK certificate for this platform";
static const char other_ca[] = "its PCK certificates are not of the PCK CA that is laid out";
static const char two_kinds[] = "its PCK certificates are of two platforms";
static const char unfit[] = "its TCB is below that of every certificate for it";
static const char ambiguous[] =
    "its PCK certificates cannot be told from others'; name their file QEID_PCEID.json";

void
lay_hosts_done(struct lay_hosts *h)
{
	if (h == NULL)
		return;
	free(h->hosts);
	free(h->pcks);
	free(h->refs);
	*h = (struct lay_hosts){ 0 };
}

const struct lay_pck *
lay_host_pck(const struct lay_hosts *all, const struct lay_host *h, size_t i)
{
	return all->refs[h->first + i];
}

/* ---- all certificates */

static bool
is_pck(const struct col_row *r)
{
	return r->ok && (r->notes & COL_NOTE_SUPERSEDED) == 0 &&
	    (r->kind == COL_KIND_INTEL_PCK || r->kind == COL_KIND_INTEL_PCK_SET);
}

static enum sn_err
read_all(const struct col_store *s, struct lay_hosts *h, struct sn_why *why)
{
	const struct col_row *rows = NULL;
	size_t n = 0, count = 0;

	SN_TRY(col_store_rows(s, &rows, &n, why));
	for (size_t i = 0; i < n; i++)
		for (size_t k = 0;
		    is_pck(&rows[i]) && col_verified_cert(rows[i].verified, k) != NULL; k++)
			count++;
	h->pcks = calloc(count + 1, sizeof(*h->pcks));
	if (h->pcks == NULL)
		return sn_fail(why, SN_E_NOMEM, "%zu PCK certificates", count);
	for (size_t i = 0; i < n; i++) {
		const struct cry_cert *x;

		if (!is_pck(&rows[i]))
			continue;
		for (size_t k = 0; (x = col_verified_cert(rows[i].verified, k)) != NULL; k++) {
			struct lay_pck *p = &h->pcks[h->npcks++];

			p->row = &rows[i];
			p->x = x;
			SN_TRY(intel_pck_parse(x, &p->facts, why));
			p->ca = p->facts.platform ? LAY_PLATFORM : LAY_PROCESSOR;
		}
	}
	return SN_OK;
}

/* ---- whose they are */

static void
lower(char *s)
{
	for (; *s != '\0'; s++)
		if (*s >= 'A' && *s <= 'Z')
			*s = (char)(*s - 'A' + 'a');
}

static bool
is_hex(const char *s)
{
	return s[strspn(s, "0123456789abcdefABCDEF")] == '\0';
}

/* The name that `requests` gives to a platform's certificates, without its ending. */
static enum sn_err
stem_of(const struct lay_platform *p, char ret[STEM_MAX], struct sn_why *why)
{
	uint8_t digest[CRY_SHA256_LEN];
	char hex[2 * CRY_SHA256_LEN + 1];

	if (strlen(p->qe_id) <= QE_ID_PLAIN && is_hex(p->qe_id)) {
		snprintf(ret, STEM_MAX, "%s_%s", p->qe_id, p->pce_id);
	} else {
		SN_TRY(cry_digest(CRY_SHA256, bytes_str(p->qe_id), digest, why));
		sn_hex(BYTES_OF(digest), hex);
		snprintf(ret, STEM_MAX, "sha256-%s_%s", hex, p->pce_id);
	}
	lower(ret);
	return SN_OK;
}

static bool
named(const struct lay_pck *p, const char *stem)
{
	const char *slash = strrchr(p->row->path, '/');
	const char *name = slash != NULL ? slash + 1 : p->row->path;
	size_t n = strlen(stem);

	return strncmp(name, stem, n) == 0 && (name[n] == '.' || name[n] == '\0');
}

static enum sn_err
add_ref(struct lay_hosts *h, const struct lay_pck *p, struct sn_why *why)
{
	if (h->nrefs == h->cap) {
		size_t cap = h->cap == 0 ? 64 : 2 * h->cap;
		const struct lay_pck **more =
		    reallocarray(h->refs, cap, sizeof(const struct lay_pck *));

		if (more == NULL)
			return sn_fail(why, SN_E_NOMEM, "%zu PCK certificates", cap);
		h->refs = more;
		h->cap = cap;
	}
	h->refs[h->nrefs++] = p;
	return SN_OK;
}

/* A platform's raw TCB; false when the list does not say it. */
static bool
raw_tcb(const struct lay_platform *p, struct intel_tcb *ret)
{
	struct sn_why none = { 0 };
	uint8_t svn[2];

	if (p->cpu_svn[0] == '\0' || p->pce_svn[0] == '\0' ||
	    sn_hex_parse(p->cpu_svn, ret->component, INTEL_COMPONENTS, "", &none) != SN_OK ||
	    sn_hex_parse(p->pce_svn, svn, sizeof(svn), "", &none) != SN_OK)
		return false;
	ret->pce_svn = (uint16_t)(svn[0] | svn[1] << 8);
	return true;
}

static bool
same_tcb(const struct lay_platform *a, const struct lay_platform *b)
{
	return strcasecmp(a->cpu_svn, b->cpu_svn) == 0 &&
	    strcasecmp(a->pce_svn, b->pce_svn) == 0 && strcasecmp(a->pce_id, b->pce_id) == 0;
}

/* Is p exactly of the platform's TCB? */
static bool
exact(const struct lay_platform *platform, const struct lay_pck *p)
{
	struct sn_why none = { 0 };
	struct intel_tcb raw = { 0 };
	uint8_t pce_id[INTEL_PCEID_LEN];

	return raw_tcb(platform, &raw) &&
	    sn_hex_parse(platform->pce_id, pce_id, sizeof(pce_id), "", &none) == SN_OK &&
	    memcmp(pce_id, p->facts.pce_id, sizeof(pce_id)) == 0 &&
	    memcmp(raw.component, p->facts.cpu_svn, sizeof(raw.component)) == 0 &&
	    raw.pce_svn == p->facts.tcb.pce_svn;
}

/* Without a name: the one PPID that fits, if the list leaves no other owner for it. */
static enum sn_err
by_value(const struct lay_input *in, const struct lay_platform *platform, struct lay_hosts *h,
    const char **ret_reason, struct sn_why *why)
{
	const uint8_t *ppid = NULL;

	for (size_t i = 0; i < h->npcks; i++) {
		if (!exact(platform, &h->pcks[i]))
			continue;
		if (ppid != NULL && memcmp(ppid, h->pcks[i].facts.ppid, INTEL_PPID_LEN) != 0) {
			*ret_reason = ambiguous;
			return SN_OK;
		}
		ppid = h->pcks[i].facts.ppid;
	}
	for (size_t i = 0; i < in->nplatforms && ppid != NULL; i++)
		if (&in->platforms[i] != platform && same_tcb(&in->platforms[i], platform)) {
			*ret_reason = ambiguous;
			return SN_OK;
		}
	for (size_t i = 0; i < h->npcks && ppid != NULL; i++)
		if (memcmp(ppid, h->pcks[i].facts.ppid, INTEL_PPID_LEN) == 0)
			SN_TRY(add_ref(h, &h->pcks[i], why));
	return SN_OK;
}

/* What speaks against the certificates found for a platform, or NULL. */
static const char *
objection(const struct lay_set *set, const struct lay_hosts *h, const struct lay_host *host)
{
	const struct lay_pck *first;
	struct sn_why none = { 0 };
	struct intel_tcb raw = { 0 };
	bool reached;

	if (host->n == 0)
		return none_here;
	first = lay_host_pck(h, host, 0);
	reached = !raw_tcb(host->platform, &raw);
	for (size_t i = 0; i < host->n; i++) {
		const struct lay_pck *p = lay_host_pck(h, host, i);

		if (set->ca[p->ca] == NULL ||
		    cry_cert_signed_by(p->x, set->ca[p->ca], CRY_SIG_ECDSA_P256_SHA256,
			&none) != SN_OK)
			return other_ca;
		if (p->ca != first->ca ||
		    memcmp(p->facts.ppid, first->facts.ppid, INTEL_PPID_LEN) != 0 ||
		    memcmp(p->facts.fmspc, first->facts.fmspc, INTEL_FMSPC_LEN) != 0)
			return two_kinds;
		reached = reached || intel_tcb_reaches(&raw, &p->facts.tcb);
	}
	return reached ? NULL : unfit;
}

static enum sn_err
read_host(const struct lay_input *in, const struct lay_platform *platform,
    const struct lay_set *set, struct lay_hosts *h, const char **ret_reason, struct sn_why *why)
{
	struct lay_host *host = &h->hosts[h->n];
	char stem[STEM_MAX];

	*host = (struct lay_host){ .platform = platform, .first = h->nrefs };
	SN_TRY(stem_of(platform, stem, why));
	for (size_t i = 0; i < h->npcks; i++)
		if (named(&h->pcks[i], stem))
			SN_TRY(add_ref(h, &h->pcks[i], why));
	if (h->nrefs == host->first)
		SN_TRY(by_value(in, platform, h, ret_reason, why));
	host->n = h->nrefs - host->first;
	if (*ret_reason == NULL)
		*ret_reason = objection(set, h, host);
	if (*ret_reason == NULL)
		h->n++;
	else
		h->nrefs = host->first;
	return SN_OK;
}

enum sn_err
lay_hosts_read(const struct lay_input *in, const struct lay_set *set, const char *layout,
    const struct lay_out *out, struct lay_hosts *ret, struct sn_why *why)
{
	SN_CLEANUP(lay_hosts_done) struct lay_hosts h = { 0 };

	SN_TRY(read_all(in->store, &h, why));
	h.hosts = calloc(in->nplatforms + 1, sizeof(*h.hosts));
	if (h.hosts == NULL)
		return sn_fail(why, SN_E_NOMEM, "%zu platforms", in->nplatforms);
	for (size_t i = 0; i < in->nplatforms; i++) {
		const char *reason = NULL;

		SN_TRY(read_host(in, &in->platforms[i], set, &h, &reason, why));
		if (reason != NULL)
			SN_TRY(out->left_out(out->arg, layout, in->platforms[i].qe_id, reason,
			    why));
	}
	*ret = h;
	h = (struct lay_hosts){ 0 };
	return SN_OK;
}
