// SPDX-License-Identifier: GPL-2.0
/*
 * The character devices: the profile buffer and the record ring, to be mapped, to be waited
 * for; and what an open file of the record ring is attached to
 */
#include <linux/cdev.h>
#include <linux/device.h>
#include <linux/err.h>
#include <linux/fs.h>
#include <linux/kernel.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/poll.h>
#include <linux/slab.h>
#include <linux/uaccess.h>
#include <linux/vmalloc.h>
#include <linux/wait.h>

#include "internal.h"

/* The minors of the device. */
enum { BUFFER, RECORDS, MINORS };
static const char * const device_names[MINORS] = { MP3_NAME, MP3_RECORDS_NAME };
static dev_t device_number;
static struct cdev device_cdev;
static struct class device_class = { .name = MP3_NAME };

/*
 * struct open_file - what an open file of either device knows
 * @waiting:	who waits by it
 * @seen:	how many samples had been written when it was last read, or opened
 * @attacher:	its bit as one that is attached, 0 as long as it is not. Context: the
 *		sampler, and release
 */
struct open_file {
	struct mp3_reader waiting;
	unsigned long seen;
	unsigned int attacher;
};

static bool is_records(const struct file *file)
{
	return iminor(file_inode(file)) == RECORDS;
}

static int device_open(struct inode *inode, struct file *file)
{
	struct open_file *opened;

	/* A file that cannot be written to cannot be mapped for writing, either. */
	if (is_records(file) && file->f_mode & FMODE_WRITE)
		return -EACCES;
	opened = kzalloc(sizeof(*opened), GFP_KERNEL_ACCOUNT);
	if (!opened)
		return -ENOMEM;
	opened->seen = mp3_buffer_written();
	mp3_add_reader(&opened->waiting);
	file->private_data = opened;
	return stream_open(inode, file);
}

static void free_open_file(struct rcu_head *rcu)
{
	kfree(container_of(rcu, struct open_file, waiting.rcu));
}

/* The last one who had the file, or a mapping of it, is gone; or dead. */
static int device_release(struct inode *inode, struct file *file)
{
	struct open_file *opened = file->private_data;

	if (opened->attacher)
		mp3_close_attacher(opened->attacher);
	mp3_remove_reader(&opened->waiting, free_open_file);
	return 0;
}

static ssize_t device_read(struct file *file, char __user *to, size_t length, loff_t *position)
{
	struct open_file *opened = file->private_data;
	u64 written;
	int err;

	if (length < sizeof(written))
		return -EINVAL;
	if (file->f_flags & O_NONBLOCK) {
		if (mp3_buffer_written() == READ_ONCE(opened->seen))
			return -EAGAIN;
	} else {
		err = wait_event_interruptible(opened->waiting.queue,
					       mp3_buffer_written() != READ_ONCE(opened->seen));
		if (err)
			return err;
	}
	written = mp3_buffer_written();
	if (copy_to_user(to, &written, sizeof(written)))
		return -EFAULT;
	WRITE_ONCE(opened->seen, written);
	return sizeof(written);
}

static __poll_t device_poll(struct file *file, poll_table *wait)
{
	struct open_file *opened = file->private_data;
	__poll_t events = 0;

	poll_wait(file, &opened->waiting.queue, wait);
	/* Who is told the end is told of the last sample: it was written before. */
	if (!mp3_buffer_expects())
		events |= EPOLLHUP;
	if (mp3_buffer_written() != READ_ONCE(opened->seen))
		events |= EPOLLIN | EPOLLRDNORM;
	return events;
}

static long device_ioctl(struct file *file, unsigned int request, unsigned long argument)
{
	struct mp3_attach __user *from = (void __user *)argument;
	struct open_file *opened = file->private_data;
	struct mp3_attach attach;
	int err;

	if (!is_records(file) || (request != MP3_ATTACH && request != MP3_DETACH))
		return -ENOTTY;
	if (copy_from_user(&attach, from, sizeof(attach)))
		return -EFAULT;
	if (request == MP3_ATTACH)
		err = mp3_attach(file, &opened->attacher, &attach);
	else
		err = mp3_detach(file, &opened->attacher, &attach);
	if (!err && copy_to_user(from, &attach, sizeof(attach)))
		err = -EFAULT;
	return err;
}

static int device_mmap(struct file *file, struct vm_area_struct *vma)
{
	/*
	 * A private copy would neither see samples nor take them. (A read-only
	 * file's mapping never is VM_SHARED, but it may be shared.)
	 */
	if (!(vma->vm_flags & VM_MAYSHARE))
		return -EINVAL;
	return remap_vmalloc_range(vma, mp3_buffer_memory(is_records(file)), vma->vm_pgoff);
}

static const struct file_operations device_fops = {
	.owner		= THIS_MODULE,
	.open		= device_open,
	.release	= device_release,
	.read		= device_read,
	.poll		= device_poll,
	.unlocked_ioctl	= device_ioctl,
	.mmap		= device_mmap,
};

static void destroy_devices(unsigned int minors)
{
	while (minors--)
		device_destroy(&device_class, device_number + minors);
}

static int create_devices(void)
{
	struct device *device;
	unsigned int minor;

	for (minor = 0; minor < MINORS; minor++) {
		device = device_create(&device_class, NULL, device_number + minor, NULL,
				       "%s", device_names[minor]);
		if (IS_ERR(device)) {
			destroy_devices(minor);
			return PTR_ERR(device);
		}
	}
	return 0;
}

/**
 * mp3_device_init - have numbers and nodes, which lead to nothing yet
 *
 * Return: 0 or -errno
 */
int mp3_device_init(void)
{
	int err;

	err = alloc_chrdev_region(&device_number, 0, MINORS, MP3_NAME);
	if (err)
		return err;
	err = class_register(&device_class);
	if (err)
		goto out_region;
	err = create_devices();
	if (err)
		goto out_class;
	return 0;

out_class:
	class_unregister(&device_class);
out_region:
	unregister_chrdev_region(device_number, MINORS);
	return err;
}

/**
 * mp3_device_publish - from now on, the nodes lead here
 *
 * The last thing that the module does when it is loaded: who opens a device of a module
 * that fails to load is left with a file whose functions are gone, for nothing waits for
 * open files then.
 *
 * Return: 0 or -ENOMEM, and nobody has opened anything
 */
int mp3_device_publish(void)
{
	cdev_init(&device_cdev, &device_fops);
	device_cdev.owner = THIS_MODULE;
	return cdev_add(&device_cdev, device_number, MINORS);
}

/**
 * mp3_device_conceal - undo mp3_device_publish()
 *
 * No file of the device is open, or the module could not be unloaded.
 */
void mp3_device_conceal(void)
{
	cdev_del(&device_cdev);
}

/**
 * mp3_device_exit - undo mp3_device_init()
 */
void mp3_device_exit(void)
{
	destroy_devices(MINORS);
	class_unregister(&device_class);
	unregister_chrdev_region(device_number, MINORS);
}
