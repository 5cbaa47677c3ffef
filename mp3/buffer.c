// SPDX-License-Identifier: GPL-2.0
/*
 * The profile buffer and the character device that maps it
 *
 * The sampler is the only writer in the kernel (it holds mp3_registry_lock), user
 * space may write as it likes. Nothing is ever read back from the buffer: where
 * the next sample goes is kept here, out of its reach.
 */
#include <linux/cdev.h>
#include <linux/device.h>
#include <linux/fs.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/poll.h>
#include <linux/vmalloc.h>

#include "internal.h"

static struct mp3_sample *ring;		/* MP3_BUFFER_BYTES of it, mapped by users */

/* Written by the sampler under mp3_registry_lock, read by poll without. */
static unsigned long written;		/* samples ever */
static bool more_expected;		/* some process is registered */
static DECLARE_WAIT_QUEUE_HEAD(readers);

static dev_t device_number;
static struct cdev device_cdev;
static struct class device_class = { .name = MP3_NAME };

/**
 * mp3_buffer_write - hand a sample to user space
 * @sample:	the sample
 *
 * Context: process context, holds mp3_registry_lock
 */
void mp3_buffer_write(const struct mp3_sample *sample)
{
	struct mp3_sample *slot = &ring[written % MP3_SAMPLES];

	WRITE_ONCE(slot->jiffies, MP3_EMPTY);
	/* Nobody shall see the old sample's time beside the new one's words, */
	smp_wmb();
	WRITE_ONCE(slot->minor, sample->minor);
	WRITE_ONCE(slot->major, sample->major);
	WRITE_ONCE(slot->utilization, sample->utilization);
	/* nor the new one's time beside the old one's words. */
	smp_store_release(&slot->jiffies, sample->jiffies);

	WRITE_ONCE(written, written + 1);
	wake_up_interruptible(&readers);
}

/**
 * mp3_buffer_expect - say whether more samples will come
 * @more:	whether they will
 *
 * Context: process context, holds mp3_registry_lock
 */
void mp3_buffer_expect(bool more)
{
	/* Who sees the end shall see the last sample. */
	smp_store_release(&more_expected, more);
	wake_up_interruptible(&readers);
}

static int buffer_open(struct inode *inode, struct file *file)
{
	/* How many samples had been written when it was last polled. */
	file->private_data = (void *)0UL;
	return nonseekable_open(inode, file);
}

static __poll_t buffer_poll(struct file *file, poll_table *wait)
{
	unsigned long now;
	__poll_t events = 0;

	poll_wait(file, &readers, wait);
	/* Pairs with mp3_buffer_expect(). */
	if (!smp_load_acquire(&more_expected))
		events |= EPOLLHUP;
	now = READ_ONCE(written);
	if (now != (unsigned long)READ_ONCE(file->private_data)) {
		WRITE_ONCE(file->private_data, (void *)now);
		events |= EPOLLIN | EPOLLRDNORM;
	}
	return events;
}

static int buffer_mmap(struct file *file, struct vm_area_struct *vma)
{
	/* A private copy would neither see samples nor take them. */
	if (!(vma->vm_flags & VM_SHARED))
		return -EINVAL;
	return remap_vmalloc_range(vma, ring, vma->vm_pgoff);
}

static const struct file_operations buffer_fops = {
	.owner	= THIS_MODULE,
	.open	= buffer_open,
	.poll	= buffer_poll,
	.mmap	= buffer_mmap,
};

/**
 * mp3_buffer_init - allocate the buffer, all of it MP3_EMPTY, and the device
 *
 * Return: 0 or -errno
 */
int mp3_buffer_init(void)
{
	struct device *device;
	int err;

	ring = vmalloc_user(MP3_BUFFER_BYTES);
	if (!ring)
		return -ENOMEM;
	memset(ring, 0xff, MP3_BUFFER_BYTES);

	err = alloc_chrdev_region(&device_number, 0, 1, MP3_NAME);
	if (err)
		goto out_ring;
	err = class_register(&device_class);
	if (err)
		goto out_region;
	cdev_init(&device_cdev, &buffer_fops);
	device_cdev.owner = THIS_MODULE;
	err = cdev_add(&device_cdev, device_number, 1);
	if (err)
		goto out_class;
	device = device_create(&device_class, NULL, device_number, NULL, MP3_NAME);
	if (IS_ERR(device)) {
		err = PTR_ERR(device);
		goto out_cdev;
	}
	return 0;

out_cdev:
	cdev_del(&device_cdev);
out_class:
	class_unregister(&device_class);
out_region:
	unregister_chrdev_region(device_number, 1);
out_ring:
	vfree(ring);
	return err;
}

/**
 * mp3_buffer_exit - undo mp3_buffer_init()
 *
 * No file of the device is open, or the module could not be unloaded.
 */
void mp3_buffer_exit(void)
{
	device_destroy(&device_class, device_number);
	cdev_del(&device_cdev);
	class_unregister(&device_class);
	unregister_chrdev_region(device_number, 1);
	vfree(ring);
}
