// SPDX-License-Identifier: GPL-2.0
/*
 * summary - a run in one row; summary.h has the contracts.
 */
#include <err.h>
#include <gsl/gsl_math.h>
#include <gsl/gsl_sort.h>
#include <gsl/gsl_statistics.h>
#include <stdlib.h>

#include "summary.h"
#include "text.h"

#define COLUMN(member, decimals) \
	{ #member, offsetof(struct summary, member), decimals }
const struct column columns[] = {
	COLUMN(n, 0),			/* processes */
	COLUMN(samples, 0),
	COLUMN(seconds, 3),		/* profiled time */
	COLUMN(rate_hz, 3),		/* samples a second */
	COLUMN(utilization, 2),		/* %, mean over the profiled time */
	COLUMN(completion_min, 3),	/* s, of a process */
	COLUMN(completion_median, 3),
	COLUMN(completion_max, 3),
	COLUMN(touches, 0),		/* stores, by all works; nan without */
	COLUMN(distinct, 0),		/* pages, summed over the works */
	COLUMN(minor, 0),		/* faults that were profiled ... */
	COLUMN(major, 0),
	COLUMN(work_minor, 0),		/* ... and those the works counted */
	COLUMN(work_major, 0),
	COLUMN(majors_per_second, 3),	/* over the profiled time */
	COLUMN(touches_per_second, 3),
	COLUMN(major_share_min, 2),	/* %, of a process; nan without a fault */
	COLUMN(major_share_max, 2),
	COLUMN(major_cv, 4),		/* standard deviation over mean */
	COLUMN(pgmajfault, 0),		/* of the whole machine, in /proc/vmstat */
	COLUMN(other_majors, 0),	/* of processes that were not profiled */
	COLUMN(pswpin, 0),		/* pages */
	COLUMN(pswpout, 0),
	COLUMN(swap_requests, 0),	/* of the swap device; nan if there is none */
	COLUMN(swap_busy, 2),		/* % of the time */
	COLUMN(lifetime_ms, 4),		/* CPU time per major fault */
	COLUMN(service_ms, 4),		/* busy time of the device per major fault */
};
const size_t nr_columns = sizeof(columns) / sizeof(columns[0]);

/* part for each of whole, and nan of nothing. */
static double per(double part, double whole)
{
	return whole > 0 && !gsl_isnan(part) ? part / whole : GSL_NAN;
}

double percent(double part, double whole)
{
	return per(100 * part, whole);
}

/* How evenly the processes suffer. They are all there are: none is a sample. */
static void summarize_shares(struct summary *sum, const struct run *run)
{
	const size_t stride = sizeof(struct process) / sizeof(double);
	const double *major = &run->processes->major;
	double mean = gsl_stats_mean(major, stride, run->nr_processes);
	double least, most;

	_Static_assert(sizeof(struct process) % sizeof(double) == 0, "a whole stride");
	gsl_stats_minmax(&least, &most, major, stride, run->nr_processes);
	sum->major_share_min = percent(least, sum->major);
	sum->major_share_max = percent(most, sum->major);
	sum->major_cv = mean > 0 ? gsl_stats_sd_with_fixed_mean(major, stride,
				run->nr_processes, mean) / mean : GSL_NAN;
}

/* By the report of a work; of others, for as long as they were profiled. */
static void summarize_completion(struct summary *sum, const struct run *run)
{
	size_t nr = run->nr_processes;
	double *completion = calloc(nr, sizeof(*completion));

	if (!completion)
		err(1, NULL);
	for (size_t i = 0; i < nr; i++) {
		const struct process *process = &run->processes[i];

		completion[i] = process->report ? run->reports[process->report - 1].elapsed_s :
				process->elapsed_s;
	}
	gsl_sort(completion, 1, nr);
	sum->completion_min = completion[0];
	sum->completion_median = gsl_stats_median_from_sorted_data(completion, 1, nr);
	sum->completion_max = completion[nr - 1];
	free(completion);
}

static void summarize_reports(struct summary *sum, const struct run *run)
{
	if (run->nr_reports == 0) {
		sum->touches = sum->distinct = sum->touches_per_second = GSL_NAN;
		sum->work_minor = sum->work_major = GSL_NAN;
		return;
	}
	for (size_t i = 0; i < run->nr_reports; i++) {
		const struct report *report = &run->reports[i];

		sum->touches += report->touches;
		sum->distinct += report->distinct;
		sum->work_minor += report->minor;
		sum->work_major += report->major;
	}
	sum->touches_per_second = sum->touches / sum->seconds;
}

struct summary summarize(const struct run *run)
{
	const size_t stride = sizeof(struct sample) / sizeof(double);
	const struct sample *first = run->samples;
	const struct sample *last = &first[run->nr_samples - 1];
	const struct counters *counters = &run->counters;
	struct summary sum = {
		.n = run->nr_processes,
		.samples = run->nr_samples,
		.seconds = last->seconds,
		.rate_hz = run->nr_samples / last->seconds,
		.utilization = gsl_stats_wmean(&first->period, stride,
					       &first->utilization, stride,
					       run->nr_samples),
		.minor = last->minor_total,
		.major = last->major_total,
		.majors_per_second = last->major_total / last->seconds,
		.pgmajfault = counters->pgmajfault,
		.other_majors = counters->majors - last->major_total,
		.pswpin = counters->pswpin,
		.pswpout = counters->pswpout,
		.swap_requests = counters->swap_reads + counters->swap_writes,
		.swap_busy = percent(counters->swap_busy_ms / 1000, counters->time_s),
		.service_ms = per(counters->swap_busy_ms, last->major_total),
	};
	double cpu_s = 0;

	for (size_t i = 0; i < run->nr_processes; i++)
		cpu_s += run->processes[i].cpu_s;
	sum.lifetime_ms = per(1000 * cpu_s, sum.major);
	summarize_completion(&sum, run);
	summarize_reports(&sum, run);
	summarize_shares(&sum, run);
	return sum;
}

double column_value(const struct summary *sum, const struct column *column)
{
	return *(const double *)((const char *)sum + column->offset);
}
