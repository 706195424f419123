/* The TPM: what it is, its endorsement certificate, what it measured. */
#include <stdio.h>
#include <string.h>

#include "appliance/base/text.h"
#include "appliance/crypto/cert.h"
#include "appliance/laptop/report.h"

#define TPM "/sys/class/tpm/tpm0/"
#define PCRS 16
#define CERT_SERIAL_MAX 20

static const struct driver_row {
	const char *driver, *interface;
} drivers[] = {
	{ "tpm_crb", "CRB" },
	{ "tpm_tis", "TIS" },
	{ "tpm_tis_spi", "TIS over SPI" },
};

static void
put_interface(struct laptop *l)
{
	char driver[40], device[80];
	const char *interface = driver;

	laptop_link_name(l, TPM "device/driver", driver, sizeof(driver));
	laptop_link_name(l, TPM "device", device, sizeof(device));
	for (size_t i = 0; i < SN_NITEMS(drivers); i++)
		if (strcmp(driver, drivers[i].driver) == 0)
			interface = drivers[i].interface;
	sheet_item(&l->body, "Interface", "%s, device %s",
	    interface[0] != '\0' ? interface : "unknown",
	    device[0] != '\0' ? device : "unknown");
}

static void
put_cert_text(struct laptop *l, const struct cry_cert *c)
{
	SN_CLEANUP(cry_key_free) struct cry_key *key = NULL;
	char serial[2 * CERT_SERIAL_MAX + 1], from[TEXT_TIME_LEN + 1], to[TEXT_TIME_LEN + 1];
	char name[SHEET_TEXT_MAX];

	cry_name_text(cry_cert_subject_der(c), name, sizeof(name));
	sheet_item(&l->body, "  subject", "%s", name[0] != '\0' ? name : "empty");
	cry_name_text(cry_cert_issuer_der(c), name, sizeof(name));
	sheet_item(&l->body, "  issuer", "%s", name[0] != '\0' ? name : "empty");
	sn_hex(cry_cert_serial(c), serial);
	text_from_time(cry_cert_not_before(c), from);
	text_from_time(cry_cert_not_after(c), to);
	sheet_item(&l->body, "  serial", "%s", serial);
	sheet_item(&l->body, "  valid", "%s to %s", from, to);
	sheet_item(&l->body, "  key", "%s",
	    cry_cert_key(c, &key, NULL) == SN_OK ? cry_alg_name(cry_key_alg(key))
						 : "of a kind not known here");
}

static void
put_certificate(struct laptop *l, const struct tpm_info *i)
{
	SN_CLEANUP(cry_cert_free) struct cry_cert *c = NULL;
	struct sn_why why = { 0 };
	char hex[65];

	if (i->ek_cert.n == 0) {
		sheet_item(&l->body, "EK cert", "none in the TPM");
		laptop_say(l, LAPTOP_NOTE,
		    "the TPM holds no endorsement certificate: "
		    "the plan must pin its endorsement key");
		return;
	}
	laptop_sha256(sn_buf_bytes(&i->ek_cert), hex);
	sheet_item(&l->body, "EK cert", "index %08x, %zu bytes, SHA-256 %s", i->ek_cert_index,
	    i->ek_cert.n, hex);
	if (cry_cert_parse(sn_buf_bytes(&i->ek_cert), &c, &why) == SN_OK) {
		put_cert_text(l, c);
		return;
	}
	sheet_item(&l->body, "  refused", "%s", why.text);
	laptop_say(l, LAPTOP_NOTE,
	    "the endorsement certificate is malformed: "
	    "the plan must pin the endorsement key");
}

/* The keys, unless the state that it is in forbids to make them. */
static void
put_keys(struct laptop *l, const struct tpm_info *i)
{
	char name[2 * TPM_NAME_LEN + 1];

	if (i->condition != TPM_USABLE) {
		sheet_item(&l->body, "State", "%s: %.*s", tpm_condition_name(i->condition),
		    (int)i->problem.n, (const char *)i->problem.p);
		laptop_say(l, LAPTOP_REHEARSAL, "the TPM cannot be used: %.*s",
		    (int)i->problem.n, (const char *)i->problem.p);
		return;
	}
	sn_hex(BYTES_OF(i->ek_name), name);
	sheet_item(&l->body, "EK template", "%s", i->ek_template);
	sheet_item(&l->body, "EK name", "%s", name);
	sn_hex(BYTES_OF(i->ak_name), name);
	sheet_item(&l->body, "AK name", "%s", name);
	put_certificate(l, i);
}

static void
put_answer(struct laptop *l, const struct tpm_info *i)
{
	sheet_item(&l->body, "Maker", "%s, %s", i->manufacturer, i->vendor);
	sheet_item(&l->body, "Firmware", "%u.%u.%u.%u", (unsigned int)(i->firmware >> 48),
	    (unsigned int)(i->firmware >> 32 & 0xffff),
	    (unsigned int)(i->firmware >> 16 & 0xffff), (unsigned int)(i->firmware & 0xffff));
	sheet_item(&l->body, "TPM 2.0 spec", "revision %u.%02u", i->revision / 100,
	    i->revision % 100);
	put_keys(l, i);
}

void
laptop_put_tpm(struct laptop *l)
{
	const struct laptop_live *v = l->live;
	char major[8];

	if (!look_line(l->m, TPM "tpm_version_major", major, sizeof(major))) {
		sheet_item(&l->body, "TPM", "none that the kernel knows");
		laptop_say(l, LAPTOP_REHEARSAL,
		    "no TPM; perhaps it is switched off in the firmware's setup");
		return;
	}
	sheet_item(&l->body, "TPM", "version %s", major);
	put_interface(l);
	if (strcmp(major, "2") != 0) {
		laptop_say(l, LAPTOP_REHEARSAL, "its TPM is of version %s; 2 is needed", major);
		return;
	}
	if (!v->tpm_asked || v->tpm_err != SN_OK) {
		sheet_item(&l->body, "Answer", "%s",
		    v->tpm_asked ? v->tpm_why.text : "it was not asked");
		laptop_say(l, LAPTOP_REHEARSAL, "the TPM does not work: %s",
		    v->tpm_asked ? v->tpm_why.text : "it was not asked");
		return;
	}
	put_answer(l, &v->tpm);
}

void
laptop_put_registers(struct laptop *l)
{
	SN_CLEANUP(sn_buf_done) struct sn_buf log =
	    laptop_file(l, TPM_EVENTLOG, TPM_EVENTLOG_MAX);
	unsigned int found = 0;

	for (unsigned int i = 0; i < PCRS; i++) {
		char path[64], text[80], name[16];

		snprintf(path, sizeof(path), TPM "pcr-sha256/%u", i);
		snprintf(name, sizeof(name), "PCR %u", i);
		if (!look_line(l->m, path, text, sizeof(text)))
			continue;
		sheet_item(&l->body, name, "%s", text);
		found++;
	}
	if (found == 0)
		sheet_item(&l->body, "PCRs", "none");
	if (log.n == 0)
		sheet_item(&l->body, "Event log", "none");
	else
		sheet_item(&l->body, "Event log", "%zu bytes", log.n);
}
