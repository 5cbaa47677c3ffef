// SPDX-License-Identifier: GPL-2.0
/* What the samplers share, see sampler.h. */
#include <err.h>
#include <stdlib.h>

#include "sampler.h"

pid_t *read_list(size_t *n)
{
	FILE *list = open_list();
	pid_t *pids = NULL, pid;

	for (*n = 0; fscanf(list, "%d", &pid) == 1; ++*n) {
		pids = realloc(pids, (*n + 1) * sizeof(*pids));
		if (!pids)
			err(1, "memory");
		pids[*n] = pid;
	}
	close_list(list);
	if (!pids)
		errx(1, "no process is listed in %s", LIST);
	return pids;
}

void add_growth(struct counts *sums, struct counts *last, const struct counts *found)
{
	sums->minor += found->minor - last->minor;
	sums->major += found->major - last->major;
	sums->cpu_ns += found->cpu_ns - last->cpu_ns;
	*last = *found;
}

void tell_sample(struct shared *shared, const struct counts *sums, size_t bytes)
{
	shared->sums = *sums;
	shared->bytes = bytes;
	count_sample(shared);
}

void await_next(uint64_t *due)
{
	do
		*due += PERIOD;
	while (*due <= now());
	sleep_until(*due);
}
