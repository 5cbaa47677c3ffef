// SPDX-License-Identifier: GPL-2.0
/*
 * misses - reads what a work has missed, and simulates policies; misses.h has the contracts.
 */
#include <err.h>
#include <errno.h>
#include <gsl/gsl_sort.h>
#include <gsl/gsl_statistics.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../../mp3/tools/accesses.h"
#include "misses.h"
#include "text.h"

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

struct work read_work(const char *run)
{
	struct work work = { .path = formatted("%s.work", run) };
	struct text text = open_text(work.path);
	struct iteration now, before = { 0 };
	bool reported = false;

	while (next_line(&text)) {
		if (reported)
			malformed(&text, "nothing behind the report of one work");
		if (parse_iteration(text.line, work.nr + 1, &now)) {
			if (now.touches <= before.touches || now.distinct < before.distinct)
				malformed(&text, "an iteration that goes on");
			before = now;
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
	if (before.touches != work.report.touches)
		errx(1, "%s: %lu touches in the iterations, but %lu in the report", work.path,
		     before.touches, work.report.touches);
	return work;
}

void free_work(struct work *work)
{
	free(work->path);
	free(work->iterations);
}

/* The samples that a batch is given. */
struct samples {
	unsigned long nr;
	unsigned long before, behind;	/* the last one before it, and the first behind it */
	bool is_before, is_behind;
};

/* One sample more of the batch, and of all. */
static void count_sample(struct batch *batch, struct samples *samples, unsigned long resident,
			 double **all, size_t *nr_all)
{
	batch->resident += resident;
	batch->uniform += 1 / fmax(1 - resident / batch->touched, 1 / batch->touched);
	samples->nr++;
	*all = grow(*all, *nr_all, sizeof(**all));
	(*all)[(*nr_all)++] = resident;
}

/*
 * The resident pages in each batch, and in all. In a short one the CPU may have been busy all the time, and
 * resident waits for it: then the batch has the samples around it, in the sleep before it and behind
 * it, of which there may be one. As read_batches().
 */
static char *read_resident(const char *run, const struct work *work, struct batches *batches)
{
	char *path = formatted("%s.resident.tsv", run), *why = NULL;
	struct text text = open_text(path);
	size_t first = work->nr - batches->nr, nr_all = 0;
	struct samples *samples = calloc(batches->nr, sizeof(*samples));
	unsigned long time, resident;
	double *all = NULL;

	if (!samples)
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
		for (size_t i = 0; i < batches->nr; i++) {
			const struct iteration *now = &work->iterations[first + i], *next = now + 1;

			if (time < now->begin_ns) {
				samples[i].before = resident;
				samples[i].is_before = time > (now - 1)->end_ns;
			} else if (time <= now->end_ns) {
				count_sample(&batches->batch[i], &samples[i], resident, &all, &nr_all);
			} else if (!samples[i].is_behind && (first + i + 1 == work->nr || time < next->begin_ns)) {
				samples[i].behind = resident;
				samples[i].is_behind = true;
			}
		}
	}
	for (size_t i = 0; i < batches->nr && !why; i++) {
		struct batch *batch = &batches->batch[i];

		bool is_alone = samples[i].nr == 0;

		if (is_alone && samples[i].is_before)
			count_sample(batch, &samples[i], samples[i].before, &all, &nr_all);
		if (is_alone && samples[i].is_behind)
			count_sample(batch, &samples[i], samples[i].behind, &all, &nr_all);
		if (samples[i].nr == 0)
			why = formatted("%s: nothing in iteration %zu of process %lu", path,
					first + i + 1, work->report.pid);
		batch->resident /= samples[i].nr;
		batch->uniform = samples[i].nr / batch->uniform;
		batches->resident += batch->resident / batches->nr;
	}
	if (!why) {
		gsl_sort(all, 1, nr_all);
		batches->low = gsl_stats_quantile_from_sorted_data(all, 1, nr_all, 0.05);
		batches->high = gsl_stats_quantile_from_sorted_data(all, 1, nr_all, 0.95);
	}
	free(all);
	free(samples);
	free(path);
	return why;
}

char *read_batches(const char *run, const struct work *work, struct batches *batches)
{
	char *why = NULL;

	*batches = (struct batches){ .nr = work->nr - work->nr / 2 };
	if (work->nr < 2)
		return formatted("%s: one iteration has no second half", work->path);
	batches->batch = calloc(batches->nr, sizeof(*batches->batch));
	if (!batches->batch)
		err(1, NULL);
	for (size_t i = 0; i < batches->nr && !why; i++) {
		const struct iteration *now = &work->iterations[work->nr - batches->nr + i], *before = now - 1;
		struct batch *batch = &batches->batch[i];
		size_t first = now->distinct - before->distinct;

		/* as where a fault maps many pages */
		if (now->minor < first)
			why = formatted("%s: fewer minor faults than first touches", work->path);
		batches->major += now->major;
		batches->refaults += now->minor - first;
		batches->first += first;
		batch->begin = before->touches;
		batch->end = now->touches;
		batch->accesses = now->touches - before->touches - first;
		batch->misses = now->major + now->minor - first;
		batch->touched = (now->distinct + before->distinct) / 2.0;
	}
	if (!why)
		why = read_resident(run, work, batches);
	if (why)
		free_batches(batches);
	return why;
}

void free_batches(struct batches *batches)
{
	free(batches->batch);
	batches->batch = NULL;
}

struct references references_of(const struct work *work, const struct batches *batches, size_t page)
{
	size_t bytes = work->report.mb << 20;
	struct accesses accesses = accesses_of(work->report.mode, bytes, page, work->report.seed);
	struct references string = {
		.length = work->report.touches,
		.pages = bytes / page,
		.begin = batches->batch[0].begin,
	};

