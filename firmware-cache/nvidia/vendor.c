#include <stdio.h>
#include <string.h>

#include "appliance/base/text.h"
#include "firmware-cache/nvidia/vendor.h"

#define TAG "<SoftwareIdentity "
#define TAG_END "</SoftwareIdentity>"
#define TAG_BASE64 "PFNvZnR3YXJlSWRlbnRpdHkg" /* TAG */
#define XML "<?xml "
#define MAKER "NVIDIA Corporation"

#define ROLE_CERTIFICATE 1

static const struct col_role roles[] = {
	[0] = { .name = "none" },
	[ROLE_CERTIFICATE] = { .name = "certificate", .kind = COL_KIND_NVIDIA_CERTIFICATE },
};

static unsigned int
role_of(const struct cry_cert *x, unsigned int *ret_product)
{
	*ret_product = 0;
	return bytes_find(cry_cert_subject_der(x), BYTES_STR("NVIDIA")) != SIZE_MAX
	    ? ROLE_CERTIFICATE
	    : 0;
}

static bool
starts_with(struct bytes b, const char *s)
{
	return b.n >= strlen(s) && memcmp(b.p, s, strlen(s)) == 0;
}

static struct bytes
trimmed(struct bytes b)
{
	while (b.n > 0 && strchr(" \t\r\n", b.p[b.n - 1]) != NULL && b.p[b.n - 1] != '\0')
		b.n--;
	return b;
}

/* The value of an attribute in the first tag, for the label alone; false when it has none. */
static bool
attribute(struct bytes tag, const char *name, char *ret, size_t max)
{
	struct bytes v;
	size_t at = bytes_find(tag, bytes_str(name));
	size_t n = 0;

	if (at == SIZE_MAX)
		return false;
	at += strlen(name);
	v = (struct bytes){ tag.p + at, tag.n - at };
	while (n < v.n && v.p[n] != '"')
		n++;
	if (n == 0 || n == v.n || n >= max || !text_printable((struct bytes){ v.p, n }, max))
		return false;
	memcpy(ret, v.p, n);
	ret[n] = '\0';
	return true;
}

/* Nothing of it is believed: only that it is one whole tag, and cannot do harm as text. */
static enum sn_err
read_xml(struct bytes b, struct col_claim *c, struct sn_why *why)
{
	size_t start = bytes_find(b, BYTES_STR(TAG)), end;
	char name[16], id[97];
	struct bytes tag, rest = b;
	uint32_t ch;

	if (b.n > NVIDIA_RIM_MAX)
		return sn_fail(why, SN_E_LIMIT, "a RIM of %zu bytes, at most %u are taken", b.n,
		    NVIDIA_RIM_MAX);
	while (text_utf8_next(&rest, &ch))
		; /* to the end, or to what is no UTF-8 */
	if (rest.n != 0 || bytes_find(b, BYTES_STR("\0")) != SIZE_MAX)
		return sn_fail(why, SN_E_FORMAT, "a RIM that is not UTF-8 text");
	if (bytes_find(b, BYTES_STR("<!DOCTYPE")) != SIZE_MAX ||
	    bytes_find(b, BYTES_STR("<!ENTITY")) != SIZE_MAX)
		return sn_fail(why, SN_E_FORMAT,
		    "a RIM with a document type; NVIDIA's have none, and it can make a parser "
		    "read files");
	b = trimmed(b);
	tag = (struct bytes){ b.p + start, b.n - start };
	end = bytes_find(tag, BYTES_STR(">"));
	if (tag.n < strlen(TAG_END) || end == SIZE_MAX ||
	    memcmp(b.p + b.n - strlen(TAG_END), TAG_END, strlen(TAG_END)) != 0)
		return sn_fail(why, SN_E_FORMAT, "a RIM that is not whole; fetch it again");
	if (bytes_find(tag, BYTES_STR(MAKER)) == SIZE_MAX)
		return sn_fail(why, SN_E_FORMAT, "a software tag that is not NVIDIA's");
	tag.n = end;
	if (attribute(tag, " name=\"", name, sizeof(name)) &&
	    attribute(tag, " tagId=\"", id, sizeof(id)))
		snprintf(c->label, sizeof(c->label), "NVIDIA RIM %s %.16s", name, id);
	else
		snprintf(c->label, sizeof(c->label), "NVIDIA RIM");
	return SN_OK;
}

static enum sn_err
read_base64(struct bytes b, struct col_claim *c, struct sn_why *why)
{
	SN_CLEANUP(sn_buf_done) struct sn_buf xml = { 0 };

	SN_TRY(sn_base64_parse(trimmed(b), NVIDIA_RIM_MAX, &xml, "RIM", why));
	return read_xml(sn_buf_bytes(&xml), c, why);
}

static enum sn_err
read_rim(struct bytes b, struct col_claim *c, bool *ret_mine, struct sn_why *why)
{
	bool xml = starts_with(b, TAG) ||
	    (starts_with(b, XML) && bytes_find(b, BYTES_STR(TAG)) != SIZE_MAX);

	if (!xml && !starts_with(b, TAG_BASE64))
		return SN_OK;
	*ret_mine = true;
	c->vendor = COL_VENDOR_NVIDIA;
	c->kind = COL_KIND_NVIDIA_RIM;
	c->carried = true;
	return xml ? read_xml(b, c, why) : read_base64(b, c, why);
}

const struct col_vendor_ops nvidia_vendor = {
	.vendor = COL_VENDOR_NVIDIA,
	.title = "NVIDIA",
	.roles = roles,
	.nroles = SN_NITEMS(roles),
	.role_of = role_of,
	.read = read_rim,
};
