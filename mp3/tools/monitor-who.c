// SPDX-License-Identifier: GPL-2.0
/*
 * Which processes are meant: by their PIDs, or by what /proc says of them.
 */
#include <ctype.h>
#include <dirent.h>
#include <err.h>
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "monitor.h"

struct census {
	struct found *all;
	size_t number;
	size_t room;
};

static bool parse_pid(const char *text, char **end, pid_t *pid)
{
	long number;

	if (!isdigit((unsigned char)*text))
		return false;
	errno = 0;
	number = strtol(text, end, 10);
	*pid = number;
	return !errno && number > 0 && number <= INT_MAX;
}

bool who_parse_pids(struct who *who, const char *list)
{
	char *end;
	pid_t pid;

	for (;; list = end + 1) {
		if (!parse_pid(list, &end, &pid) || (*end && *end != ','))
			return false;
		who->pids = reallocarray(who->pids, who->nr_pids + 1, sizeof(*who->pids));
		if (!who->pids)
			err(failure, "memory for PIDs");
		who->pids[who->nr_pids++] = pid;
		if (!*end)
			return true;
	}
}

bool who_is_given(const struct who *who)
{
	return who->nr_pids || who->everybody || who->names || who->of_user || who->cgroup;
}

void who_describe(const struct who *who, char *title, size_t size)
{
	FILE *memory = fmemopen(title, size, "w");

	if (!memory)
		err(failure, "memory for a title");
	if (who->nr_pids)
		fprintf(memory, "process %d", who->pids[0]);
	for (size_t i = 1; i < who->nr_pids; i++)
		fprintf(memory, ", %d", who->pids[i]);
	if (who->everybody || !who_is_given(who))
		fputs(who->everybody ? "all processes" : "all registered processes", memory);
	if (who->names || who->of_user || who->cgroup)
		fputs("processes", memory);
	if (who->names)
		fprintf(memory, " named %s", who->names);
	if (who->of_user)
		fprintf(memory, " of user %u", who->user);
	if (who->cgroup)
		fprintf(memory, " in cgroup %s", who->cgroup);
	fclose(memory);
	title[size - 1] = '\0';
}

static FILE *open_file_of(pid_t pid, const char *name)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/%s", pid, name);
	return fopen(path, "re");
}

/* Whether the name, of which the kernel keeps 15 bytes, is in the list. */
static bool in_list(const char *name, const char *list)
{
	size_t length;

	for (; ; list += length + 1) {
		length = strcspn(list, ",");
		if (strlen(name) == (length < MP3_NAME_BYTES - 1 ? length : MP3_NAME_BYTES - 1) &&
		    !strncmp(name, list, strlen(name)))
			return true;
		if (!list[length])
			return false;
	}
}

/* Whether this line of /proc/PID/cgroup, hierarchy:controllers:path, is of @cgroup. */
static bool line_in_cgroup(const char *line, const char *cgroup)
{
	const char *path = strchr(line, ':');
	size_t length = strlen(cgroup);

	path = path ? strchr(path + 1, ':') : NULL;
	if (!path)
		return false;
	while (length && cgroup[length - 1] == '/')
		length--;
	return !strncmp(path + 1, cgroup, length) && strchr("/\n", path[1 + length]);
}

static bool in_cgroup(pid_t pid, const char *cgroup)
{
	FILE *file = open_file_of(pid, "cgroup");
	bool found = false;
	char *line = NULL;
	size_t size = 0;

	if (!file)
		return false;
	while (!found && getline(&line, &size, file) > 0)
		found = line_in_cgroup(line, cgroup);
	free(line);
	fclose(file);
	return found;
}

/* Its parent, and whether it is one of those that are meant. False if it is gone. */
static bool look_at(const struct who *who, struct found *found)
{
	FILE *file = open_file_of(found->pid, "status");
	unsigned effective = 0;
	char line[256], name[64] = "";
	int parent = 0;

	if (!file)
		return false;
	while (fgets(line, sizeof(line), file)) {
		sscanf(line, "Name:\t%63[^\n]", name);
		sscanf(line, "PPid: %d", &parent);
		if (sscanf(line, "Uid: %*u %u", &effective))
			break;		/* it comes behind the others */
	}
	fclose(file);
	found->parent = parent;
	found->chosen = !who->nr_pids && found->pid != getpid() &&
			    (!who->names || in_list(name, who->names)) &&
			    (!who->of_user || effective == who->user) &&
			    (!who->cgroup || in_cgroup(found->pid, who->cgroup));
	for (size_t i = 0; i < who->nr_pids; i++)
		found->chosen |= found->pid == who->pids[i];
	return true;
}

static int by_pid(const void *a, const void *b)
{
	const struct found *one = a, *other = b;

	return (one->pid > other->pid) - (one->pid < other->pid);
}

static void take_census(const struct who *who, struct census *census)
{
	DIR *proc = opendir("/proc");
	struct dirent *entry;
	char *end;

	if (!proc)
		err(failure, "/proc");
	while ((entry = readdir(proc))) {
		struct found process = { .pid = 0 };

		if (!parse_pid(entry->d_name, &end, &process.pid) || *end ||
		    !look_at(who, &process))
			continue;
		if (census->number == census->room) {
			census->room = census->room ? 2 * census->room : 256;
			census->all = reallocarray(census->all, census->room,
						   sizeof(*census->all));
			if (!census->all)
				err(failure, "memory for PIDs");
		}
		census->all[census->number++] = process;
	}
	closedir(proc);
	if (census->number)
		qsort(census->all, census->number, sizeof(*census->all), by_pid);
}

/* Chooses those, too, whose parent is chosen, and so on. */
static void choose_trees(struct census *census)
{
	struct found key = { .pid = 0 }, *parent;
	bool more = true;

	/* PIDs rise from parent to child, but where they have come round. */
	while (more) {
		more = false;
		for (size_t i = 0; i < census->number; i++) {
			if (census->all[i].chosen || census->all[i].pid == getpid())
				continue;
			key.pid = census->all[i].parent;
			parent = bsearch(&key, census->all, census->number, sizeof(key), by_pid);
			if (parent && parent->chosen)
				more = census->all[i].chosen = true;
		}
	}
}

size_t who_find(const struct who *who, struct found **found)
{
	struct census census = { .number = 0 };
	size_t n = 0;

	take_census(who, &census);
	if (who->tree)
		choose_trees(&census);
	for (size_t i = 0; i < census.number; i++)
		if (census.all[i].chosen)
			census.all[n++] = census.all[i];
	*found = census.all;
	return n;
}
