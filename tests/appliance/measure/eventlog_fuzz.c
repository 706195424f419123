#include <stdlib.h>
#include <string.h>

#include "appliance/measure/eventlog.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* An image's digest is named only when the replay gives PCR 4. */
int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct bytes log = { data, size };
	uint8_t pcr[EVENTLOG_PCRS][32], digest[32];
	struct sn_why why;
	enum sn_err replay = eventlog_replay(log, pcr, &why);

	if (replay != SN_OK)
		memset(pcr, 0, sizeof(pcr));
	if (eventlog_image(log, pcr[4], false, digest, &why) == SN_OK && replay != SN_OK)
		abort();
	pcr[4][0] ^= 1;
	if (eventlog_image(log, pcr[4], true, digest, &why) == SN_OK)
		abort();
	return 0;
}
