/* The second library's known answers: right, and wrong with any part altered. */
#include "appliance/crosscheck/selftest.h"
#include "tests/lib/spoil.h"

int
main(void)
{
	struct test_list *l = test_list_new();

	spoil_add(l, xc_selftests);
	return test_list_run(l, "the second library's known answers");
}
