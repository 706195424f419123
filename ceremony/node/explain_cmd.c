/* `sanctum explain`: what something means, in plain words. */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "appliance/base/file.h"
#include "appliance/base/json.h"
#include "appliance/base/text.h"
#include "appliance/base/words.h"
#include "appliance/measure/disk.h"
#include "appliance/measure/measure.h"
#include "ceremony/node/cmd.h"

#define KEY_FILE_MAX (256U << 10)

static const struct option_row rows[] = {
	{ "--keys", "DIR",
	    "measurements: a site's Secure Boot keys (PK.esl, KEK.esl, db.esl; dbx.esl if there is one): "
	    "predict PCR 7" },
	{ "--replay", NULL,
	    "evidence: tell a software TPM the same events and records, and compare" },
	{ "--softtpm", "FILE", "evidence: that program, if not the softtpm beside this one" },
	{ "--operations", "N", "evidence: that of ops/N/, not the bundle's own" },
	{ "--json", NULL, "the values, or the sentences, as one line of JSON" },
};

const struct option_row *
cmd_explain_option(size_t i)
{
	return i < SN_NITEMS(rows) ? &rows[i] : NULL;
}

struct explained {
	struct measure_values values;
	uint8_t pcr7_nokeys[32], pcr7_sb[32];
	bool has_keys;
};

/* ---- PCR 7 */

static enum sn_err
site_pcr7(const char *dir, uint8_t ret[32], struct sn_why *why)
{
	SN_CLEANUP(sn_buf_done) struct sn_buf pk = { 0 };
	SN_CLEANUP(sn_buf_done) struct sn_buf kek = { 0 };
	SN_CLEANUP(sn_buf_done) struct sn_buf db = { 0 };
	SN_CLEANUP(sn_buf_done) struct sn_buf dbx = { 0 };
	SN_CLEANUP(sn_fd_done) int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct measure_keys keys = { .secure_boot = true };
	enum sn_err e;

	if (fd < 0)
		return sn_fail(why, SN_E_MISSING, "%s: no such folder of keys", dir);
	SN_TRY(sn_file_read(fd, "PK.esl", KEY_FILE_MAX, &pk, why));
	SN_TRY(sn_file_read(fd, "KEK.esl", KEY_FILE_MAX, &kek, why));
	SN_TRY(sn_file_read(fd, "db.esl", KEY_FILE_MAX, &db, why));
	/* a laptop whose owner enrolled only these keys has no dbx */
	e = sn_file_read(fd, "dbx.esl", KEY_FILE_MAX, &dbx, why);
	if (e != SN_OK && e != SN_E_MISSING)
		return e;
	keys.dbx = sn_buf_bytes(&dbx);
	keys.pk = sn_buf_bytes(&pk);
	keys.kek = sn_buf_bytes(&kek);
	keys.db = sn_buf_bytes(&db);
	return measure_pcr7(&keys, ret, why);
}

/* ---- for people: laid out as the image's own screens are, to be compared line by line */

static void
print_image(const uint8_t v[32])
{
	char hex[65];

	sn_hex((struct bytes){ v, 32 }, hex);
	printf("Image digest: on the first screen, in the signature, in the firmware's log\n");
	for (size_t i = 0; i < 64; i += 32)
		printf("  %.8s %.8s %.8s %.8s\n", hex + i, hex + i + 8, hex + i + 16,
		    hex + i + 24);
	for (size_t i = 0; i < 32; i += 4)
		printf("  %-9s %-11s %-9s %s\n", words_word(i, v[i]),
		    words_word(i + 1, v[i + 1]), words_word(i + 2, v[i + 2]),
		    words_word(i + 3, v[i + 3]));
}

static void
print_value(unsigned int pcr, const uint8_t v[32], const char *meaning)
{
	char hex[65];

	sn_hex((struct bytes){ v, 32 }, hex);
	printf("PCR %2u %s\n       %s\n", pcr, hex, meaning);
}

static void
print_text(const struct explained *x)
{
	const struct measure_values *v = &x->values;

	print_image(v->authenticode);
	printf("\nWhat the TPM holds (SHA-256) after this image was started:\n");
	print_value(4, v->pcr4_sb, "the image; Secure Boot on");
	print_value(4, v->pcr4_nosb, "the image and its kernel; Secure Boot off");
	if (x->has_keys)
		print_value(7, x->pcr7_sb, "Secure Boot on with exactly these keys");
	print_value(7, x->pcr7_nokeys,
	    "Secure Boot off, no keys enrolled; a laptop with its maker's keys differs");
	print_value(9, v->pcr9, "the kernel's command line and the initramfs");
	print_value(11, v->pcr11, "every section of the image");
	printf("Zero, and anything else there is an alarm: PCR");
	for (size_t i = 0; i < measure_nzero; i++)
		printf("%s %u", i > 0 ? "," : "", measure_zero[i]);
	printf(".\nPCR 0 to 3, 5 and 6 belong to the machine, PCR 15 to the ceremony.\n");
}

