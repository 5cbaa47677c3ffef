// SPDX-License-Identifier: GPL-2.0
/*
 * The sampler: a sample of all registered processes, 20 times a second, and between
 * samples what others ask for
 *
 * Waiting "50 ms from now" would add the thread's own latency and a rounding up to whole
 * ticks to every period: 19.2 Hz at HZ=250, and less under load. So the deadlines are
 * absolute: sample n is due n/20 s after the start, rounded up to a tick. When a sample is
 * late, the next one is still due where it would have been. Deadlines that have passed by
 * then are given up, since there is nothing to take at them: the late sample's period is
 * just as long as the time that it covers.
 */
#include <linux/cpumask.h>
#include <linux/err.h>
#include <linux/jiffies.h>
#include <linux/kthread.h>
#include <linux/ktime.h>
#include <linux/math64.h>
#include <linux/sched.h>
#include <linux/spinlock.h>

#include "internal.h"

static struct task_struct *sampler;

/* What is asked for, oldest first. The lock is held for a few instructions. */
static DEFINE_RAW_SPINLOCK(requests_lock);
static LIST_HEAD(requests);

/* All the sampler's own. */
static bool sampling;		/* something is registered, or its last sample is still to come */
static unsigned long start;	/* jiffies at the first registration */
static unsigned long due;	/* jiffies of the next deadline */
static u64 period_start;	/* CLOCK_MONOTONIC ns of the last sample */
static u64 unreported_cpu_ns;	/* see take_sample() */
static unsigned long early_until;	/* jiffies, see may_end_early() */

/*
 * Attached files: who has which bit. Those that were closed since the last sample still
 * have theirs: close(2) sets it in @let_go, and the next sample asks nobody for more.
 */
static u64 attached = BIT_ULL(MP3_BY_COMMAND);
static struct mp3_user *attached_user[MP3_ATTACHED_MAX + 1];
static atomic64_t let_go;

/* Written by the sampler: odd as long as it is at work on the processes. */
static unsigned long turns;

/**
 * mp3_turns - whether the sampler has been at work between two looks
 *
 * Context: any
 * Return: an odd number while it is; the same one as before if it has not been
 */
unsigned long mp3_turns(void)
{
	return smp_load_acquire(&turns);
}

static void begin_turn(void)
{
	WRITE_ONCE(turns, turns + 1);
	/* Who sees something of this turn shall see that it has begun. */
	smp_wmb();
}

static void end_turn(void)
{
	smp_store_release(&turns, turns + 1);
}

/* Await the first deadline that is still to come. */
static void set_deadline(void)
{
	unsigned long n = (jiffies - start) * MP3_RATE / HZ + 1;

	/* Rounded up, or it could be the tick that we are in. */
	due = start + DIV_ROUND_UP(n * HZ, MP3_RATE);
}

/* Those that were let go of are wanted by nobody, and their bits can be given anew. */
static void free_bits(u64 whom)
{
	unsigned int who;

	if (likely(!whom))
		return;
	attached &= ~whom;
	for (who = 0; who <= MP3_ATTACHED_MAX; who++)
		if (whom & BIT_ULL(who) && attached_user[who])
			attached_user[who]->files--;
}

static void take_sample(void)
{
	u64 now = ktime_get_ns();
	u64 period = max_t(u64, now - period_start, 1);
	u64 possible = period * num_online_cpus();
	u64 gone = atomic64_xchg(&let_go, 0);
	struct mp3_counts sum;
	struct mp3_sample sample;

	mp3_collect(now, gone, &sum);
	free_bits(gone);
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
	start = jiffies;
	period_start = ktime_get_ns();
	unreported_cpu_ns = 0;
	set_deadline();
	mp3_buffer_expect(true);
}

/*
 * may_end_early - whether the last sample may be taken before it is due
 *
 * Who registers and unregisters in a loop would turn the ring over in a moment. So each
 * sample of this kind uses up 1/MP3_RATE s, of no more than one second that can be saved.
 */
static bool may_end_early(void)
{
	unsigned long now = jiffies;

	if (time_before(early_until, now - HZ))
		early_until = now - HZ;
	if (time_after(early_until + HZ / MP3_RATE, now))
		return false;
	early_until += HZ / MP3_RATE;
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

static void carry_out(struct mp3_request *request)
{
	begin_turn();
	request->carry_out(request);
	if (!sampling && !mp3_nothing_registered())
		begin_sampling();
	else if (sampling && mp3_nothing_registered() && may_end_early())
		take_sample();
	end_turn();
	complete(&request->done);
}

/* Wait for a request or a deadline; both wake us up, and so do other things. */
static void wait_for_work(void)
{
	set_current_state(TASK_IDLE);
	if (!kthread_should_stop() && list_empty_careful(&requests))
		schedule_timeout(sampling ? max_t(long, due - jiffies, 0) : MAX_SCHEDULE_TIMEOUT);
	__set_current_state(TASK_RUNNING);
}

static int run_sampler(void *unused)
{
	struct mp3_request *request;

	while (!kthread_should_stop()) {
		/* A sample first, however many requests there are. */
		if (sampling && time_after_eq(jiffies, due)) {
			begin_turn();
			take_sample();
			end_turn();
			continue;
		}
		request = next_request();
		if (request)
			carry_out(request);
		else
			wait_for_work();
		cond_resched();
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
		free_bits(atomic64_xchg(&let_go, 0));
	if (!~attached || (user && user->files >= MP3_ATTACHED_MAX / 4))
		return -EUSERS;
	attacher = ffz(attached);
	attached |= BIT_ULL(attacher);
	attached_user[attacher] = user;
	if (user)
		user->files++;
	return attacher;
}

/**
 * mp3_drop_attacher - it is attached to nothing
 *
 * Context: the sampler
 */
void mp3_drop_attacher(unsigned int attacher)
{
	free_bits(BIT_ULL(attacher));
}

/**
 * mp3_close_attacher - let go, with the next sample, of all that it is attached to
 *
 * Context: any; its file is not used any more
 */
void mp3_close_attacher(unsigned int attacher)
{
	atomic64_or(BIT_ULL(attacher), &let_go);
}

/**
 * mp3_sampler_init - start the thread
 *
 * It is of SCHED_FIFO, so that neither busy CPUs nor the thrashing that it is to measure
 * delay a sample.
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
