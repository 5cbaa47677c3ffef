// SPDX-License-Identifier: GPL-2.0
/*
 * reduce - profile data and work reports in, tables and statistics out
 *
 * A run leaves four files behind. The profile is what monitor printed, a line
 * a sample: jiffies, minor faults, major faults and utilization (in hundredths
 * of a percent of one CPU) of one sample period, see ../mp3/mp3.h. The records
 * are what monitor -p printed, a header row and then a line a sample and
 * process. The reports are what each work printed when it had finished, a line
 * a process:
 *
 *	work: pid=123 mb=200 mode=R accesses=10000 seed=7 touches=200000
 *	      distinct=51000 elapsed_s=40.123456 minor=51100 major=1000
 *	      minor_max=51102 major_max=1001
 *
 * (without the line break). Everything is read and checked before the first
 * line is printed, so that there is either a whole table or none.
 *
 * A sample tells when its period ended. It began where the sample before it
 * ended; the first one's beginning is not in the file, and it counts as
 * nominal, 1/20 s. A sample in the same jiffy as the one before it, as the last
 * of a run may be, lasted no time that could be told: its faults are added to
 * that one's and it counts no further.
 *
 * Profile and records come out of the module through two devices, each read by a
 * monitor of its own. So wherever both are read here, they must agree: each
 * process's records join on to each other from its first to its last, and the
 * faults of all records are those of all samples, to the last one.
 *
 * The counters are what others have counted in the meantime, see profile. Where they are
 * read, too, the faults of each process must be what getrusage(2) gave to it, and the
 * major ones of all what the kernel counted for the whole machine.
 *
 * Numbers are computed as doubles, exact up to 2^53.
 */
#include <ctype.h>
#include <err.h>
#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <gsl/gsl_cdf.h>
#include <gsl/gsl_math.h>
#include <gsl/gsl_sort.h>
#include <gsl/gsl_statistics.h>
#include "../mp3/mp3.h"
#include "text.h"

static const char usage_text[] =
"usage: reduce series -z HZ PROFILE\n"
"       reduce processes -z HZ PROFILE RECORDS [REPORTS]\n"
"       reduce check -z HZ PROFILE RECORDS REPORTS COUNTERS\n"
"       reduce runs -z HZ N PROFILE RECORDS REPORTS COUNTERS [N ...]...\n"
"       reduce knee -z HZ N PROFILE RECORDS REPORTS COUNTERS [N ...]...\n"
"       reduce seeds -z HZ N PROFILE RECORDS REPORTS COUNTERS [N ...]...\n"
"       reduce facts -z HZ NAME PROFILE RECORDS REPORTS COUNTERS [NAME ...]...\n"
"       reduce -h\n"
"\n"
"series     a row a sample: when it ended (s since the profiling began), faults,\n"
"           their totals so far, their rates (1/s), CPU utilization (% of one CPU)\n"
"processes  a row a record, one process after the other, in the order of PIDs: the\n"
"           same of that process, and its memory at the end of the period (KiB)\n"
"check      nothing: fails if the counts do not agree\n"
"runs       a row a run of N processes; a run with fewer or more of them fails\n"
"knee       a row a rule: the largest N, of rising ones, that it allows before thrashing\n"
"seeds      a row an N, of several runs each: the median of some columns of runs, and an\n"
"           interval that has the true median in it with coverage % of probability,\n"
"           whatever the distribution; of 95% if there are runs enough\n"
"facts      NAME.key<TAB>value: the same numbers; those of each process i, in the\n"
"           order of PIDs, as NAME.process<i>.key; and each report, in the order of\n"
"           completion, as NAME.work<i>.key\n"
"\n"
"PROFILE is what monitor printed, RECORDS what monitor -p printed, REPORTS what\n"
"the work processes printed (times in s), COUNTERS what the machine counted, and HZ\n"
"the jiffies a second of its kernel (CONFIG_HZ). Where the faults of the one are not\n"
"those of the others, that is an error. Tables are tab separated and have a header\n"
"row.\n";

#define HZ_MAX 10000	/* Linux has 100 to 1200 */

struct sample {
	double seconds;		/* when it ended, since the first one began */
	double period;		/* s */
	double minor, major;
	double minor_total, major_total;
	double utilization;	/* % of one CPU */
};

