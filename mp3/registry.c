// SPDX-License-Identifier: GPL-2.0
/*
 * Who is profiled, and what was counted of them
 *
 * The kernel counts faults and CPU time in every task_struct. When a thread
 * exits, __exit_signal() adds its counts to the signal_struct of the thread
 * group and unlinks it from the group, both in one critical section of
 * signal->stats_lock. So the sum over signal_struct and linked threads, taken
 * under that lock, is the process's total at any time, misses no thread and
 * counts none twice. It never shrinks, not even at exec, where the group keeps
 * its signal_struct.
 *
 * The signal_struct lives as long as any task_struct of the group does. We hold
 * a reference to one, and so can read the final counts of a process after its
 * last thread is gone and reaped, with no hook in the exit path.
 */
#include <linux/cred.h>
#include <linux/fs.h>
#include <linux/hash.h>
#include <linux/hashtable.h>
#include <linux/module.h>
#include <linux/moduleparam.h>
#include <linux/pid.h>
#include <linux/sched/signal.h>
#include <linux/sched/task.h>
#include <linux/slab.h>
#include <linux/user_namespace.h>

#include "internal.h"

static unsigned int max_processes = 16384;
module_param(max_processes, uint, 0444);
MODULE_PARM_DESC(max_processes, "how many processes may be registered at once");

/*
 * mp3_registry_lock guards everything static in this file and in sampler.c: the
 * list, the hash table and the counts of its members, and the sampler's
 * deadlines. Registration, unregistration, the sample and a read of the status
 * file are thereby whole, one after another, in whatever order they come:
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
 * - rmmod: the status file is gone before the list is cleared, the list is empty
 *   before the work is cancelled, so nothing arms it again.
 *
 * The lock is a mutex, since all of these run in process context and may
 * allocate. Nothing touches user memory under it: a sampler that waited for a
 * page to come in from swap would be late just when it matters.
 */
DEFINE_MUTEX(mp3_registry_lock);
LIST_HEAD(mp3_processes);		/* struct mp3_process, oldest first */
static DEFINE_HASHTABLE(process_by_pid, 12);
static unsigned int registered;		/* length of mp3_processes */
static struct mp3_counts departed;	/* of the unregistered, not yet sampled */

static void add_growth(struct mp3_counts *sum, const struct mp3_counts *from,
		       const struct mp3_counts *to)
{
	sum->minor += to->minor - from->minor;
	sum->major += to->major - from->major;
	sum->cpu_ns += to->cpu_ns - from->cpu_ns;
}

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
		counts->minor += READ_ONCE(thread->min_flt);
		counts->major += READ_ONCE(thread->maj_flt);
		counts->cpu_ns += READ_ONCE(thread->se.sum_exec_runtime);
	}
	read_sequnlock_excl_irqrestore(&signal->stats_lock, flags);
	rcu_read_unlock();
	return alive;
}

static struct mp3_process *find_process(const struct pid *pid)
{
	struct mp3_process *process;

	hash_for_each_possible(process_by_pid, process, by_pid, (unsigned long)pid)
		if (process->pid == pid)
			return process;
	return NULL;
}

static void free_process(struct mp3_process *process)
{
	put_task_struct(process->leader);
	put_pid(process->pid);
	kfree(process);
}

static void remove_process(struct mp3_process *process)
{
	list_del(&process->by_age);
	hash_del(&process->by_pid);
	registered--;
	free_process(process);
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
 * @leader:	set to the leader of the thread group, with a reference
 *
 * Return: 0, -ESRCH, -EPERM
 */
static int find_leader(struct file *file, pid_t nr, struct task_struct **leader)
{
	struct pid *pid = find_get_pid(nr);

	/* A thread's number that is not a process's finds nothing. */
	*leader = get_pid_task(pid, PIDTYPE_TGID);
	put_pid(pid);
	if (!*leader)
		return -ESRCH;
	if (!may_profile(file, *leader)) {
		put_task_struct(*leader);
		return -EPERM;
	}
	return 0;
}

/**
 * mp3_register - begin to profile a process
 * @file:	the status file that the command was written to
 * @nr:		PID in the caller's PID namespace
 *
 * Context: process context, without the lock
 * Return: 0, -ESRCH, -EPERM, -EEXIST, -ENOSPC, -ENOMEM; nothing is changed then
 */
int mp3_register(struct file *file, pid_t nr)
{
	struct mp3_process *process;
	int err;

	process = kzalloc(sizeof(*process), GFP_KERNEL_ACCOUNT);
	if (!process)
		return -ENOMEM;
	err = find_leader(file, nr, &process->leader);
	if (err) {
		kfree(process);
		return err;
	}
	process->pid = get_task_pid(process->leader, PIDTYPE_TGID);

	mutex_lock(&mp3_registry_lock);
	if (find_process(process->pid)) {
		err = -EEXIST;
		goto out_unlock;
	}
	if (registered >= max_processes) {
		err = -ENOSPC;
		goto out_unlock;
	}
	if (!count(process->leader, &process->first)) {
		err = -ESRCH;
		goto out_unlock;
	}
	process->last = process->first;
	list_add_tail(&process->by_age, &mp3_processes);
	hash_add(process_by_pid, &process->by_pid, (unsigned long)process->pid);
	if (++registered == 1)
		mp3_sampler_start();
out_unlock:
	mutex_unlock(&mp3_registry_lock);
	if (err)
		free_process(process);
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
	struct mp3_counts now;
	struct pid *pid;
	int err;

	err = find_leader(file, nr, &leader);
	if (err)
		return err;
	pid = get_task_pid(leader, PIDTYPE_TGID);
	put_task_struct(leader);

	mutex_lock(&mp3_registry_lock);
	process = find_process(pid);
	if (process) {
		count(process->leader, &now);
		add_growth(&departed, &process->last, &now);
		remove_process(process);
		if (!registered)
			mp3_sampler_finish();
	} else {
		err = -ENOENT;
	}
	mutex_unlock(&mp3_registry_lock);
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
	return !registered;
}

/**
 * mp3_collect - what all have counted since the last call, and bury the dead
 * @sum:	to be filled
 *
 * Context: process context, holds the lock
 */
void mp3_collect(struct mp3_counts *sum)
{
	struct mp3_process *process, *next;
	struct mp3_counts now;
	bool alive;

	*sum = departed;
	departed = (struct mp3_counts){};
	list_for_each_entry_safe(process, next, &mp3_processes, by_age) {
		alive = count(process->leader, &now);
		add_growth(sum, &process->last, &now);
		process->last = now;
		if (!alive)
			remove_process(process);
	}
}

/**
 * mp3_registry_clear - forget all processes, for the end of the module
 */
void mp3_registry_clear(void)
{
	struct mp3_process *process, *next;

	mutex_lock(&mp3_registry_lock);
	list_for_each_entry_safe(process, next, &mp3_processes, by_age)
		remove_process(process);
	mutex_unlock(&mp3_registry_lock);
}
