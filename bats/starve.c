/*
 * starve - take as much of the profiler as one can get
 *
 *	starve loop WHAT SECONDS [THREADS]
 *			do WHAT over and over, with a child of its own that has so many
 *			threads; prints rounds=N
 *		commands	R and U
 *		attach		attach and detach
 *		status		read the list of processes
 *		close		open, attach, close
 *	starve fill N	register N children, until that is refused; then wait to be killed
 *	starve files N	attach N files to itself, until that is refused; the same
 *	starve brood N	register itself with its tree, and fork N children; the same
 *	starve many N	register N processes that share their memory; the same
 *	starve threads N SECONDS
 *			register itself with N threads, for so long; then they exit, one
 *			after the other
 *	starve slowly BYTES MS
 *			read the list of processes, so many bytes at a time, and wait so
 *			long in between; prints lines=N
 *	starve wait N	wait for samples in N ways, with epoll; wait to be killed
 *	starve records FROM PID
 *			the records of a process among all from that sequence on: sequence,
 *			end and length of the period in ns, PID, parent, flags
 *	starve written	print how many samples have ever been written, without the one
 *			that this takes
 *
 * fill, files and brood print how many there are and what the refusal was, as in
 * there=32 refused=EDQUOT.
 */
#define _GNU_SOURCE
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "observe.h"
#include "../mp3/mp3.h"

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec + t.tv_nsec / 1e9;
}

static bool command(char verb, pid_t pid)
{
	static int fd = -1;
	char text[32];
	int length = snprintf(text, sizeof(text), "%c %d", verb, pid);

	if (fd < 0)
		fd = open(MP3_STATUS, O_WRONLY | O_CLOEXEC);
	return write(fd, text, length) == length;
}

static bool attach(int fd, pid_t pid)
{
	struct mp3_attach what = { .pid = pid };

	return !ioctl(fd, MP3_ATTACH, &what);
}

static bool detach(int fd, pid_t pid)
{
	struct mp3_attach what = { .pid = pid };

	return !ioctl(fd, MP3_DETACH, &what);
}

/* Until it is killed, as by the death of its parent. */
static void stay(void)
{
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	for (;;)
		pause();
}

/* What there is, as far as nobody has refused more of it. */
static void stay_with(unsigned int there, int refused)
{
	printf("there=%u refused=%s\n", there, refused ? strerrorname_np(refused) : "no");
	fflush(stdout);
	for (;;)
		pause();
}

/* ----- threads ----- */

static volatile bool enough;
static pthread_barrier_t all_there;

static void *idle(void *after_us)
{
	pthread_barrier_wait(&all_there);
	while (!enough)
		usleep(1000000);
	usleep((uintptr_t)after_us);
	return NULL;
}

/* They share a stack's worth of pages each, and no more. */
static void begin_threads(unsigned int n)
{
	pthread_attr_t small;
	pthread_t thread;

	pthread_attr_init(&small);
	pthread_attr_setstacksize(&small, 16384);
	pthread_attr_setguardsize(&small, 0);
	pthread_attr_setdetachstate(&small, PTHREAD_CREATE_DETACHED);
	pthread_barrier_init(&all_there, NULL, n + 1);
	for (uintptr_t i = 0; i < n; i++)
		if (pthread_create(&thread, &small, idle, (void *)(i * 100)))
			errx(1, "%lu threads of %u", i, n);
	pthread_barrier_wait(&all_there);
}

static void threads(unsigned int n, double seconds)
{
	begin_threads(n);
	if (!command('R', getpid()))
		err(1, "R");
	usleep(seconds * 1000000);
	enough = true;
	usleep(1200000 + n * 100);
	command('U', getpid());
}

/* ----- loop ----- */

static pid_t child_with_threads(unsigned int n)
{
	int ready[2];
	char byte;
	pid_t pid;

	if (pipe(ready))
		err(1, "pipe");
	pid = fork();
	if (pid < 0)
		err(1, "fork");
	if (!pid) {
		begin_threads(n);
		(void)!write(ready[1], "", 1);
		stay();
	}
	if (read(ready[0], &byte, 1) != 1)
		errx(1, "there is no child");
	return pid;
}

static void loop(const char *what, double seconds, unsigned int n)
{
	pid_t child = child_with_threads(n);
	double end = now() + seconds;
	int fd = open_records();
	unsigned long rounds;
	char buffer[4096];

	for (rounds = 0; now() < end; rounds++) {
		bool done = true;

		if (!strcmp(what, "commands")) {
			done = command('R', child) && command('U', child);
		} else if (!strcmp(what, "attach")) {
			done = attach(fd, child) && detach(fd, child);
		} else if (!strcmp(what, "close")) {
			/* a closed file counts until the next sample */
			(void)!attach(fd, child);
			close(fd);
			fd = open_records();
		} else {
			int status = open(MP3_STATUS, O_RDONLY | O_CLOEXEC);

			while (read(status, buffer, sizeof(buffer)) > 0)
				;
			close(status);
		}
		/* each leaves a place that is free after the next sample */
		if (!done && errno != EDQUOT && errno != ENOSPC && errno != EUSERS &&
		    errno != ENOENT && errno != EEXIST)
			err(1, "%s", what);
	}
	printf("rounds=%lu\n", rounds);
	kill(child, SIGKILL);
}

/* ----- as many as one can have ----- */

