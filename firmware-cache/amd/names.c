#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "appliance/base/text.h"
#include "firmware-cache/amd/names.h"

#define KDS "https://kdsintf.amd.com"
#define KDS_VLEK_PORT ":444" /* where VLEKs are given out */
#define HWID_DIGITS 128
#define HWID_DIGITS_TURIN 16
#define LEVEL_MAX 255

static const struct {
	const char *name;
	enum amd_product product;
} people[] = {
	{ "Milan", AMD_MILAN },
	{ "Genoa", AMD_GENOA },
	{ "Bergamo", AMD_GENOA },
	{ "Siena", AMD_GENOA },
	{ "Turin", AMD_TURIN },
};

static const struct {
	const char *word;
	enum amd_role role;
} leaves[] = { { "vcek", AMD_ROLE_VCEK }, { "vlek", AMD_ROLE_VLEK } };

/* The levels, as file names and as addresses call them. */
static const struct {
	const char *file, *query;
	size_t offset;
} levels[] = {
	{ "bl", "blSPL", offsetof(struct amd_tcb, bl) },
	{ "tee", "teeSPL", offsetof(struct amd_tcb, tee) },
	{ "snp", "snpSPL", offsetof(struct amd_tcb, snp) },
	{ "ucode", "ucodeSPL", offsetof(struct amd_tcb, ucode) },
	{ "fmc", "fmcSPL", offsetof(struct amd_tcb, fmc) }, /* the last: only Turin has it */
};
#define FMC (SN_NITEMS(levels) - 1)
#define ALL_BUT_FMC ((1U << FMC) - 1)

enum amd_product
amd_product_from_people(struct bytes name)
{
	for (size_t i = 0; i < SN_NITEMS(people); i++)
		if (strlen(people[i].name) == name.n &&
		    strncasecmp(people[i].name, (const char *)name.p, name.n) == 0)
			return people[i].product;
	return AMD_PRODUCT_COUNT;
}

/* Take what stands before the next stop, or all of it; the stop goes, too. */
static struct bytes
take_until(struct bytes *b, char stop)
{
	const uint8_t *at = b->n > 0 ? memchr(b->p, stop, b->n) : NULL;
	struct bytes v = { b->p, at != NULL ? (size_t)(at - b->p) : b->n };
	size_t gone = at != NULL ? v.n + 1 : v.n;

	b->p += gone;
	b->n -= gone;
	return v;
}

static bool
take_prefix(struct bytes *b, const char *prefix)
{
	size_t n = strlen(prefix);

	if (b->n < n || memcmp(b->p, prefix, n) != 0)
		return false;
	b->p += n;
	b->n -= n;
	return true;
}

static bool
ends_with(struct bytes b, const char *end)
{
	size_t n = strlen(end);

	return b.n >= n && memcmp(b.p + b.n - n, end, n) == 0;
}

static bool
looks_like_hwid(struct bytes v)
{
	if (v.n != HWID_DIGITS && v.n != HWID_DIGITS_TURIN)
		return false;
	for (size_t i = 0; i < v.n; i++)
		if (strchr("0123456789abcdefABCDEF", v.p[i]) == NULL || v.p[i] == '\0')
			return false;
	return true;
}

/* Consumers look for lower case only. */
static enum sn_err
read_hwid(struct bytes v, struct amd_name *ret, struct sn_why *why)
{
	char digits[HWID_DIGITS + 1] = "";

	for (size_t i = 0; i < v.n; i++)
		if (v.p[i] >= 'A' && v.p[i] <= 'F')
			return sn_fail(why, SN_E_FORMAT,
			    "the hwid in its name has upper-case digits; lower case is "
			    "what is looked for");
	memcpy(digits, v.p, v.n);
	SN_TRY(sn_hex_parse(digits, ret->hwid, v.n / 2, "hwid", why));
	ret->hwid_len = v.n / 2;
	return SN_OK;
}

/* One level's number behind its name: at least two digits in a file name. */
static enum sn_err
read_level(struct bytes v, size_t row, size_t min_digits, struct amd_tcb *ret,
    struct sn_why *why)
{
	uint32_t n = 0;

