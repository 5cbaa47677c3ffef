// SPDX-License-Identifier: GPL-2.0
/*
 * policies - what policies of page replacement would miss; policies.h has the contract.
 */
#include <err.h>
#include <gsl/gsl_rng.h>
#include <stdbool.h>
#include <stdlib.h>

#include "policies.h"

#define TRIALS	5		/* of RANDOM */
#define NONE	SIZE_MAX	/* no frame, no access */

const char *const policy_names[POLICIES] = {
	[LRU] = "lru", [FIFO] = "fifo", [CLOCK] = "clock", [RANDOM] = "random", [OPT] = "opt",
	[VMIN] = "vmin", [WS] = "ws",
};

static void *array(size_t nr, size_t size)
{
	void *new = calloc(nr ? nr : 1, size);

	if (!new)
		err(1, NULL);
	return new;
}

static size_t *filled_with_none(size_t nr)
{
	size_t *new = array(nr, sizeof(*new));

	for (size_t i = 0; i < nr; i++)
		new[i] = NONE;
	return new;
}

/*
 * Resident pages are known by their last accesses. A hand looks for the earliest of these: it
 * passes over accesses that were not the last, and no earlier one comes behind it.
 */
static void lru_misses(const struct references *string, size_t frames, float *misses)
{
	size_t *last = filled_with_none(string->pages);	/* access, of a resident page */
	bool *touched = array(string->pages, sizeof(*touched));
	size_t used = 0, hand = 0;

	for (size_t time = 0; time < string->length; time++) {
		size_t page = string->page[time];

		if (last[page] == NONE) {
			misses[time] = touched[page];
			touched[page] = true;
			if (used < frames) {
				used++;
			} else {
				while (last[string->page[hand]] != hand)
					hand++;
				last[string->page[hand]] = NONE;
			}
		}
		last[page] = time;
	}
	free(last);
	free(touched);
}

/* FIFO, CLOCK and RANDOM: they look at frames, one after the other, or at any. A miss adds @one. */
static void frame_misses(enum policy policy, const struct references *string, size_t frames,
			 gsl_rng *random, float one, float *misses)
{
	size_t *frame_of = filled_with_none(string->pages);	/* of a page */
	size_t *page_in = array(frames, sizeof(*page_in));	/* of a frame */
	bool *accessed = array(frames, sizeof(*accessed));	/* since the hand came by */
	bool *touched = array(string->pages, sizeof(*touched));	/* ever */
	size_t used = 0, hand = 0;

	for (size_t time = 0; time < string->length; time++) {
		size_t page = string->page[time], frame = frame_of[page];

		if (frame == NONE) {
			if (touched[page])
				misses[time] += one;
			if (used < frames) {
				frame = used++;
			} else if (policy == RANDOM) {
				frame = gsl_rng_uniform_int(random, frames);
			} else {
				for (; policy == CLOCK && accessed[hand]; hand = (hand + 1) % frames)
					accessed[hand] = false;
				frame = hand;
				hand = (hand + 1) % frames;
			}
			if (touched[page_in[frame]] && frame_of[page_in[frame]] == frame)
				frame_of[page_in[frame]] = NONE;
			frame_of[page] = frame;
			page_in[frame] = page;
			touched[page] = true;
		}
		accessed[frame] = true;
	}
	free(frame_of);
	free(page_in);
	free(accessed);
	free(touched);
}

static void random_misses(const struct references *string, size_t frames, float *misses)
{
	gsl_rng *random = gsl_rng_alloc(gsl_rng_mt19937);

	if (!random)
		err(1, NULL);
	for (int trial = 0; trial < TRIALS; trial++) {
		gsl_rng_set(random, trial + 1);
		frame_misses(RANDOM, string, frames, random, 1.0f / TRIALS, misses);
	}
	gsl_rng_free(random);
}

/* When each access's page is accessed again; if never, behind the string, each page at its own time. */
static size_t *next_accesses(const struct references *string)
{
	size_t *next = array(string->length, sizeof(*next));
	size_t *coming = array(string->pages, sizeof(*coming));

	for (size_t page = 0; page < string->pages; page++)
		coming[page] = string->length + page;
	for (size_t time = string->length; time-- > 0;) {
		next[time] = coming[string->page[time]];
		coming[string->page[time]] = time;
	}
	free(coming);
	return next;
}

/*
 * A set of times, of which the latest is found at once: a bit for each, and on each level above
 * one for each word that is not 0.
 */
#define LEVELS	6	/* 64^6 times */
#define BITS	64

struct times {
	uint64_t *words[LEVELS];
};

static void add_time(struct times *times, size_t time)
{
	for (int level = 0; level < LEVELS; level++, time /= BITS)
		times->words[level][time / BITS] |= UINT64_C(1) << time % BITS;
}

