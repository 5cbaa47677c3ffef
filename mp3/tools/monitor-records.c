// SPDX-License-Identifier: GPL-2.0
/*
 * The record ring, read one record after the other; mp3.h describes it.
 */
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "monitor.h"

/* Takes the words one by one, for the module may be writing them. */
static void copy_words(struct mp3_record *to, const struct mp3_record *from)
{
	const uint64_t *source = (const uint64_t *)from;
	uint64_t *target = (uint64_t *)to;

	for (size_t i = 0; i < sizeof(*to) / sizeof(*target); i++)
		target[i] = __atomic_load_n(&source[i], __ATOMIC_RELAXED);
}

/* Copies record @n, or says that it has been overwritten (see mp3.h). */
static bool load(const struct mp3_records *header, uint64_t n,
		 struct mp3_record *record)
{
	const unsigned char *ring = (const unsigned char *)header + header->header_bytes;
	const struct mp3_record *slot =
		(const void *)(ring + n % header->capacity * header->record_bytes);

	if (__atomic_load_n(&slot->sequence, __ATOMIC_ACQUIRE) != n)
		return false;
	copy_words(record, slot);
	/* The words above are read before the sequence is read again. */
	__atomic_thread_fence(__ATOMIC_ACQUIRE);
	return __atomic_load_n(&slot->sequence, __ATOMIC_RELAXED) == n;
}

static uint64_t head_of(const struct records *records)
{
	return __atomic_load_n(&records->header->head, __ATOMIC_ACQUIRE);
}

bool records_next(struct records *records, struct mp3_record *record)
{
	uint64_t capacity = records->header->capacity, oldest;

	while (records->next < head_of(records)) {
		if (load(records->header, records->next, record)) {
			records->next++;
			return true;
		}
		/*
		 * Overtaken. What is older than a ring's length is gone; and so is
		 * this record, if the sample being written has come that far.
		 */
		oldest = head_of(records);
		oldest = oldest > capacity ? oldest - capacity : 0;
		if (oldest <= records->next)
			oldest = records->next + 1;
		records->missed += oldest - records->next;
		records->next = oldest;
	}
	return false;
}

void records_skip(struct records *records)
{
	records->next = head_of(records);
}

static const void *map(const struct records *records, size_t bytes, const char *path)
{
	const void *memory = mmap(NULL, bytes, PROT_READ, MAP_SHARED, records->device, 0);

	if (memory == MAP_FAILED)
		err(failure, "%s: cannot map the records", path);
	return memory;
}

void records_open(struct records *records, const char *path)
{
	const struct mp3_records *header;
	uint64_t head;

	*records = (struct records){ .device = open_device(path, RECORDS) };
	path = path ? path : MP3_RECORDS;
	header = map(records, MP3_RECORDS_HEADER, path);
	if (header->magic != MP3_RECORDS_MAGIC || header->version != MP3_RECORDS_VERSION ||
	    header->record_bytes < sizeof(struct mp3_record))
		errx(failure, "%s: the loaded module's records are of another version", path);
	records->header = map(records, header->header_bytes +
			      header->capacity * header->record_bytes, path);
	munmap((void *)header, MP3_RECORDS_HEADER);

	head = head_of(records);
	if (head > records->header->capacity)
		records->next = head - records->header->capacity;
}
