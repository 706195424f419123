/* The report onto a stick: what lies there stays. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "appliance/laptop/save.h"
#include "tests/lib/test.h"

#define OLD "an older report\n"
#define NEW "a new report\n"

static const struct save_row {
	const char *name;
	const char *there[3]; /* files that lie on the stick; "NAME/": a folder */
	const char *want;     /* the file that is written */
} rows[] = {
	{ "an empty stick", { NULL }, "laptop-report.txt" },
	{ "one report is there", { "laptop-report.txt" }, "laptop-report-2.txt" },
	{ "two are there", { "laptop-report.txt", "laptop-report-2.txt" },
	    "laptop-report-3.txt" },
	{ "the second only", { "laptop-report-2.txt" }, "laptop-report.txt" },
	{ "a folder of that name", { "laptop-report.txt/" }, "laptop-report-2.txt" },
};

static void
put_old(const char *root, const char *name)
{
	char *path = test_format("%s/%s", root, name);
	FILE *f;

	if (name[strlen(name) - 1] == '/') {
		assert_int_equal(mkdir(path, 0755), 0);
	} else {
		f = fopen(path, "w");
		assert_non_null(f);
		fputs(OLD, f);
		assert_int_equal(fclose(f), 0);
	}
	free(path);
}

static void
expect(const char *root, const char *name, const char *text)
{
	char *path = test_format("%s/%s", root, name);
	struct test_bytes b = test_read(path);

	assert_string_equal((const char *)b.data, text);
	test_bytes_done(&b);
	free(path);
}

static void
test_save(void **state)
{
	const struct save_row *row = *state;
	SN_CLEANUP(med_free) struct med *m = NULL;
	static unsigned int count;
	char *root = test_format("%s/stick%u", test_tmpdir(), count++);
	char name[SAVE_NAME_MAX];

	assert_int_equal(mkdir(root, 0755), 0);
	for (size_t i = 0; i < SN_NITEMS(row->there) && row->there[i] != NULL; i++)
		put_old(root, row->there[i]);
	assert_int_equal(med_open_dir(&m, NULL), SN_OK);
	assert_int_equal(med_dir_insert(m, "ANY", root, NULL), SN_OK);
	assert_int_equal(laptop_save_name(m, "ANY", name, NULL), SN_OK);
	assert_string_equal(name, row->want);
	assert_int_equal(laptop_save(m, "ANY", name, BYTES_STR(NEW), NULL), SN_OK);
	expect(root, row->want, NEW);
	for (size_t i = 0; i < SN_NITEMS(row->there) && row->there[i] != NULL; i++)
		if (strchr(row->there[i], '/') == NULL)
			expect(root, row->there[i], OLD);
	free(root);
}

static void
test_pulled(void **state)
{
	SN_CLEANUP(med_free) struct med *m = NULL;
	char name[SAVE_NAME_MAX];

	(void)state;
	assert_int_equal(med_open_dir(&m, NULL), SN_OK);
	assert_int_equal(laptop_save_name(m, "ANY", name, NULL), SN_E_MEDIA);
	assert_int_equal(laptop_save(m, "ANY", "laptop-report.txt", BYTES_STR(NEW), NULL),
	    SN_E_MEDIA);
}

static void
test_full_of_reports(void **state)
{
	SN_CLEANUP(med_free) struct med *m = NULL;
	char *root = test_format("%s/full", test_tmpdir());
	char name[SAVE_NAME_MAX];

	(void)state;
	assert_int_equal(mkdir(root, 0755), 0);
	put_old(root, "laptop-report.txt");
	for (unsigned int i = 2; i <= 99; i++) {
		snprintf(name, sizeof(name), "laptop-report-%u.txt", i);
		put_old(root, name);
	}
	assert_int_equal(med_open_dir(&m, NULL), SN_OK);
	assert_int_equal(med_dir_insert(m, "ANY", root, NULL), SN_OK);
	assert_int_equal(laptop_save_name(m, "ANY", name, NULL), SN_E_LIMIT);
	free(root);
}

int
main(void)
{
	struct test_list *l = test_list_new();

	for (size_t i = 0; i < SN_NITEMS(rows); i++)
		test_list_add(l, test_save, &rows[i], "save: %s", rows[i].name);
	test_list_add(l, test_pulled, NULL, "save: a stick that is not there");
	test_list_add(l, test_full_of_reports, NULL, "save: 99 reports are enough");
	return test_list_run(l, "laptop save");
}