/* What the whole machine counted in the run, named as in the file. */
struct counters {
	double time_s, pgmajfault, pswpin, pswpout, majors;
	double swap_reads, swap_writes, swap_busy_ms;	/* nan without a device */
};

/* One process in one sample period. */
struct record {
	unsigned long begin_ns, end_ns;
	char flags[4];		/* as they were printed */
	double minor, major;
	double minor_total, major_total;
	double cpu_s;
	unsigned long rss_kb, swap_kb;
};

/* What is known of a process from its records, and which report is its own. */
struct process {
	unsigned long pid, parent;
	char command[4 * MP3_NAME_BYTES];	/* a byte may be four characters */
	struct record *records;
	size_t nr_records;
	bool ended;
	double minor, major, cpu_s;
	unsigned long peak_rss_kb;
	size_t report;		/* from 1; 0 for none */
};

struct run {
	const char *name;
	struct sample *samples;
	struct process *processes;
	struct report *reports;
	struct counters counters;
	size_t nr_samples, nr_processes, nr_reports;
};

/* A run in one row. */
struct summary {
	double n, samples, seconds, rate_hz, utilization;
	double completion_min, completion_median, completion_max;
	double touches, distinct, minor, major, work_minor, work_major;
	double majors_per_second, touches_per_second;
	double major_share_min, major_share_max, major_cv;
	double pgmajfault, other_majors, pswpin, pswpout;
	double swap_requests, swap_busy, lifetime_ms, service_ms;
};

