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
"                       CSV, -x tab is TSV\n"
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

/* Options without a letter. */
enum { TRACE = 256, NEW, PROCESSES, TOP, OPTIONS };

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

/* What an option's argument has to be. */
static const char *const wanted[OPTIONS] = {
	['C'] = "NAME[,NAME]...",
	['D'] = "a time, as 500ms, 1s or 2",
	['G'] = "a cgroup, as system.slice/ssh.service",
	['b'] = "'command'",
	['d'] = "a device",
	['i'] = "a time, as 500ms, 1s or 2",
	['n'] = "a number from 1 on",
	['o'] = "a file",
	['p'] = "PID[,PID]...",
	['s'] = sort_names,
	['u'] = "a user, by name or number",
	['x'] = "a separator, as -x, or -x ';'",
	[TOP] = "a number from 1 on",
	[TRACE] = "a file",
};

/* How each option was typed, as "-i" or "--interval"; NULL if it was not. */
static const char *typed[OPTIONS];

static const char *as_typed(const char *word, int option)
{
	static char texts[OPTIONS][24];

	if (!strncmp(word, "--", 2))
		snprintf(texts[option], sizeof(*texts), "%.*s", (int)strcspn(word, "="), word);
	else
		snprintf(texts[option], sizeof(*texts), "-%c", option);
	return texts[option];
}

static _Noreturn void bad_argument(int option, const char *text)
{
	bad_usage("%s wants %s, not '%s'", typed[option], wanted[option], text);
}

/* @c is what getopt has returned of @word: ':', the argument is missing; or '?'. */
static _Noreturn void bad_option(int c, const char *word)
{
	int length = strcspn(word, "=");
	size_t candidates = 0;

	if (c == ':')
		bad_usage("%s wants %s", as_typed(word, optopt), wanted[optopt]);
	for (const struct option *known = names; known->name; known++) {
		if (known->val == optopt)
			bad_usage("%s takes no argument", as_typed(word, optopt));
		candidates += !optopt && !strncmp(known->name, word + 2, length - 2);
	}
	if (candidates > 1)
		bad_usage("more than one option begins so: %.*s", length, word);
	if (!optopt || !isascii(optopt))
		bad_usage("no such option: %.*s", length, word);
	bad_usage(isdigit(optopt) ? "no such option: -%c; a PID is a word of its own, as in -p 1234" :
		  "no such option: -%c", optopt);
}

static const char *parse_text(int option, const char *text)
{
	if (!*text)
		bad_argument(option, text);
	return text;
}

/* A time: seconds, with a fraction; or with its unit, ms or s. */
static uint64_t parse_time(int option, const char *text)
{
	char *unit;
	double time = isdigit((unsigned char)*text) || *text == '.' ? strtod(text, &unit) : -1;

	if (time > 0 && !strcmp(unit, "ms"))
		time /= 1000;
	else if (time > 0 && *unit && strcmp(unit, "s"))
		time = -1;
	if (!(time * SECOND >= 1 && time < 1e9))
		bad_argument(option, text);
	return time * SECOND + 0.5;
}

static size_t parse_number(int option, const char *text)
{
	char *end = NULL;
	unsigned long number;

	errno = 0;
	number = isdigit((unsigned char)*text) ? strtoul(text, &end, 10) : 0;
	if (!number || errno || *end)
		bad_argument(option, text);
	return number;
}

/* None of them is empty. */
static const char *parse_names(const char *list)
{
	for (const char *name = list; ; name++) {
		if (!*name || *name == ',')
			bad_argument('C', list);
		name += strcspn(name, ",");
		if (!*name)
			return list;
	}
}

static uid_t parse_user(const char *text)
{
	const struct passwd *user = getpwnam(parse_text('u', text));
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
		bad_argument('x', text);
	return *text;
}

/* As in /proc/PID/cgroup, with a slash in front. */
static const char *parse_cgroup(const char *text)
{
	static const char mount[] = "/sys/fs/cgroup";
	char *path;

	parse_text('G', text);
	if (!strncmp(text, mount, strlen(mount)) && strchr("/", text[strlen(mount)]))
		text += strlen(mount);
	if (asprintf(&path, "%s%s", *text == '/' ? "" : "/", text) < 0)
		err(1, "memory");
	return path;
}

/* The word behind an option, if it is not another option. */
static char *word_behind(char **argv)
{
	char *word = argv[optind];

	if (!word || (*word == '-' && !isdigit((unsigned char)word[1])))
		return NULL;
	optind++;
	return word;
}

