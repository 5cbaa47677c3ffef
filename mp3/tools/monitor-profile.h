/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Whose records are read, and what they add up to. monitor.h says which file is which.
 */
#ifndef MONITOR_PROFILE_H
#define MONITOR_PROFILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/types.h>

#include "../mp3.h"
#include "ring.h"

/* ----- sums: monitor-sums.c ----- */

/**
 * struct process - what the records of a process add up to
 * @pid, @parent, @name: as in its last record
 * @begin_ns:	when its first record's period began
 * @end_ns:	time of its last record, 0 before the first
 * @minor, @major, @cpu_ns: sums
 * @rss, @swap:	as in its last record that was not of a dead process, in pages
 * @peak_rss, @peak_swap: the largest seen, in pages
 * @flags:	those of all its records
 * @from:	sequence of the first record that counts
 * @since_ns:	when it was attached to, 0 if it was not, but forked by one that was
 * @hidden:	it is not shown
 * @next:	the process that appeared after it
 * @below:	the next in its bucket
 * @view:	for whoever shows it, see process_view()
 */
struct process {
	uint32_t pid;
	uint32_t parent;
	char name[MP3_NAME_BYTES];
	uint64_t begin_ns;
	uint64_t end_ns;
	uint64_t minor;
	uint64_t major;
	uint64_t cpu_ns;
	uint64_t rss;
	uint64_t swap;
	uint64_t peak_rss;
	uint64_t peak_swap;
	uint32_t flags;
	uint64_t from;
	uint64_t since_ns;
	bool hidden;
	struct process *next;
	struct process *below;
	void *view;
};

/**
 * struct processes - all that have been seen, in the order of appearance
 * @first, @last: of the list, NULL if it is empty
 * @number:	in the list
 * @alive:	of them, those whose last record has not been seen
 * @buckets, @nr_buckets: the same by PID, hashed; the newest of a PID comes first
 */
struct processes {
	struct process *first;
	struct process *last;
	size_t number;
	size_t alive;
	struct process **buckets;
	size_t nr_buckets;
};

/**
 * processes_add - add a record to its process
 *
 * A record with MP3_FIRST begins a new process, even if its PID has been seen.
 *
 * Return: the process
 */
struct process *processes_add(struct processes *processes,
			      const struct mp3_record *record);

/**
 * processes_expect - records of this process will come
 * @from:	sequence of the first that counts
 * @since_ns:	now, before it was attached to
 */
struct process *processes_expect(struct processes *processes, uint32_t pid, uint64_t from,
				 uint64_t since_ns);

/**
 * processes_add_own - add a record, if it is of a process that is expected, or of one that
 *	these have forked since
 *
 * Return: the process, or NULL if the record is of what others have registered
 */
struct process *processes_add_own(struct processes *processes,
				  const struct mp3_record *record);

/**
 * process_view - @view, zeros at first, of so many bytes
 */
void *process_view(struct process *process, size_t size);

/**
 * processes_forget - free those that have ended, and were last heard of before @ns
 */
void processes_forget(struct processes *processes, uint64_t ns);

/**
 * processes_find - the newest process of this PID, or NULL
 */
struct process *processes_find(const struct processes *processes, uint32_t pid);

/* ----- who: monitor-who.c ----- */

/**
 * struct who - which processes
 * @pids, @nr_pids: these; or else
 * @everybody:	all but monitor itself; or else those with all of
 * @names:	one of these names, with commas between them; or NULL
 * @user:	this effective user, if @of_user
 * @cgroup:	this cgroup, or one below; or NULL
 * @tree:	and what they have forked, and will fork
 */
struct who {
	pid_t *pids;
	size_t nr_pids;
	bool everybody;
	const char *names;
	bool of_user;
	uid_t user;
	const char *cgroup;
	bool tree;
};

/**
 * who_parse_pids - whether it is PID[,PID...], which are then added
 */
bool who_parse_pids(struct who *who, const char *list);

/**
 * who_is_given - whether any processes are named
 */
bool who_is_given(const struct who *who);

/**
 * who_describe - who they are, in words
 */
void who_describe(const struct who *who, char *title, size_t size);

/**
 * struct found - a process that is there
 * @chosen:	it is one of those that are meant
 */
struct found {
	pid_t pid;
	pid_t parent;
	bool chosen;
};

/**
 * who_find - those that are there now
 * @found:	set to them, from malloc(3), by PID
 */
size_t who_find(const struct who *who, struct found **found);

/* ----- attaching: monitor-attach.c ----- */

/**
 * struct profile - the processes whose records are read
 * @ring:	they are attached to by this
 * @everybody:	whatever is registered, by anybody: nothing is attached to
 * @refused:	that may not be profiled by us, and were not named
 * @left_out:	for which there was no place
 * @missed_children: of the ring, before it began
 * @elsewhere:	PIDs are others here: this is no initial PID namespace
 */
struct profile {
	struct ring ring;
	struct processes processes;
	bool everybody;
	size_t refused;
	size_t left_out;
	uint64_t missed_children;
	bool elsewhere;
};

/**
 * profile_open - of nobody, to be read from the next sample on
 * @path:	the record ring's device, NULL for the usual one
 */
void profile_open(struct profile *profile, const char *path);

/**
 * profile_attach - profile a process
 * @tree:	and what it will fork
 *
 * Return: its place in the sums; or NULL, and errno says why not
 */
struct process *profile_attach(struct profile *profile, pid_t pid, bool tree);

/**
 * profile_attach_who - profile these, and with @who->tree the tree that is there
 * @read:	is called with @reader now and then, to read the records meanwhile: ten thousand
 *		processes fill a ring in a second
 *
 * Ends the program if there is none of them.
 */
void profile_attach_who(struct profile *profile, const struct who *who,
			void (*read)(void *reader), void *reader);

/* ----- watching: monitor-watch.c ----- */

struct form;

/**
 * struct watch - what is done with the records of a profile
 * @profile:	of whom
 * @trace:	written to it, or NULL
 * @intervals:	printed in tables, or NULL
 * @records:	printed as they are, or NULL
 * @nr_records:	how many were ours
 * @forgetting:	no sums are wanted of processes that have ended
 * @pause:	ms between two looks at the ring
 */
struct watch {
	struct profile profile;
	struct trace *trace;
	struct intervals *intervals;
	const struct form *records;
	size_t nr_records;
	bool forgetting;
	int pause;
};

#define WATCH_NOTHING	{ .pause = 50 }

/**
 * watch_read - read what there is
 *
 * Return: milliseconds until it should be looked again
 */
int watch_read(struct watch *watch);

/**
 * watch_until - read until all have ended, a signal, or the end of the time
 * @duration_ns: 0: no end
 */
void watch_until(struct watch *watch, uint64_t duration_ns);

/**
 * watch_finish - read one sample more, so that all until now has come
 * @over:	and go on until this says so, for two seconds at most; or NULL
 */
void watch_finish(struct watch *watch, bool (*over)(const struct profile *profile));

#endif
