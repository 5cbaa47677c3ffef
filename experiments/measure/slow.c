// SPDX-License-Identifier: GPL-2.0
/*
 * slow - how long a program takes beside a command, and how much CPU time
 *
 *	slow WARMUP [COMMAND [ARGUMENT]...] -- WORK [ARGUMENT]...
 *
 * WORK is listed in LIST, for the command, as the only process. It begins when the
 * command has had WARMUP seconds. What it prints on its standard output is dropped.
 *
 * Prints: elapsed ns, CPU time in ns.
 */
#define _GNU_SOURCE
#include <err.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <signal.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "meter.h"

const char synopsis[] = "WARMUP [COMMAND [ARGUMENT]...] -- WORK [ARGUMENT]...";

/* The process of the work, listed, and stopped before it begins. */
static pid_t prepare(char **work)
{
	FILE *list = create_list();
	pid_t worker = fork_child();
	int status;

	if (!worker) {
		int null = open("/dev/null", O_WRONLY | O_CLOEXEC);

		if (null < 0 || dup2(null, STDOUT_FILENO) < 0)
			err(1, "/dev/null");
		raise(SIGSTOP);
		execvp(*work, work);
		err(127, "%s", *work);
	}
	if (waitpid(worker, &status, WUNTRACED) != worker || !WIFSTOPPED(status))
		errx(1, "the work does not wait");
	fprintf(list, "%d\n", worker);
	close_list(list);
	return worker;
}

static uint64_t ns(struct timeval time)
{
	return time.tv_sec * SECOND + time.tv_usec * 1000ULL;
}

int main(int argc, char **argv)
{
	char **work = argv + 2;
	struct rusage used;
	uint64_t warmup, begin, elapsed;
	pid_t command, worker;
	int status;

	check_arguments(argc, argv, 3, INT_MAX);
	warmup = number(argv[1]) * SECOND;
	while (*work && strcmp(*work, "--"))
		work++;
	if (!*work || !work[1])
		usage();
	*work++ = NULL;
	worker = prepare(work);
	command = start_command(argv + 2);
	sleep_until(now() + warmup);
	begin = now();
	kill(worker, SIGCONT);
	if (wait4(worker, &status, 0, &used) != worker || status)
		errx(1, "%s has failed", *work);
	elapsed = now() - begin;
	printf("%" PRIu64 "\t%" PRIu64 "\n", elapsed, ns(used.ru_utime) + ns(used.ru_stime));
	end_command(command);
	if (fclose(stdout))
		err(1, "standard output");
	return 0;
}
