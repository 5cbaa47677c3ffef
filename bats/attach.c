/*
 * attach - be a profiler: attach to processes by an open file of the record ring
 *
 *	attach hold [-t] PID...		attach to them (-t: with their trees), say so, and stay
 *					until killed
 *	attach keep open|map		attach to a child that sleeps, and leave a grandchild that
 *					has the file still open, or only mapped, until it is killed;
 *					prints the PIDs of both
 *	attach shared MB		three profilers of one process that faults MB MiB in, again
 *					and again: each is there for another part of it. Prints for
 *					each what its records add up to, and what /proc/PID/stat does
 *	attach refusals PID		what cannot be attached to; PID is another user's
 *	attach id			in a PID namespace: the name that records have for us, and
 *					whether there are such records
 *	attach many			attach by one file after the other, until that is refused;
 *					prints how many could be, and why no more; stays until killed
 *	attach waits			what read(2), poll(2) and epoll(7) say in the course of a
 *					profile
 *	attach entries N		register N children, have the first of them die between two
 *					reads of the status file, and print the PIDs that were not
 *					listed, of those that still live
 *	attach page			map MP3_BUFFER_PAGES pages of this machine
 *
 * Prints "ok" or the name of the errno where something is tried. Exits with 1 when something
 * else than what is asked for goes wrong.
 */
#define _GNU_SOURCE
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "observe.h"
#include "../mp3/mp3.h"

#define PERIOD	(1000000 / MP3_RATE)	/* us */

static const char *attempt(int fd, unsigned long request, struct mp3_attach *attach)
{
	return ioctl(fd, request, attach) ? strerrorname_np(errno) : "ok";
}

static struct mp3_attach must(int fd, unsigned long request, pid_t pid, uint32_t flags)
{
	struct mp3_attach attach = { .pid = pid, .flags = flags };

	if (ioctl(fd, request, &attach))
		err(1, "%s %d", request == MP3_ATTACH ? "attach" : "detach", pid);
	return attach;
}

static void status_must(char verb, pid_t pid)
{
	FILE *status = fopen(MP3_STATUS, "w");

	if (!status || fprintf(status, "%c %d", verb, pid) < 0 || fclose(status))
		err(1, "%c %d", verb, pid);
}

static _Noreturn void stay(void)
{
	fflush(stdout);
	for (;;)
		pause();
}

static void hold(char **pids)
{
	int fd = open_records();
	uint32_t flags = 0;

	if (*pids && !strcmp(*pids, "-t")) {
		flags = MP3_TREE;
		pids++;
	}
	for (; *pids; pids++) {
		struct mp3_attach attach = { .pid = atoi(*pids), .flags = flags };

		puts(attempt(fd, MP3_ATTACH, &attach));
	}
	stay();
}

/* A child that sleeps until it is killed, or we are gone. */
static pid_t sleeper(void)
{
	pid_t pid = fork();

	if (!pid)
		for (;;)
			pause();
	return pid;
}

static void keep(const char *what)
{
	pid_t asleep = sleeper(), keeper;	/* before the file, which it would have as well */
	int fd = open_records();

	must(fd, MP3_ATTACH, asleep, 0);
	keeper = fork();
	if (!keeper) {
		if (!strcmp(what, "map") &&
		    mmap(NULL, MP3_RECORDS_HEADER, PROT_READ, MAP_SHARED, fd, 0) == MAP_FAILED)
			err(1, "mmap");
		if (!strcmp(what, "map"))
			close(fd);
		fclose(stdout);
		for (;;)
			pause();
	}
	printf("%d %d\n", asleep, keeper);
}

/* ----- several profilers of one process ----- */

struct counts {
	unsigned long minor, major;
};

static struct counts counted(pid_t pid)
{
	struct counts counts;

	faults_of(pid, &counts.minor, &counts.major);
	return counts;
}

/* Faults MB MiB in each time it is told to go on. */
static _Noreturn void fault(size_t bytes)
{
	for (;;) {
		char *memory;

		raise(SIGSTOP);
		memory = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
		if (memory == MAP_FAILED)
			_exit(1);
		madvise(memory, bytes, MADV_NOHUGEPAGE);
		for (size_t at = 0; at < bytes; at += 4096)
			memory[at] = 1;
		munmap(memory, bytes);
	}
}

static struct counts recorded(int fd, const struct mp3_attach *from, const struct mp3_attach *to)
{
	const struct mp3_records *header = map_records(fd);
	const struct mp3_record *ring = (const void *)((const char *)header + header->header_bytes);
	struct counts sum = { 0, 0 };

	for (uint64_t n = from->sequence; n < to->sequence; n++) {
		const struct mp3_record *record = &ring[n % header->capacity];

		if (record->pid != from->id)
			continue;
		sum.minor += record->minor;
		sum.major += record->major;
	}
	return sum;
}

