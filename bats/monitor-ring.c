// SPDX-License-Identifier: GPL-2.0
/*
 * monitor-ring - the monitor's way through a ring, without the module.
 *
 *	monitor-ring		stdin: a line "<slot> <jiffies>" a sample, put into an
 *				empty ring; its other words are jiffies + 1, + 2, + 3.
 *				A line "print" prints and takes some already
 *	monitor-ring SAMPLES	a second thread writes so many samples as the
 *				module does, as fast as it can, with no regard
 *				to what has been taken; nothing is taken before
 *				the ring has come round, if there are as many
 *	monitor-ring -f SAMPLES	the same at 1000 samples a second, followed; a
 *				pipe stands for the device: it gives a number for
 *				each sample, and is hung up after the last
 *	monitor-ring -f SAMPLES SIGNAL
 *				is not hung up: after so many samples, and when the
 *				first has been followed, the process gets the signal
 *				of this number, and more samples come
 *
 * Drains the ring to stdout as the monitor does. At its end, however it ends,
 * it says on stderr how many slots are full, and how many words are not empty.
 */
#define _GNU_SOURCE
#include "../mp3/tools/monitor-samples.c"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static struct mp3_sample *ring;
static unsigned long samples;		/* that the thread writes */
static unsigned long written;		/* of them, so far */
static unsigned long finished;		/* the thread is */
static unsigned long unwanted;		/* more samples are */

static void store(unsigned long *word, unsigned long value)
{
	__atomic_store_n(word, value, __ATOMIC_RELAXED);
}

/* As the module writes a sample. */
static void write_sample(size_t slot, unsigned long jiffies)
{
	struct mp3_sample *sample = &ring[slot];

	store(&sample->jiffies, MP3_EMPTY);
	__atomic_thread_fence(__ATOMIC_RELEASE);
	store(&sample->minor, jiffies + 1);
	store(&sample->major, jiffies + 2);
	store(&sample->utilization, jiffies + 3);
	__atomic_store_n(&sample->jiffies, jiffies, __ATOMIC_RELEASE);
}

static void *write_fast(void *unused)
{
	for (unsigned long i = 0; i < samples; i++) {
		write_sample(i % MP3_SAMPLES, i);
		__atomic_store_n(&written, i + 1, __ATOMIC_RELEASE);
	}
	__atomic_store_n(&finished, 1, __ATOMIC_RELEASE);
	return unused;
}

#define FOLLOWED	11900		/* the slot of the first sample that is followed */

static int device[2];			/* to poll, and to make it pollable */
static int signal_number;		/* 0: none, the device is hung up */

static void write_one(unsigned long i)
{
	uint64_t number = i + 1;

	write_sample((i + FOLLOWED) % MP3_SAMPLES, i);
	/* EAGAIN: there are numbers enough for who has not come to read them. */
	if (write(device[1], &number, sizeof(number)) != sizeof(number) && errno != EAGAIN)
		err(1, "pipe");
	usleep(1000);
}

static void *write_slowly(void *unused)
{
	unsigned long i;
	sigset_t all;

	/* They are for the thread that follows. */
	sigfillset(&all);
	pthread_sigmask(SIG_BLOCK, &all, NULL);
	for (i = 0; i < samples; i++)
		write_one(i);
	if (signal_number) {
		/* Who has taken a sample has made provision for signals before. */
		while (full(&ring[FOLLOWED]))
			usleep(1000);
		kill(getpid(), signal_number);
		for (; !__atomic_load_n(&unwanted, __ATOMIC_ACQUIRE); i++)
			write_one(i);
	}
	close(device[1]);
	return unused;
}

static void say_what_is_left(void)
{
	size_t slots = 0, words = 0;

	for (size_t i = 0; i < MP3_SAMPLES; i++)
		slots += full(&ring[i]);
	for (size_t i = 0; i < MP3_BUFFER_BYTES / sizeof(long); i++)
		words += ((unsigned long *)ring)[i] != MP3_EMPTY;
	fprintf(stderr, "left: %zu slots, %zu words\n", slots, words);
}

int main(int argc, char **argv)
{
	unsigned long slot, jiffies;
	size_t next = UNKNOWN;
	pthread_t writer;
	char line[64];

	ring = aligned_alloc(4096, MP3_BUFFER_BYTES);
	if (!ring)
		err(1, "ring");
	memset(ring, 0xff, MP3_BUFFER_BYTES);
	atexit(say_what_is_left);
	alarm(600);	/* rather fail than hang, on however slow a host */

	if (argc == 1) {
		while (fgets(line, sizeof(line), stdin))
			if (sscanf(line, "%lu %lu", &slot, &jiffies) == 2)
				write_sample(slot % MP3_SAMPLES, jiffies);
			else
				print_some(ring, &next);
		fprintf(stderr, "drained: %zu\n", drain(ring, &next));
		return 0;
	}

	samples = strtoul(argv[argc == 2 ? 1 : 2], NULL, 10);
	if (argc == 2) {
		if (pthread_create(&writer, NULL, write_fast, NULL))
			errx(1, "no thread");
		while (!__atomic_load_n(&finished, __ATOMIC_ACQUIRE) &&
		       __atomic_load_n(&written, __ATOMIC_ACQUIRE) <= MP3_SAMPLES)
			sched_yield();
		while (!__atomic_load_n(&finished, __ATOMIC_ACQUIRE))
			print_some(ring, &next);
		pthread_join(writer, NULL);
		fprintf(stderr, "drained: %zu\n", drain(ring, &next));
	} else {
		signal_number = argc == 4 ? atoi(argv[3]) : 0;
		/* As open_device() opens it. */
		if (pipe2(device, O_NONBLOCK) || pthread_create(&writer, NULL, write_slowly, NULL))
			err(1, "no thread");
		fprintf(stderr, "followed: %zu\n", follow(ring, device[0]));
		/* Of a thread that still runs at exit, the leak sanitizer at times hangs. */
		__atomic_store_n(&unwanted, 1, __ATOMIC_RELEASE);
		pthread_join(writer, NULL);
	}
	return 0;
}
