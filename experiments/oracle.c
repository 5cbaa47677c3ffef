// SPDX-License-Identifier: GPL-2.0
/*
 * oracle - what theory says of the faults of work, beside what was measured
 *
 *	oracle touches REPORTS
 *	oracle misses RECORDS REPORTS [RECORDS REPORTS]...
 *
 * RECORDS is what monitor -p printed of one process, REPORTS what `work -v` printed of
 * it: a line an iteration and its report (see ../mp3/work.c). Tables are tab separated
 * and have a header row.
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
 * on Computers 42(4), 1993). And for any reference string, LRU replacement misses
 * exactly those accesses whose stack distance is M or more (R. L. Mattson et al.,
 * Evaluation techniques for storage hierarchies, IBM Systems Journal 9(2), 1970); so
 * the string of the very same work is generated again and its distances are counted.
 *
 * Only the second half of the iterations counts, when nearly all pages have been
 * touched; first touches are left out of the accesses. M is the mean of the resident
 * sets in the records of that time.
 */
#include <err.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "../mp3/accesses.h"
#include "text.h"

#define PAGE	4096	/* bytes; of all machines that the module is for */

static const char usage_text[] =
"usage: oracle touches REPORTS\n"
"       oracle misses RECORDS REPORTS [RECORDS REPORTS]...\n"
"       oracle -h\n"
"\n"
"touches  a row an iteration of a work with random accesses: accesses so far,\n"
"         distinct pages by theory (mean, standard deviation) and by its own count,\n"
"         minor faults so far\n"
"misses   a row a work: pages, resident ones, accesses and faults in the second half\n"
"         of its iterations, without first touches; ratio of misses to accesses,\n"
"         measured, for a uniform random access, and of LRU for the same accesses;\n"
"         the measured one less the uniform one (mode R) or less LRU's (others)\n"
"\n"
"RECORDS is what monitor -p printed, REPORTS what work -v printed, of one process.\n"
"Tables are tab separated and have a header row.\n";

/* What work -v says of an iteration. */
struct iteration {
	unsigned long begin_ns, end_ns, touches, distinct, minor, major;
};

