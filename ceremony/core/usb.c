/*
 * USB devices while the ceremony runs: what is refused is shown and recorded, and a
 * keyboard that comes late is put to two approvers, between the questions of the steps.
 */
#include "ceremony/core/cer.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "appliance/base/text.h"
#include "appliance/crypto/digest.h"
#include "ceremony/keys/approver.h"

#define TOLD_MAX 32 /* records and notes; a device that flaps must not fill the transcript */
#define PEOPLE 2
#define USB_HEX_LEN 65

enum usb_ask { ASK_NONE, ASK_WHETHER, ASK_STICK, ASK_PASS, ASK_PULL };

struct cer_usb {
	struct usb_status st, was;
	bool begun;
	uint32_t seen, decided; /* devices up to these ids are told of, are decided */
	unsigned int told;

	/* the keyboard in question */
	enum usb_ask ask;
	uint32_t device;
	char text[KEEPER_USB_MAX + 1]; /* what the approvers sign */
	bool given[PLAN_MAX_APPROVERS];
	size_t who; /* approver at the keyboard */
	size_t by[PEOPLE], n;
	struct sn_buf file, sig[PEOPLE];
};

enum sn_err
cer_usb_new(struct cer_usb **ret, struct sn_why *why)
{
	struct cer_usb *u = calloc(1, sizeof(*u));

	if (u == NULL)
		return sn_fail(why, SN_E_NOMEM, "USB devices");
	*ret = u;
	return SN_OK;
}

/* The next question begins with nobody having agreed to anything. */
static void
forget(struct cer_usb *u)
{
	sn_buf_done(&u->file);
	for (size_t i = 0; i < PEOPLE; i++)
		sn_buf_done(&u->sig[i]);
	memset(u->given, 0, sizeof(u->given));
	u->n = 0;
	u->device = 0;
	u->ask = ASK_NONE;
}

void
cer_usb_free(struct cer_usb **up)
{
	if (*up == NULL)
		return;
	forget(*up);
	free(*up);
	*up = NULL;
}

/* ---- what happened */

static void
numbers(const struct usb_device *d, char ret[10])
{
	(void)snprintf(ret, 10, "%04x:%04x", d->verdict.vendor, d->verdict.product);
}

static void
note_device(struct cer *c, const char *id, const struct usb_device *d)
{
	char name[24], hex[10];

	numbers(d, hex);
	view_copy(name, sizeof(name), d->name); /* the reason is worth more */
	cer_note(c, id,
	    CAT_ARGS({ "device", hex }, { "name", name }, { "port", d->port },
		{ "reason", d->verdict.reason }));
}

static enum sn_err
record_device(struct cer *c, const char *id, const struct usb_device *d, struct sn_why *why)
{
	const struct usb_verdict *v = &d->verdict;
	const struct bytes raw = { d->raw, d->nraw };
	char device[10], class[12], hex[USB_HEX_LEN];
	uint8_t digest[CRY_MAX_HASH];

	numbers(d, device);
	(void)snprintf(class, sizeof(class), "%02x/%02x/%02x", v->class, v->subclass,
	    v->protocol);
	if (v->kind == USB_REFUSED)
		return CER_RECORD(c, id, why, TR_ARG_STR("device", device),
		    TR_ARG_STR("name", d->name), TR_ARG_STR("port", d->port),
		    TR_ARG_STR("class", class), TR_ARG_STR("reason", v->reason));
	SN_TRY(cry_digest(CRY_SHA256, raw, digest, why));
	sn_hex((struct bytes){ digest, 32 }, hex);
	return CER_RECORD(c, id, why, TR_ARG_STR("device", device), TR_ARG_STR("name", d->name),
	    TR_ARG_STR("port", d->port), TR_ARG_STR("descriptors", hex));
}

static bool
closed(const struct cer *c)
{
	return c->bun != NULL || c->log_closed; /* the transcript has its last record */
}

