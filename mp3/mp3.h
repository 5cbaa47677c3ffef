/* SPDX-License-Identifier: GPL-2.0 WITH Linux-syscall-note */
/*
 * What the virtual memory profiler and its users agree on.
 *
 * This is the whole ABI: the grammar of /proc/mp3/status, the layouts of the mapped
 * profile buffer and of the mapped record ring, and the calls of their devices. It is
 * included by the module and by user space.
 *
 * Who is profiled
 * ---------------
 * A process (thread group) is registered as long as somebody wants it so: whoever wrote
 * R or T to the status file, and each open file of the record ring that is attached to
 * it. The first of them begins its profile, the last one to go ends it; none of them
 * ends it for another. A process that dies is unregistered by that. One that executes
 * another program is still the same.
 *
 * By command: MP3_STATUS, mode 0666. One command a write(2), an optional newline behind
 * it. What it has registered stays so until U, or until it dies:
 *
 *	R <PID>		register the process
 *	T <PID>		register it with its tree: every process that it forks from
 *			now on is registered in the same way, and so its children
 *	U <PID>		undo R or T; its children stay registered
 *
 * PID is a decimal number: a process in the PID namespace of the writer.
 *
 * By an open file of the record ring: ioctl(2) MP3_ATTACH and MP3_DETACH, see struct
 * mp3_attach. What it is attached to is let go of, with the next sample, when the file is
 * closed by the last one who has it open or mapped; also when a profiler is killed.
 *
 * Either is carried out whole, or it fails and changes nothing (but where what it tells
 * cannot be written, EFAULT, the file is attached):
 *
 *	EINVAL	an unknown command, or malformed or oversized text; unknown flags
 *	ESRCH	no such process
 *	EEXIST	R, T: it is registered by command already; attach: by this file
 *	ENOENT	U: it is not registered by command; detach: not by this file
 *	EPERM	somebody else's process, and no CAP_SYS_PTRACE
 *	ENOSPC	the table is full, or what is left of it is reserved
 *	EDQUOT	the user's part of the table is full
 *	ENOMEM	no memory for what is kept of a user
 *	EUSERS	attach: as many files are attached as there can be, or as a user may have
 *	EINTR	a signal came while the caller waited, see below (a system call that restarts,
 *		does)
 *
 * A process is somebody else's unless it is the caller's user and group in each of its
 * roles, real, effective and saved. U and detach never fail with EPERM for what the
 * same user, or the same file, has registered, whatever that process has become since.
 *
 * The table has max_processes places (16384, unless the module is loaded with another
 * number). A user without CAP_SYS_RESOURCE can have half of them. The last 16th of the
 * table is neither for such users, nor for what is forked. Processes in a user
 * namespace count as the user who made the outermost one. A place is the user's who
 * registered the process first, and that of a child its parent's. Whoever is
 * unregistered keeps the place until the next sample: so no sample brings more records
 * than there are places, whatever users do. A user can let go of one living process in
 * 128 places (or 16) in each sample period, on the average; one who has let go of more
 * waits before the next process is registered: so a loop of R and U does not turn the
 * record ring over. Who wants a place that is about to be free waits, too.
 * MP3_ATTACHED_MAX files can be attached at a time, 15 by one such user, 45 by all such
 * users together; a file counts from its first process until it is closed.
 *
 * A child that is forked when ENOSPC or EDQUOT would be said is not registered; it is
 * counted in the missed_children of the record ring. Its own children are not: nobody
 * knows of them.
 *
 * Reading the status file gives a line a process, in the order of registration: its PID
 * in the reader's PID namespace, then minor faults, major faults and CPU nanoseconds from
 * its registration to its last record.
 *
 *	<PID> <minor> <major> <cpu_ns>
 *
 * What is read from offset 0 on is one state of the table, however many read(2) it
 * takes; but the lines can be of two samples if a sample, or a command, came in between
 * each of the twenty times that they were copied. Where /proc is mounted with hidepid=,
 * those processes are listed that who opened the file may register, and no others,
 * unless the reader's group is that of gid=.
 *
 * The profile buffer
 * ------------------
 * The character device "mp3" (its major is in /proc/devices), minor 0, which
 * is also MP3_DEVICE. Map MP3_BUFFER_PAGES pages, of whatever size this machine's pages
 * have, shared, from offset 0. They hold a ring of MP3_SAMPLES struct mp3_sample;
 * behind it lies unused space that stays MP3_EMPTY. Every word is MP3_EMPTY when the
 * module is loaded.
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
 * Samples come MP3_RATE times a second, and one at once when a command, or a detach, has
 * left nobody registered; but of those no more than MP3_RATE in a second on the average, and
 * as many in a row: what is beyond that comes when it is due. So nobody can turn the ring
 * over faster than in five minutes.
 *
 * The record ring
 * ---------------
 * Minor 1 of the same device, also MP3_RECORDS. It can only be opened for
 * reading. Map it, shared, from offset 0: first a struct mp3_records, whose
 * header_bytes say where the records begin and whose capacity how many there
 * are, record_bytes apart. Record n is in slot n modulo capacity.
 *
 * Each sample leaves one record of each registered process. A process leaves another
 * one when a file attaches to it that is not the first to want it, or detaches and is
 * not the last, so that each has whole records; and its last one when it is
 * unregistered. They become visible together: head, which is stored with release
 * semantics, moves when a sample is whole. A process's records join on to each other
 * from its registration to its end. The faults of all records that one move of head
 * uncovers add up to the sample in the profile buffer; so does their CPU time but for
 * what a sample leaves to the next one, see struct mp3_sample.
 *
 * Nothing is taken out of the ring and any number of readers may read it; each keeps
 * its own place. The ring holds capacity / registered processes samples, and never
 * fewer than capacity / max_processes: with the defaults and a full table, 11 whole
 * samples, a little more than half a second. To read record n, n < head: load its
 * sequence with acquire semantics, then the other words, then find the sequence
 * unchanged. If it was not n either time, the writer has come round and has overtaken
 * this reader, and what is not yet overwritten begins at head - capacity, or behind it
 * by as many records as the sample being written has by now.
 *
 * Waiting
 * -------
 * For both devices: read(2) of 8 bytes waits until a sample has been written since the
 * last read(2) of this open file, or since it was opened, and gives the number of samples
 * that have ever been written, a __u64. With O_NONBLOCK it is EAGAIN instead of waiting.
 * It waits as well while no process is registered, for those to come.
 *
 * poll(2) says POLLIN when read(2) would not wait, and POLLHUP from the last sample of the
 * last process on, which means that no sample will come before the next registration. It
 * changes nothing, so select(2) and epoll(7) can be used as well.
 */
