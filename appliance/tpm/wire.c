#include "appliance/tpm/wire.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#ifndef SN_IMAGE
#include <sys/socket.h>
#include <sys/un.h>
#endif
#include <time.h>
#include <unistd.h>

#include "appliance/base/file.h"

/* The kernel's resource manager swaps objects and sessions; the bare device does not. */
static const char *const wire_devices[] = { "/dev/tpmrm0", "/dev/tpm0" };

struct bytes
tpm_msg_bytes(const struct tpm_msg *m)
{
	return (struct bytes){ m->b, m->n };
}

static int64_t
wire_now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

/* *ret_ready is false when the time is over. */
static enum sn_err
wire_poll(int fd, short events, int64_t deadline, bool *ret_ready, struct sn_why *why)
{
	struct pollfd p = { .fd = fd, .events = events };

	for (;;) {
		int64_t left = deadline - wire_now();
		int n = poll(&p, 1, left < 0 ? 0 : left > INT_MAX ? INT_MAX : (int)left);

		if (n > 0) {
			*ret_ready = true;
			return SN_OK;
		}
		if (n < 0 && errno != EINTR)
			return sn_fail(why, SN_E_TPM, "waiting for the TPM: %s",
			    strerror(errno));
		if (n == 0 && left <= 0) {
			*ret_ready = false;
			return SN_OK;
		}
	}
}

static enum sn_err
wire_await(const struct tpm_wire_fd *w, int fd, short events, int64_t deadline,
    struct sn_why *why)
{
	bool ready = false;

	SN_TRY(wire_poll(fd, events, deadline, &ready, why));
	if (!ready)
		return sn_fail(why, SN_E_TPM, "%s: no answer in time", w->device);
	return SN_OK;
}

/* A command is one write: a device takes it whole or not at all, a pipe too. */
static enum sn_err
wire_send(const struct tpm_wire_fd *w, struct bytes command, int64_t deadline,
    struct sn_why *why)
{
	ssize_t n;

	_Static_assert(TPM_MSG_MAX <= PIPE_BUF, "a command is one write");
	do {
		SN_TRY(wire_await(w, w->out, POLLOUT, deadline, why));
		n = write(w->out, command.p, command.n);
	} while (n < 0 && (errno == EINTR || errno == EAGAIN));
	if (n < 0)
		return sn_fail(why, SN_E_TPM, "%s: sending a command: %s", w->device,
		    strerror(errno));
	if ((size_t)n != command.n)
		return sn_fail(why, SN_E_TPM, "%s: took %zd of %zu bytes of a command",
		    w->device, n, command.n);
	return SN_OK;
}

/* Append what has come. */
static enum sn_err
wire_read(const struct tpm_wire_fd *w, int64_t deadline, struct tpm_msg *m, struct sn_why *why)
{
	ssize_t n;

	do {
		SN_TRY(wire_await(w, w->in, POLLIN, deadline, why));
		n = read(w->in, m->b + m->n, sizeof(m->b) - m->n);
	} while (n < 0 && (errno == EINTR || errno == EAGAIN));
	if (n < 0)
		return sn_fail(why, SN_E_TPM, "%s: reading a response: %s", w->device,
		    strerror(errno));
	if (n == 0)
		return sn_fail(why, SN_E_TPM, "%s: gone after %zu bytes of a response",
		    w->device, m->n);
	m->n += (size_t)n;
	return SN_OK;
}

static enum sn_err
wire_announced(const struct tpm_wire_fd *w, const struct tpm_msg *m, size_t *ret,
    struct sn_why *why)
{
	struct bytes b = tpm_msg_bytes(m);
	uint16_t tag;
	uint32_t n;

	SN_TRY(bytes_u16(&b, &tag, "response tag", why));
	SN_TRY(bytes_u32(&b, &n, "response length", why));
	if (n < TPM_MSG_HEADER || n > TPM_MSG_MAX)
		return sn_fail(why, SN_E_TPM, "%s: a response claims %u bytes, %d to %d can be",
		    w->device, n, TPM_MSG_HEADER, TPM_MSG_MAX);
	*ret = n;
	return SN_OK;
}

static enum sn_err
wire_receive(const struct tpm_wire_fd *w, int64_t deadline, struct tpm_msg *m,
    struct sn_why *why)
{
	size_t want = TPM_MSG_HEADER;

