// SPDX-License-Identifier: GPL-2.0
/*
 * Who is profiled, and what was counted of them
 *
 * The kernel counts faults and CPU time in every task_struct. When a thread
 * exits, __exit_signal() adds its counts to the signal_struct of the thread
 * group and unlinks it from the group, both in one critical section of
 * signal->stats_lock. So the sum over signal_struct and linked threads, taken
 * under that lock, or while its sequence stays the same, is the process's total at
 * any time, misses no thread and counts none twice. It never shrinks, not even at
 * exec, where the group keeps its signal_struct.
 *
 * The signal_struct lives as long as any task_struct of the group does. We hold
 * a reference to one, and so can read the final counts of a process after its
 * last thread is gone and reaped, with no hook in the exit path.
 */
#include <linux/cred.h>
#include <linux/fs.h>
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
#include <linux/user_namespace.h>
#include <linux/vmalloc.h>

#include "internal.h"

static unsigned int max_processes = 16384;
module_param(max_processes, uint, 0444);
MODULE_PARM_DESC(max_processes, "how many processes may be registered at once");

/*
 * A process that is registered with its tree has its children registered by the
 * sched_process_fork tracepoint: by the forking task itself, when the child is
 * whole and before it runs, so that none of its faults is missed. The tracepoint
 * must not sleep, not even for a spinlock_t on a PREEMPT_RT kernel. Hence the
 * entries are allocated at load, and what the tracepoint touches has a lock of
 * its own.
 */
/*
 * Two locks. mp3_registry_lock() takes a mutex that guards the list, the counts
 * of its members, @departed and the sampler's deadlines. Registration by command,
 * unregistration, the sample and a read of the status file are thereby whole, one
 * after another, in whatever order they come:
 *
 * - R against R, U against U: the second finds the entry there, or gone.
 * - U or R against a sample: the sample takes the process's growth so far, or it
 *   is not in the list; what U finds beyond the last sample goes to @departed,
 *   and so into the next sample. If U empties the list, that sample is taken at
 *   once, within the same critical section.
 * - The sample's work is running, waiting for the lock, while U empties the list
 *   and perhaps R starts anew: mp3_sampler_run() finds the list empty or its
 *   deadline in the future, and does nothing.
 * - exit against all of these: needs no lock of ours, see above. The sample that
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
 * @registered and the list @newborn. It nests in the mutex, and the tracepoint
 * takes it alone:
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
 * - Only holders of the mutex take entries out, so what find_process() has found
 *   under both locks stays as long as the mutex is held.
 *
 * It is raw because of PREEMPT_RT, see above; nothing is called under it that
 * sleeps there, and nobody holds it for more than a few instructions.
 */
static DEFINE_MUTEX(registry_mutex);
LIST_HEAD(mp3_processes);		/* struct mp3_process, oldest first */
static struct mp3_counts departed;	/* of the unregistered, not yet sampled */

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

/* A thread counts with no lock. What it counts just now is for the next sample. */
#define counted(word) data_race(READ_ONCE(word))

/*
 * count - read a process's totals
 * @leader:	any task of the thread group, dead or alive, pinned
 * @counts:	to be filled
 *
 * Return: whether the process can still run. A thread that has its exit_state
 * does not fault any more; when all have one, @counts are final.
 *
 * A thread that is running on another CPU has its CPU time booked up to its last
 * tick or switch. The faults are exact.
 */
static bool count(struct task_struct *leader, struct mp3_counts *counts)
{
	struct signal_struct *signal = leader->signal;
	struct task_struct *thread;
	unsigned long flags;
	bool alive = false;

	rcu_read_lock();
	read_seqlock_excl_irqsave(&signal->stats_lock, flags);
	counts->minor = signal->min_flt;
	counts->major = signal->maj_flt;
	counts->cpu_ns = signal->sum_sched_runtime;
	for_each_thread(leader, thread) {
		/* acquire: with the state come the counts up to it */
		if (!smp_load_acquire(&thread->exit_state))
			alive = true;
		counts->minor += counted(thread->min_flt);
		counts->major += counted(thread->maj_flt);
		counts->cpu_ns += counted(thread->se.sum_exec_runtime);
	}
	read_sequnlock_excl_irqrestore(&signal->stats_lock, flags);
	rcu_read_unlock();
	return alive;
}

