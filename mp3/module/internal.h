/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the module's files offer each other.
 *
 * Each calls those below it, and none above:
 *
 *	status.c	the status file: text in, the list of processes out
 *	device.c	the devices: to map, to wait, to attach
 *	commands.c	what either is told to do: to register, to let go
 *	sampler.c	one thread, which samples and carries the commands out
 *	records.c	what each process leaves in the record ring
 *	counts.c	what the kernel has counted of a process
 *	registry.c	who is registered, and by whom
 *	places.c	places to be registered in, and who can have how many
 *	buffer.c	the samples and the records
 *
 * Who may do what, when
 * ---------------------
 * One thread, the sampler, owns the data: the list of processes, what was counted of
 * them, the deadlines, and the places in both rings. Whoever wants something of it asks
 * and waits (mp3_ask()). So a sample needs no lock that a user's task could hold while it
 * is preempted or throttled by its cgroup; commands and samples are whole, one after
 * another; and there is no way to miss a deadline but by the thread's not running, since
 * the same thread decides what it waits for, and waits. It is of SCHED_FIFO, and woken by
 * an interrupt; what can keep it from a CPU is who cannot be preempted. "Context: the
 * sampler" says that a function is called by it alone; when it is not there yet, or no
 * more, init and exit take its part.
 *
 * - R against R, U against U, attach against detach: the second finds the entry there, or gone.
 * - U or R against a sample: the sample takes the process's growth so far, or it is not in
 *   the list; what U finds beyond the last sample is set aside for the next one.
 * - Those who ask in a loop delay a sample by no more than one command, for a sample that
 *   is due comes before any further command. Each has spent as much time of its own on it,
 *   see commands.c; and where there are many, the sampler sleeps between them now and then.
 * - Who asks and dies: it waits in the kernel for its turn, which takes as long as those
 *   before it in the queue.
 * - exit against all of these: needs no lock of ours, see counts.c. The sample that finds
 *   every thread dead takes the last counts and the entry out of the list.
 * - exec: the thread group and its identity stay, see records.c for the leader.
 * - fork is entered by the forking task, see registry.c. It and the readers of the status
 *   file share a raw spinlock with the sampler, under which nobody can be stopped, for a
 *   few instructions or 32 places at a time.
 * - open, mmap, read, poll of the devices touch none of it. close sets a bit for the
 *   next sample.
 * - load: what can fail comes before what publishes; see main.c.
 * - unload: the devices are closed, the status file is gone, so nobody asks, and the
 *   sampler ends; then the tracepoint is silent, so nobody is entered; then what they used.
 */
#ifndef MP3_INTERNAL_H
#define MP3_INTERNAL_H

#include <linux/bits.h>
#include <linux/build_bug.h>
#include <linux/compiler.h>
#include <linux/completion.h>
#include <linux/list.h>
#include <linux/spinlock.h>
#include <linux/stddef.h>
#include <linux/types.h>
#include <linux/uidgid.h>
#include <linux/wait.h>
#include <asm/barrier.h>

#include "../mp3.h"

struct file;
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
 * struct mp3_user - somebody whose places in the table are limited
 * @places:	that it has now
 * @let_go:	of how many living processes it has let go, less what time has forgiven
 * @forgiven:	jiffies when that was done last
 * @files:	that are attached. Context: the sampler
 *
 * mp3_membership_lock guards the others.
 */
struct mp3_user {
	unsigned int places;
	unsigned int let_go;
	unsigned long forgiven;
	unsigned int files;
};

/*
 * Who wants a process to be registered: a set of 64, one bit each. The first is whoever
 * writes commands; the others are attached files.
 */
#define MP3_BY_COMMAND	0
static_assert(MP3_ATTACHED_MAX + 1 == BITS_PER_TYPE(u64));

/**
 * struct mp3_process - a registered process (thread group), and its place in the table
 * @by_age:	its place in mp3_processes, or among those that have just come
 * @by_pid:	its place among those with the same hash of @pid, or among the
 *		unused or the left
 * @pid:	the process's identity, a reference is held
 * @leader:	who led the thread group at registration, a reference is held.
 *		It may long be dead; it pins the signal_struct of the group.
 * @mm:		its memory when it was last looked at, or NULL. A reference to the
 *		mm_struct is held, so no other one can have the same address.
 * @last:	the process's counts at its last record, or when it was registered
 * @last_ns:	when that was, CLOCK_MONOTONIC
 * @who:	what its next record will say; MP3_FIRST until it has left one
 * @first:	its counts when it was registered
 * @number:	how many were registered before it
 * @wanted_by:	a bit for each who wants it to be registered; 0 is only in between
 * @tree_wanted_by: for each who wants the children that it forks, too
 * @user:	whose place it has, NULL if nobody's whose places are limited
 * @commander:	who has registered it by command
 */
