/*
 * Streaming: judged alone beside a closed store, a machine certificate gets the verdict that it
 * gets among all others; signers are never taken for machines; nothing is left out silently.
 */
#include <dirent.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "appliance/base/file.h"
#include "firmware-cache/store/fleet.h"
#include "tests/firmware-cache/store/set.h"

#define NOW "2025-07-01T00:00:00Z"
#define LATER "2045-07-01T00:00:00Z"

/* Published machine certificates, good and bad ones, and where one byte is changed. */
static const struct alone {
	const char *path, *at;
	enum set_name set;
	size_t flip; /* 0: none */
} alones[] = {
	{ "amd/milan-gosev/vcek.der", NOW, SET_AMD, 0 },
	{ "amd/milan-gosev/vcek.der", NOW, SET_AMD_NO_CRL, 0 },
	{ "amd/milan-gosev/vcek.der", NOW, SET_NONE, 0 },
	{ "amd/milan-gosev/vcek.der", LATER, SET_AMD, 0 },
	{ "amd/milan-gosev/vcek.der", NOW, SET_AMD, 20 },
	{ "amd/milan-gosev/vcek.der", NOW, SET_AMD, 700 },
	{ "amd/milan-gosev/vcek.der", NOW, SET_AMD, 1200 },
	{ "amd/trustee-snp/test-vcek.der", NOW, SET_AMD, 0 },
	{ "amd/trustee-snp/test-vlek.der", NOW, SET_AMD, 0 },
	{ "amd/trustee-snp/test-vcek-invalid-legacy.der", NOW, SET_AMD, 0 },
	{ "amd/trustee-snp/test-vcek-invalid-new.der", NOW, SET_AMD, 0 },
};

static void
same_verdict(void **state)
{
	const struct alone *a = *state;
	struct col_store *full, *closed;
	const struct col_row *want;
	struct col_row got = { 0 };
	struct sn_why why = { 0 };
	struct test_bytes b;
	struct bytes bytes;

	test_need_data(a->path);
	b = test_read_data(a->path);
	bytes = (struct bytes){ b.data, b.len };
	if (a->flip > 0)
		b.data[a->flip] ^= 0x01;
	assert_true(col_fleet_is_machine(bytes));
	full = set_store(a->set, a->at, NULL);
	closed = set_store(a->set, a->at, NULL);
	must(col_store_add(full, a->path, bytes, &why), &why);
	want = set_judge(full, bytes);
	must(col_store_check(closed, &why), &why);
	must(col_store_judge(closed, a->path, bytes, &got, &why), &why);
	assert_string_equal(got.path, want->path);
	if (got.ok) {
		assert_string_equal(got.sha256, "");
		must(col_row_digest(&got, bytes, &why), &why);
	}
	assert_string_equal(got.sha256, want->sha256);
	assert_string_equal(got.label, want->label);
	assert_int_equal(got.kind, want->kind);
	assert_int_equal(got.vendor, want->vendor);
	assert_int_equal(got.ok, want->ok);
	assert_int_equal(got.notes, want->notes);
	assert_true(got.issued == want->issued);
	assert_true(got.good_until == want->good_until);
	assert_int_equal(got.why.err, want->why.err);
	assert_string_equal(got.why.text, want->why.text);
	assert_null(got.verified);
	assert_null(got.claim);
	col_store_free(&full);
	col_store_free(&closed);
	test_bytes_done(&b);
}

/* Signers and everything else stay in the store. */
static const struct kept {
	const char *path;
} kept[] = {
	{ "amd/ca/milan/ark.der" },
	{ "amd/ca/milan/ask.der" },
	{ "amd/ca/milan/asvk.der" }, /* its name begins like a VLEK's */
	{ "amd/kds/vcek_v1_Milan_crl.der" },
	{ "intel/root/IntelSGXRootCA.cert.der" },
	{ "intel/phala/tdx_quote/pckcrl_issuer_chain.pem" },
	{ "intel/phala/tdx_quote/tcb.json" },
};

static void
no_machine(void **state)
{
	const struct kept *k = *state;
	struct test_bytes b;

	test_need_data(k->path);
	b = test_read_data(k->path);
	assert_false(col_fleet_is_machine((struct bytes){ b.data, b.len }));
	test_bytes_done(&b);
}

static void
odd_bytes(void **state SN_UNUSED)
{
	static const uint8_t name[] = { 0x30, 0x0d, 0x06, 0x03, 0x55, 0x04, 0x03, 0x0c, 0x08,
		'S', 'E', 'V', '-', 'V', 'C', 'E', 'K' };
	static uint8_t large[(8U << 10) + 1];

	assert_true(col_fleet_is_machine(BYTES_OF(name)));
	assert_false(col_fleet_is_machine((struct bytes){ 0 }));
	assert_false(col_fleet_is_machine((struct bytes){ name + 1, sizeof(name) - 1 }));
	for (size_t n = 0; n < sizeof(name); n++)
		assert_false(col_fleet_is_machine((struct bytes){ name, n }));
	memcpy(large, name, sizeof(name));
	assert_false(col_fleet_is_machine(BYTES_OF(large)));
}

static void
open_store(void **state SN_UNUSED)
{
	struct col_store *s = set_store(SET_NONE, NOW, NULL);
	struct sn_why why = { 0 };
	struct col_row row;

	assert_err(col_store_judge(s, "a.der", BYTES_STR("0"), &row, &why), SN_E_INTERNAL,
	    &why);
	col_store_free(&s);
}

/* ---- walks over a folder */

static enum sn_err
ignore(void *arg, const struct col_row *row, struct sn_why *why SN_UNUSED)
{
	size_t *n = arg;

	assert_false(row->ok);
	++*n;
	return SN_OK;
}

