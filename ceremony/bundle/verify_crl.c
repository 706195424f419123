/* Revocation lists: those in trust/crl/, and those that the caller gives. */
#include <string.h>

#include "ceremony/bundle/judge.h"
#include "ceremony/keys/certs.h"

#define FOLDER "trust/crl/"

/* One file of trust/crl/: one list in its one form, as the identity says. */
static enum sn_err
check_list(const struct bun_case *c, const struct identity *id,
    struct cry_cert *const cert[KEY_COUNT], size_t i, struct sn_why *why)
{
	SN_CLEANUP(cry_crl_free) struct cry_crl *crl = NULL;
	const char *path = revoke_path(i);
	struct sn_why inner = { 0 };
	struct bytes pem;
	enum sn_err e;

	SN_TRY(bun_dir_get(&c->dir, path, &pem, why));
	e = cry_crl_next_pem(&pem, &crl, &inner);
	if (e == SN_OK)
		e = bytes_end(&pem, "PEM", &inner);
	if (e == SN_OK)
		e = revoke_check(id, revoke_ca(i), REVOKE_PUBLISHED, crl, cert[revoke_ca(i)],
		    &inner);
	return e == SN_OK ? SN_OK : sn_fail(why, e, "%s: %s", path, inner.text);
}

/* Another list in the folder would be loaded with it. */
static enum sn_err
refuse_strangers(const struct bun_case *c, struct sn_why *why)
{
	for (size_t i = 0; i < c->dir.n; i++) {
		const char *path = c->dir.file[i].path;
		bool known = strncmp(path, FOLDER, sizeof(FOLDER) - 1) != 0;

		for (size_t k = 0; k < REVOKE_LISTS; k++)
			known = known || strcmp(path, revoke_path(k)) == 0;
		if (!known)
			return sn_fail(why, SN_E_FORMAT, "%s: has no place in " FOLDER, path);
	}
	return SN_OK;
}

enum sn_err
bun_check_lists(struct bun_case *c, const struct identity *id,
    struct cry_cert *const cert[KEY_COUNT], struct sn_why *why)
{
	struct bytes sealed;

	SN_TRY(refuse_strangers(c, why));
	for (size_t i = 0; i < REVOKE_LISTS; i++)
		SN_TRY(check_list(c, id, cert, i, why));
	SN_TRY(bun_dir_get(&c->dir, REVOKE_SEALED, &sealed, why));
	bun_note(c, "%d revocation lists are as identity.json says", REVOKE_LISTS);
	return SN_OK;
}

/* ---- what the caller gives */

/* The CA that issued the list. */
static enum sn_err
find_issuer(const struct bun_crl *given, struct cry_cert *const cert[KEY_COUNT],
    enum key_id *ret, struct sn_why *why)
{
	for (size_t i = 0; i < REVOKE_LISTS; i++) {
		const enum key_id ca = revoke_ca(i);

		if (!bytes_equal(cry_crl_issuer_der(given->crl),
			cry_cert_subject_der(cert[ca])))
			continue;
		*ret = ca;
		return cry_crl_verify(given->crl, cert[ca],
		    key_row(ca)->alg == CRY_MLDSA87 ? CRY_SIG_MLDSA87
						    : CRY_SIG_ECDSA_P384_SHA384,
		    cry_crl_this_update(given->crl), why);
	}
	return sn_fail(why, SN_E_SIGNATURE, "no CA of this bundle issued it");
}

static enum sn_err
check_given(const struct bun_crl *given, struct cry_cert *const cert[KEY_COUNT],
    struct sn_why *why)
{
	struct sn_why inner = { 0 };
	enum key_id ca = KEY_COUNT;
	const enum sn_err e = find_issuer(given, cert, &ca, &inner);

	if (e != SN_OK)
		return sn_fail(why, SN_E_SIGNATURE, "--crl %s: %s", given->name, inner.text);
	for (unsigned int k = 0; k < KEY_COUNT; k++) {
		const enum key_id key = (enum key_id)k;

		if (certs_row(key)->kind == CERTS_NONE || certs_row(key)->issuer != ca)
			continue;
		if (cry_crl_revokes(given->crl, cry_cert_serial(cert[key])))
			return sn_fail(why, SN_E_SIGNATURE,
			    "trust/: the certificate %s is revoked by %s", key_row(key)->label,
			    given->name);
	}
	return SN_OK;
}

enum sn_err
bun_check_revoked(struct bun_case *c, struct cry_cert *const cert[KEY_COUNT],
    struct sn_why *why)
{
	for (size_t i = 0; i < c->policy->ncrls; i++)
		SN_TRY(check_given(&c->policy->crl[i], cert, why));
	if (c->policy->ncrls > 0)
		bun_note(c, "none of %zu given revocation lists revokes a certificate of it",
		    c->policy->ncrls);
	return SN_OK;
}
