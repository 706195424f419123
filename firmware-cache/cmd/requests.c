#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "appliance/base/file.h"
#include "appliance/base/text.h"
#include "firmware-cache/cmd/cmd.h"
#include "firmware-cache/requests/requests.h"

#define INPUT_MAX (32U << 20)
#define PATH_ROOM 4096
#define LEVELS_MAX 5
#define EVALUATION_MAX 65535

/* What the command line says, and what has come of it. */
struct ask {
	struct req_list list;
	struct req_wants wants;
	const char *out, *folder;
	size_t inputs, unread;
};

static void
ask_done(struct ask *a)
{
	req_list_done(&a->list);
}

/* ---- options: each takes one value */

static enum sn_err
set_out(struct ask *a, const char *v, struct sn_why *why)
{
	if (a->out != NULL)
		return sn_fail(why, SN_E_USAGE, "--out is there twice");
	a->out = v;
	return SN_OK;
}

static enum sn_err
set_fmspc(struct ask *a, const char *v, struct sn_why *why)
{
	uint8_t fmspc[REQ_FMSPC_LEN];

	SN_TRY(sn_hex_parse(v, fmspc, sizeof(fmspc), "--fmspc", why));
	a->inputs++;
	return req_fmspc(&a->wants, fmspc, why);
}

static enum sn_err
product_of(struct bytes name, const char *option, enum amd_product *ret, struct sn_why *why)
{
	*ret = amd_product_from_name(name);
	return *ret != AMD_PRODUCT_COUNT
	    ? SN_OK
	    : sn_fail(why, SN_E_USAGE,
		  "%s takes Milan, Genoa (also for Bergamo and Siena) "
		  "or Turin",
		  option);
}

static enum sn_err
set_product(struct ask *a, const char *v, struct sn_why *why)
{
	return product_of(bytes_str(v), "--product", &a->wants.product, why);
}

static enum sn_err
set_channel(struct ask *a, const char *v, struct sn_why *why)
{
	static const struct {
		const char *name;
		unsigned int set;
	} words[] = { { "standard", REQ_STANDARD }, { "early", REQ_EARLY },
		{ "both", REQ_STANDARD | REQ_EARLY } };

	for (size_t i = 0; i < SN_NITEMS(words); i++)
		if (strcmp(v, words[i].name) == 0) {
			a->wants.channels = words[i].set;
			return SN_OK;
		}
	a->wants.channels = 0;
	return text_to_u32(v, 1, EVALUATION_MAX, &a->wants.evaluation,
	    "--channel: neither standard, early, both nor a number", why);
}

/* "Milan:4,0,24,219"; on Turin with fmc as a fifth. */
static enum sn_err
set_next(struct ask *a, const char *v, struct sn_why *why)
{
	const char *colon = strchr(v, ':'), *at;
	uint8_t n[LEVELS_MAX] = { 0 };
	enum amd_product p;
	size_t have = 0, want;

	if (colon == NULL)
		return sn_fail(why, SN_E_USAGE, "--next-tcb takes PRODUCT:bl,tee,snp,ucode");
	SN_TRY(product_of((struct bytes){ (const uint8_t *)v, (size_t)(colon - v) },
	    "--next-tcb", &p, why));
	want = p == AMD_TURIN ? LEVELS_MAX : LEVELS_MAX - 1;
	for (at = colon; at != NULL && have < want; at = strchr(at + 1, ',')) {
		size_t len = strcspn(at + 1, ",");
		char word[8];
		uint32_t level = 0;

		snprintf(word, sizeof(word), "%.*s", (int)(len < 7 ? len : 7), at + 1);
		SN_TRY(text_to_u32(word, 0, UINT8_MAX, &level, "--next-tcb", why));
		n[have++] = (uint8_t)level;
	}
	if (have != want || at != NULL)
		return sn_fail(why, SN_E_USAGE, "--next-tcb: %s has %zu levels: %s",
		    amd_product_name(p), want,
		    p == AMD_TURIN ? "bl,tee,snp,ucode,fmc" : "bl,tee,snp,ucode");
	a->wants.next[p] = (struct amd_tcb){ n[0], n[1], n[2], n[3], n[4], p == AMD_TURIN };
	a->wants.has_next[p] = true;
	return SN_OK;
}

/* ---- inputs */

static enum sn_err
read_at(struct ask *a, const char *path, struct sn_why *why)
{
	SN_CLEANUP(sn_buf_done) struct sn_buf b = { 0 };

	SN_TRY(sn_file_read(AT_FDCWD, path, INPUT_MAX, &b, why));
	a->inputs++;
	return req_input(&a->wants, sn_buf_bytes(&b), path, why);
}

static enum sn_err
path_in(const struct ask *a, const char *name, char ret[PATH_ROOM], struct sn_why *why)
{
	int n = snprintf(ret, PATH_ROOM, "%s/%s", a->folder, name);

	return n > 0 && n < PATH_ROOM
	    ? SN_OK
	    : sn_fail(why, SN_E_LIMIT, "%s: the path is too long", a->folder);
}

static enum sn_err
read_entry(void *arg, const struct sn_walk_entry *entry, struct sn_why *why)
{
	char path[PATH_ROOM];

	SN_TRY(path_in(arg, entry->path, path, why));
	return read_at(arg, path, why);
}

/* A file, or a folder of nothing but such files. */
static enum sn_err
read_input(struct ask *a, const char *path, struct sn_why *why)
{
	struct stat st;

	if (stat(path, &st) != 0 || !S_ISDIR(st.st_mode))
		return read_at(a, path, why);
	a->folder = path;
	return sn_file_walk(AT_FDCWD, path, read_entry, a, why);
}

/* Headers, and PCK certificates by the folder that they are collected in. A bad reply costs
 * itself, not what the others say. */
