// SPDX-License-Identifier: GPL-2.0
/*
 * monitor - prints what the profiler has measured: the command line.
 *
 * Samples are four decimal columns, oldest sample first, no header: jiffies, minor
 * faults, major faults and CPU utilization, in the units of struct mp3_sample.
 * All else has a header row, or names its fields.
 *
 * Exit status: 0 done, 1 failed, 2 usage; that of COMMAND, if there is one (see
 * run_command() in monitor.h).
 */
#define _GNU_SOURCE
#include <ctype.h>
#include <err.h>
#include <errno.h>
#include <getopt.h>
#include <pwd.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "monitor.h"

#define INTERVAL_MS	50	/* the shortest: a sample period */

static const char help_text[] =
"Usage: monitor [OPTION]... -- COMMAND [ARGUMENT]...\n"
"                                             run COMMAND, and sum it up\n"
"       monitor [OPTION]... {-p PID | -C NAME | -u USER | -G PATH | -a}\n"
"                                             profile what runs already\n"
"       monitor {-i TIME | -t | -r | --trace FILE}\n"
"                                             look at what others have registered\n"
"       monitor [-f] [-d DEVICE]              take out the samples, print them\n"
"\n"
"Whom to profile, as long as monitor runs, or until Ctrl-C:\n"
"  -p, --pid=PID[,PID]...     these processes\n"
"  -C, --comm=NAME[,NAME]...  those with one of these names\n"
"  -u, --user=USER      those of this user\n"
"  -G, --cgroup=PATH    those in this cgroup, or below it\n"
"  -T, --tree           with all that they have forked, and will fork\n"
"  -a, --all            everybody that you may profile, and all that they fork\n"
"\n"
"What to print:\n"
"  -i, --interval=TIME  a table each TIME, as 500ms, 1s or 2, from 50ms on;\n"
"                       then the summary\n"
"  -t, --top            a live view on the terminal; h is help, q ends it\n"
"  -r, --records        the records of each process and sample, as TSV with a\n"
"                       header row; they stay in the ring\n"
"      --trace=FILE     write the records to FILE as a trace, in the Trace Event\n"
"                       Format (JSON), which Perfetto's and Chrome's viewers open\n"
"\n"
"How:\n"
"  -j, --json           a JSON object a line\n"
"  -x, --field-separator=CHAR  CHAR between the fields, and a header row: -x, is\n"
"                       CSV\n"
"  -s, --sort=KEY       by major, minor, cpu, rss, swap, time, pid or command\n"
"  -n, --lines=N        the first N lines of each table only; so does --top=N\n"
"  -b, --by=command     one line for all processes of a name\n"
"  -o, --output=FILE    where the summary and the intervals go\n"
"\n"
"How long:\n"
"  -f, --follow         go on while processes are registered, or until Ctrl-C\n"
"  -D, --duration=TIME  no longer than this\n"
"  -w, --wait           wait until a process is registered\n"
"      --new            leave out the records that are there already\n"
"\n"
"  -d, --device=DEVICE  the profile buffer, instead of ./node or else " MP3_DEVICE ";\n"
"                       or the record ring, instead of " MP3_RECORDS "\n"
"  -h, --help           print this\n";

static _Noreturn void bad_usage(const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	fputs("monitor: ", stderr);
	vfprintf(stderr, format, arguments);
	va_end(arguments);
	fputs(" (-h for help)\n", stderr);
	exit(2);
}

static _Noreturn void help(void)
{
	fputs(help_text, stdout);
	flush(stdout);
	exit(0);
}

/* A time: seconds, with a fraction; or with its unit, ms or s. */
static uint64_t parse_time(const char *option, const char *text)
{
	char *unit;
	double time = isdigit((unsigned char)*text) || *text == '.' ? strtod(text, &unit) : -1;

	if (time > 0 && !strcmp(unit, "ms"))
		time /= 1000;
	else if (time > 0 && *unit && strcmp(unit, "s"))
		time = -1;
	if (!(time > 0 && time < 1e9))
		bad_usage("%s wants a time, as 500ms, 1s or 2, not '%s'", option, text);
	return time * SECOND + 0.5;
}

static size_t parse_number(const char *option, const char *text)
{
	char *end = NULL;
	unsigned long number;

	errno = 0;
	number = isdigit((unsigned char)*text) ? strtoul(text, &end, 10) : 0;
	if (!number || errno || *end)
		bad_usage("%s wants a number from 1 on, not '%s'", option, text);
	return number;
}

static uid_t parse_user(const char *text)
{
	const struct passwd *user = getpwnam(text);
	char *end = NULL;
	unsigned long number = isdigit((unsigned char)*text) ? strtoul(text, &end, 10) : 0;

	if (!user && (!end || *end || number > UINT32_MAX))
		bad_usage("there is no user '%s'", text);
	return user ? user->pw_uid : number;
}

