// SPDX-License-Identifier: GPL-2.0
/*
 * rearmed - a sampler as it is written at first, to be compared with: a delayed work
 * that arms itself anew for 50 ms later, each time that it has run.
 *
 * It takes no samples but of the clock. /proc/rearmed says when that was, CLOCK_MONOTONIC
 * nanoseconds, a line each. It begins when the module is loaded, and ends when there is
 * no more room.
 */
#include <linux/jiffies.h>
#include <linux/ktime.h>
#include <linux/module.h>
#include <linux/proc_fs.h>
#include <linux/seq_file.h>
#include <linux/workqueue.h>

static void run(struct work_struct *work);

static DECLARE_DELAYED_WORK(sampler, run);
static u64 times[20000];
static unsigned int taken;

static void run(struct work_struct *work)
{
	times[taken] = ktime_get_ns();
	/* Who sees the number sees the times. */
	smp_store_release(&taken, taken + 1);
	if (taken < ARRAY_SIZE(times))
		schedule_delayed_work(&sampler, msecs_to_jiffies(50));
}

static int show(struct seq_file *seq, void *data)
{
	unsigned int i, n;

	/* Pairs with run(). */
	n = smp_load_acquire(&taken);
	for (i = 0; i < n; i++)
		seq_printf(seq, "%llu\n", times[i]);
	return 0;
}

static int __init rearmed_init(void)
{
	if (!proc_create_single("rearmed", 0444, NULL, show))
		return -ENOMEM;
	schedule_delayed_work(&sampler, msecs_to_jiffies(50));
	return 0;
}

static void __exit rearmed_exit(void)
{
	cancel_delayed_work_sync(&sampler);
	remove_proc_entry("rearmed", NULL);
}

module_init(rearmed_init);
module_exit(rearmed_exit);

MODULE_DESCRIPTION("A delayed work that arms itself anew, to be compared with");
MODULE_LICENSE("GPL");
