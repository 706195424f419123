/* `ceremony plan check`, `ceremony plan fill`, `ceremony approver new`. */
#include "ceremony/cmd/plan_cmd.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <termios.h>
#include <unistd.h>

#include "appliance/base/file.h"
#include "appliance/base/json.h"
#include "appliance/base/text.h"
#include "appliance/base/words.h"
#include "appliance/media/mark.h"
#include "ceremony/keys/approver.h"

enum sn_err
plan_print(const struct plan *p, struct sn_why *why)
{
	SN_CLEANUP(sn_buf_done) struct sn_buf out = { 0 };

	sn_buf_fmt(&out, "%s of \"%s\", world %s, sequence %u\n", plan_mode_name(p->mode),
	    p->sanctum_name, plan_world_name(p->world), p->sequence);
	sn_buf_str(&out, "digest: ");
	sn_buf_hex(&out, BYTES_OF(p->digest));
	sn_buf_str(&out, "\nwords:  ");
	words_put(&out, BYTES_OF(p->digest));
	sn_buf_str(&out, "\n");
	SN_TRY(sn_buf_check(&out, why));
	(void)fputs(sn_buf_cstr(&out), stdout);
	return SN_OK;
}

enum sn_err
cmd_plan_check(int argc SN_UNUSED, char **argv, struct sn_why *why)
{
	SN_CLEANUP(sn_buf_done) struct sn_buf text = { 0 };
	SN_CLEANUP(plan_free) struct plan *p = NULL;

	SN_TRY(sn_file_read(AT_FDCWD, argv[0], PLAN_MAX_BYTES, &text, why));
	SN_TRY(plan_parse(sn_buf_bytes(&text), &p, why));
	return plan_print(p, why);
}

/* ---- fill */

static enum sn_err
fill_approver(yyjson_mut_doc *doc, yyjson_val *in, struct sn_why *why)
{
	static const char *const copied[] = { "name", "sign", "seal" };
	yyjson_mut_val *list = yyjson_mut_obj_get(yyjson_mut_doc_get_root(doc), "approvers");
	yyjson_mut_val *one = yyjson_mut_obj(doc);
	bool ok = list != NULL;

	for (size_t i = 0; i < SN_NITEMS(copied); i++) {
		const char *s = NULL;

		SN_TRY(sn_json_str(in, copied[i], 256, &s, "approver.json", why));
		ok = ok && yyjson_mut_obj_add_strcpy(doc, one, copied[i], s);
	}
	ok = ok && yyjson_mut_arr_append(list, one);
	return ok ? SN_OK : sn_fail(why, SN_E_FORMAT, "the sample plan has no list approvers");
}

/* roots.json of a generated vendor-like PKI: its member vendor_pki as it is. */
static enum sn_err
fill_roots(yyjson_mut_doc *doc, yyjson_val *in, struct sn_why *why)
{
	yyjson_mut_val *root = yyjson_mut_doc_get_root(doc);
	yyjson_mut_val *copy = yyjson_val_mut_copy(doc, yyjson_obj_get(in, "vendor_pki"));

	(void)yyjson_mut_obj_remove_key(root, "vendor_pki");
	if (copy == NULL || !yyjson_mut_obj_add_val(doc, root, "vendor_pki", copy))
		return sn_fail(why, SN_E_FORMAT, "roots.json: vendor_pki");
	return SN_OK;
}

static enum sn_err
fill_one(yyjson_mut_doc *doc, const char *path, struct sn_why *why)
{
	SN_CLEANUP(sn_buf_done) struct sn_buf text = { 0 };
	SN_CLEANUP(sn_json_free) yyjson_doc *in = NULL;
	yyjson_val *root;

	SN_TRY(sn_file_read(AT_FDCWD, path, PLAN_MAX_BYTES, &text, why));
	SN_TRY(sn_json_parse(sn_buf_bytes(&text), path, false, &in, why));
	root = yyjson_doc_get_root(in);
	if (yyjson_obj_get(root, "vendor_pki") != NULL)
		return fill_roots(doc, root, why);
	return fill_approver(doc, root, why);
}

