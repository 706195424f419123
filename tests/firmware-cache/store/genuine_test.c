/* Published vendor items, one a row: what each is, and the verdict at a named time. */
#include "tests/firmware-cache/store/set.h"

#define MID_2025 "2025-07-01T00:00:00Z"
#define MAR_2025 "2025-03-21T00:00:00Z" /* the older signing certificate's last spring */
#define JUN_2023 "2023-06-20T00:00:00Z"
#define MAR_2026 "2026-03-01T00:00:00Z"
#define NOV_2025 "2025-11-15T00:00:00Z"
#define AUG_2026 "2026-08-01T00:00:00Z"
#define QVL_2024 "2024-01-01T00:00:00Z"

#define QVL_SGX_ROOT "6a3b29fc4ae6ef0e0a9241dc63aeb2a361b15af97a634803dcda3d7358a3e38a"
#define QVL_TDX_ROOT "b4709133063051f70429aa41e5bd26c6efa0b3cced38fb5935bcf3e27df8fc1a"

struct genuine {
	const char *path, *at;
	enum set_name set;
	enum col_kind kind;
	const char *label, *until; /* until is a day; NULL: refused */
	enum sn_err err;
	unsigned int notes;
	const char *root; /* an extra root for rehearsals */
};

#define CHAIN COL_KIND_AMD_CHAIN
#define VCEK COL_KIND_AMD_VCEK
#define ICHAIN COL_KIND_INTEL_CHAIN
#define TCB COL_KIND_INTEL_TCB_INFO
#define IDENT COL_KIND_INTEL_IDENTITY
#define ROOTCRL COL_KIND_INTEL_ROOT_CRL
#define PCKCRL COL_KIND_INTEL_PCK_CRL
#define NOCRL COL_NOTE_NO_CRL
#define REH COL_NOTE_REHEARSAL
#define LOWER COL_NOTE_LOWER_FMSPC

