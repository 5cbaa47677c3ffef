// SPDX-License-Identifier: GPL-2.0
/*
 * Attaching to processes: they are registered as long as the ring is open here, or until
 * they end.
 */
#include <err.h>
#include <errno.h>
#include <stdlib.h>

#include "monitor.h"

#define BATCH	256	/* processes that are attached to before the records are read */
#define PASSES	100	/* through /proc, if processes are forked faster than they are found */

void profile_open(struct profile *profile, const char *path)
{
	*profile = (struct profile){ .everybody = false };
	open_records(&profile->ring, path);
	ring_skip(&profile->ring);
	profile->missed_children = profile->ring.header->missed_children;
}

struct process *profile_attach(struct profile *profile, pid_t pid, bool tree)
{
	struct mp3_attach attach = { .pid = pid, .flags = tree ? MP3_TREE : 0 };
	uint64_t now = profiler_now_ns();

	if (!ring_attach(&profile->ring, &attach))
		return NULL;
	profile->elsewhere |= attach.id != (uint32_t)pid;
	return processes_expect(&profile->processes, attach.id, attach.sequence, now);
}

/* Attaches to one of those that were found. Returns whether it is new. */
static bool attach_found(struct profile *profile, const struct who *who, pid_t pid)
{
	if (profile_attach(profile, pid, who->tree))
		return true;
	switch (errno) {
	case EEXIST:	/* it has been forked by one of them since */
	case ESRCH:	/* it has ended since */
		break;
	case EPERM:
		profile->refused++;
		break;
	case ENOSPC:
	case EDQUOT:
		profile->left_out++;
		break;
	case EUSERS:
		err(failure, "too many profilers are attached");
	case ENOTTY:
		errx(failure, "the loaded module is older than this monitor, and cannot attach");
	default:
		err(failure, "cannot attach to process %d", pid);
	}
	return false;
}

/* Each PID that is named must be there. */
static void attach_named(struct profile *profile, const struct who *who)
{
	for (size_t i = 0; i < who->nr_pids; i++) {
		if (profile_attach(profile, who->pids[i], who->tree) || errno == EEXIST)
			continue;
		if (errno == ENOTTY)
			errx(failure, "the loaded module is older than this monitor, and cannot attach");
		err(failure, errno == EPERM ? "process %d is somebody else's" :
		    "cannot attach to process %d", who->pids[i]);
	}
}

/* The records do not tell who has forked those that were there before. */
static void set_parents(struct profile *profile, const struct found *found, size_t number)
{
	struct process *process;

	for (size_t i = 0; i < number && !profile->elsewhere; i++) {
		process = processes_find(&profile->processes, found[i].pid);
		if (process && process->since_ns &&
		    processes_find(&profile->processes, found[i].parent))
			process->parent = found[i].parent;
	}
}

void profile_attach_who(struct profile *profile, const struct who *who,
			void (*read)(void *reader), void *reader)
{
	size_t attached = 0, new, n;
	char words[256] = "";
	struct found *found;

	if (who->nr_pids)
		attach_named(profile, who);
	if (who->nr_pids && !who->tree)
		return;
	/*
	 * What is forked by one that is attached to is registered by that. So a pass that
	 * finds nobody new has found all.
	 */
	for (int pass = 0; pass < PASSES; pass++) {
		profile->refused = profile->left_out = new = 0;
		n = who_find(who, &found);
		for (size_t i = 0; i < n; i++) {
			new += attach_found(profile, who, found[i].pid);
			if (i % BATCH == BATCH - 1)
				read(reader);
		}
		set_parents(profile, found, n);
		free(found);
		attached += new;
		if (!new)
			break;
	}
	who_describe(who, words, sizeof(words));
	if (!attached && !who->nr_pids)
		errx(failure, profile->refused ? "%s: all of them are somebody else's" :
		     profile->left_out ? "%s: the profiler's table is full" : "%s: there are none",
		     words);
	if (profile->left_out)
		warnx("%zu processes are left out: the profiler's table, or your part of it, is full",
		      profile->left_out);
}
