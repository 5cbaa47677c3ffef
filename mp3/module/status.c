// SPDX-License-Identifier: GPL-2.0
/*
 * /proc/mp3/status: commands in, the list of processes out
 *
 * mp3.h has the grammar. A command is carried out here: it changes the registry, and
 * starts the sampler with the first process, and ends it with the last.
 */
#include <linux/cred.h>
#include <linux/ctype.h>
#include <linux/fs.h>
#include <linux/kernel.h>
#include <linux/pid.h>
#include <linux/proc_fs.h>
#include <linux/rcupdate.h>
#include <linux/sched/task.h>
#include <linux/seq_file.h>
#include <linux/string.h>
#include <linux/uaccess.h>
#include <linux/uidgid.h>
#include <linux/user_namespace.h>

#include "internal.h"

#define COMMAND_MAX 31	/* characters, with room to spare for any PID */

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

/*
 * register_process - begin to profile a process
 * @file:	the status file that the command was written to
 * @nr:		PID in the caller's PID namespace
 * @tree:	whether to profile the children that it forks, and theirs
 *
 * Context: process context, without the lock
 * Return: 0, -ESRCH, -EPERM, -EEXIST, -ENOSPC, -EOPNOTSUPP; nothing is changed then
 */
static int register_process(struct file *file, pid_t nr, bool tree)
{
	struct task_struct *leader;
	struct mp3_counts now;
	struct pid *pid;
	bool nobody;
	int err;

	if (tree && !mp3_sees_forks())
		return -EOPNOTSUPP;
	err = find_leader(file, nr, &pid, &leader);
	if (err)
		return err;

	mp3_registry_lock();
	nobody = mp3_nothing_registered();
	err = mp3_count(leader, &now) ? mp3_enter_process(pid, leader, &now, tree) : -ESRCH;
	if (!err && nobody)
		mp3_sampler_start();
	mp3_registry_unlock();
	put_task_struct(leader);
	put_pid(pid);
	return err;
}

/*
 * unregister_process - profile a process no longer
 * @file:	the status file that the command was written to
 * @nr:		PID in the caller's PID namespace
 *
 * What it counted since the last sample goes into the next one. If it was the
 * last process, that is taken here and now.
 *
 * Context: process context, without the lock
 * Return: 0, -ESRCH, -EPERM, -ENOENT; nothing is changed then
 */
static int unregister_process(struct file *file, pid_t nr)
{
	struct mp3_process *process;
	struct task_struct *leader;
	struct pid *pid;
	int err;

	err = find_leader(file, nr, &pid, &leader);
	if (err)
		return err;

	mp3_registry_lock();
	process = mp3_find_process(pid);
	if (process) {
		mp3_depart(process);
		mp3_remove_process(process);
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

static ssize_t status_write(struct file *file, const char __user *from,
			    size_t length, loff_t *position)
{
	char text[COMMAND_MAX + 1];
	int err;
	pid_t nr;

	if (length > COMMAND_MAX)
		return -EINVAL;
	if (copy_from_user(text, from, length))
		return -EFAULT;
	text[length] = '\0';

	/*
	 * kstrtoint() reads to the end of the text and takes one newline there,
	 * but it would take a sign as well.
	 */
	if (strlen(text) != length || length < 3 || text[1] != ' ' ||
	    !isdigit(text[2]) || kstrtoint(text + 2, 10, &nr))
		return -EINVAL;

	switch (text[0]) {
	case 'R':
		err = register_process(file, nr, false);
		break;
	case 'T':
		err = register_process(file, nr, true);
		break;
	case 'U':
		err = unregister_process(file, nr);
		break;
	default:
		err = -EINVAL;
	}
	return err ? err : length;
}

/* The lock is held from start to stop; what is printed goes to kernel memory. */
static void *status_start(struct seq_file *seq, loff_t *position)
{
	mp3_registry_lock();
	return seq_list_start(&mp3_processes, *position);
}

static void *status_next(struct seq_file *seq, void *entry, loff_t *position)
{
	return seq_list_next(entry, &mp3_processes, position);
}

static void status_stop(struct seq_file *seq, void *entry)
{
	mp3_registry_unlock();
}

static int status_show(struct seq_file *seq, void *entry)
{
	struct mp3_process *process = list_entry(entry, struct mp3_process, by_age);
	pid_t nr = pid_vnr(process->pid);

	/* 0 is a process that the reader's namespace does not know. */
	if (nr)
		seq_printf(seq, "%d %llu %llu %llu\n", nr,
			   process->last.minor - process->first.minor,
			   process->last.major - process->first.major,
			   process->last.cpu_ns - process->first.cpu_ns);
	return 0;
}

static const struct seq_operations status_seq_ops = {
	.start	= status_start,
	.next	= status_next,
	.stop	= status_stop,
	.show	= status_show,
};

static int status_open(struct inode *inode, struct file *file)
{
	return seq_open(file, &status_seq_ops);
}

static const struct proc_ops status_ops = {
	.proc_open	= status_open,
	.proc_read	= seq_read,
	.proc_write	= status_write,
	.proc_lseek	= seq_lseek,
	.proc_release	= seq_release,
};

/**
 * mp3_status_init - make /proc/mp3/status
 *
 * Return: 0 or -ENOMEM
 */
int mp3_status_init(void)
{
	struct proc_dir_entry *directory = proc_mkdir(MP3_NAME, NULL);

	if (!directory)
		return -ENOMEM;
	if (!proc_create("status", 0666, directory, &status_ops)) {
		proc_remove(directory);
		return -ENOMEM;
	}
	return 0;
}

/**
 * mp3_status_exit - remove it; no command is under way when this returns
 */
void mp3_status_exit(void)
{
	remove_proc_subtree(MP3_NAME, NULL);
}
