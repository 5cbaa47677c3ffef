// SPDX-License-Identifier: GPL-2.0
/*
 * The profile buffer and the record ring
 *
 * The sampler writes here, and never waits for readers. User space may write to the
 * profile buffer as it likes. Nothing is ever read back from either: where the next sample
 * and the next record go is kept here, out of its reach.
 */
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/moduleparam.h>
#include <linux/rculist.h>
#include <linux/sched.h>
#include <linux/spinlock.h>
#include <linux/srcu.h>
#include <linux/vmalloc.h>
#include <linux/wait.h>
#include <linux/workqueue.h>

#include "internal.h"

#define RECORDS_MAX	BIT(28)	/* 26 GiB of them: a typing error */

static unsigned int records = MP3_SAMPLES * 16;
module_param(records, uint, 0444);
MODULE_PARM_DESC(records, "capacity of the record ring, in records of 104 bytes; the default holds ten minutes of 16 processes");

/* Pages of this machine: clients map as many of those as MP3_BUFFER_PAGES says. */
#define BUFFER_SIZE	(MP3_BUFFER_PAGES * PAGE_SIZE)

static struct mp3_sample *ring;		/* BUFFER_SIZE of it, mapped by users */
static struct mp3_records *header;	/* MP3_RECORDS_HEADER bytes, and behind them */
struct mp3_record_ring mp3_record_ring;	/* all records, mapped by users with it */
static u64 missed_children;		/* guarded by mp3_membership_lock */

/* Written by the sampler, read by those who wait for it. */
static unsigned long written;		/* samples ever */
static bool more_expected;		/* some process is registered */

/*
 * Who waits for either to change: a queue for each open file. Anybody who may open the
 * devices can wait in a hundred thousand ways, by epoll(7), and no sample may be late for
 * that. So they are woken by a work, which lets go of the CPU from file to file; and it
 * holds no lock that a user's task could hold while it is stopped.
 */
static struct workqueue_struct *waker;
static LIST_HEAD(readers);		/* struct mp3_reader, read under SRCU */
static DEFINE_SPINLOCK(readers_lock);	/* of who changes it */
DEFINE_STATIC_SRCU(readers_srcu);

static void wake_readers(struct work_struct *work)
{
	struct mp3_reader *reader;
	int index = srcu_read_lock(&readers_srcu);

	list_for_each_entry_srcu(reader, &readers, list, srcu_read_lock_held(&readers_srcu)) {
		wake_up_interruptible(&reader->queue);
		cond_resched();
	}
	srcu_read_unlock(&readers_srcu, index);
}

static DECLARE_WORK(wake_work, wake_readers);

/*
 * Have all woken who wait for what has just been written. While no device is open, a look spares
 * the work, which is thousands of instructions with each sample.
 *
 * No wakeup is lost by that. Here, what is waited for is written, then comes a full barrier, then
 * the look whether there are readers. Who opens a device becomes a reader, then comes a full
 * barrier, and from then on it looks at what it would wait for. So one of us sees what the
 * other has done: either the reader is seen here, or it finds that it need not wait.
 */
static void have_readers_woken(void)
{
	smp_mb();	/* pairs with mp3_add_reader() */
	if (!list_empty(&readers))
		queue_work(waker, &wake_work);
}

/**
 * mp3_add_reader - wake it with each sample, and when more or no more are to come
 *
 * Context: process context
 */
void mp3_add_reader(struct mp3_reader *reader)
{
	init_waitqueue_head(&reader->queue);
	spin_lock(&readers_lock);
	list_add_tail_rcu(&reader->list, &readers);
	spin_unlock(&readers_lock);
	smp_mb();	/* pairs with have_readers_woken() */
}

/**
 * mp3_remove_reader - wake it no more; nobody waits in its queue
 * @freed:	called with its @rcu when nobody looks at it any more
 *
 * Context: process context
 */
void mp3_remove_reader(struct mp3_reader *reader, rcu_callback_t freed)
{
	spin_lock(&readers_lock);
	list_del_rcu(&reader->list);
	spin_unlock(&readers_lock);
	call_srcu(&readers_srcu, &reader->rcu, freed);
}

/**
 * mp3_buffer_missed_child - say that a child was not registered
 *
 * Context: any, callers exclude each other
 */
void mp3_buffer_missed_child(void)
{
	WRITE_ONCE(header->missed_children, ++missed_children);
}

