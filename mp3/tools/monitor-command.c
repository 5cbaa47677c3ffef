// SPDX-License-Identifier: GPL-2.0
/*
 * A command under the profiler, with every process that it or a child of it forks.
 *
 * The command gets our standard files, signal mask and dispositions as we were
 * given them. It waits on a pipe until it is registered, so that nothing of it is
 * missed; and another pipe, closed by a successful exec, tells why one failed.
 */
#define _GNU_SOURCE
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "monitor.h"

#define LOOK	1000	/* ms between two looks at the ring */
#define PATIENCE 40	/* samples that are awaited for a last record to come */

/* The tree, and where it is read from. */
struct tree {
	struct ring ring;
	struct processes processes;
	struct trace *trace;	/* or NULL */
	pid_t root;
	int status;		/* of the profiler, to be written to */
	uint64_t missed_children;	/* before it began */
};

static bool tell(int status, char verb, pid_t pid)
{
	char command[32];

	snprintf(command, sizeof(command), "%c %d", verb, pid);
	return write(status, command, strlen(command)) >= 0;
}

/* Whether this is a record of the tree, and not of what others have registered. */
static bool ours(const struct tree *tree, const struct mp3_record *record)
{
	const struct process *known = processes_find(&tree->processes, record->pid);

	if (known && !(known->flags & MP3_LAST))
		return true;
	if (record->parent)
		return processes_find(&tree->processes, record->parent);
	return !known && record->pid == (uint32_t)tree->root;
}

static void read_records(struct tree *tree)
{
	uint64_t page_kb = tree->ring.header->page_bytes / 1024;
	struct mp3_record record;

	while (ring_next(&tree->ring, &record)) {
		if (!ours(tree, &record))
			continue;
		processes_add(&tree->processes, &record);
		if (tree->trace)
			trace_add(tree->trace, &record, page_kb);
	}
}

/* Reads the records of the next sample. Returns false if none will come. */
static bool await_sample(struct tree *tree)
{
	int events = ring_poll(&tree->ring, LOOK);

	if (events < 0 && errno != EINTR)
		err(1, "poll");
	read_records(tree);
	return events < 0 || !(events & POLLHUP);
}

static bool root_ended(const struct tree *tree)
{
	const struct process *root = processes_find(&tree->processes, tree->root);

	return root && root->flags & MP3_LAST;
}

/* Profiles those no longer that outlive the command. Returns whether any did. */
static bool unregister_survivors(struct tree *tree)
{
	bool found = false;

	for (struct process *p = tree->processes.first; p; p = p->next)
		if (!(p->flags & MP3_LAST)) {
			tell(tree->status, 'U', p->pid);
			found = true;
		}
	return found;
}

/* The two pipes between us and the command before it executes. */
struct pipes {
	int go[2];	/* a byte: it is registered */
	int why[2];	/* an errno: it cannot be executed */
};

/* Executes the command when it is told to. Does not return. */
static void become_command(char **command, const struct pipes *pipes)
{
	char byte;
	int error;

	close(pipes->go[1]);
	if (read(pipes->go[0], &byte, 1) != 1)
		_exit(125);	/* not registered */
	execvp(command[0], command);
	error = errno;
	if (write(pipes->why[1], &error, sizeof(error)) < 0)
		_exit(125);
	_exit(error == ENOENT ? 127 : 126);
}

/* Registers the command and lets it go. Returns when it executes, exits if not. */
static void start(struct tree *tree, char **command, const struct pipes *pipes)
{
	int error;

	if (!tell(tree->status, 'T', tree->root))
		err(125, "%s: cannot register the command", MP3_STATUS);
	if (write(pipes->go[1], "", 1) != 1)
		err(125, "pipe");
	close(pipes->go[0]);
	close(pipes->go[1]);
	close(pipes->why[1]);
	if (read(pipes->why[0], &error, sizeof(error)) == sizeof(error)) {
		waitpid(tree->root, NULL, 0);
		errno = error;
		err(error == ENOENT ? 127 : 126, "%s", command[0]);
	}
	close(pipes->why[0]);
}

/* Reads records until the command has ended. Returns its wait status. */
static int await_end(struct tree *tree, int signals)
{
	struct pollfd file = { .fd = signals, .events = POLLIN };
	struct signalfd_siginfo info;
	int state;

	for (;;) {
		if (poll(&file, 1, LOOK) < 0)
			err(1, "poll");
		if (file.revents && read(signals, &info, sizeof(info)) == sizeof(info) &&
		    info.ssi_signo != SIGCHLD)
			kill(tree->root, info.ssi_signo);
		if (waitpid(tree->root, &state, WNOHANG) == tree->root)
			return state;
		read_records(tree);
	}
}

/* The last records of the tree; then nothing of it is registered. */
static void finish(struct tree *tree)
{
	int samples = PATIENCE;

	read_records(tree);
	while (!root_ended(tree) && samples-- && await_sample(tree))
		;
	for (samples = PATIENCE; unregister_survivors(tree) && samples--; )
		await_sample(tree);
}

static double seconds(uint64_t ns)
{
	return ns / 1e9;
}

static double rate(uint64_t count, double elapsed)
{
	return elapsed > 0 ? count / elapsed : 0;
}

