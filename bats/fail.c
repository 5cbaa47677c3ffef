/*
 * fail - let each allocation of an operation fail in its turn
 *
 *	fail MODULE
 *
 * On a kernel with failslab, fail_page_alloc and /proc/self/fail-nth, as root, with the
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
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
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

static int load(void)
{
	return syscall(SYS_finit_module, module, "max_processes=8 records=16", 0);
}

/* Now and then the kernel lets go of a closed file a little later. */
static int unload(void)
{
	for (int i = 0; i < 10; i++) {
		if (!syscall(SYS_delete_module, MP3_NAME, O_NONBLOCK))
			return 0;
		if (errno != EWOULDBLOCK)
			break;
		usleep(10000);
	}
	return -1;
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

int main(int argc, char **argv)
{
	static const struct {
		const char *name;
		int (*go)(void);
	} life[] = {
		{ "load", load }, { "register", register_tree }, { "fork", fork_registered },
		{ "read-status", read_status }, { "open", open_device }, { "open-records", open_records },
		{ "map", map_device }, { "map-records", map_records }, { "poll", poll_device },
		{ "unregister", unregister }, { "close", close_both }, { "unload", unload },
	};

	if (argc != 2)
		errx(2, "usage: fail MODULE");
	module = open(argv[1], O_RDONLY | O_CLOEXEC);
	if (module < 0)
		err(1, "%s", argv[1]);
	/* Those that may wait fail as well, and single pages. */
	set("/sys/kernel/debug/failslab/ignore-gfp-wait", "N");
	set("/sys/kernel/debug/fail_page_alloc/ignore-gfp-wait", "N");
	set("/sys/kernel/debug/fail_page_alloc/ignore-gfp-highmem", "N");
	set("/sys/kernel/debug/fail_page_alloc/min-order", "0");
	set("/sys/kernel/debug/failslab/verbose", "0");
	set("/sys/kernel/debug/fail_page_alloc/verbose", "0");
	for (size_t i = 0; i < sizeof(life) / sizeof(*life); i++)
		fail_each(life[i].name, life[i].go);
	return 0;
}
