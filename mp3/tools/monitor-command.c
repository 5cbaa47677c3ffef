// SPDX-License-Identifier: GPL-2.0
/*
 * A command under the profiler, with every process that it or a child of it forks.
 *
 * A process of ours, the launcher, is attached to with its tree, and then forks the command:
 * so the command is profiled from its fork on, and not one fault of it is missed. It is our
 * child nevertheless (CLONE_PARENT), with our standard files, signal mask and dispositions
 * as we were given them.
 */
#define _GNU_SOURCE
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "monitor.h"

/* The pipes between us and the launcher, or the command before it executes. */
struct pipes {
	int go[2];	/* the launcher's PID: it is attached to */
	int why[2];	/* the command's PID, and an errno if it cannot be executed */
};

/* What is run, and by whom. */
struct command {
	char **words;
	struct pipes pipes;
	pid_t launcher;
	pid_t pid;
	int signals;
};

/* Executes the command. Does not return. */
static _Noreturn void execute(const struct command *command, pid_t pid)
{
	int error;

	if (write(command->pipes.why[1], &pid, sizeof(pid)) != sizeof(pid))
		_exit(125);
	execvp(command->words[0], command->words);
	error = errno;
	if (write(command->pipes.why[1], &error, sizeof(error)) < 0)
		_exit(125);
	_exit(error == ENOENT ? 127 : 126);
}

/*
 * What the launcher does, when it is told to. Does not return.
 *
 * The first process of a PID namespace (unshare -p) can have no sibling, nor end before the
 * others. It becomes the command itself, and is counted from when it was attached to.
 */
static _Noreturn void launch(const struct command *command)
{
	pid_t self, pid;

	close(command->pipes.go[1]);
	if (read(command->pipes.go[0], &self, sizeof(self)) != sizeof(self))
		_exit(125);	/* not attached to */
	if (self != getpid())
		execute(command, self);
	/* Not fork(): the child is to be a sibling. */
	pid = syscall(SYS_clone, CLONE_PARENT | SIGCHLD, NULL, NULL, NULL, NULL);
	if (!pid)
		execute(command, getpid());
	if (pid < 0)
		execute(command, self);
	_exit(0);
}

/* Has the launcher attached to, and the command begun. Exits if it cannot be. */
static void start(struct command *command, struct profile *profile)
{
	struct pipes *pipes = &command->pipes;
	struct process *launcher = profile_attach(profile, command->launcher, true);
	int error;

	if (!launcher && errno == ENOTTY)
		errx(125, "the loaded module is older than this monitor, and cannot attach");
	if (!launcher)
		err(125, "cannot profile the command");
	if (write(pipes->go[1], &command->launcher, sizeof(pid_t)) != sizeof(pid_t))
		err(125, "pipe");
	close(pipes->go[0]);
	close(pipes->go[1]);
	close(pipes->why[1]);
	if (read(pipes->why[0], &command->pid, sizeof(pid_t)) != sizeof(pid_t))
		errx(125, "the command was not begun");
	/* All that came of the command is of this one, if it is the launcher. */
	launcher->hidden = command->pid != command->launcher;
	if (read(pipes->why[0], &error, sizeof(error)) == sizeof(error)) {
		waitpid(command->pid, NULL, 0);
		errno = error;
		err(error == ENOENT ? 127 : 126, "%s", command->words[0]);
	}
	close(pipes->why[0]);
}

/*
 * Signals come by a file from now on, but for those that stop and cannot be caught, and
 * SIGPIPE: the command is waited for, whatever becomes of the output.
 */
static int take_signals(void)
{
	static const int passed[] = { SIGCHLD, SIGINT, SIGQUIT, SIGTERM, SIGHUP, SIGUSR1,
				      SIGUSR2, SIGTSTP, SIGCONT };
	sigset_t signals;
	int file;

	signal(SIGPIPE, SIG_IGN);
	signal(SIGCHLD, SIG_DFL);	/* ignored, there would be no status */
	sigemptyset(&signals);
	for (size_t i = 0; i < sizeof(passed) / sizeof(*passed); i++)
		sigaddset(&signals, passed[i]);
	sigprocmask(SIG_BLOCK, &signals, NULL);
	file = signalfd(-1, &signals, SFD_CLOEXEC | SFD_NONBLOCK);
	if (file < 0)
		err(125, "signalfd");
	return file;
}

