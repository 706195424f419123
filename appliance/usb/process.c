#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <time.h>
#include <unistd.h>

#include "appliance/base/file.h"
#include "appliance/jail/jail.h"
#include "appliance/usb/guard.h"

#define SYS "/sys"
#define LOOK_MS 250
#define LOOK_AGAIN_MS 40 /* after something was authorised: what is behind it */
#define BUSES_MAX 32	 /* two for every USB 3 controller */
#define FILES_OPEN (USB_DEVICES_MAX + BUSES_MAX + 16)

static int64_t
now_ms(void)
{
	struct timespec ts;

	(void)clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

static enum sn_err
serve(struct usb_guard *g, uint16_t type, struct bytes request, struct sn_buf *ret,
    struct sn_why *why)
{
	uint32_t number;
	uint8_t flag;

	switch (type) {
	case USB_REQ_STATUS:
		SN_TRY(bytes_u32(&request, &number, "USB: status", why));
		SN_TRY(bytes_end(&request, "USB: status", why));
		if (number == g->st.generation)
			sn_buf_u32(ret, number);
		else
			usb_status_put(&g->st, ret);
		return sn_buf_check(ret, why);
	case USB_REQ_FREEZE:
		SN_TRY(bytes_u8(&request, &flag, "USB: freeze", why));
		SN_TRY(bytes_end(&request, "USB: freeze", why));
		usb_guard_freeze(g, flag != 0);
		return SN_OK;
	case USB_REQ_ACCEPT:
		SN_TRY(bytes_u32(&request, &number, "USB: accept", why));
		SN_TRY(bytes_end(&request, "USB: accept", why));
		return usb_guard_accept(g, number, why);
	default:
		return sn_fail(why, SN_E_PROTO, "USB: request %u is not known", type);
	}
}

/* One request; false when the client is gone. */
static bool
answer(struct usb_guard *g, struct sn_link *link)
{
	SN_CLEANUP(sn_frame_done) struct sn_frame request = { 0 };
	SN_CLEANUP(sn_buf_done) struct sn_buf reply = { 0 };
	struct sn_why said = { 0 };
	enum sn_err e;

	if (sn_frame_recv(link, false, &request, NULL) != SN_OK)
		return false;
	e = serve(g, request.type, sn_buf_bytes(&request.open), &reply, &said);
	return sn_frame_send(link, request.type, (uint16_t)e,
		   e == SN_OK ? sn_buf_bytes(&reply) : bytes_str(said.text), NULL) == SN_OK;
}

void
usb_guard_run(struct usb_guard *g, struct sn_link *link)
{
	int64_t next = now_ms();

	for (;;) {
		struct pollfd p = { .fd = link->in, .events = POLLIN };
		int64_t left;

		if (now_ms() >= next)
			next = (usb_guard_look(g) ? LOOK_AGAIN_MS : LOOK_MS) + now_ms();
		left = next - now_ms();
		if (poll(&p, 1, left > 0 ? (int)left : 0) > 0 && !answer(g, link))
			return;
	}
}

/* /sys can be written in this process's view of the mounts, and in no other. */
static enum sn_err
own_sys(struct sn_why *why)
{
	if (unshare(CLONE_NEWNS) != 0)
		return sn_fail(why, SN_E_IO, "USB guard: own mounts: %s", strerror(errno));
	if (mount(NULL, SYS, NULL, MS_REMOUNT | MS_BIND | MS_NOSUID | MS_NODEV | MS_NOEXEC,
		NULL) != 0)
		return sn_fail(why, SN_E_IO, "USB guard: " SYS ": %s", strerror(errno));
	return SN_OK;
}

/*
 * The controllers' root hubs, below which everything on USB appears: the only place
 * where this process may write. They cannot come or go here.
 */
static enum sn_err
enter(struct sn_why *why)
{
	struct jail_policy p = jail_policies[JAIL_USB];
	int hub[BUSES_MAX];
	struct jail_files files = { SYS, FILES_OPEN, hub, 0 };
	enum sn_err e;

	for (int bus = 1; bus <= BUSES_MAX; bus++) {
		char path[64];

		(void)snprintf(path, sizeof(path), SYS "/bus/usb/devices/usb%d", bus);
		hub[files.nwritable] = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
		files.nwritable += hub[files.nwritable] >= 0;
	}
	p.files = &files;
	e = jail_enter(&p, why);
	for (size_t i = 0; i < files.nwritable; i++)
		(void)close(hub[i]);
	return e;
}

/* Tell the first request why nothing will be guarded. */
static void
refuse(struct sn_link *link, enum sn_err e, const struct sn_why *reason)
{
	SN_CLEANUP(sn_frame_done) struct sn_frame request = { 0 };

	if (sn_frame_recv(link, false, &request, NULL) != SN_OK ||
	    sn_frame_send(link, request.type, (uint16_t)e, bytes_str(reason->text), NULL) !=
		SN_OK)
		return;
}

int
usb_process_main(void)
{
	static struct usb_guard g;
	struct sn_link link = { SN_CHILD_IN, SN_CHILD_OUT, USB_TIMEOUT_MS };
	SN_CLEANUP(sn_fd_done) int sys = -1;
	struct sn_why why = { 0 };
	enum sn_err e = own_sys(&why);

	if (e == SN_OK)
		e = enter(&why);
	if (e == SN_OK) {
		sys = open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC); /* which is /sys by now */
		if (sys < 0)
			e = sn_fail(&why, SN_E_IO, "USB guard: " SYS ": %s", strerror(errno));
	}
	if (e != SN_OK) {
		refuse(&link, e, &why);
		return sn_err_exit(e);
	}
	usb_guard_init(&g, sys);
	usb_guard_run(&g, &link);
	usb_guard_done(&g);
	return 0;
}
