/*
 * fleet_make - a fleet of machines on disk: certificates of a vendor-like PKI by the ten
 * thousand, for benchmarks and tests of streaming.
 *
 * Owns: nothing. May include: tests/lib, the rooms of firmware-cache. Machine i has the same
 * identity, levels and key for the same i every time; the CAs' keys and the salts of RSA
 * signatures are new each time. Even machines are AMD's (VCEK), odd ones Intel's (PCK). Keys
 * repeat after FLEET_KEYS machines: nobody who verifies can tell.
 */
#ifndef TEST_FLEET_MAKE_H
#define TEST_FLEET_MAKE_H

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "appliance/base/file.h"
#include "appliance/crypto/der.h"
#include "appliance/crypto/makepki.h"
#include "firmware-cache/cmd/pki.h"

#define FLEET_FMSPCS 50U
#define FLEET_PER_DIR 250U
#define FLEET_KEYS 32U
#define FLEET_SECRETS (64U << 10)
#define FLEET_ARC "1.3.6.1.4.1.3704.1."

struct fleet_make {
	struct pki pki;
	struct cry_key *keys[2][FLEET_KEYS]; /* of VCEKs, of PCKs */
	const char *dir;
};

static inline void
fleet_must(enum sn_err e, const struct sn_why *why)
{
	if (e == SN_OK)
		return;
	fprintf(stderr, "fleet: %s: %s\n", sn_err_name(e), why->text);
	exit(1);
}

static inline void
fleet_write(const char *dir, const char *path, struct bytes b)
{
	struct sn_why why = { 0 };
	char full[1024];

	snprintf(full, sizeof(full), "%s/%s", dir, path);
	fleet_must(sn_file_parents(AT_FDCWD, full, &why), &why);
	fleet_must(sn_file_write(AT_FDCWD, full, b, 0644, true, &why), &why);
}

/* 48 bytes that are always the same for machine i. */
static inline void
fleet_seed(const char *what, size_t i, uint8_t ret[48])
{
	struct sn_why why = { 0 };
	char text[64];

	snprintf(text, sizeof(text), "fleet %s %zu", what, i);
	fleet_must(cry_digest(CRY_SHA384, bytes_str(text), ret, &why), &why);
}

static inline void
fleet_fmspc(size_t i, uint8_t ret[6])
{
	const uint8_t fmspc[6] = { 0x00, 0xf1, (uint8_t)(i % FLEET_FMSPCS), 0xee, 0x70, 0x00 };

	memcpy(ret, fmspc, sizeof(fmspc));
}

/* ---- one certificate */

static inline void
fleet_make_keys(struct fleet_make *f)
{
	struct sn_why why = { 0 };
	uint8_t seed[48];

	for (size_t i = 0; i < FLEET_KEYS; i++) {
		fleet_seed("key", i, seed);
		fleet_must(cry_key_from_seed(CRY_P384, BYTES_OF(seed), &f->keys[0][i], &why),
		    &why);
		fleet_must(cry_key_from_seed(CRY_P256, (struct bytes){ seed, 32 },
			       &f->keys[1][i], &why),
		    &why);
	}
}

static inline void
fleet_issue(const struct fleet_make *f, size_t i, const struct cry_profile *profile,
    const struct cry_raw_ext *exts, size_t n, enum pki_party issuer, struct sn_buf *ret)
{
	struct sn_why why = { 0 };

	fleet_must(cry_cert_issue_raw(profile, exts, n, issuer == PKI_ASK,
		       f->keys[issuer != PKI_ASK][i / 2 % FLEET_KEYS], f->pki.keys[issuer],
		       f->pki.certs[issuer], ret, &why),
	    &why);
}

static inline void
fleet_vcek(const struct fleet_make *f, size_t i, struct sn_buf *ret)
{
	static const uint8_t zero[] = { 2, 1, 0 }, snp[] = { 2, 1, 8 },
			     milan[] = { 0x16, 8, 'M', 'i', 'l', 'a', 'n', '-', 'B', '0' };
	const uint8_t bl[] = { 2, 1, (uint8_t)(i % 8) },
		      ucode[] = { 2, 2, 0, (uint8_t)(0x80 + i % 100) };
	uint8_t hwid[64] = { 0 };
	const struct cry_raw_ext exts[] = {
		{ FLEET_ARC "1", false, BYTES_OF(zero) },
		{ FLEET_ARC "2", false, BYTES_OF(milan) },
		{ FLEET_ARC "3.1", false, BYTES_OF(bl) },
		{ FLEET_ARC "3.2", false, BYTES_OF(zero) },
		{ FLEET_ARC "3.3", false, BYTES_OF(snp) },
		{ FLEET_ARC "3.4", false, BYTES_OF(zero) },
		{ FLEET_ARC "3.5", false, BYTES_OF(zero) },
		{ FLEET_ARC "3.6", false, BYTES_OF(zero) },
		{ FLEET_ARC "3.7", false, BYTES_OF(zero) },
		{ FLEET_ARC "3.8", false, BYTES_OF(ucode) },
		{ FLEET_ARC "4", false, BYTES_OF(hwid) },
	};
	const struct cry_profile profile = { .common_name = "SEV-VCEK",
		.organization = "REHEARSAL",
		.not_before = f->pki.from,
		.not_after = f->pki.to - (int64_t)(i % 1000) * 86400,
		.pathlen = -1 };

	fleet_seed("hwid", i, hwid);
	fleet_issue(f, i, &profile, exts, SN_NITEMS(exts), PKI_ASK, ret);
}

