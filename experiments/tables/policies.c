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

/* An access misses if as many other pages as there are frames were accessed since the last one. */
static void lru_misses(const struct references *string, size_t frames, float *misses)
{
	int *tree = array(string->length + 1, sizeof(*tree));
	size_t *last = filled_with_none(string->pages);

	for (size_t time = 0; time < string->length; time++) {
		size_t *page = &last[string->page[time]];

		if (*page != NONE) {
			size_t others = marks_before(tree, time) - marks_before(tree, *page + 1);

			misses[time] = others >= frames;
			mark(tree, string->length, *page, -1);
		}
		mark(tree, string->length, time, 1);
		*page = time;
	}
	free(tree);
	free(last);
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

/* When each access's page is accessed again; NONE never. */
static size_t *next_accesses(const struct references *string)
{
	size_t *next = array(string->length, sizeof(*next));
	size_t *coming = filled_with_none(string->pages);

	for (size_t time = string->length; time-- > 0;) {
		next[time] = coming[string->page[time]];
		coming[string->page[time]] = time;
	}
	free(coming);
	return next;
}

/* A heap of accesses, the one whose page is needed last on top. */
struct heap {
	const size_t *next;
	size_t *access;
	size_t nr;
};

static void swap(size_t *a, size_t *b)
{
	size_t was = *a;

	*a = *b;
	*b = was;
}

static void push(struct heap *heap, size_t access)
{
	size_t i = heap->nr++;

	heap->access[i] = access;
	for (; i && heap->next[heap->access[(i - 1) / 2]] < heap->next[heap->access[i]]; i = (i - 1) / 2)
		swap(&heap->access[(i - 1) / 2], &heap->access[i]);
}

static size_t pop(struct heap *heap)
{
	size_t top = heap->access[0], i = 0;

	heap->access[0] = heap->access[--heap->nr];
	for (;;) {
		size_t most = i;

		for (size_t child = 2 * i + 1; child <= 2 * i + 2 && child < heap->nr; child++)
			if (heap->next[heap->access[child]] > heap->next[heap->access[most]])
				most = child;
		if (most == i)
			return top;
		swap(&heap->access[i], &heap->access[most]);
		i = most;
	}
}

/*
 * A resident page is in the heap by its last access, and by earlier ones, which are passed over
 * when they come to the top: they say that it is needed at a time that has gone by.
 */
static void opt_misses(const struct references *string, size_t frames, float *misses)
{
	size_t *next = next_accesses(string);
	struct heap heap = { next, array(string->length, sizeof(size_t)), 0 };
	size_t *last = filled_with_none(string->pages);	/* access, of a resident page */
	bool *touched = array(string->pages, sizeof(*touched));
	size_t used = 0;

	for (size_t time = 0; time < string->length; time++) {
		size_t page = string->page[time];

		if (last[page] == NONE) {
			misses[time] = touched[page];
			touched[page] = true;
			if (used < frames) {
				used++;
			} else {
				size_t access;

				do
					access = pop(&heap);
				while (last[string->page[access]] != access);
				last[string->page[access]] = NONE;
			}
		}
		last[page] = time;
		push(&heap, time);
	}
	free(next);
	free(heap.access);
	free(last);
	free(touched);
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
	case RANDOM:
		random_misses(string, frames, misses);
		break;
	default:
		frame_misses(policy, string, frames, NULL, 1, misses);
	}
}
