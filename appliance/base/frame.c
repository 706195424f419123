#include "appliance/base/frame.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "appliance/base/file.h"

#define FRAME_HEADER 8
#define FRAME_SECRET_MAX 65536U
#define FRAME_CHUNK 16384

/* When a frame must be through, in milliseconds of the monotonic clock. */
struct frame_deadline {
	bool set;
	int64_t at;
};

static int64_t
frame_now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

static struct frame_deadline
frame_deadline(const struct sn_link *l)
{
	return (struct frame_deadline){ l->timeout_ms != 0, frame_now() + l->timeout_ms };
}

/* Wait until fd is ready for events (POLLIN, POLLOUT) or has been closed. */
static enum sn_err
frame_wait(int fd, short events, const struct frame_deadline *d, struct sn_why *why)
{
	struct pollfd pfd = { .fd = fd, .events = events };

	for (;;) {
		int64_t left = d->set ? d->at - frame_now() : -1;
		int n;

		if (d->set && left < 0)
			left = 0;
		n = poll(&pfd, 1, left > INT_MAX ? INT_MAX : (int)left);
		if (n > 0 && (pfd.revents & POLLNVAL) != 0)
			return sn_fail(why, SN_E_PROTO,
			    "the pipe to the other process is gone");
		if (n > 0)
			return SN_OK;
		if (n < 0 && errno != EINTR && errno != EAGAIN)
			return sn_fail(why, SN_E_IO, "waiting for a pipe: %s", strerror(errno));
		if (n == 0 && d->set && frame_now() >= d->at)
			return sn_fail(why, SN_E_PROTO, "the other process was too slow");
	}
}

static enum sn_err
frame_write(int fd, struct bytes v, const struct frame_deadline *d, struct sn_why *why)
{
	while (v.n > 0) {
		ssize_t n;

		SN_TRY(frame_wait(fd, POLLOUT, d, why));
		/* A pipe that is ready takes PIPE_BUF bytes without blocking. */
		n = sn_fd_write_some(fd,
		    (struct bytes){ v.p, v.n < PIPE_BUF ? v.n : (size_t)PIPE_BUF });
		if (n < 0 && (errno == EINTR || errno == EAGAIN))
			continue;
		if (n < 0 && errno == EPIPE)
			return sn_fail(why, SN_E_PROTO, "the other process closed its pipe");
		if (n <= 0)
			return sn_fail(why, SN_E_IO, "writing a pipe: %s",
			    n < 0 ? strerror(errno) : "nothing was written");
		v.p += n;
		v.n -= (size_t)n;
	}
	return SN_OK;
}

static enum sn_err
frame_read(int fd, void *p, size_t n, const char *part, const struct frame_deadline *d,
    struct sn_why *why)
{
	uint8_t *at = p;

	while (n > 0) {
		ssize_t got;

		SN_TRY(frame_wait(fd, POLLIN, d, why));
		got = read(fd, at, n);
		if (got < 0 && (errno == EINTR || errno == EAGAIN))
			continue;
		if (got < 0)
			return sn_fail(why, SN_E_IO, "reading a pipe: %s", strerror(errno));
		if (got == 0)
			return sn_fail(why, SN_E_PROTO,
			    "the other process closed its pipe, %zu bytes of the %s were due",
			    n, part);
		at += got;
		n -= (size_t)got;
	}
	return SN_OK;
}

void
sn_frame_done(struct sn_frame *f)
{
	if (f == NULL)
		return;
	sn_secret_done(&f->secret);
	sn_wipe(f->open.p, f->open.cap);
	sn_buf_done(&f->open);
	f->type = 0;
	f->status = 0;
}

enum sn_err
sn_frame_send(struct sn_link *l, uint16_t type, uint16_t status, struct bytes payload,
    struct sn_why *why)
{
	struct frame_deadline d = frame_deadline(l);
	uint8_t header[FRAME_HEADER];

