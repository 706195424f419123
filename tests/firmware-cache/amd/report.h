/*
 * report - SNP reports and the leaf certificates of made-up chips, for tests.
 *
 * Owns: nothing; what it returns is freed by the caller. May include: tests/lib, crypto, the
 * rooms of firmware-cache. Keys come from fixed seeds, so that bytes are always the same.
 */
#ifndef TEST_AMD_REPORT_H
#define TEST_AMD_REPORT_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "appliance/base/text.h"
#include "appliance/crypto/makepki.h"
#include "firmware-cache/amd/report.h"
#include "tests/lib/test.h"

#define REPORT_ARC "1.3.6.1.4.1.3704.1."

static inline void
report_must(enum sn_err e, const struct sn_why *why)
{
	if (e != SN_OK)
		fail_msg("%s: %s", sn_err_name(e), why->text);
}

/* What a chip, its levels and its certificate are. */
struct report_chip {
	enum amd_role role; /* AMD_ROLE_VCEK or AMD_ROLE_VLEK */
	enum amd_product product;
	uint8_t bl, tee, snp, ucode, fmc;
	uint8_t hwid[64]; /* the first 8 on Turin */
};

/* A DER INTEGER of one level. */
static inline struct bytes
report_level(uint8_t v, uint8_t der[4])
{
	size_t n = v < 0x80 ? 1 : 2;

	der[0] = 0x02;
	der[1] = (uint8_t)n;
	der[2] = n == 1 ? v : 0;
	der[3] = v;
	return (struct bytes){ der, 2 + n };
}

/* The certificate of that chip over subject's key, signed by issuer; DER appended. */
static inline void
report_cert(const struct report_chip *chip, const struct cry_key *subject,
    const struct cry_key *issuer, const struct cry_cert *issuer_cert, int64_t from, int64_t to,
    struct sn_buf *ret)
{
	bool turin = chip->product == AMD_TURIN, vlek = chip->role == AMD_ROLE_VLEK;
	struct cry_profile profile = { .common_name = vlek ? "SEV-VLEK" : "SEV-VCEK",
		.not_before = from,
		.not_after = to,
		.pathlen = -1 };
	const char *name = amd_product_name(chip->product);
	uint8_t der[6][4], product[32] = { 0x16, (uint8_t)strlen(name) };
	static const uint8_t csp[] = { 0x16, 0x07, 'C', 'N', '=', 't', 'e', 's', 't' };
	struct cry_raw_ext exts[9];
	struct sn_why why = { 0 };
	size_t n = 0;

	memcpy(product + 2, name, strlen(name));
	exts[n++] = (struct cry_raw_ext){ REPORT_ARC "1", false, report_level(turin, der[0]) };
	exts[n++] = (struct cry_raw_ext){ REPORT_ARC "2", false, { product, 2U + product[1] } };
	exts[n++] =
	    (struct cry_raw_ext){ REPORT_ARC "3.1", false, report_level(chip->bl, der[1]) };
	exts[n++] =
	    (struct cry_raw_ext){ REPORT_ARC "3.2", false, report_level(chip->tee, der[2]) };
	exts[n++] =
	    (struct cry_raw_ext){ REPORT_ARC "3.3", false, report_level(chip->snp, der[3]) };
	exts[n++] =
	    (struct cry_raw_ext){ REPORT_ARC "3.8", false, report_level(chip->ucode, der[4]) };
	if (turin)
		exts[n++] = (struct cry_raw_ext){ REPORT_ARC "3.9", false,
			report_level(chip->fmc, der[5]) };
	exts[n++] = vlek
	    ? (struct cry_raw_ext){ REPORT_ARC "5", false, BYTES_OF(csp) }
	    : (struct cry_raw_ext){ REPORT_ARC "4", false, { chip->hwid, turin ? 8 : 64 } };
	report_must(cry_cert_issue_raw(&profile, exts, n, true, subject, issuer, issuer_cert,
			ret, &why),
	    &why);
}

/* A report of that chip, version 3, CPUID of its product; unsigned. */
static inline void
report_fill(const struct report_chip *chip, uint8_t ret[AMD_REPORT_LEN])
{
	static const uint8_t cpuid[AMD_PRODUCT_COUNT][3] = {
		[AMD_MILAN] = { 0x19, 0x01, 0x01 },
		[AMD_GENOA] = { 0x19, 0x11, 0x01 },
		[AMD_TURIN] = { 0x1a, 0x02, 0x01 },
	};
	bool turin = chip->product == AMD_TURIN;
	static const size_t tcbs[] = { 0x038, 0x180, 0x1e0, 0x1f0 };

	memset(ret, 0, AMD_REPORT_LEN);
	ret[0x000] = 3;
	ret[0x00a] = 3; /* policy: SMT allowed, and the bit that is always 1 */
	ret[0x034] = 1;
	ret[0x048] = chip->role == AMD_ROLE_VLEK ? 4 : 0;
	memset(ret + 0x050, 0xda, 64);
	memset(ret + 0x090, 0x4d, 48);
	memcpy(ret + 0x188, cpuid[chip->product], 3);
	if (chip->role == AMD_ROLE_VCEK)
		memcpy(ret + 0x1a0, chip->hwid, turin ? 8 : 64);
	for (size_t i = 0; i < SN_NITEMS(tcbs); i++) {
		uint8_t *t = ret + tcbs[i];

		t[turin ? 1 : 0] = chip->bl;
		t[turin ? 2 : 1] = chip->tee;
		t[turin ? 3 : 6] = chip->snp;
		t[7] = chip->ucode;
		if (turin)
			t[0] = chip->fmc;
	}
}

/* Sign it, as the chip does: R and S little-endian. */
static inline void
report_sign(const struct cry_key *k, uint8_t report[AMD_REPORT_LEN])
{
	struct sn_buf rs = { 0 };
	struct sn_why why = { 0 };

	report_must(cry_sign_raw_ecdsa(k, (struct bytes){ report, 0x2a0 }, &rs, &why), &why);
	assert_int_equal(rs.n, 96);
	memset(report + 0x2a0, 0, AMD_REPORT_LEN - 0x2a0);
	for (size_t i = 0; i < 48; i++) {
		report[0x2a0 + i] = rs.p[47 - i];
		report[0x2a0 + 72 + i] = rs.p[95 - i];
	}
	sn_buf_done(&rs);
}

#endif
