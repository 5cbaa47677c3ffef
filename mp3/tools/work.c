// SPDX-License-Identifier: GPL-2.0
/*
 * work - a synthetic workload that profiles itself.
 *
 *	work [OPTION]... MB R|L ACCESSES
 *
 * It takes MB of memory, registers itself with the profiler, stores bytes all
 * over the memory for ITERATIONS iterations with a pause after each but the
 * last, and unregisters itself. Its last line on stderr counts what it did
 * (see report()); the minor and major faults in it are those of the registered
 * time, so the profiler's samples have to add up to them.
 *
 * The same command line touches the same bytes in the same order everywhere (see
 * accesses.h), whatever kind of memory it is. Of several threads, each does so.
 *
 * Without an option but -n, -s and -v, a run is to be compared with another one to the
 * byte: what an option adds comes before the registration, or in a branch of its own.
 *
 * Exit status: 0 done, 1 failed, 2 usage. A SIGHUP, SIGINT or SIGTERM ends it
 * early, but in order; then it dies by that signal.
 *
 * If it is registered already (with the tree that it belongs to), it stays so, without a
 * word: whoever registered it wants its exit as well.
 */
#define _GNU_SOURCE
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "accesses.h"
#include "work.h"
#include "../mp3.h"

/* The memory, a thread's reference string, and what it has done so far. */
struct work {
	struct accesses accesses;
	volatile unsigned char *memory;	/* volatile: nobody reads it, yet store */
	unsigned char *touched;		/* a bit a page */
	uint64_t distinct;		/* pages touched at least once, by this thread first */
};

/* A thread beside the first one. */
struct thread {
	struct work work;
	struct options options;
};

/* The interval that the report is about. */
struct usage {
	struct timespec time;
	struct rusage faults;
};

static volatile sig_atomic_t stopped;	/* by this signal */

/* Where all threads meet, if there are several: before an iteration, and after it. */
static pthread_barrier_t go, ready;

/* Gets everything a run needs; nothing is allocated while it is registered. */
static void prepare(struct work *work, const struct options *options)
{
	size_t page = sysconf(_SC_PAGESIZE), bytes = options->mb << 20;

	*work = (struct work){
		.accesses = accesses_of(options->mode, bytes, page, options->seed),
	};
	work->memory = memory_of(bytes, options);

	/* Populated, so that bookkeeping does not fault later on. */
	work->touched = anonymous_memory(bytes / page / 8 + 1, MAP_PRIVATE | MAP_POPULATE);
	if (work->touched == MAP_FAILED)
		err(1, "memory for the touched pages");
}

static void stop(int signal_number)
{
	stopped = signal_number;
}

/* What the parent has decided to ignore (nohup, a background job) stays so. */
static void catch(int signal_number)
{
	struct sigaction action = { .sa_handler = stop }, old;

	if (!sigaction(signal_number, NULL, &old) && old.sa_handler != SIG_IGN)
		sigaction(signal_number, &action, NULL);
}

/* Opens the profiler, -1 if there is none. */
static int open_profiler(void)
{
	int status = open(MP3_STATUS, O_WRONLY | O_CLOEXEC);

	if (status >= 0)
		return status;
	if (errno != ENOENT)
		err(1, "%s", MP3_STATUS);
	warnx("%s: not there, running without a profiler", MP3_STATUS);
	return -1;
}

/* What an errno of the profiler means, where strerror() would mislead. */
static const char *reason(int error)
{
	switch (error) {
	case EDQUOT:
		return "as many processes of this user are registered as may be";
	case ENOENT:
		return "not registered any more";
	case ENOSPC:
		return "as many processes are registered as may be";
	default:
		return strerror(error);
	}
}

/* Writes "R <pid>" or "U <pid>" in one piece; says why if that fails, with errno. To be
 * registered already is no failure that anybody has to hear of. */
static bool tell(int status, const char *command)
{
	int error;

	if (status < 0 || write(status, command, strlen(command)) >= 0)
		return true;
	error = errno;
	if (error != EEXIST)
		warnx("%s: %s: %s", MP3_STATUS, command, reason(error));
	errno = error;
	return false;
}

static void measure(struct usage *usage)
{
	getrusage(RUSAGE_SELF, &usage->faults);
	clock_gettime(CLOCK_MONOTONIC, &usage->time);
}

