/* The known answer of SLIP-0039: right, and wrong with any part of it altered. */
#include "appliance/crypto/digest.h"
#include "ceremony/keys/selftest.h"
#include "tests/lib/spoil.h"

int
main(void)
{
	struct test_list *l = test_list_new();
	struct sn_why why = { 0 };

	if (sn_secret_start(1U << 20, &why) != SN_OK || cry_start(&why) != SN_OK) {
		print_error("%s\n", why.text);
		return 1;
	}
	spoil_add(l, keys_selftests);
	return test_list_run(l, "keys' known answers");
}
