// SPDX-License-Identifier: GPL-2.0
/*
 * Rows and records for programs: CSV, or another separator, and JSON, an object a line.
 * The names of the fields are told by monitor(1), and stay.
 */
#include <inttypes.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "monitor.h"

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
	char text[4] = "";

	for (; *name; name++)
		fwrite(text, 1, put_byte(text, *name) - text, output);
}

/* Puts a number there. Returns the end. */
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
	return to + length;
}

static char *put_word(char *to, const char *word)
{
	size_t length = strlen(word);

	memcpy(to, word, length);
	return to + length;
}

/* Puts a name of @size bytes at most there, in quotes if the format wants them. */
static char *put_text(char *to, const struct form *form, const char *name, size_t size)
{
	size_t length = strnlen(name, size);
	bool json = form->format == JSON;
	/* The TSV of records has never had quotes. */
	bool quoted = json || (form->format == SEPARATED &&
			       (memchr(name, form->separator, length) || memchr(name, '"', length)));

	if (quoted)
		*to++ = '"';
	for (size_t i = 0; i < length; i++) {
		char *begin = to;

		if (quoted && name[i] == '"')
			*to++ = json ? '\\' : '"';
		to = put_byte(to, name[i]);
		if (json && *begin == '\\' && to - begin == 4) {
			memmove(begin + 1, begin, 4);
			to++;
		}
	}
	if (quoted)
		*to++ = '"';
	return to;
}

/* Puts there what comes before a field's value. */
static char *put_lead(char *to, const struct form *form, const char *name, bool first)
{
	if (form->format != JSON) {
		if (!first)
			*to++ = form->separator;
		return to;
	}
	to = put_word(to, first ? "{\"" : ",\"");
	to = put_word(to, name);
	return put_word(to, "\":");
}

/* ----- records ----- */

static const char *const record_columns[] = {
	"time_ns", "period_ns", "pid", "parent", "flags", "minor", "major", "cpu_ns",
	"rss_kb", "swap_kb", "peak_rss_kb", "command",
};

#define RECORD_COLUMNS	(sizeof(record_columns) / sizeof(*record_columns))
#define FLAGS	4		/* the place of what is no number */

void print_record_header(const struct form *form)
{
	if (form->format == JSON)
		return;
	for (size_t i = 0; i < RECORD_COLUMNS; i++)
		fprintf(form->output, "%s%c", record_columns[i],
			i + 1 < RECORD_COLUMNS ? form->separator : '\n');
}

/*
 * With printf(3) this would take six times as long, and a monitor that follows
 * would take more from the processes than all the rest of the profiler.
 */
void print_record(const struct form *form, const struct mp3_record *record, uint64_t page_kb)
{
	const uint64_t numbers[RECORD_COLUMNS] = {
		record->time_ns, record->period_ns, record->pid, record->parent, 0,
		record->minor, record->major, record->cpu_ns, record->rss * page_kb,
		record->swap * page_kb, record->peak_rss * page_kb,
	};
	const char flags[] = {
		record->flags & MP3_FIRST ? 'f' : '-', record->flags & MP3_LAST ? 'l' : '-',
		record->flags & MP3_EXITED ? 'e' : '-', '\0',
	};
	char line[600];		/* ten numbers of 20 digits, their names, a name of 5 bytes each */
	char *to = line;

	for (size_t i = 0; i < RECORD_COLUMNS; i++) {
		to = put_lead(to, form, record_columns[i], !i);
		if (i == FLAGS)
			to = put_text(to, form, flags, sizeof(flags));
		else if (i == RECORD_COLUMNS - 1)
			to = put_text(to, form, record->name, sizeof(record->name));
		else
			to = put_number(to, numbers[i]);
	}
	if (form->format == JSON)
		*to++ = '}';
	*to++ = '\n';
	fwrite(line, 1, to - line, form->output);
}

/* ----- rows ----- */