/* Each caller's own loop, for the compiler knows @read and @alone. */
static inline __attribute__((always_inline)) void
loop(struct work *work, const struct options *options, bool read, bool alone)
{
	for (uint64_t i = 0; i < options->accesses && !stopped; i++) {
		size_t byte = next_access(&work->accesses);
		size_t page = byte / work->accesses.page;
		unsigned char bit = 1U << page % 8;

		if (read)
			(void)work->memory[byte];
		else
			work->memory[byte] = 1;
		if (alone) {
			work->distinct += !(work->touched[page / 8] & bit);
			work->touched[page / 8] |= bit;
		} else {
			work->distinct += !(__atomic_fetch_or(&work->touched[page / 8], bit,
							      __ATOMIC_RELAXED) & bit);
		}
	}
}

/* With options that change the loop; apart, so that the other loop is where it was. */
static __attribute__((noinline)) void iterate_otherwise(struct work *work, const struct options *options)
{
	bool alone = options->threads == 1;

	if (!alone)
		pthread_barrier_wait(&go);
	if (alone)
		loop(work, options, true, true);
	else if (options->read)
		loop(work, options, true, false);
	else
		loop(work, options, false, false);
	if (!alone)
		pthread_barrier_wait(&ready);
}

static void iterate(struct work *work, const struct options *options)
{
	if (options->read || options->threads > 1)
		iterate_otherwise(work, options);
	else
		loop(work, options, false, true);
}

/* The end of the process is its end. */
static void *go_along(void *argument)
{
	struct thread *thread = argument;

	pthread_barrier_wait(&ready);
	for (;;)
		iterate_otherwise(&thread->work, &thread->options);
	return NULL;
}

/*
 * Begins the threads beside the first one; they then wait for the first iteration. Their
 * sequences have seeds far from those that a user would choose. Signals are the first
 * thread's, for it sleeps.
 */
static struct thread *begin_threads(const struct work *work, const struct options *options)
{
	size_t others = options->threads - 1;
	struct thread *threads = calloc(others, sizeof(*threads));
	pthread_attr_t attributes;
	sigset_t all, old;
	pthread_t id;
	int error;

	if (!threads)
		err(1, "memory for the threads");
	pthread_barrier_init(&go, NULL, options->threads);
	pthread_barrier_init(&ready, NULL, options->threads);
	pthread_attr_init(&attributes);
	/* less than a huge page, lest a stack become one */
	pthread_attr_setstacksize(&attributes, 256 << 10);
	sigfillset(&all);
	sigprocmask(SIG_BLOCK, &all, &old);
	for (size_t i = 0; i < others; i++) {
		threads[i].work = *work;
		threads[i].work.accesses = accesses_of(options->mode, work->accesses.bytes, work->accesses.page,
						       options->seed + (i + 1) * 0x9e3779b9u);
		threads[i].options = *options;
		error = pthread_create(&id, &attributes, go_along, &threads[i]);
		if (error)
			errx(1, "%" PRIu64 " threads: %s", options->threads, strerror(error));
	}
	sigprocmask(SIG_SETMASK, &old, NULL);
	pthread_attr_destroy(&attributes);
	pthread_barrier_wait(&ready);
	return threads;
}

/* Adds what the other threads have done, between two iterations. */
static struct work sum(const struct work *work, const struct thread *threads, const struct options *options)
{
	struct work all = *work;

	for (size_t i = 0; threads && i + 1 < options->threads; i++) {
		all.accesses.count += threads[i].work.accesses.count;
		all.distinct += threads[i].work.distinct;
	}
	return all;
}

static uint64_t ns(const struct timespec *time)
{
	return time->tv_sec * 1000000000ull + time->tv_nsec;
}

/* What -v says of an iteration: totals of accesses, its own faults. */
static void report_iteration(const struct work *work, uint64_t number,
			     const struct usage *begin, const struct usage *end)
{
	fprintf(stderr, "work: pid=%d iteration=%" PRIu64 " begin_ns=%" PRIu64
		" end_ns=%" PRIu64 " touches=%" PRIu64 " distinct=%" PRIu64
		" minor=%ld major=%ld\n",
		getpid(), number, ns(&begin->time), ns(&end->time),
		work->accesses.count, work->distinct,
		end->faults.ru_minflt - begin->faults.ru_minflt,
		end->faults.ru_majflt - begin->faults.ru_majflt);
}

/* Sleeps, unless stopped: no signal gets in between the look and the sleep. */
static void sleep_unless_stopped(uint64_t seconds)
{
	struct timespec pause = { .tv_sec = seconds };
	sigset_t all, old;

	sigfillset(&all);
	sigprocmask(SIG_BLOCK, &all, &old);
	if (!stopped)
		ppoll(NULL, 0, &pause, &old);
	sigprocmask(SIG_SETMASK, &old, NULL);
}

