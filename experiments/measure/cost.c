// SPDX-License-Identifier: GPL-2.0
/*
 * cost - what a command takes from the CPU, with so many processes asleep
 *
 *	cost PROCESSES SECONDS [COMMAND [ARGUMENT]...]
 *
 * The processes are listed in LIST, for the command. It is ready when it has counted a
 * sample (as commands of ours do) or printed something.
 *
 * What is taken is measured by what is missing: a spinner, which runs whenever nobody
 * else wants to, counts its rounds of two instructions. In virtual time, where an
 * instruction takes a nanosecond, the rounds that are missing from a span are the
 * instructions of all others, the kernel included. Elsewhere the time of a round depends
 * on what else the host does; there, the spinner's CPU time is what to look at. Either is
 * to be compared with that of a span without a command.
 *
 * Prints: processes, the span in ns, the spinner's rounds in it, its CPU time in ns, the
 * samples in it, bytes that a command of ours copied for a sample of one process. The samples
 * are those that a command of ours has counted, else those that the profiler has written, if
 * any process is registered with it, else 0.
 */
#define _GNU_SOURCE
#include <err.h>
#include <errno.h>
#include <inttypes.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "meter.h"

#define PATIENCE 120	/* s that a command may take to get ready */

const char synopsis[] = "PROCESSES SECONDS [COMMAND [ARGUMENT]...]";

static void schedule_as(int policy, int priority)
{
	const struct sched_param parameters = { .sched_priority = priority };

	if (sched_setscheduler(0, policy, &parameters))
		err(1, "sched_setscheduler");
}

static pid_t start_spinner(struct shared *shared)
{
	pid_t pid = fork_child();

	if (pid)
		return pid;
	schedule_as(SCHED_IDLE, 0);
	for (;;)
		__asm__ volatile("1:	incq %0\n\tjmp 1b" : "+m" (shared->spins));
}

/* CPU time of a process that is not running just now, in ns. */
static uint64_t cpu_time(pid_t pid)
{
	struct timespec time;
	clockid_t its;

	errno = clock_getcpuclockid(pid, &its);
	if (errno || clock_gettime(its, &time))
		err(1, "CPU time of process %d", pid);
	return time.tv_sec * SECOND + time.tv_nsec;
}

/* They die with us. */
static void fork_crowd(unsigned long processes)
{
	FILE *list = create_list();

	for (unsigned long i = 0; i < processes; i++) {
		pid_t pid = fork_child();

		while (!pid)
			pause();
		fprintf(list, "%d\n", pid);
	}
	close_list(list);
}

static void check_running(pid_t command)
{
	if (waitpid(command, NULL, WNOHANG) == command)
		errx(1, "the command has ended");
}

static void await_ready(const struct shared *shared, pid_t command)
{
	for (uint64_t due = now() + PATIENCE * SECOND; now() < due;) {
		struct stat said;

		sleep_until(now() + SECOND / 10);
		if (__atomic_load_n(&shared->samples, __ATOMIC_RELAXED))
			return;
		check_running(command);
		if (!stat(SAID, &said) && said.st_size)
			return;
	}
	errx(1, "the command is not ready after %d s", PATIENCE);
}

/* How many samples the profiler has ever written, and when that was. */
struct written {
	uint64_t samples, time;
};

/*
 * With the next one, for which we wait; none if nobody is registered, or there is no profiler. The file
 * is closed again: as long as it is open, each sample has its readers woken.
 */
static struct written await_written(void)
{
	struct written written = { 0 };
	struct pollfd file = {
		.fd = open(MP3_RECORDS, O_RDONLY | O_CLOEXEC),
		.events = POLLIN,
	};

	if (file.fd < 0)
		return written;
	if (poll(&file, 1, 1000) == 1 && !(file.revents & POLLHUP) &&
	    read(file.fd, &written.samples, sizeof(written.samples)) < 0)
		err(1, "%s", MP3_RECORDS);
	written.time = now();
	close(file.fd);
	return written;
}

/* Of the profiler, in a span of that length between the two; in whole ones. */
static uint64_t samples_written(const struct written *first, const struct written *last, uint64_t span)
{
	if (!first->samples || !last->samples)
		return 0;
	return (double)(last->samples - first->samples) / (last->time - first->time) * span + 0.5;
}

int main(int argc, char **argv)
{
	struct shared *shared, before, after;
	struct written first, last;
	uint64_t begin, span, cpu, samples;
	unsigned long processes;
	pid_t command, spinner;

	check_arguments(argc, argv, 2, INT_MAX);
	processes = whole_number(argv[1]);
	span = number(argv[2]) * SECOND;
	shared = share();
	*shared = (struct shared){ 0 };
	fork_crowd(processes);
	command = start_command(argv + 3);
	if (command)
		await_ready(shared, command);
	spinner = start_spinner(shared);
	schedule_as(SCHED_FIFO, 99);
	first = await_written();
	/* Not just when a sample is due: half a period beside. */
	sleep_until(now() + 2 * PERIOD + PERIOD / 2);
	cpu = cpu_time(spinner);
	begin = now();
	before = *(volatile struct shared *)shared;
	sleep_until(begin + span);
	after = *(volatile struct shared *)shared;
	span = now() - begin;
	cpu = cpu_time(spinner) - cpu;
	if (command)
		check_running(command);
	last = await_written();
	samples = after.samples - before.samples;
	if (!samples)
		samples = samples_written(&first, &last, span);
	printf("%lu\t%" PRIu64 "\t%" PRIu64 "\t%" PRIu64 "\t%" PRIu64 "\t%" PRIu64 "\n",
	       processes, span, after.spins - before.spins, cpu, samples, after.bytes);
	kill(spinner, SIGKILL);
	end_command(command);
	if (fclose(stdout))
		err(1, "standard output");
	return 0;
}
