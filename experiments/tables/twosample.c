// SPDX-License-Identifier: GPL-2.0
/*
 * twosample - the estimate of Hodges and Lehmann with its interval; twosample.h has the
 * contracts.
 *
 * The estimate of a shift between two samples is the median of all differences (J. L. Hodges
 * and E. L. Lehmann, Estimates of location based on rank tests, Annals of Mathematical
 * Statistics 34, 1963); here they are those of logarithms, so it is of all ratios b/a. Its
 * interval has each factor in it by which a could be multiplied, and the two-sided test of
 * Mann and Whitney would not reject that both have one distribution (the interval of L. E.
 * Moses; M. Hollander, D. A. Wolfe and E. Chicken, Nonparametric Statistical Methods, 2014,
 * chapter 4). For the statistic U of that test is the number of ratios that are below the
 * factor: the ends are the k-th ratio and the k-th last, and miss the true factor with the
 * probability 2 P(U < k).
 *
 * That is exact where no two ratios are the same, as of a continuous distribution. With ties,
 * the interval, whose ends belong to it, covers the factor no less often than that, but may do
 * so more often: it is conservative.
 */
#include <err.h>
#include <gsl/gsl_math.h>
#include <gsl/gsl_sort.h>
#include <math.h>
#include <stdlib.h>

#include "twosample.h"

/*
 * How many of the orderings of n values a and m values b, which are all as likely, have each
 * U = 0 to @top: the number of pairs with a > b. Either the last of all is a b, which has no
 * part in U, or it is an a, and above all b (H. B. Mann and D. R. Whitney, Annals of
 * Mathematical Statistics 18, 1947):
 *
 *	count(U; n, m) = count(U; n, m - 1) + count(U - m; n - 1, m)
 *
 * Doubles are exact to 2^53, that is to n = m = 28; beyond, these sums of what is positive
 * have at least 13 digits.
 */
static double *count_orderings(size_t n, size_t m, size_t top)
{
	double *all = calloc((n + 1) * (top + 1), sizeof(*all));
	double *last = all ? all + n * (top + 1) : NULL;

	if (!all)
		err(1, NULL);
	for (size_t i = 0; i <= n; i++)
		all[i * (top + 1)] = 1;		/* no b yet */
	for (size_t j = 1; j <= m; j++)
		for (size_t i = 1; i <= n; i++) {
			const double *less = all + (i - 1) * (top + 1);
			double *count = all + i * (top + 1);

			for (size_t u = j; u <= top; u++)
				count[u] += less[u - j];
		}
	for (size_t u = 0; u <= top; u++)
		all[u] = last[u];
	return all;
}

/* Of all orderings, 1/40 may be below the interval, and as many above: no fraction is rounded. */
static bool is_enough(double below, double all)
{
	return 40 * below <= all;
}

struct rank interval_rank(size_t n, size_t m)
{
	size_t top = n * m / 2;		/* half of them are below */
	double *count = count_orderings(n, m, top), below = count[0], all = 1;
	struct rank rank = { .k = 1 };

	for (size_t i = 1; i <= n; i++)
		all = all * (m + i) / i;
	while (rank.k <= top && is_enough(below + count[rank.k], all))
		below += count[rank.k++];
	rank.coverage = 100 * (1 - 2 * below / all);
	rank.enough = is_enough(below, all);
	free(count);
	return rank;
}

/* What is 0 in both did not change. */
static double ratio_to(double b, double a)
{
	if (a == 0)
		return b == 0 ? 1 : GSL_POSINF;
	return b / a;
}

/*
 * The middle between two neighbours, on logarithms. These are never 0 and inf, for if there are
 * both, then a has a 0 and b has one, and 0/0 is between them.
 */
static double middle(double low, double high)
{
	return low == high ? low : sqrt(low) * sqrt(high);
}

struct ratio ratio_of(const double *a, size_t n, const double *b, size_t m, size_t k)
{
	size_t nr = n * m;
	double *all = calloc(nr, sizeof(*all));
	struct ratio ratio;

	if (!all)
		err(1, NULL);
	for (size_t i = 0; i < n; i++)
		for (size_t j = 0; j < m; j++)
			all[i * m + j] = ratio_to(b[j], a[i]);
	gsl_sort(all, 1, nr);
	ratio.estimate = middle(all[(nr - 1) / 2], all[nr / 2]);
	ratio.low = all[k - 1];
	ratio.high = all[nr - k];
	free(all);
	return ratio;
}

size_t fewest_values(void)
{
	size_t n = 1;

	while (!interval_rank(n, n).enough)
		n++;
	return n;
}

/*
 * The width of an interval shrinks with the square root of the number of values. Of n and m of
 * them, there is as much to know as of their harmonic mean of each; it was not enough. On
 * logarithms, half of the width is to be the way from the estimate to the band.
 */
double values_needed(const struct ratio *ratio, size_t n, size_t m, double low, double high)
{
	double now = 2.0 * n * m / (n + m), half = log(ratio->high / ratio->low) / 2, way, needed;

	if (ratio->estimate > high)
		way = log(ratio->estimate / high);
	else if (ratio->estimate < low)
		way = log(low / ratio->estimate);
	else
		return GSL_NAN;
	needed = ceil(now * gsl_pow_2(half / way));
	/* of ratios that are 0 or inf, logarithms tell nothing */
	if (!gsl_finite(needed))
		return GSL_NAN;
	return fmax(needed, fmax(floor(now) + 1, fewest_values()));
}
