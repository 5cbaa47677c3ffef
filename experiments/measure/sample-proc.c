// SPDX-License-Identifier: GPL-2.0
/*
 * sample-proc - the profiler's job done with /proc/PID/stat, as a command of cost
 *
 *	sample-proc
 *
 * Counts minor faults, major faults and CPU time of the processes of LIST, until it is
 * ended. It is the best that can be had of /proc: the files stay open, nothing is printed.
 */
#define _GNU_SOURCE
#include <err.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "meter.h"

const char synopsis[] = "";

/* A process, its stat file, and what that said last. */
struct process {
	int file;
	uint64_t minor, major, ticks;
};

/* The next field, a number. */
static uint64_t field(const char **at)
{
	uint64_t value = 0;

	while (**at >= '0' && **at <= '9')
		value = value * 10 + (*(*at)++ - '0');
	++*at;
	return value;
}

/* Adds to @sums, like them, what the process has counted since. Returns the bytes read. */
static size_t sample(struct process *process, struct process *sums)
{
	char text[1024];
	ssize_t length = pread(process->file, text, sizeof(text) - 1, 0);
	struct process said = { .file = process->file };
	const char *at;

	if (length <= 0)
		err(1, "a process has ended");
	text[length] = '\0';
	/* Behind the name, in parentheses: state, then six numbers, one of which may be -1. */
	at = strrchr(text, ')');
	for (int spaces = 0; at && spaces < 8; spaces++)
		at = strchr(at + 1, ' ');
	if (!at)
		errx(1, "not understood: %s", text);
	at++;
	said.minor = field(&at);
	field(&at);		/* of children */
	said.major = field(&at);
	field(&at);		/* of children */
	said.ticks = field(&at);
	said.ticks += field(&at);
	sums->minor += said.minor - process->minor;
	sums->major += said.major - process->major;
	sums->ticks += said.ticks - process->ticks;
	*process = said;
	return length;
}

static struct process *open_all(size_t *n)
{
	const struct rlimit files = { .rlim_cur = 1 << 20, .rlim_max = 1 << 20 };
	struct process *all = NULL;
	FILE *list = open_list();
	int pid;

	if (setrlimit(RLIMIT_NOFILE, &files))
		err(1, "setrlimit");
	for (*n = 0; fscanf(list, "%d", &pid) == 1; ++*n) {
		char path[32];

		all = reallocarray(all, *n + 1, sizeof(*all));
		if (!all)
			err(1, "memory");
		snprintf(path, sizeof(path), "/proc/%d/stat", pid);
		all[*n] = (struct process){ .file = open(path, O_RDONLY | O_CLOEXEC) };
		if (all[*n].file < 0)
			err(1, "%s", path);
	}
	close_list(list);
	if (!all)
		errx(1, "no process is listed in %s", LIST);
	return all;
}

int main(int argc, char **argv)
{
	struct process *all, sums = { 0 };
	struct shared *shared;
	size_t n;

	check_arguments(argc, argv, 0, 0);
	shared = share();
	all = open_all(&n);
	for (uint64_t due = now();; sleep_until(due)) {
		size_t bytes = 0;

		for (size_t i = 0; i < n; i++)
			bytes += sample(&all[i], &sums);
		shared->bytes = bytes / n;
		count_sample(shared);
		/* Deadlines that have passed are given up. */
		do
			due += PERIOD;
		while (due <= now());
	}
}
