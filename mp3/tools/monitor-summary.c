// SPDX-License-Identifier: GPL-2.0
/*
 * The summary: a line a process, or a command, and the total of all.
 */
#include <inttypes.h>
#include <string.h>

#include "monitor.h"

#define WIDE	106	/* columns of a terminal that takes the rates and the parent, too */

/* When the first of them began, and the last one ended: the time of the total. */
static void span_of(const struct profile *profile, uint64_t *begin, uint64_t *end)
{
	*begin = UINT64_MAX;
	*end = 0;
	for (const struct process *p = profile->processes.first; p; p = p->next) {
		if (p->hidden || !p->end_ns)
			continue;
		*begin = p->begin_ns < *begin ? p->begin_ns : *begin;
		*end = p->end_ns > *end ? p->end_ns : *end;
	}
}

static uint32_t shown_parent(const struct profile *profile, uint32_t pid)
{
	const struct process *parent = pid ? processes_find(&profile->processes, pid) : NULL;

	return parent && parent->hidden ? 0 : pid;
}

static void fill(struct table *table, const struct profile *profile)
{
	uint64_t begin, end;

	table_clear(table);
	span_of(profile, &begin, &end);
	for (const struct process *p = profile->processes.first; p; p = p->next) {
		struct row row = {
			.kind = "process", .time_s = (p->end_ns - begin) / 1e9,
			.period_s = (p->end_ns - p->begin_ns) / 1e9, .pid = p->pid,
			.parent = shown_parent(profile, p->parent), .processes = 1,
			.minor = p->minor, .major = p->major, .cpu_ns = p->cpu_ns,
			.rss = p->rss, .swap = p->swap, .peak_rss = p->peak_rss,
			.peak_swap = p->peak_swap,
		};

		if (p->hidden || !p->end_ns)
			continue;
		memcpy(row.name, p->name, sizeof(row.name));
		table_add(table, &row);
	}
	if (end)
		table->total.time_s = table->total.period_s = (end - begin) / 1e9;
}

static void print_heads(FILE *output, const struct shape *shape, bool wide)
{
	fprintf(output, "%7s ", shape->by_command ? "NUMBER" : "PID");
	if (wide)
		fprintf(output, "%7s ", shape->by_command ? "" : "PARENT");
	fprintf(output, "%8s %7s ", "MINOR", "MAJOR");
	if (wide)
		fprintf(output, "%8s %8s ", "MINOR/S", "MAJOR/S");
	fprintf(output, "%7s %6s %7s %7s %7s  %s\n", "CPU_S", "CPU%", "PEAK_MB", "SWAP_MB",
		"TIME_S", "COMMAND");
}

/* Seven digits: of milliseconds, as long as there is room. */
static void print_seconds(FILE *output, double seconds)
{
	fprintf(output, "%7.*f ", seconds < 1000 ? 3 : 1, seconds);
}

static void print_line(FILE *output, const struct row *row, bool wide, double page_mb)
{
	double rate = row->period_s > 0 ? 1 / row->period_s : 0;
	bool total = !*row->name;

	if (total)
		fprintf(output, "%7s ", "total");
	else
		fprintf(output, "%7" PRIu64 " ", row->pid ? row->pid : (uint64_t)row->processes);
	if (wide && row->pid)
		fprintf(output, "%7" PRIu32 " ", row->parent);
	else if (wide)
		fprintf(output, "%7s ", "");
	fprintf(output, "%8" PRIu64 " %7" PRIu64 " ", row->minor, row->major);
	if (wide)
		fprintf(output, "%8.0f %8.0f ", row->minor * rate, row->major * rate);
	print_seconds(output, row->cpu_ns / 1e9);
	fprintf(output, "%6.1f %7.1f %7.1f ", row->cpu_ns * rate / 1e7,
		row->peak_rss * page_mb, row->peak_swap * page_mb);
	print_seconds(output, row->period_s);
	putc(' ', output);
	if (total)
		fprintf(output, "%zu process%s", row->processes, row->processes == 1 ? "" : "es");
	else
		print_name(output, row->name);
	putc('\n', output);
}

/* Whether they are transparent, and of any program. */
static bool huge_pages(void)
{
	FILE *file = fopen("/sys/kernel/mm/transparent_hugepage/enabled", "re");
	char line[64] = "";
	bool always = file && fgets(line, sizeof(line), file) && strstr(line, "[always]");

	if (file)
		fclose(file);
	return always;
}

/* What must be known of the numbers. */
static void print_notes(FILE *output, const struct profile *profile, bool text)
{
	uint64_t missed = profile->ring.missed;
	uint64_t unregistered = profile->ring.header->missed_children - profile->missed_children;

	if (missed)
		fprintf(output, "monitor: %" PRIu64 " records were overwritten before they were read\n",
			missed);
	if (unregistered)
		fprintf(output, "monitor: %" PRIu64 " children were not registered: the table was full\n",
			unregistered);
	if (profile->refused)
		fprintf(output, "monitor: %zu processes of others were left out\n", profile->refused);
	if (text && profile->elsewhere)
		fputs("monitor: PIDs are those of the initial PID namespace\n", output);
	if (text && huge_pages())
		fputs("monitor: transparent huge pages are on: one minor fault can map 2 MB\n", output);
}

void print_summary(const struct profile *profile, struct form *form, const struct shape *shape,
		   const char *title)
{
	uint64_t page_kb = profile->ring.header->page_bytes / 1024;
	unsigned columns = columns_of(form->output, NULL);
	bool wide = !columns || columns >= WIDE, text = form->format == TEXT;
	struct table table = { .number = 0 };
	size_t shown = 0;
	struct row *row;

	fill(&table, profile);
	if (shape->by_command)
		table_group(&table, "command");
	table_sort(&table, shape->sort);
	if (text) {
		fprintf(form->output, "\nmonitor: %s\n", title);
		print_heads(form->output, shape, wide);
	}
	for (size_t i = 0; i < table.number && shown < shape->top; i++) {
		row = &table.rows[i];
		if (shape->active && row_is_idle(row))
			continue;
		shown++;
		if (text)
			print_line(form->output, row, wide, page_kb / 1024.0);
		else
			print_row(form, row, page_kb);
	}
	if (text && table.number > shown)
		fprintf(form->output, "%7s %zu more%s\n", "...", table.number - shown,
			shown < shape->top ? ", which have done nothing" : "");
	if (text)
		print_line(form->output, &table.total, wide, page_kb / 1024.0);
	else
		print_row(form, &table.total, page_kb);
	print_notes(text ? form->output : stderr, profile, text);
}
