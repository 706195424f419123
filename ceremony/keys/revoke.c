#include "ceremony/keys/revoke.h"

#include <string.h>

#include "ceremony/keys/certs.h"

static const struct list_row {
	enum key_id ca;
	const char *path;
} lists[REVOKE_LISTS] = {
	{ KEY_ROOT_P384, "trust/crl/root-p384.pem" },
	{ KEY_ROOT_MLDSA87, "trust/crl/root-mldsa87.pem" },
	{ KEY_SIGNING_CA_P384, "trust/crl/signing-ca-p384.pem" },
	{ KEY_SIGNING_CA_MLDSA87, "trust/crl/signing-ca-mldsa87.pem" },
	{ KEY_TOKEN_CA_P384, "trust/crl/token-ca-p384.pem" },
};

enum key_id
revoke_ca(size_t i)
{
	return lists[i].ca;
}

const char *
revoke_path(size_t i)
{
	return lists[i].path;
}

/* Each issue of certificates is a new statement or operations generation. */
uint32_t
revoke_number(const struct identity *id, enum revoke_kind kind)
{
	const uint32_t issue =
	    id->cert[KEY_STATEMENT_P384].generation + id->operations_generation - 1;

	return 2 * issue - (kind == REVOKE_PUBLISHED ? 1 : 0);
}

/* Certificates of earlier generations that this CA issued. */
static enum sn_err
past_entries(const struct identity *id, enum key_id ca, struct revoke_entry *ret, size_t *n,
    struct sn_why *why)
{
	for (uint32_t g = 1; g <= id->npast; g++) {
		for (unsigned int k = 0; k < KEY_COUNT; k++) {
			const enum key_id key = (enum key_id)k;
			struct revoke_entry *e = &ret[*n];

			if (certs_row(key)->kind == CERTS_NONE ||
			    certs_row(key)->issuer != ca ||
			    key_row(key)->parent != KEY_OF_OPERATIONS)
				continue;
			*e = (struct revoke_entry){ .key = key, .generation = g };
			SN_TRY(identity_past_serial(id, key, g, e->serial, why));
			++*n;
		}
	}
	return SN_OK;
}

enum sn_err
revoke_entries(const struct identity *id, enum key_id ca, enum revoke_kind kind,
    struct revoke_entry ret[REVOKE_ENTRIES_MAX], size_t *ret_n, struct sn_why *why)
{
	size_t n = 0;

	if (id->npast > IDENTITY_PAST_MAX)
		return sn_fail(why, SN_E_INTERNAL, "%u generations", id->npast);
	SN_TRY(past_entries(id, ca, ret, &n, why));
	for (unsigned int k = 0; kind == REVOKE_KILL && k < KEY_COUNT; k++) {
		const enum key_id key = (enum key_id)k;

		if (certs_row(key)->kind == CERTS_NONE || certs_row(key)->issuer != ca ||
		    key == ca)
			continue;
		ret[n] =
		    (struct revoke_entry){ .key = key, .generation = id->cert[k].generation };
		memcpy(ret[n].serial, id->cert[k].serial, sizeof(ret[n].serial));
		n++;
	}
	*ret_n = n;
	return SN_OK;
}

static enum sn_err
check_entries(const struct identity *id, enum key_id ca, enum revoke_kind kind,
    const struct cry_crl *crl, struct sn_why *why)
{
	struct revoke_entry entry[REVOKE_ENTRIES_MAX];
	size_t n;

	SN_TRY(revoke_entries(id, ca, kind, entry, &n, why));
	/* the serials differ, so that as many as these are exactly these */
	for (size_t i = 0; i < n; i++)
		if (!cry_crl_revokes(crl, BYTES_OF(entry[i].serial)))
			return sn_fail(why, SN_E_SIGNATURE,
			    "CRL of %s: it does not revoke %s of generation %u",
			    key_row(ca)->label, key_row(entry[i].key)->label,
			    entry[i].generation);
	if (cry_crl_count(crl) != n)
		return sn_fail(why, SN_E_SIGNATURE,
		    "CRL of %s: it revokes %zu certificates, not %zu", key_row(ca)->label,
		    cry_crl_count(crl), n);
	return SN_OK;
}

enum sn_err
revoke_check(const struct identity *id, enum key_id ca, enum revoke_kind kind,
    const struct cry_crl *crl, const struct cry_cert *issuer, struct sn_why *why)
{
	const struct identity_cert *c = &id->cert[ca];
	const enum cry_sigalg alg =
	    key_row(ca)->alg == CRY_MLDSA87 ? CRY_SIG_MLDSA87 : CRY_SIG_ECDSA_P384_SHA384;
	uint32_t number;

	SN_TRY(cry_crl_verify(crl, issuer, alg, c->from, why));
	SN_TRY(cry_crl_number(crl, &number, why));
	if (cry_crl_this_update(crl) != c->from || cry_crl_next_update(crl) != c->to)
		return sn_fail(why, SN_E_SIGNATURE,
		    "CRL of %s: its dates are not those of the CA", key_row(ca)->label);
	if (number != revoke_number(id, kind))
		return sn_fail(why, SN_E_SIGNATURE, "CRL of %s: its number is %u, not %u",
		    key_row(ca)->label, number, revoke_number(id, kind));
	return check_entries(id, ca, kind, crl, why);
}