static void fill(unsigned int n)
{
	for (unsigned int i = 0; i < n; i++) {
		pid_t pid = fork();

		if (!pid)
			stay();
		if (!command('R', pid))
			stay_with(i, errno);
	}
	stay_with(n, 0);
}

static void files(unsigned int n)
{
	for (unsigned int i = 0; i < n; i++)
		if (!attach(open_records(), getpid()))
			stay_with(i, errno);
	stay_with(n, 0);
}

static void brood(unsigned int n)
{
	if (!command('T', getpid()))
		err(1, "T");
	for (unsigned int i = 0; i < n; i++)
		if (!fork())
			stay();
	stay_with(n, 0);
}

static int just_stay(void *unused)
{
	while (!unused)
		pause();
	return 0;
}

static void many(unsigned int n)
{
	const size_t stack = 4096;
	char *stacks = mmap(NULL, n * stack, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (stacks == MAP_FAILED)
		err(1, "mmap");
	for (unsigned int i = 0; i < n; i++) {
		pid_t pid = clone(just_stay, stacks + (i + 1) * stack,
				  CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND, NULL);

		if (pid < 0)
			err(1, "clone");
		if (!command('R', pid))
			stay_with(i, errno);
	}
	stay_with(n, 0);
}

/* ----- readers ----- */

static void slowly(size_t bytes, unsigned int ms)
{
	char *buffer = malloc(bytes);
	int fd = open(MP3_STATUS, O_RDONLY);
	unsigned long lines = 0;
	ssize_t length;

	if (!buffer || fd < 0)
		err(1, "%s", MP3_STATUS);
	while ((length = read(fd, buffer, bytes)) > 0) {
		for (ssize_t i = 0; i < length; i++)
			lines += buffer[i] == '\n';
		usleep(ms * 1000);
	}
	printf("lines=%lu\n", lines);
	free(buffer);
}

/* Each of some hundred files is waited for by each of some hundred epolls. */
static void wait_in_many_ways(unsigned int n)
{
	struct rlimit most = { 4096, 4096 };
	struct epoll_event event = { .events = EPOLLIN };
	unsigned int files_of_it, ways = 0;
	int fd[400];

	setrlimit(RLIMIT_NOFILE, &most);
	for (files_of_it = 0; files_of_it < 400; files_of_it++)
		fd[files_of_it] = open(MP3_DEVICE, O_RDONLY);
	while (ways < n) {
		int epoll = epoll_create1(0);

		if (epoll < 0)
			stay_with(ways, errno);
		for (unsigned int i = 0; i < files_of_it && ways < n; i++, ways++)
			if (epoll_ctl(epoll, EPOLL_CTL_ADD, fd[i], &event))
				stay_with(ways, errno);
	}
	stay_with(ways, 0);
}

/* Nobody shall be registered meanwhile. They may be few among a million, which takes awk long. */
static void records(uint64_t from, uint32_t pid)
{
	int fd = open_records();
	const struct mp3_records *header = mmap(NULL, MP3_RECORDS_HEADER, PROT_READ, MAP_SHARED, fd, 0);
	const struct mp3_record *ring;

	if (header == MAP_FAILED)
		err(1, "mmap");
	header = mmap(NULL, header->header_bytes + header->capacity * header->record_bytes, PROT_READ,
		      MAP_SHARED, fd, 0);
	if (header == MAP_FAILED)
		err(1, "mmap");
	ring = (const void *)((const char *)header + header->header_bytes);
	if (header->head > header->capacity && from < header->head - header->capacity)
		from = header->head - header->capacity;
	for (; from < header->head; from++) {
		const struct mp3_record *r = &ring[from % header->capacity];

		if (r->pid == pid)
			printf("%llu %llu %llu %u %u %u\n", r->sequence, r->time_ns, r->period_ns, r->pid,
			       r->parent, r->flags);
	}
}

static void written(void)
{
	uint64_t samples;
	int fd = open(MP3_DEVICE, O_RDONLY);

	if (fd < 0 || !command('R', getpid()) || !command('U', getpid()) ||
	    read(fd, &samples, sizeof(samples)) != sizeof(samples))
		err(1, "%s", MP3_DEVICE);
	printf("%lu\n", samples - 1);
}

int main(int argc, char **argv)
{
	const char *what = argc > 1 ? argv[1] : "";

	if (!strcmp(what, "loop") && argc >= 4)
		loop(argv[2], atof(argv[3]), argc > 4 ? atoi(argv[4]) : 0);
	else if (!strcmp(what, "fill") && argc == 3)
		fill(atoi(argv[2]));
	else if (!strcmp(what, "files") && argc == 3)
		files(atoi(argv[2]));
	else if (!strcmp(what, "brood") && argc == 3)
		brood(atoi(argv[2]));
	else if (!strcmp(what, "many") && argc == 3)
		many(atoi(argv[2]));
	else if (!strcmp(what, "threads") && argc == 4)
		threads(atoi(argv[2]), atof(argv[3]));
	else if (!strcmp(what, "slowly") && argc == 4)
		slowly(atoi(argv[2]), atoi(argv[3]));
	else if (!strcmp(what, "wait") && argc == 3)
		wait_in_many_ways(atoi(argv[2]));
	else if (!strcmp(what, "records") && argc == 4)
		records(strtoull(argv[2], NULL, 10), atoi(argv[3]));
	else if (!strcmp(what, "written"))
		written();
	else
		errx(2, "usage: see the head of starve.c");
	return 0;
}
