// SPDX-License-Identifier: GPL-2.0
/*
 * Commands: what the status file and the devices are told to do
 *
 * The caller looks up the process, and whether it may profile it; the sampler does the
 * rest. It has to count the process for that, which takes the longer, the more threads the
 * process has. So the caller counts first, and pays as much CPU time as the sampler will
 * spend on its command: whoever is throttled costs others as little.
 */
#include <linux/completion.h>
#include <linux/cred.h>
#include <linux/err.h>
#include <linux/fs.h>
#include <linux/jiffies.h>
#include <linux/kernel.h>
#include <linux/pid.h>
#include <linux/rcupdate.h>
#include <linux/sched.h>
#include <linux/sched/signal.h>
#include <linux/sched/task.h>
#include <linux/uidgid.h>
#include <linux/user_namespace.h>

#include "internal.h"

/*
 * struct command - what the sampler is asked to do
 * @pid:	the process's identity, with a reference
 * @leader:	of the thread group, with a reference
 * @allowed:	whether the caller may profile it
 * @commander:	who gives a command
 * @user:	whose place it takes, as mp3_user_of() says
 * @attacher:	the bit of an attached file, 0 as long as it has none; NULL: by command
 * @tree:	with the children that it forks
 * @id:		told: the process in records
 * @sequence:	told: of the process's next record
 * @err:	told: 0 or -errno
 */
struct command {
	struct mp3_request request;
	struct pid *pid;
	struct task_struct *leader;
	bool allowed;
	kuid_t commander;
	struct mp3_user *user;
	unsigned int *attacher;
	bool tree;
	u32 id;
	u64 sequence;
	int err;
};

/**
 * mp3_may_profile - whether the opener of @file may see into @task
 *
 * As for ptrace: the same user and group in every role of the task's, or CAP_SYS_PTRACE
 * in its user namespace. But whether the task can be dumped is not asked, for what we tell
 * of it, /proc/PID/stat tells everybody. The opener counts and not the writer, lest somebody
 * hand his open file to a privileged program as its standard output.
 *
 * Context: process context
 */
bool mp3_may_profile(const struct file *file, struct task_struct *task)
{
	const struct cred *cred;
	struct user_namespace *ns;
	kuid_t euid = file->f_cred->euid;
	kgid_t egid = file->f_cred->egid;
	bool same_user;

	rcu_read_lock();
	cred = __task_cred(task);
	same_user = uid_eq(euid, cred->uid) && uid_eq(euid, cred->euid) &&
		    uid_eq(euid, cred->suid) && gid_eq(egid, cred->gid) &&
		    gid_eq(egid, cred->egid) && gid_eq(egid, cred->sgid);
	ns = get_user_ns(cred->user_ns);
	rcu_read_unlock();
	same_user = same_user || file_ns_capable(file, ns, CAP_SYS_PTRACE);
	put_user_ns(ns);
	return same_user;
}

/*
 * ask - have the sampler do its part
 *
 * Where places will be free with the next sample, that is awaited: there may be one for us
 * then. Whoever lets go of too many waits until he may go on.
 *
 * Return: @err, -ERESTARTSYS
 */
static int ask(struct command *command)
{
	bool full;
	int waits;

	for (waits = 0;; waits++) {
		mp3_ask(&command->request);
		full = command->err == -ENOSPC || command->err == -EDQUOT;
		if (command->err != -EAGAIN && !(full && waits < 2 && mp3_places_will_be_free()))
			return command->err;
		schedule_timeout_interruptible(HZ / MP3_RATE + 1);
		if (signal_pending(current))
			return -ERESTARTSYS;
	}
}

/*
 * carry_out - look up a process, and have the sampler do something with it
 * @command:	all but what follows from the process
 * @file:	by which it was given
 * @nr:		PID in the caller's PID namespace
 * @what:	the sampler's part, which sets @err
 * @ends:	it lets go of the process, for which it need neither be allowed nor alive
 *
 * Return: what came of it
 */
static int carry_out(struct command *command, const struct file *file, pid_t nr,
		     void (*what)(struct mp3_request *request), bool ends)
{
	struct mp3_counts counts;
	bool alive;

	command->err = PTR_ERR_OR_ZERO(command->user);
	if (command->err)
		return command->err;
	command->pid = find_get_pid(nr);
	/* A thread's number that is not a process's finds nothing. */
	command->leader = get_pid_task(command->pid, PIDTYPE_TGID);
	command->err = -ESRCH;
	if (command->leader) {
		command->allowed = mp3_may_profile(file, command->leader);
		alive = mp3_count(command->leader, &counts);
		command->id = pid_nr(command->pid);
		command->request.carry_out = what;
		if (!ends && !command->allowed)
			command->err = -EPERM;
		else if (ends || alive)
			command->err = ask(command);
		put_task_struct(command->leader);
	}
	put_pid(command->pid);
	return command->err;
}

/*
 * End a record of a process here, which its next one joins on to. Return: what
 * mp3_spend_place() says; -ESRCH if it has died, and is not registered any more
 */
static int cut(struct command *command, struct mp3_process *process)
{
	int err = mp3_spend_place(command->user);

	if (err)
		return err;
	return mp3_cut(process) ? 0 : -ESRCH;
}

