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
 * struct listing - one state of the table, for the reader of one open file
 * @n:		processes in it
 * @room:	for how many there is room
 */
struct listing {
	size_t n;
	size_t room;
	struct mp3_listed listed[];
};

static void drop_listing(struct listing *listing)
{
	size_t i;

	if (!listing)
		return;
	for (i = 0; i < listing->n; i++) {
		put_pid(listing->listed[i].pid);
		put_task_struct(listing->listed[i].task);
	}
	kvfree(listing);
}

static int compare_age(const void *a, const void *b)
{
	u64 x = ((const struct mp3_listed *)a)->number, y = ((const struct mp3_listed *)b)->number;

	return x < y ? -1 : x > y;
}

/* Return: with all processes, or NULL: there is no memory, or they have become more */
static struct listing *copy_processes(size_t *room)
{
	struct listing *listing = kvmalloc(struct_size(listing, listed, *room),
					   GFP_KERNEL_ACCOUNT | __GFP_NOWARN);
	size_t n;

	if (!listing)
		return NULL;
	n = mp3_copy_processes(listing->listed, *room);
	listing->n = min(n, *room);
	if (n > *room) {
		drop_listing(listing);
		*room = n;
		return NULL;
	}
	return listing;
}

/*
 * list_processes - all processes in the order of their registration, in one state
 *
 * The sampler does not wait for a reader; so a reader looks whether it has been at work
 * meanwhile, and begins anew. One that is kept from the CPU each time takes what it has
 * got at last.
 *
 * Return: NULL if there is no memory
 */
static struct listing *list_processes(void)
{
	size_t room = mp3_processes_registered() + 8;
	struct listing *listing = NULL;
	unsigned long turn;
	int tries;

	for (tries = 0; tries < 20; tries++) {
		turn = mp3_turns();
		if (turn % 2 && tries) {
			schedule_timeout_killable(1);
			turn = mp3_turns();
		}
		drop_listing(listing);
		listing = copy_processes(&room);
		if (listing && turn % 2 == 0 && turn == mp3_turns())
			break;
		if (fatal_signal_pending(current))
			break;
		room += room / 8;
	}
	if (listing)
		sort(listing->listed, listing->n, sizeof(*listing->listed), compare_age, NULL);
	return listing;
}

/* A read from offset 0 on begins with a new one. */
static void *status_start(struct seq_file *seq, loff_t *position)
{
	struct listing *listing = seq->private;

	if (!*position) {
		drop_listing(listing);
		listing = list_processes();
		seq->private = listing;
		if (!listing)
			return ERR_PTR(-ENOMEM);
	}
	if (listing && *position < listing->n)
		return &listing->listed[*position];
	/* An open file that has been read keeps nothing. */
	drop_listing(listing);
	seq->private = NULL;
	return NULL;
}

static void *status_next(struct seq_file *seq, void *entry, loff_t *position)
{
	struct listing *listing = seq->private;

	return ++*position < listing->n ? &listing->listed[*position] : NULL;
}

static void status_stop(struct seq_file *seq, void *entry)
{
}

/* As for the process's directory in /proc, through the mount that is read. */
static bool is_hidden(const struct file *file, struct task_struct *task)
{
	const struct proc_fs_info *proc = proc_sb_info(file_inode(file)->i_sb);

	return proc->hide_pid != HIDEPID_OFF &&
	       !(proc->hide_pid != HIDEPID_NOT_PTRACEABLE && in_group_p(proc->pid_gid)) &&
	       !mp3_may_profile(file, task);
}

static int status_show(struct seq_file *seq, void *entry)
{
	const struct mp3_listed *listed = entry;
	pid_t nr = pid_vnr(listed->pid);

	/* 0 is a process that the reader's namespace does not know. */
	if (nr && !is_hidden(seq->file, listed->task))
		seq_printf(seq, "%d %llu %llu %llu\n", nr, listed->grown.minor,
			   listed->grown.major, listed->grown.cpu_ns);
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
	drop_listing(((struct seq_file *)file->private_data)->private);
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