enum sn_err
cmd_plan_fill(int argc, char **argv, struct sn_why *why)
{
	SN_CLEANUP(sn_buf_done) struct sn_buf text = { 0 };
	SN_CLEANUP(sn_buf_done) struct sn_buf out = { 0 };
	SN_CLEANUP(sn_json_free) yyjson_doc *in = NULL;
	SN_CLEANUP(sn_json_mut_free) yyjson_mut_doc *doc = NULL;
	SN_CLEANUP(plan_free) struct plan *p = NULL;

	SN_TRY(sn_file_read(AT_FDCWD, argv[0], PLAN_MAX_BYTES, &text, why));
	SN_TRY(sn_json_parse(sn_buf_bytes(&text), argv[0], false, &in, why));
	doc = yyjson_doc_mut_copy(in, NULL);
	if (doc == NULL)
		return sn_fail(why, SN_E_NOMEM, "%s", argv[0]);
	for (int i = 2; i < argc; i++)
		SN_TRY(fill_one(doc, argv[i], why));
	SN_TRY(sn_json_canon(yyjson_mut_doc_get_root(doc), &out, why));
	sn_buf_str(&out, "\n");
	SN_TRY(sn_buf_check(&out, why));
	SN_TRY(plan_parse(sn_buf_bytes(&out), &p, why));
	SN_TRY(sn_file_write(AT_FDCWD, argv[1], sn_buf_bytes(&out), 0644, true, why));
	return plan_print(p, why);
}

/* ---- approvers */

static enum sn_err
read_line(struct sn_secret *ret, struct sn_why *why)
{
	SN_CLEANUP(sn_secret_done) struct sn_secret s = { 0 };
	uint8_t k = 0;
	ssize_t n;

	SN_TRY(sn_secret_new(APPROVER_PASSPHRASE_MAX + 1, &s, why));
	sn_secret_truncate(&s, 0);
	for (;;) {
		n = read(STDIN_FILENO, &k, 1);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0 || k == '\n' || k == '\r')
			break;
		if (s.n > APPROVER_PASSPHRASE_MAX)
			return sn_fail(why, SN_E_LIMIT, "the passphrase is too long");
		SN_TRY(sn_secret_append(&s, (struct bytes){ &k, 1 }, why));
	}
	sn_wipe(&k, sizeof(k));
	return sn_secret_copy(sn_secret_bytes(&s), ret, why);
}

static void
prompt(const char *text)
{
	(void)fputs(text, stderr);
}

enum sn_err
cmd_passphrase(bool twice, struct sn_secret *ret, struct sn_why *why)
{
	SN_CLEANUP(sn_secret_done) struct sn_secret first = { 0 };
	SN_CLEANUP(sn_secret_done) struct sn_secret again = { 0 };
	struct termios old, quiet;
	enum sn_err e;

	if (tcgetattr(STDIN_FILENO, &old) != 0)
		return read_line(ret, why);
	quiet = old;
	quiet.c_lflag &= ~(tcflag_t)(ECHO | ECHONL);
	(void)tcsetattr(STDIN_FILENO, TCSAFLUSH, &quiet);
	prompt("passphrase: ");
	e = read_line(&first, why);
	if (e == SN_OK && twice) {
		prompt("\nonce more: ");
		e = read_line(&again, why);
	}
	prompt("\n");
	(void)tcsetattr(STDIN_FILENO, TCSAFLUSH, &old);
	SN_TRY(e);
	if (twice && !sn_secret_equal(sn_secret_bytes(&first), sn_secret_bytes(&again)))
		return sn_fail(why, SN_E_PASSPHRASE, "the two are not the same");
	return sn_secret_copy(sn_secret_bytes(&first), ret, why);
}

enum sn_err
cmd_approver_new(int argc SN_UNUSED, char **argv, struct sn_why *why)
{
	SN_CLEANUP(sn_buf_done) struct sn_buf pub = { 0 };
	SN_CLEANUP(sn_buf_done) struct sn_buf priv = { 0 };
	SN_CLEANUP(sn_secret_done) struct sn_secret pass = { 0 };
	struct mark mark = { 0 };
	char path[3][512];

	(void)snprintf(path[0], sizeof(path[0]), "%s/approver.key", argv[1]);
	if (access(path[0], F_OK) == 0)
		return sn_fail(why, SN_E_USAGE, "%s is there already; nothing was changed",
		    path[0]);
	SN_TRY(cmd_passphrase(true, &pass, why));
	SN_TRY(approver_new(argv[0], sn_secret_bytes(&pass), &pub, &priv, why));
	(void)mkdir(argv[1], 0700);
	(void)snprintf(path[1], sizeof(path[1]), "%s/approver.json", argv[1]);
	SN_TRY(sn_file_write(AT_FDCWD, path[0], sn_buf_bytes(&priv), 0600, false, why));
	SN_TRY(sn_file_write(AT_FDCWD, path[1], sn_buf_bytes(&pub), 0644, false, why));
	(void)snprintf(path[2], sizeof(path[2]), "%s/" MARK_FILE, argv[1]);
	if (access(path[2], F_OK) != 0)
		SN_TRY(cmd_stick_mark("approver", argv[1], &mark, why));
	(void)printf("%s stays on %s's stick; %s goes into the plan\n", path[0], argv[0],
	    path[1]);
	return SN_OK;
}
