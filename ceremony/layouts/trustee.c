#include "ceremony/layouts/trustee.h"

#include "appliance/base/text.h"

#define NAME_MAX_BYTES 60

/* session_storage_type comes before the first table, or TOML puts it into one. */
static const char top[] =
    "# Trustee 0.21, key broker with the built-in attestation service.\n"
    "# Administration is off; keys come as credentials of the service's unit.\n"
    "session_storage_type = \"Memory\"\n"
    "\n"
    "[http_server]\n"
    "sockets = [\"0.0.0.0:8443\"]\n"
    "private_key = \"/run/credentials/kbs.service/kbs-tls.key\"\n"
    "certificate = \"/etc/sanctum/trust/kbs-tls-chain.pem\"\n"
    "tls_profile = \"modern\"\n"
    "\n"
    "[admin]\n"
    "authorization_mode = \"DenyAll\"\n"
    "\n"
    "[attestation_token]\n"
    "trusted_certs_paths = [\"/etc/sanctum/trust/root-p384.pem\"]\n"
    "\n"
    "[attestation_service]\n"
    "type = \"coco_as_builtin\"\n"
    "\n"
    "[attestation_service.attestation_token_broker]\n"
    "duration_min = 5\n";

static const char bottom[] =
    "\n"
    "[attestation_service.attestation_token_broker.signer]\n"
    "key_path = \"/run/credentials/kbs.service/token.key\"\n"
    "cert_path = \"/etc/sanctum/trust/token-chain.pem\"\n"
    "\n"
    "[attestation_service.rvps_config]\n"
    "type = \"BuiltIn\"\n"
    "storage_type = \"LocalJson\"\n"
    "\n"
    "[attestation_service.verifier_config.snp_verifier]\n"
    "vcek_sources = [{ type = \"OfflineStore\", path = \"/var/lib/sanctum/kds-store\" }]\n"
    "\n"
    "[attestation_service.verifier_config.dcap_verifier]\n"
    "collateral_service = \"file:///var/lib/sanctum/intel/platform_collaterals.json\"\n"
    "tcb_update_type = \"standard\"\n"
    "\n"
    "[attestation_service.verifier_config.nvidia_verifier]\n"
    "type = \"Local\"\n"
    "\n"
    "[storage_backend]\n"
    "storage_type = \"LocalFs\"\n"
    "\n"
    "[storage_backend.backends.local_fs]\n"
    "dir_path = \"/var/lib/sanctum/storage\"\n"
    "\n"
    "[storage_backend.backends.local_json]\n"
    "file_dir_path = \"/var/lib/sanctum/rv\"\n"
    "\n"
    "[[plugins]]\n"
    "name = \"resource\"\n"
    "storage_backend_type = \"kvstorage\"\n";

/* A TOML basic string: printable text needs only these two escaped. */
static void
put_string(struct sn_buf *b, const char *s)
{
	sn_buf_u8(b, '"');
	for (; *s != '\0'; s++) {
		if (*s == '"' || *s == '\\')
			sn_buf_u8(b, '\\');
		sn_buf_u8(b, (uint8_t)*s);
	}
	sn_buf_u8(b, '"');
}

enum sn_err
layout_trustee_config(const char *sanctum_name, struct sn_buf *ret, struct sn_why *why)
{
	if (sanctum_name[0] == '\0' || !text_printable(bytes_str(sanctum_name), NAME_MAX_BYTES))
		return sn_fail(why, SN_E_FORMAT, "trustee: the sanctum's name");
	sn_buf_str(ret, top);
	sn_buf_str(ret, "issuer_name = ");
	put_string(ret, sanctum_name);
	sn_buf_u8(ret, '\n');
	sn_buf_str(ret, bottom);
	return sn_buf_check(ret, why);
}
