// SPDX-License-Identifier: GPL-2.0
/*
 * delay - how long it takes from a page fault until it is seen in the mapped ring
 *
 *	delay EVENTS
 *
 * Registers itself, faults that often, and looks for each fault. Prints two rows, each the
 * least, the median and the largest delay in ns: from the fault, and from the sample that
 * has it.
 */
#include <err.h>
#include <inttypes.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "meter.h"
#include "records.h"

const char synopsis[] = "EVENTS";

static void print_delays(uint64_t *delays, size_t n)
{
	sort(delays, n);
	printf("%" PRIu64 "\t%" PRIu64 "\t%" PRIu64 "\n", delays[0], percentile(delays, n, 50),
	       delays[n - 1]);
}

/* Takes a fault, and sets how long it took to be seen. */
static void take(struct ring *ring, volatile char *page, uint64_t *from_fault, uint64_t *from_sample)
{
	struct sums sums = { 0 };
	uint64_t begin, seen;

	/* The faults before are not this one. */
	add_records(ring, &sums);
	sums.minor = 0;
	begin = now();
	*page = 1;
	while (!sums.minor) {
		await_sample(ring);
		add_records(ring, &sums);
	}
	seen = now();
	*from_fault = seen - begin;
	*from_sample = seen - sums.time_ns;
}

int main(int argc, char **argv)
{
	size_t page = sysconf(_SC_PAGESIZE);
	uint64_t *from_fault, *from_sample;
	unsigned long events;
	struct ring ring;
	char *memory;
	int status;

	check_arguments(argc, argv, 1, 1);
	events = whole_number(argv[1]);
	if (!events)
		usage();
	memory = mmap(NULL, events * page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	from_fault = calloc(events, sizeof(*from_fault));
	from_sample = calloc(events, sizeof(*from_sample));
	if (memory == MAP_FAILED || !from_fault || !from_sample)
		err(1, "memory for %lu events", events);
	/* Else one fault would do for many pages. */
	madvise(memory, events * page, MADV_NOHUGEPAGE);
	status = open_status();
	open_records(&ring);
	tell_profiler(status, 'R', getpid());
	for (unsigned long i = 0; i < events; i++) {
		/*
		 * At times that have nothing to do with the samples': multiples of the
		 * golden ratio's part of a period.
		 */
		uint64_t phase = (uint64_t)((i + 1) * 0.6180339887498949 * PERIOD) % PERIOD;

		sleep_until(now() + 2 * PERIOD + phase);
		take(&ring, memory + i * page, &from_fault[i], &from_sample[i]);
	}
	tell_profiler(status, 'U', getpid());
	close(status);
	print_delays(from_fault, events);
	print_delays(from_sample, events);
	free(from_fault);
	free(from_sample);
	if (fclose(stdout))
		err(1, "standard output");
	return 0;
}
