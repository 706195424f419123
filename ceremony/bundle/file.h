/*
 * file - one file of a bundle, by its path there.
 *
 * Owns: nothing. May include: base.
 */
#ifndef BUNDLE_FILE_H
#define BUNDLE_FILE_H

#include "appliance/base/bytes.h"

struct bun_file {
	const char *path;
	struct bytes data;
};

#endif
