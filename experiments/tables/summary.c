// SPDX-License-Identifier: GPL-2.0
/*
 * summary - a run in one row; summary.h has the contracts.
 */
#include <err.h>
#include <gsl/gsl_math.h>
#include <gsl/gsl_sort.h>
#include <gsl/gsl_statistics.h>
#include <math.h>
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
	COLUMN(done_per_minute, 3),	/* processes, of the profiled time */
	COLUMN(touches, 0),		/* stores, by all works; nan without */
	COLUMN(distinct, 0),		/* pages, summed over the works */
	COLUMN(minor, 0),		/* faults that were profiled ... */
	COLUMN(major, 0),
	COLUMN(work_minor, 0),		/* ... and those the works counted */
	COLUMN(work_major, 0),
	COLUMN(majors_per_second, 3),	/* over the profiled time */
	COLUMN(touches_per_second, 3),
	COLUMN(touches_per_awake_second, 3),	/* of the works' time without their sleep */
	COLUMN(touches_per_major, 3),
	COLUMN(major_share_min, 2),	/* %, of a process; nan without a fault */
	COLUMN(major_share_max, 2),
	COLUMN(major_cv, 4),		/* standard deviation over mean */
	COLUMN(pgmajfault, 0),		/* of the whole machine, in /proc/vmstat */
	COLUMN(other_majors, 0),	/* of processes that were not profiled */
	COLUMN(major_anon, 0),		/* of pgmajfault, those on anonymous memory ... */
	COLUMN(major_file, 0),		/* ... and on files */
	COLUMN(pswpin, 0),		/* pages */
	COLUMN(pswpout, 0),
	COLUMN(swap_reads, 0),		/* requests to the swap device; nan if there is none */
	COLUMN(swap_writes, 0),
	COLUMN(pages_per_read, 3),
	COLUMN(pages_per_write, 3),
	COLUMN(swap_busy, 2),		/* % of the time, of the swap device or the disk that it is on */
	COLUMN(request_ms, 4),		/* busy time of the device per request */
	COLUMN(lifetime_ms, 4),		/* CPU time of the processes per major fault */
	COLUMN(service_ms, 4),		/* busy time of the device per major fault ... */
	COLUMN(service_read_ms, 4),	/* ... by its share of reads among the requests */
	COLUMN(service_write_ms, 4),
	COLUMN(kswapd, 2),		/* % of one CPU */
	COLUMN(memory_some, 2),		/* pressure, % of the time */
	COLUMN(memory_full, 2),
	COLUMN(io_some, 2),
	COLUMN(io_full, 2),
	COLUMN(refaults_anon, 0),	/* pages */
	COLUMN(refaults_file, 0),
	COLUMN(scan_kswapd, 0),
	COLUMN(scan_direct, 0),
	COLUMN(steal_kswapd, 0),
	COLUMN(steal_direct, 0),
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
	double awake_s = 0;

	if (run->nr_reports == 0) {
		sum->touches = sum->distinct = sum->touches_per_second = GSL_NAN;
		sum->touches_per_awake_second = sum->touches_per_major = GSL_NAN;
		sum->work_minor = sum->work_major = GSL_NAN;
		return;
	}
	for (size_t i = 0; i < run->nr_reports; i++) {
		const struct report *report = &run->reports[i];

		sum->touches += report->touches;
		awake_s += report->awake_s;
		sum->distinct += report->distinct;
		sum->work_minor += report->minor;
		sum->work_major += report->major;
	}
	sum->touches_per_second = sum->touches / sum->seconds;
	sum->touches_per_awake_second = per(sum->touches, awake_s);
	sum->touches_per_major = per(sum->touches, sum->major);
}

/* What the kernel has counted. Sectors have 512 bytes, pages 4 KiB. */
static void summarize_counters(struct summary *sum, const struct counters *counters)
{
	double seconds = growth(counters, "time_s"), requests, busy_ms, ahead;

	sum->pgmajfault = growth(counters, "pgmajfault");
	sum->other_majors = growth(counters, "majors") - sum->major;
	sum->pswpin = growth(counters, "pswpin");
	sum->pswpout = growth(counters, "pswpout");
	/*
	 * A major fault on anonymous memory reads one page that was asked for, and others ahead of it; the kernel
	 * counts these apart. All other major faults are on files. (To end a swap device swaps in, too, without
	 * a fault.)
	 */
	ahead = growth(counters, "swap_ra");
	sum->major_anon = fmin(sum->pgmajfault, fmax(0, sum->pswpin - (ahead > 0 ? ahead : 0)));
	sum->major_file = sum->pgmajfault - sum->major_anon;
	sum->swap_reads = growth(counters, "swap_reads");
	sum->swap_writes = growth(counters, "swap_writes");
	sum->pages_per_read = per(growth(counters, "swap_read_sectors") / 8, sum->swap_reads);
	sum->pages_per_write = per(growth(counters, "swap_write_sectors") / 8, sum->swap_writes);
	busy_ms = growth(counters, "disk_busy_ms");	/* of which swap has a part, if the case says so */
	if (gsl_isnan(busy_ms))
		busy_ms = growth(counters, "swap_busy_ms");
	requests = sum->swap_reads + sum->swap_writes;
	sum->swap_busy = percent(busy_ms / 1000, seconds);
	/* of a disk that has files, too, requests are not known */
	sum->request_ms = gsl_isnan(growth(counters, "disk_busy_ms")) ? per(busy_ms, requests) : GSL_NAN;
	sum->service_ms = per(busy_ms, sum->major);
	sum->service_read_ms = per(sum->swap_reads, requests) * sum->service_ms;
	sum->service_write_ms = per(sum->swap_writes, requests) * sum->service_ms;
	sum->kswapd = percent(growth(counters, "kswapd_s"), seconds);
	sum->memory_some = percent(growth(counters, "psi_memory_some_us") / 1e6, seconds);
	sum->memory_full = percent(growth(counters, "psi_memory_full_us") / 1e6, seconds);
	sum->io_some = percent(growth(counters, "psi_io_some_us") / 1e6, seconds);
	sum->io_full = percent(growth(counters, "psi_io_full_us") / 1e6, seconds);
	sum->refaults_anon = growth(counters, "workingset_refault_anon");
	sum->refaults_file = growth(counters, "workingset_refault_file");
	sum->scan_kswapd = growth(counters, "pgscan_kswapd");
	sum->scan_direct = growth(counters, "pgscan_direct");
	sum->steal_kswapd = growth(counters, "pgsteal_kswapd");
	sum->steal_direct = growth(counters, "pgsteal_direct");
}

struct summary summarize(const struct run *run)
{
	const size_t stride = sizeof(struct sample) / sizeof(double);
	const struct sample *first = run->samples;
	const struct sample *last = &first[run->nr_samples - 1];
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
	};
	double cpu_s = 0;

	for (size_t i = 0; i < run->nr_processes; i++)
		cpu_s += run->processes[i].cpu_s;
	sum.lifetime_ms = per(1000 * cpu_s, sum.major);
	summarize_completion(&sum, run);
	summarize_reports(&sum, run);
	summarize_counters(&sum, &run->counters);
	summarize_shares(&sum, run);
	return sum;
}

double column_value(const struct summary *sum, const struct column *column)
{
	return *(const double *)((const char *)sum + column->offset);
}
