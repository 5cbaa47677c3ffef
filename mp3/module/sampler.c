// SPDX-License-Identifier: GPL-2.0
/*
 * The sampler: a sample of all registered processes, 20 times a second, and between
 * samples what others ask for
 *
 * Waiting "50 ms from now" would add the thread's own latency to every period. So the
 * deadlines are absolute: sample n is due n/20 s after the start. When a sample is late, the
 * next one is still due where it would have been. Deadlines that have passed by then are
 * given up, since there is nothing to take at them: the late sample's period is just as long
 * as the time that it covers.
 */
#include <linux/atomic.h>
#include <linux/cpumask.h>
#include <linux/err.h>
#include <linux/hrtimer.h>
#include <linux/jiffies.h>
#include <linux/kthread.h>
#include <linux/ktime.h>
#include <linux/math64.h>
#include <linux/minmax.h>
#include <linux/sched.h>
#include <linux/spinlock.h>

#include "internal.h"

static struct task_struct *sampler;

/* What is asked for, oldest first. The lock is held for a few instructions. */
static DEFINE_RAW_SPINLOCK(requests_lock);
static LIST_HEAD(requests);

#define PERIOD_NS	(NSEC_PER_SEC / MP3_RATE)

/* All the sampler's own. Times are of CLOCK_MONOTONIC, in ns. */
static bool sampling;		/* something is registered, or its last sample is still to come */
static u64 start;		/* of the first registration */
static u64 due;			/* of the next deadline */
static u64 period_start;	/* of the last sample */
static u64 unreported_cpu_ns;	/* see take_sample() */
static unsigned long early_until;	/* jiffies, see may_end_early() */

/*
 * Attached files: which bits are given, and to whom. Those whose file was closed since the
 * last sample are still given: close(2) notes them in @closed, and the next sample takes them.
 */
static u64 attached = BIT_ULL(MP3_BY_COMMAND);
static struct mp3_user *attached_user[MP3_ATTACHED_MAX + 1];
static unsigned int limited_files;	/* attached, of users with a limit */
static atomic64_t closed;

/* Await the first deadline that is still to come. */
static void set_deadline(void)
{
	due = start + (div64_u64(ktime_get_ns() - start, PERIOD_NS) + 1) * PERIOD_NS;
}

static bool is_due(void)
{
	return sampling && ktime_get_ns() >= due;
}

/* Take bits that nothing is wanted by any more. */
static void take_bits(u64 whom)
{
	unsigned int attacher;

	if (likely(!whom))
		return;
	attached &= ~whom;
	for (attacher = 1; attacher <= MP3_ATTACHED_MAX; attacher++)
		if (whom & BIT_ULL(attacher) && attached_user[attacher]) {
			attached_user[attacher]->files--;
			limited_files--;
			attached_user[attacher] = NULL;
		}
}

static void take_sample(void)
{
	u64 gone = atomic64_xchg(&closed, 0);
	struct mp3_counts sum;
	struct mp3_sample sample;
	u64 now, period, possible;

	now = mp3_collect(gone, &sum);
	take_bits(gone);
	period = max_t(u64, now - period_start, 1);
	possible = period * num_online_cpus();
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
	mp3_free_left_places();

	if (mp3_nothing_registered()) {
		sampling = false;
		mp3_buffer_expect(false);
	} else {
		set_deadline();
	}
}

static void begin_sampling(void)
{
	sampling = true;
	start = ktime_get_ns();
	period_start = start;
	unreported_cpu_ns = 0;
	set_deadline();
	mp3_buffer_expect(true);
}

/*
 * may_end_early - whether the last sample may be taken before it is due
 *
 * Who registers and unregisters in a loop would turn the ring over in a moment. So each
 * sample of this kind uses up the time of a period, of no more than one second that can be
 * saved.
 */
static bool may_end_early(void)
{
	unsigned long period = DIV_ROUND_UP(HZ, MP3_RATE), now = jiffies;

	if (time_before(early_until, now - HZ))
		early_until = now - HZ;
	if (time_after(early_until + period, now))
		return false;
	early_until += period;
	return true;
}

/* The oldest request, which is nobody's then but the caller's; or NULL. */
static struct mp3_request *next_request(void)
{
	struct mp3_request *request;

