#include "appliance/usb/usb.h"

#include <stdio.h>
#include <string.h>

#include "appliance/base/text.h"

#define WHAT "USB guard's status"

/* ---- the wire: writer and reader side by side */

static void
device_put(const struct usb_device *d, struct sn_buf *b)
{
	const struct usb_verdict *v = &d->verdict;

	sn_buf_u32(b, d->id);
	sn_buf_u8(b, (uint8_t)d->state);
	sn_buf_u8(b, d->returned);
	sn_buf_u8(b, (uint8_t)v->kind);
	sn_buf_u16(b, v->vendor);
	sn_buf_u16(b, v->product);
	sn_buf_u8(b, v->class);
	sn_buf_u8(b, v->subclass);
	sn_buf_u8(b, v->protocol);
	sn_buf_blob32(b, bytes_str(v->reason));
	sn_buf_blob32(b, bytes_str(d->port));
	sn_buf_blob32(b, bytes_str(d->name));
	sn_buf_blob32(b, (struct bytes){ d->raw, d->nraw });
}

/* Printable text into an array of max + 1 bytes that is zero. */
static enum sn_err
text_take(struct bytes *b, char *ret, size_t max, struct sn_why *why)
{
	struct bytes v;

	SN_TRY(bytes_blob32(b, max, &v, WHAT, why));
	if (!text_printable(v, max))
		return sn_fail(why, SN_E_FORMAT, WHAT ": text that cannot be shown");
	if (v.n > 0)
		memcpy(ret, v.p, v.n);
	return SN_OK;
}

static enum sn_err
device_take(struct bytes *b, struct usb_device *d, struct sn_why *why)
{
	struct usb_verdict *v = &d->verdict;
	uint8_t state, returned, kind;
	struct bytes raw;

	SN_TRY(bytes_u32(b, &d->id, WHAT, why));
	SN_TRY(bytes_u8(b, &state, WHAT, why));
	SN_TRY(bytes_u8(b, &returned, WHAT, why));
	SN_TRY(bytes_u8(b, &kind, WHAT, why));
	SN_TRY(bytes_u16(b, &v->vendor, WHAT, why));
	SN_TRY(bytes_u16(b, &v->product, WHAT, why));
	SN_TRY(bytes_u8(b, &v->class, WHAT, why));
	SN_TRY(bytes_u8(b, &v->subclass, WHAT, why));
	SN_TRY(bytes_u8(b, &v->protocol, WHAT, why));
	if (state >= USB_STATES || returned > 1 || kind >= USB_KINDS)
		return sn_fail(why, SN_E_FORMAT, WHAT ": state %u, kind %u", state, kind);
	d->state = (enum usb_state)state;
	d->returned = returned == 1;
	v->kind = (enum usb_kind)kind;
	SN_TRY(text_take(b, v->reason, USB_REASON_MAX, why));
	SN_TRY(text_take(b, d->port, USB_PORT_MAX, why));
	SN_TRY(text_take(b, d->name, USB_NAME_MAX, why));
	SN_TRY(bytes_blob32(b, USB_KEYBOARD_MAX, &raw, WHAT, why));
	if (raw.n > 0)
		memcpy(d->raw, raw.p, raw.n);
	d->nraw = raw.n;
	return SN_OK;
}

void
usb_status_put(const struct usb_status *st, struct sn_buf *ret)
{
	sn_buf_u32(ret, st->generation);
	sn_buf_u8(ret, st->frozen);
	sn_buf_u32(ret, st->more);
	sn_buf_u16(ret, (uint16_t)st->n);
	for (size_t i = 0; i < st->n; i++)
		device_put(&st->device[i], ret);
}

