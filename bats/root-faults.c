// SPDX-License-Identifier: GPL-2.0
/*
 * root-faults - touches pages of files and of its own memory, and says by getrusage(2) and /proc/vmstat what it cost
 *
 *	root-faults passes FILE PAGES	maps them without readahead, and prints how many are in memory; then
 *					of three passes over them, for each of which they are mapped anew, major
 *					faults and nanoseconds. Before the last one, /proc/sys/vm/drop_caches is
 *					written to.
 *	root-faults both FILE PAGES	has so many pages of its own, too, and touches one of these and one of
 *					those in turn, in two passes, of which the second one counts. Prints the major
 *					faults of either, and what the kernel has counted meanwhile.
 *	root-faults loopback		whether a datagram to 127.0.0.1 arrives
 *
 * What it consists of itself is locked into memory: no fault is its own.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <err.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define PAGE	4096

static const char *const counters[] = { "pgmajfault", "pswpin", "swap_ra", "workingset_refault_file" };
#define NR_COUNTERS (sizeof(counters) / sizeof(counters[0]))

static char vmstat[1 << 16];
static unsigned char resident[1 << 16];

static long majors(void)
{
	struct rusage usage;

	getrusage(RUSAGE_SELF, &usage);
	return usage.ru_majflt;
}

static long long now_ns(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return time.tv_sec * 1000000000LL + time.tv_nsec;
}

static void read_counters(long *values)
{
	int fd = open("/proc/vmstat", O_RDONLY);
	size_t size = 0;
	ssize_t got;

	if (fd < 0)
		err(1, "/proc/vmstat");
	vmstat[size++] = '\n';
	while ((got = read(fd, vmstat + size, sizeof(vmstat) - 1 - size)) > 0)
		size += got;
	vmstat[size] = '\0';
	close(fd);
	for (size_t i = 0; i < NR_COUNTERS; i++) {
		char name[64];
		char *line;

		snprintf(name, sizeof(name), "\n%s ", counters[i]);
		line = strstr(vmstat, name);
		if (line)
			values[i] = strtol(line + strlen(name), NULL, 10);
		else
			errx(1, "/proc/vmstat has no %s", counters[i]);
	}
}

static volatile char *map_file(const char *path, size_t pages)
{
	int fd = open(path, O_RDONLY);
	char *memory;

	if (fd < 0)
		err(1, "%s", path);
	memory = mmap(NULL, pages * PAGE, PROT_READ, MAP_PRIVATE, fd, 0);
	if (memory == MAP_FAILED || madvise(memory, pages * PAGE, MADV_RANDOM))
		err(1, "%s", path);
	close(fd);
	return memory;
}

static void drop_caches(void)
{
	int fd = open("/proc/sys/vm/drop_caches", O_WRONLY);

	if (fd < 0 || write(fd, "3", 1) != 1)
		err(1, "drop_caches");
	close(fd);
}

static void pass(const char *name, const char *path, size_t pages)
{
	volatile char *file = map_file(path, pages);
	long before = majors();
	long long begin = now_ns();

	for (size_t i = 0; i < pages; i++)
		(void)file[i * PAGE];
	printf("%s %ld %lld\n", name, majors() - before, now_ns() - begin);
	munmap((void *)file, pages * PAGE);
}

static void passes(const char *path, size_t pages)
{
	volatile char *file = map_file(path, pages);
	size_t there = 0;

	if (pages > sizeof(resident) || mincore((void *)file, pages * PAGE, resident))
		err(1, "mincore");
	for (size_t i = 0; i < pages; i++)
		there += resident[i] & 1;
	printf("resident %zu\n", there);
	munmap((void *)file, pages * PAGE);
	pass("first", path, pages);
	pass("second", path, pages);
	drop_caches();
	pass("dropped", path, pages);
}

static void both(const char *path, size_t pages)
{
	volatile char *file = map_file(path, pages);
	volatile char *own = mmap(NULL, pages * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	long begin[NR_COUNTERS], end[NR_COUNTERS], of_own = 0, of_file = 0;

	if (own == MAP_FAILED)
		err(1, "memory");
	madvise((void *)own, pages * PAGE, MADV_NOHUGEPAGE);
	for (size_t i = 0; i < pages; i++) {
		own[i * PAGE] = 1;
		(void)file[i * PAGE];
	}
	read_counters(begin);
	for (size_t i = 0; i < pages; i++) {
		long before = majors(), between;

		(void)own[i * PAGE];
		between = majors();
		(void)file[i * PAGE];
		of_own += between - before;
		of_file += majors() - between;
	}
	read_counters(end);
	printf("own %ld\nfile %ld\n", of_own, of_file);
	for (size_t i = 0; i < NR_COUNTERS; i++)
		printf("%s %ld\n", counters[i], end[i] - begin[i]);
}

static void loopback(void)
{
	struct sockaddr_in address = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t length = sizeof(address);
	int to = socket(AF_INET, SOCK_DGRAM, 0), from = socket(AF_INET, SOCK_DGRAM, 0);
	char byte = 0;

	if (to < 0 || from < 0 || bind(to, (struct sockaddr *)&address, length) ||
	    getsockname(to, (struct sockaddr *)&address, &length))
		err(1, "socket");
	if (sendto(from, "x", 1, 0, (struct sockaddr *)&address, length) != 1 || recv(to, &byte, 1, 0) != 1)
		err(1, "127.0.0.1");
	printf("%c arrived\n", byte);
	close(to);
	close(from);
}

int main(int argc, char **argv)
{
	if (mlockall(MCL_CURRENT))
		err(1, "mlockall");
	if (argc == 2 && !strcmp(argv[1], "loopback"))
		loopback();
	else if (argc == 4 && !strcmp(argv[1], "passes"))
		passes(argv[2], strtoul(argv[3], NULL, 10));
	else if (argc == 4 && !strcmp(argv[1], "both"))
		both(argv[2], strtoul(argv[3], NULL, 10));
	else
		return 2;
	return 0;
}
