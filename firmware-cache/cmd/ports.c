#include <time.h>

#include "firmware-cache/cmd/cmd.h"

enum sn_err
fc_now(int64_t *ret, struct sn_why *why)
{
	struct timespec now;

	if (clock_gettime(CLOCK_REALTIME, &now) != 0)
		return sn_fail(why, SN_E_IO, "the clock cannot be read; give --at");
	*ret = (int64_t)now.tv_sec;
	return SN_OK;
}