/* Fill in what a record says about memory. */
static __always_inline void look_at_mm(struct mm_struct *mm, struct signal_struct *signal,
				       struct mp3_record *record)
{
	u64 rss = get_mm_rss(mm);

	record->rss = rss;
	record->swap = get_mm_counter(mm, MM_SWAPENTS);
	record->peak_rss = max3(rss, (u64)READ_ONCE(mm->hiwater_rss),
				(u64)READ_ONCE(signal->maxrss));
}

/*
 * look_at_memory - how much memory a process has; and who leads it now
 *
 * A process that has exited has none any more. Its peak is with its signal_struct
 * then, as is that of programs which it has replaced by exec.
 */
static void look_at_memory(struct mp3_process *process, struct mp3_record *record)
{
	struct task_struct *leader = process->leader, *thread;
	struct mm_struct *mm = NULL;

	record->rss = 0;
	record->swap = 0;
	record->peak_rss = READ_ONCE(leader->signal->maxrss);
	rcu_read_lock();
	for_each_thread(process->leader, thread) {
		/* A thread has its mm until it exits, and no longer than that. */
		task_lock(thread);
		mm = thread->mm;
		if (mm) {
			mmgrab(mm);
			look_at_mm(mm, leader->signal, record);
			leader = thread->group_leader;
		}
		task_unlock(thread);
		if (mm)
			break;
	}
	/* A thread that executes a program becomes the leader; the name is its. */
	if (leader != process->leader) {
		get_task_struct(leader);
		put_task_struct(process->leader);
		process->leader = leader;
	}
	rcu_read_unlock();
	if (process->mm)
		mmdrop(process->mm);
	process->mm = mm;
}

/* What follows the NUL of a comm may be anything, and look like another name. */
static __always_inline bool is_renamed(const u64 *name, const char *comm)
{
	const u64 *words = (const u64 *)comm;

	/* A comm that is just being changed is seen in parts, as by everybody. */
	return unlikely(name[0] != data_race(words[0])) || unlikely(name[1] != data_race(words[1]));
}

/*
 * finish_record - fill in the rest of a record, and begin the process's next period
 *
 * Inline, as all of the quick way, see settle().
 */
static __always_inline void finish_record(struct mp3_process *process,
					  struct mp3_record *record, u64 now, u32 flags,
					  struct mp3_counts counts, struct mp3_counts *sum)
{
	struct mp3_counts growth;
	struct mp3_who who;

	growth.minor = counts.minor - process->last.minor;
	growth.major = counts.major - process->last.major;
	growth.cpu_ns = counts.cpu_ns - process->last.cpu_ns;
	record->minor = growth.minor;
	record->major = growth.major;
	record->cpu_ns = growth.cpu_ns;
	sum->minor += growth.minor;
	sum->major += growth.major;
	sum->cpu_ns += growth.cpu_ns;
	process->last = counts;

	record->time_ns = now;
	record->period_ns = now - process->last_ns;
	process->last_ns = now;

	who = process->who;
	if (is_renamed(who.name, process->leader->comm)) {
		strscpy_pad((char *)process->who.name, process->leader->comm,
			    sizeof(who.name));
		who = process->who;
	}
	who.flags |= flags;
	*(struct mp3_who *)&record->pid = who;
	process->who.flags = 0;
	mp3_record_end(record);
}

/*
 * settle_quickly - settle() for a process with a single thread and the mm of the
 * last time
 *
 * Our reference keeps the mm_struct, but it is emptied once the last thread has let
 * go of it; so it is looked whether the leader still had it afterwards.
 *
 * The leader is pinned, so neither the lock nor RCU is needed to read its counts. If it
 * has no exit_state, it has not been unlinked; and if the group has one thread, that is
 * it. That it was not unlinked meanwhile, nor another thread, whose counts are with the
 * signal_struct now, is what the lock's sequence says. (A thread that is just being
 * created has counted nothing yet.)
 *
 * Return: false if it is no such process, and nothing has been done
 */
