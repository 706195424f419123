/*
 * timeout: 240
 *
 * What TPMs really sign: by our TPM process's code in softtpm and in an swtpm, and by stock
 * tools in the same swtpm. All of it is accepted, and no bit of it can be changed. The swtpm's
 * endorsement certificates (RSA-2048 and P-384) chain to its vendor's root.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "appliance/attest/class.h"
#include "appliance/base/frame.h"
#include "appliance/crypto/cert.h"
#include "appliance/tpm/tpm.h"
#include "tests/lib/swtpm.h"
#include "tests/lib/tpm_role.h"

static const uint8_t qualifying[32] = { 0xab, 0xcd, 0xef };
#define QUALIFYING_HEX "abcdef0000000000000000000000000000000000000000000000000000000000"

enum file {
	AK_PUB,
	QUOTE_MSG,
	QUOTE_SIG,
	QUOTE_PCR,
	AUDIT_MSG,
	AUDIT_SIG,
	AUDIT_LIST,
	CREATION_MSG,
	CREATION_SIG,
	CREATION_DATA,
	COUNTER_MSG,
	COUNTER_SIG,
	COUNTER_PUB,
	FILES
};
static const char *const file_names[FILES] = { "ak.pub", "quote.msg", "quote.sig", "quote.pcr",
	"audit.msg", "audit.sig", "audit.list", "creation.msg", "creation.sig", "creation.data",
	"counter.msg", "counter.sig", "counter.pub" };

/* Everything that one TPM signed in one boot. */
struct evidence {
	struct sn_buf file[FILES];
	struct sn_buf ek_pub, ek_cert;
	uint64_t counter;
};
enum maker { OURS_SOFTTPM, OURS_SWTPM, STOCK_SWTPM, AFTER_REBOOT, MAKERS };
static struct evidence made[MAKERS];
static const char *const maker_names[MAKERS] = { "softtpm", "swtpm", "stock", "reboot" };

static struct bytes
of(const struct evidence *e, enum file f)
{
	return sn_buf_bytes(&e->file[f]);
}

/* ---- checking it */

static enum sn_err
check_quote(const struct att_ak *ak, const struct evidence *e, struct att_clock *clock,
    struct sn_why *why)
{
	struct att_pcrs pcrs;

	SN_TRY(att_pcrs_parse(of(e, QUOTE_PCR), &pcrs, why));
	return att_quote(ak, of(e, QUOTE_MSG), of(e, QUOTE_SIG), qualifying, &pcrs, clock, why);
}

static enum sn_err
check_audit(const struct att_ak *ak, const struct evidence *e, struct att_clock *clock,
    struct sn_why *why)
{
	size_t n;

	return att_audit(ak, of(e, AUDIT_MSG), of(e, AUDIT_SIG), qualifying, of(e, AUDIT_LIST),
	    &n, clock, why);
}

static enum sn_err
check_creation(const struct att_ak *ak, const struct evidence *e, struct att_clock *clock,
    struct sn_why *why)
{
	return att_creation(ak, of(e, CREATION_MSG), of(e, CREATION_SIG), qualifying,
	    of(e, CREATION_DATA), clock, why);
}

static enum sn_err
check_counter(const struct att_ak *ak, const struct evidence *e, struct att_clock *clock,
    struct sn_why *why)
{
	uint64_t value;

	SN_TRY(att_counter(ak, of(e, COUNTER_MSG), of(e, COUNTER_SIG), qualifying,
	    of(e, COUNTER_PUB), &value, clock, why));
	assert_true(value == e->counter);
	return SN_OK;
}

static const struct attestation {
	const char *name;
	enum file first; /* of its three */
	enum sn_err (*check)(const struct att_ak *ak, const struct evidence *e,
	    struct att_clock *clock, struct sn_why *why);
} attestations[] = {
	{ "quote", QUOTE_MSG, check_quote },
	{ "audit", AUDIT_MSG, check_audit },
	{ "creation", CREATION_MSG, check_creation },
	{ "counter", COUNTER_MSG, check_counter },
};

