/*
 * The driver of NAME_fuzz.c: mutates seeds, keeps inputs that reach new code, and
 * reports as one TAP test. The code under test is compiled with trace-pc, so that
 * __sanitizer_cov_trace_pc() below sees every edge. A sanitizer's finding, or an
 * input that takes longer than INPUT_SECONDS of the processor, leaves the input in a file.
 */
#include <dirent.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#include "tests/lib/test.h"

#define INPUT_MAX 8192
#define FILE_MAX (1U << 20) /* of a file that is named */
#define INPUTS_MAX 4096
#define INPUT_SECONDS 10
#define MAP_SIZE 65536
#define PATH_LEN 512

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
void __sanitizer_cov_trace_pc(void);
void __sanitizer_set_death_callback(void (*callback)(void)) __attribute__((weak));

static struct test_bytes inputs[INPUTS_MAX];
static size_t ninputs;
static uint8_t map[MAP_SIZE];
static size_t edges;
static uintptr_t last_pc;
static uint64_t state;
static uint8_t now[FILE_MAX];
static size_t now_len;
static char crash_path[PATH_LEN];

void
__sanitizer_cov_trace_pc(void)
{
	uintptr_t pc = (uintptr_t)__builtin_return_address(0);
	size_t at = (pc ^ last_pc >> 1) % MAP_SIZE;

	last_pc = pc;
	if (map[at] == 0) {
		map[at] = 1;
		edges++;
	}
}

/* xorshift64*: the same seed gives the same run. */
static size_t
pick(size_t below)
{
	state ^= state >> 12;
	state ^= state << 25;
	state ^= state >> 27;
	return (size_t)((state * UINT64_C(2685821657736338717)) >> 33) % below;
}

static void
keep(const uint8_t *data, size_t len)
{
	struct test_bytes *b = &inputs[ninputs];

	if (ninputs == INPUTS_MAX)
		return;
	b->data = malloc(len + 1);
	if (b->data == NULL)
		return;
	memcpy(b->data, data, len);
	b->len = len;
	ninputs++;
}

/* Only async-signal-safe calls: the heap may be broken. */
static void
save_input(void)
{
	int fd = open(crash_path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);

	if (fd >= 0) {
		if (write(fd, now, now_len) < 0)
			crash_path[0] = '\0';
		close(fd);
	}
}

static void
too_slow(int sig)
{
	static const char text[] = "not ok 1 - one input took too long\n";

	(void)sig;
	save_input();
	if (write(STDOUT_FILENO, text, sizeof(text) - 1) < 0)
		_exit(2);
	_exit(1);
}

static void
mutate_once(void)
{
	static const uint8_t edge_values[] = { 0x00, 0x01, 0x7f, 0x80, 0xff, 0x20, 0x30, 0x0a };
	size_t at = now_len > 0 ? pick(now_len) : 0;
	size_t more = 1 + pick(16), n = more;
	const struct test_bytes *other = &inputs[pick(ninputs)];

	if (n > now_len - at)
		n = now_len - at;
	switch (now_len == 0 ? 6 : pick(7)) {
	case 0:
		now[at] ^= (uint8_t)(1u << pick(8));
		break;
	case 1:
		now[at] = edge_values[pick(sizeof(edge_values))];
		break;
	case 2:
		now[at] = (uint8_t)(now[at] + pick(33) - 16);
		break;
	case 3: /* cut a piece out */
		memmove(now + at, now + at + n, now_len - at - n);
		now_len -= n;
		break;
	case 4: /* say a piece twice */
		if (now_len + n > INPUT_MAX)
			break;
		memmove(now + at + n, now + at, now_len - at);
		now_len += n;
		break;
	case 5: /* the tail of another input */
		n = other->len > 0 ? pick(other->len) : 0;
		if (at + other->len - n > INPUT_MAX)
			break;
		memcpy(now + at, other->data + n, other->len - n);
		now_len = at + other->len - n;
		break;
	default: /* random bytes put in */
		if (now_len + more > INPUT_MAX)
			break;
		memmove(now + at + more, now + at, now_len - at);
		now_len += more;
		for (size_t i = 0; i < more; i++)
			now[at + i] = (uint8_t)pick(256);
	}
}