	for (size_t i = 0; i < v.n && i < 4; i++) {
		if (v.p[i] < '0' || v.p[i] > '9')
			n = LEVEL_MAX + 1;
		else
			n = n * 10 + (uint32_t)(v.p[i] - '0');
	}
	if (v.n < min_digits || v.n > 3 || n > LEVEL_MAX)
		return sn_fail(why, SN_E_FORMAT, "the %s in its name is not a level",
		    levels[row].file);
	((uint8_t *)ret)[levels[row].offset] = (uint8_t)n;
	return SN_OK;
}

/* ---- paths */

/* "bl03_tee00_snp08_ucode115", perhaps "_fmc00" behind it: Trustee's order, no other. */
static enum sn_err
read_file_levels(struct bytes v, struct amd_name *ret, struct sn_why *why)
{
	struct amd_tcb tcb = { 0 };

	for (size_t i = 0; i < SN_NITEMS(levels); i++) {
		struct bytes one;

		if (i == FMC && v.n == 0)
			break;
		one = take_until(&v, '_');
		if (!take_prefix(&one, levels[i].file))
			return sn_fail(why, SN_E_FORMAT,
			    "its name must say bl, tee, snp, ucode and on Turin fmc, in this "
			    "order");
		SN_TRY(read_level(one, i, 2, &tcb, why));
		tcb.has_fmc = i == FMC;
	}
	if (v.n != 0)
		return sn_fail(why, SN_E_FORMAT,
		    "something stands behind the levels in its name");
	ret->tcb = tcb;
	ret->has_tcb = true;
	return SN_OK;
}

/* Which leaf the words of a file's name speak of; not when they speak of both. */
static enum amd_role
role_in_words(struct bytes file)
{
	unsigned int found = 0;

	for (size_t i = 0; i < file.n;) {
		size_t n = 0;

		while (i + n < file.n && strchr("._-", file.p[i + n]) == NULL)
			n++;
		for (size_t k = 0; k < SN_NITEMS(leaves); k++)
			if (n == strlen(leaves[k].word) &&
			    memcmp(file.p + i, leaves[k].word, n) == 0)
				found |= 1U << k;
		i += n + 1;
	}
	return found == 1 ? leaves[0].role : found == 2 ? leaves[1].role : AMD_ROLE_NONE;
}

static enum sn_err
read_path(struct bytes path, struct amd_name *ret, struct sn_why *why)
{
	struct bytes file = { 0 }, folder = { 0 }, above;

	while (path.n > 0) {
		above = folder;
		folder = file;
		file = take_until(&path, '/');
	}
	if (folder.n == 0)
		above = folder;
	ret->role = role_in_words(file);
	if (!bytes_equal(above, BYTES_STR("vcek")) || !looks_like_hwid(folder))
		return SN_OK;
	ret->role = ret->role == AMD_ROLE_NONE ? AMD_ROLE_VCEK : ret->role;
	SN_TRY(read_hwid(folder, ret, why));
	if (!ends_with(file, "_vcek.der"))
		return SN_OK;
	file.n -= strlen("_vcek.der");
	return read_file_levels(file, ret, why);
}

/* ---- addresses */

/* "blSPL=03&teeSPL=00...": any order, each once. */
static enum sn_err
read_query(struct bytes query, struct amd_name *ret, struct sn_why *why)
{
	struct amd_tcb tcb = { 0 };
	unsigned int seen = 0;

	while (query.n > 0) {
		struct bytes value = take_until(&query, '&'), key = take_until(&value, '=');
		size_t i = 0;

		while (i < SN_NITEMS(levels) && !bytes_equal(key, bytes_str(levels[i].query)))
			i++;
		if (i == SN_NITEMS(levels) || (seen & 1U << i) != 0)
			return sn_fail(why, SN_E_FORMAT,
			    "its address has a parameter that is not known, or one twice");
		SN_TRY(read_level(value, i, 1, &tcb, why));
		seen |= 1U << i;
	}
	if ((seen & ALL_BUT_FMC) != ALL_BUT_FMC)
		return sn_fail(why, SN_E_FORMAT, "its address does not name all four levels");
	tcb.has_fmc = (seen & 1U << FMC) != 0;
	ret->tcb = tcb;
	ret->has_tcb = true;
	return SN_OK;
}

