// SPDX-License-Identifier: GPL-2.0
/*
 * meter - what profiling costs, how even its rate is, and how late it tells
 *
 *	meter cost PROCESSES SECONDS [COMMAND [ARGUMENT]...]
 *		what COMMAND takes from the CPU, with so many processes asleep
 *	meter slow WARMUP [COMMAND [ARGUMENT]...] -- WORK [ARGUMENT]...
 *		how long WORK takes beside COMMAND, and how much CPU time
 *	meter rate < TIMES
 *		how even times are that should be a sample period apart
 *	meter clock SAMPLES
 *		such times of a loop with clock_nanosleep(2)
 *	meter delay EVENTS
 *		from a page fault to its being seen in the record ring
 *	meter read
 *		how long it takes to read all that is in the record ring
 *
 * and, to be a COMMAND of cost, for the processes listed in LIST:
 *
 *	meter register		register them with the profiler, and see how long that takes
 *	meter map		read their records from the map as they come
 *	meter proc		do the profiler's job with /proc/PID/stat
 *
 * What is taken is measured by what is missing: a spinner, which runs whenever nobody
 * else wants to, counts its rounds of two instructions. In virtual time, where an
 * instruction takes a nanosecond, what is missing from a span are the instructions of
 * all others, the kernel included. Elsewhere a round takes now this long and now that,
 * for the host has others to serve, too; what is missing there is CPU time of the
 * spinner's. Both must be compared with those of a span without COMMAND. So each row
 * has them.
 *
 * Output is TSV without a header row, as said at each function. Exit status: 0 done,
 * 1 failed, 2 usage.
 */
#define _GNU_SOURCE
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "../mp3/mp3.h"

#define LIST	"/tmp/meter.pids"	/* a PID a line */
#define SHARED	"/tmp/meter.shared"	/* a struct shared */
#define SECOND	1000000000ULL		/* ns */
#define PERIOD	(SECOND / MP3_RATE)
#define PATIENCE 120			/* s that a COMMAND may take to get ready */
#define TRIES	101			/* of what is measured one by one */

/* What the processes of a measurement tell each other. */
struct shared {
	uint64_t spins;		/* of the spinner */
	uint64_t samples;	/* of our own commands; 1 is that they are ready */
	uint64_t bytes;		/* that a sample of a process copied, of our own commands */
};

static struct shared *share(void)
{
	int file = open(SHARED, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	struct shared *shared;

	if (file < 0 || ftruncate(file, sizeof(*shared)))
		err(1, "%s", SHARED);
	shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
	if (shared == MAP_FAILED)
		err(1, "%s", SHARED);
	close(file);
	return shared;
}

static uint64_t load(const uint64_t *word)
{
	return __atomic_load_n(word, __ATOMIC_RELAXED);
}

static void add(uint64_t *word, uint64_t number)
{
	__atomic_store_n(word, load(word) + number, __ATOMIC_RELAXED);
}

static uint64_t now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return time.tv_sec * SECOND + time.tv_nsec;
}

static void sleep_until(uint64_t ns)
{
	struct timespec time = { .tv_sec = ns / SECOND, .tv_nsec = ns % SECOND };

	while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &time, NULL) == EINTR)
		;
}

static void schedule_as(int policy, int priority)
{
	const struct sched_param parameters = { .sched_priority = priority };

	if (sched_setscheduler(0, policy, &parameters))
		err(1, "sched_setscheduler");
}

/* As fork(2), and the child dies with its parent. */
static pid_t fork_child(void)
{
	pid_t pid = fork();

	if (pid < 0)
		err(1, "fork");
	if (!pid)
		prctl(PR_SET_PDEATHSIG, SIGKILL);
	return pid;
}

/* Starts a command in a process group of its own; 0 if there is none. */
static pid_t start(char **command)
{
	pid_t pid;

	if (!*command)
		return 0;
	pid = fork_child();
	if (!pid) {
		setpgid(0, 0);
		execvp(*command, command);
		err(127, "%s", *command);
	}
	return pid;
}

