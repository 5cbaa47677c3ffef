// SPDX-License-Identifier: GPL-2.0
/*
 * mp3 - virtual memory profiler
 *
 * Measures minor faults, major faults and CPU utilization of registered
 * processes 20 times a second and hands them to user space in a mapped buffer:
 *
 *	# insmod mp3.ko
 *	# mknod node c $(awk '$2 == "mp3" { print $1 }' /proc/devices) 0
 *	# chmod a+r+w node
 *	$ ./work 1024 R 50000 &		(registers and unregisters itself)
 *	$ cat /proc/mp3/status
 *	1234 100518 0 2041873216
 *	$ wait; ./monitor > profile.data
 *	# rmmod mp3
 *
 * mp3.h describes the interface. The files, along the way of the data: status.c
 * (commands), registry.c (who is registered), counts.c (what was counted), sampler.c
 * (when), buffer.c (to whom: all together, and each process). internal.h says who
 * calls whom.
 *
 * Life of the module: every open file of the device holds a reference to it,
 * and so does every mapping, through its file; rmmod is then refused. An open
 * /proc/mp3/status does not: removing the entry waits for the calls that are
 * under way and fails the later ones. Registered processes do not either; they
 * are forgotten.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/module.h>

#include "internal.h"

static int __init mp3_init(void)
{
	int err;

	err = mp3_buffer_init();
	if (err)
		return err;
	err = mp3_sampler_init();
	if (err)
		goto out_buffer;
	err = mp3_registry_init();
	if (err)
		goto out_sampler;
	err = mp3_status_init();
	if (err)
		goto out_registry;
	return 0;

out_registry:
	mp3_registry_exit();
out_sampler:
	mp3_sampler_exit();
out_buffer:
	mp3_buffer_exit();
	return err;
}

static void __exit mp3_exit(void)
{
	/* From here on nobody can register. */
	mp3_status_exit();
	mp3_registry_exit();
	mp3_sampler_exit();
	mp3_buffer_exit();
}

module_init(mp3_init);
module_exit(mp3_exit);

MODULE_DESCRIPTION("Virtual memory profiler: page faults and CPU utilization, 20 times a second");
MODULE_AUTHOR("The virtual memory profiler's authors");
MODULE_LICENSE("GPL");
