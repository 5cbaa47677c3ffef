// SPDX-License-Identifier: GPL-2.0
/* Records as the meters read them, see records.h. */
#define _GNU_SOURCE
#include <err.h>
#include <fcntl.h>

#include "records.h"

void open_records(struct ring *ring)
{
	if (!ring_open(ring, open(MP3_RECORDS, O_RDONLY | O_CLOEXEC)))
		err(1, "%s", MP3_RECORDS);
	ring_skip(ring);
}

void await_sample(const struct ring *ring)
{
	if (ring_poll(ring, -1) < 0)
		err(1, "%s: poll", MP3_RECORDS);
}

uint64_t add_records(struct ring *ring, struct sums *sums)
{
	const struct mp3_record *record, *last = NULL;
	uint64_t n = ring_look(ring, &record);

	for (uint64_t left = n; left; left--) {
		sums->minor += record->minor;
		sums->major += record->major;
		sums->cpu_ns += record->cpu_ns;
		last = record;
		record = ring_after(ring, record);
	}
	if (!last)
		return 0;
	sums->time_ns = last->time_ns;
	if (!ring_take(ring, n) || ring->missed)
		errx(1, "overtaken by the profiler");
	return n;
}