	if (payload.n > SN_FRAME_MAX)
		return sn_fail(why, SN_E_PROTO, "a frame of %zu bytes, at most %u are allowed",
		    payload.n, SN_FRAME_MAX);
	for (size_t i = 0; i < 4; i++)
		header[i] = (uint8_t)(payload.n >> (24 - 8 * i));
	header[4] = (uint8_t)(type >> 8);
	header[5] = (uint8_t)type;
	header[6] = (uint8_t)(status >> 8);
	header[7] = (uint8_t)status;
	SN_TRY(frame_write(l->out, BYTES_OF(header), &d, why));
	return frame_write(l->out, payload, &d, why);
}

/* The length is a claim: memory grows with the bytes that really come. */
static enum sn_err
frame_read_open(int fd, size_t n, struct sn_buf *ret, const struct frame_deadline *d,
    struct sn_why *why)
{
	uint8_t chunk[FRAME_CHUNK];

	while (n > 0) {
		size_t part = n < sizeof(chunk) ? n : sizeof(chunk);

		SN_TRY(frame_read(fd, chunk, part, "payload", d, why));
		sn_buf_put(ret, (struct bytes){ chunk, part });
		SN_TRY(sn_buf_check(ret, why));
		n -= part;
	}
	return SN_OK;
}

enum sn_err
sn_frame_recv(struct sn_link *l, bool secret, struct sn_frame *f, struct sn_why *why)
{
	SN_CLEANUP(sn_frame_done) struct sn_frame got = { 0 };
	struct frame_deadline d = frame_deadline(l);
	uint8_t header[FRAME_HEADER];
	struct bytes b = BYTES_OF(header);
	const uint32_t max = secret ? FRAME_SECRET_MAX : SN_FRAME_MAX;
	uint32_t n;

	SN_TRY(frame_read(l->in, header, sizeof(header), "header", &d, why));
	SN_TRY(bytes_u32(&b, &n, "frame length", why));
	SN_TRY(bytes_u16(&b, &got.type, "frame type", why));
	SN_TRY(bytes_u16(&b, &got.status, "frame status", why));
	if (n > max)
		return sn_fail(why, SN_E_PROTO, "a frame of %u bytes, at most %u are allowed",
		    n, max);
	if (secret) {
		SN_TRY(sn_secret_new(n, &got.secret, why));
		SN_TRY(frame_read(l->in, got.secret.p, n, "payload", &d, why));
	} else {
		SN_TRY(frame_read_open(l->in, n, &got.open, &d, why));
	}
	sn_frame_done(f);
	*f = got;
	got = (struct sn_frame){ 0 };
	return SN_OK;
}

/* A reply that says the request failed: its status, and the peer's own words. */
static enum sn_err
frame_peer_failed(const struct sn_frame *reply, bool secret, struct sn_why *why)
{
	struct bytes text =
	    secret ? sn_secret_bytes(&reply->secret) : sn_buf_bytes(&reply->open);

	if (reply->status >= SN_ERR_COUNT)
		return sn_fail(why, SN_E_PROTO, "a reply with the unknown status %u",
		    reply->status);
	return sn_fail(why, (enum sn_err)reply->status, "%.*s",
	    (int)(text.n < SN_WHY_MAX ? text.n : SN_WHY_MAX),
	    text.n > 0 ? (const char *)text.p : "");
}

enum sn_err
sn_frame_call(struct sn_link *l, uint16_t type, struct bytes payload, bool secret_reply,
    struct sn_frame *reply, struct sn_why *why)
{
	SN_CLEANUP(sn_frame_done) struct sn_frame got = { 0 };

	SN_TRY(sn_frame_send(l, type, SN_OK, payload, why));
	SN_TRY(sn_frame_recv(l, secret_reply, &got, why));
	if (got.type != type)
		return sn_fail(why, SN_E_PROTO, "a reply to request %u, but %u was asked",
		    got.type, type);
	if (got.status != SN_OK)
		return frame_peer_failed(&got, secret_reply, why);
	sn_frame_done(reply);
	*reply = got;
	got = (struct sn_frame){ 0 };
	return SN_OK;
}