static inline void
fleet_member(struct sn_buf *list, uint8_t id, uint8_t sub, uint8_t tag, struct bytes value)
{
	static const uint8_t arc[] = { 0x2a, 0x86, 0x48, 0x86, 0xf8, 0x4d, 0x01, 0x0d, 0x01 };
	SN_CLEANUP(sn_buf_done) struct sn_buf oid = { 0 }, member = { 0 };

	sn_buf_put(&oid, BYTES_OF(arc));
	sn_buf_u8(&oid, id);
	if (sub != 0)
		sn_buf_u8(&oid, sub);
	der_put(&member, 0x06, sn_buf_bytes(&oid));
	der_put(&member, tag, value);
	der_put(list, DER_SEQUENCE, sn_buf_bytes(&member));
}

/* The SGX extension of a PCK certificate that the Processor CA signs. */
static inline void
fleet_sgx(size_t i, struct sn_buf *ret)
{
	SN_CLEANUP(sn_buf_done) struct sn_buf list = { 0 }, tcb = { 0 };
	static const uint8_t pceid[2] = { 0 }, zero[] = { 0 }, pcesvn[] = { 11 };
	uint8_t cpusvn[16], ppid[48], fmspc[6];

	for (uint8_t k = 0; k < 16; k++)
		cpusvn[k] = (uint8_t)((i + k) % 16);
	fleet_seed("ppid", i, ppid);
	fleet_fmspc(i, fmspc);
	fleet_member(&list, 1, 0, DER_OCTETS, (struct bytes){ ppid, 16 });
	for (uint8_t k = 1; k <= 16; k++)
		fleet_member(&tcb, 2, k, DER_INTEGER, (struct bytes){ &cpusvn[k - 1], 1 });
	fleet_member(&tcb, 2, 17, DER_INTEGER, BYTES_OF(pcesvn));
	fleet_member(&tcb, 2, 18, DER_OCTETS, BYTES_OF(cpusvn));
	fleet_member(&list, 2, 0, DER_SEQUENCE, sn_buf_bytes(&tcb));
	fleet_member(&list, 3, 0, DER_OCTETS, BYTES_OF(pceid));
	fleet_member(&list, 4, 0, DER_OCTETS, BYTES_OF(fmspc));
	fleet_member(&list, 5, 0, 0x0a, BYTES_OF(zero));
	der_put(ret, DER_SEQUENCE, sn_buf_bytes(&list));
}

static inline void
fleet_pck(const struct fleet_make *f, size_t i, struct sn_buf *ret)
{
	static const uint8_t usage[] = { 3, 2, 6, 0xc0 }, not_ca[] = { 0x30, 0 };
	SN_CLEANUP(sn_buf_done) struct sn_buf sgx = { 0 };
	struct cry_profile profile = { .common_name = "Intel SGX PCK Certificate",
		.organization = "REHEARSAL",
		.not_before = f->pki.from,
		.not_after = f->pki.to - (int64_t)(i % 1000) * 86400,
		.pathlen = -1 };
	uint8_t serial[48];

	fleet_sgx(i, &sgx);
	fleet_seed("serial", i, serial);
	memcpy(profile.serial + 1, serial, 19);
	profile.serial[1] = 0x5a;
	fleet_issue(f, i, &profile,
	    (const struct cry_raw_ext[]){ { "2.5.29.15", true, BYTES_OF(usage) },
		{ "2.5.29.19", true, BYTES_OF(not_ca) },
		{ "1.2.840.113741.1.13.1", false, sn_buf_bytes(&sgx) } },
	    3, PKI_PROCESSOR_CA, ret);
}

/* ---- what signs them, and the TCB infos */

static inline enum sn_err
fleet_signer(void *arg, const char *path, struct bytes b, struct sn_why *why SN_UNUSED)
{
	const struct fleet_make *f = arg;
	char below[512];

	snprintf(below, sizeof(below), "signers/%s", path);
	fleet_write(f->dir, below, b);
	return SN_OK;
}

