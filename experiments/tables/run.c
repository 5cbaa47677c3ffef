// SPDX-License-Identifier: GPL-2.0
/*
 * run - reads what is kept of a run; records.c reads what is not, run.h has the contracts.
 */
#define _GNU_SOURCE	/* strndup */
#include <err.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "run.h"
#include "text.h"

const char processes_header[] = "process\tlabel\tpid\tparent\tcommand\treport\tminor\tmajor"
	"\tall_major\tcpu_s\tpeak_rss_kb\tbegin_s\telapsed_s\n";
const char series_header[] =
	"process\tseconds\tminor_total\tmajor_total\tutilization\trss_kb\tswap_kb\n";

static bool parse_sample(const char *at, struct mp3_sample *sample)
{
	return number(&at, "", &sample->jiffies) &&
	       number(&at, " ", &sample->minor) &&
	       number(&at, " ", &sample->major) &&
	       number(&at, " ", &sample->utilization) &&
	       strcmp(at, "\n") == 0;
}

void read_profile(struct run *run, const char *path, unsigned long hz)
{
	struct text text = open_text(path);
	struct sample last = { 0 };
	unsigned long jiffies = 0;

	while (next_line(&text)) {
		struct mp3_sample now;

		if (!parse_sample(text.line, &now))
			malformed(&text, "four numbers");
		if (now.jiffies < jiffies)
			errx(1, "%s:%lu: jiffies go back, from %lu to %lu", path,
			     text.number, jiffies, now.jiffies);

		if (run->nr_samples == 0 || now.jiffies > jiffies) {
			last.period = run->nr_samples == 0 ? 1.0 / MP3_RATE :
				      (double)(now.jiffies - jiffies) / hz;
			last.seconds += last.period;
			last.minor = last.major = 0;
			last.utilization = now.utilization / 100.0;
			run->samples = grow(run->samples, run->nr_samples++, sizeof(last));
		}
		last.minor += now.minor;
		last.major += now.major;
		last.minor_total += now.minor;
		last.major_total += now.major;
		run->samples[run->nr_samples - 1] = last;
		jiffies = now.jiffies;
	}
	if (run->nr_samples == 0)
		errx(1, "%s: no samples", path);
}

static bool parse_process(const char *at, unsigned long wanted, struct process *process)
{
	unsigned long which, report;

	return number(&at, "", &which) && which == wanted &&
	       words(&at, "\t", process->label, sizeof(process->label)) &&
	       number(&at, "\t", &process->pid) &&
	       number(&at, "\t", &process->parent) &&
	       words(&at, "\t", process->command, sizeof(process->command)) &&
	       number(&at, "\t", &report) &&
	       fraction(&at, "\t", &process->minor) &&
	       fraction(&at, "\t", &process->major) &&
	       fraction(&at, "\t", &process->all_major) &&
	       fraction(&at, "\t", &process->cpu_s) &&
	       number(&at, "\t", &process->peak_rss_kb) &&
	       fraction(&at, "\t", &process->begin_s) &&
	       fraction(&at, "\t", &process->elapsed_s) &&
	       strcmp(at, "\n") == 0;
}

void read_processes(struct run *run, const char *path)
{
	struct text text = open_text(path);

	while (next_line(&text)) {
		struct process process = { 0 };

		if (text.number == 1) {
			if (strcmp(text.line, processes_header))
				malformed(&text, "the header row of processes");
			continue;
		}
		if (!parse_process(text.line, run->nr_processes + 1, &process))
			malformed(&text, "a process");
		run->processes = grow(run->processes, run->nr_processes, sizeof(process));
		run->processes[run->nr_processes++] = process;
	}
	if (run->nr_processes == 0)
		errx(1, "%s: no processes", path);
}

