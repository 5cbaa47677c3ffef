// SPDX-License-Identifier: GPL-2.0
/*
 * rows - reads runs as the rows of tables; rows.h has the contracts.
 */
#include <err.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "rows.h"
#include "text.h"

#define HZ_MAX 10000	/* Linux has 100 to 1200 */

/*
 * Programs that are not work start others, and shells are among them: then it is the case's argument that says how
 * many there were at a time, if that is a number.
 */
static void count_programs(struct row *row)
{
	const char *argument = row->axes.values[ARGUMENT];

	if (!row->run.nr_reports && *argument && !argument[strspn(argument, "0123456789")])
		row->sum.n = strtoul(argument, NULL, 10);
	row->sum.done_per_minute = 60 * row->sum.n / row->sum.seconds;
}

struct row read_row(const char *prefix)
{
	struct row row = { .prefix = prefix, .meta = read_meta(prefix) };
	char *profile = formatted("%s.data", prefix), *processes = formatted("%s.processes.tsv", prefix);
	char *reports = formatted("%s.work", prefix), *counters = formatted("%s.counters.tsv", prefix);

	row.axes = axes_of(prefix, &row.meta);
	read_profile(&row.run, profile,
		     parse_argument(row.meta.path, meta_value(&row.meta, "hz"), MP3_RATE, HZ_MAX));
	read_processes(&row.run, processes);
	check_processes(&row.run, processes, profile);
	read_reports(&row.run, reports);
	check_reports(&row.run, processes, reports);
	read_counters(&row.run, counters);
	check_counters(&row.run, counters);
	row.sum = summarize(&row.run);
	count_programs(&row);
	free(profile);
	free(processes);
	free(reports);
	free(counters);
	return row;
}

void free_row(struct row *row)
{
	free_run(&row->run);
	free_axes(&row->axes);
	free_meta(&row->meta);
}

void print_axis_names(unsigned int but)
{
	for (unsigned int i = 0; i < NR_AXES; i++)
		if (!(but & 1u << i))
			printf("%s\t", axis_names[i]);
}

void print_axes(const struct axes *axes, unsigned int but)
{
	for (unsigned int i = 0; i < NR_AXES; i++)
		if (!(but & 1u << i))
			printf("%s\t", axes->values[i]);
}

static bool in_group(const struct row *row, const struct row *first, unsigned int but)
{
	return same_axes(&row->axes, &first->axes, but) &&
	       (but & 1u << ARGUMENT || !strcmp(row->axes.name, first->axes.name));
}

void each_group(const struct row *rows, size_t nr, unsigned int but,
		       void (*print)(const struct row **group, size_t nr))
{
	const struct row **group = calloc(nr, sizeof(*group));
	bool *done = calloc(nr, sizeof(*done));

	if (!group || !done)
		err(1, NULL);
	for (size_t r = 0; r < nr; r++) {
		size_t members = 0;

		for (size_t i = r; i < nr && !done[r]; i++)
			if (!done[i] && in_group(&rows[i], &rows[r], but))
				group[members++] = &rows[i];
		for (size_t i = 0; i < members; i++)
			done[group[i] - rows] = true;
		if (members)
			print(group, members);
	}
	free(group);
	free(done);
}
