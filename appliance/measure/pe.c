#include "appliance/measure/pe.h"

#include <string.h>

#include "appliance/crypto/digest.h"

#define DOS_MAGIC 0x5a4d
#define DOS_HEADER_AT 0x3c
#define PE_MAGIC 0x00004550
#define PE32_PLUS 0x20b
#define COFF_LEN 24	    /* signature and file header */
#define HEADERS_AT 60	    /* SizeOfHeaders, from the optional header */
#define CHECKSUM_AT 64	    /* CheckSum */
#define DIRECTORIES_AT 108  /* NumberOfRvaAndSizes */
#define CERTIFICATES_AT 144 /* the fifth data directory */
#define CERTIFICATE_DIRECTORY 4
#define SECTION_LEN 40
#define PIECES (PE_SECTIONS_MAX + 4)

static enum sn_err
le16_at(struct bytes b, size_t at, uint16_t *ret, const char *what, struct sn_why *why)
{
	struct bytes f;

	SN_TRY(bytes_slice(b, at, 2, &f, what, why));
	return bytes_le16(&f, ret, what, why);
}

static enum sn_err
le32_at(struct bytes b, size_t at, uint32_t *ret, const char *what, struct sn_why *why)
{
	struct bytes f;

	SN_TRY(bytes_slice(b, at, 4, &f, what, why));
	return bytes_le32(&f, ret, what, why);
}

static enum sn_err
section_name(struct bytes raw, char ret[PE_NAME_MAX + 1], struct sn_why *why)
{
	size_t n = 0;

	memset(ret, 0, PE_NAME_MAX + 1);
	while (n < PE_NAME_MAX && raw.p[n] != 0) {
		if (raw.p[n] <= 0x20 || raw.p[n] > 0x7e)
			return sn_fail(why, SN_E_FORMAT, "PE image: a section's name");
		ret[n] = (char)raw.p[n];
		n++;
	}
	return SN_OK;
}

static enum sn_err
section_parse(struct bytes file, struct bytes row, struct pe_section *ret, struct sn_why *why)
{
	uint32_t size, at;
	struct bytes name;

	SN_TRY(bytes_take(&row, PE_NAME_MAX, &name, "PE image: section", why));
	SN_TRY(section_name(name, ret->name, why));
	SN_TRY(bytes_le32(&row, &ret->size, "PE image: VirtualSize", why));
	SN_TRY(bytes_take(&row, 4, &name, "PE image: section", why));
	SN_TRY(bytes_le32(&row, &size, "PE image: SizeOfRawData", why));
	SN_TRY(bytes_le32(&row, &at, "PE image: PointerToRawData", why));
	return bytes_slice(file, size > 0 ? at : 0, size, &ret->data, "PE image: section", why);
}

static enum sn_err
sections_parse(struct pe *pe, size_t table, uint16_t n, struct sn_why *why)
{
	if (n > PE_SECTIONS_MAX)
		return sn_fail(why, SN_E_LIMIT, "PE image: %u sections, %d are the most", n,
		    PE_SECTIONS_MAX);
	for (size_t i = 0; i < n; i++) {
		struct bytes row;

		SN_TRY(bytes_slice(pe->file, table + i * SECTION_LEN, SECTION_LEN, &row,
		    "PE image: section table", why));
		SN_TRY(section_parse(pe->file, row, &pe->section[i], why));
		if (pe_find(pe, pe->section[i].name) != NULL)
			return sn_fail(why, SN_E_FORMAT, "PE image: two sections %s",
			    pe->section[i].name);
		pe->nsections = i + 1;
	}
	return SN_OK;
}

/* Signatures, when there are any, are the last thing in the file. */
static enum sn_err
certificates_parse(struct pe *pe, size_t optional, struct sn_why *why)
{
	uint32_t directories, at, size;

	SN_TRY(le32_at(pe->file, optional + DIRECTORIES_AT, &directories,
	    "PE image: data directories", why));
	if (directories <= CERTIFICATE_DIRECTORY)
		return sn_fail(why, SN_E_FORMAT, "PE image: no place for signatures");
	pe->certificates_at = optional + CERTIFICATES_AT;
	SN_TRY(le32_at(pe->file, pe->certificates_at, &at, "PE image: signatures", why));
	SN_TRY(le32_at(pe->file, pe->certificates_at + 4, &size, "PE image: signatures", why));
	if (size > 0 && (uint64_t)at + size != pe->file.n)
		return sn_fail(why, SN_E_FORMAT,
		    "PE image: the signatures are not at the end of the file");
	pe->certificates = size;
	if ((pe->file.n - size) % 8 != 0)
		return sn_fail(why, SN_E_FORMAT,
		    "PE image: its length is not a multiple of 8, so that signing it would "
		    "change its digest");
	return SN_OK;
}

