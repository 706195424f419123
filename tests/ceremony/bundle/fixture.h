/*
 * fixture - a small Sanctum with real keys, and whole bundles of it in directories,
 * good ones and, on demand, bad ones.
 *
 * Owns: keys until fix_done(). Included by the tests of bundle, node and crosscheck,
 * each a program of its own, so everything is static.
 */
#ifndef TEST_BUNDLE_FIXTURE_H
#define TEST_BUNDLE_FIXTURE_H

#include "tests/ceremony/bundle/fixture_tpm.h"

static const struct fix_bundle fix_plain SN_UNUSED;

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
fix_make_team(struct fix *f, uint8_t seed, enum plan_world world, bool two)
{
	uint8_t commitments[3][32], master[32];

	*f = (struct fix){ 0 };
	fix_plan(&f->plan, world);
	f->plan.two = two;
	if (two)
		f->plan.share_count = f->plan.napprovers = 2;
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
	f->ek = fix_key(CRY_P256, 0x34, 32);
}

static SN_UNUSED void
fix_make(struct fix *f, uint8_t seed, enum plan_world world)
{
	fix_make_team(f, seed, world, false);
}

static SN_UNUSED void
fix_done(struct fix *f)
{
	certs_done(&f->certs);
	certs_files_done(&f->files);
	for (size_t i = 0; i < FIX_APPROVERS; i++)
		cry_key_free(&f->approver[i]);
	cry_key_free(&f->ak);
	cry_key_free(&f->ek);
}

/* ---- the bundle */

static void
fix_ak_pub(const struct fix *f, const struct fix_bundle *o, struct sn_buf *ret)
{
	fix_ak_area(f, ret);
	ret->p[7] ^= o->ak_twist; /* one of the attributes */
}

#define FIX_RECORD(t, id, ...)                                                                 \
	do {                                                                                   \
		const struct tr_arg fix_args_[] = { __VA_ARGS__ };                             \
		struct merkle_hash fix_leaf_;                                                  \
		FIX_OK(tr_append((t), FIX_T0 - 7200, (id), "work", fix_args_,                  \
		    SN_NITEMS(fix_args_), &fix_leaf_, why));                                   \
	} while (0)

static void
fix_record_tpm(const struct fix *f, const struct fix_bundle *o, enum fix_lie lie, struct tr *t)
{
	const char *class = o->evidence != NULL ? o->evidence : "pinned";
	struct sn_buf pub = { 0 };
	uint8_t digest[32];
	struct sn_buf ek_pub = { 0 };
	char ak[65], ek[65];

	fix_ak_pub(f, o, &pub);
	FIX_OK(cry_digest(CRY_SHA256, (struct bytes){ pub.p + 2, pub.n - 2 }, digest, why));
	digest[0] ^= lie == FIX_LIE_AK;
	sn_hex(BYTES_OF(digest), ak);
	sn_buf_done(&pub);
	if (lie == FIX_LIE_CLASS)
		class = strcmp(class, "software") == 0 ? "pinned" : "software";
	fix_ek_pub(f, &ek_pub);
	fix_pin(&ek_pub, digest);
	sn_hex(BYTES_OF(digest), ek);
	sn_buf_done(&ek_pub);
	FIX_RECORD(t, "tpm.opened", TR_ARG_STR("ak", ak), TR_ARG_STR("class", class),
	    TR_ARG_STR("backend", o->software ? "software" : "device"), TR_ARG_STR("ek", ek),
	    TR_ARG_STR("firmware", "0001000200030004"), TR_ARG_STR("manufacturer", "FIXT"),
	    TR_ARG_STR("vendor", "Fixture"));
}

static void
fix_record_approval(const struct fix *f, const char *name, size_t signer, bool other_plan,
    struct tr *t)
{
	struct sn_buf message = { 0 }, sig = { 0 }, text = { 0 };

	sn_buf_str(&message, "cornerstone/v1/approve-plan\n");
	sn_buf_put(&message, BYTES_OF(f->plan_digest));
	message.p[message.n - 1] ^= other_plan;
	FIX_OK(cry_sign(f->approver[signer], sn_buf_bytes(&message), &sig, why));
	sn_buf_base64(&text, sn_buf_bytes(&sig));
	FIX_RECORD(t, "plan.approved", TR_ARG_STR("approver", name),
	    TR_ARG_STR("signature", sn_buf_cstr(&text)));
	sn_buf_done(&message);
	sn_buf_done(&sig);
	sn_buf_done(&text);
}

