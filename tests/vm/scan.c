/*
 * scan - look for many byte strings in dumps of a machine's memory, in one pass.
 *
 * usage: scan PATTERNS FILE...
 *
 * A line of PATTERNS is "STRIDES HEX". STRIDES is a list such as 1,2,4: the string's
 * bytes may stand so far from each other, with anything between them, as in cells of a
 * screen (character, attribute) or in wide characters. A hit is one line of output:
 * "FILE-NUMBER PATTERN-NUMBER STRIDE OFFSET", all from 0 and decimal, and at most
 * HITS_MAX lines for a pattern in a file. Exit status 0 whether or not there are hits.
 */
#include <err.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define KEY 6 /* bytes that are looked up; a pattern has at least so many */
#define PATTERN_MAX 512
#define PATTERNS_MAX (1U << 18)
#define STRIDE_MAX 32
#define HITS_MAX 3
#define HASH_BITS 20
#define PAGE 4096

struct pattern {
	size_t n;
	unsigned int hits;
	int next; /* with the same hash, at the same stride */
	int number;
	unsigned char bytes[PATTERN_MAX];
};

/* The patterns that are looked for at one stride. */
struct at_stride {
	size_t stride;
	struct pattern *p;
	size_t np, room;
	int *head;	/* by hash of the first bytes */
	uint8_t *maybe; /* the same as one bit each, small enough for a cache */
	uint8_t *pairs; /* a bit for each pair of first bytes */
};

static uint32_t
hash_of(uint64_t key)
{
	return (uint32_t)((key * UINT64_C(0x9e3779b97f4a7c15)) >> (64 - HASH_BITS));
}

static uint64_t
key_at(const unsigned char *b, size_t stride)
{
	uint64_t key = 0;

	for (size_t i = 0; i < KEY; i++)
		key |= (uint64_t)b[i * stride] << (8 * i);
	return key;
}

static bool
bit(const uint8_t *bits, uint32_t i)
{
	return ((unsigned int)bits[i >> 3] >> (i & 7U) & 1U) != 0;
}

static void
set_bit(uint8_t *bits, uint32_t i)
{
	bits[i >> 3] = (uint8_t)(bits[i >> 3] | 1U << (i & 7U));
}

static void *
want(void *p)
{
	if (p == NULL)
		errx(2, "no memory");
	return p;
}

static struct at_stride strides[STRIDE_MAX + 1];

static void
add(size_t stride, const unsigned char *bytes, size_t n, int number)
{
	struct at_stride *s = &strides[stride];
	uint64_t key = key_at(bytes, 1);
	struct pattern *p;

	if (s->head == NULL) {
		s->stride = stride;
		s->head = want(malloc(sizeof(*s->head) << HASH_BITS));
		memset(s->head, 0xff, sizeof(*s->head) << HASH_BITS);
		s->maybe = want(calloc(1, (1U << HASH_BITS) / 8));
		s->pairs = want(calloc(1, 65536 / 8));
	}
	if (s->np == s->room) {
		s->room = s->room * 2 + 64;
		s->p = want(realloc(s->p, s->room * sizeof(*s->p)));
	}
	p = &s->p[s->np];
	*p = (struct pattern){ .n = n, .next = s->head[hash_of(key)], .number = number };
	memcpy(p->bytes, bytes, n);
	s->head[hash_of(key)] = (int)s->np++;
	set_bit(s->maybe, hash_of(key));
	set_bit(s->pairs, (uint32_t)(bytes[0] | bytes[1] << 8));
}

static size_t
unhex(const char *text, unsigned char *ret, const char *line)
{
	static const char digits[] = "0123456789abcdef";
	size_t n = 0;

	for (; text[0] != '\0' && text[1] != '\0'; text += 2) {
		const char *high = strchr(digits, text[0]), *low = strchr(digits, text[1]);

		if (high == NULL || low == NULL || n == PATTERN_MAX)
			errx(2, "not a pattern: %s", line);
		ret[n++] = (unsigned char)((high - digits) << 4 | (low - digits));
	}
	/* empty pages are skipped: what begins with 0 could begin at the end of one */
	if (text[0] != '\0' || n < KEY || ret[0] == 0)
		errx(2, "not a pattern: %s", line);
	return n;
}

