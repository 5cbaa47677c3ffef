/* SPDX-License-Identifier: GPL-2.0 WITH Linux-syscall-note */
/*
 * What the virtual memory profiler and its users agree on.
 *
 * This is the whole ABI: the grammar of /proc/mp3/status and the layouts of
 * the mapped profile buffer and of the mapped record ring. It is included by
 * the module and by user space.
 *
 * Talking to the profiler
 * -----------------------
 * MP3_STATUS, mode 0666. One command a write(2), an optional newline behind it:
 *
 *	R <PID>		register the process
 *	T <PID>		register it with its tree: every process that it forks from
 *			now on is registered in the same way, and so its children
 *	U <PID>		unregister it; its children stay registered
 *
 * PID is a decimal number: a process (thread group) in the PID namespace of
 * the writer. A command is carried out whole, or it fails and changes nothing:
 *
 *	EINVAL	an unknown command, or malformed or oversized text
 *	ESRCH	no such process
 *	EEXIST	R, T: it is registered already
 *	ENOENT	U: it is not registered
 *	EPERM	somebody else's process, and no CAP_SYS_PTRACE
 *	ENOSPC	R, T: as many processes are registered as max_processes allows
 *	EOPNOTSUPP T: this kernel does not say when a process forks
 *
 * A child that is forked when ENOSPC would be said is not registered; it is
 * counted in the missed_children of the record ring. A process that dies is
 * unregistered by that. One that executes another program is still the same.
 *
 * Reading gives a line a process, in the order of registration: its PID in
 * the reader's PID namespace, then minor faults, major faults and CPU
 * nanoseconds from its registration to the last sample.
 *
 *	<PID> <minor> <major> <cpu_ns>
 *
 * The profile buffer
 * ------------------
 * The character device "mp3" (its major is in /proc/devices), minor 0, which
 * is also MP3_DEVICE. Map MP3_BUFFER_PAGES pages, shared, from offset 0. They
 * hold a ring of MP3_SAMPLES struct mp3_sample; behind it lies unused space
 * that stays MP3_EMPTY. Every word is MP3_EMPTY when the module is loaded.
 *
 * The module fills the slots in order, round and round. It empties a slot's
 * jiffies first, then writes the other words, then jiffies with release
 * semantics; so a reader that loads jiffies with acquire semantics, then the
 * other words, then finds jiffies unchanged, has one whole sample. It takes
 * the sample by storing MP3_EMPTY over it, jiffies first (by compare and
 * exchange, lest it take a newer sample than it read). What nobody takes is
 * overwritten after MP3_SAMPLES further samples. The module never reads the
 * buffer: whatever is stored in it, no more than the data is spoilt.
 *
 * poll(2) says POLLIN when a sample has been written since this open file was
 * last polled, and POLLHUP while no process is registered, which means that
 * no sample will come before the next registration.
 *
 * The record ring
 * ---------------
 * Minor 1 of the same device, also MP3_RECORDS. It can only be opened for
 * reading. Map it, shared, from offset 0: first a struct mp3_records, whose
 * header_bytes say where the records begin and whose capacity how many there
 * are, record_bytes apart. Record n is in slot n modulo capacity.
 *
 * Each sample leaves one record of each registered process, and a process that
 * is unregistered leaves one at once. They become visible together: head, which
 * is stored with release semantics, moves when a sample is whole. A process's
 * records join on to each other from its registration to its end, and the sum of
 * all records that one move of head uncovers is the sample in the profile buffer.
 *
 * Nothing is taken out of the ring and any number of readers may read it; each
 * keeps its own place. To read record n, n < head: load its sequence with acquire
 * semantics, then the other words, then find the sequence unchanged. If it was not
 * n either time, the writer has come round and has overtaken this reader, and
 * what is not yet overwritten begins at head - capacity, or behind it by as many
 * records as the sample being written has by now.
 *
 * poll(2) behaves as it does for the profile buffer.
 */
#ifndef MP3_H
#define MP3_H

#include <linux/types.h>

#define MP3_STATUS		"/proc/mp3/status"
#define MP3_DEVICE		"/dev/mp3"
#define MP3_NAME		"mp3"	/* in /proc/devices and /sys/class */

#define MP3_RATE		20	/* samples a second */
#define MP3_SAMPLES		12000	/* in the ring: ten minutes */
#define MP3_BUFFER_PAGES	128	/* of 4096 bytes, to be mapped */
#define MP3_BUFFER_BYTES	(MP3_BUFFER_PAGES * 4096UL)
#define MP3_EMPTY		(~0UL)	/* -1: nothing is here */

