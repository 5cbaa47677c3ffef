// SPDX-License-Identifier: GPL-2.0
/*
 * What monitor is connected to: the profiler's device, its clock, signals, its output.
 */
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <time.h>
#include <unistd.h>

#include "monitor.h"

#define NODE	"./node"	/* what mknod makes beside the module */

int failure = 1;

void flush(FILE *output)
{
	if (fflush(output) || ferror(output))
		err(failure, output == stdout ? "standard output" : "output");
}

FILE *open_output(const char *path)
{
	int file = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0666);
	FILE *output = file < 0 ? NULL : fdopen(file, "w");

	if (!output)
		err(failure, "%s", path);
	return output;
}

void empty_output(FILE *output)
{
	/* EINVAL: a terminal, a pipe and the like have nothing to be emptied. */
	if (ftruncate(fileno(output), 0) && errno != EINVAL)
		err(failure, "output");
}

int open_signals(void)
{
	static const int ends[] = { SIGINT, SIGTERM };
	struct sigaction action;
	sigset_t signals;
	int file;

	sigemptyset(&signals);
	for (size_t i = 0; i < sizeof(ends) / sizeof(*ends); i++)
		if (!sigaction(ends[i], NULL, &action) &&
		    action.sa_handler != SIG_IGN)
			sigaddset(&signals, ends[i]);
	sigprocmask(SIG_BLOCK, &signals, NULL);
	file = signalfd(-1, &signals, SFD_CLOEXEC);
	if (file < 0)
		err(failure, "signalfd");
	return file;
}

int await_device(int device, int signals, int ms)
{
	struct pollfd files[] = {
		{ .fd = device, .events = POLLIN },
		{ .fd = signals, .events = POLLIN },
	};
	uint64_t samples;

	if (poll(files, 2, ms) < 0)
		err(failure, "poll");
	/* What is not read is said again. */
	if (files[0].revents & POLLIN && read(device, &samples, sizeof(samples)) < 0 &&
	    errno != EAGAIN)
		err(failure, "the device");
	return (files[0].revents & POLLIN ? SAMPLE : 0) |
	       (files[0].revents & ~POLLIN ? NOBODY : 0) | (files[1].revents ? SIGNALLED : 0);
}

void wait_for_sample(int device)
{
	int flags = fcntl(device, F_GETFL);
	uint64_t samples;

	if (flags < 0 || fcntl(device, F_SETFL, flags & ~O_NONBLOCK) ||
	    read(device, &samples, sizeof(samples)) < 0 || fcntl(device, F_SETFL, flags))
		err(failure, "cannot wait for a sample");
}

/* What CLOCK_MONOTONIC says here beyond what it says in the initial time namespace. */
static int64_t clock_offset_ns(void)
{
	FILE *offsets = fopen("/proc/self/timens_offsets", "re");
	long long seconds, ns, offset = 0;
	char clock[16];

	if (!offsets)
		return 0;	/* no such namespaces */
	while (fscanf(offsets, "%15s %lld %lld", clock, &seconds, &ns) == 3)
		if (!strcmp(clock, "monotonic") || !strcmp(clock, "1"))
			offset = seconds * 1000000000 + ns;
	fclose(offsets);
	return offset;
}

uint64_t profiler_now_ns(void)
{
	static bool known;
	static int64_t offset;
	struct timespec time;

	if (!known)
		offset = clock_offset_ns();
	known = true;
	clock_gettime(CLOCK_MONOTONIC, &time);
	return time.tv_sec * 1000000000ull + time.tv_nsec - offset;
}

/* The major number of the profiler, -1 if the module is not loaded. */
static int profiler_major(void)
{
	FILE *devices = fopen("/proc/devices", "re");
	char *line = NULL, name[32];
	int found = -1, number;
	size_t size = 0;

	if (!devices)
		err(failure, "/proc/devices");
	while (found < 0 && getline(&line, &size, devices) > 0) {
		if (!strncmp(line, "Block", strlen("Block")))
			break;		/* behind the character devices */
		if (sscanf(line, "%d %31s", &number, name) == 2 &&
		    !strcmp(name, MP3_NAME))
			found = number;
	}
	free(line);
	fclose(devices);
	return found;
}

