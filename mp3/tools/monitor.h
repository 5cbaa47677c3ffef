/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the files of monitor offer each other.
 *
 * monitor.c		the command line
 * monitor-device.c	opens the devices; clock; signals; output
 * monitor-samples.c	takes samples out of the profile buffer, prints them
 * ring.c		reads the record ring, for other programs as well
 * monitor-sums.c	adds the records of each process up
 * monitor-who.c	finds processes in /proc
 * monitor-attach.c	attaches to them
 * monitor-watch.c	reads the records of what it is attached to, until it is over
 * monitor-command.c	runs a command, attached to
 * monitor-rows.c	sums as rows: sorted, one a command
 * monitor-format.c	prints rows and records as CSV or JSON, for programs
 * monitor-summary.c	the table at the end
 * monitor-intervals.c	the tables between
 * monitor-trace.c	writes them as a trace for viewers
 * monitor-live.c	the live view: what it shows, and its keys
 * monitor-screen.c	draws it
 *
 * All of them end the program by err(3) when something fails that cannot be
 * gone on without.
 */
#ifndef MONITOR_H
#define MONITOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/types.h>

#include "../mp3.h"
#include "ring.h"

#define SECOND	1000000000ull	/* in nanoseconds */

/* ----- what monitor is connected to: monitor-device.c ----- */

/* The minors of the profiler's device. */
enum device { BUFFER, RECORDS };

/**
 * open_device - open the profiler's device, and nothing else
 * @path:	of the node, NULL for the usual one
 */
int open_device(const char *path, enum device which);

/**
 * open_records - open the record ring, to be read from the oldest record on
 * @path:	the device, NULL for MP3_RECORDS
 */
void open_records(struct ring *ring, const char *path);

/**
 * open_signals - a file to poll for SIGINT and SIGTERM
 *
 * They do nothing else from now on: they neither cut an output short nor slip in
 * just before a wait. What the parent has decided to ignore (nohup, a background
 * job) stays ignored.
 */
int open_signals(void);

enum { SAMPLE = 1, NOBODY = 2, SIGNALLED = 4 };

/**
 * await_device - wait for the next sample, or for a signal
 * @signals:	the file of open_signals(), -1 for none
 * @ms:		at most; -1: as long as it takes
 *
 * Return: SAMPLE, one has come; NOBODY is registered; SIGNALLED; 0, the time is over
 */
int await_device(int device, int signals, int ms);

/**
 * wait_for_sample - sleep until the next one; until a process is registered, if none is
 *
 * Before open_signals(): a signal shall end it.
 */
void wait_for_sample(int device);

/**
 * profiler_now_ns - the clock of the records
 *
 * It is CLOCK_MONOTONIC of the initial time namespace, whichever we are in.
 */
uint64_t profiler_now_ns(void);

/* The exit status when something fails: 1, but 125 as long as a command waits. */
extern int failure;

/**
 * flush - nothing counts as printed before this has returned
 */
void flush(FILE *output);

/**
 * open_output - open a file for writing, but leave in it what is there for now
 *
 * So nothing is lost when that which is to be written does not come about.
 */
FILE *open_output(const char *path);

/**
 * empty_output - now there is something to write
 */
void empty_output(FILE *output);

/* ----- samples: monitor-samples.c ----- */

/**
 * print_samples - print and take samples
 * @path:	the device, NULL for the usual one
 * @following:	go on as long as processes are registered
 * @waiting:	for the first sample to come
 *
 * Return: their number
 */
size_t print_samples(const char *path, bool following, bool waiting);

/* ----- sums: monitor-sums.c ----- */

/**
 * struct process - what the records of a process add up to
 * @pid, @parent, @name: as in its last record
 * @begin_ns:	when its first record's period began
 * @end_ns:	time of its last record, 0 before the first
 * @minor, @major, @cpu_ns: sums
 * @rss, @swap:	as in its last record that was not of a dead process, in pages
 * @peak_rss, @peak_swap: the largest seen, in pages
 * @flags:	those of all its records
 * @from:	sequence of the first record that counts
 * @since_ns:	when it was attached to, 0 if it was not, but forked by one that was
 * @hidden:	it is not shown
 * @next:	the process that appeared after it
 * @below:	the next in its bucket
 * @view:	for whoever shows it, see process_view()
 */
