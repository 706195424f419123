/* A rehearsal by an answer file. Not in the image. */
#ifndef SN_IMAGE
#include "ceremony/cmd/cmd.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "appliance/base/file.h"
#include "appliance/base/text.h"
#include "ceremony/script/script.h"

struct play {
	struct cmd_ports ports;
	char out[512], out_stick[960]; /* where OUT is, what CS-OUT-A is */
	int copy_from, copy_to;
};

static void
play_done(struct play *p)
{
	cmd_ports_done(&p->ports);
	sn_fd_done(&p->copy_from);
	sn_fd_done(&p->copy_to);
}

/* What a person reads off the wall. */
static int64_t
play_now(void *arg)
{
	struct play *p = arg;

	return p->ports.ports.now(p->ports.ports.arg);
}

static enum sn_err
play_stick(void *arg, const char *label, const char *path, struct sn_why *why)
{
	struct play *p = arg;

	if (path == NULL)
		return med_dir_pull(p->ports.ports.media, label, why);
	if (strncmp(path, p->out, strlen(p->out)) == 0)
		(void)mkdir(path, 0700);
	if (strcmp(label, "CS-OUT-A") == 0)
		(void)snprintf(p->out_stick, sizeof(p->out_stick), "%s", path);
	return med_dir_insert(p->ports.ports.media, label, path, why);
}

static enum sn_err
play_folder(const struct play *p, const char *name, char ret[1024], struct sn_why *why)
{
	(void)snprintf(ret, 1024, "%s%s%s", p->out, name[0] ? "/" : "", name);
	if (mkdir(ret, 0700) == 0)
		return SN_OK;
	return access(ret, W_OK) == 0 ? SN_OK
				      : sn_fail(why, SN_E_IO, "%s: cannot be made", ret);
}

static enum sn_err
play_copy_file(void *arg, const struct sn_walk_entry *entry, struct sn_why *why)
{
	SN_CLEANUP(sn_buf_done) struct sn_buf data = { 0 };
	struct play *p = arg;

	SN_TRY(sn_file_read(p->copy_from, entry->path, 64U << 20, &data, why));
	SN_TRY(sn_file_parents(p->copy_to, entry->path, why));
	return sn_file_write(p->copy_to, entry->path, sn_buf_bytes(&data), 0644, false, why);
}

/* OUT/bundle, say, is a copy of what the OUT-A stick received; OUT/identity the digest. */
static enum sn_err
play_results(struct play *p, const char *folder, const uint8_t identity[32], struct sn_why *why)
{
	SN_CLEANUP(sn_buf_done) struct sn_buf hex = { 0 };
	char path[1024];

	SN_TRY(play_folder(p, folder, path, why));
	p->copy_to = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	(void)snprintf(path, sizeof(path), "%s/%s", p->out_stick, folder);
	p->copy_from = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (p->copy_from < 0 || p->copy_to < 0)
		return sn_fail(why, SN_E_IO, "%s: cannot be opened", path);
	SN_TRY(sn_file_walk(p->copy_from, ".", play_copy_file, p, why));
	(void)snprintf(path, sizeof(path), "%s/identity", p->out);
	sn_buf_hex(&hex, (struct bytes){ identity, 32 });
	sn_buf_str(&hex, "\n");
	return sn_file_write(AT_FDCWD, path, sn_buf_bytes(&hex), 0644, true, why);
}

enum sn_err
cmd_play(int argc, char **argv, struct sn_why *why)
{
	SN_CLEANUP(play_done) struct play p = { .copy_from = -1, .copy_to = -1 };
	SN_CLEANUP(cer_free) struct cer *c = NULL;
	SN_CLEANUP(sn_fd_done) int screens = -1;
	struct script_ports script = {
		.play = argv[0], .stick = play_stick, .now = play_now, .arg = &p
	};
	char path[1024];
	enum sn_err e;

	if (access(argv[0], R_OK) != 0)
		return sn_fail(why, SN_E_MISSING, "%s: no such answer file", argv[0]);
	if (strcmp(argv[1], "--out") != 0)
		return sn_fail(why, SN_E_USAGE, "play FILE --out DIR");
	(void)snprintf(p.out, sizeof(p.out), "%s", argv[2]);
	p.ports.scratch = "/tmp";
	SN_TRY(cmd_tpm_option(argc > 3 ? argv[3] : NULL, &p.ports.ports, why));
	SN_TRY(play_folder(&p, "", path, why));
	SN_TRY(play_folder(&p, "sticks", path, why));
	SN_TRY(play_folder(&p, "screens", path, why));
	screens = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	script.screens_dirfd = screens;
	script.out = p.out;
	SN_TRY(cmd_ports_open(&p.ports, "terminal", why));
	SN_TRY(med_open_dir(&p.ports.ports.media, why));
	SN_TRY(cer_new(&p.ports.ports, &c, why));
	e = script_run(c, &script, why);
	if (cer_failed(c)) {
		sn_why_clear(why); /* that the file has more answers is not the reason */
		return cer_failure(c, why);
	}
	SN_TRY(e);
	if (p.out_stick[0] == '\0')
		return SN_OK; /* a ceremony without a bundle */
	return play_results(&p, cer_out_folder(c), cer_identity(c), why);
}
#endif
