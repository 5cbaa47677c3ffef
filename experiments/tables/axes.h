/* SPDX-License-Identifier: GPL-2.0 */
/*
 * axes - where a run belongs: the axes of its row, and where it comes from
 *
 * The files of a run lie in results/AXES/ROW/, named NAME.data and so on; the prefix
 * results/AXES/ROW/NAME stands for all of them. AXES is MACHINE-KERNEL-MEMORY-SWAP-SEED
 * with a +KNOB for each knob, ROW is CASE or CASE-ARGUMENT. meta.tsv beside them has a row
 * KEY<TAB>VALUE for each thing that went into the run.
 */
#ifndef AXES_H
#define AXES_H

#include <stdbool.h>
#include <stddef.h>

enum axis { MACHINE, KERNEL, MEMORY, SWAP, SEED, KNOBS, CASE, ARGUMENT, NR_AXES };

/* As the header row of a table has them. */
extern const char *const axis_names[NR_AXES];

/* Written as in the path; "-" for no knobs and no argument. */
struct axes {
	char *values[NR_AXES];
	const char *name;		/* of the run in its row */
};

struct meta {
	char *path;
	struct entry {
		char *key, *value;
	} *entries;
	size_t nr;
};

/* Of the run with this prefix. */
struct meta read_meta(const char *prefix);

/* The same of another @file of such rows, as settings.tsv. */
struct meta read_beside(const char *prefix, const char *file);

/* A value of it; ends the program if it is not there. */
const char *meta_value(const struct meta *meta, const char *key);

/*
 * The axes of the run with this prefix. A case's name may have a "-", too, so its argument
 * is told by the command in @meta, whose last word it is.
 */
struct axes axes_of(const char *prefix, const struct meta *meta);

/* Whether two rows have the same axes, but for those in @but, a mask of 1 << axis. */
bool same_axes(const struct axes *one, const struct axes *other, unsigned int but);

void free_meta(struct meta *meta);
void free_axes(struct axes *axes);

#endif
