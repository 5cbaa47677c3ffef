// SPDX-License-Identifier: GPL-2.0
/*
 * read-ring - how long it takes to read all that is in the mapped ring
 *
 *	read-ring
 *
 * Prints: records, ns.
 */
#include <err.h>
#include <inttypes.h>

#include "meter.h"
#include "records.h"

const char synopsis[] = "";

int main(int argc, char **argv)
{
	uint64_t begin = 0, records = 0;
	struct sums sums = { 0 };
	struct ring ring;

	check_arguments(argc, argv, 0, 0);
	open_records(&ring);
	/* Once for the pages of the map, and once to be measured. */
	for (int i = 0; i < 2; i++) {
		ring_rewind(&ring);
		begin = now();
		records = add_records(&ring, &sums);
	}
	printf("%" PRIu64 "\t%" PRIu64 "\n", records, now() - begin);
	if (fclose(stdout))
		err(1, "standard output");
	return 0;
}
