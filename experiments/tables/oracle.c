// SPDX-License-Identifier: GPL-2.0
/*
 * oracle - what theory says of the faults of work, beside what was measured
 *
 *	oracle touches RUN
 *	oracle misses RUN...
 *	oracle replace FRAMES < STRING
 *
 * RUN is the prefix of the files of a run (see run.h) of one `work -v`. RUN.work has a line
 * an iteration and its report (see work.c), RUN.series.tsv its resident set over time.
 * Tables are tab separated and have a header row.
 *
 * touches: uniform random accesses with memory to spare. After a accesses to W pages,
 * each is still untouched with the probability (1 - 1/W)^a, so the number of touched
 * ones is that of the occupied boxes when a balls are thrown into W boxes, of which
 * mean and variance are known (W. Feller, An Introduction to Probability Theory and
 * Its Applications, vol. 1, chapter IV). Each first touch is a minor fault.
 *
 * misses: more pages than memory. Of W pages, M are resident. A uniform random access
 * finds its page missing with the probability 1 - M/W, whatever is replaced (J. van
 * den Berg and D. Towsley, Properties of the miss ratio for a 2-level storage model
 * with LRU or FIFO replacement strategy and independent references, IEEE Transactions
 * on Computers 42(4), 1993). And the string of the very same work is generated again, and
 * what each policy of policies.h would miss of it with M frames is counted: LRU exactly
 * those accesses whose stack distance is M or more (R. L. Mattson et al., Evaluation techniques
 * for storage hierarchies, IBM Systems Journal 9(2), 1970).
 *
 * replace: the same for a string of one's own, a page number a line.
 *
 * Only the second half of the iterations counts, when nearly all pages have been
 * touched; first touches are left out of the accesses, and W is of the touched pages. M is the
 * mean of the resident pages in RUN.resident.tsv, of each iteration and of all.
 *
 * These are samples of time, and accesses that miss take nearly all of it: as many accesses as a miss
 * takes long are some thousand that hit. So while M pages are resident, there are accesses in
 * proportion to 1 / (1 - M/W), and what is expected of the accesses of an iteration is the
 * harmonic mean of 1 - M/W over its samples. (Where M moves while few accesses miss, the arithmetic
 * mean, which is that of the time, is too large by a tenth.) At least one page is missing.
 *
 * Misses come in clusters, when a phase begins, so the errors are not those of independent accesses:
 * each iteration is a batch, and the error is that of the mean of the batches, sqrt(n / (n - 1)
 * sum(e^2)) / sum(a), of n batches of a accesses each, e being the misses of a batch less what the mean
 * has for it. When a measurement is compared, it is with the same accesses, so the batches are those
 * of the difference: what was hard for both in a batch is no error. For uniform accesses, M is each
 * batch's own, and so the differences have in them by how much it is unsure.
 *
 * In the simulations M is fixed, and in the machine it moves. So each policy is simulated with the mean of
 * M, and with those that 5% of the samples are below and above; its ratios are a range. A measurement
 * within the range agrees with the policy. For one that is not, z says by how many errors.
 */
#define _GNU_SOURCE	/* asprintf */
#include <err.h>
#include <gsl/gsl_sort.h>
#include <gsl/gsl_statistics.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "../../mp3/tools/accesses.h"
#include "policies.h"
#include "run.h"
#include "text.h"

#define PAGE	4096	/* bytes; of all machines that the module is for */

static const char usage_text[] =
"usage: oracle touches RUN\n"
"       oracle misses RUN...\n"
"       oracle replace FRAMES < STRING\n"
"       oracle -h\n"
"\n"
"touches  a row an iteration of a work with random accesses: accesses so far,\n"
"         distinct pages by theory (mean, standard deviation) and by its own count,\n"
"         minor faults so far\n"
"misses   a row a work, of the second half of its iterations, without first touches:\n"
"         mode, mb and pages, of it; resident ones on the average, and what 5% of\n"
"         the samples are below and above (resident_low, resident_high); the average\n"
"         as a share of the touched pages; accesses, in how many iterations (batches),\n"
"         major faults and refaults, and their ratios to the accesses; miss_ratio is that\n"
"         of both, and standard_error its own, by the batches\n"
"         uniform_ratio is what theory says of uniform accesses, uniform_error the\n"
"         standard error of the difference, and uniform_z how many of these it is;\n"
"         nan for others\n"
"         for each of lru, fifo, clock, random and opt, its ratio with as many frames as\n"
"         are resident; its least and most with resident_low and resident_high (_low,\n"
"         _high); the standard error of what was measured less the ratio (_error); and by how many of these what was measured is below (-)\n"
"         or above the range (_z), 0 within\n"
"replace  a row a policy: its misses of STRING, page numbers on a line each, with FRAMES\n"
"         frames, first touches included\n"
"\n"
"RUN is results/AXES/ROW/NAME, the prefix of the files of a run, in which work -v was\n"
"the one process; misses needs RUN.resident.tsv, too. Tables are tab separated and have a header row.\n";

