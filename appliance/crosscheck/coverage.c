/*
 * What of a bundle this program has verified, and what it has not: every file is in one of
 * two lists, and none in neither.
 */
#include <fnmatch.h>
#include <stdio.h>
#include <string.h>

#include "appliance/crosscheck/crosscheck.h"

#define MLDSA "*mldsa87*" /* in the name of what such a key signed */

#define SETTINGS "policy, nodes, refvals"
#define PRINTED "render, record, VERIFY.txt"

/* Why a file of that kind is not checked, unless a check has marked it. First fit wins;
 * neighbours of one name are one line. */
static const struct coverage_row {
	const char *pattern, *name, *reason;
} rows[] = {
	{ "trust/revocation.sealed", "revocation.sealed", "encrypted" },
	{ "evidence/ekcert.der", "ekcert.der", "nothing here vouches for it" },
	{ "evidence/ek.pub", "ek.pub", "no certificate names it" },
	{ "evidence/eventlog", "eventlog", "unsigned; sanctum replays it" },
	{ "evidence/*.json", "evidence/*.json", "a report, unsigned" },
	{ "collateral/original/*", "collateral/original", "no kind that is signed" },
	{ "collateral/carried/*", "collateral/carried", "no root for it" },
	{ "collateral/*", "collateral copies", "only certificates" },
	{ "policy/*", SETTINGS, "plain text" },
	{ "nodes/*", SETTINGS, "plain text" },
	{ "refvals/*", SETTINGS, "plain text" },
	{ "render/*", PRINTED, "plain text" },
	{ "record/*", PRINTED, "plain text" },
	{ "VERIFY.txt", PRINTED, "plain text" },
	{ "*", "other files", "unknown here, digests alone" },
};

/* What is in no file, or only half of what a check looks at. */
static const char *const always[] = {
	"ML-DSA: not checked by GnuTLS",
	"derived keys: not checked: it takes the master secret",
	"vendors' roots: not checked: taken as the bundle has them",
};

static size_t
row_of(const struct xc_file *f)
{
	size_t i = 0;

	while (i + 1 < SN_NITEMS(rows) && fnmatch(rows[i].pattern, f->path, 0) != 0)
		i++;
	return i;
}

static void
count(const struct xc *c, size_t n[SN_NITEMS(rows)])
{
	for (size_t i = 0; i < c->n; i++)
		if (!c->file[i].checked)
			n[row_of(&c->file[i])]++;
	for (uint32_t i = 0; i < c->nops; i++)
		count(&c->ops[i], n);
}

static void
print_files(const struct xc *c)
{
	char folder[32] = "";

	if (c->number > 0)
		(void)snprintf(folder, sizeof(folder), "ops/%u/", c->number);
	for (size_t i = 0; i < c->n; i++) {
		const struct xc_file *f = &c->file[i];

		if (f->checked && fnmatch(MLDSA, f->path, 0) == 0)
			printf("%s%s: checked but for ML-DSA\n", folder, f->path);
		else if (f->checked)
			printf("%s%s: checked\n", folder, f->path);
		else
			printf("%s%s: not checked: %s\n", folder, f->path,
			    rows[row_of(f)].reason);
	}
	for (uint32_t i = 0; i < c->nops; i++)
		print_files(&c->ops[i]);
}

void
xc_print_unchecked(const struct xc *c, bool files)
{
	size_t n[SN_NITEMS(rows)] = { 0 };

	if (files)
		print_files(c);
	count(c, n);
	for (size_t i = 0; i < SN_NITEMS(rows); i++) {
		const bool more =
		    i + 1 < SN_NITEMS(rows) && strcmp(rows[i].name, rows[i + 1].name) == 0;

		if (more)
			n[i + 1] += n[i];
		else if (n[i] > 0)
			printf("%s (%zu): not checked: %s\n", rows[i].name, n[i],
			    rows[i].reason);
	}
	if (c->later > 0)
		printf("later events (%zu): not checked: other statements\n", c->later);
	for (size_t i = 0; i < SN_NITEMS(always); i++)
		puts(always[i]);
}
