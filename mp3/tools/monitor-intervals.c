// SPDX-License-Identifier: GPL-2.0
/*
 * A table an interval: what each process did in it.
 *
 * An interval ends with a sample, the one that is due at its end. So it holds whole
 * periods, and its faults are exact.
 */
#include <err.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "monitor.h"

#define LATE	(SECOND / 5)		/* after that, a sample has come, or will not */
#define HALF	(SECOND / MP3_RATE / 2)	/* of a period: a sample before this is of the interval */
#define AROUND	4			/* lines of a screen that are no processes */

/* What a process did in the interval. */
struct view {
	uint64_t minor;
	uint64_t major;
	uint64_t cpu_ns;
	uint64_t period_ns;
};

struct intervals {
	uint64_t length_ns;
	uint64_t begin_ns;	/* of the first */
	uint64_t due_ns;	/* end of this one */
	uint64_t last_ns;	/* time of the last record in it, or of the end of the one before */
	uint64_t from_ns;	/* end of the one before */
	struct shape shape;
	struct form *form;
	bool idle;		/* with those that have done nothing */
	bool aligned;
	size_t left;		/* to be printed */
	struct table table;
};

struct intervals *intervals_new(struct request *request)
{
	struct intervals *intervals = calloc(1, sizeof(*intervals));
	uint64_t length = request->interval_ns, duration = request->duration_ns;

	if (!intervals)
		err(failure, "memory for intervals");
	intervals->length_ns = length;
	intervals->left = duration ? (duration + length - 1) / length : SIZE_MAX;
	intervals->begin_ns = intervals->last_ns = intervals->from_ns = profiler_now_ns();
	intervals->due_ns = intervals->begin_ns + length;
	intervals->shape = request->shape;
	intervals->form = &request->form;
	intervals->idle = request->who.nr_pids;
	return intervals;
}

bool intervals_done(const struct intervals *intervals)
{
	return !intervals->left;
}

static void fill(struct intervals *intervals, const struct profile *profile)
{
	struct table *table = &intervals->table;
	double time_s = (intervals->last_ns - intervals->begin_ns) / 1e9;

	table_clear(table);
	for (struct process *p = profile->processes.first; p; p = p->next) {
		struct view none = { 0 }, *view = p->view ? p->view : &none;
		bool there = view->period_ns && !p->hidden;
		struct row row = {
			.kind = "interval", .time_s = time_s, .period_s = view->period_ns / 1e9,
			.pid = p->pid, .parent = p->parent, .processes = 1,
			.minor = view->minor, .major = view->major, .cpu_ns = view->cpu_ns,
			.rss = p->flags & MP3_EXITED ? 0 : p->rss,
			.swap = p->flags & MP3_EXITED ? 0 : p->swap,
			.peak_rss = p->peak_rss, .peak_swap = p->peak_swap,
		};

		memcpy(row.name, p->name, sizeof(row.name));
		*view = (struct view){ 0 };
		if (there)
			table_add(table, &row);
	}
	table->total.kind = "interval-total";
	table->total.time_s = time_s;
	table->total.period_s = (intervals->last_ns - intervals->from_ns) / 1e9;
}

static void print_line(FILE *output, const struct row *row, double page_mb)
{
	double rate = row->period_s > 0 ? 1 / row->period_s : 0;

	fprintf(output, "%9.3f ", row->time_s);
	if (*row->name)
		fprintf(output, "%7" PRIu64, row->pid ? row->pid : (uint64_t)row->processes);
	else
		fprintf(output, "%7s", "total");
	fprintf(output, " %9.0f %8.0f %6.1f %8.1f %8.1f  ", row->minor * rate, row->major * rate,
		row->cpu_ns * rate / 1e7, row->rss * page_mb, row->swap * page_mb);
	if (*row->name)
		print_name(output, row->name);
	else
		fprintf(output, "%zu process%s", row->processes, row->processes == 1 ? "" : "es");
	putc('\n', output);
}

static void print_interval(struct intervals *intervals, const struct profile *profile)
{
	uint64_t page_kb = profile->ring.header->page_bytes / 1024;
	struct form *form = intervals->form;
	struct table *table = &intervals->table;
	size_t top = intervals->shape.top;
	unsigned lines;

	fill(intervals, profile);
	if (intervals->shape.by_command)
		table_group(table, "interval-command");
	table_sort(table, intervals->shape.sort == SORT_NONE ? SORT_MAJOR : intervals->shape.sort);
	if (form->format == TEXT) {
		if (top == SIZE_MAX && columns_of(form->output, &lines) && lines > AROUND)
			top = lines - AROUND;
		fprintf(form->output, "%s%9s %7s %9s %8s %6s %8s %8s  %s\n", form->begun ? "\n" : "",
			"TIME_S", intervals->shape.by_command ? "NUMBER" : "PID", "MINOR/S",
			"MAJOR/S", "CPU%", "RSS_MB", "SWAP_MB", "COMMAND");
		form->begun = true;
	}
	for (size_t i = 0; i < table->number && top; i++) {
		if (!intervals->idle && row_is_idle(&table->rows[i]))
			continue;
		top--;
		if (form->format == TEXT)
			print_line(form->output, &table->rows[i], page_kb / 1024.0);
		else
			print_row(form, &table->rows[i], page_kb);
	}
	if (form->format == TEXT)
		print_line(form->output, &table->total, page_kb / 1024.0);
	else
		print_row(form, &table->total, page_kb);
	fflush(form->output);
}

/* Prints this interval, and goes on with the next that ends after @ns. */
static void next_interval(struct intervals *intervals, const struct profile *profile, uint64_t ns)
{
	print_interval(intervals, profile);
	if (intervals->left)
		intervals->left--;
	intervals->from_ns = intervals->last_ns;
	while (intervals->due_ns + HALF < ns || intervals->due_ns <= intervals->last_ns + HALF)
		intervals->due_ns += intervals->length_ns;
}

/* The end of the first interval is brought to where samples come. */
static void align(struct intervals *intervals, uint64_t sample_ns)
{
	uint64_t period = SECOND / MP3_RATE;

	intervals->due_ns += sample_ns % period - intervals->due_ns % period;
	while (intervals->due_ns < sample_ns)
		intervals->due_ns += period;
	intervals->aligned = true;
}

void intervals_add(struct intervals *intervals, const struct profile *profile,
		   struct process *process, const struct mp3_record *record)
{
	struct view *view = process_view(process, sizeof(*view));

	if (!intervals->aligned)
		align(intervals, record->time_ns);
	if (record->time_ns > intervals->due_ns + HALF)
		next_interval(intervals, profile, record->time_ns);
	view->minor += record->minor;
	view->major += record->major;
	view->cpu_ns += record->cpu_ns;
	view->period_ns += record->period_ns;
	if (record->time_ns > intervals->last_ns)
		intervals->last_ns = record->time_ns;
}

int intervals_due(struct intervals *intervals, const struct profile *profile)
{
	uint64_t now = profiler_now_ns();

	if (intervals->last_ns + HALF >= intervals->due_ns) {
		next_interval(intervals, profile, intervals->last_ns);
	} else if (now >= intervals->due_ns + LATE) {
		/* Nobody has been registered since. */
		intervals->last_ns = intervals->due_ns;
		next_interval(intervals, profile, now - LATE);
	}
	return now < intervals->due_ns ? (intervals->due_ns - now) / 1000000 + 1 : 10;
}

void intervals_end(struct intervals *intervals, const struct profile *profile)
{
	if (intervals->last_ns > intervals->from_ns)
		print_interval(intervals, profile);
	free(intervals->table.rows);
	free(intervals);
}