struct mp3_process {
	struct list_head by_age;
	struct hlist_node by_pid;
	struct pid *pid;
	struct task_struct *leader;
	struct mm_struct *mm;
	struct mp3_counts last;
	u64 last_ns;
	struct mp3_who who;
	struct mp3_counts first;
	u64 number;
	u64 wanted_by;
	u64 tree_wanted_by;
	struct mp3_user *user;
	kuid_t commander;
};

/* places.c */
#define MP3_SCAN	32	/* places that are gone through under the lock */
int mp3_places_init(void);
void mp3_places_exit(void);
struct mp3_user *mp3_user_of(const struct file *file);
bool mp3_is_too_fast(struct mp3_user *user);
struct mp3_process *mp3_take_place(struct mp3_user *user, bool forked);
void mp3_leave_place(struct mp3_process *place, bool alive);
int mp3_spend_place(struct mp3_user *user);
void mp3_free_left_places(void);
bool mp3_places_will_be_free(void);
unsigned int mp3_places(void);
unsigned int mp3_places_used(void);
const struct mp3_process *mp3_place(unsigned int number);

/* registry.c */
extern struct list_head mp3_processes;
extern raw_spinlock_t mp3_membership_lock;
int mp3_registry_init(void);
void mp3_registry_exit(void);
int mp3_enter_process(const struct mp3_process *like);
struct mp3_process *mp3_find_process(const struct pid *pid);
void mp3_adopt_newborn(void);
void mp3_refuse(u64 whom);
bool mp3_process_is_wanted(const struct mp3_process *process, unsigned int who);
void mp3_want_process(struct mp3_process *process, unsigned int who, bool tree, kuid_t commander);
bool mp3_unwant_process(struct mp3_process *process, u64 whom);
void mp3_lead_process(struct mp3_process *process, struct task_struct *leader);
void mp3_remove_process(struct mp3_process *process, bool alive);
bool mp3_nothing_registered(void);
unsigned int mp3_processes_registered(void);
u64 mp3_processes_entered(void);

/* counts.c */
bool mp3_count(struct task_struct *leader, struct mp3_counts *counts);
bool mp3_count_for_sample(struct mp3_process *process, struct mp3_counts *counts);

/* A thread counts with no lock. What it counts just now is for the next sample. */
#define mp3_counted(word) data_race(READ_ONCE(word))

/* records.c */
bool mp3_cut(struct mp3_process *process);
void mp3_depart(struct mp3_process *process);
u64 mp3_collect(u64 closed, struct mp3_counts *sum);
unsigned long mp3_turns(void);

/**
 * struct mp3_request - something for the sampler to do
 * @carry_out:	does it. Context: the sampler
 * @queue, @done: of mp3_ask()
 */
struct mp3_request {
	void (*carry_out)(struct mp3_request *request);
	struct list_head queue;
	struct completion done;
};

/* sampler.c */
int mp3_sampler_init(void);
void mp3_sampler_exit(void);
void mp3_ask(struct mp3_request *request);
int mp3_new_attacher(struct mp3_user *user);
void mp3_drop_attacher(unsigned int attacher);
void mp3_close_attacher(unsigned int attacher);

/* commands.c */
int mp3_register(const struct file *file, pid_t nr, bool tree);
int mp3_unregister(const struct file *file, pid_t nr);
int mp3_attach(const struct file *file, unsigned int *attacher, struct mp3_attach *attach);
int mp3_detach(const struct file *file, unsigned int *attacher, struct mp3_attach *attach);
bool mp3_may_profile(const struct file *file, struct task_struct *task);

/**
 * struct mp3_reader - who waits for samples, by one open file
 * @queue:	for wait_event() and poll
 * @list, @rcu:	of buffer.c
 */
struct mp3_reader {
	wait_queue_head_t queue;
	struct list_head list;
	struct rcu_head rcu;
};

/* buffer.c */
void mp3_add_reader(struct mp3_reader *reader);
void mp3_remove_reader(struct mp3_reader *reader, rcu_callback_t freed);
int mp3_buffer_init(void);
void mp3_buffer_exit(void);
void *mp3_buffer_memory(bool records);
void mp3_buffer_write(const struct mp3_sample *sample);
void mp3_buffer_missed_child(void);
void mp3_buffer_expect(bool more);
bool mp3_buffer_expects(void);
unsigned long mp3_buffer_written(void);

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
 * Context: the sampler
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
 * Context: the sampler
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

/* device.c */
int mp3_device_init(void);
int mp3_device_publish(void);
void mp3_device_conceal(void);
void mp3_device_exit(void);

/* status.c */
int mp3_status_init(void);
void mp3_status_exit(void);

#endif
