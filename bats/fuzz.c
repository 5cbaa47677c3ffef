/*
 * fuzz - do to the module whatever a hostile user, and root, could think of
 *
 *	fuzz SEED OPERATIONS [MODULE]
 *
 * Six processes, three of them of an ordinary user, do OPERATIONS in all with
 * /proc/mp3/status and the two devices, sensible ones and absurd ones. Beside them are
 * subjects, processes that register, fork, thread, execute programs, change their
 * namespace, stay as zombies and die, each in its turn replaced by another. If MODULE
 * is named, it is loaded and unloaded all the while. A watcher is attached to itself
 * most of the time: samples must go on, whatever the others do.
 *
 * What is drawn is decided by SEED; what meets what, by the scheduler (in a sim machine
 * by SEED alone). An operation is a call that reached the module. At the end a line says
 *
 *	seed=S operations=N loads=N subjects=N watched=N longest_ms=N
 *
 * where watched is the number of samples that the watcher has seen, and longest_ms the
 * longest period of its records; and a line for each kind of operation how many there were
 * and how many succeeded, and for each errno of commands and calls, how often it came.
 * Exit status: 1 if something failed that must not.
 */
#define _GNU_SOURCE
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "draw.h"
#include "../mp3/mp3.h"

#define FUZZERS		6
#define SUBJECTS	8
#define STUDENT		1000	/* the ordinary user's number */
#define TURN		50	/* operations from one subject's turn to the next one's */
#define PAGE		4096UL
#define MAP_MOST	(16UL << 20)
#define PATIENCE_MS	5000	/* without a sample: a virtual machine may lose its CPU for a while */

/* Shared by all processes. */
static struct shared {
	_Atomic long left;		/* operations to do */
	_Atomic long subjects, loads, watched, longest_ms;
	_Atomic bool stuck;		/* the watcher has seen no sample */
	_Atomic bool quiet;		/* nobody is to open the devices, see keep_loading() */
	_Atomic long refused[256];	/* commands and calls, by errno */
	_Atomic int pid[SUBJECTS];	/* of the subjects */
	struct {
		_Atomic long tried, succeeded;
	} count[32];
} *shared;

/* ----- what is drawn ----- */

#define ANY_OF(array) ((array)[below(sizeof(array) / sizeof(*(array)))])

/* A length or offset: most often small or near a border. */
static uint64_t size(uint64_t most)
{
	static const uint64_t border[] = { 0, 1, PAGE - 1, PAGE, PAGE + 1, MP3_BUFFER_BYTES,
		MP3_BUFFER_BYTES + 1, MP3_BUFFER_BYTES - PAGE, INT32_MAX, UINT32_MAX, INT64_MAX,
		UINT64_MAX, UINT64_MAX - PAGE + 1, UINT64_MAX / PAGE };

	switch (below(4)) {
	case 0:
		return ANY_OF(border);
	case 1:
		return below(64);
	case 2:
		return below(most / PAGE + 1) * PAGE;
	default:
		return below(most + 1);
	}
}

static long long any_pid(void)
{
	switch (below(12)) {
	case 0:
		return getpid();
	case 1:
		return getppid();
	case 2:
		return 1;
	case 3:
		return 2;	/* kthreadd */
	case 4:
		return 3 + below(30);	/* kernel threads, most of them */
	case 5:
		return (int32_t)draw();
	case 6:
		return (int64_t)draw();
	default:
		return shared->pid[below(SUBJECTS)];
	}
}

/* ----- the operations: each opens a file and does something with it, most often several times ----- */

static size_t kind;	/* of the operation under way */

/* Count a call that reached the module. */
static void note(bool succeeded)
{
	shared->left--;
	shared->count[kind].tried++;
	shared->count[kind].succeeded += succeeded;
}

/* The same, of what mp3.h has errors for. */
static void note_command(bool succeeded)
{
	if (!succeeded)
		shared->refused[errno & 255]++;
	note(succeeded);
}

static unsigned int several(void)
{
	return below(3) ? 1 + below(16) : 1;
}

static int status_fd(int mode)
{
	return open(MP3_STATUS, mode | O_CLOEXEC);
}

