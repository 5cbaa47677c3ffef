// SPDX-License-Identifier: GPL-2.0
/*
 * What the records of each process add up to, and whose records those are.
 */
#include <err.h>
#include <stdlib.h>
#include <string.h>

#include "monitor.h"

static struct process **bucket_of(const struct processes *processes, uint32_t pid)
{
	/* PIDs follow each other: their low bits are spread well enough. */
	return &processes->buckets[pid & (processes->nr_buckets - 1)];
}

struct process *processes_find(const struct processes *processes, uint32_t pid)
{
	struct process *process;

	if (!processes->nr_buckets)
		return NULL;
	/* The newest of a PID stands before the others. */
	for (process = *bucket_of(processes, pid); process; process = process->below)
		if (process->pid == pid)
			return process;
	return NULL;
}

static void put_into_bucket(struct processes *processes, struct process *process)
{
	struct process **bucket = bucket_of(processes, process->pid);

	process->below = *bucket;
	*bucket = process;
}

static void grow(struct processes *processes)
{
	free(processes->buckets);
	processes->nr_buckets = processes->nr_buckets ? 2 * processes->nr_buckets : 256;
	processes->buckets = calloc(processes->nr_buckets, sizeof(*processes->buckets));
	if (!processes->buckets)
		err(failure, "memory for processes");
	for (struct process *p = processes->first; p; p = p->next)
		put_into_bucket(processes, p);
}

static struct process *appear(struct processes *processes, uint32_t pid)
{
	struct process *process = calloc(1, sizeof(*process));

	if (!process)
		err(failure, "memory for a process");
	if (processes->number == processes->nr_buckets)
		grow(processes);
	process->pid = pid;
	put_into_bucket(processes, process);
	if (processes->last)
		processes->last->next = process;
	else
		processes->first = process;
	processes->last = process;
	processes->number++;
	processes->alive++;
	return process;
}

struct process *processes_expect(struct processes *processes, uint32_t pid, uint64_t from,
				 uint64_t since_ns)
{
	struct process *process = appear(processes, pid);

	process->from = from;
	process->since_ns = since_ns;
	return process;
}

static void raise_to(uint64_t *peak, uint64_t value)
{
	if (*peak < value)
		*peak = value;
}

static bool ended(const struct process *process)
{
	return process->flags & MP3_LAST;
}

static void add(struct processes *processes, struct process *process,
		const struct mp3_record *record)
{
	if (!process->end_ns)
		process->begin_ns = record->time_ns - record->period_ns;
	if (!ended(process) && record->flags & MP3_LAST)
		processes->alive--;
	/* What we have attached to was registered by itself, whoever has forked it. */
	if (!process->since_ns)
		process->parent = record->parent;
	memcpy(process->name, record->name, sizeof(process->name));
	process->name[sizeof(process->name) - 1] = '\0';
	process->end_ns = record->time_ns;
	process->minor += record->minor;
	process->major += record->major;
	process->cpu_ns += record->cpu_ns;
	if (!(record->flags & MP3_EXITED)) {
		process->rss = record->rss;
		process->swap = record->swap;
	}
	raise_to(&process->peak_rss, record->peak_rss);
	raise_to(&process->peak_swap, record->swap);
	process->flags |= record->flags;
}

struct process *processes_add(struct processes *processes, const struct mp3_record *record)
{
	struct process *process = processes_find(processes, record->pid);

	if (!process || record->flags & MP3_FIRST) {
		/* Its last record was overwritten. */
		if (process && !ended(process)) {
			process->flags |= MP3_LAST;
			processes->alive--;
		}
		process = appear(processes, record->pid);
	}
	add(processes, process, record);
	return process;
}

/*
 * Whether it was forked by one of these: when that was among them already, and before that
 * ended, for a PID comes again.
 */
static bool inherited(const struct processes *processes, const struct mp3_record *record)
{
	const struct process *parent = record->parent ?
				       processes_find(processes, record->parent) : NULL;
	uint64_t begin_ns = record->time_ns - record->period_ns;

	if (!parent || (ended(parent) && begin_ns > parent->end_ns))
		return false;
	/* Others can have registered an attached one, and so its children, before us. */
	return !parent->since_ns ||
	       (record->flags & MP3_FIRST && begin_ns >= parent->since_ns);
}

struct process *processes_add_own(struct processes *processes, const struct mp3_record *record)
{
	struct process *process = processes_find(processes, record->pid);
	bool begun = process && process->end_ns;

	if (process && !ended(process) && !(begun && record->flags & MP3_FIRST)) {
		if (record->sequence < process->from)
			return NULL;
		add(processes, process, record);
		return process;
	}
	return inherited(processes, record) ? processes_add(processes, record) : NULL;
}

void *process_view(struct process *process, size_t size)
{
	if (!process->view)
		process->view = calloc(1, size);
	if (!process->view)
		err(failure, "memory for a process");
	return process->view;
}

void processes_forget(struct processes *processes, uint64_t ns)
{
	struct process **link = &processes->first, *process, **below;

	processes->last = NULL;
	while ((process = *link)) {
		if (!ended(process) || process->end_ns >= ns) {
			processes->last = process;
			link = &process->next;
			continue;
		}
		*link = process->next;
		below = bucket_of(processes, process->pid);
		while (*below != process)
			below = &(*below)->below;
		*below = process->below;
		processes->number--;
		free(process->view);
		free(process);
	}
}
