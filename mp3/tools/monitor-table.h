/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Tables: their rows, how these are printed, the summary and the intervals.
 */
#ifndef MONITOR_TABLE_H
#define MONITOR_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "monitor-profile.h"

/* ----- rows: monitor-rows.c ----- */

enum sort { SORT_NONE, SORT_MAJOR, SORT_MINOR, SORT_CPU, SORT_RSS, SORT_SWAP, SORT_TIME,
	    SORT_PID, SORT_COMMAND };

/**
 * sort_parse - a key by its name; SORT_NONE if it is none
 */
enum sort sort_parse(const char *name);

/* The names of all keys, for a message. */
extern const char sort_names[];

/**
 * struct row - a line of a table: a process, all of one command, or the total
 * @kind:	what it is: "process", "command", "total", "interval"...
 * @time_s:	end of its time, since the begin
 * @period_s:	its length
 * @pid, @parent: 0 for more than one
 * @processes:	how many they are
 * @minor, @major, @cpu_ns: sums
 * @rss, @swap:	at its end, pages
 * @peak_rss, @peak_swap: of the one that had most, pages
 * @name:	"" for the total
 */
struct row {
	const char *kind;
	double time_s;
	double period_s;
	uint32_t pid;
	uint32_t parent;
	size_t processes;
	uint64_t minor;
	uint64_t major;
	uint64_t cpu_ns;
	uint64_t rss;
	uint64_t swap;
	uint64_t peak_rss;
	uint64_t peak_swap;
	char name[MP3_NAME_BYTES];
};

/**
 * row_is_idle - it has done nothing
 */
bool row_is_idle(const struct row *row);

/**
 * struct table - rows, and their total
 */
struct table {
	struct row *rows;
	size_t number;
	size_t room;
	struct row total;
};

/**
 * table_clear - no row; the memory is kept
 */
void table_clear(struct table *table);

/**
 * table_add - a row more, which is added to the total as well
 */
void table_add(struct table *table, const struct row *row);

/**
 * table_group - one row for all of a name, of the kind that is said
 *
 * Their time is that of the total.
 */
void table_group(struct table *table, const char *kind);

/**
 * table_sort - largest first; names and PIDs smallest first
 */
void table_sort(struct table *table, enum sort key);

/* ----- formats: monitor-format.c ----- */

enum format { TEXT, SEPARATED, JSON };

/**
 * struct form - how it is printed, and where to
 * @output:	NULL: not yet known
 * @separator:	between the fields, if SEPARATED
 * @begun:	the header row has been printed
 */
struct form {
	enum format format;
	char separator;
	FILE *output;
	bool begun;
};

/**
 * struct shape - which rows of a table, and in which order
 * @top:	so many rows, SIZE_MAX: all
 * @active:	without those that have done nothing
 */
struct shape {
	enum sort sort;
	size_t top;
	bool active;
	bool by_command;
};

/**
 * print_name - print a program's name in printable ASCII, other bytes as \ooo
 */
void print_name(FILE *output, const char *name);

/**
 * print_row - for programs: CSV or JSON, with a header row where it is due
 * @page_kb:	KiB of a page
 */
void print_row(struct form *form, const struct row *row, uint64_t page_kb);

/**
 * columns_of - of the terminal that this goes to; 0: it goes to none
 * @lines:	set to its lines; or NULL
 */
unsigned columns_of(FILE *output, unsigned *lines);

/**
 * print_record_header - the header row, unless it is JSON
 */
void print_record_header(const struct form *form);

/**
 * print_record - a record as a line
 */
void print_record(const struct form *form, const struct mp3_record *record, uint64_t page_kb);

/* ----- summary and intervals ----- */

struct request;

/**
 * print_summary - a line a process, or a command, and the total
 * @title:	of the text, a line
 */
void print_summary(const struct profile *profile, struct form *form, const struct shape *shape,
		   const char *title);

/**
 * intervals_new - tables, from now on
 * @request:	their length, shape and form, and for how long
 */
struct intervals *intervals_new(struct request *request);

/**
 * intervals_done - as many have been printed as were asked for
 */
bool intervals_done(const struct intervals *intervals);

/**
 * intervals_add - a record, which has been added to its process already
 */
void intervals_add(struct intervals *intervals, const struct profile *profile,
		   struct process *process, const struct mp3_record *record);

/**
 * intervals_due - prints what is over; when no more than this is there for now
 *
 * Return: milliseconds until there will be something to print
 */
int intervals_due(struct intervals *intervals, const struct profile *profile);

/* Prints what has been begun. */
void intervals_end(struct intervals *intervals, const struct profile *profile);

#endif
