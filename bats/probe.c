/*
 * probe - ask the profiler, from inside the machine, what the tests want to know
 *
 *	probe command TEXT		write TEXT to the status file in one write(2)
 *	probe say TEXT			write TEXT to standard output in one write(2), and what
 *					came of it to standard error
 *	probe map LENGTH OFFSET shared|private
 *					map the profile buffer
 *	probe words			how many words of it are not -1
 *	probe hold open|map		keep it open, or only mapped, until killed
 *	probe lower			run with the user's own rights until killed; one that was
 *					started with more can have them back
 *	probe count END THREADS MB	register a child and have each of its threads
 *					touch MB MiB; END is how it ends:
 *		unregister	it stops, and is unregistered
 *		exit		it exits, and is waited for at once
 *		zombie		it exits, and is waited for after two samples
 *		kill		it is killed
 *		exec		it executes `true` from a thread that does not lead it
 *		oom		it takes more memory than there is, and is killed for it
 *	probe spin SECONDS		register, use so much CPU time, unregister
 *	probe storm CHILDREN		register a child with its tree; it forks so many,
 *					each touches some pages, and waits for each
 *	probe family			the same; it forks a child by fork, one by vfork,
 *					one from a thread, and one that outlives it
 *					and has a child of its own; prints who is who
 *	probe still MB			register a child that has touched MB MiB and does
 *					not run, for three samples
 *	probe populate MB		let the kernel fault MB MiB in, and touch nothing
 *	probe interrupt SECONDS COMMAND...
 *					run it in a process group of its own, with
 *					the signals of a terminal, and send SIGINT
 *					to the group; print its wait status
 *	probe header			the words of the record ring's header, by name
 *	probe records [FROM]		all records from that sequence on, word by word
 *	probe refusals			what cannot be done with the record ring
 *	probe leavings			how many bytes behind the last record are not 0
 *	probe dirty MB			fill MB MiB of memory with ones, and give them back
 *	probe scribble SECONDS		store this and that into every word of the profile
 *					buffer, over and over
 *
 * header, records and leavings find and read the words of the ring by themselves, and not
 * with the reader of mp3/tools/ring.c: what that and the monitor make of a ring is compared
 * with them.
 *
 * command, say and map print "ok" or the name of the errno. count, spin, storm and still
 * print what others than the profiler have counted (/proc/PID/stat and status, wait4,
 * getrusage).
 * Exits with 1 when something else than what is asked for goes wrong.
 */
#define _GNU_SOURCE
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "observe.h"
#include "../mp3/mp3.h"

static const char *status_command(const char *text)
{
	int fd = open(MP3_STATUS, O_WRONLY);
	ssize_t written;

	if (fd < 0)
		err(1, "%s", MP3_STATUS);
	written = write(fd, text, strlen(text));
	if (written >= 0 && (size_t)written != strlen(text))
		errx(1, "a short write");
	text = written < 0 ? strerrorname_np(errno) : "ok";
	close(fd);
	return text;
}

static void status_must(char verb, pid_t pid)
{
	char text[32];
	const char *result;

	snprintf(text, sizeof(text), "%c %d", verb, pid);
	result = status_command(text);
	if (strcmp(result, "ok"))
		errx(1, "%s: %s", text, result);
}

static void *map_buffer(size_t length, off_t offset, int flags)
{
	int fd = open(MP3_DEVICE, O_RDWR);
	void *map;

	if (fd < 0)
		err(1, "%s", MP3_DEVICE);
	map = mmap(NULL, length, PROT_READ | PROT_WRITE, flags, fd, offset);
	close(fd);
	return map;
}

static void words(void)
{
	unsigned long *word = map_buffer(MP3_BUFFER_BYTES, 0, MAP_SHARED);
	size_t all = MP3_BUFFER_BYTES / sizeof(*word);
	size_t ring = MP3_SAMPLES * sizeof(struct mp3_sample) / sizeof(*word);
	size_t used = 0, behind = 0;

	if (word == MAP_FAILED)
		err(1, "mmap");
	for (size_t i = 0; i < all; i++)
		if (word[i] != (unsigned long)-1)
			*(i < ring ? &used : &behind) += 1;
	printf("all=%zu ring=%zu behind=%zu\n", all, used, behind);
}

