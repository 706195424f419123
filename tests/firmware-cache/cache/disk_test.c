/*
 * The cache on disk: originals and origins come back as they were, hostile entries are
 * named and never followed, and a cut at any write leaves a cache that can be read.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "appliance/base/file.h"
#include "appliance/base/text.h"
#include "appliance/crypto/digest.h"
#include "firmware-cache/cache/cache.h"
#include "tests/lib/cut.h"
#include "tests/lib/test.h"

#define AT 1750000000
#define ITEMS 3

/* Strings that live as long as the program. */
static char *kept[1U << 14];

static char *
keep(char *s)
{
	static size_t n;

	assert_true(n < SN_NITEMS(kept));
	return kept[n++] = s;
}
#define path_of(...) keep(test_format(__VA_ARGS__))

/* ---- a cache in a folder of its own */

static void
must(enum sn_err e, const struct sn_why *why)
{
	if (e != SN_OK)
		fail_msg("%s: %s", sn_err_name(e), why->text);
}

static char *
folder(void)
{
	static unsigned int n;
	char *path = path_of("%s/c%u", test_tmpdir(), n++);

	return path;
}

static const char *const texts[ITEMS] = { "one", "two and more", "" };

static void
digest(const char *text, uint8_t ret[32])
{
	struct sn_why why = { 0 };

	must(cry_digest(CRY_SHA256, bytes_str(text), ret, &why), &why);
}

static struct cache_origin
origin(const char *text, const char *path)
{
	struct cache_origin o = { .at = AT, .path = path, .channel = "standard" };

	digest(text, o.sha256);
	return o;
}

/* As an import writes: origins first. */
static enum sn_err
fill(const char *path, struct sn_why *why)
{
	SN_CLEANUP(cache_close) struct cache *c = NULL;
	struct cache_origin add[ITEMS];

	for (size_t i = 0; i < ITEMS; i++)
		add[i] = origin(texts[i], "some/file");
	SN_TRY(cache_open(AT_FDCWD, path, CACHE_WRITE, &c, why));
	SN_TRY(cache_record(c, add, ITEMS, why));
	for (size_t i = 0; i < ITEMS; i++)
		SN_TRY(cache_put(c, add[i].sha256, bytes_str(texts[i]), why));
	return SN_OK;
}

struct seen {
	size_t good, bad;
	enum sn_err err;
	char path[128];
};

static enum sn_err
see(void *arg, const struct cache_entry *e, struct sn_why *why)
{
	struct seen *s = arg;
	uint8_t is[32];

	if (e->bad != NULL) {
		s->bad++;
		s->err = e->bad->err;
		snprintf(s->path, sizeof(s->path), "%s", e->path);
		assert_int_equal(e->bytes.n, 0);
		return SN_OK;
	}
	SN_TRY(cry_digest(CRY_SHA256, e->bytes, is, why));
	assert_memory_equal(is, e->sha256, 32);
	s->good++;
	return SN_OK;
}

static struct seen
look(const char *path)
{
	struct cache *c = NULL;
	struct sn_why why = { 0 };
	struct seen s = { 0 };

	must(cache_open(AT_FDCWD, path, CACHE_READ, &c, &why), &why);
	must(cache_each(c, see, &s, &why), &why);
	cache_close(&c);
	return s;
}

static void
comes_back(void **state SN_UNUSED)
{
	struct cache *c = NULL;
	struct sn_buf b = { 0 };
	struct sn_why why = { 0 };
	uint8_t sha256[32];
	char hex[65], *path = folder(), *file;
	struct stat st;

	must(fill(path, &why), &why);
	assert_int_equal(look(path).good, ITEMS);
	assert_int_equal(look(path).bad, 0);
	must(cache_open(AT_FDCWD, path, CACHE_READ, &c, &why), &why);
	for (size_t i = 0; i < ITEMS; i++) {
		digest(texts[i], sha256);
		must(cache_get(c, sha256, &b, &why), &why);
		assert_true(bytes_equal(sn_buf_bytes(&b), bytes_str(texts[i])));
		sn_hex(BYTES_OF(sha256), hex);
		file = path_of("%s/originals/%.2s/%s", path, hex, hex);
		assert_int_equal(stat(file, &st), 0);
		assert_int_equal(st.st_mode & 0777, 0444);
	}
	digest("never put", sha256);
	assert_int_equal(cache_get(c, sha256, &b, NULL), SN_E_MISSING);
	cache_close(&c);
	cache_close(&c);
	sn_buf_done(&b);
}