static enum sn_err
check(const struct attestation *a, const struct evidence *e, struct att_clock *clock,
    struct sn_why *why)
{
	SN_CLEANUP(att_ak_done) struct att_ak ak = { 0 };

	SN_TRY(att_ak_open(of(e, AK_PUB), &ak, why));
	return a->check(&ak, e, clock, why);
}

/* ---- making it */

static void
move(struct sn_buf *to, struct sn_buf *from)
{
	*to = *from;
	*from = (struct sn_buf){ 0 };
}

/* Through the TPM process, as in a ceremony. */
static void
make_ours(enum tpm_backend backend, const char *path, struct evidence *e)
{
	struct tpm *tpm = NULL;
	struct tpm_info i = { 0 };
	struct tpm_audit audit = { 0 };
	struct tpm_attested creation = { 0 };
	struct tpm_counter counter = { 0 };
	struct tpm_quoted quote = { 0 };
	struct sn_why why = { 0 };
	int fds[2];

	assert_int_equal(pipe(fds), 0);
	if (tpm_start(TPM_ROLE_SELF, backend, path, fds[1], &tpm, &why) != SN_OK ||
	    tpm_info(tpm, &i, &why) != SN_OK || tpm_usable(&i, &why) != SN_OK ||
	    tpm_seed(tpm, qualifying, &audit, &why) != SN_OK ||
	    tpm_creation(tpm, qualifying, &creation, &why) != SN_OK ||
	    tpm_counter(tpm, qualifying, &counter, &why) != SN_OK ||
	    tpm_quote(tpm, qualifying, TPM_QUOTE_MASK, &quote, &why) != SN_OK)
		fail_msg("%s", why.text);
	close(fds[0]);
	close(fds[1]);
	tpm_free(&tpm);
	assert_true(counter.present);
	e->counter = counter.value;
	move(&e->file[AK_PUB], &i.ak_pub);
	move(&e->file[QUOTE_MSG], &quote.msg);
	move(&e->file[QUOTE_SIG], &quote.sig);
	move(&e->file[QUOTE_PCR], &quote.pcr);
	move(&e->file[AUDIT_MSG], &audit.msg);
	move(&e->file[AUDIT_SIG], &audit.sig);
	move(&e->file[AUDIT_LIST], &audit.list);
	move(&e->file[CREATION_MSG], &creation.msg);
	move(&e->file[CREATION_SIG], &creation.sig);
	move(&e->file[CREATION_DATA], &creation.body);
	move(&e->file[COUNTER_MSG], &counter.by.msg);
	move(&e->file[COUNTER_SIG], &counter.by.sig);
	move(&e->file[COUNTER_PUB], &counter.by.body);
	move(&e->ek_pub, &i.ek_pub);
	move(&e->ek_cert, &i.ek_cert);
	tpm_info_done(&i);
	tpm_counter_done(&counter);
}

/* The same key, certificates of its creation and of the same counter, by tpm2-tools. */
static const char stock[] =
    "set -e; export TPM2TOOLS_TCTI=swtpm:path=s; printf cornerstone/v1/ak >outside\n"
    "tpm2_createprimary -C e -g sha256 -G ecc256:ecdsa-sha256:null "
    "-a 'fixedtpm|fixedparent|sensitivedataorigin|userwithauth|noda|restricted|sign' "
    "-c ak.ctx --outside-info outside --creation-data creation.2b -d creation.hash "
    "-t creation.ticket -o ak.pub -f tss\ntpm2_flushcontext -t\n"
    "tpm2_certifycreation -C ak.ctx -c ak.ctx -d creation.hash -t creation.ticket -g sha256 "
    "-q " QUALIFYING_HEX
    " --attestation creation.msg -o creation.sig -f tss\ntpm2_flushcontext -t\n"
    "tpm2_nvcertify -C ak.ctx -c o -g sha256 --size 8 --offset 0 -q " QUALIFYING_HEX
    " --attestation counter.msg -o counter.sig -f tss 0x01815c01\ntpm2_flushcontext -t\n"
    "tpm2_quote -c ak.ctx -l sha256:0,1,2,3,4,5,6,7,15 -q " QUALIFYING_HEX
    " -m quote.msg -s quote.sig -o quote.pcr\n"
    "tpm2_flushcontext -t\n"
    "tpm2_createek -G ecc384 -c ek.ctx -u ek.pub -f tss; tpm2_flushcontext -t\n"
    "tpm2_nvread 0x01c00016 -C o -o ekcert.der\n";

