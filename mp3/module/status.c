// SPDX-License-Identifier: GPL-2.0
/*
 * /proc/mp3/status: commands in, the list of processes out
 *
 * mp3.h has the grammar.
 */
#include <linux/ctype.h>
#include <linux/kernel.h>
#include <linux/pid.h>
#include <linux/proc_fs.h>
#include <linux/seq_file.h>
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
