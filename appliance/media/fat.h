/*
 * fat - is this a FAT or exFAT file system, and what is its label?
 *
 * Owns: nothing. May include: base. Reads a few bounded blocks of a device that
 * nobody trusts yet; the file system itself is the kernel's job. Specified by
 * Microsoft's FAT (fatgen103) and exFAT documents.
 */
#ifndef MED_FAT_H
#define MED_FAT_H

#include "appliance/base/err.h"

#define FAT_LABEL_MAX 11

enum fat_kind { FAT_NONE, FAT_VFAT, FAT_EXFAT };

/*
 * Look at the open device or image fd. What is neither, or does not make sense, is
 * SN_OK with FAT_NONE and an empty label; SN_E_IO when the boot sector cannot be
 * read. The label is printable ASCII without trailing blanks, or "".
 */
SN_MUST_USE enum sn_err fat_identify(int fd, enum fat_kind *ret_kind,
    char ret_label[FAT_LABEL_MAX + 1], struct sn_why *why);

#endif