	raw_spin_lock(&requests_lock);
	request = list_first_entry_or_null(&requests, struct mp3_request, queue);
	if (request)
		list_del(&request->queue);
	raw_spin_unlock(&requests_lock);
	return request;
}

static void serve(struct mp3_request *request)
{
	request->carry_out(request);
	if (!sampling && !mp3_nothing_registered())
		begin_sampling();
	else if (sampling && mp3_nothing_registered() && may_end_early())
		take_sample();
	complete(&request->done);
}

/* Wait for a request or a deadline; both wake us up, and so do other things. */
static void wait_for_work(void)
{
	ktime_t until = ns_to_ktime(due);

	set_current_state(TASK_IDLE);
	if (!kthread_should_stop() && list_empty_careful(&requests)) {
		if (sampling)
			schedule_hrtimeout(&until, HRTIMER_MODE_ABS);
		else
			schedule();
	}
	__set_current_state(TASK_RUNNING);
}

/*
 * must_rest - whether there are so many requests that we have not slept for a tick
 * @awake:	since when, in jiffies
 *
 * One who asks in a loop runs while we sleep. Where several do so, on CPUs of their own, we
 * would have one all the time, of which nobody could take us.
 */
static bool must_rest(unsigned long awake)
{
	return time_after(jiffies, awake + 1) &&
	       !(sampling && due - ktime_get_ns() < 2 * TICK_NSEC);
}

static int run_sampler(void *unused)
{
	unsigned long awake = jiffies;
	struct mp3_request *request;

	while (!kthread_should_stop()) {
		/* A sample first, however many requests there are. */
		if (is_due()) {
			take_sample();
			continue;
		}
		if (must_rest(awake)) {
			schedule_timeout_idle(1);
			awake = jiffies;
		}
		request = next_request();
		if (request) {
			serve(request);
			cond_resched();
		} else {
			wait_for_work();
			awake = jiffies;
		}
	}
	return 0;
}

/**
 * mp3_ask - have the sampler do something, and wait until it is done
 * @request:	with its carry_out(); it may lie on the caller's stack
 *
 * Context: process context, before mp3_sampler_exit()
 */
void mp3_ask(struct mp3_request *request)
{
	init_completion(&request->done);
	raw_spin_lock(&requests_lock);
	list_add_tail(&request->queue, &requests);
	raw_spin_unlock(&requests_lock);
	wake_up_process(sampler);
	wait_for_completion(&request->done);
}

/**
 * mp3_new_attacher - a bit for an open file
 * @user:	whose file it is, NULL for one who is not limited
 *
 * Context: the sampler
 * Return: its number, which is positive, or -EUSERS
 */
int mp3_new_attacher(struct mp3_user *user)
{
	unsigned int attacher;

	/* Where nobody is registered, no sample will come to do it. */
	if (!sampling)
		take_bits(atomic64_xchg(&closed, 0));
	if (!~attached || (user && (user->files >= MP3_ATTACHED_MAX / 4 ||
				    limited_files >= MP3_ATTACHED_MAX / 4 * 3)))
		return -EUSERS;
	attacher = ffz(attached);
	attached |= BIT_ULL(attacher);
	attached_user[attacher] = user;
	if (user) {
		user->files++;
		limited_files++;
	}
	return attacher;
}

/**
 * mp3_drop_attacher - it is attached to nothing
 *
 * Context: the sampler
 */
void mp3_drop_attacher(unsigned int attacher)
{
	take_bits(BIT_ULL(attacher));
}

/**
 * mp3_close_attacher - let go, with the next sample, of all that it is attached to
 *
 * Context: any; its file is not used any more
 */
void mp3_close_attacher(unsigned int attacher)
{
	atomic64_or(BIT_ULL(attacher), &closed);
}

/**
 * mp3_sampler_init - start the thread
 *
 * It is of SCHED_FIFO, so that a sample waits for no task that can be preempted, neither on
 * busy CPUs nor in the thrashing that is to be measured.
 *
 * Return: 0 or -errno
 */
int mp3_sampler_init(void)
{
	sampler = kthread_run(run_sampler, NULL, MP3_NAME);
	if (IS_ERR(sampler))
		return PTR_ERR(sampler);
	sched_set_fifo_low(sampler);
	return 0;
}

/**
 * mp3_sampler_exit - end the thread
 *
 * Nobody asks any more.
 */
void mp3_sampler_exit(void)
{
	kthread_stop(sampler);
}
