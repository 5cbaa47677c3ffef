// SPDX-License-Identifier: GPL-2.0
/*
 * The records as TSV: a header row, then a line a record, oldest first; or, in the
 * same order, as a trace. Nothing is taken out of the ring.
 */
#include <err.h>
#include <inttypes.h>
#include <poll.h>
#include <string.h>

#include "monitor.h"

#define PAUSE	1000	/* ms between two looks at the ring, when following */

/* Puts a byte of a name in printable ASCII there. Returns the end. */
static char *put_byte(char *to, unsigned char byte)
{
	if (byte >= ' ' && byte < 0x7f && byte != '\\') {
		*to++ = byte;
	} else {
		*to++ = '\\';
		*to++ = '0' + (byte >> 6);
		*to++ = '0' + (byte >> 3 & 7);
		*to++ = '0' + (byte & 7);
	}
	return to;
}

void print_name(FILE *output, const char *name)
{
	char text[4];

	for (; *name; name++) {
		char *end = put_byte(text, *name);

		fwrite(text, 1, end - text, output);
	}
}

/* Puts a number and a tab there. Returns the end. */
static char *put_number(char *to, uint64_t number)
{
	char digits[20], *first = digits + sizeof(digits);
	size_t length;

	do {
		*--first = '0' + number % 10;
		number /= 10;
	} while (number);
	length = digits + sizeof(digits) - first;
	memcpy(to, first, length);
	to[length] = '\t';
	return to + length + 1;
}

/*
 * With printf(3) this would take six times as long, and a monitor that follows
 * would take more from the processes than all the rest of the profiler.
 */
static void print_record(const struct mp3_record *record, uint64_t page_kb)
{
	char line[320];		/* ten numbers of 20 digits, a name of four bytes each */
	char *to = line;

	to = put_number(to, record->time_ns);
	to = put_number(to, record->period_ns);
	to = put_number(to, record->pid);
	to = put_number(to, record->parent);
	*to++ = record->flags & MP3_FIRST ? 'f' : '-';
	*to++ = record->flags & MP3_LAST ? 'l' : '-';
	*to++ = record->flags & MP3_EXITED ? 'e' : '-';
	*to++ = '\t';
	to = put_number(to, record->minor);
	to = put_number(to, record->major);
	to = put_number(to, record->cpu_ns);
	to = put_number(to, record->rss * page_kb);
	to = put_number(to, record->swap * page_kb);
	to = put_number(to, record->peak_rss * page_kb);
	for (size_t i = 0; i < sizeof(record->name) && record->name[i]; i++)
		to = put_byte(to, record->name[i]);
	*to++ = '\n';
	fwrite(line, 1, to - line, stdout);
}

/* Prints what is there, and no more than a ring of it. Returns the number. */
static size_t print_some(struct ring *ring, struct trace *trace)
{
	uint64_t page_kb = ring->header->page_bytes / 1024;
	struct mp3_record record;
	size_t n = 0;

	while (n < ring->header->capacity && ring_next(ring, &record)) {
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
static size_t follow(struct ring *ring, struct trace *trace)
{
	struct pollfd files[] = {
		{ .fd = ring->device, .events = POLLIN },
		{ .fd = open_signals(), .events = POLLIN },
	};
	size_t total = 0, n;

	do {
		if (poll(files, 2, -1) < 0)
			err(1, "poll");
		n = print_some(ring, trace);
		total += n;
		if (files[0].revents & POLLHUP || files[1].revents)
			continue;
		if (poll(&files[1], 1, PAUSE) < 0)
			err(1, "poll");
	} while (!files[1].revents && (n || !(files[0].revents & POLLHUP)));
	return total + print_some(ring, trace);
}

bool print_records(const char *path, bool following, const char *trace_path)
{
	struct trace *trace = NULL;
	struct ring ring;
	size_t total;

	open_records(&ring, path);
	if (trace_path) {
		trace = trace_open(trace_path);
		trace_begin(trace);
	} else {
		puts("time_ns\tperiod_ns\tpid\tparent\tflags\tminor\tmajor\tcpu_ns\t"
		     "rss_kb\tswap_kb\tpeak_rss_kb\tcommand");
	}
	total = following ? follow(&ring, trace) : print_some(&ring, trace);
	if (trace)
		trace_close(trace);
	if (fclose(stdout))
		err(1, "standard output");
	fprintf(stderr, "monitor: %zu records\n", total);
	if (ring.missed)
		warnx("%" PRIu64 " records were overwritten before they were read",
		      ring.missed);
	return !ring.missed;
}
