/*
 * storm - whether what was counted is exact, whatever happens on all CPUs meanwhile
 *
 *	storm SEED SECONDS
 *
 * As root, with a kernel.pid_max of 4194304.
 *
 * Eight workers make trees of processes, one after the other. Each is registered before it begins,
 * by command or by attached files, by one or by several, some of whom let go of it while it runs.
 * The processes of a tree fault, thread, fork, execute programs from threads that do not lead, and
 * end in this way and that; each is waited for. What wait4(2) says of a tree is compared with the
 * sum of its records. Prints
 *
 *	trees=N processes=N wrong=N minor=N major=N recorded_minor=N recorded_major=N
 *	sentinel_minor=N off_cpu_us=N longest_ms=N left=N
 *
 * wrong trees are those whose faults are not their records'; minor and major are the faults of all
 * trees, recorded those of all records; off_cpu_us is the most by which the CPU time of a process
 * of a tree differs, on the average of the tree; longest_ms the longest period of a record of a
 * process that was registered all the time, the sentinel, and left is how many processes are registered at last.
 */
#define _GNU_SOURCE
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
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
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "draw.h"
#include "observe.h"
#include "../mp3/mp3.h"

#define WORKERS		8
#define TREES_MOST	20000
#define PAGE		4096UL

struct counts {
	long minor, major;
	long long cpu_us;
};

static struct shared {
	_Atomic unsigned int trees;
	struct tree {
		pid_t pid;
		struct counts counted;	/* by others, from its registration on */
		struct counts recorded;
		unsigned int processes;
	} tree[TREES_MOST];
} *shared;

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec + t.tv_nsec / 1e9;
}

/* ----- what is asked of the profiler ----- */

static void command(char verb, pid_t pid)
{
	char text[32];
	int length = snprintf(text, sizeof(text), "%c %d", verb, pid);
	int fd = open(MP3_STATUS, O_WRONLY | O_CLOEXEC);

	/* U may come after its death */
	if (write(fd, text, length) != length && verb != 'U')
		err(1, "%s", text);
	close(fd);
}

static int attach(pid_t pid, uint64_t *sequence)
{
	struct mp3_attach what = { .pid = pid, .flags = MP3_TREE };
	int fd = open_records();

	if (ioctl(fd, MP3_ATTACH, &what))
		err(1, "attach");
	if (sequence)
		*sequence = what.sequence;
	return fd;
}

/* ----- what the processes of a tree do ----- */

