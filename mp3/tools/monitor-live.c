// SPDX-License-Identifier: GPL-2.0
/*
 * The live view: a line a process, drawn once a second; and its keys.
 *
 * Counts are kept in bins of a second, by the time of their record. A bin is shown
 * when its last record must have come. So nothing waits for the device, and a view
 * of nobody costs nothing.
 */
#define _GNU_SOURCE
#include <curses.h>
#include <err.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "monitor-live.h"

#define LATE	(SECOND / 5)	/* after that, a second's records have come */
#define SHOWN	5		/* seconds that an ended process is still shown */
#define DEEPEST	1000		/* levels of a tree that are looked through */
#define ESCAPE	27

/* A process's last seconds, of which @newest is the last that has been begun. */
struct view {
	uint64_t newest;
	struct bin bins[HISTORY];
	const struct process *root;	/* the line that it is folded into */
};

static void advance(struct view *view, uint64_t second)
{
	if (second > view->newest + HISTORY)
		view->newest = second - HISTORY;
	while (view->newest < second)
		view->bins[++view->newest % HISTORY] = (struct bin){ 0 };
}

struct bin live_bin(const struct line *line, uint64_t second)
{
	struct bin sum = { 0 };

	for (size_t i = 0; i < line->number; i++) {
		const struct view *view = line->members[i]->view;
		const struct bin *bin = &view->bins[second % HISTORY];

		if (second > view->newest || second + HISTORY <= view->newest)
			continue;
		sum.minor += bin->minor;
		sum.major += bin->major;
		sum.cpu_ns += bin->cpu_ns;
	}
	return sum;
}

uint64_t live_rss(const struct line *line)
{
	uint64_t pages = 0;

	for (size_t i = 0; i < line->number; i++)
		if (!(line->members[i]->flags & MP3_LAST))
			pages += line->members[i]->rss;
	return pages;
}

uint64_t live_swap(const struct line *line)
{
	uint64_t pages = 0;

	for (size_t i = 0; i < line->number; i++)
		if (!(line->members[i]->flags & MP3_LAST))
			pages += line->members[i]->swap;
	return pages;
}

static void take_record(struct profile *profile, const struct mp3_record *record)
{
	struct process *process = profile->everybody ?
				  processes_add(&profile->processes, record) :
				  processes_add_own(&profile->processes, record);
	struct view *view = process ? process_view(process, sizeof(*view)) : NULL;
	struct bin *bin;

	if (!view)
		return;
	advance(view, record->time_ns / SECOND);
	bin = &view->bins[record->time_ns / SECOND % HISTORY];
	bin->minor += record->minor;
	bin->major += record->major;
	bin->cpu_ns += record->cpu_ns;
}

static void read_records(void *profile)
{
	struct mp3_record record;

	while (ring_next(&((struct profile *)profile)->ring, &record))
		take_record(profile, &record);
}

/* ----- lines ----- */

static const struct live *sorted;	/* qsort(3) passes nothing on */

static uint64_t size_of(const struct line *line)
{
	struct bin bin = live_bin(line, sorted->second);

	switch (sorted->sort) {
	case SORT_MINOR:
		return bin.minor;
	case SORT_CPU:
		return bin.cpu_ns;
	case SORT_RSS:
		return live_rss(line);
	case SORT_SWAP:
		return live_swap(line);
	case SORT_PID:
	case SORT_COMMAND:
		return 0;
	default:
		return bin.major;
	}
}

static int compare(uint64_t one, uint64_t other)
{
	return (one > other) - (one < other);
}

/* The largest first, then the one with more minor faults, then by PID. */
static int in_order(const void *a, const void *b)
{
	const struct line *one = a, *other = b;
	int order = compare(size_of(other), size_of(one));

	if (!order && sorted->sort == SORT_COMMAND)
		order = strcmp(one->members[0]->name, other->members[0]->name);
	if (!order && sorted->sort == SORT_MAJOR)
		order = compare(live_bin(other, sorted->second).minor,
				live_bin(one, sorted->second).minor);
	return order ? order : compare(one->members[0]->pid, other->members[0]->pid);
}

/* The process that stands for this one, folded: the first above it that is here. */
static const struct process *root_of(const struct live *live, const struct process *process)
{
	const struct process *parent;

	for (int level = 0; live->folded && process->parent && level < DEEPEST; level++) {
		parent = processes_find(&live->profile.processes, process->parent);
		if (!parent || !parent->view)
			break;
		process = parent;
	}
	return process;
}

/* Those of a root beside each other, the root first. */
static int by_root(const void *a, const void *b)
{
	const struct process *one = *(struct process *const *)a;
	const struct process *other = *(struct process *const *)b;
	const struct process *x = ((struct view *)one->view)->root;
	const struct process *y = ((struct view *)other->view)->root;

	if (x != y)
		return x->pid != y->pid ? compare(x->pid, y->pid) : compare((uintptr_t)x, (uintptr_t)y);
	if (one == x || other == x)
		return (other == x) - (one == x);
	return compare(one->pid, other->pid);
}

static bool passes(const struct live *live, const struct line *line)
{
	for (size_t i = 0; i < line->number; i++)
		if (strcasestr(line->members[i]->name, live->filter))
			return true;
	return false;
}

static void make_room(struct live *live)
{
	size_t number = live->profile.processes.number;

	if (number <= live->room)
		return;
	live->room = 2 * number;
	live->members = reallocarray(live->members, live->room, sizeof(*live->members));
	live->lines = reallocarray(live->lines, live->room, sizeof(*live->lines));
	if (!live->members || !live->lines)
		err(1, "memory for the lines");
}

