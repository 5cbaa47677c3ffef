/*
 * observe.h - what the tests' programs see of the profiler, and of a process without it
 *
 * The record ring is found and read here, and not with the reader of mp3/tools/ring.c: what that
 * and the monitor make of a ring is compared with it. When something fails, they end by err(3).
 */
#ifndef OBSERVE_H
#define OBSERVE_H

#include <err.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>

#include "../mp3/mp3.h"

static inline int open_records(void)
{
	int fd = open(MP3_RECORDS, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		err(1, "%s", MP3_RECORDS);
	return fd;
}

/* All of the ring. */
static inline const struct mp3_records *map_records(int fd)
{
	const struct mp3_records *header = mmap(NULL, MP3_RECORDS_HEADER, PROT_READ, MAP_SHARED, fd, 0);

	if (header == MAP_FAILED)
		err(1, "mmap of the header");
	header = mmap(NULL, header->header_bytes + header->capacity * header->record_bytes,
		      PROT_READ, MAP_SHARED, fd, 0);
	if (header == MAP_FAILED)
		err(1, "mmap of the records");
	return header;
}

/* The whole thread group's faults so far, from a counter that is not ours. */
static inline void faults_of(pid_t pid, unsigned long *minor, unsigned long *major)
{
	char path[32], line[1024];
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%d/stat", pid);
	file = fopen(path, "r");
	if (!file || !fgets(line, sizeof(line), file))
		err(1, "%s", path);
	fclose(file);
	/* state ppid pgrp session tty tpgid flags minflt cminflt majflt */
	if (sscanf(strrchr(line, ')') + 1, " %*c %*d %*d %*d %*d %*d %*u %lu %*u %lu",
		   minor, major) != 2)
		errx(1, "%s: not understood", path);
}

static inline void must_stop(pid_t pid)
{
	int status;

	if (waitpid(pid, &status, WUNTRACED) != pid || !WIFSTOPPED(status))
		errx(1, "the child did not stop");
}

#endif
