// SPDX-License-Identifier: GPL-2.0
/*
 * sample-system - what the kernel says of the whole machine, in each of the profiler's samples
 *
 *	sample-system
 *
 * In the machine, see profile: as long as somebody is registered, it waits for each sample
 * as a reader of the records does, and prints a row right behind it:
 *
 *	time_ns		when the sample was taken, by the records: so rows and samples can be
 *			laid over each other; of the first row, when it was printed
 *	...		the columns below, totals since the boot, in the order of the table
 *
 * tab separated, behind a header row. What this kernel does not have is a dash: of a machine
 * that does not swap to a device, that device's. Where a sample has no record, there is no row.
 * The first row comes at once, for the others to be compared with.
 *
 * It must not wait for memory where everybody else does: its own is locked, its files are
 * open, and it has a real-time priority, though a lower one than the module's thread. In the
 * sim machine, a row takes it 0.3 ms of the CPU, 0.6% of the time, most of it for /proc/vmstat. Exit status: 0 nobody is
 * registered any more; 1 something failed, of which one line on stderr tells.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "../../mp3/tools/ring.h"

enum source { VMSTAT, MEMORY_PRESSURE, IO_PRESSURE, DEVICE, KSWAPD, NR_SOURCES };

/*
 * A number behind a word of its file; of files without words, which one it is. The names of
 * /proc/vmstat are the kernel's, and one that ends in a * stands for the sum of all that
 * begin so. Pressure is in us, a device's sectors have 512 bytes, kswapd's CPU is in ns.
 */
static const struct column {
	const char *name, *word;
	enum source source;
} columns[] = {
	{ "pgfault", "pgfault ", VMSTAT },
	{ "pgmajfault", "pgmajfault ", VMSTAT },
	{ "pswpin", "pswpin ", VMSTAT },
	{ "pswpout", "pswpout ", VMSTAT },
	{ "refault_anon", "workingset_refault_anon ", VMSTAT },
	{ "refault_file", "workingset_refault_file ", VMSTAT },
	{ "scan_kswapd", "pgscan_kswapd ", VMSTAT },
	{ "scan_direct", "pgscan_direct ", VMSTAT },
	{ "steal_kswapd", "pgsteal_kswapd ", VMSTAT },
	{ "steal_direct", "pgsteal_direct ", VMSTAT },
	{ "allocstall", "allocstall_*", VMSTAT },
	{ "nr_free_pages", "nr_free_pages ", VMSTAT },
	{ "memory_some_us", "some ", MEMORY_PRESSURE },
	{ "memory_full_us", "full ", MEMORY_PRESSURE },
	{ "io_some_us", "some ", IO_PRESSURE },
	{ "io_full_us", "full ", IO_PRESSURE },
	{ "swap_reads", "1", DEVICE },
	{ "swap_read_sectors", "3", DEVICE },
	{ "swap_writes", "5", DEVICE },
	{ "swap_write_sectors", "7", DEVICE },
	{ "swap_busy_ms", "10", DEVICE },
	{ "kswapd_ns", "1", KSWAPD },
};
#define NR_COLUMNS (sizeof(columns) / sizeof(columns[0]))

/* Into @line, at most @size bytes, the first line of a file that begins so; false if none does. */
static bool find_line(const char *path, const char *begin, char *line, int size)
{
	FILE *file = fopen(path, "re");
	bool found = false;

	while (file && !found && fgets(line, size, file))
		found = !strncmp(line, begin, strlen(begin));
	if (file)
		fclose(file);
	return found;
}

/* The statistics of the device that is swapped to; -1 if there is none. */
static int open_device(void)
{
	char line[300], path[400];

	if (!find_line("/proc/swaps", "/dev/", line, sizeof(line)))
		return -1;
	line[strcspn(line, " ")] = '\0';
	snprintf(path, sizeof(path), "/sys/class/block/%s/stat", strrchr(line, '/') + 1);
	return open(path, O_RDONLY | O_CLOEXEC);
}

/* The CPU time of the first node's kswapd; -1 if there is none. */
static int open_kswapd(void)
{
	DIR *processes = opendir("/proc");
	struct dirent *entry;
	int file = -1;

	while (processes && file < 0 && (entry = readdir(processes))) {
		char path[300], name[32];

		snprintf(path, sizeof(path), "/proc/%s/comm", entry->d_name);
		if (!find_line(path, "kswapd0\n", name, sizeof(name)))
			continue;
		snprintf(path, sizeof(path), "/proc/%s/schedstat", entry->d_name);
		file = open(path, O_RDONLY | O_CLOEXEC);
	}
	if (processes)
		closedir(processes);
	return file;
}

