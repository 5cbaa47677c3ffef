/* SPDX-License-Identifier: GPL-2.0 */
/*
 * course - the course of runs over their time
 */
#ifndef COURSE_H
#define COURSE_H

#include "rows.h"

/*
 * Prints a table: of each row of each run's NAME.system.tsv, the axes, when (s since the
 * profiling began), the resident sets (MiB), and since the row before: major faults, pages
 * swapped out and writes to the swap device a second, pages a write, how much of the time the
 * device was busy, all tasks waited for it, and some or all for memory, and kswapd ran (%).
 * nan is what the kernel does not tell, and the pages of no write.
 */
void print_course(const struct row *rows, size_t nr);

#endif
