#include "appliance/laptop/save.h"

#include <stdio.h>
#include <string.h>

#include "appliance/base/text.h"

#define NAMES_MAX 99
#define OLD_MAX (1U << 20)
#define FILES_MAX 5
#define COLUMNS 80

/* Nothing lies there under that name; a folder is something, too. */
static enum sn_err
name_free(struct med *m, const char *label, const char *name, bool *ret, struct sn_why *why)
{
	SN_CLEANUP(sn_buf_done) struct sn_buf old = { 0 };
	struct sn_why reason = { 0 };
	enum sn_err e = med_read(m, label, name, OLD_MAX, &old, &reason);

	if (e != SN_OK && e != SN_E_MISSING && e != SN_E_LIMIT && e != SN_E_FORMAT)
		return sn_fail(why, e, "%s", reason.text);
	*ret = e == SN_E_MISSING;
	return SN_OK;
}

/* The names with that number, and whether all are free. */
static enum sn_err
names_free(struct med *m, struct save_offer *o, unsigned int number, bool *ret,
    struct sn_why *why)
{
	const char *const names[] = { o->report, o->request, o->answer };
	char suffix[12] = "";

	if (number > 1)
		snprintf(suffix, sizeof(suffix), "-%u", number);
	snprintf(o->report, sizeof(o->report), "laptop-report%s.txt", suffix);
	snprintf(o->request, sizeof(o->request), "tpm-request%s", suffix);
	snprintf(o->answer, sizeof(o->answer), "tpm-answer%s", suffix);
	*ret = true;
	for (size_t i = 0; *ret && i < SN_NITEMS(names); i++)
		SN_TRY(name_free(m, o->label, names[i], ret, why));
	return SN_OK;
}

static enum sn_err
read_challenge(struct med *m, struct save_offer *o, struct sn_why *why)
{
	struct sn_why reason = { 0 };
	enum sn_err e =
	    med_read(m, o->label, SAVE_CHALLENGE, SAVE_CHALLENGE_MAX, &o->challenge, &reason);

	return e == SN_OK || e == SN_E_MISSING ? SN_OK : sn_fail(why, e, "%s", reason.text);
}

void
laptop_offer_done(struct save_offer *o)
{
	if (o != NULL)
		sn_buf_done(&o->challenge);
}

enum sn_err
laptop_offer(struct med *m, const char *label, bool with_tpm, struct save_offer *ret,
    struct sn_why *why)
{
	SN_CLEANUP(laptop_offer_done) struct save_offer o = { 0 };
	bool found = false;

	snprintf(o.label, sizeof(o.label), "%s", label);
	for (unsigned int i = 1; !found && i <= NAMES_MAX; i++)
		SN_TRY(names_free(m, &o, i, &found, why));
	if (!found)
		return sn_fail(why, SN_E_LIMIT,
		    "the stick holds %d reports already; take another", NAMES_MAX);
	if (with_tpm)
		SN_TRY(read_challenge(m, &o, why));
	*ret = o;
	o = (struct save_offer){ 0 };
	return SN_OK;
}

void
laptop_offer_text(const struct save_offer *o, bool with_tpm, struct sn_buf *ret)
{
	sn_buf_fmt(ret, "The stick %s is in.\n",
	    o->label[0] != '\0' ? o->label : "without a label");
	if (o->challenge.n != 0)
		sn_buf_fmt(ret,
		    "It holds a challenge for a laptop's TPM (tpm-challenge). This TPM will be\n"
		    "asked for the answer, which proves that it holds the keys that it claims.\n"
		    "%s and the folder %s will be written to it;\n"
		    "nothing else on it changes.\n",
		    o->report, o->answer);
	else if (with_tpm)
		sn_buf_fmt(ret,
		    "%s and the folder %s will be written to it;\n"
		    "nothing else on it changes. The folder has the public keys of the TPM, from\n"
		    "which approvers make a challenge for it (sanctum enrol).\n",
		    o->report, o->request);
	else
		sn_buf_fmt(ret, "%s will be written to it; nothing else on it changes.\n",
		    o->report);
}

static enum sn_err
save(struct med *m, const char *label, const char *root, const struct med_file *files, size_t n,
    struct sn_why *why)
{
	SN_TRY(med_write(m, label, root, files, n, why));
	return med_compare(m, label, root, files, n, why);
}

enum sn_err
laptop_save_report(struct med *m, const struct save_offer *o, struct bytes report,
    struct sn_why *why)
{
	const struct med_file file = { .path = o->report, .data = report };

	return save(m, o->label, "", &file, 1, why);
}

enum sn_err
laptop_save_request(struct med *m, const struct save_offer *o, const struct tpm_info *tpm,
    struct sn_why *why)
{
	char name[2 * TPM_NAME_LEN + 2];
	const struct med_file all[FILES_MAX] = {
		{ "ek.pub", sn_buf_bytes(&tpm->ek_pub) },
		{ "ak.pub", sn_buf_bytes(&tpm->ak_pub) },
		{ "ak.name", { (const uint8_t *)name, sizeof(name) - 1 } },
		{ "ekcert.der", sn_buf_bytes(&tpm->ek_cert) },
		{ "ek-chain.der", sn_buf_bytes(&tpm->ek_chain) },
	};
	struct med_file files[FILES_MAX];
	size_t n = 0;

	sn_hex(BYTES_OF(tpm->ak_name), name);
	name[sizeof(name) - 2] = '\n';
	for (size_t i = 0; i < FILES_MAX; i++)
		if (all[i].data.n != 0)
			files[n++] = all[i];
	return save(m, o->label, o->request, files, n, why);
}

enum sn_err
laptop_save_answer(struct med *m, const struct save_offer *o, struct bytes secret,
    struct sn_why *why)
{
	/* in the clear: a nonce, which protects nothing and is of no use to anybody else */
	const struct med_file file = { .path = "secret.bin", .data = secret };

	return save(m, o->label, o->answer, &file, 1, why);
}

void
laptop_saved_text(const struct save_offer *o, bool report, const char *name,
    const struct sn_why *refused, const struct sn_why *why, struct sn_buf *ret)
{
	if (!report) {
		sn_buf_str(ret, "The report is NOT on the stick:\n");
	} else if (why->err != SN_OK) {
		sn_buf_fmt(ret, "%s is on the stick; more could not be written:\n", o->report);
	} else {
		sn_buf_fmt(ret, "On the stick: %s%s%s.\n", o->report,
		    name != NULL ? ", the folder " : "", name != NULL ? name : "");
		sn_buf_str(ret, "It was read back and is the same. The stick may be pulled.\n");
	}
	if (why->err != SN_OK)
		text_put_wrapped(ret, COLUMNS, "  ", why->text);
	if (refused->err != SN_OK) {
		sn_buf_str(ret, "The challenge on the stick was not answered:\n");
		text_put_wrapped(ret, COLUMNS, "  ", refused->text);
	}
}