static void hold(const char *what)
{
	if (!strcmp(what, "map")) {
		if (map_buffer(MP3_BUFFER_BYTES, 0, MAP_SHARED) == MAP_FAILED)
			err(1, "mmap");
	} else if (open(MP3_DEVICE, O_RDONLY) < 0) {
		err(1, "%s", MP3_DEVICE);
	}
	puts("held");
	fflush(stdout);
	pause();
}

static void lower(void)
{
	if (seteuid(getuid()))
		err(1, "seteuid");
	puts("lowered");
	fflush(stdout);
	pause();
}

/* ----- count ----- */

static size_t touch_bytes;
static int exec_at_end;

static void *touch(void *unused)
{
	char *memory = mmap(NULL, touch_bytes, PROT_READ | PROT_WRITE,
			    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (memory == MAP_FAILED)
		err(1, "mmap");
	madvise(memory, touch_bytes, MADV_NOHUGEPAGE);
	for (size_t at = 0; at < touch_bytes; at += 4096)
		memory[at] = 1;
	/* if it did not fit: of these, each is a major fault, and one in eight is enough */
	for (size_t at = 0; at < touch_bytes; at += 8 * 4096)
		memory[at] = 1;
	if (exec_at_end)
		execlp("true", "true", (char *)NULL);
	return unused;
}

static void child(int threads)
{
	pthread_t thread[64];

	raise(SIGSTOP);		/* until it is registered */
	for (int i = 0; i < threads; i++)
		if (pthread_create(&thread[i], NULL, touch, NULL))
			errx(1, "pthread_create");
	for (int i = 0; i < threads; i++)
		pthread_join(thread[i], NULL);
	raise(SIGSTOP);
	_exit(0);
}

static void count(const char *end, int threads, size_t mb)
{
	unsigned long minor[2], major[2];
	struct rusage usage;
	pid_t pid;

	touch_bytes = mb << 20;
	exec_at_end = !strcmp(end, "exec");
	pid = fork();
	if (pid < 0)
		err(1, "fork");
	if (!pid)
		child(threads);
	must_stop(pid);
	status_must('R', pid);
	faults_of(pid, &minor[0], &major[0]);
	kill(pid, SIGCONT);
	if (!exec_at_end && strcmp(end, "oom"))
		must_stop(pid);

	if (!strcmp(end, "unregister")) {
		faults_of(pid, &minor[1], &major[1]);
		status_must('U', pid);
		kill(pid, SIGKILL);
		wait(NULL);
	} else {
		if (!strcmp(end, "kill"))
			kill(pid, SIGKILL);
		else if (strcmp(end, "oom"))
			kill(pid, SIGCONT);
		if (!strcmp(end, "zombie"))
			usleep(3 * 1000000 / MP3_RATE);
		if (wait4(pid, NULL, 0, &usage) != pid)
			err(1, "wait4");
		minor[1] = usage.ru_minflt;
		major[1] = usage.ru_majflt;
	}
	printf("minor=%lu major=%lu\n", minor[1] - minor[0], major[1] - major[0]);
}

/* ----- spin ----- */

static double cpu_seconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
	return now.tv_sec + now.tv_nsec / 1e9;
}

static void spin(double seconds)
{
	double start;

	status_must('R', getpid());
	start = cpu_seconds();
	while (cpu_seconds() - start < seconds)
		;
	printf("cpu_s=%.6f\n", cpu_seconds() - start);
	status_must('U', getpid());
}

/* ----- trees ----- */

static void touch_pages(size_t pages)
{
	touch_bytes = pages * 4096;
	touch(NULL);
}

