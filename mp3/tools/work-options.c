// SPDX-License-Identifier: GPL-2.0
/*
 * The command line of work, and its help.
 */
#define _GNU_SOURCE
#include <err.h>
#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdarg.h>
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

static _Noreturn void bad_usage(const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	fputs("work: ", stderr);
	vfprintf(stderr, format, arguments);
	va_end(arguments);
	fputs(" (-h for help)\n", stderr);
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
	printf("Usage: work [OPTION]... MB R|L ACCESSES\n"
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
	       "      --sleep=SECONDS          sleep so long between two iterations; 0: not at all\n"
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
	if (!end || *end || errno || value < min || value > max)
		bad_usage("%s wants a number from %" PRIu64 " to %" PRIu64 ", not '%s'", name, min, max, text);
	return value;
}

/* A size is digits and one of K, M and G. */
static enum pages pages(const char *name, const char *text, uint64_t *reserved)
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
	bad_usage("%s wants base, thp, system or a size as 2M, not '%s'", name, text);
}

enum { SHARED = 256, SLEEP };	/* options without a letter */

static const struct option names[] = {
	{ "file", required_argument, NULL, 'f' },
	{ "shared", no_argument, NULL, SHARED },
	{ "pages", required_argument, NULL, 'p' },
	{ "read", no_argument, NULL, 'r' },
	{ "threads", required_argument, NULL, 't' },
	{ "iterations", required_argument, NULL, 'n' },
	{ "seed", required_argument, NULL, 's' },
	{ "sleep", required_argument, NULL, SLEEP },
	{ "verbose", no_argument, NULL, 'v' },
	{ "help", no_argument, NULL, 'h' },
	{ NULL, 0, NULL, 0 },
};

/* @c is what getopt has returned: ':', the argument is missing; or '?'. */
static _Noreturn void bad_option(int c, char **argv)
{
	const char *word = argv[optind - 1];	/* if that is the one, it is as long as this */
	int length = strcspn(word, "=");

	if (c == ':' && !strncmp(word, "--", 2))
		bad_usage("%s wants an argument", word);
	if (c == ':')
		bad_usage("-%c wants an argument", optopt);
	for (const struct option *known = names; known->name; known++)
		if (known->val == optopt)
			bad_usage("%.*s takes no argument", length, word);
	if (!optopt)
		bad_usage("no such option, or more than one: %.*s", length, word);
	bad_usage("no such option: -%c", optopt);
}

void parse_options(int argc, char **argv, struct options *options)
{
	char name[32];		/* of the option, as it was typed */
	int long_one = -1;
	int c;

	*options = (struct options){ .iterations = ITERATIONS, .seed = 1, .threads = 1, .pause = PAUSE };
	opterr = 0;
	while ((c = getopt_long(argc, argv, ":f:n:p:rs:t:vh", names, &long_one)) != -1) {
		if (c == ':' || c == '?')
			bad_option(c, argv);
		if (long_one < 0)
			snprintf(name, sizeof(name), "-%c", c);
		else
			snprintf(name, sizeof(name), "--%s", names[long_one].name);
		long_one = -1;
		switch (c) {
		case 'f':
			if (!*optarg)
				bad_usage("%s wants a file, not ''", name);
			options->file = optarg;
			break;
		case SHARED:
			options->shared = true;
			break;
		case 'p':
			options->pages = pages(name, optarg, &options->reserved);
			break;
		case 'r':
			options->read = true;
			break;
		case 't':
			options->threads = number(name, optarg, 1, MAX_THREADS);
			break;
		case 'n':
			options->iterations = number(name, optarg, 1, MAX_ITERATIONS);
			break;
		case 's':
			options->seed = number(name, optarg, 0, MAX_SEED);
			break;
		case SLEEP:
			options->pause = number(name, optarg, 0, MAX_PAUSE);
			break;
		case 'v':
			options->verbose = true;
			break;
		case 'h':
			help();
			break;
		}
	}
	if (argc - optind != 3)
		bad_usage("three arguments are needed, MB, R or L, and ACCESSES, not %d", argc - optind);
	if (options->pages == RESERVED && options->file)
		bad_usage("a file has pages of its own: --pages=SIZE is without --file");
	if (options->pages == TRANSPARENT && (options->file || options->shared))
		bad_usage("--pages=thp is for private memory, without --file and --shared");
	argv += optind;
	options->mb = number("MB", argv[0], 1, MAX_MB);
	if (strcmp(argv[1], "R") && strcmp(argv[1], "L"))
		bad_usage("'%s' is neither R nor L", argv[1]);
	options->mode = *argv[1];
	options->accesses = number("ACCESSES", argv[2], 0, MAX_ACCESSES);
	options->progress = !options->verbose && isatty(STDERR_FILENO);
}
