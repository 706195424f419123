#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "appliance/base/text.h"
#include "firmware-cache/amd/names.h"
#include "firmware-cache/cache/view_priv.h"
#include "firmware-cache/intel/vendor.h"

#define SIGNERS_MAX 256U
#define SIGNER_BYTES_MAX (12U << 20)
#define BATCH_MAX 200U
#define BATCH_BYTES_MAX (12U << 20)

/*
 * The store holds a limited set. Signers are few and go into every set; what hangs on them
 * goes through in batches, each judged beside the same signers.
 */
struct batch {
	struct cache_view *view;
	const struct cache *cache;
	const struct col_policy *policy;
	size_t *signers, nsigners;
	size_t item[BATCH_MAX], n, bytes;
	bool signers_told;
};

static void
batch_done(struct batch *b)
{
	free(b->signers);
}

/* ---- what a claim says of a machine */

static void
amd_facts(const struct col_claim *c, struct cache_item *it)
{
	const struct amd_leaf *leaf = c->facts;
	struct cache_facts *f = &it->facts;

	if (c->kind == COL_KIND_AMD_CHAIN && c->ncerts > 0)
		f->product = (enum amd_product)c->certs[0].product;
	for (enum amd_product p = AMD_MILAN;
	    c->kind == COL_KIND_AMD_CRL && p < AMD_PRODUCT_COUNT; p++)
		if (strcmp(c->scope, amd_product_name(p)) == 0)
			f->product = p;
	if (c->kind == COL_KIND_AMD_CRL && c->crl != NULL &&
	    cry_crl_number(c->crl, &it->number, NULL) != SN_OK)
		it->number = 0;
	if ((c->kind != COL_KIND_AMD_VCEK && c->kind != COL_KIND_AMD_VLEK) || leaf == NULL)
		return;
	f->product = leaf->product;
	f->tcb = leaf->tcb;
	f->id_len = leaf->hwid_len;
	memcpy(f->id, leaf->hwid, leaf->hwid_len);
}

static void
pck_facts(const struct intel_pck_facts *facts, struct cache_facts *f)
{
	const struct intel_pck *p = &facts->pcks[0];

	if (facts->n == 0)
		return;
	f->id_len = INTEL_PPID_LEN;
	memcpy(f->id, p->ppid, INTEL_PPID_LEN);
	f->has_fmspc = true;
	memcpy(f->fmspc, p->fmspc, INTEL_FMSPC_LEN);
	memcpy(f->pce_id, p->pce_id, INTEL_PCEID_LEN);
	f->ca = p->platform ? INTEL_ROLE_PLATFORM_CA : INTEL_ROLE_PROCESSOR_CA;
}

static void
intel_facts(const struct col_claim *c, struct cache_item *it)
{
	const struct intel_facts *facts = c->facts;

	if (facts == NULL)
		return;
	if (c->kind == COL_KIND_INTEL_PCK || c->kind == COL_KIND_INTEL_PCK_SET)
		pck_facts(c->facts, &it->facts);
	if (c->kind == COL_KIND_INTEL_TCB_INFO || c->kind == COL_KIND_INTEL_IDENTITY)
		it->number = facts->json.evaluation;
	if (c->kind != COL_KIND_INTEL_TCB_INFO)
		return;
	it->facts.has_fmspc = true;
	memcpy(it->facts.fmspc, facts->json.fmspc, INTEL_FMSPC_LEN);
	/* Versions 2 and 3 are other documents, though they have one label. */
	if (facts->json.version == 2)
		snprintf(it->label, sizeof(it->label), "%.*s v2", (int)sizeof(it->label) - 4,
		    c->label);
}

/* AMD's VLEK list is another document than the VCEK list, with the same issuer. */
static void
name_channel(struct cache_item *it)
{
	bool vlek = it->kind == COL_KIND_AMD_CRL &&
	    strstr(it->url != NULL ? it->url : it->path, "vlek") != NULL;

	if (vlek && it->in_folder) {
		it->nchannels = 0;
		cache_item_add_channel(it, "vlek");
		snprintf(it->folder_channel, sizeof(it->folder_channel), "vlek");
	}
}

/* A certificate that lies under another chip's or firmware's name is nobody's. */
static enum sn_err
check_names(struct cache_item *it, const struct col_claim *c, struct sn_why *why)
{
	const char *const names[] = { it->path, it->url };
	struct sn_why own = { 0 };

	if (!it->ok || !it->in_folder || c->facts == NULL ||
	    (c->kind != COL_KIND_AMD_VCEK && c->kind != COL_KIND_AMD_VLEK))
		return SN_OK;
	for (size_t i = 0; i < SN_NITEMS(names); i++)
		if (names[i] != NULL && amd_name_check(names[i], c->facts, &own) != SN_OK)
			return cache_item_refuse(it, &own, why);
	return SN_OK;
}

