// SPDX-License-Identifier: GPL-2.0
/*
 * The live view on the terminal.
 */
#include <curses.h>
#include <err.h>
#include <inttypes.h>
#include <langinfo.h>
#include <locale.h>
#include <stdlib.h>
#include <string.h>

#include "monitor-live.h"

#define STEPS	9	/* of the bars, from nothing to all */
static const char *const blocks[STEPS] = { " ", "▁", "▂", "▃", "▄", "▅", "▆", "▇", "█" };
static const char *const ascii[STEPS] = { " ", ".", ":", "-", "=", "+", "*", "#", "@" };

static const char *const help[] = {
	"< >       sort by the column to the left, or to the right; so do the arrows",
	"P  M      sort by CPU, by resident memory",
	"/         filter: part of a command's name, then Enter; Esc takes it away",
	"f         fold: a process with all that it and its children have forked",
	"up down   and page up, page down, home: scroll",
	"Ctrl-L    draw the screen anew",
	"h  q      this help; end",
	"",
	"MINOR/S, MAJOR/S and CPU% are of the last second. A bar has a cell a second,",
	"the last one at its end: major faults, on a scale that is the same for all.",
	"",
	"Any key goes back.",
};

/* As long as it fits; then with fewer digits, and k, M or G. The columns stay in place. */
static void fit(char *text, int width, double value, int decimals)
{
	static const char units[] = " kMGT";
	int unit = 0;

	if (snprintf(text, 32, "%*.*f", width, decimals, value) <= width ||
	    snprintf(text, 32, "%*.0f", width, value) <= width)
		return;
	while (snprintf(text, 32, "%*.0f%c", width - 1, value, units[unit]) > width && units[unit + 1]) {
		value /= 1000;
		unit++;
	}
}

/* A line of text, cut at the right edge; what is behind it is blank. */
static void put_line(int y, const char *text)
{
	mvaddnstr(y, 0, text, COLS);
	if (getcury(stdscr) == y)
		clrtoeol();
}

/* The full height of a bar, the same for all, in major faults a second. */
static uint64_t full_height(const struct live *live, int seconds)
{
	uint64_t most = 1, major;

	for (size_t i = 0; i < live->nr_lines; i++)
		for (int s = 0; s < seconds; s++) {
			major = live_bin(&live->lines[i], live->second - s).major;
			most = major > most ? major : most;
		}
	return most;
}

static void put_bar(const struct live *live, const struct line *line, int y, int x, int cells,
		    uint64_t full)
{
	for (int i = 0; i < cells; i++) {
		uint64_t major = live_bin(line, live->second - (cells - 1 - i)).major;
		/* One fault is seen, and only a full one is full. */
		uint64_t step = (major * (STEPS - 1) + full - 1) / full;

		mvaddstr(y, x + i, (live->utf8 ? blocks : ascii)[step]);
	}
}

/* The name, with what there is to be said of the line. */
static void format_name(const struct line *line, char *name, size_t size)
{
	FILE *memory = fmemopen(name, size, "w");

	if (!memory)
		err(1, "memory for a name");
	if (line->members[0]->flags & MP3_LAST)
		fputs("ended ", memory);
	if (line->number > 1)
		fprintf(memory, "+%zu ", line->number - 1);
	print_name(memory, line->members[0]->name);
	fclose(memory);
	name[size - 1] = '\0';
}

/* The columns before the bars. */
static int format_line(const struct live *live, const struct line *line, char *text, size_t size)
{
	double page_mb = live->profile.ring.header->page_bytes / 1048576.0;
	char minor[32], major[32], cpu[32], rss[32], swap[32];
	char name[32 + 4 * MP3_NAME_BYTES] = "";
	struct bin bin = live_bin(line, live->second);

	fit(minor, 8, bin.minor, 0);
	fit(major, 8, bin.major, 0);
	fit(cpu, 6, bin.cpu_ns / (SECOND / 100.0), 1);
	fit(rss, 7, live_rss(line) * page_mb, 1);
	fit(swap, 7, live_swap(line) * page_mb, 1);
	format_name(line, name, sizeof(name));
	return snprintf(text, size, "%7" PRIu32 " %s %s %s %s %s  %-15.15s ",
			line->members[0]->pid, minor, major, cpu, rss, swap, name);
}

