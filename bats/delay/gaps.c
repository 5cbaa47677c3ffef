// SPDX-License-Identifier: GPL-2.0
/*
 * gaps - for how long no interrupt came through
 *
 * A timer's interrupt comes each period; whoever has interrupts off, or is in one, makes it late.
 * longest_ns is the longest time from one to the next, less the period; whoever writes 0 there
 * begins anew. On the CPU on which it is loaded. For tests of mp3 only.
 */
#include <linux/hrtimer.h>
#include <linux/kernel.h>
#include <linux/ktime.h>
#include <linux/module.h>
#include <linux/moduleparam.h>
#include <linux/ptrace.h>
#include <linux/sched.h>
#include <linux/version.h>
#include <asm/irq_regs.h>

/* The one is there to 6.14, the other from 6.13 on. */
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 13, 0)
static void hrtimer_setup(struct hrtimer *timer, enum hrtimer_restart (*expired)(struct hrtimer *),
			  clockid_t clock, enum hrtimer_mode mode)
{
	hrtimer_init(timer, clock, mode);
	timer->function = expired;
}
#endif

static unsigned long period_ns = 20000;
module_param(period_ns, ulong, 0444);

static unsigned long longest_ns;
module_param(longest_ns, ulong, 0644);

static char longest_in[96];	/* what was interrupted then, and whose */
module_param_string(longest_in, longest_in, sizeof(longest_in), 0444);

static struct hrtimer timer;

static enum hrtimer_restart look(struct hrtimer *unused)
{
	s64 late = ktime_get_ns() - ktime_to_ns(hrtimer_get_expires(&timer));

	if (late > (s64)longest_ns) {
		longest_ns = late;
		snprintf(longest_in, sizeof(longest_in), "%s %pS", current->comm,
			 get_irq_regs() ? (void *)instruction_pointer(get_irq_regs()) : NULL);
	}
	hrtimer_forward_now(&timer, period_ns);
	return HRTIMER_RESTART;
}

static int __init gaps_init(void)
{
	hrtimer_setup(&timer, look, CLOCK_MONOTONIC, HRTIMER_MODE_REL_PINNED_HARD);
	hrtimer_start(&timer, period_ns, HRTIMER_MODE_REL_PINNED_HARD);
	return 0;
}

static void __exit gaps_exit(void)
{
	hrtimer_cancel(&timer);
}

module_init(gaps_init);
module_exit(gaps_exit);

MODULE_DESCRIPTION("The longest time without an interrupt");
MODULE_LICENSE("GPL");
