// SPDX-License-Identifier: GPL-2.0
/*
 * The command line of work, and its help.
 */
#define _GNU_SOURCE
#include <err.h>
#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "accesses.h"
#include "work.h"

#define MAX_MB		(1UL << 27)		/* 47 bits of addresses */
#define MAX_ACCESSES	1000000000000UL		/* in an iteration */
#define MAX_ITERATIONS	1000000UL		/* their product fits a word */
#define MAX_SEED	UINT32_MAX
#define MAX_THREADS	1024UL

#define USAGE	"Usage: work [OPTION]... MB R|L ACCESSES\n"

static void usage_error(void)
{
	fputs(USAGE "Try 'work --help'.\n", stderr);
	exit(2);
}

/* Draws the first six phases of a reference string: pages upwards, accesses to the right. */
static void draw(char mode)
{
	enum { ROWS = 8, COLUMNS = 60, STEP = PHASE / 10, PAGE = 4096, ROW = LOCALITY_SET * PAGE };
	struct accesses accesses = accesses_of(mode, ROWS * ROW, PAGE, 1);
	unsigned int count[ROWS][COLUMNS] = { 0 };

	for (unsigned int i = 0; i < COLUMNS * STEP; i++)
		count[next_access(&accesses) / ROW][i / STEP]++;
	for (int row = ROWS - 1; row >= 0; row--) {
		printf("%5d |", row * LOCALITY_SET);
		for (int column = 0; column < COLUMNS; column++)
			putchar(!count[row][column] ? ' ' : count[row][column] < STEP / 4 ? '.' : '#');
		puts("|");
	}
	printf("%8d", 0);
	for (int column = 10; column <= COLUMNS; column += 10)
		printf("%10d", column * STEP);
	puts("\n");
}

static void help(void)
{
	printf(USAGE
	       "Use MB mebibytes of memory, register with the profiler, and store single\n"
	       "bytes: ACCESSES of them in an iteration, with %d s of sleep between two\n"
	       "iterations. The last line on stderr tells what was done.\n"
	       "\n"
	       "  R  random: every access goes to any byte of the memory, uniformly.\n"
	       "     The program needs all of its memory all of the time.\n"
	       "\n", PAUSE);
	draw('R');
	printf("  L  locality: the program lives in phases of %d accesses. Each phase has\n"
	       "     a locality set, %d contiguous pages at a random place (all pages, if\n"
	       "     the memory has fewer). %d%% of the accesses go to any byte of the set,\n"
	       "     %d%% to any byte of the memory, uniformly. A phase runs on from one\n"
	       "     iteration into the next. The program needs few pages, and others in each\n"
	       "     phase.\n"
	       "\n", PHASE, LOCALITY_SET, LOCAL_PERCENT, 100 - LOCAL_PERCENT);
	draw('L');
	printf("The pictures show where %d accesses go, from left to right, in %d pages:\n"
	       "many where there is a #, few where there is a dot.\n"
	       "\n"
	       "  -n, --iterations=ITERATIONS  this many instead of %d\n"
	       "  -s, --seed=SEED              another sequence of accesses than that of 1\n"
	       "  -r, --read                   load bytes instead of storing them\n"
	       "  -t, --threads=THREADS        so many threads in the same memory; each has a\n"
	       "                               sequence of its own of ACCESSES an iteration\n"
	       "  -f, --file=FILE              use a mapping of FILE, which must be there and\n"
	       "                               MB long, instead of anonymous memory. Private:\n"
	       "                               a page that is stored to is copied, FILE stays\n"
	       "      --shared                 map it shared: stores go to FILE; without FILE,\n"
	       "                               shared memory as that of shm_open(3)\n"
	       "  -p, --pages=PAGES            of the memory: base, small ones only, so that a\n"
	       "                               page that is touched is a fault (the default);\n"
	       "                               thp, transparent huge pages; system, what the\n"
	       "                               system gives to anybody; or a size, as 2M, of\n"
	       "                               huge pages that root has set aside (hugetlb);\n"
	       "                               see work(1)\n"
	       "  -v, --verbose                say on stderr what each iteration has done\n"
	       "  -h, --help                   print this\n"
	       "\n"
	       "If stderr is a terminal, the number of the iteration is shown there.\n",
	       6 * PHASE, 8 * LOCALITY_SET, ITERATIONS);
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

static void bad_usage(const char *why)
{
	warnx("%s", why);
	usage_error();
}

/* A size is digits and one of K, M and G. */
static enum pages pages(const char *text, uint64_t *reserved)
{
	static const char units[] = "KMG";
	const char *unit;
	char *end;

	if (!strcmp(text, "base"))
		return BASE;
	if (!strcmp(text, "system"))
		return SYSTEM;
	if (!strcmp(text, "thp"))
		return TRANSPARENT;
	if (*text >= '1' && *text <= '9') {
		*reserved = strtoull(text, &end, 10);
		unit = *end && !end[1] ? strchr(units, *end) : NULL;
		if (unit && *reserved < 1024 && !(*reserved & (*reserved - 1))) {
			*reserved <<= 10 * (unit - units + 1);
			return RESERVED;
		}
	}
	warnx("PAGES: '%s' is neither base, system, thp nor a size as 2M", text);
	usage_error();
	return BASE;
}

void parse_options(int argc, char **argv, struct options *options)
{
	enum { SHARED = 256 };
	static const struct option names[] = {
		{ "file", required_argument, NULL, 'f' },
		{ "shared", no_argument, NULL, SHARED },
		{ "pages", required_argument, NULL, 'p' },
		{ "read", no_argument, NULL, 'r' },
		{ "threads", required_argument, NULL, 't' },
		{ "iterations", required_argument, NULL, 'n' },
		{ "seed", required_argument, NULL, 's' },
		{ "verbose", no_argument, NULL, 'v' },
		{ "help", no_argument, NULL, 'h' },
		{ NULL, 0, NULL, 0 },
	};
	int c;

	*options = (struct options){ .iterations = ITERATIONS, .seed = 1, .threads = 1 };
	while ((c = getopt_long(argc, argv, "f:n:p:rs:t:vh", names, NULL)) != -1) {
		switch (c) {
		case 'f':
			options->file = optarg;
			break;
		case SHARED:
			options->shared = true;
			break;
		case 'p':
			options->pages = pages(optarg, &options->reserved);
			break;
		case 'r':
			options->read = true;
			break;
		case 't':
			options->threads = number("THREADS", optarg, 1, MAX_THREADS);
			break;
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
	if (options->pages == RESERVED && options->file)
		bad_usage("a file has pages of its own: --pages=SIZE is without --file");
	if (options->pages == TRANSPARENT && (options->file || options->shared))
		bad_usage("--pages=thp is for private memory, without --file and --shared");
	argv += optind;
	options->mb = number("MB", argv[0], 1, MAX_MB);
	if (strcmp(argv[1], "R") && strcmp(argv[1], "L")) {
		warnx("'%s' is neither R nor L", argv[1]);
		usage_error();
	}
	options->mode = *argv[1];
	options->accesses = number("ACCESSES", argv[2], 0, MAX_ACCESSES);
	options->progress = !options->verbose && isatty(STDERR_FILENO);
}
