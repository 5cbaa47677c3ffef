// SPDX-License-Identifier: GPL-2.0
/*
 * The samples, taken out of the profile buffer and printed.
 *
 * The buffer is a ring that the module fills in order, so what is in it is
 * usually one arc of full slots. It need not be: others may map the buffer,
 * too, and take samples, or store anything. Hence nothing that is read here is
 * relied on for more than the order of the output, and all loops are bounded.
 *
 * A sample is taken only after it has been printed and flushed, so nothing is
 * lost when the output fails; at worst, some samples are printed twice.
 */
#include <err.h>
#include <sys/mman.h>

#include "monitor.h"

#define BATCH		500		/* samples printed at a time */
#define UNKNOWN		MP3_SAMPLES	/* no slot: begin with a search */

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
	flush(stdout);
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
 * Prints samples as they come, until no process is registered and nothing is
 * left, or until a signal. Returns their number.
 */
static size_t follow(struct mp3_sample *ring, int device)
{
	size_t next = UNKNOWN, total = 0, n;
	int signals = open_signals(), events;

	do {
		events = await_device(device, signals, -1);
		n = print_some(ring, &next);
		total += n;
	} while (!(events & SIGNALLED) && (n || !(events & NOBODY)));
	return total + drain(ring, &next);
}

static struct mp3_sample *map_ring(int device)
{
	void *ring = mmap(NULL, MP3_BUFFER_BYTES, PROT_READ | PROT_WRITE,
			  MAP_SHARED, device, 0);

	if (ring == MAP_FAILED)
		err(1, "cannot map the profile buffer");
	return ring;
}

size_t print_samples(const char *path, bool following, bool waiting)
{
	int device = open_device(path, BUFFER);
	struct mp3_sample *ring = map_ring(device);
	size_t next = UNKNOWN;

	if (waiting)
		wait_for_sample(device);
	return following ? follow(ring, device) : drain(ring, &next);
}
