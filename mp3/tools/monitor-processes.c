// SPDX-License-Identifier: GPL-2.0
/*
 * The records of each process, added up.
 */
#include <err.h>
#include <search.h>
#include <stdlib.h>
#include <string.h>

#include "monitor.h"

static int by_pid(const void *a, const void *b)
{
	uint32_t one = ((const struct process *)a)->pid;
	uint32_t other = ((const struct process *)b)->pid;

	return (one > other) - (one < other);
}

struct process *processes_find(const struct processes *processes, uint32_t pid)
{
	const struct process key = { .pid = pid };
	void *node = tfind(&key, &processes->by_pid, by_pid);

	return node ? *(struct process **)node : NULL;
}

static struct process *appear(struct processes *processes,
			      const struct mp3_record *record)
{
	struct process *process = calloc(1, sizeof(*process));
	struct process **node;

	if (!process)
		err(1, "memory for a process");
	process->pid = record->pid;
	process->begin_ns = record->time_ns - record->period_ns;
	node = tsearch(process, &processes->by_pid, by_pid);
	if (!node)
		err(1, "memory for a process");
	*node = process;		/* instead of an earlier one of this PID */

	if (processes->last)
		processes->last->next = process;
	else
		processes->first = process;
	processes->last = process;
	return process;
}

static void raise_to(uint64_t *peak, uint64_t value)
{
	if (*peak < value)
		*peak = value;
}

struct process *processes_add(struct processes *processes,
			      const struct mp3_record *record)
{
	struct process *process = processes_find(processes, record->pid);

	if (!process || record->flags & MP3_FIRST)
		process = appear(processes, record);
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
	return process;
}

void processes_forget(struct processes *processes, uint64_t ns)
{
	struct process **link = &processes->first, *process;

	processes->last = NULL;
	while ((process = *link)) {
		if (!(process->flags & MP3_LAST) || process->end_ns >= ns) {
			processes->last = process;
			link = &process->next;
			continue;
		}
		*link = process->next;
		/* Unless its PID has come again. */
		if (processes_find(processes, process->pid) == process)
			tdelete(process, &processes->by_pid, by_pid);
		free(process->view);
		free(process);
	}
}
