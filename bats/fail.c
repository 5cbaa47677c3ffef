/*
 * fail - let each allocation of an operation fail in its turn
 *
 *	fail MODULE
 *	fail MODULE OPTIONS SECONDS
 *
 * Beside each load, four processes try to use what is not whole yet: they open the devices and
 * the status file, and attach, wait and give commands. With OPTIONS, with which the module cannot
 * be loaded, that is all: it is tried for so long, and a line says loads=N opened=N, where opened
 * is how many opens there were of what should not be there at last.
 *
 * Otherwise, on a kernel with failslab, fail_page_alloc and /proc/self/fail-nth, as root, with the
 * module unloaded, and debugfs mounted on /sys/kernel/debug. For each operation, in the
 * order of a profile's life, the first allocation fails, then the second, and so on, until
 * there is none left to fail and the operation succeeds. A line an operation says
 *
 *	NAME failed=N tolerated=N errors=NAME[,NAME...]
 *
 * how many allocations failed, how many of them the operation did without, and which
 * errors it ended with else.
 * Exit status: 1 if an operation does not succeed when nothing fails, or leaves a trace
 * when something does.
 */
#define _GNU_SOURCE
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "../mp3/mp3.h"

static int module;	/* the file of it */
static int device, records;

static int command(const char *text)
{
	int fd = open(MP3_STATUS, O_WRONLY | O_CLOEXEC), result, saved;

	if (fd < 0)
		return -1;
	result = write(fd, text, strlen(text)) < 0 ? -1 : 0;
	saved = errno;
	close(fd);
	errno = saved;
	return result;
}

/* ----- those who come too early ----- */

#define OPENERS	4
static pid_t opener[OPENERS];
static struct shared {
	atomic_bool hold_still;
	atomic_ulong opened;
} *shared;

static void use(int fd)
{
	struct pollfd polled = { .fd = fd, .events = POLLIN };
	struct mp3_attach attach = { .pid = getpid() };
	char line[32];
	int length = snprintf(line, sizeof(line), "R %d", getpid());

	if (fd < 0)
		return;
	shared->opened++;
	poll(&polled, 1, 0);
	ioctl(fd, MP3_ATTACH, &attach);
	(void)!write(fd, line, length);
	(void)!read(fd, line, sizeof(line));
	*line = 'U';
	(void)!write(fd, line, length);
	poll(&polled, 1, 1);
	close(fd);
}

static void open_all(void)
{
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	for (;;) {
		/*
		 * The class comes first of all that a load makes, and goes last. To look for the rest
		 * before that took a slow kernel more time than the load did.
		 */
		if (shared->hold_still || access("/sys/class/mp3", F_OK)) {
			usleep(5000);
			continue;
		}
		use(open(MP3_DEVICE, O_RDWR | O_NONBLOCK | O_CLOEXEC));
		use(open(MP3_RECORDS, O_RDONLY | O_NONBLOCK | O_CLOEXEC));
		use(open(MP3_STATUS, O_RDWR | O_CLOEXEC));
		usleep(3000);	/* or one CPU of a slow kernel would have nothing left for the load */
	}
}

static void begin_openers(void)
{
	for (int i = 0; i < OPENERS; i++) {
		opener[i] = fork();
		if (opener[i] < 0)
			err(1, "fork");
		if (!opener[i])
			open_all();
	}
}

static void end_openers(void)
{
	for (int i = 0; i < OPENERS; i++)
		kill(opener[i], SIGKILL);
	for (int i = 0; i < OPENERS; i++)
		waitpid(opener[i], NULL, 0);
}

/* ----- a profile's life ----- */

static int load(void)
{
	return syscall(SYS_finit_module, module, "max_processes=8 records=16", 0);
}