static void
origins(void **state SN_UNUSED)
{
	struct cache *c = NULL;
	struct sn_why why = { 0 };
	struct cache_origin a = origin("one", "a/b.json"), b = a;
	const struct cache_origin *all;
	char *path = folder();
	size_t n = 0;

	b.url = "https://example.invalid/tcb?update=early";
	b.channel = "early";
	b.fetched = AT - 60;
	b.decision = "the newer one was withdrawn";
	must(cache_open(AT_FDCWD, path, CACHE_WRITE, &c, &why), &why);
	assert_null(cache_origin_of(c, a.sha256));
	must(cache_record(c, &a, 1, &why), &why);
	a.at++;
	must(cache_record(c, &a, 1, &why), &why);
	must(cache_record(c, &b, 1, &why), &why);
	cache_close(&c);
	must(cache_open(AT_FDCWD, path, CACHE_READ, &c, &why), &why);
	all = cache_origins(c, &n);
	assert_int_equal(n, 2);
	assert_int_equal(all[0].at, AT);
	assert_null(all[0].url);
	assert_string_equal(all[1].url, b.url);
	assert_string_equal(all[1].decision, b.decision);
	assert_int_equal(all[1].fetched, AT - 60);
	assert_ptr_equal(cache_origin_of(c, a.sha256), &all[1]);
	cache_close(&c);
}

static const struct {
	const char *name, *line;
} bad_lines[] = {
	{ "half a line", "{\"at\":\"2025-07-01T00:00:00Z\"" },
	{ "no object", "[]\n" },
	{ "no digest",
	    "{\"at\":\"2025-07-01T00:00:00Z\",\"channel\":\"standard\",\"path\":\"a\"}\n" },
	{ "a path upwards",
	    "{\"at\":\"2025-07-01T00:00:00Z\",\"channel\":\"standard\",\"path\":\"../a\",\"sha256\":"
	    "\"0000000000000000000000000000000000000000000000000000000000000000\"}\n" },
	{ "an unknown member", "{\"verified\":true}\n" },
};

static void
bad_origins(void **state SN_UNUSED)
{
	for (size_t i = 0; i < SN_NITEMS(bad_lines); i++) {
		struct cache *c = NULL;
		struct sn_why why = { 0 };
		char *path = folder();

		must(fill(path, &why), &why);
		must(sn_file_write(AT_FDCWD, path_of("%s/origins.jsonl", path),
			 bytes_str(bad_lines[i].line), 0644, true, &why),
		    &why);
		if (cache_open(AT_FDCWD, path, CACHE_READ, &c, &why) != SN_E_FORMAT ||
		    strstr(why.text, "origins.jsonl line 1") == NULL)
			fail_msg("%s: %s", bad_lines[i].name, why.text);
	}
}

static void
one_writer(void **state SN_UNUSED)
{
	struct cache *a = NULL, *b = NULL;
	struct sn_why why = { 0 };
	char *path = folder();

	must(cache_open(AT_FDCWD, path, CACHE_WRITE, &a, &why), &why);
	assert_int_equal(cache_open(AT_FDCWD, path, CACHE_WRITE, &b, &why), SN_E_IO);
	assert_non_null(strstr(why.text, "another process"));
	sn_why_clear(&why);
	must(cache_open(AT_FDCWD, path, CACHE_READ, &b, &why), &why);
	cache_close(&b);
	cache_close(&a);
	must(cache_open(AT_FDCWD, path, CACHE_WRITE, &a, &why), &why);
	cache_close(&a);
}

