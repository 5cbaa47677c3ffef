/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the files of monitor offer each other.
 *
 * monitor.c		the command line
 * monitor-device.c	opens the devices; signals; output
 * monitor-samples.c	takes samples out of the profile buffer, prints them
 * ring.c		reads the record ring, for other programs as well
 * monitor-processes.c	adds the records of each process up
 * monitor-print.c	prints them as TSV
 * monitor-trace.c	writes them as a trace for viewers
 * monitor-live.c	shows them on a terminal
 * monitor-command.c	runs a command under the profiler, prints a summary
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

#include "../mp3.h"
#include "ring.h"

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

/**
 * print_samples - print and take samples
 * @path:	the device, NULL for the usual one
 * @following:	go on as long as processes are registered
 *
 * Return: their number
 */
size_t print_samples(const char *path, bool following);

/**
 * print_records - print records as TSV, with a header row, or as a trace
 * @path:	the device, NULL for the usual one
 * @following:	go on as long as processes are registered
 * @trace_path:	of the trace to be written instead, or NULL
 *
 * Return: false if some had been overwritten before they were read
 */
bool print_records(const char *path, bool following, const char *trace_path);

/**
 * live_view - show the registered processes on the terminal, until q or a signal
 * @path:	the device, NULL for the usual one
 */
void live_view(const char *path);

/**
 * print_name - print a program's name in printable ASCII, other bytes as \ooo
 */
void print_name(FILE *output, const char *name);

/**
 * run_command - run a command with its tree under the profiler
 * @path:	the record ring's device, NULL for the usual one
 * @output:	for the summary; emptied when the command has begun
 * @trace_path:	of the trace of the tree, which is emptied then, too; or NULL
 *
 * Does not return: it exits with the status of the command, 128 + n when it was
 * killed by signal n, 126 when it cannot be executed, 127 when it is not there,
 * 125 when it was not begun.
 */
_Noreturn void run_command(const char *path, FILE *output, const char *trace_path,
			   char **command);

/**
 * struct process - what the records of a process add up to
 * @pid, @parent, @name: as in its last record
 * @begin_ns:	when its first record's period began, CLOCK_MONOTONIC
 * @end_ns:	time of its last record
 * @minor, @major, @cpu_ns: sums
 * @rss, @swap:	as in its last record that was not of a dead process, in pages
 * @peak_rss, @peak_swap: the largest seen, in pages
 * @flags:	those of all its records
 * @next:	the process that appeared after it
 * @view:	for whoever shows it; NULL at first, from malloc(3)
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
	struct process *next;
	void *view;
};

/**
 * struct processes - all that have been seen, in the order of appearance
 * @first, @last: of the list, NULL if it is empty
 * @by_pid:	root of a tsearch(3) tree: the newest process of each PID
 */
struct processes {
	struct process *first;
	struct process *last;
	void *by_pid;
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
 * processes_forget - free those that have ended, and were last heard of before @ns
 */
void processes_forget(struct processes *processes, uint64_t ns);

/**
 * processes_find - the newest process of this PID, or NULL
 */
struct process *processes_find(const struct processes *processes, uint32_t pid);

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
 */
void trace_close(struct trace *trace);

#endif
