/* SPDX-License-Identifier: GPL-2.0 */
/*
 * misses - what a work has missed of its memory, and what a policy would have
 *
 * A run, given by the prefix of its files, tells it if one `work -v` was all that ran:
 *
 *	.work		has a line an iteration, and its report (see work.c)
 *	.resident.tsv	a header row, and rows of a time by the machine's clock (ns) and how many
 *			pages of work's memory were resident then (see ../measure/resident.c)
 *
 * A miss is an access to a page that has been touched and is not resident: a major fault, or a
 * minor one that is no first touch. Resident is what is mapped. What readahead has brought is not,
 * before it is accessed: so the kernel makes pages resident by demand, as the policies do.
 *
 * Only the second half of the iterations counts, when most pages have been touched; each is a
 * batch.
 *
 * Where a file is not as expected, the program ends with status 1 and one line that names the
 * file.
 */
#ifndef MISSES_H
#define MISSES_H

#include "policies.h"
#include "run.h"

/* What work -v says of an iteration; touches and distinct pages are those so far. */
struct iteration {
	unsigned long begin_ns, end_ns, touches, distinct, minor, major;
};

struct work {
	char *path;		/* of its reports */
	struct report report;
	struct iteration *iterations;
	size_t nr;
};

/* An iteration that counts, as a batch of accesses without first touches. */
struct batch {
	size_t begin, end;	/* accesses, of the whole string */
	double accesses, misses;
	double touched;		/* pages, on the average */
	double resident;	/* pages, on the average of the samples */
	double uniform;		/* the share of uniform accesses that are expected to miss */
};

struct batches {
	struct batch *batch;
	size_t nr;
	size_t major, refaults, first;	/* sums; first touches */
	double resident, low, high;	/* pages: the mean, and what 5% of the samples are below and above */
};

/* The reports of one work -v. */
struct work read_work(const char *run);
void free_work(struct work *work);

/*
 * The second half of the iterations. Returns NULL, or why the run does not tell what was missed
 * in them, as a line that names the file; then there are none.
 */
char *read_batches(const char *run, const struct work *work, struct batches *batches);
void free_batches(struct batches *batches);

/* The string of a work, generated again, with pages of @page bytes; the batches count. */
struct references references_of(const struct work *work, const struct batches *batches, size_t page);
void free_references(struct references *string);

/* What the policy misses in each batch, into @sums; with @frames, rounded, but one at least. */
void sum_misses(enum policy policy, const struct references *string, double frames,
		const struct batches *batches, double *sums);

/* The number of frames: as many as were resident on the average, and with 5% below and above. */
enum frames { MEAN, LOW, HIGH, NR_FRAMES };

/**
 * struct bounds - the misses of a run, and those of policies for the same accesses
 * @accesses:	that count, without first touches
 * @first:	first touches beside them, which each policy has as well
 * @misses:	of the kernel
 * @frames:	how many pages it had
 * @policy:	misses of each policy with as many
 * @factor:	how many times the policy's misses the kernel has, first touches included
 *
 * With memory for much of what is accessed, OPT misses nothing of a short run but the first touches:
 * without these, there would be no factor. There is none (nan) where the kernel has missed nothing, and
 * so could have had more pages than it took; and of nothing.
 */
struct bounds {
	double accesses, first, misses;
	double frames[NR_FRAMES];
	double policy[POLICIES][NR_FRAMES], factor[POLICIES][NR_FRAMES];
};

/*
 * Of a run, and of the policies in @policies, a mask of 1 << policy, with the numbers of frames in
 * @frames, a mask as well; the others are nan. Returns NULL, or why the run does not tell its misses,
 * as a line that names the file; then all is nan.
 */
char *read_bounds(const char *run, unsigned int policies, unsigned int frames, struct bounds *bounds);

#endif