static void end(pid_t group)
{
	if (!group)
		return;
	kill(-group, SIGTERM);
	waitpid(group, NULL, 0);
}

/*
 * cost
 */

static pid_t start_spinner(struct shared *shared)
{
	pid_t pid = fork_child();

	if (pid)
		return pid;
	schedule_as(SCHED_IDLE, 0);
	for (;;)
		__asm__ volatile("1:	incq %0\n\tjmp 1b" : "+m" (shared->spins));
}

/* CPU time of a process that is not running just now, in ns. */
static uint64_t cpu_time(pid_t pid)
{
	struct timespec time;
	clockid_t its;

	errno = clock_getcpuclockid(pid, &its);
	if (errno || clock_gettime(its, &time))
		err(1, "CPU time of process %d", pid);
	return time.tv_sec * SECOND + time.tv_nsec;
}

static void fork_crowd(unsigned long processes)
{
	FILE *list = fopen(LIST, "we");

	if (!list)
		err(1, "%s", LIST);
	for (unsigned long i = 0; i < processes; i++) {
		pid_t pid = fork_child();

		while (!pid)
			pause();
		fprintf(list, "%d\n", pid);
	}
	if (fclose(list))
		err(1, "%s", LIST);
}

/* A command of ours says so; another one is when it has written to its standard output. */
static void await_ready(const struct shared *shared, pid_t command)
{
	off_t begin = lseek(STDOUT_FILENO, 0, SEEK_END);

	for (uint64_t due = now() + PATIENCE * SECOND; now() < due;) {
		sleep_until(now() + SECOND / 10);
		if (load(&shared->samples) || lseek(STDOUT_FILENO, 0, SEEK_END) > begin)
			return;
		if (waitpid(command, NULL, WNOHANG) == command)
			errx(1, "the command has ended");
	}
	errx(1, "the command is not ready after %d s", PATIENCE);
}

/*
 * Prints to standard error, since standard output is the command's: processes, the
 * span in ns, the spinner's rounds in it, its CPU time in ns, samples of a command of
 * ours, bytes that it copied a process and sample.
 */
static void cost(unsigned long processes, double seconds, char **command)
{
	struct shared *shared = share(), before, after;
	uint64_t begin, span = seconds * SECOND, cpu;
	pid_t group, spinner;

	*shared = (struct shared){ 0 };
	fork_crowd(processes);
	group = start(command);
	if (group)
		await_ready(shared, group);
	spinner = start_spinner(shared);
	schedule_as(SCHED_FIFO, 99);
	/* Not just when a sample is due: half a period beside. */
	sleep_until(now() + 2 * PERIOD + PERIOD / 2);
	cpu = cpu_time(spinner);
	begin = now();
	before = *(volatile struct shared *)shared;
	sleep_until(begin + span);
	after = *(volatile struct shared *)shared;
	span = now() - begin;
	cpu = cpu_time(spinner) - cpu;
	fprintf(stderr, "%lu\t%" PRIu64 "\t%" PRIu64 "\t%" PRIu64 "\t%" PRIu64 "\t%" PRIu64 "\n",
		processes, span, after.spins - before.spins, cpu,
		after.samples - before.samples, after.bytes);
	/* Nobody needs to wait for it any more. The crowd dies with us. */
	kill(spinner, SIGKILL);
	end(group);
}

/*
 * slow
 */

/*
 * Prints: elapsed ns, CPU time in ns. The work is listed as the only process, and waits
 * until the command has had WARMUP seconds.
 */
