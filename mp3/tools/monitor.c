// SPDX-License-Identifier: GPL-2.0
/*
 * monitor - prints what the profiler has measured.
 *
 *	monitor [-f] [-d DEVICE] > FILE		the samples of the profile buffer
 *	monitor -p [-f] [-d DEVICE] > FILE	the records of the record ring
 *	monitor --trace FILE [-f] [-d DEVICE]	the same as a trace for viewers
 *	monitor -t [-d DEVICE]			a live view of the same
 *	monitor [-o FILE] [--trace FILE] -- COMMAND [ARGUMENT]...	a summary of COMMAND's tree
 *
 * Samples are four decimal columns, oldest sample first, no header: jiffies, minor
 * faults, major faults and CPU utilization, in the units of struct mp3_sample.
 * Records are TSV with a header row, in the units that it names.
 *
 * Exit status: 0 done, 1 failed, 2 usage. SIGINT or SIGTERM ends -f in order.
 * That of COMMAND, if there is one (see run_command() in monitor.h).
 */
#include <err.h>
#include <getopt.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "monitor.h"

#define USAGE	"Usage: monitor [-p | --trace FILE] [-f] [-d DEVICE]\n" \
		"       monitor -t [-d DEVICE]\n" \
		"       monitor [-d DEVICE] [-o FILE] [--trace FILE] -- COMMAND [ARGUMENT]...\n"

static void usage_error(void)
{
	fputs(USAGE "Try 'monitor --help'.\n", stderr);
	exit(2);
}

static void bad_usage(const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	vwarnx(format, arguments);
	va_end(arguments);
	usage_error();
}

static void help(void)
{
	printf(USAGE
	       "Take the samples out of the profile buffer and print them, oldest first:\n"
	       "jiffies, minor faults, major faults, and CPU utilization in hundredths of\n"
	       "a percent of one CPU. Their number goes to stderr.\n"
	       "With COMMAND, run it under the profiler with all processes that it forks,\n"
	       "and print a summary of each to stderr. The exit status is COMMAND's.\n"
	       "\n"
	       "  -p, --processes      print the records of each process instead, as TSV\n"
	       "                       with a header row; they stay in the ring\n"
	       "  -t, --top            show the registered processes, those with most major\n"
	       "                       faults first, until q is pressed\n"
	       "      --trace=FILE     write the records to FILE as a trace, in the Trace\n"
	       "                       Event Format (JSON), which Perfetto's and Chrome's\n"
	       "                       viewers open\n"
	       "  -f, --follow         go on while processes are registered, or until\n"
	       "                       SIGINT or SIGTERM\n"
	       "  -d, --device=DEVICE  the profile buffer, instead of ./node or else\n"
	       "                       " MP3_DEVICE "; or the record ring, instead of\n"
	       "                       " MP3_RECORDS "\n"
	       "  -o, --output=FILE    where the summary goes\n"
	       "  -h, --help           print this\n");
	flush(stdout);
	exit(0);
}

enum { TRACE = 256 };	/* an option without a letter */

int main(int argc, char **argv)
{
	static const struct option names[] = {
		{ "device", required_argument, NULL, 'd' },
		{ "follow", no_argument, NULL, 'f' },
		{ "help", no_argument, NULL, 'h' },
		{ "output", required_argument, NULL, 'o' },
		{ "processes", no_argument, NULL, 'p' },
		{ "top", no_argument, NULL, 't' },
		{ "trace", required_argument, NULL, TRACE },
		{ NULL, 0, NULL, 0 },
	};
	bool following = false, processes = false, live = false, command;
	const char *path = NULL, *output = NULL, *trace = NULL, *value = NULL;
	FILE *summary = stderr;
	size_t total;
	int c;

	while ((c = getopt_long(argc, argv, "+d:fho:pt", names, NULL)) != -1) {
		value = optarg;
		switch (c) {
		case 'd':
			path = optarg;
			break;
		case 'f':
			following = true;
			break;
		case 'h':
			help();
			break;
		case 'o':
			output = optarg;
			break;
		case 'p':
			processes = true;
			break;
		case 't':
			live = true;
			break;
		case TRACE:
			trace = optarg;
			break;
		default:
			usage_error();
		}
	}
	/* A "--" that is an option's argument, as in -d --, ends no options. */
	command = optind > 1 && argv[optind - 1] != value && !strcmp(argv[optind - 1], "--");
	if (command && optind == argc)
		bad_usage("no command stands behind '--'");
	if (optind < argc && !command)
		bad_usage("no argument is expected, but '%s' is there", argv[optind]);
	if (command && (following || processes || live))
		bad_usage("-p, -f and -t do not go with a command, '%s'", argv[optind]);
	if (!command && output)
		bad_usage("-o is for the summary of a command");
	if (processes && trace)
		bad_usage("the records go either to standard output, with -p, or to a trace");
	if (live && (processes || following || trace))
		bad_usage("-t does not go with -p, -f and --trace");

	if (command) {
		failure = 125;
		if (output)
			summary = open_output(output);
		run_command(path, summary, trace, argv + optind);
	}
	if (live) {
		live_view(path);
		return 0;
	}
	if (processes || trace)
		return print_records(path, following, trace) ? 0 : 1;

	total = print_samples(path, following);
	/* What the file system held back until now is reported by close(2). */
	if (fclose(stdout))
		err(1, "standard output");
	fprintf(stderr, "monitor: %zu samples\n", total);
	return 0;
}