static void
not_a_cache(void **state SN_UNUSED)
{
	struct cache *c = NULL;
	struct sn_why why = { 0 };
	char *path = folder();

	assert_int_equal(cache_open(AT_FDCWD, path, CACHE_READ, &c, NULL), SN_E_MISSING);
	assert_int_equal(mkdir(path, 0755), 0);
	assert_int_equal(cache_open(AT_FDCWD, path, CACHE_READ, &c, NULL), SN_E_MISSING);
	must(sn_file_write(AT_FDCWD, path_of("%s/letter.txt", path), bytes_str("x"), 0644,
		 false, &why),
	    &why);
	assert_int_equal(cache_open(AT_FDCWD, path, CACHE_WRITE, &c, &why), SN_E_IO);
	assert_int_equal(access(path_of("%s/lock", path), F_OK), -1);
}

/* ---- hostile entries: what is done to a cache, and what is said of it */

static char *
original(const char *path, const char *text)
{
	uint8_t sha256[32];
	char hex[65];

	digest(text, sha256);
	sn_hex(BYTES_OF(sha256), hex);
	return path_of("%s/originals/%.2s/%s", path, hex, hex);
}

static void
put(const char *file, const char *text)
{
	struct sn_why why = { 0 };

	must(sn_file_parents(AT_FDCWD, file, &why), &why);
	must(sn_file_write(AT_FDCWD, file, bytes_str(text), 0644, true, &why), &why);
}

static void
change_byte(const char *path)
{
	put(original(path, "one"), "onE");
}

static void
symlink_to_twin(const char *path)
{
	put(path_of("%s/outside", path), "one");
	assert_int_equal(unlink(original(path, "one")), 0);
	assert_int_equal(symlink("../../outside", original(path, "one")), 0);
}

static void
fifo(const char *path)
{
	assert_int_equal(unlink(original(path, "one")), 0);
	assert_int_equal(mkfifo(original(path, "one"), 0644), 0);
}

static void
folder_instead(const char *path)
{
	assert_int_equal(unlink(original(path, "one")), 0);
	assert_int_equal(mkdir(original(path, "one"), 0755), 0);
}

static void
too_large(const char *path)
{
	assert_int_equal(chmod(original(path, "one"), 0644), 0);
	assert_int_equal(truncate(original(path, "one"), (1 << 20) + 1), 0);
}

static void
other_name(const char *path)
{
	put(path_of("%s/originals/ab/readme.txt", path), "one");
}

static void
upper_case(const char *path)
{
	char *name = original(path, "one"), *from = path_of("%s", name);

	for (char *s = strrchr(name, '/'); *s != '\0'; s++)
		if (*s >= 'a')
			*s = (char)(*s - 'a' + 'A');
	assert_int_equal(rename(from, name), 0);
}

static void
other_shard(const char *path)
{
	char *name = original(path, "one");

	put(path_of("%s/originals/00/%s", path, strrchr(name, '/') + 1), "one");
}

static void
file_as_shard(const char *path)
{
	put(path_of("%s/originals/notes", path), "one");
}

static void
shard_link(const char *path)
{
	assert_int_equal(symlink("..", path_of("%s/originals/zz", path)), 0);
}

static void
control_bytes(const char *path)
{
	put(path_of("%s/originals/ab/\033[2Jx", path), "one");
}

static void
left_by_a_cut(const char *path)
{
	put(path_of("%s/originals/ab/sn-tmp-1", path), "on");
}

static const struct hostile {
	const char *name;
	void (*damage)(const char *path);
	size_t good;
	enum sn_err err; /* SN_OK: nothing is said */
} hostile[] = {
	{ "a changed byte", change_byte, 2, SN_E_SIGNATURE },
	{ "a symbolic link to the same bytes", symlink_to_twin, 2, SN_E_FORMAT },
	{ "a FIFO", fifo, 2, SN_E_FORMAT },
	{ "a folder in place of an original", folder_instead, 2, SN_E_FORMAT },
	{ "an original over the limit", too_large, 2, SN_E_LIMIT },
	{ "another name", other_name, 3, SN_E_FORMAT },
	{ "the digest in upper case", upper_case, 2, SN_E_FORMAT },
	{ "an original in another's folder", other_shard, 3, SN_E_FORMAT },
	{ "a file beside the folders", file_as_shard, 3, SN_E_FORMAT },
	{ "a link in place of a folder", shard_link, 3, SN_E_FORMAT },
	{ "a name that moves the cursor", control_bytes, 3, SN_E_FORMAT },
	{ "what a cut write left", left_by_a_cut, 3, SN_OK },
};