/* What work -v says of an iteration. */
struct iteration {
	unsigned long begin_ns, end_ns, touches, distinct, minor, major;
};

struct work {
	char *path;		/* of its reports */
	struct report report;
	struct iteration *iterations;
	size_t nr;
};

static bool parse_iteration(const char *at, unsigned long wanted, struct iteration *i)
{
	unsigned long pid, which;

	return number(&at, "work: pid=", &pid) &&
	       number(&at, " iteration=", &which) && which == wanted &&
	       number(&at, " begin_ns=", &i->begin_ns) &&
	       number(&at, " end_ns=", &i->end_ns) &&
	       number(&at, " touches=", &i->touches) &&
	       number(&at, " distinct=", &i->distinct) &&
	       number(&at, " minor=", &i->minor) &&
	       number(&at, " major=", &i->major) &&
	       strcmp(at, "\n") == 0;
}

static char *file_of(const char *run, const char *ending)
{
	char *path;

	if (asprintf(&path, "%s%s", run, ending) < 0)
		err(1, NULL);
	return path;
}

static struct work read_work(const char *run)
{
	struct work work = { .path = file_of(run, ".work") };
	struct text text = open_text(work.path);
	struct iteration now;
	bool reported = false;

	while (next_line(&text)) {
		if (reported)
			malformed(&text, "nothing behind the report of one work");
		if (parse_iteration(text.line, work.nr + 1, &now)) {
			work.iterations = grow(work.iterations, work.nr, sizeof(now));
			work.iterations[work.nr++] = now;
		} else if (parse_report(text.line, &work.report)) {
			reported = true;
		} else {
			malformed(&text, "an iteration or a report of work");
		}
	}
	if (!reported || work.nr == 0)
		errx(1, "%s: no %s", work.path, reported ? "iterations" : "report");
	return work;
}

static void free_work(struct work *work)
{
	free(work->path);
	free(work->iterations);
}

static size_t pages(const struct work *work)
{
	return (work->report.mb << 20) / PAGE;
}

/* Mean and variance of the distinct ones of w pages after a accesses. */
static double expected(double w, double a)
{
	return -w * expm1(a * log1p(-1 / w));
}

static double variance(double w, double a)
{
	double one = exp(a * log1p(-1 / w)), two = exp(a * log1p(-2 / w));

	/* With both chances small against 1, rounding may leave less than nothing. */
	return fmax(0, w * (w - 1) * two + w * one - w * w * one * one);
}

static void touches(const char *run)
{
	struct work work = read_work(run);
	unsigned long minor = 0;

	if (work.report.mode != 'R')
		errx(1, "%s: the accesses are not uniform: mode %c", work.path,
		     work.report.mode);
	puts("accesses\texpected\tsd\tdistinct\tminor");
	for (size_t i = 0; i < work.nr; i++) {
		const struct iteration *now = &work.iterations[i];

		minor += now->minor;
		printf("%lu\t%.2f\t%.2f\t%lu\t%lu\n", now->touches,
		       expected(pages(&work), now->touches),
		       sqrt(variance(pages(&work), now->touches)), now->distinct, minor);
	}
	free_work(&work);
}

/* An iteration that counts, as a batch of accesses without first touches. */
struct batch {
	size_t begin, end;	/* accesses, of the whole string */
	double accesses, misses;
	double touched;		/* pages, on the average */
	double resident;	/* pages, on the average */
	double uniform;		/* the share of uniform accesses that are expected to miss */
};

struct batches {
	struct batch *batch;
	size_t nr;
	size_t major, refaults;
	double resident, low, high;	/* pages: of all, the mean, and what 5% are below and above */
};

