/* PCR 7: the policy of Secure Boot, as firmware measures it. */
#include <string.h>

#include "appliance/measure/measure.h"

#define SIGNATURE_LIST_HEADER 28 /* type, list size, header size, signature size */
#define OWNER_LEN 16

/* GUIDs as they lie in memory. */
static const uint8_t global_guid[16] = { 0x61, 0xdf, 0xe4, 0x8b, 0xca, 0x93, 0xd2, 0x11, 0xaa,
	0x0d, 0x00, 0xe0, 0x98, 0x03, 0x2b, 0x8c };
static const uint8_t security_guid[16] = { 0xcb, 0xb2, 0x19, 0xd7, 0x3a, 0x3d, 0x96, 0x45, 0xa3,
	0xbc, 0xda, 0xd0, 0x0e, 0x67, 0x65, 0x6f };
static const uint8_t x509_guid[16] = { 0xa1, 0x59, 0xc0, 0xa5, 0xe4, 0x94, 0xa7, 0x4a, 0x87,
	0xb5, 0xab, 0x15, 0x5c, 0x2b, 0xf0, 0x72 };

static void
put_le64(struct sn_buf *b, uint64_t v)
{
	for (size_t i = 0; i < 8; i++)
		sn_buf_u8(b, (uint8_t)(v >> (8 * i)));
}

/* UEFI_VARIABLE_DATA [TCG PFP 10.4.2]: GUID, lengths, name in UTF-16, content. */
static enum sn_err
extend_variable(uint8_t pcr[32], const uint8_t guid[16], const char *name, struct bytes data,
    struct sn_why *why)
{
	SN_CLEANUP(sn_buf_done) struct sn_buf event = { 0 };

	sn_buf_put(&event, (struct bytes){ guid, 16 });
	put_le64(&event, strlen(name));
	put_le64(&event, data.n);
	for (const char *c = name; *c != '\0'; c++) {
		sn_buf_u8(&event, (uint8_t)*c);
		sn_buf_u8(&event, 0);
	}
	sn_buf_put(&event, data);
	SN_TRY(sn_buf_check(&event, why));
	return measure_extend_data(pcr, sn_buf_bytes(&event), why);
}

/* The first EFI_SIGNATURE_DATA in db: owner and certificate [UEFI 32.4.1]. */
static enum sn_err
first_authority(struct bytes db, struct bytes *ret, struct sn_why *why)
{
	struct bytes type;
	uint32_t list, header, size;

	SN_TRY(bytes_take(&db, 16, &type, "db", why));
	SN_TRY(bytes_le32(&db, &list, "db", why));
	SN_TRY(bytes_le32(&db, &header, "db", why));
	SN_TRY(bytes_le32(&db, &size, "db", why));
	if (memcmp(type.p, x509_guid, 16) != 0 || size <= OWNER_LEN ||
	    list < SIGNATURE_LIST_HEADER || header > list - SIGNATURE_LIST_HEADER ||
	    size > list - SIGNATURE_LIST_HEADER - header)
		return sn_fail(why, SN_E_FORMAT,
		    "db: its first signature list holds no X.509 certificate");
	return bytes_slice(db, header, size, ret, "db", why);
}

enum sn_err
measure_pcr7(const struct measure_keys *keys, uint8_t ret[32], struct sn_why *why)
{
	static const uint8_t separator[4];
	const uint8_t on = keys->secure_boot;
	const struct {
		const uint8_t *guid;
		const char *name;
		struct bytes data;
	} variables[] = {
		{ global_guid, "SecureBoot", { &on, 1 } },
		{ global_guid, "PK", keys->pk },
		{ global_guid, "KEK", keys->kek },
		{ security_guid, "db", keys->db },
		{ security_guid, "dbx", keys->dbx },
	};
	uint8_t pcr[32] = { 0 };
	struct bytes authority;

	for (size_t i = 0; i < SN_NITEMS(variables); i++)
		SN_TRY(extend_variable(pcr, variables[i].guid, variables[i].name,
		    variables[i].data, why));
	SN_TRY(measure_extend_data(pcr, BYTES_OF(separator), why));
	if (keys->secure_boot) {
		SN_TRY(first_authority(keys->db, &authority, why));
		SN_TRY(extend_variable(pcr, security_guid, "db", authority, why));
	}
	memcpy(ret, pcr, 32);
	return SN_OK;
}
