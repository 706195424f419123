/*
 * fixture_ops - operations statements of the fixture's Sanctum, put into bundles of it.
 *
 * Owns: nothing. Included by tests of bundle and crosscheck, so everything is static.
 */
#ifndef TEST_BUNDLE_FIXTURE_OPS_H
#define TEST_BUNDLE_FIXTURE_OPS_H

#include "tests/ceremony/bundle/fixture.h"

static void
fix_digest_of(const char *dir, const char *path, uint8_t ret[32])
{
	struct sn_buf data = { 0 };

	fix_get(dir, path, &data);
	FIX_OK(cry_digest(CRY_SHA256, sn_buf_bytes(&data), ret, why));
	sn_buf_done(&data);
}

/* A refresh brings collateral, which may be none; an amendment brings policy. */
static void
fix_ops_files(const struct fix *f, const struct fix_bundle *o, struct bun *b)
{
	const bool amend = o->mode != NULL && strcmp(o->mode, "amend") == 0;

	fix_put_pem(b, "evidence/ak.pem", f->ak);
	fix_put_ak_pub(f, o, b);
	FIX_OK(bun_add(b, "record/record.txt", BYTES_STR("a record\n"), why));
	if (amend)
		FIX_OK(bun_add(b, "policy/policy.rego", BYTES_STR("package policy\n"), why));
	else if (!o->no_audit) /* "without that" serves here too */
		FIX_OK(bun_add(b, "collateral/status.json", BYTES_STR("{\"items\":[]}"), why));
	for (const struct fix_who *who = o->stated; who != NULL && who->name != NULL; who++) {
		char *path = test_format("trust/approvers/%s.pem", who->name);

		fix_put_pem(b, path, f->approver[who->key]);
		free(path);
	}
	if (o->extra_path != NULL)
		FIX_OK(bun_add(b, o->extra_path, o->extra, why));
}

/*
 * Put ops/<n>/ into the bundle below dir. Of the options those count that a bundle has, too;
 * stated brings other approvers; previous and base_sha256 are taken from dir when NULL.
 */
static SN_UNUSED void
fix_ops_write(const struct fix *f, const struct fix_bundle *options, uint32_t n,
    const char *dir)
{
	struct fix_bundle o = options != NULL ? *options : (struct fix_bundle){ 0 };
	uint8_t base[32], previous[32];
	struct tr *t;
	struct bun *b = NULL;
	char *before = test_format("ops/%u/statement.json", n - 1);

	o.mode = o.mode != NULL ? o.mode : "refresh";
	o.sequence = o.sequence != 0 ? o.sequence : n;
	o.count = o.count != 0 ? o.count : 7 + n; /* opened once more */
	if (o.base_sha256 == NULL) {
		fix_digest_of(dir, "statement.json", base);
		o.base_sha256 = base;
	}
	if (o.previous == NULL && n > 1) {
		fix_digest_of(dir, before, previous);
		o.previous = previous;
	}
	t = fix_transcript(f, &o);
	FIX_OK(bun_new_ops(n, &b, why));
	for (size_t i = 0; i < FIX_APPROVERS; i++) {
		struct sn_buf pem = { 0 };

		FIX_OK(cry_key_pem(f->approver[i], &pem, why));
		FIX_OK(bun_ops_approver(b, fix_names[i], sn_buf_bytes(&pem), why));
		sn_buf_done(&pem);
	}
	fix_ops_files(f, &o, b);
	fix_add_transcript(f, &o, t, b);
	fix_put_log(&o, b);
	fix_tpm(f, &o, b);
	fix_seal(f, &o, t, b);
	fix_sign(f, &o, t, b);
	for (size_t i = 0; i < bun_count(b); i++)
		fix_put(dir, bun_file(b, i).path, bun_file(b, i).data);
	bun_free(&b);
	tr_free(&t);
	free(before);
}

#endif
