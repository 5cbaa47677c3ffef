/*
 * probe - ask the profiler, from inside the machine, what the tests want to know
 *
 *	probe command TEXT		write TEXT to the status file in one write(2)
 *	probe map LENGTH OFFSET shared|private
 *					map the profile buffer
 *	probe words			how many words of it are not -1
 *	probe hold open|map		keep it open, or only mapped, until killed
 *	probe count END THREADS MB	register a child and have each of its threads
 *					touch MB MiB; END is how it ends:
 *		unregister	it stops, and is unregistered
 *		exit		it exits, and is waited for at once
 *		zombie		it exits, and is waited for after two samples
 *		kill		it is killed
 *		exec		it executes `true` from a thread that does not lead it
 *	probe spin SECONDS		register, use so much CPU time, unregister
 *
 * command and map print "ok" or the name of the errno. count and spin print what
 * others than the profiler have counted (/proc/PID/stat, wait4, getrusage).
 * Exits with 1 when something else than what is asked for goes wrong.
 */
#define _GNU_SOURCE
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "../mp3/mp3.h"

static const char *status_command(const char *text)
{
	int fd = open(MP3_STATUS, O_WRONLY);
	ssize_t written;

	if (fd < 0)
		err(1, "%s", MP3_STATUS);
	written = write(fd, text, strlen(text));
	if (written >= 0 && (size_t)written != strlen(text))
		errx(1, "a short write");
	text = written < 0 ? strerrorname_np(errno) : "ok";
	close(fd);
	return text;
}

static void status_must(char verb, pid_t pid)
{
	char text[32];
	const char *result;

	snprintf(text, sizeof(text), "%c %d", verb, pid);
	result = status_command(text);
	if (strcmp(result, "ok"))
		errx(1, "%s: %s", text, result);
}

static void *map_buffer(size_t length, off_t offset, int flags)
{
	int fd = open(MP3_DEVICE, O_RDWR);
	void *map;

	if (fd < 0)
		err(1, "%s", MP3_DEVICE);
	map = mmap(NULL, length, PROT_READ | PROT_WRITE, flags, fd, offset);
	close(fd);
	return map;
}

static void words(void)
{
	unsigned long *word = map_buffer(MP3_BUFFER_BYTES, 0, MAP_SHARED);
	size_t all = MP3_BUFFER_BYTES / sizeof(*word);
	size_t ring = MP3_SAMPLES * sizeof(struct mp3_sample) / sizeof(*word);
	size_t used = 0, behind = 0;

	if (word == MAP_FAILED)
		err(1, "mmap");
	for (size_t i = 0; i < all; i++)
		if (word[i] != (unsigned long)-1)
			*(i < ring ? &used : &behind) += 1;
	printf("all=%zu ring=%zu behind=%zu\n", all, used, behind);
}

static void hold(const char *what)
{
	if (!strcmp(what, "map")) {
		if (map_buffer(MP3_BUFFER_BYTES, 0, MAP_SHARED) == MAP_FAILED)
			err(1, "mmap");
	} else if (open(MP3_DEVICE, O_RDONLY) < 0) {
		err(1, "%s", MP3_DEVICE);
	}
	puts("held");
	fflush(stdout);
	pause();
}

/* ----- count ----- */

static size_t touch_bytes;
static int exec_at_end;