static void
fix_record_keyboard(const struct fix *f, enum fix_lie lie, struct tr *t)
{
	const size_t second = lie == FIX_LIE_KEYBOARD_ONE ? 0 : 1;
	const size_t signer[2] = { 0, second };
	struct sn_buf message = { 0 }, sig[2] = { { 0 }, { 0 } }, text[2] = { { 0 }, { 0 } };

	sn_buf_str(&message, "cornerstone/v1/accept-usb\n");
	sn_buf_put(&message, BYTES_OF(f->plan_digest));
	sn_buf_str(&message, lie == FIX_LIE_KEYBOARD_OTHER ? "8 keyboard" : "7 keyboard");
	for (size_t i = 0; i < 2; i++) {
		FIX_OK(cry_sign(f->approver[signer[i]], sn_buf_bytes(&message), &sig[i], why));
		sn_buf_base64(&text[i], sn_buf_bytes(&sig[i]));
	}
	FIX_RECORD(t, "usb.accepted", TR_ARG_STR("keyboard", "7 keyboard"),
	    TR_ARG_STR("first", "alice"), TR_ARG_STR("first_signature", sn_buf_cstr(&text[0])),
	    TR_ARG_STR("second", second == 0 ? "alice" : "bob"),
	    TR_ARG_STR("second_signature", sn_buf_cstr(&text[1])));
	sn_buf_done(&message);
	for (size_t i = 0; i < 2; i++) {
		sn_buf_done(&sig[i]);
		sn_buf_done(&text[i]);
	}
}

static void
fix_record_exception(const struct fix_bundle *o, struct tr *t)
{
	const char *reason = o->exception != NULL ? o->exception : "none";
	char when[TEXT_TIME_LEN + 1];

	text_from_time(FIX_FROM + (o->lie == FIX_LIE_EXCEPTION_TIME), when);
	FIX_RECORD(t, "exception.agreed", TR_ARG_STR("what", "expired-collateral"),
	    TR_ARG_STR("time", when),
	    TR_ARG_STR("reason", o->lie == FIX_LIE_EXCEPTION_REASON ? "another" : reason));
}

static void
fix_record_separation(const struct fix_bundle *o, struct tr *t)
{
	if (o->lie == FIX_LIE_SEPARATION_NONE)
		return;
	FIX_RECORD(t, "separation.reduced", TR_ARG_STR("name", "alice"));
	FIX_RECORD(t, "separation.reduced",
	    TR_ARG_STR("name", o->lie == FIX_LIE_SEPARATION_ONE ? "alice" : "bob"));
}

/* What the verifier compares with the statement, as the ceremony records it. */
static void
fix_story(const struct fix *f, const struct fix_bundle *o, struct tr *t)
{
	const char *world = plan_world_name(f->id.world);
	const char *mode = o->mode != NULL ? o->mode : "genesis";
	const uint32_t sequence = o->sequence != 0 ? o->sequence : 1;
	char plan[65], identity[65];

	sn_hex(BYTES_OF(f->plan_digest), plan);
	sn_hex(BYTES_OF((o->identity_of != NULL ? o->identity_of : f)->identity), identity);
	if (o->lie == FIX_LIE_WORLD)
		world = strcmp(world, "production") == 0 ? "rehearsal" : "production";
	if (o->lie == FIX_LIE_MODE)
		mode = "rebuild";
	plan[0] = (char)(plan[0] ^ (o->lie == FIX_LIE_PLAN));
	identity[0] = (char)(identity[0] ^ (o->lie == FIX_LIE_IDENTITY));
	if (o->before != NULL)
		o->before(f, o, t);
	if (o->lie != FIX_LIE_NO_START)
		FIX_RECORD(t, "ceremony.start", TR_ARG_STR("world", world),
		    TR_ARG_STR("mode", mode));
	FIX_RECORD(t, "plan.loaded", TR_ARG_STR("plan", plan),
	    TR_ARG_INT("sequence", sequence + (o->lie == FIX_LIE_SEQUENCE)));
	if ((o->exception != NULL && o->lie != FIX_LIE_NO_EXCEPTION) ||
	    o->lie == FIX_LIE_AN_EXCEPTION)
		fix_record_exception(o, t);
	if (f->plan.two || o->lie == FIX_LIE_REDUCED)
		fix_record_separation(o, t);
	if (o->agreed != NULL)
		FIX_RECORD(t, "policy.agreed", TR_ARG_STR("policy", o->agreed),
		    TR_ARG_INT("nodes", o->agreed_nodes));
	if (o->lie != FIX_LIE_NO_TPM)
		fix_record_tpm(f, o, o->lie, t);
	if (o->lie == FIX_LIE_SECOND_TPM)
		fix_record_tpm(f, o, FIX_LIE_CLASS, t);
	for (const struct fix_halt *h = o->halts; h != NULL && h->id != NULL; h++)
		FIX_RECORD(t, h->id, TR_ARG_STR("first", h->first),
		    TR_ARG_STR("second", h->second));
	fix_record_approval(f, "alice", 0, false, t);
	if (o->lie == FIX_KEYBOARD || o->lie == FIX_LIE_KEYBOARD_ONE ||
	    o->lie == FIX_LIE_KEYBOARD_OTHER)
		fix_record_keyboard(f, o->lie, t);
	if (o->lie == FIX_LIE_ALICE_TWICE)
		fix_record_approval(f, "alice", 0, false, t);
	else if (o->lie == FIX_LIE_STRANGER)
		fix_record_approval(f, "mallory", 1, false, t);
	else if (o->lie != FIX_LIE_ONE_APPROVAL)
		fix_record_approval(f, "bob", 1, o->lie == FIX_LIE_OTHER_PLAN, t);
	FIX_RECORD(t, o->base_sha256 != NULL ? "operations.opened" : "keys.derived",
	    TR_ARG_STR("identity", identity));
}

