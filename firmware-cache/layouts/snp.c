#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "appliance/base/file.h"
#include "appliance/base/text.h"
#include "firmware-cache/amd/ghcb.h"
#include "firmware-cache/layouts/snp.h"

/* A certificate authority of an accepted chain. */
struct ca {
	const struct cry_cert *x;
	enum amd_role role;
	enum amd_product product;
};

/* One folder: a leaf and what it needs. */
struct entry {
	char folder[LAY_PATH_MAX + 1]; /* below the layout's, '/' at its end */
	const struct col_verified *item;
	const struct amd_leaf *leaf;
	const struct cry_cert *x, *ask, *ark;
};

struct gathered {
	struct ca *cas;
	size_t ncas;
	const struct cry_crl *crls[AMD_PRODUCT_COUNT]; /* the newest of each, or NULL */
	struct entry *entries;
	size_t n;
};

static void
gathered_done(struct gathered *g)
{
	free(g->cas);
	free(g->entries);
	*g = (struct gathered){ 0 };
}

/* ---- what is there */

static void
gather_cas(const struct col_verified *v, struct gathered *g)
{
	const struct cry_cert *x;

	for (size_t i = 0; (x = col_verified_cert(v, i)) != NULL; i++) {
		struct ca *ca = &g->cas[g->ncas++];

		ca->x = x;
		ca->role = amd_cert_role(x, &ca->product);
	}
}

static void
gather_crl(const struct col_verified *v, struct gathered *g)
{
	const struct cry_crl *crl = col_verified_crl(v);

	for (size_t i = 0; i < g->ncas; i++) {
		const struct ca *ca = &g->cas[i];
		const struct cry_crl **best = &g->crls[ca->product];

		if (ca->role == AMD_ROLE_ARK &&
		    bytes_equal(cry_crl_issuer_der(crl), cry_cert_subject_der(ca->x)) &&
		    (*best == NULL || cry_crl_this_update(*best) < cry_crl_this_update(crl)))
			*best = crl;
	}
}

/* A provider's name as a folder's: "CN=cc-us-east-2.amazonaws.com" without its first part. */
static void
provider_folder(const char *csp, char ret[AMD_CSP_MAX])
{
	const char *name = strncmp(csp, "CN=", 3) == 0 ? csp + 3 : csp;

	snprintf(ret, AMD_CSP_MAX, "%s", name);
	for (char *p = ret; *p != '\0'; p++)
		if (!isalnum((unsigned char)*p) && strchr(".-", *p) == NULL)
			*p = '_';
}

static void
name_folder(const struct amd_leaf *leaf, char ret[LAY_PATH_MAX + 1])
{
	char hwid[2 * AMD_HWID_MAX + 1], levels[AMD_TCB_NAME_MAX], provider[AMD_CSP_MAX];

	amd_tcb_name(&leaf->tcb, levels);
	levels[strlen(levels) - strlen("_vcek.der")] = '\0';
	sn_hex((struct bytes){ leaf->hwid, leaf->hwid_len }, hwid);
	provider_folder(leaf->csp, provider);
	if (leaf->role == AMD_ROLE_VCEK)
		snprintf(ret, LAY_PATH_MAX + 1, "vcek/%s/%s/", hwid, levels);
	else
		snprintf(ret, LAY_PATH_MAX + 1, "vlek/%s/%s/%s/", provider,
		    amd_product_name(leaf->product), levels);
}

/* The accepted certificate of that role that signed x, as the tools check it: by signature. */
static const struct cry_cert *
signer_of(const struct gathered *g, const struct cry_cert *x, enum amd_role role,
    enum amd_product product)
{
	for (size_t i = 0; i < g->ncas; i++) {
		const struct ca *ca = &g->cas[i];
		struct sn_why none = { 0 };

		if (ca->role == role && ca->product == product &&
		    cry_cert_signed_by(x, ca->x, CRY_SIG_RSA_PSS_SHA384, &none) == SN_OK)
			return ca->x;
	}
	return NULL;
}

