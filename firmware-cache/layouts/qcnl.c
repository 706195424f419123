#include "firmware-cache/layouts/qcnl.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "appliance/base/text.h"
#include "appliance/crypto/digest.h"
#include "firmware-cache/layouts/collaterals.h"
#include "firmware-cache/layouts/form.h"

#define VERSION 1
#define PART_MAX (4U << 20)
#define SERVICE "https://api.trustedservices.intel.com"
#define URL_MAX 255
#define RESPONSE_PARTS 2
#define PCK_PARTS 4

/* One file of the cache. */
struct entry {
	char name[URL_MAX + 1]; /* below QCNL_CACHE */
	char origin[URL_MAX + 1];
	struct sn_buf bytes;
	int64_t mtime;
};

struct cache {
	struct entry *entries;
	size_t n, cap;
};

static void
cache_done(struct cache *c)
{
	for (size_t i = 0; i < c->n; i++)
		sn_buf_done(&c->entries[i].bytes);
	free(c->entries);
	*c = (struct cache){ 0 };
}

static enum sn_err
cache_add(struct cache *c, struct entry **ret, struct sn_why *why)
{
	if (c->n == c->cap) {
		size_t cap = c->cap == 0 ? 16 : 2 * c->cap;
		struct entry *more = reallocarray(c->entries, cap, sizeof(*more));

		if (more == NULL)
			return sn_fail(why, SN_E_NOMEM, "QCNL cache of %zu files", c->n);
		c->entries = more;
		c->cap = cap;
	}
	*ret = &c->entries[c->n++];
	**ret = (struct entry){ 0 };
	return SN_OK;
}

/* ---- the file form; little-endian */

static void
put_le(struct sn_buf *b, uint64_t v, size_t n)
{
	for (size_t i = 0; i < n; i++)
		sn_buf_u8(b, (uint8_t)(v >> (8 * i)));
}

static void
put_header(struct sn_buf *b, enum qcnl_type type, int64_t expiry)
{
	put_le(b, VERSION, 2);
	put_le(b, (uint64_t)type, 4);
	put_le(b, (uint64_t)expiry, 8);
}

static void
put_part(struct sn_buf *b, struct bytes v)
{
	put_le(b, v.n, 4);
	sn_buf_put(b, v);
}

enum sn_err
qcnl_parse(struct bytes b, struct qcnl_file *ret, struct sn_why *why)
{
	struct qcnl_file f = { 0 };
	uint16_t version = 0;
	uint32_t type = 0;
	uint64_t expiry = 0;
	size_t n;

	SN_TRY(bytes_le16(&b, &version, "QCNL version", why));
	SN_TRY(bytes_le32(&b, &type, "QCNL type", why));
	SN_TRY(bytes_le64(&b, &expiry, "QCNL expiry", why));
	if (version != VERSION || expiry > INT64_MAX)
		return sn_fail(why, SN_E_FORMAT, "QCNL: version %u, expiry %llx", version,
		    (unsigned long long)expiry);
	if (type != QCNL_CERT && type != QCNL_COLLATERAL && type != QCNL_MULTI_CERT)
		return sn_fail(why, SN_E_FORMAT, "QCNL: type %u", type);
	n = type == QCNL_MULTI_CERT ? PCK_PARTS : RESPONSE_PARTS;
	for (f.n = 0; f.n < n; f.n++) {
		uint32_t len = 0;

		SN_TRY(bytes_le32(&b, &len, "QCNL length", why));
		if (len > PART_MAX)
			return sn_fail(why, SN_E_LIMIT, "QCNL: a part of %u bytes", len);
		SN_TRY(bytes_take(&b, len, &f.parts[f.n], "QCNL part", why));
	}
	SN_TRY(bytes_end(&b, "QCNL file", why));
	f.type = (enum qcnl_type)type;
	f.expiry = (int64_t)expiry;
	*ret = f;
	return SN_OK;
}

/* ---- responses, by URL */

/*
 * A response as QCNL would have kept it: the one header that it looks for, and the body.
 * header is NULL when the service sends none.
 */
