/*
 * timeout: 240
 *
 * Stock tools judge: tpm2_checkquote accepts our quotes and refuses changed ones;
 * tpm2_quote on an swtpm writes the same PCR file and makes the same attestation key;
 * the endorsement key is the one that swtpm_setup's certificate is for.
 */
#include <signal.h>

#include "appliance/crypto/cert.h"
#include "tests/appliance/tpm/swtpm.h"

static const uint8_t qualifying[32] = { 0xab, 0xcd, 0xef };
#define QUALIFYING_HEX "abcdef0000000000000000000000000000000000000000000000000000000000"

static int
checkquote(const char *hex)
{
	char *line = test_format("tpm2_checkquote -u ak.pem -m quote.msg -s quote.sig "
				 "-f quote.pcr -g sha256 -q %s",
	    hex);
	int status = test_sh(line);

	free(line);
	return status;
}

struct quoted {
	struct rig rig;
	struct tpm_ident ident;
	struct tpm_quoted q;
};

static void
quoted_start(struct quoted *s, uint32_t mask)
{
	struct sn_why why = { 0 };
	const uint8_t digest[32] = { 0x15 };

	memset(s, 0, sizeof(*s));
	rig_start(&s->rig);
	if (tpm_ident_open(s->rig.dev, TPM_SOFTWARE, "softtpm", &s->ident, &why) != SN_OK ||
	    tpm_dev_pcr_extend(s->rig.dev, s->ident.link, 15, digest, &why) != SN_OK ||
	    tpm_work_quote(s->rig.dev, &s->ident, qualifying, mask, &s->q, &why) != SN_OK)
		fail_msg("%s", why.text);
	test_put("ak.pem", sn_buf_bytes(&s->ident.info.ak_pem));
	test_put("quote.msg", sn_buf_bytes(&s->q.msg));
	test_put("quote.sig", sn_buf_bytes(&s->q.sig));
	test_put("quote.pcr", sn_buf_bytes(&s->q.pcr));
}

static void
quoted_done(struct quoted *s)
{
	tpm_quoted_done(&s->q);
	tpm_ident_done(s->rig.dev, &s->ident);
	rig_done(&s->rig);
}

static const struct mask_row {
	const char *name;
	uint32_t mask;
} masks[] = {
	{ "quote-all", 0xffff },
	{ "quote-0", 0x0001 },
	{ "quote-15", 0x8000 },
	{ "quote-eight", 0x00ff },
	{ "quote-nine", 0x01ff },
	{ "quote-scattered", 0x8895 },
};

static void
test_mask(void **state)
{
	const struct mask_row *r = *state;
	struct quoted s;

	quoted_start(&s, r->mask);
	assert_int_equal(checkquote(QUALIFYING_HEX), 0);
	quoted_done(&s);
}

static void
test_other_qualifying(void **state)
{
	struct quoted s;

	(void)state;
	quoted_start(&s, TPM_QUOTE_MASK);
	assert_int_not_equal(checkquote("00" QUALIFYING_HEX), 0);
	assert_int_not_equal(checkquote("bb"), 0);
	assert_int_equal(checkquote(QUALIFYING_HEX), 0);
	quoted_done(&s);
}

/* Another TPM's key does not verify it. */
static void
test_other_key(void **state)
{
	struct quoted s, other;
	struct bytes pem;

	(void)state;
	quoted_start(&other, TPM_QUOTE_MASK);
	quoted_start(&s, TPM_QUOTE_MASK);
	pem = sn_buf_bytes(&other.ident.info.ak_pem);
	test_put("ak.pem", pem);
	assert_int_not_equal(checkquote(QUALIFYING_HEX), 0);
	quoted_done(&s);
	quoted_done(&other);
}

