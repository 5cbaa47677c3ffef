// SPDX-License-Identifier: GPL-2.0
/*
 * sample-clock - a loop with clock_nanosleep(2), as a sampler in user space has, to be compared with
 *
 *	sample-clock SAMPLES
 *
 * It takes no samples but of the clock. Prints, at its end, when it was awake: a time a
 * line, in ns.
 */
#include <err.h>
#include <inttypes.h>
#include <stdlib.h>

#include "meter.h"

const char synopsis[] = "SAMPLES";

int main(int argc, char **argv)
{
	unsigned long samples;
	uint64_t *times, due;

	check_arguments(argc, argv, 1, 1);
	samples = whole_number(argv[1]);
	times = calloc(samples + 1, sizeof(*times));
	if (!times)
		err(1, "memory");
	due = now();
	for (unsigned long i = 0; i < samples; i++) {
		due += PERIOD;
		sleep_until(due);
		times[i] = now();
	}
	for (unsigned long i = 0; i < samples; i++)
		printf("%" PRIu64 "\n", times[i]);
	free(times);
	if (fclose(stdout))
		err(1, "standard output");
	return 0;
}