static enum sn_err
take_row(struct cache_item *it, const struct col_row *row, struct sn_why *why)
{
	it->judged = true;
	it->vendor = row->vendor;
	it->kind = row->kind;
	memcpy(it->label, row->label, sizeof(it->label));
	it->issued = row->issued;
	if (row->kind == COL_KIND_UNKNOWN) {
		size_t n = strlen(it->path), room = 38;

		snprintf(it->label, sizeof(it->label), "%s%s", n > room ? "..." : "",
		    n > room ? it->path + n - (room - 3) : it->path);
	}
	amd_facts(row->claim, it);
	intel_facts(row->claim, it);
	name_channel(it);
	it->carried = row->carried;
	if (row->carried)
		return SN_OK;
	if (!row->ok)
		return cache_item_refuse(it, &row->why, why);
	it->ok = true;
	/* A batch is no set: what is beside an item in it says nothing. */
	it->notes = row->notes & ~(unsigned int)COL_NOTE_MIXED;
	it->good_until = row->good_until;
	if (cache_kind_counts(it->kind))
		it->notes &= ~(unsigned int)COL_NOTE_SUPERSEDED; /* fresh.c knows channels */
	return check_names(it, row->claim, why);
}

/* ---- one set */

static enum sn_err
add_one(struct col_store *s, struct batch *b, size_t i, struct sn_why *why)
{
	SN_CLEANUP(sn_buf_done) struct sn_buf read = { 0 };
	const struct cache_item *it = &b->view->v[i];
	struct bytes bytes = sn_buf_bytes(&it->bytes);
	char hex[65];

	if (it->bytes.n != it->size) {
		SN_TRY(cache_get(b->cache, it->sha256, &read, why));
		bytes = sn_buf_bytes(&read);
	}
	sn_hex(BYTES_OF(it->sha256), hex);
	return col_store_add(s, hex, bytes, why);
}

static enum sn_err
run_batch(struct batch *b, struct sn_why *why)
{
	SN_CLEANUP(col_store_free) struct col_store *s = NULL;
	const struct col_row *rows = NULL;
	size_t n = 0;

	SN_TRY(col_store_new(b->policy, &s, why));
	for (size_t i = 0; i < b->nsigners; i++)
		SN_TRY(add_one(s, b, b->signers[i], why));
	for (size_t i = 0; i < b->n; i++)
		SN_TRY(add_one(s, b, b->item[i], why));
	SN_TRY(col_store_check(s, why));
	SN_TRY(col_store_rows(s, &rows, &n, why));
	for (size_t i = 0; i < n; i++) {
		struct cache_item *it = NULL;
		uint8_t sha256[32];

		if (sn_hex_parse(rows[i].sha256, sha256, sizeof(sha256), "digest", NULL) ==
		    SN_OK)
			it = cache_view_find(b->view, sha256);
		if (it != NULL && !it->judged)
			SN_TRY(take_row(it, &rows[i], why));
	}
	b->signers_told = true;
	b->n = b->bytes = 0;
	return SN_OK;
}

static enum sn_err
pick_signers(struct batch *b, struct sn_why *why)
{
	size_t bytes = 0;

	b->signers = calloc(SIGNERS_MAX, sizeof(*b->signers));
	if (b->signers == NULL)
		return sn_fail(why, SN_E_NOMEM, "a list of signers");
	for (size_t i = 0; i < b->view->n && b->nsigners < SIGNERS_MAX; i++) {
		const struct cache_item *it = &b->view->v[i];

		if (!it->has_sha256 || !it->signer || it->judged ||
		    it->size > SIGNER_BYTES_MAX - bytes)
			continue;
		bytes += it->size;
		b->signers[b->nsigners++] = i;
	}
	return SN_OK;
}

static bool
is_signer(const struct batch *b, size_t i)
{
	for (size_t k = 0; k < b->nsigners; k++)
		if (b->signers[k] == i)
			return true;
	return false;
}

enum sn_err
cache_view_judge(struct cache_view *v, const struct cache *c, const struct col_policy *policy,
    struct sn_why *why)
{
	SN_CLEANUP(batch_done) struct batch b = { .view = v, .cache = c, .policy = policy };

	v->at = policy->at;
	SN_TRY(cache_view_merge(v, why));
	SN_TRY(pick_signers(&b, why));
	for (size_t i = 0; i < v->n; i++) {
		const struct cache_item *it = &v->v[i];

		if (!it->has_sha256 || it->judged || (it->signer && is_signer(&b, i)))
			continue;
		if (b.n == BATCH_MAX || it->size > BATCH_BYTES_MAX - b.bytes)
			SN_TRY(run_batch(&b, why));
		b.item[b.n++] = i;
		b.bytes += it->size;
	}
	return b.n > 0 || !b.signers_told ? run_batch(&b, why) : SN_OK;
}
