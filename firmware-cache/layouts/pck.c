#include "firmware-cache/layouts/pck.h"

#include <stdlib.h>

void
lay_hosts_done(struct lay_hosts *h)
{
	if (h == NULL)
		return;
	free(h->hosts);
	free(h->pcks);
	free(h->refs);
	*h = (struct lay_hosts){ 0 };
}

enum sn_err
lay_hosts_read(const struct lay_input *in, const struct lay_set *set SN_UNUSED,
    const char *layout, const struct lay_out *out, struct lay_hosts *ret, struct sn_why *why)
{
	for (size_t i = 0; i < in->nplatforms; i++)
		SN_TRY(out->left_out(out->arg, layout, in->platforms[i].qe_id,
		    "there is no accepted PCK certificate for this platform", why));
	*ret = (struct lay_hosts){ 0 };
	return SN_OK;
}