/* A single character, or \t as perf has it. */
static char parse_separator(const char *text)
{
	if (!strcmp(text, "\\t") || !strcmp(text, "tab"))
		return '\t';
	if (strlen(text) != 1 || isalnum((unsigned char)*text) || strchr("\".-\\\n", *text))
		bad_usage("-x wants a separator, as -x, or -x ';', not '%s'", text);
	return *text;
}

/* As in /proc/PID/cgroup, with a slash in front. */
static const char *parse_cgroup(const char *text)
{
	static const char mount[] = "/sys/fs/cgroup";
	char *path;

	if (!strncmp(text, mount, strlen(mount)) && strchr("/", text[strlen(mount)]))
		text += strlen(mount);
	if (asprintf(&path, "%s%s", *text == '/' ? "" : "/", text) < 0)
		err(1, "memory");
	return path;
}

/* What is to be done, beside the request. */
struct mode {
	bool records;
	bool live;
};

enum { TRACE = 256, NEW, PROCESSES, TOP };	/* options without a letter */

static void take_option(struct request *request, struct mode *mode, int c, char **argv)
{
	struct who *who = &request->who;

	switch (c) {
	case 'C':
		who->names = optarg;
		break;
	case 'D':
		request->duration_ns = parse_time("-D", optarg);
		break;
	case 'G':
		who->cgroup = parse_cgroup(optarg);
		break;
	case 'T':
		who->tree = true;
		break;
	case 'a':
		who->everybody = who->tree = true;
		break;
	case 'b':
		if (strcmp(optarg, "command"))
			bad_usage("--by wants 'command', not '%s'", optarg);
		request->shape.by_command = true;
		break;
	case 'd':
		request->device = optarg;
		break;
	case 'f':
		request->following = true;
		break;
	case 'h':
		help();
	case 'i':
		request->interval_ns = parse_time("-i", optarg);
		if (request->interval_ns < INTERVAL_MS * SECOND / 1000)
			bad_usage("-i wants at least %dms, the time from a sample to the next", INTERVAL_MS);
		break;
	case 'j':
		request->form.format = JSON;
		break;
	case 'n':
		request->shape.top = parse_number("-n", optarg);
		break;
	case 'o':
		request->output_path = optarg;
		break;
	case 'p':
		/* The old spelling of -r has no PID behind it. */
		if (optarg ? !who_parse_pids(who, optarg) :
		    argv[optind] && isdigit((unsigned char)*argv[optind]) &&
		    !who_parse_pids(who, argv[optind++]))
			bad_usage("-p wants PID[,PID]..., not '%s'", optarg ? optarg : argv[optind - 1]);
		mode->records |= !who->nr_pids;
		break;
	case 'r':
	case PROCESSES:
		mode->records = true;
		break;
	case 's':
		request->shape.sort = sort_parse(optarg);
		if (request->shape.sort == SORT_NONE)
			bad_usage("--sort wants %s, not '%s'", sort_names, optarg);
		break;
	case 't':
		mode->live = true;
		break;
	case TOP:
		/* As in --top N, beside --top, the live view. */
		if (optarg || (argv[optind] && isdigit((unsigned char)*argv[optind])))
			request->shape.top = parse_number("--top", optarg ? optarg : argv[optind++]);
		else
			mode->live = true;
		break;
	case 'u':
		who->of_user = true;
		who->user = parse_user(optarg);
		break;
	case 'w':
		request->waiting = true;
		break;
	case 'x':
		request->form.format = SEPARATED;
		request->form.separator = parse_separator(optarg);
		break;
	case NEW:
		request->fresh = true;
		break;
	case TRACE:
		request->trace_path = optarg;
		break;
	default:
		fputs("Try 'monitor -h'.\n", stderr);
		exit(2);
	}
}

static bool who_is_named(const struct who *who)
{
	return who_is_given(who) && !who->everybody;
}

