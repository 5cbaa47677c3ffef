// SPDX-License-Identifier: GPL-2.0
/*
 * sample-proc - the profiler's job done with /proc/PID/stat, see sampler.h
 *
 *	sample-proc
 *
 * It is the best that can be had of /proc: the files stay open. CPU time comes in hundredths of a second.
 */
#define _GNU_SOURCE
#include <err.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "sampler.h"

const char synopsis[] = "";

/* A process, its stat file, and what that said last. */
struct process {
	int file;
	struct counts last;
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

/* Adds to @sums what the process has counted since. Returns the bytes read. */
static size_t sample(struct process *process, uint64_t tick, struct counts *sums)
{
	char text[1024];
	ssize_t length = pread(process->file, text, sizeof(text) - 1, 0);
	struct counts found;
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
	found.minor = field(&at);
	field(&at);		/* of children */
	found.major = field(&at);
	field(&at);		/* of children */
	found.cpu_ns = tick * field(&at);
	found.cpu_ns += tick * field(&at);
	add_growth(sums, &process->last, &found);
	return length;
}

static struct process *open_all(size_t *n)
{
	const struct rlimit files = { .rlim_cur = 1 << 20, .rlim_max = 1 << 20 };
	pid_t *pids = read_list(n);
	struct process *all = calloc(*n, sizeof(*all));

	if (!all)
		err(1, "memory");
	if (setrlimit(RLIMIT_NOFILE, &files))
		err(1, "setrlimit");
	for (size_t i = 0; i < *n; i++) {
		char path[32];

		snprintf(path, sizeof(path), "/proc/%d/stat", pids[i]);
		all[i].file = open(path, O_RDONLY | O_CLOEXEC);
		if (all[i].file < 0)
			err(1, "%s", path);
	}
	free(pids);
	return all;
}

int main(int argc, char **argv)
{
	const uint64_t tick = SECOND / sysconf(_SC_CLK_TCK);
	struct counts sums = { 0 };
	struct process *all;
	struct shared *shared;
	size_t n;

	check_arguments(argc, argv, 0, 0);
	shared = share();
	all = open_all(&n);
	for (uint64_t due = now();; await_next(&due)) {
		size_t bytes = 0;

		for (size_t i = 0; i < n; i++)
			bytes += sample(&all[i], tick, &sums);
		tell_sample(shared, &sums, bytes / n);
	}
}
