// SPDX-License-Identifier: GPL-2.0
/*
 * resident - how many pages of work's memory are resident, while it works
 *
 *	resident PID MB
 *
 * Prints a header row, and a row each 10 ms in which the process had a fault, until it ends:
 * time_ns, and the pages, by the page table of its one mapping of MB MiB, which /proc/PID/pagemap
 * shows. So they are exact, when the resident set of a record can be off by 64 pages a thread,
 * and has the pages of the program, its libraries and its stacks in it.
 *
 * To read 40,000 pages takes 5 ms, in which the kernel lets no other process run, and work would wait
 * for that when its page has come. So they are read a few at a time, with time that nobody else
 * wants. Work on a disk takes 9% longer beside it then, instead of 70%; and where the CPU is busy,
 * rows are rarer, and of idle times only. That is for comparisons, which measure time. With
 * PROMPT, there is a row each 10 ms, and work waits: that is for theory, which counts.
 */
#define _GNU_SOURCE	/* SCHED_IDLE */
#include <err.h>
#include <fcntl.h>
#include <inttypes.h>
#include <sched.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "meter.h"

#define INTERVAL	(SECOND / 100)
#ifdef PROMPT
#define CHUNK		(1 << 28)	/* all at once: a TiB */
#else
#define CHUNK		64		/* pages, some 10 us */
#endif
#define PRESENT		(1ULL << 63)	/* see Documentation/admin-guide/mm/pagemap.rst */

const char synopsis[] = "PID MB";

/* Where the memory begins; 0 if it has not got it yet. */
static uint64_t begin_of(const char *pid, uint64_t bytes)
{
	char path[64], line[1024];
	uint64_t begin, end;
	FILE *maps;

	snprintf(path, sizeof(path), "/proc/%s/maps", pid);
	maps = fopen(path, "r");
	if (!maps)
		err(1, "%s", path);
	while (fgets(line, sizeof(line), maps))
		if (sscanf(line, "%" SCNx64 "-%" SCNx64 " rw-p", &begin, &end) == 2 && end - begin == bytes) {
			fclose(maps);
			return begin;
		}
	fclose(maps);
	return 0;
}

/* All faults of its threads so far; false when it has ended. */
static int faults_of(int stat, unsigned long *faults)
{
	char text[1024], state, *name_end;
	unsigned long minor, major;
	ssize_t length = pread(stat, text, sizeof(text) - 1, 0);

	if (length <= 0)
		return 0;
	text[length] = 0;
	name_end = strrchr(text, ')');
	if (!name_end || sscanf(name_end, ") %c %*d %*d %*d %*d %*d %*u %lu %*u %lu", &state, &minor, &major) != 3)
		errx(1, "not understood: %s", text);
	*faults = minor + major;
	return state != 'Z' && state != 'X';
}

/* What the page table says of @pages from @first on; false when the process has ended. */
static bool read_pages(int pagemap, uint64_t first, size_t pages, uint64_t *entries)
{
	for (size_t i = 0; i < pages; i += CHUNK) {
		ssize_t bytes = (pages - i < CHUNK ? pages - i : CHUNK) * sizeof(*entries);

		if (pread(pagemap, entries + i, bytes, (first + i) * sizeof(*entries)) != bytes)
			return false;
	}
	return true;
}

int main(int argc, char **argv)
{
	unsigned long before = 0, faults;
	size_t pages, page = sysconf(_SC_PAGESIZE);
	uint64_t due, begin = 0, bytes, *entries;
	char path[64];
	int stat, pagemap = -1;

	check_arguments(argc, argv, 2, 2);
	whole_number(argv[1]);
	bytes = (uint64_t)whole_number(argv[2]) << 20;
	pages = bytes / page;
	entries = malloc(pages * sizeof(*entries) + 1);
	if (!entries)
		err(1, "memory");
	snprintf(path, sizeof(path), "/proc/%s/stat", argv[1]);
#ifndef PROMPT
	if (sched_setscheduler(0, SCHED_IDLE, &(struct sched_param){ 0 }))
		err(1, "SCHED_IDLE");
#endif
	stat = open(path, O_RDONLY);
	if (stat < 0)
		err(1, "%s", path);
	snprintf(path, sizeof(path), "/proc/%s/pagemap", argv[1]);
	puts("time_ns\tpages");
	for (due = now() + INTERVAL;; due += INTERVAL) {
		size_t resident = 0;
		uint64_t at;

		sleep_until(due);
		if (!faults_of(stat, &faults))
			break;
		if (faults == before)
			continue;
		before = faults;
		if (!begin) {
			begin = begin_of(argv[1], bytes);
			if (!begin)
				continue;
			/* not before: it is that of the program which the process runs when it is opened */
			pagemap = open(path, O_RDONLY);
			if (pagemap < 0)
				err(1, "%s", path);
		}
		at = now();
		if (!read_pages(pagemap, begin / page, pages, entries))
			break;			/* it has ended */
		for (size_t i = 0; i < pages; i++)
			resident += entries[i] / PRESENT;
		printf("%" PRIu64 "\t%zu\n", at, resident);
	}
	free(entries);
	if (!begin)
		errx(1, "process %s has had no mapping of %s MiB", argv[1], argv[2]);
	if (fclose(stdout))
		err(1, "standard output");
	return 0;
}
