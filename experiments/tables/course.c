// SPDX-License-Identifier: GPL-2.0
/*
 * course - from what the kernel has counted until each time, how fast it went; course.h has the
 * contract.
 */
#define _GNU_SOURCE	/* strdup */
#include <err.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "course.h"
#include "text.h"

/* What is read, by the names of the table's columns. */
enum { SECONDS, MAJOR, OUT, WRITES, WRITTEN, BUSY, SOME, FULL, IO_FULL, KSWAPD, RSS, NR };
static const char *const names[NR] = {
	"seconds", "pgmajfault", "pswpout", "swap_writes", "swap_write_sectors", "swap_busy_ms",
	"memory_some_us", "memory_full_us", "io_full_us", "kswapd_ns", "rss_kb",
};

/* Which column of the file each of them is. */
static void read_header(struct text *text, int *column)
{
	int at = 0, found = 0;

	for (int i = 0; i < NR; i++)
		column[i] = -1;
	text->line[strcspn(text->line, "\n")] = '\0';
	for (char *rest = text->line, *name; (name = strsep(&rest, "\t")); at++)
		for (int i = 0; i < NR; i++)
			if (!strcmp(name, names[i])) {
				found += column[i] < 0;
				column[i] = at;
			}
	if (found != NR)
		errx(1, "%s: not all of the columns that a course has", text->path);
}

static void read_values(struct text *text, const int *column, double *values)
{
	const char *at = text->line, *before = "";
	int nr = 0;

	for (int i = 0; i < NR; i++)
		values[i] = NAN;
	while (*at != '\n') {
		double value;

		if (!fraction_or(&at, before, "nan", &value))
			malformed(text, "a row of numbers");
		for (int i = 0; i < NR; i++)
			if (column[i] == nr)
				values[i] = value;
		before = "\t";
		nr++;
	}
}

/* From one row of a run's file to the next. */
struct step {
	const struct axes *axes;
	double last[NR], now[NR];
};

static void print_step(const struct step *step)
{
	const double *now = step->now;
	double d[NR], seconds = now[SECONDS] - step->last[SECONDS];

	for (int i = 0; i < NR; i++)
		d[i] = now[i] - step->last[i];
	if (!(seconds > 0))
		return;
	print_axes(step->axes, 0);
	printf("%.6f\t%.1f\t%.3f\t%.3f\t%.3f\t%.3f\t%.2f\t%.2f\t%.2f\t%.2f\t%.2f\n", now[SECONDS],
	       now[RSS] / 1024, d[MAJOR] / seconds, d[OUT] / seconds, d[WRITES] / seconds,
	       d[WRITES] > 0 ? d[WRITTEN] / 8 / d[WRITES] : NAN, d[BUSY] / 10 / seconds,
	       d[IO_FULL] / 1e4 / seconds, d[SOME] / 1e4 / seconds, d[FULL] / 1e4 / seconds,
	       d[KSWAPD] / 1e7 / seconds);
}

void print_course(const struct row *rows, size_t nr)
{
	struct step *steps = NULL;
	size_t nr_steps = 0;

	for (size_t r = 0; r < nr; r++) {
		struct step step = { .axes = &rows[r].axes };
		int column[NR] = { 0 };
		char *path = formatted("%s.system.tsv", rows[r].prefix);
		struct text text = open_text(path);

		while (next_line(&text)) {
			if (text.number == 1) {
				read_header(&text, column);
				continue;
			}
			read_values(&text, column, step.now);
			steps = grow(steps, nr_steps, sizeof(step));
			steps[nr_steps++] = step;
			memcpy(step.last, step.now, sizeof(step.last));
		}
		free(path);
	}
	print_axis_names(0);
	puts("seconds\trss_mb\tmajors_per_second\tout_per_second\twrites_per_second\tpages_per_write"
	     "\tswap_busy\tio_full\tmemory_some\tmemory_full\tkswapd");
	for (size_t i = 0; i < nr_steps; i++)
		print_step(&steps[i]);
	free(steps);
}