#define LOADED	"is the module loaded? 'modprobe mp3' or 'insmod ./mp3.ko' loads it"

/* There is no node. */
static _Noreturn void say_missing(const char *what, const char *node, enum device which)
{
	int number = profiler_major();

	if (number < 0)
		errx(failure, "%s: " LOADED, what);
	errx(failure, "%s, but the module is loaded: 'mknod %s c %d %d' makes it", what, node,
	     number, which);
}

/* There is a node, of a number that is not the module's. */
static _Noreturn void say_stale(const char *name, dev_t node, enum device which)
{
	int number = profiler_major();

	if (number < 0)
		errx(failure, "%s: no such device now: " LOADED, name);
	if ((int)major(node) == number)
		errx(failure, "%s is minor %u of the module, and minor %d is the %s", name,
		     minor(node), which, which == RECORDS ? "record ring" : "profile buffer");
	errx(failure, "%s is device %u:%u, and the module is %d now: 'rm %s; mknod %s c %d %d'",
	     name, major(node), minor(node), number, name, name, number, which);
}

/* EACCES, and who may. */
static _Noreturn void say_forbidden(const char *name, const struct stat *status)
{
	const struct group *group = status->st_mode & S_IRGRP ? getgrgid(status->st_gid) : NULL;

	errno = EACCES;
	if (!S_ISCHR(status->st_mode) || !group || !status->st_gid)
		err(failure, "%s", name);
	err(failure, "%s is for root and the group %s", name, group->gr_name);
}

/*
 * O_NONBLOCK, so that no FIFO or terminal line keeps it waiting. To store into, or
 * to map, what is something else may harm it.
 */
int open_device(const char *path, enum device which)
{
	int flags = O_NONBLOCK | O_NOCTTY | O_CLOEXEC, device;
	const char *standard = which == RECORDS ? MP3_RECORDS : MP3_DEVICE;
	const char *name = path ? path : which == RECORDS ? standard : NODE;
	struct stat status;

	flags |= which == RECORDS ? O_RDONLY : O_RDWR;
	device = open(name, flags);
	if (device < 0 && errno == ENOENT && !path) {
		if (which == RECORDS)
			say_missing(MP3_RECORDS " is not there", standard, which);
		name = standard;
		device = open(name, flags);
		if (device < 0 && errno == ENOENT)
			say_missing("neither " NODE " nor " MP3_DEVICE " is there", standard, which);
	}
	if (device < 0 && errno == EACCES && !stat(name, &status))
		say_forbidden(name, &status);
	if (device < 0 && (errno == ENXIO || errno == ENODEV) && !stat(name, &status))
		say_stale(name, status.st_rdev, which);
	if (device < 0 || fstat(device, &status))
		err(failure, "%s", name);
	if (!S_ISCHR(status.st_mode))
		errx(failure, "%s: not a %s", name,
		     which == RECORDS ? "record ring" : "profile buffer");
	if (minor(status.st_rdev) != which || (int)major(status.st_rdev) != profiler_major()) {
		if (!path || (int)major(status.st_rdev) == profiler_major())
			say_stale(name, status.st_rdev, which);
		errx(failure, "%s: not a %s", name,
		     which == RECORDS ? "record ring" : "profile buffer");
	}
	return device;
}

void open_records(struct ring *ring, const char *path)
{
	const char *name = path ? path : MP3_RECORDS;

	if (ring_open(ring, open_device(path, RECORDS)))
		return;
	if (errno == EPROTO)
		errx(failure, "%s: the loaded module's records are of another version", name);
	err(failure, "%s: cannot map the records", name);
}