static void take_option(struct request *request, int c, char **argv)
{
	struct who *who = &request->who;

	switch (c) {
	case 'C':
		who->names = parse_names(optarg);
		break;
	case 'D':
		request->duration_ns = parse_time(c, optarg);
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
			bad_argument(c, optarg);
		request->shape.by_command = true;
		break;
	case 'd':
		request->device = parse_text(c, optarg);
		break;
	case 'f':
		request->following = true;
		break;
	case 'h':
		help();
	case 'i':
		request->interval_ns = parse_time(c, optarg);
		if (request->interval_ns < INTERVAL_MS * SECOND / 1000)
			bad_usage("%s wants at least %dms, the time from a sample to the next", typed[c], INTERVAL_MS);
		break;
	case 'j':
		request->form.format = JSON;
		break;
	case 'n':
		request->shape.top = parse_number(c, optarg);
		break;
	case 'o':
		request->output_path = parse_text(c, optarg);
		break;
	case 'p':
		if (!optarg)
			optarg = word_behind(argv);
		if (optarg && !who_parse_pids(who, optarg))
			bad_argument(c, optarg);
		/* The old spelling of -r has no PID behind it. */
		if (!optarg) {
			typed['r'] = typed['p'];
			typed['p'] = NULL;
		}
		break;
	case PROCESSES:
		typed['r'] = typed[c];
		break;
	case 's':
		request->shape.sort = sort_parse(optarg);
		if (request->shape.sort == SORT_NONE)
			bad_argument(c, optarg);
		break;
	case TOP:
		/* As in --top N, beside --top, the live view. */
		if (!optarg)
			optarg = word_behind(argv);
		if (optarg)
			request->shape.top = parse_number(c, optarg);
		typed[optarg ? 'n' : 't'] = typed[c];
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
		request->trace_path = parse_text(c, optarg);
		break;
	}
}

static bool who_is_named(const struct who *who)
{
	return who_is_given(who) && !who->everybody;
}

/* The first of these options that was typed, or NULL. */
static const char *first_typed(const int *options)
{
	for (; *options; options++)
		if (typed[*options])
			return typed[*options];
	return NULL;
}

#define ANY_OF(...)	first_typed((const int[]){ __VA_ARGS__, 0 })
#define WHO		'p', 'C', 'u', 'G', 'a'

static void apart(const char *one, const char *other)
{
	if (one && other)
		bad_usage("%s does not go with %s", one, other);
}

static void needs(const char *option, bool there, const char *what)
{
	if (option && !there)
		bad_usage("%s needs %s", option, what);
}

/* Says which options do not go together, or not without another one. */
static void check(const char *command)
{
	const char *alone = command ? ANY_OF(WHO, 'r', 't', 'f', 'T', 'D', 'w', NEW) : NULL;
	bool summary = command || typed['i'] || (ANY_OF(WHO) && !ANY_OF('r', 't'));

	if (alone)
		bad_usage("%s does not go with a command, '%s'", alone, command);
	apart(typed['p'], ANY_OF('C', 'u', 'G', 'a'));
	apart(typed['a'], ANY_OF('C', 'u', 'G'));
	apart(typed['t'], ANY_OF('r', 'f', 'i', 'D', TRACE));
	apart(typed['r'], ANY_OF('i', TRACE));
	apart(ANY_OF('o', 'n', 'b'), ANY_OF('r', 't'));
	apart(ANY_OF('j', 'x'), typed['t']);
	apart(typed['s'], typed['r']);
	apart(ANY_OF('w', NEW), ANY_OF(WHO));
	apart(typed[NEW], typed['i']);
	needs(typed['T'], ANY_OF(WHO), "to know whose tree: -p PID, -C, -u or -G");
	needs(ANY_OF('o', 'n', 'b'), summary, "a command, -i, or processes (-p PID, -C, -u, -G or -a)");
	needs(ANY_OF('j', 'x'), summary || typed['r'], "a command, -i, -r, or processes (-p PID, -C, -u, -G or -a)");
	needs(typed['s'], summary || typed['t'], "a command, -i, -t, or processes (-p PID, -C, -u, -G or -a)");
	needs(typed['D'], ANY_OF(WHO, 'f', 'i'), "-f, -i, or processes (-p PID, -C, -u, -G or -a)");
	needs(typed['w'], ANY_OF('f', 'i'), "-f or -i");
	needs(typed[NEW], ANY_OF('r', TRACE), "-r or --trace");
}

int main(int argc, char **argv)
{
	struct request request = { .form.separator = '\t', .shape.top = SIZE_MAX };
	const char *value = NULL, *word = argv[1];
	bool command, terminal;
	size_t total;
	int c;

	opterr = 0;
	while ((c = getopt_long(argc, argv, "+:C:D:G:Tab:d:fhi:jn:o:prs:tu:wx:", names, NULL)) != -1) {
		if (c == ':' || c == '?')
			bad_option(c, word);
		value = optarg;
		typed[c] = as_typed(word, c);
		take_option(&request, c, argv);
		word = argv[optind];
	}
	/* A "--" that is an option's argument, as in -d --, ends no options. */
	command = optind > 1 && argv[optind - 1] != value && !strcmp(argv[optind - 1], "--");
	if (command && optind == argc)
		bad_usage("no command stands behind '--'");
	if (optind < argc && !command)
		bad_usage(isdigit((unsigned char)*argv[optind]) ?
			  "'%s' stands alone: -p %s profiles a process" :
			  "'%s' stands alone: a command comes behind '--'", argv[optind], argv[optind]);
	check(command ? argv[optind] : NULL);
	/* Who is many, and was not named, is shown by what was done. */
	request.shape.active = !command && !who_is_named(&request.who);
	if (request.shape.sort == SORT_NONE && (request.shape.active || request.shape.top != SIZE_MAX))
		request.shape.sort = SORT_MAJOR;

	if (command) {
		failure = 125;
		run_command(&request, argv + optind);
	}
	if (typed['t']) {
		live_view(&request);
		return 0;
	}
	if (request.interval_ns || (who_is_given(&request.who) && !typed['r']))
		return watch_processes(&request) ? 0 : 1;
	if (typed['r'] || request.trace_path)
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