static void
take(const char *name, struct sn_buf *to)
{
	struct test_bytes b = test_get(name);

	sn_buf_put(to, (struct bytes){ b.data, b.len });
	test_bytes_done(&b);
}

static void
make_stock(struct evidence *e)
{
	struct test_bytes wrapped;

	if (test_sh(stock) != 0)
		fail_msg("%s", (char *)test_get("log").data);
	for (int f = 0; f < FILES; f++)
		if (f != CREATION_DATA && f != COUNTER_PUB && (f < AUDIT_MSG || f > AUDIT_LIST))
			take(file_names[f], &e->file[f]);
	/* a TPM2B_CREATION_DATA */
	wrapped = test_get("creation.2b");
	sn_buf_put(&e->file[CREATION_DATA],
	    (struct bytes){ wrapped.data + 2, wrapped.len - 2 });
	test_bytes_done(&wrapped);
	/* what certifies the counter's public area is its name, whoever gives it out */
	sn_buf_put(&e->file[COUNTER_PUB], of(&made[OURS_SWTPM], COUNTER_PUB));
	e->counter = made[OURS_SWTPM].counter;
	take("ek.pub", &e->ek_pub);
	take("ekcert.der", &e->ek_cert);
}

/* The first of the tests, as an assertion needs one around it. */
static void
test_made(void **state)
{
	const char *build = getenv("BUILD");
	char *softtpm = test_format("%s/bin/softtpm", build != NULL ? build : "build");
	char *socket = test_format("%s/s", test_workdir());

	(void)state;
	make_ours(TPM_SOFTWARE, softtpm, &made[OURS_SOFTTPM]);
	swtpm_make();
	swtpm_start();
	make_ours(TPM_SWTPM, socket, &made[OURS_SWTPM]);
	make_stock(&made[STOCK_SWTPM]);
	swtpm_stop();
	swtpm_start();
	make_ours(TPM_SWTPM, socket, &made[AFTER_REBOOT]);
	swtpm_stop();
	free(softtpm);
	free(socket);
}

/* ---- the tests */

struct row {
	enum maker maker;
	const struct attestation *a;
};
static struct row rows[MAKERS * SN_NITEMS(attestations)];

static void
test_accepted(void **state)
{
	const struct row *r = *state;
	struct att_clock clock;
	struct sn_why why = { 0 };

	if (check(r->a, &made[r->maker], &clock, &why) != SN_OK)
		fail_msg("%s", why.text);
	assert_true(clock.ms > 0);
}

/* Every bit of every file: refused, and the file, or what it is about, is named. */
static void
flip_file(const struct row *r, enum file f)
{
	struct evidence e = made[r->maker]; /* the same buffers */
	struct sn_buf *b = &e.file[f];
	struct att_clock clock;

	for (size_t i = 0; i < 8 * b->n; i++) {
		struct sn_why why = { 0 };

		b->p[i / 8] ^= (uint8_t)(1U << i % 8);
		if (check(r->a, &e, &clock, &why) == SN_OK)
			fail_msg("%s: bit %zu changed and accepted", file_names[f], i);
		assert_true(why.text[0] != '\0');
		b->p[i / 8] ^= (uint8_t)(1U << i % 8);
	}
}

static void
test_flips(void **state)
{
	const struct row *r = *state;

	for (int k = 0; k < 3; k++)
		flip_file(r, (enum file)((int)r->a->first + k));
	flip_file(r, AK_PUB);
}

/* Cut anywhere, or one byte longer: refused. */
static void
test_lengths(void **state)
{
	const struct row *r = *state;
	struct att_clock clock;

	for (int k = 0; k < 3; k++) {
		struct evidence e = made[r->maker];
		struct sn_buf *b = &e.file[(int)r->a->first + k];
		const size_t n = b->n;
		uint8_t *longer = malloc(n + 1);

		for (b->n = 0; b->n < n; b->n++)
			assert_int_not_equal(check(r->a, &e, &clock, NULL), SN_OK);
		memcpy(longer, b->p, n);
		longer[n] = 0;
		*b = (struct sn_buf){ .p = longer, .n = n + 1, .cap = n + 1 };
		assert_int_not_equal(check(r->a, &e, &clock, NULL), SN_OK);
		free(longer);
	}
}