static void shared(size_t mb)
{
	/* who attaches before the part of that number, and lets go behind it */
	static const struct { int first, last; } there[] = { { 0, 1 }, { 1, 3 }, { 0, 2 } };
	enum { PARTS = 4, PROFILERS = 3 };
	struct mp3_attach from[PROFILERS], to[PROFILERS];
	struct counts begin[PROFILERS] = { { 0 } }, end[PROFILERS] = { { 0 } };
	int fd[PROFILERS];
	pid_t pid = fork();

	if (!pid)
		fault(mb << 20);
	must_stop(pid);
	for (int i = 0; i < PROFILERS; i++)
		fd[i] = open_records();
	for (int part = 0; part < PARTS; part++) {
		for (int i = 0; i < PROFILERS; i++)
			if (part == there[i].first) {
				from[i] = must(fd[i], MP3_ATTACH, pid, 0);
				begin[i] = counted(pid);
			}
		kill(pid, SIGCONT);
		must_stop(pid);
		for (int i = 0; i < PROFILERS; i++)
			if (part == there[i].last) {
				to[i] = must(fd[i], MP3_DETACH, pid, 0);
				end[i] = counted(pid);
			}
	}
	usleep(2 * PERIOD);	/* until the last sample is there */
	for (int i = 0; i < PROFILERS; i++) {
		struct counts sum = recorded(fd[i], &from[i], &to[i]);

		printf("recorded minor=%lu major=%lu\ncounted minor=%lu major=%lu\n", sum.minor,
		       sum.major, end[i].minor - begin[i].minor, end[i].major - begin[i].major);
	}
	kill(pid, SIGKILL);
}

/* ----- what is refused ----- */

static void refusals(pid_t other)
{
	int fd = open_records(), buffer = open(MP3_DEVICE, O_RDWR | O_CLOEXEC);
	pid_t asleep = sleeper(), dead = fork();
	struct mp3_attach attach;

	if (!dead)
		_exit(0);
	usleep(PERIOD);
#define TRY(what, file, request, ...)					\
	do {								\
		attach = (struct mp3_attach){ __VA_ARGS__ };		\
		printf("%s %s\n", what, attempt(file, request, &attach)); \
	} while (0)
	TRY("flags", fd, MP3_ATTACH, .pid = asleep, .flags = 2);
	TRY("reserved", fd, MP3_ATTACH, .pid = asleep, .reserved = 1);
	TRY("buffer", buffer, MP3_ATTACH, .pid = asleep);
	TRY("another-call", fd, _IO('3', 0x70), .pid = asleep);
	TRY("no-such", fd, MP3_ATTACH, .pid = 4000000);
	TRY("zero", fd, MP3_ATTACH, .pid = 0);
	TRY("negative", fd, MP3_ATTACH, .pid = -asleep);
	TRY("zombie", fd, MP3_ATTACH, .pid = dead);
	TRY("other", fd, MP3_ATTACH, .pid = other);
	TRY("not-attached", fd, MP3_DETACH, .pid = asleep);
	TRY("attach", fd, MP3_ATTACH, .pid = asleep);
	TRY("again", fd, MP3_ATTACH, .pid = asleep, .flags = MP3_TREE);
	TRY("tree-detach", fd, MP3_DETACH, .pid = asleep, .flags = MP3_TREE);
	TRY("detach", fd, MP3_DETACH, .pid = asleep);
	TRY("detach-again", fd, MP3_DETACH, .pid = asleep);
	printf("bad-pointer %s\n", attempt(fd, MP3_ATTACH, (void *)8));
	kill(asleep, SIGKILL);
}

static void id(void)
{
	static volatile char memory[1 << 20];
	int fd = open_records();
	struct mp3_attach from = must(fd, MP3_ATTACH, getpid(), 0), to;
	struct counts sum;

	for (size_t at = 0; at < sizeof(memory); at += 4096)
		memory[at] = 1;
	to = must(fd, MP3_DETACH, getpid(), 0);
	usleep(2 * PERIOD);
	sum = recorded(fd, &from, &to);
	printf("pid=%d other_id=%d recorded=%d\n", getpid(), from.id != (uint32_t)getpid(),
	       sum.minor >= sizeof(memory) / getpagesize());
}

static void many(void)
{
	int n = 0;
	struct mp3_attach attach = { .pid = getpid() };

	while (!ioctl(open_records(), MP3_ATTACH, &attach))
		n++;
	printf("%d %s\n", n, strerrorname_np(errno));
	stay();
}

/* ----- to wait ----- */

static const char *events(int fd, int ms)
{
	struct pollfd polled = { .fd = fd, .events = POLLIN };
	static char text[32];

	if (poll(&polled, 1, ms) < 0)
		err(1, "poll");
	snprintf(text, sizeof(text), "%s%s", polled.revents & POLLIN ? "in" : "",
		 polled.revents & POLLHUP ? "hup" : "");
	return *text ? text : "nothing";
}