/* Says which options do not go together. */
static void check(const struct request *request, const struct mode *mode, const char *command)
{
	const struct who *who = &request->who;
	bool given = who_is_given(who), trace = request->trace_path;
	bool summary = command || request->interval_ns || (given && !mode->records && !mode->live);

	if (command && (mode->records || mode->live || request->following))
		bad_usage("-r, -t and -f do not go with a command, '%s'", command);
	if (command && (given || who->tree || request->waiting || request->duration_ns))
		bad_usage("-p, -C, -u, -G, -a, -T, -D and -w do not go with a command, '%s'", command);
	if (who->nr_pids + who->everybody && (who->names || who->of_user || who->cgroup ||
					      (who->nr_pids && who->everybody)))
		bad_usage("-p, -a, and the others that say whom to profile, do not go together");
	if (who->tree && !given)
		bad_usage("-T wants to know whose tree: -p, -C, -u or -G");
	if (mode->live && (mode->records || request->following || trace || request->interval_ns))
		bad_usage("-t does not go with -r, -f, -i and --trace");
	if (mode->records && request->interval_ns)
		bad_usage("-r does not go with -i");
	if (mode->records && trace)
		bad_usage("the records go either to standard output, with -r, or to a trace");
	if (request->output_path && !summary)
		bad_usage("-o is for a summary and for intervals");
	if (request->form.format != TEXT && !summary && !mode->records)
		bad_usage("-j and -x are for a summary, for intervals (-i) and for records (-r)");
	if ((request->shape.by_command || request->shape.top != SIZE_MAX) && !summary)
		bad_usage("-n and --by are for a summary and for intervals");
	if (request->shape.sort != SORT_NONE && !summary && !mode->live)
		bad_usage("--sort is for a summary, for intervals and for -t");
	if (request->fresh && (summary || given || !(mode->records || trace)))
		bad_usage("--new is for -r and --trace");
	if (request->waiting && (given || !(request->following || request->interval_ns)))
		bad_usage("-w is for -f and -i");
	if (request->duration_ns && !(given || request->following || request->interval_ns))
		bad_usage("-D is for -f, for -i, and for those that say whom to profile");
	if (request->duration_ns && mode->live)
		bad_usage("-D does not go with -t");
}

int main(int argc, char **argv)
{
	static const struct option names[] = {
		{ "all", no_argument, NULL, 'a' },
		{ "by", required_argument, NULL, 'b' },
		{ "cgroup", required_argument, NULL, 'G' },
		{ "comm", required_argument, NULL, 'C' },
		{ "device", required_argument, NULL, 'd' },
		{ "duration", required_argument, NULL, 'D' },
		{ "field-separator", required_argument, NULL, 'x' },
		{ "follow", no_argument, NULL, 'f' },
		{ "help", no_argument, NULL, 'h' },
		{ "interval", required_argument, NULL, 'i' },
		{ "json", no_argument, NULL, 'j' },
		{ "lines", required_argument, NULL, 'n' },
		{ "new", no_argument, NULL, NEW },
		{ "output", required_argument, NULL, 'o' },
		{ "pid", required_argument, NULL, 'p' },
		{ "processes", no_argument, NULL, PROCESSES },
		{ "records", no_argument, NULL, 'r' },
		{ "sort", required_argument, NULL, 's' },
		{ "top", optional_argument, NULL, TOP },
		{ "trace", required_argument, NULL, TRACE },
		{ "tree", no_argument, NULL, 'T' },
		{ "user", required_argument, NULL, 'u' },
		{ "wait", no_argument, NULL, 'w' },
		{ NULL, 0, NULL, 0 },
	};
	struct request request = { .form.separator = '\t', .shape.top = SIZE_MAX };
	struct mode mode = { .records = false };
	const char *value = NULL;
	bool command, terminal;
	size_t total;
	int c;

	while ((c = getopt_long(argc, argv, "+C:D:G:Tab:d:fhi:jn:o:prs:tu:wx:", names, NULL)) != -1) {
		value = optarg;
		take_option(&request, &mode, c, argv);
	}
	/* A "--" that is an option's argument, as in -d --, ends no options. */
	command = optind > 1 && argv[optind - 1] != value && !strcmp(argv[optind - 1], "--");
	if (command && optind == argc)
		bad_usage("no command stands behind '--'");
	if (optind < argc && !command)
		bad_usage(isdigit((unsigned char)*argv[optind]) ?
			  "'%s' stands alone: -p %s profiles a process" :
			  "'%s' stands alone: a command comes behind '--'", argv[optind], argv[optind]);
	check(&request, &mode, command ? argv[optind] : NULL);
	/* Who is many, and was not named, is shown by what was done. */
	request.shape.active = !command && !who_is_named(&request.who);
	if (request.shape.sort == SORT_NONE && (request.shape.active || request.shape.top != SIZE_MAX))
		request.shape.sort = SORT_MAJOR;

	if (command) {
		failure = 125;
		run_command(&request, argv + optind);
	}
	if (mode.live) {
		live_view(&request);
		return 0;
	}
	if (request.interval_ns || (who_is_given(&request.who) && !mode.records))
		return watch_processes(&request) ? 0 : 1;
	if (mode.records || request.trace_path)
		return print_records(&request) ? 0 : 1;

	terminal = isatty(STDOUT_FILENO);
	total = print_samples(request.device, request.following, request.waiting);
	/* What the file system held back until now is reported by close(2). */
	if (fclose(stdout))
		err(1, "standard output");
	fprintf(stderr, "monitor: %zu samples%s\n", total, !terminal ? "" :
		total ? ": jiffies, minor faults, major faults, CPU time in 1/100 %" :
		": nobody has been registered since they were last taken out");
	return 0;
}
