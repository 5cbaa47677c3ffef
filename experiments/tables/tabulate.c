// SPDX-License-Identifier: GPL-2.0
/*
 * tabulate - tables of one or many runs, out of what is kept of them
 *
 * Everything is read and checked before the first line is printed, so that there is either
 * a whole table or none.
 */
#include <err.h>
#include <gsl/gsl_cdf.h>
#include <gsl/gsl_math.h>
#include <gsl/gsl_sort.h>
#include <gsl/gsl_statistics.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "course.h"
#include "curve.h"
#include "rows.h"
#include "text.h"

static const char usage_text[] =
"usage: tabulate runs RUN...\n"
"       tabulate knee RUN...\n"
"       tabulate seeds RUN...\n"
"       tabulate course RUN...\n"
"       tabulate curve RUN...\n"
"       tabulate limits RUN...\n"
"       tabulate facts NAME=RUN...\n"
"       tabulate -h\n"
"\n"
"runs   a row a run: its axes, sums, means and medians; and how much of the CPU (%) all\n"
"       touches would take at the cost that they have in the run with one process, if there\n"
"       is one that differs in its argument alone\n"
"knee   three rows for runs that differ in their argument alone: the largest number of\n"
"       processes that each of three rules allows before thrashing\n"
"seeds  a row for runs that differ in their seed alone: the median of some columns of\n"
"       runs, and an interval that has the true median in it with coverage % of\n"
"       probability, whatever the distribution; of 95% if there are runs enough\n"
"course rows of each run, in the order of time: how large the resident sets of its processes\n"
"       were (MiB), and since the row before, major faults and pages swapped out a second,\n"
"       requests to write, their pages, and the times (%) in which the swap device was busy,\n"
"       tasks waited for it and for memory, and kswapd ran\n"
"curve  a row for each run of one program with another limit of memory, from the most to\n"
"       the least: how it ended, its time, how many times longer that is than in the first\n"
"       one, CPU time, the largest sum of resident sets, major faults of all processes, on\n"
"       anonymous memory and on files, refaults, pages swapped out, pressure (%)\n"
"limits one row for the same: with how much of it the program takes 5% longer, twice and 40\n"
"       times as long, and where time grows fastest, see curve.h\n"
"facts  NAME.key<TAB>value: the columns of runs; those of each process i, in the order of\n"
"       PIDs, as NAME.process<i>.key; each report, in the order of completion, as\n"
"       NAME.work<i>.key; and where the run comes from as NAME.meta.key\n"
"\n"
"RUN is results/AXES/ROW/NAME, the prefix of the files of a run. Where their counts do\n"
"not agree, that is an error. What a run does not tell is nan: touches, distinct and the\n"
"faults counted by work, if none of its processes is a work (then completion is how long\n"
"a process was profiled); shares of no fault; requests to no swap device. Tables are tab\n"
"separated and have a header row.\n";

/*
 * Printing
 */

#define ARGUMENTS	(1u << ARGUMENT)

/*
 * What of the CPU is useful, in %: the time that all touches would take if each cost as much as
 * it does where one process runs alone, its share of the first touches included. nan where that
 * run is not among the rows.
 */
static double useful(const struct row *row, const struct row *rows, size_t nr)
{
	for (size_t r = 0; r < nr; r++)
		if (rows[r].sum.n == 1 && same_axes(&rows[r].axes, &row->axes, ARGUMENTS))
			return row->sum.touches_per_second *
			       rows[r].sum.utilization / rows[r].sum.touches_per_second;
	return GSL_NAN;
}

static void print_runs(const struct row *rows, size_t nr)
{
	print_axis_names(0);
	for (size_t i = 0; i < nr_columns; i++)
		printf("%s\t", columns[i].name);
	puts("useful");
	for (size_t r = 0; r < nr; r++) {
		print_axes(&rows[r].axes, 0);
		for (size_t i = 0; i < nr_columns; i++)
			printf("%.*f\t", columns[i].decimals, column_value(&rows[r].sum, &columns[i]));
		printf("%.3f\n", useful(&rows[r], rows, nr));
	}
}

static int compare_n(const void *one, const void *other)
{
	const struct row *const *p = one, *const *q = other;

	return ((*p)->sum.n > (*q)->sum.n) - ((*p)->sum.n < (*q)->sum.n);
}