/* Over another qualifying value, by another TPM's key, in another's place. */
static void
test_swapped(void **state)
{
	(void)state;
	for (size_t a = 0; a < SN_NITEMS(attestations); a++) {
		const struct attestation *at = &attestations[a];
		struct evidence e = made[OURS_SWTPM];
		struct att_clock clock;

		e.file[AK_PUB] = made[OURS_SOFTTPM].file[AK_PUB];
		assert_int_equal(check(at, &e, &clock, NULL), SN_E_SIGNATURE);
		for (size_t b = 0; b < SN_NITEMS(attestations); b++) {
			if (a == b)
				continue;
			e = made[OURS_SWTPM];
			for (int k = 0; k < 2; k++)
				e.file[(int)at->first + k] =
				    made[OURS_SWTPM].file[(int)attestations[b].first + k];
			assert_int_equal(check(at, &e, &clock, NULL), SN_E_FORMAT);
		}
	}
}

static void
clock_of(enum maker m, const struct attestation *a, struct att_clock *ret)
{
	assert_int_equal(check(a, &made[m], ret, NULL), SN_OK);
}

/* All of one boot agree; the next boot of the same TPM does not; its counter has moved on. */
static void
test_boots(void **state)
{
	struct att_clock first, other;

	(void)state;
	clock_of(OURS_SWTPM, &attestations[0], &first);
	for (size_t a = 0; a < SN_NITEMS(attestations); a++) {
		clock_of(OURS_SWTPM, &attestations[a], &other);
		assert_int_equal(att_same_boot(&other, "b", &first, "a", NULL), SN_OK);
		clock_of(AFTER_REBOOT, &attestations[a], &other);
		assert_int_equal(att_same_boot(&other, "b", &first, "a", NULL), SN_E_SIGNATURE);
	}
	assert_true(bytes_equal(of(&made[OURS_SWTPM], AK_PUB),
	    of(&made[AFTER_REBOOT], AK_PUB)));
	assert_true(bytes_equal(of(&made[OURS_SWTPM], AK_PUB), of(&made[STOCK_SWTPM], AK_PUB)));
	assert_true(made[AFTER_REBOOT].counter == made[OURS_SWTPM].counter + 1);
}

/* ---- the swtpm's own certificates */

static const struct chain_row {
	const char *name;
	enum maker maker;
	enum att_ek_kind kind;
	bool root, issuer, other_tpm;
	enum att_level level;
} chains[] = {
	{ "rsa-2048", OURS_SWTPM, ATT_EK_RSA2048, true, true, false, ATT_LEVEL_VENDOR },
	{ "p384", STOCK_SWTPM, ATT_EK_P384, true, true, false, ATT_LEVEL_VENDOR },
	{ "no-root", OURS_SWTPM, ATT_EK_RSA2048, false, true, false, ATT_LEVEL_SOFTWARE },
	{ "no-issuer", STOCK_SWTPM, ATT_EK_P384, true, false, false, ATT_LEVEL_SOFTWARE },
	{ "another-tpms", OURS_SWTPM, ATT_EK_RSA2048, true, true, true, ATT_LEVEL_SOFTWARE },
};

#define ROOT_PEM "ca/swtpm-localca-rootca-cert.pem"
#define ISSUER_PEM "ca/issuer.pem"

static void
add(struct att_heap *h, const char *name)
{
	struct test_bytes b = test_get(name);
	struct sn_why why = { 0 };

	if (att_heap_file(h, (struct bytes){ b.data, b.len }, name, &why) != SN_OK)
		fail_msg("%s", why.text);
	test_bytes_done(&b);
}