	string.page = calloc(string.length, sizeof(*string.page));
	if (!string.page)
		err(1, NULL);
	for (size_t i = 0; i < string.length; i++)
		string.page[i] = next_access(&accesses) / page;
	return string;
}

void free_references(struct references *string)
{
	free(string->page);
}

void sum_misses(enum policy policy, const struct references *string, double frames,
		const struct batches *batches, double *sums)
{
	float *missed = calloc(string->length, sizeof(*missed));

	if (!missed)
		err(1, NULL);
	policy_misses(policy, string, fmax(1, lround(frames)), missed);
	for (size_t i = 0; i < batches->nr; i++) {
		sums[i] = 0;
		for (size_t time = batches->batch[i].begin; time < batches->batch[i].end; time++)
			sums[i] += missed[time];
	}
	free(missed);
}

/*
 * Whether the reports are those of one work -v. Others, of more than one or of no work, are no error
 * of theirs. As read_batches().
 */
static char *check_work(const char *run)
{
	char *path = formatted("%s.work", run), *why = NULL;
	struct text text = open_text(path);
	size_t iterations = 0, reports = 0, others = 0;

	while (next_line(&text)) {
		if (strncmp(text.line, "work: ", 6))
			others++;
		else if (strstr(text.line, " iteration="))
			iterations++;
		else
			reports++;
	}
	if (iterations == 0 || reports != 1 || others > 0)
		why = formatted("%s: not the reports of one work -v", path);
	free(path);
	return why;
}

/* As read_batches(). */
static char *check_resident(const char *run)
{
	char *path = formatted("%s.resident.tsv", run), *why = NULL;

	if (access(path, F_OK)) {
		if (errno != ENOENT)
			err(1, "%s", path);
		why = formatted("%s: %s", path, strerror(errno));
	}
	free(path);
	return why;
}

static size_t distinct_pages(const struct references *string)
{
	bool *touched = calloc(string->pages, sizeof(*touched));
	size_t distinct = 0;

	if (!touched)
		err(1, NULL);
	for (size_t time = 0; time < string->length; time++) {
		distinct += !touched[string->page[time]];
		touched[string->page[time]] = true;
	}
	free(touched);
	return distinct;
}

/*
 * The accesses of the work, as read_batches(). Nothing in a run says how large its pages were: it
 * is the size, of those that arm64 may have (x86-64 has the first), with which as many are touched as
 * the work has counted. There is none if it had several threads.
 */
static char *find_references(const struct work *work, const struct batches *batches,
			     struct references *string)
{
	static const size_t sizes[] = { 4096, 16384, 65536 };

	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		*string = references_of(work, batches, sizes[i]);
		if (distinct_pages(string) == work->report.distinct)
			return NULL;
		free_references(string);
	}
	return formatted("%s: the accesses of its seed touch another number of pages", work->path);
}

static void simulate(enum policy policy, enum frames frames, const struct references *string,
		     const struct batches *batches, struct bounds *bounds)
{
	double *sums = calloc(batches->nr, sizeof(*sums)), misses = 0;

	if (!sums)
		err(1, NULL);
	sum_misses(policy, string, bounds->frames[frames], batches, sums);
	for (size_t i = 0; i < batches->nr; i++)
		misses += sums[i];
	free(sums);
	bounds->policy[policy][frames] = misses;
	if (bounds->misses > 0 && bounds->first + misses > 0)
		bounds->factor[policy][frames] = (bounds->first + bounds->misses) / (bounds->first + misses);
}

/* Of a run that has its files. */
static char *compute_bounds(const char *run, unsigned int policies, unsigned int frames,
			    struct bounds *bounds)
{
	struct work work = read_work(run);
	struct references string;
	struct batches batches;
	char *why = read_batches(run, &work, &batches);

	if (why)
		goto out_work;
	why = find_references(&work, &batches, &string);
	if (why)
		goto out_batches;
	bounds->accesses = bounds->misses = 0;
	for (size_t i = 0; i < batches.nr; i++) {
		bounds->accesses += batches.batch[i].accesses;
		bounds->misses += batches.batch[i].misses;
	}
	bounds->first = batches.first;
	bounds->frames[MEAN] = batches.resident;
	bounds->frames[LOW] = batches.low;
	bounds->frames[HIGH] = batches.high;
	for (enum policy policy = 0; policy < POLICIES; policy++)
		for (enum frames f = 0; f < NR_FRAMES; f++)
			if (policies & 1u << policy && frames & 1u << f)
				simulate(policy, f, &string, &batches, bounds);
	free_references(&string);
out_batches:
	free_batches(&batches);
out_work:
	free_work(&work);
	return why;
}

char *read_bounds(const char *run, unsigned int policies, unsigned int frames, struct bounds *bounds)
{
	char *why;

	*bounds = (struct bounds){ NAN, NAN, NAN, { NAN, NAN, NAN }, { { 0 } }, { { 0 } } };
	for (enum policy policy = 0; policy < POLICIES; policy++)
		for (enum frames f = 0; f < NR_FRAMES; f++)
			bounds->policy[policy][f] = bounds->factor[policy][f] = NAN;
	why = check_resident(run);
	if (!why)
		why = check_work(run);
	return why ? why : compute_bounds(run, policies, frames, bounds);
}