/**
 * mp3_buffer_write - hand a sample to user space, and the records since the last
 * @sample:	the sample
 *
 * Context: the sampler
 */
void mp3_buffer_write(const struct mp3_sample *sample)
{
	struct mp3_sample *slot = &ring[written % MP3_SAMPLES];

	WRITE_ONCE(slot->jiffies, MP3_EMPTY);
	/* Nobody shall see the old sample's time beside the new one's words, */
	smp_wmb();
	WRITE_ONCE(slot->minor, sample->minor);
	WRITE_ONCE(slot->major, sample->major);
	WRITE_ONCE(slot->utilization, sample->utilization);
	/* nor the new one's time beside the old one's words. */
	smp_store_release(&slot->jiffies, sample->jiffies);
	/* Who sees the head shall see the records before it. */
	smp_store_release(&header->head, mp3_record_ring.sequence);

	/* Who is told of the sample shall see it. */
	smp_store_release(&written, written + 1);
	have_readers_woken();
}

/**
 * mp3_buffer_expect - say whether more samples will come
 * @more:	whether they will
 *
 * Context: the sampler
 */
void mp3_buffer_expect(bool more)
{
	/* Who sees the end shall see the last sample. */
	smp_store_release(&more_expected, more);
	have_readers_woken();
}

/**
 * mp3_buffer_expects - whether more samples will come
 *
 * Who sees that none will, sees the last one.
 *
 * Context: any
 */
bool mp3_buffer_expects(void)
{
	/* Pairs with mp3_buffer_expect(). */
	return smp_load_acquire(&more_expected);
}

/**
 * mp3_buffer_written - how many samples ever were
 *
 * Context: any
 */
unsigned long mp3_buffer_written(void)
{
	/* Pairs with mp3_buffer_write(). */
	return smp_load_acquire(&written);
}

/**
 * mp3_buffer_memory - what users map
 * @records:	the record ring, and not the profile buffer
 *
 * Return: of vmalloc_user()
 */
void *mp3_buffer_memory(bool records)
{
	return records ? (void *)header : ring;
}

/* A ring that has never been written to: no word of it shows kernel memory. */
static int init_records(void)
{
	if (!records || records > RECORDS_MAX)
		return -EINVAL;
	header = vmalloc_user(MP3_RECORDS_HEADER + (size_t)records * sizeof(struct mp3_record));
	if (!header)
		return -ENOMEM;
	mp3_record_ring.first = (void *)header + MP3_RECORDS_HEADER;
	mp3_record_ring.end = mp3_record_ring.first + records;
	mp3_record_ring.slot = mp3_record_ring.first;
	*header = (struct mp3_records){
		.magic = MP3_RECORDS_MAGIC,
		.version = MP3_RECORDS_VERSION,
		.header_bytes = MP3_RECORDS_HEADER,
		.record_bytes = sizeof(struct mp3_record),
		.capacity = records,
		.period_ns = NSEC_PER_SEC / MP3_RATE,
		.clock = CLOCK_MONOTONIC,
		.page_bytes = PAGE_SIZE,
	};
	return 0;
}

/**
 * mp3_buffer_init - allocate the buffer, all of it MP3_EMPTY, and the record ring
 *
 * Return: 0, -ENOMEM, -EINVAL for an impossible capacity
 */
int mp3_buffer_init(void)
{
	int err;

	/* With a rescuer, since new workers cannot be had when memory is short. */
	waker = alloc_workqueue(MP3_NAME "-waker", WQ_UNBOUND | WQ_HIGHPRI | WQ_MEM_RECLAIM, 1);
	if (!waker)
		return -ENOMEM;
	err = -ENOMEM;
	ring = vmalloc_user(BUFFER_SIZE);
	if (!ring)
		goto out_waker;
	memset(ring, 0xff, BUFFER_SIZE);
	err = init_records();
	if (err)
		goto out_ring;
	return 0;

out_ring:
	vfree(ring);
out_waker:
	destroy_workqueue(waker);
	return err;
}

/**
 * mp3_buffer_exit - undo mp3_buffer_init()
 *
 * Nobody has either mapped, and nobody writes.
 */
void mp3_buffer_exit(void)
{
	destroy_workqueue(waker);
	srcu_barrier(&readers_srcu);
	vfree(header);
	vfree(ring);
}