static void
gather_leaf(const struct col_verified *v, struct gathered *g)
{
	struct entry *e = &g->entries[g->n++];

	e->item = v;
	e->leaf = col_verified_amd_leaf(v);
	e->x = col_verified_cert(v, 0);
	name_folder(e->leaf, e->folder);
	e->ask = signer_of(g, e->x,
	    e->leaf->role == AMD_ROLE_VCEK ? AMD_ROLE_ASK : AMD_ROLE_ASVK, e->leaf->product);
	if (e->ask != NULL)
		e->ark = signer_of(g, e->ask, AMD_ROLE_ARK, e->leaf->product);
}

/* By folder; where two items claim one, the one with the smaller digest comes first. */
static int
by_folder(const void *a, const void *b)
{
	const struct entry *x = a, *y = b;
	int order = strcmp(x->folder, y->folder);

	return order != 0
	    ? order
	    : memcmp(col_verified_sha256(x->item), col_verified_sha256(y->item), 32);
}

enum pass { PASS_CAS, PASS_CRLS, PASS_LEAVES };

static void
gather_row(const struct col_row *row, enum pass pass, struct gathered *g)
{
	if (!row->ok)
		return;
	if (pass == PASS_CAS && row->kind == COL_KIND_AMD_CHAIN)
		gather_cas(row->verified, g);
	if (pass == PASS_CRLS && row->kind == COL_KIND_AMD_CRL)
		gather_crl(row->verified, g);
	if (pass == PASS_LEAVES && (row->notes & COL_NOTE_SUPERSEDED) == 0 &&
	    (row->kind == COL_KIND_AMD_VCEK || row->kind == COL_KIND_AMD_VLEK))
		gather_leaf(row->verified, g);
}

static enum sn_err
gather(const struct col_store *s, struct gathered *ret, struct sn_why *why)
{
	const struct col_row *rows = NULL;
	size_t n = 0, chains = 0;

	SN_TRY(col_store_rows(s, &rows, &n, why));
	for (size_t i = 0; i < n; i++)
		chains += rows[i].ok && rows[i].kind == COL_KIND_AMD_CHAIN;
	ret->cas = calloc(chains * CRY_PEM_CHAIN_MAX + 1, sizeof(*ret->cas));
	ret->entries = calloc(n + 1, sizeof(*ret->entries));
	if (ret->cas == NULL || ret->entries == NULL)
		return sn_fail(why, SN_E_NOMEM, "%zu certificates", n);
	for (enum pass pass = PASS_CAS; pass <= PASS_LEAVES; pass++)
		for (size_t i = 0; i < n; i++)
			gather_row(&rows[i], pass, ret);
	if (ret->n > 0)
		qsort(ret->entries, ret->n, sizeof(*ret->entries), by_folder);
	return SN_OK;
}

/* ---- one file */

struct writer {
	const char *layout, *folder;
	const struct lay_out *out;
	const struct entry *e;
	struct sn_why *why;
};

static enum sn_err
put(const struct writer *w, const char *name, const char *end, struct bytes bytes,
    int64_t mtime)
{
	char path[2 * LAY_PATH_MAX];

	snprintf(path, sizeof(path), "%s/%s%s%s", w->folder, w->e->folder, name, end);
	if (!sn_path_ok(path))
		return w->out->left_out(w->out->arg, w->layout, path,
		    "its name cannot be a file's", w->why);
	return w->out->file(w->out->arg, path, bytes, mtime, w->why);
}

/* As PEM; and read again, since that is what the tools do. */
static enum sn_err
put_pem(const struct writer *w, const char *name, const struct cry_cert *x)
{
	SN_CLEANUP(sn_buf_done) struct sn_buf pem = { 0 };
	struct cry_cert *back[CRY_PEM_CHAIN_MAX] = { 0 };
	size_t n = 0;
	bool same;

	SN_TRY(cry_cert_pem(cry_cert_der(x), &pem, w->why));
	SN_TRY(cry_cert_parse_pem(sn_buf_bytes(&pem), back, &n, w->why));
	same = n == 1 && bytes_equal(cry_cert_der(back[0]), cry_cert_der(x));
	cry_cert_free_all(back, n);
	if (!same)
		return sn_fail(w->why, SN_E_INTERNAL, "%s.pem does not read back", name);
	return put(w, name, ".pem", sn_buf_bytes(&pem), cry_cert_not_before(x));
}