enum sn_err
usb_status_take(struct bytes b, struct usb_status *ret, struct sn_why *why)
{
	uint8_t frozen;
	uint16_t n;

	memset(ret, 0, sizeof(*ret));
	SN_TRY(bytes_u32(&b, &ret->generation, WHAT, why));
	SN_TRY(bytes_u8(&b, &frozen, WHAT, why));
	SN_TRY(bytes_u32(&b, &ret->more, WHAT, why));
	SN_TRY(bytes_u16(&b, &n, WHAT, why));
	if (frozen > 1)
		return sn_fail(why, SN_E_FORMAT, WHAT ": frozen is %u", frozen);
	if (n > USB_DEVICES_MAX)
		return sn_fail(why, SN_E_LIMIT, WHAT ": %u devices", n);
	ret->frozen = frozen == 1;
	for (; ret->n < n; ret->n++)
		SN_TRY(device_take(&b, &ret->device[ret->n], why));
	return bytes_end(&b, WHAT, why);
}

/* ---- the client */

enum sn_err
usb_guard_start(const char *self, struct sn_child *ret, struct sn_why *why)
{
	char name[] = "ceremony", role[] = "--role=usb";
	char *const argv[] = { name, role, NULL };

	SN_TRY(sn_child_start(self, argv, -1, ret, why));
	ret->link.timeout_ms = USB_TIMEOUT_MS;
	return SN_OK;
}

enum sn_err
usb_status(struct sn_link *guard, struct usb_status *st, bool *ret_changed, struct sn_why *why)
{
	SN_CLEANUP(sn_frame_done) struct sn_frame reply = { 0 };
	SN_CLEANUP(sn_buf_done) struct sn_buf request = { 0 };
	struct bytes b;
	uint32_t generation;

	sn_buf_u32(&request, st->generation);
	SN_TRY(sn_buf_check(&request, why));
	SN_TRY(sn_frame_call(guard, USB_REQ_STATUS, sn_buf_bytes(&request), false, &reply,
	    why));
	b = sn_buf_bytes(&reply.open);
	SN_TRY(bytes_u32(&b, &generation, WHAT, why));
	*ret_changed = generation != st->generation;
	if (!*ret_changed)
		return bytes_end(&b, WHAT, why);
	return usb_status_take(sn_buf_bytes(&reply.open), st, why);
}

static enum sn_err
call_plain(struct sn_link *guard, enum usb_request type, const struct sn_buf *request,
    struct sn_why *why)
{
	SN_CLEANUP(sn_frame_done) struct sn_frame reply = { 0 };
	struct bytes b;

	SN_TRY(sn_buf_check(request, why));
	SN_TRY(sn_frame_call(guard, (uint16_t)type, sn_buf_bytes(request), false, &reply, why));
	b = sn_buf_bytes(&reply.open);
	return bytes_end(&b, "USB guard's answer", why);
}

enum sn_err
usb_freeze(struct sn_link *guard, bool other_input, struct sn_why *why)
{
	SN_CLEANUP(sn_buf_done) struct sn_buf request = { 0 };

	sn_buf_u8(&request, other_input);
	return call_plain(guard, USB_REQ_FREEZE, &request, why);
}

enum sn_err
usb_accept(struct sn_link *guard, uint32_t id, struct sn_why *why)
{
	SN_CLEANUP(sn_buf_done) struct sn_buf request = { 0 };

	sn_buf_u32(&request, id);
	return call_plain(guard, USB_REQ_ACCEPT, &request, why);
}

/* ---- for people */

const struct usb_device *
usb_find(const struct usb_status *st, uint32_t id)
{
	for (size_t i = 0; i < st->n; i++)
		if (st->device[i].id == id)
			return &st->device[i];
	return NULL;
}

void
usb_say(const struct usb_device *d, char ret[USB_LINE_MAX])
{
	const struct usb_verdict *v = &d->verdict;
	bool refused = v->kind == USB_REFUSED;

	(void)snprintf(ret, USB_LINE_MAX, "%s %04x:%04x \"%s\" at %s%s%s",
	    refused ? "REFUSED" : usb_kind_name(v->kind), v->vendor, v->product, d->name,
	    d->port,
	    refused			? ": "
		: d->state == USB_ASKED ? ": not accepted yet"
					: "",
	    v->reason);
}
