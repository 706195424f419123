/*
 * pe - the sections of a PE image, and the digest that firmware measures and that
 * Secure Boot signatures cover.
 *
 * Owns: nothing; views of the caller's bytes. May include: base, crypto. Specified by
 * Microsoft's PE format and Authenticode documents, and by how EDK II hashes images
 * (HashPeImage in DxeImageVerificationLib).
 */
#ifndef MEASURE_PE_H
#define MEASURE_PE_H

#include "appliance/base/bytes.h"

#define PE_SECTIONS_MAX 32
#define PE_NAME_MAX 8

struct pe_section {
	char name[PE_NAME_MAX + 1]; /* printable ASCII, ".linux" */
	struct bytes data;	    /* as it lies in the file */
	uint32_t size;		    /* bytes in memory: data, then zeros, or less than data */
};

struct pe {
	struct bytes file;
	size_t checksum_at, certificates_at; /* fields that the digest leaves out */
	size_t headers;			     /* bytes */
	size_t certificates;		     /* bytes of signatures at the end of the file */
	struct pe_section section[PE_SECTIONS_MAX]; /* in the order of the file's table */
	size_t nsections;
};

/*
 * Read the headers of a 64-bit PE image. SN_E_FORMAT when they make no sense (names the
 * field), SN_E_LIMIT with more than PE_SECTIONS_MAX sections. ret points into file.
 */
SN_MUST_USE enum sn_err pe_parse(struct bytes file, struct pe *ret, struct sn_why *why);

/* The section of that name, or NULL. */
const struct pe_section *pe_find(const struct pe *pe, const char *name);

/* Authenticode digest, SHA-256: the same for the signed and the unsigned image. */
SN_MUST_USE enum sn_err pe_authenticode(const struct pe *pe, uint8_t ret[32],
    struct sn_why *why);

#endif
