#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "appliance/base/file.h"
#include "appliance/base/secret.h"
#include "appliance/base/text.h"
#include "appliance/crypto/digest.h"
#include "firmware-cache/collect/progress.h"

#define PROGRAM "firmware-cache collect"
#define KEY_FILE_MAX 256
#define WAIT_MAX 21000 /* seconds; libcurl tells no Retry-After above six hours */

static volatile int stop_asked;

/* ---- ports */

static void
on_signal(int signal)
{
	(void)signal;
	stop_asked = 1;
}

static int64_t
clock_ms(clockid_t id)
{
	struct timespec t = { 0 };

	(void)clock_gettime(id, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static int64_t
mono_ms(void)
{
	return clock_ms(CLOCK_MONOTONIC);
}

static int64_t
wall(void)
{
	return clock_ms(CLOCK_REALTIME) / 1000;
}

static void
sleep_ms(int64_t ms)
{
	struct timespec t = { .tv_sec = (time_t)(ms / 1000),
		.tv_nsec = (long)(ms % 1000) * 1000000 };

	(void)nanosleep(&t, NULL); /* a signal ends it, and is looked at */
}

static const struct clt_ports ports = { mono_ms, wall, sleep_ms, &stop_asked };

static void
take_signals(void)
{
	struct sigaction stop = { .sa_handler = on_signal }, ignore = { .sa_handler = SIG_IGN };

	(void)sigaction(SIGINT, &stop, NULL);
	(void)sigaction(SIGTERM, &stop, NULL);
	(void)sigaction(SIGPIPE, &ignore, NULL);
}

/* ---- the command line */

struct args {
	const char *dir, *key_file, *ca, *via, *proxy;
	uint32_t interval_ms, tries, timeout, max_wait;
};

static const struct {
	const char *name, *value, *help;
	size_t text, number; /* offset in struct args of one of them; the other is SIZE_MAX */
	uint32_t min, max;
} options[] = {
	{ "--key-file", "FILE", "Intel's subscription key, for PCK certificates",
	    offsetof(struct args, key_file), SIZE_MAX, 0, 0 },
	{ "--ca", "FILE", "PEM: trust these CAs only, not the system's",
	    offsetof(struct args, ca), SIZE_MAX, 0, 0 },
	{ "--proxy", "URL", "go through a proxy; the environment's is not used",
	    offsetof(struct args, proxy), SIZE_MAX, 0, 0 },
	{ "--via", "HOST:PORT", "connect there instead: a mirror that speaks for the vendors",
	    offsetof(struct args, via), SIZE_MAX, 0, 0 },
	{ "--interval", "MS", "between two requests to a host (250)", SIZE_MAX,
	    offsetof(struct args, interval_ms), 0, 600000 },
	{ "--tries", "N", "of one request (6)", SIZE_MAX, offsetof(struct args, tries), 1,
	    100 },
	{ "--timeout", "S", "for one request (120)", SIZE_MAX, offsetof(struct args, timeout),
	    1, 3600 },
	{ "--max-wait", "S", "the longest wait that a host may ask for (900)", SIZE_MAX,
	    offsetof(struct args, max_wait), 1, WAIT_MAX },
};

static void
usage(FILE *to)
{
	fprintf(to, "usage: " PROGRAM " DIR [options]\n\n");
	for (size_t i = 0; i < SN_NITEMS(options); i++)
		fprintf(to, "  %-11s %-10s %s\n", options[i].name, options[i].value,
		    options[i].help);
	fprintf(to,
	    "\nFetches what DIR/requests.jsonl lists. The same command goes on where "
	    "it was stopped.\ndocs/FORMAT-REQUESTS.md explains.\n");
}

static enum sn_err
set_option(struct args *a, size_t k, const char *value, struct sn_why *why)
{
	if (options[k].text != SIZE_MAX) {
		*(const char **)((uint8_t *)a + options[k].text) = value;
		return SN_OK;
	}
	return text_to_u32(value, options[k].min, options[k].max,
	    (uint32_t *)((uint8_t *)a + options[k].number), options[k].name, why);
}

static enum sn_err
parse(int argc, char **argv, struct args *a, struct sn_why *why)
{
	for (int i = 1; i < argc; i++) {
		size_t k = 0;

		while (k < SN_NITEMS(options) && strcmp(argv[i], options[k].name) != 0)
			k++;
		if (k == SN_NITEMS(options)) {
			if (argv[i][0] == '-' || a->dir != NULL)
				return sn_fail(why, SN_E_USAGE, "%s is not understood",
				    argv[i]);
			a->dir = argv[i];
			continue;
		}
		if (++i == argc)
			return sn_fail(why, SN_E_USAGE, "%s takes a value", options[k].name);
		SN_TRY(set_option(a, k, argv[i], why));
	}
	return a->dir != NULL ? SN_OK : sn_fail(why, SN_E_USAGE, "DIR is missing");
}

/* ---- */

/* The key without the end of its line, which editors add. */
static enum sn_err
read_key(const char *path, struct sn_buf *ret, struct sn_why *why)
{
	SN_TRY(sn_file_read(AT_FDCWD, path, KEY_FILE_MAX, ret, why));
	while (ret->n > 0 && (ret->p[ret->n - 1] == '\n' || ret->p[ret->n - 1] == '\r'))
		ret->n--;
	if (ret->n == 0)
		return sn_fail(why, SN_E_FORMAT, "%s: empty", path);
	return SN_OK;
}

static enum sn_err
collect(const struct args *a, struct bytes key, struct sn_why *why)
{
	SN_CLEANUP(req_list_done) struct req_list list = { 0 };
	SN_CLEANUP(sn_buf_done) struct sn_buf text = { 0 };
	SN_CLEANUP(clt_fetch_close) struct clt_fetch *fetch = NULL;
	SN_CLEANUP(sn_fd_done) int dir = open(a->dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct clt_progress progress = { .bar = isatty(STDERR_FILENO) == 1 };
	const struct clt_watcher watcher = { clt_progress_row, clt_progress_wait, &progress };
	const struct clt_fetch_options o = { a->ca, a->via, a->proxy, key, a->timeout,
		&stop_asked };
	const struct clt_pace pace = { a->interval_ms, a->tries, a->max_wait };
	char summary[CLT_SUMMARY_ROOM];
	struct clt_counts n = { 0 };
	enum sn_err e;

	if (dir < 0)
		return sn_fail(why, SN_E_MISSING, "%s: %s", a->dir, strerror(errno));
	SN_TRY(sn_file_read(dir, CLT_REQUESTS, REQ_BYTES_MAX, &text, why));
	SN_TRY(req_list_parse(sn_buf_bytes(&text), CLT_REQUESTS, &list, why));
	SN_TRY(clt_fetch_open(&o, &fetch, why));
	take_signals();
	e = clt_run(dir, &list, fetch, key.n != 0, &pace, &ports, &watcher, &n, why);
	clt_progress_end(&progress);
	clt_summary(&n, summary);
	printf("%s\n", summary);
	if (fflush(stdout) != 0 && e == SN_OK)
		return sn_fail(why, SN_E_IO, "standard output");
	return e;
}

static enum sn_err
run(int argc, char **argv, struct sn_why *why)
{
	struct args a = { .interval_ms = 250, .tries = 6, .timeout = 120, .max_wait = 900 };
	SN_CLEANUP(sn_buf_done) struct sn_buf key = { 0 };
	enum sn_err e;

	SN_TRY(parse(argc, argv, &a, why));
	SN_TRY(cry_start(why));
	if (a.key_file != NULL)
		SN_TRY(read_key(a.key_file, &key, why));
	e = collect(&a, sn_buf_bytes(&key), why);
	if (key.p != NULL)
		sn_wipe(key.p, key.cap);
	return e;
}

int
main(int argc, char **argv)
{
	struct sn_why why = { 0 };
	enum sn_err e;

	if (argc == 2 && strcmp(argv[1], "--help") == 0) {
		usage(stdout);
		return 0;
	}
	e = run(argc, argv, &why);
	if (e == SN_E_USAGE)
		usage(stderr);
	if (e != SN_OK)
		sn_err_print(PROGRAM, e, &why);
	return sn_err_exit(e);
}