/* A command, or what looks nearly like one. Returns its length. */
static size_t text(char *buffer, size_t bytes)
{
	static const char * const ends[] = { "", "", "", "\n", "\n", "\n\n", " ", " x", "\r\n",
		"\nR 1\n", "." };
	static const char * const gaps[] = { " ", " ", " ", " ", "", "  ", "\t", " +", " -", " 0x", " 000" };
	size_t length;

	switch (below(8)) {
	case 0:
		length = below(4) ? below(40) : below(bytes);
		for (size_t i = 0; i < length; i++)
			buffer[i] = draw();
		return length;
	case 1:	/* as a command, and then too much of it */
		memset(buffer, '7', bytes);
		memcpy(buffer, "R ", 2);
		return 2 + below(bytes - 2);
	default:
		length = snprintf(buffer, bytes, "%c%s%lld%s", "RRRTTUUUrtuXR "[below(14)], ANY_OF(gaps),
				  any_pid(), ANY_OF(ends));
		if (!below(16))
			buffer[below(length)] = draw();
		return length;
	}
}

static void command(void)
{
	char buffer[2 * PAGE];
	int fd = status_fd(O_WRONLY);

	for (int i = several(); i > 0; i--)
		note_command(write(fd, buffer, text(buffer, sizeof(buffer))) > 0);
	close(fd);
}

/* What a process would do that knows what it does. */
static void sensible_command(void)
{
	char buffer[32];
	int fd = status_fd(O_WRONLY), length;

	for (int i = several(); i > 0; i--) {
		length = snprintf(buffer, sizeof(buffer), "%c %d", "RRTU"[below(4)],
				  (int)shared->pid[below(SUBJECTS)]);
		note_command(write(fd, buffer, length) > 0);
	}
	close(fd);
}

static void scattered_command(void)
{
	char one[64], two[64];
	struct iovec parts[] = { { one, 0 }, { two, 0 } };
	int fd = status_fd(O_RDWR);

	for (int i = several(); i > 0; i--) {
		parts[0].iov_len = text(one, sizeof(one));
		parts[1].iov_len = text(two, sizeof(two));
		note(below(2) ? writev(fd, parts, 2) > 0 : pwrite(fd, one, parts[0].iov_len, size(PAGE)) > 0);
	}
	close(fd);
}

static void bad_pointer(void)
{
	static const uintptr_t address[] = { 0, 8, PAGE, 0x7fffffffe000, 0x800000000000,
		0xffff888000000000, UINTPTR_MAX };
	int fd = status_fd(O_RDWR);

	for (int i = several(); i > 0; i--) {
		void *at = (void *)ANY_OF(address);

		note(below(2) ? syscall(SYS_write, fd, at, below(64)) > 0 :
		     syscall(SYS_read, fd, at, size(PAGE)) > 0);
	}
	close(fd);
}

static void read_status(void)
{
	char buffer[3 * PAGE];
	int fd = status_fd(below(8) ? O_RDONLY : O_RDWR);

	for (int i = several(); i > 0; i--) {
		if (!below(4))
			note(lseek(fd, (off_t)size(PAGE), below(3)) >= 0);
		note((below(3) ? read(fd, buffer, below(sizeof(buffer))) :
			pread(fd, buffer, below(sizeof(buffer)), (off_t)size(PAGE))) > 0);
	}
	close(fd);
}

static void interrupted(int unused)
{
	(void)unused;
}

/* A call that waits ends soon: by a signal, which comes again lest it has come too early. */
static void wait_at_most(unsigned int ms)
{
	struct sigaction action = { .sa_handler = interrupted };
	struct itimerval timer = { { 0, ms ? 5000 : 0 }, { ms / 1000, ms % 1000 * 1000 } };

	sigaction(SIGALRM, &action, NULL);
	setitimer(ITIMER_REAL, &timer, NULL);
}

/* What these files are not for. */
static bool misuse(int fd)
{
	static char buffer[PAGE];
	struct epoll_event event = { .events = draw() };
	int other;
	bool done;

	switch (below(11)) {
	case 0:
		return ioctl(fd, draw(), buffer) >= 0;
	case 1:
		return read(fd, buffer, below(PAGE)) > 0;
	case 2:
		return write(fd, buffer, below(PAGE)) > 0;
	case 3:
		return lseek(fd, (off_t)size(PAGE), below(5)) >= 0;
	case 4:
		return ftruncate(fd, (off_t)size(PAGE)) == 0;
	case 5:
		return fallocate(fd, below(4), 0, PAGE) == 0;
	case 6:
		return fsync(fd) == 0;
	case 7:
		return fcntl(fd, F_SETFL, below(2) ? O_NONBLOCK : O_APPEND | O_ASYNC) == 0;
	case 8:
		other = open("/dev/null", O_WRONLY | O_CLOEXEC);
		done = sendfile(other, fd, NULL, PAGE) > 0;
		close(other);
		return done;
	case 9:
		other = epoll_create1(EPOLL_CLOEXEC);
		done = epoll_ctl(other, EPOLL_CTL_ADD, fd, &event) == 0;
		epoll_wait(other, &event, 1, below(2));
		close(other);
		return done;
	default:
		other = dup(fd);
		done = other >= 0;
		close(other);
		return done;
	}
}

