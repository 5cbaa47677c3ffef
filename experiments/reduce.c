// SPDX-License-Identifier: GPL-2.0
/*
 * reduce - profile data and work reports in, tables and statistics out
 *
 * A run leaves two files behind. The profile is what monitor printed, a line a
 * sample: jiffies, minor faults, major faults and utilization (in hundredths
 * of a percent of one CPU) of one sample period, see ../mp3/mp3.h. The reports
 * are what each work printed when it had finished, a line a process:
 *
 *	work: pid=123 mb=200 mode=R accesses=10000 seed=7 touches=200000
 *	      distinct=51000 elapsed_s=40.123456 minor=51100 major=1000
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
#include <gsl/gsl_sort.h>
#include <gsl/gsl_statistics.h>
#include "../mp3/mp3.h"

static const char usage_text[] =
"usage: reduce series -z HZ PROFILE\n"
"       reduce runs -z HZ N PROFILE REPORTS [N PROFILE REPORTS]...\n"
"       reduce facts -z HZ NAME PROFILE REPORTS [NAME PROFILE REPORTS]...\n"
"       reduce -h\n"
"\n"
"series  a row a sample: when it ended (s since the profiling began), faults,\n"
"        their totals so far, their rates (1/s), CPU utilization (% of one CPU)\n"
"runs    a row a run of N processes; a run with fewer or more reports fails\n"
"facts   NAME.key<TAB>value: the same numbers, and those of each process i\n"
"        as NAME.work<i>.key\n"
"\n"
"PROFILE is what monitor printed, REPORTS what the work processes printed\n"
"(times in s), and HZ the jiffies a second of their kernel (CONFIG_HZ).\n"
"Tables are tab separated and have a header row.\n";

#define HZ_MAX 10000	/* Linux has 100 to 1200 */

struct sample {
	double seconds;		/* when it ended, since the first one began */
	double period;		/* s */
	double minor, major;
	double minor_total, major_total;
	double utilization;	/* % of one CPU */
};

/* One report, named as in its line. */
struct report {
	unsigned long pid, mb;
	char mode;
	unsigned long accesses, seed, touches, distinct;
	double elapsed_s;
	unsigned long minor, major;
};

struct run {
	const char *name;
	struct sample *samples;
	struct report *reports;
	size_t nr_samples, nr_reports;
};

/* A run in one row. */
struct summary {
	double n, samples, seconds, rate_hz, utilization;
	double completion_min, completion_median, completion_max;
	double touches, distinct, minor, major, work_minor, work_major;
	double majors_per_second, touches_per_second;
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
};
#define NR_COLUMNS (sizeof(columns) / sizeof(columns[0]))

/*
 * Reading
 */

/* A text file and the line of it that was read last. */
struct text {
	const char *path;
	FILE *file;
	char *line;
	size_t room;
	unsigned long number;
};

static struct text open_text(const char *path)
{
	struct text text = { .path = path, .file = fopen(path, "r") };

	if (!text.file)
		err(1, "%s", path);
	return text;
}

/* Reads the next line. At the end of the file, closes it and returns false. */
static bool next_line(struct text *text)
{
	if (getline(&text->line, &text->room, text->file) >= 0) {
		text->number++;
		return true;
	}
	if (ferror(text->file))
		err(1, "%s", text->path);
	free(text->line);
	fclose(text->file);
	return false;
}

static _Noreturn void malformed(const struct text *text, const char *expected)
{
	size_t length = strcspn(text->line, "\n");
	bool whole = text->line[length] == '\n';

	/* What was found may be anything, and a terminal may be listening. */
	for (size_t i = 0; i < length; i++)
		if (!isprint((unsigned char)text->line[i]))
			text->line[i] = '?';
	errx(1, "%s:%lu: expected %s, found \"%.*s\"%s", text->path, text->number,
	     expected, (int)(length < 200 ? length : 200), text->line,
	     whole ? "" : " without an end of line");
}

static bool skip(const char **at, const char *word)
{
	size_t length = strlen(word);

	if (strncmp(*at, word, length))
		return false;
	*at += length;
	return true;
}

/* Takes word and the number behind it. strtoul alone would take a sign. */
static bool number(const char **at, const char *word, unsigned long *value)
{
	char *rest;

	if (!skip(at, word) || !isdigit((unsigned char)**at))
		return false;
	errno = 0;
	*value = strtoul(*at, &rest, 10);
	*at = rest;
	return errno == 0;
}

/* The same for a decimal fraction, which strtod alone would not insist on. */
static bool fraction(const char **at, const char *word, double *value)
{
	char *rest;
	size_t length;

	if (!skip(at, word) || !isdigit((unsigned char)**at))
		return false;
	length = strspn(*at, "0123456789.");
	errno = 0;
	*value = strtod(*at, &rest);
	if (errno || rest != *at + length)
		return false;
	*at = rest;
	return true;
}