/* Its SPKI, and a time inside its dates. */
static void
root_facts(uint8_t spki[32], int64_t *at)
{
	struct test_bytes b = test_get(ROOT_PEM);
	struct cry_cert *c[CRY_PEM_CHAIN_MAX] = { NULL };
	size_t n = 0;

	assert_int_equal(cry_cert_parse_pem((struct bytes){ b.data, b.len }, c, &n, NULL),
	    SN_OK);
	assert_int_equal(cry_cert_spki_sha256(c[0], spki, NULL), SN_OK);
	*at = cry_cert_not_before(c[0]) + 3600;
	cry_cert_free_all(c, n);
	test_bytes_done(&b);
}

static void
test_chain(void **state)
{
	const struct chain_row *r = *state;
	const struct evidence *e = &made[r->maker];
	struct att_heap *h = NULL;
	struct att_verdict v = { 0 };
	struct att_ak ak = { 0 };
	struct att_ek ek = { 0 };
	struct sn_why why = { 0 };
	uint8_t spki[32];
	int64_t at;

	root_facts(spki, &at);
	assert_int_equal(att_heap_new(&h, NULL), SN_OK);
	if (r->issuer)
		add(h, ISSUER_PEM);
	if (r->root)
		add(h, ROOT_PEM);
	assert_int_equal(att_ak_open(of(e, AK_PUB), &ak, NULL), SN_OK);
	const struct att_facts f = { .rehearsal = true,
		.ek_pub = sn_buf_bytes(r->other_tpm ? &made[OURS_SOFTTPM].ek_pub : &e->ek_pub),
		.ak_pub = of(e, AK_PUB),
		.ek_cert = sn_buf_bytes(&e->ek_cert),
		.heap = h,
		.pins = { .ak = ak.digest, .root = spki },
		.at = at };
	if (att_class(&f, &v, &why) != SN_OK)
		fail_msg("%s", why.text);
	if (v.level != r->level)
		fail_msg("%s: %s", att_level_name(v.level), v.why_not);
	assert_int_equal(att_ek_open(sn_buf_bytes(&e->ek_pub), &ek, NULL), SN_OK);
	assert_int_equal(ek.kind, r->kind);
	if (v.chain) {
		/* the judge, over our file alone */
		test_put("chain.pem", sn_buf_bytes(&v.path.pem));
		test_put("ek.der", sn_buf_bytes(&v.ek_cert));
		assert_int_equal(test_sh("openssl verify -CAfile " ROOT_PEM
					 " -untrusted chain.pem ek.der"),
		    0);
		assert_string_equal(v.path.manufacturer, "id:00001014");
		assert_string_equal(v.path.model, "swtpm");
	}
	att_ek_done(&ek);
	att_ak_done(&ak);
	att_verdict_done(&v);
	att_heap_free(&h);
}

int
main(int argc, char **argv)
{
	struct test_list *l;
	int status = 0;
	size_t n = 0;

	if (tpm_role(argc, argv, &status))
		return status;
	l = test_list_new();
	assert_int_equal(sn_secret_start(1U << 18, NULL), SN_OK);
	assert_int_equal(cry_start(NULL), SN_OK);
	test_list_add(l, test_made, NULL, "made");
	for (int m = 0; m < MAKERS; m++)
		for (size_t a = 0; a < SN_NITEMS(attestations); a++) {
			struct row *r = &rows[n];

			if (m == STOCK_SWTPM && attestations[a].first == AUDIT_MSG)
				continue; /* the tools' sessions are not ours to audit */
			*r = (struct row){ (enum maker)m, &attestations[a] };
			n++;
			test_list_add(l, test_accepted, r, "%s-%s", maker_names[m], r->a->name);
			if (m == AFTER_REBOOT)
				continue;
			test_list_add(l, test_flips, r, "%s-%s-flips", maker_names[m],
			    r->a->name);
			test_list_add(l, test_lengths, r, "%s-%s-lengths", maker_names[m],
			    r->a->name);
		}
	test_list_add(l, test_swapped, NULL, "swapped");
	test_list_add(l, test_boots, NULL, "boots");
	for (size_t i = 0; i < SN_NITEMS(chains); i++)
		test_list_add(l, test_chain, &chains[i], "chain-%s", chains[i].name);
	return test_list_run(l, "attest");
}
