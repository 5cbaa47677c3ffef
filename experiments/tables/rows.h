/* SPDX-License-Identifier: GPL-2.0 */
/*
 * rows - runs as the rows of tables
 *
 * A run is given by the prefix of its files, results/AXES/ROW/NAME: read are NAME.data,
 * NAME.processes.tsv, NAME.work and NAME.counters.tsv (see run.h), and meta.tsv beside them
 * (see axes.h).
 */
#ifndef ROWS_H
#define ROWS_H

#include "axes.h"
#include "run.h"
#include "summary.h"

struct row {
	const char *prefix;
	const char *name;	/* of facts */
	struct meta meta;
	struct axes axes;
	struct run run;
	struct summary sum;
};

/* Reads all files of the run, which must agree, or ends the program. */
struct row read_row(const char *prefix);
void free_row(struct row *row);

/*
 * The axes as the first columns of a table, each with a tab behind it, but for those in
 * @but, a mask of 1 << axis: their names for the header row, and their values.
 */
void print_axis_names(unsigned int but);
void print_axes(const struct axes *axes, unsigned int but);

/*
 * For each group of rows that have the same axes, but for those in @but: calls @print with
 * them. Groups and rows come in the order in which they were given.
 */
void each_group(const struct row *rows, size_t nr, unsigned int but,
		void (*print)(const struct row **group, size_t nr));

#endif