/* All of a file, as a string; an empty one if it cannot be read. */
static void read_all(int file, char *text, size_t size)
{
	ssize_t length = file < 0 ? -1 : pread(file, text, size - 1, 0);

	text[length > 0 ? length : 0] = '\0';
}

/* The number at its place of a line of numbers, from 1. */
static bool nth(const char *text, int place, uint64_t *value)
{
	char *end;

	do {
		*value = strtoull(text, &end, 10);
		if (end == text)
			return false;
		text = end;
	} while (--place);
	return true;
}

/* Of a pressure file's line, the total. */
static bool total(const char *text, const char *word, uint64_t *value)
{
	const char *line = strstr(text, word), *at = line ? strstr(line, "total=") : NULL;

	if (at)
		*value = strtoull(at + strlen("total="), NULL, 10);
	return at;
}

/* Of /proc/vmstat, in one pass, @said of each column of its own. */
static void read_vmstat(const char *text, uint64_t *values, bool *said)
{
	for (; *text; text = strchrnul(text, '\n') + !!*strchrnul(text, '\n')) {
		for (size_t c = 0; c < NR_COLUMNS && columns[c].source == VMSTAT; c++) {
			size_t length = strlen(columns[c].word);
			bool sum = columns[c].word[length - 1] == '*';

			if (strncmp(text, columns[c].word, length - sum))
				continue;
			values[c] += strtoull(strpbrk(text, " \n"), NULL, 10);
			said[c] = true;
		}
	}
}

static void print_row(uint64_t time, const int *files)
{
	static char texts[NR_SOURCES][1 << 14];
	uint64_t values[NR_COLUMNS] = { 0 };
	bool said[NR_COLUMNS] = { false };

	for (int s = 0; s < NR_SOURCES; s++)
		read_all(files[s], texts[s], sizeof(texts[s]));
	read_vmstat(texts[VMSTAT], values, said);
	for (size_t c = 0; c < NR_COLUMNS; c++) {
		const char *text = texts[columns[c].source];

		if (columns[c].source == MEMORY_PRESSURE || columns[c].source == IO_PRESSURE)
			said[c] = total(text, columns[c].word, &values[c]);
		else if (columns[c].source != VMSTAT)
			said[c] = nth(text, atoi(columns[c].word), &values[c]);
	}
	printf("%" PRIu64, time);
	for (size_t c = 0; c < NR_COLUMNS; c++)
		if (said[c])
			printf("\t%" PRIu64, values[c]);
		else
			printf("\t-");
	putchar('\n');
	if (fflush(stdout))
		err(1, "standard output");
}

int main(void)
{
	const struct sched_param low = { .sched_priority = 1 };
	struct mp3_record record;
	struct timespec now;
	struct ring ring;
	int files[NR_SOURCES], events;

	if (!ring_open(&ring, open(MP3_RECORDS, O_RDONLY | O_CLOEXEC)))
		err(1, "%s", MP3_RECORDS);
	ring_skip(&ring);
	files[VMSTAT] = open("/proc/vmstat", O_RDONLY | O_CLOEXEC);
	files[MEMORY_PRESSURE] = open("/proc/pressure/memory", O_RDONLY | O_CLOEXEC);
	files[IO_PRESSURE] = open("/proc/pressure/io", O_RDONLY | O_CLOEXEC);
	files[DEVICE] = open_device();
	files[KSWAPD] = open_kswapd();

	printf("time_ns");
	for (size_t c = 0; c < NR_COLUMNS; c++)
		printf("\t%s", columns[c].name);
	putchar('\n');
	if (mlockall(MCL_CURRENT | MCL_FUTURE))
		err(1, "mlockall");
	if (sched_setscheduler(0, SCHED_FIFO, &low))
		err(1, "sched_setscheduler");
	clock_gettime(CLOCK_MONOTONIC, &now);
	print_row(now.tv_sec * 1000000000ull + now.tv_nsec, files);
	do {
		bool any = false;

		events = ring_poll(&ring, -1);
		if (events < 0 && errno != EINTR)
			err(1, "%s", MP3_RECORDS);
		while (ring_next(&ring, &record))
			any = true;
		if (any)
			print_row(record.time_ns, files);
	} while (!(events & POLLHUP));
	return 0;
}
