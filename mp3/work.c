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
 * The same command line touches the same bytes in the same order everywhere:
 * erand48() is defined to the bit by POSIX.
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

#include "mp3.h"

#define ITERATIONS	20	/* unless -n says otherwise */
#define PAUSE		1	/* seconds between two iterations */

/*
 * Mode L follows the phase-transition model of program behaviour (P. J.
 * Denning, "Working sets past and present", IEEE TSE 6(1), 1980): a program
 * stays with a small locality set for a while, then changes to another.
 */
#define PHASE		1000	/* accesses in a phase */
#define LOCALITY_SET	64	/* contiguous pages in a phase's locality set */
#define LOCAL_PERCENT	95	/* of the accesses that go to the set */

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

/* The memory, the random numbers and what has been done so far. */
struct work {
	size_t page;			/* bytes in a page */
	size_t bytes;			/* of memory */
	volatile unsigned char *memory;	/* volatile: nobody reads it, yet store */
	unsigned char *touched;		/* a bit a page */
	uint64_t touches;
	uint64_t distinct;		/* pages touched at least once */

	size_t set_bytes;		/* mode L: size of a locality set */
	size_t set;			/* mode L: where this phase's begins */

	/*
	 * Two sequences, so that the choice of a locality set never depends on
	 * how many numbers its accesses have used up.
	 */
	unsigned short where[3];	/* the byte within what was chosen */
	unsigned short behaviour[3];	/* phases, and set or whole memory */
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
	       "  -v, --verbose                say on stderr which iteration begins\n"
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
	uint16_t low = options->seed, high = options->seed >> 16;

	*work = (struct work){
		.page = sysconf(_SC_PAGESIZE),
		.bytes = options->mb << 20,
		.where = { 0x330e, low, high },
		.behaviour = { 0xbb67, low, high },
	};
	work->set_bytes = LOCALITY_SET * work->page;
	if (work->set_bytes > work->bytes)
		work->set_bytes = work->bytes;

	work->memory = map(work->bytes, 0);
	if (work->memory == MAP_FAILED)
		err(1, "%" PRIu64 " MB of memory", options->mb);
	/*
	 * A page that is touched is a fault: huge pages would bring 512 of them
	 * with one. This fails on a kernel that has none, which is as good.
	 */
	madvise((void *)work->memory, work->bytes, MADV_NOHUGEPAGE);

	/* Populated, so that bookkeeping does not fault later on. */
	work->touched = map(work->bytes / work->page / 8 + 1, MAP_POPULATE);
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

/* A whole number below @limit, each as likely as the others. */
static size_t uniform(unsigned short state[3], size_t limit)
{
	return erand48(state) * limit;
}

static size_t next_local(struct work *work)
{
	size_t places = (work->bytes - work->set_bytes) / work->page + 1;

	if (work->touches % PHASE == 0)
		work->set = uniform(work->behaviour, places) * work->page;
	if (uniform(work->behaviour, 100) < LOCAL_PERCENT)
		return work->set + uniform(work->where, work->set_bytes);
	return uniform(work->where, work->bytes);
}

static void iterate(struct work *work, const struct options *options)
{
	for (uint64_t i = 0; i < options->accesses && !stopped; i++) {
		size_t byte = options->mode == 'L' ?
			      next_local(work) : uniform(work->where, work->bytes);
		size_t page = byte / work->page;
		unsigned char bit = 1U << page % 8;

		work->memory[byte] = 1;
		work->distinct += !(work->touched[page / 8] & bit);
		work->touched[page / 8] |= bit;
		work->touches++;
	}
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
	for (uint64_t i = 1; i <= options->iterations && !stopped; i++) {
		if (options->verbose)
			fprintf(stderr, "work: pid %d: iteration %" PRIu64
				" of %" PRIu64 "\n", getpid(), i,
				options->iterations);
		iterate(work, options);
		if (i < options->iterations)
			sleep_unless_stopped();
	}
}

/* One line, one write: the reports of several copies do not mingle. */
static void report(const struct work *work, const struct options *options,
		   const struct usage *begin, const struct usage *end)
{
	double elapsed = difftime(end->time.tv_sec, begin->time.tv_sec) +
			 (end->time.tv_nsec - begin->time.tv_nsec) / 1e9;

	fprintf(stderr, "work: pid=%d mb=%" PRIu64 " mode=%c accesses=%" PRIu64
		" seed=%" PRIu64 " touches=%" PRIu64 " distinct=%" PRIu64
		" elapsed_s=%.6f minor=%ld major=%ld\n",
		getpid(), options->mb, options->mode, options->accesses,
		options->seed, work->touches, work->distinct, elapsed,
		end->faults.ru_minflt - begin->faults.ru_minflt,
		end->faults.ru_majflt - begin->faults.ru_majflt);
}

int main(int argc, char **argv)
{
	char enter[32], leave[32];
	struct usage begin, end;
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
	 * the run. To measure inside, not outside, leaves out the faults of
	 * opening, formatting and printing. The throw-away measurement here
	 * binds the functions and faults in their code and the stack, so that
	 * the real one costs no fault. What may still differ is a page of code
	 * or stack that was evicted in the run and is needed again by the
	 * second tell(): the profiler counts that fault, the report does not.
	 */
	measure(&begin);
	ours = tell(status, enter);
	if (!ours && errno != EEXIST)
		return 1;
	measure(&begin);
	run(&work, &options);
	measure(&end);
	left = !ours || tell(status, leave);

	report(&work, &options, &begin, &end);
	if (stopped) {
		signal(stopped, SIG_DFL);
		raise(stopped);
	}
	return left ? 0 : 1;
}
