// SPDX-License-Identifier: GPL-2.0
/*
 * reduce - the records of a run in, tables that are kept out
 *
 * It checks a run, and makes of its records, which are large and lie in build/, the small
 * tables from which tabulate and the figures can do without them. Everything is read and
 * checked before the first line is printed, so that there is either a whole table or none.
 *
 * A series is thinned: of a process with many records, a row may stand for several of
 * them. Totals and memory are those at the row's time, utilization is the mean since the
 * row before; the first record and the last are always there. The others are where most is
 * to be seen: at equal distances along the curves, on which a step in time counts as much
 * as one in minor or in major faults, each as a share of the process's own.
 */
#include <err.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "run.h"
#include "system.h"
#include "text.h"

static const char usage_text[] =
"usage: reduce samples -z HZ PROFILE\n"
"       reduce check -z HZ PROFILE RECORDS REPORTS COUNTERS\n"
"       reduce processes -z HZ PROFILE RECORDS REPORTS\n"
"       reduce series -z HZ PROFILE RECORDS REPORTS\n"
"       reduce system -z HZ PROFILE RECORDS SYSTEM\n"
"       reduce -h\n"
"\n"
"samples    a row a sample: when it ended (s since the profiling began), faults,\n"
"           their totals so far, their rates (1/s), CPU utilization (% of one CPU)\n"
"check      nothing: fails if the counts do not agree\n"
"processes  a row a process, in the order of PIDs: its label in figures, which of the\n"
"           reports is its own (0: none), faults, the major faults of all meanwhile, CPU\n"
"           time, largest resident set (KiB),\n"
"           when it began (s of the machine's clock) and how long it was profiled (s)\n"
"series     rows of each process, 500 of all at most, if that is 20 of each: when (s\n"
"           since the profiling began), faults so far, CPU utilization since the row\n"
"           before (% of one CPU), memory (KiB); the last one is its end\n"
"system     a hundred rows of the whole machine: when (s since the profiling began), and\n"
"           what the kernel has counted since then, as SYSTEM names it; and the resident\n"
"           sets of all processes (KiB)\n"
"\n"
"PROFILE is what monitor printed, RECORDS what monitor -p printed, REPORTS what\n"
"the work processes printed (times in s; it is empty where programs are not work),\n"
"COUNTERS what the machine counted, SYSTEM what sample-system printed, and HZ the jiffies a second of its kernel\n"
"(CONFIG_HZ). Where the faults of the one are not those of the others, that is an\n"
"error. Tables are tab separated and have a header row.\n";

#define HZ_MAX 10000	/* Linux has 100 to 1200 */

#define ROWS_OF_RUN	500
#define ROWS_AT_LEAST	20	/* of a process, however many there are */

static void print_samples(const struct run *run)
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
 * What the process was told to do, or at least which one it is. It is shown in figures:
 * a byte that the records have as \ooo becomes a question mark, and so does a quote, in
 * which gnuplot would look for a tab.
 */
