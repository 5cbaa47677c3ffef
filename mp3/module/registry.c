// SPDX-License-Identifier: GPL-2.0
/*
 * Who is registered
 *
 * A process that is registered with its tree has its children registered by the
 * sched_process_fork tracepoint: by the forking task itself, when the child is
 * whole and before it runs, so that none of its faults is missed. The tracepoint
 * must not sleep, not even for a spinlock_t on a PREEMPT_RT kernel. Hence the
 * entries are allocated at load, and what the tracepoint touches has a lock of
 * its own.
 */
#include <linux/hash.h>
#include <linux/ktime.h>
#include <linux/list.h>
#include <linux/log2.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/moduleparam.h>
#include <linux/mutex.h>
#include <linux/overflow.h>
#include <linux/pid.h>
#include <linux/sched/mm.h>
#include <linux/sched/signal.h>
#include <linux/sched/task.h>
#include <linux/slab.h>
#include <linux/spinlock.h>
#include <linux/string.h>
#include <linux/threads.h>
#include <linux/tracepoint.h>
#include <linux/vmalloc.h>

#include "internal.h"

static unsigned int max_processes = 16384;
module_param(max_processes, uint, 0444);
MODULE_PARM_DESC(max_processes, "how many processes may be registered at once");

/*
 * Two locks. mp3_registry_lock() takes a mutex that guards the list, the counts
 * of its members and of those that have departed (counts.c), the sampler's deadlines
 * (sampler.c), and the places in the buffer and in the ring of records (buffer.c).
 * Registration by command, unregistration (both status.c), the sample and a read of
 * the status file are thereby whole, one after another, in whatever order they come:
 *
 * - R against R, U against U: the second finds the entry there, or gone.
 * - U or R against a sample: the sample takes the process's growth so far, or it
 *   is not in the list; what U finds beyond the last sample is set aside by
 *   mp3_depart() for the next sample. If U empties the list, that sample is taken
 *   at once, within the same critical section.
 * - The sample's work is running, waiting for the lock, while U empties the list
 *   and perhaps R starts anew: mp3_sampler_run() finds the list empty or its
 *   deadline in the future, and does nothing.
 * - exit against all of these: needs no lock of ours, see counts.c. The sample that
 *   finds every thread dead takes the last counts and the entry out of the list.
 * - open, mmap, poll and close of the device touch none of it.
 * - rmmod: the status file is gone and the tracepoint is silent before the list
 *   is cleared, the list is empty before the work is cancelled, so nothing arms
 *   it again.
 *
 * It is a mutex, since all of these run in process context and may sleep. Nothing
 * touches user memory under it: a sampler that waited for a page to come in from
 * swap would be late just when it matters.
 *
 * membership_lock guards who is registered: the hash table, the unused entries,
 * @registered, the list @newborn and the count of missed children (buffer.c). It
 * nests in the mutex, and the tracepoint takes it alone:
 *
 * - fork against U of the parent: the child is entered before the parent leaves,
 *   and stays; or the parent is not found, and the child is not entered.
 * - fork against R of the child, whose PID can be seen before the tracepoint runs:
 *   whoever comes first enters it, the other one finds it there.
 * - fork against anything under the mutex: the child waits in @newborn for the
 *   next taker of the mutex to put it into the list (or for U, who may want to
 *   take it out at once), so nobody's walk along the list is disturbed. The work
 *   is armed, for the parent is registered; and since only commands make the first
 *   entry, whoever holds the mutex and finds nothing registered can rely on it.
 * - Only holders of the mutex take entries out, so what mp3_find_process() has
 *   found stays as long as the mutex is held.
 *
 * It is raw because of PREEMPT_RT, see above; nothing is called under it that
 * sleeps there, and nobody holds it for more than a few instructions.
 */
static DEFINE_MUTEX(registry_mutex);
LIST_HEAD(mp3_processes);		/* struct mp3_process, oldest first */

