// SPDX-License-Identifier: GPL-2.0
/*
 * records - reads the records of a run, process by process; run.h has the contracts.
 *
 * The records of each process join on to each other from its first, with the flag f, to
 * its last, with l.
 */
#include <err.h>
#include <stdlib.h>
#include <string.h>

#include "run.h"
#include "text.h"

/* What one line says beside the counts of its period. */
struct line {
	struct record record;
	struct process process;
	char flags[4];		/* as they were printed */
};

/* Takes the flags of a record: each its letter, or "-". */
static bool flags(const char **at, const char *word, char *value)
{
	if (!skip(at, word))
		return false;
	for (const char *letters = "fle"; *letters; letters++) {
		if (**at != *letters && **at != '-')
			return false;
		*value++ = *(*at)++;
	}
	*value = '\0';
	return true;
}

static bool parse_record(const char *at, struct line *line)
{
	struct record *record = &line->record;
	struct process *process = &line->process;
	unsigned long period_ns, minor, major, cpu_ns;

	if (!(number(&at, "", &record->end_ns) &&
	      number(&at, "\t", &period_ns) &&
	      number(&at, "\t", &process->pid) &&
	      number(&at, "\t", &process->parent) &&
	      flags(&at, "\t", line->flags) &&
	      number(&at, "\t", &minor) &&
	      number(&at, "\t", &major) &&
	      number(&at, "\t", &cpu_ns) &&
	      number(&at, "\t", &record->rss_kb) &&
	      number(&at, "\t", &record->swap_kb) &&
	      number(&at, "\t", &process->peak_rss_kb) &&
	      words(&at, "\t", process->command, sizeof(process->command)) &&
	      strcmp(at, "\n") == 0 && period_ns <= record->end_ns))
		return false;
	record->begin_ns = record->end_ns - period_ns;
	record->minor = minor;
	record->major = major;
	record->cpu_s = cpu_ns / 1e9;
	return true;
}

/* The processes whose last record is still to come. They are few, and of one PID is one. */
struct open {
	size_t *processes;
	size_t nr;
};

static size_t find_open(const struct open *open, const struct run *run, unsigned long pid)
{
	size_t i = 0;

	while (i < open->nr && run->processes[open->processes[i]].pid != pid)
		i++;
	return i;
}

/* Adds a record to its process, which it may begin or end. */
static void add_record(struct run *run, struct open *open, const struct text *text,
		       const struct line *line)
{
	const struct process *now = &line->process;
	const struct record *record = &line->record;
	size_t i = find_open(open, run, now->pid);
	bool begins = line->flags[0] == 'f', ends = line->flags[1] == 'l';
	struct process *process;
	struct record *last;

	if (begins && i < open->nr)
		errx(1, "%s:%lu: process %lu begins again before its last record",
		     text->path, text->number, now->pid);
	if (!begins && i == open->nr)
		errx(1, "%s:%lu: process %lu has no first record before this one",
		     text->path, text->number, now->pid);
	if (begins) {
		open->processes = grow(open->processes, open->nr, sizeof(*open->processes));
		open->processes[open->nr++] = run->nr_processes;
		run->processes = grow(run->processes, run->nr_processes, sizeof(*process));
		process = &run->processes[run->nr_processes++];
		*process = (struct process){ .pid = now->pid, .parent = now->parent };
	} else {
		process = &run->processes[open->processes[i]];
		last = &process->records[process->nr_records - 1];
		if (record->begin_ns != last->end_ns)
			errx(1, "%s:%lu: the period of process %lu begins at %lu ns, "
			     "where the one before ended at %lu ns", text->path,
			     text->number, now->pid, record->begin_ns, last->end_ns);
	}
	if (ends)
		open->processes[i] = open->processes[--open->nr];

	process->minor += record->minor;
	process->major += record->major;
	process->cpu_s += record->cpu_s;
	if (process->peak_rss_kb < now->peak_rss_kb)
		process->peak_rss_kb = now->peak_rss_kb;
	memcpy(process->command, now->command, sizeof(now->command));

	process->records = grow(process->records, process->nr_records, sizeof(*record));
	last = &process->records[process->nr_records++];
	*last = *record;
	last->minor_total = process->minor;
	last->major_total = process->major;
	process->begin_s = process->records->begin_ns / 1e9;
	process->elapsed_s = (record->end_ns - process->records->begin_ns) / 1e9;
}

/* PIDs rise, so their order is mostly that of starting; a PID may come again. */
static int compare_processes(const void *one, const void *other)
{
	const struct process *p = one, *q = other;

	if (p->pid != q->pid)
		return p->pid < q->pid ? -1 : 1;
	return p->records->begin_ns < q->records->begin_ns ? -1 : 1;
}

/* Major faults of all until a time. */
struct majors {
	unsigned long ns;
	double total;
};

static int compare_times(const void *one, const void *other)
{
	const struct majors *a = one, *b = other;

	return (a->ns > b->ns) - (a->ns < b->ns);
}

static double majors_until(const struct majors *majors, size_t nr, unsigned long ns)
{
	size_t low = 0;

	while (low < nr) {
		size_t middle = (low + nr) / 2;

		if (majors[middle].ns <= ns)
			low = middle + 1;
		else
			nr = middle;
	}
	return low ? majors[low - 1].total : 0;
}

/* Of each process, those of all while it lived. */
static void add_all_majors(struct run *run)
{
	struct majors *majors = NULL;
	size_t nr = 0;

	for (size_t i = 0; i < run->nr_processes; i++)
		for (size_t r = 0; r < run->processes[i].nr_records; r++) {
			const struct record *record = &run->processes[i].records[r];

			majors = grow(majors, nr, sizeof(*majors));
			majors[nr++] = (struct majors){ record->end_ns, record->major };
		}
	if (!majors)
		return;
	qsort(majors, nr, sizeof(*majors), compare_times);
	for (size_t i = 1; i < nr; i++)
		majors[i].total += majors[i - 1].total;
	for (size_t i = 0; i < run->nr_processes; i++) {
		struct process *p = &run->processes[i];

		p->all_major = majors_until(majors, nr, p->records[p->nr_records - 1].end_ns) -
			       majors_until(majors, nr, p->records->begin_ns);
	}
	free(majors);
}

void read_records(struct run *run, const char *path)
{
	static const char header[] =
		"time_ns\tperiod_ns\tpid\tparent\tflags\tminor\tmajor\tcpu_ns"
		"\trss_kb\tswap_kb\tpeak_rss_kb\tcommand\n";
	struct text text = open_text(path);
	struct open open = { 0 };

	while (next_line(&text)) {
		struct line line = { 0 };

		if (text.number == 1) {
			if (strcmp(text.line, header))
				malformed(&text, "the header row of records");
			continue;
		}
		if (!parse_record(text.line, &line))
			malformed(&text, "a record");
		add_record(run, &open, &text, &line);
	}
	if (run->nr_processes == 0)
		errx(1, "%s: no records", path);
	if (open.nr)
		errx(1, "%s: process %lu has no last record", path,
		     run->processes[open.processes[0]].pid);
	free(open.processes);
	qsort(run->processes, run->nr_processes, sizeof(*run->processes),
	      compare_processes);
	add_all_majors(run);
}
