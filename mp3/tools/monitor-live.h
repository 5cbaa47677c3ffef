/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the live view shows: monitor-live.c keeps it up to date, monitor-screen.c draws it.
 */
#ifndef MONITOR_LIVE_H
#define MONITOR_LIVE_H

#include "monitor.h"

#define HISTORY	64		/* seconds that are kept, so many can be drawn */

/* What a process did in one second. */
struct bin {
	uint64_t minor;
	uint64_t major;
	uint64_t cpu_ns;
};

/**
 * struct line - a process; or, folded, one with all below it
 * @members, @number: the processes that it stands for; the first is shown
 */
struct line {
	struct process **members;
	size_t number;
};

/**
 * struct live - the view
 * @members:	all processes, those of a line beside each other
 * @lines:	those that the filter leaves, in their order
 * @second:	that is shown, of the profiler's clock
 * @sort:	the column
 * @filter:	part of a name; "" for all
 * @typing:	keys go into the filter
 * @folded:	processes stand under the one that has forked them first
 * @helping:	help is shown instead
 * @first:	line that is shown first
 * @utf8:	the terminal has more than ASCII
 */
struct live {
	struct profile profile;
	struct process **members;
	struct line *lines;
	size_t nr_lines;
	size_t room;
	uint64_t second;
	enum sort sort;
	char filter[MP3_NAME_BYTES];
	bool typing;
	bool folded;
	bool helping;
	size_t first;
	bool utf8;
};

/**
 * live_bin - what a line's processes did in this second; nothing, if it is no longer kept
 */
struct bin live_bin(const struct line *line, uint64_t second);

/**
 * live_rss, live_swap - of a line's processes, pages
 */
uint64_t live_rss(const struct line *line);
uint64_t live_swap(const struct line *line);

/**
 * screen_open - take the terminal; it is given back at exit
 */
void screen_open(struct live *live);

/**
 * screen_draw - draw all of it
 */
void screen_draw(const struct live *live);

#endif
