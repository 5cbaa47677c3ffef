// SPDX-License-Identifier: GPL-2.0
/*
 * compare - what differs between configurations of memory management
 *
 * A run is exact, but thrashing is chaotic: another seed is another course. So each
 * configuration is a sample of runs that differ in their seed, and what is said of two of them
 * is said of the distributions that these were drawn from; twosample.h has how. Seeds are not
 * paired: the same seed in another configuration soon goes another way.
 *
 * An interval of 95% leaves out 1 by chance in one comparison of twenty, and there are more
 * figures than that. A placebo shows how far chance goes: a verdict wants an interval that does
 * not even meet the placebo's. That is strict: two such intervals may meet although a test of
 * the one against the other would tell them apart (N. Schenker and J. F. Gentleman, On judging
 * the significance of differences by examining the overlap between confidence intervals, The
 * American Statistician 55, 2001).
 *
 * Everything is read and checked before the first line is printed.
 */
#include <ctype.h>
#include <err.h>
#include <gsl/gsl_math.h>
#include <gsl/gsl_sort.h>
#include <gsl/gsl_statistics.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "misses.h"
#include "rows.h"
#include "text.h"
#include "twosample.h"

static const char usage_text[] =
"usage: compare [-p] LABEL=RUN...\n"
"       compare -h\n"
"\n"
"Runs of one LABEL (letters, digits, . and -) are one configuration; they differ in their seed\n"
"alone. Each configuration, b, is compared with the first one, a, in a row a figure:\n"
"\n"
"sign       whether less or more of it is better; - if neither is\n"
"ratio      by what factor b is larger than a: the median of all ratios of their runs\n"
"low, high  an interval that has the true factor in it with coverage % of probability,\n"
"           whatever the distribution; of 95% if there are runs enough. Where values are the\n"
"           same, more often.\n"
"verdict    better or worse, or more or less if the sign is -; - where a run does not tell\n"
"           the figure; and \"no difference seen\" if 1 is in the interval, or the interval\n"
"           meets that of the placebo, or its coverage is below 95%. one run if one of them\n"
"           leaves the same bytes with each seed: n is 1 then, and chance has no part in it that\n"
"           could be seen\n"
"needed     about how many runs of each it would take to see a difference as large as\n"
"           ratio, by the width of the interval now; at least those that an interval of 95%\n"
"           takes. 0 if it is seen; - if there is none, or more than 1000 were needed.\n"
"\n"
"-p  runs with the label placebo are the first configuration with something else that\n"
"    cannot matter: how they differ from it, placebo_low and placebo_high, is chance. They\n"
"    need as many runs as the others, or too little of it shows.\n"
"\n"
"Resident set, Misses to OPT and Misses to LRU are told by runs of one work -v that have\n"
"NAME.resident.tsv, of the second half of its iterations: the mean, and how many times the\n"
"misses that these policies would have had with as many pages. First touches, which none\n"
"avoids, are included. A run without other misses does not tell the latter (see oracle -h).\n"
"\n"
"RUN is results/AXES/ROW/NAME, the prefix of the files of a run. What a run does not tell is\n"
"nan. A ratio to 0 is inf, and of 0 to 0 it is 1. The table is tab separated and has a header\n"
"row.\n";

/*
 * Figures
 */

/* A run; what it has missed of its memory is nan if it does not tell. */
struct member {
	struct row row;
	struct bounds bounds;
	double managed_mb;	/* of memory, which the kernel and its tables have left */
};

struct figure {
	const char *key, *title, *unit, *sign;
	int decimals;
	size_t offset;				/* in struct member, or */
	double (*of)(const struct row *row);
};

static double kswapd_efficiency(const struct row *row)
{
	return percent(row->sum.steal_kswapd, row->sum.scan_kswapd);
}

static double direct_efficiency(const struct row *row)
{
	return percent(row->sum.steal_direct, row->sum.scan_direct);
}

