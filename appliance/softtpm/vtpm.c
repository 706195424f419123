#include "appliance/softtpm/vtpm.h"

#include <openssl/crypto.h>
#include <openssl/rand.h>
#include <stdlib.h>
#include <string.h>

#include <libtpms/tpm_types.h>
#include <libtpms/tpm_error.h>
#include <libtpms/tpm_library.h>
#include <libtpms/tpm_memory.h>

#include "appliance/base/secret.h"

/* libtpms stores its state as whole blobs under a few names. */
#define NV_SLOTS 4
#define NV_NAME_MAX 32
#define NV_BLOB_MAX (1U << 20)

struct nv_slot {
	char name[NV_NAME_MAX]; /* empty: free */
	struct sn_buf blob;
};

/* libtpms' callbacks carry no argument, so its state can only be the process'. */
static struct vtpm {
	struct nv_slot nv[NV_SLOTS];
	unsigned char *response;
	uint32_t cap;
	bool running;
} vtpm;

static void
nv_clear(struct nv_slot *s)
{
	sn_wipe(s->blob.p, s->blob.cap);
	sn_buf_done(&s->blob);
	s->name[0] = '\0';
}

static struct nv_slot *
nv_find(const char *name)
{
	for (size_t i = 0; i < NV_SLOTS; i++) {
		if (strcmp(vtpm.nv[i].name, name) == 0)
			return &vtpm.nv[i];
	}
	return NULL;
}

static TPM_RESULT
nv_init(void)
{
	return TPM_SUCCESS;
}

static TPM_RESULT
nv_load(unsigned char **data, uint32_t *length, uint32_t number SN_UNUSED, const char *name)
{
	const struct nv_slot *s = nv_find(name);
	TPM_RESULT rc;

	if (name[0] == '\0' || s == NULL)
		return TPM_RETRY; /* libtpms' word for "there is none" */
	rc = TPM_Malloc(data, (uint32_t)s->blob.n);
	if (rc != TPM_SUCCESS)
		return rc;
	memcpy(*data, s->blob.p, s->blob.n);
	*length = (uint32_t)s->blob.n;
	return TPM_SUCCESS;
}

static TPM_RESULT
nv_store(const unsigned char *data, uint32_t length, uint32_t number SN_UNUSED,
    const char *name)
{
	struct nv_slot *s = nv_find(name);
	size_t n = strlen(name);

	if (s == NULL)
		s = nv_find("");
	if (s == NULL || n == 0 || n >= NV_NAME_MAX || length == 0 || length > NV_BLOB_MAX)
		return TPM_FAIL;
	nv_clear(s);
	sn_buf_put(&s->blob, (struct bytes){ data, length });
	if (sn_buf_check(&s->blob, NULL) != SN_OK)
		return TPM_FAIL;
	memcpy(s->name, name, n + 1);
	return TPM_SUCCESS;
}

static TPM_RESULT
nv_delete(uint32_t number SN_UNUSED, const char *name, TPM_BOOL must_exist)
{
	struct nv_slot *s = name[0] != '\0' ? nv_find(name) : NULL;

	if (s == NULL)
		return must_exist ? TPM_FAIL : TPM_SUCCESS;
	nv_clear(s);
	return TPM_SUCCESS;
}

static TPM_RESULT
io_locality(TPM_MODIFIER_INDICATOR *ret, uint32_t number SN_UNUSED)
{
	*ret = 0;
	return TPM_SUCCESS;
}

static TPM_RESULT
io_presence(TPM_BOOL *ret, uint32_t number SN_UNUSED)
{
	*ret = 0;
	return TPM_SUCCESS;
}

enum sn_err
vtpm_random_works(struct sn_why *why)
{
	uint8_t a[16] = { 0 }, b[16] = { 0 };
	bool ok = RAND_status() == 1 && RAND_bytes(a, sizeof(a)) == 1 &&
	    RAND_bytes(b, sizeof(b)) == 1 && memcmp(a, b, sizeof(a)) != 0;

	sn_wipe(a, sizeof(a));
	sn_wipe(b, sizeof(b));
	if (!ok)
		return sn_fail(why, SN_E_ENTROPY,
		    "OpenSSL's random generator does not work here; libtpms would silently "
		    "use a weak one");
	return SN_OK;
}

enum sn_err
vtpm_start(struct sn_why *why)
{
	static struct libtpms_callbacks callbacks = {
		.sizeOfStruct = sizeof(callbacks),
		.tpm_nvram_init = nv_init,
		.tpm_nvram_loaddata = nv_load,
		.tpm_nvram_storedata = nv_store,
		.tpm_nvram_deletename = nv_delete,
		.tpm_io_init = nv_init,
		.tpm_io_getlocality = io_locality,
		.tpm_io_getphysicalpresence = io_presence,
	};
	TPM_RESULT rc;

	if (vtpm.running)
		return sn_fail(why, SN_E_INTERNAL, "libtpms holds one TPM in a process");
	rc = TPMLIB_ChooseTPMVersion(TPMLIB_TPM_VERSION_2);
	if (rc == TPM_SUCCESS)
		rc = TPMLIB_RegisterCallbacks(&callbacks);
	if (rc == TPM_SUCCESS)
		rc = TPMLIB_MainInit();
	if (rc != TPM_SUCCESS)
		return sn_fail(why, SN_E_TPM, "libtpms does not start: 0x%x", rc);
	vtpm.running = true;
	return SN_OK;
}

void
vtpm_stop(void)
{
	if (vtpm.running)
		TPMLIB_Terminate();
	vtpm.running = false;
	for (size_t i = 0; i < NV_SLOTS; i++)
		nv_clear(&vtpm.nv[i]);
	if (vtpm.response != NULL)
		sn_wipe(vtpm.response, vtpm.cap);
	TPM_Free(vtpm.response);
	vtpm.response = NULL;
	vtpm.cap = 0;
}

enum sn_err
vtpm_command(struct bytes command, struct bytes *ret, struct sn_why *why)
{
	uint8_t copy[VTPM_MESSAGE_MAX]; /* libtpms takes it without const */
	uint32_t n = 0;
	TPM_RESULT rc;

	if (command.n < VTPM_HEADER || command.n > sizeof(copy))
		return sn_fail(why, SN_E_PROTO, "a command of %zu bytes", command.n);
	SN_TRY(vtpm_random_works(why));
	memcpy(copy, command.p, command.n);
	rc = TPMLIB_Process(&vtpm.response, &n, &vtpm.cap, copy, (uint32_t)command.n);
	if (rc != TPM_SUCCESS || n < VTPM_HEADER || n > VTPM_MESSAGE_MAX)
		return sn_fail(why, SN_E_TPM, "libtpms failed: 0x%x, %u bytes", rc, n);
	*ret = (struct bytes){ vtpm.response, n };
	return SN_OK;
}
