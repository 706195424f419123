#include "appliance/attest/roots.h"

#include <string.h>

#include "appliance/base/text.h"

/*
 * Each row: where its vendor publishes the certificate, whose it is, what it is called, SHA-256
 * of its DER. The list and the digests are those of github.com/loicsikidi/tpm-ca-certificates
 * (.tpm-roots.yaml, commit 366e970a144e), which names the vendors' documents; rows with a star
 * are listed there by SHA-1, here by the SHA-256 of the same certificate. Not all are
 * self-signed: a vendor's own root may have been certified by GlobalSign, or by its group.
 */
const struct att_root att_roots[] = {
	/* https://ftpm.amd.com/hsp/ica/AMD-Pluton-Global-Factory-ICA.crt */
	{ "AMD", "AMD Pluton Global Factory ICA",
	    "593a1794f9e17476c7ad427d2908a97c451451c9e0939fdc80d5d662c232d401" },
	/* https://ftpm.amd.com/pki/aia/23452201D41C5AB064032BD23F158FEF */
	{ "AMD", "AMDTPM ECC",
	    "14aac9fd58471a612afd75d8c0955daf99f091b1863702f9e0d4113faf234f9d" },
	/* https://ftpm.amd.com/pki/aia/264D39A23CEB5D5B49D610044EEBD121 */
	{ "AMD", "AMDTPM RSA",
	    "67bd2472a546751caca5f358a78f80727531671338960a9bcfdfbe6a34d0c6a1" },
	/* https://pki.infineon.com/OptigaEccRootCA/OptigaEccRootCA.crt */
	{ "Infineon", "Infineon OPTIGA(TM) ECC Root CA",
	    "cfeb02fecd55ad7a73c6e1d11985d4c47dee248ab63dcb66091a2489660443c3" },
	/* https://pki.infineon.com/OptigaEccRootCA2/OptigaEccRootCA2.crt */
	{ "Infineon", "Infineon OPTIGA(TM) ECC Root CA 2",
	    "ee0c827555c4e9012037df4257bb8aaa26084a17b13ede41cd7895c8d6c11190" },
	/* https://pki.infineon.com/OptigaRsaRootCA/OptigaRsaRootCA.crt */
	{ "Infineon", "Infineon OPTIGA(TM) RSA Root CA",
	    "899e35474c9807eb4c7f2f7a12da0028fb250cd02154d0009fca7d9c66574f3b" },
	/* https://pki.infineon.com/OptigaRsaRootCA2/OptigaRsaRootCA2.crt */
	{ "Infineon", "Infineon OPTIGA(TM) RSA Root CA 2",
	    "b413c71580af3ec5efe83fad31db2d4af4612355e3b01e50903b10763d738894" },
	/* https://tsci.intel.com/content/OnDieCA/certs/OnDie_CA_RootCA_Certificate.cer */
	{ "Intel", "OnDie CA RootCA",
	    "beb40bb7507b33967226aa80e084749fbb6593893c642e818d682e9a8d07fc24" },
	/* https://www.microsoft.com/pkiops/certs/Microsoft%20Pluton%20Root%20CA%202021.crt */
	{ "Microsoft", "Microsoft Pluton Root CA 2021",
	    "32ab5fe7cb4396659fcb621ca14c6fb8fc2420f64050637d77e45a86c5d3916e" },
	/* https://www.microsoft.com/pkiops/certs/Microsoft%20TPM%20Root%20Certificate%20Authority%202014.crt */
	{ "Microsoft", "Microsoft TPM Root Certificate Authority 2014",
	    "870c7a35ceab3d59979f2c6a524042d404cb71518004350925fb2ced79a999da" },
	/* https://pki.nsing.com.sg/NSEccRootCA001/NSEccRootCA001.crt */
	{ "NSING", "NSING TPM ECC ROOT CA 001",
	    "6ccf8a8a803d07a002a15d4889ffa0b125e4a82a1fe4211db3c6e8592919f9dc" },
	/* https://pki.nsing.com.sg/NSRsaRootCA001/NSRsaRootCA001.crt */
	{ "NSING", "NSING TPM RSA ROOT CA 001",
	    "72ca00612395af027cd84c5514219f110e964dfa0bfc1efbb3ac147e3b173971" },
	/* https://www.nuvoton.com/security/NTC-TPM-EK-Cert/NPCTxxxECC521RootCA.cer * */
	{ "Nuvoton", "NPCTxxx ECC521 RootCA",
	    "083e7bd13e8fe0bb9b0c64db9e0c8356681df65714d2d5c4925eb98ae1369d40" },
	/* https://www.nuvoton.com/security/NTC-TPM-EK-Cert/Nuvoton%20TPM%20Root%20CA%201110.cer * */
	{ "Nuvoton", "Nuvoton TPM Root CA 1110",
	    "2782e51a95e86d9557fe4204316cf805bd6f5898f81f9732e944d742bcdc5f54" },
	/* https://www.nuvoton.com/security/NTC-TPM-EK-Cert/Nuvoton%20TPM%20Root%20CA%201111.cer * */
	{ "Nuvoton", "Nuvoton TPM Root CA 1111",
	    "e38c280f7c0e0b49f31efc7531032bb6a86c3fba4eb89beb1d510eaa4510ae4a" },
	/* https://www.nuvoton.com/security/NTC-TPM-EK-Cert/Nuvoton%20TPM%20Root%20CA%202111.cer * */
	{ "Nuvoton", "Nuvoton TPM Root CA 2111",
	    "cd8185ff8995ed09811970090a8c36fafab34ef87f47fa51fdb9ecf95c9c2e04" },
	/* https://www.nuvoton.com/security/NTC-TPM-EK-Cert/Nuvoton%20TPM%20Root%20CA%202112.cer * */
	{ "Nuvoton", "Nuvoton TPM Root CA 2112",
	    "66e3a1013d4f697700f731e7d68c69b58351f90ec9580d85862d020ab4abf1af" },
	/* https://www.nuvoton.com/security/NTC-TPM-EK-Cert/NuvotonTPMRootCA1210.cer * */
	{ "Nuvoton", "NuvotonTPMRootCA1210",
	    "ba70a6ea7b77c7fee8947a07b1e70e0b26d39ce5e6307f63d5e4b9507f19a157" },
	/* https://www.nuvoton.com/security/NTC-TPM-EK-Cert/NuvotonTPMRootCA2210.cer * */
	{ "Nuvoton", "NuvotonTPMRootCA2210",
	    "fc61abbc18100f460205ebe09d8c3e6995ac2be2234344a7facb62e15f9a7584" },
	/* https://www.nuvoton.com/security/NTC-TPM-EK-Cert/NuvotonTPMRootCA2211.cer * */
	{ "Nuvoton", "NuvotonTPMRootCA2211",
	    "2bbc5db224b8f28a6d2cf336d4da7ab21c8c490e3d60ef497801dc0b6ac00227" },
	/* https://secure.globalsign.com/cacert/tpmeccroot.crt */
	{ "STMicroelectronics", "GlobalSign Trusted Platform Module ECC Root CA",
	    "5a8c7b5eb888cfce9322068e80e82b28b554ffeb7fdc9638dcb3763077401d26" },
	/* https://secure.globalsign.com/cacert/gstpmroot.crt */
	{ "STMicroelectronics", "GlobalSign Trusted Platform Module Root CA",
	    "f27bf02c6e00c73d915eeb6a6a2f5fbf0c31ae0393149e6b5c31e41b113841c3" },
	/* https://secure.globalsign.com/cacert/stmtpmeccroot01.crt */
	{ "STMicroelectronics", "STM TPM ECC Root CA 01",
	    "c541d7e5b9e3f935621acbd403896225ec641036c9ae3b5f7ac793a606ff9b79" },
	/* https://secure.globalsign.com/cacert/stmtpmekroot.crt */
	{ "STMicroelectronics", "STM TPM EK Root CA",
	    "f8e37a86b689a20a6cc0c40cc3f81fb130fa9f44ce7ffa60d62590aaf87273a9" },
	/* https://sw-center.st.com/STSAFE/STSAFEEccRootCA02.crt */
	{ "STMicroelectronics", "STSAFE ECC Root CA 02",
	    "fd1e7b68accd825636b27b3177c67402d463a7f04c97b6c47ab705fcdc1a04f6" },
	/* https://sw-center.st.com/STSAFE/STSAFERsaRootCA02.crt */
	{ "STMicroelectronics", "STSAFE RSA Root CA 02",
	    "c8f179943356e13d9d84b100201cefabbf408880241e5329e60d950ce1dea623" },
};
const size_t att_roots_n = SN_NITEMS(att_roots);

const struct att_root *
att_root_find(const uint8_t sha256[32])
{
	char hex[64 + 1];

	sn_hex((struct bytes){ sha256, 32 }, hex);
	for (size_t i = 0; i < att_roots_n; i++)
		if (strcmp(att_roots[i].sha256, hex) == 0)
			return &att_roots[i];
	return NULL;
}