static __always_inline bool settle_quickly(struct mp3_process *process, u64 now,
					   struct mp3_counts *sum)
{
	struct task_struct *leader = process->leader;
	struct signal_struct *signal = leader->signal;
	struct mm_struct *mm = process->mm;
	struct mp3_record *record;
	struct mp3_counts counts;
	unsigned int sequence;
	int others;

	if (unlikely(!mm))
		return false;
	record = mp3_record_begin();
	look_at_mm(mm, signal, record);
	/* Who sees the mm emptied sees that the leader has it no more. */
	smp_rmb();
	if (unlikely(READ_ONCE(leader->mm) != mm))
		return false;

	sequence = read_seqbegin(&signal->stats_lock);
	others = (READ_ONCE(signal->nr_threads) - 1) | READ_ONCE(leader->exit_state);
	counts.minor = signal->min_flt + counted(leader->min_flt);
	counts.major = signal->maj_flt + counted(leader->maj_flt);
	counts.cpu_ns = signal->sum_sched_runtime + counted(leader->se.sum_exec_runtime);
	if (unlikely(read_seqretry(&signal->stats_lock, sequence) || others))
		return false;
	finish_record(process, record, now, 0, counts, sum);
	return true;
}

/*
 * settle - make a record of what a process has counted since its last one
 * @process:	the process, in the list
 * @now:	CLOCK_MONOTONIC ns
 * @flags:	MP3_LAST if it is going to be unregistered
 * @sum:	to be added to
 *
 * Return: whether the process can still run
 *
 * Most processes can be settled quickly, in some hundred instructions, and calls
 * and locks would be as many again. That is what a sample costs for each of them.
 */
static bool settle(struct mp3_process *process, u64 now, u32 flags,
		   struct mp3_counts *sum)
{
	struct mp3_record *record;
	struct mp3_counts counts;
	bool alive = count(process->leader, &counts);

