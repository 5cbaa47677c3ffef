/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the module's files offer each other.
 *
 * Data flow one way: a process is entered in the registry (by a command to
 * status), the sampler collects from the registry and writes to the buffer.
 */
#ifndef MP3_INTERNAL_H
#define MP3_INTERNAL_H

#include <linux/list.h>
#include <linux/types.h>

#include "mp3.h"

struct file;
struct pid;
struct task_struct;

/**
 * struct mp3_counts - what is counted, of one process or of several
 * @minor:	minor faults
 * @major:	major faults
 * @cpu_ns:	CPU time in user and kernel mode, nanoseconds
 */
struct mp3_counts {
	u64 minor;
	u64 major;
	u64 cpu_ns;
};

/**
 * struct mp3_process - a registered process (thread group)
 * @by_age:	its place in mp3_processes, or among those that have just come
 * @by_pid:	its place among those with the same hash of @pid, or among the
 *		unused
 * @pid:	the process's identity, a reference is held
 * @leader:	who led the thread group at registration, a reference is held.
 *		It may long be dead; it pins the signal_struct of the group.
 * @first:	the process's counts when it was registered
 * @last:	the same at its last record, or when it was registered
 * @last_ns:	when that was, CLOCK_MONOTONIC
 * @parent:	see struct mp3_record
 * @recorded:	whether it has left a record
 * @tree:	whether the children that it forks are to be registered
 */
struct mp3_process {
	struct list_head by_age;
	struct hlist_node by_pid;
	struct pid *pid;
	struct task_struct *leader;
	struct mp3_counts first;
	struct mp3_counts last;
	u64 last_ns;
	u32 parent;
	bool recorded;
	bool tree;
};

/* registry.c */
extern struct list_head mp3_processes;
int mp3_registry_init(void);
void mp3_registry_exit(void);
void mp3_registry_lock(void);
void mp3_registry_unlock(void);
int mp3_register(struct file *file, pid_t nr, bool tree);
int mp3_unregister(struct file *file, pid_t nr);
bool mp3_nothing_registered(void);
void mp3_collect(u64 now, struct mp3_counts *sum);

/* sampler.c */
int mp3_sampler_init(void);
void mp3_sampler_exit(void);
void mp3_sampler_start(void);
void mp3_sampler_finish(void);

/* buffer.c */
int mp3_buffer_init(void);
void mp3_buffer_exit(void);
void mp3_buffer_write(const struct mp3_sample *sample);
void mp3_buffer_record(struct mp3_record *record);
void mp3_buffer_missed_child(void);
void mp3_buffer_expect(bool more);

/* status.c */
int mp3_status_init(void);
void mp3_status_exit(void);

#endif
