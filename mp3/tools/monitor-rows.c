// SPDX-License-Identifier: GPL-2.0
/*
 * Tables: rows, their total, their order.
 */
#include <err.h>
#include <stdlib.h>
#include <string.h>

#include "monitor.h"

static const char *const keys[] = {
	[SORT_MAJOR] = "major", [SORT_MINOR] = "minor", [SORT_CPU] = "cpu", [SORT_RSS] = "rss",
	[SORT_SWAP] = "swap", [SORT_TIME] = "time", [SORT_PID] = "pid",
	[SORT_COMMAND] = "command",
};

const char sort_names[] = "major, minor, cpu, rss, swap, time, pid or command";

enum sort sort_parse(const char *name)
{
	for (size_t i = SORT_MAJOR; i < sizeof(keys) / sizeof(*keys); i++)
		if (!strcmp(name, keys[i]))
			return i;
	return SORT_NONE;
}

void table_clear(struct table *table)
{
	table->number = 0;
	table->total = (struct row){ .kind = "total" };
}

bool row_is_idle(const struct row *row)
{
	return !row->minor && !row->major && !row->cpu_ns;
}

static uint64_t larger(uint64_t one, uint64_t other)
{
	return one > other ? one : other;
}

/* Adds what can be added; a row's time is left as it is. */
static void add_to(struct row *sum, const struct row *row)
{
	sum->processes += row->processes;
	sum->minor += row->minor;
	sum->major += row->major;
	sum->cpu_ns += row->cpu_ns;
	sum->rss += row->rss;
	sum->swap += row->swap;
	sum->peak_rss = larger(sum->peak_rss, row->peak_rss);
	sum->peak_swap = larger(sum->peak_swap, row->peak_swap);
}

void table_add(struct table *table, const struct row *row)
{
	if (table->number == table->room) {
		table->room = table->room ? 2 * table->room : 64;
		table->rows = reallocarray(table->rows, table->room, sizeof(*table->rows));
		if (!table->rows)
			err(failure, "memory for a table");
	}
	table->rows[table->number++] = *row;
	add_to(&table->total, row);
}

static enum sort sorted_by;	/* qsort(3) passes nothing on */

static uint64_t size_of(const struct row *row)
{
	switch (sorted_by) {
	case SORT_MAJOR:
		return row->major;
	case SORT_MINOR:
		return row->minor;
	case SORT_CPU:
		return row->cpu_ns;
	case SORT_RSS:
		return larger(row->rss, row->peak_rss);
	case SORT_SWAP:
		return larger(row->swap, row->peak_swap);
	case SORT_TIME:
		return row->period_s * SECOND;
	default:
		return 0;
	}
}

static int in_order(const void *a, const void *b)
{
	const struct row *one = a, *other = b;
	uint64_t x = size_of(one), y = size_of(other);
	int names = sorted_by == SORT_COMMAND ? strcmp(one->name, other->name) : 0;

	if (x != y)
		return x < y ? 1 : -1;
	/* Of as many major faults as here, the one with more of the minor. */
	if (sorted_by == SORT_MAJOR && one->minor != other->minor)
		return one->minor < other->minor ? 1 : -1;
	return names ? names : (one->pid > other->pid) - (one->pid < other->pid);
}

void table_sort(struct table *table, enum sort key)
{
	sorted_by = key;
	if (table->number && key != SORT_NONE)
		qsort(table->rows, table->number, sizeof(*table->rows), in_order);
}

void table_group(struct table *table, const char *kind)
{
	struct row *last = NULL;
	size_t number = table->number;

	table_sort(table, SORT_COMMAND);
	table->number = 0;
	for (size_t i = 0; i < number; i++) {
		const struct row row = table->rows[i];

		if (last && !strcmp(last->name, row.name)) {
			add_to(last, &row);
			continue;
		}
		last = &table->rows[table->number++];
		*last = row;
		last->kind = kind;
		last->pid = last->parent = 0;
		last->time_s = table->total.time_s;
		last->period_s = table->total.period_s;
	}
}
