/* SPDX-License-Identifier: GPL-2.0 */
/*
 * text - tables, read line by line
 *
 * Where a file is not as expected, the program ends with status 1 and one line that
 * names the file and the line. The functions that take something take it from *@at,
 * move that behind it, and return false if it is not there.
 */
#ifndef TEXT_H
#define TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

/* A text file and the line of it that was read last. */
struct text {
	const char *path;
	FILE *file;
	char *line;
	size_t room;
	unsigned long number;
};

struct text open_text(const char *path);

/* Reads the next line. At the end of the file, closes it and returns false. */
bool next_line(struct text *text);

/* Ends the program: the line is not what is @expected. */
_Noreturn void malformed(const struct text *text, const char *expected);

/* Takes @word. */
bool skip(const char **at, const char *word);

/* Takes @word and the number behind it, without a sign. */
bool number(const char **at, const char *word, unsigned long *value);

/* The same for a decimal fraction. */
bool fraction(const char **at, const char *word, double *value);

/* The same; or @none, and then the value is nan. */
bool fraction_or(const char **at, const char *word, const char *none, double *value);

/* The same for one of @letters. */
bool letter(const char **at, const char *word, const char *letters, char *value);

/* Takes @word and the printable characters behind it, up to a tab or @room with its end. */
bool words(const char **at, const char *word, char *value, size_t room);

/*
 * Makes room for one element more in an array of @nr, which has grown and may have shrunk
 * one by one, or is NULL when it is empty; the array may have moved.
 */
void *grow(void *array, size_t nr, size_t size);

/* A string that printf(3) would print, to be freed. */
char *formatted(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* A number that was given on the command line; ends the program with 2 if it is none. */
unsigned long parse_argument(const char *what, const char *text,
			     unsigned long min, unsigned long max);

/* What was printed counts once it has been written. Returns 0. */
int finish(void);

#endif