/* Each zone has its own. */
static double stalls(const struct row *row)
{
	const struct counters *counters = &row->run.counters;
	double sum = GSL_NAN;

	for (size_t i = 0; i < counters->nr; i++) {
		const struct counter *counter = &counters->all[i];

		if (!strncmp(counter->name, "allocstall_", 11))
			sum = (gsl_isnan(sum) ? 0 : sum) + counter->end - counter->begin;
	}
	return sum;
}

static double cpu_user(const struct row *row)
{
	return growth(&row->run.counters, "cpu_user_s") + growth(&row->run.counters, "cpu_nice_s");
}

static double cpu_system(const struct row *row)
{
	return growth(&row->run.counters, "cpu_system_s");
}

#define MEMBER(name)	offsetof(struct member, name), NULL
#define SUM(name)	MEMBER(row.sum.name)
#define OF(function)	0, function

/*
 * Titles and order are those of mmtests where it has them (MonitorMmtestsvmstat.pm of
 * https://github.com/gormanm/mmtests). Each sign is that of the figure by itself. Minor faults
 * have none: some are what readahead has left of major ones. kswapd's pages have none: what it
 * does not reclaim, the processes have to. The resident set has none: what one process has,
 * something else has not.
 */
static const struct figure figures[] = {
	{ "completion", "Completion, median", "s", "less", 3, SUM(completion_median) },
	{ "last_completion", "Completion, last", "s", "less", 3, SUM(completion_max) },
	{ "throughput", "Throughput", "touches/s", "more", 3, SUM(touches_per_second) },
	{ "awake_throughput", "Throughput, awake", "touches/s", "more", 3, SUM(touches_per_awake_second) },
	{ "minor", "Minor Faults", "faults", "-", 0, SUM(minor) },
	{ "major", "Major Faults", "faults", "less", 0, SUM(major) },
	{ "refaults_anon", "Refaults, anonymous", "pages", "less", 0, SUM(refaults_anon) },
	{ "refaults_file", "Refaults, file", "pages", "less", 0, SUM(refaults_file) },
	{ "swap_ins", "Swap Ins", "pages", "less", 0, SUM(pswpin) },
	{ "swap_outs", "Swap Outs", "pages", "less", 0, SUM(pswpout) },
	{ "direct_scanned", "Direct pages scanned", "pages", "less", 0, SUM(scan_direct) },
	{ "kswapd_scanned", "Kswapd pages scanned", "pages", "-", 0, SUM(scan_kswapd) },
	{ "kswapd_reclaimed", "Kswapd pages reclaimed", "pages", "-", 0, SUM(steal_kswapd) },
	{ "direct_reclaimed", "Direct pages reclaimed", "pages", "less", 0, SUM(steal_direct) },
	{ "kswapd_efficiency", "Kswapd efficiency", "%", "more", 2, OF(kswapd_efficiency) },
	{ "direct_efficiency", "Direct efficiency", "%", "more", 2, OF(direct_efficiency) },
	{ "stalls", "Allocation stalls", "stalls", "less", 0, OF(stalls) },
	{ "memory_some", "PSI memory, some", "%", "less", 2, SUM(memory_some) },
	{ "memory_full", "PSI memory, full", "%", "less", 2, SUM(memory_full) },
	{ "io_some", "PSI io, some", "%", "less", 2, SUM(io_some) },
	{ "io_full", "PSI io, full", "%", "less", 2, SUM(io_full) },
	{ "device_busy", "Swap device busy", "%", "-", 2, SUM(swap_busy) },
	{ "pages_per_write", "Pages per write request", "pages", "more", 3, SUM(pages_per_write) },
	{ "cpu", "CPU of the processes", "%", "more", 2, SUM(utilization) },
	{ "cpu_user", "CPU, user", "s", "less", 2, OF(cpu_user) },
	{ "cpu_system", "CPU, system", "s", "less", 2, OF(cpu_system) },
	{ "kswapd_cpu", "Kswapd CPU", "%", "less", 2, SUM(kswapd) },
	{ "managed", "Memory managed", "MB", "-", 2, MEMBER(managed_mb) },
	{ "resident", "Resident set", "pages", "-", 1, MEMBER(bounds.frames[MEAN]) },
	{ "to_opt", "Misses to OPT", "ratio", "less", 3, MEMBER(bounds.factor[OPT][MEAN]) },
	{ "to_lru", "Misses to LRU", "ratio", "less", 3, MEMBER(bounds.factor[LRU][MEAN]) },
};
#define NR_FIGURES (sizeof(figures) / sizeof(figures[0]))

