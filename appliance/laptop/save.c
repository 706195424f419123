#include "appliance/laptop/save.h"

#include <stdio.h>

#define NAMES_MAX 99
#define OLD_MAX (1U << 20)

enum sn_err
laptop_save_name(struct med *m, const char *label, char ret[SAVE_NAME_MAX], struct sn_why *why)
{
	char name[SAVE_NAME_MAX] = "laptop-report.txt";

	for (unsigned int i = 2; i <= NAMES_MAX; i++) {
		SN_CLEANUP(sn_buf_done) struct sn_buf old = { 0 };
		struct sn_why reason = { 0 };
		enum sn_err e = med_read(m, label, name, OLD_MAX, &old, &reason);

		if (e == SN_E_MISSING) {
			snprintf(ret, SAVE_NAME_MAX, "%s", name);
			return SN_OK;
		}
		/* whatever else lies there, a folder too, keeps its name */
		if (e != SN_OK && e != SN_E_LIMIT && e != SN_E_FORMAT)
			return sn_fail(why, e, "%s", reason.text);
		snprintf(name, sizeof(name), "laptop-report-%u.txt", i);
	}
	return sn_fail(why, SN_E_LIMIT, "the stick holds %d reports already; take another",
	    NAMES_MAX);
}

enum sn_err
laptop_save(struct med *m, const char *label, const char *name, struct bytes report,
    struct sn_why *why)
{
	const struct med_file file = { .path = name, .data = report };
	enum sn_err e = med_write(m, label, "", &file, 1, why);

	if (e == SN_OK)
		e = med_compare(m, label, "", &file, 1, why);
	med_eject(m, label);
	return e;
}
