// SPDX-License-Identifier: GPL-2.0
/*
 * Who is registered, and by whom
 *
 * The sampler enters processes and takes them out. But a child of a process that is
 * registered with its tree is entered by the sched_process_fork tracepoint: by the forking
 * task itself, when the child is whole and before it runs, so that none of its faults is
 * missed. The tracepoint must not sleep, not even for a spinlock_t on a PREEMPT_RT kernel.
 * Hence what the tracepoint touches has a lock of its own, and is allocated at load.
 */
#include <linux/err.h>
#include <linux/hash.h>
#include <linux/ktime.h>
#include <linux/list.h>
#include <linux/log2.h>
#include <linux/minmax.h>
#include <linux/mm.h>
#include <linux/pid.h>
#include <linux/sched.h>
#include <linux/sched/mm.h>
#include <linux/sched/signal.h>
#include <linux/sched/task.h>
#include <linux/slab.h>
#include <linux/spinlock.h>
#include <linux/string.h>
#include <linux/tracepoint.h>

#include "internal.h"

/* The registered, oldest first, but for the newborn. The sampler's own. */
LIST_HEAD(mp3_processes);

/*
 * mp3_membership_lock guards who is registered, who wants that, and whose place it is: the
 * hash table, @newborn, @registered, @entered and @refused, the @leader and the wants of a
 * process, the places and what users have of them (places.c), and the count of missed
 * children (buffer.c). The sampler takes it for a few instructions, the tracepoint too, and
 * readers of the status file for MP3_SCAN places at a time:
 *
 * - fork against U of the parent: the child is entered before the parent is unwanted,
 *   and stays; or nobody wants the parent's tree, and the child is not entered.
 * - fork against R of the child, whose PID can be seen before the tracepoint runs:
 *   whoever comes first enters it, the other one adds what it wants.
 * - fork against attaching to the parent: the child is entered with those who wanted its
 *   parent's tree at that moment.
 * - fork against anything of the sampler's: the child waits in @newborn until the sampler
 *   looks for a process, or for all, so nobody's walk along the list is disturbed. The
 *   sampler is at work, for the parent is registered; and since only commands make the
 *   first entry, it can rely on it when it finds nothing registered.
 * - Only the sampler takes entries out, so what mp3_find_process() has found stays.
 *
 * It is raw because of PREEMPT_RT, see above: nothing is called under it that sleeps
 * there. Who holds it cannot be preempted, so no throttled task ever has it.
 */
DEFINE_RAW_SPINLOCK(mp3_membership_lock);
static struct hlist_head *process_by_pid;	/* 2^hash_bits of them, by the hash of the pid */
static unsigned int hash_bits;
static LIST_HEAD(newborn);		/* struct mp3_process, oldest first */
static unsigned int registered;		/* length of it and mp3_processes together */
static u64 entered;			/* processes ever */
static u64 refused;			/* see mp3_refuse() */

static struct tracepoint *fork_tracepoint;

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
 * enter - register a process
 * @like:	what is known of it: @pid and @leader, which get references of their own,
 *		@first, @who.parent, @wanted_by, @tree_wanted_by, @user, @commander
 *
 * Context: holds mp3_membership_lock
 * Return: 0, -ENOSPC, -EDQUOT
 */
static int enter(const struct mp3_process *like)
{
	struct mp3_process *process = mp3_take_place(like->user, like->who.parent);

	if (IS_ERR(process))
		return PTR_ERR(process);
	*process = *like;
	get_pid(process->pid);
	get_task_struct(process->leader);
	process->last = process->first;
	process->last_ns = ktime_get_ns();
	process->who.pid = pid_nr(process->pid);
	process->who.flags = MP3_FIRST;
	process->number = entered++;
	hlist_add_head(&process->by_pid, those_like(process->pid));
	list_add_tail(&process->by_age, &newborn);
	WRITE_ONCE(registered, registered + 1);
	return 0;
}