static enum sn_err
add_response(struct cache *c, const struct lay_input *in, const char *url, const char *header,
    const struct sn_buf *chain, const struct col_row *row, struct bytes body,
    struct sn_why *why)
{
	SN_CLEANUP(sn_buf_done) struct sn_buf headers = { 0 };
	struct qcnl_file back = { 0 };
	struct entry *e = NULL;
	uint8_t digest[CRY_SHA256_LEN];

	sn_buf_str(&headers, "HTTP/1.1 200 OK\r\n");
	if (header != NULL) {
		sn_buf_fmt(&headers, "%s: ", header);
		sn_buf_put(&headers, sn_buf_bytes(chain));
		sn_buf_str(&headers, "\r\n");
	}
	sn_buf_str(&headers, "\r\n");
	SN_TRY(sn_buf_check(&headers, why));
	SN_TRY(cry_digest(CRY_SHA256, bytes_str(url), digest, why));
	SN_TRY(cache_add(c, &e, why));
	sn_hex(BYTES_OF(digest), e->name);
	snprintf(e->origin, sizeof(e->origin), "%s", url);
	e->mtime = row->issued;
	put_header(&e->bytes, QCNL_COLLATERAL,
	    in->qcnl_expiry != 0 ? in->qcnl_expiry : row->good_until);
	put_part(&e->bytes, sn_buf_bytes(&headers));
	put_part(&e->bytes, body);
	SN_TRY(sn_buf_check(&e->bytes, why));
	SN_TRY(qcnl_parse(sn_buf_bytes(&e->bytes), &back, why));
	return back.type == QCNL_COLLATERAL && bytes_equal(back.parts[1], body)
	    ? SN_OK
	    : sn_fail(why, SN_E_INTERNAL, "%s does not read back", url);
}

static const char *const channels[LAY_CHANNELS] = { "standard", "early" };
static const char *const tees[LAY_TEES] = { "sgx", "tdx" };

static enum sn_err
add_tcb_infos(struct cache *c, const struct lay_input *in, const struct lay_set *set,
    const struct sn_buf *chain, struct sn_why *why)
{
	for (size_t i = 0; i < set->nfmspcs; i++)
		for (enum lay_tee t = 0; t < LAY_TEES; t++)
			for (enum lay_channel ch = 0; ch < LAY_CHANNELS; ch++) {
				const struct lay_body *b = set->fmspcs[i].body[t][ch];
				SN_CLEANUP(sn_buf_done) struct sn_buf fmspc = { 0 };
				char url[URL_MAX + 1];

				if (b == NULL)
					continue;
				lay_hex_upper(&fmspc, BYTES_OF(set->fmspcs[i].fmspc));
				snprintf(url, sizeof(url),
				    SERVICE "/%s/certification/v4/tcb?fmspc=%s&update=%s",
				    tees[t], sn_buf_cstr(&fmspc), channels[ch]);
				SN_TRY(add_response(c, in, url, "TCB-Info-Issuer-Chain", chain,
				    b->row, col_verified_bytes(b->row->verified), why));
			}
	return SN_OK;
}

static enum sn_err
add_identities(struct cache *c, const struct lay_input *in, const struct lay_set *set,
    const struct sn_buf *chain, struct sn_why *why)
{
	static const char *const paths[LAY_IDENTITIES] = { "sgx/certification/v4/qe",
		"tdx/certification/v4/qe", "sgx/certification/v4/qve" };

	for (enum lay_identity i = 0; i < LAY_IDENTITIES; i++)
		for (enum lay_channel ch = 0; ch < LAY_CHANNELS; ch++) {
			const struct lay_body *b = set->identity[i][ch];
			char url[URL_MAX + 1];

			if (b == NULL)
				continue;
			snprintf(url, sizeof(url), SERVICE "/%s/identity?update=%s", paths[i],
			    channels[ch]);
			SN_TRY(add_response(c, in, url, "SGX-Enclave-Identity-Issuer-Chain",
			    chain, b->row, col_verified_bytes(b->row->verified), why));
		}
	return SN_OK;
}

