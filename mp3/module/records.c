// SPDX-License-Identifier: GPL-2.0
/*
 * What is recorded of the registered processes: at each sample, and when one is let go of
 */
#include <linux/ktime.h>
#include <linux/list.h>
#include <linux/minmax.h>
#include <linux/mm.h>
#include <linux/sched.h>
#include <linux/sched/mm.h>
#include <linux/sched/signal.h>
#include <linux/sched/task.h>
#include <linux/seqlock.h>
#include <linux/string.h>

#include "internal.h"

/* In records, and not yet in a sample. The sampler's own. */
static struct mp3_counts recorded;

/* Odd while the sampler is at work on what readers of the status file see. */
static unsigned long turns;

/**
 * mp3_turns - whether the sampler has been at work between two looks
 *
 * Context: any
 * Return: an odd number while it is; the same one as before if it has not been
 */
unsigned long mp3_turns(void)
{
	/* What was read before the second look is of before it, */
	smp_rmb();
	/* and what is read after the first one, of after it. */
	return smp_load_acquire(&turns);
}

static void begin_turn(void)
{
	WRITE_ONCE(turns, turns + 1);
	/* Who sees something of this turn shall see that it has begun. */
	smp_wmb();
}

static void end_turn(void)
{
	/* Who sees that it has ended shall see all of it. */
	smp_store_release(&turns, turns + 1);
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
	struct task_struct *leader = process->leader, *leads_now = leader, *thread;
	struct mm_struct *mm = NULL;

	record->rss = 0;
	record->swap = 0;
	record->peak_rss = READ_ONCE(leader->signal->maxrss);
	rcu_read_lock();
	for_each_thread(leader, thread) {
		/* A thread has its mm until it exits, and no longer than that. */
		task_lock(thread);
		mm = thread->mm;
		if (mm) {
			mmgrab(mm);
			look_at_mm(mm, leader->signal, record);
			/* de_thread() may be at it */
			leads_now = data_race(READ_ONCE(thread->group_leader));
		}
		task_unlock(thread);
		if (mm)
			break;
	}
	/* A thread that executes a program becomes the leader; the name is its. */
	if (leads_now != leader)
		mp3_lead_process(process, leads_now);
	rcu_read_unlock();
	if (process->mm)
		mmdrop(process->mm);
	process->mm = mm;
}

/* A comm in words. A task_struct need not align it. */
struct comm_words {
	u64 word[MP3_NAME_BYTES / sizeof(u64)];
} __packed;
static_assert(sizeof(struct comm_words) == TASK_COMM_LEN && TASK_COMM_LEN == MP3_NAME_BYTES);

/* What follows the NUL of a comm may be anything, and look like another name. */
static __always_inline bool is_renamed(const u64 *name, const char *comm)
{
	const struct comm_words *is = (const void *)comm;

	/* A comm that is just being changed is seen in parts, as by everybody. */
	return unlikely(name[0] != data_race(is->word[0])) ||
	       unlikely(name[1] != data_race(is->word[1]));
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
	counts.minor = signal->min_flt + mp3_counted(leader->min_flt);
	counts.major = signal->maj_flt + mp3_counted(leader->maj_flt);
	counts.cpu_ns = signal->sum_sched_runtime + mp3_counted(leader->se.sum_exec_runtime);
	if (unlikely(read_seqretry(&signal->stats_lock, sequence) || others))
		return false;
	finish_record(process, record, now, 0, counts, sum);
	return true;
}

/* Return: whether the process can still run, see finish_record() for the rest. */
static bool record_counts(struct mp3_process *process, u64 now, u32 flags,
			  struct mp3_counts counts, bool alive, struct mp3_counts *sum)
{
	struct mp3_record *record = mp3_record_begin();

	if (!alive)
		flags |= MP3_LAST | MP3_EXITED;
	look_at_memory(process, record);
	finish_record(process, record, now, flags, counts, sum);
	return alive;
}

/*
 * settle - make a record of what a process has counted since its last one
 * @process:	the process, in the list
 * @now:	CLOCK_MONOTONIC ns
 * @sum:	to be added to
 *
 * Most processes can be settled quickly, in some hundred instructions, and calls
 * and locks would be as many again. That is what a sample costs for each of them.
 *
 * Return: whether the process can still run
 */
static __always_inline bool settle(struct mp3_process *process, u64 now, struct mp3_counts *sum)
{
	struct mp3_counts counts;
	bool alive;

	if (settle_quickly(process, now, sum))
		return true;
	cond_resched();
	alive = mp3_count_for_sample(process, &counts);
	return record_counts(process, now, 0, counts, alive, sum);
}

/* The same, exactly up to now. */
static bool settle_exactly(struct mp3_process *process, u32 flags, struct mp3_counts *sum)
{
	struct mp3_counts counts;
	bool alive = mp3_count(process->leader, &counts);

	return record_counts(process, ktime_get_ns(), flags, counts, alive, sum);
}

/**
 * mp3_cut - make a record that ends here, so that the process's next one begins here
 * @process:	the process, in the list
 *
 * What it has counted since its last record goes into the next sample.
 *
 * Context: the sampler
 * Return: false if it has died; then that was its last record, and it is out of the list
 */
bool mp3_cut(struct mp3_process *process)
{
	bool alive;

	begin_turn();
	alive = settle_exactly(process, 0, &recorded);
	if (!alive)
		mp3_remove_process(process, false);
	end_turn();
	return alive;
}

/**
 * mp3_depart - make the last record of a process, and unregister it
 * @process:	the process, in the list
 *
 * What it has counted since its last record goes into the next sample.
 *
 * Context: the sampler
 */
void mp3_depart(struct mp3_process *process)
{
	begin_turn();
	mp3_remove_process(process, settle_exactly(process, MP3_LAST, &recorded));
	end_turn();
}

/**
 * mp3_collect - what all have counted since the last call, and bury the dead
 * @closed:	files that do not want anything to be registered any more: their bits, which
 *		can be given to others afterwards
 * @sum:	to be filled
 *
 * Context: the sampler
 * Return: when that was, CLOCK_MONOTONIC ns
 */
u64 mp3_collect(u64 closed, struct mp3_counts *sum)
{
	struct mp3_process *process, *next;
	bool alive;
	u64 now;

	begin_turn();
	*sum = recorded;
	recorded = (struct mp3_counts){};
	if (unlikely(closed))
		mp3_refuse(closed);
	mp3_adopt_newborn();
	/* Nobody in the list has been registered later than this. */
	now = ktime_get_ns();
	list_for_each_entry_safe(process, next, &mp3_processes, by_age) {
		if (unlikely(closed) && !mp3_unwant_process(process, closed)) {
			/* exactly, as it is the last time */
			alive = settle_exactly(process, MP3_LAST, sum);
		} else {
			alive = settle(process, now, sum);
			if (alive)
				continue;
		}
		mp3_remove_process(process, alive);
	}
	if (unlikely(closed))
		mp3_refuse(0);
	end_turn();
	return now;
}
