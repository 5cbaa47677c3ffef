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
#include <linux/mutex.h>
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
 * @by_age:	its place in mp3_processes
 * @by_pid:	its place among those with the same hash of @pid
 * @pid:	the process's identity, a reference is held
 * @leader:	who led the thread group at registration, a reference is held.
 *		It may long be dead; it pins the signal_struct of the group.
 * @first:	the process's counts when it was registered
 * @last:	the same at the last sample
 */
struct mp3_process {
	struct list_head by_age;
	struct hlist_node by_pid;
	struct pid *pid;
	struct task_struct *leader;
	struct mp3_counts first;
	struct mp3_counts last;
};

/* registry.c */
extern struct mutex mp3_registry_lock;
extern struct list_head mp3_processes;
int mp3_register(struct file *file, pid_t nr);
int mp3_unregister(struct file *file, pid_t nr);
bool mp3_nothing_registered(void);
void mp3_collect(struct mp3_counts *sum);
void mp3_registry_clear(void);

/* sampler.c */
int mp3_sampler_init(void);
void mp3_sampler_exit(void);
void mp3_sampler_start(void);
void mp3_sampler_finish(void);

/* buffer.c */
int mp3_buffer_init(void);
void mp3_buffer_exit(void);
void mp3_buffer_write(const struct mp3_sample *sample);
void mp3_buffer_expect(bool more);

/* status.c */
int mp3_status_init(void);
void mp3_status_exit(void);

#endif