static const struct genuine rows[] = {
	/* AMD certificate authorities */
	{ "amd/ca/milan/ark.der", MID_2025, SET_NONE, CHAIN, "AMD Milan ARK", "2045-10-22",
	    SN_OK, 0, NULL },
	{ "amd/ca/genoa/ark.der", MID_2025, SET_NONE, CHAIN, "AMD Genoa ARK", "2047-01-26",
	    SN_OK, 0, NULL },
	{ "amd/ca/turin/ark.der", MID_2025, SET_NONE, CHAIN, "AMD Turin ARK", "2048-05-15",
	    SN_OK, 0, NULL },
	{ "amd/ca/milan/ask.der", MID_2025, SET_AMD, CHAIN, "AMD Milan ASK", "2045-10-22",
	    SN_OK, 0, NULL },
	{ "amd/ca/genoa/ask.der", MID_2025, SET_AMD, CHAIN, "AMD Genoa ASK", "2047-01-26",
	    SN_OK, 0, NULL },
	{ "amd/ca/turin/ask.der", MID_2025, SET_AMD, CHAIN, "AMD Turin ASK", "2048-05-15",
	    SN_OK, NOCRL, NULL },
	{ "amd/ca/milan/asvk.der", MID_2025, SET_AMD, CHAIN, "AMD Milan ASVK", "2045-10-22",
	    SN_OK, 0, NULL },
	{ "amd/ca/genoa/asvk.der", MID_2025, SET_AMD, CHAIN, "AMD Genoa ASVK", "2047-01-26",
	    SN_OK, 0, NULL },
	{ "amd/ca/turin/asvk.der", MID_2025, SET_AMD, CHAIN, "AMD Turin ASVK", "2048-05-15",
	    SN_OK, NOCRL, NULL },
	{ "amd/ca/milan/ask.der", MID_2025, SET_NONE, CHAIN, "AMD Milan ASK", NULL, SN_E_CHAIN,
	    0, NULL },
	{ "amd/ca/milan/ask.der", MID_2025, SET_AMD_NO_CRL, CHAIN, "AMD Milan ASK",
	    "2045-10-22", SN_OK, NOCRL, NULL },
	{ "amd/kds/vcek_v1_Milan_cert_chain.pem", MID_2025, SET_AMD, CHAIN,
	    "AMD Milan ASK, ARK", "2045-10-22", SN_OK, 0, NULL },
	{ "amd/kds/vcek_v1_Milan_cert_chain.pem", MID_2025, SET_NONE, CHAIN,
	    "AMD Milan ASK, ARK", "2045-10-22", SN_OK, NOCRL, NULL },
	{ "amd/kds/vcek_v1_Genoa_cert_chain.pem", MID_2025, SET_AMD, CHAIN,
	    "AMD Genoa ASK, ARK", "2047-01-26", SN_OK, 0, NULL },
	{ "amd/kds/vcek_v1_Turin_cert_chain.pem", MID_2025, SET_NONE, CHAIN,
	    "AMD Turin ASK, ARK", "2048-05-15", SN_OK, NOCRL, NULL },
	{ "amd/kds/vlek_v1_Milan_cert_chain.pem", MID_2025, SET_AMD, CHAIN,
	    "AMD Milan ASVK, ARK", "2045-10-22", SN_OK, 0, NULL },
	{ "amd/kds/vlek_v1_Genoa_cert_chain.pem", MID_2025, SET_AMD, CHAIN,
	    "AMD Genoa ASVK, ARK", "2047-01-26", SN_OK, 0, NULL },
	{ "amd/kds/vlek_v1_Turin_cert_chain.pem", MID_2025, SET_AMD, CHAIN,
	    "AMD Turin ASVK, ARK", "2048-05-15", SN_OK, NOCRL, NULL },
	{ "amd/milan-gosev/cert_chain.pem", MID_2025, SET_AMD, CHAIN, "AMD Milan ASK, ARK",
	    "2045-10-22", SN_OK, 0, NULL },
	{ "amd/milan-gosev/vlek_cert_chain.pem", MID_2025, SET_AMD, CHAIN,
	    "AMD Milan ASVK, ARK", "2045-10-22", SN_OK, 0, NULL },
	{ "amd/trustee-builtin/milan_ask_ark_asvk.pem", MID_2025, SET_AMD, CHAIN,
	    "AMD Milan ASK, ARK, ASVK", "2045-10-22", SN_OK, 0, NULL },
	{ "amd/trustee-builtin/genoa_ask_ark_asvk.pem", MID_2025, SET_NONE, CHAIN,
	    "AMD Genoa ASK, ARK, ASVK", "2047-01-26", SN_OK, NOCRL, NULL },
	{ "amd/trustee-builtin/turin_ask_ark_asvk.pem", MID_2025, SET_NONE, CHAIN,
	    "AMD Turin ASK, ARK, ASVK", "2048-05-15", SN_OK, NOCRL, NULL },
	{ "amd/virtee-sev/cert_chain_milan", MID_2025, SET_AMD, CHAIN, "AMD Milan ASK, ARK",
	    "2045-10-22", SN_OK, 0, NULL },
	{ "amd/virtee-sev/cert_chain_turin", MID_2025, SET_AMD, CHAIN, "AMD Turin ASK, ARK",
	    "2048-05-15", SN_OK, NOCRL, NULL },
	{ "amd/dstack/ask.pem", MID_2025, SET_AMD, CHAIN, "AMD Milan ASK", "2045-10-22", SN_OK,
	    0, NULL },
	/* AMD CRLs */
	{ "amd/kds/vcek_v1_Milan_crl.der", MID_2025, SET_AMD, COL_KIND_AMD_CRL, "AMD Milan CRL",
	    "2026-05-12", SN_OK, 0, NULL },
	{ "amd/kds/vcek_v1_Genoa_crl.der", MID_2025, SET_AMD, COL_KIND_AMD_CRL, "AMD Genoa CRL",
	    "2025-11-03", SN_OK, 0, NULL },
	{ "amd/kds/vcek_v1_Milan_crl.der", MID_2025, SET_NONE, COL_KIND_AMD_CRL,
	    "AMD Milan CRL", NULL, SN_E_CHAIN, 0, NULL },
	{ "amd/kds/vcek_v1_Milan_crl.der", AUG_2026, SET_AMD, COL_KIND_AMD_CRL, "AMD Milan CRL",
	    NULL, SN_E_EXPIRED, 0, NULL },
	{ "amd/kds/vcek_v1_Milan_crl.der", MAR_2025, SET_AMD, COL_KIND_AMD_CRL, "AMD Milan CRL",
	    NULL, SN_E_EXPIRED, 0, NULL },
	/* AMD chips */
	{ "amd/milan-gosev/vcek.der", MID_2025, SET_AMD, VCEK,
	    "AMD Milan VCEK 3ac3fe21 2.0.5.68", "2029-09-24", SN_OK, 0, NULL },
	{ "amd/trustee-snp/test-vcek.der", MID_2025, SET_AMD, VCEK,
	    "AMD Milan VCEK c38427a3 3.0.8.115", "2030-01-24", SN_OK, 0, NULL },
	{ "amd/trustee-snp/test-vcek.der", MID_2025, SET_AMD_NO_CRL, VCEK,
	    "AMD Milan VCEK c38427a3 3.0.8.115", "2030-01-24", SN_OK, NOCRL, NULL },
	{ "amd/trustee-snp/test-vcek.der", MID_2025, SET_NONE, VCEK,
	    "AMD Milan VCEK c38427a3 3.0.8.115", NULL, SN_E_CHAIN, 0, NULL },
	{ "amd/virtee-sev/vcek_milan.der", MID_2025, SET_AMD, VCEK,
	    "AMD Milan VCEK d49554ec 3.0.8.115", "2030-04-03", SN_OK, 0, NULL },
	{ "amd/virtee-sev/vcek_turin.der", MID_2025, SET_AMD, VCEK,
	    "AMD Turin VCEK 1e550a8e 0.0.0.9.0", "2031-11-06", SN_OK, NOCRL, NULL },
	{ "amd/dstack/vcek.pem", AUG_2026, SET_AMD, VCEK, "AMD Milan VCEK 38d17458 4.0.23.213",
	    "2033-06-17", SN_OK, NOCRL, NULL },
	{ "amd/dstack/vcek.pem", MID_2025, SET_AMD, VCEK, "AMD Milan VCEK 38d17458 4.0.23.213",
	    NULL, SN_E_EXPIRED, 0, NULL },
	{ "amd/trustee-snp/test-vlek.der", MID_2025, SET_AMD, COL_KIND_AMD_VLEK,
	    "AMD Milan VLEK cc-us-east-2.amazonaws.com", "2025-12-10", SN_OK, 0, NULL },
	{ "amd/trustee-snp/test-vlek.der", AUG_2026, SET_AMD, COL_KIND_AMD_VLEK,
	    "AMD Milan VLEK cc-us-east-2.amazonaws.com", NULL, SN_E_EXPIRED, 0, NULL },
	{ "amd/trustee-snp/test-vcek-invalid-legacy.der", MID_2025, SET_AMD, VCEK,
	    "AMD Milan VCEK 00010203 3.0.10.169", NULL, SN_E_SIGNATURE, 0, NULL },
	{ "amd/trustee-snp/test-vcek-invalid-new.der", MID_2025, SET_AMD, VCEK, "AMD VCEK",
	    NULL, SN_E_SIGNATURE, 0, NULL },
	/* Intel roots, chains, CRLs */
	{ "intel/root/IntelSGXRootCA.cert.der", MID_2025, SET_NONE, ICHAIN, "Intel root CA",
	    "2049-12-31", SN_OK, 0, NULL },
	{ "intel/root/trusted_root.pem", MID_2025, SET_NONE, ICHAIN, "Intel root CA",
	    "2049-12-31", SN_OK, 0, NULL },
	{ "intel/phala/sgx_quote/tcb_issuer_chain.pem", MID_2025, SET_INTEL, ICHAIN,
	    "Intel TCB Signing, root CA", "2032-05-06", SN_OK, 0, NULL },
	{ "intel/phala/sgx_quote/qe_identity_issuer_chain.pem", MID_2025, SET_INTEL, ICHAIN,
	    "Intel TCB Signing, root CA", "2032-05-06", SN_OK, 0, NULL },
	{ "intel/phala/sgx_quote/tcb_issuer_chain.pem", MID_2025, SET_NONE, ICHAIN,
	    "Intel TCB Signing, root CA", NULL, SN_E_MISSING, 0, NULL },
	{ "intel/openenclave/tdx_endorsement/tcb_info_issuer_chain.pem", MAR_2025, SET_INTEL,
	    ICHAIN, "Intel TCB Signing, root CA", "2025-05-21", SN_OK, 0, NULL },
	{ "intel/openenclave/tdx_endorsement/tcb_info_issuer_chain.pem", MID_2025, SET_INTEL,
	    ICHAIN, "Intel TCB Signing, root CA", NULL, SN_E_EXPIRED, 0, NULL },
	{ "intel/openenclave/tdx_endorsement/pck_crl_issuer_chain.pem", MID_2025, SET_INTEL,
	    ICHAIN, "Intel PCK Platform CA, root CA", "2033-05-21", SN_OK, 0, NULL },
	{ "intel/phala/tdx_quote/pckcrl_issuer_chain.pem", MID_2025, SET_INTEL, ICHAIN,
	    "Intel PCK Platform CA, root CA", "2033-05-21", SN_OK, 0, NULL },
	{ "intel/phala/sgx_quote/pckcrl_issuer_chain.pem", MID_2025, SET_INTEL, ICHAIN,
	    "Intel PCK Processor CA, root CA", "2033-05-21", SN_OK, 0, NULL },
	{ "intel/phala/sgx_quote/rootcacrl.der", MID_2025, SET_INTEL, ROOTCRL,
	    "Intel root CA CRL", "2026-04-03", SN_OK, 0, NULL },
	{ "intel/phala/sgx_quote/rootcacrl.der", MID_2025, SET_NONE, ROOTCRL,
	    "Intel root CA CRL", NULL, SN_E_CHAIN, 0, NULL },
	{ "intel/go-tdx-guest/rootcacrl_2023.der", JUN_2023, SET_INTEL, ROOTCRL,
	    "Intel root CA CRL", "2024-04-02", SN_OK, 0, NULL },
	{ "intel/go-tdx-guest/rootcacrl_2023.der", MID_2025, SET_INTEL, ROOTCRL,
	    "Intel root CA CRL", NULL, SN_E_EXPIRED, 0, NULL },
	{ "intel/phala/sgx_quote/pckcrl.der", MID_2025, SET_INTEL, PCKCRL,
	    "Intel PCK Processor CA CRL", "2025-07-19", SN_OK, 0, NULL },
	{ "intel/phala/tdx_quote/pckcrl.der", MID_2025, SET_INTEL, PCKCRL,
	    "Intel PCK Platform CA CRL", "2025-07-19", SN_OK, 0, NULL },
	{ "intel/phala/tdx_quote_outdated/pckcrl.der", MAR_2026, SET_INTEL, PCKCRL,
	    "Intel PCK Platform CA CRL", "2026-03-20", SN_OK, 0, NULL },
	{ "intel/go-tdx-guest/pckcrl_platform_2023.der", JUN_2023, SET_INTEL, PCKCRL,
	    "Intel PCK Platform CA CRL", "2023-07-08", SN_OK, 0, NULL },
	{ "intel/go-tdx-guest/pckcrl_platform_2023.der", MID_2025, SET_INTEL, PCKCRL,
	    "Intel PCK Platform CA CRL", NULL, SN_E_EXPIRED, 0, NULL },
	{ "intel/openenclave/tdx_endorsement/pck_crl", MAR_2025, SET_INTEL, COL_KIND_UNKNOWN,
	    NULL, NULL, SN_E_FORMAT, 0, NULL },
	{ "intel/openenclave/tdx_endorsement/root_ca_crl", MAR_2025, SET_INTEL,
	    COL_KIND_UNKNOWN, NULL, NULL, SN_E_FORMAT, 0, NULL },
	/* Intel's signed JSON */
	{ "intel/phala/sgx_quote/tcb.json", MID_2025, SET_INTEL, TCB,
	    "TCB info SGX 00A067110000", "2025-07-19", SN_OK, 0, NULL },
	{ "intel/phala/sgx_quote/tcb.json", MID_2025, SET_NONE, TCB,
	    "TCB info SGX 00A067110000", NULL, SN_E_CHAIN, 0, NULL },
	{ "intel/phala/sgx_quote/qe_identity.json", MID_2025, SET_INTEL, IDENT, "QE identity",
	    "2025-07-19", SN_OK, 0, NULL },
	{ "intel/phala/tdx_quote/tcb.json", MID_2025, SET_INTEL, TCB,
	    "TCB info TDX B0C06F000000", "2025-07-19", SN_OK, 0, NULL },
	{ "intel/phala/tdx_quote/qe_identity.json", MID_2025, SET_INTEL, IDENT,
	    "TD QE identity", "2025-07-19", SN_OK, 0, NULL },
	{ "intel/phala/tdx_quote_outdated/tcb.json", MAR_2026, SET_INTEL, TCB,
	    "TCB info TDX 90C06F000000", "2026-03-20", SN_OK, 0, NULL },
	{ "intel/phala/tdx_quote_outdated/qe_identity.json", MAR_2026, SET_INTEL, IDENT,
	    "TD QE identity", "2026-03-20", SN_OK, 0, NULL },
	{ "intel/phala/tdx_quote_outdated/tcb.json", MID_2025, SET_INTEL, TCB,
	    "TCB info TDX 90C06F000000", NULL, SN_E_EXPIRED, 0, NULL },
	{ "intel/openenclave/tdx_endorsement/tcb_info.json", MAR_2025, SET_INTEL, TCB,
	    "TCB info TDX 90C06F000000", "2025-03-28", SN_OK, LOWER, NULL },
	{ "intel/openenclave/tdx_endorsement/qe_identity.json", MAR_2025, SET_INTEL, IDENT,
	    "TD QE identity", "2025-03-22", SN_OK, 0, NULL },
	{ "intel/openenclave/tdx_endorsement/tcb_info.json", MID_2025, SET_INTEL, TCB,
	    "TCB info TDX 90C06F000000", NULL, SN_E_EXPIRED, 0, NULL },
	{ "intel/go-tdx-guest/tdx_tcb_50806f000000_2023.json", JUN_2023, SET_INTEL, TCB,
	    "TCB info TDX 50806F000000", "2023-07-18", SN_OK, LOWER, NULL },
	{ "intel/go-tdx-guest/tdqe_identity_2023.json", JUN_2023, SET_INTEL, IDENT,
	    "TD QE identity", "2023-07-08", SN_OK, 0, NULL },
	{ "intel/go-tdx-guest/tdx_tcb_90c06f000000_2026.json", MAR_2026, SET_INTEL, TCB,
	    "TCB info TDX 90C06F000000", "2026-03-03", SN_OK, LOWER, NULL },
	{ "intel/trustee/tcbInfo.json", NOV_2025, SET_INTEL, TCB, "TCB info TDX 00A06D080000",
	    "2025-11-26", SN_OK, 0, NULL },
	{ "intel/trustee/enclaveIdentity.json", NOV_2025, SET_INTEL, IDENT, "TD QE identity",
	    "2025-11-27", SN_OK, 0, NULL },
	{ "intel/trustee/tcbInfo.json", MID_2025, SET_INTEL, TCB, "TCB info TDX 00A06D080000",
	    NULL, SN_E_EXPIRED, 0, NULL },
	/* deliberately bad */
	{ "intel/openenclave/data_tcbInfo.json", MID_2025, SET_INTEL, TCB, NULL, NULL,
	    SN_E_FORMAT, 0, NULL },
	{ "intel/openenclave/data_tcbInfoNegativeFloat.json", MID_2025, SET_INTEL,
	    COL_KIND_UNKNOWN, NULL, NULL, SN_E_FORMAT, 0, NULL },
	{ "intel/openenclave/data_tcbInfoNegativeIntegerOverflow.json", MID_2025, SET_INTEL,
	    COL_KIND_UNKNOWN, NULL, NULL, SN_E_FORMAT, 0, NULL },
	{ "intel/openenclave/data_tcbInfoNegativeSignature.json", MID_2025, SET_INTEL,
	    COL_KIND_UNKNOWN, NULL, NULL, SN_E_FORMAT, 0, NULL },
	{ "intel/openenclave/data_tcbInfoNegativeStringEscape.json", MID_2025, SET_INTEL, TCB,
	    NULL, NULL, SN_E_FORMAT, 0, NULL },
	{ "intel/openenclave/data_v3_tcbinfo_sgx.json", MID_2025, SET_INTEL, TCB,
	    "TCB info SGX 00906EA10000", NULL, SN_E_SIGNATURE, 0, NULL },
	{ "intel/openenclave/data_v3_tcbinfo_tdx.json", MID_2025, SET_INTEL, TCB,
	    "TCB info TDX 00906EA10000", NULL, SN_E_SIGNATURE, 0, NULL },
	{ "intel/openenclave/sgx_cert_ec_bad.der", MID_2025, SET_INTEL, COL_KIND_UNKNOWN, NULL,
	    NULL, SN_E_FORMAT, 0, NULL },
	{ "intel/openenclave/sgx_report_bad.bin", MID_2025, SET_INTEL, COL_KIND_UNKNOWN, NULL,
	    NULL, SN_E_FORMAT, 0, NULL },
	{ "intel/pck-selection/tcb_info_4.json", MID_2025, SET_INTEL, TCB,
	    "TCB info SGX 00707F000000", NULL, SN_E_SIGNATURE, 0, NULL },
	{ "intel/pck-selection/pck0_sample.pem", MID_2025, SET_INTEL, COL_KIND_INTEL_PCK, NULL,
	    NULL, SN_E_CHAIN, 0, NULL },
	{ "intel/phala/sgx_quote.bin", MID_2025, SET_INTEL, COL_KIND_UNKNOWN, NULL, NULL,
	    SN_E_FORMAT, 0, NULL },
	{ "amd/milan-gosev/report.bin", MID_2025, SET_AMD, COL_KIND_UNKNOWN, NULL, NULL,
	    SN_E_FORMAT, 0, NULL },
	{ "amd/assembled/genoa_cert_table.bin", MID_2025, SET_AMD, COL_KIND_UNKNOWN, NULL, NULL,
	    SN_E_FORMAT, 0, NULL },
	{ "intel/assembled/platform_collaterals.trustee.json", MID_2025, SET_INTEL,
	    COL_KIND_UNKNOWN, NULL, NULL, SN_E_FORMAT, 0, NULL },
	{ "intel/assembled/platform_list.json", MID_2025, SET_INTEL, COL_KIND_UNKNOWN, NULL,
	    NULL, SN_E_FORMAT, 0, NULL },
	{ "ibm-se/ibm.crt", MID_2025, SET_INTEL, COL_KIND_UNKNOWN, NULL, NULL, SN_E_FORMAT, 0,
	    NULL },
	{ "ibm-se/ibm.crl", MID_2025, SET_INTEL, COL_KIND_UNKNOWN, NULL, NULL, SN_E_FORMAT, 0,
	    NULL },
	/* Intel's test roots: refused, unless a rehearsal names that very root */
	{ "intel/qvl-sgx-testroot/trustedRootCaCert.pem", QVL_2024, SET_INTEL, ICHAIN,
	    "Intel root CA", NULL, SN_E_CHAIN, 0, NULL },
	{ "intel/qvl-sgx-testroot/tcbSignChain.pem", QVL_2024, SET_INTEL, ICHAIN,
	    "Intel TCB Signing, root CA", NULL, SN_E_CHAIN, 0, NULL },
	{ "intel/qvl-sgx-testroot/rootCaCrl.der", JUN_2023, SET_INTEL, ROOTCRL,
	    "Intel root CA CRL", NULL, SN_E_SIGNATURE, 0, NULL },
	{ "intel/qvl-sgx-testroot/rootCaCrl.der", QVL_2024, SET_QVL_SGX, ROOTCRL,
	    "Intel root CA CRL", NULL, SN_E_CHAIN, 0, NULL },
	{ "intel/qvl-sgx-testroot/intermediateCaCrl.der", JUN_2023, SET_INTEL, PCKCRL,
	    "Intel PCK Processor CA CRL", NULL, SN_E_SIGNATURE, 0, NULL },
	{ "intel/qvl-sgx-testroot/tcbInfo.json", JUN_2023, SET_INTEL, TCB,
	    "TCB info SGX 00707F000000", NULL, SN_E_SIGNATURE, 0, NULL },
	{ "intel/qvl-sgx-testroot/tcbInfo.json", QVL_2024, SET_QVL_SGX, TCB,
	    "TCB info SGX 00707F000000", NULL, SN_E_CHAIN, 0, NULL },
	{ "intel/qvl-sgx-testroot/trustedRootCaCert.pem", QVL_2024, SET_QVL_SGX, ICHAIN,
	    "Intel root CA", "2049-12-31", SN_OK, REH, QVL_SGX_ROOT },
	{ "intel/qvl-sgx-testroot/tcbSignChain.pem", QVL_2024, SET_QVL_SGX, ICHAIN,
	    "Intel TCB Signing, root CA", "2026-08-28", SN_OK, REH, QVL_SGX_ROOT },
	{ "intel/qvl-sgx-testroot/rootCaCrl.der", QVL_2024, SET_QVL_SGX, ROOTCRL,
	    "Intel root CA CRL", "2029-08-25", SN_OK, REH, QVL_SGX_ROOT },
	{ "intel/qvl-sgx-testroot/rootCaCrl.pem", QVL_2024, SET_QVL_SGX, ROOTCRL,
	    "Intel root CA CRL", "2029-08-25", SN_OK, REH, QVL_SGX_ROOT },
	{ "intel/qvl-sgx-testroot/intermediateCaCrl.der", QVL_2024, SET_QVL_SGX, PCKCRL,
	    "Intel PCK Processor CA CRL", "2029-09-05", SN_OK, REH, QVL_SGX_ROOT },
	{ "intel/qvl-sgx-testroot/intermediateCaCrl.pem", QVL_2024, SET_QVL_SGX, PCKCRL,
	    "Intel PCK Processor CA CRL", "2029-09-05", SN_OK, REH, QVL_SGX_ROOT },
	{ "intel/qvl-sgx-testroot/tcbInfo.json", QVL_2024, SET_QVL_SGX, TCB,
	    "TCB info SGX 00707F000000", "2026-08-28", SN_OK, REH, QVL_SGX_ROOT },
	{ "intel/qvl-sgx-testroot/qeIdentity.json", QVL_2024, SET_QVL_SGX, IDENT, "QE identity",
	    "2026-08-28", SN_OK, REH, QVL_SGX_ROOT },
	{ "intel/qvl-sgx-testroot/qveIdentity.json", QVL_2024, SET_QVL_SGX, IDENT,
	    "QvE identity", "2026-08-28", SN_OK, REH, QVL_SGX_ROOT },
	{ "intel/qvl-sgx-testroot/tcbInfo.json", QVL_2024, SET_QVL_SGX, TCB,
	    "TCB info SGX 00707F000000", NULL, SN_E_CHAIN, 0, QVL_TDX_ROOT },
	{ "intel/qvl-tdx-testroot/tcbSignChain.pem", QVL_2024, SET_QVL_TDX, ICHAIN,
	    "Intel root CA, TCB Signing", "2036-08-06", SN_OK, REH, QVL_TDX_ROOT },
	{ "intel/qvl-tdx-testroot/tcbInfo.json", QVL_2024, SET_QVL_TDX, TCB,
	    "TCB info TDX ED742AF8ADF5", "2036-08-06", SN_OK, REH | LOWER, QVL_TDX_ROOT },
	{ "intel/qvl-tdx-testroot/qeIdentity.json", QVL_2024, SET_QVL_TDX, IDENT,
	    "TD QE identity", "2036-08-06", SN_OK, REH, QVL_TDX_ROOT },
	{ "intel/qvl-tdx-testroot/intermediateCaCrl.der", QVL_2024, SET_QVL_TDX, PCKCRL,
	    "Intel PCK Processor CA CRL", "2031-08-04", SN_OK, REH, QVL_TDX_ROOT },
};