/* The record's id and, behind the first look, a note; at most TOLD_MAX times. */
static enum sn_err
tell(struct cer *c, const char *record, const char *note, const struct usb_device *d,
    bool *ret_news, struct sn_why *why)
{
	struct cer_usb *u = c->usb;

	if (u->told > TOLD_MAX)
		return SN_OK;
	u->told++;
	if (u->begun && note != NULL) {
		note_device(c, note, d);
		*ret_news = true;
	}
	if (closed(c))
		return SN_OK;
	if (u->told > TOLD_MAX)
		return CER_RECORD(c, "usb.more", why, TR_ARG_INT("count", TOLD_MAX));
	return record_device(c, record, d, why);
}

static bool
can_be_accepted(const struct cer *c)
{
	return (c->have & ART_APPROVAL) != 0 && !closed(c);
}

static enum sn_err
tell_new(struct cer *c, const struct usb_device *d, bool *ret_news, struct sn_why *why)
{
	if (d->verdict.kind == USB_REFUSED)
		return tell(c, "usb.refused", "usb.note-refused", d, ret_news, why);
	if (d->verdict.kind != USB_KEYBOARD)
		return SN_OK;
	if (d->state == USB_ASKED)
		return tell(c, "usb.late",
		    can_be_accepted(c) ? NULL
			: !closed(c)   ? "usb.note-later"
				       : "usb.note-late",
		    d, ret_news, why);
	if (d->returned)
		return tell(c, "usb.returned", "usb.note-returned", d, ret_news, why);
	return tell(c, "usb.keyboard", NULL, d, ret_news, why);
}

enum sn_err
cer_usb_look(struct cer *c, bool *ret_news, struct sn_why *why)
{
	struct cer_usb *u = c->usb;
	bool changed = false;

	*ret_news = false;
	if (u == NULL)
		return SN_OK;
	u->was = u->st;
	SN_TRY(c->ports.usb->status(c->ports.usb->arg, &u->st, &changed, why));
	for (size_t i = 0; changed && i < u->was.n; i++) {
		const struct usb_device *d = &u->was.device[i];

		if (d->verdict.kind == USB_KEYBOARD && d->state == USB_ON &&
		    usb_find(&u->st, d->id) == NULL)
			SN_TRY(tell(c, "usb.gone", "usb.note-gone", d, ret_news, why));
	}
	for (size_t i = 0; changed && i < u->st.n; i++) {
		const struct usb_device *d = &u->st.device[i];

		if (d->id <= u->seen)
			continue;
		u->seen = d->id;
		SN_TRY(tell_new(c, d, ret_news, why));
	}
	if (u->ask != ASK_NONE && u->n < PEOPLE && usb_find(&u->st, u->device) == NULL) {
		forget(u);
		cer_note(c, "usb.note-vanished", NULL);
		*ret_news = true;
	}
	u->begun = true;
	return SN_OK;
}

void
cer_usb_list(const struct cer *c, struct view *v)
{
	char line[USB_LINE_MAX];

	for (size_t i = 0; c->usb != NULL && i < c->usb->st.n; i++) {
		const struct usb_device *d = &c->usb->st.device[i];

		if (d->verdict.kind != USB_KEYBOARD && d->verdict.kind != USB_REFUSED)
			continue;
		usb_say(d, line);
		view_say(v, "usb.line", CAT_ARGS({ "line", line }));
	}
}

/* ---- a keyboard that came late: the questions */

static const struct usb_device *
waiting(const struct cer_usb *u)
{
	for (size_t i = 0; i < u->st.n; i++)
		if (u->st.device[i].state == USB_ASKED && u->st.device[i].id > u->decided)
			return &u->st.device[i];
	return NULL;
}

bool
cer_usb_due(const struct cer *c)
{
	const struct cer_usb *u = c->usb;

	return u != NULL && can_be_accepted(c) && u->ask == ASK_NONE && waiting(u) != NULL;
}

bool
cer_usb_asks(const struct cer *c)
{
	return c->usb != NULL && c->usb->ask != ASK_NONE;
}