static void remove_time(struct times *times, size_t time)
{
	for (int level = 0; level < LEVELS; level++, time /= BITS)
		if (times->words[level][time / BITS] &= ~(UINT64_C(1) << time % BITS))
			break;
}

/* There must be one. */
static size_t latest_time(const struct times *times)
{
	size_t time = 0;

	for (int level = LEVELS; level-- > 0;)
		time = time * BITS + BITS - 1 - __builtin_clzll(times->words[level][time]);
	return time;
}

/* The times are those when resident pages are accessed again. */
static void opt_misses(const struct references *string, size_t frames, float *misses)
{
	size_t *next = next_accesses(string);
	bool *resident = array(string->pages, sizeof(*resident));
	bool *touched = array(string->pages, sizeof(*touched));
	size_t used = 0, room = string->length + string->pages;
	struct times times;

	for (int level = 0; level < LEVELS; level++) {
		room = room / BITS + 1;
		times.words[level] = array(room, sizeof(*times.words[level]));
	}
	for (size_t time = 0; time < string->length; time++) {
		size_t page = string->page[time];

		if (resident[page]) {
			remove_time(&times, time);
		} else {
			misses[time] = touched[page];
			resident[page] = touched[page] = true;
			if (used < frames) {
				used++;
			} else {
				size_t last = latest_time(&times);

				remove_time(&times, last);
				resident[last < string->length ? string->page[last] :
					 last - string->length] = false;
			}
		}
		add_time(&times, next[time]);
	}
	for (int level = 0; level < LEVELS; level++)
		free(times.words[level]);
	free(next);
	free(resident);
	free(touched);
}

/* How many accesses from @first to before @behind count. */
static size_t counted(const struct references *string, size_t first, size_t behind)
{
	if (first < string->begin)
		first = string->begin;
	return behind > first ? behind - first : 0;
}

/*
 * The sizes of the set in sum are how long all accesses make their pages stay: until the page is
 * accessed again, or for tau, but not beyond the end (D. R. Slutz and I. L. Traiger, A note on
 * the calculation of average working set size, CACM 17(10), 1974). What is before the accesses
 * that count is not of the sum. So with one more in tau, the sum grows by the accesses whose
 * pages stay longer, of those whose time has come to count.
 */
static void ws_misses(const struct references *string, size_t frames, float *misses)
{
	size_t length = string->length, *next = next_accesses(string);
	/* of how many accesses the time counts from this tau on, and of how many no longer */
	size_t *begins = array(length + 2, sizeof(*begins)), *ends = array(length + 2, sizeof(*ends));
	size_t room = frames * (length - string->begin), growing = 0, tau = 0;

	for (size_t time = 0; time < length; time++) {
		size_t behind = next[time] < length ? next[time] : length;

		if (counted(string, time, behind) > 0) {
			begins[1 + (time < string->begin ? string->begin - time : 0)]++;
			ends[1 + behind - time]++;
		}
	}
	while (tau < length) {
		growing += begins[tau + 1] - ends[tau + 1];
		if (growing > room)
			break;
		room -= growing;
		tau++;
	}
	for (size_t time = 0; time < length; time++)
		if (next[time] < length)
			misses[next[time]] = next[time] - time > tau;
	free(next);
	free(begins);
	free(ends);
}

/*
 * Each access takes a page for itself. What stays takes one for all accesses between two to it,
 * and saves a miss. So those that take least stay, as long as there is room: of the last ones, which
 * take the same, the first. Accesses that do not count take nothing.
 */
static void vmin_misses(const struct references *string, size_t frames, float *misses)
{
	size_t length = string->length, *next = next_accesses(string);
	size_t *taking = array(length + 1, sizeof(*taking));	/* how many take so much */
	size_t room = (frames - 1) * (length - string->begin), most = 1, of_most;

	for (size_t time = 0; time < length; time++)
		if (next[time] < length)
			taking[counted(string, time + 1, next[time])]++;
	while (most <= length && taking[most] * most <= room) {
		room -= taking[most] * most;
		most++;
	}
	of_most = room / most;
	for (size_t time = 0; time < length; time++) {
		size_t takes;

		if (next[time] >= length)
			continue;
		takes = counted(string, time + 1, next[time]);
		misses[next[time]] = takes > most || (takes == most && of_most == 0);
		of_most -= takes == most && of_most > 0;
	}
	free(next);
	free(taking);
}

void policy_misses(enum policy policy, const struct references *string, size_t frames, float *misses)
{
	for (size_t time = 0; time < string->length; time++)
		misses[time] = 0;
	switch (policy) {
	case LRU:
		lru_misses(string, frames, misses);
		break;
	case OPT:
		opt_misses(string, frames, misses);
		break;
	case VMIN:
		vmin_misses(string, frames, misses);
		break;
	case WS:
		ws_misses(string, frames, misses);
		break;
	case RANDOM:
		random_misses(string, frames, misses);
		break;
	default:
		frame_misses(policy, string, frames, NULL, 1, misses);
	}
}