static void
check_accepted(const struct genuine *g, const struct col_row *row, struct bytes original)
{
	char until[TEXT_TIME_LEN + 1];

	text_from_time(row->good_until, until);
	until[10] = '\0';
	assert_string_equal(until, g->until);
	assert_int_equal(row->notes, g->notes);
	assert_non_null(row->verified);
	assert_true(bytes_equal(col_verified_bytes(row->verified), original));
	assert_int_equal(col_verified_kind(row->verified), g->kind);
}

static void
genuine(void **state)
{
	const struct genuine *g = *state;
	struct col_store *s;
	struct test_bytes b;
	struct sn_why why = { 0 };
	const struct col_row *row;
	char line[COL_LINE_MAX + 1];
	struct bytes original;

	test_need_data(g->path);
	s = set_store(g->set, g->at, g->root);
	b = test_read_data(g->path);
	original = (struct bytes){ b.data, b.len };
	must(col_store_add(s, "item.under.test", original, &why), &why);
	row = set_judge(s, original);
	assert_err(row->ok ? SN_OK : row->why.err, g->err, &row->why);
	assert_int_equal(row->kind, g->kind);
	if (g->label != NULL)
		assert_string_equal(row->label, g->label);
	col_row_line(row, line);
	assert_true(strlen(line) <= COL_LINE_MAX);
	if (g->err == SN_OK)
		check_accepted(g, row, original);
	else {
		assert_null(row->verified);
		assert_int_equal(row->good_until, 0);
		assert_true(row->why.text[0] != '\0');
	}
	test_bytes_done(&b);
	col_store_free(&s);
}

int
main(void)
{
	struct test_list *l = test_list_new();
	struct sn_why why = { 0 };

	if (cry_start(&why) != SN_OK)
		return 1;
	for (size_t i = 0; i < SN_NITEMS(rows); i++)
		test_list_add(l, genuine, &rows[i], "%s at %.7s %s%s", rows[i].path, rows[i].at,
		    rows[i].err == SN_OK ? "accepted" : sn_err_name(rows[i].err),
		    rows[i].root != NULL ? ", extra root" : "");
	return test_list_run(l, "genuine");
}
