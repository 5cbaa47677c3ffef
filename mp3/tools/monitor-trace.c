// SPDX-License-Identifier: GPL-2.0
/*
 * The records in the Trace Event Format, as JSON, which Perfetto's and Chrome's
 * viewers open. Format: "Trace Event Format", the Chromium project; the object form.
 *
 * Each process has three counter tracks: "page faults" (minor and major ones in the
 * period), "CPU" (% of one, over the period) and "memory" (KiB at its end). A counter
 * holds its value until the next event, so an event stands at the begin of its
 * record's period, and the last record is followed by zeros at its end. Times are
 * microseconds of CLOCK_MONOTONIC. An instant event tells a process's exit.
 */
#include <err.h>
#include <stdlib.h>
#include <string.h>

#include "monitor.h"

struct trace {
	FILE *file;
	struct processes named;		/* those whose name has been told */
	bool begun;
};

struct trace *trace_open(const char *path)
{
	struct trace *trace = calloc(1, sizeof(*trace));

	if (!trace)
		err(failure, "memory for a trace");
	trace->file = open_output(path);
	return trace;
}

void trace_begin(struct trace *trace)
{
	empty_output(trace->file);
	fputs("{\"displayTimeUnit\":\"ms\",\"traceEvents\":[", trace->file);
}

/* The printable form of print_name(), as the inside of a JSON string. */
static void put_name(FILE *file, const char *name)
{
	for (; *name; name++) {
		unsigned char byte = *name;

		if (byte == '"')
			fputs("\\\"", file);
		else if (byte >= ' ' && byte < 0x7f && byte != '\\')
			putc(byte, file);
		else
			fprintf(file, "\\\\%03o", byte);
	}
}

/* All of an event but its arguments and the closing brace. */
static void put_event(struct trace *trace, const char *phase, const char *name,
		      uint32_t pid, uint64_t ns)
{
	fprintf(trace->file, "%s\n{\"ph\":\"%s\",\"name\":\"%s\",\"pid\":%u,\"tid\":%u,\"ts\":%llu.%03llu",
		trace->begun ? "," : "", phase, name, pid, pid,
		(unsigned long long)ns / 1000, (unsigned long long)ns % 1000);
	trace->begun = true;
}

static void put_counters(struct trace *trace, uint64_t ns, double cpu_percent,
			 const struct mp3_record *record, uint64_t page_kb)
{
	put_event(trace, "C", "page faults", record->pid, ns);
	fprintf(trace->file, ",\"args\":{\"minor\":%llu,\"major\":%llu}}",
		record->minor, record->major);
	put_event(trace, "C", "CPU", record->pid, ns);
	fprintf(trace->file, ",\"args\":{\"%%\":%.2f}}", cpu_percent);
	put_event(trace, "C", "memory", record->pid, ns);
	fprintf(trace->file, ",\"args\":{\"rss_kb\":%llu,\"swap_kb\":%llu}}",
		record->rss * page_kb, record->swap * page_kb);
}

void trace_add(struct trace *trace, const struct mp3_record *record, uint64_t page_kb)
{
	const struct process *known = processes_find(&trace->named, record->pid);
	uint64_t begin_ns = record->time_ns - record->period_ns;

	/* A new process, or a new program: only exec and prctl change the name. */
	if (!known || record->flags & MP3_FIRST ||
	    strncmp(known->name, record->name, sizeof(record->name))) {
		put_event(trace, "M", "process_name", record->pid, begin_ns);
		fputs(",\"args\":{\"name\":\"", trace->file);
		put_name(trace->file, record->name);
		fputs("\"}}", trace->file);
	}
	processes_add(&trace->named, record);

	put_counters(trace, begin_ns, record->period_ns ?
		     100.0 * record->cpu_ns / record->period_ns : 0, record, page_kb);
	if (record->flags & MP3_LAST) {
		const struct mp3_record none = { .pid = record->pid };

		put_counters(trace, record->time_ns, 0, &none, page_kb);
	}
	if (record->flags & MP3_EXITED) {
		put_event(trace, "i", "exit", record->pid, record->time_ns);
		fputs(",\"s\":\"p\"}", trace->file);
	}
}

bool trace_close(struct trace *trace)
{
	bool written;

	fputs("\n]}\n", trace->file);
	written = !(ferror(trace->file) | fclose(trace->file));
	if (!written)
		warn("the trace");
	free(trace);
	return written;
}
