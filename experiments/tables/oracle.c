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
 * for storage hierarchies, IBM Systems Journal 9(2), 1970). The standard error of the measured
 * ratio p of n accesses is that of independent ones, sqrt(p (1 - p) / n).
 *
 * replace: the same for a string of one's own, a page number a line.
 *
 * Only the second half of the iterations counts, when nearly all pages have been
 * touched; first touches are left out of the accesses. M is the mean of the resident
 * sets in the series of that time. Where a row of it stands for several samples, the
 * mean is of fewer: with each second sample of the committed runs, M is off by up to 0.4%,
 * and 1 - M/W by up to 0.0036. Theirs have them all.
 */
#define _GNU_SOURCE	/* asprintf */
#include <err.h>
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
"misses   a row a work: pages, resident ones, accesses and faults in the second half\n"
"         of its iterations, without first touches; ratio of misses to accesses,\n"
"         measured, and its standard error; for a uniform random access; and of LRU,\n"
"         FIFO, CLOCK, random replacement and OPT for the same accesses\n"
"replace  a row a policy: its misses of STRING, page numbers on a line each, with FRAMES\n"
"         frames, first touches included\n"
"\n"
"RUN is results/AXES/ROW/NAME, the prefix of the files of a run, in which work -v was\n"
"the one process. Tables are tab separated and have a header row.\n";

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

/* When the profiling began, by the machine's clock: its one process began then. */
static double begin_s(const char *run, const struct work *work)
{
	struct run profiled = { 0 };
	char *path = file_of(run, ".processes.tsv");
	double seconds;

	read_processes(&profiled, path);
	if (profiled.nr_processes != 1 || profiled.processes->pid != work->report.pid)
		errx(1, "%s: process %lu is not the only one", path, work->report.pid);
	seconds = profiled.processes->begin_s;
	free_run(&profiled);
	free(path);
	return seconds;
}

/* Takes the time and the resident set of a row of a series. */
static bool parse_point(const char *at, double *seconds, unsigned long *rss_kb)
{
	unsigned long skipped;

	if (!number(&at, "", &skipped) || !fraction(&at, "\t", seconds) ||
	    !number(&at, "\t", &skipped) || !number(&at, "\t", &skipped) || !skip(&at, "\t"))
		return false;
	at += strcspn(at, "\t\n");		/* utilization, which may be nan */
	return number(&at, "\t", rss_kb) && number(&at, "\t", &skipped) && strcmp(at, "\n") == 0;
}

/* The mean resident set, in pages, of the rows that end in an iteration from @first on. */
static double mean_resident(const char *run, const struct work *work, size_t first)
{
	double begin = begin_s(run, work), seconds, sum = 0;
	char *path = file_of(run, ".series.tsv");
	struct text text = open_text(path);
	unsigned long rss_kb, nr = 0;

	while (next_line(&text)) {
		bool inside = false;

		if (text.number == 1) {
			if (strcmp(text.line, series_header))
				malformed(&text, "the header row of a series");
			continue;
		}
		if (!parse_point(text.line, &seconds, &rss_kb))
			malformed(&text, "a row of a series");
		for (size_t i = first; i < work->nr; i++)
			inside |= (begin + seconds) * 1e9 >= work->iterations[i].begin_ns &&
				  (begin + seconds) * 1e9 <= work->iterations[i].end_ns;
		if (inside) {
			sum += rss_kb * 1024.0 / PAGE;
			nr++;
		}
	}
	if (nr == 0)
		errx(1, "%s: nothing in the second half of the iterations of process %lu", path,
		     work->report.pid);
	free(path);
	return sum / nr;
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

static void misses(char **runs, size_t nr)
{
	printf("mode\tmb\tpages\tresident\tshare\taccesses\tmajor\trefaults"
	       "\tmajor_ratio\trefault_ratio\tmiss_ratio\tstandard_error\tuniform_ratio");
	for (int policy = 0; policy < POLICIES; policy++)
		printf("\t%s_ratio", policy_names[policy]);
	putchar('\n');
	for (size_t n = 0; n < nr; n++) {
		struct work work = read_work(runs[n]);
		size_t half = work.nr / 2, from, minor = 0, major = 0, first;
		double resident, accesses, measured;
		struct references string;

		if (half == 0)
			errx(1, "%s: one iteration has no second half", work.path);
		from = work.iterations[half - 1].touches;
		first = work.report.distinct - work.iterations[half - 1].distinct;
		for (size_t i = half; i < work.nr; i++) {
			minor += work.iterations[i].minor;
			major += work.iterations[i].major;
		}
		if (minor < first)
			errx(1, "%s: fewer minor faults than first touches", work.path);
		resident = mean_resident(runs[n], &work, half);
		accesses = work.report.touches - from - first;
		measured = (major + minor - first) / accesses;
		printf("%c\t%lu\t%zu\t%.1f\t%.4f\t%.0f\t%zu\t%zu\t%.5f\t%.5f\t%.5f\t%.5f\t%.5f",
		       work.report.mode, work.report.mb, pages(&work), resident,
		       resident / pages(&work), accesses, major, minor - first,
		       major / accesses, (minor - first) / accesses, measured,
		       sqrt(measured * fmax(0, 1 - measured) / accesses), 1 - resident / pages(&work));
		string = references_of(&work);
		for (int policy = 0; policy < POLICIES; policy++)
			printf("\t%.5f", policy_misses(policy, &string, lround(resident), from) / accesses);
		putchar('\n');
		free(string.page);
		free_work(&work);
	}
}

/* With first touches, which policy_misses() leaves out: they are misses of every policy. */
static void replace(const char *frames_text)
{
	unsigned long frames = parse_argument("FRAMES", frames_text, 1, UINT32_MAX), page;
	struct references string = { 0 };
	size_t first = 0;
	struct text text = { .path = "standard input", .file = stdin };
	bool *touched;

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
	if (!touched)
		err(1, NULL);
	for (size_t i = 0; i < string.length; i++) {
		first += !touched[string.page[i]];
		touched[string.page[i]] = true;
	}
	puts("policy\tframes\taccesses\tmisses");
	for (int policy = 0; policy < POLICIES; policy++)
		printf("%s\t%lu\t%zu\t%.1f\n", policy_names[policy], frames, string.length,
		       first + policy_misses(policy, &string, frames, 0));
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