/* Forks a process that does nothing before it is registered with its tree. */
static pid_t fork_registered(void (*tree)(int), int argument)
{
	pid_t pid = fork();

	if (pid < 0)
		err(1, "fork");
	if (!pid) {
		raise(SIGSTOP);
		tree(argument);
		_exit(0);
	}
	must_stop(pid);
	status_must('T', pid);
	return pid;
}

static void fork_many(int children)
{
	for (int i = 0; i < children; i++) {
		pid_t pid = fork();

		if (pid < 0)
			err(1, "fork");
		if (!pid) {
			touch_pages(1 + i % 7);
			if (i % 100 == 0)
				execlp("true", "true", (char *)NULL);
			_exit(0);
		}
		if (waitpid(pid, NULL, 0) != pid)
			err(1, "waitpid");
	}
}

static void populate(long mb)
{
	if (mmap(NULL, mb << 20, PROT_READ | PROT_WRITE,
		 MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0) == MAP_FAILED)
		err(1, "mmap");
}

static void storm(int children)
{
	unsigned long minor, major;
	struct rusage usage;
	pid_t pid = fork_registered(fork_many, children);

	faults_of(pid, &minor, &major);
	kill(pid, SIGCONT);
	/* its own usage, and that of the children that it has waited for */
	if (wait4(pid, NULL, 0, &usage) != pid)
		err(1, "wait4");
	printf("minor=%lu major=%lu\n", usage.ru_minflt - minor, usage.ru_majflt - major);
	printf("root=%d\n", pid);
}

static void *fork_from_thread(void *pid)
{
	*(pid_t *)pid = fork();
	if (!*(pid_t *)pid)
		_exit(0);
	return NULL;
}

static void fork_family(int unused)
{
	pid_t forked, vforked, threaded, orphan;
	pthread_t thread;

	(void)unused;
	forked = fork();
	if (!forked)
		_exit(0);
	vforked = vfork();
	if (!vforked)
		_exit(0);
	pthread_create(&thread, NULL, fork_from_thread, &threaded);
	pthread_join(thread, NULL);
	orphan = fork();
	if (!orphan) {
		pid_t grandchild;

		usleep(300000);		/* its parent is dead by then */
		grandchild = fork();
		if (!grandchild)
			_exit(0);
		printf("grandchild=%d\n", grandchild);
		exit(0);
	}
	printf("root=%d\nforked=%d\nvforked=%d\nthreaded=%d\norphan=%d\n",
	       getpid(), forked, vforked, threaded, orphan);
	exit(0);
}

static void family(void)
{
	kill(fork_registered(fork_family, 0), SIGCONT);
	wait(NULL);
	usleep(800000);
}

/* ----- still ----- */

static void print_status_of(pid_t pid)
{
	char path[32], line[256];
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%d/status", pid);
	file = fopen(path, "r");
	if (!file)
		err(1, "%s", path);
	while (fgets(line, sizeof(line), file))
		if (!strncmp(line, "VmHWM:", 6) || !strncmp(line, "VmRSS:", 6) ||
		    !strncmp(line, "VmSwap:", 7))
			fputs(line, stdout);
	fclose(file);
}

static void still(size_t mb)
{
	unsigned long minor, major;
	pid_t pid;

	touch_bytes = mb << 20;
	pid = fork();
	if (pid < 0)
		err(1, "fork");
	if (!pid) {
		touch(NULL);
		raise(SIGSTOP);
		_exit(0);
	}
	must_stop(pid);
	faults_of(pid, &minor, &major);
	printf("before: %lu %lu\n", minor, major);
	status_must('R', pid);
	usleep(3 * 1000000 / MP3_RATE);
	print_status_of(pid);
	status_must('U', pid);
	faults_of(pid, &minor, &major);
	printf("after: %lu %lu\n", minor, major);
	kill(pid, SIGKILL);
	wait(NULL);
}

/* ----- interrupt ----- */

