/* The ceremony on a terminal: in the image, and as a rehearsal on a workstation. */
#include "ceremony/cmd/cmd.h"

#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "appliance/base/secret.h"
#include "appliance/crypto/digest.h"
#include "ceremony/screen/catalogue.h"
#include "ceremony/tui/tui.h"

/* On a workstation, Enter puts the folder STICKS/LABEL in. */
static enum sn_err
folder_stick(void *arg, const char *label, bool in, struct sn_why *why)
{
	struct cmd_ports *p = arg;
	char path[512];

	if (!in || med_present(p->ports.media, label)) /* a refused one goes out again */
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
cmd_run(int argc, char **argv, struct sn_why *why)
{
	SN_CLEANUP(cmd_ports_done) struct cmd_ports p = { .scratch = "/tmp",
		.sticks = argv[0] };
	struct tui_ports tui = {
		.in = STDIN_FILENO,
		.out = STDOUT_FILENO,
		.may_quit = true,
		.stick = folder_stick,
		.arg = &p,
	};

	if (!isatty(STDIN_FILENO) || !isatty(STDOUT_FILENO))
		return sn_fail(why, SN_E_USAGE,
		    "run needs a terminal; use play for answer files");
	SN_TRY(cmd_tpm_option(argc > 1 ? argv[1] : NULL, &p.ports, why));
	SN_TRY(cmd_ports_open(&p, "terminal", why));
	SN_TRY(med_open_dir(&p.ports.media, why));
	return run_ui(&p, &tui, why);
}

static enum sn_err
guard_status(void *arg, struct usb_status *st, bool *ret_changed, struct sn_why *why)
{
	return usb_status(arg, st, ret_changed, why);
}

static enum sn_err
guard_accept(void *arg, uint32_t id, struct sn_why *why)
{
	return usb_accept(arg, id, why);
}

static enum sn_err
image_run(struct cmd_ports *p, const char *console, struct sn_why *why)
{
	struct tui_ports tui = { .in = STDIN_FILENO, .out = STDOUT_FILENO, .watch = true };

	SN_TRY(sn_secret_start(CMD_LOCKED_BYTES, why));
	if (mlockall(MCL_CURRENT | MCL_FUTURE) != 0)
		return sn_fail(why, SN_E_LOCK, "mlockall");
	SN_TRY(cry_start(why));
	SN_TRY(cmd_ports_open(p, console, why));
	SN_TRY(med_open_block(INIT_MEDIA_DIR, &p->ports.media, why));
	return run_ui(p, &tui, why);
}

int
cmd_image(const struct init_facts *facts, void *arg SN_UNUSED)
{
	SN_CLEANUP(cmd_ports_done) struct cmd_ports p = { .scratch = INIT_RUN_DIR };
	static const enum cer_check_state states[] = {
		[INIT_OK] = CER_CHECK_OK,
		[INIT_NOTE] = CER_CHECK_NOTE,
		[INIT_FAILED] = CER_CHECK_FAILED,
	};
	struct cer_check checks[INIT_CHECKS_MAX];
	struct sn_link guard = facts->usb;
	struct cer_usb_port usb = { guard_status, guard_accept, &guard };
	struct sn_why why = { 0 };
	enum sn_err e;

	for (size_t i = 0; i < facts->nchecks; i++) {
		view_copy(checks[i].name, sizeof(checks[i].name), facts->check[i].name);
		view_copy(checks[i].detail, sizeof(checks[i].detail), facts->check[i].detail);
		checks[i].state = states[facts->check[i].state];
	}
	p.ports.image = true;
	p.ports.usb = &usb;
	p.ports.checks = checks;
	p.ports.nchecks = facts->nchecks;
	if (facts->image.source != INIT_IMAGE_UNKNOWN) {
		p.ports.image_digest = facts->image.sha256;
		p.ports.image_source = init_image_source_name(facts->image.source);
	} else {
		p.ports.image_source = facts->image.reason;
	}
	e = image_run(&p, facts->console, &why);
	if (e != SN_OK)
		sn_err_print("ceremony", e, &why);
	sn_secret_stop();
	return sn_err_exit(e);
}
