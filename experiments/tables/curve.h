/* SPDX-License-Identifier: GPL-2.0 */
/*
 * curve - how long a program takes with how much memory
 *
 * The runs are of one program. Either each but one has a limit of its control group in its knobs,
 * memory.max=<number>K, and that one has none; or the machines differ in their memory. The run with most
 * memory, or without a limit, is what the others are compared with: their slowdown is how many times
 * longer they took. A run that was bounded in its time, and did not end by itself, has a file
 * "ended" (see ../machine/bounded): it took longer, or the kernel has killed a process of it.
 */
#ifndef CURVE_H
#define CURVE_H

#include "rows.h"

/* A row a run, from the most memory to the least. */
void print_curve(const struct row *rows, size_t nr);

/*
 * One row: the axes of the first run, and what the program needs, in KiB, of what was measured. Thresholds of
 * slowdown are 1.05, 2 and 40; for each, the least memory with which, and with all that is more, no run was slower,
 * and the most with which one was. Faults and refaults are those of that run, for the threshold 2, and the
 * process that had most of the major faults, and their share (%). The cliff is where time grows fastest, on
 * logarithmic axes, from one that has ended by itself to its neighbour; that one's time may be a lower bound, when it
 * was ended. What is not there is nan.
 */
void print_limits(const struct row *rows, size_t nr);

#endif
