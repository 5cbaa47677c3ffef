// SPDX-License-Identifier: GPL-2.0
/*
 * What monitor is connected to: the profiler's device, signals, its output.
 */
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "monitor.h"

#define NODE	"./node"	/* what mknod makes beside the module */

int failure = 1;

void flush(FILE *output)
{
	if (fflush(output) || ferror(output))
		err(1, output == stdout ? "standard output" : "output");
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
			errx(failure, "%s is not there: is the module loaded?", name);
		name = standard;
		device = open(name, flags);
		if (device < 0 && errno == ENOENT)
			errx(failure, "neither %s nor %s is there: is the module loaded?",
			     NODE, MP3_DEVICE);
	}
	if (device < 0 && (errno == ENXIO || errno == ENODEV))
		errx(failure, "%s: no such device now: is the module loaded?", name);
	if (device < 0 || fstat(device, &status))
		err(failure, "%s", name);
	if (!S_ISCHR(status.st_mode) || minor(status.st_rdev) != which ||
	    (int)major(status.st_rdev) != profiler_major())
		errx(failure, "%s: not a %s", name,
		     which == RECORDS ? "record ring" : "profile buffer");
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
