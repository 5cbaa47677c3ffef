// SPDX-License-Identifier: GPL-2.0
/*
 * check - whether the files of a run agree with each other; run.h has the contracts.
 */
#include <err.h>
#include <math.h>
#include <string.h>

#include "run.h"

void check_processes(const struct run *run, const char *processes, const char *profile)
{
	const struct sample *total = &run->samples[run->nr_samples - 1];
	double minor = 0, major = 0;

	for (size_t i = 0; i < run->nr_processes; i++) {
		minor += run->processes[i].minor;
		major += run->processes[i].major;
	}
	if (minor != total->minor_total || major != total->major_total)
		errx(1, "%s: %.0f minor and %.0f major faults, which is %+.0f and %+.0f "
		     "against the samples in %s", processes, minor, major,
		     minor - total->minor_total, major - total->major_total, profile);
}

void check_reports(const struct run *run, const char *processes, const char *reports)
{
	size_t reported = 0;

	for (size_t i = 0; i < run->nr_processes; i++) {
		const struct process *p = &run->processes[i];
		const struct report *r;

		if (p->report == 0 && run->nr_reports && !strcmp(p->command, "work"))
			errx(1, "%s: process %lu has no report in %s", processes, p->pid, reports);
		if (p->report == 0)
			continue;
		reported++;
		r = &run->reports[p->report - 1];
		if (p->minor < r->minor || p->minor > r->minor_max ||
		    p->major < r->major || p->major > r->major_max)
			errx(1, "%s: process %lu has %.0f minor and %.0f major faults, but by its "
			     "own count %lu to %lu and %lu to %lu", processes, p->pid, p->minor,
			     p->major, r->minor, r->minor_max, r->major, r->major_max);
	}
	if (reported != run->nr_reports)
		errx(1, "%s: %zu reports, but %zu of the processes in %s", reports,
		     run->nr_reports, reported, processes);
}

/*
 * The major faults of all processes contain those of the profiled ones. pgmajfault is
 * counted where a page's read is begun, a process's major fault also where a fault had to
 * wait for a read (or for any lock of the page) that was under way; so there are more of these,
 * by the waits. They are few, but where pages are touched one behind the other: then each one
 * that was read ahead may have been waited for.
 */
#define WAITS_PERCENT	2
#define WAITS_AT_LEAST	20	/* in short runs */

/* Pages: of files, all that was read (pgpgin, in KiB) but what was swapped in; and of swap. */
static double read_ahead(const struct run *run)
{
	double files = growth(&run->counters, "pgpgin") / 4 - growth(&run->counters, "pswpin");
	double swap = growth(&run->counters, "swap_ra");

	/* nan is less than anything; some kernels leave what zram reads out of pgpgin */
	return (files > 0 ? files : 0) + (swap > 0 ? swap : 0);
}

void check_counters(const struct run *run, const char *counters)
{
	double major = run->samples[run->nr_samples - 1].major_total;
	double majors = growth(&run->counters, "majors");
	double pgmajfault = growth(&run->counters, "pgmajfault");
	double waits = fmax(WAITS_AT_LEAST, majors * WAITS_PERCENT / 100);

	if (major > majors)
		errx(1, "%s: all processes had %.0f major faults, but the samples have %.0f",
		     counters, majors, major);
	if (majors > pgmajfault + waits + read_ahead(run) || majors < pgmajfault - waits)
		errx(1, "%s: pgmajfault grew by %.0f, but the processes had %.0f major faults",
		     counters, pgmajfault, majors);
}