static void
put(const char *dir, const char *name, struct bytes b)
{
	struct sn_why why = { 0 };
	char path[512];

	snprintf(path, sizeof(path), "%.400s/%s", dir, name);
	must(sn_file_parents(AT_FDCWD, path, &why), &why);
	must(sn_file_write(AT_FDCWD, path, b, 0644, false, &why), &why);
}

/* What may happen between the first walk and the second. */
static const struct change {
	const char *name, *from, *to; /* renamed; from NULL: made; to NULL: removed */
	enum sn_err err;
} changes[] = {
	{ "nothing", NULL, NULL, SN_OK },
	{ "one more file", NULL, "b/0.der", SN_E_IO },
	{ "one file less", "a/2.der", NULL, SN_E_IO },
	{ "another name", "a/2.der", "c.der", SN_E_IO },
};

static void
apply(const struct change *c, const char *dir, struct bytes b)
{
	int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	assert_true(fd >= 0);
	if (c->from == NULL && c->to != NULL)
		put(dir, c->to, b);
	else if (c->from != NULL && c->to == NULL)
		assert_int_equal(unlinkat(fd, c->from, 0), 0);
	else if (c->from != NULL)
		assert_int_equal(renameat(fd, c->from, fd, c->to), 0);
	close(fd);
}

/* Half of the files are another process's to look at: the same files are kept. */
static void
aside(void **state)
{
	static const uint8_t vcek[] = { 0x30, 0x0d, 0x06, 0x03, 0x55, 0x04, 0x03, 0x0c, 0x08,
		'S', 'E', 'V', '-', 'V', 'C', 'E', 'K' };
	const char *dir = strdup(test_tmpdir());
	struct col_census census[2] = { 0 };
	size_t stored[2];

	(void)state;
	for (unsigned int i = 0; i < 300; i++) {
		char *name = test_format("%u/%03u.der", i / 100, i);
		static uint8_t large[(8U << 10) + 1] = { 0x30 };

		large[1] = (uint8_t)i;
		if (i % 7 == 3)
			put(dir, name, bytes_str(name));
		else if (i % 50 == 20)
			put(dir, name, BYTES_OF(large));
		else
			put(dir, name, BYTES_OF(vcek));
		free(name);
	}
	for (unsigned int jobs = 1; jobs <= 2; jobs++) {
		struct col_store *s = set_store(SET_NONE, NOW, NULL);
		const struct col_row *rows = NULL;
		struct sn_why why = { 0 };

		must(col_fleet_add_dir(s, AT_FDCWD, dir, jobs, &census[jobs - 1], &why), &why);
		must(col_store_check(s, &why), &why);
		must(col_store_rows(s, &rows, &stored[jobs - 1], &why), &why);
		col_store_free(&s);
	}
	assert_int_equal(stored[0], 43 + 5);
	assert_int_equal(stored[1], stored[0]);
	assert_int_equal(census[0].machines, 300 - stored[0]);
	assert_memory_equal(&census[0], &census[1], sizeof(census[0]));
}

static void
changed(void **state)
{
	const struct change *c = *state;
	static const uint8_t vcek[] = { 0x30, 0x0d, 0x06, 0x03, 0x55, 0x04, 0x03, 0x0c, 0x08,
		'S', 'E', 'V', '-', 'V', 'C', 'E', 'K' };

	for (unsigned int jobs = 1; jobs <= 3; jobs++) {
		char *dir = test_format("%s/%s %u", test_tmpdir(), c->name, jobs);
		struct col_store *s = set_store(SET_NONE, NOW, NULL);
		struct col_census census = { 0 };
		struct col_fleet f = { 0 };
		struct sn_why why = { 0 };
		size_t told = 0;

		put(dir, "a/1.der", BYTES_OF(vcek));
		put(dir, "a/2.der", BYTES_OF(vcek));
		put(dir, "note.txt", BYTES_STR("no collateral"));
		must(col_fleet_add_dir(s, AT_FDCWD, dir, jobs, &census, &why), &why);
		must(col_store_check(s, &why), &why);
		assert_int_equal(census.machines, 2);
		apply(c, dir, BYTES_OF(vcek));
		assert_err(col_fleet_judge(s, AT_FDCWD, dir, &census, jobs, ignore, &told, &f,
			       &why),
		    c->err, &why);
		if (c->err == SN_OK) {
			assert_int_equal(f.refused, 2);
			assert_int_equal(told, 2);
			assert_string_equal(f.first_refused.path, "a/1.der");
		}
		col_store_free(&s);
		free(dir);
	}
}

int
main(void)
{
	struct test_list *l = test_list_new();
	struct sn_why why = { 0 };

	if (cry_start(&why) != SN_OK)
		return 1;
	for (size_t i = 0; i < SN_NITEMS(alones); i++)
		test_list_add(l, same_verdict, &alones[i],
		    "the same verdict: %s at %s, %d, %zu", alones[i].path, alones[i].at,
		    alones[i].set, alones[i].flip);
	for (size_t i = 0; i < SN_NITEMS(kept); i++)
		test_list_add(l, no_machine, &kept[i], "no machine: %s", kept[i].path);
	test_list_add(l, odd_bytes, NULL, "bytes that almost are one");
	test_list_add(l, open_store, NULL, "nothing is judged before the signers are");
	test_list_add(l, aside, NULL, "half of the first walk in a second process");
	for (size_t i = 0; i < SN_NITEMS(changes); i++)
		test_list_add(l, changed, &changes[i], "between the walks: %s",
		    changes[i].name);
	return test_list_run(l, "fleet");
}