static const char *any_device(void)
{
	return below(2) ? MP3_DEVICE : MP3_RECORDS;
}

static void open_any_mode(void)
{
	static const int flags[] = { 0, O_NONBLOCK, O_APPEND, O_TRUNC, O_DIRECT, O_SYNC,
		O_DIRECTORY, O_NOFOLLOW, O_NOATIME, O_PATH, O_ASYNC, O_TMPFILE };
	const char *path = below(3) ? any_device() : MP3_STATUS;
	int fd = open(path, below(4) | ANY_OF(flags) | O_CLOEXEC, 0600);

	note(fd >= 0);
	if (fd < 0)
		return;
	for (int i = several() - 1; i > 0; i--)
		wait_at_most(1 + below(60)), note(misuse(fd));
	wait_at_most(0);
	close(fd);
}

static void poll_device(void)
{
	struct pollfd polled = { open(any_device(), O_RDONLY | O_CLOEXEC), draw(), 0 };

	for (int i = several(); i > 0; i--)
		note(poll(&polled, 1, below(32) ? 0 : below(60)) > 0 && !(polled.revents & POLLNVAL));
	close(polled.fd);
}

static void read_device(void)
{
	static const uintptr_t address[] = { 0, 8, 0x7fffffffe000, 0x800000000000,
		0xffff888000000000, UINTPTR_MAX };
	char buffer[PAGE];
	struct iovec parts[] = { { buffer, below(9) }, { buffer + 64, below(9) } };
	int fd = open(any_device(), O_RDONLY | (below(2) ? O_NONBLOCK : 0) | O_CLOEXEC);

	for (int i = several(); i > 0; i--) {
		wait_at_most(below(8) ? 1 + below(60) : 1);
		switch (below(8)) {
		case 0:
			note(syscall(SYS_read, fd, (void *)ANY_OF(address), size(PAGE)) > 0);
			break;
		case 1:
			note(readv(fd, parts, 2) > 0);
			break;
		case 2:
			note(pread(fd, buffer, below(sizeof(buffer)), (off_t)size(PAGE)) > 0);
			break;
		case 3:
			note(read(fd, buffer, below(16)) > 0);
			break;
		default:
			note(read(fd, buffer, sizeof(uint64_t)) > 0);
		}
	}
	wait_at_most(0);
	close(fd);
}

/* Some files that are waited for together, and what can become of them meanwhile. */
static void epoll(void)
{
	static const uint32_t flags[] = { 0, 0, EPOLLET, EPOLLONESHOT, EPOLLEXCLUSIVE, EPOLLRDHUP };
	int fd[4], one = epoll_create1(EPOLL_CLOEXEC), outer = epoll_create1(EPOLL_CLOEXEC);
	struct epoll_event event = { .events = EPOLLIN }, events[4];
	uint64_t samples;

	epoll_ctl(outer, EPOLL_CTL_ADD, one, &event);
	for (int i = 0; i < 4; i++) {
		fd[i] = open(any_device(), O_RDONLY | O_NONBLOCK | O_CLOEXEC);
		event.events = (below(4) ? EPOLLIN : draw()) | ANY_OF(flags);
		event.data.u32 = i;
		note(!epoll_ctl(one, EPOLL_CTL_ADD, fd[i], &event));
	}
	for (int i = several(); i > 0; i--) {
		int n = below(4);

		switch (below(8)) {
		case 0:
			event.events = EPOLLIN | ANY_OF(flags);
			note(!epoll_ctl(one, EPOLL_CTL_MOD, fd[n], &event));
			break;
		case 1:
			note(!epoll_ctl(one, EPOLL_CTL_DEL, fd[n], NULL));
			break;
		case 2:
			close(fd[n]);
			fd[n] = -1;
			break;
		case 3:
			(void)!read(fd[n], &samples, sizeof(samples));
			break;
		default:
			note(epoll_wait(below(2) ? one : outer, events, 4, below(4) ? 0 : below(60)) > 0);
		}
	}
	for (int i = 0; i < 4; i++)
		close(fd[i]);
	close(one);
	close(outer);
}