/* Eleven records and a personal field in the last but five. */
static struct tr *
fix_transcript(const struct fix *f, const struct fix_bundle *o)
{
	const struct tr_arg person[] = { TR_ARG_STR("name", "wilma"),
		TR_ARG_PERSONAL("full", "Wilma Witness") };
	struct merkle_hash leaf;
	struct tr *t = NULL;

	FIX_OK(tr_new(&t, why));
	fix_story(f, o, t);
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

static void
fix_put_ak_pub(const struct fix *f, const struct fix_bundle *o, struct bun *b)
{
	struct sn_buf pub = { 0 };

	fix_ak_pub(f, o, &pub);
	FIX_OK(bun_add(b, "evidence/ak.pub", sn_buf_bytes(&pub), why));
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
	for (size_t i = 0; i < f->plan.napprovers; i++) {
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

/* The approvers that the statement names; returns how many. */
static size_t
fix_stated(const struct fix *f, const struct fix_bundle *o, struct bun_approver *ret)
{
	static const struct fix_who all[] = { { "alice", 0 }, { "bob", 1 }, { "carol", 2 },
		{ NULL, 0 } };
	const struct fix_who *who = o->stated != NULL ? o->stated : all;
	size_t n = 0;

	for (; who[n].name != NULL && (o->stated != NULL || n < f->plan.napprovers); n++) {
		struct sn_buf spki = { 0 };

		ret[n].name = who[n].name;
		FIX_OK(cry_key_spki(f->approver[who[n].key], &spki, why));
		FIX_OK(cry_digest(CRY_SHA256, sn_buf_bytes(&spki), ret[n].key_sha256, why));
		sn_buf_done(&spki);
	}
	return n;
}

static void
fix_seal(const struct fix *f, const struct fix_bundle *o, const struct tr *t, struct bun *b)
{
	static const char *const profiles[] = { "trustee-0.21" };
	struct bun_approver approvers[FIX_APPROVERS];
	struct bun_expiry expires[3] = {
		{ "statement signer certificates", o->expiry != 0 ? o->expiry : FIX_EXPIRY },
		{ "root certificates", FIX_ROOT_TO },
		{ "collateral: AMD Milan CRL", o->collateral_until },
	};
	const struct bun_person people[2] = { { "witness", { 1 } }, { "witness", { 2 } } };
	struct merkle_hash root;
	struct bun_predicate p = {
		.time = o->time != 0 ? o->time : FIX_T0,
		.world = plan_world_name(f->id.world),
		.mode = o->mode != NULL ? o->mode : "genesis",
		.sequence = o->sequence != 0 ? o->sequence : 1,
		.sanctum_name = f->id.sanctum_name,
		.approvals = 2,
		.share_threshold = 2,
		.share_count = o->shares_of != 0 ? o->shares_of : f->plan.share_count,
		.ops_threshold = o->ops_threshold != 0 ? o->ops_threshold : 2,
		.approvers = approvers,
		.people = people,
		.npeople = f->plan.two ? 2 : 1,
		.profiles = profiles,
		.nprofiles = 1,
		.evidence_class = o->evidence != NULL ? o->evidence : "pinned",
		.has_collateral_time = o->has_collateral_time,
		.collateral_time = FIX_FROM,
		.reduced = f->plan.two,
		.exception = o->exception,
		.expires = expires,
		.nexpires = o->collateral_until != 0 ? 3 : 2,
		.transcript_size = tr_size(t) + (o->wrong_size ? 1 : 0),
		.base_sha256 = o->base_sha256,
		.previous = o->previous,
	};

	p.napprovers = fix_stated(f, o, approvers);
	if (o->other_world)
		p.world = plan_world_name(f->id.world == PLAN_REHEARSAL ? PLAN_PRODUCTION
									: PLAN_REHEARSAL);
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

/* The boot that this bundle is made in. */
static void
fix_booted(const struct fix_bundle *o, struct sn_buf *log, uint8_t pcr[16][32])
{
	fix_boot(o->secure_boot, log, pcr);
	if (o->software) {
		log->n = 0;
		memset(pcr, 0, 16 * 32);
	}
	if (o->boot != NULL)
		o->boot(log, pcr);
}

static void
fix_put_log(const struct fix_bundle *o, struct bun *b)
{
	struct sn_buf log = { 0 };
	uint8_t pcr[16][32];

	fix_booted(o, &log, pcr);
	if (log.n > 0)
		FIX_OK(bun_add(b, "evidence/eventlog", sn_buf_bytes(&log), why));
	sn_buf_done(&log);
}

static void
fix_sign(const struct fix *f, const struct fix_bundle *o, const struct tr *t, struct bun *b)
{
	const unsigned int who = o->approvals != 0 ? o->approvals : 3;
	struct sn_buf p384 = { 0 }, mldsa = { 0 };
	uint8_t digest[32], pcrs[16][32];
	struct sn_buf log = { 0 };
	uint8_t *pcr15 = pcrs[15];

	fix_booted(o, &log, pcrs);
	for (size_t i = 0; i < FIX_APPROVERS; i++) {
		struct sn_buf sig = { 0 };

		if ((who & (1U << i)) == 0)
			continue;
		FIX_OK(cry_sign(f->approver[i], bun_statement(b), &sig, why));
		FIX_OK(bun_add_approval(b, fix_names[i], sn_buf_bytes(&sig), why));
		sn_buf_done(&sig);
	}
	const bool ops = o->base_sha256 != NULL;
	enum key_id first = ops ? KEY_OPERATIONS_P384 : KEY_STATEMENT_P384;
	enum key_id second = ops ? KEY_OPERATIONS_MLDSA87 : KEY_STATEMENT_MLDSA87;
	fix_cms(f, o->signer_p384 != 0 ? o->signer_p384 : first, bun_statement(b), &p384);
	fix_cms(f, o->signer_mldsa != 0 ? o->signer_mldsa : second, bun_statement(b), &mldsa);
	FIX_OK(bun_set_cms(b, sn_buf_bytes(&p384), sn_buf_bytes(&mldsa), why));
	FIX_OK(bun_statement_sha256(b, digest, why));
	for (size_t i = 0; i + o->skip_pcr15 < tr_size(t); i++) {
		struct bytes line = tr_line(t, i);
		struct merkle_hash leaf;

		line.n--; /* its newline is no part of the leaf */
		if (bytes_find(line, BYTES_STR("\"id\":\"segment.start\"")) != SIZE_MAX)
			memset(pcr15, 0, 32);
		FIX_OK(merkle_leaf(line, &leaf, why));
		const struct bytes parts[] = { { pcr15, 32 }, BYTES_OF(leaf.h) };
		FIX_OK(cry_digest_v(CRY_SHA256, parts, 2, pcr15, why));
	}
	fix_quote(f, o, digest, (const uint8_t(*)[32])pcrs, b);
	sn_buf_done(&p384);
	sn_buf_done(&mldsa);
	sn_buf_done(&log);
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
	struct tr *t = fix_transcript(f, o);
	struct bun *b = NULL;

	FIX_OK(bun_new(&b, why));
	fix_add_trust(f, o, b);
	fix_add_transcript(f, o, t, b);
	if (!o->no_audit)
		fix_audit(f, o, b);
	fix_put_log(o, b);
	fix_tpm(f, o, b);
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
	static struct bun_expect
	    expect; /* every fixture's endorsement key, as a plan pins it */
	struct sn_buf ek = { 0 };
	struct bun_policy p = { .has_identity = true,
		.accept_pinned = true,
		.expect = &expect,
		.state_dirfd = -1,
		.as_of = FIX_T0 + FIX_DAY };

	memcpy(p.identity, f->identity, 32);
	fix_ek_pub(f, &ek);
	fix_pin(&ek, expect.ek.digest[0]);
	expect.ek.n = 1;
	sn_buf_done(&ek);
	return p;
}

#endif
