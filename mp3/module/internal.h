/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the module's files offer each other.
 *
 * Each calls those below it, and none above:
 *
 *	status.c	commands: enters processes, starts and ends the sampler
 *	sampler.c	when a sample is due, and what it says
 *	counts.c	what was counted of each process, and its record
 *	registry.c	who is registered
 *	buffer.c	to whom it is told: the samples, the records, the device
 */
#ifndef MP3_INTERNAL_H
#define MP3_INTERNAL_H

#include <linux/build_bug.h>
#include <linux/compiler.h>
#include <linux/list.h>
#include <linux/stddef.h>
#include <linux/types.h>
#include <asm/barrier.h>

#include "../mp3.h"

struct mm_struct;
struct pid;
struct task_struct;

/**
 * struct mp3_counts - what is counted, of one process or of several
 * @minor:	minor faults
 * @major:	major faults
 * @cpu_ns:	CPU time in user and kernel mode, nanoseconds
 */
struct mp3_counts {
	u64 minor;
	u64 major;
	u64 cpu_ns;
};

/**
 * struct mp3_who - the end of a struct mp3_record, which is copied as a whole
 * @name:	in words, since two comparisons are quicker than memcmp()
 */
struct mp3_who {
	u32 pid;
	u32 parent;
	u32 flags;
	u32 reserved;
	u64 name[MP3_NAME_BYTES / sizeof(u64)];
};

static_assert(offsetof(struct mp3_record, pid) + sizeof(struct mp3_who) ==
	      sizeof(struct mp3_record));
static_assert(offsetof(struct mp3_record, name) - offsetof(struct mp3_record, pid) ==
	      offsetof(struct mp3_who, name));

/**
 * struct mp3_process - a registered process (thread group)
 * @by_age:	its place in mp3_processes, or among those that have just come
 * @by_pid:	its place among those with the same hash of @pid, or among the
 *		unused
 * @pid:	the process's identity, a reference is held
 * @leader:	who led the thread group at registration, a reference is held.
 *		It may long be dead; it pins the signal_struct of the group.
 * @mm:		its memory when it was last looked at, or NULL. A reference to the
 *		mm_struct is held, so no other one can have the same address.
 * @first:	the process's counts when it was registered
 * @last:	the same at its last record, or when it was registered
 * @last_ns:	when that was, CLOCK_MONOTONIC
 * @who:	what its next record will say; MP3_FIRST until it has left one
 * @tree:	whether the children that it forks are to be registered
 */
struct mp3_process {
	struct list_head by_age;
	struct hlist_node by_pid;
	struct pid *pid;
	struct task_struct *leader;
	struct mm_struct *mm;
	struct mp3_counts first;
	struct mp3_counts last;
	u64 last_ns;
	struct mp3_who who;
	bool tree;
};

/* registry.c: the list and its locks */
extern struct list_head mp3_processes;
int mp3_registry_init(void);
void mp3_registry_exit(void);
void mp3_registry_lock(void);
void mp3_registry_unlock(void);
int mp3_enter_process(struct pid *pid, struct task_struct *leader,
		      const struct mp3_counts *first, bool tree);
struct mp3_process *mp3_find_process(const struct pid *pid);
void mp3_remove_process(struct mp3_process *process);
bool mp3_nothing_registered(void);
bool mp3_sees_forks(void);

/* counts.c */
bool mp3_count(struct task_struct *leader, struct mp3_counts *counts);
void mp3_depart(struct mp3_process *process);
void mp3_collect(u64 now, struct mp3_counts *sum);

/* sampler.c */
int mp3_sampler_init(void);
void mp3_sampler_exit(void);
void mp3_sampler_start(void);
void mp3_sampler_finish(void);

/* buffer.c */
int mp3_buffer_init(void);
void mp3_buffer_exit(void);
void mp3_buffer_write(const struct mp3_sample *sample);
void mp3_buffer_missed_child(void);
void mp3_buffer_expect(bool more);

/**
 * struct mp3_record_ring - where the next record goes
 * @first:	the slots, mapped by users
 * @end:	behind the last of them
 * @slot:	the next one
 * @sequence:	of the next record
 */
struct mp3_record_ring {
	struct mp3_record *first;
	struct mp3_record *end;
	struct mp3_record *slot;
	u64 sequence;
};

extern struct mp3_record_ring mp3_record_ring;

/*
 * The next two are called for each process and sample, and take little more than
 * a call does.
 */

/**
 * mp3_record_begin - begin a record, in its place in the ring
 *
 * Context: process context, holds mp3_registry_lock()
 * Return: the record; every word of it but the sequence is to be written
 */
static inline struct mp3_record *mp3_record_begin(void)
{
	struct mp3_record *record = mp3_record_ring.slot;

	WRITE_ONCE(record->sequence, MP3_NO_SEQUENCE);
	/* Nobody shall see the old record's sequence beside the new one's words, */
	smp_wmb();
	return record;
}

/**
 * mp3_record_end - end a record; it will be seen when the next sample is
 * @record:	what mp3_record_begin() gave
 *
 * Context: process context, holds mp3_registry_lock()
 */
static inline void mp3_record_end(struct mp3_record *record)
{
	/* nor the new one's sequence beside the old one's words. */
	smp_store_release(&record->sequence, mp3_record_ring.sequence);
	mp3_record_ring.sequence++;
	if (++record == mp3_record_ring.end)
		record = mp3_record_ring.first;
	mp3_record_ring.slot = record;
}

/* status.c */
int mp3_status_init(void);
void mp3_status_exit(void);

#endif