static void
run_once(void)
{
	const struct itimerval limit = { .it_value = { .tv_sec = INPUT_SECONDS } },
			       none = { 0 };
	size_t before = edges;
	uint8_t *exact = malloc(now_len > 0 ? now_len : 1);

	if (exact == NULL)
		return;
	memcpy(exact, now, now_len); /* its own allocation: one byte past it is found */
	last_pc = 0;
	setitimer(ITIMER_PROF, &limit, NULL);
	LLVMFuzzerTestOneInput(exact, now_len);
	setitimer(ITIMER_PROF, &none, NULL);
	free(exact);
	if (edges != before)
		keep(now, now_len);
}

static void
use(const uint8_t *data, size_t len, size_t most)
{
	now_len = len < most ? len : most;
	memcpy(now, data, now_len);
}

static size_t
run_seeds(const char *dir)
{
	size_t n = 0;
	DIR *d = opendir(dir);
	struct dirent *de;

	while (d != NULL && (de = readdir(d)) != NULL) {
		char *path = test_format("%s/%s", dir, de->d_name);
		struct test_bytes b;

		if (de->d_name[0] != '.') {
			b = test_read(path);
			use(b.data, b.len, INPUT_MAX);
			keep(now, now_len);
			run_once();
			test_bytes_done(&b);
			n++;
		}
		free(path);
	}
	if (d != NULL)
		closedir(d);
	return n;
}

static uint64_t
number_of(const char *name, uint64_t usual)
{
	const char *s = getenv(name);

	return s != NULL ? strtoull(s, NULL, 10) : usual;
}

int
main(int argc, char **argv)
{
	const char *base = strrchr(argv[0], '/');
	const char *build = getenv("BUILD");
	const char *tail = strstr(argv[0], "/tests/");
	uint64_t seconds = number_of("FUZZ_SECONDS", 10), runs = 0;
	char *seed_dir;
	size_t seeds;
	time_t end;

	base = base != NULL ? base + 1 : argv[0];
	state = number_of("FUZZ_SEED", 1) * 2 + 1;
	snprintf(crash_path, sizeof(crash_path), "%s/%s.crash", build != NULL ? build : ".",
	    base);
	signal(SIGPROF, too_slow);
	if (__sanitizer_set_death_callback != NULL)
		__sanitizer_set_death_callback(save_input);
	printf("1..1\n# a finding is left in %s\n", crash_path);
	fflush(stdout);

	if (argc > 1) { /* these inputs, each once */
		for (int i = 1; i < argc; i++) {
			struct test_bytes b = test_read(argv[i]);

			use(b.data, b.len, FILE_MAX);
			run_once();
			test_bytes_done(&b);
		}
		printf("ok 1 - %s: %s and %d more\n", base, argv[1], argc - 2);
		return 0;
	}
	seed_dir = test_format("%s", tail != NULL ? tail + 1 : base);
	seeds = run_seeds(seed_dir);
	if (ninputs == 0)
		keep((const uint8_t *)"", 0);
	end = time(NULL) + (time_t)seconds;
	for (; time(NULL) < end; runs++) {
		const struct test_bytes *from = &inputs[pick(ninputs)];

		use(from->data, from->len, INPUT_MAX);
		for (size_t i = 1 + pick(8); i > 0; i--)
			mutate_once();
		run_once();
	}
	printf("# %zu seeds, %" PRIu64 " runs, %zu edges, %zu inputs kept\n", seeds, runs,
	    edges, ninputs);
	printf("ok 1 - %s\n", base);
	free(seed_dir);
	return 0;
}
