/* Whose stick is that? The marks of sticks (appliance/media/mark.h) in a ceremony. */
#include "ceremony/core/cer.h"

#include <stdio.h>
#include <string.h>

#include "appliance/crypto/digest.h"

enum sn_err
cer_stick_judge(struct cer *c, const struct plan *p, const char *label, struct mark *ret,
    bool *ret_has, struct sn_why *why)
{
	SN_CLEANUP(sn_buf_done) struct sn_buf text = { 0 };
	struct sn_why own = { 0 };
	enum sn_err e = med_read(c->ports.media, label, MARK_FILE, MARK_MAX_BYTES, &text, &own);

	*ret_has = e != SN_E_MISSING;
	if (e == SN_E_MISSING)
		return SN_OK;
	if (e == SN_OK)
		e = mark_parse(sn_buf_bytes(&text), ret, &own);
	if (e != SN_OK) /* a spoilt mark: another stick, not the end */
		return sn_fail(why, SN_E_MEDIA, "stick %s: %s", label, own.text);
	return mark_fits(ret, label, p != NULL ? plan_world_name(p->world) : NULL,
	    p != NULL ? p->sanctum_id : NULL, why);
}

enum sn_err
cer_stick_make(const struct cer *c, const char *label, struct mark *ret, struct sn_why *why)
{
	struct mark m = { .bound = c->plan != NULL };

	(void)snprintf(m.role, sizeof(m.role), "%s", mark_role_of(label));
	SN_TRY(cry_random(m.id, sizeof(m.id), why));
	if (m.bound) {
		(void)snprintf(m.world, sizeof(m.world), "%s", plan_world_name(c->plan->world));
		memcpy(m.sanctum, c->plan->sanctum_id, sizeof(m.sanctum));
		(void)snprintf(m.ceremony, sizeof(m.ceremony), "%s", c->plan->ceremony);
	}
	*ret = m;
	return SN_OK;
}

enum sn_err
cer_stick_write(struct cer *c, const char *label, const struct mark *m, struct sn_why *why)
{
	SN_CLEANUP(sn_buf_done) struct sn_buf text = { 0 };
	struct med_file file = { .path = MARK_FILE };

	SN_TRY(mark_text(m, &text, why));
	file.data = sn_buf_bytes(&text);
	SN_TRY(med_write(c->ports.media, label, "", &file, 1, why));
	return med_compare(c->ports.media, label, "", &file, 1, why);
}

/* Sticks that stay in while others come and go. */
static bool
stick_may_stay(const char *label)
{
	const char *role = mark_role_of(label);

	return strcmp(role, "journal") == 0 || strcmp(role, "log") == 0;
}

bool
cer_stick_wrong(struct cer *c, const char (*labels)[MED_LABEL_MAX + 1], size_t n)
{
	const char *wrong = NULL;

	for (size_t i = 0; i < n; i++) {
		bool wanted = strcmp(labels[i], c->refused) == 0 || stick_may_stay(labels[i]);
		const char *name = labels[i][0] != '\0' ? labels[i] : cat_text("ui.no-label");

		for (size_t k = 0; k < c->last_nlabels; k++)
			wanted = wanted || strcmp(c->last_label[k], labels[i]) == 0;
		if (!wanted && strcmp(name, c->wrong) == 0)
			return false; /* people know */
		if (!wanted && wrong == NULL)
			wrong = name;
	}
	view_copy(c->wrong, sizeof(c->wrong), wrong != NULL ? wrong : "");
	if (wrong == NULL)
		return false;
	cer_note(c, "ui.wrong-stick",
	    CAT_ARGS({ "stick", wrong }, { "label", c->last_label[0] }));
	return true;
}
