/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Records as the meters read them: in their place in the mapped ring, to sums. An error in
 * here ends the program with 1; so does a record that was overwritten before it was read.
 */
#ifndef RECORDS_H
#define RECORDS_H

#include <stdint.h>

#include "../../mp3/tools/ring.h"

/**
 * struct sums - records, added up
 * @time_ns:	of the last one, when it was taken
 */
struct sums {
	uint64_t minor, major, cpu_ns;
	uint64_t time_ns;
};

/* Opens the ring, and begins with the next sample to come. */
void open_records(struct ring *ring);
void await_sample(const struct ring *ring);
/* Adds the records that there are to be read. Returns how many. */
uint64_t add_records(struct ring *ring, struct sums *sums);

#endif
