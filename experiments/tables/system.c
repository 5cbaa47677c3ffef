// SPDX-License-Identifier: GPL-2.0
/*
 * system - thins what sample-system has printed; system.h has the contract.
 */
#include <err.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "system.h"
#include "text.h"

#define ROWS	100

/* Of nr_... a row has how much there is, of the others how much it has become. */
struct table {
	char *names;		/* the header row, behind time_ns */
	bool level[64];
	size_t nr_columns;
	double *times;		/* s of the machine's clock */
	double *values;		/* of each row, nr_columns */
	size_t nr;
};

static void read_header(struct table *table, struct text *text)
{
	const char *at = text->line;

	if (!skip(&at, "time_ns\t"))
		malformed(text, "the header row of sample-system");
	table->names = strdup(at);
	if (!table->names)
		err(1, NULL);
	for (; at; at = strchr(at, '\t')) {
		at += *at == '\t';
		if (table->nr_columns == sizeof(table->level))
			malformed(text, "no more columns");
		table->level[table->nr_columns++] = !strncmp(at, "nr_", 3);
	}
}

static void read_row(struct table *table, struct text *text)
{
	const char *at = text->line;
	double *values, ns;

	table->times = grow(table->times, table->nr, sizeof(*table->times));
	table->values = grow(table->values, table->nr, table->nr_columns * sizeof(*values));
	values = &table->values[table->nr * table->nr_columns];
	if (!fraction(&at, "", &ns))
		malformed(text, "a time");
	for (size_t c = 0; c < table->nr_columns; c++)
		if (!fraction_or(&at, "\t", "-", &values[c]))
			malformed(text, "a row of sample-system");
	/* The time of the first row is when it was printed, and a sample may have been taken just before. */
	if (strcmp(at, "\n") || (table->nr > 1 && ns / 1e9 < table->times[table->nr - 1]))
		malformed(text, "a row of sample-system that is later than the one before");
	table->times[table->nr++] = ns / 1e9;
}

/* The resident sets at a time of the machine's clock, in KiB: by each one's record of its period. */
static unsigned long resident_kb(const struct run *run, double time)
{
	unsigned long kb = 0;

	for (size_t i = 0; i < run->nr_processes; i++) {
		const struct process *p = &run->processes[i];
		size_t low = 0, high = p->nr_records;

		/* the first record that ends at that time or later */
		while (low < high) {
			size_t middle = (low + high) / 2;

			if (p->records[middle].end_ns / 1e9 < time)
				low = middle + 1;
			else
				high = middle;
		}
		if (low < p->nr_records && p->records[low].begin_ns / 1e9 < time)
			kb += p->records[low].rss_kb;
	}
	return kb;
}

void print_system(const struct run *run, const char *path, double beginning)
{
	struct text text = open_text(path);
	struct table table = { 0 };
	double step;

	while (next_line(&text))
		if (text.number == 1)
			read_header(&table, &text);
		else
			read_row(&table, &text);
	if (table.nr == 0)
		errx(1, "%s: no rows", path);

	step = (table.times[table.nr - 1] - beginning) / ROWS;
	printf("seconds\t%.*s\trss_kb\n", (int)strcspn(table.names, "\n"), table.names);
	for (size_t i = 1; i < table.nr; i++) {
		bool last = i + 1 == table.nr;

		/* the last one before each step, so that each row stands for as long */
		if (!last && floor((table.times[i] - beginning) / step) ==
			     floor((table.times[i + 1] - beginning) / step))
			continue;
		printf("%.6f", table.times[i] - beginning);
		for (size_t c = 0; c < table.nr_columns; c++)
			printf("\t%.0f", table.values[i * table.nr_columns + c] -
			       (table.level[c] ? 0 : table.values[c]));
		printf("\t%lu\n", resident_kb(run, table.times[i]));
	}
	free(table.names);
	free(table.times);
	free(table.values);
}