static double figure_value(const struct figure *figure, const struct member *member)
{
	return figure->of ? figure->of(&member->row) :
	       *(const double *)((const char *)member + figure->offset);
}

/*
 * Configurations
 */

struct configuration {
	const char *label;
	const char **prefixes;
	struct member *members;
	size_t n;		/* runs, none of them the same as another */
	bool is_one_run;	/* with each of several seeds */
};

static struct configuration *named(struct configuration *all, size_t nr, const char *label)
{
	for (size_t i = 0; i < nr; i++)
		if (!strcmp(all[i].label, label))
			return &all[i];
	return NULL;
}

/* Runs are a sample if nothing but chance differs, and no run is there twice. */
static void check_configuration(const struct configuration *c)
{
	const struct row *first = &c->members->row;

	for (size_t i = 1; i < c->n; i++) {
		const struct row *row = &c->members[i].row;

		if (!same_axes(&row->axes, &first->axes, 1u << SEED) ||
		    strcmp(row->axes.name, first->axes.name))
			errx(1, "%s and %s: runs of %s that differ in more than their seed",
			     first->prefix, row->prefix, c->label);
		for (size_t j = 0; j < i; j++)
			if (same_axes(&row->axes, &c->members[j].row.axes, 0))
				errx(1, "%s and %s: two runs of %s with seed %s",
				     c->members[j].row.prefix, row->prefix, c->label,
				     row->axes.values[SEED]);
	}
}

/* Whether all that came out of two runs is the same, by its digests. */
static bool is_same_run(const struct meta *one, const struct meta *other)
{
	bool is_digest = false;

	for (size_t i = 0; i < one->nr; i++) {
		const char *key = one->entries[i].key;

		if (strncmp(key, "digest.", 7))
			continue;
		is_digest = true;
		if (i >= other->nr || strcmp(key, other->entries[i].key) ||
		    strcmp(one->entries[i].value, other->entries[i].value))
			return false;
	}
	return is_digest;
}

/* A seed that has no part in a run makes no run more, and no chance visible. */
static void drop_same_runs(struct configuration *c)
{
	size_t kept = 0, all = c->n;

	for (size_t i = 0; i < all; i++) {
		size_t j = 0;

		while (j < kept && !is_same_run(&c->members[i].row.meta, &c->members[j].row.meta))
			j++;
		if (j < kept)
			free_row(&c->members[i].row);
		else
			c->members[kept++] = c->members[i];
	}
	c->n = kept;
	c->is_one_run = kept == 1 && all > 1;
	if (kept < all)
		warnx("%s: %zu of %zu runs are the same as others: does the case use its seed?",
		      c->label, all - kept, all);
}

static double read_managed_mb(const char *prefix)
{
	struct meta settings = read_beside(prefix, "settings.tsv");
	double mb = strtod(meta_value(&settings, "memory.managed_kb"), NULL) / 1024;

	free_meta(&settings);
	return mb;
}

static void read_configuration(struct configuration *c)
{
	c->members = calloc(c->n, sizeof(*c->members));
	if (!c->members)
		err(1, NULL);
	for (size_t i = 0; i < c->n; i++) {
		struct member *member = &c->members[i];

		member->row = read_row(c->prefixes[i]);
		free(read_bounds(c->prefixes[i], 1u << OPT | 1u << LRU, 1u << MEAN, &member->bounds));
		member->managed_mb = read_managed_mb(c->prefixes[i]);
	}
	check_configuration(c);
	drop_same_runs(c);
}

static void free_configuration(struct configuration *c)
{
	for (size_t i = 0; i < c->n; i++)
		free_row(&c->members[i].row);
	free(c->members);
	free(c->prefixes);
}