/* The columns of runs, which are the keys of facts, too. */
#define COLUMN(member, decimals) \
	{ #member, offsetof(struct summary, member), decimals }
static const struct {
	const char *name;
	size_t offset;
	int decimals;
} columns[] = {
	COLUMN(n, 0),			/* processes */
	COLUMN(samples, 0),
	COLUMN(seconds, 3),		/* profiled time */
	COLUMN(rate_hz, 3),		/* samples a second */
	COLUMN(utilization, 2),		/* %, mean over the profiled time */
	COLUMN(completion_min, 3),	/* s, of the processes */
	COLUMN(completion_median, 3),
	COLUMN(completion_max, 3),
	COLUMN(touches, 0),		/* stores, by all processes */
	COLUMN(distinct, 0),		/* pages, summed over the processes */
	COLUMN(minor, 0),		/* faults that were profiled ... */
	COLUMN(major, 0),
	COLUMN(work_minor, 0),		/* ... and those the processes counted */
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
#define NR_COLUMNS (sizeof(columns) / sizeof(columns[0]))

/* Of these, seeds has intervals. */
static const char *const uncertain[] = {
	"seconds", "utilization", "completion_median", "minor", "major", "touches_per_second",
};
#define NR_UNCERTAIN (sizeof(uncertain) / sizeof(uncertain[0]))

/*
 * Reading
 */

/* Takes the flags of a record: each its letter, or "-". */
static bool flags(const char **at, const char *word, char *value)
{
	if (!skip(at, word))
		return false;
	for (const char *letters = "fle"; *letters; letters++) {
		if (**at != *letters && **at != '-')
			return false;
		*value++ = *(*at)++;
	}
	*value = '\0';
	return true;
}

/* Takes what is left of the line; only printable characters are in there. */
static bool words(const char **at, const char *word, char *value, size_t room)
{
	if (!skip(at, word))
		return false;
	for (; isprint((unsigned char)**at) && room > 1; room--)
		*value++ = *(*at)++;
	*value = '\0';
	return true;
}

static bool parse_sample(const char *at, struct mp3_sample *sample)
{
	return number(&at, "", &sample->jiffies) &&
	       number(&at, " ", &sample->minor) &&
	       number(&at, " ", &sample->major) &&
	       number(&at, " ", &sample->utilization) &&
	       strcmp(at, "\n") == 0;
}

/* The columns of a record that are its process's go to that. */
static bool parse_record(const char *at, struct record *record, struct process *process)
{
	unsigned long period_ns, minor, major, cpu_ns;

	if (!(number(&at, "", &record->end_ns) &&
	      number(&at, "\t", &period_ns) &&
	      number(&at, "\t", &process->pid) &&
	      number(&at, "\t", &process->parent) &&
	      flags(&at, "\t", record->flags) &&
	      number(&at, "\t", &minor) &&
	      number(&at, "\t", &major) &&
	      number(&at, "\t", &cpu_ns) &&
	      number(&at, "\t", &record->rss_kb) &&
	      number(&at, "\t", &record->swap_kb) &&
	      number(&at, "\t", &process->peak_rss_kb) &&
	      words(&at, "\t", process->command, sizeof(process->command)) &&
	      strcmp(at, "\n") == 0 && period_ns <= record->end_ns))
		return false;
	record->begin_ns = record->end_ns - period_ns;
	record->minor = minor;
	record->major = major;
	record->cpu_s = cpu_ns / 1e9;
	return true;
}

static void read_profile(struct run *run, const char *path, unsigned long hz)
{
	struct text text = open_text(path);
	struct sample last = { 0 };
	unsigned long jiffies = 0;

	while (next_line(&text)) {
		struct mp3_sample now;

		if (!parse_sample(text.line, &now))
			malformed(&text, "four numbers");
		if (now.jiffies < jiffies)
			errx(1, "%s:%lu: jiffies go back, from %lu to %lu", path,
			     text.number, jiffies, now.jiffies);

		if (run->nr_samples == 0 || now.jiffies > jiffies) {
			last.period = run->nr_samples == 0 ? 1.0 / MP3_RATE :
				      (double)(now.jiffies - jiffies) / hz;
			last.seconds += last.period;
			last.minor = last.major = 0;
			last.utilization = now.utilization / 100.0;
			run->samples = grow(run->samples, run->nr_samples++, sizeof(last));
		}
		last.minor += now.minor;
		last.major += now.major;
		last.minor_total += now.minor;
		last.major_total += now.major;
		run->samples[run->nr_samples - 1] = last;
		jiffies = now.jiffies;
	}
	if (run->nr_samples == 0)
		errx(1, "%s: no samples", path);
}

/* The newest process of this PID, or NULL. */
static struct process *find_process(const struct run *run, unsigned long pid)
{
	for (size_t i = run->nr_processes; i > 0; i--)
		if (run->processes[i - 1].pid == pid)
			return &run->processes[i - 1];
	return NULL;
}

/* Adds a record to its process, which it may begin or end. */
static void add_record(struct run *run, const struct text *text,
		       const struct record *record, const struct process *now)
{
	struct process *process = find_process(run, now->pid);
	bool begins = record->flags[0] == 'f';
	struct record *last;

	if (begins && process && !process->ended)
		errx(1, "%s:%lu: process %lu begins again before its last record",
		     text->path, text->number, now->pid);
	if (!begins && (!process || process->ended))
		errx(1, "%s:%lu: process %lu has no first record before this one",
		     text->path, text->number, now->pid);
	if (begins) {
		run->processes = grow(run->processes, run->nr_processes, sizeof(*process));
		process = &run->processes[run->nr_processes++];
		*process = (struct process){ .pid = now->pid, .parent = now->parent };
	} else {
		last = &process->records[process->nr_records - 1];
		if (record->begin_ns != last->end_ns)
			errx(1, "%s:%lu: the period of process %lu begins at %lu ns, "
			     "where the one before ended at %lu ns", text->path,
			     text->number, now->pid, record->begin_ns, last->end_ns);
	}

	process->minor += record->minor;
	process->major += record->major;
	process->cpu_s += record->cpu_s;
	if (process->peak_rss_kb < now->peak_rss_kb)
		process->peak_rss_kb = now->peak_rss_kb;
	memcpy(process->command, now->command, sizeof(now->command));
	process->ended = record->flags[1] == 'l';

	process->records = grow(process->records, process->nr_records, sizeof(*record));
	last = &process->records[process->nr_records++];
	*last = *record;
	last->minor_total = process->minor;
	last->major_total = process->major;
}

/* PIDs rise, so their order is mostly that of starting; a PID may come again. */
static int compare_processes(const void *one, const void *other)
{
	const struct process *p = one, *q = other;

	if (p->pid != q->pid)
		return p->pid < q->pid ? -1 : 1;
	return p->records->begin_ns < q->records->begin_ns ? -1 : 1;
}

/* Reads the records, and sees that they agree with the profile, read before. */
static void read_records(struct run *run, const char *path, const char *profile)
{
	static const char header[] =
		"time_ns\tperiod_ns\tpid\tparent\tflags\tminor\tmajor\tcpu_ns"
		"\trss_kb\tswap_kb\tpeak_rss_kb\tcommand\n";
	const struct sample *total = &run->samples[run->nr_samples - 1];
	struct text text = open_text(path);
	double minor = 0, major = 0;

	while (next_line(&text)) {
		struct process process = { 0 };
		struct record record = { 0 };

		if (text.number == 1) {
			if (strcmp(text.line, header))
				malformed(&text, "the header row of records");
			continue;
		}
		if (!parse_record(text.line, &record, &process))
			malformed(&text, "a record");
		add_record(run, &text, &record, &process);
		minor += record.minor;
		major += record.major;
	}
	if (run->nr_processes == 0)
		errx(1, "%s: no records", path);
	for (size_t i = 0; i < run->nr_processes; i++)
		if (!run->processes[i].ended)
			errx(1, "%s: process %lu has no last record", path,
			     run->processes[i].pid);
	if (minor != total->minor_total || major != total->major_total)
		errx(1, "%s: %.0f minor and %.0f major faults, which is %+.0f and %+.0f "
		     "against the samples in %s", path, minor, major,
		     minor - total->minor_total, major - total->major_total, profile);
	qsort(run->processes, run->nr_processes, sizeof(*run->processes),
	      compare_processes);
}

static void read_reports(struct run *run, const char *path)
{
	struct text text = open_text(path);

	while (next_line(&text)) {
		struct report report;

		if (strstr(text.line, " iteration="))
			continue;	/* of work -v; oracle reads them */
		if (!parse_report(text.line, &report))
			malformed(&text, "a report of work");
		run->reports = grow(run->reports, run->nr_reports, sizeof(report));
		run->reports[run->nr_reports++] = report;
	}
	if (run->nr_reports == 0)
		errx(1, "%s: no reports", path);
	for (size_t i = 0; i < run->nr_reports; i++) {
		struct process *process = find_process(run, run->reports[i].pid);

		if (process)
			process->report = i + 1;
	}
}

/* Which counters are used. There are more in the file. */
#define COUNTER(member) { #member "\t", offsetof(struct counters, member) }
static const struct {
	const char *name;
	size_t offset;
} known[] = {
	COUNTER(time_s), COUNTER(pgmajfault), COUNTER(pswpin), COUNTER(pswpout),
	COUNTER(majors), COUNTER(swap_reads), COUNTER(swap_writes), COUNTER(swap_busy_ms),
};
#define NR_COUNTERS (sizeof(known) / sizeof(known[0]))
#define NR_NEEDED 5	/* the others are of a swap device */

static void read_counters(struct run *run, const char *path)
{
	struct text text = open_text(path);
	double *values[NR_COUNTERS];

	for (size_t i = 0; i < NR_COUNTERS; i++) {
		values[i] = (double *)((char *)&run->counters + known[i].offset);
		*values[i] = GSL_NAN;
	}
	while (next_line(&text)) {
		const char *at = text.line + strcspn(text.line, "\t");
		double begin, end;

		if (text.number == 1 && !strcmp(text.line, "counter\tbegin\tend\n"))
			continue;
		if (text.number == 1)
			malformed(&text, "the header row of counters");
		if (!fraction(&at, "\t", &begin) || !fraction(&at, "\t", &end) ||
		    strcmp(at, "\n") || end < begin)
			malformed(&text, "a counter that grows");
		for (size_t i = 0; i < NR_COUNTERS; i++)
			if (!strncmp(text.line, known[i].name, strlen(known[i].name)))
				*values[i] = end - begin;
	}
	for (size_t i = 0; i < NR_NEEDED; i++)
		if (gsl_isnan(*values[i]))
			errx(1, "%s: no counter %.*s", path,
			     (int)strlen(known[i].name) - 1, known[i].name);
}

/*
 * The faults of each process against what it found in getrusage(2) just inside and just
 * outside of its registration.
 */
static void check_reports(const struct run *run, const char *records, const char *reports)
{
	for (size_t i = 0; i < run->nr_processes; i++) {
		const struct process *p = &run->processes[i];
		const struct report *r = &run->reports[p->report - 1];

		if (p->report == 0)
			errx(1, "%s: process %lu has no report in %s", records, p->pid, reports);
		if (p->minor < r->minor || p->minor > r->minor_max ||
		    p->major < r->major || p->major > r->major_max)
			errx(1, "%s: process %lu has %.0f minor and %.0f major faults, but by its "
			     "own count %lu to %lu and %lu to %lu", records, p->pid, p->minor,
			     p->major, r->minor, r->minor_max, r->major, r->major_max);
	}
	if (run->nr_reports != run->nr_processes)
		errx(1, "%s: expected reports of %zu processes, found %zu", reports,
		     run->nr_processes, run->nr_reports);
}

/*
 * The major faults of all against the machine's. Those of all processes contain those
 * of the profiled ones. pgmajfault is counted where a page's read is begun, a process's
 * major fault also where a fault had to wait for a read (or for any lock of the page)
 * that was under way; so the two differ by those waits, of which there are few.
 */
#define WAITS_PERCENT	2
#define WAITS_AT_LEAST	20	/* in short runs */

static void check_counters(const struct run *run, const char *path)
{
	const struct counters *c = &run->counters;
	double major = run->samples[run->nr_samples - 1].major_total;
	double waits = c->majors - c->pgmajfault;

	if (major > c->majors)
		errx(1, "%s: all processes had %.0f major faults, but the samples have %.0f",
		     path, c->majors, major);
	if (fabs(waits) > GSL_MAX(WAITS_AT_LEAST, c->majors * WAITS_PERCENT / 100))
		errx(1, "%s: pgmajfault grew by %.0f, but the processes had %.0f major faults",
		     path, c->pgmajfault, c->majors);
}

/* All four files of a run, which must agree: @path has their names. */
static struct run read_run(char *const path[4], unsigned long hz)
{
	struct run run = { 0 };

	read_profile(&run, path[0], hz);
	read_records(&run, path[1], path[0]);
	read_reports(&run, path[2]);
	read_counters(&run, path[3]);
	check_reports(&run, path[1], path[2]);
	check_counters(&run, path[3]);
	return run;
}

static void free_run(struct run *run)
{
	for (size_t i = 0; i < run->nr_processes; i++)
		free(run->processes[i].records);
	free(run->samples);
	free(run->processes);
	free(run->reports);
}

/*
 * Reducing
 */

/* When the first period of all began. That of a short life may be recorded before. */
static unsigned long beginning_ns(const struct run *run)
{
	unsigned long ns = run->processes->records->begin_ns;

	for (size_t i = 0; i < run->nr_processes; i++)
		ns = GSL_MIN(ns, run->processes[i].records->begin_ns);
	return ns;
}

static double elapsed_s(const struct process *process)
{
	return (process->records[process->nr_records - 1].end_ns -
		process->records->begin_ns) / 1e9;
}

/* part for each of whole, and nan of nothing: 0 / 0 may be a -nan. */
static double per(double part, double whole)
{
	return whole > 0 && !gsl_isnan(part) ? part / whole : GSL_NAN;
}

static double percent(double part, double whole)
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

static struct summary summarize(const struct run *run)
{
	const size_t stride = sizeof(struct sample) / sizeof(double);
	const struct sample *first = run->samples;
	const struct sample *last = &first[run->nr_samples - 1];
	const struct counters *counters = &run->counters;
	double *completion = grow(NULL, run->nr_reports, sizeof(double));
	struct summary sum = {
		.n = run->nr_reports,
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

	for (size_t i = 0; i < run->nr_reports; i++) {
		const struct report *report = &run->reports[i];

		completion[i] = report->elapsed_s;
		sum.touches += report->touches;
		sum.distinct += report->distinct;
		sum.work_minor += report->minor;
		sum.work_major += report->major;
	}
	for (size_t i = 0; i < run->nr_processes; i++)
		cpu_s += run->processes[i].cpu_s;
	sum.lifetime_ms = per(1000 * cpu_s, sum.major);
	sum.touches_per_second = sum.touches / sum.seconds;

	gsl_sort(completion, 1, run->nr_reports);
	sum.completion_min = completion[0];
	sum.completion_median =
		gsl_stats_median_from_sorted_data(completion, 1, run->nr_reports);
	sum.completion_max = completion[run->nr_reports - 1];
	free(completion);
	summarize_shares(&sum, run);
	return sum;
}

static double column(const struct summary *sum, size_t i)
{
	return *(const double *)((const char *)sum + columns[i].offset);
}

/*
 * Printing
 */

static void print_series(const struct run *run)
{
	puts("seconds\tminor\tmajor\tminor_total\tmajor_total\tminor_rate\tmajor_rate\tutilization");
	for (size_t i = 0; i < run->nr_samples; i++) {
		const struct sample *s = &run->samples[i];

		printf("%.3f\t%.0f\t%.0f\t%.0f\t%.0f\t%.3f\t%.3f\t%.2f\n",
		       s->seconds, s->minor, s->major, s->minor_total, s->major_total,
		       s->minor / s->period, s->major / s->period, s->utilization);
	}
}

/*
 * What the process was told to do, or at least which one it is. It is shown in
 * figures: a byte that the records have as \ooo becomes a question mark.
 */
static void print_label(const struct run *run, const struct process *process)
{
	const struct report *r;

	if (process->report == 0) {
		for (const char *at = process->command; *at; at++) {
			putchar(*at == '\\' ? '?' : *at);
			if (*at == '\\')
				at += strnlen(at + 1, 3);
		}
		printf(", pid %lu", process->pid);
		return;
	}
	r = &run->reports[process->report - 1];
	printf("work %lu %c %lu, seed %lu", r->mb, r->mode, r->accesses, r->seed);
}

static void print_processes(const struct run *run)
{
	unsigned long beginning = beginning_ns(run);

	puts("process\tlabel\tflags\tseconds\tminor\tmajor\tminor_total\tmajor_total"
	     "\tutilization\trss_kb\tswap_kb");
	for (size_t i = 0; i < run->nr_processes; i++) {
		const struct process *process = &run->processes[i];

		for (size_t j = 0; j < process->nr_records; j++) {
			const struct record *r = &process->records[j];
			double period = (r->end_ns - r->begin_ns) / 1e9;

			printf("%zu\t", i + 1);
			print_label(run, process);
			printf("\t%s\t%.3f\t%.0f\t%.0f\t%.0f\t%.0f\t%.2f\t%lu\t%lu\n",
			       r->flags, (r->end_ns - beginning) / 1e9, r->minor, r->major,
			       r->minor_total, r->major_total, percent(r->cpu_s, period),
			       r->rss_kb, r->swap_kb);
		}
	}
}

static void print_runs(const struct run *runs, size_t nr)
{
	for (size_t i = 0; i < NR_COLUMNS; i++)
		printf("%s%s", i ? "\t" : "", columns[i].name);
	putchar('\n');
	for (size_t r = 0; r < nr; r++) {
		struct summary sum = summarize(&runs[r]);

		for (size_t i = 0; i < NR_COLUMNS; i++)
			printf("%s%.*f", i ? "\t" : "", columns[i].decimals,
			       column(&sum, i));
		putchar('\n');
	}
}

static void print_report(const char *name, size_t i, const struct report *r)
{
	printf("%s.work%zu.pid\t%lu\n", name, i, r->pid);
	printf("%s.work%zu.mb\t%lu\n", name, i, r->mb);
	printf("%s.work%zu.mode\t%c\n", name, i, r->mode);
	printf("%s.work%zu.accesses\t%lu\n", name, i, r->accesses);
	printf("%s.work%zu.seed\t%lu\n", name, i, r->seed);
	printf("%s.work%zu.touches\t%lu\n", name, i, r->touches);
	printf("%s.work%zu.distinct\t%lu\n", name, i, r->distinct);
	printf("%s.work%zu.elapsed_s\t%.6f\n", name, i, r->elapsed_s);
	printf("%s.work%zu.minor\t%lu\n", name, i, r->minor);
	printf("%s.work%zu.major\t%lu\n", name, i, r->major);
	printf("%s.work%zu.minor_max\t%lu\n", name, i, r->minor_max);
	printf("%s.work%zu.major_max\t%lu\n", name, i, r->major_max);
}

static void print_process(const struct run *run, size_t i, double major)
{
	const struct process *p = &run->processes[i];
	double seconds = elapsed_s(p);
	char name[32];

	snprintf(name, sizeof(name), "process%zu", i + 1);
	printf("%s.%s.label\t", run->name, name);
	print_label(run, p);
	putchar('\n');
	printf("%s.%s.command\t%s\n", run->name, name, p->command);
	printf("%s.%s.pid\t%lu\n", run->name, name, p->pid);
	printf("%s.%s.parent\t%lu\n", run->name, name, p->parent);
	printf("%s.%s.work\t%zu\n", run->name, name, p->report);
	printf("%s.%s.minor\t%.0f\n", run->name, name, p->minor);
	printf("%s.%s.major\t%.0f\n", run->name, name, p->major);
	printf("%s.%s.major_share\t%.2f\n", run->name, name, percent(p->major, major));
	printf("%s.%s.cpu_s\t%.6f\n", run->name, name, p->cpu_s);
	printf("%s.%s.peak_rss_kb\t%lu\n", run->name, name, p->peak_rss_kb);
	printf("%s.%s.elapsed_s\t%.6f\n", run->name, name, seconds);
	printf("%s.%s.majors_per_second\t%.3f\n", run->name, name,
	       seconds > 0 ? p->major / seconds : 0);
}

/*
 * Where thrashing begins, by three rules (P. J. Denning, K. C. Kahn, J. Leroudier, D.
 * Potier, R. Suri, Optimal multiprogramming, Acta Informatica 7, 1976): throughput is at
 * its largest; the lifetime L, CPU time between two major faults, is still as long as S,
 * the time that the device is busy for one; the device is busy for half of the time.
 */
static void print_knee(const struct run *runs, size_t nr)
{
	double most = 0;
	const char *throughput = "nan", *lifetime = "nan", *half = "nan";
	bool longer = true, below = true;

	for (size_t r = 0; r < nr; r++) {
		struct summary sum = summarize(&runs[r]);

		if (sum.touches_per_second > most) {
			most = sum.touches_per_second;
			throughput = runs[r].name;
		}
		/* Without a fault, L is without end. */
		longer &= sum.major == 0 || sum.lifetime_ms >= sum.service_ms;
		below &= sum.swap_busy <= 50;
		if (longer && !gsl_isnan(sum.swap_busy))
			lifetime = runs[r].name;
		if (below)
			half = runs[r].name;
	}
	printf("rule\tn\nthroughput\t%s\nlifetime\t%s\nhalf\t%s\n",
	       throughput, lifetime, half);
}

/*
 * The k-th smallest and the k-th largest of n values have the median of what they were
 * drawn from between them unless fewer than k are below, or above: with the probability
 * 1 - 2 P(B < k), B binomial of n and 1/2 (H. A. David and H. N. Nagaraja, Order
 * Statistics, 2003, chapter 7). Returns the largest k with 95%, or 1.
 */
static size_t interval_rank(size_t n, double *coverage)
{
	size_t k = 1;

	while (k + 1 <= (n + 1) / 2 && 1 - 2 * gsl_cdf_binomial_P(k, 0.5, n) >= 0.95)
		k++;
	*coverage = 100 * (1 - 2 * gsl_cdf_binomial_P(k - 1, 0.5, n));
	return k;
}

static size_t column_named(const char *name)
{
	size_t i = 0;

	while (strcmp(columns[i].name, name))
		i++;
	return i;
}

/* One row: all runs of the same N as @first, which are nr. */
static void print_interval(const struct run *first, const struct summary *sums, size_t nr)
{
	double *values = grow(NULL, nr, sizeof(double)), coverage;
	size_t k = interval_rank(nr, &coverage);

	printf("%s\t%zu\t%.2f", first->name, nr, coverage);
	for (size_t u = 0; u < NR_UNCERTAIN; u++) {
		size_t c = column_named(uncertain[u]);

		for (size_t i = 0; i < nr; i++)
			values[i] = column(&sums[i], c);
		gsl_sort(values, 1, nr);
		printf("\t%.*f\t%.*f\t%.*f", columns[c].decimals, values[k - 1],
		       columns[c].decimals, gsl_stats_median_from_sorted_data(values, 1, nr),
		       columns[c].decimals, values[nr - k]);
	}
	putchar('\n');
	free(values);
}

static void print_seeds(const struct run *runs, size_t nr)
{
	struct summary *sums = grow(NULL, nr, sizeof(*sums));

	printf("n\truns\tcoverage");
	for (size_t u = 0; u < NR_UNCERTAIN; u++)
		printf("\t%s_low\t%s\t%s_high", uncertain[u], uncertain[u], uncertain[u]);
	putchar('\n');
	for (size_t r = 0; r < nr; r++) {
		size_t same = 0;
		bool printed = false;

		for (size_t i = 0; i < r; i++)
			printed |= !strcmp(runs[i].name, runs[r].name);
		if (printed)
			continue;
		for (size_t i = r; i < nr; i++)
			if (!strcmp(runs[i].name, runs[r].name))
				sums[same++] = summarize(&runs[i]);
		print_interval(&runs[r], sums, same);
	}
	free(sums);
}

static void print_facts(const struct run *runs, size_t nr)
{
	for (size_t r = 0; r < nr; r++) {
		struct summary sum = summarize(&runs[r]);

		for (size_t i = 0; i < NR_COLUMNS; i++)
			printf("%s.%s\t%.*f\n", runs[r].name, columns[i].name,
			       columns[i].decimals, column(&sum, i));
		for (size_t i = 0; i < runs[r].nr_processes; i++)
			print_process(&runs[r], i, sum.major);
		for (size_t i = 0; i < runs[r].nr_reports; i++)
			print_report(runs[r].name, i + 1, &runs[r].reports[i]);
	}
}

/*
 * Commands
 */

static _Noreturn void bad_usage(const char *why)
{
	warnx("%s", why);
	fputs(usage_text, stderr);
	exit(2);
}

static void series(const char *path, unsigned long hz)
{
	struct run run = { 0 };

	read_profile(&run, path, hz);
	print_series(&run);
	free_run(&run);
}

static void processes(char **args, size_t nr, unsigned long hz)
{
	struct run run = { 0 };

	read_profile(&run, args[0], hz);
	read_records(&run, args[1], args[0]);
	if (nr > 2)
		read_reports(&run, args[2]);
	print_processes(&run);
	free_run(&run);
}

static void check(char **args, unsigned long hz)
{
	struct run run = read_run(args, hz);

	free_run(&run);
}

/* The commands that take several runs, each with its name or its N. */
static const struct {
	const char *name;
	void (*print)(const struct run *runs, size_t nr);
	enum { ANY_NAME, ITS_N, RISING_N } names;
} tables[] = {
	{ "runs", print_runs, ITS_N },
	{ "knee", print_knee, RISING_N },
	{ "seeds", print_seeds, ITS_N },
	{ "facts", print_facts, ANY_NAME },
};
#define NR_TABLES (sizeof(tables) / sizeof(tables[0]))

static void table(size_t t, char **args, size_t nr, unsigned long hz)
{
	struct run *runs = calloc(nr, sizeof(*runs));
	size_t last = 0;

	if (!runs)
		err(1, NULL);
	for (size_t i = 0; i < nr; i++) {
		char **arg = &args[5 * i];
		size_t n = tables[t].names == ANY_NAME ? 0 :
			   parse_argument("N", arg[0], 1, 1000000);

		if (tables[t].names == RISING_N && n <= last)
			errx(2, "N: expected rising ones, found %zu after %zu", n, last);
		last = n;
		runs[i] = read_run(&arg[1], hz);
		runs[i].name = arg[0];
		if (tables[t].names != ANY_NAME &&
		    runs[i].nr_processes != n)
			errx(1, "%s: expected records of %zu processes, found %zu",
			     arg[2], n, runs[i].nr_processes);
	}
	tables[t].print(runs, nr);
	for (size_t i = 0; i < nr; i++)
		free_run(&runs[i]);
	free(runs);
}

int main(int argc, char **argv)
{
	unsigned long hz = 0;
	const char *command;
	int option, left;
	size_t t = 0;

	while ((option = getopt(argc, argv, ":hz:")) != -1) {
		switch (option) {
		case 'z':
			hz = parse_argument("-z", optarg, MP3_RATE, HZ_MAX);
			break;
		case 'h':
			fputs(usage_text, stdout);
			return finish();
		case ':':
			bad_usage("-z: no value");
		default:
			bad_usage("unknown option");
		}
	}
	if (optind == argc)
		bad_usage("no command");
	if (hz == 0)
		bad_usage("no -z HZ");
	command = argv[optind++];
	left = argc - optind;
	while (t < NR_TABLES && strcmp(command, tables[t].name))
		t++;

	if (!strcmp(command, "series") && left == 1)
		series(argv[optind], hz);
	else if (!strcmp(command, "processes") && (left == 2 || left == 3))
		processes(&argv[optind], left, hz);
	else if (!strcmp(command, "check") && left == 4)
		check(&argv[optind], hz);
	else if (t < NR_TABLES && left > 0 && left % 5 == 0)
		table(t, &argv[optind], left / 5, hz);
	else
		bad_usage("unknown command, or not its arguments");
	return finish();
}
