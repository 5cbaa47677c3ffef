/* SPDX-License-Identifier: GPL-2.0 WITH Linux-syscall-note */
/*
 * What the virtual memory profiler and its users agree on.
 *
 * This is the whole ABI: the grammar of /proc/mp3/status and the layout of
 * the mapped profile buffer. It is included by the module and by user space.
 *
 * Talking to the profiler
 * -----------------------
 * MP3_STATUS, mode 0666. One command a write(2), an optional newline behind it:
 *
 *	R <PID>		register the process
 *	U <PID>		unregister it
 *
 * PID is a decimal number: a process (thread group) in the PID namespace of
 * the writer. A command is carried out whole, or it fails and changes nothing:
 *
 *	EINVAL	an unknown command, or malformed or oversized text
 *	ESRCH	no such process
 *	EEXIST	R: it is registered already
 *	ENOENT	U: it is not registered
 *	EPERM	somebody else's process, and no CAP_SYS_PTRACE
 *	ENOSPC	R: as many processes are registered as max_processes allows
 *	ENOMEM	R: no memory
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
 */
#ifndef MP3_H
#define MP3_H

#define MP3_STATUS		"/proc/mp3/status"
#define MP3_DEVICE		"/dev/mp3"
#define MP3_NAME		"mp3"	/* in /proc/devices and /sys/class */

#define MP3_RATE		20	/* samples a second */
#define MP3_SAMPLES		12000	/* in the ring: ten minutes */
#define MP3_BUFFER_PAGES	128	/* of 4096 bytes, to be mapped */
#define MP3_BUFFER_BYTES	(MP3_BUFFER_PAGES * 4096UL)
#define MP3_EMPTY		(~0UL)	/* -1: nothing is here */

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

_Static_assert(sizeof(struct mp3_sample) == 32, "the ABI is for 64-bit machines");
_Static_assert(MP3_SAMPLES * sizeof(struct mp3_sample) <= MP3_BUFFER_BYTES,
	       "the ring fits its pages");

#endif