#define MP3_RECORDS		"/dev/mp3-records"
#define MP3_RECORDS_NAME	"mp3-records"
#define MP3_RECORDS_MAGIC	0x6d703372U	/* "mp3r", where it is big-endian */
#define MP3_RECORDS_VERSION	1
#define MP3_RECORDS_HEADER	4096	/* bytes before the first record */
#define MP3_NO_SEQUENCE		(~0ULL)	/* of a record that is being written */
#define MP3_NAME_BYTES		16	/* of a program's name, with its NUL */

/**
 * struct mp3_sample - one sample period, summed over all registered processes
 * @jiffies:	kernel time at the end of the period, in ticks of 1/CONFIG_HZ s
 * @minor:	minor faults in the period
 * @major:	major faults in the period
 * @utilization: CPU time used in the period, in hundredths of a percent of
 *		one CPU: 10000 is one CPU busy for the whole period
 *
 * A period begins at the previous sample, or at the first registration, and
 * lasts 1/MP3_RATE s; longer when the sample is late, shorter when the one
 * before was, or when the last process has been unregistered, which ends it.
 */
struct mp3_sample {
	unsigned long jiffies;
	unsigned long minor;
	unsigned long major;
	unsigned long utilization;
};

/**
 * struct mp3_records - what the record ring begins with
 * @magic:	MP3_RECORDS_MAGIC
 * @version:	MP3_RECORDS_VERSION; another one means another layout
 * @header_bytes: where the first record begins
 * @record_bytes: from a record to the next
 * @capacity:	records in the ring
 * @head:	records ever made visible; the only word that changes, but for
 *		@missed_children
 * @period_ns:	from a sample's deadline to the next one's, nanoseconds
 * @clock:	the clock of all times: CLOCK_MONOTONIC
 * @page_bytes:	in a page of memory, the unit of RSS and swap
 * @missed_children: forked by a process registered with its tree, and not
 *		registered, since the table was full
 * @reserved:	0
 *
 * What lies between this and header_bytes is 0.
 */
struct mp3_records {
	__u32 magic;
	__u32 version;
	__u32 header_bytes;
	__u32 record_bytes;
	__u64 capacity;
	__u64 head;
	__u64 period_ns;
	__u32 clock;
	__u32 page_bytes;
	__u64 missed_children;
	__u64 reserved;
};

/* The flags of a record. */
#define MP3_FIRST	1	/* the process's first record since it was registered */
#define MP3_LAST	2	/* its last one: it died or was unregistered */
#define MP3_EXITED	4	/* it died; the counts are final */

/**
 * struct mp3_record - one process in one sample period
 * @sequence:	which record this is, from 0 at load; MP3_NO_SEQUENCE while it is
 *		being written
 * @time_ns:	end of the period, CLOCK_MONOTONIC nanoseconds
 * @period_ns:	its length: since the process's record before this one, or since
 *		its registration
 * @minor:	minor faults in the period
 * @major:	major faults in the period
 * @cpu_ns:	CPU time in the period, in user and kernel mode, nanoseconds. It
 *		is booked at ticks and switches, so up to a tick can show late.
 * @rss:	resident set at the end of the period, in pages; 0 after death
 * @swap:	swapped out at the end of the period, in pages; 0 after death
 * @peak_rss:	the largest resident set of its life so far, in pages; that of
 *		getrusage(2)
 * @pid:	the process, in the initial PID namespace
 * @parent:	the process that forked it, if it was registered for that; 0 for
 *		one that was registered by a command
 * @flags:	MP3_FIRST and so on
 * @reserved:	0
 * @name:	of the program that it runs (its comm), padded with NUL
 */
struct mp3_record {
	__u64 sequence;
	__u64 time_ns;
	__u64 period_ns;
	__u64 minor;
	__u64 major;
	__u64 cpu_ns;
	__u64 rss;
	__u64 swap;
	__u64 peak_rss;
	__u32 pid;
	__u32 parent;
	__u32 flags;
	__u32 reserved;
	char name[MP3_NAME_BYTES];
};

_Static_assert(sizeof(struct mp3_records) == 64, "the layout is fixed");
_Static_assert(sizeof(struct mp3_record) == 104, "the layout is fixed");
_Static_assert(sizeof(struct mp3_sample) == 32, "the ABI is for 64-bit machines");
_Static_assert(MP3_SAMPLES * sizeof(struct mp3_sample) <= MP3_BUFFER_BYTES,
	       "the ring fits its pages");

#endif