static void make_lines(struct live *live)
{
	size_t number = 0, n = 0;
	struct line line;

	make_room(live);
	for (struct process *p = live->profile.processes.first; p; p = p->next) {
		struct view *view = p->view;

		if (!view)
			continue;
		view->root = root_of(live, p);
		live->members[number++] = p;
	}
	if (number)
		qsort(live->members, number, sizeof(*live->members), by_root);
	for (size_t i = 0; i < number; i += line.number) {
		const struct process *root = ((struct view *)live->members[i]->view)->root;

		line = (struct line){ .members = &live->members[i] };
		while (i + line.number < number &&
		       ((struct view *)line.members[line.number]->view)->root == root)
			line.number++;
		if (passes(live, &line))
			live->lines[n++] = line;
	}
	live->nr_lines = n;
	sorted = live;
	if (n)
		qsort(live->lines, n, sizeof(*live->lines), in_order);
	if (live->first >= n)
		live->first = n ? n - 1 : 0;
}

/* Brings what is shown up to the last second that is over. */
static void update(struct live *live)
{
	live->second = (profiler_now_ns() - LATE) / SECOND - 1;
	read_records(&live->profile);
	processes_forget(&live->profile.processes, (live->second - SHOWN) * SECOND);
	make_lines(live);
}

/* Milliseconds until another second is to be shown. */
static int until_next(const struct live *live)
{
	uint64_t due = (live->second + 2) * SECOND + LATE, now = profiler_now_ns();

	return now < due ? (due - now) / (SECOND / 1000) + 1 : 0;
}

/* ----- keys ----- */

/* A key while the filter is typed. */
static void type(struct live *live, int key)
{
	size_t length = strlen(live->filter);

	if (key == ESCAPE)
		live->filter[0] = '\0';
	if (key == '\n' || key == '\r' || key == KEY_ENTER || key == ESCAPE)
		live->typing = false;
	else if ((key == KEY_BACKSPACE || key == '\b' || key == 0x7f) && length)
		live->filter[length - 1] = '\0';
	else if (key >= ' ' && key < 0x7f && length + 1 < sizeof(live->filter))
		live->filter[length] = key;
}

/* Sorts by the column to the left, or to the right. */
static void move_sort(struct live *live, int step)
{
	static const enum sort columns[] = { SORT_PID, SORT_MINOR, SORT_MAJOR, SORT_CPU, SORT_RSS,
					     SORT_SWAP, SORT_COMMAND };
	int number = sizeof(columns) / sizeof(*columns), i = 0;

	while (columns[i] != live->sort)
		i++;
	live->sort = columns[(i + step + number) % number];
}

static void scroll_by(struct live *live, int lines)
{
	if (lines < 0 && live->first < (size_t)-lines)
		live->first = 0;
	else
		live->first += lines;
}

/* Returns whether it ends the view. */
static bool press(struct live *live, int key)
{
	if (key == KEY_RESIZE || key == 'L' - '@') {
		clear();	/* whatever was there before */
		return false;
	}
	if (live->typing) {
		type(live, key);
		return false;
	}
	if (live->helping && key != 'q' && key != 'Q') {
		live->helping = false;
		return false;
	}
	switch (key) {
	case 'q':
	case 'Q':
		return true;
	case 'h':
	case '?':
		live->helping = true;
		break;
	case '<':
	case KEY_LEFT:
		move_sort(live, -1);
		break;
	case '>':
	case KEY_RIGHT:
		move_sort(live, 1);
		break;
	case 'P':
		live->sort = SORT_CPU;
		break;
	case 'M':
		live->sort = SORT_RSS;
		break;
	case 'f':
		live->folded = !live->folded;
		break;
	case '/':
		live->typing = true;
		live->filter[0] = '\0';
		break;
	case ESCAPE:
		live->filter[0] = '\0';
		break;
	case KEY_DOWN:
		scroll_by(live, 1);
		break;
	case KEY_UP:
		scroll_by(live, -1);
		break;
	case KEY_NPAGE:
		scroll_by(live, LINES);
		break;
	case KEY_PPAGE:
		scroll_by(live, -LINES);
		break;
	case KEY_HOME:
		live->first = 0;
		break;
	}
	return false;
}

static void watch(struct live *live)
{
	struct pollfd files[] = {
		{ .fd = open_signals(), .events = POLLIN },
		{ .fd = STDIN_FILENO, .events = POLLIN },
	};
	int key;

	for (;;) {
		if (!until_next(live)) {
			update(live);
			/* Whatever others have written over it. */
			redrawwin(stdscr);
		}
		screen_draw(live);
		/* A resize is a signal, which ncurses makes a key of. */
		poll(files, 2, until_next(live));
		if (files[0].revents || files[1].revents & ~POLLIN)
			return;
		while ((key = getch()) != ERR) {
			if (press(live, key))
				return;
			make_lines(live);
		}
	}
}

void live_view(const struct request *request)
{
	struct live live = { .sort = request->shape.sort == SORT_NONE ||
				     request->shape.sort == SORT_TIME ?
				     SORT_MAJOR : request->shape.sort };

	if (!isatty(STDIN_FILENO) || !isatty(STDOUT_FILENO))
		errx(1, "the live view needs a terminal");
	profile_open(&live.profile, request->device);
	live.profile.everybody = !who_is_given(&request->who);
	if (live.profile.everybody)
		ring_rewind(&live.profile.ring);
	else
		profile_attach_who(&live.profile, &request->who, read_records, &live.profile);
	screen_open(&live);
	update(&live);
	watch(&live);
}
