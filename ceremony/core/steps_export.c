/*
 * The closing order, second half: both CMS, quote, second checker; the end.
 */
#include "ceremony/core/cer.h"

#include <string.h>

#include "appliance/base/text.h"

enum sn_err
step_sign_enter(struct cer *c, struct sn_why *why)
{
	SN_CLEANUP(sn_buf_done) struct sn_buf p384 = { 0 };
	SN_CLEANUP(sn_buf_done) struct sn_buf mldsa = { 0 };
	SN_CLEANUP(tpm_quoted_done) struct tpm_quoted quote = { 0 };
	uint8_t digest[32];
	char hex[65];

	SN_TRY(keeper_sign_statement(c->keeper, bun_statement(c->bun), &p384, &mldsa, why));
	SN_TRY(bun_set_cms(c->bun, sn_buf_bytes(&p384), sn_buf_bytes(&mldsa), why));
	SN_TRY(bun_statement_sha256(c->bun, digest, why));
	SN_TRY(tpm_quote(c->tpm, digest, TPM_QUOTE_MASK, &quote, why));
	SN_TRY(bun_set_quote(c->bun, sn_buf_bytes(&quote.msg), sn_buf_bytes(&quote.sig),
	    sn_buf_bytes(&quote.pcr), why));
	keeper_stop(&c->keeper); /* nothing needs the master secret any more */
	if (plan_is_operations(c->plan))
		SN_TRY(cer_ops_judge(c, why));
	SN_TRY(c->ports.crosscheck(c->ports.arg, c->bun, c->identity, &c->checked, why));
	if (c->late == NULL)
		return SN_OK;
	sn_hex(BYTES_OF(digest), hex);
	return CER_RECORD(c, "statement.signed", why, TR_ARG_STR("statement", hex));
}

/* The second checker's lines, as it printed them. */
static void
sign_lines(struct cer *c, struct view *v)
{
	const char *s = sn_buf_cstr(&c->checked);

	while (*s != '\0') {
		int n = (int)strcspn(s, "\n");

		if (n > 0 &&
		    text_printable((struct bytes){ (const uint8_t *)s, (size_t)n }, 400))
			view_line(v, "%.*s", n, s);
		s += n;
		s += *s == '\n';
	}
}

enum sn_err
step_sign_show(struct cer *c, size_t i SN_UNUSED, struct view *v, struct sn_why *why SN_UNUSED)
{
	cer_view(v, VIEW_INFO, "ok", "sign.head");
	view_say(v, "sign.body", CAT_ARGS({ "approvals", cer_num(c->plan->approvals) }));
	view_blank(v);
	sign_lines(c, v);
	return SN_OK;
}

/* ---- end */

enum sn_err
step_end_enter(struct cer *c, struct sn_why *why SN_UNUSED)
{
	tpm_free(&c->tpm);
	c->result = SN_OK;
	return SN_OK;
}

enum sn_err
step_end_show(struct cer *c, size_t i SN_UNUSED, struct view *v, struct sn_why *why SN_UNUSED)
{
	const struct bun_expiry *first = cer_first_expiry(c);

	cer_view(v, VIEW_END, "ok", "end.head");
	view_say(v, "end.identity", NULL);
	cer_view_digest(v, c->identity);
	view_blank(v);
	if (c->journal.going == CER_EXPORT) {
		view_say(v, "end.resumed", NULL);
		return SN_OK;
	}
	view_say(v, "end.body",
	    CAT_ARGS({ "expiry", cer_time_text(first->at) }, { "what", first->what }));
	return SN_OK;
}
