/* SPDX-License-Identifier: GPL-2.0 */
/*
 * policies - what policies of page replacement would miss of a reference string
 *
 * All are by demand, with a fixed number of frames, which are empty in the beginning:
 *
 *	LRU	replaces the page that was accessed longest ago
 *	FIFO	the one that came first
 *	CLOCK	as FIFO, but passes over those that were accessed since it last came by, once
 *		(F. J. Corbato, A paging experiment with the Multics system, 1968)
 *	random	any, each as likely as the others
 *	OPT	the one that is needed again last, or not at all; none misses less (L. A. Belady,
 *		A study of replacement algorithms for a virtual-storage computer, IBM Systems
 *		Journal 5(2), 1966)
 */
#ifndef POLICIES_H
#define POLICIES_H

#include <stddef.h>
#include <stdint.h>

enum policy { LRU, FIFO, CLOCK, RANDOM, OPT, POLICIES };

extern const char *const policy_names[POLICIES];

/**
 * struct references - a string of accesses
 * @page:	that is accessed, one after the other
 * @length:	how many accesses there are
 * @pages:	how many pages: each @page is below that
 */
struct references {
	uint32_t *page;
	size_t length;
	size_t pages;
};

/**
 * policy_misses - tell which accesses miss
 * @policy:	which replaces
 * @string:	what is accessed
 * @frames:	how many pages can be resident, 1 at least
 * @misses:	of each access: 1 if it misses, 0 if not; of RANDOM the share of some trials, which
 *		are the same each time
 *
 * First touches are no misses. Ends the program with 1 if there is no memory.
 */
void policy_misses(enum policy policy, const struct references *string, size_t frames, float *misses);

#endif