bool parse_report(const char *at, struct report *report)
{
	return number(&at, "work: pid=", &report->pid) &&
	       number(&at, " mb=", &report->mb) &&
	       letter(&at, " mode=", "RL", &report->mode) &&
	       number(&at, " accesses=", &report->accesses) &&
	       number(&at, " seed=", &report->seed) &&
	       number(&at, " touches=", &report->touches) &&
	       number(&at, " distinct=", &report->distinct) &&
	       fraction(&at, " elapsed_s=", &report->elapsed_s) &&
	       fraction(&at, " awake_s=", &report->awake_s) &&
	       number(&at, " minor=", &report->minor) &&
	       number(&at, " major=", &report->major) &&
	       number(&at, " minor_max=", &report->minor_max) &&
	       number(&at, " major_max=", &report->major_max) &&
	       strcmp(at, "\n") == 0;
}

/*
 * The first process of this PID that has no report yet, or NULL. A PID may come again, and
 * then both its processes and their reports come one after the other.
 */
static struct process *unreported(const struct run *run, unsigned long pid)
{
	for (size_t i = 0; i < run->nr_processes; i++)
		if (run->processes[i].pid == pid && !run->processes[i].report)
			return &run->processes[i];
	return NULL;
}

void read_reports(struct run *run, const char *path)
{
	struct text text = open_text(path);

	while (next_line(&text)) {
		struct report report;
		struct process *process;

		if (strncmp(text.line, "work: ", 6))
			continue;	/* what another program said */
		if (strstr(text.line, " iteration="))
			continue;	/* of work -v; see misses.h */
		if (!parse_report(text.line, &report))
			malformed(&text, "a report of work");
		run->reports = grow(run->reports, run->nr_reports, sizeof(report));
		run->reports[run->nr_reports++] = report;
		process = unreported(run, report.pid);
		if (process)
			process->report = run->nr_reports;
	}
}

double growth(const struct counters *counters, const char *name)
{
	for (size_t i = 0; i < counters->nr; i++)
		if (!strcmp(counters->all[i].name, name))
			return counters->all[i].end - counters->all[i].begin;
	return NAN;
}

/*
 * These are how much there is of something, the others how often something has happened. But
 * iowait may fall, too, says the kernel's Documentation/filesystems/proc.rst.
 */
static bool may_fall(const char *name)
{
	return !strncmp(name, "nr_", 3) || !strcmp(name, "workingset_nodes") ||
	       !strcmp(name, "cpu_iowait_s") ||
	       !strncmp(name, "cgroup.", 7);	/* its memory.stat has both */
}

void read_counters(struct run *run, const char *path)
{
	static const char *const needed[] = { "time_s", "pgmajfault", "pswpin", "pswpout", "majors" };
	struct counters *counters = &run->counters;
	struct text text = open_text(path);

	while (next_line(&text)) {
		size_t length = strcspn(text.line, "\t");
		const char *at = text.line + length;
		struct counter counter;

		if (text.number == 1 && !strcmp(text.line, "counter\tbegin\tend\n"))
			continue;
		if (text.number == 1)
			malformed(&text, "the header row of counters");
		if (!fraction(&at, "\t", &counter.begin) || !fraction(&at, "\t", &counter.end) ||
		    strcmp(at, "\n"))
			malformed(&text, "a counter");
		counter.name = strndup(text.line, length);
		if (!counter.name)
			err(1, NULL);
		if (counter.end < counter.begin && !may_fall(counter.name))
			malformed(&text, "a counter that grows");
		counters->all = grow(counters->all, counters->nr, sizeof(counter));
		counters->all[counters->nr++] = counter;
	}
	for (size_t i = 0; i < sizeof(needed) / sizeof(needed[0]); i++)
		if (isnan(growth(counters, needed[i])))
			errx(1, "%s: no counter %s", path, needed[i]);
}

void free_run(struct run *run)
{
	for (size_t i = 0; i < run->nr_processes; i++)
		free(run->processes[i].records);
	for (size_t i = 0; i < run->counters.nr; i++)
		free(run->counters.all[i].name);
	free(run->counters.all);
	free(run->samples);
	free(run->processes);
	free(run->reports);
}
