/*
 * disk - find the unified kernel image in what people hold in their hands: our ISO, a
 * copy of it on a stick, its boot partition, or the image itself.
 *
 * Owns: nothing. May include: base. Specified by UEFI 2.10 section 5.3 (GPT) and
 * Microsoft's fatgen103 (FAT). Reads what firmware reads: \EFI\BOOT\BOOTX64.EFI of the
 * first EFI system partition.
 */
#ifndef MEASURE_DISK_H
#define MEASURE_DISK_H

#include "appliance/base/bytes.h"

#define DISK_IMAGE_MAX (64U << 20) /* bytes of the whole file */
#define DISK_UKI_MAX (48U << 20)

/*
 * Append the bytes of the unified kernel image in disk to ret. SN_E_FORMAT when disk is
 * none of the four, or an ISO that boots something else as a disc than as a stick,
 * SN_E_MISSING when its boot partition has no BOOTX64.EFI, SN_E_LIMIT over DISK_UKI_MAX.
 */
SN_MUST_USE enum sn_err disk_find_uki(struct bytes disk, struct sn_buf *ret,
    struct sn_why *why);

/* The boot partition alone: a view into disk. */
SN_MUST_USE enum sn_err disk_find_esp(struct bytes disk, struct bytes *ret, struct sn_why *why);

#endif
