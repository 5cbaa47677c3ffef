/* SPDX-License-Identifier: GPL-2.0 */
/*
 * twosample - by what factor one set of measurements differs from another
 *
 * No distribution is assumed, but that b is distributed as a times a factor, which is the same
 * for all of it: log b as log a and a shift. a and b are not paired. Values are not negative,
 * nor nan.
 */
#ifndef TWOSAMPLE_H
#define TWOSAMPLE_H

#include <stdbool.h>
#include <stddef.h>

#define TWOSAMPLE_MAX	200	/* values of each: numbers of orderings stay far below 1e308 */

/* Which of all ratios in order are the ends of the interval: the k-th, and the k-th last. */
struct rank {
	size_t k;		/* from 1 */
	double coverage;	/* %, how often they have the true factor between them */
	bool enough;		/* it is 95% at least */
};

/* 0 to inf */
struct ratio {
	double estimate, low, high;
};

/* Of @n and @m values, 1 to TWOSAMPLE_MAX: the narrowest interval of 95%, or the widest. */
struct rank interval_rank(size_t n, size_t m);

/* By what factor @b is larger than @a; @k is that of interval_rank(n, m). */
struct ratio ratio_of(const double *a, size_t n, const double *b, size_t m, size_t k);

/* The fewest values, as many of each, whose interval can have 95%. */
size_t fewest_values(void);

/*
 * About how many values of each it would take until the interval of @ratio, which @n and @m
 * values gave, leaves the band between @low and @high; nan if no number of them would.
 */
double values_needed(const struct ratio *ratio, size_t n, size_t m, double low, double high);

#endif