static void slow(double warmup, char **command, char **work)
{
	FILE *list = fopen(LIST, "we");
	struct rusage usage;
	uint64_t begin;
	int status;
	pid_t group, worker;

	if (!list)
		err(1, "%s", LIST);
	worker = fork_child();
	if (!worker) {
		raise(SIGSTOP);
		execvp(*work, work);
		err(127, "%s", *work);
	}
	if (waitpid(worker, &status, WUNTRACED) != worker || !WIFSTOPPED(status))
		errx(1, "the work does not wait");
	fprintf(list, "%d\n", worker);
	if (fclose(list))
		err(1, "%s", LIST);
	group = start(command);
	sleep_until(now() + (uint64_t)(warmup * SECOND));
	begin = now();
	kill(worker, SIGCONT);
	if (wait4(worker, &status, 0, &usage) != worker || status)
		errx(1, "%s has failed", *work);
	fprintf(stderr, "%" PRIu64 "\t%" PRIu64 "\n", now() - begin,
		(uint64_t)((usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * SECOND) +
		(uint64_t)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) * 1000);
	end(group);
}

/*
 * rate
 */

static int by_size(const void *a, const void *b)
{
	uint64_t one = *(const uint64_t *)a, other = *(const uint64_t *)b;

	return (one > other) - (one < other);
}

/* The least number that is not below @percent of the sorted numbers. */
static uint64_t percentile(const uint64_t *sorted, size_t n, unsigned int percent)
{
	return sorted[(n * percent + 99) / 100 - 1];
}

/* One number a line. */
static uint64_t *read_numbers(size_t *n)
{
	uint64_t *numbers = NULL, number;
	size_t room = 0;
	int found;

	*n = 0;
	while ((found = scanf("%" SCNu64, &number)) == 1) {
		if (*n == room) {
			room = room ? 2 * room : 1024;
			numbers = reallocarray(numbers, room, sizeof(*numbers));
			if (!numbers)
				err(1, "memory for %zu numbers", room);
		}
		numbers[(*n)++] = number;
	}
	if (found != EOF)
		errx(1, "line %zu is no number", *n + 1);
	return numbers;
}

/*
 * Prints: samples, seconds, samples a second, the 99th percentile and the largest of
 * the deviation of a period from the nominal one, in ns.
 */
static void rate(void)
{
	size_t n;
	uint64_t *times = read_numbers(&n), *off;
	double seconds;

	if (n < 2)
		errx(1, "two times are needed for a period");
	off = calloc(n - 1, sizeof(*off));
	if (!off)
		err(1, "memory");
	for (size_t i = 1; i < n; i++) {
		if (times[i] <= times[i - 1])
			errx(1, "line %zu is no later than the one before", i + 1);
		off[i - 1] = llabs((long long)(times[i] - times[i - 1] - PERIOD));
	}
	seconds = (double)(times[n - 1] - times[0]) / SECOND;
	qsort(off, n - 1, sizeof(*off), by_size);
	printf("%zu\t%.3f\t%.4f\t%" PRIu64 "\t%" PRIu64 "\n", n, seconds, (n - 1) / seconds,
	       percentile(off, n - 1, 99), off[n - 2]);
	free(off);
	free(times);
}

/* What a sampler in user space would do. Prints when it was awake, in ns. */
static void tell_clock(unsigned long samples)
{
	uint64_t *times = calloc(samples + 1, sizeof(*times)), due = now();

	if (!times)
		err(1, "memory");
	for (unsigned long i = 0; i < samples; i++) {
		due += PERIOD;
		sleep_until(due);
		times[i] = now();
	}
	for (unsigned long i = 0; i < samples; i++)
		printf("%" PRIu64 "\n", times[i]);
	free(times);
}

/*
 * the record ring
 */

struct reader {
	struct pollfd device;
	const struct mp3_records *header;
	const struct mp3_record *ring, *end, *next;
	uint64_t sequence;	/* of next */
};