struct process {
	uint32_t pid;
	uint32_t parent;
	char name[MP3_NAME_BYTES];
	uint64_t begin_ns;
	uint64_t end_ns;
	uint64_t minor;
	uint64_t major;
	uint64_t cpu_ns;
	uint64_t rss;
	uint64_t swap;
	uint64_t peak_rss;
	uint64_t peak_swap;
	uint32_t flags;
	uint64_t from;
	uint64_t since_ns;
	bool hidden;
	struct process *next;
	struct process *below;
	void *view;
};

/**
 * struct processes - all that have been seen, in the order of appearance
 * @first, @last: of the list, NULL if it is empty
 * @number:	in the list
 * @alive:	of them, those whose last record has not been seen
 * @buckets, @nr_buckets: the same by PID, hashed; the newest of a PID comes first
 */
struct processes {
	struct process *first;
	struct process *last;
	size_t number;
	size_t alive;
	struct process **buckets;
	size_t nr_buckets;
};

/**
 * processes_add - add a record to its process
 *
 * A record with MP3_FIRST begins a new process, even if its PID has been seen.
 *
 * Return: the process
 */
struct process *processes_add(struct processes *processes,
			      const struct mp3_record *record);

/**
 * processes_expect - records of this process will come
 * @from:	sequence of the first that counts
 * @since_ns:	now, before it was attached to
 */
struct process *processes_expect(struct processes *processes, uint32_t pid, uint64_t from,
				 uint64_t since_ns);

/**
 * processes_add_own - add a record, if it is of a process that is expected, or of one that
 *	these have forked since
 *
 * Return: the process, or NULL if the record is of what others have registered
 */
struct process *processes_add_own(struct processes *processes,
				  const struct mp3_record *record);

/**
 * process_view - @view, zeros at first, of so many bytes
 */
void *process_view(struct process *process, size_t size);

/**
 * processes_forget - free those that have ended, and were last heard of before @ns
 */
void processes_forget(struct processes *processes, uint64_t ns);

/**
 * processes_find - the newest process of this PID, or NULL
 */
struct process *processes_find(const struct processes *processes, uint32_t pid);

/* ----- who: monitor-who.c ----- */

/**
 * struct who - which processes
 * @pids, @nr_pids: these; or else
 * @everybody:	all but monitor itself; or else those with all of
 * @names:	one of these names, with commas between them; or NULL
 * @user:	this effective user, if @of_user
 * @cgroup:	this cgroup, or one below; or NULL
 * @tree:	and what they have forked, and will fork
 */
struct who {
	pid_t *pids;
	size_t nr_pids;
	bool everybody;
	const char *names;
	bool of_user;
	uid_t user;
	const char *cgroup;
	bool tree;
};

/**
 * who_parse_pids - whether it is PID[,PID...], which are then added
 */
bool who_parse_pids(struct who *who, const char *list);

/**
 * who_is_given - whether any processes are named
 */
bool who_is_given(const struct who *who);

/**
 * who_describe - who they are, in words
 */
void who_describe(const struct who *who, char *title, size_t size);

/**
 * struct found - a process that is there
 * @chosen:	it is one of those that are meant
 */
struct found {
	pid_t pid;
	pid_t parent;
	bool chosen;
};

/**
 * who_find - those that are there now
 * @found:	set to them, from malloc(3), by PID
 */
size_t who_find(const struct who *who, struct found **found);

/* ----- attaching: monitor-attach.c ----- */

/**
 * struct profile - the processes whose records are read
 * @ring:	they are attached to by this
 * @everybody:	whatever is registered, by anybody: nothing is attached to
 * @refused:	that may not be profiled by us, and were not named
 * @left_out:	for which there was no place
 * @missed_children: of the ring, before it began
 * @elsewhere:	PIDs are others here: this is no initial PID namespace
 */
struct profile {
	struct ring ring;
	struct processes processes;
	bool everybody;
	size_t refused;
	size_t left_out;
	uint64_t missed_children;
	bool elsewhere;
};

