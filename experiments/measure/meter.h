/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the meters share. A meter is a program that measures one thing, in the machine, and
 * prints one row of TSV, without a header; its head says the columns. All times are
 * CLOCK_MONOTONIC nanoseconds, unless something else is said.
 *
 * Exit status of each: 0 done, 1 failed, 2 usage. An error in here ends the program with 1.
 */
#ifndef METER_H
#define METER_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/types.h>

#include "../../mp3/mp3.h"

#define SECOND	1000000000ULL		/* ns */
#define PERIOD	(SECOND / MP3_RATE)

#define LIST	"/tmp/meter.pids"	/* the processes of a measurement, a PID a line */
#define SAID	"/tmp/meter.said"	/* what the command of a measurement prints */

/* The command line: each meter defines the arguments that its usage shows. */
extern const char synopsis[];
/* Answers -h, and ends with the usage unless there are @least to @most arguments. */
void check_arguments(int argc, char **argv, int least, int most);
/* A whole number, or a number, from 0 to 1,000,000; anything else ends with the usage. */
unsigned long whole_number(const char *text);
double number(const char *text);
__attribute__((noreturn)) void usage(void);

uint64_t now(void);
void sleep_until(uint64_t time);

/**
 * struct counts - what a profiler tells of a process, or of several
 * @cpu_ns:	CPU time, in user and kernel mode
 */
struct counts {
	uint64_t minor, major, cpu_ns;
};

/**
 * struct shared - what the processes of one measurement tell each other
 * @spins:	rounds of the spinner of cost
 * @samples:	that a command of ours has taken; 1 also says that it is ready
 * @bytes:	that it has copied for a sample of one process
 * @sums:	what it has found, of all processes of LIST: for a test, and so that no compiler
 *		finds that nobody needs them
 */
struct shared {
	uint64_t spins;
	uint64_t samples;
	uint64_t bytes;
	struct counts sums;
};

/* The one of this machine, mapped. */
struct shared *share(void);
/* One sample more. */
void count_sample(struct shared *shared);

/* As fork(2), but the child dies with its parent. */
pid_t fork_child(void);
/* Starts a command in a process group of its own, its output in SAID; 0 if it has no words. */
pid_t start_command(char **command);
/* Ends it with its group. */
void end_command(pid_t command);

FILE *create_list(void);
FILE *open_list(void);
void close_list(FILE *list);

/* The profiler's status file, for commands. */
int open_status(void);
/* Writes the command @verb for @pid. Returns how long that took, in ns. */
uint64_t tell_profiler(int status, char verb, pid_t pid);

void sort(uint64_t *numbers, size_t n);
/* The least number that is not below @percent of the n > 0 sorted numbers. */
uint64_t percentile(const uint64_t *sorted, size_t n, unsigned int percent);

#endif