struct work {
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

static struct work read_work(const char *path)
{
	struct text text = open_text(path);
	struct work work = { .nr = 0 };
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
		errx(1, "%s: no %s", path, reported ? "iterations" : "report");
	return work;
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

static void touches(const char *path)
{
	struct work work = read_work(path);
	unsigned long minor = 0;

	if (work.report.mode != 'R')
		errx(1, "%s: the accesses are not uniform: mode %c", path, work.report.mode);
	puts("accesses\texpected\tsd\tdistinct\tminor");
	for (size_t i = 0; i < work.nr; i++) {
		const struct iteration *now = &work.iterations[i];

		minor += now->minor;
		printf("%lu\t%.2f\t%.2f\t%lu\t%lu\n", now->touches,
		       expected(pages(&work), now->touches),
		       sqrt(variance(pages(&work), now->touches)), now->distinct, minor);
	}
	free(work.iterations);
}

/* The mean resident set, in pages, of the records of work that end in an iteration from @first on. */
static double mean_resident(const char *path, const struct work *work, size_t first)
{
	unsigned long time_ns, skipped, pid, rss_kb, nr = 0;
	struct text text = open_text(path);
	double sum = 0;

	while (next_line(&text)) {
		const char *at = text.line;
		bool inside = false;

		if (text.number == 1)
			continue;	/* the header row */
		if (!number(&at, "", &time_ns) || !number(&at, "\t", &skipped) ||
		    !number(&at, "\t", &pid) || !number(&at, "\t", &skipped) ||
		    !skip(&at, "\t") || strcspn(at, "\t") != 3)
			malformed(&text, "a record");
		at += 3;
		if (!number(&at, "\t", &skipped) || !number(&at, "\t", &skipped) ||
		    !number(&at, "\t", &skipped) || !number(&at, "\t", &rss_kb))
			malformed(&text, "a record");
		if (pid != work->report.pid)
			continue;
		for (size_t i = first; i < work->nr; i++)
			inside |= time_ns >= work->iterations[i].begin_ns &&
				  time_ns <= work->iterations[i].end_ns;
		if (inside) {
			sum += rss_kb * 1024.0 / PAGE;
			nr++;
		}
	}
	if (nr == 0)
		errx(1, "%s: no record of process %lu in the second half of its iterations",
		     path, work->report.pid);
	return sum / nr;
}

/*
 * Stack distances, by a Fenwick tree over time: an access is marked at its own time
 * as long as it is the last one to its page, so the marks since an earlier time are the
 * pages that were accessed since then.
 */
static void mark(int *tree, size_t length, size_t time, int by)
{
	for (size_t i = time + 1; i <= length; i += i & -i)
		tree[i] += by;
}

static size_t marks_before(const int *tree, size_t time)
{
	size_t sum = 0;

	for (size_t i = time; i > 0; i -= i & -i)
		sum += tree[i];
	return sum;
}

/* LRU's misses with @resident pages, at the accesses from @from on, but for first touches. */
static size_t lru_misses(const struct work *work, double resident, size_t from)
{
	struct accesses accesses = accesses_of(work->report.mode, work->report.mb << 20, PAGE,
					       work->report.seed);
	size_t length = work->report.touches, misses = 0;
	int *tree = calloc(length + 1, sizeof(*tree));
	size_t *last = calloc(pages(work), sizeof(*last));	/* time + 1; 0 never */

	if (!tree || !last)
		err(1, NULL);
	for (size_t time = 0; time < length; time++) {
		size_t page = next_access(&accesses) / PAGE;

		if (last[page] && time >= from &&
		    marks_before(tree, time) - marks_before(tree, last[page]) >= resident)
			misses++;
		if (last[page])
			mark(tree, length, last[page] - 1, -1);
		mark(tree, length, time, 1);
		last[page] = time + 1;
	}
	free(tree);
	free(last);
	return misses;
}

static void misses(char **paths, size_t nr)
{
	puts("mode\tmb\tpages\tresident\tshare\taccesses\tmajor\trefaults"
	     "\tmajor_ratio\trefault_ratio\tuniform_ratio\tlru_ratio\tdeparture");
	for (size_t n = 0; n < nr; n++) {
		struct work work = read_work(paths[2 * n + 1]);
		size_t half = work.nr / 2, from, minor = 0, major = 0, first;
		double resident, accesses, measured, uniform, lru;

		if (half == 0)
			errx(1, "%s: one iteration has no second half", paths[2 * n + 1]);
		from = work.iterations[half - 1].touches;
		first = work.report.distinct - work.iterations[half - 1].distinct;
		for (size_t i = half; i < work.nr; i++) {
			minor += work.iterations[i].minor;
			major += work.iterations[i].major;
		}
		if (minor < first)
			errx(1, "%s: fewer minor faults than first touches", paths[2 * n + 1]);
		resident = mean_resident(paths[2 * n], &work, half);
		accesses = work.report.touches - from - first;
		measured = (major + minor - first) / accesses;
		uniform = 1 - resident / pages(&work);
		lru = lru_misses(&work, resident, from) / accesses;
		printf("%c\t%lu\t%zu\t%.1f\t%.4f\t%.0f\t%zu\t%zu\t%.5f\t%.5f\t%.5f\t%.5f\t%.5f\n",
		       work.report.mode, work.report.mb, pages(&work), resident,
		       resident / pages(&work), accesses, major, minor - first,
		       major / accesses, (minor - first) / accesses, uniform, lru,
		       measured - (work.report.mode == 'R' ? uniform : lru));
		free(work.iterations);
	}
}

int main(int argc, char **argv)
{
	if (argc == 2 && !strcmp(argv[1], "-h")) {
		fputs(usage_text, stdout);
	} else if (argc == 3 && !strcmp(argv[1], "touches")) {
		touches(argv[2]);
	} else if (argc > 3 && argc % 2 == 0 && !strcmp(argv[1], "misses")) {
		misses(&argv[2], argc / 2 - 1);
	} else {
		warnx("unknown command, or not its arguments");
		fputs(usage_text, stderr);
		return 2;
	}
	return finish();
}