/* One line that says which device in which place; the approvers sign it. */
enum sn_err
cer_usb_begin(struct cer *c, struct sn_why *why)
{
	struct cer_usb *u = c->usb;
	const struct usb_device *d = waiting(u);
	uint8_t digest[CRY_MAX_HASH];
	char hex[USB_HEX_LEN];

	forget(u);
	if (d == NULL)
		return sn_fail(why, SN_E_INTERNAL, "no keyboard to ask about");
	SN_TRY(cry_digest(CRY_SHA256, (struct bytes){ d->raw, d->nraw }, digest, why));
	sn_hex((struct bytes){ digest, 32 }, hex);
	(void)snprintf(u->text, sizeof(u->text), "%u keyboard %04x:%04x at %s, \"%s\", %s",
	    d->id, d->verdict.vendor, d->verdict.product, d->port, d->name, hex);
	u->device = d->id;
	u->ask = ASK_WHETHER;
	return SN_OK;
}

static void
show_device(const struct cer_usb *u, struct view *v)
{
	const struct usb_device *d = usb_find(&u->st, u->device);
	char hex[10];

	if (d == NULL)
		return;
	numbers(d, hex);
	view_say(v, "usb.device",
	    CAT_ARGS({ "device", hex }, { "name", d->name }, { "port", d->port }));
	view_blank(v);
}

static void
show_stick(const struct cer *c, struct view *v)
{
	const struct cer_usb *u = c->usb;
	char label[MED_LABEL_MAX + 1];

	cer_view(v, VIEW_MEDIA, "stick", "usb.head");
	show_device(u, v);
	view_say(v, "usb.media", CAT_ARGS({ "have", cer_num(u->n) }));
	for (size_t i = 0; i < c->plan->napprovers; i++) {
		if (u->given[i])
			continue;
		cer_approver_label(c->plan->approvers[i].name, label);
		cer_view_media(v, label);
	}
}

void
cer_usb_show(const struct cer *c, struct view *v)
{
	const struct cer_usb *u = c->usb;
	char label[MED_LABEL_MAX + 1];

	switch (u->ask) {
	case ASK_NONE:
		break;
	case ASK_WHETHER:
		cer_view(v, VIEW_TEXT, "keyboard", "usb.head");
		show_device(u, v);
		view_say(v, "usb.whether", NULL);
		break;
	case ASK_STICK:
		show_stick(c, v);
		break;
	case ASK_PASS:
		cer_view(v, VIEW_PASSPHRASE, "pass", "usb.head");
		v->person = c->plan->approvers[u->who].name;
		show_device(u, v);
		view_say(v, "usb.pass", CAT_ARGS({ "person", v->person }));
		break;
	case ASK_PULL:
		cer_approver_label(c->plan->approvers[u->who].name, label);
		cer_view(v, VIEW_REMOVE, "pull", "usb.head");
		cer_view_media(v, label);
		break;
	}
	v->step = "usb";
}

void
cer_usb_prompt(const struct cer *c, struct view *v)
{
	SN_CLEANUP(sn_buf_done) struct sn_buf labels = { 0 };

	if (c->usb->ask == ASK_WHETHER)
		view_prompt(v, "usb.prompt", NULL);
	if (c->usb->ask != ASK_STICK)
		return;
	for (size_t i = 0; i < v->nlabels; i++)
		sn_buf_fmt(&labels, "%s%s", i > 0 ? " or " : "", v->label[i]);
	view_prompt(v, "usb.prompt-stick", CAT_ARGS({ "label", sn_buf_cstr(&labels) }));
}

/* ---- the answers */

static enum sn_err
decline(struct cer *c, struct sn_why *why)
{
	struct cer_usb *u = c->usb;

	u->decided = u->device;
	SN_TRY(CER_RECORD(c, "usb.declined", why, TR_ARG_STR("keyboard", u->text)));
	cer_note(c, "usb.note-declined", NULL);
	forget(u);
	return SN_OK;
}

