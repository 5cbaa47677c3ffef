// SPDX-License-Identifier: GPL-2.0
/*
 * axes - reads where a run belongs out of its path and its meta.tsv; axes.h has the
 * contracts.
 */
#define _GNU_SOURCE	/* memrchr */
#include <err.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "axes.h"
#include "text.h"

const char *const axis_names[NR_AXES] = {
	"machine", "kernel", "memory", "swap", "seed", "knobs", "case", "argument",
};

static char *copy(const char *begin, size_t length)
{
	char *text = strndup(begin, length);

	if (!text)
		err(1, NULL);
	return text;
}

/* Where the last component of a path of this length begins. */
static size_t last_component(const char *path, size_t length)
{
	while (length > 0 && path[length - 1] != '/')
		length--;
	return length;
}

struct meta read_beside(const char *prefix, const char *file)
{
	int directory = last_component(prefix, strlen(prefix));
	struct meta meta = { .path = formatted("%.*s%s", directory, prefix, file) };
	struct text text = open_text(meta.path);

	while (next_line(&text)) {
		size_t key = strcspn(text.line, "\t\n"), value = strcspn(text.line, "\n");
		struct entry entry;

		if (text.line[key] != '\t' || text.line[value] != '\n')
			malformed(&text, "a key, a tab and a value");
		entry.key = copy(text.line, key);
		entry.value = copy(text.line + key + 1, value - key - 1);
		meta.entries = grow(meta.entries, meta.nr, sizeof(entry));
		meta.entries[meta.nr++] = entry;
	}
	return meta;
}

struct meta read_meta(const char *prefix)
{
	return read_beside(prefix, "meta.tsv");
}

const char *meta_value(const struct meta *meta, const char *key)
{
	for (size_t i = 0; i < meta->nr; i++)
		if (!strcmp(meta->entries[i].key, key))
			return meta->entries[i].value;
	errx(1, "%s: no row %s", meta->path, key);
}

static bool is_number(const char *begin, const char *end)
{
	for (const char *at = begin; at < end; at++)
		if (*at < '0' || *at > '9')
			return false;
	return begin < end;
}

/* The last "-" before @end that is not before @begin, or NULL. */
static const char *last_dash(const char *begin, const char *end)
{
	return memrchr(begin, '-', end - begin);
}

/*
 * MACHINE-KERNEL-MEMORY-SWAP-SEED, from the right: kernel and swap may have a "-". So the
 * memory is the last number before the swap.
 */
static bool parse_row(const char *begin, const char *end, struct axes *axes)
{
	const char *kernel = memchr(begin, '-', end - begin);
	const char *seed = last_dash(begin, end);
	const char *swap, *memory;

	if (!kernel || kernel == begin || !is_number(seed + 1, end))
		return false;
	swap = last_dash(begin, seed);
	do {
		if (!swap || swap <= kernel)
			return false;
		memory = last_dash(begin, swap);
		if (!memory || memory <= kernel + 1)
			return false;
		if (is_number(memory + 1, swap) || (swap - memory == 4 && !memcmp(memory + 1, "all", 3)))
			break;	/* MiB, or a host's, which has all of its own */
		swap = memory;
	} while (true);
	if (swap + 1 >= seed)
		return false;
	axes->values[MACHINE] = copy(begin, kernel - begin);
	axes->values[KERNEL] = copy(kernel + 1, memory - kernel - 1);
	axes->values[MEMORY] = copy(memory + 1, swap - memory - 1);
	axes->values[SWAP] = copy(swap + 1, seed - swap - 1);
	axes->values[SEED] = copy(seed + 1, end - seed - 1);
	return true;
}

/* The last word of a command, in the quotes of a shell or without. */
static char *last_word(const char *command)
{
	const char *end = command + strlen(command), *begin;

	if (end > command && end[-1] == '\'')
		end--;
	for (begin = end; begin > command && begin[-1] != ' ' && begin[-1] != '\''; )
		begin--;
	return copy(begin, end - begin);
}

static void parse_case(const char *begin, size_t length, const struct meta *meta, struct axes *axes)
{
	char *word = last_word(meta_value(meta, "command"));
	size_t argument = strlen(word);

	if (argument && argument + 1 < length && begin[length - argument - 1] == '-' &&
	    !strncmp(begin + length - argument, word, argument)) {
		axes->values[CASE] = copy(begin, length - argument - 1);
		axes->values[ARGUMENT] = word;
		return;
	}
	free(word);
	axes->values[CASE] = copy(begin, length);
	axes->values[ARGUMENT] = copy("-", 1);
}

struct axes axes_of(const char *prefix, const struct meta *meta)
{
	size_t name = last_component(prefix, strlen(prefix));
	size_t row = name ? last_component(prefix, name - 1) : 0;
	size_t place = row ? last_component(prefix, row - 1) : 0;
	const char *begin = prefix + place, *end = row ? prefix + row - 1 : begin, *knobs = begin;
	struct axes axes = { .name = prefix + name };

	/* A kernel may have a "+" in its name, before those of the knobs. */
	do {
		knobs = memchr(knobs, '+', end - knobs);
		if (parse_row(begin, knobs ? knobs : end, &axes)) {
			axes.values[KNOBS] = knobs ? copy(knobs + 1, end - knobs - 1) : copy("-", 1);
			parse_case(prefix + row, name - 1 - row, meta, &axes);
			return axes;
		}
	} while (knobs++);
	errx(1, "%s: expected .../MACHINE-KERNEL-MEMORY-SWAP-SEED[+KNOB...]/CASE[-ARGUMENT]/NAME",
	     prefix);
}

bool same_axes(const struct axes *one, const struct axes *other, unsigned int but)
{
	for (unsigned int i = 0; i < NR_AXES; i++)
		if (!(but & 1u << i) && strcmp(one->values[i], other->values[i]))
			return false;
	return true;
}

void free_meta(struct meta *meta)
{
	for (size_t i = 0; i < meta->nr; i++) {
		free(meta->entries[i].key);
		free(meta->entries[i].value);
	}
	free(meta->entries);
	free(meta->path);
}

void free_axes(struct axes *axes)
{
	for (size_t i = 0; i < NR_AXES; i++)
		free(axes->values[i]);
}
