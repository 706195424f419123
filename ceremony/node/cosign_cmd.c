/*
 * `sanctum cosign`: what a witness signs, with own tools and an own key, and where the
 * signature goes. This program never sees the key.
 */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "appliance/base/file.h"
#include "appliance/base/text.h"
#include "ceremony/bundle/format.h"
#include "ceremony/node/cmd.h"
#include "ceremony/transcript/cosign.h"

static const struct option_row rows[] = {
	{ "--time", "TIME", "when the witness saw it (2026-01-01T00:00:00Z)" },
	{ "--message", "FILE", "write what is to be signed to this new file, and end" },
	{ "--name", "NAME",
	    "the witness' name for notes, best an own address without a scheme" },
	{ "--key", "FILE", "the witness' public key, Ed25519, PEM" },
	{ "--signature", "FILE", "the signature of that message, 64 bytes" },
};

const struct option_row *
cmd_cosign_option(size_t i)
{
	return i < SN_NITEMS(rows) ? &rows[i] : NULL;
}

enum { TIME, MESSAGE, NAME, KEY, SIGNATURE, VALUES };

struct asked {
	const char *dir, *value[VALUES];
	int64_t time;
};

static enum sn_err
parse_args(int argc, char **argv, struct asked *a, struct sn_why *why)
{
	for (int i = 0; i < argc; i++) {
		size_t k = 0;

		while (k < VALUES && strcmp(argv[i], rows[k].name) != 0)
			k++;
		if (k < VALUES && i + 1 < argc)
			a->value[k] = argv[++i];
		else if (k < VALUES || argv[i][0] == '-' || a->dir != NULL)
			return sn_fail(why, SN_E_USAGE, "cosign: \"%s\" is not understood",
			    argv[i]);
		else
			a->dir = argv[i];
	}
	if (a->dir == NULL || a->value[TIME] == NULL)
		return sn_fail(why, SN_E_USAGE, "cosign: DIR and --time are needed");
	for (size_t k = NAME; k < VALUES; k++)
		if ((a->value[k] == NULL) != (a->value[MESSAGE] != NULL))
			return sn_fail(why, SN_E_USAGE,
			    "cosign: either --message, or --name, --key and --signature");
	if (text_to_time(a->value[TIME], &a->time, "--time", why) != SN_OK)
		return SN_E_USAGE;
	return SN_OK;
}

static enum sn_err
witness_key(const struct asked *a, struct note_vkey *ret, struct sn_why *why)
{
	SN_CLEANUP(sn_buf_done) struct sn_buf pem = { 0 }, raw = { 0 };
	SN_CLEANUP(cry_key_free) struct cry_key *key = NULL;

	SN_TRY(sn_file_read(AT_FDCWD, a->value[KEY], NOTE_MAX, &pem, why));
	SN_TRY(bun_key_parse(sn_buf_bytes(&pem), a->value[KEY], &key, why));
	if (cry_key_alg(key) != CRY_ED25519)
		return sn_fail(why, SN_E_FORMAT, "%s: not an Ed25519 key", a->value[KEY]);
	SN_TRY(cry_key_raw(key, &raw, why));
	return cosign_key_make(a->value[NAME], raw.p, ret, why);
}

/* "example.com/wim" is "example.com-wim" as a file. */
static enum sn_err
file_of(const char *name, char ret[NOTE_NAME_MAX + 40], struct sn_why *why)
{
	(void)snprintf(ret, NOTE_NAME_MAX + 40, BUN_COSIGNATURES "%s", name);
	for (char *p = ret + strlen(BUN_COSIGNATURES); *p != '\0'; p++)
		if (*p == '/')
			*p = '-';
	return sn_path_ok(ret)
	    ? SN_OK
	    : sn_fail(why, SN_E_USAGE, "--name: \"%s\" cannot be a file", name);
}

static enum sn_err
attach(const struct asked *a, int dirfd, struct bytes note, struct sn_why *why)
{
	SN_CLEANUP(sn_buf_done) struct sn_buf sig = { 0 }, line = { 0 }, vkey = { 0 };
	char path[NOTE_NAME_MAX + 40];
	struct sn_why inner = { 0 };
	struct note_vkey key;
	int64_t time;

	SN_TRY(file_of(a->value[NAME], path, why));
	SN_TRY(witness_key(a, &key, why));
	SN_TRY(sn_file_read(AT_FDCWD, a->value[SIGNATURE], COSIGN_SIG_LEN, &sig, why));
	if (sig.n != COSIGN_SIG_LEN)
		return sn_fail(why, SN_E_FORMAT, "%s: %zu bytes, not %d", a->value[SIGNATURE],
		    sig.n, COSIGN_SIG_LEN);
	cosign_line(&key, a->time, sig.p, &line);
	SN_TRY(sn_buf_check(&line, why));
	if (cosign_verify(sn_buf_bytes(&line), note, &key, &time, &inner) != SN_OK)
		return sn_fail(why, SN_E_SIGNATURE,
		    "%s: not the signature of that message by that key", a->value[SIGNATURE]);
	SN_TRY(sn_file_parents(dirfd, path, why));
	SN_TRY(sn_file_write(dirfd, path, sn_buf_bytes(&line), 0644, false, why));
	cosign_key_format(&key, &vkey);
	printf("sanctum: %s written; sanctum verify --witness '%s' demands it\n", path,
	    sn_buf_cstr(&vkey));
	return SN_OK;
}

enum sn_err
cmd_cosign(int argc, char **argv, int64_t now SN_UNUSED, struct sn_why *why)
{
	SN_CLEANUP(sn_buf_done) struct sn_buf note = { 0 }, message = { 0 };
	SN_CLEANUP(sn_fd_done) int dirfd = -1;
	struct asked a = { 0 };

	SN_TRY(parse_args(argc, argv, &a, why));
	SN_TRY(cmd_open_dir(a.dir, &dirfd, why));
	SN_TRY(sn_file_read(dirfd, BUN_CHECKPOINT, NOTE_MAX, &note, why));
	SN_TRY(cosign_message(sn_buf_bytes(&note), a.time, &message, why));
	if (a.value[MESSAGE] == NULL)
		return attach(&a, dirfd, sn_buf_bytes(&note), why);
	SN_TRY(sn_file_write(AT_FDCWD, a.value[MESSAGE], sn_buf_bytes(&message), 0644, false,
	    why));
	printf("sanctum: %s is what the witness signs, say with openssl pkeyutl -sign -rawin\n",
	    a.value[MESSAGE]);
	return SN_OK;
}