static enum sn_err
add_crls(struct cache *c, const struct lay_input *in, const struct lay_set *set,
    struct sn_why *why)
{
	static const char *const urls[LAY_CAS] = {
		SERVICE "/sgx/certification/v4/pckcrl?ca=processor&encoding=der",
		SERVICE "/sgx/certification/v4/pckcrl?ca=platform&encoding=der",
	};
	SN_CLEANUP(sn_buf_done) struct sn_buf cdp = { 0 };

	for (enum lay_ca ca = 0; ca < LAY_CAS; ca++) {
		SN_CLEANUP(sn_buf_done) struct sn_buf chain = { 0 };

		if (set->crl[ca] == NULL)
			continue;
		SN_TRY(lay_url_chain(set->ca[ca], set->root, &chain, why));
		SN_TRY(add_response(c, in, urls[ca], "SGX-PCK-CRL-Issuer-Chain", &chain,
		    set->crl[ca], lay_crl_der(set->crl[ca]), why));
	}
	if (set->root_crl == NULL)
		return SN_OK;
	SN_TRY(lay_root_cdp(set->root, &cdp, why));
	if (cdp.n == 0 || cdp.n > URL_MAX)
		return SN_OK;
	return add_response(c, in, sn_buf_cstr(&cdp), NULL, NULL, set->root_crl,
	    lay_crl_der(set->root_crl), why);
}

/* ---- PCK certificates, by platform */

static const struct lay_body *
tcb_info_of(const struct lay_set *set, const uint8_t fmspc[INTEL_FMSPC_LEN])
{
	for (size_t i = 0; i < set->nfmspcs; i++)
		if (memcmp(set->fmspcs[i].fmspc, fmspc, INTEL_FMSPC_LEN) == 0)
			return set->fmspcs[i].body[LAY_SGX][LAY_STANDARD] != NULL
			    ? set->fmspcs[i].body[LAY_SGX][LAY_STANDARD]
			    : set->fmspcs[i].body[LAY_SGX][LAY_EARLY];
	return NULL;
}

static void
lower(char *s)
{
	for (; *s != '\0'; s++)
		if (*s >= 'A' && *s <= 'Z')
			*s = (char)(*s - 'A' + 'a');
}

/* When the host's certificates lapse, or the caller's word. */
static int64_t
host_expiry(const struct lay_input *in, const struct lay_hosts *all, const struct lay_host *h)
{
	int64_t first = INT64_MAX;

	for (size_t i = 0; i < h->n; i++)
		if (lay_host_pck(all, h, i)->row->good_until < first)
			first = lay_host_pck(all, h, i)->row->good_until;
	return in->qcnl_expiry != 0 ? in->qcnl_expiry : first;
}

static enum sn_err
add_host(struct cache *c, const struct lay_input *in, const struct lay_set *set,
    const struct lay_hosts *all, const struct lay_host *h, const struct lay_out *out,
    struct sn_why *why)
{
	SN_CLEANUP(sn_buf_done) struct sn_buf chain = { 0 }, certs = { 0 };
	const struct lay_pck *first = lay_host_pck(all, h, 0);
	const struct lay_body *info = tcb_info_of(set, first->facts.fmspc);
	struct qcnl_file back = { 0 };
	struct entry *e = NULL;

