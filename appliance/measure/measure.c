#include "appliance/measure/measure.h"

#include <string.h>

#include "appliance/crypto/digest.h"
#include "appliance/measure/pe.h"

#define CMDLINE_MAX 4096
#define PADDING_MAX 65536 /* a section's bytes in memory behind those in the file */

const unsigned int measure_zero[] = { 8, 10, 12, 13, 14 };
const size_t measure_nzero = SN_NITEMS(measure_zero);

/* In systemd-stub's order. What is not measured here would change another register. */
static const struct section_row {
	const char *name;
	bool known;
} rows[] = {
	{ ".linux", true },
	{ ".osrel", false }, /* the stub would add it to the initramfs */
	{ ".cmdline", true },
	{ ".initrd", true },
	{ ".ucode", false },
	{ ".splash", false },
	{ ".dtb", false },
	{ ".uname", true },
	{ ".sbat", true },
	{ ".pcrsig", false },
	{ ".pcrpkey", false },
	{ ".profile", false },
	{ ".dtbauto", false },
	{ ".hwids", false },
};

enum sn_err
measure_extend(uint8_t pcr[32], const uint8_t digest[32], struct sn_why *why)
{
	const struct bytes parts[] = { { pcr, 32 }, { digest, 32 } };
	uint8_t out[32];

	SN_TRY(cry_digest_v(CRY_SHA256, parts, SN_NITEMS(parts), out, why));
	memcpy(pcr, out, 32);
	return SN_OK;
}

enum sn_err
measure_extend_data(uint8_t pcr[32], struct bytes data, struct sn_why *why)
{
	uint8_t digest[32];

	SN_TRY(cry_digest(CRY_SHA256, data, digest, why));
	return measure_extend(pcr, digest, why);
}

/* The section as it lies in memory: cut at its size there, or followed by zeros. */
static enum sn_err
section_digest(const struct pe_section *s, uint8_t ret[32], struct sn_why *why)
{
	static const uint8_t zeros[PADDING_MAX];
	struct bytes parts[2] = { s->data, { zeros, 0 } };

	if (s->size < s->data.n)
		parts[0].n = s->size;
	else if (s->size - s->data.n > PADDING_MAX)
		return sn_fail(why, SN_E_FORMAT, "image: section %s grows in memory", s->name);
	else
		parts[1].n = s->size - s->data.n;
	return cry_digest_v(CRY_SHA256, parts, 2, ret, why);
}

/* PCR 11: each section's name with its NUL, then its bytes. */
static enum sn_err
measure_sections(const struct pe *pe, struct measure_values *v, struct sn_why *why)
{
	for (size_t i = 0; i < SN_NITEMS(rows); i++) {
		const struct pe_section *s = pe_find(pe, rows[i].name);
		struct measure_section *m = &v->section[v->nsections];

		if (s == NULL)
			continue;
		if (!rows[i].known)
			return sn_fail(why, SN_E_FORMAT,
			    "image: section %s is not one that this image has", rows[i].name);
		m->name = rows[i].name;
		SN_TRY(section_digest(s, m->sha256, why));
		SN_TRY(measure_extend_data(v->pcr11,
		    (struct bytes){ (const uint8_t *)m->name, strlen(m->name) + 1 }, why));
		SN_TRY(measure_extend(v->pcr11, m->sha256, why));
		v->nsections++;
	}
	return SN_OK;
}

/* PCR 9: the command line in UTF-16 with its NUL, then the initramfs. */
static enum sn_err
measure_kernel_input(const struct pe *pe, struct measure_values *v, struct sn_why *why)
{
	const struct pe_section *line = pe_find(pe, ".cmdline");
	const struct pe_section *initrd = pe_find(pe, ".initrd");
	uint8_t wide[2 * (CMDLINE_MAX + 1)] = { 0 }, digest[32];
	size_t n = 0;

	if (line == NULL || initrd == NULL)
		return sn_fail(why, SN_E_FORMAT, "image: no command line or no initramfs");
	while (n < line->data.n && n < line->size && line->data.p[n] != 0) {
		if (n == CMDLINE_MAX || line->data.p[n] > 0x7e)
			return sn_fail(why, SN_E_FORMAT, "image: its command line");
		wide[2 * n] = line->data.p[n];
		n++;
	}
	SN_TRY(measure_extend_data(v->pcr9, (struct bytes){ wide, 2 * (n + 1) }, why));
	SN_TRY(section_digest(initrd, digest, why));
	return measure_extend(v->pcr9, digest, why);
}

/* PCR 4: that a boot option is tried, the separator, then each image that is started. */
static enum sn_err
measure_boot_manager(const struct pe *pe, struct measure_values *v, struct sn_why *why)
{
	static const uint8_t separator[4];
	const struct pe_section *linux_ = pe_find(pe, ".linux");
	struct pe kernel;
	uint8_t digest[32];

	if (linux_ == NULL)
		return sn_fail(why, SN_E_FORMAT,
		    "image: no section .linux, so it is no unified kernel image");
	SN_TRY(pe_authenticode(pe, v->authenticode, why));
	SN_TRY(measure_extend_data(v->pcr4_sb,
	    BYTES_STR("Calling EFI Application from Boot Option"), why));
	SN_TRY(measure_extend_data(v->pcr4_sb, BYTES_OF(separator), why));
	SN_TRY(measure_extend(v->pcr4_sb, v->authenticode, why));
	memcpy(v->pcr4_nosb, v->pcr4_sb, 32);
	SN_TRY(pe_parse((struct bytes){ linux_->data.p,
			    linux_->size < linux_->data.n ? linux_->size : linux_->data.n },
	    &kernel, why));
	SN_TRY(pe_authenticode(&kernel, digest, why));
	return measure_extend(v->pcr4_nosb, digest, why);
}

enum sn_err
measure_uki(struct bytes uki, struct measure_values *ret, struct sn_why *why)
{
	struct measure_values v = { 0 };
	struct pe pe;

	SN_TRY(pe_parse(uki, &pe, why));
	SN_TRY(measure_boot_manager(&pe, &v, why));
	SN_TRY(measure_sections(&pe, &v, why));
	SN_TRY(measure_kernel_input(&pe, &v, why));
	*ret = v;
	return SN_OK;
}
