// SPDX-License-Identifier: GPL-2.0
/*
 * rusage - touches memory, by itself and in a child, and says at its end what it cost
 *
 *	rusage PAGES
 *
 * Prints minor and major faults of getrusage(2), of itself and of its child, as the last
 * thing that it does. Nothing behind that faults: the buffer has been written to, and so
 * has the stack.
 */
#define _GNU_SOURCE
#include <err.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#define PAGE	4096

static void touch(size_t pages)
{
	char *memory = mmap(NULL, pages * PAGE, PROT_READ | PROT_WRITE,
			    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (memory == MAP_FAILED)
		err(1, "memory");
	madvise(memory, pages * PAGE, MADV_NOHUGEPAGE);
	for (size_t i = 0; i < pages; i++)
		memory[i * PAGE] = 1;
}

int main(int argc, char **argv)
{
	size_t pages = argc == 2 ? strtoul(argv[1], NULL, 10) : 0;
	struct rusage own = { 0 }, child = { 0 };
	char line[128] = "";
	int length;
	pid_t pid;

	if (!pages)
		errx(2, "usage: rusage PAGES");
	touch(pages);
	pid = fork();
	if (pid < 0)
		err(1, "fork");
	if (!pid) {
		touch(pages / 2);
		_exit(0);
	}
	waitpid(pid, NULL, 0);
	/* Once to have the pages there, and once for the numbers. */
	for (int i = 0; i < 2; i++) {
		getrusage(RUSAGE_CHILDREN, &child);
		getrusage(RUSAGE_SELF, &own);
		length = snprintf(line, sizeof(line), "%ld %ld %ld %ld\n", own.ru_minflt,
				  own.ru_majflt, child.ru_minflt, child.ru_majflt);
	}
	if (write(STDOUT_FILENO, line, length) != length)
		_exit(1);
	_exit(0);
}