static void open_ring(struct reader *reader)
{
	const struct mp3_records *header;
	size_t bytes;

	reader->device = (struct pollfd){ open(MP3_RECORDS, O_RDONLY | O_CLOEXEC), POLLIN, 0 };
	header = mmap(NULL, MP3_RECORDS_HEADER, PROT_READ, MAP_SHARED, reader->device.fd, 0);
	if (header == MAP_FAILED)
		err(1, "%s", MP3_RECORDS);
	bytes = MP3_RECORDS_HEADER + header->capacity * sizeof(*reader->ring);
	header = mmap(NULL, bytes, PROT_READ, MAP_SHARED, reader->device.fd, 0);
	if (header == MAP_FAILED)
		err(1, "%s", MP3_RECORDS);
	reader->header = header;
	reader->ring = (const void *)((const char *)header + MP3_RECORDS_HEADER);
	reader->end = reader->ring + header->capacity;
	reader->sequence = __atomic_load_n(&header->head, __ATOMIC_ACQUIRE);
	reader->next = reader->ring + reader->sequence % header->capacity;
}

struct sums {
	uint64_t minor, major, cpu_ns;
};

/*
 * Adds what has come. The module writes the records in order, so if the first of them
 * is whole afterwards, none of them was overwritten meanwhile.
 */
static uint64_t read_ring(struct reader *reader, struct sums *sums)
{
	const struct mp3_record *first = reader->next, *record = first;
	uint64_t head = __atomic_load_n(&reader->header->head, __ATOMIC_ACQUIRE);
	uint64_t n = head - reader->sequence;

	if (!n)
		return 0;
	if (__atomic_load_n(&first->sequence, __ATOMIC_ACQUIRE) != reader->sequence)
		errx(1, "overtaken by the profiler");
	for (uint64_t left = n; left; left--) {
		sums->minor += record->minor;
		sums->major += record->major;
		sums->cpu_ns += record->cpu_ns;
		if (++record == reader->end)
			record = reader->ring;
	}
	__atomic_thread_fence(__ATOMIC_ACQUIRE);
	if (__atomic_load_n(&first->sequence, __ATOMIC_RELAXED) != reader->sequence)
		errx(1, "overtaken by the profiler");
	reader->next = record;
	reader->sequence = head;
	return n;
}

static void await_sample(struct reader *reader)
{
	if (poll(&reader->device, 1, -1) < 0)
		err(1, "poll");
}

static void map(void)
{
	struct shared *shared = share();
	struct sums sums = { 0 };
	struct reader reader;

	open_ring(&reader);
	for (;;) {
		await_sample(&reader);
		if (read_ring(&reader, &sums))
			add(&shared->samples, 1);
	}
}

/* Prints: records, ns. */
static void read_all(void)
{
	struct sums sums = { 0 };
	struct reader reader;
	uint64_t begin, n;

	open_ring(&reader);
	if (reader.sequence > reader.header->capacity)
		errx(1, "the ring has come round");
	/* Once for the pages of the map, and once to be measured. */
	for (int i = 0; i < 2; i++) {
		reader.sequence = 0;
		reader.next = reader.ring;
		begin = now();
		n = read_ring(&reader, &sums);
	}
	printf("%" PRIu64 "\t%" PRIu64 "\n", n, now() - begin);
}

/*
 * delay
 */

static int open_status(void)
{
	int status = open(MP3_STATUS, O_WRONLY | O_CLOEXEC);

	if (status < 0)
		err(1, "%s", MP3_STATUS);
	return status;
}

/* Returns how long it took, in ns. */
static uint64_t tell_profiler(int status, char verb, pid_t pid)
{
	char command[32];
	int length = snprintf(command, sizeof(command), "%c %d", verb, pid);
	uint64_t begin = now();

	if (write(status, command, length) < 0)
		err(1, "%s: %s", MP3_STATUS, command);
	return now() - begin;
}

static void print_delays(uint64_t *delays, size_t n)
{
	qsort(delays, n, sizeof(*delays), by_size);
	printf("%" PRIu64 "\t%" PRIu64 "\t%" PRIu64 "\n", delays[0], percentile(delays, n, 50),
	       delays[n - 1]);
}