static enum sn_err
read_reply(void *arg, const struct sn_walk_entry *entry, struct sn_why *why)
{
	SN_CLEANUP(sn_buf_done) struct sn_buf b = { 0 };
	const char *end = strrchr(entry->path, '.');
	bool headers = end != NULL && strcmp(end, ".hdr") == 0;
	struct ask *a = arg;
	char path[PATH_ROOM];
	enum sn_err e;

	if (!headers && strstr(entry->path, "pckcerts/") == NULL)
		return SN_OK;
	SN_TRY(path_in(a, entry->path, path, why));
	SN_TRY(sn_file_read(AT_FDCWD, path, REQ_REPLY_MAX, &b, why));
	e = headers ? req_headers(&a->wants, sn_buf_bytes(&b), path, NULL)
		    : req_pck_set(&a->wants, sn_buf_bytes(&b), path, NULL);
	a->unread += e != SN_OK;
	return SN_OK;
}

/* PCK certificates came in an earlier round; their replies say which FMSPCs there are. */
static enum sn_err
set_collected(struct ask *a, const char *v, struct sn_why *why)
{
	a->folder = v;
	a->inputs++;
	return sn_file_walk(AT_FDCWD, v, read_reply, a, why);
}

/* ---- output */

static enum sn_err
write_file(const struct ask *a, const char *name,
    enum sn_err (*fn)(const struct req_list *, struct sn_buf *, struct sn_why *),
    struct sn_why *why)
{
	SN_CLEANUP(sn_buf_done) struct sn_buf b = { 0 };
	char path[PATH_ROOM];

	SN_TRY(fn(&a->list, &b, why));
	SN_TRY(path_in(a, name, path, why));
	SN_TRY(sn_file_parents(AT_FDCWD, path, why));
	return sn_file_write(AT_FDCWD, path, sn_buf_bytes(&b), 0644, true, why);
}

static void
tell(const struct ask *a, size_t dropped)
{
	const struct {
		size_t n;
		const char *text;
	} notes[] = {
		{ a->wants.no_ppid,
		    "Intel platforms without encrypted PPID or manifest: "
		    "their PCK certificates cannot be asked for" },
		{ a->wants.no_level,
		    "AMD nodes without id or firmware level: give their "
		    "reports, or --next-tcb" },
		{ a->unread, "replies in the collected folder that cannot be read" },
		{ dropped, "requests for a platform that has another one already" },
	};
	size_t keys = 0;

	for (size_t i = 0; i < a->list.n; i++)
		keys += a->list.v[i].key;
	fprintf(stderr, "%zu requests, %zu of them with Intel's subscription key\n", a->list.n,
	    keys);
	for (size_t i = 0; i < SN_NITEMS(notes); i++)
		if (notes[i].n != 0)
			fprintf(stderr, "%zu %s\n", notes[i].n, notes[i].text);
	if (a->wants.intel && a->wants.nfmspc == 0)
		fprintf(stderr,
		    "no FMSPC is known, so no TCB information is asked for: give "
		    "--fmspc, or\n--collected with the replies to the PCK "
		    "requests\n");
}

static enum sn_err
put_out(struct ask *a, struct sn_why *why)
{
	SN_CLEANUP(sn_buf_done) struct sn_buf b = { 0 };

	if (a->out == NULL) {
		SN_TRY(req_list_write(&a->list, &b, why));
		return fc_print(&b, why);
	}
	a->folder = a->out;
	SN_TRY(write_file(a, "requests.jsonl", req_list_write, why));
	return write_file(a, "urls.txt", req_list_urls, why);
}

/* ---- the command line */

static const struct {
	const char *name;
	enum sn_err (*set)(struct ask *a, const char *v, struct sn_why *why);
	bool late; /* read with the inputs, after all other options */
} options[] = {
	{ "--out", set_out, false },
	{ "--product", set_product, false },
	{ "--channel", set_channel, false },
	{ "--next-tcb", set_next, false },
	{ "--fmspc", set_fmspc, false },
	{ "--collected", set_collected, true },
};

/* Options first, then inputs: an input may need what an option behind it says. */
static enum sn_err
take(struct ask *a, int argc, char **argv, bool late, struct sn_why *why)
{
	for (int i = 0; i < argc; i++) {
		size_t k = 0;

		while (k < SN_NITEMS(options) && strcmp(argv[i], options[k].name) != 0)
			k++;
		if (k == SN_NITEMS(options) && argv[i][0] == '-')
			return sn_fail(why, SN_E_USAGE, "%s is not understood", argv[i]);
		if (k == SN_NITEMS(options)) {
			if (late)
				SN_TRY(read_input(a, argv[i], why));
			continue;
		}
		if (++i == argc)
			return sn_fail(why, SN_E_USAGE, "%s takes a value", options[k].name);
		if (options[k].late == late)
			SN_TRY(options[k].set(a, argv[i], why));
	}
	return SN_OK;
}

enum sn_err
cmd_requests(int argc, char **argv, struct sn_why *why)
{
	SN_CLEANUP(ask_done) struct ask a = { 0 };
	size_t dropped = 0;

	a.wants.list = &a.list;
	a.wants.channels = REQ_STANDARD | REQ_EARLY;
	a.wants.product = AMD_PRODUCT_COUNT;
	SN_TRY(take(&a, argc, argv, false, why));
	SN_TRY(take(&a, argc, argv, true, why));
	if (a.inputs == 0)
		return sn_fail(why, SN_E_USAGE, "INPUT is missing");
	SN_TRY(req_common(&a.wants, why));
	SN_TRY(req_list_finish(&a.list, &dropped, why));
	SN_TRY(put_out(&a, why));
	tell(&a, dropped);
	return SN_OK;
}
