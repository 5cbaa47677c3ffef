// SPDX-License-Identifier: GPL-2.0
/*
 * accesses - the pages that work accesses, a number a line
 *
 *	accesses R|L MB PAGE SEED NUMBER
 *
 * PAGE is in bytes.
 */
#include <stdio.h>

#include "../mp3/tools/accesses.h"

int main(int argc, char **argv)
{
	struct accesses accesses;
	size_t page;

	if (argc != 6)
		return 2;
	page = strtoul(argv[3], NULL, 10);
	accesses = accesses_of(*argv[1], strtoul(argv[2], NULL, 10) << 20, page, strtoul(argv[4], NULL, 10));
	for (size_t n = strtoul(argv[5], NULL, 10); n > 0; n--)
		printf("%zu\n", next_access(&accesses) / page);
	return 0;
}