static void interrupt(double seconds, char **command)
{
	int state;
	pid_t pid = fork();

	if (pid < 0)
		err(1, "fork");
	if (!pid) {
		setpgid(0, 0);
		signal(SIGINT, SIG_DFL);
		signal(SIGQUIT, SIG_DFL);
		execvp(command[0], command);
		err(127, "%s", command[0]);
	}
	usleep(seconds * 1000000);
	kill(-pid, SIGINT);
	if (waitpid(pid, &state, 0) != pid)
		err(1, "waitpid");
	if (WIFEXITED(state))
		printf("exit %d\n", WEXITSTATUS(state));
	else
		printf("signal %d\n", WTERMSIG(state));
}

/* ----- the record ring ----- */

static void header(void)
{
	const struct mp3_records *records = map_records(open_records());
	const unsigned char *byte = (const void *)(records + 1);
	size_t used = 0;

	for (size_t i = sizeof(*records); i < records->header_bytes; i++)
		used += *byte++ != 0;
	printf("magic=%x version=%u header_bytes=%u record_bytes=%u capacity=%llu head=%llu "
	       "period_ns=%llu clock=%u page_bytes=%u missed_children=%llu reserved=%llu "
	       "behind=%zu\n", records->magic, records->version, records->header_bytes,
	       records->record_bytes, records->capacity, records->head, records->period_ns,
	       records->clock, records->page_bytes, records->missed_children,
	       records->reserved, used);
}

/* Nobody is registered meanwhile, so nobody writes. */
static void print_records(unsigned long long from)
{
	const struct mp3_records *records = map_records(open_records());
	const struct mp3_record *ring = (const void *)records + records->header_bytes;

	if (records->head > records->capacity && from < records->head - records->capacity)
		from = records->head - records->capacity;
	for (; from < records->head; from++) {
		const struct mp3_record *r = &ring[from % records->capacity];

		printf("%llu %llu %llu %u %u %u %llu %llu %llu %llu %llu %llu %u %.16s\n",
		       r->sequence, r->time_ns, r->period_ns, r->pid, r->parent, r->flags,
		       r->minor, r->major, r->cpu_ns, r->rss, r->swap, r->peak_rss,
		       r->reserved, r->name);
	}
}

static void say(const char *what, int failed)
{
	printf("%s %s\n", what, failed ? strerrorname_np(errno) : "ok");
}

static void try_map(const char *what, int fd, size_t length, int protection, int flags)
{
	say(what, mmap(NULL, length, protection, flags, fd, 0) == MAP_FAILED);
}

static void refusals(void)
{
	size_t whole = MP3_RECORDS_HEADER + MP3_SAMPLES * 16 * sizeof(struct mp3_record);
	int fd = open(MP3_RECORDS, O_RDONLY), memory;
	char path[32];
	void *map;

	if (fd < 0)
		err(1, "%s", MP3_RECORDS);
	say("read-write", open(MP3_RECORDS, O_RDWR) < 0);
	say("write-only", open(MP3_RECORDS, O_WRONLY) < 0);
	try_map("map-writable", fd, 4096, PROT_READ | PROT_WRITE, MAP_SHARED);
	try_map("map-private", fd, 4096, PROT_READ, MAP_PRIVATE);
	try_map("map-whole", fd, whole, PROT_READ, MAP_SHARED);
	try_map("map-too-long", fd, whole + 4096, PROT_READ, MAP_SHARED);
	map = mmap(NULL, 4096, PROT_READ, MAP_SHARED, fd, 0);
	say("mprotect", mprotect(map, 4096, PROT_READ | PROT_WRITE));
	/* by detours: the file opened anew, and what debuggers may do to read-only memory */
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	say("reopen", open(path, O_RDWR) < 0);
	memory = open("/proc/self/mem", O_RDWR);
	say("debug", pwrite(memory, "!", 1, (off_t)(uintptr_t)map) != 1);
	say("remap", mremap(map, 4096, whole + 4096, MREMAP_MAYMOVE) == MAP_FAILED);
}

/* ----- what is left in memory ----- */