static void *touch(void *unused)
{
	char *memory = mmap(NULL, touch_bytes, PROT_READ | PROT_WRITE,
			    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (memory == MAP_FAILED)
		err(1, "mmap");
	madvise(memory, touch_bytes, MADV_NOHUGEPAGE);
	for (int round = 0; round < 2; round++)
		for (size_t at = 0; at < touch_bytes; at += 4096)
			memory[at] = 1;
	if (exec_at_end)
		execlp("true", "true", (char *)NULL);
	return unused;
}

static void child(int threads)
{
	pthread_t thread[64];

	raise(SIGSTOP);		/* until it is registered */
	for (int i = 0; i < threads; i++)
		if (pthread_create(&thread[i], NULL, touch, NULL))
			errx(1, "pthread_create");
	for (int i = 0; i < threads; i++)
		pthread_join(thread[i], NULL);
	raise(SIGSTOP);
	_exit(0);
}

/* The whole thread group's faults so far, from a counter that is not ours. */
static void faults_of(pid_t pid, unsigned long *minor, unsigned long *major)
{
	char path[32], line[1024];
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%d/stat", pid);
	file = fopen(path, "r");
	if (!file || !fgets(line, sizeof(line), file))
		err(1, "%s", path);
	fclose(file);
	/* state ppid pgrp session tty tpgid flags minflt cminflt majflt */
	if (sscanf(strrchr(line, ')') + 1, " %*c %*d %*d %*d %*d %*d %*u %lu %*u %lu",
		   minor, major) != 2)
		errx(1, "%s: not understood", path);
}

static void must_stop(pid_t pid)
{
	int state;

	if (waitpid(pid, &state, WUNTRACED) != pid || !WIFSTOPPED(state))
		errx(1, "the child did not stop");
}

static void count(const char *end, int threads, size_t mb)
{
	unsigned long minor[2], major[2];
	struct rusage usage;
	pid_t pid;

	touch_bytes = mb << 20;
	exec_at_end = !strcmp(end, "exec");
	pid = fork();
	if (pid < 0)
		err(1, "fork");
	if (!pid)
		child(threads);
	must_stop(pid);
	status_must('R', pid);
	faults_of(pid, &minor[0], &major[0]);
	kill(pid, SIGCONT);
	if (!exec_at_end)
		must_stop(pid);

	if (!strcmp(end, "unregister")) {
		faults_of(pid, &minor[1], &major[1]);
		status_must('U', pid);
		kill(pid, SIGKILL);
		wait(NULL);
	} else {
		if (!strcmp(end, "kill"))
			kill(pid, SIGKILL);
		else
			kill(pid, SIGCONT);
		if (!strcmp(end, "zombie"))
			usleep(3 * 1000000 / MP3_RATE);
		if (wait4(pid, NULL, 0, &usage) != pid)
			err(1, "wait4");
		minor[1] = usage.ru_minflt;
		major[1] = usage.ru_majflt;
	}
	printf("minor=%lu major=%lu\n", minor[1] - minor[0], major[1] - major[0]);
}

/* ----- spin ----- */

static double cpu_seconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
	return now.tv_sec + now.tv_nsec / 1e9;
}

static void spin(double seconds)
{
	double start;

	status_must('R', getpid());
	start = cpu_seconds();
	while (cpu_seconds() - start < seconds)
		;
	printf("cpu_s=%.6f\n", cpu_seconds() - start);
	status_must('U', getpid());
}

int main(int argc, char **argv)
{
	const char *verb = argc > 1 ? argv[1] : "";

	if (!strcmp(verb, "command") && argc == 3) {
		puts(status_command(argv[2]));
	} else if (!strcmp(verb, "map") && argc == 5) {
		int flags = strcmp(argv[4], "shared") ? MAP_PRIVATE : MAP_SHARED;
		void *map = map_buffer(atol(argv[2]), atol(argv[3]), flags);

		puts(map == MAP_FAILED ? strerrorname_np(errno) : "ok");
	} else if (!strcmp(verb, "words") && argc == 2) {
		words();
	} else if (!strcmp(verb, "hold") && argc == 3) {
		hold(argv[2]);
	} else if (!strcmp(verb, "count") && argc == 5) {
		count(argv[2], atoi(argv[3]), atol(argv[4]));
	} else if (!strcmp(verb, "spin") && argc == 3) {
		spin(atof(argv[2]));
	} else {
		errx(2, "usage: see the head of probe.c");
	}
	return 0;
}