/* ---- for programs */

static bool
add_hex(yyjson_mut_doc *doc, yyjson_mut_val *o, const char *key, const uint8_t v[32])
{
	char hex[65];

	sn_hex((struct bytes){ v, 32 }, hex);
	return yyjson_mut_obj_add_strcpy(doc, o, key, hex);
}

static enum sn_err
print_json(const struct explained *x, struct sn_why *why)
{
	SN_CLEANUP(sn_json_mut_free) yyjson_mut_doc *doc = yyjson_mut_doc_new(NULL);
	SN_CLEANUP(sn_buf_done) struct sn_buf out = { 0 };
	const struct measure_values *v = &x->values;
	yyjson_mut_val *o = yyjson_mut_obj(doc);
	yyjson_mut_val *zero = yyjson_mut_obj_add_arr(doc, o, "zero");
	yyjson_mut_val *sections = yyjson_mut_obj_add_obj(doc, o, "sections");
	bool ok = zero != NULL && sections != NULL &&
	    add_hex(doc, o, "authenticode", v->authenticode) &&
	    add_hex(doc, o, "pcr4_sb", v->pcr4_sb) &&
	    add_hex(doc, o, "pcr4_nosb", v->pcr4_nosb) && add_hex(doc, o, "pcr9", v->pcr9) &&
	    add_hex(doc, o, "pcr11", v->pcr11) &&
	    add_hex(doc, o, "pcr7_nokeys", x->pcr7_nokeys) &&
	    (!x->has_keys || add_hex(doc, o, "pcr7_sb", x->pcr7_sb));

	for (size_t i = 0; ok && i < measure_nzero; i++)
		ok = yyjson_mut_arr_add_uint(doc, zero, measure_zero[i]);
	for (size_t i = 0; ok && i < v->nsections; i++)
		ok = add_hex(doc, sections, v->section[i].name, v->section[i].sha256);
	if (!ok)
		return sn_fail(why, SN_E_NOMEM, "measurements");
	SN_TRY(sn_json_canon(o, &out, why));
	printf("%s\n", sn_buf_cstr(&out));
	return SN_OK;
}

/* ---- sanctum explain measurements IMAGE */

static enum sn_err
explain_image(const char *path, const char *keys, struct explained *ret, struct sn_why *why)
{
	SN_CLEANUP(sn_buf_done) struct sn_buf file = { 0 };
	SN_CLEANUP(sn_buf_done) struct sn_buf uki = { 0 };
	const struct measure_keys none = { .secure_boot = false };

	SN_TRY(sn_file_read(AT_FDCWD, path, DISK_IMAGE_MAX, &file, why));
	SN_TRY(disk_find_uki(sn_buf_bytes(&file), &uki, why));
	SN_TRY(measure_uki(sn_buf_bytes(&uki), &ret->values, why));
	SN_TRY(measure_pcr7(&none, ret->pcr7_nokeys, why));
	ret->has_keys = keys != NULL;
	return keys != NULL ? site_pcr7(keys, ret->pcr7_sb, why) : SN_OK;
}

enum sn_err
cmd_explain(int argc, char **argv, int64_t now, struct sn_why *why)
{
	struct explained x = { 0 };
	const char *path = NULL, *keys = NULL;
	bool json = false;

	if (argc > 0 && strcmp(argv[0], "evidence") == 0)
		return cmd_explain_evidence(argc - 1, argv + 1, now, why);
	if (argc < 1 || strcmp(argv[0], "measurements") != 0)
		return sn_fail(why, SN_E_USAGE,
		    "explain: what? measurements IMAGE, or evidence BUNDLE");
	for (int i = 1; i < argc; i++) {
		if (strcmp(argv[i], "--json") == 0)
			json = true;
		else if (strcmp(argv[i], "--keys") == 0 && i + 1 < argc)
			keys = argv[++i];
		else if (argv[i][0] == '-' || path != NULL)
			return sn_fail(why, SN_E_USAGE, "explain: \"%s\" is not understood",
			    argv[i]);
		else
			path = argv[i];
	}
	if (path == NULL)
		return sn_fail(why, SN_E_USAGE,
		    "explain measurements: no ISO, stick image or .efi file is given");
	SN_TRY(explain_image(path, keys, &x, why));
	if (json)
		return print_json(&x, why);
	print_text(&x);
	return SN_OK;
}
