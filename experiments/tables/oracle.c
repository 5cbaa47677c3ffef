// SPDX-License-Identifier: GPL-2.0
/*
 * oracle - what theory says of the faults of work, beside what was measured
 *
 *	oracle touches RUN
 *	oracle misses RUN...
 *	oracle bounds RUN...
 *	oracle replace FRAMES < STRING
 *
 * RUN is the prefix of the files of a run (see run.h) of one `work -v`; misses.h has which are
 * read, and what a miss is. Tables are tab separated and have a header row.
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
 * what each policy of policies.h would miss of it with M frames is counted.
 *
 * replace: the same for a string of one's own, a page number a line.
 *
 * bounds: how far a kernel is from these, in runs of any configuration, beside each other.
 *
 * First touches are left out of the accesses, and W is of the touched pages. M is the
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
 * In the simulations M is fixed, or the mean of VMIN and WS, and in the machine it moves. So each policy is
 * simulated with the mean of M, and with those that 5% of the samples are below and above; its ratios are a
 * range. A measurement within the range agrees with the policy. For one that is not, z says by how many errors.
 *
 * What OPT with M frames bounds: no policy that never has more than M pages misses less of the whole
 * string, as in a full control group. In the machine, there are more than the mean of M in half of the time. A
 * kernel that gave pages up while it needs few, and took them back for a phase that needs many, could
 * miss less than OPT with the mean. It could not miss less than OPT with the most that it ever had; nor less
 * than VMIN, if M is the mean over the accesses that count, whatever the sizes are in between. But M is a mean
 * over time, so VMIN's bound is as good as these two agree. Of a short string it is far too low: VMIN drops
 * what is not accessed again before the end, and has all the room for the rest. And of a run whose resident
 * set still grows, as it touches pages for the first time, the mean is less than what it has in the end.
 */
#include <err.h>
#include <gsl/gsl_statistics.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "misses.h"
#include "rows.h"
#include "text.h"

#define PAGE	4096	/* bytes; of the machine that theory is run in */

static const char usage_text[] =
"usage: oracle touches RUN\n"
"       oracle misses RUN...\n"
"       oracle bounds RUN...\n"
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
"         for each of lru, fifo, clock, random, opt, vmin and ws, its ratio with as many frames as\n"
"         are resident; its least and most with resident_low and resident_high (_low,\n"
"         _high); the standard error of what was measured less the ratio (_error); and by how\n"
"         many of these what was measured is below (-) or above the range (_z), 0 within\n"
"bounds   a row a run, of the second half: its axes and name; resident pages as above; accesses\n"
"         without first touches, first touches, and misses of the kernel; and for each policy,\n"
"         its misses with as many frames as are resident; how many times these the kernel has,\n"
"         first touches, which none avoids, included (_factor); and that with resident_low and\n"
"         resident_high frames (_low, _high); nan where the kernel missed nothing, and so could\n"
"         have had more pages\n"
"replace  a row a policy: its misses of STRING, page numbers on a line each, with FRAMES\n"
"         frames, first touches included\n"
"\n"
"RUN is results/AXES/ROW/NAME, the prefix of the files of a run, in which work -v was\n"
"the one process; misses and bounds need RUN.resident.tsv, too. Tables are tab separated and have a header row.\n";

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

/* The columns of the policies. */
static void print_policies(const struct work *work, const struct batches *batches)
{
	const double frames[NR_FRAMES] = {
		[MEAN] = batches->resident, [LOW] = batches->low, [HIGH] = batches->high,
	};
	struct estimate measured = measured_less(batches, NULL);
	struct references string = references_of(work, batches, PAGE);
	double *sums = calloc(batches->nr, sizeof(*sums));

	if (!sums)
		err(1, NULL);
	for (enum policy policy = 0; policy < POLICIES; policy++) {
		double ratios[NR_FRAMES], error = 0, low, high, outside;

		for (enum frames f = 0; f < NR_FRAMES; f++) {
			struct estimate less;

			sum_misses(policy, &string, frames[f], batches, sums);
			less = measured_less(batches, sums);
			ratios[f] = measured.ratio - less.ratio;
			if (f == MEAN)
				error = less.error;
		}
		gsl_stats_minmax(&low, &high, ratios, 1, NR_FRAMES);
		outside = fmax(0, measured.ratio - high) + fmin(0, measured.ratio - low);
		printf("\t%.5f\t%.5f\t%.5f\t%.5f\t%.1f", ratios[MEAN], low, high, error,
		       errors(outside, error));
	}
	free_references(&string);
	free(sums);
}

static void print_misses(const char *run)
{
	struct work work = read_work(run);
	struct batches batches;
	struct estimate measured, less = { NAN, NAN };
	double *uniform, accesses = 0, touched = 0;
	const char *why = read_batches(run, &work, &batches);

	if (why)
		errx(1, "%s", why);
	uniform = calloc(batches.nr, sizeof(*uniform));
	if (!uniform)
		err(1, NULL);
	measured = measured_less(&batches, NULL);
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
	free_batches(&batches);
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

static void print_bounds(const struct axes *axes, const struct bounds *bounds)
{
	print_axes(axes, 0);
	printf("%s\t%.1f\t%.1f\t%.1f\t%.0f\t%.0f\t%.0f", axes->name, bounds->frames[MEAN],
	       bounds->frames[LOW], bounds->frames[HIGH], bounds->accesses, bounds->first,
	       bounds->misses);
	for (enum policy p = 0; p < POLICIES; p++)
		printf("\t%.1f\t%.4f\t%.4f\t%.4f", bounds->policy[p][MEAN], bounds->factor[p][MEAN],
		       bounds->factor[p][LOW], bounds->factor[p][HIGH]);
	putchar('\n');
}

static void bounds(char **runs, size_t nr)
{
	print_axis_names(0);
	printf("name\tresident\tresident_low\tresident_high\taccesses\tfirst_touches\tmisses");
	for (enum policy p = 0; p < POLICIES; p++)
		printf("\t%s_misses\t%s_factor\t%s_low\t%s_high", policy_names[p], policy_names[p],
		       policy_names[p], policy_names[p]);
	putchar('\n');
	for (size_t n = 0; n < nr; n++) {
		struct meta meta = read_meta(runs[n]);
		struct axes axes = axes_of(runs[n], &meta);
		struct bounds bounds;
		const char *why = read_bounds(runs[n], ~0u, ~0u, &bounds);

		if (why)
			errx(1, "%s", why);
		print_bounds(&axes, &bounds);
		free_axes(&axes);
		free_meta(&meta);
	}
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
	} else if (argc >= 3 && !strcmp(argv[1], "bounds")) {
		bounds(&argv[2], argc - 2);
	} else if (argc == 3 && !strcmp(argv[1], "replace")) {
		replace(argv[2]);
	} else {
		warnx("unknown command, or not its arguments");
		fputs(usage_text, stderr);
		return 2;
	}
	return finish();
}
