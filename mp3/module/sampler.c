// SPDX-License-Identifier: GPL-2.0
/*
 * A sample of all registered processes, 20 times a second
 *
 * A delayed work that exists only while a process is registered. Re-arming it
 * for "now + 50 ms" would add its own latency and a rounding up to whole ticks to
 * every period: 19.2 Hz at HZ=250, and less under load. So the deadlines are
 * absolute: sample n is due n/20 s after the start, rounded up to a tick. When a
 * sample is late, the next one is still due where it would have been. Deadlines
 * that have passed by then are given up, since there is nothing to take at them:
 * the late sample's period is just as long as the time that it covers.
 */
#include <linux/jiffies.h>
#include <linux/ktime.h>
#include <linux/math64.h>
#include <linux/cpumask.h>
#include <linux/workqueue.h>

#include "internal.h"

static void mp3_sampler_run(struct work_struct *work);

static struct workqueue_struct *sampler_queue;
static DECLARE_DELAYED_WORK(sampler_work, mp3_sampler_run);

/* All guarded by mp3_registry_lock(). */
static unsigned long start;	/* jiffies at the first registration */
static unsigned long due;	/* jiffies of the next deadline */
static u64 period_start;	/* CLOCK_MONOTONIC ns of the last sample */
static u64 unreported_cpu_ns;	/* see take_sample() */

/* Await the first deadline that is still to come. */
static void arm(void)
{
	unsigned long now = jiffies;
	unsigned long n = (now - start) * MP3_RATE / HZ + 1;

	/* Rounded up, or it could be the tick that we are in. */
	due = start + DIV_ROUND_UP(n * HZ, MP3_RATE);
	queue_delayed_work(sampler_queue, &sampler_work, due - now);
}

static void take_sample(void)
{
	u64 now = ktime_get_ns();
	u64 period = max_t(u64, now - period_start, 1);
	u64 possible = period * num_online_cpus();
	struct mp3_counts sum;
	struct mp3_sample sample;

	mp3_collect(now, &sum);
	period_start = now;

	/*
	 * CPU time is booked at ticks and switches, so a short period can show
	 * up to a tick from before it. No more is reported than the CPUs can
	 * have done; the rest is, with the next sample.
	 */
	unreported_cpu_ns += sum.cpu_ns;
	sum.cpu_ns = min(unreported_cpu_ns, possible);
	unreported_cpu_ns -= sum.cpu_ns;

	sample.jiffies = jiffies;
	sample.minor = sum.minor;
	sample.major = sum.major;
	sample.utilization = div64_u64(sum.cpu_ns * 10000 + period / 2, period);
	mp3_buffer_write(&sample);
}

static void mp3_sampler_run(struct work_struct *work)
{
	mp3_registry_lock();
	/*
	 * While this run waited for the lock, the last process may have left,
	 * and another one may have come and armed the work anew.
	 */
	if (!mp3_nothing_registered() && time_after_eq(jiffies, due)) {
		take_sample();
		if (mp3_nothing_registered())
			mp3_buffer_expect(false);	/* all have died */
		else
			arm();
	}
	mp3_registry_unlock();
}

/**
 * mp3_sampler_start - begin to sample: the first process is registered
 *
 * Context: process context, holds mp3_registry_lock()
 */
void mp3_sampler_start(void)
{
	start = jiffies;
	period_start = ktime_get_ns();
	unreported_cpu_ns = 0;
	mp3_buffer_expect(true);
	arm();
}

/**
 * mp3_sampler_finish - take the last sample: no process is registered any more
 *
 * Context: process context, holds mp3_registry_lock(). So this must not wait for a
 * work that is under way; it will find that there is nothing to do.
 */
void mp3_sampler_finish(void)
{
	cancel_delayed_work(&sampler_work);
	take_sample();
	mp3_buffer_expect(false);
}

/**
 * mp3_sampler_init - make the work queue
 *
 * Unbound and of high priority, so that neither a busy CPU nor the thrashing that
 * it is to measure delays a sample; with a rescuer, since new workers cannot be
 * had when memory is short.
 *
 * Return: 0 or -ENOMEM
 */
int mp3_sampler_init(void)
{
	sampler_queue = alloc_workqueue(MP3_NAME,
					WQ_UNBOUND | WQ_HIGHPRI | WQ_MEM_RECLAIM, 1);
	return sampler_queue ? 0 : -ENOMEM;
}

/**
 * mp3_sampler_exit - no sample is under way or will come
 *
 * The registry is empty, so nothing arms the work again.
 */
void mp3_sampler_exit(void)
{
	cancel_delayed_work_sync(&sampler_work);
	destroy_workqueue(sampler_queue);
}