static void touch(unsigned int pages)
{
	char *memory = mmap(NULL, pages * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (memory == MAP_FAILED)
		return;
	madvise(memory, pages * PAGE, MADV_NOHUGEPAGE);
	for (unsigned int i = 0; i < pages; i++)
		memory[i * PAGE] = 1;
	munmap(memory, pages * PAGE);
}

static void *thread(void *what)
{
	touch(1 + (uintptr_t)what % 64);
	if ((uintptr_t)what / 64 % 32 == 0)
		execl("/proc/self/exe", "storm", "touch", (char *)NULL);
	if ((uintptr_t)what / 64 % 32 == 1)
		_exit(0);	/* of all of them */
	return NULL;
}

static void be_process(unsigned int depth)
{
	pthread_t threads[6];
	volatile unsigned int n = below(7), started;

	for (started = 0; started < n; started++)
		if (pthread_create(&threads[started], NULL, thread, (void *)(uintptr_t)(draw() >> 1)))
			break;
	for (unsigned int i = below(4) * !!depth; i > 0; i--) {
		uint64_t seed = draw();
		pid_t pid = below(4) ? fork() : vfork();

		if (pid < 0)
			continue;
		if (!pid) {
			if (seed % 8 == 0)
				execl("/proc/self/exe", "storm", "touch", (char *)NULL);
			touch(seed % 32);	/* after vfork(), in its parent's memory */
			_exit(0);
		}
	}
	touch(below(128));
	if (below(4))
		for (unsigned int i = 0; i < started; i++)
			pthread_join(threads[i], NULL);
	while (wait(NULL) > 0)
		;
	if (!below(8))
		kill(getpid(), SIGKILL);
}

/* It may go on as its own child, and wait for that. */
static void be_tree(void)
{
	unsigned int depth = 3;

	be_process(depth);
	while (depth-- && !below(3)) {
		pid_t pid = fork();

		if (pid > 0)
			waitpid(pid, NULL, 0);
		if (pid)
			break;
		state++;
		be_process(depth);
	}
	_exit(0);
}

/* ----- a tree ----- */

/* Of a process that waits: its faults so far and its CPU time, from counters that are not ours. */
static struct counts counts_of(pid_t pid)
{
	unsigned long minor, major;
	unsigned long long ns = 0;
	char path[64];
	FILE *file;

	faults_of(pid, &minor, &major);
	snprintf(path, sizeof(path), "/proc/%d/schedstat", pid);
	file = fopen(path, "r");
	if (file) {
		if (fscanf(file, "%llu", &ns) != 1)
			ns = 0;
		fclose(file);
	}
	return (struct counts){ .minor = minor, .major = major, .cpu_us = ns / 1000 };
}

static void make_tree(void)
{
	unsigned int how = below(5), slot;
	uint64_t seed = draw();
	struct counts before, counted = { 0 };
	struct rusage usage;
	int one = -1, other = -1;
	pid_t pid = fork();

	if (pid < 0)
		err(1, "fork");
	if (!pid) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		raise(SIGSTOP);
		state = seed;
		be_tree();
	}
	must_stop(pid);
	before = counts_of(pid);
	if (how != 1)
		command('T', pid);
	if (how >= 1)
		one = attach(pid, NULL);
	if (how >= 3)
		other = attach(pid, NULL);
	kill(pid, SIGCONT);
	usleep(below(20000));
	if (how == 2 || how == 3)
		command('U', pid);
	if (how == 4)
		close(other), other = -1;
	/* it, and those whose parents have died before them */
	while (wait4(-1, NULL, 0, &usage) > 0) {
		counted.minor += usage.ru_minflt;
		counted.major += usage.ru_majflt;
		counted.cpu_us += (usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * 1000000LL +
				  usage.ru_utime.tv_usec + usage.ru_stime.tv_usec;
	}
	if (below(2))
		usleep(below(60000));
	close(one);
	close(other);

	slot = shared->trees++;
	if (slot >= TREES_MOST)
		errx(1, "more than %d trees", TREES_MOST);
	shared->tree[slot].pid = pid;
	shared->tree[slot].counted = (struct counts){
		.minor = counted.minor - before.minor,
		.major = counted.major - before.major,
		.cpu_us = counted.cpu_us - before.cpu_us,
	};
}

static void work(uint64_t seed, double end)
{
	state = seed;
	prctl(PR_SET_CHILD_SUBREAPER, 1);
	while (now() < end)
		make_tree();
	_exit(0);
}

/* ----- the records ----- */

/* A tree's number, and 1. There are so many PIDs that none comes again. */
static unsigned int tree_of_pid[1 << 22];
static unsigned long sentinel_minor;	/* faults of a process that is registered all the time */

static void add(struct counts *sum, const struct mp3_record *record)
{
	sum->minor += record->minor;
	sum->major += record->major;
	sum->cpu_us += record->cpu_ns / 1000;
}

static void sum_records(const struct mp3_records *header, uint64_t from, pid_t sentinel,
			struct counts *all, uint64_t *longest_ns)
{
	const struct mp3_record *ring = (const void *)((const char *)header + header->header_bytes);
	uint64_t head = __atomic_load_n(&header->head, __ATOMIC_ACQUIRE);

	if (head - from > header->capacity)
		errx(1, "%lu records, which is more than the ring has", head - from);
	for (unsigned int i = 0; i < shared->trees; i++)
		tree_of_pid[shared->tree[i].pid] = i + 1;
	for (uint64_t n = from; n < head; n++) {
		const struct mp3_record *record = &ring[n % header->capacity];
		unsigned int tree = record->parent ? tree_of_pid[record->parent] : tree_of_pid[record->pid];

		if (record->pid == (uint32_t)sentinel) {
			sentinel_minor += record->minor;
			if (record->period_ns > *longest_ns)
				*longest_ns = record->period_ns;
			continue;
		}
		add(all, record);
		if (!tree)
			errx(1, "a record of a stranger, %u (of %u)", record->pid, record->parent);
		tree_of_pid[record->pid] = tree;
		add(&shared->tree[tree - 1].recorded, record);
		shared->tree[tree - 1].processes += record->flags & MP3_FIRST;
	}
}

static unsigned int registered(void)
{
	FILE *file = fopen(MP3_STATUS, "r");
	unsigned int lines = 0;
	int c;

	while ((c = fgetc(file)) != EOF)
		lines += c == '\n';
	fclose(file);
	return lines;
}

int main(int argc, char **argv)
{
	struct counts counted = { 0 }, recorded = { 0 };
	unsigned int wrong = 0, processes = 0;
	long long off = 0;
	uint64_t from, longest_ns = 0;
	const struct mp3_records *header;
	pid_t sentinel, worker[WORKERS];
	int fd, status, failed = 0;
	double end;

	if (argc == 2 && !strcmp(argv[1], "touch")) {
		touch(50);
		return 0;
	}
	if (argc != 3)
		errx(2, "usage: storm SEED SECONDS");
	state = strtoull(argv[1], NULL, 10);
	end = now() + atof(argv[2]);
	shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (shared == MAP_FAILED)
		err(1, "mmap");

	sentinel = fork();
	if (!sentinel) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		for (;;)
			pause();
	}
	fd = attach(sentinel, &from);
	header = map_records(fd);
	for (int i = 0; i < WORKERS; i++) {
		uint64_t seed = draw();

		worker[i] = fork();
		if (!worker[i])
			work(seed, end);
	}
	for (int i = 0; i < WORKERS; i++)
		if (waitpid(worker[i], &status, 0) != worker[i] || status)
			failed = 1;
	usleep(200000);	/* the last samples */
	kill(sentinel, SIGKILL);
	waitpid(sentinel, NULL, 0);
	usleep(200000);

	sum_records(header, from, sentinel, &recorded, &longest_ns);
	for (unsigned int i = 0; i < shared->trees; i++) {
		struct tree *tree = &shared->tree[i];
		long long per_process;

		processes += tree->processes;
		counted.minor += tree->counted.minor;
		counted.major += tree->counted.major;
		if (tree->counted.minor != tree->recorded.minor || tree->counted.major != tree->recorded.major) {
			wrong++;
			fprintf(stderr, "tree %u of %d: %ld %ld faults by wait4, %ld %ld in the records of %u processes\n",
				i, tree->pid, tree->counted.minor, tree->counted.major,
				tree->recorded.minor, tree->recorded.major, tree->processes);
		}
		per_process = llabs(tree->counted.cpu_us - tree->recorded.cpu_us) / (tree->processes ?: 1);
		if (per_process > off)
			off = per_process;
	}
	printf("trees=%u processes=%u wrong=%u minor=%ld major=%ld recorded_minor=%ld recorded_major=%ld\n"
	       "sentinel_minor=%lu off_cpu_us=%lld longest_ms=%lu left=%u\n", shared->trees, processes, wrong,
	       counted.minor, counted.major, recorded.minor, recorded.major, sentinel_minor, off,
	       longest_ns / 1000000, registered());
	return failed;
}