static enum sn_err
read_url_product(struct bytes v, struct amd_name *ret, struct sn_why *why)
{
	enum amd_product p = amd_product_from_people(v);

	if (p == AMD_PRODUCT_COUNT)
		return sn_fail(why, SN_E_FORMAT, "its address names no product of AMD");
	if (amd_product_from_name(v) != p)
		return sn_fail(why, SN_E_FORMAT, "\"%.*s\" is %s in AMD's addresses", (int)v.n,
		    (const char *)v.p, amd_product_name(p));
	ret->product = p;
	return SN_OK;
}

static enum sn_err
read_url(struct bytes url, struct amd_name *ret, struct sn_why *why)
{
	enum amd_role role = AMD_ROLE_NONE;
	struct bytes word, last;

	if (!take_prefix(&url, KDS))
		return SN_OK;
	(void)take_prefix(&url, KDS_VLEK_PORT);
	(void)take_prefix(&url, "/");
	word = take_until(&url, '/');
	for (size_t i = 0; i < SN_NITEMS(leaves); i++)
		if (bytes_equal(word, bytes_str(leaves[i].word)))
			role = leaves[i].role;
	if (role == AMD_ROLE_NONE || !take_prefix(&url, "v1/"))
		return sn_fail(why, SN_E_FORMAT, "its address is not one of AMD's KDS");
	SN_TRY(read_url_product(take_until(&url, '/'), ret, why));
	last = take_until(&url, '?');
	if (bytes_equal(last, BYTES_STR("cert_chain")) || bytes_equal(last, BYTES_STR("crl")))
		return SN_OK;
	ret->role = role;
	if (role == AMD_ROLE_VCEK) {
		if (!looks_like_hwid(last))
			return sn_fail(why, SN_E_FORMAT, "its address names no hwid");
		SN_TRY(read_hwid(last, ret, why));
	}
	return url.n > 0 ? read_query(url, ret, why) : SN_OK;
}

/* ---- together */

enum sn_err
amd_name_parse(const char *name, struct amd_name *ret, struct sn_why *why)
{
	struct amd_name n = { .product = AMD_PRODUCT_COUNT };

	if (strstr(name, "://") != NULL)
		SN_TRY(read_url(bytes_str(name), &n, why));
	else
		SN_TRY(read_path(bytes_str(name), &n, why));
	*ret = n;
	return SN_OK;
}

enum sn_err
amd_name_check(const char *name, const struct amd_leaf *leaf, struct sn_why *why)
{
	struct amd_name n = { 0 };
	char said[AMD_TCB_NAME_MAX], is[AMD_TCB_NAME_MAX];

	SN_TRY(amd_name_parse(name, &n, why));
	if (n.role != AMD_ROLE_NONE && n.role != leaf->role)
		return sn_fail(why, SN_E_ROLE, "its name says %s, and it is a %s",
		    amd_role_name(n.role), amd_role_name(leaf->role));
	if (n.product != AMD_PRODUCT_COUNT && n.product != leaf->product)
		return sn_fail(why, SN_E_ROLE, "its name says %s, and it is for %s",
		    amd_product_name(n.product), amd_product_name(leaf->product));
	if (n.hwid_len != 0 &&
	    (n.hwid_len != leaf->hwid_len || memcmp(n.hwid, leaf->hwid, n.hwid_len) != 0))
		return sn_fail(why, SN_E_ROLE,
		    "its name is of chip %02x%02x%02x%02x, and it is for %02x%02x%02x%02x",
		    n.hwid[0], n.hwid[1], n.hwid[2], n.hwid[3], leaf->hwid[0], leaf->hwid[1],
		    leaf->hwid[2], leaf->hwid[3]);
	amd_tcb_name(&n.tcb, said);
	amd_tcb_name(&leaf->tcb, is);
	if (n.has_tcb && strcmp(said, is) != 0)
		return sn_fail(why, SN_E_ROLE, "its name says %s, and its extensions say %s",
		    said, is);
	return SN_OK;
}
