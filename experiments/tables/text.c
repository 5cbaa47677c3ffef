// SPDX-License-Identifier: GPL-2.0
/*
 * text - tables, read line by line; text.h has the contracts.
 */
#define _GNU_SOURCE	/* vasprintf */
#include <ctype.h>
#include <err.h>
#include <errno.h>
#include <math.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "text.h"

struct text open_text(const char *path)
{
	struct text text = { .path = path, .file = fopen(path, "r") };

	if (!text.file)
		err(1, "%s", path);
	return text;
}

bool next_line(struct text *text)
{
	if (getline(&text->line, &text->room, text->file) >= 0) {
		text->number++;
		return true;
	}
	if (ferror(text->file))
		err(1, "%s", text->path);
	free(text->line);
	fclose(text->file);
	return false;
}

_Noreturn void malformed(const struct text *text, const char *expected)
{
	size_t length = strcspn(text->line, "\n");
	bool whole = text->line[length] == '\n';

	/* What was found may be anything, and a terminal may be listening. */
	for (size_t i = 0; i < length; i++)
		if (!isprint((unsigned char)text->line[i]))
			text->line[i] = '?';
	errx(1, "%s:%lu: expected %s, found \"%.*s\"%s", text->path, text->number,
	     expected, (int)(length < 200 ? length : 200), text->line,
	     whole ? "" : " without an end of line");
}

bool skip(const char **at, const char *word)
{
	size_t length = strlen(word);

	if (strncmp(*at, word, length))
		return false;
	*at += length;
	return true;
}

/* strtoul alone would take a sign. */
bool number(const char **at, const char *word, unsigned long *value)
{
	char *rest;

	if (!skip(at, word) || !isdigit((unsigned char)**at))
		return false;
	errno = 0;
	*value = strtoul(*at, &rest, 10);
	*at = rest;
	return errno == 0;
}

/* strtod alone would not insist on digits. */
bool fraction(const char **at, const char *word, double *value)
{
	char *rest;
	size_t length;

	if (!skip(at, word) || !isdigit((unsigned char)**at))
		return false;
	length = strspn(*at, "0123456789.");
	errno = 0;
	*value = strtod(*at, &rest);
	if (errno || rest != *at + length)
		return false;
	*at = rest;
	return true;
}

bool fraction_or(const char **at, const char *word, const char *none, double *value)
{
	const char *behind = *at;

	*value = NAN;
	if (skip(&behind, word) && skip(&behind, none)) {
		*at = behind;
		return true;
	}
	return fraction(at, word, value);
}

bool letter(const char **at, const char *word, const char *letters, char *value)
{
	if (!skip(at, word) || **at == '\0' || !strchr(letters, **at))
		return false;
	*value = *(*at)++;
	return true;
}

/* In the C locale, these are those of ASCII: a tab is none. */
bool words(const char **at, const char *word, char *value, size_t room)
{
	if (!skip(at, word))
		return false;
	for (; isprint((unsigned char)**at) && room > 1; room--)
		*value++ = *(*at)++;
	*value = '\0';
	return true;
}

void *grow(void *array, size_t nr, size_t size)
{
	/* Doubled when it is full, or each element might cost a copy of all. */
	if (array && nr & (nr - 1))
		return array;
	array = reallocarray(array, nr ? 2 * nr : 1, size);
	if (!array)
		err(1, NULL);
	return array;
}

char *formatted(const char *format, ...)
{
	va_list arguments;
	char *text;

	va_start(arguments, format);
	if (vasprintf(&text, format, arguments) < 0)
		err(1, NULL);
	va_end(arguments);
	return text;
}

int finish(void)
{
	if (ferror(stdout) || fclose(stdout))
		err(1, "standard output");
	return 0;
}

unsigned long parse_argument(const char *what, const char *text,
			     unsigned long min, unsigned long max)
{
	const char *at = text;
	unsigned long value;

	if (!number(&at, "", &value) || *at || value < min || value > max)
		errx(2, "%s: expected %lu to %lu, found \"%s\"", what, min, max, text);
	return value;
}