/* A run more of as many processes, and N would not rise. */
static void check_knee_of(const struct row **group, size_t nr)
{
	qsort(group, nr, sizeof(*group), compare_n);
	for (size_t r = 1; r < nr; r++)
		if (group[r]->sum.n == group[r - 1]->sum.n)
			errx(1, "%s and %s: two runs of %.0f processes", group[r - 1]->prefix,
			     group[r]->prefix, group[r]->sum.n);
}

/*
 * Where thrashing begins, by three rules (P. J. Denning, K. C. Kahn, J. Leroudier, D.
 * Potier, R. Suri, Optimal multiprogramming, Acta Informatica 7, 1976): throughput is at
 * its largest; the lifetime L, CPU time between two major faults, is still as long as S,
 * the time that the device is busy for one; the device is busy for half of the time.
 */
static void print_knee_of(const struct row **group, size_t nr)
{
	double most = 0, throughput, ns[3] = { GSL_NAN, GSL_NAN, GSL_NAN };
	static const char *const rules[3] = { "throughput", "lifetime", "half" };
	bool longer = true, below = true;

	qsort(group, nr, sizeof(*group), compare_n);
	for (size_t r = 0; r < nr; r++) {
		const struct summary *sum = &group[r]->sum;

		/* Of programs that are not work, each has done its own when it ends. */
		throughput = gsl_isnan(sum->touches_per_second) ? sum->done_per_minute : sum->touches_per_second;
		if (throughput > most) {
			most = throughput;
			ns[0] = sum->n;
		}
		/* Without a fault, L is without end. */
		longer &= sum->major == 0 || sum->lifetime_ms >= sum->service_ms;
		below &= sum->swap_busy <= 50;
		if (longer && !gsl_isnan(sum->swap_busy))
			ns[1] = sum->n;
		if (below)
			ns[2] = sum->n;
	}
	for (size_t i = 0; i < 3; i++) {
		print_axes(&group[0]->axes, ARGUMENTS);
		printf("%s\t%.0f\n", rules[i], ns[i]);
	}
}

static void print_knee(const struct row *rows, size_t nr)
{
	each_group(rows, nr, ARGUMENTS, check_knee_of);
	print_axis_names(ARGUMENTS);
	puts("rule\tn");
	each_group(rows, nr, ARGUMENTS, print_knee_of);
}

/* Of the columns, seeds has intervals of these. */
static const char *const uncertain[] = {
	"seconds", "utilization", "completion_median", "minor", "major", "touches_per_second",
};
#define NR_UNCERTAIN (sizeof(uncertain) / sizeof(uncertain[0]))

#define SEEDS	(1u << SEED)

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

static const struct column *column_named(const char *name)
{
	const struct column *column = columns;

	while (strcmp(column->name, name))
		column++;
	return column;
}

/* One number of processes stands for all runs of a row. */
static void check_seeds_of(const struct row **group, size_t nr)
{
	for (size_t i = 1; i < nr; i++)
		if (group[i]->sum.n != group[0]->sum.n)
			errx(1, "%s and %s: %.0f and %.0f processes, though only the seeds differ",
			     group[0]->prefix, group[i]->prefix, group[0]->sum.n, group[i]->sum.n);
}

/* One row: all runs of the group. */
static void print_seeds_of(const struct row **group, size_t nr)
{
	double *values = calloc(nr, sizeof(*values)), coverage;
	size_t k = interval_rank(nr, &coverage);

	if (!values)
		err(1, NULL);
	print_axes(&group[0]->axes, SEEDS);
	printf("%.0f\t%zu\t%.2f", group[0]->sum.n, nr, coverage);
	for (size_t u = 0; u < NR_UNCERTAIN; u++) {
		const struct column *c = column_named(uncertain[u]);

		for (size_t i = 0; i < nr; i++)
			values[i] = column_value(&group[i]->sum, c);
		gsl_sort(values, 1, nr);
		printf("\t%.*f\t%.*f\t%.*f", c->decimals, values[k - 1], c->decimals,
		       gsl_stats_median_from_sorted_data(values, 1, nr), c->decimals,
		       values[nr - k]);
	}
	putchar('\n');
	free(values);
}

static void print_seeds(const struct row *rows, size_t nr)
{
	each_group(rows, nr, SEEDS, check_seeds_of);
	print_axis_names(SEEDS);
	printf("n\truns\tcoverage");
	for (size_t u = 0; u < NR_UNCERTAIN; u++)
		printf("\t%s_low\t%s\t%s_high", uncertain[u], uncertain[u], uncertain[u]);
	putchar('\n');
	each_group(rows, nr, SEEDS, print_seeds_of);
}

