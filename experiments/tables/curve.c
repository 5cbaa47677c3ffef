// SPDX-License-Identifier: GPL-2.0
/*
 * curve - how long a program takes with how much memory; curve.h has the contract.
 */
#include <err.h>
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "curve.h"
#include "text.h"

enum ended { ITSELF, TIME, MEMORY_LACK };
static const char *const ended_names[] = { "itself", "time", "memory" };

struct point {
	const struct row *row;
	double memory_kb;	/* INFINITY without a limit */
	enum ended ended;
	double slowdown;
	double peak_kb;		/* largest sum of the resident sets */
};

static const double thresholds[] = { 1.05, 2, 40 };
#define NR_THRESHOLDS (sizeof(thresholds) / sizeof(thresholds[0]))

/* What the group may have, by the knobs as a path has them; INFINITY if they say nothing. */
static double limit_kb(const struct row *row)
{
	static const char name[] = "memory.max@";
	const char *knob = strstr(row->axes.values[KNOBS], name);
	char *end;
	double kb;

	if (!knob)
		return INFINITY;
	kb = strtod(knob + strlen(name), &end);
	if (!(kb > 0) || *end != 'K')
		errx(1, "%s: its limit is not a number of KiB", row->prefix);
	return kb;
}

static double memory_kb(const struct row *row)
{
	return 1024 * strtod(row->axes.values[MEMORY], NULL);
}

/* A run that was not bounded has ended by itself. */
static enum ended how_it_ended(const char *prefix)
{
	char *path = formatted("%.*sended", (int)(strrchr(prefix, '/') + 1 - prefix), prefix);
	FILE *file = fopen(path, "re");
	enum ended ended = ITSELF;

	if (!file && errno != ENOENT)
		err(1, "%s", path);
	if (file) {
		struct text text;

		fclose(file);
		text = open_text(path);
		if (!next_line(&text))
			errx(1, "%s: it is empty", path);
		while (strncmp(text.line, ended_names[ended], strlen(ended_names[ended])) ||
		       strcmp(text.line + strlen(ended_names[ended]), "\n"))
			if (++ended > MEMORY_LACK)
				malformed(&text, "itself, time or memory");
		while (next_line(&text))
			malformed(&text, "its end");
	}
	free(path);
	return ended;
}

/*
 * The largest sum of resident sets, in the rows of the machine's course, which may be fewer than its samples;
 * and of one process alone, which is known of each sample.
 */
static double peak_kb(const struct row *row)
{
	char *path = formatted("%s.system.tsv", row->prefix);
	struct text text = open_text(path);
	double peak = 0;

	while (next_line(&text)) {
		const char *last;

		last = strrchr(text.line, '\t');
		if (text.number == 1 ? !last || strcmp(last, "\trss_kb\n") : !last)
			malformed(&text, "a row whose last column is rss_kb");
		if (text.number > 1)
			peak = fmax(peak, strtod(last + 1, NULL));
	}
	for (size_t i = 0; i < row->run.nr_processes; i++)
		peak = fmax(peak, row->run.processes[i].peak_rss_kb);
	free(path);
	return peak;
}

static int compare_memory(const void *one, const void *other)
{
	const struct point *p = one, *q = other;

	return (p->memory_kb < q->memory_kb) - (p->memory_kb > q->memory_kb);
}

static struct point *read_points(const struct row *rows, size_t nr)
{
	struct point *points = calloc(nr, sizeof(*points));
	bool limited = false;

	if (!points)
		err(1, NULL);
	for (size_t i = 0; i < nr; i++)
		limited |= limit_kb(&rows[i]) < INFINITY;
	for (size_t i = 0; i < nr; i++)
		points[i] = (struct point){ .row = &rows[i], .ended = how_it_ended(rows[i].prefix),
					    .memory_kb = limited ? limit_kb(&rows[i]) : memory_kb(&rows[i]),
					    .peak_kb = peak_kb(&rows[i]) };
	qsort(points, nr, sizeof(*points), compare_memory);
	for (size_t i = 0; i < nr; i++) {
		points[i].slowdown = points[i].row->sum.seconds / points[0].row->sum.seconds;
		if (i && points[i].memory_kb == points[i - 1].memory_kb)
			errx(1, "%s and %s: two runs with as much memory", points[i - 1].row->prefix,
			     points[i].row->prefix);
	}
	if (points[0].ended != ITSELF)
		errx(1, "%s: the run with most memory has not ended by itself", points[0].row->prefix);
	return points;
}

static double cpu_s(const struct row *row)
{
	double sum = 0;

	for (size_t i = 0; i < row->run.nr_processes; i++)
		sum += row->run.processes[i].cpu_s;
	return sum;
}