/**
 * profile_open - of nobody, to be read from the next sample on
 * @path:	the record ring's device, NULL for the usual one
 */
void profile_open(struct profile *profile, const char *path);

/**
 * profile_attach - profile a process
 * @tree:	and what it will fork
 *
 * Return: its place in the sums; or NULL, and errno says why not
 */
struct process *profile_attach(struct profile *profile, pid_t pid, bool tree);

/**
 * profile_attach_who - profile these, and with @who->tree the tree that is there
 * @read:	is called with @reader now and then, to read the records meanwhile: ten thousand
 *		processes fill a ring in a second
 *
 * Ends the program if there is none of them.
 */
void profile_attach_who(struct profile *profile, const struct who *who,
			void (*read)(void *reader), void *reader);

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

/**
 * struct request - the command line, but for what is to be done
 * @device:	NULL for the usual one
 * @following:	go on as long as processes are registered
 * @waiting:	for the first sample to come
 * @fresh:	leave out the records that are there already
 * @interval_ns: 0: no intervals
 * @duration_ns: 0: no end
 * @output_path: of the summary, NULL for the usual one
 * @trace_path:	NULL: no trace
 */
struct request {
	const char *device;
	bool following;
	bool waiting;
	bool fresh;
	uint64_t interval_ns;
	uint64_t duration_ns;
	const char *output_path;
	const char *trace_path;
	struct who who;
	struct shape shape;
	struct form form;
};

/* ----- summary and intervals ----- */

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

/* ----- watching: monitor-watch.c ----- */

/**
 * struct watch - what is done with the records of a profile
 * @profile:	of whom
 * @trace:	written to it, or NULL
 * @intervals:	printed in tables, or NULL
 * @records:	printed as they are, or NULL
 * @nr_records:	how many were ours
 * @forgetting:	no sums are wanted of processes that have ended
 * @pause:	ms between two looks at the ring
 */
struct watch {
	struct profile profile;
	struct trace *trace;
	struct intervals *intervals;
	const struct form *records;
	size_t nr_records;
	bool forgetting;
	int pause;
};

#define WATCH_NOTHING	{ .pause = 50 }

/**
 * watch_read - read what there is
 *
 * Return: milliseconds until it should be looked again
 */
int watch_read(struct watch *watch);

/**
 * watch_until - read until all have ended, a signal, or the end of the time
 * @duration_ns: 0: no end
 */
void watch_until(struct watch *watch, uint64_t duration_ns);

/**
 * watch_finish - read one sample more, so that all until now has come
 * @over:	and go on until this says so, for two seconds at most; or NULL
 */
void watch_finish(struct watch *watch, bool (*over)(const struct profile *profile));

/* ----- what there is to be done ----- */

/**
 * print_records - print records as TSV, with a header row, or as a trace
 *
 * Return: false if some had been overwritten before they were read
 */
bool print_records(struct request *request);

/**
 * watch_processes - those of @who, or else whatever is registered, with a summary at the end
 *
 * Return: false if records had been overwritten before they were read
 */
bool watch_processes(struct request *request);

/**
 * live_view - show processes on the terminal, until q or a signal
 */
void live_view(const struct request *request);

/**
 * run_command - run a command with its tree under the profiler
 *
 * Does not return: it exits with the status of the command, 128 + n when it was
 * killed by signal n, 126 when it cannot be executed, 127 when it is not there,
 * 125 when it was not begun.
 */
_Noreturn void run_command(struct request *request, char **command);

/* ----- traces: monitor-trace.c ----- */

/**
 * trace_open - a trace in the Trace Event Format (JSON)
 * @path:	of the file, which is left as it is for now
 */
struct trace *trace_open(const char *path);

/**
 * trace_begin - empty the file, and begin the trace
 */
void trace_begin(struct trace *trace);

/**
 * trace_add - add a record to the trace
 * @page_kb:	KiB of a page
 */
void trace_add(struct trace *trace, const struct mp3_record *record, uint64_t page_kb);

/**
 * trace_close - end the trace; only now it is valid JSON
 *
 * Return: false if it could not be written, and why has been said
 */
bool trace_close(struct trace *trace);

#endif
