// SPDX-License-Identifier: GPL-2.0
/*
 * Who is registered, by whom, and in whose place
 *
 * The sampler enters processes and takes them out. But a child of a process that is
 * registered with its tree is entered by the sched_process_fork tracepoint: by the forking
 * task itself, when the child is whole and before it runs, so that none of its faults is
 * missed. The tracepoint must not sleep, not even for a spinlock_t on a PREEMPT_RT kernel.
 * Hence the places are allocated at load, and what the tracepoint touches has a lock of
 * its own.
 */
#include <linux/cred.h>
#include <linux/err.h>
#include <linux/fs.h>
#include <linux/hash.h>
#include <linux/ktime.h>
#include <linux/list.h>
#include <linux/log2.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/moduleparam.h>
#include <linux/overflow.h>
#include <linux/pid.h>
#include <linux/sched.h>
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
#include <linux/xarray.h>

#include "internal.h"

static unsigned int max_processes = 16384;
module_param(max_processes, uint, 0444);
MODULE_PARM_DESC(max_processes, "how many processes may be registered at once");

/*
 * What users with a limit can have: how many places one of them, and all of them together;
 * and of how many living processes one can let go in a sample period. Each of those leaves a
 * record, as does each place that is spent, without a process's having to be made and to die.
 * Without a limit, who registers and unregisters in a loop would turn the record ring over
 * in a second.
 */
static unsigned int user_most;
static unsigned int limited_most;
static unsigned int let_go_most;

/* The registered, oldest first, but for the newborn. The sampler's own. */
LIST_HEAD(mp3_processes);

/*
 * membership_lock guards who is registered, who wants that, and whose place it is: the hash
 * table, @unused and @left, @registered, the list @newborn, @limited_places, the places of
 * users, the @leader and the wants of a process, and the count of missed children
 * (buffer.c). The sampler takes it for a few instructions, the tracepoint too, and readers
 * of the status file for SCAN places at a time:
 *
 * - fork against U of the parent: the child is entered before the parent leaves,
 *   and stays; or the parent is not found, and the child is not entered.
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
static DEFINE_RAW_SPINLOCK(membership_lock);
static struct hlist_head *process_by_pid;	/* 2^hash_bits of them, by the hash of the pid */
static unsigned int hash_bits;
static HLIST_HEAD(unused);		/* struct mp3_process */
static HLIST_HEAD(left);		/* the same; their places are free after the next sample */
static LIST_HEAD(newborn);		/* the same, oldest first */
static unsigned int registered;		/* length of both lists together */
static unsigned int limited_places;	/* that users with a limit have */
static u64 entered;			/* processes ever */
static u64 unwanted_by;			/* see mp3_adopt_newborn() */

static struct mp3_process *table;	/* max_processes of them */
static unsigned int used;		/* of the table, from its begin, ever */
#define SCAN	32			/* places that are looked at under the lock */

static struct tracepoint *fork_tracepoint;

/* struct mp3_user, by user number. They stay: whoever once registered something. */
static DEFINE_XARRAY(users);

/**
 * mp3_user_of - whose places are taken by what is asked for through an open file
 * @file:	of the status file, or of a device. Its opener counts
 *
 * In a user namespace anybody can have as many user numbers as there are in it. So all in
 * it are the user who made it; of nested ones, the outermost.
 *
 * Context: process context
 * Return: NULL for one whose places are not limited; -ENOMEM
 */
struct mp3_user *mp3_user_of(const struct file *file)
{
	struct user_namespace *ns = file->f_cred->user_ns;
	kuid_t uid = file->f_cred->euid;
	struct mp3_user *user, *other;

	if (file_ns_capable(file, &init_user_ns, CAP_SYS_RESOURCE))
		return NULL;
	for (; ns != &init_user_ns; ns = ns->parent)
		uid = ns->owner;
	user = xa_load(&users, __kuid_val(uid));
	if (user)
		return user;
	user = kzalloc(sizeof(*user), GFP_KERNEL);
	if (!user)
		return ERR_PTR(-ENOMEM);
	other = xa_cmpxchg(&users, __kuid_val(uid), NULL, user, GFP_KERNEL);
	if (other) {
		kfree(user);
		user = xa_is_err(other) ? ERR_PTR(xa_err(other)) : other;
	}
	return user;
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

/* Whether a user has let go of too many to register one more now. */
static bool is_too_fast(struct mp3_user *user)
{
	unsigned long passed = min(jiffies - user->forgiven, 1000UL * HZ);

	user->let_go -= min_t(unsigned long, user->let_go, passed * MP3_RATE * let_go_most / HZ);
	user->forgiven = jiffies;
	return user->let_go >= let_go_most;
}

/*
 * take_place - have a place of the table
 * @user:	whose it is to be, or NULL
 *
 * Context: holds membership_lock
 * Return: -ENOSPC, -EDQUOT
 */
static struct mp3_process *take_place(struct mp3_user *user)
{
	struct mp3_process *place;