/* Now and then the kernel lets go of a closed file a little later. */
static int unload(void)
{
	int result = -1;

	shared->hold_still = true;
	for (int i = 0; i < 20; i++) {
		result = syscall(SYS_delete_module, MP3_NAME, O_NONBLOCK);
		if (!result || errno != EWOULDBLOCK)
			break;
		usleep(10000);
	}
	shared->hold_still = false;
	return result;
}

static int self(char verb)
{
	char text[32];

	snprintf(text, sizeof(text), "%c %d", verb, getpid());
	return command(text);
}

static int register_tree(void)
{
	return self('T');
}

static int unregister(void)
{
	return self('U');
}

static int fork_registered(void)
{
	pid_t pid = fork();

	if (pid < 0)
		return -1;
	if (!pid)
		_exit(0);
	return waitpid(pid, NULL, 0) == pid ? 0 : -1;
}

static int read_status(void)
{
	char text[256];
	int fd = open(MP3_STATUS, O_RDONLY | O_CLOEXEC), result, saved;

	if (fd < 0)
		return -1;
	result = read(fd, text, sizeof(text)) < 0 ? -1 : 0;
	saved = errno;
	close(fd);
	errno = saved;
	return result;
}

static int open_device(void)
{
	device = open(MP3_DEVICE, O_RDWR | O_CLOEXEC);
	return device;
}

static int open_records(void)
{
	records = open(MP3_RECORDS, O_RDONLY | O_CLOEXEC);
	return records;
}

static int map(int fd, size_t length, int protection)
{
	volatile char *memory = mmap(NULL, length, protection, MAP_SHARED, fd, 0);
	char touched;

	if (memory == MAP_FAILED)
		return -1;
	touched = memory[0];
	(void)touched;
	if (munmap((void *)memory, length)) {
		int error = errno;

		munmap((void *)memory, length);	/* this time nothing fails */
		errno = error;
		return -1;
	}
	return 0;
}

static int map_device(void)
{
	return map(device, MP3_BUFFER_BYTES, PROT_READ | PROT_WRITE);
}

static int map_records(void)
{
	return map(records, MP3_RECORDS_HEADER, PROT_READ);
}

static int poll_device(void)
{
	struct pollfd polled = { .fd = device, .events = POLLIN };

	return poll(&polled, 1, 200);
}

static int attach_self(void)
{
	struct mp3_attach attach = { .pid = getpid(), .flags = MP3_TREE };

	return ioctl(records, MP3_ATTACH, &attach);
}

static int detach_self(void)
{
	struct mp3_attach attach = { .pid = getpid() };

	return ioctl(records, MP3_DETACH, &attach);
}

static int read_device(void)
{
	uint64_t samples;

	return read(device, &samples, sizeof(samples)) == sizeof(samples) ? 0 : -1;
}

static int close_both(void)
{
	return close(device) || close(records) ? -1 : 0;
}

static void set(const char *path, const char *value)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);

	if (fd < 0 || write(fd, value, strlen(value)) < 0)
		err(1, "%s", path);
	close(fd);
}

/* Whether the module has left something behind. */
static void find_traces(void)
{
	static const char * const paths[] = { MP3_STATUS, "/proc/mp3", MP3_DEVICE, MP3_RECORDS,
		"/sys/class/mp3", "/sys/module/mp3" };

	for (size_t i = 0; i < sizeof(paths) / sizeof(*paths); i++)
		if (!access(paths[i], F_OK))
			errx(1, "%s is there, though load failed", paths[i]);
}

