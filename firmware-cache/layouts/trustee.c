#include "firmware-cache/layouts/trustee.h"

#include "appliance/base/json.h"
#include "firmware-cache/layouts/collaterals.h"

#define FILE_NAME "platform_collaterals.json"

/* Where a node keeps what it was given; the same folder that the rendered kbs-config names. */
#define NODE_FOLDER "/var/lib/sanctum"

static const char snippet[] =
    "{\n"
    "  \"verifier_config\": {\n"
    "    \"snp_verifier\": {\n"
    "      \"vcek_sources\": [\n"
    "        {\"type\": \"OfflineStore\", \"path\": \"" NODE_FOLDER "/kds-store\"}\n"
    "      ]\n"
    "    },\n"
    "    \"dcap_verifier\": {\n"
    "      \"collateral_service\": \"file://" NODE_FOLDER "/intel/" FILE_NAME "\",\n"
    "      \"tcb_update_type\": \"standard\"\n"
    "    }\n"
    "  }\n"
    "}\n";

/* What Trustee can do without, but the attestation of that kind of machine cannot. */
static enum sn_err
tell_gaps(const struct lay_set *set, const struct lay_out *out, struct sn_why *why)
{
	static const struct {
		enum lay_identity identity;
		const char *key;
	} wanted[] = { { LAY_QE, "qeidentity" }, { LAY_TD_QE, "tdqeidentity" } };

	for (size_t i = 0; i < SN_NITEMS(wanted); i++)
		if (set->identity[wanted[i].identity][LAY_STANDARD] == NULL &&
		    set->identity[wanted[i].identity][LAY_EARLY] == NULL)
			SN_TRY(out->left_out(out->arg, TRUSTEE_DCAP_NAME, wanted[i].key,
			    "there is no accepted identity; add it", why));
	return SN_OK;
}

/* Trustee does not read the platforms: without them, rather than not at all. */
static enum sn_err
without_hosts(const struct lay_set *set, const struct lay_out *out, struct sn_buf *file,
    struct sn_why *why)
{
	sn_buf_done(file);
	SN_TRY(out->left_out(out->arg, TRUSTEE_DCAP_NAME, "platforms",
	    "with them the file were over 4 MiB; Trustee does not read them", why));
	return lay_collaterals_write(set, &(struct lay_hosts){ 0 }, LAY_FOR_TRUSTEE, file, why);
}

enum sn_err
trustee_dcap_write(const struct lay_input *in, const struct lay_out *out, struct sn_why *why)
{
	SN_CLEANUP(lay_set_done) struct lay_set set = { 0 };
	SN_CLEANUP(lay_hosts_done) struct lay_hosts hosts = { 0 };
	SN_CLEANUP(sn_buf_done) struct sn_buf file = { 0 };
	const char *missing;

	SN_TRY(lay_set_read(in->store, &set, why));
	if (set.nbodies == 0)
		return SN_OK;
	SN_TRY(lay_set_tell(&set, TRUSTEE_DCAP_NAME, out, why));
	SN_TRY(lay_collaterals_filter(&set, LAY_FOR_TRUSTEE, TRUSTEE_DCAP_NAME, out, why));
	missing = lay_collaterals_missing(&set);
	if (missing != NULL)
		return out->left_out(out->arg, TRUSTEE_DCAP_NAME, FILE_NAME, missing, why);
	SN_TRY(tell_gaps(&set, out, why));
	SN_TRY(lay_hosts_read(in, &set, TRUSTEE_DCAP_NAME, out, &hosts, why));
	SN_TRY(lay_collaterals_write(&set, &hosts, LAY_FOR_TRUSTEE, &file, why));
	if (file.n > SN_JSON_MAX_BYTES)
		SN_TRY(without_hosts(&set, out, &file, why));
	SN_TRY(lay_collaterals_read_back(&set, LAY_FOR_TRUSTEE, sn_buf_bytes(&file), why));
	SN_TRY(out->file(out->arg, TRUSTEE_DCAP_FOLDER "/as-config.snippet.json",
	    BYTES_STR(snippet), set.newest, why));
	return out->file(out->arg, TRUSTEE_DCAP_FOLDER "/" FILE_NAME, sn_buf_bytes(&file),
	    set.newest, why);
}
