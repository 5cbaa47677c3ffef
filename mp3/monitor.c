// SPDX-License-Identifier: GPL-2.0
/*
 * monitor - takes the samples out of the profile buffer and prints them.
 *
 *	monitor [-d DEVICE] [-f] > FILE
 *
 * Four decimal columns, oldest sample first, no header: jiffies, minor faults,
 * major faults and CPU utilization, in the units of struct mp3_sample.
 *
 * The buffer is a ring that the module fills in order, so what is in it is
 * usually one arc of full slots. It need not be: others may map the buffer,
 * too, and take samples, or store anything. Hence nothing that is read here is
 * relied on for more than the order of the output, and all loops are bounded.
 *
 * A sample is taken only after it has been printed and flushed, so nothing is
 * lost when the output fails; at worst, some samples are printed twice.
 *
 * Exit status: 0 done, 1 failed, 2 usage. SIGINT or SIGTERM ends -f in order.
 */
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "mp3.h"

#define NODE		"./node"	/* what mknod makes beside the module */
#define BATCH		500		/* samples printed at a time */
#define UNKNOWN		MP3_SAMPLES	/* no slot: begin with a search */

static void usage_error(void)
{
	fputs("Usage: monitor [-d DEVICE] [-f]\n"
	      "Try 'monitor --help'.\n", stderr);
	exit(2);
}

/* Nothing counts as printed before this has returned. */
static void flush(void)
{
	if (fflush(stdout) || ferror(stdout))
		err(1, "standard output");
}

static void help(void)
{
	printf("Usage: monitor [-d DEVICE] [-f]\n"
	       "Take the samples out of the profile buffer and print them, oldest first:\n"
	       "jiffies, minor faults, major faults, and CPU utilization in hundredths of\n"
	       "a percent of one CPU. Their number goes to stderr.\n"
	       "\n"
	       "  -d, --device=DEVICE  the profile buffer, instead of " NODE " or else\n"
	       "                       " MP3_DEVICE "\n"
	       "  -f, --follow         go on while processes are registered, or until\n"
	       "                       SIGINT or SIGTERM\n"
	       "  -h, --help           print this\n");
	flush();
	exit(0);
}

static size_t after(size_t slot)
{
	return (slot + 1) % MP3_SAMPLES;
}

static size_t before(size_t slot)
{
	return (slot + MP3_SAMPLES - 1) % MP3_SAMPLES;
}

static unsigned long jiffies_of(const struct mp3_sample *slot)
{
	return __atomic_load_n(&slot->jiffies, __ATOMIC_ACQUIRE);
}

static bool full(const struct mp3_sample *slot)
{
	return jiffies_of(slot) != MP3_EMPTY;
}

/* Copies a whole sample, or says that there is none (see mp3.h). */
static bool load(const struct mp3_sample *slot, struct mp3_sample *sample)
{
	sample->jiffies = jiffies_of(slot);
	sample->minor = __atomic_load_n(&slot->minor, __ATOMIC_RELAXED);
	sample->major = __atomic_load_n(&slot->major, __ATOMIC_RELAXED);
	sample->utilization = __atomic_load_n(&slot->utilization, __ATOMIC_RELAXED);
	/* The words above are read before jiffies is read again. */
	__atomic_thread_fence(__ATOMIC_ACQUIRE);
	return sample->jiffies != MP3_EMPTY &&
	       sample->jiffies == __atomic_load_n(&slot->jiffies, __ATOMIC_RELAXED);
}

/* Empties the word, unless the module has stored something else meanwhile. */
static bool take_word(unsigned long *word, unsigned long seen)
{
	return __atomic_compare_exchange_n(word, &seen, MP3_EMPTY, false,
					   __ATOMIC_ACQ_REL, __ATOMIC_RELAXED);
}

/*
 * Empties the slot, unless a newer sample is there by now. All of it, although
 * jiffies would do: some clients look for the first word that is not empty.
 */
static void take(struct mp3_sample *slot, const struct mp3_sample *sample)
{
	if (take_word(&slot->jiffies, sample->jiffies)) {
		take_word(&slot->minor, sample->minor);
		take_word(&slot->major, sample->major);
		take_word(&slot->utilization, sample->utilization);
	}
}

/*
 * Finds where to begin: the slot with the smallest jiffies. From there back
 * over neighbours that are no newer, for two samples may share a tick, and the
 * module may have been writing in front of the search.
 */
static bool find_oldest(const struct mp3_sample *ring, size_t *oldest)
{
	unsigned long smallest = MP3_EMPTY, jiffies;

	for (size_t slot = 0; slot < MP3_SAMPLES; slot++) {
		jiffies = jiffies_of(&ring[slot]);
		if (jiffies < smallest) {
			smallest = jiffies;
			*oldest = slot;
		}
	}
	if (smallest == MP3_EMPTY)
		return false;
	for (size_t steps = 1; steps < MP3_SAMPLES; steps++) {
		jiffies = jiffies_of(&ring[before(*oldest)]);
		if (jiffies > smallest)		/* as is MP3_EMPTY */
			break;
		smallest = jiffies;
		*oldest = before(*oldest);
	}
	return true;
}

/*
 * Copies the samples from *first on, up to an empty slot. If they become older
 * on the way, the module has come round and has passed *first: the oldest
 * samples begin there, and the newer ones before it wait for their turn.
 */
static size_t collect(const struct mp3_sample *ring, size_t *first,
		      struct mp3_sample *batch)
{
	size_t slot = *first, n = 0;

