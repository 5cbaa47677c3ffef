/* SPDX-License-Identifier: GPL-2.0 */
/*
 * summary - a run in one row: sums, means, medians
 */
#ifndef SUMMARY_H
#define SUMMARY_H

#include "run.h"

/*
 * What is not known of a run, as the touches of a program that is not work, is nan. Of n programs that are not, see
 * rows.c.
 */
struct summary {
	double n, samples, seconds, rate_hz, utilization;
	double completion_min, completion_median, completion_max, done_per_minute;
	double touches, distinct, minor, major, work_minor, work_major;
	double majors_per_second, touches_per_second, touches_per_awake_second, touches_per_major;
	double major_share_min, major_share_max, major_cv;
	double pgmajfault, other_majors, major_anon, major_file, pswpin, pswpout;
	double swap_reads, swap_writes, pages_per_read, pages_per_write;
	double swap_busy, request_ms, lifetime_ms, service_ms, service_read_ms, service_write_ms;
	double kswapd, memory_some, memory_full, io_some, io_full;
	double refaults_anon, refaults_file, scan_kswapd, scan_direct, steal_kswapd, steal_direct;
};

/* The columns of a table of runs, which are the keys of facts, too. */
struct column {
	const char *name;
	size_t offset;		/* in struct summary */
	int decimals;
};
extern const struct column columns[];
extern const size_t nr_columns;

/* Of a run whose files are all read. */
struct summary summarize(const struct run *run);

double column_value(const struct summary *sum, const struct column *column);

/* 100 * part / whole, and nan of nothing: 0 / 0 may be a -nan. */
double percent(double part, double whole);

#endif