static DEFINE_RAW_SPINLOCK(membership_lock);
static struct hlist_head *process_by_pid;	/* 2^hash_bits of them, by the hash of the pid */
static unsigned int hash_bits;
static HLIST_HEAD(unused);		/* struct mp3_process */
static LIST_HEAD(newborn);		/* the same, oldest first */
static unsigned int registered;		/* length of both lists together */

static struct mp3_process *table;	/* max_processes of them */
static struct tracepoint *fork_tracepoint;	/* NULL if there is none */

/* Context: holds the mutex and membership_lock */
static void adopt_newborn(void)
{
	list_splice_tail_init(&newborn, &mp3_processes);
}

/**
 * mp3_registry_lock - nobody else registers, unregisters or samples from now on
 *
 * Context: process context
 */
void mp3_registry_lock(void)
{
	mutex_lock(&registry_mutex);
	raw_spin_lock(&membership_lock);
	adopt_newborn();
	raw_spin_unlock(&membership_lock);
}

/**
 * mp3_registry_unlock - undo mp3_registry_lock()
 */
void mp3_registry_unlock(void)
{
	mutex_unlock(&registry_mutex);
}

static struct hlist_head *those_like(const struct pid *pid)
{
	return &process_by_pid[hash_ptr(pid, hash_bits)];
}

static struct mp3_process *find_process(const struct pid *pid)
{
	struct mp3_process *process;

	hlist_for_each_entry(process, those_like(pid), by_pid)
		if (process->pid == pid)
			return process;
	return NULL;
}

/*
 * enter - take an unused entry for a process
 * @pid:	its identity; this and @leader get references of their own
 * @leader:	of the thread group
 * @first:	its counts now
 * @parent:	who forked it, if that is why it is entered, or 0
 * @tree:	whether to enter its children
 *
 * Context: holds membership_lock
 * Return: 0, -EEXIST, -ENOSPC
 */
static int enter(struct pid *pid, struct task_struct *leader,
		 const struct mp3_counts *first, u32 parent, bool tree)
{
	struct mp3_process *process = find_process(pid);

	if (process) {
		/* A fork was quicker than R: the child's children are wanted, too. */
		process->tree |= tree && parent;
		return -EEXIST;
	}
	if (hlist_empty(&unused))
		return -ENOSPC;
	process = hlist_entry(unused.first, struct mp3_process, by_pid);
	hlist_del(&process->by_pid);
	*process = (struct mp3_process){
		.pid = get_pid(pid),
		.leader = get_task_struct(leader),
		.first = *first,
		.last = *first,
		.last_ns = ktime_get_ns(),
		.who = {
			.pid = pid_nr(pid),
			.parent = parent,
			.flags = MP3_FIRST,
		},
		.tree = tree,
	};
	hlist_add_head(&process->by_pid, those_like(pid));
	list_add_tail(&process->by_age, &newborn);
	WRITE_ONCE(registered, registered + 1);
	return 0;
}

/**
 * mp3_enter_process - register a process that a command has named
 * @pid:	its identity; this and @leader get references of their own
 * @leader:	of the thread group
 * @first:	its counts now
 * @tree:	whether to register the children that it forks, and theirs
 *
 * Context: process context, holds mp3_registry_lock()
 * Return: 0, -EEXIST, -ENOSPC; nothing is changed then
 */
int mp3_enter_process(struct pid *pid, struct task_struct *leader,
		      const struct mp3_counts *first, bool tree)
{
	int err;

	raw_spin_lock(&membership_lock);
	err = enter(pid, leader, first, 0, tree);
	raw_spin_unlock(&membership_lock);
	return err;
}

/**
 * mp3_find_process - the entry of a registered process, which is in the list
 * @pid:	its identity
 *
 * Context: process context, holds mp3_registry_lock()
 * Return: the entry, which stays as long as the lock is held; NULL if there is none
 */
struct mp3_process *mp3_find_process(const struct pid *pid)
{
	struct mp3_process *process;

	raw_spin_lock(&membership_lock);
	adopt_newborn();
	process = find_process(pid);
	raw_spin_unlock(&membership_lock);
	return process;
}