/* A body as large as a real one: 16 levels. */
static inline void
fleet_tcb_body(size_t i, struct sn_buf *ret)
{
	uint8_t fmspc[6];

	fleet_fmspc(i, fmspc);
	sn_buf_fmt(ret,
	    "{\"id\":\"SGX\",\"version\":3,\"issueDate\":\"" PKI_FROM
	    "\",\"nextUpdate\":\"" PKI_TO
	    "\",\"fmspc\":\"%02X%02X%02X%02X%02X%02X\",\"pceId\":\"0000\",\"tcbType\":0,"
	    "\"tcbEvaluationDataNumber\":17,\"tcbLevels\":[",
	    fmspc[0], fmspc[1], fmspc[2], fmspc[3], fmspc[4], fmspc[5]);
	for (unsigned int level = 0; level < 16; level++) {
		sn_buf_fmt(ret, "%s{\"tcb\":{\"sgxtcbcomponents\":[", level > 0 ? "," : "");
		for (unsigned int k = 0; k < 16; k++)
			sn_buf_fmt(ret, "%s{\"svn\":%u}", k > 0 ? "," : "", 16 - level);
		sn_buf_fmt(ret,
		    "],\"pcesvn\":11},\"tcbDate\":\"" PKI_FROM "\",\"tcbStatus\":\"%s\"}",
		    level == 0 ? "UpToDate" : "OutOfDate");
	}
	sn_buf_str(ret, "]}");
}

static inline void
fleet_make_signers(struct fleet_make *f)
{
	SN_CLEANUP(sn_buf_done) struct sn_buf roots = { 0 };
	struct sn_why why = { 0 };
	char path[512];

	fleet_must(pki_make(&f->pki, &why), &why);
	fleet_must(pki_each(&f->pki, fleet_signer, f, &why), &why);
	for (size_t i = 0; i < FLEET_FMSPCS; i++) {
		SN_CLEANUP(sn_buf_done) struct sn_buf body = { 0 }, json = { 0 };

		fleet_tcb_body(i, &body);
		sn_buf_u8(&body, 0);
		fleet_must(pki_sign_json(&f->pki, PKI_TCB_SIGNING, "tcbInfo",
			       (const char *)body.p, &json, &why),
		    &why);
		snprintf(path, sizeof(path), "signers/intel/tcb/%02zu.json", i);
		fleet_write(f->dir, path, sn_buf_bytes(&json));
	}
	fleet_must(pki_roots_json(&f->pki, &roots, &why), &why);
	snprintf(path, sizeof(path), "%s.json", f->dir);
	fleet_write(".", path, sn_buf_bytes(&roots));
}

static inline void
fleet_path(size_t i, char ret[64])
{
	snprintf(ret, 64, "machines/%03zu/%03zu.der", i / FLEET_PER_DIR, i % FLEET_PER_DIR);
}

/* Machines from, from + step, ... below n. */
static inline void
fleet_make_machines(const struct fleet_make *f, size_t from, size_t step, size_t n)
{
	char path[64];

	for (size_t i = from; i < n; i += step) {
		SN_CLEANUP(sn_buf_done) struct sn_buf der = { 0 };

		if (i % 2 == 0)
			fleet_vcek(f, i, &der);
		else
			fleet_pck(f, i, &der);
		fleet_path(i, path);
		fleet_write(f->dir, path, sn_buf_bytes(&der));
	}
}

/* DIR.json (the roots), DIR/signers, DIR/machines with n machines; in two processes. */
static inline void
fleet_make(const char *dir, size_t n)
{
	struct fleet_make f = { .dir = dir };
	struct sn_why why = { 0 };
	int status = 0;
	pid_t pid;

	fleet_must(sn_secret_start(FLEET_SECRETS, &why), &why);
	fleet_make_keys(&f);
	fleet_make_signers(&f);
	pid = fork(); /* locked memory stays behind: all keys are there by now */
	if (pid == 0) {
		/* every other pair, so that both have as much RSA to do */
		fleet_make_machines(&f, 0, 4, n);
		fleet_make_machines(&f, 1, 4, n);
		_exit(0);
	}
	fleet_make_machines(&f, 2, 4, n);
	fleet_make_machines(&f, 3, 4, n);
	if (pid < 0 || waitpid(pid, &status, 0) != pid || status != 0) {
		fprintf(stderr, "fleet: a process that made certificates failed\n");
		exit(1);
	}
	for (size_t i = 0; i < FLEET_KEYS; i++) {
		cry_key_free(&f.keys[0][i]);
		cry_key_free(&f.keys[1][i]);
	}
	pki_done(&f.pki);
}

#endif
