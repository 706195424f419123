/*
 * What judging a fleet costs, against plain libcrypto on the same bytes in the same run:
 * d2i_X509 and X509_verify under issuers that are warm, EVP_DigestVerify for TCB infos. The
 * fleet is made once (minutes) and kept below FLEET_DIR, or BUILD/fleet.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <openssl/ecdsa.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include "appliance/base/json.h"
#include "appliance/base/text.h"
#include "firmware-cache/store/fleet.h"
#include "tests/firmware-cache/cmd/fleet_make.h"

#define SMALL 10000U
#define LARGE 100000U
#define ROUNDS 5U
#define AT "2026-01-01T00:00:00Z"
#define MAX_FILE (64U << 10)
#define RAW_HALF 32

static char folder[400]; /* where the fleets are */

static void
quit(const char *what)
{
	fprintf(stderr, "fleet: %s\n", what);
	exit(1);
}

static double
seconds(clockid_t clock)
{
	struct timespec t;

	clock_gettime(clock, &t);
	return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static void
fleet_dir(size_t n, char ret[512])
{
	snprintf(ret, 512, "%s/f%zu", folder, n);
}

static void
read_file(const char *dir, const char *path, struct sn_buf *ret)
{
	struct sn_why why = { 0 };
	char full[1024];

	snprintf(full, sizeof(full), "%s/%s", dir, path);
	fleet_must(sn_file_read(AT_FDCWD, full, MAX_FILE, ret, &why), &why);
}

/* ---- the yardstick */

struct yard {
	EVP_PKEY *ask, *pck_ca, *tcb_signing;
};

static EVP_PKEY *
key_of_first(const char *dir, const char *path)
{
	SN_CLEANUP(sn_buf_done) struct sn_buf b = { 0 };
	EVP_PKEY *key = NULL;
	X509 *x;
	BIO *bio;

	read_file(dir, path, &b);
	bio = BIO_new_mem_buf(b.p, (int)b.n);
	x = PEM_read_bio_X509(bio, NULL, NULL, NULL);
	key = x != NULL ? X509_get_pubkey(x) : NULL;
	X509_free(x);
	BIO_free(bio);
	if (key == NULL)
		quit("a signer without a key");
	return key;
}

static void
yard_start(struct yard *y, const char *dir)
{
	y->ask = key_of_first(dir, "signers/amd/milan_cert_chain.pem");
	y->pck_ca = key_of_first(dir, "signers/intel/pck_processor_chain.pem");
	y->tcb_signing = key_of_first(dir, "signers/intel/tcb_signing_chain.pem");
}

static void
yard_done(struct yard *y)
{
	EVP_PKEY_free(y->ask);
	EVP_PKEY_free(y->pck_ca);
	EVP_PKEY_free(y->tcb_signing);
}

static void
yard_cert(const struct yard *y, struct bytes b, size_t i)
{
	const unsigned char *p = b.p;
	X509 *x = d2i_X509(NULL, &p, (long)b.n);

	if (x == NULL || X509_verify(x, i % 2 == 0 ? y->ask : y->pck_ca) != 1)
		quit("the yardstick refuses a certificate");
	X509_free(x);
}

/* {"tcbInfo":BODY,"signature":"128 hex digits"} */
static void
yard_tcb(const struct yard *y, struct bytes b)
{
	static const size_t head = sizeof("{\"tcbInfo\":") - 1,
			    tail = sizeof(",\"signature\":\"\"}") - 1 + 4 * RAW_HALF;
	const char *hex = (const char *)b.p + b.n - 2 - 4 * RAW_HALF;
	unsigned char raw[2 * RAW_HALF], *der = NULL;
	ECDSA_SIG *sig = ECDSA_SIG_new();
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	struct sn_why why = { 0 };
	char text[4 * RAW_HALF + 1] = "";
	int n;

	memcpy(text, hex, 4 * RAW_HALF);
	fleet_must(sn_hex_parse(text, raw, sizeof(raw), "signature", &why), &why);
	ECDSA_SIG_set0(sig, BN_bin2bn(raw, RAW_HALF, NULL),
	    BN_bin2bn(raw + RAW_HALF, RAW_HALF, NULL));
	n = i2d_ECDSA_SIG(sig, &der);
	if (EVP_DigestVerifyInit(ctx, NULL, EVP_sha256(), NULL, y->tcb_signing) != 1 ||
	    EVP_DigestVerify(ctx, der, (size_t)n, b.p + head, b.n - head - tail) != 1)
		quit("the yardstick refuses a TCB info");
	OPENSSL_free(der);
	ECDSA_SIG_free(sig);
	EVP_MD_CTX_free(ctx);
}

/* ---- one process, chunk by chunk in turn, the bytes read before */

static void
policy_of(const char *dir, struct col_policy *ret)
{
	SN_CLEANUP(sn_buf_done) struct sn_buf b = { 0 };
	SN_CLEANUP(sn_json_free) yyjson_doc *doc = NULL;
	struct sn_why why = { 0 };
	char path[1024];

	snprintf(path, sizeof(path), "%s.json", strrchr(dir, '/') + 1);
	read_file(folder, path, &b);
	fleet_must(sn_json_parse(sn_buf_bytes(&b), path, false, &doc, &why), &why);
	ret->rehearsal = true;
	fleet_must(col_roots_from_json(yyjson_obj_get(yyjson_doc_get_root(doc), "vendor_pki"),
		       path, &ret->extra, &why),
	    &why);
	fleet_must(text_to_time(AT, &ret->at, "at", &why), &why);
}

struct spent {
	double ours, yard;
};

/* Signers and TCB infos: ours as a whole store, with all that they need. */
static struct col_store *
bench_signers(const char *dir, const struct yard *y, struct spent *t)
{
	struct sn_buf tcb[FLEET_FMSPCS] = { 0 };
	struct col_store *s = NULL;
	struct col_policy policy = { 0 };
	struct sn_why why = { 0 };
	char path[1024];
	double from;

	policy_of(dir, &policy);
	for (size_t i = 0; i < FLEET_FMSPCS; i++) {
		snprintf(path, sizeof(path), "signers/intel/tcb/%02zu.json", i);
		read_file(dir, path, &tcb[i]);
	}
	from = seconds(CLOCK_PROCESS_CPUTIME_ID);
	for (size_t i = 0; i < FLEET_FMSPCS; i++)
		yard_tcb(y, sn_buf_bytes(&tcb[i]));
	t->yard += seconds(CLOCK_PROCESS_CPUTIME_ID) - from;
	snprintf(path, sizeof(path), "%s/signers", dir);
	from = seconds(CLOCK_PROCESS_CPUTIME_ID);
	fleet_must(col_store_new(&policy, &s, &why), &why);
	fleet_must(col_store_add_dir(s, AT_FDCWD, path, &why), &why);
	fleet_must(col_store_check(s, &why), &why);
	t->ours += seconds(CLOCK_PROCESS_CPUTIME_ID) - from;
	if (col_store_refused(s) != 0)
		quit("a signer is refused");
	for (size_t i = 0; i < FLEET_FMSPCS; i++)
		sn_buf_done(&tcb[i]);
	return s;
}

static void
bench_chunk(const struct col_store *s, const struct yard *y, const char *dir, size_t first,
    struct spent *t)
{
	static struct sn_buf files[FLEET_PER_DIR];
	struct sn_why why = { 0 };
	char paths[FLEET_PER_DIR][64];
	struct col_row row;
	double from;

	for (size_t i = 0; i < FLEET_PER_DIR; i++) {
		fleet_path(first + i, paths[i]);
		read_file(dir, paths[i], &files[i]);
	}
	for (unsigned int turn = 0; turn < 2; turn++) {
		from = seconds(CLOCK_PROCESS_CPUTIME_ID);
		if (turn == first / FLEET_PER_DIR % 2) {
			for (size_t i = 0; i < FLEET_PER_DIR; i++)
				yard_cert(y, sn_buf_bytes(&files[i]), first + i);
			t->yard += seconds(CLOCK_PROCESS_CPUTIME_ID) - from;
			continue;
		}
		for (size_t i = 0; i < FLEET_PER_DIR; i++) {
			fleet_must(col_store_judge(s, paths[i], sn_buf_bytes(&files[i]), &row,
				       &why),
			    &why);
			if (!row.ok)
				quit(row.why.text);
		}
		t->ours += seconds(CLOCK_PROCESS_CPUTIME_ID) - from;
	}
}

static void
bench_one_core(const char *dir)
{
	struct spent t = { 0 };
	struct col_store *s;
	struct yard y;
	double ours, yard;

	yard_start(&y, dir);
	s = bench_signers(dir, &y, &t);
	for (size_t first = 0; first < SMALL; first += FLEET_PER_DIR)
		bench_chunk(s, &y, dir, first, &t);
	ours = (SMALL + FLEET_FMSPCS) / t.ours;
	yard = (SMALL + FLEET_FMSPCS) / t.yard;
	printf("fleet %.0f items/s %.0f %.3f\n", ours, yard, ours / yard);
	fflush(stdout);
	col_store_free(&s);
	yard_done(&y);
}

/* ---- whole programs */

struct run {
	double wall, cpu; /* seconds */
	double rss;	  /* MiB, of the largest process */
};

static struct run
wait_for(pid_t pid, double from)
{
	struct rusage u;
	struct run r;
	int status;

	if (pid < 0 || wait4(pid, &status, 0, &u) != pid || !WIFEXITED(status) ||
	    WEXITSTATUS(status) != 0)
		quit("a program failed");
	r.wall = seconds(CLOCK_MONOTONIC) - from;
	r.cpu = (double)(u.ru_utime.tv_sec + u.ru_stime.tv_sec) +
	    1e-6 * (double)(u.ru_utime.tv_usec + u.ru_stime.tv_usec);
	r.rss = (double)u.ru_maxrss / 1024;
	return r;
}

static struct run
run_ours(const char *dir, const char *jobs)
{
	double from = seconds(CLOCK_MONOTONIC);
	const char *build = getenv("BUILD");
	char program[512], roots[1024];
	pid_t pid;

	snprintf(program, sizeof(program), "%s/bin/firmware-cache",
	    build != NULL ? build : "build");
	snprintf(roots, sizeof(roots), "%s.json", dir);
	pid = fork();
	if (pid == 0) {
		int null = open("/dev/null", O_WRONLY);

		dup2(null, 1);
		execl(program, program, "verify", dir, "--rehearsal", roots, "--at", AT,
		    "--jobs", jobs, (char *)NULL);
		_exit(127);
	}
	return wait_for(pid, from);
}

/* Reads as plainly as can be: open, read, close. */
static void
yard_share(const char *dir, size_t n, unsigned int own, unsigned int of)
{
	static unsigned char buf[MAX_FILE];
	char path[64], full[1024];
	struct yard y;

	yard_start(&y, dir);
	for (size_t i = 0; own == 0 && i < FLEET_FMSPCS; i++) {
		SN_CLEANUP(sn_buf_done) struct sn_buf b = { 0 };

		snprintf(path, sizeof(path), "signers/intel/tcb/%02zu.json", i);
		read_file(dir, path, &b);
		yard_tcb(&y, sn_buf_bytes(&b));
	}
	for (size_t i = 0; i < n; i++) {
		ssize_t got;
		int fd;

		if (i / FLEET_PER_DIR % of != own)
			continue;
		fleet_path(i, path);
		snprintf(full, sizeof(full), "%s/%s", dir, path);
		fd = open(full, O_RDONLY | O_CLOEXEC);
		got = fd >= 0 ? read(fd, buf, sizeof(buf)) : -1;
		if (got <= 0)
			quit("a certificate cannot be read");
		close(fd);
		yard_cert(&y, (struct bytes){ buf, (size_t)got }, i);
	}
	yard_done(&y);
}

static struct run
run_yard(const char *dir, size_t n, unsigned int jobs)
{
	double from = seconds(CLOCK_MONOTONIC);
	pid_t pid = fork();

	if (pid != 0)
		return wait_for(pid, from);
	if (jobs == 2) {
		int status = 0;

		pid = fork();
		if (pid == 0) {
			yard_share(dir, n, 1, 2);
			_exit(0);
		}
		yard_share(dir, n, 0, 2);
		_exit(pid < 0 || waitpid(pid, &status, 0) != pid || status != 0);
	}
	yard_share(dir, n, 0, 1);
	_exit(0);
}

static double
least(double a, double b)
{
	return a == 0 || b < a ? b : a;
}

/* Of each the quickest of several rounds: what else the machine does only adds. */
static void
bench_two_cores(const char *dir)
{
	double ours[3] = { 0 }, yard[3] = { 0 }, cpu_ours = 0, cpu_yard = 0;
	double gain, yard_gain;

	for (unsigned int round = 0; round < ROUNDS; round++) {
		for (unsigned int jobs = 1; jobs <= 2; jobs++) {
			struct run a = run_ours(dir, jobs == 1 ? "1" : "2");
			struct run b = run_yard(dir, SMALL, jobs);

			ours[jobs] = least(ours[jobs], a.wall);
			yard[jobs] = least(yard[jobs], b.wall);
			if (jobs == 1) {
				cpu_ours = least(cpu_ours, a.cpu);
				cpu_yard = least(cpu_yard, b.cpu);
			}
		}
	}
	printf("fleet-program %.0f items/s %.0f %.3f\n", SMALL / cpu_ours, SMALL / cpu_yard,
	    cpu_yard / cpu_ours);
	gain = ours[1] / ours[2];
	yard_gain = yard[1] / yard[2];
	printf("fleet-2 %.2f times %.2f %.3f\n", gain, yard_gain, gain / yard_gain);
	fflush(stdout);
}

static void
bench_ten_times(const char *small, const char *large)
{
	struct run few = run_ours(small, "1"), many = run_ours(large, "1"),
		   again = run_ours(small, "1"), two = run_ours(large, "2");
	double cpu = (few.cpu + again.cpu) / 2;

	printf("fleet-10x %.2f times 10.00 %.3f\n", many.cpu / cpu, many.cpu / cpu / 10);
	printf("fleet-memory %.1f MiB %.1f %.3f\n", many.rss, few.rss, many.rss / few.rss);
	printf("fleet-memory-2 %.1f MiB %.1f %.3f\n", two.rss, few.rss, two.rss / few.rss);
	fflush(stdout);
}

/* ---- the fleets */

static void
link_file(const char *from, const char *to, const char *path)
{
	struct sn_why why = { 0 };
	char a[1024], b[1024];

	snprintf(a, sizeof(a), "%s/%s", from, path);
	snprintf(b, sizeof(b), "%s/%s", to, path);
	fleet_must(sn_file_parents(AT_FDCWD, b, &why), &why);
	if (link(a, b) != 0 && access(b, R_OK) != 0)
		quit("a file of the small fleet");
}

struct linking {
	const char *from, *to;
};

static enum sn_err
link_signer(void *arg, const struct sn_walk_entry *entry, struct sn_why *why SN_UNUSED)
{
	const struct linking *l = arg;

	link_file(l->from, l->to, entry->path);
	return SN_OK;
}

/* The first machines of the large fleet, and all its signers. */
static void
make_small(const char *large, const char *small)
{
	SN_CLEANUP(sn_buf_done) struct sn_buf roots = { 0 };
	struct sn_why why = { 0 };
	char from[1024], to[1024], path[64];
	int fd;

	snprintf(from, sizeof(from), "%s/signers", large);
	snprintf(to, sizeof(to), "%s/signers", small);
	fd = open(from, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	fleet_must(sn_file_walk(fd, ".", link_signer, &(struct linking){ from, to }, &why),
	    &why);
	close(fd);
	for (size_t i = 0; i < SMALL; i++) {
		fleet_path(i, path);
		link_file(large, small, path);
	}
	snprintf(from, sizeof(from), "f%u.json", LARGE);
	snprintf(to, sizeof(to), "f%u.json", SMALL);
	read_file(folder, from, &roots);
	fleet_write(folder, to, sn_buf_bytes(&roots));
}

/* Made in a process of its own, under another name first. */
static void
make_fleets(const char *large, const char *small)
{
	char made[600], roots[1024], to[1024];
	struct sn_why why = { 0 };
	pid_t pid;

	if (access(large, R_OK) != 0) {
		fprintf(stderr, "fleet: making %u certificates, some minutes\n", LARGE);
		snprintf(made, sizeof(made), "%s.new", large);
		pid = fork();
		if (pid == 0) {
			fleet_must(cry_start(&why), &why);
			fleet_make(made, LARGE);
			_exit(0);
		}
		(void)wait_for(pid, 0);
		snprintf(roots, sizeof(roots), "%s.json", made);
		snprintf(to, sizeof(to), "%s.json", large);
		if (rename(roots, to) != 0 || rename(made, large) != 0)
			quit("the large fleet cannot be named");
	}
	snprintf(made, sizeof(made), "%s.json", small);
	if (access(made, R_OK) != 0)
		make_small(large, small);
}

int
main(void)
{
	const char *dir = getenv("FLEET_DIR"), *build = getenv("BUILD");
	struct sn_why why = { 0 };
	char large[512], small[512];

	if (dir != NULL)
		snprintf(folder, sizeof(folder), "%s", dir);
	else
		snprintf(folder, sizeof(folder), "%s/fleet", build != NULL ? build : "build");
	fleet_dir(LARGE, large);
	fleet_dir(SMALL, small);
	make_fleets(large, small);
	fleet_must(cry_start(&why), &why);
	bench_one_core(small);
	bench_two_cores(small);
	bench_ten_times(small, large);
	return 0;
}