/* Have a process registered for somebody, be it registered for others or not. */
static int want(struct command *command, unsigned int who)
{
	struct mp3_process *process = mp3_find_process(command->pid);
	struct mp3_process like = {
		.pid = command->pid,
		.leader = command->leader,
		.wanted_by = BIT_ULL(who),
		.tree_wanted_by = command->tree ? BIT_ULL(who) : 0,
		.user = command->user,
		.commander = command->commander,
	};
	int err;

	if (!process) {
		if (!mp3_count(command->leader, &like.first))
			return -ESRCH;
		err = mp3_enter_process(&like);
		if (err != -EEXIST)
			return err;
		/* Its parent has been quicker, just now. */
		process = mp3_find_process(command->pid);
	}
	if (mp3_process_is_wanted(process, who))
		return -EEXIST;
	/* Its records so far are others'. */
	err = command->attacher ? cut(command, process) : 0;
	if (!err)
		mp3_want_process(process, who, command->tree, command->commander);
	return err;
}

static void register_process(struct mp3_request *request)
{
	struct command *command = container_of(request, struct command, request);

	command->err = want(command, MP3_BY_COMMAND);
}

static void unregister_process(struct mp3_request *request)
{
	struct command *command = container_of(request, struct command, request);
	struct mp3_process *process = mp3_find_process(command->pid);
	bool registered = process && mp3_process_is_wanted(process, MP3_BY_COMMAND);

	/* Who has registered it need not be allowed to any more. */
	if (!command->allowed &&
	    !(registered && uid_eq(process->commander, command->commander)))
		command->err = -EPERM;
	else if (!registered)
		command->err = -ENOENT;
	else
		command->err = 0;
	if (!command->err && !mp3_unwant_process(process, BIT_ULL(MP3_BY_COMMAND)))
		mp3_depart(process);
}

static void attach_process(struct mp3_request *request)
{
	struct command *command = container_of(request, struct command, request);
	int who = *command->attacher ?: mp3_new_attacher(command->user);

	command->err = who < 0 ? who : want(command, who);
	if (!command->err)
		*command->attacher = who;
	else if (who > 0 && !*command->attacher)
		mp3_drop_attacher(who);
	command->sequence = mp3_record_ring.sequence;
}

static void detach_process(struct mp3_request *request)
{
	struct command *command = container_of(request, struct command, request);
	struct mp3_process *process = mp3_find_process(command->pid);
	unsigned int who = *command->attacher;

	command->err = 0;
	if (!who || !process || !mp3_process_is_wanted(process, who)) {
		command->err = -ENOENT;
	} else if (!mp3_unwant_process(process, BIT_ULL(who))) {
		mp3_depart(process);
	} else {
		/* Where it must not be now, the record that is begun is the others'. */
		cut(command, process);
	}
	command->sequence = mp3_record_ring.sequence;
}

/**
 * mp3_register - R and T: begin to profile a process
 * @file:	the status file that the command was written to
 * @nr:		PID in the caller's PID namespace
 * @tree:	whether to profile the children that it forks, and theirs
 *
 * Context: process context
 * Return: 0, -ENOMEM, -ERESTARTSYS, or what mp3.h says; nothing is changed then
 */
int mp3_register(const struct file *file, pid_t nr, bool tree)
{
	struct command command = {
		.commander = file->f_cred->euid,
		.user = mp3_user_of(file),
		.tree = tree,
	};

	return carry_out(&command, file, nr, register_process, false);
}

/**
 * mp3_unregister - U: profile a process no longer, unless others do
 * @file:	the status file that the command was written to
 * @nr:		PID in the caller's PID namespace
 *
 * What it counted since the last sample goes into the next one. If it was the
 * last process, that is taken before this returns, unless too many have been of late.
 *
 * Context: process context
 * Return: 0, or what mp3.h says; nothing is changed then
 */
int mp3_unregister(const struct file *file, pid_t nr)
{
	struct command command = {
		.commander = file->f_cred->euid,
	};

	return carry_out(&command, file, nr, unregister_process, true);
}

/* Tell what came of it. */
static int answer(const struct command *command, struct mp3_attach *attach)
{
	if (!command->err) {
		attach->id = command->id;
		attach->sequence = command->sequence;
	}
	return command->err;
}

/**
 * mp3_attach - MP3_ATTACH: begin to profile a process, for an open file
 * @file:	of the record ring
 * @attacher:	its bit, 0 as long as it has none
 * @attach:	what is told, and what comes of it
 *
 * Context: process context
 * Return: 0, -ERESTARTSYS, or what mp3.h says; nothing is changed then
 */
int mp3_attach(const struct file *file, unsigned int *attacher, struct mp3_attach *attach)
{
	struct command command = {
		.user = mp3_user_of(file),
		.attacher = attacher,
		.tree = attach->flags & MP3_TREE,
	};

	if (attach->flags & ~MP3_TREE || attach->reserved)
		return -EINVAL;
	carry_out(&command, file, attach->pid, attach_process, false);
	return answer(&command, attach);
}

/**
 * mp3_detach - MP3_DETACH: let go of a process
 *
 * The same as for mp3_attach() holds.
 */
int mp3_detach(const struct file *file, unsigned int *attacher, struct mp3_attach *attach)
{
	struct command command = { .user = mp3_user_of(file), .attacher = attacher };

	if (attach->flags || attach->reserved)
		return -EINVAL;
	carry_out(&command, file, attach->pid, detach_process, true);
	return answer(&command, attach);
}