	if (info == NULL)
		return out->left_out(out->arg, QCNL_NAME, h->platform->qe_id,
		    "there is no SGX TCB info of its FMSPC here, which its file holds, too",
		    why);
	SN_TRY(lay_url_chain(set->ca[first->ca], set->root, &chain, why));
	SN_TRY(lay_pck_json(all, h, &certs, why));
	SN_TRY(cache_add(c, &e, why));
	snprintf(e->name, sizeof(e->name), "%.200s_%s", h->platform->qe_id,
	    h->platform->pce_id);
	lower(e->name);
	snprintf(e->origin, sizeof(e->origin), "PCK multicert cache for local_cache_only");
	for (size_t i = 0; i < h->n; i++)
		if (lay_host_pck(all, h, i)->row->issued > e->mtime)
			e->mtime = lay_host_pck(all, h, i)->row->issued;
	if (info->row->issued > e->mtime)
		e->mtime = info->row->issued;
	put_header(&e->bytes, QCNL_MULTI_CERT, host_expiry(in, all, h));
	put_part(&e->bytes, bytes_str(h->platform->cpu_svn));
	put_part(&e->bytes, col_verified_bytes(info->row->verified));
	put_part(&e->bytes, sn_buf_bytes(&chain));
	put_part(&e->bytes, sn_buf_bytes(&certs));
	SN_TRY(sn_buf_check(&e->bytes, why));
	SN_TRY(qcnl_parse(sn_buf_bytes(&e->bytes), &back, why));
	return back.type == QCNL_MULTI_CERT && bytes_equal(back.parts[3], sn_buf_bytes(&certs))
	    ? SN_OK
	    : sn_fail(why, SN_E_INTERNAL, "%s does not read back", e->name);
}

/* ---- the layout */

static int
by_name(const void *a, const void *b)
{
	const struct entry *x = a, *y = b;

	return strcmp(x->name, y->name);
}

/* INDEX.txt, before the files: what each is, in the order of making. */
static enum sn_err
write_index(const struct cache *c, int64_t newest, const struct lay_out *out,
    struct sn_why *why)
{
	SN_CLEANUP(sn_buf_done) struct sn_buf index = { 0 };

	for (size_t i = 0; i < c->n; i++)
		sn_buf_fmt(&index, "%s  %s\n", c->entries[i].name, c->entries[i].origin);
	SN_TRY(sn_buf_check(&index, why));
	return out->file(out->arg, QCNL_FOLDER "/INDEX.txt", sn_buf_bytes(&index), newest, why);
}

static enum sn_err
fill(struct cache *c, const struct lay_input *in, const struct lay_out *out,
    int64_t *ret_newest, struct sn_why *why)
{
	SN_CLEANUP(lay_set_done) struct lay_set set = { 0 };
	SN_CLEANUP(lay_hosts_done) struct lay_hosts hosts = { 0 };
	SN_CLEANUP(sn_buf_done) struct sn_buf chain = { 0 };

	SN_TRY(lay_set_read(in->store, &set, why));
	if (set.nbodies == 0)
		return SN_OK;
	SN_TRY(lay_set_tell(&set, QCNL_NAME, out, why));
	SN_TRY(lay_hosts_read(in, &set, QCNL_NAME, out, &hosts, why));
	for (size_t i = 0; i < hosts.n; i++)
		SN_TRY(add_host(c, in, &set, &hosts, &hosts.hosts[i], out, why));
	if (set.signing != NULL) {
		SN_TRY(lay_url_chain(set.signing, set.root, &chain, why));
		SN_TRY(add_tcb_infos(c, in, &set, &chain, why));
		SN_TRY(add_identities(c, in, &set, &chain, why));
	}
	*ret_newest = set.newest;
	return add_crls(c, in, &set, why);
}

enum sn_err
qcnl_write(const struct lay_input *in, const struct lay_out *out, struct sn_why *why)
{
	SN_CLEANUP(cache_done) struct cache c = { 0 };
	char path[LAY_PATH_MAX + 1];
	int64_t newest = 0;

	SN_TRY(fill(&c, in, out, &newest, why));
	if (c.n == 0)
		return SN_OK;
	SN_TRY(write_index(&c, newest, out, why));
	qsort(c.entries, c.n, sizeof(*c.entries), by_name);
	for (size_t i = 0; i < c.n; i++) {
		if (i > 0 && strcmp(c.entries[i - 1].name, c.entries[i].name) == 0)
			continue; /* the same platform twice in the list */
		snprintf(path, sizeof(path), QCNL_CACHE "/%.200s", c.entries[i].name);
		SN_TRY(out->file(out->arg, path, sn_buf_bytes(&c.entries[i].bytes),
		    c.entries[i].mtime, why));
	}
	return SN_OK;
}
