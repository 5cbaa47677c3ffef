// SPDX-License-Identifier: GPL-2.0
/*
 * What was counted of the registered processes
 *
 * The kernel counts faults and CPU time in every task_struct. When a thread
 * exits, __exit_signal() adds its counts to the signal_struct of the thread
 * group and unlinks it from the group, both in one critical section of
 * signal->stats_lock. So the sum over signal_struct and linked threads, taken
 * while the lock's sequence stays the same, or under it, is the process's total at
 * any time, misses no thread and counts none twice. It never shrinks, not even at
 * exec, where the group keeps its signal_struct.
 *
 * The signal_struct lives as long as any task_struct of the group does. The registry
 * holds a reference to one, and so the final counts of a process can be read after
 * its last thread is gone and reaped, with no hook in the exit path.
 */
#include <linux/minmax.h>
#include <linux/sched/signal.h>
#include <linux/seqlock.h>

#include "internal.h"

/* Add the threads that are linked up. Return: whether one of them can still run. */
static bool add_threads(struct task_struct *leader, struct mp3_counts *counts)
{
	struct task_struct *thread;
	bool alive = false;

	for_each_thread(leader, thread) {
		/* acquire: with the state come the counts up to it */
		if (!smp_load_acquire(&thread->exit_state))
			alive = true;
		counts->minor += mp3_counted(thread->min_flt);
		counts->major += mp3_counted(thread->maj_flt);
		counts->cpu_ns += mp3_counted(thread->se.sum_exec_runtime);
	}
	return alive;
}

/* What threads that have ended have left. */
static struct mp3_counts left_by_threads(const struct signal_struct *signal)
{
	return (struct mp3_counts){
		.minor = mp3_counted(signal->min_flt),
		.major = mp3_counted(signal->maj_flt),
		.cpu_ns = mp3_counted(signal->sum_sched_runtime),
	};
}

/*
 * How often to count without the lock, which is taken with interrupts off: of a process
 * with 10,000 threads, for milliseconds. It fails if a thread has ended meanwhile, or a
 * child was waited for.
 */
#define LOCKLESS_TRIES	3

static bool try_lockless(struct task_struct *leader, struct mp3_counts *counts, bool *alive)
{
	struct signal_struct *signal = leader->signal;
	unsigned int sequence;

	do {
		sequence = read_seqbegin(&signal->stats_lock);
		*counts = left_by_threads(signal);
	} while (read_seqretry(&signal->stats_lock, sequence));
	*alive = add_threads(leader, counts);
	return !read_seqretry(&signal->stats_lock, sequence);
}

/*
 * Return: false if a thread has ended during each try. Then it may be missing in @counts; but
 * none is there twice, since what it has left was read before it was unlinked.
 */
static bool count_lockless(struct task_struct *leader, struct mp3_counts *counts, bool *alive)
{
	int tries;

	for (tries = 0; tries < LOCKLESS_TRIES; tries++)
		if (try_lockless(leader, counts, alive))
			return true;
	return false;
}

/**
 * mp3_count - read a process's totals
 * @leader:	any task of the thread group, dead or alive, pinned
 * @counts:	to be filled
 *
 * Context: process context
 * Return: whether the process can still run. A thread that has its exit_state
 * does not fault any more; when all have one, @counts are final.
 *
 * A thread that is running on another CPU has its CPU time booked up to its last
 * tick or switch. The faults are exact.
 */
bool mp3_count(struct task_struct *leader, struct mp3_counts *counts)
{
	struct signal_struct *signal = leader->signal;
	unsigned long flags;
	bool alive;

	rcu_read_lock();
	if (!count_lockless(leader, counts, &alive)) {
		read_seqlock_excl_irqsave(&signal->stats_lock, flags);
		*counts = left_by_threads(signal);
		alive = add_threads(leader, counts);
		read_sequnlock_excl_irqrestore(&signal->stats_lock, flags);
	}
	rcu_read_unlock();
	return alive;
}

/**
 * mp3_count_for_sample - the same, for a process that stays registered: never with interrupts off
 * @process:	whose totals are wanted
 *
 * Where so many threads end that none of the tries is whole, one that has just ended may be
 * missing. It is there the next time; and what is less than it was, stays as it was until
 * then. So nothing is lost, but it may be late.
 */
bool mp3_count_for_sample(struct mp3_process *process, struct mp3_counts *counts)
{
	bool alive, whole;

	rcu_read_lock();
	whole = count_lockless(process->leader, counts, &alive);
	rcu_read_unlock();
	if (whole)
		return alive;
	counts->minor = max(counts->minor, process->last.minor);
	counts->major = max(counts->major, process->last.major);
	counts->cpu_ns = max(counts->cpu_ns, process->last.cpu_ns);
	return true;
}
