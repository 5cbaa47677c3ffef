// SPDX-License-Identifier: GPL-2.0
/*
 * delays - hold up mp3, and who asks it, where nobody would think of it
 *
 * As long as it is loaded, a CPU that comes to one of the places below is held up there at times:
 * as if the host had taken it away from the virtual machine. The places are functions of mp3, and
 * functions of the kernel when they are called by mp3's thread, or by a program of the tests. For
 * tests of mp3 only.
 */
#include <linux/delay.h>
#include <linux/kernel.h>
#include <linux/kprobes.h>
#include <linux/module.h>
#include <linux/moduleparam.h>
#include <linux/sched.h>
#include <linux/string.h>

static unsigned int one_in = 8;
module_param(one_in, uint, 0444);
MODULE_PARM_DESC(one_in, "how often to pass a place, on the average, until held up");

static unsigned int most_us = 2000;
module_param(most_us, uint, 0444);
MODULE_PARM_DESC(most_us, "longest delay, microseconds");

static unsigned long seed = 1;
module_param(seed, ulong, 0444);

static unsigned long held_up;
module_param(held_up, ulong, 0444);
MODULE_PARM_DESC(held_up, "how often somebody was");

#define SAMPLER	"mp3"
#define STORM	"storm"

/* What is inlined, or cut in two, cannot be probed, and is left out. */
static struct place {
	const char *symbol;
	const char *who;	/* comm of those who are held up, NULL: all */
	bool there;
	struct kprobe probe;
} places[] = {
	{ "mp3_ask" }, { "mp3_register" }, { "mp3_unregister" }, { "mp3_attach" }, { "mp3_detach" },
	{ "register_process" }, { "unregister_process" }, { "attach_process" }, { "detach_process" },
	{ "mp3_close_attacher" }, { "mp3_new_attacher" }, { "mp3_drop_attacher" },
	{ "mp3_may_profile" }, { "mp3_user_of" }, { "mp3_refuse" },
	{ "mp3_enter_process" }, { "mp3_remove_process" }, { "mp3_find_process" },
	{ "mp3_adopt_newborn" }, { "mp3_want_process" }, { "mp3_unwant_process" },
	{ "mp3_lead_process" }, { "mp3_nothing_registered" },
	{ "mp3_take_place" }, { "mp3_leave_place" }, { "mp3_spend_place" }, { "mp3_is_too_fast" },
	{ "mp3_free_left_places" }, { "mp3_places_will_be_free" },
	{ "mp3_collect" }, { "mp3_count" }, { "mp3_count_for_sample" }, { "mp3_cut" }, { "mp3_depart" },
	{ "mp3_buffer_write" }, { "mp3_buffer_expect" }, { "mp3_buffer_missed_child" },
	{ "follow_fork" }, { "enter" }, { "take_sample" }, { "begin_sampling" }, { "wake_readers" },
	{ "count_lockless" }, { "add_threads" }, { "record_counts" }, { "write_lines" },
	{ "status_write" }, { "device_open" }, { "device_release" }, { "device_read" }, { "device_poll" },
	/* the sampler between a look at the clock, or the queue, and what it does then */
	{ "schedule_hrtimeout", SAMPLER }, { "schedule_hrtimeout_range_clock", SAMPLER },
	{ "schedule_timeout", SAMPLER }, { "ktime_get", SAMPLER }, { "complete", SAMPLER },
	{ "__put_task_struct", SAMPLER }, { "put_pid", SAMPLER },
	/* who asks, before and after the request is seen */
	{ "wake_up_process", STORM }, { "wait_for_completion", STORM },
	/* who exits: before it has its exit_state, and in the midst of handing on its counts */
	{ "do_exit", STORM }, { "release_task", STORM }, { "detach_pid", STORM }, { "exit_files", STORM },
	{ "wake_up_new_task", STORM }, { "begin_new_exec", STORM }, { "exec_mmap", STORM },
};

/* Knuth's, of The Art of Computer Programming 3.3.4: any number will do. */
static u32 draw(void)
{
	unsigned long before, after;

	do {
		before = READ_ONCE(seed);
		after = before * 6364136223846793005UL + 1442695040888963407UL;
	} while (cmpxchg(&seed, before, after) != before);
	return after >> 33;
}

static int hold_up(struct kprobe *probe, struct pt_regs *regs)
{
	const struct place *place = container_of(probe, struct place, probe);

	if (place->who && strncmp(current->comm, place->who, TASK_COMM_LEN))
		return 0;
	if (draw() % one_in)
		return 0;
	held_up++;
	/* most delays are short, as most windows are */
	udelay(draw() % (draw() % most_us + 1));
	return 0;
}

static int __init delays_init(void)
{
	unsigned int there = 0;
	size_t i;

	if (!one_in || !most_us)
		return -EINVAL;
	for (i = 0; i < ARRAY_SIZE(places); i++) {
		places[i].probe.symbol_name = places[i].symbol;
		places[i].probe.pre_handler = hold_up;
		places[i].there = !register_kprobe(&places[i].probe);
		there += places[i].there;
	}
	pr_info("delays: %u of %zu places\n", there, ARRAY_SIZE(places));
	return there ? 0 : -ENOENT;
}

static void __exit delays_exit(void)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(places); i++)
		if (places[i].there)
			unregister_kprobe(&places[i].probe);
}

module_init(delays_init);
module_exit(delays_exit);

MODULE_DESCRIPTION("Hold up mp3 at random");
MODULE_LICENSE("GPL");
