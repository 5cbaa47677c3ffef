// SPDX-License-Identifier: GPL-2.0
/*
 * The live view: a line a registered process, drawn once a second.
 *
 * Counts are kept in bins of a second, by the time of their record. A bin is shown
 * when its last record must have come. So nothing waits for the device, and a view
 * of nobody costs nothing.
 */
#include <curses.h>
#include <err.h>
#include <inttypes.h>
#include <langinfo.h>
#include <locale.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <time.h>
#include <unistd.h>

#include "monitor.h"

#define HISTORY	64		/* seconds that are kept, so many can be drawn */
#define SECOND	1000000000ull
#define LATE	(SECOND / 5)	/* after that, a second's records have come */
#define SHOWN	5		/* seconds that an ended process is still shown */

/* What a process did in one second. */
struct bin {
	uint64_t minor;
	uint64_t major;
	uint64_t cpu_ns;
};

/* A process's last seconds, of which @newest is the last that has been begun. */
struct view {
	uint64_t newest;
	struct bin bins[HISTORY];
};

struct live {
	struct ring ring;
	struct processes processes;
	struct process **lines;	/* those shown, in their order */
	size_t nr_lines, room;
	uint64_t second;	/* that is shown, of CLOCK_MONOTONIC */
	const char *const *steps;	/* of the bars, from nothing to all */
};

#define STEPS	9
static const char *const blocks[STEPS] = { " ", "▁", "▂", "▃", "▄", "▅", "▆", "▇", "█" };
static const char *const ascii[STEPS] = { " ", ".", ":", "-", "=", "+", "*", "#", "@" };

static uint64_t now_ns(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return time.tv_sec * SECOND + time.tv_nsec;
}

static void advance(struct view *view, uint64_t second)
{
	if (second > view->newest + HISTORY)
		view->newest = second - HISTORY;
	while (view->newest < second)
		view->bins[++view->newest % HISTORY] = (struct bin){ 0 };
}

/* Of a second that is no longer kept, or not begun: nothing. */
static struct bin bin_of(const struct process *process, uint64_t second)
{
	const struct view *view = process->view;

	if (second > view->newest || second + HISTORY <= view->newest)
		return (struct bin){ 0 };
	return view->bins[second % HISTORY];
}

static void read_records(struct live *live)
{
	struct mp3_record record;
	struct process *process;
	struct view *view;
	struct bin *bin;

	while (ring_next(&live->ring, &record)) {
		process = processes_add(&live->processes, &record);
		if (!process->view)
			process->view = calloc(1, sizeof(*view));
		view = process->view;
		if (!view)
			err(1, "memory for a process");
		advance(view, record.time_ns / SECOND);
		bin = &view->bins[record.time_ns / SECOND % HISTORY];
		bin->minor += record.minor;
		bin->major += record.major;
		bin->cpu_ns += record.cpu_ns;
	}
}

static uint64_t sorted_second;	/* qsort(3) passes nothing on */

/* Most major faults first, then most minor ones, then by PID. */
static int by_faults(const void *a, const void *b)
{
	const struct process *one = *(struct process *const *)a;
	const struct process *other = *(struct process *const *)b;
	struct bin x = bin_of(one, sorted_second), y = bin_of(other, sorted_second);

	if (x.major != y.major)
		return x.major < y.major ? 1 : -1;
	if (x.minor != y.minor)
		return x.minor < y.minor ? 1 : -1;
	return one->pid < other->pid ? -1 : one->pid > other->pid;
}

/* Brings what is shown up to the last second that is over. */
static void update(struct live *live)
{
	size_t n = 0;

	live->second = (now_ns() - LATE) / SECOND - 1;
	read_records(live);
	processes_forget(&live->processes, (live->second - SHOWN) * SECOND);

	for (struct process *p = live->processes.first; p; p = p->next) {
		if (n == live->room) {
			live->room = live->room ? 2 * live->room : 64;
			live->lines = reallocarray(live->lines, live->room,
						   sizeof(*live->lines));
			if (!live->lines)
				err(1, "memory for the lines");
		}
		live->lines[n++] = p;
	}
	live->nr_lines = n;
	sorted_second = live->second;
	if (n)
		qsort(live->lines, n, sizeof(*live->lines), by_faults);
}

/* The full height of a bar, the same for all, in major faults a second. */
static uint64_t full_height(const struct live *live, int seconds)
{
	uint64_t most = 1, major;

	for (size_t i = 0; i < live->nr_lines; i++)
		for (int s = 0; s < seconds; s++) {
			major = bin_of(live->lines[i], live->second - s).major;
			most = major > most ? major : most;
		}
	return most;
}

/* A line of text, cut at the right edge; what is behind it is blank. */
static void put_line(int y, const char *text)
{
	mvaddnstr(y, 0, text, COLS);
	if (getcury(stdscr) == y)
		clrtoeol();
}