/* The resident pages in each batch, and in all. */
static void read_resident(const char *run, const struct work *work, struct batches *batches)
{
	char *path = file_of(run, ".resident.tsv");
	struct text text = open_text(path);
	const struct iteration *iterations = work->iterations + work->nr - batches->nr;
	unsigned long *nr = calloc(batches->nr, sizeof(*nr)), time, resident;
	double *all = NULL;
	size_t nr_all = 0;

	if (!nr)
		err(1, NULL);
	while (next_line(&text)) {
		const char *at = text.line;

		if (text.number == 1) {
			if (strcmp(at, "time_ns\tpages\n"))
				malformed(&text, "the header row of resident pages");
			continue;
		}
		if (!number(&at, "", &time) || !number(&at, "\t", &resident) || strcmp(at, "\n"))
			malformed(&text, "a time and a number of pages");
		for (size_t i = 0; i < batches->nr; i++)
			if (time >= iterations[i].begin_ns && time <= iterations[i].end_ns) {
				double touched = batches->batch[i].touched;

				batches->batch[i].resident += resident;
				batches->batch[i].uniform += 1 / fmax(1 - resident / touched, 1 / touched);
				nr[i]++;
				all = grow(all, nr_all, sizeof(*all));
				all[nr_all++] = resident;
			}
	}
	for (size_t i = 0; i < batches->nr; i++) {
		if (nr[i] == 0)
			errx(1, "%s: nothing in iteration %zu of process %lu", path,
			     work->nr - batches->nr + i + 1, work->report.pid);
		batches->batch[i].resident /= nr[i];
		batches->batch[i].uniform = nr[i] / batches->batch[i].uniform;
		batches->resident += batches->batch[i].resident / batches->nr;
	}
	gsl_sort(all, 1, nr_all);
	batches->low = gsl_stats_quantile_from_sorted_data(all, 1, nr_all, 0.05);
	batches->high = gsl_stats_quantile_from_sorted_data(all, 1, nr_all, 0.95);
	free(all);
	free(nr);
	free(path);
}

/* The second half of the iterations. */
static struct batches batches_of(const char *run, const struct work *work)
{
	struct batches all = { .nr = work->nr - work->nr / 2 };

	if (work->nr < 2)
		errx(1, "%s: one iteration has no second half", work->path);
	all.batch = calloc(all.nr, sizeof(*all.batch));
	if (!all.batch)
		err(1, NULL);
	for (size_t i = 0; i < all.nr; i++) {
		const struct iteration *now = &work->iterations[work->nr - all.nr + i], *before = now - 1;
		struct batch *batch = &all.batch[i];
		size_t first = now->distinct - before->distinct;

		if (now->minor < first)
			errx(1, "%s: fewer minor faults than first touches", work->path);
		all.major += now->major;
		all.refaults += now->minor - first;
		batch->begin = before->touches;
		batch->end = now->touches;
		batch->accesses = now->touches - before->touches - first;
		batch->misses = now->major + now->minor - first;
		batch->touched = (now->distinct + before->distinct) / 2.0;
	}
	read_resident(run, work, &all);
	return all;
}

struct estimate {
	double ratio, error;
};

/* What was measured, less what each batch has in @theory if that is not NULL, to the accesses. */
static struct estimate measured_less(const struct batches *batches, const double *theory)
{
	double accesses = 0, sum = 0, squares = 0;
	struct estimate estimate;

	for (size_t i = 0; i < batches->nr; i++) {
		accesses += batches->batch[i].accesses;
		sum += batches->batch[i].misses - (theory ? theory[i] : 0);
	}
	estimate.ratio = sum / accesses;
	for (size_t i = 0; i < batches->nr; i++) {
		const struct batch *batch = &batches->batch[i];

		squares += pow(batch->misses - (theory ? theory[i] : 0) -
			       estimate.ratio * batch->accesses, 2);
	}
	estimate.error = batches->nr > 1 ?
		sqrt(squares * batches->nr / (batches->nr - 1)) / accesses : NAN;
	return estimate;
}

static double errors(double difference, double error)
{
	return difference == 0 ? 0 : difference / error;
}

/* The string of a work, generated again. */
static struct references references_of(const struct work *work)
{
	struct accesses accesses = accesses_of(work->report.mode, work->report.mb << 20, PAGE,
					       work->report.seed);
	struct references string = { .length = work->report.touches, .pages = pages(work) };

	string.page = calloc(string.length, sizeof(*string.page));
	if (!string.page)
		err(1, NULL);
	for (size_t i = 0; i < string.length; i++)
		string.page[i] = next_access(&accesses) / PAGE;
	return string;
}

/* The sum of the misses in each batch. */
static void sum_misses(const struct batches *batches, const float *misses, double *sums)
{
	for (size_t i = 0; i < batches->nr; i++) {
		sums[i] = 0;
		for (size_t time = batches->batch[i].begin; time < batches->batch[i].end; time++)
			sums[i] += misses[time];
	}
}

/* The columns of the policies. */
static void print_policies(const struct work *work, const struct batches *batches)
{
	const double frames[] = { batches->resident, batches->low, batches->high };
	struct estimate measured = measured_less(batches, NULL);
	struct references string = references_of(work);
	double *sums = calloc(batches->nr, sizeof(*sums));
	float *missed = calloc(string.length, sizeof(*missed));

	if (!sums || !missed)
		err(1, NULL);
	for (enum policy policy = 0; policy < POLICIES; policy++) {
		double ratios[3], error = 0, low, high, outside;

		for (int i = 0; i < 3; i++) {
			struct estimate less;

			policy_misses(policy, &string, fmax(1, lround(frames[i])), missed);
			sum_misses(batches, missed, sums);
			less = measured_less(batches, sums);
			ratios[i] = measured.ratio - less.ratio;
			if (i == 0)
				error = less.error;
		}
		gsl_stats_minmax(&low, &high, ratios, 1, 3);
		outside = fmax(0, measured.ratio - high) + fmin(0, measured.ratio - low);
		printf("\t%.5f\t%.5f\t%.5f\t%.5f\t%.1f", ratios[0], low, high, error,
		       errors(outside, error));
	}
	free(string.page);
	free(sums);
	free(missed);
}

