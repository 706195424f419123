#include "firmware-cache/layouts/pccs.h"

#include "appliance/base/json.h"
#include "firmware-cache/layouts/collaterals.h"

#define FILE_NAME "platform_collaterals.json"
#define LIST_NAME "platform_list.json"
#define BODY_DEFAULT (2U << 20) /* PCCS refuses larger ones unless told otherwise */

static const char too_large[] = "larger than 4 MiB; export fewer platforms at a time";
static const char large[] =
    "it is here, but over 2 MB: raise PCCS's MaxRequestBodySize, or export fewer platforms";

static enum sn_err
write_list(const struct lay_input *in, int64_t newest, const struct lay_out *out,
    struct sn_why *why)
{
	SN_CLEANUP(sn_buf_done) struct sn_buf list = { 0 };

	if (in->nplatforms == 0)
		return SN_OK;
	SN_TRY(lay_platform_list(in, &list, why));
	return out->file(out->arg, PCCS_FOLDER "/" LIST_NAME, sn_buf_bytes(&list), newest, why);
}

enum sn_err
pccs_write(const struct lay_input *in, const struct lay_out *out, struct sn_why *why)
{
	SN_CLEANUP(lay_set_done) struct lay_set set = { 0 };
	SN_CLEANUP(lay_hosts_done) struct lay_hosts hosts = { 0 };
	SN_CLEANUP(sn_buf_done) struct sn_buf file = { 0 };
	const char *missing;

	SN_TRY(lay_set_read(in->store, &set, why));
	if (set.nbodies == 0)
		return SN_OK;
	SN_TRY(lay_set_tell(&set, PCCS_NAME, out, why));
	SN_TRY(lay_collaterals_filter(&set, LAY_FOR_PCCS, PCCS_NAME, out, why));
	missing = lay_collaterals_missing(&set);
	if (missing != NULL)
		return out->left_out(out->arg, PCCS_NAME, FILE_NAME, missing, why);
	SN_TRY(lay_hosts_read(in, &set, PCCS_NAME, out, &hosts, why));
	SN_TRY(lay_collaterals_write(&set, &hosts, LAY_FOR_PCCS, &file, why));
	if (file.n > SN_JSON_MAX_BYTES)
		return out->left_out(out->arg, PCCS_NAME, FILE_NAME, too_large, why);
	if (file.n > BODY_DEFAULT)
		SN_TRY(out->left_out(out->arg, PCCS_NAME, FILE_NAME, large, why));
	SN_TRY(lay_collaterals_read_back(&set, LAY_FOR_PCCS, sn_buf_bytes(&file), why));
	SN_TRY(out->file(out->arg, PCCS_FOLDER "/" FILE_NAME, sn_buf_bytes(&file), set.newest,
	    why));
	return write_list(in, set.newest, out, why);
}
