/* The end of each test program's main. */
#ifndef ITKD_TEST_SUITE_H
#define ITKD_TEST_SUITE_H

#include <check.h>
#include <stdio.h>
#include <stdlib.h>

static inline int suite_main(Suite *suite)
{
	SRunner *runner = srunner_create(suite);

	srunner_run_all(runner, CK_NORMAL);
	int failed = srunner_ntests_failed(runner);

	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}

#endif
