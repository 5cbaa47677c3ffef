// SPDX-License-Identifier: GPL-2.0
/*
 * work - a synthetic workload that profiles itself.
 *
 *	work [-v] [-n ITERATIONS] [-s SEED] MB R|L ACCESSES
 *
 * It takes MB of memory, registers itself with the profiler, stores bytes all
 * over the memory for ITERATIONS iterations with a pause after each but the
 * last, and unregisters itself. Its last line on stderr counts what it did
 * (see report()); the minor and major faults in it are those of the registered
 * time, so the profiler's samples have to add up to them.
 *
 * The same command line touches the same bytes in the same order everywhere (see
 * accesses.h).
 *
 * Exit status: 0 done, 1 failed, 2 usage. A SIGHUP, SIGINT or SIGTERM ends it
 * early, but in order; then it dies by that signal.
 *
 * If it is registered already (by monitor, with the tree that it belongs to), it
 * stays so: whoever registered it wants its exit as well.
 */
#define _GNU_SOURCE
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <inttypes.h>
#include <poll.h>
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
#include "../mp3.h"

#define ITERATIONS	20	/* unless -n says otherwise */
#define PAUSE		1	/* seconds between two iterations */

#define MAX_MB		(1UL << 27)		/* 47 bits of addresses */
#define MAX_ACCESSES	1000000000000UL		/* in an iteration */
#define MAX_ITERATIONS	1000000UL		/* their product fits a word */
#define MAX_SEED	UINT32_MAX

/* What the command line asks for. */
struct options {
	uint64_t mb;
	char mode;			/* 'R' or 'L' */
	uint64_t accesses;		/* in an iteration */
	uint64_t iterations;
	uint64_t seed;
	bool verbose;
};

/* The memory, its reference string, and what has been done so far. */
struct work {
	struct accesses accesses;
	volatile unsigned char *memory;	/* volatile: nobody reads it, yet store */
	unsigned char *touched;		/* a bit a page */
	uint64_t distinct;		/* pages touched at least once */
};

/* The interval that the report is about. */
struct usage {
	struct timespec time;
	struct rusage faults;
};

static volatile sig_atomic_t stopped;	/* by this signal */

static void usage_error(void)
{
	fputs("Usage: work [-v] [-n ITERATIONS] [-s SEED] MB R|L ACCESSES\n"
	      "Try 'work --help'.\n", stderr);
	exit(2);
}

static void help(void)
{
	printf("Usage: work [OPTION]... MB R|L ACCESSES\n"
	       "Use MB mebibytes of memory, register with the profiler, and store single\n"
	       "bytes: ACCESSES of them in an iteration, with %d s of sleep between two\n"
	       "iterations. The last line on stderr tells what was done.\n"
	       "\n"
	       "  R  random: every access goes to any byte of the memory, uniformly.\n"
	       "  L  locality: the program lives in phases of %d accesses. Each phase has\n"
	       "     a locality set, %d contiguous pages at a random place (all pages, if\n"
	       "     the memory has fewer). %d%% of the accesses go to any byte of the set,\n"
	       "     %d%% to any byte of the memory, uniformly. A phase runs on from one\n"
	       "     iteration into the next.\n"
	       "\n"
	       "  -n, --iterations=ITERATIONS  this many instead of %d\n"
	       "  -s, --seed=SEED              another sequence of accesses than that of 1\n"
	       "  -v, --verbose                say on stderr what each iteration has done\n"
	       "  -h, --help                   print this\n",
	       PAUSE, PHASE, LOCALITY_SET, LOCAL_PERCENT, 100 - LOCAL_PERCENT,
	       ITERATIONS);
	if (fflush(stdout))
		err(1, "standard output");
	exit(0);
}

/* strtoull() also likes signs and leading blanks; a number here is digits. */
static uint64_t number(const char *name, const char *text, uint64_t min,
		       uint64_t max)
{
	char *end = NULL;
	unsigned long long value = 0;

	errno = 0;
	if (*text >= '0' && *text <= '9')
		value = strtoull(text, &end, 10);
	if (!end || *end || errno || value < min || value > max) {
		warnx("%s: '%s' is not a number from %" PRIu64 " to %" PRIu64,
		      name, text, min, max);
		usage_error();
	}
	return value;
}

static void parse(int argc, char **argv, struct options *options)
{
	static const struct option names[] = {
		{ "iterations", required_argument, NULL, 'n' },
		{ "seed", required_argument, NULL, 's' },
		{ "verbose", no_argument, NULL, 'v' },
		{ "help", no_argument, NULL, 'h' },
		{ NULL, 0, NULL, 0 },
	};
	int c;

	*options = (struct options){ .iterations = ITERATIONS, .seed = 1 };
	while ((c = getopt_long(argc, argv, "n:s:vh", names, NULL)) != -1) {
		switch (c) {
		case 'n':
			options->iterations = number("ITERATIONS", optarg, 1,
						     MAX_ITERATIONS);
			break;
		case 's':
			options->seed = number("SEED", optarg, 0, MAX_SEED);
			break;
		case 'v':
			options->verbose = true;
			break;
		case 'h':
			help();
			break;
		default:
			usage_error();
		}
	}
	if (argc - optind != 3) {
		warnx("three arguments are needed, not %d", argc - optind);
		usage_error();
	}
	argv += optind;
	options->mb = number("MB", argv[0], 1, MAX_MB);
	if (strcmp(argv[1], "R") && strcmp(argv[1], "L")) {
		warnx("'%s' is neither R nor L", argv[1]);
		usage_error();
	}
	options->mode = *argv[1];
	options->accesses = number("ACCESSES", argv[2], 0, MAX_ACCESSES);
}