/**
 * mp3_remove_process - register a process no longer
 * @process:	in the list
 *
 * Context: process context, holds mp3_registry_lock()
 */
void mp3_remove_process(struct mp3_process *process)
{
	struct task_struct *leader = process->leader;
	struct mm_struct *mm = process->mm;
	struct pid *pid = process->pid;

	list_del(&process->by_age);
	raw_spin_lock(&membership_lock);
	hlist_del(&process->by_pid);
	hlist_add_head(&process->by_pid, &unused);
	WRITE_ONCE(registered, registered - 1);
	raw_spin_unlock(&membership_lock);
	if (mm)
		mmdrop(mm);
	put_task_struct(leader);
	put_pid(pid);
}

/*
 * follow_fork - register the child of a process that is registered with its tree
 *
 * The child has not run yet: all its counts are 0.
 *
 * Context: tracepoint in the forking task, must not sleep
 */
static void follow_fork(void *data, struct task_struct *parent, struct task_struct *child)
{
	static const struct mp3_counts nothing;
	struct mp3_process *process;
	int err = 0;

	/* A thread is of its process, which is registered or not already. */
	if (!READ_ONCE(registered) || !thread_group_leader(child))
		return;
	raw_spin_lock(&membership_lock);
	process = find_process(task_tgid(parent));
	if (process && process->tree)
		err = enter(task_tgid(child), child, &nothing, process->who.pid, true);
	if (err == -ENOSPC)
		mp3_buffer_missed_child();
	raw_spin_unlock(&membership_lock);
}

/**
 * mp3_nothing_registered - whether the registry is empty
 *
 * Context: holds mp3_registry_lock()
 */
bool mp3_nothing_registered(void)
{
	return !READ_ONCE(registered);
}

/**
 * mp3_sees_forks - whether a process can be registered with its tree
 */
bool mp3_sees_forks(void)
{
	return fork_tracepoint;
}

static void note_tracepoint(struct tracepoint *tracepoint, void *data)
{
	if (!strcmp(tracepoint->name, "sched_process_fork"))
		fork_tracepoint = tracepoint;
}

/**
 * mp3_registry_init - have a table to register processes in, and watch forks
 *
 * Return: 0, -EINVAL for an impossible size, -ENOMEM, or what the tracepoint says
 */
int mp3_registry_init(void)
{
	unsigned int i;
	int err;

	if (!max_processes || max_processes > PID_MAX_LIMIT)
		return -EINVAL;
	/* As many lists as there can be processes, so that each is short. */
	hash_bits = max(order_base_2(max_processes), 1);
	/* kmalloc() would round it up to a power of two pages. */
	table = vzalloc(array_size(max_processes, sizeof(*table)));
	process_by_pid = kvcalloc(BIT(hash_bits), sizeof(*process_by_pid), GFP_KERNEL);
	if (!table || !process_by_pid) {
		err = -ENOMEM;
		goto out;
	}
	for (i = max_processes; i > 0; i--)
		hlist_add_head(&table[i - 1].by_pid, &unused);

	for_each_kernel_tracepoint(note_tracepoint, NULL);
	if (!fork_tracepoint)
		return 0;
	err = tracepoint_probe_register(fork_tracepoint, follow_fork, NULL);
	if (err)
		goto out;
	return 0;

out:
	kvfree(process_by_pid);
	vfree(table);
	return err;
}

/**
 * mp3_registry_exit - forget all processes
 *
 * Nobody can register any more by a command.
 */
void mp3_registry_exit(void)
{
	struct mp3_process *process, *next;

	if (fork_tracepoint) {
		tracepoint_probe_unregister(fork_tracepoint, follow_fork, NULL);
		tracepoint_synchronize_unregister();
	}
	mp3_registry_lock();
	list_for_each_entry_safe(process, next, &mp3_processes, by_age)
		mp3_remove_process(process);
	mp3_registry_unlock();
	kvfree(process_by_pid);
	vfree(table);
}
