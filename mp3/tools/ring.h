/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A reader of the record ring, for any program: mp3.h describes the ring, ring.c is the
 * one place that knows how to read it.
 *
 *	struct ring ring;
 *	struct mp3_record record;
 *	int events;
 *
 *	if (!ring_open(&ring, open(MP3_RECORDS, O_RDONLY | O_CLOEXEC)))
 *		err(1, "%s", MP3_RECORDS);
 *	ring_skip(&ring);			(or begin with the oldest record)
 *	do {
 *		events = ring_poll(&ring, -1);
 *		while (ring_next(&ring, &record))
 *			...
 *	} while (!(events & POLLHUP));
 *
 * Nothing is taken out, and any number of readers may read the ring. Each keeps its own
 * place; one that is overtaken by the module goes on with the oldest record that is left,
 * and counts what it has missed.
 *
 * ring_next() copies a record. Who wants to be quicker reads them where they are:
 *
 *	const struct mp3_record *record;
 *	uint64_t n = ring_look(&ring, &record);
 *
 *	for (uint64_t i = 0; i < n; i++, record = ring_after(&ring, record))
 *		minor += record->minor;
 *	if (n && !ring_take(&ring, n))
 *		...				(nothing that was read counts: look again)
 *
 * Errors are told by the return value and errno; nothing is printed, nobody is ended. To
 * use it, compile ring.c with the program. A struct ring is for one thread at a time.
 */
#ifndef RING_H
#define RING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "../mp3.h"

/**
 * struct ring - a reader, and its place in the record ring
 * @header:	the mapped ring, read-only: its capacity, page_bytes, missed_children...
 * @device:	the open device, for a poll(2) of several files
 * @next:	sequence of the record to be read next
 * @missed:	records that were overwritten before they were read
 * @first, @end: the slots; internal, as is
 * @stride:	bytes from one to the next
 */
struct ring {
	const struct mp3_records *header;
	int device;
	uint64_t next;
	uint64_t missed;
	const unsigned char *first;
	const unsigned char *end;
	size_t stride;
};

/**
 * ring_open - map the record ring, and begin with the oldest record that is left
 * @ring:	to be filled
 * @device:	MP3_RECORDS, opened for reading; what open(2) says when it fails will do,
 *		too. It is the reader's from now on, unless this fails
 *
 * Return: false, and errno says why not; EPROTO: the ring is one of another version of
 * the module, or no record ring
 */
bool ring_open(struct ring *ring, int device);

/**
 * ring_close - unmap the ring, and close the device
 */
void ring_close(struct ring *ring);

/**
 * ring_skip - leave out what is there: begin with the next sample to come
 */
void ring_skip(struct ring *ring);

/**
 * ring_rewind - begin anew with the oldest record that is left
 *
 * What it goes back over, or leaves out, is not counted as missed.
 */
void ring_rewind(struct ring *ring);

/**
 * ring_poll - wait for the next sample
 * @ms:		how long at most, in milliseconds; -1: as long as it takes
 *
 * Return: poll(2)'s events: POLLIN, a sample has been written since the last call;
 * POLLHUP, no process is registered, and what is in the ring is all for now; 0, the time
 * is over; -1, and errno says what has failed
 */
int ring_poll(const struct ring *ring, int ms);

/**
 * ring_wait - wait for the next sample, and before it for a process to be registered
 *
 * It sleeps in read(2), and is ended by a signal that is not blocked, or by a sample.
 *
 * Return: false, and errno says what has failed; EINTR: a signal came
 */
bool ring_wait(const struct ring *ring);

/**
 * ring_attach - have a process registered as long as this ring is open, and it lives
 * @attach:	see mp3.h; filled with what the module tells
 *
 * Return: false, and errno says why not
 */
bool ring_attach(const struct ring *ring, struct mp3_attach *attach);

/**
 * ring_detach - let go of it again
 */
bool ring_detach(const struct ring *ring, struct mp3_attach *attach);

/**
 * ring_next - copy the next record
 * @record:	filled with a whole one
 *
 * Return: false if there is none for now
 */
bool ring_next(struct ring *ring, struct mp3_record *record);

/**
 * ring_look - what there is to be read, in its place
 * @record:	set to the next one; ring_after() leads on from it
 *
 * Return: how many there are, 0 if there is none for now
 */
uint64_t ring_look(struct ring *ring, const struct mp3_record **record);

/**
 * ring_take - go on behind @n records which have been read in their place
 * @n:		no more than ring_look() has said, at least 1
 *
 * The module writes the records in order. So if the first of them is still there, all
 * of them have been whole.
 *
 * Return: false if they were not; then the place is still the same
 */
bool ring_take(struct ring *ring, uint64_t n);

/**
 * ring_after - the place of the record behind this one
 */
static inline const struct mp3_record *ring_after(const struct ring *ring,
						  const struct mp3_record *record)
{
	const unsigned char *after = (const unsigned char *)record + ring->stride;

	return (const struct mp3_record *)(const void *)(after == ring->end ? ring->first : after);
}

#endif