/**
 * mp3_enter_process - register a process
 * @like:	what is known of it, as for enter()
 *
 * Context: the sampler
 * Return: 0; -EEXIST: it has been entered by its parent's fork, or before; -ENOSPC,
 * -EDQUOT; -EAGAIN: the user is to wait some periods. Nothing is changed then
 */
int mp3_enter_process(const struct mp3_process *like)
{
	int err = -EEXIST;

	raw_spin_lock(&mp3_membership_lock);
	if (!find_process(like->pid))
		err = like->user && mp3_is_too_fast(like->user) ? -EAGAIN : enter(like);
	raw_spin_unlock(&mp3_membership_lock);
	return err;
}

/**
 * mp3_find_process - the entry of a registered process, which is in the list
 * @pid:	its identity
 *
 * Context: the sampler
 * Return: the entry, which stays until the sampler takes it out; NULL if there is none
 */
struct mp3_process *mp3_find_process(const struct pid *pid)
{
	struct mp3_process *process;

	raw_spin_lock(&mp3_membership_lock);
	list_splice_tail_init(&newborn, &mp3_processes);
	process = find_process(pid);
	raw_spin_unlock(&mp3_membership_lock);
	return process;
}

/**
 * mp3_adopt_newborn - put them into the list
 *
 * Context: the sampler
 */
void mp3_adopt_newborn(void)
{
	raw_spin_lock(&mp3_membership_lock);
	list_splice_tail_init(&newborn, &mp3_processes);
	raw_spin_unlock(&mp3_membership_lock);
}

/**
 * mp3_refuse - from now to the next call, no fork enters anything for these
 * @whom:	a set of bits
 *
 * So whoever adopts the newborn then, goes through the list, and has all unwanted by them,
 * leaves none out.
 *
 * Context: the sampler
 */
void mp3_refuse(u64 whom)
{
	raw_spin_lock(&mp3_membership_lock);
	refused = whom;
	raw_spin_unlock(&mp3_membership_lock);
}

/**
 * mp3_process_is_wanted - whether somebody wants it to be registered
 * @who:	the bit's number
 *
 * Context: the sampler. A fork may add to it just now, see follow_fork()
 */
bool mp3_process_is_wanted(const struct mp3_process *process, unsigned int who)
{
	/* a fork may add others' bits */
	return data_race(process->wanted_by) & BIT_ULL(who);
}

/**
 * mp3_want_process - somebody more wants it to be registered
 * @who:	the bit's number
 * @tree:	its tree, too
 * @commander:	who says so by a command
 *
 * Context: the sampler
 */
void mp3_want_process(struct mp3_process *process, unsigned int who, bool tree,
		      kuid_t commander)
{
	raw_spin_lock(&mp3_membership_lock);
	process->wanted_by |= BIT_ULL(who);
	if (tree)
		process->tree_wanted_by |= BIT_ULL(who);
	if (who == MP3_BY_COMMAND)
		process->commander = commander;
	raw_spin_unlock(&mp3_membership_lock);
}

/**
 * mp3_unwant_process - some want it no more to be registered
 * @whom:	a set of bits
 *
 * Context: the sampler
 * Return: false if nobody does now: it is to be removed
 */
bool mp3_unwant_process(struct mp3_process *process, u64 whom)
{
	bool wanted;

	/* No fork adds these bits meanwhile, see mp3_refuse(); or it matters to none. */
	if (!(data_race(process->wanted_by) & whom))
		return true;
	raw_spin_lock(&mp3_membership_lock);
	process->wanted_by &= ~whom;
	process->tree_wanted_by &= ~whom;
	wanted = process->wanted_by;
	raw_spin_unlock(&mp3_membership_lock);
	return wanted;
}

/**
 * mp3_lead_process - it has another leader
 * @leader:	a task of the thread group, which gets a reference; under RCU
 *
 * Context: the sampler
 */
void mp3_lead_process(struct mp3_process *process, struct task_struct *leader)
{
	struct task_struct *before;

	get_task_struct(leader);
	raw_spin_lock(&mp3_membership_lock);
	before = process->leader;
	process->leader = leader;
	raw_spin_unlock(&mp3_membership_lock);
	put_task_struct(before);
}

