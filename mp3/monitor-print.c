// SPDX-License-Identifier: GPL-2.0
/*
 * The records as TSV: a header row, then a line a record, oldest first; or, in the
 * same order, as a trace. Nothing is taken out of the ring.
 */
#include <err.h>
#include <inttypes.h>
#include <poll.h>

#include "monitor.h"

#define PAUSE	1000	/* ms between two looks at the ring, when following */

void print_name(FILE *output, const char *name)
{
	for (; *name; name++) {
		unsigned char byte = *name;

		if (byte >= ' ' && byte < 0x7f && byte != '\\')
			putc(byte, output);
		else
			fprintf(output, "\\%03o", byte);
	}
}

static void print_record(const struct mp3_record *record, uint64_t page_kb)
{
	printf("%llu\t%llu\t%u\t%u\t%c%c%c\t%llu\t%llu\t%llu\t%llu\t%llu\t%llu\t",
	       record->time_ns, record->period_ns, record->pid, record->parent,
	       record->flags & MP3_FIRST ? 'f' : '-',
	       record->flags & MP3_LAST ? 'l' : '-',
	       record->flags & MP3_EXITED ? 'e' : '-',
	       record->minor, record->major, record->cpu_ns, record->rss * page_kb,
	       record->swap * page_kb, record->peak_rss * page_kb);
	print_name(stdout, record->name);
	putchar('\n');
}

/* Prints what is there, and no more than a ring of it. Returns the number. */
static size_t print_some(struct records *records, struct trace *trace)
{
	uint64_t page_kb = records->header->page_bytes / 1024;
	struct mp3_record record;
	size_t n = 0;

	while (n < records->header->capacity && records_next(records, &record)) {
		if (trace)
			trace_add(trace, &record, page_kb);
		else
			print_record(&record, page_kb);
		n++;
	}
	flush(stdout);
	return n;
}

/*
 * Records as they come, until no process is registered and nothing is left, or
 * until a signal. A file is no screen: to look once a second is enough, and each
 * time that a profiler runs it disturbs what it measures.
 */
static size_t follow(struct records *records, struct trace *trace)
{
	struct pollfd files[] = {
		{ .fd = records->device, .events = POLLIN },
		{ .fd = open_signals(), .events = POLLIN },
	};
	size_t total = 0, n;

	do {
		if (poll(files, 2, -1) < 0)
			err(1, "poll");
		n = print_some(records, trace);
		total += n;
		if (files[0].revents & POLLHUP || files[1].revents)
			continue;
		if (poll(&files[1], 1, PAUSE) < 0)
			err(1, "poll");
	} while (!files[1].revents && (n || !(files[0].revents & POLLHUP)));
	return total + print_some(records, trace);
}

bool print_records(const char *path, bool following, const char *trace_path)
{
	struct trace *trace = NULL;
	struct records records;
	size_t total;

	records_open(&records, path);
	if (trace_path)
		trace = trace_open(trace_path);
	else
		puts("time_ns\tperiod_ns\tpid\tparent\tflags\tminor\tmajor\tcpu_ns\t"
		     "rss_kb\tswap_kb\tpeak_rss_kb\tcommand");
	total = following ? follow(&records, trace) : print_some(&records, trace);
	if (trace)
		trace_close(trace);
	if (fclose(stdout))
		err(1, "standard output");
	fprintf(stderr, "monitor: %zu records\n", total);
	if (records.missed)
		warnx("%" PRIu64 " records were overwritten before they were read",
		      records.missed);
	return !records.missed;
}
