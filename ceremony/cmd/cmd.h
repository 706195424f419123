/*
 * cmd - the `ceremony` program: its subcommands and the ports it gives the engine.
 *
 * Owns: see each function. May include: what the layer table gives ceremony/cmd.
 */
#ifndef CMD_H
#define CMD_H

#include "appliance/init/init.h"
#include "ceremony/core/engine.h"

struct cmd {
	const char *name, *sub; /* "plan", "check" */
	int min_args, max_args; /* after the names */
	const char *args, *help;
	enum sn_err (*run)(int argc, char **argv, struct sn_why *why);
};

enum sn_err cmd_run(int argc, char **argv, struct sn_why *why);
enum sn_err cmd_play(int argc, char **argv, struct sn_why *why);
enum sn_err cmd_plan_check(int argc, char **argv, struct sn_why *why);
enum sn_err cmd_plan_new(int argc, char **argv, struct sn_why *why);
enum sn_err cmd_plan_lint(int argc, char **argv, struct sn_why *why);
enum sn_err cmd_plan_fill(int argc, char **argv, struct sn_why *why);
enum sn_err cmd_approver_new(int argc, char **argv, struct sn_why *why);
enum sn_err cmd_stick_new(int argc, char **argv, struct sn_why *why);
struct mark;
/* Write a mark with that role into the folder, which has none yet (SN_E_USAGE). */
SN_MUST_USE enum sn_err cmd_stick_mark(const char *role, const char *path, struct mark *ret,
    struct sn_why *why);

/* What is put around an engine: the port structure and what it points to. */
struct cmd_ports {
	struct cer_ports ports;
	struct sn_buf self, softtpm, crosscheck; /* program files */
	const char *scratch;			 /* a folder for the second checker */
	const char *sticks;			 /* workstation: folder of stick folders */
};
/* Programs beside this one, the clock, the build date. Locked memory must be there. */
SN_MUST_USE enum sn_err cmd_ports_open(struct cmd_ports *p, const char *console,
    struct sn_why *why);
void cmd_ports_done(struct cmd_ports *p); /* idempotent */
/* "--tpm=swtpm:SOCKET", the last argument of run and play; NULL when there is none. Not in
 * the image, which has no sockets. The socket's path lives as long as argv. */
SN_MUST_USE enum sn_err cmd_tpm_option(const char *arg, struct cer_ports *ret,
    struct sn_why *why);

#define CMD_LOCKED_BYTES (1U << 20) /* locked memory of the engine's process */

/* The ceremony inside the image, in the child of PID 1 that owns the console; an
 * init_ops.ceremony. Returns an exit status. */
int cmd_image(const struct init_facts *facts, void *arg);
/* The second checker beside this program (data: its name) tests itself. */
SN_MUST_USE enum sn_err cmd_crosscheck_selftest(const struct sn_selftest *t,
    struct sn_why *why);
/* What PID 1 needs to know of this program: that, the image's facts, its self-tests. */
struct init_ops cmd_image_ops(void);

/* One line into locked memory: from a terminal without echo (asked for twice when
 * twice is set), else from standard input as it is. */
SN_MUST_USE enum sn_err cmd_passphrase(bool twice, struct sn_secret *ret, struct sn_why *why);

#endif
