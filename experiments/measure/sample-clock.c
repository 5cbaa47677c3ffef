// SPDX-License-Identifier: GPL-2.0
/*
 * sample-clock - a loop with clock_nanosleep(2), as a sampler in user space has, to be compared with
 *
 *	sample-clock SAMPLES PRIORITY
 *
 * It takes no samples but of the clock. What a sampler can do in user space to be on time is
 * done: its memory is locked, and was touched before, and with a PRIORITY from 1 on it is of SCHED_FIFO;
 * 0 is any other process's policy. Prints, at its end, when it was awake: a time a line, in ns.
 */
#include <err.h>
#include <inttypes.h>
#include <sched.h>
#include <stdlib.h>
#include <sys/mman.h>

#include "meter.h"

const char synopsis[] = "SAMPLES PRIORITY";

static void be_on_time(int priority)
{
	const struct sched_param parameters = { .sched_priority = priority };

	/* This touches all that there is: the program, its stack and its heap. */
	if (mlockall(MCL_CURRENT | MCL_FUTURE))
		err(1, "mlockall");
	if (priority && sched_setscheduler(0, SCHED_FIFO, &parameters))
		err(1, "sched_setscheduler");
}

int main(int argc, char **argv)
{
	unsigned long samples;
	uint64_t *times, due;

	check_arguments(argc, argv, 2, 2);
	samples = whole_number(argv[1]);
	times = calloc(samples + 1, sizeof(*times));
	if (!times)
		err(1, "memory");
	be_on_time(whole_number(argv[2]));
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
