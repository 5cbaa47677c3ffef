/* SPDX-License-Identifier: GPL-2.0 */
/*
 * system - what the kernel says of the whole machine over the time of a run
 */
#ifndef SYSTEM_H
#define SYSTEM_H

#include "run.h"

/*
 * Of a run whose records are read, prints a table of what sample-system has left at @path, thinned to a hundred rows at equal
 * distances in time: seconds since @beginning (s of the machine's clock), when the profiling
 * began, and by how much each column has grown since sample-system itself began, a little
 * later; of a column nr_..., which is a level, how much there is. nan is what the kernel does
 * not have. A last column, rss_kb, has the resident sets of all the processes that were alive.
 * A file that is not so ends the program.
 */
void print_system(const struct run *run, const char *path, double beginning);

#endif