/*
 * Faults at times that have nothing to do with the samples' (a multiple of the golden
 * ratio's part of a period), and looks for it. Prints the least, the median and the
 * largest delay in ns, from the fault and from the sample that has it.
 */
static void delay(unsigned long events)
{
	size_t page = sysconf(_SC_PAGESIZE);
	volatile char *memory = mmap(NULL, (events + 1) * page, PROT_READ | PROT_WRITE,
				     MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	uint64_t *from_fault = calloc(events, sizeof(*from_fault));
	uint64_t *from_sample = calloc(events, sizeof(*from_sample));
	struct sums sums = { 0 };
	struct reader reader;
	int status = open_status();

	if (memory == MAP_FAILED || !from_fault || !from_sample || !events)
		errx(1, "no memory, or no events");
	madvise((void *)memory, (events + 1) * page, MADV_NOHUGEPAGE);
	open_ring(&reader);
	tell_profiler(status, 'R', getpid());
	for (unsigned long i = 0; i < events; i++) {
		uint64_t phase = (uint64_t)((i + 1) * 0.6180339887498949 * PERIOD) % PERIOD;
		uint64_t begin, seen;

		/* The faults before are not this one. */
		sleep_until(now() + 2 * PERIOD + phase);
		read_ring(&reader, &sums);
		sums.minor = 0;
		begin = now();
		memory[i * page] = 1;
		while (!sums.minor) {
			await_sample(&reader);
			read_ring(&reader, &sums);
		}
		seen = now();
		from_fault[i] = seen - begin;
		from_sample[i] = seen - (reader.next == reader.ring ? reader.end : reader.next)[-1].time_ns;
	}
	tell_profiler(status, 'U', getpid());
	close(status);
	print_delays(from_fault, events);
	print_delays(from_sample, events);
	free(from_fault);
	free(from_sample);
}

/*
 * register, proc
 */

static FILE *open_list(void)
{
	FILE *list = fopen(LIST, "re");

	if (!list)
		err(1, "%s", LIST);
	return list;
}

/*
 * Registers all that are listed, and the last of them some more times. Prints: the medians
 * of how long it took to register and to unregister it, in ns. (If it is the only one, the
 * sampler is started and stopped, too.)
 */
static void register_all(void)
{
	struct shared *shared = share();
	uint64_t registering[TRIES], unregistering[TRIES];
	int status = open_status(), pid;
	FILE *list = open_list();

	while (fscanf(list, "%d", &pid) == 1)
		tell_profiler(status, 'R', pid);
	fclose(list);
	for (int i = 0; i < TRIES; i++) {
		unregistering[i] = tell_profiler(status, 'U', pid);
		registering[i] = tell_profiler(status, 'R', pid);
	}
	close(status);
	qsort(registering, TRIES, sizeof(*registering), by_size);
	qsort(unregistering, TRIES, sizeof(*unregistering), by_size);
	printf("%" PRIu64 "\t%" PRIu64 "\n", percentile(registering, TRIES, 50),
	       percentile(unregistering, TRIES, 50));
	fflush(stdout);
	add(&shared->samples, 1);
}

/* A process as its stat file has it. */
struct counted {
	int file;
	uint64_t minor, major, ticks;
};

/* The next field, a number. */
static uint64_t number(const char **at)
{
	uint64_t value = 0;

	while (**at >= '0' && **at <= '9')
		value = value * 10 + (*(*at)++ - '0');
	++*at;
	return value;
}

/* Adds what a process has counted since the last time. Returns the bytes read. */
static size_t count(struct counted *last, struct sums *sums)
{
	char text[1024];
	ssize_t length = pread(last->file, text, sizeof(text) - 1, 0);
	uint64_t minor, major, ticks;
	const char *at;

	if (length <= 0)
		err(1, "a process has ended");
	text[length] = '\0';
	/* Behind the name, in parentheses: state, then six numbers, one of which may be -1. */
	at = strrchr(text, ')');
	for (int spaces = 0; at && spaces < 8; spaces++)
		at = strchr(at + 1, ' ');
	if (!at)
		errx(1, "not understood: %s", text);
	at++;
	minor = number(&at);
	number(&at);
	major = number(&at);
	number(&at);
	ticks = number(&at);
	ticks += number(&at);
	sums->minor += minor - last->minor;
	sums->major += major - last->major;
	sums->cpu_ns += ticks - last->ticks;
	last->minor = minor;
	last->major = major;
	last->ticks = ticks;
	return length;
}

/* The best that can be had of /proc: the files stay open, nothing is printed. */
static void proc(void)
{
	struct shared *shared = share();
	struct counted *all = NULL;
	struct sums sums = { 0 };
	struct rlimit files;
	FILE *list = open_list();
	size_t n = 0;
	uint64_t due;
	int pid;

	files.rlim_cur = files.rlim_max = 1 << 20;
	if (setrlimit(RLIMIT_NOFILE, &files))
		err(1, "setrlimit");
	while (fscanf(list, "%d", &pid) == 1) {
		char path[32];

		all = reallocarray(all, n + 1, sizeof(*all));
		if (!all)
			err(1, "memory");
		snprintf(path, sizeof(path), "/proc/%d/stat", pid);
		all[n] = (struct counted){ .file = open(path, O_RDONLY | O_CLOEXEC) };
		if (all[n++].file < 0)
			err(1, "%s", path);
	}
	fclose(list);
	for (due = now();; sleep_until(due)) {
		size_t bytes = 0;

		for (size_t i = 0; i < n; i++)
			bytes += count(&all[i], &sums);
		shared->bytes = n ? bytes / n : 0;
		add(&shared->samples, 1);
		/* Deadlines that have passed are given up. */
		do
			due += PERIOD;
		while (due <= now());
	}
}

/*
 * the command line
 */

static void usage(void)
{
	fputs("usage: meter cost PROCESSES SECONDS [COMMAND...]\n"
	      "       meter slow WARMUP [COMMAND...] -- WORK...\n"
	      "       meter rate < TIMES\n"
	      "       meter clock SAMPLES\n"
	      "       meter delay EVENTS\n"
	      "       meter read | register | map | proc\n", stderr);
	exit(2);
}

static double positive(const char *text)
{
	char *end_of_number;
	double value = strtod(text, &end_of_number);

	if (*end_of_number || end_of_number == text || !(value >= 0 && value <= 1e6)) {
		warnx("no number from 0 to 1000000: %s", text);
		usage();
	}
	return value;
}

int main(int argc, char **argv)
{
	const char *verb = argc > 1 ? argv[1] : "";

	if (!strcmp(verb, "cost") && argc >= 4) {
		cost(positive(argv[2]), positive(argv[3]), argv + 4);
	} else if (!strcmp(verb, "slow") && argc >= 4) {
		char **work = argv + 3;

		while (*work && strcmp(*work, "--"))
			work++;
		if (!*work || !work[1])
			usage();
		*work = NULL;
		slow(positive(argv[2]), argv + 3, work + 1);
	} else if (!strcmp(verb, "clock") && argc == 3) {
		tell_clock(positive(argv[2]));
	} else if (!strcmp(verb, "delay") && argc == 3) {
		delay(positive(argv[2]));
	} else if (argc != 2) {
		usage();
	} else if (!strcmp(verb, "rate")) {
		rate();
	} else if (!strcmp(verb, "read")) {
		read_all();
	} else if (!strcmp(verb, "register")) {
		register_all();
	} else if (!strcmp(verb, "map")) {
		map();
	} else if (!strcmp(verb, "proc")) {
		proc();
	} else {
		usage();
	}
	if (fclose(stdout))
		err(1, "standard output");
	return 0;
}