	if (!alive)
		flags |= MP3_LAST | MP3_EXITED;
	record = mp3_record_begin();
	look_at_memory(process, record);
	finish_record(process, record, now, flags, counts, sum);
	return alive;
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
 * enter_process - take an unused entry for a process
 * @pid:	its identity; this and @leader get references of their own
 * @leader:	of the thread group
 * @first:	its counts now
 * @parent:	who forked it, if that is why it is entered, or 0
 * @tree:	whether to enter its children
 *
 * Context: holds membership_lock
 * Return: 0, -EEXIST, -ENOSPC
 */
static int enter_process(struct pid *pid, struct task_struct *leader,
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

/* Context: holds mp3_registry_lock() */
static void remove_process(struct mp3_process *process)
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
		err = enter_process(task_tgid(child), child, &nothing,
				    process->who.pid, true);
	if (err == -ENOSPC)
		mp3_buffer_missed_child();
	raw_spin_unlock(&membership_lock);
}

/*
 * may_profile - whether the opener of @file may see into @task
 *
 * As for ptrace: the same user in every role of the task's, or CAP_SYS_PTRACE
 * in its user namespace. The opener counts and not the writer, lest somebody
 * hand his open file to a privileged program as its standard output.
 */
static bool may_profile(struct file *file, struct task_struct *task)
{
	const struct cred *cred;
	struct user_namespace *ns;
	kuid_t euid = file->f_cred->euid;
	bool same_user;

	rcu_read_lock();
	cred = __task_cred(task);
	same_user = uid_eq(euid, cred->uid) && uid_eq(euid, cred->euid) &&
		    uid_eq(euid, cred->suid);
	ns = get_user_ns(cred->user_ns);
	rcu_read_unlock();
	same_user = same_user || file_ns_capable(file, ns, CAP_SYS_PTRACE);
	put_user_ns(ns);
	return same_user;
}

/*
 * find_leader - look up a process by its number
 * @file:	the status file that the command was written to
 * @nr:		PID in the caller's PID namespace
 * @pid:	set to its identity, with a reference
 * @leader:	set to the leader of the thread group, with a reference
 *
 * Return: 0, -ESRCH, -EPERM
 */
static int find_leader(struct file *file, pid_t nr, struct pid **pid,
		       struct task_struct **leader)
{
	*pid = find_get_pid(nr);
	/* A thread's number that is not a process's finds nothing. */
	*leader = get_pid_task(*pid, PIDTYPE_TGID);
	if (!*leader) {
		put_pid(*pid);
		return -ESRCH;
	}
	if (!may_profile(file, *leader)) {
		put_task_struct(*leader);
		put_pid(*pid);
		return -EPERM;
	}
	return 0;
}

/**
 * mp3_register - begin to profile a process
 * @file:	the status file that the command was written to
 * @nr:		PID in the caller's PID namespace
 * @tree:	whether to profile the children that it forks, and theirs
 *
 * Context: process context, without the lock
 * Return: 0, -ESRCH, -EPERM, -EEXIST, -ENOSPC, -EOPNOTSUPP; nothing is changed then
 */
int mp3_register(struct file *file, pid_t nr, bool tree)
{
	struct task_struct *leader;
	struct mp3_counts now;
	struct pid *pid;
	bool nobody;
	int err;

	if (tree && !fork_tracepoint)
		return -EOPNOTSUPP;
	err = find_leader(file, nr, &pid, &leader);
	if (err)
		return err;

	mp3_registry_lock();
	nobody = mp3_nothing_registered();
	if (count(leader, &now)) {
		raw_spin_lock(&membership_lock);
		err = enter_process(pid, leader, &now, 0, tree);
		raw_spin_unlock(&membership_lock);
	} else {
		err = -ESRCH;
	}
	if (!err && nobody)
		mp3_sampler_start();
	mp3_registry_unlock();
	put_task_struct(leader);
	put_pid(pid);
	return err;
}

/**
 * mp3_unregister - profile a process no longer
 * @file:	the status file that the command was written to
 * @nr:		PID in the caller's PID namespace
 *
 * What it counted since the last sample goes into the next one. If it was the
 * last process, that is taken here and now.
 *
 * Context: process context, without the lock
 * Return: 0, -ESRCH, -EPERM, -ENOENT; nothing is changed then
 */
int mp3_unregister(struct file *file, pid_t nr)
{
	struct mp3_process *process;
	struct task_struct *leader;
	struct pid *pid;
	int err;

	err = find_leader(file, nr, &pid, &leader);
	if (err)
		return err;

	mp3_registry_lock();
	raw_spin_lock(&membership_lock);
	adopt_newborn();
	process = find_process(pid);
	raw_spin_unlock(&membership_lock);
	if (process) {
		settle(process, ktime_get_ns(), MP3_LAST, &departed);
		remove_process(process);
		if (mp3_nothing_registered())
			mp3_sampler_finish();
	} else {
		err = -ENOENT;
	}
	mp3_registry_unlock();
	put_task_struct(leader);
	put_pid(pid);
	return err;
}

/**
 * mp3_nothing_registered - whether the registry is empty
 *
 * Context: holds the lock
 */
bool mp3_nothing_registered(void)
{
	return !READ_ONCE(registered);
}

/**
 * mp3_collect - what all have counted since the last call, and bury the dead
 * @now:	CLOCK_MONOTONIC ns
 * @sum:	to be filled
 *
 * Context: process context, holds the lock
 */
void mp3_collect(u64 now, struct mp3_counts *sum)
{
	struct mp3_process *process, *next;

	*sum = departed;
	departed = (struct mp3_counts){};
	list_for_each_entry_safe(process, next, &mp3_processes, by_age)
		if (!settle_quickly(process, now, sum) && !settle(process, now, 0, sum))
			remove_process(process);
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
		remove_process(process);
	mp3_registry_unlock();
	kvfree(process_by_pid);
	vfree(table);
}
