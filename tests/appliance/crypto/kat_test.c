/*
 * Known-answer tests: each row is right; with any part of it altered it is not. So
 * there is no row that cannot fail, and no part of one that is not looked at.
 */
#include <stdlib.h>
#include <string.h>

#include "appliance/crypto/digest.h"
#include "appliance/crypto/kat.h"
#include "tests/lib/spoil.h"
#include "tests/lib/test.h"

int
main(void)
{
	struct test_list *l = test_list_new();
	struct sn_why why = { 0 };

	if (sn_secret_start(1U << 20, &why) != SN_OK || cry_start(&why) != SN_OK) {
		print_error("%s\n", why.text);
		return 1;
	}
	spoil_add(l, cry_selftests);
	return test_list_run(l, "known answers");
}
