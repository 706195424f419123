#include <stdlib.h>
#include <string.h>

#include "appliance/base/text.h"
#include "appliance/usb/policy.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Whatever it reads, the verdict is one of four, and a refusal has a printable reason. */
int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct usb_verdict v;

	usb_judge((struct bytes){ data, size }, &v);
	if ((unsigned int)v.kind >= USB_KINDS ||
	    (v.kind == USB_REFUSED) != (v.reason[0] != '\0'))
		abort();
	if (!text_printable(bytes_str(v.reason), USB_REASON_MAX))
		abort();
	if (v.kind != USB_REFUSED && (size < 36 || data[17] == 0))
		abort();
	return 0;
}
