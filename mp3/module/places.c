// SPDX-License-Identifier: GPL-2.0
/*
 * Places to be registered in, and how many of them somebody can have
 *
 * They are allocated at load, for none can be had in the middle of a fork. A place that is
 * left is free again only after the next sample: so a sample brings no more records than
 * there are places. mp3.h tells the limits.
 */
#include <linux/cred.h>
#include <linux/err.h>
#include <linux/fs.h>
#include <linux/jiffies.h>
#include <linux/list.h>
#include <linux/minmax.h>
#include <linux/module.h>
#include <linux/moduleparam.h>
#include <linux/overflow.h>
#include <linux/slab.h>
#include <linux/spinlock.h>
#include <linux/threads.h>
#include <linux/user_namespace.h>
#include <linux/vmalloc.h>
#include <linux/xarray.h>

#include "internal.h"

static unsigned int max_processes = 16384;
module_param(max_processes, uint, 0444);
MODULE_PARM_DESC(max_processes, "how many processes may be registered at once");

/*
 * What users with a limit can have: how many places one of them; how many of the last places
 * are neither theirs nor for what is forked; and of how many living processes one of them can
 * let go in a sample period. Each of those leaves a record, as does each place that is spent,
 * without a process's having to be made and to die. Without a limit, who registers and
 * unregisters in a loop would turn the record ring over in a second.
 */
static unsigned int user_most;
static unsigned int reserved;
static unsigned int let_go_most;

/* All guarded by mp3_membership_lock, see registry.c. */
static struct mp3_process *table;	/* max_processes of them */
static unsigned int used;		/* of the table, from its begin, ever */
static HLIST_HEAD(unused);
static unsigned int free_places;	/* length of @unused */
static HLIST_HEAD(left);		/* free after the next sample */

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

/**
 * mp3_is_too_fast - whether a user has let go of too many to register one more now
 *
 * Context: holds mp3_membership_lock
 */
bool mp3_is_too_fast(struct mp3_user *user)
{
	unsigned long a_second = MP3_RATE * let_go_most, now = jiffies;
	unsigned long forgive = min(now - user->forgiven, 1000UL * HZ) * a_second / HZ;

	if (forgive >= user->let_go) {
		user->let_go = 0;
		user->forgiven = now;
	} else {
		/* What is not forgiven yet of the time goes on to add up. */
		user->let_go -= forgive;
		user->forgiven += forgive * HZ / a_second;
	}
	return user->let_go >= let_go_most;
}

/**
 * mp3_take_place - have a place of the table
 * @user:	whose it is to be, or NULL
 * @forked:	for a process that was forked, which nobody has asked for by name
 *
 * Context: holds mp3_membership_lock
 * Return: -ENOSPC, -EDQUOT
 */
struct mp3_process *mp3_take_place(struct mp3_user *user, bool forked)
{
	struct mp3_process *place;

	if (user && user->places >= user_most)
		return ERR_PTR(-EDQUOT);
	if (free_places <= (user || forked ? reserved : 0))
		return ERR_PTR(-ENOSPC);
	free_places--;
	if (user)
		user->places++;
	place = hlist_entry(unused.first, struct mp3_process, by_pid);
	hlist_del(&place->by_pid);
	used = max_t(unsigned int, used, place - table + 1);
	return place;
}

/**
 * mp3_leave_place - it is free again after the next sample
 * @place:	of mp3_take_place(), with its @user
 * @alive:	its process has been let go of, and has not died
 *
 * Context: holds mp3_membership_lock
 */
void mp3_leave_place(struct mp3_process *place, bool alive)
{
	hlist_add_head(&place->by_pid, &left);
	if (alive && place->user)
		place->user->let_go++;
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

	raw_spin_lock(&mp3_membership_lock);
	place = user && mp3_is_too_fast(user) ? ERR_PTR(-EAGAIN) : mp3_take_place(user, false);
	if (!IS_ERR(place)) {
		place->pid = NULL;
		place->user = user;
		mp3_leave_place(place, true);
	}
	raw_spin_unlock(&mp3_membership_lock);
	return PTR_ERR_OR_ZERO(place);
}

/* Frees some. Return: false if there are no more */
static bool free_some_places(void)
{
	struct mp3_process *place;
	bool more;
	int n;

	raw_spin_lock(&mp3_membership_lock);
	for (n = 0; n < MP3_SCAN && !hlist_empty(&left); n++) {
		place = hlist_entry(left.first, struct mp3_process, by_pid);
		hlist_del(&place->by_pid);
		hlist_add_head(&place->by_pid, &unused);
		free_places++;
		if (place->user)
			place->user->places--;
	}
	more = !hlist_empty(&left);
	raw_spin_unlock(&mp3_membership_lock);
	return more;
}

/**
 * mp3_free_left_places - the sample is over whose records they stood for
 *
 * Context: the sampler
 */
void mp3_free_left_places(void)
{
	while (free_some_places())
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

	raw_spin_lock(&mp3_membership_lock);
	some = !hlist_empty(&left);
	raw_spin_unlock(&mp3_membership_lock);
	return some;
}

/**
 * mp3_places - how many there are
 */
unsigned int mp3_places(void)
{
	return max_processes;
}

/**
 * mp3_places_used - those behind it have never been taken
 *
 * Context: holds mp3_membership_lock
 */
unsigned int mp3_places_used(void)
{
	return used;
}

/**
 * mp3_place - a place by its number; it has no @pid if nobody is registered in it
 *
 * Context: holds mp3_membership_lock
 */
const struct mp3_process *mp3_place(unsigned int number)
{
	return &table[number];
}

/**
 * mp3_places_init - have a table of places
 *
 * Return: 0, -EINVAL for an impossible size, -ENOMEM
 */
int mp3_places_init(void)
{
	unsigned int i;

	if (!max_processes || max_processes > PID_MAX_LIMIT)
		return -EINVAL;
	user_most = DIV_ROUND_UP(max_processes, 2);
	reserved = max_processes / 16;
	let_go_most = max(max_processes / 128, 16U);
	/* kmalloc() would round it up to a power of two pages. */
	table = vzalloc(array_size(max_processes, sizeof(*table)));
	if (!table)
		return -ENOMEM;
	for (i = max_processes; i > 0; i--)
		hlist_add_head(&table[i - 1].by_pid, &unused);
	free_places = max_processes;
	return 0;
}

/**
 * mp3_places_exit - nobody is registered, and nobody will be
 */
void mp3_places_exit(void)
{
	struct mp3_user *user;
	unsigned long uid;

	xa_for_each(&users, uid, user)
		kfree(user);
	xa_destroy(&users);
	vfree(table);
}
