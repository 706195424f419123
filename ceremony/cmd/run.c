/* The ceremony on a terminal: in the image, and as a rehearsal on a workstation. */
#include "ceremony/cmd/cmd.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "ceremony/tui/tui.h"

#define IMAGE_MOUNTS "/run/cornerstone/sticks"
#define IMAGE_SCRATCH "/run/cornerstone"

/* On a workstation, Enter puts the folder STICKS/LABEL in. */
static enum sn_err
folder_stick(void *arg, const char *label, bool in, struct sn_why *why)
{
	struct cmd_ports *p = arg;
	char path[512];

	if (!in)
		return med_dir_pull(p->ports.media, label, why);
	(void)snprintf(path, sizeof(path), "%s/%s", p->sticks, label);
	(void)mkdir(path, 0700);
	return med_dir_insert(p->ports.media, label, path, why);
}

static enum sn_err
run_ui(struct cmd_ports *p, struct tui_ports *tui, struct sn_why *why)
{
	SN_CLEANUP(cer_free) struct cer *c = NULL;

	SN_TRY(cer_new(&p->ports, &c, why));
	SN_TRY(tui_run(c, tui, why));
	return cer_result(c) == SN_OK ? SN_OK : cer_failure(c, why);
}

enum sn_err
cmd_run(int argc SN_UNUSED, char **argv, struct sn_why *why)
{
	SN_CLEANUP(cmd_ports_done) struct cmd_ports p = { .scratch = "/tmp", .sticks = argv[0] };
	struct tui_ports tui = {
		.in = STDIN_FILENO,
		.out = STDOUT_FILENO,
		.may_quit = true,
		.stick = folder_stick,
		.arg = &p,
	};

	if (!isatty(STDIN_FILENO) || !isatty(STDOUT_FILENO))
		return sn_fail(why, SN_E_USAGE, "run needs a terminal; use play for answer files");
	SN_TRY(cmd_ports_open(&p, "terminal", why));
	SN_TRY(med_open_dir(&p.ports.media, why));
	return run_ui(&p, &tui, why);
}

int
cmd_image(const char *console, const struct cer_check *checks, size_t nchecks)
{
	SN_CLEANUP(cmd_ports_done) struct cmd_ports p = { .scratch = IMAGE_SCRATCH };
	struct tui_ports tui = { .in = STDIN_FILENO, .out = STDOUT_FILENO };
	struct sn_why why = { 0 };
	enum sn_err e;

	p.ports.image = true;
	p.ports.checks = checks;
	p.ports.nchecks = nchecks;
	e = cmd_ports_open(&p, console, &why);
	if (e == SN_OK)
		e = med_open_block(IMAGE_MOUNTS, &p.ports.media, &why);
	if (e == SN_OK)
		e = run_ui(&p, &tui, &why);
	if (e != SN_OK)
		sn_err_print("ceremony", e, &why);
	return sn_err_exit(e);
}