/* A figure in all runs of a configuration. */
struct values {
	double all[TWOSAMPLE_MAX];
	double median, min, max;
	bool known;		/* in each of them */
};

static struct values values_of(const struct configuration *c, const struct figure *figure)
{
	struct values values = { .median = GSL_NAN, .min = GSL_NAN, .max = GSL_NAN, .known = true };

	for (size_t i = 0; i < c->n; i++) {
		values.all[i] = figure_value(figure, &c->members[i]);
		values.known &= !gsl_isnan(values.all[i]);
	}
	if (!values.known)
		return values;
	gsl_sort(values.all, 1, c->n);
	values.median = gsl_stats_median_from_sorted_data(values.all, 1, c->n);
	values.min = values.all[0];
	values.max = values.all[c->n - 1];
	return values;
}

/*
 * Comparing
 */

#define NEEDED_MAX 1000		/* seeds that anybody might want to run */

/* What two configurations have of a figure, and how sure that is. */
struct comparison {
	struct ratio ratio;
	double coverage;
	bool known, enough;
};

static struct comparison compare(const struct configuration *a, const struct values *of_a,
				 const struct configuration *b, const struct values *of_b,
				 const struct rank *rank)
{
	struct comparison comparison = {
		.ratio = { GSL_NAN, GSL_NAN, GSL_NAN },
		.coverage = GSL_NAN,
		.known = of_a->known && of_b->known,
		.enough = rank->enough,
	};

	if (!comparison.known)
		return comparison;
	comparison.ratio = ratio_of(of_a->all, a->n, of_b->all, b->n, rank->k);
	comparison.coverage = rank->coverage;
	return comparison;
}

static const char *verdict_on(const struct figure *figure, bool is_more)
{
	if (!strcmp(figure->sign, "-"))
		return is_more ? "more" : "less";
	return is_more == !strcmp(figure->sign, "more") ? "better" : "worse";
}

/* The verdict and what is needed. @low and @high: how far chance goes, with 1 between them. */
static void print_verdict(const struct figure *figure, const struct comparison *comparison,
			  size_t n, size_t m, double low, double high)
{
	const struct ratio *ratio = &comparison->ratio;
	double needed;

	if (comparison->enough && (ratio->low > high || ratio->high < low)) {
		printf("%s\t0\n", verdict_on(figure, ratio->low > high));
		return;
	}
	needed = comparison->enough ? values_needed(ratio, n, m, low, high) : fewest_values();
	if (needed <= NEEDED_MAX)
		printf("no difference seen\t%.0f\n", needed);
	else
		puts("no difference seen\t-");
}

/* The median of an even number of whole numbers may be a half. */
static void print_values(const struct configuration *c, const struct figure *figure,
			 const struct values *values)
{
	int decimals = figure->decimals;
	bool half = decimals == 0 && values->known && values->median != (long)values->median;

	printf("%s\t%zu\t%.*f\t%.*f\t%.*f\t", c->label, c->n, half ? 1 : decimals, values->median,
	       decimals, values->min, decimals, values->max);
}

/* @ranks: of a and b, and of a and the placebo. Without a placebo, 1 is all that chance does. */
static void print_figure(const struct figure *figure, const struct configuration *a,
			 const struct configuration *b, const struct configuration *placebo,
			 const struct rank ranks[2])
{
	struct values of_a = values_of(a, figure), of_b = values_of(b, figure);
	struct comparison ab = compare(a, &of_a, b, &of_b, &ranks[0]);
	struct ratio chance = { GSL_NAN, GSL_NAN, GSL_NAN };
	bool known = ab.known;
	double low = 1, high = 1;

	if (placebo) {
		struct values of_placebo = values_of(placebo, figure);
		struct comparison ap = compare(a, &of_a, placebo, &of_placebo, &ranks[1]);

		chance = ap.ratio;
		known &= ap.known;
		low = GSL_MIN_DBL(1, chance.low);
		high = GSL_MAX_DBL(1, chance.high);
	}
	printf("%s\t%s\t%s\t%s\t", figure->key, figure->title, figure->unit, figure->sign);
	print_values(a, figure, &of_a);
	print_values(b, figure, &of_b);
	printf("%.6g\t%.6g\t%.6g\t%.2f\t%.6g\t%.6g\t", ab.ratio.estimate, ab.ratio.low,
	       ab.ratio.high, ab.coverage, chance.low, chance.high);
	if (known && (a->is_one_run || b->is_one_run))
		puts("one run\t-");
	else if (known)
		print_verdict(figure, &ab, a->n, b->n, low, high);
	else
		puts("-\t-");
}

