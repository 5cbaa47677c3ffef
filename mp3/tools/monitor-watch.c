// SPDX-License-Identifier: GPL-2.0
/*
 * Reading the records of a profile, and what comes of them: sums, tables, a trace, lines.
 */
#include <err.h>
#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>

#include "monitor.h"

/*
 * A file is no screen: to look once a second is enough, and each time that a profiler runs
 * it disturbs what it measures. But more often where so many are registered that a good
 * part of the ring would come between two looks.
 */
#define LOOK	1000	/* ms between two looks at the ring */
#define SHORT	50	/* the least, a sample period */
#define PART	8	/* of the ring: so much may come between two looks */
#define PATIENCE 40	/* samples that are awaited for a last record to come */
#define FORGET	10	/* s after its end that a process is known; its children may come later */
#define WAIT	200	/* ms for a sample to come, if it comes */

static void take_record(struct watch *watch, const struct mp3_record *record)
{
	struct profile *profile = &watch->profile;
	uint64_t page_kb = profile->ring.header->page_bytes / 1024;
	struct process *process = NULL;

	if (!profile->everybody)
		process = processes_add_own(&profile->processes, record);
	else if (!watch->forgetting)
		process = processes_add(&profile->processes, record);
	if (process ? process->hidden : !profile->everybody)
		return;
	watch->nr_records++;
	if (watch->records)
		print_record(watch->records, record, page_kb);
	if (watch->trace)
		trace_add(watch->trace, record, page_kb);
	if (watch->intervals)
		intervals_add(watch->intervals, profile, process, record);
}

int watch_read(struct watch *watch)
{
	struct ring *ring = &watch->profile.ring;
	uint64_t begin = ring->next, capacity = ring->header->capacity, came;
	struct mp3_record record;
	int ms = LOOK, due;

	/* No more than a ring of them at a time. */
	while (ring->next - begin < capacity && ring_next(ring, &record))
		take_record(watch, &record);
	if (watch->records)
		flush(watch->records->output);
	came = ring->next - begin;
	if (came > capacity / PART)
		watch->pause = watch->pause / 2 > SHORT ? watch->pause / 2 : SHORT;
	else if (came < capacity / PART / 4)
		watch->pause = watch->pause * 2 < LOOK ? watch->pause * 2 : LOOK;
	if (watch->forgetting)
		processes_forget(&watch->profile.processes, profiler_now_ns() - FORGET * SECOND);
	ms = watch->pause;
	if (watch->intervals) {
		due = intervals_due(watch->intervals, &watch->profile);
		ms = due < ms ? due : ms;
	}
	return ms;
}

/* While processes are attached to, of which many more will come to the next look. */
static void read_meanwhile(void *watching)
{
	struct watch *watch = watching;

	watch_read(watch);
	watch->pause = SHORT;
}

void watch_until(struct watch *watch, uint64_t duration_ns)
{
	uint64_t end = duration_ns ? profiler_now_ns() + duration_ns : UINT64_MAX, now;
	const struct profile *profile = &watch->profile;
	struct pollfd file = { .fd = open_signals(), .events = POLLIN };
	int ms, left, events = 0;
	uint64_t before;

	for (;;) {
		before = watch->nr_records;
		ms = watch_read(watch);
		if (profile->everybody) {
			events = await_device(profile->ring.device, -1, 0);
			if (events & NOBODY && watch->nr_records == before)
				return;
		} else if (!profile->processes.alive) {
			return;
		}
		now = profiler_now_ns();
		if (now >= end || (watch->intervals && intervals_done(watch->intervals)))
			return;
		if (end - now < (uint64_t)ms * 1000000) {
			left = (end - now) / 1000000 + 1;
			ms = left < ms ? left : ms;
		}
		if (events & NOBODY)
			continue;
		if (poll(&file, 1, ms) < 0)
			err(failure, "poll");
		if (file.revents)
			return;
	}
}

void watch_finish(struct watch *watch, bool (*over)(const struct profile *profile))
{
	int samples = PATIENCE, events;

	/* One that has been written already is no answer. */
	await_device(watch->profile.ring.device, -1, 0);
	while (!(watch->intervals && intervals_done(watch->intervals))) {
		events = await_device(watch->profile.ring.device, -1, WAIT);
		watch_read(watch);
		if (!over || over(&watch->profile) || events & NOBODY || !--samples)
			break;
	}
	if (watch->intervals)
		intervals_end(watch->intervals, &watch->profile);
	watch->intervals = NULL;
}

/* The summary goes to standard output, unless it is told where. */
static void open_form(struct request *request)
{
	request->form.output = stdout;
	if (!request->output_path)
		return;
	request->form.output = open_output(request->output_path);
	empty_output(request->form.output);
}

bool watch_processes(struct request *request)
{
	struct watch watch = WATCH_NOTHING;
	const struct who *who = &request->who;
	bool written = true;
	char title[256] = "";

	profile_open(&watch.profile, request->device);
	watch.profile.everybody = !who_is_given(who);
	if (request->trace_path)
		watch.trace = trace_open(request->trace_path);
	if (!watch.profile.everybody)
		profile_attach_who(&watch.profile, who, read_meanwhile, &watch);
	open_form(request);
	if (watch.trace)
		trace_begin(watch.trace);
	if (request->waiting)
		wait_for_sample(watch.profile.ring.device);
	if (request->interval_ns)
		watch.intervals = intervals_new(request);
	watch_until(&watch, watch.intervals ? 0 : request->duration_ns);
	watch_finish(&watch, NULL);
	who_describe(who, title, sizeof(title));
	print_summary(&watch.profile, &request->form, &request->shape, title);
	if (fclose(request->form.output))
		err(failure, "the summary");
	if (watch.trace)
		written = trace_close(watch.trace);
	return written && !watch.profile.ring.missed;
}

bool print_records(struct request *request)
{
	struct watch watch = WATCH_NOTHING;
	struct profile *profile = &watch.profile;
	bool given = who_is_given(&request->who);

	profile_open(profile, request->device);
	profile->everybody = !given;
	watch.forgetting = true;
	if (!given && !request->fresh && !request->waiting)
		ring_rewind(&profile->ring);
	if (request->trace_path) {
		watch.trace = trace_open(request->trace_path);
		trace_begin(watch.trace);
	} else {
		request->form.output = stdout;
		watch.records = &request->form;
		print_record_header(watch.records);
	}
	if (given)
		profile_attach_who(profile, &request->who, read_meanwhile, &watch);
	if (request->waiting)
		wait_for_sample(profile->ring.device);
	if (given || request->following)
		watch_until(&watch, request->duration_ns);
	if (given)
		watch_finish(&watch, NULL);
	else
		watch_read(&watch);
	if (watch.trace && !trace_close(watch.trace))
		return false;
	if (fclose(stdout))
		err(1, "standard output");
	fprintf(stderr, "monitor: %zu records\n", watch.nr_records);
	if (profile->ring.missed)
		warnx("%" PRIu64 " records were overwritten before they were read",
		      profile->ring.missed);
	return !profile->ring.missed;
}
