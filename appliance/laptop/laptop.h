/*
 * laptop - "check this laptop": looks at the machine, says whether a ceremony can be
 * held on it, and writes laptop-report.txt to a stick. Makes no keys of the ceremony.
 *
 * Owns: nothing between calls. May include: base, crypto, tpm, media, usb, init.
 * Everything that firmware and devices say of themselves is untrusted text. See
 * docs/HARDWARE.md.
 */
#ifndef LAPTOP_H
#define LAPTOP_H

#include "appliance/init/init.h"

struct laptop_args {
	const struct init_facts *facts; /* what the self-tests found, failed ones too */
	int64_t build_date;		/* of the image, seconds since 1970 */
};

/*
 * Look, show, write, on the terminal that is standard input and output (80 columns, 24
 * rows, no echo). The machine's TPM is asked by the TPM process of this program. Returns
 * LAPTOP_BACK when people want the first screen again, else LAPTOP_OFF.
 */
int laptop_main(const struct laptop_args *args);
#define LAPTOP_BACK 0
#define LAPTOP_OFF 1

#endif