enum sn_err
pe_parse(struct bytes file, struct pe *ret, struct sn_why *why)
{
	struct pe pe = { .file = file };
	uint16_t magic, n, optional_len;
	uint32_t at, mark, headers;
	size_t optional;

	SN_TRY(le16_at(file, 0, &magic, "PE image", why));
	if (magic != DOS_MAGIC)
		return sn_fail(why, SN_E_FORMAT, "PE image: it does not begin with MZ");
	SN_TRY(le32_at(file, DOS_HEADER_AT, &at, "PE image: header", why));
	SN_TRY(le32_at(file, at, &mark, "PE image: header", why));
	if (mark != PE_MAGIC)
		return sn_fail(why, SN_E_FORMAT, "PE image: no PE header");
	SN_TRY(le16_at(file, (size_t)at + 6, &n, "PE image: sections", why));
	SN_TRY(le16_at(file, (size_t)at + 20, &optional_len, "PE image: header", why));
	optional = (size_t)at + COFF_LEN;
	SN_TRY(le16_at(file, optional, &magic, "PE image: optional header", why));
	if (magic != PE32_PLUS || optional_len < CERTIFICATES_AT + 8)
		return sn_fail(why, SN_E_FORMAT, "PE image: not a 64-bit image");
	SN_TRY(le32_at(file, optional + HEADERS_AT, &headers, "PE image: headers", why));
	pe.checksum_at = optional + CHECKSUM_AT;
	SN_TRY(certificates_parse(&pe, optional, why));
	pe.headers = headers;
	if (headers < pe.certificates_at + 8 || headers > file.n - pe.certificates)
		return sn_fail(why, SN_E_FORMAT, "PE image: SizeOfHeaders is %u", headers);
	SN_TRY(sections_parse(&pe, optional + optional_len, n, why));
	*ret = pe;
	return SN_OK;
}

const struct pe_section *
pe_find(const struct pe *pe, const char *name)
{
	for (size_t i = 0; i < pe->nsections; i++)
		if (strcmp(pe->section[i].name, name) == 0)
			return &pe->section[i];
	return NULL;
}

/* Sections with bytes, by their place in the file. */
static size_t
sections_in_order(const struct pe *pe, struct bytes ret[PE_SECTIONS_MAX])
{
	size_t n = 0;

	for (size_t i = 0; i < pe->nsections; i++) {
		size_t k = n;

		if (pe->section[i].data.n == 0)
			continue;
		for (; k > 0 && ret[k - 1].p > pe->section[i].data.p; k--)
			ret[k] = ret[k - 1];
		ret[k] = pe->section[i].data;
		n++;
	}
	return n;
}

enum sn_err
pe_authenticode(const struct pe *pe, uint8_t ret[32], struct sn_why *why)
{
	struct bytes piece[PIECES], f = pe->file;
	size_t sum = pe->headers, end = f.n - pe->certificates, n = 3;

	piece[0] = (struct bytes){ f.p, pe->checksum_at };
	piece[1] = (struct bytes){ f.p + pe->checksum_at + 4,
		pe->certificates_at - pe->checksum_at - 4 };
	piece[2] = (struct bytes){ f.p + pe->certificates_at + 8,
		pe->headers - pe->certificates_at - 8 };
	n += sections_in_order(pe, piece + n);
	for (size_t i = 3; i < n; i++)
		sum += piece[i].n;
	if (sum > end)
		return sn_fail(why, SN_E_FORMAT, "PE image: its sections overlap");
	piece[n++] = (struct bytes){ f.p + sum, end - sum };
	return cry_digest_v(CRY_SHA256, piece, n, ret, why);
}
