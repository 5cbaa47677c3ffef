// SPDX-License-Identifier: GPL-2.0
/* The record ring, as the meters read it, see ring.h. */
#define _GNU_SOURCE
#include <err.h>
#include <fcntl.h>
#include <stddef.h>
#include <sys/mman.h>

#include "ring.h"

void open_ring(struct ring *ring)
{
	const struct mp3_records *header;
	size_t bytes;

	ring->device = (struct pollfd){ open(MP3_RECORDS, O_RDONLY | O_CLOEXEC), POLLIN, 0 };
	header = mmap(NULL, MP3_RECORDS_HEADER, PROT_READ, MAP_SHARED, ring->device.fd, 0);
	if (header == MAP_FAILED)
		err(1, "%s", MP3_RECORDS);
	bytes = MP3_RECORDS_HEADER + header->capacity * sizeof(*ring->first);
	header = mmap(NULL, bytes, PROT_READ, MAP_SHARED, ring->device.fd, 0);
	if (header == MAP_FAILED)
		err(1, "%s", MP3_RECORDS);
	ring->header = header;
	ring->first = (const void *)((const char *)header + MP3_RECORDS_HEADER);
	ring->end = ring->first + header->capacity;
	ring->sequence = __atomic_load_n(&header->head, __ATOMIC_ACQUIRE);
	ring->next = ring->first + ring->sequence % header->capacity;
}

void rewind_ring(struct ring *ring)
{
	if (__atomic_load_n(&ring->header->head, __ATOMIC_ACQUIRE) > ring->header->capacity)
		errx(1, "the ring has come round");
	ring->sequence = 0;
	ring->next = ring->first;
}

void await_sample(struct ring *ring)
{
	if (poll(&ring->device, 1, -1) < 0)
		err(1, "poll");
}

uint64_t read_ring(struct ring *ring, struct sums *sums)
{
	const struct mp3_record *oldest = ring->next, *record = oldest;
	uint64_t head = __atomic_load_n(&ring->header->head, __ATOMIC_ACQUIRE);
	uint64_t n = head - ring->sequence;

	if (!n)
		return 0;
	if (__atomic_load_n(&oldest->sequence, __ATOMIC_ACQUIRE) != ring->sequence)
		errx(1, "overtaken by the profiler");
	for (uint64_t left = n; left; left--) {
		sums->minor += record->minor;
		sums->major += record->major;
		sums->cpu_ns += record->cpu_ns;
		if (++record == ring->end)
			record = ring->first;
	}
	/*
	 * The module writes the records in order: if the oldest of them is still whole,
	 * none of them was overwritten meanwhile.
	 */
	__atomic_thread_fence(__ATOMIC_ACQUIRE);
	if (__atomic_load_n(&oldest->sequence, __ATOMIC_RELAXED) != ring->sequence)
		errx(1, "overtaken by the profiler");
	ring->next = record;
	ring->sequence = head;
	return n;
}

uint64_t time_of_last(const struct ring *ring)
{
	return (ring->next == ring->first ? ring->end : ring->next)[-1].time_ns;
}