	if (user && user->places >= user_most)
		return ERR_PTR(-EDQUOT);
	if (hlist_empty(&unused) || (user && limited_places >= limited_most))
		return ERR_PTR(-ENOSPC);
	if (user) {
		user->places++;
		limited_places++;
	}
	place = hlist_entry(unused.first, struct mp3_process, by_pid);
	hlist_del(&place->by_pid);
	used = max_t(unsigned int, used, place - table + 1);
	return place;
}

/*
 * enter - register a process
 * @like:	what is known of it: @pid and @leader, which get references of their own,
 *		@first, @who.parent, @wanted_by, @tree_wanted_by, @user, @commander
 *
 * Context: holds membership_lock
 * Return: 0, -ENOSPC, -EDQUOT
 */
static int enter(const struct mp3_process *like)
{
	struct mp3_process *process = take_place(like->user);

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

	raw_spin_lock(&membership_lock);
	if (!find_process(like->pid))
		err = like->user && is_too_fast(like->user) ? -EAGAIN : enter(like);
	raw_spin_unlock(&membership_lock);
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

	raw_spin_lock(&membership_lock);
	list_splice_tail_init(&newborn, &mp3_processes);
	process = find_process(pid);
	raw_spin_unlock(&membership_lock);
	return process;
}

/**
 * mp3_adopt_newborn - put them into the list
 * @let_go:	who does not want anything to be registered any more. From now to the next
 *		call, no fork enters anything for them
 *
 * So whoever goes through the list then, and has it unwanted by them, leaves none out.
 *
 * Context: the sampler
 */
void mp3_adopt_newborn(u64 let_go)
{
	raw_spin_lock(&membership_lock);
	list_splice_tail_init(&newborn, &mp3_processes);
	unwanted_by = let_go;
	raw_spin_unlock(&membership_lock);
}

/**
 * mp3_process_is_wanted - whether somebody wants it to be registered
 * @who:	the bit's number
 *
 * Context: the sampler. A fork may add to it just now, see follow_fork()
 */
bool mp3_process_is_wanted(const struct mp3_process *process, unsigned int who)
{
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
	raw_spin_lock(&membership_lock);
	process->wanted_by |= BIT_ULL(who);
	if (tree)
		process->tree_wanted_by |= BIT_ULL(who);
	if (who == MP3_BY_COMMAND)
		process->commander = commander;
	raw_spin_unlock(&membership_lock);
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

	/* No fork adds these bits meanwhile, see mp3_adopt_newborn(). */
	if (!(data_race(process->wanted_by) & whom))
		return true;
	raw_spin_lock(&membership_lock);
	process->wanted_by &= ~whom;
	process->tree_wanted_by &= ~whom;
	wanted = process->wanted_by;
	raw_spin_unlock(&membership_lock);
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
	raw_spin_lock(&membership_lock);
	before = process->leader;
	process->leader = leader;
	raw_spin_unlock(&membership_lock);
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
	raw_spin_lock(&membership_lock);
	hlist_del(&process->by_pid);
	hlist_add_head(&process->by_pid, &left);
	process->pid = NULL;
	if (alive && process->user)
		process->user->let_go++;
	WRITE_ONCE(registered, registered - 1);
	raw_spin_unlock(&membership_lock);
	if (mm)
		mmdrop(mm);
	put_task_struct(leader);
	put_pid(pid);
}

/**
 * mp3_spend_place - take a place until the next sample, for a record that comes in between
 * @user:	whose it is, or NULL
 *
 * Context: the sampler
 * Return: 0, -ENOSPC, -EDQUOT, -EAGAIN as of mp3_enter_process()
 */
int mp3_spend_place(struct mp3_user *user)
{
	struct mp3_process *place;

	raw_spin_lock(&membership_lock);
	place = user && is_too_fast(user) ? ERR_PTR(-EAGAIN) : take_place(user);
	if (!IS_ERR(place)) {
		if (user)
			user->let_go++;
		place->pid = NULL;
		place->user = user;
		hlist_add_head(&place->by_pid, &left);
	}
	raw_spin_unlock(&membership_lock);
	return PTR_ERR_OR_ZERO(place);
}

/* Return: false if there was none */
static bool free_left_place(void)
{
	struct mp3_process *place;
	bool found = false;

	raw_spin_lock(&membership_lock);
	if (!hlist_empty(&left)) {
		place = hlist_entry(left.first, struct mp3_process, by_pid);
		hlist_del(&place->by_pid);
		hlist_add_head(&place->by_pid, &unused);
		if (place->user) {
			place->user->places--;
			limited_places--;
		}
		found = true;
	}
	raw_spin_unlock(&membership_lock);
	return found;
}

/**
 * mp3_free_left_places - the sample is over whose records they stood for
 *
 * Context: the sampler
 */
void mp3_free_left_places(void)
{
	while (free_left_place())
		;
}

/**
 * mp3_places_will_be_free - whether the next sample frees places
 *
 * Context: any
 */
bool mp3_places_will_be_free(void)
{
	bool some;

	raw_spin_lock(&membership_lock);
	some = !hlist_empty(&left);
	raw_spin_unlock(&membership_lock);
	return some;
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
	raw_spin_lock(&membership_lock);
	process = find_process(task_tgid(parent));
	wanted_by = process ? process->tree_wanted_by & ~unwanted_by : 0;
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
			there->wanted_by |= wanted_by;
			there->tree_wanted_by |= wanted_by;
		} else if (enter(&like)) {
			mp3_buffer_missed_child();
		}
	}
	raw_spin_unlock(&membership_lock);
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

