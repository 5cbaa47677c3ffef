/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The reference string of work: which bytes it stores into, one after the other. Apart
 * from work, so that a simulation can follow the very same string.
 *
 * The same seed gives the same string everywhere: erand48(3) is defined to the bit by
 * POSIX.
 */
#ifndef ACCESSES_H
#define ACCESSES_H

#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

/*
 * Mode L follows the phase-transition model of program behaviour (P. J.
 * Denning, "Working sets past and present", IEEE TSE 6(1), 1980): a program
 * stays with a small locality set for a while, then changes to another.
 */
#define PHASE		1000	/* accesses in a phase */
#define LOCALITY_SET	64	/* contiguous pages in a phase's locality set */
#define LOCAL_PERCENT	95	/* of the accesses that go to the set */

/**
 * struct accesses - a reference string and how far it has come
 * @mode:	'R' or 'L', as work --help explains them
 * @page:	bytes in a page
 * @bytes:	of the memory
 * @count:	accesses so far
 * @set_bytes:	mode L: size of a locality set
 * @set:	mode L: where this phase's begins
 * @where:	picks the byte within what was chosen
 * @behaviour:	picks phases, and set or whole memory; apart from @where, so that the
 *		choice of a set never depends on how many numbers its accesses used up
 */
struct accesses {
	char mode;
	size_t page;
	size_t bytes;
	uint64_t count;
	size_t set_bytes;
	size_t set;
	unsigned short where[3];
	unsigned short behaviour[3];
};

static inline struct accesses accesses_of(char mode, size_t bytes, size_t page, uint32_t seed)
{
	uint16_t low = seed, high = seed >> 16;
	size_t set = LOCALITY_SET * page;

	return (struct accesses){
		.mode = mode,
		.page = page,
		.bytes = bytes,
		.set_bytes = set < bytes ? set : bytes,
		.where = { 0x330e, low, high },
		.behaviour = { 0xbb67, low, high },
	};
}

/* A whole number below @limit, each as likely as the others. */
static inline size_t uniform(unsigned short state[3], size_t limit)
{
	return erand48(state) * limit;
}

/**
 * next_access - the byte that is accessed next, counted from the memory's begin
 */
static inline size_t next_access(struct accesses *a)
{
	uint64_t n = a->count++;

	if (a->mode == 'R')
		return uniform(a->where, a->bytes);
	if (n % PHASE == 0)
		a->set = uniform(a->behaviour, (a->bytes - a->set_bytes) / a->page + 1) * a->page;
	if (uniform(a->behaviour, 100) < LOCAL_PERCENT)
		return a->set + uniform(a->where, a->set_bytes);
	return uniform(a->where, a->bytes);
}

#endif