static void
add_line(char *line, int number)
{
	unsigned char bytes[PATTERN_MAX];
	char *hex = strchr(line, ' '), *at = line;
	size_t n;

	line[strcspn(line, "\n")] = '\0';
	if (hex == NULL)
		errx(2, "not a pattern: %s", line);
	n = unhex(hex + 1, bytes, line);
	do {
		unsigned long stride = strtoul(at, &at, 10);

		if (stride == 0 || stride > STRIDE_MAX || (*at != ',' && at != hex))
			errx(2, "not a pattern: %s", line);
		add(stride, bytes, n, number);
	} while (*at++ == ',');
}

static void
read_patterns(const char *path)
{
	FILE *f = fopen(path, "re");
	char *line = NULL;
	size_t room = 0;
	int number = 0;

	if (f == NULL)
		err(2, "%s", path);
	while (getline(&line, &room, f) > 0) {
		if (number == PATTERNS_MAX)
			errx(2, "%s: too many patterns", path);
		add_line(line, number++);
	}
	free(line);
	(void)fclose(f);
	if (number == 0)
		errx(2, "%s: no patterns", path);
}

static void
report(struct pattern *p, const struct at_stride *s, int file, size_t offset)
{
	if (p->hits++ < HITS_MAX)
		printf("%d %d %zu %zu\n", file, p->number, s->stride, offset);
}

static void
compare(struct at_stride *s, const unsigned char *base, size_t size, size_t offset, int file)
{
	const unsigned char *b = base + offset;
	int i = s->head[hash_of(key_at(b, s->stride))];

	for (; i >= 0; i = s->p[i].next) {
		struct pattern *p = &s->p[i];
		size_t j = 0;

		if ((p->n - 1) * s->stride >= size - offset)
			continue;
		while (j < p->n && b[j * s->stride] == p->bytes[j])
			j++;
		if (j == p->n)
			report(p, s, file, offset);
	}
}

/* Look at every place from offset to end, which leave room for a key. */
static void
scan_part(struct at_stride *s, const unsigned char *base, size_t size, size_t offset,
    size_t end, int file)
{
	for (; offset < end; offset++) {
		const unsigned char *b = base + offset;

		if (!bit(s->pairs, (uint32_t)(b[0] | b[s->stride] << 8)))
			continue;
		if (bit(s->maybe, hash_of(key_at(b, s->stride))))
			compare(s, base, size, offset, file);
	}
}

static void
scan_bytes(struct at_stride *s, const unsigned char *base, size_t size, int file)
{
	static const unsigned char zero[PAGE];
	size_t reach = (KEY - 1) * s->stride + 1, end;

	if (s->head == NULL || size < reach)
		return;
	for (size_t i = 0; i < s->np; i++)
		s->p[i].hits = 0;
	end = size - reach + 1;
	for (size_t page = 0; page < end; page += PAGE) {
		size_t stop = page + PAGE < end ? page + PAGE : end;

		/* Most memory is empty, and no string begins with a 0. */
		if (page + PAGE <= size && memcmp(base + page, zero, PAGE) == 0)
			continue;
		scan_part(s, base, size, page, stop, file);
	}
}

static void
scan_file(const char *path, int file)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct stat st;
	unsigned char *base;

	if (fd < 0 || fstat(fd, &st) != 0)
		err(2, "%s", path);
	if (st.st_size > 0) {
		base = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
		if (base == MAP_FAILED)
			err(2, "%s", path);
		for (size_t i = 1; i <= STRIDE_MAX; i++)
			scan_bytes(&strides[i], base, (size_t)st.st_size, file);
		(void)munmap(base, (size_t)st.st_size);
	}
	(void)close(fd);
}

int
main(int argc, char **argv)
{
	if (argc < 3)
		errx(2, "usage: scan PATTERNS FILE...");
	read_patterns(argv[1]);
	for (int i = 2; i < argc; i++)
		scan_file(argv[i], i - 2);
	return fflush(stdout) == 0 ? 0 : 2;
}
