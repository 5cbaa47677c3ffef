// SPDX-License-Identifier: GPL-2.0
/*
 * Memory for work: anonymous or of a file, of base pages or huge ones.
 */
#define _GNU_SOURCE
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "work.h"

#define THP		"/sys/kernel/mm/transparent_hugepage/"
#define HUGETLB		"/sys/kernel/mm/hugepages/"

void *anonymous_memory(size_t bytes, int flags)
{
	return mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_ANONYMOUS | flags, -1, 0);
}

/* The file, which is left as it is if the mapping is private. */
static void *map_file(size_t bytes, const struct options *options)
{
	bool stores = options->shared && !options->read;
	/* O_NONBLOCK: a FIFO keeps nobody waiting */
	int fd = open(options->file, (stores ? O_RDWR : O_RDONLY) | O_NONBLOCK | O_CLOEXEC);
	struct stat status;
	off_t length;
	void *memory;

	if (fd < 0 || fstat(fd, &status))
		err(1, "%s", options->file);
	if (!S_ISREG(status.st_mode) && !S_ISBLK(status.st_mode))
		errx(1, "%s: %s", options->file, S_ISDIR(status.st_mode) ? strerror(EISDIR) :
		     "neither a regular file nor a block device");
	length = lseek(fd, 0, SEEK_END);
	if (length < 0)
		err(1, "%s", options->file);
	if ((size_t)length < bytes)
		errx(1, "%s: too short: it has %jd of %zu bytes", options->file, (intmax_t)length, bytes);
	memory = mmap(NULL, bytes, options->read ? PROT_READ : PROT_READ | PROT_WRITE,
		      options->shared ? MAP_SHARED : MAP_PRIVATE, fd, 0);
	if (memory == MAP_FAILED)
		err(1, "%s", options->file);
	close(fd);
	return memory;
}

/* A number that the kernel has of the huge pages of @kb; -1 if there are no such pages. */
static long reserved_says(uint64_t kb, const char *name)
{
	char path[100];
	long number = -1;
	FILE *file;

	snprintf(path, sizeof(path), HUGETLB "hugepages-%" PRIu64 "kB/%s", kb, name);
	file = fopen(path, "re");
	if (file && fscanf(file, "%ld", &number) != 1)
		number = -1;
	if (file)
		fclose(file);
	return number;
}

/* Huge pages that were set aside. So many are taken at once, or none. */
static void *map_reserved(size_t bytes, const struct options *options)
{
	uint64_t page = options->reserved, kb = page >> 10;
	void *memory = anonymous_memory(bytes, MAP_HUGETLB | __builtin_ctzll(page) << MAP_HUGE_SHIFT |
			   (options->shared ? MAP_SHARED : MAP_PRIVATE));
	long wanted = (bytes + page - 1) / page, all, left;
	int error = errno;

	if (memory != MAP_FAILED)
		return memory;
	all = reserved_says(kb, "nr_hugepages");
	if (all < 0)
		errx(1, "pages of %" PRIu64 " kB: not here; see " HUGETLB, kb);
	left = reserved_says(kb, "free_hugepages") - reserved_says(kb, "resv_hugepages");
	if (left >= wanted)
		errx(1, "%" PRIu64 " MB of memory: %s", options->mb, strerror(error));
	errx(1, "%" PRIu64 " MB of memory: huge pages needed: %ld, free: %ld; "
	     "'echo %ld | sudo tee " HUGETLB "hugepages-%" PRIu64 "kB/nr_hugepages' sets them aside",
	     options->mb, wanted, left, all - left + wanted, kb);
}

/* Reads the first line of a file of the THP settings; false if there is none. */
static bool thp_says(const char *path, char *line, size_t size)
{
	FILE *file = fopen(path, "re");
	bool read = file && fgets(line, size, file);

	if (file)
		fclose(file);
	return read;
}

/* It begins where a huge page can begin. */
static void *map_transparent(size_t bytes)
{
	char line[100];
	size_t huge;
	void *memory;

	if (!thp_says(THP "enabled", line, sizeof(line)) || strstr(line, "[never]") ||
	    !thp_says(THP "hpage_pmd_size", line, sizeof(line)))
		errx(1, "transparent huge pages are off: see " THP "enabled");
	huge = strtoull(line, NULL, 10);
	memory = anonymous_memory(bytes + huge, MAP_PRIVATE);
	if (memory != MAP_FAILED) {
		memory = (void *)(((uintptr_t)memory + huge - 1) & -huge);
		if (madvise(memory, bytes, MADV_HUGEPAGE))
			err(1, "transparent huge pages");
	}
	return memory;
}

void *memory_of(size_t bytes, const struct options *options)
{
	void *memory;

	if (options->file)
		memory = map_file(bytes, options);
	else if (options->pages == RESERVED)
		memory = map_reserved(bytes, options);
	else if (options->pages == TRANSPARENT)
		memory = map_transparent(bytes);
	else
		memory = anonymous_memory(bytes, options->shared ? MAP_SHARED : MAP_PRIVATE);
	if (memory == MAP_FAILED)
		err(1, "%" PRIu64 " MB of memory", options->mb);
	/*
	 * A page that is touched is a fault: huge pages would bring 512 of them
	 * with one. This fails on a kernel that has none, which is as good.
	 */
	if (options->pages == BASE)
		madvise(memory, bytes, MADV_NOHUGEPAGE);
	return memory;
}