static void draw_title(const struct live *live)
{
	struct bin bin, total = { 0 };
	size_t processes = 0;
	char text[256];

	for (size_t i = 0; i < live->nr_lines; i++) {
		bin = live_bin(&live->lines[i], live->second);
		total.minor += bin.minor;
		total.major += bin.major;
		total.cpu_ns += bin.cpu_ns;
		processes += live->lines[i].number;
	}
	if (live->typing)
		snprintf(text, sizeof(text), "filter: %s_   (Enter, or Esc for none)", live->filter);
	else
		snprintf(text, sizeof(text), "%zu process%s: %" PRIu64 " minor and %" PRIu64
			 " major faults/s, %.1f%% of a CPU   (h: help)%s%s", processes,
			 processes == 1 ? "" : "es", total.minor, total.major,
			 total.cpu_ns / (SECOND / 100.0), *live->filter ? "   filter: " : "",
			 live->filter);
	put_line(0, text);
}

/* The heads of the columns; that by which it is sorted stands out. Returns their width. */
static int draw_heads(const struct live *live, int *cells, uint64_t *full)
{
	static const struct {
		const char *name;
		int width;
		enum sort sort;
	} columns[] = {
		{ "PID", 7, SORT_PID }, { "MINOR/S", 8, SORT_MINOR }, { "MAJOR/S", 8, SORT_MAJOR },
		{ "CPU%", 6, SORT_CPU }, { "RSS_MB", 7, SORT_RSS }, { "SWAP_MB", 7, SORT_SWAP },
		{ "COMMAND", -15, SORT_COMMAND },
	};
	char text[256] = "";
	int width = 0, at = 0, length = 0;

	for (size_t i = 0; i < sizeof(columns) / sizeof(*columns); i++) {
		if (columns[i].width < 0)
			width += snprintf(text + width, sizeof(text) - width, " ");
		if (columns[i].sort == live->sort) {
			length = strlen(columns[i].name);
			at = columns[i].width < 0 ? width : width + columns[i].width - length;
		}
		width += snprintf(text + width, sizeof(text) - width, "%*s ", columns[i].width,
				  columns[i].name);
	}
	*cells = COLS - width;
	*cells = *cells < 0 ? 0 : *cells < HISTORY ? *cells : HISTORY - 1;
	*full = full_height(live, *cells);
	snprintf(text + width, sizeof(text) - width, "0-%" PRIu64 " MAJOR/S, %d s", *full, *cells);
	attron(A_REVERSE);
	put_line(1, text);
	attroff(A_REVERSE);
	if (at + length <= COLS)
		mvchgat(1, at, length, A_BOLD | A_UNDERLINE, 0, NULL);
	return width;
}

static void draw_help(void)
{
	erase();
	for (size_t i = 0; i < sizeof(help) / sizeof(*help) && (int)i < LINES; i++)
		put_line(i, help[i]);
	refresh();
}

void screen_draw(const struct live *live)
{
	const struct profile *profile = &live->profile;
	char text[256];
	uint64_t full;
	size_t below;
	int width, cells, y;

	if (live->helping) {
		draw_help();
		return;
	}
	erase();
	draw_title(live);
	width = draw_heads(live, &cells, &full);
	for (y = 2; y < LINES && live->first + y - 2 < live->nr_lines; y++) {
		const struct line *line = &live->lines[live->first + y - 2];

		format_line(live, line, text, sizeof(text));
		put_line(y, text);
		put_bar(live, line, y, width, cells, full);
	}
	if (!live->nr_lines)
		put_line(2, *live->filter ? "No process has such a name." :
			 !profile->everybody ? "All of them have ended." :
			 "No process is registered. monitor -t -a shows all, monitor -t -p PID one.");
	below = live->nr_lines - live->first - (y - 2);
	if (live->nr_lines && below && LINES > 2) {
		snprintf(text, sizeof(text), "%7s and %zu more", "", below + 1);
		put_line(LINES - 1, text);
	}
	if (profile->ring.missed && LINES > 2) {
		snprintf(text, sizeof(text), "%7s %" PRIu64 " records were overwritten before they were read",
			 "", profile->ring.missed);
		put_line(LINES - 1, text);
	}
	refresh();
}

static void restore_terminal(void)
{
	endwin();
}

void screen_open(struct live *live)
{
	const char *type = getenv("TERM");

	live->utf8 = setlocale(LC_CTYPE, "") && !strcmp(nl_langinfo(CODESET), "UTF-8");
	/* Not initscr(), which would end us in its own words. */
	if (!newterm(NULL, stdout, stdin))
		errx(1, "TERM is '%s', which is no terminal that is known here", type ? type : "");
	atexit(restore_terminal);
	cbreak();
	noecho();
	keypad(stdscr, TRUE);
	set_escdelay(25);
	nodelay(stdscr, TRUE);
	curs_set(0);
}