/* The number of samples that read(2) tells, or -1. */
static long long samples(int fd)
{
	uint64_t n;
	ssize_t got = read(fd, &n, sizeof(n));

	if (got < 0)
		return -1;
	if (got != sizeof(n))
		errx(1, "%zd bytes were read", got);
	return n;
}

static void waits(void)
{
	int fd = open_records(), quick = open(MP3_DEVICE, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	int epoll = epoll_create1(EPOLL_CLOEXEC);
	struct epoll_event event = { .events = EPOLLIN };
	long long before, after;
	char little[4];
	pid_t pid;

	printf("nobody: %s\n", events(fd, 0));
	printf("nobody, not waiting: %s\n", samples(quick) < 0 ? strerrorname_np(errno) : "ok");
	printf("short: %s\n", read(quick, little, sizeof(little)) < 0 ? strerrorname_np(errno) : "ok");
	pid = fork();
	if (!pid) {
		usleep(3 * PERIOD);
		status_must('R', getpid());
		for (;;)
			pause();
	}
	before = samples(fd);	/* waits until somebody is registered */
	printf("first: %s\n", before > 0 ? "ok" : "nothing");
	after = samples(fd);
	printf("next: %lld\n", after - before);
	usleep(3 * PERIOD);
	printf("unread: %s %s\n", events(fd, 0), events(fd, 0));
	if (epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event))
		err(1, "epoll_ctl");
	printf("epoll: %d %d\n", epoll_wait(epoll, &event, 1, 0), epoll_wait(epoll, &event, 1, 0));
	samples(fd);
	printf("read: %s %d\n", events(fd, 0), epoll_wait(epoll, &event, 1, 0));
	printf("epoll, later: %d\n", epoll_wait(epoll, &event, 1, 1000));
	kill(pid, SIGKILL);
	wait(NULL);
	usleep(3 * PERIOD);
	printf("ended: %s\n", events(fd, 0));
	samples(fd);
	printf("ended, read: %s\n", events(fd, 0));
}

/* ----- the status file, in parts ----- */

static void entries(int n)
{
	static pid_t pid[1000], listed;
	static char text[sizeof(pid) / sizeof(*pid) * 64], *line;
	size_t length = 0;
	ssize_t got;
	int fd;

	if (n > (int)(sizeof(pid) / sizeof(*pid)))
		errx(2, "too many");
	for (int i = 0; i < n; i++) {
		pid[i] = sleeper();
		status_must('R', pid[i]);
	}
	fd = open(MP3_STATUS, O_RDONLY | O_CLOEXEC);
	while (length + 512 < sizeof(text) && (got = read(fd, text + length, 512)) > 0) {
		if (!length) {
			for (int i = 0; i < 10; i++)
				kill(pid[i], SIGKILL);
			usleep(3 * PERIOD);
		}
		length += got;
	}
	for (line = strtok(text, "\n"); line; line = strtok(NULL, "\n")) {
		listed = atoi(line);
		for (int i = 0; i < n; i++)
			if (pid[i] == listed)
				pid[i] = -pid[i];
	}
	for (int i = 0; i < n; i++) {
		if (pid[i] > 0)
			printf("%d of %d is not listed\n", i, n);
		kill(abs(pid[i]), SIGKILL);
	}
	puts("done");
}

static void page(void)
{
	int fd = open(MP3_DEVICE, O_RDWR | O_CLOEXEC);
	void *map = mmap(NULL, (size_t)MP3_BUFFER_PAGES * getpagesize(), PROT_READ | PROT_WRITE,
			 MAP_SHARED, fd, 0);

	puts(map == MAP_FAILED ? strerrorname_np(errno) : "ok");
}

int main(int argc, char **argv)
{
	const char *verb = argc > 1 ? argv[1] : "";

	setlinebuf(stdout);
	if (!strcmp(verb, "hold") && argc > 2)
		hold(argv + 2);
	else if (!strcmp(verb, "keep") && argc == 3)
		keep(argv[2]);
	else if (!strcmp(verb, "shared") && argc == 3)
		shared(atol(argv[2]));
	else if (!strcmp(verb, "refusals") && argc == 3)
		refusals(atoi(argv[2]));
	else if (!strcmp(verb, "id") && argc == 2)
		id();
	else if (!strcmp(verb, "many") && argc == 2)
		many();
	else if (!strcmp(verb, "waits") && argc == 2)
		waits();
	else if (!strcmp(verb, "entries") && argc == 3)
		entries(atoi(argv[2]));
	else if (!strcmp(verb, "page") && argc == 2)
		page();
	else
		errx(2, "usage: see the head of attach.c");
	return 0;
}