static void
hostile_entry(void **state)
{
	const struct hostile *h = *state;
	struct sn_why why = { 0 };
	char *path = folder();
	struct seen s;

	must(fill(path, &why), &why);
	h->damage(path);
	s = look(path);
	assert_int_equal(s.good, h->good);
	assert_int_equal(s.bad, h->err != SN_OK);
	assert_int_equal(s.err, h->err);
	for (const char *p = s.path; *p != '\0'; p++)
		assert_true(*p >= ' ' && *p <= '~');
}

/* Another import puts right what was changed. */
static void
import_again(void **state SN_UNUSED)
{
	struct sn_why why = { 0 };
	char *path = folder();

	must(fill(path, &why), &why);
	change_byte(path);
	must(fill(path, &why), &why);
	symlink_to_twin(path);
	must(fill(path, &why), &why);
	left_by_a_cut(path);
	assert_int_equal(look(path).good, ITEMS);
	assert_int_equal(look(path).bad, 0);
}

/* ---- a cut at every write */

static int
fill_child(const char *path)
{
	struct sn_why why = { 0 };

	return fill(path, &why) == SN_OK ? 0 : 1;
}

static void
cut_everywhere(void **state SN_UNUSED)
{
	int n = 0, status = CUT;

	for (; status == CUT; n++) {
		char *path = folder();
		struct cache *c = NULL;
		struct sn_why why = { 0 };
		struct seen s = { 0 };
		enum sn_err e;

		status = cut_at(n, fill_child, path);
		assert_true(status == CUT || status == 0);
		e = cache_open(AT_FDCWD, path, CACHE_READ, &c, &why);
		if (e == SN_OK) {
			must(cache_each(c, see, &s, &why), &why);
			cache_close(&c);
		} else {
			assert_int_equal(e, SN_E_MISSING); /* not yet a cache */
			sn_why_clear(&why);
		}
		assert_int_equal(s.bad, 0);
		/* the same import completes it */
		must(fill(path, &why), &why);
		s = look(path);
		assert_int_equal(s.good, ITEMS);
		assert_int_equal(s.bad, 0);
	}
	assert_true(n > 15);
}

/* ---- channels */

static const struct {
	const char *url, *path, *channel;
} channels[] = {
	{ NULL, "intel/tcb.json", "standard" },
	{ NULL, "intel/tcb_00A067110000_early.json", "early" },
	{ NULL, "early/tcb.json", "early" },
	{ NULL, "pearly/nearly-early2.json", "standard" },
	{ "https://x.invalid/tcb?fmspc=00&update=early", "a", "early" },
	{ "https://x.invalid/tcb?fmspc=00&update=standard", "a", "standard" },
	{ "https://x.invalid/tcb?fmspc=00", "early/a", "standard" },
	{ "https://x.invalid/tcb?fmspc=00&tcbEvaluationDataNumber=17", "a", "number-17" },
	{ "https://x.invalid/tcb?tcbEvaluationDataNumber=99999999999", "a", "standard" },
	{ "https://x.invalid/tcb?xupdate=early", "a", "standard" },
};

static void
channel(void **state SN_UNUSED)
{
	char got[CACHE_CHANNEL_MAX];

	for (size_t i = 0; i < SN_NITEMS(channels); i++)
		assert_string_equal(cache_channel(channels[i].url, channels[i].path, got),
		    channels[i].channel);
}

int
main(void)
{
	struct test_list *l = test_list_new();

	umask(022);
	test_list_add(l, comes_back, NULL, "originals come back");
	test_list_add(l, origins, NULL, "origins come back");
	test_list_add(l, bad_origins, NULL, "origins that are none");
	test_list_add(l, one_writer, NULL, "one writer at a time");
	test_list_add(l, not_a_cache, NULL, "a folder that is no cache");
	for (size_t i = 0; i < SN_NITEMS(hostile); i++)
		test_list_add(l, hostile_entry, &hostile[i], "%s", hostile[i].name);
	test_list_add(l, import_again, NULL, "another import mends");
	test_list_add(l, cut_everywhere, NULL, "a cut at every write");
	test_list_add(l, channel, NULL, "channels");
	return test_list_run(l, "disk");
}