/* Two have signed: the guard lets it in, and the record says who it was. */
static enum sn_err
let_in(struct cer *c, struct sn_why *why)
{
	SN_CLEANUP(sn_buf_done) struct sn_buf first = { 0 }, second = { 0 };
	struct cer_usb *u = c->usb;
	struct sn_why own = { 0 };
	enum sn_err e = c->ports.usb->accept(c->ports.usb->arg, u->device, &own);

	u->decided = u->device;
	if (e == SN_E_POLICY) {
		cer_note_why(c, &own); /* pulled meanwhile */
		return SN_OK;
	}
	if (e != SN_OK)
		return sn_fail(why, e, "%s", own.text);
	sn_buf_base64(&first, sn_buf_bytes(&u->sig[0]));
	sn_buf_base64(&second, sn_buf_bytes(&u->sig[1]));
	SN_TRY(sn_buf_check(&first, why));
	SN_TRY(sn_buf_check(&second, why));
	cer_note(c, "usb.note-accepted", NULL);
	return CER_RECORD(c, "usb.accepted", why, TR_ARG_STR("keyboard", u->text),
	    TR_ARG_STR("first", c->plan->approvers[u->by[0]].name),
	    TR_ARG_STR("first_signature", sn_buf_cstr(&first)),
	    TR_ARG_STR("second", c->plan->approvers[u->by[1]].name),
	    TR_ARG_STR("second_signature", sn_buf_cstr(&second)));
}

/* A key that is not the pinned one, or has signed already: the stick has to go. */
static enum sn_err
sign(struct cer *c, struct bytes passphrase, struct sn_why *why)
{
	struct cer_usb *u = c->usb;
	struct sn_why own = { 0 };
	enum sn_err e;

	if (passphrase.n == 0) {
		u->ask = ASK_PULL;
		return SN_OK;
	}
	e = keeper_approve(c->keeper, c->plan->approvers[u->who].name, KEEPER_ACCEPT_USB,
	    sn_buf_bytes(&u->file), passphrase, bytes_str(u->text), &u->sig[u->n], &own);
	if (e == SN_E_POLICY || e == SN_E_FORMAT || e == SN_E_LIMIT) {
		cer_note_why(c, &own);
		u->ask = ASK_PULL;
		return SN_OK;
	}
	if (e != SN_OK)
		return sn_fail(why, e, "%s", own.text);
	u->given[u->who] = true;
	u->by[u->n++] = u->who;
	u->ask = ASK_PULL;
	return u->n == PEOPLE ? let_in(c, why) : SN_OK;
}

enum sn_err
cer_usb_take(struct cer *c, const struct answer *a, struct sn_why *why)
{
	struct cer_usb *u = c->usb;
	struct bytes text = bytes_str(a->text);
	bool refuse = bytes_equal(text, BYTES_STR("refuse"));

	switch (u->ask) {
	case ASK_WHETHER:
		if (refuse)
			return decline(c, why);
		if (bytes_equal(text, BYTES_STR("accept")))
			u->ask = ASK_STICK;
		else
			cer_note(c, "usb.note-neither", NULL);
		return SN_OK;
	case ASK_STICK:
		return refuse ? decline(c, why) : SN_OK;
	case ASK_PASS:
		return sign(c, a->secret, why);
	case ASK_NONE:
	case ASK_PULL:
		return SN_OK;
	}
	return SN_OK;
}

enum sn_err
cer_usb_there(struct cer *c, const char *label, struct sn_why *why)
{
	struct cer_usb *u = c->usb;
	enum sn_err e;

	sn_buf_done(&u->file);
	u->who = cer_approver_index(c, label);
	e = med_read(c->ports.media, label, APPROVER_KEY, APPROVER_FILE_MAX, &u->file, why);
	if (e == SN_OK)
		u->ask = ASK_PASS;
	return e == SN_E_LIMIT || e == SN_E_FORMAT ? SN_E_MEDIA : e;
}

void
cer_usb_pulled(struct cer *c)
{
	if (c->usb->ask != ASK_PULL)
		return;
	if (c->usb->n == PEOPLE)
		forget(c->usb);
	else
		c->usb->ask = ASK_STICK;
}