static void print_kb(double kb)
{
	if (isinf(kb))
		printf("max");
	else
		printf("%.0f", kb);
}

void print_curve(const struct row *rows, size_t nr)
{
	struct point *points = read_points(rows, nr);

	puts("memory_kb\tended\tseconds\tslowdown\tcpu_s\tpeak_kb\tmajor\tmajor_anon\tmajor_file"
	     "\trefaults_anon\trefaults_file\tpswpout\tmemory_some\tmemory_full\tio_full\trun");
	for (size_t i = 0; i < nr; i++) {
		const struct point *p = &points[i];
		const struct summary *sum = &p->row->sum;

		print_kb(p->memory_kb);
		printf("\t%s\t%.6f\t%.4f\t%.6f\t%.0f\t%.0f\t%.0f\t%.0f\t%.0f\t%.0f\t%.0f\t%.2f\t%.2f\t%.2f\t%s\n",
		       ended_names[p->ended], sum->seconds, p->slowdown, cpu_s(p->row), p->peak_kb,
		       sum->major, sum->major_anon, sum->major_file, sum->refaults_anon, sum->refaults_file,
		       sum->pswpout, sum->memory_some, sum->memory_full, sum->io_full, p->row->prefix);
	}
	free(points);
}

/* Whether it was slower than that: what has not ended by itself would have been. */
static bool slower(const struct point *point, double threshold)
{
	return point->ended != ITSELF || point->slowdown > threshold;
}

/* On what, and who most of all, with how many of a hundred. */
static void print_faults(const struct row *row)
{
	const struct process *most = row->run.processes;

	for (size_t i = 1; i < row->run.nr_processes; i++)
		if (row->run.processes[i].major > most->major)
			most = &row->run.processes[i];
	printf("\t%.0f\t%.0f\t%.0f\t%.0f\t%s\t%.2f", row->sum.major_anon, row->sum.major_file,
	       row->sum.refaults_anon, row->sum.refaults_file, most->command,
	       percent(most->major, row->sum.major));
}

void print_limits(const struct row *rows, size_t nr)
{
	struct point *points = read_points(rows, nr), *cliff = NULL, *twice = NULL;
	double steepest = 0, before = 1;
	bool rises = true;

	print_axis_names(0);
	puts("seconds\tcpu_s\tpeak_kb\tenough_5_percent\tlittle_5_percent\tenough_2_times\tlittle_2_times"
	     "\tenough_40_times\tlittle_40_times\tmajor_anon\tmajor_file\trefaults_anon\trefaults_file"
	     "\tprocess\tprocess_share\tcliff_above_kb\tcliff_below_kb\tcliff_from\tcliff_to\tlast_kb\tlast_ended\tmonotone\truns");
	print_axes(&points[0].row->axes, 0);
	printf("%.6f\t%.6f\t%.0f", points[0].row->sum.seconds, cpu_s(points[0].row), points[0].peak_kb);
	for (size_t t = 0; t < NR_THRESHOLDS; t++) {
		size_t i = 1;

		while (i < nr && !slower(&points[i], thresholds[t]))
			i++;
		putchar('\t');
		print_kb(points[i - 1].memory_kb);
		printf("\t%.0f", i < nr ? points[i].memory_kb : NAN);
		if (thresholds[t] == 2 && i < nr)
			twice = &points[i];
	}
	if (twice)
		print_faults(twice->row);
	else
		printf("\tnan\tnan\tnan\tnan\t-\tnan");
	for (size_t i = 2; i < nr; i++) {
		struct point *p = &points[i];
		double slope = log(p->slowdown / p[-1].slowdown) / log(p[-1].memory_kb / p->memory_kb);

		/* how long one took that was killed says nothing; one that was ended took at least so long */
		if (p->ended != MEMORY_LACK && p[-1].ended == ITSELF && slope > steepest) {
			steepest = slope;
			cliff = p;
		}
	}
	for (size_t i = 1; i < nr && points[i].ended == ITSELF; i++) {
		/* a percent is no descent */
		rises &= points[i].slowdown > 0.99 * before;
		before = fmax(before, points[i].slowdown);
	}
	if (cliff)
		printf("\t%.0f\t%.0f\t%.4f\t%.4f", cliff[-1].memory_kb, cliff->memory_kb,
		       cliff[-1].slowdown, cliff->slowdown);
	else
		printf("\tnan\tnan\tnan\tnan");
	putchar('\t');
	print_kb(points[nr - 1].memory_kb);
	printf("\t%s\t%s\t%zu\n", ended_names[points[nr - 1].ended], rises ? "yes" : "no", nr);
	free(points);
}