	for (size_t steps = 0; steps < MP3_SAMPLES && n < BATCH; steps++) {
		if (!load(&ring[slot], &batch[n]))
			break;
		if (n && batch[n].jiffies < batch[n - 1].jiffies) {
			batch[0] = batch[n];
			*first = slot;
			n = 0;
		}
		n++;
		slot = after(slot);
	}
	return n;
}

/*
 * Prints and takes some samples, the oldest. *next is where they are expected.
 * That spares a search in nearly all calls, but is only tried: if that slot is
 * empty, another client may have taken the sample; if the slot before it is
 * full, which was emptied here, the module has come round. Returns the number
 * of samples, 0 if there are none.
 */
static size_t print_some(struct mp3_sample *ring, size_t *next)
{
	struct mp3_sample batch[BATCH];
	size_t n;

	if (*next == UNKNOWN || !full(&ring[*next]) || full(&ring[before(*next)]))
		if (!find_oldest(ring, next))
			return 0;
	n = collect(ring, next, batch);
	for (size_t i = 0; i < n; i++)
		printf("%lu %lu %lu %lu\n", batch[i].jiffies, batch[i].minor,
		       batch[i].major, batch[i].utilization);
	flush();
	for (size_t i = 0; i < n; i++, *next = after(*next))
		take(&ring[*next], &batch[i]);
	return n;
}

/*
 * Prints and takes what is in the ring, about as many samples as it has slots
 * at most, lest a writer that never rests keeps it here. Returns their number.
 */
static size_t drain(struct mp3_sample *ring, size_t *next)
{
	size_t total = 0, n;

	while (total < MP3_SAMPLES && (n = print_some(ring, next)))
		total += n;
	return total;
}

/*
 * A file to poll for SIGINT and SIGTERM, which do nothing else from now on:
 * they neither cut an output short nor slip in just before a wait. What the
 * parent has decided to ignore (nohup, a background job) stays ignored.
 */
static int open_signals(void)
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
		err(1, "signalfd");
	return file;
}

/*
 * Prints samples as they come, until no process is registered and nothing is
 * left, or until a signal. Returns their number.
 */
static size_t follow(struct mp3_sample *ring, int device)
{
	struct pollfd files[] = {
		{ .fd = device, .events = POLLIN },
		{ .fd = open_signals(), .events = POLLIN },
	};
	size_t next = UNKNOWN, total = 0, n;

	do {
		if (poll(files, 2, -1) < 0)
			err(1, "poll");
		n = print_some(ring, &next);
		total += n;
	} while (!files[1].revents && (n || !(files[0].revents & POLLHUP)));
	return total + drain(ring, &next);
}

/* The major number of the profiler, -1 if the module is not loaded. */
static int profiler_major(void)
{
	FILE *devices = fopen("/proc/devices", "re");
	char *line = NULL, name[32];
	int found = -1, number;
	size_t size = 0;

	if (!devices)
		err(1, "/proc/devices");
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
 * Opens the profile buffer, and nothing else: to store into, or to map, what
 * is something else may harm it. O_NONBLOCK, so that no FIFO or terminal line
 * keeps it waiting.
 */
static int open_device(const char *path)
{
	int flags = O_RDWR | O_NONBLOCK | O_NOCTTY | O_CLOEXEC, device;
	const char *name = path ? path : NODE;
	struct stat status;

	device = open(name, flags);
	if (device < 0 && errno == ENOENT && !path) {
		name = MP3_DEVICE;
		device = open(name, flags);
		if (device < 0 && errno == ENOENT)
			errx(1, "neither %s nor %s is there: is the module loaded?",
			     NODE, MP3_DEVICE);
	}
	if (device < 0 && (errno == ENXIO || errno == ENODEV))
		errx(1, "%s: no such device now: is the module loaded?", name);
	if (device < 0 || fstat(device, &status))
		err(1, "%s", name);
	if (!S_ISCHR(status.st_mode) || minor(status.st_rdev) != 0 ||
	    (int)major(status.st_rdev) != profiler_major())
		errx(1, "%s: not a profile buffer", name);
	return device;
}

static struct mp3_sample *map_ring(int device)
{
	void *ring = mmap(NULL, MP3_BUFFER_BYTES, PROT_READ | PROT_WRITE,
			  MAP_SHARED, device, 0);

	if (ring == MAP_FAILED)
		err(1, "cannot map the profile buffer");
	return ring;
}

int main(int argc, char **argv)
{
	static const struct option names[] = {
		{ "device", required_argument, NULL, 'd' },
		{ "follow", no_argument, NULL, 'f' },
		{ "help", no_argument, NULL, 'h' },
		{ NULL, 0, NULL, 0 },
	};
	const char *path = NULL;
	struct mp3_sample *ring;
	bool following = false;
	size_t total, next = UNKNOWN;
	int c, device;

	while ((c = getopt_long(argc, argv, "d:fh", names, NULL)) != -1) {
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
		default:
			usage_error();
		}
	}
	if (optind != argc) {
		warnx("no argument is expected, but '%s' is there", argv[optind]);
		usage_error();
	}

	device = open_device(path);
	ring = map_ring(device);
	total = following ? follow(ring, device) : drain(ring, &next);
	/* What the file system held back until now is reported by close(2). */
	if (fclose(stdout))
		err(1, "standard output");
	fprintf(stderr, "monitor: %zu samples\n", total);
	return 0;
}