/* What a field is, and how it is written. */
enum field { WORD, SECONDS, ID, COUNT, RATE, CPU_SECONDS, CPU_PERCENT, PAGES, NAME };

static const struct {
	const char *name;
	enum field field;
	size_t at;		/* where its source is in the row */
} row_columns[] = {
	{ "kind", WORD, offsetof(struct row, kind) },
	{ "time_s", SECONDS, offsetof(struct row, time_s) },
	{ "period_s", SECONDS, offsetof(struct row, period_s) },
	{ "pid", ID, offsetof(struct row, pid) },
	{ "parent", ID, offsetof(struct row, parent) },
	{ "processes", COUNT, offsetof(struct row, processes) },
	{ "minor", COUNT, offsetof(struct row, minor) },
	{ "major", COUNT, offsetof(struct row, major) },
	{ "minor_per_s", RATE, offsetof(struct row, minor) },
	{ "major_per_s", RATE, offsetof(struct row, major) },
	{ "cpu_s", CPU_SECONDS, offsetof(struct row, cpu_ns) },
	{ "cpu_percent", CPU_PERCENT, offsetof(struct row, cpu_ns) },
	{ "rss_kb", PAGES, offsetof(struct row, rss) },
	{ "swap_kb", PAGES, offsetof(struct row, swap) },
	{ "peak_rss_kb", PAGES, offsetof(struct row, peak_rss) },
	{ "peak_swap_kb", PAGES, offsetof(struct row, peak_swap) },
	{ "command", NAME, offsetof(struct row, name) },
};

#define ROW_COLUMNS	(sizeof(row_columns) / sizeof(*row_columns))

/* The total of many has no PID and no name. */
static bool applies(const struct row *row, enum field field)
{
	return field == ID ? row->pid : field != NAME || *row->name;
}

static char *put_field(char *to, const struct form *form, const struct row *row, size_t column,
		       uint64_t page_kb)
{
	const void *at = (const char *)row + row_columns[column].at;
	enum field field = row_columns[column].field;
	uint64_t count = field >= COUNT && field < NAME ? *(const uint64_t *)at : 0;
	double rate = row->period_s > 0 ? count / row->period_s : 0;

	switch (field) {
	case WORD:
		return put_text(to, form, *(const char *const *)at, 32);
	case SECONDS:
		return to + sprintf(to, "%.3f", *(const double *)at);
	case ID:
		return put_number(to, *(const uint32_t *)at);
	case COUNT:
		return put_number(to, count);
	case RATE:
		return to + sprintf(to, "%.1f", rate);
	case CPU_SECONDS:
		return to + sprintf(to, "%.6f", count / 1e9);
	case CPU_PERCENT:
		return to + sprintf(to, "%.2f", rate / 1e7);
	case PAGES:
		return put_number(to, count * page_kb);
	case NAME:
		break;
	}
	return put_text(to, form, row->name, sizeof(row->name));
}

void print_row(struct form *form, const struct row *row, uint64_t page_kb)
{
	char line[1024], *to = line;

	if (!form->begun && form->format != JSON)
		for (size_t i = 0; i < ROW_COLUMNS; i++)
			fprintf(form->output, "%s%c", row_columns[i].name,
				i + 1 < ROW_COLUMNS ? form->separator : '\n');
	form->begun = true;
	for (size_t i = 0; i < ROW_COLUMNS; i++) {
		bool there = applies(row, row_columns[i].field);

		/* What does not apply is an empty field, or none. */
		if (there || form->format != JSON)
			to = put_lead(to, form, row_columns[i].name, !i);
		if (there)
			to = put_field(to, form, row, i, page_kb);
	}
	if (form->format == JSON)
		*to++ = '}';
	*to++ = '\n';
	fwrite(line, 1, to - line, form->output);
}

unsigned columns_of(FILE *output, unsigned *lines)
{
	struct winsize size;

	if (ioctl(fileno(output), TIOCGWINSZ, &size) || !size.ws_col)
		return 0;
	if (lines)
		*lines = size.ws_row;
	return size.ws_col;
}