static void fail_each(const char *name, int (*go)(void))
{
	unsigned int failed = 0, tolerated = 0;
	char errors[256] = "", nth[16];
	int control = open("/proc/self/fail-nth", O_RDWR | O_CLOEXEC), result, error;

	if (control < 0)
		err(1, "/proc/self/fail-nth");
	for (;;) {
		int length = snprintf(nth, sizeof(nth), "%u", failed + 1);

		if (pwrite(control, nth, length, 0) != length)
			err(1, "fail-nth");
		result = go();
		error = errno;
		memset(nth, 0, sizeof(nth));
		if (pread(control, nth, sizeof(nth) - 1, 0) < 0 || pwrite(control, "0", 1, 0) < 0)
			err(1, "fail-nth");
		if (atoi(nth) > 0)
			break;	/* there are not so many allocations */
		failed++;
		if (result >= 0) {
			tolerated++;
			/* and undone, to be done anew */
			if (go == load && unload())
				err(1, "unload");
			if (go == register_tree && unregister())
				err(1, "unregister");
			if (go == open_device || go == open_records)
				close(result);
			if (go == unload && load())
				err(1, "load");
			if (go == unregister && register_tree())
				err(1, "register");
			if (go == attach_self && detach_self())
				err(1, "detach");
			if (go == detach_self && attach_self())
				err(1, "attach");
			if (go == close_both && (open_device() < 0 || open_records() < 0))
				err(1, "open");
		} else {
			if (!strstr(errors, strerrorname_np(error)))
				snprintf(errors + strlen(errors), sizeof(errors) - strlen(errors), "%s%s",
					 *errors ? "," : "", strerrorname_np(error));
			if (go == load)
				find_traces();
		}
	}
	if (result < 0)
		errx(1, "%s: %s, though nothing failed", name, strerrorname_np(error));
	printf("%s failed=%u tolerated=%u errors=%s\n", name, failed, tolerated, errors);
	fflush(stdout);
	close(control);
}

/* With options with which it cannot be loaded. */
static int load_in_vain(const char *options, double seconds)
{
	struct timespec start, now;
	unsigned long loads = 0;

	begin_openers();
	clock_gettime(CLOCK_MONOTONIC, &start);
	do {
		if (!syscall(SYS_finit_module, module, options, 0))
			errx(1, "it can be loaded with %s", options);
		loads++;
		clock_gettime(CLOCK_MONOTONIC, &now);
	} while (now.tv_sec - start.tv_sec + (now.tv_nsec - start.tv_nsec) / 1e9 < seconds);
	end_openers();
	find_traces();
	printf("loads=%lu opened=%lu\n", loads, shared->opened);
	return 0;
}

int main(int argc, char **argv)
{
	static const struct {
		const char *name;
		int (*go)(void);
	} life[] = {
		{ "load", load }, { "register", register_tree }, { "fork", fork_registered },
		{ "read-status", read_status }, { "open", open_device }, { "open-records", open_records },
		{ "map", map_device }, { "map-records", map_records }, { "attach", attach_self },
		{ "poll", poll_device }, { "read", read_device }, { "detach", detach_self },
		{ "unregister", unregister }, { "close", close_both }, { "unload", unload },
	};

	if (argc != 2 && argc != 4)
		errx(2, "usage: fail MODULE [OPTIONS SECONDS]");
	module = open(argv[1], O_RDONLY | O_CLOEXEC);
	if (module < 0)
		err(1, "%s", argv[1]);
	shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (shared == MAP_FAILED)
		err(1, "mmap");
	if (argc == 4)
		return load_in_vain(argv[2], atof(argv[3]));
	/* Those that may wait fail as well, and single pages. */
	set("/sys/kernel/debug/failslab/ignore-gfp-wait", "N");
	set("/sys/kernel/debug/fail_page_alloc/ignore-gfp-wait", "N");
	set("/sys/kernel/debug/fail_page_alloc/ignore-gfp-highmem", "N");
	set("/sys/kernel/debug/fail_page_alloc/min-order", "0");
	set("/sys/kernel/debug/failslab/verbose", "0");
	set("/sys/kernel/debug/fail_page_alloc/verbose", "0");
	for (size_t i = 0; i < sizeof(life) / sizeof(*life); i++) {
		if (life[i].go == load)
			begin_openers();
		fail_each(life[i].name, life[i].go);
		if (life[i].go == load)
			end_openers();
	}
	printf("opened=%lu\n", shared->opened);
	return 0;
}
