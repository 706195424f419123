#include "appliance/crypto/priv.h"

/* What OpenSSL says about a chain, in our terms; the rest is SN_E_CHAIN. */
static const struct {
	int code;
	enum sn_err err;
} meanings[] = {
	{ X509_V_ERR_CERT_SIGNATURE_FAILURE, SN_E_SIGNATURE },
	{ X509_V_ERR_INVALID_PURPOSE, SN_E_ROLE },
	{ X509_V_ERR_INVALID_CA, SN_E_ROLE },
	{ X509_V_ERR_KEYUSAGE_NO_CERTSIGN, SN_E_ROLE },
};

static void
store_done(X509_STORE **p)
{
	X509_STORE_free(*p);
	*p = NULL;
}

static void
store_ctx_done(X509_STORE_CTX **p)
{
	X509_STORE_CTX_free(*p);
	*p = NULL;
}

static void
x509s_done(STACK_OF(X509) * *p)
{
	sk_X509_free(*p);
	*p = NULL;
}

static enum sn_err
chain_fail(X509_STORE_CTX *ctx, const struct cry_cert *const *chain, size_t n,
    struct sn_why *why)
{
	int code = X509_STORE_CTX_get_error(ctx), depth = X509_STORE_CTX_get_error_depth(ctx);
	enum sn_err err = SN_E_CHAIN;
	const char *cn = depth >= 0 && (size_t)depth < n ? chain[depth]->cn : "root";

	for (size_t i = 0; i < SN_NITEMS(meanings); i++)
		if (meanings[i].code == code)
			err = meanings[i].err;
	ERR_clear_error();
	return sn_fail(why, err, "certificate \"%s\": %s", cn,
	    X509_verify_cert_error_string(code));
}

/* OpenSSL's path validation with the root alone trusted. */
static enum sn_err
chain_openssl(const struct cry_cert *const *chain, size_t n, const struct cry_cert *root,
    int purpose, unsigned long flags, struct sn_why *why)
{
	SN_CLEANUP(store_done) X509_STORE *store = X509_STORE_new();
	SN_CLEANUP(store_ctx_done) X509_STORE_CTX *ctx = X509_STORE_CTX_new();
	SN_CLEANUP(x509s_done) STACK_OF(X509) *others = sk_X509_new_null();
	X509_VERIFY_PARAM *param;
	const STACK_OF(X509) * built;

	if (store == NULL || ctx == NULL || others == NULL ||
	    X509_STORE_add_cert(store, root->x) != 1)
		return cry_fail(why, SN_E_NOMEM, "certificate chain");
	for (size_t i = 1; i < n; i++)
		if (sk_X509_push(others, chain[i]->x) <= 0)
			return cry_fail(why, SN_E_NOMEM, "certificate chain");
	if (X509_STORE_CTX_init(ctx, store, chain[0]->x, others) != 1)
		return cry_fail(why, SN_E_CRYPTO, "certificate chain");
	param = X509_STORE_CTX_get0_param(ctx);
	/* Each date was checked before: OpenSSL takes the last second for too late. */
	if (X509_VERIFY_PARAM_set_flags(param, flags | X509_V_FLAG_NO_CHECK_TIME) != 1 ||
	    (purpose != 0 && X509_VERIFY_PARAM_set_purpose(param, purpose) != 1))
		return cry_fail(why, SN_E_CRYPTO, "certificate chain");
	if (X509_verify_cert(ctx) != 1)
		return chain_fail(ctx, chain, n, why);
	built = X509_STORE_CTX_get0_chain(ctx);
	if (sk_X509_num(built) != (int)n + 1)
		return sn_fail(why, SN_E_CHAIN,
		    "certificate chain: %d certificates lead to "
		    "the root, %zu were given",
		    sk_X509_num(built) - 1, n);
	return SN_OK;
}

enum sn_err
cry_chain_check(const struct cry_cert *const *chain, size_t n, const struct cry_cert *root,
    int64_t at, enum cry_sigalg alg, int purpose, const char *eku, struct sn_why *why)
{
	if (n == 0 || n > CRY_PEM_CHAIN_MAX)
		return sn_fail(why, SN_E_LIMIT, "certificate chain: %zu certificates", n);
	/* Each step by itself: order, names, the algorithms that we accept. */
	for (size_t i = 0; i < n; i++)
		SN_TRY(cry_cert_signed_by(chain[i], i + 1 < n ? chain[i + 1] : root, alg, why));
	SN_TRY(cry_cert_signed_by(root, root, alg, why));
	for (size_t i = 0; i < n; i++)
		SN_TRY(cry_cert_valid_at(chain[i], at, why));
	SN_TRY(cry_cert_valid_at(root, at, why));
	SN_TRY(chain_openssl(chain, n, root, purpose,
	    X509_V_FLAG_X509_STRICT | X509_V_FLAG_CHECK_SS_SIGNATURE, why));
	if (eku != NULL && !cry_cert_has_eku(chain[0], eku))
		return sn_fail(why, SN_E_ROLE,
		    "certificate \"%s\": not for this use (extended "
		    "key usage %s)",
		    chain[0]->cn, eku);
	return SN_OK;
}

enum sn_err
cry_chain_verify(const struct cry_cert *const *chain, size_t n, const struct cry_cert *root,
    int64_t at, const char *eku, struct sn_why *why)
{
	return cry_chain_check(chain, n, root, at, CRY_SIG_ANY, 0, eku, why);
}

enum sn_err
cry_path_verify(const struct cry_cert *const *chain, size_t n, const struct cry_cert *anchor,
    int64_t at, struct sn_why *why)
{
	if (n == 0 || n > CRY_PEM_CHAIN_MAX)
		return sn_fail(why, SN_E_LIMIT, "certificate chain: %zu certificates", n);
	for (size_t i = 0; i < n; i++) {
		const struct cry_cert *issuer = i + 1 < n ? chain[i + 1] : anchor;

		SN_TRY(cry_cert_signed_by(chain[i], issuer, CRY_SIG_SHA2, why));
		SN_TRY(cry_cert_valid_at(chain[i], at, why));
	}
	SN_TRY(cry_cert_valid_at(anchor, at, why));
	return chain_openssl(chain, n, anchor, 0, X509_V_FLAG_PARTIAL_CHAIN, why);
}
