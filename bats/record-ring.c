// SPDX-License-Identifier: GPL-2.0
/*
 * record-ring - the way of ring.c through a record ring, without the module.
 *
 *	record-ring CAPACITY			does what stdin says, a step a line:
 *		write N		N records more, and the head behind them
 *		begin N		N records more of a sample that is not whole: the head stays
 *		next		read the next record: prints its number, or "none"
 *		look		prints the number of the next record and how many there are
 *		take N		go on behind N that were looked at: prints "taken" or "overtaken"
 *		skip, rewind	begin with the next sample, or with the oldest record
 *		missed		prints how many were overwritten unread
 *	record-ring CAPACITY RECORDS BATCH	a second thread writes RECORDS records as fast as
 *		it can, and moves the head after each BATCH of them. Those are all read
 *	record-ring CAPACITY RECORDS BATCH lag	the same; but before the first record, the
 *		reader waits until it has been overtaken
 *
 * All words of record n are n + their place in it. Every record that is read must be whole
 * and newer than the one before, or it exits with 1. At the end of the second and third,
 * it prints how many were read and missed.
 */
#define _GNU_SOURCE
#include <err.h>
#include <inttypes.h>
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "../mp3/tools/ring.h"

#define WORDS	(sizeof(struct mp3_record) / sizeof(uint64_t))

static struct mp3_records *header;
static uint64_t total, batch;

/* As buffer.c does. */
static void write_record(uint64_t n)
{
	uint64_t *ring = (uint64_t *)(void *)((char *)header + header->header_bytes);
	uint64_t *slot = ring + n % header->capacity * WORDS;

	__atomic_store_n(&slot[0], MP3_NO_SEQUENCE, __ATOMIC_RELAXED);
	__atomic_thread_fence(__ATOMIC_RELEASE);
	for (size_t i = 1; i < WORDS; i++)
		__atomic_store_n(&slot[i], n + i, __ATOMIC_RELAXED);
	__atomic_store_n(&slot[0], n, __ATOMIC_RELEASE);
}

static void move_head(uint64_t n)
{
	__atomic_store_n(&header->head, n, __ATOMIC_RELEASE);
}

static void *write_records(void *unused)
{
	for (uint64_t n = 0; n < total; n++) {
		write_record(n);
		if ((n + 1) % batch == 0 || n + 1 == total)
			move_head(n + 1);
	}
	return unused;
}

/* A ring in memory, and its reader. */
static void make_ring(struct ring *ring, uint64_t capacity)
{
	size_t bytes = MP3_RECORDS_HEADER + capacity * sizeof(struct mp3_record);
	int memory = memfd_create("ring", MFD_CLOEXEC);

	if (memory < 0 || ftruncate(memory, bytes))
		err(1, "memory");
	header = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, memory, 0);
	if (header == MAP_FAILED)
		err(1, "mmap");
	*header = (struct mp3_records){
		.magic = MP3_RECORDS_MAGIC,
		.version = MP3_RECORDS_VERSION + 1,
		.header_bytes = MP3_RECORDS_HEADER,
		.record_bytes = sizeof(struct mp3_record),
		.capacity = capacity,
	};
	if (ring_open(ring, memory))
		errx(1, "a ring of another version was taken");
	header->version = MP3_RECORDS_VERSION;
	if (!ring_open(ring, memory))
		err(1, "ring_open");
}

static void check(const struct mp3_record *record, uint64_t expected)
{
	uint64_t words[WORDS];

	memcpy(words, record, sizeof(words));
	for (size_t i = 0; i < WORDS; i++)
		if (words[i] != expected + i)
			errx(1, "word %zu of record %" PRIu64 " is %" PRIu64, i, expected,
			     words[i]);
}

static void step(struct ring *ring, const char *verb, uint64_t n)
{
	static uint64_t written;
	const struct mp3_record *first;
	struct mp3_record record;
	uint64_t there;

	if (!strcmp(verb, "write") || !strcmp(verb, "begin")) {
		while (n--)
			write_record(written++);
		if (*verb == 'w')
			move_head(written);
	} else if (!strcmp(verb, "next")) {
		if (!ring_next(ring, &record)) {
			puts("none");
			return;
		}
		check(&record, ring->next - 1);
		printf("%llu\n", record.sequence);
	} else if (!strcmp(verb, "look")) {
		there = ring_look(ring, &first);
		printf("%" PRIu64 " %" PRIu64 "\n", ring->next, there);
		for (uint64_t i = 0; i < there; i++, first = ring_after(ring, first))
			check(first, ring->next + i);
	} else if (!strcmp(verb, "take")) {
		puts(ring_take(ring, n) ? "taken" : "overtaken");
	} else if (!strcmp(verb, "skip")) {
		ring_skip(ring);
	} else if (!strcmp(verb, "rewind")) {
		ring_rewind(ring);
	} else if (!strcmp(verb, "missed")) {
		printf("%" PRIu64 "\n", ring->missed);
	} else {
		errx(2, "no such step: %s", verb);
	}
}

static void step_by_step(struct ring *ring)
{
	char line[64], verb[16];
	uint64_t n;

	while (fgets(line, sizeof(line), stdin)) {
		n = 0;
		if (sscanf(line, "%15s %" SCNu64, verb, &n) < 1)
			errx(2, "no step: %s", line);
		step(ring, verb, n);
	}
}

static void race(struct ring *ring, bool lag)
{
	struct mp3_record record;
	uint64_t read = 0;
	pthread_t writer;

	if (pthread_create(&writer, NULL, write_records, NULL))
		errx(1, "no thread");
	/* The writer does not wait for us. */
	while (lag && __atomic_load_n(&header->head, __ATOMIC_ACQUIRE) <= header->capacity)
		sched_yield();
	while (ring->next < total)
		while (ring_next(ring, &record)) {
			/* what is behind it in the order is counted as missed */
			check(&record, ring->next - 1);
			read++;
		}
	pthread_join(writer, NULL);
	printf("read=%" PRIu64 " missed=%" PRIu64 "\n", read, ring->missed);
	if (read + ring->missed != total)
		errx(1, "that is not %" PRIu64, total);
}

int main(int argc, char **argv)
{
	struct ring ring;

	if (argc != 2 && argc != 4 && (argc != 5 || strcmp(argv[4], "lag")))
		errx(2, "usage: see the head of record-ring.c");
	alarm(60);	/* rather fail than hang */
	make_ring(&ring, strtoull(argv[1], NULL, 10));
	if (argc == 2) {
		step_by_step(&ring);
	} else {
		total = strtoull(argv[2], NULL, 10);
		batch = strtoull(argv[3], NULL, 10);
		race(&ring, argc == 5);
	}
	ring_close(&ring);
	return 0;
}
