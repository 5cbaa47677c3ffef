// SPDX-License-Identifier: GPL-2.0
/*
 * rate - how even times are that should be a sample period apart
 *
 *	rate < TIMES
 *
 * A time a line, in ns.
 *
 * Prints: samples, seconds, samples a second, and by how much a period is longer or
 * shorter than it should be: the 99th percentile and the largest, in ns.
 */
#define _GNU_SOURCE
#include <err.h>
#include <inttypes.h>
#include <stdlib.h>

#include "meter.h"

const char synopsis[] = "< TIMES";

static uint64_t *read_times(size_t *n)
{
	uint64_t *times = NULL, time;
	size_t room = 0;
	int found;

	*n = 0;
	while ((found = scanf("%" SCNu64, &time)) == 1) {
		if (*n == room) {
			room = room ? 2 * room : 1024;
			times = reallocarray(times, room, sizeof(*times));
			if (!times)
				err(1, "memory for %zu times", room);
		}
		times[(*n)++] = time;
	}
	if (found != EOF)
		errx(1, "line %zu is no number", *n + 1);
	return times;
}

int main(int argc, char **argv)
{
	uint64_t *times, *off;
	double seconds;
	size_t n;

	check_arguments(argc, argv, 0, 0);
	times = read_times(&n);
	if (n < 2)
		errx(1, "two times are needed for a period");
	off = calloc(n - 1, sizeof(*off));
	if (!off)
		err(1, "memory");
	for (size_t i = 1; i < n; i++) {
		if (times[i] <= times[i - 1])
			errx(1, "line %zu is no later than the one before", i + 1);
		off[i - 1] = llabs((long long)(times[i] - times[i - 1] - PERIOD));
	}
	seconds = (double)(times[n - 1] - times[0]) / SECOND;
	sort(off, n - 1);
	printf("%zu\t%.3f\t%.4f\t%" PRIu64 "\t%" PRIu64 "\n", n, seconds, (n - 1) / seconds,
	       percentile(off, n - 1, 99), off[n - 2]);
	free(off);
	free(times);
	if (fclose(stdout))
		err(1, "standard output");
	return 0;
}
