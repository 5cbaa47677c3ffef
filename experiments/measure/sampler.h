/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the samplers share that do the profiler's job with other interfaces of the kernel, as
 * commands of cost: 20 times a second, they find out what each process of LIST has counted since
 * it began, and add the growth to sums. They print nothing, and go on until they are ended. If a
 * process ends, so do they, with an error.
 */
#ifndef SAMPLER_H
#define SAMPLER_H

#include "meter.h"

/* The processes of LIST, at least one. */
pid_t *read_list(size_t *n);

/* Adds to @sums by how much @found is more than @last, which is @found then. */
void add_growth(struct counts *sums, struct counts *last, const struct counts *found);

/* A sample is complete: @bytes were copied for each process. */
void tell_sample(struct shared *shared, const struct counts *sums, size_t bytes);

/* Sleeps until the first deadline behind @due that has not passed; what has, is given up. */
void await_next(uint64_t *due);

#endif
