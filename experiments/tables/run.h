/* SPDX-License-Identifier: GPL-2.0 */
/*
 * run - what a run leaves, read and checked
 *
 * A run leaves files with one name and these endings:
 *
 *	.data		the profile, what monitor printed, a line a sample: jiffies, minor
 *			faults, major faults and utilization (in hundredths of a percent of
 *			one CPU) of one sample period, see ../../mp3/mp3.h
 *	.records.tsv	what monitor -p printed, a row a sample and process
 *	.work		the reports, what each work printed when it had finished, a line a
 *			process:
 *
 *	work: pid=123 mb=200 mode=R accesses=10000 seed=7 touches=200000
 *	      distinct=51000 elapsed_s=40.123456 awake_s=21.234567 minor=51100
 *	      major=1000 minor_max=51102 major_max=1001
 *
 *			(without the line break). Programs that are not work have none.
 *	.counters.tsv	what others have counted in the meantime, see profile
 *	.system.tsv	what the kernel said of the whole machine in each sample, see
 *			sample-system
 *
 * and reduce makes of the records, which are large and can be made again,
 *
 *	.processes.tsv	a row a process, with its sums
 *	.series.tsv	a few rows a process, for figures; .system.tsv becomes such a one, too
 *
 * A sample tells when its period ended. It began where the sample before it ended; the
 * first one's beginning is not in the file, and it counts as nominal, 1/20 s. A sample in
 * the same jiffy as the one before it, as the last of a run may be, lasted no time that
 * could be told: its faults are added to that one's and it counts no further.
 *
 * Where a file is not as expected, the program ends with status 1 and one line that
 * names the file. Numbers are computed as doubles, exact up to 2^53.
 */
#ifndef RUN_H
#define RUN_H

#include <stdbool.h>
#include <stddef.h>
#include "../../mp3/mp3.h"

struct sample {
	double seconds;		/* when it ended, since the first one began */
	double period;		/* s */
	double minor, major;
	double minor_total, major_total;
	double utilization;	/* % of one CPU */
};

/* One process in one sample period. */
struct record {
	unsigned long begin_ns, end_ns;	/* by the clock of the machine */
	double minor, major;
	double minor_total, major_total;
	double cpu_s;
	unsigned long rss_kb, swap_kb;
};

#define COMMAND_BYTES	(4 * MP3_NAME_BYTES)	/* a byte may be four characters */

struct process {
	unsigned long pid, parent;
	char command[COMMAND_BYTES];
	char label[COMMAND_BYTES + 64];	/* for figures; read_processes has it */
	struct record *records;		/* read_records has them */
	size_t nr_records;
	double minor, major, cpu_s;
	double begin_s, elapsed_s;	/* of all its records; it began by the machine's clock */
	double all_major;		/* major faults of all, in the sample periods that ended in its time */
	unsigned long peak_rss_kb;
	size_t report;			/* from 1; 0 for none */
};

/* The report of a work, named as in its line (see work.c); times in s, awake_s without its sleep. */
struct report {
	unsigned long pid, mb;
	char mode;
	unsigned long accesses, seed, touches, distinct;
	double elapsed_s, awake_s;
	unsigned long minor, major, minor_max, major_max;
};

/* What the whole machine counted in the run, by the names of profile and of the kernel. */
struct counters {
	struct counter {
		char *name;
		double begin, end;
	} *all;
	size_t nr;
};

struct run {
	struct sample *samples;
	struct process *processes;	/* in the order of their PIDs */
	struct report *reports;		/* in the order of completion */
	struct counters counters;
	size_t nr_samples, nr_processes, nr_reports;
};

/* The header rows of the tables that reduce makes. */
extern const char processes_header[], series_header[];

/* The profile, of a kernel with @hz jiffies a second (CONFIG_HZ). */
void read_profile(struct run *run, const char *path, unsigned long hz);

/* The processes: with all of their records, or from the table that reduce made of them. */
void read_records(struct run *run, const char *path);
void read_processes(struct run *run, const char *path);

/* The reports, once the processes are there. There may be none. */
void read_reports(struct run *run, const char *path);

/* The counters. Those that the checks and summaries cannot do without must be there. */
void read_counters(struct run *run, const char *path);

/* By how much one of them grew; nan if there is none of this name, as on another kernel. */
double growth(const struct counters *counters, const char *name);

/* Takes a whole line that is the report of a work. */
bool parse_report(const char *at, struct report *report);

/*
 * Profile and records come out of the module through two devices, each read by a monitor
 * of its own: the faults of all processes must be those of all samples. @processes and
 * @profile are the paths.
 */
void check_processes(const struct run *run, const char *processes, const char *profile);

/*
 * The faults of each process that has a report must be what getrusage(2) gave to it, just
 * inside and just outside of its registration. If any work has a report, each must.
 */
void check_reports(const struct run *run, const char *processes, const char *reports);

/* The major faults of all must be what the kernel counted for the whole machine. */
void check_counters(const struct run *run, const char *counters);

void free_run(struct run *run);

#endif