static enum sn_err
put_crl_pem(const struct writer *w, const struct cry_crl *crl)
{
	SN_CLEANUP(sn_buf_done) struct sn_buf pem = { 0 };

	SN_TRY(cry_crl_pem(cry_crl_der(crl), &pem, w->why));
	return put(w, "crl", ".pem", sn_buf_bytes(&pem), cry_crl_this_update(crl));
}

static enum sn_err
put_der(const struct writer *w, const char *name, const struct cry_cert *x)
{
	return put(w, name, ".der", cry_cert_der(x), cry_cert_not_before(x));
}

/* The table of the three certificates, read back whole. */
static enum sn_err
put_table(const struct writer *w)
{
	SN_CLEANUP(sn_buf_done) struct sn_buf b = { 0 };
	const struct entry *e = w->e;
	struct ghcb_table t = { 0 }, back = { 0 };
	int64_t mtime = cry_cert_not_before(e->x);

	t.parts[e->leaf->role == AMD_ROLE_VCEK ? GHCB_VCEK : GHCB_VLEK] = cry_cert_der(e->x);
	t.parts[GHCB_ASK] = cry_cert_der(e->ask);
	t.parts[GHCB_ARK] = cry_cert_der(e->ark);
	SN_TRY(ghcb_write(&t, &b, w->why));
	SN_TRY(ghcb_read(sn_buf_bytes(&b), &back, w->why));
	for (enum ghcb_part p = GHCB_VCEK; p < GHCB_PARTS; p++)
		if (!bytes_equal(t.parts[p], back.parts[p]))
			return sn_fail(w->why, SN_E_INTERNAL, "certs.bin does not read back");
	if (cry_cert_not_before(e->ask) > mtime)
		mtime = cry_cert_not_before(e->ask);
	return put(w, "certs", ".bin", sn_buf_bytes(&b), mtime);
}

/* ---- one folder */

static enum sn_err
guest_folder(const struct writer *w, const struct cry_crl *crl)
{
	bool vcek = w->e->leaf->role == AMD_ROLE_VCEK;

	SN_TRY(put_pem(w, "ark", w->e->ark));
	SN_TRY(put_pem(w, vcek ? "ask" : "asvk", w->e->ask));
	if (crl != NULL)
		SN_TRY(put_crl_pem(w, crl));
	return put_pem(w, vcek ? "vcek" : "vlek", w->e->x);
}

static enum sn_err
host_folder(const struct writer *w, const struct cry_crl *crl)
{
	bool vcek = w->e->leaf->role == AMD_ROLE_VCEK;

	if (crl != NULL)
		SN_TRY(put(w, amd_product_name(w->e->leaf->product), ".crl", cry_crl_der(crl),
		    cry_crl_this_update(crl)));
	SN_TRY(put_der(w, "ark", w->e->ark));
	SN_TRY(put_der(w, vcek ? "ask" : "asvk", w->e->ask));
	SN_TRY(put_table(w));
	return put_der(w, vcek ? "vcek" : "vlek", w->e->x);
}

static enum sn_err
write_folders(const struct lay_input *in, struct writer *w,
    enum sn_err (*folder)(const struct writer *w, const struct cry_crl *crl))
{
	SN_CLEANUP(gathered_done) struct gathered g = { 0 };

	SN_TRY(gather(in->store, &g, w->why));
	for (size_t i = 0; i < g.n; i++) {
		const struct entry *e = &g.entries[i];

		if (i > 0 && strcmp(e[-1].folder, e->folder) == 0)
			continue;
		w->e = e;
		if (e->ask == NULL || e->ark == NULL)
			SN_TRY(w->out->left_out(w->out->arg, w->layout,
			    col_verified_path(e->item), "its chain is not here", w->why));
		else
			SN_TRY(folder(w, g.crls[e->leaf->product]));
	}
	return SN_OK;
}

enum sn_err
snp_guest_write(const struct lay_input *in, const struct lay_out *out, struct sn_why *why)
{
	struct writer w = { "snpguest", SNP_GUEST_FOLDER, out, NULL, why };

	return write_folders(in, &w, guest_folder);
}

enum sn_err
snp_host_write(const struct lay_input *in, const struct lay_out *out, struct sn_why *why)
{
	struct writer w = { "snphost", SNP_HOST_FOLDER, out, NULL, why };

	return write_folders(in, &w, host_folder);
}
