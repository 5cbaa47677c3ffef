/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the files of work offer each other.
 *
 * work.c		registers itself, accesses its memory, and reports
 * work-options.c	the command line
 * work-memory.c	memory of each kind
 * accesses.h		what is accessed, in which order
 */
#ifndef WORK_H
#define WORK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define ITERATIONS	20	/* unless -n says otherwise */
#define PAUSE		1	/* seconds between two iterations, unless --sleep does */
#define MAX_PAUSE	1000000UL

/* What the memory consists of: base pages only; what the system gives to anybody; huge pages
 * where one fits; or huge pages that were set aside (hugetlb). */
enum pages { BASE, SYSTEM, TRANSPARENT, RESERVED };

/* What the command line asks for. */
struct options {
	uint64_t mb;
	char mode;			/* 'R' or 'L' */
	uint64_t accesses;		/* in an iteration */
	uint64_t iterations;
	uint64_t seed;
	bool verbose;
	bool progress;
	bool read;			/* loads instead of stores */
	bool shared;
	const char *file;		/* NULL: anonymous memory */
	enum pages pages;
	uint64_t reserved;		/* bytes in a page that was set aside */
	uint64_t threads;
	uint64_t pause;			/* seconds between two iterations */
};

/**
 * parse_options - read the command line; ends the program if it is wrong, or asks for help
 */
void parse_options(int argc, char **argv, struct options *options);

/**
 * memory_of - memory of the kind that is asked for; ends the program if there is none
 */
void *memory_of(size_t bytes, const struct options *options);

/**
 * anonymous_memory - of mmap(2), with these flags beside MAP_ANONYMOUS
 */
void *anonymous_memory(size_t bytes, int flags);

#endif
