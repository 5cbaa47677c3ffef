// SPDX-License-Identifier: GPL-2.0
/*
 * scan - touch pages, of memory in order, of a file at random
 *
 *	scan MB PASSES [FILE SEED]
 *
 * A byte is stored in each page of MB MiB, from the first to the last, PASSES times. Or the first MB MiB of
 * FILE are mapped, and a byte is read in as many pages, each at random, without readahead; 256 of them
 * 10 ms after the 256 before, or when those are done. SEED is that of erand48(3).
 */
#include <err.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "meter.h"

#define BATCH		256		/* touches */
#define INTERVAL	(SECOND / 100)

const char synopsis[] = "MB PASSES [FILE SEED]";

static volatile unsigned char *map(size_t bytes, int protection, int flags, int file)
{
	void *memory = mmap(NULL, bytes, protection, flags, file, 0);

	if (memory == MAP_FAILED)
		err(1, "memory");
	return memory;
}

static void store(size_t bytes, size_t page, unsigned long passes)
{
	volatile unsigned char *memory = map(bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1);

	for (unsigned long pass = 1; pass <= passes; pass++)
		for (size_t at = 0; at < bytes; at += page)
			memory[at] = pass;
}

static void read_file(const char *path, size_t bytes, size_t page, unsigned long passes, unsigned short seed)
{
	unsigned short random[3] = { seed };
	size_t pages = bytes / page;
	uint64_t due = now();
	volatile unsigned char *memory;
	int file = open(path, O_RDONLY);

	if (file < 0)
		err(1, "%s", path);
	/* beyond the end of a file there is nothing to touch */
	if (lseek(file, 0, SEEK_END) < (off_t)bytes)
		errx(1, "%s: less than %zu bytes", path, bytes);
	memory = map(bytes, PROT_READ, MAP_SHARED, file);
	if (madvise((void *)memory, bytes, MADV_RANDOM))
		err(1, "%s", path);
	for (size_t touch = 0; touch < passes * pages; touch++) {
		if (touch % BATCH == 0) {
			sleep_until(due);
			due += INTERVAL;
		}
		(void)memory[(size_t)(erand48(random) * pages) * page];
	}
}

int main(int argc, char **argv)
{
	size_t page = sysconf(_SC_PAGESIZE), bytes;
	unsigned long passes;

	check_arguments(argc, argv, 2, 4);
	bytes = (size_t)whole_number(argv[1]) << 20;
	passes = whole_number(argv[2]);
	if (argc == 3)
		store(bytes, page, passes);
	else if (argc == 5)
		read_file(argv[3], bytes, page, passes, whole_number(argv[4]));
	else
		usage();
	return 0;
}
