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
 * monitor-profile.h is of sums, who, attach and watch; monitor-table.h of rows, format, summary
 * and intervals; monitor-live.h of live and screen.
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
#include "monitor-profile.h"
#include "monitor-table.h"
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
