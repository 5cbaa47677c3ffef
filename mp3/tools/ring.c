// SPDX-License-Identifier: GPL-2.0
/*
 * The record ring, read one record after the other; mp3.h describes it.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stddef.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "ring.h"

static const struct mp3_record *slot_of(const struct ring *ring, uint64_t n)
{
	return (const void *)(ring->first + n % ring->header->capacity * ring->stride);
}

static uint64_t head_of(const struct ring *ring)
{
	return __atomic_load_n(&ring->header->head, __ATOMIC_ACQUIRE);
}

static uint64_t oldest_of(const struct ring *ring)
{
	uint64_t head = head_of(ring), capacity = ring->header->capacity;

	return head > capacity ? head - capacity : 0;
}

/* Takes the words one by one, for the module may be writing them. */
static void copy_words(struct mp3_record *to, const struct mp3_record *from)
{
	const uint64_t *source = (const uint64_t *)from;
	uint64_t *target = (uint64_t *)to;

	for (size_t i = 0; i < sizeof(*to) / sizeof(*target); i++)
		target[i] = __atomic_load_n(&source[i], __ATOMIC_RELAXED);
}

/*
 * Overtaken. What is older than a ring's length is gone; and so is the next record, if
 * the sample being written has come that far.
 */
static void skip_overwritten(struct ring *ring)
{
	uint64_t oldest = oldest_of(ring);

	if (oldest <= ring->next)
		oldest = ring->next + 1;
	ring->missed += oldest - ring->next;
	ring->next = oldest;
}

uint64_t ring_look(struct ring *ring, const struct mp3_record **record)
{
	uint64_t head;

	while (ring->next < (head = head_of(ring))) {
		*record = slot_of(ring, ring->next);
		if (__atomic_load_n(&(*record)->sequence, __ATOMIC_ACQUIRE) == ring->next)
			return head - ring->next;
		skip_overwritten(ring);
	}
	return 0;
}

bool ring_take(struct ring *ring, uint64_t n)
{
	const struct mp3_record *first = slot_of(ring, ring->next);

	/* What was read of the records was read before the sequence is read again. */
	__atomic_thread_fence(__ATOMIC_ACQUIRE);
	if (__atomic_load_n(&first->sequence, __ATOMIC_RELAXED) != ring->next)
		return false;
	ring->next += n;
	return true;
}

bool ring_next(struct ring *ring, struct mp3_record *record)
{
	const struct mp3_record *slot;

	while (ring_look(ring, &slot)) {
		copy_words(record, slot);
		if (ring_take(ring, 1))
			return true;
	}
	return false;
}

void ring_skip(struct ring *ring)
{
	ring->next = head_of(ring);
}

void ring_rewind(struct ring *ring)
{
	ring->next = oldest_of(ring);
}

int ring_poll(const struct ring *ring, int ms)
{
	struct pollfd device = { .fd = ring->device, .events = POLLIN };

	uint64_t samples;

	if (poll(&device, 1, ms) < 0)
		return -1;
	/* What is not read is said again. EAGAIN: another thread has read it. */
	if (device.revents & POLLIN && read(ring->device, &samples, sizeof(samples)) < 0 &&
	    errno != EAGAIN)
		return -1;
	return device.revents;
}

bool ring_wait(const struct ring *ring)
{
	int flags = fcntl(ring->device, F_GETFL), error;
	uint64_t samples;
	bool came;

	if (flags < 0 || fcntl(ring->device, F_SETFL, flags & ~O_NONBLOCK))
		return false;
	came = read(ring->device, &samples, sizeof(samples)) == sizeof(samples);
	error = errno;
	if (fcntl(ring->device, F_SETFL, flags))
		return false;
	errno = error;
	return came;
}

bool ring_attach(const struct ring *ring, struct mp3_attach *attach)
{
	return !ioctl(ring->device, MP3_ATTACH, attach);
}

bool ring_detach(const struct ring *ring, struct mp3_attach *attach)
{
	return !ioctl(ring->device, MP3_DETACH, attach);
}

static size_t bytes_of(const struct mp3_records *header)
{
	return header->header_bytes + header->capacity * header->record_bytes;
}

/* Returns the first @bytes of the ring, or MAP_FAILED. */
static void *map(int device, size_t bytes)
{
	return mmap(NULL, bytes, PROT_READ, MAP_SHARED, device, 0);
}

/* Maps all of the ring; the header says how long that is. NULL, and errno, if it fails. */
static const struct mp3_records *map_whole(int device)
{
	struct mp3_records *header = map(device, MP3_RECORDS_HEADER);
	bool known;
	size_t bytes;

	if (header == MAP_FAILED)
		return NULL;
	known = header->magic == MP3_RECORDS_MAGIC && header->version == MP3_RECORDS_VERSION &&
		header->record_bytes >= sizeof(struct mp3_record) && header->capacity;
	bytes = bytes_of(header);
	munmap(header, MP3_RECORDS_HEADER);
	if (!known) {
		errno = EPROTO;
		return NULL;
	}
	header = map(device, bytes);
	return header == MAP_FAILED ? NULL : header;
}

bool ring_open(struct ring *ring, int device)
{
	const struct mp3_records *header;

	if (device < 0)
		return false;
	header = map_whole(device);
	if (!header)
		return false;
	*ring = (struct ring){
		.header = header,
		.device = device,
		.first = (const unsigned char *)header + header->header_bytes,
		.end = (const unsigned char *)header + bytes_of(header),
		.stride = header->record_bytes,
	};
	ring_rewind(ring);
	return true;
}

void ring_close(struct ring *ring)
{
	munmap((void *)ring->header, bytes_of(ring->header));
	close(ring->device);
}
