/* SPDX-License-Identifier: GPL-2.0 */
/*
 * policies - what policies of page replacement would miss of a reference string
 *
 * All are by demand: a page becomes resident when it is accessed. These have a fixed number of
 * frames, which are empty in the beginning:
 *
 *	LRU	replaces the page that was accessed longest ago
 *	FIFO	the one that came first
 *	CLOCK	as FIFO, but passes over those that were accessed since it last came by, once
 *		(F. J. Corbato, A paging experiment with the Multics system, 1968)
 *	random	any, each as likely as the others
 *	OPT	the one that is needed again last, or not at all; none misses less (L. A. Belady,
 *		A study of replacement algorithms for a virtual-storage computer, IBM Systems
 *		Journal 5(2), 1966)
 *
 * The resident set of these varies, and has as many pages as there are frames on the average:
 *
 *	VMIN	keeps a page until it is accessed again if that is soon enough, and else drops it
 *		at once. Of all sets of this mean, none misses less (B. G. Prieve and R. S. Fabry,
 *		VMIN - an optimal variable-space page replacement algorithm, CACM 19(5), 1976).
 *	WS	the working set: what was accessed in the last tau accesses (P. J. Denning, The
 *		working set model for program behavior, CACM 11(5), 1968)
 *
 * OPT and VMIN know what is accessed next, so no kernel can do as they do.
 */
#ifndef POLICIES_H
#define POLICIES_H

#include <stddef.h>
#include <stdint.h>

enum policy { LRU, FIFO, CLOCK, RANDOM, OPT, VMIN, WS, POLICIES };

extern const char *const policy_names[POLICIES];

/**
 * struct references - a string of accesses
 * @page:	that is accessed, one after the other
 * @length:	how many accesses there are
 * @pages:	how many pages: each @page is below that
 * @begin:	the first access that counts, up to the last one; those before it fill the memory
 */
struct references {
	uint32_t *page;
	size_t length;
	size_t pages;
	size_t begin;
};

/**
 * policy_misses - tell which accesses miss
 * @policy:	which replaces
 * @string:	what is accessed
 * @frames:	how many pages can be resident, 1 at least. Of VMIN and WS, how many are on the
 *		average, at most: the mean over the accesses that count, each time with the page
 *		that is accessed. It is less by a page at most of WS, whose tau is the largest with
 *		such a mean; and of VMIN by as much as one interval more would take.
 * @misses:	of each access: 1 if it misses, 0 if not; of RANDOM the share
 *		of some trials, which are the same each time
 *
 * First touches are no misses. Ends the program with 1 if there is no memory.
 */
void policy_misses(enum policy policy, const struct references *string, size_t frames, float *misses);

#endif
