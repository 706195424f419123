/*
 * The class of the TPM's evidence: its keys, the plan's word for them, and the certificates
 * that the TPM and the IN stick have for its endorsement key.
 */
#include "ceremony/core/cer.h"

#include <stdio.h>
#include <string.h>

#include "appliance/base/text.h"

#define CA_FOLDER "tpm-ca"
#define CA_FILE_MAX (256U << 10) /* bytes of a file: a heap of certificates in PEM fits */
#define CA_REFUSED_MAX 20	 /* files that get a record each */
#define NV_CHAIN "NV 0x01c00100"

/* Certificates that nobody has verified yet, and what could not even be read. */
struct found {
	struct cer *c;
	struct att_heap *heap;
	size_t refused;
};

static void
found_done(struct found *f)
{
	att_heap_free(&f->heap);
}

static void
class_refused(void *arg, const char *path, const struct sn_why *reason)
{
	struct found *f = arg;
	struct sn_why why = { 0 };
	char shown[TR_MAX_TEXT / 4];

	if (++f->refused > CA_REFUSED_MAX)
		return;
	(void)snprintf(shown, sizeof(shown), "%s", path);
	if (!text_printable(bytes_str(shown), sizeof(shown)))
		(void)snprintf(shown, sizeof(shown), "(a name that cannot be shown)");
	/* A full transcript fails the step's own records soon enough. */
	if (CER_RECORD(f->c, "tpm.ca-refused", &why, TR_ARG_STR("path", shown),
		TR_ARG_STR("reason", reason->text)) != SN_OK)
		return;
}

static enum sn_err
class_file(void *arg, const char *path, struct bytes data, struct sn_why *why)
{
	struct found *f = arg;
	struct sn_why own = { 0 };
	const enum sn_err e = att_heap_file(f->heap, data, path, &own);

	if (e != SN_E_FORMAT && e != SN_E_LIMIT)
		return e == SN_OK ? SN_OK : sn_fail(why, e, "%s", own.text);
	class_refused(f, path, &own); /* not a certificate: the rest goes on */
	return SN_OK;
}

/* From NV first, so that the stick cannot crowd it out. */
static enum sn_err
class_gather(struct cer *c, struct found *f, struct sn_why *why)
{
	struct sn_why own = { 0 };
	enum sn_err e;

	SN_TRY(att_heap_new(&f->heap, why));
	e = att_heap_nv(f->heap, sn_buf_bytes(&c->info.ek_chain), NV_CHAIN, &own);
	if (e == SN_E_FORMAT || e == SN_E_LIMIT)
		class_refused(f, NV_CHAIN, &own);
	else if (e != SN_OK)
		return sn_fail(why, e, "%s", own.text);
	e = med_read_tree(c->ports.media, CER_LABEL_IN, CA_FOLDER, CA_FILE_MAX, class_file,
	    class_refused, f, &own);
	if (e == SN_OK || e == SN_E_MISSING || e == SN_E_MEDIA)
		return SN_OK; /* without the stick there are no certificates on it */
	return sn_fail(why, e, "%s", own.text);
}

/* The highest that was proven and that the plan takes. */
static enum sn_err
class_choose(const struct plan *p, const struct att_verdict *v, const char **ret,
    struct sn_why *why)
{
	const char *name = att_level_name(v->level);

	if (v->level == ATT_LEVEL_VENDOR && !plan_may_reach(p, name) && v->ek_pinned)
		name = att_level_name(ATT_LEVEL_PINNED);
	*ret = name;
	if (plan_may_reach(p, name))
		return SN_OK;
	if (v->why_not[0] == '\0')
		return sn_fail(why, SN_E_EVIDENCE,
		    "this TPM's evidence is of class \"%s\", which the plan does not accept",
		    name);
	return sn_fail(why, SN_E_EVIDENCE,
	    "this TPM's evidence is of class \"%s\", which the plan does not accept; not vendor, "
	    "because: %s",
	    name, v->why_not);
}

enum sn_err
cer_tpm_class(struct cer *c, struct sn_why *why)
{
	SN_CLEANUP(found_done) struct found found = { .c = c };
	const struct plan *p = c->plan;
	const bool software = c->info.backend == TPM_SOFTWARE;
	struct att_facts f = {
		.software = software,
		.rehearsal = p->world == PLAN_REHEARSAL,
		.ek_pub = sn_buf_bytes(&c->info.ek_pub),
		.ak_pub = sn_buf_bytes(&c->info.ak_pub),
		.ek_cert = sn_buf_bytes(&c->info.ek_cert),
		.pins = { .root = p->has_tpm_root ? p->tpm_root : NULL },
		.at = cer_now(c),
	};

	/* people who go on with the software TPM know that it is none of the plan's */
	if (!software) {
		f.pins.ek = p->tpm_ek_pinned ? p->tpm_ek : NULL;
		f.pins.ak = p->tpm_ak_pinned ? p->tpm_ak : NULL;
		SN_TRY(class_gather(c, &found, why));
	}
	f.heap = found.heap;
	SN_TRY(att_class(&f, &c->verdict, why));
	return class_choose(p, &c->verdict, &c->evidence_class, why);
}

enum sn_err
cer_tpm_class_record(struct cer *c, struct sn_why *why)
{
	const struct att_path *path = &c->verdict.path;

	if (!c->verdict.chain)
		return SN_OK;
	return CER_RECORD(c, "tpm.chain", why, TR_ARG_STR("root", path->root),
	    TR_ARG_INT("depth", path->n), TR_ARG_STR("manufacturer", path->manufacturer),
	    TR_ARG_STR("model", path->model), TR_ARG_STR("version", path->version));
}

void
cer_tpm_class_show(const struct cer *c, struct view *v)
{
	const struct att_path *path = &c->verdict.path;

	view_say(v, "tpm.class", CAT_ARGS({ "class", c->evidence_class }));
	if (c->verdict.chain)
		view_say(v, path->generated ? "tpm.certified-generated" : "tpm.certified",
		    CAT_ARGS({ "depth", cer_num(path->n) }, { "root", path->root }));
	if (c->info.backend != TPM_SOFTWARE && c->verdict.why_not[0] != '\0')
		view_say(v, "tpm.why-not", CAT_ARGS({ "reason", c->verdict.why_not }));
}