static int open_records(void)
{
	return open(MP3_RECORDS, O_RDONLY | O_CLOEXEC);
}

static bool attach(int fd, pid_t pid, uint32_t flags)
{
	struct mp3_attach what = { .pid = pid, .flags = flags };

	return !ioctl(fd, MP3_ATTACH, &what);
}

static bool detach(int fd, pid_t pid)
{
	struct mp3_attach what = { .pid = pid };

	return !ioctl(fd, MP3_DETACH, &what);
}

/* Most of it as a profiler would, and the rest not. */
static void attach_and_detach(void)
{
	static const uintptr_t address[] = { 0, 8, PAGE, 0x7fffffffe000, 0x7fffffffeff8,
		0x800000000000, 0xffff888000000000, UINTPTR_MAX };
	int fd = below(16) ? open_records() : open(any_device(), below(4) | O_CLOEXEC);

	for (int i = several(); i > 0; i--) {
		unsigned long request = below(2) ? MP3_ATTACH : MP3_DETACH;
		struct mp3_attach what = { .pid = any_pid(), .flags = below(2) };
		void *at = &what;

		switch (below(16)) {
		case 0:
			what.flags = draw();
			break;
		case 1:
			what.reserved = draw();
			break;
		case 2:
			at = (void *)ANY_OF(address);
			break;
		case 3:
			request += (int)below(9) - 4;
			break;
		case 4:
			request = _IOC(below(4), '3', below(256), below(64));
			break;
		case 5:	/* it may be read, and not written to */
			at = mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
			break;
		default:
			what.flags = request == MP3_ATTACH ? below(2) * MP3_TREE : 0;
			what.pid = shared->pid[below(SUBJECTS)];
		}
		note_command(!ioctl(fd, request, at));
	}
	close(fd);
}

static void pause_a_little(void)
{
	usleep(below(80000));
}

/* Attached files, few or more than there can be, and all ways in which they can come to an end. */
static void own(void)
{
	int fd[80], files = below(16) ? 1 + below(4) : 1 + below(80);
	void *map[80];
	pid_t child;

	for (int i = 0; i < files; i++) {
		fd[i] = open_records();
		note_command(attach(fd[i], shared->pid[below(SUBJECTS)], below(2) * MP3_TREE));
	}
	switch (below(4)) {
	case 0:	/* closed */
		break;
	case 1:	/* inherited, by one that dies, or is killed */
		child = fork();
		if (!child) {
			pause_a_little();
			note(detach(fd[0], shared->pid[below(SUBJECTS)]));
			_exit(0);
		}
		for (int i = 0; i < files; i++)
			close(fd[i]);
		pause_a_little();
		if (child > 0 && below(2))
			kill(child, SIGKILL);
		if (child > 0)
			waitpid(child, NULL, 0);
		return;
	case 2:	/* kept by a mapping only */
		for (int i = 0; i < files; i++) {
			map[i] = mmap(NULL, PAGE, PROT_READ, MAP_SHARED, fd[i], 0);
			close(fd[i]);
		}
		pause_a_little();
		for (int i = 0; i < files; i++)
			if (map[i] != MAP_FAILED)
				munmap(map[i], PAGE);
		return;
	default: /* attached to more, and let go of some */
		for (int i = several(); i > 0; i--) {
			pid_t pid = shared->pid[below(SUBJECTS)];
			int n = below(files);

			note_command(below(2) ? attach(fd[n], pid, below(2) * MP3_TREE) : detach(fd[n], pid));
		}
	}
	for (int i = 0; i < files; i++)
		close(fd[i]);
}

/* A profiler that is attached to itself with its tree, and is killed, most often while it waits. */
static void be_killed(void)
{
	pid_t child = fork();
	uint64_t samples;

	if (!child) {
		int fd = open_records();

		note_command(attach(fd, getpid(), MP3_TREE));
		for (int i = below(4); i > 0; i--)
			if (!fork())
				_exit(0);
		wait_at_most(500);
		note(read(fd, &samples, sizeof(samples)) > 0);
		if (below(2))
			detach(fd, getpid());
		_exit(0);
	}
	pause_a_little();
	if (child > 0) {
		kill(child, SIGKILL);
		waitpid(child, NULL, 0);
	}
}

