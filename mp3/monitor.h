/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the files of monitor offer each other.
 *
 * monitor.c		the command line, and what is done for it
 * monitor-samples.c	takes samples out of the profile buffer, prints them
 * monitor-records.c	reads the record ring, one record after the other
 * monitor-processes.c	adds the records of each process up
 * monitor-command.c	runs a command under the profiler, prints a summary
 * monitor-trace.c	writes records as Trace Event JSON
 * monitor-live.c	shows them on a terminal
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

#include "mp3.h"

/**
 * struct records - a reader of the record ring
 * @device:	the open device, to be polled
 * @header:	the mapped ring, read-only
 * @next:	sequence of the record to be read next
 * @missed:	records that were overwritten before they were read
 */
struct records {
	int device;
	const struct mp3_records *header;
	uint64_t next;
	uint64_t missed;
};

/**
 * records_open - open and map the record ring, and check that it is one
 * @path:	the device, NULL for MP3_RECORDS
 *
 * The reader begins with the oldest record that is left.
 */
void records_open(struct records *records, const char *path);

/**
 * records_skip - leave out what is there: begin with the next sample to come
 */
void records_skip(struct records *records);

/**
 * records_next - the next record
 * @record:	filled with a whole one
 *
 * If the reader has been overtaken, it goes on with the oldest that is left and
 * adds to @missed what it has not seen.
 *
 * Return: false if there is none for now
 */
bool records_next(struct records *records, struct mp3_record *record);

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
 * @view:	for whoever shows it; NULL at first
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
 * processes_find - the newest process of this PID, or NULL
 */
struct process *processes_find(const struct processes *processes, uint32_t pid);

/**
 * live_view - show the processes on the terminal until q is pressed or a signal
 * (SIGINT, SIGTERM, SIGHUP) ends it
 *
 * Standard input and output must be a terminal.
 */
void live_view(struct records *records);

#endif