static void print_process(const char *name, size_t i, const struct process *p, double major)
{
	printf("%s.process%zu.label\t%s\n", name, i, p->label);
	printf("%s.process%zu.command\t%s\n", name, i, p->command);
	printf("%s.process%zu.pid\t%lu\n", name, i, p->pid);
	printf("%s.process%zu.parent\t%lu\n", name, i, p->parent);
	printf("%s.process%zu.work\t%zu\n", name, i, p->report);
	printf("%s.process%zu.minor\t%.0f\n", name, i, p->minor);
	printf("%s.process%zu.major\t%.0f\n", name, i, p->major);
	printf("%s.process%zu.major_share\t%.2f\n", name, i, percent(p->major, major));
	printf("%s.process%zu.share_in_its_time\t%.2f\n", name, i, percent(p->major, p->all_major));
	printf("%s.process%zu.cpu_s\t%.6f\n", name, i, p->cpu_s);
	printf("%s.process%zu.peak_rss_kb\t%lu\n", name, i, p->peak_rss_kb);
	printf("%s.process%zu.elapsed_s\t%.6f\n", name, i, p->elapsed_s);
	printf("%s.process%zu.majors_per_second\t%.3f\n", name, i,
	       p->elapsed_s > 0 ? p->major / p->elapsed_s : 0);
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
	printf("%s.work%zu.awake_s\t%.6f\n", name, i, r->awake_s);
	printf("%s.work%zu.minor\t%lu\n", name, i, r->minor);
	printf("%s.work%zu.major\t%lu\n", name, i, r->major);
	printf("%s.work%zu.minor_max\t%lu\n", name, i, r->minor_max);
	printf("%s.work%zu.major_max\t%lu\n", name, i, r->major_max);
}

static void print_facts(const struct row *rows, size_t nr)
{
	for (const struct row *row = rows; row < rows + nr; row++) {
		for (size_t i = 0; i < nr_columns; i++)
			printf("%s.%s\t%.*f\n", row->name, columns[i].name,
			       columns[i].decimals, column_value(&row->sum, &columns[i]));
		for (size_t i = 0; i < row->run.nr_processes; i++)
			print_process(row->name, i + 1, &row->run.processes[i], row->sum.major);
		for (size_t i = 0; i < row->run.nr_reports; i++)
			print_report(row->name, i + 1, &row->run.reports[i]);
		for (size_t i = 0; i < row->meta.nr; i++)
			printf("%s.meta.%s\t%s\n", row->name, row->meta.entries[i].key,
			       row->meta.entries[i].value);
	}
}

/*
 * Commands
 */

static const struct {
	const char *name;
	void (*print)(const struct row *rows, size_t nr);
	bool named;		/* NAME=RUN */
} commands[] = {
	{ "runs", print_runs, false },
	{ "knee", print_knee, false },
	{ "seeds", print_seeds, false },
	{ "course", print_course, false },
	{ "curve", print_curve, false },
	{ "limits", print_limits, false },
	{ "facts", print_facts, true },
};
#define NR_COMMANDS (sizeof(commands) / sizeof(commands[0]))

static _Noreturn void bad_usage(const char *why)
{
	warnx("%s", why);
	fputs(usage_text, stderr);
	exit(2);
}

/* Takes the name from NAME=RUN. */
static const char *take_name(char **arg)
{
	char *name = *arg, *equals = strchr(name, '=');

	if (!equals)
		errx(2, "%s: expected NAME=RUN", name);
	*equals = '\0';
	*arg = equals + 1;
	return name;
}

int main(int argc, char **argv)
{
	struct row *rows;
	size_t c = 0, nr;
	int option;

	while ((option = getopt(argc, argv, "h")) != -1) {
		if (option != 'h')
			exit(2);
		fputs(usage_text, stdout);
		return finish();
	}
	if (optind == argc)
		bad_usage("no command");
	while (c < NR_COMMANDS && strcmp(argv[optind], commands[c].name))
		c++;
	if (c == NR_COMMANDS)
		bad_usage("unknown command");
	nr = argc - ++optind;
	if (nr == 0)
		bad_usage("no run");

	rows = calloc(nr, sizeof(*rows));
	if (!rows)
		err(1, NULL);
	for (size_t i = 0; i < nr; i++) {
		const char *name = commands[c].named ? take_name(&argv[optind + i]) : NULL;

		rows[i] = read_row(argv[optind + i]);
		rows[i].name = name;
	}
	commands[c].print(rows, nr);
	for (size_t i = 0; i < nr; i++)
		free_row(&rows[i]);
	free(rows);
	return finish();
}
