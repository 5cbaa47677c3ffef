// SPDX-License-Identifier: GPL-2.0
/*
 * follow-ring - read the records from the mapped ring as they come, as a command of cost
 *
 *	follow-ring
 *
 * Adds them up, prints nothing, and goes on until it is ended.
 */
#include "meter.h"
#include "records.h"

const char synopsis[] = "";

int main(int argc, char **argv)
{
	struct sums sums = { 0 };
	struct shared *shared;
	struct ring ring;

	check_arguments(argc, argv, 0, 0);
	shared = share();
	open_records(&ring);
	for (;;) {
		await_sample(&ring);
		if (add_records(&ring, &sums))
			count_sample(shared);
	}
}
