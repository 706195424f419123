#include <stdlib.h>
#include <string.h>

#include "appliance/attest/ek.h"
#include "appliance/base/text.h"
#include "appliance/crypto/cert.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define NOW 1751328000LL /* 2025-07-01T00:00:00Z */

/* The endorsement key that the seeds' certificate is for, made by an swtpm; their root. */
static const char ek_hex[] =
    "00aa0023000c000300f20030b26e7d28d11a50bc53d882bcf5fd3a1a074148bb35d3b4e4cb1c0ad9bde419cacb"
    "47ba09699646150f9fc000f3f80e1200060100004300100004001000309596ed7326983c820aabf7ed5aca90d2"
    "90d1d3be96746daefb0406a3f98971d4c41f868a9853ccfc051bbbba08e316120030ba26082eaf8a486f9a52dd"
    "8bc1cb5a2d3b8731575ace9adf86ac99dc4927a0a999656c05e30fe0357d63ed10200af7b6";
static const char root_hex[] =
    "f9570a2497184e0b343b671d1cccfbc6ac7b49bd048ac30fa0134516ad20585b";
static struct att_ek ek;
static uint8_t root[32];

static void
start(void)
{
	uint8_t pub[(sizeof(ek_hex) - 1) / 2];

	if (ek.key != NULL)
		return;
	if (sn_secret_start(1U << 16, NULL) != SN_OK || cry_start(NULL) != SN_OK ||
	    sn_hex_parse(ek_hex, pub, sizeof(pub), "key", NULL) != SN_OK ||
	    sn_hex_parse(root_hex, root, sizeof(root), "root", NULL) != SN_OK ||
	    att_ek_open(BYTES_OF(pub), &ek, NULL) != SN_OK)
		abort();
}

/* Whatever was accepted ends at the generated root, and is one chain that verifies. */
static void
check_path(struct bytes der, const struct att_path *p)
{
	struct cry_cert *chain[CRY_PEM_CHAIN_MAX] = { NULL }, *leaf = NULL;
	uint8_t spki[32];
	size_t n = 0;

	if (!p->generated || cry_cert_parse(der, &leaf, NULL) != SN_OK ||
	    cry_cert_parse_pem(sn_buf_bytes(&p->pem), chain, &n, NULL) != SN_OK || n != p->n ||
	    n > ATT_DEPTH_MAX)
		abort();
	for (size_t i = 0; i < n; i++)
		if (cry_cert_signed_by(i == 0 ? leaf : chain[i - 1], chain[i], CRY_SIG_SHA2,
			NULL) != SN_OK)
			abort();
	if (cry_cert_spki_sha256(chain[n - 1], spki, NULL) != SN_OK ||
	    memcmp(spki, root, sizeof(spki)) != 0)
		abort();
	cry_cert_free(&leaf);
	cry_cert_free_all(chain, n);
}

/* u16 length and a certificate; the rest is a file on the stick. */
static void
path(struct bytes in, bool ca)
{
	struct att_heap *h = NULL;
	struct att_path p = { 0 };
	struct bytes der;
	uint16_t n;
	enum sn_err e;

	if (bytes_u16(&in, &n, "input", NULL) != SN_OK ||
	    bytes_take(&in, n, &der, "input", NULL) != SN_OK)
		return;
	if (att_heap_new(&h, NULL) != SN_OK)
		abort();
	(void)!att_heap_file(h, in, "file", NULL);
	e = ca ? att_ca_path(der, h, root, NOW, &p, NULL)
	       : att_ek_path(der, &ek, h, root, NOW, &p, NULL);
	if (e == SN_OK)
		check_path(der, &p);
	att_path_done(&p);
	att_heap_free(&h);
}

static void
nv(struct bytes in)
{
	struct att_heap *h = NULL;
	struct bytes der;

	if (att_heap_new(&h, NULL) != SN_OK)
		abort();
	if (att_heap_nv(h, in, "nv", NULL) != SN_OK && att_heap_count(h) != 0)
		abort();
	if (att_heap_count(h) > ATT_HEAP_MAX || att_heap_find_ek(h, &ek, &der, NULL) != SN_OK)
		abort();
	if (att_cert_in_nv(in, &der, NULL) == SN_OK && (der.p != in.p || der.n > in.n))
		abort();
	att_heap_free(&h);
}

/* The first byte says what the rest is. */
int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct bytes in = { data + 1, size - 1 };

	if (size == 0)
		return 0;
	start();
	if (data[0] == 'e' || data[0] == 'c')
		path(in, data[0] == 'c');
	else if (data[0] == 'n')
		nv(in);
	return 0;
}