static void *map(size_t bytes, int flags)
{
	return mmap(NULL, bytes, PROT_READ | PROT_WRITE,
		    MAP_PRIVATE | MAP_ANONYMOUS | flags, -1, 0);
}

/* Gets everything a run needs; nothing is allocated while it is registered. */
static void prepare(struct work *work, const struct options *options)
{
	size_t page = sysconf(_SC_PAGESIZE), bytes = options->mb << 20;

	*work = (struct work){
		.accesses = accesses_of(options->mode, bytes, page, options->seed),
	};
	work->memory = map(bytes, 0);
	if (work->memory == MAP_FAILED)
		err(1, "%" PRIu64 " MB of memory", options->mb);
	/*
	 * A page that is touched is a fault: huge pages would bring 512 of them
	 * with one. This fails on a kernel that has none, which is as good.
	 */
	madvise((void *)work->memory, bytes, MADV_NOHUGEPAGE);

	/* Populated, so that bookkeeping does not fault later on. */
	work->touched = map(bytes / page / 8 + 1, MAP_POPULATE);
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
	case EEXIST:
		return "registered already";
	case ENOENT:
		return "not registered any more";
	case ENOSPC:
		return "as many processes are registered as may be";
	default:
		return strerror(error);
	}
}

/* Writes "R <pid>" or "U <pid>" in one piece; says why if that fails, with errno. */
static bool tell(int status, const char *command)
{
	int error;

	if (status < 0 || write(status, command, strlen(command)) >= 0)
		return true;
	error = errno;
	warnx("%s: %s: %s", MP3_STATUS, command, reason(error));
	errno = error;
	return false;
}

static void measure(struct usage *usage)
{
	getrusage(RUSAGE_SELF, &usage->faults);
	clock_gettime(CLOCK_MONOTONIC, &usage->time);
}

static void iterate(struct work *work, const struct options *options)
{
	for (uint64_t i = 0; i < options->accesses && !stopped; i++) {
		size_t byte = next_access(&work->accesses);
		size_t page = byte / work->accesses.page;
		unsigned char bit = 1U << page % 8;

		work->memory[byte] = 1;
		work->distinct += !(work->touched[page / 8] & bit);
		work->touched[page / 8] |= bit;
	}
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
static void sleep_unless_stopped(void)
{
	struct timespec pause = { .tv_sec = PAUSE };
	sigset_t all, old;

	sigfillset(&all);
	sigprocmask(SIG_BLOCK, &all, &old);
	if (!stopped)
		ppoll(NULL, 0, &pause, &old);
	sigprocmask(SIG_SETMASK, &old, NULL);
}

static void run(struct work *work, const struct options *options)
{
	struct usage begin, end;

	for (uint64_t i = 1; i <= options->iterations && !stopped; i++) {
		measure(&begin);
		iterate(work, options);
		measure(&end);
		if (options->verbose)
			report_iteration(work, i, &begin, &end);
		if (i < options->iterations)
			sleep_unless_stopped();
	}
}

/*
 * One line, one write: the reports of several copies do not mingle.
 *
 * The profiler's count lies between that from @begin to @end, which are within the
 * registration, and that from @before to @after, which are around it.
 */
static void report(const struct work *work, const struct options *options,
		   const struct usage *before, const struct usage *begin,
		   const struct usage *end, const struct usage *after)
{
	double elapsed = (ns(&end->time) - ns(&begin->time)) / 1e9;

	fprintf(stderr, "work: pid=%d mb=%" PRIu64 " mode=%c accesses=%" PRIu64
		" seed=%" PRIu64 " touches=%" PRIu64 " distinct=%" PRIu64
		" elapsed_s=%.6f minor=%ld major=%ld minor_max=%ld major_max=%ld\n",
		getpid(), options->mb, options->mode, options->accesses,
		options->seed, work->accesses.count, work->distinct, elapsed,
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
	struct work work;
	bool ours, left;
	int status;

	parse(argc, argv, &options);
	prepare(&work, &options);
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
	run(&work, &options);
	measure(&end);
	left = !ours || tell(status, leave);
	measure(&after);

	report(&work, &options, &before, &begin, &end, &after);
	if (stopped) {
		signal(stopped, SIG_DFL);
		raise(stopped);
	}
	return left ? 0 : 1;
}
