/* SPDX-License-Identifier: GPL-2.0 */
/* The record ring, as the meters read it: straight from the map, to sums. */
#ifndef RING_H
#define RING_H

#include <poll.h>
#include <stdint.h>

#include "../../mp3/mp3.h"

struct ring {
	struct pollfd device;
	const struct mp3_records *header;
	const struct mp3_record *first, *end, *next;
	uint64_t sequence;	/* of next */
};

struct sums {
	uint64_t minor, major, cpu_ns;
};

/* Opens it, at its head. An error in here ends the program with 1. */
void open_ring(struct ring *ring);
/* Goes back to the first record ever, if that is still there. */
void rewind_ring(struct ring *ring);
void await_sample(struct ring *ring);
/* Adds the records that have come since. Returns how many. */
uint64_t read_ring(struct ring *ring, struct sums *sums);
/* When the last one that was read was taken, CLOCK_MONOTONIC ns. */
uint64_t time_of_last(const struct ring *ring);

#endif