static void leavings(void)
{
	const struct mp3_records *records = map_records(open_records());
	const unsigned char *ring = (const unsigned char *)records + records->header_bytes;
	size_t from = records->head * records->record_bytes, used = 0;

	for (size_t i = from; i < records->capacity * records->record_bytes; i++)
		used += ring[i] != 0;
	printf("%zu\n", used);
}

static void dirty(size_t mb)
{
	char *memory = mmap(NULL, mb << 20, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (memory == MAP_FAILED)
		err(1, "mmap");
	memset(memory, 0xff, mb << 20);
}

static void scribble(double seconds)
{
	volatile unsigned long *word = map_buffer(MP3_BUFFER_BYTES, 0, MAP_SHARED);
	unsigned long value = 1;
	struct timespec now;
	double end;

	if (word == MAP_FAILED)
		err(1, "mmap");
	clock_gettime(CLOCK_MONOTONIC, &now);
	end = now.tv_sec + now.tv_nsec / 1e9 + seconds;
	do {
		for (size_t i = 0; i < MP3_BUFFER_BYTES / sizeof(*word); i++) {
			/* xorshift64 (G. Marsaglia, Journal of Statistical Software 8(14), 2003) */
			value ^= value << 13;
			value ^= value >> 7;
			value ^= value << 17;
			word[i] = value;
		}
		clock_gettime(CLOCK_MONOTONIC, &now);
	} while (now.tv_sec + now.tv_nsec / 1e9 < end);
}

int main(int argc, char **argv)
{
	const char *verb = argc > 1 ? argv[1] : "";

	if (!strcmp(verb, "command") && argc == 3) {
		puts(status_command(argv[2]));
	} else if (!strcmp(verb, "say") && argc == 3) {
		ssize_t written = write(1, argv[2], strlen(argv[2]));

		fprintf(stderr, "%s\n", written < 0 ? strerrorname_np(errno) : "ok");
	} else if (!strcmp(verb, "map") && argc == 5) {
		int flags = strcmp(argv[4], "shared") ? MAP_PRIVATE : MAP_SHARED;
		void *map = map_buffer(atol(argv[2]), atol(argv[3]), flags);

		puts(map == MAP_FAILED ? strerrorname_np(errno) : "ok");
	} else if (!strcmp(verb, "words") && argc == 2) {
		words();
	} else if (!strcmp(verb, "hold") && argc == 3) {
		hold(argv[2]);
	} else if (!strcmp(verb, "lower") && argc == 2) {
		lower();
	} else if (!strcmp(verb, "count") && argc == 5) {
		count(argv[2], atoi(argv[3]), atol(argv[4]));
	} else if (!strcmp(verb, "spin") && argc == 3) {
		spin(atof(argv[2]));
	} else if (!strcmp(verb, "storm") && argc == 3) {
		storm(atoi(argv[2]));
	} else if (!strcmp(verb, "family") && argc == 2) {
		family();
	} else if (!strcmp(verb, "still") && argc == 3) {
		still(atol(argv[2]));
	} else if (!strcmp(verb, "populate") && argc == 3) {
		populate(atol(argv[2]));
	} else if (!strcmp(verb, "interrupt") && argc > 3) {
		interrupt(atof(argv[2]), argv + 3);
	} else if (!strcmp(verb, "header") && argc == 2) {
		header();
	} else if (!strcmp(verb, "records") && argc <= 3) {
		print_records(argc == 3 ? strtoull(argv[2], NULL, 10) : 0);
	} else if (!strcmp(verb, "refusals") && argc == 2) {
		refusals();
	} else if (!strcmp(verb, "leavings") && argc == 2) {
		leavings();
	} else if (!strcmp(verb, "dirty") && argc == 3) {
		dirty(atol(argv[2]));
	} else if (!strcmp(verb, "scribble") && argc == 3) {
		scribble(atof(argv[2]));
	} else {
		errx(2, "usage: see the head of probe.c");
	}
	return 0;
}
