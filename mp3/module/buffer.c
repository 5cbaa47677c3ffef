// SPDX-License-Identifier: GPL-2.0
/*
 * The profile buffer, the record ring, and the character device that maps them
 *
 * Whoever writes here holds mp3_registry_lock(), so there is one writer at a time,
 * and it never waits for readers. User space may write to the profile buffer as it
 * likes. Nothing is ever read back from either: where the next sample and the next
 * record go is kept here, out of its reach.
 */
#include <linux/cdev.h>
#include <linux/device.h>
#include <linux/fs.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/moduleparam.h>
#include <linux/poll.h>
#include <linux/vmalloc.h>

#include "internal.h"

#define RECORDS_MAX	BIT(28)	/* 26 GiB of them: a typing error */

static unsigned int records = MP3_SAMPLES * 16;
module_param(records, uint, 0444);
MODULE_PARM_DESC(records, "capacity of the record ring, in records of 104 bytes; the default holds ten minutes of 16 processes");

static struct mp3_sample *ring;		/* MP3_BUFFER_BYTES of it, mapped by users */
static struct mp3_records *header;	/* MP3_RECORDS_HEADER bytes, and behind them */
struct mp3_record_ring mp3_record_ring;	/* all records, mapped by users with it */
static u64 missed_children;		/* guarded by the registry's membership_lock */

/* Written by the sampler under mp3_registry_lock(), read by poll without. */
static unsigned long written;		/* samples ever */
static bool more_expected;		/* some process is registered */
static DECLARE_WAIT_QUEUE_HEAD(readers);

/* The minors of the device. */
enum { BUFFER, RECORDS, MINORS };
static const char * const device_names[MINORS] = { MP3_NAME, MP3_RECORDS_NAME };
static dev_t device_number;
static struct cdev device_cdev;
static struct class device_class = { .name = MP3_NAME };

/**
 * mp3_buffer_missed_child - say that a child was not registered
 *
 * Context: any, callers exclude each other
 */
void mp3_buffer_missed_child(void)
{
	WRITE_ONCE(header->missed_children, ++missed_children);
}

/**
 * mp3_buffer_write - hand a sample to user space, and the records since the last
 * @sample:	the sample
 *
 * Context: process context, holds mp3_registry_lock()
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
	/* Who sees the head shall see the records before it. */
	smp_store_release(&header->head, mp3_record_ring.sequence);

	WRITE_ONCE(written, written + 1);
	wake_up_interruptible(&readers);
}

/**
 * mp3_buffer_expect - say whether more samples will come
 * @more:	whether they will
 *
 * Context: process context, holds mp3_registry_lock()
 */
void mp3_buffer_expect(bool more)
{
	/* Who sees the end shall see the last sample. */
	smp_store_release(&more_expected, more);
	wake_up_interruptible(&readers);
}

static int buffer_open(struct inode *inode, struct file *file)
{
	/* A file that cannot be written to cannot be mapped for writing, either. */
	if (iminor(inode) == RECORDS && (file->f_mode & FMODE_WRITE))
		return -EACCES;
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
	void *memory = iminor(file_inode(file)) == RECORDS ? (void *)header : ring;

	/*
	 * A private copy would neither see samples nor take them. (A read-only
	 * file's mapping never is VM_SHARED, but it may be shared.)
	 */
	if (!(vma->vm_flags & VM_MAYSHARE))
		return -EINVAL;
	return remap_vmalloc_range(vma, memory, vma->vm_pgoff);
}

static const struct file_operations buffer_fops = {
	.owner	= THIS_MODULE,
	.open	= buffer_open,
	.poll	= buffer_poll,
	.mmap	= buffer_mmap,
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

static int init_device(void)
{
	int err;

	err = alloc_chrdev_region(&device_number, 0, MINORS, MP3_NAME);
	if (err)
		return err;
	err = class_register(&device_class);
	if (err)
		goto out_region;
	cdev_init(&device_cdev, &buffer_fops);
	device_cdev.owner = THIS_MODULE;
	err = cdev_add(&device_cdev, device_number, MINORS);
	if (err)
		goto out_class;
	err = create_devices();
	if (err)
		goto out_cdev;
	return 0;

out_cdev:
	cdev_del(&device_cdev);
out_class:
	class_unregister(&device_class);
out_region:
	unregister_chrdev_region(device_number, MINORS);
	return err;
}

/* A ring that has never been written to: no word of it shows kernel memory. */
static int init_records(void)
{
	if (!records || records > RECORDS_MAX)
		return -EINVAL;
	header = vmalloc_user(MP3_RECORDS_HEADER + (size_t)records * sizeof(struct mp3_record));
	if (!header)
		return -ENOMEM;
	mp3_record_ring.first = (void *)header + MP3_RECORDS_HEADER;
	mp3_record_ring.end = mp3_record_ring.first + records;
	mp3_record_ring.slot = mp3_record_ring.first;
	*header = (struct mp3_records){
		.magic = MP3_RECORDS_MAGIC,
		.version = MP3_RECORDS_VERSION,
		.header_bytes = MP3_RECORDS_HEADER,
		.record_bytes = sizeof(struct mp3_record),
		.capacity = records,
		.period_ns = NSEC_PER_SEC / MP3_RATE,
		.clock = CLOCK_MONOTONIC,
		.page_bytes = PAGE_SIZE,
	};
	return 0;
}

/**
 * mp3_buffer_init - allocate the buffer, all of it MP3_EMPTY, the record ring and
 * the device
 *
 * Return: 0 or -errno; -EINVAL for an impossible capacity
 */
int mp3_buffer_init(void)
{
	int err;

	ring = vmalloc_user(MP3_BUFFER_BYTES);
	if (!ring)
		return -ENOMEM;
	memset(ring, 0xff, MP3_BUFFER_BYTES);
	err = init_records();
	if (err)
		goto out_ring;
	err = init_device();
	if (err)
		goto out_records;
	return 0;

out_records:
	vfree(header);
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
	destroy_devices(MINORS);
	cdev_del(&device_cdev);
	class_unregister(&device_class);
	unregister_chrdev_region(device_number, MINORS);
	vfree(header);
	vfree(ring);
}