/* The sampler may be at it. */
static __no_kcsan struct mp3_counts growth_of(const struct mp3_process *process)
{
	return (struct mp3_counts){
		.minor = READ_ONCE(process->last.minor) - process->first.minor,
		.major = READ_ONCE(process->last.major) - process->first.major,
		.cpu_ns = READ_ONCE(process->last.cpu_ns) - process->first.cpu_ns,
	};
}

/**
 * mp3_copy_processes - what the status file says of all that are registered
 * @listed:	to be filled, in no order, with references that are the caller's
 * @room:	how many there is room for
 *
 * The sampler goes on meanwhile; the caller looks whether it has.
 *
 * Context: process context
 * Return: how many there are. If that is more than there is room for, the rest is left out
 */
size_t mp3_copy_processes(struct mp3_listed *listed, size_t room)
{
	unsigned int at = 0, end;
	size_t n = 0;

	do {
		raw_spin_lock(&membership_lock);
		for (end = min(at + SCAN, used); at < end; at++) {
			const struct mp3_process *process = &table[at];

			if (!process->pid)
				continue;
			if (n < room)
				listed[n] = (struct mp3_listed){
					.number = process->number,
					.pid = get_pid(process->pid),
					.task = get_task_struct(process->leader),
					.grown = growth_of(process),
				};
			n++;
		}
		end = used;
		raw_spin_unlock(&membership_lock);
		cond_resched();
	} while (at < end);
	return n;
}

static void note_tracepoint(struct tracepoint *tracepoint, void *data)
{
	if (!strcmp(tracepoint->name, "sched_process_fork"))
		fork_tracepoint = tracepoint;
}

/**
 * mp3_registry_init - have a table to register processes in, and watch forks
 *
 * Return: 0, -EINVAL for an impossible size, -ENOMEM, -ENOENT if this kernel does not
 * tell of forks, or what the tracepoint says
 */
int mp3_registry_init(void)
{
	unsigned int i;
	int err;

	if (!max_processes || max_processes > PID_MAX_LIMIT)
		return -EINVAL;
	user_most = DIV_ROUND_UP(max_processes, 2);
	limited_most = max_processes - max_processes / 16;
	let_go_most = max(max_processes / 128, 16U);
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
	err = fork_tracepoint ? tracepoint_probe_register(fork_tracepoint, follow_fork, NULL) : -ENOENT;
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
 * Nobody can register any more by a command, and the sampler has ended.
 */
void mp3_registry_exit(void)
{
	struct mp3_process *process, *next;
	struct mp3_user *user;
	unsigned long uid;

	tracepoint_probe_unregister(fork_tracepoint, follow_fork, NULL);
	tracepoint_synchronize_unregister();
	mp3_adopt_newborn(0);
	list_for_each_entry_safe(process, next, &mp3_processes, by_age)
		mp3_remove_process(process, true);
	xa_for_each(&users, uid, user)
		kfree(user);
	xa_destroy(&users);
	kvfree(process_by_pid);
	vfree(table);
}