/* Stops us as SIGTSTP does; when the shell has us go on, this returns. */
static void stop(void)
{
	sigset_t signal;

	sigemptyset(&signal);
	sigaddset(&signal, SIGTSTP);
	raise(SIGTSTP);
	sigprocmask(SIG_UNBLOCK, &signal, NULL);
	sigprocmask(SIG_BLOCK, &signal, NULL);
}

/*
 * What was sent to us alone is meant for the command. What the kernel sends comes from the
 * terminal, and goes to all in the foreground: the command has it already.
 */
static void pass_on(const struct command *command, const struct signalfd_siginfo *info)
{
	if (info->ssi_signo == SIGCHLD)
		return;
	if (info->ssi_code != SI_KERNEL || info->ssi_signo == SIGCONT)
		kill(command->pid, info->ssi_signo);
	if (info->ssi_signo == SIGTSTP)
		stop();
}

/* Reads records until the command has ended. Returns its wait status. */
static int await_end(const struct command *command, struct watch *watch)
{
	struct pollfd file = { .fd = command->signals, .events = POLLIN };
	struct signalfd_siginfo info;
	int state;

	for (;;) {
		if (poll(&file, 1, watch_read(watch)) < 0 && errno != EINTR)
			err(1, "poll");
		while (read(command->signals, &info, sizeof(info)) == sizeof(info))
			pass_on(command, &info);
		if (command->launcher != command->pid)
			waitpid(command->launcher, NULL, WNOHANG);
		if (waitpid(command->pid, &state, WNOHANG) == command->pid)
			return state;
	}
}

/* Whether the last record of the command has come: of the launcher's child, or of itself. */
static bool has_ended(const struct profile *profile)
{
	const struct process *launcher = profile->processes.first, *p = launcher;

	while (launcher->hidden && p && p->parent != launcher->pid)
		p = p->next;
	return p && p->flags & MP3_LAST;
}

static void describe(char **words, int state, char *title, size_t size)
{
	FILE *memory = fmemopen(title, size, "w");

	if (!memory)
		err(1, "memory for a title");
	for (; *words; words++) {
		print_name(memory, *words);
		if (words[1])
			putc(' ', memory);
	}
	if (WIFSIGNALED(state))
		fprintf(memory, " (killed: %s)", strsignal(WTERMSIG(state)));
	fclose(memory);
	title[size - 1] = '\0';
}

_Noreturn void run_command(struct request *request, char **words)
{
	struct command command = { .words = words };
	struct watch watch = WATCH_NOTHING;
	bool written = true;
	char title[4096] = "";
	int state;

	/*
	 * The first thing, while we are as we were started: the command shall get
	 * our signals, and a resident set with no ring mapped, which would stay in
	 * its peak.
	 */
	if (pipe2(command.pipes.go, O_CLOEXEC) || pipe2(command.pipes.why, O_CLOEXEC))
		err(125, "pipe");
	command.launcher = fork();
	if (command.launcher < 0)
		err(125, "fork");
	if (!command.launcher)
		launch(&command);

	command.signals = take_signals();
	request->form.output = request->output_path ? open_output(request->output_path) : stderr;
	profile_open(&watch.profile, request->device);
	if (request->trace_path)
		watch.trace = trace_open(request->trace_path);
	if (request->interval_ns)
		watch.intervals = intervals_new(request);
	start(&command, &watch.profile);
	failure = 1;
	if (request->output_path)
		empty_output(request->form.output);
	if (watch.trace)
		trace_begin(watch.trace);
	state = await_end(&command, &watch);
	watch_finish(&watch, has_ended);
	describe(words, state, title, sizeof(title));
	print_summary(&watch.profile, &request->form, &request->shape, title);
	if (fclose(request->form.output)) {
		warn("the summary");
		written = false;
	}
	if (watch.trace)
		written &= trace_close(watch.trace);
	if (WIFSIGNALED(state))
		exit(128 + WTERMSIG(state));
	exit(WEXITSTATUS(state) || written ? WEXITSTATUS(state) : 1);
}
