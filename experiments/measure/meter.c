// SPDX-License-Identifier: GPL-2.0
/* What the meters share, see meter.h. */
#define _GNU_SOURCE
#include <ctype.h>
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "meter.h"

#define SHARED	"/tmp/meter.shared"	/* a struct shared */

/*
 * the command line
 */

static void print_usage(FILE *to)
{
	fprintf(to, "usage: %s%s%s\n", program_invocation_short_name, *synopsis ? " " : "", synopsis);
}

void usage(void)
{
	print_usage(stderr);
	exit(2);
}

void check_arguments(int argc, char **argv, int least, int most)
{
	if (argc == 2 && !strcmp(argv[1], "-h")) {
		print_usage(stdout);
		exit(fclose(stdout) ? 1 : 0);
	}
	if (argc - 1 < least || argc - 1 > most)
		usage();
}

double number(const char *text)
{
	char *end;
	double value = strtod(text, &end);

	if (!isdigit((unsigned char)*text) || *end || !(value <= 1e6)) {
		warnx("no number from 0 to 1000000: %s", text);
		usage();
	}
	return value;
}

unsigned long whole_number(const char *text)
{
	if (text[strspn(text, "0123456789")]) {
		warnx("no whole number: %s", text);
		usage();
	}
	return number(text);
}

/*
 * time
 */

uint64_t now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return time.tv_sec * SECOND + time.tv_nsec;
}

void sleep_until(uint64_t time)
{
	struct timespec due = { .tv_sec = time / SECOND, .tv_nsec = time % SECOND };

	while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &due, NULL) == EINTR)
		;
}

/*
 * processes
 */

struct shared *share(void)
{
	int file = open(SHARED, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	struct shared *shared;

	if (file < 0 || ftruncate(file, sizeof(*shared)))
		err(1, "%s", SHARED);
	shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
	if (shared == MAP_FAILED)
		err(1, "%s", SHARED);
	close(file);
	return shared;
}

void count_sample(struct shared *shared)
{
	/* Only one process does. */
	__atomic_store_n(&shared->samples, shared->samples + 1, __ATOMIC_RELAXED);
}

pid_t fork_child(void)
{
	pid_t pid = fork();

	if (pid < 0)
		err(1, "fork");
	if (!pid)
		prctl(PR_SET_PDEATHSIG, SIGKILL);
	return pid;
}

pid_t start_command(char **command)
{
	int said = open(SAID, O_WRONLY | O_CREAT | O_TRUNC | O_APPEND | O_CLOEXEC, 0600);
	pid_t pid = 0;

	if (said < 0)
		err(1, "%s", SAID);
	if (*command) {
		pid = fork_child();
		if (!pid) {
			setpgid(0, 0);
			dup2(said, STDOUT_FILENO);
			dup2(said, STDERR_FILENO);
			execvp(*command, command);
			err(127, "%s", *command);
		}
		/* Whoever is first: end_command() must find the group. */
		setpgid(pid, pid);
	}
	close(said);
	return pid;
}

void end_command(pid_t command)
{
	if (!command)
		return;
	kill(-command, SIGTERM);
	waitpid(command, NULL, 0);
}

FILE *create_list(void)
{
	FILE *list = fopen(LIST, "we");

	if (!list)
		err(1, "%s", LIST);
	return list;
}

FILE *open_list(void)
{
	FILE *list = fopen(LIST, "re");

	if (!list)
		err(1, "%s", LIST);
	return list;
}

void close_list(FILE *list)
{
	if (fclose(list))
		err(1, "%s", LIST);
}

/*
 * the profiler
 */

int open_status(void)
{
	int status = open(MP3_STATUS, O_WRONLY | O_CLOEXEC);

	if (status < 0)
		err(1, "%s", MP3_STATUS);
	return status;
}

uint64_t tell_profiler(int status, char verb, pid_t pid)
{
	char command[32];
	int length = snprintf(command, sizeof(command), "%c %d", verb, pid);
	uint64_t begin = now();

	if (write(status, command, length) < 0)
		err(1, "%s: %s", MP3_STATUS, command);
	return now() - begin;
}

/*
 * statistics
 */

static int by_size(const void *a, const void *b)
{
	uint64_t one = *(const uint64_t *)a, other = *(const uint64_t *)b;

	return (one > other) - (one < other);
}

void sort(uint64_t *numbers, size_t n)
{
	qsort(numbers, n, sizeof(*numbers), by_size);
}

uint64_t percentile(const uint64_t *sorted, size_t n, unsigned int percent)
{
	return sorted[(n * percent + 99) / 100 - 1];
}
