// SPDX-License-Identifier: GPL-2.0
/*
 * record-ring - the monitor's way through a record ring, without the module.
 *
 *	record-ring CAPACITY RECORDS BATCH
 *
 * A second thread writes RECORDS records as the module does, as fast as it can, and
 * moves the head after each BATCH of them; all words of record n are n + their place
 * in it. Reads until all are written and read. Every record must be whole and newer
 * than the one before, or it exits with 1. Prints how many were read and missed.
 */
#include "../mp3/tools/monitor-records.c"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define WORDS	(sizeof(struct mp3_record) / sizeof(uint64_t))

static struct mp3_records *header;
static uint64_t total, batch;

/* As buffer.c does. */
static void *write_records(void *unused)
{
	uint64_t *ring = (uint64_t *)((char *)header + header->header_bytes);

	for (uint64_t n = 0; n < total; n++) {
		uint64_t *slot = ring + n % header->capacity * WORDS;

		__atomic_store_n(&slot[0], MP3_NO_SEQUENCE, __ATOMIC_RELAXED);
		__atomic_thread_fence(__ATOMIC_RELEASE);
		for (size_t i = 1; i < WORDS; i++)
			__atomic_store_n(&slot[i], n + i, __ATOMIC_RELAXED);
		__atomic_store_n(&slot[0], n, __ATOMIC_RELEASE);
		if ((n + 1) % batch == 0 || n + 1 == total)
			__atomic_store_n(&header->head, n + 1, __ATOMIC_RELEASE);
	}
	return unused;
}

static void check(const struct mp3_record *record, uint64_t expected)
{
	uint64_t words[WORDS];

	memcpy(words, record, sizeof(words));
	for (size_t i = 0; i < WORDS; i++)
		if (words[i] != expected + i)
			errx(1, "word %zu of record %llu is %llu", i,
			     (unsigned long long)expected, (unsigned long long)words[i]);
}

int main(int argc, char **argv)
{
	struct records records = { .device = -1 };
	struct mp3_record record;
	uint64_t capacity, read = 0;
	pthread_t writer;

	if (argc != 4)
		errx(2, "usage: see the head of record-ring.c");
	capacity = strtoull(argv[1], NULL, 10);
	total = strtoull(argv[2], NULL, 10);
	batch = strtoull(argv[3], NULL, 10);
	header = calloc(1, MP3_RECORDS_HEADER + capacity * sizeof(record));
	if (!header)
		err(1, "ring");
	header->header_bytes = MP3_RECORDS_HEADER;
	header->record_bytes = sizeof(record);
	header->capacity = capacity;
	records.header = header;
	alarm(60);	/* rather fail than hang */

	if (pthread_create(&writer, NULL, write_records, NULL))
		errx(1, "no thread");
	while (records.next < total)
		while (records_next(&records, &record)) {
			/* what is behind it in the order is counted as missed */
			check(&record, records.next - 1);
			read++;
		}
	pthread_join(writer, NULL);
	printf("read=%llu missed=%llu\n", (unsigned long long)read,
	       (unsigned long long)records.missed);
	free(header);
	return read + records.missed == total ? 0 : 1;
}
