// SPDX-License-Identifier: GPL-2.0
/*
 * /proc/mp3/status: commands in, the list of processes out
 *
 * mp3.h has the grammar.
 */
#include <linux/cred.h>
#include <linux/ctype.h>
#include <linux/fs.h>
#include <linux/kernel.h>
#include <linux/mm.h>
#include <linux/overflow.h>
#include <linux/pid.h>
#include <linux/pid_namespace.h>
#include <linux/proc_fs.h>
#include <linux/sched.h>
#include <linux/sched/signal.h>
#include <linux/sched/task.h>
#include <linux/seq_file.h>
#include <linux/slab.h>
#include <linux/sort.h>
#include <linux/string.h>
#include <linux/uaccess.h>

#include "internal.h"

#define COMMAND_MAX 31	/* characters, with room to spare for any PID */

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
		err = mp3_register(file, nr, false);
		break;
	case 'T':
		err = mp3_register(file, nr, true);
		break;
	case 'U':
		err = mp3_unregister(file, nr);
		break;
	default:
		err = -EINVAL;
	}
	return err ? err : length;
}

/*
 * struct listed - a process, of which something is to be said
 * @number:	how many were registered before it
 * @pid:	its identity, a reference is held
 * @grown:	since it was registered
 */
struct listed {
	u64 number;
	struct pid *pid;
	struct mp3_counts grown;
};

/* What is said of a process, whose @pid is of the reader's namespace. */
struct line {
	pid_t pid;
	struct mp3_counts grown;
};

/* One state of the table, for the reader of one open file, in the order of registration. */
struct listing {
	size_t n;
	struct line line[];
};

/* As for the process's directory in /proc, through the mount that is read. */
static bool is_hidden(const struct file *file, struct pid *pid)
{
	const struct proc_fs_info *proc = proc_sb_info(file_inode(file)->i_sb);
	struct task_struct *task;
	bool hidden;

	if (proc->hide_pid == HIDEPID_OFF)
		return false;
	if (proc->hide_pid != HIDEPID_NOT_PTRACEABLE && in_group_p(proc->pid_gid))
		return false;
	task = get_pid_task(pid, PIDTYPE_TGID);
	if (!task)
		return true;
	hidden = !mp3_may_profile(file, task);
	put_task_struct(task);
	return hidden;
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

/*
 * copy_places - what is said of all that are registered
 * @listed:	to be filled, in no order, with references that are the caller's
 * @room:	how many there is room for
 *
 * The sampler goes on meanwhile; the caller looks whether it has. Nobody waits for us for
 * longer than MP3_SCAN places take.
 *
 * Return: how many there are. If that is more than there is room for, the rest is left out
 */
static size_t copy_places(struct listed *listed, size_t room)
{
	unsigned int at = 0, end;
	u64 newer = U64_MAX;
	size_t n = 0;

	do {
		raw_spin_lock(&mp3_membership_lock);
		/* those that are entered meanwhile are not of the state that we have begun with */
		newer = min(newer, mp3_processes_entered());
		for (end = min(at + MP3_SCAN, mp3_places_used()); at < end; at++) {
			const struct mp3_process *process = mp3_place(at);

			if (!process->pid || process->number >= newer)
				continue;
			if (n < room)
				listed[n] = (struct listed){
					.number = process->number,
					.pid = get_pid(process->pid),
					.grown = growth_of(process),
				};
			n++;
		}
		end = mp3_places_used();
		raw_spin_unlock(&mp3_membership_lock);
		cond_resched();
	} while (at < end);
	return n;
}

static int compare_age(const void *a, const void *b)
{
	u64 x = ((const struct listed *)a)->number, y = ((const struct listed *)b)->number;

	/* To sort all takes milliseconds; the sampler may want this CPU. */
	cond_resched();
	return x < y ? -1 : x > y;
}

/* Let go of @n processes, and of their list. */
static void free_listed(struct listed *listed, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++) {
		put_pid(listed[i].pid);
		cond_resched();
	}
	kvfree(listed);
}

/* Make lines of what may be seen of @n processes. */
static void write_lines(struct listing *listing, const struct file *file,
			const struct listed *listed, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++) {
		pid_t nr = pid_vnr(listed[i].pid);

		/* 0 is a process that the reader's namespace does not know. */
		if (nr && !is_hidden(file, listed[i].pid))
			listing->line[listing->n++] = (struct line){ nr, listed[i].grown };
		cond_resched();
	}
}

/*
 * copy_processes - in the order of their registration
 * @room:	for how many there is room, to be made more where it does not do
 * @n:		how many there are
 *
 * Return: of kvmalloc(), with references; NULL if there is no memory, or room
 */
static struct listed *copy_processes(size_t *room, size_t *n)
{
	struct listed *listed = kvmalloc_array(*room, sizeof(*listed), GFP_KERNEL_ACCOUNT);
	size_t all;

	if (!listed)
		return NULL;
	all = copy_places(listed, *room);
	*n = min(all, *room);
	if (all > *room) {
		free_listed(listed, *n);
		*room = all + all / 8;
		return NULL;
	}
	sort(listed, *n, sizeof(*listed), compare_age, NULL);
	return listed;
}

/*
 * list_processes - what may be seen of all processes, in one state
 *
 * The sampler does not wait for a reader; so a reader looks whether it has been at work
 * meanwhile, and begins anew. One that finds it so each time takes what it has got at last.
 *
 * Return: NULL if there is no memory
 */
static struct listing *list_processes(const struct file *file)
{
	size_t room = mp3_processes_registered() + 8, n = 0;
	struct listed *listed = NULL;
	struct listing *listing;
	unsigned long turn;
	int tries;

	for (tries = 0; tries < 20 && !fatal_signal_pending(current); tries++) {
		if (listed) {
			free_listed(listed, n);
			schedule_timeout_killable(1);
		}
		turn = mp3_turns();
		listed = copy_processes(&room, &n);
		if (listed && turn % 2 == 0 && turn == mp3_turns())
			break;
	}
	if (!listed)
		return NULL;
	listing = kvmalloc(struct_size(listing, line, n), GFP_KERNEL_ACCOUNT);
	if (listing) {
		listing->n = 0;
		write_lines(listing, file, listed, n);
	}
	free_listed(listed, n);
	return listing;
}

/* A read from offset 0 on begins with a new one. An open file that has been read keeps nothing. */
static void *status_start(struct seq_file *seq, loff_t *position)
{
	struct listing *listing = seq->private;

	if (!*position) {
		kvfree(listing);
		listing = list_processes(seq->file);
		seq->private = listing;
		if (!listing)
			return ERR_PTR(-ENOMEM);
	}
	if (listing && *position < listing->n)
		return &listing->line[*position];
	kvfree(listing);
	seq->private = NULL;
	return NULL;
}

static void *status_next(struct seq_file *seq, void *line, loff_t *position)
{
	struct listing *listing = seq->private;

	return ++*position < listing->n ? &listing->line[*position] : NULL;
}

static void status_stop(struct seq_file *seq, void *line)
{
}

static int status_show(struct seq_file *seq, void *entry)
{
	const struct line *line = entry;

	seq_printf(seq, "%d %llu %llu %llu\n", line->pid, line->grown.minor, line->grown.major,
		   line->grown.cpu_ns);
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

static int status_release(struct inode *inode, struct file *file)
{
	kvfree(((struct seq_file *)file->private_data)->private);
	return seq_release(inode, file);
}

static const struct proc_ops status_ops = {
	.proc_open	= status_open,
	.proc_read	= seq_read,
	.proc_write	= status_write,
	.proc_lseek	= seq_lseek,
	.proc_release	= status_release,
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