/* One byte changed: in the attestation, the signature, a PCR value, the selection. */
static const struct flip_row {
	const char *name;
	int file; /* 0 msg, 1 sig, 2 pcr */
	size_t at;
} flips[] = {
	{ "flip-magic", 0, 0 },
	{ "flip-signer-name", 0, 12 },
	{ "flip-firmware-version", 0, 90 },
	{ "flip-last-of-digest", 0, SIZE_MAX },
	{ "flip-signature-r", 1, 10 },
	{ "flip-signature-last", 1, SIZE_MAX },
	{ "flip-pcr-mask", 2, 4 + 3 },
	{ "flip-pcr-0", 2, 132 + 4 + 4 + 2 },
	{ "flip-pcr-8", 2, 132 + 4 + 532 + 4 + 2 },
	{ "flip-pcr-15", 2, 132 + 4 + 532 + 4 + 7 * 66 + 2 + 31 },
};

static void
test_flip(void **state)
{
	const struct flip_row *r = *state;
	struct quoted s;
	const char *const names[] = { "quote.msg", "quote.sig", "quote.pcr" };
	struct sn_buf *b;

	quoted_start(&s, TPM_QUOTE_MASK);
	assert_int_equal(checkquote(QUALIFYING_HEX), 0);
	b = r->file == 0 ? &s.q.msg : r->file == 1 ? &s.q.sig : &s.q.pcr;
	b->p[r->at == SIZE_MAX ? b->n - 1 : r->at] ^= 1;
	test_put(names[r->file], sn_buf_bytes(b));
	assert_int_not_equal(checkquote(QUALIFYING_HEX), 0);
	quoted_done(&s);
}

/* The certificate in NV is for the endorsement key that we made from the template. */
static void
check_ek(const struct tpm_info *i)
{
	struct cry_cert *cert = NULL;
	struct cry_key *key = NULL;
	struct sn_buf spki = { 0 };
	struct bytes modulus;

	assert_string_equal(i->ek_template, "rsa-2048");
	assert_int_equal(i->ek_cert_index, 0x01c00002);
	assert_int_equal(cry_cert_parse(sn_buf_bytes(&i->ek_cert), &cert, NULL), SN_OK);
	assert_int_equal(cry_cert_key(cert, &key, NULL), SN_OK);
	assert_int_equal(cry_key_spki(key, &spki, NULL), SN_OK);
	modulus = (struct bytes){ i->ek_pub.p + i->ek_pub.n - 256, 256 };
	assert_true(bytes_find(sn_buf_bytes(&spki), modulus) != SIZE_MAX);
	sn_buf_done(&spki);
	cry_key_free(&key);
	cry_cert_free(&cert);
}

/* The same PCR values, selection and form as tpm2_quote -o wrote on this TPM. */
static void
check_pcr_file(struct tpm_dev *d, const char *name, uint32_t mask)
{
	uint8_t values[TPM_PCRS][32] = { 0 };
	struct sn_buf ours = { 0 };
	struct test_bytes theirs = test_get(name);

	assert_int_equal(tpm_dev_pcr_read(d, mask, values, NULL), SN_OK);
	tpm_work_pcr_file(mask, values, &ours);
	assert_int_equal(ours.n, theirs.len);
	assert_memory_equal(ours.p, theirs.data, ours.n);
	sn_buf_done(&ours);
	test_bytes_done(&theirs);
}

static void
check_ours(struct rig *r, struct tpm_ident *ident)
{
	struct sn_secret seed = { 0 };
	struct tpm_audit audit = { 0 };
	struct tpm_quoted q = { 0 };
	struct sn_why why = { 0 };

	if (tpm_work_seed(r->dev, ident, qualifying, &seed, &audit, &why) != SN_OK ||
	    tpm_work_quote(r->dev, ident, qualifying, TPM_QUOTE_MASK, &q, &why) != SN_OK)
		fail_msg("%s", why.text);
	test_put("ak.pem", sn_buf_bytes(&ident->info.ak_pem));
	test_put("quote.msg", sn_buf_bytes(&q.msg));
	test_put("quote.sig", sn_buf_bytes(&q.sig));
	test_put("quote.pcr", sn_buf_bytes(&q.pcr));
	assert_int_equal(checkquote(QUALIFYING_HEX), 0);
	tpm_quoted_done(&q);
	tpm_audit_done(&audit);
	sn_secret_done(&seed);
}