static void print_misses(const char *run)
{
	struct work work = read_work(run);
	struct batches batches = batches_of(run, &work);
	struct estimate measured = measured_less(&batches, NULL), less = { NAN, NAN };
	double *uniform = calloc(batches.nr, sizeof(*uniform));
	double accesses = 0, touched = 0;

	if (!uniform)
		err(1, NULL);
	for (size_t i = 0; i < batches.nr; i++) {
		const struct batch *batch = &batches.batch[i];

		accesses += batch->accesses;
		touched += batch->touched / batches.nr;
		uniform[i] = batch->uniform * batch->accesses;
	}
	if (work.report.mode == 'R')
		less = measured_less(&batches, uniform);
	printf("%c\t%lu\t%zu\t%.1f\t%.1f\t%.1f\t%.4f\t%.0f\t%zu\t%zu\t%zu\t%.5f\t%.5f\t%.5f\t%.5f",
	       work.report.mode, work.report.mb, pages(&work), batches.resident, batches.low,
	       batches.high, batches.resident / touched, accesses, batches.nr, batches.major, batches.refaults,
	       batches.major / accesses, batches.refaults / accesses, measured.ratio, measured.error);
	printf("\t%.5f\t%.5f\t%.1f", measured.ratio - less.ratio, less.error, errors(less.ratio, less.error));
	print_policies(&work, &batches);
	putchar('\n');
	free(uniform);
	free(batches.batch);
	free_work(&work);
}

static void misses(char **runs, size_t nr)
{
	printf("mode\tmb\tpages\tresident\tresident_low\tresident_high\tshare\taccesses\tbatches"
	       "\tmajor\trefaults\tmajor_ratio\trefault_ratio\tmiss_ratio\tstandard_error"
	       "\tuniform_ratio\tuniform_error\tuniform_z");
	for (enum policy p = 0; p < POLICIES; p++)
		printf("\t%s_ratio\t%s_low\t%s_high\t%s_error\t%s_z", policy_names[p], policy_names[p],
		       policy_names[p], policy_names[p], policy_names[p]);
	putchar('\n');
	for (size_t n = 0; n < nr; n++)
		print_misses(runs[n]);
}

/* With first touches, which policy_misses() leaves out: they are misses of every policy. */
static void replace(const char *frames_text)
{
	unsigned long frames = parse_argument("FRAMES", frames_text, 1, UINT32_MAX), page;
	struct references string = { 0 };
	double first = 0, misses_of_policy;
	struct text text = { .path = "standard input", .file = stdin };
	bool *touched;
	float *missed;

	while (next_line(&text)) {
		const char *at = text.line;

		if (!number(&at, "", &page) || strcmp(at, "\n") || page > 100000000)
			malformed(&text, "the number of a page, up to 100000000");
		string.page = grow(string.page, string.length, sizeof(*string.page));
		string.page[string.length++] = page;
		if (page >= string.pages)
			string.pages = page + 1;
	}
	touched = calloc(string.pages + 1, sizeof(*touched));
	missed = calloc(string.length + 1, sizeof(*missed));
	if (!touched || !missed)
		err(1, NULL);
	for (size_t i = 0; i < string.length; i++) {
		first += !touched[string.page[i]];
		touched[string.page[i]] = true;
	}
	puts("policy\tframes\taccesses\tmisses");
	for (enum policy policy = 0; policy < POLICIES; policy++) {
		policy_misses(policy, &string, frames, missed);
		misses_of_policy = first;
		for (size_t i = 0; i < string.length; i++)
			misses_of_policy += missed[i];
		printf("%s\t%lu\t%zu\t%.1f\n", policy_names[policy], frames, string.length, misses_of_policy);
	}
	free(missed);
	free(touched);
	free(string.page);
}

int main(int argc, char **argv)
{
	if (argc == 2 && !strcmp(argv[1], "-h")) {
		fputs(usage_text, stdout);
	} else if (argc == 3 && !strcmp(argv[1], "touches")) {
		touches(argv[2]);
	} else if (argc >= 3 && !strcmp(argv[1], "misses")) {
		misses(&argv[2], argc - 2);
	} else if (argc == 3 && !strcmp(argv[1], "replace")) {
		replace(argv[2]);
	} else {
		warnx("unknown command, or not its arguments");
		fputs(usage_text, stderr);
		return 2;
	}
	return finish();
}