static bool letter(const char **at, const char *word, const char *letters, char *value)
{
	if (!skip(at, word) || **at == '\0' || !strchr(letters, **at))
		return false;
	*value = *(*at)++;
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

static bool parse_report(const char *at, struct report *report)
{
	return number(&at, "work: pid=", &report->pid) &&
	       number(&at, " mb=", &report->mb) &&
	       letter(&at, " mode=", "RL", &report->mode) &&
	       number(&at, " accesses=", &report->accesses) &&
	       number(&at, " seed=", &report->seed) &&
	       number(&at, " touches=", &report->touches) &&
	       number(&at, " distinct=", &report->distinct) &&
	       fraction(&at, " elapsed_s=", &report->elapsed_s) &&
	       number(&at, " minor=", &report->minor) &&
	       number(&at, " major=", &report->major) &&
	       strcmp(at, "\n") == 0;
}

/* Makes room for one element more. */
static void *grow(void *array, size_t nr, size_t size)
{
	array = reallocarray(array, nr + 1, size);
	if (!array)
		err(1, NULL);
	return array;
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

static void read_reports(struct run *run, const char *path)
{
	struct text text = open_text(path);

	while (next_line(&text)) {
		struct report report;

		if (!parse_report(text.line, &report))
			malformed(&text, "a report of work");
		run->reports = grow(run->reports, run->nr_reports, sizeof(report));
		run->reports[run->nr_reports++] = report;
	}
	if (run->nr_reports == 0)
		errx(1, "%s: no reports", path);
}

static void free_run(struct run *run)
{
	free(run->samples);
	free(run->reports);
}

/*
 * Reducing
 */

static struct summary summarize(const struct run *run)
{
	const size_t stride = sizeof(struct sample) / sizeof(double);
	const struct sample *first = run->samples;
	const struct sample *last = &first[run->nr_samples - 1];
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
	};

	for (size_t i = 0; i < run->nr_reports; i++) {
		const struct report *report = &run->reports[i];

		completion[i] = report->elapsed_s;
		sum.touches += report->touches;
		sum.distinct += report->distinct;
		sum.work_minor += report->minor;
		sum.work_major += report->major;
	}
	sum.touches_per_second = sum.touches / sum.seconds;

	gsl_sort(completion, 1, run->nr_reports);
	sum.completion_min = completion[0];
	sum.completion_median =
		gsl_stats_median_from_sorted_data(completion, 1, run->nr_reports);
	sum.completion_max = completion[run->nr_reports - 1];
	free(completion);
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
}

static void print_facts(const struct run *runs, size_t nr)
{
	for (size_t r = 0; r < nr; r++) {
		struct summary sum = summarize(&runs[r]);

		for (size_t i = 0; i < NR_COLUMNS; i++)
			printf("%s.%s\t%.*f\n", runs[r].name, columns[i].name,
			       columns[i].decimals, column(&sum, i));
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

/* What was printed counts once it has been written. */
static int finish(void)
{
	if (ferror(stdout) || fclose(stdout))
		err(1, "standard output");
	return 0;
}

static unsigned long parse_argument(const char *what, const char *text,
				    unsigned long min, unsigned long max)
{
	const char *at = text;
	unsigned long value;

	if (!number(&at, "", &value) || *at || value < min || value > max)
		errx(2, "%s: expected %lu to %lu, found \"%s\"", what, min, max, text);
	return value;
}

static void series(const char *path, unsigned long hz)
{
	struct run run = { 0 };

	read_profile(&run, path, hz);
	print_series(&run);
	free_run(&run);
}

static void runs_or_facts(bool facts, char **args, size_t nr, unsigned long hz)
{
	struct run *runs = calloc(nr, sizeof(*runs));

	if (!runs)
		err(1, NULL);
	for (size_t i = 0; i < nr; i++) {
		char **arg = &args[3 * i];
		size_t n = facts ? 0 : parse_argument("N", arg[0], 1, 1000000);

		runs[i].name = arg[0];
		read_profile(&runs[i], arg[1], hz);
		read_reports(&runs[i], arg[2]);
		if (!facts && runs[i].nr_reports != n)
			errx(1, "%s: expected reports of %zu processes, found %zu",
			     arg[2], n, runs[i].nr_reports);
	}
	if (facts)
		print_facts(runs, nr);
	else
		print_runs(runs, nr);
	for (size_t i = 0; i < nr; i++)
		free_run(&runs[i]);
	free(runs);
}

int main(int argc, char **argv)
{
	unsigned long hz = 0;
	const char *command;
	int option, left;

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

	if (!strcmp(command, "series") && left == 1)
		series(argv[optind], hz);
	else if (!strcmp(command, "runs") && left > 0 && left % 3 == 0)
		runs_or_facts(false, &argv[optind], left / 3, hz);
	else if (!strcmp(command, "facts") && left > 0 && left % 3 == 0)
		runs_or_facts(true, &argv[optind], left / 3, hz);
	else
		bad_usage("unknown command, or not its arguments");
	return finish();
}