	while (m->n < want) {
		SN_TRY(wire_read(w, deadline, m, why));
		if (m->n >= TPM_MSG_HEADER)
			SN_TRY(wire_announced(w, m, &want, why));
	}
	if (m->n > want)
		return sn_fail(why, SN_E_TPM, "%s: a response of %zu bytes came with %zu more",
		    w->device, want, m->n - want);
	return SN_OK;
}

static enum sn_err
wire_fd_exchange(struct tpm_wire *wire, struct bytes command, unsigned int timeout_ms,
    struct tpm_msg *ret, struct sn_why *why)
{
	const struct tpm_wire_fd *w = (const struct tpm_wire_fd *)wire;
	int64_t deadline = wire_now() + timeout_ms;
	bool stale = false;

	ret->n = 0;
	SN_TRY(wire_poll(w->in, POLLIN, wire_now(), &stale, why));
	if (stale)
		return sn_fail(why, SN_E_TPM,
		    "%s: something came, or it closed, before a command", w->device);
	SN_TRY(wire_send(w, command, deadline, why));
	return wire_receive(w, deadline, ret, why);
}

void
tpm_wire_fds(int in, int out, const char *device, struct tpm_wire_fd *ret)
{
	*ret = (struct tpm_wire_fd){ .wire.exchange = wire_fd_exchange, .in = in, .out = out };
	snprintf(ret->device, sizeof(ret->device), "%s", device);
}

enum sn_err
tpm_wire_device(struct tpm_wire_fd *ret, struct sn_why *why)
{
	for (size_t i = 0; i < SN_NITEMS(wire_devices); i++) {
		/* non-blocking: a write queues the command, poll sees the response */
		int fd = open(wire_devices[i], O_RDWR | O_NONBLOCK | O_CLOEXEC | O_NOFOLLOW);

		if (fd < 0 && errno == ENOENT)
			continue;
		if (fd < 0)
			return sn_fail(why, SN_E_TPM, "%s: %s", wire_devices[i],
			    strerror(errno));
		tpm_wire_fds(fd, fd, wire_devices[i], ret);
		return SN_OK;
	}
	return sn_fail(why, SN_E_TPM,
	    "this machine shows no TPM: turn it on in the firmware's menu");
}

bool
tpm_device_present(void)
{
	for (size_t i = 0; i < SN_NITEMS(wire_devices); i++) {
		if (access(wire_devices[i], R_OK | W_OK) == 0)
			return true;
	}
	return false;
}

enum sn_err
tpm_wire_softtpm(const char *path, struct tpm_wire_fd *ret, struct sn_why *why)
{
	char name[] = "softtpm";
	char *argv[] = { name, NULL };
	struct sn_child child = { 0 };

	SN_TRY(sn_child_start(path, argv, -1, &child, why));
	tpm_wire_fds(child.link.in, child.link.out, "softtpm", ret);
	ret->child = child;
	return SN_OK;
}

#ifdef SN_IMAGE
enum sn_err
tpm_wire_swtpm(const char *path SN_UNUSED, struct tpm_wire_fd *ret SN_UNUSED,
    struct sn_why *why)
{
	return sn_fail(why, SN_E_POLICY, "the image has no sockets, so no swtpm");
}
#else
enum sn_err
tpm_wire_swtpm(const char *path, struct tpm_wire_fd *ret, struct sn_why *why)
{
	SN_CLEANUP(sn_fd_done) int fd = -1;
	struct sockaddr_un to = { .sun_family = AF_UNIX };

	if (strlen(path) >= sizeof(to.sun_path))
		return sn_fail(why, SN_E_USAGE,
		    "swtpm's socket: a path of %zu bytes, %zu can be", strlen(path),
		    sizeof(to.sun_path) - 1);
	memcpy(to.sun_path, path, strlen(path));
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0 || connect(fd, (const struct sockaddr *)&to, sizeof(to)) != 0)
		return sn_fail(why, SN_E_TPM, "swtpm: %s: %s", path, strerror(errno));
	tpm_wire_fds(fd, fd, "swtpm", ret);
	fd = -1;
	return SN_OK;
}
#endif

void
tpm_wire_done(struct tpm_wire_fd *w)
{
	if (w == NULL || w->wire.exchange == NULL)
		return;
	if (w->child.pid != 0) {
		sn_child_done(&w->child);
	} else {
		close(w->in);
		if (w->out != w->in)
			close(w->out);
	}
	*w = (struct tpm_wire_fd){ .in = -1, .out = -1 };
}