/* As many processes as one's part of the table has places for, and more. */
static void fill(void)
{
	pid_t child[32];
	int fd = open_records(), status = status_fd(O_WRONLY), children = 1 + below(32), length;
	char line[32];

	for (int i = 0; i < children; i++) {
		child[i] = fork();
		if (!child[i]) {
			pause();
			_exit(0);
		}
		if (child[i] < 0) {
			children = i;
			break;
		}
		length = snprintf(line, sizeof(line), "%c %d", "RT"[below(2)], child[i]);
		note_command(below(2) ? write(status, line, length) > 0 : attach(fd, child[i], 0));
	}
	if (below(2))
		close(fd);
	if (below(2))
		pause_a_little();
	for (int i = 0; i < children; i++) {
		kill(child[i], SIGKILL);
		waitpid(child[i], NULL, 0);
	}
	close(fd);
	close(status);
}

static volatile char sink;

/*
 * Look at a map, spoil it, and mistreat it. It may be gone in part by then, and what it
 * lies behind may have ended before it: a fault ends the child that does this.
 */
static void use_map(char *map, size_t length)
{
	static const int advice[] = { MADV_NORMAL, MADV_DONTNEED, MADV_WILLNEED, MADV_DONTFORK,
		MADV_DOFORK, MADV_REMOVE, MADV_FREE, MADV_HUGEPAGE, MADV_COLD, MADV_PAGEOUT,
		MADV_MERGEABLE, MADV_WIPEONFORK, MADV_POPULATE_READ, MADV_POPULATE_WRITE };
	void *moved;

	for (int i = below(4); i >= 0; i--) {
		size_t from = below(length / PAGE + 1) * PAGE, part = size(length);

		switch (below(9)) {
		case 0:
			mprotect(map + from, part, below(8));
			break;
		case 1:
			madvise(map + from, part, ANY_OF(advice));
			break;
		case 2:
			munmap(map + from, below(length - from + 1));
			break;
		case 3:
			moved = mremap(map, length, size(2 * length) % MAP_MOST,
				       below(2) ? MREMAP_MAYMOVE : 0);
			if (moved != MAP_FAILED)
				map = moved;
			break;
		case 4:
			moved = mremap(map, below(2) ? 0 : length, length, MREMAP_MAYMOVE);
			if (moved != MAP_FAILED)
				map = moved;
			break;
		case 5:
			(void)!mlock(map + from, part);
			break;
		case 6:
			msync(map + from, part, below(8));
			break;
		case 7:
			for (int n = 0; n < 64; n++)
				sink = map[below(length)];
			break;
		default:
			for (int n = 0; n < 64; n++)
				map[below(length)] = draw();
		}
	}
}

static void map_device(void)
{
	static const int flags[] = { MAP_SHARED, MAP_SHARED, MAP_SHARED, MAP_PRIVATE, MAP_SHARED_VALIDATE,
		MAP_SHARED | MAP_POPULATE, MAP_SHARED | MAP_LOCKED, MAP_SHARED | MAP_HUGETLB,
		MAP_SHARED | MAP_GROWSDOWN, MAP_SHARED_VALIDATE | MAP_SYNC };
	int fd = open(any_device(), (below(2) ? O_RDWR : O_RDONLY) | O_CLOEXEC);
	pid_t child;

	for (int i = several(); i > 0; i--) {
		size_t length = below(2) ? MP3_BUFFER_BYTES : size(MAP_MOST);
		off_t offset = below(2) ? 0 : (off_t)size(MAP_MOST);
		char *map = mmap(NULL, length, below(2) ? PROT_READ | PROT_WRITE : below(8), ANY_OF(flags),
				 fd, offset);

		note(map != MAP_FAILED);
		if (map == MAP_FAILED)
			continue;
		child = below(16) ? -1 : fork();
		if (!child) {
			if (!below(4))
				execl("/bin/true", "true", (char *)NULL);
			use_map(map, length);
			_exit(0);
		}
		if (child > 0)
			waitpid(child, NULL, 0);
		for (int n = 0; n < 4; n++)
			if (!madvise(map, PAGE, MADV_POPULATE_READ))
				sink = map[below(PAGE)];
		note(!munmap(map, length));
	}
	close(fd);
}