static void put_bar(const struct live *live, const struct process *process,
		    int y, int x, int cells, uint64_t full)
{
	for (int i = 0; i < cells; i++) {
		uint64_t major = bin_of(process, live->second - (cells - 1 - i)).major;
		/* One fault is seen, and only a full one is full. */
		uint64_t step = (major * (STEPS - 1) + full - 1) / full;

		mvaddstr(y, x + i, live->steps[step]);
	}
}

/* The columns before the bars. */
static int format_process(const struct live *live, const struct process *p,
			  char *line, size_t size)
{
	double page_mb = live->ring.header->page_bytes / 1048576.0;
	struct bin bin = bin_of(p, live->second);
	char name[sizeof("ended ") + 4 * MP3_NAME_BYTES] = "";
	FILE *memory = fmemopen(name, sizeof(name), "w");

	if (!memory)
		err(1, "memory for a name");
	if (p->flags & MP3_LAST)
		fputs("ended ", memory);
	print_name(memory, p->name);
	fclose(memory);
	return snprintf(line, size, "%7" PRIu32 " %8" PRIu64 " %8" PRIu64 " %6.1f %7.1f %7.1f  %-15.15s ",
			p->pid, bin.minor, bin.major, bin.cpu_ns / (SECOND / 100.0),
			p->rss * page_mb, p->swap * page_mb, name);
}

static void draw(const struct live *live)
{
	struct bin bin, total = { 0 };
	char line[256];
	int width, cells, y;
	uint64_t full;

	for (size_t i = 0; i < live->nr_lines; i++) {
		bin = bin_of(live->lines[i], live->second);
		total.minor += bin.minor;
		total.major += bin.major;
		total.cpu_ns += bin.cpu_ns;
	}
	erase();
	snprintf(line, sizeof(line), "%zu processes: %" PRIu64 " minor and %" PRIu64
		 " major faults/s, %.1f%% of a CPU   (q ends)", live->nr_lines,
		 total.minor, total.major, total.cpu_ns / (SECOND / 100.0));
	put_line(0, line);

	width = snprintf(line, sizeof(line), "%7s %8s %8s %6s %7s %7s  %-15s ", "PID",
			 "MINOR/S", "MAJOR/S", "CPU%", "RSS_MB", "SWAP_MB", "COMMAND");
	cells = COLS - width;
	cells = cells < 0 ? 0 : cells < HISTORY ? cells : HISTORY - 1;
	full = full_height(live, cells);
	snprintf(line + width, sizeof(line) - width, "0-%" PRIu64 " MAJOR/S", full);
	attron(A_REVERSE);
	put_line(1, line);
	attroff(A_REVERSE);

	for (y = 2; y < LINES && (size_t)y - 2 < live->nr_lines; y++) {
		const struct process *process = live->lines[y - 2];

		format_process(live, process, line, sizeof(line));
		put_line(y, line);
		put_bar(live, process, y, width, cells, full);
	}
	if (!live->nr_lines)
		put_line(2, "No process is registered. echo 'T PID' > " MP3_STATUS
			 " registers one and its children.");
	if (live->nr_lines > (size_t)y - 2 && LINES > 2) {
		snprintf(line, sizeof(line), "%7s and %zu more", "", live->nr_lines - (y - 3));
		put_line(LINES - 1, line);
	}
	if (live->ring.missed && LINES > 2) {
		snprintf(line, sizeof(line), "%7s %" PRIu64 " records were overwritten before they were read",
			 "", live->ring.missed);
		put_line(LINES - 1, line);
	}
	refresh();
}

/* Milliseconds until another second is to be shown. */
static int until_next(const struct live *live)
{
	uint64_t due = (live->second + 2) * SECOND + LATE, now = now_ns();

	return now < due ? (due - now) / (SECOND / 1000) + 1 : 0;
}

static void watch(struct live *live)
{
	struct pollfd files[] = {
		{ .fd = open_signals(), .events = POLLIN },
		{ .fd = STDIN_FILENO, .events = POLLIN },
	};
	int key;

	for (;;) {
		if (!until_next(live))
			update(live);
		draw(live);
		/* A resize is a signal, which ncurses makes a key of. */
		poll(files, 2, until_next(live));
		if (files[0].revents || files[1].revents & ~POLLIN)
			return;
		while ((key = getch()) != ERR)
			if (key == 'q' || key == 'Q')
				return;
	}
}

static void restore_terminal(void)
{
	endwin();
}

void live_view(const char *path)
{
	struct live live = { .steps = ascii };
	const char *type = getenv("TERM");

	if (!isatty(STDIN_FILENO) || !isatty(STDOUT_FILENO))
		errx(1, "the live view needs a terminal");
	open_records(&live.ring, path);
	if (setlocale(LC_CTYPE, "") && !strcmp(nl_langinfo(CODESET), "UTF-8"))
		live.steps = blocks;
	/* Not initscr(), which would end us in its own words. */
	if (!newterm(NULL, stdout, stdin))
		errx(1, "TERM is '%s', which is no terminal that is known here", type ? type : "");
	atexit(restore_terminal);
	cbreak();
	noecho();
	nodelay(stdscr, TRUE);
	curs_set(0);
	update(&live);
	watch(&live);
}