/* A job in the background leaves the terminal to that in the foreground. */
static bool in_foreground(void)
{
	return tcgetpgrp(STDERR_FILENO) == getpgrp();
}

/* One line that is written over, with the time that the iterations until now lead one to expect. */
static void show_progress(uint64_t number, const struct options *options)
{
	static struct timespec begin;
	struct timespec now;
	char rest[40] = "";

	clock_gettime(CLOCK_MONOTONIC, &now);
	if (number == 1)
		begin = now;
	else
		snprintf(rest, sizeof(rest), ", some %.0f s to go", (ns(&now) - ns(&begin)) / 1e9 /
			 (number - 1) * (options->iterations - number + 1));
	if (in_foreground())
		fprintf(stderr, "\rwork %d: iteration %" PRIu64 " of %" PRIu64 "%-25s", getpid(), number,
			options->iterations, rest);
}

/* Returns the time of the iterations, without that between them, in ns. */
static uint64_t run(struct work *work, const struct thread *threads, const struct options *options)
{
	struct usage begin, end;
	uint64_t awake = 0;

	for (uint64_t i = 1; i <= options->iterations && !stopped; i++) {
		if (options->progress)
			show_progress(i, options);
		measure(&begin);
		iterate(work, options);
		measure(&end);
		if (options->verbose) {
			struct work all = sum(work, threads, options);

			report_iteration(&all, i, &begin, &end);
		}
		awake += ns(&end.time) - ns(&begin.time);
		if (i < options->iterations && options->pause)
			sleep_unless_stopped(options->pause);
	}
	return awake;
}

/*
 * One line, one write: the reports of several copies do not mingle.
 *
 * The profiler's count lies between that from @begin to @end, which are within the
 * registration, and that from @before to @after, which are around it.
 */
static void report(const struct work *work, const struct options *options,
		   const struct usage *before, const struct usage *begin,
		   const struct usage *end, const struct usage *after, uint64_t awake)
{
	double elapsed = (ns(&end->time) - ns(&begin->time)) / 1e9;

	fprintf(stderr, "work: pid=%d mb=%" PRIu64 " mode=%c accesses=%" PRIu64
		" seed=%" PRIu64 " touches=%" PRIu64 " distinct=%" PRIu64
		" elapsed_s=%.6f awake_s=%.6f minor=%ld major=%ld minor_max=%ld major_max=%ld\n",
		getpid(), options->mb, options->mode, options->accesses,
		options->seed, work->accesses.count, work->distinct, elapsed, awake / 1e9,
		end->faults.ru_minflt - begin->faults.ru_minflt,
		end->faults.ru_majflt - begin->faults.ru_majflt,
		after->faults.ru_minflt - before->faults.ru_minflt,
		after->faults.ru_majflt - before->faults.ru_majflt);
}

int main(int argc, char **argv)
{
	char enter[32], leave[32];
	struct usage before, begin, end, after;
	struct options options;
	struct thread *threads = NULL;
	struct work work, all;
	bool ours, left;
	uint64_t awake;
	int status;

	parse_options(argc, argv, &options);
	prepare(&work, &options);
	if (options.threads > 1)
		threads = begin_threads(&work, &options);
	snprintf(enter, sizeof(enter), "R %d", getpid());
	snprintf(leave, sizeof(leave), "U %d", getpid());
	catch(SIGHUP);
	catch(SIGINT);
	catch(SIGTERM);
	status = open_profiler();

	/*
	 * The profiler begins to count within the first tell() and ends within
	 * the second, and nothing but the measurement stands between them and
	 * the run. To measure inside leaves out the faults of opening, formatting
	 * and printing. The first measurement binds the functions and faults in
	 * their code and the stack, so that the next one costs no fault. What may
	 * still differ is a page of code or stack that was evicted in the run and
	 * is needed again by the second tell(): the profiler counts that fault, the
	 * inner measurement does not, but the outer one does.
	 */
	measure(&before);
	ours = tell(status, enter);
	if (!ours && errno != EEXIST)
		return 1;
	measure(&begin);
	awake = run(&work, threads, &options);
	measure(&end);
	left = !ours || tell(status, leave);
	measure(&after);

	if (options.progress && in_foreground())
		fprintf(stderr, "\r%79s\r", "");
	all = sum(&work, threads, &options);
	report(&all, &options, &before, &begin, &end, &after, awake);
	if (stopped) {
		signal(stopped, SIG_DFL);
		raise(stopped);
	}
	return left ? 0 : 1;
}