#ifndef MP3_H
#define MP3_H

#include <linux/ioctl.h>
#include <linux/types.h>

#define MP3_STATUS		"/proc/mp3/status"
#define MP3_DEVICE		"/dev/mp3"
#define MP3_NAME		"mp3"	/* in /proc/devices and /sys/class */

#define MP3_RATE		20	/* samples a second */
#define MP3_SAMPLES		12000	/* in the ring: ten minutes */
#define MP3_BUFFER_PAGES	128	/* of this machine, to be mapped */
#define MP3_BUFFER_BYTES	(MP3_BUFFER_PAGES * 4096UL)	/* what there is on any machine */
#define MP3_EMPTY		(~0UL)	/* -1: nothing is here */

#define MP3_RECORDS		"/dev/mp3-records"
#define MP3_RECORDS_NAME	"mp3-records"
#define MP3_RECORDS_MAGIC	0x6d703372U	/* "mp3r", where it is big-endian */
#define MP3_RECORDS_VERSION	1
#define MP3_RECORDS_HEADER	4096	/* bytes before the first record */
#define MP3_NO_SEQUENCE		(~0ULL)	/* of a record that is being written */
#define MP3_NAME_BYTES		16	/* of a program's name, with its NUL */

#define MP3_ATTACHED_MAX	63	/* files that are attached at a time */

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
 *
 * CPU time is booked late, see struct mp3_record, so a short period can show more of it
 * than all CPUs together can have had. Then it says what they can have had, and the rest
 * is added to the next sample. What is left when nobody is registered any more is in the
 * records alone.
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
 *		registered, since the table, or the user's part of it, was full
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
#define MP3_EXITED	4	/* it died; the faults are final, the CPU time up to a tick */

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
 *		is booked at ticks and switches, so up to a tick can show late, and up
 *		to a second on a CPU of nohz_full=, which has no more ticks than that
 * @rss:	resident set at the end of the period, in pages; 0 after death. It is
 *		what the kernel's counters say without a sum over all CPUs, and that is
 *		of the order of what runs: up to Linux 6.1 each thread keeps up to 64
 *		changes of it to itself; from 6.2 on each CPU keeps less than
 *		max(32, 2 * CPUs), of each of file, anonymous and shared memory
 * @swap:	swapped out at the end of the period, in pages; 0 after death; as @rss
 * @peak_rss:	the largest resident set of its life so far, in pages; that of
 *		getrusage(2)
 * @pid:	the process, in the initial PID namespace: the @id of struct mp3_attach
 * @parent:	the process that forked it, if it was registered for that; 0 for
 *		one that was registered by itself
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

#define MP3_TREE	1	/* with its tree: as T does */

/**
 * struct mp3_attach - what MP3_ATTACH and MP3_DETACH are told, and what they tell
 * @pid:	told: the process, in the PID namespace of the caller
 * @flags:	told: MP3_TREE, or 0; of MP3_DETACH, 0
 * @id:		the process as its records name it
 * @reserved:	told: 0
 * @sequence:	of the first record that can be of what was attached: those of this
 *		process that come before it are of the time before. Of MP3_DETACH: of the
 *		first record that is no more; where the table is full, or the user has let
 *		go of too many, that may have begun before. The records become visible
 *		with the next sample
 *
 * To let go of a process is not to let go of its children.
 */
struct mp3_attach {
	__s32 pid;
	__u32 flags;
	__u32 id;
	__u32 reserved;
	__u64 sequence;
};

#define MP3_ATTACH	_IOWR('3', 0x70, struct mp3_attach)
#define MP3_DETACH	_IOWR('3', 0x71, struct mp3_attach)

_Static_assert(sizeof(struct mp3_attach) == 24, "the layout is fixed");
_Static_assert(sizeof(struct mp3_records) == 64, "the layout is fixed");
_Static_assert(sizeof(struct mp3_record) == 104, "the layout is fixed");
_Static_assert(sizeof(struct mp3_sample) == 32, "the ABI is for 64-bit machines");
_Static_assert(MP3_SAMPLES * sizeof(struct mp3_sample) <= MP3_BUFFER_BYTES,
	       "the ring fits its pages");

#endif