/* A process comes or goes. */
static void disturb(void)
{
	static const int signals[] = { SIGKILL, SIGKILL, SIGSTOP, SIGCONT, SIGTERM, SIGSEGV };
	pid_t pid = shared->pid[below(SUBJECTS)];

	note(pid > 0 && kill(pid, ANY_OF(signals)) == 0);
}

static const struct operation {
	const char *name;
	unsigned int weight;
	void (*go)(void);
} operations[] = {
	{ "command", 26, command },
	{ "sensible-command", 14, sensible_command },
	{ "scattered-command", 8, scattered_command },
	{ "bad-pointer", 6, bad_pointer },
	{ "read-status", 14, read_status },
	{ "open", 12, open_any_mode },
	{ "poll", 8, poll_device },
	{ "map", 11, map_device },
	{ "read", 8, read_device },
	{ "epoll", 4, epoll },
	{ "attach", 20, attach_and_detach },
	{ "own", 6, own },
	{ "be-killed", 1, be_killed },
	{ "fill", 1, fill },
	{ "disturb", 1, disturb },
};

#define OPERATIONS (sizeof(operations) / sizeof(*operations))

/* ----- the processes ----- */

/* Nobody can ask whether an operation reached the module; whether it was there, he can. */
static bool module_is_there(void)
{
	return !access(MP3_STATUS, F_OK) && !access(MP3_DEVICE, F_OK);
}

static void fuzz(void)
{
	unsigned int weights = 0, at;

	for (size_t i = 0; i < OPERATIONS; i++)
		weights += operations[i].weight;
	while (shared->left > 0) {
		at = below(weights);
		for (kind = 0; at >= operations[kind].weight; kind++)
			at -= operations[kind].weight;
		if (shared->quiet || !module_is_there()) {
			/* unloading takes grace periods, and loading time, which they need more than we */
			usleep(below(8000));
			continue;
		}
		operations[kind].go();
	}
	_exit(0);
}