static const struct pcr_row {
	const char *list, *file;
	uint32_t mask;
} pcr_rows[] = {
	{ "0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15", "p.all", 0xffff },
	{ "0", "p.0", 0x0001 },
	{ "0,1,2,3,4,5,6,7", "p.eight", 0x00ff },
	{ "0,1,2,3,4,5,6,7,8", "p.nine", 0x01ff },
	{ "0,7,15", "p.three", 0x8081 },
};

static void
stock_tools(void)
{
	assert_int_equal(
	    test_sh(SWTPM_TOOL
		"tpm2_pcrextend "
		"15:sha256=1500000000000000000000000000000000000000000000000000000000000001"),
	    0);
	assert_int_equal(
	    test_sh(SWTPM_TOOL
		"tpm2_createprimary -C e -g sha256 -G ecc256:ecdsa-sha256:null "
		"-a 'fixedtpm|fixedparent|sensitivedataorigin|userwithauth|noda|restricted|sign' "
		"-c ak.ctx && " SWTPM_TOOL
		"tpm2_readpublic -c ak.ctx -f pem -o stock.pem -n stock.name"),
	    0);
	for (size_t i = 0; i < SN_NITEMS(pcr_rows); i++) {
		char *line = test_format(SWTPM_TOOL "tpm2_quote -c ak.ctx -l sha256:%s -q aabb "
						    "-m m -s s.sig -o %s && " SWTPM_TOOL
						    "tpm2_flushcontext -t",
		    pcr_rows[i].list, pcr_rows[i].file);

		assert_int_equal(test_sh(line), 0);
		free(line);
	}
}

static void
check_same_ak(const struct tpm_info *i)
{
	struct test_bytes name = test_get("stock.name"), pem = test_get("stock.pem");

	assert_int_equal(name.len, TPM_NAME_LEN);
	assert_memory_equal(name.data, i->ak_name, TPM_NAME_LEN);
	assert_int_equal(pem.len, i->ak_pem.n);
	assert_memory_equal(pem.data, i->ak_pem.p, pem.len);
	test_bytes_done(&name);
	test_bytes_done(&pem);
}

/* One TPM, two hands: stock tools first, then our code over the same socket. */
static void
test_swtpm(void **state)
{
	struct tpm_ident ident;
	struct sn_why why = { 0 };
	struct rig r;

	(void)state;
	swtpm_new();
	stock_tools();
	swtpm_rig(&r);
	if (tpm_ident_open(r.dev, TPM_DEVICE, "swtpm", &ident, &why) != SN_OK)
		fail_msg("%s", why.text);
	check_ek(&ident.info);
	check_same_ak(&ident.info);
	for (size_t i = 0; i < SN_NITEMS(pcr_rows); i++)
		check_pcr_file(r.dev, pcr_rows[i].file, pcr_rows[i].mask);
	check_ours(&r, &ident);
	tpm_ident_done(r.dev, &ident);
	assert_int_equal(r.dev->fault.err, SN_OK);
	rig_done(&r);
	/* and nothing of ours is left in it */
	assert_int_equal(test_sh("test -z \"$(" SWTPM_TOOL
				 "tpm2_getcap handles-transient)\" && "
				 "test -z \"$(" SWTPM_TOOL
				 "tpm2_getcap handles-loaded-session)\""),
	    0);
	swtpm_stop();
}

int
main(void)
{
	struct test_list *l = test_list_new();

	rig_prepare();
	signal(SIGPIPE, SIG_IGN);
	for (size_t i = 0; i < SN_NITEMS(masks); i++)
		test_list_add(l, test_mask, &masks[i], "%s", masks[i].name);
	for (size_t i = 0; i < SN_NITEMS(flips); i++)
		test_list_add(l, test_flip, &flips[i], "%s", flips[i].name);
	test_list_add(l, test_other_qualifying, NULL, "other-qualifying-value");
	test_list_add(l, test_other_key, NULL, "other-key");
	test_list_add(l, test_swtpm, NULL, "swtpm-by-stock-tools-and-by-ours");
	return test_list_run(l, "tools");
}
