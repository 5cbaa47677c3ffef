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
 * mp3.h describes the interface. internal.h says what the files are, who calls whom, and
 * how those who run at the same time keep out of each other's way.
 *
 * Load: who opens the status file or a device runs our code, whether or not loading has
 * ended well. A device's open file holds a reference to the module, but nothing looks at
 * references when loading fails. So the devices come last, when nothing can fail any more.
 * The status file comes before: to remove it waits for the calls that are under way, and
 * fails the later ones.
 *
 * Life: every open file of the devices, and every mapping, through its file, holds a
 * reference to the module; rmmod is refused then. An open status file does not. Nor do
 * registered processes; they are forgotten.
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
	err = mp3_places_init();
	if (err)
		goto out_buffer;
	err = mp3_registry_init();
	if (err)
		goto out_places;
	err = mp3_sampler_init();
	if (err)
		goto out_registry;
	err = mp3_device_init();
	if (err)
		goto out_sampler;
	err = mp3_status_init();
	if (err)
		goto out_device;
	err = mp3_device_publish();
	if (err)
		goto out_status;
	return 0;

out_status:
	mp3_status_exit();
out_device:
	mp3_device_exit();
out_sampler:
	mp3_sampler_exit();
out_registry:
	mp3_registry_exit();
out_places:
	mp3_places_exit();
out_buffer:
	mp3_buffer_exit();
	return err;
}

static void __exit mp3_exit(void)
{
	mp3_device_conceal();
	/* From here on nobody can ask for anything. */
	mp3_status_exit();
	mp3_device_exit();
	mp3_sampler_exit();
	mp3_registry_exit();
	mp3_places_exit();
	mp3_buffer_exit();
}

module_init(mp3_init);
module_exit(mp3_exit);

MODULE_DESCRIPTION("Virtual memory profiler: page faults and CPU utilization, 20 times a second");
MODULE_AUTHOR("The virtual memory profiler's authors");
MODULE_LICENSE("GPL");