static void *thread(void *unused)
{
	char *page = mmap(NULL, 8 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (page != MAP_FAILED)
		for (int i = 0; i < 8; i++)
			page[i * PAGE] = 1;
	return unused;
}

/* It registers most often, and then does what processes do. */
static void be_subject(void)
{
	pthread_t threads[4];
	char line[32];
	int fd = status_fd(O_WRONLY);
	pid_t child;

	snprintf(line, sizeof(line), "%c %d", "RRT"[below(3)], getpid());
	if (below(8) && fd >= 0)
		(void)!write(fd, line, strlen(line));
	close(fd);
	if (!below(4) && !shared->quiet) {	/* and attaches to itself, for as long as it runs */
		fd = open_records();
		if (fd >= 0)
			attach(fd, getpid(), below(2) * MP3_TREE);
	}
	if (!below(8) && !unshare(below(2) ? CLONE_NEWPID : CLONE_NEWUSER)) {
		child = fork();
		if (!child) {	/* PID 1 of its own world, perhaps */
			snprintf(line, sizeof(line), "R %d", getpid());
			fd = status_fd(O_RDWR);
			if (fd >= 0)
				(void)!write(fd, line, strlen(line));
			close(fd);
			_exit(0);
		}
	}
	for (int i = below(6); i >= 0; i--) {
		switch (below(6)) {
		case 0:
			thread(NULL);
			break;
		case 1:
			for (int n = 0; n < 4; n++)
				if (pthread_create(&threads[n], NULL, thread, NULL))
					return;
			for (int n = 0; n < 4; n++)
				pthread_join(threads[n], NULL);
			break;
		case 2:	/* a child, which stays as a zombie */
			if (!fork())
				_exit(0);
			break;
		case 3:
			child = fork();
			if (!child) {
				thread(NULL);
				_exit(0);
			}
			if (child > 0)
				waitpid(child, NULL, 0);
			break;
		case 4:
			usleep(below(60000));
			break;
		default:
			if (!below(3))
				execl("/bin/true", "true", (char *)NULL);
		}
	}
	if (!below(4))
		kill(getpid(), SIGKILL);
	_exit(0);
}

static void keep_subjects(void)
{
	for (;;) {
		int slot = below(SUBJECTS), status;
		pid_t pid = shared->pid[slot];
		long next = shared->left - TURN;

		if (shared->left <= 0) {
			for (int i = 0; i < SUBJECTS; i++)
				if (shared->pid[i] > 0)
					kill(shared->pid[i], SIGKILL);
			while (wait(NULL) > 0)
				;
			_exit(0);
		}
		/* those that end stay zombies until their turn comes */
		if (pid > 0) {
			while (shared->left > next && shared->left > 0 && !shared->quiet)
				usleep(1000);
			/* then there is nobody to wait for, and a loader not to be kept from the CPU */
			if (shared->quiet)
				usleep(below(20000));
			if (below(8))
				kill(pid, SIGCONT);
			else
				kill(pid, SIGKILL);
			if (waitpid(pid, &status, WNOHANG) != pid)
				continue;
		}
		uint64_t seed = draw();

		pid = fork();
		if (!pid) {
			state = seed;
			if (below(2) && (setgid(STUDENT) || setuid(STUDENT)))
				_exit(1);
			be_subject();
			_exit(0);
		}
		shared->pid[slot] = pid;
		shared->subjects++;
	}
}

/* One's own records, from the one on that comes next. */
struct watch {
	const struct mp3_records *header;
	const struct mp3_record *ring;
	uint64_t next, last_ns;
	uint32_t id;
};

static void complain(const char *words, long ms)
{
	warnx("%s (%ld ms)", words, ms);
	shared->stuck = true;
	shared->left = 0;
}

/* They join on to each other; the ring may be so short that some are overwritten. */
static void look_at_records(struct watch *watch)
{
	uint64_t head = __atomic_load_n(&watch->header->head, __ATOMIC_ACQUIRE);

	for (; watch->next < head; watch->next++) {
		const struct mp3_record *slot = &watch->ring[watch->next % watch->header->capacity];
		uint64_t sequence = __atomic_load_n(&slot->sequence, __ATOMIC_ACQUIRE);
		struct mp3_record record = *slot;
		long ms;

		__atomic_thread_fence(__ATOMIC_ACQUIRE);
		if (sequence != watch->next || __atomic_load_n(&slot->sequence, __ATOMIC_RELAXED) != sequence) {
			watch->last_ns = 0;
			continue;
		}
		if (record.pid != watch->id)
			continue;
		if (watch->last_ns && record.time_ns - record.period_ns != watch->last_ns)
			complain("a record does not begin where the one before ended", record.period_ns / 1000000);
		watch->last_ns = record.time_ns;
		ms = record.period_ns / 1000000;
		if (ms > shared->longest_ms)
			shared->longest_ms = ms;
	}
}

/* Be registered, for a while, and see the samples come. */
static void watch_samples(int fd, long stint_ms)
{
	struct mp3_attach what = { .pid = getpid() };
	struct pollfd polled = { fd, POLLIN, 0 };
	struct watch watch;
	uint64_t samples = 0, before = 0;
	size_t bytes = 0;

	watch.header = mmap(NULL, MP3_RECORDS_HEADER, PROT_READ, MAP_SHARED, fd, 0);
	if (watch.header == MAP_FAILED)
		err(1, "the watcher: mmap");
	bytes = MP3_RECORDS_HEADER + watch.header->capacity * sizeof(struct mp3_record);
	munmap((void *)watch.header, MP3_RECORDS_HEADER);
	watch.header = mmap(NULL, bytes, PROT_READ, MAP_SHARED, fd, 0);
	if (watch.header == MAP_FAILED)
		err(1, "the watcher: mmap");
	watch.ring = (const void *)((const char *)watch.header + MP3_RECORDS_HEADER);

	/* The table may be full, and all of the attached files taken. */
	if (!ioctl(fd, MP3_ATTACH, &what)) {
		watch.id = what.id;
		watch.next = what.sequence;
		watch.last_ns = 0;
		for (long ms = 0; ms < stint_ms && shared->left > 0 && !shared->quiet; ms += 1000 / MP3_RATE) {
			wait_at_most(PATIENCE_MS);
			if (below(2) && poll(&polled, 1, -1) == 1 && polled.revents & POLLHUP)
				complain("poll says that nobody is registered, and the watcher is", ms);
			if (read(fd, &samples, sizeof(samples)) != sizeof(samples))
				complain("no sample has come, and the watcher is registered", PATIENCE_MS);
			wait_at_most(0);
			if (samples <= before)
				complain("read tells of no more samples", ms);
			before = samples;
			shared->watched++;
			look_at_records(&watch);
		}
	} else if (errno != ENOSPC && errno != EUSERS) {
		err(1, "the watcher cannot attach");
	}
	munmap((void *)watch.header, bytes);
}

/* At times it holds the module, which cannot be unloaded meanwhile. */
static void keep_watching(void)
{
	while (shared->left > 0) {
		int fd = shared->quiet ? -1 : open_records();

		if (fd >= 0)
			watch_samples(fd, below(1500));
		close(fd);
		usleep(below(500000));
	}
	_exit(shared->stuck);
}

/* Load and unload it, with this and that table and ring. */
static void keep_loading(const char *path)
{
	char options[64];
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	while (shared->left > 0) {
		usleep(below(2000000));
		/* It is in use most often. After some tries, the others open no device for a moment. */
		for (int tries = 0; syscall(SYS_delete_module, MP3_NAME, O_NONBLOCK); tries++) {
			if (errno != EWOULDBLOCK && errno != EBUSY)
				err(1, "unload");
			if (shared->left <= 0)
				_exit(0);
			shared->quiet = tries >= 8;
			usleep(below(20000));
		}
		shared->quiet = false;
		if (below(2))
			usleep(below(20000));
		snprintf(options, sizeof(options), "max_processes=%d records=%d", 1 + (int)below(40),
			 1 + (int)below(4000));
		if (syscall(SYS_finit_module, fd, options, 0))
			err(1, "load");
		chmod(MP3_DEVICE, 0666);
		chmod(MP3_RECORDS, 0444);
		shared->loads++;
	}
	_exit(0);
}

static pid_t start(uint64_t seed, void (*go)(void), bool student)
{
	pid_t pid = fork();

	if (pid < 0)
		err(1, "fork");
	if (pid)
		return pid;
	state = seed;
	if (student && (setgid(STUDENT) || setuid(STUDENT)))
		err(1, "setuid");
	go();
	_exit(0);
}

int main(int argc, char **argv)
{
	struct rlimit little = { 64 << 20, 64 << 20 };
	pid_t fuzzer[FUZZERS], loader = 0, keeper, watcher;
	int failed = 0, status;
	uint64_t seed;
	long wanted;

	if (argc < 3 || argc > 4)
		errx(2, "usage: fuzz SEED OPERATIONS [MODULE]");
	seed = strtoull(argv[1], NULL, 10);
	wanted = atol(argv[2]);
	printf("seed=%lu\n", seed);
	fflush(stdout);
	setrlimit(RLIMIT_MEMLOCK, &little);
	shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (shared == MAP_FAILED)
		err(1, "mmap");
	shared->left = wanted;
	chmod(MP3_DEVICE, 0666);
	chmod(MP3_RECORDS, 0444);

	state = seed;
	keeper = start(draw(), keep_subjects, false);
	watcher = start(draw(), keep_watching, false);
	if (argc == 4) {
		seed = draw();
		loader = fork();
		if (loader < 0)
			err(1, "fork");
		if (!loader) {
			state = seed;
			keep_loading(argv[3]);
		}
	}
	for (int i = 0; i < FUZZERS; i++)
		fuzzer[i] = start(draw(), fuzz, i % 2);

	/* One that is ended by what it did to itself, or by another, is replaced. */
	while (shared->left > 0) {
		pid_t pid = waitpid(-1, &status, WNOHANG);

		if (pid > 0 && (pid == keeper || pid == loader || pid == watcher))
			failed = 1, shared->left = 0;
		for (int i = 0; i < FUZZERS; i++)
			if (pid == fuzzer[i])
				fuzzer[i] = start(draw(), fuzz, i % 2);
		usleep(10000);
	}
	while (wait(&status) > 0)
		;
	long done = 0;

	for (size_t i = 0; i < OPERATIONS; i++) {
		done += shared->count[i].tried;
		printf("%s tried=%ld succeeded=%ld\n", operations[i].name,
		       (long)shared->count[i].tried, (long)shared->count[i].succeeded);
	}
	for (int i = 0; i < 256; i++)
		if (shared->refused[i])
			printf("refused %s=%ld\n", strerrorname_np(i), (long)shared->refused[i]);
	printf("operations=%ld loads=%ld subjects=%ld watched=%ld longest_ms=%ld\n", done,
	       (long)shared->loads, (long)shared->subjects, (long)shared->watched, (long)shared->longest_ms);
	return failed || shared->stuck;
}
