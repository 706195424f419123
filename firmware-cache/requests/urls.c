#include <stdio.h>
#include <string.h>

#include "appliance/base/text.h"
#include "firmware-cache/requests/priv.h"

#define WHERE_MAX 160
#define VCEK REQ_AMD "vcek/v1/"
#define LEVELS 5

/* Everything up to the mark, which is taken, too. */
static enum sn_err
take_until(struct bytes *b, char mark, struct bytes *ret, const char *where, struct sn_why *why)
{
	const uint8_t *end = b->n != 0 ? memchr(b->p, mark, b->n) : NULL;
	struct bytes gone = { 0 };

	if (end == NULL)
		return sn_fail(why, SN_E_FORMAT, "%s: not the address of a VCEK", where);
	SN_TRY(bytes_take(b, (size_t)(end - b->p), ret, where, why));
	return bytes_take(b, 1, &gone, where, why);
}

/* One to three digits; two are usual, so one may be a leading zero. */
static bool
read_level(struct bytes v, uint8_t *ret)
{
	unsigned int n = 0;

	if (v.n == 0 || v.n > 3)
		return false;
	for (size_t i = 0; i < v.n; i++) {
		if (v.p[i] < '0' || v.p[i] > '9')
			return false;
		n = 10 * n + (v.p[i] - '0');
	}
	*ret = (uint8_t)n;
	return n <= UINT8_MAX;
}

/* Each level once, in any order; fmc exactly on Turin. */
static enum sn_err
read_levels(struct bytes b, enum amd_product p, struct amd_tcb *ret, const char *where,
    struct sn_why *why)
{
	struct amd_tcb t = { .has_fmc = p == AMD_TURIN };
	const struct {
		struct bytes name;
		uint8_t *v;
	} levels[LEVELS] = { { BYTES_STR("blSPL"), &t.bl }, { BYTES_STR("teeSPL"), &t.tee },
		{ BYTES_STR("snpSPL"), &t.snp }, { BYTES_STR("ucodeSPL"), &t.ucode },
		{ BYTES_STR("fmcSPL"), &t.fmc } };
	unsigned int seen = 0, all = (1U << (LEVELS - !t.has_fmc)) - 1;

	while (b.n > 0) {
		const uint8_t *amp = memchr(b.p, '&', b.n);
		struct bytes pair = { b.p, amp != NULL ? (size_t)(amp - b.p) : b.n }, name;
		size_t k = 0;

		b = (struct bytes){ b.p + pair.n, b.n - pair.n };
		if (amp != NULL)
			b = (struct bytes){ b.p + 1, b.n - 1 };
		SN_TRY(take_until(&pair, '=', &name, where, why));
		while (k < LEVELS && !bytes_equal(levels[k].name, name))
			k++;
		if (k == LEVELS || (seen & 1U << k) != 0 || !read_level(pair, levels[k].v) ||
		    (amp != NULL && b.n == 0))
			return sn_fail(why, SN_E_FORMAT, "%s: \"%.*s=\": not a level, or twice",
			    where, (int)(name.n < 20 ? name.n : 20), (const char *)name.p);
		seen |= 1U << k;
	}
	if (seen != all)
		return sn_fail(why, SN_E_FORMAT, "%s: %s needs %s", where, amd_product_name(p),
		    t.has_fmc ? "fmcSPL, blSPL, teeSPL, snpSPL, ucodeSPL"
			      : "blSPL, teeSPL, snpSPL, ucodeSPL");
	*ret = t;
	return SN_OK;
}

static enum sn_err
read_url(struct req_wants *w, struct bytes line, const char *where, struct sn_why *why)
{
	struct bytes start = { 0 }, product = { 0 }, id = { 0 };
	char hex[2 * AMD_HWID_MAX + 1];
	uint8_t hwid[AMD_HWID_MAX];
	struct amd_tcb tcb = { 0 };
	enum amd_product p;

	SN_TRY(bytes_take(&line, strlen(VCEK), &start, where, why));
	if (!bytes_equal(start, BYTES_STR(VCEK)))
		return sn_fail(why, SN_E_FORMAT, "%s: not the address of a VCEK", where);
	SN_TRY(take_until(&line, '/', &product, where, why));
	SN_TRY(take_until(&line, '?', &id, where, why));
	p = amd_product_from_name(product);
	if (p == AMD_PRODUCT_COUNT || id.n >= sizeof(hex))
		return sn_fail(why, SN_E_FORMAT, "%s: not a product, or no hwid", where);
	snprintf(hex, sizeof(hex), "%.*s", (int)id.n, (const char *)id.p);
	SN_TRY(sn_hex_parse(hex, hwid, req_hwid_len(p), where, why));
	SN_TRY(read_levels(line, p, &tcb, where, why));
	w->amd[p] = true;
	SN_TRY(req_vcek(w, p, (struct bytes){ hwid, req_hwid_len(p) }, &tcb, why));
	return w->has_next[p]
	    ? req_vcek(w, p, (struct bytes){ hwid, req_hwid_len(p) }, &w->next[p], why)
	    : SN_OK;
}

enum sn_err
req_vcek_urls(struct req_wants *w, struct bytes text, const char *what, struct sn_why *why)
{
	size_t n = 0;

	return req_each_line(w, text, what, read_url, &n, why);
}
