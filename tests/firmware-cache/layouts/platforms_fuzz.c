#include <stdlib.h>
#include <string.h>

#include "firmware-cache/layouts/collaterals.h"
#include "firmware-cache/layouts/platforms.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define HEX "0123456789abcdefABCDEF"
#define OTHERS "ghijklmnopqrstuvwxyzGHIJKLMNOPQRSTUVWXYZ"

/* Of so many digits, or "" where it may be missing. */
static bool
fits(const char *s, size_t digits, bool needed)
{
	size_t n = strlen(s);

	return strspn(s, HEX) == n && (n == digits || (n == 0 && !needed));
}

static void
check(const struct lay_platform *p)
{
	size_t n = strlen(p->qe_id);

	/* qe_id becomes a part of paths */
	if (n == 0 || n > 260 || strspn(p->qe_id, HEX OTHERS) != n ||
	    !fits(p->pce_id, 4, true) || !fits(p->enc_ppid, 768, false) ||
	    !fits(p->cpu_svn, 32, false) || !fits(p->pce_svn, 4, false) ||
	    strspn(p->platform_manifest, HEX) != strlen(p->platform_manifest) ||
	    strlen(p->platform_manifest) % 2 != 0)
		abort();
}

static bool
equal(const struct lay_platform *a, const struct lay_platform *b)
{
	return strcasecmp(a->enc_ppid, b->enc_ppid) == 0 &&
	    strcasecmp(a->pce_id, b->pce_id) == 0 && strcasecmp(a->cpu_svn, b->cpu_svn) == 0 &&
	    strcasecmp(a->pce_svn, b->pce_svn) == 0 && strcasecmp(a->qe_id, b->qe_id) == 0 &&
	    strcasecmp(a->platform_manifest, b->platform_manifest) == 0;
}

/* Whatever is accepted is of its form, and written as a platform list is read again. */
int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	SN_CLEANUP(lay_platforms_done) struct lay_platforms a = { 0 }, b = { 0 };
	SN_CLEANUP(sn_buf_done) struct sn_buf out = { 0 };
	struct lay_input in = { 0 };

	if (lay_platforms_parse((struct bytes){ data, size }, "list", &a, NULL) != SN_OK) {
		if (a.doc != NULL || a.v != NULL || a.n != 0)
			abort();
		return 0;
	}
	for (size_t i = 0; i < a.n; i++)
		check(&a.v[i]);
	in.platforms = a.v;
	in.nplatforms = a.n;
	if (lay_platform_list(&in, &out, NULL) != SN_OK ||
	    lay_platforms_parse(sn_buf_bytes(&out), "again", &b, NULL) != SN_OK || a.n != b.n)
		abort();
	for (size_t i = 0; i < a.n; i++)
		if (!equal(&a.v[i], &b.v[i]))
			abort();
	return 0;
}
