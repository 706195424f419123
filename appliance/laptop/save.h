/*
 * save - the report onto a stick: under a name that is free there, and read back.
 *
 * Owns: nothing. May include: base, media.
 */
#ifndef LAPTOP_SAVE_H
#define LAPTOP_SAVE_H

#include "appliance/media/med.h"

#define SAVE_NAME_MAX 32

/*
 * The first free name: laptop-report.txt, laptop-report-2.txt, ... What is on the stick
 * stays. SN_E_MEDIA when the stick cannot be read, SN_E_LIMIT when none is free.
 */
SN_MUST_USE enum sn_err laptop_save_name(struct med *m, const char *label,
    char ret[SAVE_NAME_MAX], struct sn_why *why);
/* Write it, flush, read it back past the cache, compare, and let go of the stick. */
SN_MUST_USE enum sn_err laptop_save(struct med *m, const char *label, const char *name,
    struct bytes report, struct sn_why *why);

#endif