static void print_label(const struct run *run, const struct process *process)
{
	const struct report *r;

	if (process->report == 0) {
		for (const char *at = process->command; *at; at++) {
			putchar(*at == '\\' || *at == '"' ? '?' : *at);
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
	fputs(processes_header, stdout);
	for (size_t i = 0; i < run->nr_processes; i++) {
		const struct process *p = &run->processes[i];

		printf("%zu\t", i + 1);
		print_label(run, p);
		printf("\t%lu\t%lu\t%s\t%zu\t%.0f\t%.0f\t%.0f\t%.9f\t%lu\t%.9f\t%.9f\n", p->pid,
		       p->parent, p->command, p->report, p->minor, p->major, p->all_major, p->cpu_s,
		       p->peak_rss_kb, p->begin_s, p->elapsed_s);
	}
}

/* When the first period of all began. That of a short life may be recorded before. */
static unsigned long beginning_ns(const struct run *run)
{
	unsigned long ns = run->processes->records->begin_ns;

	for (size_t i = 0; i < run->nr_processes; i++)
		if (run->processes[i].records->begin_ns < ns)
			ns = run->processes[i].records->begin_ns;
	return ns;
}

/* How many rows there may be of a process. */
static size_t rows(const struct run *run)
{
	size_t share = ROWS_OF_RUN / run->nr_processes;

	return share > ROWS_AT_LEAST ? share : ROWS_AT_LEAST;
}

/* How far along its curves a process is at this record: from 0 to at most 3. */
static double progress(const struct process *p, const struct record *r)
{
	double seconds = (r->end_ns - p->records->begin_ns) / 1e9;

	return (p->elapsed_s > 0 ? seconds / p->elapsed_s : 0) +
	       (p->minor > 0 ? r->minor_total / p->minor : 0) +
	       (p->major > 0 ? r->major_total / p->major : 0);
}

static void print_series_of(size_t number, const struct process *p, size_t most,
			    unsigned long beginning)
{
	bool whole = p->nr_records <= most;
	double step = 3.0 / (most - 2), cpu_s = 0;	/* beside the first and the last */
	unsigned long since = p->records->begin_ns;
	double seen = 0;

	for (size_t i = 0; i < p->nr_records; i++) {
		const struct record *r = &p->records[i];
		bool end = i == 0 || i + 1 == p->nr_records;

		cpu_s += r->cpu_s;
		if (!whole && !end && progress(p, r) - seen < step)
			continue;
		printf("%zu\t%.6f\t%.0f\t%.0f\t%.2f\t%lu\t%lu\n", number,
		       (r->end_ns - beginning) / 1e9, r->minor_total, r->major_total,
		       r->end_ns > since ? 100 * cpu_s / ((r->end_ns - since) / 1e9) : NAN,
		       r->rss_kb, r->swap_kb);
		seen = progress(p, r);
		since = r->end_ns;
		cpu_s = 0;
	}
}

static void print_series(const struct run *run)
{
	fputs(series_header, stdout);
	for (size_t i = 0; i < run->nr_processes; i++)
		print_series_of(i + 1, &run->processes[i], rows(run), beginning_ns(run));
}

/*
 * The commands, how many of PROFILE, RECORDS, REPORTS and COUNTERS each of them takes, and
 * what it prints of them, and of a file of its own behind them.
 */
static const struct {
	const char *name;
	int nr_files;
	void (*print)(const struct run *run);
	void (*print_with)(const struct run *run, const char *own, double beginning);
} commands[] = {
	{ "samples", 1, print_samples, NULL },
	{ "check", 4, NULL, NULL },
	{ "processes", 3, print_processes, NULL },
	{ "series", 3, print_series, NULL },
	{ "system", 2, NULL, print_system },
};
#define NR_COMMANDS (sizeof(commands) / sizeof(commands[0]))

/* The first @nr of the files of a run, which must agree. */
static struct run read_run(char *const files[4], int nr, unsigned long hz)
{
	struct run run = { 0 };

	read_profile(&run, files[0], hz);
	if (nr > 1) {
		read_records(&run, files[1]);
		check_processes(&run, files[1], files[0]);
	}
	if (nr > 2) {
		read_reports(&run, files[2]);
		check_reports(&run, files[1], files[2]);
	}
	if (nr > 3) {
		read_counters(&run, files[3]);
		check_counters(&run, files[3]);
	}
	return run;
}

static _Noreturn void bad_usage(const char *why)
{
	warnx("%s", why);
	fputs(usage_text, stderr);
	exit(2);
}

int main(int argc, char **argv)
{
	unsigned long hz = 0;
	struct run run;
	size_t c = 0;
	int option;

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
	while (c < NR_COMMANDS && strcmp(argv[optind], commands[c].name))
		c++;
	if (c == NR_COMMANDS || argc - optind - 1 != commands[c].nr_files + !!commands[c].print_with)
		bad_usage("unknown command, or not its arguments");

	run = read_run(&argv[optind + 1], commands[c].nr_files, hz);
	if (commands[c].print)
		commands[c].print(&run);
	if (commands[c].print_with)
		commands[c].print_with(&run, argv[argc - 1], beginning_ns(&run) / 1e9);
	free_run(&run);
	return finish();
}