static void print_comparisons(const struct configuration *all, size_t nr,
			      const struct configuration *a, const struct configuration *placebo)
{
	puts("figure\ttitle\tunit\tsign\ta\tn_a\tmedian_a\tmin_a\tmax_a\tb\tn_b\tmedian_b\tmin_b"
	     "\tmax_b\tratio\tlow\thigh\tcoverage\tplacebo_low\tplacebo_high\tverdict\tneeded");
	for (const struct configuration *b = all; b < all + nr; b++) {
		struct rank ranks[2] = { 0 };

		if (b == a || b == placebo)
			continue;
		ranks[0] = interval_rank(a->n, b->n);
		if (placebo)
			ranks[1] = interval_rank(a->n, placebo->n);
		for (size_t i = 0; i < NR_FIGURES; i++)
			print_figure(&figures[i], a, b, placebo, ranks);
	}
}

/*
 * Arguments
 */

static _Noreturn void bad_usage(const char *why)
{
	warnx("%s", why);
	fputs(usage_text, stderr);
	exit(2);
}

/* Takes the label from LABEL=RUN. */
static const char *take_label(char **arg)
{
	char *label = *arg, *equals = strchr(label, '=');

	if (!equals)
		errx(2, "%s: expected LABEL=RUN", label);
	*equals = '\0';
	*arg = equals + 1;
	for (const char *at = label; at == label || *at; at++)
		if (!isalnum((unsigned char)*at) && *at != '-' && *at != '.')
			errx(2, "%s: a label has letters, digits, . and - only", label);
	return label;
}

/* The configurations of all runs, in the order in which they came first; returns how many. */
static size_t sort_runs(char **args, size_t nr_runs, struct configuration *all)
{
	size_t nr = 0;

	for (size_t i = 0; i < nr_runs; i++) {
		const char *label = take_label(&args[i]);
		struct configuration *c = named(all, nr, label);

		if (!c) {
			c = &all[nr++];
			c->label = label;
		}
		c->prefixes = grow(c->prefixes, c->n, sizeof(*c->prefixes));
		c->prefixes[c->n++] = args[i];
		if (c->n > TWOSAMPLE_MAX)
			errx(2, "%s: more than %d runs", label, TWOSAMPLE_MAX);
	}
	return nr;
}

int main(int argc, char **argv)
{
	struct configuration *all, *a, *placebo = NULL;
	bool with_placebo = false;
	size_t nr, nr_runs;
	int option;

	while ((option = getopt(argc, argv, "hp")) != -1) {
		switch (option) {
		case 'h':
			fputs(usage_text, stdout);
			return finish();
		case 'p':
			with_placebo = true;
			break;
		default:
			exit(2);
		}
	}
	nr_runs = argc - optind;
	if (nr_runs == 0)
		bad_usage("no run");
	all = calloc(nr_runs, sizeof(*all));
	if (!all)
		err(1, NULL);
	nr = sort_runs(argv + optind, nr_runs, all);
	if (with_placebo) {
		placebo = named(all, nr, "placebo");
		if (!placebo)
			errx(2, "-p: no run of placebo");
	}
	a = all == placebo && nr > 1 ? all + 1 : all;
	if (nr < (placebo ? 3 : 2))
		errx(2, "nothing to compare %s with", a->label);

	for (size_t i = 0; i < nr; i++)
		read_configuration(&all[i]);
	print_comparisons(all, nr, a, placebo);
	for (size_t i = 0; i < nr; i++)
		free_configuration(&all[i]);
	free(all);
	return finish();
}
