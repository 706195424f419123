/*
 * fixture - a small Sanctum with real keys, and whole bundles of it in directories,
 * good ones and, on demand, bad ones.
 *
 * Owns: keys until fix_done(). Included by the tests of bundle, node and crosscheck,
 * each a program of its own, so everything is static.
 */
#ifndef TEST_BUNDLE_FIXTURE_H
#define TEST_BUNDLE_FIXTURE_H

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "appliance/base/file.h"
#include "appliance/base/text.h"
#include "appliance/crypto/cms.h"
#include "ceremony/bundle/verify.h"
#include "ceremony/bundle/writer.h"
#include "ceremony/keys/certs.h"
#include "ceremony/transcript/transcript.h"
#include "tests/lib/test.h"

#define FIX_T0 1767225600 /* 2026-01-01T00:00:00Z, the statement's time */
#define FIX_DAY 86400
#define FIX_FROM 1735689600    /* 2025-01-01 */
#define FIX_LEAF_TO 1798675200 /* 2026-12-31 */
#define FIX_EXPIRY (FIX_LEAF_TO)
#define FIX_ROOT_TO 2366841600 /* 2045-01-01 */
#define FIX_APPROVERS 3

#define FIX_OK(call)                                                                           \
	do {                                                                                   \
		struct sn_why fix_why_ = { 0 };                                                \
		struct sn_why *why = &fix_why_;                                                \
		const enum sn_err fix_e_ = (call);                                             \
		if (fix_e_ != SN_OK)                                                           \
			fail_msg("%s: %s: %s", #call, sn_err_name(fix_e_), fix_why_.text);     \
	} while (0)

struct fix {
	struct plan plan;
	struct identity id;
	struct certs certs;
	struct certs_files files;
	struct cry_key *approver[FIX_APPROVERS], *ak;
	uint8_t identity[32];
	uint8_t plan_digest[32];
};

static const char *const fix_names[FIX_APPROVERS] = { "alice", "bob", "carol" };

/* What a bundle is to be; zero is a good production genesis with software evidence off. */
struct fix_bundle {
	uint32_t sequence;	  /* 0: 1 */
	const char *evidence;	  /* NULL: "vendor" */
	const char *mode;	  /* NULL: "genesis" */
	int64_t time;		  /* 0: FIX_T0 */
	int64_t collateral_until; /* an expiry "collateral ..."; 0: none */
	bool has_collateral_time;
	unsigned int approvals;		       /* bits of fix_names; 0: alice and bob */
	enum key_id signer_p384, signer_mldsa; /* 0: the statement signers */
	bool wrong_size;	/* the statement names a transcript of another size */
	const char *extra_path; /* one more bound file */
	struct bytes extra;
	struct bytes records; /* instead of the transcript's (and a fitting checkpoint) */
	uint32_t skip_pcr15;  /* records that PCR 15 has not seen */
	uint8_t audit_twist;  /* flips into the audit's qualifying data */
	uint8_t ak_twist;     /* flips into the attestation key's attributes */
	bool no_audit;
	const struct fix *roots;		/* put this sanctum's roots into trust/ */
	const struct fix *identity_of;		/* state this sanctum's identity */
	void (*more)(struct bun *b, void *arg); /* adds more files */
	void *arg;
};

static SN_UNUSED void
fix_start(void)
{
	FIX_OK(sn_secret_start(1U << 20, why));
	FIX_OK(cry_start(why));
}

static struct cry_key *
fix_key(enum cry_alg alg, uint8_t seed, size_t n)
{
	uint8_t bytes[64];
	struct cry_key *k = NULL;

	memset(bytes, seed, sizeof(bytes));
	FIX_OK(cry_key_from_seed(alg, (struct bytes){ bytes, n }, &k, why));
	return k;
}

static void
fix_plan(struct plan *p, enum plan_world world)
{
	const struct plan_dates ca = { FIX_FROM, FIX_ROOT_TO },
				leaf = { FIX_FROM, FIX_LEAF_TO };

	*p = (struct plan){ .world = world,
		.sequence = 1,
		.share_threshold = 2,
		.share_count = 3,
		.approvals = 2,
		.ops_threshold = 2,
		.root = ca,
		.signing = ca,
		.statement = leaf,
		.operations = leaf,
		.token = leaf };
	p->napprovers = FIX_APPROVERS;
	for (size_t i = 0; i < sizeof(p->sanctum_id); i++)
		p->sanctum_id[i] = (uint8_t)i;
	snprintf(p->sanctum_name, sizeof(p->sanctum_name), "Test Sanctum");
	snprintf(p->organization, sizeof(p->organization), "Test Organization");
}

/* seed tells sanctums apart: the master secret is made of it alone. */
static SN_UNUSED void
fix_make(struct fix *f, uint8_t seed, enum plan_world world)
{
	uint8_t commitments[3][32], master[32];

	*f = (struct fix){ 0 };
	fix_plan(&f->plan, world);
	for (size_t i = 0; i < 3; i++)
		memset(commitments[i], (int)(0x40 + i), 32);
	memset(master, seed, sizeof(master));
	memset(f->plan_digest, 0x77, 32);
	FIX_OK(identity_build(&f->plan, world == PLAN_REHEARSAL ? 0x4001 : 1,
	    (const uint8_t(*)[32])commitments, &f->id, why));
	FIX_OK(certs_make(&f->id, BYTES_OF(master), &f->certs, why));
	FIX_OK(certs_files(&f->id, &f->certs, &f->files, why));
	FIX_OK(certs_identity_digest(f->certs.key[KEY_ROOT_P384],
	    f->certs.key[KEY_ROOT_MLDSA87], f->identity, why));
	for (uint8_t i = 0; i < FIX_APPROVERS; i++)
		f->approver[i] = fix_key(CRY_P384, (uint8_t)(0x10 + i), 48);
	f->ak = fix_key(CRY_P256, 0x33, 32);
}

static SN_UNUSED void
fix_done(struct fix *f)
{
	certs_done(&f->certs);
	certs_files_done(&f->files);
	for (size_t i = 0; i < FIX_APPROVERS; i++)
		cry_key_free(&f->approver[i]);
	cry_key_free(&f->ak);
}

/* ---- TPM evidence, as a TPM would make it */

/* The two INTEGERs of a DER ECDSA signature as TPM2B's. */
static void
fix_tpm_signature(const struct cry_key *key, struct bytes msg, struct sn_buf *ret)
{
	struct sn_buf der = { 0 };
	const uint8_t *p;

	FIX_OK(cry_sign(key, msg, &der, why));
	sn_buf_u16(ret, 0x0018); /* TPM_ALG_ECDSA */
	sn_buf_u16(ret, 0x000b); /* TPM_ALG_SHA256 */
	p = der.p + 2;
	for (int i = 0; i < 2; i++) {
		size_t n = p[1];
		const uint8_t *v = p + 2;

		p = v + n;
		while (n > 0 && *v == 0) {
			v++;
			n--;
		}
		sn_buf_u16(ret, (uint16_t)n);
		sn_buf_put(ret, (struct bytes){ v, n });
	}
	sn_buf_done(&der);
}

static void
fix_attest_head(struct sn_buf *b, uint16_t type, const uint8_t qualifying[32])
{
	static const uint8_t signer[34] = { 0, 11 };

	sn_buf_u32(b, 0xff544347);
	sn_buf_u16(b, type);
	sn_buf_u16(b, sizeof(signer));
	sn_buf_put(b, BYTES_OF(signer));
	sn_buf_u16(b, 32);
	sn_buf_put(b, (struct bytes){ qualifying, 32 });
	sn_buf_u64(b, 12345); /* clock */
	sn_buf_u32(b, 1);
	sn_buf_u32(b, 2);
	sn_buf_u8(b, 1);
	sn_buf_u64(b, 0x20240101);
}

static void
fix_le32(struct sn_buf *b, uint32_t v)
{
	for (int i = 0; i < 4; i++)
		sn_buf_u8(b, (uint8_t)(v >> (8 * i)));
}

/* PCRs 0 to 15, all zero but the last: quote.msg, and quote.pcr as tpm2-tools writes it. */
static void
fix_quote(const struct fix *f, const uint8_t qualifying[32], const uint8_t pcr15[32],
    struct sn_buf *msg, struct sn_buf *sig, struct sn_buf *pcr)
{
	static const uint8_t zero[128];
	uint8_t values[16][32] = { { 0 } }, digest[32];

	memcpy(values[15], pcr15, 32);
	FIX_OK(cry_digest(CRY_SHA256, BYTES_OF(values), digest, why));
	fix_attest_head(msg, 0x8018, qualifying);
	sn_buf_u32(msg, 1);
	sn_buf_u16(msg, 0x000b);
	sn_buf_put(msg, BYTES_STR("\x03\xff\xff\x00"));
	sn_buf_u16(msg, 32);
	sn_buf_put(msg, BYTES_OF(digest));
	fix_tpm_signature(f->ak, sn_buf_bytes(msg), sig);

	fix_le32(pcr, 1);
	sn_buf_put(pcr, BYTES_STR("\x0b\x00\x03\xff\xff\x00\x00\x00"));
	sn_buf_put(pcr, (struct bytes){ zero, 15 * 8 });
	fix_le32(pcr, 2);
	for (int list = 0; list < 2; list++) {
		fix_le32(pcr, 8);
		for (int i = 0; i < 8; i++) {
			sn_buf_put(pcr, BYTES_STR("\x20\x00"));
			sn_buf_put(pcr, BYTES_OF(values[8 * list + i]));
			sn_buf_put(pcr, (struct bytes){ zero, 32 });
		}
	}
}

static void
fix_audit(const struct fix *f, const struct fix_bundle *o, struct bun *b)
{
	struct sn_buf msg = { 0 }, sig = { 0 }, list = { 0 };
	uint8_t digest[32] = { 0 }, cp[32], rp[32], qualifying[32];

	memcpy(qualifying, f->plan_digest, 32);
	qualifying[0] ^= o->audit_twist;
	memset(cp, 0xd1, 32);
	for (int i = 0; i < 16; i++) {
		memset(rp, i, 32);
		const struct bytes parts[] = { BYTES_OF(digest), BYTES_OF(cp), BYTES_OF(rp) };
		FIX_OK(cry_digest_v(CRY_SHA256, parts, 3, digest, why));
		sn_buf_hex(&list, BYTES_OF(cp));
		sn_buf_u8(&list, ' ');
		sn_buf_hex(&list, BYTES_OF(rp));
		sn_buf_u8(&list, '\n');
	}
	fix_attest_head(&msg, 0x8016, qualifying);
	sn_buf_u8(&msg, 1);
	sn_buf_u16(&msg, 32);
	sn_buf_put(&msg, BYTES_OF(digest));
	fix_tpm_signature(f->ak, sn_buf_bytes(&msg), &sig);
	FIX_OK(bun_add(b, "evidence/audit.msg", sn_buf_bytes(&msg), why));
	FIX_OK(bun_add(b, "evidence/audit.sig", sn_buf_bytes(&sig), why));
	FIX_OK(bun_add(b, "evidence/audit.list", sn_buf_bytes(&list), why));
	sn_buf_done(&msg);
	sn_buf_done(&sig);
	sn_buf_done(&list);
}

/* ---- the bundle */

static struct tr *
fix_transcript(void)
{
	const struct tr_arg person[] = { TR_ARG_STR("name", "wilma"),
		TR_ARG_PERSONAL("full", "Wilma Witness") };
	struct merkle_hash leaf;
	struct tr *t = NULL;

	FIX_OK(tr_new(&t, why));
	FIX_OK(tr_append(t, FIX_T0 - 7200, "ceremony.opened", "open", NULL, 0, &leaf, why));
	FIX_OK(tr_append(t, FIX_T0 - 7000, "person.present", "people", person, 2, &leaf, why));
	for (int i = 0; i < 5; i++)
		FIX_OK(tr_append(t, FIX_T0 - 60, "tick", "work", NULL, 0, &leaf, why));
	return t;
}

static void
fix_put_pem(struct bun *b, const char *path, const struct cry_key *key)
{
	struct sn_buf pem = { 0 };

	FIX_OK(cry_key_pem(key, &pem, why));
	FIX_OK(bun_add(b, path, sn_buf_bytes(&pem), why));
	sn_buf_done(&pem);
}

/* The attestation key's public area, as the TPM gives it. */
static void
fix_put_ak_pub(const struct fix *f, const struct fix_bundle *o, struct bun *b)
{
	struct sn_buf point = { 0 }, pub = { 0 };

	FIX_OK(cry_key_raw(f->ak, &point, why));
	sn_buf_u16(&pub, 88);
	sn_buf_put(&pub,
	    BYTES_STR("\x00\x23\x00\x0b\x00\x05\x04\x72\x00\x00\x00\x10\x00\x18"
		      "\x00\x0b\x00\x03\x00\x10\x00\x20"));
	sn_buf_put(&pub, (struct bytes){ point.p + 1, 32 });
	sn_buf_u16(&pub, 32);
	sn_buf_put(&pub, (struct bytes){ point.p + 33, 32 });
	pub.p[7] ^= o->ak_twist; /* one of the attributes */
	FIX_OK(bun_add(b, "evidence/ak.pub", sn_buf_bytes(&pub), why));
	sn_buf_done(&point);
	sn_buf_done(&pub);
}

static void
fix_add_trust(const struct fix *f, const struct fix_bundle *o, struct bun *b)
{
	for (size_t i = 0; i < f->files.n; i++) {
		const struct certs_files *from = &f->files;

		if (o->roots != NULL && strncmp(f->files.file[i].path, "trust/root-", 11) == 0)
			from = &o->roots->files;
		FIX_OK(bun_add(b, from->file[i].path, sn_buf_bytes(&from->file[i].data), why));
	}
	for (size_t i = 0; i < FIX_APPROVERS; i++) {
		char path[64];

		snprintf(path, sizeof(path), "trust/approvers/%s.pem", fix_names[i]);
		fix_put_pem(b, path, f->approver[i]);
	}
	fix_put_pem(b, "evidence/ak.pem", f->ak);
	fix_put_ak_pub(f, o, b);
	FIX_OK(bun_add(b, "record/record.txt", BYTES_STR("a record\n"), why));
}

static void
fix_add_transcript(const struct fix *f, const struct fix_bundle *o, const struct tr *t,
    struct bun *b)
{
	struct sn_buf body = { 0 }, note = { 0 };
	char name[IDENTITY_LOG_NAME_MAX];

	identity_log_name(f->id.world, f->id.sanctum_id, name);
	FIX_OK(tr_checkpoint(t, name, &body, why));
	FIX_OK(note_sign(sn_buf_bytes(&body), name, f->certs.key[KEY_TRANSCRIPT_LOG], &note,
	    why));
	FIX_OK(bun_add(b, "transcript/records.jsonl",
	    o->records.n > 0 ? o->records : tr_records(t), why));
	FIX_OK(bun_add(b, "transcript/checkpoint", sn_buf_bytes(&note), why));
	FIX_OK(bun_set_openings(b, tr_openings(t), why));
	sn_buf_done(&body);
	sn_buf_done(&note);
}

static void
fix_seal(const struct fix *f, const struct fix_bundle *o, const struct tr *t, struct bun *b)
{
	static const char *const profiles[] = { "trustee-0.21" };
	struct bun_approver approvers[FIX_APPROVERS];
	struct bun_expiry expires[3] = {
		{ "statement signer certificates", FIX_EXPIRY },
		{ "root certificates", FIX_ROOT_TO },
		{ "collateral: AMD Milan CRL", o->collateral_until },
	};
	struct bun_person person = { "witness", { 1 } };
	struct merkle_hash root;
	struct bun_predicate p = {
		.time = o->time != 0 ? o->time : FIX_T0,
		.world = plan_world_name(f->id.world),
		.mode = o->mode != NULL ? o->mode : "genesis",
		.sequence = o->sequence != 0 ? o->sequence : 1,
		.sanctum_name = f->id.sanctum_name,
		.approvals = 2,
		.share_threshold = 2,
		.share_count = 3,
		.ops_threshold = 2,
		.approvers = approvers,
		.napprovers = FIX_APPROVERS,
		.people = &person,
		.npeople = 1,
		.profiles = profiles,
		.nprofiles = 1,
		.evidence_class = o->evidence != NULL ? o->evidence : "vendor",
		.has_collateral_time = o->has_collateral_time,
		.collateral_time = FIX_FROM,
		.expires = expires,
		.nexpires = o->collateral_until != 0 ? 3 : 2,
		.transcript_size = tr_size(t) + (o->wrong_size ? 1 : 0),
	};

	for (size_t i = 0; i < FIX_APPROVERS; i++) {
		struct sn_buf spki = { 0 };

		approvers[i].name = fix_names[i];
		FIX_OK(cry_key_spki(f->approver[i], &spki, why));
		FIX_OK(cry_digest(CRY_SHA256, sn_buf_bytes(&spki), approvers[i].key_sha256,
		    why));
		sn_buf_done(&spki);
	}
	memcpy(p.plan_sha256, f->plan_digest, 32);
	memcpy(p.identity_sha256, (o->identity_of != NULL ? o->identity_of : f)->identity, 32);
	memcpy(p.sanctum_id, f->id.sanctum_id, 16);
	FIX_OK(tr_root(t, &root, why));
	memcpy(p.transcript_root, root.h, 32);
	FIX_OK(bun_seal(b, &p, why));
}

static SN_UNUSED void
fix_cms(const struct fix *f, enum key_id signer, struct bytes content, struct sn_buf *ret)
{
	const struct cry_cert *extra[1] = { f->certs.cert[certs_row(signer)->issuer] };

	FIX_OK(cry_cms_sign(f->certs.key[signer], f->certs.cert[signer], extra, 1, content, ret,
	    why));
}

static void
fix_sign(const struct fix *f, const struct fix_bundle *o, const struct tr *t, struct bun *b)
{
	const unsigned int who = o->approvals != 0 ? o->approvals : 3;
	struct sn_buf p384 = { 0 }, mldsa = { 0 }, msg = { 0 }, qsig = { 0 }, pcr = { 0 };
	uint8_t digest[32], pcr15[32] = { 0 };

	for (size_t i = 0; i < FIX_APPROVERS; i++) {
		struct sn_buf sig = { 0 };

		if ((who & (1U << i)) == 0)
			continue;
		FIX_OK(cry_sign(f->approver[i], bun_statement(b), &sig, why));
		FIX_OK(bun_add_approval(b, fix_names[i], sn_buf_bytes(&sig), why));
		sn_buf_done(&sig);
	}
	fix_cms(f, o->signer_p384 != 0 ? o->signer_p384 : KEY_STATEMENT_P384, bun_statement(b),
	    &p384);
	fix_cms(f, o->signer_mldsa != 0 ? o->signer_mldsa : KEY_STATEMENT_MLDSA87,
	    bun_statement(b), &mldsa);
	FIX_OK(bun_set_cms(b, sn_buf_bytes(&p384), sn_buf_bytes(&mldsa), why));
	FIX_OK(bun_statement_sha256(b, digest, why));
	for (size_t i = 0; i + o->skip_pcr15 < tr_size(t); i++) {
		struct bytes line = tr_line(t, i);
		struct merkle_hash leaf;

		line.n--; /* its newline is no part of the leaf */
		FIX_OK(merkle_leaf(line, &leaf, why));
		const struct bytes parts[] = { BYTES_OF(pcr15), BYTES_OF(leaf.h) };
		FIX_OK(cry_digest_v(CRY_SHA256, parts, 2, pcr15, why));
	}
	fix_quote(f, digest, pcr15, &msg, &qsig, &pcr);
	FIX_OK(bun_set_quote(b, sn_buf_bytes(&msg), sn_buf_bytes(&qsig), sn_buf_bytes(&pcr),
	    why));
	sn_buf_done(&p384);
	sn_buf_done(&mldsa);
	sn_buf_done(&msg);
	sn_buf_done(&qsig);
	sn_buf_done(&pcr);
}

/* Without fsync: tests write many bundles. Makes the folders on the way. */
static SN_UNUSED void
fix_put(const char *dir, const char *path, struct bytes data)
{
	char *full = test_format("%s/%s", dir, path);

	for (char *at = strchr(full + strlen(dir) + 1, '/'); at != NULL;
	    at = strchr(at + 1, '/')) {
		*at = '\0';
		(void)mkdir(full, 0755);
		*at = '/';
	}
	FILE *f = fopen(full, "w");
	if (f == NULL || fwrite(data.p, 1, data.n, f) != data.n || fclose(f) != 0)
		fail_msg("%s: cannot be written", full);
	free(full);
}

/* A whole bundle below dir (made here). */
static SN_UNUSED void
fix_write(const struct fix *f, const struct fix_bundle *options, const char *dir)
{
	static const struct fix_bundle plain;
	const struct fix_bundle *o = options != NULL ? options : &plain;
	struct tr *t = fix_transcript();
	struct bun *b = NULL;

	FIX_OK(bun_new(&b, why));
	fix_add_trust(f, o, b);
	fix_add_transcript(f, o, t, b);
	if (!o->no_audit)
		fix_audit(f, o, b);
	if (o->extra_path != NULL)
		FIX_OK(bun_add(b, o->extra_path, o->extra, why));
	if (o->more != NULL)
		o->more(b, o->arg);
	fix_seal(f, o, t, b);
	fix_sign(f, o, t, b);
	assert_int_equal(mkdir(dir, 0755), 0);
	for (size_t i = 0; i < bun_count(b); i++)
		fix_put(dir, bun_file(b, i).path, bun_file(b, i).data);
	bun_free(&b);
	tr_free(&t);
}

/* ---- changing a directory */

static SN_UNUSED void
fix_get(const char *dir, const char *path, struct sn_buf *ret)
{
	const int fd = open(dir, O_RDONLY | O_DIRECTORY);

	assert_true(fd >= 0);
	FIX_OK(sn_file_read(fd, path, 16U << 20, ret, why));
	close(fd);
}

static SN_UNUSED void
fix_remove(const char *dir, const char *path)
{
	char *full = test_format("%s/%s", dir, path);

	assert_int_equal(unlink(full), 0);
	free(full);
}

/* The bundle below dir as the policy judges it. */
static SN_UNUSED enum sn_err
fix_verify(const char *dir, const struct bun_policy *policy, struct bun_report *report,
    struct sn_why *why)
{
	struct bun_report unused;
	const int fd = open(dir, O_RDONLY | O_DIRECTORY);

	assert_true(fd >= 0);
	const enum sn_err e = bun_verify(fd, policy, report != NULL ? report : &unused, why);
	close(fd);
	return e;
}

/* A policy that accepts f's good bundle on the day after. */
static SN_UNUSED struct bun_policy
fix_policy(const struct fix *f)
{
	struct bun_policy p = {
		.has_identity = true, .state_dirfd = -1, .as_of = FIX_T0 + FIX_DAY
	};

	memcpy(p.identity, f->identity, 32);
	return p;
}

#endif
