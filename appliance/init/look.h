/*
 * look - reading what the kernel says about the machine, below any root.
 *
 * Owns: what each function says. May include: base, checks.h. Only for the self-test's
 * rules: every file is looked up below a machine's root, every system call goes
 * through the machine, so that tests can bring machines of their own.
 */
#ifndef INIT_LOOK_H
#define INIT_LOOK_H

#include "appliance/init/checks.h"

struct dirent;

/* Write detail (cut at its end, printable) and return state: a rule's last word. */
enum init_state look_say(char detail[INIT_DETAIL], enum init_state state, const char *fmt, ...)
    SN_PRINTF(3, 4);
/* Append to detail. */
void look_add(char detail[INIT_DETAIL], const char *fmt, ...) SN_PRINTF(2, 3);

/* Is there anything under that name? */
bool look_exists(const struct init_machine *m, const char *name);
/* The beginning of a file as text, cut at max; false, and ret empty, when it is not there. */
bool look_text(const struct init_machine *m, const char *name, char *ret, size_t max);
/* The first line of a small file, cut at max; false, and ret empty, when it is not there. */
bool look_line(const struct init_machine *m, const char *name, char *ret, size_t max);
/* The same of folder/entry/name, as sysfs has it. */
bool look_attribute(const struct init_machine *m, const char *folder, const char *entry,
    const char *name, char *ret, size_t max);
/* Where a link points to; false, and ret empty, when it is none. */
bool look_link(const struct init_machine *m, const char *name, char *ret, size_t max);

/* The same of the link folder/entry/name. */
bool look_attribute_link(const struct init_machine *m, const char *folder, const char *entry,
    const char *name, char *ret, size_t max);

/* The sorted names in a folder but those that start with '.'; n is -1 when it is not there. */
struct look_names {
	struct dirent **e;
	int n;
};
struct look_names look_names(const struct init_machine *m, const char *folder);
void look_names_done(struct look_names *l);
const char *look_name(const struct look_names *l, int i);

#endif