/**
 * mp3_remove_process - register a process no longer
 * @process:	in the list
 * @alive:	it is let go of, and not dead
 *
 * Its place is free again after the next sample.
 *
 * Context: the sampler
 */
void mp3_remove_process(struct mp3_process *process, bool alive)
{
	struct task_struct *leader = process->leader;
	struct mm_struct *mm = process->mm;
	struct pid *pid = process->pid;

	list_del(&process->by_age);
	raw_spin_lock(&mp3_membership_lock);
	hlist_del(&process->by_pid);
	process->pid = NULL;
	mp3_leave_place(process, alive);
	WRITE_ONCE(registered, registered - 1);
	raw_spin_unlock(&mp3_membership_lock);
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
	struct mp3_process *process, *there;
	u64 wanted_by;

	/* A thread is of its process, which is registered or not already. */
	if (!READ_ONCE(registered) || !thread_group_leader(child))
		return;
	raw_spin_lock(&mp3_membership_lock);
	process = find_process(task_tgid(parent));
	wanted_by = process ? process->tree_wanted_by & ~refused : 0;
	if (wanted_by) {
		struct mp3_process like = {
			.pid = task_tgid(child),
			.leader = child,
			.who.parent = process->who.pid,
			.wanted_by = wanted_by,
			.tree_wanted_by = wanted_by,
			.user = process->user,
			.commander = process->commander,
		};

		there = find_process(like.pid);
		if (there) {
			/* A command was quicker: the others want it, and its tree, too. */
			if (wanted_by & ~there->wanted_by & BIT_ULL(MP3_BY_COMMAND))
				there->commander = process->commander;
			there->wanted_by |= wanted_by;
			there->tree_wanted_by |= wanted_by;
		} else if (enter(&like)) {
			mp3_buffer_missed_child();
		}
	}
	raw_spin_unlock(&mp3_membership_lock);
}

/**
 * mp3_nothing_registered - whether the registry is empty
 *
 * Context: the sampler
 */
bool mp3_nothing_registered(void)
{
	return !READ_ONCE(registered);
}

/**
 * mp3_processes_registered - how many are
 *
 * Context: any; it may be another number by now
 */
unsigned int mp3_processes_registered(void)
{
	return READ_ONCE(registered);
}

/**
 * mp3_processes_entered - how many ever were
 *
 * Context: holds mp3_membership_lock
 */
u64 mp3_processes_entered(void)
{
	return entered;
}

static void note_tracepoint(struct tracepoint *tracepoint, void *data)
{
	if (!strcmp(tracepoint->name, "sched_process_fork"))
		fork_tracepoint = tracepoint;
}

/**
 * mp3_registry_init - be able to find processes, and watch forks
 *
 * Return: 0, -ENOMEM, -ENOENT if this kernel does not tell of forks, or what the tracepoint
 * says
 */
int mp3_registry_init(void)
{
	int err;

	/* As many lists as there can be processes, so that each is short. */
	hash_bits = max(order_base_2(mp3_places()), 1);
	process_by_pid = kvcalloc(BIT(hash_bits), sizeof(*process_by_pid), GFP_KERNEL);
	if (!process_by_pid)
		return -ENOMEM;
	for_each_kernel_tracepoint(note_tracepoint, NULL);
	err = fork_tracepoint ?
	      tracepoint_probe_register(fork_tracepoint, follow_fork, NULL) : -ENOENT;
	if (err)
		kvfree(process_by_pid);
	return err;
}

/**
 * mp3_registry_exit - forget all processes
 *
 * Nobody can register any more by a command, and the sampler has ended.
 */
void mp3_registry_exit(void)
{
	struct mp3_process *process, *next;

	tracepoint_probe_unregister(fork_tracepoint, follow_fork, NULL);
	tracepoint_synchronize_unregister();
	mp3_adopt_newborn();
	list_for_each_entry_safe(process, next, &mp3_processes, by_age)
		mp3_remove_process(process, true);
	kvfree(process_by_pid);
}