static void print_counts(FILE *output, const struct process *p, double elapsed)
{
	fprintf(output, "%10" PRIu64 " %8" PRIu64 " %10.1f %8.1f %9.3f %6.1f",
		p->minor, p->major, rate(p->minor, elapsed), rate(p->major, elapsed),
		seconds(p->cpu_ns), 100 * rate(p->cpu_ns, elapsed) / 1e9);
}

static void print_summary(const struct tree *tree, FILE *output, char **command,
			  int state, double elapsed)
{
	uint64_t page_kb = tree->ring.header->page_bytes / 1024;
	uint64_t unregistered = tree->ring.header->missed_children -
				tree->missed_children;
	struct process total = { .pid = 0 };

	fputs("\nmonitor:", output);
	for (; *command; command++) {
		putc(' ', output);
		print_name(output, *command);
	}
	if (WIFSIGNALED(state))
		fprintf(output, " (killed: %s)", strsignal(WTERMSIG(state)));
	fprintf(output, "\n%10s %10s %10s %8s %10s %8s %9s %6s %11s %12s %9s  %s\n",
		"PID", "PARENT", "MINOR", "MAJOR", "MINOR/S", "MAJOR/S", "CPU_S",
		"CPU%", "PEAK_RSS_KB", "PEAK_SWAP_KB", "ELAPSED_S", "COMMAND");
	for (const struct process *p = tree->processes.first; p; p = p->next) {
		double life = seconds(p->end_ns - p->begin_ns);

		fprintf(output, "%10" PRIu32 " %10" PRIu32 " ", p->pid, p->parent);
		print_counts(output, p, life);
		fprintf(output, " %11" PRIu64 " %12" PRIu64 " %9.3f  ",
			p->peak_rss * page_kb, p->peak_swap * page_kb, life);
		print_name(output, p->name);
		putc('\n', output);
		total.pid++;
		total.minor += p->minor;
		total.major += p->major;
		total.cpu_ns += p->cpu_ns;
	}
	fprintf(output, "%10s %10" PRIu32 " ", "total", total.pid);
	print_counts(output, &total, elapsed);
	fprintf(output, " %11s %12s %9.3f\n", "", "", elapsed);

	if (!total.pid)
		fprintf(output, "monitor: no record of PID %d: is this a PID namespace of its own?\n",
			tree->root);
	if (tree->ring.missed)
		fprintf(output, "monitor: %" PRIu64 " records were overwritten before they were read\n",
			tree->ring.missed);
	if (unregistered)
		fprintf(output, "monitor: %" PRIu64 " children were not registered: the table was full\n",
			unregistered);
}

static double now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return time.tv_sec + time.tv_nsec / 1e9;
}

/*
 * SIGCHLD, SIGTERM and SIGHUP come by a file from now on; SIGINT and SIGQUIT, which
 * the terminal sends to the command as well, do not end us before the summary.
 */
static int take_signals(void)
{
	sigset_t signals;
	int file;

	signal(SIGINT, SIG_IGN);
	signal(SIGQUIT, SIG_IGN);
	signal(SIGCHLD, SIG_DFL);	/* ignored, there would be no status */
	sigemptyset(&signals);
	sigaddset(&signals, SIGCHLD);
	sigaddset(&signals, SIGTERM);
	sigaddset(&signals, SIGHUP);
	sigprocmask(SIG_BLOCK, &signals, NULL);
	file = signalfd(-1, &signals, SFD_CLOEXEC);
	if (file < 0)
		err(125, "signalfd");
	return file;
}

void run_command(const char *path, FILE *output, const char *trace_path,
		 char **command)
{
	struct tree tree = { .root = 0 };
	struct pipes pipes;
	double begin, elapsed;
	int signals, state;

	/*
	 * The first thing, while we are as we were started: the command shall get
	 * our signals, and a resident set with no ring mapped, which would stay in
	 * its peak.
	 */
	if (pipe2(pipes.go, O_CLOEXEC) || pipe2(pipes.why, O_CLOEXEC))
		err(125, "pipe");
	tree.root = fork();
	if (tree.root < 0)
		err(125, "fork");
	if (!tree.root)
		become_command(command, &pipes);

	signals = take_signals();
	open_records(&tree.ring, path);
	ring_skip(&tree.ring);
	tree.missed_children = tree.ring.header->missed_children;
	tree.status = open(MP3_STATUS, O_WRONLY | O_CLOEXEC);
	if (tree.status < 0)
		err(125, "%s", MP3_STATUS);

	if (trace_path)
		tree.trace = trace_open(trace_path);
	begin = now();
	start(&tree, command, &pipes);
	failure = 1;
	if (output != stderr)
		empty_output(output);
	if (tree.trace)
		trace_begin(tree.trace);
	state = await_end(&tree, signals);
	elapsed = now() - begin;
	finish(&tree);
	print_summary(&tree, output, command, state, elapsed);
	if (fclose(output))
		err(failure, "the summary");
	if (tree.trace)
		trace_close(tree.trace);
	exit(WIFSIGNALED(state) ? 128 + WTERMSIG(state) : WEXITSTATUS(state));
}
